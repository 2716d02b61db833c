//! What real applications do that was judged wrongly once: each server here answers as one of them does.

mod accounts;
mod caches;
mod clients;
mod clients_registered;
mod codes;
mod csrf_fields;
mod foreign_logins;
mod guards;
mod heads;
mod logins;
mod objects;
mod pages;
mod passwords;
mod renewed_sessions;
mod seconds;
mod silent;
mod timing;
mod verdicts;
mod writes;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use authbench::check::{Severity, Verdict};
use authbench::clock::unix_seconds;
use authbench::event::{CheckResult, Event, NoteKind};
use authbench::run::selftest::{Trial, TrialLogin};
use authbench::run::{Launch, Only, Options, prepare, run};
use authbench::scenario::{NoVariables, load_text};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde_json::{Value, json};
use tokio::sync::Mutex;

const SECRET: &str = "a-secret-of-these-tests-0123456789abcdef";
const KEY: &str = "0123456789abcdef0123456789abcdef";

async fn serve(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has one");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

struct Ended {
    results: Vec<CheckResult>,
    notes: Vec<(NoteKind, String)>,
    /// Check and endpoint of each finding.
    findings: Vec<(String, String)>,
}

impl Ended {
    fn of(&self, id: &str) -> &CheckResult {
        self.results.iter().find(|result| result.id == id).unwrap_or_else(|| panic!("{id} did not run"))
    }
}

/// A run of a scenario without its first three lines.
async fn against(address: SocketAddr, yaml: &str, timeout: Duration) -> Ended {
    let yaml = format!("authbench: 1\nname: lab\ntarget: {{ url: \"http://{address}\", owned: true }}\n{yaml}");
    let options =
        Options { only: Some(Only::Conformance), time_limit: timeout, seed: 7, ..Options::new(Launch::InProcess) };
    let loaded = load_text("lab.yaml".to_owned(), yaml).expect("is a scenario");
    let ready = prepare(vec![loaded], Some(&NoVariables), &options).expect("is ready");
    let mut ended = Ended { results: Vec::new(), notes: Vec::new(), findings: Vec::new() };
    let mut take = |event| match event {
        Event::CheckFinished(result) => ended.results.push(*result),
        Event::Note(note) => ended.notes.push((note.kind, note.text)),
        Event::ScenarioFinished(finished) => {
            let found = finished.findings.into_iter().flatten();
            ended.findings.extend(found.map(|finding| (finding.check, finding.endpoint)));
        }
        _ => {}
    };
    Box::pin(run(ready, &options, &mut take)).await;
    ended
}

const PROMPT: Duration = Duration::from_secs(60);

fn presented(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()
}

fn refused(challenge: &'static str) -> Response {
    let headers = [(header::WWW_AUTHENTICATE, challenge)];
    (StatusCode::UNAUTHORIZED, headers, Json(json!({ "error": "unauthorized" }))).into_response()
}

/// A guard that takes the second word of the field, wants no `exp`, and answers with the claims.
async fn profile(headers: HeaderMap) -> Response {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_required_spec_claims(&["sub"]);
    validation.validate_aud = false;
    let mut words = presented(&headers).unwrap_or_default().split(' ');
    let token = words.next().filter(|scheme| scheme.eq_ignore_ascii_case("bearer")).and_then(|_| words.next());
    match token.map(|token| decode::<Value>(token, &DecodingKey::from_secret(SECRET.as_bytes()), &validation)) {
        Some(Ok(token)) => Json(token.claims).into_response(),
        _ => refused("Bearer realm=\"a\", error=\"invalid_token\""),
    }
}

async fn of_profile(include: &str) -> Ended {
    let claims = json!({ "sub": "alice-7f3e", "exp": unix_seconds() + 600 });
    let token = encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(SECRET.as_bytes()));
    let yaml = format!(
        "scheme: jwt\ncredentials: {{ a: {{ token: \"{}\" }} }}\n\
         material: {{ issuer_key: {{ secret: \"{SECRET}\", alg: HS256 }} }}\n\
         resources: [{{ request: GET /profile, success: {{ status: 200, json: /exp }} }}]\n\
         conformance: {{ include: [{include}] }}\n",
        token.expect("signs")
    );
    against(serve(Router::new().route("/profile", get(profile))).await, &yaml, PROMPT).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_lacks_what_marks_a_success_is_no_refusal_of_a_token_that_may_be_refused() {
    let ended = of_profile("jwt.exp-required").await;
    let result = ended.of("jwt.exp-required");
    assert_eq!(result.verdict, Verdict::Inconclusive, "{}", result.summary);
    assert!(result.summary.contains("neither a recognised grant nor a recognised refusal"), "{}", result.summary);
}

/// The same guard, which answers with an order beside the claims.
async fn ordered(headers: HeaderMap) -> Response {
    let answer = profile(headers).await;
    if answer.status() != StatusCode::OK {
        return answer;
    }
    let body = axum::body::to_bytes(answer.into_body(), 1 << 16).await.expect("a body");
    let mut claims: Value = serde_json::from_slice(&body).expect("claims");
    claims["order"] = json!("6c1f0a8e52d94b37");
    Json(claims).into_response()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_lacks_a_claim_of_the_good_token_leads_to_the_key_that_decides() {
    let now = unix_seconds();
    let claims = json!({ "sub": "alice-7f3e", "iat": now - 30, "exp": now + 600 });
    let token = encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(SECRET.as_bytes()));
    let token = token.expect("signs");
    let declared = ", success: { status: 200, json: /order }";
    for (route, success, verdict) in [
        (get(profile), "", Verdict::Inconclusive),
        (get(ordered), "", Verdict::Warn),
        (get(ordered), declared, Verdict::Warn),
    ] {
        let yaml = format!(
            "scheme: jwt\ncredentials: {{ a: {{ token: \"{token}\" }} }}\n\
             material: {{ issuer_key: {{ secret: \"{SECRET}\", alg: HS256 }} }}\n\
             resources: [{{ request: GET /profile{success} }}]\nconformance: {{ include: [jwt.exp-required] }}\n"
        );
        let ended = against(serve(Router::new().route("/profile", route)).await, &yaml, PROMPT).await;
        let result = ended.of("jwt.exp-required");
        assert_eq!(result.verdict, verdict, "{success}: {} {:?}", result.summary, result.deviations);
        let says = result.summary.contains("declare `success`");
        assert_eq!(says, verdict == Verdict::Inconclusive, "{success}: {}", result.summary);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_behind_a_token_are_found() {
    let ended = of_profile("bearer.malformed-header").await;
    let result = ended.of("bearer.malformed-header");
    assert_eq!((result.verdict, result.severity), (Verdict::Fail, Severity::Low), "{}", result.summary);
    assert!(result.deviations.iter().all(|text| text.contains("a word behind the credential")), "{result:#?}");
}

#[test]
fn words_behind_a_token_are_sent_under_every_bearer_scheme() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runs");
    for scheme in ["bearer", "jwt", "oauth2-client-credentials", "oauth2-client-credentials-jwt"] {
        let trial = Trial {
            profile: "api-key-403",
            faults: vec!["bearer-or-more"],
            checks: vec!["bearer.malformed-header"],
            ..Trial::of(scheme)
        };
        let ended = runtime.block_on(trial.run()).expect("the trial runs");
        let result = ended.results.iter().find(|result| result.id == "bearer.malformed-header").expect("ran");
        assert_eq!(result.verdict, Verdict::Fail, "{scheme}: {}", result.summary);
    }
}

/// A guard of tokens behind a scheme name of its own, which it names in its challenges.
async fn of_scheme(name: &'static str) -> Ended {
    let orders = move |headers: HeaderMap| async move {
        match presented(&headers).and_then(|line| line.split_once(' ')) {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case(name) && token.trim() == KEY => {
                Json(json!({ "orders": ["6c1f0a8e52d94b37", "b07d3e9a41f8c265"] })).into_response()
            }
            _ => refused(name),
        }
    };
    let yaml = format!(
        "scheme: {{ bearer: {{ prefix: {name} }} }}\ncredentials: {{ a: {{ token: \"{KEY}\" }} }}\n\
         resources: [{{ request: GET /orders }}]\nconformance: {{ include: [bearer.*, common.401-carries-challenge] }}\n"
    );
    against(serve(Router::new().route("/orders", get(orders))).await, &yaml, PROMPT).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scheme_name_that_is_not_bearer_is_not_held_to_challenges_of_bearer() {
    const CHALLENGES: [&str; 3] =
        ["bearer.missing-401-no-error-code", "bearer.challenge-has-param", "bearer.denial-has-challenge"];
    let ended = of_scheme("Token").await;
    for id in CHALLENGES {
        let result = ended.of(id);
        assert_eq!(result.verdict, Verdict::NotTested, "{id}: {}", result.summary);
        assert!(result.summary.contains("is not Bearer"), "{id}: {}", result.summary);
    }
    for id in ["bearer.garbage-token-401", "bearer.scheme-case-insensitive", "common.401-carries-challenge"] {
        assert_eq!(ended.of(id).verdict, Verdict::Pass, "{id}: {}", ended.of(id).summary);
    }
    let ended = of_scheme("Bearer").await;
    assert!(ended.of(CHALLENGES[0]).verdict.executed(), "{}", ended.of(CHALLENGES[0]).summary);
    for id in CHALLENGES {
        assert!(!ended.of(id).summary.contains("is not Bearer"), "{id}: {}", ended.of(id).summary);
    }
}

/// How long a slow server takes to look at a key, one after another.
const WORK: Duration = Duration::from_millis(600);
/// Long enough for one look, and too short for as many as come side by side.
const TIMEOUT: Duration = Duration::from_secs(3);

/// A server whose comparison of keys is slow, and goes on when its client has left; `busy` where it answers nobody else
/// meanwhile.
async fn slow(busy: bool) -> Ended {
    let one_at_a_time: Arc<Mutex<()>> = Arc::default();
    let orders = move |headers: HeaderMap| {
        let lock = one_at_a_time.clone();
        let work = async move {
            let key = headers.get("x-api-key").cloned();
            if busy || key.is_some() {
                let _alone = lock.lock().await;
                tokio::time::sleep(if key.is_some() { WORK } else { Duration::ZERO }).await;
            }
            match key.is_some_and(|key| key.as_bytes() == KEY.as_bytes()) {
                true => Json(json!({ "orders": ["6c1f0a8e52d94b37", "b07d3e9a41f8c265"] })).into_response(),
                false => (StatusCode::FORBIDDEN, Json(json!({ "error": "forbidden" }))).into_response(),
            }
        };
        async move { tokio::spawn(work).await.expect("ends") }
    };
    let yaml = format!(
        "scheme: api-key\ncredentials: {{ a: {{ key: \"{KEY}\" }} }}\nresources: [{{ request: GET /orders }}]\n\
         conformance:\n  include: [apikey.valid-accepted, apikey.invalid-denied, apikey.near-miss-denied, \
         apikey.injection-denied, apikey.empty-or-blank-denied, apikey.not-echoed, apikey.uniform-denial, \
         common.server-clock-sane, common.keeps-answering]\n"
    );
    against(serve(Router::new().route("/orders", get(orders))).await, &yaml, TIMEOUT).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_target_is_not_taken_for_one_that_is_gone() {
    for busy in [false, true] {
        let ended = slow(busy).await;
        for result in &ended.results {
            let fine =
                matches!(result.verdict, Verdict::Pass | Verdict::Info | Verdict::NotApplicable | Verdict::NotTested);
            assert!(fine, "{busy}: {} {}: {}", result.id, result.verdict, result.summary);
        }
        let told = |(_, text): &(NoteKind, String)| text.contains("`--jobs 1`");
        assert!(ended.notes.iter().any(told), "{busy}: {:?}", ended.notes);
    }
}

/// A server of HTTP Basic that reads Base64 up to the first other character.
async fn lenient(headers: HeaderMap) -> Response {
    let value = presented(&headers).and_then(|line| line.strip_prefix("Basic ")).unwrap_or_default();
    let end = value.find(|c: char| !c.is_ascii_alphanumeric() && !"+/=".contains(c)).unwrap_or(value.len());
    match base64::engine::general_purpose::STANDARD.decode(&value[..end]) {
        Ok(pair) if pair == format!("alice:{WORDY}").as_bytes() => {
            Json(json!({ "orders": ["6c1f0a8e52d94b37", "b07d3e9a41f8c265"] })).into_response()
        }
        _ => refused("Basic realm=\"orders\""),
    }
}

/// A password that is a word of our own reports.
const WORDY: &str = "base64-after";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_is_a_word_of_a_report_is_not_given_away_by_a_mask() {
    let yaml = format!(
        "scheme: basic\ncredentials: {{ a: {{ username: alice, password: \"{WORDY}\" }} }}\n\
         resources: [{{ request: GET /orders }}]\nconformance: {{ include: [basic.malformed-credentials-denied] }}\n"
    );
    let ended = against(serve(Router::new().route("/orders", get(lenient))).await, &yaml, PROMPT).await;
    let result = ended.of("basic.malformed-credentials-denied");
    assert_eq!(result.verdict, Verdict::Warn, "{}", result.summary);
    let junk = |text: &String| text.contains("characters outside Base64 after the good value: accepted");
    assert!(result.deviations.iter().any(junk), "{:?}", result.deviations);
    assert!(result.evidence.iter().any(|shown| shown.label == "characters outside Base64 after the good value"));
}

/// Rights by the scope of a token: what a route needs.
fn scoped(needed: &'static str) -> axum::routing::MethodRouter {
    get(move |headers: HeaderMap| async move {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_required_spec_claims(&["exp"]);
        let token = presented(&headers).and_then(|line| line.strip_prefix("Bearer "));
        let key = DecodingKey::from_secret(SECRET.as_bytes());
        let Some(Ok(token)) = token.map(|token| decode::<Value>(token, &key, &validation)) else {
            return refused("Bearer realm=\"a\", error=\"invalid_token\"");
        };
        let scope = token.claims["scope"].as_str().unwrap_or_default().to_owned();
        if scope.split(' ').any(|held| held == needed) {
            return Json(json!({ needed: ["6c1f0a8e52d94b37", "b07d3e9a41f8c265"] })).into_response();
        }
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer realm=\"a\", error=\"insufficient_scope\"")];
        (StatusCode::FORBIDDEN, challenge, Json(json!({ "error": "insufficient_scope" }))).into_response()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_given_token_is_narrowed_with_the_key_of_its_issuer() {
    let claims = json!({ "sub": "alice", "scope": "read write", "iat": unix_seconds(), "exp": unix_seconds() + 600 });
    let token = encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(SECRET.as_bytes()));
    let yaml = format!(
        "scheme: jwt\ncredentials: {{ a: {{ token: \"{}\", scopes: [read, write] }} }}\n\
         material: {{ issuer_key: {{ secret: \"{SECRET}\", alg: HS256 }} }}\n\
         resources:\n  - {{ request: GET /read, scopes: [read] }}\n  - {{ request: GET /write, scopes: [write] }}\n\
         conformance: {{ include: [bearer.insufficient-scope-403] }}\n",
        token.expect("signs")
    );
    let router = Router::new().route("/read", scoped("read")).route("/write", scoped("write"));
    let ended = against(serve(router).await, &yaml, PROMPT).await;
    let result = ended.of("bearer.insufficient-scope-403");
    assert_eq!(result.verdict, Verdict::Pass, "{}", result.summary);
}

#[test]
fn a_revocation_by_another_client_that_is_not_carried_out_is_named_so() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runs");
    for (fault, verdict, text) in [
        ("foreign-revocation-unsaid", Verdict::Warn, "answered 200, and the token was not revoked"),
        ("cross-client-revocation", Verdict::Fail, "the token ended"),
    ] {
        let check = "revoke.foreign-token-refused";
        let scheme = "oauth2-client-credentials";
        let trial = Trial { profile: "api-key-403", faults: vec![fault], checks: vec![check], ..Trial::of(scheme) };
        let ended = runtime.block_on(trial.run()).expect("the trial runs");
        let result = ended.results.iter().find(|result| result.id == check).expect("ran");
        assert_eq!(result.verdict, verdict, "{fault}: {}", result.summary);
        assert!(result.summary.contains(text), "{fault}: {}", result.summary);
    }
}

#[test]
fn a_token_endpoint_of_a_login_is_judged_by_what_the_login_shows() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runs");
    for (login, applies) in [(TrialLogin::Grant, true), (TrialLogin::Requests, false)] {
        let (profile, checks) = ("api-key-403", vec!["grant.response-no-store", "grant.error-body"]);
        let trial = Trial { profile, faults: vec!["grant-error-text"], checks, login, ..Trial::of("bearer") };
        let ended = runtime.block_on(trial.run()).expect("the trial runs");
        let of = |id: &str| ended.results.iter().find(|result| result.id == id).map(|result| result.verdict);
        let expected = |verdict| applies.then_some(verdict);
        assert_eq!(of("grant.error-body"), expected(Verdict::Fail), "{login:?}");
        assert_eq!(of("grant.response-no-store"), expected(Verdict::Pass), "{login:?}");
    }
}

/// Where metadata name the token endpoint, no check of `token.*` looks at what a login is answered there.
#[test]
fn a_refused_client_of_a_login_gets_a_challenge() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runs");
    for (faults, verdict) in [(vec!["grant-client-refused-without-challenge"], Verdict::Warn), (vec![], Verdict::Pass)]
    {
        let (profile, check) = ("api-key-403", "common.401-carries-challenge");
        let checks = vec![check, "grant.authenticates-client"];
        let trial = Trial { profile, faults, checks, login: TrialLogin::Code, ..Trial::of("bearer") };
        let ended = runtime.block_on(trial.run()).expect("the trial runs");
        let result = ended.results.iter().find(|result| result.id == check).expect("ran");
        assert_eq!(result.verdict, verdict, "{} {:?}", result.summary, result.deviations);
    }
}

/// A guard of JWTs behind a scheme name of its own, written like many: it skips bytes that are none of Base64url, compares times
/// where they are numbers, and looks at no other claim than `user`.
fn of_numbers(scheme: &'static str) -> axum::routing::MethodRouter {
    get(move |headers: HeaderMap| async move {
        let field = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes().to_vec()).unwrap_or_default();
        let kept = field.into_iter().filter(u8::is_ascii).collect();
        let field = String::from_utf8(kept).unwrap_or_default();
        let token = field.split_once(' ').filter(|(name, _)| name.eq_ignore_ascii_case(scheme)).map(|(_, token)| token);
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_required_spec_claims::<&str>(&[]);
        (validation.validate_exp, validation.validate_aud) = (false, false);
        let key = DecodingKey::from_secret(SECRET.as_bytes());
        let claims =
            token.and_then(|token| decode::<Value>(token.trim(), &key, &validation).ok()).map(|one| one.claims);
        let now = unix_seconds() as f64;
        let holds = |claims: &Value| {
            claims["user"] == "alice"
                && claims["exp"].as_f64().is_none_or(|end| end > now)
                && claims["nbf"].as_f64().is_none_or(|start| start <= now)
        };
        match claims.filter(holds) {
            Some(_) => Json(json!({ "orders": ["6c1f0a8e52d94b37", "b07d3e9a41f8c265"] })).into_response(),
            None => refused(scheme),
        }
    })
}

