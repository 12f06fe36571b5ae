use polkadot_sdk::frame_support::{assert_noop, assert_ok};
use salus_primitives::{
    blobs::BlobAccess,
    records::{RecordAccess, Right},
};

use crate::{mock::*, *};

#[test]
fn owner_alone_without_recovery_account() {
    build_and_execute(|| {
        let id = stored(1);
        assert_ok!(share(id, RESEARCHER, READ));
        System::set_block_number(33);
        Now::set(START + 5);
        assert_ok!(RecordsPallet::terminate(signed(PATIENT), id, None));
        let record = Records::<Test>::get(id).unwrap();
        assert_eq!(
            record.state,
            State::Terminated {
                successor: None,
                at: 33,
                moment: START + 5,
                deposit: Some(Deposit {
                    payer: PATIENT,
                    amount: RETIRED_PRICE
                })
            }
        );
        // Void at once, for everybody.
        assert!(!<RecordsPallet as BlobAccess<_>>::is_referenced(&digest(
            3_001
        )));
        for who in [RESEARCHER, PATIENT] {
            assert!(!<RecordsPallet as BlobAccess<_>>::may_fetch(
                &who,
                &digest(3_001)
            ));
            assert!(!<RecordsPallet as RecordAccess<_>>::may(
                &who,
                &id,
                Right::Read,
                PURPOSE
            ));
        }
        // Not even by another record.
        assert_noop!(
            RecordsPallet::release(signed(CLINIC), PATIENT, digest(5), 1, blob(3_001)),
            Error::<Test>::BlobInUse
        );
        // The tombstone keeps the institution's deposit, the retired digest the patient's, the share
        // its own until it is cleared.
        assert_eq!(held(HOSPITAL), BASE);
        assert_eq!(held(PATIENT), RETIRED_PRICE + BASE + 100);
        assert_last_event(Event::Terminated {
            record: id,
            successor: None,
            by: EndRight::Owner,
        });
        assert_noop!(
            RecordsPallet::terminate(signed(PATIENT), id, None),
            Error::<Test>::RecordTerminated
        );
        // Nobody can make it anew.
        assert_noop!(
            RecordsPallet::release(signed(HOSPITAL), PATIENT, record.commitment, 1, blob(5)),
            Error::<Test>::AlreadyExists
        );
    });
}

#[test]
fn before_it_is_stored() {
    build_and_execute(|| {
        for (seed, disputed) in [(1, false), (2, true)] {
            let id = released(seed);
            if disputed {
                assert_ok!(RecordsPallet::dispute(signed(PATIENT), id, digest(0)));
            }
            assert_ok!(RecordsPallet::terminate(signed(PATIENT), id, None));
            assert_eq!(BlobOwner::<Test>::iter().count(), 0);
            assert_eq!(held(HOSPITAL), BASE * seed);
        }
    });
}

#[test]
fn both_signers_where_recovery_is_set() {
    for (first, second) in [(PATIENT, RECOVERY), (RECOVERY, PATIENT)] {
        build_and_execute(|| {
            Members::change(PATIENT, |m| m.recovery = Some(RECOVERY));
            let (id, next) = (stored(1), stored(2));
            let end = End::Terminate {
                successor: Some(next),
            };
            assert_ok!(RecordsPallet::terminate(signed(first), id, Some(next)));
            assert_last_event(Event::EndProposed {
                record: id,
                by: first,
                end,
            });
            // One signer, however often, is not two.
            assert_noop!(
                RecordsPallet::terminate(signed(first), id, Some(next)),
                Error::<Test>::AlreadyProposed
            );
            assert!(matches!(
                Records::<Test>::get(id).unwrap().state,
                State::Stored(_)
            ));
            assert_ok!(RecordsPallet::terminate(signed(second), id, Some(next)));
            assert_eq!(PendingEnds::<Test>::iter().count(), 0);
            assert_last_event(Event::Terminated {
                record: id,
                successor: Some(next),
                by: EndRight::OwnerAndRecovery,
            });
        });
    }
}

