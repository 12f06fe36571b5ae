//! What workers owe.

use codec::Encode;
use polkadot_sdk::{frame_support::assert_ok, sp_runtime::traits::Dispatchable};
use salus_primitives::{
    duties::{Duties, Duty, DutyKind},
    jobs::commitment,
};

use crate::mock::*;

fn owed(who: AccountId) -> Vec<Duty<AccountId>> {
    <PalletJobs as Duties<AccountId, RuntimeCall>>::owed(&who, 64)
}

fn call(duty: &Duty<AccountId>, answer: &[u8]) -> Option<RuntimeCall> {
    PalletJobs::call(duty, answer)
}

#[test]
fn a_seat_owes_a_commitment_then_a_reveal() {
    ExtBuilder::default().build_and_execute(|| {
        let id = drawn(spec());
        let (seats, reserve) = (job(id).seats, job(id).reserves[0]);
        assert!(owed(seats[0]).is_empty());
        provide(id);
        let since = System::block_number();
        let first = owed(seats[0]).pop().unwrap();
        assert_eq!(first.kind, DutyKind::JobCommit);
        assert_eq!((first.subject, first.member), (id, seats[0]));
        assert_eq!((first.since, first.deadline), (since, since + 10));
        assert_ne!(first.input, owed(seats[1])[0].input, "capsules differ");
        assert!(owed(reserve).is_empty());
        assert!(owed(CLIENT).is_empty());

        let said = commitment(id, &seats[0], &good(), &salt(seats[0]));
        assert_ok!(call(&first, &said.encode())
            .unwrap()
            .dispatch(signed(seats[0] + 100)));
        assert!(owed(seats[0]).is_empty());
        commit(id, seats[1], good());

        run(5);
        let late = owed(reserve).pop().unwrap();
        assert_eq!((late.since, late.deadline), (since + 5, since + 10));
        commit(id, reserve, good());
        assert!(owed(seats[2]).is_empty());
        let second = owed(seats[0]).pop().unwrap();
        assert_eq!(second.kind, DutyKind::JobReveal);
        assert_eq!(second.input, first.input);
        let opened = System::block_number();
        assert_eq!(
            (second.since, second.deadline),
            (opened, opened + RevealWindow::get())
        );
        let answer = reveal_of(seats[0], good()).encode();
        assert_ok!(call(&second, &answer)
            .unwrap()
            .dispatch(signed(seats[0] + 100)));
        assert!(owed(seats[0]).is_empty());
    });
}

#[test]
fn duties_are_limited_and_the_most_urgent_comes_first() {
    ExtBuilder::default()
        .workers(11..=13)
        .build_and_execute(|| {
            let mut slow = spec();
            slow.commit_window = 50;
            slow.inputs = vec![own(2)].try_into().unwrap();
            let slow = working(slow);
            let fast = working(spec());
            let all = owed(11);
            assert_eq!(
                all.iter().map(|duty| duty.subject).collect::<Vec<_>>(),
                [fast, slow]
            );
            let one = <PalletJobs as Duties<AccountId, RuntimeCall>>::owed(&11, 1);
            assert_eq!(one, all[..1]);
        });
}

#[test]
fn a_late_duty_is_not_owed() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        let seat = job(id).seats[0];
        System::set_block_number(System::block_number() + 11);
        assert!(owed(seat).is_empty());
    });
}

#[test]
fn what_does_not_decode_is_no_call() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        let duty = owed(job(id).seats[0]).pop().unwrap();
        assert!(call(&duty, &[1; 31]).is_none());
        assert!(call(&duty, &[1; 33]).is_none());
        let reveal = Duty {
            kind: DutyKind::JobReveal,
            ..duty
        };
        assert!(call(&reveal, &[1; 32]).is_none());
    });
}
