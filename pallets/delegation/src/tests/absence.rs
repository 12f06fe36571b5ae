//! Chilling who authors far too little, and `back`.

use polkadot_sdk::frame_support::{assert_noop, assert_ok};

use crate::{mock::*, Chill, Error, Event};

/// A session whose blocks are of these authors only.
fn blocks_of(authors: &[AccountId]) {
    for block in 0..BLOCKS as usize {
        author(authors[block % authors.len()], 1);
    }
    next_session();
}

#[test]
fn a_validator_that_is_gone_is_chilled_and_comes_back() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_session(2);
        // Judged when five blocks were its part: with this session.
        blocks_of(&[6, 5, 4]);
        assert_event(Event::Chilled {
            candidate: 3,
            reason: Chill::Absent,
        });
        assert_eq!(candidate(3).chilled, Some(Chill::Absent));
        assert_eq!(elected(), vec![6, 5, 4, 2]);

        assert_noop!(Delegation::back(signed(4)), Error::<Test>::NotChilled);
        assert_noop!(Delegation::back(signed(ALICE)), Error::<Test>::NotChilled);
        // By its operator key.
        assert_ok!(Delegation::back(signed(103)));
        assert_eq!(last_event(), Event::CameBack { candidate: 3 });
        next_session();
        assert_eq!(elected(), vec![6, 5, 4, 3]);
    });
}

#[test]
fn little_is_enough_to_stay() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_session(2);
        for (who, blocks) in [(6, 7), (5, 6), (4, 6), (3, 1)] {
            author(who, blocks);
        }
        next_session();
        assert_eq!(candidate(3).chilled, None);
    });
}

#[test]
fn short_sessions_are_judged_together() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_session(2);
        for n in 0..2 {
            assert_eq!(candidate(3).chilled, None, "after {n} sessions");
            for who in [6, 5, 4] {
                author(who, 5);
            }
            next_session();
        }
        assert_eq!(candidate(3).chilled, Some(Chill::Absent));
    });
}

#[test]
fn a_partition_chills_nobody_however_long_it_lasts() {
    ExtBuilder::default().build_and_execute(|| {
        Validators::set(6);
        run_to_session(2);
        // What one half sees of the blocks, and what it sees when two thirds are there.
        for (present, blocks) in [(&[4, 5, 6][..], 10), (&[3, 4, 5, 6], 13)] {
            for _ in 0..10 {
                for block in 0..blocks {
                    author(present[block % present.len()], 1);
                }
                next_session();
            }
        }
        for who in CANDIDATES {
            assert_eq!(candidate(who).chilled, None, "{who}");
        }
        assert_eq!(Session::validators().len(), 6);
        // Judged again when the others are there.
        blocks_of(&[2, 3, 4, 5, 6]);
        blocks_of(&[2, 3, 4, 5, 6]);
        assert_eq!(candidate(1).chilled, Some(Chill::Absent));
    });
}

/// Slots fall to one or another by chance; those of who is away stay empty.
#[test]
fn however_the_turns_fall_a_third_that_is_missing_chills_nobody() {
    ExtBuilder::default().build_and_execute(|| {
        Validators::set(6);
        run_to_session(2);
        let mut state = 7u64;
        let mut turn = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            1 + (state >> 33) % 6
        };
        let mut full = 0;
        for _ in 0..200 {
            let authors: Vec<_> = (0..BLOCKS).map(|_| turn()).filter(|who| *who > 2).collect();
            full += u32::from(authors.len() * 3 > BLOCKS as usize * 2);
            authors.into_iter().for_each(|who| author(who, 1));
            next_session();
        }
        // In many sessions they made more than two thirds of the blocks.
        assert!(full > 50, "{full}");
        for who in CANDIDATES {
            assert_eq!(candidate(who).chilled, None, "{who}");
        }
    });
}

#[test]
fn at_most_a_third_of_the_set_is_chilled_in_a_session() {
    ExtBuilder::default().build_and_execute(|| {
        Validators::set(6);
        run_to_session(2);
        assert_eq!(Session::validators().len(), 6);
        // Half of them is as good as away.
        let chilled = || {
            CANDIDATES
                .filter(|who| candidate(*who).chilled.is_some())
                .collect::<Vec<_>>()
        };
        for (who, blocks) in [(2, 1), (3, 1), (4, 15), (5, 15), (6, 15)] {
            author(who, blocks);
        }
        next_session();
        assert_eq!(chilled(), vec![1, 2]);
        // The third is judged again after the next session, together with the one before.
        for (who, blocks) in [(1, 1), (2, 1), (4, 6), (5, 6), (6, 6)] {
            author(who, blocks);
        }
        next_session();
        assert_eq!(chilled(), vec![1, 2, 3]);
    });
}

#[test]
fn a_set_of_two_chills_nobody() {
    ExtBuilder::default()
        .candidates([1, 2])
        .build_and_execute(|| {
            run_to_session(2);
            blocks_of(&[1]);
            assert_eq!(candidate(2).chilled, None);
        });
}
