//! Trainings: the node's part in each, with messages from node to node.

mod core;
mod files;
mod keys;
mod party;
mod secret;
mod send;
mod session;
mod wire;

use std::{
    collections::BTreeMap,
    sync::{
        atomic::{AtomicBool, Ordering},
        Arc, OnceLock, Weak,
    },
};

use codec::Encode;
use futures::{future::BoxFuture, FutureExt};
use parking_lot::Mutex;
use salus_blobs::gateway::{Inbox, Refused};
use salus_primitives::{
    blobs::BlobPointer,
    duties::DutyKind,
    jobs::{ResultPointer, MAX_INLINE},
    training::{self, Phase, TrainingId},
    AccountId, Balance, BlockNumber, Digest,
};
use tokio::task::AbortHandle;

use crate::{
    board::{Stage, Ticket},
    chain::Block,
    config::Error,
    context::Context,
    fetch,
    work::Stop,
    LOG,
};
use files::{Files, Kind};
use session::{Handle, Session};

pub use keys::{KeySource, OwnKeys, Primes};
pub use send::{PeerError, Peers};
pub use session::TrainingStatus;
pub use wire::Refusal;

/// Final blocks between two looks whether primes are to be drawn.
const LOOK_EVERY: BlockNumber = 4;

/// A live training.
pub type Training = training::Training<AccountId, Balance, BlockNumber>;

/// A training in which this node takes part.
struct Entry {
    session: Digest,
    handle: Arc<Handle>,
    task: AbortHandle,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// All trainings of this node. Cheap to clone.
#[derive(Clone)]
pub struct Trainings(Arc<Inner>);

struct Inner {
    files: Arc<Files>,
    /// The way to other nodes, where there is one.
    peers: Option<Arc<dyn Peers>>,
    context: OnceLock<Weak<Context>>,
    live: Mutex<BTreeMap<TrainingId, Entry>>,
    /// Primes are being drawn.
    drawing: Arc<AtomicBool>,
}

impl Trainings {
    pub(crate) fn open(
        data_dir: &std::path::Path,
        peers: Option<Arc<dyn Peers>>,
    ) -> Result<Self, Error> {
        Ok(Trainings(Arc::new(Inner {
            files: Arc::new(Files::open(data_dir)?),
            peers,
            context: OnceLock::new(),
            live: Mutex::default(),
            drawing: Arc::default(),
        })))
    }

    pub(crate) fn wire(&self, context: &Arc<Context>) {
        let _ = self.0.context.set(Arc::downgrade(context));
    }

    fn context(&self) -> Option<Arc<Context>> {
        self.0.context.get().and_then(Weak::upgrade)
    }

    /// Begins, follows and ends what the member takes part in at a final block.
    pub(crate) async fn on_finalized(&self, block: Block) {
        let Some(context) = self.context() else {
            return;
        };
        let operator = context.config.operator.clone();
        let asked = context
            .ask(move |chain| {
                let Some(member) = chain.member(block.hash, &operator)? else {
                    return Ok(None);
                };
                let mut live = BTreeMap::new();
                for id in chain.trainings(block.hash, &member)? {
                    if let Some(training) = chain.training(block.hash, id)? {
                        live.insert(id, training);
                    }
                }
                Ok(Some((member, live)))
            })
            .await;
        let (member, live) = match asked {
            Ok(Some(found)) => found,
            Ok(None) => return,
            Err(error) => {
                log::warn!(target: LOG, "block={} {error}", block.number);
                return;
            }
        };
        let mut entries = self.0.live.lock();
        entries.retain(|id, entry| {
            let over = live
                .get(id)
                .is_none_or(|training| keys::position(training, &member).is_none());
            if over {
                entry.handle.close(&self.0.files, &entry.session);
                log::info!(target: LOG, "training={id} is over");
            }
            !over
        });
        for (id, training) in live {
            if let Some(entry) = entries.get(&id) {
                entry.handle.update(training);
                continue;
            }
            let begun = !matches!(training.phase, Phase::Joining { .. });
            let (Some(peers), true) = (&self.0.peers, begun) else {
                continue;
            };
            if keys::position(&training, &member).is_none() {
                continue;
            }
            log::info!(target: LOG, "training={id} takes part");
            let session = training.session;
            let (handle, task) = Session::new(
                context.clone(),
                self.0.files.clone(),
                peers.clone(),
                member.clone(),
                (id, training),
            );
            let task = tokio::spawn(task.run()).abort_handle();
            entries.insert(
                id,
                Entry {
                    session,
                    handle,
                    task,
                },
            );
        }
        context.metrics.trainings(entries.len());
        // A training under way needs the cores more.
        let idle = entries.is_empty() && self.0.peers.is_some();
        drop(entries);
        if idle && block.number.is_multiple_of(LOOK_EVERY) {
            self.draw_ahead(context);
        }
    }

