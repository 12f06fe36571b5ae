//! Double masks: every release of sums is hidden by a mask of its provider's own and by masks that
//! each pair of providers shares and that cancel in the sum. Of a provider whose numbers came the
//! own mask is opened, of one whose numbers did not come its pairs' masks; never both.

use std::collections::BTreeMap;

use blake2::{digest::consts::U32, Blake2b, Digest};
use chacha20poly1305::{
    aead::{Aead, KeyInit, Payload},
    ChaCha20Poly1305,
};
use codec::{Decode, Encode};
use curve25519_dalek::Scalar;
use rand_core::Rng;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use crate::{PartyId, Reason, Seed, SessionId};

/// Releases that one deal of shares is for.
pub(super) const SLOTS: u32 = 16;

/// A stream of random numbers, to be added, or subtracted if negative.
pub(super) struct Mask {
    pub(super) seed: Seed,
    pub(super) negative: bool,
}

/// Shares that open a secret: all but one, so that one provider may drop out and no smaller group
/// can open anything. Both, and the only one, of two and of one.
pub(super) fn threshold(members: usize) -> usize {
    match members {
        0..=2 => members,
        more => more - 1,
    }
}

/// Two providers' common secrets.
pub(super) struct Pairs {
    session: SessionId,
    me: PartyId,
    secret: StaticSecret,
    shared: BTreeMap<PartyId, Seed>,
}

impl Pairs {
    pub(super) fn new(session: SessionId, me: PartyId, seed: &Seed) -> Self {
        Pairs {
            session,
            me,
            secret: StaticSecret::from(*super::exchange_secret(seed).expose()),
            shared: BTreeMap::new(),
        }
    }

    pub(super) fn public(&self) -> [u8; 32] {
        PublicKey::from(&self.secret).to_bytes()
    }

    /// Agrees on a secret with the owner of a public key.
    pub(super) fn agree(&mut self, other: PartyId, public: [u8; 32]) -> Result<(), Reason> {
        let shared = self.secret.diffie_hellman(&PublicKey::from(public));
        if !shared.was_contributory() {
            return Err(Reason::OutOfRange("public key"));
        }
        let mine = self.public();
        let (low, high) = match self.me < other {
            true => ((self.me, mine), (other, public)),
            false => ((other, public), (self.me, mine)),
        };
        let context = (self.session, low, high).encode();
        let seed = Seed::new(shared.to_bytes()).derive("pair", &[&context]);
        self.shared.insert(other, seed);
        Ok(())
    }

    pub(super) fn knows(&self, other: PartyId) -> bool {
        other == self.me || self.shared.contains_key(&other)
    }

    fn seed(&self, other: PartyId, label: &str, numbers: &[u32]) -> Seed {
        let context = numbers.encode();
        match self.shared.get(&other) {
            Some(seed) => seed.derive(label, &[&context]),
            // Nobody is asked for the secret with a stranger: callers check `knows`.
            None => Seed::new([0; 32]),
        }
    }

    /// Masks that cancel among these members, if they all answer the same query.
    pub(super) fn cancelling(
        &self,
        members: &[PartyId],
        label: &str,
        of: &[u32],
        query: &[u8; 32],
    ) -> Vec<Mask> {
        let others = members.iter().filter(|member| **member != self.me);
        let mask = |other: &PartyId| Mask {
            seed: answering(&self.seed(*other, label, of), query),
            negative: self.me > *other,
        };
        others.map(mask).collect()
    }
}

/// A pair's seed for the answer to one query, given by its digest.
fn answering(seed: &Seed, query: &[u8; 32]) -> Seed {
    seed.derive("query", &[query])
}

/// Two secrets of one provider and release.
struct Secrets {
    /// Seed of its own mask.
    own: Scalar,
    /// Opens its pairs' seeds, should it drop out.
    pairs: Scalar,
}

impl Secrets {
    fn new(seed: &Seed, epoch: u32, slot: u32) -> Self {
        let mut random = seed.derive("secrets", &[&(epoch, slot).encode()]).random();
        Secrets {
            own: scalar(&mut random),
            pairs: scalar(&mut random),
        }
    }
}

