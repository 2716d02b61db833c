//! What a login has seen so far, and what its texts become with it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use url::Url;

use super::error::LoginError;
use super::jar::Jar;
use super::redirect::Redirect;
use super::reset::ReadMail;
use crate::drive::control::ControlAnswer;
use crate::observe::page::{named_value, parameter_of_redirect, scripted_value};
use crate::plan::login::{LoginJson, LoginPart, LoginText, TokenPosition};
use crate::secret::Secret;

/// Answers that are kept to take values from.
const MOST_ANSWERS: usize = 8;

/// Characters of an error of the target that are shown.
const SHOWN: usize = 120;

/// What is percent-encoded of a value in an address: all but the unreserved characters (RFC 3986 §2.3).
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A value that no answer has, as the scenario writes it.
pub(super) struct MissingValue(String);

impl MissingValue {
    /// The error of the request that needs it, and the one with which the latest answer leads to the client.
    pub(super) fn of(self, step: &str, error: Option<String>) -> LoginError {
        LoginError::MissingValue { step: step.to_owned(), what: self.0, error }
    }
}

/// Cookies, answers and the credential of a login.
#[derive(Clone, Debug, Default)]
pub(super) struct LoginState {
    pub(super) jar: Jar,
    /// The latest first.
    answers: Vec<ControlAnswer>,
    /// The addresses that these came from, where they came from one.
    addresses: Vec<Option<Url>>,
    pub(super) token: Option<Secret>,
    /// A text of the answers that another one takes the place of.
    replaced: Option<(Secret, Secret)>,
    /// The password that takes the place of the one of the account, while that is being changed.
    pub(super) new_password: Option<Secret>,
    /// The mail of a password reset.
    pub(super) mail: Option<ReadMail>,
    /// The one-time code of the request that is being sent.
    pub(super) one_time_code: Option<Secret>,
}

impl LoginState {
    pub(super) fn take(&mut self, answer: ControlAnswer, address: Option<Url>) {
        self.jar.take(&answer);
        self.answers.insert(0, answer);
        self.answers.truncate(MOST_ANSWERS);
        self.addresses.insert(0, address);
        self.addresses.truncate(MOST_ANSWERS);
    }

    /// Takes the mail of a password reset, and what it was read as; no cookie of whoever has kept it.
    pub(super) fn take_mail(&mut self, answer: ControlAnswer, mail: ReadMail) {
        let headers = Vec::new();
        self.take(ControlAnswer { headers, ..answer }, None);
        self.mail = Some(mail);
    }

