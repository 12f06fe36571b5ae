//! Tokens from data.
//!
//! A record counts in the period in which it was stored. What a unit earns is settled by counts that
//! stand still when the period is over: the first claim looks at each institution once, then each unit
//! is paid by itself, without a loop, and in any order.

use alloc::vec::Vec;
use polkadot_sdk::{
    frame_support::{
        dispatch::DispatchResultWithPostInfo,
        ensure,
        traits::{
            fungible::{Inspect, Mutate},
            tokens::{Fortitude, Precision, Preservation},
            Get,
        },
        weights::Weight,
    },
    frame_system::pallet_prelude::BlockNumberFor,
    sp_arithmetic::helpers_128bit::multiply_by_rational_with_rounding,
    sp_runtime::{
        traits::{
            AccountIdConversion, BlockNumberProvider, CheckedDiv, SaturatedConversion, Saturating,
            Zero,
        },
        DispatchError, Rounding,
    },
};
use salus_primitives::{
    membership::Membership,
    records::RecordId,
    stake::{Contribution, Institutions},
    Balance,
};

use crate::{
    AccountIdOf, Config, Error, Event, Minted, Pallet, PatientUnits, Period, PeriodIndex, Periods,
    Price, Released, ReleasedUnits, Unit, UnitOf, Units, WeightInfo, MAX_INSTITUTIONS,
};

impl<T: Config> Contribution<AccountIdOf<T>> for Pallet<T> {
    fn stored(record: &RecordId, patient: &AccountIdOf<T>, institution: &AccountIdOf<T>) {
        let period = Self::period();
        let counts = T::Membership::is_institution(institution)
            && T::Membership::is_attested(patient)
            && PatientUnits::<T>::get(period, patient) < T::MaxUnits::get()
            && !Units::<T>::contains_key(record);
        if counts {
            Self::count(record, patient, institution, period);
        }
    }

    fn revoked(record: &RecordId) {
        let Some(unit) = Units::<T>::get(record) else {
            return;
        };
        let now = T::BlockNumberProvider::current_block_number();
        if now >= Self::vests(unit.period) {
            // It stood for long enough: what is not fetched is owed all the same.
            return;
        }
        let mut burnt: Balance = 0;
        if let Some(minted) = &unit.minted {
            let amount = minted.patient.saturating_add(minted.institution);
            // The pot has at least what is minted and not paid, so all of it is burnt.
            burnt = T::Currency::burn_from(
                &Self::pot(),
                amount,
                Preservation::Preserve,
                Precision::BestEffort,
                Fortitude::Polite,
            )
            .unwrap_or(0);
        }
        Self::remove_unit(record, &unit);
        Self::deposit_event(Event::Revoked {
            record: *record,
            burnt,
        });
    }

    fn stored_weight() -> Weight {
        T::WeightInfo::stored()
    }

    fn revoked_weight() -> Weight {
        T::WeightInfo::revoked()
    }
}

impl<T: Config> Pallet<T> {
    /// The account that holds what vests, and the existential deposit.
    pub fn pot() -> AccountIdOf<T> {
        T::PalletId::get().into_account_truncating()
    }

    /// Gives the pot the existential deposit, so that the last tokens can leave it. At genesis, or
    /// by a migration of a chain that begins without this pallet.
    pub fn endow_pot() {
        let missing =
            T::Currency::minimum_balance().saturating_sub(T::Currency::balance(&Self::pot()));
        if missing > 0 {
            if let Err(error) = T::Currency::mint_into(&Self::pot(), missing) {
                log::error!(target: "runtime::rewards", "the pot cannot be made: {error:?}");
            }
        }
    }

    pub(crate) fn period() -> PeriodIndex {
        T::BlockNumberProvider::current_block_number()
            .checked_div(&T::PeriodLength::get())
            .unwrap_or_else(Zero::zero)
            .saturated_into()
    }

    /// First block in which what a period's units earned is paid.
    pub(crate) fn vests(period: PeriodIndex) -> BlockNumberFor<T> {
        BlockNumberFor::<T>::from(period)
            .saturating_add(1u32.into())
            .saturating_mul(T::PeriodLength::get())
            .saturating_add(T::DisputeWindow::get())
    }