#[test]
fn a_thief_neither_ends_nor_undoes() {
    build_and_execute(|| {
        Members::change(PATIENT, |m| m.recovery = Some(RECOVERY));
        let (id, bait) = (stored(1), stored(2));
        assert_ok!(RecordsPallet::terminate(signed(RECOVERY), id, None));
        // The thief has the owner's key: another end is no confirmation, and cancelling takes back
        // the owner's proposal only.
        assert_ok!(RecordsPallet::terminate(signed(PATIENT), id, Some(bait)));
        assert_ok!(RecordsPallet::cancel_end(signed(PATIENT), id));
        assert_noop!(
            RecordsPallet::cancel_end(signed(PATIENT), id),
            Error::<Test>::ProposalNotFound
        );
        assert_eq!(PendingEnds::<Test>::get(id).len(), 1);
        // The owner needs one transaction.
        assert_ok!(RecordsPallet::terminate(signed(PATIENT), id, None));
        assert_last_event(Event::Terminated {
            record: id,
            successor: None,
            by: EndRight::OwnerAndRecovery,
        });
    });
}

#[test]
fn another_proposal_of_the_same_signer_replaces() {
    build_and_execute(|| {
        Members::change(PATIENT, |m| m.recovery = Some(RECOVERY));
        let (id, next) = (stored(1), stored(2));
        assert_ok!(RecordsPallet::terminate(signed(PATIENT), id, None));
        assert_ok!(RecordsPallet::terminate(signed(PATIENT), id, Some(next)));
        // The first proposal no longer stands.
        assert_ok!(RecordsPallet::terminate(signed(RECOVERY), id, None));
        assert_eq!(PendingEnds::<Test>::get(id).len(), 2);
        assert!(matches!(
            Records::<Test>::get(id).unwrap().state,
            State::Stored(_)
        ));
    });
}

#[test]
fn a_former_recovery_account_counts_no_more() {
    build_and_execute(|| {
        Members::change(PATIENT, |m| m.recovery = Some(RECOVERY));
        let id = stored(1);
        assert_ok!(RecordsPallet::terminate(signed(RECOVERY), id, None));
        Members::change(PATIENT, |m| m.recovery = Some(STRANGER));
        assert_ok!(RecordsPallet::terminate(signed(PATIENT), id, None));
        assert_last_event(Event::EndProposed {
            record: id,
            by: PATIENT,
            end: End::Terminate { successor: None },
        });
        assert_eq!(PendingEnds::<Test>::get(id).len(), 1);
        assert_noop!(
            RecordsPallet::terminate(signed(RECOVERY), id, None),
            Error::<Test>::NotAuthorized
        );
        assert_ok!(RecordsPallet::terminate(signed(STRANGER), id, None));
        assert_eq!(PendingEnds::<Test>::iter().count(), 0);
    });
}

#[test]
fn not_by_others() {
    build_and_execute(|| {
        let id = stored(1);
        assert_noop!(
            RecordsPallet::terminate(signed(PATIENT), digest(0), None),
            Error::<Test>::RecordNotFound
        );
        for who in [HOSPITAL, OTHER_PATIENT, RECOVERY] {
            assert_noop!(
                RecordsPallet::terminate(signed(who), id, None),
                Error::<Test>::NotAuthorized
            );
        }
    });
}

#[test]
fn successor_must_be_another_stored_record() {
    build_and_execute(|| {
        let (id, dead, waiting) = (stored(1), stored(2), released(3));
        assert_ok!(RecordsPallet::terminate(signed(PATIENT), dead, None));
        for successor in [id, dead, waiting, digest(0)] {
            assert_noop!(
                RecordsPallet::terminate(signed(PATIENT), id, Some(successor)),
                Error::<Test>::InvalidSuccessor
            );
        }
    });
}
