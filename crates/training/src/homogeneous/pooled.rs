//! The same training on rows that are all in one place: what the protocols are compared with.

use salus_analytics::{
    scale::Scaling,
    svm::{Loss, Sums, Trainer},
};

use super::{
    gate::{difference, Verdict},
    Moments, Rows, Terms,
};
use crate::{Ended, Error, Outcome};

/// The model that these terms lead to, whatever the back-end, and however the rows are
/// distributed.
pub fn pooled(terms: &Terms, rows: &Rows) -> Result<Outcome, Error> {
    let moments = match terms.svm.scaling {
        Scaling::None => None,
        _ => Some(Moments::of(rows.values.view())?),
    };
    let data = terms.encode(rows, moments.as_ref())?;
    let mut trainer = Trainer::new(&terms.svm, terms.columns)?;
    let mut releases = vec![(
        vec![false; data.len()],
        Sums::zero(terms.columns, terms.svm.loss),
    )];
    let mut used = 0;
    while !trainer.is_done() {
        let model = trainer.model();
        let active: Vec<bool> = data
            .rows()
            .map(|(row, positive)| model.is_active(row, positive))
            .collect();
        let changed: Vec<u64> = releases
            .iter()
            .map(|(earlier, _)| difference(&active, earlier))
            .collect();
        match terms.verdict(&changed)? {
            Verdict::Same(index) => used = index,
            Verdict::Release => {
                let sums = Sums::of_active(&data, &active, terms.svm.loss)?;
                used = releases.len();
                releases.push((active, sums));
            }
            Verdict::Hold if terms.svm.loss == Loss::SquaredHinge || releases.len() == 1 => {
                return Ok(Outcome::Model {
                    model: trainer.model().clone(),
                    rounds: trainer.rounds(),
                    ended: Ended::FewRowsChanged,
                });
            }
            Verdict::Hold | Verdict::Impossible => {}
        }
        let Some((_, sums)) = releases.get(used) else {
            break;
        };
        let mut sums = sums.clone();
        // Of no rows there is no number of rows.
        sums.rows = sums.rows.max(1);
        trainer.absorb(&sums)?;
    }
    Ok(Outcome::Model {
        model: trainer.model().clone(),
        rounds: trainer.rounds(),
        ended: super::analyst::ended(&trainer, &terms.svm),
    })
}
