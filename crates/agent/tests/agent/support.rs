//! A chain, a gateway and workers in one process.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use codec::Decode;
use futures::{
    channel::mpsc,
    future::BoxFuture,
    stream::{BoxStream, StreamExt},
    FutureExt,
};
use parking_lot::Mutex;
use polkadot_sdk::{
    sp_crypto_hashing::blake2_256,
    substrate_prometheus_endpoint::{prometheus::proto::MetricFamily, Registry},
};
use salus_agent::{
    Agent, AnswerStore, BlobError, Blobs, Block, Chain, ChainError, Config, DutyStatus, Stage,
    Status, Training, RECORD_KEYS,
};
use salus_analytics::{job::Bound, params::FcmParameters};
use salus_envelope::{content, encrypt, seal_identity, Identity, KeyFolder};
use salus_primitives::{
    blobs::BlobPointer,
    duties::{Duty, DutyKind},
    jobs::{
        commitment, AssignedInput, Assignment, Cipher, Ciphertext, InputSpec, JobId, Outcome,
        ResultForm, Reveal, SealedRecord, Sealing, WorkBound,
    },
    membership::Recipient,
    training::{DataSet, DataSetId, TrainingId},
    AccountId, Balance, BlockNumber, Digest, Hash,
};
use tokio::{sync::oneshot, task::JoinHandle};

/// Longest wait for what has to happen.
const PATIENCE: Duration = Duration::from_secs(60);
pub const GENESIS: Hash = Hash::repeat_byte(0x5a);
/// The record that jobs wait for.
pub const RECORD: Digest = Digest::repeat_byte(0x4e);
/// Set in the hash of a best block, not in that of a final one.
const BEST: u8 = 1;

