//! REFERENCE OF THE BOOK'S CHAPTER 5, FOR COMPARISON ONLY. It publishes r1 and r3 beside the
//! decrypted a r1 + r2 (its algorithm 3, steps 2 to 8), from which everybody computes a. Nothing but
//! tests may use it.

use salus_paillier::{Encryptor, Exponent, Int, Plaintext};

use super::*;

/// What its blockchain shows of one judgement.
pub struct Published {
    /// Decrypted a r1 + r2.
    pub value: i128,
    pub r1: i128,
    pub r3: i128,
}

pub struct Book {
    secrets: Vec<KeyShare>,
    encryptor: Encryptor,
    random: Random,
}

impl Book {
    pub fn new(n: u16) -> Self {
        let secrets = shares(n);
        let encryptor = Encryptor::new(secrets[0].key().key(), Exponent::Half);
        Book {
            secrets,
            encryptor,
            random: random(99),
        }
    }

    /// Judges whether the sum of the participants' parts is more than 1.
    pub fn judge(&mut self, parts: &[i128]) -> (bool, Published) {
        let key = self.secrets[0].key().key().clone();
        let plain = |value: i128| Plaintext::from_int(&key, &Int::from(value)).unwrap();
        let (mut r1, mut r3) = (0, 0);
        let (mut a, mut r2) = (Vec::new(), Vec::new());
        for part in parts {
            let below = |limit: u32, random: &mut Random| i128::from(random.next_u32() % limit);
            let own_r1 = 1 + (1 << 20) + below(1 << 30, &mut self.random);
            let own_r2 = (1 << 31) + below(1 << 20, &mut self.random);
            let own_r3 = own_r2 + below(1 << 20, &mut self.random) - (1 << 19);
            assert!((own_r3 - own_r2).abs() < own_r1);
            a.push(
                self.encryptor
                    .encrypt(&plain(*part), &mut self.random)
                    .unwrap(),
            );
            r2.push(
                self.encryptor
                    .encrypt(&plain(own_r2), &mut self.random)
                    .unwrap(),
            );
            (r1, r3) = (r1 + own_r1, r3 + own_r3);
        }
        let scaled = key
            .scale(&key.sum(&a).unwrap(), &Int::from(r1), 64)
            .unwrap();
        let masked = [key.add(&scaled, &key.sum(&r2).unwrap()).unwrap()];
        let shares: Vec<_> = self
            .secrets
            .iter()
            .map(|s| s.decrypt(&masked).unwrap())
            .collect();
        let opened = self.secrets[0]
            .key()
            .open_unproved(&masked, &shares)
            .unwrap();
        let words = *opened[0].to_int(&key).unwrap().as_words();
        let value = (u128::from(words[0]) | u128::from(words[1]) << 64) as i128;
        (value > r1 + r3, Published { value, r1, r3 })
    }
}
