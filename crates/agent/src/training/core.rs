//! One training at one party: protocol, links, ends of stages; no network and no clock. What it has
//! taken and what it is to send is on the disk before anything goes out.

use std::collections::{BTreeMap, BTreeSet};

use codec::{Decode, DecodeAll, Encode};
use salus_primitives::{
    training::{Equivocation, MessageHeader, Partition, Positions, Said, SignedMessage, StagePost},
    Digest,
};
use salus_training::{
    data_set::Attributes,
    model::{digest_of_parts, ModelPart},
    stage::{last_round, stage_of_end, Claim, Control, Ending, Heads, Signed},
    Envelope, Error, Outcome, PartyId, Post, Progress, Reason, Refused, Step,
};

use super::{
    party::{self, Material, Role},
    wire::{self, Item, Peer, Signer, Verified, MAX_ITEMS},
    Training,
};
use crate::LOG;

/// Signed messages that are remembered to prove an equivocation with.
const REMEMBERED: usize = 1 << 16;

/// What a checkpoint holds beside links and protocol.
#[derive(Clone, Debug, Default, Encode, Decode)]
struct State {
    started: bool,
    /// Parties that the chain says are out.
    absent: BTreeSet<PartyId>,
    /// Parties that sent what does not verify.
    invalid: BTreeSet<PartyId>,
    endings: BTreeMap<u32, Ending>,
    /// Stages of which this party has said its heads.
    said: u32,
    /// This party's share of the key, and the dealer's packets with those of the others.
    share: Option<Vec<u8>>,
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
    seen: BTreeMap<(PartyId, u32), SignedMessage>,
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

/// What can be posted on the chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Answers {
    pub(super) root: Option<StagePost>,
    pub(super) blocked: Option<StagePost>,
}

