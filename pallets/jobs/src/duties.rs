//! What workers owe, as their nodes read it.

use alloc::vec::Vec;
use codec::{Decode, Encode};
use polkadot_sdk::{sp_io::hashing::blake2_256, sp_runtime::traits::SaturatedConversion};
use salus_primitives::{
    duties::{Duties, Duty, DutyKind},
    jobs::{Assignment, JobId, Reveal},
    Digest,
};

use crate::{AccountIdOf, Answers, Call, Config, JobOf, Jobs, Pallet, Seats, State};

impl<T: Config> Pallet<T> {
    /// What the member owes to one job.
    fn duty(id: JobId, job: &JobOf<T>, member: &AccountIdOf<T>) -> Option<Duty<AccountIdOf<T>>> {
        let now = Self::now();
        let answer = Answers::<T>::get(id, member);
        let (kind, since, deadline) = match (&job.state, answer) {
            (
                State::Working {
                    since,
                    middle,
                    commit_by,
                },
                None,
            ) if now <= *commit_by => {
                let from = if job.seats.contains(member) {
                    since
                } else {
                    middle
                };
                (DutyKind::JobCommit, *from, *commit_by)
            }
            (State::Revealing { since, reveal_by }, Some(answer))
                if answer.revealed.is_none() && now <= *reveal_by =>
            {
                (DutyKind::JobReveal, *since, *reveal_by)
            }
            _ => return None,
        };
        // `None` for a reserve whose turn has not come.
        let assignment = Self::assignment_of(id, job, member)?;
        Some(Duty {
            kind,
            subject: id,
            member: member.clone(),
            input: input_digest(&assignment),
            since: since.saturated_into(),
            deadline: deadline.saturated_into(),
        })
    }
}

/// Everything that the answer depends on, the same for commitment and reveal: blake2-256 of the
/// assignment's fields but the job, the client's account, the deadline and the commitment, in their
/// order.
fn input_digest<AccountId>(assignment: &Assignment<AccountId>) -> Digest {
    (
        &assignment.client_recipient,
        &assignment.algorithm,
        &assignment.parameters,
        assignment.purpose,
        assignment.bound,
        assignment.cipher,
        assignment.form,
        &assignment.inputs,
    )
        .using_encoded(blake2_256)
        .into()
}

impl<T: Config, C: From<Call<T>>> Duties<AccountIdOf<T>, C> for Pallet<T> {
    fn owed(member: &AccountIdOf<T>, limit: u32) -> Vec<Duty<AccountIdOf<T>>> {
        // At most `MaxActiveSeats` jobs.
        let mut owed: Vec<_> = Seats::<T>::iter_key_prefix(member)
            .filter_map(|id| Self::duty(id, &Jobs::<T>::get(id)?, member))
            .collect();
        owed.sort_by_key(|duty| (duty.deadline, duty.subject));
        owed.truncate(limit as usize);
        owed
    }

    fn call(duty: &Duty<AccountIdOf<T>>, answer: &[u8]) -> Option<C> {
        let job = duty.subject;
        let call = match duty.kind {
            DutyKind::JobCommit => Call::commit {
                job,
                commitment: decode_all::<Digest>(answer)?,
            },
            DutyKind::JobReveal => Call::reveal {
                job,
                reveal: decode_all::<Reveal>(answer)?,
            },
        };
        Some(C::from(call))
    }
}

/// The value whose encoding is all of `bytes`.
fn decode_all<V: Decode>(mut bytes: &[u8]) -> Option<V> {
    let value = V::decode(&mut bytes).ok()?;
    bytes.is_empty().then_some(value)
}
