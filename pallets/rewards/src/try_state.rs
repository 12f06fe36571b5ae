//! Invariants of the storage.

use alloc::collections::BTreeMap;
use polkadot_sdk::{
    frame_support::{
        ensure,
        traits::{
            fungible::{Inspect, InspectHold},
            Get,
        },
    },
    sp_runtime::TryRuntimeError,
};
use salus_primitives::Balance;

use crate::{
    AccountIdOf, Config, HoldReason, OfferCounts, Offers, Pallet, PatientUnits, PeriodIndex,
    Periods, ReleasedUnits, Units, Vouchers, MAX_INSTITUTIONS,
};

impl<T: Config> Pallet<T> {
    /// Checks that counts count what there is, and that pot and holds have what is owed.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::check_units()?;
        Self::check_vouchers()
    }

    fn check_units() -> Result<(), TryRuntimeError> {
        let mut periods = BTreeMap::<PeriodIndex, u32>::new();
        let mut released = BTreeMap::<(PeriodIndex, AccountIdOf<T>), u32>::new();
        let mut patients = BTreeMap::<(PeriodIndex, AccountIdOf<T>), u32>::new();
        let mut owed = T::Currency::minimum_balance();
        for unit in Units::<T>::iter_values() {
            count(&mut periods, unit.period);
            count(&mut released, (unit.period, unit.institution));
            count(&mut patients, (unit.period, unit.patient));
            if let Some(minted) = unit.minted {
                ensure!(
                    unit.period < Self::period(),
                    "something was minted before the period was over"
                );
                owed = owed
                    .saturating_add(minted.patient)
                    .saturating_add(minted.institution);
            }
        }
        ensure!(
            T::Currency::balance(&Self::pot()) >= owed,
            "the pot has less than is owed"
        );
        let mut releasing = BTreeMap::<PeriodIndex, u32>::new();
        for (period, institution, entry) in ReleasedUnits::<T>::iter() {
            ensure!(
                released.remove(&(period, institution)) == Some(entry.open)
                    && entry.units >= entry.open
                    && (period < Self::period() || entry.units == entry.open),
                "the units of an institution are wrong"
            );
            count(&mut releasing, period);
        }
        for (index, period) in Periods::<T>::iter() {
            ensure!(
                periods.remove(&index) == Some(period.open),
                "the open units of a period are wrong"
            );
            ensure!(
                releasing.get(&index) == Some(&period.releasing)
                    && period.releasing.saturating_add(period.gone.len() as u32)
                        <= MAX_INSTITUTIONS,
                "the number of a period's institutions is wrong"
            );
            ensure!(
                period.price.is_none() || period.gone.is_empty(),
                "a period with a price still remembers what ended"
            );
            ensure!(
                (period.price.is_none() && period.gone.is_empty()) || index < Self::period(),
                "a period has a price, or lost units that count, before it is over"
            );
        }
        for (period, patient, units) in PatientUnits::<T>::iter() {
            ensure!(
                patients.remove(&(period, patient)) == Some(units) && units <= T::MaxUnits::get(),
                "the units of a patient are wrong"
            );
        }
        ensure!(
            periods.is_empty() && released.is_empty() && patients.is_empty(),
            "a unit that is not counted"
        );
        Ok(())
    }

    fn check_vouchers() -> Result<(), TryRuntimeError> {
        let mut held = BTreeMap::<AccountIdOf<T>, Balance>::new();
        for voucher in Vouchers::<T>::iter_values() {
            let sum = held.entry(voucher.holder).or_default();
            *sum = sum.saturating_add(voucher.price);
        }
        for (who, amount) in held {
            ensure!(
                T::Currency::balance_on_hold(&HoldReason::Voucher.into(), &who) == amount,
                "a hold is not the sum of the vouchers' prices"
            );
        }
        let mut offers = BTreeMap::<AccountIdOf<T>, u32>::new();
        for offer in Offers::<T>::iter_values() {
            count(&mut offers, offer.member);
        }
        for (member, number) in OfferCounts::<T>::iter() {
            ensure!(
                offers.remove(&member) == Some(number) && number <= T::MaxOffers::get(),
                "the number of a member's offers is wrong"
            );
        }
        ensure!(offers.is_empty(), "an offer that is not counted");
        Ok(())
    }
}

fn count<K: Ord>(counts: &mut BTreeMap<K, u32>, key: K) {
    let number = counts.entry(key).or_default();
    *number = number.saturating_add(1);
}
