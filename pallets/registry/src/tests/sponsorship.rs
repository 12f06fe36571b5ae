//! Attestations and sponsorships.
use polkadot_sdk::frame_support::{assert_noop, assert_ok};
use salus_primitives::membership::{Membership, Sponsorship};

use crate::{mock::*, *};
type E = Error<Test>;

const DEPOSITS: Balance = 3_000;
const FEES: Balance = 7_000;

fn sponsor(patient: AccountId) {
    Registry::sponsor(signed(HOSPITAL), patient, DEPOSITS, FEES).unwrap();
}

#[test]
fn attests_and_revokes() {
    build_and_execute(|| {
        register(PATIENT);
        let attest = |by, who| Registry::attest(signed(by), who);
        assert_noop!(attest(STRANGER, PATIENT), E::NotInstitution);
        assert_noop!(attest(HOSPITAL, CLINIC), E::NotPatient);
        assert_ok!(attest(CLINIC, PATIENT));
        assert_last_event(Event::Attested {
            patient: PATIENT,
            institution: CLINIC,
        });
        assert!(Registry::is_attested(&PATIENT));
        assert_noop!(attest(HOSPITAL, PATIENT), E::AlreadyAttested);
        Now::set(CLINIC_END);
        assert!(!Registry::is_attested(&PATIENT));
        assert_ok!(attest(HOSPITAL, PATIENT));
        let revoke = |by| Registry::revoke_attestation(signed(by), PATIENT);
        assert_noop!(revoke(CLINIC), E::NotAuthorized);
        assert_ok!(revoke(HOSPITAL));
        assert_last_event(Event::AttestationRevoked {
            patient: PATIENT,
            institution: HOSPITAL,
        });
        assert_noop!(revoke(HOSPITAL), E::AttestationNotFound);
    });
}

#[test]
fn a_sponsored_patient_pays_no_deposit() {
    build_and_execute(|| {
        sponsor(POOR);
        assert_last_event(Event::Sponsored {
            patient: POOR,
            sponsor: HOSPITAL,
            deposit_quota: DEPOSITS,
            fee_quota: FEES,
        });
        assert_eq!(System::providers(&POOR), 1);
        assert_eq!(quota_of(HOSPITAL), DEPOSITS + FEES);
        register(POOR);
        assert_event(Event::PatientRegistered {
            who: POOR,
            payer: HOSPITAL,
        });
        assert_eq!(quota_of(HOSPITAL), DEPOSITS + FEES - REGISTRATION);
        assert_eq!(deposit_of(HOSPITAL), REGISTRATION);
        assert_ok!(Registry::end(signed(POOR), POOR));
        assert_eq!((quota_of(HOSPITAL), deposit_of(HOSPITAL)), (0, 0));
        assert_eq!(Balances::free_balance(HOSPITAL), FUNDS);
        assert_eq!(Outstanding::<Test>::iter().count(), 0);
    });
}

#[test]
fn deposits_stay_out_after_the_end() {
    build_and_execute(|| {
        sponsor(POOR);
        register(POOR);
        let end = |by| Registry::end_sponsorship(signed(by), POOR);
        assert_noop!(end(CLINIC), E::NotAuthorized);
        assert_ok!(end(HOSPITAL));
        let released = DEPOSITS + FEES - REGISTRATION;
        assert_last_event(Event::SponsorshipEnded {
            patient: POOR,
            sponsor: HOSPITAL,
            released,
        });
        assert_noop!(end(HOSPITAL), E::SponsorshipNotFound);
        assert_eq!(deposit_of(HOSPITAL), REGISTRATION);
        assert_eq!(Registry::charge(&POOR, 1), POOR);
        // What is out counts against the next quota, and comes back into it.
        sponsor(POOR);
        assert_eq!(Sponsorships::<Test>::get(POOR).unwrap().deposit_left, 2_000);
        Registry::refund(&HOSPITAL, &POOR, 400);
        assert_eq!(Sponsorships::<Test>::get(POOR).unwrap().deposit_left, 2_400);
        assert_eq!(quota_of(HOSPITAL), 2_400 + FEES);
    });
}

#[test]
fn charges_within_the_quota_and_of_active_sponsors() {
    build_and_execute(|| {
        sponsor(POOR);
        assert_eq!(Registry::charge(&POOR, DEPOSITS + 1), POOR);
        assert_eq!(Registry::charge(&POOR, DEPOSITS), HOSPITAL);
        assert_eq!(Registry::charge(&POOR, 1), POOR);
        Registry::refund(&HOSPITAL, &POOR, DEPOSITS);
        assert_ok!(Registry::suspend(RuntimeOrigin::root(), HOSPITAL));
        assert_eq!(Registry::charge(&POOR, 1), POOR);
        assert_ok!(Registry::end_sponsorship(signed(POOR), POOR));
        assert_eq!(System::providers(&POOR), 0);
    });
}

#[test]
fn refuses_wrong_sponsorships() {
    build_and_execute(|| {
        let call = |by, who, deposits, fees| Registry::sponsor(signed(by), who, deposits, fees);
        apply(TEAM);
        assert_noop!(call(TEAM, POOR, DEPOSITS, 0), E::NotInstitution);
        assert_noop!(call(HOSPITAL, TEAM, DEPOSITS, 0), E::NotPatient);
        assert_noop!(call(CLINIC, OPERATOR, DEPOSITS, 0), E::NotPatient);
        assert_noop!(call(HOSPITAL, POOR, MAX_QUOTA + 1, 0), E::QuotaTooLarge);
        assert_noop!(
            call(HOSPITAL, POOR, DEPOSITS, MAX_QUOTA + 1),
            E::QuotaTooLarge
        );
        assert_noop!(call(HOSPITAL, POOR, REGISTRATION - 1, 0), E::QuotaTooSmall);
        sponsor(POOR);
        assert_noop!(call(CLINIC, POOR, DEPOSITS, 0), E::AlreadySponsored);
    });
}
