//! The chain's calls, storage, events and runtime APIs as the command knows them: generated from
//! `cli/metadata.scale`, which `scripts/metadata` renews and a test compares with the runtime.
//!
//! Types of `salus-primitives` stand for themselves, so that what is hashed, checked and sent is the
//! same value here, in the agent and in the runtime.

#[subxt::subxt(
    runtime_metadata_path = "metadata.scale",
    derive_for_all_types = "Clone",
    substitute_type(
        path = "salus_primitives::blobs::BlobPointer",
        with = "::subxt::utils::Static<::salus_primitives::blobs::BlobPointer>"
    ),
    substitute_type(
        path = "salus_primitives::jobs::Cipher",
        with = "::subxt::utils::Static<::salus_primitives::jobs::Cipher>"
    ),
    substitute_type(
        path = "salus_primitives::jobs::Ciphertext",
        with = "::subxt::utils::Static<::salus_primitives::jobs::Ciphertext>"
    ),
    substitute_type(
        path = "salus_primitives::jobs::InputSpec",
        with = "::subxt::utils::Static<::salus_primitives::jobs::InputSpec>"
    ),
    substitute_type(
        path = "salus_primitives::jobs::Outcome",
        with = "::subxt::utils::Static<::salus_primitives::jobs::Outcome>"
    ),
    substitute_type(
        path = "salus_primitives::jobs::ResultForm",
        with = "::subxt::utils::Static<::salus_primitives::jobs::ResultForm>"
    ),
    substitute_type(
        path = "salus_primitives::jobs::ResultPointer",
        with = "::subxt::utils::Static<::salus_primitives::jobs::ResultPointer>"
    ),
    substitute_type(
        path = "salus_primitives::jobs::WorkBound",
        with = "::subxt::utils::Static<::salus_primitives::jobs::WorkBound>"
    ),
    substitute_type(
        path = "salus_primitives::membership::Role",
        with = "::subxt::utils::Static<::salus_primitives::membership::Role>"
    ),
    substitute_type(
        path = "salus_primitives::records::Rights",
        with = "::subxt::utils::Static<::salus_primitives::records::Rights>"
    ),
    substitute_type(
        path = "salus_primitives::training::Backend",
        with = "::subxt::utils::Static<::salus_primitives::training::Backend>"
    ),
    substitute_type(
        path = "salus_primitives::training::data_set::DataSetSpec",
        with = "::subxt::utils::Static<::salus_primitives::training::DataSetSpec>"
    ),
    substitute_type(
        path = "salus_primitives::training::data_set::DataSet<A, B, N>",
        with = "::subxt::utils::Static<::salus_primitives::training::DataSet<A, B, N>>"
    ),
    substitute_type(
        path = "salus_primitives::training::party::Departure",
        with = "::subxt::utils::Static<::salus_primitives::training::Departure>"
    ),
    substitute_type(
        path = "salus_primitives::training::end::End",
        with = "::subxt::utils::Static<::salus_primitives::training::End>"
    ),
    substitute_type(
        path = "salus_primitives::training::Involvement",
        with = "::subxt::utils::Static<::salus_primitives::training::Involvement>"
    ),
    substitute_type(
        path = "salus_primitives::training::end::PastTraining<A, B, N>",
        with = "::subxt::utils::Static<::salus_primitives::training::PastTraining<A, B, N>>"
    ),
    substitute_type(
        path = "salus_primitives::training::party::Said",
        with = "::subxt::utils::Static<::salus_primitives::training::Said>"
    ),
    substitute_type(
        path = "salus_primitives::training::Terms<B, N>",
        with = "::subxt::utils::Static<::salus_primitives::training::Terms<B, N>>"
    ),
    substitute_type(
        path = "salus_primitives::training::Training<A, B, N>",
        with = "::subxt::utils::Static<::salus_primitives::training::Training<A, B, N>>"
    )
)]
mod generated {}

pub use generated::*;

#[cfg(test)]
mod tests {
    use codec::{Decode, Encode};
    use salus_primitives::{
        blobs::BlobPointer,
        jobs::{Cipher, Ciphertext, InputSpec, ResultForm, WorkBound},
        membership::{Role, ThirdPartyKind},
        records::Rights,
        Digest,
    };
    use subxt::{ext::scale_encode::EncodeAsType, utils::AccountId32, Metadata};

