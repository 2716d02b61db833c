//! Salvo with its middlewares for HTTP Basic, JSON Web Tokens, sessions and CSRF, as in its own examples `basic-auth`, `jwt-auth`,
//! `session-login` and `csrf-cookie-store`. Ours are two users, that alice alone may write, and the number of notes that were written.

use std::sync::atomic::{AtomicU64, Ordering};

use jsonwebtoken::EncodingKey;
use salvo::basic_auth::{BasicAuth, BasicAuthDepotExt, BasicAuthValidator};
use salvo::csrf::{hmac_cookie_csrf, CsrfDepotExt, FormFinder, HeaderFinder as CsrfHeaderFinder};
use salvo::http::{Method, StatusError};
use salvo::jwt_auth::{ConstDecoder, HeaderFinder};
use salvo::prelude::*;
use salvo::session::{CookieStore, Session, SessionDepotExt, SessionHandler};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

const SECRET_KEY: &str = "lab-signing-key-0123456789-0123456789-0123456789";
const USERS: [(&str, &str); 2] = [("alice", "lab-Password-1"), ("bob", "lab-Password-2")];

static NOTES: AtomicU64 = AtomicU64::new(0);

fn known(username: &str, password: &str) -> bool {
    USERS.contains(&(username, password))
}

/// What a write is answered with.
fn saved(username: &str, res: &mut Response) {
    if username == "alice" {
        NOTES.fetch_add(1, Ordering::Relaxed);
        res.status_code(StatusCode::CREATED);
        res.render(Json(serde_json::json!({ "saved": true })));
    } else {
        res.render(StatusError::forbidden());
    }
}

#[handler]
async fn notes(res: &mut Response) {
    res.render(Json(serde_json::json!({ "notes": NOTES.load(Ordering::Relaxed) })));
}

struct Validator;
impl BasicAuthValidator for Validator {
    async fn validate(&self, username: &str, password: &str, _depot: &mut Depot) -> bool {
        known(username, password)
    }
}

#[handler]
async fn basic_hello(depot: &mut Depot) -> String {
    format!("Hello, {}", depot.basic_auth_username().unwrap_or_default())
}

#[derive(Deserialize)]
struct Note {
    #[allow(dead_code)]
    note: String,
}

#[handler]
async fn basic_note(req: &mut Request, depot: &mut Depot, res: &mut Response) -> Result<(), StatusError> {
    req.parse_json::<Note>().await.map_err(|_| StatusError::bad_request())?;
    saved(depot.basic_auth_username().unwrap_or_default(), res);
    Ok(())
}

#[derive(Serialize, Deserialize, Clone, Debug)]
struct JwtClaims {
    username: String,
    exp: i64,
}

#[handler]
async fn new_token(req: &mut Request, res: &mut Response) {
    let (username, password) =
        (req.form::<String>("username").await.unwrap_or_default(), req.form::<String>("password").await.unwrap_or_default());
    if !known(&username, &password) {
        return res.render(StatusError::unauthorized());
    }
    let exp = OffsetDateTime::now_utc() + Duration::seconds(std::env::var("LIFETIME").unwrap().parse().unwrap());
    let claim = JwtClaims { username, exp: exp.unix_timestamp() };
    let token =
        jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claim, &EncodingKey::from_secret(SECRET_KEY.as_bytes())).unwrap();
    res.render(Json(serde_json::json!({ "token": token })));
}

fn name_in_token(depot: &Depot) -> String {
    depot.jwt_auth_data::<JwtClaims>().map(|data| data.claims.username.clone()).unwrap_or_default()
}

#[handler]
async fn jwt_hello(depot: &mut Depot) -> String {
    format!("Hi {}, you have logged in successfully!", name_in_token(depot))
}

#[handler]
async fn jwt_note(req: &mut Request, depot: &mut Depot, res: &mut Response) -> Result<(), StatusError> {
    req.parse_json::<Note>().await.map_err(|_| StatusError::bad_request())?;
    saved(&name_in_token(depot), res);
    Ok(())
}

