//! Rounds: parts of margins are added, masked in turn, opened together; then each learns for itself.

use std::mem;

use blake2::{digest::consts::U32, Blake2b, Digest};
use codec::Encode;
use salus_analytics::svm::{descend, Loss, Model, Sums};
use salus_paillier::{threshold::Share, Ciphertext};

use super::{Message, Participant, Stage};
use crate::{Error, Refused, Step, To};

impl Participant {
    pub(super) fn put_mask(&mut self, masked: Vec<Ciphertext>, bytes: &[u8]) {
        let mut hash = Blake2b::<U32>::new();
        hash.update(b"salus/training/masked/1");
        hash.update(self.work.view);
        hash.update(bytes);
        self.work.view = hash.finalize().into();
        self.work.masks += 1;
        self.work.masked = masked;
    }

    /// What proofs of shares are bound to.
    pub(super) fn context(&self, round: u32) -> Vec<u8> {
        (self.parameters.session, round).encode()
    }

    /// This participant's proof of its shares up to a round.
    pub(super) fn prove(&self, round: u32, now: bool) -> Result<Vec<u8>, Error> {
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
    pub(super) fn evidence_of(
        &self,
        party: u16,
        now: bool,
    ) -> Result<(Vec<Ciphertext>, Share), Error> {
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
    pub(super) fn advance(&mut self, step: &mut Step) -> Result<bool, Refused> {
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
}
