//! The code. Chunk i of a stripe holds, byte by byte, P(i), where P is the polynomial of degree below
//! k over GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1 that has the data at 0 … k - 1.

use rusty_erasure::{coder, compat, CodeError, Coder, DecodePlan, MatrixError, RecoverError};

use crate::{Error, Shape};

/// A code of k of m over bytes: any implementation gives the same chunks.
pub trait Codec: Send + Sync {
    /// k of m.
    fn shape(&self) -> Shape;

    /// Fills the chunks k … m - 1 from the chunks 0 … k - 1, all of one length.
    fn encode(&self, data: &[&[u8]], parity: &mut [&mut [u8]]) -> Result<(), Error>;

    /// What gives the chunks `want` from the chunks `have`: k different numbers, rising.
    fn rebuild(&self, have: &[u8], want: &[u8]) -> Result<Box<dyn Rebuild>, Error>;
}

/// Gives some chunks from k others, stripe after stripe.
pub trait Rebuild: Send {
    /// Fills `want` from `have`, in the order in which they were named, all of one length.
    fn rebuild(&mut self, have: &[&[u8]], want: &mut [&mut [u8]]) -> Result<(), Error>;
}

/// The code by `rusty_erasure`: Rust, with the widest of AVX2, GFNI or NEON that the machine has.
#[derive(Clone)]
pub struct ReedSolomon {
    shape: Shape,
    coder: Coder,
}

impl ReedSolomon {
    /// The code of a shape.
    pub fn new(shape: Shape) -> Result<Self, Error> {
        shape.check()?;
        let (k, m) = (usize::from(shape.data()), usize::from(shape.total()));
        let matrix = compat::reed_solomon_erasure_matrix(k, m - k)?;
        Ok(Self {
            shape,
            coder: coder(matrix)?,
        })
    }
}

impl Codec for ReedSolomon {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn encode(&self, data: &[&[u8]], parity: &mut [&mut [u8]]) -> Result<(), Error> {
        Ok(self.coder.encode(data, parity)?)
    }

    fn rebuild(&self, have: &[u8], want: &[u8]) -> Result<Box<dyn Rebuild>, Error> {
        let need = usize::from(self.shape.data());
        if have.len() != need || !have.is_sorted_by(|a, b| a < b) {
            return Err(Error::TooFew {
                have: have.len(),
                need,
            });
        }
        let present: Vec<bool> = (0..self.shape.total())
            .map(|chunk| have.contains(&chunk))
            .collect();
        let want: Vec<usize> = want.iter().map(|chunk| usize::from(*chunk)).collect();
        let plan = self.coder.decode_plan(&present, &want)?;
        Ok(Box::new(Planned {
            coder: self.coder.clone(),
            plan,
            have: have.to_vec(),
        }))
    }
}

struct Planned {
    coder: Coder,
    plan: DecodePlan,
    have: Vec<u8>,
}

impl Rebuild for Planned {
    fn rebuild(&mut self, have: &[&[u8]], want: &mut [&mut [u8]]) -> Result<(), Error> {
        let total = self.coder.k() + self.coder.p();
        let mut shards = vec![None; total];
        for (chunk, bytes) in self.have.iter().zip(have) {
            if let Some(shard) = shards.get_mut(usize::from(*chunk)) {
                *shard = Some(*bytes);
            }
        }
        Ok(self.coder.recover_with(&self.plan, &shards, want)?)
    }
}

impl From<CodeError> for Error {
    fn from(error: CodeError) -> Self {
        Self::Code(error.to_string())
    }
}

impl From<MatrixError> for Error {
    fn from(error: MatrixError) -> Self {
        Self::Code(error.to_string())
    }
}

impl From<RecoverError> for Error {
    fn from(error: RecoverError) -> Self {
        Self::Code(error.to_string())
    }
}
