//! Password resets that are completed with what a command prints of their mails.

use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use super::application::{Application, Manner, PASSWORD};
use super::{run, scenario, with_verdict};
use crate::binary::{authbench, told};

/// A login whose mails of resets are files; it has no other way to change the password.
const RESETTING: &str =
    "      request: { post: /auth/login, json: { email: \"{username}\", password: \"{password}\" } }
      password_reset: { post: /auth/forgot, json: { email: \"{username}\" } }
      reset_completion:
        mail: { command: [sh, -c, 'cat \"$AUTHBENCH_USERNAME\"'] }
        request: { post: /auth/reset, json: { token: \"{reset_token}\", new: \"{new_password}\" } }
    username: alice@example.test
    password: \"${USER_PASSWORD}\"
";
const RESETS: &str = "conformance: { include: [\"login.reset-*\"], tolerances: { revocation_delay: 0s } }\n";

/// The application, which sends its mails to a folder.
async fn started(manner: Manner, folder: &Path) -> (Application, String) {
    let (application, address) = Application::start(manner).await;
    application.mails_to(folder);
    (application, scenario(address, "bearer", RESETTING, RESETS))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_is_completed_and_the_account_left_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let (application, scenario) = started(Manner::default(), folder.path()).await;
    let (output, report) = run(folder.path(), scenario, &[]).await;
    let said = told(&output);
    let mut passed = with_verdict(&report, "pass");
    passed.sort();
    let expected = [
        "login.reset-ends-former-password",
        "login.reset-ends-sessions",
        "login.reset-indistinct",
        "login.reset-link-host",
        "login.reset-token-single-use",
    ];
    passed.retain(|id| id.starts_with("login."));
    assert_eq!(passed, expected, "{said}");
    // it names no user, and the scenario no account that may be locked
    let not_tested = ["login.reset-token-bound-to-user", "login.reset-token-guesses-limited"];
    assert_eq!(with_verdict(&report, "not-tested"), not_tested, "{said}");
    assert_eq!(application.password(), PASSWORD, "it was put back\n{said}");
    assert_eq!(*application.changes().borrow(), 6, "each check sets it, and puts it back by another reset\n{said}");
    for text in [said, report.to_string()] {
        assert!(!text.contains(PASSWORD) && !text.contains("mailed-") && !text.contains("issued-"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_cannot_be_put_back_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let manner = Manner { remembers_passwords: true, ..Manner::default() };
    let (application, scenario) = started(manner, folder.path()).await;
    let scenario = scenario.replace("login.reset-*", "login.reset-token-single-use");
    let (output, report) = run(folder.path(), scenario, &[]).await;
    let (said, record) = (told(&output), report.to_string());
    assert_eq!(with_verdict(&report, "inconclusive"), ["login.reset-token-single-use"], "{said}");
    let why = "could not be put back";
    assert!(record.contains(why) && record.contains("it is now New1- followed by the former password"), "{record}");
    assert!(application.password().starts_with("New1-"));
    assert!(!said.contains(PASSWORD) && !record.contains(PASSWORD) && !record.contains("mailed-"), "{record}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_is_forbidden_leaves_resets_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let (application, scenario) = started(Manner::default(), folder.path()).await;
    let (output, report) = run(folder.path(), scenario, &["--no-command"]).await;
    let said = told(&output);
    assert_eq!(with_verdict(&report, "not-tested").len(), 6, "{said}");
    assert!(report.to_string().contains("forbids starting sh, which reads the mail of resets"), "{report}");
    assert_eq!((application.password().as_str(), *application.changes().borrow()), (PASSWORD, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_interrupted_puts_the_password_back_by_a_reset() {
    let folder = tempfile::tempdir().expect("a folder");
    let manner = Manner { hangs_when_changed: true, ..Manner::default() };
    let (application, scenario) = started(manner, folder.path()).await;
    let scenario = scenario.replace("login.reset-*", "login.reset-ends-sessions");
    std::fs::write(folder.path().join("a.yaml"), scenario).expect("writes");
    let mut command = authbench(folder.path());
    command.args(["run", "a.yaml", "--timeout", "60s"]).env("USER_PASSWORD", PASSWORD);
    let mut changes = application.changes();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
    changes.wait_for(|changes| *changes == 1).await.expect("is set");
    assert_ne!(application.password(), PASSWORD);
    kill_process(Pid::from_child(&child), Signal::TERM).expect("is sent");
    let ended = tokio::task::spawn_blocking(move || child.wait().expect("ends")).await.expect("ends");
    assert_eq!(ended.code(), Some(143));
    assert_eq!(application.password(), PASSWORD, "it was put back");
}
