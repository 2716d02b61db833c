//! Passwords that a check changes, and credentials that renew themselves.

use std::sync::Arc;

use authbench::check::Verdict;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{PROMPT, against, presented, refused, serve};

const PASSWORD: &str = "correct-Horse-7-battery";

/// The password of alice, and her tokens.
#[derive(Default)]
struct Account {
    password: Mutex<String>,
    tokens: Mutex<Vec<String>>,
}

impl Account {
    async fn issued(&self) -> Response {
        let mut tokens = self.tokens.lock().await;
        let token = format!("t-{:04}-6c1f0a8e52d94b37", tokens.len());
        tokens.push(token.clone());
        Json(json!({ "token": token })).into_response()
    }

    async fn knows(&self, headers: &HeaderMap) -> bool {
        let token = presented(headers).and_then(|line| line.strip_prefix("Bearer ")).unwrap_or_default().to_owned();
        self.tokens.lock().await.contains(&token)
    }
}

type Shared = State<Arc<Account>>;

async fn enter(account: Shared, Json(body): Json<Value>) -> Response {
    let is_right = body["user"] == "alice" && body["password"] == account.password.lock().await.as_str();
    if is_right { account.issued().await } else { refused("Bearer realm=\"a\"") }
}

/// Changes the password of whoever is logged in, and shows a page.
async fn change(account: Shared, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    if !account.knows(&headers).await {
        return refused("Bearer realm=\"a\"");
    }
    *account.password.lock().await = body["new"].as_str().unwrap_or_default().to_owned();
    (StatusCode::OK, "<title>Loading</title>").into_response()
}

/// Gives a new token to whoever has one, which stays.
async fn renew(account: Shared, headers: HeaderMap) -> Response {
    if account.knows(&headers).await { account.issued().await } else { refused("Bearer realm=\"a\"") }
}

async fn shown(account: Shared, headers: HeaderMap) -> Response {
    match account.knows(&headers).await {
        true => Json(json!({ "user": "alice", "plan": "yearly-52d94b376c1f0a8e" })).into_response(),
        false => refused("Bearer realm=\"a\""),
    }
}

/// The address of a server with this account, and the scenario of it with these keys of the login and these checks.
async fn server_of(account: &Arc<Account>, login: &str, checks: &str) -> (std::net::SocketAddr, String) {
    *account.password.lock().await = PASSWORD.to_owned();
    let router = Router::new().route("/login", post(enter)).route("/password", post(change));
    let router = router.route("/renew", post(renew)).route("/me", get(shown)).with_state(account.clone());
    let yaml = format!(
        "scheme: bearer\nlogins:\n  app:\n    \
         request: {{ post: /login, json: {{ user: \"{{username}}\", password: \"{{password}}\" }} }}\n    token: /token\n    {login}\n\
         credentials: {{ alice: {{ login: app, username: alice, password: {PASSWORD} }} }}\nresources: [{{ request: GET /me }}]\n\
         conformance: {{ include: [{checks}] }}\n"
    );
    (serve(router).await, yaml)
}

/// A change whose answer is not the one that the scenario calls a success has been made: a login shows it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_was_changed_against_the_scenario_is_found_and_put_back() {
    const CHECK: &str = "login.password-change-needs-password";
    for success in ["302", "200"] {
        let account = Arc::new(Account::default());
        let change = format!(
            "password_change: {{ post: /password, headers: {{ Authorization: \"Bearer {{token}}\" }}, \
             json: {{ old: \"{{password}}\", new: \"{{new_password}}\" }}, success: {{ status: {success} }} }}"
        );
        let (address, yaml) =
            server_of(&account, &change, &format!("{CHECK}, login.password-change-ends-sessions")).await;
        let ended = against(address, &yaml, PROMPT).await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, Verdict::Fail, "{success}: {} {:?}", result.summary, result.deviations);
        assert_eq!(*account.password.lock().await, PASSWORD, "{success}");
    }
}

/// Where a live token is all that a renewal needs, there is nothing that could be used twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_that_renews_itself_is_no_refresh_token() {
    const CHECKS: [&str; 3] = ["refresh.reuse-refused", "refresh.reuse-ends-family", "refresh.concurrent-use"];
    let account = Arc::new(Account::default());
    let refresh = "refresh: { post: /renew, headers: { Authorization: \"Bearer {token}\" } }";
    let (address, yaml) = server_of(&account, refresh, &CHECKS.join(", ")).await;
    let ended = against(address, &yaml, PROMPT).await;
    for check in CHECKS {
        let result = ended.of(check);
        assert_eq!(result.verdict, Verdict::NotApplicable, "{check}: {} {:?}", result.summary, result.deviations);
        assert!(result.summary.contains("the credential itself"), "{check}: {}", result.summary);
    }
}
