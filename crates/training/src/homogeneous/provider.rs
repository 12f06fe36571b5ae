//! A provider: has rows, gives sums.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use blake2::{digest::consts::U32, Blake2b, Digest};
use codec::{Decode, DecodeAll, Encode};
use ndarray::Array2;
use rand_core::Rng;
use salus_analytics::{
    scale::Scaling,
    svm::{Data, Model, Sums},
};

use zeroize::Zeroize;

use super::{
    gate::{difference, Verdict},
    masks::{self, Mask, Pairs, Which, SLOTS},
    method::{answer_seed, Asked, Method, Provide},
    ring,
    wire::{pack, unpack, Order, Report},
    Moments, Terms,
};
use crate::{
    Error, Fault, Outcome, Outgoing, Party, PartyId, Progress, Reason, Refused, Seed, Step, To,
};

const ANALYST: PartyId = PartyId(0);
/// Epochs that a member may be ahead with what it sends.
const KEPT: usize = 8;

/// A provider's rows, not scaled. Wiped when dropped; `Debug` shows their number only.
#[derive(Clone, PartialEq)]
pub struct Rows {
    /// Rows x columns; NaN is a value that is missing, which needs the scaling `z-score`.
    pub values: Array2<f64>,
    /// Whether each row is of the positive class.
    pub positive: Vec<bool>,
}

impl Drop for Rows {
    fn drop(&mut self) {
        self.values.iter_mut().for_each(Zeroize::zeroize);
        self.positive.zeroize();
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, columns) = self.values.dim();
        write!(f, "Rows({rows} x {columns})")
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode)]
enum Phase {
    /// Exchanging keys.
    #[default]
    Keys,
    /// Waiting for shares of masks.
    Dealing,
    /// Waiting for the analyst.
    Waiting,
    /// The analyst compares.
    Comparing,
    /// Waiting for the others' counts.
    Counting,
    /// Sums are sent, and their masks may be opened.
    Opening { measure: bool },
    /// Over.
    Done,
}

/// Another's deal, as far as it is for this provider.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
struct Share {
    digest: [u8; 32],
    members: Vec<PartyId>,
    sealed: Vec<u8>,
}

#[derive(Clone, PartialEq, Default, Encode, Decode)]
struct State {
    phase: Phase,
    setup: Option<Arc<Vec<u8>>>,
    keys: BTreeMap<PartyId, [u8; 32]>,
    absent: BTreeSet<PartyId>,
    /// A deal that the analyst asked for and that is not begun.
    pending: Option<(u32, Vec<PartyId>)>,
    epoch: u32,
    members: Vec<PartyId>,
    deals: BTreeMap<(PartyId, u32), Arc<Share>>,
    /// Digest of its own deal.
    dealt: [u8; 32],
    slot: u32,
    round: u32,
    /// The round after that of the last release: nothing before it can come again.
    floor: u32,
    moments: Option<Arc<Vec<i128>>>,
    /// Digest of the model that is answered; 0 for moments.
    query: [u8; 32],
    active: Arc<Vec<u8>>,
    counts: BTreeMap<(PartyId, u32, u32), Vec<u64>>,
    /// An opening that waits for the chain to say who is absent.
    opening: Option<Vec<PartyId>>,
    /// Active rows of each release, packed.
    releases: Vec<Arc<Vec<u8>>>,
}

/// A provider of rows, as a state machine.
pub struct Provider {
    terms: Terms,
    digest: [u8; 32],
    me: PartyId,
    rows: Rows,
    seed: Seed,
    method: Box<dyn Method>,
    pairs: Pairs,
    data: Option<Data>,
    half: Option<Box<dyn Provide>>,
    state: State,
    committed: BTreeMap<PartyId, [u8; 32]>,
    analyst_key: Option<[u8; 32]>,
}

