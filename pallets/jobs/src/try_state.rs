//! Invariants of the storage.

use alloc::collections::{BTreeMap, BTreeSet};
use polkadot_sdk::{
    frame_support::{ensure, traits::fungible::InspectHold},
    frame_system,
    sp_runtime::{
        traits::{Saturating, Zero},
        TryRuntimeError,
    },
};
use salus_primitives::jobs::{Ciphertext, InputSpec};

use crate::{
    settlement::blob_of, workers::is_drawable, AccountIdOf, Agenda, Answers, BalanceOf, Beacon,
    BlobOwner, Blobs, Config, DrawnFor, Due, FinishedJobs, Gatherings, HoldReason, InputBlobs,
    Inputs, JobRecipients, Jobs, LiveJobs, NextAgenda, NextJobId, Pallet, Panels, Pool,
    RecordBlobs, Results, SealedKeys, Seats, State, Workers,
};

impl<T: Config> Pallet<T> {
    /// Checks that what is recorded is what is held, and that every index says the same as the map
    /// it indexes.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::check_holds()?;
        Self::check_workers()?;
        Self::check_jobs()?;
        Self::check_sealing()?;
        Self::check_agenda()?;
        Self::check_draws()?;
        Self::check_blobs()
    }

    fn check_holds() -> Result<(), TryRuntimeError> {
        let mut rewards = BTreeMap::<AccountIdOf<T>, BalanceOf<T>>::new();
        let mut deposits = BTreeMap::<AccountIdOf<T>, BalanceOf<T>>::new();
        for job in Jobs::<T>::iter_values() {
            add(&mut rewards, &job.client, job.spec.reward);
            add(&mut deposits, &job.client, job.deposit);
        }
        for job in FinishedJobs::<T>::iter_values() {
            let waiting = job
                .holdback
                .map_or_else(Zero::zero, |holdback| holdback.amount);
            add(&mut rewards, &job.client, waiting);
            add(&mut deposits, &job.client, job.deposit);
        }
        let mut bonds = BTreeMap::new();
        for (who, worker) in Workers::<T>::iter() {
            add(&mut bonds, &who, worker.bond);
        }
        for (reason, mut recorded) in [
            (HoldReason::Reward, rewards),
            (HoldReason::JobDeposit, deposits),
            (HoldReason::WorkerBond, bonds),
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

    fn check_workers() -> Result<(), TryRuntimeError> {
        let pool = Pool::<T>::get();
        let distinct: BTreeSet<_> = pool.iter().collect();
        ensure!(
            distinct.len() == pool.len(),
            "a worker is in the pool twice"
        );
        for who in &pool {
            ensure!(
                Workers::<T>::contains_key(who),
                "one who is no worker is in the pool"
            );
        }
        for (who, worker) in Workers::<T>::iter() {
            ensure!(
                distinct.contains(&who) == is_drawable::<T>(&worker),
                "the pool is not the drawable workers"
            );
            ensure!(
                Seats::<T>::iter_key_prefix(&who).count() as u32 == worker.active,
                "a worker's count of seats is wrong"
            );
        }
        for (who, id, ()) in Seats::<T>::iter() {
            let job = Jobs::<T>::get(id).ok_or("a seat in a job that is not live")?;
            ensure!(
                job.seats.contains(&who) || job.reserves.contains(&who),
                "a seat that the job does not know"
            );
            ensure!(
                Workers::<T>::contains_key(&who),
                "a seat of one who is no worker"
            );
        }
        Ok(())
    }

    fn check_jobs() -> Result<(), TryRuntimeError> {
        for (id, job) in Jobs::<T>::iter() {
            ensure!(id < NextJobId::<T>::get(), "a job before its number");
            let panel: BTreeSet<_> = job.seats.iter().chain(job.reserves.iter()).collect();
            ensure!(
                panel.len() == job.seats.len().saturating_add(job.reserves.len()),
                "a worker has two places in a panel"
            );
            ensure!(!panel.contains(&job.client), "the client is in the panel");
            let seated = !matches!(job.state, State::Waiting { .. });
            for who in panel {
                ensure!(
                    Seats::<T>::contains_key(who, id) == seated,
                    "the seats in the index are not those of the jobs"
                );
            }
            let supplied = Inputs::<T>::iter_key_prefix(id).count();
            ensure!(
                supplied.saturating_add(job.missing as usize) == job.spec.inputs.len(),
                "the count of missing inputs is wrong"
            );
            let at_work = matches!(job.state, State::Working { .. } | State::Revealing { .. });
            ensure!(
                !at_work || job.missing == 0,
                "a panel works without its inputs"
            );
            let drawn = !matches!(job.state, State::Requested);
            ensure!(
                drawn == (job.seats.len() as u32 == job.spec.panel),
                "the panel is not as large as the job asks"
            );
            let mut revealed = 0u32;
            for who in &job.committed {
                let answer = Answers::<T>::get(id, who).ok_or("a commitment is lost")?;
                if answer.revealed.is_some() {
                    revealed.saturating_inc();
                }
            }
            ensure!(
                revealed == job.revealed
                    && Answers::<T>::iter_key_prefix(id).count() == job.committed.len(),
                "the count of answers is wrong"
            );
        }
        let of_live_jobs = Answers::<T>::iter_keys()
            .map(|(id, _)| id)
            .chain(Inputs::<T>::iter_keys().map(|(id, _)| id))
            .chain(SealedKeys::<T>::iter_keys().map(|(id, _)| id))
            .chain(InputBlobs::<T>::iter_keys().map(|(id, _)| id))
            .chain(JobRecipients::<T>::iter_keys());
        for id in of_live_jobs {
            ensure!(
                Jobs::<T>::contains_key(id),
                "something is left of a job that is not live"
            );
        }
        for (id, who) in Results::<T>::iter_keys() {
            let job = FinishedJobs::<T>::get(id).ok_or("a result of no job")?;
            ensure!(
                job.kept && job.winners.contains(&who),
                "a result that should be gone"
            );
        }
        Ok(())
    }

    fn check_agenda() -> Result<(), TryRuntimeError> {
        let next = NextAgenda::<T>::get();
        for (slot, due, ()) in Agenda::<T>::iter() {
            ensure!(slot >= next, "a slot of the agenda was passed over");
            let known = match due {
                Due::Job(id) => Jobs::<T>::get(id).map(|job| job.due),
                Due::Holdback(id) => FinishedJobs::<T>::get(id)
                    .and_then(|job| job.holdback)
                    .map(|holdback| holdback.due),
                Due::Panel(id) => Panels::<T>::get(id).map(|panel| panel.due),
            };
            ensure!(known == Some(slot), "the agenda has an entry too many");
        }
        for (id, job) in Jobs::<T>::iter() {
            ensure!(
                Agenda::<T>::contains_key(job.due, Due::Job(id)),
                "a job is not in the agenda"
            );
        }
        for (id, job) in FinishedJobs::<T>::iter() {
            if let Some(holdback) = job.holdback {
                ensure!(
                    Agenda::<T>::contains_key(holdback.due, Due::Holdback(id)),
                    "a holdback is not in the agenda"
                );
            }
        }
        for (id, panel) in Panels::<T>::iter() {
            ensure!(
                Agenda::<T>::contains_key(panel.due, Due::Panel(id)),
                "a remembered panel is not in the agenda"
            );
        }
        Ok(())
    }

    fn check_draws() -> Result<(), TryRuntimeError> {
        let outputs = Beacon::<T>::get();
        let rises = outputs
            .iter()
            .zip(outputs.iter().skip(1))
            .all(|(before, after)| before.known_since < after.known_since);
        ensure!(rises, "the beacon took an output in twice");

        let mut undrawn = BTreeMap::<_, u32>::new();
        for job in Jobs::<T>::iter_values() {
            if matches!(job.state, State::Requested) {
                undrawn.entry(job.posted_at).or_default().saturating_inc();
            }
        }
        let gatherings = Gatherings::<T>::iter().map(|(at, of)| (at, of.jobs));
        ensure!(
            gatherings.collect::<BTreeMap<_, _>>() == undrawn,
            "the count of a block's jobs that are not drawn is wrong"
        );

        let mut drawn = 0usize;
        for (client, key, draws) in DrawnFor::<T>::iter() {
            ensure!(!draws.is_empty(), "an input without draws is remembered");
            for id in &draws {
                ensure!(
                    Panels::<T>::get(id)
                        .is_some_and(|panel| panel.client == client && panel.inputs.contains(&key)),
                    "an input names a panel that was not drawn for it"
                );
            }
            drawn = drawn.saturating_add(draws.len());
        }
        let named: usize = Panels::<T>::iter_values()
            .map(|panel| panel.inputs.len())
            .sum();
        ensure!(drawn == named, "a panel is not named by its inputs");

        let mut live = BTreeMap::<AccountIdOf<T>, u32>::new();
        for job in Jobs::<T>::iter_values() {
            live.entry(job.client).or_default().saturating_inc();
        }
        ensure!(
            LiveJobs::<T>::iter().collect::<BTreeMap<_, _>>() == live,
            "the count of a client's live jobs is wrong"
        );
        Ok(())
    }

    fn check_blobs() -> Result<(), TryRuntimeError> {
        let mut own = BTreeMap::new();
        let mut of_records = BTreeMap::new();
        for (id, index, input) in Inputs::<T>::iter() {
            let Ciphertext::Blob(blob) = input.ciphertext else {
                continue;
            };
            ensure!(
                InputBlobs::<T>::contains_key(id, blob.digest),
                "an input's blob is not indexed"
            );
            let job = Jobs::<T>::get(id).ok_or("an input of no job")?;
            let uses = match job.spec.inputs.get(index as usize) {
                Some(InputSpec::Record { .. }) => of_records.entry(blob.digest).or_insert(0u32),
                _ => own.entry(blob.digest).or_insert(0u32),
            };
            uses.saturating_inc();
        }
        for (digest, uses) in RecordBlobs::<T>::iter() {
            ensure!(
                of_records.remove(&digest) == Some(uses),
                "the count of a record's uses is wrong"
            );
        }
        let revealed = Answers::<T>::iter()
            .filter_map(|(id, _, answer)| Some((id, blob_of(&answer.revealed?.1?)?)));
        let results: BTreeSet<_> = Results::<T>::iter()
            .filter_map(|(id, _, pointer)| Some((id, blob_of(&pointer)?)))
            .chain(revealed)
            .collect();
        for (digest, owner) in Blobs::<T>::iter() {
            match owner {
                BlobOwner::Input { uses, .. } => ensure!(
                    own.remove(&digest) == Some(uses),
                    "the count of an input's uses is wrong"
                ),
                BlobOwner::Result { job } => ensure!(
                    results.contains(&(job, digest)),
                    "a blob of a result that should be gone"
                ),
            }
        }
        ensure!(
            own.is_empty() && of_records.is_empty(),
            "an input's blob is not referred to"
        );
        Ok(())
    }
}

fn add<K: Ord + Clone, V: Saturating + Zero + Copy>(sums: &mut BTreeMap<K, V>, of: &K, value: V) {
    let sum = sums.entry(of.clone()).or_insert_with(Zero::zero);
    *sum = sum.saturating_add(value);
}
