//! What parties owe to trainings, as their nodes read it.

use alloc::vec::Vec;
use codec::DecodeAll;
use polkadot_sdk::sp_runtime::traits::SaturatedConversion;
use salus_primitives::{
    duties::{Duties, Duty, DutyKind},
    jobs::ResultPointer,
    training::{duty_input, PartyKeys, Phase, Said, StageAnswer, TrainingId},
};

use crate::{
    delivery::owes_part, AccountIdOf, Call, Config, Pallet, Places, TrainingOf, Trainings,
};

impl<T: Config> Pallet<T> {
    /// What the member owes to one training.
    fn duty(
        id: TrainingId,
        training: &TrainingOf<T>,
        member: &AccountIdOf<T>,
    ) -> Option<Duty<AccountIdOf<T>>> {
        let (position, party) = training
            .joined()
            .find(|(_, party)| party.account == *member)?;
        let phase = &training.phase;
        if Self::now() > phase.until() {
            return None;
        }
        let kind = match phase {
            Phase::Joining { .. } if party.keys.is_none() => DutyKind::TrainingKeys,
            Phase::Running { .. } | Phase::Paused { .. } | Phase::Disputed { .. }
                if !party.said.is_some_and(Said::is_last) =>
            {
                DutyKind::TrainingPost
            }
            Phase::Delivering { .. } if !party.delivered && owes_part(training, position) => {
                DutyKind::TrainingDeliver
            }
            _ => return None,
        };
        Some(Duty {
            kind,
            subject: id,
            member: member.clone(),
            input: duty_input(&training.session, training.epoch, party.said.is_some()),
            since: phase.since().saturated_into(),
            deadline: phase.until().saturated_into(),
        })
    }
}

impl<T: Config, C: From<Call<T>>> Duties<AccountIdOf<T>, C> for Pallet<T> {
    fn owed(member: &AccountIdOf<T>, limit: u32) -> Vec<Duty<AccountIdOf<T>>> {
        // At most `MaxTrainings`.
        let mut owed: Vec<_> = Places::<T>::get(member)
            .into_iter()
            .filter_map(|id| Self::duty(id, &Trainings::<T>::get(id)?, member))
            .collect();
        owed.sort_by_key(|duty| (duty.urgency(), duty.subject));
        owed.truncate(limit as usize);
        owed
    }

    fn call(duty: &Duty<AccountIdOf<T>>, mut answer: &[u8]) -> Option<C> {
        let training = duty.subject;
        let call = match duty.kind {
            DutyKind::TrainingKeys => Call::commit_keys {
                training,
                keys: PartyKeys::decode_all(&mut answer).ok()?,
            },
            DutyKind::TrainingPost => match StageAnswer::decode_all(&mut answer).ok()? {
                StageAnswer::Post(post) => Call::post { training, post },
                StageAnswer::Equivocation(evidence) => {
                    Call::report_equivocation { training, evidence }
                }
            },
            DutyKind::TrainingDeliver => Call::deliver {
                training,
                part: ResultPointer::decode_all(&mut answer).ok()?,
            },
            DutyKind::JobCommit | DutyKind::JobReveal | DutyKind::RecordSeal => return None,
        };
        Some(C::from(call))
    }
}
