//! One participant, from its patients' names to its part of the model.

use std::{collections::BTreeMap, mem};

use blake2::{digest::consts::U32, Blake2b, Digest};
use codec::{Decode, DecodeAll, Encode};
use salus_analytics::{
    scale::Scale,
    svm::{descend, Data, Loss, Model, Sums},
};
use salus_paillier::{
    threshold::{KeyShare, Share},
    Ciphertext, Exponent,
};

use super::{
    align::{self, Blinding, Point},
    judge::Judge,
    parameters::{Parameters, MAX_PATIENTS},
    rows, Block,
};
use crate::{
    Ended, Error, Fault, Outcome, Outgoing, Part, Party, PartyId, Progress, Reason, Refused, Seed,
    Step, To,
};

/// Messages of one sender that may wait for those of others.
const MAX_EARLY: usize = 4;

/// What is sent. The header says the round; alignment and commitments are round 0.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub(super) enum Message {
    /// To the next participant: the patients of `origin`, blinded by all from there to here.
    Raised { origin: u16, points: Vec<Point> },
    /// To the next participant: what all have, without the blinding of those before it.
    Common(Vec<Point>),
    /// To all: what all have, unblinded.
    Aligned(Vec<Point>),
    /// To all, from their holder: the classes of the common rows.
    Classes(Vec<bool>),
    /// To all: commitment to this participant's links.
    Commitment([u8; 32]),
    /// To all: the link of round 1.
    Link([u8; 32]),
    /// To all: parts of z of the rows of the round.
    Contribution(Vec<u8>),
    /// To all: z after one more mask; from the last one packed, several to a ciphertext.
    Masked(Vec<u8>),
    /// To all: a share of the decryption, what it is a decryption of, and the next link.
    Share {
        view: [u8; 32],
        share: Vec<u8>,
        link: Option<[u8; 32]>,
    },
    /// To all: proof of all shares since the last one.
    Proof(Vec<u8>),
}

impl Message {
    fn name(&self) -> &'static str {
        match self {
            Message::Raised { .. } => "list of blinded patients",
            Message::Common(_) => "list of common patients",
            Message::Aligned(_) => "list of aligned patients",
            Message::Classes(_) => "list of classes",
            Message::Commitment(_) => "commitment",
            Message::Link(_) => "link",
            Message::Contribution(_) => "contribution",
            Message::Masked(_) => "masked number",
            Message::Share { .. } => "share of a decryption",
            Message::Proof(_) => "proof of shares",
        }
    }
}

/// Where a participant is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
enum Stage {
    Align,
    Commit,
    Round(u32),
    Done,
}

/// Ciphertexts that were opened with unproved shares, and the shares of all participants.
type Evidence = (Vec<Ciphertext>, Vec<Share>);

/// What a stage begins with.
struct Base {
    stage: Stage,
    started: bool,
    /// This participant's rows of the common patients.
    rows: Vec<u32>,
    classes: Vec<bool>,
    weights: Vec<i64>,
    bias: i64,
    /// Of each participant, the link of the round, or the commitment before round 1.
    links: Vec<[u8; 32]>,
    /// Digest of everything that was sent to all in earlier rounds.
    view: [u8; 32],
    evidence: Vec<Evidence>,
}

/// The same, in a checkpoint.
#[derive(Encode, Decode)]
struct Stored {
    session: [u8; 32],
    me: u16,
    stage: Stage,
    started: bool,
    rows: Vec<u32>,
    classes: Vec<bool>,
    weights: Vec<i64>,
    bias: i64,
    links: Vec<[u8; 32]>,
    view: [u8; 32],
    evidence: Vec<(Vec<u8>, Vec<Vec<u8>>)>,
    /// Messages since: sender, round, body.
    log: Vec<(u16, u32, Vec<u8>)>,
}

/// What came of the messages of a stage.
#[derive(Default)]
struct Work {
    // Alignment.
    lists: BTreeMap<u16, Vec<Point>>,
    raised: Vec<u16>,
    stripped: bool,
    // Commitments.
    classes: Option<Vec<bool>>,
    commitments: BTreeMap<u16, [u8; 32]>,
    // Commitments, and every round: links of the round that follows.
    links: BTreeMap<u16, [u8; 32]>,
    linked: bool,
    // Rounds.
    judged: Vec<usize>,
    contributions: BTreeMap<u16, (Vec<Ciphertext>, [u8; 32])>,
    /// Masks on the numbers so far, and the numbers.
    masks: u16,
    masked: Vec<Ciphertext>,
    view: [u8; 32],
    packed: Vec<Ciphertext>,
    shares: BTreeMap<u16, Share>,
    opened: Option<Vec<bool>>,
    proving: bool,
    proved: Vec<u16>,
    /// Who sent proofs of the round before because it could not open it.
    asked: Vec<u16>,
}

