//! Probes that were missing: each deviation is found once, in its place, under the name of what it is.

use authbench::check::{Severity, Verdict};
use authbench::event::{CheckResult, Finding};
use authbench::run::selftest::{Ended, Trial};

/// These checks against the reference with these faults, under the default profile.
fn ended(scheme: &'static str, faults: &[&'static str], checks: &[&'static str]) -> Ended {
    let trial = Trial { profile: "api-key-403", faults: faults.to_vec(), checks: checks.to_vec(), ..Trial::of(scheme) };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(trial.run()).expect("the trial runs")
}

fn one<'a>(ended: &'a Ended, id: &str) -> &'a CheckResult {
    ended.results.iter().find(|result| result.id == id).unwrap_or_else(|| panic!("{id} did not run"))
}

/// Cause, check and places of each finding.
fn told(findings: &[Finding]) -> Vec<(&str, &str, Vec<&str>)> {
    findings
        .iter()
        .map(|one| {
            let mut places: Vec<&str> = one.cells.iter().map(|cell| cell.endpoint.as_str()).collect();
            places.sort_unstable();
            places.dedup();
            (one.cause.name(), one.check.as_str(), places)
        })
        .collect()
}

const CLIENT_SCHEME: [&str; 3] =
    ["token.client-scheme-name", "introspect.client-scheme-name", "revoke.client-scheme-name"];
const ENDPOINTS: [&str; 3] = ["/oauth2/introspect", "/oauth2/revoke", "/oauth2/token"];

#[test]
fn how_a_server_reads_the_scheme_name_of_clients_is_one_finding_over_its_endpoints() {
    for (fault, cause) in
        [("client-scheme-ignored", "client-scheme"), ("client-case-sensitive-scheme", "client-scheme-spelling")]
    {
        let ended = ended("oauth2-client-credentials", &[fault], &CLIENT_SCHEME);
        assert_eq!(told(&ended.findings), [(cause, CLIENT_SCHEME[0], ENDPOINTS.to_vec())], "{fault}");
    }
}

#[test]
fn one_space_after_the_scheme_name_shuts_nobody_out_who_writes_what_clients_write() {
    for (scheme, fault, check) in [
        ("basic", "basic-one-space", "basic.scheme-case-insensitive"),
        ("bearer", "bearer-one-space", "bearer.scheme-case-insensitive"),
    ] {
        let ended = ended(scheme, &[fault], &[check]);
        let result = one(&ended, check);
        assert!(result.summary.contains("two spaces"), "{fault}: {}", result.summary);
        assert_eq!(result.verdict, Verdict::Pass, "{fault}");
    }
}

#[test]
fn a_second_spelling_of_a_key_is_no_second_key() {
    let ended = ended("api-key", &["unquotes-key"], &["apikey.near-miss-denied"]);
    let result = one(&ended, "apikey.near-miss-denied");
    assert_eq!((result.verdict, result.severity), (Verdict::Warn, Severity::Low), "{}", result.summary);
    assert!(result.summary.contains("quotation marks"), "{}", result.summary);
}

#[test]
fn each_way_in_by_another_password_is_one_finding() {
    let checks = ["basic.wrong-password-denied", "basic.other-accounts-password-denied", "basic.injection-denied"];
    for (fault, check) in
        [("user-only-check", checks[0]), ("password-of-anybody", checks[1]), ("basic-ldap-filter", checks[2])]
    {
        let ended = ended("basic", &[fault], &checks);
        let found: Vec<&str> = ended.findings.iter().map(|finding| finding.check.as_str()).collect();
        assert_eq!(found, [check], "{fault}");
    }
}

#[test]
fn what_is_no_token_is_one_finding_of_its_own() {
    let checks = ["bearer.garbage-token-401", "bearer.metacharacters-denied", "bearer.malformed-header"];
    for fault in ["bearer-like-query", "bearer-null-token", "bearer-normalises-tokens"] {
        let ended = ended("bearer", &[fault], &checks);
        let found: Vec<&str> = ended.findings.iter().map(|finding| finding.check.as_str()).collect();
        assert_eq!(found, ["bearer.metacharacters-denied"], "{fault}");
    }
}

#[test]
fn a_server_that_breaks_on_a_claim_that_is_not_there_is_one_finding() {
    let checks = ["jwt.unusual-claims-never-5xx", "jwt.iss-enforced", "jwt.claim-type-confusion-safe"];
    for fault in ["crashes-without-sub", "crashes-on-nesting"] {
        let ended = ended("jwt", &[fault], &checks);
        let found: Vec<_> = ended.findings.iter().map(|one| (one.check.as_str(), one.cause.name())).collect();
        assert_eq!(found, [(checks[0], "server-error")], "{fault}");
    }
}

#[test]
fn an_introspection_that_refuses_a_token_for_its_claims_is_one_finding() {
    let checks = ["introspect.unknown-token-inactive", "introspect.unusual-jwt-answered"];
    let ended = ended("oauth2-client-credentials-jwt", &["introspect-401-without-sub"], &checks);
    assert_eq!(ended.findings.len(), 1, "{:#?}", ended.findings);
    let unusual = one(&ended, checks[1]);
    assert!(unusual.summary.contains("a JWT without sub: answered 401"), "{}", unusual.summary);
}

#[test]
fn opaque_tokens_have_no_claims_to_be_unusual() {
    let checks = ["introspect.unusual-jwt-answered", "introspect.not-yet-valid-inactive"];
    let ended = ended("oauth2-client-credentials", &[], &checks);
    for check in checks {
        let result = one(&ended, check);
        assert_eq!(result.verdict, Verdict::NotApplicable, "{check}: {}", result.summary);
    }
}
