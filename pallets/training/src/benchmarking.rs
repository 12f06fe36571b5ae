//! Every call and every end at its largest: 11 parties, 10 data sets of 64 records.

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
        traits::{fungible::Mutate, Get},
    },
    frame_system::RawOrigin,
    sp_runtime::traits::{BlockNumberProvider, SaturatedConversion, Saturating},
};
use salus_primitives::{
    blobs::{BlobPointer, MAX_LOCATION},
    jobs::{ResultPointer, MAX_ALGORITHM, MAX_PARAMETERS},
    membership::{Membership, Role},
    records::RecordAccess,
    training::{
        data_set_id, Backend, DataSetId, DataSetSpec, Departure, End, Equivocation, MessageHeader,
        ModelAccess, Partition, PartyKeys, Said, SignedMessage, StagePost, Standing, Terms,
        TrainingId, MAX_CONSENTS, MAX_GATEWAY, MAX_PARTICIPANTS, MAX_STAGES,
    },
    Digest,
};

use crate::*;

const PURPOSE: u16 = 0;

/// A key and two signatures with it under message 5 of round 2 from 1 to 0 in session [7; 32], with
/// bodies [1; 32] and [2; 32] (`tests/equivocation.rs` has the seed).
const SIGNER: [u8; 32] = [
    0, 165, 144, 68, 92, 243, 34, 41, 120, 7, 12, 67, 146, 182, 173, 211, 36, 32, 131, 3, 170, 24,
    192, 193, 248, 67, 136, 115, 154, 26, 130, 103,
];
const SIGNATURES: [[u8; 64]; 2] = [
    [
        50, 70, 244, 35, 102, 95, 238, 114, 101, 67, 22, 130, 78, 1, 171, 233, 56, 171, 42, 25,
        198, 202, 146, 189, 144, 114, 4, 89, 205, 112, 218, 89, 214, 220, 209, 244, 15, 177, 118,
        130, 12, 220, 250, 55, 12, 198, 186, 122, 116, 191, 171, 73, 186, 249, 207, 236, 25, 43,
        131, 56, 83, 240, 252, 132,
    ],
    [
        60, 203, 109, 134, 24, 238, 90, 225, 141, 58, 47, 152, 236, 47, 107, 109, 85, 219, 187,
        205, 76, 166, 159, 202, 138, 48, 128, 79, 38, 170, 36, 55, 12, 66, 144, 161, 148, 150, 158,
        7, 27, 75, 181, 93, 127, 48, 74, 232, 14, 139, 224, 241, 62, 62, 146, 12, 85, 88, 159, 62,
        107, 123, 106, 135,
    ],
];

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

fn funded_treasury<T: Config>() {
    T::Currency::set_balance(&T::Treasury::get(), 1_000_000_000_000u64.saturated_into());
}

fn digest(n: u32) -> Digest {
    let mut digest = [7; 32];
    digest[..4].copy_from_slice(&n.to_le_bytes());
    digest.into()
}

fn part(n: u32) -> ResultPointer {
    ResultPointer::Blob(BlobPointer {
        digest: digest(n),
        size: 1,
        location: vec![b'x'; MAX_LOCATION as usize].try_into().unwrap(),
    })
}

fn spec<T: Config>(
    holder: &T::AccountId,
    partition: Partition,
    seed: u32,
    records: u32,
) -> DataSetSpec {
    let patient = funded::<T>("patient", 0);
    T::Membership::make_member(&patient, Role::Patient);
    let consents: Vec<_> = (0..records)
        .map(|n| T::Records::make_record(&patient, holder, seed * MAX_CONSENTS + n))
        .collect();
    DataSetSpec {
        partition,
        commitment: digest(seed),
        attributes: digest(0),
        rows: 1,
        columns: 1,
        purpose: PURPOSE,
        consents: consents.try_into().unwrap(),
    }
}

