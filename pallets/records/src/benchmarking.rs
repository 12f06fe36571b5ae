//! Cost of every call at its worst.

use alloc::vec::Vec;
use polkadot_sdk::{
    frame_benchmarking::v2::*,
    frame_support::{
        traits::{fungible::Mutate, Get, Time},
        BoundedVec,
    },
    frame_system::RawOrigin,
    sp_runtime::{traits::Zero, SaturatedConversion},
};
use salus_primitives::{
    blobs::{BlobPointer, Capsule, MAX_CAPSULE, MAX_LOCATION},
    membership::{Membership, Recipient, Role},
    records::{RecordId, Rights},
    Digest, Moment,
};

use crate::*;

/// Large enough for every deposit of a benchmark.
const FUNDS: u128 = 1_000_000_000_000_000_000;

fn digest(seed: u32, kind: u8) -> Digest {
    let mut bytes = [kind; 32];
    bytes
        .iter_mut()
        .zip(seed.to_le_bytes())
        .for_each(|(place, byte)| *place = byte);
    bytes.into()
}

fn key(seed: u32) -> Recipient {
    digest(seed, 0xAA).0
}

/// A pointer with the longest location.
fn blob(seed: u32, kind: u8) -> BlobPointer {
    BlobPointer {
        digest: digest(seed, kind),
        size: 1 << 30,
        location: BoundedVec::truncate_from([b'x'].repeat(MAX_LOCATION as usize)),
    }
}

fn capsule() -> Capsule {
    BoundedVec::truncate_from([7u8].repeat(MAX_CAPSULE as usize))
}

const BOTH: Rights = Rights {
    read: true,
    analyse: true,
};

fn member<T: Config>(name: &'static str, index: u32, role: Role) -> AccountIdOf<T> {
    let who: AccountIdOf<T> = account(name, index, 0);
    T::Membership::make_member(&who, role);
    let funds = FUNDS.saturated_into();
    // May fall short of it where the runtime's balances are smaller; deposits are smaller still.
    T::Currency::set_balance(&who, funds);
    who
}

fn institution<T: Config>() -> AccountIdOf<T> {
    member::<T>("institution", 0, Role::Institution)
}

fn patient<T: Config>() -> AccountIdOf<T> {
    member::<T>("patient", 0, Role::Patient)
}

fn grantee<T: Config>(index: u32) -> AccountIdOf<T> {
    member::<T>("grantee", index, Role::Regulator)
}

fn origin<T: Config>(who: &AccountIdOf<T>) -> T::RuntimeOrigin {
    RawOrigin::Signed(who.clone()).into()
}

fn expires<T: Config>() -> Moment {
    T::Time::now().saturating_add(T::MaxShareTerm::get())
}

fn release<T: Config>(patient: &AccountIdOf<T>, seed: u32) -> Result<RecordId, BenchmarkError> {
    let institution = institution::<T>();
    let commitment = digest(seed, 1);
    Pallet::<T>::release(
        origin::<T>(&institution),
        patient.clone(),
        commitment,
        1,
        blob(seed, 2),
    )?;
    Ok(Pallet::<T>::record_id(&institution, patient, &commitment))
}

fn store<T: Config>(patient: &AccountIdOf<T>, seed: u32) -> Result<RecordId, BenchmarkError> {
    let id = release::<T>(patient, seed)?;
    Pallet::<T>::store(origin::<T>(patient), id, blob(seed, 3), key(seed))?;
    Ok(id)
}

fn share_with<T: Config>(
    patient: &AccountIdOf<T>,
    grantee: &AccountIdOf<T>,
    id: RecordId,
) -> Result<(), BenchmarkError> {
    let mut items = BoundedVec::new();
    items
        .try_push((id, Some(capsule())))
        .map_err(|_| "a batch takes one record")?;
    Pallet::<T>::share(
        origin::<T>(patient),
        grantee.clone(),
        items,
        BOTH,
        0,
        expires::<T>(),
        None,
    )?;
    Ok(())
}

fn request<T: Config>(
    requester: &AccountIdOf<T>,
    patient: &AccountIdOf<T>,
    records: Vec<RecordId>,
) -> Result<RequestId, BenchmarkError> {
    let id = NextRequestId::<T>::get();
    Pallet::<T>::request_access(
        origin::<T>(requester),
        patient.clone(),
        BoundedVec::truncate_from(records),
        0,
        expires::<T>(),
    )?;
    Ok(id)
}

fn event<T: Config>(event: Event<T>) {
    let event: <T as polkadot_sdk::frame_system::Config>::RuntimeEvent = event.into();
    polkadot_sdk::frame_system::Pallet::<T>::assert_last_event(event);
}

