//! `accept_result`, `report_unavailable`, `forget`.

use polkadot_sdk::frame_support::{assert_noop, assert_ok};

use crate::{mock::*, Agenda, Blobs, Due, Error, Event, FinishedJobs, HoldbackEnd, Results};

fn finished() -> (u64, Vec<AccountId>) {
    let id = working(spec());
    let seats = job(id).seats;
    answer(id, &[good(); 3]);
    (id, seats.to_vec())
}

fn waiting() -> u128 {
    HoldbackPart::get().mul_floor(REWARD)
}

#[test]
fn the_client_can_pay_at_once() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, seats) = finished();
        let before = free(seats[0]);
        assert_noop!(
            PalletJobs::accept_result(signed(seats[0]), id),
            Error::<Test>::NotAuthorized
        );
        assert_noop!(
            PalletJobs::accept_result(signed(CLIENT), 9),
            Error::<Test>::JobNotFound
        );
        assert_ok!(PalletJobs::accept_result(signed(CLIENT), id));
        let amount = waiting();
        assert_eq!(
            last_event(),
            Event::HoldbackPaid {
                job: id,
                end: HoldbackEnd::Accepted,
                amount
            }
        );
        assert_eq!(free(seats[0]), before + amount / 3);
        assert!(Agenda::<Test>::iter().all(|(_, due, ())| due != Due::Holdback(id)));
        assert_noop!(
            PalletJobs::accept_result(signed(CLIENT), id),
            Error::<Test>::NoHoldback
        );
        assert_noop!(
            PalletJobs::report_unavailable(signed(CLIENT), id),
            Error::<Test>::NoHoldback
        );
    });
}

#[test]
fn reporting_brings_the_client_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, seats) = finished();
        let (client, worker) = (free(CLIENT), free(seats[0]));
        assert_noop!(
            PalletJobs::report_unavailable(signed(OTHER_CLIENT), id),
            Error::<Test>::NotAuthorized
        );
        run(ResultWindow::get());
        let treasury = free(TREASURY);
        assert_ok!(PalletJobs::report_unavailable(signed(CLIENT), id));
        let amount = waiting();
        assert_eq!(
            last_event(),
            Event::HoldbackPaid {
                job: id,
                end: HoldbackEnd::Unavailable,
                amount
            }
        );
        assert_eq!(free(TREASURY), treasury + amount);
        assert_eq!((free(CLIENT), free(seats[0])), (client, worker));
    });
}

#[test]
fn silence_pays_the_winners() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, seats) = finished();
        let before = free(seats[2]);
        run(ResultWindow::get());
        // The block number can advance before the agenda is worked off.
        System::set_block_number(System::block_number() + 1);
        assert_noop!(
            PalletJobs::report_unavailable(signed(CLIENT), id),
            Error::<Test>::WrongTime
        );
        PalletJobs::work_off_agenda();
        let amount = waiting();
        assert_eq!(
            last_event(),
            Event::HoldbackPaid {
                job: id,
                end: HoldbackEnd::Lapsed,
                amount
            }
        );
        assert_eq!(free(seats[2]), before + amount / 3);
    });
}

#[test]
fn forgetting_leaves_who_is_liable() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, seats) = finished();
        assert_noop!(
            PalletJobs::forget(signed(CLIENT), id),
            Error::<Test>::WrongTime
        );
        run(RetentionPeriod::get() - 1);
        assert_noop!(
            PalletJobs::forget(signed(CLIENT), id),
            Error::<Test>::WrongTime
        );
        run(1);
        assert_noop!(
            PalletJobs::forget(signed(OTHER_CLIENT), id),
            Error::<Test>::NotAuthorized
        );
        let (client, kept) = (free(CLIENT), FinishedJobs::<Test>::get(id).unwrap().deposit);
        assert_ok!(PalletJobs::forget(signed(CLIENT), id));
        assert_eq!(last_event(), Event::Forgotten { job: id });
        assert_eq!((free(CLIENT), held(CLIENT)), (client + kept, 0));
        assert_eq!(Results::<Test>::iter().count(), 0);
        assert_eq!(Blobs::<Test>::iter().count(), 0);
        let done = FinishedJobs::<Test>::get(id).unwrap();
        assert_eq!(done.winners[..], seats[..]);
        assert_eq!(done.outcome, good());
        assert_noop!(
            PalletJobs::forget(signed(CLIENT), id),
            Error::<Test>::WrongTime
        );
    });
}
