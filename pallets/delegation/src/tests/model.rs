//! The rules of the pallet once more, slowly: no totals, no indices, no generations. Whatever is a
//! sum is added up when it is asked for, whoever has something is found by looking at everybody.

use std::collections::{BTreeMap, BTreeSet};

use codec::Encode;
use polkadot_sdk::{sp_core::U256, sp_io::hashing::blake2_128};

use crate::{mock::*, MAX_MOVED, MAX_SHARES_PER_UNIT, MAX_UNBONDING};

const ONE: u64 = 1_000_000_000_000_000_000;
const BILLION: u128 = 1_000_000_000;

/// Inflation of a session in the game, in 10^-18.
pub const INFLATION: u64 = 10_000_000_000_000;

/// a × b / c, rounded down.
fn times(a: u128, b: u128, c: u128) -> u128 {
    (U256::from(a) * U256::from(b) / U256::from(c)).as_u128()
}

fn times_up(a: u128, b: u128, c: u128) -> u128 {
    let (whole, rest) = (U256::from(a) * U256::from(b)).div_mod(U256::from(c));
    (whole + U256::from(u8::from(!rest.is_zero()))).as_u128()
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    Absent,
    Offence,
}

#[derive(Clone, Debug)]
pub struct Candidate {
    pub bond: u128,
    pub commission: u32,
    pub announced: Option<(u32, u32)>,
    pub chilled: Option<Why>,
    pub leaving: Option<u32>,
    pub expected: u64,
    pub authored: u64,
}

#[derive(Clone, Default, Debug)]
pub struct Stake {
    pub shares: u128,
    pub principal: u128,
}

#[derive(Clone, Debug)]
struct Moved {
    owner: AccountId,
    to: AccountId,
    from: AccountId,
    session: u32,
    shares: u128,
    kept: u64,
}

#[derive(Clone, Debug)]
struct Part {
    owner: AccountId,
    candidate: AccountId,
    session: u32,
    amount: u128,
}

#[derive(Clone, Debug)]
struct Slash {
    candidate: AccountId,
    session: u32,
    parts: u32,
    due: u32,
    cancelled: bool,
}

#[derive(Clone)]
pub struct Model {
    pub free: BTreeMap<AccountId, u128>,
    pub candidates: BTreeMap<AccountId, Candidate>,
    /// What each pool is worth.
    pub pools: BTreeMap<AccountId, u128>,
    /// By delegator and candidate.
    pub stakes: BTreeMap<(AccountId, AccountId), Stake>,
    moved: Vec<Moved>,
    parts: Vec<Part>,
    /// By candidate and last session backed: what is kept of it, and the units there are.
    subs: BTreeMap<(AccountId, u32), (u64, u128)>,
    slashes: Vec<Slash>,
    /// Slashes that a block may take.
    limit: usize,
    pub session: u32,
    pub validators: Vec<AccountId>,
    pub planned: Vec<AccountId>,
    blocks: BTreeMap<AccountId, u32>,
    /// Institutions that are none for the time being.
    pub out_of_office: BTreeSet<AccountId>,
}

type Done = Option<()>;

fn require(holds: bool) -> Done {
    holds.then_some(())
}

impl Model {
    /// The chain of the mock at genesis, with so many slashes a block.
    pub fn new(
        free: BTreeMap<AccountId, u128>,
        candidates: Vec<(AccountId, u128)>,
        limit: usize,
    ) -> Self {
        let mut model = Self {
            free,
            candidates: BTreeMap::new(),
            pools: BTreeMap::new(),
            stakes: BTreeMap::new(),
            moved: vec![],
            parts: vec![],
            subs: BTreeMap::new(),
            slashes: vec![],
            limit,
            session: 0,
            validators: (1..=4).collect(),
            planned: (1..=4).collect(),
            blocks: BTreeMap::new(),
            out_of_office: BTreeSet::new(),
        };
        for (who, bond) in candidates {
            model.candidates.insert(
                who,
                Candidate {
                    bond,
                    commission: 100_000_000,
                    announced: None,
                    chilled: None,
                    leaving: None,
                    expected: 0,
                    authored: 0,
                },
            );
        }
        model
    }

