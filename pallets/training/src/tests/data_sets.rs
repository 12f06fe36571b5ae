//! `declare_data_set` and `withdraw_data_set`.

use codec::Encode;
use polkadot_sdk::{
    frame_support::{assert_noop, assert_ok},
    sp_runtime::TokenError,
};
use salus_primitives::{
    membership::Role,
    training::{data_set_id, Backend, Partition, MAX_COLUMNS, MAX_ROWS},
};

use crate::{mock::*, DataSets, DataSetsOf, Error, Event, HoldReason};

fn own() -> salus_primitives::training::DataSetSpec {
    spec(Partition::Homogeneous, 1)
}

#[test]
fn a_member_declares_and_withdraws() {
    build_and_execute(|| {
        let record = make_record(PATIENT, 11, PURPOSE, 1);
        let mut said = own();
        said.consents = vec![record].try_into().unwrap();
        assert_ok!(PalletTraining::declare_data_set(signed(11), said.clone()));
        let id = data_set_id(&11u64, &said.commitment);
        assert_eq!(
            last_event(),
            Event::DataSetDeclared {
                data_set: id,
                holder: 11,
                records: 1
            }
        );
        let price = DepositBase::get() + said.encoded_size() as u128;
        assert_eq!(held_for(HoldReason::TrainingDeposit, 11), price);
        let declared = DataSets::<Test>::get(id).unwrap();
        assert_eq!((declared.holder, declared.uses), (11, 0));
        assert_eq!(declared.spec, said);

        assert_noop!(
            PalletTraining::withdraw_data_set(signed(12), id),
            Error::<Test>::NotAuthorized
        );
        assert_ok!(PalletTraining::withdraw_data_set(signed(11), id));
        assert_eq!(last_event(), Event::DataSetWithdrawn { data_set: id });
        assert_eq!((held(11), free(11)), (0, START));
        assert!(!DataSetsOf::<Test>::contains_key(11));
        assert_noop!(
            PalletTraining::withdraw_data_set(signed(11), id),
            Error::<Test>::DataSetNotFound
        );
    });
}

#[test]
fn only_admitted_members_declare() {
    build_and_execute(|| {
        for who in [PATIENT, STRANGER] {
            assert_noop!(
                PalletTraining::declare_data_set(signed(who), own()),
                Error::<Test>::NotAdmitted
            );
        }
    });
}

#[test]
fn each_record_has_to_be_open_to_the_holder_for_the_purpose() {
    build_and_execute(|| {
        let good = make_record(PATIENT, 11, PURPOSE, 1);
        let others = make_record(PATIENT, 12, PURPOSE, 2);
        let other_purpose = make_record(PATIENT, 11, PURPOSE + 1, 3);
        for bad in [others, other_purpose, digest(77)] {
            let mut said = own();
            said.consents = vec![good, bad].try_into().unwrap();
            assert_noop!(
                PalletTraining::declare_data_set(signed(11), said),
                Error::<Test>::NoConsent
            );
        }
        let mut said = own();
        said.consents = vec![good].try_into().unwrap();
        declare(11, said);
    });
}

#[test]
fn sizes_are_checked_and_records_named_once() {
    build_and_execute(|| {
        let record = make_record(PATIENT, 11, PURPOSE, 1);
        let changes: [fn(&mut salus_primitives::training::DataSetSpec); 4] = [
            |said| said.rows = 0,
            |said| said.rows = MAX_ROWS + 1,
            |said| said.columns = 0,
            |said| said.columns = MAX_COLUMNS + 1,
        ];
        for change in changes {
            let mut said = own();
            change(&mut said);
            assert_noop!(
                PalletTraining::declare_data_set(signed(11), said),
                Error::<Test>::InvalidDataSet
            );
        }
        let mut twice = own();
        twice.consents = vec![record, record].try_into().unwrap();
        assert_noop!(
            PalletTraining::declare_data_set(signed(11), twice),
            Error::<Test>::InvalidDataSet
        );
        let mut most = own();
        (most.rows, most.columns) = (MAX_ROWS, MAX_COLUMNS);
        declare(11, most);
    });
}

#[test]
fn a_commitment_is_declared_once_by_each_holder() {
    build_and_execute(|| {
        let id = declare(11, own());
        assert_noop!(
            PalletTraining::declare_data_set(signed(11), own()),
            Error::<Test>::AlreadyExists
        );
        assert_ne!(declare(12, own()), id);
    });
}

#[test]
fn data_sets_of_a_member_are_bounded() {
    build_and_execute(|| {
        for seed in 0..MaxDataSets::get() {
            declare(11, spec(Partition::Homogeneous, seed as u8));
        }
        assert_noop!(
            PalletTraining::declare_data_set(signed(11), spec(Partition::Homogeneous, 99)),
            Error::<Test>::TooManyDataSets
        );
    });
}

#[test]
fn a_deposit_is_needed() {
    build_and_execute(|| {
        set_role(4, Some(Role::Institution));
        assert_noop!(
            PalletTraining::declare_data_set(signed(4), own()),
            TokenError::FundsUnavailable
        );
    });
}

#[test]
fn a_data_set_in_use_stays() {
    build_and_execute(|| {
        let id = open(terms(Backend::Masked), &[11, 12]);
        let data_set = join(id, 11);
        assert_noop!(
            PalletTraining::withdraw_data_set(signed(11), data_set),
            Error::<Test>::InUse
        );
        assert_ok!(PalletTraining::cancel(signed(ANALYST), id));
        assert_ok!(PalletTraining::withdraw_data_set(signed(11), data_set));
    });
}