    /// Has primes drawn in the background where some may be needed.
    fn draw_ahead(&self, context: Arc<Context>) {
        let (files, drawing) = (self.0.files.clone(), self.0.drawing.clone());
        if drawing.swap(true, Ordering::SeqCst) {
            return;
        }
        let done = drawing.clone();
        let spawned = std::thread::Builder::new()
            .name("training-primes".into())
            .spawn(move || {
                if keys::lacks_primes(&context, &files) {
                    keys::draw_ahead(&context, &files);
                }
                done.store(false, Ordering::SeqCst);
            });
        if spawned.is_err() {
            drawing.store(false, Ordering::SeqCst);
        }
    }

    /// Stops all of them; they go on from their checkpoints.
    pub(crate) fn stop(&self) {
        self.0.live.lock().clear();
    }

    fn handle(&self, id: TrainingId) -> Option<Arc<Handle>> {
        let live = self.0.live.lock();
        live.get(&id).map(|entry| entry.handle.clone())
    }

    /// How far a training is at this node; `None` where it takes no part, or has not started.
    pub fn status(&self, id: TrainingId) -> Option<TrainingStatus> {
        self.handle(id).map(|handle| handle.status())
    }

    /// This party's model or part of one, as an age file to the member's own key. It stays after the
    /// training.
    pub fn model(&self, id: TrainingId, session: &Digest) -> Option<Vec<u8>> {
        let files = &self.0.files;
        files.sealed((id, session), Kind::Model).ok().flatten()
    }

    /// Longest packet that is taken for a training.
    pub fn limit(&self, id: TrainingId) -> Result<usize, Refusal> {
        let handle = self.handle(id).ok_or(Refusal::Unknown(id))?;
        handle.limit()
    }

    /// Takes a packet that another party's node brings.
    pub async fn take(&self, id: TrainingId, packet: Vec<u8>) -> Result<(), Refusal> {
        let handle = self.handle(id).ok_or(Refusal::Unknown(id))?;
        let taken = handle.take(packet).await;
        if let Some(context) = self.context() {
            context.metrics.training_packet(match taken {
                Ok(()) => "taken",
                Err(_) => "refused",
            });
        }
        taken
    }

    /// Does a duty.
    pub(crate) async fn perform(
        &self,
        context: &Arc<Context>,
        ticket: &Ticket,
    ) -> Result<Vec<u8>, Stop> {
        let id = ticket.duty.subject;
        ticket.enter(Stage::Computing);
        if ticket.duty.kind == DutyKind::TrainingKeys {
            if self.0.peers.is_none() {
                return Err(Stop::Declined("this node has no way to other nodes".into()));
            }
            return keys::commit(context, &self.0.files, ticket).await;
        }
        let handle = self
            .handle(id)
            .ok_or_else(|| Stop::Retry("the training has not started here yet".into()))?;
        match ticket.duty.kind {
            DutyKind::TrainingPost => tokio::select! {
                biased;
                () = ticket.cancel.cancelled() => Err(Stop::Cancelled),
                answer = handle.answer(ticket.duty.input) => answer.ok_or(Stop::Withdrawn),
            },
            _ => {
                let part = handle
                    .part()
                    .ok_or_else(|| Stop::Retry("the model is not there yet".into()))?;
                deliver(context, ticket, id, part).await
            }
        }
    }
}

/// Seals the part to those entitled, and puts it where they find it.
async fn deliver(
    context: &Arc<Context>,
    ticket: &Ticket,
    id: TrainingId,
    part: Vec<u8>,
) -> Result<Vec<u8>, Stop> {
    let entitled = context
        .ask(move |chain| chain.entitled(chain.finalized().hash, id))
        .await?;
    let recipients: Vec<_> = entitled.into_iter().map(|(_, key)| key).collect();
    let sealed = context
        .blocking(move |_| salus_envelope::encrypt(&part, &recipients))
        .await?
        .map_err(|error| Stop::Declined(format!("sealing to those entitled: {error}")))?;
    let pointer = match sealed.len() <= MAX_INLINE as usize {
        true => {
            let inline = sealed.try_into();
            ResultPointer::Inline(
                inline.map_err(|_| Stop::Declined("an inline part is too long".into()))?,
            )
        }
        false => {
            ticket.enter(Stage::Publishing);
            let blob: BlobPointer = fetch::publish(context, ticket, &sealed).await?;
            ResultPointer::Blob(blob)
        }
    };
    Ok(pointer.encode())
}

impl Inbox for Trainings {
    fn limit(&self, training: u64) -> Result<usize, Refused> {
        Ok(Trainings::limit(self, training)?)
    }

    fn take(&self, training: u64, message: Vec<u8>) -> BoxFuture<'static, Result<(), Refused>> {
        let trainings = self.clone();
        async move { Ok(Trainings::take(&trainings, training, message).await?) }.boxed()
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let words = refusal.to_string();
        match refusal {
            Refusal::Unknown(_) => Refused::Unknown(words),
            Refusal::Wrong(_) => Refused::Wrong(words),
            Refusal::TooLong(_) => Refused::TooLong(words),
            Refusal::Busy(_) => Refused::Busy(words),
        }
    }
}
