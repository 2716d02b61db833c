//! Results of checks: one of each kind of verdict, and more of those that a report has to sort.

use authbench::check::{Level, Severity, Verdict};
use authbench::event::{CheckResult, Cited, EvidenceRecord, Help, Part, Role, SourcePlace, Waived};
use authbench::observe::{Marks, Outcome, RecordedExchange, RecordedHeader};

use super::HOSTILE;

/// The scenario that asks for these checks.
pub(crate) const FILE: &str = "scenarios/orders.yaml";

/// All results in the order of the catalogue.
pub(crate) fn results() -> Vec<CheckResult> {
    let mut results = vec![
        passed(
            "token.client-credentials-issues-token",
            "A good client obtains a token",
            Level::Must,
            "RFC 6749 §4.4.3",
        ),
        passed("token.response-no-store", "Token responses forbid caching", Level::Must, "RFC 6749 §5.1"),
        broken_control(),
        realm_waived(),
        error_code_warned(),
        passed(
            "bearer.revoked-token-401",
            "A revoked token is refused within the stated delay",
            Level::Should,
            "RFC 6750 §3.1",
        ),
        expired_accepted(),
        alg_none(),
        not_run("jwt.wrong-audience-refused", Verdict::NotTested, "material.other_audience_token is not declared"),
        not_run(
            "jwt.wrong-issuer-refused",
            Verdict::NotTested,
            "material.issuer_key is not declared: nothing can be signed",
        ),
        not_run(
            "jwt.ecdsa-encoding-strict",
            Verdict::NotTested,
            "material.issuer_key is not declared: nothing can be signed",
        ),
        not_run("mtls.valid-accepted", Verdict::NotApplicable, "the scheme under test uses no client certificates"),
        reviewed(),
        hostile(),
        case(),
    ];
    for id in [
        "bearer.lowercase-scheme-accepted",
        "bearer.empty-token-401",
        "bearer.two-headers-refused",
        "bearer.query-token-refused",
    ] {
        results.push(passed(id, "Requests that carry the token in an odd way", Level::Must, "RFC 6750 §2.1"));
    }
    results
}

fn plain(id: &str, title: &str, verdict: Verdict) -> CheckResult {
    CheckResult {
        id: id.to_owned(),
        title: title.to_owned(),
        group: id.split('.').next().unwrap_or_default().to_owned(),
        verdict,
        waived: None,
        level: Level::Must,
        severity: Severity::Medium,
        part: None,
        citations: vec![cited("RFC 6750 §3.1"), Cited { source: "CWE-287".to_owned(), url: None }],
        help: Some(Help {
            sends: "The token is altered in one place and sent again.".to_owned(),
            matters: "Whoever can alter a token and is let in can be anybody.".to_owned(),
            fix: "Verify the token before its content is believed, and refuse what fails.".to_owned(),
        }),
        place: SourcePlace { file: FILE.to_owned(), line: 14, column: 3 },
        summary: String::new(),
        expected: String::new(),
        seen: String::new(),
        deviations: Vec::new(),
        shown_by: None,
        replay: Vec::new(),
        needs_review: false,
        evidence: Vec::new(),
        statuses: Vec::new(),
        cells: Vec::new(),
        took_ms: 12.5,
    }
}

fn cited(source: &str) -> Cited {
    let (number, section) = source.trim_start_matches("RFC ").split_once(" §").unwrap_or(("9110", "1"));
    let url = format!("https://www.rfc-editor.org/rfc/rfc{number}.html#section-{section}");
    Cited { source: source.to_owned(), url: Some(url) }
}

fn header(name: &str, value: &str) -> RecordedHeader {
    RecordedHeader { name: name.to_owned(), value: value.to_owned() }
}

