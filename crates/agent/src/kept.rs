//! Results that were computed, sealed to the worker itself, until the chain no longer asks for them.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use codec::{Decode, Encode};
use polkadot_sdk::sp_crypto_hashing::blake2_256;
use salus_envelope::Identity;
use salus_primitives::{
    jobs::{Assignment, JobId, Outcome},
    AccountId, Digest, Hash,
};
use zeroize::Zeroizing;

use crate::{config::Error, work::Stop};

/// Ending of a sealed result's file name; `age -d` opens it.
const SUFFIX: &str = ".result.age";
/// Ending of the name of the note that a job is being worked.
const ATTEMPTS: &str = ".attempts";
/// Deaths of the process in the middle of a job after which the job is left alone.
const MAX_DEATHS: u8 = 2;
/// Extension of a result that is being written.
const UNFINISHED: &str = "part";

/// What a worker found, with the salt of its commitment.
#[derive(Clone)]
pub(crate) struct Kept {
    /// What the result depends on; see [`fingerprint`].
    pub(crate) fingerprint: Digest,
    pub(crate) outcome: Outcome,
    pub(crate) salt: [u8; 32],
    /// Canonical bytes of the result; `None` for a failure.
    pub(crate) result: Option<Arc<Zeroizing<Vec<u8>>>>,
}

/// The file's plaintext.
#[derive(Encode, Decode)]
enum File {
    #[codec(index = 1)]
    V1 {
        fingerprint: Digest,
        outcome: Outcome,
        salt: [u8; 32],
        result: Option<Vec<u8>>,
    },
}

/// Digest of what decides the result of a job: not where the ciphertext lies or which capsule opens
/// it, which may change while the plaintext stays.
pub(crate) fn fingerprint(assignment: &Assignment<AccountId>) -> Digest {
    let commitments: Vec<Digest> = assignment
        .inputs
        .iter()
        .map(|input| input.commitment)
        .collect();
    (
        b"salus/job-inputs",
        assignment.job,
        &assignment.algorithm,
        &assignment.parameters,
        assignment.bound,
        commitments,
    )
        .using_encoded(blake2_256)
        .into()
}

/// The folder of sealed results.
pub(crate) struct Results {
    folder: PathBuf,
    /// Blake2 of genesis and worker makes the names of one chain and worker differ from another's.
    genesis: Hash,
}

impl Results {
    pub(crate) fn open(data_dir: &Path, genesis: Hash) -> Result<Self, Error> {
        let folder = data_dir.join("results");
        make_private(&folder)
            .and_then(|()| remove_unfinished(&folder))
            .map_err(|source| Error::DataDir {
                path: folder.clone(),
                source,
            })?;
        Ok(Self { folder, genesis })
    }

    fn path(&self, job: JobId, worker: &AccountId) -> PathBuf {
        self.folder.join(self.name(job, worker) + SUFFIX)
    }

    fn name(&self, job: JobId, worker: &AccountId) -> String {
        let whose = (self.genesis, worker).using_encoded(blake2_256);
        format!("{job}-{}", hex::encode(&whose[..8]))
    }

    /// What was kept for a job; `None` where there is nothing, or nothing that opens.
    pub(crate) fn load(
        &self,
        job: JobId,
        worker: &AccountId,
        identities: &[Identity],
    ) -> Option<Kept> {
        let sealed = fs::read(self.path(job, worker)).ok()?;
        let plain = identities
            .iter()
            .find_map(|identity| salus_envelope::decrypt(&sealed, identity).ok())?;
        let File::V1 {
            fingerprint,
            outcome,
            salt,
            result,
        } = File::decode(&mut &plain[..]).ok()?;
        Some(Kept {
            fingerprint,
            outcome,
            salt,
            result: result.map(|bytes| Arc::new(Zeroizing::new(bytes))),
        })
    }

    /// Keeps a result; whole or not at all, and on disk when this returns.
    pub(crate) fn save(
        &self,
        job: JobId,
        worker: &AccountId,
        identity: &Identity,
        kept: &Kept,
    ) -> io::Result<()> {
        let plain = Zeroizing::new(encode(kept));
        let sealed = salus_envelope::encrypt(&plain, &[identity.recipient()])
            .map_err(|error| io::Error::other(error.to_string()))?;
        let path = self.path(job, worker);
        write_private(&path, &sealed)
    }

    pub(crate) fn remove(&self, job: JobId, worker: &AccountId) {
        // Where there is no file there is nothing to remove.
        let _ = fs::remove_file(self.path(job, worker));
        let _ = fs::remove_file(self.attempts_path(job, worker));
    }

    /// Bytes on disk; 0 where nothing is kept.
    pub(crate) fn size(&self, job: JobId, worker: &AccountId) -> u64 {
        fs::metadata(self.path(job, worker)).map_or(0, |file| file.len())
    }

    /// Notes that a job is being worked, until the note is dropped. Refused where the process died
    /// in the middle of the same job too often: it may be what kills it.
    pub(crate) fn begin(
        &self,
        assignment: &Assignment<AccountId>,
        worker: &AccountId,
    ) -> Result<Attempt, Stop> {
        let path = self.attempts_path(assignment.job, worker);
        let fingerprint = fingerprint(assignment);
        let deaths = fs::read(&path)
            .ok()
            .and_then(|note| <(Digest, u8)>::decode(&mut &note[..]).ok())
            .filter(|(of, _)| *of == fingerprint)
            .map_or(0, |(_, deaths)| deaths);
        if deaths >= MAX_DEATHS {
            return Err(Stop::Declined(format!(
                "the node died {deaths} times while it worked this job; to have it tried again, \
                 remove {} and restart the node",
                path.display()
            )));
        }
        (fingerprint, deaths.saturating_add(1))
            .using_encoded(|note| write_synced(&path, note))
            .map_err(|error| Stop::Retry(format!("{}: {error}", path.display())))?;
        Ok(Attempt(path))
    }

