//! Same attributes, different patients: one analyst and n providers, rows never leave a provider.
//!
//! A round: the analyst gives out the model ([`Backend`] says how), every provider finds its
//! active rows, all count together how many rows changed since each earlier release ([`gate`]),
//! and if these are enough they release the sum of their sums to the analyst under double masks.
//! Back-ends differ in a `Method`; rounds, masks, drop-outs and checkpoints are the same for all.

mod analyst;
mod estimate;
pub mod gate;
mod masks;
mod method;
mod moments;
mod newton;
mod pooled;
mod provider;
mod ring;
mod secure_svm;
mod wire;

#[cfg(test)]
mod tests;

pub use analyst::Analyst;
pub use estimate::estimate;
pub use moments::Moments;
pub use pooled::pooled;
pub use provider::{Provider, Rows};

use std::num::NonZeroUsize;

use blake2::{digest::consts::U32, Blake2b, Digest};
use codec::Encode;
use salus_analytics::{
    scale::Scaling,
    svm::{Loss, SvmParameters, MAX_COLUMNS},
};
use salus_paillier::{Exponent, PublicKey, SecretKey};

use crate::{Backend, Error, Leak, PartyId, Reason, Seed, SessionId};
use gate::Verdict;
use method::Method;

/// Most providers.
pub const MAX_PROVIDERS: usize = 32;

/// What all participants of a session agree on before it begins.
#[derive(Clone, PartialEq, Debug)]
pub struct Terms {
    /// The session.
    pub session: SessionId,
    /// [`Backend::SecureSvm`], [`Backend::PackedNewton`] or [`Backend::Masked`].
    pub backend: Backend,
    /// What is trained. `batch` must be 0, `scaling` `none` or `z-score`.
    pub svm: SvmParameters,
    /// Columns of every provider.
    pub columns: usize,
    /// Providers in ascending order. 0 is the analyst.
    pub providers: Vec<PartyId>,
    /// Providers without which the session does not go on, should others drop out: two, or the only
    /// one, at least.
    pub min_providers: usize,
    /// K: sums are released only if at least this many rows changed since every earlier release.
    /// 1 releases every round.
    pub min_changed: u64,
    /// Bits of the analyst's key.
    pub key_bits: u32,
    /// What encryption rests on.
    pub exponent: Exponent,
    /// Most rows of all providers together; each may have its part of them.
    pub max_rows: u64,
    /// Scaled values are below 2^range.
    pub range_bits: u32,
    /// Of `secure-svm`: |y(w.x + b) - 1| in units of 1/S^2 is below 2^decision.
    pub decision_bits: u32,
    /// Of `secure-svm`: r is from 2^decision to 2^(decision + mask).
    pub mask_bits: u32,
    /// Whether providers get the model at the end.
    pub share_model: bool,
    /// Threads of one participant; all of the machine's if none.
    pub threads: Option<NonZeroUsize>,
}

impl Terms {
    /// Usual terms for these providers: K = 10, 2048 bits, 2^20 rows, values below 32, masks from
    /// 64 octaves.
    pub fn new(
        session: SessionId,
        backend: Backend,
        svm: SvmParameters,
        columns: usize,
        providers: Vec<PartyId>,
    ) -> Self {
        Terms {
            session,
            backend,
            columns,
            min_providers: providers.len().min(2),
            providers,
            min_changed: 10,
            key_bits: 2048,
            exponent: Exponent::Half,
            max_rows: 1 << 20,
            range_bits: 5,
            decision_bits: 2 * svm.fraction + 11,
            mask_bits: 64,
            share_model: true,
            threads: None,
            svm,
        }
    }

