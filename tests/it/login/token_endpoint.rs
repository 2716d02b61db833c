//! The token endpoint of a login is judged, or the report says why it is not.

use std::sync::{Arc, Mutex};

use authbench::check::Verdict;
use authbench::event::{CheckResult, Event};
use authbench::exit::Exit;
use authbench::reference::{self, Config};
use authbench::run::{Launch, Only, Options, plan_of, prepare, run as run_all};
use authbench::scenario::{NoVariables, load_text};
use authbench::seed::keys::CLIENT_SERVICE;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// Runs the checks of a scenario: its end, its results, its notes, and how many checks were planned and can be executed.
async fn judged(yaml: String) -> (Exit, Vec<CheckResult>, Vec<String>, usize) {
    let loaded = load_text("login.yaml".to_owned(), yaml);
    let told =
        |errors: Vec<authbench::ScenarioError>| -> String { errors.iter().map(|error| error.render(false)).collect() };
    let loaded = loaded.unwrap_or_else(|errors| panic!("{}", told(errors)));
    let options = Options { only: Some(Only::Conformance), ..Options::new(Launch::InProcess) };
    let ready = prepare(vec![loaded], Some(&NoVariables), &options).unwrap_or_else(|errors| panic!("{}", told(errors)));
    let planned = plan_of(&ready[0]).iter().filter(|check| check.script.is_ok()).count();
    let (mut results, mut notes) = (Vec::new(), Vec::new());
    let mut take = |event| match event {
        Event::CheckFinished(result) => results.push(*result),
        Event::Note(note) => notes.push(note.text),
        _ => {}
    };
    let exit = Box::pin(run_all(ready, &options, &mut take)).await;
    (exit, results, notes, planned)
}

async fn at_the_reference(faults: &[&str], client: &str) -> (Exit, Vec<CheckResult>, Vec<String>, usize) {
    let faults = faults.iter().map(|fault| (*fault).to_owned()).collect();
    let server = reference::start(Config { faults, ..Config::default() }).await.expect("starts");
    let yaml = format!(
        "authbench: 1\nname: login\ntarget: {{ url: \"{}\", owned: true }}\nscheme: bearer\n\
         material: {{ public_client_id: mobile-app }}\n\
         credentials:\n  service:\n    scopes: [\"read:orders\"]\n    login: {{ client: {{ token_url: /oauth2/token, {client} }} }}\n\
         resources: [{{ request: GET /oauth2/orders, scopes: [\"read:orders\"] }}]\n\
         conformance: {{ include: [token.*, bearer.valid-accepted], exclude: [\"*.timing-*\"] }}\n",
        server.url()
    );
    let judged = judged(yaml).await;
    server.stop().await;
    judged
}

const SECRET: &str = "client_id: service, client_secret: service-Secret-5vK8mT2x";

