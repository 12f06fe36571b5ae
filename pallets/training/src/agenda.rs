//! Which deadlines pass, and judging them a bounded part at a time.
//!
//! A slot holds any number of trainings: a block that cannot judge all of them leaves the rest to the
//! next one, so scheduling never fails and nothing is lost.

use polkadot_sdk::{
    frame_support::{traits::Get, weights::Weight},
    frame_system::{self, pallet_prelude::BlockNumberFor},
    sp_runtime::traits::{BlockNumberProvider, One, Saturating, Zero},
};
use salus_primitives::training::{TrainingId, MAX_CONSENTS};

use crate::{Agenda, Config, NextAgenda, Pallet, TrainingOf, Trainings, WeightInfo};

impl<T: Config> Pallet<T> {
    pub(crate) fn now() -> BlockNumberFor<T> {
        T::BlockNumberProvider::current_block_number()
    }

    /// The block after this one.
    pub(crate) fn after(block: BlockNumberFor<T>) -> BlockNumberFor<T> {
        block.saturating_add(One::one())
    }

    /// Enters a training for block `at`, or the next block where that is over; the slot it got.
    pub(crate) fn schedule(id: TrainingId, at: BlockNumberFor<T>) -> BlockNumberFor<T> {
        let slot = at.max(Self::after(Self::now()));
        Agenda::<T>::insert(slot, id, ());
        slot
    }

    /// Moves the training's entry to block `at`. The caller stores the training.
    pub(crate) fn reschedule(id: TrainingId, training: &mut TrainingOf<T>, at: BlockNumberFor<T>) {
        Agenda::<T>::remove(training.due, id);
        training.due = Self::schedule(id, at);
    }

    /// Judges what is due: one training, others as long as they surely fit into `MaxDueWeight`, and
    /// at most `MaxSlotsPerBlock` slots.
    pub(crate) fn work_off_agenda() -> Weight {
        let now = Self::now();
        let mut slot = NextAgenda::<T>::get();
        if slot.is_zero() {
            // The first block that has this pallet: nothing can be due before it.
            slot = now;
        }
        let largest = Self::weight_of_end();
        let mut weight = T::WeightInfo::agenda_slot();
        let mut slots = T::MaxSlotsPerBlock::get();
        let mut begun = false;
        while slot <= now {
            weight.saturating_accrue(T::WeightInfo::agenda_slot());
            match Agenda::<T>::iter_key_prefix(slot).next() {
                Some(id) => {
                    let most = weight.saturating_add(largest);
                    if begun && most.any_gt(T::MaxDueWeight::get()) {
                        break;
                    }
                    begun = true;
                    Agenda::<T>::remove(slot, id);
                    if let Some(training) = Trainings::<T>::get(id) {
                        Self::judge_due(id, training);
                    }
                    weight.saturating_accrue(largest);
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

    /// Whether the constants fit together.
    pub(crate) fn check_constants() {
        let one = BlockNumberFor::<T>::one();
        let largest = Self::weight_of_end().saturating_add(
            T::WeightInfo::post(MAX_CONSENTS)
                .max(T::WeightInfo::leave(MAX_CONSENTS))
                .max(T::WeightInfo::agenda_slot().saturating_mul(2)),
        );
        assert!(
            largest.all_lte(
                <T as frame_system::Config>::BlockWeights::get()
                    .get(polkadot_sdk::frame_support::dispatch::DispatchClass::Normal)
                    .max_extrinsic
                    .unwrap_or(<T as frame_system::Config>::BlockWeights::get().max_block)
            ),
            "whatever can end a training must fit into an extrinsic"
        );
        assert!(
            T::MaxSlotsPerBlock::get() > 1,
            "the agenda must be able to catch up"
        );
        assert!(
            T::MaxTrainings::get() > 0 && T::MaxDataSets::get() > 0,
            "a member must be able to take part"
        );
        assert!(
            T::MinWindow::get() >= one && T::MinWindow::get() <= T::MaxWindow::get(),
            "a stage must have a block"
        );
        assert!(
            T::GraceWindow::get() >= one
                && T::DisputeWindow::get() >= one
                && T::DeliveryWindow::get() >= one,
            "every window must have a block"
        );
        assert!(
            !T::ForfeitPart::get()
                .mul_floor(T::MinDeposit::get())
                .is_zero(),
            "silence must cost something"
        );
    }
}
