//! Attestations and sponsorships.
use polkadot_sdk::{
    frame_support::{assert_noop, assert_ok},
    sp_core::H256,
};
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
        assert_last_event(Event::SponsorshipOffered {
            patient: POOR,
            sponsor: HOSPITAL,
            deposit_quota: DEPOSITS,
            fee_quota: FEES,
        });
        assert_eq!(System::providers(&POOR), 1);
        assert_eq!(quota_of(HOSPITAL), DEPOSITS + FEES);
        register_sponsored(POOR);
        assert_event(Event::SponsorshipAccepted {
            patient: POOR,
            sponsor: HOSPITAL,
        });
        assert_event(Event::PatientRegistered {
            who: POOR,
            payer: HOSPITAL,
        });
        assert_eq!(quota_of(HOSPITAL), DEPOSITS + FEES - REGISTRATION);
        assert_eq!(deposit_of(HOSPITAL), REGISTRATION);
        assert_ok!(Registry::end(signed(POOR), POOR));
        // What is for the tombstone stays with the sponsor.
        assert_eq!((quota_of(HOSPITAL), deposit_of(HOSPITAL)), (0, TOMBSTONE));
        assert_eq!(Balances::free_balance(HOSPITAL), FUNDS - TOMBSTONE);
        assert_eq!(Outstanding::<Test>::get(POOR, HOSPITAL), TOMBSTONE);
    });
}

#[test]
fn an_offer_binds_nobody_and_keeps_nobody_out() {
    build_and_execute(|| {
        register(PATIENT);
        sponsor(PATIENT);
        assert!(!Sponsorships::<Test>::contains_key(PATIENT));
        assert_eq!(Registry::charge(&PATIENT, 1), PATIENT);
        assert_ok!(Registry::sponsor(signed(CLINIC), PATIENT, DEPOSITS, 0));
        let accept = |who, by| Registry::accept_sponsor(signed(who), by);
        assert_noop!(accept(STRANGER, CLINIC), E::NotPatient);
        assert_noop!(accept(PATIENT, TEAM), E::OfferNotFound);
        assert_ok!(accept(PATIENT, CLINIC));
        assert_last_event(Event::SponsorshipAccepted {
            patient: PATIENT,
            sponsor: CLINIC,
        });
        assert_eq!(Registry::charge(&PATIENT, 10), CLINIC);
        // Another offer takes its place; what is out stays out.
        assert_ok!(accept(PATIENT, HOSPITAL));
        assert_event(Event::SponsorshipEnded {
            patient: PATIENT,
            sponsor: CLINIC,
            released: DEPOSITS - 10,
        });
        assert_eq!(quota_of(CLINIC), 0);
        assert_eq!(Registry::charge(&PATIENT, 10), HOSPITAL);
        assert_eq!(Outstanding::<Test>::get(PATIENT, CLINIC), 10);
        assert_noop!(accept(PATIENT, CLINIC), E::OfferNotFound);
    });
}

#[test]
fn a_registration_chooses_among_the_offers() {
    build_and_execute(|| {
        sponsor(POOR);
        assert_ok!(Registry::sponsor(signed(CLINIC), POOR, DEPOSITS, 0));
        let call =
            |who, by| Registry::register_patient(signed(who), H256::zero(), [1; 32], Some(by));
        assert_noop!(call(POOR, TEAM), E::OfferNotFound);
        assert_noop!(call(PATIENT, CLINIC), E::OfferNotFound);
        assert_ok!(call(POOR, CLINIC));
        assert_eq!(Sponsorships::<Test>::get(POOR).unwrap().sponsor, CLINIC);
        assert_eq!(
            (deposit_of(CLINIC), deposit_of(HOSPITAL)),
            (REGISTRATION, 0)
        );
        // An offer to somebody who pays itself stays an offer.
        sponsor(PATIENT);
        register(PATIENT);
        assert_eq!(deposit_of(PATIENT), REGISTRATION);
        assert!(!Sponsorships::<Test>::contains_key(PATIENT));
    });
}