/// A message's time.
enum Due {
    Now,
    Later,
    Never,
}

/// One of n participants that hold different columns of the same patients.
pub struct Participant {
    parameters: Parameters,
    me: u16,
    secret: KeyShare,
    seed: Seed,
    block: Block,
    judge: Judge,
    chain: Vec<[u8; 32]>,
    /// Encoded rows, from when the classes are known.
    data: Option<Data>,
    scale: Option<Scale>,
    base: Base,
    work: Work,
    log: Vec<(u16, u32, Vec<u8>)>,
    early: Vec<(u16, u32, Message)>,
    /// A participant whose early message turned out to be wrong, or who is absent.
    stopped: Option<Refused>,
}

impl Participant {
    /// A participant with its share of the key and its columns. `exponent` is the length of the
    /// exponents that mask ciphertexts. The seed must be the session's own.
    pub fn new(
        parameters: Parameters,
        secret: KeyShare,
        block: Block,
        exponent: Exponent,
        seed: Seed,
    ) -> Result<Self, Error> {
        let key = secret.key();
        parameters.validate(key.key().bits())?;
        let refused = |what: &str| Err(Error::Parameter(what.into()));
        if key.parties() != parameters.participants || key.threshold() != key.parties() {
            return refused("the key must be shared among the participants, all of whom it needs");
        }
        let me = secret.party().saturating_sub(1);
        if block.has_classes() != (PartyId(me) == parameters.classes) {
            return refused("one participant has the classes: the one that the session says");
        }
        if block.columns() == 0 {
            return refused("a participant needs at least one column");
        }
        let layout = parameters.layout(key.key().bits())?;
        let judge = Judge::new(key.clone(), exponent, layout);
        let chain = rows::chain(&seed, &parameters.session, me, parameters.svm.iterations);
        let base = Base {
            stage: Stage::Align,
            started: false,
            rows: Vec::new(),
            classes: Vec::new(),
            weights: vec![0; block.columns()],
            bias: 0,
            links: Vec::new(),
            view: parameters.session,
            evidence: Vec::new(),
        };
        Ok(Participant {
            parameters,
            me,
            secret,
            seed,
            block,
            judge,
            chain,
            data: None,
            scale: None,
            base,
            work: Work::default(),
            log: Vec::new(),
            early: Vec::new(),
            stopped: None,
        })
    }

    /// Its number.
    pub fn id(&self) -> PartyId {
        PartyId(self.me)
    }

    /// How its columns were scaled, once the rows are known.
    pub fn scale(&self) -> Option<&Scale> {
        self.scale.as_ref()
    }

    /// This participant's rows of the common patients, in the order of the training. Empty before
    /// they are known.
    pub fn rows(&self) -> &[u32] {
        &self.base.rows
    }

    /// Who masks in this place of this round: the turn moves on, so nobody is always the last.
    fn masker(&self, round: u32, place: u16) -> u16 {
        ((round + u32::from(place)) % u32::from(self.parameters.participants)) as u16
    }

    fn others(&self) -> u16 {
        self.parameters.participants - 1
    }

    fn round(&self) -> u32 {
        match self.base.stage {
            Stage::Align | Stage::Commit => 0,
            Stage::Round(round) => round,
            Stage::Done => self.parameters.svm.iterations,
        }
    }

    fn send(&self, step: &mut Step, to: To, message: &Message) {
        self.send_of(self.round(), step, to, message);
    }

    fn send_of(&self, round: u32, step: &mut Step, to: To, message: &Message) {
        step.send.push(Outgoing {
            to,
            round,
            body: message.encode(),
        });
    }

    fn next(&self) -> To {
        To::One(PartyId((self.me + 1) % self.parameters.participants))
    }

    fn blinding(&self) -> Blinding {
        Blinding::new(&self.seed)
    }

    // The beginning of stages.

