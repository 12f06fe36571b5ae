//! One participant, from its patients' names to its part of the model.

mod alignment;
mod incoming;
mod message;
mod party;
mod rounds;
mod state;

use blake2::{digest::consts::U32, Blake2b, Digest};
use codec::Encode;
use salus_analytics::{
    scale::Scale,
    svm::{Data, Model},
};
use salus_paillier::{threshold::KeyShare, Exponent};

use super::{align::Blinding, judge::Judge, parameters::Parameters, rows, Block};
use crate::{Ended, Error, Outcome, Outgoing, Part, PartyId, Refused, Seed, Step, To};

pub(super) use message::Message;
use state::{Base, Stage, Work};

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
}