    pub fn shares_of(&self, candidate: AccountId) -> u128 {
        self.stakes
            .iter()
            .filter(|((_, of), _)| *of == candidate)
            .map(|(_, stake)| stake.shares)
            .sum()
    }

    pub fn value_of(&self, candidate: AccountId) -> u128 {
        self.pools.get(&candidate).copied().unwrap_or(0)
    }

    /// What is in the pot for everybody.
    pub fn owed(&self) -> u128 {
        self.pools.values().sum::<u128>() + self.subs.values().map(|sub| sub.1).sum::<u128>()
    }

    pub fn supply(&self) -> u128 {
        self.free.values().sum::<u128>()
            + self.candidates.values().map(|one| one.bond).sum::<u128>()
            + self.owed()
            + DEPOSIT
    }

    fn commission(&self, candidate: AccountId) -> u32 {
        let one = &self.candidates[&candidate];
        match one.announced {
            Some((commission, from)) if from <= self.session => commission,
            _ => one.commission,
        }
    }

    fn pay(&mut self, who: AccountId, amount: u128) {
        *self.free.entry(who).or_default() += amount;
    }

    fn worth(&self, candidate: AccountId, shares: u128) -> u128 {
        let all = self.shares_of(candidate);
        if shares == all {
            return self.value_of(candidate);
        }
        times(self.value_of(candidate), shares, all)
    }

    pub fn worth_of(&self, who: AccountId, candidate: AccountId) -> u128 {
        let (mut mine, mut lost) = match self.stakes.get(&(who, candidate)) {
            Some(stake) if stake.shares > 0 => (stake.shares, 0),
            _ => return 0,
        };
        for moved in &self.moved {
            if (moved.owner, moved.to) == (who, candidate) {
                let kept = self.subs[&(moved.from, moved.session)].0;
                lost += moved.shares - times(moved.shares, kept.into(), moved.kept.into());
            }
        }
        let (mut value, mut all) = (self.value_of(candidate), self.shares_of(candidate));
        if lost > 0 {
            value -= self.worth(candidate, lost);
            all -= lost;
            mine -= lost;
        }
        if mine == all {
            value
        } else {
            times(value, mine, all)
        }
    }

    /// Takes off what slashes elsewhere took.
    fn count(&mut self, who: AccountId, candidate: AccountId) {
        let mut lost = 0;
        let subs = &self.subs;
        for moved in &mut self.moved {
            if (moved.owner, moved.to) == (who, candidate) {
                let kept = subs[&(moved.from, moved.session)].0;
                let left = times(moved.shares, kept.into(), moved.kept.into());
                lost += moved.shares - left;
                moved.shares = left;
                moved.kept = kept;
            }
        }
        if lost > 0 {
            let amount = self.worth(candidate, lost);
            self.stakes.get_mut(&(who, candidate)).unwrap().shares -= lost;
            *self.pools.get_mut(&candidate).unwrap() -= amount;
            self.pay(TREASURY, amount);
        }
    }

    fn open(&mut self, who: AccountId, candidate: AccountId) -> Done {
        require(!self.is_slash_due())?;
        let exists = self.stakes.contains_key(&(who, candidate))
            || self
                .parts
                .iter()
                .any(|part| (part.owner, part.candidate) == (who, candidate));
        require(exists)?;
        self.count(who, candidate);
        let past = self.session.saturating_sub(REPORT + DEFERRAL);
        self.moved.retain(|moved| {
            (moved.owner, moved.to) != (who, candidate)
                || (moved.shares > 0 && moved.session >= past)
        });
        Some(())
    }

    fn close(&mut self, who: AccountId, candidate: AccountId) {
        if self
            .stakes
            .get(&(who, candidate))
            .is_some_and(|stake| stake.shares == 0)
        {
            self.stakes.remove(&(who, candidate));
        }
    }

