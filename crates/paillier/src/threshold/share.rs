//! One party's part of a decryption, and the proof that it is right.

use blake2::{digest::consts::U32, Blake2b, Digest};
use crypto_bigint::{BoxedUint, ConcatenatingMul, RandomBits, Resize};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{KeyShare, ThresholdKey};
use crate::{
    ciphertext::residues,
    encoding::{Kind, Reader, Writer},
    modular::{Powers, Residue},
    Ciphertext, Error, PublicKey,
};

const SHARE: Kind = Kind {
    magic: *b"salusPSH",
    name: "share of a decryption",
};

/// Bits of a challenge, and of the weights that join a batch to one statement: a wrong proof
/// passes with probability 2^-128.
const CHALLENGE: u32 = 128;
/// Bits by which the random number of a proof exceeds challenge times secret: what a proof tells
/// about the secret is at most 2^-128 away from nothing.
const SLACK: u32 = 128;

/// One party's part of the decryption of a batch of ciphertexts.
#[derive(Clone)]
pub struct Share {
    key: [u8; 32],
    party: u16,
    values: Vec<Residue>,
    proof: Option<Proof>,
}

#[derive(Clone)]
struct Proof {
    challenge: BoxedUint,
    answer: BoxedUint,
}

impl std::fmt::Debug for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Share")
            .field("party", &self.party)
            .field("ciphertexts", &self.values.len())
            .field("proof", &self.proof.is_some())
            .finish_non_exhaustive()
    }
}

impl KeyShare {
    /// This party's part, without a proof. Constant time in the secret.
    pub fn decrypt(&self, ciphertexts: &[Ciphertext]) -> Result<Share, Error> {
        let key = self.key.key();
        let bases: Vec<Residue> = residues(key, ciphertexts)?.into_iter().cloned().collect();
        let exponent = Zeroizing::new(doubled(&self.exponent()));
        let bits = self.key.secret_bits() + 1;
        Ok(Share {
            key: *key.id(),
            party: self.party,
            values: key.square().power_many(&bases, &exponent, bits),
            proof: None,
        })
    }