/// A stored record on which `grantee` holds both rights for purpose 0 for ever, without deposits:
/// for the benchmarks of other pallets.
pub(crate) fn make_record<T: Config>(
    patient: &AccountIdOf<T>,
    grantee: &AccountIdOf<T>,
    seed: u32,
) -> RecordId {
    let institution: AccountIdOf<T> = account("institution", 0, 0);
    T::Membership::make_member(&institution, Role::Institution);
    let free = || Deposit {
        payer: patient.clone(),
        amount: Zero::zero(),
    };
    let commitment = digest(seed, 1);
    let id = Pallet::<T>::record_id(&institution, patient, &commitment);
    let (blob, now) = (blob(seed, 3), Zero::zero());
    BlobOwner::<T>::insert(blob.digest, (BlobRole::Stored, id));
    RecordsOf::<T>::insert(patient, id, ());
    Records::<T>::insert(
        id,
        Record {
            patient: patient.clone(),
            institution,
            commitment,
            format: 1,
            released_at: now,
            state: State::Stored(Storage {
                blob,
                recipient: key(seed),
                retired: 0,
                stored_at: now,
                deposit: free(),
            }),
            shares: 1,
            deposit: free(),
        },
    );
    Shares::<T>::insert(
        id,
        grantee,
        Share {
            rights: BOTH,
            purpose: 0,
            expires: Moment::MAX,
            capsule: Some(capsule()),
            key_version: 0,
            granted_at: now,
            request: None,
            state: ShareState::Active,
            deposit: free(),
        },
    );
    id
}

#[benchmarks]
mod benches {
    use super::*;

    #[benchmark]
    fn release() -> Result<(), BenchmarkError> {
        let (institution, patient) = (institution::<T>(), patient::<T>());
        let commitment = digest(0, 1);
        #[extrinsic_call]
        _(
            RawOrigin::Signed(institution.clone()),
            patient.clone(),
            commitment,
            1,
            blob(0, 2),
        );
        let id = Pallet::<T>::record_id(&institution, &patient, &commitment);
        assert!(Records::<T>::contains_key(id));
        Ok(())
    }

    #[benchmark]
    fn store() -> Result<(), BenchmarkError> {
        let patient = patient::<T>();
        let id = super::release::<T>(&patient, 0)?;
        #[extrinsic_call]
        _(RawOrigin::Signed(patient.clone()), id, blob(0, 3), key(0));
        event::<T>(Event::Stored {
            record: id,
            patient,
            blob: digest(0, 3),
        });
        Ok(())
    }

    #[benchmark]
    fn move_blob(n: Linear<0, { T::MaxShares::get() }>) -> Result<(), BenchmarkError> {
        let patient = patient::<T>();
        let id = super::store::<T>(&patient, 0)?;
        let mut capsules = Vec::new();
        for index in 0..n {
            let grantee = grantee::<T>(index);
            share_with::<T>(&patient, &grantee, id)?;
            capsules.push((grantee, capsule()));
        }
        #[extrinsic_call]
        _(
            RawOrigin::Signed(patient),
            id,
            blob(1, 3),
            key(1),
            BoundedVec::truncate_from(capsules),
        );
        event::<T>(Event::Moved {
            record: id,
            blob: digest(1, 3),
            rekeyed: true,
            kept: n,
            ended: 0,
        });
        Ok(())
    }

    #[benchmark]
    fn dispute() -> Result<(), BenchmarkError> {
        let patient = patient::<T>();
        let id = super::release::<T>(&patient, 0)?;
        #[extrinsic_call]
        _(RawOrigin::Signed(patient), id, digest(0, 9));
        event::<T>(Event::Disputed {
            record: id,
            reason: digest(0, 9),
        });
        Ok(())
    }

    #[benchmark]
    fn withdraw_release() -> Result<(), BenchmarkError> {
        let id = super::release::<T>(&patient::<T>(), 0)?;
        #[extrinsic_call]
        _(RawOrigin::Signed(account("institution", 0, 0)), id);
        assert!(!Records::<T>::contains_key(id));
        Ok(())
    }

    #[benchmark]
    fn request_access(n: Linear<0, { T::MaxBatch::get() }>) -> Result<(), BenchmarkError> {
        let (patient, requester) = (patient::<T>(), grantee::<T>(0));
        let records = (0..n)
            .map(|seed| super::release::<T>(&patient, seed))
            .collect::<Result<Vec<_>, _>>()?;
        #[extrinsic_call]
        _(
            RawOrigin::Signed(requester.clone()),
            patient.clone(),
            BoundedVec::truncate_from(records),
            0,
            expires::<T>(),
        );
        assert_eq!(PendingRequests::<T>::get(patient), 1);
        Ok(())
    }

    #[benchmark]
    fn withdraw_request() -> Result<(), BenchmarkError> {
        let (patient, requester) = (patient::<T>(), grantee::<T>(0));
        let id = request::<T>(&requester, &patient, Vec::new())?;
        #[extrinsic_call]
        _(RawOrigin::Signed(requester), id);
        assert!(!Requests::<T>::contains_key(id));
        Ok(())
    }

