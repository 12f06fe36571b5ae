//! `deliver` and `forget`.

use codec::Encode;
use polkadot_sdk::frame_support::{assert_noop, assert_ok, dispatch::Pays};
use salus_primitives::{
    blobs::{BlobAccess, BlobPointer},
    jobs::ResultPointer,
    training::{Backend, Departure, End, ModelAccess, Phase, TrainingId},
};

use crate::{mock::*, Blobs, Error, Event, HoldReason, Models, PastTrainings};

/// A training whose model is agreed on, and whose parts are missing.
fn delivering(backend: Backend, access: ModelAccess, participants: &[AccountId]) -> TrainingId {
    let mut wanted = terms(backend);
    wanted.access = access;
    let id = running(wanted, participants);
    let mut all = participants.to_vec();
    if training(id).has_analyst() {
        all.push(ANALYST);
    }
    post_all(id, &all, last_root(1, 50));
    id
}

fn deliver(id: TrainingId, who: AccountId) {
    PalletTraining::deliver(signed(who + 100), id, part(who as u8)).unwrap();
}

#[test]
fn each_participant_delivers_its_part() {
    build_and_execute(|| {
        let id = delivering(Backend::Batch, ModelAccess::Initiator, &[11, 12, 13]);
        let until = 1 + DeliveryWindow::get();
        assert_eq!(
            last_event(),
            Event::ModelAgreed {
                training: id,
                model: digest(50),
                until
            }
        );
        assert_eq!(training(id).phase, Phase::Delivering { since: 1, until });
        deliver(id, 11);
        assert_eq!(
            last_event(),
            Event::Delivered {
                training: id,
                position: 0
            }
        );
        assert_noop!(
            PalletTraining::deliver(signed(11), id, part(11)),
            Error::<Test>::AlreadyDelivered
        );
        deliver(id, 13);
        assert!(PalletTraining::model(id, ANALYST).is_empty());
        let inline = ResultPointer::Inline(vec![1; 300].try_into().unwrap());
        let paid = PalletTraining::deliver(signed(12), id, inline.clone()).unwrap();
        assert_eq!(paid.pays_fee, Pays::No);
        assert_eq!(
            last_event(),
            Event::Ended {
                training: id,
                end: End::Completed { model: digest(50) },
                share: REWARD / 3
            }
        );
        let parts = vec![(0, part(11)), (1, inline), (2, part(13))];
        assert_eq!(PalletTraining::model(id, ANALYST), parts);
        assert!(PalletTraining::model(id, 11).is_empty());
        assert_eq!(held_for(HoldReason::Party, 11), 0);
        // What stays is paid for.
        let past = PastTrainings::<Test>::get(id).unwrap();
        let bytes: usize = parts.iter().map(|(_, part)| part.encoded_size()).sum();
        assert!(past.kept);
        assert_eq!(past.deposit, bytes as u128);
        assert_eq!(held(ANALYST), bytes as u128);
        assert_eq!(free(TREASURY), START + entry_fee(id));
    });
}

#[test]
fn an_analyst_delivers_where_everyone_is_to_have_the_model() {
    build_and_execute(|| {
        let id = delivering(Backend::Masked, ModelAccess::Everyone, &[11, 12, 13]);
        assert_noop!(
            PalletTraining::deliver(signed(11), id, part(1)),
            Error::<Test>::NothingToDeliver
        );
        deliver(id, ANALYST);
        for who in [ANALYST, 11, 12, 13] {
            assert_eq!(PalletTraining::model(id, who), [(0, part(1))]);
        }
        assert!(PalletTraining::model(id, 14).is_empty());
    });
}

#[test]
fn an_initiator_that_alone_is_entitled_keeps_its_own_part() {
    build_and_execute(|| {
        let id = delivering(Backend::Batch, ModelAccess::Initiator, &[11, ANALYST, 13]);
        assert_noop!(
            PalletTraining::deliver(signed(ANALYST), id, part(1)),
            Error::<Test>::NothingToDeliver
        );
        deliver(id, 11);
        deliver(id, 13);
        // It does not pay itself.
        assert!(matches!(last_event(), Event::Ended { share, .. } if share == REWARD / 2));
        assert_eq!(held_for(HoldReason::Party, ANALYST), 0);
    });
}

