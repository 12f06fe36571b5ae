//! Stake elects the validators, offences cost it, data earn it.

use codec::Encode;
use pallet_delegation::{Candidates, Chill, DueSlashes, Pools, Slashes, SubPools};
use pallet_rewards::{Period, Released, Unit};
use polkadot_sdk::{
    frame_support::{
        assert_noop, assert_ok,
        traits::{
            fungible::{Inspect, InspectHold},
            Get, Hooks,
        },
    },
    pallet_session::QueuedKeys,
    sp_consensus_babe::KEY_TYPE,
    sp_core::H256,
    sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET,
    sp_io::TestExternalities,
    sp_keystore::{testing::MemoryKeystore, KeystoreExt},
    sp_runtime::{Perbill, Perquintill},
};
use salus_primitives::{
    blobs::BlobPointer,
    membership::Role,
    stake::{runtime_decl_for_stake_api::StakeApi, Institutions, Standing, ValidatorInfo},
    MED,
};
use salus_runtime::{
    AccountId, Authorship, Babe, Balances, Delegation, Records, Registry, Rewards, Runtime,
    RuntimeOrigin, Session, SessionKeys, System, DAYS,
};
use serde_json::json;

use crate::{
    chain::{account, chain, patched, Author},
    equivocations::Offence,
};

/// Slots of a session of the presets.
pub const SLOTS: u64 = 60;

pub fn local() -> TestExternalities {
    let mut ext = chain(LOCAL_TESTNET_RUNTIME_PRESET);
    ext.register_extension(KeystoreExt::new(MemoryKeystore::new()));
    ext
}

pub fn signed(who: &AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(who.clone())
}

/// Runs to the first block of a session.
pub fn run_to_session(author: &mut Author, session: u32) {
    while Session::current_index() < session {
        author.build(1);
    }
}

/// Admits an institution.
fn admit(who: &AccountId) {
    assert_ok!(Registry::apply(
        signed(who),
        Role::Institution,
        H256::repeat_byte(1),
        [9; 32]
    ));
    assert_ok!(Registry::admit(
        RuntimeOrigin::root(),
        who.clone(),
        365 * 24 * 60 * 60 * 1_000
    ));
}

pub fn set_keys(who: &AccountId) {
    let generated = SessionKeys::generate(&who.encode(), None);
    assert_ok!(Session::set_keys(
        signed(who),
        generated.keys,
        generated.proof.encode()
    ));
}

/// The pots have what is owed and no more, and each bond is held.
fn check() {
    let delegated: u128 = Pools::<Runtime>::iter_values().map(|pool| pool.value).sum();
    let leaving: u128 = SubPools::<Runtime>::iter_values()
        .map(|sub| sub.value)
        .sum();
    let deposit = Balances::minimum_balance();
    assert_eq!(
        Balances::balance(&Delegation::pot()),
        deposit + delegated + leaving
    );
    assert_eq!(Balances::balance(&Rewards::pot()), deposit);
    for (who, candidate) in Candidates::<Runtime>::iter() {
        let reason = pallet_delegation::HoldReason::Bond.into();
        assert_eq!(Balances::balance_on_hold(&reason, &who), candidate.bond);
    }
}

/// BABE's index in it is one into the set that takes office, which need not be the old one.
#[test]
fn the_first_block_of_a_session_is_credited_to_its_author() {
    local().execute_with(|| {
        let mut author = Author::new(1_000);
        author.build(1);
        while author.slot() < *Babe::current_epoch_start() + SLOTS {
            author.build(1);
        }
        QueuedKeys::<Runtime>::mutate(|keys| keys.reverse());
        let (old, next) = (Session::validators(), Session::queued_keys());
        assert_ne!(old[0], next[0].0);
        let (session, turn) = (Session::current_index(), author.begin() as usize);
        assert_eq!(Session::current_index(), session + 1);
        assert_eq!(Authorship::author().as_ref(), Some(&next[turn].0));
        assert_eq!(Session::validators()[turn], next[turn].0);
    });
}

