//! HTTP message signatures by what they cover, those of answers, and a server that reads them as leniently as RFC 9421 and RFC 9530
//! let it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use authbench::scheme::jose::{Alg, SigningKey};
use authbench::seed::{ANSWER_KEY, keys};
use aws_lc_rs::hmac;
use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::run;
use crate::binary::{authbench, told};

#[test]
fn the_address_of_the_target_is_covered_as_a_whole_too() {
    for (tls, components) in [
        ("false", r#"["@method", "@target-uri"]"#),
        ("true", r#"["@method", "@target-uri"]"#),
        ("true", r#"["@method", "@scheme", "@authority", "@path", "@query"]"#),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let scenario = format!(
            "authbench: 1\nname: whole\ntarget: {{ reference: {{ tls: {tls} }} }}\n\
             scheme: {{ http-signature: {{ components: {components} }} }}\n\
             conformance: {{ include: [httpsig.valid-accepted, httpsig.component-tamper-refused, common.protected-route-denies-anonymous] }}\n"
        );
        std::fs::write(folder.path().join("a.yaml"), scenario).expect("writes");
        let output = authbench(folder.path()).args(["run", "a.yaml", "--seed", "1"]).output().expect("runs");
        let said = told(&output);
        assert_eq!(output.status.code(), Some(0), "{tls} {components}: {said}");
        assert!(said.contains("3 pass"), "{tls} {components}: {said}");
    }
}

pub(super) const SECRET: &str = "message-Signing-Secret-7Qw2pZ4n";

/// It knows one key, whatever a message calls it, and takes the algorithm from that key alone. It wants method, host, path and the
/// digest of a body covered, and reads a field that is not there as an empty one.
#[derive(Default)]
struct LenientServer {
    nonces: Mutex<BTreeSet<String>>,
}

impl LenientServer {
    fn verified(&self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Option<()> {
        let field = |name: &str| headers.get(name)?.to_str().ok();
        let first = |name: &str| field(name)?.split(", sig2=").next()?.strip_prefix("sig1=");
        let (input, signature) = (first("signature-input")?, first("signature")?);
        let signature = STANDARD.decode(signature.strip_prefix(':')?.strip_suffix(':')?).ok()?;
        let (covered, params) = input.strip_prefix('(')?.split_once(')')?;
        let covered: Vec<&str> =
            covered.split(' ').map(|one| one.trim_matches('"')).filter(|one| !one.is_empty()).collect();
        let wanted =
            ["@method", "@authority", "@path"].into_iter().chain((!body.is_empty()).then_some("content-digest"));
        let param = |name: &str| params.split(';').find_map(|one| one.strip_prefix(name)?.strip_prefix('='));
        let now = jiff::Timestamp::now().as_second();
        let created: i64 = param("created")?.parse().ok()?;
        let ended = param("expires").is_some_and(|expires| expires.parse().is_ok_and(|expires: i64| expires <= now));
        if !wanted.into_iter().all(|one| covered.contains(&one)) || (now - created).abs() > 300 || ended {
            return None;
        }
        let mut base = String::new();
        for one in covered {
            let value = match one {
                "@method" => method.as_str(),
                "@authority" => field("host")?,
                "@path" => uri.path(),
                name => field(name).unwrap_or_default(),
            };
            base += &format!("\"{one}\": {value}\n");
        }
        base += &format!("\"@signature-params\": {input}");
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        hmac::verify(&key, base.as_bytes(), &signature).ok()?;
        let digest = format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)));
        if !body.is_empty() && !field("content-digest")?.contains(&digest) {
            return None;
        }
        self.nonces.lock().expect("is free").insert(param("nonce")?.to_owned()).then_some(())
    }
}

async fn orders(
    State(server): State<Arc<LenientServer>>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match server.verified(&method, &uri, &headers, &body) {
        Some(()) => Json(json!({ "orders": ["5e1d0c7a-lamp-0001", "b7a2f9c3-desk-0002"] })).into_response(),
        None => {
            let challenge = [(header::WWW_AUTHENTICATE, "Signature realm=\"orders\"")];
            (StatusCode::UNAUTHORIZED, challenge, Json(json!({ "error": "unauthorized" }))).into_response()
        }
    }
}