impl Provider {
    /// Provider `me` with its rows. The seed is this provider's secret in this session.
    pub fn new(terms: Terms, me: PartyId, rows: Rows, seed: Seed) -> Result<Self, Error> {
        terms.validate()?;
        let wrong = |why: String| Err(Error::Parameter(why));
        if !terms.providers.contains(&me) {
            return wrong(format!("participant {me} is no provider of this session"));
        }
        if rows.values.ncols() != terms.columns || rows.values.nrows() != rows.positive.len() {
            return wrong(format!(
                "there are {} columns, {} rows and {} classes; the session has {} columns",
                rows.values.ncols(),
                rows.values.nrows(),
                rows.positive.len(),
                terms.columns
            ));
        }
        let count = rows.positive.len() as u64;
        if count > terms.max_rows_each() {
            return wrong(format!(
                "{count} rows are more than the {} that the session has for each provider",
                terms.max_rows_each()
            ));
        }
        if count < terms.min_changed {
            return wrong(format!(
                "{count} rows are fewer than K = {}: what leaves when this provider drops out would say too much of them",
                terms.min_changed
            ));
        }
        let data = match terms.svm.scaling {
            Scaling::None => Some(terms.encode(&rows, None)?),
            _ => {
                // Too large values are this provider's to find, before it begins.
                Moments::of(rows.values.view())?;
                None
            }
        };
        Ok(Provider {
            digest: terms.digest()?,
            method: terms.method()?,
            pairs: Pairs::new(terms.session, me, &seed),
            half: None,
            state: State::default(),
            committed: BTreeMap::new(),
            analyst_key: None,
            terms,
            me,
            rows,
            seed,
            data,
        })
    }

    /// Takes no other keys than those committed to beforehand: X25519 keys of providers, and BLAKE2b-256
    /// of the analyst's key if it has one. A provider that is not among them may have any.
    pub fn committed(
        mut self,
        providers: BTreeMap<PartyId, [u8; 32]>,
        analyst: Option<[u8; 32]>,
    ) -> Self {
        (self.committed, self.analyst_key) = (providers, analyst);
        self
    }

    /// The scale that the model's columns have, once it is known; none if the terms say so.
    pub fn moments(&self) -> Option<Moments> {
        let numbers = self.state.moments.as_ref()?;
        Moments::from_integers(self.terms.columns, numbers.to_vec())
    }

    fn send(&self, to: To, report: Report) -> Outgoing {
        Outgoing {
            to,
            round: self.state.round,
            body: report.encode(),
        }
    }

    fn to_analyst(&self, report: Report) -> Outgoing {
        self.send(To::One(ANALYST), report)
    }

