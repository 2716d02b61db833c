//! Authorization codes (RFC 6749 §4.1) with proof keys (RFC 7636), for users who log in on a page of the reference.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Form, RawQuery, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::families::{Families, NewTokens};
use crate::clock;
use crate::reference::fault::Faults;
use crate::reference::random::random_text;
use crate::reference::rejection::Rejection;
use crate::reference::scheme::{Verifiers, passwords};
use crate::reference::state::{Principal, digest, principal};
use crate::seed::{IDENTITIES, OTHER_REDIRECTION_URI, PUBLIC_CLIENT, REDIRECTION_URI, SeedIdentity, SeedState};

/// Life of a code (RFC 6749 §4.1.2 asks for ten minutes at most).
const LIFE: Duration = Duration::from_secs(60);
/// Codes that are remembered; beyond, the oldest are forgotten.
const MOST: usize = 10_000;

/// An authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3).
#[derive(Clone, Debug, Default)]
struct Asked {
    client: String,
    redirection_uri: String,
    response_type: String,
    state: Option<String>,
    challenge: Option<String>,
    method: Option<String>,
    scope: Option<String>,
    nonce: Option<String>,
    resource: Option<String>,
    /// Whether a parameter came more than once.
    repeats: bool,
}

impl Asked {
    fn of(query: &str) -> Self {
        let all = || url::form_urlencoded::parse(query.as_bytes()).into_owned();
        let pairs: HashMap<String, String> = all().collect();
        let one = |name: &str| pairs.get(name).cloned();
        Self {
            client: one("client_id").unwrap_or_default(),
            redirection_uri: one("redirect_uri").unwrap_or_default(),
            response_type: one("response_type").unwrap_or_default(),
            state: one("state"),
            challenge: one("code_challenge"),
            method: one("code_challenge_method"),
            scope: one("scope"),
            nonce: one("nonce"),
            resource: one("resource"),
            repeats: all().count() > pairs.len(),
        }
    }

    /// Through a fault: the scopes that its user has, and each other one that it asks for and that exists.
    fn scopes_beyond(&self, own: &[String], faults: &Faults) -> Option<Vec<String>> {
        let asked = self.scope.as_deref().filter(|_| faults.on("code-scope-as-asked"))?;
        let exists = |scope: &&str| IDENTITIES.iter().any(|one| one.scopes.contains(scope));
        let more = asked.split(' ').filter(exists).map(str::to_owned).filter(|scope| !own.contains(scope));
        Some(own.iter().cloned().chain(more.collect::<Vec<_>>()).collect())
    }

    /// Whether a client of the reference asks.
    fn is_of_client(&self) -> bool {
        let is_client = |client: &SeedIdentity| client.name == self.client && client.state == SeedState::Valid;
        self.is_of_public_client() || IDENTITIES.iter().any(is_client)
    }

    fn is_of_public_client(&self) -> bool {
        self.client == PUBLIC_CLIENT
    }

    /// Whether a client of the reference asks, and its redirection URI is the one that it has registered.
    fn is_registered(&self, faults: &Faults) -> bool {
        let is_own = match &self.redirection_uri {
            _ if faults.on("any-redirection-uri") => true,
            uri if faults.on("redirection-uri-on-any-port") => {
                let without_port = |uri: &str| {
                    let mut uri = url::Url::parse(uri).ok()?;
                    uri.set_port(None).ok()?;
                    Some(uri)
                };
                without_port(uri).is_some() && without_port(uri) == without_port(REDIRECTION_URI)
            }
            uri if faults.on("redirection-uri-by-beginning") => uri.starts_with(REDIRECTION_URI),
            uri if faults.on("redirection-uri-parsed") => url::Url::parse(uri) == url::Url::parse(REDIRECTION_URI),
            uri if faults.on("redirection-uri-without-fragment") => uri.split('#').next() == Some(REDIRECTION_URI),
            uri if faults.on("redirection-uri-without-slash") => uri.trim_end_matches('/') == REDIRECTION_URI,
            uri => uri == REDIRECTION_URI || uri == OTHER_REDIRECTION_URI,
        };
        match self.is_of_client() {
            true => is_own,
            false if self.client.is_empty() => is_own && faults.on("no-client-asks"),
            // only who is known has something that can be compared
            false => faults.on("any-client-asks") || faults.on("unknown-client-redirected"),
        }
    }

