//! Servers that answer as the quick starts of frameworks do: each deviation is named for what it is, once.

use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, RandomState};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use serde_json::{Value, json};

use crate::binary::{authbench, told};

const CLIENT: (&str, &str) = ("service", "a-secret-of-the-service-01");
const PASSWORD: &str = "correct-horse-battery-staple";

/// Live tokens, and how many were issued.
type Tokens = Arc<Mutex<(BTreeSet<String>, u64)>>;

fn issued(tokens: &Tokens) -> String {
    let mut tokens = tokens.lock().unwrap_or_else(PoisonError::into_inner);
    tokens.1 += 1;
    let random = || RandomState::new().hash_one(tokens.1);
    let token = format!("{:016x}{:016x}", random(), random());
    tokens.0.insert(token.clone());
    token
}

fn is_client(headers: &HeaderMap) -> bool {
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", CLIENT.0, CLIENT.1));
    headers.get(header::AUTHORIZATION).is_some_and(|value| value == &format!("Basic {pair}"))
}

/// A parameter of a form, or of a JSON body: a framework that parses both asks neither for its type.
fn parameter(headers: &HeaderMap, body: &Bytes, name: &str) -> Option<String> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/json") {
        return serde_json::from_slice::<Value>(body).ok()?[name].as_str().map(str::to_owned);
    }
    let form = kind.starts_with("application/x-www-form-urlencoded");
    // what these tests send needs no decoding
    let text = std::str::from_utf8(body).unwrap_or_default();
    let mut pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| form && *key == name).map(|(_, value)| value.to_owned())
}

fn error(status: u16, code: &str) -> Response {
    (StatusCode::from_u16(status).expect("a status"), Json(json!({ "error": code }))).into_response()
}

