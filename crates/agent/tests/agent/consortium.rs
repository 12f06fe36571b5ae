//! A chain that judges one training as the pallet does, and a network between its parties that loses,
//! repeats, delays and spoils what it carries.

use std::{collections::BTreeMap, num::NonZeroUsize, sync::Arc, time::Duration};

use codec::Decode;
use futures::{
    channel::mpsc,
    future::BoxFuture,
    stream::{BoxStream, StreamExt},
    FutureExt,
};
use parking_lot::Mutex;
use polkadot_sdk::{
    sp_core::{sr25519, Pair},
    substrate_prometheus_endpoint::Registry,
};
use salus_agent::{
    Agent, Block, Chain, ChainError, Config, KeySource, PeerError, Peers, Primes, Refusal,
    Training, Trainings,
};
use salus_envelope::Identity;
use salus_primitives::{
    duties::{Duty, DutyKind},
    jobs::{Assignment, JobId, ResultPointer, Sealing},
    membership::Recipient,
    training::{
        duty_input, session_digest, Backend, DataSet, DataSetId, DataSetSpec, Departure,
        Equivocation, ModelAccess, Partition, Party, PartyKeys, Phase, Position, Said, StageAnswer,
        StagePost, Standing, Terms, TrainingId,
    },
    AccountId, Balance, BlockNumber, Hash,
};
use salus_training::{
    agreed::{self, Options},
    data_set::{Declared, Description, Folder, FOLDER},
    model::{ModelPart, Trained},
    Seed,
};
use tokio::task::JoinHandle;

use crate::support::{MemoryStore, MockBlobs, GENESIS};

pub const ID: TrainingId = 7;
/// A key for tests: safe primes of 1024 bits.
const SAFE: [&str; 2] = [
    "c0031ad645db270e9580699ee3669c8fc9c555fa62012c493c470f4a9639de7227cfac23a2c76ec95c2eb0953db38c43bd2ff5e1e2f95059b905e4a4d22393bb4dc8cca78cec2ed44e4a2b9bee98702ca4b2bb5e93f7586ca5476302094fe00ea77c8e43eb73c3eb59b58c2b7841ec4c92457399e8d35df1edcfa0f1cab8dde7",
    "e9726010674137f3e6e40fc7c1e5f1d21b5759a119e9583071d5f195c1793546c31d85b390e1688d8a1f361f9ea7964acaa4171e3b55ee0483c1f1e5c0ba97a13853199206b663c850408d53d83fd4fe6c21c8a201ad00919895310a6fe4aab6c7e80cd1dadec858ceb530f37e3488f0f1c20153236ef5eaeddcf0ed4537df6b",
];

#[derive(Debug)]
struct TestKeys;

impl KeySource for TestKeys {
    fn primes(&self, _: u32) -> Result<Primes, salus_paillier::Error> {
        let number = |text: &str| {
            let mut bytes = hex::decode(text).expect("hexadecimal digits");
            bytes.reverse();
            zeroize::Zeroizing::new(bytes)
        };
        Ok(SAFE.map(number))
    }
}

/// What the network does with packets.
#[derive(Clone, Copy, Default)]
pub struct Faults {
    /// Of 100 packets so many are lost, taken twice, taken later, spoilt, and of those taken so many
    /// are said not to be.
    pub lose: u32,
    pub repeat: u32,
    pub delay: u32,
    pub spoil: u32,
    pub deny: u32,
}

/// The network.
#[derive(Default)]
pub struct Net {
    nodes: Mutex<BTreeMap<String, Trainings>>,
    faults: Mutex<Faults>,
    state: Mutex<u64>,
    pub refusals: Mutex<Vec<Refusal>>,
    pub carried: Mutex<Vec<(String, Vec<u8>)>>,
}

impl Net {
    fn draw(&self, of: u32) -> u32 {
        let mut state = self.state.lock();
        *state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (*state >> 33) as u32 % of
    }

    async fn hand(&self, to: &Trainings, packet: Vec<u8>) -> Result<(), PeerError> {
        to.take(ID, packet).await.map_err(|refusal| {
            self.refusals.lock().push(refusal.clone());
            PeerError::Unavailable(refusal.to_string())
        })
    }
}

struct Way(Arc<Net>);

