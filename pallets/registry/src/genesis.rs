//! Members from the first block on.

use polkadot_sdk::{sp_core::H256, sp_runtime::traits::Zero};
use salus_primitives::{membership::Role, Moment};

use crate::{AccountIdOf, Config, Members, Node, Nodes, Operators, Pallet, Status};

/// Account, role, credential, recipient, operator, end of the term (`None`: no end).
pub type GenesisMember<AccountId> = (
    AccountId,
    Role,
    H256,
    H256,
    Option<AccountId>,
    Option<Moment>,
);

impl<T: Config> Pallet<T> {
    /// Panics on a genesis that contradicts itself.
    pub(crate) fn build_genesis(members: &[GenesisMember<AccountIdOf<T>>]) {
        for (who, role, credential, recipient, operator, term_end) in members {
            assert!(!Members::<T>::contains_key(who), "a member is named twice");
            assert!(
                *role != Role::Patient || (operator.is_none() && term_end.is_none()),
                "a patient has neither operator nor term"
            );
            let paid = (who.clone(), Zero::zero());
            Self::insert(who, *role, Status::Active, *credential, recipient.0, paid);
            Members::<T>::mutate_extant(who, |member| member.term_end = *term_end);
            if let Some(operator) = operator {
                assert!(
                    !Operators::<T>::contains_key(operator),
                    "an operator is named twice"
                );
                Operators::<T>::insert(operator, who);
                let node = Node {
                    operator: Some(operator.clone()),
                    ..Default::default()
                };
                Nodes::<T>::insert(who, node);
                Self::provide(operator);
            }
        }
        for operator in Operators::<T>::iter_keys() {
            assert!(
                !Members::<T>::contains_key(operator),
                "an operator is a member"
            );
        }
    }
}
