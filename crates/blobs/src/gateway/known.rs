//! What the gateway knows without asking the chain: whom it granted something, and how the node is.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use salus_primitives::AccountId;
use tokio::sync::Semaphore;

use super::Gateway;

/// How long an account is known after the chain granted it something.
const KNOWN_FOR: Duration = Duration::from_secs(3600);
/// Most accounts that are known.
const MOST: usize = 4096;
/// How long the state of the node holds.
const HEALTH_FOR: Duration = Duration::from_secs(1);

/// Accounts that the chain granted something. A key that nobody vouches for is not among them, so
/// however many somebody makes, they share the places of strangers.
#[derive(Default)]
pub(super) struct Known(Mutex<HashMap<AccountId, Instant>>);

impl Known {
    pub(super) fn contains(&self, who: &AccountId) -> bool {
        let known = self.0.lock();
        known
            .get(who)
            .is_some_and(|since| since.elapsed() < KNOWN_FOR)
    }

    /// The chain granted the account something.
    pub(super) fn add(&self, who: &AccountId) {
        let mut known = self.0.lock();
        if known.len() >= MOST {
            known.retain(|_, since| since.elapsed() < KNOWN_FOR);
        }
        if known.len() < MOST || known.contains_key(who) {
            known.insert(who.clone(), Instant::now());
        }
    }
}

/// What is wrong with the node, if anything, and when it was asked.
type Seen = Option<(Instant, Option<&'static str>)>;

/// The state of the node as `/health` tells it to anybody, at the cost of one call a second.
pub(super) struct Health {
    call: Arc<Semaphore>,
    seen: tokio::sync::Mutex<Seen>,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            call: Arc::new(Semaphore::new(1)),
            seen: tokio::sync::Mutex::default(),
        }
    }
}

impl Gateway {
    /// What is wrong with the node, if anything.
    pub(super) async fn problem(&self) -> Option<&'static str> {
        let health = &self.inner.health;
        // Who comes while the node is asked waits for the same answer.
        let mut seen = health.seen.lock().await;
        if let Some((at, problem)) = *seen {
            if at.elapsed() < HEALTH_FOR {
                return problem;
            }
        }
        let problem = match self.ask_among(&health.call, |chain| chain.view()).await {
            Err(_) => Some("the chain does not answer"),
            Ok(view) if !self.is_fresh(view.best_age_ms) => Some("the best block is too old"),
            Ok(_) => None,
        };
        *seen = Some((Instant::now(), problem));
        problem
    }
}