    fn order(&mut self, round: u32, order: Order, step: &mut Step) -> Result<(), Refused> {
        let fault = |reason: Reason| Err(reason.by(ANALYST));
        let unexpected = |what| fault(Reason::Unexpected(what));
        let state = &mut self.state;
        match order {
            Order::Setup { terms, setup } => {
                if state.setup.is_some() {
                    return unexpected("setup");
                }
                if terms != self.digest {
                    return fault(Reason::Proof("digest of the terms"));
                }
                let digest: [u8; 32] = Blake2b::<U32>::digest(&setup).into();
                let wrong = |committed| !setup.is_empty() && committed != digest;
                if self.analyst_key.is_some_and(wrong) {
                    return fault(Reason::Proof("key, which is not the one it committed to,"));
                }
                let half = self.method.provider(&self.terms, &setup);
                self.half = Some(half.map_err(|reason| self.terms.analyst_fault(reason))?);
                self.state.setup = Some(Arc::new(setup));
                self.adopt(step);
            }
            Order::Deal { epoch, members } => {
                let known = members
                    .iter()
                    .all(|member| self.terms.providers.contains(member));
                let right =
                    known && members.is_sorted_by(|a, b| a < b) && members.contains(&self.me);
                // Not at will: a round without a release can be asked for again after it.
                let due = state.epoch == 0 || state.slot >= SLOTS || members != state.members;
                if !right || !due || epoch <= state.epoch {
                    return unexpected("deal of shares");
                }
                state.pending = Some((epoch, members));
                self.adopt(step);
            }
            Order::Measure { epoch } => {
                let due = self.terms.svm.scaling == Scaling::ZScore && state.moments.is_none();
                if !due || state.phase != Phase::Waiting || epoch != state.epoch {
                    return unexpected("request for moments");
                }
                state.phase = Phase::Opening { measure: true };
                state.query = [0; 32];
                let moments = Moments::of(self.rows.values.view())?;
                let blinded = ring::blind(moments.to_integers(), &self.masks());
                let (epoch, slot) = (self.state.epoch, self.state.slot);
                step.send.push(self.to_analyst(Report::Sums {
                    epoch,
                    slot,
                    blinded,
                }));
            }
            Order::Scale { moments } => {
                let due = self.terms.svm.scaling == Scaling::ZScore && state.moments.is_none();
                if !due || state.phase != Phase::Waiting {
                    return unexpected("scale");
                }
                let Some(found) = Moments::from_integers(self.terms.columns, moments.clone())
                else {
                    return fault(Reason::OutOfRange("scale"));
                };
                self.data = Some(self.terms.encode(&self.rows, Some(&found))?);
                self.state.moments = Some(Arc::new(moments));
            }
            Order::Query { epoch, model } => {
                if round < state.round {
                    return fault(Reason::Round {
                        got: round,
                        expected: state.round,
                    });
                }
                // A later round means that there was no release in this one, for the analyst.
                let due = matches!(state.phase, Phase::Waiting | Phase::Counting)
                    && (round > state.round || state.phase == Phase::Waiting);
                let (Some(half), Some(data)) = (&self.half, &self.data) else {
                    return unexpected("model");
                };
                if !due || epoch != state.epoch || round >= self.terms.svm.iterations {
                    return unexpected("model");
                }
                state.round = round;
                state.query = Blake2b::<U32>::digest(&model).into();
                let current = (state.epoch, state.round);
                state
                    .counts
                    .retain(|(_, epoch, round), _| (*epoch, *round) >= current);
                let seed = answer_seed(&self.seed, round, epoch, &state.query);
                match half.query(&self.terms, data, &model, &seed)? {
                    Asked::Active(active) => self.count(active, step)?,
                    Asked::Compare(ciphertexts) => {
                        state.phase = Phase::Comparing;
                        step.send
                            .push(self.to_analyst(Report::Compare { epoch, ciphertexts }));
                    }
                }
            }
            Order::Signs { count, bits } => {
                let (Some(half), Some(data)) = (&self.half, &self.data) else {
                    return unexpected("answer to the comparison");
                };
                if state.phase != Phase::Comparing || round != state.round {
                    return unexpected("answer to the comparison");
                }
                let Some(signs) = unpack(&bits, count as usize) else {
                    return fault(Reason::Malformed("list of signs"));
                };
                let seed = answer_seed(&self.seed, state.round, state.epoch, &state.query);
                let active = half.answer(&self.terms, data, &signs, &seed);
                let active = active.map_err(|reason| self.terms.analyst_fault(reason))?;
                self.count(active, step)?;
            }
            Order::Open {
                epoch,
                slot,
                included,
            } => {
                let members = &state.members;
                let right = included.is_sorted_by(|a, b| a < b)
                    && included.iter().all(|party| members.contains(party))
                    && included.contains(&self.me)
                    && included.len() >= masks::threshold(members.len());
                let due = matches!(state.phase, Phase::Opening { .. }) && state.opening.is_none();
                if !right || !due || (epoch, slot) != (state.epoch, state.slot) {
                    return unexpected("request to open masks");
                }
                state.opening = Some(included);
                self.open(step)?;
            }
            Order::End {
                rounds,
                ended,
                model,
            } => {
                state.phase = Phase::Done;
                let model = model.map(|bytes| Model::from_bytes(&bytes)).transpose();
                let Ok(model) = model else {
                    return fault(Reason::Malformed("model"));
                };
                step.outcome = Some(match model {
                    Some(model) => Outcome::Model {
                        model,
                        rounds,
                        ended,
                    },
                    None => Outcome::Done { rounds, ended },
                });
            }
        }
        Ok(())
    }

