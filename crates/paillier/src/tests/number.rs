use num_bigint::BigInt;
use proptest::prelude::*;

use super::{int, signed};
use crate::{Error, FixedPoint, Int};

proptest! {
    #[test]
    fn encoding_is_exact_where_the_fraction_suffices(value in -(1i64 << 52)..(1i64 << 52), fraction in 0u32..=62) {
        let fixed = FixedPoint::new(fraction).unwrap();
        let x = value as f64 / fixed.scale() as f64;
        prop_assert_eq!(fixed.encode(x).unwrap(), Int::from(value));
        prop_assert_eq!(fixed.decode(&Int::from(value), 1), x);
    }

    #[test]
    fn products_decode_with_two_factors(a in any::<i32>(), b in any::<i32>(), fraction in 0u32..=62) {
        let fixed = FixedPoint::new(fraction).unwrap();
        let product = BigInt::from(a) * b;
        let expected = f64::from(a) * f64::from(b);
        let found = fixed.decode(&int(&product), 2);
        // a b has at most 62 bits: one rounding here, one in the expectation.
        prop_assert_eq!(found, expected / (fixed.scale() as f64) / (fixed.scale() as f64));
    }

    #[test]
    fn conversions_are_the_models(bytes in prop::collection::vec(any::<u8>(), 1..64)) {
        let value = BigInt::from_signed_bytes_le(&bytes);
        prop_assert_eq!(signed(&int(&value)), value);
    }
}

#[test]
fn halves_go_to_even() {
    let fixed = FixedPoint::new(0).unwrap();
    for (x, expected) in [
        (0.5, 0i64),
        (1.5, 2),
        (2.5, 2),
        (-0.5, 0),
        (-1.5, -2),
        (1e15 + 0.5, 1_000_000_000_000_000),
    ] {
        assert_eq!(fixed.encode(x).unwrap(), Int::from(expected), "{x}");
    }
}

#[test]
fn large_numbers_are_rounded_once() {
    let fixed = FixedPoint::new(0).unwrap();
    // 2^53 + 1 is halfway; anything below it in a larger number decides.
    let halfway = (BigInt::from(1) << 53) + 1;
    let above: BigInt = (&halfway << 300) + 1;
    assert_eq!(fixed.decode(&int(&(&halfway << 300)), 1), 2f64.powi(353));
    assert_eq!(
        fixed.decode(&int(&above), 1),
        (2f64.powi(53) + 2.0) * 2f64.powi(300)
    );
    assert_eq!(
        fixed.decode(&int(&-above), 1),
        -(2f64.powi(53) + 2.0) * 2f64.powi(300)
    );
    assert_eq!(fixed.decode(&Int::from(0i64), 1), 0.0);
}

#[test]
fn what_fixed_point_cannot_hold_is_refused() {
    let fixed = FixedPoint::new(20).unwrap();
    for x in [
        f64::NAN,
        f64::INFINITY,
        -f64::INFINITY,
        2f64.powi(106),
        f64::MAX,
    ] {
        assert!(matches!(fixed.encode(x), Err(Error::FixedPoint(_))), "{x}");
    }
    assert!(fixed.encode(-(2f64.powi(105))).is_ok());
    assert!(FixedPoint::new(63).is_err());
}
