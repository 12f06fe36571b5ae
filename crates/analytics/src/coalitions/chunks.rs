//! Tables of coalitions, a chunk at a time.

use std::{num::NonZeroUsize, sync::atomic::Ordering};

use salus_shapley::Worth;

use super::Error;
use crate::{fcm::Control, workers};

/// Owners whose coalitions make a chunk.
const LOW: usize = 10;

/// Coalitions of `high` and any of the first `low` owners.
pub(super) struct Chunk {
    pub high: usize,
    pub low: usize,
}

impl Chunk {
    /// Worths in order, each by itself; the empty coalition is worth 0.
    pub fn each(
        &self,
        mut worth: impl FnMut(usize) -> Result<Worth, Error>,
    ) -> Result<Vec<Worth>, Error> {
        let coalitions = self.high..self.high + (1 << self.low);
        let each = coalitions.map(|coalition| {
            if coalition == 0 {
                Ok(0)
            } else {
                worth(coalition)
            }
        });
        each.collect()
    }
}

/// All worths. Chunks do not depend on the threads.
pub(super) fn table(
    owners: usize,
    threads: Option<NonZeroUsize>,
    control: Option<Control<'_>>,
    task: impl Fn(&Chunk) -> Result<Vec<Worth>, Error> + Sync,
) -> Result<Vec<Worth>, Error> {
    // A few chunks at least, for the threads.
    let low = LOW.min(owners.saturating_sub(3));
    let highs: Vec<usize> = (0..1usize << (owners - low))
        .map(|high| high << low)
        .collect();
    let threads = workers::count(threads);
    let mut worths = Vec::with_capacity(1 << owners);
    for some in highs.chunks(8 * threads.get()) {
        if control.is_some_and(|control| control.cancel.load(Ordering::Relaxed)) {
            return Err(Error::Cancelled);
        }
        let chunks: Vec<Chunk> = some.iter().map(|&high| Chunk { high, low }).collect();
        for part in workers::map(threads, chunks, || (), |_, chunk| task(&chunk)) {
            worths.extend(part?);
        }
        if let Some(control) = control {
            (control.progress)(worths.len() as f64 / (1usize << owners) as f64);
        }
    }
    Ok(worths)
}
