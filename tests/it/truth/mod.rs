//! What correct servers do in ways of their own is no finding; what a verdict says of its reasons is true.

mod reasons;

use std::collections::{BTreeSet, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use authbench::check::{Level, Verdict};
use authbench::clock::unix_seconds;
use authbench::event::{CheckResult, Event};
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde_json::{Value, json};

use crate::judged;

const KEY: &str = "abk_live_q7Wn2Zp4XcRt9Vb3";
const SECRET: &str = "a-secret-of-these-tests-0123456789abcdef";

async fn serve(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has one");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// A scenario about a target at an address; the rest of it is written as YAML.
fn scenario(address: SocketAddr, rest: &str) -> String {
    format!("authbench: 1\nname: truth\ntarget: {{ url: \"http://{address}\", owned: true }}\n{rest}")
}

/// How a run ended, and all that it said.
async fn ran(scenario: String) -> (u8, Vec<Event>) {
    let (exit, events) = judged::events(&scenario).await;
    (exit.code(), events)
}

fn notes(events: &[Event]) -> Vec<String> {
    let note = |event: &Event| if let Event::Note(note) = event { Some(note.text.clone()) } else { None };
    events.iter().filter_map(note).collect()
}

async fn results(scenario: String) -> Vec<CheckResult> {
    judged::ended(&scenario).await.1
}

fn one<'a>(results: &'a [CheckResult], id: &str) -> &'a CheckResult {
    results.iter().find(|result| result.id == id).unwrap_or_else(|| panic!("{id} did not run"))
}

fn sent_basic(headers: &HeaderMap) -> Option<Vec<u8>> {
    let line = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    STANDARD.decode(line.strip_prefix("Basic ")?).ok()
}

fn challenged(challenge: &'static str) -> Response {
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)], "no user, or another password").into_response()
}

/// What a key in a field of its own opens.
fn orders() -> Response {
    Json(json!({ "orders": ["7b0d6b3e2f9a", "55c9c1e08d1f"] })).into_response()
}

fn has_key(headers: &HeaderMap) -> bool {
    headers.get("x-api-key").is_some_and(|key| key.as_bytes() == KEY.as_bytes())
}

const BY_KEY: &str = "scheme: api-key\ncredentials: { a: { key: \"${K:-abk_live_q7Wn2Zp4XcRt9Vb3}\" } }\n";

