//! Whatever is done in whatever order, the pallet does what the model does, to the last unit.

use polkadot_sdk::{
    frame_support::traits::fungible::Inspect,
    sp_runtime::{traits::Dispatchable, Perbill, Perquintill},
};

use super::model::{Model, INFLATION};
use crate::{mock::*, Call, Candidates, Delegations, Pools};

/// A stream of pseudo-random numbers (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Small, middling and large amounts alike.
    fn amount(&mut self) -> u128 {
        let digits = self.below(6) as u32;
        u128::from(self.below(10u64.pow(digits + 1)))
    }

    fn candidate(&mut self) -> AccountId {
        1 + self.below(8)
    }

    fn delegator(&mut self) -> AccountId {
        21 + self.below(10)
    }
}

#[derive(Default, Debug)]
struct Tally {
    done: [u32; 18],
    /// Operations while due slashes waited for their block.
    waited: u32,
    refused: u32,
}

fn dispatch(call: Call<Test>, origin: RuntimeOrigin) -> bool {
    RuntimeCall::from(call).dispatch(origin).is_ok()
}

struct Game {
    dice: Dice,
    model: Model,
    slot: u64,
    tally: Tally,
}

impl Game {
    /// One operation on both; where refused, the model is as before.
    fn operate(&mut self) {
        let dice = &mut self.dice;
        let (who, candidate, other) = (dice.delegator(), dice.candidate(), dice.candidate());
        let amount = dice.amount();
        let mut next = self.model.clone();
        self.tally.waited += u32::from(next.is_slash_due());
        let kind = match dice.below(100) {
            0..20 => 0,
            20..35 => 1,
            35..47 => 2,
            47..57 => 3,
            57..61 => 4,
            61..65 => 5,
            65..67 => 6,
            67..69 => 7,
            69..71 => 8,
            71 if dice.chance(50) => 9,
            71..74 => 10,
            74..79 => 11,
            79..81 => 12,
            81..82 => 13,
            82..91 => 14,
            91..97 => 15,
            97..99 => 16,
            _ => 17,
        };
        let (expected, done) = match kind {
            0 => (
                next.delegate(who, candidate, amount),
                dispatch(Call::delegate { candidate, amount }, signed(who)),
            ),
            1 => (
                next.unbond(who, candidate, amount),
                dispatch(Call::unbond { candidate, amount }, signed(who)),
            ),
            2 => (
                next.redelegate(who, candidate, other, amount),
                dispatch(
                    Call::redelegate {
                        from: candidate,
                        to: other,
                        amount,
                    },
                    signed(who),
                ),
            ),
            3 => (
                next.withdraw(who, candidate),
                dispatch(Call::withdraw { candidate }, signed(who)),
            ),
            4 => (
                next.claim(who, candidate),
                dispatch(Call::claim { candidate }, signed(who)),
            ),
            5 => (
                next.settle(who, candidate),
                dispatch(
                    Call::settle {
                        delegator: who,
                        candidate,
                    },
                    signed(STRANGER),
                ),
            ),
            6 => {
                let (bond, parts) = (amount % 20_000, dice.below(300_000_000) as u32);
                let commission = Perbill::from_parts(parts);
                (
                    next.register(candidate, bond, parts),
                    dispatch(
                        Call::register_candidate { bond, commission },
                        signed(candidate),
                    ),
                )
            }
            7 => {
                let amount = amount % 5_000;
                (
                    next.add_bond(candidate, amount),
                    dispatch(Call::add_bond { amount }, signed(candidate)),
                )
            }
            8 => {
                let parts = dice.below(300_000_000) as u32;
                let commission = Perbill::from_parts(parts);
                (
                    next.set_commission(candidate, parts),
                    dispatch(Call::set_commission { commission }, signed(candidate)),
                )
            }
            9 => (
                next.leave(candidate),
                dispatch(Call::leave {}, signed(candidate)),
            ),
            10 => (
                next.withdraw_bond(candidate),
                dispatch(Call::withdraw_bond {}, signed(candidate)),
            ),
            11 => (
                next.back(candidate),
                dispatch(Call::back {}, signed(candidate)),
            ),
            12 => {
                let session = session().saturating_sub(dice.below(4) as u32);
                let parts = match dice.below(12) {
                    0 => 1_000_000_000,
                    1..4 => dice.below(1_000_000_001) as u32,
                    _ => dice.below(30_000_000) as u32,
                };
                self.slot += 1;
                next.report(candidate, session, parts);
                let fraction = Perbill::from_parts(parts);
                report_fraction(vec![REPORTER], candidate, session, self.slot, fraction).unwrap();
                (Some(()), true)
            }
            13 => {
                let pending = next.pending();
                let (candidate, session) = match pending.len() {
                    0 => (candidate, session()),
                    n => pending[dice.below(n as u64) as usize],
                };
                (
                    next.cancel(candidate, session),
                    dispatch(
                        Call::cancel_slash { candidate, session },
                        RuntimeOrigin::root(),
                    ),
                )
            }
            14 => {
                // One of the validators may be away for long.
                let away = self.slot % 5;
                for who in Session::validators() {
                    if who != away {
                        let blocks = dice.below(10) as u32;
                        author(who, blocks);
                        (0..blocks).for_each(|_| next.author(who));
                    }
                }
                (Some(()), true)
            }
            15 => {
                next_session();
                next.next_session();
                System::reset_events();
                (Some(()), true)
            }
            16 => {
                next_block();
                next.next_block();
                (Some(()), true)
            }
            _ => {
                // An institution leaves office, or comes back.
                if !next.out_of_office.remove(&candidate) {
                    next.out_of_office.insert(candidate);
                }
                NOT_INSTITUTIONS.set(next.out_of_office.clone());
                (Some(()), true)
            }
        };
        assert_eq!(
            expected.is_some(),
            done,
            "operation {kind} of {who} and {candidate} with {amount}"
        );
        if done {
            self.model = next;
            self.tally.done[kind] += 1;
        } else {
            self.tally.refused += 1;
        }
        self.compare(who, candidate);
        self.compare(who, other);
    }