async fn by_numbers(scheme: &'static str, include: &str) -> Ended {
    let yaml = format!(
        "scheme: {{ jwt: {{ prefix: {scheme} }} }}\ncredentials: {{ a: {{ claims: {{ user: alice }} }} }}\n\
         material: {{ issuer_key: {{ secret: \"{SECRET}\", alg: HS256 }} }}\nresources: [{{ request: GET /orders }}]\n\
         conformance: {{ include: [{include}] }}\n"
    );
    against(serve(Router::new().route("/orders", of_numbers(scheme))).await, &yaml, PROMPT).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_opens_nothing_more_than_the_good_token_is_no_failure() {
    let include = "jwt.nbf-enforced, jwt.exp-required, jwt.claim-type-confusion-safe, bearer.metacharacters-denied";
    let ended = by_numbers("Bearer", include).await;
    let result = ended.of("jwt.nbf-enforced");
    assert_eq!(result.verdict, Verdict::Info, "{} {:?}", result.summary, result.deviations);
    assert!(result.summary.contains("a word for nbf"), "{}", result.summary);
    for (id, text) in [
        ("jwt.exp-required", "no exp, in a token that need not have one"),
        ("bearer.metacharacters-denied", "the byte 0xFF behind it: accepted"),
    ] {
        let result = ended.of(id);
        assert_eq!(result.verdict, Verdict::Warn, "{id}: {} {:?}", result.summary, result.deviations);
        assert!(result.deviations.iter().any(|one| one.contains(text)), "{id}: {:?}", result.deviations);
    }
    // a claim that the good token does not have need not be understood
    let result = ended.of("jwt.claim-type-confusion-safe");
    assert_eq!(result.verdict, Verdict::NotTested, "{} {:?}", result.summary, result.deviations);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_behind_a_scheme_name_of_its_own_are_judged_as_tokens_and_not_by_challenges_of_bearer() {
    let ended = by_numbers("JWT", "jwt.*, bearer.*, common.401-carries-challenge").await;
    for id in ["bearer.missing-401-no-error-code", "bearer.challenge-has-param", "bearer.denial-has-challenge"] {
        let result = ended.of(id);
        assert_eq!(result.verdict, Verdict::NotTested, "{id}: {}", result.summary);
        assert!(result.summary.contains("is not Bearer"), "{id}: {}", result.summary);
    }
    for id in [
        "jwt.valid-accepted",
        "jwt.exp-enforced",
        "jwt.signature-verified",
        "jwt.alg-none-refused",
        "bearer.garbage-token-401",
        "bearer.scheme-case-insensitive",
        "common.401-carries-challenge",
    ] {
        let result = ended.of(id);
        assert_eq!(result.verdict, Verdict::Pass, "{id}: {} {:?}", result.summary, result.deviations);
    }
}

/// A trial of the reference: the verdict and the texts of one check.
fn tried(scheme: &'static str, faults: Vec<&'static str>, check: &'static str) -> CheckResult {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runs");
    let trial = Trial { profile: "api-key-403", faults, checks: vec![check], ..Trial::of(scheme) };
    let ended = runtime.block_on(trial.run()).expect("the trial runs");
    ended.results.into_iter().find(|result| result.id == check).expect("ran")
}

#[test]
fn an_endpoint_that_asks_nobody_who_he_is_has_one_finding() {
    for (fault, group) in [("open-revocation", "revoke"), ("open-introspection", "introspect")] {
        let check = if group == "revoke" { "revoke.client-scheme-name" } else { "introspect.client-scheme-name" };
        let result = tried("oauth2-client-credentials", vec![fault], check);
        assert_eq!(result.verdict, Verdict::NotApplicable, "{fault}: {}", result.summary);
        assert!(result.summary.contains("without client credentials"), "{fault}: {}", result.summary);
        assert_eq!(tried("oauth2-client-credentials", Vec::new(), check).verdict, Verdict::Pass, "{check}");
    }
}

#[test]
fn other_spellings_of_good_credentials_are_looked_at() {
    for (scheme, fault, check, verdict) in [
        ("digest", "digest-case-sensitive-scheme", "digest.scheme-case-insensitive", Verdict::Fail),
        ("digest", "digest-session-variant", "digest.unknown-algorithm-refused", Verdict::Warn),
        ("digest", "digest-user-not-found-number", "digest.unknown-user-indistinct", Verdict::Warn),
        ("basic", "user-not-found-number", "basic.unknown-user-indistinct", Verdict::Warn),
        ("jwt", "claims-in-utf-16", "jwt.compact-form-strict", Verdict::Fail),
        ("digest", "digest-one-space", "digest.scheme-case-insensitive", Verdict::Info),
        ("basic", "basic-unpadded", "basic.malformed-credentials-denied", Verdict::Info),
        ("bearer", "bearer-skips-bytes", "bearer.metacharacters-denied", Verdict::Warn),
        ("api-key", "accepts-token-parameter", "apikey.query-location-policy", Verdict::Fail),
        ("basic", "basic-in-scheme", "basic.other-scheme-denied", Verdict::Fail),
        ("bearer", "bearer-in-scheme", "bearer.malformed-header", Verdict::Fail),
        ("bearer", "bearer-without-scheme", "bearer.malformed-header", Verdict::Fail),
        ("bearer", "query-token-by-other-name", "bearer.query-token-refused", Verdict::Fail),
        ("bearer", "other-name-overrides-header", "bearer.multiple-methods-refused", Verdict::Fail),
        ("bearer", "no-challenge-on-400", "bearer.denial-has-challenge", Verdict::Warn),
        ("bearer", "token-in-cookie", "bearer.cookie-token-refused", Verdict::Fail),
        ("digest", "digest-any-quality", "digest.incomplete-refused", Verdict::Warn),
        ("digest", "digest-breaks-on-quality", "digest.incomplete-refused", Verdict::Warn),
        ("digest", "digest-quoted-tokens", "digest.challenge-complete", Verdict::Fail),
        ("digest", "digest-any-realm", "digest.realm-bound", Verdict::Fail),
        ("digest", "digest-in-scheme", "digest.other-scheme-denied", Verdict::Fail),
        ("digest", "digest-names-by-case", "digest.parameters-read", Verdict::Fail),
        ("api-key", "accepts-camel-case-parameter", "apikey.query-location-policy", Verdict::Fail),
        ("api-key", "key-tail-ignored", "apikey.near-miss-denied", Verdict::Warn),
        ("bearer", "bearer-tail-ignored", "bearer.metacharacters-denied", Verdict::Warn),
        ("oauth2-client-credentials", "client-scheme-in-word", "token.client-scheme-name", Verdict::Fail),
        ("oauth2-client-credentials", "client-secret-ends-at-nul", "token.malformed-client-auth", Verdict::Fail),
    ] {
        let result = tried(scheme, vec![fault], check);
        assert_eq!(result.verdict, verdict, "{fault}: {} {:?}", result.summary, result.deviations);
        let result = tried(scheme, Vec::new(), check);
        assert_eq!(result.verdict, Verdict::Pass, "{check}: {} {:?}", result.summary, result.deviations);
    }
}

/// An application that answers 404 to whoever may not, takes the word behind Bearer as Base64, and registers whoever logs in.
fn registry() -> Router {
    let good = format!("{KEY}ab=");
    let bytes = |text: &str| text.split('=').next().unwrap_or_default().to_owned();
    let holds = {
        let good = good.clone();
        move |headers: &HeaderMap| {
            presented(headers)
                .and_then(|line| line.strip_prefix("Bearer "))
                .is_some_and(|token| bytes(token) == bytes(&good))
        }
    };
    let hidden = || (StatusCode::NOT_FOUND, Json(json!({ "error": "not found" }))).into_response();
    let read = {
        let holds = holds.clone();
        move |headers: HeaderMap| async move {
            if holds(&headers) { Json(json!({ "orders": ["6c1f0a8e52d94b37"] })).into_response() } else { hidden() }
        }
    };
    let write = move |headers: HeaderMap, body: String| async move {
        match (holds(&headers), serde_json::from_str::<Value>(&body)) {
            (false, _) => hidden(),
            (true, Ok(_)) => (StatusCode::CREATED, Json(json!({ "id": "b07d3e9a41f8c265" }))).into_response(),
            (true, Err(_)) => StatusCode::BAD_REQUEST.into_response(),
        }
    };
    let login = move |Json(body): Json<Value>| async move {
        match (body["user"] == "alice-7f3e", body["password"] == SECRET) {
            (true, false) => refused("Bearer realm=\"a\""),
            _ => Json(json!({ "token": good })).into_response(),
        }
    };
    Router::new().route("/orders", get(read).post(write)).route("/login", axum::routing::post(login))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_words_for_no_and_other_bytes_behind_padding_are_no_findings() {
    let login = "{ request: { post: /login, json: { user: \"{username}\", password: \"{password}\" } }, token: /token, lifetime: never }";
    let yaml = format!(
        "scheme: bearer\ncredentials: {{ a: {{ username: alice-7f3e, password: \"{SECRET}\", login: {login} }} }}\n\
         resources: [{{ request: GET /orders }}, {{ request: POST /orders, json: {{ item: lamp }}, writes: true }}]\n\
         conformance: {{ include: [common.auth-before-input-validation, bearer.garbage-token-401, login.timing-user-enumeration] }}\n"
    );
    let ended = against(serve(registry()).await, &yaml, PROMPT).await;
    let result = ended.of("common.auth-before-input-validation");
    assert_eq!(result.verdict, Verdict::Pass, "{} {:?}", result.summary, result.deviations);
    let result = ended.of("bearer.garbage-token-401");
    assert!(result.deviations.iter().all(|text| !text.contains("granted")), "{:?}", result.deviations);
    let result = ended.of("login.timing-user-enumeration");
    assert_eq!(result.verdict, Verdict::NotTested, "{} {:?}", result.summary, result.deviations);
    assert!(result.summary.contains("may register users"), "{}", result.summary);
}
