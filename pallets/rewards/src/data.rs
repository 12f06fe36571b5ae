//! Tokens from data.
//!
//! A record counts in the period in which it was stored. What the units of a period share, and how
//! much of that an institution can have, is settled by counts that stand still when the period is
//! over; so each unit is paid by itself, without a loop, and in any order.

use polkadot_sdk::{
    frame_support::{
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
        DispatchResult, Rounding,
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
    Released, ReleasedUnits, Unit, UnitOf, Units, WeightInfo,
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
        Periods::<T>::mutate(period, |slot| {
            let period = slot.get_or_insert_with(|| Period {
                pool: T::PeriodInflation::get().mul_floor(T::Currency::total_issuance()),
                institutions: T::Institutions::count(),
                units: 0,
                open: 0,
            });
            period.units = period.units.saturating_add(1);
            period.open = period.open.saturating_add(1);
        });
        ReleasedUnits::<T>::mutate(period, institution, |released| {
            released.units = released.units.saturating_add(1);
            released.open = released.open.saturating_add(1);
        });
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

    pub(crate) fn do_claim(record: RecordId) -> DispatchResult {
        let mut unit = Units::<T>::get(record).ok_or(Error::<T>::UnitNotFound)?;
        ensure!(unit.period < Self::period(), Error::<T>::PeriodNotOver);
        let vests = Self::vests(unit.period);
        let has_vested = T::BlockNumberProvider::current_block_number() >= vests;
        let minted = match unit.minted.take() {
            Some(minted) if has_vested => minted,
            Some(_) => return Err(Error::<T>::Vesting.into()),
            None => Self::mint(record, &unit, vests)?,
        };
        if !has_vested {
            unit.minted = Some(minted);
            Units::<T>::insert(record, unit);
            return Ok(());
        }
        let patient = Self::pay(&unit.patient, minted.patient);
        let institution = Self::pay(&unit.institution, minted.institution);
        let left = Minted {
            patient: minted.patient.saturating_sub(patient.unwrap_or(0)),
            institution: minted.institution.saturating_sub(institution.unwrap_or(0)),
        };
        if left.patient == 0 && left.institution == 0 {
            Self::remove_unit(&record, &unit);
        } else {
            // Somebody's account is gone and the amount cannot bring it back; it waits.
            if let (Err(error), Err(_)) | (Err(error), Ok(0)) | (Ok(0), Err(error)) =
                (patient, institution)
            {
                return Err(error);
            }
            unit.minted = Some(left);
            Units::<T>::insert(record, unit);
        }
        Self::deposit_event(Event::Vested {
            record,
            patient: patient.unwrap_or(0),
            institution: institution.unwrap_or(0),
        });
        Ok(())
    }

    /// Mints what a unit earns into the pot.
    fn mint(
        record: RecordId,
        unit: &UnitOf<T>,
        vests: BlockNumberFor<T>,
    ) -> Result<Minted, polkadot_sdk::sp_runtime::DispatchError> {
        let amount = match Periods::<T>::get(unit.period) {
            Some(period) => earned(
                &period,
                &ReleasedUnits::<T>::get(unit.period, &unit.institution),
            ),
            None => 0,
        };
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
    ) -> Result<Balance, polkadot_sdk::sp_runtime::DispatchError> {
        if amount == 0 {
            return Ok(0);
        }
        T::Currency::transfer(&Self::pot(), to, amount, Preservation::Preserve)
    }

    /// Takes a unit out of storage, and in its own period out of the counts.
    fn remove_unit(record: &RecordId, unit: &UnitOf<T>) {
        let in_period = u32::from(unit.period == Self::period());
        Units::<T>::remove(record);
        Periods::<T>::mutate_exists(unit.period, |slot| {
            if let Some(period) = slot {
                period.units = period.units.saturating_sub(in_period);
                period.open = period.open.saturating_sub(1);
                if period.open == 0 {
                    *slot = None;
                }
            }
        });
        ReleasedUnits::<T>::mutate_exists(unit.period, &unit.institution, |slot| {
            if let Some(released) = slot {
                released.units = released.units.saturating_sub(in_period);
                released.open = released.open.saturating_sub(1);
                if released.open == 0 {
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

/// What one unit earns: its institution's part of the pool, 2/n at most, by its units.
pub(crate) fn earned(period: &Period, released: &Released) -> Balance {
    let all = proportion(period.pool, released.units, period.units);
    let cap = proportion(period.pool, 2, period.institutions);
    proportion(all.min(cap), 1, released.units)
}

/// `amount` × `part` / `whole`, rounded down; nothing where there is no whole.
fn proportion(amount: Balance, part: u32, whole: u32) -> Balance {
    multiply_by_rational_with_rounding(amount, part.into(), whole.into(), Rounding::Down)
        .unwrap_or(0)
}
