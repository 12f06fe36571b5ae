//! More owners than a table can have: truncated Monte Carlo.

use alloc::{vec, vec::Vec};
use rand_chacha::{
    rand_core::{RngCore, SeedableRng},
    ChaCha20Rng,
};

use crate::{Error, Rule, Shares, Worth, MAX_WORTH};

/// Most owners.
pub const MAX_SAMPLED: u32 = 1024;
/// Most orderings.
pub const MAX_ORDERINGS: u32 = 1 << 20;
/// Weights of an ordering are multiples of 2^-64, rounded down.
const UNIT: u128 = 1 << 64;

/// What decides an estimate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sampling {
    /// Randomness: the same seed gives the same bytes.
    pub seed: [u8; 32],
    /// Orderings m that are looked at.
    pub orderings: u32,
    /// An ordering ends once its worth is this close to that of all owners, or closer.
    pub tolerance: Worth,
}

/// Estimated shares.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Estimate {
    /// What [`crate::Table`]s give exactly.
    pub shares: Shares,
    /// Coalitions whose worth was asked for.
    pub evaluations: u64,
}

impl Sampling {
    /// Estimates the shares of owners 0 to `owners` - 1, of whom the coalition of all is worth
    /// `all`.
    ///
    /// `worth` gets the first owners of an ordering, as they joined. A coalition counts as the
    /// best that its ordering has seen, at most `all`: so nobody adds less than nothing, and each
    /// ordering divides `all`. Where an ordering ends early, what is missing goes to its next owner.
    pub fn estimate<E: From<Error>>(
        &self,
        owners: u32,
        all: Worth,
        rule: Rule,
        mut worth: impl FnMut(&[u32]) -> Result<Worth, E>,
    ) -> Result<Estimate, E> {
        self.validate(owners, all)?;
        rule.validate()?;
        if all == 0 {
            return Ok(Estimate {
                shares: Shares::without_owners(owners, rule)?,
                evaluations: 0,
            });
        }
        let odds = odds(owners, rule.validators())?;
        let mut sums = vec![0u128; owners as usize];
        let mut third_party = 0u128;
        let mut evaluations = 0u64;
        for number in 0..self.orderings {
            let order = self.ordering(owners, number);
            let mut best = 0;
            for (position, (owner, odds)) in order.iter().zip(&odds).enumerate() {
                // Of the coalition before this owner.
                third_party = plus(third_party, odds.third_party, best)?;
                let last = position.saturating_add(1) == order.len();
                let close = all.saturating_sub(best) <= self.tolerance;
                let next = if close || last {
                    all
                } else {
                    let first = order.get(..=position).unwrap_or_default();
                    evaluations = evaluations.saturating_add(1);
                    let raw = worth(first)?;
                    if raw.unsigned_abs() > MAX_WORTH.unsigned_abs() {
                        return Err(Error::Worth.into());
                    }
                    raw.clamp(best, all)
                };
                if let Some(sum) = sums.get_mut(*owner as usize) {
                    *sum = plus(*sum, odds.owner, next.saturating_sub(best))?;
                }
                best = next;
            }
            if let Some(odds) = odds.last() {
                third_party = plus(third_party, odds.third_party, best)?;
            }
        }
        let total = plus(0, UNIT, all)?;
        let total = total
            .checked_mul(self.orderings.into())
            .ok_or(Error::Overflow)?;
        let others = sums.iter().chain([&third_party]);
        let rest = others.copied().try_fold(total, u128::checked_sub);
        Ok(Estimate {
            shares: Shares {
                owners: sums.into_iter().map(Into::into).collect(),
                validators: rest.ok_or(Error::Overflow)?.into(),
                third_party: third_party.into(),
                total: total.into(),
            },
            evaluations,
        })
    }

    fn validate(&self, owners: u32, all: Worth) -> Result<(), Error> {
        if !(1..=MAX_SAMPLED).contains(&owners) {
            return Err(Error::Players);
        }
        if !(1..=MAX_ORDERINGS).contains(&self.orderings) {
            return Err(Error::Orderings);
        }
        if !(0..=MAX_WORTH).contains(&all) {
            return Err(Error::Worth);
        }
        match self.tolerance >= 0 {
            true => Ok(()),
            false => Err(Error::Parameter("the tolerance must not be negative")),
        }
    }

