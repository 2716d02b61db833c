//! The examples of oxide-auth and oxide-auth-axum: code, refresh and client credentials, a page for the consent, and a guarded resource.

use std::sync::{Arc, Mutex};

use axum::{
    extract::State,
    response::IntoResponse,
    routing::{get, post},
    Router,
};
use oxide_auth::{
    endpoint::{OwnerConsent, PreGrant, QueryParameter, Solicitation},
    frontends::simple::endpoint::{
        access_token_flow, authorization_flow, client_credentials_flow, refresh_flow,
        resource_flow, FnSolicitor,
    },
    primitives::{prelude::*, registrar::RegisteredUrl},
};
use oxide_auth_axum::{OAuthRequest, OAuthResource, OAuthResponse, WebError};

struct Keeper {
    registrar: ClientMap,
    authorizer: AuthMap<RandomGenerator>,
    issuer: TokenMap<RandomGenerator>,
}

type Shared = Arc<Mutex<Keeper>>;

fn consent_form(grant: &PreGrant) -> OAuthResponse {
    OAuthResponse::default()
        .content_type("text/html")
        .unwrap()
        .body(&format!(
            "<html>'{}' (at {}) is requesting permission for '{}'<form method=\"post\"><input type=\"submit\" value=\"Accept\" formaction=\"authorize?response_type=code&client_id={}&allow=true\"></form></html>",
            grant.client_id, grant.redirect_uri, grant.scope, grant.client_id
        ))
}

async fn authorize_get(State(state): State<Shared>, request: OAuthRequest) -> Result<OAuthResponse, WebError> {
    let state = &mut *state.lock().unwrap();
    let mut solicitor = FnSolicitor(move |_: &mut OAuthRequest, solicitation: Solicitation| {
        OwnerConsent::InProgress(consent_form(solicitation.pre_grant()))
    });
    authorization_flow(&state.registrar, &mut state.authorizer, &mut solicitor)
        .execute(request)
        .map_err(WebError::from)
}

async fn authorize_post(State(state): State<Shared>, request: OAuthRequest) -> Result<OAuthResponse, WebError> {
    let state = &mut *state.lock().unwrap();
    let allowed = request.query().and_then(|query| query.unique_value("allow")).is_some();
    let mut solicitor = FnSolicitor(move |_: &mut OAuthRequest, _: Solicitation| match allowed {
        true => OwnerConsent::Authorized("dummy user".to_owned()),
        false => OwnerConsent::Denied,
    });
    authorization_flow(&state.registrar, &mut state.authorizer, &mut solicitor)
        .execute(request)
        .map_err(WebError::from)
}

async fn token(State(state): State<Shared>, request: OAuthRequest) -> Result<OAuthResponse, WebError> {
    let state = &mut *state.lock().unwrap();
    let grant = request.body().and_then(|body| body.unique_value("grant_type")).map(|grant| grant.into_owned());
    match grant.as_deref() {
        Some("client_credentials") => {
            let mut solicitor = FnSolicitor(|_: &mut OAuthRequest, solicitation: Solicitation| {
                OwnerConsent::Authorized(solicitation.pre_grant().client_id.clone())
            });
            client_credentials_flow(&state.registrar, &mut state.issuer, &mut solicitor)
                .execute(request)
                .map_err(WebError::from)
        }
        Some("refresh_token") => refresh_flow(&state.registrar, &mut state.issuer)
            .execute(request)
            .map_err(WebError::from),
        // each flow looks at the grant type again
        _ => access_token_flow(&state.registrar, &mut state.authorizer, &mut state.issuer)
            .execute(request)
            .map_err(WebError::from),
    }
}

fn guarded(state: &Shared, request: OAuthResource, scope: &str, text: &str) -> axum::response::Response {
    let state = &mut *state.lock().unwrap();
    let scopes = [scope.parse::<Scope>().unwrap()];
    let result: Result<_, Result<OAuthResponse, _>> = resource_flow(&mut state.issuer, &scopes).execute(OAuthRequest::from(request));
    match result {
        Ok(_) => text.to_owned().into_response(),
        Err(Ok(response)) => response.into_response(),
        Err(Err(error)) => WebError::from(error).into_response(),
    }
}

#[tokio::main]
async fn main() {
    let redirect: RegisteredUrl = "http://localhost:8021/endpoint".parse::<oxide_auth::frontends::dev::Url>().unwrap().into();
    let scope = |text: &str| text.parse::<Scope>().unwrap();
    let keeper = Keeper {
        registrar: vec![
            Client::public("LocalClient", redirect.clone(), scope("default-scope")),
            Client::confidential("lab-service", redirect.clone(), scope("default-scope write"), b"lab-service-Secret-1"),
            Client::confidential("lab-reader", redirect, scope("default-scope"), b"lab-reader-Secret-1"),
        ]
        .into_iter()
        .collect(),
        authorizer: AuthMap::new(RandomGenerator::new(16)),
        issuer: TokenMap::new(RandomGenerator::new(16)),
    };
    let app = Router::new()
        .route("/authorize", get(authorize_get).post(authorize_post))
        .route("/token", post(token))
        .route("/refresh", post(token))
        .route("/", get(|State(state): State<Shared>, request: OAuthResource| async move { guarded(&state, request, "default-scope", "Hello, world") }))
        .route("/notes", get(|State(state): State<Shared>, request: OAuthResource| async move { guarded(&state, request, "default-scope", "notes") })
            .post(|State(state): State<Shared>, request: OAuthResource| async move { guarded(&state, request, "write", "written") }))
        .with_state(Arc::new(Mutex::new(keeper)));
    let port: u16 = std::env::var("PORT").unwrap().parse().unwrap();
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    axum::serve(listener, app).await.unwrap();
}
