//! How grave a finding is, and answers that were read wrongly once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use authbench::check::{Severity, Verdict};
use authbench::run::selftest::Trial;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse as _;
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{PROMPT, against, presented, refused, serve};

const PASSWORD: &str = "correct-Horse-7-battery";
const TOKEN: &str = "t-5b9fa81c0f7d4e62";

#[test]
fn the_severity_is_that_of_what_was_lost() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runs");
    for (scheme, fault, check, severity) in [
        ("session", "login-ignores-case", "login.near-miss-refused", Severity::High),
        ("session", "login-trims-password", "login.near-miss-refused", Severity::Low),
        ("session", "login-ends-at-nul", "login.near-miss-refused", Severity::Low),
        ("session", "csrf-token-of-anybody", "session.csrf-token-bound", Severity::High),
        ("session", "csrf-token-of-cookie", "session.csrf-token-bound", Severity::Low),
        ("api-key", "nul-truncation", "apikey.control-bytes-rejected", Severity::Low),
        ("jwt", "any-alg-of-key-type", "jwt.alg-allow-list", Severity::Low),
        // the tokens of the reference name an audience
        ("jwt", "jwt-audience-ignored", "jwt.aud-enforced", Severity::Critical),
        ("oauth2-client-credentials", "open-introspection", "introspect.requires-authorization", Severity::High),
        (
            "oauth2-client-credentials",
            "introspection-inactive-for-anybody",
            "introspect.requires-authorization",
            Severity::Low,
        ),
    ] {
        let alg = (fault == "any-alg-of-key-type").then_some("RS256");
        let trial = Trial { alg, faults: vec![fault], checks: vec![check], ..Trial::of(scheme) };
        let ended = runtime.block_on(trial.run()).expect("the trial runs");
        let result = ended.results.iter().find(|result| result.id == check).expect("ran");
        assert_eq!((result.verdict, result.severity), (Verdict::Fail, severity), "{fault}: {}", result.summary);
    }
}

/// bcrypt reads 72 bytes of a password; the greeting names the user.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_to_another_account_counts_where_it_is_the_one_that_its_password_had() {
    const CHECK: &str = "basic.long-password-not-truncated";
    const LONG: &str = "lab-Password-5-abcdefghijklmnopqrstuvwxyz-0123456789-abcdefghijklmnopqrstuvwxyz";
    let guarded = |headers: HeaderMap| async move {
        let pair = presented(&headers).and_then(|field| {
            let value = field.strip_prefix("Basic ")?;
            String::from_utf8(STANDARD.decode(value).ok()?).ok()
        });
        match pair.as_deref().and_then(|pair| pair.split_once(':')) {
            Some(("alice", PASSWORD)) => "Hello alice, your order is c41f7a90d2".into_response(),
            Some(("eric", password)) if password.get(..72) == LONG.get(..72) => {
                "Hello eric, your order is 7be210ff35".into_response()
            }
            _ => refused("Basic realm=\"a\""),
        }
    };
    let yaml = format!(
        "scheme: basic\ncredentials: {{ alice: {{ username: alice, password: {PASSWORD} }} }}\nresources: [{{ request: GET /orders }}]\n\
         material: {{ long_password_account: {{ username: eric, password: \"{LONG}\" }} }}\nconformance: {{ include: [{CHECK}] }}\n"
    );
    let ended = against(serve(Router::new().route("/orders", get(guarded))).await, &yaml, PROMPT).await;
    let result = ended.of(CHECK);
    assert_eq!(result.verdict, Verdict::Fail, "{} {:?}", result.summary, result.deviations);
}

/// Express answers If-None-Match for whatever it sends with 200, a page with a form as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conditions_of_a_page_for_everybody_are_its_own() {
    const CHECK: &str = "common.conditions-after-auth";
    let guarded = |headers: HeaderMap| async move {
        if headers.contains_key("if-none-match") {
            return StatusCode::NOT_MODIFIED.into_response();
        }
        match presented(&headers) {
            Some("Bearer t-5b9fa81c0f7d4e62") => "Hello alice, your order is c41f7a90d2".into_response(),
            _ => "<form action=login>".into_response(),
        }
    };
    let yaml = format!(
        "scheme: bearer\ncredentials: {{ alice: {{ token: {TOKEN} }} }}\n\
         resources: [{{ request: GET /, success: {{ text: Hello }}, refusal: {{ text: \"<form\" }} }}]\n\
         conformance: {{ include: [{CHECK}] }}\n"
    );
    let ended = against(serve(Router::new().route("/", get(guarded))).await, &yaml, PROMPT).await;
    let result = ended.of(CHECK);
    assert_eq!(result.verdict, Verdict::Pass, "{} {:?}", result.summary, result.deviations);
}

