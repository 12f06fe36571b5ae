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
    )
)]
mod generated {}

pub use generated::*;
