//! Linear combinations of encrypted numbers.

use crypto_bigint::{BoxedUint, Resize};
use zeroize::Zeroizing;

use crate::{
    ciphertext::residues,
    modular::{Powers, Residue},
    number::{extended, magnitude_bits, Int, INT_BITS},
    Ciphertext, Error, Plaintext, PublicKey,
};

/// Encrypted numbers x_1 … x_d, prepared for sums k_1 x_1 + … + k_d x_d with many rows k.
///
/// One chain of squares serves all terms of a row; eight rows are computed at a time where the
/// processor can. The factors stay secret, the bound on them does not. A result is a function of
/// ciphertexts and factors: re-randomise it before it goes to somebody who knows the former.
pub struct Combination {
    key: PublicKey,
    powers: Powers,
    terms: usize,
    bits: u32,
    /// The product of the terms to the power -2^bits, which undoes the offset of the factors.
    correction: Residue,
}

impl Combination {
    /// For factors with |k| < 2^bits, bits at most 510. Its time depends on the ciphertexts.
    pub fn new(key: &PublicKey, terms: &[Ciphertext], bits: u32) -> Result<Self, Error> {
        if bits >= INT_BITS {
            return Err(Error::OutOfRange("factors may have 510 bits"));
        }
        let square = key.square();
        let residues = residues(key, terms)?;
        let product = square.product(residues.iter().copied());
        let inverse = square
            .invert_vartime(&product)
            .ok_or(Error::Ciphertext(0))?;
        Ok(Combination {
            key: key.clone(),
            powers: Powers::new(square, residues),
            terms: terms.len(),
            bits,
            correction: square.square_times(&inverse, bits),
        })
    }

    /// One sum.
    pub fn apply(&self, factors: &[Int]) -> Result<Ciphertext, Error> {
        let sums = self.apply_many(&[factors])?;
        sums.into_iter().next().ok_or(Error::Ciphertext(0))
    }

    /// A sum for each row of factors.
    pub fn apply_many<R: AsRef<[Int]>>(&self, rows: &[R]) -> Result<Vec<Ciphertext>, Error> {
        let exponents = rows
            .iter()
            .map(|row| {
                self.check(row.as_ref().len())?;
                let factors = row.as_ref().iter().enumerate();
                factors
                    .map(|(index, factor)| offset(index, factor, self.bits))
                    .collect()
            })
            .collect::<Result<Vec<Vec<_>>, Error>>()?;
        let square = self.key.square();
        let exponents: Vec<Vec<&BoxedUint>> = exponents
            .iter()
            .map(|row| row.iter().map(|exponent| &**exponent).collect())
            .collect();
        let products = self.powers.product_many(square, &exponents, self.bits + 1);
        let corrected = products
            .iter()
            .map(|product| square.multiply(product, &self.correction));
        Ok(corrected
            .map(|sum| Ciphertext::new(&self.key, sum))
            .collect())
    }

    /// Sums whose factors are numbers modulo N, such as packed ones: k x is then packed as k is,
    /// of all rows at once.
    pub fn apply_plaintexts<R: AsRef<[Plaintext]>>(
        &self,
        rows: &[R],
    ) -> Result<Vec<Ciphertext>, Error> {
        let exponents = rows
            .iter()
            .map(|row| {
                self.check(row.as_ref().len())?;
                Ok(row.as_ref().iter().map(Plaintext::value).collect())
            })
            .collect::<Result<Vec<Vec<_>>, Error>>()?;
        let square = self.key.square();
        let sums = self
            .powers
            .product_many(square, &exponents, self.key.bits());
        Ok(sums
            .into_iter()
            .map(|sum| Ciphertext::new(&self.key, sum))
            .collect())
    }

    fn check(&self, factors: usize) -> Result<(), Error> {
        match factors == self.terms {
            true => Ok(()),
            false => Err(Error::Count {
                what: "factors",
                got: factors,
                expected: self.terms,
            }),
        }
    }
}

/// factor + 2^bits, which is not negative.
pub(crate) fn offset(index: usize, factor: &Int, bits: u32) -> Result<Zeroizing<BoxedUint>, Error> {
    if bits >= INT_BITS || magnitude_bits(factor) > bits {
        return Err(Error::Scalar { index, bits });
    }
    let power = BoxedUint::one_with_precision(512).shl(bits);
    let factor = Zeroizing::new(extended(factor, 512));
    let sum = Zeroizing::new(factor.wrapping_add(&power));
    Ok(Zeroizing::new((&*sum).resize_unchecked(bits + 1)))
}
