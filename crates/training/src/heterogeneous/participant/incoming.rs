//! Messages: when they are due, what is right about them, what follows.

use std::mem;

use blake2::{digest::consts::U32, Blake2b, Digest};
use codec::{DecodeAll, Encode};
use salus_paillier::{threshold::Share, Ciphertext};

use super::{
    super::{align, parameters::MAX_PATIENTS, rows},
    Message, Participant, Stage,
};
use crate::{Error, Fault, PartyId, Reason, Refused, Step, To};

/// Messages of one sender that may wait for those of others.
const MAX_EARLY: usize = 4;

/// A message's time.
enum Due {
    Now,
    Later,
    Never,
}

impl Participant {
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
                    // Nobody sees bare points of which this participant knows that not all have them.
                    let rows = self.find(&stripped)?;
                    self.send(step, To::All, &Message::Aligned(stripped));
                    return self.align(rows, step);
                }
                self.send(step, self.next(), &Message::Common(stripped));
                Ok(())
            }
            Message::Aligned(points) => self.align(self.find(points)?, step),
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
                    // Whoever sent different things to different participants, it need not be this one.
                    return Err(Error::HeardOther(PartyId(from)).into());
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

    pub(super) fn accept(&mut self, from: u16, round: u32, body: &[u8]) -> Result<Step, Refused> {
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
