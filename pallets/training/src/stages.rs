//! What parties say of a stage, and what follows when all have said it.

use alloc::vec::Vec;
use polkadot_sdk::{
    frame_support::{ensure, traits::Get, weights::Weight},
    sp_runtime::{traits::Saturating, DispatchError, DispatchResult},
};
use salus_primitives::{
    training::{
        Departure, End, Partition, Phase, Position, Positions, Said, StagePost, Standing, Training,
        TrainingId,
    },
    Digest,
};

use crate::{
    joining::party_mut, AccountIdOf, Config, Error, Event, Pallet, TrainingOf, Trainings,
    WeightInfo,
};

/// A root, and the model that may come with it.
type Root = (Digest, Option<Digest>);

impl<T: Config> Pallet<T> {
    pub(crate) fn do_post(
        who: AccountIdOf<T>,
        id: TrainingId,
        post: StagePost,
    ) -> Result<Weight, DispatchError> {
        let mut training = Self::training(id)?;
        let position = Self::position_behind(&who, &training)?;
        let stage = Self::open_stage(&training)?;
        ensure!(post.epoch == training.epoch, Error::<T>::WrongEpoch);
        Self::check_said(&training, position, stage, &post.said)?;
        let (excused, records) = Self::is_excused(&training, position);
        let weight = T::WeightInfo::post(records);
        if excused {
            let out = Vec::from([(position, Departure::ConsentEnded)]);
            Self::go_on_without(id, training, out);
            return Ok(weight.saturating_add(Self::weight_of_end()));
        }
        if let Some(party) = party_mut(&mut training, position) {
            party.said = Some(post.said);
        }
        Self::deposit_event(Event::Posted {
            training: id,
            position,
            stage,
            said: post.said,
        });
        let accused = named_by_most(&training, |said| said.1);
        if !accused.is_empty() {
            let out = accused.into_iter().map(|party| (party, Departure::Accused));
            Self::go_on_without(id, training, out.collect());
        } else if is_settled(&training) {
            Self::judge_stage(id, training, stage, false);
        } else {
            Trainings::<T>::insert(id, training);
            return Ok(weight);
        }
        Ok(weight.saturating_add(Self::weight_of_end()))
    }

    /// The stage of which posts are taken at this block.
    fn open_stage(training: &TrainingOf<T>) -> Result<u32, Error<T>> {
        training
            .phase
            .stage()
            .filter(|_| Self::now() <= training.phase.until())
            .ok_or(Error::<T>::WrongTime)
    }

    fn check_said(
        training: &TrainingOf<T>,
        position: Position,
        stage: u32,
        said: &Said,
    ) -> DispatchResult {
        let before = training
            .parties
            .get(position as usize)
            .and_then(|party| party.said);
        match (before, said) {
            (None, _) | (Some(Said::Blocked { .. }), Said::Root { .. } | Said::Failed) => {}
            _ => return Err(Error::<T>::AlreadyPosted.into()),
        }
        match said {
            Said::Root { model, .. } => ensure!(
                model.is_some() || stage.saturating_add(1) < training.terms.stages,
                Error::<T>::ModelMissing
            ),
            Said::Blocked { missing, invalid } => {
                let named = missing | invalid;
                let others = training
                    .joined()
                    .filter(|(other, _)| *other != position)
                    .fold(0, |mask, (other, _)| mask | bit(other));
                ensure!(
                    named != 0
                        && named & !others == 0
                        && missing & invalid == 0
                        && !matches!(training.phase, Phase::Disputed { .. }),
                    Error::<T>::InvalidPost
                );
            }
            Said::Failed => {}
        }
        Ok(())
    }

    /// All have posted a root: goes on where they are equal, else into a dispute, or out of it.
    pub(crate) fn compare(
        id: TrainingId,
        mut training: TrainingOf<T>,
        stage: u32,
        roots: Vec<(Position, Root)>,
    ) {
        let Some(root) = equal(&roots) else {
            if matches!(training.phase, Phase::Disputed { .. }) {
                return Self::decide_dispute(id, training, stage, roots);
            }
            let since = Self::now();
            let until = since.saturating_add(T::DisputeWindow::get());
            Self::enter(
                id,
                &mut training,
                Phase::Disputed {
                    stage,
                    since,
                    until,
                },
            );
            Self::forget_posts(&mut training);
            Self::deposit_event(Event::RootsDiffer {
                training: id,
                stage,
                epoch: training.epoch,
                until,
            });
            Trainings::<T>::insert(id, training);
            return;
        };
        Self::agree(id, training, stage, root);
    }

