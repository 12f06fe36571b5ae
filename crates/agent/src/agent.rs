//! The loop: at every final block, what is owed?

use std::{
    collections::BTreeSet, future::Future, panic::AssertUnwindSafe, path::PathBuf, sync::Arc,
    time::SystemTime,
};

use futures::{FutureExt, StreamExt};
use polkadot_sdk::substrate_prometheus_endpoint::Registry;
use salus_envelope::KeyFolder;
use salus_primitives::{
    duties::{Duty, DutyKind},
    AccountId, BlockNumber,
};
use tokio::task::JoinSet;

use crate::{
    answers::Answers,
    blobs::Blobs,
    board::{Board, Stage, Status, Ticket},
    chain::{Block, Chain},
    config::{Config, Error},
    context::Context,
    kept::Results,
    metrics::{kind_name, End, Metrics},
    store::AnswerStore,
    training::{Peers, Trainings},
    work::{self, Stop},
    LOG,
};

/// Most duties asked for at once, which is what the runtime API gives at most.
const DUTIES: u32 = 64;
/// Folder, in the agent's, of the keys of the member's own records, as [`KeyFolder`] has them.
pub const RECORD_KEYS: &str = "record-keys";
/// Final blocks between two looks at kept results of jobs that nothing is owed for.
const TIDY_EVERY: BlockNumber = 64;

/// The native side of off-chain work of one operator.
pub struct Agent {
    context: Arc<Context>,
    answers: Arc<Answers>,
    board: Arc<Board>,
    /// Final block at which kept results were last looked through.
    tidied: Option<BlockNumber>,
    /// State of the folder of record keys when it was last looked at.
    keys_changed: Option<SystemTime>,
}

impl Drop for Agent {
    /// Stops the threads of an agent that is dropped instead of shut down.
    fn drop(&mut self) {
        self.board.cancel_all();
        self.context.trainings.stop();
    }
}

/// A task's duty and what came of it.
type Finished = (Ticket, Result<Vec<u8>, Stop>);

impl Agent {
    /// An agent that does nothing until [`Self::run`]. Its files are in `config.data_dir`, its
    /// metrics in `registry`, where there is one. Without `peers` it takes no part in trainings.
    pub fn new(
        config: Config,
        chain: Arc<dyn Chain>,
        store: Arc<dyn AnswerStore>,
        blobs: Arc<dyn Blobs>,
        peers: Option<Arc<dyn Peers>>,
        registry: Option<&Registry>,
    ) -> Result<Self, Error> {
        if config.identities.is_empty() {
            return Err(Error::NoIdentity);
        }
        let data_dir: PathBuf = config.data_dir.clone();
        let results = Results::open(&data_dir, chain.genesis())?;
        let keys = KeyFolder::open(data_dir.join(RECORD_KEYS))?;
        let metrics = Metrics::new(registry)?;
        let trainings = Trainings::open(&data_dir, peers)?;
        let context = Context::new(config, chain, blobs, results, keys, metrics, trainings);
        let context = Arc::new(context);
        context.trainings.wire(&context);
        Ok(Self {
            context,
            answers: Arc::new(Answers::load(store)),
            board: Arc::default(),
            tidied: None,
            keys_changed: None,
        })
    }

    /// What is owed and how far it is, for as long as the agent lives.
    pub fn status(&self) -> Status {
        Status::new(self.board.clone())
    }

    /// The trainings in which this node takes part.
    pub fn trainings(&self) -> Trainings {
        self.context.trainings.clone()
    }