    /// The error that a faulty server looks for before it compares the redirection URI.
    fn error_for_anybody(&self, faults: &Faults) -> Option<&'static str> {
        let is_unknown = |scope: &String| scope.split(' ').any(|one| one == "authbench");
        match self.response_type.as_str() {
            "" if faults.on("error-of-no-type-leads-anywhere") => Some("invalid_request"),
            "" | "code"
                if faults.on("error-of-scope-leads-anywhere") && self.scope.as_ref().is_some_and(is_unknown) =>
            {
                Some("invalid_scope")
            }
            "" | "code" => None,
            _ => faults.on("error-of-type-leads-anywhere").then_some("unsupported_response_type"),
        }
    }

    /// Whether its resource is an absolute URI without a fragment (RFC 8707 §2), where it names one.
    fn is_for_a_resource(&self, faults: &Faults) -> bool {
        let is_usable = |resource: &String| {
            let uri = url::Url::parse(resource).ok();
            uri.is_some_and(|uri| uri.fragment().is_none() || faults.on("resource-with-fragment"))
        };
        faults.on("any-resource") || self.resource.as_ref().is_none_or(is_usable)
    }

    /// Whether it asks for a token without a code (RFC 6749 §4.2.1), and the server has that grant.
    fn is_implicit(&self, faults: &Faults) -> bool {
        self.response_type == "token" && faults.on("implicit-grant")
    }

    /// The redirect to the client with a token in its fragment (RFC 6749 §4.2.2).
    fn with_token(&self, token: &str, seconds: u64) -> Response {
        let state = self.state.as_deref().map(|state| ("state", state));
        let seconds = seconds.to_string();
        let fragment = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("access_token", token), ("token_type", "Bearer"), ("expires_in", &seconds)])
            .extend_pairs(state)
            .finish();
        let location = format!("{}#{fragment}", self.redirection_uri);
        (StatusCode::SEE_OTHER, [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store".to_owned())])
            .into_response()
    }

    /// The redirect to the client with what came of it.
    fn answered(&self, (name, value): (&str, &str), issuer: &str, faults: &Faults) -> Response {
        let again = |state: &str| url::form_urlencoded::byte_serialize(state.as_bytes()).collect();
        let state = match &self.state {
            Some(state) if faults.on("state-encoded-twice") => Some(again(state)),
            Some(state) if faults.on("state-cut") => Some(state.chars().take(32).collect()),
            Some(_) if name == "error" && faults.on("authorization-error-without-state") => None,
            state => state.clone(),
        };
        let state = state.as_deref().map(|state| ("state", state));
        // RFC 9207 §2: in every answer, errors too
        let left_out = faults.on("authorization-without-issuer")
            || (name == "error" && faults.on("authorization-error-without-issuer"));
        let issuer = (!left_out).then_some(("iss", issuer));
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([(name, value)].into_iter().chain(state).chain(issuer))
            .finish();
        let to = if faults.on("redirection-uri-parsed") { REDIRECTION_URI } else { &self.redirection_uri };
        let location = format!("{to}?{query}");
        let kept = if faults.on("code-answer-cacheable") { "max-age=60" } else { "no-store" };
        (StatusCode::SEE_OTHER, [(header::LOCATION, location), (header::CACHE_CONTROL, kept.to_owned())])
            .into_response()
    }

    /// What is wrong with it, as far as the client hears of it (RFC 6749 §4.1.2.1, RFC 7636 §4.4.1).
    fn error(&self, faults: &Faults) -> Option<&'static str> {
        match (&self.challenge, self.method.as_deref()) {
            // RFC 6749 §3.1
            _ if self.repeats && !faults.on("repeated-authorization-parameter") => Some("invalid_request"),
            _ if faults.on("unknown-client-redirected") && !self.is_of_client() => Some("unauthorized_client"),
            _ if self.response_type.is_empty() => Some("invalid_request"),
            _ if self.is_implicit(faults) => None,
            _ if self.response_type != "code" => Some("unsupported_response_type"),
            _ if !self.is_for_a_resource(faults) => Some("invalid_target"),
            (Some(challenge), _) if challenge.is_empty() && faults.on("verifier-with-empty-challenge") => None,
            // RFC 7636 §4.2
            (Some(challenge), _) if !(43..=128).contains(&challenge.len()) && !faults.on("short-challenges") => {
                Some("invalid_request")
            }
            (None, None) if self.is_of_public_client() && !faults.on("public-client-without-challenge") => {
                Some("invalid_request")
            }
            (Some(_), Some("S256")) | (None, None) => None,
            (Some(_), None) if faults.on("verifier-unchecked-without-method") => None,
            (Some(_), Some("plain")) if faults.on("verifier-unchecked-with-plain") => None,
            (Some(_), Some("plain")) if faults.on("plain-challenges") => None,
            (Some(_), None) if faults.on("challenges-plain-by-default") => None,
            (Some(_), Some(_)) if faults.on("any-challenge-method") => None,
            _ => Some("invalid_request"),
        }
    }
}

