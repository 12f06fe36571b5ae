//! Every call and every step of the agenda at its largest: 16 seats, 16 reserves, 64 inputs.

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
        BoundedVec,
    },
    frame_system::{pallet_prelude::BlockNumberFor, RawOrigin},
    sp_runtime::traits::{BlockNumberProvider, SaturatedConversion, Saturating},
};
use salus_primitives::{
    blobs::{BlobPointer, Capsule, MAX_CAPSULE, MAX_LOCATION},
    jobs::{
        commitment, Algorithm, Cipher, Ciphertext, InputSpec, JobId, Outcome, ResultForm,
        ResultPointer, Reveal, WorkBound, MAX_INPUTS, MAX_PANEL, MAX_PARAMETERS,
    },
    membership::{Membership, Role},
    records::RecordAccess,
    Digest,
};

use crate::*;

const PURPOSE: u16 = 0;

fn funded<T: Config>(name: &'static str, n: u32) -> T::AccountId {
    let who: T::AccountId = account(name, n, 0);
    T::Currency::set_balance(&who, (u64::MAX as u128 * 1_000).saturated_into());
    who
}

fn member<T: Config>(name: &'static str, n: u32) -> T::AccountId {
    let who = funded::<T>(name, n);
    T::Membership::make_member(&who, Role::Institution);
    who
}

fn worker<T: Config>(n: u32) -> T::AccountId {
    let who = member::<T>("worker", n);
    assert_ok!(Pallet::<T>::add_worker(&who, T::MinBond::get()));
    who
}

/// Fills the pool up to `size` workers.
fn fill_pool<T: Config>(size: u32) {
    let mut n = 0;
    while (Pool::<T>::get().len() as u32) < size {
        worker::<T>(n);
        n += 1;
    }
}

fn digest(n: u32) -> Digest {
    let mut digest = [7; 32];
    digest[..4].copy_from_slice(&n.to_le_bytes());
    digest.into()
}

fn blob(n: u32) -> BlobPointer {
    BlobPointer {
        digest: digest(n),
        size: 1,
        location: vec![b'x'; MAX_LOCATION as usize].try_into().unwrap(),
    }
}

fn algorithm() -> Algorithm {
    vec![b'b'; 32].try_into().unwrap()
}

fn spec<T: Config>(inputs: Vec<InputSpec>) -> SpecOf<T> {
    Algorithms::<T>::insert(algorithm(), BalanceOf::<T>::from(0u32));
    JobSpec {
        algorithm: algorithm(),
        parameters: vec![b'p'; MAX_PARAMETERS as usize].try_into().unwrap(),
        inputs: inputs.try_into().unwrap(),
        purpose: PURPOSE,
        quorum: MAX_PANEL / 2 + 1,
        panel: MAX_PANEL,
        reserves: MAX_PANEL,
        reward: T::MinReward::get()
            .saturating_add(T::MinBond::get())
            .saturating_add(1_000_000u32.into()),
        bound: WorkBound {
            rows: 1,
            columns: 1,
            clusters: 1,
            iterations: 1,
        },
        form: ResultForm::Sealed,
        cipher: Cipher::AgeX25519,
        commit_window: T::MinWindow::get(),
    }
}

fn own_inputs(count: u32) -> Vec<InputSpec> {
    (0..count)
        .map(|n| InputSpec::Own {
            commitment: digest(n),
        })
        .collect()
}

fn record_inputs<T: Config>(client: &T::AccountId, count: u32) -> Vec<InputSpec> {
    let patient = funded::<T>("patient", 0);
    T::Membership::make_member(&patient, Role::Patient);
    (0..count)
        .map(|n| InputSpec::Record {
            record: T::Records::make_record(&patient, client, n),
        })
        .collect()
}

fn patient_of<T: Config>(input: &InputSpec) -> T::AccountId {
    match input {
        InputSpec::Record { record } => T::Records::stored(record).unwrap().patient,
        InputSpec::Own { .. } => unreachable!("asked of records only"),
    }
}

fn full_capsules() -> Capsules {
    let capsule: Capsule = vec![1; MAX_CAPSULE as usize].try_into().unwrap();
    vec![capsule; MAX_CAPSULES as usize].try_into().unwrap()
}