    /// Roots differ for the second time: more than half of the parties decide, and who has another
    /// root is out; all or nobody where all are needed.
    fn decide_dispute(
        id: TrainingId,
        mut training: TrainingOf<T>,
        stage: u32,
        roots: Vec<(Position, Root)>,
    ) {
        let backed = |root: &Root| roots.iter().filter(|(_, other)| other == root).count();
        let won = roots
            .iter()
            .map(|(_, root)| *root)
            .find(|root| backed(root).saturating_mul(2) > roots.len());
        let Some(won) =
            won.filter(|_| training.terms.backend.partition() == Partition::Homogeneous)
        else {
            return Self::end(id, training, End::Disputed);
        };
        for (position, root) in roots {
            if root != won {
                Self::remove(id, &mut training, position, Departure::Outvoted);
            }
        }
        match Self::end_without(&training) {
            Some(end) => Self::end(id, training, end),
            None => Self::agree(id, training, stage, won),
        }
    }

    fn agree(id: TrainingId, mut training: TrainingOf<T>, stage: u32, (root, model): Root) {
        // At most `stages` of them, and so at most `MAX_STAGES`.
        let _ = training.roots.try_push(root);
        Self::deposit_event(Event::StageAgreed {
            training: id,
            stage,
            root,
        });
        if let Some(model) = model {
            return Self::begin_delivery(id, training, model);
        }
        Self::begin_stage(id, &mut training, stage.saturating_add(1));
        Trainings::<T>::insert(id, training);
    }

    /// Removes parties, and begins the stage again without them, or ends the training.
    pub(crate) fn go_on_without(
        id: TrainingId,
        mut training: TrainingOf<T>,
        out: Vec<(Position, Departure)>,
    ) {
        for (position, departure) in out {
            Self::remove(id, &mut training, position, departure);
        }
        match Self::end_without(&training) {
            Some(end) => Self::end(id, training, end),
            None => Self::begin_again(id, training),
        }
    }

    /// Begins the stage under way again.
    pub(crate) fn begin_again(id: TrainingId, mut training: TrainingOf<T>) {
        let stage = training.phase.stage().unwrap_or_default();
        let until = Self::begin_stage(id, &mut training, stage);
        Self::deposit_event(Event::Retried {
            training: id,
            stage,
            epoch: training.epoch,
            until,
        });
        Trainings::<T>::insert(id, training);
    }

    /// How a training that has begun ends because of who is out; `None` where it goes on.
    pub(crate) fn end_without(training: &TrainingOf<T>) -> Option<End> {
        let together = training.terms.backend.partition() == Partition::Heterogeneous;
        // Who never began is not missed.
        let lost = (0..)
            .zip(training.parties.iter())
            .find_map(|(position, party)| match party.standing {
                Standing::Out(departure)
                    if departure != Departure::NotReady
                        && (together || !training.brings_data(position)) =>
                {
                    Some(End::Lost {
                        position,
                        departure,
                    })
                }
                _ => None,
            });
        let few = (training.participants().count() as u32) < training.terms.min_participants;
        lost.or(few.then_some(End::TooFew))
    }
}

/// The bit that stands for a position.
pub(crate) fn bit(position: Position) -> Positions {
    1u16.checked_shl(position.into()).unwrap_or_default()
}

/// Whether the deadline would change nothing: all have a root, or one cannot go on and all have said
/// whom they miss.
fn is_settled<A, B, N>(training: &Training<A, B, N>) -> bool {
    let failed = training
        .joined()
        .any(|(_, party)| party.said == Some(Said::Failed));
    training.joined().all(|(_, party)| match party.said {
        Some(said) => failed || said.is_last(),
        None => false,
    })
}

/// What all parties posted, where each posted a root.
pub(crate) fn all_roots<A, B, N>(training: &Training<A, B, N>) -> Option<Vec<(Position, Root)>> {
    training
        .joined()
        .map(|(position, party)| match party.said {
            Some(Said::Root { root, model }) => Some((position, (root, model))),
            _ => None,
        })
        .collect()
}

/// The root that all have.
fn equal(roots: &[(Position, Root)]) -> Option<Root> {
    let (_, first) = roots.first()?;
    roots
        .iter()
        .all(|(_, root)| root == first)
        .then_some(*first)
}

/// Of whom more than half of the other parties, and at least two, say what `mask` picks of
/// (missing, invalid).
pub(crate) fn named_by_most<A, B, N>(
    training: &Training<A, B, N>,
    mask: impl Fn((Positions, Positions)) -> Positions,
) -> Vec<Position> {
    let masks: Vec<Positions> = training
        .joined()
        .filter_map(|(_, party)| match party.said {
            Some(Said::Blocked { missing, invalid }) => Some(mask((missing, invalid))),
            _ => None,
        })
        .collect();
    let others = training.joined().count().saturating_sub(1);
    training
        .joined()
        .map(|(position, _)| position)
        .filter(|position| {
            // Nobody can name itself.
            let votes = masks
                .iter()
                .filter(|mask| *mask & bit(*position) != 0)
                .count();
            votes >= 2 && votes.saturating_mul(2) > others
        })
        .collect()
}