    /// Works until `shutdown` ends. Stops what it is doing then; answers and results that are kept
    /// are there after a restart. Has to be polled within a tokio runtime.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) {
        tokio::pin!(shutdown);
        log::info!(
            target: LOG,
            "operator={} algorithms={} slots={} started",
            self.context.config.operator,
            salus_analytics::job::ALGORITHMS.join(","),
            self.context.config.slots,
        );
        let mut tasks = JoinSet::new();
        let mut blocks = self.context.chain.finality();
        let now = self.context.chain.finalized();
        self.on_finalized(now, &mut tasks).await;
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(finished) = tasks.join_next(), if !tasks.is_empty() => {
                    if let Ok(finished) = finished {
                        self.on_finished(finished);
                    }
                }
                next = blocks.next() => match next {
                    Some(mut block) => {
                        // Only the last matters where several became final at once.
                        while let Some(Some(later)) = blocks.next().now_or_never() {
                            block = later;
                        }
                        self.on_finalized(block, &mut tasks).await;
                    }
                    None => {
                        log::warn!(target: LOG, "the stream of final blocks ended; asking again");
                        tokio::select! {
                            () = &mut shutdown => break,
                            () = tokio::time::sleep(self.context.config.retry_after) => {}
                        }
                        blocks = self.context.chain.finality();
                    }
                },
            }
        }
        self.board.cancel_all();
        self.context.trainings.stop();
        tasks.shutdown().await;
        log::info!(target: LOG, "stopped");
    }

    async fn on_finalized(&mut self, block: Block, tasks: &mut JoinSet<Finished>) {
        // Before the duties, which ask them.
        self.context.trainings.on_finalized(block).await;
        let operator = self.context.config.operator.clone();
        let asked = self
            .context
            .ask(move |chain| chain.duties(block.hash, &operator, DUTIES))
            .await;
        let duties = match asked {
            Ok(duties) => duties,
            Err(error) => {
                log::warn!(target: LOG, "block={} {error}", block.number);
                return;
            }
        };
        let complete = (duties.len() as u32) < DUTIES;
        self.take_over(&duties, complete, block.number);
        let keys_changed = self.context.keys.changed();
        if keys_changed != self.keys_changed {
            self.keys_changed = keys_changed;
            // The key that was missing may be there.
            self.board.reopen(DutyKind::RecordSeal);
        }
        self.start(&duties, block.number, tasks);
        let metrics = &self.context.metrics;
        metrics.owed(duties.iter().map(|duty| duty.kind));
        metrics.oldest_ready(self.board.oldest_ready(block.number));
        self.tidy_results(&duties, complete, block).await;
    }

    /// Drops what is no longer owed.
    fn take_over(&self, duties: &[Duty<AccountId>], complete: bool, finalized: BlockNumber) {
        for (duty, end) in self.board.reconcile(duties, complete, finalized) {
            self.context.metrics.ended(duty.kind, end);
        }
        let owed: BTreeSet<Vec<u8>> = duties.iter().map(Duty::answer_key).collect();
        self.answers.tidy(&owed, complete, finalized);
    }

    /// Starts what has no answer yet, most urgent first. Each task waits for the places that it needs
    /// when it needs them, so that none holds what another could use.
    fn start(
        &self,
        duties: &[Duty<AccountId>],
        finalized: BlockNumber,
        tasks: &mut JoinSet<Finished>,
    ) {
        for duty in duties {
            let Some(ticket) = self.board.take(duty) else {
                continue;
            };
            if self.answers.is_ready(duty) {
                self.board.ready(duty, finalized);
                ticket.put_back();
                continue;
            }
            let context = self.context.clone();
            tasks.spawn(async move {
                let result = AssertUnwindSafe(work::perform(&context, &ticket))
                    .catch_unwind()
                    .await
                    .unwrap_or_else(|_| Err(Stop::Declined("the work panicked".into())));
                (ticket, result)
            });
        }
    }

    fn on_finished(&self, (ticket, result): Finished) {
        let duty = &ticket.duty;
        let (kind, subject) = (kind_name(duty.kind), duty.subject);
        match result {
            // What was computed is kept, but an answer that nobody asks for would stay behind.
            Ok(_) if ticket.cancel.is_cancelled() => {}
            Ok(answer) => {
                self.answers.leave(duty, &answer);
                self.board
                    .ready(duty, self.context.chain.finalized().number);
            }
            Err(Stop::Cancelled) => {}
            Err(Stop::Retry(why)) => {
                log::warn!(target: LOG, "kind={kind} subject={subject} again: {why}");
                ticket.enter(Stage::Retrying);
            }
            Err(Stop::Withdrawn) => {
                log::info!(target: LOG, "kind={kind} subject={subject} not assigned (any more)");
                // The list of duties decides whether it is asked for again.
                ticket.enter(Stage::Retrying);
            }
            Err(Stop::Declined(why)) => {
                log::error!(target: LOG, "kind={kind} subject={subject} declined: {why}");
                self.decline(&ticket);
            }
            Err(Stop::UnknownAlgorithm(name)) => {
                self.context.missing_algorithm(&name);
                self.decline(&ticket);
            }
        }
        ticket.put_back();
    }

    fn decline(&self, ticket: &Ticket) {
        self.context.metrics.ended(ticket.duty.kind, End::Declined);
        ticket.enter(Stage::Declined);
    }

    /// Removes kept results of jobs that the chain does not assign any more.
    async fn tidy_results(&mut self, duties: &[Duty<AccountId>], complete: bool, block: Block) {
        let recently = self
            .tidied
            .is_some_and(|at| block.number.saturating_sub(at) < TIDY_EVERY);
        if recently || !complete {
            return;
        }
        // Also where nothing is owed, which is when results are left over.
        let operator = self.context.config.operator.clone();
        let member = self
            .context
            .ask(move |chain| chain.member(block.hash, &operator))
            .await;
        let Ok(Some(worker)) = member else {
            return;
        };
        self.tidied = Some(block.number);
        for job in self.context.results.jobs(&worker) {
            if duties.iter().any(|duty| duty.subject == job) {
                continue;
            }
            let asked = worker.clone();
            let assignment = self
                .context
                .ask(move |chain| chain.assignment(block.hash, job, &asked))
                .await;
            if matches!(assignment, Ok(None)) {
                self.context.results.remove(job, &worker);
                log::debug!(target: LOG, "job={job} kept result removed");
            }
        }
    }
}
