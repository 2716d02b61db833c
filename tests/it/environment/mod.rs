//! What a run leaves to the machine that it runs on: its files, its children, its end by a signal, and who may talk to `serve`.

mod children;
mod reports;
mod serve;
mod signals;

use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

/// How long something may take that would else never come.
const WATCHDOG: Duration = Duration::from_secs(600);

/// Makes a pipe with a name.
pub(crate) fn pipe(path: &Path) {
    let kind = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, path, kind, rustix::fs::Mode::from_raw_mode(0o600), 0).expect("makes a pipe");
}

/// Does something that blocks; panics where it never comes back.
pub(crate) fn in_time<T: Send + 'static>(what: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, came) = mpsc::channel();
    std::thread::spawn(move || done.send(work()));
    came.recv_timeout(WATCHDOG).unwrap_or_else(|_| panic!("{what} never came"))
}
