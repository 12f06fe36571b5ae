//! Making threshold keys.

use crypto_bigint::{BoxedUint, ConcatenatingMul, NonZero, RandomMod, Resize};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{check_parties, is_unit, KeyShare, ThresholdKey};
use crate::{
    key::{check_primes, check_size, read_primes, safe_prime},
    Error, Kernel, PublicKey,
};

/// A way to make a threshold key. The parties' protocols know keys through this trait only: a
/// distributed generation takes the dealer's place by implementing it.
pub trait Setup {
    /// The public part, and the shares of those parties that this process acts for: of all of
    /// them for a dealer, of one for a party of a distributed protocol.
    fn run(
        self,
        threshold: u16,
        parties: u16,
        rng: &mut impl CryptoRng,
    ) -> Result<(ThresholdKey, Vec<KeyShare>), Error>;
}

/// One machine makes the key, hands out the shares and forgets.
///
/// While it runs the dealer could decrypt everything alone, and nobody can check that it forgot:
/// it is trusted for that. All secrets are wiped from its memory when it is done.
pub struct Dealer {
    p: Zeroizing<BoxedUint>,
    q: Zeroizing<BoxedUint>,
}

impl Dealer {
    /// Draws two safe primes for a modulus of 2048 or 3072 bits: minutes.
    pub fn new(bits: u32, rng: &mut (impl CryptoRng + ?Sized)) -> Result<Self, Error> {
        check_size(bits)?;
        loop {
            let p = Zeroizing::new(safe_prime(bits / 2, rng)?);
            let q = Zeroizing::new(safe_prime(bits / 2, rng)?);
            match check_primes(&p, &q) {
                Ok(()) => return Ok(Dealer { p, q }),
                Err(Error::Key(_)) => continue,
                Err(error) => return Err(error),
            }
        }
    }

    /// The primes, little-endian, for who draws them before they are needed: to be kept as secret as the
    /// key, and forgotten with it.
    pub fn primes(&self) -> [Zeroizing<Vec<u8>>; 2] {
        let bytes = |prime: &BoxedUint| Zeroizing::new(prime.to_le_bytes().to_vec());
        [bytes(&self.p), bytes(&self.q)]
    }

    /// Takes two safe primes, little-endian, which were drawn elsewhere.
    pub fn from_primes(p: &[u8], q: &[u8]) -> Result<Self, Error> {
        let (p, q) = read_primes(p, q)?;
        check_primes(&p, &q)?;
        let safe = |prime| crypto_primes::is_prime(crypto_primes::Flavor::Safe, prime);
        match safe(&*p) && safe(&*q) {
            true => Ok(Dealer { p, q }),
            false => Err(Error::Key("a factor is not a safe prime")),
        }
    }
}

impl Setup for Dealer {
    fn run(
        self,
        threshold: u16,
        parties: u16,
        rng: &mut impl CryptoRng,
    ) -> Result<(ThresholdKey, Vec<KeyShare>), Error> {
        const WRONG: Error = Error::Key("the factors are no safe primes");
        check_parties(threshold, parties)?;
        let key = PublicKey::new(self.p.concatenating_mul(&*self.q), Kernel::Auto)?;
        let bits = key.bits();
        let order = Zeroizing::new(self.p.shr(1).concatenating_mul(&self.q.shr(1)));
        let modulus = key.n().concatenating_mul(&*order);
        let modulus = Zeroizing::new(modulus.into_nz().into_option().ok_or(WRONG)?);

        // d = m (1/m mod N).
        let inverse = order.invert_odd_mod(key.n()).into_option().ok_or(WRONG)?;
        let inverse = Zeroizing::new(inverse);
        let secret = order.concatenating_mul(&*inverse).rem(&modulus);
        let mut coefficients = vec![Zeroizing::new(secret)];
        for _ in 1..threshold {
            let coefficient = BoxedUint::random_mod_vartime(rng, &modulus);
            coefficients.push(Zeroizing::new(coefficient));
        }

        let square = key.square();
        let base = loop {
            let root = BoxedUint::random_mod_vartime(rng, square.value());
            if is_unit(&key, &root) {
                break square.square(&square.residue(&root));
            }
        };
        let secrets: Vec<_> = (1..=parties)
            .map(|party| evaluate(&coefficients, party, &modulus))
            .collect();
        // The factorial, through a key that knows no party's v_i yet.
        let placeholder = vec![square.one(); usize::from(parties)];
        let draft = ThresholdKey::new(key.clone(), threshold, base.clone(), placeholder);
        let verification = secrets.iter().map(|secret| {
            let exponent = Zeroizing::new(secret.concatenating_mul(draft.factorial()));
            square.power(&base, &exponent, draft.secret_bits())
        });
        let verification = verification.collect();
        let public = ThresholdKey::new(key.clone(), threshold, base.clone(), verification);
        let shares = (1..=parties).zip(secrets).map(|(party, secret)| KeyShare {
            key: public.clone(),
            party,
            secret: Zeroizing::new(BoxedUint::clone(&secret).resize_unchecked(2 * bits)),
        });
        let shares = shares.collect();
        Ok((public, shares))
    }
}

/// The polynomial's value at a party's number.
fn evaluate(
    coefficients: &[Zeroizing<BoxedUint>],
    party: u16,
    modulus: &NonZero<BoxedUint>,
) -> Zeroizing<BoxedUint> {
    let zero = BoxedUint::zero_with_precision(modulus.bits_precision());
    let point = BoxedUint::from(u64::from(party));
    coefficients
        .iter()
        .rev()
        .fold(Zeroizing::new(zero), |sum, coefficient| {
            let product = Zeroizing::new(sum.concatenating_mul(&point).rem(modulus));
            Zeroizing::new(product.add_mod(coefficient, modulus))
        })
}
