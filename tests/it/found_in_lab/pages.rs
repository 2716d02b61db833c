//! What pages of other sites can do, and what pages of the site itself are.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use authbench::check::{Severity, Verdict};
use axum::body::Bytes;
use axum::extract::{Form, Query, Request};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{Ended, KEY, PROMPT, against, presented, refused, serve};

const ORDERS: &str = "{\"orders\":[\"6c1f0a8e52d94b37\",\"b07d3e9a41f8c265\"]}";

fn orders() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], ORDERS).into_response()
}

fn has_key(headers: &HeaderMap) -> bool {
    presented(headers).is_some_and(|line| line == format!("Bearer {KEY}"))
}

/// Reads and writes behind a password, which is asked for by this challenge.
async fn of_password(challenge: Option<&'static str>, takes_text: bool) -> Ended {
    const CHECK: &str = "basic.foreign-page-write-refused";
    let answer = move |method: Method, headers: HeaderMap, _: Bytes| async move {
        let good = format!("Basic {}", STANDARD.encode(format!("alice:{KEY}")));
        let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match (presented(&headers) == Some(good.as_str()), challenge) {
            (true, _) if method == Method::POST && !takes_text && media != "application/json" => {
                StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response()
            }
            (true, _) => orders(),
            (false, Some(challenge)) => refused(challenge),
            (false, None) => StatusCode::FORBIDDEN.into_response(),
        }
    };
    let yaml = format!(
        "scheme: basic\ncredentials: {{ a: {{ username: alice, password: \"{KEY}\" }} }}\n\
         resources: [{{ request: GET /orders }}, {{ request: POST /orders, writes: true, json: {{ item: lamp }} }}]\n\
         conformance: {{ include: [{CHECK}] }}\n"
    );
    against(serve(Router::new().route("/orders", get(answer).post(answer))).await, &yaml, PROMPT).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_a_browser_is_asked_for_is_sent_by_pages_of_other_sites() {
    for (challenge, takes_text, expected) in [
        (Some("Basic realm=\"a\""), true, Verdict::Fail),
        // JSON that has to be called so needs the consent of the target
        (Some("Basic realm=\"a\""), false, Verdict::Pass),
        (Some("Bearer realm=\"a\""), true, Verdict::NotApplicable),
        (None, true, Verdict::NotApplicable),
    ] {
        let ended = of_password(challenge, takes_text).await;
        let result = ended.of("basic.foreign-page-write-refused");
        assert_eq!(result.verdict, expected, "{challenge:?} {takes_text}: {}", result.summary);
    }
}

/// An application in the browser, whose page every path gets, and one that serves a path by another spelling.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_every_path_gets_opens_nothing() {
    const CHECK: &str = "common.path-normalisation-not-a-bypass";
    for (opens, expected) in [(false, Verdict::Pass), (true, Verdict::Fail)] {
        let answer = move |headers: HeaderMap| async move {
            if has_key(&headers) { orders() } else { refused("Bearer realm=\"a\"") }
        };
        let fallback = move |request: Request| async move {
            match opens && request.uri().path().ends_with("/orders/") {
                true => orders(),
                false => Html("<!DOCTYPE html><title>Shop</title><div id=root></div>").into_response(),
            }
        };
        let router = Router::new().route("/orders", get(answer)).fallback(fallback);
        let yaml = format!(
            "scheme: bearer\ncredentials: {{ a: {{ token: \"{KEY}\" }} }}\nresources: [{{ request: GET /orders }}]\n\
             conformance: {{ include: [{CHECK}] }}\n"
        );
        let ended = against(serve(router).await, &yaml, PROMPT).await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, expected, "{} {:?}", result.summary, result.deviations);
    }
}

