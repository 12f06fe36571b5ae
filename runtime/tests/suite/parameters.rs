//! Whatever the council sets, the chain goes on.

use codec::Encode;
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
    configs::{
        dynamic_params::{jobs, training},
        CouncilCollective, RuntimeParameters,
    },
    BlockNumber, Jobs, Runtime, RuntimeCall, RuntimeOrigin, System, Training, DAYS, MINUTES,
};
use serde_json::json;

use crate::chain::{account, chain, patched, Author};

/// Tunables of jobs: windows for the client, the least commit window, for reveals and results; periods
/// of unbonding and suspension.
type OfJobs = [BlockNumber; 6];
/// Tunables of trainings: windows of grace, disputes and delivery.
type OfTrainings = [BlockNumber; 3];
/// All tunables.
type Values = (OfJobs, OfTrainings);

/// A motion that sets the tunables, carried by three of the four delegates.
fn council_sets((jobs, trainings): Values) {
    let [provide, min, reveal, result, unbonding, suspension] = jobs;
    let [grace, dispute, delivery] = trainings;
    let of_jobs = {
        use jobs::Parameters::*;
        [
            ProvideWindow(jobs::ProvideWindow, Some(provide)),
            MinWindow(jobs::MinWindow, Some(min)),
            RevealWindow(jobs::RevealWindow, Some(reveal)),
            ResultWindow(jobs::ResultWindow, Some(result)),
            UnbondingPeriod(jobs::UnbondingPeriod, Some(unbonding)),
            SuspensionPeriod(jobs::SuspensionPeriod, Some(suspension)),
        ]
        .map(RuntimeParameters::Jobs)
    };
    let of_trainings = {
        use training::Parameters::*;
        [
            GraceWindow(training::GraceWindow, Some(grace)),
            DisputeWindow(training::DisputeWindow, Some(dispute)),
            DeliveryWindow(training::DeliveryWindow, Some(delivery)),
        ]
        .map(RuntimeParameters::Training)
    };
    let calls = of_jobs
        .into_iter()
        .chain(of_trainings)
        .map(|key_value| pallet_parameters::Call::set_parameter { key_value }.into())
        .collect();
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
    use pallet_jobs::Config as Jobs;
    use pallet_training::Config as Training;
    (
        [
            <Runtime as Jobs>::ProvideWindow::get(),
            <Runtime as Jobs>::MinWindow::get(),
            <Runtime as Jobs>::RevealWindow::get(),
            <Runtime as Jobs>::ResultWindow::get(),
            <Runtime as Jobs>::UnbondingPeriod::get(),
            <Runtime as Jobs>::SuspensionPeriod::get(),
        ],
        [
            <Runtime as Training>::GraceWindow::get(),
            <Runtime as Training>::DisputeWindow::get(),
            <Runtime as Training>::DeliveryWindow::get(),
        ],
    )
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
            (([0; 6], [0; 3]), ([20, 20, 20, 20, 0, 0], [20; 3])),
            (
                ([never; 6], [never; 3]),
                ([week, week, week, month, year, year], [week; 3]),
            ),
            (
                ([1, never, 0, never, 0, never], [1, never, 0]),
                ([20, week, 20, month, year, year], [20, week, 20]),
            ),
            // Leaving may not be shorter than a suspension.
            (
                ([50, 60, 70, 80, 90, 100], [21, 22, 23]),
                ([50, 60, 70, 80, 100, 100], [21, 22, 23]),
            ),
            (usual, usual),
        ] {
            council_sets(set);
            assert_eq!(in_force(), expected, "set: {set:?}");
            <Jobs as Hooks<BlockNumber>>::integrity_test();
            <Training as Hooks<BlockNumber>>::integrity_test();
            let before = System::block_number();
            author.build(3);
            assert_eq!(System::block_number(), before + 3);
        }
    });
}

#[test]
fn genesis_sets_tunables() {
    let usual = [30 * MINUTES, 30, 10 * MINUTES, DAYS, 7 * DAYS, DAYS];
    // The presets have short ones.
    chain(LOCAL_TESTNET_RUNTIME_PRESET)
        .execute_with(|| assert_eq!(in_force(), (usual, [2 * MINUTES; 3])));
    // What is not said is the default.
    patched(json!({})).execute_with(|| assert_eq!(in_force(), (usual, [10 * MINUTES; 3])));
    let some = json!({ "tunables": {
        "jobs": { "revealWindow": 40 },
        "training": { "graceWindow": 7, "disputeWindow": null },
    } });
    patched(some).execute_with(|| {
        let (jobs, trainings) = in_force();
        assert_eq!(jobs[2], 40);
        // Bent into its bounds.
        assert_eq!(trainings, [20, 10 * MINUTES, 10 * MINUTES]);
    });
}
