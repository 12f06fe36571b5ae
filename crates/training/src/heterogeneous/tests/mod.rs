//! Participants over a network in memory, against the fixed-point machine on pooled rows.

mod alignment;
mod book;
mod cohorts;
mod estimate;
mod hostile;
mod model;
mod network;
mod order;
mod privacy;
mod silence;

use std::{collections::VecDeque, sync::LazyLock};

use codec::{DecodeAll, Encode};
use ndarray::{concatenate, Array2, Axis};
use rand_core::Rng;
use salus_analytics::{
    scale::{Scale, Scaling},
    svm::{Data, Loss, Model, Sums, SvmParameters, Trainer},
};
use salus_paillier::{
    threshold::{Dealer, KeyShare, Setup, ThresholdKey},
    Exponent,
};

use super::{participant::Message, rows, Block, Parameters, Participant};
use crate::{Error, Outcome, Part, Party, PartyId, Random, Refused, Seed, Step, To};

const P: &str = "c0031ad645db270e9580699ee3669c8fc9c555fa62012c493c470f4a9639de7227cfac23a2c76ec95c2eb0953db38c43bd2ff5e1e2f95059b905e4a4d22393bb4dc8cca78cec2ed44e4a2b9bee98702ca4b2bb5e93f7586ca5476302094fe00ea77c8e43eb73c3eb59b58c2b7841ec4c92457399e8d35df1edcfa0f1cab8dde7";
const Q: &str = "e9726010674137f3e6e40fc7c1e5f1d21b5759a119e9583071d5f195c1793546c31d85b390e1688d8a1f361f9ea7964acaa4171e3b55ee0483c1f1e5c0ba97a13853199206b663c850408d53d83fd4fe6c21c8a201ad00919895310a6fe4aab6c7e80cd1dadec858ceb530f37e3488f0f1c20153236ef5eaeddcf0ed4537df6b";

pub const SESSION: [u8; 32] = [7; 32];

pub fn random(seed: u64) -> Random {
    seed_of(seed).random()
}

pub fn seed_of(seed: u64) -> Seed {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    Seed::new(bytes)
}

fn number(text: &str) -> Vec<u8> {
    let digits = (0..text.len() / 2).rev();
    digits
        .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
        .collect()
}

fn deal(n: u16) -> (ThresholdKey, Vec<KeyShare>) {
    let dealer = Dealer::from_primes(&number(P), &number(Q)).unwrap();
    dealer.run(n, n, &mut random(u64::from(n))).unwrap()
}

/// Shares of one key for 2 to 5 participants, as bytes.
static KEYS: LazyLock<Vec<Vec<Vec<u8>>>> = LazyLock::new(|| {
    let of = |n| {
        deal(n)
            .1
            .iter()
            .map(|share| share.to_bytes().to_vec())
            .collect()
    };
    (2..=5).map(of).collect()
});

pub fn shares(n: u16) -> Vec<KeyShare> {
    let of_n = &KEYS[usize::from(n) - 2];
    of_n.iter()
        .map(|bytes| KeyShare::from_bytes(bytes).unwrap())
        .collect()
}

pub fn svm(batch: u32, iterations: u32) -> SvmParameters {
    SvmParameters {
        batch,
        iterations,
        eta: 0.05,
        scaling: Scaling::ZScore,
        ..SvmParameters::default()
    }
}

/// Patients and their columns as each participant has them: other orders, other patients besides.
#[derive(Clone)]
pub struct Cohort {
    pub names: Vec<Vec<Vec<u8>>>,
    pub values: Vec<Array2<f64>>,
    pub classes: Vec<bool>,
}

pub fn cohort(n: u16, common: usize, extra: usize, columns: usize, seed: u64) -> Cohort {
    let mut random = random(seed);
    let mut uniform = move || f64::from(random.next_u32()) / 4_294_967_296.0 - 0.5;
    let mut cohort = Cohort {
        names: Vec::new(),
        values: Vec::new(),
        classes: Vec::new(),
    };
    let class = |patient: usize| patient.is_multiple_of(3);
    for party in 0..usize::from(n) {
        let mut patients: Vec<usize> = (0..common).collect();
        // Some that only this one has, and some that it shares with the next one.
        patients.extend((0..extra).map(|k| 10_000 * (party + 1) + k));
        patients.extend((0..extra).map(|k| 100_000 * (party + 1) + k));
        patients.extend((0..extra).map(|k| 100_000 * ((party + 1) % usize::from(n) + 1) + k));
        if n == 2 {
            patients.retain(|patient| *patient < 100_000);
        }
        for place in (1..patients.len()).rev() {
            let other = ((uniform() + 0.5) * (place + 1) as f64) as usize;
            patients.swap(place, other.min(place));
        }
        let of = |patient: &usize| format!("patient {patient}").into_bytes();
        cohort.names.push(patients.iter().map(of).collect());
        let values = Array2::from_shape_fn((patients.len(), columns), |(row, _)| {
            3.0 * uniform() + if class(patients[row]) { 0.8 } else { -0.8 }
        });
        cohort.values.push(values);
        if party == 0 {
            cohort.classes = patients.iter().map(|patient| class(*patient)).collect();
        }
    }
    cohort
}

impl Cohort {
    pub fn block(&self, party: u16) -> Block {
        let party = usize::from(party);
        let classes = (party == 0).then(|| self.classes.clone());
        Block::new(
            self.names[party].clone(),
            self.values[party].clone(),
            classes,
        )
        .unwrap()
    }

