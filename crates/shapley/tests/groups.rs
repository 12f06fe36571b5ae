//! The collapsed sums against every coalition of owners, validators and the third party.

use num_traits::Zero;
use proptest::prelude::*;
use salus_shapley::{explain, monotone_hull, Error, Profile, Rule, Shares, Table, Worth, U512};

use crate::reference::{self, factorial, ratio, three_groups, whole, Rational};

fn of(game: &[Worth], rule: Rule) -> Result<Shares, Error> {
    Shares::of(&Profile::of(Table::new(game).unwrap()), rule)
}

/// A game of F1 values whose hull was taken.
fn f1_games(owners: std::ops::RangeInclusive<u32>) -> impl Strategy<Value = Vec<Worth>> {
    owners.prop_flat_map(|owners| {
        prop::collection::vec(0..=1i64 << 32, 1 << owners).prop_map(|mut game| {
            game[0] = 0;
            *game.last_mut().unwrap() |= 1;
            monotone_hull(&mut game).unwrap();
            game
        })
    })
}

/// The formulas as the issue and the book's theorem have them, in rationals.
fn formulas(game: &[Worth], m: usize) -> (Vec<Rational>, Rational, Rational) {
    let n = game.len().ilog2() as usize;
    let all = *game.last().unwrap();
    let f = factorial;
    let owner = |i: usize| {
        let sets = (0..game.len()).filter(|set| set & 1 << i == 0);
        sets.fold(Rational::zero(), |sum, set| {
            let h = set.count_ones() as usize;
            let weight = ratio(f(h + 1) * f(n - h - 1), f(n + 1))
                - ratio(f(h + 1) * f(n + m - h - 1), f(n + m + 1));
            sum + weight * ratio(game[set | 1 << i] - game[set], all)
        })
    };
    let owners = (0..n).map(owner).collect();
    let (mut together, mut third_party) = (Rational::zero(), Rational::zero());
    for (set, worth) in game.iter().enumerate().skip(1) {
        let h = set.count_ones() as usize;
        let part = ratio(*worth, all);
        together += whole(m) * ratio(f(h + 1) * f(n + m - h - 1), f(n + m + 1)) * &part;
        third_party +=
            (ratio(f(h) * f(n - h), f(n + 1)) - ratio(f(h) * f(n + m - h), f(n + m + 1))) * part;
    }
    (owners, together, third_party)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn every_coalition(game in f1_games(1..=4), validators in 1usize..=4) {
        let brute = three_groups(&game, validators);
        prop_assert_eq!(&formulas(&game, validators), &brute);
        let found = of(&game, Rule::Groups { validators: validators as u32 }).unwrap();
        prop_assert_eq!(&reference::shares(&found), &brute);
    }

    #[test]
    fn formulas_of_larger_groups(game in f1_games(5..=8), validators in 1usize..=200) {
        let found = of(&game, Rule::Groups { validators: validators as u32 }).unwrap();
        prop_assert_eq!(reference::shares(&found), formulas(&game, validators));
    }

    /// Theorem 1 is the plain Shapley value of the owners.
    #[test]
    fn owners_alone(game in f1_games(1..=6)) {
        let found = of(&game, Rule::Owners).unwrap();
        let all = *game.last().unwrap();
        let worth = |set: usize| ratio(game[set], all);
        let expected = reference::by_subsets(game.len().ilog2() as usize, &worth);
        prop_assert_eq!(reference::shares(&found), (expected, whole(0), whole(0)));
    }

    /// Integers paid are the exact rationals, rounded as stated.
    #[test]
    fn payouts(game in f1_games(1..=5), validators in 1u32..=30, amount: u128) {
        let found = of(&game, Rule::Groups { validators }).unwrap();
        let (mut parts, together, third_party) = formulas(&game, validators as usize);
        parts.extend([together, third_party]);
        let paid = found.divide(amount).unwrap();
        let paid = [&paid.owners[..], &[paid.validators, paid.third_party]].concat();
        prop_assert_eq!(paid.iter().sum::<u128>(), amount);
        prop_assert_eq!(paid, reference::rounded(amount, &parts));
    }

    #[test]
    fn explained(game in f1_games(1..=6), validators in 0u32..=30) {
        let rule = match validators {
            0 => Rule::Owners,
            _ => Rule::Groups { validators },
        };
        let found = of(&game, rule).unwrap();
        for (owner, share) in found.owners.iter().enumerate() {
            let steps = explain(Table::new(&game).unwrap(), rule, owner as u32).unwrap();
            let sum = steps.fold(U512::zero(), |sum, step| sum + step.part().unwrap());
            prop_assert_eq!(sum, *share);
        }
    }
}

/// The largest numbers there may be still divide the largest amount.
#[test]
fn largest_weights() {
    let players = if cfg!(debug_assertions) { 18 } else { 25 };
    let mut game = vec![salus_shapley::MAX_WORTH; 1 << players];
    game[0] = 0;
    let found = of(&game, Rule::Groups { validators: 200 }).unwrap();
    let paid = found.divide(u128::MAX).unwrap();
    let sum = paid.owners.iter().sum::<u128>() + paid.validators + paid.third_party;
    assert_eq!(sum, u128::MAX);
}

/// F1(H) = 0: third party and validators share as in the game in which all owners are null.
#[test]
fn worthless_owners() {
    let found = of(&[0; 4], Rule::Groups { validators: 4 }).unwrap();
    let one_null = three_groups_without_owners(4);
    let (owners, together, third_party) = reference::shares(&found);
    assert_eq!(owners, [whole(0), whole(0)]);
    assert_eq!((together, third_party), one_null);
    assert_eq!(of(&[0; 4], Rule::Owners), Err(Error::NoWorth));
    let paid = found.divide(7).unwrap();
    assert_eq!(
        (paid.owners, paid.validators, paid.third_party),
        (vec![0, 0], 1, 6)
    );
}

fn three_groups_without_owners(validators: usize) -> (Rational, Rational) {
    let worth = |set: usize| {
        let third_party = set >> validators == 1;
        whole(i32::from(third_party && set != 1 << validators))
    };
    let mut values = reference::by_subsets(validators + 1, &worth);
    let third_party = values.pop().unwrap();
    (values.into_iter().sum(), third_party)
}

#[test]
fn one_owner() {
    let found = of(&[0, 5], Rule::Groups { validators: 4 }).unwrap();
    assert_eq!(reference::shares(&found), three_groups(&[0, 5], 4));
}

#[test]
fn refused() {
    for validators in [0, 201] {
        assert_eq!(
            of(&[0, 1], Rule::Groups { validators }),
            Err(Error::Validators)
        );
    }
    // Player 1 does harm.
    assert_eq!(of(&[0, 5, 0, 1], Rule::Owners), Err(Error::Negative));
    assert_eq!(of(&[0, -5], Rule::Owners), Err(Error::Negative));
    assert_eq!(of(&[0, 5, 1, 0], Rule::Owners), Err(Error::Negative));
    let table = [0, 5];
    let table = Table::new(&table).unwrap();
    assert_eq!(explain(table, Rule::Owners, 1).err(), Some(Error::NotFound));
}
