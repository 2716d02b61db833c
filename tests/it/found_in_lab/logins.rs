//! Logins, each with a manner of its own.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use authbench::check::Verdict;
use authbench::clock::unix_seconds;
use authbench::event::NoteKind;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{Ended, PROMPT, against, presented, refused, serve};

const PASSWORD: &str = "correct-Horse-7-battery";

/// Identifiers that the server has made, and whether their visitor has logged in.
type Visitors = Arc<Mutex<HashMap<String, bool>>>;

fn identifier(headers: &HeaderMap) -> Option<String> {
    Some(headers.get(header::COOKIE)?.to_str().ok()?.strip_prefix("sid=")?.to_owned())
}

fn new_visitor(visitors: &Visitors, logged_in: bool) -> [(header::HeaderName, String); 1] {
    let mut visitors = visitors.lock().expect("whole");
    let id = format!("visitor-{:08}-f3a1c9", visitors.len());
    visitors.insert(id.clone(), logged_in);
    [(header::SET_COOKIE, format!("sid={id}; Path=/; HttpOnly"))]
}

async fn me(State(visitors): State<Visitors>, headers: HeaderMap) -> Response {
    let known = identifier(&headers).and_then(|id| visitors.lock().expect("whole").get(&id).copied());
    match known {
        Some(true) => Json(json!({ "user": "alice", "account": "6c1f0a8e52d94b37" })).into_response(),
        Some(false) => StatusCode::UNAUTHORIZED.into_response(),
        None => (StatusCode::UNAUTHORIZED, new_visitor(&visitors, false)).into_response(),
    }
}

