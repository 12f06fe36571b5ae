//! What parties owe.

use codec::Encode;
use polkadot_sdk::{frame_support::assert_ok, sp_runtime::traits::Dispatchable};
use salus_primitives::{
    duties::{Duties, Duty, DutyKind},
    training::{Backend, ModelAccess},
};

use crate::mock::*;

fn owed(who: AccountId) -> Vec<Duty<AccountId>> {
    <PalletTraining as Duties<AccountId, RuntimeCall>>::owed(&who, 64)
}

fn call(duty: &Duty<AccountId>, answer: &[u8]) -> Option<RuntimeCall> {
    PalletTraining::call(duty, answer)
}

fn perform(who: AccountId, duty: &Duty<AccountId>, answer: &[u8]) {
    assert_ok!(call(duty, answer).unwrap().dispatch(signed(who + 100)));
}

#[test]
fn keys_then_posts_then_a_part() {
    build_and_execute(|| {
        let mut wanted = terms(Backend::Masked);
        wanted.access = ModelAccess::Everyone;
        let id = open(wanted, &[11, 12]);
        assert!(owed(11).is_empty(), "to join is for its member to decide");
        join(id, 11);
        let first = owed(11).pop().unwrap();
        assert_eq!(first.kind, DutyKind::TrainingKeys);
        assert_eq!((first.subject, first.member), (id, 11));
        assert_eq!((first.since, first.deadline), (1, 1 + JOIN));
        perform(11, &first, &keys(11).encode());
        assert!(owed(11).is_empty());
        let analyst = owed(ANALYST).pop().unwrap();
        assert_eq!(analyst.kind, DutyKind::TrainingKeys);
        perform(ANALYST, &analyst, &keys(ANALYST).encode());
        join(id, 12);
        commit_keys(id, 12);

        let stage = owed(11).pop().unwrap();
        assert_eq!(stage.kind, DutyKind::TrainingPost);
        assert_eq!((stage.since, stage.deadline), (1, 1 + STAGE));
        perform(11, &stage, &said(id, blocked(&[2], &[])).encode());
        // Still owed, and answered under another key.
        let root_owed = owed(11).pop().unwrap();
        assert_eq!(root_owed.kind, DutyKind::TrainingPost);
        assert_ne!(root_owed.answer_key(), stage.answer_key());
        perform(11, &root_owed, &said(id, root(1)).encode());
        assert!(owed(11).is_empty());
        post_all(id, &[ANALYST, 12], root(1));
        let next = owed(11).pop().unwrap();
        assert_ne!(next.input, stage.input);
        assert_ne!(next.input, root_owed.input);
        post_all(id, &[ANALYST, 11, 12], last_root(1, 2));

        assert!(owed(11).is_empty());
        let part_owed = owed(ANALYST).pop().unwrap();
        assert_eq!(part_owed.kind, DutyKind::TrainingDeliver);
        perform(ANALYST, &part_owed, &part(9).encode());
        assert!(owed(ANALYST).is_empty());
    });
}

#[test]
fn a_pause_and_a_dispute_are_owed_too() {
    build_and_execute(|| {
        let id = heterogeneous();
        post_all(id, &[11, 12], root(1));
        run(STAGE + 1);
        assert!(owed(11).is_empty());
        let late = owed(13).pop().unwrap();
        let now = System::block_number();
        assert_eq!((late.since, late.deadline), (now, now + GraceWindow::get()));
        post(id, 13, root(2));
        for who in [11, 12, 13] {
            let again = owed(who).pop().unwrap();
            assert_eq!(again.deadline, now + DisputeWindow::get());
            assert_ne!(again.input, late.input);
        }
    });
}

#[test]
fn a_late_duty_is_not_owed() {
    build_and_execute(|| {
        homogeneous();
        System::set_block_number(2 + STAGE);
        assert!(owed(11).is_empty());
    });
}

#[test]
fn duties_are_limited_and_the_most_urgent_comes_first() {
    build_and_execute(|| {
        let mut slow = terms(Backend::Masked);
        slow.stage_window = 50;
        let slow = running(slow, &[11, 12]);
        let fast = running(terms(Backend::Masked), &[11, 13]);
        let subjects: Vec<_> = owed(11).iter().map(|duty| duty.subject).collect();
        assert_eq!(subjects, [fast, slow]);
        let one = <PalletTraining as Duties<AccountId, RuntimeCall>>::owed(&11, 1);
        assert_eq!(one[..], owed(11)[..1]);
    });
}

#[test]
fn what_does_not_decode_is_no_call() {
    build_and_execute(|| {
        homogeneous();
        let duty = owed(11).pop().unwrap();
        let answer = said(0, root(1)).encode();
        assert!(call(&duty, &answer).is_some());
        assert!(call(&duty, &answer[1..]).is_none());
        assert!(call(&duty, &[&answer[..], &[0]].concat()).is_none());
        for kind in [
            DutyKind::TrainingKeys,
            DutyKind::TrainingDeliver,
            DutyKind::JobCommit,
            DutyKind::JobReveal,
            DutyKind::RecordSeal,
        ] {
            let other = Duty {
                kind,
                ..duty.clone()
            };
            assert!(call(&other, &answer).is_none());
        }
    });
}
