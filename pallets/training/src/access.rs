//! What nodes, commands and gateways ask.

use alloc::{collections::BTreeMap, vec::Vec};
use salus_primitives::{
    blobs::BlobAccess,
    jobs::ResultPointer,
    membership::{Membership, Recipient},
    training::{DataSetId, End, Involvement, ModelAccess, Position, TrainingId},
    Digest,
};

use crate::{
    AccountIdOf, Blobs, Config, DataSetOf, DataSets, DataSetsOf, Invitations, Models, Pallet,
    PastTrainingOf, PastTrainings, Places, TermsOf, TrainingOf, Trainings,
};

/// Entries of a page at most.
pub const MAX_PAGE: u32 = 64;

impl<T: Config> Pallet<T> {
    /// A training that has not ended.
    pub fn live_training(id: TrainingId) -> Option<TrainingOf<T>> {
        Trainings::<T>::get(id)
    }

    /// What stays of one that has ended.
    pub fn past_training(id: TrainingId) -> Option<PastTrainingOf<T>> {
        PastTrainings::<T>::get(id)
    }

    /// A page of a member's live trainings, by number. It looks at all of them: `MaxTrainings`, and of
    /// each other admitted member at most as many invitations.
    pub fn trainings_of(
        who: AccountIdOf<T>,
        after: Option<TrainingId>,
        limit: u32,
    ) -> Vec<(TrainingId, Involvement)> {
        let follows = |id: &TrainingId| after.is_none_or(|after| *id > after);
        let places = Places::<T>::get(&who).into_iter();
        let mut page: BTreeMap<_, _> = Invitations::<T>::iter_key_prefix(&who)
            .filter(|id| follows(id))
            .map(|id| (id, Involvement::Invited))
            .collect();
        // The initiator may be invited to its own.
        page.extend(
            places
                .filter(|id| follows(id))
                .map(|id| (id, Involvement::TakesPart)),
        );
        page.into_iter()
            .take(limit.min(MAX_PAGE) as usize)
            .collect()
    }

    /// Who is to have the model, with the keys to seal it to: at most the initiator and all parties.
    pub fn entitled(id: TrainingId) -> Vec<(AccountIdOf<T>, Recipient)> {
        entitled_accounts::<T>(id)
            .into_iter()
            .filter_map(|who| T::Membership::recipient(&who).map(|(_, key)| (who, key)))
            .collect()
    }

    /// The sealed parts of a completed training's model, for one who is entitled to it.
    pub fn model(id: TrainingId, who: AccountIdOf<T>) -> Vec<(Position, ResultPointer)> {
        let done = PastTrainings::<T>::contains_key(id);
        if !done || !entitled_accounts::<T>(id).contains(&who) {
            return Vec::new();
        }
        let mut parts: Vec<_> = Models::<T>::iter_prefix(id).collect();
        parts.sort_by_key(|(position, _)| *position);
        parts
    }

    pub fn data_set(id: DataSetId) -> Option<DataSetOf<T>> {
        DataSets::<T>::get(id)
    }

    /// A page of a holder's data sets, in the order of their declaration.
    pub fn data_sets_of(holder: AccountIdOf<T>, start: u32, limit: u32) -> Vec<DataSetId> {
        DataSetsOf::<T>::get(holder)
            .into_iter()
            .skip(start as usize)
            .take(limit.min(MAX_PAGE) as usize)
            .collect()
    }
}

/// The initiator, and where everyone is to have the model those that are left.
fn entitled_accounts<T: Config>(id: TrainingId) -> Vec<AccountIdOf<T>> {
    if let Some(training) = Trainings::<T>::get(id) {
        let parties = training.joined().map(|(_, party)| party.account.clone());
        return with_initiator::<T>(&training.terms, &training.initiator, parties.collect());
    }
    match PastTrainings::<T>::get(id) {
        Some(past) if matches!(past.end, End::Completed { .. }) => {
            let left = past
                .parties
                .iter()
                .filter(|party| party.departure.is_none());
            let left = left.map(|party| party.account.clone()).collect();
            with_initiator::<T>(&past.terms, &past.initiator, left)
        }
        _ => Vec::new(),
    }
}

fn with_initiator<T: Config>(
    terms: &TermsOf<T>,
    initiator: &AccountIdOf<T>,
    left: Vec<AccountIdOf<T>>,
) -> Vec<AccountIdOf<T>> {
    let mut entitled = Vec::from([initiator.clone()]);
    if terms.access == ModelAccess::Everyone {
        entitled.extend(left.into_iter().filter(|who| who != initiator));
    }
    entitled
}

impl<T: Config> BlobAccess<AccountIdOf<T>> for Pallet<T> {
    /// Parts of a model: who delivered it at once, the entitled when the training is complete.
    fn may_fetch(who: &AccountIdOf<T>, digest: &Digest) -> bool {
        let Some(id) = Blobs::<T>::get(digest) else {
            return false;
        };
        let is_part = |part: &ResultPointer| matches!(part, ResultPointer::Blob(blob) if blob.digest == *digest);
        let delivered = |position: usize| {
            Models::<T>::get(id, position as Position).is_some_and(|part| is_part(&part))
        };
        if PastTrainings::<T>::contains_key(id) {
            let own = PastTrainings::<T>::get(id)
                .and_then(|past| past.parties.iter().position(|party| party.account == *who))
                .is_some_and(delivered);
            return own || entitled_accounts::<T>(id).contains(who);
        }
        Trainings::<T>::get(id)
            .and_then(|training| {
                training
                    .parties
                    .iter()
                    .position(|party| party.account == *who)
            })
            .is_some_and(delivered)
    }

    fn is_referenced(digest: &Digest) -> bool {
        Blobs::<T>::contains_key(digest)
    }
}
