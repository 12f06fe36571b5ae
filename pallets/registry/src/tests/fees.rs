//! Who pays, through the transaction extension that the runtime uses.

use polkadot_sdk::{
    frame_support::{assert_ok, dispatch::GetDispatchInfo, traits::fungible::Inspect},
    frame_system::{self, CheckNonce},
    pallet_transaction_payment::{ChargeTransactionPayment, OnChargeTransaction},
    sp_core::H256,
    sp_runtime::{traits::DispatchTransaction, transaction_validity::TransactionValidityError},
};

use crate::{mock::*, Call, Offers, Sponsorships};

const BUDGET: Balance = MAX_QUOTA;

fn run(who: AccountId, call: RuntimeCall, tip: Balance) -> Result<bool, TransactionValidityError> {
    let nonce = System::account_nonce(who);
    let extension = (
        CheckNonce::<Test>::from(nonce),
        ChargeTransactionPayment::<Test>::from(tip),
    );
    let info = call.get_dispatch_info();
    extension
        .dispatch_transaction(signed(who), call, &info, 10, 0)
        .map(|outcome| outcome.is_ok())
}

fn remark() -> RuntimeCall {
    frame_system::Call::remark { remark: vec![1] }.into()
}

fn registration() -> RuntimeCall {
    Call::register_patient {
        credential: H256::zero(),
        recipient: [3; 32],
        sponsor: Some(HOSPITAL),
    }
    .into()
}

fn left() -> Balance {
    Sponsorships::<Test>::get(POOR).unwrap().fee_left
}

fn offered(by: AccountId) -> Balance {
    Offers::<Test>::get(POOR, by).unwrap().fee_left
}

fn sponsor() {
    Registry::sponsor(signed(HOSPITAL), POOR, REGISTRATION, BUDGET).unwrap();
}

#[test]
fn the_budget_pays_for_a_patient_without_tokens() {
    build_and_execute(|| {
        sponsor();
        // Not a patient yet: only the registration that names the sponsor is paid for.
        assert!(run(POOR, remark(), 0).is_err());
        let (credential, recipient) = (H256::zero(), [3; 32]);
        for sponsor in [None, Some(CLINIC)] {
            let call = Call::register_patient {
                credential,
                recipient,
                sponsor,
            };
            assert!(run(POOR, call.into(), 0).is_err());
        }
        assert_eq!(run(POOR, registration(), 0), Ok(true));
        let after_one = left();
        assert!(after_one < BUDGET);
        assert_eq!(
            Balances::total_balance(&HOSPITAL),
            FUNDS - (BUDGET - after_one)
        );
        assert_eq!(
            Balances::free_balance(Treasury::get()),
            FUNDS + (BUDGET - after_one)
        );
        // A call that fails costs too.
        assert_eq!(run(POOR, registration(), 0), Ok(false));
        assert!(left() < after_one);
        assert_eq!(System::account_nonce(POOR), 2);
        // A tip is the signer's own affair.
        assert!(run(POOR, remark(), 1).is_err());
    });
}

#[test]
fn an_empty_budget_is_filled_in_the_next_period() {
    build_and_execute(|| {
        sponsor();
        assert_eq!(run(POOR, registration(), 0), Ok(true));
        assert_ok!(Registry::end_sponsorship(signed(HOSPITAL), POOR));
        let fee = left_for_one();
        assert_ok!(Registry::sponsor(signed(HOSPITAL), POOR, REGISTRATION, fee));
        assert_ok!(Registry::accept_sponsor(signed(POOR), HOSPITAL));
        assert_eq!(run(POOR, remark(), 0), Ok(true));
        let rest = left();
        assert!(run(POOR, remark(), 0).is_err());
        assert_eq!(left(), rest);
        System::set_block_number(PERIOD);
        assert_eq!(run(POOR, remark(), 0), Ok(true));
        assert_eq!(left(), rest);
    });
}

/// Enough for one remark and not for two.
fn left_for_one() -> Balance {
    let info = remark().get_dispatch_info();
    let fee = TransactionPayment::compute_fee(10, &info, 0);
    fee + fee / 2
}

#[test]
fn an_overestimate_returns_to_the_budget() {
    build_and_execute(|| {
        sponsor();
        let (call, info) = (registration(), registration().get_dispatch_info());
        let paid = Fees::withdraw_fee(&POOR, &call, &info, 500, 0).unwrap();
        assert_eq!(offered(HOSPITAL), BUDGET - 500);
        // In between the offer was accepted.
        register_sponsored(POOR);
        assert_ok!(Fees::correct_and_deposit_fee(
            &POOR,
            &info,
            &().into(),
            300,
            0,
            paid
        ));
        assert_eq!(left(), BUDGET - 300);
        assert_eq!(quota_of(HOSPITAL), BUDGET - 300);
    });
}

#[test]
fn the_offer_pays_for_its_acceptance() {
    build_and_execute(|| {
        sponsor();
        assert_eq!(run(POOR, registration(), 0), Ok(true));
        let hospital = left();
        assert_ok!(Registry::sponsor(
            signed(CLINIC),
            POOR,
            REGISTRATION,
            BUDGET
        ));
        let accept = || Call::accept_sponsor { sponsor: CLINIC }.into();
        assert_eq!(run(POOR, accept(), 0), Ok(true));
        assert!(left() < BUDGET);
        let spent = BUDGET - left();
        assert_eq!(Balances::total_balance(&CLINIC), FUNDS - spent);
        assert_eq!(
            Balances::total_balance(&HOSPITAL),
            FUNDS - (BUDGET - hospital)
        );
        // Without an offer the sponsor in force pays for the attempt.
        assert_eq!(run(POOR, accept(), 0), Ok(false));
        assert!(left() < BUDGET - spent);
    });
}

#[test]
fn a_suspended_sponsor_pays_nothing() {
    build_and_execute(|| {
        sponsor();
        Registry::suspend(RuntimeOrigin::root(), HOSPITAL).unwrap();
        assert!(run(POOR, registration(), 0).is_err());
        assert_eq!(offered(HOSPITAL), BUDGET);
    });
}

#[test]
fn a_member_pays_for_its_operator_and_its_acceptance() {
    build_and_execute(|| {
        assert_eq!(run(OPERATOR, remark(), 0), Ok(true));
        let once = Balances::free_balance(HOSPITAL);
        assert!(once < FUNDS);
        Registry::set_operator(signed(CLINIC), Some(KEY)).unwrap();
        assert!(run(KEY, remark(), 0).is_err());
        assert!(run(KEY, Call::accept_operator { member: HOSPITAL }.into(), 0).is_err());
        assert_eq!(
            run(KEY, Call::accept_operator { member: CLINIC }.into(), 0),
            Ok(true)
        );
        assert!(Balances::free_balance(CLINIC) < FUNDS);
        assert_eq!(Balances::free_balance(HOSPITAL), once);
    });
}

#[test]
fn a_member_does_not_pay_for_what_its_node_does_not_do() {
    build_and_execute(|| {
        let call = Call::set_recovery { recovery: None };
        // The operator key has nothing of its own.
        assert!(run(OPERATOR, call.into(), 0).is_err());
        assert_eq!(Balances::free_balance(HOSPITAL), FUNDS);
    });
}

#[test]
fn others_pay_for_themselves() {
    build_and_execute(|| {
        assert_eq!(run(STRANGER, remark(), 7), Ok(true));
        assert!(Balances::free_balance(STRANGER) < FUNDS);
        assert!(run(POOR, remark(), 0).is_err());
    });
}