/// Waits until `ready` gives something.
pub async fn until<R>(what: &str, mut ready: impl FnMut() -> Option<R>) -> R {
    let start = Instant::now();
    loop {
        if let Some(found) = ready() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[derive(Default)]
struct State {
    finalized: BlockNumber,
    best: BlockNumber,
    duties: Vec<Duty<AccountId>>,
    assignments: BTreeMap<(JobId, AccountId), Assignment<AccountId>>,
    sealings: BTreeMap<(JobId, AccountId), Vec<Sealing<AccountId>>>,
    /// Jobs whose consent ended at the best block, after so many more looks at the assignment there.
    revoked: BTreeMap<JobId, u32>,
    operators: BTreeMap<AccountId, AccountId>,
    streams: Vec<mpsc::UnboundedSender<Block>>,
}

/// The chain.
#[derive(Default)]
pub struct MockChain(Mutex<State>);

impl MockChain {
    /// Makes a block and finalizes it.
    pub fn finalize(&self) {
        let mut state = self.0.lock();
        state.best += 1;
        state.finalized = state.best;
        let block = Block {
            hash: Hash::zero(),
            number: state.finalized,
        };
        state
            .streams
            .retain(|stream| stream.unbounded_send(block).is_ok());
    }

    /// The best chain grows, finality does not.
    pub fn grow_to(&self, best: BlockNumber) {
        self.0.lock().best = best;
    }

    /// Ends every subscription.
    pub fn drop_streams(&self) {
        self.0.lock().streams.clear();
    }

    pub fn owe(&self, duty: Duty<AccountId>) {
        self.0.lock().duties.push(duty);
    }

    /// State took the answer, or asks for it no longer.
    pub fn settle(&self, kind: DutyKind, job: JobId) {
        let mut state = self.0.lock();
        state
            .duties
            .retain(|duty| (duty.kind, duty.subject) != (kind, job));
    }

    /// Consent ends at the best block. The runtime does then what [`Chain::assignment`] does here:
    /// it assigns the job no more to a worker that has not committed, and goes on to one that has, so
    /// that it can reveal. Its records are not to be sealed either.
    pub fn revoke(&self, job: JobId) {
        self.revoke_after(job, 0);
    }

    /// Consent ends when the agent has looked at the assignment of the best block so often.
    pub fn revoke_after(&self, job: JobId, looks: u32) {
        self.0.lock().revoked.insert(job, looks);
    }

    pub fn end_job(&self, job: JobId) {
        let mut state = self.0.lock();
        state.assignments.retain(|(of, _), _| *of != job);
    }

    pub fn change(&self, job: JobId, change: impl Fn(&mut Assignment<AccountId>)) {
        let mut state = self.0.lock();
        for ((of, _), assignment) in &mut state.assignments {
            if *of == job {
                change(assignment);
            }
        }
    }

    /// A job's panel of these workers waits for a record of the member.
    pub fn wait_for(&self, owner: &Worker, key: &Identity, job: JobId, panel: &[&Worker]) {
        let sealing = Sealing {
            job,
            index: 3,
            record: RECORD,
            recipient: key.recipient(),
            client: AccountId::new([0xc; 32]),
            purpose: 5,
            panel: panel
                .iter()
                .map(|worker| worker.identity.recipient())
                .collect(),
        };
        let input = sealing.digest();
        let mut duty = duty(DutyKind::RecordSeal, job, &owner.member, 100);
        duty.input = input;
        self.owe(duty);
        let mut state = self.0.lock();
        let of_job = state.sealings.entry((job, owner.member.clone()));
        of_job.or_default().push(sealing);
    }

    /// The chain accepts the commitment and asks for the reveal.
    pub fn accept_commitment(&self, worker: &Worker, job: JobId, deadline: BlockNumber) {
        let committed = worker.commitment(job).expect("the commitment is ready");
        self.settle(DutyKind::JobCommit, job);
        self.change(job, |assignment| assignment.committed = Some(committed));
        self.owe(duty(DutyKind::JobReveal, job, &worker.member, deadline));
    }
}

impl Chain for MockChain {
    fn finality(&self) -> BoxStream<'static, Block> {
        let (send, receive) = mpsc::unbounded();
        self.0.lock().streams.push(send);
        receive.boxed()
    }

    fn finalized(&self) -> Block {
        Block {
            hash: Hash::zero(),
            number: self.0.lock().finalized,
        }
    }

    fn best(&self) -> Block {
        Block {
            hash: Hash::repeat_byte(BEST),
            number: self.0.lock().best,
        }
    }

    fn genesis(&self) -> Hash {
        GENESIS
    }

    fn duties(
        &self,
        _: Hash,
        operator: &AccountId,
        limit: u32,
    ) -> Result<Vec<Duty<AccountId>>, ChainError> {
        let state = self.0.lock();
        let Some(member) = state.operators.get(operator) else {
            return Ok(Vec::new());
        };
        let mut owed: Vec<_> = state
            .duties
            .iter()
            .filter(|duty| duty.member == *member)
            .cloned()
            .collect();
        owed.sort_by_key(|duty| duty.deadline);
        owed.truncate(limit as usize);
        Ok(owed)
    }

    fn member(&self, _: Hash, operator: &AccountId) -> Result<Option<AccountId>, ChainError> {
        Ok(self.0.lock().operators.get(operator).cloned())
    }

    fn sealings(
        &self,
        at: Hash,
        job: JobId,
        owner: &AccountId,
    ) -> Result<Vec<Sealing<AccountId>>, ChainError> {
        let state = self.0.lock();
        if at == Hash::repeat_byte(BEST) && state.revoked.contains_key(&job) {
            return Ok(Vec::new());
        }
        let found = state.sealings.get(&(job, owner.clone()));
        Ok(found.cloned().unwrap_or_default())
    }

    fn trainings(&self, _: Hash, _: &AccountId) -> Result<Vec<TrainingId>, ChainError> {
        Ok(Vec::new())
    }

    fn training(&self, _: Hash, _: TrainingId) -> Result<Option<Training>, ChainError> {
        Ok(None)
    }

    fn entitled(&self, _: Hash, _: TrainingId) -> Result<Vec<(AccountId, Recipient)>, ChainError> {
        Ok(Vec::new())
    }

    fn data_set(
        &self,
        _: Hash,
        _: DataSetId,
    ) -> Result<Option<DataSet<AccountId, Balance, BlockNumber>>, ChainError> {
        Ok(None)
    }

    fn assignment(
        &self,
        at: Hash,
        job: JobId,
        worker: &AccountId,
    ) -> Result<Option<Assignment<AccountId>>, ChainError> {
        let mut state = self.0.lock();
        let found = state.assignments.get(&(job, worker.clone())).cloned();
        let committed = found
            .as_ref()
            .is_some_and(|found| found.committed.is_some());
        match state.revoked.get_mut(&job) {
            Some(0) if at == Hash::repeat_byte(BEST) && !committed => return Ok(None),
            Some(looks) if at == Hash::repeat_byte(BEST) => *looks = looks.saturating_sub(1),
            _ => (),
        }
        Ok(found)
    }
}

/// How the gateway answers for one blob.
#[derive(Clone)]
pub enum Answer {
    Serve(Vec<u8>),
    Hang,
    Refuse,
}

/// A gateway.
#[derive(Default)]
pub struct MockBlobs {
    answers: Mutex<BTreeMap<Digest, Answer>>,
    pub asked: Mutex<u32>,
    /// Uploads that fail before one succeeds.
    pub upload_failures: Mutex<u32>,
}

impl MockBlobs {
    /// Puts a blob there and returns what points to it.
    pub fn put(&self, blob: &[u8]) -> BlobPointer {
        let digest = Digest::from(blake2_256(blob));
        self.answer(digest, Answer::Serve(blob.to_vec()));
        BlobPointer {
            digest,
            size: blob.len() as u64,
            location: b"http://gateway".to_vec().try_into().expect("short"),
        }
    }

    pub fn answer(&self, digest: Digest, answer: Answer) {
        self.answers.lock().insert(digest, answer);
    }

    pub fn get(&self, digest: &Digest) -> Option<Vec<u8>> {
        match self.answers.lock().get(digest) {
            Some(Answer::Serve(blob)) => Some(blob.clone()),
            _ => None,
        }
    }
}

impl Blobs for MockBlobs {
    fn fetch<'a>(&'a self, pointer: &'a BlobPointer) -> BoxFuture<'a, Result<Vec<u8>, BlobError>> {
        *self.asked.lock() += 1;
        let answer = self.answers.lock().get(&pointer.digest).cloned();
        async move {
            match answer {
                Some(Answer::Serve(blob)) => Ok(blob),
                Some(Answer::Hang) => futures::future::pending().await,
                Some(Answer::Refuse) | None => Err(BlobError::Unavailable("not there".into())),
            }
        }
        .boxed()
    }

    fn publish<'a>(&'a self, blob: &'a [u8]) -> BoxFuture<'a, Result<BlobPointer, BlobError>> {
        let mut failures = self.upload_failures.lock();
        let result = match *failures {
            0 => Ok(self.put(blob)),
            _ => {
                *failures -= 1;
                Err(BlobError::Unavailable("full".into()))
            }
        };
        futures::future::ready(result).boxed()
    }
}

/// Offchain storage.
#[derive(Default)]
pub struct MemoryStore(Mutex<BTreeMap<Vec<u8>, Vec<u8>>>);

impl AnswerStore for MemoryStore {
    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.lock().get(key).cloned()
    }
    fn set(&self, key: &[u8], value: &[u8]) {
        self.0.lock().insert(key.to_vec(), value.to_vec());
    }
    fn remove(&self, key: &[u8]) {
        self.0.lock().remove(key);
    }
}

