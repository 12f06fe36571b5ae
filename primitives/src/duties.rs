//! Off-chain work that the chain says is owed.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::sp_crypto_hashing::blake2_256;
use scale_info::TypeInfo;

use crate::{BlockNumber, Digest};

/// What is to be done. The index is part of the encoding: append only.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum DutyKind {
    /// Compute a job and commit to its outcome. Answer: the commitment (`Digest`).
    #[codec(index = 0)]
    JobCommit,
    /// Reveal the outcome committed to. Answer: `jobs::Reveal`.
    #[codec(index = 1)]
    JobReveal,
    /// Seal the key of a record of one's own to the panel of a drawn job. Answer:
    /// `jobs::SealedRecord`.
    #[codec(index = 2)]
    RecordSeal,
    /// Commit to keys for a training that the member joined. Answer: `training::PartyKeys`.
    #[codec(index = 3)]
    TrainingKeys,
    /// Say what a stage of a training came to, or who equivocated. Answer: `training::StageAnswer`.
    #[codec(index = 4)]
    TrainingPost,
    /// Deliver one's part of a trained model, sealed to those entitled. Answer:
    /// `jobs::ResultPointer`.
    #[codec(index = 5)]
    TrainingDeliver,
}

/// One thing a member's node owes.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Duty<AccountId> {
    pub kind: DutyKind,
    /// What it is about: the number of the job or the training.
    pub subject: u64,
    /// The member that owes it.
    pub member: AccountId,
    /// Digest of everything the answer depends on, so that an answer to other inputs is never used.
    pub input: Digest,
    /// First block at which it was owed.
    pub since: BlockNumber,
    /// Last block in which it is accepted.
    pub deadline: BlockNumber,
}

impl<AccountId> Duty<AccountId> {
    /// Smaller is more urgent: what costs its member where it is not done, then the rest, each by
    /// deadline. Others decide how many seals a member owes, so they never come before its own work.
    pub fn urgency(&self) -> (bool, BlockNumber) {
        (self.kind == DutyKind::RecordSeal, self.deadline)
    }
}

impl<AccountId: Encode> Duty<AccountId> {
    /// Key of the answer in the node's offchain storage:
    /// `salus/duty/` ‖ blake2-256(kind, subject, member, input).
    pub fn answer_key(&self) -> Vec<u8> {
        let id = (self.kind, self.subject, &self.member, self.input).using_encoded(blake2_256);
        let mut key = b"salus/duty/".to_vec();
        key.extend_from_slice(&id);
        key
    }
}

/// A source of duties: each pallet with off-chain work, and the tuple of them.
pub trait Duties<AccountId, Call> {
    /// What `member` owes at this block, most urgent first, at most `limit` of each source.
    fn owed(member: &AccountId, limit: u32) -> Vec<Duty<AccountId>>;

    /// The call that delivers `answer`; `None` where the duty is another source's or the answer does
    /// not decode.
    fn call(duty: &Duty<AccountId>, answer: &[u8]) -> Option<Call>;
}

#[impl_trait_for_tuples::impl_for_tuples(8)]
impl<AccountId, Call> Duties<AccountId, Call> for Tuple {
    fn owed(member: &AccountId, limit: u32) -> Vec<Duty<AccountId>> {
        let mut all = Vec::new();
        for_tuples!( #( all.extend(Tuple::owed(member, limit)); )* );
        all.sort_by_key(Duty::<AccountId>::urgency);
        all
    }

    fn call(duty: &Duty<AccountId>, answer: &[u8]) -> Option<Call> {
        for_tuples!( #( if let Some(call) = Tuple::call(duty, answer) { return Some(call) } )* );
        None
    }
}
