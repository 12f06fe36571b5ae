//! Sessions last as long as genesis says.

use polkadot_sdk::{
    sp_consensus_babe::runtime_decl_for_babe_api::BabeApi,
    sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET},
};
use salus_runtime::{Babe, Runtime, Session};
use serde_json::json;

use crate::chain::{chain, patched, Author};

#[test]
fn the_presets_have_sessions_of_two_minutes() {
    for preset in [DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET] {
        chain(preset).execute_with(|| {
            let mut author = Author::new(1_000);
            for session in 0..3 {
                for _ in 0..60 {
                    author.build(1);
                    assert_eq!(Session::current_index(), session);
                }
                assert_eq!(Babe::current_epoch().epoch_index, u64::from(session));
            }
            // What nodes reckon with.
            assert_eq!(Runtime::configuration().epoch_length, 60);
            let next = <Runtime as BabeApi<_>>::next_epoch();
            assert_eq!((*next.start_slot, next.duration), (1_180, 60));
        });
    }
}

#[test]
fn a_spec_that_says_nothing_has_sessions_of_ten_minutes() {
    patched(json!({})).execute_with(|| assert_eq!(Runtime::configuration().epoch_length, 300));
    let hour = json!({ "sessionLength": { "slots": 1_800 } });
    patched(hour).execute_with(|| assert_eq!(Runtime::configuration().epoch_length, 1_800));
}

#[test]
#[should_panic(expected = "a session lasts from 30 to 43200 slots")]
fn genesis_refuses_a_session_below_a_minute() {
    patched(json!({ "sessionLength": { "slots": 29 } }));
}

#[test]
#[should_panic(expected = "a session lasts from 30 to 43200 slots")]
fn genesis_refuses_a_session_above_a_day() {
    patched(json!({ "sessionLength": { "slots": 43_201 } }));
}
