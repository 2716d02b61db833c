//! Clients that sign assertions (RFC 7523): each lie about one is a probe that can fail, and a client needs no secret.

use std::collections::BTreeSet;

use authbench::check::Verdict;
use authbench::check::step::{FormAuth, FormStep, Step};
use authbench::event::{CheckResult, Event, Role};
use authbench::exit::Exit;
use authbench::observe::Outcome;
use authbench::run::{Launch, Only, Options, prepare, run};
use authbench::scenario::{Environment, load_text};
use authbench::seed::IDENTITIES;

/// A key in a variable.
struct Variable(String);

impl Environment for Variable {
    fn variable(&self, name: &str) -> Option<String> {
        (name == "CLIENT_KEY").then(|| self.0.clone())
    }
}

fn key_of(client: &str) -> &'static str {
    let identity = IDENTITIES.iter().find(|identity| identity.name == client).expect("is there");
    identity.client_key.expect("has a key").key
}

async fn results(yaml: &str) -> (Vec<CheckResult>, Exit) {
    let environment = Variable(key_of("service").to_owned());
    let loaded = load_text("assertions.yaml".to_owned(), yaml.to_owned()).map_err(|errors| told(&errors));
    let options = Options { only: Some(Only::Conformance), ..Options::new(Launch::InProcess) };
    let ready = prepare(vec![loaded.expect("is a scenario")], Some(&environment), &options);
    let mut results = Vec::new();
    let mut take = |event| {
        if let Event::CheckFinished(result) = event {
            results.push(*result);
        }
    };
    let exit = Box::pin(run(ready.map_err(|errors| told(&errors)).expect("is ready"), &options, &mut take)).await;
    (results, exit)
}

fn told(errors: &[authbench::scenario::ScenarioError]) -> String {
    errors.iter().map(|error| error.render(false)).collect()
}

fn scenario(reference: &str, scheme: &str, rest: &str) -> String {
    format!(
        "authbench: 1\nname: assertions\ntarget: {{ reference: {{ {reference} }} }}\n\
         scheme: {{ oauth2-client-credentials: {{ {scheme} }} }}\n{rest}"
    )
}

/// Descriptions of the forgeries that a check sends.
fn forgeries(check: &str) -> BTreeSet<String> {
    let check = authbench::check::find(check).expect("is there");
    let descriptions = check.steps.iter().filter_map(|step| match step {
        Step::Form(FormStep { auth: FormAuth::ForgedAssertion(_), description: Some(phrase), .. }) => {
            Some(phrase.to_string())
        }
        _ => None,
    });
    descriptions.collect()
}

/// Descriptions of the probes of a check that were granted.
fn let_in(result: &CheckResult) -> BTreeSet<String> {
    let granted = |role: Role, outcome: Outcome| role == Role::Probe && outcome == Outcome::Granted;
    let seen = result.evidence.iter().filter(|record| granted(record.role, record.outcome));
    seen.map(|record| record.label.clone()).collect()
}

async fn let_in_through(fault: &str, check: &str) -> BTreeSet<String> {
    let only = format!("conformance: {{ include: [{check}] }}\n");
    let (results, exit) = results(&scenario(&format!("faults: [{fault}]"), "", &only)).await;
    assert_eq!(exit, Exit::Findings);
    let_in(results.iter().find(|result| result.id == check).expect("ran"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_reads_no_claims_lets_every_lie_about_them_in() {
    let check = "token.assertion-claims-verified";
    let mut expected = forgeries(check);
    // such a server takes the subject for the client, whose key has not signed this
    expected.remove("an assertion about another client");
    assert_eq!(let_in_through("assertion-exp-ignored", check).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_believes_the_header_lets_unsigned_assertions_and_public_keys_in() {
    let seen = let_in_through("assertion-alg-confusion", "token.assertion-signature-verified").await;
    let expected = ["alg none and no signature", "alg None and no signature", "HS256 keyed with the public key in PEM"];
    assert_eq!(seen, expected.map(str::to_owned).into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_warns_and_fails_where_the_profile_says_must() {
    for (profile, expected) in [("strict-rfc", Verdict::Warn), ("fapi2", Verdict::Fail)] {
        let only = format!("conformance: {{ profile: {profile}, include: [token.assertion-replay-refused] }}\n");
        let (results, _) = results(&scenario("faults: [assertion-replay]", "", &only)).await;
        let replay = results.iter().find(|result| result.id == "token.assertion-replay-refused").expect("ran");
        assert_eq!(replay.verdict, expected, "{profile}: {}", replay.summary);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_needs_no_secret_and_its_key_may_stand_in_a_variable() {
    let rest = "credentials:\n  service: { client_id: service, client_key: { secret: \"${CLIENT_KEY}\" }, \
                scopes: [\"read:orders\", \"write:orders\"] }\n";
    for audience in ["", ", assertion_audience: /oauth2/token"] {
        let (results, exit) = results(&scenario("", &format!("client_auth: private-key-jwt{audience}"), rest)).await;
        let verdict = |id: &str| results.iter().find(|result| result.id == id).map(|result| result.verdict);
        if audience.is_empty() {
            assert_eq!(exit, Exit::Passed);
            for id in ["token.client-credentials-success", "token.assertion-claims-verified", "revoke.valid-token"] {
                assert_eq!(verdict(id), Some(Verdict::Pass), "{id}");
            }
            assert_eq!(verdict("token.query-credentials-refused"), Some(Verdict::NotTested));
        } else {
            // an audience that the server does not answer to: nobody gets in, so nothing is proved
            assert_eq!(verdict("token.client-credentials-success"), Some(Verdict::Inconclusive));
            assert_ne!(verdict("token.assertion-claims-verified"), Some(Verdict::Pass));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_key_of_somebody_else_nothing_is_proved() {
    let rest = "credentials:\n  reader: { client_id: reader, client_secret: reader-Secret-9pQ4wZ7c, \
                client_key: { secret: \"${CLIENT_KEY}\" }, scopes: [\"read:orders\"] }\n\
                conformance: { include: [token.assertion-*] }\n";
    let (results, exit) = results(&scenario("", "", rest)).await;
    let assertions = results.iter().filter(|result| result.id.starts_with("token.assertion"));
    let verdicts: BTreeSet<Verdict> = assertions.map(|result| result.verdict).collect();
    assert!(!verdicts.contains(&Verdict::Pass) && !verdicts.is_empty(), "{verdicts:?}");
    assert_ne!(exit, Exit::Passed);
}
