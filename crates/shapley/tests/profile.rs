//! The aggregation against both definitions.

use proptest::prelude::*;
use salus_shapley::{Profile, Table, Worth, MAX_PLAYERS, MAX_WORTH};

use crate::reference::{by_orderings, by_subsets, fractions, whole};

/// Any game of some players.
pub fn games(players: std::ops::RangeInclusive<u32>) -> impl Strategy<Value = Vec<Worth>> {
    players.prop_flat_map(|players| {
        let worths = prop::collection::vec(-MAX_WORTH..=MAX_WORTH, 1 << players);
        worths.prop_map(|mut worths| {
            worths[0] = 0;
            worths
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn values_are_those_of_both_definitions(game in games(1..=5)) {
        let found = fractions(&Profile::of(Table::new(&game).unwrap()).values().unwrap());
        let worth = |set: usize| whole(game[set]);
        let players = game.len().ilog2() as usize;
        prop_assert_eq!(&found, &by_subsets(players, &worth));
        prop_assert_eq!(&found, &by_orderings(players, &worth));
    }
}

/// Some game, with worths of both signs.
fn some_game(players: u32) -> Vec<Worth> {
    let mut state = 1u64;
    let mut worth = |set: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        if set == 0 {
            0
        } else {
            (state >> 26) as Worth - (1 << 37)
        }
    };
    (0..1usize << players).map(&mut worth).collect()
}

#[test]
fn both_definitions_up_to_eight_players() {
    for players in 6..=8 {
        let game = some_game(players);
        let found = fractions(&Profile::of(Table::new(&game).unwrap()).values().unwrap());
        let worth = |set: usize| whole(game[set]);
        assert_eq!(found, by_orderings(players as usize, &worth), "{players}");
        assert_eq!(found, by_subsets(players as usize, &worth), "{players}");
    }
}

/// Tables of several blocks: every sum of the profile, counted one coalition after the other.
#[test]
fn sums_of_large_tables() {
    for players in [9, 10, 11, 13] {
        let game = some_game(players);
        let profile = Profile::of(Table::new(&game).unwrap());
        let n = players as usize;
        let mut totals = vec![0i128; n + 1];
        let mut marginals = vec![vec![0i128; n]; n];
        for (set, worth) in game.iter().enumerate() {
            totals[set.count_ones() as usize] += i128::from(*worth);
            for (player, sums) in marginals.iter_mut().enumerate() {
                if set & 1 << player == 0 {
                    let added = game[set | 1 << player] - worth;
                    sums[set.count_ones() as usize] += i128::from(added);
                }
            }
        }
        assert_eq!(profile.totals(), totals);
        assert!(profile.marginals().eq(marginals.iter().map(Vec::as_slice)));
    }
}

/// The largest table, of the largest worths: nothing overflows. All are equal but the empty one, so
/// each value is the worth over n.
#[test]
fn the_largest_table() {
    let players = if cfg!(debug_assertions) {
        20
    } else {
        MAX_PLAYERS
    };
    let mut worths = vec![MAX_WORTH; 1 << players];
    worths[0] = 0;
    let values = Profile::of(Table::new(&worths).unwrap()).values().unwrap();
    for value in fractions(&values) {
        assert_eq!(value * whole(players), whole(MAX_WORTH));
    }
}
