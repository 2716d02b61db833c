//! Token endpoints that hand out a token again while it lives, and that want a scope.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use authbench::check::Verdict;
use authbench::event::{CheckResult, Event};
use authbench::run::{Launch, Only, Options, prepare, run};
use authbench::scenario::{NoVariables, load_text};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tokio::sync::Mutex;

/// How long a token lives: long enough that whole seconds tell what is left in the middle.
const LIFE: Duration = Duration::from_secs(6);

/// A token and when it ends.
type Issued = (String, Instant);

#[derive(Default)]
struct Issuer {
    /// The one that a client has, by its credentials.
    held: Mutex<Vec<(String, Issued)>>,
    wants_scope: bool,
    /// Whether all clients have one token.
    shared: bool,
}

async fn token(State(issuer): State<Arc<Issuer>>, headers: HeaderMap, body: String) -> Response {
    let client = headers.get(header::AUTHORIZATION).and_then(|line| line.to_str().ok()).unwrap_or_default().to_owned();
    let known = ["a", "b"].map(|id| format!("Basic {}", STANDARD.encode(format!("{id}:secret-0123456789"))));
    let has = |name: &str| body.split('&').any(|pair| pair.starts_with(name) && pair.len() > name.len());
    if !known.contains(&client) || !has("grant_type=") || (issuer.wants_scope && !has("scope=")) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let client = if issuer.shared { "all".to_owned() } else { client };
    let mut held = issuer.held.lock().await;
    held.retain(|(_, (_, end))| *end > Instant::now());
    if !held.iter().any(|(of, _)| *of == client) {
        let value = format!("{:032x}", rand::random::<u128>());
        held.push((client.clone(), (value, Instant::now() + LIFE)));
    }
    let (_, (value, _)) = held.iter().find(|(of, _)| *of == client).expect("is held");
    let body = json!({ "access_token": value, "token_type": "Bearer", "expires_in": LIFE.as_secs(), "scope": "read" });
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

async fn orders(State(issuer): State<Arc<Issuer>>, headers: HeaderMap) -> Response {
    let line = headers.get(header::AUTHORIZATION).and_then(|line| line.to_str().ok()).unwrap_or_default();
    let held = issuer.held.lock().await;
    let is_alive = |(_, (value, end)): &(String, Issued)| line == format!("Bearer {value}") && *end > Instant::now();
    if held.iter().any(is_alive) {
        return Json(json!({ "orders": ["c41f7a90d2e8"] })).into_response();
    }
    let challenge = [(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")];
    (StatusCode::UNAUTHORIZED, challenge, Json(json!({ "error": "invalid_token" }))).into_response()
}

async fn serve(issuer: Issuer) -> SocketAddr {
    let router = Router::new().route("/token", post(token)).route("/orders", get(orders)).with_state(Arc::new(issuer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has one");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn tried(issuer: Issuer, include: &str) -> CheckResult {
    let address = serve(issuer).await;
    let yaml = format!(
        "authbench: 1\nname: lab\ntarget: {{ url: \"http://{address}\", owned: true }}\n\
         scheme: {{ oauth2-client-credentials: {{ token_url: /token, client_auth: basic, access_token: opaque }} }}\n\
         credentials:\n\
         \x20 a: {{ client_id: a, client_secret: secret-0123456789, scopes: [read] }}\n\
         \x20 b: {{ client_id: b, client_secret: secret-0123456789, scopes: [read] }}\n\
         resources: [{{ request: GET /orders }}]\n\
         conformance: {{ include: [{include}] }}\n"
    );
    let options = Options { only: Some(Only::Conformance), seed: 7, ..Options::new(Launch::InProcess) };
    let loaded = load_text("lab.yaml".to_owned(), yaml).expect("is a scenario");
    let ready = prepare(vec![loaded], Some(&NoVariables), &options).expect("is ready");
    let mut results = Vec::new();
    let mut take = |event| {
        if let Event::CheckFinished(result) = event {
            results.push(*result);
        }
    };
    Box::pin(run(ready, &options, &mut take)).await;
    results.into_iter().find(|result| result.id == include).expect("the check ran")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_its_client_has_already_is_no_repeated_one() {
    let result = tried(Issuer::default(), "token.values-unique-and-long").await;
    assert_eq!(result.verdict, Verdict::Info, "{} {:?}", result.summary, result.deviations);
    assert!(result.summary.contains("gets the token that it has already"), "{}", result.summary);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_another_client_has_already_is_found() {
    let result = tried(Issuer { shared: true, ..Issuer::default() }, "token.values-unique-and-long").await;
    assert_eq!(result.verdict, Verdict::Fail, "{} {:?}", result.summary, result.deviations);
    assert!(result.summary.contains("another client has the same token"), "{}", result.summary);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expires_in_of_a_token_that_has_lived_already_is_what_is_left() {
    let result = tried(Issuer::default(), "token.expires-in-truthful").await;
    assert_eq!(result.verdict, Verdict::Warn, "{} {:?}", result.summary, result.deviations);
    let shown = format!("{} {:?}", result.summary, result.deviations);
    assert!(shown.contains("expires_in is 6") || shown.contains("with expires_in 6"), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_without_a_scope_is_refused_for_its_scope_alone() {
    let strict = Issuer { wants_scope: true, ..Issuer::default() };
    let result = tried(strict, "token.invalid-scope-error").await;
    let shown = format!("{} {:?}", result.summary, result.deviations);
    assert!(result.verdict == Verdict::Fail && shown.contains("no scope"), "{shown}");
}