    fn attempts_path(&self, job: JobId, worker: &AccountId) -> PathBuf {
        self.folder.join(self.name(job, worker) + ATTEMPTS)
    }

    /// Jobs of a worker for which something is kept.
    pub(crate) fn jobs(&self, worker: &AccountId) -> Vec<JobId> {
        let Ok(files) = fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        files
            .filter_map(|file| {
                let file = file.ok()?;
                let job = file.file_name().to_str()?.split_once('-')?.0.parse().ok()?;
                [self.path(job, worker), self.attempts_path(job, worker)]
                    .contains(&file.path())
                    .then_some(job)
            })
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect()
    }
}

/// A job that is being worked; taken back when dropped.
pub(crate) struct Attempt(PathBuf);

impl Drop for Attempt {
    fn drop(&mut self) {
        // At worst it counts as a death.
        let _ = fs::remove_file(&self.0);
    }
}

/// Writes a file in a private folder, whole or not at all, and on disk when this returns.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension(UNFINISHED);
    write_synced(&unfinished, bytes)?;
    fs::rename(&unfinished, path)
}

/// Writes a file that is on disk when this returns.
fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    io::Write::write_all(&mut file, bytes)?;
    file.sync_all()
}

/// The same bytes as [`File::V1`], into a buffer that is never moved, so that no copy of the result
/// stays in freed memory.
fn encode(kept: &Kept) -> Vec<u8> {
    let result: Option<&[u8]> = kept.result.as_ref().map(|bytes| &bytes[..]);
    let mut out = Vec::with_capacity(128 + result.map_or(0, <[u8]>::len));
    out.push(1);
    kept.fingerprint.encode_to(&mut out);
    kept.outcome.encode_to(&mut out);
    kept.salt.encode_to(&mut out);
    result.encode_to(&mut out);
    out
}

/// What a crash left half written.
fn remove_unfinished(folder: &Path) -> io::Result<()> {
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        if path.extension().is_some_and(|end| end == UNFINISHED) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

pub(crate) fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use salus_primitives::jobs::Failure;

    use super::*;

    fn kept(result: Option<&[u8]>) -> Kept {
        Kept {
            fingerprint: Digest::repeat_byte(1),
            outcome: match result {
                Some(_) => Outcome::Success(Digest::repeat_byte(2)),
                None => Outcome::Failed(Failure::OverLimit),
            },
            salt: [3; 32],
            result: result.map(|bytes| Arc::new(Zeroizing::new(bytes.to_vec()))),
        }
    }

    #[test]
    fn a_result_survives_sealed_and_only_for_its_job_worker_and_chain() {
        let folder = tempfile::tempdir().expect("a folder");
        let (worker, other) = (AccountId::new([1; 32]), AccountId::new([2; 32]));
        let identity = Identity::generate();
        let identities = [Identity::generate(), identity.clone()];
        let results = Results::open(folder.path(), Hash::zero()).expect("opens");
        results
            .save(7, &worker, &identity, &kept(Some(b"memberships")))
            .expect("saved");

        let back = results.load(7, &worker, &identities).expect("loads");
        assert_eq!(back.outcome, Outcome::Success(Digest::repeat_byte(2)));
        assert_eq!(back.fingerprint, Digest::repeat_byte(1));
        assert_eq!(back.salt, [3; 32]);
        assert_eq!(&back.result.expect("a result")[..], b"memberships");
        assert!(results.load(8, &worker, &identities).is_none());
        assert!(results.load(7, &other, &identities).is_none());
        assert!(results.load(7, &worker, &[Identity::generate()]).is_none());
        let elsewhere = Results::open(folder.path(), Hash::repeat_byte(9)).expect("opens");
        assert!(elsewhere.load(7, &worker, &identities).is_none());

        assert_eq!(results.jobs(&worker), [7]);
        assert!(results.jobs(&other).is_empty());
        let sealed = fs::read(results.path(7, &worker)).expect("is there");
        let plain = b"memberships";
        assert!(!sealed.windows(plain.len()).any(|window| window == plain));
        results.remove(7, &worker);
        assert!(results.jobs(&worker).is_empty());
    }

    #[test]
    fn a_failure_and_a_damaged_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let worker = AccountId::new([1; 32]);
        let identity = Identity::generate();
        let results = Results::open(folder.path(), Hash::zero()).expect("opens");
        results
            .save(1, &worker, &identity, &kept(None))
            .expect("saved");
        let identities = [identity];
        let back = results.load(1, &worker, &identities).expect("loads");
        assert_eq!(back.outcome, Outcome::Failed(Failure::OverLimit));
        assert!(back.result.is_none());

        let path = results.path(1, &worker);
        let sealed = fs::read(&path).expect("is there");
        fs::write(&path, &sealed[..sealed.len() - 1]).expect("written");
        assert!(results.load(1, &worker, &identities).is_none());

        let unfinished = path.with_extension(UNFINISHED);
        fs::write(&unfinished, &sealed).expect("written");
        Results::open(folder.path(), Hash::zero()).expect("opens");
        assert!(!unfinished.exists());
        assert!(path.exists());
    }
}