/// A duty about a job; its input is the same for commit and reveal.
pub fn duty(
    kind: DutyKind,
    job: JobId,
    member: &AccountId,
    deadline: BlockNumber,
) -> Duty<AccountId> {
    Duty {
        kind,
        subject: job,
        member: member.clone(),
        input: Digest::repeat_byte(job as u8),
        since: 0,
        deadline,
    }
}

/// The world around the workers.
#[derive(Default)]
pub struct World {
    pub chain: Arc<MockChain>,
    pub blobs: Arc<MockBlobs>,
}

/// A job that was posted.
pub struct Job {
    pub client: Identity,
    pub ciphertext: Vec<u8>,
    pub table: Vec<u8>,
    pub parameters: String,
    pub bound: WorkBound,
}

impl Job {
    /// What a local run finds.
    pub fn expected(&self) -> Vec<u8> {
        salus_analytics::job::run(
            "fcm/1",
            self.parameters.as_bytes(),
            &[&self.table],
            Bound {
                rows: self.bound.rows,
                columns: self.bound.columns,
                clusters: self.bound.clusters,
                iterations: self.bound.iterations,
            },
            &Default::default(),
            &|_| {},
        )
        .expect("the job is sound")
    }

    pub fn digest(&self) -> Digest {
        blake2_256(&self.expected()).into()
    }

    /// Digest of the input's ciphertext.
    pub fn blob(&self) -> Digest {
        blake2_256(&self.ciphertext).into()
    }
}

/// Rows of two clusters, without a header.
pub fn table(rows: usize) -> Vec<u8> {
    let mut csv = String::from("a,b\n");
    for row in 0..rows {
        let shift = if row % 2 == 0 { 0.0 } else { 10.0 };
        let (x, y) = ((row * 7 % 13) as f64 / 13.0, (row * 5 % 11) as f64 / 11.0);
        csv.push_str(&format!("{},{}\n", x + shift, y - shift));
    }
    csv.into_bytes()
}

