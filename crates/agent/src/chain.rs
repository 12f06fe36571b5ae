//! What the agent asks the chain.

use futures::stream::BoxStream;
use salus_primitives::{
    duties::Duty,
    jobs::{Assignment, JobId, Sealing},
    membership::Recipient,
    training::{DataSet, DataSetId, TrainingId},
    AccountId, Balance, BlockNumber, Hash,
};

use crate::Training;

/// A block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Block {
    /// Its hash.
    pub hash: Hash,
    /// Its height.
    pub number: BlockNumber,
}

/// The chain could not answer; it is asked again at the next block.
#[derive(Debug, thiserror::Error)]
#[error("the chain did not answer: {0}")]
pub struct ChainError(pub String);

/// The chain as the agent sees it. Calls may block for the time of a runtime call.
pub trait Chain: Send + Sync + 'static {
    /// Blocks as they become final. Where several do at once, the last is enough. When the stream
    /// ends the agent asks for another.
    fn finality(&self) -> BoxStream<'static, Block>;

    /// The last final block.
    fn finalized(&self) -> Block;

    /// The best block, on which deadlines run.
    fn best(&self) -> Block;

    /// Hash of block 0.
    fn genesis(&self) -> Hash;

    /// `DutiesApi::duties` at a block.
    fn duties(
        &self,
        at: Hash,
        operator: &AccountId,
        limit: u32,
    ) -> Result<Vec<Duty<AccountId>>, ChainError>;

    /// `DutiesApi::member` at a block.
    fn member(&self, at: Hash, operator: &AccountId) -> Result<Option<AccountId>, ChainError>;

    /// `JobsApi::sealings` at a block.
    fn sealings(
        &self,
        at: Hash,
        job: JobId,
        owner: &AccountId,
    ) -> Result<Vec<Sealing<AccountId>>, ChainError>;

    /// `TrainingApi::trainings_of` at a block: those in which the member takes part.
    fn trainings(&self, at: Hash, member: &AccountId) -> Result<Vec<TrainingId>, ChainError>;

    /// `TrainingApi::training` at a block.
    fn training(&self, at: Hash, training: TrainingId) -> Result<Option<Training>, ChainError>;

    /// `TrainingApi::entitled` at a block.
    fn entitled(
        &self,
        at: Hash,
        training: TrainingId,
    ) -> Result<Vec<(AccountId, Recipient)>, ChainError>;

    /// `TrainingApi::data_set` at a block.
    fn data_set(
        &self,
        at: Hash,
        data_set: DataSetId,
    ) -> Result<Option<DataSet<AccountId, Balance, BlockNumber>>, ChainError>;

    /// `JobsApi::assignment` at a block.
    fn assignment(
        &self,
        at: Hash,
        job: JobId,
        worker: &AccountId,
    ) -> Result<Option<Assignment<AccountId>>, ChainError>;
}
