//! What an authorization server and its resource say, in the shapes that real ones have: each deviation is named for what it
//! is, and shapes that are correct are no finding.

use std::net::SocketAddr;

use authbench::check::Verdict;
use authbench::event::CheckResult;
use authbench::run::selftest::Trial;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::judged;

const SECRET: &str = "8f2b6d0e4c1a97355f2b6d0e4c1a9735";
const OTHER_AUDIENCE: &str = "tok-3f9a1c5e7b2d48606a8c0e2f4b6d8a1c";

/// How the server answers.
#[derive(Clone, Copy, Default)]
struct Shape {
    /// A token that lacks the scope is answered like an invalid one.
    scope_is_invalid: bool,
    /// A token for another audience is answered 403, with `invalid_token`.
    audience_is_403: bool,
    /// Where metadata are served.
    oauth: bool,
    openid: bool,
    /// Grants that the metadata list.
    grants: Option<&'static [&'static str]>,
    /// What the metadata of the resource say that they are about; nothing where there are none.
    resource: Option<&'static str>,
}

#[derive(Clone)]
struct Server {
    shape: Shape,
    base: String,
}

fn refused(status: StatusCode, error: &str) -> Response {
    let challenge = format!("Bearer realm=\"orders\", error=\"{error}\"");
    (status, [(header::WWW_AUTHENTICATE, challenge)], Json(json!({ "error": error }))).into_response()
}

async fn orders(State(server): State<Server>, headers: HeaderMap) -> Response {
    let shape = server.shape;
    let line = headers.get(header::AUTHORIZATION).and_then(|line| line.to_str().ok()).unwrap_or_default();
    let Some(token) = line.strip_prefix("Bearer ") else {
        let mut challenge = "Bearer realm=\"orders\"".to_owned();
        if shape.resource.is_some() {
            challenge.push_str(&format!(", resource_metadata=\"{}/prm\"", server.base));
        }
        return (
            StatusCode::UNAUTHORIZED,
            [(header::WWW_AUTHENTICATE, challenge)],
            Json(json!({ "error": "no_token" })),
        )
            .into_response();
    };
    match token {
        token if token == issued("service") => {
            let body = json!({ "orders": ["6c1f0a8e52d94b37", "b07d3e9a41f8c265"] });
            ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
        }
        token if token == issued("low") && shape.scope_is_invalid => refused(StatusCode::UNAUTHORIZED, "invalid_token"),
        token if token == issued("low") => refused(StatusCode::FORBIDDEN, "insufficient_scope"),
        OTHER_AUDIENCE if shape.audience_is_403 => refused(StatusCode::FORBIDDEN, "invalid_token"),
        _ => refused(StatusCode::UNAUTHORIZED, "invalid_token"),
    }
}

fn issued(client: &str) -> String {
    format!("tok-{client}-5d1e7a93c04b86f2d8b1a6e07c3f9254")
}

async fn token(headers: HeaderMap, body: String) -> Response {
    use base64::Engine as _;
    let line = headers.get(header::AUTHORIZATION).and_then(|line| line.to_str().ok()).unwrap_or_default();
    let encoded = line.strip_prefix("Basic ").unwrap_or_default();
    let decoded = base64::engine::general_purpose::STANDARD.decode(encoded).unwrap_or_default();
    let pair = String::from_utf8(decoded).unwrap_or_default();
    let client = pair.strip_suffix(&format!(":{SECRET}")).filter(|client| ["service", "low"].contains(client));
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    match client {
        None => {
            let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"clients\"")];
            (StatusCode::UNAUTHORIZED, challenge, no_store, Json(json!({ "error": "invalid_client" }))).into_response()
        }
        Some(_) if !body.contains("grant_type=client_credentials") => {
            (StatusCode::BAD_REQUEST, no_store, Json(json!({ "error": "unsupported_grant_type" }))).into_response()
        }
        Some(client) => {
            let answer = json!({ "access_token": issued(client), "token_type": "Bearer", "expires_in": 3600 });
            (no_store, Json(answer)).into_response()
        }
    }
}