    fn report(
        &mut self,
        from: PartyId,
        round: u32,
        report: Report,
        step: &mut Step,
    ) -> Result<(), Refused> {
        let fault = |reason: Reason| Err(reason.by(from));
        match report {
            Report::Key(key) => {
                if self.pairs.knows(from) {
                    return fault(Reason::Unexpected("public key"));
                }
                if self
                    .committed
                    .get(&from)
                    .is_some_and(|committed| *committed != key)
                {
                    return fault(Reason::Proof("key, which is not the one it committed to,"));
                }
                if let Err(reason) = self.pairs.agree(from, key) {
                    return fault(reason);
                }
                self.state.keys.insert(from, key);
                self.adopt(step);
                Ok(())
            }
            Report::Deal { epoch, deal } => {
                let others = self.state.deals.keys().filter(|(party, _)| *party == from);
                let again = self.state.deals.contains_key(&(from, epoch));
                if epoch < self.state.epoch {
                    return Ok(());
                }
                if !self.pairs.knows(from) || again || others.count() >= KEPT {
                    return fault(Reason::Unexpected("deal of shares"));
                }
                let sealed = match deal.sealed(&self.pairs, from, epoch) {
                    Ok(sealed) => sealed,
                    Err(reason) => return fault(reason),
                };
                let share = Share {
                    digest: deal.digest(),
                    members: deal.members,
                    sealed,
                };
                self.state.deals.insert((from, epoch), Arc::new(share));
                self.ready(step);
                Ok(())
            }
            Report::Counts { epoch, changed } => {
                let state = &mut self.state;
                if (epoch, round) < (state.epoch, state.round) {
                    return Ok(());
                }
                let kept = state
                    .counts
                    .keys()
                    .filter(|(party, ..)| *party == from)
                    .count();
                let again = state.counts.contains_key(&(from, epoch, round));
                if again || kept >= KEPT || changed.len() > self.terms.svm.iterations as usize + 1 {
                    return fault(Reason::Unexpected("counts"));
                }
                state.counts.insert((from, epoch, round), changed);
                self.release(step)
            }
            Report::Ready { .. }
            | Report::Compare { .. }
            | Report::Sums { .. }
            | Report::Shares { .. } => fault(Reason::Unexpected("report to the analyst")),
        }
    }

    /// Begins the deal that the analyst asked for, once everything is known that it needs. Who is
    /// left out must have been judged absent by the chain.
    fn adopt(&mut self, step: &mut Step) {
        let state = &mut self.state;
        let Some((epoch, members)) = &state.pending else {
            return;
        };
        let left_out = self
            .terms
            .providers
            .iter()
            .filter(|party| !members.contains(party));
        let judged = left_out
            .into_iter()
            .all(|party| state.absent.contains(party));
        let known = members.iter().all(|member| self.pairs.knows(*member));
        if !judged || !known || self.half.is_none() {
            return;
        }
        (state.epoch, state.members) = (*epoch, members.clone());
        state.pending = None;
        state.opening = None;
        state.slot = 0;
        // A round without a release may come again among those who are left.
        state.round = state.floor;
        state.phase = Phase::Dealing;
        let epoch = state.epoch;
        state.deals.retain(|(_, number), _| *number >= epoch);
        state.counts.retain(|(_, number, _), _| *number >= epoch);
        let deal = masks::Deal::new(&self.pairs, &self.seed, epoch, &state.members);
        state.dealt = deal.digest();
        step.send
            .push(self.send(To::All, Report::Deal { epoch, deal }));
        self.ready(step);
    }

    fn ready(&mut self, step: &mut Step) {
        let state = &mut self.state;
        let digest = |member: &PartyId| {
            if *member == self.me {
                return Some(state.dealt);
            }
            let deal = state.deals.get(&(*member, state.epoch))?;
            (deal.members == state.members).then_some(deal.digest)
        };
        let all = state.members.iter().map(digest).collect::<Option<Vec<_>>>();
        let (Phase::Dealing, Some(deals)) = (state.phase, all) else {
            return;
        };
        state.phase = Phase::Waiting;
        let epoch = state.epoch;
        step.send
            .push(self.to_analyst(Report::Ready { epoch, deals }));
    }

    fn masks(&self) -> Vec<Mask> {
        let state = &self.state;
        masks::masks(
            &self.pairs,
            &self.seed,
            state.epoch,
            state.slot,
            &state.members,
            &state.query,
        )
    }

    /// Tells how many rows changed since each release.
    fn count(&mut self, active: Vec<bool>, step: &mut Step) -> Result<(), Refused> {
        let state = &mut self.state;
        let mut changed = vec![active.iter().filter(|active| **active).count() as u64];
        for release in &state.releases {
            let earlier = unpack(release, active.len()).unwrap_or_default();
            changed.push(difference(&active, &earlier));
        }
        // Who was given another model has other masks, and the totals are none.
        let of = [state.epoch, state.round];
        let masks = self
            .pairs
            .cancelling(&state.members, "counts", &of, &state.query);
        for mask in masks {
            let mut random = mask.seed.random();
            for count in &mut changed {
                let number = random.next_u64();
                *count = match mask.negative {
                    true => count.wrapping_sub(number),
                    false => count.wrapping_add(number),
                };
            }
        }
        state.active = Arc::new(pack(&active));
        state.phase = Phase::Counting;
        let (epoch, round) = (state.epoch, state.round);
        state
            .counts
            .insert((self.me, epoch, round), changed.clone());
        step.send
            .push(self.send(To::All, Report::Counts { epoch, changed }));
        self.release(step)
    }

