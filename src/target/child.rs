//! Child processes that a run started.

use std::time::Duration;

use tokio::process::Child;

/// How long a child may take to end after SIGTERM.
const TERM_GRACE: Duration = Duration::from_secs(2);

/// TERM to the process group, then KILL.
pub async fn terminate(child: &mut Child) {
    if let Some(pid) = child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) {
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::TERM);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
    if tokio::time::timeout(TERM_GRACE, child.wait()).await.is_err() {
        let _ = child.kill().await;
    }
}
