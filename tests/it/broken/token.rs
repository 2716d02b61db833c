//! The token endpoint of the servers of these tests (RFC 6749 §4.4).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::http::{Answer, Request};
use super::schemes::{Caller, Verifier, by_account};

/// Answers a token request; `refused` makes an answer of the refusal of a client (RFC 6749 §5.2).
pub(crate) fn answer(verifier: &Verifier, request: &Request, refused: impl Fn(Answer, Value) -> Answer) -> Answer {
    let answer = match granted(request) {
        Ok((client, scope)) => {
            let token = verifier.issue(client);
            let answer = json!({ "access_token": token, "token_type": "Bearer", "expires_in": 600, "scope": scope });
            Answer::json(200, &answer)
        }
        Err("invalid_client") => {
            let bare = Answer::empty(401).header("WWW-Authenticate", "Basic realm=\"token\"");
            refused(bare, json!({ "error": "invalid_client" }))
        }
        Err(code) => Answer::json(400, &json!({ "error": code })),
    };
    answer.header("Cache-Control", "no-store").header("Pragma", "no-cache")
}

/// The client and its scope, or an error code of RFC 6749 §5.2.
fn granted(request: &Request) -> Result<(Caller, String), &'static str> {
    let media = request.header("content-type").unwrap_or_default();
    if media.split(';').next().unwrap_or_default().trim() != "application/x-www-form-urlencoded" {
        return Err("invalid_request");
    }
    let mut form: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(&request.body).into_owned() {
        // RFC 6749 §3.2: no parameter more than once, and one without a value is as good as none
        if form.insert(name, value).is_some() {
            return Err("invalid_request");
        }
    }
    let text = |name: &str| form.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let client = match (request.header("authorization"), text("client_secret")) {
        // RFC 6749 §2.3: one way to authenticate
        (Some(_), Some(_)) => return Err("invalid_request"),
        (Some(_), None) => by_basic(request, text("client_id")),
        (None, Some(secret)) => by_account(text("client_id").unwrap_or_default(), secret),
        (None, None) => None,
    };
    let client = client.ok_or("invalid_client")?;
    match text("grant_type") {
        None => return Err("invalid_request"),
        Some("client_credentials") => {}
        Some(_) => return Err("unsupported_grant_type"),
    }
    let held: &[&str] = if client == Caller::Writer { &["read:orders", "write:orders"] } else { &["read:orders"] };
    let wanted: Vec<&str> = text("scope").map_or_else(|| held.to_vec(), |scope| scope.split(' ').collect());
    match wanted.iter().all(|scope| held.contains(scope)) {
        // a token of fewer rights is a reader's
        true if !wanted.contains(&"write:orders") => Ok((Caller::Reader, wanted.join(" "))),
        true => Ok((client, wanted.join(" "))),
        false => Err("invalid_scope"),
    }
}

fn by_basic(request: &Request, named: Option<&str>) -> Option<Caller> {
    let decoded = STANDARD.decode(request.authorization("basic")?).ok()?;
    let (name, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    // both are form-encoded (RFC 6749 §2.3.1)
    let plain = |text: &str| url::form_urlencoded::parse(text.as_bytes()).next().map(|(plain, _)| plain.into_owned());
    let (name, secret) = (plain(name)?, plain(secret)?);
    by_account(&name, &secret).filter(|_| named.is_none_or(|named| named == name))
}