    #[benchmark]
    fn decline_request() -> Result<(), BenchmarkError> {
        let (patient, requester) = (patient::<T>(), grantee::<T>(0));
        let id = request::<T>(&requester, &patient, Vec::new())?;
        #[extrinsic_call]
        _(RawOrigin::Signed(patient), id);
        assert!(!Requests::<T>::contains_key(id));
        Ok(())
    }

    #[benchmark]
    fn share(n: Linear<1, { T::MaxBatch::get() }>) -> Result<(), BenchmarkError> {
        let (patient, grantee) = (patient::<T>(), grantee::<T>(0));
        let mut items = Vec::new();
        for seed in 0..n {
            let id = super::store::<T>(&patient, seed)?;
            // Replacing also returns a deposit.
            share_with::<T>(&patient, &grantee, id)?;
            items.push((id, Some(capsule())));
        }
        let named = items.iter().map(|(id, _)| *id).collect();
        let request = request::<T>(&grantee, &patient, named)?;
        #[extrinsic_call]
        _(
            RawOrigin::Signed(patient),
            grantee.clone(),
            BoundedVec::truncate_from(items),
            BOTH,
            0,
            expires::<T>(),
            Some(request),
        );
        assert!(!Requests::<T>::contains_key(request));
        Ok(())
    }

    #[benchmark]
    fn reject_share() -> Result<(), BenchmarkError> {
        let (patient, grantee) = (patient::<T>(), grantee::<T>(0));
        let id = super::store::<T>(&patient, 0)?;
        share_with::<T>(&patient, &grantee, id)?;
        #[extrinsic_call]
        _(RawOrigin::Signed(grantee.clone()), id);
        event::<T>(Event::ShareRejected {
            record: id,
            grantee,
        });
        Ok(())
    }

    #[benchmark]
    fn revoke(n: Linear<1, { T::MaxBatch::get() }>) -> Result<(), BenchmarkError> {
        let (patient, grantee) = (patient::<T>(), grantee::<T>(0));
        let mut records = Vec::new();
        for seed in 0..n {
            let id = super::store::<T>(&patient, seed)?;
            share_with::<T>(&patient, &grantee, id)?;
            records.push(id);
        }
        #[extrinsic_call]
        _(
            RawOrigin::Signed(patient),
            grantee,
            BoundedVec::truncate_from(records),
        );
        assert_eq!(Shares::<T>::iter().count(), 0);
        Ok(())
    }

    #[benchmark]
    fn clear_share() -> Result<(), BenchmarkError> {
        let (patient, grantee) = (patient::<T>(), grantee::<T>(0));
        let id = super::store::<T>(&patient, 0)?;
        share_with::<T>(&patient, &grantee, id)?;
        Pallet::<T>::reject_share(origin::<T>(&grantee), id)?;
        #[extrinsic_call]
        _(RawOrigin::Signed(patient), id, grantee.clone());
        assert!(!Shares::<T>::contains_key(id, grantee));
        Ok(())
    }

    #[benchmark]
    fn terminate() -> Result<(), BenchmarkError> {
        let patient = patient::<T>();
        let id = super::store::<T>(&patient, 0)?;
        let successor = Some(super::store::<T>(&patient, 1)?);
        #[extrinsic_call]
        _(RawOrigin::Signed(patient), id, successor);
        event::<T>(Event::Terminated {
            record: id,
            successor,
            by: EndRight::Owner,
        });
        Ok(())
    }

    #[benchmark]
    fn supersede() -> Result<(), BenchmarkError> {
        let patient = patient::<T>();
        let id = super::store::<T>(&patient, 0)?;
        let new_record = super::store::<T>(&patient, 1)?;
        #[extrinsic_call]
        _(RawOrigin::Signed(patient), id, new_record);
        event::<T>(Event::Superseded {
            record: id,
            new_record,
            by: EndRight::Owner,
        });
        Ok(())
    }

    #[benchmark]
    fn cancel_end() -> Result<(), BenchmarkError> {
        let patient = patient::<T>();
        let id = super::store::<T>(&patient, 0)?;
        // Nobody sets a recovery account through `Membership`, so the proposal is put there.
        let proposal = Proposal {
            by: patient.clone(),
            end: End::Terminate { successor: None },
        };
        PendingEnds::<T>::insert(id, BoundedVec::truncate_from([proposal].into()));
        #[extrinsic_call]
        _(RawOrigin::Signed(patient), id);
        assert!(!PendingEnds::<T>::contains_key(id));
        Ok(())
    }

    #[benchmark]
    fn store_own() -> Result<(), BenchmarkError> {
        let institution = institution::<T>();
        let commitment = digest(0, 1);
        #[extrinsic_call]
        _(
            RawOrigin::Signed(institution.clone()),
            commitment,
            1,
            blob(0, 3),
            key(0),
        );
        event::<T>(Event::Stored {
            record: Pallet::<T>::record_id(&institution, &institution, &commitment),
            patient: institution,
            blob: digest(0, 3),
        });
        Ok(())
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_ext(), crate::mock::Test);
}
