//! The analyst: has the model, asks for sums.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use blake2::{digest::consts::U32, Blake2b, Digest};
use codec::{Decode, DecodeAll, Encode};
use salus_analytics::{
    scale::Scaling,
    svm::{Loss, Model, Sums, SvmParameters, Trainer},
};

use super::{
    gate::Verdict,
    masks::{threshold, Deal, Which, SLOTS},
    method::Analyse,
    ring,
    wire::{pack, Order, Report},
    Moments, Terms,
};
use crate::{
    Ended, Error, Fault, Outcome, Outgoing, Party, PartyId, Progress, Reason, Refused, Seed, Step,
    To,
};

const ANALYST: PartyId = PartyId(0);

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode)]
enum Phase {
    /// Waiting for the providers' keys.
    #[default]
    Keys,
    /// Waiting for shares of masks.
    Dealing,
    /// Waiting for moments.
    Measuring,
    /// Comparing, and waiting for counts.
    Counting,
    /// Waiting for sums.
    Collecting,
    /// Waiting for shares that open masks.
    Opening { measure: bool },
    /// Over.
    Done,
}

#[derive(Clone, PartialEq, Debug, Default, Encode, Decode)]
struct State {
    phase: Phase,
    keys: BTreeSet<PartyId>,
    absent: BTreeSet<PartyId>,
    epoch: u32,
    members: Vec<PartyId>,
    deals: BTreeMap<PartyId, Arc<Deal>>,
    /// Digests of the deals that each member took.
    ready: BTreeMap<PartyId, Vec<[u8; 32]>>,
    /// Digest of the model that was given out; 0 for moments.
    query: [u8; 32],
    slot: u32,
    compared: BTreeSet<PartyId>,
    counts: BTreeMap<PartyId, Vec<u64>>,
    sums: BTreeMap<PartyId, Arc<Vec<u8>>>,
    included: Vec<PartyId>,
    shares: BTreeMap<PartyId, Vec<[u8; 32]>>,
    moments: Option<Arc<Vec<i128>>>,
    /// The sums of each release; the first is that of no rows.
    releases: Vec<Arc<Vec<i128>>>,
    /// The release that each round used.
    used: Vec<u32>,
}

/// The analyst, as a state machine.
pub struct Analyst {
    terms: Terms,
    digest: [u8; 32],
    seed: Seed,
    half: Box<dyn Analyse>,
    shows_model: bool,
    trainer: Trainer,
    state: State,
}

/// Why a training that is done ended.
pub(super) fn ended(trainer: &Trainer, parameters: &SvmParameters) -> Ended {
    match trainer.rounds() >= parameters.iterations {
        true => Ended::Rounds,
        false => Ended::Converged,
    }
}

impl Analyst {
    /// The analyst of these terms. The seed is its secret in this session; its key is made from
    /// it, which takes a second or some.
    pub fn new(terms: Terms, seed: Seed) -> Result<Self, Error> {
        terms.validate()?;
        let method = terms.method()?;
        let none = Sums::zero(terms.columns, terms.svm.loss).to_integers();
        Ok(Analyst {
            digest: terms.digest()?,
            half: method.analyst(&terms, &seed)?,
            shows_model: method.shows_model(),
            trainer: Trainer::new(&terms.svm, terms.columns)?,
            state: State {
                releases: vec![Arc::new(none)],
                ..State::default()
            },
            terms,
            seed,
        })
    }

    /// The model of this round.
    pub fn model(&self) -> &Model {
        self.trainer.model()
    }

    /// The scale that the model's columns have, once it is known; none if the terms say so.
    pub fn moments(&self) -> Option<Moments> {
        let numbers = self.state.moments.as_ref()?;
        Moments::from_integers(self.terms.columns, numbers.to_vec())
    }

    /// What it has of all rounds.
    #[cfg(test)]
    pub(super) fn releases(&self) -> Vec<Vec<i128>> {
        self.state
            .releases
            .iter()
            .map(|release| release.to_vec())
            .collect()
    }

