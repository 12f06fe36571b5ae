//! One training under way: takes what comes, follows the chain, sends.

use std::{
    collections::BTreeSet,
    sync::{
        atomic::{AtomicBool, Ordering},
        Arc,
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use salus_envelope::Identity;
use salus_primitives::{
    training::{Phase, Said, TrainingId},
    AccountId, Digest,
};
use salus_training::PartyId;
use serde::Serialize;
use tokio::sync::{mpsc, watch, Notify, Semaphore};

use super::{
    core::{Answers, Core},
    files::{Files, Kind},
    keys::{self, Secrets},
    send::{Peers, Senders},
    wire::{self, Item, Opener, Refusal, Signer},
    Training,
};
use crate::{context::Context, work::Stop, LOG};

/// Packets that wait to be taken, and that are opened at the same time.
const QUEUE: usize = 64;
const OPENINGS: usize = 8;
/// Packets that one step takes at most.
const BATCH: usize = 64;
/// How often deadlines are looked at.
const TICK: Duration = Duration::from_millis(500);
/// After which a party is sent again what it has not said to have taken.
const REMIND: Duration = Duration::from_secs(20);
/// Between two tries to begin.
const AGAIN: Duration = Duration::from_secs(5);

/// How far a training is at this node. Only figures.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrainingStatus {
    /// `keys`, `starting`, `running`, `blocked`, `over`, `delivering` or `failed`.
    pub state: &'static str,
    /// The stage that the chain is in, from 0.
    pub stage: u32,
    /// Rounds that are over.
    pub round: u32,
    /// Most rounds.
    pub of: u32,
    /// Estimate, once a round is over.
    pub seconds_left: Option<u64>,
    /// Positions of parties whose messages it waits for.
    pub waits_for: Vec<u16>,
    /// Why it failed or is blocked.
    pub why: Option<String>,
}

/// What a session shows.
#[derive(Default)]
struct Shown {
    status: TrainingStatus,
    answers: Answers,
    /// Whether it is time to say that messages are missing.
    late: bool,
    part: Option<Vec<u8>>,
    opener: Option<Arc<Opener>>,
}

/// A session, for those outside of it.
pub(super) struct Handle {
    id: TrainingId,
    shown: Mutex<Shown>,
    changed: Notify,
    ready: AtomicBool,
    /// Set once the training is over: a step that still runs must not leave a file behind.
    closed: Mutex<bool>,
    openings: Semaphore,
    queue: mpsc::Sender<(PartyId, Vec<Item>)>,
    chain: watch::Sender<Training>,
}

/// The other end.
pub(super) struct Session {
    handle: Arc<Handle>,
    context: Arc<Context>,
    files: Arc<Files>,
    peers: Arc<dyn Peers>,
    member: AccountId,
    queue: mpsc::Receiver<(PartyId, Vec<Item>)>,
    chain: watch::Receiver<Training>,
}

impl Session {
    pub(super) fn new(
        context: Arc<Context>,
        files: Arc<Files>,
        peers: Arc<dyn Peers>,
        member: AccountId,
        (id, training): (TrainingId, Training),
    ) -> (Arc<Handle>, Self) {
        let (queue, from_peers) = mpsc::channel(QUEUE);
        let (chain, from_chain) = watch::channel(training);
        let handle = Arc::new(Handle {
            id,
            shown: Mutex::default(),
            changed: Notify::new(),
            ready: AtomicBool::new(false),
            closed: Mutex::new(false),
            openings: Semaphore::new(OPENINGS),
            queue,
            chain,
        });
        let session = Session {
            handle: handle.clone(),
            context,
            files,
            peers,
            member,
            queue: from_peers,
            chain: from_chain,
        };
        (handle, session)
    }

    /// Takes part until it is dropped.
    pub(super) async fn run(mut self) {
        self.handle.show(|shown| shown.status.state = "starting");
        let mut core = loop {
            match self.begin().await {
                Ok(core) => break core,
                Err(why) => {
                    log::error!(target: LOG, "training={} cannot take part: {why}", self.handle.id);
                    self.handle.show(|shown| {
                        shown.status.state = "failed";
                        shown.status.why = Some(why);
                    });
                    // A data set may be put there still.
                    tokio::time::sleep(AGAIN).await;
                }
            }
        };
        let begun = Instant::now();
        let first = core.standing().progress.round;
        let mut senders = Senders::new(
            &self.peers,
            (self.handle.id, core.material.me),
            wire::peers(&core.training),
            &self.context.metrics,
        );
        let mut tick = tokio::time::interval(TICK);
        let mut reminded = Instant::now();
        let mut packets = Vec::new();
        loop {
            let training = self.chain.borrow_and_update().clone();
            let remind = reminded.elapsed() > REMIND;
            if remind {
                reminded = Instant::now();
            }
            let again = (senders.busy(), remind);
            let Some((mut next, stored)) = self.step(core, packets, training, again).await else {
                log::error!(target: LOG, "training={} its work panicked", self.handle.id);
                return;
            };
            // Nothing goes out that is not on the disk.
            if stored {
                for (to, packet) in next.1.drain(..) {
                    senders.send(to, packet);
                }
            }
            core = next.0;
            self.show(&core, begun, first);
            packets = Vec::new();
            tokio::select! {
                Some(packet) = self.queue.recv() => {
                    packets.push(packet);
                    while packets.len() < BATCH {
                        let Ok(packet) = self.queue.try_recv() else { break };
                        packets.push(packet);
                    }
                }
                changed = self.chain.changed() => if changed.is_err() { return },
                _ = tick.tick() => {}
                Some(_) = senders.tasks.join_next(), if !senders.tasks.is_empty() => {}
            }
        }
    }

    /// Makes the party, from its checkpoint where there is one.
    async fn begin(&mut self) -> Result<Core, String> {
        let training = self.chain.borrow_and_update().clone();
        let id = self.handle.id;
        let me = keys::position(&training, &self.member).ok_or("this member takes no part")?;
        let own = training.parties.get(usize::from(me));
        let own = own
            .and_then(|party| party.keys.clone())
            .ok_or("no keys were committed to")?;
        let identities = &self.context.config.identities;
        let secrets = Secrets::committed(identities, &training.session, &own).ok_or(
            "the keys were committed to with another encryption key: give the node that one too, \
             --agent-identity",
        )?;
        let seed = secrets.seed.clone();
        let (material, max_body) = keys::material(&self.context, &training, me, seed)
            .await
            .map_err(|stop| stop.words())?;
        let opener = Arc::new(Opener {
            id,
            session: training.session.0,
            me: PartyId(me),
            exchange: secrets.exchange,
            peers: wire::peers(&training),
            max_body,
        });
        let (files, pair) = (self.files.clone(), secrets.pair);
        let handle = self.handle.clone();
        let core = self.context.blocking(move |context| {
            let key = (id, &training.session);
            let identities = &context.config.identities;
            let stored = files
                .load(key, Kind::Checkpoint, identities)
                .map_err(|error| error.to_string())?;
            let shares = match stored {
                Some(_) => None,
                None => keys::kept_shares(context, &files, id, &training)
                    .map_err(|stop| stop.words())?,
            };
            let session = training.session;
            let core = Core::new(
                training.clone(),
                material,
                Signer(pair),
                max_body,
                shares,
                stored.as_ref().map(|stored| &stored[..]),
            );
            let mut core = core.map_err(|error| error.to_string())?;
            save(context, &files, &handle, session, &mut core)?;
            // Dealt: what is left of it is this party's own share.
            files.remove((id, &session), Kind::Key);
            Ok::<_, String>(core)
        });
        let core = core.await.map_err(|stop| stop.words())??;
        self.handle.show(|shown| shown.opener = Some(opener));
        Ok(core)
    }

    /// Takes packets, what the chain says, and stores what came of it. `None` if it panicked; false
    /// where it could not be stored, and so nothing must be sent.
    async fn step(
        &self,
        mut core: Core,
        packets: Vec<(PartyId, Vec<Item>)>,
        training: Training,
        (busy, remind): (BTreeSet<PartyId>, bool),
    ) -> Option<((Core, Vec<(PartyId, Vec<u8>)>), bool)> {
        let (files, handle) = (self.files.clone(), self.handle.clone());
        let done = self.context.blocking(move |context| {
            let session = training.session;
            core.update(training);
            core.set_busy(busy);
            for (from, items) in packets {
                core.take(from, items);
            }
            core.end_stages();
            if remind {
                core.remind_all();
            }
            let stored = save(context, &files, &handle, session, &mut core);
            if let Err(why) = &stored {
                log::error!(target: LOG, "training={} {why}", handle.id);
                core.keep_changed();
            }
            let out = match &stored {
                Ok(()) => core.packets(),
                Err(_) => Vec::new(),
            };
            ((core, out), stored.is_ok())
        });
        done.await.ok()
    }

    fn show(&self, core: &Core, begun: Instant, first: u32) {
        let standing = core.standing();
        let training = &core.training;
        let done = standing.progress.round.saturating_sub(first);
        let left = standing.progress.of.saturating_sub(standing.progress.round);
        let spent = begun.elapsed().as_secs_f64();
        let seconds_left = match (standing.over, done) {
            (true, _) => Some(0),
            (false, 0) => None,
            (false, done) => Some((spent / f64::from(done) * f64::from(left)).ceil() as u64),
        };
        let answers = core.answers();
        let until = training.phase.until();
        let best = self.context.chain.best().number;
        let late = best.saturating_add(self.context.config.margin) >= until
            || answers.has_invalid()
            // The stage does not end with it: nobody has to wait for that.
            || training.joined().any(|(_, party)| party.said == Some(Said::Failed));
        let state = match (&standing.failed, training.phase) {
            (Some(_), _) => "failed",
            (None, Phase::Delivering { .. }) => "delivering",
            _ if standing.over => "over",
            _ if late && !answers.has_last() => "blocked",
            _ => "running",
        };
        self.handle.ready.store(core.is_ready(), Ordering::Relaxed);
        self.handle.show(|shown| {
            shown.status = TrainingStatus {
                state,
                stage: training.phase.stage().unwrap_or_default(),
                round: standing.progress.round,
                of: standing.progress.of,
                seconds_left,
                waits_for: standing.waits_for.iter().map(|party| party.0).collect(),
                why: standing.failed.clone(),
            };
            shown.answers = answers;
            shown.late = late && !matches!(training.phase, Phase::Disputed { .. });
            shown.part = core.part().map(<[u8]>::to_vec);
        });
    }
}

/// Stores what has changed.
fn save(
    context: &Context,
    files: &Files,
    handle: &Handle,
    session: Digest,
    core: &mut Core,
) -> Result<(), String> {
    let closed = handle.closed.lock();
    if *closed {
        return Ok(());
    }
    let id = handle.id;
    let Some(checkpoint) = core.checkpoint() else {
        return Ok(());
    };
    let identity: &Identity = context.current_identity().map_err(|stop| stop.words())?;
    let words = |error: std::io::Error| format!("the checkpoint could not be kept: {error}");
    files
        .save((id, &session), Kind::Checkpoint, identity, &checkpoint)
        .map_err(words)?;
    if let Some(part) = core.unsaved_part() {
        files
            .save((id, &session), Kind::Model, identity, &part)
            .map_err(words)?;
        core.part_is_saved();
    }
    Ok(())
}

impl Handle {
    fn show(&self, change: impl FnOnce(&mut Shown)) {
        change(&mut self.shown.lock());
        self.changed.notify_waiters();
    }

    /// Removes what was kept of it, but for the model; nothing is kept from now on.
    pub(super) fn close(&self, files: &Files, session: &Digest) {
        let mut closed = self.closed.lock();
        *closed = true;
        files.remove((self.id, session), Kind::Checkpoint);
        files.remove((self.id, session), Kind::Key);
    }

    /// What the chain has at the last final block.
    pub(super) fn update(&self, training: Training) {
        self.chain.send_if_modified(|known| {
            let changed = *known != training;
            *known = training;
            changed
        });
    }

    pub(super) fn status(&self) -> TrainingStatus {
        self.shown.lock().status.clone()
    }

    /// Longest packet that is taken.
    pub(super) fn limit(&self) -> Result<usize, Refusal> {
        let shown = self.shown.lock();
        match &shown.opener {
            Some(opener) => Ok(opener.limit()),
            None => Err(Refusal::Busy("this party has not started yet")),
        }
    }

    /// Takes a packet of another party.
    pub(super) async fn take(self: Arc<Self>, packet: Vec<u8>) -> Result<(), Refusal> {
        let opener = self.shown.lock().opener.clone();
        let opener = opener.ok_or(Refusal::Busy("this party has not started yet"))?;
        let Ok(_place) = self.openings.try_acquire() else {
            return Err(Refusal::Busy("this party is taking other messages"));
        };
        let opened = tokio::task::spawn_blocking(move || opener.open(&packet)).await;
        let (from, items) = opened.map_err(|error| Refusal::Wrong(error.to_string()))??;
        let of_protocol = items.iter().any(|item| matches!(item, Item::Message(_)));
        if of_protocol && !self.ready.load(Ordering::Relaxed) {
            return Err(Refusal::Busy("this party waits for its share of the key"));
        }
        self.queue
            .try_send((from, items))
            .map_err(|_| Refusal::Busy("this party has too many messages to take"))
    }

    /// What to post of the epoch that the duty is of, as soon as there is something.
    pub(super) async fn answer(&self, input: Digest) -> Option<Vec<u8>> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(answer) = self.answer_now(input) {
                return Some(answer);
            }
            changed.await;
        }
    }

    fn answer_now(&self, input: Digest) -> Option<Vec<u8>> {
        let session = self.chain.borrow().session;
        let shown = self.shown.lock();
        let answer = shown.answers.of(input, &session, shown.late);
        answer.map(|answer| codec::Encode::encode(&answer))
    }

    /// The encoded part of the model.
    pub(super) fn part(&self) -> Option<Vec<u8>> {
        self.shown.lock().part.clone()
    }
}

impl Stop {
    /// Why, in words.
    pub(crate) fn words(self) -> String {
        match self {
            Stop::Cancelled => "it was cancelled".into(),
            Stop::Withdrawn => "the chain does not ask for it any more".into(),
            Stop::Retry(why) | Stop::Declined(why) | Stop::UnknownAlgorithm(why) => why,
        }
    }
}
