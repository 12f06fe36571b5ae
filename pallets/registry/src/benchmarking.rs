//! Benchmarks: the longest way through each call.

use alloc::vec;
use polkadot_sdk::{
    frame_benchmarking::v2::*,
    frame_support::{
        traits::{fungible::Mutate, EnsureOrigin, Get},
        BoundedVec,
    },
    frame_system::RawOrigin,
    sp_core::H256,
};
use salus_primitives::membership::{Membership, Role};

use crate::{
    AccountIdOf, Addresses, Attestations, Call, Config, FormerOperators, Members, Nodes, Offers,
    Operators, Pallet, PeerId, PendingOperators, PendingRecovery, Recipients, Recovery,
    Sponsorships, Status,
};

#[benchmarks]
mod benches {
    use super::*;
    use polkadot_sdk::frame_support::traits::fungible::Inspect;

    type AdmitOriginOf<T> = <T as polkadot_sdk::frame_system::Config>::RuntimeOrigin;

    fn funded<T: Config>(name: &'static str, index: u32) -> AccountIdOf<T> {
        let who = account(name, index, 0);
        let deposits = T::ApplicationDeposit::get() + T::RegistrationDeposit::get();
        let quotas = T::MaxSponsorQuota::get() + T::MaxSponsorQuota::get();
        let amount = deposits + quotas + T::Currency::minimum_balance() + deposits;
        T::Currency::set_balance(&who, amount);
        who
    }

    fn member<T: Config>(name: &'static str, role: Role) -> AccountIdOf<T> {
        let who = funded::<T>(name, 0);
        Pallet::<T>::make_member(&who, role);
        who
    }

    fn applicant<T: Config>() -> Result<AccountIdOf<T>, BenchmarkError> {
        let who = funded::<T>("applicant", 0);
        Pallet::<T>::do_apply(who.clone(), Role::Regulator, H256::zero(), [1; 32])?;
        Ok(who)
    }

    /// An institution that offers `patient` the largest quotas.
    fn offer<T: Config>(
        name: &'static str,
        patient: &AccountIdOf<T>,
    ) -> Result<AccountIdOf<T>, BenchmarkError> {
        let payer = member::<T>(name, Role::Institution);
        let max = T::MaxSponsorQuota::get();
        Pallet::<T>::do_sponsor(payer.clone(), patient.clone(), max, max)?;
        Ok(payer)
    }

    /// A sponsor, and its patient who exists for nothing else.
    fn sponsored<T: Config>() -> Result<(AccountIdOf<T>, AccountIdOf<T>), BenchmarkError> {
        let patient: AccountIdOf<T> = account("patient", 0, 0);
        let payer = offer::<T>("sponsor", &patient)?;
        let accepted = Some(payer.clone());
        Pallet::<T>::do_register_patient(patient.clone(), H256::zero(), [1; 32], accepted)?;
        Ok((payer, patient))
    }

    fn admit_origin<T: Config>() -> Result<AdmitOriginOf<T>, BenchmarkError> {
        T::AdmitOrigin::try_successful_origin()
            .map_err(|_| BenchmarkError::Stop("nobody can admit"))
    }

    #[benchmark]
    fn register_patient() -> Result<(), BenchmarkError> {
        let patient: AccountIdOf<T> = account("patient", 0, 0);
        let accepted = Some(offer::<T>("sponsor", &patient)?);

        #[extrinsic_call]
        _(
            RawOrigin::Signed(patient.clone()),
            H256::zero(),
            [1; 32],
            accepted,
        );

        assert_eq!(Pallet::<T>::role(&patient), Some(Role::Patient));
        Ok(())
    }

    #[benchmark]
    fn apply() {
        let who = funded::<T>("applicant", 0);

        #[extrinsic_call]
        _(
            RawOrigin::Signed(who.clone()),
            Role::Regulator,
            H256::zero(),
            [1; 32],
        );

        assert!(Members::<T>::contains_key(who));
    }

