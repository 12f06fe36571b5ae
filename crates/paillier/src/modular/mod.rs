//! Arithmetic modulo the square of an odd number: products, powers, tables of powers.
//!
//! Everything here takes the same time and touches the same memory whatever the values are, except
//! where a name says `vartime`. Lengths, moduli and numbers of items are not secret.

#[cfg(target_arch = "x86_64")]
mod ifma;
#[cfg(not(target_arch = "x86_64"))]
#[path = "no_ifma.rs"]
mod ifma;
mod table;

use crypto_bigint::{
    modular::{BoxedMontyForm, BoxedMontyParams},
    BoxedUint, Choice, ConcatenatingMul, ConcatenatingSquare, CtEq, NonZero, Odd,
};
use zeroize::{Zeroize, Zeroizing};

use table::Table;
pub(crate) use table::{FixedBase, Powers};

/// Bits of a digit of the exponent in a single power.
const WINDOW: u32 = 5;

/// A number modulo a [`Modulus`], in that modulus' own form. Wiped when dropped.
#[derive(Clone)]
pub(crate) struct Residue(Vec<u64>);

impl Drop for Residue {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Which code multiplies. The numbers are the same with all of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Kernel {
    /// The fastest that this machine has. The environment variable `SALUS_NO_AVX512`, set to
    /// anything but `0` or nothing, leaves it at [`Kernel::Portable`].
    #[default]
    Auto,
    /// `crypto-bigint`.
    Portable,
    /// AVX-512 IFMA; [`Kernel::Portable`] where the processor has none.
    Ifma,
}

/// The square of an odd number, its root. Wiped when dropped, but for the parameters of the portable
/// kernel: the library shares them between its numbers and does not wipe them.
pub(crate) struct Modulus {
    root: Odd<BoxedUint>,
    value: Odd<BoxedUint>,
    ifma: Option<ifma::Field>,
    /// Where there is no other kernel.
    params: Option<BoxedMontyParams>,
}

impl Drop for Modulus {
    fn drop(&mut self) {
        self.root.zeroize();
        self.value.zeroize();
    }
}

impl Modulus {
    pub(crate) fn new(root: Odd<BoxedUint>, kernel: Kernel) -> Self {
        let vectors = match kernel {
            Kernel::Auto => {
                !std::env::var("SALUS_NO_AVX512").is_ok_and(|v| !v.is_empty() && v != "0")
            }
            Kernel::Portable => false,
            Kernel::Ifma => true,
        };
        let value = root.concatenating_square().into_odd();
        let value = value.expect("the square of an odd number is odd");
        let power_of_two = |exponent: u32| {
            let power = BoxedUint::one_with_precision(exponent + 1).shl(exponent);
            let (b, a) = power.rem(value.as_nz_ref()).div_rem(root.as_nz_ref());
            [a, b].map(|half| half.to_words().to_vec())
        };
        let ifma = match vectors {
            true => ifma::Field::new(root.as_words(), root.bits_precision(), power_of_two),
            false => None,
        };
        let params = match ifma {
            Some(_) => None,
            None => Some(BoxedMontyParams::new(value.clone())),
        };
        Modulus {
            root,
            value,
            ifma,
            params,
        }
    }

    pub(crate) fn value(&self) -> &NonZero<BoxedUint> {
        self.value.as_nz_ref()
    }

    /// Bits that a number below the modulus is stored in.
    pub(crate) fn precision(&self) -> u32 {
        self.value.bits_precision()
    }

    /// A number of any size.
    pub(crate) fn residue(&self, value: &BoxedUint) -> Residue {
        let reduced;
        let value = match value.bits_precision() == self.precision() {
            true => value,
            false => {
                reduced = value.rem(self.value());
                &reduced
            }
        };
        Residue(match &self.ifma {
            Some(field) => field.residue(value.as_words()),
            None => {
                let form = BoxedMontyForm::new(value.clone(), self.params());
                return Self::from_portable(form);
            }
        })
    }

    pub(crate) fn one(&self) -> Residue {
        self.one_plus(&BoxedUint::zero_with_precision(self.root.bits_precision()))
    }

    /// 1 + m n, of the root n and a number m below it.
    pub(crate) fn one_plus(&self, m: &BoxedUint) -> Residue {
        match &self.ifma {
            Some(field) => Residue(field.one_plus(m.as_words())),
            None => {
                let product = m.concatenating_mul(self.root.as_ref());
                let one = BoxedUint::one_with_precision(product.bits_precision());
                self.residue(&product.wrapping_add(one))
            }
        }
    }

    /// The number below the modulus that a residue stands for.
    pub(crate) fn value_of(&self, residue: &Residue) -> BoxedUint {
        match &self.ifma {
            Some(field) => {
                let mut pair = field.pair(&residue.0, self.root.as_words().len());
                let [a, b] = pair
                    .each_ref()
                    .map(|half| BoxedUint::from_words(half.iter().copied()));
                let (a, b) = (Zeroizing::new(a), Zeroizing::new(b));
                pair.iter_mut().for_each(Zeroize::zeroize);
                b.concatenating_mul(self.root.as_ref()).wrapping_add(&*a)
            }
            None => self.portable(residue).retrieve(),
        }
    }

