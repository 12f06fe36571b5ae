//! What parties owe.

use codec::Encode;
use polkadot_sdk::{frame_support::assert_ok, sp_runtime::traits::Dispatchable};
use salus_primitives::{
    duties::{Duties, Duty, DutyKind},
    training::{
        Backend, Departure, Equivocation, MessageHeader, ModelAccess, Said, StageAnswer, Standing,
    },
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

fn answer(id: u64, what: Said) -> Vec<u8> {
    StageAnswer::Post(said(id, what)).encode()
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
        perform(11, &stage, &answer(id, blocked(&[2], &[])));
        // Still owed, and answered under another key.
        let root_owed = owed(11).pop().unwrap();
        assert_eq!(root_owed.kind, DutyKind::TrainingPost);
        assert_ne!(root_owed.answer_key(), stage.answer_key());
        perform(11, &root_owed, &answer(id, root(1)));
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
fn the_answer_can_be_proof_of_an_equivocation() {
    build_and_execute(|| {
        let id = homogeneous();
        let duty = owed(11).pop().unwrap();
        let header = MessageHeader {
            session: Default::default(),
            round: 2,
            from: 2,
            to: 1,
            sequence: 5,
            taken: 4,
        };
        let evidence = StageAnswer::Equivocation(Equivocation {
            first: message(id, 12, header, 1),
            second: message(id, 12, header, 2),
        });
        perform(11, &duty, &evidence.encode());
        let standing = training(id).parties[2].standing;
        assert_eq!(standing, Standing::Out(Departure::Equivocated));
        // The stage begins again: what is owed now is another answer.
        assert_ne!(owed(11).pop().unwrap().answer_key(), duty.answer_key());
    });
}

#[test]
fn who_cannot_go_on_owes_nothing_more() {
    build_and_execute(|| {
        let id = homogeneous();
        let duty = owed(11).pop().unwrap();
        perform(11, &duty, &answer(id, Said::Failed));
        assert!(owed(11).is_empty());
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
        let answer = answer(0, root(1));
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
