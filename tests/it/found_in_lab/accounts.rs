//! Accounts that products are shipped with, guesses at passwords, and what answers show of accounts.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use authbench::check::Verdict;
use axum::extract::Form;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, any, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{Ended, PROMPT, against, presented, refused, serve};

const PASSWORD: &str = "correct-Horse-7-battery";
/// A token that opens the account.
const TOKEN: &str = "t-5b9fa81c0f7d4e62";
/// A hash of a password that nobody has.
const HASH: &str = "$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW";

fn issued() -> Response {
    Json(json!({ "access_token": TOKEN })).into_response()
}

/// A run of these checks against an account behind tokens of a login in JSON.
async fn behind(login: MethodRouter, account: &'static Value, checks: &str, more: &str) -> Ended {
    let guarded = move |headers: HeaderMap| async move {
        match presented(&headers).and_then(|field| field.strip_prefix("Bearer ")) {
            Some(TOKEN) => Json(account).into_response(),
            _ => refused("Bearer realm=\"a\""),
        }
    };
    let yaml = format!(
        "scheme: bearer\nlogins: {{ app: {{ request: {{ post: /login, json: {{ user: \"{{username}}\", password: \"{{password}}\" }} }} }} }}\n\
         credentials: {{ alice: {{ login: app, username: alice, password: {PASSWORD} }} }}\nresources: [{{ request: GET /account }}]\n\
         conformance: {{ include: [{checks}] }}\n{more}"
    );
    let router = Router::new().route("/login", login).route("/account", get(guarded));
    against(serve(router).await, &yaml, PROMPT).await
}

fn account() -> &'static Value {
    Box::leak(Box::new(json!({ "user": "alice", "account": "6c1f0a8e52d94b37" })))
}

