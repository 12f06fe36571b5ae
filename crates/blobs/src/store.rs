//! Ciphertext by its digest.

use std::{
    error::Error as _,
    io,
    ops::Range,
    path::{Path as FsPath, PathBuf},
    sync::Arc,
};

use blake2::{digest::consts::U32, Blake2b, Digest as _};
use bytes::Bytes;
use futures::{
    stream::{BoxStream, Stream},
    StreamExt,
};
use object_store::{
    local::LocalFileSystem, path::Path, GetOptions, GetRange, ObjectStore, PutPayload,
    WriteMultipart,
};
use salus_primitives::{Digest, Moment};

/// Bytes buffered before they are written; S3 wants at least 5 MiB a part.
const PART: usize = 5 * 1024 * 1024;
/// Parts on their way at once.
const PARTS: usize = 4;

/// blake2-256, the digest by which a blob is stored.
pub fn digest(bytes: &[u8]) -> Digest {
    let hash: [u8; 32] = Blake2b::<U32>::digest(bytes).into();
    hash.into()
}

/// Why the store refused.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such blob.
    #[error("no such blob")]
    NotFound,
    /// The bytes are not those of the name.
    #[error("digest mismatch: expected {expected:x}, got {actual:x}")]
    DigestMismatch {
        /// The name.
        expected: Digest,
        /// blake2-256 of the bytes.
        actual: Digest,
    },
    /// More bytes than the caller takes.
    #[error("larger than {max} bytes")]
    TooLarge {
        /// What the caller takes.
        max: u64,
    },
    /// The range does not lie within the blob.
    #[error("the range does not lie within the {size} bytes of the blob")]
    InvalidRange {
        /// Size of the blob.
        size: u64,
    },
    /// No space left where the store keeps its data.
    #[error("the store is full")]
    Full,
    /// The address names no store that this build has.
    #[error("cannot use {url} as a store: {reason}")]
    InvalidUrl {
        /// The address, without user and password.
        url: String,
        /// Why not.
        reason: String,
    },
    /// The stream of an upload failed.
    #[error("the upload broke off: {0}")]
    Input(String),
    /// The system or the service behind the store failed.
    #[error("the store failed: {0}")]
    Backend(String),
}

impl From<object_store::Error> for StoreError {
    fn from(error: object_store::Error) -> Self {
        if matches!(error, object_store::Error::NotFound { .. }) {
            return Self::NotFound;
        }
        let mut cause: Option<&(dyn std::error::Error + 'static)> = error.source();
        while let Some(inner) = cause {
            if let Some(io) = inner.downcast_ref::<io::Error>() {
                if matches!(
                    io.kind(),
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
                ) {
                    return Self::Full;
                }
            }
            cause = inner.source();
        }
        Self::Backend(error.to_string())
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Backend(error.to_string()),
        }
    }
}

/// A blob in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// blake2-256 of its bytes.
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
    /// When it was written, ms since the Unix epoch.
    pub modified: Moment,
}

/// Blobs under `blobs/<hex digest>` of an object store. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    /// Where the objects lie, for a local store: its files are flushed before they count.
    root: Option<PathBuf>,
}

impl Store {
    /// A store in a folder of this machine, made where missing. Removes what an interrupted upload
    /// left; one process uses a folder at a time.
    pub fn local(dir: impl AsRef<FsPath>) -> Result<Self, StoreError> {
        let blobs = dir.as_ref().join("blobs");
        std::fs::create_dir_all(&blobs)?;
        for file in std::fs::read_dir(&blobs)? {
            let file = file?;
            // A staged upload is called `<digest>#<number>` until it is renamed.
            let staged = file
                .file_name()
                .to_str()
                .and_then(|name| name.split_once('#'))
                .is_some_and(|(name, _)| parse_digest(name).is_some());
            if staged {
                std::fs::remove_file(file.path())?;
            }
        }
        let root = dir.as_ref().canonicalize()?;
        let objects = LocalFileSystem::new_with_prefix(&root)?;
        Ok(Self {
            objects: Arc::new(objects),
            root: Some(root),
        })
    }

    /// A store over any object store.
    pub fn new(objects: Arc<dyn ObjectStore>) -> Self {
        Self {
            objects,
            root: None,
        }
    }

    /// `file:///folder`, or `s3://bucket/prefix` with the feature `s3`, whose keys and endpoint come
    /// from the usual `AWS_…` variables.
    pub fn from_url(url: &str) -> Result<Self, StoreError> {
        let invalid = |url: &str, reason: &str| StoreError::InvalidUrl {
            url: url.to_owned(),
            reason: reason.to_owned(),
        };
        let mut parsed =
            url::Url::parse(url).map_err(|error| invalid("the address", &error.to_string()))?;
        // Never repeat credentials in an error.
        let _ = parsed.set_password(None);
        let _ = parsed.set_username("");
        match parsed.scheme() {
            "file" => {
                let path = parsed
                    .to_file_path()
                    .map_err(|()| invalid(parsed.as_str(), "not a path of this machine"))?;
                Self::local(path)
            }
            "s3" => Self::s3(&parsed),
            _ => Err(invalid(parsed.as_str(), "expected file:// or s3://")),
        }
    }

