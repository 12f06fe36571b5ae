//! The result of `fcm/1` and its canonical bytes.

use blake2::{digest::consts::U32, Blake2b, Digest};
use ndarray::Array2;

use crate::scale::Scale;

/// First bytes of a result.
pub const MAGIC: [u8; 8] = *b"salusFCM";
/// Version of the layout.
pub const VERSION: u16 = 1;

/// Outcome of `fcm/1` over a table of n kept rows, d columns, c clusters.
#[derive(Clone, PartialEq, Debug)]
pub struct FcmResult {
    /// Names of the d columns.
    pub columns: Vec<String>,
    /// Data rows of the inputs, dropped ones included.
    pub rows: u32,
    /// Data rows that were dropped for missing values, from 0, ascending.
    pub dropped: Vec<u32>,
    /// Scaling that was applied before clustering.
    pub scale: Scale,
    /// Prototypes in scaled units, c x d.
    pub prototypes: Array2<f64>,
    /// Objective under the prototypes after k updates, k = 0 to `iterations`.
    pub objective: Vec<f64>,
    /// Updates of the prototypes.
    pub iterations: u32,
    /// Whether the last update moved no prototype by more than epsilon.
    pub converged: bool,
    /// Cluster of each kept row, from 0.
    pub labels: Vec<u16>,
    /// Memberships of each kept row, n x c.
    pub memberships: Array2<f64>,
}

/// Why bytes are no result.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// Other first bytes.
    #[error("this is not a result of fcm")]
    Magic,
    /// A later layout.
    #[error("the result has layout version {0}; this program reads version 1")]
    Version(u16),
    /// Fewer bytes than the counts say.
    #[error("the result is cut short")]
    Short,
    /// More bytes than the counts say.
    #[error("there are bytes after the end of the result")]
    Long,
    /// NaN or infinity.
    #[error("the result's {0} are not all finite numbers")]
    NotFinite(&'static str),
    /// A field that contradicts itself or another.
    #[error("the result's {0} cannot be")]
    Invalid(&'static str),
}

/// blake2-256: BLAKE2b with an output of 32 bytes, unkeyed, as Substrate's `blake2_256`.
pub fn digest(bytes: &[u8]) -> [u8; 32] {
    Blake2b::<U32>::digest(bytes).into()
}

impl FcmResult {
    /// Prototypes in the units of the table, c x d.
    pub fn prototypes_in_units(&self) -> Array2<f64> {
        self.scale.undo(&self.prototypes)
    }

    /// Canonical bytes; the layout is on the crate's page.
    ///
    /// Panics when fields do not fit together, which no result of this crate does.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (clusters, columns) = self.prototypes.dim();
        let kept = self.labels.len();
        assert_eq!(self.columns.len(), columns);
        assert_eq!(self.scale.offset.len(), columns);
        assert_eq!(self.scale.divisor.len(), columns);
        assert_eq!(self.memberships.dim(), (kept, clusters));
        assert_eq!(kept + self.dropped.len(), self.rows as usize);
        assert_eq!(self.objective.len(), self.iterations as usize + 1);

        let numbers = 2 * columns + clusters * columns + self.objective.len() + kept * clusters;
        let mut bytes = Vec::with_capacity(64 + 8 * numbers + 2 * kept + 4 * self.dropped.len());
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.push(u8::from(self.converged));
        for count in [
            self.rows,
            self.dropped.len() as u32,
            columns as u32,
            clusters as u32,
            self.iterations,
        ] {
            bytes.extend(count.to_le_bytes());
        }
        for row in &self.dropped {
            bytes.extend(row.to_le_bytes());
        }
        for name in &self.columns {
            bytes.extend((name.len() as u32).to_le_bytes());
            bytes.extend(name.as_bytes());
        }
        let mut floats = |values: &mut dyn Iterator<Item = &f64>| {
            for value in values {
                bytes.extend(value.to_le_bytes());
            }
        };
        floats(&mut self.scale.offset.iter());
        floats(&mut self.scale.divisor.iter());
        floats(&mut self.prototypes.iter());
        floats(&mut self.objective.iter());
        floats(&mut self.memberships.iter());
        for label in &self.labels {
            bytes.extend(label.to_le_bytes());
        }
        bytes
    }

    /// Reads canonical bytes. Memory is taken only for what the bytes themselves hold.
    pub fn from_bytes(bytes: &[u8]) -> Result<FcmResult, Error> {
        let mut reader = Reader { rest: bytes };
        if reader.take(MAGIC.len()).map_err(|_| Error::Magic)? != MAGIC {
            return Err(Error::Magic);
        }
        let version = u16::from_le_bytes(reader.array()?);
        if version != VERSION {
            return Err(Error::Version(version));
        }
        let converged = match reader.array::<1>()? {
            [0] => false,
            [1] => true,
            _ => return Err(Error::Invalid("flag of convergence")),
        };
        let rows = reader.count()?;
        let dropped_rows = reader.count()?;
        let columns = reader.count()? as usize;
        let clusters = reader.count()? as usize;
        let iterations = reader.count()?;
        if columns == 0 || clusters == 0 || clusters > crate::fcm::MAX_CLUSTERS {
            return Err(Error::Invalid("number of columns or clusters"));
        }
        let kept = match rows.checked_sub(dropped_rows) {
            Some(kept) if kept > 0 => kept as usize,
            _ => return Err(Error::Invalid("number of rows")),
        };

        let dropped: Vec<u32> = reader
            .items::<4>(dropped_rows as usize)?
            .map(u32::from_le_bytes)
            .collect();
        let ascending = dropped.windows(2).all(|pair| pair[0] < pair[1]);
        if !ascending || dropped.last().is_some_and(|last| *last >= rows) {
            return Err(Error::Invalid("dropped rows"));
        }
        let mut names = Vec::new();
        for _ in 0..columns {
            let length = reader.count()? as usize;
            let name = std::str::from_utf8(reader.take(length)?)
                .map_err(|_| Error::Invalid("column names"))?;
            names.push(name.to_owned());
        }
        let offset = reader.floats(columns, "scaling")?;
        let divisor = reader.floats(columns, "scaling")?;
        if divisor.iter().any(|divisor| *divisor <= 0.0) {
            return Err(Error::Invalid("scaling"));
        }
        let prototypes = reader.matrix(clusters, columns, "prototypes")?;
        let objective = reader.floats(iterations as usize + 1, "objective values")?;
        let memberships = reader.matrix(kept, clusters, "memberships")?;
        if memberships.iter().any(|u| !(0.0..=1.0).contains(u)) {
            return Err(Error::Invalid("memberships"));
        }
        let labels: Vec<u16> = reader.items::<2>(kept)?.map(u16::from_le_bytes).collect();
        if !reader.rest.is_empty() {
            return Err(Error::Long);
        }
        for (row, &label) in memberships.rows().into_iter().zip(&labels) {
            if hard_label(row.iter().copied()) != usize::from(label) {
                return Err(Error::Invalid("labels"));
            }
        }
        Ok(FcmResult {
            columns: names,
            rows,
            dropped,
            scale: Scale { offset, divisor },
            prototypes,
            objective,
            iterations,
            converged,
            labels,
            memberships,
        })
    }
}