    /// What this participant sends first in the stage it is in.
    fn begin(&mut self, step: &mut Step) -> Result<(), Error> {
        self.work = Work {
            view: self.base.view,
            ..Work::default()
        };
        match self.base.stage {
            Stage::Align => {
                if self.base.started {
                    let own = self
                        .blinding()
                        .own(&self.parameters.session, self.block.names());
                    let origin = self.me;
                    self.send(
                        step,
                        self.next(),
                        &Message::Raised {
                            origin,
                            points: own,
                        },
                    );
                }
            }
            Stage::Commit => {
                if let Some(classes) = self.block.classes(&self.base.rows) {
                    self.send(step, To::All, &Message::Classes(classes.clone()));
                    self.work.classes = Some(classes);
                }
                let head = self.link(0)?;
                self.work.commitments.insert(self.me, head);
                self.send(step, To::All, &Message::Commitment(head));
            }
            Stage::Round(round) => {
                if self.data.is_none() {
                    self.encode()?;
                }
                let svm = &self.parameters.svm;
                let session = &self.parameters.session;
                let (links, count) = (&self.base.links, self.base.rows.len());
                self.work.judged = rows::draw(session, round, links, count, svm.batch);
                let seed = self
                    .seed
                    .derive("part", &[&round.to_le_bytes(), &self.base.view]);
                let parts = self.parts()?;
                let own = self.judge.contribute(&parts, &seed)?;
                let message = Message::Contribution(self.judge.write(&own)?);
                let digest = Blake2b::<U32>::digest(message.encode()).into();
                self.send(step, To::All, &message);
                self.work.contributions.insert(self.me, (own, digest));
            }
            Stage::Done => {
                step.outcome = Some(Outcome::Part(Part {
                    fraction: self.parameters.svm.fraction,
                    weights: self.base.weights.clone(),
                    bias: (PartyId(self.me) == self.parameters.classes).then_some(self.base.bias),
                    rounds: self.parameters.svm.iterations,
                    ended: Ended::Rounds,
                }));
            }
        }
        Ok(())
    }

    fn enter(&mut self, stage: Stage, step: &mut Step) -> Result<(), Error> {
        self.base.stage = stage;
        // What came early is all that is not part of the new base.
        let early = self.early.iter();
        self.log = early
            .map(|(from, round, message)| (*from, *round, message.encode()))
            .collect();
        self.begin(step)
    }

    fn link(&self, round: u32) -> Result<[u8; 32], Error> {
        self.chain.get(round as usize).copied().ok_or(Error::Ended)
    }

    fn encode(&mut self) -> Result<(), Error> {
        let svm = &self.parameters.svm;
        let (rows, classes) = (&self.base.rows, &self.base.classes);
        let (data, scale) = self
            .block
            .encode(rows, classes, svm.scaling, svm.fraction)?;
        (self.data, self.scale) = (Some(data), Some(scale));
        Ok(())
    }

    /// y w^p.x^p of the rows of the round; with the holder of the classes also y b - 1.
    fn parts(&self) -> Result<Vec<i128>, Error> {
        let data = self.data.as_ref().ok_or(Error::Ended)?;
        let holder = PartyId(self.me) == self.parameters.classes;
        let model = Model {
            fraction: self.parameters.svm.fraction,
            weights: self.base.weights.clone(),
            bias: if holder { self.base.bias } else { 0 },
        };
        let one = if holder {
            1i128 << (2 * model.fraction)
        } else {
            0
        };
        let parts = self.work.judged.iter().map(|row| {
            let (values, positive) = data.row(*row)?;
            let decision = model.decision(values);
            Ok(if positive { decision } else { -decision } - one)
        });
        parts.collect()
    }

    // Messages.

    /// When a message of this kind is due, and from whom.
    fn due(&self, from: u16, round: u32, message: &Message) -> Due {
        let work = &self.work;
        let before = (self.me + self.others()) % self.parameters.participants;
        let later = |condition: bool| match condition {
            true => Due::Later,
            false => Due::Never,
        };
        let now = |condition: bool| match condition {
            true => Due::Now,
            false => Due::Never,
        };
        let n = usize::from(self.parameters.participants);
        let here = self.round();
        match (self.base.stage, message) {
            (Stage::Align, Message::Raised { origin, .. }) => {
                let expected = match self.is_complete(from, *origin) {
                    true => !work.lists.contains_key(origin),
                    false => from == before && *origin != self.me && !work.raised.contains(origin),
                };
                now(round == 0 && usize::from(*origin) < n && expected)
            }
            (Stage::Align, Message::Common(_)) => {
                now(round == 0 && self.me != 0 && from == before && !work.stripped)
            }
            (Stage::Align, Message::Aligned(_)) => {
                now(round == 0 && work.stripped && usize::from(from) == n - 1)
            }
            (Stage::Align, Message::Classes(_) | Message::Commitment(_)) => later(round == 0),
            (Stage::Commit, Message::Classes(_)) => {
                let holder = PartyId(from) == self.parameters.classes;
                now(round == 0 && holder && work.classes.is_none())
            }
            (Stage::Commit, Message::Commitment(_)) => {
                now(round == 0 && !work.commitments.contains_key(&from))
            }
            (Stage::Commit, Message::Link(_)) => match work.commitments.len() == n {
                true => now(round == 0 && !work.links.contains_key(&from)),
                false => later(round == 0),
            },
            (Stage::Commit, Message::Contribution(_)) => later(round == 1),
            (Stage::Round(_), Message::Contribution(_)) if round == here => {
                now(!work.contributions.contains_key(&from))
            }
            (Stage::Round(_), Message::Contribution(_)) => later(round == here + 1),
            (Stage::Round(_), Message::Masked(_)) if round == here => {
                let ready = work.contributions.len() == n;
                match ready && work.masks < n as u16 && from == self.masker(here, work.masks) {
                    true => Due::Now,
                    false => later(work.masks < n as u16),
                }
            }
            (Stage::Round(_), Message::Share { .. }) if round == here => {
                match usize::from(work.masks) == n {
                    true => now(!work.shares.contains_key(&from)),
                    false => Due::Later,
                }
            }
            (Stage::Round(_), Message::Proof(_)) if round == here => match work.proving {
                true => now(!work.proved.contains(&from)),
                false => Due::Later,
            },
            // Somebody could not open what this participant could.
            (Stage::Round(_), Message::Proof(_)) => {
                let kept = round + 1 == here && !self.base.evidence.is_empty();
                now(kept && !work.asked.contains(&from))
            }
            _ => Due::Never,
        }
    }