    /// Releases the sums once all counts are there and allow it.
    fn release(&mut self, step: &mut Step) -> Result<(), Refused> {
        let state = &mut self.state;
        if state.phase != Phase::Counting {
            return Ok(());
        }
        let mut totals = vec![0u64; state.releases.len() + 1];
        for member in &state.members {
            let Some(counts) = state.counts.get(&(*member, state.epoch, state.round)) else {
                return Ok(());
            };
            if counts.len() != totals.len() {
                return Err(Refused::Fault(Fault {
                    party: *member,
                    reason: Reason::Count {
                        what: "counts",
                        got: counts.len(),
                        expected: totals.len(),
                    },
                }));
            }
            for (total, count) in totals.iter_mut().zip(counts) {
                *total = total.wrapping_add(*count);
            }
        }
        match self.terms.verdict(&totals)? {
            Verdict::Release => {}
            _ => {
                state.phase = Phase::Waiting;
                state.round += 1;
                return Ok(());
            }
        }
        let (Some(half), Some(data)) = (&self.half, &self.data) else {
            return Err(Error::Ended.into());
        };
        if state.slot >= SLOTS {
            return Err(Refused::Fault(
                self.terms.analyst_fault(Reason::Unexpected("model")),
            ));
        }
        state.phase = Phase::Opening { measure: false };
        let active = unpack(&state.active, data.len()).unwrap_or_default();
        let sums = Sums::of_active(data, &active, self.terms.svm.loss).map_err(Error::from)?;
        let (epoch, slot) = (state.epoch, state.slot);
        let context = (epoch, slot, state.query).encode();
        let seed = self.seed.derive("sums", &[&context]);
        let blinded = half.blind(&self.terms, &sums.to_integers(), &self.masks(), &seed)?;
        step.send.push(self.to_analyst(Report::Sums {
            epoch,
            slot,
            blinded,
        }));
        Ok(())
    }

    /// Opens one mask of each member, once the chain says that those who are not included are
    /// absent.
    fn open(&mut self, step: &mut Step) -> Result<(), Refused> {
        let state = &mut self.state;
        let Some(included) = &state.opening else {
            return Ok(());
        };
        let left_out = state
            .members
            .iter()
            .filter(|member| !included.contains(member));
        if !left_out
            .into_iter()
            .all(|member| state.absent.contains(member))
        {
            return Ok(());
        }
        let Phase::Opening { measure } = state.phase else {
            return Ok(());
        };
        let (epoch, slot) = (state.epoch, state.slot);
        let share = |member: &PartyId| {
            if *member == self.me {
                return masks::own_share(&self.seed, self.me, epoch, slot, &state.members);
            }
            let which = match included.contains(member) {
                true => Which::Own,
                false => Which::Pairs,
            };
            let deal = state.deals.get(&(*member, epoch))?;
            masks::sealed_share(&self.pairs, *member, epoch, slot, which, &deal.sealed)
        };
        let shares = state.members.iter().map(share).collect::<Option<Vec<_>>>();
        let shares = shares.ok_or(Error::Checkpoint("shares are missing"))?;
        state.opening = None;
        state.slot += 1;
        state.phase = Phase::Waiting;
        if !measure {
            state.releases.push(state.active.clone());
            state.round += 1;
            state.floor = state.round;
        }
        step.send.push(self.to_analyst(Report::Shares {
            epoch,
            slot,
            shares,
        }));
        Ok(())
    }