    pub(crate) fn multiply(&self, a: &Residue, b: &Residue) -> Residue {
        match &self.ifma {
            Some(field) => {
                let mut product = vec![0; field.limbs()];
                field.multiply(&mut product, &a.0, &b.0);
                Residue(product)
            }
            None => Self::from_portable(self.portable(a).mul(&self.portable(b))),
        }
    }

    pub(crate) fn square(&self, a: &Residue) -> Residue {
        match &self.ifma {
            Some(field) => {
                let mut square = vec![0; field.limbs()];
                field.square(&mut square, &a.0);
                Residue(square)
            }
            None => Self::from_portable(self.portable(a).square()),
        }
    }

    /// a^(2^times).
    pub(crate) fn square_times(&self, a: &Residue, times: u32) -> Residue {
        let mut power = a.clone();
        for _ in 0..times {
            power = self.square(&power);
        }
        power
    }

    /// As [`Modulus::square_times`], for many.
    pub(crate) fn square_times_many(&self, values: &[Residue], times: u32) -> Vec<Residue> {
        let squares = values.chunks(8).flat_map(|values| match &self.ifma {
            Some(field) if values.len() > 2 => table::square_lanes(field, values, times),
            _ => {
                let values = values.iter();
                values.map(|a| self.square_times(a, times)).collect()
            }
        });
        squares.collect()
    }

    /// base^exponent, of an exponent below 2^bits.
    pub(crate) fn power(&self, base: &Residue, exponent: &BoxedUint, bits: u32) -> Residue {
        if self.ifma.is_none() {
            let base = self.portable(base);
            return Self::from_portable(base.pow_bounded_exp(exponent, bits));
        }
        let table = Table::powers(self, base, WINDOW);
        let mut power = self.one();
        for number in (0..bits.div_ceil(WINDOW)).rev() {
            power = self.square_times(&power, WINDOW);
            power = self.multiply(&power, &table.select(self, digit(exponent, number, WINDOW)));
        }
        power
    }

    /// Every base to the same exponent.
    pub(crate) fn power_many(
        &self,
        bases: &[Residue],
        exponent: &BoxedUint,
        bits: u32,
    ) -> Vec<Residue> {
        self.power_each(bases, &vec![exponent; bases.len()], bits)
    }

    /// Every base to its own exponent.
    pub(crate) fn power_each(
        &self,
        bases: &[Residue],
        exponents: &[&BoxedUint],
        bits: u32,
    ) -> Vec<Residue> {
        let mut powers = Vec::with_capacity(bases.len());
        for (bases, exponents) in bases.chunks(8).zip(exponents.chunks(8)) {
            match &self.ifma {
                Some(field) if bases.len() > 2 => {
                    powers.extend(table::power_lanes(field, self, bases, exponents, bits));
                }
                _ => powers.extend(
                    bases
                        .iter()
                        .zip(exponents)
                        .map(|(base, exponent)| self.power(base, exponent, bits)),
                ),
            }
        }
        powers
    }

    /// Product of all.
    pub(crate) fn product<'a>(&self, factors: impl IntoIterator<Item = &'a Residue>) -> Residue {
        factors.into_iter().fold(self.one(), |product, factor| {
            self.multiply(&product, factor)
        })
    }

    /// The inverse, if there is one. Its time depends on the value.
    pub(crate) fn invert_vartime(&self, a: &Residue) -> Option<Residue> {
        let inverse = self.value_of(a).invert_odd_mod_vartime(&self.value);
        inverse.into_option().map(|inverse| self.residue(&inverse))
    }

    /// The inverses, if all have one, for the price of one. Its time depends on the values.
    pub(crate) fn invert_many_vartime(&self, values: &[Residue]) -> Option<Vec<Residue>> {
        let mut before = Vec::with_capacity(values.len());
        let mut product = self.one();
        for value in values {
            let next = self.multiply(&product, value);
            before.push(std::mem::replace(&mut product, next));
        }
        let mut inverse = self.invert_vartime(&product)?;
        let mut inverses = Vec::with_capacity(values.len());
        for (value, before) in values.iter().zip(&before).rev() {
            inverses.push(self.multiply(&inverse, before));
            inverse = self.multiply(&inverse, value);
        }
        inverses.reverse();
        Some(inverses)
    }

    /// Whether both stand for the same number.
    pub(crate) fn equal(&self, a: &Residue, b: &Residue) -> Choice {
        self.value_of(a).ct_eq(&self.value_of(b))
    }

    fn params(&self) -> &BoxedMontyParams {
        self.params.as_ref().expect("there is no other kernel")
    }

    fn portable(&self, residue: &Residue) -> BoxedMontyForm {
        let words = BoxedUint::from_words(residue.0.iter().copied());
        BoxedMontyForm::from_montgomery(words, self.params())
    }

    fn from_portable(mut form: BoxedMontyForm) -> Residue {
        let residue = Residue(form.as_montgomery().to_words().to_vec());
        form.zeroize();
        residue
    }
}

/// Digit `number`, from 0, of an exponent in base 2^window.
fn digit(exponent: &BoxedUint, number: u32, window: u32) -> usize {
    let (first, words) = (number * window, exponent.as_words());
    let word = |index: usize| words.get(index).copied().unwrap_or(0);
    let (index, shift) = ((first / 64) as usize, first % 64);
    let bits = word(index) >> shift | word(index + 1) << 1 << (63 - shift);
    (bits & ((1 << window) - 1)) as usize
}
