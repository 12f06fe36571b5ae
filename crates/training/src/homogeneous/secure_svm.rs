//! Back-end `secure-svm`: the model travels encrypted, and the analyst says which rows are active
//! without learning it.

use std::num::NonZeroUsize;

use rand_core::Rng;
use salus_analytics::{
    svm::{Data, Model},
    workers,
};
use salus_paillier::{
    Ciphertext, Combination, Encryptor, Exponent, Int, Packing, Plaintext, PublicKey, SecretKey,
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

fn packing(terms: &Terms, key: &PublicKey) -> Result<Packing, salus_paillier::Error> {
    Packing::new(key, terms.slot_bits())
}

fn bound(terms: &Terms) -> Int {
    Int::from(1i128).wrapping_shl(terms.slot_bits() - 2)
}

impl Method for SecureSvm {
    fn leaks(&self) -> &'static [Leak] {
        &[
            Leak { to: "the analyst", what: "the model of every round", when: "every round" },
            Leak { to: "the analyst", what: "for each provider its number of rows, rounded up to full ciphertexts, and as many products of the distance of a row to the margin and a secret number, which is larger than any such distance and of one of 64 lengths: the size of a distance blurred, neither its sign nor its row; of a product that is small, that the distance is small", when: "every round" },
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
            // What it masks goes to the owner of the key.
            encryptor: Encryptor::new(&key, Exponent::Full),
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
pub(super) struct Entry {
    pub(super) row: usize,
    factor: u128,
    offset: u128,
    pub(super) turned: bool,
}

impl Entry {
    /// What y(w.x + b S) is multiplied with, and what is added then: together
    /// s (2 (z r + rho) + 1), z = y(w.x + b S) - S^2, an odd number, so that 0 has a sign.
    pub(super) fn masks(&self, fraction: u32) -> (Int, Int) {
        let one = Int::from(1i128);
        // Both are below 2^127.
        let number = |value: u128| Int::from(value as i128);
        let scale = number(self.factor).wrapping_shl(1);
        let offset = number(self.offset)
            .wrapping_sub(&number(self.factor).wrapping_shl(2 * fraction))
            .wrapping_shl(1)
            .wrapping_add(&one);
        let turn = Int::from(if self.turned { -1i128 } else { 1 });
        (scale.wrapping_mul(&turn), offset.wrapping_mul(&turn))
    }
}

/// Rows in a random order, filled up to full ciphertexts with rows that come twice, each with
/// fresh masks: r from 2^least to 2^(least + octaves), its octave uniform and uniform within it;
/// rho uniform below r.
///
/// 2^least is more than any |z|. Given V there are then many r for every z that is small enough,
/// and all such z are about equally likely. Were r as small as 1, V would be z.
pub(super) fn draw(
    rows: usize,
    slots: usize,
    least: u32,
    octaves: u32,
    random: &mut Random,
) -> Vec<Entry> {
    let padded = rows.next_multiple_of(slots.max(1));
    let mut order: Vec<usize> = (0..rows).collect();
    for _ in rows..padded {
        order.push(below(rows as u128, random) as usize);
    }
    for last in (1..order.len()).rev() {
        order.swap(last, below(last as u128 + 1, random) as usize);
    }
    let entry = |row| {
        let power = least + below(u128::from(octaves), random) as u32;
        let factor = (1u128 << power) + below(1 << power, random);
        Entry {
            row,
            factor,
            offset: below(factor, random),
            turned: random.next_u32() & 1 == 1,
        }
    };
    order.into_iter().map(entry).collect()
}

/// A random number below `end`, each as likely as any other.
fn below(end: u128, random: &mut Random) -> u128 {
    let mask = match end.saturating_sub(1) {
        0 => return 0,
        largest => u128::MAX >> largest.leading_zeros(),
    };
    loop {
        let high = match mask >> 64 {
            0 => 0,
            _ => u128::from(random.next_u64()) << 64,
        };
        let number = (high | u128::from(random.next_u64())) & mask;
        if number < end {
            return number;
        }
    }
}

impl Provider {
    fn draw(&self, terms: &Terms, data: &Data, random: &mut Random) -> Vec<Entry> {
        let (least, octaves) = (terms.decision_bits, terms.mask_bits);
        draw(data.len(), self.packing.slots(), least, octaves, random)
    }

    fn compare(
        &self,
        terms: &Terms,
        data: &Data,
        model: &[Ciphertext],
        seed: &Seed,
    ) -> Result<Vec<u8>, Error> {
        let key = self.encryptor.key();
        let mut random = seed.random();
        let entries = self.draw(terms, data, &mut random);
        let fraction = terms.svm.fraction;
        let one = 1i128 << fraction;
        let mut packs = Vec::with_capacity(entries.len().div_ceil(self.packing.slots()));
        for entries in entries.chunks(self.packing.slots()) {
            let mut terms_of: Vec<Vec<Int>> = vec![Vec::with_capacity(entries.len()); model.len()];
            let mut constants = Vec::with_capacity(entries.len());
            for entry in entries {
                let (row, positive) = data.row(entry.row)?;
                let (scale, constant) = entry.masks(fraction);
                let class = if positive { 1 } else { -1 };
                let values = row.iter().map(|x| i128::from(*x)).chain([one]);
                for (term, x) in terms_of.iter_mut().zip(values) {
                    term.push(scale.wrapping_mul(&Int::from(class * x)));
                }
                constants.push(constant);
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
        let entries = self.draw(terms, data, &mut random);
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