    /// Takes a message that is due. Nothing changes unless it is as it should be.
    fn take(
        &mut self,
        from: u16,
        round: u32,
        message: &Message,
        step: &mut Step,
    ) -> Result<(), Refused> {
        let fault = |reason: Reason| reason.by(PartyId(from));
        let n = self.parameters.participants;
        match message {
            Message::Raised { origin, points } => {
                let list = || fault(Reason::Malformed("list of blinded patients"));
                if points.len() > MAX_PATIENTS {
                    return Err(list());
                }
                if self.is_complete(from, *origin) {
                    if !align::are_points(points) {
                        return Err(list());
                    }
                    self.work.lists.insert(*origin, points.clone());
                } else {
                    let raised = self.blinding().raise(points).ok_or_else(list)?;
                    self.work.raised.push(*origin);
                    self.pass_on(*origin, raised, step);
                }
                self.intersect(step).map_err(Refused::from)
            }
            Message::Common(points) => {
                let stripped = match points.len() <= MAX_PATIENTS {
                    true => self.blinding().strip(points),
                    false => None,
                };
                let malformed = Reason::Malformed("list of common patients");
                let stripped = stripped.ok_or_else(|| fault(malformed))?;
                self.work.stripped = true;
                if self.me == n - 1 {
                    self.send(step, To::All, &Message::Aligned(stripped.clone()));
                    return self.align(&stripped, step);
                }
                self.send(step, self.next(), &Message::Common(stripped));
                Ok(())
            }
            Message::Aligned(points) => self.align(points, step),
            Message::Classes(classes) => {
                if classes.len() != self.base.rows.len() {
                    return Err(fault(Reason::Count {
                        what: "classes",
                        got: classes.len(),
                        expected: self.base.rows.len(),
                    }));
                }
                self.work.classes = Some(classes.clone());
                Ok(())
            }
            Message::Commitment(head) => {
                self.work.commitments.insert(from, *head);
                Ok(())
            }
            Message::Link(link) => {
                let session = &self.parameters.session;
                let expected = self.work.commitments.get(&from);
                if expected != Some(&rows::before(session, from, 1, link)) {
                    return Err(fault(Reason::Proof("link")));
                }
                self.work.links.insert(from, *link);
                Ok(())
            }
            Message::Contribution(bytes) => {
                let rows = self.work.judged.len();
                let parts = self.ciphertexts(bytes, rows).map_err(fault)?;
                let digest = Blake2b::<U32>::digest(message.encode()).into();
                self.work.contributions.insert(from, (parts, digest));
                Ok(())
            }
            Message::Masked(bytes) => {
                // The last one has packed them.
                let count = match self.work.masks + 1 == n {
                    true => self.judge.packs(self.work.judged.len()),
                    false => self.work.judged.len(),
                };
                let masked = self.ciphertexts(bytes, count).map_err(fault)?;
                self.put_mask(masked, bytes);
                Ok(())
            }
            Message::Share { view, share, link } => {
                if *view != self.work.view {
                    return Err(fault(Reason::Proof("view of the round")));
                }
                let key = self.secret.key();
                let share =
                    Share::from_bytes(key, share).map_err(|error| fault(Reason::Crypto(error)))?;
                let opened = self.work.packed.len();
                if share.party() != from + 1 || share.is_proved() {
                    return Err(fault(Reason::Malformed("share of a decryption")));
                }
                let got = share.count();
                if got != opened {
                    return Err(fault(Reason::Count {
                        what: "values in a share",
                        got,
                        expected: opened,
                    }));
                }
                self.take_link(from, link).map_err(fault)?;
                self.work.shares.insert(from, share);
                Ok(())
            }
            Message::Proof(bytes) => {
                let key = self.secret.key();
                let proof =
                    Share::from_bytes(key, bytes).map_err(|error| fault(Reason::Crypto(error)))?;
                let wrong = || fault(Reason::Proof("share of a decryption"));
                let now = round == self.round();
                let (ciphertexts, share) = self.evidence_of(from, now)?;
                let share = share.with_proof_of(&proof);
                let context = self.context(round);
                let holds = share
                    .verify(key, &ciphertexts, &context)
                    .map_err(Error::from)?;
                if !holds || proof.party() != from + 1 {
                    return Err(wrong());
                }
                if now {
                    self.work.proved.push(from);
                    return Ok(());
                }
                // It needs everybody's proof to find who told it something else.
                if self.work.asked.is_empty() {
                    let proof = self.prove(round, false)?;
                    self.send_of(round, step, To::All, &Message::Proof(proof));
                }
                self.work.asked.push(from);
                Ok(())
            }
        }
    }

