//! Servers that answer in ways of their own: each way is told once, in its place, and is no finding where none is due.

use std::collections::HashMap;
use std::net::SocketAddr;

use authbench::check::Verdict;
use authbench::clock::unix_seconds;
use authbench::event::{CheckResult, Event};
use authbench::run::{Launch, Only, Options, prepare, run};
use authbench::scenario::{NoVariables, load_paths};
use axum::extract::Form;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use axum::{Json, Router};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde_json::{Value, json};

const SECRET: &str = "a-secret-of-these-tests-0123456789abcdef";
const AUDIENCE: &str = "orders";

fn signed(claims: &Value) -> String {
    encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(SECRET.as_bytes())).expect("signs")
}

/// A token as the servers below want it: no issuer in it.
fn good() -> String {
    signed(&json!({ "sub": "a", "aud": AUDIENCE, "exp": unix_seconds() + 600 }))
}

fn presented(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()
}

/// Verifies what it is given as far as `validation` asks, and refuses with one status.
fn resource(validation: Validation, refusal: u16) -> Router {
    let status = StatusCode::from_u16(refusal).expect("a status");
    let answer = move |headers: HeaderMap| async move {
        let challenge = |rest: &str| [(header::WWW_AUTHENTICATE, format!("Bearer realm=\"orders\"{rest}"))];
        let Some(line) = presented(&headers) else {
            return (StatusCode::UNAUTHORIZED, challenge("")).into_response();
        };
        let token = line.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let key = DecodingKey::from_secret(SECRET.as_bytes());
        match token.map(|(_, token)| decode::<Value>(token.trim(), &key, &validation)) {
            Some(Ok(_)) => Json(json!({ "orders": [1] })).into_response(),
            _ => (status, challenge(", error=\"invalid_token\"")).into_response(),
        }
    };
    Router::new().route("/orders", get(answer))
}

/// What the server of these tests verifies, unless a test says otherwise.
fn strict() -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "aud"]);
    validation.leeway = 0;
    validation.validate_nbf = true;
    validation
}

async fn serve(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has one");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn results(scenario: String) -> Vec<CheckResult> {
    let checks = |event| if let Event::CheckFinished(result) = event { Some(*result) } else { None };
    events(scenario).await.into_iter().filter_map(checks).collect()
}

async fn events(scenario: String) -> Vec<Event> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("scenario.yaml");
    std::fs::write(&file, scenario).expect("writes");
    let mut options = Options::new(Launch::InProcess);
    options.only = Some(Only::Conformance);
    let loaded = load_paths(&[file]).unwrap_or_else(|errors| panic!("{}", errors[0].render(false)));
    let ready = prepare(loaded, Some(&NoVariables), &options).expect("is ready");
    let mut events = Vec::new();
    run(ready, &options, &mut |event| events.push(event)).await;
    events
}

/// Checks of JWTs at such a server, with the key given.
async fn of_tokens(validation: Validation, refusal: u16) -> Vec<CheckResult> {
    let address = serve(resource(validation, refusal)).await;
    results(format!(
        "authbench: 1\nname: strangers\ntarget: {{ url: \"http://{address}\", owned: true }}\nscheme: jwt\n\
         credentials: {{ a: {{ token: \"${{T:-{}}}\" }} }}\n\
         material: {{ issuer_key: {{ secret: \"${{S:-{SECRET}}}\", alg: HS256 }} }}\n\
         resources: [{{ request: GET /orders }}]\nconformance: {{ include: [jwt.*, bearer.garbage-token-401] }}\n",
        good()
    ))
    .await
}

