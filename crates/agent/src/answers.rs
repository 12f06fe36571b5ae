//! Answers left for the hook, and an index of them, so that none stays behind for ever.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use codec::{Decode, Encode};
use parking_lot::Mutex;
use salus_primitives::{duties::Duty, AccountId, BlockNumber};

use crate::AnswerStore;

/// Key of the index: answer key to deadline of its duty.
const INDEX: &[u8] = b"salus/agent/answers";

type Index = BTreeMap<Vec<u8>, BlockNumber>;

pub(crate) struct Answers {
    store: Arc<dyn AnswerStore>,
    index: Mutex<Index>,
}

impl Answers {
    pub(crate) fn load(store: Arc<dyn AnswerStore>) -> Self {
        let index = store
            .get(INDEX)
            .and_then(|bytes| Index::decode(&mut &bytes[..]).ok())
            .unwrap_or_default();
        Self {
            store,
            index: Mutex::new(index),
        }
    }

    pub(crate) fn is_ready(&self, duty: &Duty<AccountId>) -> bool {
        self.store.get(&duty.answer_key()).is_some()
    }

    /// Leaves an answer. The index first: a crash in between loses nothing but an entry.
    pub(crate) fn leave(&self, duty: &Duty<AccountId>, answer: &[u8]) {
        let key = duty.answer_key();
        let mut index = self.index.lock();
        index.insert(key.clone(), duty.deadline);
        self.store.set(INDEX, &index.encode());
        self.store.set(&key, answer);
    }

    /// Removes answers to what is not `owed` any more; where the list of duties is not complete,
    /// only those whose deadline is over.
    pub(crate) fn tidy(&self, owed: &BTreeSet<Vec<u8>>, complete: bool, finalized: BlockNumber) {
        let mut index = self.index.lock();
        let before = index.len();
        index.retain(|key, deadline| {
            let wanted = owed.contains(key) || (!complete && *deadline >= finalized);
            if !wanted {
                self.store.remove(key);
            }
            wanted
        });
        if index.len() != before {
            self.store.set(INDEX, &index.encode());
        }
    }
}
