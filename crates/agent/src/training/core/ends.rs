//! Ends of stages: what a party tells the others, and what it posts on the chain.

use salus_primitives::{
    training::{duty_input, Equivocation, Positions, Said, StageAnswer, StagePost},
    Digest,
};
use salus_training::{
    model::{digest_of_parts, ModelPart},
    stage::{last_round, stage_of_end, Claim, Ending, Heads},
    PartyId,
};

use super::{party, Core};

/// What can be posted on the chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::training) struct Answers {
    epoch: u32,
    /// Proof against a party that still takes part: what is said before that counts no more.
    evidence: Option<Equivocation>,
    /// A root, or that this party cannot go on.
    last: Option<Said>,
    /// Why there is no root.
    blocked: Option<Said>,
}

impl Answers {
    /// Whether there is a root, or it is known that none comes.
    pub(in crate::training) fn has_last(&self) -> bool {
        self.last.is_some()
    }

    /// Whether somebody sent what does not verify.
    pub(in crate::training) fn has_invalid(&self) -> bool {
        matches!(self.blocked, Some(Said::Blocked { invalid, .. }) if invalid != 0)
    }

    /// What answers the duty with this input; `late`: also what there is no root for.
    pub(in crate::training) fn of(
        &self,
        input: Digest,
        session: &Digest,
        late: bool,
    ) -> Option<StageAnswer> {
        let is = |said: bool| duty_input(session, self.epoch, said) == input;
        if !is(false) && !is(true) {
            return None;
        }
        let epoch = self.epoch;
        let blocked = self.blocked.filter(|_| late && is(false));
        let said = self.last.or(blocked);
        match self.evidence {
            Some(evidence) => Some(StageAnswer::Equivocation(evidence)),
            None => said.map(|said| StageAnswer::Post(StagePost { epoch, said })),
        }
    }
}

impl Core {
    /// Says its heads at the end of every stage that is over here.
    pub(in crate::training) fn end_stages(&mut self) {
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
    pub(in crate::training) fn answers(&self) -> Answers {
        let Some(stage) = self.training.phase.stage() else {
            return Answers::default();
        };
        let parties = self.joined();
        let mut proven = self.state.evidence.iter();
        let mut answers = Answers {
            epoch: self.training.epoch,
            evidence: proven
                .find(|(party, _)| parties.contains(party))
                .map(|(_, evidence)| *evidence),
            ..Answers::default()
        };
        let ending = self.state.endings.get(&stage).cloned().unwrap_or_default();
        let (me, session) = (self.me(), self.training.session.0);
        let root = ending.root(&session, stage, me, &self.post, &parties);
        let mut wrong: Vec<PartyId> = self.state.invalid.iter().copied().collect();
        wrong.extend(ending.wrong(me, &self.post, &parties));
        if let Ok(Some(root)) = root {
            match self.digest(&ending, &parties) {
                Ok(model) => {
                    let root = root.into();
                    answers.last = Some(Said::Root { root, model });
                    return answers;
                }
                Err(party) => wrong.push(party),
            }
        }
        wrong.retain(|party| *party != me && parties.contains(party));
        let failed = self.state.failed.is_some();
        let mut missing = match failed {
            // It does not wait for anybody any more.
            true => Vec::new(),
            false => self.waits_for(),
        };
        missing.retain(|party| parties.contains(party) && !wrong.contains(party));
        if !missing.is_empty() || !wrong.is_empty() {
            answers.blocked = Some(Said::Blocked {
                missing: bits(&missing),
                invalid: bits(&wrong),
            });
        } else if failed {
            answers.last = Some(Said::Failed);
        }
        answers
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
}

fn bits(parties: &[PartyId]) -> Positions {
    let bit = |party: &PartyId| 1u16.checked_shl(party.0.into()).unwrap_or_default();
    parties.iter().fold(0, |bits, party| bits | bit(party))
}
