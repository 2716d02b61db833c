//! How much processor time a process has used, where the system says so.

use std::path::PathBuf;

/// A process whose processor time is read.
#[derive(Clone, Debug)]
pub struct ProcessCpu(PathBuf);

impl ProcessCpu {
    /// The process with this id, where its times can be read.
    pub fn of(pid: u32) -> Option<Self> {
        let this = Self(PathBuf::from(format!("/proc/{pid}/task")));
        this.seconds().map(|_| this)
    }

    /// Seconds that its threads have run since they began; threads that ended are not counted.
    pub(super) fn seconds(&self) -> Option<f64> {
        let mut nanoseconds = 0_u64;
        for thread in std::fs::read_dir(&self.0).ok()? {
            // a thread may end between the listing and the reading
            let Ok(text) = std::fs::read_to_string(thread.ok()?.path().join("schedstat")) else { continue };
            nanoseconds += text.split_whitespace().next()?.parse::<u64>().ok()?;
        }
        (nanoseconds > 0).then_some(nanoseconds as f64 / 1e9)
    }
}
