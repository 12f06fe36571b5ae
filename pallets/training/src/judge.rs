//! The chain as the judge of silence, and of what can be proven to it.

use alloc::vec::Vec;
use polkadot_sdk::{
    frame_support::{ensure, traits::Get, weights::Weight},
    sp_core::sr25519,
    sp_io::crypto::sr25519_verify,
    sp_runtime::{traits::Saturating, DispatchError, DispatchResult},
};
use salus_primitives::training::{
    Departure, End, Equivocation, Partition, Phase, Position, Said, Training, TrainingId,
};

use crate::{
    stages::{all_roots, bit, named_by_most},
    Config, Error, Event, Pallet, TrainingOf, Trainings, WeightInfo,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_judge(id: TrainingId) -> DispatchResult {
        let training = Self::training(id)?;
        ensure!(Self::now() > training.phase.until(), Error::<T>::NotDue);
        Self::judge_due(id, training);
        Ok(())
    }

    /// What follows from a deadline that has passed. Every phase has one, and each of them leads to
    /// another phase or the end, so no training goes on for ever.
    pub(crate) fn judge_due(id: TrainingId, training: TrainingOf<T>) {
        match training.phase {
            Phase::Joining { .. } => Self::judge_joining(id, training),
            Phase::Running { stage, .. } => Self::judge_stage(id, training, stage, true),
            Phase::Paused { stage, .. } | Phase::Disputed { stage, .. } => {
                Self::judge_stage(id, training, stage, false)
            }
            Phase::Delivering { .. } => Self::judge_delivery(id, training),
        }
    }

    /// All have said what they can of the stage, or its deadline has passed: for the `first` time, or
    /// the last.
    pub(crate) fn judge_stage(
        id: TrainingId,
        mut training: TrainingOf<T>,
        stage: u32,
        first: bool,
    ) {
        let silent: Vec<Position> = training
            .joined()
            .filter(|(_, party)| party.said.is_none())
            .map(|(position, _)| position)
            .collect();
        let together = training.terms.backend.partition() == Partition::Heterogeneous;
        if first && together && !silent.is_empty() {
            return Self::pause(id, training, stage, &silent);
        }
        for position in &silent {
            Self::remove(id, &mut training, *position, Departure::Silent);
        }
        let failed = Self::let_failed_go(id, &mut training);
        if let Some(end) = Self::end_without(&training) {
            return Self::end(id, training, end);
        }
        if let Some(roots) = all_roots(&training) {
            return Self::compare(id, training, stage, roots);
        }
        // Somebody cannot finish. Where others are out now, it may have waited for those.
        if failed || !silent.is_empty() {
            return Self::begin_again(id, training);
        }
        let withheld = withheld(&training);
        if !withheld.is_empty() {
            let out = withheld
                .into_iter()
                .map(|party| (party, Departure::Withheld));
            return Self::go_on_without(id, training, out.collect());
        }
        if training.retries >= T::MaxRetries::get() {
            return Self::decide_blocked(id, training, stage);
        }
        training.retries.saturating_inc();
        Self::begin_again(id, training);
    }

    /// Who cannot go on is out. That its messages are missing follows from it and is no fault; that
    /// they do not verify is. Whether there was anybody.
    fn let_failed_go(id: TrainingId, training: &mut TrainingOf<T>) -> bool {
        let accused = named_by_most(training, |said| said.1);
        let failed: Vec<Position> = training
            .joined()
            .filter(|(_, party)| party.said == Some(Said::Failed))
            .map(|(position, _)| position)
            .collect();
        for position in &failed {
            let departure = match accused.contains(position) {
                true => Departure::Accused,
                false => Departure::Failed,
            };
            Self::remove(id, training, *position, departure);
        }
        !failed.is_empty()
    }

    /// Some cannot finish the stage and the others do not bear them out: where more than half of the
    /// parties can, those go on without them, or a single one could end a training whenever it likes.
    /// Where not, the others go on without the participants whose messages most lack.
    fn decide_blocked(id: TrainingId, mut training: TrainingOf<T>, stage: u32) {
        if training.terms.backend.partition() == Partition::Heterogeneous {
            return Self::end(id, training, End::Stalled);
        }
        let blocked: Vec<Position> = training
            .joined()
            .filter(|(_, party)| !has_root(party.said))
            .map(|(position, _)| position)
            .collect();
        let few = blocked.len().saturating_mul(2) < training.joined().count();
        let out = match few {
            true => blocked,
            false => named_by_most(&training, |said| said.0)
                .into_iter()
                .filter(|position| training.brings_data(*position))
                .collect(),
        };
        if out.is_empty() {
            return Self::end(id, training, End::Stalled);
        }
        for position in out {
            Self::remove(id, &mut training, position, Departure::Outvoted);
        }
        match (Self::end_without(&training), all_roots(&training)) {
            (Some(end), _) => Self::end(id, training, end),
            (None, Some(roots)) => Self::compare(id, training, stage, roots),
            (None, None) => Self::begin_again(id, training),
        }
    }

    /// Waits for the silent once more. What the others posted stays.
    fn pause(id: TrainingId, mut training: TrainingOf<T>, stage: u32, silent: &[Position]) {
        let since = Self::now();
        let until = since.saturating_add(T::GraceWindow::get());
        Self::enter(
            id,
            &mut training,
            Phase::Paused {
                stage,
                since,
                until,
            },
        );
        Self::deposit_event(Event::Paused {
            training: id,
            silent: silent
                .iter()
                .fold(0, |mask, position| mask | bit(*position)),
            until,
        });
        Trainings::<T>::insert(id, training);
    }

    pub(crate) fn do_report_equivocation(
        id: TrainingId,
        evidence: Equivocation,
    ) -> Result<Weight, DispatchError> {
        let training = Self::training(id)?;
        ensure!(training.phase.stage().is_some(), Error::<T>::WrongTime);
        let header = evidence.first.header;
        ensure!(
            evidence.conflicts() && header.session == training.session,
            Error::<T>::NoEquivocation
        );
        let keys = training
            .joined()
            .find(|(position, _)| *position == header.from)
            .and_then(|(_, party)| party.keys.as_ref())
            .ok_or(Error::<T>::NotParty)?;
        let signer = sr25519::Public::from_raw(keys.signing);
        for message in [evidence.first, evidence.second] {
            ensure!(
                sr25519_verify(
                    &sr25519::Signature::from_raw(message.signature),
                    message.header.digest(&message.body).as_bytes(),
                    &signer,
                ),
                Error::<T>::InvalidSignature
            );
        }
        Self::go_on_without(
            id,
            training,
            Vec::from([(header.from, Departure::Equivocated)]),
        );
        Ok(T::WeightInfo::report_equivocation().saturating_add(Self::weight_of_end()))
    }

    /// What a judgement, or anything else that can end a training, weighs at most.
    pub(crate) fn weight_of_end() -> Weight {
        T::WeightInfo::complete().max(T::WeightInfo::judge())
    }
}

/// Of whom most say that messages do not verify, or are missing. Missing ones count only against who
/// has a root: who is itself blocked may wait for the one who is to blame.
fn withheld<A, B, N>(training: &Training<A, B, N>) -> Vec<Position> {
    let waiting = training
        .joined()
        .filter(|(_, party)| matches!(party.said, Some(Said::Blocked { .. })))
        .fold(0, |mask, (position, _)| mask | bit(position));
    named_by_most(training, |(missing, invalid)| {
        (missing & !waiting) | invalid
    })
}

/// Whether the party has posted a root.
pub(crate) fn has_root(said: Option<Said>) -> bool {
    matches!(said, Some(Said::Root { .. }))
}
