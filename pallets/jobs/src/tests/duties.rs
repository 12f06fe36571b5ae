//! What workers and owners of records owe.

use codec::Encode;
use polkadot_sdk::{frame_support::assert_ok, sp_runtime::traits::Dispatchable};
use salus_primitives::{
    duties::{Duties, Duty, DutyKind},
    jobs::{commitment, InputSpec, JobId, SealedRecord},
    records::RecordId,
};

use crate::{mock::*, State, Unsealed};

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
        assert_eq!(owed(seats[2])[0].kind, DutyKind::JobCommit);
        commit(id, seats[2], good());
        assert!(owed(reserve).is_empty());
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
        let seal = Duty {
            kind: DutyKind::RecordSeal,
            ..reveal
        };
        assert!(call(&seal, &[1; 3]).is_none());
        assert!(call(&seal, &[0; 6]).is_none(), "bytes left over");
    });
}

#[test]
fn other_pallets_duties_are_no_call() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        let duty = owed(job(id).seats[0]).pop().unwrap();
        let digest = [1; 32];
        assert!(call(&duty, &digest).is_some());
        for kind in [
            DutyKind::TrainingKeys,
            DutyKind::TrainingPost,
            DutyKind::TrainingDeliver,
        ] {
            let other = Duty {
                kind,
                ..duty.clone()
            };
            assert!(call(&other, &digest).is_none());
        }
    });
}

/// A job on records of `PATIENT`, at positions 1 and 2, whose panel is drawn.
fn waiting() -> (JobId, [RecordId; 2]) {
    OPERATORS.with_borrow_mut(|operators| operators.insert(STRANGER, PATIENT));
    let records = [1, 2].map(|seed| make_record(PATIENT, CLIENT, PURPOSE, seed));
    let mut with = spec();
    let [first, second] = records.map(|record| InputSpec::Record { record });
    with.inputs = vec![own(1), first, second].try_into().unwrap();
    let id = post(with);
    assert!(owed(PATIENT).is_empty(), "not before the draw");
    assert!(PalletJobs::sealings(id, PATIENT).is_empty());
    run(draw_delay());
    (id, records)
}

#[test]
fn an_owner_owes_the_sealing_of_each_record() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, records) = waiting();
        let State::Drawn { provide_by } = job(id).state else {
            panic!("not drawn")
        };
        let mut duties = owed(PATIENT);
        assert_eq!(duties.len(), 2);
        let sealings = PalletJobs::sealings(id, PATIENT);
        assert_eq!(sealings.len(), 2);
        assert!(PalletJobs::sealings(id, CLIENT).is_empty());
        assert!(owed(CLIENT).is_empty());
        for (sealing, (index, record)) in sealings.iter().zip([1, 2].into_iter().zip(records)) {
            assert_eq!(
                (sealing.job, sealing.index, sealing.record),
                (id, index, record)
            );
            assert_eq!((sealing.client, sealing.purpose), (CLIENT, PURPOSE));
            assert_eq!(sealing.recipient, [99; 32]);
            assert_eq!(sealing.panel.len(), capsules(id).len());

            let place = duties
                .iter()
                .position(|duty| duty.input == sealing.digest());
            let duty = duties.remove(place.expect("each is owed"));
            assert_eq!(duty.kind, DutyKind::RecordSeal);
            assert_eq!((duty.subject, duty.member), (id, PATIENT));
            assert_eq!(duty.since, System::block_number());
            assert_eq!(duty.deadline, provide_by);
            let answer = SealedRecord {
                index,
                capsules: capsules(id),
            };
            assert_ok!(call(&duty, &answer.encode())
                .unwrap()
                .dispatch(signed(STRANGER)));
            assert_eq!(owed(PATIENT), duties);
        }
        assert!(PalletJobs::sealings(id, PATIENT).is_empty());
        provide(id);
        assert!(matches!(job(id).state, State::Working { .. }));
        assert_eq!(Unsealed::<Test>::iter().count(), 0);
    });
}

#[test]
fn nothing_is_sealed_without_consent_or_record() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, [first, second]) = waiting();
        revoke(CLIENT, first);
        let left = owed(PATIENT);
        assert_eq!(left.len(), 1);
        let sealings = PalletJobs::sealings(id, PATIENT);
        assert_eq!(sealings.len(), 1);
        assert_eq!(sealings[0].record, second);
        end_record(second);
        assert!(owed(PATIENT).is_empty());
        assert!(PalletJobs::sealings(id, PATIENT).is_empty());
        // The job ends for want of its inputs, and nothing is waited for any more.
        run(ProvideWindow::get() + 1);
        assert!(crate::Jobs::<Test>::get(id).is_none());
        assert_eq!(Unsealed::<Test>::iter().count(), 0);
    });
}

#[test]
fn a_worker_without_key_makes_no_panel_to_seal_to() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, _) = waiting();
        let worker = job(id).seats[0];
        KEYLESS.with_borrow_mut(|keyless| keyless.insert(worker));
        assert!(owed(PATIENT).is_empty());
        KEYLESS.with_borrow_mut(|keyless| keyless.remove(&worker));
        assert_eq!(owed(PATIENT).len(), 2);
    });
}

#[test]
fn a_cancelled_job_waits_for_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, _) = waiting();
        assert_ok!(PalletJobs::seal_record(
            signed(PATIENT),
            id,
            1,
            capsules(id)
        ));
        assert_ok!(PalletJobs::cancel(signed(CLIENT), id));
        assert!(owed(PATIENT).is_empty());
        assert_eq!(Unsealed::<Test>::iter().count(), 0);
    });
}

#[test]
fn sealing_is_owed_until_the_window_ends_and_within_the_limit() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, _) = waiting();
        let one = <PalletJobs as Duties<AccountId, RuntimeCall>>::owed(&PATIENT, 1);
        assert_eq!(one.len(), 1);
        let State::Drawn { provide_by } = job(id).state else {
            panic!("not drawn")
        };
        System::set_block_number(provide_by);
        assert_eq!(owed(PATIENT).len(), 2);
        System::set_block_number(provide_by + 1);
        assert!(owed(PATIENT).is_empty());
    });
}

#[test]
fn seals_never_come_before_commitments_and_reveals() {
    ExtBuilder::default()
        .workers(11..=13)
        .build_and_execute(|| {
            // A worker that also owns records. Seals are due before the window ends.
            let mut slow = spec();
            slow.commit_window = MaxWindow::get();
            let id = working(slow);
            let records: Vec<_> = (0..64)
                .map(|seed| InputSpec::Record {
                    record: make_record(11, CLIENT, PURPOSE, seed),
                })
                .collect();
            let mut asking = spec();
            (asking.quorum, asking.panel, asking.reserves) = (1, 1, 0);
            asking.inputs = records.try_into().unwrap();
            drawn(asking);
            let own_first = |kind| {
                let all = owed(11);
                assert_eq!(all.len(), 64);
                assert_eq!((all[0].kind, all[0].subject), (kind, id));
                assert!(all[0].deadline > all[1].deadline || kind == DutyKind::JobReveal);
                let one = <PalletJobs as Duties<AccountId, RuntimeCall>>::owed(&11, 1);
                assert_eq!(one, all[..1]);
                let both =
                    <(PalletJobs, PalletJobs) as Duties<AccountId, RuntimeCall>>::owed(&11, 64);
                assert_eq!(both[..2], [all[0].clone(), all[0].clone()]);
            };
            own_first(DutyKind::JobCommit);
            for who in job(id).seats {
                commit(id, who, good());
            }
            own_first(DutyKind::JobReveal);
        });
}
