//! Amounts: largest remainder, validators' parts, several services.

use proptest::prelude::*;
use salus_shapley::{
    by_stake, settle, split, Error, HealthyRounds, Profile, Rule, Service, Shares, Table, U512,
};

use crate::reference::{big, ratio, rounded, whole, Rational};

proptest! {
    #[test]
    fn largest_remainder(weights in prop::collection::vec(any::<u128>(), 1..20), amount: u128) {
        let exact: Vec<Rational> = weights.iter().map(|weight| whole(*weight)).collect();
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        let paid = split(amount, &by_stake(&weights)).unwrap();
        prop_assert_eq!(paid.iter().map(|part| whole(*part)).sum::<Rational>(), whole(amount));
        prop_assert_eq!(paid, rounded(amount, &exact));
    }

    /// P_k against the formula, round by round.
    #[test]
    fn healthy_rounds(rounds in prop::collection::vec((prop::collection::vec(any::<bool>(), 7), 1u32..5), 1..30)) {
        let mut noted = HealthyRounds::new(7).unwrap();
        let mut sums = vec![whole(0); 7];
        let mut n = 0;
        for (healthy, times) in &rounds {
            let healthy: Vec<u32> = (0..7).filter(|k| healthy[*k as usize]).collect();
            noted.note(&healthy, *times).unwrap();
            if !healthy.is_empty() {
                n += times;
            }
            for k in &healthy {
                sums[*k as usize] += ratio(*times, healthy.len());
            }
        }
        prop_assume!(n > 0);
        let weights = noted.weights().unwrap();
        let total = weights.iter().fold(U512::zero(), |sum, weight| sum + *weight);
        for (weight, sum) in weights.iter().zip(sums) {
            prop_assert_eq!(ratio(big(*weight), big(total)), sum / whole(n));
        }
    }
}

#[test]
fn ties_go_to_the_first() {
    let weights = by_stake(&[1, 1, 1]);
    assert_eq!(split(5, &weights), Ok(vec![2, 2, 1]));
    assert_eq!(split(0, &weights), Ok(vec![0, 0, 0]));
    assert_eq!(split(5, &by_stake(&[0, 0])), Err(Error::NoWorth));
    assert_eq!(split(5, &[]), Err(Error::NoWorth));
    assert_eq!(split(2, &[U512::MAX]), Err(Error::Overflow));
}

/// Every number of healthy validators there may be, as often as can be counted, and the largest
/// amount: exact all the same.
#[test]
fn many_rounds() {
    let mut noted = HealthyRounds::new(200).unwrap();
    let all: Vec<u32> = (0..200).collect();
    for q in 1..=200 {
        noted.note(&all[..q], u32::MAX / 200).unwrap();
    }
    let paid = split(u128::MAX, &noted.weights().unwrap()).unwrap();
    assert_eq!(paid.iter().sum::<u128>(), u128::MAX);
    assert!(paid.is_sorted_by(|a, b| a >= b));
}

#[test]
fn rounds_refused() {
    assert_eq!(HealthyRounds::new(0).err(), Some(Error::Validators));
    assert_eq!(HealthyRounds::new(201).err(), Some(Error::Validators));
    let mut noted = HealthyRounds::new(2).unwrap();
    assert_eq!(noted.note(&[2], 1), Err(Error::NotFound));
    assert_eq!(noted.note(&[1, 1], 1), Err(Error::AlreadyNamed));
    noted.note(&[], 9).unwrap();
    assert_eq!(split(1, &noted.weights().unwrap()), Err(Error::NoWorth));
}

#[test]
fn services_add_up() {
    let rule = Rule::Groups { validators: 3 };
    let of = |game: &[i64]| Shares::of(&Profile::of(Table::new(game).unwrap()), rule).unwrap();
    let (first, second) = (of(&[0, 3, 4, 9]), of(&[0, 1, 0, 1, 0, 1, 0, 2]));
    let service = |third_party, owners, shares, revenue| Service {
        third_party,
        owners,
        shares,
        revenue,
    };
    let services = [
        service(1, &[2, 0][..], &first, 1_000_003),
        service(0, &[0, 1, 3][..], &second, 77),
    ];
    let found = settle(&services, 4, 2).unwrap();
    let (a, b) = (first.divide(1_000_003).unwrap(), second.divide(77).unwrap());
    assert_eq!(
        found.owners,
        [
            a.owners[1] + b.owners[0],
            b.owners[1],
            a.owners[0],
            b.owners[2]
        ]
    );
    assert_eq!(found.validators, a.validators + b.validators);
    assert_eq!(found.third_parties, [b.third_party, a.third_party]);

    let refused = |service| settle(&[service], 4, 2).err();
    assert_eq!(
        refused(service(2, &[0, 1][..], &first, 1)),
        Some(Error::NotFound)
    );
    assert_eq!(
        refused(service(0, &[0, 4][..], &first, 9)),
        Some(Error::NotFound)
    );
    assert_eq!(
        refused(service(0, &[0][..], &first, 1)),
        Some(Error::NotFound)
    );
    assert_eq!(
        refused(service(0, &[1, 1][..], &first, 1)),
        Some(Error::AlreadyNamed)
    );
}
