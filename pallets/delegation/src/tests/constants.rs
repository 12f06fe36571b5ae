//! Constants that do not fit together stop the chain before it starts.

use polkadot_sdk::frame_support::traits::Hooks;

use crate::mock::*;

#[test]
fn the_mocks_constants_fit() {
    <Delegation as Hooks<u32>>::integrity_test();
}

#[test]
#[should_panic(expected = "there must be validators")]
fn more_must_be_elected_than_kept() {
    MinValidators::set(5);
    Validators::set(4);
    <Delegation as Hooks<u32>>::integrity_test();
}

#[test]
#[should_panic(expected = "due slashes must be taken")]
fn slashes_must_be_taken() {
    MaxSlashesPerBlock::set(0);
    <Delegation as Hooks<u32>>::integrity_test();
}

#[test]
#[should_panic(expected = "genesis candidate 7: ")]
fn a_genesis_with_a_candidate_twice_is_refused() {
    ExtBuilder::default().candidates([7, 7]).build();
}
