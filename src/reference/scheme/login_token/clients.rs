//! Clients at the token endpoint of logins: who they are, and what proves it (RFC 6749 §2.3).

use std::collections::HashMap;

use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use crate::reference::fault::Faults;
use crate::reference::rejection::Rejection;
use crate::reference::state::digest;
use crate::seed::{self, SeedState};

/// Whether a client is registered here.
fn is_known(id: &str) -> bool {
    id == seed::PUBLIC_CLIENT || secret_of(id).is_some()
}

fn secret_of(id: &str) -> Option<&'static str> {
    let known = seed::IDENTITIES.iter().find(|client| client.name == id && client.state == SeedState::Valid);
    known.map(|client| client.client_secret)
}

/// Whether a client is who it says: by its secret, or by its name where it is registered without one.
fn is_authentic(id: &str, secret: Option<&str>, faults: &Faults) -> bool {
    let Some(secret) = secret else { return id == seed::PUBLIC_CLIENT };
    let is_right = |own: &str| digest(own) == digest(secret);
    let of_anybody = || seed::IDENTITIES.iter().any(|client| is_right(client.client_secret));
    secret_of(id).is_some_and(|own| is_right(own) || (faults.on("grant-takes-any-clients-secret") && of_anybody()))
}

/// What is behind the scheme name of HTTP Basic, in any case of letters, and one or more spaces (RFC 9110 §11.1, §11.4).
fn behind_basic<'a>(line: &'a str, faults: &Faults) -> Option<&'a str> {
    let (name, value) = line.split_once(' ')?;
    let is_basic = match faults {
        _ if faults.on("grant-client-scheme-case") => name == "Basic",
        _ if faults.on("grant-client-scheme-ignored") => true,
        _ => name.eq_ignore_ascii_case("Basic"),
    };
    is_basic.then(|| value.trim_start_matches(' '))
}

/// Identifier and secret of HTTP Basic, form-decoded (RFC 6749 §2.3.1).
fn pair_of(value: &str) -> Option<(String, String)> {
    let pair = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    let decoded = |text: &str| Some(percent_decode_str(&text.replace('+', " ")).decode_utf8().ok()?.into_owned());
    Some((decoded(id)?, decoded(secret)?))
}

/// Whom HTTP Basic names, whoever that is.
pub(super) fn named_by_basic(headers: &HeaderMap, faults: &Faults) -> Option<String> {
    let line = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    Some(pair_of(behind_basic(line, faults)?)?.0)
}

