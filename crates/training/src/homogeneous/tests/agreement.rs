//! All back-ends end at the model of the pooled rows, to the bit.

use super::*;

#[test]
fn every_back_end_ends_at_the_pooled_model() {
    let rows = cloud(150, 4, 1);
    for backend in BACKENDS {
        for loss in [Loss::Hinge, Loss::SquaredHinge] {
            if backend == Backend::PackedNewton && loss == Loss::Hinge {
                continue;
            }
            for (providers, min_changed, scaling) in [
                (1, 1, Scaling::ZScore),
                (2, 10, Scaling::ZScore),
                (5, 1, Scaling::None),
                (3, 10, Scaling::ZScore),
            ] {
                let mut terms = terms(backend, loss, 4, providers);
                terms.min_changed = min_changed;
                terms.svm.scaling = scaling;
                let mut rows = rows.clone();
                if scaling == Scaling::None {
                    rows.values.map_inplace(|value| {
                        if value.is_nan() {
                            *value = 0.0
                        } else {
                            *value /= 10.0
                        }
                    });
                }
                let mut net = net(&terms, &rows, u64::from(providers));
                net.start();
                net.run().unwrap();
                let expected = pooled(&terms, &rows).unwrap();
                let Outcome::Model {
                    ref model, rounds, ..
                } = expected
                else {
                    panic!()
                };
                assert!(
                    model.weights.iter().any(|weight| *weight != 0) && rounds > 1,
                    "{backend} {loss:?}"
                );
                assert_eq!(net.outcomes.len(), usize::from(providers) + 1);
                for (id, outcome) in &net.outcomes {
                    assert_eq!(*outcome, expected, "{backend} {loss:?} {id}");
                }
            }
        }
    }
}
