//! Shards that wait for each other through a folder that all of them see.
//!
//! A round has a name. Each shard leaves one file a round; the one that sees all of them first sets the time at which all
//! start. A file that is there already belongs to another run: no shard ever does its part twice.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

use super::stop::Stop;
use crate::clock;
use crate::shard::Shard;

/// Between two looks into the folder.
const POLL: Duration = Duration::from_millis(20);
/// From the last arrival to the start, so that every shard has seen the time by then.
const LEAD: Duration = Duration::from_secs(1);

/// A folder where shards wait for each other.
#[derive(Clone, Debug)]
pub struct Barrier {
    folder: PathBuf,
    shard: Shard,
    timeout: Duration,
}

/// What a shard knows once all of them are there.
#[derive(Clone, Copy, Debug)]
pub struct Met {
    /// When all start.
    pub start: Timestamp,
    /// How far the clock that stamps files in the folder is ahead of this machine's, in milliseconds.
    pub folder_ms: Option<f64>,
}

impl Barrier {
    /// A barrier for one shard; waiting ends after a time.
    pub fn new(folder: PathBuf, shard: Shard, timeout: Duration) -> Self {
        Self { folder, shard, timeout }
    }

    /// Arrives at a round and waits for the others; blocks.
    ///
    /// # Errors
    /// Where the folder cannot be used, where it holds files of another run, or where shards are missing at the end of the
    /// time: they are named.
    pub fn meet(&self, round: &str, stop: &Stop) -> Result<Met, String> {
        let folder_ms = self.leave(&self.file(round, self.shard.index, "here"), "")?;
        self.wait_for(round, "here", stop)?;
        let at = self.folder.join(format!("{round}.start"));
        let start = clock::timestamp() + LEAD;
        // whoever is first sets the time; for the others it is there already
        self.publish(&at, &start.to_string())?;
        let text = fs::read_to_string(&at).map_err(|error| failed("read", &at, &error))?;
        let start = text.trim().parse().map_err(|_| format!("{} holds no time: {text:?}", at.display()))?;
        Ok(Met { start, folder_ms })
    }

    /// Leaves this shard's result of a round for the others.
    ///
    /// # Errors
    /// Where the folder cannot be written to.
    pub fn deliver(&self, round: &str, result: &str) -> Result<(), String> {
        self.leave(&self.file(round, self.shard.index, "result"), result).map(drop)
    }

    /// Waits for the results of all shards, in their order; blocks.
    ///
    /// # Errors
    /// Where results are missing at the end of the time: their shards are named.
    pub fn collect(&self, round: &str, stop: &Stop) -> Result<Vec<String>, String> {
        self.wait_for(round, "result", stop)?;
        let paths = (1..=self.shard.count).map(|index| self.file(round, index, "result"));
        paths.map(|path| fs::read_to_string(&path).map_err(|error| failed("read", &path, &error))).collect()
    }

    /// Leaves the decision of a round, which one shard makes for all.
    ///
    /// # Errors
    /// Where the folder cannot be written to.
    pub fn decide(&self, round: &str, decision: &str) -> Result<(), String> {
        self.publish(&self.folder.join(format!("{round}.decision")), decision)
    }

    /// Waits for the decision of a round; blocks.
    ///
    /// # Errors
    /// Where there is none at the end of the time.
    pub fn decision(&self, round: &str, stop: &Stop) -> Result<String, String> {
        let path = self.folder.join(format!("{round}.decision"));
        self.until(stop, || path.exists().then_some(()))
            .ok_or_else(|| format!("shard 1/{} left no decision in {}", self.shard.count, path.display()))?;
        fs::read_to_string(&path).map_err(|error| failed("read", &path, &error))
    }

    fn file(&self, round: &str, index: u32, kind: &str) -> PathBuf {
        self.folder.join(format!("{round}.{index}.{kind}"))
    }

    fn wait_for(&self, round: &str, kind: &str, stop: &Stop) -> Result<(), String> {
        let missing = || (1..=self.shard.count).filter(|index| !self.file(round, *index, kind).exists());
        let all = self.until(stop, || missing().next().is_none().then_some(()));
        all.ok_or_else(|| {
            let names: Vec<String> = missing().map(|index| format!("{index}/{}", self.shard.count)).collect();
            let seconds = self.timeout.as_secs();
            format!("waited {seconds} s at the barrier {} for the shards {}", self.folder.display(), names.join(", "))
        })
    }

