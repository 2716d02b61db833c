//! How clients authenticate (RFC 6749 §2.3).

use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::answer::OAuthError;
use super::assertion;
use super::certificates;
use super::form::Params;
use super::registration::{RegisteredClient, find, proves};
use super::server::Authority;
use crate::reference::request::LAX;
use crate::reference::state::digest;
use crate::seed;

/// Rounds of a hash that is slow on purpose.
const SLOW_ROUNDS: usize = 5_000;

/// Who is asking.
#[derive(Debug)]
pub(crate) enum Caller {
    /// A client that proved who it is, or a public one that named itself.
    Known(RegisteredClient),
    /// Nobody.
    Nobody,
}

/// Authenticates the client of a request.
pub(crate) fn authenticate(authority: &Authority, headers: &HeaderMap, params: &Params) -> Result<Caller, OAuthError> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let line = lines.next();
    if lines.next().is_some() {
        return Err(OAuthError::bad("invalid_request"));
    }
    let (id, secret) = (params.value("client_id"), params.value("client_secret"));
    if assertion::is_there(params) {
        // RFC 6749 §2.3: one method of authentication in a request
        return match (line, secret) {
            (None, None) => assertion::authenticate(authority, params).map(Caller::Known),
            _ => Err(OAuthError::bad("invalid_request")),
        };
    }
    match (line, secret) {
        // RFC 6749 §2.3: one method of authentication in a request
        (Some(line), Some(_)) if authority.fault("double-auth-ok") => {
            by_basic(authority, line.as_bytes(), from(authority, headers)).map(Caller::Known)
        }
        (Some(_), Some(_)) => Err(OAuthError::bad("invalid_request")),
        (Some(line), None) => {
            let client = by_basic(authority, line.as_bytes(), from(authority, headers))?;
            if id.is_some_and(|id| id != client.id) {
                return Err(OAuthError::bad("invalid_request"));
            }
            Ok(Caller::Known(client))
        }
        (None, Some(secret)) => {
            let client = id.and_then(find).ok_or_else(OAuthError::invalid_client)?;
            let matches = is_proved(authority, &client, secret) || authority.fault("secret-not-checked");
            if matches { Ok(Caller::Known(client)) } else { Err(OAuthError::invalid_client()) }
        }
        (None, None) => match id.and_then(find) {
            Some(client) if certificates::belongs(authority, &client, params.certificate.as_ref()) => {
                Ok(Caller::Known(client))
            }
            Some(client) if client.secret.is_none() || authority.fault("client-id-suffices") => {
                Ok(Caller::Known(client))
            }
            Some(_) => Err(OAuthError::invalid_client()),
            None if id.is_some() => Err(OAuthError::invalid_client()),
            None => Ok(Caller::Nobody),
        },
    }
}

/// Whether a request names a client and has nothing that could prove it.
pub(super) fn is_named_only(headers: &HeaderMap, params: &Params) -> bool {
    let proves = params.value("client_secret").is_some() || assertion::is_there(params);
    params.value("client_id").is_some() && !proves && !headers.contains_key(header::AUTHORIZATION)
}