fn scalar(random: &mut crate::Random) -> Scalar {
    let mut bytes = Zeroizing::new([0; 64]);
    random.fill_bytes(&mut *bytes);
    Scalar::from_bytes_mod_order_wide(&bytes)
}

/// The mask that a secret stands for.
fn own_mask(secret: &Scalar) -> Mask {
    Mask {
        seed: Seed::new(secret.to_bytes()).derive("own mask", &[]),
        negative: false,
    }
}

/// Hides a pair's seed under the secret of one of the two.
fn hidden(secret: &Scalar, other: PartyId, seed: &[u8; 32]) -> [u8; 32] {
    let pad = Seed::new(secret.to_bytes()).derive("pair of", &[&other.encode()]);
    let mut bytes = *seed;
    for (byte, pad) in bytes.iter_mut().zip(pad.expose()) {
        *byte ^= pad;
    }
    bytes
}

fn digest(number: &[u8; 32]) -> [u8; 32] {
    let mut hash = Blake2b::<U32>::new();
    hash.update(b"salus/training/share/1");
    hash.update(number);
    hash.finalize().into()
}

/// Which of the two secrets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Which {
    Own,
    Pairs,
}

/// One release of a deal. Lists follow the order of the members.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
struct Dealt {
    /// Digests of the two secrets.
    secrets: [[u8; 32]; 2],
    /// Digests of each member's two shares.
    shares: Vec<[[u8; 32]; 2]>,
    /// The pairs' seeds, hidden by the second secret.
    pairs: Vec<[u8; 32]>,
}

/// What a provider tells all others before releases: shares of its secrets, each sealed to one
/// member, and what they are checked with.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub(super) struct Deal {
    pub(super) members: Vec<PartyId>,
    slots: Vec<Dealt>,
    sealed: Vec<Vec<u8>>,
}

type Shares = Vec<[[u8; 32]; 2]>;

/// The polynomial of lowest coefficient `secret` at 1, 2, ….
fn share(secret: Scalar, members: usize, random: &mut crate::Random) -> Vec<Scalar> {
    let higher: Vec<Scalar> = (1..threshold(members)).map(|_| scalar(random)).collect();
    let at = |x: usize| {
        let x = Scalar::from(x as u64);
        higher
            .iter()
            .rev()
            .fold(Scalar::ZERO, |sum, c| (sum + c) * x)
            + secret
    };
    (1..=members).map(at).collect()
}

/// The value at 0 of the polynomial through these points.
pub(super) fn open(points: &[(usize, Scalar)]) -> Scalar {
    points.iter().fold(Scalar::ZERO, |sum, (at, value)| {
        let mut top = Scalar::ONE;
        let mut bottom = Scalar::ONE;
        for (other, _) in points.iter().filter(|(other, _)| other != at) {
            top *= Scalar::from(*other as u64 + 1);
            bottom *= Scalar::from(*other as u64 + 1) - Scalar::from(*at as u64 + 1);
        }
        sum + value * top * bottom.invert()
    })
}

fn sealing(pairs: &Pairs, from: PartyId, to: PartyId, epoch: u32) -> ChaCha20Poly1305 {
    let other = if from == pairs.me { to } else { from };
    let direction = u32::from(from.0) << 16 | u32::from(to.0);
    let seed = pairs.seed(other, "seal", &[epoch, direction]);
    ChaCha20Poly1305::new(seed.expose().into())
}

/// The shares that a dealer sealed for the owner of `pairs`, both of each release.
fn unseal(pairs: &Pairs, dealer: PartyId, epoch: u32, sealed: &[u8]) -> Option<Zeroizing<Shares>> {
    let payload = Payload {
        msg: sealed,
        aad: &pairs.session,
    };
    let opened = sealing(pairs, dealer, pairs.me, epoch).decrypt(&Default::default(), payload);
    let opened = opened.map(Zeroizing::new).ok()?;
    let (numbers, rest) = opened.as_chunks::<32>();
    let shares: Shares = numbers.as_chunks::<2>().0.to_vec();
    (rest.is_empty() && shares.len() == SLOTS as usize).then_some(Zeroizing::new(shares))
}