    fn ciphertexts(&self, bytes: &[u8], count: usize) -> Result<Vec<Ciphertext>, Reason> {
        let ciphertexts = self.judge.read(bytes).map_err(Reason::Crypto)?;
        match ciphertexts.len() == count {
            true => Ok(ciphertexts),
            false => Err(Reason::Count {
                what: "ciphertexts",
                got: ciphertexts.len(),
                expected: count,
            }),
        }
    }

    /// The link of the next round, which comes with the share of this one.
    fn take_link(&mut self, from: u16, link: &Option<[u8; 32]>) -> Result<(), Reason> {
        let round = self.round();
        let last = round == self.parameters.svm.iterations;
        match link {
            None if last => Ok(()),
            Some(link) if !last => {
                let before = rows::before(&self.parameters.session, from, round + 1, link);
                if self.base.links.get(usize::from(from)) != Some(&before) {
                    return Err(Reason::Proof("link"));
                }
                self.work.links.insert(from, *link);
                Ok(())
            }
            _ => Err(Reason::Malformed("share of a decryption")),
        }
    }

    // Alignment.

    /// Whether participant 0 gets a list from the last one that had to blind it.
    fn is_complete(&self, from: u16, origin: u16) -> bool {
        let n = self.parameters.participants;
        self.me == 0 && from == origin.wrapping_add(n - 1) % n
    }

    /// A list that this participant blinded goes on, or to participant 0 once all have.
    fn pass_on(&mut self, origin: u16, points: Vec<Point>, step: &mut Step) {
        let last = (self.me + 1) % self.parameters.participants == origin;
        match (last, self.me) {
            (true, 0) => {
                self.work.lists.insert(origin, points);
            }
            (true, _) => self.send(
                step,
                To::One(PartyId(0)),
                &Message::Raised { origin, points },
            ),
            (false, _) => self.send(step, self.next(), &Message::Raised { origin, points }),
        }
    }

    /// Participant 0 compares the lists once it has all.
    fn intersect(&mut self, step: &mut Step) -> Result<(), Error> {
        let all = usize::from(self.parameters.participants);
        if self.me != 0 || self.work.lists.len() < all || self.work.stripped {
            return Ok(());
        }
        let common = align::common(self.work.lists.values());
        let stripped = self.blinding().strip(&common).ok_or(Error::Unattributed(
            "a list of blinded patients has numbers that are no points",
        ))?;
        self.work.stripped = true;
        self.send(step, self.next(), &Message::Common(stripped));
        Ok(())
    }

    fn align(&mut self, points: &[Point], step: &mut Step) -> Result<(), Refused> {
        let session = &self.parameters.session;
        let rows = align::positions(session, self.block.names(), points);
        let rows = rows.ok_or(Error::Unattributed(
            "the list of common patients names some that are not all participants'",
        ))?;
        self.parameters.check_rows(rows.len())?;
        self.base.rows = rows;
        self.enter(Stage::Commit, step)?;
        Ok(())
    }

    // Rounds.

    fn put_mask(&mut self, masked: Vec<Ciphertext>, bytes: &[u8]) {
        let mut hash = Blake2b::<U32>::new();
        hash.update(b"salus/training/masked/1");
        hash.update(self.work.view);
        hash.update(bytes);
        self.work.view = hash.finalize().into();
        self.work.masks += 1;
        self.work.masked = masked;
    }

    /// What proofs of shares are bound to.
    fn context(&self, round: u32) -> Vec<u8> {
        (self.parameters.session, round).encode()
    }

    /// This participant's proof of its shares up to a round.
    fn prove(&self, round: u32, now: bool) -> Result<Vec<u8>, Error> {
        let (ciphertexts, share) = self.evidence_of(self.me, now)?;
        let context = self.context(round);
        let values = share.to_bytes(self.secret.key())?;
        let seed = self.seed.derive("proof", &[&context, &values]);
        let random = &mut seed.random();
        let proof = self.secret.prove(share, &ciphertexts, &context, random)?;
        Ok(proof.proof_only().to_bytes(self.secret.key())?)
    }

