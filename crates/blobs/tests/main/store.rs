use std::sync::Arc;

use bytes::Bytes;
use futures::{stream, TryStreamExt};
use object_store::memory::InMemory;
use salus_blobs::{digest, Entry, Store, StoreError};
use salus_primitives::Digest;

async fn names(store: &Store) -> Vec<Digest> {
    let entries: Vec<Entry> = store.list().try_collect().await.unwrap();
    let mut names: Vec<_> = entries.into_iter().map(|entry| entry.digest).collect();
    names.sort();
    names
}

async fn behaves(store: Store) {
    let bytes = Bytes::from_static(b"ciphertext");
    let name = store.put(bytes.clone()).await.unwrap();
    assert_eq!(name, digest(b"ciphertext"));
    assert_eq!(store.put(bytes.clone()).await.unwrap(), name);
    assert_eq!(store.get(&name).await.unwrap(), bytes);
    assert_eq!(store.size(&name).await.unwrap(), 10);
    assert_eq!(store.get_range(&name, 2..5).await.unwrap(), bytes[2..5]);
    assert!(store.get_range(&name, 3..3).await.unwrap().is_empty());
    assert!(matches!(
        store.get_range(&name, 5..11).await,
        Err(StoreError::InvalidRange { size: 10 })
    ));
    assert_eq!(names(&store).await, [name]);
    store.delete(&name).await.unwrap();
    store.delete(&name).await.unwrap();
    assert!(matches!(store.get(&name).await, Err(StoreError::NotFound)));
    assert!(matches!(store.size(&name).await, Err(StoreError::NotFound)));
    assert!(names(&store).await.is_empty());
}

#[tokio::test]
async fn local_and_remote_stores_behave_alike() {
    let folder = tempfile::tempdir().unwrap();
    behaves(Store::local(folder.path()).unwrap()).await;
    behaves(Store::new(Arc::new(InMemory::new()))).await;
    let url = format!("file://{}/sub", folder.path().display());
    behaves(Store::from_url(&url).unwrap()).await;
}

#[tokio::test]
async fn streams_are_checked_and_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::local(folder.path()).unwrap();
    let chunk = Bytes::from(vec![3; 1 << 20]);
    let chunks = || stream::iter(vec![Ok::<_, String>(chunk.clone()); 12]);
    let name = digest(&vec![3; 12 << 20]);
    let wrong = Digest::repeat_byte(1);

    let result = store.put_stream(wrong, u64::MAX, chunks()).await;
    assert!(
        matches!(result, Err(StoreError::DigestMismatch { expected, actual })
            if expected == wrong && actual == name)
    );
    let result = store.put_stream(name, (12 << 20) - 1, chunks()).await;
    assert!(matches!(result, Err(StoreError::TooLarge { .. })));
    let broken = stream::iter(vec![Ok(chunk.clone()), Err("gone".to_owned())]);
    let result = store.put_stream(name, u64::MAX, broken).await;
    assert!(matches!(result, Err(StoreError::Input(reason)) if reason == "gone"));
    assert!(names(&store).await.is_empty());
    let left = std::fs::read_dir(folder.path().join("blobs")).unwrap();
    assert_eq!(left.count(), 0, "staged files are cleared away");

    let size = store.put_stream(name, 12 << 20, chunks()).await.unwrap();
    assert_eq!(size, 12 << 20);
    assert_eq!(store.get(&name).await.unwrap().len(), 12 << 20);
}

/// An upload is not visible before it is complete.
#[tokio::test]
async fn nothing_half_written_is_visible() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::local(folder.path()).unwrap();
    let bytes = Bytes::from(vec![5; 11 << 20]);
    let name = digest(&bytes);
    let mut writer = store.writer(name, u64::MAX).await.unwrap();
    writer.write(bytes.clone()).await.unwrap();
    assert!(matches!(store.size(&name).await, Err(StoreError::NotFound)));
    assert!(names(&store).await.is_empty());
    writer.finish().await.unwrap();
    assert_eq!(names(&store).await, [name]);
}

/// What a killed process left is cleared away when the next one starts.
#[tokio::test]
async fn leftovers_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = folder.path().join("blobs");
    std::fs::create_dir_all(&blobs).unwrap();
    let staged = blobs.join(format!("{}#1", "ab".repeat(32)));
    let foreign = blobs.join("notes.txt");
    std::fs::write(&staged, "half").unwrap();
    std::fs::write(&foreign, "mine").unwrap();
    let store = Store::local(folder.path()).unwrap();
    assert!(!staged.exists());
    assert!(foreign.exists());
    assert!(names(&store).await.is_empty());
}

#[tokio::test]
async fn rot_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::local(folder.path()).unwrap();
    let name = store.put(Bytes::from_static(b"ciphertext")).await.unwrap();
    let path = folder.path().join("blobs").join(hex::encode(name));
    std::fs::write(path, b"ciphertexT").unwrap();
    assert!(matches!(
        store.get(&name).await,
        Err(StoreError::DigestMismatch { .. })
    ));
}

/// A full disk is told apart from other failures, and shows nothing of the blob.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_clear_error() {
    let full = std::io::Error::from_raw_os_error(28); // ENOSPC
    assert!(matches!(StoreError::from(full), StoreError::Full));
    let wrapped = object_store::Error::Generic {
        store: "LocalFileSystem",
        source: Box::new(std::io::Error::from_raw_os_error(28)),
    };
    assert!(matches!(StoreError::from(wrapped), StoreError::Full));
    let other = object_store::Error::Generic {
        store: "LocalFileSystem",
        source: Box::new(std::io::Error::from_raw_os_error(5)),
    };
    assert!(matches!(StoreError::from(other), StoreError::Backend(_)));
}

#[test]
fn addresses_of_no_store_are_refused() {
    for url in ["", "folder", "http://host/", "gs://bucket"] {
        let error = Store::from_url(url).err().unwrap();
        assert!(matches!(error, StoreError::InvalidUrl { .. }), "{url}");
    }
    let error = Store::from_url("ftp://user:secret@host/").err().unwrap();
    assert!(!error.to_string().contains("secret"));
    if !cfg!(feature = "s3") {
        let error = Store::from_url("s3://bucket/prefix").err().unwrap();
        assert!(error.to_string().contains("feature s3"));
    }
}