    #[cfg(feature = "s3")]
    fn s3(url: &url::Url) -> Result<Self, StoreError> {
        let objects = object_store::aws::AmazonS3Builder::from_env()
            .with_url(url.as_str())
            .build()?;
        let prefix = Path::from_url_path(url.path()).map_err(|error| StoreError::InvalidUrl {
            url: url.to_string(),
            reason: error.to_string(),
        })?;
        Ok(Self::new(Arc::new(object_store::prefix::PrefixStore::new(
            objects, prefix,
        ))))
    }

    #[cfg(not(feature = "s3"))]
    fn s3(url: &url::Url) -> Result<Self, StoreError> {
        Err(StoreError::InvalidUrl {
            url: url.to_string(),
            reason: "this build has no S3 support (cargo feature s3)".into(),
        })
    }

    /// Stores the bytes under their digest; idempotent. Nothing is visible before all of it is
    /// written.
    pub async fn put(&self, bytes: Bytes) -> Result<Digest, StoreError> {
        let digest = digest(&bytes);
        let path = blob_path(&digest);
        self.objects.put(&path, PutPayload::from(bytes)).await?;
        self.flush(&path).await?;
        Ok(digest)
    }

    /// Stores what a stream yields under `expected`, in bounded memory. Returns its size.
    /// [`StoreError::DigestMismatch`] and [`StoreError::TooLarge`] leave nothing behind.
    pub async fn put_stream<S, E>(
        &self,
        expected: Digest,
        max: u64,
        stream: S,
    ) -> Result<u64, StoreError>
    where
        S: Stream<Item = Result<Bytes, E>>,
        E: std::fmt::Display,
    {
        let mut writer = self.writer(expected, max).await?;
        futures::pin_mut!(stream);
        while let Some(chunk) = stream.next().await {
            let written = match chunk {
                Ok(chunk) => writer.write(chunk).await,
                Err(error) => Err(StoreError::Input(error.to_string())),
            };
            if let Err(error) = written {
                writer.abort().await;
                return Err(error);
            }
        }
        writer.finish().await
    }

    /// Begins to store a blob of at most `max` bytes under `expected`.
    pub async fn writer(&self, expected: Digest, max: u64) -> Result<Writer, StoreError> {
        let upload = self.objects.put_multipart(&blob_path(&expected)).await?;
        Ok(Writer {
            store: self.clone(),
            expected,
            max,
            size: 0,
            hasher: Blake2b::new(),
            upload: WriteMultipart::new_with_chunk_size(upload, PART),
        })
    }

    /// All of a blob, checked against its digest.
    pub async fn get(&self, digest: &Digest) -> Result<Bytes, StoreError> {
        let bytes = self.objects.get(&blob_path(digest)).await?.bytes().await?;
        let actual = crate::digest(&bytes);
        if actual != *digest {
            return Err(StoreError::DigestMismatch {
                expected: *digest,
                actual,
            });
        }
        Ok(bytes)
    }

    /// Bytes `range` of a blob, unchecked: only the whole has a digest.
    pub async fn get_range(&self, digest: &Digest, range: Range<u64>) -> Result<Bytes, StoreError> {
        let mut stream = self.stream(digest, range).await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = stream.next().await {
            bytes.extend_from_slice(&chunk?);
        }
        Ok(bytes.into())
    }

    /// As [`Store::get_range`], chunk by chunk.
    pub async fn stream(
        &self,
        digest: &Digest,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, StoreError>>, StoreError> {
        let size = self.size(digest).await?;
        if range.start > range.end || range.end > size {
            return Err(StoreError::InvalidRange { size });
        }
        if range.is_empty() {
            return Ok(futures::stream::empty().boxed());
        }
        let options = GetOptions {
            range: Some(GetRange::Bounded(range)),
            ..Default::default()
        };
        let found = self.objects.get_opts(&blob_path(digest), options).await?;
        Ok(found
            .into_stream()
            .map(|chunk| chunk.map_err(StoreError::from))
            .boxed())
    }

    /// Bytes of a blob.
    pub async fn size(&self, digest: &Digest) -> Result<u64, StoreError> {
        Ok(self.objects.head(&blob_path(digest)).await?.size)
    }

    /// Removes a blob; it is no error that there is none.
    pub async fn delete(&self, digest: &Digest) -> Result<(), StoreError> {
        self.remove(&blob_path(digest)).await
    }

    /// All blobs, in no order. Files that are no blobs are passed over.
    pub fn list(&self) -> BoxStream<'static, Result<Entry, StoreError>> {
        self.objects
            .list(Some(&Path::from("blobs")))
            .filter_map(|found| async move {
                match found {
                    Ok(meta) => {
                        let digest = meta.location.filename().and_then(parse_digest)?;
                        Some(Ok(Entry {
                            digest,
                            size: meta.size,
                            modified: meta.last_modified.timestamp_millis().max(0) as u64,
                        }))
                    }
                    Err(error) => Some(Err(error.into())),
                }
            })
            .boxed()
    }

