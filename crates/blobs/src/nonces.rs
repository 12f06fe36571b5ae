//! Tokens seen, until they expire.

use std::collections::{BTreeSet, HashMap, HashSet};

use salus_primitives::{AccountId, Moment};

use crate::auth::{Request, TokenError};

type Key = (AccountId, [u8; 16]);

/// A bounded memory of live tokens. A live one is never forgotten: when there is no room, new ones
/// are refused. No account takes more than its share, so one cannot shut out the others.
pub(crate) struct Nonces {
    capacity: usize,
    share: usize,
    live: HashSet<Key>,
    by_expiry: BTreeSet<(Moment, Key)>,
    per_account: HashMap<AccountId, usize>,
    /// Latest expiry of a token that was forgotten.
    forgotten: Moment,
}

impl Nonces {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            share: (capacity / 8).max(1),
            live: HashSet::new(),
            by_expiry: BTreeSet::new(),
            per_account: HashMap::new(),
            forgotten: 0,
        }
    }

    /// Uses up a request whose token was verified at `now`.
    pub(crate) fn consume(&mut self, request: &Request, now: Moment) -> Result<(), TokenError> {
        self.forget_expired(now);
        // A clock that was set back would make forgotten tokens good again.
        if request.expires <= self.forgotten {
            return Err(TokenError::Expired);
        }
        let key = (request.account.clone(), request.nonce);
        if self.live.contains(&key) {
            return Err(TokenError::Replayed);
        }
        let taken = self.per_account.get(&request.account).copied().unwrap_or(0);
        if self.live.len() >= self.capacity || taken >= self.share {
            return Err(TokenError::Busy);
        }
        self.per_account.insert(request.account.clone(), taken + 1);
        self.by_expiry.insert((request.expires, key.clone()));
        self.live.insert(key);
        Ok(())
    }

    fn forget_expired(&mut self, now: Moment) {
        while let Some((expires, _)) = self.by_expiry.first() {
            if *expires > now {
                return;
            }
            if let Some((expires, key)) = self.by_expiry.pop_first() {
                self.forgotten = expires;
                if let Some(count) = self.per_account.get_mut(&key.0) {
                    *count -= 1;
                    if *count == 0 {
                        self.per_account.remove(&key.0);
                    }
                }
                self.live.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Method;

    fn request(account: u8, nonce: u8, expires: Moment) -> Request {
        Request {
            genesis: Default::default(),
            gateway: String::new(),
            start: [0; 16],
            method: Method::Get,
            digest: Default::default(),
            nonce: [nonce; 16],
            expires,
            account: AccountId::new([account; 32]),
        }
    }

    #[test]
    fn a_nonce_is_accepted_once_until_it_expires() {
        let mut nonces = Nonces::new(64);
        assert_eq!(nonces.consume(&request(1, 1, 100), 50), Ok(()));
        assert_eq!(
            nonces.consume(&request(1, 1, 100), 99),
            Err(TokenError::Replayed)
        );
        assert_eq!(nonces.consume(&request(2, 1, 100), 99), Ok(()));
        // Expired tokens are refused before they get here, so the memory may let go.
        assert_eq!(nonces.consume(&request(1, 1, 200), 100), Ok(()));
        assert_eq!(nonces.live.len(), 1);
        assert_eq!(nonces.per_account.len(), 1);
    }

    #[test]
    fn a_clock_set_back_makes_no_token_good_again() {
        let mut nonces = Nonces::new(64);
        assert_eq!(nonces.consume(&request(1, 1, 100), 50), Ok(()));
        assert_eq!(nonces.consume(&request(1, 2, 200), 150), Ok(()));
        assert_eq!(
            nonces.consume(&request(1, 1, 100), 50),
            Err(TokenError::Expired)
        );
        assert_eq!(nonces.consume(&request(1, 3, 101), 50), Ok(()));
    }

    #[test]
    fn when_full_it_refuses_and_forgets_nothing() {
        let mut nonces = Nonces::new(16);
        for account in 0..8 {
            for nonce in 0..2 {
                assert_eq!(nonces.consume(&request(account, nonce, 100), 0), Ok(()));
            }
        }
        assert_eq!(
            nonces.consume(&request(9, 9, 100), 0),
            Err(TokenError::Busy)
        );
        assert_eq!(
            nonces.consume(&request(0, 0, 100), 0),
            Err(TokenError::Replayed)
        );
        assert_eq!(nonces.consume(&request(9, 9, 200), 100), Ok(()));
    }

    #[test]
    fn one_account_cannot_take_all_the_room() {
        let mut nonces = Nonces::new(16);
        assert_eq!(nonces.consume(&request(1, 1, 100), 0), Ok(()));
        assert_eq!(nonces.consume(&request(1, 2, 100), 0), Ok(()));
        assert_eq!(
            nonces.consume(&request(1, 3, 100), 0),
            Err(TokenError::Busy)
        );
        assert_eq!(nonces.consume(&request(2, 3, 100), 0), Ok(()));
    }
}
