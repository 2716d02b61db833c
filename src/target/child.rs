//! Child processes of a run: the only place that starts what a scenario names, and that ends it.
//!
//! A child ends with authbench, even when authbench is killed. On Linux, the child is at first authbench itself, which asks
//! the system for a signal at the death of its parent and then becomes the program (see [`become_program`]). That signal
//! comes when the thread ends that started the child, so one thread starts all children and lives as long as the process.
//!
//! What a child starts itself is in its process group. A second process of authbench, the guard, knows these groups: its input
//! ends with authbench, and then it kills the groups that are left (see [`guard_groups`]). On Linux a child tells the guard of its
//! group before it becomes its program: authbench may be killed before it could.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError, mpsc};
use std::time::Duration;

use thiserror::Error;
use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::secret::Secret;

/// How long a child may take to end after SIGTERM.
const TERM_GRACE: Duration = Duration::from_secs(2);
/// The first argument that makes authbench a child that becomes a program.
pub const CHILD: &str = "become-child";
/// The first argument that makes authbench the guard of the children of another authbench.
pub const GUARD: &str = "guard-children";
/// What the guard reads where authbench ends as it should.
const DISMISSED: &str = "dismissed";
/// What a child ends with that could not become its program, as a shell has it.
pub const NOT_EXECUTED: u8 = 126;

/// Why a child is not started.
#[derive(Debug, Error)]
pub enum SpawnError {
    /// The command line forbids it.
    #[error("--no-command or --untrusted forbids starting {0}")]
    Forbidden(String),
    /// The system does not start it.
    #[error("{0}")]
    System(#[from] io::Error),
}

/// Starts the commands of scenarios, unless that is forbidden.
#[derive(Clone, Debug, Default)]
pub struct Spawner {
    forbidden: bool,
    /// authbench itself, which ties a child to its own life.
    authbench: Option<PathBuf>,
    /// Where programs are searched: `PATH`.
    path: Option<OsString>,
}

impl Spawner {
    /// A spawner that searches programs in `path`. With `authbench`, the program of authbench, children end with it.
    pub fn new(path: Option<OsString>, authbench: Option<PathBuf>) -> Self {
        Self { forbidden: false, authbench, path }
    }

    /// The same, which starts nothing.
    #[must_use]
    pub fn forbidden(self) -> Self {
        Self { forbidden: true, ..self }
    }

