//! Shapley's axioms on random games.

use proptest::prelude::*;
use salus_shapley::{monotone_hull, Fractions, Profile, Rule, Shares, Table, Worth, MAX_WORTH};

use crate::{profile::games, reference::shares};

fn values(game: &[Worth]) -> Fractions {
    Profile::of(Table::new(game).unwrap()).values().unwrap()
}

/// The coalition with the bits of two players exchanged.
fn exchanged(set: usize, a: usize, b: usize) -> usize {
    let differs = (set >> a ^ set >> b) & 1;
    set ^ (differs << a | differs << b)
}

proptest! {
    #[test]
    fn efficiency(game in games(1..=11)) {
        let found = values(&game);
        let sum: i128 = found.numerators.iter().sum();
        prop_assert_eq!(sum, found.denominator * i128::from(*game.last().unwrap()));
    }

    /// Exchanging two players exchanges their values and nobody else's; so equal players have
    /// equal values.
    #[test]
    fn symmetry(game in games(2..=9), a in 0usize..9, b in 0usize..9) {
        let players = game.len().ilog2() as usize;
        let (a, b) = (a % players, b % players);
        let other: Vec<_> = (0..game.len()).map(|set| game[exchanged(set, a, b)]).collect();
        let mut expected = values(&game).numerators;
        expected.swap(a, b);
        prop_assert_eq!(expected, values(&other).numerators);
        let same: Vec<_> = game.iter().zip(&other).map(|(x, y)| (x + y) / 2).collect();
        let found = values(&same).numerators;
        prop_assert_eq!(found[a], found[b]);
    }

    #[test]
    fn null_player(game in games(1..=8), player in 0usize..9) {
        let players = game.len().ilog2() as usize;
        let player = player % (players + 1);
        let low = (1usize << player) - 1;
        let without = |set: usize| set & low | set >> 1 & !low;
        let larger: Vec<_> = (0..2 * game.len()).map(|set| game[without(set)]).collect();
        let found = values(&larger);
        prop_assert_eq!(found.numerators[player], 0);
        // And the others have what they had without it.
        let before = values(&game);
        let others = found.numerators.iter().enumerate().filter(|(index, _)| *index != player);
        for ((_, after), before_value) in others.zip(&before.numerators) {
            prop_assert_eq!(after * before.denominator, before_value * found.denominator);
        }
    }

    #[test]
    fn additivity(game in games(6..=6), other in games(6..=6)) {
        let half = |game: &[Worth]| game.iter().map(|worth| worth / 2).collect::<Vec<_>>();
        let (a, b) = (half(&game), half(&other));
        let sum: Vec<_> = a.iter().zip(&b).map(|(x, y)| x + y).collect();
        let (a, b) = (values(&a).numerators, values(&b).numerators);
        let added: Vec<_> = a.iter().zip(&b).map(|(x, y)| x + y).collect();
        prop_assert_eq!(values(&sum).numerators, added);
    }

    /// After the hull nobody does harm, a larger coalition is never worth less, and no worth is
    /// larger than some subset's was.
    #[test]
    fn hull(mut game in games(1..=9), validators in 1u32..9) {
        for worth in &mut game {
            *worth = (*worth).abs();
        }
        let raw = game.clone();
        monotone_hull(&mut game).unwrap();
        for set in 0..game.len() {
            let subsets = (0..game.len()).filter(|other| other & set == *other);
            prop_assert_eq!(game[set], subsets.map(|other| raw[other]).max().unwrap());
        }
        let profile = Profile::of(Table::new(&game).unwrap());
        prop_assert!(profile.marginals().flatten().all(|sum| *sum >= 0));
        for rule in [Rule::Owners, Rule::Groups { validators }] {
            if *game.last().unwrap() > 0 {
                let found = Shares::of(&profile, rule).unwrap();
                let (owners, together, third_party) = shares(&found);
                let sum = owners.iter().sum::<crate::reference::Rational>() + together + third_party;
                prop_assert_eq!(sum, crate::reference::whole(1));
            }
        }
    }
}

#[test]
fn hull_of_the_largest_worth() {
    let mut game = [0, MAX_WORTH, -MAX_WORTH, 5];
    monotone_hull(&mut game).unwrap();
    assert_eq!(game, [0, MAX_WORTH, 0, MAX_WORTH]);
}