/// Starts a server that reads leniently.
pub(super) async fn serve_lenient() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has one");
    let server = Arc::new(LenientServer::default());
    let router = Router::new().route("/orders", get(orders).post(orders)).with_state(server);
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lawful_server_that_reads_leniently_has_warnings_at_most() {
    let address = serve_lenient().await;
    let scenario = format!(
        "authbench: 1\nname: lenient\ntarget: {{ url: \"http://{address}\", owned: true }}\n\
         scheme: {{ http-signature: {{ components: [\"@method\", \"@authority\", \"@path\"] }} }}\n\
         credentials:\n  a: {{ signing_key: {{ secret: \"${{S:-{SECRET}}}\", alg: HS256, kid: a }} }}\n\
         resources:\n  - request: GET /orders\n  - {{ request: POST /orders, writes: true, json: {{ item: lamp }} }}\n\
         conformance: {{ include: [\"httpsig.*\"] }}\n"
    );
    let outcome = run(scenario, &[SECRET]).await;
    assert_eq!(outcome.code, Some(0), "{}", outcome.said);
    for (check, expected) in [
        ("httpsig.valid-accepted", "pass"),
        ("httpsig.missing-refused", "pass"),
        // the query is not covered, so a message with another one is not forged
        ("httpsig.component-tamper-refused", "pass"),
        ("httpsig.coverage-policy-enforced", "pass"),
        ("httpsig.content-digest-checked", "pass"),
        ("httpsig.freshness-and-replay", "pass"),
        // `alg` is not read; a component is covered twice, or is not there
        ("httpsig.key-and-alg-agreement", "warn"),
        ("httpsig.selection-unambiguous", "warn"),
    ] {
        assert_eq!(outcome.verdict(check), Some(expected), "{check}: {}", outcome.said);
    }
}

/// Runs a scenario of the reference; the exit code, and what was said.
fn ran(scheme: &str, rest: &str, files: &[(&str, String)]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario =
        format!("authbench: 1\nname: message\ntarget: reference\nscheme: {{ http-signature: {scheme} }}\n{rest}");
    std::fs::write(folder.path().join("a.yaml"), scenario).expect("writes");
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).expect("writes");
    }
    let output = authbench(folder.path()).args(["run", "a.yaml", "--seed", "1"]).output().expect("runs");
    (output.status.code(), told(&output))
}

#[test]
fn components_may_have_parameters() {
    let resources = "resources:\n  - { request: \"GET /http-signature/orders?page=1%202\", scopes: [read:orders], \
                     headers: { Priority: \"u=1,   i\", X-Note: a } }\n\
                     conformance: { include: [httpsig.valid-accepted, httpsig.component-tamper-refused, httpsig.coverage-policy-enforced] }\n";
    let more = r#"'@query-param;name="page"', 'priority;sf', 'priority;key="u"', 'x-note;bs'"#;
    let components = format!(r#"{{ components: ["@method", "@authority", "@path", "@query", {more}] }}"#);
    let (code, said) = ran(&components, resources, &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("3 pass"), "{said}");
    // what only a part of the query is signed for is refused, and what is missing is said
    let (code, said) =
        ran(r#"{ components: ["@method", "@authority", "@path", '@query-param;name="page"'] }"#, resources, &[]);
    assert_ne!(code, Some(0), "{said}");
    let asked = r#"asks for signatures that cover "@method" "@authority" "@path" "@query""#;
    assert!(said.contains(asked), "{said}");
}

const ANSWERS: &str = "conformance: { include: [httpsig.answers-signed] }\n";

#[test]
fn the_key_of_answers_is_read_from_a_file() {
    let (id, algorithm) = ANSWER_KEY;
    let ring = keys::ring(algorithm).expect("the seed has it");
    let public = |key: &str| {
        let key = SigningKey::read(key, None, Alg::named(algorithm)).expect("a key");
        key.public_jwk().expect("has a public half").to_string()
    };
    let with = |kid: &str, file: &str| format!("material: {{ answer_key: {{ file: {file}, kid: {kid} }} }}\n{ANSWERS}");
    let files = [("right.json", public(ring.second.key)), ("wrong.json", public(ring.first.key))];
    let (code, said) = ran("{}", &with(id, "right.json"), &files);
    assert_eq!(code, Some(0), "{said}");
    for (kid, file, text) in [
        (id, "wrong.json", "the signature does not verify"),
        // who is asked for another key signs nothing
        ("another", "right.json", "the answer has no signature"),
    ] {
        let (code, said) = ran("{}", &with(kid, file), &files);
        assert!(said.contains(text), "{kid} {file}: {said}");
        assert_eq!(code, Some(1), "{kid} {file}: {said}");
    }
}

#[test]
fn answers_cover_what_a_scenario_asks_for() {
    let components = r#"{ answer_components: ["@status", "content-type", 'content-digest;key="sha-256"', "@method;req", 'accept;bs;req'] }"#;
    let (code, said) = ran(components, ANSWERS, &[]);
    assert_eq!(code, Some(0), "{said}");
    // what no answer has cannot be signed
    let (code, said) = ran(r#"{ answer_components: ["@status", "x-absent"] }"#, ANSWERS, &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the answer has no signature"), "{said}");
}