    #[benchmark]
    fn withdraw_application() -> Result<(), BenchmarkError> {
        let who = applicant::<T>()?;

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()));

        assert!(!Members::<T>::contains_key(who));
        Ok(())
    }

    #[benchmark]
    fn admit() -> Result<(), BenchmarkError> {
        let who = applicant::<T>()?;
        let origin = admit_origin::<T>()?;

        #[extrinsic_call]
        _(origin as AdmitOriginOf<T>, who.clone(), T::MaxTerm::get());

        assert_eq!(Pallet::<T>::role(&who), Some(Role::Regulator));
        Ok(())
    }

    #[benchmark]
    fn renew() -> Result<(), BenchmarkError> {
        let who = member::<T>("member", Role::Regulator);
        let origin = admit_origin::<T>()?;

        #[extrinsic_call]
        _(origin as AdmitOriginOf<T>, who.clone(), T::MaxTerm::get());

        assert!(Members::<T>::get(who).is_some_and(|member| member.term_end.is_some()));
        Ok(())
    }

    #[benchmark]
    fn suspend() -> Result<(), BenchmarkError> {
        let who = member::<T>("member", Role::Regulator);
        let origin = admit_origin::<T>()?;

        #[extrinsic_call]
        _(origin as AdmitOriginOf<T>, who.clone());

        assert_eq!(Pallet::<T>::role(&who), None);
        Ok(())
    }

    #[benchmark]
    fn reinstate() -> Result<(), BenchmarkError> {
        let who = member::<T>("member", Role::Regulator);
        Pallet::<T>::do_suspend(who.clone())?;
        let origin = admit_origin::<T>()?;

        #[extrinsic_call]
        _(origin as AdmitOriginOf<T>, who.clone());

        assert_eq!(Pallet::<T>::role(&who), Some(Role::Regulator));
        Ok(())
    }

    /// A sponsored and attested patient: two releases, a refund and the sponsorship's end.
    #[benchmark]
    fn end() -> Result<(), BenchmarkError> {
        let (payer, who) = sponsored::<T>()?;
        Pallet::<T>::do_attest(payer, who.clone())?;

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), who.clone());

        assert!(Members::<T>::get(&who).is_some_and(|member| member.status == Status::Ended));
        assert!(!Sponsorships::<T>::contains_key(who));
        Ok(())
    }

    #[benchmark]
    fn rotate_key() {
        let who = member::<T>("member", Role::Regulator);

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), [1; 32]);

        assert!(Recipients::<T>::contains_key(who, 1));
    }

    #[benchmark]
    fn set_operator() -> Result<(), BenchmarkError> {
        let who = member::<T>("member", Role::Regulator);
        Pallet::<T>::do_set_operator(who.clone(), Some(account("former", 0, 0)))?;
        let operator: AccountIdOf<T> = account("operator", 0, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), Some(operator.clone()));

        assert_eq!(PendingOperators::<T>::get(who), Some(operator));
        Ok(())
    }

    #[benchmark]
    fn accept_operator() -> Result<(), BenchmarkError> {
        let who = member::<T>("member", Role::Regulator);
        let former: AccountIdOf<T> = account("former", 0, 0);
        Pallet::<T>::do_set_operator(who.clone(), Some(former.clone()))?;
        Pallet::<T>::do_accept_operator(former.clone(), who.clone())?;
        let operator: AccountIdOf<T> = account("operator", 0, 0);
        Pallet::<T>::do_set_operator(who.clone(), Some(operator.clone()))?;

        #[extrinsic_call]
        _(RawOrigin::Signed(operator.clone()), who.clone());

        assert_eq!(Operators::<T>::get(operator), Some(who));
        assert!(FormerOperators::<T>::contains_key(former));
        Ok(())
    }

    #[benchmark]
    fn set_node() {
        let who = member::<T>("member", Role::Regulator);
        let peer_id = PeerId::truncate_from(vec![1; 64]);
        let address = BoundedVec::truncate_from(vec![b'a'; 128]);
        let addresses = Addresses::truncate_from(vec![address; 8]);

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), peer_id, addresses);

        assert!(Nodes::<T>::contains_key(who));
    }

    #[benchmark]
    fn set_recovery() {
        let who = member::<T>("member", Role::Patient);
        Recovery::<T>::insert(&who, account::<AccountIdOf<T>>("recovery", 0, 0));

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), None);

        assert!(PendingRecovery::<T>::contains_key(who));
    }

    #[benchmark]
    fn veto_recovery() -> Result<(), BenchmarkError> {
        let who = member::<T>("member", Role::Patient);
        let recovery: AccountIdOf<T> = account("recovery", 0, 0);
        Recovery::<T>::insert(&who, &recovery);
        Pallet::<T>::do_set_recovery(who.clone(), None)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(recovery), who.clone());

        assert!(!PendingRecovery::<T>::contains_key(who));
        Ok(())
    }

    #[benchmark]
    fn attest() {
        let institution = member::<T>("institution", Role::Institution);
        let patient = member::<T>("patient", Role::Patient);

        #[extrinsic_call]
        _(RawOrigin::Signed(institution), patient.clone());

        assert!(Pallet::<T>::is_attested(&patient));
    }

    #[benchmark]
    fn revoke_attestation() -> Result<(), BenchmarkError> {
        let institution = member::<T>("institution", Role::Institution);
        let patient = member::<T>("patient", Role::Patient);
        Pallet::<T>::do_attest(institution.clone(), patient.clone())?;

        #[extrinsic_call]
        _(RawOrigin::Signed(institution), patient.clone());

        assert!(!Attestations::<T>::contains_key(patient));
        Ok(())
    }

    #[benchmark]
    fn sponsor() {
        let institution = member::<T>("sponsor", Role::Institution);
        let patient = member::<T>("patient", Role::Patient);
        let max = T::MaxSponsorQuota::get();

        #[extrinsic_call]
        _(
            RawOrigin::Signed(institution.clone()),
            patient.clone(),
            max,
            max,
        );

        assert!(Offers::<T>::contains_key(patient, institution));
    }

    #[benchmark]
    fn end_sponsorship() -> Result<(), BenchmarkError> {
        let (payer, patient) = sponsored::<T>()?;

        #[extrinsic_call]
        _(RawOrigin::Signed(payer), patient.clone());

        assert!(!Sponsorships::<T>::contains_key(patient));
        Ok(())
    }

    /// In the place of another sponsor.
    #[benchmark]
    fn accept_sponsor() -> Result<(), BenchmarkError> {
        let (_, patient) = sponsored::<T>()?;
        let payer = offer::<T>("other", &patient)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(patient.clone()), payer.clone());

        assert!(Sponsorships::<T>::get(patient).is_some_and(|quota| quota.sponsor == payer));
        Ok(())
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
