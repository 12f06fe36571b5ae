//! Every call, and what is told of records.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

use polkadot_sdk::{
    frame_benchmarking::v2::*,
    frame_support::{
        assert_ok,
        traits::{fungible::Mutate, Get},
    },
    frame_system::RawOrigin,
    sp_io::hashing::blake2_256,
    sp_runtime::traits::{BlockNumberProvider, One},
};
use salus_primitives::{
    membership::{Membership, Role},
    records::RecordId,
    stake::Contribution,
    Balance, Digest,
};

use crate::*;

const RICH: Balance = 1_000_000_000_000_000_000_000;
const PRICE: Balance = 1_000_000_000_000;
const SECRET: Secret = [7; 32];

fn funded<T: Config>(name: &'static str) -> T::AccountId {
    let who: T::AccountId = account(name, 0, 0);
    T::Currency::set_balance(&who, RICH);
    who
}

fn institution<T: Config>() -> T::AccountId {
    let who = funded::<T>("institution");
    T::Membership::make_member(&who, Role::Institution);
    who
}

fn record() -> RecordId {
    blake2_256(b"record").into()
}

/// A unit of data of the period that runs.
fn unit<T: Config>() -> (T::AccountId, T::AccountId) {
    Pallet::<T>::endow_pot();
    let (patient, institution) = (funded::<T>("patient"), institution::<T>());
    T::Membership::make_attested(&patient, &institution);
    let period = Pallet::<T>::period();
    // Beside others, so that no entry goes with it.
    Periods::<T>::insert(
        period,
        Period {
            pool: RICH,
            institutions: 10,
            open: 10,
            releasing: 1,
            gone: Default::default(),
            price: None,
        },
    );
    ReleasedUnits::<T>::insert(period, &institution, Released { units: 2, open: 2 });
    PatientUnits::<T>::insert(period, &patient, 2);
    Units::<T>::insert(
        record(),
        Unit {
            patient: patient.clone(),
            institution: institution.clone(),
            period,
            minted: None,
        },
    );
    (patient, institution)
}

fn offered<T: Config>() -> (T::AccountId, OfferId) {
    let member = institution::<T>();
    let offer = NextOfferId::<T>::get();
    assert_ok!(Pallet::<T>::do_offer(Offer {
        member: member.clone(),
        kind: OfferKind::Treatment,
        price: PRICE,
        left: 2,
        validity: T::MaxValidity::get(),
        terms: Digest::default(),
    }));
    (member, offer)
}

fn redeemed<T: Config>() -> (T::AccountId, VoucherId) {
    let (member, offer) = offered::<T>();
    let voucher = NextVoucherId::<T>::get();
    assert_ok!(Pallet::<T>::do_redeem(
        funded::<T>("holder"),
        offer,
        PRICE,
        blake2_256(&SECRET).into()
    ));
    (member, voucher)
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn stored() {
        let (patient, institution) = unit::<T>();
        Units::<T>::remove(record());
        #[block]
        {
            <Pallet<T> as Contribution<T::AccountId>>::stored(&record(), &patient, &institution);
        }
        assert!(Units::<T>::contains_key(record()));
    }

    #[benchmark]
    fn revoked() {
        unit::<T>();
        let (patient, institution) = (PRICE, PRICE);
        Units::<T>::mutate(record(), |unit| {
            unit.as_mut().unwrap().minted = Some(Minted {
                patient,
                institution,
            });
        });
        T::Currency::mint_into(&Pallet::<T>::pot(), patient + institution).unwrap();
        #[block]
        {
            <Pallet<T> as Contribution<T::AccountId>>::revoked(&record());
        }
        assert!(!Units::<T>::contains_key(record()));
    }

    /// What the first claim of a period does beside, with `i` institutions: all but the last, whose
    /// parts are equal, have too much.
    #[benchmark]
    fn price(i: Linear<1, MAX_INSTITUTIONS>) {
        let index = 0;
        for n in 0..i {
            let who: T::AccountId = account("institution", n, 0);
            ReleasedUnits::<T>::insert(index, who, Released { units: 7, open: 7 });
        }
        let period = Period {
            pool: RICH,
            institutions: 2 * i + 3,
            open: 7 * i,
            releasing: i,
            gone: Default::default(),
            price: None,
        };
        let found;
        #[block]
        {
            found = Pallet::<T>::find_price(index, &period);
        }
        assert_eq!(found.units, 7);
    }

    #[benchmark]
    fn claim() {
        let (patient, _) = unit::<T>();
        let period = Pallet::<T>::period();
        Periods::<T>::mutate(period, |period| {
            period.as_mut().unwrap().price = Some(Price {
                cap: RICH,
                pool: RICH,
                units: 10,
            });
        });
        T::BlockNumberProvider::set_block_number(Pallet::<T>::vests(Pallet::<T>::period()));
        #[extrinsic_call]
        _(RawOrigin::Signed(patient), record());
        assert!(!Units::<T>::contains_key(record()));
    }

    #[benchmark]
    fn offer() {
        let member = institution::<T>();
        let id = NextOfferId::<T>::get();
        #[extrinsic_call]
        _(
            RawOrigin::Signed(member),
            OfferKind::Treatment,
            PRICE,
            1,
            One::one(),
            Digest::default(),
        );
        assert!(Offers::<T>::contains_key(id));
    }

    #[benchmark]
    fn withdraw_offer() {
        let (member, id) = offered::<T>();
        #[extrinsic_call]
        _(RawOrigin::Signed(member), id);
        assert!(!Offers::<T>::contains_key(id));
    }

    #[benchmark]
    fn redeem() {
        let (_, id) = offered::<T>();
        let holder = funded::<T>("holder");
        #[extrinsic_call]
        _(RawOrigin::Signed(holder), id, PRICE, Digest::default());
        assert_eq!(Offers::<T>::get(id).unwrap().left, 1);
    }

    #[benchmark]
    fn honour() {
        let (member, voucher) = redeemed::<T>();
        #[extrinsic_call]
        _(RawOrigin::Signed(member), voucher, SECRET);
        assert!(!Vouchers::<T>::contains_key(voucher));
    }

    #[benchmark]
    fn refund() {
        let (member, voucher) = redeemed::<T>();
        #[extrinsic_call]
        _(RawOrigin::Signed(member), voucher);
        assert!(!Vouchers::<T>::contains_key(voucher));
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
