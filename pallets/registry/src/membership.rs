//! What other pallets may ask of the register.

use polkadot_sdk::{frame_support::traits::Time, sp_runtime::traits::BlockNumberProvider};
use salus_primitives::membership::{KeyVersion, Membership, Recipient, Role};

use crate::{
    AccountIdOf, Attestations, Config, Members, Operators, Pallet, PendingRecovery, Recipients,
    Recovery, Status,
};

impl<T: Config> Membership<AccountIdOf<T>> for Pallet<T> {
    fn role(who: &AccountIdOf<T>) -> Option<Role> {
        let member = Members::<T>::get(who)?;
        let in_term = member.term_end.is_none_or(|end| T::Time::now() < end);
        (member.status == Status::Active && in_term).then_some(member.role)
    }

    fn recipient(who: &AccountIdOf<T>) -> Option<(KeyVersion, Recipient)> {
        let version = Members::<T>::get(who)?.key_version;
        Some((version, Recipients::<T>::get(who, version)?))
    }

    fn recovery(who: &AccountIdOf<T>) -> Option<AccountIdOf<T>> {
        match PendingRecovery::<T>::get(who) {
            Some(change) if change.at <= T::BlockNumberProvider::current_block_number() => {
                change.recovery
            }
            _ => Recovery::<T>::get(who),
        }
    }

    fn member_of(operator: &AccountIdOf<T>) -> Option<AccountIdOf<T>> {
        Operators::<T>::get(operator)
    }

    fn is_attested(patient: &AccountIdOf<T>) -> bool {
        Attestations::<T>::get(patient)
            .is_some_and(|institution| Self::is_institution(&institution))
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn make_member(who: &AccountIdOf<T>, role: Role) {
        if !Members::<T>::contains_key(who) {
            let paid = (who.clone(), Default::default());
            Self::insert(who, role, Status::Active, Default::default(), [7; 32], paid);
        }
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn make_attested(patient: &AccountIdOf<T>, institution: &AccountIdOf<T>) {
        Attestations::<T>::insert(patient, institution);
    }
}