    fn open_to_stake(&self, candidate: AccountId) -> Done {
        require(self.candidates.get(&candidate)?.leaving.is_none())?;
        require(!self.is_accused(candidate))
    }

    fn is_accused(&self, candidate: AccountId) -> bool {
        self.slashes
            .iter()
            .any(|slash| slash.candidate == candidate && !slash.cancelled)
    }

    fn locked(&self, who: AccountId, candidate: AccountId) -> u128 {
        self.moved
            .iter()
            .filter(|moved| (moved.owner, moved.to) == (who, candidate))
            .map(|moved| moved.shares)
            .sum()
    }

    fn buy(
        &mut self,
        who: AccountId,
        candidate: AccountId,
        amount: u128,
        principal: u128,
    ) -> Option<u128> {
        let all = self.shares_of(candidate);
        let mine = self
            .stakes
            .get(&(who, candidate))
            .map_or(0, |stake| stake.shares);
        let worth = if mine == 0 {
            0
        } else {
            self.worth(candidate, mine)
        };
        require(worth + amount >= MIN_DELEGATION)?;
        let shares = if all == 0 {
            amount
        } else {
            times(amount, all, self.value_of(candidate))
        };
        require(shares > 0)?;
        let stake = self.stakes.entry((who, candidate)).or_default();
        stake.shares += shares;
        stake.principal += principal;
        *self.pools.entry(candidate).or_default() += amount;
        Some(shares)
    }

    fn sell(&mut self, who: AccountId, candidate: AccountId, amount: u128) -> Option<(u128, u128)> {
        require(amount > 0)?;
        let stake = self.stakes.get(&(who, candidate))?.clone();
        require(stake.shares > 0)?;
        let all = self.shares_of(candidate);
        let value = self.value_of(candidate);
        let mut shares = if amount >= self.worth(candidate, stake.shares) {
            stake.shares
        } else {
            times_up(amount, all, value).min(stake.shares)
        };
        let rest = stake.shares - shares;
        if rest == 0 || self.worth(candidate, rest) < MIN_DELEGATION {
            shares = stake.shares;
        }
        require(shares + self.locked(who, candidate) <= stake.shares)?;
        let principal = times(stake.principal, shares, stake.shares);
        let worth = self.worth(candidate, shares);
        require(worth > 0)?;
        let mine = self.stakes.get_mut(&(who, candidate))?;
        mine.shares -= shares;
        mine.principal -= principal;
        *self.pools.get_mut(&candidate)? -= worth;
        Some((worth, principal))
    }

    fn begin_unbonding(&mut self, owner: AccountId, candidate: AccountId, amount: u128) -> Done {
        let session = self.session + 1;
        let mine = |part: &Part| (part.owner, part.candidate) == (owner, candidate);
        let same = self
            .parts
            .iter_mut()
            .find(|part| mine(part) && part.session == session);
        match same {
            Some(part) => part.amount += amount,
            None => {
                let count = self.parts.iter().filter(|part| mine(part)).count();
                require(count < MAX_UNBONDING as usize)?;
                self.parts.push(Part {
                    owner,
                    candidate,
                    session,
                    amount,
                });
            }
        }
        self.subs.entry((candidate, session)).or_insert((ONE, 0)).1 += amount;
        Some(())
    }

    pub fn delegate(&mut self, who: AccountId, candidate: AccountId, amount: u128) -> Done {
        self.open_to_stake(candidate)?;
        require(!self.is_slash_due())?;
        self.open(who, candidate);
        self.buy(who, candidate, amount, amount)?;
        let free = self.free.get_mut(&who)?;
        require(*free >= amount + DEPOSIT)?;
        *free -= amount;
        self.close(who, candidate);
        Some(())
    }

    pub fn unbond(&mut self, who: AccountId, candidate: AccountId, amount: u128) -> Done {
        self.open(who, candidate)?;
        let (amount, _) = self.sell(who, candidate, amount)?;
        self.begin_unbonding(who, candidate, amount)?;
        self.close(who, candidate);
        Some(())
    }