/// A code that was given to a client.
#[derive(Debug)]
struct Code {
    asked: Asked,
    principal: Arc<Principal>,
    ends: Instant,
    /// The access token that it was used for.
    used: Option<String>,
}

/// What an ID token says of the use of a code (OpenID Connect Core 1.0, section 2).
pub(super) struct Granted {
    pub(super) user: String,
    pub(super) client: String,
    pub(super) nonce: Option<String>,
}

/// All codes, by their SHA-256.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    known: Mutex<HashMap<[u8; 32], Code>>,
}

impl Codes {
    /// Whether a code was not used yet.
    pub(super) fn is_fresh(&self, code: &str) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&digest(code)).is_some_and(|code| code.used.is_none())
    }

    fn issue(&self, asked: Asked, principal: Arc<Principal>, faults: &Faults) -> String {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::now();
        if known.len() >= MOST {
            known.retain(|_, code| code.ends > now);
        }
        if known.len() >= MOST {
            known.clear();
        }
        let code = match faults {
            _ if faults.on("short-codes") => random_text(8),
            _ if faults.on("counted-codes") => format!("abc_{:032}", known.len()),
            _ => format!("abc_{}", random_text(32)),
        };
        known.insert(digest(&code), Code { asked, principal, ends: now + LIFE, used: None });
        code
    }

    /// The tokens for a code, where the client may use it (RFC 6749 §4.1.3, RFC 7636 §4.6). One that comes back ends the tokens
    /// of its first use; one that seems fresh was looked at before.
    pub(super) fn used(
        &self,
        form: &HashMap<String, String>,
        client: Option<String>,
        families: &Families,
        faults: &Faults,
        seems_fresh: bool,
    ) -> Option<(NewTokens, Option<Granted>)> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let value = |name: &str| form.get(name).map(String::as_str);
        let Some(code) = known.get_mut(&digest(value("code").unwrap_or_default())) else {
            let anybody = faults.on("any-code-accepted").then(|| Arc::new(principal(&IDENTITIES[0])));
            return anybody.map(|anybody| (families.start(anybody, client), None));
        };
        if let Some(access) = code.used.as_ref().filter(|_| !seems_fresh && !faults.on("codes-used-twice")) {
            match faults {
                _ if faults.on("tokens-survive-reuse-of-code") => {}
                _ if faults.on("refresh-token-survives-reuse-of-code") => families.end_access(access),
                _ => families.end(access, faults),
            }
            return None;
        }
        let is_own = client.as_deref() == Some(&code.asked.client)
            || faults.on("code-of-any-client")
            || (client.is_none() && faults.on("grant-takes-unknown-clients"));
        let is_there = value("redirect_uri") == Some(&code.asked.redirection_uri)
            || faults.on("redirection-uri-not-compared")
            || (value("redirect_uri").is_some_and(|uri| uri == OTHER_REDIRECTION_URI)
                && faults.on("redirection-uri-any-registered"));
        if !is_own || !is_there || !is_proven(&code.asked, value("code_verifier"), faults) || clock::now() >= code.ends
        {
            return None;
        }
        let tokens = families.start(code.principal.clone(), client);
        let tokens = match code.asked.scopes_beyond(&tokens.scopes, faults) {
            Some(scopes) => families.with_scopes(tokens, scopes),
            None => tokens,
        };
        code.used = Some(tokens.access.clone());
        let is_openid = code.asked.scope.as_deref().is_some_and(|scope| scope.split(' ').any(|one| one == "openid"));
        if is_openid {
            families.mark_openid(&tokens.access);
        }
        let granted = is_openid.then(|| Granted {
            user: code.principal.name.clone(),
            client: code.asked.client.clone(),
            nonce: code.asked.nonce.clone(),
        });
        Some((tokens, granted))
    }
}

