//! What exchanges of a login carry that is not to be shown.

use crate::check::step::FOREIGN_ORIGIN;
use crate::drive::probe::values;
use crate::observe::page::parameters_of_redirect;
use crate::observe::{Evidence, Exchange};
use crate::plan::login::LoginProcedure;
use crate::secret::Secret;

/// Parameters of grants that are no secret (RFC 6749 §4.3.2, §6).
const PLAIN_PARAMETERS: [&str; 6] =
    ["grant_type", "scope", "client_id", "token_type_hint", "redirect_uri", "response_type"];

/// Header fields that carry no credential.
const PLAIN_HEADERS: [&str; 8] =
    ["Accept", "Content-Encoding", "Content-Type", "Host", "Origin", "Referer", "Sec-Fetch-Site", "User-Agent"];

/// Notes what exchanges of a login carry that is not to be shown: cookies, header lines, and what bodies hold beside the
/// user-id.
pub(super) fn note(exchanges: &[Exchange], procedure: &LoginProcedure, evidence: &mut Evidence) {
    let mut note = |text: &str| {
        if text != procedure.account.0 {
            values::note_text(text, evidence);
        }
    };
    let secret = |name: &str| crate::secret::is_secret_name(name);
    for exchange in exchanges {
        for header in exchange.request.headers.iter().filter(|header| header.sensitive) {
            let value = String::from_utf8_lossy(&header.value);
            value.split(';').filter_map(|pair| pair.split_once('=')).for_each(|(_, value)| note(value.trim()));
            let credential = value.split_once(' ').map_or(&*value, |(_, credential)| credential);
            if !PLAIN_HEADERS.iter().any(|plain| header.name.eq_ignore_ascii_case(plain)) {
                note(credential);
            }
        }
        let sent = members(&exchange.request.body);
        let password = procedure.account.1.as_ref().map(Secret::expose);
        let is_shown = |name: &str, text: &str| {
            PLAIN_PARAMETERS.contains(&name) || (is_a_word(text) && !secret(name) && Some(text) != password)
        };
        sent.iter().filter(|(name, text)| !is_shown(name, text)).for_each(|(_, text)| note(text));
        let Some(answer) = exchange.response() else { continue };
        for line in answer.header_values("set-cookie") {
            let pair = line.split(';').next().unwrap_or_default();
            pair.split_once('=').into_iter().for_each(|(_, value)| note(value.trim()));
        }
        if let Some(location) = answer.led_to() {
            // such as the token of an implicit grant
            parameters_of_redirect(&location).filter(|(name, _)| secret(name)).for_each(|(_, text)| note(&text));
        }
        members(&answer.body).iter().filter(|(name, _)| secret(name)).for_each(|(_, text)| note(text));
    }
}

/// Whether a text is a word, or a text of ours: masked wherever it occurs, it would take the sense from a report.
fn is_a_word(text: &str) -> bool {
    let is_short = text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    // in whatever way a login is to lead there
    is_short || FOREIGN_ORIGIN.strip_prefix("https://").is_some_and(|host| text.contains(host))
}

/// The texts of a body with their names: the values of a form, or of the members of JSON at any depth.
fn members(body: &[u8]) -> Vec<(String, String)> {
    fn walk(name: &str, value: &serde_json::Value, found: &mut Vec<(String, String)>) {
        match value {
            serde_json::Value::String(text) => found.push((name.to_owned(), text.clone())),
            serde_json::Value::Array(items) => items.iter().for_each(|item| walk(name, item, found)),
            serde_json::Value::Object(members) => {
                members.iter().for_each(|(name, member)| walk(name, member, found));
            }
            _ => {}
        }
    }
    let Ok(json) = serde_json::from_slice(body) else {
        let pairs = url::form_urlencoded::parse(body);
        return pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    };
    let mut found = Vec::new();
    walk("", &json, &mut found);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_shown_and_what_may_be_a_secret_is_not() {
        for (text, expected) in [
            ("cross-site", true),
            ("session", true),
            ("https://authbench.example/cb", true),
            ("/\\authbench.example/", true),
            ("Wr0ng-pass", false),
            ("6c1f0a8e52d9", false),
            ("correct-horse-battery", false),
        ] {
            assert_eq!(is_a_word(text), expected, "{text}");
        }
    }

    #[test]
    fn texts_of_bodies_are_found() {
        let found = |body: &str| members(body.as_bytes()).into_iter().map(|(name, text)| format!("{name}={text}"));
        assert_eq!(
            found(r#"{"deep":[{"password":"b"}],"n":1,"user":"a"}"#).collect::<Vec<_>>(),
            ["password=b", "user=a"]
        );
        assert_eq!(found("user=a&password=b%2Bc").collect::<Vec<_>>(), ["user=a", "password=b+c"]);
    }
}