    /// Everything opened since the last proof, and the shares of one participant; with those of
    /// this round or without.
    fn evidence_of(&self, party: u16, now: bool) -> Result<(Vec<Ciphertext>, Share), Error> {
        let mut ciphertexts = Vec::new();
        let mut shares = Vec::new();
        for (opened, of_all) in &self.base.evidence {
            ciphertexts.extend_from_slice(opened);
            shares.extend(of_all.get(usize::from(party)).cloned());
        }
        if now {
            ciphertexts.extend_from_slice(&self.work.packed);
            shares.extend(self.work.shares.get(&party).cloned());
        }
        Ok((ciphertexts, Share::joined(&shares)?))
    }

    /// Does what the messages so far allow. Says whether it did anything.
    fn advance(&mut self, step: &mut Step) -> Result<bool, Refused> {
        let n = usize::from(self.parameters.participants);
        match self.base.stage {
            Stage::Commit => {
                if self.work.commitments.len() == n && !self.work.linked {
                    let link = self.link(1)?;
                    self.work.linked = true;
                    self.work.links.insert(self.me, link);
                    self.send(step, To::All, &Message::Link(link));
                    return Ok(true);
                }
                let Some(classes) = &self.work.classes else {
                    return Ok(false);
                };
                if self.work.links.len() < n {
                    return Ok(false);
                }
                self.base.classes = classes.clone();
                self.base.links = self.work.links.values().copied().collect();
                self.base.view = self.setup_view();
                self.enter(Stage::Round(1), step)?;
                Ok(true)
            }
            Stage::Round(round) => self.advance_round(round, step),
            Stage::Align | Stage::Done => Ok(false),
        }
    }

    /// Digest of what all must have heard alike before the first round.
    fn setup_view(&self) -> [u8; 32] {
        let mut hash = Blake2b::<U32>::new();
        hash.update(b"salus/training/setup/1");
        let heads: Vec<_> = self.work.commitments.values().collect();
        hash.update((self.parameters.session, heads, &self.base.classes).encode());
        hash.finalize().into()
    }

    fn advance_round(&mut self, round: u32, step: &mut Step) -> Result<bool, Refused> {
        let n = self.parameters.participants;
        let all = usize::from(n);
        if self.work.contributions.len() < all {
            return Ok(false);
        }
        if self.work.masks == 0 && self.work.masked.is_empty() {
            let parts = self.work.contributions.values();
            let parts: Vec<&[Ciphertext]> = parts.map(|(parts, _)| parts.as_slice()).collect();
            self.work.masked = self.judge.sum(&parts)?;
            let mut hash = Blake2b::<U32>::new();
            hash.update(b"salus/training/parts/1");
            hash.update(self.work.view);
            for (_, digest) in self.work.contributions.values() {
                hash.update(digest);
            }
            self.work.view = hash.finalize().into();
        }
        if self.work.masks < n {
            if self.masker(round, self.work.masks) != self.me {
                return Ok(false);
            }
            let context: [&[u8]; 2] = [&round.to_le_bytes(), &self.work.view];
            let seed = self.seed.derive("mask", &context);
            let mut masked = self.judge.mask(&self.work.masked, &seed)?;
            if self.work.masks + 1 == n {
                masked = self.judge.pack(&masked)?;
            }
            let bytes = self.judge.write(&masked)?;
            self.put_mask(masked, &bytes);
            self.send(step, To::All, &Message::Masked(bytes));
            return Ok(true);
        }
        if self.work.packed.is_empty() {
            self.work.packed = mem::take(&mut self.work.masked);
            let share = self.judge.share(&self.secret, &self.work.packed)?;
            let link = match round < self.parameters.svm.iterations {
                true => Some(self.link(round + 1)?),
                false => None,
            };
            self.work.links.extend(link.map(|link| (self.me, link)));
            let message = Message::Share {
                view: self.work.view,
                share: share.to_bytes(self.secret.key()).map_err(Error::from)?,
                link,
            };
            self.work.shares.insert(self.me, share);
            self.send(step, To::All, &message);
            return Ok(true);
        }
        if self.work.shares.len() < all {
            return Ok(false);
        }
        if self.work.opened.is_none() && !self.work.proving {
            self.open(step)?;
            return Ok(true);
        }
        if self.work.proving && self.work.proved.len() < all {
            return Ok(false);
        }
        self.learn(round, step)?;
        Ok(true)
    }

    /// Joins the shares, and asks for proofs when they are due.
    fn open(&mut self, step: &mut Step) -> Result<(), Error> {
        let shares: Vec<Share> = self.work.shares.values().cloned().collect();
        let key = self.secret.key();
        let opened = key.open_unproved(&self.work.packed, &shares).ok();
        let signs = opened.and_then(|opened| self.judge.negative(&opened, self.work.judged.len()));
        let every = self.parameters.prove_every as usize;
        let before = self.base.evidence.iter().map(|(opened, _)| opened.len());
        let since = before.sum::<usize>() + self.work.packed.len();
        let last = self.round() == self.parameters.svm.iterations;
        self.work.proving = every > 0 && (signs.is_none() || since >= every || last);
        self.work.opened = signs;
        if self.work.opened.is_none() && !self.work.proving {
            return Err(Error::Unattributed(
                "the shares of a decryption disagree, and the session has no proofs",
            ));
        }
        if self.work.proving {
            let proof = self.prove(self.round(), true)?;
            self.work.proved.push(self.me);
            self.send(step, To::All, &Message::Proof(proof));
        }
        Ok(())
    }

