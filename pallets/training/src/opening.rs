//! Opening a training, and ending it before its start.

use alloc::collections::BTreeSet;
use codec::{Encode, MaxEncodedLen};
use polkadot_sdk::{
    frame_support::{ensure, traits::Get, BoundedVec},
    frame_system::{self, pallet_prelude::BlockNumberFor},
    sp_runtime::{
        traits::{Saturating, Zero},
        DispatchResult,
    },
};
use salus_primitives::{
    blobs::MAX_LOCATION,
    jobs::MAX_INLINE,
    membership::Membership,
    training::{
        session_digest, End, ModelAccess, Partition, Party, Phase, Standing, Training, TrainingId,
        MAX_STAGES,
    },
};

use crate::{
    AccountIdOf, Config, Error, Event, HoldReason, Invitations, NextTrainingId, Pallet,
    ParticipantsOf, PastTrainingOf, Places, TermsOf, TrainingOf, Trainings,
};

/// Bytes of a part of a model beside what is in it: a blob pointer's digest, size, lengths and
/// variants (48), the keys of its entry (2 × 10) and of the claim on its blob (56).
const PART_OVERHEAD: u32 = 128;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_open(
        initiator: AccountIdOf<T>,
        terms: TermsOf<T>,
        participants: ParticipantsOf<T>,
    ) -> DispatchResult {
        ensure!(
            T::Membership::is_admitted(&initiator)
                && T::Membership::recipient(&initiator).is_some(),
            Error::<T>::NotAdmitted
        );
        Self::check_terms(&initiator, &terms, &participants)?;

        let id = NextTrainingId::<T>::get();
        Self::take_place(&initiator, id)?;
        let deposit = T::DepositBase::get().saturating_add(Self::deposit_for(bytes_of::<T>(
            &terms,
            participants.len() as u32,
        )));
        Self::hold(HoldReason::Reward, &initiator, terms.reward)?;
        Self::hold(HoldReason::TrainingDeposit, &initiator, deposit)?;
        NextTrainingId::<T>::put(id.saturating_add(1));

        let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
        let session = session_digest(&genesis, id, &initiator, &participants, &terms);
        let mut parties = BoundedVec::default();
        if terms.backend.partition() == Partition::Homogeneous {
            Self::hold(HoldReason::Party, &initiator, terms.deposit)?;
            // Eleven fit, and ten are invited at most.
            let _ = parties.try_push(party(initiator.clone(), Standing::Joined));
        }
        for who in participants {
            Invitations::<T>::insert(&who, id, ());
            let _ = parties.try_push(party(who, Standing::Invited));
        }
        let since = Self::now();
        let until = since.saturating_add(terms.join_window);
        Self::deposit_event(Event::Opened {
            training: id,
            initiator: initiator.clone(),
            backend: terms.backend,
            join_by: until,
        });
        Trainings::<T>::insert(
            id,
            Training {
                terms,
                phase: Phase::Joining { since, until },
                session,
                initiator,
                parties,
                epoch: 0,
                retries: 0,
                roots: Default::default(),
                model: None,
                opened_at: since,
                due: Self::schedule(id, Self::after(until)),
                deposit,
            },
        );
        Ok(())
    }

    fn check_terms(
        initiator: &AccountIdOf<T>,
        terms: &TermsOf<T>,
        participants: &ParticipantsOf<T>,
    ) -> DispatchResult {
        let together = terms.backend.partition() == Partition::Heterogeneous;
        let asked = participants.len() as u32;
        let distinct: BTreeSet<_> = participants.iter().collect();
        ensure!(
            asked >= if together { 2 } else { 1 }
                && distinct.len() == participants.len()
                && (together || !participants.contains(initiator)),
            Error::<T>::InvalidParticipants
        );
        ensure!(
            (1..=asked).contains(&terms.min_participants)
                && (!together || terms.min_participants == asked),
            Error::<T>::InvalidMinimum
        );
        ensure!(
            !terms.algorithm.is_empty() && (1..=MAX_STAGES).contains(&terms.stages),
            Error::<T>::InvalidStages
        );
        ensure!(
            terms.attributes.is_none() == together,
            Error::<T>::InvalidAttributes
        );
        ensure!(
            match terms.backend.encrypts() {
                true => matches!(terms.key_bits, 2048 | 3072),
                false => terms.key_bits == 0,
            },
            Error::<T>::InvalidKeyBits
        );
        let windows = T::MinWindow::get()..=T::MaxWindow::get();
        ensure!(
            windows.contains(&terms.join_window) && windows.contains(&terms.stage_window),
            Error::<T>::InvalidWindow
        );
        ensure!(
            terms.deposit >= T::MinDeposit::get(),
            Error::<T>::DepositTooSmall
        );
        Ok(())
    }

    pub(crate) fn do_cancel(who: AccountIdOf<T>, id: TrainingId) -> DispatchResult {
        let training = Self::training(id)?;
        ensure!(training.initiator == who, Error::<T>::NotAuthorized);
        ensure!(
            matches!(training.phase, Phase::Joining { .. }),
            Error::<T>::WrongTime
        );
        Self::end(id, training, End::Cancelled);
        Ok(())
    }

    pub(crate) fn training(id: TrainingId) -> Result<TrainingOf<T>, Error<T>> {
        Trainings::<T>::get(id).ok_or(Error::<T>::TrainingNotFound)
    }

    /// Counts a training among those of the member, once.
    pub(crate) fn take_place(who: &AccountIdOf<T>, id: TrainingId) -> Result<(), Error<T>> {
        Places::<T>::try_mutate(who, |places| match places.binary_search(&id) {
            Ok(_) => Ok(()),
            Err(at) => places
                .try_insert(at, id)
                .map_err(|_| Error::<T>::TooManyTrainings),
        })
    }

    pub(crate) fn give_up_place(who: &AccountIdOf<T>, id: TrainingId) {
        Places::<T>::mutate_exists(who, |slot| {
            if let Some(places) = slot {
                places.retain(|other| *other != id);
                if places.is_empty() {
                    *slot = None;
                }
            }
        });
    }
}

fn party<AccountId>(account: AccountId, standing: Standing) -> Party<AccountId> {
    Party {
        standing,
        account,
        data_set: None,
        keys: None,
        said: None,
        delivered: false,
    }
}

/// Most bytes that a training keeps: while it lives or after its end, whichever are more, and parts of
/// the model by those who have one, for which the initiator pays beforehand so that nobody else's act
/// can fail for want of its balance.
fn bytes_of<T: Config>(terms: &TermsOf<T>, participants: u32) -> usize {
    let longest = |most: usize| {
        most.saturating_sub(TermsOf::<T>::max_encoded_len())
            .saturating_add(terms.encoded_size())
    };
    let live = longest(TrainingOf::<T>::max_encoded_len());
    let past = longest(PastTrainingOf::<T>::max_encoded_len());
    let part = MAX_INLINE.max(MAX_LOCATION).saturating_add(PART_OVERHEAD);
    let parts = match (terms.backend.partition(), terms.access) {
        (Partition::Homogeneous, ModelAccess::Initiator) => 0,
        (Partition::Homogeneous, ModelAccess::Everyone) => 1,
        (Partition::Heterogeneous, _) => participants,
    };
    live.max(past)
        .saturating_add(part.saturating_mul(parts) as usize)
}
