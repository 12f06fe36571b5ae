//! Back-end `secure-svm`: the model travels encrypted, and the analyst says which rows are active
//! without learning it.

use std::num::NonZeroUsize;

use rand_core::Rng;
use salus_analytics::{
    svm::{Data, Model},
    workers,
};
use salus_paillier::{
    Ciphertext, Combination, Encryptor, Int, Packing, Plaintext, PublicKey, SecretKey,
};

use super::{
    masks::Mask,
    method::{check_ring, Analyse, Asked, Method, Provide},
    ring, Terms,
};
use crate::{Error, Fault, Leak, PartyId, Random, Reason, Refused, Seed};

/// Ciphertexts that one thread takes at once: what the processor's lanes take.
const BATCH: usize = 8;

/// The back-end.
pub(super) struct SecureSvm;

struct Analyst {
    secret: SecretKey,
    encryptor: Encryptor,
    packing: Packing,
}

struct Provider {
    encryptor: Encryptor,
    packing: Packing,
}

/// Slots for 2 (z r + rho) + 1 with |z| < 2^decision, r < 2^mask: a sign and two bits more.
fn packing(terms: &Terms, key: &PublicKey) -> Result<Packing, salus_paillier::Error> {
    Packing::new(key, terms.decision_bits + terms.mask_bits + 3)
}

fn bound(terms: &Terms) -> Int {
    Int::from(1i128 << (terms.decision_bits + terms.mask_bits + 1))
}

impl Method for SecureSvm {
    fn leaks(&self) -> &'static [Leak] {
        &[
            Leak { to: "the analyst", what: "the model of every round", when: "every round" },
            Leak { to: "the analyst", what: "for each provider its number of rows, rounded up to full ciphertexts, and as many products of the distance of a row to the margin and a secret number of up to 64 bits: the size of a distance blurred, neither its sign nor its row", when: "every round" },
            Leak { to: "a provider", what: "which of its own rows are within the margin of the secret model", when: "every round" },
            super::SUMS,
            super::COUNTS,
            super::ROLES,
            super::LEAVING,
        ]
    }
    fn shows_model(&self) -> bool {
        false
    }
    fn needs_key(&self) -> bool {
        true
    }
    fn analyst(&self, terms: &Terms, seed: &Seed) -> Result<Box<dyn Analyse>, Error> {
        let secret = super::secret_key(terms, seed)?;
        Ok(Box::new(Analyst {
            encryptor: Encryptor::new(secret.public(), terms.exponent),
            packing: packing(terms, secret.public())?,
            secret,
        }))
    }
    fn provider(&self, terms: &Terms, setup: &[u8]) -> Result<Box<dyn Provide>, Reason> {
        let key = super::public_key(terms, setup)?;
        Ok(Box::new(Provider {
            packing: packing(terms, &key).map_err(Reason::Crypto)?,
            encryptor: Encryptor::new(&key, terms.exponent),
        }))
    }
}

/// Runs a task over parts of a list, in order.
fn in_batches<I: Sync, T: Send>(
    threads: Option<NonZeroUsize>,
    items: &[I],
    task: impl Fn(&[I]) -> Result<Vec<T>, salus_paillier::Error> + Sync,
) -> Result<Vec<T>, salus_paillier::Error> {
    let threads = workers::count(threads);
    let size = items
        .len()
        .div_ceil(threads.get())
        .next_multiple_of(BATCH)
        .max(BATCH);
    let parts: Vec<&[I]> = items.chunks(size).collect();
    let done = workers::map(threads, parts, || (), |_, part| task(part));
    let done = done.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(done.into_iter().flatten().collect())
}

impl Analyse for Analyst {
    fn setup(&self) -> Vec<u8> {
        self.secret.public().to_bytes()
    }

    fn query(&self, terms: &Terms, model: &Model, seed: &Seed) -> Result<Vec<u8>, Error> {
        // |y(w.x + b S) - S^2| stays below what the slots are made for.
        let weights: u128 = model
            .weights
            .iter()
            .map(|w| u128::from(w.unsigned_abs()))
            .sum();
        let fraction = terms.svm.fraction;
        let largest = (weights << terms.value_bits())
            + (u128::from(model.bias.unsigned_abs()) << fraction)
            + (1 << (2 * fraction));
        if largest >= 1 << terms.decision_bits {
            return Err(Error::Parameter(format!(
                "decisions under this model may need {} bits, and the session has {}: state more, or a smaller learning rate",
                128 - largest.leading_zeros(),
                terms.decision_bits
            )));
        }
        let key = self.secret.public();
        let numbers = model.weights.iter().chain([&model.bias]);
        let numbers = numbers.map(|number| Plaintext::from_int(key, &Int::from(*number)));
        let numbers = numbers.collect::<Result<Vec<_>, _>>()?;
        let ciphertexts = self.encryptor.encrypt_many(&numbers, &mut seed.random())?;
        Ok(key.ciphertexts_to_bytes(&ciphertexts)?)
    }

