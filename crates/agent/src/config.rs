//! What the node tells its agent.

use std::{io, num::NonZeroUsize, path::PathBuf, sync::Arc, time::Duration};

use polkadot_sdk::substrate_prometheus_endpoint::PrometheusError;
use salus_envelope::Identity;
use salus_primitives::{AccountId, BlockNumber};

use crate::training::{KeySource, OwnKeys};

const DOWNLOADS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(7);

/// Settings of one agent.
#[derive(Debug)]
pub struct Config {
    /// Account of the operator key in the node's keystore.
    pub operator: AccountId,
    /// The member's encryption keys, the current one first. Older ones open capsules that were
    /// sealed before a rotation.
    pub identities: Vec<Identity>,
    /// Folder of the agent's own files; made if it is not there.
    pub data_dir: PathBuf,
    /// Analyses at the same time. Fetching, revealing and sealing take no slot.
    pub slots: NonZeroUsize,
    /// Jobs whose inputs are fetched at the same time.
    pub downloads: NonZeroUsize,
    /// Threads of one analysis.
    pub threads: NonZeroUsize,
    /// Most ciphertext of one job, bytes. A job with more is left alone. Twice as much is held in
    /// memory at most, of one job that is analysed and one that is fetched. An analysis takes as much
    /// again as its inputs for the plaintext, and up to 1.5 GiB for table, memberships and result,
    /// which the limits of [`salus_analytics::job`] bound.
    pub max_input_bytes: u64,
    /// Blocks before a deadline at which the agent stops trying to fetch an input: the time that
    /// the answer needs into the chain. The hook resends after 5.
    pub margin: BlockNumber,
    /// Longest time of one download or upload. An attempt to fetch all inputs of a job has as much
    /// for every 256 MiB it has begun.
    pub transfer_timeout: Duration,
    /// Address of this node's own gateway, where other parties of trainings bring their messages.
    pub gateway: Option<String>,
    /// Where keys come from that this node deals to the parties of a training.
    pub keys: Arc<dyn KeySource>,
    /// First pause after a failed transfer; it doubles up to 16 times as long.
    pub retry_after: Duration,
}

impl Config {
    /// Settings for an ordinary worker: one analysis at a time on all cores, 8 jobs fetched at once, at
    /// most 1 GiB of input,
    /// 10 blocks of margin (20 s at 2-second slots), 5 minutes a transfer.
    pub fn new(operator: AccountId, identities: Vec<Identity>, data_dir: PathBuf) -> Self {
        Self {
            operator,
            identities,
            data_dir,
            slots: NonZeroUsize::MIN,
            downloads: DOWNLOADS,
            threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            max_input_bytes: salus_primitives::jobs::MAX_JOB_BYTES,
            margin: 10,
            transfer_timeout: Duration::from_secs(300),
            gateway: None,
            keys: Arc::new(OwnKeys),
            retry_after: Duration::from_secs(2),
        }
    }
}

/// Why an agent cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no key to open capsules with.
    #[error("the agent needs the member's encryption key")]
    NoIdentity,
    /// The agent's folder cannot be made.
    #[error("{}: {source}", path.display())]
    DataDir {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder of record keys cannot be made.
    #[error("record keys: {0}")]
    RecordKeys(#[from] salus_envelope::Error),
    /// A metric of that name exists already.
    #[error(transparent)]
    Metrics(#[from] PrometheusError),
}