#[test]
fn a_candidate_is_elected_two_sessions_later() {
    local().execute_with(|| {
        let mut author = Author::new(1_000);
        author.build(1);
        let eve = account("//Eve");
        let bond = 20_000 * MED;
        let register = || Delegation::register_candidate(signed(&eve), bond, Perbill::zero());
        assert_noop!(
            register(),
            pallet_delegation::Error::<Runtime>::NotInstitution
        );
        admit(&eve);
        assert_noop!(
            register(),
            pallet_delegation::Error::<Runtime>::NoSessionKeys
        );
        set_keys(&eve);
        assert_ok!(register());
        assert!(<Runtime as StakeApi<_, _, _>>::would_be_elected().contains(&eve));

        run_to_session(&mut author, 1);
        assert!(!Session::validators().contains(&eve));
        run_to_session(&mut author, 2);
        assert!(Session::validators().contains(&eve));
        assert_eq!(Babe::authorities().len(), 5);

        // Delegations count: Ferdie's are more than any bond.
        let ferdie = account("//Ferdie");
        assert_ok!(Delegation::delegate(
            signed(&ferdie),
            eve.clone(),
            300_000 * MED
        ));
        let first = <Runtime as StakeApi<_, _, _>>::candidates(0, 1);
        assert_eq!(first[0].account, eve);
        assert_eq!(first[0].delegated, 300_000 * MED);
        run_to_session(&mut author, 3);
        // It authored its part of the session after.
        run_to_session(&mut author, 4);
        let mine = <Runtime as StakeApi<_, _, _>>::stake_of(ferdie.clone(), None, 10);
        assert!(mine[0].worth > 300_000 * MED);
        check();
    });
}

#[test]
fn without_keys_a_candidate_is_not_elected() {
    local().execute_with(|| {
        let mut author = Author::new(1_000);
        author.build(1);
        let eve = account("//Eve");
        admit(&eve);
        set_keys(&eve);
        assert_ok!(Delegation::register_candidate(
            signed(&eve),
            20_000 * MED,
            Perbill::zero()
        ));
        run_to_session(&mut author, 2);
        assert_eq!(Session::validators().len(), 5);
        assert_ok!(Session::purge_keys(signed(&eve)));
        let infos = <Runtime as StakeApi<_, _, _>>::candidates(0, 10);
        let info = infos.iter().find(|info| info.account == eve);
        assert_eq!(
            info.map(|info| info.standing),
            Some(Standing::NoSessionKeys)
        );
        run_to_session(&mut author, 4);
        assert_eq!(Session::validators().len(), 4);
        assert!(!Session::validators().contains(&eve));

        // With three left that can be elected, the four stay.
        let dave = account("//Dave");
        assert_ok!(Delegation::leave(signed(&dave)));
        run_to_session(&mut author, 7);
        assert_eq!(Session::validators().len(), 4);
        assert!(Session::validators().contains(&dave));
        assert!(<Runtime as StakeApi<_, _, _>>::would_be_elected().is_empty());
        check();
    });
}

/// What the node with an account's session keys is told.
fn watched(who: &AccountId) -> ValidatorInfo<AccountId> {
    let keys = pallet_session::NextKeys::<Runtime>::get(who).unwrap();
    let info = <Runtime as StakeApi<_, _, _>>::validator(KEY_TYPE, keys.babe.encode()).unwrap();
    assert_eq!(info.account, *who);
    info
}

#[test]
fn who_is_away_is_chilled_until_it_is_back() {
    local().execute_with(|| {
        let mut author = Author::new(1_000);
        let dave = account("//Dave");
        author.away = vec![dave.clone()];
        author.build(1);
        run_to_session(&mut author, 3);
        let chilled = || Candidates::<Runtime>::get(&dave).unwrap().chilled;
        assert_eq!(chilled(), Some(Chill::Absent));
        assert_eq!(watched(&dave).standing, Some(Standing::Chilled));
        assert_eq!(watched(&dave).authored, 0);
        // Its node may say so: with the operator key.
        assert_ok!(Delegation::back(signed(&account("//Dave//operator"))));
        assert_eq!(chilled(), None);
        author.away.clear();
        run_to_session(&mut author, 7);
        assert_eq!(chilled(), None);
        while watched(&dave).authored == 0 {
            author.build(1);
        }
        assert_eq!(watched(&dave).standing, Some(Standing::Electable));
        let nobody = <Runtime as StakeApi<_, _, _>>::validator(KEY_TYPE, vec![7; 32]);
        assert_eq!(nobody, None);
        check();
    });
}

