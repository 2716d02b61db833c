//! Reports in files: written beside their place and moved there when they are whole.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, Mode, OFlags, flock};

use super::{Format, Record, ReportError, Reporter};
use crate::event::Event;

/// Who may read a report: its owner.
pub(super) const PRIVATE: u32 = 0o600;
/// Who may read another file: whom the process lets.
const PUBLIC: u32 = 0o666;
/// Entries of a folder that are looked at.
const MOST_ENTRIES: usize = 10_000;
/// Names that are tried for a file that is not there yet.
const ATTEMPTS: usize = 16;

/// Renders one format from the whole record when the run ends.
#[derive(Debug)]
pub struct FileReporter {
    format: &'static Format,
    path: PathBuf,
    appends: bool,
    record: Record,
}

impl FileReporter {
    /// Prepares a report; its folder is made now, so that a wrong path is known before the run.
    ///
    /// # Errors
    ///
    /// Where the folder cannot be made.
    pub fn create(format: &'static Format, path: &Path) -> Result<Self, ReportError> {
        make_folder(path)?;
        Ok(Self { format, path: path.to_owned(), appends: false, record: Record::default() })
    }

    /// The same with the exchanges of passed checks, or without them.
    #[must_use]
    pub(super) fn with_evidence(mut self, all: bool) -> Self {
        self.record.shows_all_evidence = all;
        self
    }

    /// Prepares a report that goes behind what the file already holds.
    pub(super) fn appending(format: &'static Format, path: &Path) -> Self {
        Self { format, path: path.to_owned(), appends: true, record: Record::default() }
    }
}

impl Reporter for FileReporter {
    fn on_event(&mut self, event: &Event) {
        self.record.apply(event);
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        let bytes = (self.format.render)(&self.record)?;
        if self.appends { append(&self.path, &bytes) } else { write_atomically(&self.path, &bytes) }
    }
}

/// Makes the folder of a file, and those above it.
pub(super) fn make_folder(path: &Path) -> Result<(), ReportError> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => fs::create_dir_all(folder).map_err(|source| failed("create folder", folder, source)),
        None => Ok(()),
    }
}

/// Writes a report so that a reader sees the old one or the whole new one, never a part. Only its owner may read it.
///
/// # Errors
///
/// Where the file system refuses; the partial file is removed and the old one stays.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    write_with(path, bytes, PRIVATE)
}

/// Writes a file as [`write_atomically`] does, for everybody whom the process lets read its files: no report of a run.
///
/// # Errors
///
/// Where the file system refuses; the partial file is removed and the old one stays.
pub fn write_for_all(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    write_with(path, bytes, PUBLIC)
}

fn write_with(path: &Path, bytes: &[u8], mode: u32) -> Result<(), ReportError> {
    let failed_to_write = |source| failed("write", path, source);
    if is_special(path) {
        let written = File::options().write(true).open(path).and_then(|mut file| file.write_all(bytes));
        return written.map_err(failed_to_write);
    }
    let (mut file, partial) = unique(path, mode).map_err(failed_to_write)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    let moved = written.map_err(failed_to_write).and_then(|()| put_in_place(&partial, path));
    if moved.is_err() {
        // the first error is the one to report
        let _ = fs::remove_file(&partial);
    }
    moved
}

/// Creates a file that was not there; no link is followed.
pub(super) fn create_new(path: &Path, mode: u32) -> io::Result<File> {
    File::options().read(true).write(true).create_new(true).mode(mode).open(path)
}

