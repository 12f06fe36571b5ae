//! One training at one party: protocol, links, ends of stages; no network and no clock. What it has
//! taken and what it is to send is on the disk before anything goes out.

mod ends;
mod incoming;

use std::collections::{BTreeMap, BTreeSet};

use codec::{Decode, DecodeAll, Encode};
use incoming::Seen;
use salus_primitives::training::{Equivocation, Partition};
use salus_training::{
    agreed::DEALER,
    data_set::Attributes,
    stage::{Control, Ending, Signed},
    Error, Outcome, PartyId, Post, Progress, Step,
};
use zeroize::{Zeroize, Zeroizing};

use super::{
    party::{self, Material, Role},
    secret::Secret,
    wire::{self, Item, Peer, Signer, MAX_ITEMS},
    Training,
};
use crate::LOG;

pub(super) use ends::Answers;

/// What a checkpoint holds beside links and protocol.
#[derive(Clone, Debug, Default, Encode, Decode)]
struct State {
    started: bool,
    /// Parties that the chain says are out.
    absent: BTreeSet<PartyId>,
    /// Parties that sent what does not verify.
    invalid: BTreeSet<PartyId>,
    /// Proof against parties that signed two messages under one number.
    evidence: BTreeMap<PartyId, Equivocation>,
    endings: BTreeMap<u32, Ending>,
    /// Stages of which this party has said its heads.
    said: u32,
    /// This party's share of the key, and the dealer's packets with those of the others.
    share: Option<Secret>,
    deals: BTreeMap<PartyId, Vec<u8>>,
    attributes: Option<Attributes>,
    /// Rounds, once the training is over here.
    rounds: Option<u32>,
    /// Encoded, where this party has one.
    part: Option<Vec<u8>>,
    /// Why this party cannot go on.
    failed: Option<String>,
}

/// A checkpoint.
#[derive(Encode, Decode)]
enum Stored {
    #[codec(index = 1)]
    V1 {
        state: State,
        post: Vec<u8>,
        party: Option<Vec<u8>>,
        seen: Seen,
    },
}

/// One training at one party.
pub(super) struct Core {
    pub(super) training: Training,
    pub(super) material: Material,
    signer: Signer,
    peers: Vec<Option<Peer>>,
    max_body: usize,
    rounds: u32,
    post: Post,
    role: Option<Role>,
    state: State,
    seen: Seen,
    /// Parties that have not got what was sent to them before: nothing is sent to them again.
    busy: BTreeSet<PartyId>,
    /// Those of them that asked for it, and what they have taken.
    asked: BTreeMap<PartyId, u32>,
    /// To be sent once the checkpoint is stored.
    outbox: BTreeMap<PartyId, Vec<Item>>,
    /// The same, sealed already.
    sealed: Vec<(PartyId, Vec<u8>)>,
    changed: bool,
    saved_part: bool,
}

/// How far a training is at this party.
pub(super) struct Standing {
    pub(super) progress: Progress,
    pub(super) waits_for: Vec<PartyId>,
    pub(super) failed: Option<String>,
    pub(super) over: bool,
}

impl Core {
    /// A party that begins, or continues from its checkpoint.
    pub(super) fn new(
        training: Training,
        material: Material,
        signer: Signer,
        max_body: usize,
        shares: Option<Vec<Secret>>,
        stored: Option<&[u8]>,
    ) -> Result<Self, Error> {
        let parties: Vec<PartyId> = (0..training.parties.len() as u16).map(PartyId).collect();
        let peers = wire::peers(&training);
        let mut core = Core {
            rounds: party::rounds(&training)?,
            post: Post::new(training.session.0, material.me, &parties, max_body),
            training,
            material,
            signer,
            peers,
            max_body,
            role: None,
            state: State::default(),
            seen: Seen::default(),
            busy: BTreeSet::new(),
            asked: BTreeMap::new(),
            outbox: BTreeMap::new(),
            sealed: Vec::new(),
            changed: false,
            saved_part: false,
        };
        if let Some(stored) = stored {
            core.resume(stored)?;
            return Ok(core);
        }
        core.state.attributes = core
            .material
            .data
            .as_ref()
            .map(|data| data.attributes().clone());
        match shares {
            Some(shares) => core.deal(shares)?,
            // The dealer may have told it already, before a crash.
            None if core.is_heterogeneous() => {
                core.control(DEALER, Control::Taken(0));
            }
            None => {}
        }
        core.begin()?;
        core.changed = true;
        Ok(core)
    }

    fn resume(&mut self, stored: &[u8]) -> Result<(), Error> {
        let Stored::V1 {
            state,
            post,
            party,
            seen,
        } = Stored::decode_all(&mut &*stored)
            .map_err(|_| Error::Checkpoint("it is cut short or not of this version"))?;
        self.post.resume(&post)?;
        (self.state, self.seen) = (state, seen);
        if let Some(checkpoint) = party {
            let share = self.state.share.as_ref().map(Secret::expose);
            let mut role = party::make(&self.training, &self.material, share)?;
            role.party().resume(&checkpoint)?;
            self.role = Some(role);
        }
        // The others may have sent what was lost with the process.
        for to in self.others() {
            let taken = Control::Taken(self.post.taken(to));
            self.control(to, taken);
            self.send_again(to, 0);
        }
        for stage in 0..self.state.said {
            self.say_again(stage);
        }
        self.tell_columns();
        Ok(())
    }