    /// Ordering number k: Fisher and Yates' shuffle with ChaCha20, the seed as key and k as stream.
    pub fn ordering(&self, owners: u32, number: u32) -> Vec<u32> {
        let mut random = ChaCha20Rng::from_seed(self.seed);
        random.set_stream(number.into());
        let mut order: Vec<u32> = (0..owners).collect();
        for last in (1..owners).rev() {
            let other = below(&mut random, last.saturating_add(1));
            order.swap(last as usize, other as usize);
        }
        order
    }
}

/// A number below `bound`, each as likely: words beyond the last multiple of it are drawn again.
fn below(random: &mut ChaCha20Rng, bound: u32) -> u32 {
    let uneven = u32::MAX.checked_rem(bound).unwrap_or_default();
    loop {
        let word = random.next_u32();
        // Leaves out up to one whole multiple, which harms nobody.
        if word < u32::MAX.saturating_sub(uneven) {
            return word.checked_rem(bound).unwrap_or_default();
        }
    }
}

/// sum + odds x worth, for a worth that is not negative.
fn plus(sum: u128, odds: u128, worth: Worth) -> Result<u128, Error> {
    let part = odds.checked_mul(worth.unsigned_abs().into());
    part.and_then(|part| sum.checked_add(part))
        .ok_or(Error::Overflow)
}

/// In a random order of all participants with h owners before, in units of 2^-64.
#[derive(Clone, Copy)]
struct Odds {
    /// That the third party and a validator stand before the next owner.
    owner: u128,
    /// That the third party stands right after these h owners, and a validator before it.
    third_party: u128,
}

/// For h from 0 to the number of owners; the last has no next owner.
fn odds(owners: u32, validators: u32) -> Result<Vec<Odds>, Error> {
    if validators == 0 {
        let alone = Odds {
            owner: UNIT,
            third_party: 0,
        };
        return Ok((0..=owners).map(|_| alone).collect());
    }
    let some = u128::from(owners).saturating_add(1);
    let all = some.saturating_add(validators.into());
    // C(H, k) / C(H + M, k), rounded up, so that what depends on it is rounded down.
    let mut ratio = UNIT;
    let mut found = Vec::new();
    // 1/(H + 1) - ratio/N.
    let difference = |ratio: u128, times: u32| {
        let whole = UNIT
            .checked_mul(all)?
            .checked_sub(ratio.checked_mul(some)?)?;
        whole
            .checked_mul(times.into())?
            .checked_div(some.checked_mul(all)?)
    };
    for h in 0..=owners {
        let third_party = difference(ratio, 1).ok_or(Error::Overflow)?;
        let left = owners.saturating_sub(h);
        let above = ratio.saturating_mul(left.into());
        // At least the number of validators, which is not 0.
        ratio = above.div_ceil(u128::from(left).saturating_add(validators.into()));
        let owner = difference(ratio, h.saturating_add(1)).ok_or(Error::Overflow)?;
        found.push(Odds { owner, third_party });
    }
    Ok(found)
}

/// How far estimated values may be from those of the game that [`Sampling::estimate`] defines, in
/// units of worth: with probability 1 - 1/`one_in` at least, no value of anybody is farther away.
///
/// Hoeffding's inequality over values from 0 to `all`, for all owners, the validators and the third
/// party at once, and the tolerance: all sqrt(ln(2 (H + 2) one_in) / (2 m)) + tolerance, rounded up.
pub fn error_bound(
    owners: u32,
    all: Worth,
    sampling: &Sampling,
    one_in: u32,
) -> Result<Worth, Error> {
    sampling.validate(owners, all)?;
    let events = u128::from(owners).saturating_add(2).saturating_mul(2);
    let events = events.saturating_mul(one_in.max(1).into());
    // ln x <= ceil(log2 x) x 0.693148.
    let logarithm = u128::from(events.next_power_of_two().ilog2()).saturating_mul(693_148);
    let square = u128::from(all.unsigned_abs()).saturating_pow(2);
    let above = square.checked_mul(logarithm).ok_or(Error::Overflow)?;
    let below = u128::from(sampling.orderings).saturating_mul(2_000_000);
    let root = above.div_ceil(below).isqrt().saturating_add(1);
    let root = Worth::try_from(root).map_err(|_| Error::Overflow)?;
    Ok(root.saturating_add(sampling.tolerance))
}
