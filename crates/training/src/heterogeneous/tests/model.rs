use super::*;
use crate::heterogeneous::combine;

fn check(n: u16, batch: u32, iterations: u32, seed: u64) {
    let cohort = cohort(n, 30, 5, 2, seed);
    let parameters = Parameters::new(SESSION, n, svm(batch, iterations));
    let mut network = Network::of(&cohort, &parameters, seed);
    let model = combine(&network.train()).unwrap();
    let data = cohort.pooled(&parameters, &network.rows());
    assert_eq!(data.len(), 30);
    let expected = reference(&parameters, &data);
    assert_eq!(model, expected, "{n} participants, batch {batch}");
    assert_eq!(
        model.predict(&data).unwrap(),
        expected.predict(&data).unwrap()
    );
    // The training did something, and some rows are within the margin and some are not.
    assert!(model.weights.iter().all(|weight| *weight != 0));
}

#[test]
fn one_row_a_round_ends_at_the_model_of_pooled_rows() {
    check(2, 1, 20, 1);
    check(3, 1, 70, 2);
    check(5, 1, 6, 3);
}

#[test]
fn many_rows_a_round_end_at_the_model_of_pooled_rows() {
    check(2, 13, 5, 4);
    check(3, 50, 6, 5);
    check(4, 7, 5, 6);
    check(5, 11, 3, 7);
}

#[test]
fn all_rows_a_round_end_at_the_model_of_pooled_rows() {
    check(3, 0, 5, 8);
}

#[test]
fn the_order_of_messages_changes_nothing() {
    let cohort = cohort(3, 20, 3, 2, 9);
    let parameters = Parameters::new(SESSION, 3, svm(5, 6));
    let parts = Network::of(&cohort, &parameters, 1).train();
    for schedule in 2..6 {
        assert_eq!(Network::of(&cohort, &parameters, schedule).train(), parts);
    }
}

#[test]
fn without_proofs_the_model_is_the_same() {
    let cohort = cohort(3, 20, 3, 2, 10);
    let mut parameters = Parameters::new(SESSION, 3, svm(1, 8));
    let proved = Network::of(&cohort, &parameters, 1);
    let mut proved = proved;
    let parts = proved.train();
    assert!(proved
        .sent
        .iter()
        .any(|sent| matches!(sent.message, Message::Proof(_))));
    parameters.prove_every = 0;
    let mut network = Network::of(&cohort, &parameters, 1);
    assert_eq!(network.train(), parts);
    assert!(!network
        .sent
        .iter()
        .any(|sent| matches!(sent.message, Message::Proof(_))));
}

#[test]
fn parts_of_different_trainings_are_not_combined() {
    let cohort = cohort(2, 12, 0, 1, 11);
    let parameters = Parameters::new(SESSION, 2, svm(1, 2));
    let parts = Network::of(&cohort, &parameters, 1).train();
    assert!(combine(&parts).is_ok());
    assert!(combine(&parts[1..]).is_err());
    assert!(combine(&[]).is_err());
    let mut other = parts.clone();
    other[1].rounds = 3;
    assert!(combine(&other).is_err());
    let twice = [parts[0].clone(), parts[0].clone()];
    assert!(combine(&twice).is_err());
}

#[test]
fn parameters_that_cannot_work_are_refused() {
    let good = Parameters::new(SESSION, 3, svm(1, 10));
    good.validate(2048).unwrap();
    let refused = |change: &dyn Fn(&mut Parameters)| {
        let mut parameters = good.clone();
        change(&mut parameters);
        let error = parameters.validate(2048).unwrap_err();
        assert!(!error.to_string().is_empty());
    };
    refused(&|p| p.participants = 1);
    refused(&|p| p.participants = 6);
    refused(&|p| {
        p.svm.loss = Loss::SquaredHinge;
        p.svm.batch = 0;
    });
    refused(&|p| p.svm.stop_cost = 1.0);
    refused(&|p| p.svm.iterations = 65537);
    refused(&|p| p.classes = PartyId(3));
    refused(&|p| p.margin_bits = 200);
    refused(&|p| p.fewest_rows = 0);
}