    fn take(
        &mut self,
        from: PartyId,
        round: u32,
        body: &[u8],
        step: &mut Step,
    ) -> Result<(), Refused> {
        let fault = |reason: Reason| reason.by(from);
        if self.state.phase == Phase::Done {
            return Err(Error::Ended.into());
        }
        let known = from == ANALYST || self.terms.providers.contains(&from);
        if !known || from == self.me || self.state.absent.contains(&from) {
            return Err(fault(Reason::NotParticipant));
        }
        let max = self.terms.max_body();
        if body.len() > max {
            let got = body.len();
            return Err(fault(Reason::TooLong { got, max }));
        }
        let malformed = |_| fault(Reason::Malformed("message of this protocol"));
        match from {
            ANALYST => self.order(
                round,
                Order::decode_all(&mut &*body).map_err(malformed)?,
                step,
            ),
            _ => self.report(
                from,
                round,
                Report::decode_all(&mut &*body).map_err(malformed)?,
                step,
            ),
        }
    }
}

impl Party for Provider {
    fn start(&mut self) -> Result<Step, Error> {
        let send = vec![self.send(To::All, Report::Key(self.pairs.public()))];
        Ok(Step {
            send,
            outcome: None,
        })
    }

    fn receive(&mut self, from: PartyId, round: u32, body: &[u8]) -> Result<Step, Refused> {
        let before = self.state.clone();
        let mut step = Step::default();
        let taken = self.take(from, round, body, &mut step);
        if let Err(refused) = taken {
            self.state = before;
            return Err(refused);
        }
        Ok(step)
    }

    fn absent(&mut self, who: PartyId) -> Result<Step, Error> {
        if who == ANALYST {
            return Err(Error::Absent(who));
        }
        if who == self.me || self.state.phase == Phase::Done {
            self.state.phase = Phase::Done;
            return Err(Error::Ended);
        }
        self.state.absent.insert(who);
        let mut step = Step::default();
        self.adopt(&mut step);
        match self.open(&mut step) {
            Ok(()) => Ok(step),
            Err(Refused::Error(error)) => Err(error),
            Err(Refused::Fault(_)) => Err(Error::Ended),
        }
    }

    fn checkpoint(&self) -> Vec<u8> {
        (self.digest, self.me, &self.state).encode()
    }

    fn resume(&mut self, checkpoint: &[u8]) -> Result<(), Error> {
        let wrong = |_| Error::Checkpoint("it is cut short or not of this version");
        let (digest, me, state) =
            <([u8; 32], PartyId, State)>::decode_all(&mut &*checkpoint).map_err(wrong)?;
        if digest != self.digest || me != self.me {
            return Err(Error::Checkpoint("it is of another session or participant"));
        }
        for (party, key) in &state.keys {
            let agreed = self.pairs.agree(*party, *key);
            agreed.map_err(|_| Error::Checkpoint("a public key is none"))?;
        }
        if let Some(setup) = &state.setup {
            let half = self.method.provider(&self.terms, setup);
            self.half = Some(half.map_err(|_| Error::Checkpoint("the setup is none"))?);
        }
        if let Some(moments) = &state.moments {
            let moments = Moments::from_integers(self.terms.columns, moments.to_vec());
            let moments = moments.ok_or(Error::Checkpoint("the scale is none"))?;
            self.data = Some(self.terms.encode(&self.rows, Some(&moments))?);
        }
        self.state = state;
        Ok(())
    }

    fn waits_for(&self) -> Vec<PartyId> {
        let state = &self.state;
        let missing = |of: &[PartyId], has: &dyn Fn(PartyId) -> bool| -> Vec<PartyId> {
            let others = of.iter().filter(|party| **party != self.me);
            let present = others.filter(|party| !state.absent.contains(party));
            present.filter(|party| !has(**party)).copied().collect()
        };
        let some = match state.phase {
            Phase::Keys => missing(&self.terms.providers, &|party| self.pairs.knows(party)),
            Phase::Dealing => missing(&state.members, &|party| {
                state.deals.contains_key(&(party, state.epoch))
            }),
            Phase::Counting => missing(&state.members, &|party| {
                state
                    .counts
                    .contains_key(&(party, state.epoch, state.round))
            }),
            Phase::Done => return Vec::new(),
            Phase::Waiting | Phase::Comparing | Phase::Opening { .. } => Vec::new(),
        };
        match some.is_empty() {
            true => vec![ANALYST],
            false => some,
        }
    }

    fn progress(&self) -> Progress {
        Progress {
            round: self.state.round,
            of: self.terms.svm.iterations,
        }
    }
}