    fn is_heterogeneous(&self) -> bool {
        self.training.terms.backend.partition() == Partition::Heterogeneous
    }

    fn me(&self) -> PartyId {
        self.material.me
    }

    /// All other parties that are not out.
    fn others(&self) -> Vec<PartyId> {
        let all = (0..self.training.parties.len() as u16).map(PartyId);
        all.filter(|party| *party != self.me() && !self.state.absent.contains(party))
            .collect()
    }

    /// Begins the protocol, as soon as there is all that it needs.
    fn begin(&mut self) -> Result<(), Error> {
        let has_key = !self.is_heterogeneous() || self.state.share.is_some();
        if self.role.is_some() || !has_key {
            return Ok(());
        }
        let share = self.state.share.as_ref().map(Secret::expose);
        let mut role = party::make(&self.training, &self.material, share)?;
        let step = role.party().start()?;
        self.role = Some(role);
        self.state.started = true;
        self.changed = true;
        self.tell_columns();
        self.follow(step)?;
        self.see_absent()
    }

    /// The dealer keeps its share, seals those of the others to them and forgets them.
    fn deal(&mut self, shares: Vec<Secret>) -> Result<(), Error> {
        for (party, share) in (0..).map(PartyId).zip(shares) {
            if party == self.me() {
                self.state.share = Some(share);
                continue;
            }
            let signed = self.signed(party, Control::Share(share.expose().to_vec()));
            let peer = self.peer(party)?;
            let mut items = [Item::Control(signed)];
            let packet = wire::seal(self.me(), peer, &items).map_err(Error::Parameter);
            for item in &mut items {
                if let Item::Control(Signed { control, .. }) = item {
                    wipe(control);
                }
            }
            let packet = packet?;
            self.sealed.push((party, packet.clone()));
            self.state.deals.insert(party, packet);
        }
        Ok(())
    }

    fn peer(&self, party: PartyId) -> Result<&Peer, Error> {
        let peer = self.peers.get(usize::from(party.0));
        peer.and_then(Option::as_ref).ok_or(Error::Absent(party))
    }

    fn signed(&self, to: PartyId, control: Control) -> Signed {
        let session = self.training.session.0;
        Signed::new(session, self.me(), to, control, &self.signer)
    }

    fn control(&mut self, to: PartyId, control: Control) {
        let signed = self.signed(to, control);
        self.push(to, Item::Control(signed));
    }

    fn push(&mut self, to: PartyId, item: Item) {
        let sent = !self.state.absent.contains(&to)
            && self
                .peers
                .get(usize::from(to.0))
                .is_some_and(Option::is_some);
        if sent {
            self.outbox.entry(to).or_default().push(item);
        }
    }

    /// The analyst has no data, and the model needs names.
    fn tell_columns(&mut self) {
        if let (Some(Role::Provider(_)), Some(attributes)) = (&self.role, &self.state.attributes) {
            let attributes = attributes.clone();
            self.control(PartyId(0), Control::Columns(attributes));
        }
    }

    fn send_again(&mut self, to: PartyId, from: u32) {
        for envelope in self.post.unacknowledged_by(to, &self.signer) {
            if envelope.header.sequence >= from {
                self.push(to, Item::Message(envelope));
            }
        }
    }

    /// Sends again what parties have not said to have taken.
    pub(super) fn remind_all(&mut self) {
        for to in self.others() {
            if self.post.is_waiting(to) && !self.busy.contains(&to) {
                self.send_again(to, 0);
            }
        }
    }

    /// Says to whom packets are still on their way, and does what the others asked for meanwhile.
    pub(super) fn set_busy(&mut self, busy: BTreeSet<PartyId>) {
        self.busy = busy;
        for (party, taken) in std::mem::take(&mut self.asked) {
            self.tell_again(party, taken);
        }
    }

    /// Sends a party what it may have lost: once, however often it asks before it has got it.
    fn tell_again(&mut self, to: PartyId, taken: u32) {
        if !self.busy.insert(to) {
            self.asked.insert(to, taken);
            return;
        }
        if let (0, Some(deal)) = (taken, self.state.deals.get(&to)) {
            self.sealed.push((to, deal.clone()));
        }
        self.send_again(to, taken);
        for stage in 0..self.state.said {
            let heads = self.state.endings.get(&stage);
            let heads = heads.and_then(|ending| ending.of(self.me())).cloned();
            if let Some(heads) = heads {
                self.control(to, Control::Heads(heads));
            }
        }
        self.tell_columns();
    }

