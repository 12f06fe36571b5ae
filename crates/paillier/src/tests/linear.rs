use num_bigint::BigInt;
use proptest::prelude::*;

use super::*;
use crate::{Combination, Error, Packing};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn sums_are_the_models(
        terms in prop::collection::vec(any::<i32>(), 1..6),
        factors in prop::collection::vec(prop::collection::vec(-(1i64 << 33)..=(1i64 << 33), 6), 1..12),
    ) {
        for secret in SMALL.iter() {
            let key = secret.public();
            let plaintexts: Vec<_> = terms.iter().map(|v| plain(key, (*v).into())).collect();
            let encrypted = encryptor(key).encrypt_many(&plaintexts, &mut rng(2)).unwrap();
            let combination = Combination::new(key, &encrypted, 34).unwrap();
            let rows: Vec<Vec<Int>> = factors.iter().map(|row| row[..terms.len()].iter().map(|k| Int::from(*k)).collect()).collect();
            let sums = combination.apply_many(&rows).unwrap();
            for (row, sum) in rows.iter().zip(&sums) {
                let expected: BigInt = row.iter().zip(&terms).map(|(k, x)| signed(k) * *x).sum();
                prop_assert_eq!(signed(&secret.decrypt(sum).unwrap().to_int(key).unwrap()), expected);
            }
            prop_assert!(key.same(&combination.apply(&rows[0]).unwrap(), &sums[0]).unwrap());
        }
    }
}

#[test]
fn packed_factors_give_packed_sums() {
    // Three terms, rows of slots: each slot's sum is the slot's factors times the terms.
    for secret in MEDIUM.iter() {
        let key = secret.public();
        let terms = [3i64, -7, 11];
        let plaintexts = terms.map(|v| plain(key, v.into()));
        let encrypted = encryptor(key)
            .encrypt_many(&plaintexts, &mut rng(2))
            .unwrap();
        let packing = Packing::new(key, 40).unwrap();
        let columns: Vec<Vec<Int>> = (0..3)
            .map(|t| {
                (0..packing.slots() as i64)
                    .map(|s| Int::from((s - 5) * (t + 1) * 1000 - s))
                    .collect()
            })
            .collect();
        let factors: Vec<_> = columns
            .iter()
            .map(|column| packing.pack(column).unwrap())
            .collect();
        let combination = Combination::new(key, &encrypted, 8).unwrap();
        let rows = vec![factors; 5];
        for sum in combination.apply_plaintexts(&rows).unwrap() {
            let values = packing
                .unpack(&secret.decrypt(&sum).unwrap(), packing.slots())
                .unwrap();
            for (slot, value) in values.iter().enumerate() {
                let expected: BigInt = terms
                    .iter()
                    .zip(&columns)
                    .map(|(x, column)| signed(&column[slot]) * x)
                    .sum();
                assert_eq!(signed(value), expected);
            }
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let key = SMALL[0].public();
    let term = key.encode(&plain(key, 5));
    let combination = Combination::new(key, &[term.clone(), term.clone()], 8).unwrap();
    let count = Error::Count {
        what: "factors",
        got: 1,
        expected: 2,
    };
    assert_eq!(combination.apply(&[Int::from(1i64)]).unwrap_err(), count);
    assert_eq!(
        combination
            .apply_plaintexts(&[[plain(key, 1)]])
            .unwrap_err(),
        count
    );
    let factor = Error::Scalar { index: 1, bits: 8 };
    assert_eq!(
        combination
            .apply(&[Int::from(255i64), Int::from(256i64)])
            .unwrap_err(),
        factor
    );
    assert!(Combination::new(key, &[term], 511).is_err());
}