// --- correct servers -----------------------------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_origin_beside_credentials_is_what_browsers_ignore() {
    let answer = |allowed: fn(&HeaderMap) -> String| {
        get(move |headers: HeaderMap| async move {
            let body = if has_key(&headers) { orders() } else { StatusCode::FORBIDDEN.into_response() };
            let allows = [("access-control-allow-origin", allowed(&headers))];
            (allows, [("access-control-allow-credentials", "true")], body).into_response()
        })
    };
    let origin = |headers: &HeaderMap| headers.get("origin").and_then(|it| it.to_str().ok()).unwrap_or("*").to_owned();
    for (allowed, verdict) in
        [((|_| "*".to_owned()) as fn(&HeaderMap) -> String, Verdict::Pass), (origin, Verdict::Fail)]
    {
        let address = serve(Router::new().route("/orders", answer(allowed))).await;
        let rest =
            "resources: [{ request: GET /orders }]\nconformance: { include: [common.cors-credentials-not-open] }\n";
        let results = results(scenario(address, &format!("{BY_KEY}{rest}"))).await;
        let result = one(&results, "common.cors-credentials-not-open");
        assert_eq!(result.verdict, verdict, "{}", result.summary);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cache_of_refusals_does_not_look_like_a_difference_of_users() {
    let seen = Arc::new(Mutex::new(HashSet::<Vec<u8>>::new()));
    let answer = move |headers: HeaderMap| async move {
        let Some(pair) = sent_basic(&headers) else { return challenged("Basic realm=\"orders\"") };
        if pair == b"alice:s3cret-of-alice" {
            return orders();
        }
        // the work of a password hash, for known and unknown users, once for each value
        let is_new = seen.lock().expect("is whole").insert(pair);
        if is_new {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        challenged("Basic realm=\"orders\"")
    };
    let address = serve(Router::new().route("/orders", get(answer))).await;
    let results = results(scenario(
        address,
        "scheme: basic\ncredentials: { a: { username: alice, password: \"${P:-s3cret-of-alice}\" } }\n\
         resources: [{ request: GET /orders }]\nconformance: { include: [basic.timing-user-enumeration] }\n",
    ))
    .await;
    let result = one(&results, "basic.timing-user-enumeration");
    // on a busy machine it may come to nothing
    assert!(matches!(result.verdict, Verdict::Pass | Verdict::Inconclusive), "{}: {}", result.verdict, result.summary);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_encoding_of_passwords_counts_where_it_is_announced() {
    for (challenge, verdict) in [
        ("Basic realm=\"orders\"", Verdict::NotApplicable),
        ("Basic realm=\"orders\", charset=\"UTF-8\"", Verdict::Fail),
    ] {
        let answer = move |headers: HeaderMap| async move {
            let pair = sent_basic(&headers).unwrap_or_default();
            let utf8 = String::from_utf8(pair.clone());
            let text = utf8.unwrap_or_else(|_| pair.iter().map(|byte| char::from(*byte)).collect());
            match text.as_str() {
                "alice:s3cret-of-alice" | "uwe:grüße-an-alle" => orders(),
                _ => challenged(challenge),
            }
        };
        let address = serve(Router::new().route("/orders", get(answer))).await;
        let results = results(scenario(
            address,
            "scheme: basic\ncredentials: { a: { username: alice, password: \"${P:-s3cret-of-alice}\" } }\n\
             material: { utf8_password_account: { username: uwe, password: \"${U:-grüße-an-alle}\" } }\n\
             resources: [{ request: GET /orders }]\nconformance: { include: [basic.utf8-credentials] }\n",
        ))
        .await;
        let result = one(&results, "basic.utf8-credentials");
        assert_eq!(result.verdict, verdict, "{}", result.summary);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_refusals_are_equal_and_a_403_without_credentials_fails_nothing() {
    // the name of the account is a word of every refusal
    let answer = |headers: HeaderMap| async move {
        match sent_basic(&headers) {
            Some(pair) if pair == b"user:s3cret-of-user" => orders(),
            Some(_) => challenged("Basic realm=\"orders\""),
            None => StatusCode::FORBIDDEN.into_response(),
        }
    };
    let address = serve(Router::new().route("/orders", get(answer))).await;
    let results = results(scenario(
        address,
        "scheme: basic\ncredentials: { a: { username: user, password: \"${P:-s3cret-of-user}\" } }\n\
         resources: [{ request: GET /orders }]\n\
         conformance: { include: [basic.unknown-user-indistinct, basic.missing-challenged] }\n",
    ))
    .await;
    let alike = one(&results, "basic.unknown-user-indistinct");
    assert_eq!(alike.verdict, Verdict::Pass, "{}", alike.summary);
    // RFC 9110 §11.4: SHOULD
    let missing = one(&results, "basic.missing-challenged");
    assert_eq!(missing.verdict, Verdict::Warn, "{}", missing.summary);
    assert_eq!((missing.level, &*missing.citations[0].source), (Level::Should, "RFC 9110 §11.4"));
    assert!(missing.summary.contains("refused with 403; profile api-key-403 expects 401"), "{}", missing.summary);
}

fn signed(claims: &Value) -> String {
    encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(SECRET.as_bytes())).expect("signs")
}

/// The claims of the bearer token of a request, if it is good.
fn claims(headers: &HeaderMap, leeway: u64) -> Option<Value> {
    let token = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
    let mut validation = Validation::new(Algorithm::HS256);
    validation.leeway = leeway;
    validation.validate_aud = false;
    decode::<Value>(token, &DecodingKey::from_secret(SECRET.as_bytes()), &validation).ok().map(|token| token.claims)
}

fn bearer(leeway: u64) -> impl Fn(HeaderMap) -> std::future::Ready<Response> + Clone {
    move |headers: HeaderMap| {
        std::future::ready(match claims(&headers, leeway) {
            Some(_) => orders(),
            None => challenged("Bearer realm=\"orders\", error=\"invalid_token\""),
        })
    }
}

fn issued(lifetime: i64, scope: &str) -> Response {
    let token = signed(&json!({ "sub": "a", "exp": unix_seconds() + lifetime, "scope": scope, "jti": unix_seconds() }));
    let body = json!({ "access_token": token, "token_type": "Bearer", "expires_in": lifetime, "scope": scope });
    ([(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")], Json(body)).into_response()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_leeway_is_no_token_that_lives_on() {
    for (tolerances, verdict) in [("", Verdict::Warn), (", tolerances: { max_leeway: 0s }", Verdict::Fail)] {
        let token = post(|| async { issued(2, "a") });
        let address = serve(Router::new().route("/orders", get(bearer(60))).route("/token", token)).await;
        let results = results(scenario(
            address,
            &format!(
                "scheme: {{ oauth2-client-credentials: {{ token_url: /token }} }}\n\
                 credentials: {{ a: {{ client_id: a, client_secret: \"${{S:-secret}}\" }} }}\n\
                 resources: [{{ request: GET /orders }}]\n\
                 conformance: {{ include: [bearer.expired-token-401]{tolerances} }}\n"
            ),
        ))
        .await;
        let result = one(&results, "bearer.expired-token-401");
        assert_eq!(result.verdict, verdict, "{}", result.summary);
        assert_eq!(result.summary.contains("within a leeway"), verdict == Verdict::Warn, "{}", result.summary);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_token_request_has_the_declared_scope_once() {
    let counts = Arc::new(Mutex::new(Vec::new()));
    let seen = counts.clone();
    let token = post(move |body: Bytes| async move {
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(&body).into_owned().collect();
        let scopes: Vec<&str> = pairs.iter().filter(|(name, _)| name == "scope").map(|(_, value)| &**value).collect();
        seen.lock().expect("is whole").push(scopes.len());
        match (pairs.iter().any(|(_, value)| value == "client_credentials"), scopes.as_slice()) {
            (false, _) => (StatusCode::BAD_REQUEST, Json(json!({ "error": "unsupported_grant_type" }))).into_response(),
            (true, ["read write"]) => issued(600, "read write"),
            (true, _) => (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_scope" }))).into_response(),
        }
    });
    let router = || Router::new().route("/orders", get(bearer(0))).route("/token", token.clone());
    let address = serve(router()).await;
    for (params, scopes) in [("", ", scopes: [read, write]"), (", token_params: { scope: read write }", "")] {
        let results = results(scenario(
            address,
            &format!(
                "scheme: {{ oauth2-client-credentials: {{ token_url: /token{params} }} }}\n\
                 credentials: {{ a: {{ client_id: a, client_secret: \"${{S:-secret}}\"{scopes} }} }}\n\
                 resources: [{{ request: GET /orders }}]\n\
                 conformance: {{ include: [token.client-credentials-success, token.response-no-store, \
                 token.unknown-param-ignored, token.unsupported-grant] }}\n"
            ),
        ))
        .await;
        for id in ["token.client-credentials-success", "token.response-no-store", "token.unknown-param-ignored"] {
            assert_eq!(one(&results, id).verdict, Verdict::Pass, "{id}: {}", one(&results, id).summary);
        }
    }
    let counts = counts.lock().expect("is whole");
    assert!(counts.len() > 8 && counts.iter().all(|count| *count == 1), "{counts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_endpoint_may_take_secrets_in_another_way_than_the_token_endpoint() {
    let revoked = Arc::new(Mutex::new(HashSet::<String>::new()));
    let (gone, number) = (revoked.clone(), Arc::new(Mutex::new(0)));
    let issue = post(move |headers: HeaderMap| async move {
        if sent_basic(&headers).is_none_or(|pair| pair != b"a:secret-of-a") {
            return challenged("Basic realm=\"as\"");
        }
        let mut number = number.lock().expect("is whole");
        *number += 1;
        let token = format!("token-{number}-0123456789abcdef0123456789");
        Json(json!({ "access_token": token, "token_type": "Bearer", "expires_in": 600 })).into_response()
    });
    let revoke = post(move |body: Bytes| async move {
        let form: std::collections::HashMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
        let field = |name: &str| form.get(name).map_or("", |value| value.as_str());
        // client_secret_post and nothing else
        if (field("client_id"), field("client_secret")) != ("a", "secret-of-a") {
            let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"a\"")];
            return (StatusCode::UNAUTHORIZED, challenge, Json(json!({ "error": "invalid_client" }))).into_response();
        }
        revoked.lock().expect("is whole").insert(field("token").to_owned());
        StatusCode::OK.into_response()
    });
    let orders = get(move |headers: HeaderMap| async move {
        let line = headers.get(header::AUTHORIZATION).and_then(|line| line.to_str().ok()).unwrap_or_default();
        let live = line.strip_prefix("Bearer token-").is_some_and(|rest| {
            rest.ends_with("-0123456789abcdef0123456789") && !gone.lock().expect("is whole").contains(&line[7..])
        });
        if live { orders() } else { challenged("Bearer realm=\"orders\", error=\"invalid_token\"") }
    });
    let router = Router::new().route("/orders", orders).route("/token", issue).route("/revoke", revoke);
    let address = serve(router).await;
    let results = results(scenario(
        address,
        "scheme: { oauth2-client-credentials: { token_url: /token, revocation_url: /revoke } }\n\
         credentials: { a: { client_id: a, client_secret: \"${S:-secret-of-a}\" } }\n\
         resources: [{ request: GET /orders }]\n\
         conformance: { include: [revoke.valid-token, revoke.client-auth-required, revoke.hint-ignored] }\n",
    ))
    .await;
    for id in ["revoke.valid-token", "revoke.client-auth-required", "revoke.hint-ignored"] {
        assert_eq!(one(&results, id).verdict, Verdict::Pass, "{id}: {}", one(&results, id).summary);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resource_for_posts_alone_is_not_asked_for_head() {
    let answer = post(|headers: HeaderMap| async move {
        if has_key(&headers) { orders() } else { StatusCode::FORBIDDEN.into_response() }
    });
    let address = serve(Router::new().route("/search", answer)).await;
    let rest = "resources: [{ request: POST /search, json: { q: orders } }]\n\
                conformance: { include: [common.head-same-decision-as-get, apikey.invalid-denied] }\n";
    let results = results(scenario(address, &format!("{BY_KEY}{rest}"))).await;
    let head = one(&results, "common.head-same-decision-as-get");
    assert_eq!(head.verdict, Verdict::NotTested, "{}", head.summary);
    assert!(head.summary.contains("read by GET"), "{}", head.summary);
    assert_eq!(one(&results, "apikey.invalid-denied").verdict, Verdict::Pass);
}

// --- profiles ------------------------------------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_that_only_the_profile_asks_for_cites_the_profile() {
    // 401 and no challenge: against the default profile and RFC 9110 §15.5.2
    let answer = get(|headers: HeaderMap| async move {
        if has_key(&headers) { orders() } else { StatusCode::UNAUTHORIZED.into_response() }
    });
    let address = serve(Router::new().route("/orders", answer)).await;
    let under = |profile: &str| {
        let rest = format!(
            "resources: [{{ request: GET /orders }}]\nconformance: {{ include: [apikey.invalid-denied, \
             common.401-carries-challenge, apikey.missing-denied], profile: {profile} }}\n"
        );
        ran(scenario(address, &format!("{BY_KEY}{rest}")))
    };
    let (exit, events) = under("api-key-403").await;
    let results = judged::results(&events);
    let invalid = one(&results, "apikey.invalid-denied");
    assert_eq!((invalid.verdict, exit), (Verdict::Fail, 1), "{}", invalid.summary);
    let cited: Vec<&str> = invalid.citations.iter().map(|cited| cited.source.as_str()).collect();
    assert_eq!(cited, ["profile api-key-403"]);
    for words in
        ["refused with 401", "profile api-key-403 expects 403", "strict-rfc takes 401", "gateway-lenient take both"]
    {
        assert!(invalid.summary.contains(words), "{words}: {}", invalid.summary);
    }
    assert_eq!(one(&results, "common.401-carries-challenge").citations[0].source, "RFC 9110 §15.5.2");
    let (exit, events) = under("gateway-lenient").await;
    let results = judged::results(&events);
    // a deviation is shown, and access alone decides
    assert_eq!(one(&results, "common.401-carries-challenge").verdict, Verdict::Warn);
    assert_eq!((one(&results, "apikey.invalid-denied").verdict, exit), (Verdict::Pass, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nearly_every_server_does_is_information() {
    let answer = get(|headers: HeaderMap| async move {
        if has_key(&headers) { orders() } else { StatusCode::FORBIDDEN.into_response() }
    });
    let address = serve(Router::new().route("/orders", answer)).await;
    for (profile, verdict) in [("api-key-403", Verdict::Info), ("strict-rfc", Verdict::Warn)] {
        let rest = format!(
            "resources: [{{ request: GET /orders }}]\n\
             conformance: {{ include: [common.duplicate-credential-header], profile: {profile} }}\n"
        );
        let results = results(scenario(address, &format!("{BY_KEY}{rest}"))).await;
        let result = one(&results, "common.duplicate-credential-header");
        assert_eq!(result.verdict, verdict, "{}", result.summary);
        assert!(result.summary.contains("one of them was chosen"), "{}", result.summary);
    }
}

// --- one resource, one credential ----------------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resource_that_is_not_there_keeps_its_own_checks_from_a_verdict_and_no_others() {
    let answer = get(|headers: HeaderMap| async move {
        if has_key(&headers) { orders() } else { StatusCode::FORBIDDEN.into_response() }
    });
    let address = serve(Router::new().route("/orders", answer)).await;
    let rest = "resources: [{ request: GET /gone }, { request: GET /orders }]\nconformance: { include: [apikey.*] }\n";
    let results = results(scenario(address, &format!("{BY_KEY}{rest}"))).await;
    let control = one(&results, "apikey.valid-accepted");
    assert_eq!(control.verdict, Verdict::Inconclusive);
    assert!(control.summary.contains("GET /gone is answered with 404"), "{}", control.summary);
    for id in ["apikey.missing-denied", "apikey.invalid-denied", "apikey.near-miss-denied"] {
        assert_eq!(one(&results, id).verdict, Verdict::Pass, "{id}: {}", one(&results, id).summary);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_credential_of_the_file_is_the_main_one() {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let first = seen.clone();
    let answer = get(move |headers: HeaderMap| async move {
        let key = headers.get("x-api-key").map(|key| String::from_utf8_lossy(key.as_bytes()).into_owned());
        let known = key.filter(|key| key.starts_with("key-of-") && key.ends_with("-0123456789abcdef"));
        match known {
            Some(key) => {
                first.lock().expect("is whole").insert(key);
                orders()
            }
            None => StatusCode::FORBIDDEN.into_response(),
        }
    });
    let address = serve(Router::new().route("/orders", answer)).await;
    let (_, events) = ran(scenario(
        address,
        "scheme: api-key\ncredentials:\n  zoe: { key: \"${Z:-key-of-zoe-0123456789abcdef}\" }\n  \
         adam: { key: \"${A:-key-of-adam-0123456789abcdef}\", scopes: [all] }\n\
         resources: [{ request: GET /orders }]\nconformance: { include: [apikey.missing-denied] }\n",
    ))
    .await;
    let notes = notes(&events);
    assert!(notes.iter().any(|note| note.contains("credential `zoe`, the first in the file")), "{notes:?}");
    assert_eq!(seen.lock().expect("is whole").iter().collect::<Vec<_>>(), ["key-of-zoe-0123456789abcdef"]);
}

// --- what is sent --------------------------------------------------------------------------------------------------

type Seen = Arc<Mutex<BTreeSet<(Method, String)>>>;

async fn recorded(State(seen): State<Seen>, request: Request, next: Next) -> Response {
    let pair = (request.method().clone(), request.uri().path().to_owned());
    seen.lock().expect("is whole").insert(pair);
    next.run(request).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_gets_requests_for_nothing_that_the_scenario_does_not_declare() {
    let seen = Seen::default();
    let token = post(|| async { issued(600, "read") });
    let found = |path: &'static str| get(move || async move { Json(json!({ "keys": [], "issuer": path })) });
    let router = Router::new().route("/api/orders", get(bearer(0)).post(bearer(0))).route("/oauth/token", token);
    let router = router.route("/keys.json", found("keys")).layer(from_fn_with_state(seen.clone(), recorded));
    let address = serve(router).await;
    let free = crate::ports::reserved();
    let given = signed(&json!({ "sub": "a", "exp": unix_seconds() + 600, "scope": "read", "aud": "orders" }));
    for scheme in [
        "oauth2-client-credentials: { token_url: /oauth/token, access_token: jwt }".to_owned(),
        format!("jwt: {{ issuer: \"http://{address}\", jwks_url: /keys.json, serve_jwks: \"{free}\" }}"),
    ] {
        let is_given = scheme.starts_with("jwt");
        let credential = match is_given {
            true => format!("{{ token: \"${{T:-{given}}}\" }}"),
            false => "{ client_id: a, client_secret: \"${S:-secret}\", scopes: [read] }".to_owned(),
        };
        let events = ran(scenario(
            address,
            &format!(
                "scheme: {{ {scheme} }}\ncredentials: {{ a: {credential} }}\n\
                 material: {{ issuer_key: {{ secret: \"${{S:-{SECRET}}}\", alg: HS256 }} }}\n\
                 resources: [{{ request: GET /api/orders }}, {{ request: POST /api/orders, json: {{ n: 1 }}, writes: true }}]\n"
            ),
        ))
        .await
        .1;
        let rotation = judged::results(&events).into_iter().find(|result| result.id == "jwt.rotation-new-key");
        if let Some(rotation) = rotation.filter(|_| is_given) {
            // nobody told the target to read keys there, and it says where
            assert_eq!(rotation.verdict, Verdict::NotTested, "{}", rotation.summary);
            assert!(rotation.summary.contains(&format!("http://{free}/jwks.json")), "{}", rotation.summary);
        }
    }
    let declared = ["/api/orders", "/oauth/token", "/keys.json"];
    let other_spelling =
        |path: &str| path.to_ascii_lowercase().contains("orders") || path.contains("%6F") || path.contains("%256F");
    // what an absent neighbour of a resource answers to anybody
    let absent = |path: &str| {
        // a segment that is nobody's in place of the last one
        let nobodys = ["/api/authbench", "/api/%00", "/api/%ff", "/api/99999999999999999999"];
        // targets that name nothing, and paths without a route
        let nothing = ["*", "/%zz", "//["].contains(&path) || path.starts_with("/authbench-absent");
        path.starts_with("/api/absent-") || nobodys.contains(&path) || nothing
    };
    let beyond: Vec<String> = {
        let seen = seen.lock().expect("is whole");
        assert!(seen.len() > 10, "{seen:?}");
        // documents of issuers and resources have well-known places (RFC 8414 §3, RFC 9728 §3)
        let allowed = |path: &str| {
            declared.contains(&path) || path.starts_with("/.well-known/") || other_spelling(path) || absent(path)
        };
        seen.iter().filter(|(_, path)| !allowed(path)).map(|(method, path)| format!("{method} {path}")).collect()
    };
    assert!(beyond.is_empty(), "{beyond:?}");
}