impl Peers for Way {
    fn bring<'a>(
        &'a self,
        gateway: &'a str,
        _: TrainingId,
        packet: Vec<u8>,
    ) -> BoxFuture<'a, Result<(), PeerError>> {
        async move {
            let net = &self.0;
            let faults = *net.faults.lock();
            let happens = |part: u32| part > 0 && net.draw(100) < part;
            let unavailable = || Err(PeerError::Unavailable("the network".into()));
            let Some(to) = net.nodes.lock().get(gateway).cloned() else {
                return unavailable();
            };
            net.carried
                .lock()
                .push((gateway.to_owned(), packet.clone()));
            if happens(faults.lose) {
                return unavailable();
            }
            if happens(faults.spoil) {
                let mut spoilt = packet.clone();
                let at = net.draw(spoilt.len() as u32) as usize;
                spoilt[at] ^= 1 << net.draw(8);
                let _ = net.hand(&to, spoilt).await;
                return unavailable();
            }
            if happens(faults.delay) {
                tokio::time::sleep(Duration::from_millis(u64::from(net.draw(50)))).await;
            }
            if happens(faults.repeat) {
                let _ = net.hand(&to, packet.clone()).await;
            }
            net.hand(&to, packet).await?;
            match happens(faults.deny) {
                true => unavailable(),
                false => Ok(()),
            }
        }
        .boxed()
    }
}

struct Board {
    number: BlockNumber,
    training: Training,
    ended: Option<Departure>,
    over: bool,
    data_sets: BTreeMap<DataSetId, DataSet<AccountId, Balance, BlockNumber>>,
    parts: BTreeMap<Position, ResultPointer>,
    recipients: Vec<(AccountId, Recipient)>,
    streams: Vec<mpsc::UnboundedSender<Block>>,
    /// Data sets of those who join once the first party is ready.
    late: BTreeMap<usize, DataSetId>,
    /// Whose answers the chain does not get.
    cut_off: Option<Position>,
    pub posts: Vec<(Position, StagePost)>,
    /// Who reported an equivocation, and of whom.
    reports: Vec<(Position, Position)>,
}

/// The chain.
pub struct Judge(Mutex<Board>);

impl Board {
    fn position(&self, who: &AccountId) -> Option<Position> {
        let mut parties = (0..).zip(self.training.parties.iter());
        parties
            .find(|(_, party)| party.account == *who && party.is_in())
            .map(|(position, _)| position)
    }

    fn duty(&self, position: Position) -> Option<Duty<AccountId>> {
        let party = &self.training.parties[usize::from(position)];
        let kind = match self.training.phase {
            _ if self.over || !party.is_in() => return None,
            Phase::Joining { .. } if party.keys.is_none() => DutyKind::TrainingKeys,
            Phase::Running { .. } | Phase::Paused { .. } | Phase::Disputed { .. }
                if !party.said.is_some_and(Said::is_last) =>
            {
                DutyKind::TrainingPost
            }
            Phase::Delivering { .. } if !party.delivered && self.owes_part(position) => {
                DutyKind::TrainingDeliver
            }
            _ => return None,
        };
        Some(Duty {
            kind,
            subject: ID,
            member: party.account.clone(),
            input: duty_input(
                &self.training.session,
                self.training.epoch,
                party.said.is_some(),
            ),
            since: 0,
            deadline: self.training.phase.until(),
        })
    }

    fn owes_part(&self, position: Position) -> bool {
        let shared = self.training.terms.access == ModelAccess::Everyone;
        let party = &self.training.parties[usize::from(position)];
        match self.training.has_analyst() {
            true => shared && position == 0,
            false => shared || party.account != self.training.initiator,
        }
    }

    fn apply(&mut self, position: Position, kind: DutyKind, answer: &[u8]) {
        let at = usize::from(position);
        let mut bytes = answer;
        match kind {
            DutyKind::TrainingKeys => {
                let keys = PartyKeys::decode(&mut bytes).expect("keys");
                self.training.parties[at].keys = Some(keys);
                for (at, data_set) in std::mem::take(&mut self.late) {
                    self.training.parties[at].standing = Standing::Joined;
                    self.training.parties[at].data_set = Some(data_set);
                }
                let mut parties = self.training.parties.iter();
                if parties.all(|party| party.keys.is_some()) {
                    self.begin_stage(0);
                }
            }
            DutyKind::TrainingPost => {
                let post = match StageAnswer::decode(&mut bytes).expect("an answer") {
                    StageAnswer::Post(post) => post,
                    StageAnswer::Equivocation(evidence) => return self.report(position, evidence),
                };
                assert_eq!(post.epoch, self.training.epoch);
                self.posts.push((position, post));
                self.training.parties[at].said = Some(post.said);
                self.compare();
            }
            DutyKind::TrainingDeliver => {
                let part = ResultPointer::decode(&mut bytes).expect("a part");
                self.training.parties[at].delivered = true;
                self.parts.insert(position, part);
                self.settle();
            }
            _ => panic!("no duty of trainings"),
        }
    }