/// A store that one request at a time can use.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_breaks_beside_other_requests_is_asked_alone() {
    let busy = Arc::new(tokio::sync::Mutex::new(()));
    let guarded = move |headers: HeaderMap| {
        let busy = busy.clone();
        async move {
            let Ok(_store) = busy.try_lock() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
            // as long as its store takes
            tokio::time::sleep(Duration::from_millis(20)).await;
            match presented(&headers) {
                Some("Bearer t-5b9fa81c0f7d4e62") => Json(json!({ "account": "6c1f0a8e52d94b37" })).into_response(),
                _ => refused("Bearer realm=\"a\", error=\"invalid_token\""),
            }
        }
    };
    let checks = ["bearer.garbage-token-401", "bearer.metacharacters-denied", "common.malformed-credential-never-5xx"];
    let yaml = format!(
        "scheme: bearer\ncredentials: {{ alice: {{ token: {TOKEN} }} }}\nresources: [{{ request: GET /account }}]\n\
         conformance: {{ include: [{}] }}\n",
        checks.join(", ")
    );
    let ended = against(serve(Router::new().route("/account", get(guarded))).await, &yaml, PROMPT).await;
    for check in checks {
        let result = ended.of(check);
        assert!(!result.summary.contains("breaks"), "{check}: {} {:?}", result.summary, result.deviations);
    }
    assert_eq!(ended.of("common.malformed-credential-never-5xx").verdict, Verdict::Pass);
}

/// The first route of the scenario is open to everybody; what is wrong behind the others is found as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_route_hides_no_other_mistake() {
    const SPOOFED: &str = "common.identity-header-spoof";
    let open = || async { Json(json!({ "account": "6c1f0a8e52d94b37", "plan": "yearly-unlimited" })) };
    let guarded = |headers: HeaderMap| async move {
        match presented(&headers) {
            Some("Bearer t-5b9fa81c0f7d4e62") => {}
            _ if headers.contains_key("x-forwarded-user") => {}
            _ => return refused("Bearer realm=\"a\""),
        }
        Json(json!({ "invoice": "90e4c7b1d2538f6a", "sum": "twelve hundred" })).into_response()
    };
    let yaml = format!(
        "scheme: bearer\ncredentials: {{ alice: {{ token: {TOKEN} }} }}\n\
         resources: [{{ request: GET /account }}, {{ request: GET /invoice }}]\n\
         conformance: {{ include: [common.protected-route-denies-anonymous, {SPOOFED}] }}\n"
    );
    let router = Router::new().route("/account", get(open)).route("/invoice", get(guarded));
    let ended = against(serve(router).await, &yaml, PROMPT).await;
    let mut found: Vec<(&str, &str)> =
        ended.findings.iter().map(|(check, endpoint)| (check.as_str(), endpoint.as_str())).collect();
    found.sort_unstable();
    assert_eq!(found, [(SPOOFED, "/invoice"), ("common.protected-route-denies-anonymous", "/account")]);
}

/// A server that has no time for every third request, and says when it has (RFC 6585 §4).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_had_no_time_for_is_asked_again() {
    const CHECK: &str = "bearer.garbage-token-401";
    for (retry, verdict) in [(Some("0"), Verdict::Pass), (None, Verdict::Inconclusive)] {
        let asked = Arc::new(AtomicUsize::new(0));
        let guarded = move |headers: HeaderMap| {
            let asked = asked.clone();
            async move {
                if asked.fetch_add(1, Ordering::Relaxed) % 3 == 2 {
                    let later = StatusCode::TOO_MANY_REQUESTS;
                    return match retry {
                        Some(seconds) => (later, [(header::RETRY_AFTER, seconds)]).into_response(),
                        None => later.into_response(),
                    };
                }
                match presented(&headers) {
                    Some("Bearer t-5b9fa81c0f7d4e62") => Json(json!({ "account": "6c1f0a8e52d94b37" })).into_response(),
                    _ => refused("Bearer realm=\"a\", error=\"invalid_token\""),
                }
            }
        };
        let yaml = format!(
            "scheme: bearer\ncredentials: {{ alice: {{ token: {TOKEN} }} }}\nresources: [{{ request: GET /account }}]\n\
             conformance: {{ include: [{CHECK}] }}\n"
        );
        let ended = against(serve(Router::new().route("/account", get(guarded))).await, &yaml, PROMPT).await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, verdict, "{retry:?}: {} {:?}", result.summary, result.deviations);
    }
}