/// A job with a drawn full panel.
fn drawn<T: Config>(client: &T::AccountId, inputs: Vec<InputSpec>) -> JobId {
    fill_pool::<T>(2 * MAX_PANEL + 1);
    let id = NextJobId::<T>::get();
    assert_ok!(Pallet::<T>::do_post(client.clone(), spec::<T>(inputs)));
    Pallet::<T>::draw_from(id, Jobs::<T>::get(id).unwrap(), [0; 32]);
    let job = Jobs::<T>::get(id).unwrap();
    assert_eq!(job.seats.len(), MAX_PANEL as usize);
    assert_eq!(job.reserves.len(), MAX_PANEL as usize);
    id
}

fn items(count: u32) -> Items {
    (0..count)
        .map(|n| (n, Ciphertext::Blob(blob(n))))
        .collect::<Vec<_>>()
        .try_into()
        .unwrap()
}

fn provide_all<T: Config>(client: &T::AccountId, id: JobId, count: u32) {
    let capsules = full_capsules();
    assert_ok!(Pallet::<T>::do_provide(
        client.clone(),
        id,
        [1; 32],
        items(count),
        capsules
    ));
}

/// A job at work on so many records.
fn working_on_records<T: Config>(client: &T::AccountId, count: u32) -> JobId {
    let inputs = record_inputs::<T>(client, count);
    let id = drawn::<T>(client, inputs.clone());
    for (index, input) in (0..).zip(&inputs) {
        let patient = patient_of::<T>(input);
        assert_ok!(Pallet::<T>::do_seal_record(
            patient,
            id,
            index,
            full_capsules()
        ));
    }
    id
}

fn commit_all<T: Config>(id: JobId, but: usize) -> Vec<T::AccountId> {
    let seats = Jobs::<T>::get(id).unwrap().seats.to_vec();
    for who in &seats[..seats.len() - but] {
        let said = commitment(id, who, &outcome(), &[1; 32]);
        assert_ok!(Pallet::<T>::do_commit(who.clone(), id, said));
    }
    seats
}

fn outcome() -> Outcome {
    Outcome::Success(digest(1))
}

fn reveal_of(n: u32) -> Reveal {
    Reveal {
        outcome: outcome(),
        salt: [1; 32],
        result: Some(ResultPointer::Blob(blob(1_000 + n))),
    }
}

/// A job of which all have revealed.
fn revealed<T: Config>(client: &T::AccountId) -> JobId {
    let id = drawn::<T>(client, own_inputs(MAX_INPUTS));
    provide_all::<T>(client, id, MAX_INPUTS);
    for (n, who) in (0..).zip(commit_all::<T>(id, 0)) {
        assert_ok!(Pallet::<T>::do_reveal(who, id, reveal_of(n)));
    }
    id
}

fn finished<T: Config>(client: &T::AccountId) -> JobId {
    funded_treasury::<T>();
    let id = revealed::<T>(client);
    Pallet::<T>::settle(id, Jobs::<T>::get(id).unwrap());
    assert!(FinishedJobs::<T>::contains_key(id));
    id
}

fn funded_treasury<T: Config>() {
    T::Currency::set_balance(&T::Treasury::get(), 1_000_000_000_000u64.saturated_into());
}

#[benchmarks]
mod benches {
    use super::*;