/// Parameters with which [`noise`] takes longer than any test.
pub fn endless() -> FcmParameters {
    FcmParameters {
        clusters: 8,
        m: 2.2,
        epsilon: 0.0,
        max_iterations: 1_000_000,
        ..Default::default()
    }
}

/// Rows that are all different and have no clusters.
pub fn noise(rows: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut csv = String::from("a,b\n");
    for _ in 0..rows {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
        csv.push_str(&format!("{},{}\n", state >> 40, (state >> 16) % (1 << 24)));
    }
    csv.into_bytes()
}

impl World {
    pub fn new() -> Self {
        Self::default()
    }

    /// Posts a job over `table` for the workers; the ciphertext is a blob.
    pub fn post(&self, id: JobId, table: Vec<u8>, workers: &[&Worker]) -> Job {
        self.post_with(id, table, workers, FcmParameters::default(), 100)
    }

    pub fn post_with(
        &self,
        id: JobId,
        table: Vec<u8>,
        workers: &[&Worker],
        parameters: FcmParameters,
        deadline: BlockNumber,
    ) -> Job {
        let parameters = parameters.to_canonical_json().expect("sound parameters");
        let (client, key) = (Identity::generate(), Identity::generate());
        let packed = content::pack(&table);
        let ciphertext = encrypt(&packed.bytes, &[key.recipient()]).expect("encrypts");
        let pointer = self.blobs.put(&ciphertext);
        let bound = WorkBound {
            rows: 1_000_000,
            columns: 16,
            clusters: 8,
            iterations: 1_000_000,
        };
        for worker in workers {
            let capsule = seal_identity(&key, &worker.identity.recipient()).expect("seals");
            let assignment = Assignment {
                job: id,
                client: AccountId::new([0xc; 32]),
                client_recipient: client.recipient(),
                algorithm: b"fcm/1".to_vec(),
                parameters: parameters.clone().into_bytes(),
                purpose: 0,
                bound,
                cipher: Cipher::AgeX25519,
                form: ResultForm::Sealed,
                inputs: vec![AssignedInput {
                    spec: InputSpec::Own {
                        commitment: packed.commitment.into(),
                    },
                    ciphertext: Ciphertext::Blob(pointer.clone()),
                    commitment: packed.commitment.into(),
                    recipient: key.recipient(),
                    capsule: capsule.try_into().expect("capsules are short"),
                }],
                commit_deadline: deadline,
                committed: None,
            };
            let mut state = self.chain.0.lock();
            state
                .assignments
                .insert((id, worker.member.clone()), assignment);
            drop(state);
            self.chain
                .owe(duty(DutyKind::JobCommit, id, &worker.member, deadline));
        }
        Job {
            client,
            ciphertext,
            table,
            parameters,
            bound,
        }
    }

    /// A member's node, not running yet.
    pub fn worker(&self, seed: u8) -> Worker {
        let (member, operator) = (AccountId::new([seed; 32]), AccountId::new([seed + 100; 32]));
        let mut state = self.chain.0.lock();
        state.operators.insert(operator.clone(), member.clone());
        Worker {
            member,
            operator,
            identity: Identity::generate(),
            store: Arc::default(),
            data: tempfile::tempdir().expect("a folder"),
            running: None,
        }
    }

    /// Starts a worker's agent.
    pub fn start(&self, worker: &mut Worker) {
        self.start_with(worker, |_| {});
    }

    pub fn start_with(&self, worker: &mut Worker, change: impl FnOnce(&mut Config)) {
        self.start_over(worker, self.blobs.clone(), change);
    }

    /// Starts a worker's agent over another gateway.
    pub fn start_over(
        &self,
        worker: &mut Worker,
        blobs: Arc<dyn Blobs>,
        change: impl FnOnce(&mut Config),
    ) {
        let mut config = Config::new(
            worker.operator.clone(),
            vec![worker.identity.clone()],
            worker.data_dir(),
        );
        config.threads = NonZeroUsize::MIN;
        config.retry_after = Duration::from_millis(10);
        change(&mut config);
        let registry = Registry::new();
        let agent = Agent::new(
            config,
            self.chain.clone(),
            worker.store.clone(),
            blobs,
            None,
            Some(&registry),
        )
        .expect("the agent starts");
        let status = agent.status();
        let (stop, stopped) = oneshot::channel::<()>();
        let handle = tokio::spawn(agent.run(stopped.map(|_| ())));
        worker.running = Some(Running {
            status,
            registry,
            stop,
            handle,
        });
    }
}

struct Running {
    status: Status,
    registry: Registry,
    stop: oneshot::Sender<()>,
    handle: JoinHandle<()>,
}