/// This member's share of another's secret of one release.
pub(super) fn sealed_share(
    pairs: &Pairs,
    dealer: PartyId,
    epoch: u32,
    slot: u32,
    which: Which,
    sealed: &[u8],
) -> Option<[u8; 32]> {
    let shares = unseal(pairs, dealer, epoch, sealed)?;
    let [own, other] = shares.get(slot as usize)?;
    Some(match which {
        Which::Own => *own,
        Which::Pairs => *other,
    })
}

impl Deal {
    /// Deals secrets of the next releases to the members.
    pub(super) fn new(pairs: &Pairs, seed: &Seed, epoch: u32, members: &[PartyId]) -> Self {
        let mut slots = Vec::with_capacity(SLOTS as usize);
        let mut each: Vec<Zeroizing<Vec<u8>>> =
            members.iter().map(|_| Zeroizing::default()).collect();
        for slot in 0..SLOTS {
            let secrets = Secrets::new(seed, epoch, slot);
            let context = (epoch, slot, members).encode();
            let mut random = seed.derive("shares", &[&context]).random();
            let own = share(secrets.own, members.len(), &mut random);
            let other = share(secrets.pairs, members.len(), &mut random);
            let mut shares = Vec::with_capacity(members.len());
            for ((own, other), bytes) in own.iter().zip(&other).zip(&mut each) {
                bytes.extend(own.as_bytes());
                bytes.extend(other.as_bytes());
                shares.push([digest(own.as_bytes()), digest(other.as_bytes())]);
            }
            let pair = |other: &PartyId| match *other == pairs.me {
                true => [0; 32],
                false => {
                    let seed = pairs.seed(*other, "release", &[epoch, slot]);
                    hidden(&secrets.pairs, *other, seed.expose())
                }
            };
            slots.push(Dealt {
                secrets: [
                    digest(secrets.own.as_bytes()),
                    digest(secrets.pairs.as_bytes()),
                ],
                shares,
                pairs: members.iter().map(pair).collect(),
            });
        }
        let sealed = members.iter().zip(&each).map(|(to, bytes)| {
            // A dealer keeps its own share: it can deal it again.
            if *to == pairs.me {
                return Vec::new();
            }
            let payload = Payload {
                msg: bytes,
                aad: &pairs.session,
            };
            // One message under each key.
            let sealed = sealing(pairs, pairs.me, *to, epoch).encrypt(&Default::default(), payload);
            sealed.unwrap_or_default()
        });
        Deal {
            members: members.to_vec(),
            sealed: sealed.collect(),
            slots,
        }
    }

    fn place(&self, party: PartyId) -> Option<usize> {
        self.members.iter().position(|member| *member == party)
    }

    /// BLAKE2b-256 of all of it: who say the same one have the same deal.
    pub(super) fn digest(&self) -> [u8; 32] {
        Blake2b::<U32>::digest(self.encode()).into()
    }

    /// What everybody can check.
    pub(super) fn check(&self, dealer: PartyId) -> Result<(), Reason> {
        let members = self.members.len();
        let right = self.slots.len() == SLOTS as usize
            && self.sealed.len() == members
            && self.members.is_sorted_by(|a, b| a < b)
            && self.place(dealer).is_some()
            && self
                .slots
                .iter()
                .all(|slot| slot.shares.len() == members && slot.pairs.len() == members);
        match right {
            true => Ok(()),
            false => Err(Reason::Malformed("deal of shares")),
        }
    }

