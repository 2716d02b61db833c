//! Bound tokens (RFC 9449) against an authorization server and an API that share no code with the client nor with the
//! reference, and that change their nonces in the middle of everything.

use std::collections::{BTreeSet, HashMap};
use std::process::Output;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::binary::{authbench, told};
use crate::busy::assert_right_answers;

const SECRET: &str = "correct-horse-battery-staple";
/// Requests that one nonce serves.
const USES: usize = 50;

/// The nonces of one server: the last one is good.
#[derive(Default)]
struct Nonces {
    current: Mutex<(usize, usize)>,
    refused: AtomicUsize,
}

impl Nonces {
    fn name(server: &str, number: usize) -> String {
        format!("{server}-nonce-{number}")
    }

    /// The nonce of now; the next one where this one has served enough.
    fn used(&self, server: &str) -> String {
        let mut current = self.current.lock().expect("is free");
        current.1 += 1;
        if current.1 > USES {
            *current = (current.0 + 1, 0);
        }
        Self::name(server, current.0)
    }

    fn is_good(&self, server: &str, nonce: Option<&str>) -> bool {
        let number = self.current.lock().expect("is free").0;
        nonce == Some(&Self::name(server, number))
    }
}

struct Servers {
    origin: String,
    of_issuer: Nonces,
    of_api: Nonces,
    /// Whether the servers ask for nonces.
    wants_nonces: bool,
    /// Whether they answer each wrong proof by asking for another nonce.
    hides_behind_nonces: bool,
    /// Tokens with the thumbprints of their keys.
    tokens: Mutex<HashMap<String, String>>,
    /// Identifiers of accepted proofs, and of their keys.
    seen: Mutex<HashMap<String, String>>,
}

/// What is wrong with a proof.
enum Wrong {
    Proof,
    Nonce,
}

impl Servers {
    /// The thumbprint of the key of a good proof, and its identifier.
    fn proven(
        &self,
        headers: &HeaderMap,
        (method, uri): (&Method, &Uri),
        token: Option<&str>,
        (server, nonces): (&str, &Nonces),
    ) -> Result<(String, String), Wrong> {
        let lines: Vec<&str> = headers.get_all("dpop").iter().filter_map(|line| line.to_str().ok()).collect();
        let [proof] = lines.as_slice() else { return Err(Wrong::Proof) };
        let part = |at: usize| -> Option<Value> {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(proof.split('.').nth(at)?).ok()?).ok()
        };
        let head = part(0).ok_or(Wrong::Proof)?;
        if head["typ"] != "dpop+jwt" || head["jwk"].get("d").is_some() || head.get("crit").is_some() {
            return Err(Wrong::Proof);
        }
        let algorithm = match head["alg"].as_str() {
            Some("ES256") => Algorithm::ES256,
            Some("EdDSA") => Algorithm::EdDSA,
            _ => return Err(Wrong::Proof),
        };
        let jwk: Jwk = serde_json::from_value(head["jwk"].clone()).map_err(|_| Wrong::Proof)?;
        let key = DecodingKey::from_jwk(&jwk).map_err(|_| Wrong::Proof)?;
        let mut validation = Validation::new(algorithm);
        validation.required_spec_claims.clear();
        (validation.validate_exp, validation.validate_aud) = (false, false);
        let claims = jsonwebtoken::decode::<Value>(proof, &key, &validation).map_err(|_| Wrong::Proof)?.claims;
        let ath = token.map(|token| URL_SAFE_NO_PAD.encode(Sha256::digest(token)));
        let now = jiff::Timestamp::now().as_second();
        let fresh = claims["iat"].as_f64().is_some_and(|made| (now as f64 - made).abs() < 60.0);
        let address = format!("{}{}", self.origin, uri.path());
        let htu: Option<url::Url> = claims["htu"].as_str().and_then(|htu| htu.parse().ok());
        let good = claims["htm"].as_str() == Some(method.as_str())
            && htu.is_some_and(|htu| percent_encoding::percent_decode_str(htu.as_str()).decode_utf8_lossy() == address)
            && claims["ath"].as_str() == ath.as_deref()
            && fresh;
        let jti = claims["jti"].as_str().filter(|jti| !jti.is_empty()).ok_or(Wrong::Proof)?;
        if !good {
            return Err(Wrong::Proof);
        }
        if self.wants_nonces && !nonces.is_good(server, claims["nonce"].as_str()) {
            nonces.refused.fetch_add(1, Ordering::Relaxed);
            return Err(Wrong::Nonce);
        }
        let jkt = jwk.thumbprint(ThumbprintHash::SHA256).map_err(|_| Wrong::Proof)?;
        let before = self.seen.lock().expect("is free").insert(jti.to_owned(), jkt.clone());
        if before.is_some() {
            return Err(Wrong::Proof);
        }
        Ok((jkt, jti.to_owned()))
    }
}

