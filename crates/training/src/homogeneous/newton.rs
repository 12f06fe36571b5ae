//! Back-end `packed-newton`: the model in the open, sums packed and encrypted under the analyst's
//! key. The masks are numbers modulo N, so they cancel in the product of all ciphertexts only.

use salus_analytics::svm::{Data, Model};
use salus_paillier::{Ciphertext, Encryptor, Int, Packing, Plaintext, PublicKey, SecretKey};

use super::{
    masks::Mask,
    method::{open_answer, open_query, Analyse, Asked, Method, Provide},
    Terms,
};
use crate::{Error, Leak, Reason, Refused, Seed};

/// The back-end.
pub(super) struct PackedNewton;

struct Analyst {
    secret: SecretKey,
    packing: Packing,
}

struct Provider {
    encryptor: Encryptor,
    packing: Packing,
}

/// Largest magnitude of a number in the sums of all providers.
fn bound(terms: &Terms) -> i128 {
    i128::from(terms.max_rows) << (2 * terms.value_bits())
}

fn packing(terms: &Terms, key: &PublicKey) -> Result<Packing, salus_paillier::Error> {
    // A sign, and a bit for the bound itself.
    let width = 128 - bound(terms).leading_zeros() + 1;
    Packing::new(key, width)
}

impl Method for PackedNewton {
    fn leaks(&self) -> &'static [Leak] {
        super::OPEN
    }
    fn shows_model(&self) -> bool {
        true
    }
    fn needs_key(&self) -> bool {
        true
    }
    fn analyst(&self, terms: &Terms, seed: &Seed) -> Result<Box<dyn Analyse>, Error> {
        let secret = super::secret_key(terms, seed)?;
        let packing = packing(terms, secret.public())?;
        Ok(Box::new(Analyst { secret, packing }))
    }
    fn provider(&self, terms: &Terms, setup: &[u8]) -> Result<Box<dyn Provide>, Reason> {
        let key = super::public_key(terms, setup)?;
        let packing = packing(terms, &key).map_err(Reason::Crypto)?;
        let encryptor = Encryptor::new(&key, terms.exponent);
        Ok(Box::new(Provider { encryptor, packing }))
    }
}

/// The masks of each ciphertext, added up.
fn mask_numbers(key: &PublicKey, masks: &[Mask], count: usize) -> Vec<Plaintext> {
    let mut sums: Vec<Option<Plaintext>> = vec![None; count];
    for mask in masks {
        let mut random = mask.seed.random();
        for sum in &mut sums {
            let number = Plaintext::random(key, &mut random);
            // 0 - m, or 0 + m.
            let so_far = sum.take().unwrap_or_else(|| number.subtract(key, &number));
            *sum = Some(match mask.negative {
                true => so_far.subtract(key, &number),
                false => so_far.add(key, &number),
            });
        }
    }
    sums.into_iter().flatten().collect()
}

impl Analyse for Analyst {
    fn setup(&self) -> Vec<u8> {
        self.secret.public().to_bytes()
    }

    fn query(&self, _: &Terms, model: &Model, _: &Seed) -> Result<Vec<u8>, Error> {
        Ok(open_query(model))
    }

    fn compare(&self, _: &Terms, _: &[u8]) -> Result<Vec<bool>, Reason> {
        Err(Reason::Unexpected("comparison"))
    }

    fn check(&self, _: &Terms, blinded: &[u8], length: usize) -> Result<(), Reason> {
        let key = self.secret.public();
        let ciphertexts = key
            .ciphertexts_from_bytes(blinded)
            .map_err(Reason::Crypto)?;
        let expected = length.div_ceil(self.packing.slots());
        match ciphertexts.len() == expected {
            true => Ok(()),
            false => Err(Reason::Count {
                what: "ciphertexts",
                got: ciphertexts.len(),
                expected,
            }),
        }
    }

    fn total(
        &self,
        terms: &Terms,
        blinded: &[&[u8]],
        masks: &[Mask],
        length: usize,
    ) -> Result<Vec<i128>, Error> {
        let key = self.secret.public();
        let mut columns: Vec<Vec<Ciphertext>> =
            vec![Vec::new(); length.div_ceil(self.packing.slots())];
        for bytes in blinded {
            let ciphertexts = key.ciphertexts_from_bytes(bytes)?;
            for (column, ciphertext) in columns.iter_mut().zip(ciphertexts) {
                column.push(ciphertext);
            }
        }
        let products = columns.iter().map(|column| key.sum(column));
        let products = products.collect::<Result<Vec<_>, _>>()?;
        let opened = self.secret.decrypt_many(&products)?;
        let masks = mask_numbers(key, masks, products.len());
        let bound = Int::from(bound(terms));
        let mut numbers = Vec::with_capacity(length);
        for (index, plaintext) in opened.iter().enumerate() {
            let plaintext = match masks.get(index) {
                Some(mask) => plaintext.subtract(key, mask),
                None => plaintext.clone(),
            };
            let count = self.packing.slots().min(length - numbers.len());
            // What is beyond the bound says that somebody did not keep to it; whose it is, nobody
            // can say of a sum.
            let values = self.packing.unpack(&plaintext, count)?;
            for value in values {
                if value.abs() > bound.abs() {
                    return Err(Error::Unattributed(
                        "the sums are larger than the rows allow",
                    ));
                }
                let [low, high, ..] = *value.as_words();
                numbers.push((u128::from(low) | u128::from(high) << 64) as i128);
            }
        }
        Ok(numbers)
    }
}

impl Provide for Provider {
    fn query(&self, terms: &Terms, data: &Data, query: &[u8], _: &Seed) -> Result<Asked, Refused> {
        Ok(Asked::Active(
            open_answer(terms, data, query).map_err(|reason| terms.analyst_fault(reason))?,
        ))
    }

    fn answer(&self, _: &Terms, _: &Data, _: &[bool], _: &Seed) -> Result<Vec<bool>, Reason> {
        Err(Reason::Unexpected("answer"))
    }

    fn blind(
        &self,
        terms: &Terms,
        numbers: &[i128],
        masks: &[Mask],
        seed: &Seed,
    ) -> Result<Vec<u8>, Error> {
        let key = self.encryptor.key();
        // So the sum of all providers stays below the bound of the slots.
        let most = bound(terms) / terms.providers.len().max(1) as i128;
        if numbers
            .iter()
            .any(|number| number.unsigned_abs() > most.unsigned_abs())
        {
            return Err(Error::Parameter(
                "the sums need wider slots: state more rows for the session".into(),
            ));
        }
        let numbers: Vec<Int> = numbers.iter().map(|number| Int::from(*number)).collect();
        let packed = numbers
            .chunks(self.packing.slots())
            .map(|numbers| self.packing.pack(numbers));
        let packed = packed.collect::<Result<Vec<_>, _>>()?;
        let masks = mask_numbers(key, masks, packed.len());
        let hidden: Vec<Plaintext> = packed
            .iter()
            .zip(&masks)
            .map(|(number, mask)| number.add(key, mask))
            .collect();
        let ciphertexts = self.encryptor.encrypt_many(&hidden, &mut seed.random())?;
        Ok(key.ciphertexts_to_bytes(&ciphertexts)?)
    }
}