    fn round(&self) -> u32 {
        self.trainer.rounds()
    }

    fn send(&self, to: PartyId, order: &Order) -> Outgoing {
        Outgoing {
            to: To::One(to),
            round: self.round(),
            body: order.encode(),
        }
    }

    /// To all who are not absent, of these.
    fn send_all(&self, to: &[PartyId], order: &Order, step: &mut Step) {
        let present = to.iter().filter(|party| !self.state.absent.contains(party));
        step.send
            .extend(present.map(|party| self.send(*party, order)));
    }

    fn present(&self) -> Vec<PartyId> {
        let providers = self.terms.providers.iter();
        providers
            .filter(|party| !self.state.absent.contains(party))
            .copied()
            .collect()
    }

    /// New masks among those who are left. What was sent under the old ones is not used, and
    /// providers open nothing of it.
    fn deal(&mut self, step: &mut Step) -> Result<(), Refused> {
        let members = self.present();
        let needed = self.terms.min_providers;
        if members.len() < needed {
            let left = members.len();
            return Err(Error::TooFew { left, needed }.into());
        }
        let state = &mut self.state;
        state.phase = Phase::Dealing;
        state.epoch += 1;
        state.slot = 0;
        state.members = members;
        state.deals.clear();
        state.ready.clear();
        self.clear();
        let order = Order::Deal {
            epoch: self.state.epoch,
            members: self.state.members.clone(),
        };
        self.send_all(&self.state.members, &order, step);
        Ok(())
    }

    fn clear(&mut self) {
        let state = &mut self.state;
        state.compared.clear();
        state.counts.clear();
        state.sums.clear();
        state.included.clear();
        state.shares.clear();
    }

    /// Whether all members took the deals that are here. Later a share that is not the one of
    /// its deal is then its owner's doing, who had the same. Of a deal that differs, either the
    /// dealer made two or who took it says another.
    fn same_deals(&self) -> Result<(), Error> {
        let here = self.state.members.iter();
        let here = here.map(|dealer| Some(self.state.deals.get(dealer)?.digest()));
        let here = here.collect::<Option<Vec<_>>>();
        match self
            .state
            .ready
            .values()
            .all(|deals| Some(deals) == here.as_ref())
        {
            true => Ok(()),
            false => Err(Error::Unattributed(
                "participants have different deals of shares of one of them",
            )),
        }
    }

    /// Begins what is next.
    fn next(&mut self, step: &mut Step) -> Result<(), Refused> {
        if self.trainer.is_done() {
            self.end(ended(&self.trainer, &self.terms.svm), step);
            return Ok(());
        }
        let left = self
            .state
            .members
            .iter()
            .any(|member| self.state.absent.contains(member));
        if left || self.state.slot >= SLOTS {
            return self.deal(step);
        }
        self.clear();
        let epoch = self.state.epoch;
        let order = if self.terms.svm.scaling == Scaling::ZScore && self.state.moments.is_none() {
            self.state.phase = Phase::Measuring;
            self.state.query = [0; 32];
            Order::Measure { epoch }
        } else {
            self.state.phase = Phase::Counting;
            let context = (self.round(), epoch).encode();
            let seed = self.seed.derive("query", &[&context]);
            let model = self.half.query(&self.terms, self.trainer.model(), &seed)?;
            self.state.query = Blake2b::<U32>::digest(&model).into();
            Order::Query { epoch, model }
        };
        self.send_all(&self.state.members, &order, step);
        Ok(())
    }

    fn end(&mut self, ended: Ended, step: &mut Step) {
        let (model, rounds) = (self.trainer.model().clone(), self.round());
        let shared = self.shows_model || self.terms.share_model;
        let order = Order::End {
            rounds,
            ended,
            model: shared.then(|| model.to_bytes()),
        };
        self.send_all(&self.terms.providers, &order, step);
        self.state.phase = Phase::Done;
        step.outcome = Some(Outcome::Model {
            model,
            rounds,
            ended,
        });
    }

