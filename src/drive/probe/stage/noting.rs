//! What exchanges of a login carry that is not to be shown.

use crate::check::step::FOREIGN_ORIGIN;
use crate::drive::probe::values;
use crate::observe::page::parameters_of_redirect;
use crate::observe::{Evidence, Exchange};
use crate::plan::login::LoginProcedure;
use crate::secret::{Secret, is_secret_name, is_secret_parameter, is_words, secret_parts};

/// Parameters of grants that are no secret (RFC 6749 §4.3.2, §6).
const PLAIN_PARAMETERS: [&str; 6] =
    ["grant_type", "scope", "client_id", "token_type_hint", "redirect_uri", "response_type"];

/// Header fields that carry no credential.
const PLAIN_HEADERS: [&str; 8] =
    ["Accept", "Content-Encoding", "Content-Type", "Host", "Origin", "Referer", "Sec-Fetch-Site", "User-Agent"];

/// Notes what exchanges of a login carry that is not to be shown: cookies, header lines, and what bodies hold beside the
/// user-id.
pub(super) fn note(exchanges: &[Exchange], procedure: &LoginProcedure, evidence: &mut Evidence) {
    let password = procedure.account.1.as_ref().map(Secret::expose);
    let mut note = |name: &str, text: &str| {
        if text == procedure.account.0 {
            return;
        }
        for part in secrets_of(name, text, Some(text) == password) {
            values::note_text(&part, evidence);
        }
    };
    for exchange in exchanges {
        for header in exchange.request.headers.iter().filter(|header| header.sensitive) {
            let value = String::from_utf8_lossy(&header.value);
            value.split(';').filter_map(|pair| pair.split_once('=')).for_each(|(_, value)| note("", value.trim()));
            let is_plain = PLAIN_HEADERS.iter().any(|plain| header.name.eq_ignore_ascii_case(plain));
            // the name of a cookie is no part of its value
            if !is_plain && !header.name.eq_ignore_ascii_case("cookie") {
                note("", value.split_once(' ').map_or(&*value, |(_, credential)| credential));
            }
        }
        let sent = members(&exchange.request.body);
        let sent = sent.iter().filter(|(name, _)| !PLAIN_PARAMETERS.contains(&name.as_str()));
        sent.for_each(|(name, text)| note(name, text));
        let Some(answer) = exchange.response() else { continue };
        for line in answer.header_values("set-cookie") {
            let pair = line.split(';').next().unwrap_or_default();
            pair.split_once('=').into_iter().for_each(|(_, value)| note("", value.trim()));
        }
        if let Some(location) = answer.led_to() {
            // such as the token of an implicit grant
            let parameters = parameters_of_redirect(&location);
            parameters
                .filter(|(name, text)| is_secret_parameter(name, text))
                .for_each(|(name, text)| note(&name, &text));
        }
        let answered = members(&answer.body);
        answered.iter().filter(|(name, _)| is_secret_name(name)).for_each(|(name, text)| note(name, text));
    }
}

/// What of a text is not to be shown: masked wherever it occurs, a word, a path or a text of ours would take the sense from a
/// report.
fn secrets_of(name: &str, text: &str, is_password: bool) -> Vec<String> {
    match is_password || (is_secret_name(name) && is_words(text) && !values::is_word_of(name, text)) {
        true => vec![text.to_owned()],
        false if is_ours(text) => Vec::new(),
        false => secret_parts(text),
    }
}

/// Whether a text holds the address of ours to which a login is to lead in whatever way.
fn is_ours(text: &str) -> bool {
    FOREIGN_ORIGIN.strip_prefix("https://").is_some_and(|host| text.contains(host))
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
    use crate::observe::{Request, Response, Silence};

    #[test]
    fn words_and_addresses_are_shown_and_what_may_be_a_secret_is_not() {
        let login = "/authorize?client_id=web-app&scope=openid&state=E9Melhoa2OwvFrEMTJgu";
        for (name, text, noted) in [
            ("mode", "cross-site", None),
            ("flow", "session", None),
            ("next", "https://authbench.example/cb", None),
            ("next", "/\\authbench.example/", None),
            ("next", "/account", None),
            ("next", "https://app.example/account", None),
            ("next", login, Some("E9Melhoa2OwvFrEMTJgu")),
            ("submit", "Sign in", None),
            ("decision", "allow", None),
            ("pin", "Wr0ng-pass", Some("Wr0ng-pass")),
            ("csrf_token", "6c1f0a8e52d9", Some("6c1f0a8e52d9")),
            ("password", "correct-horse-battery", Some("correct-horse-battery")),
            ("id_token_hint", "authbench", None),
            ("client_secret", "secretsecret", Some("secretsecret")),
        ] {
            assert_eq!(secrets_of(name, text, false), noted.into_iter().collect::<Vec<_>>(), "{name}={text}");
        }
        assert_eq!(secrets_of("phrase", "correct-horse-battery", true), ["correct-horse-battery"]);
    }

    #[test]
    fn what_a_login_carries_is_noted_without_names_and_places() {
        let procedure =
            LoginProcedure { account: ("alice@a.example".to_owned(), None), ..LoginProcedure::in_test(Vec::new()) };
        let request = Request::new("POST", "/login")
            .credential_header("Cookie", "hid_session=U5QuThKztdAk; back=/account/profile")
            .credential_header("X-CSRF", "a8Kq27ZxP0sL")
            .with_body(
                "application/x-www-form-urlencoded",
                "next=%2Faccount&ticket=ZxP0sLa8Kq27&email=alice%40a.example",
            );
        let headers = vec![("Set-Cookie".to_owned(), b"hid_session=7Tq0uThKztdAk; Path=/".to_vec())];
        let answer = Ok(Response { status: 303, headers, body: Vec::new(), truncated: false });
        let exchange = Exchange { answer, ..Exchange::unanswered(request, Silence::Closed) };
        let mut evidence = Evidence::default();
        note(&[exchange], &procedure, &mut evidence);
        let noted: Vec<&str> = evidence.sent_secrets.iter().map(Secret::expose).collect();
        assert_eq!(noted, ["U5QuThKztdAk", "a8Kq27ZxP0sL", "ZxP0sLa8Kq27", "7Tq0uThKztdAk"]);
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
