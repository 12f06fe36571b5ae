//! Operator keys and nodes.
use polkadot_sdk::{
    frame_support::{assert_noop, assert_ok},
    sp_runtime::DispatchError,
};
use salus_primitives::membership::Membership;

use crate::{mock::*, *};
type E = Error<Test>;

fn set(who: AccountId, operator: Option<AccountId>) -> Result<(), DispatchError> {
    Registry::set_operator(signed(who), operator)
}

#[test]
fn a_new_operator_takes_over_when_it_accepts() {
    build_and_execute(|| {
        assert_ok!(set(HOSPITAL, Some(KEY)));
        assert_last_event(Event::OperatorProposed {
            member: HOSPITAL,
            operator: KEY,
        });
        assert_eq!(System::providers(&KEY), 1);
        assert_eq!(Registry::member_of(&OPERATOR), Some(HOSPITAL));
        assert_noop!(
            Registry::accept_operator(signed(POOR), HOSPITAL),
            E::OperatorNotFound
        );
        assert_ok!(Registry::accept_operator(signed(KEY), HOSPITAL));
        assert_last_event(Event::OperatorAccepted {
            member: HOSPITAL,
            operator: KEY,
        });
        assert_eq!(Registry::member_of(&KEY), Some(HOSPITAL));
        assert_eq!(Registry::member_of(&OPERATOR), None);
        assert_ok!(set(HOSPITAL, None));
        assert_last_event(Event::OperatorRemoved { member: HOSPITAL });
        assert_eq!(Registry::member_of(&KEY), None);
        assert_noop!(set(HOSPITAL, None), E::OperatorNotFound);
    });
}

#[test]
fn a_replaced_proposal_is_forgotten() {
    build_and_execute(|| {
        assert_ok!(set(CLINIC, Some(KEY)));
        assert_ok!(set(CLINIC, Some(POOR)));
        assert_eq!((System::providers(&KEY), System::providers(&POOR)), (0, 1));
        assert_noop!(
            Registry::accept_operator(signed(KEY), CLINIC),
            E::OperatorNotFound
        );
    });
}

#[test]
fn a_key_works_for_one_member_and_is_none() {
    build_and_execute(|| {
        register(PATIENT);
        apply(TEAM);
        assert_noop!(set(HOSPITAL, Some(CLINIC)), E::OperatorIsMember);
        assert_noop!(set(CLINIC, Some(OPERATOR)), E::OperatorTaken);
        assert_noop!(set(PATIENT, Some(KEY)), E::NotAdmitted);
        assert_noop!(set(TEAM, Some(KEY)), E::NotActive);
        assert_noop!(set(STRANGER, Some(KEY)), E::NotFound);
        assert_ok!(set(HOSPITAL, Some(KEY)));
        assert_ok!(set(CLINIC, Some(KEY)));
        assert_ok!(Registry::accept_operator(signed(KEY), HOSPITAL));
        assert_noop!(
            Registry::accept_operator(signed(KEY), CLINIC),
            E::OperatorTaken
        );
        assert_ok!(set(CLINIC, Some(STRANGER)));
        register(STRANGER);
        assert_noop!(
            Registry::accept_operator(signed(STRANGER), CLINIC),
            E::OperatorIsMember
        );
    });
}

#[test]
fn a_proposed_key_with_consumers_stays_until_it_can_go() {
    build_and_execute(|| {
        assert_ok!(set(HOSPITAL, Some(KEY)));
        assert_ok!(System::inc_consumers(&KEY));
        assert_ok!(set(HOSPITAL, None));
        assert_eq!(Provided::<Test>::get(KEY), Some(0));
        assert_ok!(set(HOSPITAL, Some(KEY)));
        System::dec_consumers(&KEY);
        assert_eq!(System::providers(&KEY), 1);
        assert_ok!(set(HOSPITAL, None));
        assert_eq!(System::providers(&KEY), 0);
    });
}

#[test]
fn the_nonce_of_a_former_operator_never_begins_again() {
    build_and_execute(|| {
        System::inc_account_nonce(OPERATOR);
        assert_ok!(set(HOSPITAL, None));
        let stays = || {
            assert_eq!(System::account_nonce(OPERATOR), 1);
            assert_eq!(Provided::<Test>::get(OPERATOR), Some(1));
        };
        stays();
        // Neither a proposal that is dropped nor a second seat takes the reason away.
        assert_ok!(set(HOSPITAL, Some(OPERATOR)));
        assert_ok!(set(HOSPITAL, None));
        stays();
        assert_ok!(set(CLINIC, Some(OPERATOR)));
        assert_ok!(Registry::accept_operator(signed(OPERATOR), CLINIC));
        assert_ok!(set(CLINIC, Some(KEY)));
        assert_ok!(Registry::accept_operator(signed(KEY), CLINIC));
        stays();
    });
}

#[test]
fn member_or_operator_publishes_the_node() {
    build_and_execute(|| {
        let peer = PeerId::truncate_from(vec![1; 38]);
        let addresses = Addresses::truncate_from(vec![Default::default()]);
        let none = PeerId::default();
        assert_ok!(Registry::set_node(
            signed(OPERATOR),
            peer.clone(),
            addresses.clone()
        ));
        assert_last_event(Event::NodeSet { member: HOSPITAL });
        let node = Nodes::<Test>::get(HOSPITAL).unwrap();
        assert_eq!(
            (node.operator, node.peer_id),
            (Some(OPERATOR), peer.clone())
        );
        assert_noop!(
            Registry::set_node(signed(HOSPITAL), none.clone(), addresses),
            E::InvalidNode
        );
        assert_ok!(set(HOSPITAL, None));
        assert_eq!(Nodes::<Test>::get(HOSPITAL).unwrap().peer_id, peer);
        assert_ok!(Registry::set_node(
            signed(HOSPITAL),
            none.clone(),
            Default::default()
        ));
        assert!(!Nodes::<Test>::contains_key(HOSPITAL));
        assert_noop!(
            Registry::set_node(signed(POOR), none, Default::default()),
            E::NotFound
        );
    });
}