/// The client of a request to the token endpoint, where it names one (RFC 6749 §2.3.1).
///
/// # Errors
/// When it is not the client that it names, or proves it in two ways.
pub(super) fn client_of(
    headers: &HeaderMap,
    form: &HashMap<String, String>,
    faults: &Faults,
) -> Result<Option<String>, Rejection> {
    // RFC 6749 §5.2
    let invalid = |error| {
        let (status, error) = match faults {
            _ if faults.on("grant-client-error-code") => (StatusCode::BAD_REQUEST, "invalid_grant"),
            _ => (StatusCode::UNAUTHORIZED, error),
        };
        let refused = Rejection::new(status, error);
        // RFC 9110 §15.5.2 asks for one whatever the client has used
        match faults.on("grant-client-refused-without-challenge") && !headers.contains_key(header::AUTHORIZATION) {
            true => refused,
            false => refused.with_challenge("Basic realm=\"orders\""),
        }
    };
    let of_form = |name: &str| form.get(name).cloned();
    let line = headers.get(header::AUTHORIZATION).and_then(|line| line.to_str().ok());
    let value = line.and_then(|line| behind_basic(line, faults));
    if faults.on("grant-breaks-on-basic") && value.is_some_and(|value| STANDARD.decode(value).is_err()) {
        return Err(Rejection::broken());
    }
    if value.is_some() && form.contains_key("client_secret") && !faults.on("grant-two-authentications") {
        return Err(Rejection::new(StatusCode::BAD_REQUEST, "invalid_request"));
    }
    let (id, secret) = match value.map(pair_of) {
        Some(pair) => pair.map(|(id, secret)| (id, Some(secret))).ok_or_else(|| invalid("invalid_client"))?,
        None => match of_form("client_id") {
            Some(id) => (id, of_form("client_secret")),
            None => return Ok(None),
        },
    };
    let renews = form.get("grant_type").is_some_and(|grant| grant == "refresh_token");
    if !renews && faults.on("grant-without-client") {
        return Ok(Some(id));
    }
    if !is_known(&id) && faults.on("grant-takes-unknown-clients") {
        return Ok(None);
    }
    let excused = match &secret {
        None => faults.on("refresh-without-client"),
        Some(_) => faults.on("refresh-with-wrong-secret"),
    };
    match is_authentic(&id, secret.as_deref(), faults) || (renews && excused) {
        true => Ok(Some(id)),
        false if !is_known(&id) && faults.on("grant-names-unknown-client") => Err(invalid("unknown_client")),
        false => Err(invalid("invalid_client")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::IDENTITIES;

    fn asked(line: Option<&str>, fields: &[(&str, &str)], fault: &str) -> Result<Option<String>, StatusCode> {
        let mut headers = HeaderMap::new();
        line.into_iter().for_each(|line| drop(headers.insert(header::AUTHORIZATION, line.parse().expect("a value"))));
        let form = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        client_of(&headers, &form, &Faults::new([fault])).map_err(|rejection| rejection.status)
    }

    #[test]
    fn a_client_proves_who_it_is_in_one_way() {
        let (name, secret) = (IDENTITIES[0].name, IDENTITIES[0].client_secret);
        let other = IDENTITIES[1].client_secret;
        let value = |secret: &str| STANDARD.encode(format!("{name}:{secret}"));
        let line = |scheme: &str, secret: &str| format!("{scheme}{}", value(secret));
        let own = Ok(Some(name.to_owned()));
        let unknown = Err(StatusCode::UNAUTHORIZED);
        for (line, fields, fault, expected) in [
            (Some(line("Basic ", secret)), vec![], "", own.clone()),
            (Some(line("bASIC  ", secret)), vec![], "", own.clone()),
            (Some(line("basic ", secret)), vec![], "grant-client-scheme-case", Ok(None)),
            (Some(line("Bearer ", secret)), vec![], "", Ok(None)),
            (Some(line("Bearer ", secret)), vec![], "grant-client-scheme-ignored", own.clone()),
            (Some(line("Basic ", "wrong")), vec![], "", unknown.clone()),
            (Some(line("Basic ", other)), vec![], "", unknown.clone()),
            (Some(line("Basic ", other)), vec![], "grant-takes-any-clients-secret", own.clone()),
            (Some("Basic %%%".to_owned()), vec![], "", unknown.clone()),
            (None, vec![("client_id", name), ("client_secret", secret)], "", own.clone()),
            (None, vec![("client_id", name)], "", unknown.clone()),
            (None, vec![("client_id", "nobody"), ("client_secret", secret)], "", unknown.clone()),
            (None, vec![("client_id", "nobody")], "grant-takes-unknown-clients", Ok(None)),
            (None, vec![("client_id", seed::PUBLIC_CLIENT)], "", Ok(Some(seed::PUBLIC_CLIENT.to_owned()))),
            (None, vec![], "", Ok(None)),
            (Some(line("Basic ", secret)), vec![("client_secret", secret)], "", Err(StatusCode::BAD_REQUEST)),
            (Some(line("Basic ", secret)), vec![("client_secret", "x")], "grant-two-authentications", own),
        ] {
            assert_eq!(asked(line.as_deref(), &fields, fault), expected, "{line:?} {fields:?} {fault}");
        }
    }
}
