//! Registrations that ask for more than an account.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{run, with_verdict};
use crate::binary::told;

const CHECK: &str = "login.registration-assigns-no-rights";
const PASSWORD: &str = "correct-Horse-7-battery";

/// What becomes of members that nobody asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    /// They are ignored.
    Ignores,
    /// A registration that has any is refused.
    Refuses,
    /// A flag is believed.
    Believes,
    /// Nobody logs in before somebody has confirmed the account.
    Confirms,
    /// Every account may use everything.
    OpensAll,
    /// Too many registrations are refused.
    Throttles,
}

/// Accounts: the password, and whether it is an administrator's.
type Accounts = BTreeMap<String, (String, bool)>;

#[derive(Clone)]
struct Server(Arc<Mutex<Accounts>>, Habit);

impl Server {
    fn lock(&self) -> MutexGuard<'_, Accounts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether whoever asks is an administrator; none where nobody is known.
    fn rights(&self, headers: &HeaderMap) -> Option<bool> {
        let user = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer issued-5b9fa81c0f7d-")?;
        self.lock().get(user).map(|(_, is_admin)| *is_admin)
    }
}

fn unknown() -> Response {
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer realm=\"a\"")]).into_response()
}

async fn login(State(server): State<Server>, Json(body): Json<Value>) -> Response {
    let [user, password] = ["user", "password"].map(|name| body[name].as_str().unwrap_or_default());
    match server.lock().get(user) {
        Some((known, _)) if known == password => {
            Json(json!({ "access_token": format!("issued-5b9fa81c0f7d-{user}") })).into_response()
        }
        _ => unknown(),
    }
}

async fn register(State(server): State<Server>, Json(body): Json<Value>) -> StatusCode {
    let [user, password] = ["user", "password"].map(|name| body[name].as_str().unwrap_or_default().to_owned());
    let more = body.as_object().map_or(0, |members| members.len() - 2);
    match server.1 {
        Habit::Refuses if more > 0 => return StatusCode::UNPROCESSABLE_ENTITY,
        Habit::Throttles if more > 0 => return StatusCode::TOO_MANY_REQUESTS,
        Habit::Confirms => return StatusCode::ACCEPTED,
        _ => {}
    }
    let is_admin = server.1 == Habit::Believes && body["is_superuser"] == true;
    server.lock().insert(user, (password, is_admin));
    StatusCode::CREATED
}

async fn me(State(server): State<Server>, headers: HeaderMap) -> Response {
    server.rights(&headers).map_or_else(unknown, |_| Json(json!({ "account": "7f3a9c51" })).into_response())
}

async fn users(State(server): State<Server>, headers: HeaderMap) -> Response {
    match server.rights(&headers) {
        Some(is_admin) if is_admin || server.1 == Habit::OpensAll => {
            Json(json!({ "users": "6c1f0a8e" })).into_response()
        }
        Some(_) => StatusCode::FORBIDDEN.into_response(),
        None => unknown(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_that_makes_an_administrator_is_found() {
    for (habit, verdict, says) in [
        (Habit::Believes, "fail", "the new account opens GET /users"),
        (Habit::Ignores, "pass", ""),
        (Habit::Refuses, "pass", ""),
        (Habit::Confirms, "not-tested", "does not log in"),
        (Habit::OpensAll, "not-tested", "a new account opens each resource"),
        (Habit::Throttles, "inconclusive", "raise the limit of registrations"),
    ] {
        let server = Server(Arc::default(), habit);
        server.lock().insert("alice".to_owned(), (PASSWORD.to_owned(), true));
        let router = Router::new()
            .route("/login", post(login))
            .route("/register", post(register))
            .route("/me", get(me))
            .route("/users", get(users))
            .with_state(server.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("has one");
        tokio::spawn(async move { axum::serve(listener, router).await });
        let scenario = format!(
            "authbench: 1\nname: registrations\ntarget: {{ url: \"http://{address}\", owned: true }}\nscheme: bearer\nlogins:\n  app:\n    \
             request: {{ post: /login, json: {{ user: \"{{username}}\", password: \"{{password}}\" }} }}\n    \
             registration: {{ post: /register, json: {{ user: \"{{username}}\", password: \"{{new_password}}\" }} }}\n\
             credentials: {{ alice: {{ login: app, username: alice, password: {PASSWORD}, scopes: [admin] }} }}\n\
             resources: [{{ request: GET /me }}, {{ request: GET /users, scopes: [admin] }}]\n\
             conformance: {{ include: [{CHECK}] }}\n"
        );
        let folder = tempfile::tempdir().expect("a folder");
        let (output, report) = run(folder.path(), scenario, &[]).await;
        let said = told(&output);
        assert!(with_verdict(&report, verdict).contains(&CHECK.to_owned()), "{habit:?}: {said}\n{report}");
        assert!(report.to_string().contains(says), "{habit:?}: {said}\n{report}");
    }
}