    fn say_again(&mut self, stage: u32) {
        let me = self.me();
        let heads = self.state.endings.get(&stage);
        let Some(heads) = heads.and_then(|ending| ending.of(me)).cloned() else {
            return;
        };
        for to in self.others() {
            self.control(to, Control::Heads(heads.clone()));
        }
    }

    /// Does what follows from a step of the protocol.
    fn follow(&mut self, step: Step) -> Result<(), Error> {
        for out in step.send {
            for envelope in self.post.seal(&out, &self.signer)? {
                self.push(envelope.header.to, Item::Message(envelope));
            }
        }
        match step.outcome {
            Some(outcome) => self.finish(outcome),
            None => Ok(()),
        }
    }

    fn finish(&mut self, outcome: Outcome) -> Result<(), Error> {
        let Some(role) = &self.role else {
            return Ok(());
        };
        let attributes = self.state.attributes.as_ref();
        let end = party::end(&self.training, role, &self.material, attributes, outcome)?;
        self.state.rounds = Some(end.rounds);
        self.state.part = end.part.map(|part| part.to_bytes());
        Ok(())
    }

    fn fail(&mut self, error: &Error) {
        log::error!(
            target: LOG,
            "training, session {:?}: this party cannot go on: {error}", self.training.session,
        );
        self.state.failed.get_or_insert_with(|| error.to_string());
        self.changed = true;
    }

    /// Takes what the chain has now: who is out.
    pub(super) fn update(&mut self, training: Training) {
        self.training = training;
        let result = self.see_absent();
        if let Err(error) = result {
            self.fail(&error);
        }
    }

    fn see_absent(&mut self) -> Result<(), Error> {
        if self.role.is_none() || self.state.failed.is_some() {
            return Ok(());
        }
        let out: Vec<PartyId> = (0..)
            .map(PartyId)
            .zip(self.training.parties.iter())
            .filter(|(party, of)| !of.is_in() && !self.state.absent.contains(party))
            .map(|(party, _)| party)
            .collect();
        for party in out {
            self.state.absent.insert(party);
            self.outbox.remove(&party);
            self.changed = true;
            if self.state.rounds.is_some() {
                continue;
            }
            let Some(role) = &mut self.role else { break };
            match role.party().absent(party) {
                Ok(step) => self.follow(step)?,
                Err(Error::Ended) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    pub(super) fn standing(&self) -> Standing {
        let view = self.role.as_ref().map(Role::view);
        let over = self.state.rounds.is_some();
        let progress = view.map(|party| party.progress()).unwrap_or_default();
        Standing {
            progress: match self.state.rounds {
                Some(round) => Progress { round, of: round },
                None => Progress {
                    of: self.rounds,
                    ..progress
                },
            },
            waits_for: self.waits_for(),
            failed: self.state.failed.clone(),
            over,
        }
    }

    /// The encoded part of the model, once there is one.
    pub(super) fn part(&self) -> Option<&[u8]> {
        self.state.part.as_deref()
    }

    /// The part of the model, until it is on the disk by itself.
    pub(super) fn unsaved_part(&self) -> Option<Vec<u8>> {
        self.state.part.clone().filter(|_| !self.saved_part)
    }

    pub(super) fn part_is_saved(&mut self) {
        self.saved_part = true;
    }

    /// The last checkpoint was not stored.
    pub(super) fn keep_changed(&mut self) {
        self.changed = true;
    }

    /// The checkpoint where anything has changed since the last.
    pub(super) fn checkpoint(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        let stored = Stored::V1 {
            state: self.state.clone(),
            post: self.post.checkpoint(),
            party: self.role.as_ref().map(|role| role.view().checkpoint()),
            seen: self.seen.latest(),
        };
        Some(Zeroizing::new(stored.encode()))
    }

    /// Sealed packets of what is to be sent, once the checkpoint is stored.
    pub(super) fn packets(&mut self) -> Vec<(PartyId, Vec<u8>)> {
        let outbox = std::mem::take(&mut self.outbox);
        let mut packets = std::mem::take(&mut self.sealed);
        for (to, items) in outbox {
            let Ok(peer) = self.peer(to) else { continue };
            for group in grouped(items, wire::full(self.max_body)) {
                match wire::seal(self.me(), peer, &group) {
                    Ok(packet) => packets.push((to, packet)),
                    Err(error) => {
                        log::error!(target: LOG, "a message to participant {to}: {error}");
                    }
                }
            }
        }
        packets
    }
}

/// Wipes a share of the key.
fn wipe(control: &mut Control) {
    if let Control::Share(share) = control {
        share.zeroize();
    }
}

/// Items in their order, in groups of at most so many bytes; a longer one alone.
fn grouped(items: Vec<Item>, most: usize) -> Vec<Vec<Item>> {
    let mut groups: Vec<Vec<Item>> = Vec::new();
    let mut room = 0usize;
    for item in items {
        let size = item.size();
        match groups.last_mut() {
            Some(group) if size <= room && group.len() < MAX_ITEMS => {
                room -= size;
                group.push(item);
            }
            _ => {
                room = most.saturating_sub(size);
                groups.push(vec![item]);
            }
        }
    }
    groups
}
