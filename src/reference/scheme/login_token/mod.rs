//! Tokens that a login by password or by a code issues, with refresh tokens that rotate (RFC 6749 §6, RFC 9700 §4.14.2).

mod clients;
mod codes;
mod families;
pub(crate) mod faults;
pub(crate) mod one_time;
mod provider;
pub(crate) mod registered;
mod revocation;
mod stated_life;
mod token_request;
mod userinfo;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Query, State as Shared};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Verifiers;
use super::passwords::{self, PasswordChange};
use super::resets;
use crate::reference::fault::Faults;
use crate::reference::jose::compact::{Compact, Leniency};
use crate::reference::rejection::Rejection;
use crate::reference::scheme::bearer::{invalid, presented};
use crate::reference::state::{Principal, ReferenceState};
use crate::seed;
use families::{NewTokens, RefreshUse};

pub(crate) use codes::Codes;
pub(crate) use families::Families;
pub(crate) use one_time::OneTime;
pub(crate) use provider::Provider;
pub(crate) use registered::RegisteredClients;
pub(crate) use stated_life::life;

/// How long a server with a race takes between looking at a refresh token, or a code, and using it up.
const RACE: Duration = Duration::from_millis(40);

/// Who sent a request.
pub(crate) fn verify(
    state: &ReferenceState,
    verifiers: &Verifiers,
    parts: &Parts,
) -> Result<Arc<Principal>, Rejection> {
    let token = presented(state, parts)?;
    let by_id_token = || {
        let read = || Compact::read(&token, Leniency::default());
        let token = state.fault("id-token-opens-resources").then(read).flatten()?;
        verifiers.accounts.principal(token.claim_text("sub").filter(|_| verifiers.provider.has_issued(&token))?)
    };
    verifiers.families.principal(&token, &state.faults).or_else(by_id_token).ok_or_else(invalid)
}

/// The endpoints of the login.
pub(super) fn routes(verifiers: Arc<Verifiers>) -> Router {
    Router::new()
        .route("/login-token/login", post(login))
        .route("/login-token/token", post(grant))
        .merge(one_time::routes())
        .route("/login-token/authorize", get(codes::ask).post(codes::agree))
        .route("/login-token/refresh", post(refresh))
        .route("/login-token/logout", post(logout))
        .route("/login-token/revoke", post(revocation::answer))
        .route("/login-token/password", post(change_password))
        .route("/login-token/forgot", post(passwords::forgot))
        .route("/login-token/reset", post(resets::complete))
        .route("/login-token/register", post(passwords::register))
        .route("/login-token/clients", post(registered::register))
        .route("/login-token/clients/{id}", get(registered::read).delete(registered::remove))
        .route("/login-token/userinfo", get(userinfo::answer).post(userinfo::answer))
        .route("/login-token/jwks", get(provider::key_set))
        .route("/.well-known/oauth-authorization-server/login-token", get(provider::document))
        .route("/login-token/.well-known/openid-configuration", get(provider::openid_document))
        .with_state(verifiers)
}

#[derive(Deserialize)]
struct PasswordPair {
    username: Value,
    password: Value,
}

#[derive(Deserialize)]
struct RefreshRequest {
    refresh_token: String,
}

