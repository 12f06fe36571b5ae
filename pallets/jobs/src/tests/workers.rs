//! `register_worker`, `add_bond`, `leave`, `withdraw_bond`, `resume`.

use polkadot_sdk::{
    frame_support::{assert_noop, assert_ok},
    sp_runtime::TokenError,
};
use salus_primitives::membership::Role;

use crate::{mock::*, Error, Event, Pool, Workers};

fn suspend(who: AccountId) {
    let now = System::block_number();
    for _ in 0..MaxStrikes::get() {
        PalletJobs::strike(&who, 0, now);
    }
}

#[test]
fn a_worker_enters_and_leaves_with_its_bond() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(PalletJobs::register_worker(signed(17), BOND));
        assert_eq!(
            last_event(),
            Event::WorkerRegistered {
                worker: 17,
                bond: BOND
            }
        );
        assert!(Pool::<Test>::get().contains(&17));
        assert_eq!(held(17), BOND);

        assert_ok!(PalletJobs::add_bond(signed(17), 5));
        assert_eq!(
            last_event(),
            Event::BondAdded {
                worker: 17,
                amount: 5
            }
        );
        assert_eq!(held(17), BOND + 5);

        assert_noop!(
            PalletJobs::withdraw_bond(signed(17)),
            Error::<Test>::NotLeaving
        );
        assert_ok!(PalletJobs::leave(signed(17)));
        let unlocks = 1 + UnbondingPeriod::get();
        assert_eq!(
            last_event(),
            Event::WorkerLeft {
                worker: 17,
                unlocks
            }
        );
        assert!(!Pool::<Test>::get().contains(&17));
        assert_noop!(PalletJobs::leave(signed(17)), Error::<Test>::Leaving);
        assert_noop!(PalletJobs::add_bond(signed(17), 5), Error::<Test>::Leaving);

        run_to(unlocks - 1);
        assert_noop!(
            PalletJobs::withdraw_bond(signed(17)),
            Error::<Test>::BondLocked
        );
        run(1);
        assert_ok!(PalletJobs::withdraw_bond(signed(17)));
        assert_eq!(
            last_event(),
            Event::BondWithdrawn {
                worker: 17,
                amount: BOND + 5
            }
        );
        assert_eq!((free(17), held(17)), (START, 0));
        assert_ok!(PalletJobs::register_worker(signed(17), BOND));
    });
}

#[test]
fn only_admitted_members_with_a_key_and_a_bond_register() {
    ExtBuilder::default().build_and_execute(|| {
        for who in [STRANGER, PATIENT] {
            assert_noop!(
                PalletJobs::register_worker(signed(who), BOND),
                Error::<Test>::NotAdmitted
            );
        }
        KEYLESS.with_borrow_mut(|set| set.insert(17));
        assert_noop!(
            PalletJobs::register_worker(signed(17), BOND),
            Error::<Test>::NotMember
        );
        assert_noop!(
            PalletJobs::register_worker(signed(18), MinBond::get() - 1),
            Error::<Test>::BondTooSmall
        );
        assert_noop!(
            PalletJobs::register_worker(signed(18), START),
            TokenError::FundsUnavailable
        );
        assert_noop!(
            PalletJobs::register_worker(signed(11), BOND),
            Error::<Test>::AlreadyExists
        );
        set_role(POOR_PATIENT, Some(Role::Regulator));
        assert_noop!(
            PalletJobs::register_worker(signed(POOR_PATIENT), BOND),
            TokenError::FundsUnavailable
        );
    });
}

#[test]
fn the_pool_is_bounded() {
    ExtBuilder::default().workers([]).build_and_execute(|| {
        for n in 0..u64::from(MaxWorkers::get()) {
            let who = 1_000 + n;
            set_role(who, Some(Role::Institution));
            let bond = MinBond::get();
            assert_ok!(Balances::transfer_allow_death(
                signed(CLIENT),
                who,
                2 * bond
            ));
            assert_ok!(PalletJobs::register_worker(signed(who), bond));
        }
        assert_noop!(
            PalletJobs::register_worker(signed(11), BOND),
            Error::<Test>::TooManyWorkers
        );
        // A suspended worker cannot return to a full pool either, and keeps its money.
        let who = 1_000;
        suspend(who);
        assert_ok!(PalletJobs::register_worker(signed(11), BOND));
        assert_noop!(
            PalletJobs::resume(signed(who)),
            Error::<Test>::TooManyWorkers
        );
    });
}

#[test]
fn only_workers_act_as_workers() {
    ExtBuilder::default().build_and_execute(|| {
        for call in [
            PalletJobs::add_bond(signed(STRANGER), 1),
            PalletJobs::leave(signed(STRANGER)),
            PalletJobs::withdraw_bond(signed(STRANGER)),
            PalletJobs::resume(signed(STRANGER)),
        ] {
            assert_eq!(call, Err(Error::<Test>::WorkerNotFound.into()));
        }
    });
}

#[test]
fn a_bond_is_locked_while_a_seat_is_held() {
    ExtBuilder::default()
        .workers(11..=13)
        .build_and_execute(|| {
            let mut long = spec();
            long.commit_window = MaxWindow::get();
            working(long);
            assert_ok!(PalletJobs::leave(signed(11)));
            run(UnbondingPeriod::get());
            assert_noop!(
                PalletJobs::withdraw_bond(signed(11)),
                Error::<Test>::BondLocked
            );
            run(MaxWindow::get());
            assert_ok!(PalletJobs::withdraw_bond(signed(11)));
        });
}

#[test]
fn a_suspended_worker_resumes_for_a_fee_or_after_a_while() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(PalletJobs::resume(signed(11)), Error::<Test>::NotSuspended);
        suspend(11);
        assert!(!Pool::<Test>::get().contains(&11));
        assert_ok!(PalletJobs::add_bond(signed(11), 1));
        assert!(
            !Pool::<Test>::get().contains(&11),
            "a bond does not end a suspension"
        );
        assert_ok!(PalletJobs::resume(signed(11)));
        let fee = RestartFee::get();
        assert_eq!(last_event(), Event::WorkerResumed { worker: 11, fee });
        assert_eq!(free(TREASURY), START + fee);
        assert!(Pool::<Test>::get().contains(&11));
        assert_eq!(Workers::<Test>::get(11).unwrap().strikes, 0);

        suspend(11);
        run(SuspensionPeriod::get());
        assert_ok!(PalletJobs::resume(signed(11)));
        assert_eq!(last_event(), Event::WorkerResumed { worker: 11, fee: 0 });
        assert_eq!(free(TREASURY), START + fee);
    });
}

#[test]
fn who_may_not_be_drawn_may_not_resume() {
    ExtBuilder::default().build_and_execute(|| {
        suspend(11);
        set_role(11, None);
        assert_noop!(PalletJobs::resume(signed(11)), Error::<Test>::NotAdmitted);
        set_role(11, Some(Role::Institution));
        for _ in 0..8 {
            PalletJobs::slash(&11, 0, crate::Fault::NotRevealed);
        }
        assert_noop!(PalletJobs::resume(signed(11)), Error::<Test>::BondTooSmall);
        assert_ok!(PalletJobs::leave(signed(11)));
        assert_noop!(PalletJobs::resume(signed(11)), Error::<Test>::Leaving);
    });
}

#[test]
fn a_treasury_that_cannot_be_paid_takes_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        // 5 units do not make the account, whose smallest balance is 10.
        let paid = PalletJobs::pay_held(crate::HoldReason::WorkerBond, &11, &77, 5);
        assert_eq!((paid, held(11), free(77)), (0, BOND, 0));
    });
}
