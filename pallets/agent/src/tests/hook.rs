//! The off-chain hook: what it sends, and when it sends again.

use crate::mock::*;

const SEED: &str = "//Operator";

fn node() -> Node {
    Node::new().with_operator(SEED, member(1))
}

#[test]
fn sends_what_is_ready_in_one_batch() {
    let mut node = node();
    let first = node.owe(1, &member(1), 1);
    let second = node.owe(2, &member(1), 2);
    node.owe(3, &member(1), 3);
    node.leave_answer(&first, &GOOD);
    node.leave_answer(&second, &GOOD);

    let sent = node.hook_at(1);
    assert_eq!(sent.len(), 1);
    assert_eq!(
        answers_of(&sent[0]),
        [(1, GOOD.to_vec()), (2, GOOD.to_vec())]
    );

    node.include(sent[0].clone());
    node.run(|| {
        assert_eq!(work::Done::<Test>::iter().count(), 2);
        assert_eq!(events().len(), 2);
    });
    assert!(node.hook_at(2).is_empty(), "the third has no answer yet");
}

#[test]
fn sends_at_most_max_answers_and_the_rest_with_the_next_nonce() {
    let mut node = node();
    for subject in 1..=4 {
        let duty = node.owe(subject, &member(1), 1);
        node.leave_answer(&duty, &GOOD);
    }
    let sent = node.hook_at(1);
    assert_eq!(answers_of(&sent[0]).len(), 3);
    node.include(sent[0].clone());

    let sent = node.hook_at(2);
    assert_eq!(answers_of(&sent[0]), [(4, GOOD.to_vec())]);
    node.include(sent[0].clone());
    assert!(node.hook_at(3).is_empty());
}

#[test]
fn waits_for_its_transaction_and_sends_again_when_it_is_lost() {
    let mut node = node();
    let first = node.owe(1, &member(1), 1);
    node.leave_answer(&first, &GOOD);
    let lost = node.hook_at(1);
    assert_eq!(lost.len(), 1);

    // Another answer becomes ready, but the nonce is taken by the transaction on its way.
    let second = node.owe(2, &member(1), 2);
    node.leave_answer(&second, &GOOD);
    for block in 2..=5 {
        assert!(node.hook_at(block).is_empty(), "block {block}");
    }
    let sent = node.hook_at(6);
    assert_eq!(sent.len(), 1);
    assert_eq!(answers_of(&sent[0]).len(), 2);
    node.include(sent[0].clone());
    node.run(|| assert_eq!(work::Done::<Test>::iter().count(), 2));
}

#[test]
fn the_same_block_imported_twice_sends_once() {
    let mut node = node();
    let duty = node.owe(1, &member(1), 1);
    node.leave_answer(&duty, &GOOD);
    assert_eq!(node.hook_at(1).len(), 1);
    assert!(node.hook_at(1).is_empty());
}

#[test]
fn does_not_send_what_state_no_longer_owes() {
    let mut node = node();
    let duty = node.owe(1, &member(1), 1);
    node.leave_answer(&duty, &GOOD);
    node.run(|| work::Owed::<Test>::remove(1));
    assert!(node.hook_at(1).is_empty());
}

#[test]
fn ignores_answers_to_other_inputs() {
    let mut node = node();
    let before = node.owe(1, &member(1), 1);
    node.leave_answer(&before, &GOOD);
    let now = node.owe(1, &member(1), 2);
    assert!(node.hook_at(1).is_empty());
    node.leave_answer(&now, &GOOD);
    assert_eq!(node.hook_at(2).len(), 1);
}

#[test]
fn sends_nothing_without_a_key_or_for_a_key_that_is_nobodys() {
    let mut node = Node::new();
    let duty = node.owe(1, &member(1), 1);
    node.leave_answer(&duty, &GOOD);
    assert!(node.hook_at(1).is_empty(), "no key");
    let operator = node.add_key(SEED);
    assert!(node.hook_at(2).is_empty(), "nobody's key");
    node.run(|| work::Operators::<Test>::insert(&operator, member(2)));
    assert!(node.hook_at(3).is_empty(), "another member's key");
    node.run(|| work::Operators::<Test>::insert(&operator, member(1)));
    assert_eq!(node.hook_at(4).len(), 1);
}

#[test]
fn after_a_reorganisation_the_duty_is_answered_again() {
    let mut node = node();
    let duty = node.owe(1, &member(1), 1);
    node.leave_answer(&duty, &GOOD);
    let sent = node.hook_at(3);
    node.include(sent[0].clone());
    assert!(node.hook_at(4).is_empty(), "done");

    // The block that included it is given up, and with it the nonce.
    let owed_again = node.owe(1, &member(1), 1);
    node.run(|| {
        work::Done::<Test>::remove(1);
        polkadot_sdk::frame_system::Account::<Test>::mutate_extant(sender(&sent[0]), |account| {
            account.nonce = 0
        });
    });
    assert!(node.hook_at(3).is_empty(), "the pool may still bring it");
    assert!(node.hook_at(7).is_empty());
    let again = node.hook_at(8);
    assert_eq!(answers_of(&again[0]), [(owed_again.subject, GOOD.to_vec())]);
    node.include(again[0].clone());
    node.run(|| assert_eq!(work::Done::<Test>::get(1), Some(GOOD)));
}

fn sender(extrinsic: &Extrinsic) -> AccountId {
    use polkadot_sdk::sp_runtime::generic::Preamble;
    match &extrinsic.preamble {
        Preamble::Signed(account, ..) => account.clone(),
        other => panic!("not signed: {other:?}"),
    }
}

#[test]
fn an_answer_the_chain_would_refuse_is_kept_back_and_changes_nothing() {
    let mut node = node();
    let bad = node.owe(1, &member(1), 1);
    node.leave_answer(&bad, &WRONG);
    assert!(node.hook_at(1).is_empty());
    node.run(|| {
        assert!(work::Owed::<Test>::contains_key(1));
        assert_eq!(work::Done::<Test>::get(1), None);
    });
    let good = node.owe(2, &member(1), 1);
    node.leave_answer(&good, &GOOD);
    let sent = node.hook_at(2);
    assert_eq!(answers_of(&sent[0]), [(2, GOOD.to_vec())]);
}

#[test]
fn an_answer_that_is_too_long_does_not_stop_the_others() {
    let mut node = node();
    let long = node.owe(1, &member(1), 1);
    let good = node.owe(2, &member(1), 1);
    node.leave_answer(&long, &[0; 65]);
    node.leave_answer(&good, &GOOD);
    let sent = node.hook_at(1);
    assert_eq!(answers_of(&sent[0]), [(2, GOOD.to_vec())]);
}

#[test]
fn two_keys_take_turns() {
    let mut node = Node::new()
        .with_operator("//One", member(1))
        .with_operator("//Two", member(2));
    let one = node.owe(1, &member(1), 1);
    let two = node.owe(2, &member(2), 1);
    node.leave_answer(&one, &GOOD);
    node.leave_answer(&two, &GOOD);
    let first = node.hook_at(1);
    let second = node.hook_at(2);
    assert_eq!((first.len(), second.len()), (1, 1), "one a block");
    let mut subjects = [answers_of(&first[0])[0].0, answers_of(&second[0])[0].0];
    subjects.sort_unstable();
    assert_eq!(subjects, [1, 2]);
}