fn with_nonce(mut answer: Response, nonce: String) -> Response {
    answer.headers_mut().insert("dpop-nonce", HeaderValue::from_str(&nonce).expect("a value"));
    answer
}

async fn token(State(servers): State<Arc<Servers>>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let wrong = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response();
    let line = headers.get(header::AUTHORIZATION).and_then(|line| line.to_str().ok()).unwrap_or_default();
    let good = base64::engine::general_purpose::STANDARD.encode(format!("service:{SECRET}"));
    if line != format!("Basic {good}") {
        let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"as\"")];
        return (StatusCode::UNAUTHORIZED, challenge, Json(json!({ "error": "invalid_client" }))).into_response();
    }
    match servers.proven(&headers, (&method, &uri), None, ("issuer", &servers.of_issuer)) {
        Ok((jkt, jti)) => {
            let token = format!("token-{jti}");
            servers.tokens.lock().expect("is free").insert(token.clone(), jkt);
            let body = json!({ "access_token": token, "token_type": "DPoP", "expires_in": 3600 });
            let answer = ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response();
            with_nonce(answer, servers.of_issuer.used("issuer"))
        }
        Err(why) if matches!(why, Wrong::Nonce) || servers.hides_behind_nonces => {
            with_nonce(wrong("use_dpop_nonce"), servers.of_issuer.used("issuer"))
        }
        Err(_) => wrong("invalid_dpop_proof"),
    }
}

async fn orders(State(servers): State<Arc<Servers>>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let refused = |error: &str| {
        let error = if error.is_empty() { String::new() } else { format!(", error=\"{error}\"") };
        let challenge = [(header::WWW_AUTHENTICATE, format!("DPoP algs=\"ES256 EdDSA\"{error}"))];
        (StatusCode::UNAUTHORIZED, challenge, Json(json!({ "error": "unauthorized" }))).into_response()
    };
    let lines: Vec<&str> =
        headers.get_all(header::AUTHORIZATION).iter().filter_map(|line| line.to_str().ok()).collect();
    let [line] = lines.as_slice() else { return refused("") };
    let named = line.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("dpop"));
    let Some((_, token)) = named else { return refused("") };
    let token = token.trim_start();
    let bound = servers.tokens.lock().expect("is free").get(token).cloned();
    let Some(bound) = bound else { return refused("invalid_token") };
    match servers.proven(&headers, (&method, &uri), Some(token), ("api", &servers.of_api)) {
        Ok((jkt, _)) if jkt == bound => {
            let body = json!({ "orders": ["7f0c3b1e-lamp-0001", "9a1d4c2f-desk-0002"] });
            let answer = ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response();
            with_nonce(answer, servers.of_api.used("api"))
        }
        Ok(_) => refused("invalid_token"),
        Err(why) if matches!(why, Wrong::Nonce) || servers.hides_behind_nonces => {
            with_nonce(refused("use_dpop_nonce"), servers.of_api.used("api"))
        }
        Err(_) => refused("invalid_dpop_proof"),
    }
}

