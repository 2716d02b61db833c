//! Applications that read the CSRF token of a write from its body.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use authbench::check::Verdict;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use serde_json::{Value, json};

use super::{PROMPT, against, serve};

const PASSWORD: &str = "of-alice-5c1e";

/// The CSRF tokens of sessions, by their identifiers, and whether the one of a write may be left out.
#[derive(Clone)]
struct Application {
    sessions: Arc<Mutex<HashMap<String, String>>>,
    takes_none: bool,
}

impl Application {
    fn token(&self, headers: &HeaderMap) -> Option<String> {
        let identifier = headers.get(header::COOKIE)?.to_str().ok()?.strip_prefix("sid=")?;
        self.sessions.lock().expect("whole").get(identifier).cloned()
    }

    fn write(&self, headers: &HeaderMap, sent: Option<&str>) -> Response {
        let Some(token) = self.token(headers) else { return StatusCode::UNAUTHORIZED.into_response() };
        match sent {
            None if self.takes_none => {}
            Some(sent) if sent == token => {}
            _ => return (StatusCode::FORBIDDEN, "the CSRF token is missing or wrong").into_response(),
        }
        Json(json!({ "kept": "6c1f0a8e52d94b37" })).into_response()
    }
}

async fn log_in(State(application): State<Application>, Form(form): Form<HashMap<String, String>>) -> Response {
    if form.get("password").is_none_or(|password| password != PASSWORD) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let mut sessions = application.sessions.lock().expect("whole");
    let identifier = format!("visitor-{:08}-f3a1c9", sessions.len());
    let token = format!("csrf-{:08}-9d02b7c4e1", sessions.len());
    sessions.insert(identifier.clone(), token);
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, format!("sid={identifier}; Path=/; HttpOnly"))]).into_response()
}

async fn page(State(application): State<Application>, headers: HeaderMap) -> Response {
    let Some(token) = application.token(&headers) else { return StatusCode::UNAUTHORIZED.into_response() };
    Html(format!("<h1>Notes of alice</h1><form method=post><input type=hidden name=csrf value=\"{token}\"></form>"))
        .into_response()
}

async fn by_form(State(application): State<Application>, headers: HeaderMap, body: String) -> Response {
    let sent = url::form_urlencoded::parse(body.as_bytes()).find(|(name, _)| name == "csrf");
    application.write(&headers, sent.map(|(_, value)| value.into_owned()).as_deref())
}

async fn by_json(State(application): State<Application>, headers: HeaderMap, body: String) -> Response {
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    application.write(&headers, body.get("csrf").and_then(Value::as_str))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_repeats_the_csrf_token_in_its_body() {
    const CHECKS: [&str; 3] =
        ["session.valid-accepted", "session.write-needs-csrf-token", "session.foreign-page-write-refused"];
    for takes_none in [false, true] {
        let application = Application { sessions: Arc::default(), takes_none };
        let router = Router::new().route("/login", post(log_in)).route("/notes", get(page).post(by_form));
        let router = router.route("/tags", post(by_json)).with_state(application);
        let yaml = format!(
            "scheme: {{ session: {{ cookie: sid }} }}\nlogins:\n  app:\n    request:\n      \
             - {{ post: /login, form: {{ user: \"{{username}}\", password: \"{{password}}\" }} }}\n      \
             - {{ get: /notes }}\n    token: {{ cookie: sid }}\n    write_fields: {{ csrf: \"{{input:csrf}}\" }}\n\
             credentials: {{ alice: {{ login: app, username: alice, password: {PASSWORD} }} }}\n\
             resources: [{{ request: GET /notes }}, {{ request: POST /notes, writes: true, form: {{ text: a }} }}, \
             {{ request: POST /tags, writes: true, json: {{ text: a }} }}]\nconformance: {{ include: [{}] }}\n",
            CHECKS.join(", ")
        );
        let ended = against(serve(router).await, &yaml, PROMPT).await;
        for id in CHECKS {
            let result = ended.of(id);
            let passes = !takes_none || id == "session.valid-accepted";
            assert_eq!(
                result.verdict == Verdict::Pass,
                passes,
                "{id} {takes_none}: {} {:?} {:?}",
                result.summary,
                result.deviations,
                ended.notes
            );
        }
        let found = ended.of("session.write-needs-csrf-token").deviations.join(" ");
        assert_eq!(["/notes", "/tags"].map(|path| found.contains(path)), [takes_none; 2], "{found}");
    }
}
