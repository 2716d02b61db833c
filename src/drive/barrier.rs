//! Shards that wait for each other through a folder that all of them see.
//!
//! A round has a name. Each shard leaves one file a round; the one that sees all of them first sets the time at which all
//! start. A file that is there already belongs to another run: no shard ever does its part twice.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

use super::stop::Stop;
use crate::clock;
use crate::file::{self, RECORD_LIMIT};
use crate::shard::Shard;

/// Between two looks into the folder.
const POLL: Duration = Duration::from_millis(20);
/// From the last arrival to the start, so that every shard has seen the time by then.
const LEAD: Duration = Duration::from_secs(1);

/// Why shards did not come together.
#[derive(Debug, thiserror::Error)]
pub enum BarrierError {
    /// The folder cannot be used.
    #[error("failed to {doing} {}: {source}", .path.display())]
    Folder { doing: &'static str, path: PathBuf, source: std::io::Error },
    /// A file of this shard is there.
    #[error(
        "{} is there already: the folder belongs to another run, or this shard ran before; use a new folder for each run",
        .0.display()
    )]
    Used(PathBuf),
    /// The time of the start cannot be read.
    #[error("{} holds no time such as 2026-11-26T09:30:00Z", .0.display())]
    NoTime(PathBuf),
    /// Shards did not arrive.
    #[error("waited {} s at the barrier {} for {missing}", .timeout.as_secs(), .folder.display())]
    Missing { timeout: Duration, folder: PathBuf, missing: String },
    /// This shard was asked to end.
    #[error("the run was stopped while it waited at the barrier {} for {missing}", .folder.display())]
    Stopped { folder: PathBuf, missing: String },
    /// A round before this one failed: shards that did not come together once do not run together again.
    #[error("an earlier round at the barrier {} failed", .0.display())]
    Broken(PathBuf),
    /// What waited did not end as it should.
    #[error("authbench failed while it waited at the barrier")]
    Crashed,
}