    fn compare(&self, who: AccountId, candidate: AccountId) {
        let pool = Pools::<Test>::get(candidate);
        assert_eq!(pool.value, self.model.value_of(candidate));
        assert_eq!(pool.shares, self.model.shares_of(candidate));
        assert_eq!(worth(who, candidate), self.model.worth_of(who, candidate));
        assert_eq!(free(who), self.model.free[&who]);
        let bond = self.model.candidates.get(&candidate).map(|one| one.bond);
        assert_eq!(Candidates::<Test>::get(candidate).map(|one| one.bond), bond);
    }

    fn compare_all(&self) {
        for (who, amount) in &self.model.free {
            assert_eq!(free(*who), *amount, "{who}");
        }
        for candidate in 1..=8 {
            for who in 21..=30 {
                self.compare(who, candidate);
                let principal = Delegations::<Test>::get(who, candidate)
                    .filter(|delegation| {
                        delegation.generation == Pools::<Test>::get(candidate).generation
                    })
                    .map_or(0, |delegation| delegation.principal);
                assert_eq!(
                    principal,
                    self.model
                        .stakes
                        .get(&(who, candidate))
                        .map_or(0, |stake| stake.principal)
                );
            }
            let one = Candidates::<Test>::get(candidate);
            let model = self.model.candidates.get(&candidate);
            assert_eq!(one.is_some(), model.is_some());
            if let (Some(one), Some(model)) = (one, model) {
                assert_eq!(one.chilled.is_some(), model.chilled.is_some());
                assert_eq!(one.leaving, model.leaving);
                assert_eq!(one.commission.deconstruct(), model.commission);
                assert_eq!(
                    (one.attendance.expected, one.attendance.authored),
                    (model.expected, model.authored)
                );
            }
        }
        assert_eq!(Session::validators(), self.model.validators);
        let planned: Vec<_> = Session::queued_keys()
            .into_iter()
            .map(|(who, _)| who)
            .collect();
        assert_eq!(planned, self.model.planned);
        let sorted = |mut all: Vec<_>| {
            all.sort();
            all
        };
        assert_eq!(sorted(elected()), sorted(planned));
        assert_eq!(free(Delegation::pot()), self.model.owed() + DEPOSIT);
        assert_eq!(
            <Balances as Inspect<_>>::total_issuance(),
            self.model.supply()
        );
        check();
    }
}