    /// Starts a program with its arguments, in a process group of its own. Its environment is `PATH` and what is given.
    ///
    /// # Errors
    /// When that is forbidden, or the system does not start it.
    pub async fn start(
        &self,
        argv: &[String],
        environment: &[(String, Secret)],
        [stdin, stdout, stderr]: [Stdio; 3],
    ) -> Result<Child, SpawnError> {
        let program = argv.first().map(String::as_str).unwrap_or_default();
        if self.forbidden {
            return Err(SpawnError::Forbidden(program.to_owned()));
        }
        let listed = environment.iter().find(|(name, _)| name == "PATH").map(|(_, path)| OsString::from(path.expose()));
        let path = listed.as_ref().or(self.path.as_ref());
        find(program, path.map(OsString::as_os_str))?;
        // it is there before the child is, so that it hears of it at once
        if let Some(authbench) = &self.authbench {
            told_guard(Some(authbench), "");
        }
        let mut command = match self.authbench.as_ref().filter(|_| cfg!(target_os = "linux")) {
            Some(authbench) => {
                let mut command = Command::new(authbench);
                command.arg(CHILD).arg(std::process::id().to_string()).arg(guards_input()).arg(program);
                command
            }
            None => Command::new(program),
        };
        command.args(argv.get(1..).unwrap_or_default()).env_clear();
        command.envs(path.map(|path| ("PATH", path)));
        command.envs(environment.iter().map(|(name, value)| (name, value.expose())));
        command.stdin(stdin).stdout(stdout).stderr(stderr).process_group(0).kill_on_drop(true);
        let child = lasting(command).await?;
        child.id().into_iter().for_each(|id| told_guard(None, &format!("+{id}")));
        Ok(child)
    }
}

/// The input of the guard, once there is one.
static GUARDS_INPUT: Mutex<Option<ChildStdin>> = Mutex::new(None);

/// Tells the guard something; starts one where there is none and a program is given. Without a guard, what a child has
/// started outlives an authbench that is killed, as it does on systems that end no process with another.
fn told_guard(authbench: Option<&PathBuf>, line: &str) {
    let mut input = GUARDS_INPUT.lock().unwrap_or_else(PoisonError::into_inner);
    if input.is_none()
        && let Some(authbench) = authbench
    {
        use std::os::unix::process::CommandExt as _;
        let mut command = std::process::Command::new(authbench);
        command.arg(GUARD).env_clear().current_dir("/").process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        *input = command.spawn().ok().and_then(|mut guard| guard.stdin.take());
    }
    if let Some(guard) = input.as_mut() {
        let _ = guard.write_all(format!("{line}\n").as_bytes());
    }
}

/// The number under which authbench holds the input of the guard; nothing where there is none.
fn guards_input() -> String {
    use std::os::fd::AsRawFd as _;
    let input = GUARDS_INPUT.lock().unwrap_or_else(PoisonError::into_inner);
    input.as_ref().map(|guard| guard.as_raw_fd().to_string()).unwrap_or_default()
}

/// Tells the guard that nothing is left to end.
pub fn dismiss_guard() {
    told_guard(None, DISMISSED);
}

/// What the guard does: it reads the process groups that come (`+ID`) and go (`-ID`) until its input ends, and kills those
/// that are left, unless it was dismissed. A number is no other group's as long as a process of the group lives, and a group
/// without one is taken back.
pub fn guard_groups(input: impl io::BufRead) {
    let mut groups = std::collections::BTreeSet::new();
    for line in input.lines().map_while(Result::ok) {
        let id = line.get(1..).and_then(|id| id.parse::<i32>().ok()).filter(|id| *id > 1);
        match (line.chars().next(), id) {
            (Some('+'), Some(id)) => drop(groups.insert(id)),
            (Some('-'), Some(id)) => drop(groups.remove(&id)),
            _ if line == DISMISSED => return,
            _ => {}
        }
    }
    for group in groups.into_iter().filter_map(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

/// Takes a group back from the guard, where no process of it is left.
fn release(id: Option<u32>) {
    let Some(group) = id.and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) else { return };
    if rustix::process::test_kill_process_group(group).is_err() {
        told_guard(None, &format!("-{group}", group = group.as_raw_nonzero()));
    }
}

/// Looks for a program as `execvp` does, so that one that is not there is known before a child is started.
fn find(program: &str, path: Option<&OsStr>) -> io::Result<()> {
    let executable = |file: &Path| rustix::fs::access(file, rustix::fs::Access::EXEC_OK).is_ok() && !file.is_dir();
    if program.contains('/') {
        return match executable(Path::new(program)) {
            true => Ok(()),
            false if Path::new(program).exists() => Err(rustix::io::Errno::ACCESS.into()),
            false => Err(rustix::io::Errno::NOENT.into()),
        };
    }
    // without a path, the system searches where it always does
    let Some(path) = path else { return Ok(()) };
    let found = !program.is_empty() && std::env::split_paths(path).any(|folder| executable(&folder.join(program)));
    if found { Ok(()) } else { Err(rustix::io::Errno::NOENT.into()) }
}

/// A child to start, and who waits for it.
struct Order {
    command: Command,
    runtime: Handle,
    started: oneshot::Sender<io::Result<Child>>,
}

/// The thread that starts children.
static STARTER: LazyLock<Option<mpsc::Sender<Order>>> = LazyLock::new(|| {
    let (orders, received) = mpsc::channel::<Order>();
    let starter = std::thread::Builder::new().name("children".to_owned()).spawn(move || {
        for Order { mut command, runtime, started } in received {
            // a runtime that is about to end takes no child, and says so by a panic
            let spawned = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let _entered = runtime.enter();
                command.spawn()
            }));
            let _ = started.send(spawned.unwrap_or_else(|_| Err(io::Error::other("the run ends"))));
        }
    });
    starter.is_ok().then_some(orders)
});

/// Starts a child from the thread that lasts.
async fn lasting(command: Command) -> io::Result<Child> {
    let none = || io::Error::other("authbench has no thread to start it");
    let (started, child) = oneshot::channel();
    let order = Order { command, runtime: Handle::current(), started };
    STARTER.as_ref().and_then(|starter| starter.send(order).ok()).ok_or_else(none)?;
    child.await.map_err(|_| none())?
}

/// What a child of authbench does first: it is killed when its parent, the process with this id, ends; it tells the guard, whose
/// input its parent holds under this number, of its process group; and it becomes the program. Returns only where it cannot.
///
/// # Errors
/// When the parent has ended already, or the system does not execute the program.
pub fn become_program(parent: &OsStr, guards_input: &OsStr, argv: &[OsString]) -> io::Error {
    use std::os::unix::process::CommandExt as _;
    #[cfg(target_os = "linux")]
    {
        if let Err(error) = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)) {
            return error.into();
        }
        // it may have ended before the system knew that this matters
        let now = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().to_string());
        if now.as_deref().map(OsStr::new) != Some(parent) {
            return io::Error::other("authbench has ended");
        }
        // where it cannot be opened, its parent tells the guard as soon as it knows the child
        let input = Path::new("/proc").join(parent).join("fd").join(guards_input);
        if let Ok(mut guard) = std::fs::OpenOptions::new().write(true).open(input) {
            let _ = writeln!(guard, "+{}", std::process::id());
        }
    }
    match argv.split_first() {
        Some((program, rest)) => std::process::Command::new(program).args(rest).exec(),
        None => io::Error::other("no program"),
    }
}

/// TERM to the process group, then KILL.
pub async fn terminate(child: &mut Child) {
    let id = child.id();
    let group = id.and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()));
    if let Some(pid) = group {
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::TERM);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
    if tokio::time::timeout(TERM_GRACE, child.wait()).await.is_err() {
        if let Some(pid) = group {
            let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
        }
        let _ = child.kill().await;
    }
    release(id);
}

/// What is done about a child that has ended by itself, whose number this was.
pub fn ended_by_itself(id: Option<u32>) {
    release(id);
}
