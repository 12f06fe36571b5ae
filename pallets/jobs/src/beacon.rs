//! The randomness that panels are drawn from.
//!
//! Every block takes the newest output of the randomness into an accumulator. A panel is drawn from
//! the accumulator's value right after the first `GatherOutputs` outputs that became known after
//! free cancelling ended: a fixed value, whenever the agenda comes to the draw. It is kept by the block
//! of the post as soon as it is known.

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

use crate::{Absorbed, Beacon, Config, Gatherings, OutputsOf, Pallet, WeightInfo};

impl<T: Config> Pallet<T> {
    /// Takes in the newest output.
    pub(crate) fn absorb_randomness() -> Weight {
        let (output, known_since) = T::Randomness::random(b"salus/panel");
        Self::absorb(output, known_since)
    }

    /// Takes in an output, unless it is missing or was taken in already.
    pub(crate) fn absorb(output: T::Hash, known_since: BlockNumberFor<T>) -> Weight {
        let mut outputs = Beacon::<T>::get();
        let last = outputs.last().cloned().unwrap_or(Absorbed {
            known_since: Zero::zero(),
            value: [0; 32],
        });
        let mut completed = 0;
        if known_since > last.known_since {
            if outputs.is_full() {
                outputs.remove(0);
            }
            let value = (last.value, output).using_encoded(blake2_256);
            // There is room for one.
            let _ = outputs.try_push(Absorbed { known_since, value });
            completed = Self::keep_value(&outputs, value);
            Beacon::<T>::put(outputs);
        }
        T::WeightInfo::absorb_randomness(completed)
    }

    /// Keeps the newest value for the jobs of which the newest output is the last that counts; in how
    /// many blocks they may have been posted. More than one where outputs were missing, and no more
    /// than `MaxDrawRetries` and one: jobs posted before are given up.
    fn keep_value(outputs: &OutputsOf<T>, value: [u8; 32]) -> u32 {
        let known_since = |place: usize| outputs.get(place).map(|output| output.known_since);
        let first = outputs.len().checked_sub(T::GatherOutputs::get() as usize);
        let Some(since) = first.and_then(known_since) else {
            return 0;
        };
        let before = first
            .and_then(|place| place.checked_sub(1))
            .and_then(known_since)
            .unwrap_or_else(Zero::zero);
        let given_up = Self::last_draw(Zero::zero());
        let oldest = before
            .saturating_sub(T::FreeCancelWindow::get())
            .max(Self::now().saturating_sub(given_up));
        let mut completed = 0u32;
        let mut posted_at = oldest;
        while Self::free_until(posted_at) < since {
            Gatherings::<T>::mutate_extant(posted_at, |of| of.value = Some(value));
            completed.saturating_inc();
            posted_at.saturating_inc();
        }
        completed
    }

    /// What the panel of a job posted in this block is drawn from: `None` as long as too few outputs
    /// were taken in. It is kept until the last job posted in the block leaves `Requested`, however
    /// late the agenda comes to it.
    pub(crate) fn gathered(posted_at: BlockNumberFor<T>) -> Option<[u8; 32]> {
        Gatherings::<T>::get(posted_at)?.value
    }

    /// Notes that a job was posted in this block.
    pub(crate) fn enter_gathering(posted_at: BlockNumberFor<T>) {
        Gatherings::<T>::mutate(posted_at, |of| {
            of.get_or_insert_default().jobs.saturating_inc();
        });
    }

    /// The end of `enter_gathering`: the job is drawn, or ends before.
    pub(crate) fn leave_gathering(posted_at: BlockNumberFor<T>) {
        Gatherings::<T>::mutate_exists(posted_at, |entry| {
            if let Some(of) = entry {
                of.jobs.saturating_dec();
                if of.jobs == 0 {
                    *entry = None;
                }
            }
        });
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

    /// The block in which a job posted in `posted_at` is given up where its outputs are not complete.
    pub(crate) fn last_draw(posted_at: BlockNumberFor<T>) -> BlockNumberFor<T> {
        Self::first_draw(posted_at).saturating_add(T::MaxDrawRetries::get().into())
    }
}