    fn until<T>(&self, stop: &Stop, look: impl Fn() -> Option<T>) -> Option<T> {
        let end: Instant = clock::now() + self.timeout;
        loop {
            match look() {
                Some(seen) => return Some(seen),
                None if clock::now() >= end || stop.is_requested() => return None,
                None => std::thread::sleep(POLL),
            }
        }
    }

    /// Writes a file of this shard's own, whole or not at all; how far the folder's clock is ahead, in milliseconds.
    fn leave(&self, path: &Path, text: &str) -> Result<Option<f64>, String> {
        fs::create_dir_all(&self.folder).map_err(|error| failed("create", &self.folder, &error))?;
        let partial = path.with_extension("partial");
        let before = clock::system();
        let mut file = File::create(&partial).map_err(|error| failed("create", &partial, &error))?;
        file.write_all(format!("{text}\n").as_bytes()).map_err(|error| failed("write", &partial, &error))?;
        file.sync_all().map_err(|error| failed("write", &partial, &error))?;
        let after = clock::system();
        let stamp = fs::metadata(&partial).and_then(|metadata| metadata.modified()).ok();
        let linked = fs::hard_link(&partial, path);
        let _ = fs::remove_file(&partial);
        linked.map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => format!(
                "{} is there already: the folder belongs to another run, or this shard ran before; use a new folder for \
                 each run",
                path.display()
            ),
            _ => failed("write", path, &error),
        })?;
        Ok(stamp.map(|stamp| since(stamp, before, after)))
    }

    /// Writes a file that any shard may write; the first one stays.
    fn publish(&self, path: &Path, text: &str) -> Result<(), String> {
        let partial = self.folder.join(format!(
            "{}.{}.partial",
            path.file_name().unwrap_or_default().to_string_lossy(),
            self.shard.index
        ));
        fs::write(&partial, text).map_err(|error| failed("write", &partial, &error))?;
        let linked = fs::hard_link(&partial, path);
        let _ = fs::remove_file(&partial);
        match linked {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(failed("write", path, &error)),
            _ => Ok(()),
        }
    }
}

/// How far a stamp is from the middle of two moments, in milliseconds.
fn since(stamp: SystemTime, before: SystemTime, after: SystemTime) -> f64 {
    let middle = before + after.duration_since(before).unwrap_or_default() / 2;
    match stamp.duration_since(middle) {
        Ok(ahead) => ahead.as_secs_f64() * 1000.0,
        Err(behind) => -behind.duration().as_secs_f64() * 1000.0,
    }
}

fn failed(doing: &str, path: &Path, error: &std::io::Error) -> String {
    format!("failed to {doing} {}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn barrier(folder: &Path, index: u32, count: u32, timeout: Duration) -> Barrier {
        Barrier::new(folder.to_owned(), Shard::new(index, count).unwrap(), timeout)
    }

    #[test]
    fn all_shards_start_at_the_time_that_one_of_them_sets() {
        let folder = tempfile::tempdir().unwrap();
        let shards: Vec<_> = (1..=4).map(|index| barrier(folder.path(), index, 4, Duration::from_secs(60))).collect();
        let threads: Vec<_> = shards
            .into_iter()
            .map(|barrier| std::thread::spawn(move || barrier.meet("phase", &Stop::default()).unwrap().start))
            .collect();
        let mut starts: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        starts.dedup();
        assert_eq!(starts.len(), 1, "{starts:?}");
    }

    #[test]
    fn who_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let why = barrier(folder.path(), 2, 3, Duration::ZERO).meet("phase", &Stop::default()).unwrap_err();
        assert!(why.ends_with("for the shards 1/3, 3/3"), "{why}");
    }

    #[test]
    fn a_folder_of_another_run_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let one = barrier(folder.path(), 1, 1, Duration::from_secs(60));
        one.meet("phase", &Stop::default()).unwrap();
        let why = one.meet("phase", &Stop::default()).unwrap_err();
        assert!(why.contains("belongs to another run"), "{why}");
    }

    #[test]
    fn a_decision_reaches_all_shards() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (
            barrier(folder.path(), 1, 2, Duration::from_secs(60)),
            barrier(folder.path(), 2, 2, Duration::from_secs(60)),
        );
        two.deliver("step", "b").unwrap();
        one.deliver("step", "a").unwrap();
        assert_eq!(one.collect("step", &Stop::default()).unwrap(), ["a\n", "b\n"]);
        one.decide("step", "go on").unwrap();
        assert_eq!(two.decision("step", &Stop::default()).unwrap(), "go on");
    }
}