    /// Enters a record as a unit of data.
    pub(crate) fn count(
        record: &RecordId,
        patient: &AccountIdOf<T>,
        institution: &AccountIdOf<T>,
        period: PeriodIndex,
    ) {
        let mut entry = Periods::<T>::get(period).unwrap_or_else(|| Period {
            pool: T::PeriodInflation::get().mul_floor(T::Currency::total_issuance()),
            institutions: T::Institutions::count(),
            open: 0,
            releasing: 0,
            gone: Default::default(),
            price: None,
        });
        let mut released = ReleasedUnits::<T>::get(period, institution);
        if released.open == 0 {
            if entry.releasing >= MAX_INSTITUTIONS {
                return;
            }
            entry.releasing = entry.releasing.saturating_add(1);
        }
        entry.open = entry.open.saturating_add(1);
        released.units = released.units.saturating_add(1);
        released.open = released.open.saturating_add(1);
        Periods::<T>::insert(period, entry);
        ReleasedUnits::<T>::insert(period, institution, released);
        PatientUnits::<T>::mutate(period, patient, |units| *units = units.saturating_add(1));
        Units::<T>::insert(
            record,
            Unit {
                patient: patient.clone(),
                institution: institution.clone(),
                period,
                minted: None,
            },
        );
        Self::deposit_event(Event::Counted {
            record: *record,
            period,
        });
    }

    /// Where it finds the price, the weight of that is charged by the institutions there were.
    pub(crate) fn do_claim(record: RecordId) -> DispatchResultWithPostInfo {
        let mut unit = Units::<T>::get(record).ok_or(Error::<T>::UnitNotFound)?;
        ensure!(unit.period < Self::period(), Error::<T>::PeriodNotOver);
        let vests = Self::vests(unit.period);
        let has_vested = T::BlockNumberProvider::current_block_number() >= vests;
        let mut weight = T::WeightInfo::claim();
        let minted = match unit.minted.take() {
            Some(minted) if has_vested => minted,
            Some(_) => return Err(Error::<T>::Vesting.into()),
            None => {
                let (amount, looked_at) = Self::worth(&unit);
                if looked_at > 0 {
                    weight.saturating_accrue(T::WeightInfo::price(looked_at));
                }
                Self::mint(record, amount, vests)?
            }
        };
        if !has_vested {
            unit.minted = Some(minted);
            Units::<T>::insert(record, unit);
            return Ok(Some(weight).into());
        }
        // A fraud that was found in time is not paid: who is out of office waits until it is back.
        let patient = Self::pay(
            &unit.patient,
            minted.patient,
            T::Membership::is_attested(&unit.patient),
        );
        let institution = Self::pay(
            &unit.institution,
            minted.institution,
            T::Membership::is_institution(&unit.institution),
        );
        let left = Minted {
            patient: minted.patient.saturating_sub(patient.unwrap_or(0)),
            institution: minted.institution.saturating_sub(institution.unwrap_or(0)),
        };
        if left.patient == 0 && left.institution == 0 {
            Self::remove_unit(&record, &unit);
        } else {
            // Somebody is out of office, or the account is gone and the amount cannot bring it back.
            if let (Err(error), Err(_)) | (Err(error), Ok(0)) | (Ok(0), Err(error)) =
                (patient, institution)
            {
                return Err(error.into());
            }
            unit.minted = Some(left);
            Units::<T>::insert(record, unit);
        }
        Self::deposit_event(Event::Vested {
            record,
            patient: patient.unwrap_or(0),
            institution: institution.unwrap_or(0),
        });
        Ok(Some(weight).into())
    }

    /// What a unit earns, and how many institutions were looked at to find it.
    fn worth(unit: &UnitOf<T>) -> (Balance, u32) {
        let Some(mut period) = Periods::<T>::get(unit.period) else {
            return (0, 0);
        };
        let released = ReleasedUnits::<T>::get(unit.period, &unit.institution);
        if let Some(price) = &period.price {
            return (earned(price, &released), 0);
        }
        let price = Self::find_price(unit.period, &period);
        let amount = earned(&price, &released);
        let looked_at = period.releasing.saturating_add(period.gone.len() as u32);
        period.price = Some(price);
        period.gone = Default::default();
        Periods::<T>::insert(unit.period, period);
        (amount, looked_at)
    }