/// A member, its keys and what its node keeps.
pub struct Worker {
    pub member: AccountId,
    operator: AccountId,
    pub identity: Identity,
    pub store: Arc<MemoryStore>,
    data: tempfile::TempDir,
    running: Option<Running>,
}

impl Worker {
    /// Files in the folder of kept results.
    pub fn kept_files(&self) -> usize {
        let files = std::fs::read_dir(self.data_dir().join("results"));
        files.map_or(0, Iterator::count)
    }

    pub fn data_dir(&self) -> PathBuf {
        self.data.path().join("agent")
    }

    /// Ends the agent as a crash would: nothing is tidied up.
    pub async fn crash(&mut self) {
        let running = self.running.take().expect("it runs");
        running.handle.abort();
        let _ = running.handle.await;
    }

    /// Ends the agent in good order.
    pub async fn stop(&mut self) {
        let running = self.running.take().expect("it runs");
        running.stop.send(()).expect("it listens");
        running.handle.await.expect("it ends");
    }

    fn answer(&self, kind: DutyKind, job: JobId) -> Option<Vec<u8>> {
        self.store
            .get(&duty(kind, job, &self.member, 0).answer_key())
    }

    pub fn commitment(&self, job: JobId) -> Option<Digest> {
        let answer = self.answer(DutyKind::JobCommit, job)?;
        Some(Digest::decode(&mut &answer[..]).expect("a commitment"))
    }

    /// The answer to what [`MockChain::wait_for`] asks.
    pub fn sealed(&self, job: JobId, key: &Identity, panel: &[&Worker]) -> Option<SealedRecord> {
        let chain = MockChain::default();
        chain.wait_for(self, key, job, panel);
        let asked = chain.0.lock().duties[0].answer_key();
        let answer = self.store.get(&asked)?;
        Some(SealedRecord::decode(&mut &answer[..]).expect("a sealed record"))
    }

    /// The keys in the node's folder.
    pub fn keys(&self) -> KeyFolder {
        KeyFolder::open(self.data_dir().join(RECORD_KEYS)).expect("a folder")
    }

    pub fn reveal(&self, job: JobId) -> Option<Reveal> {
        let answer = self.answer(DutyKind::JobReveal, job)?;
        Some(Reveal::decode(&mut &answer[..]).expect("a reveal"))
    }

    /// The salt as the agent derives it.
    pub fn salt(&self, job: JobId) -> [u8; 32] {
        self.identity.derive(
            b"salus/job-salt",
            &[GENESIS.as_bytes(), &job.to_le_bytes(), self.member.as_ref()],
        )
    }

    /// The commitment this worker makes to an outcome.
    pub fn commitment_to(&self, job: JobId, outcome: Outcome) -> Digest {
        commitment(job, &self.member, &outcome, &self.salt(job))
    }

    /// Waits for the commitment and checks what it is to.
    pub async fn commits_to(&self, job: JobId, outcome: Outcome) {
        let made = until("a commitment", || self.commitment(job)).await;
        assert_eq!(made, self.commitment_to(job, outcome), "to {outcome:?}");
    }

    pub fn status(&self) -> Vec<DutyStatus> {
        self.running.as_ref().expect("it runs").status.duties()
    }

    pub fn stage(&self, job: JobId) -> Option<Stage> {
        let status = self.status();
        let duty = status.iter().find(|duty| duty.subject == job)?;
        Some(duty.stage)
    }

    pub async fn reaches(&self, job: JobId, stage: Stage) {
        until(&format!("{stage:?}"), || {
            (self.stage(job) == Some(stage)).then_some(())
        })
        .await;
    }

    /// A metric's value, with its labels in the order of their names.
    pub fn metric(&self, name: &str, labels: &[&str]) -> Option<u64> {
        let families = self.running.as_ref().expect("it runs").registry.gather();
        let family: &MetricFamily = families.iter().find(|family| family.get_name() == name)?;
        family.get_metric().iter().find_map(|metric| {
            let values: Vec<&str> = metric.get_label().iter().map(|l| l.get_value()).collect();
            let value = metric.get_counter().get_value() + metric.get_gauge().get_value();
            (values == labels).then_some(value as u64)
        })
    }

    pub fn computations(&self) -> u64 {
        self.metric("salus_agent_computations_total", &[])
            .expect("the metric is there from the start")
    }

    pub fn ended(&self, kind: &str, end: &str) -> u64 {
        self.metric("salus_agent_duties_total", &[kind, end])
            .expect("the metric is there from the start")
    }
}