    /// This party's part, with a proof that is bound to `context`: the session and the round, so
    /// that it is worth nothing in another one.
    pub fn decrypt_proved(
        &self,
        ciphertexts: &[Ciphertext],
        context: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Share, Error> {
        self.prove(self.decrypt(ciphertexts)?, ciphertexts, context, rng)
    }

    /// The proof of a share of this party that was computed before, such as one joined of many.
    pub fn prove(
        &self,
        mut share: Share,
        ciphertexts: &[Ciphertext],
        context: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Share, Error> {
        if share.party != self.party {
            return Err(Error::Party(share.party));
        }
        let got = share.values(self.key.key())?.len();
        if got != ciphertexts.len() {
            return Err(Error::Count {
                what: "values in a share",
                got,
                expected: ciphertexts.len(),
            });
        }
        let square = self.key.key().square();
        let statement = Statement::new(&self.key, ciphertexts, &share, context)?;
        let exponent = self.exponent();
        let bits = answer_bits(&self.key);
        loop {
            let random = Zeroizing::new(
                BoxedUint::try_random_bits(rng, bits)
                    .map_err(|_| Error::OutOfRange("no random number for a proof"))?,
            );
            let challenge = statement.challenge(
                &square.power(self.key.base(), &random, bits),
                &square.power(&statement.base, &random, bits),
            );
            let product = Zeroizing::new(challenge.concatenating_mul(&*exponent));
            let product = Zeroizing::new(
                BoxedUint::clone(&product).resize_unchecked(random.bits_precision()),
            );
            let (answer, below) = random.underflowing_sub(&*product);
            // Happens once in 2^128 times, and must not be shown.
            if below.to_bool() {
                continue;
            }
            share.proof = Some(Proof { challenge, answer });
            return Ok(share);
        }
    }
}

/// Bits of a proof's random number and answer, a multiple of 64.
fn answer_bits(key: &ThresholdKey) -> u32 {
    (key.secret_bits() + CHALLENGE + SLACK).next_multiple_of(64)
}

fn doubled(value: &BoxedUint) -> BoxedUint {
    let wide = value.clone().resize_unchecked(value.bits_precision() + 64);
    wide.shl(1)
}

impl Share {
    /// Its owner, from 1.
    pub fn party(&self) -> u16 {
        self.party
    }

    /// The shares of one party in several batches as its share of all of them, in this order and
    /// without a proof.
    pub fn joined(shares: &[Share]) -> Result<Share, Error> {
        let (first, rest) = shares.split_first().ok_or(Error::Count {
            what: "shares",
            got: 0,
            expected: 1,
        })?;
        let mut joined = Share {
            proof: None,
            ..first.clone()
        };
        for share in rest {
            if share.party != first.party {
                return Err(Error::Party(share.party));
            }
            if share.key != first.key {
                return Err(Error::OtherKey("share of a decryption"));
            }
            joined.values.extend_from_slice(&share.values);
        }
        Ok(joined)
    }

    /// This share with the proof of another, which may hold for it: what a party sends when the
    /// values are known.
    pub fn with_proof_of(mut self, other: &Share) -> Share {
        self.proof = other.proof.clone();
        self
    }

    /// The share without its values: the party and the proof.
    pub fn proof_only(mut self) -> Share {
        self.values.clear();
        self
    }

    /// Ciphertexts that it is for.
    pub fn count(&self) -> usize {
        self.values.len()
    }

    /// Whether it comes with a proof.
    pub fn is_proved(&self) -> bool {
        self.proof.is_some()
    }

    pub(super) fn values(&self, key: &PublicKey) -> Result<&[Residue], Error> {
        match self.key == *key.id() {
            true => Ok(&self.values),
            false => Err(Error::OtherKey("share of a decryption")),
        }
    }

    /// Whether it has a proof, which holds for these ciphertexts in this context.
    pub fn verify(
        &self,
        key: &ThresholdKey,
        ciphertexts: &[Ciphertext],
        context: &[u8],
    ) -> Result<bool, Error> {
        let Some(proof) = &self.proof else {
            return Ok(false);
        };
        let Ok(verification) = key.verification(self.party) else {
            return Ok(false);
        };
        if self.key != *key.key().id() || self.values.len() != ciphertexts.len() {
            return Ok(false);
        }
        let square = key.key().square();
        let statement = Statement::new(key, ciphertexts, self, context)?;
        let bits = answer_bits(key);
        // The prover subtracted, so both exponents are positive here.
        let commitment = |base: &Residue, power: &Residue| {
            square.multiply(
                &square.power(base, &proof.answer, bits),
                &square.power(power, &proof.challenge, CHALLENGE),
            )
        };
        let expected = statement.challenge(
            &commitment(key.base(), verification),
            &commitment(&statement.base, &statement.power),
        );
        Ok(expected == proof.challenge)
    }

    /// Canonical bytes: magic `salusPSH`, version, the key's digest, the party, the count, the
    /// values, and after a byte 1 the challenge and the answer of the proof, or a byte 0.
    pub fn to_bytes(&self, key: &ThresholdKey) -> Result<Vec<u8>, Error> {
        let public = key.key();
        let mut writer = Writer::new(&SHARE);
        writer.bytes(public.id());
        writer.short(self.party);
        writer.count(self.values.len());
        for value in self.values(public)? {
            writer.number(&public.square().value_of(value), 2 * public.bits());
        }
        writer.bytes(&[u8::from(self.proof.is_some())]);
        if let Some(proof) = &self.proof {
            writer.number(&proof.challenge, CHALLENGE);
            writer.number(&proof.answer, answer_bits(key));
        }
        Ok(writer.finish())
    }

    /// Reads canonical bytes; every value must be a unit modulo N^2.
    pub fn from_bytes(key: &ThresholdKey, bytes: &[u8]) -> Result<Self, Error> {
        let public = key.key();
        let mut reader = Reader::new(bytes, &SHARE)?;
        if reader.array::<32>()? != *public.id() {
            return Err(Error::OtherKey(SHARE.name));
        }
        let party = reader.short()?;
        key.verification(party)?;
        let count = reader.count()?;
        let values = reader.numbers(count, 2 * public.bits())?;
        let proof = match reader.array::<1>()? {
            [0] => None,
            [1] => Some(Proof {
                challenge: reader.number(CHALLENGE)?,
                answer: reader.number(answer_bits(key))?,
            }),
            _ => return Err(Error::Malformed(SHARE.name)),
        };
        reader.finish()?;
        Ok(Share {
            key: *public.id(),
            party,
            values: public.units(&values)?,
            proof,
        })
    }
}

/// What a proof is about: the batch, joined by weights that depend on all of it.
struct Statement<'k> {
    key: &'k ThresholdKey,
    /// Product of the c_j^(4 weight_j).
    base: Residue,
    /// Product of the squares of the share's values, likewise.
    power: Residue,
    /// Digest of everything above.
    seed: [u8; 32],
}

impl<'k> Statement<'k> {
    fn new(
        key: &'k ThresholdKey,
        ciphertexts: &[Ciphertext],
        share: &Share,
        context: &[u8],
    ) -> Result<Self, Error> {
        let public = key.key();
        let square = public.square();
        let bases = residues(public, ciphertexts)?;
        let mut hash = Hash::new("salus/paillier/share/1");
        hash.bytes(&key.to_bytes());
        hash.bytes(context);
        hash.bytes(&share.party.to_le_bytes());
        hash.bytes(&(bases.len() as u64).to_le_bytes());
        for residue in bases.iter().copied().chain(&share.values) {
            hash.bytes(&square.value_of(residue).to_le_bytes());
        }
        let seed = hash.finish();
        let weights: Vec<BoxedUint> = (0..bases.len() as u64)
            .map(|index| {
                let mut hash = Hash::new("salus/paillier/weight/1");
                hash.bytes(&seed);
                hash.bytes(&index.to_le_bytes());
                challenge(&hash.finish())
            })
            .collect();
        // Powers of two that leave only elements of large prime order.
        let joined = |residues: &[&Residue], squares: u32| {
            let product = join(public, residues, &weights);
            square.square_times(&product, squares)
        };
        let values: Vec<&Residue> = share.values.iter().collect();
        Ok(Statement {
            key,
            base: joined(&bases, 2),
            power: joined(&values, 1),
            seed,
        })
    }

