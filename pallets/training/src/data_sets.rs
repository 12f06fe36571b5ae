//! Declaring data that stays with its holder, and asking whether it may be used.

use alloc::collections::BTreeSet;
use codec::Encode;
use polkadot_sdk::{
    frame_support::{ensure, traits::Get},
    sp_runtime::{
        traits::{Saturating, Zero},
        DispatchResult,
    },
};
use salus_primitives::{
    membership::Membership,
    records::{RecordAccess, Right},
    training::{data_set_id, DataSet, DataSetId, DataSetSpec, MAX_COLUMNS, MAX_ROWS},
};

use crate::{
    AccountIdOf, Config, DataSetOf, DataSets, DataSetsOf, Error, Event, HoldReason, Pallet,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_declare_data_set(holder: AccountIdOf<T>, spec: DataSetSpec) -> DispatchResult {
        ensure!(T::Membership::is_admitted(&holder), Error::<T>::NotAdmitted);
        let distinct: BTreeSet<_> = spec.consents.iter().collect();
        ensure!(
            (1..=MAX_ROWS).contains(&spec.rows)
                && (1..=MAX_COLUMNS).contains(&spec.columns)
                && distinct.len() == spec.consents.len(),
            Error::<T>::InvalidDataSet
        );
        ensure!(Self::may_use(&holder, &spec), Error::<T>::NoConsent);
        let id = data_set_id(&holder, &spec.commitment);
        ensure!(!DataSets::<T>::contains_key(id), Error::<T>::AlreadyExists);
        DataSetsOf::<T>::try_mutate(&holder, |ids| {
            ids.try_push(id).map_err(|_| Error::<T>::TooManyDataSets)
        })?;
        let deposit = T::DepositBase::get().saturating_add(Self::deposit_for(spec.encoded_size()));
        Self::hold(HoldReason::TrainingDeposit, &holder, deposit)?;
        Self::deposit_event(Event::DataSetDeclared {
            data_set: id,
            holder: holder.clone(),
            records: spec.consents.len() as u32,
        });
        DataSets::<T>::insert(
            id,
            DataSet {
                spec,
                holder,
                declared_at: Self::now(),
                uses: Zero::zero(),
                deposit,
            },
        );
        Ok(())
    }

    pub(crate) fn do_withdraw_data_set(who: AccountIdOf<T>, id: DataSetId) -> DispatchResult {
        let data_set = Self::data_set_of(&who, id)?;
        ensure!(data_set.uses == 0, Error::<T>::InUse);
        Self::release(HoldReason::TrainingDeposit, &who, data_set.deposit);
        DataSets::<T>::remove(id);
        DataSetsOf::<T>::mutate_exists(&who, |slot| {
            if let Some(ids) = slot {
                ids.retain(|other| *other != id);
                if ids.is_empty() {
                    *slot = None;
                }
            }
        });
        Self::deposit_event(Event::DataSetWithdrawn { data_set: id });
        Ok(())
    }

    pub(crate) fn data_set_of(
        holder: &AccountIdOf<T>,
        id: DataSetId,
    ) -> Result<DataSetOf<T>, Error<T>> {
        let data_set = DataSets::<T>::get(id).ok_or(Error::<T>::DataSetNotFound)?;
        ensure!(data_set.holder == *holder, Error::<T>::NotAuthorized);
        Ok(data_set)
    }

    /// Whether the holder may have every record analysed at this block.
    pub(crate) fn may_use(holder: &AccountIdOf<T>, spec: &DataSetSpec) -> bool {
        spec.consents
            .iter()
            .all(|record| T::Records::may(holder, record, Right::Analyse, spec.purpose))
    }

    /// As `may_use`, once a training has begun: only patients can end a holder's part in it then, or
    /// it could end its membership or a record of its own to be out without loss.
    pub(crate) fn patients_consent(holder: &AccountIdOf<T>, spec: &DataSetSpec) -> bool {
        spec.consents.iter().all(|record| {
            T::Records::owner(record).as_ref() == Some(holder)
                || T::Records::consents(holder, record, Right::Analyse, spec.purpose)
        })
    }

    /// One live training more, or one less, takes part with the data set.
    pub(crate) fn count_use(id: &DataSetId, more: bool) {
        DataSets::<T>::mutate(id, |slot| {
            if let Some(data_set) = slot {
                data_set.uses = match more {
                    true => data_set.uses.saturating_add(1),
                    false => data_set.uses.saturating_sub(1),
                };
            }
        });
    }
}
