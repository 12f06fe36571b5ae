//! The randomness that panels are drawn from.
//!
//! Every block takes the newest output of the randomness into an accumulator. A panel is drawn from
//! the accumulator's value right after the first `GatherOutputs` outputs that became known after
//! free cancelling ended: a fixed value, whenever the agenda comes to the draw.

use codec::Encode;
use polkadot_sdk::{
    frame_support::{
        traits::{Get, Randomness},
        weights::Weight,
    },
    frame_system::pallet_prelude::BlockNumberFor,
    sp_io::hashing::blake2_256,
    sp_runtime::traits::{One, Saturating, Zero},
};

use crate::{Absorbed, Beacon, Config, Pallet, WeightInfo};

impl<T: Config> Pallet<T> {
    /// Takes in the newest output, unless it is missing or was taken in already.
    pub(crate) fn absorb_randomness() -> Weight {
        let (output, known_since) = T::Randomness::random(b"salus/panel");
        let mut outputs = Beacon::<T>::get();
        let last = outputs.last().cloned().unwrap_or(Absorbed {
            known_since: Zero::zero(),
            value: [0; 32],
        });
        if known_since > last.known_since {
            if outputs.is_full() {
                outputs.remove(0);
            }
            let value = (last.value, output).using_encoded(blake2_256);
            // There is room for one.
            let _ = outputs.try_push(Absorbed { known_since, value });
            Beacon::<T>::put(outputs);
        }
        T::WeightInfo::absorb_randomness()
    }

    /// What the panel of a job posted in this block is drawn from: `None` as long as too few outputs
    /// were taken in, and for a job so late that some of them may be forgotten.
    pub(crate) fn gathered(posted_at: BlockNumberFor<T>) -> Option<[u8; 32]> {
        let outputs = Beacon::<T>::get();
        let free_until = Self::free_until(posted_at);
        let first = outputs
            .iter()
            .position(|output| output.known_since > free_until)?;
        if first == 0 && outputs.is_full() {
            return None;
        }
        let last = first.saturating_add(T::GatherOutputs::get().saturating_sub(1) as usize);
        Some(outputs.get(last)?.value)
    }

    /// The last block in which cancelling a job posted in `posted_at` is free.
    pub(crate) fn free_until(posted_at: BlockNumberFor<T>) -> BlockNumberFor<T> {
        posted_at.saturating_add(T::FreeCancelWindow::get())
    }

    /// The block that has taken in the outputs of a job posted in `posted_at`, if none is missing.
    pub(crate) fn first_draw(posted_at: BlockNumberFor<T>) -> BlockNumberFor<T> {
        // An output is taken in one block after the one that brought it.
        Self::free_until(posted_at)
            .saturating_add(T::GatherOutputs::get().into())
            .saturating_add(One::one())
    }
}
