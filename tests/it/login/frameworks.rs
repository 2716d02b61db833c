//! Applications as frameworks make them: pages behind a login page, JSON-RPC that answers 200 to everybody, and JSON Web Tokens
//! without an audience.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use authbench::clock::unix_seconds;
use axum::body::Bytes;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde_json::{Value, json};

use super::application::{PASSWORD, USER};
use super::{run, with_verdict};
use crate::binary::told;

/// The key that signs the tokens.
const KEY: &str = "a-signing-key-of-the-application-0123456789";

/// How the application reads the claims of its tokens.
#[derive(Clone, Copy, Default)]
struct Claims {
    /// Whether a token for another audience is refused; its own have none.
    refuses_other_audiences: bool,
    /// Whether a token has to say that it is an access token.
    reads_token_type: bool,
}

#[derive(Clone, Default)]
struct Framework {
    claims: Claims,
    sessions: Arc<Mutex<BTreeSet<String>>>,
}

async fn start(claims: Claims) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has one");
    let router = Router::new()
        .route("/login", post(login))
        .route("/pages", any(pages))
        .route("/rpc", post(rpc))
        .route("/token", post(token))
        .route("/grant", post(grant))
        .route("/users", get(users))
        .with_state(Framework { claims, ..Framework::default() });
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn login(State(app): State<Framework>, Form(form): Form<BTreeMap<String, String>>) -> Response {
    if form.get("user").map(String::as_str) != Some(USER) || form.get("pass").map(String::as_str) != Some(PASSWORD) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let mut sessions = app.sessions.lock().unwrap_or_else(PoisonError::into_inner);
    let session = format!("session-{:016x}", (sessions.len() as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    sessions.insert(session.clone());
    let cookie = format!("sid={session}; Path=/; HttpOnly; SameSite=Lax");
    (StatusCode::FOUND, [(header::LOCATION, "/pages".to_owned()), (header::SET_COOKIE, cookie)]).into_response()
}

impl Framework {
    fn knows(&self, headers: &HeaderMap) -> bool {
        let line = headers.get(header::COOKIE).and_then(|line| line.to_str().ok()).unwrap_or_default();
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        line.split("; ").any(|pair| pair.strip_prefix("sid=").is_some_and(|session| sessions.contains(session)))
    }
}

/// Whoever is not logged in is sent to the login page; what is no safe method is forbidden before, without a CSRF token.
async fn pages(State(app): State<Framework>, method: Method, headers: HeaderMap) -> Response {
    if !app.knows(&headers) {
        return match method {
            Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE => {
                (StatusCode::FOUND, [(header::LOCATION, "/login?next=/pages")]).into_response()
            }
            _ => (StatusCode::FORBIDDEN, Html("<h1>CSRF verification failed</h1>")).into_response(),
        };
    }
    match method {
        // a form that is taken leads to another page
        Method::POST => (StatusCode::FOUND, [(header::LOCATION, "/pages")]).into_response(),
        Method::GET | Method::HEAD => {
            let page = Html("<h1>Orders</h1><p>7f0c3b1e-lamp-0001 for the account 4c1e0b77</p>");
            ([(header::VARY, "Accept, Cookie")], page).into_response()
        }
        _ => (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD, POST")]).into_response(),
    }
}

async fn rpc(State(app): State<Framework>, headers: HeaderMap, body: Bytes) -> Response {
    let call: Value = serde_json::from_slice(&body).unwrap_or_default();
    let id = &call["id"];
    Json(match app.knows(&headers) {
        true => {
            json!({ "result": { "region": "7f0c3b1e-region", "peers": "9a1d4c2f-peers" }, "error": null, "id": id })
        }
        false => json!({ "result": null, "error": { "code": 1, "message": "Not authenticated" }, "id": id }),
    })
    .into_response()
}

async fn token(Json(body): Json<Value>) -> Response {
    if body["user"] != USER || body["pass"] != PASSWORD {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    Json(json!({ "access": issued() })).into_response()
}

/// The password grant of a tutorial: no refresh token comes along (RFC 6749 §5.1).
async fn grant(Form(form): Form<BTreeMap<String, String>>) -> Response {
    let has = |name: &str, value: &str| form.get(name).is_some_and(|given| given == value);
    match has("grant_type", "password") && has("username", USER) && has("password", PASSWORD) {
        true => Json(json!({ "access_token": issued(), "token_type": "bearer" })).into_response(),
        false => (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response(),
    }
}

fn issued() -> String {
    let now = unix_seconds();
    let claims = json!({ "token_type": "access", "user_id": "1", "iat": now, "exp": now + 60 });
    encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(KEY.as_bytes())).expect("signs")
}

async fn users(State(app): State<Framework>, headers: HeaderMap) -> Response {
    let written = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = written.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let mut validation = Validation::new(Algorithm::HS256);
    (validation.leeway, validation.validate_aud) = (0, false);
    let key = DecodingKey::from_secret(KEY.as_bytes());
    let claims = token.and_then(|(_, token)| decode::<Value>(token, &key, &validation).ok());
    let is_good = claims.is_some_and(|read| {
        let claims = &read.claims;
        let for_others = !matches!(&claims["aud"], Value::Null) && claims["aud"] != "" && claims["aud"] != json!([]);
        (!for_others || !app.claims.refuses_other_audiences)
            && (claims["token_type"] == "access" || !app.claims.reads_token_type)
    });
    match is_good {
        true => Json(json!({ "users": ["7f0c3b1e-alice", "9a1d4c2f-robert"] })).into_response(),
        false => {
            let challenge = "Bearer realm=\"app\", error=\"invalid_token\"";
            (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)], "{}").into_response()
        }
    }
}

const SESSION: &str = "scheme: { session: { cookie: sid } }\ncredentials:\n  alice:\n    login:\n      \
                       request: { post: /login, form: { user: \"${USER_NAME}\", pass: \"${USER_PASSWORD}\" } }\n      \
                       token: { cookie: sid }\n      lifetime: 30m\n";

async fn report(address: SocketAddr, rest: &str) -> (String, Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!("authbench: 1\nname: app\ntarget: {{ url: \"http://{address}\", owned: true }}\n{rest}");
    let (output, report) = run(folder.path(), text, &["--verbose"]).await;
    (told(&output), report["scenarios"][0].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_frameworks_answer_without_a_session_is_no_finding() {
    let address = start(Claims::default()).await;
    for (kind, resources) in [
        (
            "pages",
            "resources:\n  - request: GET /pages\n  - { request: POST /pages, writes: true, success: { status: 302 } }\n",
        ),
        (
            "JSON-RPC",
            "resources:\n  - request: POST /rpc\n    json: { method: config, params: [], id: 3 }\n    \
             success: { json: /result/region }\n    refusal: { json: /error/code }\n",
        ),
    ] {
        let (said, report) = report(address, &format!("{SESSION}{resources}")).await;
        assert_eq!(report["findings"], serde_json::json!([]), "{kind}\n{said}");
        let whole = serde_json::json!({ "scenarios": [report] });
        assert_eq!(with_verdict(&whole, "inconclusive"), [""; 0], "{kind}\n{said}");
        assert!(with_verdict(&whole, "pass").len() >= 8, "{kind}\n{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_behind_the_password_begins_no_session() {
    let address = start(Claims::default()).await;
    let login = "scheme: { session: { cookie: sid } }\ncredentials:\n  alice:\n    login:\n      request:\n        \
                 - { post: /login, form: { user: \"${USER_NAME}\", pass: \"{password}\" }, success: { status: 302 } }\n        \
                 - get: /pages\n      token: { cookie: sid }\n      lifetime: 30m\n    username: alice\n    password: \"${USER_PASSWORD}\"\n\
                 resources: [{ request: GET /pages }]\nconformance: { include: [session.*] }\n";
    let (said, report) = report(address, login).await;
    let checks = report["checks"].as_array().expect("checks");
    let of = |id: &str| checks.iter().find(|check| check["id"] == id).expect("is there")["verdict"].clone();
    assert_eq!(of("session.identifier-changes-at-login"), "pass", "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_write_lacks_is_named() {
    let address = start(Claims::default()).await;
    for (resources, expected) in [
        ("  - request: GET /pages\n", "no resource with `writes: true`"),
        (
            "  - request: GET /pages\n  - { request: POST /login, writes: true }\n",
            "no resource reads the path of one with `writes: true`, which would show what a write changed",
        ),
        (
            "  - request: GET /pages\n  - { request: POST /pages, writes: true }\n",
            "no resource with `writes: true` whose path another one reads has `scopes`: add the scopes that it needs",
        ),
    ] {
        let only =
            "conformance: { include: [common.protected-route-denies-anonymous, common.denied-write-has-no-effect] }\n";
        let (said, _) = report(address, &format!("{SESSION}resources:\n{resources}{only}")).await;
        let line = format!("common.denied-write-has-no-effect  {expected}\n");
        assert!(said.contains(&line), "{resources}\n{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_audience_that_nobody_asks_for_is_one_finding() {
    let rest = format!(
        "scheme: jwt\ncredentials:\n  alice:\n    login:\n      \
         request: {{ post: /token, json: {{ user: \"${{USER_NAME}}\", pass: \"${{USER_PASSWORD}}\" }} }}\n      token: /access\n\
         material: {{ issuer_key: {{ secret: {KEY}, alg: HS256 }} }}\nresources: [{{ request: GET /users }}]\n\
         conformance: {{ include: [jwt.aud-enforced, jwt.typ-confusion-refused, bearer.wrong-audience-401] }}\n"
    );
    for (refuses_other_audiences, reads_token_type, expected, affected) in [
        (false, false, "fail", &["jwt.typ-confusion-refused", "bearer.wrong-audience-401"][..]),
        (false, true, "fail", &["bearer.wrong-audience-401"]),
        // whoever names nobody gets no further than whoever names no audience
        (true, true, "warn", &[]),
        (true, false, "warn", &[]),
    ] {
        let address = start(Claims { refuses_other_audiences, reads_token_type }).await;
        let (said, report) = report(address, &rest).await;
        let findings = report["findings"].as_array().expect("a list");
        let found: Vec<_> = findings.iter().map(|finding| (&finding["check"], &finding["verdict"])).collect();
        assert_eq!(found, [(&json!("jwt.aud-enforced"), &json!(expected))], "{said}");
        // its own tokens name none: it tells no audience from another
        let severity = if expected == "fail" { "medium" } else { "low" };
        assert_eq!(findings[0]["severity"], severity, "{said}");
        let mut also: Vec<&str> =
            findings[0]["also_affected"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        also.sort_unstable_by(|one, other| other.cmp(one));
        assert_eq!(also, affected, "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_is_redirected_may_have_succeeded() {
    let address = start(Claims::default()).await;
    let resources = "resources:\n  - request: GET /pages\n  - { request: POST /pages, writes: true }\n\
                     conformance: { include: [session.valid-accepted] }\n";
    let (said, _) = report(address, &format!("{SESSION}{resources}")).await;
    let expected = "POST /pages is redirected with 302 to /pages; if this is a login page, the credential was not accepted; if it \
                    is how the write succeeds, add `success: { status: 302 }`";
    assert!(said.contains(expected), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_refresh_token_no_refresh_is_tested() {
    let address = start(Claims::default()).await;
    let rest = format!(
        "scheme: bearer\ncredentials:\n  alice:\n    login: {{ password: {{ token_url: /grant }} }}\n    \
         username: {USER}\n    password: \"${{USER_PASSWORD}}\"\nresources: [{{ request: GET /users }}]\n\
         conformance: {{ include: [\"refresh.*\", login.wrong-password-refused] }}\n"
    );
    let (said, report) = report(address, &rest).await;
    let whole = json!({ "scenarios": [report] });
    assert_eq!(with_verdict(&whole, "inconclusive"), [""; 0], "{said}");
    assert!(with_verdict(&whole, "not-tested").contains(&"refresh.reuse-refused".to_owned()), "{said}");
    assert!(said.contains("no answer before it has the JSON value /refresh_token"), "{said}");
}
