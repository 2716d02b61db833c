//! HTTP Digest against a server that shares no code with the client nor with the reference.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::binary::{authbench, told};
use crate::busy::assert_right_answers;

const USER: &str = "alice";
const PASSWORD: &str = "correct-horse-battery-staple";

/// A server whose nonces serve few requests, and which keeps its last nonce in a cookie.
#[derive(Default)]
struct Server {
    number: AtomicU64,
    /// Nonces with their highest counts.
    nonces: Mutex<std::collections::HashMap<String, u32>>,
    stale: AtomicUsize,
}

/// Requests that one nonce serves.
const USES: u32 = 10;

fn hash(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Server {
    fn ask(&self, stale: bool) -> Response {
        let nonce = hash(&format!("nonce {}", self.number.fetch_add(1, Ordering::Relaxed)));
        self.nonces.lock().expect("is free").insert(nonce.clone(), 0);
        let stale = if stale { ", stale=TRUE" } else { "" };
        let old = "Digest realm=\"r \\\"x\\\"\", nonce=\"0\", qop=\"auth\", algorithm=MD5";
        let new = format!(
            "Digest realm=\"r \\\"x\\\"\", nonce=\"{nonce}\", qop=\"auth,auth-int\", algorithm=SHA-256, opaque=\"o\"{stale}"
        );
        let mut answer = (StatusCode::UNAUTHORIZED, Json(json!({ "error": "unauthorized" }))).into_response();
        answer.headers_mut().append(header::WWW_AUTHENTICATE, new.parse().expect("a value"));
        answer.headers_mut().append(header::WWW_AUTHENTICATE, old.parse().expect("a value"));
        answer.headers_mut().append(header::SET_COOKIE, format!("n={nonce}; Path=/").parse().expect("a value"));
        answer
    }
}

/// A parameter of the field, quoted or not.
fn param(field: &str, name: &str) -> Option<String> {
    let at = field.to_ascii_lowercase().find(&format!(" {name}="))? + name.len() + 2;
    let rest = &field[at..];
    match rest.strip_prefix('"') {
        Some(quoted) if name == "realm" => Some(quoted.split("\", ").next()?.to_owned()),
        Some(quoted) => Some(quoted.split('"').next()?.to_owned()),
        None => Some(rest.split(',').next()?.to_owned()),
    }
}

async fn orders(
    State(server): State<Arc<Server>>,
    method: Method,
    OriginalUri(address): OriginalUri,
    headers: HeaderMap,
) -> Response {
    // what HTTP/2 says of the host is no part of the target
    let uri = address.path_and_query().map(ToString::to_string).unwrap_or_default();
    let lines: Vec<&str> =
        headers.get_all(header::AUTHORIZATION).iter().filter_map(|line| line.to_str().ok()).collect();
    let [field] = lines.as_slice() else { return server.ask(false) };
    if !field.split(' ').next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("digest")) {
        return server.ask(false);
    }
    let get = |name: &str| param(field, name);
    let (Some(nonce), Some(count), Some(cnonce), Some(response)) =
        (get("nonce"), get("nc"), get("cnonce"), get("response"))
    else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if get("realm").as_deref() != Some(r#"r \"x\""#) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    if get("uri").as_deref() != Some(uri.as_str()) || get("algorithm").as_deref() != Some("SHA-256") {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let key = hash(&format!("{USER}:r \"x\":{PASSWORD}"));
    let wanted = hash(&format!("{key}:{nonce}:{count}:{cnonce}:auth:{}", hash(&format!("{method}:{uri}"))));
    let cookie = headers.get(header::COOKIE).and_then(|line| line.to_str().ok()).unwrap_or_default();
    if response != wanted || get("username").as_deref() != Some(USER) || cookie != format!("n={nonce}") {
        return server.ask(false);
    }
    if count.len() != 8 || get("qop").as_deref() != Some("auth") {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let number = u32::from_str_radix(&count, 16).unwrap_or_default();
    let fresh = {
        let mut nonces = server.nonces.lock().expect("is free");
        let highest = nonces.get_mut(&nonce);
        highest.is_some_and(|highest| {
            number == *highest + 1 && number <= USES && {
                *highest = number;
                true
            }
        })
    };
    if !fresh {
        server.stale.fetch_add(1, Ordering::Relaxed);
        return server.ask(true);
    }
    Json(json!({ "orders": ["7f0c3b1e-lamp-0001", "9a1d4c2f-desk-0002"] })).into_response()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_with_short_lived_nonces_is_answered_by_probes_and_under_load() {
    let server = Arc::new(Server::default());
    let router = Router::new().route("/orders", get(orders)).with_state(server.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has one");
    tokio::spawn(async move { axum::serve(listener, router).await });
    let folder = tempfile::tempdir().expect("a folder");
    for http in [1, 2] {
        let scenario = format!(
            "authbench: 1\nname: digest\ntarget: {{ url: \"http://{address}\", owned: true }}\nscheme: digest\n\
             credentials:\n  a: {{ username: {USER}, password: \"${{P:-{PASSWORD}}}\" }}\nresources:\n  - request: GET /orders?page=1\n\
             conformance: {{ include: [\"digest.*\"] }}\n\
             load: [{{ name: steady, rate: 60/s, connections: 4, duration: 3s, timeout: 60s, http: {http}, max_lateness: 60s, mix: {{ valid: 90%, unknown: 10% }} }}]\n\
             thresholds: [error_rate < 0.1%]\n"
        );
        std::fs::write(folder.path().join("a.yaml"), scenario).expect("writes");
        let mut command = authbench(folder.path());
        command.args(["run", "a.yaml", "--seed", "1", "--report", "json=out.json"]);
        let output = tokio::task::spawn_blocking(move || command.output().expect("runs")).await.expect("ends");
        let said = told(&output);
        let report = std::fs::read(folder.path().join("out.json")).expect("is there");
        assert_right_answers(&output, &serde_json::from_slice(&report).expect("is JSON"));
        // it reads no spaces around equals signs, and no escapes
        assert!(said.contains("1 info, 13 pass"), "{said}");
        assert!(!said.contains(PASSWORD), "{said}");
    }
    assert!(server.stale.load(Ordering::Relaxed) > 5, "nonces ended in the middle of the load");
}
