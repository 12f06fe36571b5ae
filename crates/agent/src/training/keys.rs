//! Keys of this party for one training, and the data set it is to bring.

use std::sync::Arc;

use codec::{DecodeAll, Encode};
use polkadot_sdk::{
    sp_core::{sr25519, Pair},
    sp_crypto_hashing::blake2_256,
};
use salus_envelope::Identity;
use salus_paillier::threshold::{Dealer, KeyShare, Setup};
use salus_primitives::{
    training::{Partition, PartyKeys, Position},
    AccountId, Digest,
};
use salus_training::{
    agreed,
    data_set::{DataSet, Folder, FOLDER},
    homogeneous, PartyId, Seed,
};

use zeroize::Zeroizing;

use super::{
    files::{Files, Kind},
    party::{self, Material},
    secret::Secret,
    Training,
};
use crate::{board::Ticket, context::Context, work::Stop, LOG};

/// Longest body of a message of a training in which this agent takes part, bytes.
const MAX_BODY: usize = 64 << 20;

/// Two safe primes, little-endian.
pub type Primes = [Zeroizing<Vec<u8>>; 2];

/// Where the primes come from of which this node, as a dealer, makes shared keys.
pub trait KeySource: Send + Sync + std::fmt::Debug {
    /// Two safe primes for a modulus of so many bits.
    fn primes(&self, bits: u32) -> Result<Primes, salus_paillier::Error>;
}

/// Draws them from the system's random numbers: nobody can draw them again. It takes minutes.
#[derive(Clone, Copy, Debug)]
pub struct OwnKeys;

impl KeySource for OwnKeys {
    fn primes(&self, bits: u32) -> Result<Primes, salus_paillier::Error> {
        Ok(Dealer::new(bits, &mut fresh())?.primes())
    }
}

/// Random numbers of the system's.
fn fresh() -> salus_training::Random {
    let random = Identity::generate().derive(b"salus/training-dealer", &[]);
    Seed::new(random).random()
}

/// What is derived for one training from the member's encryption key.
pub(super) struct Secrets {
    pub(super) seed: Seed,
    pub(super) pair: sr25519::Pair,
    pub(super) exchange: Identity,
}

impl Secrets {
    pub(super) fn new(identity: &Identity, session: &Digest) -> Self {
        let seed = Seed::new(identity.derive(agreed::SEED, &[session.as_bytes()]));
        let pair = sr25519::Pair::from_seed(seed.derive("signing", &[]).expose());
        let exchange = homogeneous::exchange_secret(&seed);
        Secrets {
            exchange: Identity::from_secret_bytes(*exchange.expose()),
            pair,
            seed,
        }
    }

    /// Those that were committed to: the encryption key may have been changed since.
    pub(super) fn committed(
        identities: &[Identity],
        session: &Digest,
        keys: &PartyKeys,
    ) -> Option<Self> {
        let derived = identities.iter().map(|one| Secrets::new(one, session));
        derived
            .into_iter()
            .find(|secrets| secrets.pair.public().0 == keys.signing)
    }
}

/// The position of a member.
pub(super) fn position(training: &Training, member: &AccountId) -> Option<Position> {
    let mut joined = training.joined();
    joined
        .find(|(_, party)| party.account == *member)
        .map(|(position, _)| position)
}

