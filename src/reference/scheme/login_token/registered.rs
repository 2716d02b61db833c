//! Registration of clients by anybody (RFC 7591), and their configuration (RFC 7592 §2). The reference issues no codes to them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};
use subtle::ConstantTimeEq as _;
use url::{Host, Url};

use crate::clock;
use crate::reference::fault::{Fault, Faults, row, variant};
use crate::reference::random::random_text;
use crate::reference::rejection::Rejection;
use crate::reference::scheme::Verifiers;
use crate::reference::scheme::bearer::invalid;
use crate::reference::state::digest;

/// Faults of the registration endpoint.
pub(crate) const FAULTS: &[Fault] = &[
    row(
        "registered-secret-without-end",
        "register.answer-complete",
        "leaves client_secret_expires_at out of the answer to a registration",
    ),
    variant("registration-answered-200", "register.answer-complete", "answers a registration with 200"),
    variant(
        "registration-without-metadata",
        "register.answer-complete",
        "leaves the registered metadata out of the answer to a registration",
    ),
    row(
        "registers-script-uris",
        "register.redirect-uris-validated",
        "registers redirection URIs of the schemes javascript and data",
    ),
    variant(
        "registers-uris-with-fragment",
        "register.redirect-uris-validated",
        "registers redirection URIs with a fragment",
    ),
    variant("registers-relative-uris", "register.redirect-uris-validated", "registers relative redirection URIs"),
    variant(
        "registers-uris-without-tls",
        "register.redirect-uris-validated",
        "registers redirection URIs by http on any host",
    ),
    row(
        "registers-without-uris",
        "register.redirect-uris-required",
        "registers clients of the authorization code grant without redirection URIs",
    ),
    variant(
        "registers-with-empty-uris",
        "register.redirect-uris-required",
        "registers clients of the authorization code grant with an empty list of redirection URIs",
    ),
    row("registration-error-text", "register.error-body", "answers a registration that it refuses by a text"),
    variant("registration-error-422", "register.error-body", "answers a registration that it refuses by 422"),
    row(
        "registration-breaks-on-types",
        "register.malformed-never-5xx",
        "breaks on a registration with a number where a text or a list belongs",
    ),
    variant("registration-breaks-on-list", "register.malformed-never-5xx", "breaks on a registration that is a list"),
    variant("registration-breaks-on-nul", "register.malformed-never-5xx", "breaks on a client name with NUL"),
    row(
        "registration-refuses-unknown",
        "register.unknown-metadata-ignored",
        "refuses a registration with metadata that it does not know",
    ),
    row(
        "newcomers-read-orders",
        "register.newcomer-opens-nothing",
        "registers clients that act for themselves, and gives them the scopes that they ask for",
    ),
];

/// Faults of the configuration endpoint.
pub(crate) const CONFIGURATION_FAULTS: &[Fault] = &[
    row(
        "client-configuration-open",
        "register.configuration-guarded",
        "shows the configuration of a client without its token",
    ),
    variant(
        "client-configuration-takes-any-token",
        "register.configuration-guarded",
        "shows the configuration of a client to any token",
    ),
    variant(
        "client-configuration-takes-other-token",
        "register.configuration-guarded",
        "shows the configuration of a client to the token of another one",
    ),
    variant(
        "client-removed-by-other",
        "register.configuration-guarded",
        "removes a client by the token of another one",
    ),
    variant("client-removed-by-anybody", "register.configuration-guarded", "removes a client without any token"),
    row("client-configuration-breaks", "register.configuration-served", "breaks when a client reads its configuration"),
    variant(
        "client-configuration-of-nobody",
        "register.configuration-served",
        "shows the configuration of a client under another client_id",
    ),
    variant("client-removal-answered-200", "register.configuration-served", "answers the removal of a client with 200"),
    variant("removed-client-stays", "register.configuration-served", "keeps a client that was removed"),
];

/// Clients that are remembered; beyond, the oldest are forgotten.
const MOST: usize = 1000;
/// Characters of a name.
const LONGEST_NAME: usize = 200;
const KNOWN: [&str; 6] =
    ["client_name", "redirect_uris", "grant_types", "response_types", "token_endpoint_auth_method", "scope"];

/// A client, with the token that reads and removes it.
struct RegisteredClient {
    id: String,
    token: [u8; 32],
    /// What the answer to its registration said.
    configuration: Value,
}

/// Registered clients, the newest first.
#[derive(Default)]
pub(crate) struct RegisteredClients(Mutex<VecDeque<RegisteredClient>>);

