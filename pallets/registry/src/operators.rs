//! Keys and nodes of a member.

use polkadot_sdk::{
    frame_support::{ensure, traits::Get},
    sp_runtime::DispatchResult,
};
use salus_primitives::membership::{Membership, Recipient, Role};

use crate::{
    AccountIdOf, Addresses, Config, Error, Event, Members, Node, Nodes, Operators, Pallet, PeerId,
    PendingOperators, Recipients, Status,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_rotate_key(who: AccountIdOf<T>, recipient: Recipient) -> DispatchResult {
        let version = Members::<T>::try_mutate(&who, |member| {
            let member = member.as_mut().ok_or(Error::<T>::NotFound)?;
            // A suspended member replaces a lost key all the same.
            ensure!(
                matches!(member.status, Status::Active | Status::Suspended),
                Error::<T>::NotActive
            );
            ensure!(
                recipient != Recipient::default()
                    && Recipients::<T>::get(&who, member.key_version) != Some(recipient),
                Error::<T>::InvalidRecipient
            );
            let next = member.key_version.saturating_add(1);
            ensure!(next < T::MaxKeyVersions::get(), Error::<T>::TooManyKeys);
            member.key_version = next;
            Ok::<_, Error<T>>(next)
        })?;
        Recipients::<T>::insert(&who, version, recipient);
        Self::deposit_event(Event::KeyRotated { who, version });
        Ok(())
    }

    /// Refuses all but active members that went through admission.
    fn ensure_admitted(who: &AccountIdOf<T>) -> DispatchResult {
        match <Self as Membership<_>>::role(who) {
            Some(Role::Patient) => Err(Error::<T>::NotAdmitted.into()),
            Some(_) => Ok(()),
            None if Members::<T>::contains_key(who) => Err(Error::<T>::NotActive.into()),
            None => Err(Error::<T>::NotFound.into()),
        }
    }

    pub(crate) fn do_set_operator(
        member: AccountIdOf<T>,
        operator: Option<AccountIdOf<T>>,
    ) -> DispatchResult {
        let Some(operator) = operator else {
            // A hot key must be removable whatever the member's standing.
            ensure!(Self::remove_operator(&member), Error::<T>::OperatorNotFound);
            Self::deposit_event(Event::OperatorRemoved { member });
            return Ok(());
        };
        Self::ensure_admitted(&member)?;
        ensure!(
            !Members::<T>::contains_key(&operator),
            Error::<T>::OperatorIsMember
        );
        ensure!(
            !Operators::<T>::contains_key(&operator),
            Error::<T>::OperatorTaken
        );
        Self::provide(&operator);
        if let Some(former) = PendingOperators::<T>::take(&member) {
            Self::unprovide(&former);
        }
        PendingOperators::<T>::insert(&member, &operator);
        Self::deposit_event(Event::OperatorProposed { member, operator });
        Ok(())
    }

    pub(crate) fn do_accept_operator(
        operator: AccountIdOf<T>,
        member: AccountIdOf<T>,
    ) -> DispatchResult {
        ensure!(
            PendingOperators::<T>::get(&member).as_ref() == Some(&operator),
            Error::<T>::OperatorNotFound
        );
        ensure!(
            !Members::<T>::contains_key(&operator),
            Error::<T>::OperatorIsMember
        );
        ensure!(
            !Operators::<T>::contains_key(&operator),
            Error::<T>::OperatorTaken
        );
        // The proposal's reference goes over to the seat.
        PendingOperators::<T>::remove(&member);
        Operators::<T>::insert(&operator, &member);
        let former = Nodes::<T>::mutate(&member, |node| {
            node.get_or_insert_with(Node::default)
                .operator
                .replace(operator.clone())
        });
        if let Some(former) = former {
            Operators::<T>::remove(&former);
            Self::retire(&former);
        }
        Self::deposit_event(Event::OperatorAccepted { member, operator });
        Ok(())
    }

    /// Takes operator and proposal away; whether there was either.
    pub(crate) fn remove_operator(member: &AccountIdOf<T>) -> bool {
        let proposed = PendingOperators::<T>::take(member);
        let accepted = Nodes::<T>::mutate_exists(member, |slot| {
            let node = slot.as_mut()?;
            let operator = node.operator.take();
            if node.peer_id.is_empty() {
                *slot = None;
            }
            operator
        });
        if let Some(operator) = &accepted {
            Operators::<T>::remove(operator);
            Self::retire(operator);
        }
        if let Some(key) = &proposed {
            Self::unprovide(key);
        }
        proposed.is_some() || accepted.is_some()
    }

    pub(crate) fn do_set_node(
        signer: AccountIdOf<T>,
        peer_id: PeerId,
        addresses: Addresses,
    ) -> DispatchResult {
        let member = <Self as Membership<_>>::principal(&signer);
        Self::ensure_admitted(&member)?;
        ensure!(
            !peer_id.is_empty() || addresses.is_empty(),
            Error::<T>::InvalidNode
        );
        Nodes::<T>::mutate_exists(&member, |slot| {
            let operator = slot.take().and_then(|node| node.operator);
            if operator.is_some() || !peer_id.is_empty() {
                *slot = Some(Node {
                    operator,
                    peer_id,
                    addresses,
                });
            }
        });
        Self::deposit_event(Event::NodeSet { member });
        Ok(())
    }
}