/// RFC 7636 §4.6, and RFC 9700 §4.8.2 for a verifier without a challenge.
fn is_proven(asked: &Asked, verifier: Option<&str>, faults: &Faults) -> bool {
    match (&asked.challenge, verifier) {
        (None, None) => true,
        (Some(_), _) if asked.method.is_none() && faults.on("verifier-unchecked-without-method") => true,
        (Some(_), _) if asked.method.as_deref() == Some("plain") && faults.on("verifier-unchecked-with-plain") => true,
        (Some(challenge), Some(_)) if challenge.is_empty() && faults.on("verifier-with-empty-challenge") => true,
        (Some(challenge), Some(verifier)) if challenge == verifier && faults.on("verifier-compared-plainly") => true,
        (Some(challenge), Some(verifier)) if asked.method.as_deref() != Some("S256") && is_plain(faults) => {
            challenge == verifier
        }
        (None, Some(_)) => faults.on("verifier-without-challenge"),
        (Some(_), None) => faults.on("verifier-not-checked") || faults.on("verifier-optional"),
        (Some(challenge), Some(verifier)) => {
            URL_SAFE_NO_PAD.encode(digest(verifier)) == *challenge || faults.on("verifier-not-checked")
        }
    }
}

/// Whether a challenge by another method than S256 is its own verifier (RFC 7636 §4.6).
fn is_plain(faults: &Faults) -> bool {
    faults.on("plain-challenges") || faults.on("challenges-plain-by-default")
}

fn page(status: StatusCode, body: &str) -> Response {
    let fields = [(header::CACHE_CONTROL, "no-store"), (header::CONTENT_SECURITY_POLICY, "frame-ancestors 'none'")];
    (status, fields, Html(format!("<!DOCTYPE html><title>Log in</title>{body}"))).into_response()
}

/// The page of a request that is answered to nobody but the user (RFC 6749 §3.1.2.4).
fn not_registered() -> Response {
    page(StatusCode::BAD_REQUEST, "<p>This client has not registered that address.</p>")
}

/// The page that asks for the password, and repeats the request.
fn asks_for_password(query: &str) -> Response {
    let escaped = query.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    let form = format!(
        "<form method=\"post\"><input type=\"hidden\" name=\"request\" value=\"{escaped}\"><input name=\"username\">\
         <input name=\"password\" type=\"password\"><button>Log in</button></form>"
    );
    page(StatusCode::OK, &form)
}

