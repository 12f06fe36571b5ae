//! The constants fit together, and what is stored and sent keeps its encoding.

use codec::Encode;
use polkadot_sdk::frame_support::traits::Hooks;

use crate::{mock::*, Sent};

#[test]
fn integrity_holds_for_the_mock() {
    Node::new().run(<Agent as Hooks<u32>>::integrity_test);
}

#[test]
fn a_duty_is_as_long_as_the_bound_says() {
    use codec::MaxEncodedLen;
    assert_eq!(
        crate::DutyOf::<Test>::max_encoded_len(),
        1 + 8 + 32 + 32 + 4 + 4
    );
}

#[test]
fn indices_are_pinned() {
    Node::new().run(|| {
        let call = crate::Call::<Test>::submit {
            answers: Default::default(),
        };
        assert_eq!(call.encode(), [0, 0]);
        let refused: polkadot_sdk::sp_runtime::DispatchError = crate::Error::<Test>::Empty.into();
        assert!(matches!(
            refused,
            polkadot_sdk::sp_runtime::DispatchError::Module(error) if error.error[0] == 2
        ));
    });
}

#[test]
fn a_transaction_holds_back_its_like_while_it_is_young() {
    let sent = |at: u32, nonce: u32, answers: u8| Sent {
        at,
        nonce,
        answers: [answers; 32].into(),
    };
    let last = sent(10, 3, 1);
    assert!(last.holds_back(&sent(14, 3, 2), 5), "same nonce");
    assert!(last.holds_back(&sent(14, 4, 1), 5), "same answers");
    assert!(!last.holds_back(&sent(14, 4, 2), 5), "something new");
    assert!(!last.holds_back(&sent(15, 3, 1), 5), "taken for lost");
    assert!(last.holds_back(&sent(8, 3, 1), 5), "a lower best block");
    assert!(
        !last.holds_back(&sent(2, 3, 1), 5),
        "a note from another life"
    );
}