/// A store in which anybody may make what is not there yet: a spelling that was written once is another resource from then on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_spelling_of_what_can_be_read_is_not_written() {
    const CHECK: &str = "common.path-normalisation-not-a-bypass";
    let made = Arc::new(AtomicUsize::new(0));
    let count = made.clone();
    let note = move |headers: HeaderMap| async move {
        if has_key(&headers) { orders() } else { refused("Bearer realm=\"a\"") }
    };
    let fallback = move |request: Request| {
        let count = count.clone();
        async move {
            if request.method() == Method::PUT {
                count.fetch_add(1, Ordering::Relaxed);
                return StatusCode::CREATED;
            }
            StatusCode::NOT_FOUND
        }
    };
    let router = Router::new().route("/notes/one", get(note).put(note)).fallback(fallback);
    let yaml = format!(
        "scheme: bearer\ncredentials: {{ a: {{ token: \"{KEY}\" }} }}\nresources:\n  - request: GET /notes/one\n  \
         - {{ request: PUT /notes/one, writes: true, json: {{ text: a }} }}\nconformance: {{ include: [{CHECK}] }}\n"
    );
    let ended = against(serve(router).await, &yaml, PROMPT).await;
    let result = ended.of(CHECK);
    assert_eq!(result.verdict, Verdict::Pass, "{} {:?}", result.summary, result.deviations);
    assert_eq!(made.load(Ordering::Relaxed), 0);
}

/// What a login does within a session that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    /// It goes on with its identifier, as the user who logs in.
    Keeps,
    /// It is not looked at: the session stays that of the first user.
    IsIgnored,
    /// It starts another session beside it.
    StartsAnother,
    /// It starts another session and ends the first.
    Replaces,
    /// It is refused.
    IsRefused,
}

/// Sessions of two users.
fn sessions(within: Within) -> Router {
    type Open = Arc<Mutex<HashMap<String, String>>>;
    let open = Open::default();
    let identifier = |headers: &HeaderMap| {
        let cookie = headers.get(header::COOKIE)?.to_str().ok()?;
        cookie.strip_prefix("sid=").map(str::to_owned)
    };
    let store = open.clone();
    let me = move |headers: HeaderMap| {
        let user = identifier(&headers).and_then(|id| store.lock().expect("whole").get(&id).cloned());
        async move {
            match user {
                Some(user) => Json(json!({ "account": "6c1f0a8e52d94b37", "user": user })).into_response(),
                None => StatusCode::UNAUTHORIZED.into_response(),
            }
        }
    };
    let log_in = move |headers: HeaderMap, Form(form): Form<HashMap<String, String>>| {
        let mut open = open.lock().expect("whole");
        let former = identifier(&headers).filter(|id| open.contains_key(id));
        let number = open.len();
        let user = form.get("user").cloned().unwrap_or_default();
        let right = form.get("password").is_some_and(|password| *password == format!("pass-{user}-7f3e"));
        let answer = match (former, within) {
            _ if !right => StatusCode::UNAUTHORIZED.into_response(),
            (Some(_), Within::IsRefused) => StatusCode::CONFLICT.into_response(),
            (Some(_), Within::IsIgnored) => StatusCode::NO_CONTENT.into_response(),
            (former, _) => {
                let kept = former.clone().filter(|_| within == Within::Keeps);
                let id = kept.unwrap_or_else(|| format!("session-{number:04}-{:x}", number * 7919));
                if let Some(former) = former.filter(|_| within == Within::Replaces) {
                    open.insert(format!("ended-{number}"), String::new());
                    open.remove(&former);
                }
                open.insert(id.clone(), user);
                (StatusCode::NO_CONTENT, [(header::SET_COOKIE, format!("sid={id}; Path=/; HttpOnly"))]).into_response()
            }
        };
        async move { answer }
    };
    Router::new().route("/me", get(me)).route("/login", post(log_in))
}

/// `GET /me` for whoever has the cookie that this login sets.
fn behind(login: MethodRouter) -> Router {
    let me = |headers: HeaderMap| async move {
        let cookie = headers.get(header::COOKIE).is_some_and(|cookie| cookie == "sid=6c1f0a8e52d94b37");
        if cookie { orders() } else { StatusCode::UNAUTHORIZED.into_response() }
    };
    Router::new().route("/me", get(me)).route("/login", login)
}