/// A login that knows these accounts, and answers 401 to others, with a challenge.
fn login_of(accounts: &'static [(&'static str, &'static str)]) -> MethodRouter {
    post(move |Json(body): Json<Value>| async move {
        let fits = |(user, password): &(&str, &str)| body["user"] == *user && body["password"] == *password;
        if accounts.iter().any(fits) { issued() } else { refused("Bearer realm=\"a\"") }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_a_product_is_shipped_with_is_found() {
    const CHECK: &str = "login.default-accounts-refused";
    let ended = behind(login_of(&[("alice", PASSWORD), ("root", "root")]), account(), CHECK, "").await;
    let result = ended.of(CHECK);
    assert_eq!(result.verdict, Verdict::Fail, "{} {:?}", result.summary, result.deviations);
    assert!(result.summary.contains("the user root and the password root"), "{}", result.summary);
    let ended = behind(login_of(&[("alice", PASSWORD)]), account(), CHECK, "").await;
    assert_eq!(ended.of(CHECK).verdict, Verdict::Pass, "{}", ended.of(CHECK).summary);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_of_the_scenario_is_none_that_the_product_was_shipped_with() {
    const CHECK: &str = "basic.default-accounts-denied";
    let guarded = |headers: HeaderMap| async move {
        // alice:correct-Horse-7-battery and guest:guest
        match presented(&headers) {
            Some("Basic YWxpY2U6Y29ycmVjdC1Ib3JzZS03LWJhdHRlcnk=" | "Basic Z3Vlc3Q6Z3Vlc3Q=") => {
                Json(json!({ "account": "6c1f0a8e52d94b37" })).into_response()
            }
            _ => refused("Basic realm=\"a\""),
        }
    };
    for (credentials, verdict) in
        [("", Verdict::Fail), (", guest: { username: guest, password: guest }", Verdict::Pass)]
    {
        let yaml = format!(
            "scheme: basic\ncredentials: {{ alice: {{ username: alice, password: {PASSWORD} }}{credentials} }}\n\
             resources: [{{ request: GET /account }}]\nconformance: {{ include: [{CHECK}] }}\n"
        );
        let ended = against(serve(Router::new().route("/account", get(guarded))).await, &yaml, PROMPT).await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, verdict, "{credentials}: {} {:?}", result.summary, result.deviations);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_that_are_not_slowed_are_a_finding_about_accounts_that_may_be_locked() {
    const CHECK: &str = "login.guessing-throttled";
    // how many failures of which users it takes until the login holds them up
    let login = |most: usize, of: &'static str| {
        let failed = Arc::new(AtomicUsize::new(0));
        post(move |Json(body): Json<Value>| async move {
            match (body["user"].as_str(), body["password"].as_str()) {
                (Some("alice"), Some(PASSWORD)) => issued(),
                (Some(user), _) if of.is_empty() || user == of => match failed.fetch_add(1, Ordering::Relaxed) {
                    failures if failures >= most => {
                        (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "60")]).into_response()
                    }
                    _ => refused("Bearer realm=\"a\""),
                },
                _ => refused("Bearer realm=\"a\""),
            }
        })
    };
    let declared = "material: { failure_budget: 12, expendable_username: spare }\n";
    let nobody = "material: { failure_budget: 12 }\n";
    for (most, of, material, verdict) in [
        (usize::MAX, "", nobody, Verdict::Warn),
        (usize::MAX, "", declared, Verdict::Warn),
        (8, "spare", declared, Verdict::Pass),
        (8, "spare", nobody, Verdict::Warn),
        (8, "", nobody, Verdict::Pass),
        (usize::MAX, "", "", Verdict::NotTested),
    ] {
        let ended = behind(login(most, of), account(), CHECK, material).await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, verdict, "{most} {of} {material}: {} {:?}", result.summary, result.deviations);
        let says = result.summary.contains("some servers count failures of accounts alone");
        assert_eq!(says, verdict == Verdict::Warn && material == nobody, "{}", result.summary);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_is_locked_without_a_word_is_seen_by_its_right_password() {
    const CHECK: &str = "login.guessing-throttled";
    const SPARE: &str = "spare-Horse-4-lantern";
    // failures after which the right password of the account is refused as a wrong one is, and whether a header excuses from that
    let login = |most: usize, believes: bool| {
        let failed = Arc::new(AtomicUsize::new(0));
        post(move |headers: HeaderMap, Json(body): Json<Value>| async move {
            match (body["user"].as_str(), body["password"].as_str()) {
                (Some("alice"), Some(PASSWORD)) => issued(),
                (Some("spare"), Some(SPARE)) if believes && headers.contains_key("x-forwarded-for") => issued(),
                (Some("spare"), Some(SPARE)) if failed.load(Ordering::Relaxed) < most => issued(),
                _ => {
                    failed.fetch_add(1, Ordering::Relaxed);
                    refused("Bearer realm=\"a\"")
                }
            }
        })
    };
    let named = "material: { failure_budget: 12, expendable_username: spare }\n".to_owned();
    let known =
        format!("material: {{ failure_budget: 12, expendable_username: spare, expendable_password: {SPARE} }}\n");
    for (most, believes, material, verdict, says) in [
        (8, false, &known, Verdict::Pass, "the account is locked"),
        (8, true, &known, Verdict::Warn, "granted, while the login as before is refused"),
        (usize::MAX, false, &known, Verdict::Warn, "are answered at full speed"),
        (8, false, &named, Verdict::Warn, "only its right password shows"),
    ] {
        let ended = behind(login(most, believes), account(), CHECK, material).await;
        let result = ended.of(CHECK);
        let told = format!("{most} {material}: {} {:?}", result.summary, result.deviations);
        assert_eq!(result.verdict, verdict, "{told}");
        assert!(told.contains(says), "{told}");
        assert!(!format!("{result:?}").contains(SPARE), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_with_another_role_is_seen_to_be_locked_by_what_it_may_read() {
    const CHECK: &str = "login.guessing-throttled";
    const SPARE: &str = "spare-Horse-4-lantern";
    const OF_SPARE: &str = "spare-f07b2c9d41e84a66";
    let login = |most: usize| {
        let failed = Arc::new(AtomicUsize::new(0));
        post(move |Json(body): Json<Value>| async move {
            match (body["user"].as_str(), body["password"].as_str()) {
                (Some("alice"), Some(PASSWORD)) => issued(),
                (Some("spare"), Some(SPARE)) if failed.load(Ordering::Relaxed) < most => {
                    Json(json!({ "access_token": OF_SPARE })).into_response()
                }
                _ => {
                    failed.fetch_add(1, Ordering::Relaxed);
                    refused("Bearer realm=\"a\"")
                }
            }
        })
    };
    // what is for the good account alone, and what is for both, or for the good account alone as well
    let guarded = |for_both: bool| {
        get(move |headers: HeaderMap| async move {
            let token = presented(&headers).and_then(|value| value.strip_prefix("Bearer "));
            match token {
                Some(TOKEN) => Json(json!({ "notes": "9be1c05a77d2" })).into_response(),
                Some(OF_SPARE) if for_both => Json(json!({ "notes": "9be1c05a77d2" })).into_response(),
                Some(OF_SPARE) => StatusCode::FORBIDDEN.into_response(),
                _ => refused("Bearer realm=\"a\""),
            }
        })
    };
    let yaml = format!(
        "scheme: bearer\nlogins: {{ app: {{ request: {{ post: /login, json: {{ user: \"{{username}}\", password: \"{{password}}\" }} }} }} }}\n\
         credentials: {{ alice: {{ login: app, username: alice, password: {PASSWORD} }} }}\n\
         resources: [{{ request: GET /account }}, {{ request: GET /notes }}]\nconformance: {{ include: [{CHECK}] }}\n\
         material: {{ failure_budget: 12, expendable_username: spare, expendable_password: {SPARE} }}\n"
    );
    for (most, reads_notes, verdict, says) in [
        (8, true, Verdict::Pass, "the account is locked"),
        (usize::MAX, true, Verdict::Warn, "are answered at full speed"),
        (8, false, Verdict::Inconclusive, "opened none of the protected resources that are read"),
    ] {
        let router = Router::new()
            .route("/login", login(most))
            .route("/account", guarded(false))
            .route("/notes", guarded(reads_notes));
        let ended = against(serve(router).await, &yaml, PROMPT).await;
        let result = ended.of(CHECK);
        let told = format!("{most} {reads_notes}: {} {:?}", result.summary, result.deviations);
        assert_eq!(result.verdict, verdict, "{told}");
        assert!(told.contains(says), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn times_are_compared_of_the_account_that_may_be_locked() {
    const CHECK: &str = "login.timing-user-enumeration";
    const SPARE: &str = "spare-Horse-4-lantern";
    let known = format!("material: {{ expendable_username: spare, expendable_password: {SPARE} }}\n");
    for (material, fails, stays) in [(known.as_str(), "spare", "alice"), ("", "alice", "spare")] {
        let failed: Arc<Mutex<HashSet<String>>> = Arc::default();
        let users = failed.clone();
        let login = post(move |Json(body): Json<Value>| async move {
            match (body["user"].as_str(), body["password"].as_str()) {
                (Some("alice"), Some(PASSWORD)) | (Some("spare"), Some(SPARE)) => issued(),
                (user, _) => {
                    let user = user.unwrap_or_default().to_owned();
                    users.lock().expect("nobody panics").insert(user);
                    refused("Bearer realm=\"a\"")
                }
            }
        });
        let ended = behind(login, account(), CHECK, material).await;
        let result = ended.of(CHECK);
        let failed = failed.lock().expect("nobody panics");
        assert!(failed.contains(fails) && !failed.contains(stays), "{material}: {}", result.summary);
    }
    // what an earlier run has locked says so
    let locked = login_of(&[("alice", PASSWORD)]);
    let result = behind(locked, account(), CHECK, &known).await.of(CHECK).clone();
    assert_eq!(result.verdict, Verdict::Inconclusive, "{}", result.summary);
    assert!(result.summary.contains("may have locked the account"), "{}", result.summary);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hash_of_a_password_is_seen_in_whatever_is_answered_and_is_not_shown() {
    const CHECK: &str = "common.answers-show-no-password-hash";
    let login = || {
        post(|Json(body): Json<Value>| async move {
            match body["password"].as_str() {
                Some(PASSWORD) => Json(json!({ "access_token": TOKEN, "user": { "hash": HASH } })).into_response(),
                _ => refused("Bearer realm=\"a\""),
            }
        })
    };
    let with_hash: &'static Value = Box::leak(Box::new(json!({ "user": "alice", "password": HASH })));
    for (login, shown, verdict, place) in [
        (login_of(&[("alice", PASSWORD)]), with_hash, Verdict::Fail, "GET /account"),
        (login(), account(), Verdict::Fail, "POST /login"),
        (login_of(&[("alice", PASSWORD)]), account(), Verdict::Pass, ""),
    ] {
        let ended = behind(login, shown, &format!("{CHECK}, login.wrong-password-refused"), "").await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, verdict, "{} {:?}", result.summary, result.deviations);
        assert!(result.summary.contains(place), "{}", result.summary);
        let report = serde_json::to_string(result).expect("is written");
        assert!(!report.contains(&HASH[8..40]), "the hash is masked: {report}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_answers_401_names_a_challenge() {
    let login = post(|Json(body): Json<Value>| async move {
        match body["password"].as_str() {
            Some(PASSWORD) => issued(),
            _ => StatusCode::UNAUTHORIZED.into_response(),
        }
    });
    let checks = "common.401-carries-challenge, login.wrong-password-refused";
    let ended = behind(login, account(), checks, "").await;
    let result = ended.of("common.401-carries-challenge");
    assert_eq!(result.verdict, Verdict::Fail, "{} {:?}", result.summary, result.deviations);
    let shown = &result.evidence[result.shown_by.expect("is shown")];
    assert!(shown.label.contains("POST /login"), "{}", shown.label);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_method_that_is_answered_like_get_is_a_warning() {
    let guarded = |method: Method, headers: HeaderMap| async move {
        match presented(&headers) {
            Some("Bearer t-5b9fa81c0f7d4e62") => {
                let read = method == Method::GET || method.as_str() == "PROPFIND";
                let account = Json(json!({ "account": "6c1f0a8e52d94b37" }));
                if read { account.into_response() } else { StatusCode::NOT_IMPLEMENTED.into_response() }
            }
            _ => refused("Bearer realm=\"a\""),
        }
    };
    let yaml = format!(
        "scheme: bearer\ncredentials: {{ alice: {{ token: {TOKEN} }} }}\nresources: [{{ request: GET /account }}]\n\
         conformance: {{ include: [common.405-names-methods] }}\n"
    );
    let ended = against(serve(Router::new().route("/account", any(guarded))).await, &yaml, PROMPT).await;
    let result = ended.of("common.405-names-methods");
    assert_eq!(result.verdict, Verdict::Warn, "{} {:?}", result.summary, result.deviations);
    assert!(result.summary.contains("answered like GET"), "{}", result.summary);
}

/// An account whose notes are written with a cookie that has these attributes, by bodies that this function takes.
async fn with_notes(attributes: &'static str, body: &str, takes: fn(&HeaderMap) -> bool) -> Ended {
    let is_in = |headers: &HeaderMap| headers.get(header::COOKIE).is_some_and(|line| line == "sid=8f1c22a0d4e94b11");
    let account = move |headers: HeaderMap| async move {
        match is_in(&headers) {
            true => Json(json!({ "account": "6c1f0a8e52d94b37" })).into_response(),
            false => refused("Form realm=\"a\""),
        }
    };
    let notes = move |headers: HeaderMap| async move {
        match (is_in(&headers), takes(&headers)) {
            (true, true) => (StatusCode::CREATED, Json(json!({ "id": 7, "note": "kept" }))).into_response(),
            (true, false) => StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response(),
            (false, _) => refused("Form realm=\"a\""),
        }
    };
    let login = move |Form(form): Form<HashMap<String, String>>| async move {
        match form.get("password").is_some_and(|password| password == PASSWORD) {
            true => {
                let cookie = format!("sid=8f1c22a0d4e94b11; Path=/; HttpOnly{attributes}");
                (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response()
            }
            false => refused("Form realm=\"a\""),
        }
    };
    let yaml = format!(
        "scheme: {{ session: {{ cookie: sid }} }}\nlogins: {{ app: {{ request: {{ post: /login, form: {{ user: \"{{username}}\", \
         password: \"{{password}}\" }} }}, token: {{ cookie: sid }} }} }}\ncredentials: {{ alice: {{ login: app, username: alice, password: {PASSWORD} }} }}\n\
         resources:\n- request: GET /account\n- request: POST /notes\n  {body}\n  writes: true\n\
         conformance: {{ include: [session.foreign-page-write-refused] }}\n"
    );
    let router =
        Router::new().route("/account", get(account)).route("/notes", post(notes)).route("/login", post(login));
    against(serve(router).await, &yaml, PROMPT).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_a_page_of_another_site_can_send_is_found() {
    const FORM: &str = "form: { note: kept }";
    const JSON: &str = "json: { note: kept }";
    let anything: fn(&HeaderMap) -> bool = |_| true;
    let json_alone: fn(&HeaderMap) -> bool =
        |headers| headers.get(header::CONTENT_TYPE).is_some_and(|media| media == "application/json");
    let own_pages: fn(&HeaderMap) -> bool =
        |headers| headers.get(header::ORIGIN).is_none_or(|origin| origin != "https://authbench.example");
    for (attributes, body, takes, verdict) in [
        ("", FORM, anything, Verdict::Fail),
        ("; SameSite=None; Secure", JSON, anything, Verdict::Fail),
        ("", JSON, json_alone, Verdict::Pass),
        ("", FORM, own_pages, Verdict::Pass),
        ("; SameSite=Lax", FORM, anything, Verdict::NotApplicable),
    ] {
        let ended = with_notes(attributes, body, takes).await;
        let result = ended.of("session.foreign-page-write-refused");
        assert_eq!(result.verdict, verdict, "{attributes} {body}: {} {:?}", result.summary, result.deviations);
    }
}

/// An account behind tokens of a login, by hand: a login whose body is no object ends its connection.
fn closing() -> std::net::SocketAddr {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("binds");
    let address = listener.local_addr().expect("has one");
    let answer = |mut stream: std::net::TcpStream| -> std::io::Result<()> {
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? > 0 {
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        stream.read_exact(&mut body)?;
        let json: Value = serde_json::from_slice(&body).unwrap_or_default();
        let (status, body) = match head.split(' ').nth(1) {
            Some("/login") if !json.is_object() => return Ok(()),
            Some("/login") if json["user"] == "alice" && json["password"] == PASSWORD => {
                ("200 OK", json!({ "access_token": TOKEN }))
            }
            Some("/account") if head.contains(&format!("authorization: bearer {TOKEN}")) => {
                ("200 OK", account().clone())
            }
            Some("/login" | "/account") => ("401 Unauthorized", json!({ "error": "unauthorized" })),
            _ => ("404 Not Found", json!({ "error": "not_found" })),
        };
        let (body, challenge) = (body.to_string(), "WWW-Authenticate: Bearer realm=\"a\"\r\n");
        let challenge = if status.starts_with("401") { challenge } else { "" };
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{challenge}Connection: close\r\n\r\n{body}",
            body.len()
        )
    };
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_ends_its_connection_each_time_is_a_warning_beside_refusals() {
    const CHECK: &str = "login.malformed-never-5xx";
    let yaml = format!(
        "scheme: bearer\nlogins: {{ app: {{ request: {{ post: /login, json: {{ user: \"{{username}}\", password: \"{{password}}\" }} }} }} }}\n\
         credentials: {{ alice: {{ login: app, username: alice, password: {PASSWORD} }} }}\nresources: [{{ request: GET /account }}]\n\
         conformance: {{ include: [{CHECK}] }}\n"
    );
    let ended = against(closing(), &yaml, PROMPT).await;
    let result = ended.of(CHECK);
    assert_eq!(result.verdict, Verdict::Warn, "{} {:?}", result.summary, result.deviations);
    assert!(result.summary.contains("the connection is closed"), "{}", result.summary);
}
