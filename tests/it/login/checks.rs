//! Checks of logins, against an application that keeps some of what they ask for and not all.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::application::{Application, Manner, PASSWORD};
use super::{SESSION, run, scenario, with_verdict};
use crate::binary::{authbench, told};

/// A login that refers to the user-id and the password of its credential.
const REFERRING: &str =
    "      request: { post: /auth/login, json: { email: \"{username}\", password: \"{password}\" } }
      refresh: { post: /auth/refresh, json: { refresh_token: \"{/refresh_token}\" } }
      logout: { post: /auth/logout, headers: { Authorization: \"Bearer {token}\" } }
    username: alice@example.test
    password: \"${USER_PASSWORD}\"
";
const LOGINS: &str = "conformance: { include: [\"login.*\", \"refresh.*\", \"session.*\"], exclude: [\"*.timing-*\"], tolerances: { rotation_delay: 0s, revocation_delay: 0s } }\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_is_asked_for_what_it_has() {
    let (application, address) = Application::start(Manner::default()).await;
    let folder = tempfile::tempdir().expect("a folder");
    let (output, report) = run(folder.path(), scenario(address, "bearer", REFERRING, LOGINS), &[]).await;
    let said = told(&output);
    // its refresh tokens rotate, and it knows neither their families nor what belongs to a logout
    let failed = [
        "login.response-no-store",
        "refresh.logout-ends-former-access-token",
        "refresh.logout-ends-refresh-token",
        "refresh.reuse-ends-access-token",
        "refresh.reuse-ends-family",
    ];
    let mut found = [with_verdict(&report, "fail"), with_verdict(&report, "warn")].concat();
    found.sort();
    assert_eq!(found, failed, "{said}");
    let passed = [
        "login.default-accounts-refused",
        "login.foreign-host-not-reflected",
        "login.logout-ends-credential",
        "login.logout-without-credential-never-5xx",
        "login.malformed-never-5xx",
        "login.near-miss-refused",
        "login.query-credentials-refused",
        "login.return-address-never-5xx",
        "login.short-lived-token",
        "login.unusual-password-refused",
        "login.unusual-user-refused",
        "login.users-indistinct",
        "login.wrong-password-refused",
        "refresh.access-token-refused",
        "refresh.concurrent-use",
        "refresh.near-miss-refused",
        "refresh.renews-credential",
        "refresh.reuse-refused",
        "refresh.token-opens-nothing",
        "refresh.unknown-refused",
    ];
    let mut found = with_verdict(&report, "pass");
    found.sort();
    assert_eq!(found, passed, "{said}");
    let mut found = with_verdict(&report, "not-tested");
    found.sort();
    found.retain(|id| !["login.guessing-throttled", "login.field-once"].contains(&id.as_str()));
    let (of_accounts, found): (Vec<_>, Vec<_>) = found.into_iter().partition(|id| ACCOUNTS.contains(&id.as_str()));
    assert_eq!(of_accounts, ACCOUNTS, "no hook, no `registration` and no `password_reset`\n{said}");
    assert_eq!(found, CHANGES, "nothing about cookies, and no `password_change`\n{said}");
    // what is no JSON does not come to the handler that counts
    let counts = application.counts();
    assert_eq!(
        counts.failed, 48,
        "seventeen with a wrong password, thirteen with a wrong user, six with another account, twelve with another body: {counts:?}"
    );
    for text in [said, report.to_string()] {
        assert!(!text.contains(PASSWORD), "{text}");
        assert!(!text.contains("issued-") && !text.contains("refresh-0") && !text.contains("refresh-f"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logout_may_be_one_request_for_each_token() {
    let both = REFERRING.replacen(
        "      logout: { post: /auth/logout, headers: { Authorization: \"Bearer {token}\" } }\n",
        "      logout:\n        - { post: /auth/logout, headers: { Authorization: \"Bearer {token}\" } }\n        - { post: /auth/forget, json: { refresh_token: \"{/refresh_token}\" } }\n",
        1,
    );
    let checks = ["login.logout-ends-credential", "refresh.logout-ends-refresh-token"];
    let rest = format!("conformance: {{ include: [{}] }}\n", checks.join(", "));
    for (login, verdict, code) in [(REFERRING, "fail", 1), (both.as_str(), "pass", 0)] {
        let (_, address) = Application::start(Manner::default()).await;
        let folder = tempfile::tempdir().expect("a folder");
        let (output, report) = run(folder.path(), scenario(address, "bearer", login, &rest), &[]).await;
        let said = told(&output);
        assert!(with_verdict(&report, "pass").contains(&checks[0].to_owned()), "{said}");
        assert!(with_verdict(&report, verdict).contains(&checks[1].to_owned()), "{verdict}: {said}");
        assert_eq!(output.status.code(), Some(code), "{said}");
    }
}

/// The same login with a way to change the password.
fn changing() -> String {
    let change = "      password_change: { post: /auth/password, headers: { Authorization: \"Bearer {token}\" }, json: { old: \"{password}\", new: \"{new_password}\" } }\n    username";
    REFERRING.replacen("    username", change, 1)
}

const ACCOUNTS: [&str; 13] = [
    "login.demoted-account-loses-right",
    "login.disabled-account-loses-access",
    "login.registration-assigns-no-rights",
    "login.registration-indistinct",
    "login.registration-keeps-accounts",
    "login.reset-ends-former-password",
    "login.reset-ends-sessions",
    "login.reset-indistinct",
    "login.reset-link-host",
    "login.reset-token-bound-to-user",
    "login.reset-token-guesses-limited",
    "login.reset-token-single-use",
    "login.weak-password-refused",
];

const CHANGES: [&str; 3] = [
    "login.password-change-ends-sessions",
    "login.password-change-needs-password",
    "refresh.password-change-ends-refresh-tokens",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_change_is_asked_for_what_it_ends_and_undone() {
    for (keeps_changed, verdict) in [(false, "pass"), (true, "warn")] {
        let (application, address) = Application::start(Manner { keeps_changed, ..Manner::default() }).await;
        let folder = tempfile::tempdir().expect("a folder");
        let rest = LOGINS.replace("\"login.*\", \"refresh.*\", \"session.*\"", "\"*.password-change-*\"");
        let (output, report) = run(folder.path(), scenario(address, "bearer", &changing(), &rest), &[]).await;
        let said = told(&output);
        let found = with_verdict(&report, verdict);
        let what_ends = [CHANGES[0], CHANGES[2]];
        assert!(what_ends.iter().all(|check| found.iter().any(|found| found == check)), "{keeps_changed}: {said}");
        assert!(with_verdict(&report, "pass").contains(&CHANGES[1].to_owned()), "it asks for the former one\n{said}");
        assert_eq!(output.status.code(), Some(0), "ASVS asks for the option: no failure\n{said}");
        assert_eq!(application.password(), PASSWORD, "it was put back\n{said}");
        assert_eq!(*application.changes().borrow(), 6, "each check changes it and puts it back");
        let record = report.to_string();
        assert!(!said.contains(PASSWORD) && !record.contains(PASSWORD) && !record.contains("issued-"), "{record}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_self_contained_token_that_ends_soon_may_outlive_its_logout() {
    let minute = Duration::from_secs(60);
    for (stateless, lifetime, rest, verdict, code) in [
        (true, minute, "", "warn", 0),
        (true, minute, "tolerances: { self_contained_life: 10s }, ", "fail", 1),
        (true, 60 * minute, "", "fail", 1),
        (true, 60 * minute, "tolerances: { self_contained_life: 2h }, ", "warn", 0),
        (false, minute, "", "pass", 0),
    ] {
        let (_, address) = Application::start(Manner { stateless, lifetime, ..Manner::default() }).await;
        let folder = tempfile::tempdir().expect("a folder");
        let rest = format!("conformance: {{ {rest}include: [login.logout-ends-credential] }}\n");
        let (output, report) = run(folder.path(), scenario(address, "bearer", REFERRING, &rest), &[]).await;
        let said = told(&output);
        assert!(
            with_verdict(&report, verdict).contains(&"login.logout-ends-credential".to_owned()),
            "{verdict}: {said}"
        );
        assert_eq!(output.status.code(), Some(code), "{verdict}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_interrupted_puts_the_password_back() {
    let (application, address) = Application::start(Manner { hangs_when_changed: true, ..Manner::default() }).await;
    let folder = tempfile::tempdir().expect("a folder");
    let rest = "conformance: { include: [login.password-change-ends-sessions] }\n";
    std::fs::write(folder.path().join("a.yaml"), scenario(address, "bearer", &changing(), rest)).expect("writes");
    let mut command = authbench(folder.path());
    command.args(["run", "a.yaml", "--timeout", "60s"]).env("USER_PASSWORD", PASSWORD);
    let mut changes = application.changes();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
    changes.wait_for(|changes| *changes == 1).await.expect("is changed");
    assert_ne!(application.password(), PASSWORD);
    kill_process(Pid::from_child(&child), Signal::TERM).expect("is sent");
    let ended = tokio::task::spawn_blocking(move || child.wait().expect("ends")).await.expect("ends");
    assert_eq!(ended.code(), Some(143));
    assert_eq!(application.password(), PASSWORD, "it was put back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_asked_for_its_cookie_and_its_csrf_token() {
    let (_, address) = Application::start(Manner::default()).await;
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = scenario(address, "{ session: { cookie: sid } }", SESSION, LOGINS);
    // the application has one form for all visitors: two logins at once disturb each other
    let (output, report) = run(folder.path(), scenario, &["--jobs", "1"]).await;
    let said = told(&output);
    let passed = [
        "login.redirect-drops-password",
        "login.page-not-framed",
        "session.valid-accepted",
        "session.identifier-changes-at-login",
        "session.identifier-new-at-each-login",
        "session.identifier-hard-to-guess",
        "session.cookie-httponly",
        "session.cookie-samesite",
        "session.cookie-ends",
        "session.invalid-denied",
        "session.near-miss-denied",
        "session.write-needs-csrf-token",
        "session.malformed-cookie-never-5xx",
        "session.foreign-page-logout-ignored",
        "session.logout-without-cookie-never-5xx",
        "session.not-renewed-after-logout",
        "session.logout-clears-cookie",
        "session.cookie-not-in-body",
        "login.foreign-host-not-reflected",
        "login.logout-ends-credential",
    ];
    let mut found = with_verdict(&report, "pass");
    found.sort_by_key(|id| passed.iter().position(|passed| passed == id));
    assert_eq!(found, passed, "{said}");
    // in clear text a cookie with Secure would not come back
    let not_applicable = [
        "login.expires-in-truthful",
        "login.short-lived-token",
        "session.cookie-prefix-kept",
        "session.cookie-secure",
        "session.csrf-token-changes-at-login",
        "session.foreign-page-write-refused",
    ];
    let mut found = with_verdict(&report, "not-applicable");
    found.sort();
    assert_eq!(found, not_applicable, "{said}");
    let not_tested = [
        "login.default-accounts-refused",
        "login.demoted-account-loses-right",
        "login.disabled-account-loses-access",
        "login.field-once",
        "login.guessing-throttled",
        "login.logout-without-credential-never-5xx",
        "login.malformed-never-5xx",
        "login.near-miss-refused",
        "login.password-change-ends-sessions",
        "login.password-change-needs-password",
        "login.query-credentials-refused",
        "login.registration-assigns-no-rights",
        "login.registration-indistinct",
        "login.registration-keeps-accounts",
        "login.reset-ends-former-password",
        "login.reset-ends-sessions",
        "login.reset-indistinct",
        "login.reset-link-host",
        "login.reset-token-bound-to-user",
        "login.reset-token-guesses-limited",
        "login.reset-token-single-use",
        "login.return-address-never-5xx",
        "login.unusual-password-refused",
        "login.unusual-user-refused",
        "login.users-indistinct",
        "login.weak-password-refused",
        "login.wrong-password-refused",
        "session.cookie-not-forgeable",
        "session.csrf-token-bound",
        "session.foreign-page-login-refused",
        "session.login-redirect-stays",
    ]
    .map(str::to_owned);
    let mut found = with_verdict(&report, "not-tested");
    found.sort();
    assert_eq!(found, not_tested, "{said}");
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(!report.to_string().contains(PASSWORD) && !report.to_string().contains("issued-"), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_login_fails_on_purpose_where_the_account_might_be_locked() {
    let (application, address) = Application::start(Manner::default()).await;
    let folder = tempfile::tempdir().expect("a folder");
    let login = format!("      max_failures: 1\n{REFERRING}");
    let rest =
        "conformance: { include: [login.wrong-password-refused, login.users-indistinct, login.malformed-never-5xx] }\n";
    let (output, report) = run(folder.path(), scenario(address, "bearer", &login, rest), &[]).await;
    let said = told(&output);
    assert_eq!(with_verdict(&report, "not-tested").len(), 3, "{said}");
    assert!(
        said.contains("might lock the account (`max_failures: 1`)") || report.to_string().contains("might lock"),
        "{said}"
    );
    assert_eq!(application.counts().failed, 0, "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scenario_without_logins_says_nothing_about_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = "authbench: 1\nname: given\ntarget: reference\nscheme: bearer\n".to_owned();
    let (output, report) = run(folder.path(), scenario, &["--only", "conformance"]).await;
    let checks = report["scenarios"][0]["checks"].as_array().expect("a list");
    let ids: Vec<&str> = checks.iter().filter_map(|check| check["id"].as_str()).collect();
    assert!(ids.contains(&"bearer.valid-accepted"), "{}", told(&output));
    let about = |id: &&&str| ["login.", "session.", "refresh."].iter().any(|topic| id.starts_with(topic));
    assert_eq!(ids.iter().filter(about).count(), 0, "{ids:?}");
}
