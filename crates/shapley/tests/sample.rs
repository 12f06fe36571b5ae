//! The estimate against exact values.

use num_traits::Signed;
use salus_shapley::{error_bound, Error, Profile, Rule, Sampling, Shares, Table, Worth, ONE};

use crate::reference::{ratio, shares, whole};

const SAMPLING: Sampling = Sampling {
    seed: [7; 32],
    orderings: 2000,
    tolerance: ONE / 200,
};

/// Owner i adds as much as the square root of all parts grows: monotone, with falling returns.
fn worth(owners: u32, coalition: &[u32]) -> Worth {
    let whole: u64 = (1..=u64::from(owners)).sum();
    let part: u64 = coalition.iter().map(|owner| u64::from(*owner) + 1).sum();
    let square = u128::from(part) * (1 << 64) / u128::from(whole);
    square.isqrt() as Worth
}

fn estimate(owners: u32, sampling: &Sampling, rule: Rule) -> salus_shapley::Estimate {
    sampling
        .estimate(owners, ONE, rule, |coalition| {
            Ok::<_, Error>(worth(owners, coalition))
        })
        .unwrap()
}

#[test]
fn within_the_bound() {
    let table: Vec<Worth> = (0..1u32 << 10)
        .map(|set| {
            let members: Vec<u32> = (0..10).filter(|owner| set & 1 << owner != 0).collect();
            worth(10, &members)
        })
        .collect();
    let profile = Profile::of(Table::new(&table).unwrap());
    let bound = error_bound(10, ONE, &SAMPLING, 1000).unwrap();
    assert!(bound < ONE / 10, "{bound}");
    for rule in [Rule::Owners, Rule::Groups { validators: 5 }] {
        let exact = shares(&Shares::of(&profile, rule).unwrap());
        let found = shares(&estimate(10, &SAMPLING, rule).shares);
        let pairs = exact.0.iter().chain([&exact.1, &exact.2]);
        for (exact, found) in pairs.zip(found.0.iter().chain([&found.1, &found.2])) {
            let off = (exact - found).abs();
            assert!(off <= ratio(bound, ONE), "{off} is beyond {bound}");
        }
        let sum = found.0.iter().sum::<crate::reference::Rational>() + &found.1 + &found.2;
        assert_eq!(sum, whole(1));
    }
}

/// Where what an owner adds does not depend on the order, nothing is left to chance: the weights
/// are the exact ones.
#[test]
fn odds_are_exact() {
    let rule = Rule::Groups { validators: 9 };
    let sampling = Sampling {
        tolerance: 0,
        orderings: 1,
        ..SAMPLING
    };
    let linear = |coalition: &[u32]| Ok::<_, Error>(coalition.len() as Worth * (ONE / 8));
    let found = sampling.estimate(8, ONE, rule, linear).unwrap();
    let table: Vec<Worth> = (0..256u32)
        .map(|set| Worth::from(set.count_ones()) * (ONE / 8))
        .collect();
    let exact = shares(&Shares::of(&Profile::of(Table::new(&table).unwrap()), rule).unwrap());
    let found = shares(&found.shares);
    let tiny = ratio(1, 1u64 << 58);
    assert!((exact.1 - found.1).abs() < tiny);
    assert!((exact.2 - found.2).abs() < tiny);
}

#[test]
fn same_seed_same_shares() {
    let rule = Rule::Groups { validators: 4 };
    let first = estimate(40, &SAMPLING, rule);
    assert_eq!(first, estimate(40, &SAMPLING, rule));
    assert_ne!(
        first,
        estimate(
            40,
            &Sampling {
                seed: [8; 32],
                ..SAMPLING
            },
            rule
        )
    );
    // Ends early, and does not lose what is missing.
    let exact = estimate(
        40,
        &Sampling {
            tolerance: 0,
            ..SAMPLING
        },
        rule,
    );
    assert!(first.evaluations < exact.evaluations);
}

/// Pinned: another order would be another version.
#[test]
fn orderings() {
    assert_eq!(SAMPLING.ordering(8, 0), PINNED[0]);
    assert_eq!(SAMPLING.ordering(8, 1), PINNED[1]);
    // Each owner stands at each place about as often.
    let mut counts = [[0u32; 5]; 5];
    for number in 0..5000 {
        for (place, owner) in SAMPLING.ordering(5, number).into_iter().enumerate() {
            counts[place][owner as usize] += 1;
        }
    }
    // 1000 expected, with a standard deviation of 28.
    assert!(
        counts
            .iter()
            .flatten()
            .all(|count| (850..1150).contains(count)),
        "{counts:?}"
    );
}

const PINNED: [[u32; 8]; 2] = [[6, 5, 3, 0, 7, 2, 1, 4], [7, 4, 0, 2, 6, 3, 1, 5]];

#[test]
fn harm_and_excess_do_not_count() {
    // Owner 1 halves what there is, owner 0 with owner 2 has more than all have.
    let raw = |coalition: &[u32]| {
        let has = |owner| coalition.contains(&owner);
        let worth = if has(0) { ONE / 2 } else { 0 };
        Ok::<_, Error>(if has(1) {
            worth / 2
        } else if has(2) {
            worth * 3
        } else {
            worth
        })
    };
    let found = SAMPLING
        .estimate(3, ONE / 2, Rule::Owners, raw)
        .unwrap()
        .shares;
    assert!(found.owners[1] * 10 < found.owners[0]);
    let sum = found
        .owners
        .iter()
        .fold(salus_shapley::U512::zero(), |sum, part| sum + *part);
    assert_eq!(sum, found.total);
}

#[test]
fn refused() {
    let run = |sampling: Sampling, owners, all| {
        let found = sampling.estimate(owners, all, Rule::Owners, |_| Ok::<_, Error>(all));
        found.err()
    };
    assert_eq!(run(SAMPLING, 0, 1), Some(Error::Players));
    assert_eq!(run(SAMPLING, 1025, 1), Some(Error::Players));
    assert_eq!(
        run(
            Sampling {
                orderings: 0,
                ..SAMPLING
            },
            2,
            1
        ),
        Some(Error::Orderings)
    );
    assert_eq!(run(SAMPLING, 2, -1), Some(Error::Worth));
    assert_eq!(run(SAMPLING, 2, 0), Some(Error::NoWorth));
    let negative = Sampling {
        tolerance: -1,
        ..SAMPLING
    };
    assert!(matches!(run(negative, 2, 1), Some(Error::Parameter(_))));
    let found = SAMPLING.estimate(2, ONE, Rule::Owners, |_| Err::<Worth, _>(Error::NotFound));
    assert_eq!(found.err(), Some(Error::NotFound));
}
