//! The same fixed-point training on rows that are all in one place.

use anyhow::{bail, Context};
use ndarray::{concatenate, Array2, Axis};
use salus_analytics::{
    scale::Scale,
    svm::{Data, Loss, Model, Sums, Trainer},
};
use salus_envelope::Identity;
use salus_training::{
    agreed,
    data_set::DataSet,
    heterogeneous::{draw, order},
    homogeneous::{pooled, Rows},
    Outcome, Seed, SessionId,
};

use super::cohorts::Share;
use crate::train::ChainTerms;

/// The model that the terms lead to on the rows of all shares together. `identities` are those of the
/// participants, from whose seeds the rows of each round are drawn where columns are dealt out: only
/// somebody who has them all, as this demo, can repeat that.
pub fn model(
    terms: &ChainTerms,
    session: &SessionId,
    shares: &[Share],
    identities: &[Identity],
) -> anyhow::Result<Model> {
    let positive = agreed::options(terms)?.svm.positive;
    let sets = shares
        .iter()
        .map(|share| Ok(DataSet::read(share.text.as_bytes(), &share.description)?))
        .collect::<anyhow::Result<Vec<_>>>()?;
    match terms.backend.partition() {
        salus_primitives::training::Partition::Homogeneous => {
            homogeneous(terms, session, &sets, &positive)
        }
        salus_primitives::training::Partition::Heterogeneous => {
            heterogeneous(terms, session, &sets, &positive, identities)
        }
    }
}

fn homogeneous(
    terms: &ChainTerms,
    session: &SessionId,
    sets: &[DataSet],
    positive: &[f64],
) -> anyhow::Result<Model> {
    let parts = sets
        .iter()
        .map(|set| Ok(set.rows(positive)?))
        .collect::<anyhow::Result<Vec<Rows>>>()?;
    let values: Vec<_> = parts.iter().map(|part| part.values.view()).collect();
    let rows = Rows {
        values: concatenate(Axis(0), &values)?,
        positive: parts
            .iter()
            .flat_map(|part| part.positive.clone())
            .collect(),
    };
    let columns = rows.values.ncols();
    let agreed = agreed::homogeneous(terms, *session, u16::try_from(sets.len())?, columns)?;
    match pooled(&agreed, &rows)? {
        Outcome::Model { model, .. } => Ok(model),
        _ => bail!("the pooled training has no model"),
    }
}

fn heterogeneous(
    terms: &ChainTerms,
    session: &SessionId,
    sets: &[DataSet],
    positive: &[f64],
    identities: &[Identity],
) -> anyhow::Result<Model> {
    let agreed = agreed::heterogeneous(terms, *session, u16::try_from(sets.len())?)?;
    let svm = &agreed.svm;
    let blocks = sets
        .iter()
        .map(|set| Ok(set.block(positive)?))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let names = blocks
        .first()
        .context("nobody takes part")?
        .names()
        .to_vec();
    let ordered = order(session, &names);
    let names: Vec<&Vec<u8>> = ordered.iter().map(|at| &names[*at as usize]).collect();
    let (mut columns, mut classes) = (Vec::new(), None);
    for block in &blocks {
        let at = |name: &&Vec<u8>| block.names().iter().position(|other| other == *name);
        let rows: Option<Vec<usize>> = names.iter().map(at).collect();
        let rows = rows.context("not all participants have the same patients")?;
        columns.push(block.values().select(Axis(0), &rows));
        let rows: Vec<u32> = rows.into_iter().map(|row| row as u32).collect();
        classes = classes.or(block.classes(&rows));
    }
    let views: Vec<_> = columns.iter().map(Array2::view).collect();
    let mut values = concatenate(Axis(1), &views)?;
    Scale::apply(svm.scaling, values.view_mut());
    let classes = classes.context("nobody knows the classes")?;
    let data = Data::encode(&values, &classes, svm.fraction)?;
    let seeds: Vec<Seed> = identities
        .iter()
        .map(|identity| Seed::new(identity.derive(agreed::SEED, &[&session[..]])))
        .collect();
    let mut trainer = Trainer::new(svm, data.columns())?;
    for drawn in draw(&agreed, &seeds, data.len()) {
        let sums = Sums::of(trainer.model(), &data, Some(&drawn), Loss::Hinge, None)?;
        trainer.absorb(&sums)?;
    }
    Ok(trainer.model().clone())
}
