use std::collections::BTreeSet;

use super::*;
use crate::heterogeneous::align;

fn aligned(cohort: &Cohort, parameters: &Parameters) -> Network {
    let mut network = Network::of(cohort, parameters, 3);
    network.train();
    network
}

#[test]
fn the_common_patients_are_found_in_one_order() {
    for n in [2, 3, 5] {
        let cohort = cohort(n, 15, 4, 1, 20 + u64::from(n));
        let parameters = Parameters::new(SESSION, n, svm(1, 1));
        let network = aligned(&cohort, &parameters);
        let orders: Vec<Vec<Vec<u8>>> = network
            .rows()
            .iter()
            .zip(&cohort.names)
            .map(|(rows, names)| {
                rows.iter()
                    .map(|row| names[*row as usize].clone())
                    .collect()
            })
            .collect();
        for order in &orders {
            assert_eq!(order, &orders[0]);
        }
        let found: BTreeSet<_> = orders[0].iter().cloned().collect();
        let expected = (0..15).map(|patient| format!("patient {patient}").into_bytes());
        assert_eq!(found, expected.collect());
        // The order is not that of anybody's rows.
        assert!(network.rows().iter().all(|rows| !rows.is_sorted()));
    }
}

#[test]
fn the_order_depends_on_the_patients_and_the_session_only() {
    let cohort = cohort(3, 15, 4, 1, 30);
    let parameters = Parameters::new(SESSION, 3, svm(1, 1));
    let names = |cohort: &Cohort, network: &Network| -> Vec<Vec<u8>> {
        let rows = &network.rows()[1];
        rows.iter()
            .map(|row| cohort.names[1][*row as usize].clone())
            .collect()
    };
    let first = names(&cohort, &aligned(&cohort, &parameters));
    let mut turned = cohort.clone();
    for party in 0..3 {
        turned.names[party].reverse();
        turned.values[party].invert_axis(Axis(0));
    }
    turned.classes.reverse();
    assert_eq!(names(&turned, &aligned(&turned, &parameters)), first);
    let other = Parameters {
        session: [8; 32],
        ..parameters
    };
    assert_ne!(names(&cohort, &aligned(&cohort, &other)), first);
}

/// No message has the point of a patient that not all have, unblinded.
#[test]
fn patients_of_some_are_not_shown() {
    let cohort = cohort(3, 12, 4, 1, 31);
    let parameters = Parameters::new(SESSION, 3, svm(1, 1));
    let network = aligned(&cohort, &parameters);
    let all: BTreeSet<Vec<u8>> = cohort.names.iter().flatten().cloned().collect();
    let point = |name: &Vec<u8>| align::unblinded(&SESSION, std::slice::from_ref(name))[0];
    let known: BTreeSet<[u8; 32]> = all.iter().map(point).collect();
    let common: BTreeSet<[u8; 32]> = all
        .iter()
        .filter(|name| cohort.names.iter().all(|names| names.contains(name)))
        .map(point)
        .collect();
    assert_eq!(common.len(), 12);
    let mut shown = BTreeSet::new();
    for sent in &network.sent {
        let points = match &sent.message {
            Message::Raised { points, .. } => points,
            Message::Common(points) | Message::Aligned(points) => points,
            _ => continue,
        };
        shown.extend(
            points
                .iter()
                .filter(|point| known.contains(*point))
                .copied(),
        );
    }
    assert_eq!(shown, common);
}

/// Participant 0 passes on all patients of participant 1, blinded, as what all have. The last one shows
/// nobody what it does not have itself.
#[test]
fn patients_that_the_last_one_lacks_are_not_shown() {
    let cohort = cohort(3, 12, 4, 1, 31);
    let parameters = Parameters::new(SESSION, 3, svm(1, 1));
    let mut network = Network::of(&cohort, &parameters, 3);
    let mut list = Vec::new();
    let mut tamper = |sent: &mut Sent| match &mut sent.message {
        Message::Raised { origin: 1, points } if sent.to == 0 => list.clone_from(points),
        Message::Common(points) if sent.from == 0 => points.clone_from(&list),
        _ => {}
    };
    network.start(&mut tamper);
    let (last, refused) = network.run(&mut tamper).unwrap_err();
    assert_eq!(last, 2);
    assert!(
        matches!(refused, Refused::Error(Error::Unattributed(_))),
        "{refused}"
    );
    let shown = |sent: &Sent| matches!(sent.message, Message::Aligned(_));
    assert!(!network.sent.iter().any(shown));
}

#[test]
fn too_few_common_patients_are_not_trained_on() {
    let cohort = cohort(3, 9, 4, 1, 32);
    let parameters = Parameters::new(SESSION, 3, svm(1, 1));
    let mut network = Network::of(&cohort, &parameters, 1);
    network.start(&mut |_| {});
    let (_, refused) = network.run(&mut |_| {}).unwrap_err();
    assert!(
        matches!(&refused, Refused::Error(Error::Parameter(text)) if text.contains("9 patients"))
    );
}

#[test]
fn masks_that_would_be_worn_out_are_refused() {
    let cohort = cohort(2, 10, 0, 1, 33);
    let parameters = Parameters::new(SESSION, 2, svm(0, 33));
    let mut network = Network::of(&cohort, &parameters, 1);
    network.start(&mut |_| {});
    let (_, refused) = network.run(&mut |_| {}).unwrap_err();
    assert!(matches!(refused, Refused::Error(Error::Parameter(text)) if text.contains("rounds")));
}

#[test]
fn blocks_that_contradict_themselves_are_refused() {
    let names =
        |list: &[&str]| -> Vec<Vec<u8>> { list.iter().map(|n| n.as_bytes().to_vec()).collect() };
    let values = Array2::zeros((2, 1));
    assert!(Block::new(names(&["a", "b"]), values.clone(), None).is_ok());
    assert!(Block::new(names(&["a", "a"]), values.clone(), None).is_err());
    assert!(Block::new(names(&["a"]), values.clone(), None).is_err());
    assert!(Block::new(names(&["a", "b"]), values, Some(vec![true])).is_err());
}
