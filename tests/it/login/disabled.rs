//! An account that a hook of the scenario disables, and that is enabled again however the run ends.

use std::path::PathBuf;
use std::process::Stdio;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tokio::sync::watch;

use super::application::PASSWORD;
use crate::binary::authbench;

/// The token of the only account.
const TOKEN: &str = "issued-5b9fa81c0f7d4e62";
/// The hook marks the account as disabled by a file.
const HOOK: &str = "[sh, -c, 'if [ \"$1\" = on ]; then : > disabled; else rm disabled; fi', hook]";

/// Where the mark is, and whether somebody asked while it was there.
#[derive(Clone)]
struct Account(PathBuf, watch::Sender<bool>);

async fn me(State(account): State<Account>, headers: HeaderMap) -> Response {
    if account.0.exists() {
        account.1.send_replace(true);
        std::future::pending::<()>().await;
    }
    match headers.get(header::AUTHORIZATION).and_then(|field| field.to_str().ok()?.strip_prefix("Bearer ")) {
        Some(TOKEN) => Json(json!({ "user": "alice", "account": "7f3a9c51" })).into_response(),
        _ => (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer realm=\"a\"")]).into_response(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_interrupted_enables_the_account_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let mark = folder.path().join("disabled");
    let (asked, mut is_asked) = watch::channel(false);
    let login = || async { Json(json!({ "access_token": TOKEN })) };
    let account = Account(mark.clone(), asked);
    let router = Router::new().route("/login", post(login)).route("/me", get(me)).with_state(account);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has one");
    tokio::spawn(async move { axum::serve(listener, router).await });
    let scenario = format!(
        "authbench: 1\nname: disabled\ntarget: {{ url: \"http://{address}\", owned: true }}\nscheme: bearer\n\
         logins: {{ app: {{ request: {{ post: /login, json: {{ user: \"{{username}}\", password: \"{{password}}\" }} }} }} }}\n\
         credentials: {{ alice: {{ login: app, username: alice, password: {PASSWORD} }} }}\nresources: [{{ request: GET /me }}]\n\
         material: {{ hooks: {{ disable: {HOOK} }} }}\n\
         conformance: {{ include: [login.disabled-account-loses-access], tolerances: {{ revocation_delay: 0s }} }}\n"
    );
    std::fs::write(folder.path().join("a.yaml"), scenario).expect("writes");
    let mut command = authbench(folder.path());
    command.args(["run", "a.yaml", "--timeout", "60s"]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("starts");
    is_asked.wait_for(|asked| *asked).await.expect("is asked");
    assert!(mark.exists());
    kill_process(Pid::from_child(&child), Signal::TERM).expect("is sent");
    let ended = tokio::task::spawn_blocking(move || child.wait().expect("ends")).await.expect("ends");
    assert_eq!(ended.code(), Some(143));
    assert!(!mark.exists(), "the account is enabled again");
}
