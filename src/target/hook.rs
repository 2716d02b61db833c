//! Commands of a scenario: argument vectors without a shell, bounded in time.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Child;

use super::child::{NOT_EXECUTED, SpawnError, Spawner, ended_by_itself, terminate};
use crate::secret::Secret;

/// How long a hook may take.
const HOOK_LIMIT: Duration = Duration::from_secs(30);
/// Bytes that a hook may print.
const OUTPUT_LIMIT: u64 = 64 * 1024;

/// Why a hook did not do what it is for. What it printed is not part of it: that may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HookError {
    /// No program.
    #[error("the hook is empty")]
    Empty,
    /// The command line forbids it.
    #[error("--no-command or --untrusted forbids starting the hook {0}")]
    Forbidden(String),
    /// Not started.
    #[error("the hook {program} was not started: {why}")]
    NotStarted {
        /// The program.
        program: String,
        /// What the system says.
        why: String,
    },
    /// It ran too long.
    #[error("the hook {0} did not end within {limit} s", limit = HOOK_LIMIT.as_secs())]
    TooLong(String),
    /// It printed too much.
    #[error("the hook {0} printed more than {limit} KiB", limit = OUTPUT_LIMIT / 1024)]
    TooMuch(String),
    /// It ended with a failure.
    #[error("the hook {program} ended with {status}")]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        status: String,
    },
}

/// Runs a hook to its end with an input, which is never an argument: it may be a secret. What it printed.
///
/// # Errors
/// Says that it was not started, took too long, printed too much, or ended with a failure. What it printed is not part of the
/// error: it may hold a secret.
pub async fn call(
    spawner: &Spawner,
    (argv, arguments): (&[String], &[String]),
    environment: &[(String, Secret)],
    input: &str,
) -> Result<Vec<u8>, HookError> {
    let Some(program) = argv.first().cloned() else { return Err(HookError::Empty) };
    let argv = [argv, arguments].concat();
    let started = spawner.start(&argv, environment, [Stdio::piped(), Stdio::piped(), Stdio::null()]);
    let mut child = match started.await {
        Ok(child) => child,
        Err(SpawnError::Forbidden(program)) => return Err(HookError::Forbidden(program)),
        Err(error) => return Err(HookError::NotStarted { program, why: error.to_string() }),
    };
    let id = child.id();
    let ended = tokio::time::timeout(HOOK_LIMIT, ended(&mut child, input)).await;
    if matches!(ended, Ok(Ok(_))) {
        ended_by_itself(id);
    }
    let failure = match ended {
        Ok(Ok((status, said))) if status.success() => return Ok(said),
        Ok(Ok((status, _))) if status.code() == Some(NOT_EXECUTED.into()) => {
            return Err(HookError::NotStarted { program, why: "it is not executable".to_owned() });
        }
        Ok(Ok((status, _))) => return Err(HookError::Failed { program, status: status.to_string() }),
        Ok(Err(Some(error))) => HookError::NotStarted { program, why: error.to_string() },
        Ok(Err(None)) => HookError::TooMuch(program),
        Err(_) => HookError::TooLong(program),
    };
    terminate(&mut child).await;
    Err(failure)
}

/// How a hook ended and what it printed; no error where it printed too much.
async fn ended(child: &mut Child, input: &str) -> Result<(ExitStatus, Vec<u8>), Option<std::io::Error>> {
    if let Some(mut stdin) = child.stdin.take() {
        // a hook that reads nothing may have ended already
        let _ = stdin.write_all(input.as_bytes()).await;
    }
    let mut said = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(OUTPUT_LIMIT + 1).read_to_end(&mut said).await?;
    }
    if said.len() as u64 > OUTPUT_LIMIT {
        return Err(None);
    }
    Ok((child.wait().await?, said))
}