    /// What is sealed for the owner of `pairs`, if its shares are those that the digests say.
    pub(super) fn sealed(
        &self,
        pairs: &Pairs,
        dealer: PartyId,
        epoch: u32,
    ) -> Result<Vec<u8>, Reason> {
        self.check(dealer)?;
        const WRONG: Reason = Reason::Proof("share");
        let place = self
            .place(pairs.me)
            .ok_or(Reason::Unexpected("deal of shares"))?;
        let sealed = self.sealed.get(place).ok_or(WRONG)?;
        let shares = unseal(pairs, dealer, epoch, sealed).ok_or(WRONG)?;
        let right = shares.iter().zip(&self.slots).all(|([own, other], slot)| {
            slot.shares.get(place) == Some(&[digest(own), digest(other)])
        });
        match right {
            true => Ok(sealed.clone()),
            false => Err(WRONG),
        }
    }

    /// Whether a share of `owner`'s is the one that was dealt.
    pub(super) fn is_share(
        &self,
        owner: PartyId,
        slot: u32,
        which: Which,
        share: &[u8; 32],
    ) -> bool {
        let dealt = self.slots.get(slot as usize);
        let place = self.place(owner);
        let pair = dealt
            .zip(place)
            .and_then(|(dealt, place)| dealt.shares.get(place));
        let expected = pair.map(|[own, pairs]| match which {
            Which::Own => own,
            Which::Pairs => pairs,
        });
        expected == Some(&digest(share))
    }

    /// A secret from its shares, if it is the one that was dealt.
    fn secret(&self, slot: u32, which: Which, shares: &[(PartyId, [u8; 32])]) -> Option<Scalar> {
        let needed = threshold(self.members.len());
        let points = shares.iter().take(needed).map(|(owner, share)| {
            let value = Option::<Scalar>::from(Scalar::from_canonical_bytes(*share))?;
            Some((self.place(*owner)?, value))
        });
        let points = points.collect::<Option<Vec<_>>>()?;
        if points.len() < needed {
            return None;
        }
        let secret = open(&points);
        let [own, pairs] = self.slots.get(slot as usize)?.secrets;
        let expected = match which {
            Which::Own => own,
            Which::Pairs => pairs,
        };
        (digest(secret.as_bytes()) == expected).then_some(secret)
    }

    /// What remains of this dealer's masks in a sum: its own mask if its numbers are in the sum,
    /// otherwise what the included members added for their pairs with it.
    pub(super) fn remaining(
        &self,
        dealer: PartyId,
        slot: u32,
        included: &[PartyId],
        shares: &[(PartyId, [u8; 32])],
        query: &[u8; 32],
    ) -> Option<Vec<Mask>> {
        if included.contains(&dealer) {
            let secret = self.secret(slot, Which::Own, shares)?;
            return Some(vec![own_mask(&secret)]);
        }
        let secret = self.secret(slot, Which::Pairs, shares)?;
        let dealt = self.slots.get(slot as usize)?;
        let pairs = self.members.iter().zip(&dealt.pairs);
        let pairs = pairs.filter(|(member, _)| included.contains(member));
        let mask = |(member, bytes): (&PartyId, &[u8; 32])| Mask {
            seed: answering(&Seed::new(hidden(&secret, *member, bytes)), query),
            // As the member added it.
            negative: *member > dealer,
        };
        Some(pairs.map(mask).collect())
    }
}

/// All masks of one provider's numbers in one release.
pub(super) fn masks(
    pairs: &Pairs,
    seed: &Seed,
    epoch: u32,
    slot: u32,
    members: &[PartyId],
    query: &[u8; 32],
) -> Vec<Mask> {
    let mut masks = pairs.cancelling(members, "release", &[epoch, slot], query);
    masks.push(own_mask(&Secrets::new(seed, epoch, slot).own));
    masks
}

/// This dealer's share of its own secrets: it need not be sent.
pub(super) fn own_share(
    seed: &Seed,
    me: PartyId,
    epoch: u32,
    slot: u32,
    members: &[PartyId],
) -> Option<[u8; 32]> {
    let place = members.iter().position(|member| *member == me)?;
    let secrets = Secrets::new(seed, epoch, slot);
    let context = (epoch, slot, members).encode();
    let mut random = seed.derive("shares", &[&context]).random();
    let own = share(secrets.own, members.len(), &mut random);
    own.get(place).map(Scalar::to_bytes)
}
