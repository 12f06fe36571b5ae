//! Joining shares to plaintexts.

use crypto_bigint::BoxedUint;

use super::{Share, ThresholdKey};
use crate::{modular::Residue, Ciphertext, Error, Plaintext};

/// What proved shares opened to.
#[derive(Clone)]
pub struct Opened {
    /// The plaintexts, in the order of the ciphertexts.
    pub plaintexts: Vec<Plaintext>,
    /// Owners of shares whose proof was missing or wrong, ascending.
    pub wrong: Vec<u16>,
}

impl ThresholdKey {
    /// Joins the shares whose proofs hold, and names the owners of the others. One share a party;
    /// more than are needed may be given.
    pub fn open(
        &self,
        ciphertexts: &[Ciphertext],
        context: &[u8],
        shares: &[Share],
    ) -> Result<Opened, Error> {
        self.check_owners(shares)?;
        let (mut right, mut wrong) = (Vec::new(), Vec::new());
        for share in shares {
            match share.verify(self, ciphertexts, context)? {
                true => right.push(share),
                false => wrong.push(share.party()),
            }
        }
        wrong.sort_unstable();
        let needed = usize::from(self.threshold());
        let Some(chosen) = right.get(..needed) else {
            return Err(Error::TooFewShares {
                needed,
                right: right.len(),
                wrong,
            });
        };
        Ok(Opened {
            plaintexts: self.join(ciphertexts, chosen)?,
            wrong,
        })
    }

    /// Joins exactly t shares without looking at proofs, for parties that trust each other to follow
    /// the protocol: a share that is wrong by accident is found, its owner is not, and a party that
    /// wants to can make the ciphertext open to another number.
    pub fn open_unproved(
        &self,
        ciphertexts: &[Ciphertext],
        shares: &[Share],
    ) -> Result<Vec<Plaintext>, Error> {
        self.check_owners(shares)?;
        let needed = usize::from(self.threshold());
        if shares.len() != needed {
            return Err(Error::Count {
                what: "shares",
                got: shares.len(),
                expected: needed,
            });
        }
        self.join(ciphertexts, &shares.iter().collect::<Vec<_>>())
    }

    fn check_owners(&self, shares: &[Share]) -> Result<(), Error> {
        for (index, share) in shares.iter().enumerate() {
            self.verification(share.party())?;
            let before = shares.iter().take(index);
            if before
                .into_iter()
                .any(|other| other.party() == share.party())
            {
                return Err(Error::Party(share.party()));
            }
        }
        Ok(())
    }

    /// c' = product of c_i^(2 l_i) = c^(4 D^2 d), the l_i being D times Lagrange's coefficients
    /// at 0; the plaintext is L(c') / (4 D^2) mod N.
    fn join(&self, ciphertexts: &[Ciphertext], shares: &[&Share]) -> Result<Vec<Plaintext>, Error> {
        let key = self.key();
        let square = key.square();
        for share in shares {
            let got = share.values(key)?.len();
            if got != ciphertexts.len() {
                return Err(Error::Count {
                    what: "values in a share",
                    got,
                    expected: ciphertexts.len(),
                });
            }
        }
        let parties: Vec<u16> = shares.iter().map(|share| share.party()).collect();
        let coefficients: Vec<Coefficient> = parties
            .iter()
            .map(|party| self.coefficient(*party, &parties))
            .collect::<Result<_, _>>()?;
        let side = |negative: bool, index: usize| -> Residue {
            let terms = shares.iter().zip(&coefficients);
            let terms = terms.filter(|(_, coefficient)| coefficient.negative == negative);
            let powers: Vec<Residue> = terms
                .filter_map(|(share, coefficient)| {
                    let value = share.values(key).ok()?.get(index)?;
                    Some(square.power(value, &coefficient.size, coefficient.size.bits()))
                })
                .collect();
            square.product(&powers)
        };
        let below: Vec<Residue> = (0..ciphertexts.len())
            .map(|index| side(true, index))
            .collect();
        let inverses = square
            .invert_many_vartime(&below)
            .ok_or(Error::Ciphertext(0))?;

        let factor = self.factorial().resize_to(key.bits());
        let four_squares = factor.mul_mod(&factor, key.n().as_nz_ref()).mul_mod(
            &BoxedUint::from(4u64).resize_to(key.bits()),
            key.n().as_nz_ref(),
        );
        let scale = four_squares.invert_odd_mod_vartime(key.n());
        let scale = scale
            .into_option()
            .ok_or(Error::Key("N has a small factor"))?;
        let one = BoxedUint::one_with_precision(2 * key.bits());
        let plaintexts = inverses.iter().enumerate().map(|(index, inverse)| {
            let joined = square.value_of(&square.multiply(&side(false, index), inverse));
            let (quotient, rest) = joined.wrapping_sub(&one).div_rem(key.n().as_nz_ref());
            if !rest.is_zero().to_bool() {
                return Err(Error::SharesDisagree(index));
            }
            let quotient = quotient.resize_to(key.bits());
            Ok(Plaintext::new(
                quotient.mul_mod(&scale, key.n().as_nz_ref()),
            ))
        });
        plaintexts.collect()
    }

    /// 2 n! product of j/(j - i) over the other parties j: an integer.
    fn coefficient(&self, party: u16, parties: &[u16]) -> Result<Coefficient, Error> {
        let others = || parties.iter().filter(|other| **other != party);
        let negative = others().filter(|other| **other < party).count() % 2 == 1;
        // n! times at most n^(n - 1), and 2.
        let mut size = self.factorial().resize_to(512);
        for other in others() {
            size = size.wrapping_mul(BoxedUint::from(u64::from(*other)));
        }
        for other in others() {
            let difference = BoxedUint::from(u64::from(other.abs_diff(party))).into_nz();
            let difference = difference.into_option().ok_or(Error::Party(party))?;
            size = size.div_rem_vartime(&difference).0;
        }
        Ok(Coefficient {
            negative,
            size: size.shl(1),
        })
    }
}

struct Coefficient {
    negative: bool,
    size: BoxedUint,
}

trait ResizeTo {
    fn resize_to(&self, bits: u32) -> BoxedUint;
}

impl ResizeTo for BoxedUint {
    fn resize_to(&self, bits: u32) -> BoxedUint {
        use crypto_bigint::Resize;
        self.clone().resize_unchecked(bits)
    }
}