impl RegisteredClients {
    fn keep(&self, client: RegisteredClient) {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        clients.truncate(MOST - 1);
        clients.push_front(client);
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|client| client.id == id)
    }

    /// The configuration of a client that is there, to whom may see it.
    fn configuration(&self, id: &str, may_see: impl Fn(&RegisteredClient) -> bool) -> Option<Value> {
        let clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        clients.iter().find(|client| client.id == id && may_see(client)).map(|client| client.configuration.clone())
    }

    /// Whether a token is that of any client.
    fn knows(&self, token: &str) -> bool {
        let hash = digest(token);
        let clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        clients.iter().any(|client| client.token.ct_eq(&hash).into())
    }

    fn remove(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|client| client.id != id);
    }
}

/// The metadata of a client that are registered.
struct Metadata {
    name: Option<String>,
    redirection_uris: Vec<String>,
    grants: Vec<String>,
    method: String,
}

/// RFC 7591 §3.
pub(super) async fn register(Shared(verifiers): Shared<Arc<Verifiers>>, body: Bytes) -> Response {
    let faults = &verifiers.state.faults;
    let metadata = match metadata_in(&body, faults) {
        Ok(metadata) => metadata,
        Err(rejection) if rejection.status != StatusCode::BAD_REQUEST => return rejection.into_response(),
        Err(rejection) if faults.on("registration-error-text") => {
            return (StatusCode::BAD_REQUEST, format!("refused: {}", rejection.error)).into_response();
        }
        Err(rejection) if faults.on("registration-error-422") => {
            return Rejection { status: StatusCode::UNPROCESSABLE_ENTITY, ..rejection }.into_response();
        }
        Err(rejection) => return rejection.into_response(),
    };
    let (id, token) = (random_text(16), random_text(40));
    let mut answer = json!({
        "client_id": id,
        "client_id_issued_at": clock::unix_seconds(),
        "registration_client_uri": verifiers.provider.endpoint(&format!("clients/{id}")),
        "registration_access_token": token,
    });
    if metadata.method != "none" {
        answer["client_secret"] = random_text(40).into();
        if !faults.on("registered-secret-without-end") {
            answer["client_secret_expires_at"] = 0.into();
        }
    }
    if !faults.on("registration-without-metadata") {
        answer["redirect_uris"] = json!(metadata.redirection_uris);
        answer["grant_types"] = json!(metadata.grants);
        answer["response_types"] = json!(["code"]);
        answer["token_endpoint_auth_method"] = json!(metadata.method);
        if let Some(name) = metadata.name {
            answer["client_name"] = name.into();
        }
    }
    let configuration = answer.clone();
    verifiers.registered.keep(RegisteredClient { id, token: digest(&token), configuration });
    let status = if faults.on("registration-answered-200") { StatusCode::OK } else { StatusCode::CREATED };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}

/// The configuration of a client, where a request has its token; the names of faults that let others in, too.
fn opened(
    verifiers: &Verifiers,
    (id, headers): (&str, &HeaderMap),
    [open, any, other]: [&str; 3],
) -> Result<Value, Rejection> {
    let faults = &verifiers.state.faults;
    let line = headers.get(header::AUTHORIZATION).and_then(|line| line.to_str().ok()).unwrap_or_default();
    let token = line.strip_prefix("Bearer ");
    let is_let_in = match token {
        None => faults.on(open),
        Some(token) => faults.on(any) || (faults.on(other) && verifiers.registered.knows(token)),
    };
    let hash = token.map(digest);
    let is_own = |client: &RegisteredClient| hash.is_some_and(|hash| client.token.ct_eq(&hash).into());
    verifiers.registered.configuration(id, |client| is_let_in || is_own(client)).ok_or_else(invalid)
}

/// RFC 7592 §2.1.
pub(super) async fn read(
    Shared(verifiers): Shared<Arc<Verifiers>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Rejection> {
    let faults = &verifiers.state.faults;
    let others =
        ["client-configuration-open", "client-configuration-takes-any-token", "client-configuration-takes-other-token"];
    let mut configuration = opened(&verifiers, (&id, &headers), others)?;
    if faults.on("client-configuration-breaks") {
        return Err(Rejection::broken());
    }
    if faults.on("client-configuration-of-nobody") {
        configuration["client_id"] = "somebody".into();
    }
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(configuration)).into_response())
}

