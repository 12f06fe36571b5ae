//! `submit`: who may, what is dispatched, what it costs.

use polkadot_sdk::{
    frame_support::{
        assert_noop,
        dispatch::{DispatchErrorWithPostInfo, GetDispatchInfo, Pays},
    },
    sp_runtime::DispatchError,
};
use salus_primitives::duties::{Duty, DutyKind};

use crate::{mock::*, Call, Error, Event, WeightInfo};

fn operator_of(node: &mut Node, member: &AccountId) -> AccountId {
    let operator = AccountId::new([99; 32]);
    node.run(|| work::Operators::<Test>::insert(&operator, member));
    operator
}

fn refused(subject: u64, error: impl Into<DispatchError>) -> Event<Test> {
    Event::Refused {
        member: member(1),
        kind: DutyKind::JobCommit,
        subject,
        error: error.into(),
    }
}

fn performed(subject: u64) -> Event<Test> {
    Event::Performed {
        member: member(1),
        kind: DutyKind::JobCommit,
        subject,
    }
}

#[test]
fn accepted_answers_cost_nothing() {
    let mut node = Node::new();
    let operator = operator_of(&mut node, &member(1));
    let duties = [node.owe(1, &member(1), 1), node.owe(2, &member(1), 2)];
    node.run(|| {
        let answers = duties.map(|duty| (duty, GOOD.to_vec())).to_vec();
        let info = submit(&operator, answers).expect("both are accepted");
        assert_eq!(info.pays_fee, Pays::No);
        assert_eq!(
            info.actual_weight,
            Some(<() as WeightInfo>::submit(2) + USED + USED)
        );
        assert_eq!(events(), [performed(1), performed(2)]);
        assert_eq!(work::Done::<Test>::get(1), Some(GOOD));
        assert_eq!(work::Owed::<Test>::iter().count(), 0);
    });
}

#[test]
fn a_refused_answer_neither_stops_nor_undoes_the_others() {
    let mut node = Node::new();
    let operator = operator_of(&mut node, &member(1));
    let duties = [
        node.owe(1, &member(1), 1),
        node.owe(2, &member(1), 2),
        node.owe(3, &member(1), 3),
    ];
    node.run(|| {
        let [first, second, third] = duties;
        let answers = vec![
            (first, GOOD.to_vec()),
            (second, WRONG.to_vec()),
            (third, GOOD.to_vec()),
        ];
        let info = submit(&operator, answers).expect("the batch succeeds");
        assert_eq!(info.pays_fee, Pays::Yes);
        assert_eq!(
            events(),
            [
                performed(1),
                refused(2, work::Error::<Test>::Wrong),
                performed(3)
            ]
        );
        assert_eq!(work::Done::<Test>::get(2), None, "rolled back");
        assert!(work::Owed::<Test>::contains_key(2), "still owed");
    });
}

#[test]
fn an_answer_that_is_no_longer_owed_is_refused() {
    let mut node = Node::new();
    let operator = operator_of(&mut node, &member(1));
    let duty = node.owe(1, &member(1), 1);
    node.run(|| {
        let twice = vec![(duty.clone(), GOOD.to_vec()), (duty, GOOD.to_vec())];
        submit(&operator, twice).expect("the batch succeeds");
        assert_eq!(
            events(),
            [performed(1), refused(1, work::Error::<Test>::NotOwed)]
        );
    });
}

#[test]
fn what_no_pallet_takes_is_refused() {
    let mut node = Node::new();
    let operator = operator_of(&mut node, &member(1));
    let duty = node.owe(1, &member(1), 1);
    let reveal = Duty {
        kind: DutyKind::JobReveal,
        ..duty.clone()
    };
    node.run(|| {
        let answers = vec![(duty, b"too long".to_vec()), (reveal, GOOD.to_vec())];
        let info = submit(&operator, answers).expect("the batch succeeds");
        assert_eq!(info.pays_fee, Pays::Yes);
        assert_eq!(
            events(),
            [
                refused(1, Error::<Test>::NotFound),
                Event::Refused {
                    member: member(1),
                    kind: DutyKind::JobReveal,
                    subject: 1,
                    error: Error::<Test>::NotFound.into(),
                }
            ]
        );
        assert_eq!(work::Done::<Test>::get(1), None);
    });
}

#[test]
fn only_the_members_own_operator_may_submit() {
    let mut node = Node::new();
    let operator = operator_of(&mut node, &member(1));
    let own = node.owe(1, &member(1), 1);
    let foreign = node.owe(2, &member(2), 1);
    node.run(|| {
        let not_authorized = Error::<Test>::NotAuthorized;
        let answer = |duty: &Duty<AccountId>| (duty.clone(), GOOD.to_vec());
        assert_noop!(submit(&member(1), vec![answer(&own)]), not_authorized);
        let mixed = vec![answer(&own), answer(&foreign)];
        assert_noop!(submit(&operator, mixed), Error::<Test>::NotAuthorized);
        assert_noop!(
            Agent::submit(RuntimeOrigin::root(), Default::default()),
            DispatchErrorWithPostInfo::from(DispatchError::BadOrigin)
        );
    });
}

#[test]
fn an_empty_batch_is_refused() {
    let mut node = Node::new();
    let operator = operator_of(&mut node, &member(1));
    node.run(|| {
        assert_noop!(submit(&operator, vec![]), Error::<Test>::Empty);
    });
}

#[test]
fn the_declared_weight_covers_the_inner_calls() {
    let mut node = Node::new();
    let duty = node.owe(1, &member(1), 1);
    node.run(|| {
        let undecodable = (duty.clone(), vec![1; 60].try_into().expect("short"));
        let good = (duty, GOOD.to_vec().try_into().expect("short"));
        let call = Call::<Test>::submit {
            answers: vec![good.clone(), good, undecodable]
                .try_into()
                .expect("three"),
        };
        assert_eq!(
            call.get_dispatch_info().call_weight,
            <() as WeightInfo>::submit(3) + DECLARED + DECLARED
        );
    });
}