async fn of_sessions(router: Router, check: &str) -> Ended {
    let yaml = format!(
        "scheme: {{ session: {{ cookie: sid }} }}\nlogins: {{ app: {{ request: {{ post: /login, form: {{ user: \"{{username}}\", \
         password: \"{{password}}\" }} }}, token: {{ cookie: sid }} }} }}\ncredentials:\n  \
         alice: {{ login: app, username: alice, password: pass-alice-7f3e }}\n  \
         bob: {{ login: app, username: bob, password: pass-bob-7f3e }}\n\
         resources: [{{ request: GET /me }}]\nconformance: {{ include: [{check}] }}\n"
    );
    against(serve(router).await, &yaml, PROMPT).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_within_a_session_starts_another_one_and_ends_the_first() {
    const CHECK: &str = "session.identifier-changes-at-relogin";
    for (within, expected, severity) in [
        (Within::Keeps, Verdict::Fail, Some(Severity::High)),
        (Within::IsIgnored, Verdict::Inconclusive, None),
        (Within::StartsAnother, Verdict::Info, None),
        (Within::Replaces, Verdict::Pass, None),
        (Within::IsRefused, Verdict::NotApplicable, None),
    ] {
        let ended = of_sessions(sessions(within), CHECK).await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, expected, "{within:?}: {} {:?}", result.summary, result.deviations);
        if let Some(severity) = severity {
            assert_eq!(result.severity, severity, "{within:?}: {}", result.summary);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_leads_to_another_site_is_found_however_that_is_written() {
    const CHECK: &str = "session.login-redirect-stays";
    type Takes = fn(&str) -> bool;
    let cases: [(Takes, Verdict); 5] = [
        (|_| true, Verdict::Fail),
        (|to| !to.contains(':'), Verdict::Fail),
        // browsers take a backslash for a slash, and leave a tab out
        (|to| to.starts_with('/') && !to.starts_with("//"), Verdict::Fail),
        (|to| to.starts_with('/') && !to.starts_with("//") && !to.contains(['\\', '\t']), Verdict::Pass),
        (|_| false, Verdict::Pass),
    ];
    for (at, (takes, expected)) in cases.into_iter().enumerate() {
        let log_in = move |Query(query): Query<HashMap<String, String>>, Form(form): Form<HashMap<String, String>>| async move {
            if form.get("password").is_none_or(|password| password != "pass-alice-7f3e") {
                return StatusCode::UNAUTHORIZED.into_response();
            }
            let to = query.get("next").filter(|to| takes(to)).cloned().unwrap_or_else(|| "/me".to_owned());
            let fields = [(header::SET_COOKIE, "sid=6c1f0a8e52d94b37; HttpOnly".to_owned()), (header::LOCATION, to)];
            (StatusCode::SEE_OTHER, fields).into_response()
        };
        let ended = of_sessions(behind(post(log_in)), CHECK).await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, expected, "{at}: {} {:?}", result.summary, result.deviations);
    }
}

/// A login whose form has a field of its own for where it leads, which the page fills in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_field_of_the_page_that_says_where_a_login_leads_is_found() {
    const CHECK: &str = "session.login-redirect-stays";
    for (looks, expected) in [(false, Verdict::Fail), (true, Verdict::Pass)] {
        let page = || async { Html("<form method=post><input type=hidden name=login_nexturl value=\"/\"></form>") };
        let log_in = move |Form(form): Form<HashMap<String, String>>| async move {
            if form.get("password").is_none_or(|password| password != "pass-alice-7f3e") {
                return StatusCode::UNAUTHORIZED.into_response();
            }
            let to = form.get("login_nexturl").filter(|to| !looks || *to == "/").cloned();
            let fields = [
                (header::SET_COOKIE, "sid=6c1f0a8e52d94b37; HttpOnly".to_owned()),
                (header::LOCATION, to.unwrap_or_else(|| "/me".to_owned())),
            ];
            (StatusCode::FOUND, fields).into_response()
        };
        let yaml = format!(
            "scheme: {{ session: {{ cookie: sid }} }}\ncredentials:\n  alice:\n    username: alice\n    \
             password: pass-alice-7f3e\n    login:\n      request:\n        - {{ get: /login }}\n        \
             - {{ post: /login, form: {{ login_nexturl: \"{{input:login_nexturl}}\", user: \"{{username}}\", \
             password: \"{{password}}\" }} }}\n      token: {{ cookie: sid }}\nresources: [{{ request: GET /me }}]\n\
             conformance: {{ include: [{CHECK}] }}\n"
        );
        let ended = against(serve(behind(get(page).post(log_in))).await, &yaml, PROMPT).await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, expected, "{looks}: {} {:?}", result.summary, result.deviations);
    }
}

