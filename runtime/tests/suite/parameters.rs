//! Whatever the council sets, the chain goes on.

use codec::Encode;
use pallet_jobs::Config;
use polkadot_sdk::{
    frame_support::{
        traits::{Get, Hooks},
        weights::Weight,
    },
    pallet_collective, pallet_parameters, pallet_utility,
    sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET,
    sp_runtime::traits::{Dispatchable, Hash as _},
};
use salus_runtime::{
    configs::{dynamic_params::jobs, CouncilCollective, RuntimeParameters},
    BlockNumber, Jobs, Runtime, RuntimeCall, RuntimeOrigin, System, DAYS,
};

use crate::chain::{account, chain, Author};

/// All tunables: windows for the client, the least commit window, for reveals and results; periods
/// of unbonding and suspension.
type Values = [BlockNumber; 6];

/// A motion that sets the tunables, carried by three of the four delegates.
fn council_sets([provide, min, reveal, result, unbonding, suspension]: Values) {
    use jobs::Parameters::*;
    let calls = [
        ProvideWindow(jobs::ProvideWindow, Some(provide)),
        MinWindow(jobs::MinWindow, Some(min)),
        RevealWindow(jobs::RevealWindow, Some(reveal)),
        ResultWindow(jobs::ResultWindow, Some(result)),
        UnbondingPeriod(jobs::UnbondingPeriod, Some(unbonding)),
        SuspensionPeriod(jobs::SuspensionPeriod, Some(suspension)),
    ]
    .map(|parameter| {
        let key_value = RuntimeParameters::Jobs(parameter);
        pallet_parameters::Call::set_parameter { key_value }.into()
    })
    .to_vec();
    let motion: RuntimeCall = pallet_utility::Call::batch_all { calls }.into();
    let length_bound = motion.encode().len() as u32;
    let proposal_hash = <Runtime as polkadot_sdk::frame_system::Config>::Hashing::hash_of(&motion);
    let index = pallet_collective::ProposalCount::<Runtime, CouncilCollective>::get();
    let by = |name: &str, call: pallet_collective::Call<Runtime, CouncilCollective>| {
        RuntimeCall::from(call)
            .dispatch(RuntimeOrigin::signed(account(name)))
            .expect("the delegate may");
    };
    by(
        "//Alice",
        pallet_collective::Call::propose {
            threshold: 3,
            proposal: Box::new(motion),
            length_bound,
        },
    );
    for name in ["//Alice", "//Bob", "//Charlie"] {
        by(
            name,
            pallet_collective::Call::vote {
                proposal: proposal_hash,
                index,
                approve: true,
            },
        );
    }
    by(
        "//Dave",
        pallet_collective::Call::close {
            proposal_hash,
            index,
            proposal_weight_bound: Weight::from_parts(100_000_000_000, u64::MAX),
            length_bound,
        },
    );
    System::assert_has_event(
        pallet_collective::Event::Executed {
            proposal_hash,
            result: Ok(()),
        }
        .into(),
    );
    assert_eq!(jobs::MinWindow::get(), min, "the motion is in force");
}

fn in_force() -> Values {
    [
        <Runtime as Config>::ProvideWindow::get(),
        <Runtime as Config>::MinWindow::get(),
        <Runtime as Config>::RevealWindow::get(),
        <Runtime as Config>::ResultWindow::get(),
        <Runtime as Config>::UnbondingPeriod::get(),
        <Runtime as Config>::SuspensionPeriod::get(),
    ]
}

#[test]
fn absurd_parameters_do_not_stop_the_chain() {
    chain(LOCAL_TESTNET_RUNTIME_PRESET).execute_with(|| {
        let mut author = Author::new(1_000);
        author.build(1);
        let never = BlockNumber::MAX;
        let (week, month, year) = (7 * DAYS, 30 * DAYS, 365 * DAYS);
        let usual = in_force();
        for (set, expected) in [
            ([0; 6], [20, 20, 20, 20, 0, 0]),
            ([never; 6], [week, week, week, month, year, year]),
            (
                [1, never, 0, never, 0, never],
                [20, week, 20, month, year, year],
            ),
            // Leaving may not be shorter than a suspension.
            ([50, 60, 70, 80, 90, 100], [50, 60, 70, 80, 100, 100]),
            (usual, usual),
        ] {
            council_sets(set);
            assert_eq!(in_force(), expected, "set: {set:?}");
            <Jobs as Hooks<BlockNumber>>::integrity_test();
            let before = System::block_number();
            author.build(3);
            assert_eq!(System::block_number(), before + 3);
        }
    });
}