async fn token(State(tokens): State<Tokens>, headers: HeaderMap, body: Bytes) -> Response {
    if !is_client(&headers) {
        return error(401, "invalid_client");
    }
    if parameter(&headers, &body, "grant_type").as_deref() != Some("client_credentials") {
        return error(400, "unsupported_grant_type");
    }
    let answer = json!({ "access_token": issued(&tokens), "token_type": "Bearer", "expires_in": 600 });
    ([(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")], Json(answer)).into_response()
}

/// Says yes to everybody, and revokes for its client.
async fn revoke(State(tokens): State<Tokens>, headers: HeaderMap, body: Bytes) -> Response {
    if is_client(&headers)
        && let Some(token) = parameter(&headers, &body, "token")
    {
        tokens.lock().unwrap_or_else(PoisonError::into_inner).0.remove(&token);
    }
    Json(json!({})).into_response()
}

async fn introspect(State(tokens): State<Tokens>, headers: HeaderMap, body: Bytes) -> Response {
    if !is_client(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    match parameter(&headers, &body, "token") {
        Some(token) if tokens.lock().unwrap_or_else(PoisonError::into_inner).0.contains(&token) => {
            Json(json!({ "active": true, "client_id": CLIENT.0 })).into_response()
        }
        Some(_) => Json(json!({ "active": false })).into_response(),
        None => error(400, "invalid_request"),
    }
}

/// Refuses with 403 where 401 is due.
async fn secret(State(tokens): State<Tokens>, headers: HeaderMap) -> Response {
    guarded(&tokens, &headers, StatusCode::FORBIDDEN)
}

/// Refuses with the right status, and without a challenge.
async fn plain(State(tokens): State<Tokens>, headers: HeaderMap) -> Response {
    guarded(&tokens, &headers, StatusCode::UNAUTHORIZED)
}

fn guarded(tokens: &Tokens, headers: &HeaderMap, refusal: StatusCode) -> Response {
    let line = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = line.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    match token {
        Some((_, token)) if tokens.lock().unwrap_or_else(PoisonError::into_inner).0.contains(token.trim()) => {
            let no_store = [(header::CACHE_CONTROL, "no-store")];
            (no_store, Json(json!({ "order": "c41f7a90d2", "area": "orders of the lab" }))).into_response()
        }
        _ => refusal.into_response(),
    }
}

/// A password for an access token and a refresh token, which is the one to use for good.
async fn login(State(tokens): State<Tokens>, Json(body): Json<Value>) -> Response {
    if body["password"] != PASSWORD {
        return error(401, "wrong_password");
    }
    let refresh = format!("refresh-{}", issued(&tokens));
    tokens.lock().unwrap_or_else(PoisonError::into_inner).0.insert(refresh.clone());
    Json(json!({ "access_token": issued(&tokens), "refresh_token": refresh, "expires_in": 600 })).into_response()
}

async fn refresh(State(tokens): State<Tokens>, Json(body): Json<Value>) -> Response {
    let known = body["refresh_token"].as_str().unwrap_or_default().to_owned();
    let lives = tokens.lock().unwrap_or_else(PoisonError::into_inner).0.contains(&known);
    match lives && known.starts_with("refresh-") {
        true => Json(json!({ "access_token": issued(&tokens), "expires_in": 600 })).into_response(),
        false => error(401, "invalid_token"),
    }
}

/// Refuses as JSON-RPC does, whatever the path.
async fn rpc(State(tokens): State<Tokens>, headers: HeaderMap) -> Response {
    let answer = guarded(&tokens, &headers, StatusCode::UNAUTHORIZED);
    if answer.status().is_success() { answer } else { Json(json!({ "error": { "code": 1 } })).into_response() }
}

async fn start() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has one");
    let router = Router::new()
        .route("/token", post(token))
        .route("/revoke", post(revoke))
        .route("/introspect", post(introspect))
        .route("/secret", get(secret))
        .route("/plain", get(plain))
        .route("/login", post(login))
        .route("/refresh", post(refresh))
        .fallback(rpc)
        .with_state(Tokens::default());
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// What a run says about the scenario: the output, and the findings of its report.
async fn findings(scenario: String) -> (String, Vec<Value>) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.yaml"), scenario).expect("writes");
    let mut command = authbench(folder.path());
    command.args(["run", "a.yaml", "--seed", "1", "--report", "json=out.json"]);
    command.envs([("USER_PASSWORD", PASSWORD), ("CLIENT_SECRET", CLIENT.1)]);
    let output = tokio::task::spawn_blocking(move || command.output().expect("runs")).await.expect("ends");
    let report = std::fs::read(folder.path().join("out.json")).unwrap_or_else(|_| panic!("{}", told(&output)));
    let report: Value = serde_json::from_slice(&report).expect("a report");
    (told(&output), report["scenarios"][0]["findings"].as_array().expect("findings").clone())
}

fn of<'a>(findings: &'a [Value], check: &str) -> Vec<&'a Value> {
    findings.iter().filter(|one| one["check"] == check).collect()
}

/// The finding that a check belongs to, whichever shows it.
fn with<'a>(findings: &'a [Value], check: &str) -> &'a Value {
    let is =
        |one: &&Value| one["cells"].as_array().is_some_and(|cells| cells.iter().any(|cell| cell["check"] == check));
    findings.iter().find(is).unwrap_or_else(|| panic!("no finding about {check}: {findings:#?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authorization_server_is_blamed_for_what_it_does_once() {
    let address = start().await;
    let (said, found) = findings(format!(
        "authbench: 1\nname: quick start\ntarget: {{ url: \"http://{address}\", owned: true }}\n\
         scheme:\n  oauth2-client-credentials:\n    token_url: /token\n    introspection_url: /introspect\n    \
         revocation_url: /revoke\n    client_auth: basic\n    access_token: opaque\n\
         credentials:\n  service: {{ client_id: {id}, client_secret: \"${{CLIENT_SECRET}}\" }}\n\
         material:\n  introspection_client: {{ client_id: {id}, client_secret: \"${{CLIENT_SECRET}}\" }}\n\
         resources: [{{ request: GET /plain }}, {{ request: GET /secret }}]\n",
        id = CLIENT.0,
    ))
    .await;
    // a yes to somebody who may not revoke, after which the token lives on
    let revocation = of(&found, "revoke.client-auth-required");
    assert_eq!(revocation.len(), 1, "{said}");
    assert_eq!((&revocation[0]["part"], &revocation[0]["severity"]), (&json!("protocol"), &json!("low")), "{said}");
    let summary = revocation[0]["summary"].as_str().unwrap_or_default();
    assert!(summary.contains("answered 200, and the token was not revoked"), "{summary}");
    // a 403 without a body has no error member either
    assert_eq!(of(&found, "introspect.requires-authorization").len(), 1, "{said}");
    // 403 for 401 is one finding, and none of checks that are about something else
    for check in ["bearer.form-token-limits", "common.path-normalisation-not-a-bypass"] {
        assert!(!found.iter().any(|one| one["cells"].to_string().contains(check)), "{check}\n{said}");
    }
    // the challenge of the token endpoint is none of the resource
    let client = with(&found, "token.bad-secret-basic-401")["cells"].to_string();
    assert!(!client.contains("/plain") && !client.contains("/secret"), "{client}\n{said}");
    let resource = with(&found, "common.401-carries-challenge")["cells"].to_string();
    assert!(resource.contains("/plain") && !resource.contains("/token"), "{resource}\n{said}");
    // another body format is accepted, whatever code a missing grant type gets
    assert_ne!(with(&found, "token.form-content-type-required"), with(&found, "token.missing-grant-type"), "{said}");
    let grave = |one: &&Value| one["severity"] == "high" || one["severity"] == "critical";
    assert_eq!(found.iter().find(grave), None, "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token_that_does_not_rotate_was_not_used_up() {
    let address = start().await;
    let (said, found) = findings(format!(
        "authbench: 1\nname: quick start\ntarget: {{ url: \"http://{address}\", owned: true }}\nscheme: bearer\n\
         credentials:\n  alice:\n    login:\n      request: {{ post: /login, json: {{ password: \"${{USER_PASSWORD}}\" }} }}\n      \
         refresh: {{ post: /refresh, json: {{ refresh_token: \"{{/refresh_token}}\" }} }}\n\
         resources: [{{ request: GET /secret }}]\n\
         conformance: {{ include: [\"refresh.*\"], tolerances: {{ rotation_delay: 0s }} }}\n"
    ))
    .await;
    let reuse = of(&found, "refresh.reuse-refused");
    assert_eq!(reuse.len(), 1, "{said}");
    assert_eq!((&reuse[0]["verdict"], &reuse[0]["severity"]), (&json!("warn"), &json!("low")), "{said}");
    let summary = reuse[0]["summary"].as_str().unwrap_or_default();
    assert!(summary.contains("refresh tokens do not rotate"), "{summary}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_declared_refusal_is_one_whatever_the_spelling_of_the_request() {
    let address = start().await;
    let (said, found) = findings(format!(
        "authbench: 1\nname: quick start\ntarget: {{ url: \"http://{address}\", owned: true }}\nscheme: bearer\n\
         credentials:\n  alice:\n    login:\n      request: {{ post: /login, json: {{ password: \"${{USER_PASSWORD}}\" }} }}\n\
         resources: [{{ request: GET /rpc, success: {{ json: /order }}, refusal: {{ json: /error/code }} }}]\n\
         conformance: {{ include: [common.path-normalisation-not-a-bypass, bearer.form-token-limits] }}\n"
    ))
    .await;
    assert_eq!(found, [] as [Value; 0], "{said}");
    assert!(said.contains("3 pass"), "with the positive control\n{said}");
}
