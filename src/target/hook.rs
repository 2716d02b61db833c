//! Commands of a scenario: argument vectors without a shell, bounded in time.

use std::process::Stdio;
use std::time::Duration;

use thiserror::Error;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// How long a hook may take.
const HOOK_LIMIT: Duration = Duration::from_secs(30);

/// Why a hook did not do what it is for. What it printed is not part of it: that may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HookError {
    /// No program.
    #[error("the hook is empty")]
    Empty,
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
/// Says that it was not started, took too long, or ended with a failure. What it printed is not part of the error: it
/// may hold a secret.
pub async fn call(argv: &[String], arguments: &[String], input: &str) -> Result<Vec<u8>, HookError> {
    let Some((program, rest)) = argv.split_first() else { return Err(HookError::Empty) };
    let mut command = Command::new(program);
    command
        .args(rest)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let run = async {
        let mut child = command.spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // a hook that reads nothing may have ended already
            let _ = stdin.write_all(input.as_bytes()).await;
        }
        child.wait_with_output().await
    };
    let program = program.clone();
    match tokio::time::timeout(HOOK_LIMIT, run).await {
        Err(_) => Err(HookError::TooLong(program)),
        Ok(Err(error)) => Err(HookError::NotStarted { program, why: error.to_string() }),
        Ok(Ok(output)) if output.status.success() => Ok(output.stdout),
        Ok(Ok(output)) => Err(HookError::Failed { program, status: output.status.to_string() }),
    }
}