fn metadata(server: &Server) -> Value {
    let mut document = json!({
        "issuer": server.base,
        "token_endpoint": format!("{}/token", server.base),
        "response_types_supported": ["none"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
    });
    if let Some(grants) = server.shape.grants {
        document["grant_types_supported"] = json!(grants);
    }
    document
}

async fn oauth(State(server): State<Server>) -> Response {
    if server.shape.oauth { Json(metadata(&server)).into_response() } else { StatusCode::NOT_FOUND.into_response() }
}

async fn openid(State(server): State<Server>) -> Response {
    if server.shape.openid { Json(metadata(&server)).into_response() } else { StatusCode::NOT_FOUND.into_response() }
}

async fn resource(State(server): State<Server>) -> Response {
    match server.shape.resource {
        Some(about) => Json(json!({ "resource": about.replace("BASE", &server.base) })).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn start(shape: Shape) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has one");
    let router = Router::new()
        .route("/orders", get(orders))
        .route("/token", post(token))
        .route("/prm", get(resource))
        .route("/.well-known/oauth-authorization-server", get(oauth))
        .route("/.well-known/openid-configuration", get(openid))
        .with_state(Server { shape, base: format!("http://{address}") });
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// What a check comes to against a server with one resource.
async fn judged(shape: Shape, check: &str) -> CheckResult {
    let address = start(shape).await;
    let yaml = format!(
        "authbench: 1\nname: authority\ntarget: {{ url: \"http://{address}\", owned: true }}\n\
         scheme: {{ oauth2-client-credentials: {{ token_url: /token, issuer: \"http://{address}\" }} }}\n\
         credentials:\n  service: {{ client_id: service, client_secret: \"{SECRET}\", scopes: [read] }}\n  \
         low: {{ client_id: low, client_secret: \"{SECRET}\", scopes: [other] }}\n\
         material: {{ other_audience_token: {OTHER_AUDIENCE} }}\n\
         resources:\n  - {{ request: GET /orders, scopes: [read] }}\nconformance: {{ include: [{check}] }}\n"
    );
    judged::check(&yaml, check).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_that_name_two_reasons_are_named_for_it_also_with_one_resource() {
    const SCOPE: &str = "bearer.insufficient-scope-403";
    const AUDIENCE: &str = "bearer.wrong-audience-401";
    let correct = Shape::default();
    let (scope, audience) = (Shape { scope_is_invalid: true, ..correct }, Shape { audience_is_403: true, ..correct });
    for (check, shape, verdict, said) in [
        (SCOPE, correct, Verdict::Pass, ""),
        (
            SCOPE,
            scope,
            Verdict::Warn,
            "the missing scope is answered like an invalid token, with 401 and invalid_token",
        ),
        (AUDIENCE, correct, Verdict::Pass, ""),
        (AUDIENCE, audience, Verdict::Warn, "the wrong audience is refused with 403 and invalid_token"),
    ] {
        let result = judged(shape, check).await;
        assert_eq!(result.verdict, verdict, "{check}: {}", result.summary);
        assert!(result.summary.contains(said), "{check}: {}", result.summary);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metadata_may_be_those_of_openid_connect_discovery() {
    let shape = |oauth, openid| Shape { oauth, openid, ..Shape::default() };
    for check in ["meta.as-document", "meta.issuer-identical", "meta.no-alg-none", "meta.auth-methods-truthful"] {
        for (oauth, openid) in [(true, false), (false, true), (true, true)] {
            let result = judged(shape(oauth, openid), check).await;
            assert_eq!(result.verdict, Verdict::Pass, "{check} {oauth} {openid}: {}", result.summary);
        }
    }
    let result = judged(shape(false, false), "meta.as-document").await;
    assert_eq!(result.verdict, Verdict::Fail, "{}", result.summary);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grants_are_compared_with_those_that_work() {
    let shape = |grants| Shape { oauth: true, grants, ..Shape::default() };
    for (grants, verdict, said) in [
        (Some(&["client_credentials", "authorization_code"][..]), Verdict::Pass, ""),
        (Some(&["authorization_code"][..]), Verdict::Warn, "the grant client_credentials works and is not advertised"),
        (Some(&["client_credentials", "password"][..]), Verdict::Warn, "password is advertised and not supported"),
        (None, Verdict::Warn, "no grant_types_supported means authorization_code and implicit"),
    ] {
        let result = judged(shape(grants), "meta.grant-types-truthful").await;
        assert_eq!(result.verdict, verdict, "{grants:?}: {}", result.summary);
        assert!(result.summary.contains(said), "{grants:?}: {}", result.summary);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_metadata_that_a_challenge_names_are_about_the_resource() {
    for (resource, verdict, said) in [
        (None, Verdict::NotApplicable, "publishes no metadata"),
        (Some("BASE/orders"), Verdict::Pass, ""),
        // one document for all paths below it
        (Some("BASE"), Verdict::Pass, ""),
        (Some("https://elsewhere.invalid/orders"), Verdict::Fail, "resource is \"https://elsewhere.invalid/orders\""),
    ] {
        let result = judged(Shape { resource, ..Shape::default() }, "bearer.resource-metadata-consistent").await;
        assert_eq!(result.verdict, verdict, "{resource:?}: {}", result.summary);
        assert!(result.summary.contains(said), "{resource:?}: {}", result.summary);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_401_without_a_challenge_is_found_whichever_check_asked_for_it() {
    const CARRIES: &str = "common.401-carries-challenge";
    let of = |checks: &[&'static str], faults: &[&'static str]| Trial {
        checks: checks.to_vec(),
        faults: faults.to_vec(),
        ..Trial::of("api-key")
    };
    // the reference sends a challenge to whoever is not known, and with this fault none to whoever lacks a scope
    for (checks, faults, verdict) in [
        (&[CARRIES, "common.insufficient-is-403"][..], &["authz-as-401"][..], Verdict::Fail),
        (&[CARRIES][..], &["authz-as-401"][..], Verdict::Pass),
        (&[CARRIES, "common.insufficient-is-403"][..], &[][..], Verdict::Pass),
    ] {
        let ended = of(checks, faults).run().await.expect("runs");
        let result = ended.results.iter().find(|result| result.id == CARRIES).expect("is there");
        assert_eq!(result.verdict, verdict, "{checks:?} {faults:?}: {}", result.summary);
        if verdict == Verdict::Fail {
            let shown = &result.evidence[result.shown_by.expect("is shown")];
            assert!(shown.label.contains(" of common.insufficient-is-403"), "{}", shown.label);
        }
    }
}
