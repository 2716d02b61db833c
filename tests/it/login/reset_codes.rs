//! Password resets by a code of six digits, of an account that may be locked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{run, with_verdict};
use crate::binary::told;

const CHECK: &str = "login.reset-token-guesses-limited";
const SPARE: &str = "spare-Horse-4-lantern";
const ALICE: &str = "correct-Horse-7-battery";

/// What holds guesses up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    Nothing,
    /// 429 after five wrong codes.
    Throttle,
    /// The code ends after five wrong ones.
    Cancel,
    /// It is a code that nobody guesses.
    Length,
}

#[derive(Default)]
struct Known {
    passwords: BTreeMap<String, String>,
    /// The code of each user, with how many wrong ones came.
    codes: BTreeMap<String, (String, usize)>,
    mails: u64,
}

#[derive(Clone)]
struct Server(Arc<Mutex<Known>>, Limit);

impl Server {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap_or_default()
}

async fn login(State(server): State<Server>, Json(body): Json<Value>) -> Response {
    let user = text(&body, "user");
    match server.lock().passwords.get(user) == Some(&text(&body, "password").to_owned()) {
        true => Json(json!({ "access_token": format!("issued-{user}-5b9fa81c0f7d4e62") })).into_response(),
        false => (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer realm=\"a\"")]).into_response(),
    }
}

async fn forgot(State(server): State<Server>, Json(body): Json<Value>) -> StatusCode {
    let mut known = server.lock();
    known.mails += 1;
    let digits = 482_913 + known.mails * 7_919;
    let code =
        if server.1 == Limit::Length { format!("{:032x}", u128::from(digits) << 97) } else { digits.to_string() };
    known.codes.insert(text(&body, "user").to_owned(), (code, 0));
    StatusCode::ACCEPTED
}

async fn outbox(State(server): State<Server>, Path(user): Path<String>) -> Response {
    match server.lock().codes.get(&user) {
        Some((code, _)) => code.clone().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn reset(State(server): State<Server>, Path(code): Path<String>, Json(body): Json<Value>) -> StatusCode {
    let user = text(&body, "user").to_owned();
    let mut known = server.lock();
    let Some((right, wrong)) = known.codes.get_mut(&user) else { return StatusCode::BAD_REQUEST };
    if *wrong >= 5 && server.1 == Limit::Throttle {
        return StatusCode::TOO_MANY_REQUESTS;
    }
    if *right != code || (*wrong >= 5 && server.1 == Limit::Cancel) {
        *wrong += 1;
        return StatusCode::BAD_REQUEST;
    }
    known.codes.remove(&user);
    known.passwords.insert(user, text(&body, "new").to_owned());
    StatusCode::NO_CONTENT
}

async fn me(headers: HeaderMap) -> Response {
    match headers.get(header::AUTHORIZATION).and_then(|field| field.to_str().ok()?.strip_prefix("Bearer issued-")) {
        Some(_) => Json(json!({ "account": "7f3a9c51" })).into_response(),
        None => (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer realm=\"a\"")]).into_response(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_code_of_a_reset_needs_a_limit() {
    for (limit, verdict) in [
        (Limit::Nothing, "warn"),
        (Limit::Throttle, "pass"),
        (Limit::Cancel, "pass"),
        (Limit::Length, "not-applicable"),
    ] {
        let server = Server(Arc::default(), limit);
        server.lock().passwords =
            [("alice", ALICE), ("spare", SPARE)].map(|(a, b)| (a.to_owned(), b.to_owned())).into();
        let router = Router::new()
            .route("/login", post(login))
            .route("/forgot", post(forgot))
            .route("/outbox/{user}", get(outbox))
            .route("/reset/{code}", post(reset))
            .route("/me", get(me))
            .with_state(server.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("has one");
        tokio::spawn(async move { axum::serve(listener, router).await });
        let scenario = format!(
            "authbench: 1\nname: codes\ntarget: {{ url: \"http://{address}\", owned: true }}\nscheme: bearer\nlogins:\n  app:\n    \
             request: {{ post: /login, json: {{ user: \"{{username}}\", password: \"{{password}}\" }} }}\n    \
             password_reset: {{ post: /forgot, json: {{ user: \"{{username}}\" }} }}\n    reset_completion:\n      \
             mail: {{ get: \"/outbox/{{username}}\" }}\n      \
             request: {{ post: \"/reset/{{reset_token}}\", json: {{ user: \"{{username}}\", new: \"{{new_password}}\" }} }}\n\
             credentials: {{ alice: {{ login: app, username: alice, password: {ALICE} }} }}\nresources: [{{ request: GET /me }}]\n\
             material: {{ failure_budget: 12, expendable_username: spare, expendable_password: {SPARE} }}\n\
             conformance: {{ include: [{CHECK}] }}\n"
        );
        let folder = tempfile::tempdir().expect("a folder");
        let (output, report) = run(folder.path(), scenario, &[]).await;
        let said = told(&output);
        assert!(with_verdict(&report, verdict).contains(&CHECK.to_owned()), "{limit:?}: {said}\n{report}");
        let known = server.lock();
        assert_eq!(known.passwords["alice"], ALICE, "{limit:?}");
        assert_eq!(known.passwords["spare"], SPARE, "{limit:?}: it was put back\n{said}");
        // a code in an address is masked like others
        let shown = (1..=known.mails).map(|mail| (482_913 + mail * 7_919).to_string());
        let record = report.to_string();
        shown.for_each(|code| assert!(!record.contains(&code) && !said.contains(&code), "{limit:?}: {code}"));
    }
}
