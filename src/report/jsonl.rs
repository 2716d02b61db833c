//! `run.jsonl`: the record itself, one event a line, written as it happens and readable if the run is killed.

use std::fs::File;
use std::io::{self, BufRead, Write as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use rustix::fs::{FlockOperation, flock};

use super::file::{
    PRIVATE, beside, create_new, failed, is_abandoned, is_at, is_special, make_folder, put_in_place, unique,
};
use super::shared::{BadReference, Stored, Written};
use super::{Record, ReportError, Reporter};
use crate::event::{Event, FORMAT, NoteKind};

/// Streams events to a file. Until the run ends the file's name ends in `.partial`.
#[derive(Debug)]
pub struct JsonLines {
    file: File,
    /// Where the lines go until the run ends; the same as `path` for a pipe or a device.
    partial: PathBuf,
    path: PathBuf,
    written: Written,
    failure: Option<ReportError>,
}

impl JsonLines {
    /// Begins a record.
    ///
    /// # Errors
    ///
    /// Where the folder cannot be made or the file not be created.
    pub fn create(path: &Path) -> Result<Self, ReportError> {
        make_folder(path)?;
        let opened = match is_special(path) {
            true => File::options().write(true).open(path).map(|file| (file, path.to_owned())),
            false => begin(path),
        };
        let (file, partial) = opened.map_err(|source| failed("create", path, source))?;
        Ok(Self { file, partial, path: path.to_owned(), written: Written::default(), failure: None })
    }

    /// One write for each event and no buffer of ours: what was written survives the process.
    fn append(&mut self, event: &Event) -> Result<(), ReportError> {
        let line = json_line(event, &mut self.written)?;
        self.file.write_all(&line).map_err(|source| failed("write", &self.partial, source))
    }
}

impl Reporter for JsonLines {
    fn on_event(&mut self, event: &Event) {
        // after a failed write the file may end in half a line: nothing may follow it
        if self.failure.is_none() {
            self.failure = self.append(event).err();
        }
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        if self.partial == self.path {
            return Ok(());
        }
        self.file.sync_all().map_err(|source| failed("write", &self.partial, source))?;
        put_in_place(&self.partial, &self.path)
    }
}

/// Creates the partial record beside its place: under the plain name, or under a name of its own while another run has that
/// one. What a run left that was killed gives way.
fn begin(path: &Path) -> io::Result<(File, PathBuf)> {
    let plain = beside(path, ".partial");
    if is_abandoned(&plain) {
        // where it cannot be removed, the name is taken
        let _ = std::fs::remove_file(&plain);
    }
    match create_new(&plain, PRIVATE) {
        // a run that came first may have taken it for abandoned before it was locked
        Ok(file) if flock(&file, FlockOperation::NonBlockingLockExclusive) != Err(rustix::io::Errno::WOULDBLOCK) => {
            if is_at(&file, &plain) {
                Ok((file, plain))
            } else {
                unique(path, PRIVATE)
            }
        }
        Ok(_) => unique(path, PRIVATE),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => unique(path, PRIVATE),
        Err(error) => Err(error),
    }
}

pub(super) fn render(record: &Record) -> Result<Vec<u8>, ReportError> {
    let (mut bytes, mut written) = (Vec::new(), Written::default());
    for event in record.events() {
        bytes.extend(json_line(&event, &mut written)?);
    }
    Ok(bytes)
}

/// An event as a line.
fn json_line(event: &Event, written: &mut Written) -> Result<Vec<u8>, ReportError> {
    let failed = |error: serde_json::Error| ReportError::Render { format: "jsonl", why: error.to_string() };
    let mut bytes = match event {
        Event::CheckFinished(_) => {
            let mut event = serde_json::to_value(event).map_err(failed)?;
            written.shorten(&mut event);
            serde_json::to_vec(&event)
        }
        _ => serde_json::to_vec(event),
    }
    .map_err(failed)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Why a record could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file could not be read.
    #[error("{0}")]
    Io(io::Error),
    /// A newer authbench wrote it.
    #[error("the record has format {format}, written by authbench {version}; this authbench reads up to {FORMAT}")]
    Newer {
        /// Version of its format.
        format: u32,
        /// Version of authbench that wrote it.
        version: String,
    },
    /// A line is no event.
    #[error("line {line} is not an event of a run: {why}")]
    NotAnEvent {
        /// Line, from 1.
        line: usize,
        /// Why not.
        why: String,
    },
    /// It does not begin with the start of a run.
    #[error("this is not the record of a run: it does not begin with run-started")]
    NoStart,
}

/// Reads a record back. A last line that was cut is left out, and a note says so.
///
/// # Errors
///
/// Where the file cannot be read, is no record, or was written in a newer format.
pub fn read_jsonl(reader: impl BufRead) -> Result<Record, ReadError> {
    let (mut record, mut stored) = (Record::default(), Stored::default());
    let mut lines = reader.split(b'\n').enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        let line = line.map_err(ReadError::Io)?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        if record.started.is_none() {
            refuse_newer(&line)?;
        }
        let not_an_event = |why: String| ReadError::NotAnEvent { line: index + 1, why };
        let mut value = match serde_json::from_slice::<Value>(&line) {
            Ok(value) => value,
            Err(_) if lines.peek().is_none() && record.started.is_some() => {
                cut(&mut record, index);
                break;
            }
            Err(error) => return Err(not_an_event(unquoted(&error))),
        };
        let bad = |why: BadReference| not_an_event(why.to_string());
        if record.started.is_some() && stored.take(&mut value).map_err(bad)? {
            continue;
        }
        stored.restore(&mut value).map_err(bad)?;
        match serde_json::from_value::<Event>(value) {
            Ok(event) if record.started.is_none() && !matches!(event, Event::RunStarted(_)) => {
                return Err(ReadError::NoStart);
            }
            Ok(event) => record.apply(&event),
            Err(_) if lines.peek().is_none() && record.started.is_some() => cut(&mut record, index),
            Err(error) => return Err(not_an_event(unquoted(&error))),
        }
    }
    if record.started.is_none() { Err(ReadError::NoStart) } else { Ok(record) }
}

