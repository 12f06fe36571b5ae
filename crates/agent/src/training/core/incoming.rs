//! What other parties send to one training: messages of the protocol, and what goes beside them.

use std::collections::BTreeMap;

use codec::{Decode, Encode};
use polkadot_sdk::sp_crypto_hashing::blake2_256;
use salus_paillier::threshold::KeyShare;
use salus_primitives::{
    training::{Equivocation, MessageHeader, SignedMessage},
    Digest,
};
use salus_training::{agreed::DEALER, stage::Control, Envelope, Error, PartyId, Reason, Refused};

use super::{
    super::secret::Secret,
    wire::{Item, Verified},
    Core,
};
use crate::LOG;

/// Signed messages of one party that are remembered to prove an equivocation with, and those of them
/// that a checkpoint keeps.
const REMEMBERED: usize = 1 << 12;
const KEPT: usize = 64;

/// The latest signed messages of each party, by their numbers; digests of their bodies.
#[derive(Clone, Debug, Default, Encode, Decode)]
pub(super) struct Seen(BTreeMap<PartyId, BTreeMap<u32, SignedMessage>>);

impl Seen {
    /// What came first under the number of this message, where it is remembered; else remembers it.
    fn first(&mut self, from: PartyId, message: SignedMessage) -> Option<SignedMessage> {
        let of_party = self.0.entry(from).or_default();
        if let Some(first) = of_party.get(&message.header.sequence) {
            return Some(*first);
        }
        of_party.insert(message.header.sequence, message);
        while of_party.len() > REMEMBERED {
            of_party.pop_first();
        }
        None
    }

    /// What a checkpoint keeps of it.
    pub(super) fn latest(&self) -> Self {
        let latest = |(from, of_party): (&PartyId, &BTreeMap<u32, SignedMessage>)| {
            let latest = of_party.iter().rev().take(KEPT);
            let latest = latest.map(|(number, message)| (*number, *message));
            (*from, latest.collect::<BTreeMap<_, _>>())
        };
        Seen(self.0.iter().map(latest).collect())
    }
}

impl Core {
    /// Takes what a party sent, in order. What is wrong names it.
    pub(in crate::training) fn take(&mut self, from: PartyId, items: Vec<Item>) {
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
    pub(in crate::training) fn is_ready(&self) -> bool {
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
        if header.sequence >= self.post.taken(from).saturating_add(KEPT as u32) {
            // Too far ahead to be taken: it must not drive out what was.
            return true;
        }
        let message = SignedMessage {
            header: MessageHeader {
                session: header.session.into(),
                round: header.round,
                from: header.from.0,
                to: header.to.0,
                sequence: header.sequence,
                taken: header.taken,
            },
            body: Digest::from(blake2_256(&envelope.body)),
            signature: envelope.signature.as_slice().try_into().unwrap_or([0; 64]),
        };
        let Some(first) = self.seen.first(from, message) else {
            self.changed = true;
            return true;
        };
        let both = Equivocation {
            first,
            second: message,
        };
        if both.conflicts() {
            log::error!(
                target: LOG,
                "participant {from} signed two messages under number {}: this goes to the chain",
                header.sequence,
            );
            self.state.evidence.entry(from).or_insert(both);
            self.state.invalid.insert(from);
            self.changed = true;
            return false;
        }
        true
    }

    fn take_control(&mut self, from: PartyId, control: Control) {
        match control {
            Control::Taken(count) => self.tell_again(from, count),
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
            Control::Share(share) => self.take_share(from, share.into()),
        }
    }

    fn take_share(&mut self, from: PartyId, share: Secret) {
        if from != DEALER || self.state.share.is_some() {
            return;
        }
        match self.check_share(share.expose()) {
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
        let share = KeyShare::from_bytes(share).map_err(|error| error.to_string())?;
        let digest = blake2_256(&share.key().to_bytes());
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
}