/// Refuses identifiers that it has not made, and keeps those that it has.
async fn log_in(
    State(visitors): State<Visitors>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    if form.get("password").is_none_or(|password| password != PASSWORD) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let id = identifier(&headers);
    let is_known = id.as_ref().is_some_and(|id| visitors.lock().expect("whole").contains_key(id));
    match id {
        Some(id) if is_known => {
            visitors.lock().expect("whole").insert(id.clone(), true);
            (StatusCode::NO_CONTENT, [(header::SET_COOKIE, format!("sid={id}; Path=/; HttpOnly"))]).into_response()
        }
        _ => (StatusCode::NO_CONTENT, new_visitor(&visitors, true)).into_response(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_identifier_that_the_server_made_for_a_visitor_is_tried_before_a_login() {
    let router = Router::new().route("/me", get(me)).route("/login", post(log_in)).with_state(Visitors::default());
    let ended = of_sessions(router, "session.identifier-changes-at-login").await;
    let result = ended.of("session.identifier-changes-at-login");
    assert_eq!(result.verdict, Verdict::Fail, "{} {:?}", result.summary, result.deviations);
    assert!(result.summary.contains("the identifier from before the login"), "{}", result.summary);
}

/// Litestar answers whoever has no session with the value `null` for its cookie, and takes the identifier that a client names.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_every_visitor_gets_alike_is_no_identifier() {
    let me = |State(visitors): State<Visitors>, headers: HeaderMap| async move {
        let known = identifier(&headers).and_then(|id| visitors.lock().expect("whole").get(&id).copied());
        match known {
            Some(true) => Json(json!({ "user": "alice", "account": "6c1f0a8e52d94b37" })).into_response(),
            _ => (StatusCode::UNAUTHORIZED, [(header::SET_COOKIE, "sid=null; Path=/; HttpOnly")]).into_response(),
        }
    };
    let log_in = |State(visitors): State<Visitors>, headers: HeaderMap, Form(form): Form<HashMap<String, String>>| async move {
        if form.get("password").is_none_or(|password| password != PASSWORD) {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        match identifier(&headers).filter(|id| id != "null") {
            Some(id) => {
                visitors.lock().expect("whole").insert(id.clone(), true);
                (StatusCode::NO_CONTENT, [(header::SET_COOKIE, format!("sid={id}; Path=/; HttpOnly"))]).into_response()
            }
            None => (StatusCode::NO_CONTENT, new_visitor(&visitors, true)).into_response(),
        }
    };
    let router = Router::new().route("/me", get(me)).route("/login", post(log_in)).with_state(Visitors::default());
    let ended = of_sessions(router, "session.identifier-changes-at-login").await;
    let result = ended.of("session.identifier-changes-at-login");
    assert_eq!(result.verdict, Verdict::Fail, "{} {:?}", result.summary, result.deviations);
}

/// This check against `GET /me`, behind sessions of a login by a form.
async fn of_sessions(router: Router, check: &str) -> Ended {
    let yaml = format!(
        "scheme: {{ session: {{ cookie: sid }} }}\nlogins: {{ app: {{ request: {{ post: /login, form: {{ user: \"{{username}}\", \
         password: \"{{password}}\" }} }}, token: {{ cookie: sid }} }} }}\ncredentials: {{ alice: {{ login: app, username: alice, password: {PASSWORD} }} }}\n\
         resources: [{{ request: GET /me }}]\nconformance: {{ include: [{check}] }}\n"
    );
    against(serve(router).await, &yaml, PROMPT).await
}

/// A guard of CSRF that one handler forgot.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_write_is_asked_without_its_csrf_token() {
    const CHECKS: [&str; 2] = ["session.write-needs-csrf-token", "session.foreign-page-write-refused"];
    let write = |State(visitors): State<Visitors>, headers: HeaderMap| async move {
        let known = identifier(&headers).and_then(|id| visitors.lock().expect("whole").get(&id).copied());
        match known {
            Some(true) => Json(json!({ "kept": "6c1f0a8e52d94b37" })).into_response(),
            _ => StatusCode::UNAUTHORIZED.into_response(),
        }
    };
    let guarded = move |visitors: State<Visitors>, headers: HeaderMap| async move {
        match headers.get("x-csrf").is_some_and(|value| value == "1") {
            true => write(visitors, headers).await,
            false => StatusCode::FORBIDDEN.into_response(),
        }
    };
    for (tags, forgotten) in [(post(write), true), (post(guarded), false)] {
        let router = Router::new().route("/me", get(me)).route("/login", post(log_in));
        let router = router.route("/notes", post(guarded)).route("/tags", tags).with_state(Visitors::default());
        let yaml = format!(
            "scheme: {{ session: {{ cookie: sid }} }}\nlogins: {{ app: {{ request: {{ post: /login, form: {{ user: \"{{username}}\", \
             password: \"{{password}}\" }} }}, token: {{ cookie: sid }}, write_headers: {{ X-CSRF: \"1\" }} }} }}\n\
             credentials: {{ alice: {{ login: app, username: alice, password: {PASSWORD} }} }}\n\
             resources: [{{ request: GET /me }}, {{ request: POST /notes, writes: true, form: {{ text: a }} }}, \
             {{ request: POST /tags, writes: true, form: {{ text: a }} }}]\nconformance: {{ include: [{}] }}\n",
            CHECKS.join(", ")
        );
        let ended = against(serve(router).await, &yaml, PROMPT).await;
        for id in CHECKS {
            let result = ended.of(id);
            let found = if forgotten { [true, false] } else { [false, false] };
            let at = ["/tags", "/notes"].map(|path| result.deviations.iter().any(|text| text.contains(path)));
            assert_eq!(at, found, "{id}: {:?} {} {:?}", result.verdict, result.summary, result.deviations);
            assert_eq!(result.verdict == Verdict::Pass, !forgotten, "{id}: {}", result.summary);
        }
    }
}

/// A token that opens the orders.
const TOKEN: &str = "t-5b9fa81c0f7d4e62";

fn issued() -> Response {
    Json(json!({ "access_token": TOKEN })).into_response()
}

/// These checks against an API behind tokens of a login in JSON.
async fn behind(login: MethodRouter, checks: &str) -> Ended {
    let orders = |headers: HeaderMap| async move {
        match presented(&headers).and_then(|field| field.strip_prefix("Bearer ")) {
            Some(TOKEN) => Json(json!({ "orders": ["6c1f0a8e52d94b37"] })).into_response(),
            _ => refused("Bearer realm=\"a\""),
        }
    };
    let yaml = format!(
        "scheme: bearer\nlogins: {{ app: {{ request: {{ post: /login, json: {{ user: \"{{username}}\", password: \"{{password}}\" }} }} }} }}\n\
         credentials: {{ alice: {{ login: app, username: alice, password: {PASSWORD} }} }}\nresources: [{{ request: GET /orders }}]\n\
         conformance: {{ include: [{checks}] }}\n"
    );
    let router = Router::new().route("/login", login).route("/orders", get(orders));
    against(serve(router).await, &yaml, PROMPT).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_is_sent_again_where_the_server_asks_for_some_time() {
    let asked = Arc::new(AtomicUsize::new(0));
    let login = move |Json(body): Json<serde_json::Value>| async move {
        if asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
            return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "0")]).into_response();
        }
        match body["password"].as_str() {
            Some(PASSWORD) => issued(),
            _ => StatusCode::UNAUTHORIZED.into_response(),
        }
    };
    let ended = behind(post(login), "bearer.valid-accepted, login.wrong-password-refused").await;
    for id in ["bearer.valid-accepted", "login.wrong-password-refused"] {
        let result = ended.of(id);
        assert_eq!(result.verdict, Verdict::Pass, "{id}: {} {:?}", result.summary, result.deviations);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_is_tried_once_more_where_the_server_breaks() {
    let asked = Arc::new(AtomicUsize::new(0));
    let login = move || async move {
        match asked.fetch_add(1, Ordering::Relaxed) {
            0 => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            _ => issued(),
        }
    };
    let ended = behind(post(login), "bearer.valid-accepted").await;
    assert!(ended.notes.iter().all(|(kind, _)| *kind != NoteKind::Error), "{:?}", ended.notes);
    assert_eq!(ended.of("bearer.valid-accepted").verdict, Verdict::Pass);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_registers_whoever_is_new_has_no_accounts_of_a_product() {
    const CHECK: &str = "login.default-accounts-refused";
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = asked.clone();
    let login = move |Json(body): Json<serde_json::Value>| async move {
        let user = body["user"].as_str().unwrap_or_default().to_owned();
        let fits = user != "alice" || body["password"] == PASSWORD;
        seen.lock().expect("whole").push(user);
        if fits { issued() } else { StatusCode::UNAUTHORIZED.into_response() }
    };
    let ended = behind(post(login), CHECK).await;
    let result = ended.of(CHECK);
    assert_eq!(result.verdict, Verdict::NotApplicable, "{} {:?}", result.summary, result.deviations);
    let registered = asked.lock().expect("whole").iter().filter(|user| *user != "alice").count();
    assert_eq!(registered, 1, "one user that nobody has, and no account of a product");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_error_of_a_login_shows_is_seen() {
    let login = |body: String| async move {
        match serde_json::from_str::<serde_json::Value>(&body) {
            Ok(json) if json["password"] == PASSWORD && json["user"] == "alice" => issued(),
            Ok(serde_json::Value::Object(_)) => StatusCode::UNAUTHORIZED.into_response(),
            _ => {
                let trace = "Traceback (most recent call last):\n  File \"/srv/app/login.py\", line 7, in login\n";
                (StatusCode::INTERNAL_SERVER_ERROR, trace).into_response()
            }
        }
    };
    let ended = behind(post(login), "login.malformed-never-5xx, common.auth-error-no-internals").await;
    let result = ended.of("common.auth-error-no-internals");
    assert_eq!(result.verdict, Verdict::Warn, "{} {:?}", result.summary, result.deviations);
    assert!(result.summary.contains("POST /login of login.malformed-never-5xx"), "{}", result.summary);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_is_known_and_lacks_the_right_shows_nothing_of_its_password() {
    let record = |headers: HeaderMap| async move {
        let pair = presented(&headers).and_then(|field| STANDARD.decode(field.strip_prefix("Basic ")?).ok());
        match pair.as_deref() {
            Some(b"alice:correct-Horse-7-battery") => Json(json!({ "record": "6c1f0a8e52d94b37" })).into_response(),
            Some(b"carl:lab:Pass:word-3") => StatusCode::FORBIDDEN.into_response(),
            _ => refused("Basic realm=\"a\""),
        }
    };
    let yaml = format!(
        "scheme: basic\ncredentials: {{ alice: {{ username: alice, password: {PASSWORD} }} }}\nresources: [{{ request: GET /record }}]\n\
         material: {{ colon_password_account: {{ username: carl, password: \"lab:Pass:word-3\" }} }}\n\
         conformance: {{ include: [basic.first-colon-splits] }}\n"
    );
    let ended = against(serve(Router::new().route("/record", get(record))).await, &yaml, PROMPT).await;
    let result = ended.of("basic.first-colon-splits");
    assert_eq!(result.verdict, Verdict::NotApplicable, "{} {:?}", result.summary, result.deviations);
    assert!(result.summary.contains("give it the right"), "{}", result.summary);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_breaks_without_a_member_that_it_need_not_have_is_found() {
    const CHECK: &str = "login.malformed-never-5xx";
    let login = |Json(body): Json<serde_json::Value>| async move {
        match (&body["user"], &body["password"]) {
            (serde_json::Value::String(_), serde_json::Value::String(_)) if body["provider"].is_null() => {
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
            (user, password) if user == "alice" && password == PASSWORD => issued(),
            _ => StatusCode::UNAUTHORIZED.into_response(),
        }
    };
    let orders = |headers: HeaderMap| async move {
        match presented(&headers).and_then(|field| field.strip_prefix("Bearer ")) {
            Some(TOKEN) => Json(json!({ "orders": ["6c1f0a8e52d94b37"] })).into_response(),
            _ => refused("Bearer realm=\"a\""),
        }
    };
    let yaml = format!(
        "scheme: bearer\nlogins: {{ app: {{ request: {{ post: /login, json: {{ user: \"{{username}}\", password: \"{{password}}\", \
         provider: db }} }} }} }}\ncredentials: {{ alice: {{ login: app, username: alice, password: {PASSWORD} }} }}\n\
         resources: [{{ request: GET /orders }}]\nconformance: {{ include: [{CHECK}] }}\n"
    );
    let router = Router::new().route("/login", post(login)).route("/orders", get(orders));
    let ended = against(serve(router).await, &yaml, PROMPT).await;
    let result = ended.of(CHECK);
    let expected = "a login with nothing but user and password: the server breaks with 500, each time";
    assert_eq!(result.deviations, [expected], "{}", result.summary);
}

/// A link of another site carries cookies that are Lax.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_get_that_writes_is_found_whoever_links_to_it() {
    const CHECK: &str = "session.foreign-page-write-refused";
    for (same_site, expected) in [("Lax", Verdict::Fail), ("Strict", Verdict::NotApplicable)] {
        let log_in = move |Form(form): Form<HashMap<String, String>>| async move {
            match form.get("password").is_some_and(|password| password == PASSWORD) {
                true => {
                    let cookie = format!("sid={TOKEN}; Path=/; HttpOnly; SameSite={same_site}");
                    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response()
                }
                false => StatusCode::UNAUTHORIZED.into_response(),
            }
        };
        let account = |headers: HeaderMap| async move {
            match identifier(&headers).is_some_and(|id| id == TOKEN) {
                true => Json(json!({ "user": "alice", "account": "6c1f0a8e52d94b37" })).into_response(),
                false => StatusCode::UNAUTHORIZED.into_response(),
            }
        };
        let yaml = format!(
            "scheme: {{ session: {{ cookie: sid }} }}\nlogins: {{ app: {{ request: {{ post: /login, form: {{ user: \"{{username}}\", \
             password: \"{{password}}\" }} }}, token: {{ cookie: sid }} }} }}\n\
             credentials: {{ alice: {{ login: app, username: alice, password: {PASSWORD} }} }}\n\
             resources: [{{ request: GET /me }}, {{ request: GET /delete, writes: true }}]\nconformance: {{ include: [{CHECK}] }}\n"
        );
        let router =
            Router::new().route("/login", post(log_in)).route("/me", get(account)).route("/delete", get(account));
        let ended = against(serve(router).await, &yaml, PROMPT).await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, expected, "{same_site}: {} {:?}", result.summary, result.deviations);
    }
}

/// Cookies of a request by their names.
fn cookies(headers: &HeaderMap) -> HashMap<String, String> {
    let line = headers.get(header::COOKIE).and_then(|line| line.to_str().ok()).unwrap_or_default();
    let pairs = line.split("; ").filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A login that sets a cookie of "remember me" beside that of the session, either of which opens the account.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cookie_that_opens_by_itself_is_not_sent_beside_a_forged_one() {
    const CHECK: &str = "session.invalid-denied";
    const REMEMBER: &str = "7b0c5e1f94a2d863";
    for (remembers, notes) in [(true, 1), (false, 0)] {
        let sessions = Arc::new(AtomicUsize::new(0));
        let count = sessions.clone();
        let me = move |headers: HeaderMap| {
            let count = sessions.clone();
            async move {
                let cookies = cookies(&headers);
                let made = 0..count.load(Ordering::Relaxed);
                let is_open = made.into_iter().any(|at| cookies.get("sid") == Some(&format!("{at:04}-a91f3c7be05d28")));
                let is_known = remembers && cookies.get("remember").is_some_and(|value| value == REMEMBER);
                match is_open || is_known {
                    true => Json(json!({ "account": "6c1f0a8e52d94b37" })).into_response(),
                    false => StatusCode::UNAUTHORIZED.into_response(),
                }
            }
        };
        let log_in = move |Form(form): Form<HashMap<String, String>>| {
            let at = count.fetch_add(1, Ordering::Relaxed);
            async move {
                if form.get("password").is_none_or(|password| password != PASSWORD) {
                    return StatusCode::UNAUTHORIZED.into_response();
                }
                let mut answer = StatusCode::NO_CONTENT.into_response();
                for line in [format!("sid={at:04}-a91f3c7be05d28; HttpOnly"), format!("remember={REMEMBER}; HttpOnly")]
                {
                    answer.headers_mut().append(header::SET_COOKIE, line.parse().expect("is a value"));
                }
                answer
            }
        };
        let router = Router::new().route("/me", get(me)).route("/login", post(log_in));
        let ended = of_sessions(router, CHECK).await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, Verdict::Pass, "{remembers}: {} {:?}", result.summary, result.deviations);
        let told = ended.notes.iter().filter(|(_, text)| text.contains("is a credential of its own"));
        assert_eq!(told.count(), notes, "{:?}", ended.notes);
    }
}

/// A scenario that names a cookie of the login that opens nothing, beside one that does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scenario_that_names_the_wrong_cookie_is_not_tested() {
    const CHECK: &str = "session.invalid-denied";
    let me = |headers: HeaderMap| async move {
        match cookies(&headers).get("session").is_some_and(|value| value == "7b0c5e1f94a2d863") {
            true => Json(json!({ "account": "6c1f0a8e52d94b37" })).into_response(),
            false => StatusCode::UNAUTHORIZED.into_response(),
        }
    };
    let log_in = || async {
        let mut answer = StatusCode::NO_CONTENT.into_response();
        for line in ["sid=a91f3c7be05d28; HttpOnly", "session=7b0c5e1f94a2d863; HttpOnly"] {
            answer.headers_mut().append(header::SET_COOKIE, line.parse().expect("is a value"));
        }
        answer
    };
    let router = Router::new().route("/me", get(me)).route("/login", post(log_in));
    let ended = of_sessions(router, CHECK).await;
    assert_eq!(ended.of(CHECK).verdict, Verdict::Inconclusive);
    let all = format!("{:?}", ended.notes);
    let cause = "is not opened by the cookie `sid`, which the login of `alice` names, but by `session`";
    assert!(all.contains(cause) || ended.of(CHECK).summary.contains(cause), "{all} {}", ended.of(CHECK).summary);
}

/// A cookie that holds the user and the time, signed, and one that holds the user alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cookie_that_changes_with_the_second_is_no_identifier_of_a_user() {
    const CHECK: &str = "session.identifier-new-at-each-login";
    for (holds_time, expected) in [(true, Verdict::Pass), (false, Verdict::Warn)] {
        let me = |headers: HeaderMap| async move {
            match cookies(&headers).get("sid").is_some_and(|value| value.starts_with("alice--")) {
                true => Json(json!({ "account": "6c1f0a8e52d94b37" })).into_response(),
                false => StatusCode::UNAUTHORIZED.into_response(),
            }
        };
        let log_in = move || async move {
            let time = if holds_time { unix_seconds() } else { 0 };
            (StatusCode::NO_CONTENT, [(header::SET_COOKIE, format!("sid=alice--{time:x}--9c51e07ab3; HttpOnly"))])
        };
        let router = Router::new().route("/me", get(me)).route("/login", post(log_in));
        let ended = of_sessions(router, CHECK).await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, expected, "{holds_time}: {} {:?}", result.summary, result.deviations);
    }
}

/// An application of one password, without users.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_without_users_is_judged_as_far_as_it_goes() {
    let me = |headers: HeaderMap| async move {
        match cookies(&headers).get("sid").is_some_and(|value| value == "6c1f0a8e52d94b37") {
            true => Json(json!({ "account": "b07d3e9a41f8c265" })).into_response(),
            false => StatusCode::UNAUTHORIZED.into_response(),
        }
    };
    let log_in = |Form(form): Form<HashMap<String, String>>| async move {
        match form.get("password").map(String::as_str) {
            Some(PASSWORD) => (StatusCode::NO_CONTENT, [(header::SET_COOKIE, "sid=6c1f0a8e52d94b37")]).into_response(),
            Some(_) => StatusCode::UNAUTHORIZED.into_response(),
            None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    };
    let yaml = format!(
        "scheme: {{ session: {{ cookie: sid }} }}\ncredentials:\n  only:\n    password: {PASSWORD}\n    login:\n      \
         request: {{ post: /login, form: {{ password: \"{{password}}\" }} }}\n      token: {{ cookie: sid }}\n\
         resources: [{{ request: GET /me }}]\nconformance: {{ include: [\"login.*\"] }}\n"
    );
    let router = Router::new().route("/me", get(me)).route("/login", post(log_in));
    let ended = against(serve(router).await, &yaml, PROMPT).await;
    for (check, expected) in [
        ("login.wrong-password-refused", Verdict::Pass),
        ("login.near-miss-refused", Verdict::Pass),
        ("login.malformed-never-5xx", Verdict::Warn),
        ("login.users-indistinct", Verdict::NotTested),
        ("login.default-accounts-refused", Verdict::NotTested),
    ] {
        let result = ended.of(check);
        assert_eq!(result.verdict, expected, "{check}: {} {:?}", result.summary, result.deviations);
    }
}

/// A session that is in its cookie: a logout takes that from the browser, and whoever has a copy goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logout_that_takes_the_cookie_ends_the_session_of_the_browser() {
    const CHECK: &str = "session.foreign-page-logout-ignored";
    for (left, expected) in [
        (Some("sid=; Max-Age=0"), Verdict::Warn),
        (Some("sid=visitor-5b9fa81c0f7d4e62"), Verdict::Warn),
        (Some("sid=alice-6c1f0a8e52d94b37"), Verdict::Pass),
        (None, Verdict::Pass),
    ] {
        let me = |headers: HeaderMap| async move {
            match cookies(&headers).get("sid").is_some_and(|value| value == "alice-6c1f0a8e52d94b37") {
                true => Json(json!({ "account": "b07d3e9a41f8c265" })).into_response(),
                false => StatusCode::UNAUTHORIZED.into_response(),
            }
        };
        let log_in = || async { (StatusCode::NO_CONTENT, [(header::SET_COOKIE, "sid=alice-6c1f0a8e52d94b37")]) };
        let log_out = move || async move {
            match left {
                Some(cookie) => (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response(),
                None => StatusCode::FORBIDDEN.into_response(),
            }
        };
        let yaml = format!(
            "scheme: {{ session: {{ cookie: sid }} }}\ncredentials:\n  alice:\n    username: alice\n    password: {PASSWORD}\n    \
             login:\n      request: {{ post: /login, form: {{ user: \"{{username}}\", password: \"{{password}}\" }} }}\n      \
             token: {{ cookie: sid }}\n      logout: {{ get: /logout }}\nresources: [{{ request: GET /me }}]\n\
             conformance: {{ include: [{CHECK}] }}\n"
        );
        let router = Router::new().route("/me", get(me)).route("/login", post(log_in)).route("/logout", get(log_out));
        let ended = against(serve(router).await, &yaml, PROMPT).await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, expected, "{left:?}: {} {:?}", result.summary, result.deviations);
    }
}

