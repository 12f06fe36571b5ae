//! Shapes of what is submitted and of what the hook remembers.

use codec::{Decode, Encode};
use polkadot_sdk::{
    frame_system,
    sp_runtime::{traits::AtLeast32BitUnsigned, BoundedVec},
};
use salus_primitives::{duties::Duty, Digest};

use crate::Config;

/// The runtime's call.
pub type RuntimeCallOf<T> = <T as frame_system::Config>::RuntimeCall;
/// A duty of an account of the runtime.
pub type DutyOf<T> = Duty<<T as frame_system::Config>::AccountId>;
/// An answer, encoded as its duty's kind says.
pub type AnswerOf<T> = BoundedVec<u8, <T as Config>::MaxAnswerBytes>;
/// What one transaction delivers.
pub type AnswersOf<T> = BoundedVec<(DutyOf<T>, AnswerOf<T>), <T as Config>::MaxAnswers>;

/// The hook's note about the last transaction it sent with one operator key.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Sent<BlockNumber, Nonce> {
    /// Best block at which it was sent.
    pub at: BlockNumber,
    pub nonce: Nonce,
    /// blake2-256 of the encoded answers.
    pub answers: Digest,
}

impl<BlockNumber, Nonce> Sent<BlockNumber, Nonce>
where
    BlockNumber: AtLeast32BitUnsigned + Copy,
    Nonce: PartialEq,
{
    /// Whether this transaction may still be on its way, so that `next` has to wait: it has the
    /// same nonce (the pool would refuse the second) or the same answers (they were included and
    /// refused, and nothing but time has changed) and is younger than `resend_after` blocks.
    ///
    /// The distance counts in both directions: a re-organisation can bring a lower best block.
    pub fn holds_back(&self, next: &Self, resend_after: BlockNumber) -> bool {
        let age = next.at.max(self.at).saturating_sub(next.at.min(self.at));
        age < resend_after && (self.nonce == next.nonce || self.answers == next.answers)
    }
}