    /// Checks that the terms fit together.
    pub fn validate(&self) -> Result<(), Error> {
        self.svm.validate()?;
        let refused = |ok: bool, why: &str| match ok {
            true => Ok(()),
            false => Err(Error::Parameter(why.into())),
        };
        let method = self.method()?;
        refused(
            (1..=MAX_PROVIDERS).contains(&self.providers.len())
                && self.providers.is_sorted_by(|a, b| a < b)
                && self.providers.first().is_some_and(|first| first.0 > 0),
            "a session has from 1 to 32 providers, in ascending order, and the analyst is 0",
        )?;
        refused(
            (self.providers.len().min(2)..=self.providers.len()).contains(&self.min_providers),
            "the fewest providers must be from two, or the only one, to all",
        )?;
        refused(
            (1..=MAX_COLUMNS).contains(&self.columns),
            "there must be from 1 to 1024 columns",
        )?;
        refused(
            self.svm.batch == 0,
            "nobody can draw a batch of rows that nobody has together; use batch 0",
        )?;
        refused(
            self.svm.scaling != Scaling::MinMax,
            "sums do not tell the least and the largest value; use the scaling z-score or none",
        )?;
        refused(
            self.backend != Backend::PackedNewton || self.svm.loss == Loss::SquaredHinge,
            "packed-newton trains the squared hinge loss; secure-svm and masked train either",
        )?;
        refused(
            (1..=1 << 24).contains(&self.max_rows) && self.max_rows_each() > 0,
            "the most rows must be from one for each provider to 2^24",
        )?;
        refused(
            self.min_changed >= 1 && self.min_changed <= self.max_rows,
            "K must be from 1 to the most rows",
        )?;
        refused(
            self.range_bits <= 16 && self.value_bits() <= 36,
            "values must be below 2^16 and below 2^36 units",
        )?;
        refused(
            (1..=64).contains(&self.mask_bits)
                && self.decision_bits > 2 * self.svm.fraction
                && self.decision_bits + self.mask_bits <= 127,
            "masks are from 1 to 64 octaves, decisions have more bits than twice the fraction, both together 127",
        )?;
        if method.needs_key() && self.key_bits == 1024 && !cfg!(feature = "bench-legacy") {
            return Err(salus_paillier::Error::LegacyKeySize.into());
        }
        Ok(())
    }

    /// BLAKE2b-256 of everything that both sides must agree on.
    pub fn digest(&self) -> Result<[u8; 32], Error> {
        let mut hash = Blake2b::<U32>::new();
        hash.update(b"salus/training/terms/2");
        hash.update(self.svm.to_canonical_json()?);
        let numbers = (
            (
                self.session,
                self.backend,
                self.columns as u32,
                &self.providers,
                self.min_providers as u32,
            ),
            (
                self.min_changed,
                self.key_bits,
                self.exponent == Exponent::Half,
            ),
            (
                self.max_rows,
                self.range_bits,
                self.decision_bits,
                self.mask_bits,
                self.share_model,
            ),
        );
        hash.update(numbers.encode());
        Ok(hash.finalize().into())
    }

    /// What this training tells to whom, to be shown before it begins: with the fewest providers
    /// that it may go on with.
    pub fn leaks(&self) -> Result<Vec<Leak>, Error> {
        let mut leaks = self.method()?.leaks().to_vec();
        if self.svm.scaling == Scaling::ZScore {
            leaks.push(MOMENTS);
        }
        if self.share_model && !self.method()?.shows_model() {
            leaks.push(Leak {
                to: "every provider",
                what: "the model",
                when: "at the end",
            });
        }
        if self.min_providers < 3 {
            leaks.push(match self.min_providers {
                1 => Leak {
                    to: "the analyst",
                    what: "sums of the one provider's rows: there is nobody to hide among",
                    when: "every release",
                },
                _ => Leak {
                    to: "the analyst and a provider together",
                    what: "the other provider's sums, once no more than two are left",
                    when: "every release",
                },
            });
        }
        if self.min_changed < 2 {
            leaks.push(Leak { to: "the analyst", what: "the attributes of a single row, whenever a round changes one row only: K is below 2", when: "every release" });
        }
        Ok(leaks)
    }

    fn method(&self) -> Result<Box<dyn Method>, Error> {
        match self.backend {
            Backend::SecureSvm => Ok(Box::new(secure_svm::SecureSvm)),
            Backend::PackedNewton => Ok(Box::new(newton::PackedNewton)),
            Backend::Masked => Ok(Box::new(method::Masked)),
            Backend::Faithful | Backend::Batch => Err(Error::Parameter(format!(
                "{} is for columns of the same patients at different participants",
                self.backend
            ))),
        }
    }

    /// Bits of a scaled value's magnitude in units of 1/S.
    fn value_bits(&self) -> u32 {
        self.svm.fraction + self.range_bits
    }

    /// What the totals of changed rows allow. Such as cannot be allow nothing: the session ends.
    fn verdict(&self, totals: &[u64]) -> Result<Verdict, Error> {
        match gate::verdict(totals, self.min_changed, self.max_rows) {
            Verdict::Impossible => Err(Error::Unattributed(
                "more rows changed than there are, all counts together",
            )),
            verdict => Ok(verdict),
        }
    }