/// Declares a data set beside as many others as the holder can have.
fn declare<T: Config>(
    holder: &T::AccountId,
    partition: Partition,
    seed: u32,
    records: u32,
) -> DataSetId {
    let spec = spec::<T>(holder, partition, seed, records);
    let id = data_set_id(holder, &spec.commitment);
    assert_ok!(Pallet::<T>::do_declare_data_set(holder.clone(), spec));
    DataSetsOf::<T>::mutate(
        holder,
        |ids| {
            while ids.try_insert(0, digest(u32::MAX)).is_ok() {}
        },
    );
    id
}

fn terms<T: Config>(backend: Backend) -> TermsOf<T> {
    let together = backend.partition() == Partition::Heterogeneous;
    Terms {
        backend,
        algorithm: vec![b'b'; MAX_ALGORITHM as usize].try_into().unwrap(),
        parameters: vec![b'p'; MAX_PARAMETERS as usize].try_into().unwrap(),
        purpose: PURPOSE,
        attributes: (!together).then(|| digest(0)),
        key_bits: if backend.encrypts() { 2048 } else { 0 },
        min_changed: 10,
        min_participants: if together { MAX_PARTICIPANTS } else { 1 },
        stages: MAX_STAGES,
        access: ModelAccess::Everyone,
        join_window: T::MinWindow::get(),
        stage_window: T::MinWindow::get(),
        reward: T::MinDeposit::get().saturating_add(1_000_000_000u32.into()),
        deposit: T::MinDeposit::get().saturating_mul(2u32.into()),
    }
}

fn participants<T: Config>() -> Vec<T::AccountId> {
    (0..MAX_PARTICIPANTS)
        .map(|n| member::<T>("participant", n))
        .collect()
}

/// A training that ten were asked to join, beside as many others as the initiator can have.
fn opened<T: Config>(backend: Backend) -> (TrainingId, T::AccountId, Vec<T::AccountId>) {
    funded_treasury::<T>();
    let (initiator, participants) = (member::<T>("initiator", 0), participants::<T>());
    let id = NextTrainingId::<T>::get();
    assert_ok!(Pallet::<T>::do_open(
        initiator.clone(),
        terms::<T>(backend),
        participants.clone().try_into().unwrap()
    ));
    crowd::<T>(&initiator);
    (id, initiator, participants)
}

/// Fills the member's list of trainings, but for one place.
fn crowd<T: Config>(who: &T::AccountId) {
    Places::<T>::mutate(who, |places| {
        let mut other = TrainingId::MAX;
        while (places.len() as u32) + 1 < T::MaxTrainings::get() {
            places.try_push(other).unwrap();
            other -= 1;
        }
        places.sort();
    });
}

fn keys() -> PartyKeys {
    PartyKeys {
        signing: SIGNER,
        exchange: [2; 32],
        paillier: Some(digest(0)),
        // The longest.
        gateway: alloc::vec![b'x'; MAX_GATEWAY as usize]
            .try_into()
            .unwrap_or_default(),
    }
}

/// As `opened`, and all have joined, with so many records each.
fn joined<T: Config>(
    backend: Backend,
    records: u32,
) -> (TrainingId, T::AccountId, Vec<T::AccountId>) {
    let (id, initiator, participants) = opened::<T>(backend);
    for (n, who) in (0..).zip(&participants) {
        let data_set = declare::<T>(who, backend.partition(), n, records);
        crowd::<T>(who);
        assert_ok!(Pallet::<T>::do_join(who.clone(), id, data_set));
    }
    (id, initiator, participants)
}

/// As `joined`, and it has begun.
fn running<T: Config>(
    backend: Backend,
    records: u32,
) -> (TrainingId, T::AccountId, Vec<T::AccountId>) {
    let (id, initiator, participants) = joined::<T>(backend, records);
    let analyst = (backend.partition() == Partition::Homogeneous).then(|| initiator.clone());
    for who in participants.iter().cloned().chain(analyst) {
        assert_ok!(Pallet::<T>::do_commit_keys(who, id, keys()));
    }
    assert!(Trainings::<T>::get(id).unwrap().phase.stage().is_some());
    (id, initiator, participants)
}

