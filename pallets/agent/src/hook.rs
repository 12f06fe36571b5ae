//! The off-chain side: which answers are ready, and may they be sent at this block?

use alloc::vec::Vec;
use codec::Encode;
use polkadot_sdk::{
    frame_support::{dispatch::DispatchClass, storage::with_transaction, traits::Get},
    frame_system::{
        self,
        offchain::{Account, SendSignedTransaction, Signer},
        pallet_prelude::BlockNumberFor,
        RawOrigin,
    },
    sp_core::offchain::StorageKind,
    sp_io,
    sp_runtime::{
        offchain::storage::StorageValueRef, traits::UniqueSaturatedInto, DispatchError,
        DispatchResult, TransactionOutcome,
    },
};
use salus_primitives::{duties::Duties, membership::Membership};

use crate::{AnswerOf, AnswersOf, Call, Config, DutyOf, Pallet, Sent};

/// Log target; the native agent's is `agent`.
const LOG: &str = "agent::hook";

/// Most duties asked for at one block. The most urgent come first, so that the rest waits.
const DUTIES_PER_BLOCK: u32 = 64;

type SentOf<T> = Sent<BlockNumberFor<T>, <T as frame_system::Config>::Nonce>;

impl<T: Config> Pallet<T> {
    /// Sends at most one transaction with answers that are ready, for one of the local keys.
    pub(crate) fn send_ready_answers(now: BlockNumberFor<T>) {
        let mut accounts: Vec<Account<T>> =
            Signer::<T, T::AuthorityId>::keystore_accounts().collect();
        // Another key goes first at each block, so that a busy one does not keep the others out.
        let height: u64 = now.unique_saturated_into();
        if let Some(first) = height.checked_rem(accounts.len() as u64) {
            accounts.rotate_left(first as usize);
        }
        for account in accounts {
            if Self::send_for(&account, now) {
                return;
            }
        }
    }

    /// Sends what is ready for one operator key. Returns whether a transaction was made.
    fn send_for(account: &Account<T>, now: BlockNumberFor<T>) -> bool {
        let Some(member) = T::Membership::member_of(&account.id) else {
            return false;
        };
        let answers = Self::ready(&account.id, &member);
        if answers.is_empty() {
            return false;
        }
        let count = answers.len();
        let nonce = frame_system::Pallet::<T>::account_nonce(&account.id);
        let note = Sent {
            at: now,
            nonce,
            answers: sp_io::hashing::blake2_256(&answers.encode()).into(),
        };
        if !Self::claim(&account.id, note) {
            return false;
        }
        let signer = Signer::<T, T::AuthorityId>::any_account();
        match signer.send_single_signed_transaction(account, Call::submit { answers }) {
            None => log::error!(
                target: LOG,
                "block={now:?} operator={:?} the transaction could not be signed", account.id,
            ),
            // Whatever the pool says: the duty is owed until state says otherwise.
            Some(_) => log::info!(
                target: LOG,
                "block={now:?} operator={:?} nonce={nonce:?} answers={count} sent", account.id,
            ),
        }
        true
    }

    /// Answers that are ready for duties owed at this block, that this block would accept, and that
    /// fit into one extrinsic.
    fn ready(operator: &T::AccountId, member: &T::AccountId) -> AnswersOf<T> {
        let limits = T::BlockWeights::get();
        let most = limits
            .get(DispatchClass::Normal)
            .max_extrinsic
            .unwrap_or(limits.max_block);
        // Half of what an extrinsic may weigh leaves room for the transaction's extensions, and
        // finds a place in a busy block.
        let room = most.checked_div(2).unwrap_or(most);
        let mut answers = AnswersOf::<T>::default();
        for duty in T::Duties::owed(member, DUTIES_PER_BLOCK) {
            if duty.member != *member {
                continue;
            }
            let key = duty.answer_key();
            let Some(answer) = sp_io::offchain::local_storage_get(StorageKind::PERSISTENT, &key)
            else {
                continue;
            };
            let Ok(answer) = AnswerOf::<T>::try_from(answer) else {
                log::error!(
                    target: LOG,
                    "kind={:?} subject={} the answer is longer than {} bytes",
                    duty.kind, duty.subject, T::MaxAnswerBytes::get(),
                );
                continue;
            };
            if let Err(error) = Self::rehearse(operator, &duty, &answer) {
                log::debug!(
                    target: LOG,
                    "kind={:?} subject={} would be refused: {error:?}", duty.kind, duty.subject,
                );
                continue;
            }
            if answers.try_push((duty, answer)).is_err() {
                break;
            }
            // What is left out goes with the next transaction. One alone always goes.
            if answers.len() > 1 && !Self::weight_of(&answers).all_lte(room) {
                answers.pop();
            }
        }
        answers
    }

    /// Delivers one answer on the state of this block and takes everything back.
    fn rehearse(operator: &T::AccountId, duty: &DutyOf<T>, answer: &[u8]) -> DispatchResult {
        with_transaction(|| {
            let origin = RawOrigin::Signed(operator.clone()).into();
            let (result, _) = Self::deliver(origin, duty, answer);
            TransactionOutcome::Rollback(Ok::<_, DispatchError>(result))
        })?
    }

    /// Notes that a transaction is about to be sent; `false` where an earlier one may still be on
    /// its way, or another run of the hook was faster.
    fn claim(operator: &T::AccountId, next: SentOf<T>) -> bool {
        let key = Self::sent_key(operator);
        StorageValueRef::persistent(&key)
            .mutate(|last| match last {
                Ok(Some(last)) if SentOf::<T>::holds_back(&last, &next, T::ResendAfter::get()) => {
                    Err(())
                }
                _ => Ok(next),
            })
            .is_ok()
    }

    /// Key of the note about an operator's last transaction, in persistent offchain storage.
    pub(crate) fn sent_key(operator: &T::AccountId) -> Vec<u8> {
        let mut key = b"salus/agent/sent/".to_vec();
        operator.encode_to(&mut key);
        key
    }
}