    /// What it holds for a new password that is not to be shown.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.mail.iter().map(|mail| &mail.token).chain(&self.new_password)
    }

    /// The latest redirect.
    pub(super) fn redirect(&self) -> Option<Redirect> {
        let mut answers = self.answers.iter().zip(&self.addresses);
        answers.find_map(|(answer, from)| {
            let to = answer.header_values("location").next()?;
            Some(Redirect { from: from.clone(), to })
        })
    }

    /// The latest answer.
    pub(super) fn latest(&self) -> Option<&ControlAnswer> {
        self.answers.first()
    }

    /// A value of the latest answer that has it.
    pub(super) fn pointed(&self, pointer: &str) -> Option<Value> {
        self.answers.iter().find_map(|answer| pointed(answer, pointer))
    }

    /// Has another text in place of one that answers hold, from now on.
    pub(super) fn replace(&mut self, text: Option<Secret>, other: Secret) {
        let Some(text) = text else { return };
        self.jar.replace(&text, &other);
        self.replaced = Some((text, other));
    }

    fn in_place_of(&self, text: String) -> String {
        match &self.replaced {
            Some((replaced, other)) if replaced.expose() == text => other.expose().to_owned(),
            _ => text,
        }
    }

    /// A text with its references filled.
    pub(super) fn filled(&self, text: &LoginText, account: &(String, Option<Secret>)) -> Result<Secret, MissingValue> {
        let mut filled = String::new();
        for part in &text.0 {
            filled.push_str(&self.value_of(part, account)?);
        }
        Ok(Secret::new(filled))
    }

    /// An address with its references filled: the values of a query, and the account in a path, are percent-encoded (RFC 3986 §2.1).
    pub(super) fn filled_address(
        &self,
        text: &LoginText,
        account: &(String, Option<Secret>),
    ) -> Result<Secret, MissingValue> {
        let mut filled = String::new();
        for part in &text.0 {
            let value = self.value_of(part, account)?;
            let is_address = filled.is_empty() || matches!(part, LoginPart::Header(_) | LoginPart::ResetPath);
            let is_written = matches!(part, LoginPart::Plain(_) | LoginPart::Private(_));
            let is_of_account = matches!(
                part,
                LoginPart::Username | LoginPart::Password | LoginPart::NewPassword | LoginPart::ResetToken
            );
            match !is_written && !is_address && (filled.contains('?') || is_of_account) {
                true => filled.extend(utf8_percent_encode(&value, VALUE)),
                false => filled.push_str(&value),
            }
        }
        Ok(Secret::new(filled))
    }

    fn value_of(&self, part: &LoginPart, account: &(String, Option<Secret>)) -> Result<String, MissingValue> {
        let value = match part {
            LoginPart::Plain(text) => Some(text.clone()),
            LoginPart::Private(text) => Some(text.expose().to_owned()),
            LoginPart::Pointer(pointer) => self.pointed(pointer).map(text_of).map(|text| self.in_place_of(text)),
            LoginPart::Header(name) => {
                let value = self.answers.iter().find_map(|answer| answer.header_values(name).next());
                value.map(|text| self.in_place_of(text))
            }
            LoginPart::Cookie(name) => self.jar.get(name).map(|cookie| unquoted(cookie.value.expose())),
            LoginPart::Input(name) => {
                let pages = || self.answers.iter().map(|answer| String::from_utf8_lossy(&answer.body));
                pages()
                    .find_map(|page| named_value(&page, name))
                    .or_else(|| pages().find_map(|page| scripted_value(&page, name)))
            }
            LoginPart::Location(name) => self.answers.iter().find_map(|answer| redirected_with(answer, name)),
            LoginPart::Token => self.token.as_ref().map(|token| token.expose().to_owned()),
            LoginPart::Username => Some(account.0.clone()).filter(|name| !name.is_empty()),
            LoginPart::NewPassword => self.new_password.as_ref().map(|password| password.expose().to_owned()),
            LoginPart::ResetToken => self.mail.as_ref().map(|mail| mail.token.expose().to_owned()),
            LoginPart::ResetPath => self.mail.as_ref().and_then(|mail| Some(mail.path.as_ref()?.expose().to_owned())),
            LoginPart::OneTimeCode => self.one_time_code.as_ref().map(|code| code.expose().to_owned()),
            LoginPart::Password => account.1.as_ref().map(|password| password.expose().to_owned()),
        };
        value.ok_or_else(|| MissingValue(self.reference(part)))
    }

    /// A reference as the scenario writes it; where the latest answer redirects with an error (RFC 6749 §4.1.2.1), with that.
    fn reference(&self, part: &LoginPart) -> String {
        let found = |name: &str| redirected_with(self.latest()?, name).map(|text| readable(&text));
        match (found("error"), found("error_description")) {
            (None, _) => reference(part),
            (Some(error), None) => format!("{} (the last one redirects with error={error})", reference(part)),
            (Some(error), Some(why)) => {
                format!("{} (the last one redirects with error={error}: {why})", reference(part))
            }
        }
    }

    /// JSON with its references filled.
    pub(super) fn filled_json(
        &self,
        json: &LoginJson,
        account: &(String, Option<Secret>),
    ) -> Result<Value, MissingValue> {
        Ok(match json {
            LoginJson::Plain(value) => value.clone(),
            LoginJson::Text(text) => self.filled(text, account)?.expose().into(),
            LoginJson::List(items) => {
                items.iter().map(|item| self.filled_json(item, account)).collect::<Result<Vec<_>, _>>()?.into()
            }
            LoginJson::Object(members) => {
                let members =
                    members.iter().map(|(name, member)| Ok((name.clone(), self.filled_json(member, account)?)));
                members.collect::<Result<serde_json::Map<_, _>, _>>()?.into()
            }
        })
    }

    /// The credential in the latest answer, or in the jar.
    pub(super) fn credential(&self, position: &TokenPosition) -> Option<Secret> {
        let answer = self.latest();
        let found = match position {
            TokenPosition::Pointer(pointer) => answer.and_then(|answer| pointed(answer, pointer)).map(text_of),
            TokenPosition::Header(name) => answer.and_then(|answer| answer.header_values(name).next()),
            TokenPosition::Cookie(name) => self.jar.get(name).map(|cookie| cookie.value.expose().to_owned()),
        };
        found.filter(|found| !found.is_empty()).map(Secret::new)
    }
}

