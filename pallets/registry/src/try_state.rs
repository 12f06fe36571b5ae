//! What must hold between blocks.

use alloc::collections::{BTreeMap, BTreeSet};
use polkadot_sdk::{
    frame_support::{ensure, traits::fungible::InspectHold},
    frame_system,
    sp_runtime::{
        traits::{Saturating, Zero},
        TryRuntimeError,
    },
};
use salus_primitives::membership::Role;

use crate::{
    AccountIdOf, Attestations, BalanceOf, Config, Counters, FormerOperators, HoldReason, Members,
    Nodes, Offers, Operators, Outstanding, Pallet, PendingOperators, PendingRecovery, Provided,
    QuotaOf, Recipients, Recovery, Sponsorships, Status,
};

impl<T: Config> Pallet<T> {
    /// Checks the invariants that the README lists.
    pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::check_holds()?;
        Self::check_members()?;
        Self::check_operators()?;
        Self::check_sponsorships()?;
        Self::check_provided()
    }

    fn check_holds() -> Result<(), TryRuntimeError> {
        let mut deposits = BTreeMap::<AccountIdOf<T>, BalanceOf<T>>::new();
        let mut quotas = BTreeMap::<AccountIdOf<T>, BalanceOf<T>>::new();
        for (_, member) in Members::<T>::iter() {
            let sum = deposits.entry(member.payer).or_default();
            *sum = sum.saturating_add(member.deposit);
        }
        for (_, quota) in Self::quotas() {
            let sum = quotas.entry(quota.sponsor).or_default();
            *sum = sum.saturating_add(quota.deposit_left.saturating_add(quota.fee_left));
        }
        // All accounts, so that a hold without an entry shows too.
        for who in frame_system::Account::<T>::iter_keys() {
            let deposit = deposits.remove(&who).unwrap_or_default();
            ensure!(
                T::Currency::balance_on_hold(&HoldReason::Membership.into(), &who) == deposit,
                "the hold for memberships is not the sum of the deposits"
            );
            let quota = quotas.remove(&who).unwrap_or_default();
            ensure!(
                T::Currency::balance_on_hold(&HoldReason::Sponsorship.into(), &who) == quota,
                "the hold for sponsorships is not the sum of what is left"
            );
        }
        ensure!(
            deposits.values().chain(quotas.values()).all(Zero::is_zero),
            "an account that does not exist should hold"
        );
        Ok(())
    }

    fn check_members() -> Result<(), TryRuntimeError> {
        let mut counts = BTreeMap::<Role, u32>::new();
        let mut recipients = 0usize;
        for (who, member) in Members::<T>::iter() {
            if matches!(member.status, Status::Active | Status::Suspended) {
                let count = counts.entry(member.role).or_default();
                *count = count.saturating_add(1);
            }
            for version in 0..=member.key_version {
                ensure!(
                    Recipients::<T>::contains_key(&who, version),
                    "a version of a recipient is missing"
                );
                recipients = recipients.saturating_add(1);
            }
            if member.status == Status::Ended {
                ensure!(
                    member.deposit <= Self::deposit_of_tombstone(&member),
                    "a tombstone holds more than its own deposit"
                );
                ensure!(
                    !Nodes::<T>::contains_key(&who)
                        && !PendingOperators::<T>::contains_key(&who)
                        && !Recovery::<T>::contains_key(&who)
                        && !PendingRecovery::<T>::contains_key(&who),
                    "a tombstone names others"
                );
            }
        }
        ensure!(
            Recipients::<T>::iter().count() == recipients,
            "there is a recipient of no member"
        );
        let counted: BTreeMap<_, _> = Counters::<T>::iter().filter(|(_, n)| *n != 0).collect();
        ensure!(counted == counts, "the counters do not count the members");
        for patient in Attestations::<T>::iter_keys() {
            let member = Members::<T>::get(patient).ok_or("an attested account is no member")?;
            ensure!(member.role == Role::Patient, "not a patient is attested");
        }
        for who in PendingRecovery::<T>::iter_keys() {
            ensure!(
                Recovery::<T>::contains_key(who),
                "a change waits, but nothing is in force"
            );
        }
        Ok(())
    }

    fn check_operators() -> Result<(), TryRuntimeError> {
        let seats: BTreeSet<_> = Operators::<T>::iter().collect();
        let named: BTreeSet<_> = Nodes::<T>::iter()
            .filter_map(|(member, node)| Some((node.operator?, member)))
            .collect();
        ensure!(seats == named, "operators and nodes name other pairs");
        for (operator, member) in seats {
            ensure!(
                !Members::<T>::contains_key(operator),
                "an operator is a member"
            );
            ensure!(
                Members::<T>::contains_key(member),
                "an operator works for no member"
            );
        }
        Ok(())
    }

    /// Every quota with the account that it is for: those in force and those on offer.
    fn quotas() -> impl Iterator<Item = (AccountIdOf<T>, QuotaOf<T>)> {
        let offered = Offers::<T>::iter().map(|(patient, _, quota)| (patient, quota));
        Sponsorships::<T>::iter().chain(offered)
    }

    fn check_sponsorships() -> Result<(), TryRuntimeError> {
        for (patient, quota) in Sponsorships::<T>::iter() {
            let member = Members::<T>::get(&patient).ok_or("a sponsored account is no member")?;
            ensure!(
                member.role == Role::Patient && member.status == Status::Active,
                "the sponsored account is no patient"
            );
            ensure!(
                !Offers::<T>::contains_key(&patient, &quota.sponsor),
                "a sponsor still offers"
            );
        }
        for (_, institution, quota) in Offers::<T>::iter() {
            ensure!(
                quota.sponsor == institution,
                "somebody offers in another's name"
            );
        }
        for (patient, quota) in Self::quotas() {
            let out = Outstanding::<T>::get(&patient, &quota.sponsor);
            ensure!(
                quota.deposit_left.is_zero()
                    || quota.deposit_left.saturating_add(out) <= quota.deposit_quota,
                "more deposits are promised than the quota"
            );
            ensure!(
                quota.fee_left <= quota.fee_quota,
                "a fee budget is above its quota"
            );
        }
        Ok(())
    }

    fn check_provided() -> Result<(), TryRuntimeError> {
        let mut reasons = BTreeMap::<AccountIdOf<T>, u32>::new();
        let known = Members::<T>::iter_keys()
            .chain(Operators::<T>::iter_keys())
            .chain(PendingOperators::<T>::iter_values())
            .chain(FormerOperators::<T>::iter_keys())
            .chain(Self::quotas().map(|(patient, _)| patient));
        for who in known {
            let count = reasons.entry(who).or_default();
            *count = count.saturating_add(1);
        }
        for (who, count) in Provided::<T>::iter() {
            ensure!(
                frame_system::Pallet::<T>::providers(&who) > 0,
                "a provided account has no provider"
            );
            ensure!(
                reasons.remove(&who).unwrap_or_default() == count,
                "an account is provided for other reasons than there are"
            );
        }
        ensure!(reasons.is_empty(), "a known account is not provided for");
        Ok(())
    }
}
