//! `commit`.

use polkadot_sdk::frame_support::{
    assert_noop, assert_ok,
    dispatch::{GetDispatchInfo, Pays},
};
use salus_primitives::{jobs::InputSpec, membership::Role};

use crate::{mock::*, Answers, Call, Error, Event, FinishedJobs, State, WeightInfo, Workers};

#[test]
fn a_seat_commits_without_fee() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        let seats = job(id).seats;
        // The worker itself, or its operator.
        let info = PalletJobs::commit(signed(seats[0]), id, digest(1)).unwrap();
        assert_eq!(info.pays_fee, Pays::No);
        assert_eq!(
            last_event(),
            Event::Committed {
                job: id,
                worker: seats[0],
                commitment: digest(1)
            }
        );
        assert_ok!(PalletJobs::commit(signed(seats[1] + 100), id, digest(2)));
        assert_eq!(
            Answers::<Test>::get(id, seats[1]).unwrap().commitment,
            digest(2)
        );
        assert_ok!(PalletJobs::commit(signed(seats[2] + 100), id, digest(3)));
        let reveal_by = System::block_number() + RevealWindow::get();
        assert_eq!(last_event(), Event::RevealsOpened { job: id, reveal_by });
    });
}

#[test]
fn the_weight_is_what_was_done() {
    ExtBuilder::default().build_and_execute(|| {
        let weight = |id, who| {
            let info = PalletJobs::commit(signed(who), id, digest(1)).unwrap();
            info.actual_weight.unwrap()
        };
        let id = working(spec());
        assert_eq!(weight(id, job(id).seats[0]), <() as WeightInfo>::commit(0));

        let records = [1, 2].map(|seed| make_record(PATIENT, CLIENT, PURPOSE, seed));
        let mut with = spec();
        let inputs = records.map(|record| InputSpec::Record { record });
        with.inputs = inputs.to_vec().try_into().unwrap();
        let id = drawn(with);
        for index in 0..2 {
            let capsules = capsules(id);
            assert_ok!(PalletJobs::seal_record(
                signed(PATIENT),
                id,
                index,
                capsules
            ));
        }
        let (asked, seats) = (<() as WeightInfo>::commit(2), job(id).seats);
        assert_eq!(weight(id, seats[0]), asked);
        revoke(CLIENT, records[1]);
        let ended = asked + <() as WeightInfo>::end_job();
        assert_eq!(weight(id, seats[1]), ended);
        let declared = Call::<Test>::commit {
            job: id,
            commitment: digest(1),
        };
        assert!(declared.get_dispatch_info().call_weight.all_gt(ended));
    });
}

#[test]
fn what_does_not_fit_is_refused() {
    ExtBuilder::default().build_and_execute(|| {
        let early = drawn(spec());
        let seat = job(early).seats[0];
        assert_noop!(
            PalletJobs::commit(signed(seat), early, digest(1)),
            Error::<Test>::WrongTime
        );
        provide(early);
        let id = early;
        assert_noop!(
            PalletJobs::commit(signed(seat), 9, digest(1)),
            Error::<Test>::JobNotFound
        );
        assert_noop!(
            PalletJobs::commit(signed(CLIENT), id, digest(1)),
            Error::<Test>::NotOnPanel
        );
        commit(id, seat, good());
        assert_noop!(
            PalletJobs::commit(signed(seat), id, digest(1)),
            Error::<Test>::AlreadyCommitted
        );
        let other = job(id).seats[1];
        set_role(other, None);
        assert_noop!(
            PalletJobs::commit(signed(other), id, digest(1)),
            Error::<Test>::NotAdmitted
        );
        set_role(other, Some(Role::Institution));
    });
}

#[test]
fn a_worker_that_is_anothers_operator_acts_for_itself_first() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        let seats = job(id).seats;
        OPERATORS.with_borrow_mut(|operators| operators.insert(seats[0], seats[1]));
        assert_ok!(PalletJobs::commit(signed(seats[0]), id, digest(1)));
        assert!(Answers::<Test>::contains_key(id, seats[0]));
        assert!(!Answers::<Test>::contains_key(id, seats[1]));
    });
}

