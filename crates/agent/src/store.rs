//! The node's persistent offchain storage, where the runtime's hook finds the answers.

use parking_lot::Mutex;
use polkadot_sdk::sp_core::offchain::{OffchainStorage, STORAGE_PREFIX};

/// Persistent offchain storage; keys as the runtime has them, without prefix.
pub trait AnswerStore: Send + Sync + 'static {
    /// The value under a key.
    fn get(&self, key: &[u8]) -> Option<Vec<u8>>;
    /// Writes a value.
    fn set(&self, key: &[u8], value: &[u8]);
    /// Removes a value, if there is one.
    fn remove(&self, key: &[u8]);
}

/// The backend's offchain storage (`backend.offchain_storage()`), prefixed so that
/// `sp_io::offchain::local_storage_get(PERSISTENT, key)` reads the same value.
pub struct OffchainStore<S>(Mutex<S>);

impl<S: OffchainStorage> OffchainStore<S> {
    /// Wraps the backend's storage.
    pub fn new(storage: S) -> Self {
        Self(Mutex::new(storage))
    }
}

impl<S: OffchainStorage + 'static> AnswerStore for OffchainStore<S> {
    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.lock().get(STORAGE_PREFIX, key)
    }

    fn set(&self, key: &[u8], value: &[u8]) {
        self.0.lock().set(STORAGE_PREFIX, key, value);
    }

    fn remove(&self, key: &[u8]) {
        self.0.lock().remove(STORAGE_PREFIX, key);
    }
}

#[cfg(test)]
mod tests {
    use polkadot_sdk::sp_core::offchain::testing::TestPersistentOffchainDB;

    use super::*;

    #[test]
    fn keys_are_under_the_prefix_of_the_runtime() {
        let db = TestPersistentOffchainDB::new();
        let store = OffchainStore::new(db.clone());
        store.set(b"key", b"value");
        assert_eq!(
            OffchainStorage::get(&db, STORAGE_PREFIX, b"key"),
            Some(b"value".to_vec())
        );
        assert_eq!(store.get(b"key"), Some(b"value".to_vec()));
        store.remove(b"key");
        assert_eq!(store.get(b"key"), None);
    }
}