    /// Somebody is out who signed two messages under one number.
    fn report(&mut self, by: Position, evidence: Equivocation) {
        let header = evidence.first.header;
        assert!(evidence.conflicts() && header.session == self.training.session);
        let party = &mut self.training.parties[usize::from(header.from)];
        let keys = party.keys.as_ref().expect("it takes part");
        let key = sr25519::Public::from_raw(keys.signing);
        for message in [evidence.first, evidence.second] {
            let signature = sr25519::Signature::from_raw(message.signature);
            let digest = message.header.digest(&message.body);
            assert!(sr25519::Pair::verify(&signature, digest, &key));
        }
        assert!(party.is_in(), "it was reported twice");
        party.standing = Standing::Out(Departure::Equivocated);
        self.reports.push((by, header.from));
        self.begin_stage(self.training.phase.stage().expect("a stage"));
    }

    fn begin_stage(&mut self, stage: u32) {
        self.training.epoch += 1;
        let until = self.number + self.training.terms.stage_window;
        self.training.phase = Phase::Running {
            stage,
            since: self.number,
            until,
        };
        for party in self.training.parties.iter_mut() {
            party.said = None;
        }
    }

    fn compare(&mut self) {
        let said: Vec<_> = self
            .training
            .joined()
            .map(|(_, party)| party.said)
            .collect();
        if said.contains(&Some(Said::Failed)) && !said.contains(&None) {
            (self.over, self.ended) = (true, Some(Departure::Failed));
            return;
        }
        let roots: Option<Vec<_>> = self
            .training
            .joined()
            .map(|(_, party)| match party.said {
                Some(Said::Root { root, model }) => Some((root, model)),
                _ => None,
            })
            .collect();
        let Some(roots) = roots else { return };
        assert!(
            roots.iter().all(|root| *root == roots[0]),
            "the roots differ: {roots:?}"
        );
        let (root, model) = roots[0];
        self.training.roots.try_push(root).expect("ten stages");
        let stage = self.training.phase.stage().expect("a stage");
        match model {
            None => self.begin_stage(stage + 1),
            Some(model) => {
                self.training.model = Some(model);
                self.training.phase = Phase::Delivering {
                    since: self.number,
                    until: self.number + 1_000_000,
                };
                self.settle();
            }
        }
    }

    fn settle(&mut self) {
        let owing = |position: &Position| {
            let party = &self.training.parties[usize::from(*position)];
            party.is_in() && !party.delivered && self.owes_part(*position)
        };
        let positions = 0..self.training.parties.len() as Position;
        self.over = !positions.into_iter().any(|position| owing(&position));
    }

    /// The judge of silence.
    fn judge(&mut self) {
        let Phase::Running { stage, until, .. } = self.training.phase else {
            return;
        };
        if self.number <= until {
            return;
        }
        let silent: Vec<usize> = (0..self.training.parties.len())
            .filter(|at| {
                let party = &self.training.parties[*at];
                party.is_in() && party.said.is_none()
            })
            .collect();
        for at in &silent {
            self.training.parties[*at].standing = Standing::Out(Departure::Silent);
        }
        if !silent.is_empty() && self.training.terms.backend.partition() == Partition::Heterogeneous
        {
            (self.over, self.ended) = (true, Some(Departure::Silent));
            return;
        }
        self.begin_stage(stage);
        self.compare();
    }
}

