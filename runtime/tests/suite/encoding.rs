//! What every stored value, transaction and event depends on: pallet indices, call indices and
//! storage prefixes. A change here needs a migration and a new `transaction_version`.

use codec::Encode;
use polkadot_sdk::{
    frame_support::traits::{PalletInfoAccess, StorageInfoTrait},
    sp_core::H256,
};
use salus_runtime::{
    Agent, AllPalletsWithSystem, AuthorityDiscovery, Authorship, Babe, Balances, Council,
    Delegation, Grandpa, Historical, Jobs, KeyOwners, MultiBlockMigrations, Multisig, Offences,
    Parameters, Preimage, Proxy, Records, Registry, Rewards, RuntimeCall, Session, SessionLength,
    System, Timestamp, Training, TransactionPayment, Tunables, Utility, Whitelist,
};

#[test]
fn pallet_indices_are_pinned() {
    fn at<P: PalletInfoAccess>() -> (usize, &'static str) {
        (P::index(), P::name())
    }
    let pinned = [
        (at::<System>(), (0, "System")),
        (at::<Timestamp>(), (1, "Timestamp")),
        (at::<Babe>(), (2, "Babe")),
        (at::<Authorship>(), (3, "Authorship")),
        (at::<Balances>(), (4, "Balances")),
        (at::<TransactionPayment>(), (5, "TransactionPayment")),
        (at::<Offences>(), (6, "Offences")),
        (at::<Historical>(), (7, "Historical")),
        (at::<Session>(), (8, "Session")),
        (at::<Grandpa>(), (9, "Grandpa")),
        (at::<AuthorityDiscovery>(), (10, "AuthorityDiscovery")),
        (at::<SessionLength>(), (11, "SessionLength")),
        (at::<Delegation>(), (12, "Delegation")),
        (at::<KeyOwners>(), (19, "KeyOwners")),
        (at::<Council>(), (20, "Council")),
        (at::<Preimage>(), (21, "Preimage")),
        (at::<Whitelist>(), (22, "Whitelist")),
        (at::<Parameters>(), (23, "Parameters")),
        (at::<MultiBlockMigrations>(), (24, "MultiBlockMigrations")),
        (at::<Tunables>(), (25, "Tunables")),
        (at::<Utility>(), (30, "Utility")),
        (at::<Proxy>(), (31, "Proxy")),
        (at::<Multisig>(), (32, "Multisig")),
        (at::<Registry>(), (40, "Registry")),
        (at::<Records>(), (41, "Records")),
        (at::<Jobs>(), (42, "Jobs")),
        (at::<Agent>(), (43, "Agent")),
        (at::<Rewards>(), (44, "Rewards")),
        (at::<Training>(), (45, "Training")),
    ];
    for (is, pinned) in pinned {
        assert_eq!(is, pinned);
    }
}

#[test]
fn call_indices_are_pinned() {
    let job = 7u64;
    let digest = H256::repeat_byte(1);
    let calls: [(RuntimeCall, [u8; 2]); 9] = [
        (
            pallet_registry::Call::withdraw_application {}.into(),
            [40, 2],
        ),
        (
            pallet_records::Call::withdraw_release { record: digest }.into(),
            [41, 4],
        ),
        (
            pallet_records::Call::reject_share { record: digest }.into(),
            [41, 9],
        ),
        (pallet_jobs::Call::cancel { job }.into(), [42, 6]),
        (
            pallet_jobs::Call::commit {
                job,
                commitment: digest,
            }
            .into(),
            [42, 9],
        ),
        (pallet_jobs::Call::accept_result { job }.into(), [42, 11]),
        (pallet_delegation::Call::back {}.into(), [12, 5]),
        (pallet_rewards::Call::refund { voucher: 3 }.into(), [44, 5]),
        (
            pallet_training::Call::forget { training: 3 }.into(),
            [45, 11],
        ),
    ];
    for (call, pinned) in calls {
        assert_eq!(call.encode()[..2], pinned, "{call:?}");
    }
}

#[test]
fn the_largest_answer_can_be_delivered() {
    use codec::MaxEncodedLen;
    use polkadot_sdk::frame_support::traits::Get;
    use salus_primitives::{
        jobs::{ResultPointer, Reveal, SealedRecord},
        training::{PartyKeys, StageAnswer},
    };

    type MaxAnswerBytes = <salus_runtime::Runtime as pallet_agent::Config>::MaxAnswerBytes;
    let longest = <MaxAnswerBytes as Get<u32>>::get() as usize;
    for needed in [
        Reveal::max_encoded_len(),
        SealedRecord::max_encoded_len(),
        PartyKeys::max_encoded_len(),
        StageAnswer::max_encoded_len(),
        ResultPointer::max_encoded_len(),
    ] {
        assert!(
            needed <= longest,
            "{needed} bytes do not fit into {longest}"
        );
    }
}

#[test]
fn state_of_ours_is_bounded() {
    let unbounded: Vec<String> = AllPalletsWithSystem::storage_info()
        .into_iter()
        .filter(|info| info.max_size.is_none())
        .map(|info| String::from_utf8_lossy(&info.pallet_name).into_owned())
        .filter(|pallet| {
            [
                "Registry",
                "Records",
                "Jobs",
                "Agent",
                "Delegation",
                "Rewards",
                "Training",
                "KeyOwners",
            ]
            .contains(&pallet.as_str())
        })
        .collect();
    assert!(unbounded.is_empty(), "{unbounded:?}");
}
