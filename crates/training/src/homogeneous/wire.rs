//! Messages between the parties.

use codec::{Decode, Encode};

use super::masks::Deal;
use crate::{Ended, PartyId};

/// From the analyst to providers.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub(super) enum Order {
    /// The digest of the terms and a public key, or nothing.
    Setup { terms: [u8; 32], setup: Vec<u8> },
    /// Deal shares of new masks among these.
    Deal { epoch: u32, members: Vec<PartyId> },
    /// Send moments of the columns.
    Measure { epoch: u32 },
    /// The moments of all.
    Scale { moments: Vec<i128> },
    /// The model of a round.
    Query { epoch: u32, model: Vec<u8> },
    /// Signs of a comparison, eight to a byte.
    Signs { count: u32, bits: Vec<u8> },
    /// Open the masks: these providers' numbers came.
    Open {
        epoch: u32,
        slot: u32,
        included: Vec<PartyId>,
    },
    /// The training is over.
    End {
        rounds: u32,
        ended: Ended,
        model: Option<Vec<u8>>,
    },
}

/// From providers.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub(super) enum Report {
    /// To all: a public key for the secrets of pairs.
    Key([u8; 32]),
    /// To all: shares of masks.
    Deal { epoch: u32, deal: Deal },
    /// To the analyst: all shares came and are right. Digests of the members' deals, in their order.
    Ready { epoch: u32, deals: Vec<[u8; 32]> },
    /// To the analyst: a comparison of every row.
    Compare { epoch: u32, ciphertexts: Vec<u8> },
    /// To all: rows that changed since each release, masked modulo 2^64.
    Counts { epoch: u32, changed: Vec<u64> },
    /// To the analyst: masked sums.
    Sums {
        epoch: u32,
        slot: u32,
        blinded: Vec<u8>,
    },
    /// To the analyst: a share for each member, in their order.
    Shares {
        epoch: u32,
        slot: u32,
        shares: Vec<[u8; 32]>,
    },
}

pub(super) fn pack(bits: &[bool]) -> Vec<u8> {
    let byte = |bits: &[bool]| {
        bits.iter()
            .rev()
            .fold(0u8, |byte, bit| byte << 1 | u8::from(*bit))
    };
    bits.chunks(8).map(byte).collect()
}

pub(super) fn unpack(bytes: &[u8], count: usize) -> Option<Vec<bool>> {
    if bytes.len() != count.div_ceil(8) {
        return None;
    }
    let bits = bytes
        .iter()
        .flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
    Some(bits.take(count).collect())
}