#[test]
fn a_named_sponsor_pays_or_the_registration_says_why_not() {
    build_and_execute(|| {
        sponsor(PATIENT);
        let call = || {
            let sponsor = Some(HOSPITAL);
            Registry::register_patient(signed(PATIENT), H256::zero(), [1; 32], sponsor)
        };
        RegistrationDeposit::set(DEPOSITS + 1);
        assert_noop!(call(), E::SponsorCannotPay);
        RegistrationDeposit::set(REGISTRATION);
        assert_ok!(Registry::suspend(RuntimeOrigin::root(), HOSPITAL));
        assert_noop!(call(), E::SponsorInactive);
        register(PATIENT);
        assert_noop!(
            Registry::accept_sponsor(signed(PATIENT), HOSPITAL),
            E::SponsorInactive
        );
        assert_ok!(Registry::reinstate(RuntimeOrigin::root(), HOSPITAL));
        assert_ok!(Registry::accept_sponsor(signed(PATIENT), HOSPITAL));
    });
}

#[test]
fn an_institution_takes_its_offer_back() {
    build_and_execute(|| {
        sponsor(POOR);
        let end = |by| Registry::end_sponsorship(signed(by), POOR);
        assert_noop!(end(CLINIC), E::SponsorshipNotFound);
        // Suspended or not: the money is its own.
        assert_ok!(Registry::suspend(RuntimeOrigin::root(), HOSPITAL));
        assert_ok!(end(HOSPITAL));
        assert_last_event(Event::SponsorshipEnded {
            patient: POOR,
            sponsor: HOSPITAL,
            released: DEPOSITS + FEES,
        });
        assert_eq!((quota_of(HOSPITAL), System::providers(&POOR)), (0, 0));
        assert_noop!(end(HOSPITAL), E::SponsorshipNotFound);
    });
}

#[test]
fn deposits_stay_out_after_the_end() {
    build_and_execute(|| {
        sponsor(POOR);
        register_sponsored(POOR);
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
        // What is out counts against the next quota, and comes back into it, offered or in force.
        sponsor(POOR);
        let offered = || Offers::<Test>::get(POOR, HOSPITAL).unwrap().deposit_left;
        assert_eq!(offered(), 2_000);
        Registry::refund(&HOSPITAL, &POOR, 400);
        assert_eq!(offered(), 2_400);
        assert_ok!(Registry::accept_sponsor(signed(POOR), HOSPITAL));
        Registry::refund(&HOSPITAL, &POOR, 100);
        assert_eq!(Sponsorships::<Test>::get(POOR).unwrap().deposit_left, 2_500);
        assert_eq!(quota_of(HOSPITAL), 2_500 + FEES);
    });
}

#[test]
fn charges_within_the_quota_and_of_active_sponsors() {
    build_and_execute(|| {
        sponsor(POOR);
        assert_eq!(Registry::charge(&POOR, 1), POOR);
        register_sponsored(POOR);
        let left = DEPOSITS - REGISTRATION;
        assert_eq!(Registry::charge(&POOR, left + 1), POOR);
        assert_eq!(Registry::charge(&POOR, left), HOSPITAL);
        assert_eq!(Registry::charge(&POOR, 1), POOR);
        Registry::refund(&HOSPITAL, &POOR, left);
        assert_ok!(Registry::suspend(RuntimeOrigin::root(), HOSPITAL));
        assert_eq!(Registry::charge(&POOR, 1), POOR);
        assert_ok!(Registry::end_sponsorship(signed(POOR), POOR));
    });
}

#[test]
fn refuses_wrong_offers() {
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
        assert_noop!(call(HOSPITAL, POOR, DEPOSITS, 0), E::AlreadySponsored);
        register_sponsored(POOR);
        assert_noop!(call(HOSPITAL, POOR, DEPOSITS, 0), E::AlreadySponsored);
        assert_ok!(call(CLINIC, POOR, DEPOSITS, 0));
    });
}
