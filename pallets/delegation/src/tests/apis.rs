//! Answers for the runtime API.

use salus_primitives::stake::{StakeInfo, Standing};

use crate::mock::*;

#[test]
fn candidates_by_rank_and_page() {
    ExtBuilder::default().build_and_execute(|| {
        delegate(ALICE, 1, 55_000);
        Delegation::leave(signed(6)).unwrap();
        report(5, 0, 1, 10).unwrap();
        Delegation::set_commission(signed(4), polkadot_sdk::sp_runtime::Perbill::one()).unwrap();
        next_session();
        let all = Delegation::candidates(0, u32::MAX);
        let order: Vec<_> = all.iter().map(|info| info.account).collect();
        assert_eq!(order, vec![1, 6, 5, 4, 3, 2]);
        assert_eq!((all[0].bond, all[0].delegated), (10_000, 55_000));
        assert_eq!(all[1].standing, Standing::Leaving);
        assert_eq!(
            (all[2].standing, all[2].pending_slashes),
            (Standing::Chilled, 1)
        );
        assert_eq!(all[3].announced.map(|(_, from)| from), Some(NOTICE));
        assert_eq!(
            all.iter()
                .filter(|info| info.elected)
                .map(|info| info.account)
                .collect::<Vec<_>>(),
            vec![1, 4, 3, 2]
        );
        assert_eq!(Delegation::candidates(2, 2), all[2..4]);
        assert!(Delegation::candidates(6, 1).is_empty());
    });
}

#[test]
fn stake_and_rewards_by_page() {
    ExtBuilder::default().build_and_execute(|| {
        for who in 3..=6 {
            delegate(ALICE, who, 100_000);
        }
        delegate(BOB, 6, 100_000);
        run_to_session(2);
        Delegation::unbond(signed(ALICE), 6, 1_000).unwrap();
        Delegation::redelegate(signed(ALICE), 4, 3, 50_000).unwrap();
        report(4, 2, 1, 50).unwrap();
        report(6, 2, 1, 50).unwrap();
        run_to_session(2 + DEFERRAL);

        let first = Delegation::stake_of(ALICE, None, 3);
        let rest = Delegation::stake_of(ALICE, Some(first[2].candidate), 3);
        let mut all = [first, rest].concat();
        all.sort_by_key(|info| info.candidate);
        let plain = |candidate, worth| StakeInfo {
            candidate,
            worth,
            locked: 0,
            unbonding: vec![],
        };
        assert_eq!(
            all,
            vec![
                // Of what moved here half was lost.
                StakeInfo {
                    locked: 25_000,
                    ..plain(3, 125_000)
                },
                plain(4, 25_000),
                plain(5, 100_000),
                StakeInfo {
                    unbonding: vec![(500, 3 + UNBONDING)],
                    ..plain(6, 49_500)
                },
            ]
        );
        assert!(Delegation::stake_of(STRANGER, None, 10).is_empty());

        full_session();
        let rewards = Delegation::rewards_of(ALICE, None, 10);
        let mut claimable = vec![];
        for (candidate, gain) in rewards {
            let delegation = crate::Delegations::<Test>::get(ALICE, candidate).unwrap();
            let gained = worth(ALICE, candidate).saturating_sub(delegation.principal);
            // Rounded by less than a share's price.
            let pool = crate::Pools::<Test>::get(candidate);
            assert!(gained - gain <= pool.value / pool.shares + 1);
            // The others were reported.
            assert_eq!(gain > 0, [3, 5].contains(&candidate));
            if gain > 0 {
                claimable.push((candidate, gain));
            }
        }
        // Nothing of this was written.
        assert_eq!(
            crate::Delegations::<Test>::get(ALICE, 3).unwrap().shares,
            150_000
        );
        // It is what can be taken out.
        for (candidate, gain) in claimable {
            Delegation::claim(signed(ALICE), candidate).unwrap();
            assert!(matches!(
                last_event(),
                crate::Event::Claimed { amount, .. } if amount == gain
            ));
        }
    });
}
