//! Shares and parts, at their limits.

use polkadot_sdk::sp_runtime::{Perbill, Perquintill};

use crate::{
    math::{keep, proportion},
    Pool, SubPool,
};

#[test]
fn proportions_round_down_and_do_not_overflow() {
    assert_eq!(proportion(10, 1, 3), 3);
    assert_eq!(proportion(u128::MAX, 7, 7), u128::MAX);
    assert_eq!(proportion(u128::MAX, u128::MAX, u128::MAX), u128::MAX);
    assert_eq!(proportion(5, 1, 0), 5);
}

#[test]
fn shares_never_gain_by_buying_and_selling() {
    for value in [1u128, 3, 999, 1_000_003] {
        for shares in [1u128, 2, 1_000, 999_999_937] {
            for amount in [1u128, 7, 500, 123_457] {
                let mut pool = Pool {
                    value,
                    shares,
                    generation: 0,
                };
                let bought = pool.buy(amount);
                let got = pool.sell(bought);
                assert!(got <= amount, "{value} {shares} {amount}: {got}");
                assert!(pool.value >= value);
            }
        }
    }
}

#[test]
fn the_fewest_shares_worth_an_amount() {
    let pool = Pool {
        value: 1_000,
        shares: 777,
        generation: 0,
    };
    for amount in 1..=1_000 {
        let shares = pool.shares_worth(amount);
        assert!(pool.worth(shares) >= amount);
        assert!(shares == 1 || pool.worth(shares - 1) < amount);
    }
}

#[test]
fn all_the_shares_are_worth_all_the_value() {
    let mut pool = Pool {
        value: 10,
        shares: 3,
        generation: 0,
    };
    assert_eq!((pool.sell(1), pool.sell(1), pool.sell(1)), (3, 3, 4));
    assert_eq!(pool, Pool::default());
}

#[test]
fn parts_of_a_sub_pool_never_exceed_it() {
    let mut sub = SubPool {
        amount: 100,
        value: 100,
        ..SubPool::default()
    };
    let third = Perbill::from_rational(1u32, 3u32);
    let taken = sub.slash(third) + sub.slash(third);
    assert_eq!(sub.value, 100 - taken);
    let paid: u128 = [33, 33, 34].map(|part| sub.withdraw(part)).iter().sum();
    assert_eq!(paid, 100 - taken);
    assert!(sub.is_idle() && sub.value == 0);
}

#[test]
fn what_is_kept_only_falls() {
    let mut kept = Perquintill::one();
    for _ in 0..100 {
        let less = keep(kept, Perbill::from_percent(50));
        assert!(less < kept || kept.is_zero());
        kept = less;
    }
    assert_eq!(
        keep(Perquintill::one(), Perbill::one()),
        Perquintill::zero()
    );
    assert_eq!(
        keep(Perquintill::one(), Perbill::zero()),
        Perquintill::one()
    );
}