impl Judge {
    /// A block: takes the answers that nodes have left, judges, finalizes.
    pub fn block(&self, stores: &[(AccountId, Arc<MemoryStore>)]) {
        use salus_agent::AnswerStore;
        let mut board = self.0.lock();
        board.number += 1;
        for (member, store) in stores {
            let Some(position) = board.position(member) else {
                continue;
            };
            let Some(duty) = board.duty(position) else {
                continue;
            };
            if board.cut_off == Some(position) {
                continue;
            }
            if let Some(answer) = store.get(&duty.answer_key()) {
                board.apply(position, duty.kind, &answer);
            }
        }
        board.judge();
        let block = Block {
            hash: Hash::zero(),
            number: board.number,
        };
        board
            .streams
            .retain(|stream| stream.unbounded_send(block).is_ok());
    }

    pub fn training(&self) -> Training {
        self.0.lock().training.clone()
    }

    pub fn is_over(&self) -> bool {
        self.0.lock().over
    }

    pub fn posts(&self) -> Vec<(Position, StagePost)> {
        self.0.lock().posts.clone()
    }

    pub fn reports(&self) -> Vec<(Position, Position)> {
        self.0.lock().reports.clone()
    }

    pub fn ended(&self) -> Option<Departure> {
        self.0.lock().ended
    }

    /// Moves the deadline of the stage to so many blocks from now.
    pub fn hurry(&self, blocks: BlockNumber) {
        let mut board = self.0.lock();
        let number = board.number;
        if let Phase::Running { until, .. } = &mut board.training.phase {
            *until = number + blocks;
        }
    }

    /// The chain hears nothing of this party any more.
    pub fn cut_off(&self, position: Position) {
        self.0.lock().cut_off = Some(position);
    }

    /// The delivered parts, opened by who is entitled.
    pub fn parts(&self, identity: &Identity) -> Vec<ModelPart> {
        let board = self.0.lock();
        let open = |pointer: &ResultPointer| match pointer {
            ResultPointer::Inline(bytes) => {
                let plain = salus_envelope::decrypt(bytes, identity).expect("it is entitled");
                ModelPart::from_bytes(&plain).expect("a part")
            }
            ResultPointer::Blob(_) => panic!("the parts of tests are short"),
        };
        board.parts.values().map(open).collect()
    }
}

impl Chain for Judge {
    fn finality(&self) -> BoxStream<'static, Block> {
        let (send, receive) = mpsc::unbounded();
        self.0.lock().streams.push(send);
        receive.boxed()
    }

    fn finalized(&self) -> Block {
        Block {
            hash: Hash::zero(),
            number: self.0.lock().number,
        }
    }

    fn best(&self) -> Block {
        self.finalized()
    }

    fn genesis(&self) -> Hash {
        GENESIS
    }

    fn duties(
        &self,
        _: Hash,
        operator: &AccountId,
        _: u32,
    ) -> Result<Vec<Duty<AccountId>>, ChainError> {
        let board = self.0.lock();
        let member = member_of(operator);
        let duty = board.position(&member).and_then(|at| board.duty(at));
        Ok(duty.into_iter().collect())
    }

    fn member(&self, _: Hash, operator: &AccountId) -> Result<Option<AccountId>, ChainError> {
        Ok(Some(member_of(operator)))
    }

    fn sealings(
        &self,
        _: Hash,
        _: JobId,
        _: &AccountId,
    ) -> Result<Vec<Sealing<AccountId>>, ChainError> {
        Ok(Vec::new())
    }

    fn trainings(&self, _: Hash, _: &AccountId) -> Result<Vec<TrainingId>, ChainError> {
        Ok(match self.is_over() {
            true => Vec::new(),
            false => vec![ID],
        })
    }

    fn training(&self, _: Hash, _: TrainingId) -> Result<Option<Training>, ChainError> {
        Ok((!self.is_over()).then(|| self.training()))
    }

    fn entitled(&self, _: Hash, _: TrainingId) -> Result<Vec<(AccountId, Recipient)>, ChainError> {
        let board = self.0.lock();
        let all = board.training.terms.access == ModelAccess::Everyone;
        let entitled = board.recipients.iter();
        let entitled = entitled.filter(|(who, _)| all || *who == board.training.initiator);
        Ok(entitled.cloned().collect())
    }

    fn data_set(
        &self,
        _: Hash,
        data_set: DataSetId,
    ) -> Result<Option<DataSet<AccountId, Balance, BlockNumber>>, ChainError> {
        Ok(self.0.lock().data_sets.get(&data_set).cloned())
    }

    fn assignment(
        &self,
        _: Hash,
        _: JobId,
        _: &AccountId,
    ) -> Result<Option<Assignment<AccountId>>, ChainError> {
        Ok(None)
    }
}