#[test]
fn an_equivocation_disables_chills_and_later_costs() {
    local().execute_with(|| {
        let mut author = Author::new(1_000);
        author.build(1);
        run_to_session(&mut author, 2);
        author.build(5);
        let (alice, ferdie) = (account("//Alice"), account("//Ferdie"));
        assert_ok!(Delegation::delegate(
            signed(&ferdie),
            alice.clone(),
            1_000 * MED
        ));
        let offence = Offence::in_babe("//Alice", author.slot() - 1);
        let owner = offence.prove().unwrap();
        assert_ok!(offence.report(&owner));
        assert!(offence.report(&owner).is_err(), "once");

        // At once: it authors no more in this session, and is not elected for later ones.
        let index = Session::validators()
            .iter()
            .position(|who| *who == alice)
            .unwrap() as u32;
        assert_eq!(Session::disabled_validators(), [index]);
        let candidate = || Candidates::<Runtime>::get(&alice).unwrap();
        assert_eq!(candidate().chilled, Some(Chill::Offence));
        let slash = Slashes::<Runtime>::get(&alice, 2).unwrap();
        // One of four: (3 × 1/4)² of the stake.
        assert_eq!(slash.fraction, Perbill::from_rational(9u32, 16));
        let deferral = <Runtime as pallet_delegation::Config>::SlashDeferral::get();
        assert_eq!((deferral, slash.due), (144, 2 + 144));
        assert_noop!(
            Delegation::delegate(signed(&ferdie), alice.clone(), MED),
            pallet_delegation::Error::<Runtime>::SlashPending
        );

        // With three others the four stay, and it stays disabled.
        run_to_session(&mut author, 4);
        assert!(Session::validators().contains(&alice));
        assert_eq!(Session::disabled_validators().len(), 1);

        // A block a session, until the slash is due.
        author.build_every(SLOTS, u64::from(deferral) - 2);
        assert_eq!(Session::current_index(), 1 + deferral);
        let bond = candidate().bond;
        assert_eq!(bond, 100_000 * MED);
        let worth = || <Runtime as StakeApi<_, _, _>>::stake_of(ferdie.clone(), None, 10)[0].worth;
        let before = worth();
        author.build_every(SLOTS, 1);
        assert_eq!(candidate().bond, bond - bond * 9 / 16);
        assert!(worth().abs_diff(before - before * 9 / 16) < MED);
        assert_eq!(Slashes::<Runtime>::iter().count(), 0);
        assert_eq!(DueSlashes::<Runtime>::iter().count(), 0);
        // A punished one can recover.
        assert_ok!(Delegation::back(signed(&alice)));
        let info = <Runtime as StakeApi<_, _, _>>::candidates(0, 10);
        assert!(info.iter().all(|info| info.standing == Standing::Electable));
        check();
    });
}

#[test]
fn the_council_cancels_a_slash() {
    local().execute_with(|| {
        let mut author = Author::new(1_000);
        author.build(5);
        let alice = account("//Alice");
        let offence = Offence::in_babe("//Alice", author.slot() - 1);
        assert_ok!(offence.report(&offence.prove().unwrap()));
        let cancel = |origin| Delegation::cancel_slash(origin, alice.clone(), 0);
        assert_noop!(
            cancel(signed(&alice)),
            polkadot_sdk::sp_runtime::DispatchError::BadOrigin
        );
        assert_ok!(cancel(
            polkadot_sdk::pallet_collective::RawOrigin::Members(3, 4).into()
        ));
        assert_eq!(
            Candidates::<Runtime>::get(&alice).unwrap().pending_slashes,
            0
        );
        check();
    });
}

#[test]
fn a_session_mints_its_part_of_a_year() {
    local().execute_with(|| {
        let mut author = Author::new(1_000);
        author.build(1);
        run_to_session(&mut author, 2);
        let before = Balances::total_issuance();
        run_to_session(&mut author, 3);
        let minted = Balances::total_issuance() - before;
        // Two minutes of a year's 5%, with all their blocks.
        let whole = before / 20 / (365 * 24 * 30);
        assert!(
            minted <= whole && minted > whole * 999 / 1_000,
            "{minted} {whole}"
        );
        let year = <Runtime as StakeApi<_, _, _>>::expected_yield(account("//Alice")).unwrap();
        assert!(year > 0.into());
        assert_eq!(
            <Runtime as StakeApi<_, _, _>>::expected_yield(account("//Eve")),
            None
        );
    });
}

#[test]
fn the_constants_fit_whatever_a_session_lasts() {
    let constants = |slots: u64| {
        patched(json!({ "sessionLength": { "slots": slots } })).execute_with(|| {
            <Delegation as Hooks<_>>::integrity_test();
            <Rewards as Hooks<_>>::integrity_test();
            (
                <Runtime as pallet_delegation::Config>::SlashDeferral::get(),
                <Runtime as pallet_delegation::Config>::UnbondingSessions::get(),
                <Runtime as pallet_delegation::Config>::BlocksPerSession::get(),
                <Runtime as pallet_delegation::Config>::SessionsPerYear::get(),
            )
        })
    };
    // A day and a week where sessions last ten minutes or an hour, less time where they are shorter.
    assert_eq!(constants(300), (144, 1_008, 300, 52_560));
    assert_eq!(constants(1_800), (24, 168, 1_800, 8_760));
    assert_eq!(constants(30), (144, 1_008, 30, 525_600));
    assert_eq!(constants(60), (144, 1_008, 60, 262_800));
    // A slash comes after the last report, and stake stays for it.
    assert_eq!(constants(43_200), (7, 14, 43_200, 365));
}