type ToldTokens = ([(header::HeaderName, &'static str); 1], Json<Value>);
type Told = Result<ToldTokens, Rejection>;

async fn login(
    Shared(verifiers): Shared<Arc<Verifiers>>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    body: Result<Json<Value>, JsonRejection>,
) -> Told {
    passwords::breaks_on_coding(&verifiers, &headers)?;
    let of_query =
        query.get("username").zip(query.get("password")).filter(|_| verifiers.state.fault("login-reads-the-query"));
    let pair = match of_query {
        Some((username, password)) => {
            PasswordPair { username: username.as_str().into(), password: password.as_str().into() }
        }
        None => password_pair(&verifiers.state, body)?,
    };
    let refused = |error| Rejection::new(StatusCode::UNAUTHORIZED, error).with_challenge("Bearer realm=\"orders\"");
    let of_anybody = |password: &str| match (&pair.username, &verifiers.state) {
        (Value::Object(_), state) if state.fault("login-takes-operators-as-user") => {
            passwords::of_anybody(&verifiers, password)
        }
        _ => None,
    };
    let user = match (&pair.username, &pair.password) {
        (Value::String(user), _) => user.as_str(),
        (_, Value::String(password)) => {
            let user_is_no_text = Rejection::new(StatusCode::UNPROCESSABLE_ENTITY, "user_is_no_text");
            let principal = of_anybody(password).ok_or(user_is_no_text)?;
            return Ok(logged_in(&verifiers, principal));
        }
        _ => return Err(Rejection::new(StatusCode::UNPROCESSABLE_ENTITY, "user_is_no_text")),
    };
    let principal = match (&pair.password, &verifiers.state) {
        (Value::String(password), _) => passwords::log_in(&verifiers, user, password, refused),
        (_, state) if state.fault("login-breaks-on-objects") => {
            return Err(Rejection::new(StatusCode::INTERNAL_SERVER_ERROR, "no_text"));
        }
        (Value::Object(_), state) if state.fault("login-takes-operators") => {
            verifiers.accounts.principal(user).ok_or("invalid_credentials").map_err(refused)
        }
        _ => return Err(Rejection::new(StatusCode::UNPROCESSABLE_ENTITY, "password_is_no_text")),
    };
    Ok(logged_in(&verifiers, principal?))
}

fn logged_in(verifiers: &Verifiers, principal: Arc<Principal>) -> ToldTokens {
    let (no_store, mut body) = told(&verifiers.families, verifiers.families.start(principal, None));
    stated_life::at_login(verifiers, &mut body);
    match verifiers.state.fault("login-answer-cacheable") {
        true => ([(header::CACHE_CONTROL, "max-age=60")], body),
        false => (no_store, body),
    }
}

/// The user-id and the password of a login; a body that has none is an error of the client.
fn password_pair(state: &ReferenceState, body: Result<Json<Value>, JsonRejection>) -> Result<PasswordPair, Rejection> {
    let broken = |error| Rejection::new(StatusCode::INTERNAL_SERVER_ERROR, error);
    let Json(body) = body.map_err(|rejection| {
        let has_half_a_pair = rejection.body_text().contains("hex escape");
        match has_half_a_pair && state.fault("login-breaks-on-half-a-pair") {
            true => broken("no_text"),
            false => Rejection::new(rejection.status(), "no_json"),
        }
    })?;
    let Value::Object(members) = body else {
        // from an array, serde would read the members by their order
        return Err(match state.fault("login-breaks-on-no-object") {
            true => broken("no_object"),
            false => Rejection::new(StatusCode::UNPROCESSABLE_ENTITY, "no_object"),
        });
    };
    if !members.contains_key("password") && state.fault("login-breaks-without-password") {
        return Err(broken("no_password"));
    }
    let pair = serde_json::from_value(Value::Object(members));
    pair.map_err(|_| Rejection::new(StatusCode::UNPROCESSABLE_ENTITY, "no_user_and_password"))
}

/// The grants of a user (RFC 6749 §4.1, §4.3), of a client that authenticates or of none, and what renews them.
async fn grant(Shared(verifiers): Shared<Arc<Verifiers>>, headers: HeaderMap, body: Bytes) -> Response {
    let faults = &verifiers.state.faults;
    let mut answer = match token_request::fields(&headers, &body, faults) {
        Ok(form) => granted(&verifiers, &headers, &form).await,
        Err(rejection) => rejection.into_response(),
    };
    if faults.on("cacheable-grant-error") && answer.status() != StatusCode::OK {
        answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
    }
    answer
}

async fn granted(verifiers: &Verifiers, headers: &HeaderMap, form: &HashMap<String, String>) -> Response {
    let value = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    // RFC 6749 §5.2
    let refused = |error| Rejection::new(StatusCode::BAD_REQUEST, error).into_response();
    let faults = &verifiers.state.faults;
    if value("grant_type") == "client_credentials"
        && faults.on("newcomers-read-orders")
        && clients::named_by_basic(headers, faults).is_some_and(|id| verifiers.registered.has(&id))
        && let Some(principal) = verifiers.accounts.principal(seed::IDENTITIES[0].name)
    {
        return told(&verifiers.families, verifiers.families.start(principal, None)).into_response();
    }
    let client = match clients::client_of(headers, form, faults) {
        Ok(client) => client,
        Err(rejection) => return rejection.into_response(),
    };
    // RFC 6749 §4.1.3, §4.3.2, §6: what each grant has to come with
    let required = match value("grant_type") {
        "password" => Some(("password", "missing-grant-unnamed")),
        "authorization_code" => Some(("code", "missing-grant-unnamed")),
        "refresh_token" => Some(("refresh_token", "missing-refresh-token-unnamed")),
        _ => None,
    };
    if required.is_some_and(|(name, fault)| value(name).is_empty() && !faults.on(fault)) {
        return refused("invalid_request");
    }
    match value("grant_type") {
        "password" => {}
        _ if faults.on("grant-type-ignored") && form.contains_key("password") => {}
        // RFC 6749 §6
        "refresh_token" => {
            let (families, token) = (&verifiers.families, value("refresh_token"));
            let asked: Vec<String> =
                value("scope").split(' ').filter(|one| !one.is_empty()).map(str::to_owned).collect();
            let exists = |scope: &String| seed::IDENTITIES.iter().any(|one| one.scopes.contains(&scope.as_str()));
            let allows = |scope: &String| faults.on("refresh-scope-of-any-user") && exists(scope);
            let is_more = |held: Vec<String>| asked.iter().any(|one| !held.contains(one) && !allows(one));
            if families.scopes_of(token).is_some_and(is_more) && !faults.on("refresh-widens-scope") {
                return refused("invalid_scope");
            }
            return match renewed(families, token, client.as_deref(), faults) {
                Some(tokens) if !asked.is_empty() && !faults.on("refresh-ignores-scope") => {
                    told_again(families, families.with_scopes(tokens, asked), GRANT_KEPT, faults).into_response()
                }
                Some(tokens) => told_again(families, tokens, GRANT_KEPT, faults).into_response(),
                None if faults.on("refresh-error-text") => (StatusCode::UNAUTHORIZED, "log in again").into_response(),
                None => refused("invalid_grant"),
            };
        }
        // RFC 6749 §4.1.3
        "authorization_code" => {
            let seems_fresh = faults.on("code-race") && verifiers.codes.is_fresh(value("code"));
            if seems_fresh {
                tokio::time::sleep(RACE).await;
            }
            return match verifiers.codes.used(form, client, &verifiers.families, faults, seems_fresh) {
                Some((tokens, granted)) => {
                    let (access_token, provider) = (tokens.access.clone(), &verifiers.provider);
                    let (headers, Json(mut body)) = told(&verifiers.families, tokens);
                    let made = |granted| provider.id_token(&granted, &access_token, value("code"), faults);
                    if let Some(id_token) = granted.and_then(made) {
                        body["id_token"] = id_token.into();
                    }
                    (headers, Json(body)).into_response()
                }
                None if faults.on("mismatch-error-code") && verifiers.codes.is_fresh(value("code")) => {
                    refused("invalid_request")
                }
                None if faults.on("code-error-text") => (StatusCode::UNAUTHORIZED, "log in again").into_response(),
                None => refused("invalid_grant"),
            };
        }
        "" => return refused("invalid_request"),
        _ => return refused("unsupported_grant_type"),
    }
    let wrong = |_| Rejection::new(StatusCode::BAD_REQUEST, "invalid_grant");
    match passwords::log_in(verifiers, value("username"), value("password"), wrong) {
        Ok(principal) => {
            let (headers, Json(mut body)) = told(&verifiers.families, verifiers.families.start(principal, client));
            if faults.on("grant-answer-without-type") {
                body["token_type"].take();
            }
            let body = Json(body);
            if faults.on("grant-answer-cacheable") { body.into_response() } else { (headers, body).into_response() }
        }
        Err(_) if faults.on("grant-error-text") => (StatusCode::UNAUTHORIZED, "wrong user or password").into_response(),
        Err(rejection) => rejection.into_response(),
    }
}

async fn refresh(Shared(verifiers): Shared<Arc<Verifiers>>, Json(request): Json<RefreshRequest>) -> Told {
    let (families, faults) = (&verifiers.families, &verifiers.state.faults);
    // RFC 6749 §5.2
    let refused = || Rejection::new(StatusCode::BAD_REQUEST, "invalid_grant");
    if faults.on("refresh-refused") {
        return Err(refused());
    }
    if faults.on("refresh-race") {
        if families.look_at(&request.refresh_token, faults) == RefreshUse::Refused {
            return Err(refused());
        }
        tokio::time::sleep(RACE).await;
    }
    let tokens = renewed(families, &request.refresh_token, None, faults).ok_or_else(refused)?;
    let (headers, mut body) = told_again(families, tokens, LOGIN_KEPT, faults);
    stated_life::at_refresh(&verifiers, &mut body);
    Ok((headers, body))
}

/// The next tokens for a refresh token that a client sends.
fn renewed(families: &Families, token: &str, client: Option<&str>, faults: &Faults) -> Option<NewTokens> {
    let renewed = families.renew(token, client, faults);
    if renewed.is_none() && faults.on("unknown-refresh-token-accepted") { families.renew_any() } else { renewed }
}

async fn logout(Shared(verifiers): Shared<Arc<Verifiers>>, headers: HeaderMap) -> Result<StatusCode, Rejection> {
    let (families, faults) = (&verifiers.families, &verifiers.state.faults);
    let line = headers.get(header::AUTHORIZATION).and_then(|line| line.to_str().ok());
    let Some(line) = line else {
        let missing = Rejection::new(StatusCode::UNAUTHORIZED, "missing_token");
        return Err(match faults.on("logout-breaks-without-credential") {
            true => Rejection::broken(),
            false if faults.on("logout-refused-without-challenge") => missing,
            false => missing.with_challenge("Bearer realm=\"orders\""),
        });
    };
    let token = line.strip_prefix("Bearer ").unwrap_or_default();
    families.principal(token, faults).ok_or_else(invalid)?;
    families.end(token, faults);
    Ok(StatusCode::NO_CONTENT)
}

async fn change_password(
    Shared(verifiers): Shared<Arc<Verifiers>>,
    headers: HeaderMap,
    Json(change): Json<PasswordChange>,
) -> Result<StatusCode, Rejection> {
    let line = headers.get(header::AUTHORIZATION).and_then(|line| line.to_str().ok());
    let token = line.and_then(|line| line.strip_prefix("Bearer ")).unwrap_or_default();
    let user = verifiers.families.principal(token, &verifiers.state.faults).ok_or_else(invalid)?.name.clone();
    passwords::change(&verifiers, &user, &change)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Faults that let caches keep what a refresh returns.
const GRANT_KEPT: &str = "grant-refresh-cacheable";
const LOGIN_KEPT: &str = "login-refresh-cacheable";

/// RFC 6749 §6.
fn told_again(families: &Families, tokens: NewTokens, fault: &str, faults: &Faults) -> ToldTokens {
    let (no_store, body) = told(families, tokens);
    if faults.on(fault) { ([(header::CACHE_CONTROL, "max-age=60")], body) } else { (no_store, body) }
}

/// RFC 6749 §5.1.
fn told(families: &Families, tokens: NewTokens) -> ToldTokens {
    let NewTokens { access, refresh, scopes } = tokens;
    let seconds = families.lifetime().as_secs_f64();
    let body = json!({
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": seconds,
        "refresh_token": refresh,
        "scope": scopes.join(" "),
    });
    ([(header::CACHE_CONTROL, "no-store")], Json(body))
}