#[handler]
async fn login(req: &mut Request, depot: &mut Depot, res: &mut Response) {
    if req.method() == Method::POST {
        let (username, password) =
            (req.form::<String>("username").await.unwrap_or_default(), req.form::<String>("password").await.unwrap_or_default());
        if !known(&username, &password) {
            return res.render(Text::Html(LOGIN_HTML));
        }
        let mut session = Session::new();
        session.insert("username", username).unwrap();
        depot.set_session(session);
        res.render(Redirect::other("/"));
    } else {
        res.render(Text::Html(LOGIN_HTML));
    }
}

#[handler]
async fn logout(depot: &mut Depot, res: &mut Response) {
    if let Some(session) = depot.session_mut() {
        session.remove("username");
    }
    res.render(Redirect::other("/"));
}

fn name_in_session(depot: &Depot) -> Option<String> {
    depot.session().and_then(|session| session.get::<String>("username"))
}

#[handler]
async fn home(depot: &mut Depot, res: &mut Response) {
    let mut content = r#"<a href="login">Login</a>"#.into();
    if let Some(username) = name_in_session(depot) {
        content = format!(r#"Hello, {username}. <br><a href="logout">Logout</a>"#);
    }
    res.render(Text::Html(content));
}

#[handler]
async fn note_form(depot: &mut Depot, res: &mut Response) {
    let Some(_) = name_in_session(depot) else {
        return res.render(Redirect::other("/login"));
    };
    let csrf_token = depot.csrf_token().unwrap_or_default();
    res.render(Json(serde_json::json!({ "csrf_token": csrf_token, "notes": NOTES.load(Ordering::Relaxed) })));
}

#[handler]
async fn note_post(depot: &mut Depot, res: &mut Response) {
    match name_in_session(depot) {
        Some(username) => saved(&username, res),
        None => res.render(Redirect::other("/login")),
    }
}

#[tokio::main]
async fn main() {
    salvo::jwt_auth::install_crypto_provider().expect("no other provider");
    let jwt: JwtAuth<JwtClaims, _> =
        JwtAuth::new(ConstDecoder::from_secret(SECRET_KEY.as_bytes())).finders(vec![Box::new(HeaderFinder::new())]);
    let session = SessionHandler::builder(CookieStore::new(), b"secretabsecretabsecretabsecretabsecretabsecretabsecretabsecretab")
        .build()
        .unwrap();
    let csrf = hmac_cookie_csrf(*b"01234567012345670123456701234567", FormFinder::new("csrf_token")).add_finder(CsrfHeaderFinder::new("x-csrf-token"));
    let router = Router::new()
        .push(
            Router::with_path("basic")
                .hoop(BasicAuth::new(Validator))
                .push(Router::with_path("hello").get(basic_hello))
                .push(Router::with_path("notes").get(notes).post(basic_note)),
        )
        .push(Router::with_path("token").post(new_token))
        .push(
            Router::with_path("jwt")
                .hoop(jwt)
                .push(Router::with_path("hello").get(jwt_hello))
                .push(Router::with_path("notes").get(notes).post(jwt_note)),
        )
        .push(
            Router::new()
                .hoop(session)
                .get(home)
                .push(Router::with_path("login").get(login).post(login))
                .push(Router::with_path("logout").get(logout))
                .push(Router::with_path("notes").hoop(csrf).get(note_form).post(note_post)),
        );
    let acceptor = TcpListener::new(format!("127.0.0.1:{}", std::env::var("PORT").unwrap())).bind().await;
    Server::new(acceptor).serve(router).await;
}

static LOGIN_HTML: &str = r#"<!DOCTYPE html>
<html>
    <head><title>Login</title></head>
    <body>
        <form action="/login" method="post">
            <h1>Login</h1>
            <input type="text" name="username" />
            <input type="password" name="password" />
            <button type="submit" id="submit">Submit</button>
        </form>
    </body>
</html>
"#;