#[test]
fn a_stored_record_earns() {
    local().execute_with(|| {
        let mut author = Author::new(1_000);
        author.build(1);
        let (alice, bob, patient) = (account("//Alice"), account("//Bob"), account("//Eve"));
        assert_ok!(Registry::register_patient(
            signed(&patient),
            H256::repeat_byte(1),
            [8; 32],
            None
        ));
        assert_ok!(Registry::attest(signed(&bob), patient.clone()));
        let blob = |seed: u8| BlobPointer {
            digest: H256::repeat_byte(seed),
            size: 100,
            location: b"http://127.0.0.1:9955".to_vec().try_into().unwrap(),
        };
        let commitment = H256::repeat_byte(5);
        assert_ok!(Records::release(
            signed(&alice),
            patient.clone(),
            commitment,
            1,
            blob(6)
        ));
        let record = Records::record_id(&alice, &patient, &commitment);
        assert_ok!(Records::store(signed(&patient), record, blob(7), [3; 32]));
        let period = pallet_rewards::Periods::<Runtime>::get(0).unwrap();
        assert_eq!((period.open, period.institutions), (1, 4));
        assert_noop!(
            Rewards::claim(signed(&patient), record),
            pallet_rewards::Error::<Runtime>::PeriodNotOver
        );
        assert_ok!(Records::terminate(signed(&patient), record, None));
        assert_eq!(pallet_rewards::Units::<Runtime>::iter().count(), 0);
        check();
    });
}

/// A full set, each validator with what `salus spec example` gives it: 100,000 of 250,000 MED bonded.
#[test]
fn ten_thousand_fake_patients_win_no_seat() {
    type PeriodInflation = <Runtime as pallet_rewards::Config>::PeriodInflation;
    const WEEK: u32 = 7 * DAYS;
    let bond = 100_000 * MED;
    local().execute_with(|| {
        Author::new(1_000).build(1);
        let give = |who: &AccountId, amount| {
            let who = who.clone().into();
            assert_ok!(Balances::force_set_balance(
                RuntimeOrigin::root(),
                who,
                amount
            ));
        };
        for n in 4..22 {
            let clinic = account(&format!("//Clinic {n}"));
            give(&clinic, 250_000 * MED);
            admit(&clinic);
            set_keys(&clinic);
            assert_ok!(Delegation::register_candidate(
                signed(&clinic),
                bond,
                Perbill::zero()
            ));
        }
        let (mallory, patient) = (account("//Eve"), account("//Ferdie"));
        admit(&mallory);
        set_keys(&mallory);
        let institutions = <Runtime as pallet_rewards::Config>::Institutions::count();
        assert_eq!(institutions, 23);
        assert_ok!(Registry::register_patient(
            signed(&patient),
            H256::repeat_byte(1),
            [8; 32],
            None
        ));
        assert_ok!(Registry::attest(signed(&mallory), patient.clone()));
        // It begins with nothing. The supply is more than 22 times 250,000.
        give(&mallory, MED);
        let supply = Balances::total_issuance();
        assert!(supply > 15_000_000 * MED && supply < 16_000_000 * MED);

        // A year in which nobody else stores anything: four records of each patient in a week.
        let (units, open) = (40_000, 1);
        let mut earned = 0;
        for week in 0..52 {
            let pool = <PeriodInflation as Get<Perquintill>>::get() * Balances::total_issuance();
            let record = H256::from_low_u64_be(week.into());
            let period = Period {
                pool,
                institutions,
                open,
                releasing: 1,
                gone: Default::default(),
                price: None,
            };
            pallet_rewards::Periods::<Runtime>::insert(week, period);
            let released = Released { units, open };
            pallet_rewards::ReleasedUnits::<Runtime>::insert(week, &mallory, released);
            pallet_rewards::PatientUnits::<Runtime>::insert(week, &patient, 1);
            let unit = Unit {
                patient: patient.clone(),
                institution: mallory.clone(),
                period: week,
                minted: None,
            };
            pallet_rewards::Units::<Runtime>::insert(record, unit);
            System::set_block_number((week + 2) * WEEK);
            let before = Balances::total_issuance();
            assert_ok!(Rewards::claim(signed(&mallory), record));
            let of_all = (Balances::total_issuance() - before) * u128::from(units);
            let cap = pool * 2 / u128::from(institutions);
            assert!(of_all <= cap && of_all > cap * 99 / 100);
            // All of it in one hand, the patients' half too.
            earned += of_all;
            give(&mallory, earned);
        }
        assert_eq!(pallet_rewards::Units::<Runtime>::iter().count(), 0);
        // 6% / 23 of the supply: enough to ask for a seat, not half of what one needs.
        assert!(earned > supply * 6 / 2_300 * 99 / 100 && earned * 2 < bond);
        assert_ok!(Delegation::register_candidate(
            signed(&mallory),
            earned - MED,
            Perbill::zero()
        ));
        let elected = <Runtime as StakeApi<_, _, _>>::would_be_elected();
        assert!(elected.len() == 22 && !elected.contains(&mallory));
    });
}