    /// Uses a release for this round.
    fn absorb(&mut self, release: usize, step: &mut Step) -> Result<(), Refused> {
        absorb(
            &mut self.trainer,
            &self.terms,
            &self.state.releases,
            release,
        )?;
        self.state.used.push(release as u32);
        self.next(step)
    }

    /// Once all counts are there.
    fn judge(&mut self, step: &mut Step) -> Result<(), Refused> {
        let state = &mut self.state;
        if state.phase != Phase::Counting || state.counts.len() < state.members.len() {
            return Ok(());
        }
        let mut totals = vec![0u64; state.releases.len()];
        for counts in state.counts.values() {
            for (total, count) in totals.iter_mut().zip(counts) {
                *total = total.wrapping_add(*count);
            }
        }
        match self.terms.verdict(&totals)? {
            Verdict::Release => {
                state.phase = Phase::Collecting;
                self.collect(step)
            }
            Verdict::Same(release) => self.absorb(release, step),
            Verdict::Hold if self.terms.svm.loss == Loss::SquaredHinge || totals.len() == 1 => {
                self.end(Ended::FewRowsChanged, step);
                Ok(())
            }
            Verdict::Hold | Verdict::Impossible => {
                let last = state.used.last().copied().unwrap_or_default();
                self.absorb(last as usize, step)
            }
        }
    }

    /// Once the sums of all who are left are there.
    fn collect(&mut self, step: &mut Step) -> Result<(), Refused> {
        let state = &mut self.state;
        let measure = match state.phase {
            Phase::Measuring => true,
            Phase::Collecting => false,
            _ => return Ok(()),
        };
        let missing = |member: &&PartyId| !state.sums.contains_key(member);
        if state
            .members
            .iter()
            .filter(missing)
            .any(|member| !state.absent.contains(member))
        {
            return Ok(());
        }
        if state.sums.len() < threshold(state.members.len()) {
            // Nothing was opened yet: again, among those who are left.
            return self.deal(step);
        }
        state.included = state.sums.keys().copied().collect();
        state.phase = Phase::Opening { measure };
        let order = Order::Open {
            epoch: state.epoch,
            slot: state.slot,
            included: state.included.clone(),
        };
        self.send_all(&self.state.included, &order, step);
        self.can_open()?;
        Ok(())
    }

    /// Whether enough shares can still come.
    fn can_open(&self) -> Result<(), Error> {
        let state = &self.state;
        let possible =
            |party: &&PartyId| state.shares.contains_key(party) || !state.absent.contains(party);
        let (left, needed) = (
            state.included.iter().filter(possible).count(),
            threshold(state.members.len()),
        );
        match left >= needed {
            true => Ok(()),
            false => Err(Error::TooFew { left, needed }),
        }
    }

    fn length(&self, measure: bool) -> usize {
        match measure {
            true => Moments::length(self.terms.columns),
            false => self.state.releases.first().map_or(0, |none| none.len()),
        }
    }

