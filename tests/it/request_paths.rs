//! Paths of requests that name variables and files, and refusals that redirect with the way back to those paths.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use crate::binary::{authbench, told};

const KEY: &str = "key-0123456789abcdef";
const DENIES: &str = "common.protected-route-denies-anonymous";

const UNREAD: &str = "common.auth-before-input-validation";

type Seen = Arc<Mutex<Vec<String>>>;

/// Data of one account for whoever has the key; anybody else is sent to the login, which leads back to what was asked for.
async fn notes(State(seen): State<Seen>, method: Method, uri: Uri, headers: HeaderMap, _: Bytes) -> Response {
    let target = uri.to_string();
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{method} {target}"));
    match (headers.get("x-api-key").is_some_and(|key| key == KEY), uri.path()) {
        (true, "/account/42/notes") => "{\"note\":\"walnut desk 7f3c91aa\"}".into_response(),
        (true, _) => StatusCode::NOT_FOUND.into_response(),
        (false, _) => {
            let next = target.replace('/', "%2F").replace('?', "%3F").replace('=', "%3D").replace('&', "%26");
            (StatusCode::FOUND, [(header::LOCATION, format!("/login?next={next}"))]).into_response()
        }
    }
}

/// Runs a scenario with these resources, checks and cases: what the service was asked for, the checks of the report, and what
/// was said.
async fn ran(rest: &str) -> (Vec<String>, Vec<Value>, String) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has one");
    let seen = Seen::default();
    let router = Router::new().fallback(notes).with_state(seen.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let folder = tempfile::tempdir().expect("a folder");
    let yaml = format!(
        "authbench: 1\nname: paths\ntarget: {{ url: \"http://{address}\", owned: true }}\nscheme: api-key\n\
         credentials: {{ a: {{ key: {KEY} }} }}\n{rest}"
    );
    std::fs::write(folder.path().join("a.yaml"), yaml).expect("writes");
    std::fs::write(folder.path().join("account.txt"), "42\n").expect("writes");
    let mut command = authbench(folder.path());
    command.args(["run", "a.yaml", "--report", "json=out.json"]);
    command.env("ACCOUNT_ID", "42").env("NOTES", "/account/42/notes");
    let output = tokio::task::spawn_blocking(move || command.output().expect("runs")).await.expect("ends");
    let said = told(&output);
    let report = std::fs::read(folder.path().join("out.json")).unwrap_or_else(|_| panic!("{said}"));
    let report: Value = serde_json::from_slice(&report).expect("is JSON");
    let checks = report["scenarios"][0]["checks"].as_array().cloned().unwrap_or_default();
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (seen, checks, said)
}

fn verdict(checks: &[Value], id: &str) -> String {
    let found = checks.iter().find(|check| check["id"] == id);
    found.map(|found| found["verdict"].as_str().unwrap_or_default().to_owned()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paths_are_sent_with_the_values_of_variables_and_files() {
    for path in ["/account/${ACCOUNT_ID}/notes", "/account/${file:account.txt}/notes", "${NOTES}"] {
        let (seen, checks, said) = ran(&format!(
            "resources: [{{ request: \"GET {path}\" }}]\n\
             cases: [{{ name: notes, with: a, request: \"GET {path}?page=${{PAGE:-1}}\", expect: {{ status: 200 }} }}]\n\
             load: [{{ name: short, request: \"GET {path}\", rate: 20/s, duration: 200ms, max_lateness: 5s }}]\n\
             conformance: {{ include: [{DENIES}, case.notes] }}\n"
        ))
        .await;
        for id in [DENIES, "case.notes"] {
            assert_eq!(verdict(&checks, id), "pass", "{path}: {id}\n{said}");
        }
        assert!(said.contains("short") && !said.contains("did not run"), "{path}: {said}");
        for sent in ["GET /account/42/notes", "GET /account/42/notes?page=1"] {
            assert!(seen.iter().any(|line| line == sent), "{path}: {seen:?}");
        }
        assert!(seen.iter().all(|line| !line.contains("$")), "{path}: {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_that_leads_back_to_another_query_of_the_path_refuses() {
    let (seen, checks, said) = ran(&format!(
        "resources:\n  - request: POST /account/${{ACCOUNT_ID}}/notes\n    json: {{ note: a }}\n    writes: true\n    \
         before: [{{ request: \"GET /account/${{ACCOUNT_ID}}/notes?before\" }}]\n    \
         after: [{{ request: \"GET /account/${{ACCOUNT_ID}}/notes?after\" }}]\n\
         conformance: {{ include: [{UNREAD}] }}\n"
    ))
    .await;
    assert_eq!(verdict(&checks, UNREAD), "pass", "{said}");
    for sent in ["?before", "?after", "?limit=authbench"] {
        assert!(seen.iter().any(|line| line.ends_with(&format!(" /account/42/notes{sent}"))), "{sent}: {seen:?}");
    }
}