/// A login whose answer repeats its cookie in the body, where a cache keeps it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cookie_that_the_body_of_a_login_repeats_is_not_to_be_stored() {
    const CHECK: &str = "login.response-no-store";
    for (repeats, expected) in [(true, Verdict::Warn), (false, Verdict::Info)] {
        let log_in = move || async move {
            let body = if repeats { json!({ "authorization": "6c1f0a8e52d94b37" }) } else { json!({ "ok": true }) };
            ([(header::SET_COOKIE, "sid=6c1f0a8e52d94b37; HttpOnly")], Json(body))
        };
        let ended = of_sessions(behind(post(log_in)), CHECK).await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, expected, "{} {:?}", result.summary, result.deviations);
    }
}

/// A server that answers two roles without the permission in two ways.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_else_lacks_a_scope_is_asked_too() {
    const CHECK: &str = "common.insufficient-is-403";
    let admin = |headers: HeaderMap| async move {
        match presented(&headers).unwrap_or_default() {
            "Bearer t-admin-6c1f0a8e52d94b37" => orders(),
            "Bearer t-bob-b07d3e9a41f8c265" => StatusCode::FORBIDDEN.into_response(),
            _ => refused("Bearer realm=\"a\", error=\"invalid_token\""),
        }
    };
    let me = |headers: HeaderMap| async move {
        let known = presented(&headers).is_some_and(|line| line.starts_with("Bearer t-"));
        if known { orders() } else { refused("Bearer realm=\"a\", error=\"invalid_token\"") }
    };
    let router = Router::new().route("/me", get(me)).route("/admin", get(admin));
    let yaml = format!(
        "scheme: bearer\ncredentials:\n  admin: {{ token: t-admin-6c1f0a8e52d94b37, scopes: [admin] }}\n  \
         bob: {{ token: t-bob-b07d3e9a41f8c265 }}\n  carol: {{ token: t-carol-5b9fa81c0f7d4e62 }}\n\
         resources: [{{ request: GET /me }}, {{ request: GET /admin, scopes: [admin] }}]\n\
         conformance: {{ include: [{CHECK}] }}\n"
    );
    let ended = against(serve(router).await, &yaml, PROMPT).await;
    let result = ended.of(CHECK);
    assert_eq!(result.verdict, Verdict::Warn, "{} {:?}", result.summary, result.deviations);
    assert_eq!(result.deviations.len(), 1, "{:?}", result.deviations);
}

/// A server that grants every scope and says so at introspection alone: what was granted is what was asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scope_that_was_granted_need_not_be_repeated() {
    const CHECK: &str = "token.scope-returned-when-different";
    for (granted, expected) in [("read admin", Verdict::Pass), ("read", Verdict::Fail)] {
        let token = |Form(_): Form<HashMap<String, String>>| async {
            Json(json!({ "access_token": KEY, "token_type": "Bearer", "expires_in": 600 }))
        };
        let introspect = move |Form(form): Form<HashMap<String, String>>| async move {
            match form.get("token").is_some_and(|token| token == KEY) {
                true => Json(json!({ "active": true, "scope": granted })),
                false => Json(json!({ "active": false })),
            }
        };
        let resource = |headers: HeaderMap| async move {
            if has_key(&headers) { orders() } else { refused("Bearer realm=\"a\", error=\"invalid_token\"") }
        };
        let router = Router::new()
            .route("/token", post(token))
            .route("/introspect", post(introspect))
            .route("/orders", get(resource));
        let address = serve(router).await;
        let yaml = format!(
            "scheme: {{ oauth2-client-credentials: {{ token_url: \"http://{address}/token\", introspection_url: \"http://{address}/introspect\" }} }}\n\
             credentials: {{ a: {{ client_id: app, client_secret: secret-7f3e91, scopes: [read] }} }}\n\
             material: {{ disallowed_scope: admin }}\nresources: [{{ request: GET /orders, scopes: [read] }}]\n\
             conformance: {{ include: [{CHECK}] }}\n"
        );
        let ended = against(address, &yaml, PROMPT).await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, expected, "{granted}: {} {:?}", result.summary, result.deviations);
    }
}