    use super::runtime_types::{
        bounded_collections::bounded_vec::BoundedVec, pallet_jobs, pallet_records, pallet_registry,
    };
    use super::Call;

    fn encoded(call: Call) -> Vec<u8> {
        let bytes = include_bytes!("../../metadata.scale");
        let metadata = Metadata::decode(&mut &bytes[..]).unwrap();
        let call_type = metadata.outer_enums().call_enum_ty();
        call.encode_as_type(call_type, metadata.types()).unwrap()
    }

    /// Pallet and call index before the encoded arguments.
    fn expected(pallet: u8, call: u8, arguments: impl Encode) -> Vec<u8> {
        [vec![pallet, call], arguments.encode()].concat()
    }

    fn blob() -> BlobPointer {
        BlobPointer {
            digest: Digest::repeat_byte(3),
            size: 1 << 40,
            location: b"http://127.0.0.1:9955".to_vec().try_into().unwrap(),
        }
    }

    #[test]
    fn calls_encode_as_the_primitives_do() {
        let (patient, commitment) = (AccountId32([1; 32]), Digest::repeat_byte(2));
        let call = Call::Records(pallet_records::pallet::Call::release {
            patient,
            commitment,
            format: 7,
            delivery: blob().into(),
        });
        assert_eq!(
            encoded(call),
            expected(41, 0, ([1u8; 32], commitment, 7u16, blob()))
        );

        let rights = Rights {
            read: true,
            analyse: false,
        };
        let capsule = vec![9u8; 232];
        let call = Call::Records(pallet_records::pallet::Call::share {
            grantee: patient,
            items: BoundedVec(vec![(commitment, Some(BoundedVec(capsule.clone())))]),
            rights: rights.into(),
            purpose: 5,
            expires: 77,
            request: None,
        });
        let items = vec![(commitment, Some(capsule))];
        assert_eq!(
            encoded(call),
            expected(41, 8, ([1u8; 32], items, rights, 5u16, 77u64, None::<u64>))
        );

        let role = Role::ThirdParty(ThirdPartyKind::Insurer);
        let call = Call::Registry(pallet_registry::pallet::Call::apply {
            role: role.into(),
            credential: commitment,
            recipient: [4; 32],
        });
        assert_eq!(
            encoded(call),
            expected(40, 1, (role, commitment, [4u8; 32]))
        );
    }

    #[test]
    fn a_post_encodes_as_the_primitives_do() {
        let inputs = vec![
            InputSpec::Own {
                commitment: Digest::repeat_byte(5),
            },
            InputSpec::Record {
                record: Digest::repeat_byte(6),
            },
        ];
        let bound = WorkBound {
            rows: 1,
            columns: 2,
            clusters: 3,
            iterations: 4,
        };
        let spec = pallet_jobs::types::JobSpec {
            algorithm: BoundedVec(b"fcm/1".to_vec()),
            parameters: BoundedVec(b"{}".to_vec()),
            inputs: BoundedVec(inputs.iter().cloned().map(Into::into).collect()),
            purpose: 5,
            quorum: 2,
            panel: 3,
            reserves: 1,
            reward: 1 << 70,
            bound: bound.into(),
            form: ResultForm::Clear.into(),
            cipher: Cipher::AgeX25519.into(),
            commit_window: 150,
        };
        let call = Call::Jobs(pallet_jobs::pallet::Call::post { spec });
        let panel = (2u32, 3u32, 1u32, 1u128 << 70);
        assert_eq!(
            encoded(call),
            expected(
                42,
                5,
                (
                    (b"fcm/1".to_vec(), b"{}".to_vec(), inputs, 5u16),
                    panel,
                    (bound, ResultForm::Clear, Cipher::AgeX25519, 150u32),
                )
            )
        );

        let ciphertext = Ciphertext::Blob(blob());
        let call = Call::Jobs(pallet_jobs::pallet::Call::provide {
            job: 8,
            recipient: [7; 32],
            items: BoundedVec(vec![(0, ciphertext.clone().into())]),
            capsules: BoundedVec(vec![BoundedVec(vec![1, 2])]),
        });
        assert_eq!(
            encoded(call),
            expected(
                42,
                7,
                (
                    8u64,
                    [7u8; 32],
                    vec![(0u32, ciphertext)],
                    vec![vec![1u8, 2]]
                )
            )
        );
    }
}