/// Whether a parser breaks on a request that it does not expect; only faults let it.
fn breaks(query: &str, faults: &Faults) -> bool {
    let any = |name: &str, is_wrong: fn(&str) -> bool| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.any(|(own, value)| own == name && is_wrong(&value))
    };
    (faults.on("authorization-breaks-on-nul") && (query.contains("%00") || query.contains("%ff")))
        || (faults.on("authorization-breaks-on-addresses") && any("redirect_uri", |uri| url::Url::parse(uri).is_err()))
        || (faults.on("authorization-breaks-on-numbers") && any("max_age", |age| age.parse::<u64>().is_err()))
        || (faults.on("authorization-breaks-on-unknown-scope") && any("scope", |scope| scope == "authbench"))
        || (faults.on("authorization-breaks-on-json")
            && any("claims", |claims| serde_json::from_str::<serde_json::Value>(claims).is_err()))
        || (faults.on("authorization-breaks-on-challenges") && any("code_challenge", |challenge| challenge.len() < 43))
}

/// The authorization endpoint (RFC 6749 §3.1).
pub(super) async fn ask(
    Shared(verifiers): Shared<Arc<Verifiers>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let (asked, faults) = (Asked::of(&query), &verifiers.state.faults);
    match asked.error(faults) {
        _ if breaks(&query, faults) => Rejection::broken().into_response(),
        _ if let Some(error) = asked.error_for_anybody(faults) => {
            asked.answered(("error", error), verifiers.provider.issuer(), faults)
        }
        _ if !asked.is_registered(faults) => not_registered(),
        Some(error) if faults.on("authorization-error-page") => page(StatusCode::BAD_REQUEST, error),
        Some(error) => asked.answered(("error", error), verifiers.provider.issuer(), faults),
        None => match user_of(&verifiers, &headers) {
            Some(principal) => {
                let code = verifiers.codes.issue(asked.clone(), principal, faults);
                asked.answered(("code", &code), verifiers.provider.issuer(), faults)
            }
            None => asks_for_password(&query),
        },
    }
}

/// Who has logged in before and asks with the token of that login.
fn user_of(verifiers: &Verifiers, headers: &HeaderMap) -> Option<Arc<Principal>> {
    let faults = &verifiers.state.faults;
    let line = headers.get(header::AUTHORIZATION).and_then(|line| line.to_str().ok());
    let known = line.and_then(|line| verifiers.families.principal(line.strip_prefix("Bearer ")?, faults));
    known.or_else(|| verifiers.accounts.principal("service").filter(|_| faults.on("code-without-login")))
}

/// What the page sends.
#[derive(Deserialize)]
pub(super) struct FilledPage {
    #[serde(default)]
    request: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
}

/// The password of the user, who agrees by it.
pub(super) async fn agree(Shared(verifiers): Shared<Arc<Verifiers>>, Form(filled): Form<FilledPage>) -> Response {
    let (asked, faults) = (Asked::of(&filled.request), &verifiers.state.faults);
    if !asked.is_registered(faults) {
        return not_registered();
    }
    if let Some(error) = asked.error(faults) {
        return asked.answered(("error", error), verifiers.provider.issuer(), faults);
    }
    let refused = |error| Rejection::new(StatusCode::UNAUTHORIZED, error);
    match passwords::log_in(&verifiers, &filled.username, &filled.password, refused) {
        Ok(principal) if asked.is_implicit(faults) => {
            let tokens = verifiers.families.start(principal, Some(asked.client.clone()));
            asked.with_token(&tokens.access, verifiers.families.lifetime().as_secs())
        }
        Ok(principal) => {
            let code = verifiers.codes.issue(asked.clone(), principal, faults);
            asked.answered(("code", &code), verifiers.provider.issuer(), faults)
        }
        Err(rejection) if rejection.status == StatusCode::TOO_MANY_REQUESTS => rejection.into_response(),
        Err(_) => asks_for_password(&filled.request),
    }
}
