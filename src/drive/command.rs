//! Commands of a scenario: argument vectors without a shell, bounded in time.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// How long a hook may take.
const HOOK_LIMIT: Duration = Duration::from_secs(30);

/// Runs a hook to its end with an input, which is never an argument: it may be a secret. What it printed.
///
/// # Errors
/// Says that it was not started, took too long, or ended with a failure. What it printed is not part of the error: it
/// may hold a secret.
pub async fn call(argv: &[String], arguments: &[String], input: &str) -> Result<Vec<u8>, String> {
    let Some((program, rest)) = argv.split_first() else { return Err("the hook is empty".to_owned()) };
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
    match tokio::time::timeout(HOOK_LIMIT, run).await {
        Err(_) => Err(format!("the hook {program} did not end within {} s", HOOK_LIMIT.as_secs())),
        Ok(Err(error)) => Err(format!("the hook {program} was not started: {error}")),
        Ok(Ok(output)) if output.status.success() => Ok(output.stdout),
        Ok(Ok(output)) => Err(format!("the hook {program} ended with {}", output.status)),
    }
}