#[test]
fn the_window_closes() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        let seats = job(id).seats;
        run(spec().commit_window);
        commit(id, seats[0], good());
        commit(id, seats[1], good());
        // The block number can advance before the agenda is worked off.
        System::set_block_number(System::block_number() + 1);
        assert_noop!(
            PalletJobs::commit(signed(seats[2]), id, digest(1)),
            Error::<Test>::WrongTime
        );
        PalletJobs::work_off_agenda();
        assert!(matches!(job(id).state, State::Revealing { .. }));
        assert_noop!(
            PalletJobs::commit(signed(seats[2]), id, digest(1)),
            Error::<Test>::WrongTime
        );
    });
}

#[test]
fn a_reserve_steps_in_for_an_absent_seat() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        let (seats, reserve) = (job(id).seats, job(id).reserves[0]);
        commit(id, seats[0], good());
        commit(id, seats[1], good());
        run(spec().commit_window / 2 - 1);
        assert_noop!(
            PalletJobs::commit(signed(reserve), id, digest(1)),
            Error::<Test>::NotOnPanel
        );
        run(1);
        commit(id, reserve, good());
        // The seat that is away keeps its place until the window closes.
        assert!(matches!(job(id).state, State::Working { .. }));
        run(spec().commit_window / 2 + 1);
        assert!(matches!(job(id).state, State::Revealing { .. }));
        assert_noop!(
            PalletJobs::commit(signed(seats[2]), id, digest(1)),
            Error::<Test>::WrongTime
        );
        for who in [seats[0], seats[1], reserve] {
            reveal(id, who, good());
        }
        run(1);
        let winners = FinishedJobs::<Test>::get(id).unwrap().winners;
        assert_eq!(winners[..], [seats[0], seats[1], reserve]);
        assert_eq!(Workers::<Test>::get(seats[2]).unwrap().strikes, 1);
        assert!(free(reserve) > START - BOND);
    });
}

#[test]
fn a_seat_counts_until_the_window_closes() {
    ExtBuilder::default().build_and_execute(|| {
        let mut wanted = spec();
        wanted.reserves = 3;
        let id = working(wanted);
        let (seats, reserves) = (job(id).seats, job(id).reserves);
        commit(id, seats[0], good());
        run(spec().commit_window / 2);
        commit(id, reserves[1], good());
        commit(id, reserves[0], good());
        // As many have committed as are needed: no other reserve has to work.
        assert_noop!(
            PalletJobs::commit(signed(reserves[2]), id, digest(1)),
            Error::<Test>::NotOnPanel
        );
        assert!(PalletJobs::assignment(id, reserves[2]).is_none());

        run(spec().commit_window / 2);
        commit(id, seats[2], good());
        // The last reserve that committed goes first.
        assert!(events().contains(&Event::StoodDown {
            job: id,
            worker: reserves[0]
        }));
        assert_eq!(job(id).committed[..], [seats[0], reserves[1], seats[2]]);
        assert!(!Answers::<Test>::contains_key(id, reserves[0]));
        assert!(matches!(job(id).state, State::Working { .. }));
        assert_noop!(
            PalletJobs::commit(signed(reserves[0]), id, digest(1)),
            Error::<Test>::NotOnPanel
        );
        commit(id, seats[1], good());
        assert_eq!(job(id).committed[..], [seats[0], seats[2], seats[1]]);
        assert!(matches!(job(id).state, State::Revealing { .. }));

        for who in &seats {
            reveal(id, *who, good());
        }
        run(1);
        assert_eq!(
            FinishedJobs::<Test>::get(id).unwrap().winners[..],
            [seats[0], seats[2], seats[1]]
        );
        for who in seats.iter().chain(&reserves) {
            let worker = Workers::<Test>::get(who).unwrap();
            assert_eq!((worker.strikes, worker.bond), (0, BOND));
        }
        for who in reserves {
            assert_eq!(free(who), START - BOND);
        }
    });
}

#[test]
fn a_reserve_that_is_not_needed_has_no_strike() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        let reserve = job(id).reserves[0];
        run(spec().commit_window + 1);
        assert_eq!(Workers::<Test>::get(reserve).unwrap().strikes, 0);
    });
}
