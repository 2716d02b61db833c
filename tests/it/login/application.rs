//! An application with the logins that real ones have: passwords for tokens with refresh, sessions with CSRF tokens, and
//! grants of OAuth 2.0.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Form, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

pub(super) const USER: &str = "alice@example.test";
pub(super) const PASSWORD: &str = "correct-horse-battery-staple";
pub(super) const CLIENT: (&str, &str) = ("robot", "robots-own-secret-0123456789");

/// How the application behaves.
#[derive(Clone, Copy)]
pub(super) struct Manner {
    /// Life of what it issues.
    pub(super) lifetime: Duration,
    /// How long its token endpoints take.
    pub(super) delay: Duration,
    /// Whether a new token ends the ones before.
    pub(super) one_at_a_time: bool,
    /// Whether a credential opens it after its end, too.
    pub(super) keeps_ended: bool,
    /// Whether what was issued before a password change opens it after that, too.
    pub(super) keeps_changed: bool,
    /// Whether its resources do not answer while the password is another one than at the start.
    pub(super) hangs_when_changed: bool,
    /// Whether it refuses a password that the user had before.
    pub(super) remembers_passwords: bool,
    /// Whether its access tokens are JWTs, which no logout ends.
    pub(super) stateless: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            lifetime: Duration::from_secs(600),
            delay: Duration::ZERO,
            one_at_a_time: false,
            keeps_ended: false,
            keeps_changed: false,
            hangs_when_changed: false,
            remembers_passwords: false,
            stateless: false,
        }
    }
}

#[derive(Default)]
struct Issued {
    /// Access tokens and session identifiers, with their ends.
    tokens: BTreeMap<String, Instant>,
    refresh_tokens: Vec<String>,
    csrf: BTreeMap<String, String>,
    counts: Counts,
    number: u64,
    /// The password, once it was changed.
    changed: Option<String>,
    /// The token of the last mail of a reset, until it is used.
    mailed: Option<String>,
    /// Where mails go: a file with the name of the user.
    mails: Option<PathBuf>,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) logins: usize,
    pub(super) failed: usize,
    pub(super) refreshes: usize,
    pub(super) logouts: usize,
    /// Requests with a credential that had ended.
    pub(super) ended: usize,
}

#[derive(Clone)]
pub(super) struct Application {
    manner: Manner,
    issued: Arc<Mutex<Issued>>,
    /// How often the password was changed.
    changes: tokio::sync::watch::Sender<usize>,
}

