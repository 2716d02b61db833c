//! Logins whose time tells who exists.

use std::time::Duration;

use authbench::check::Verdict;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{PROMPT, against, serve};
use crate::busy::tried_later;

/// What the password of a user costs who exists.
const WORK: Duration = Duration::from_millis(25);

/// Whether a login was right shows in a request of its own, whose time says nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_request_with_the_password_is_timed_and_not_the_last_one() {
    const CHECK: &str = "login.timing-user-enumeration";
    for (hashes_for_nobody, expected) in [(false, Verdict::Warn), (true, Verdict::Pass)] {
        let me = |headers: HeaderMap| async move {
            match headers.get(header::COOKIE).is_some_and(|cookie| cookie == "sid=alice-6c1f0a8e52d94b37") {
                true => Json(json!({ "account": "b07d3e9a41f8c265" })).into_response(),
                false => StatusCode::UNAUTHORIZED.into_response(),
            }
        };
        let log_in = move |Json(body): Json<Value>| async move {
            if body["user"] == "alice" || hashes_for_nobody {
                tokio::time::sleep(WORK).await;
            }
            let is_right = body["user"] == "alice" && body["password"] == "correct-Horse-7-battery";
            let cookie = if is_right { "sid=alice-6c1f0a8e52d94b37" } else { "seen=1" };
            (StatusCode::FOUND, [(header::SET_COOKIE, cookie)])
        };
        let yaml = format!(
            "scheme: {{ session: {{ cookie: sid }} }}\ncredentials:\n  alice:\n    username: alice\n    \
             password: correct-Horse-7-battery\n    login:\n      request:\n        \
             - {{ post: /login, json: {{ user: \"{{username}}\", password: \"{{password}}\" }}, success: {{ status: 302 }} }}\n        \
             - {{ get: /me, success: {{ json: /account }} }}\n      token: {{ cookie: sid }}\n\
             resources: [{{ request: GET /me }}]\nconformance: {{ include: [{CHECK}] }}\n"
        );
        let attempt = async || {
            let router = Router::new().route("/me", get(me)).route("/login", post(log_in));
            against(serve(router).await, &yaml, PROMPT).await
        };
        // on a machine that is busy elsewhere nothing may be told apart
        let ended = tried_later(attempt, |ended| ended.of(CHECK).verdict != Verdict::Inconclusive).await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, expected, "{hashes_for_nobody}: {} {:?}", result.summary, result.deviations);
    }
}