    pub fn claim(&mut self, who: AccountId, candidate: AccountId) -> Done {
        self.open(who, candidate)?;
        let stake = self.stakes.get(&(who, candidate))?.clone();
        require(stake.shares > 0)?;
        let gain = self
            .worth(candidate, stake.shares)
            .checked_sub(stake.principal.max(MIN_DELEGATION))?;
        let shares = times(gain, self.shares_of(candidate), self.value_of(candidate))
            .min(stake.shares - self.locked(who, candidate));
        require(shares > 0)?;
        let amount = self.worth(candidate, shares);
        require(amount > 0)?;
        self.stakes.get_mut(&(who, candidate))?.shares -= shares;
        *self.pools.get_mut(&candidate)? -= amount;
        self.begin_unbonding(who, candidate, amount)?;
        self.close(who, candidate);
        Some(())
    }

    pub fn redelegate(
        &mut self,
        who: AccountId,
        from: AccountId,
        to: AccountId,
        amount: u128,
    ) -> Done {
        require(from != to)?;
        self.open_to_stake(to)?;
        self.open(who, from)?;
        let (amount, principal) = self.sell(who, from, amount)?;
        self.close(who, from);
        self.open(who, to);
        let shares = self.buy(who, to, amount, principal)?;
        let session = self.session + 1;
        let mine = |moved: &Moved| (moved.owner, moved.to) == (who, to);
        let same = self
            .moved
            .iter_mut()
            .find(|moved| mine(moved) && moved.from == from && moved.session == session);
        match same {
            Some(moved) => moved.shares += shares,
            None => {
                let count = self.moved.iter().filter(|moved| mine(moved)).count();
                require(count < MAX_MOVED as usize)?;
                self.subs.entry((from, session)).or_insert((ONE, 0));
                self.moved.push(Moved {
                    owner: who,
                    to,
                    from,
                    session,
                    shares,
                    kept: ONE,
                });
            }
        }
        Some(())
    }

    pub fn withdraw(&mut self, who: AccountId, candidate: AccountId) -> Done {
        self.open(who, candidate)?;
        let mut found = false;
        while let Some(at) = self.parts.iter().position(|part| {
            (part.owner, part.candidate) == (who, candidate)
                && part.session + UNBONDING <= self.session
        }) {
            found = true;
            let part = self.parts.remove(at);
            let others = self
                .parts
                .iter()
                .any(|other| (other.candidate, other.session) == (part.candidate, part.session));
            let sub = self.subs.get_mut(&(candidate, part.session))?;
            let left = if others {
                times(part.amount, sub.0.into(), ONE.into())
            } else {
                sub.1
            };
            sub.1 -= left;
            self.pay(who, left);
        }
        require(found)?;
        self.close(who, candidate);
        Some(())
    }

    pub fn settle(&mut self, who: AccountId, candidate: AccountId) -> Done {
        self.open(who, candidate)?;
        self.close(who, candidate);
        Some(())
    }

    pub fn register(&mut self, who: AccountId, bond: u128, commission: u32) -> Done {
        require(!self.candidates.contains_key(&who) && bond >= MIN_BOND)?;
        require(!self.out_of_office.contains(&who))?;
        *self.free.get_mut(&who)? -= bond;
        self.candidates.insert(
            who,
            Candidate {
                bond,
                commission,
                announced: None,
                chilled: None,
                leaving: None,
                expected: 0,
                authored: 0,
            },
        );
        Some(())
    }

    pub fn add_bond(&mut self, who: AccountId, amount: u128) -> Done {
        let one = self.candidates.get_mut(&who)?;
        require(one.leaving.is_none())?;
        one.bond += amount;
        *self.free.get_mut(&who)? -= amount;
        Some(())
    }

    pub fn set_commission(&mut self, who: AccountId, commission: u32) -> Done {
        require(self.candidates.contains_key(&who))?;
        let now = self.commission(who);
        let from = self.session + NOTICE;
        let one = self.candidates.get_mut(&who)?;
        one.commission = now.min(commission);
        one.announced = (commission > now).then_some((commission, from));
        Some(())
    }