fn play(seed: u64, operations: u32) {
    // As in the runtime; few enough for most to wait; and enough for all.
    let limit = [4, 1, 100][seed as usize % 3];
    let mut ext = ExtBuilder::default().build();
    let mut game = ext.execute_with(|| {
        MaxSlashesPerBlock::set(limit);
        SessionInflation::set(Perquintill::from_parts(INFLATION));
        let free = CANDIDATES
            .chain(NEWCOMERS)
            .chain(DELEGATORS)
            .chain([STRANGER, REPORTER, TREASURY])
            .map(|who| (who, free(who)))
            .collect();
        Game {
            dice: Dice(seed),
            model: Model::new(
                free,
                CANDIDATES.map(|who| (who, bond_of(who))).collect(),
                limit as usize,
            ),
            slot: 0,
            tally: Tally::default(),
        }
    });
    for round in 0..operations.div_ceil(100) {
        ext.execute_with(|| {
            for _ in 0..100 {
                game.operate();
            }
            if round % 10 == 9 {
                game.compare_all();
            }
        });
        ext.commit_all().unwrap();
    }
    // The game is worth something only if every operation succeeds often.
    let Tally {
        done,
        waited,
        refused,
    } = &game.tally;
    assert!(
        done.iter().all(|times| *times >= operations / 2_000),
        "seed {seed}: {done:?}, refused {refused}"
    );
    assert_eq!(*waited > 0, limit == 1, "seed {seed}: {waited}");
    ext.execute_with(|| wind_up(&mut game));
}

/// Everybody takes out everything: nothing is stuck, nothing is left.
fn wind_up(game: &mut Game) {
    let rest = |game: &mut Game, sessions| {
        for _ in 0..sessions {
            next_session();
            game.model.next_session();
            while game.model.is_slash_due() {
                next_block();
                game.model.next_block();
            }
        }
    };
    let withdraw = |game: &mut Game, who, candidate| {
        let mut next = game.model.clone();
        let withdrawn = next.withdraw(who, candidate).is_some();
        assert_eq!(
            dispatch(Call::withdraw { candidate }, signed(who)),
            withdrawn
        );
        if withdrawn {
            game.model = next;
        }
    };
    // Moved stake becomes free, and what unbonds can be withdrawn.
    rest(game, UNBONDING + 2);
    let all: Vec<_> = Delegations::<Test>::iter_keys().collect();
    for (who, candidate) in &all {
        withdraw(game, *who, *candidate);
        if worth(*who, *candidate) > 0 {
            let amount = u128::MAX;
            Delegation::unbond(signed(*who), *candidate, amount).unwrap();
            game.model.unbond(*who, *candidate, amount).unwrap();
        }
    }
    rest(game, UNBONDING + 2);
    for (who, candidate) in &all {
        withdraw(game, *who, *candidate);
        let mut next = game.model.clone();
        let settled = next.settle(*who, *candidate).is_some();
        let settle = Call::settle {
            delegator: *who,
            candidate: *candidate,
        };
        assert_eq!(dispatch(settle, signed(*who)), settled);
        if settled {
            game.model = next;
        }
    }
    assert_eq!(Delegations::<Test>::iter().count(), 0);
    assert_eq!(crate::SubPools::<Test>::iter().count(), 0);
    assert_eq!(free(Delegation::pot()), DEPOSIT);
    game.compare_all();
}

/// 25,000 operations; the four tests make 100,000.
fn games(seeds: core::ops::Range<u64>) {
    for seed in seeds {
        play(seed, 5_000);
    }
}

#[test]
fn the_pallet_does_what_the_model_does() {
    games(0..5);
}

#[test]
fn the_pallet_does_what_the_model_does_second_quarter() {
    games(5..10);
}

#[test]
fn the_pallet_does_what_the_model_does_third_quarter() {
    games(10..15);
}

#[test]
fn the_pallet_does_what_the_model_does_last_quarter() {
    games(15..20);
}
