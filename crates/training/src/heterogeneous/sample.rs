//! A key to measure with.

use salus_paillier::threshold::{Dealer, KeyShare, Setup};

use crate::{Error, Seed};

/// Safe primes of 1024 and of 1536 bits, which everybody has here.
const PRIMES: [&str; 4] = [
    "c0031ad645db270e9580699ee3669c8fc9c555fa62012c493c470f4a9639de7227cfac23a2c76ec95c2eb0953db38c43bd2ff5e1e2f95059b905e4a4d22393bb4dc8cca78cec2ed44e4a2b9bee98702ca4b2bb5e93f7586ca5476302094fe00ea77c8e43eb73c3eb59b58c2b7841ec4c92457399e8d35df1edcfa0f1cab8dde7",
    "e9726010674137f3e6e40fc7c1e5f1d21b5759a119e9583071d5f195c1793546c31d85b390e1688d8a1f361f9ea7964acaa4171e3b55ee0483c1f1e5c0ba97a13853199206b663c850408d53d83fd4fe6c21c8a201ad00919895310a6fe4aab6c7e80cd1dadec858ceb530f37e3488f0f1c20153236ef5eaeddcf0ed4537df6b",
    "c792e548f547196514c5402a19c0b2162a75d8992ecf012369c748ca5e7b71e98f56a1d673c7a64d78be7a4f606b4c94fe3a947a80380f23e6a51f0e413261aaa355006fcc6e3f63784387c2e3160a19d60dfa898fa0cc4c8679dc8825350f8e0018850385996e945625fe5d426d87760b68bf09064f4c3eadb3684b75aaa31428ecbf097f2b664f4b10c75a88674552c17da87f1425c44491d3cf06eb93cdc970d101c150994fc296ca8820507e650fa637ee8035138fb4794cb192b21a8e87",
    "f1c13cc3d44abff02ee6c2d13554a57717d2757469a67c92ae9724877a6297a5412f894ed1f38c71c91391fcf59220d06842cda850f7067ed81e8b03e3ff64eae1937b9057f070638bd3f3e1bc35bb029114bd955615b7f5fa4b701a65caed17b9bca994ac0f3d11b3ca16d8c4783834ed6ec441e23b5a94261991b8cee132f2c6da69159883d964e83b9317e494d867a52cf0aecd33d9244ee158cb4993c064e5d7040528c1a5815182e8b0da55840ad12e5b9d1c8fb483cda453720d3f14ab",
];

/// Shares of a key of known primes, so that a measurement need not wait for safe primes to be drawn. It
/// protects nothing.
pub fn sample_keys(bits: u32, participants: u16) -> Result<Vec<KeyShare>, Error> {
    let [p0, p1, p2, p3] = PRIMES;
    let [p, q] = match bits {
        2048 => [p0, p1],
        3072 => [p2, p3],
        other => return Err(salus_paillier::Error::KeySize(other).into()),
    };
    let little_endian = |text: &str| -> Vec<u8> {
        let byte = |at: usize| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok();
        (0..text.len() / 2).rev().filter_map(byte).collect()
    };
    let dealer = Dealer::from_primes(&little_endian(p), &little_endian(q))?;
    let mut random = Seed::new([0; 32]).derive("sample key", &[]).random();
    Ok(dealer.run(participants, participants, &mut random)?.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_for_each_size() {
        for bits in [2048, 3072] {
            let keys = sample_keys(bits, 3).unwrap();
            assert_eq!(keys.len(), 3);
            assert_eq!(keys[0].key().key().bits(), bits);
        }
        assert!(sample_keys(1024, 3).is_err());
    }
}
