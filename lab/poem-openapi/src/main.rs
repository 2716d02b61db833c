//! The examples auth-basic, auth-apikey and auth of poem, and a bearer scheme as in its documentation, with two users and notes to write.
use hmac::{Hmac, NewMac};
use jwt::{SignWithKey, VerifyWithKey};
use poem::{
    error::InternalServerError,
    get, handler,
    http::{header, StatusCode},
    listener::TcpListener,
    session::{CookieConfig, CookieSession, Session},
    web::{Data, Form, Html},
    EndpointExt, Error, IntoResponse, Request, Response, Result, Route,
};
use poem_openapi::{
    auth::{ApiKey, Basic, Bearer},
    param::Path,
    payload::{Json, PlainText},
    ApiResponse, Object, OpenApi, OpenApiService, SecurityScheme,
};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

const USERS: [(&str, &str); 2] = [("alice", "lab-Password-1"), ("bob", "lab-Password-2")];
const TOKENS: [(&str, &str); 2] = [("lab-token-alice-5b3c1f7e9a", "alice"), ("lab-token-bob-2d8e6a4c0f", "bob")];
const SERVER_KEY: &[u8] = b"lab-signing-key-0123456789-0123456789-0123456789";

type ServerKey = Hmac<Sha256>;

#[derive(Debug, Serialize, Deserialize)]
struct User {
    username: String,
}

/// Basic authorization
#[derive(SecurityScheme)]
#[oai(ty = "basic")]
struct MyBasicAuthorization(Basic);

impl MyBasicAuthorization {
    fn user(self) -> Result<String> {
        if !USERS.iter().any(|(u, p)| self.0.username == *u && self.0.password == *p) {
            return Err(Error::from_status(StatusCode::UNAUTHORIZED));
        }
        Ok(self.0.username)
    }
}

/// ApiKey authorization
#[derive(SecurityScheme)]
#[oai(ty = "api_key", key_name = "X-API-Key", key_in = "header", checker = "api_checker")]
struct MyApiKeyAuthorization(User);

async fn api_checker(req: &Request, api_key: ApiKey) -> Option<User> {
    let server_key = req.data::<ServerKey>().unwrap();
    VerifyWithKey::<User>::verify_with_key(api_key.key.as_str(), server_key).ok()
}

/// Bearer authorization
#[derive(SecurityScheme)]
#[oai(ty = "bearer", checker = "token_checker")]
struct MyBearerAuthorization(User);

async fn token_checker(_: &Request, bearer: Bearer) -> Option<User> {
    let (_, username) = TOKENS.iter().find(|(token, _)| bearer.token == *token)?;
    Some(User { username: username.to_string() })
}

fn may_write(username: &str) -> Result<()> {
    if username != "alice" {
        return Err(Error::from_status(StatusCode::FORBIDDEN));
    }
    Ok(())
}

#[derive(Object)]
struct LoginRequest {
    username: String,
    password: String,
}

#[derive(Object)]
struct Note {
    #[oai(validator(max_length = 64))]
    text: String,
}

#[derive(Object)]
struct Saved {
    saved: String,
}

#[derive(ApiResponse)]
enum FindNote {
    #[oai(status = 200)]
    Ok(Json<Note>),
    #[oai(status = 404)]
    NotFound,
}

fn find_note(id: i64) -> FindNote {
    if id == 1 {
        FindNote::Ok(Json(Note { text: "first".into() }))
    } else {
        FindNote::NotFound
    }
}

struct Api;

#[OpenApi]
impl Api {
    #[oai(path = "/login", method = "post")]
    async fn login(&self, server_key: Data<&ServerKey>, req: Json<LoginRequest>) -> Result<PlainText<String>> {
        if !USERS.iter().any(|(u, p)| req.username == *u && req.password == *p) {
            return Err(Error::from_status(StatusCode::UNAUTHORIZED));
        }
        let token = User { username: req.0.username }.sign_with_key(server_key.0).map_err(InternalServerError)?;
        Ok(PlainText(token))
    }

    #[oai(path = "/status", method = "get")]
    async fn status(&self) -> PlainText<String> {
        PlainText("up".into())
    }