    /// The step that follows from the signs.
    fn learn(&mut self, round: u32, step: &mut Step) -> Result<(), Error> {
        let signs = self.work.opened.take().ok_or(Error::Unattributed(
            "a judgement is larger than honest masks make it, and all shares of it are right",
        ))?;
        let data = self.data.as_ref().ok_or(Error::Ended)?;
        let mut sums = Sums::zero(data.columns(), Loss::Hinge);
        for (row, negative) in self.work.judged.iter().zip(signs) {
            sums.rows += 1;
            if !negative {
                continue;
            }
            let (values, positive) = data.row(*row)?;
            let sign = if positive { 1 } else { -1 };
            sums.active += 1;
            sums.classes += sign;
            for (sum, value) in sums.gradient.iter_mut().zip(values) {
                *sum += sign * i128::from(*value);
            }
        }
        let mut model = Model {
            fraction: self.parameters.svm.fraction,
            weights: mem::take(&mut self.base.weights),
            bias: self.base.bias,
        };
        descend(&self.parameters.svm, &mut model, &sums)?;
        (self.base.weights, self.base.bias) = (model.weights, model.bias);
        match self.work.proving || self.parameters.prove_every == 0 {
            true => self.base.evidence.clear(),
            false => {
                let shares = mem::take(&mut self.work.shares).into_values().collect();
                let packed = mem::take(&mut self.work.packed);
                self.base.evidence.push((packed, shares));
            }
        }
        self.base.view = self.work.view;
        if round < self.parameters.svm.iterations {
            self.base.links = self.work.links.values().copied().collect();
            self.enter(Stage::Round(round + 1), step)
        } else {
            self.enter(Stage::Done, step)
        }
    }

    /// Everything that follows from what was taken.
    fn settle(&mut self, step: &mut Step) -> Result<(), Refused> {
        loop {
            if self.advance(step)? {
                continue;
            }
            let waiting = self.early.iter();
            let due = waiting
                .map(|(from, round, message)| self.due(*from, *round, message))
                .position(|due| !matches!(due, Due::Later));
            let Some(place) = due else {
                return Ok(());
            };
            let (from, round, message) = self.early.remove(place);
            match self.due(from, round, &message) {
                Due::Now => self.take(from, round, &message, step)?,
                _ => {
                    let reason = Reason::Unexpected(message.name());
                    let party = PartyId(from);
                    return Err(Fault { party, reason }.into());
                }
            }
        }
    }

    fn accept(&mut self, from: u16, round: u32, body: &[u8]) -> Result<Step, Refused> {
        let party = PartyId(from);
        let fault = |reason: Reason| Err(reason.by(party));
        let Ok(message) = Message::decode_all(&mut &*body) else {
            return fault(Reason::Malformed("message of training on columns"));
        };
        let mut step = Step::default();
        match self.due(from, round, &message) {
            Due::Never if round != self.round() => {
                return fault(Reason::Round {
                    got: round,
                    expected: self.round(),
                });
            }
            Due::Never => return fault(Reason::Unexpected(message.name())),
            Due::Later => {
                let of_sender = self.early.iter().filter(|early| early.0 == from);
                let kind = mem::discriminant(&message);
                let same = |early: &(u16, u32, Message)| mem::discriminant(&early.2) == kind;
                if of_sender.clone().count() >= MAX_EARLY || of_sender.clone().any(same) {
                    return fault(Reason::Unexpected(message.name()));
                }
                self.log.push((from, round, body.to_vec()));
                self.early.push((from, round, message));
                return Ok(step);
            }
            Due::Now => {}
        }
        let length = self.log.len();
        let stage = self.base.stage;
        self.log.push((from, round, body.to_vec()));
        if let Err(refused) = self.take(from, round, &message, &mut step) {
            if self.base.stage == stage {
                self.log.truncate(length);
            }
            if let Refused::Error(_) = refused {
                self.stopped = Some(refused.clone());
            }
            return Err(refused);
        }
        // From here on the message itself was right: what fails now is another's, and final.
        match self.settle(&mut step) {
            Ok(()) => Ok(step),
            Err(refused) => {
                self.stopped = Some(refused.clone());
                Err(refused)
            }
        }
    }
}

