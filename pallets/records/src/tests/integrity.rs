use polkadot_sdk::frame_support::traits::{Hooks, StorageInfoTrait, StorageVersion};

use crate::mock::*;

#[test]
fn constants_fit() {
    build_and_execute(|| {
        <RecordsPallet as Hooks<u64>>::integrity_test();
    });
}

#[test]
fn storage_is_at_version_one() {
    build_and_execute(|| {
        assert_eq!(
            <RecordsPallet as polkadot_sdk::frame_support::traits::GetStorageVersion>::in_code_storage_version(),
            StorageVersion::new(1)
        );
    });
}

#[test]
fn every_entry_is_bounded() {
    for info in RecordsPallet::storage_info() {
        assert!(
            info.max_size.is_some_and(|size| size < 4_096),
            "{}",
            String::from_utf8_lossy(&info.storage_name)
        );
    }
}