    pub fn participant(&self, parameters: &Parameters, party: u16) -> Participant {
        let share = shares(parameters.participants).remove(usize::from(party));
        let seed = seed_of(1000 + u64::from(party));
        Participant::new(
            parameters.clone(),
            share,
            self.block(party),
            Exponent::Half,
            seed,
        )
        .unwrap()
    }

    /// The rows that the participants found, pooled: scaled, encoded, in the order of training.
    pub fn pooled(&self, parameters: &Parameters, rows: &[Vec<u32>]) -> Data {
        let blocks: Vec<Array2<f64>> = self
            .values
            .iter()
            .zip(rows)
            .map(|(values, rows)| {
                let rows: Vec<usize> = rows.iter().map(|row| *row as usize).collect();
                values.select(Axis(0), &rows)
            })
            .collect();
        let views: Vec<_> = blocks.iter().map(|block| block.view()).collect();
        let mut pooled = concatenate(Axis(1), &views).unwrap();
        Scale::apply(parameters.svm.scaling, pooled.view_mut());
        let classes: Vec<bool> = rows[0]
            .iter()
            .map(|row| self.classes[*row as usize])
            .collect();
        Data::encode(&pooled, &classes, parameters.svm.fraction).unwrap()
    }
}

/// What the machine of `salus-analytics` makes of pooled rows in the same order, and the signs.
pub fn reference(parameters: &Parameters, data: &Data) -> Model {
    let chains: Vec<_> = (0..parameters.participants)
        .map(|party| {
            let seed = seed_of(1000 + u64::from(party));
            rows::chain(&seed, &SESSION, party, parameters.svm.iterations)
        })
        .collect();
    let mut trainer = Trainer::new(&parameters.svm, data.columns()).unwrap();
    for round in 1..=parameters.svm.iterations {
        let links: Vec<_> = chains.iter().map(|chain| chain[round as usize]).collect();
        let drawn = rows::draw(&SESSION, round, &links, data.len(), parameters.svm.batch);
        let sums = Sums::of(trainer.model(), data, Some(&drawn), Loss::Hinge, None).unwrap();
        trainer.absorb(&sums).unwrap();
    }
    trainer.model().clone()
}

/// A message on its way.
#[derive(Clone)]
pub struct Sent {
    pub from: u16,
    pub to: u16,
    pub round: u32,
    pub message: Message,
}

/// Links in memory: each keeps its order, and which one delivers next is drawn.
pub struct Network {
    pub participants: Vec<Participant>,
    links: Vec<VecDeque<Sent>>,
    random: Random,
    /// Everything that was sent.
    pub sent: Vec<Sent>,
    pub parts: Vec<Option<Part>>,
}

impl Network {
    pub fn new(participants: Vec<Participant>, seed: u64) -> Self {
        let n = participants.len();
        Network {
            participants,
            links: vec![VecDeque::new(); n * n],
            random: random(seed),
            sent: Vec::new(),
            parts: vec![None; n],
        }
    }

    pub fn of(cohort: &Cohort, parameters: &Parameters, seed: u64) -> Self {
        let n = parameters.participants;
        let participants = (0..n).map(|party| cohort.participant(parameters, party));
        Self::new(participants.collect(), seed)
    }

    pub fn post(&mut self, from: u16, step: Step, tamper: &mut dyn FnMut(&mut Sent)) {
        let n = self.participants.len() as u16;
        for outgoing in step.send {
            let receivers: Vec<u16> = match outgoing.to {
                To::One(to) => vec![to.0],
                To::All => (0..n).filter(|to| *to != from).collect(),
            };
            for to in receivers {
                let message = Message::decode_all(&mut &*outgoing.body).unwrap();
                let round = outgoing.round;
                let mut sent = Sent {
                    from,
                    to,
                    round,
                    message,
                };
                tamper(&mut sent);
                self.sent.push(sent.clone());
                self.links[usize::from(from * n + to)].push_back(sent);
            }
        }
        if let Some(outcome) = step.outcome {
            match outcome {
                Outcome::Part(part) => self.parts[usize::from(from)] = Some(part),
                other => panic!("{other:?}"),
            }
        }
    }

    pub fn start(&mut self, tamper: &mut dyn FnMut(&mut Sent)) {
        for party in 0..self.participants.len() {
            let step = self.participants[party].start().unwrap();
            self.post(party as u16, step, tamper);
        }
    }

    /// The next message, or none if there is none.
    pub fn draw(&mut self) -> Option<Sent> {
        let full = || self.links.iter().filter(|link| !link.is_empty());
        let count = full().count();
        if count == 0 {
            return None;
        }
        let choice = self.random.next_u32() as usize % count;
        let mut links = self.links.iter_mut().filter(|link| !link.is_empty());
        links.nth(choice)?.pop_front()
    }

    pub fn deliver(&mut self, sent: &Sent) -> Result<Step, Refused> {
        let body = sent.message.encode();
        self.participants[usize::from(sent.to)].receive(PartyId(sent.from), sent.round, &body)
    }

    /// Until nothing is on its way, or somebody refuses.
    pub fn run(&mut self, tamper: &mut dyn FnMut(&mut Sent)) -> Result<(), (u16, Refused)> {
        while let Some(sent) = self.draw() {
            let step = self.deliver(&sent).map_err(|refused| (sent.to, refused))?;
            self.post(sent.to, step, tamper);
        }
        Ok(())
    }

    pub fn train(&mut self) -> Vec<Part> {
        self.start(&mut |_| {});
        self.run(&mut |_| {}).unwrap();
        self.parts
            .iter()
            .map(|part| part.clone().unwrap())
            .collect()
    }

    pub fn rows(&self) -> Vec<Vec<u32>> {
        let rows = self.participants.iter().map(|party| party.rows().to_vec());
        rows.collect()
    }
}
