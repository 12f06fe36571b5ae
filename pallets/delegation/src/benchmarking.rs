//! Every call and every step of the sessions at its largest: eight moved and eight unbonding parts,
//! and sub-pools of all sessions that a slash reaches.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

use alloc::{vec, vec::Vec};
use polkadot_sdk::{
    frame_benchmarking::v2::*,
    frame_support::{
        assert_ok,
        traits::{fungible::Mutate, EnsureOrigin, Get},
    },
    frame_system::{pallet_prelude::BlockNumberFor, RawOrigin},
    pallet_authorship::EventHandler,
    sp_runtime::{Perbill, Perquintill},
    sp_staking::offence::{OffenceDetails, OnOffenceHandler},
};
use salus_primitives::{
    membership::{Membership, Role},
    stake::SessionIndex,
    Balance,
};

use crate::*;

const RICH: Balance = 1_000_000_000_000_000_000_000;
/// A session with room for older ones.
const NOW: SessionIndex = 100_000;

fn funded<T: Config>(name: &'static str, n: u32) -> T::AccountId {
    let who: T::AccountId = account(name, n, 0);
    T::Currency::set_balance(&who, RICH);
    who
}

/// Makes this the session, with no slash left over.
fn set_session<T: Config>(session: SessionIndex) {
    Pallet::<T>::endow_pot();
    T::BenchmarkHelper::set_session(session);
    NextDue::<T>::put(session + 1);
}

fn institution<T: Config>(n: u32) -> T::AccountId {
    let who = funded::<T>("candidate", n);
    T::Membership::make_member(&who, Role::Institution);
    T::BenchmarkHelper::set_keys(&who);
    who
}

fn new_candidate<T: Config>(n: u32) -> T::AccountId {
    let who = institution::<T>(n);
    assert_ok!(Pallet::<T>::add_candidate(
        &who,
        T::MinBond::get() * 10,
        Perbill::zero()
    ));
    who
}

fn stake<T: Config>() -> Balance {
    T::MinDelegation::get() * 1_000
}

fn delegator<T: Config>(candidate: &T::AccountId) -> T::AccountId {
    let who = funded::<T>("delegator", 0);
    assert_ok!(Pallet::<T>::do_delegate(
        who.clone(),
        candidate.clone(),
        stake::<T>()
    ));
    who
}

/// Gives a delegation all the parts it can have: those that moved were slashed at their origin, those
/// that unbond can be withdrawn.
fn fill<T: Config>(who: &T::AccountId, candidate: &T::AccountId) {
    let mut delegation = Delegations::<T>::get(who, candidate).unwrap();
    let part = T::MinDelegation::get();
    for n in 0..MAX_MOVED {
        let from = account("origin", n, 0);
        let session = NOW;
        SubPools::<T>::insert(
            &from,
            session,
            SubPool {
                kept: Perquintill::from_percent(90),
                moved: 2,
                ..SubPool::default()
            },
        );
        delegation
            .moved
            .try_push(Moved {
                from,
                session,
                shares: part,
                kept: Perquintill::one(),
            })
            .unwrap();
    }
    for n in 0..MAX_UNBONDING - 1 {
        let session = NOW - T::UnbondingSessions::get() - MAX_UNBONDING + n;
        SubPools::<T>::insert(
            candidate,
            session,
            SubPool {
                amount: part,
                value: part,
                ..SubPool::default()
            },
        );
        T::Currency::mint_into(&Pallet::<T>::pot(), part).unwrap();
        delegation
            .unbonding
            .try_push(Unbonding {
                session,
                amount: part,
            })
            .unwrap();
    }
    Delegations::<T>::insert(who, candidate, delegation);
}

