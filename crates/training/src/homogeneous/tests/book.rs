//! The book's own protocol (chapter 4, algorithms 2 and 3), for comparison only: what its analyst
//! sees. It is not sound, which is what the attacks show. Encryption is left out: the analyst
//! decrypts everything that is sent.

use rand_core::Rng;
use salus_analytics::svm::{Data, Model, Sums, SvmParameters, Trainer};

use super::*;

/// One round of one provider, as the analyst sees it.
pub struct Seen {
    pub model: Model,
    /// For each row in its order: a r1 + r2 and r1 + r3.
    pub comparisons: Vec<(i128, i128)>,
    /// The provider's own sums of this round.
    pub sums: Sums,
}

/// Trains as algorithm 3 does, and gives everything that the analyst sees of the first provider.
pub fn train(parameters: &SvmParameters, providers: &[Data], random: &mut Random) -> Vec<Seen> {
    let columns = providers[0].columns();
    let mut trainer = Trainer::new(parameters, columns).unwrap();
    let mut seen = Vec::new();
    let one = 1i128 << (2 * parameters.fraction);
    while !trainer.is_done() {
        let model = trainer.model().clone();
        let mut total = Sums::zero(columns, parameters.loss);
        for (number, data) in providers.iter().enumerate() {
            let sums = Sums::of(&model, data, None, parameters.loss, None).unwrap();
            total.add(&sums).unwrap();
            if number > 0 {
                continue;
            }
            let compare = |(row, positive): (&[i64], bool)| {
                let margin = model.decision(row) * if positive { 1 } else { -1 };
                // "A uniformly picks three positive integers r1, r2 and r3, where |r3 - r2| < r1."
                let draw = |random: &mut Random| i128::from(random.next_u32() >> 1) + 1;
                loop {
                    let (r1, r2, r3) = (draw(random), draw(random), draw(random));
                    if (r3 - r2).abs() < r1 {
                        // 1 is S^2 in the margin's units.
                        return (margin * r1 + r2, one * r1 + r3);
                    }
                }
            };
            let comparisons = data.rows().map(compare).collect();
            seen.push(Seen {
                model: model.clone(),
                comparisons,
                sums,
            });
        }
        trainer.absorb(&total).unwrap();
    }
    seen
}
