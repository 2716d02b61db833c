//! Authorization codes, each from a server with a manner of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use authbench::check::Verdict;
use axum::extract::{Form, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use super::{PROMPT, against, presented, refused, serve};

const PASSWORD: &str = "correct-Horse-7-battery";
const TOKEN: &str = "t-5b9fa81c0f7d4e62";

/// What the token opens.
async fn orders(headers: HeaderMap) -> Response {
    match presented(&headers).and_then(|field| field.strip_prefix("Bearer ")) {
        Some(TOKEN) => Json(json!({ "orders": ["6c1f0a8e52d94b37"] })).into_response(),
        _ => refused("Bearer realm=\"a\""),
    }
}

fn issued() -> Response {
    Json(json!({ "access_token": TOKEN })).into_response()
}

fn invalid_grant() -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response()
}

/// An authorization server whose page is a program: it is told in JSON where to go (RFC 6749 §4.1.2).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_read_from_an_address_that_json_hands_to_a_script() {
    const CHECK: &str = "code.used-once";
    for (once, verdict) in [(true, Verdict::Pass), (false, Verdict::Fail)] {
        let codes: Arc<Mutex<HashMap<String, bool>>> = Arc::default();
        let given = codes.clone();
        let decide = move |Json(body): Json<serde_json::Value>| async move {
            if body["password"] != PASSWORD {
                return refused("Bearer realm=\"a\"");
            }
            let mut codes = given.lock().expect("no panic");
            let code = format!("c-{:016}", codes.len());
            codes.insert(code.clone(), false);
            Json(json!({ "redirect_to": format!("https://app.test/cb?code={code}&state=x") })).into_response()
        };
        let token = move |Form(form): Form<HashMap<String, String>>| async move {
            let mut codes = codes.lock().expect("no panic");
            match form.get("code").and_then(|code| codes.get_mut(code)) {
                Some(used) if !(once && *used) => {
                    *used = true;
                    issued()
                }
                _ => invalid_grant(),
            }
        };
        let yaml = format!(
            "scheme: bearer\nlogins:\n  app:\n    request:\n      \
             - {{ post: \"/decide?response_type=code&client_id=web&redirect_uri=https%3A%2F%2Fapp.test%2Fcb&state=x\", \
             json: {{ user: \"{{username}}\", password: \"{{password}}\" }} }}\n      \
             - {{ post: /token, form: {{ grant_type: authorization_code, client_id: web, code: \"{{location:code}}\", \
             redirect_uri: \"https://app.test/cb\" }} }}\n\
             credentials: {{ alice: {{ login: app, username: alice, password: {PASSWORD} }} }}\n\
             resources: [{{ request: GET /orders }}]\nconformance: {{ include: [{CHECK}] }}\n"
        );
        let router =
            Router::new().route("/decide", post(decide)).route("/token", post(token)).route("/orders", get(orders));
        let ended = against(serve(router).await, &yaml, PROMPT).await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, verdict, "{once}: {} {:?}", result.summary, result.deviations);
    }
}

/// An authorization server whose page for the login says with 200 that there were too many: what comes after it was asked for by nobody
/// who is logged in, and refused for that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_is_limited_refuses_nothing_that_was_changed_after_it() {
    const CHECK: &str = "code.public-client-proves-key";
    const BACK: &str = "https://app.test/cb";
    // whether a proof key is asked for, and how many logins there may be
    for (asks, most, verdict) in [
        (true, usize::MAX, Verdict::Pass),
        (false, usize::MAX, Verdict::Fail),
        (true, 2, Verdict::Inconclusive),
        (false, 2, Verdict::Inconclusive),
    ] {
        let logins = Arc::new(Mutex::new(0));
        let login = move |Form(form): Form<HashMap<String, String>>| async move {
            let mut logins = logins.lock().expect("no panic");
            *logins += 1;
            match form.get("password").is_some_and(|password| password == PASSWORD) && *logins <= most {
                true => (StatusCode::FOUND, [("location", "/"), ("set-cookie", "sid=s-91c4e07a5d")]).into_response(),
                false => "too many attempts".into_response(),
            }
        };
        let authorize = move |headers: HeaderMap, Query(query): Query<HashMap<String, String>>| async move {
            let is_in = headers.get("cookie").is_some_and(|cookie| cookie == "sid=s-91c4e07a5d");
            let to = match query.get("code_challenge") {
                _ if !is_in => "/login".to_owned(),
                None if asks => format!("{BACK}?error=invalid_request"),
                challenge => format!("{BACK}?code=c-{}", challenge.map_or("bare", String::as_str)),
            };
            (StatusCode::FOUND, [("location", to)])
        };
        let token = |Form(form): Form<HashMap<String, String>>| async move {
            let is_proven = form
                .get("code_verifier")
                .is_some_and(|verifier| verifier == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
            match form.get("code").map(String::as_str) {
                Some("c-bare") => issued(),
                Some("c-E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM") if is_proven => issued(),
                _ => invalid_grant(),
            }
        };
        let yaml = format!(
            "scheme: bearer\nlogins:\n  app:\n    request:\n      \
             - {{ post: /login, form: {{ user: \"{{username}}\", password: \"{{password}}\" }} }}\n      \
             - get: \"/authorize?response_type=code&client_id=web&redirect_uri=https%3A%2F%2Fapp.test%2Fcb&\
             code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256\"\n      \
             - {{ post: /token, form: {{ grant_type: authorization_code, client_id: web, code: \"{{location:code}}\", \
             redirect_uri: \"{BACK}\", code_verifier: dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk }} }}\n\
             credentials: {{ alice: {{ login: app, username: alice, password: {PASSWORD} }} }}\n\
             resources: [{{ request: GET /orders }}]\nconformance: {{ include: [{CHECK}] }}\n"
        );
        let router = Router::new().route("/login", post(login)).route("/authorize", get(authorize));
        let router = router.route("/token", post(token)).route("/orders", get(orders));
        let ended = against(serve(router).await, &yaml, PROMPT).await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, verdict, "{asks} {most}: {} {:?}", result.summary, result.deviations);
    }
}
