//! What the chain has of a training, as the protocols take it: the same for all parties, and for who
//! wants to know beforehand what it tells to whom.

use salus_analytics::svm::SvmParameters;
use salus_paillier::Exponent;
use salus_primitives::training::{self as chain, ModelAccess, Partition};
use serde::{Deserialize, Serialize};

use crate::{heterogeneous, homogeneous, Backend, Error, PartyId, SessionId};

/// The algorithm, name and version, as the terms have it.
pub const ALGORITHM: &str = "svm/1";
/// Label from which a party's [`crate::Seed`] is derived: `Identity::derive(SEED, &[session])` of the
/// member's encryption key.
pub const SEED: &[u8] = b"salus/training-seed";
/// Exponents of encryptions are half as long as the modulus: no assumption beside that of Paillier.
pub const EXPONENT: Exponent = Exponent::Half;
/// Longest canonical JSON, bytes.
const MAX_PARAMETERS: usize = 1024;

/// `Terms::parameters`: canonical JSON, keys in alphabetical order.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Heterogeneous: position of the participant that knows the classes. Else 0.
    pub classes: u16,
    /// What is trained.
    pub svm: SvmParameters,
}

impl Options {
    /// Reads the one spelling.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        let wrong = |why: String| Error::Parameter(format!("the parameters of svm/1: {why}"));
        if json.len() > MAX_PARAMETERS {
            return Err(wrong("they take more than 1024 bytes".into()));
        }
        let options: Self =
            serde_json::from_slice(json).map_err(|error| wrong(error.to_string()))?;
        options.svm.validate()?;
        match options.to_canonical_json()?.as_bytes() == json {
            true => Ok(options),
            false => Err(wrong("they are not in their canonical form".into())),
        }
    }

    /// The one spelling.
    pub fn to_canonical_json(&self) -> Result<String, Error> {
        self.svm.validate()?;
        serde_json::to_string(self).map_err(|error| Error::Parameter(error.to_string()))
    }
}

impl From<chain::Backend> for Backend {
    fn from(backend: chain::Backend) -> Self {
        match backend {
            chain::Backend::SecureSvm => Backend::SecureSvm,
            chain::Backend::PackedNewton => Backend::PackedNewton,
            chain::Backend::Masked => Backend::Masked,
            chain::Backend::Faithful => Backend::Faithful,
            chain::Backend::Batch => Backend::Batch,
        }
    }
}

/// The options of these terms.
pub fn options<Balance, BlockNumber>(
    terms: &chain::Terms<Balance, BlockNumber>,
) -> Result<Options, Error> {
    if terms.algorithm.as_slice() != ALGORITHM.as_bytes() {
        return Err(Error::Parameter(format!(
            "this program trains {ALGORITHM}, not {}",
            String::from_utf8_lossy(&terms.algorithm)
        )));
    }
    Options::from_json(&terms.parameters)
}

fn for_partition<Balance, BlockNumber>(
    terms: &chain::Terms<Balance, BlockNumber>,
    partition: Partition,
) -> Result<Options, Error> {
    match terms.backend.partition() == partition {
        true => options(terms),
        false => Err(Error::Parameter(format!(
            "{} is for data of the other partition",
            Backend::from(terms.backend)
        ))),
    }
}

/// Terms of a homogeneous training of `providers` invited participants, whoever of them comes, with
/// so many attributes.
pub fn homogeneous<Balance, BlockNumber>(
    terms: &chain::Terms<Balance, BlockNumber>,
    session: SessionId,
    providers: u16,
    columns: usize,
) -> Result<homogeneous::Terms, Error> {
    let options = for_partition(terms, Partition::Homogeneous)?;
    let parties = (1..=providers).map(PartyId).collect();
    let backend = terms.backend.into();
    let agreed = homogeneous::Terms {
        min_providers: terms.min_participants.max(2).min(providers.into()) as usize,
        min_changed: terms.min_changed.into(),
        key_bits: terms.key_bits.into(),
        exponent: EXPONENT,
        share_model: terms.access == ModelAccess::Everyone,
        ..homogeneous::Terms::new(session, backend, options.svm, columns, parties)
    };
    agreed.validate()?;
    Ok(agreed)
}