/// Says that the last line was cut.
fn cut(record: &mut Record, index: usize) {
    record.note(NoteKind::Warning, format!("line {} of the record was cut and is left out", index + 1));
}

/// What is wrong with JSON, without the words of the library: they quote what the file holds.
pub(super) fn unquoted(error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Data => {
            format!("its members are not those of an event (column {})", error.column())
        }
        _ => format!("expected JSON (column {})", error.column()),
    }
}

/// Looks at the version before the rest: a newer format may have events that cannot be parsed here.
pub(super) fn refuse_newer(line: &[u8]) -> Result<(), ReadError> {
    let Ok(first) = serde_json::from_slice::<serde_json::Value>(line) else { return Ok(()) };
    let format = first["format"].as_u64().and_then(|format| u32::try_from(format).ok()).unwrap_or(0);
    if format > FORMAT {
        let version = first["version"].as_str().filter(|text| is_version(text));
        let version = version.unwrap_or("of unknown version").to_owned();
        return Err(ReadError::Newer { format, version });
    }
    Ok(())
}

/// Whether a text has the shape of a version.
fn is_version(text: &str) -> bool {
    text.len() <= 40 && text.split('.').count() == 3 && text.starts_with(|first: char| first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Machine, Note, RunStarted};

    fn started(format: u32) -> Event {
        let (version, machine) = ("9.9.9".to_owned(), Machine::default());
        Event::RunStarted(RunStarted {
            format,
            version,
            catalogue: 1,
            started: jiff::Timestamp::UNIX_EPOCH,
            seed: 7,
            machine,
            shard: None,
        })
    }

    fn note() -> Event {
        Event::Note(Note { kind: NoteKind::Info, text: "two\nlines".to_owned() })
    }

    fn lines(events: &[Event]) -> Vec<u8> {
        let mut written = Written::default();
        events.iter().flat_map(|event| json_line(event, &mut written).unwrap()).collect()
    }

    #[test]
    fn what_was_written_is_readable_before_and_after_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out/run.jsonl");
        let mut reporter = JsonLines::create(&path).unwrap();
        reporter.on_event(&started(FORMAT));
        reporter.on_event(&note());
        assert!(!path.exists());
        let partial = std::fs::read(folder.path().join("out/run.jsonl.partial")).unwrap();
        assert_eq!(read_jsonl(&partial[..]).unwrap().notes.len(), 1);
        reporter.finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), partial);
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error_that_names_the_path() {
        let mut reporter = JsonLines::create(Path::new("/dev/full")).unwrap();
        reporter.on_event(&note());
        let error = reporter.finish().unwrap_err();
        assert!(error.to_string().starts_with("write /dev/full: "), "{error}");
    }

    #[test]
    fn a_cut_last_line_is_left_out_with_a_note() {
        let whole = lines(&[started(FORMAT), note()]);
        let record = read_jsonl(&whole[..whole.len() - 5]).unwrap();
        assert_eq!(record.notes.len(), 1);
        assert!(record.notes[0].text.contains("line 2 of the record was cut"), "{:?}", record.notes);
    }

    #[test]
    fn what_is_no_record_is_refused_with_its_line() {
        let mut newer = lines(&[started(FORMAT + 1)]);
        newer.extend(b"{\"event\":\"from-the-future\"}\n");
        let mut broken = lines(&[started(FORMAT)]);
        broken.extend(b"{}\n");
        broken.extend(lines(&[note()]));
        for (bytes, message) in [
            (newer, "written by authbench 9.9.9"),
            (broken, "line 2 is not an event"),
            (lines(&[note()]), "does not begin with run-started"),
            (b"not json\n".to_vec(), "line 1 is not an event"),
            (Vec::new(), "not the record of a run"),
        ] {
            let error = read_jsonl(&bytes[..]).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
