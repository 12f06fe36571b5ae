//! Files that the command writes: whole or not at all, and checked for before any work is done.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;

use crate::error::usage;

/// The folder of a file.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Refuses a file that cannot be written because its folder is missing, or is none itself.
pub fn check_writable(path: &Path) -> anyhow::Result<()> {
    let folder = folder_of(path);
    if path.is_dir() {
        return Err(usage(format!("{} is a folder, not a file", path.display())));
    }
    match folder.is_dir() {
        true => Ok(()),
        false => Err(usage(format!(
            "cannot write {}: there is no folder {}",
            path.display(),
            folder.display()
        ))),
    }
}

/// As [`check_writable`], and the file must not exist.
pub fn check_new(path: &Path) -> anyhow::Result<()> {
    check_writable(path)?;
    match path.exists() {
        true => Err(usage(format!("{} exists already", path.display()))),
        false => Ok(()),
    }
}

/// Writes a new file whole or not at all, readable by its owner only.
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = folder_of(path);
    // Temporary files are made with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    fs::File::open(folder)?.sync_all()
}

/// As [`write_new`], with the file named in the error.
pub fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    write_new(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Has a file written by `make` under another name, and gives it its own once it is whole.
pub fn write_through(
    path: &Path,
    make: impl FnOnce(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    // Whoever writes it may tell the format from the name's end.
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    let file = tempfile::Builder::new()
        .suffix(&format!(".{extension}"))
        .tempfile_in(folder_of(path))
        .with_context(|| format!("cannot write {}", path.display()))?;
    make(file.path())?;
    file.persist(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}

/// Contents of a file.
pub fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).map_err(|error| unreadable(path, error))
}

/// Why a file cannot be read; wrong use where there is none.
pub fn unreadable(path: &Path, error: io::Error) -> anyhow::Error {
    let shown = path.display();
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            usage(format!("cannot read {shown}: there is no such file"))
        }
        io::ErrorKind::IsADirectory => usage(format!("{shown} is a folder, not a file")),
        _ => anyhow::Error::new(error).context(format!("cannot read {shown}")),
    }
}

/// Contents of files, in their order.
pub fn read_all(paths: &[PathBuf]) -> anyhow::Result<Vec<Vec<u8>>> {
    paths.iter().map(|path| read(path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_whole_or_absent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("picture.png");
        let failed = write_through(&path, |path| {
            assert_eq!(path.extension().unwrap(), "png");
            fs::write(path, b"half")?;
            anyhow::bail!("no")
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        write_through(&path, |path| Ok(fs::write(path, b"whole")?)).unwrap();
        assert_eq!(read(&path).unwrap(), b"whole");
    }

    #[test]
    fn what_cannot_be_written_is_said_before() {
        let folder = tempfile::tempdir().unwrap();
        let words = |result: anyhow::Result<()>| result.unwrap_err().to_string();
        let lost = folder.path().join("none/file");
        assert!(words(check_writable(&lost)).contains("there is no folder"));
        assert!(words(check_writable(folder.path())).contains("is a folder"));
        let there = folder.path().join("there");
        check_new(&there).unwrap();
        write(&there, b"x").unwrap();
        assert!(words(check_new(&there)).contains("exists already"));
        check_writable(&there).unwrap();
        check_writable(Path::new("no-folder-in-the-name")).unwrap();
    }
}
