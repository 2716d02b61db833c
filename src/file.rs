//! The only place where files are read that a user or a scenario names: regular files of bounded size, each opened once,
//! and below a folder where the file that names them is not trusted.

use std::fs::{File, Metadata};
use std::io::{self, Read, Take};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

/// Bytes of a scenario, and of a file of waivers.
pub const SCENARIO_LIMIT: u64 = 1 << 20;
/// Bytes of a secret, of a key and of a file of certificates.
pub const SECRET_LIMIT: u64 = 1 << 20;
/// Bytes of a pool of credentials.
pub const POOL_LIMIT: u64 = 64 << 20;
/// Bytes of a document of an API.
pub const DOCUMENT_LIMIT: u64 = 32 << 20;
/// Bytes of the record of a run.
pub const RECORD_LIMIT: u64 = 1 << 30;

/// Why a file is not read. What it holds is no part of it.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file system refused.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A folder, a pipe, a socket or a device.
    #[error("expected a regular file, found {0}")]
    Kind(&'static str),
    /// More bytes than anything of its kind has.
    #[error("expected {} at most", size(*.0))]
    TooLong(u64),
    /// Bytes that are no text.
    #[error("expected text in UTF-8")]
    NotText,
    /// Not below the folder that the scenario may read.
    #[error("expected a file inside the scenario's folder: the scenario is not trusted")]
    Outside,
}

impl From<FileError> for io::Error {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Io(error) => error,
            other => io::Error::other(other),
        }
    }
}

/// A number of bytes, for a reader.
fn size(bytes: u64) -> String {
    match bytes {
        _ if bytes.is_multiple_of(1 << 30) => format!("{} GiB", bytes >> 30),
        _ if bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ => format!("{bytes} bytes"),
    }
}

/// A file that is being read, up to its limit.
#[derive(Debug)]
pub struct BoundedFile {
    file: Take<File>,
    limit: u64,
}

impl Read for BoundedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        // the limit is one byte more than a file may have
        if length > 0 && self.file.limit() == 0 {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, FileError::TooLong(self.limit).to_string()));
        }
        Ok(length)
    }
}

/// Opens a file to read it in pieces. A read beyond the limit is an error: the file may grow while it is read.
///
/// # Errors
/// When it is no regular file, is longer than `limit` bytes, or cannot be opened.
pub fn open(path: &Path, limit: u64) -> Result<BoundedFile, FileError> {
    opened(path, limit).map(|(file, _)| file)
}

/// Reads a whole file of `limit` bytes at most.
///
/// # Errors
/// See [`open`].
pub fn bytes(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    whole(open(path, limit)?)
}

/// Reads a whole text of `limit` bytes at most.
///
/// # Errors
/// See [`open`]; and where it is not UTF-8.
pub fn text(path: &Path, limit: u64) -> Result<String, FileError> {
    String::from_utf8(bytes(path, limit)?).map_err(|_| FileError::NotText)
}

fn whole(mut file: BoundedFile) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    match file.read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Err(FileError::TooLong(file.limit)),
        Err(error) => Err(error.into()),
    }
}

fn opened(path: &Path, limit: u64) -> Result<(BoundedFile, Metadata), FileError> {
    // to open a device may do something by itself
    regular(&std::fs::metadata(path)?)?;
    // whatever took its place since: neither does a pipe block, nor does a terminal take over
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty()).map_err(io::Error::from)?);
    let known = file.metadata()?;
    regular(&known)?;
    if known.len() > limit {
        return Err(FileError::TooLong(limit));
    }
    Ok((BoundedFile { file: file.take(limit + 1), limit }, known))
}

fn regular(known: &Metadata) -> Result<(), FileError> {
    use std::os::unix::fs::FileTypeExt as _;
    let kind = known.file_type();
    match () {
        () if kind.is_file() => Ok(()),
        () if kind.is_dir() => Err(FileError::Kind("a folder")),
        () if kind.is_fifo() => Err(FileError::Kind("a pipe")),
        () if kind.is_socket() => Err(FileError::Kind("a socket")),
        () => Err(FileError::Kind("a device")),
    }
}

