//! Figures 7.4 to 7.8 of the book: two owners (7.8: one to ten), five validators, one third party.

use salus_shapley::{monotone_hull, Profile, Rule, Shares, Table, Worth, ONE};

use crate::reference::{shares, whole, Rational};

const FIVE: Rule = Rule::Groups { validators: 5 };

/// The parts of owners, validators and third party where single owners have these F1 and both 1.
fn parts(first: Worth, second: Worth) -> (Rational, Rational, Rational) {
    of(vec![0, first, second, ONE])
}

fn of(mut game: Vec<Worth>) -> (Rational, Rational, Rational) {
    monotone_hull(&mut game).unwrap();
    let found = Shares::of(&Profile::of(Table::new(&game).unwrap()), FIVE).unwrap();
    let (owners, validators, third_party) = shares(&found);
    (owners.into_iter().sum(), validators, third_party)
}

/// 7.4 to 7.7 with equal owners: the owners' total falls, the others' rise with F0/F1(H).
#[test]
fn owners_fall_as_they_are_less_needed() {
    let steps: Vec<_> = (0..=10)
        .map(|tenth| parts(ONE / 10 * tenth, ONE / 10 * tenth))
        .collect();
    for pair in steps.windows(2) {
        assert!(pair[1].0 < pair[0].0);
        assert!(pair[1].1 > pair[0].1);
        assert!(pair[1].2 > pair[0].2);
    }
    for (owners, validators, third_party) in steps {
        assert_eq!(owners + validators + third_party, whole(1));
    }
}

/// Only the sum of the owners' F1 decides what each group has.
#[test]
fn only_the_sum_counts() {
    for sum in [ONE / 5, ONE / 2, ONE] {
        let equal = parts(sum / 2, sum - sum / 2);
        for first in [0, sum / 7, sum / 3] {
            assert_eq!(parts(first, sum - first), equal);
        }
    }
}

/// 7.8: all coalitions have the same F1, and the third party's part rises with the owners.
#[test]
fn third_party_wants_more_owners() {
    let steps = (1..=10).map(|owners| {
        let mut game = vec![ONE; 1 << owners];
        game[0] = 0;
        of(game).2
    });
    let steps: Vec<_> = steps.collect();
    assert!(steps.is_sorted_by(|a, b| a < b), "{steps:?}");
}