/// Where a faulty server believes that a request comes from.
fn from<'a>(authority: &Authority, headers: &'a HeaderMap) -> &'a str {
    let named = headers.get("x-forwarded-for").filter(|_| authority.fault("token-throttles-by-header"));
    named.and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn by_basic(authority: &Authority, line: &[u8], from: &str) -> Result<RegisteredClient, OAuthError> {
    let failed = || match authority.fault("invalid-client-400") {
        true => OAuthError::bad("invalid_client"),
        false => OAuthError::invalid_client(),
    };
    let line = std::str::from_utf8(line).map_err(|_| failed())?;
    let (scheme, encoded) = line.split_once(' ').ok_or_else(failed)?;
    if !authority.fault("client-scheme-ignored") {
        if scheme.eq_ignore_ascii_case("bearer") {
            return Err(OAuthError::invalid_token());
        }
        let is_basic = scheme == "Basic" || !authority.fault("client-case-sensitive-scheme");
        let contains_basic = authority.fault("client-scheme-in-word") && scheme.to_ascii_lowercase().contains("basic");
        if !contains_basic && (!scheme.eq_ignore_ascii_case("basic") || !is_basic) {
            return Err(failed());
        }
    }
    let decoded = decoded(authority, encoded.trim()).and_then(|bytes| String::from_utf8(bytes).ok());
    let undecodable = || match authority.fault("client-auth-crash") {
        true => OAuthError { status: StatusCode::INTERNAL_SERVER_ERROR, ..OAuthError::bad("server_error") },
        false => failed(),
    };
    let decoded = decoded.ok_or_else(undecodable)?;
    let (id, secret) = decoded.split_once(':').ok_or_else(failed)?;
    // RFC 6749 §2.3.1: both parts are form-encoded
    let decode = |text: &str| if authority.fault("no-form-decode") { text.to_owned() } else { form_decoded(text) };
    let unknown = || match authority.fault("client-not-found") {
        true => OAuthError { status: StatusCode::NOT_FOUND, ..OAuthError::bad("invalid_client") },
        false => failed(),
    };
    let client = find(&decode(id)).ok_or_else(unknown)?;
    // failures are counted for one client: tests of throttling must not lock out every other test
    let counted = client.id == seed::EXPENDABLE_CLIENT.0 && !authority.fault("token-no-throttle");
    let source = format!("{}{from}", client.id);
    if counted && authority.throttle.wait(&source).is_some() {
        return Err(OAuthError { status: StatusCode::TOO_MANY_REQUESTS, ..OAuthError::bad("slow_down") });
    }
    if is_proved(authority, &client, &decode(secret)) {
        return Ok(client);
    }
    if counted {
        authority.throttle.failed(&source);
    }
    Err(failed())
}

/// The bytes of client credentials (RFC 4648 §4), as the open faults read them.
fn decoded(authority: &Authority, encoded: &str) -> Option<Vec<u8>> {
    let is_of_alphabet = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
    let bare = || encoded.trim_end_matches('=');
    if authority.fault("client-base64-junk") {
        LAX.decode(encoded.chars().filter(is_of_alphabet).collect::<String>()).ok()
    } else if authority.fault("client-base64-tail") {
        LAX.decode(encoded.chars().take_while(is_of_alphabet).collect::<String>()).ok()
    } else if authority.fault("client-base64-lax") {
        LAX.decode(bare()).ok()
    } else {
        STANDARD.decode(encoded).ok()
    }
}

/// Whether a secret is the client's. A server with a slow hash that it computes for known clients only takes its time.
fn is_proved(authority: &Authority, client: &RegisteredClient, secret: &str) -> bool {
    if authority.fault("client-hash-skipped-for-unknown") {
        for _ in 0..SLOW_ROUNDS {
            let _ = std::hint::black_box(digest(secret));
        }
    }
    let in_either_case = |own: &str| authority.fault("client-secret-ignores-case") && own.eq_ignore_ascii_case(secret);
    if client.secret.is_some_and(in_either_case) {
        return true;
    }
    let end = [("client-secret-ends-at-nul", '\0'), ("client-secret-ends-at-colon", ':')];
    let end = end.into_iter().find_map(|(fault, end)| authority.fault(fault).then_some(end));
    let secret = end.and_then(|end| secret.split(end).next()).unwrap_or(secret);
    proves(client, secret)
}

/// Whether a line of client credentials is spelled as most clients spell it: for the faults of servers that know no other
/// spelling.
pub(super) fn is_spelled_usually(headers: &HeaderMap) -> bool {
    let line = headers.get(header::AUTHORIZATION).map(|line| line.as_bytes()).unwrap_or_default();
    line.is_empty() || (line.starts_with(b"Basic ") && !line.starts_with(b"Basic  "))
}

fn form_decoded(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}