/// The folder of a scenario, which the files are relative to that it names.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    /// Whether files outside it are refused.
    confined: bool,
}

impl Folder {
    /// The folder that a file is in; with `confined`, nothing outside it is read.
    pub fn of(file: &Path, confined: bool) -> Self {
        Self { path: file.parent().unwrap_or(Path::new("")).to_owned(), confined }
    }

    /// Where a file is that the scenario names.
    pub fn join(&self, named: impl AsRef<Path>) -> PathBuf {
        self.path.join(named)
    }

    /// Reads a whole file of `limit` bytes at most.
    ///
    /// # Errors
    /// See [`open`]; and where the folder confines and the file is outside, links and `..` followed.
    pub fn bytes(&self, named: impl AsRef<Path>, limit: u64) -> Result<Vec<u8>, FileError> {
        let path = self.join(named);
        if !self.confined {
            return bytes(&path, limit);
        }
        let inside = std::fs::canonicalize(Path::new(".").join(&self.path))?;
        let real = std::fs::canonicalize(&path)?;
        if !real.starts_with(&inside) {
            return Err(FileError::Outside);
        }
        let (file, known) = opened(&real, limit)?;
        // a link that took the place of a folder in between would lead elsewhere
        let after = std::fs::canonicalize(&real)?;
        let same = std::fs::symlink_metadata(&after)?;
        if !after.starts_with(&inside) || (same.dev(), same.ino()) != (known.dev(), known.ino()) {
            return Err(FileError::Outside);
        }
        whole(file)
    }

    /// Reads a whole text of `limit` bytes at most.
    ///
    /// # Errors
    /// See [`Folder::bytes`]; and where it is not UTF-8.
    pub fn text(&self, named: impl AsRef<Path>, limit: u64) -> Result<String, FileError> {
        String::from_utf8(self.bytes(named, limit)?).map_err(|_| FileError::NotText)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_regular_files_of_bounded_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "four").unwrap();
        assert_eq!(bytes(&path, 4).unwrap(), b"four");
        for (path, why) in [
            (path.as_path(), "expected 3 bytes at most"),
            (Path::new("/dev/zero"), "expected a regular file, found a device"),
            (folder.path(), "expected a regular file, found a folder"),
        ] {
            assert_eq!(bytes(path, 3).unwrap_err().to_string(), why);
        }
        assert!(matches!(bytes(&folder.path().join("b"), 3), Err(FileError::Io(_))));
    }

    #[test]
    fn a_file_that_grows_is_cut_off_with_an_error() {
        // its length is said to be 0
        let path = Path::new("/proc/self/environ");
        assert!(matches!(bytes(path, 1), Err(FileError::TooLong(1))));
    }

    #[test]
    fn a_folder_that_confines_follows_links_before_it_decides() {
        let outer = tempfile::tempdir().unwrap();
        let inner = outer.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        std::fs::write(outer.path().join("secret"), "s").unwrap();
        std::fs::write(inner.join("own"), "o").unwrap();
        symlink("../secret", inner.join("out")).unwrap();
        symlink("own", inner.join("in")).unwrap();
        symlink("..", inner.join("up")).unwrap();
        let (free, confined) = (Folder::of(&inner.join("s.yaml"), false), Folder::of(&inner.join("s.yaml"), true));
        for name in ["own", "in", "../inner/own", "up/inner/own"] {
            assert_eq!(confined.text(name, 9).unwrap(), "o", "{name}");
        }
        for name in ["out", "../secret", "up/secret"] {
            assert_eq!(free.text(name, 9).unwrap(), "s", "{name}");
            assert!(matches!(confined.text(name, 9), Err(FileError::Outside)), "{name}");
        }
        assert!(matches!(confined.text("/etc/hostname", 999), Err(FileError::Outside)));
    }
}
