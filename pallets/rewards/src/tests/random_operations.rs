//! Whatever is done in whatever order, counts and sums are right and no pool is exceeded.

use std::collections::BTreeMap;

use crate::{mock::*, Event, NextOfferId, NextVoucherId, OfferKind, Units};

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
}

#[test]
fn sums_hold() {
    for seed in 0..4 {
        build_and_execute(|| {
            let mut dice = Dice(seed);
            let mut next = 0;
            // What each period and institution minted, net of what was burnt.
            let mut minted = BTreeMap::<(u32, AccountId), u128>::new();
            let mut pools = BTreeMap::<u32, u128>::new();
            for step in 0..1_600 {
                let n = next - dice.below(30).min(next);
                let unit = Units::<Test>::get(record(n));
                let supply = Balances::total_issuance();
                match dice.below(13) {
                    0..4 => {
                        next += 1;
                        stored(next, PATIENT + dice.below(12), 1 + dice.below(10).min(3));
                        // Where all units of a period are revoked in it, the next is its first.
                        for (index, period) in crate::Periods::<Test>::iter() {
                            pools.insert(index, period.pool);
                        }
                    }
                    4 => revoked(n),
                    5..9 => {
                        let _ = Rewards::claim(signed(STRANGER), record(n));
                    }
                    9 | 10 => {
                        let member = 1 + dice.below(3);
                        // Mostly of the last few.
                        let recent = |next: u32, back| next.saturating_sub(1 + back as u32);
                        let offer = recent(NextOfferId::<Test>::get(), dice.below(4));
                        let voucher = recent(NextVoucherId::<Test>::get(), dice.below(3));
                        let _ = match dice.below(5) {
                            0 => Rewards::offer(
                                signed(member),
                                OfferKind::DataAccess,
                                u128::from(dice.below(1_000)),
                                2,
                                MAX_VALIDITY / 4,
                                Default::default(),
                            ),
                            1 => Rewards::withdraw_offer(signed(member), offer),
                            2 => Rewards::redeem(
                                signed(PATIENT + dice.below(2)),
                                offer,
                                1_000,
                                commitment(),
                            ),
                            3 => Rewards::honour(signed(member), voucher, SECRET),
                            _ => Rewards::refund(signed(PATIENT + dice.below(2)), voucher),
                        };
                    }
                    _ => run_to(System::block_number() + dice.below(20) as u32),
                }
                if let Some(unit) = unit {
                    let sum = minted.entry((unit.period, unit.institution)).or_default();
                    *sum = *sum + Balances::total_issuance() - supply;
                } else {
                    assert_eq!(Balances::total_issuance(), supply);
                }
                if step % 8 == 0 {
                    check();
                }
            }
            assert!(pools.len() > 20);
            let mut totals = BTreeMap::<u32, u128>::new();
            for ((period, _), amount) in minted {
                assert!(amount <= pools[&period] / 5);
                *totals.entry(period).or_default() += amount;
            }
            assert!(totals.iter().all(|(period, sum)| *sum <= pools[period]));
            assert!(totals.values().sum::<u128>() > 0);
            let honoured = System::events().into_iter().any(|record| {
                matches!(record.event, RuntimeEvent::Rewards(Event::Honoured { .. }))
            });
            assert!(honoured, "seed {seed}");
        });
    }
}
