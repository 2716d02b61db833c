//! Accounts that a hook of the scenario disables or takes a right from, and that are as before however the run ends.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tokio::sync::watch;

use super::application::PASSWORD;
use super::with_verdict;
use crate::binary::{authbench, told};

/// The token of the only account.
const TOKEN: &str = "issued-5b9fa81c0f7d4e62";
/// The hook marks the account as changed by a file.
const HOOK: &str = "[sh, -c, 'if [ \"$1\" = on ]; then echo $2 > changed; else rm changed; fi', hook]";
/// One that does nothing.
const BROKEN: &str = "[sh, -c, 'exit 1', hook]";
/// A login of the account, and its token as it is.
const LOGIN: &str = "{ login: app, username: alice, password: correct-horse-battery-staple, scopes: [use] }";
const GIVEN: &str = "{ token: issued-5b9fa81c0f7d4e62, account: alice, scopes: [use] }";

/// What becomes of the token while the account is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    /// The request with it has no answer.
    Hangs,
    /// It is refused.
    Ends,
    /// It is refused at once, and at another resource from the second request on.
    EndsLaterElsewhere,
    /// It is refused from then on.
    EndsForGood,
    /// Nothing.
    LivesOn,
}

/// Where the mark is, what it means, whether somebody asked while it was there, and whether that was at the other resource.
#[derive(Clone)]
struct Account(PathBuf, Token, watch::Sender<bool>, Arc<AtomicBool>);

fn answer(headers: &HeaderMap, ends: bool) -> Response {
    match headers.get(header::AUTHORIZATION).and_then(|field| field.to_str().ok()?.strip_prefix("Bearer ")) {
        Some(TOKEN) if !ends => Json(json!({ "user": "alice", "account": "7f3a9c51" })).into_response(),
        _ => (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer realm=\"a\"")]).into_response(),
    }
}

/// A resource that remembers the account for one request.
async fn elsewhere(State(account): State<Account>, headers: HeaderMap) -> Response {
    let ends = account.0.exists() && account.1 == Token::EndsLaterElsewhere;
    answer(&headers, ends && account.3.swap(true, Ordering::Relaxed))
}

async fn me(State(account): State<Account>, headers: HeaderMap) -> Response {
    let is_changed = account.0.exists();
    if is_changed {
        account.2.send_replace(true);
    }
    let ends = match account.1 {
        Token::Hangs if is_changed => return std::future::pending().await,
        Token::Hangs | Token::LivesOn => false,
        Token::Ends | Token::EndsLaterElsewhere => is_changed,
        Token::EndsForGood => *account.2.borrow(),
    };
    answer(&headers, ends)
}

/// An application with one account, the folder of the scenario, and whether it was asked while the account was changed.
async fn started(token: Token) -> (SocketAddr, tempfile::TempDir, watch::Receiver<bool>) {
    let folder = tempfile::tempdir().expect("a folder");
    let (asked, is_asked) = watch::channel(false);
    let login = || async { Json(json!({ "access_token": TOKEN })) };
    let account = Account(folder.path().join("changed"), token, asked, Arc::default());
    let router = Router::new()
        .route("/login", post(login))
        .route("/me", get(me))
        .route("/elsewhere", get(elsewhere))
        .with_state(account);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has one");
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, folder, is_asked)
}

fn scenario(address: SocketAddr, credential: &str, (hook, argv): (&str, &str), check: &str) -> String {
    let logins = match credential {
        LOGIN => {
            "logins: { app: { request: { post: /login, json: { user: \"{username}\", password: \"{password}\" } } } }\n"
        }
        _ => "",
    };
    format!(
        "authbench: 1\nname: changed\ntarget: {{ url: \"http://{address}\", owned: true }}\nscheme: bearer\n{logins}\
         credentials: {{ alice: {credential} }}\nresources: [{{ request: GET /me, scopes: [use] }}]\n\
         material: {{ hooks: {{ {hook}: {argv} }} }}\n\
         conformance: {{ include: [{check}], tolerances: {{ revocation_delay: 0s }} }}\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_interrupted_changes_the_account_back() {
    assert!(LOGIN.contains(PASSWORD) && GIVEN.contains(TOKEN));
    for (credential, hook, check) in [
        (LOGIN, "disable", "login.disabled-account-loses-access"),
        (GIVEN, "disable", "common.disabled-account-loses-access"),
        (LOGIN, "demote", "login.demoted-account-loses-right"),
    ] {
        let (address, folder, mut is_asked) = started(Token::Hangs).await;
        let mark = folder.path().join("changed");
        std::fs::write(folder.path().join("a.yaml"), scenario(address, credential, (hook, HOOK), check))
            .expect("writes");
        let mut command = authbench(folder.path());
        command.args(["run", "a.yaml", "--timeout", "60s"]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("starts");
        is_asked.wait_for(|asked| *asked).await.expect("is asked");
        assert_eq!(std::fs::read_to_string(&mark).expect("is there").trim(), "alice", "{check}");
        kill_process(Pid::from_child(&child), Signal::TERM).expect("is sent");
        let ended = tokio::task::spawn_blocking(move || child.wait().expect("ends")).await.expect("ends");
        assert_eq!(ended.code(), Some(143), "{check}");
        assert!(!mark.exists(), "{check}: the account is as before");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_a_disabled_account_is_judged_where_it_opens_the_resource_again() {
    const CHECK: &str = "common.disabled-account-loses-access";
    for (token, argv, verdict, code, why) in [
        (Token::Ends, HOOK, "pass", 0, ""),
        (Token::LivesOn, HOOK, "fail", 1, "the credential after its account was disabled: access was granted"),
        (Token::EndsForGood, HOOK, "inconclusive", 5, "the target has taken it back for good"),
        (Token::LivesOn, BROKEN, "inconclusive", 5, "hook"),
    ] {
        let (address, folder, _is_asked) = started(token).await;
        let scenario = scenario(address, GIVEN, ("disable", argv), CHECK);
        let (output, report) = super::run(folder.path(), scenario, &[]).await;
        let said = told(&output);
        assert!(with_verdict(&report, verdict).contains(&CHECK.to_owned()), "{token:?} {argv}: {said}");
        assert!(said.contains(why), "{token:?} {argv}: {said}");
        assert_eq!(output.status.code(), Some(code), "{token:?} {argv}: {said}");
        assert!(!folder.path().join("changed").exists(), "{token:?} {argv}: the account is as before");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_resource_has_the_tolerated_delay_to_forget_an_account() {
    const CHECK: &str = "common.disabled-account-loses-access";
    for (delay, verdict) in [("0s", "fail"), ("1s", "pass")] {
        let (address, folder, _is_asked) = started(Token::EndsLaterElsewhere).await;
        let scenario = scenario(address, GIVEN, ("disable", HOOK), CHECK)
            .replace("scopes: [use] }]", "scopes: [use] }, { request: GET /elsewhere, scopes: [use] }]")
            .replace("revocation_delay: 0s", &format!("revocation_delay: {delay}"));
        let (output, report) = super::run(folder.path(), scenario, &[]).await;
        assert!(with_verdict(&report, verdict).contains(&CHECK.to_owned()), "{delay}: {}", told(&output));
    }
}
