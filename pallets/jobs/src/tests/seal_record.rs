//! `seal_record`.

use polkadot_sdk::{
    frame_support::{
        assert_noop, assert_ok,
        dispatch::{GetDispatchInfo, Pays},
    },
    sp_runtime::DispatchError,
};
use salus_primitives::{
    jobs::{Ciphertext, InputSpec, JobId},
    records::RecordId,
};

use crate::{mock::*, Error, Event, Inputs, RecordBlobs, State};

fn job_on(patient: AccountId) -> (JobId, RecordId) {
    let record = make_record(patient, CLIENT, PURPOSE, 1);
    let mut with = spec();
    with.inputs = vec![own(1), InputSpec::Record { record }]
        .try_into()
        .unwrap();
    (drawn(with), record)
}

fn seal(who: AccountId, id: JobId, index: u32) -> Result<Pays, DispatchError> {
    PalletJobs::seal_record(signed(who), id, index, capsules(id))
        .map(|info| info.pays_fee)
        .map_err(|refused| refused.error)
}

#[test]
fn a_patient_without_balance_seals_the_record() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, record) = job_on(POOR_PATIENT);
        assert_eq!(free(POOR_PATIENT), 0);
        assert_eq!(seal(POOR_PATIENT, id, 1), Ok(Pays::No));
        assert_eq!(last_event(), Event::RecordSealed { job: id, index: 1 });
        let stored = RECORDS.with_borrow(|records| records[&record].clone());
        let input = Inputs::<Test>::get(id, 1).unwrap();
        assert_eq!(input.ciphertext, Ciphertext::Blob(stored.blob.clone()));
        assert_eq!(input.commitment, stored.commitment);
        assert_eq!(input.recipient, stored.recipient);
        assert_eq!(RecordBlobs::<Test>::get(stored.blob.digest), 1);
        provide(id);
        assert!(matches!(job(id).state, State::Working { .. }));
        run(spec().commit_window + 1);
        assert_eq!(RecordBlobs::<Test>::iter().count(), 0);
    });
}

#[test]
fn the_patients_operator_can_seal() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, _) = job_on(PATIENT);
        OPERATORS.with_borrow_mut(|operators| operators.insert(STRANGER, PATIENT));
        assert_eq!(seal(STRANGER, id, 1), Ok(Pays::No));
    });
}

#[test]
fn what_does_not_fit_is_refused() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, record) = job_on(PATIENT);
        for who in [CLIENT, STRANGER, POOR_PATIENT] {
            assert_eq!(seal(who, id, 1), Err(Error::<Test>::NotAuthorized.into()));
        }
        assert_eq!(
            seal(PATIENT, id, 0),
            Err(Error::<Test>::InputNotFound.into())
        );
        assert_eq!(
            seal(PATIENT, id, 2),
            Err(Error::<Test>::InputNotFound.into())
        );
        let mut few = capsules(id);
        few.pop();
        assert_noop!(
            PalletJobs::seal_record(signed(PATIENT), id, 1, few),
            Error::<Test>::CapsuleMismatch
        );
        assert_noop!(
            PalletJobs::seal_record(signed(PATIENT), 9, 1, Default::default()),
            Error::<Test>::JobNotFound
        );
        assert_ok!(seal(PATIENT, id, 1));
        assert_eq!(
            seal(PATIENT, id, 1),
            Err(Error::<Test>::AlreadyProvided.into())
        );
        revoke(CLIENT, record);
        assert_eq!(seal(PATIENT, id, 1), Err(Error::<Test>::NoConsent.into()));
        RECORDS.with_borrow_mut(|records| records.clear());
        assert_eq!(
            seal(PATIENT, id, 1),
            Err(Error::<Test>::InputNotFound.into())
        );
    });
}

#[test]
fn a_record_is_sealed_after_the_draw_only() {
    ExtBuilder::default().build_and_execute(|| {
        let record = make_record(PATIENT, CLIENT, PURPOSE, 1);
        let mut with = spec();
        with.inputs = vec![InputSpec::Record { record }].try_into().unwrap();
        let id = post(with);
        assert_noop!(
            PalletJobs::seal_record(signed(PATIENT), id, 0, Default::default()),
            Error::<Test>::WrongTime
        );
        let call = crate::Call::<Test>::seal_record {
            job: id,
            index: 0,
            capsules: Default::default(),
        };
        assert_eq!(
            call.get_dispatch_info().pays_fee,
            Pays::Yes,
            "who is refused pays"
        );
    });
}