/// RFC 7592 §2.3.
pub(super) async fn remove(
    Shared(verifiers): Shared<Arc<Verifiers>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Rejection> {
    let faults = &verifiers.state.faults;
    opened(&verifiers, (&id, &headers), ["client-removed-by-anybody", "", "client-removed-by-other"])?;
    if !faults.on("removed-client-stays") {
        verifiers.registered.remove(&id);
    }
    Ok(if faults.on("client-removal-answered-200") { StatusCode::OK } else { StatusCode::NO_CONTENT })
}

/// What a request asks to register (RFC 7591 §2), as far as it may be registered.
fn metadata_in(body: &[u8], faults: &Faults) -> Result<Metadata, Rejection> {
    let asked: Value = serde_json::from_slice(body).map_err(|_| bad("invalid_client_metadata"))?;
    let Value::Object(asked) = asked else {
        return Err(match asked.is_array() && faults.on("registration-breaks-on-list") {
            true => Rejection::broken(),
            false => bad("invalid_client_metadata"),
        });
    };
    let is_unknown = asked.keys().any(|name| !KNOWN.contains(&name.as_str()));
    let has_two_key_sets = asked.contains_key("jwks") && asked.contains_key("jwks_uri");
    if has_two_key_sets || (is_unknown && faults.on("registration-refuses-unknown")) {
        return Err(bad("invalid_client_metadata"));
    }
    let name = text(&asked, "client_name", faults)?;
    if name.as_ref().is_some_and(|name| name.contains('\0')) && faults.on("registration-breaks-on-nul") {
        return Err(Rejection::broken());
    }
    let is_no_name = |name: &String| name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control);
    let method =
        text(&asked, "token_endpoint_auth_method", faults)?.unwrap_or_else(|| "client_secret_basic".to_owned());
    let is_method = ["client_secret_basic", "client_secret_post", "none"].contains(&method.as_str());
    let grants = texts(&asked, "grant_types", faults)?.unwrap_or_else(|| vec!["authorization_code".to_owned()]);
    let is_grant = |grant: &String| {
        ["authorization_code", "refresh_token"].contains(&grant.as_str())
            || (grant == "client_credentials" && faults.on("newcomers-read-orders"))
    };
    let types = texts(&asked, "response_types", faults)?.unwrap_or_else(|| vec!["code".to_owned()]);
    let are_served = is_method && grants.iter().all(is_grant) && types.iter().all(|one| one == "code");
    if name.as_ref().is_some_and(is_no_name) || !are_served {
        return Err(bad("invalid_client_metadata"));
    }
    let redirection_uris = match texts(&asked, "redirect_uris", faults)? {
        // RFC 7591 §5: clients of grants with redirection have to register their URIs
        None if faults.on("registers-without-uris") => Vec::new(),
        Some(none) if none.is_empty() && faults.on("registers-with-empty-uris") => none,
        Some(uris) if !uris.is_empty() && uris.iter().all(|uri| may_be_registered(uri, faults)) => uris,
        _ => return Err(bad("invalid_redirect_uri")),
    };
    Ok(Metadata { name, redirection_uris, grants, method })
}

/// RFC 7591 §5, RFC 6749 §3.1.2: a site protected by TLS, one of the local machine, or an address of an app (RFC 8252 §7.1).
fn may_be_registered(uri: &str, faults: &Faults) -> bool {
    let Ok(parsed) = Url::parse(uri) else { return faults.on("registers-relative-uris") && uri.starts_with('/') };
    let is_local = match parsed.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let is_whole = parsed.fragment().is_none() || faults.on("registers-uris-with-fragment");
    is_whole
        && match parsed.scheme() {
            "https" => true,
            "http" => is_local || faults.on("registers-uris-without-tls"),
            "javascript" | "data" => faults.on("registers-script-uris"),
            scheme => scheme.contains('.'),
        }
}

fn bad(error: &'static str) -> Rejection {
    Rejection::new(StatusCode::BAD_REQUEST, error)
}

fn wrong_type(faults: &Faults) -> Rejection {
    if faults.on("registration-breaks-on-types") { Rejection::broken() } else { bad("invalid_client_metadata") }
}

/// A member that is a text.
fn text(asked: &Map<String, Value>, name: &str, faults: &Faults) -> Result<Option<String>, Rejection> {
    match asked.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(wrong_type(faults)),
    }
}

/// A member that is a list of texts.
fn texts(asked: &Map<String, Value>, name: &str, faults: &Faults) -> Result<Option<Vec<String>>, Rejection> {
    let Some(value) = asked.get(name) else { return Ok(None) };
    let values = value.as_array().ok_or_else(|| wrong_type(faults))?;
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(|| wrong_type(faults));
    values.iter().map(text).collect::<Result<_, _>>().map(Some)
}
