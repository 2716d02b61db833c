//! Authorization codes, each from a server with a manner of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use authbench::check::Verdict;
use axum::extract::Form;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use super::{PROMPT, against, presented, refused, serve};

const PASSWORD: &str = "correct-Horse-7-battery";
const TOKEN: &str = "t-5b9fa81c0f7d4e62";

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
                    Json(json!({ "access_token": TOKEN })).into_response()
                }
                _ => (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response(),
            }
        };
        let orders = |headers: HeaderMap| async move {
            match presented(&headers).and_then(|field| field.strip_prefix("Bearer ")) {
                Some(TOKEN) => Json(json!({ "orders": ["6c1f0a8e52d94b37"] })).into_response(),
                _ => refused("Bearer realm=\"a\""),
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
