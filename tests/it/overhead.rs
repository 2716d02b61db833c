//! The overhead study from a scenario to its figures. What it measures is not asserted: a machine that runs tests is busy.

use authbench::event::{Event, NoteKind};
use authbench::exit::Exit;
use authbench::run::{Launch, Only, Options, prepare, run};
use authbench::scenario::{NoVariables, load_paths};
use authbench::stats::{OverheadFigures, OverheadRow};

use crate::busy::tried;

/// Runs a scenario against a reference in this process.
fn study(scenario: &str) -> (Exit, Vec<Event>) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("overhead.yaml");
    std::fs::write(&file, scenario).expect("writes");
    let options = Options { only: Some(Only::Overhead), ..Options::new(Launch::InProcess) };
    let ready = prepare(load_paths(&[file]).expect("reads"), Some(&NoVariables), &options).expect("is sound");
    let mut events = Vec::new();
    // the server is in this process: it needs a thread beside the one that waits for the study
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let exit = runtime.block_on(run(ready, &options, &mut |event| events.push(event)));
    (exit, events)
}

fn figures(events: &[Event]) -> Option<&OverheadFigures> {
    events.iter().find_map(|event| match event {
        Event::OverheadFinished(figures) => Some(&**figures),
        _ => None,
    })
}

fn row<'a>(figures: &'a OverheadFigures, name: &str) -> &'a OverheadRow {
    figures.rows.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("no row {name}"))
}