    /// Opens the sum once there are enough shares.
    fn open(&mut self, step: &mut Step) -> Result<(), Refused> {
        let state = &self.state;
        let Phase::Opening { measure } = state.phase else {
            return Ok(());
        };
        if state.shares.len() < threshold(state.members.len()) {
            return Ok(());
        }
        let mut masks = Vec::new();
        for (place, dealer) in state.members.iter().enumerate() {
            let share =
                |(owner, shares): (&PartyId, &Vec<[u8; 32]>)| Some((*owner, *shares.get(place)?));
            let shares: Vec<_> = state.shares.iter().filter_map(share).collect();
            let deal = state.deals.get(dealer);
            let opened = deal.and_then(|deal| {
                deal.remaining(*dealer, state.slot, &state.included, &shares, &state.query)
            });
            // Every share is the one that was dealt: the deal itself is wrong.
            let opened = opened.ok_or(Fault {
                party: *dealer,
                reason: Reason::Proof("deal of shares"),
            })?;
            masks.extend(opened);
        }
        let included = state
            .included
            .iter()
            .filter_map(|party| state.sums.get(party));
        let blinded: Vec<&[u8]> = included.map(|bytes| bytes.as_slice()).collect();
        let length = self.length(measure);
        if measure {
            let total = ring::total(&blinded, &masks, length);
            let moments = Moments::from_integers(self.terms.columns, total.clone());
            moments.ok_or(Error::Unattributed(
                "the moments of the columns contradict each other",
            ))?;
            self.state.moments = Some(Arc::new(total.clone()));
            self.state.slot += 1;
            self.send_all(&self.state.members, &Order::Scale { moments: total }, step);
            return self.next(step);
        }
        let total = self.half.total(&self.terms, &blinded, &masks, length)?;
        self.state.releases.push(Arc::new(total));
        self.state.slot += 1;
        self.absorb(self.state.releases.len() - 1, step)
    }