    fn compare(&self, terms: &Terms, comparison: &[u8]) -> Result<Vec<bool>, Reason> {
        let key = self.secret.public();
        let slots = self.packing.slots();
        let most = (terms.max_rows_each() as usize).div_ceil(slots);
        let ciphertexts = key
            .ciphertexts_from_bytes(comparison)
            .map_err(Reason::Crypto)?;
        if ciphertexts.is_empty() || ciphertexts.len() > most {
            return Err(Reason::Count {
                what: "ciphertexts",
                got: ciphertexts.len(),
                expected: most,
            });
        }
        let bound = bound(terms);
        in_batches(terms.threads, &ciphertexts, |part| {
            let opened = self.secret.decrypt_many(part)?;
            let mut signs = Vec::with_capacity(part.len() * slots);
            for (ciphertext, plaintext) in part.iter().zip(&opened) {
                let packed = self.packing.adopt(ciphertext.clone(), slots, &bound)?;
                let values = packed.open(plaintext)?;
                signs.extend(values.iter().map(|value| bool::from(value.is_negative())));
            }
            Ok(signs)
        })
        .map_err(Reason::Crypto)
    }

    fn check(&self, _: &Terms, blinded: &[u8], length: usize) -> Result<(), Reason> {
        check_ring(blinded, length)
    }

    fn total(
        &self,
        _: &Terms,
        blinded: &[&[u8]],
        masks: &[Mask],
        length: usize,
    ) -> Result<Vec<i128>, Error> {
        Ok(ring::total(blinded, masks, length))
    }
}

/// A slot of a comparison: a row, its masks, and whether its sign is turned.
struct Entry {
    row: usize,
    factor: u64,
    offset: u64,
    turned: bool,
}

/// Rows in a random order, filled up to full ciphertexts with rows that come twice, each with
/// fresh masks: r log-uniform below 2^bits, rho uniform below r.
fn draw(rows: usize, slots: usize, bits: u32, random: &mut Random) -> Vec<Entry> {
    let padded = rows.next_multiple_of(slots.max(1));
    let mut order: Vec<usize> = (0..rows).collect();
    for _ in rows..padded {
        order.push(below(rows as u64, random) as usize);
    }
    for last in (1..order.len()).rev() {
        order.swap(last, below(last as u64 + 1, random) as usize);
    }
    let entry = |row| {
        let power = below(u64::from(bits), random);
        let factor = (1u64 << power) + below(1 << power, random);
        Entry {
            row,
            factor,
            offset: below(factor, random),
            turned: random.next_u32() & 1 == 1,
        }
    };
    order.into_iter().map(entry).collect()
}

/// Which row each slot of a comparison is of and whether its sign is turned: for attackers of the
/// tests, who are told what they cannot know.
#[cfg(test)]
pub(super) fn drawn_rows(rows: usize, slots: usize, bits: u32, seed: &Seed) -> Vec<(usize, bool)> {
    let entries = draw(rows, slots, bits, &mut seed.random());
    entries
        .iter()
        .map(|entry| (entry.row, entry.turned))
        .collect()
}

/// A random number below `end`, each as likely as any other.
fn below(end: u64, random: &mut Random) -> u64 {
    let mask = match end.saturating_sub(1) {
        0 => return 0,
        largest => u64::MAX >> largest.leading_zeros(),
    };
    loop {
        let number = random.next_u64() & mask;
        if number < end {
            return number;
        }
    }
}

