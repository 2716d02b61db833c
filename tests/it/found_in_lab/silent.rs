//! Targets that stop answering.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use authbench::event::NoteKind;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{against, serve};

const USERS: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];

/// Each user has a session when the checks are over, the first one two of them, and no logout is answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_answers_no_logout_is_not_waited_for_again_and_again() {
    let logouts = Arc::new(AtomicUsize::new(0));
    let counted = logouts.clone();
    let me = |headers: HeaderMap| async move {
        match headers.get(header::COOKIE).is_some_and(|cookie| cookie.as_bytes().starts_with(b"sid=of-")) {
            true => Json(json!({ "account": "6c1f0a8e52d94b37" })).into_response(),
            false => StatusCode::UNAUTHORIZED.into_response(),
        }
    };
    let log_in = |Json(body): Json<Value>| async move {
        let cookie = format!("sid=of-{}-6c1f0a8e52d94b37", body["user"].as_str().unwrap_or_default());
        (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)])
    };
    let log_out = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        std::future::pending::<StatusCode>()
    };
    let credentials: String = USERS
        .map(|user| format!("  {user}: {{ login: site, username: {user}, password: correct-Horse-7-battery }}\n"))
        .concat();
    let cases: String = USERS
        .map(|user| format!("  - {{ name: {user}, with: {user}, request: GET /me, expect: {{ status: 200 }} }}\n"))
        .concat();
    let yaml = format!(
        "scheme: {{ session: {{ cookie: sid }} }}\nlogins:\n  site:\n    \
         request: {{ post: /login, json: {{ user: \"{{username}}\", password: \"{{password}}\" }} }}\n    \
         token: {{ cookie: sid }}\n    logout: {{ post: /logout }}\ncredentials:\n{credentials}\
         resources: [{{ request: GET /me }}]\nconformance: {{ include: [session.valid-accepted, \"case.*\"] }}\ncases:\n{cases}"
    );
    let router = Router::new().route("/me", get(me)).route("/login", post(log_in)).route("/logout", post(log_out));
    let ended = against(serve(router).await, &yaml, Duration::from_millis(300)).await;
    let not_ended = |(kind, text): &(NoteKind, String)| {
        *kind == NoteKind::Warning && text == "6 logins were not ended: no answer in time"
    };
    assert!(ended.notes.iter().any(not_ended), "{:?}", ended.notes);
    assert_eq!(logouts.load(Ordering::Relaxed), 2);
}
