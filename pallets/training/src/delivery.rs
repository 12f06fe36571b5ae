//! Delivering the parts of a model, sealed.

use polkadot_sdk::{
    frame_support::{ensure, traits::Get, weights::Weight},
    sp_runtime::{
        traits::{Saturating, Zero},
        DispatchError, DispatchResult,
    },
};
use salus_primitives::{
    blobs::BlobAccess,
    jobs::ResultPointer,
    training::{Departure, End, ModelAccess, Phase, Position, Training, TrainingId},
    Digest,
};

use crate::{
    joining::party_mut, AccountIdOf, Blobs, Config, Error, Event, HoldReason, Models, Pallet,
    PastTrainings, TrainingOf, Trainings, WeightInfo,
};

impl<T: Config> Pallet<T> {
    /// The model is agreed on: waits for its parts, where somebody is to have them.
    pub(crate) fn begin_delivery(id: TrainingId, mut training: TrainingOf<T>, model: Digest) {
        let since = Self::now();
        let until = since.saturating_add(T::DeliveryWindow::get());
        training.model = Some(model);
        Self::forget_posts(&mut training);
        Self::deposit_event(Event::ModelAgreed {
            training: id,
            model,
            until,
        });
        if next_to_deliver(&training).is_none() {
            return Self::end(id, training, End::Completed { model });
        }
        Self::enter(id, &mut training, Phase::Delivering { since, until });
        Trainings::<T>::insert(id, training);
    }

    pub(crate) fn do_deliver(
        who: AccountIdOf<T>,
        id: TrainingId,
        part: ResultPointer,
    ) -> Result<Weight, DispatchError> {
        let mut training = Self::training(id)?;
        let position = Self::position_behind(&who, &training)?;
        let model = match (training.phase, training.model) {
            (Phase::Delivering { until, .. }, Some(model)) if Self::now() <= until => model,
            _ => return Err(Error::<T>::WrongTime.into()),
        };
        ensure!(owes_part(&training, position), Error::<T>::NothingToDeliver);
        let party = party_mut(&mut training, position).ok_or(Error::<T>::NotParty)?;
        ensure!(!party.delivered, Error::<T>::AlreadyDelivered);
        if let ResultPointer::Blob(blob) = &part {
            ensure!(
                blob.size > 0 && !blob.location.is_empty(),
                Error::<T>::InvalidBlob
            );
            Self::claim_blob(id, blob.digest);
        }
        party.delivered = true;
        Models::<T>::insert(id, position, part);
        Self::deposit_event(Event::Delivered {
            training: id,
            position,
        });
        let weight = T::WeightInfo::deliver();
        if next_to_deliver(&training).is_none() {
            Self::end(id, training, End::Completed { model });
            return Ok(weight.saturating_add(Self::weight_of_end()));
        }
        Trainings::<T>::insert(id, training);
        Ok(weight)
    }

    /// Makes the blob one of the training's. A blob that something else refers to is not: its pointer
    /// stands, but the gateway does not serve it for the training. Delivering must not fail for it,
    /// or whoever names an honest party's blob first could have its deposit lost.
    fn claim_blob(id: TrainingId, digest: Digest) {
        if !Blobs::<T>::contains_key(digest) && !T::OtherBlobs::is_taken(&digest) {
            Blobs::<T>::insert(digest, id);
        }
    }

    /// The window is over: who has not delivered was silent. Who opened the training cannot keep the
    /// others from their pay by keeping its own part.
    pub(crate) fn judge_delivery(id: TrainingId, mut training: TrainingOf<T>) {
        let mut complete = true;
        while let Some(position) = next_to_deliver(&training) {
            complete &= training
                .parties
                .get(position as usize)
                .is_some_and(|party| party.account == training.initiator);
            Self::remove(id, &mut training, position, Departure::Silent);
        }
        let end = match training.model {
            Some(model) if complete => End::Completed { model },
            _ => End::Undelivered,
        };
        Self::end(id, training, end);
    }

    pub(crate) fn do_forget(who: AccountIdOf<T>, id: TrainingId) -> DispatchResult {
        let mut past = PastTrainings::<T>::get(id).ok_or(Error::<T>::TrainingNotFound)?;
        ensure!(past.initiator == who, Error::<T>::NotAuthorized);
        ensure!(
            past.kept && Self::now() >= past.ended_at.saturating_add(T::RetentionPeriod::get()),
            Error::<T>::NothingToForget
        );
        Self::drop_parts(id);
        Self::release(HoldReason::TrainingDeposit, &who, past.deposit);
        past.deposit = Zero::zero();
        past.kept = false;
        PastTrainings::<T>::insert(id, past);
        Self::deposit_event(Event::Forgotten { training: id });
        Ok(())
    }

    /// Removes the parts of the model and the claims on their blobs: at most one for each party.
    pub(crate) fn drop_parts(id: TrainingId) {
        for (_, part) in Models::<T>::drain_prefix(id) {
            if let ResultPointer::Blob(blob) = part {
                Blobs::<T>::mutate_exists(blob.digest, |of| {
                    if *of == Some(id) {
                        *of = None;
                    }
                });
            }
        }
    }
}

/// Whether the party is to deliver a part of the model, or has: an analyst the whole of it where the
/// participants are to have it too, and a participant of a heterogeneous training its columns' part,
/// but for itself alone.
pub(crate) fn owes_part<AccountId: PartialEq, B, N>(
    training: &Training<AccountId, B, N>,
    position: Position,
) -> bool {
    let shared = training.terms.access == ModelAccess::Everyone;
    training
        .joined()
        .filter(|(other, _)| *other == position)
        .any(|(_, party)| match training.has_analyst() {
            true => shared && !training.brings_data(position),
            false => shared || party.account != training.initiator,
        })
}

/// The first party whose part is missing.
pub(crate) fn next_to_deliver<AccountId: PartialEq, B, N>(
    training: &Training<AccountId, B, N>,
) -> Option<Position> {
    training
        .joined()
        .filter(|(_, party)| !party.delivered)
        .map(|(position, _)| position)
        .find(|position| owes_part(training, *position))
}
