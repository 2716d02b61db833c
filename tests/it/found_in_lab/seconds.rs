//! Servers whose tokens are made of the user, the client and the time in seconds, and of nothing else: two of one second are the same.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use authbench::check::Verdict;
use authbench::clock::unix_seconds;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;

use super::{PROMPT, SECRET, against, presented, refused, serve};

const PASSWORD: &str = "correct-Horse-7-battery";
const OF_BOB: &str = "wrong-Horse-8-battery";
const CLIENT: (&str, &str) = ("web", "web-Secret-5vK8mT2x");

/// A JWT without `jti`.
fn token_of(user: &str) -> String {
    let now = unix_seconds();
    let claims = json!({ "sub": user, "client_id": CLIENT.0, "iat": now, "exp": now + 600 });
    encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).expect("signs")
}

/// What an authorization server keeps.
#[derive(Default)]
struct Held {
    /// Users by unused codes.
    codes: HashMap<String, String>,
    /// Users and families by access tokens that were issued; each is a key of a table.
    access: HashMap<String, (String, u32)>,
    /// Users and families by refresh tokens, and whether they were used.
    refresh: HashMap<String, (String, u32, bool)>,
    ended: HashSet<u32>,
    number: u32,
    /// Requests that broke.
    broke: usize,
}

#[derive(Clone)]
struct Issuer {
    held: Arc<Mutex<Held>>,
    ends_family: bool,
}

impl Issuer {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn random(&mut self) -> String {
        self.number += 1;
        let mixed = u64::from(self.number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        format!("{mixed:016x}{:016x}", mixed.rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9))
    }