impl Party for Participant {
    fn start(&mut self) -> Result<Step, Error> {
        if self.base.started {
            return Err(Error::Ended);
        }
        self.base.started = true;
        let mut step = Step::default();
        self.begin(&mut step)?;
        Ok(step)
    }

    fn receive(&mut self, from: PartyId, round: u32, body: &[u8]) -> Result<Step, Refused> {
        if let Some(stopped) = &self.stopped {
            return Err(stopped.clone());
        }
        if self.base.stage == Stage::Done {
            return Err(Error::Ended.into());
        }
        if from.0 >= self.parameters.participants || from.0 == self.me {
            let reason = Reason::NotParticipant;
            return Err(Fault {
                party: from,
                reason,
            }
            .into());
        }
        self.accept(from.0, round, body)
    }

    fn absent(&mut self, who: PartyId) -> Result<Step, Error> {
        let error = Error::Absent(who);
        self.stopped = Some(Refused::Error(error.clone()));
        Err(error)
    }

    fn checkpoint(&self) -> Vec<u8> {
        let key = self.secret.key();
        let evidence = self.base.evidence.iter().map(|(opened, shares)| {
            let shares = shares.iter().filter_map(|share| share.to_bytes(key).ok());
            let opened = self.judge.write(opened).unwrap_or_default();
            (opened, shares.collect())
        });
        Stored {
            session: self.parameters.session,
            me: self.me,
            stage: self.base.stage,
            started: self.base.started,
            rows: self.base.rows.clone(),
            classes: self.base.classes.clone(),
            weights: self.base.weights.clone(),
            bias: self.base.bias,
            links: self.base.links.clone(),
            view: self.base.view,
            evidence: evidence.collect(),
            log: self.log.clone(),
        }
        .encode()
    }

    fn resume(&mut self, checkpoint: &[u8]) -> Result<(), Error> {
        let wrong = Error::Checkpoint("it is cut short or not of this version");
        let stored = Stored::decode_all(&mut &*checkpoint).map_err(|_| wrong.clone())?;
        if stored.session != self.parameters.session || stored.me != self.me {
            return Err(Error::Checkpoint("it is of another session or participant"));
        }
        if stored.weights.len() != self.block.columns() {
            return Err(Error::Checkpoint("it is of data with other columns"));
        }
        let key = self.secret.key();
        let evidence = stored.evidence.iter().map(|(opened, shares)| {
            let shares = shares.iter().map(|share| Share::from_bytes(key, share));
            let shares = shares.collect::<Result<Vec<_>, _>>()?;
            Ok((self.judge.read(opened)?, shares))
        });
        let evidence = evidence.collect::<Result<Vec<_>, Error>>()?;
        self.base = Base {
            stage: stored.stage,
            started: stored.started,
            rows: stored.rows,
            classes: stored.classes,
            weights: stored.weights,
            bias: stored.bias,
            links: stored.links,
            view: stored.view,
            evidence,
        };
        (self.data, self.scale, self.stopped) = (None, None, None);
        self.early.clear();
        self.log.clear();
        let mut sent = Step::default();
        self.begin(&mut sent)?;
        for (from, round, body) in stored.log {
            if self.accept(from, round, &body).is_err() {
                // It had stopped for this, and has again.
                return match self.stopped {
                    Some(_) => Ok(()),
                    None => Err(wrong),
                };
            }
        }
        Ok(())
    }

    fn waits_for(&self) -> Vec<PartyId> {
        let n = self.parameters.participants;
        let missing = |has: &dyn Fn(u16) -> bool| -> Vec<PartyId> {
            let parties = (0..n).filter(|party| *party != self.me && !has(*party));
            parties.map(PartyId).collect()
        };
        let work = &self.work;
        match self.base.stage {
            Stage::Align => {
                let before = (self.me + n - 1) % n;
                vec![PartyId(match work.stripped {
                    true => n - 1,
                    false => before,
                })]
            }
            Stage::Commit => missing(&|party| {
                let classes = PartyId(party) != self.parameters.classes || work.classes.is_some();
                let linked = !work.linked || work.links.contains_key(&party);
                work.commitments.contains_key(&party) && classes && linked
            }),
            Stage::Round(round) => {
                if work.contributions.len() < usize::from(n) {
                    return missing(&|party| work.contributions.contains_key(&party));
                }
                if work.masks < n {
                    return missing(&|party| party != self.masker(round, work.masks));
                }
                match work.proving {
                    true => missing(&|party| work.proved.contains(&party)),
                    false => missing(&|party| work.shares.contains_key(&party)),
                }
            }
            Stage::Done => Vec::new(),
        }
    }

    fn progress(&self) -> Progress {
        Progress {
            round: match self.base.stage {
                Stage::Round(round) => round - 1,
                Stage::Done => self.parameters.svm.iterations,
                Stage::Align | Stage::Commit => 0,
            },
            of: self.parameters.svm.iterations,
        }
    }
}