/// What the protocol needs beside keys, and the longest body of a message.
pub(super) async fn material(
    context: &Arc<Context>,
    training: &Training,
    me: Position,
    seed: Seed,
) -> Result<(Material, usize), Stop> {
    // Columns and rows of all, as the chain has them.
    let mut specs = Vec::new();
    for (position, party) in training.participants() {
        let Some(id) = party.data_set else { continue };
        let data_set = context
            .ask(move |chain| chain.data_set(chain.finalized().hash, id))
            .await?
            .ok_or_else(|| Stop::Retry(format!("the chain has no data set {id:?}")))?;
        specs.push((position, id, data_set.spec));
    }
    let rows = specs.iter().map(|(_, _, spec)| spec.rows).max();
    // An analyst commits to its keys before anybody has joined.
    let columns = specs.first().map_or(1, |(_, _, spec)| spec.columns);
    let own = specs
        .into_iter()
        .find(|(position, _, _)| *position == me)
        .map(|(_, id, spec)| (id, spec.commitment));
    if training.brings_data(me) && own.is_none() {
        return Err(Stop::Retry(
            "the chain has no data set of this party".into(),
        ));
    }
    let (training, threads) = (training.clone(), context.config.threads);
    context
        .blocking(move |context| {
            let declined = |error: &dyn std::fmt::Display| Stop::Declined(error.to_string());
            let data: Option<DataSet> = match own {
                Some((id, commitment)) => {
                    let folder = Folder::open(context.config.data_dir.join(FOLDER))
                        .map_err(|error| declined(&error))?;
                    let data = folder.load(&id, &commitment);
                    Some(data.map_err(|error| declined(&error))?)
                }
                None => None,
            };
            let columns = match &data {
                Some(data) => data.attributes().columns.len(),
                None => columns as usize,
            };
            let max_body = party::max_body(&training, columns, rows.unwrap_or(1) as usize)
                .map_err(|error| declined(&error))?;
            if max_body > MAX_BODY {
                return Err(Stop::Declined(format!(
                    "messages of this training have up to {max_body} bytes, this agent takes {MAX_BODY}"
                )));
            }
            let material = Material {
                me: PartyId(me),
                seed,
                data,
                columns,
                threads,
            };
            Ok((material, max_body))
        })
        .await?
}

/// The keys that this party commits to. What it could not do later it says now.
pub(super) async fn commit(
    context: &Arc<Context>,
    files: &Arc<Files>,
    ticket: &Ticket,
) -> Result<Vec<u8>, Stop> {
    let (id, member) = (ticket.duty.subject, ticket.duty.member.clone());
    let training = context
        .ask(move |chain| chain.training(chain.finalized().hash, id))
        .await?
        .ok_or(Stop::Withdrawn)?;
    let me = position(&training, &member).ok_or(Stop::Withdrawn)?;
    let gateway = context.config.gateway.clone().ok_or_else(|| {
        Stop::Declined(
            "this node takes no messages of other parties: it needs a gateway of its own, \
             --gateway-listen"
                .into(),
        )
    })?;
    let address = gateway.clone().into_bytes().try_into().map_err(|_| {
        Stop::Declined(format!(
            "the gateway's address {gateway:?} is longer than the chain keeps for a training"
        ))
    })?;
    let identity = context.current_identity()?;
    let secrets = Secrets::new(identity, &training.session);
    // Data that is not here, or terms that this build does not take, are found now.
    let (material, _) = material(context, &training, me, secrets.seed.clone()).await?;
    let (signing, exchange) = (secrets.pair.public().0, secrets.exchange.recipient());
    let files = files.clone();
    let paillier = context
        .blocking(move |context| {
            check(&training, &material).map_err(Stop::Declined)?;
            let terms = &training.terms;
            let bits = u32::from(terms.key_bits);
            if me != 0 || !terms.backend.encrypts() {
                return Ok(None);
            }
            let key = match terms.backend.partition() {
                Partition::Homogeneous => homogeneous::analyst_key(bits, &material.seed)
                    .map_err(|error| Stop::Declined(error.to_string()))?,
                Partition::Heterogeneous => {
                    let shares = shares(context, &files, id, &training)?;
                    let first = shares.first().map(Secret::expose).unwrap_or_default();
                    KeyShare::from_bytes(first)
                        .map_err(|error| Stop::Declined(error.to_string()))?
                        .key()
                        .to_bytes()
                }
            };
            Ok::<_, Stop>(Some(Digest::from(blake2_256(&key))))
        })
        .await??;
    let keys = PartyKeys {
        signing,
        exchange,
        paillier,
        gateway: address,
    };
    Ok(keys.encode())
}

