//! A participant as a party of a session.

use codec::{DecodeAll, Encode};
use salus_paillier::threshold::Share;

use super::{
    state::{Base, Stored},
    Participant, Stage,
};
use crate::{Error, Fault, Party, PartyId, Progress, Reason, Refused, Step};

impl Party for Participant {
    fn start(&mut self) -> Result<Step, Error> {
        if self.base.started {
            return Err(Error::Ended);
        }
        self.base.started = true;
        let mut step = Step::default();
        self.begin(&mut step)?;
        Ok(step)
    }

    fn receive(&mut self, from: PartyId, round: u32, body: &[u8]) -> Result<Step, Refused> {
        if let Some(stopped) = &self.stopped {
            return Err(stopped.clone());
        }
        if self.base.stage == Stage::Done {
            return Err(Error::Ended.into());
        }
        if from.0 >= self.parameters.participants || from.0 == self.me {
            let reason = Reason::NotParticipant;
            return Err(Fault {
                party: from,
                reason,
            }
            .into());
        }
        self.accept(from.0, round, body)
    }

    fn absent(&mut self, who: PartyId) -> Result<Step, Error> {
        let error = Error::Absent(who);
        self.stopped = Some(Refused::Error(error.clone()));
        Err(error)
    }

    fn checkpoint(&self) -> Vec<u8> {
        let key = self.secret.key();
        let evidence = self.base.evidence.iter().map(|(opened, shares)| {
            let shares = shares.iter().filter_map(|share| share.to_bytes(key).ok());
            let opened = self.judge.write(opened).unwrap_or_default();
            (opened, shares.collect())
        });
        Stored {
            session: self.parameters.session,
            me: self.me,
            stage: self.base.stage,
            started: self.base.started,
            rows: self.base.rows.clone(),
            classes: self.base.classes.clone(),
            weights: self.base.weights.clone(),
            bias: self.base.bias,
            links: self.base.links.clone(),
            view: self.base.view,
            evidence: evidence.collect(),
            log: self.log.clone(),
        }
        .encode()
    }

    fn resume(&mut self, checkpoint: &[u8]) -> Result<(), Error> {
        let wrong = Error::Checkpoint("it is cut short or not of this version");
        let stored = Stored::decode_all(&mut &*checkpoint).map_err(|_| wrong.clone())?;
        if stored.session != self.parameters.session || stored.me != self.me {
            return Err(Error::Checkpoint("it is of another session or participant"));
        }
        if stored.weights.len() != self.block.columns() {
            return Err(Error::Checkpoint("it is of data with other columns"));
        }
        let key = self.secret.key();
        let evidence = stored.evidence.iter().map(|(opened, shares)| {
            let shares = shares.iter().map(|share| Share::from_bytes(key, share));
            let shares = shares.collect::<Result<Vec<_>, _>>()?;
            Ok((self.judge.read(opened)?, shares))
        });
        let evidence = evidence.collect::<Result<Vec<_>, Error>>()?;
        self.base = Base {
            stage: stored.stage,
            started: stored.started,
            rows: stored.rows,
            classes: stored.classes,
            weights: stored.weights,
            bias: stored.bias,
            links: stored.links,
            view: stored.view,
            evidence,
        };
        (self.data, self.scale, self.stopped) = (None, None, None);
        self.early.clear();
        self.log.clear();
        let mut sent = Step::default();
        self.begin(&mut sent)?;
        for (from, round, body) in stored.log {
            if self.accept(from, round, &body).is_err() {
                // It had stopped for this, and has again.
                return match self.stopped {
                    Some(_) => Ok(()),
                    None => Err(wrong),
                };
            }
        }
        Ok(())
    }

    fn waits_for(&self) -> Vec<PartyId> {
        let n = self.parameters.participants;
        let missing = |has: &dyn Fn(u16) -> bool| -> Vec<PartyId> {
            let parties = (0..n).filter(|party| *party != self.me && !has(*party));
            parties.map(PartyId).collect()
        };
        let work = &self.work;
        match self.base.stage {
            Stage::Align => {
                let before = (self.me + n - 1) % n;
                vec![PartyId(match work.stripped {
                    true => n - 1,
                    false => before,
                })]
            }
            Stage::Commit => missing(&|party| {
                let classes = PartyId(party) != self.parameters.classes || work.classes.is_some();
                let linked = !work.linked || work.links.contains_key(&party);
                work.commitments.contains_key(&party) && classes && linked
            }),
            Stage::Round(round) => {
                if work.contributions.len() < usize::from(n) {
                    return missing(&|party| work.contributions.contains_key(&party));
                }
                if work.masks < n {
                    return missing(&|party| party != self.masker(round, work.masks));
                }
                match work.proving {
                    true => missing(&|party| work.proved.contains(&party)),
                    false => missing(&|party| work.shares.contains_key(&party)),
                }
            }
            Stage::Done => Vec::new(),
        }
    }

    fn progress(&self) -> Progress {
        Progress {
            round: match self.base.stage {
                Stage::Round(round) => round - 1,
                Stage::Done => self.parameters.svm.iterations,
                Stage::Align | Stage::Commit => 0,
            },
            of: self.parameters.svm.iterations,
        }
    }
}
