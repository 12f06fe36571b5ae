//! Files of trainings in the agent's folder, sealed to the member itself.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use codec::{DecodeAll, Encode};
use polkadot_sdk::sp_crypto_hashing::blake2_256;
use salus_envelope::Identity;
use salus_primitives::{training::TrainingId, Digest};
use zeroize::Zeroizing;

use super::keys::Primes;
use crate::{
    config::Error,
    kept::{make_private, write_private},
};

/// What a file holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// State of a training under way.
    Checkpoint,
    /// Shares of a key, until they are dealt.
    Key,
    /// This party's model, or its part of one.
    Model,
}

impl Kind {
    fn suffix(self) -> &'static str {
        match self {
            Kind::Checkpoint => "checkpoint.age",
            Kind::Key => "key.age",
            Kind::Model => "model.age",
        }
    }
}

/// The folder.
pub(super) struct Files(PathBuf);

impl Files {
    pub(super) fn open(data_dir: &Path) -> Result<Self, Error> {
        let folder = data_dir.join("trainings");
        make_private(&folder).map_err(|source| Error::DataDir {
            path: folder.clone(),
            source,
        })?;
        Ok(Files(folder))
    }

    /// The digest tells trainings of several chains apart that have one number.
    fn path(&self, id: TrainingId, session: &Digest, kind: Kind) -> PathBuf {
        let tag = session.using_encoded(blake2_256);
        let tag = hex::encode(&tag[..8]);
        self.0.join(format!("{id}-{tag}.{}", kind.suffix()))
    }

    /// Replaces a file, whole or not at all; it is on the disk when this returns.
    pub(super) fn save(
        &self,
        (id, session): (TrainingId, &Digest),
        kind: Kind,
        identity: &Identity,
        plain: &[u8],
    ) -> io::Result<()> {
        let sealed = salus_envelope::encrypt(plain, &[identity.recipient()])
            .map_err(|error| io::Error::other(error.to_string()))?;
        write_private(&self.path(id, session, kind), &sealed)
    }

    /// A file's plaintext; `None` where there is no file.
    pub(super) fn load(
        &self,
        (id, session): (TrainingId, &Digest),
        kind: Kind,
        identities: &[Identity],
    ) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        let Some(sealed) = self.sealed((id, session), kind)? else {
            return Ok(None);
        };
        let open = |identity| salus_envelope::decrypt(&sealed, identity).ok();
        match identities.iter().find_map(open) {
            Some(plain) => Ok(Some(plain)),
            None => Err(io::Error::other(format!(
                "{} is sealed to another key",
                self.path(id, session, kind).display()
            ))),
        }
    }

    /// A file as it lies there.
    pub(super) fn sealed(
        &self,
        (id, session): (TrainingId, &Digest),
        kind: Kind,
    ) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.path(id, session, kind)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            other => other.map(Some),
        }
    }

    fn primes_path(&self, bits: u32) -> PathBuf {
        self.0.join(format!("primes-{bits}.age"))
    }

    /// Whether there are primes that no training has taken.
    pub(super) fn has_primes(&self, bits: u32) -> bool {
        self.primes_path(bits).exists()
    }

    pub(super) fn keep_primes(
        &self,
        bits: u32,
        identity: &Identity,
        primes: &Primes,
    ) -> io::Result<()> {
        let [p, q] = primes;
        let plain = Zeroizing::new((&**p, &**q).encode());
        let sealed = salus_envelope::encrypt(&plain, &[identity.recipient()])
            .map_err(|error| io::Error::other(error.to_string()))?;
        write_private(&self.primes_path(bits), &sealed)
    }

    /// Takes the primes that were kept, once: the file is gone before they are used.
    pub(super) fn take_primes(&self, bits: u32, identities: &[Identity]) -> Option<Primes> {
        let path = self.primes_path(bits);
        let sealed = fs::read(&path).ok()?;
        fs::remove_file(&path).ok()?;
        let open = |identity| salus_envelope::decrypt(&sealed, identity).ok();
        let plain = identities.iter().find_map(open)?;
        let (p, q) = <(Vec<u8>, Vec<u8>)>::decode_all(&mut &plain[..]).ok()?;
        Some([Zeroizing::new(p), Zeroizing::new(q)])
    }

    pub(super) fn remove(&self, (id, session): (TrainingId, &Digest), kind: Kind) {
        let _ = fs::remove_file(self.path(id, session, kind));
    }
}
