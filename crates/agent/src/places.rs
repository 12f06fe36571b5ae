//! What work of one agent waits for: a place among downloads, memory, a compute slot.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use parking_lot::Mutex;
use salus_primitives::{AccountId, BlockNumber};
use tokio::sync::{oneshot, OwnedSemaphorePermit, Semaphore};

use crate::{
    board::{Stage, Ticket},
    config::Config,
};

/// Jobs of one client fetched at once.
const PER_CLIENT: usize = 2;
/// Jobs fetched at once whose last attempt was slow, and one client's among them.
const SLOW: usize = 2;
const SLOW_PER_CLIENT: usize = 1;
/// Large kept results that are read, sealed and uploaded at once.
const RESULTS: usize = 2;
/// A job with more ciphertext reserves memory for it; one with less may also keep between attempts
/// what came.
pub(crate) const SMALL: u64 = 16 << 20;
/// Unit in which memory is reserved, bytes.
const UNIT: u64 = 1 << 20;

/// The bounds of one agent.
pub(crate) struct Places {
    downloads: Arc<Semaphore>,
    slow: Arc<Semaphore>,
    clients: Mutex<HashMap<(AccountId, bool), Arc<Semaphore>>>,
    memory: Arc<Semaphore>,
    memory_units: u32,
    results: Arc<Semaphore>,
    compute: Slots,
}

/// Held while an attempt to fetch a job's inputs lasts.
pub(crate) struct DownloadPlace {
    _client: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

/// Memory for ciphertext, until it is dropped.
pub(crate) type Memory = Option<OwnedSemaphorePermit>;

impl Places {
    pub(crate) fn new(config: &Config) -> Self {
        // Of one job that is analysed and of another that is fetched meanwhile.
        let memory = config.max_input_bytes.saturating_mul(2).div_ceil(UNIT);
        let memory_units = memory.min(u64::from(u32::MAX >> 4)) as u32;
        Self {
            downloads: Arc::new(Semaphore::new(config.downloads.get())),
            slow: Arc::new(Semaphore::new(SLOW)),
            clients: Mutex::default(),
            memory: Arc::new(Semaphore::new(memory_units as usize)),
            memory_units,
            results: Arc::new(Semaphore::new(RESULTS)),
            compute: Slots::new(config.slots.get()),
        }
    }

    /// A place among the downloads and memory for what is fetched, in the order of asking. A job
    /// whose last attempt was slow has places of its own, so that servers that hang keep no others
    /// waiting.
    pub(crate) async fn download(
        &self,
        ticket: &Ticket,
        client: &AccountId,
        bytes: u64,
        slow: bool,
    ) -> (DownloadPlace, Memory) {
        let client = permits(ticket, &self.of_client(client, slow), 1).await;
        let (place, memory) = match slow {
            // Those who wait here reserve nothing.
            true => {
                let place = permits(ticket, &self.slow, 1).await;
                (place, self.memory(ticket, bytes).await)
            }
            // Memory may be a long analysis's, so nobody waits for it in a place.
            false => {
                let memory = self.memory(ticket, bytes).await;
                (permits(ticket, &self.downloads, 1).await, memory)
            }
        };
        let place = DownloadPlace {
            _client: client,
            _place: place,
        };
        ticket.enter(Stage::Fetching);
        (place, memory)
    }

    async fn memory(&self, ticket: &Ticket, bytes: u64) -> Memory {
        if bytes <= SMALL {
            return None;
        }
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        Some(permits(ticket, &self.memory, units.min(self.memory_units)).await)
    }

    fn of_client(&self, client: &AccountId, slow: bool) -> Arc<Semaphore> {
        let places = match slow {
            true => SLOW_PER_CLIENT,
            false => PER_CLIENT,
        };
        let mut clients = self.clients.lock();
        clients.retain(|_, places| Arc::strong_count(places) > 1);
        clients
            .entry((client.clone(), slow))
            .or_insert_with(|| Arc::new(Semaphore::new(places)))
            .clone()
    }

    /// A place among the large results in memory.
    pub(crate) async fn result(&self, ticket: &Ticket) -> OwnedSemaphorePermit {
        permits(ticket, &self.results, 1).await
    }

    /// A compute slot, of those who wait the one with the earliest deadline first.
    pub(crate) async fn compute(&self, ticket: &Ticket) -> Slot {
        self.compute.take(ticket).await
    }
}

/// Takes permits; the stage is that of waiting meanwhile.
async fn permits(ticket: &Ticket, of: &Arc<Semaphore>, count: u32) -> OwnedSemaphorePermit {
    if let Ok(permit) = of.clone().try_acquire_many_owned(count) {
        return permit;
    }
    ticket.enter(Stage::Waiting);
    match of.clone().acquire_many_owned(count).await {
        Ok(permit) => permit,
        // Nothing closes them; a task that waits for ever is cancelled with its duty.
        Err(_) => std::future::pending().await,
    }
}

/// Slots of analyses.
struct Slots(Arc<Mutex<Queue>>);

struct Queue {
    free: usize,
    /// Those who wait, by deadline and order of asking.
    waiting: BTreeMap<(BlockNumber, u64), oneshot::Sender<Slot>>,
    asked: u64,
}

/// One slot, given back when dropped.
pub(crate) struct Slot(Arc<Mutex<Queue>>);

impl Slots {
    fn new(free: usize) -> Self {
        Self(Arc::new(Mutex::new(Queue {
            free,
            waiting: BTreeMap::new(),
            asked: 0,
        })))
    }

    async fn take(&self, ticket: &Ticket) -> Slot {
        let receive = {
            let mut queue = self.0.lock();
            // Where one is free, nobody waits.
            if queue.free > 0 {
                queue.free -= 1;
                return Slot(self.0.clone());
            }
            let (send, receive) = oneshot::channel();
            queue.asked += 1;
            let place = (ticket.duty.deadline, queue.asked);
            queue.waiting.insert(place, send);
            receive
        };
        ticket.enter(Stage::Waiting);
        match receive.await {
            Ok(slot) => slot,
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let next = {
            let mut queue = self.0.lock();
            // Who no longer waits is passed over.
            let next = std::iter::from_fn(|| queue.waiting.pop_first())
                .map(|(_, send)| send)
                .find(|send| !send.is_closed());
            if next.is_none() {
                queue.free += 1;
            }
            next
        };
        if let Some(next) = next {
            // Comes back as an error, and so is dropped, where the other stopped waiting just now.
            let _ = next.send(Slot(self.0.clone()));
        }
    }
}