    /// Notes kept beside the blobs: `uploads/<hex digest>.json`.
    pub(crate) async fn put_note(&self, digest: &Digest, note: Vec<u8>) -> Result<(), StoreError> {
        let path = note_path(digest);
        self.objects.put(&path, PutPayload::from(note)).await?;
        self.flush(&path).await
    }

    pub(crate) async fn delete_note(&self, digest: &Digest) -> Result<(), StoreError> {
        self.remove(&note_path(digest)).await
    }

    pub(crate) async fn notes(&self) -> Result<Vec<(Digest, Bytes)>, StoreError> {
        let mut notes = Vec::new();
        let mut found = self.objects.list(Some(&Path::from("uploads")));
        while let Some(meta) = found.next().await {
            let meta = meta?;
            let name = meta.location.filename().unwrap_or_default();
            if let Some(digest) = name.strip_suffix(".json").and_then(parse_digest) {
                let bytes = self.objects.get(&meta.location).await?.bytes().await?;
                notes.push((digest, bytes));
            }
        }
        Ok(notes)
    }

    async fn remove(&self, path: &Path) -> Result<(), StoreError> {
        match self.objects.delete(path).await.map_err(StoreError::from) {
            Ok(()) | Err(StoreError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Makes a local file and its name survive a power failure.
    async fn flush(&self, path: &Path) -> Result<(), StoreError> {
        let Some(root) = &self.root else {
            return Ok(());
        };
        let file = root.join(path.as_ref());
        tokio::task::spawn_blocking(move || {
            std::fs::File::open(&file)?.sync_all()?;
            match file.parent() {
                Some(folder) => std::fs::File::open(folder)?.sync_all(),
                None => Ok(()),
            }
        })
        .await
        .map_err(|error| StoreError::Backend(error.to_string()))??;
        Ok(())
    }
}

/// A blob on its way into the store. Dropping it leaves nothing visible; [`Writer::abort`] also
/// frees the space at once.
pub struct Writer {
    store: Store,
    expected: Digest,
    max: u64,
    size: u64,
    hasher: Blake2b<U32>,
    upload: WriteMultipart,
}

impl Writer {
    /// Adds bytes; waits where the store is slower than the source.
    pub async fn write(&mut self, chunk: Bytes) -> Result<(), StoreError> {
        self.size += chunk.len() as u64;
        if self.size > self.max {
            return Err(StoreError::TooLarge { max: self.max });
        }
        self.hasher.update(&chunk);
        self.upload.wait_for_capacity(PARTS).await?;
        self.upload.put(chunk);
        Ok(())
    }

    /// Bytes so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Compares the digest of what was written with the name.
    pub fn check(&self) -> Result<(), StoreError> {
        let actual: [u8; 32] = self.hasher.clone().finalize().into();
        let actual = Digest::from(actual);
        if actual != self.expected {
            return Err(StoreError::DigestMismatch {
                expected: self.expected,
                actual,
            });
        }
        Ok(())
    }

    /// Makes the blob visible, where its digest is the name. Returns its size.
    pub async fn finish(self) -> Result<u64, StoreError> {
        if let Err(error) = self.check() {
            self.abort().await;
            return Err(error);
        }
        self.upload.finish().await?;
        self.store.flush(&blob_path(&self.expected)).await?;
        Ok(self.size)
    }

    /// Throws away what was written.
    pub async fn abort(self) {
        if let Err(error) = self.upload.abort().await {
            log::warn!(target: "salus::blobs", "an upload could not be cleared away: {error}");
        }
    }
}

/// A digest written as 64 lower-case hex digits, and nothing else.
pub(crate) fn parse_digest(text: &str) -> Option<Digest> {
    let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != 64 || !text.bytes().all(lower) {
        return None;
    }
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes.into())
}

fn blob_path(digest: &Digest) -> Path {
    Path::from(format!("blobs/{}", hex::encode(digest.as_bytes())))
}

fn note_path(digest: &Digest) -> Path {
    Path::from(format!("uploads/{}.json", hex::encode(digest.as_bytes())))
}