    /// New tokens; none where the access token is there already.
    fn issued(&mut self, user: &str, family: u32) -> Option<Response> {
        let access = token_of(user);
        if self.access.contains_key(&access) {
            self.broke += 1;
            return None;
        }
        let refresh = self.random();
        self.access.insert(access.clone(), (user.to_owned(), family));
        self.refresh.insert(refresh.clone(), (user.to_owned(), family, false));
        let body =
            json!({ "access_token": access, "token_type": "Bearer", "expires_in": 600, "refresh_token": refresh });
        Some(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
    }
}

fn error(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}

async fn decide(State(issuer): State<Issuer>, Form(form): Form<Vec<(String, String)>>) -> Response {
    let of = |name: &str| form.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
    match (of("user"), of("password")) {
        (Some(user @ "alice"), Some(PASSWORD)) | (Some(user @ "bob"), Some(OF_BOB)) => {
            let mut held = issuer.held();
            let code = held.random();
            held.codes.insert(code.clone(), user.to_owned());
            (StatusCode::FOUND, [(header::LOCATION, format!("https://app.test/cb?code={code}"))]).into_response()
        }
        _ => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn token(
    State(issuer): State<Issuer>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let of = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let basic = presented(&headers).and_then(|field| STANDARD.decode(field.strip_prefix("Basic ")?).ok());
    let own = format!("{}:{}", CLIENT.0, CLIENT.1);
    let is_client = match basic {
        Some(pair) => pair == own.as_bytes(),
        None => (of("client_id"), of("client_secret")) == CLIENT,
    };
    if !is_client {
        return error(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let mut held = issuer.held();
    let ended = match of("grant_type") {
        "authorization_code" => {
            let Some(user) = held.codes.get(of("code")).cloned() else {
                return error(StatusCode::BAD_REQUEST, "invalid_grant");
            };
            held.number += 1;
            let family = held.number;
            held.issued(&user, family).inspect(|_| drop(held.codes.remove(of("code"))))
        }
        "refresh_token" => match held.refresh.get(of("refresh_token")).cloned() {
            Some((user, family, false)) if !held.ended.contains(&family) => {
                let issued = held.issued(&user, family);
                if issued.is_some() {
                    held.refresh.insert(of("refresh_token").to_owned(), (user, family, true));
                }
                issued
            }
            Some((_, family, true)) => {
                if issuer.ends_family {
                    held.ended.insert(family);
                }
                return error(StatusCode::BAD_REQUEST, "invalid_grant");
            }
            _ => return error(StatusCode::BAD_REQUEST, "invalid_grant"),
        },
        _ => return error(StatusCode::BAD_REQUEST, "unsupported_grant_type"),
    };
    let broken = (StatusCode::INTERNAL_SERVER_ERROR, "UNIQUE constraint failed: token.access");
    ended.unwrap_or_else(|| broken.into_response())
}

async fn account(State(issuer): State<Issuer>, headers: HeaderMap) -> Response {
    let held = issuer.held();
    let access = presented(&headers).and_then(|field| held.access.get(field.strip_prefix("Bearer ")?));
    match access {
        Some((user, family)) if !held.ended.contains(family) => {
            Json(json!({ "name": user, "number": format!("6c1f0a8e52d94b37-{user}") })).into_response()
        }
        _ => refused("Bearer realm=\"a\""),
    }
}

/// These checks of an issuer that breaks where a token would be there twice, and how often it broke.
async fn of_issuer(ends_family: bool, checks: &[&str]) -> (super::Ended, usize) {
    let issuer = Issuer { held: Arc::default(), ends_family };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has one");
    let metadata = json!({
        "issuer": format!("http://{address}"),
        "token_endpoint": format!("http://{address}/token"),
        "authorization_endpoint": format!("http://{address}/decide"),
        "response_types_supported": ["code"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    });
    let router = Router::new()
        .route("/.well-known/oauth-authorization-server", get(move || async move { Json(metadata) }))
        .route("/decide", post(decide))
        .route("/token", post(token))
        .route("/account", get(account))
        .with_state(issuer.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let (client, secret) = CLIENT;
    let yaml = format!(
        "scheme: {{ bearer: {{ issuer: \"http://{address}\" }} }}\nlogins:\n  app:\n    request:\n      \
         - {{ post: \"/decide?response_type=code&client_id={client}&redirect_uri=https%3A%2F%2Fapp.test%2Fcb\", \
         form: {{ user: \"{{username}}\", password: \"{{password}}\" }} }}\n      \
         - {{ post: /token, form: {{ grant_type: authorization_code, client_id: {client}, client_secret: {secret}, \
         code: \"{{location:code}}\", redirect_uri: \"https://app.test/cb\" }} }}\n    \
         refresh: {{ post: /token, form: {{ grant_type: refresh_token, client_id: {client}, client_secret: {secret}, \
         refresh_token: \"{{/refresh_token}}\" }} }}\n\
         credentials:\n  alice: {{ login: app, username: alice, password: {PASSWORD} }}\n  \
         bob: {{ login: app, username: bob, password: {OF_BOB} }}\n\
         resources: [{{ request: GET /account }}]\nconformance: {{ include: [{}] }}\n",
        checks.join(", ")
    );
    let ended = against(address, &yaml, PROMPT).await;
    let broke = issuer.held().broke;
    (ended, broke)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_breaks_in_the_second_of_another_one_works_in_the_next() {
    const CHECKS: [&str; 9] = [
        "bearer.valid-accepted",
        "grant.published-authentication-works",
        "login.field-once",
        "login.wrong-password-refused",
        "refresh.renews-credential",
        "refresh.reuse-refused",
        "refresh.concurrent-use",
        "code.used-once",
        "code.concurrent-use",
    ];
    let (ended, broke) = of_issuer(true, &CHECKS).await;
    for id in CHECKS {
        let result = ended.of(id);
        assert_eq!(result.verdict, Verdict::Pass, "{id}: {} {:?}", result.summary, result.deviations);
    }
    // what it was seen to need is kept to from then on
    assert!((1..CHECKS.len()).contains(&broke), "{broke} requests broke");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_family_that_outlives_a_reuse_is_found_where_tokens_of_one_second_break() {
    const CHECK: &str = "refresh.reuse-ends-family";
    for (ends_family, verdict) in [(true, Verdict::Pass), (false, Verdict::Fail)] {
        let (ended, _) = of_issuer(ends_family, &[CHECK]).await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, verdict, "{ends_family}: {} {:?}", result.summary, result.deviations);
    }
}

/// Users by the cookies of an application, each of which is what a function makes of the user and the time.
#[derive(Clone)]
struct Application {
    sessions: Arc<Mutex<HashMap<String, String>>>,
    cookie: fn(&str) -> String,
}

async fn enter(State(application): State<Application>, Json(body): Json<serde_json::Value>) -> Response {
    match (body["user"].as_str(), body["password"].as_str()) {
        (Some(user @ "alice"), Some(PASSWORD)) | (Some(user @ "bob"), Some(OF_BOB)) => {
            let value = (application.cookie)(user);
            let cookie = format!("session={value}; Path=/; HttpOnly; SameSite=Lax");
            application.sessions.lock().expect("whole").insert(value, user.to_owned());
            (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response()
        }
        _ => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn own_account(State(application): State<Application>, headers: HeaderMap) -> Response {
    let cookie = headers.get(header::COOKIE).and_then(|line| line.to_str().ok()).unwrap_or_default();
    let token = cookie.split("; ").find_map(|pair| pair.strip_prefix("session=")).unwrap_or_default();
    match application.sessions.lock().expect("whole").get(token) {
        Some(user) => Json(json!({ "name": user, "number": format!("6c1f0a8e52d94b37-{user}") })).into_response(),
        None => (StatusCode::UNAUTHORIZED, Json(json!({ "error": "log in" }))).into_response(),
    }
}

/// What has the form of a keyed hash of the user and the time in seconds.
fn hashed(user: &str) -> String {
    let digits = |part: u64| {
        let mut mixed = part.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ unix_seconds().unsigned_abs();
        for byte in user.bytes() {
            mixed = (mixed ^ u64::from(byte)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed ^= mixed >> 29;
        }
        format!("{mixed:016x}")
    };
    (1..5).map(digits).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_made_of_the_time_in_seconds_changes_with_each_login() {
    const CHECKS: [&str; 3] = [
        "session.identifier-changes-at-relogin",
        "session.identifier-new-at-each-login",
        "session.identifier-hard-to-guess",
    ];
    let bob = format!("  bob: {{ login: app, username: bob, password: {OF_BOB} }}\n");
    let constant = |user: &str| format!("6c1f0a8e52d94b376c1f0a8e52d94b37-{user}");
    let no_identifier = [Verdict::Pass, Verdict::NotApplicable, Verdict::NotApplicable];
    for (cookie, others, verdicts) in [
        (token_of as fn(&str) -> String, "", no_identifier),
        (token_of, &bob, no_identifier),
        (hashed, "", [Verdict::Info, Verdict::Pass, Verdict::Pass]),
        // what is the same in another second, too
        (constant, "", [Verdict::Warn, Verdict::Warn, Verdict::NotApplicable]),
    ] {
        let application = Application { sessions: Arc::default(), cookie };
        let router = Router::new().route("/login", post(enter)).route("/account", get(own_account));
        let yaml = format!(
            "scheme: {{ session: {{ cookie: session }} }}\nlogins:\n  app:\n    request: {{ post: /login, json: {{ \
             user: \"{{username}}\", password: \"{{password}}\" }}, success: {{ status: 204 }} }}\n    token: {{ cookie: session }}\n\
             credentials:\n  alice: {{ login: app, username: alice, password: {PASSWORD} }}\n{others}\
             resources: [{{ request: GET /account }}]\nconformance: {{ include: [{}] }}\n",
            CHECKS.join(", ")
        );
        let ended = against(serve(router.with_state(application)).await, &yaml, PROMPT).await;
        let seen = CHECKS.map(|id| ended.of(id).verdict);
        assert_eq!(seen, verdicts, "{others} {:?}", CHECKS.map(|id| &ended.of(id).summary));
        let is_shared = ended.of(CHECKS[2]).summary.contains("in another second as well");
        assert_eq!(is_shared, verdicts[1] == Verdict::Warn, "{}", ended.of(CHECKS[2]).summary);
    }
}