/// A folder where shards wait for each other.
#[derive(Debug)]
pub struct Barrier {
    folder: PathBuf,
    shard: Shard,
    timeout: Duration,
    /// Whether a round failed.
    broken: AtomicBool,
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
        Self { folder, shard, timeout, broken: AtomicBool::new(false) }
    }

    /// Arrives at a round and waits for the others; blocks.
    ///
    /// # Errors
    /// Where the folder cannot be used, where it holds files of another run, where a round failed before, or where shards are
    /// missing at the end of the time: they are named.
    pub fn meet(&self, round: &str, stop: &Stop) -> Result<Met, BarrierError> {
        self.kept(|| {
            let folder_ms = self.leave(&self.file(round, self.shard.index, "here"), "")?;
            self.wait_for(round, "here", stop)?;
            let at = self.folder.join(format!("{round}.start"));
            let start = clock::timestamp() + LEAD;
            // whoever is first sets the time; for the others it is there already
            self.publish(&at, &start.to_string())?;
            let start = read(&at)?.trim().parse().map_err(|_| BarrierError::NoTime(at))?;
            Ok(Met { start, folder_ms })
        })
    }

    /// Leaves this shard's result of a round for the others.
    ///
    /// # Errors
    /// Where the folder cannot be written to.
    pub fn deliver(&self, round: &str, result: &str) -> Result<(), BarrierError> {
        self.kept(|| self.leave(&self.file(round, self.shard.index, "result"), result).map(drop))
    }

    /// Waits for the results of all shards, in their order; blocks.
    ///
    /// # Errors
    /// Where results are missing at the end of the time: their shards are named.
    pub fn collect(&self, round: &str, stop: &Stop) -> Result<Vec<String>, BarrierError> {
        self.kept(|| {
            self.wait_for(round, "result", stop)?;
            (1..=self.shard.count).map(|index| read(&self.file(round, index, "result"))).collect()
        })
    }

    /// Leaves the decision of a round, which the first shard makes for all.
    ///
    /// # Errors
    /// Where the folder cannot be written to.
    pub fn decide(&self, round: &str, decision: &str) -> Result<(), BarrierError> {
        self.kept(|| self.publish(&self.decision_file(round), decision))
    }

    /// Waits for the decision of a round; blocks.
    ///
    /// # Errors
    /// Where there is none at the end of the time.
    pub fn decision(&self, round: &str, stop: &Stop) -> Result<String, BarrierError> {
        let path = self.decision_file(round);
        self.kept(|| {
            self.until(stop, || !path.exists(), || format!("the decision of shard 1/{}", self.shard.count))?;
            read(&path)
        })
    }

    /// Does something unless a round failed before, and remembers a failure.
    fn kept<T>(&self, work: impl FnOnce() -> Result<T, BarrierError>) -> Result<T, BarrierError> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(BarrierError::Broken(self.folder.clone()));
        }
        work().inspect_err(|_| self.broken.store(true, Ordering::Relaxed))
    }

    fn file(&self, round: &str, index: u32, kind: &str) -> PathBuf {
        self.folder.join(format!("{round}.{index}.{kind}"))
    }

    fn decision_file(&self, round: &str) -> PathBuf {
        self.folder.join(format!("{round}.decision"))
    }

    fn wait_for(&self, round: &str, kind: &str, stop: &Stop) -> Result<(), BarrierError> {
        let missing = || (1..=self.shard.count).filter(|index| !self.file(round, *index, kind).exists());
        let named = || {
            let names: Vec<String> = missing().map(|index| format!("{index}/{}", self.shard.count)).collect();
            format!("the shards {}", names.join(", "))
        };
        self.until(stop, || missing().next().is_some(), named)
    }

    /// Waits while something is missing.
    fn until(
        &self,
        stop: &Stop,
        is_missing: impl Fn() -> bool,
        missing: impl Fn() -> String,
    ) -> Result<(), BarrierError> {
        let end: Instant = clock::now() + self.timeout;
        while is_missing() {
            if stop.is_requested() {
                return Err(BarrierError::Stopped { folder: self.folder.clone(), missing: missing() });
            }
            if clock::now() >= end {
                let (timeout, folder) = (self.timeout, self.folder.clone());
                return Err(BarrierError::Missing { timeout, folder, missing: missing() });
            }
            std::thread::sleep(POLL);
        }
        Ok(())
    }

    /// Writes a file of this shard's own, whole or not at all; how far the folder's clock is ahead, in milliseconds.
    fn leave(&self, path: &Path, text: &str) -> Result<Option<f64>, BarrierError> {
        fs::create_dir_all(&self.folder).map_err(failed("create", &self.folder))?;
        let partial = path.with_extension("partial");
        let before = clock::system();
        let mut file = File::create(&partial).map_err(failed("create", &partial))?;
        file.write_all(format!("{text}\n").as_bytes()).map_err(failed("write", &partial))?;
        file.sync_all().map_err(failed("write", &partial))?;
        let after = clock::system();
        let stamp = fs::metadata(&partial).and_then(|metadata| metadata.modified()).ok();
        let linked = fs::hard_link(&partial, path);
        let _ = fs::remove_file(&partial);
        linked.map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => BarrierError::Used(path.to_owned()),
            _ => failed("write", path)(error),
        })?;
        Ok(stamp.map(|stamp| since(stamp, before, after)))
    }

    /// Writes a file that any shard may write; the first one stays.
    fn publish(&self, path: &Path, text: &str) -> Result<(), BarrierError> {
        let partial = self.folder.join(format!(
            "{}.{}.partial",
            path.file_name().unwrap_or_default().to_string_lossy(),
            self.shard.index
        ));
        fs::write(&partial, text).map_err(failed("write", &partial))?;
        let linked = fs::hard_link(&partial, path);
        let _ = fs::remove_file(&partial);
        match linked {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(failed("write", path)(error)),
            _ => Ok(()),
        }
    }
}

fn read(path: &Path) -> Result<String, BarrierError> {
    file::text(path, RECORD_LIMIT).map_err(std::io::Error::from).map_err(failed("read", path))
}

/// How far a stamp is from the middle of two moments, in milliseconds.
fn since(stamp: SystemTime, before: SystemTime, after: SystemTime) -> f64 {
    let middle = before + after.duration_since(before).unwrap_or_default() / 2;
    match stamp.duration_since(middle) {
        Ok(ahead) => ahead.as_secs_f64() * 1000.0,
        Err(behind) => -behind.duration().as_secs_f64() * 1000.0,
    }
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> BarrierError {
    move |source| BarrierError::Folder { doing, path: path.to_owned(), source }
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
        let barrier = barrier(folder.path(), 2, 3, Duration::ZERO);
        let why = barrier.meet("phase", &Stop::default()).unwrap_err().to_string();
        assert!(why.starts_with("waited 0 s") && why.ends_with("for the shards 1/3, 3/3"), "{why}");
        let why = barrier.meet("next", &Stop::default()).unwrap_err();
        assert!(matches!(why, BarrierError::Broken(_)), "shards that missed one round do not run the next: {why}");
    }

    #[test]
    fn a_signal_is_not_taken_for_the_end_of_the_time() {
        let folder = tempfile::tempdir().unwrap();
        let (stop, barrier) = (Stop::default(), barrier(folder.path(), 1, 2, Duration::from_secs(60)));
        stop.request();
        let why = barrier.meet("phase", &stop).unwrap_err().to_string();
        assert!(why.starts_with("the run was stopped") && why.ends_with("for the shards 2/2"), "{why}");
    }

    #[test]
    fn a_folder_of_another_run_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let one = barrier(folder.path(), 1, 1, Duration::from_secs(60));
        one.meet("phase", &Stop::default()).unwrap();
        let why = one.meet("phase", &Stop::default()).unwrap_err().to_string();
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
