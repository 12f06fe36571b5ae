//! Which patients all have: their names, blinded by each in turn.

use super::{
    super::align::{self, Point},
    Message, Participant, Stage,
};
use crate::{Error, PartyId, Refused, Step, To};

impl Participant {
    /// Whether participant 0 gets a list from the last one that had to blind it.
    pub(super) fn is_complete(&self, from: u16, origin: u16) -> bool {
        let n = self.parameters.participants;
        self.me == 0 && from == origin.wrapping_add(n - 1) % n
    }

    /// A list that this participant blinded goes on, or to participant 0 once all have.
    pub(super) fn pass_on(&mut self, origin: u16, points: Vec<Point>, step: &mut Step) {
        let last = (self.me + 1) % self.parameters.participants == origin;
        match (last, self.me) {
            (true, 0) => {
                self.work.lists.insert(origin, points);
            }
            (true, _) => self.send(
                step,
                To::One(PartyId(0)),
                &Message::Raised { origin, points },
            ),
            (false, _) => self.send(step, self.next(), &Message::Raised { origin, points }),
        }
    }

    /// Participant 0 compares the lists once it has all.
    pub(super) fn intersect(&mut self, step: &mut Step) -> Result<(), Error> {
        let all = usize::from(self.parameters.participants);
        if self.me != 0 || self.work.lists.len() < all || self.work.stripped {
            return Ok(());
        }
        let common = align::common(self.work.lists.values());
        let stripped = self.blinding().strip(&common).ok_or(Error::Unattributed(
            "a list of blinded patients has numbers that are no points",
        ))?;
        self.work.stripped = true;
        self.send(step, self.next(), &Message::Common(stripped));
        Ok(())
    }

    /// This participant's rows of common patients.
    pub(super) fn find(&self, points: &[Point]) -> Result<Vec<u32>, Error> {
        let session = &self.parameters.session;
        let rows = align::positions(session, self.block.names(), points);
        let rows = rows.ok_or(Error::Unattributed(
            "the list of common patients names some that are not all participants'",
        ))?;
        self.parameters.check_rows(rows.len())?;
        Ok(rows)
    }

    pub(super) fn align(&mut self, rows: Vec<u32>, step: &mut Step) -> Result<(), Refused> {
        self.base.rows = rows;
        self.enter(Stage::Commit, step)?;
        Ok(())
    }
}
