use polkadot_sdk::frame_support::{assert_noop, assert_ok};

use crate::{mock::*, *};

#[test]
fn links_to_a_record_of_the_new_account() {
    build_and_execute(|| {
        Members::change(PATIENT, |m| m.recovery = Some(RECOVERY));
        let (old, new) = (stored(1), stored_by(OTHER_PATIENT, 2));
        System::set_block_number(5);
        assert_ok!(RecordsPallet::supersede(signed(RECOVERY), old, new));
        assert_last_event(Event::EndProposed {
            record: old,
            by: RECOVERY,
            end: End::Supersede { new_record: new },
        });
        // Terminating is not what was proposed.
        assert_ok!(RecordsPallet::terminate(signed(PATIENT), old, Some(new)));
        assert_ok!(RecordsPallet::supersede(signed(PATIENT), old, new));
        assert_last_event(Event::Superseded {
            record: old,
            new_record: new,
            by: EndRight::OwnerAndRecovery,
        });
        assert_eq!(
            Records::<Test>::get(old).unwrap().state,
            State::Terminated {
                successor: Some(new),
                at: 5,
                moment: START,
                deposit: Some(Deposit {
                    payer: PATIENT,
                    amount: RETIRED_PRICE
                })
            }
        );
        assert_eq!(PendingEnds::<Test>::iter().count(), 0);
        assert_eq!(held(PATIENT), RETIRED_PRICE);
    });
}

#[test]
fn a_tombstone_gets_a_successor_once() {
    build_and_execute(|| {
        let (old, new, third) = (stored(1), stored(2), stored(3));
        System::set_block_number(5);
        assert_ok!(RecordsPallet::terminate(signed(PATIENT), old, None));
        System::set_block_number(50);
        Now::set(START + 1);
        assert_ok!(RecordsPallet::supersede(signed(PATIENT), old, new));
        assert_last_event(Event::Superseded {
            record: old,
            new_record: new,
            by: EndRight::Owner,
        });
        // The end stays where it was.
        assert_eq!(
            Records::<Test>::get(old).unwrap().state,
            State::Terminated {
                successor: Some(new),
                at: 5,
                moment: START,
                deposit: Some(Deposit {
                    payer: PATIENT,
                    amount: RETIRED_PRICE
                })
            }
        );
        assert_noop!(
            RecordsPallet::supersede(signed(PATIENT), old, third),
            Error::<Test>::RecordTerminated
        );
    });
}

#[test]
fn no_circles() {
    build_and_execute(|| {
        let (first, second) = (stored(1), stored(2));
        assert_ok!(RecordsPallet::supersede(signed(PATIENT), first, second));
        for bad in [first, second, digest(0)] {
            assert_noop!(
                RecordsPallet::supersede(signed(PATIENT), second, bad),
                Error::<Test>::InvalidSuccessor
            );
        }
    });
}

#[test]
fn not_by_others() {
    build_and_execute(|| {
        let (old, new) = (stored(1), stored_by(OTHER_PATIENT, 2));
        assert_noop!(
            RecordsPallet::supersede(signed(PATIENT), digest(0), new),
            Error::<Test>::RecordNotFound
        );
        for who in [OTHER_PATIENT, HOSPITAL] {
            assert_noop!(
                RecordsPallet::supersede(signed(who), old, new),
                Error::<Test>::NotAuthorized
            );
        }
        Members::change(PATIENT, |m| m.recovery = Some(RECOVERY));
        assert_ok!(RecordsPallet::supersede(signed(PATIENT), old, new));
        assert_noop!(
            RecordsPallet::supersede(signed(PATIENT), old, new),
            Error::<Test>::AlreadyProposed
        );
    });
}
