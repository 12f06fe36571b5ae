//! Data that can be trained on, as its holder declares them.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::{sp_core::ConstU32, sp_crypto_hashing::blake2_256, sp_runtime::BoundedVec};
use scale_info::TypeInfo;

use super::{DataSetId, Partition, MAX_CONSENTS};
use crate::{
    records::{Purpose, RecordId},
    Digest,
};

/// What a member says of data that it holds. Nothing in it can be read back into data.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct DataSetSpec {
    pub partition: Partition,
    /// blake2-256(salt ‖ file), the 32-byte salt kept beside the file.
    pub commitment: Digest,
    /// blake2-256 of the list of its columns, so that holders see whether theirs are the same.
    pub attributes: Digest,
    /// It has no more rows than this.
    pub rows: u32,
    pub columns: u32,
    /// What the patients agreed to, and what a training has to be for.
    pub purpose: Purpose,
    /// The records it is made of, each of which the holder may have analysed for the purpose. Empty:
    /// the holder alone answers for it, as for own inputs of jobs.
    pub consents: BoundedVec<RecordId, ConstU32<MAX_CONSENTS>>,
}

/// A declared data set.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct DataSet<AccountId, Balance, BlockNumber> {
    pub spec: DataSetSpec,
    pub holder: AccountId,
    pub declared_at: BlockNumber,
    /// Live trainings that it takes part in.
    pub uses: u32,
    /// Of the holder, for the bytes.
    pub deposit: Balance,
}

/// blake2-256(`salus/data-set` ‖ holder ‖ commitment): known before the data set is declared.
pub fn data_set_id<AccountId: Encode>(holder: &AccountId, commitment: &Digest) -> DataSetId {
    (b"salus/data-set", holder, commitment)
        .using_encoded(blake2_256)
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_set_is_named_by_holder_and_commitment() {
        let mut bytes = b"salus/data-set".to_vec();
        bytes.extend([1; 32]);
        bytes.extend([2; 32]);
        let id = data_set_id(&[1u8; 32], &[2; 32].into());
        assert_eq!(id.0, blake2_256(&bytes));
    }
}
