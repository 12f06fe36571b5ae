//! `post`.

use polkadot_sdk::{
    frame_support::{assert_noop, assert_ok},
    sp_runtime::TokenError,
};
use salus_primitives::{
    jobs::{InputSpec, WorkBound},
    membership::Role,
};

use crate::{mock::*, Error, Event, LiveJobs, SpecOf, State};

fn refused(change: impl FnOnce(&mut SpecOf<Test>), error: Error<Test>) {
    let mut spec = spec();
    change(&mut spec);
    assert_noop!(PalletJobs::post(signed(CLIENT), spec), error);
}

#[test]
fn a_post_holds_reward_and_deposit() {
    ExtBuilder::default().build_and_execute(|| {
        let id = post(spec());
        let job = job(id);
        assert_eq!(job.state, State::Requested);
        assert_eq!(held(CLIENT), REWARD + job.deposit);
        assert!(job.deposit > DepositBase::get());
        assert_eq!(
            last_event(),
            Event::Posted {
                job: id,
                client: CLIENT,
                reward: REWARD
            }
        );
        assert_eq!(post(spec()), id + 1);
    });
}

#[test]
fn a_panel_has_a_majority_for_quorum() {
    ExtBuilder::default().build_and_execute(|| {
        for (quorum, panel, reserves) in [
            (0, 0, 0),
            (1, 2, 0),
            (2, 4, 0),
            (4, 3, 0),
            (9, 17, 0),
            (2, 3, 17),
            (0, 1, 0),
        ] {
            refused(
                |spec| (spec.quorum, spec.panel, spec.reserves) = (quorum, panel, reserves),
                Error::InvalidPanel,
            );
        }
        for (quorum, panel) in [(1, 1), (2, 2), (2, 3), (3, 4), (9, 16)] {
            let mut spec = spec();
            (spec.quorum, spec.panel) = (quorum, panel);
            assert_ok!(PalletJobs::post(signed(CLIENT), spec));
        }
    });
}

#[test]
fn a_post_is_checked() {
    ExtBuilder::default().build_and_execute(|| {
        refused(
            |spec| spec.inputs = Default::default(),
            Error::InvalidInputs,
        );
        refused(
            |spec| spec.inputs = vec![own(1), own(1)].try_into().unwrap(),
            Error::InvalidInputs,
        );
        refused(
            |spec| spec.commit_window = MinWindow::get() - 1,
            Error::InvalidWindow,
        );
        // More work than the window leaves time for.
        refused(
            |spec| {
                spec.commit_window = MinWindow::get();
                spec.reward = START;
                spec.bound = WorkBound {
                    rows: 100_000,
                    columns: 1,
                    clusters: 1,
                    iterations: 1,
                };
            },
            Error::InvalidWindow,
        );
        refused(
            |spec| spec.commit_window = MaxWindow::get() + 1,
            Error::InvalidWindow,
        );
        refused(
            |spec| spec.algorithm = b"svm/1".to_vec().try_into().unwrap(),
            Error::AlgorithmNotFound,
        );
    });
}

#[test]
fn the_reward_covers_the_work_bound() {
    ExtBuilder::default().build_and_execute(|| {
        // 10 × 10 × 2 × 10 units at 2, for three seats, and the flat part of four places.
        let least = 2_000 * 2 * 3 + MinReward::get() * 4;
        refused(|spec| spec.reward = least - 1, Error::RewardTooSmall);
        refused(
            |spec| {
                spec.bound.rows = u32::MAX;
                spec.bound.columns = u32::MAX;
                spec.bound.clusters = u32::MAX;
                spec.bound.iterations = u32::MAX;
            },
            Error::RewardTooSmall,
        );
        let mut enough = spec();
        enough.reward = least;
        assert_ok!(PalletJobs::post(signed(CLIENT), enough));
        let mut rich = spec();
        rich.reward = START;
        assert_noop!(
            PalletJobs::post(signed(CLIENT), rich),
            TokenError::FundsUnavailable
        );
    });
}

#[test]
fn only_active_members_with_a_key_post() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            PalletJobs::post(signed(STRANGER), spec()),
            Error::<Test>::NotMember
        );
        set_role(STRANGER, Some(Role::Patient));
        assert_ok!(PalletJobs::post(signed(STRANGER), spec()));
        KEYLESS.with_borrow_mut(|set| set.insert(CLIENT));
        assert_noop!(
            PalletJobs::post(signed(CLIENT), spec()),
            Error::<Test>::NotMember
        );
    });
}

#[test]
fn a_record_needs_its_patients_consent() {
    ExtBuilder::default().build_and_execute(|| {
        let record = make_record(PATIENT, CLIENT, PURPOSE, 1);
        let with = |record| vec![InputSpec::Record { record }].try_into().unwrap();
        let mut good = spec();
        good.inputs = with(record);
        assert_ok!(PalletJobs::post(signed(CLIENT), good.clone()));
        assert_noop!(
            PalletJobs::post(signed(OTHER_CLIENT), good.clone()),
            Error::<Test>::NoConsent
        );
        refused(
            |spec| (spec.inputs, spec.purpose) = (with(record), PURPOSE + 1),
            Error::NoConsent,
        );
        refused(|spec| spec.inputs = with(digest(9)), Error::InputNotFound);
        revoke(CLIENT, record);
        assert_noop!(
            PalletJobs::post(signed(CLIENT), good.clone()),
            Error::<Test>::NoConsent
        );
        // The patient holds every right.
        assert_ok!(PalletJobs::post(signed(PATIENT), good));
    });
}

#[test]
fn live_jobs_are_limited_for_each_client() {
    ExtBuilder::default().build_and_execute(|| {
        for n in 0..MaxLiveJobs::get() {
            assert_eq!(LiveJobs::<Test>::get(CLIENT), n);
            post(spec());
        }
        refused(|_| (), Error::TooManyJobs);
        assert_ok!(PalletJobs::post(signed(OTHER_CLIENT), spec()));
        assert_ok!(PalletJobs::cancel(signed(CLIENT), 0));
        assert_ok!(PalletJobs::post(signed(CLIENT), spec()));
    });
}

#[test]
fn a_hold_that_stays_without_a_job_shows() {
    use crate::HoldReason;
    ExtBuilder::default().build_and_execute(|| {
        for reason in [
            HoldReason::Reward,
            HoldReason::JobDeposit,
            HoldReason::WorkerBond,
        ] {
            assert_ok!(PalletJobs::hold(reason, &STRANGER, 1));
            assert!(PalletJobs::do_try_state().is_err());
            PalletJobs::release(reason, &STRANGER, 1);
        }
    });
}