impl Application {
    /// Serves it on a free port.
    pub(super) async fn start(manner: Manner) -> (Self, SocketAddr) {
        let application = Self { manner, issued: Arc::default(), changes: tokio::sync::watch::Sender::default() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("has one");
        let router = Router::new()
            .route("/auth/login", post(login))
            .route("/auth/refresh", post(refresh))
            .route("/auth/logout", post(logout))
            .route("/auth/forget", post(forget))
            .route("/auth/password", post(change_password))
            .route("/auth/forgot", post(send_mail))
            .route("/auth/reset", post(reset))
            .route("/login", get(page).post(submit))
            .route("/logout", post(logout))
            .route("/oauth/token", post(grant))
            .route("/orders", get(orders).post(orders))
            .with_state(application.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (application, address)
    }

    pub(super) fn counts(&self) -> Counts {
        self.lock().counts
    }

    /// Sends mails to files of a folder from now on.
    pub(super) fn mails_to(&self, folder: &Path) {
        self.lock().mails = Some(folder.to_owned());
    }

    /// Sees each change of the password.
    pub(super) fn changes(&self) -> tokio::sync::watch::Receiver<usize> {
        self.changes.subscribe()
    }

    /// The password of the user now.
    pub(super) fn password(&self) -> String {
        self.lock().changed.clone().unwrap_or_else(|| PASSWORD.to_owned())
    }

    fn lock(&self) -> MutexGuard<'_, Issued> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn issue(&self) -> (String, String) {
        let mut issued = self.lock();
        issued.number += 1;
        let token = format!("issued-{:016x}-{}", issued.number.wrapping_mul(0x9e37_79b9_7f4a_7c15), issued.number);
        let refresh = format!("refresh-{:016x}-{}", issued.number.wrapping_mul(0xc2b2_ae3d_27d4_eb4f), issued.number);
        let token = if self.manner.stateless { jwt(issued.number, self.manner.lifetime) } else { token };
        if self.manner.one_at_a_time {
            issued.tokens.clear();
        }
        issued.tokens.insert(token.clone(), Instant::now() + self.manner.lifetime);
        issued.refresh_tokens.push(refresh.clone());
        (token, refresh)
    }

    async fn tokens(&self) -> Response {
        tokio::time::sleep(self.manner.delay).await;
        let (token, refresh) = self.issue();
        let seconds = self.manner.lifetime.as_secs_f64();
        Json(json!({ "access_token": token, "token_type": "Bearer", "expires_in": seconds, "refresh_token": refresh }))
            .into_response()
    }

    /// Whether a token lives.
    fn knows(&self, token: &str) -> bool {
        let mut issued = self.lock();
        match issued.tokens.get(token) {
            Some(end) if *end > Instant::now() || self.manner.keeps_ended => true,
            Some(_) => {
                issued.counts.ended += 1;
                false
            }
            None => false,
        }
    }
}

/// A token that says itself when it ends. Nobody verifies its signature here.
fn jwt(number: u64, lifetime: Duration) -> String {
    use base64::Engine as _;
    let encoded = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let claims = json!({ "sub": "4c1e0b77", "jti": number, "exp": now + lifetime.as_secs() });
    let header = encoded(r#"{"alg":"HS256","typ":"JWT"}"#);
    format!("{header}.{}.{}", encoded(&claims.to_string()), encoded("a signature of thirty-two bytes."))
}

fn refused(error: &str) -> Response {
    let challenge = [(header::WWW_AUTHENTICATE, format!("Bearer realm=\"app\", error=\"{error}\""))];
    (StatusCode::UNAUTHORIZED, challenge, Json(json!({ "error": error }))).into_response()
}

async fn login(State(app): State<Application>, Json(body): Json<Value>) -> Response {
    if body["email"] == USER && body["password"] == app.password().as_str() {
        app.lock().counts.logins += 1;
        return app.tokens().await;
    }
    app.lock().counts.failed += 1;
    let echo = format!("no account {} with {}", body["email"], body["password"]);
    (StatusCode::UNAUTHORIZED, Json(json!({ "message": echo }))).into_response()
}

async fn change_password(State(app): State<Application>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    if !credential(&headers).is_some_and(|token| app.knows(&token)) || body["old"] != app.password().as_str() {
        return refused("invalid_token");
    }
    {
        let mut issued = app.lock();
        issued.changed = body["new"].as_str().map(str::to_owned);
        if !app.manner.keeps_changed {
            issued.tokens.clear();
            issued.refresh_tokens.clear();
        }
    }
    app.changes.send_modify(|changes| *changes += 1);
    StatusCode::NO_CONTENT.into_response()
}

async fn send_mail(State(app): State<Application>, Json(body): Json<Value>) -> StatusCode {
    let mut issued = app.lock();
    if body["email"] == USER {
        issued.number += 1;
        let token = format!("mailed-{:016x}", issued.number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let text = format!("Set another password: https://app.example.test/#/reset/{token}\n");
        let file = issued.mails.as_ref().map(|folder| folder.join(USER));
        file.iter().for_each(|file| std::fs::write(file, &text).expect("writes"));
        issued.mailed = Some(token);
    }
    StatusCode::ACCEPTED
}

async fn reset(State(app): State<Application>, Json(body): Json<Value>) -> StatusCode {
    {
        let mut issued = app.lock();
        let new = body["new"].as_str().map(str::to_owned);
        let is_former = app.manner.remembers_passwords && new.as_deref() == Some(PASSWORD);
        if issued.mailed.is_none() || body["token"].as_str() != issued.mailed.as_deref() || is_former {
            return StatusCode::UNPROCESSABLE_ENTITY;
        }
        issued.mailed = None;
        issued.changed = new;
        issued.tokens.clear();
        issued.refresh_tokens.clear();
    }
    app.changes.send_modify(|changes| *changes += 1);
    StatusCode::NO_CONTENT
}

async fn refresh(State(app): State<Application>, Json(body): Json<Value>) -> Response {
    let known = {
        let mut issued = app.lock();
        let at = issued.refresh_tokens.iter().position(|token| body["refresh_token"] == token.as_str());
        issued.counts.refreshes += 1;
        at.map(|at| issued.refresh_tokens.swap_remove(at)).is_some()
    };
    if known { app.tokens().await } else { refused("invalid_grant") }
}

async fn logout(State(app): State<Application>, headers: HeaderMap) -> StatusCode {
    let Some(token) = credential(&headers) else { return StatusCode::UNAUTHORIZED };
    let mut issued = app.lock();
    let lives = issued.tokens.get(&token).is_some_and(|end| *end > Instant::now());
    if !lives {
        return StatusCode::UNAUTHORIZED;
    }
    // a session is ended by a write, so the CSRF token has to be repeated
    let repeated = headers.get("x-csrftoken").and_then(|value| value.to_str().ok());
    if cookie(&headers, "sid").is_some() && repeated != issued.csrf.get(&token).map(String::as_str) {
        return StatusCode::FORBIDDEN;
    }
    issued.counts.logouts += 1;
    if !app.manner.stateless {
        issued.tokens.remove(&token);
    }
    StatusCode::NO_CONTENT
}

/// Ends a refresh token.
async fn forget(State(app): State<Application>, Json(body): Json<Value>) -> StatusCode {
    app.lock().refresh_tokens.retain(|token| body["refresh_token"] != token.as_str());
    StatusCode::NO_CONTENT
}

async fn page(State(app): State<Application>) -> Response {
    let csrf = format!("csrf&{:x}", app.issue().0.len());
    let escaped = csrf.replace('&', "&amp;");
    app.lock().csrf.insert("anonymous".to_owned(), csrf);
    let html =
        format!("<form method=post><input type=\"hidden\" name=\"csrf\" value=\"{escaped}\"><input name=user></form>");
    let fields = [(header::SET_COOKIE, "visitor=1; Path=/"), (header::X_FRAME_OPTIONS, "DENY")];
    (fields, Html(html)).into_response()
}

async fn submit(
    State(app): State<Application>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let visitor = cookie(&headers, "visitor").is_some();
    let csrf = app.lock().csrf.get("anonymous").cloned();
    let good =
        form.get("user").is_some_and(|user| user == USER) && form.get("pass").is_some_and(|pass| pass == PASSWORD);
    if !visitor || csrf.is_none() || form.get("csrf") != csrf.as_ref() || !good {
        app.lock().counts.failed += 1;
        let fields = [(header::CONTENT_SECURITY_POLICY, "frame-ancestors 'none'")];
        return (fields, Html("<form method=post><p>Please log in.</p></form>")).into_response();
    }
    app.lock().counts.logins += 1;
    let (session, _) = app.issue();
    let token = format!("x-{}", session.len() * 7919);
    app.lock().csrf.insert(session.clone(), token.clone());
    let mut answer = (StatusCode::FOUND, [(header::LOCATION, "/")]).into_response();
    for cookie in [format!("sid={session}; Path=/; HttpOnly; SameSite=Lax"), format!("csrftoken={token}; Path=/")] {
        answer.headers_mut().append(header::SET_COOKIE, cookie.parse().expect("a header value"));
    }
    answer
}

async fn grant(
    State(app): State<Application>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let basic = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).is_some_and(|value| {
        use base64::Engine as _;
        let pair = format!("{}:{}", CLIENT.0, CLIENT.1);
        value == format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
    });
    let client = basic || (field("client_id") == CLIENT.0 && field("client_secret") == CLIENT.1);
    let good = match field("grant_type") {
        "client_credentials" => client,
        "password" => client && field("username") == USER && field("password") == PASSWORD,
        "refresh_token" => {
            let mut issued = app.lock();
            let at = issued.refresh_tokens.iter().position(|token| token == field("refresh_token"));
            issued.counts.refreshes += 1;
            client && at.map(|at| issued.refresh_tokens.swap_remove(at)).is_some()
        }
        _ => false,
    };
    match good {
        true => {
            if field("grant_type") != "refresh_token" {
                app.lock().counts.logins += 1;
            }
            app.tokens().await
        }
        false => (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response(),
    }
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let line = headers.get(header::COOKIE)?.to_str().ok()?;
    line.split("; ").find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
}

/// The credential of a request, wherever this application takes one.
fn credential(headers: &HeaderMap) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text("authorization").and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        ["bearer", "token"].contains(&scheme.to_ascii_lowercase().as_str()).then_some(token)
    });
    bearer.or_else(|| text("x-token")).map(str::to_owned).or_else(|| cookie(headers, "sid"))
}

async fn orders(State(app): State<Application>, method: Method, headers: HeaderMap) -> Response {
    if app.manner.hangs_when_changed && app.password() != PASSWORD {
        std::future::pending::<()>().await;
    }
    let Some(token) = credential(&headers) else {
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer realm=\"app\"")];
        return (StatusCode::UNAUTHORIZED, challenge, Json(json!({ "error": "no credential" }))).into_response();
    };
    if !app.knows(&token) {
        return refused("invalid_token");
    }
    if method == Method::POST && cookie(&headers, "sid").is_some() {
        let wanted = app.lock().csrf.get(&token).cloned();
        let repeated = headers.get("x-csrftoken").and_then(|value| value.to_str().ok()).map(str::to_owned);
        if wanted.is_none() || repeated != wanted || cookie(&headers, "csrftoken") != wanted {
            return (StatusCode::FORBIDDEN, Json(json!({ "error": "csrf" }))).into_response();
        }
    }
    Json(json!({ "orders": ["7f0c3b1e-lamp-0001", "9a1d4c2f-desk-0002"], "owner": "4c1e0b77-account" })).into_response()
}