    /// Of `secure-svm`, what a product needs: |2 (z r + rho) + 1| with |z| < 2^decision and
    /// r < 2^(decision + mask), a sign, and a bit for the bound itself.
    fn slot_bits(&self) -> u32 {
        2 * self.decision_bits + self.mask_bits + 3
    }

    /// Most rows of one provider.
    pub fn max_rows_each(&self) -> u64 {
        self.max_rows / self.providers.len().max(1) as u64
    }

    /// Largest body of a message.
    pub fn max_body(&self) -> usize {
        let providers = self.providers.len();
        // Deals of shares, all releases' counts, and ciphertexts of up to twice the key: a slot for
        // every row, or packed sums.
        let deal = masks::SLOTS as usize * (64 + 96 * providers + 64 * providers) + 64 * providers;
        let counts = 8 * (self.svm.iterations as usize + 2);
        let ciphertext = self.key_bits as usize / 4;
        let slots = (self.key_bits.saturating_sub(1) / self.slot_bits()).max(1) as usize;
        let rows = match self.backend {
            Backend::SecureSvm => (self.max_rows_each() as usize).div_ceil(slots) * ciphertext,
            _ => 0,
        };
        let sums = (4 + self.columns * (self.columns + 7) / 2) * ciphertext.max(16);
        1024 + deal.max(counts).max(rows).max(sums)
    }
}

/// Sums that every back-end gives.
const SUMS: Leak = Leak {
    to: "the analyst",
    what: "sums over all providers' rows within the margin: their number, of classes and attributes; with the squared hinge loss of products of two attributes as well; only over sets of rows that differ in none or in at least K rows from those of each earlier release",
    when: "every release",
};

/// Counts that every back-end gives.
const COUNTS: Leak = Leak {
    to: "the analyst and every provider",
    what: "how many rows of all providers together changed since each earlier release",
    when: "every round",
};

/// What a group learns.
const ROLES: Leak = Leak {
    to: "the analyst and all providers but two, together",
    what: "the sums of the two others, added; and of two releases their difference, over fewer than K of their rows if the group's own rows, or counts that it invents, make up the rest of K",
    when: "every release",
};

/// What a drop-out tells.
const LEAVING: Leak = Leak {
    to: "the analyst",
    what: "the difference between sums with and without a participant that drops out",
    when: "when one drops out",
};

/// What back-ends tell that have their model in the open.
const OPEN: &[Leak] = &[
    Leak {
        to: "the analyst and every provider",
        what: "the model of every round",
        when: "every round",
    },
    SUMS,
    COUNTS,
    ROLES,
    LEAVING,
];

/// What the common scaling tells.
const MOMENTS: Leak = Leak {
    to: "the analyst and every provider",
    what: "number of rows, mean and standard deviation of each column over all providers",
    when: "once",
};

/// The analyst's key, always the same for one seed.
fn secret_key(terms: &Terms, seed: &Seed) -> Result<SecretKey, Error> {
    let mut random = seed
        .derive("paillier", &[&terms.key_bits.to_le_bytes()])
        .random();
    Ok(SecretKey::generate(terms.key_bits, &mut random)?)
}

/// The analyst's public key for so many bits, as it gives it out: what it commits to beforehand is
/// the digest of. The same for one seed; it takes a second or some.
pub fn analyst_key(bits: u32, seed: &Seed) -> Result<Vec<u8>, Error> {
    let mut random = seed.derive("paillier", &[&bits.to_le_bytes()]).random();
    Ok(SecretKey::generate(bits, &mut random)?.public().to_bytes())
}

/// The secret that masks of pairs are agreed with, as an X25519 key.
pub fn exchange_secret(seed: &Seed) -> Seed {
    seed.derive("x25519", &[])
}

/// The analyst's public key, of the length that the terms say.
fn public_key(terms: &Terms, setup: &[u8]) -> Result<PublicKey, Reason> {
    let key = PublicKey::from_bytes(setup).map_err(Reason::Crypto)?;
    match key.bits() == terms.key_bits {
        true => Ok(key),
        false => Err(Reason::Crypto(salus_paillier::Error::KeySize(key.bits()))),
    }
}
