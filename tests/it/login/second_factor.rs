//! A login by a page for the password and another one for the code, in a session whose cookie changes with each of them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use aws_lc_rs::hmac;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use super::{run, with_verdict};
use crate::binary::told;

/// Users with their passwords, the secrets of their codes, and the same in Base32.
const USERS: [(&str, &str, &[u8], &str); 2] = [
    ("alice", "correct-horse-battery", b"12345678901234567890", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
    ("bob", "staple-lantern-quiet", b"abcdefghij", "MFRGGZDFMZTWQ2LK"),
];

/// How the application behaves.
#[derive(Clone, Copy)]
struct Habits {
    /// Seconds of a time step.
    period: u64,
    /// Whether a session is open before its code.
    opens_early: bool,
    /// Whether a code is taken again.
    takes_again: bool,
}

const CORRECT: Habits = Habits { period: 2, opens_early: false, takes_again: false };

#[derive(Default)]
struct Known {
    /// Users by their sessions, and whether each has sent the code.
    sessions: BTreeMap<String, (usize, bool)>,
    used: BTreeSet<(usize, u64)>,
    codes: Vec<String>,
    number: u64,
}

#[derive(Clone)]
struct Pages(Arc<Mutex<Known>>, Habits);

impl Pages {
    async fn start(habits: Habits) -> (Self, SocketAddr) {
        let pages = Self(Arc::default(), habits);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("has one");
        let router = Router::new()
            .route("/login", post(password))
            .route("/login/code", post(code))
            .route("/me", get(me))
            .with_state(pages.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (pages, address)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// A page that leads on, with a new session.
    fn leads_to(&mut self, to: &'static str, user: usize, is_whole: bool) -> Response {
        self.number += 1;
        let number = self.number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let session = format!("{number:016x}{:016x}", number.rotate_left(17));
        self.sessions.insert(session.clone(), (user, is_whole));
        let cookie = format!("sid={session}; Path=/; HttpOnly; SameSite=Lax");
        (StatusCode::SEE_OTHER, [(header::LOCATION, to.to_owned()), (header::SET_COOKIE, cookie)]).into_response()
    }

    fn session(&self, headers: &HeaderMap) -> Option<(String, (usize, bool))> {
        let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
        let id = cookies.split("; ").find_map(|pair| pair.strip_prefix("sid="))?;
        Some((id.to_owned(), *self.sessions.get(id)?))
    }
}

async fn password(State(pages): State<Pages>, Form(form): Form<BTreeMap<String, String>>) -> Response {
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let user = USERS.iter().position(|(user, pass, ..)| (*user, *pass) == (field("user"), field("pass")));
    match user {
        Some(user) => pages.lock().leads_to("/login/code", user, false),
        None => "wrong user or password".into_response(),
    }
}

async fn code(State(pages): State<Pages>, headers: HeaderMap, Form(form): Form<BTreeMap<String, String>>) -> Response {
    let mut known = pages.lock();
    let Some((id, (user, false))) = known.session(&headers) else { return "log in first".into_response() };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("is after 1970");
    let now = now.as_secs() / pages.1.period;
    let sent = form.get("code").cloned().unwrap_or_default();
    let fits = (now - 1..=now + 1).find(|step| one_time_code(USERS[user].2, *step) == sent);
    match fits {
        Some(step) if known.used.insert((user, step)) || pages.1.takes_again => {
            known.codes.push(sent);
            known.sessions.remove(&id);
            known.leads_to("/me", user, true)
        }
        _ => "wrong code".into_response(),
    }
}

async fn me(State(pages): State<Pages>, headers: HeaderMap) -> Response {
    match pages.lock().session(&headers) {
        Some((_, (user, is_whole))) if is_whole || pages.1.opens_early => {
            Json(json!({ "user": USERS[user].0, "account": "7f3a9c51" })).into_response()
        }
        _ => StatusCode::UNAUTHORIZED.into_response(),
    }
}

fn one_time_code(key: &[u8], step: u64) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key), &step.to_be_bytes());
    let at = usize::from(tag.as_ref()[19] & 15);
    let number = tag.as_ref()[at..at + 4].iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}

fn scenario(address: SocketAddr, totp: &str) -> String {
    let users = USERS.map(|(user, password, _, secret)| {
        format!("  {user}: {{ login: pages, username: {user}, password: {password}, totp: {{ secret: {secret}, {totp} }} }}\n")
    });
    format!(
        "authbench: 1\nname: codes\ntarget: {{ url: \"http://{address}\", owned: true }}\nscheme: {{ session: {{ cookie: sid }} }}\nlogins:\n  pages:\n    \
         request:\n      - {{ post: /login, form: {{ user: \"{{username}}\", pass: \"{{password}}\" }}, success: {{ status: 303 }} }}\n      \
         - {{ post: /login/code, form: {{ code: \"{{totp}}\" }}, success: {{ status: 303 }} }}\n    \
         token: {{ cookie: sid }}\n    lifetime: 600s\ncredentials:\n{}resources:\n  - request: GET /me\n",
        users.concat()
    )
}

const ALL: [&str; 4] =
    ["login.otp-of-another-user", "login.otp-single-use", "login.otp-window", "login.second-factor-needed"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_factor_is_judged_by_what_each_step_opens() {
    for (habits, checks, failed) in [
        (CORRECT, "login.otp-*,login.second-*", &[][..]),
        (Habits { opens_early: true, ..CORRECT }, "login.second-*", &["login.second-factor-needed"]),
        (Habits { takes_again: true, ..CORRECT }, "login.otp-single-use,login.second-*", &["login.otp-single-use"]),
    ] {
        let (pages, address) = Pages::start(habits).await;
        let folder = tempfile::tempdir().expect("a folder");
        let arguments: Vec<&str> = checks.split(',').flat_map(|check| ["--check", check]).collect();
        let text = scenario(address, &format!("period: {}s", habits.period));
        let (output, report) = run(folder.path(), text, &arguments).await;
        let said = told(&output);
        assert_eq!(with_verdict(&report, "fail"), failed, "{said}");
        assert!(with_verdict(&report, "warn").is_empty() && with_verdict(&report, "inconclusive").is_empty(), "{said}");
        let passed = with_verdict(&report, "pass");
        if failed.is_empty() {
            assert!(ALL.iter().all(|check| passed.iter().any(|id| id == check)), "{passed:?}\n{said}");
        }
        let shown = format!("{said}{report}");
        for code in &pages.lock().codes {
            assert!(!shown.contains(&format!("code={code}")) && !shown.contains(&format!("\"{code}\"")), "{code}");
        }
        assert!(USERS.iter().all(|(_, _, _, secret)| !shown.contains(secret)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_waited_for_codes_is_bounded_and_named() {
    let (_, address) = Pages::start(Habits { period: 600, ..CORRECT }).await;
    let folder = tempfile::tempdir().expect("a folder");
    let text = scenario(address, "period: 600s, max_wait: 0s");
    let (output, report) = run(folder.path(), text, &["--check", "login.second-*"]).await;
    let said = told(&output);
    assert_eq!(with_verdict(&report, "inconclusive"), ["login.second-factor-needed"], "{said}");
    assert!(said.contains("no one-time code is left") && said.contains("`max_wait`"), "{said}");
}
