//! Clients of an authorization server that authenticate by certificates, and tokens that are bound to them (RFC 8705 §2, §3).

use authbench::check::Verdict;
use authbench::event::{CheckResult, Event};
use authbench::exit::Exit;
use authbench::run::{Launch, Only, Options, prepare, run};
use authbench::scenario::{NoVariables, load_text};

const BINDING: &str = "mtls.client-binding-at-token-endpoint";
const THUMBPRINT: &str = "mtls.issued-token-has-thumbprint";
const BOUND: &str = "mtls.bound-token-needs-certificate";
const ALIAS: &str = "meta.mtls-aliases";

/// The results of a scenario against the reference.
async fn results(reference: &str, scheme: &str, rest: &str) -> (Vec<CheckResult>, Exit) {
    let text = format!(
        "authbench: 1\nname: bound\ntarget: {{ reference: {{ {reference} }} }}\n\
         scheme: {{ oauth2-client-credentials: {{ {scheme} }} }}\n{rest}"
    );
    let loaded = load_text("bound.yaml".to_owned(), text).map_err(|errors| told(&errors)).expect("is a scenario");
    let options = Options { only: Some(Only::Conformance), ..Options::new(Launch::InProcess) };
    let ready = prepare(vec![loaded], Some(&NoVariables), &options).map_err(|errors| told(&errors)).expect("is ready");
    let mut results = Vec::new();
    let mut take = |event| {
        if let Event::CheckFinished(result) = event {
            results.push(*result);
        }
    };
    let exit = Box::pin(run(ready, &options, &mut take)).await;
    (results, exit)
}

fn told(errors: &[authbench::scenario::ScenarioError]) -> String {
    errors.iter().map(|error| error.render(false)).collect()
}

fn of<'r>(results: &'r [CheckResult], id: &str) -> &'r CheckResult {
    results.iter().find(|result| result.id == id).unwrap_or_else(|| panic!("{id} did not run"))
}