    fn take(
        &mut self,
        from: PartyId,
        round: u32,
        body: &[u8],
        step: &mut Step,
    ) -> Result<(), Refused> {
        let fault = |reason: Reason| Err(reason.by(from));
        let unexpected = |what| fault(Reason::Unexpected(what));
        if self.state.phase == Phase::Done {
            return Err(Error::Ended.into());
        }
        if !self.terms.providers.contains(&from) || self.state.absent.contains(&from) {
            return fault(Reason::NotParticipant);
        }
        let max = self.terms.max_body();
        if body.len() > max {
            let got = body.len();
            return fault(Reason::TooLong { got, max });
        }
        let Ok(report) = Report::decode_all(&mut &*body) else {
            return fault(Reason::Malformed("message of this protocol"));
        };
        let now = self.round();
        let state = &mut self.state;
        let epoch = match &report {
            Report::Key(_) => {
                if state.phase != Phase::Keys || !state.keys.insert(from) {
                    return unexpected("public key");
                }
                return self.begin(step);
            }
            Report::Deal { epoch, .. }
            | Report::Ready { epoch, .. }
            | Report::Compare { epoch, .. }
            | Report::Counts { epoch, .. }
            | Report::Sums { epoch, .. }
            | Report::Shares { epoch, .. } => *epoch,
        };
        if epoch < state.epoch {
            // Of before a drop-out, or one share more than was needed.
            return Ok(());
        }
        if epoch > state.epoch || !state.members.contains(&from) {
            return unexpected("report");
        }
        match report {
            Report::Key(_) => Ok(()),
            Report::Deal { deal, .. } => {
                if state.phase != Phase::Dealing || state.deals.contains_key(&from) {
                    return unexpected("deal of shares");
                }
                if deal.members != state.members {
                    return fault(Reason::Malformed("deal of shares"));
                }
                if let Err(reason) = deal.check(from) {
                    return fault(reason);
                }
                state.deals.insert(from, Arc::new(deal));
                Ok(())
            }
            Report::Ready { deals, .. } => {
                let own = match state.deals.get(&from) {
                    Some(own) if state.phase == Phase::Dealing => own.digest(),
                    _ => return unexpected("readiness"),
                };
                if state.ready.contains_key(&from) {
                    return unexpected("readiness");
                }
                if deals.len() != state.members.len() {
                    let (got, expected) = (deals.len(), state.members.len());
                    return fault(Reason::Count {
                        what: "digests of deals",
                        got,
                        expected,
                    });
                }
                let place = state.members.iter().position(|member| *member == from);
                if place.and_then(|place| deals.get(place)) != Some(&own) {
                    return fault(Reason::Proof("deal of shares"));
                }
                state.ready.insert(from, deals);
                if state.ready.len() < state.members.len() {
                    return Ok(());
                }
                self.same_deals()?;
                self.next(step)
            }
            Report::Compare { ciphertexts, .. } => {
                if round != now {
                    return fault(Reason::Round {
                        got: round,
                        expected: now,
                    });
                }
                if state.phase != Phase::Counting || !state.compared.insert(from) {
                    return unexpected("comparison");
                }
                let signs = match self.half.compare(&self.terms, &ciphertexts) {
                    Ok(signs) => signs,
                    Err(reason) => return fault(reason),
                };
                let order = Order::Signs {
                    count: signs.len() as u32,
                    bits: pack(&signs),
                };
                step.send.push(self.send(from, &order));
                Ok(())
            }
            Report::Counts { changed, .. } => {
                if round != now {
                    return fault(Reason::Round {
                        got: round,
                        expected: now,
                    });
                }
                if state.phase != Phase::Counting || state.counts.contains_key(&from) {
                    return unexpected("counts");
                }
                let expected = state.releases.len();
                if changed.len() != expected {
                    let got = changed.len();
                    return fault(Reason::Count {
                        what: "counts",
                        got,
                        expected,
                    });
                }
                state.counts.insert(from, changed);
                self.judge(step)
            }
            Report::Sums { slot, blinded, .. } => {
                if round != now {
                    return fault(Reason::Round {
                        got: round,
                        expected: now,
                    });
                }
                let measure = match state.phase {
                    Phase::Measuring => true,
                    // Whoever has all counts may be ahead of the analyst.
                    Phase::Counting | Phase::Collecting => false,
                    _ => return unexpected("sums"),
                };
                if slot != state.slot || state.sums.contains_key(&from) {
                    return unexpected("sums");
                }
                let length = self.length(measure);
                let checked = match measure {
                    true => super::method::check_ring(&blinded, length),
                    false => self.half.check(&self.terms, &blinded, length),
                };
                if let Err(reason) = checked {
                    return fault(reason);
                }
                self.state.sums.insert(from, Arc::new(blinded));
                self.collect(step)
            }
            Report::Shares { slot, shares, .. } => {
                if slot < state.slot {
                    // One more than was needed.
                    return Ok(());
                }
                let due = matches!(state.phase, Phase::Opening { .. }) && slot == state.slot;
                if !due || !state.included.contains(&from) || state.shares.contains_key(&from) {
                    return unexpected("shares");
                }
                if shares.len() != state.members.len() {
                    return fault(Reason::Count {
                        what: "shares",
                        got: shares.len(),
                        expected: state.members.len(),
                    });
                }
                let right = state.members.iter().zip(&shares).all(|(dealer, share)| {
                    let which = match state.included.contains(dealer) {
                        true => Which::Own,
                        false => Which::Pairs,
                    };
                    let deal = state.deals.get(dealer);
                    deal.is_some_and(|deal| deal.is_share(from, slot, which, share))
                });
                if !right {
                    return fault(Reason::Proof("share"));
                }
                state.shares.insert(from, shares);
                self.open(step)
            }
        }
    }

    /// Begins once the keys of all who are left are there.
    fn begin(&mut self, step: &mut Step) -> Result<(), Refused> {
        let all = self
            .present()
            .iter()
            .all(|party| self.state.keys.contains(party));
        match self.state.phase == Phase::Keys && all {
            true => self.deal(step),
            false => Ok(()),
        }
    }

    fn leave(&mut self, who: PartyId, step: &mut Step) -> Result<(), Refused> {
        let member = self.state.members.contains(&who);
        match self.state.phase {
            Phase::Keys => self.begin(step),
            Phase::Dealing | Phase::Counting if member => self.deal(step),
            Phase::Measuring | Phase::Collecting => {
                let state = &self.state;
                let sent = |party: &PartyId| {
                    state.sums.contains_key(party) || state.absent.contains(party)
                };
                // Whoever is missing may lack what the absent one sent to others only. Nothing was
                // opened yet, so it may begin again.
                match state.members.iter().all(sent) {
                    true => self.collect(step),
                    false => self.deal(step),
                }
            }
            Phase::Opening { .. } => Ok(self.can_open()?),
            _ => Ok(()),
        }
    }
}