fn member_of(operator: &AccountId) -> AccountId {
    let bytes: &[u8; 32] = operator.as_ref();
    AccountId::new([bytes[0] - 100; 32])
}

/// One party's node.
pub struct Node {
    pub member: AccountId,
    pub identity: Identity,
    gateway: String,
    store: Arc<MemoryStore>,
    data: tempfile::TempDir,
    running: Option<JoinHandle<()>>,
    pub trainings: Option<Trainings>,
}

/// What to train.
pub struct Plan {
    pub backend: Backend,
    pub options: Options,
    pub access: ModelAccess,
    pub stages: u32,
    pub stage_window: BlockNumber,
    /// Of each party its file and what its columns are; none for the analyst.
    pub data: Vec<Option<(String, Description)>>,
}

/// The parties of one training.
pub struct Consortium {
    pub chain: Arc<Judge>,
    pub net: Arc<Net>,
    pub nodes: Vec<Node>,
}

impl Consortium {
    pub fn new(plan: Plan) -> Self {
        let mut nodes = Vec::new();
        let (mut parties, mut data_sets, mut recipients) =
            (Vec::new(), BTreeMap::new(), Vec::new());
        let (mut attributes, mut late) = (None, BTreeMap::new());
        for (number, data) in (1u8..).zip(plan.data) {
            let node = Node {
                member: AccountId::new([number; 32]),
                identity: Identity::generate(),
                gateway: format!("http://node-{number}"),
                store: Arc::default(),
                data: tempfile::tempdir().expect("a folder"),
                running: None,
                trainings: None,
            };
            let declared = data.map(|(text, description)| {
                let folder = Folder::open(node.folder().join(FOLDER)).expect("a folder");
                let added = folder.add(&node.member, text.as_bytes(), &description);
                (added.expect("a data set"), description)
            });
            if let Some((declared, description)) = &declared {
                attributes = Some(declared.attributes);
                data_sets.insert(declared.id, of_chain(&node.member, declared, description));
            }
            let data_set = declared.map(|(declared, _)| declared.id);
            if let (Some(data_set), true) = (data_set, number > 1) {
                late.insert(usize::from(number) - 1, data_set);
            }
            parties.push(Party {
                standing: match number {
                    1 => Standing::Joined,
                    _ => Standing::Invited,
                },
                account: node.member.clone(),
                data_set: data_set.filter(|_| number == 1),
                keys: None,
                said: None,
                delivered: false,
            });
            recipients.push((node.member.clone(), node.identity.recipient()));
            nodes.push(node);
        }
        let together = plan.backend.partition() == Partition::Heterogeneous;
        let parameters = plan.options.to_canonical_json().expect("options");
        let terms = Terms {
            backend: plan.backend,
            algorithm: agreed::ALGORITHM
                .as_bytes()
                .to_vec()
                .try_into()
                .expect("short"),
            parameters: parameters.into_bytes().try_into().expect("short"),
            purpose: 1,
            attributes: attributes.filter(|_| !together),
            key_bits: if plan.backend.encrypts() { 2048 } else { 0 },
            min_changed: 3,
            min_participants: 2,
            stages: plan.stages,
            access: plan.access,
            join_window: 1_000_000,
            stage_window: plan.stage_window,
            reward: 0,
            deposit: 0,
        };
        let initiator = nodes[0].member.clone();
        let accounts: Vec<_> = nodes.iter().map(|node| node.member.clone()).collect();
        let invited = if together {
            &accounts[..]
        } else {
            &accounts[1..]
        };
        let training = Training {
            session: session_digest(&GENESIS, ID, &initiator, invited, &terms),
            phase: Phase::Joining {
                since: 0,
                until: 1_000_000,
            },
            terms,
            initiator,
            parties: parties.try_into().expect("at most eleven"),
            epoch: 0,
            retries: 0,
            roots: Default::default(),
            model: None,
            opened_at: 0,
            due: 0,
            deposit: 0,
        };
        Consortium {
            chain: Arc::new(Judge(Mutex::new(Board {
                number: 0,
                training,
                ended: None,
                over: false,
                data_sets,
                parts: BTreeMap::new(),
                recipients,
                streams: Vec::new(),
                late,
                cut_off: None,
                posts: Vec::new(),
                reports: Vec::new(),
            }))),
            net: Arc::default(),
            nodes,
        }
    }

