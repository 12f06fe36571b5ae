//! The party that this node is, made of what the chain has and the data set that lies here.

use std::collections::BTreeMap;

use salus_analytics::scale::Scale;
use salus_paillier::threshold::KeyShare;
use salus_primitives::training::Partition;
use salus_training::{
    agreed,
    data_set::{Attributes, DataSet},
    heterogeneous::Participant,
    homogeneous::{Analyst, Provider},
    model::ModelPart,
    Error, Outcome, Party, PartyId, Seed,
};

use super::Training;

/// Which party.
pub(super) enum Role {
    Analyst(Box<Analyst>),
    Provider(Box<Provider>),
    Participant(Box<Participant>),
}

impl Role {
    pub(super) fn party(&mut self) -> &mut dyn Party {
        match self {
            Role::Analyst(party) => &mut **party,
            Role::Provider(party) => &mut **party,
            Role::Participant(party) => &mut **party,
        }
    }

    pub(super) fn view(&self) -> &dyn Party {
        match self {
            Role::Analyst(party) => &**party,
            Role::Provider(party) => &**party,
            Role::Participant(party) => &**party,
        }
    }

    /// How the columns of its model are scaled.
    fn scale(&self, columns: usize) -> Scale {
        let moments = match self {
            Role::Analyst(party) => party.moments(),
            Role::Provider(party) => party.moments(),
            Role::Participant(party) => {
                if let Some(scale) = party.scale() {
                    return scale.clone();
                }
                None
            }
        };
        moments.map_or_else(
            || Scale {
                offset: vec![0.0; columns],
                divisor: vec![1.0; columns],
            },
            |moments| moments.scale(),
        )
    }

    /// Whether values of its columns may be missing.
    fn is_scaled(&self) -> bool {
        match self {
            Role::Analyst(party) => party.moments().is_some(),
            Role::Provider(party) => party.moments().is_some(),
            Role::Participant(_) => true,
        }
    }
}

/// What a party is made of.
pub(super) struct Material {
    pub(super) me: PartyId,
    pub(super) seed: Seed,
    /// Of the data set that lies here; none for the analyst.
    pub(super) data: Option<DataSet>,
    /// Columns of a homogeneous training.
    pub(super) columns: usize,
    pub(super) threads: std::num::NonZeroUsize,
}

/// Longest body of a message of the training. `rows` are the most rows of a participant.
pub(super) fn max_body(training: &Training, columns: usize, rows: usize) -> Result<usize, Error> {
    let terms = &training.terms;
    let session = training.session.0;
    let parties = training.parties.len() as u16;
    match terms.backend.partition() {
        Partition::Homogeneous => {
            let providers = parties.saturating_sub(1);
            Ok(agreed::homogeneous(terms, session, providers, columns)?.max_body())
        }
        Partition::Heterogeneous => {
            let parameters = agreed::heterogeneous(terms, session, parties)?;
            Ok(parameters.max_body(terms.key_bits.into(), rows))
        }
    }
}

/// Rounds at most.
pub(super) fn rounds(training: &Training) -> Result<u32, Error> {
    Ok(agreed::options(&training.terms)?.svm.iterations)
}

/// The party; of a heterogeneous training with its share of the key.
pub(super) fn make(
    training: &Training,
    material: &Material,
    share: Option<&[u8]>,
) -> Result<Role, Error> {
    let terms = &training.terms;
    let (me, session, seed) = (material.me, training.session.0, material.seed.clone());
    let unfit = |error: salus_training::data_set::Error| Error::Parameter(error.to_string());
    let positive = agreed::options(terms)?.svm.positive;
    if terms.backend.partition() == Partition::Heterogeneous {
        let parties = training.parties.len() as u16;
        let parameters = agreed::heterogeneous(terms, session, parties)?;
        let data = material.data.as_ref().ok_or_else(no_data)?;
        let mut block = data.block(&positive).map_err(unfit)?;
        if parameters.classes != me {
            // Who has classes as well as another leaves them out.
            block = block.without_classes();
        }
        let share = KeyShare::from_bytes(share.unwrap_or_default())?;
        let party = Participant::new(parameters, share, block, agreed::EXPONENT, seed)?;
        return Ok(Role::Participant(Box::new(party)));
    }
    let providers = (training.parties.len() as u16).saturating_sub(1);
    let mut agreed = agreed::homogeneous(terms, session, providers, material.columns)?;
    agreed.threads = Some(material.threads);
    if me == PartyId(0) {
        return Ok(Role::Analyst(Box::new(Analyst::new(agreed, seed)?)));
    }
    let rows = material.data.as_ref().ok_or_else(no_data)?;
    let provider = Provider::new(agreed, me, rows.rows(&positive).map_err(unfit)?, seed)?;
    let keys: BTreeMap<PartyId, [u8; 32]> = (0..)
        .zip(training.parties.iter())
        .skip(1)
        .filter_map(|(position, party)| Some((PartyId(position), party.keys.as_ref()?.exchange)))
        .collect();
    let analyst = training
        .parties
        .first()
        .and_then(|party| party.keys.as_ref());
    let analyst = analyst
        .and_then(|keys| keys.paillier)
        .map(|digest| digest.0);
    Ok(Role::Provider(Box::new(provider.committed(keys, analyst))))
}

fn no_data() -> Error {
    Error::Parameter("this party has no data set".into())
}

/// What this party has at the end.
pub(super) struct End {
    pub(super) rounds: u32,
    pub(super) part: Option<ModelPart>,
}

/// The model or the part of it in an outcome; none where this party learns none.
pub(super) fn end(
    training: &Training,
    role: &Role,
    material: &Material,
    attributes: Option<&Attributes>,
    outcome: Outcome,
) -> Result<End, Error> {
    let (weights, bias, rounds, ended) = match outcome {
        Outcome::Done { rounds, .. } => return Ok(End { rounds, part: None }),
        Outcome::Model {
            model,
            rounds,
            ended,
        } => (model.weights, Some(model.bias), rounds, ended),
        Outcome::Part(part) => (part.weights, part.bias, part.rounds, part.ended),
    };
    let attributes = attributes.ok_or_else(|| {
        Error::Parameter("no provider has told the names of the columns yet".into())
    })?;
    let scale = role.scale(weights.len());
    let missing = match (&material.data, role) {
        (Some(data), Role::Participant(_)) => data
            .means()
            .map_err(|error| Error::Parameter(error.to_string()))?,
        _ if role.is_scaled() => scale.offset.clone(),
        _ => vec![f64::NAN; weights.len()],
    };
    let svm = agreed::options(&training.terms)?.svm;
    Ok(End {
        rounds,
        part: Some(ModelPart {
            session: training.session.0,
            position: material.me.0,
            parameters: svm.to_canonical_json()?.into_bytes(),
            columns: ModelPart::columns(&attributes.columns, &missing, &scale, &weights),
            class: attributes.class.clone().filter(|_| bias.is_some()),
            bias,
            rounds,
            ended,
            salt: *material.seed.derive("model-salt", &[]).expose(),
        }),
    })
}

/// Whether an analyst's model is the one that this provider has.
pub(super) fn is_same_model(theirs: &ModelPart, ours: &ModelPart) -> bool {
    let alike = ModelPart {
        position: ours.position,
        salt: ours.salt,
        ..theirs.clone()
    };
    // Bits, so that a value that is missing is equal to itself.
    alike.to_bytes() == ours.to_bytes()
}