fn treasury<T: Config>() {
    T::Currency::set_balance(&T::Treasury::get(), RICH);
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn register_candidate() {
        let who = institution::<T>(0);
        #[extrinsic_call]
        _(
            RawOrigin::Signed(who.clone()),
            T::MinBond::get(),
            Perbill::zero(),
        );
        assert!(Candidates::<T>::contains_key(who));
    }

    #[benchmark]
    fn add_bond() {
        let who = new_candidate::<T>(0);
        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), 1_000);
        assert_eq!(
            Candidates::<T>::get(who).unwrap().bond,
            T::MinBond::get() * 10 + 1_000
        );
    }

    #[benchmark]
    fn set_commission() {
        let who = new_candidate::<T>(0);
        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), Perbill::one());
        assert!(Candidates::<T>::get(who).unwrap().announced.is_some());
    }

    #[benchmark]
    fn leave() {
        let who = new_candidate::<T>(0);
        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()));
        assert!(Candidates::<T>::get(who).unwrap().leaving.is_some());
    }

    #[benchmark]
    fn withdraw_bond() {
        let who = new_candidate::<T>(0);
        assert_ok!(Pallet::<T>::do_leave(who.clone()));
        set_session::<T>(NOW);
        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()));
        assert!(!Candidates::<T>::contains_key(who));
    }

    #[benchmark]
    fn back() {
        let who = new_candidate::<T>(0);
        Pallet::<T>::alter(&who, |candidate| candidate.chilled = Some(Chill::Absent));
        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()));
        assert_eq!(Candidates::<T>::get(who).unwrap().chilled, None);
    }

    #[benchmark]
    fn delegate() {
        set_session::<T>(NOW);
        treasury::<T>();
        let candidate = new_candidate::<T>(0);
        let who = delegator::<T>(&candidate);
        fill::<T>(&who, &candidate);
        #[extrinsic_call]
        _(
            RawOrigin::Signed(who.clone()),
            candidate.clone(),
            stake::<T>(),
        );
        // A tenth of eight of the thousand parts was lost elsewhere.
        assert!(Delegations::<T>::get(who, candidate).unwrap().shares > stake::<T>());
    }

    /// To a candidate with `d` of 10,000 delegators, the others being another's, so that the state is
    /// as large whatever `d`: their number must not show. Has no weight of its own; run with `--extra`.
    #[benchmark(extra)]
    fn delegate_among(d: Linear<10, 10_000>) {
        set_session::<T>(NOW);
        let candidate = new_candidate::<T>(0);
        let elsewhere = new_candidate::<T>(1);
        for n in 0..10_000 {
            let other: T::AccountId = account("other", n, 0);
            let amount = T::MinDelegation::get();
            T::Currency::set_balance(&other, amount * 2);
            let to = if n < d { &candidate } else { &elsewhere };
            assert_ok!(Pallet::<T>::do_delegate(other, to.clone(), amount));
        }
        let who = funded::<T>("delegator", 0);
        #[extrinsic_call]
        delegate(
            RawOrigin::Signed(who.clone()),
            candidate.clone(),
            stake::<T>(),
        );
        assert_eq!(
            Pools::<T>::get(&candidate).value,
            stake::<T>() + T::MinDelegation::get() * Balance::from(d)
        );
    }

    #[benchmark]
    fn unbond() {
        set_session::<T>(NOW);
        treasury::<T>();
        let candidate = new_candidate::<T>(0);
        let who = delegator::<T>(&candidate);
        fill::<T>(&who, &candidate);
        #[extrinsic_call]
        _(
            RawOrigin::Signed(who.clone()),
            candidate.clone(),
            T::MinDelegation::get(),
        );
        let delegation = Delegations::<T>::get(who, candidate).unwrap();
        assert_eq!(delegation.unbonding.len(), MAX_UNBONDING as usize);
    }

    #[benchmark]
    fn redelegate() {
        set_session::<T>(NOW);
        treasury::<T>();
        let (from, to) = (new_candidate::<T>(0), new_candidate::<T>(1));
        let who = delegator::<T>(&from);
        delegator::<T>(&to);
        fill::<T>(&who, &from);
        fill::<T>(&who, &to);
        // Room for the one that comes.
        Delegations::<T>::mutate(&who, &to, |delegation| {
            delegation.as_mut().unwrap().moved.pop();
        });
        #[extrinsic_call]
        _(
            RawOrigin::Signed(who.clone()),
            from,
            to.clone(),
            T::MinDelegation::get(),
        );
        let delegation = Delegations::<T>::get(who, to).unwrap();
        assert_eq!(delegation.moved.len(), MAX_MOVED as usize);
    }

    #[benchmark]
    fn withdraw() {
        set_session::<T>(NOW);
        treasury::<T>();
        let candidate = new_candidate::<T>(0);
        let who = delegator::<T>(&candidate);
        fill::<T>(&who, &candidate);
        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), candidate.clone());
        assert!(Delegations::<T>::get(who, candidate)
            .unwrap()
            .unbonding
            .is_empty());
    }

    #[benchmark]
    fn settle() {
        set_session::<T>(NOW);
        treasury::<T>();
        let candidate = new_candidate::<T>(0);
        let who = delegator::<T>(&candidate);
        fill::<T>(&who, &candidate);
        let caller = funded::<T>("caller", 0);
        #[extrinsic_call]
        _(RawOrigin::Signed(caller), who.clone(), candidate.clone());
        assert!(Delegations::<T>::get(who, candidate).unwrap().shares < stake::<T>());
    }

    #[benchmark]
    fn cancel_slash() -> Result<(), BenchmarkError> {
        let origin =
            T::CancelOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
        set_session::<T>(NOW);
        let candidate = new_candidate::<T>(0);
        report::<T>(&candidate, NOW, 1);
        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, candidate.clone(), NOW);
        assert!(Slashes::<T>::get(candidate, NOW).unwrap().cancelled);
        Ok(())
    }

    #[benchmark]
    fn note_author() {
        let who = funded::<T>("author", 0);
        #[block]
        {
            <Pallet<T> as EventHandler<T::AccountId, BlockNumberFor<T>>>::note_author(who.clone());
        }
        assert_eq!(Authored::<T>::get(who), 1);
    }

    #[benchmark]
    fn report_offence() {
        set_session::<T>(NOW);
        let candidate = new_candidate::<T>(0);
        #[block]
        {
            report::<T>(&candidate, NOW, MAX_REPORTERS);
        }
        assert!(Slashes::<T>::contains_key(candidate, NOW));
    }

    #[benchmark]
    fn due_slot() {
        set_session::<T>(NOW);
        NextDue::<T>::put(NOW);
        #[block]
        {
            Pallet::<T>::take_due_slashes();
        }
        assert_eq!(NextDue::<T>::get(), NOW + 1);
    }

    #[benchmark]
    fn take_slash(s: Linear<1, 200>) {
        treasury::<T>();
        let first = NOW - s;
        set_session::<T>(first);
        let candidate = new_candidate::<T>(0);
        delegator::<T>(&candidate);
        report::<T>(&candidate, first, MAX_REPORTERS);
        let part = T::MinDelegation::get();
        for session in first + 1..=NOW {
            SubPools::<T>::insert(
                &candidate,
                session,
                SubPool {
                    amount: part,
                    value: part,
                    ..SubPool::default()
                },
            );
            T::Currency::mint_into(&Pallet::<T>::pot(), part).unwrap();
        }
        T::BenchmarkHelper::set_session(NOW);
        #[block]
        {
            Pallet::<T>::take_slash(candidate.clone(), first);
        }
        assert!(!Slashes::<T>::contains_key(&candidate, first));
        assert_eq!(
            SubPools::<T>::get(&candidate, NOW).unwrap().value,
            part - part / 10
        );
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::mock::ExtBuilder::default().candidates([]).build(),
        crate::mock::Test
    );
}

fn report<T: Config>(candidate: &T::AccountId, session: SessionIndex, reporters: u32) {
    let reporters: Vec<_> = (0..reporters).map(|n| funded::<T>("reporter", n)).collect();
    let offenders = vec![OffenceDetails {
        offender: (candidate.clone(), ()),
        reporters,
    }];
    Pallet::<T>::on_offence(&offenders, &[Perbill::from_percent(10)], session);
}