fn absorb(
    trainer: &mut Trainer,
    terms: &Terms,
    releases: &[Arc<Vec<i128>>],
    release: usize,
) -> Result<(), Error> {
    let numbers = releases
        .get(release)
        .ok_or(Error::Checkpoint("a release is missing"))?;
    let mut sums = Sums::from_integers(terms.columns, terms.svm.loss, numbers)?;
    // Of no rows there is no number of rows.
    sums.rows = sums.rows.max(1);
    Ok(trainer.absorb(&sums)?)
}

impl Party for Analyst {
    fn start(&mut self) -> Result<Step, Error> {
        let order = Order::Setup {
            terms: self.digest,
            setup: self.half.setup(),
        };
        let mut step = Step::default();
        self.send_all(&self.terms.providers, &order, &mut step);
        Ok(step)
    }

    fn receive(&mut self, from: PartyId, round: u32, body: &[u8]) -> Result<Step, Refused> {
        let (state, trainer) = (self.state.clone(), self.trainer.clone());
        let mut step = Step::default();
        let taken = self.take(from, round, body, &mut step);
        if let Err(refused) = taken {
            (self.state, self.trainer) = (state, trainer);
            return Err(refused);
        }
        Ok(step)
    }

    fn absent(&mut self, who: PartyId) -> Result<Step, Error> {
        if who == ANALYST || self.state.phase == Phase::Done {
            return Err(Error::Ended);
        }
        let mut step = Step::default();
        if !self.state.absent.insert(who) {
            return Ok(step);
        }
        match self.leave(who, &mut step) {
            Ok(()) => Ok(step),
            Err(Refused::Error(error)) => Err(error),
            Err(Refused::Fault(fault)) => Err(Error::Absent(fault.party)),
        }
    }

    fn checkpoint(&self) -> Vec<u8> {
        (self.digest, &self.state).encode()
    }

    fn resume(&mut self, checkpoint: &[u8]) -> Result<(), Error> {
        let wrong = |_| Error::Checkpoint("it is cut short or not of this version");
        let (digest, state) = <([u8; 32], State)>::decode_all(&mut &*checkpoint).map_err(wrong)?;
        if digest != self.digest {
            return Err(Error::Checkpoint("it is of another session"));
        }
        let mut trainer = Trainer::new(&self.terms.svm, self.terms.columns)?;
        for release in &state.used {
            absorb(
                &mut trainer,
                &self.terms,
                &state.releases,
                *release as usize,
            )?;
        }
        (self.trainer, self.state) = (trainer, state);
        Ok(())
    }

    fn waits_for(&self) -> Vec<PartyId> {
        let state = &self.state;
        let missing = |of: &[PartyId], has: &dyn Fn(&PartyId) -> bool| -> Vec<PartyId> {
            let present = of.iter().filter(|party| !state.absent.contains(party));
            present.filter(|party| !has(party)).copied().collect()
        };
        let members = &state.members;
        match state.phase {
            Phase::Keys => missing(&self.terms.providers, &|party| state.keys.contains(party)),
            Phase::Dealing => missing(members, &|party| state.ready.contains_key(party)),
            Phase::Counting => missing(members, &|party| state.counts.contains_key(party)),
            Phase::Measuring | Phase::Collecting => {
                missing(members, &|party| state.sums.contains_key(party))
            }
            Phase::Opening { .. } => {
                missing(&state.included, &|party| state.shares.contains_key(party))
            }
            Phase::Done => Vec::new(),
        }
    }

    fn progress(&self) -> Progress {
        Progress {
            round: self.round(),
            of: self.terms.svm.iterations,
        }
    }
}
