//! One cause is one finding, however many checks it affects; and what is a matter of how an API says no is none.

use std::fmt::Write as _;

use authbench::clock::unix_seconds;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::Value;

use super::correct::{self, Route, Visit};
use super::http::{Answer, Reply, Request};
use super::schemes::{AUDIENCE, Caller, SECRET, Scheme};
use super::trial::{self, Ended};

/// A server with one thing of its own.
struct Case {
    name: &'static str,
    scheme: Scheme,
    other: fn(&Visit<'_>) -> Option<Reply>,
    /// How the scenario declares a refusal.
    refusal: &'static str,
    findings: usize,
    exit: u8,
}

const CASES: [Case; 8] = [
    Case { name: "correct", scheme: Scheme::ApiKey, other: |_| None, refusal: "", findings: 0, exit: 0 },
    Case { name: "an open route", scheme: Scheme::ApiKey, other: open_route, refusal: "", findings: 1, exit: 1 },
    Case { name: "any key accepted", scheme: Scheme::ApiKey, other: any_key, refusal: "", findings: 1, exit: 1 },
    Case {
        name: "401 where the profile wants 403",
        scheme: Scheme::ApiKey,
        other: other_status,
        refusal: "",
        findings: 1,
        exit: 1,
    },
    Case {
        name: "a login page with 200, undeclared",
        scheme: Scheme::ApiKey,
        other: login_page,
        refusal: "",
        findings: 0,
        exit: 5,
    },
    Case {
        name: "a login page with 200, declared",
        scheme: Scheme::ApiKey,
        other: login_page,
        refusal: ", refusal: { status: 200, text: Please log in }",
        findings: 0,
        exit: 0,
    },
    Case {
        name: "500 on every malformed credential",
        scheme: Scheme::ApiKey,
        other: breaks,
        refusal: "",
        findings: 1,
        exit: 1,
    },
    Case {
        name: "alg: none accepted and exp ignored",
        scheme: Scheme::Jwt,
        other: two_faults,
        refusal: "",
        findings: 2,
        exit: 1,
    },
];

fn granted(visit: &Visit<'_>) -> Option<Reply> {
    visit.refusal.is_some().then(|| visit.content().into())
}

fn open_route(visit: &Visit<'_>) -> Option<Reply> {
    granted(visit).filter(|_| visit.route == Route::Export)
}

fn any_key(visit: &Visit<'_>) -> Option<Reply> {
    let sent = visit.request.headers().any(|(name, key)| name.eq_ignore_ascii_case("x-api-key") && !key.is_empty());
    granted(visit).filter(|_| sent && visit.caller == Caller::Unknown)
}

fn other_status(visit: &Visit<'_>) -> Option<Reply> {
    let refusal = visit.refusal.clone().filter(|_| visit.caller == Caller::Unknown)?;
    Some(Answer { status: 401, ..refusal }.into())
}

fn login_page(visit: &Visit<'_>) -> Option<Reply> {
    let page =
        "<!doctype html>\n<title>Log in</title>\n<h1>Please log in</h1>\n<form method=post action=/login></form>\n";
    let page = Answer::empty(200).with("text/html; charset=utf-8", page).header("Cache-Control", "no-store");
    visit.refusal.is_some().then(|| page.into()).filter(|_| visit.caller == Caller::Nobody)
}

/// A key has 23 characters; an index into what is shorter, or a table of what is in it, ends in an error nobody catches.
fn breaks(visit: &Visit<'_>) -> Option<Reply> {
    let well_formed =
        |key: &str| key.len() == 23 && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let key = visit.request.header("x-api-key");
    (visit.caller == Caller::Unknown && !key.is_some_and(well_formed)).then(|| Answer::empty(500).into())
}

fn two_faults(visit: &Visit<'_>) -> Option<Reply> {
    let claims = visit.refusal.as_ref().and_then(|_| claims_of(visit.request))?;
    let scope = claims["scope"].as_str().unwrap_or_default();
    let may = visit.route != Route::Write || scope.split(' ').any(|one| one == "write:orders");
    granted(visit).filter(|_| may)
}

/// The claims of a token that is signed, or says that it need not be; nobody looks when it ends.
fn claims_of(request: &Request) -> Option<Value> {
    let token = request.authorization("bearer")?;
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["aud"]);
    validation.validate_exp = false;
    validation.validate_nbf = true;
    let part = |at: usize| {
        let decoded = URL_SAFE_NO_PAD.decode(token.split('.').nth(at)?).ok()?;
        serde_json::from_slice::<Value>(&decoded).ok()
    };
    let (header, claims) = (part(0)?, part(1)?);
    let unsigned = header["alg"].as_str()?.eq_ignore_ascii_case("none") && claims["aud"] == AUDIENCE;
    let key = DecodingKey::from_secret(SECRET.as_bytes());
    let verified = || decode::<Value>(token, &key, &validation).is_ok();
    let issued_later = claims["iat"].as_i64().is_some_and(|issued| issued > unix_seconds() + 5);
    let sane = header.get("crit").is_none() && !issued_later && claims["sub"].is_string();
    (sane && (unsigned || verified())).then_some(claims)
}

fn run(case: &Case) -> Ended {
    let server = correct::start(case.scheme, case.other);
    let refusal = case.refusal;
    let scenario = format!(
        "authbench: 1\nname: findings\ntarget: {{ url: \"http://{}\", owned: true }}\n{}\
         resources:\n  - {{ request: GET /orders, scopes: [\"read:orders\"]{refusal} }}\n  \
         - {{ request: GET /orders/export, scopes: [\"read:orders\"]{refusal} }}\n  \
         - {{ request: POST /orders, scopes: [\"write:orders\"], json: {{ item: 1 }}, writes: true{refusal} }}\n  \
         - {{ request: GET /health, public: true }}\n",
        server.address,
        case.scheme.scenario()
    );
    trial::of(&scenario, &mut |_| {})
}

#[test]
fn one_cause_is_one_finding() {
    let ended = trial::all(&CASES, run);
    let (mut table, mut faults) = (String::new(), String::new());
    for (case, ended) in CASES.iter().zip(&ended) {
        let _ = writeln!(table, "{}: {} findings, exit {}", case.name, ended.findings.len(), ended.exit.code());
        for finding in &ended.findings {
            let (check, verdict, cause) = (&finding.check, finding.verdict, finding.cause.name());
            let _ = writeln!(table, "  {verdict} {check} at {} {}: {cause}", finding.method, finding.endpoint);
        }
        if (ended.findings.len(), ended.exit.code()) != (case.findings, case.exit) {
            let _ = writeln!(faults, "{}: {} findings, exit {}\n{}", case.name, case.findings, case.exit, ended.told());
        }
    }
    insta::assert_snapshot!(table);
    assert!(faults.is_empty(), "expected otherwise:\n{faults}");
}