/// A parameter of the address that an answer redirects to, or that its JSON hands to a script.
fn redirected_with(answer: &ControlAnswer, name: &str) -> Option<String> {
    parameter_of_redirect(&answer.led_to()?, name)
}

/// The beginning of a text of the target, as one line.
pub(super) fn readable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(SHOWN).collect()
}

/// A cookie that repeats a token is percent-encoded by some frameworks; what is sent in a header or form is the token itself.
fn unquoted(value: &str) -> String {
    percent_encoding::percent_decode_str(value.trim_matches('"')).decode_utf8_lossy().into_owned()
}

fn pointed(answer: &ControlAnswer, pointer: &str) -> Option<Value> {
    let json: Value = serde_json::from_slice(&answer.body).ok()?;
    json.pointer(pointer).filter(|value| !value.is_null()).cloned()
}

/// A value as it is sent: a text without its quotes.
fn text_of(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// A reference as the scenario writes it.
fn reference(part: &LoginPart) -> String {
    match part {
        LoginPart::Plain(_) | LoginPart::Private(_) => String::new(),
        LoginPart::Pointer(pointer) => format!("the JSON value {pointer}"),
        LoginPart::Header(name) => format!("the header {name}"),
        LoginPart::Cookie(name) => format!("the cookie {name}"),
        LoginPart::Input(name) => format!("the input {name}"),
        LoginPart::Location(name) => format!("the parameter {name} of a redirect"),
        LoginPart::Token => "the credential".to_owned(),
        LoginPart::Username => "`username` of the credential".to_owned(),
        LoginPart::NewPassword => {
            "a new password, which only a `password_change`, a `reset_completion` and a `registration` have".to_owned()
        }
        LoginPart::ResetToken => "a token of a mail, which only a `reset_completion` has".to_owned(),
        LoginPart::ResetPath => "a link of a mail, which only a `reset_completion` has".to_owned(),
        LoginPart::OneTimeCode => "`totp` of the credential".to_owned(),
        LoginPart::Password => "`password` of the credential".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_input_is_read_from_pages_and_where_none_has_it_from_their_scripts() {
        let account = ("alice".to_owned(), None);
        let token = LoginText(vec![LoginPart::Input("csrf".to_owned())]);
        for (pages, expected) in [
            (&["<input name=csrf value=a>"][..], Some("a")),
            (&["<script>x({\"csrf\": \"a\"})</script>"], Some("a")),
            // the latest page comes last, and an input of an earlier one goes before its script
            (&["<input name=csrf value=a>", "<script>csrf = 'b'</script>"], Some("a")),
            (&["<script>csrf = 'a'</script>", "<script>csrf = 'b'</script>"], Some("b")),
            (&["<p>csrf = 'a'</p>"], None),
        ] {
            let mut state = LoginState::default();
            for page in pages {
                let body = page.as_bytes().to_vec();
                state.take(ControlAnswer { status: 200, headers: Vec::new(), body, took: Duration::ZERO }, None);
            }
            let filled = state.filled(&token, &account).ok();
            assert_eq!(filled.as_ref().map(Secret::expose), expected, "{pages:?}");
        }
    }
}