    fn challenge(&self, first: &Residue, second: &Residue) -> BoxedUint {
        let square = self.key.key().square();
        let mut hash = Hash::new("salus/paillier/challenge/1");
        hash.bytes(&self.seed);
        hash.bytes(&square.value_of(first).to_le_bytes());
        hash.bytes(&square.value_of(second).to_le_bytes());
        challenge(&hash.finish())
    }
}

/// The product of the residues to their weights, in runs that bound the memory of the tables.
fn join(key: &PublicKey, residues: &[&Residue], weights: &[BoxedUint]) -> Residue {
    const RUN: usize = 64;
    let square = key.square();
    let runs = residues.chunks(RUN).zip(weights.chunks(RUN));
    let products: Vec<Residue> = runs
        .map(|(residues, weights)| {
            let powers = Powers::new(square, residues.iter().copied());
            powers.product(square, weights, CHALLENGE)
        })
        .collect();
    square.product(&products)
}

/// The first 128 bits of a digest.
fn challenge(digest: &[u8; 32]) -> BoxedUint {
    BoxedUint::from_le_slice_truncated(digest, CHALLENGE)
}

/// BLAKE2b-256 over a label and parts, each after its length.
struct Hash(Blake2b<U32>);

impl Hash {
    fn new(label: &str) -> Self {
        let mut hash = Hash(Blake2b::new());
        hash.bytes(label.as_bytes());
        hash
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}