    #[oai(path = "/basic", method = "get")]
    async fn basic(&self, auth: MyBasicAuthorization) -> Result<PlainText<String>> {
        Ok(PlainText(format!("hello: {}", auth.user()?)))
    }

    #[oai(path = "/basic/notes/:id", method = "get")]
    async fn basic_note(&self, auth: MyBasicAuthorization, id: Path<i64>) -> Result<FindNote> {
        auth.user()?;
        Ok(find_note(id.0))
    }

    #[oai(path = "/basic/notes", method = "post")]
    async fn basic_write(&self, auth: MyBasicAuthorization, note: Json<Note>) -> Result<Json<Saved>> {
        may_write(&auth.user()?)?;
        Ok(Json(Saved { saved: note.0.text }))
    }

    #[oai(path = "/hello", method = "get")]
    async fn hello(&self, auth: MyApiKeyAuthorization) -> PlainText<String> {
        PlainText(auth.0.username)
    }

    #[oai(path = "/notes/:id", method = "get")]
    async fn note(&self, _auth: MyApiKeyAuthorization, id: Path<i64>) -> FindNote {
        find_note(id.0)
    }

    #[oai(path = "/notes", method = "post")]
    async fn write(&self, auth: MyApiKeyAuthorization, note: Json<Note>) -> Result<Json<Saved>> {
        may_write(&auth.0.username)?;
        Ok(Json(Saved { saved: note.0.text }))
    }

    #[oai(path = "/bearer", method = "get")]
    async fn bearer(&self, auth: MyBearerAuthorization) -> PlainText<String> {
        PlainText(auth.0.username)
    }

    #[oai(path = "/bearer/notes/:id", method = "get")]
    async fn bearer_note(&self, _auth: MyBearerAuthorization, id: Path<i64>) -> FindNote {
        find_note(id.0)
    }

    #[oai(path = "/bearer/notes", method = "post")]
    async fn bearer_write(&self, auth: MyBearerAuthorization, note: Json<Note>) -> Result<Json<Saved>> {
        may_write(&auth.0.username)?;
        Ok(Json(Saved { saved: note.0.text }))
    }
}

#[handler]
fn signin_ui() -> impl IntoResponse {
    Html(r#"<form action="/web/signin" method="post"><input name="username"><input type="password" name="password"></form>"#)
}

#[derive(Deserialize)]
struct SigninParams {
    username: String,
    password: String,
}

#[handler]
fn signin(Form(params): Form<SigninParams>, session: &Session) -> impl IntoResponse {
    if USERS.iter().any(|(u, p)| params.username == *u && params.password == *p) {
        session.set("username", params.username);
        Response::builder().status(StatusCode::FOUND).header(header::LOCATION, "/web").finish()
    } else {
        Html("no such user").into_response()
    }
}

fn to_signin() -> Response {
    Response::builder().status(StatusCode::FOUND).header(header::LOCATION, "/web/signin").finish()
}

#[handler]
fn index(session: &Session) -> impl IntoResponse {
    match session.get::<String>("username") {
        Some(username) => Html(format!("<div>hello {username}, you are viewing a restricted resource</div>")).into_response(),
        None => to_signin(),
    }
}

#[handler]
fn save(session: &Session) -> impl IntoResponse {
    match session.get::<String>("username") {
        Some(_) => Html("saved").into_response(),
        None => to_signin(),
    }
}

#[handler]
fn logout(session: &Session) -> impl IntoResponse {
    session.purge();
    to_signin()
}

#[tokio::main]
async fn main() -> Result<(), std::io::Error> {
    let port = std::env::var("PORT").expect("PORT");
    let api_service = OpenApiService::new(Api, "Authorization Demo", "1.0").server(format!("http://localhost:{port}/api"));
    let ui = api_service.swagger_ui();
    let server_key = Hmac::<Sha256>::new_from_slice(SERVER_KEY).expect("valid server key");
    let web = Route::new()
        .at("/", get(index))
        .at("/save", poem::post(save))
        .at("/signin", get(signin_ui).post(signin))
        .at("/logout", get(logout))
        .with(CookieSession::new(CookieConfig::new()));
    let app = Route::new().nest("/api", api_service).nest("/web", web).nest("/", ui).data(server_key);
    poem::Server::new(TcpListener::bind(format!("127.0.0.1:{port}"))).run(app).await
}