fn failed(results: &[CheckResult]) -> Vec<String> {
    let bad = |result: &&CheckResult| matches!(result.verdict, Verdict::Fail | Verdict::Inconclusive | Verdict::Warn);
    results.iter().filter(bad).map(|result| format!("{} {:?}: {}", result.id, result.verdict, result.summary)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_endpoint_of_a_client_credentials_login_is_judged() {
    let (exit, results, notes, planned) = at_the_reference(&[], SECRET).await;
    assert_eq!((exit, failed(&results)), (Exit::Passed, Vec::new()));
    let passed: Vec<_> = results.iter().filter(|one| one.verdict == Verdict::Pass).map(|one| one.id.as_str()).collect();
    for id in ["token.client-credentials-success", "token.response-no-store", "token.bad-secret-basic-401"] {
        assert!(passed.contains(&id), "{id} is not among {passed:?}");
    }
    assert!(results.iter().filter(|one| one.verdict.executed()).count() <= planned, "the plan has what was executed");
    assert!(!notes.iter().any(|note| note.contains("is not judged")), "{notes:?}");
    let mut ids: Vec<_> = results.iter().map(|one| one.id.as_str()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "each check has one result");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_of_that_endpoint_are_found() {
    for (fault, check) in
        [("cacheable-token", "token.response-no-store"), ("token-type-missing", "token.client-credentials-success")]
    {
        let (exit, results, _, _) = at_the_reference(&[fault], SECRET).await;
        let found = results.iter().any(|one| one.id == check && one.verdict == Verdict::Fail);
        assert!(exit == Exit::Findings && found, "{fault}: {:?}", failed(&results));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_of_another_grant_is_said_not_to_be_judged() {
    let (_, address) = super::Application::start(super::Manner::default()).await;
    let yaml = format!(
        "authbench: 1\nname: login\ntarget: {{ url: \"http://{address}\", owned: true }}\nscheme: bearer\n\
         credentials:\n  alice:\n    username: {}\n    password: {}\n    login: {{ password: {{ token_url: /oauth/token, \
         client_id: {}, client_secret: {} }} }}\nresources: [{{ request: GET /orders }}]\n\
         conformance: {{ include: [token.response-no-store, bearer.valid-accepted] }}\n",
        super::USER,
        super::PASSWORD,
        super::CLIENT.0,
        super::CLIENT.1
    );
    let (exit, results, notes, _) = judged(yaml).await;
    assert_eq!((exit, results.len()), (Exit::Passed, 1), "{:?}", failed(&results));
    let told = "the token endpoint of a login (POST /oauth/token) is judged by the checks grant.* alone: those of token.* use \
                the client credentials grant, and this login another one";
    assert!(notes.iter().any(|note| note == told), "{notes:?}");
}

/// Audiences of the assertions that came.
type Audiences = Arc<Mutex<Vec<String>>>;

/// An issuer that wants its own name as the audience of assertions, and gives out one token.
async fn token(State(seen): State<Audiences>, Form(form): Form<Vec<(String, String)>>) -> Response {
    let assertion = form.iter().find(|(name, _)| name == "client_assertion").map(|(_, value)| value.clone());
    let claims = assertion.and_then(|assertion| assertion.split('.').nth(1).map(str::to_owned)).unwrap_or_default();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap_or_default()).unwrap_or_default();
    seen.lock().expect("is not poisoned").push(claims["aud"].as_str().unwrap_or_default().to_owned());
    Json(json!({ "access_token": "issued-by-the-issuer-0123", "token_type": "Bearer", "expires_in": 60 }))
        .into_response()
}

async fn orders(headers: HeaderMap) -> Response {
    match headers.get("authorization").is_some_and(|value| value == "Bearer issued-by-the-issuer-0123") {
        true => Json(json!({ "orders": [{ "id": "ord_71x9Qa", "item": "a lamp of brass" }] })).into_response(),
        false => (StatusCode::UNAUTHORIZED, [("www-authenticate", "Bearer")], "").into_response(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn assertions_of_a_login_are_for_its_token_endpoint_or_for_the_audience_that_it_names() {
    let seen = Audiences::default();
    let router = Router::new().route("/token", post(token)).route("/orders", get(orders)).with_state(seen.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("key.pem"), CLIENT_SERVICE.key).expect("writes");
    let key = folder.path().join("key.pem").display().to_string();
    for (audience, expected) in [
        (String::new(), format!("http://{address}/token")),
        (", assertion_audience: \"https://issuer.test\"".to_owned(), "https://issuer.test".to_owned()),
    ] {
        let yaml = format!(
            "authbench: 1\nname: login\ntarget: {{ url: \"http://{address}\" }}\nscheme: bearer\n\
             credentials:\n  service:\n    login: {{ client: {{ token_url: /token, client_id: service, \
             client_key: {{ file: {key} }}, client_auth: private-key-jwt{audience} }} }}\n\
             resources: [{{ request: GET /orders }}]\nconformance: {{ include: [bearer.valid-accepted, \
             token.client-credentials-success] }}\n"
        );
        let (exit, results, _, _) = judged(yaml).await;
        assert_eq!((exit, results.len()), (Exit::Passed, 2), "{:?}", failed(&results));
        let audiences = std::mem::take(&mut *seen.lock().expect("is not poisoned"));
        assert!(audiences.len() >= 2 && audiences.iter().all(|one| *one == expected), "{audiences:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_endpoint_elsewhere_is_disturbed_where_its_origin_is_owned() {
    const CHECK: &str = "token.secret-near-miss";
    let accepts = |headers: HeaderMap| async move {
        let token = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        match token.strip_prefix("Bearer ").is_some_and(|token| token.starts_with("ab") && token.len() > 20) {
            true => Json(json!({ "orders": [{ "id": "ord_71x9Qa", "item": "a lamp of brass" }] })).into_response(),
            false => (StatusCode::UNAUTHORIZED, [("www-authenticate", "Bearer")], "").into_response(),
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has an address");
    let router = Router::new().route("/orders", get(accepts));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let server = reference::start(Config::default()).await.expect("starts");
    let of_another = "http://127.0.0.1:1".to_owned();
    for (origins, is_sent) in [(vec![], false), (vec![of_another], false), (vec![format!("{}/", server.url())], true)] {
        let yaml = format!(
            "authbench: 1\nname: login\ntarget: {{ url: \"http://{address}\", owned: true, owned_origins: {origins:?} }}\n\
             scheme: bearer\ncredentials:\n  service:\n    login: {{ client: {{ token_url: \"{}/oauth2/token\", {SECRET} }} }}\n\
             resources: [{{ request: GET /orders }}]\n\
             conformance: {{ include: [bearer.valid-accepted, {CHECK}] }}\n",
            server.url()
        );
        let (_, results, _, _) = judged(yaml).await;
        let result = results.iter().find(|one| one.id == CHECK).expect("is planned");
        assert_eq!(result.verdict.executed(), is_sent, "{origins:?}: {}", result.summary);
        assert_eq!(result.summary.contains("`owned_origins`"), !is_sent, "{}", result.summary);
    }
    server.stop().await;
}
