//! Who pays, and that all of it comes back but what is paid for state that stays.

use polkadot_sdk::{
    frame_support::{
        assert_noop, assert_ok,
        traits::{fungible::Mutate, tokens::Preservation},
    },
    sp_runtime::TokenError,
};
use salus_primitives::membership::Role;

use crate::{mock::*, *};

#[test]
fn a_sponsor_pays_within_its_quota() {
    build_and_execute(|| {
        let quota = 2 * BASE + BLOB_PRICE + 100;
        Sponsors::set(PATIENT, CLINIC, quota);
        let id = stored(1);
        assert_ok!(share(id, RESEARCHER, READ));
        assert_eq!(held(CLINIC), quota);
        assert_eq!(held(PATIENT), 0);
        assert_eq!(Sponsors::quota(PATIENT), 0);
        // The quota is used up: the patient pays.
        assert_ok!(share(id, INSURER, ANALYSE));
        assert_eq!(held(PATIENT), BASE);
        // Each deposit goes back to who paid it.
        for who in [RESEARCHER, INSURER] {
            assert_ok!(RecordsPallet::revoke(signed(PATIENT), who, batch(vec![id])));
        }
        assert_eq!(held(PATIENT), 0);
        assert_eq!(Sponsors::quota(PATIENT), BASE + 100);
        assert_ok!(RecordsPallet::terminate(signed(PATIENT), id, None));
        // But for the digest that stays retired.
        assert_eq!(held(CLINIC), RETIRED_PRICE);
        assert_eq!(Sponsors::quota(PATIENT), quota - RETIRED_PRICE);
    });
}

#[test]
fn a_poor_sponsor_does_not_stop_a_patient_who_can_pay() {
    build_and_execute(|| {
        Sponsors::set(PATIENT, POOR, FUNDS);
        stored(1);
        assert_eq!(held(PATIENT), BASE + BLOB_PRICE);
        assert_eq!(Sponsors::quota(PATIENT), FUNDS);
    });
}

#[test]
fn a_patient_without_tokens_and_sponsor_cannot_store() {
    build_and_execute(|| {
        Members::add(POOR, Role::Patient);
        let id = released_to(POOR, 1);
        let store = || RecordsPallet::store(signed(POOR), id, blob(1), key(1));
        assert_noop!(store(), TokenError::FundsUnavailable);
        Sponsors::set(POOR, CLINIC, FUNDS);
        assert_ok!(store());
        assert_eq!(held(CLINIC), BASE + BLOB_PRICE);
    });
}

#[test]
fn a_rekey_moves_the_deposit_to_a_new_sponsor() {
    build_and_execute(|| {
        let id = stored(1);
        Sponsors::set(PATIENT, CLINIC, FUNDS);
        assert_ok!(RecordsPallet::move_blob(
            signed(PATIENT),
            id,
            blob(9),
            key(9),
            Default::default()
        ));
        assert_eq!(held(PATIENT), 0);
        assert_eq!(held(CLINIC), BASE + BLOB_PRICE + RETIRED_PRICE);
    });
}

#[test]
fn reasons_are_kept_apart() {
    use polkadot_sdk::frame_support::traits::fungible::InspectHold;

    build_and_execute(|| {
        let id = stored(1);
        assert_ok!(share(id, RESEARCHER, READ));
        requested(vec![]);
        let on_hold = |reason: HoldReason, who| {
            Balances::balance_on_hold(&RuntimeHoldReason::from(reason), &who)
        };
        assert_eq!(on_hold(HoldReason::Release, HOSPITAL), BASE);
        assert_eq!(on_hold(HoldReason::Storage, PATIENT), BASE + BLOB_PRICE);
        assert_eq!(on_hold(HoldReason::Share, PATIENT), BASE + 100);
        assert_eq!(on_hold(HoldReason::Request, RESEARCHER), BASE + 1);
    });
}

#[test]
fn try_state_finds_a_missing_hold() {
    new_ext().execute_with(|| {
        use polkadot_sdk::frame_support::traits::{fungible::MutateHold, tokens::Precision};

        stored(1);
        let reason = HoldReason::Storage.into();
        assert_ok!(Balances::release(&reason, &PATIENT, 1, Precision::Exact));
        assert!(RecordsPallet::do_try_state().is_err());
        // What is left still comes back: state can always be freed.
        let id = RecordsOf::<Test>::iter_key_prefix(PATIENT).next().unwrap();
        assert_ok!(RecordsPallet::terminate(signed(PATIENT), id, None));
        assert_eq!(held(PATIENT), RETIRED_PRICE - 1);
    });
}

#[test]
fn try_state_finds_a_hold_of_which_nothing_is_recorded() {
    build_and_execute(|| {
        use polkadot_sdk::frame_support::traits::{fungible::MutateHold, tokens::Precision};

        for reason in [
            HoldReason::Release,
            HoldReason::Storage,
            HoldReason::Share,
            HoldReason::Request,
        ] {
            let reason = reason.into();
            assert_ok!(Balances::hold(&reason, &CLINIC, 1));
            assert!(RecordsPallet::do_try_state().is_err());
            assert_ok!(Balances::release(&reason, &CLINIC, 1, Precision::Exact));
        }
    });
}

#[test]
fn what_stays_after_the_end_stays_paid_for() {
    build_and_execute(|| {
        let id = stored(1);
        for seed in [9, 10] {
            assert_ok!(RecordsPallet::move_blob(
                signed(PATIENT),
                id,
                blob(seed),
                key(seed),
                Default::default()
            ));
        }
        let next = stored(2);
        assert_ok!(RecordsPallet::terminate(signed(PATIENT), id, None));
        let retired = |id| {
            BlobOwner::<Test>::iter_values()
                .filter(|(role, of)| *of == id && *role == BlobRole::Retired)
                .count() as Balance
        };
        assert_eq!(retired(id), 3);
        assert_eq!(held(PATIENT), 3 * RETIRED_PRICE + BASE + BLOB_PRICE);
        // A successor later costs nothing and frees nothing.
        assert_ok!(RecordsPallet::supersede(signed(PATIENT), id, next));
        assert_eq!(held(PATIENT), 3 * RETIRED_PRICE + BASE + BLOB_PRICE);
    });
}

#[test]
fn no_deposit_takes_the_last_of_a_balance() {
    build_and_execute(|| {
        Members::add(POOR, Role::Regulator);
        // The existential deposit stays free: exactly the price is too little.
        assert_ok!(Balances::transfer(
            &STRANGER,
            &POOR,
            BASE + 1,
            Preservation::Preserve
        ));
        let ask =
            || RecordsPallet::request_access(signed(POOR), PATIENT, batch(vec![]), 0, EXPIRES);
        assert_noop!(ask(), TokenError::FundsUnavailable);
        assert_ok!(Balances::transfer(
            &STRANGER,
            &POOR,
            1,
            Preservation::Preserve
        ));
        assert_ok!(ask());
    });
}