fn one<'a>(results: &'a [CheckResult], id: &str) -> &'a CheckResult {
    results.iter().find(|result| result.id == id).unwrap_or_else(|| panic!("{id} did not run"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_with_a_status_of_their_own_are_one_finding() {
    let results = of_tokens(strict(), 422).await;
    let told: Vec<(&str, Verdict)> = results
        .iter()
        .filter(|result| result.deviations.iter().any(|text| text.contains("refused with 422")))
        .map(|result| (result.id.as_str(), result.verdict))
        .collect();
    assert_eq!(told, [("bearer.garbage-token-401", Verdict::Warn)]);
    for id in ["jwt.signature-verified", "jwt.alg-none-refused", "jwt.exp-enforced", "jwt.aud-enforced"] {
        assert_eq!(one(&results, id).verdict, Verdict::Pass, "{id}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_tokens_need_not_have_is_not_asked_for() {
    let mut validation = strict();
    validation.set_required_spec_claims(&["aud"]);
    let results = of_tokens(validation, 401).await;
    // RFC 7519 §4.1.4: optional; better required nevertheless
    assert_eq!(one(&results, "jwt.exp-required").verdict, Verdict::Warn);
    let issuer = one(&results, "jwt.iss-enforced");
    assert_eq!(issuer.verdict, Verdict::NotTested, "{}", issuer.summary);
    assert!(issuer.summary.contains("name an issuer"), "{}", issuer.summary);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_audience_that_nobody_looks_at_is_one_finding() {
    let mut validation = strict();
    validation.validate_aud = false;
    let results = of_tokens(validation, 401).await;
    assert_eq!(one(&results, "jwt.aud-enforced").verdict, Verdict::Fail);
    let twice = one(&results, "jwt.duplicate-members-safe");
    assert!(twice.deviations.iter().all(|text| !text.contains("aud twice")), "{:?}", twice.deviations);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_word_before_a_key_is_not_the_key() {
    // as some frameworks do it: `Authorization: Token …`, the word in any case of letters
    let key = "0123456789abcdef0123456789abcdefghijklmn";
    let answer = move |headers: HeaderMap| async move {
        let sent = presented(&headers).and_then(|line| line.split_once(' '));
        match sent.filter(|(word, _)| word.eq_ignore_ascii_case("token")) {
            None => StatusCode::UNAUTHORIZED.into_response(),
            Some((_, sent)) if sent == key => Json(json!({ "notes": [1] })).into_response(),
            // only a key that follows the word is refused like this
            Some(_) => StatusCode::FORBIDDEN.into_response(),
        }
    };
    let address = serve(Router::new().route("/notes", get(answer))).await;
    let results = results(format!(
        "authbench: 1\nname: strangers\ntarget: {{ url: \"http://{address}\" }}\n\
         scheme: {{ api-key: {{ header: Authorization }} }}\ncredentials: {{ a: {{ key: \"${{K:-Token {key}}}\" }} }}\n\
         resources: [{{ request: GET /notes }}]\nconformance: {{ include: [apikey.*] }}\n"
    ))
    .await;
    for id in ["apikey.case-folding-denied", "apikey.invalid-denied", "apikey.near-miss-denied"] {
        assert_eq!(one(&results, id).verdict, Verdict::Pass, "{id}: {:?}", one(&results, id).deviations);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parameters_of_the_scenario_travel_with_every_token_request() {
    let token = |Form(form): Form<HashMap<String, String>>| async move {
        let refused = |status, error: &str| (status, Json(json!({ "error": error }))).into_response();
        match form.get("resource").map(String::as_str) {
            Some("urn:orders") => Json(json!({
                "access_token": good(), "token_type": "Bearer", "expires_in": 600,
            }))
            .into_response(),
            _ => refused(StatusCode::BAD_REQUEST, "invalid_target"),
        }
    };
    let router: Router = resource(strict(), 401).route("/token", post(token));
    let address = serve(router).await;
    let results = results(format!(
        "authbench: 1\nname: strangers\ntarget: {{ url: \"http://{address}\" }}\n\
         scheme: {{ oauth2-client-credentials: {{ token_url: /token, token_params: {{ resource: \"urn:orders\" }} }} }}\n\
         credentials: {{ a: {{ client_id: a, client_secret: \"${{S:-secret}}\" }} }}\n\
         resources: [{{ request: GET /orders }}]\n\
         conformance: {{ include: [bearer.valid-accepted, token.client-credentials-success] }}\n"
    ))
    .await;
    for id in ["bearer.valid-accepted", "token.client-credentials-success"] {
        assert_eq!(one(&results, id).verdict, Verdict::Pass, "{id}: {}", one(&results, id).summary);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_revokes_no_access_tokens_says_so_lawfully() {
    let token =
        || async { Json(json!({ "access_token": good(), "token_type": "Bearer", "expires_in": 600, "scope": "a" })) };
    // RFC 7009 §2.2.1
    let revoke = || async { (StatusCode::BAD_REQUEST, Json(json!({ "error": "unsupported_token_type" }))) };
    let router = resource(strict(), 401).route("/token", post(token)).route("/revoke", post(revoke));
    let address = serve(router).await;
    let results = results(format!(
        "authbench: 1\nname: strangers\ntarget: {{ url: \"http://{address}\", owned: true }}\n\
         scheme: {{ oauth2-client-credentials: {{ token_url: /token, revocation_url: /revoke }} }}\n\
         credentials:\n  a: {{ client_id: a, client_secret: \"${{S:-secret}}\" }}\n  \
         b: {{ client_id: b, client_secret: \"${{S:-secret}}\" }}\n\
         resources: [{{ request: GET /orders }}]\n\
         conformance: {{ include: [revoke.*, bearer.revoked-token-401], exclude: [revoke.unknown-token-200] }}\n"
    ))
    .await;
    // RFC 7009 §2: access tokens should be revocable; nothing else follows from one that is not
    assert_eq!(one(&results, "revoke.valid-token").verdict, Verdict::Warn);
    let about_it = |id: &str| id.contains("revoke") && id != "revoke.valid-token";
    for result in results.iter().filter(|result| about_it(&result.id)) {
        let quiet = matches!(result.verdict, Verdict::NotApplicable | Verdict::NotTested);
        assert!(quiet, "{} {}: {}", result.id, result.verdict, result.summary);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_breaks_on_what_it_cannot_read_fails() {
    let answer = |headers: HeaderMap| async move {
        let Some(line) = presented(&headers) else {
            return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer realm=\"orders\"")]).into_response();
        };
        // as with an index into what was split: no second word is an error that nobody catches
        match line.split_once(' ') {
            Some(("Bearer", "the-good-token-0123456789")) => Json(json!({ "orders": [1] })).into_response(),
            Some(_) => StatusCode::UNAUTHORIZED.into_response(),
            None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    };
    let address = serve(Router::new().route("/orders", get(answer))).await;
    let results = results(format!(
        "authbench: 1\nname: strangers\ntarget: {{ url: \"http://{address}\" }}\nscheme: bearer\n\
         credentials: {{ a: {{ token: \"${{T:-the-good-token-0123456789}}\" }} }}\n\
         resources: [{{ request: GET /orders }}]\nconformance: {{ include: [common.malformed-credential-never-5xx] }}\n"
    ))
    .await;
    let result = one(&results, "common.malformed-credential-never-5xx");
    assert_eq!(result.verdict, Verdict::Fail, "{}", result.summary);
    assert!(result.deviations.iter().all(|text| text.contains("breaks with 500")), "{:?}", result.deviations);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_has_ended_is_told_of_in_words() {
    let address = serve(resource(strict(), 401)).await;
    let token = signed(&json!({ "sub": "a", "aud": AUDIENCE, "exp": unix_seconds() - 600 }));
    let events = events(format!(
        "authbench: 1\nname: strangers\ntarget: {{ url: \"http://{address}\" }}\nscheme: jwt\n\
         credentials: {{ a: {{ token: \"${{T:-{token}}}\" }} }}\nresources: [{{ request: GET /orders }}]\n\
         conformance: {{ include: [jwt.valid-accepted] }}\n"
    ))
    .await;
    let note = |event: &Event| if let Event::Note(note) = event { Some(note.text.clone()) } else { None };
    let notes: Vec<String> = events.iter().filter_map(note).collect();
    assert!(notes.iter().any(|text| text.contains("its token has expired")), "{notes:?}");
    assert!(notes.iter().all(|text| !text.contains(&token)), "a note shows the token");
}
