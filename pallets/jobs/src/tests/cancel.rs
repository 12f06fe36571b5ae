//! `cancel`, and inputs that never come.

use polkadot_sdk::frame_support::{assert_noop, assert_ok};

use crate::{mock::*, EndReason, Error, Event, Jobs};

#[test]
fn cancelling_is_free_before_outputs_are_gathered() {
    ExtBuilder::default().build_and_execute(|| {
        let id = post(spec());
        run(FreeCancelWindow::get());
        assert_noop!(
            PalletJobs::cancel(signed(OTHER_CLIENT), id),
            Error::<Test>::NotAuthorized
        );
        assert_ok!(PalletJobs::cancel(signed(CLIENT), id));
        assert_eq!(
            last_event(),
            Event::Ended {
                job: id,
                reason: EndReason::Cancelled,
                share: 0
            }
        );
        assert_eq!((free(CLIENT), held(CLIENT)), (START, 0));
        assert_noop!(
            PalletJobs::cancel(signed(CLIENT), id),
            Error::<Test>::JobNotFound
        );
    });
}

#[test]
fn cancelling_while_outputs_are_gathered_costs_the_draw_fee() {
    for late in [FreeCancelWindow::get() + 1, draw_delay() - 1] {
        ExtBuilder::default().build_and_execute(|| {
            let id = post(spec());
            run(late);
            assert_ok!(PalletJobs::cancel(signed(CLIENT), id));
            assert_eq!(
                last_event(),
                Event::Ended {
                    job: id,
                    reason: EndReason::CancelledLate,
                    share: 0
                }
            );
            let fee = DrawFee::get().mul_floor(REWARD);
            assert_eq!(free(TREASURY), START + fee);
            assert_eq!((free(CLIENT), held(CLIENT)), (START - fee, 0));
            assert!(!Jobs::<Test>::contains_key(id));
        });
    }
}

fn assert_draw_fee_paid(id: u64, panel: &[AccountId], reason: EndReason) {
    let share = DrawFee::get().mul_floor(REWARD) / 3;
    for who in panel {
        assert_eq!(free(*who), START - BOND + share);
    }
    assert_eq!((free(CLIENT), held(CLIENT)), (START - 3 * share, 0));
    assert_eq!(
        last_event(),
        Event::Ended {
            job: id,
            reason,
            share
        }
    );
    assert!(!Jobs::<Test>::contains_key(id));
}

#[test]
fn cancelling_after_the_draw_pays_the_panel() {
    ExtBuilder::default().build_and_execute(|| {
        let id = drawn(spec());
        let panel = job(id).seats;
        assert_ok!(PalletJobs::cancel(signed(CLIENT), id));
        assert_draw_fee_paid(id, &panel, EndReason::CancelledAfterDraw);
    });
}

#[test]
fn inputs_that_do_not_come_in_time_end_the_job() {
    ExtBuilder::default().build_and_execute(|| {
        let id = drawn(spec());
        let panel = job(id).seats;
        run(ProvideWindow::get());
        assert!(Jobs::<Test>::contains_key(id));
        run(1);
        assert_draw_fee_paid(id, &panel, EndReason::InputsMissing);
    });
}

#[test]
fn a_panel_at_work_cannot_be_sent_home() {
    ExtBuilder::default().build_and_execute(|| {
        let id = working(spec());
        assert_noop!(
            PalletJobs::cancel(signed(CLIENT), id),
            Error::<Test>::WrongTime
        );
        for who in job(id).seats {
            commit(id, who, good());
        }
        assert_noop!(
            PalletJobs::cancel(signed(CLIENT), id),
            Error::<Test>::WrongTime
        );
    });
}
