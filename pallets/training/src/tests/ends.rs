//! Who gets what, where the tests of the ends do not say it.

use salus_primitives::training::{Backend, Departure, End};

use crate::{mock::*, Event, PastTrainings};

#[test]
fn a_share_that_cannot_be_paid_goes_back() {
    build_and_execute(|| {
        // A third of it does not suffice to make an account.
        let mut small = terms(Backend::Masked);
        small.reward = 20;
        let id = running(small, &[11, 12, 13]);
        Balances::force_set_balance(RuntimeOrigin::root(), STRANGER, START).unwrap();
        post_all(id, &[ANALYST, 11, 12, 13], last_root(1, 1));
        assert!(matches!(last_event(), Event::Ended { share: 6, .. }));
        assert_eq!(free(ANALYST), START - 18 - entry_fee(id));
        assert_eq!(held(ANALYST), 0);
    });
}

#[test]
fn nothing_is_a_reward_too() {
    build_and_execute(|| {
        let mut free_of_charge = terms(Backend::Masked);
        free_of_charge.reward = 0;
        let id = running(free_of_charge, &[11, 12, 13]);
        post_all(id, &[ANALYST, 11, 12, 13], last_root(1, 1));
        assert!(matches!(last_event(), Event::Ended { share: 0, .. }));
        assert_eq!(free(ANALYST), START - entry_fee(id));
    });
}

#[test]
fn the_word_of_most_earns_them_no_more_than_was_agreed_on() {
    build_and_execute(|| {
        let id = homogeneous();
        post_all(id, &[ANALYST, 11, 12, 13], root(1));
        post_all(id, &[11, 12], blocked(&[], &[0]));
        let departure = Departure::Accused;
        assert_eq!(
            last_event(),
            Event::Ended {
                training: id,
                end: End::Lost {
                    position: 0,
                    departure
                },
                share: REWARD / 2 / 3
            }
        );
        assert_eq!(
            PastTrainings::<Test>::get(id).unwrap().roots[..],
            [digest(1)]
        );
    });
}

#[test]
fn all_silent_pay_and_the_reward_goes_back() {
    build_and_execute(|| {
        let id = homogeneous();
        run(STAGE + 1);
        assert!(matches!(
            last_event(),
            Event::Ended {
                end: End::Lost { position: 0, .. },
                share: 0,
                ..
            }
        ));
        let lost = DEPOSIT / 2;
        assert_eq!(free(TREASURY), START + 4 * lost + entry_fee(id));
        assert_eq!(free(ANALYST), START - lost - entry_fee(id));
        assert_eq!(held(ANALYST), 0);
    });
}