impl Core {
    /// A party that begins, or continues from its checkpoint.
    pub(super) fn new(
        training: Training,
        material: Material,
        signer: Signer,
        max_body: usize,
        shares: Option<Vec<Vec<u8>>>,
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
            seen: BTreeMap::new(),
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
                core.control(salus_training::agreed::DEALER, Control::Taken(0));
            }
            None => {}
        }
        core.begin()?;
        core.changed = true;
        Ok(core)
    }

    fn resume(&mut self, stored: &[u8]) -> Result<(), Error> {
        let Stored::V1 { state, post, party } = Stored::decode_all(&mut &*stored)
            .map_err(|_| Error::Checkpoint("it is cut short or not of this version"))?;
        self.post.resume(&post)?;
        self.state = state;
        if let Some(checkpoint) = party {
            let share = self.state.share.as_deref();
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
        let share = self.state.share.as_deref();
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
    fn deal(&mut self, shares: Vec<Vec<u8>>) -> Result<(), Error> {
        for (party, share) in (0..).map(PartyId).zip(shares) {
            if party == self.me() {
                self.state.share = Some(share);
                continue;
            }
            let signed = self.signed(party, Control::Share(share));
            let peer = self.peer(party)?;
            let packet =
                wire::seal(self.me(), peer, &[Item::Control(signed)]).map_err(Error::Parameter)?;
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
            if self.post.is_waiting(to) {
                self.send_again(to, 0);
            }
        }
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

    /// Takes what a party sent, in order. What is wrong names it.
    pub(super) fn take(&mut self, from: PartyId, items: Vec<Item>) {
        for item in items {
            if self.state.absent.contains(&from) {
                return;
            }
            match item {
                Item::Message(envelope) => self.take_message(from, envelope),
                Item::Control(signed) => self.take_control(from, signed.control),
            }
        }
    }

    /// Whether messages of the protocol can be taken: before, they are to be sent again later.
    pub(super) fn is_ready(&self) -> bool {
        self.role.is_some()
    }

    fn take_message(&mut self, from: PartyId, envelope: Envelope) {
        if self.state.failed.is_some() || self.role.is_none() || !self.is_first(from, &envelope) {
            return;
        }
        let bodies = match self.post.open(from, &envelope.encode(), &Verified) {
            Ok(bodies) => bodies,
            Err(fault) => {
                if !matches!(fault.reason, Reason::Replayed(_)) {
                    log::debug!(target: LOG, "training {}: {fault}", self.material.me);
                }
                return;
            }
        };
        self.changed = true;
        for body in bodies {
            let Some(role) = &mut self.role else { return };
            let step = match role.party().receive(body.from, body.round, &body.body) {
                Ok(step) => step,
                // What came after the end says nothing new.
                Err(Refused::Error(Error::Ended)) => continue,
                Err(Refused::Fault(fault)) => {
                    log::warn!(target: LOG, "training, session {:?}: {fault}", self.training.session);
                    self.state.invalid.insert(fault.party);
                    continue;
                }
                Err(Refused::Error(error)) => return self.fail(&error),
            };
            if let Err(error) = self.follow(step) {
                return self.fail(&error);
            }
        }
    }

    /// Whether no other message came under this number. Two that differ are proof.
    fn is_first(&mut self, from: PartyId, envelope: &Envelope) -> bool {
        let header = &envelope.header;
        let message = SignedMessage {
            header: MessageHeader {
                session: header.session.into(),
                round: header.round,
                from: header.from.0,
                to: header.to.0,
                sequence: header.sequence,
                taken: header.taken,
            },
            body: Digest::from(polkadot_sdk::sp_crypto_hashing::blake2_256(&envelope.body)),
            signature: envelope.signature.as_slice().try_into().unwrap_or([0; 64]),
        };
        let key = (from, header.sequence);
        let Some(first) = self.seen.get(&key).copied() else {
            if self.seen.len() < REMEMBERED {
                self.seen.insert(key, message);
            }
            return true;
        };
        let both = Equivocation {
            first,
            second: message,
        };
        if both.conflicts() {
            log::error!(
                target: LOG,
                "participant {from} signed two messages under number {}: anybody can report it with \
                 training.report_equivocation, evidence 0x{}",
                header.sequence,
                hex::encode(both.encode()),
            );
            self.state.invalid.insert(from);
            self.changed = true;
            return false;
        }
        true
    }

    fn take_control(&mut self, from: PartyId, control: Control) {
        match control {
            Control::Taken(count) => {
                if let (0, Some(deal)) = (count, self.state.deals.get(&from)) {
                    self.sealed.push((from, deal.clone()));
                }
                self.send_again(from, count);
                for stage in 0..self.state.said {
                    let heads = self.state.endings.get(&stage);
                    let heads = heads.and_then(|ending| ending.of(self.me())).cloned();
                    if let Some(heads) = heads {
                        self.control(from, Control::Heads(heads));
                    }
                }
                self.tell_columns();
            }
            Control::Heads(heads) => {
                if heads.stage < self.training.terms.stages {
                    let ending = self.state.endings.entry(heads.stage).or_default();
                    ending.say(from, heads);
                    self.changed = true;
                }
            }
            Control::Columns(attributes) => {
                let agreed = self.training.terms.attributes == Some(attributes.digest());
                if agreed && self.state.attributes.is_none() {
                    self.state.attributes = Some(attributes);
                    self.changed = true;
                }
            }
            Control::Share(share) => self.take_share(from, share),
        }
    }

    fn take_share(&mut self, from: PartyId, share: Vec<u8>) {
        if from != salus_training::agreed::DEALER || self.state.share.is_some() {
            return;
        }
        match self.check_share(&share) {
            Ok(()) => {
                self.state.share = Some(share);
                if let Err(error) = self.begin() {
                    self.fail(&error);
                }
            }
            Err(why) => {
                log::warn!(target: LOG, "the dealer's share of the key: {why}");
                self.state.invalid.insert(from);
            }
        }
        self.changed = true;
    }

    fn check_share(&self, share: &[u8]) -> Result<(), String> {
        let share = salus_paillier::threshold::KeyShare::from_bytes(share)
            .map_err(|error| error.to_string())?;
        let digest = polkadot_sdk::sp_crypto_hashing::blake2_256(&share.key().to_bytes());
        let dealer = self.training.parties.first();
        let committed = dealer.and_then(|party| party.keys.as_ref()?.paillier);
        if committed != Some(digest.into()) {
            return Err("it is not of the key that was committed to".into());
        }
        match share.party() == self.me().0.saturating_add(1) {
            true => Ok(()),
            false => Err("it is another participant's".into()),
        }
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

    /// Says its heads at the end of every stage that is over here.
    pub(super) fn end_stages(&mut self) {
        let stages = self.training.terms.stages;
        let Some(role) = &self.role else { return };
        if self.state.failed.is_some() {
            return;
        }
        let now = role.view().progress().round;
        let last = self
            .state
            .rounds
            .map(|rounds| stage_of_end(rounds, stages, self.rounds));
        while self.state.said < stages {
            let stage = self.state.said;
            let end = match last {
                Some(last) if stage > last => return,
                Some(last) => stage == last,
                None if stage + 1 < stages && now > last_round(stage, stages, self.rounds) => false,
                None => return,
            };
            let claim = end.then(|| self.claim());
            self.say(stage, claim);
        }
    }

    fn claim(&self) -> Claim {
        let part = self.state.part.as_deref();
        let decoded = part.and_then(|part| ModelPart::from_bytes(part).ok());
        let has_model = self.is_heterogeneous() || self.me() == PartyId(0);
        let shown = !self.is_heterogeneous() && self.me() == PartyId(0) && self.providers_have_it();
        Claim {
            commitment: decoded
                .filter(|_| has_model)
                .map(|part| part.commitment().0),
            model: part.filter(|_| shown).map(<[u8]>::to_vec),
        }
    }

    /// Whether the back-end gives providers the model.
    fn providers_have_it(&self) -> bool {
        let terms = &self.training.terms;
        terms.access == salus_primitives::training::ModelAccess::Everyone
            || terms.backend != salus_primitives::training::Backend::SecureSvm
    }

    fn say(&mut self, stage: u32, end: Option<Claim>) {
        let sent = self.post.sent().into_iter();
        let heads = Heads {
            stage,
            sent: sent.map(|(to, count, head)| (to, (count, head))).collect(),
            end,
        };
        let me = self.me();
        self.state.endings.entry(stage).or_default().say(me, heads);
        self.state.said = stage.saturating_add(1);
        self.changed = true;
        self.say_again(stage);
    }

    /// Parties that the chain counts, in order.
    fn joined(&self) -> Vec<PartyId> {
        let joined = self.training.joined();
        joined.map(|(position, _)| PartyId(position)).collect()
    }

    /// What can be posted of the stage that the chain is in.
    pub(super) fn answers(&self) -> Answers {
        let Some(stage) = self.training.phase.stage() else {
            return Answers::default();
        };
        let epoch = self.training.epoch;
        let parties = self.joined();
        let ending = self.state.endings.get(&stage).cloned().unwrap_or_default();
        let (me, session) = (self.me(), self.training.session.0);
        let root = ending.root(&session, stage, me, &self.post, &parties);
        let mut wrong = self.invalid();
        wrong.extend(ending.wrong(me, &self.post, &parties));
        if let Ok(Some(root)) = root {
            match self.digest(&ending, &parties) {
                Ok(model) => {
                    let said = Said::Root {
                        root: root.into(),
                        model,
                    };
                    let root = Some(StagePost { epoch, said });
                    return Answers {
                        root,
                        blocked: None,
                    };
                }
                Err(party) => wrong.push(party),
            }
        }
        wrong.retain(|party| *party != me && parties.contains(party));
        let mut missing = self.waits_for();
        missing.retain(|party| parties.contains(party) && !wrong.contains(party));
        let said = Said::Blocked {
            missing: bits(&missing),
            invalid: bits(&wrong),
        };
        let blocked = StagePost { epoch, said };
        let names = !missing.is_empty() || !wrong.is_empty();
        Answers {
            root: None,
            blocked: names.then_some(blocked),
        }
    }

    fn invalid(&self) -> Vec<PartyId> {
        self.state.invalid.iter().copied().collect()
    }

    /// Whether somebody sent what does not verify.
    pub(super) fn has_invalid(&self) -> bool {
        matches!(
            self.answers().blocked,
            Some(StagePost { said: Said::Blocked { invalid, .. }, .. }) if invalid != 0
        )
    }

    /// The model's digest where the stage is the last; who claims what cannot be otherwise.
    fn digest(&self, ending: &Ending, parties: &[PartyId]) -> Result<Option<Digest>, PartyId> {
        let mine = ending.of(self.me()).and_then(|heads| heads.end.as_ref());
        if mine.is_none() {
            return Ok(None);
        }
        let claim = |party: &PartyId| {
            let claim = ending.of(*party).and_then(|heads| heads.end.as_ref());
            let commitment = claim.and_then(|claim| claim.commitment);
            commitment.map(Digest::from).ok_or(*party)
        };
        if self.is_heterogeneous() {
            let commitments: Result<Vec<Digest>, PartyId> = parties.iter().map(claim).collect();
            return Ok(Some(digest_of_parts(&commitments?)));
        }
        let analyst = PartyId(0);
        let digest = claim(&analyst)?;
        let shown = ending
            .of(analyst)
            .and_then(|heads| heads.end.as_ref()?.model.clone());
        let ours = self.state.part.as_deref();
        let ours = ours.and_then(|part| ModelPart::from_bytes(part).ok());
        if let (Some(ours), false) = (ours, self.me() == analyst) {
            let theirs = shown.and_then(|shown| ModelPart::from_bytes(&shown).ok());
            let same = theirs.is_some_and(|theirs| {
                theirs.commitment() == digest && party::is_same_model(&theirs, &ours)
            });
            if !same {
                return Err(analyst);
            }
        }
        Ok(Some(digest))
    }

    /// Whose messages are missing: for the protocol, then for the end of the stage.
    pub(super) fn waits_for(&self) -> Vec<PartyId> {
        let Some(role) = &self.role else {
            return vec![salus_training::agreed::DEALER];
        };
        if self.state.rounds.is_none() {
            return role.view().waits_for();
        }
        let stage = self.state.said.saturating_sub(1);
        let ending = self.state.endings.get(&stage).cloned().unwrap_or_default();
        let mut missing = ending.missing(self.me(), &self.post, &self.joined());
        missing.retain(|party| *party != self.me());
        missing
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
    pub(super) fn checkpoint(&mut self) -> Option<Vec<u8>> {
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        let stored = Stored::V1 {
            state: self.state.clone(),
            post: self.post.checkpoint(),
            party: self.role.as_ref().map(|role| role.view().checkpoint()),
        };
        Some(stored.encode())
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

fn bits(parties: &[PartyId]) -> Positions {
    let bit = |party: &PartyId| 1u16.checked_shl(party.0.into()).unwrap_or_default();
    parties.iter().fold(0, |bits, party| bits | bit(party))
}
