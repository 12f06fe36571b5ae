//! A network in memory: parties on links that keep their order, picked at random.

use std::collections::{BTreeMap, VecDeque};

use rand_core::Rng;

use super::*;

type Parcel = (u32, Vec<u8>);

/// Parties and what is on its way.
pub struct Net {
    pub parties: BTreeMap<PartyId, Box<dyn Party>>,
    pub links: BTreeMap<(PartyId, PartyId), VecDeque<Parcel>>,
    pub outcomes: BTreeMap<PartyId, Outcome>,
    /// All that was ever sent: sender, receiver, round, body.
    pub log: Vec<(PartyId, PartyId, u32, Vec<u8>)>,
    pub dead: Vec<PartyId>,
    random: Random,
}

impl Net {
    pub fn new(parties: BTreeMap<PartyId, Box<dyn Party>>, order: u64) -> Self {
        Net {
            parties,
            links: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            log: Vec::new(),
            dead: Vec::new(),
            random: seed(order).random(),
        }
    }

    pub fn post(&mut self, from: PartyId, step: Step) {
        for Outgoing { to, round, body } in step.send {
            let receivers: Vec<PartyId> = match to {
                To::One(party) => vec![party],
                To::All => self
                    .parties
                    .keys()
                    .copied()
                    .filter(|party| *party != from)
                    .collect(),
            };
            for to in receivers {
                self.log.push((from, to, round, body.clone()));
                self.links
                    .entry((from, to))
                    .or_default()
                    .push_back((round, body.clone()));
            }
        }
        if let Some(outcome) = step.outcome {
            self.outcomes.insert(from, outcome);
        }
    }

    pub fn start(&mut self) {
        let ids: Vec<PartyId> = self.parties.keys().copied().collect();
        for id in ids {
            let step = self.parties.get_mut(&id).unwrap().start().unwrap();
            self.post(id, step);
        }
    }

    /// The next message on a random link.
    pub fn pick(&mut self) -> Option<(PartyId, PartyId, u32, Vec<u8>)> {
        self.links.retain(|_, queue| !queue.is_empty());
        let count = self.links.len() as u64;
        let index = self.random.next_u64().checked_rem(count)?;
        let ((from, to), queue) = self.links.iter_mut().nth(index as usize)?;
        let (round, body) = queue.pop_front()?;
        Some((*from, *to, round, body))
    }

    pub fn deliver(
        &mut self,
        from: PartyId,
        to: PartyId,
        round: u32,
        body: &[u8],
    ) -> Result<(), Refused> {
        if self.dead.contains(&to) || self.outcomes.contains_key(&to) {
            return Ok(());
        }
        let step = self
            .parties
            .get_mut(&to)
            .unwrap()
            .receive(from, round, body)?;
        self.post(to, step);
        Ok(())
    }

    /// Until nothing is on its way.
    pub fn run(&mut self) -> Result<(), Refused> {
        while let Some((from, to, round, body)) = self.pick() {
            self.deliver(from, to, round, &body)?;
        }
        Ok(())
    }

    /// Nothing of it arrives from now on, and the chain says so to all others.
    pub fn kill(&mut self, who: PartyId) {
        self.dead.push(who);
        self.links
            .retain(|(from, to), _| *from != who && *to != who);
    }

    pub fn judge(&mut self, who: PartyId) -> Result<(), Error> {
        let others: Vec<PartyId> = self
            .parties
            .keys()
            .copied()
            .filter(|party| !self.dead.contains(party))
            .collect();
        for id in others {
            if self.outcomes.contains_key(&id) {
                continue;
            }
            let step = self.parties.get_mut(&id).unwrap().absent(who)?;
            self.post(id, step);
        }
        Ok(())
    }
}
