//! Packets to one party: in order, each until it is taken.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        atomic::{AtomicUsize, Ordering},
        Arc,
    },
    time::Duration,
};

use futures::future::BoxFuture;
use salus_primitives::training::TrainingId;
use salus_training::PartyId;
use tokio::{sync::mpsc, task::JoinSet};

use super::wire::Peer;
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

/// Packets to one party, and how many of them it has not got. What is new is bounded by the protocol,
/// which waits for answers; nothing is sent again before the last has arrived.
struct Line {
    packets: mpsc::UnboundedSender<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
}

/// A task for each other party that has a gateway.
pub(super) struct Senders {
    to: BTreeMap<PartyId, Line>,
    pub(super) tasks: JoinSet<()>,
}

impl Senders {
    pub(super) fn new(
        way: &Arc<dyn Peers>,
        (training, me): (TrainingId, PartyId),
        parties: Vec<Option<Peer>>,
        metrics: &Metrics,
    ) -> Self {
        let mut senders = Senders {
            to: BTreeMap::new(),
            tasks: JoinSet::new(),
        };
        for (party, peer) in (0..).map(PartyId).zip(parties) {
            let Some(peer) = peer.filter(|_| party != me) else {
                continue;
            };
            let (sender, packets) = mpsc::unbounded_channel();
            let waiting = Arc::new(AtomicUsize::new(0));
            let line = Line {
                packets: sender,
                waiting: waiting.clone(),
            };
            senders.to.insert(party, line);
            senders.tasks.spawn(deliver(
                way.clone(),
                peer.gateway,
                (training, party),
                (packets, waiting),
                metrics.clone(),
            ));
        }
        senders
    }

    pub(super) fn send(&self, to: PartyId, packet: Vec<u8>) {
        if let Some(line) = self.to.get(&to) {
            line.waiting.fetch_add(1, Ordering::Relaxed);
            let _ = line.packets.send(packet);
        }
    }

    /// Parties that have not got all packets to them.
    pub(super) fn busy(&self) -> BTreeSet<PartyId> {
        let lines = self.to.iter();
        lines
            .filter(|(_, line)| line.waiting.load(Ordering::Relaxed) > 0)
            .map(|(party, _)| *party)
            .collect()
    }
}

/// Brings what comes in to one party, for as long as it is polled, and counts down how many packets wait.
async fn deliver(
    peers: Arc<dyn Peers>,
    gateway: String,
    (training, party): (TrainingId, PartyId),
    (mut packets, waiting): (mpsc::UnboundedReceiver<Vec<u8>>, Arc<AtomicUsize>),
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
        waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
