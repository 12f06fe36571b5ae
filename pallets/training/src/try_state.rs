//! Invariants of the storage.

use alloc::collections::{BTreeMap, BTreeSet};
use polkadot_sdk::{
    frame_support::{
        ensure,
        traits::{fungible::InspectHold, Get},
    },
    frame_system,
    sp_runtime::{
        traits::{Saturating, Zero},
        TryRuntimeError,
    },
};
use salus_primitives::{
    jobs::ResultPointer,
    training::{data_set_id, Phase, Standing},
};

use crate::{
    AccountIdOf, Agenda, BalanceOf, Blobs, Config, DataSets, DataSetsOf, HoldReason, Invitations,
    Models, NextAgenda, NextTrainingId, Pallet, PastTrainings, Places, Trainings,
};

impl<T: Config> Pallet<T> {
    /// Checks that what is recorded is what is held, and that every index says the same as the map
    /// it indexes.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::check_holds()?;
        Self::check_data_sets()?;
        Self::check_trainings()?;
        Self::check_indexes()?;
        Self::check_models()
    }

    fn check_holds() -> Result<(), TryRuntimeError> {
        let mut rewards = BTreeMap::<AccountIdOf<T>, BalanceOf<T>>::new();
        let mut parties = BTreeMap::<AccountIdOf<T>, BalanceOf<T>>::new();
        let mut deposits = BTreeMap::<AccountIdOf<T>, BalanceOf<T>>::new();
        for training in Trainings::<T>::iter_values() {
            add(&mut rewards, &training.initiator, training.terms.reward);
            add(&mut deposits, &training.initiator, training.deposit);
            for (_, party) in training.joined() {
                add(&mut parties, &party.account, training.terms.deposit);
            }
        }
        for past in PastTrainings::<T>::iter_values() {
            add(&mut deposits, &past.initiator, past.deposit);
        }
        for data_set in DataSets::<T>::iter_values() {
            add(&mut deposits, &data_set.holder, data_set.deposit);
        }
        for (reason, mut recorded) in [
            (HoldReason::Reward, rewards),
            (HoldReason::Party, parties),
            (HoldReason::TrainingDeposit, deposits),
        ] {
            let reason = reason.into();
            // All accounts, so that a hold of which nothing is recorded shows too.
            for who in frame_system::Account::<T>::iter_keys() {
                let amount = recorded.remove(&who).unwrap_or_else(Zero::zero);
                ensure!(
                    T::Currency::balance_on_hold(&reason, &who) == amount,
                    "a hold is not what is recorded"
                );
            }
            ensure!(
                recorded.values().all(Zero::is_zero),
                "an account that does not exist should hold"
            );
        }
        Ok(())
    }

    fn check_data_sets() -> Result<(), TryRuntimeError> {
        let mut uses = BTreeMap::<_, u32>::new();
        for training in Trainings::<T>::iter_values() {
            for (_, party) in training.joined() {
                if let Some(id) = party.data_set {
                    uses.entry(id).or_default().saturating_inc();
                }
            }
        }
        let mut known = BTreeSet::new();
        for (id, data_set) in DataSets::<T>::iter() {
            ensure!(
                id == data_set_id(&data_set.holder, &data_set.spec.commitment),
                "a data set under another's identifier"
            );
            ensure!(
                uses.remove(&id).unwrap_or_default() == data_set.uses,
                "the count of a data set's uses is wrong"
            );
            known.insert((data_set.holder, id));
        }
        ensure!(uses.is_empty(), "a party uses a data set that is not there");
        let mut listed = BTreeSet::new();
        for (holder, ids) in DataSetsOf::<T>::iter() {
            ensure!(!ids.is_empty(), "an empty list of data sets is kept");
            for id in ids {
                ensure!(
                    listed.insert((holder.clone(), id)),
                    "a data set is listed twice"
                );
            }
        }
        ensure!(listed == known, "the lists are not the data sets");
        Ok(())
    }

    fn check_trainings() -> Result<(), TryRuntimeError> {
        let next = NextTrainingId::<T>::get();
        for (id, training) in Trainings::<T>::iter() {
            ensure!(id < next, "a training before its number");
            ensure!(
                !PastTrainings::<T>::contains_key(id),
                "a training lives that has ended"
            );
            ensure!(
                training.phase.since() <= training.phase.until(),
                "a phase without a block"
            );
            let accounts: BTreeSet<_> = training
                .parties
                .iter()
                .map(|party| &party.account)
                .collect();
            ensure!(
                accounts.len() == training.parties.len(),
                "a party has two positions"
            );
            for party in &training.parties {
                ensure!(
                    party.is_in() || party.said.is_none(),
                    "what one said counts who is out"
                );
                ensure!(
                    matches!(training.phase, Phase::Joining { .. })
                        || (party.standing != Standing::Invited
                            && (!party.is_in() || party.keys.is_some())),
                    "a party was not ready at the start"
                );
            }
            if let Some(stage) = training.phase.stage() {
                ensure!(
                    training.roots.len() as u32 == stage && stage < training.terms.stages,
                    "the roots are not those of the stages that are over"
                );
                ensure!(training.model.is_none(), "a model before its time");
            }
            ensure!(
                matches!(training.phase, Phase::Joining { .. })
                    || Self::end_without(&training).is_none(),
                "a training goes on without a party that it needs"
            );
            ensure!(
                matches!(training.phase, Phase::Delivering { .. }) == training.model.is_some(),
                "a model is agreed on and not delivered"
            );
            ensure!(
                training.retries <= T::MaxRetries::get(),
                "a stage was begun again too often"
            );
        }
        for (id, _) in PastTrainings::<T>::iter() {
            ensure!(id < next, "a past training before its number");
        }
        Ok(())
    }

    fn check_indexes() -> Result<(), TryRuntimeError> {
        let mut places = BTreeSet::new();
        let mut invited = BTreeSet::new();
        let mut due = BTreeSet::new();
        for (id, training) in Trainings::<T>::iter() {
            places.insert((training.initiator.clone(), id));
            due.insert((training.due, id));
            for party in training.parties {
                match party.standing {
                    Standing::Joined => places.insert((party.account, id)),
                    Standing::Invited => invited.insert((party.account, id)),
                    Standing::Out(_) => false,
                };
            }
        }
        let mut listed = BTreeSet::new();
        for (who, ids) in Places::<T>::iter() {
            ensure!(!ids.is_empty(), "an empty list of trainings is kept");
            ensure!(
                ids.windows(2).all(|pair| pair.first() < pair.last()),
                "a member's trainings are not in order"
            );
            listed.extend(ids.into_iter().map(|id| (who.clone(), id)));
        }
        ensure!(
            listed == places,
            "the places are not those of the trainings"
        );
        let listed: BTreeSet<_> = Invitations::<T>::iter_keys().collect();
        ensure!(
            listed == invited,
            "the invitations are not those of the trainings"
        );
        let listed: BTreeSet<_> = Agenda::<T>::iter_keys().collect();
        ensure!(listed == due, "the agenda is not that of the trainings");
        let next = NextAgenda::<T>::get();
        ensure!(
            listed.iter().all(|(slot, _)| *slot >= next),
            "a slot of the agenda was passed over"
        );
        Ok(())
    }

    fn check_models() -> Result<(), TryRuntimeError> {
        let mut blobs = BTreeSet::new();
        let mut parts = BTreeSet::new();
        for (id, position, part) in Models::<T>::iter() {
            if let ResultPointer::Blob(blob) = part {
                blobs.insert((blob.digest, id));
            }
            parts.insert(id);
            let delivered = match Trainings::<T>::get(id) {
                Some(training) => training
                    .parties
                    .get(position as usize)
                    .is_some_and(|party| party.delivered),
                None => PastTrainings::<T>::get(id)
                    .is_some_and(|past| past.kept && past.parties.len() > position as usize),
            };
            ensure!(delivered, "a part of a model that nobody delivered");
        }
        for (id, past) in PastTrainings::<T>::iter() {
            ensure!(
                past.kept == parts.contains(&id),
                "the parts of a model are not kept as it says"
            );
        }
        for claim in Blobs::<T>::iter() {
            ensure!(
                blobs.contains(&claim),
                "a claim on a blob that is no part of a model"
            );
        }
        Ok(())
    }
}

fn add<K: Ord + Clone, V: Saturating + Zero + Copy>(sums: &mut BTreeMap<K, V>, of: &K, value: V) {
    let sum = sums.entry(of.clone()).or_insert_with(Zero::zero);
    *sum = sum.saturating_add(value);
}
