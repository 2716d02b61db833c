//! An authorization server that is tested without any resource.

use authbench::check::Verdict;
use authbench::event::{CheckResult, Event};
use authbench::exit::Exit;
use authbench::reference::{self, Config};
use authbench::run::{Launch, Options, prepare};
use authbench::scenario::{NoVariables, ScenarioError, load_text};

use crate::busy::takes_samples;
use crate::judged;

const CLIENTS: &str = "\
credentials:
  service: { client_id: service, client_secret: service-Secret-5vK8mT2x, scopes: [\"read:orders\", \"write:orders\"] }
  reader: { client_id: reader, client_secret: reader-Secret-9pQ4wZ7c, scopes: [\"read:orders\"] }
material:
  introspection_client: { client_id: orders-api, client_secret: orders-api-Secret-8dF3kN6v }
";

fn scenario(url: &str, endpoints: &str, rest: &str) -> String {
    format!(
        "authbench: 1\nname: an authorization server\ntarget: {{ url: \"{url}\", owned: true }}\n\
         scheme: {{ oauth2-client-credentials: {{ {endpoints} }} }}\n{CLIENTS}{rest}"
    )
}

fn read(yaml: String) -> Result<Vec<authbench::run::Ready>, Vec<ScenarioError>> {
    let loaded = load_text("authority.yaml".to_owned(), yaml)?;
    prepare(vec![loaded], Some(&NoVariables), &Options::new(Launch::InProcess))
}

/// Judges the authorization server of a reference with these faults by the endpoints that the scenario names.
async fn judged(faults: &[&str], endpoints: &str, rest: &str) -> (Exit, Vec<CheckResult>) {
    judged_by(Config::default(), faults, endpoints, rest).await
}

/// The same of a reference with other settings.
async fn judged_by(config: Config, faults: &[&str], endpoints: &str, rest: &str) -> (Exit, Vec<CheckResult>) {
    let faults = faults.iter().map(|fault| (*fault).to_owned()).collect();
    let server = reference::start(Config { faults, ..config }).await.expect("starts");
    let ended = judged::ended(&scenario(&server.url(), endpoints, rest)).await;
    server.stop().await;
    ended
}

const ALL: &str =
    "issuer: /, token_url: /oauth2/token, introspection_url: /oauth2/introspect, revocation_url: /oauth2/revoke";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_endpoints_are_judged_and_the_rest_says_that_there_is_no_resource() {
    let (exit, results) = judged(&[], ALL, "").await;
    let wrong: Vec<_> = results
        .iter()
        .filter(|result| !matches!(result.verdict, Verdict::Pass | Verdict::NotTested | Verdict::NotApplicable))
        .filter(|result| !(result.verdict == Verdict::Inconclusive && takes_samples(&result.id)))
        .map(|result| format!("{} {:?}: {}", result.id, result.verdict, result.summary))
        .collect();
    assert_eq!(wrong, [""; 0]);
    let is_open = results.iter().any(|result| result.verdict == Verdict::Inconclusive);
    assert_eq!(exit, if is_open { Exit::Inconclusive } else { Exit::Passed });
    for id in [
        "token.client-credentials-success",
        "introspect.active-response",
        "revoke.unknown-token-200",
        "meta.as-document",
        "revoke.valid-token",
        "revoke.foreign-token-refused",
        "revoke.hint-ignored",
        "revoke.client-auth-required",
        "revoke.bad-request",
        "common.auth-error-no-internals",
        "common.errors-show-no-secrets",
        "common.401-carries-challenge",
        "common.challenge-grammar",
    ] {
        let result = results.iter().find(|result| result.id == id).unwrap_or_else(|| panic!("no {id}"));
        assert_eq!(result.verdict, Verdict::Pass, "{id}: {}", result.summary);
    }
    let resource = results.iter().find(|result| result.id == "bearer.valid-accepted").expect("is listed");
    assert_eq!(resource.verdict, Verdict::NotTested);
    assert!(resource.summary.contains("the scenario has no `resources`"), "{}", resource.summary);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issuer_alone_is_enough_and_a_fault_of_its_token_endpoint_is_found() {
    let only = "conformance: { include: [token.*] }\n";
    let (exit, results) = judged(&["cacheable-token"], "issuer: /", only).await;
    let failed: Vec<_> = results.iter().filter(|one| one.verdict == Verdict::Fail).map(|one| one.id.as_str()).collect();
    assert_eq!((exit, failed), (Exit::Findings, vec!["token.response-no-store"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn introspection_and_token_requests_find_what_resources_would_show() {
    for (fault, check) in [
        ("revoke-noop", "revoke.valid-token"),
        ("cross-client-revocation", "revoke.foreign-token-refused"),
        ("revoke-hint-filter", "revoke.hint-ignored"),
        ("open-revocation", "revoke.client-auth-required"),
        ("revoke-get", "revoke.bad-request"),
        ("token-error-shows-trace", "common.auth-error-no-internals"),
        ("token-error-shows-secret", "common.errors-show-no-secrets"),
        ("introspect-without-challenge", "common.401-carries-challenge"),
        ("token-malformed-challenge", "common.challenge-grammar"),
    ] {
        // two that cause errors, for those that look back at them
        let beside = "introspect.requires-authorization, token.bad-secret-basic-401";
        let only = format!("conformance: {{ include: [{check}, {beside}] }}\n");
        let (_, results) = judged(&[fault], ALL, &only).await;
        let found = results.iter().find(|one| one.id == check).unwrap_or_else(|| panic!("no {check}"));
        assert!(matches!(found.verdict, Verdict::Fail | Verdict::Warn), "{fault}: {} {}", found.verdict, found.summary);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn introspection_shows_whether_expires_in_is_kept() {
    let (check, config) = ("token.expires-in-truthful", || Config {
        token_lifetime: std::time::Duration::from_secs(2),
        ..Config::default()
    });
    let only = format!("conformance: {{ include: [{check}] }}\n");
    for (faults, expected) in [(&[][..], Verdict::Pass), (&["introspect-ignores-exp"], Verdict::Fail)] {
        let (_, results) = judged_by(config(), faults, ALL, &only).await;
        let found = results.iter().find(|one| one.id == check).expect("is there");
        assert_eq!(found.verdict, expected, "{faults:?}: {}", found.summary);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_is_refused_proves_nothing() {
    let yaml = CLIENTS.replace("service-Secret-5vK8mT2x", "no-secret-of-the-service");
    let server = reference::start(Config::default()).await.expect("starts");
    let scenario = scenario(&server.url(), ALL, "").replace(CLIENTS, &yaml);
    let (exit, events) = judged::events(&scenario).await;
    server.stop().await;
    let (mut passed, mut failed, mut untestable) = (Vec::new(), Vec::new(), None);
    for event in events {
        match event {
            Event::CheckFinished(result) if result.verdict == Verdict::Pass => passed.push(result.id),
            Event::CheckFinished(result) if result.verdict == Verdict::Fail => failed.push((result.id, result.summary)),
            Event::ScenarioFinished(end) => untestable = end.untestable,
            _ => {}
        }
    }
    assert_eq!((exit, failed), (Exit::Inconclusive, Vec::new()));
    assert!(untestable.as_deref().is_some_and(|cause| cause.contains("`service`")), "{untestable:?}");
    assert!(passed.iter().all(|id| id.starts_with("meta.")), "{passed:?}");
}

#[test]
fn load_needs_a_resource() {
    let yaml = scenario("http://127.0.0.1:9", ALL, "load: [{ name: steady, duration: 1s }]\n");
    let errors = read(yaml).err().expect("is a mistake");
    let told = judged::rendered(&errors);
    assert!(
        told.contains("the load phase `steady` has nothing to ask for") && told.contains("add `resources:`"),
        "{told}"
    );
}