/// The same, whose cookie browsers keep back from the forms of other sites: they take what the answer sets all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logout_without_the_cookie_that_takes_it_ends_the_session_of_the_browser() {
    const CHECK: &str = "session.foreign-page-logout-ignored";
    for (same_site, looks, expected) in [
        ("Lax", false, Verdict::Warn),
        ("Strict", false, Verdict::Warn),
        ("Lax", true, Verdict::Pass),
        ("Strict", true, Verdict::NotApplicable),
    ] {
        let me = |headers: HeaderMap| async move {
            match cookies(&headers).get("sid").is_some_and(|value| value == "alice-6c1f0a8e52d94b37") {
                true => Json(json!({ "account": "b07d3e9a41f8c265" })).into_response(),
                false => StatusCode::UNAUTHORIZED.into_response(),
            }
        };
        let log_in = move || async move {
            let cookie = format!("sid=alice-6c1f0a8e52d94b37; SameSite={same_site}");
            (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)])
        };
        let log_out = move |headers: HeaderMap| async move {
            match looks && headers.contains_key("origin") {
                true => StatusCode::FORBIDDEN.into_response(),
                false => ([(header::SET_COOKIE, "sid=\"\"; Max-Age=0")], "bye").into_response(),
            }
        };
        let yaml = format!(
            "scheme: {{ session: {{ cookie: sid }} }}\ncredentials:\n  alice:\n    username: alice\n    password: {PASSWORD}\n    \
             login:\n      request: {{ post: /login, form: {{ user: \"{{username}}\", password: \"{{password}}\" }} }}\n      \
             token: {{ cookie: sid }}\n      logout: {{ post: /logout }}\nresources: [{{ request: GET /me }}]\n\
             conformance: {{ include: [{CHECK}] }}\n"
        );
        let router = Router::new().route("/me", get(me)).route("/login", post(log_in)).route("/logout", post(log_out));
        let ended = against(serve(router).await, &yaml, PROMPT).await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, expected, "{same_site} {looks}: {} {:?}", result.summary, result.deviations);
    }
}