/// Whether rows and terms fit together.
fn check(training: &Training, material: &Material) -> Result<(), String> {
    let words = |error: &dyn std::fmt::Display| error.to_string();
    let Some(data) = &material.data else {
        return Ok(());
    };
    let positive = agreed::options(&training.terms)
        .map_err(|error| words(&error))?
        .svm
        .positive;
    match training.terms.backend.partition() {
        Partition::Homogeneous => {
            party::make(training, material, None).map_err(|error| words(&error))?;
        }
        Partition::Heterogeneous => {
            data.block(&positive).map_err(|error| words(&error))?;
            let parties = training.parties.len() as u16;
            let parameters = agreed::heterogeneous(&training.terms, training.session.0, parties)
                .map_err(|error| words(&error))?;
            if parameters.classes == material.me && !data.has_classes() {
                return Err(
                    "the training takes the classes from this party, whose data set has none"
                        .into(),
                );
            }
        }
    }
    Ok(())
}

/// The dealer's shares of the key, by party: those that were made before, or new ones. They stay in
/// a sealed file until they are dealt.
fn shares(
    context: &Context,
    files: &Files,
    id: u64,
    training: &Training,
) -> Result<Vec<Secret>, Stop> {
    if let Some(shares) = kept_shares(context, files, id, training)? {
        return Ok(shares);
    }
    let (parties, bits) = (
        training.parties.len() as u16,
        training.terms.key_bits.into(),
    );
    let failed = |error: salus_paillier::Error| Stop::Declined(error.to_string());
    let [p, q] = match files.take_primes(bits, &context.config.identities) {
        Some(primes) => primes,
        None => context.config.keys.primes(bits).map_err(failed)?,
    };
    let dealer = Dealer::from_primes(&p, &q).map_err(failed)?;
    let (_, shares) = dealer.run(parties, parties, &mut fresh()).map_err(failed)?;
    let shares: Vec<Secret> = shares
        .iter()
        .map(|share| share.to_bytes().to_vec().into())
        .collect();
    let identity = context.current_identity()?;
    let plain = Zeroizing::new(shares.encode());
    files
        .save((id, &training.session), Kind::Key, identity, &plain)
        .map_err(|error| Stop::Retry(format!("the key could not be kept: {error}")))?;
    Ok(shares)
}

/// Bits of the keys that a node makes ready beforehand: the usual ones.
const READY_BITS: u32 = 2048;

/// Whether this node should have primes ready and has none: it holds the classes of some patients, so it
/// may be asked to deal the key of a training on columns.
pub(super) fn lacks_primes(context: &Context, files: &Files) -> bool {
    if files.has_primes(READY_BITS) {
        return false;
    }
    let Ok(folder) = Folder::open(context.config.data_dir.join(FOLDER)) else {
        return false;
    };
    let ids = folder.list().unwrap_or_default();
    ids.iter().any(|id| {
        folder.description(id).is_ok_and(|description| {
            description.partition == salus_training::data_set::Kind::Heterogeneous
                && description.class.is_some()
        })
    })
}

/// Draws primes on this thread, at the lowest priority, and keeps them sealed until a training takes them.
pub(super) fn draw_ahead(context: &Context, files: &Files) {
    // Of this thread only. Where the system refuses, it takes as much as any other.
    let _ = rustix::process::nice(19);
    let Ok(identity) = context.current_identity() else {
        return;
    };
    let kept = match context.config.keys.primes(READY_BITS) {
        Ok(primes) => files.keep_primes(READY_BITS, identity, &primes),
        Err(error) => return log::error!(target: LOG, "primes for a training's key: {error}"),
    };
    match kept {
        Ok(()) => log::info!(target: LOG, "primes for the key of a training are ready"),
        Err(error) => log::warn!(target: LOG, "primes could not be kept: {error}"),
    }
}

/// Shares that were made and not yet dealt.
pub(super) fn kept_shares(
    context: &Context,
    files: &Files,
    id: u64,
    training: &Training,
) -> Result<Option<Vec<Secret>>, Stop> {
    let identities = &context.config.identities;
    let kept = files
        .load((id, &training.session), Kind::Key, identities)
        .map_err(|error| Stop::Retry(format!("the kept key: {error}")))?;
    Ok(kept.and_then(|bytes| Vec::<Secret>::decode_all(&mut &bytes[..]).ok()))
}