    #[benchmark]
    fn register_worker() {
        let who = member::<T>("worker", 0);
        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), T::MinBond::get());
        assert!(Workers::<T>::contains_key(who));
    }

    #[benchmark]
    fn add_bond() {
        fill_pool::<T>(T::MaxWorkers::get() - 1);
        let who = worker::<T>(100_000);
        #[extrinsic_call]
        _(RawOrigin::Signed(who), T::MinBond::get());
    }

    #[benchmark]
    fn leave() {
        fill_pool::<T>(T::MaxWorkers::get() - 1);
        let who = worker::<T>(100_000);
        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()));
        assert!(!Pool::<T>::get().contains(&who));
    }

    #[benchmark]
    fn withdraw_bond() {
        let who = worker::<T>(0);
        assert_ok!(Pallet::<T>::do_leave(who.clone()));
        let unlocks = Pallet::<T>::now().saturating_add(T::UnbondingPeriod::get());
        T::BlockNumberProvider::set_block_number(unlocks);
        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()));
        assert!(!Workers::<T>::contains_key(who));
    }

    #[benchmark]
    fn resume() {
        funded_treasury::<T>();
        fill_pool::<T>(T::MaxWorkers::get() - 1);
        let who = worker::<T>(100_000);
        let now = Pallet::<T>::now();
        for _ in 0..T::MaxStrikes::get() {
            Pallet::<T>::strike(&who, 0, now);
        }
        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()));
        assert!(Pool::<T>::get().contains(&who));
    }

    #[benchmark]
    fn post(i: Linear<1, MAX_INPUTS>) {
        let client = member::<T>("client", 0);
        let spec = spec::<T>(record_inputs::<T>(&client, i));
        #[extrinsic_call]
        _(RawOrigin::Signed(client), spec);
        assert_eq!(Jobs::<T>::iter().count(), 1);
    }

    #[benchmark]
    fn end_job() {
        let client = member::<T>("client", 0);
        let id = drawn::<T>(&client, own_inputs(MAX_INPUTS));
        provide_all::<T>(&client, id, MAX_INPUTS - 1);
        #[extrinsic_call]
        cancel(RawOrigin::Signed(client), id);
        assert!(!Jobs::<T>::contains_key(id));
    }

    #[benchmark]
    fn provide(i: Linear<1, MAX_INPUTS>) {
        let client = member::<T>("client", 0);
        let id = drawn::<T>(&client, own_inputs(i));
        let (items, capsules) = (items(i), full_capsules());
        #[extrinsic_call]
        _(RawOrigin::Signed(client), id, [1; 32], items, capsules);
        assert_eq!(Jobs::<T>::get(id).unwrap().missing, 0);
    }

    #[benchmark]
    fn seal_record() {
        let client = member::<T>("client", 0);
        let inputs = record_inputs::<T>(&client, 1);
        let patient = patient_of::<T>(&inputs[0]);
        let id = drawn::<T>(&client, inputs);
        #[extrinsic_call]
        _(RawOrigin::Signed(patient), id, 0, full_capsules());
        assert_eq!(Jobs::<T>::get(id).unwrap().missing, 0);
    }

    #[benchmark]
    fn commit(r: Linear<1, MAX_INPUTS>) {
        let client = member::<T>("client", 0);
        let id = working_on_records::<T>(&client, r);
        let last = commit_all::<T>(id, 1).pop().unwrap();
        let said = commitment(id, &last, &outcome(), &[1; 32]);
        #[extrinsic_call]
        _(RawOrigin::Signed(last), id, said);
        let state = Jobs::<T>::get(id).unwrap().state;
        assert!(matches!(state, State::Revealing { .. }));
    }

    #[benchmark]
    fn reveal() {
        let client = member::<T>("client", 0);
        let id = drawn::<T>(&client, own_inputs(1));
        provide_all::<T>(&client, id, 1);
        let mut seats = commit_all::<T>(id, 0);
        let last = seats.pop().unwrap();
        for (n, who) in (0..).zip(seats) {
            assert_ok!(Pallet::<T>::do_reveal(who, id, reveal_of(n)));
        }
        #[extrinsic_call]
        _(RawOrigin::Signed(last), id, reveal_of(MAX_PANEL));
        assert_eq!(Jobs::<T>::get(id).unwrap().revealed, MAX_PANEL);
    }

    #[benchmark]
    fn accept_result() {
        let client = member::<T>("client", 0);
        let id = finished::<T>(&client);
        #[extrinsic_call]
        _(RawOrigin::Signed(client), id);
        assert_eq!(FinishedJobs::<T>::get(id).unwrap().holdback, None);
    }

    #[benchmark]
    fn report_unavailable() {
        let client = member::<T>("client", 0);
        let id = finished::<T>(&client);
        #[extrinsic_call]
        _(RawOrigin::Signed(client), id);
        assert_eq!(FinishedJobs::<T>::get(id).unwrap().holdback, None);
    }

    #[benchmark]
    fn forget() {
        let client = member::<T>("client", 0);
        let id = finished::<T>(&client);
        Pallet::<T>::end_holdback(id, HoldbackEnd::Lapsed);
        let after = Pallet::<T>::now().saturating_add(T::RetentionPeriod::get());
        T::BlockNumberProvider::set_block_number(after);
        #[extrinsic_call]
        _(RawOrigin::Signed(client), id);
        assert!(!FinishedJobs::<T>::get(id).unwrap().kept);
    }

    #[benchmark]
    fn set_algorithm() -> Result<(), BenchmarkError> {
        let origin =
            T::GovernanceOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, algorithm(), Some(1u32.into()));
        assert!(Algorithms::<T>::contains_key(algorithm()));
        Ok(())
    }

    #[benchmark]
    fn absorb_randomness(p: Linear<1, { T::MaxDrawRetries::get() }>) {
        // As many outputs are missing before those that count as make the last of them complete the
        // draws of `p` blocks.
        let (gathered, now) = (T::GatherOutputs::get(), 1_000u32);
        T::BlockNumberProvider::set_block_number(now.into());
        let mut known_since: Vec<u32> = (now - gathered..now - 1).collect();
        while (known_since.len() as u32) < BEACON_MEMORY {
            let next = now - gathered - p - (BEACON_MEMORY - known_since.len() as u32);
            known_since.push(next + 1);
        }
        known_since.sort_unstable();
        let outputs: Vec<_> = known_since
            .into_iter()
            .map(|n| Absorbed {
                known_since: n.into(),
                value: [1; 32],
            })
            .collect();
        Beacon::<T>::put(BoundedVec::truncate_from(outputs));
        let free: BlockNumberFor<T> = T::FreeCancelWindow::get();
        let posts: Vec<BlockNumberFor<T>> = (now - gathered - p..now - gathered)
            .map(|n| BlockNumberFor::<T>::from(n).saturating_sub(free))
            .collect();
        for posted_at in &posts {
            Pallet::<T>::enter_gathering(*posted_at);
        }
        #[block]
        {
            Pallet::<T>::absorb(Default::default(), (now - 1).into());
        }
        assert_eq!(Beacon::<T>::get().len(), BEACON_MEMORY as usize);
        for posted_at in posts {
            assert!(Pallet::<T>::gathered(posted_at).is_some());
        }
    }

    #[benchmark]
    fn agenda_slot() {
        let next = Pallet::<T>::now().saturating_add(1u32.into());
        NextAgenda::<T>::put(next);
        T::BlockNumberProvider::set_block_number(next);
        #[block]
        {
            Pallet::<T>::work_off_agenda();
        }
        assert!(NextAgenda::<T>::get() > next);
    }

    /// From a full pool, with as few members in it that the draw looks at about `w` workers.
    #[benchmark]
    fn draw(w: Linear<32, { T::MaxWorkers::get() }>, r: Linear<0, MAX_INPUTS>) {
        let client = member::<T>("client", 0);
        let members = (T::MaxWorkers::get() * 2 * MAX_PANEL).div_ceil(w);
        fill_pool::<T>(members);
        for n in 0..T::MaxWorkers::get() - members {
            let who = funded::<T>("guest", n);
            assert_ok!(Pallet::<T>::add_worker(&who, T::MinBond::get()));
        }
        let id = NextJobId::<T>::get();
        let inputs = match r {
            0 => own_inputs(MAX_INPUTS),
            r => record_inputs::<T>(&client, r),
        };
        assert_ok!(Pallet::<T>::do_post(client, spec::<T>(inputs)));
        let job = Jobs::<T>::get(id).unwrap();
        Gatherings::<T>::mutate_extant(job.posted_at, |of| of.value = Some([0; 32]));
        #[block]
        {
            Pallet::<T>::draw(id, job);
        }
        let job = Jobs::<T>::get(id).unwrap();
        assert_eq!(job.seats.len(), MAX_PANEL as usize);
        assert_eq!(job.reserves.len(), MAX_PANEL as usize);
    }

    #[benchmark]
    fn wait() {
        let client = member::<T>("client", 0);
        let id = drawn::<T>(&client, own_inputs(MAX_INPUTS));
        let mut job = Jobs::<T>::get(id).unwrap();
        let last = job.seats.last().unwrap().clone();
        Workers::<T>::mutate_extant(&last, |worker| worker.active = T::MaxActiveSeats::get());
        let until = Pallet::<T>::now().saturating_add(T::BusyWindow::get());
        job.state = State::Waiting {
            until,
            remembered: 0,
        };
        let due = job.due;
        #[block]
        {
            Pallet::<T>::seat_waiting(id, job, until, 0);
        }
        assert!(Jobs::<T>::get(id).unwrap().due < due);
    }

    #[benchmark]
    fn forget_panel(r: Linear<1, MAX_INPUTS>) {
        let client = member::<T>("client", 0);
        let inputs = record_inputs::<T>(&client, r);
        let id = drawn::<T>(&client, inputs);
        assert_eq!(Panels::<T>::get(id).unwrap().inputs.len(), r as usize);
        #[block]
        {
            Pallet::<T>::forget_panel(id);
        }
        assert_eq!(DrawnFor::<T>::iter().count(), 0);
    }

    #[benchmark]
    fn settle() {
        funded_treasury::<T>();
        let client = member::<T>("client", 0);
        let id = revealed::<T>(&client);
        let job = Jobs::<T>::get(id).unwrap();
        #[block]
        {
            Pallet::<T>::settle(id, job);
        }
        assert!(FinishedJobs::<T>::contains_key(id));
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::mock::ExtBuilder::default().workers([]).build(),
        crate::mock::Test
    );
}
