//! Randomness that is derived, so that it need not be stored.

use std::convert::Infallible;

use blake2::{
    digest::{consts::U32, Mac},
    Blake2bMac,
};
use chacha20::ChaCha20Rng;
use rand_core::{Rng, SeedableRng, TryCryptoRng, TryRng};
use zeroize::Zeroizing;

/// A party's secret in one session: of 32 bytes that nobody else knows and no other session has.
/// Wiped when dropped.
#[derive(Clone)]
pub struct Seed(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed")
    }
}

impl Seed {
    /// These bytes, such as a MAC of the session's id under the agent's secret.
    pub fn new(bytes: [u8; 32]) -> Self {
        Seed(Zeroizing::new(bytes))
    }

    /// A seed for a purpose. `context` holds everything that the numbers must be fresh for: the
    /// round, and the digest of the message that is answered.
    pub fn derive(&self, label: &str, context: &[&[u8]]) -> Seed {
        let mut bytes = Zeroizing::new([0; 32]);
        // A key of 32 bytes is always taken.
        if let Ok(mut mac) = Blake2bMac::<U32>::new_from_slice(&*self.0) {
            for part in [b"salus/training/1".as_slice(), label.as_bytes()]
                .iter()
                .chain(context)
            {
                mac.update(&(part.len() as u64).to_le_bytes());
                mac.update(part);
            }
            bytes.copy_from_slice(&mac.finalize().into_bytes());
        }
        Seed(bytes)
    }

    /// The random numbers of this seed.
    pub fn random(&self) -> Random {
        Random(ChaCha20Rng::from_seed(*self.0))
    }

    /// The bytes.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

/// ChaCha20's key stream. Wiped when dropped.
pub struct Random(ChaCha20Rng);

impl TryRng for Random {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0.next_u32())
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.next_u64())
    }
    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill_bytes(to);
        Ok(())
    }
}

impl TryCryptoRng for Random {}