    pub fn leave(&mut self, who: AccountId) -> Done {
        let one = self.candidates.get_mut(&who)?;
        require(one.leaving.is_none())?;
        one.leaving = Some(self.session + 1 + UNBONDING);
        Some(())
    }

    pub fn withdraw_bond(&mut self, who: AccountId) -> Done {
        require(!self.is_slash_due())?;
        require(self.candidates.get(&who)?.leaving? <= self.session)?;
        require(!self.is_accused(who))?;
        let bond = self.candidates.remove(&who)?.bond;
        self.pay(who, bond);
        Some(())
    }

    pub fn back(&mut self, who: AccountId) -> Done {
        let one = self.candidates.get_mut(&who)?;
        one.chilled.take()?;
        (one.expected, one.authored) = (0, 0);
        Some(())
    }

    pub fn author(&mut self, who: AccountId) {
        *self.blocks.entry(who).or_default() += 1;
    }

    pub fn report(&mut self, candidate: AccountId, session: u32, parts: u32) {
        let Some(one) = self.candidates.get_mut(&candidate) else {
            return;
        };
        if parts == 0 || session + REPORT < self.session {
            return;
        }
        let known = self
            .slashes
            .iter_mut()
            .find(|slash| (slash.candidate, slash.session) == (candidate, session));
        match known {
            Some(slash) if slash.cancelled || slash.parts >= parts => return,
            Some(slash) => slash.parts = parts,
            None => self.slashes.push(Slash {
                candidate,
                session,
                parts,
                due: self.session + DEFERRAL,
                cancelled: false,
            }),
        }
        one.chilled = Some(Why::Offence);
    }

    pub fn cancel(&mut self, candidate: AccountId, session: u32) -> Done {
        require(!self.is_slash_due())?;
        let slash = self.slashes.iter_mut().find(|slash| {
            (slash.candidate, slash.session) == (candidate, session) && !slash.cancelled
        })?;
        slash.cancelled = true;
        Some(())
    }

    pub fn pending(&self) -> Vec<(AccountId, u32)> {
        self.slashes
            .iter()
            .map(|slash| (slash.candidate, slash.session))
            .collect()
    }

    fn take(&mut self, slash: &Slash) {
        let part = |amount: u128| times(amount, slash.parts.into(), BILLION);
        let one = self.candidates.get_mut(&slash.candidate).unwrap();
        let of_bond = part(one.bond);
        one.bond -= of_bond;
        let mut taken = of_bond;

        let value = self.value_of(slash.candidate);
        let shares = self.shares_of(slash.candidate);
        if shares > 0 {
            let left = value - part(value);
            if left * MAX_SHARES_PER_UNIT < shares {
                taken += value;
                self.pools.insert(slash.candidate, 0);
                for ((_, of), stake) in &mut self.stakes {
                    if *of == slash.candidate {
                        *stake = Stake::default();
                    }
                }
                self.moved.retain(|moved| moved.to != slash.candidate);
            } else {
                taken += value - left;
                self.pools.insert(slash.candidate, left);
            }
        }
        for ((candidate, session), sub) in &mut self.subs {
            if *candidate != slash.candidate || *session < slash.session {
                continue;
            }
            let amount: u128 = self
                .parts
                .iter()
                .filter(|part| (part.candidate, part.session) == (*candidate, *session))
                .map(|part| part.amount)
                .sum();
            sub.0 = times(sub.0.into(), BILLION - u128::from(slash.parts), BILLION) as u64;
            let left = times(amount, sub.0.into(), ONE.into()).min(sub.1);
            taken += sub.1 - left;
            sub.1 = left;
        }
        let reward = times(of_bond, 1, 10);
        self.pay(REPORTER, reward);
        self.pay(TREASURY, taken - reward);
    }