#[test]
fn delivering_is_refused() {
    build_and_execute(|| {
        assert_noop!(
            PalletTraining::deliver(signed(11), 7, part(1)),
            Error::<Test>::TrainingNotFound
        );
        let id = delivering(Backend::Batch, ModelAccess::Everyone, &[11, 12, 13]);
        assert_noop!(
            PalletTraining::deliver(signed(STRANGER), id, part(1)),
            Error::<Test>::NotParty
        );
        for empty in [
            BlobPointer { size: 0, ..blob(1) },
            BlobPointer {
                location: Default::default(),
                ..blob(1)
            },
        ] {
            assert_noop!(
                PalletTraining::deliver(signed(11), id, ResultPointer::Blob(empty)),
                Error::<Test>::InvalidBlob
            );
        }
        System::set_block_number(2 + DeliveryWindow::get());
        assert_noop!(
            PalletTraining::deliver(signed(11), id, part(1)),
            Error::<Test>::WrongTime
        );
    });
}

#[test]
fn who_does_not_deliver_was_silent() {
    build_and_execute(|| {
        let id = delivering(Backend::Batch, ModelAccess::Everyone, &[11, 12, 13]);
        deliver(id, 11);
        deliver(id, 12);
        run(DeliveryWindow::get() + 1);
        assert_eq!(
            last_event(),
            Event::Ended {
                training: id,
                end: End::Undelivered,
                share: 0
            }
        );
        let past = PastTrainings::<Test>::get(id).unwrap();
        assert_eq!(past.parties[2].departure, Some(Departure::Silent));
        assert_eq!(free(13) + held(13), START - DEPOSIT / 2);
        // What was delivered opens to nobody.
        assert_eq!(Models::<Test>::iter().count(), 0);
        assert_eq!(Blobs::<Test>::iter().count(), 0);
        assert!(!PalletTraining::may_fetch(&ANALYST, &digest(11)));
        assert_eq!(free(ANALYST), START - entry_fee(id));
    });
}

#[test]
fn the_initiator_cannot_keep_others_from_their_pay() {
    build_and_execute(|| {
        let id = delivering(Backend::Batch, ModelAccess::Everyone, &[11, ANALYST, 13]);
        deliver(id, 11);
        deliver(id, 13);
        run(DeliveryWindow::get() + 1);
        assert_eq!(
            last_event(),
            Event::Ended {
                training: id,
                end: End::Completed { model: digest(50) },
                share: REWARD / 2
            }
        );
        let past = PastTrainings::<Test>::get(id).unwrap();
        assert_eq!(past.parties[1].departure, Some(Departure::Silent));
        assert_eq!(PalletTraining::model(id, 11).len(), 2);
        assert_eq!(free(TREASURY), START + DEPOSIT / 2 + entry_fee(id));

        let id = delivering_again();
        run(DeliveryWindow::get() + 1);
        let past = PastTrainings::<Test>::get(id).unwrap();
        assert_eq!(past.end, End::Completed { model: digest(50) });
        assert!(!past.kept);
        assert_eq!(past.parties[0].departure, Some(Departure::Silent));
    });
}

/// A homogeneous one whose analyst is to deliver.
fn delivering_again() -> TrainingId {
    delivering(Backend::Masked, ModelAccess::Everyone, &[14, 15])
}

#[test]
fn a_blob_that_something_else_has_is_not_the_trainings() {
    build_and_execute(|| {
        let id = delivering(Backend::Batch, ModelAccess::Initiator, &[11, 12, 13]);
        OTHER_BLOBS.with_borrow_mut(|blobs| blobs.insert(digest(11)));
        for who in [11, 12, 13] {
            deliver(id, who);
        }
        assert!(!PalletTraining::may_fetch(&ANALYST, &digest(11)));
        assert!(PalletTraining::may_fetch(&ANALYST, &digest(12)));
        assert_eq!(PalletTraining::model(id, ANALYST).len(), 3);
    });
}

#[test]
fn the_parts_can_be_forgotten() {
    build_and_execute(|| {
        let id = delivering(Backend::Batch, ModelAccess::Initiator, &[11, 12, 13]);
        assert_noop!(
            PalletTraining::forget(signed(ANALYST), id),
            Error::<Test>::TrainingNotFound
        );
        for who in [11, 12, 13] {
            deliver(id, who);
        }
        run(RetentionPeriod::get() - 1);
        assert_noop!(
            PalletTraining::forget(signed(ANALYST), id),
            Error::<Test>::NothingToForget
        );
        run(1);
        assert_noop!(
            PalletTraining::forget(signed(11), id),
            Error::<Test>::NotAuthorized
        );
        assert_ok!(PalletTraining::forget(signed(ANALYST), id));
        assert_eq!(last_event(), Event::Forgotten { training: id });
        assert_noop!(
            PalletTraining::forget(signed(ANALYST), id),
            Error::<Test>::NothingToForget
        );
        assert_eq!(held(ANALYST), 0);
        assert_eq!(Models::<Test>::iter().count(), 0);
        assert_eq!(Blobs::<Test>::iter().count(), 0);
        let past = PastTrainings::<Test>::get(id).unwrap();
        assert_eq!(past.end, End::Completed { model: digest(50) });
    });
}
