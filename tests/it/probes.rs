//! Probes that were missing: each deviation is found once, in its place, under the name of what it is.

use authbench::check::{Severity, Verdict};
use authbench::event::{CheckResult, Finding};
use authbench::reference::{Config, start};
use authbench::run::selftest::{Ended, Trial};
use authbench::seed::IDENTITIES;

use crate::judged;

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
        assert_eq!(result.verdict, Verdict::Info, "{fault}");
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
    for fault in ["crashes-without-sub", "crashes-on-nesting", "crashes-on-claim-types"] {
        let ended = ended("jwt", &[fault], &checks);
        let found: Vec<_> = ended.findings.iter().map(|one| (one.check.as_str(), one.cause.name())).collect();
        assert_eq!(found, [(checks[0], "server-error")], "{fault}");
        let named = one(&ended, checks[0]).summary.contains("each time (a number for tenant)");
        assert_eq!(named, fault == "crashes-on-claim-types", "{}", one(&ended, checks[0]).summary);
    }
}

#[test]
fn a_client_that_an_endpoint_refuses_without_its_challenge_is_one_finding() {
    let checks = ["common.401-carries-challenge", "introspect.requires-authorization", "revoke.client-auth-required"];
    for (fault, says) in [
        ("introspect-without-challenge", "401 without a challenge"),
        ("introspect-bearer-challenge", "401 without a Basic challenge"),
        ("revoke-without-challenge", "401 without a challenge"),
        ("revoke-bearer-challenge", "401 without a Basic challenge"),
    ] {
        let ended = ended("oauth2-client-credentials", &[fault], &checks);
        let result = one(&ended, checks[0]);
        assert!(matches!(result.verdict, Verdict::Fail | Verdict::Warn), "{fault}: {}", result.summary);
        assert!(result.summary.contains(says), "{fault}: {}", result.summary);
        assert_eq!(ended.findings.len(), 1, "{fault}: {:#?}", ended.findings);
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

#[test]
fn a_failed_client_that_gets_400_is_one_finding_over_the_endpoints() {
    let checks = ["token.bad-secret-basic-401", "introspect.requires-authorization", "revoke.client-auth-required"];
    let ended = ended("oauth2-client-credentials", &["invalid-client-400"], &checks);
    assert_eq!(told(&ended.findings), [("client-status", checks[0], ENDPOINTS.to_vec())]);
}

#[test]
fn a_challenge_of_another_scheme_is_told_for_what_it_is() {
    let check = "introspect.requires-authorization";
    let ended = ended("oauth2-client-credentials", &["introspect-bearer-challenge"], &[check]);
    let result = one(&ended, check);
    assert_eq!(result.verdict, Verdict::Fail);
    assert!(result.summary.contains("401 without a Basic challenge"), "{}", result.summary);
}

#[test]
fn errors_that_say_nothing_of_caches_are_a_remark_outside_the_letter_of_the_rfcs() {
    let check = "token.error-no-store";
    let ended = ended("oauth2-client-credentials", &["cacheable-token-error"], &[check]);
    let result = one(&ended, check);
    assert_eq!(result.verdict, Verdict::Info, "{}", result.summary);
    assert!(result.summary.contains("no-store"), "{}", result.summary);
}

/// The reference as a stranger, with one client whose credentials need no form encoding.
async fn form_decoding(faults: &[&str], client_auth: &str) -> CheckResult {
    let faults = faults.iter().map(|fault| (*fault).to_owned()).collect();
    let running = start(Config { faults, ..Config::default() }).await.expect("starts");
    let scenario = format!(
        "authbench: 1\nname: probes\ntarget: {{ url: \"{}\" }}\n\
         scheme: {{ oauth2-client-credentials: {{ token_url: /oauth2/token, client_auth: {client_auth} }} }}\n\
         credentials: {{ a: {{ client_id: service, client_secret: \"${{S:-{}}}\" }} }}\n\
         resources: [{{ request: GET /oauth2/orders }}]\nconformance: {{ include: [token.basic-form-decoding] }}\n",
        running.url(),
        IDENTITIES[0].client_secret
    );
    let result = judged::check(&scenario, "token.basic-form-decoding").await;
    running.stop().await;
    result
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn form_decoding_shows_without_a_client_that_needs_it() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let correct = form_decoding(&[], "basic").await;
    assert_eq!(correct.verdict, Verdict::Pass, "{}", correct.summary);
    let faulty = form_decoding(&["no-form-decode"], "basic").await;
    assert_eq!(faulty.verdict, Verdict::Fail, "{}", faulty.summary);
    // how a server reads what its clients do not send is not asked
    let other = form_decoding(&[], "post").await;
    assert_eq!(other.verdict, Verdict::NotTested, "{}", other.summary);
    assert!(other.summary.contains("HTTP Basic"), "{}", other.summary);
}

#[test]
fn an_end_that_is_taken_for_none_is_named_and_is_no_expiry_that_nobody_compares() {
    let checks = ["jwt.exp-enforced", "jwt.numeric-date-types"];
    for (fault, text) in
        [("exp-zero-is-none", "an exp of 0 is taken for a missing one"), ("exp-word-is-none", "an exp that is a word")]
    {
        let ended = ended("jwt", &[fault], &checks);
        assert_eq!(one(&ended, checks[0]).verdict, Verdict::Pass, "{fault}");
        let dates = one(&ended, checks[1]);
        assert_eq!((dates.verdict, dates.severity), (Verdict::Fail, Severity::Medium), "{fault}");
        assert!(dates.summary.contains(text), "{fault}: {}", dates.summary);
        assert_eq!(ended.findings.len(), 1, "{fault}: {:#?}", ended.findings);
    }
}

#[test]
fn an_expiry_that_nobody_compares_is_one_finding() {
    let checks = ["jwt.exp-enforced", "jwt.numeric-date-types"];
    let ended = ended("jwt", &["jwt-accepts-expired-token"], &checks);
    let resources = ["/jwt/es256/account", "/jwt/es256/orders", "/jwt/es256/tenants/a/orders"];
    assert_eq!(told(&ended.findings), [("time", checks[0], resources.to_vec())]);
}

#[test]
fn look_alike_scopes_are_found_where_rights_come_from_the_scope_and_nowhere_else() {
    let checks = ["jwt.scope-match-exact", "bearer.insufficient-scope-403"];
    let substring = ended("jwt", &["scope-substring"], &checks);
    assert_eq!(one(&substring, checks[0]).verdict, Verdict::Fail);
    let open = ended("jwt", &["scope-not-enforced"], &checks);
    assert_eq!(one(&open, checks[0]).verdict, Verdict::NotApplicable);
    assert_eq!(one(&open, checks[1]).verdict, Verdict::Fail);
}