/// Index of the largest, the lowest among equals.
fn hard_label(memberships: impl Iterator<Item = f64>) -> usize {
    let (mut best, mut largest) = (0, f64::NEG_INFINITY);
    for (index, membership) in memberships.enumerate() {
        if membership > largest {
            (best, largest) = (index, membership);
        }
    }
    best
}

struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    fn take(&mut self, length: usize) -> Result<&'b [u8], Error> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Error::Short)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| Error::Short)
    }

    fn count(&mut self) -> Result<u32, Error> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// Items of N bytes.
    fn items<const N: usize>(
        &mut self,
        count: usize,
    ) -> Result<impl Iterator<Item = [u8; N]> + 'b, Error> {
        let length = count.checked_mul(N).ok_or(Error::Short)?;
        let taken = self.take(length)?;
        Ok(taken
            .chunks_exact(N)
            .map(|item| item.try_into().expect("chunks of N bytes")))
    }

    fn floats(&mut self, count: usize, what: &'static str) -> Result<Vec<f64>, Error> {
        let values: Vec<f64> = self.items::<8>(count)?.map(f64::from_le_bytes).collect();
        match values.iter().all(|value| value.is_finite()) {
            true => Ok(values),
            false => Err(Error::NotFinite(what)),
        }
    }

    fn matrix(
        &mut self,
        rows: usize,
        columns: usize,
        what: &'static str,
    ) -> Result<Array2<f64>, Error> {
        let count = rows.checked_mul(columns).ok_or(Error::Short)?;
        let values = self.floats(count, what)?;
        Array2::from_shape_vec((rows, columns), values).map_err(|_| Error::Short)
    }
}