async fn started(wants_nonces: bool, hides_behind_nonces: bool) -> Arc<Servers> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let servers = Arc::new(Servers {
        origin: format!("http://{}", listener.local_addr().expect("has one")),
        of_issuer: Nonces::default(),
        of_api: Nonces::default(),
        wants_nonces,
        hides_behind_nonces,
        tokens: Mutex::default(),
        seen: Mutex::default(),
    });
    let router = Router::new().route("/token", post(token)).route("/orders", get(orders));
    let router = router.with_state(servers.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    servers
}

async fn ran(servers: &Servers, alg: &str, checks: &str, load: &str) -> String {
    let (output, report) = ended(servers, alg, checks, load).await;
    let said = told(&output);
    match load {
        "" => assert_eq!(output.status.code(), Some(0), "{said}"),
        _ => assert_right_answers(&output, &report),
    }
    said
}

/// What a run said, and its report.
async fn ended(servers: &Servers, alg: &str, checks: &str, load: &str) -> (Output, Value) {
    let scenario = format!(
        "authbench: 1\nname: dpop\ntarget: {{ url: \"{}\", owned: true }}\n\
         scheme: {{ oauth2-client-credentials: {{ token_url: /token, dpop: {{ alg: {alg} }} }} }}\n\
         credentials:\n  service: {{ client_id: service, client_secret: \"${{P:-{SECRET}}}\" }}\n\
         resources:\n  - request: GET /orders\n\
         conformance: {{ include: [{checks}] }}\n{load}",
        servers.origin
    );
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.yaml"), scenario).expect("writes");
    let mut command = authbench(folder.path());
    command.args(["run", "a.yaml", "--seed", "1", "--report", "json=out.json"]);
    let output = tokio::task::spawn_blocking(move || command.output().expect("runs")).await.expect("ends");
    let said = told(&output);
    assert!(!said.contains(SECRET), "{said}");
    let report = std::fs::read(folder.path().join("out.json")).expect("is there");
    (output, serde_json::from_slice(&report).expect("is JSON"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correct_api_without_nonces_passes_with_both_algorithms() {
    for alg in ["ES256", "EdDSA"] {
        let servers = started(false, false).await;
        let said = ran(&servers, alg, "\"dpop.*\"", "").await;
        assert!(!said.contains("fail ") && !said.contains("inconclusive "), "{said}");
        assert!(said.contains("19 pass"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nonces_of_both_servers_are_learnt_and_renewed_in_checks_and_under_load() {
    let servers = started(true, false).await;
    let load = "load: [{ name: many, rate: 100/s, connections: 4, duration: 5s, timeout: 60s, max_lateness: 60s, pool: { tokens: 64 } }]\n\
                thresholds: [error_rate < 0.1%]\n";
    let said = ran(&servers, "ES256", "\"dpop.*\"", load).await;
    assert!(said.contains("20 pass"), "{said}");
    // each server asked again and again, with nonces of its own
    let refused = |nonces: &Nonces| nonces.refused.load(Ordering::Relaxed);
    assert!(refused(&servers.of_issuer) > 0 && refused(&servers.of_api) > 5, "{said}");
    // an identifier that comes twice is refused here, and the load had no errors; a key for each of the tokens
    let keys: BTreeSet<String> = servers.seen.lock().expect("is free").values().cloned().collect();
    assert!(keys.len() >= 64, "{} keys", keys.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_for_the_nonce_is_none_of_what_else_is_wrong() {
    let servers = started(true, true).await;
    // what asks for a nonce is an answer to a proof without one, and says nothing about a signature
    let checks = "dpop.valid-accepted, dpop.nonce-protocol, dpop.key-matches-token, dpop.signature-verified, dpop.as-invalid-proof";
    let (output, _) = ended(&servers, "ES256", checks, "").await;
    let said = told(&output);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("3 pass") && said.contains("2 inconclusive"), "{said}");
    assert!(said.contains("asked for another nonce each time"), "{said}");
}