    pub fn with(self, faults: Faults) -> Self {
        *self.net.faults.lock() = faults;
        self
    }

    pub fn start(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        let number = at as u8 + 1;
        let operator = AccountId::new([number + 100; 32]);
        let mut config = Config::new(operator, vec![node.identity.clone()], node.folder());
        config.threads = NonZeroUsize::MIN;
        config.retry_after = Duration::from_millis(10);
        config.gateway = Some(node.gateway.clone());
        config.keys = Arc::new(TestKeys);
        let agent = Agent::new(
            config,
            self.chain.clone(),
            node.store.clone(),
            Arc::new(MockBlobs::default()),
            Some(Arc::new(Way(self.net.clone()))),
            Some(&Registry::new()),
        )
        .expect("the agent starts");
        let trainings = agent.trainings();
        self.net
            .nodes
            .lock()
            .insert(node.gateway.clone(), trainings.clone());
        node.trainings = Some(trainings);
        node.running = Some(tokio::spawn(agent.run(std::future::pending())));
    }

    pub fn start_all(&mut self) {
        for at in 0..self.nodes.len() {
            self.start(at);
        }
    }

    /// Ends a node as a crash would.
    pub async fn crash(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        self.net.nodes.lock().remove(&node.gateway);
        let running = node.running.take().expect("it runs");
        running.abort();
        let _ = running.await;
        node.trainings = None;
    }

    /// Makes blocks until something is so.
    pub async fn until<R>(&self, what: &str, mut ready: impl FnMut(&Self) -> Option<R>) -> R {
        let stores: Vec<_> = self
            .nodes
            .iter()
            .map(|node| (node.member.clone(), node.store.clone()))
            .collect();
        let start = std::time::Instant::now();
        loop {
            if let Some(found) = ready(self) {
                return found;
            }
            let status: Vec<_> = (0..self.nodes.len()).map(|at| self.status(at)).collect();
            assert!(
                start.elapsed() < Duration::from_secs(240),
                "waited in vain for {what}: {:?} {status:#?}",
                self.chain.training().phase,
            );
            self.chain.block(&stores);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub fn status(&self, at: usize) -> Option<salus_agent::TrainingStatus> {
        self.nodes[at].trainings.as_ref()?.status(ID)
    }

    /// The model as the party at this position gets it: delivered parts, and its own.
    pub fn model_of(&self, at: usize) -> Trained {
        let training = self.chain.training();
        let identity = &self.nodes[at].identity;
        let mut parts = self.chain.parts(identity);
        let together = training.terms.backend.partition() == Partition::Heterogeneous;
        let has_own = parts.iter().any(|part| usize::from(part.position) == at);
        if !has_own && (together || parts.is_empty()) {
            let sealed = self.nodes[at].trainings.as_ref().expect("it runs");
            let sealed = sealed.model(ID, &training.session).expect("its own part");
            let plain = salus_envelope::decrypt(&sealed, identity).expect("its own key");
            parts.push(ModelPart::from_bytes(&plain).expect("a part"));
        }
        parts.sort_by_key(|part| part.position);
        let digest = training.model.expect("a model was agreed on");
        Trained::combine(&parts, together, &digest).expect("the parts are the model's")
    }

    /// A party's seed, as its node derives it.
    pub fn seed(&self, at: usize) -> Seed {
        let session = self.chain.training().session;
        let identity = &self.nodes[at].identity;
        Seed::new(identity.derive(agreed::SEED, &[session.as_bytes()]))
    }
}

impl Drop for Consortium {
    fn drop(&mut self) {
        for node in &self.nodes {
            if let Some(running) = &node.running {
                running.abort();
            }
        }
    }
}

impl Node {
    pub fn folder(&self) -> std::path::PathBuf {
        self.data.path().join("agent")
    }
}

fn of_chain(
    holder: &AccountId,
    declared: &Declared,
    description: &Description,
) -> DataSet<AccountId, Balance, BlockNumber> {
    DataSet {
        spec: DataSetSpec {
            partition: description.partition.into(),
            commitment: declared.commitment,
            attributes: declared.attributes,
            rows: declared.rows,
            columns: declared.columns,
            purpose: 1,
            consents: Default::default(),
        },
        holder: holder.clone(),
        declared_at: 0,
        uses: 1,
        deposit: 0,
    }
}