    fn ranking(&self) -> Vec<AccountId> {
        let mut left: Vec<_> = self
            .candidates
            .iter()
            .filter(|(who, one)| {
                one.leaving.is_none()
                    && one.chilled.is_none()
                    && one.bond >= MIN_BOND
                    && !self.out_of_office.contains(who)
            })
            .map(|(who, one)| (one.bond + self.value_of(*who), one.bond, *who))
            .collect();
        let mut ranking = vec![];
        while let Some(best) =
            left.iter()
                .copied()
                .reduce(|a, b| match a.0.cmp(&b.0).then(a.1.cmp(&b.1)) {
                    std::cmp::Ordering::Greater => a,
                    std::cmp::Ordering::Less => b,
                    std::cmp::Ordering::Equal if a.2 < b.2 => a,
                    std::cmp::Ordering::Equal => b,
                })
        {
            left.retain(|one| *one != best);
            ranking.push(best.2);
        }
        ranking
    }

    /// Whether a slash that is due waits for its block.
    pub fn is_slash_due(&self) -> bool {
        self.slashes.iter().any(|slash| slash.due <= self.session)
    }

    /// Takes the slashes that are due, the oldest first.
    pub fn next_block(&mut self) {
        let order = |slash: &Slash| {
            let key = blake2_128(&(slash.candidate, slash.session).encode());
            (slash.due, key)
        };
        self.slashes.sort_by_key(order);
        for _ in 0..self.limit {
            if !self.is_slash_due() {
                break;
            }
            let slash = self.slashes.remove(0);
            if !slash.cancelled {
                self.take(&slash);
            }
        }
    }

    pub fn next_session(&mut self) {
        // The end of the old session: rewards and absences.
        let blocks: Vec<_> = self
            .validators
            .iter()
            .map(|who| (*who, self.blocks.remove(who).unwrap_or(0)))
            .collect();
        let total: u32 = blocks.iter().map(|(_, authored)| authored).sum();
        let present = blocks.iter().filter(|(_, authored)| *authored > 0).count();
        let whole = times(self.supply(), INFLATION.into(), ONE.into());
        let mut absent = vec![];
        for (who, authored) in &blocks {
            if !self.candidates.contains_key(who) {
                continue;
            }
            let amount = times(whole, (*authored).into(), total.max(BLOCKS).into());
            let commission = times(amount, self.commission(*who).into(), BILLION);
            let shared = amount - commission;
            let (bond, value) = (self.candidates[who].bond, self.value_of(*who));
            let own = if value == 0 {
                shared
            } else {
                times(shared, bond, bond + value)
            };
            self.pay(*who, commission + own);
            *self.pools.entry(*who).or_default() += shared - own;

            if 3 * total <= 2 * BLOCKS || 3 * present <= 2 * blocks.len() {
                continue;
            }
            let one = self.candidates.get_mut(who).unwrap();
            one.expected += u64::from(total) * 1_000 / blocks.len() as u64;
            one.authored += u64::from(*authored) * 1_000;
            if one.expected >= 5_000 {
                if one.authored < one.expected / 5 {
                    absent.push((one.authored, *who));
                } else {
                    (one.expected, one.authored) = (0, 0);
                }
            }
        }
        absent.sort();
        for (_, who) in absent.into_iter().take(blocks.len() / 3) {
            let one = self.candidates.get_mut(&who).unwrap();
            (one.expected, one.authored) = (0, 0);
            one.chilled.get_or_insert(Why::Absent);
        }

        // The new one starts: slashes.
        self.session += 1;
        self.validators = self.planned.clone();
        self.next_block();

        // What nobody asks for any more.
        let (parts, moved) = (&self.parts, &self.moved);
        self.subs.retain(|key, _| {
            parts
                .iter()
                .any(|part| (part.candidate, part.session) == *key)
                || moved
                    .iter()
                    .any(|moved| (moved.from, moved.session) == *key)
        });

        // The one after it is planned.
        let mut ranking = self.ranking();
        ranking.truncate(4);
        if ranking.len() >= 2 {
            self.planned = ranking;
        } else {
            let unlocks = self.session + 1 + UNBONDING;
            for who in &self.validators {
                if let Some(one) = self.candidates.get_mut(who) {
                    one.leaving = one.leaving.map(|before| before.max(unlocks));
                }
            }
            self.planned = self.validators.clone();
        }
    }
}