/// A comparison of passwords that takes ASCII alone, and breaks on the rest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_outside_ascii_that_breaks_the_server_is_found_without_an_account() {
    const CHECK: &str = "common.malformed-credential-never-5xx";
    let answer = |headers: HeaderMap| async move {
        let value = presented(&headers).and_then(|line| line.strip_prefix("Basic ")).unwrap_or_default();
        let decoded = STANDARD.decode(value).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        match decoded.split_once(':') {
            Some((_, password)) if !password.is_ascii() => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            Some(("alice", KEY)) => orders(),
            _ => refused("Basic realm=\"a\""),
        }
    };
    let yaml = format!(
        "scheme: basic\ncredentials: {{ a: {{ username: alice, password: \"{KEY}\" }} }}\n\
         resources: [{{ request: GET /orders }}]\nconformance: {{ include: [{CHECK}] }}\n"
    );
    let ended = against(serve(Router::new().route("/orders", get(answer))).await, &yaml, PROMPT).await;
    let result = ended.of(CHECK);
    assert_eq!(result.verdict, Verdict::Fail, "{} {:?}", result.summary, result.deviations);
    assert!(result.summary.contains("UTF-8 outside ASCII behind a colon"), "{}", result.summary);
}

/// Other values for the members of a body are sent where it has some.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_without_members_is_not_sent_as_if_it_had_others() {
    const CHECK: &str = "common.malformed-body-never-5xx";
    for (body, probes) in [("json: { item: lamp }", 23), ("form: { item: lamp }", 12), ("json: {}", 12)] {
        let answer = |headers: HeaderMap, _: Bytes| async move {
            if has_key(&headers) { orders() } else { refused("Bearer realm=\"a\"") }
        };
        let yaml = format!(
            "scheme: bearer\ncredentials: {{ a: {{ token: \"{KEY}\" }} }}\n\
             resources: [{{ request: GET /orders }}, {{ request: POST /orders, writes: true, {body} }}]\n\
             conformance: {{ include: [{CHECK}] }}\n"
        );
        let ended = against(serve(Router::new().route("/orders", get(answer).post(answer))).await, &yaml, PROMPT).await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, Verdict::Pass, "{body}: {}", result.summary);
        assert!(result.summary.starts_with(&format!("{probes} probes ")), "{body}: {}", result.summary);
    }
}

/// A write that asks for a CSRF token: the field has to repeat the cookie, both of which the scenario writes for its own request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_form_of_another_site_cannot_send_is_not_sent_for_it() {
    const CHECK: &str = "basic.foreign-page-write-refused";
    for (asks, expected) in [(true, Verdict::Pass), (false, Verdict::Fail)] {
        let write = move |headers: HeaderMap, body: Bytes| async move {
            let good = format!("Basic {}", STANDARD.encode(format!("alice:{KEY}")));
            let cookie = headers.get(header::COOKIE).and_then(|line| line.to_str().ok()?.strip_prefix("csrf="));
            let repeats = cookie.is_some_and(|value| String::from_utf8_lossy(&body).contains(&format!("csrf={value}")));
            match presented(&headers) == Some(good.as_str()) {
                true if asks && !repeats => StatusCode::FORBIDDEN.into_response(),
                true => orders(),
                false => refused("Basic realm=\"a\""),
            }
        };
        let yaml = format!(
            "scheme: basic\ncredentials: {{ a: {{ username: alice, password: \"{KEY}\" }} }}\n\
             resources:\n  - request: GET /orders\n  \
             - {{ request: POST /orders, writes: true, headers: {{ Cookie: csrf=5a1e }}, form: {{ csrf: 5a1e }} }}\n\
             conformance: {{ include: [{CHECK}] }}\n"
        );
        let read = |headers: HeaderMap| async move {
            let is_known = presented(&headers).is_some_and(|line| line.starts_with("Basic "));
            if is_known { orders() } else { refused("Basic realm=\"a\"") }
        };
        let ended = against(serve(Router::new().route("/orders", get(read).post(write))).await, &yaml, PROMPT).await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, expected, "{asks}: {} {:?}", result.summary, result.deviations);
    }
}
