use super::*;
use crate::heterogeneous::estimate;

#[test]
fn an_estimate_has_the_bytes_that_are_sent() {
    let cohort = cohort(3, 20, 0, 1, 70);
    for (batch, iterations, every) in [(1, 9, 4), (7, 5, 3), (0, 3, 0)] {
        let mut parameters = Parameters::new(SESSION, 3, svm(batch, iterations));
        parameters.prove_every = every;
        let secret = shares(3).remove(1);
        let found = estimate(&parameters, &secret, Exponent::Half, 20, &seed_of(1)).unwrap();
        assert_eq!(found.rounds, iterations);
        assert!(found.exchanges > 5 * iterations);
        assert!(found.provider.as_micros() > 0 && found.analyst.is_zero());
        let mut network = Network::of(&cohort, &parameters, 1);
        network.train();
        let rounds = network.sent.iter().filter(|sent| sent.round > 0);
        let sent: usize = rounds.map(|sent| sent.message.encode().len()).sum();
        let ratio = found.bytes as f64 / sent as f64;
        assert!(
            (0.97..1.05).contains(&ratio),
            "batch {batch}: {} and {sent}",
            found.bytes
        );
    }
}
