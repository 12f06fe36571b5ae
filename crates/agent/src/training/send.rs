//! Packets to one party: in order, each until it is taken.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use salus_primitives::training::TrainingId;
use salus_training::PartyId;
use tokio::sync::mpsc;

use crate::{metrics::Metrics, LOG};

/// First and longest pause after a packet was not taken.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Why a packet was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// Not reached, or not ready: again.
    #[error("{0}")]
    Unavailable(String),
    /// It will not take it.
    #[error("{0}")]
    Refused(String),
}

/// The way to the nodes of other parties.
pub trait Peers: Send + Sync + 'static {
    /// Brings a packet to the gateway that a party named, once.
    fn bring<'a>(
        &'a self,
        gateway: &'a str,
        training: TrainingId,
        packet: Vec<u8>,
    ) -> BoxFuture<'a, Result<(), PeerError>>;
}

/// Brings what comes in to one party, for as long as it is polled.
pub(super) async fn deliver(
    peers: Arc<dyn Peers>,
    gateway: String,
    (training, party): (TrainingId, PartyId),
    mut packets: mpsc::UnboundedReceiver<Vec<u8>>,
    metrics: Metrics,
) {
    while let Some(packet) = packets.recv().await {
        let mut pause = PAUSE;
        loop {
            match peers.bring(&gateway, training, packet.clone()).await {
                Ok(()) => {
                    metrics.training_packet("sent");
                    break;
                }
                Err(PeerError::Refused(why)) => {
                    metrics.training_packet("refused-by-peer");
                    log::warn!(
                        target: LOG,
                        "training={training} participant {party} refuses a message: {why}",
                    );
                    break;
                }
                Err(PeerError::Unavailable(why)) => {
                    log::debug!(
                        target: LOG,
                        "training={training} participant {party} is not reached: {why}",
                    );
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }
}