fn exchange(role: Role, label: &str, outcome: Outcome, status: Option<u16>) -> EvidenceRecord {
    let challenge = (status == Some(401)).then(|| header("WWW-Authenticate", "Bearer"));
    let response_headers = [header("Content-Type", "application/json")].into_iter().chain(challenge);
    EvidenceRecord {
        credential: None,
        forged: false,
        certificate_of: None,
        role,
        label: label.to_owned(),
        outcome,
        exchange: RecordedExchange {
            origin: None,
            method: "GET".to_owned(),
            target: "/orders".to_owned(),
            request_headers: vec![header("Host", "staging.example.test"), header("Authorization", "Bearer ···")],
            request_body: String::new(),
            status,
            response_headers: if status.is_some() { response_headers.collect() } else { Vec::new() },
            response_body: if status == Some(200) { r#"{"orders":[{"id":1}]}"#.to_owned() } else { String::new() },
            silence: status.is_none().then(|| "connection closed without a whole answer".to_owned()),
            took_us: 1840,
            marks: Marks {
                connect_us: (role == Role::ControlBefore).then_some(412),
                sent_us: Some(38),
                first_byte_us: status.map(|_| 1702),
                was_reset: false,
            },
        },
    }
}

/// A probe between two passing controls.
fn between_controls(label: &str, outcome: Outcome, status: Option<u16>) -> Vec<EvidenceRecord> {
    vec![
        exchange(Role::ControlBefore, "a good token", Outcome::Granted, Some(200)),
        exchange(Role::Probe, label, outcome, status),
        exchange(Role::ControlAfter, "a good token", Outcome::Granted, Some(200)),
    ]
}

fn passed(id: &str, title: &str, level: Level, source: &str) -> CheckResult {
    CheckResult {
        level,
        citations: vec![cited(source)],
        summary: "1 probe between 2 passing controls".to_owned(),
        evidence: between_controls("a changed token", Outcome::Refused, Some(401)),
        ..plain(id, title, Verdict::Pass)
    }
}

fn alg_none() -> CheckResult {
    CheckResult {
        severity: Severity::Critical,
        part: Some(Part::Access),
        citations: vec![cited("RFC 9068 §4"), cited("RFC 8725 §3.1")],
        summary: "unsigned tokens are accepted".to_owned(),
        expected: "rejected 401".to_owned(),
        seen: "accepted 200 in 1.8 ms".to_owned(),
        deviations: vec!["unsigned tokens are accepted".to_owned(), "the same with alg written as nOnE".to_owned()],
        shown_by: Some(1),
        evidence: between_controls("alg-none: an unsigned token", Outcome::Granted, Some(200)),
        ..plain("jwt.alg-none-refused", "Unsigned tokens are refused", Verdict::Fail)
    }
}

fn expired_accepted() -> CheckResult {
    CheckResult {
        severity: Severity::High,
        part: Some(Part::Access),
        summary: "a token is accepted 3 s after it expired".to_owned(),
        expected: "rejected 401".to_owned(),
        seen: "accepted 200 in 2.1 ms".to_owned(),
        shown_by: Some(1),
        evidence: between_controls("expired 3 s ago", Outcome::Granted, Some(200)),
        place: SourcePlace { file: FILE.to_owned(), line: 22, column: 3 },
        ..plain("jwt.expired-refused", "Expired tokens are refused", Verdict::Fail)
    }
}

fn realm_waived() -> CheckResult {
    CheckResult {
        severity: Severity::Low,
        part: Some(Part::Protocol),
        waived: Some(Waived {
            reason: "the gateway emits a bare challenge, fix planned".to_owned(),
            owner: "platform-team".to_owned(),
            expires: "2027-02-01".to_owned(),
            ticket: Some("PLAT-123".to_owned()),
            approved_by: None,
        }),
        citations: vec![cited("RFC 6750 §3")],
        summary: "the challenge has no parameter".to_owned(),
        expected: "WWW-Authenticate: Bearer realm=…".to_owned(),
        seen: "rejected 401 in 1.8 ms".to_owned(),
        shown_by: Some(1),
        evidence: between_controls("no credential", Outcome::Refused, Some(401)),
        ..plain("bearer.challenge-has-param", "A Bearer challenge has at least one parameter", Verdict::Fail)
    }
}

fn error_code_warned() -> CheckResult {
    CheckResult {
        level: Level::Should,
        severity: Severity::Low,
        part: Some(Part::Protocol),
        summary: "the challenge has no error code".to_owned(),
        expected: "rejected error=\"invalid_token\"".to_owned(),
        seen: "rejected 401 in 1.8 ms".to_owned(),
        shown_by: Some(1),
        evidence: between_controls("a token that does not exist", Outcome::Refused, Some(401)),
        ..plain("bearer.invalid-token-code", "The challenge says invalid_token", Verdict::Warn)
    }
}

fn broken_control() -> CheckResult {
    CheckResult {
        summary: "the control before the probes failed: a good token: rejected 429 in 1.8 ms".to_owned(),
        expected: "granted".to_owned(),
        shown_by: Some(0),
        evidence: vec![exchange(Role::ControlBefore, "a good token", Outcome::Refused, Some(429))],
        ..plain("token.bad-secret-limit", "Guessing a secret is slowed down", Verdict::Inconclusive)
    }
}

fn reviewed() -> CheckResult {
    CheckResult {
        level: Level::May,
        severity: Severity::Info,
        summary: "the introspection endpoint answers for a token of another resource server".to_owned(),
        needs_review: true,
        ..plain("introspect.foreign-rs-inactive", "A foreign token is inactive", Verdict::Info)
    }
}

/// A finding whose every text comes from a server that wants to harm the reader.
fn hostile() -> CheckResult {
    let mut probe = exchange(Role::Probe, &format!("a header: {HOSTILE}"), Outcome::Broke, Some(500));
    probe.exchange.response_body = HOSTILE.to_owned();
    probe.exchange.response_headers = vec![header("X-Powered-By", HOSTILE)];
    CheckResult {
        level: Level::Practice,
        severity: Severity::Low,
        part: Some(Part::Protocol),
        citations: vec![Cited { source: "OWASP API8:2023".to_owned(), url: Some("javascript:alert(1)".to_owned()) }],
        summary: format!("the answer says {HOSTILE}"),
        expected: "rejected 400 or 401".to_owned(),
        seen: format!("broke 500: {HOSTILE}"),
        shown_by: Some(0),
        evidence: vec![probe],
        ..plain("common.malformed-credential-never-5xx", "A malformed credential is no server error", Verdict::Fail)
    }
}

fn case() -> CheckResult {
    CheckResult {
        level: Level::Practice,
        severity: Severity::High,
        part: Some(Part::Access),
        citations: Vec::new(),
        help: None,
        summary: "POST /orders is accepted with the credential reader".to_owned(),
        expected: "rejected 403".to_owned(),
        seen: "accepted 201 in 4.2 ms".to_owned(),
        shown_by: Some(0),
        evidence: vec![exchange(Role::Probe, "the credential reader", Outcome::Granted, Some(201))],
        place: SourcePlace { file: FILE.to_owned(), line: 48, column: 5 },
        ..plain("case.a reader cannot write", "A reader cannot write", Verdict::Fail)
    }
}

fn not_run(id: &str, verdict: Verdict, why: &str) -> CheckResult {
    let title = "A token made for somebody else is refused";
    CheckResult { summary: why.to_owned(), took_ms: 0.0, ..plain(id, title, verdict) }
}