/// Creates a file beside another one under a name that nothing has: `report.<number>.html.partial`. It is locked as long as
/// it is open. Such files of runs that are gone are removed.
pub(super) fn unique(path: &Path, mode: u32) -> io::Result<(File, PathBuf)> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let end = path.extension().map(|extension| format!(".{}", extension.to_string_lossy())).unwrap_or_default();
    abandoned(path, &stem, &end).iter().for_each(|partial| drop(fs::remove_file(partial)));
    let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
    for _ in 0..ATTEMPTS {
        let partial = path.with_file_name(format!("{stem}.{:016x}{end}.partial", rand::random::<u64>()));
        match create_new(&partial, mode) {
            // another run may have taken it for abandoned before it was locked
            Ok(file)
                if flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(rustix::io::Errno::WOULDBLOCK)
                    || !is_at(&file, &partial) => {}
            Ok(file) => return Ok((file, partial)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

/// Partial files beside a report, under names of [`unique`], of runs that are gone.
fn abandoned(path: &Path, stem: &str, end: &str) -> Vec<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).take(MOST_ENTRIES);
    let is_one = |name: &str| {
        let number = name.strip_prefix(stem).and_then(|rest| rest.strip_prefix('.'));
        let number = number.and_then(|rest| rest.strip_suffix(&format!("{end}.partial")));
        number.is_some_and(|number| number.len() == 16 && number.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    let named = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_one));
    named.map(|entry| entry.path()).filter(|partial| is_abandoned(partial)).collect()
}

/// Whether a file is one that a run wrote to which is gone. No link is followed.
pub(super) fn is_abandoned(path: &Path) -> bool {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let Ok(file) = rustix::fs::open(path, flags, Mode::empty()).map(File::from) else { return false };
    file.metadata().is_ok_and(|known| known.is_file())
        && flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
        && is_at(&file, path)
}

/// Whether a file is still the one of its name.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    let id = |known: std::fs::Metadata| (known.dev(), known.ino());
    let named = std::fs::symlink_metadata(path).map(id).ok();
    named.is_some() && file.metadata().map(id).ok() == named
}

fn append(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    let opened = File::options().append(true).create(true).mode(PRIVATE).open(path);
    opened.and_then(|mut file| file.write_all(bytes)).map_err(|source| failed("append to", path, source))
}

/// Whether the path is a pipe or a device such as `/dev/stdout`, which must be written to and not replaced.
pub(super) fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Moves a whole file to its place and makes the move durable.
pub(super) fn put_in_place(partial: &Path, path: &Path) -> Result<(), ReportError> {
    fs::rename(partial, path).map_err(|source| failed("write", path, source))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // not every file system can sync a folder; the file itself is whole either way
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// A path in the same folder with a longer name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

pub(super) fn failed(doing: &'static str, path: &Path, source: std::io::Error) -> ReportError {
    ReportError::Write { doing, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_stays_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        write_atomically(&path, b"old").unwrap();
        write_atomically(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn partial_files_of_runs_that_are_gone_are_removed_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.html");
        let (dead, dead_path) = unique(&path, PRIVATE).unwrap();
        let (alive, alive_path) = unique(&path, PRIVATE).unwrap();
        let others =
            ["report.html.partial", "report.0123456789abcdeg.html.partial", "other.0123456789abcdef.html.partial"];
        others.iter().for_each(|name| fs::write(folder.path().join(name), b"x").unwrap());
        drop(dead);
        write_atomically(&path, b"new").unwrap();
        assert!(!dead_path.exists() && alive_path.exists() && path.exists());
        assert!(others.iter().all(|name| folder.path().join(name).exists()));
        drop(alive);
        write_atomically(&path, b"newer").unwrap();
        assert!(!alive_path.exists());
    }

    #[test]
    fn a_device_is_written_to_and_not_replaced() {
        assert!(is_special(Path::new("/dev/null")));
        write_atomically(Path::new("/dev/null"), b"x").unwrap();
        assert!(is_special(Path::new("/dev/null")));
    }

    #[test]
    fn folders_are_made_and_errors_name_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b/report.json");
        make_folder(&deep).unwrap();
        write_atomically(&deep, b"x").unwrap();
        let below_a_file = deep.join("c.json");
        let error = make_folder(&below_a_file).unwrap_err();
        assert!(error.to_string().contains("report.json"), "{error}");
        let error = write_atomically(&folder.path().join("missing/x.json"), b"x").unwrap_err();
        assert!(error.to_string().contains("missing/x.json"), "{error}");
    }
}