fn errors(events: &[Event]) -> String {
    let texts = events.iter().filter_map(|event| match event {
        Event::Note(note) if note.kind == NoteKind::Error => Some(note.text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// A study of every preset.
const PRESETS: &str = "authbench: 1\nname: presets\ntarget: reference\noverhead:\n  schemes: [api-key, basic, basic-cached, digest, digest-asked-each-time, hmac, sigv4, httpsig-hmac-sha256, httpsig-rsa-v1_5-sha256, httpsig-rsa-pss-sha512, httpsig-ecdsa-p256-sha256, httpsig-ecdsa-p384-sha384, httpsig-ed25519, bearer, oauth2, oauth2-jwt, dpop-es256, dpop-eddsa, opaque-introspection, opaque-introspection-cached, jwt-hs256, jwt-rs256, jwt-es256, jwt-eddsa, jwt-ml-dsa-44, jwt-ml-dsa-65, jwt-ml-dsa-87]\n  duration: 120ms\nthresholds: [overhead.p(50) < 60s]\n";

#[test]
fn every_preset_has_a_row_beside_the_baseline_with_itself() {
    let is_quiet = |(_, events): &(Exit, Vec<Event>)| {
        figures(events).is_none_or(|figures| {
            let control = figures.control_us;
            control.low <= 0.0 && 0.0 <= control.high && !row(figures, "none").distinguishable
        })
    };
    // on a busy machine the baseline may differ from itself once, and not again and again
    let (exit, events) = tried(|| study(PRESETS), is_quiet);
    assert_eq!(exit, Exit::Passed, "{}", errors(&events));
    let figures = figures(&events).expect("figures");
    assert_eq!(figures.baseline, "none");
    assert_eq!(figures.rows.len(), 28);
    assert!(figures.control_us.low <= 0.0 && 0.0 <= figures.control_us.high, "{:?}", figures.control_us);
    assert!(!row(figures, "none").distinguishable, "the baseline is told apart from itself");
    for row in &figures.rows {
        let difference = row.difference_us;
        assert!(difference.low < difference.value && difference.value < difference.high, "{row:?}");
        assert!(row.pairs >= 2 && row.pairs % 2 == 0, "{row:?}");
        assert!(row.server_us.is_some() && row.rest_us.is_some() && row.first_request_us.is_some(), "{row:?}");
        let obtained = ["oauth2", "opaque", "dpop"].iter().any(|issued| row.name.starts_with(issued));
        assert_eq!(row.token_acquisition_us.is_some(), obtained, "{row:?}");
        assert_eq!(row.requests_per_core_second, None, "the server has no process of its own: {row:?}");
    }
    let costs: Vec<f64> = figures.rows.iter().map(|row| row.difference_us.value).collect();
    assert!(costs.is_sorted(), "{costs:?}");
    // what hashing takes the server is a lower bound that no noise of the machine can undercut
    assert!(row(figures, "basic").server_us.is_some_and(|server| server.value > 100.0), "{:?}", row(figures, "basic"));
    let judged =
        events.iter().filter(|event| matches!(event, Event::ThresholdJudged(result) if result.holds == Some(true)));
    assert_eq!(judged.count(), 27, "the baseline is not judged, every other row is");
}

#[test]
fn a_scheme_of_ones_own_is_compared_over_tls_with_a_baseline_of_ones_own() {
    let (exit, events) = study(
        r#"
authbench: 1
name: own
target: { reference: { tls: true } }
overhead:
  baseline: open
  schemes:
    - { name: open, scheme: none, request: GET /public }
    - { name: ours, scheme: bearer, credentials: { service: { token: abt_service_Lk29dMx7Qw3Zr8Tn } }, request: GET /bearer/orders }
  duration: 60ms
"#,
    );
    assert_eq!(exit, Exit::Passed, "{}", errors(&events));
    let figures = figures(&events).expect("figures");
    let names: Vec<&str> = figures.rows.iter().map(|row| row.name.as_str()).collect();
    assert!(names.contains(&"open") && names.contains(&"ours"), "{names:?}");
    assert!(row(figures, "open").server_us.is_none(), "the public resource says nothing of authentication");
}

#[test]
fn what_is_not_accepted_has_no_cost() {
    let (exit, events) = study(
        r"
authbench: 1
name: refused
target: reference
overhead:
  schemes: [none, { name: ours, scheme: bearer, credentials: { service: { token: abt_service_wrong_wrong } }, request: GET /bearer/orders }]
  duration: 60ms
",
    );
    assert_eq!(exit, Exit::Inconclusive);
    assert!(figures(&events).is_none());
    assert!(errors(&events).contains("ours was not accepted (status 401)"), "{}", errors(&events));
}

#[test]
fn what_opens_without_a_credential_has_no_cost() {
    let (exit, events) = study(
        r"
authbench: 1
name: open
target: reference
overhead:
  schemes: [none, { name: ours, scheme: bearer, credentials: { service: { token: abt_service_wrong_wrong } }, request: GET /none/orders }]
  duration: 60ms
",
    );
    assert_eq!(exit, Exit::Inconclusive);
    assert!(errors(&events).contains("GET /none/orders opens without a credential"), "{}", errors(&events));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn the_key_of_an_issuer_signs_the_tokens_of_a_row_at_a_remote_target() {
    use authbench::seed::keys::{AUDIENCE, ISSUER, ring};
    let server = authbench::reference::start(Default::default()).await.expect("starts");
    let folder = tempfile::tempdir().expect("a folder");
    let first = ring("ES256").expect("has keys").first;
    std::fs::write(folder.path().join("key.pem"), first.key).expect("writes");
    let scenario = |material: &str| {
        format!(
            r#"
authbench: 1
name: remote
target: {{ url: "{}", owned: true }}
scheme: none
resources: [{{ request: GET /public, public: true }}]
{material}
overhead:
  baseline: open
  duration: 60ms
  schemes:
    - {{ name: open, scheme: none, request: GET /public }}
    - name: ours
      scheme: {{ jwt: {{ issuer: "{ISSUER}", audience: "{AUDIENCE}", typ: at+jwt }} }}
      credentials: {{ service: {{ claims: {{ sub: service, client_id: service, scope: "read:orders" }} }} }}
      request: GET /jwt/es256/orders
"#,
            server.url()
        )
    };
    let kid = first.kid;
    let run = async |yaml: String| {
        std::fs::write(folder.path().join("a.yaml"), yaml).expect("writes");
        let options = Options { only: Some(Only::Overhead), ..Options::new(Launch::InProcess) };
        let loaded = load_paths(&[folder.path().join("a.yaml")]).expect("reads");
        let ready = prepare(loaded, Some(&NoVariables), &options);
        let ready = ready.unwrap_or_else(|errors| panic!("{}", errors[0].render(false)));
        let mut events = Vec::new();
        let exit = Box::pin(authbench::run::run(ready, &options, &mut |event| events.push(event))).await;
        (exit, events)
    };
    let (exit, events) = run(scenario(&format!("material: {{ issuer_key: {{ file: key.pem, kid: {kid} }} }}"))).await;
    assert_eq!(exit, Exit::Passed, "{}", errors(&events));
    assert!(row(figures(&events).expect("figures"), "ours").pairs >= 2);
    let (exit, events) = run(scenario("")).await;
    assert_eq!(exit, Exit::Inconclusive);
    assert!(errors(&events).contains("`material.issuer_key`"), "{}", errors(&events));
    server.stop().await;
}

#[test]
fn a_client_certificate_has_a_row_on_connections_of_its_own() {
    let (exit, events) = study(
        "authbench: 1\nname: certificates\ntarget: reference\noverhead:\n  schemes: [none, api-key, mtls]\n  duration: 120ms\n",
    );
    assert_eq!(exit, Exit::Passed, "{}", errors(&events));
    let figures = figures(&events).expect("figures");
    assert_eq!(figures.rows.len(), 3);
    for name in ["none", "api-key", "mtls"] {
        let row = row(figures, name);
        assert!(row.pairs >= 2 && row.first_request_us.is_some() && row.server_us.is_some(), "{row:?}");
    }
}