/// As `running`, and the model is agreed on and `delivered` of ten parts of it are there.
fn delivering<T: Config>(delivered: usize) -> (TrainingId, T::AccountId, Vec<T::AccountId>) {
    let (id, initiator, participants) = running::<T>(Backend::Batch, 0);
    for who in &participants {
        let said = Said::Root {
            root: digest(1),
            model: Some(digest(2)),
        };
        let epoch = Trainings::<T>::get(id).unwrap().epoch;
        assert_ok!(Pallet::<T>::do_post(
            who.clone(),
            id,
            StagePost { epoch, said }
        ));
    }
    for (n, who) in (0..).zip(&participants).take(delivered) {
        assert_ok!(Pallet::<T>::do_deliver(who.clone(), id, part(n)));
    }
    (id, initiator, participants)
}

fn past_deadline<T: Config>(id: TrainingId) {
    let until = Trainings::<T>::get(id).unwrap().phase.until();
    T::BlockNumberProvider::set_block_number(Pallet::<T>::after(until));
}

#[benchmarks]
mod benches {
    use super::*;

    #[benchmark]
    fn declare_data_set(c: Linear<0, MAX_CONSENTS>) {
        let holder = member::<T>("holder", 0);
        let spec = spec::<T>(&holder, Partition::Homogeneous, 0, c);
        let id = data_set_id(&holder, &spec.commitment);
        #[extrinsic_call]
        _(RawOrigin::Signed(holder), spec);
        assert!(DataSets::<T>::contains_key(id));
    }

    #[benchmark]
    fn withdraw_data_set() {
        let holder = member::<T>("holder", 0);
        let id = declare::<T>(&holder, Partition::Homogeneous, 0, MAX_CONSENTS);
        #[extrinsic_call]
        _(RawOrigin::Signed(holder), id);
        assert!(!DataSets::<T>::contains_key(id));
    }

    #[benchmark]
    fn open() {
        let initiator = member::<T>("initiator", 0);
        crowd::<T>(&initiator);
        let participants = participants::<T>().try_into().unwrap();
        let id = NextTrainingId::<T>::get();
        #[extrinsic_call]
        _(
            RawOrigin::Signed(initiator),
            terms::<T>(Backend::Masked),
            participants,
        );
        assert!(Trainings::<T>::contains_key(id));
    }

    #[benchmark]
    fn join(c: Linear<0, MAX_CONSENTS>) {
        let (id, _, participants) = opened::<T>(Backend::Masked);
        let who = participants[0].clone();
        let data_set = declare::<T>(&who, Partition::Homogeneous, 0, c);
        crowd::<T>(&who);
        #[extrinsic_call]
        _(RawOrigin::Signed(who), id, data_set);
        assert_eq!(DataSets::<T>::get(data_set).unwrap().uses, 1);
    }

    /// The last keys, with which the training starts.
    #[benchmark]
    fn commit_keys() {
        let (id, initiator, participants) = joined::<T>(Backend::Masked, 0);
        for who in participants {
            assert_ok!(Pallet::<T>::do_commit_keys(who, id, keys()));
        }
        #[extrinsic_call]
        _(RawOrigin::Signed(initiator), id, keys());
        assert!(Trainings::<T>::get(id).unwrap().phase.stage().is_some());
    }

    /// What precedes an end: the consents, and one party that is out.
    #[benchmark]
    fn leave(c: Linear<0, MAX_CONSENTS>) {
        let (id, _, _) = running::<T>(Backend::Masked, c);
        let mut training = Trainings::<T>::get(id).unwrap();
        let excused;
        #[block]
        {
            excused = Pallet::<T>::is_excused(&training, 1);
            Pallet::<T>::remove(id, &mut training, 1, Departure::ConsentEnded);
            Trainings::<T>::insert(id, &training);
        }
        assert_eq!(excused, (false, c));
        assert_eq!(
            training.parties[1].standing,
            Standing::Out(Departure::ConsentEnded)
        );
    }

