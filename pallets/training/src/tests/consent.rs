//! What follows when a consent ends.

use polkadot_sdk::frame_support::{assert_noop, assert_ok};
use salus_primitives::{
    membership::Role,
    records::RecordId,
    training::{Backend, Departure, End, Standing, TrainingId},
};

use crate::{mock::*, Error, Event, HoldReason, PastTrainings};

/// As `homogeneous` or `heterogeneous`, and the data of 12 rests on a record.
fn on_a_record(backend: Backend, owner: AccountId) -> (TrainingId, RecordId) {
    let id = open(terms(backend), &[11, 12, 13]);
    let record = make_record(owner, 12, PURPOSE, 1);
    let mut own = spec(backend.partition(), 1);
    own.consents = vec![record].try_into().unwrap();
    let data_set = declare(12, own);
    assert_ok!(PalletTraining::join(signed(12), id, data_set));
    for who in [11, 13] {
        join(id, who);
    }
    let analyst = (backend == Backend::Masked).then_some(ANALYST);
    for who in [11, 12, 13].into_iter().chain(analyst) {
        commit_keys(id, who);
    }
    (id, record)
}

#[test]
fn a_post_without_consent_leaves() {
    build_and_execute(|| {
        let (id, record) = on_a_record(Backend::Masked, PATIENT);
        post(id, 11, root(1));
        revoke(12, record);
        post(id, 12, root(1));
        assert!(events().contains(&Event::Departed {
            training: id,
            position: 2,
            who: 12,
            departure: Departure::ConsentEnded,
            lost: 0
        }));
        let again = training(id);
        assert_eq!(
            again.parties[2].standing,
            Standing::Out(Departure::ConsentEnded)
        );
        assert_eq!(again.parties[1].said, None);
        assert_eq!(held_for(HoldReason::Party, 12), 0);
    });
}

#[test]
fn who_has_lost_a_consent_can_leave_at_once() {
    build_and_execute(|| {
        let (id, record) = on_a_record(Backend::Masked, PATIENT);
        assert_noop!(
            PalletTraining::leave(signed(112), id),
            Error::<Test>::StillBound
        );
        revoke(12, record);
        assert_ok!(PalletTraining::leave(signed(112), id));
        assert!(!training(id).parties[2].is_in());
        // The others are bound as before.
        assert_noop!(
            PalletTraining::leave(signed(111), id),
            Error::<Test>::StillBound
        );
    });
}

#[test]
fn a_heterogeneous_training_ends_with_refunds() {
    build_and_execute(|| {
        let (id, record) = on_a_record(Backend::Faithful, PATIENT);
        revoke(12, record);
        post(id, 12, root(1));
        assert_eq!(
            last_event(),
            Event::Ended {
                training: id,
                end: End::Lost {
                    position: 1,
                    departure: Departure::ConsentEnded
                },
                share: 0
            }
        );
        assert_eq!(free(TREASURY), START + entry_fee(id));
        assert_eq!(
            PastTrainings::<Test>::get(id).unwrap().parties[1].departure,
            Some(Departure::ConsentEnded)
        );
    });
}

#[test]
fn neither_an_own_record_nor_membership_is_an_excuse() {
    build_and_execute(|| {
        let (id, record) = on_a_record(Backend::Masked, 12);
        end_record(record);
        set_role(12, None);
        assert_noop!(
            PalletTraining::leave(signed(12), id),
            Error::<Test>::StillBound
        );
        // It can do what it promised.
        post(id, 12, root(1));
        assert_eq!(training(id).parties[2].said, Some(root(1)));
        set_role(12, Some(Role::Institution));
    });
}

#[test]
fn the_end_of_a_patients_record_is_one() {
    build_and_execute(|| {
        let (id, record) = on_a_record(Backend::Masked, PATIENT);
        end_record(record);
        assert_ok!(PalletTraining::leave(signed(12), id));
        assert_eq!(
            training(id).parties[2].standing,
            Standing::Out(Departure::ConsentEnded)
        );
    });
}

#[test]
fn a_consent_excuses_nobody_who_says_nothing() {
    build_and_execute(|| {
        let (id, record) = on_a_record(Backend::Masked, PATIENT);
        revoke(12, record);
        post_all(id, &[ANALYST, 11, 13], root(1));
        run(STAGE + 1);
        assert_eq!(
            training(id).parties[2].standing,
            Standing::Out(Departure::Silent)
        );
    });
}

#[test]
fn once_the_model_is_agreed_on_nobody_leaves() {
    build_and_execute(|| {
        let (id, record) = on_a_record(Backend::Batch, PATIENT);
        post_all(id, &[11, 12, 13], last_root(1, 1));
        revoke(12, record);
        assert_noop!(
            PalletTraining::leave(signed(12), id),
            Error::<Test>::WrongTime
        );
    });
}
