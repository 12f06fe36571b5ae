//! How parties leave and trainings end: who is paid, what goes back, what stays.

use alloc::vec::Vec;
use codec::Encode;
use polkadot_sdk::{
    frame_support::traits::{Get, Time},
    sp_runtime::{
        traits::{CheckedDiv, Saturating, Zero},
        BoundedVec,
    },
};
use salus_primitives::training::{
    Departure, End, Partition, Party, PastParty, PastTraining, Phase, Position, Standing,
    TrainingId,
};

use crate::{
    joining::party_mut, AccountIdOf, Agenda, BalanceOf, Config, Event, HoldReason, Invitations,
    Models, Pallet, PastTrainingOf, PastTrainings, TrainingOf, Trainings,
};

impl<T: Config> Pallet<T> {
    /// A party is out: its deposit goes back, but for what its fault costs. The caller stores the
    /// training.
    pub(crate) fn remove(
        id: TrainingId,
        training: &mut TrainingOf<T>,
        position: Position,
        departure: Departure,
    ) {
        let deposit = training.terms.deposit;
        let Some(party) = party_mut(training, position) else {
            return;
        };
        let before = party.standing;
        party.standing = Standing::Out(departure);
        party.said = None;
        let who = party.account.clone();
        let lost = match before {
            Standing::Invited => {
                Invitations::<T>::remove(&who, id);
                Zero::zero()
            }
            Standing::Joined => {
                if let Some(data_set) = &party.data_set {
                    Self::count_use(data_set, false);
                }
                // Where it is the initiator, the training ends.
                Self::give_up_place(&who, id);
                Self::settle_deposit(&who, deposit, departure.costs())
            }
            Standing::Out(_) => return,
        };
        Self::deposit_event(Event::Departed {
            training: id,
            position,
            who,
            departure,
            lost,
        });
    }

    /// Ends a training: pays what is earned, gives everything else back, and keeps what has to stay.
    pub(crate) fn end(id: TrainingId, training: TrainingOf<T>, end: End) {
        let begun = !matches!(training.phase, Phase::Joining { .. });
        let reward = training.terms.reward;
        let earners = Self::earners(&training);
        let (left, out): (Vec<_>, Vec<_>) = earners.into_iter().partition(|party| party.is_in());
        let receivers: Vec<AccountIdOf<T>> = left
            .into_iter()
            .map(|party| party.account.clone())
            .collect();
        let share = Self::share_reward(
            &training.initiator,
            &receivers,
            out.len(),
            Self::earned(&training, &end),
            reward,
        );
        for party in &training.parties {
            match party.standing {
                Standing::Invited => Invitations::<T>::remove(&party.account, id),
                Standing::Joined => {
                    Self::settle_deposit(&party.account, training.terms.deposit, false);
                    Self::give_up_place(&party.account, id);
                    if let Some(data_set) = &party.data_set {
                        Self::count_use(data_set, false);
                    }
                }
                Standing::Out(_) => {}
            }
        }
        Self::give_up_place(&training.initiator, id);
        Agenda::<T>::remove(training.due, id);
        Trainings::<T>::remove(id);
        let kept = match begun {
            true => Self::keep(id, &training, end),
            false => Zero::zero(),
        };
        Self::release(
            HoldReason::TrainingDeposit,
            &training.initiator,
            training.deposit.saturating_sub(kept),
        );
        Self::deposit_event(Event::Ended {
            training: id,
            end,
            share,
        });
    }

    /// Participants among whom the reward is divided: all that began, but the initiator. Who is out gets
    /// nothing, and nobody else gets more for it.
    fn earners(training: &TrainingOf<T>) -> Vec<&Party<AccountIdOf<T>>> {
        (0..)
            .zip(training.parties.iter())
            .filter(|(position, _)| training.brings_data(*position))
            .map(|(_, party)| party)
            .filter(|party| party.account != training.initiator)
            .filter(|party| match party.standing {
                Standing::Invited | Standing::Out(Departure::NotReady) => false,
                Standing::Joined | Standing::Out(_) => true,
            })
            .collect()
    }

    /// What of the reward is divided.
    fn earned(training: &TrainingOf<T>, end: &End) -> BalanceOf<T> {
        let over = training.roots.len() as u32;
        let homogeneous = training.terms.backend.partition() == Partition::Homogeneous;
        let stages = match end {
            End::Completed { .. } => return training.terms.reward,
            End::Disputed | End::Stalled if homogeneous => over,
            // The analyst: what is a fact, or what it said itself, it pays for, so that it gains nothing
            // by going with the model. Most of the others could lie, so their word earns them no more
            // than they have.
            End::Lost { departure, .. } if homogeneous => match departure {
                Departure::Silent | Departure::Equivocated | Departure::Failed => {
                    over.saturating_add(1)
                }
                _ => over,
            },
            _ => 0,
        };
        training
            .terms
            .reward
            .checked_div(&training.terms.stages.into())
            .unwrap_or_else(Zero::zero)
            .saturating_mul(stages.into())
            .min(training.terms.reward)
    }

    /// Keeps what stays of a training; what of the deposit is spent for it or stays held.
    fn keep(id: TrainingId, training: &TrainingOf<T>, end: End) -> BalanceOf<T> {
        let kept = matches!(end, End::Completed { .. })
            && Models::<T>::iter_key_prefix(id).next().is_some();
        if !kept {
            Self::drop_parts(id);
        }
        let parties = training
            .parties
            .iter()
            .map(|party| PastParty {
                departure: match party.standing {
                    Standing::Out(departure) => Some(departure),
                    Standing::Joined | Standing::Invited => None,
                },
                account: party.account.clone(),
                data_set: party.data_set,
            })
            .collect::<Vec<_>>();
        let mut past = PastTraining {
            end,
            terms: training.terms.clone(),
            session: training.session,
            initiator: training.initiator.clone(),
            parties: BoundedVec::truncate_from(parties),
            roots: training.roots.clone(),
            opened_at: training.opened_at,
            ended_at: Self::now(),
            ended: T::Time::now(),
            deposit: Zero::zero(),
            kept,
        };
        let paid = Self::pay_for_entry(id, training, &past);
        if kept {
            let bytes = Models::<T>::iter_prefix_values(id)
                .fold(0usize, |sum, part| sum.saturating_add(part.encoded_size()));
            past.deposit = Self::deposit_for(bytes).min(training.deposit.saturating_sub(paid));
        }
        let kept = past.deposit.saturating_add(paid);
        PastTrainings::<T>::insert(id, past);
        kept
    }

    /// Pays the treasury for the bytes that stay of the training for ever; the amount.
    fn pay_for_entry(
        id: TrainingId,
        training: &TrainingOf<T>,
        entry: &PastTrainingOf<T>,
    ) -> BalanceOf<T> {
        // The key is the number twice: hashed by Twox64, and itself.
        let bytes = entry
            .encoded_size()
            .saturating_add(id.encoded_size().saturating_mul(2));
        let amount = Self::pay_held(
            HoldReason::TrainingDeposit,
            &training.initiator,
            &T::Treasury::get(),
            Self::deposit_for(bytes).min(training.deposit),
        );
        Self::deposit_event(Event::EntryPaid {
            training: id,
            amount,
        });
        amount
    }
}
