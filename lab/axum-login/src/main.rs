//! The examples `sqlite` and `permissions` of axum-login, with users in memory, pages without templates, a port of the environment, and
//! a write.
use axum::{
    extract::Query,
    http::StatusCode,
    response::{Html, IntoResponse, Redirect},
    routing::{get, post},
    Form, Json, Router,
};
use axum_login::{login_required, permission_required, AuthManagerLayerBuilder, AuthUser, AuthnBackend, AuthzBackend, UserId};
use password_auth::{generate_hash, verify_password};
use serde::Deserialize;
use serde_json::json;
use std::collections::{HashMap, HashSet};
use time::Duration;
use tokio::task;
use tower_sessions::{cookie::Key, Expiry, MemoryStore, SessionManagerLayer};

#[derive(Clone, Debug)]
struct User {
    id: i64,
    username: String,
    password: String,
    permissions: HashSet<&'static str>,
}

impl AuthUser for User {
    type Id = i64;

    fn id(&self) -> Self::Id {
        self.id
    }

    fn session_auth_hash(&self) -> &[u8] {
        self.password.as_bytes()
    }
}

#[derive(Debug, Clone, Deserialize)]
struct Credentials {
    username: String,
    password: String,
    next: Option<String>,
}

#[derive(Debug, Clone)]
struct Backend {
    users: HashMap<String, User>,
}

#[derive(Debug)]
struct Failed(task::JoinError);

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Failed {}

impl AuthnBackend for Backend {
    type User = User;
    type Credentials = Credentials;
    type Error = Failed;

    async fn authenticate(&self, creds: Self::Credentials) -> Result<Option<Self::User>, Self::Error> {
        let user = self.users.get(&creds.username).cloned();
        task::spawn_blocking(|| user.filter(|user| verify_password(creds.password, &user.password).is_ok())).await.map_err(Failed)
    }

    async fn get_user(&self, id: &UserId<Self>) -> Result<Option<Self::User>, Self::Error> {
        Ok(self.users.values().find(|user| user.id == *id).cloned())
    }
}

impl AuthzBackend for Backend {
    type Permission = &'static str;

    async fn get_user_permissions(&self, user: &Self::User) -> Result<HashSet<Self::Permission>, Self::Error> {
        Ok(user.permissions.clone())
    }
}

type AuthSession = axum_login::AuthSession<Backend>;

#[tokio::main]
async fn main() {
    let user = |id, name: &str, password: &str, permissions: &[&'static str]| {
        let made = User { id, username: name.to_owned(), password: generate_hash(password), permissions: permissions.iter().copied().collect() };
        (name.to_owned(), made)
    };
    let backend = Backend {
        users: HashMap::from([
            user(1, "alice", "lab-Password-1", &["protected.read", "restricted.read", "notes.write"]),
            user(2, "bob", "lab-Password-2", &["protected.read"]),
        ]),
    };
    let sessions = SessionManagerLayer::new(MemoryStore::default())
        .with_secure(false)
        .with_expiry(Expiry::OnInactivity(Duration::days(1)))
        .with_signed(Key::generate());
    let auth = AuthManagerLayerBuilder::new(backend, sessions).build();
    let app = Router::new()
        .route("/notes", post(save_note))
        .route_layer(permission_required!(Backend, login_url = "/login", "notes.write"))
        .route("/restricted", get(restricted))
        .route_layer(permission_required!(Backend, login_url = "/login", "restricted.read"))
        .route("/", get(protected))
        .route_layer(login_required!(Backend, login_url = "/login"))
        .route("/login", get(login_page).post(login))
        .route("/logout", get(logout))
        .layer(auth);
    let port = std::env::var("PORT").expect("PORT must be set");
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await.unwrap();
    axum::serve(listener, app).await.unwrap();
}

async fn protected(session: AuthSession) -> impl IntoResponse {
    match session.user {
        Some(user) => Html(format!("<p>Logged in as {}</p><a href=\"/logout\">Log out</a>", user.username)).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn restricted(session: AuthSession) -> impl IntoResponse {
    match session.user {
        Some(user) => Html(format!("<p>Restricted, for {}</p>", user.username)).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn save_note(session: AuthSession, Json(note): Json<serde_json::Value>) -> impl IntoResponse {
    (StatusCode::CREATED, Json(json!({ "saved": note, "by": session.user.map(|user| user.username) })))
}

#[derive(Debug, Deserialize)]
struct NextUrl {
    next: Option<String>,
}

async fn login_page(Query(NextUrl { next }): Query<NextUrl>) -> Html<String> {
    let next = next.unwrap_or_default().replace('&', "&amp;").replace('"', "&#34;").replace('<', "&lt;");
    Html(format!(
        "<form method=\"post\"><input name=\"username\"><input name=\"password\" type=\"password\"><input type=\"hidden\" name=\"next\" value=\"{next}\"><button>Log in</button></form>"
    ))
}

async fn login(mut session: AuthSession, Form(creds): Form<Credentials>) -> impl IntoResponse {
    let next = creds.next.clone().filter(|next| !next.is_empty());
    let user = match session.authenticate(creds).await {
        Ok(Some(user)) => user,
        Ok(None) => {
            let mut login_url = "/login".to_owned();
            if let Some(next) = next {
                login_url = format!("{login_url}?next={next}");
            }
            return Redirect::to(&login_url).into_response();
        }
        Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    if session.login(&user).await.is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    Redirect::to(next.as_deref().unwrap_or("/")).into_response()
}

async fn logout(mut session: AuthSession) -> impl IntoResponse {
    match session.logout().await {
        Ok(_) => Redirect::to("/login").into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
