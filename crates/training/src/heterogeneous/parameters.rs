//! What the participants agree on, and what it tells to whom.

use salus_analytics::svm::{Loss, SvmParameters};

use super::{judge::Layout, MASK_OCTAVES};
use crate::{Backend, Error, Leak, PartyId, SessionId};

/// Most rounds: each has a link of 32 bytes that is computed at the start.
const MAX_ROUNDS: u32 = 1 << 16;
/// Most patients of a participant.
pub(super) const MAX_PATIENTS: usize = 1 << 20;
/// Most times that a row may be judged, on average: every judgement wears its masks out.
const MAX_JUDGEMENTS: u64 = 32;

/// Parameters of a session.
#[derive(Clone, PartialEq, Debug)]
pub struct Parameters {
    /// Names the session.
    pub session: SessionId,
    /// Participants, from 2 to 5. They are numbered from 0; number p has share p + 1 of the key.
    pub participants: u16,
    /// Who knows the classes of the rows and tells the others. It keeps the bias.
    pub classes: PartyId,
    /// Hinge loss; rows of a round in `batch`, 1 in faithful mode. The seed is not used.
    pub svm: SvmParameters,
    /// |z| < 2^margin_bits, in units of 1/S^2, is what the masks are laid out for.
    pub margin_bits: u32,
    /// Fewest common patients: with fewer, nobody trains.
    pub fewest_rows: u32,
    /// Decryptions that one proof of a participant is for; 0 if nobody proves.
    pub prove_every: u32,
}

impl Parameters {
    /// With 16 bits above the point for margins, at least 10 rows, and a proof for every 64
    /// decryptions.
    pub fn new(session: SessionId, participants: u16, svm: SvmParameters) -> Self {
        Parameters {
            session,
            participants,
            classes: PartyId(0),
            margin_bits: 2 * svm.fraction + 16,
            svm,
            fewest_rows: 10,
            prove_every: 64,
        }
    }

    /// Faithful for one row a round, batch for more.
    pub fn backend(&self) -> Backend {
        match self.svm.batch {
            1 => Backend::Faithful,
            _ => Backend::Batch,
        }
    }

    /// Checks ranges.
    pub fn validate(&self, key_bits: u32) -> Result<(), Error> {
        self.svm.validate()?;
        self.layout(key_bits)?;
        let refused = |ok: bool, what: &str| match ok {
            true => Ok(()),
            false => Err(Error::Parameter(what.into())),
        };
        refused(
            self.svm.loss == Loss::Hinge,
            "training on columns is for the hinge loss: squared hinge needs products of columns of \
             different participants",
        )?;
        refused(
            self.svm.stop_cost == 0.0,
            "no participant knows the cost, so training on columns cannot stop at one: state 0",
        )?;
        refused(
            self.svm.iterations <= MAX_ROUNDS,
            "training on columns has at most 65536 rounds",
        )?;
        refused(
            self.classes.0 < self.participants,
            "the holder of the classes is none of the participants",
        )?;
        refused(self.fewest_rows >= 1, "at least one common row is needed")
    }

    /// Checks that the masks last for the rounds on this many common rows.
    pub(super) fn check_rows(&self, rows: usize) -> Result<(), Error> {
        if rows < self.fewest_rows as usize {
            return Err(Error::Parameter(format!(
                "the participants have {rows} patients in common; the session asks for at least {}",
                self.fewest_rows
            )));
        }
        let rows = rows as u64;
        let batch = match self.svm.batch {
            0 => rows,
            batch => u64::from(batch),
        };
        let most = MAX_JUDGEMENTS.saturating_mul(rows);
        match batch.saturating_mul(u64::from(self.svm.iterations)) <= most {
            true => Ok(()),
            false => Err(Error::Parameter(format!(
                "{} rounds of {batch} rows judge each of {rows} rows more than {MAX_JUDGEMENTS} \
                 times, and the masks of so many say how large its margin is; use fewer rounds",
                self.svm.iterations
            ))),
        }
    }

    pub(super) fn layout(&self, key_bits: u32) -> Result<Layout, Error> {
        Layout::new(key_bits, self.participants, self.margin_bits)
    }

    /// Octaves in which all others together still have to look for a margin that was judged
    /// `times` times: what is left between the least and the largest mask on average.
    pub fn octaves_left(times: u32) -> f64 {
        f64::from(MASK_OCTAVES) * 2.0 / (f64::from(times) + 1.0)
    }

    /// Longest body of a message, for `rows` common rows or patients of a participant.
    pub fn max_body(&self, key_bits: u32, rows: usize) -> usize {
        let batch = match self.svm.batch {
            0 => rows,
            batch => batch as usize,
        };
        let numbers = batch.saturating_mul(key_bits as usize / 4);
        numbers.max(rows.saturating_mul(32)).saturating_add(4096)
    }
}

/// What training on columns tells to whom, beside the model itself.
pub fn leaks() -> Vec<Leak> {
    let leak = |to, what, when| Leak { to, what, when };
    vec![
        leak(
            "every participant",
            "how many patients each participant has, and which of its own all have",
            "once",
        ),
        leak(
            "participant 0",
            "how many patients each group of participants shares, not which",
            "once",
        ),
        leak(
            "every participant",
            "the classes of the common rows",
            "once",
        ),
        leak(
            "every participant",
            "the rows of the round, and of each whether it lies within the margin",
            "every round",
        ),
        leak(
            "every participant",
            "of each judged row, its margin times masks of at least 64 octaves each: blurred, and \
             less so the more often a row is judged",
            "every round",
        ),
    ]
}
