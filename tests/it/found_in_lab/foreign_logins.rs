//! Logins that a page of another site makes a browser send.

use authbench::check::Verdict;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{PROMPT, against, serve};

const CHECK: &str = "session.foreign-page-login-refused";
const COOKIE: &str = "sid=6c1f0a8e52d94b376c1f0a8e";

/// What a handler of a login reads beside JSON.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reads {
    Nothing,
    Forms,
    Texts,
}

fn is_alice(reads: Reads, headers: &HeaderMap, body: &[u8]) -> bool {
    let media = headers.get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
    let by_json = || {
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        json["user"]["name"] == "alice" && json["user"]["password"] == "correct-Horse-7"
    };
    match media {
        "application/json" => by_json(),
        "text/plain" => reads == Reads::Texts && by_json(),
        "application/x-www-form-urlencoded" if reads == Reads::Forms => {
            let has = |name: &str, value: &str| {
                url::form_urlencoded::parse(body).any(|(own, text)| own == name && text == value)
            };
            has("user[name]", "alice") && has("user[password]", "correct-Horse-7")
        }
        _ => false,
    }
}

/// Frameworks read the members of JSON from forms as well, by names with brackets.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_in_json_that_a_form_can_send_is_one_of_other_sites() {
    for (reads, verdict) in
        [(Reads::Nothing, Verdict::Pass), (Reads::Forms, Verdict::Warn), (Reads::Texts, Verdict::Warn)]
    {
        let enter = move |headers: HeaderMap, body: Bytes| async move {
            match is_alice(reads, &headers, &body) {
                true => (StatusCode::CREATED, [(header::SET_COOKIE, format!("{COOKIE}; HttpOnly; SameSite=Lax"))], "")
                    .into_response(),
                false => (StatusCode::UNAUTHORIZED, Json(json!({ "error": "who are you" }))).into_response(),
            }
        };
        let shown = |headers: HeaderMap| async move {
            let is_known = headers.get(header::COOKIE).is_some_and(|cookie| cookie == COOKIE);
            let answer: Response = match is_known {
                true => Json(json!({ "name": "alice", "plan": "yearly-6c1f0a8e52d94b37" })).into_response(),
                false => (StatusCode::UNAUTHORIZED, Json(json!({ "error": "log in" }))).into_response(),
            };
            answer
        };
        let yaml = format!(
            "scheme: {{ session: {{ cookie: sid }} }}\ncredentials:\n  alice:\n    username: alice\n    password: correct-Horse-7\n    \
             login:\n      request: {{ post: /login, json: {{ user: {{ name: \"{{username}}\", password: \"{{password}}\" }} }} }}\n      \
             token: {{ cookie: sid }}\nresources: [{{ request: GET /me }}]\nconformance: {{ include: [{CHECK}] }}\n"
        );
        let router = Router::new().route("/login", post(enter)).route("/me", get(shown));
        let ended = against(serve(router).await, &yaml, PROMPT).await;
        let result = ended.of(CHECK);
        let told = format!("{reads:?}: {} {:?}", result.summary, result.deviations);
        match verdict {
            Verdict::Pass => assert_eq!(result.verdict, Verdict::Pass, "{told}"),
            _ => assert!(matches!(result.verdict, Verdict::Warn | Verdict::Fail), "{told}"),
        }
    }
}
