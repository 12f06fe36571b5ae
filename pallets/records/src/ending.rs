//! The end of a record, by its owner and, where one is set, the owner's recovery account.

use polkadot_sdk::{
    frame_support::{ensure, traits::Time},
    sp_runtime::{traits::BlockNumberProvider, DispatchResult},
};
use salus_primitives::{membership::Membership, records::RecordId, stake::Contribution};

use crate::{
    release::retired_bytes, AccountIdOf, Config, End, EndRight, Error, Event, HoldReason, Pallet,
    PendingEnds, Proposal, RecordOf, Records, State,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_end(who: AccountIdOf<T>, id: RecordId, end: End) -> DispatchResult {
        let record = Records::<T>::get(id).ok_or(Error::<T>::RecordNotFound)?;
        let recovery =
            T::Membership::recovery(&record.patient).filter(|other| *other != record.patient);
        let is_owner = who == record.patient;
        ensure!(
            is_owner || recovery.as_ref() == Some(&who),
            Error::<T>::NotAuthorized
        );
        Self::ensure_can_end(id, &record, &end)?;
        let Some(recovery) = recovery else {
            return Self::apply_end(id, record, end, EndRight::Owner);
        };
        let other = if is_owner {
            recovery
        } else {
            record.patient.clone()
        };

        let mut proposals = PendingEnds::<T>::get(id);
        if proposals.iter().any(|p| p.by == other && p.end == end) {
            return Self::apply_end(id, record, end, EndRight::OwnerAndRecovery);
        }
        ensure!(
            !proposals.iter().any(|p| p.by == who && p.end == end),
            Error::<T>::AlreadyProposed
        );
        // Also drops what a former recovery account proposed, so that two places are enough.
        proposals.retain(|p| p.by == other);
        proposals
            .try_push(Proposal {
                by: who.clone(),
                end,
            })
            .map_err(|_| Error::<T>::AlreadyProposed)?;
        PendingEnds::<T>::insert(id, proposals);
        Self::deposit_event(Event::EndProposed {
            record: id,
            by: who,
            end,
        });
        Ok(())
    }

    pub(crate) fn do_cancel_end(who: AccountIdOf<T>, id: RecordId) -> DispatchResult {
        PendingEnds::<T>::try_mutate_exists(id, |pending| {
            let mut proposals = pending.take().unwrap_or_default();
            let before = proposals.len();
            proposals.retain(|proposal| proposal.by != who);
            ensure!(proposals.len() < before, Error::<T>::ProposalNotFound);
            *pending = Some(proposals).filter(|left| !left.is_empty());
            Ok::<_, Error<T>>(())
        })?;
        Self::deposit_event(Event::EndCancelled {
            record: id,
            by: who,
        });
        Ok(())
    }

    /// A live record can end; a tombstone without successor can get one. The successor must be
    /// stored when it is named: such a record has not ended, so links cannot form a circle, and its
    /// release cannot be withdrawn, so they do not lead nowhere.
    fn ensure_can_end(id: RecordId, record: &RecordOf<T>, end: &End) -> DispatchResult {
        if let State::Terminated { successor, .. } = &record.state {
            ensure!(
                successor.is_none() && matches!(end, End::Supersede { .. }),
                Error::<T>::RecordTerminated
            );
        }
        if let Some(successor) = end.successor() {
            let stored = Records::<T>::get(successor)
                .is_some_and(|record| matches!(record.state, State::Stored(_)));
            ensure!(stored && successor != id, Error::<T>::InvalidSuccessor);
        }
        Ok(())
    }

    fn apply_end(id: RecordId, mut record: RecordOf<T>, end: End, by: EndRight) -> DispatchResult {
        let successor = end.successor();
        let ended_now = |deposit| State::Terminated {
            successor,
            at: T::BlockNumberProvider::current_block_number(),
            moment: T::Time::now(),
            deposit,
        };
        record.state = match record.state {
            State::Released(delivery) | State::Disputed { delivery, .. } => {
                Self::drop_delivery(&delivery)?;
                ended_now(None)
            }
            State::Stored(storage) => {
                T::Contribution::revoked(&id);
                Self::retire_blob(id, storage.blob.digest);
                let retired = storage.retired.saturating_add(1);
                ended_now(Some(Self::return_all_but(
                    HoldReason::Storage,
                    &record.patient,
                    &storage.deposit,
                    Self::price_of_bytes(retired_bytes(retired)),
                )?))
            }
            // The point in time at which it ended stays.
            State::Terminated {
                at,
                moment,
                deposit,
                ..
            } => State::Terminated {
                successor,
                at,
                moment,
                deposit,
            },
        };
        Records::<T>::insert(id, record);
        PendingEnds::<T>::remove(id);
        Self::deposit_event(match end {
            End::Terminate { successor } => Event::Terminated {
                record: id,
                successor,
                by,
            },
            End::Supersede { new_record } => Event::Superseded {
                record: id,
                new_record,
                by,
            },
        });
        Ok(())
    }
}