    #[benchmark]
    fn post(c: Linear<0, MAX_CONSENTS>) {
        let (id, _, participants) = running::<T>(Backend::Masked, c);
        let said = Said::Blocked {
            missing: 1,
            invalid: 4,
        };
        let epoch = Trainings::<T>::get(id).unwrap().epoch;
        #[extrinsic_call]
        _(
            RawOrigin::Signed(participants[0].clone()),
            id,
            StagePost { epoch, said },
        );
        assert_eq!(Trainings::<T>::get(id).unwrap().parties[1].said, Some(said));
    }

    #[benchmark]
    fn report_equivocation() {
        let (id, _, participants) = running::<T>(Backend::Masked, 0);
        Trainings::<T>::mutate(id, |training| {
            training.as_mut().unwrap().session = [7; 32].into();
        });
        let message = |body: u8, signature| SignedMessage {
            header: MessageHeader {
                session: [7; 32].into(),
                round: 2,
                from: 1,
                to: 0,
                sequence: 5,
                taken: 0,
            },
            body: [body; 32].into(),
            signature,
        };
        let evidence = Equivocation {
            first: message(1, SIGNATURES[0]),
            second: message(2, SIGNATURES[1]),
        };
        #[extrinsic_call]
        _(RawOrigin::Signed(participants[1].clone()), id, evidence);
        assert_eq!(
            Trainings::<T>::get(id).unwrap().parties[1].standing,
            Standing::Out(Departure::Equivocated)
        );
    }

    #[benchmark]
    fn deliver() {
        let (id, _, participants) = delivering::<T>(1);
        #[extrinsic_call]
        _(RawOrigin::Signed(participants[1].clone()), id, part(1));
        assert!(Models::<T>::contains_key(id, 1));
    }

    /// Ten are paid.
    #[benchmark]
    fn complete() {
        let (id, _, _) = delivering::<T>(MAX_PARTICIPANTS as usize - 1);
        // The last part is there too.
        Models::<T>::insert(id, MAX_PARTICIPANTS as u16 - 1, part(MAX_PARTICIPANTS));
        let training = Trainings::<T>::get(id).unwrap();
        let end = End::Completed { model: digest(2) };
        #[block]
        {
            Pallet::<T>::end(id, training, end);
        }
        assert_eq!(PastTrainings::<T>::get(id).unwrap().end, end);
    }

    /// Eleven are silent.
    #[benchmark]
    fn judge() {
        let (id, _, participants) = running::<T>(Backend::Masked, 0);
        past_deadline::<T>(id);
        #[extrinsic_call]
        _(RawOrigin::Signed(participants[0].clone()), id);
        assert!(!Trainings::<T>::contains_key(id));
    }

    #[benchmark]
    fn forget() {
        let (id, initiator, _) = delivering::<T>(MAX_PARTICIPANTS as usize);
        let ended = PastTrainings::<T>::get(id).unwrap().ended_at;
        T::BlockNumberProvider::set_block_number(ended.saturating_add(T::RetentionPeriod::get()));
        #[extrinsic_call]
        _(RawOrigin::Signed(initiator), id);
        assert!(!PastTrainings::<T>::get(id).unwrap().kept);
    }

    #[benchmark]
    fn agenda_slot() {
        let next = Pallet::<T>::after(Pallet::<T>::now());
        NextAgenda::<T>::put(next);
        T::BlockNumberProvider::set_block_number(next);
        #[block]
        {
            Pallet::<T>::work_off_agenda();
        }
        assert!(NextAgenda::<T>::get() > next);
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
