use crypto_bigint::{BoxedUint, Odd};
use num_bigint::BigUint;
use proptest::prelude::*;
use zeroize::Zeroizing;

use super::KERNELS;
use crate::modular::{FixedBase, Modulus, Powers};

fn boxed(value: &BigUint, bits: u32) -> BoxedUint {
    BoxedUint::from_le_slice(&value.to_bytes_le(), bits).unwrap()
}

fn big(value: &BoxedUint) -> BigUint {
    BigUint::from_bytes_le(&value.to_le_bytes())
}

fn modulus(words: &[u64], top: u64) -> BigUint {
    let bytes = words
        .iter()
        .flat_map(|w| w.to_le_bytes())
        .collect::<Vec<_>>();
    let mut n = BigUint::from_bytes_le(&bytes);
    n.set_bit(0, true);
    n.set_bit(64 * words.len() as u64 - 1 - top, true);
    n
}

/// Words that often are all ones or all zeros: where carries run far.
fn words(count: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Vec<u64>> {
    let word = prop_oneof![2 => any::<u64>(), 1 => Just(0), 1 => Just(u64::MAX)];
    prop::collection::vec(word, count)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 48 } else { 512 }))]

    #[test]
    fn products_are_the_models((root, a, b) in (1usize..50).prop_flat_map(|k| (words(k), words(2 * k), words(2 * k))), top in 0u64..3) {
        let bits = 128 * root.len() as u32;
        let root = modulus(&root, top);
        let n = &root * &root;
        let [a, b] = [a, b].map(|x| BigUint::from_bytes_le(&x.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<_>>()) % &n);
        for kernel in KERNELS {
            let modulus = Modulus::new(Odd::new(boxed(&root, bits / 2)).unwrap(), kernel);
            let (x, y) = (modulus.residue(&boxed(&a, bits)), modulus.residue(&boxed(&b, bits)));
            prop_assert_eq!(big(&modulus.value_of(&x)), a.clone());
            prop_assert_eq!(big(&modulus.value_of(&modulus.multiply(&x, &y))), &a * &b % &n);
            prop_assert_eq!(big(&modulus.value_of(&modulus.square(&x))), &a * &a % &n);
            let m = &b % &root;
            prop_assert_eq!(big(&modulus.value_of(&modulus.one_plus(&boxed(&m, bits / 2)))), (m * &root + 1u8) % &n);
            // A long chain: residues stay in their range.
            let chain = modulus.square_times(&modulus.multiply(&x, &y), 20);
            let expected = (&a * &b % &n).modpow(&(BigUint::from(1u8) << 20), &n);
            prop_assert_eq!(big(&modulus.value_of(&chain)), expected);
        }
    }

    #[test]
    fn powers_are_the_models(n in words(1usize..10), bases in prop::collection::vec(words(20), 1..11), e in words(1usize..5), cut in 0u64..64) {
        let bits = 128 * n.len() as u32;
        let root = modulus(&n, 0);
        let n = &root * &root;
        let exponent_bits = 64 * e.len() as u32 - cut as u32;
        let e = BigUint::from_bytes_le(&e.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<_>>()) >> cut;
        let exponent = boxed(&e, exponent_bits);
        let bases: Vec<BigUint> = bases.iter().map(|b| BigUint::from_bytes_le(&b.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<_>>()) % &n).collect();
        let exponents: Vec<BigUint> = (0..bases.len()).map(|i| &e >> (7 * i)).collect();
        for kernel in KERNELS {
            let modulus = Modulus::new(Odd::new(boxed(&root, bits / 2)).unwrap(), kernel);
            let residues: Vec<_> = bases.iter().map(|b| modulus.residue(&boxed(b, bits))).collect();
            for (base, power) in bases.iter().zip(modulus.power_many(&residues, &exponent, exponent_bits)) {
                prop_assert_eq!(big(&modulus.value_of(&power)), base.modpow(&e, &n));
            }
            let single = modulus.power(&residues[0], &exponent, exponent_bits);
            prop_assert_eq!(big(&modulus.value_of(&single)), bases[0].modpow(&e, &n));

            let boxes: Vec<_> = exponents.iter().map(|e| Zeroizing::new(boxed(e, exponent_bits))).collect();
            let references: Vec<&BoxedUint> = boxes.iter().map(|e| &**e).collect();
            let powers = modulus.power_each(&residues, &references, exponent_bits);
            for ((base, e), power) in bases.iter().zip(&exponents).zip(powers) {
                prop_assert_eq!(big(&modulus.value_of(&power)), base.modpow(e, &n));
            }

            if let Some(inverse) = modulus.invert_vartime(&residues[0]) {
                let fixed = FixedBase::new(&modulus, &residues[0], &inverse, exponent_bits);
                for (e, power) in exponents.iter().zip(fixed.power_many(&modulus, &boxes)) {
                    prop_assert_eq!(big(&modulus.value_of(&power)), bases[0].modpow(e, &n));
                }
                prop_assert_eq!(big(&modulus.value_of(&fixed.power(&modulus, &boxes[0]))), bases[0].modpow(&e, &n));
            }

            let powers = Powers::new(&modulus, &residues);
            let row: Vec<_> = exponents.iter().map(|e| boxed(e, exponent_bits)).collect();
            let mut reversed = row.clone();
            reversed.reverse();
            let expected = |row: &[BoxedUint]| bases.iter().zip(row).fold(BigUint::from(1u8), |x, (b, e)| x * b.modpow(&big(e), &n) % &n) % &n;
            let rows = vec![row.clone(), reversed, row.clone(), row.clone(), row];
            for (row, product) in rows.iter().zip(powers.product_many(&modulus, &rows, exponent_bits)) {
                prop_assert_eq!(big(&modulus.value_of(&product)), expected(row));
            }
            prop_assert_eq!(big(&modulus.value_of(&powers.product(&modulus, &rows[1], exponent_bits))), expected(&rows[1]));
        }
    }

    #[test]
    fn inverses_are_found_or_there_are_none(n in words(1usize..5), values in prop::collection::vec(any::<u128>(), 1..9)) {
        let bits = 128 * n.len() as u32;
        let root = modulus(&n, 0);
        let n = &root * &root;
        let values: Vec<BigUint> = values.iter().map(|v| BigUint::from(*v) % &n).collect();
        for kernel in KERNELS {
            let modulus = Modulus::new(Odd::new(boxed(&root, bits / 2)).unwrap(), kernel);
            let residues: Vec<_> = values.iter().map(|v| modulus.residue(&boxed(v, bits))).collect();
            match modulus.invert_many_vartime(&residues) {
                Some(inverses) => for (value, inverse) in values.iter().zip(inverses) {
                    prop_assert_eq!(Some(big(&modulus.value_of(&inverse))), value.modinv(&n));
                },
                None => prop_assert!(values.iter().any(|value| value.modinv(&n).is_none())),
            }
        }
    }
}

#[test]
fn numbers_wider_than_the_modulus_are_reduced() {
    let root = BigUint::from(u64::MAX - 58);
    let n = &root * &root;
    for kernel in KERNELS {
        let modulus = Modulus::new(Odd::new(boxed(&root, 64)).unwrap(), kernel);
        let wide = (BigUint::from(1u8) << 300u32) - 1u8;
        let residue = modulus.residue(&boxed(&wide, 320));
        assert_eq!(big(&modulus.value_of(&residue)), wide % &n);
    }
}
