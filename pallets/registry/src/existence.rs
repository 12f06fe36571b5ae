//! Accounts that exist because this register knows them.
//!
//! An account without balance can only sign while something provides for it. Whatever the number of
//! reasons (an entry, an operator's proposal, its seat or its having had one, an offer, a
//! sponsorship), the system sees one provider reference of this pallet.

use polkadot_sdk::frame_system;

use crate::{AccountIdOf, Config, FormerOperators, Pallet, Provided};

impl<T: Config> Pallet<T> {
    /// One more reason for `who` to exist.
    pub(crate) fn provide(who: &AccountIdOf<T>) {
        Provided::<T>::mutate(who, |reasons| match reasons {
            Some(reasons) => *reasons = reasons.saturating_add(1),
            None => {
                frame_system::Pallet::<T>::inc_providers(who);
                *reasons = Some(1);
            }
        });
    }

    /// One reason less. The last one gives up the reference, unless the account still has consumers
    /// and nothing else to live on: then it stays, with no reason, for the next one to find.
    pub(crate) fn unprovide(who: &AccountIdOf<T>) {
        Provided::<T>::mutate_exists(who, |reasons| {
            let left = reasons.unwrap_or_default().saturating_sub(1);
            let gone = left == 0
                && reasons.is_some()
                && frame_system::Pallet::<T>::dec_providers(who).is_ok();
            if reasons.is_some() {
                *reasons = (!gone).then_some(left);
            }
        });
    }

    /// An operator key leaves its seat. Its account stays: were it to go and come back, its nonce
    /// would begin again, and what it once signed could be sent again.
    pub(crate) fn retire(operator: &AccountIdOf<T>) {
        if FormerOperators::<T>::contains_key(operator) {
            Self::unprovide(operator);
        } else {
            FormerOperators::<T>::insert(operator, ());
        }
    }
}
