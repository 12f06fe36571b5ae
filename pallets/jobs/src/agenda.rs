//! What falls due, and working it off a bounded part at a time.
//!
//! A slot holds any number of entries: a block that cannot work off all of them leaves the rest to
//! the next one, so scheduling never fails and nothing is lost. Deadlines are checked by block
//! number in the calls, so an entry that is late opens nothing that has closed.

use polkadot_sdk::{
    frame_support::{traits::Get, weights::Weight},
    frame_system::pallet_prelude::BlockNumberFor,
    sp_runtime::traits::{BlockNumberProvider, One, Saturating, Zero},
};
use salus_primitives::jobs::{JobId, MAX_INPUTS};

use crate::{
    posting::records_of, Agenda, Config, Due, EndReason, HoldbackEnd, JobOf, Jobs, NextAgenda,
    Pallet, State, WeightInfo, BEACON_MEMORY, MAX_CAPSULES,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn now() -> BlockNumberFor<T> {
        T::BlockNumberProvider::current_block_number()
    }

    /// Enters `due` for block `at`, or the next block where that is over; the slot it got.
    pub(crate) fn schedule(due: Due, at: BlockNumberFor<T>) -> BlockNumberFor<T> {
        let slot = at.max(Self::now().saturating_add(One::one()));
        Agenda::<T>::insert(slot, due, ());
        slot
    }

    /// Moves the job's entry to block `at`. The caller stores the job.
    pub(crate) fn reschedule(id: JobId, job: &mut JobOf<T>, at: BlockNumberFor<T>) {
        Agenda::<T>::remove(job.due, Due::Job(id));
        job.due = Self::schedule(Due::Job(id), at);
    }

    /// Works off what is due: one entry, others as long as they surely fit into `MaxDueWeight`, and
    /// at most `MaxSlotsPerBlock` slots.
    pub(crate) fn work_off_agenda() -> Weight {
        let now = Self::now();
        let mut slot = NextAgenda::<T>::get();
        if slot.is_zero() {
            // The first block that has this pallet: nothing can be due before it.
            slot = now;
        }
        let mut weight = T::WeightInfo::agenda_slot();
        let mut slots = T::MaxSlotsPerBlock::get();
        let mut begun = false;
        while slot <= now {
            weight.saturating_accrue(T::WeightInfo::agenda_slot());
            match Agenda::<T>::iter_key_prefix(slot).next() {
                Some(due) => {
                    let job = match due {
                        Due::Job(id) => Jobs::<T>::get(id),
                        Due::Holdback(_) | Due::Panel(_) => None,
                    };
                    let most = weight.saturating_add(Self::largest_weight(due, job.as_ref()));
                    if begun && most.any_gt(T::MaxDueWeight::get()) {
                        break;
                    }
                    begun = true;
                    Agenda::<T>::remove(slot, due);
                    weight.saturating_accrue(Self::handle(due, job));
                }
                None => {
                    if slots.is_zero() {
                        break;
                    }
                    slots.saturating_dec();
                    slot.saturating_inc();
                }
            }
        }
        NextAgenda::<T>::put(slot);
        weight
    }

    /// What `handle` weighs at most.
    fn largest_weight(due: Due, job: Option<&JobOf<T>>) -> Weight {
        match due {
            Due::Job(_) => job.map_or(Weight::zero(), |job| match job.state {
                State::Requested => {
                    let records = records_of(&job.spec.inputs).len() as u32;
                    T::WeightInfo::draw(T::MaxWorkers::get(), records)
                }
                // No more than a draw that looks at nobody else.
                State::Waiting { .. } => {
                    let records = records_of(&job.spec.inputs).len() as u32;
                    T::WeightInfo::draw(MAX_CAPSULES, records)
                }
                State::Drawn { .. } => T::WeightInfo::end_job(),
                State::Working { .. } => Self::weight_of_window_end(),
                State::Revealing { .. } => T::WeightInfo::settle(),
            }),
            Due::Holdback(_) => T::WeightInfo::accept_result(),
            Due::Panel(_) => T::WeightInfo::forget_panel(MAX_INPUTS),
        }
    }

    /// The end of a commit window, at which consents are asked for as with a commitment.
    fn weight_of_window_end() -> Weight {
        T::WeightInfo::commit(MAX_INPUTS).saturating_add(T::WeightInfo::settle())
    }

    fn handle(due: Due, job: Option<JobOf<T>>) -> Weight {
        match due {
            Due::Job(id) => job.map_or(Weight::zero(), |job| Self::step(id, job)),
            Due::Holdback(id) => {
                Self::end_holdback(id, HoldbackEnd::Lapsed);
                T::WeightInfo::accept_result()
            }
            Due::Panel(id) => Self::forget_panel(id),
        }
    }

    /// The job's next step without anybody's doing.
    fn step(id: JobId, mut job: JobOf<T>) -> Weight {
        match job.state {
            State::Requested => Self::draw(id, job),
            State::Waiting { until, remembered } => Self::seat_waiting(id, job, until, remembered),
            State::Drawn { .. } => {
                Self::end_with_draw_fee(id, job, EndReason::InputsMissing);
                T::WeightInfo::end_job()
            }
            State::Working { .. } => {
                let consent = Self::patients_consent(&job.client, &job.spec);
                // Who could no longer fetch the inputs is not away.
                let struck = match consent {
                    true => Self::strike_absent(id, &job),
                    false => 0,
                };
                // Fewer commitments than the quorum can agree on nothing: no need to wait for reveals.
                if job.committed.len() as u32 >= job.spec.quorum {
                    let records = records_of(&job.spec.inputs).len() as u32;
                    Self::open_reveals(id, &mut job);
                    Jobs::<T>::insert(id, job);
                    // A strike writes what leaving does: the worker and, where it suspends, the pool.
                    return T::WeightInfo::commit(records)
                        .saturating_add(T::WeightInfo::leave().saturating_mul(struck.into()));
                }
                match consent {
                    true => Self::end_with_refund(id, job, EndReason::NoQuorum),
                    false => Self::end_without_consent(id, job),
                }
                Self::weight_of_window_end()
            }
            State::Revealing { .. } => {
                Self::settle(id, job);
                T::WeightInfo::settle()
            }
        }
    }

    /// Whether the constants fit together.
    pub(crate) fn check_constants() {
        let one = BlockNumberFor::<T>::one();
        let largest = T::WeightInfo::draw(T::MaxWorkers::get(), MAX_INPUTS)
            .max(Self::weight_of_window_end())
            .saturating_add(T::WeightInfo::agenda_slot().saturating_mul(2));
        assert!(
            largest.all_lte(T::BlockWeights::get().max_block),
            "every entry of the agenda must fit into a block"
        );
        assert!(
            T::MaxSlotsPerBlock::get() > 1,
            "the agenda must be able to catch up"
        );
        assert!(
            T::MaxWorkers::get() > 0 && T::MaxActiveSeats::get() > 0,
            "a worker must be drawable"
        );
        assert!(
            T::MaxStrikes::get() > 0,
            "a worker must not be suspended at once"
        );
        assert!(
            T::MinWindow::get() > one && T::MinWindow::get() <= T::MaxWindow::get(),
            "reserves need a second half of the commit window"
        );
        assert!(
            T::MaxDraws::get() > 0 && T::MaxLiveJobs::get() > 0,
            "a panel must be drawable"
        );
        assert!(
            (1..=BEACON_MEMORY / 2).contains(&T::GatherOutputs::get()),
            "the beacon must remember what a draw gathers"
        );
        assert!(
            T::BusyInterval::get() >= one && T::BusyWindow::get() < T::PanelMemory::get(),
            "a panel that is waited for must be remembered"
        );
        assert!(
            T::ProvideWindow::get() >= one
                && T::RevealWindow::get() >= one
                && T::ResultWindow::get() >= one
                && T::PanelMemory::get() >= one,
            "every window must have a block"
        );
        assert!(
            T::UnbondingPeriod::get() >= T::SuspensionPeriod::get(),
            "leaving must not be a way around suspension"
        );
        assert!(
            T::RetentionPeriod::get() >= T::ResultWindow::get(),
            "results must stay while their reward waits"
        );
    }
}
