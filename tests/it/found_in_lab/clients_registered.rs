//! Clients that register themselves (RFC 7591): at a server that takes everything, at a correct one, and at one that wants a token.

use std::sync::{Arc, Mutex};

use authbench::check::{Severity, Verdict};
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{Ended, PROMPT, against, presented, refused, serve};

const TOKEN: &str = "t-5b9fa81c0f7d4e62";
const SECRET: &str = "s-27c9e1b0d4f85a63";
const REMOVAL: &str = "r-93d0a7c5e1f2b648";
const CHECKS: [&str; 6] = [
    "register.answer-complete",
    "register.redirect-uris-validated",
    "register.redirect-uris-required",
    "register.error-body",
    "register.malformed-never-5xx",
    "register.unknown-metadata-ignored",
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Manner {
    /// Registers whatever comes.
    Lenient,
    Correct,
    /// Registers whoever has an initial access token (RFC 7591 §3).
    Closed,
    /// Names no registration endpoint.
    Unannounced,
    /// Names one on another host.
    Elsewhere,
}

impl Manner {
    /// Why nothing applies to it.
    fn why(self) -> &'static str {
        match self {
            Manner::Lenient | Manner::Correct => "",
            Manner::Closed => "initial access token",
            Manner::Unannounced => "the metadata name no registration_endpoint",
            Manner::Elsewhere => "neither on the origin of the issuer nor on that of the target",
        }
    }
}

/// Ids of registered clients that have not been removed.
type Clients = Arc<Mutex<Vec<String>>>;

fn is_good(asked: &Value) -> Result<(), &'static str> {
    let may_be_registered =
        |uri: &Value| uri.as_str().is_some_and(|uri| uri.starts_with("https://") && !uri.contains('#'));
    let is_name = |name: &Value| name.as_str().is_some_and(|name| name.len() < 100 && !name.contains('\0'));
    match asked["redirect_uris"].as_array() {
        Some(uris) if !uris.is_empty() && uris.iter().all(may_be_registered) => {}
        _ => return Err("invalid_redirect_uri"),
    }
    let is_whole = is_name(&asked["client_name"]) && asked.get("jwks").is_none();
    is_whole.then_some(()).ok_or("invalid_client_metadata")
}

fn register(manner: Manner, clients: &Clients, host: &str, body: &[u8]) -> Response {
    if manner == Manner::Closed {
        return refused("Bearer realm=\"a\"");
    }
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let id = {
        let mut clients = clients.lock().expect("no panic");
        let id = format!("c-{}", clients.len());
        clients.push(id.clone());
        id
    };
    if manner == Manner::Lenient {
        // as a handler answers that panics on what is no object
        let Value::Object(mut answer) = asked else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
        answer.insert("client_id".to_owned(), id.into());
        answer.insert("client_secret".to_owned(), SECRET.into());
        return Json(answer).into_response();
    }
    if let Err(error) = is_good(&asked) {
        clients.lock().expect("no panic").pop();
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response();
    }
    let answer = json!({
        "client_id": id,
        "client_secret": SECRET,
        "client_secret_expires_at": 0,
        "registration_client_uri": format!("http://{host}/clients/{id}"),
        "registration_access_token": REMOVAL,
        "redirect_uris": asked["redirect_uris"],
        "grant_types": asked["grant_types"],
    });
    (StatusCode::CREATED, Json(answer)).into_response()
}

async fn of(manner: Manner) -> (Ended, Vec<String>) {
    let host = |headers: &HeaderMap| headers[header::HOST].to_str().expect("a host").to_owned();
    let clients: Clients = Arc::default();
    let (kept, removed) = (clients.clone(), clients.clone());
    let metadata = move |headers: HeaderMap| async move {
        let issuer = format!("http://{}", host(&headers));
        let mut document =
            json!({ "issuer": issuer, "grant_types_supported": ["authorization_code", "refresh_token"] });
        match manner {
            Manner::Unannounced => {}
            Manner::Elsewhere => document["registration_endpoint"] = "http://clients.example/register".into(),
            _ => document["registration_endpoint"] = format!("{issuer}/clients").into(),
        }
        Json(document)
    };
    let registered =
        move |headers: HeaderMap, body: Bytes| async move { register(manner, &kept, &host(&headers), &body) };
    let gone = move |Path(id): Path<String>, headers: HeaderMap| async move {
        if presented(&headers).and_then(|field| field.strip_prefix("Bearer ")) != Some(REMOVAL) {
            return StatusCode::UNAUTHORIZED;
        }
        removed.lock().expect("no panic").retain(|own| *own != id);
        StatusCode::NO_CONTENT
    };
    let orders = |headers: HeaderMap| async move {
        match presented(&headers).and_then(|field| field.strip_prefix("Bearer ")) {
            Some(TOKEN) => Json(json!({ "orders": ["6c1f0a8e52d94b37"] })).into_response(),
            _ => refused("Bearer realm=\"a\""),
        }
    };
    let router = Router::new()
        .route("/.well-known/oauth-authorization-server", get(metadata))
        .route("/clients", post(registered))
        .route("/clients/{id}", delete(gone))
        .route("/orders", get(orders));
    let address = serve(router).await;
    let yaml = format!(
        "scheme: {{ bearer: {{ issuer: \"http://{address}\" }} }}\n\
         credentials: {{ alice: {{ token: {TOKEN} }} }}\n\
         resources: [{{ request: GET /orders }}]\nconformance: {{ include: [\"register.*\"] }}\n"
    );
    let ended = against(address, &yaml, PROMPT).await;
    let left = clients.lock().expect("no panic").clone();
    (ended, left)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_registers_whatever_comes_is_found_and_a_correct_one_is_not() {
    use Verdict::{Fail, NotApplicable, Pass, Warn};
    for (manner, verdicts) in [
        (Manner::Lenient, [Fail, Fail, Fail, NotApplicable, Warn, Pass]),
        (Manner::Correct, [Pass; 6]),
        (Manner::Closed, [NotApplicable; 6]),
        (Manner::Unannounced, [NotApplicable; 6]),
        (Manner::Elsewhere, [NotApplicable; 6]),
    ] {
        let (ended, left) = of(manner).await;
        for (check, verdict) in CHECKS.into_iter().zip(verdicts) {
            let result = ended.of(check);
            assert_eq!(result.verdict, verdict, "{manner:?} {check}: {} {:?}", result.summary, result.deviations);
            assert!(result.summary.contains(manner.why()), "{manner:?} {check}: {}", result.summary);
        }
        let record = serde_json::to_string(&ended.results).expect("is JSON");
        for secret in [SECRET, REMOVAL] {
            assert!(!record.contains(secret), "{manner:?} shows {secret}");
        }
        match manner {
            Manner::Lenient => {
                let result = ended.of("register.redirect-uris-validated");
                assert_eq!((result.severity, result.cells.len()), (Severity::High, 1), "{:?}", result.deviations);
                assert!(record.contains("client_secret"), "the answers are in the record");
            }
            // what the server lets clients remove is removed
            Manner::Correct => assert!(left.is_empty(), "{left:?}"),
            Manner::Closed | Manner::Unannounced | Manner::Elsewhere => assert!(left.is_empty()),
        }
    }
}