    pub(crate) fn find_price(index: PeriodIndex, period: &Period) -> Price {
        let units = ReleasedUnits::<T>::iter_prefix_values(index)
            .take(MAX_INSTITUTIONS as usize)
            .map(|released| released.units)
            .chain(period.gone.iter().copied())
            .collect();
        price(period, units)
    }

    /// Mints what a unit earns into the pot.
    fn mint(
        record: RecordId,
        amount: Balance,
        vests: BlockNumberFor<T>,
    ) -> Result<Minted, DispatchError> {
        if amount > 0 {
            T::Currency::mint_into(&Self::pot(), amount)?;
        }
        let patient = T::PatientPart::get().mul_floor(amount);
        let minted = Minted {
            patient,
            institution: amount.saturating_sub(patient),
        };
        Self::deposit_event(Event::Minted {
            record,
            patient,
            institution: minted.institution,
            vests,
        });
        Ok(minted)
    }

    /// Pays from the pot; what was paid.
    fn pay(
        to: &AccountIdOf<T>,
        amount: Balance,
        in_office: bool,
    ) -> Result<Balance, DispatchError> {
        if amount == 0 {
            return Ok(0);
        }
        ensure!(in_office, Error::<T>::NotInOffice);
        T::Currency::transfer(&Self::pot(), to, amount, Preservation::Preserve)
    }

    /// Takes a unit out of storage, and in its own period out of the counts.
    fn remove_unit(record: &RecordId, unit: &UnitOf<T>) {
        let in_period = u32::from(unit.period == Self::period());
        Units::<T>::remove(record);
        let mut gone = None;
        ReleasedUnits::<T>::mutate_exists(unit.period, &unit.institution, |slot| {
            if let Some(released) = slot {
                released.units = released.units.saturating_sub(in_period);
                released.open = released.open.saturating_sub(1);
                if released.open == 0 {
                    gone = Some(released.units);
                    *slot = None;
                }
            }
        });
        Periods::<T>::mutate_exists(unit.period, |slot| {
            if let Some(period) = slot {
                period.open = period.open.saturating_sub(1);
                if let Some(units) = gone {
                    period.releasing = period.releasing.saturating_sub(1);
                    // They count on for what the others are worth.
                    if in_period == 0 && period.price.is_none() {
                        let _ = period.gone.try_push(units);
                    }
                }
                if period.open == 0 {
                    *slot = None;
                }
            }
        });
        PatientUnits::<T>::mutate_exists(unit.period, &unit.patient, |slot| {
            *slot = slot
                .map(|units| units.saturating_sub(1))
                .filter(|units| *units > 0);
        });
    }
}

/// Shares a period's pool by units of data. Who would have more than the cap gets the cap, and its
/// units count no further: otherwise made-up ones would lower what everybody else's are worth.
pub(crate) fn price(period: &Period, mut units: Vec<u32>) -> Price {
    let mut price = Price {
        cap: proportion(period.pool, 2, period.institutions),
        pool: period.pool,
        units: units
            .iter()
            .fold(0, |sum: u32, one| sum.saturating_add(*one)),
    };
    units.sort_unstable();
    // Taking out one that has too much raises what the others have, so the largest is asked first.
    while let Some(largest) = units.pop() {
        let others = price.units.saturating_sub(largest);
        if others == 0 || proportion(price.pool, largest, price.units) <= price.cap {
            break;
        }
        price.pool = price.pool.saturating_sub(price.cap);
        price.units = others;
    }
    price
}

/// What one unit earns: its institution's part by its units.
pub(crate) fn earned(price: &Price, released: &Released) -> Balance {
    let part = proportion(price.pool, released.units, price.units).min(price.cap);
    proportion(part, 1, released.units)
}

/// `amount` × `part` / `whole`, rounded down; nothing where there is no whole.
fn proportion(amount: Balance, part: u32, whole: u32) -> Balance {
    multiply_by_rational_with_rounding(amount, part.into(), whole.into(), Rounding::Down)
        .unwrap_or(0)
}