/// Parameters of a heterogeneous training. `min_changed` is the fewest common patients.
pub fn heterogeneous<Balance, BlockNumber>(
    terms: &chain::Terms<Balance, BlockNumber>,
    session: SessionId,
    participants: u16,
) -> Result<heterogeneous::Parameters, Error> {
    let options = for_partition(terms, Partition::Heterogeneous)?;
    let parameters = heterogeneous::Parameters {
        classes: PartyId(options.classes),
        fewest_rows: terms.min_changed.max(1),
        ..heterogeneous::Parameters::new(session, participants, options.svm)
    };
    parameters.validate(terms.key_bits.into())?;
    match parameters.backend() == Backend::from(terms.backend) {
        true => Ok(parameters),
        false => Err(Error::Parameter(
            "the back-end faithful judges one row a round, batch 1; batch judges more, or all of \
             them with 0"
                .into(),
        )),
    }
}

/// Heterogeneous: the dealer of the key, the first participant. [`salus_paillier::threshold`] says
/// what it is trusted with.
pub const DEALER: PartyId = PartyId(0);

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(backend: chain::Backend, options: &Options) -> chain::Terms<u128, u32> {
        chain::Terms {
            backend,
            algorithm: ALGORITHM.as_bytes().to_vec().try_into().unwrap(),
            parameters: options
                .to_canonical_json()
                .unwrap()
                .into_bytes()
                .try_into()
                .unwrap(),
            purpose: 1,
            attributes: None,
            key_bits: 2048,
            min_changed: 10,
            min_participants: 2,
            stages: 1,
            access: ModelAccess::Initiator,
            join_window: 100,
            stage_window: 100,
            reward: 0,
            deposit: 0,
        }
    }

    #[test]
    fn one_spelling_of_options_is_taken() {
        let json = Options::default().to_canonical_json().unwrap();
        assert_eq!(
            Options::from_json(json.as_bytes()).unwrap(),
            Options::default()
        );
        for other in ["{}", &json.replace("\"classes\":0", "\"classes\": 0"), "[]"] {
            assert!(Options::from_json(other.as_bytes()).is_err(), "{other}");
        }
    }

    #[test]
    fn terms_of_the_chain_become_those_of_the_protocol() {
        let options = Options {
            classes: 1,
            svm: SvmParameters {
                batch: 1,
                ..SvmParameters::default()
            },
        };
        let faithful = terms(chain::Backend::Faithful, &options);
        let parameters = heterogeneous(&faithful, [1; 32], 3).unwrap();
        assert_eq!(
            (parameters.classes, parameters.fewest_rows),
            (PartyId(1), 10)
        );
        assert!(homogeneous(&faithful, [1; 32], 3, 4).is_err());
        // One row a round is not what batch says.
        let batch = terms(chain::Backend::Batch, &options);
        assert!(heterogeneous(&batch, [1; 32], 3).is_err());

        let masked = terms(chain::Backend::Masked, &Options::default());
        let agreed = homogeneous(&masked, [1; 32], 5, 9).unwrap();
        assert_eq!((agreed.providers.len(), agreed.share_model), (5, false));
        // It may go on with two, whoever was invited.
        assert_eq!(agreed.min_providers, 2);
        let two = |told: &crate::Leak| told.what.contains("the other provider's sums");
        assert!(agreed.leaks().unwrap().iter().any(two));
        let more = chain::Terms {
            min_participants: 3,
            ..masked.clone()
        };
        let more = homogeneous(&more, [1; 32], 5, 9).unwrap();
        assert!(!more.leaks().unwrap().iter().any(two));
        let unknown = chain::Terms {
            algorithm: b"svm/2".to_vec().try_into().unwrap(),
            ..masked
        };
        assert!(homogeneous(&unknown, [1; 32], 5, 9).is_err());
    }
}