impl Provider {
    fn compare(
        &self,
        terms: &Terms,
        data: &Data,
        model: &[Ciphertext],
        seed: &Seed,
    ) -> Result<Vec<u8>, Error> {
        let key = self.encryptor.key();
        let mut random = seed.random();
        let entries = draw(
            data.len(),
            self.packing.slots(),
            terms.mask_bits,
            &mut random,
        );
        let fraction = terms.svm.fraction;
        let one = 1i128 << fraction;
        let mut packs = Vec::with_capacity(entries.len().div_ceil(self.packing.slots()));
        for entries in entries.chunks(self.packing.slots()) {
            // 2 s (z r + rho) + s, z = y (w.x + b S) - S^2: an odd number, so that 0 has a sign.
            let mut terms_of: Vec<Vec<Int>> = vec![Vec::with_capacity(entries.len()); model.len()];
            let mut constants = Vec::with_capacity(entries.len());
            for entry in entries {
                let (row, positive) = data.row(entry.row)?;
                let turn = if entry.turned { -1i128 } else { 1 };
                let factor = i128::from(entry.factor);
                let scale = 2 * turn * factor * if positive { 1 } else { -1 };
                let values = row.iter().map(|x| i128::from(*x)).chain([one]);
                for (term, x) in terms_of.iter_mut().zip(values) {
                    term.push(Int::from(scale * x));
                }
                let offset = i128::from(entry.offset);
                constants.push(Int::from(turn * (2 * (offset - factor * one * one) + 1)));
            }
            let packed = terms_of.iter().map(|values| self.packing.pack(values));
            packs.push((
                packed.collect::<Result<Vec<_>, _>>()?,
                self.packing.pack(&constants)?,
            ));
        }
        // The factors are all below N; no bound on them is needed.
        let combination = Combination::new(key, model, 1)?;
        let numbered: Vec<_> = packs.iter().enumerate().collect();
        let ciphertexts = in_batches(terms.threads, &numbered, |part| {
            let rows: Vec<&[Plaintext]> = part.iter().map(|(_, (row, _))| row.as_slice()).collect();
            let sums = combination.apply_plaintexts(&rows)?;
            let shifted = sums
                .iter()
                .zip(part)
                .map(|(sum, (_, (_, constant)))| key.add_plain(sum, constant));
            let shifted = shifted.collect::<Result<Vec<_>, _>>()?;
            // Otherwise whoever knows the model's ciphertexts could test guesses of rows.
            let first = part.first().map_or(0, |(index, _)| *index as u64);
            let mut random = seed.derive("encryption", &[&first.to_le_bytes()]).random();
            self.encryptor.rerandomise_many(&shifted, &mut random)
        })?;
        Ok(key.ciphertexts_to_bytes(&ciphertexts)?)
    }
}

impl Provide for Provider {
    fn query(
        &self,
        terms: &Terms,
        data: &Data,
        query: &[u8],
        seed: &Seed,
    ) -> Result<Asked, Refused> {
        let key = self.encryptor.key();
        let fault = |reason| terms.analyst_fault(reason);
        let model = key
            .ciphertexts_from_bytes(query)
            .map_err(|error| fault(Reason::Crypto(error)))?;
        if model.len() != terms.columns + 1 {
            return Err(Refused::Fault(fault(Reason::Count {
                what: "ciphertexts",
                got: model.len(),
                expected: terms.columns + 1,
            })));
        }
        Ok(Asked::Compare(self.compare(terms, data, &model, seed)?))
    }

    fn answer(
        &self,
        terms: &Terms,
        data: &Data,
        signs: &[bool],
        seed: &Seed,
    ) -> Result<Vec<bool>, Reason> {
        let mut random = seed.random();
        let entries = draw(
            data.len(),
            self.packing.slots(),
            terms.mask_bits,
            &mut random,
        );
        if signs.len() != entries.len() {
            return Err(Reason::Count {
                what: "signs",
                got: signs.len(),
                expected: entries.len(),
            });
        }
        let mut active: Vec<Option<bool>> = vec![None; data.len()];
        for (entry, negative) in entries.iter().zip(signs) {
            let found = negative != &entry.turned;
            let known = active.get_mut(entry.row);
            // A row that came twice must get one answer.
            if let Some(known) = known {
                if known.is_some_and(|known| known != found) {
                    return Err(Reason::Proof("answer to the comparison"));
                }
                *known = Some(found);
            }
        }
        Ok(active.into_iter().flatten().collect())
    }

    fn blind(
        &self,
        _: &Terms,
        numbers: &[i128],
        masks: &[Mask],
        _: &Seed,
    ) -> Result<Vec<u8>, Error> {
        Ok(ring::blind(numbers, masks))
    }
}

impl Terms {
    /// The analyst sent what does not verify.
    pub(super) fn analyst_fault(&self, reason: Reason) -> Fault {
        Fault {
            party: PartyId(0),
            reason,
        }
    }
}