const ONLY: &str = "conformance: { include: [\"mtls.*\", meta.mtls-aliases] }\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correct_server_passes_with_either_kind_of_certificate_and_of_token() {
    for method in ["tls-client-auth", "self-signed-tls-client-auth"] {
        for form in ["opaque", "jwt"] {
            let (results, exit) = results("", &format!("client_auth: {method}, access_token: {form}"), ONLY).await;
            assert_eq!(exit, Exit::Passed, "{method}, {form}");
            for id in [BINDING, THUMBPRINT, BOUND, ALIAS] {
                let result = of(&results, id);
                assert_eq!(result.verdict, Verdict::Pass, "{method}, {form}: {id}: {}", result.summary);
            }
            // what certificates open by themselves is a topic of another scheme
            assert!(results.iter().all(|result| result.id != "mtls.missing-certificate-refused"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_may_be_bound_to_a_certificate_and_to_a_key() {
    let scheme = "client_auth: tls-client-auth, dpop: { alg: ES256 }";
    let (results, exit) = results("", scheme, "conformance: { include: [\"mtls.*\", \"dpop.*\"] }\n").await;
    assert_eq!(exit, Exit::Passed);
    assert_eq!(of(&results, "dpop.ath-verified").verdict, Verdict::Pass);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_is_found_with_either_kind_of_token_and_by_its_check_alone() {
    for form in ["opaque", "jwt"] {
        for (fault, check, expected) in [
            ("any-trusted-cert", BINDING, Verdict::Fail),
            ("thumbprint-of-pem", THUMBPRINT, Verdict::Fail),
            ("cnf-ignored", BOUND, Verdict::Fail),
            ("dead-alias", ALIAS, Verdict::Warn),
        ] {
            let scheme = format!("client_auth: tls-client-auth, access_token: {form}");
            let (results, _) = results(&format!("faults: [{fault}]"), &scheme, ONLY).await;
            for result in &results {
                let expected = if result.id == check { expected } else { Verdict::Pass };
                let is_as_expected =
                    result.verdict == expected || (result.id != check && result.verdict == Verdict::Info);
                assert!(is_as_expected, "{fault}, {form}: {}: {}: {}", result.id, result.verdict, result.summary);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_takes_any_certificate_takes_that_of_another_client_and_of_another_subject() {
    let (results, _) = results("faults: [any-trusted-cert]", "client_auth: tls-client-auth", ONLY).await;
    let granted = of(&results, BINDING).evidence.iter().filter(|record| {
        record.role == authbench::event::Role::Probe && record.outcome == authbench::observe::Outcome::Granted
    });
    let granted: Vec<&str> = granted.map(|record| record.label.as_str()).collect();
    assert_eq!(granted, ["the certificate of another client", "a certificate of the same CA for another subject"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_certificates_nothing_is_said_about_them() {
    let (results, exit) = results("", "", "conformance: { include: [\"token.*\", \"mtls.*\"] }\n").await;
    assert_eq!(exit, Exit::Passed);
    assert!(!results.is_empty() && results.iter().all(|result| !result.id.starts_with("mtls.")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_check_of_a_scheme_runs_with_clients_that_have_certificates_alone() {
    let (results, exit) = results("", "client_auth: tls-client-auth", "").await;
    let wrong = results.iter().filter(|result| matches!(result.verdict, Verdict::Fail | Verdict::Inconclusive));
    let wrong: Vec<String> = wrong.map(|result| format!("{}: {}", result.id, result.summary)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(exit, Exit::Passed);
}

#[test]
fn a_client_without_a_certificate_is_a_mistake_of_the_scenario() {
    let text = "authbench: 1\nname: a\ntarget: { url: \"https://a.test\" }\n\
                scheme: { oauth2-client-credentials: { token_url: /token, client_auth: tls-client-auth } }\n\
                credentials: { a: { client_id: a } }\nresources: [{ request: GET /a }]\n";
    let errors = load_text("a.yaml".to_owned(), text.to_owned()).expect_err("is a mistake");
    assert!(told(&errors).contains("the client of `a` has no certificate"), "{}", told(&errors));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn assertions_under_a_secret_are_judged_like_those_of_a_key() {
    let scheme = "client_auth: client-secret-jwt";
    let only = "conformance: { include: [\"token.assertion-*\"] }\n";
    let (found, exit) = results("", scheme, only).await;
    assert_eq!(exit, Exit::Passed);
    for id in ["token.assertion-claims-verified", "token.assertion-signature-verified"] {
        assert_eq!(of(&found, id).verdict, Verdict::Pass, "{id}: {}", of(&found, id).summary);
    }
    for (fault, id) in [
        ("assertion-exp-ignored", "token.assertion-claims-verified"),
        ("assertion-alg-confusion", "token.assertion-signature-verified"),
    ] {
        let (results, exit) = results(&format!("faults: [{fault}]"), scheme, only).await;
        assert_eq!((of(&results, id).verdict, exit), (Verdict::Fail, Exit::Findings), "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_the_new_rules_the_issuer_alone_is_the_audience() {
    const CHECK: &str = "token.assertion-audience-is-issuer";
    let only = format!("conformance: {{ include: [{CHECK}, token.client-credentials-success] }}\n");
    for method in ["private-key-jwt", "client-secret-jwt"] {
        for (reference, rules, expected) in [
            ("", "rfc7523bis", Verdict::Pass),
            ("faults: [assertion-audience-loose]", "rfc7523bis", Verdict::Fail),
            ("", "rfc7523", Verdict::NotTested),
        ] {
            let scheme = format!("client_auth: {method}, assertion_rules: {rules}");
            let (results, _) = results(reference, &scheme, &only).await;
            let result = of(&results, CHECK);
            assert_eq!(result.verdict, expected, "{method}, {rules}, {reference}: {}", result.summary);
            assert_eq!(of(&results, "token.client-credentials-success").verdict, Verdict::Pass, "{method}, {rules}");
        }
    }
}
