//! Parameters of an authorization request (RFC 6749 §4.1.1), wherever the requests of a login have them: in a query, in a form, or in
//! JSON, as a page for consent sends them once more.

use std::sync::Arc;

use super::login::{CredentialSource, LoginBody, LoginJson, LoginProcedure, LoginStep, LoginText};
use super::marked::{edited, has_mark, marked};

/// What becomes of a parameter; values are encoded as in a query.
pub(super) enum Kept {
    AsItIs,
    As(String),
    /// As it is, and one more behind it.
    AndAlso(String, String),
    Dropped,
}

impl LoginProcedure {
    /// The same login with other parameters in the requests before the last one; none where that changes nothing.
    pub(super) fn with_parameters(&self, kept: impl Fn(&str) -> Kept) -> Option<Arc<Self>> {
        let CredentialSource::Requests(steps) = &self.source else { return None };
        let mut steps = steps.clone();
        let (_, before) = steps.split_last_mut()?;
        let mut changes = false;
        for step in before {
            if let Some(address) = edited(&step.address, |address| with_query(address, &kept)) {
                step.address = address;
                changes = true;
            }
            changes |= match &mut step.body {
                Some(LoginBody::Form(fields)) => change_fields(fields, &kept),
                Some(LoginBody::Json(json)) => change_members(json, &kept),
                Some(LoginBody::Malformed(_)) | None => false,
            };
        }
        changes.then(|| Arc::new(Self { source: CredentialSource::Requests(steps), ..self.clone() }))
    }
}

impl LoginStep {
    /// A parameter of its query, of its form or of its JSON, that is written out.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let of_query = parameter(&marked(&self.address), name).filter(|value| !has_mark(value));
        of_query.or_else(|| self.field(name)?.known()).or_else(|| self.member(name)?.known())
    }

    /// Whether its query, its form or its JSON has a parameter.
    pub(super) fn has_parameter(&self, name: &str) -> bool {
        parameter(&marked(&self.address), name).is_some() || self.field(name).is_some() || self.member(name).is_some()
    }

    fn member(&self, name: &str) -> Option<&LoginText> {
        match &self.body {
            Some(LoginBody::Json(json)) => member(json, name),
            _ => None,
        }
    }
}

fn member<'a>(json: &'a LoginJson, name: &str) -> Option<&'a LoginText> {
    match json {
        LoginJson::Object(members) => members.iter().find_map(|(own, value)| match value {
            LoginJson::Text(text) if parameter_of(own) == name => Some(text),
            other => member(other, name),
        }),
        LoginJson::List(items) => items.iter().find_map(|item| member(item, name)),
        LoginJson::Text(_) | LoginJson::Plain(_) => None,
    }
}

/// The parameter that a member of JSON names, in the spelling of scripts as well (`redirectUri`).
fn parameter_of(member: &str) -> String {
    let mut name = String::with_capacity(member.len() + 2);
    for letter in member.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

fn change_fields(fields: &mut Vec<(String, LoginText)>, kept: &impl Fn(&str) -> Kept) -> bool {
    let mut changes = false;
    for (name, text) in std::mem::take(fields) {
        match kept(&name) {
            Kept::AsItIs => fields.push((name, text)),
            // a text that is no UTF-8 is sent in queries alone
            Kept::As(value) => match decoded(&value) {
                Some(value) => {
                    fields.push((name, LoginText::plain(value)));
                    changes = true;
                }
                None => fields.push((name, text)),
            },
            Kept::AndAlso(other, value) => {
                fields.push((name, text));
                changes |= decoded(&value).is_some();
                fields.extend(decoded(&value).map(|value| (other, LoginText::plain(value))));
            }
            Kept::Dropped => changes = true,
        }
    }
    changes
}

/// The same of the texts of JSON, which has each name once.
fn change_members(json: &mut LoginJson, kept: &impl Fn(&str) -> Kept) -> bool {
    let LoginJson::Object(members) = json else {
        let LoginJson::List(items) = json else { return false };
        return items.iter_mut().fold(false, |changes, item| change_members(item, kept) | changes);
    };
    let mut changes = false;
    for (name, mut value) in std::mem::take(members) {
        if !matches!(value, LoginJson::Text(_)) {
            changes |= change_members(&mut value, kept);
            members.push((name, value));
            continue;
        }
        let own = parameter_of(&name);
        match kept(&own) {
            Kept::Dropped => {
                changes = true;
                continue;
            }
            Kept::As(other) => {
                if let Some(other) = decoded(&other) {
                    value = LoginJson::Text(LoginText::plain(other));
                    changes = true;
                }
                members.push((name, value));
            }
            Kept::AndAlso(other, added) if other != own => {
                members.push((name, value));
                changes |= decoded(&added).is_some();
                members.extend(decoded(&added).map(|added| (other, LoginJson::Text(LoginText::plain(added)))));
            }
            Kept::AndAlso(..) | Kept::AsItIs => members.push((name, value)),
        }
    }
    changes
}

/// An address with other parameters in its query; none where that changes nothing.
fn with_query(address: &str, kept: impl Fn(&str) -> Kept) -> Option<String> {
    let (path, query) = address.split_once('?')?;
    let mut changes = false;
    let mut pairs = Vec::new();
    for pair in query.split('&') {
        let (name, _) = url::form_urlencoded::parse(pair.as_bytes()).next().unwrap_or_default();
        match kept(&name) {
            Kept::AsItIs => pairs.push(pair.to_owned()),
            Kept::As(value) => {
                pairs.push(format!("{name}={value}"));
                changes = true;
            }
            Kept::AndAlso(other, value) => {
                pairs.push(pair.to_owned());
                pairs.push(format!("{other}={value}"));
                changes = true;
            }
            Kept::Dropped => changes = true,
        }
    }
    changes.then(|| format!("{path}?{}", pairs.join("&")))
}

/// A value as a query has it.
pub(super) fn encoded(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

/// The text that is encoded so; none where it is no UTF-8.
fn decoded(value: &str) -> Option<String> {
    percent_encoding::percent_decode_str(&value.replace('+', " ")).decode_utf8().ok().map(Into::into)
}

fn parameter(address: &str, name: &str) -> Option<String> {
    let (_, query) = address.split_once('?')?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(own, _)| own == name).map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::changed_login::tests::login_in_test;

    /// A script that shows the page for consent sends the parameters once more, by its own names for them.
    #[test]
    fn what_a_page_for_consent_repeats_is_changed_with_the_request() {
        let text = |name: &str, value: &str| (name.to_owned(), LoginJson::Text(LoginText::plain(value)));
        let asked = LoginJson::Object(vec![text("redirectUri", "https://app.test/cb"), text("state", "x7")]);
        let approved = ("approved".to_owned(), LoginJson::Plain(true.into()));
        let consent =
            LoginJson::Object(vec![text("code_challenge", "abc"), approved.clone(), ("request".to_owned(), asked)]);
        let mut login = login_in_test("/token", LoginBody::Form(Vec::new()), ("alice", "pass"));
        let CredentialSource::Requests(steps) = &mut login.source else { panic!("requests") };
        let before = LoginStep { body: Some(LoginBody::Json(consent)), ..steps[0].clone() };
        steps.insert(0, before);
        assert_eq!(steps[0].parameter("redirect_uri").as_deref(), Some("https://app.test/cb"));
        let changed = login.with_parameters(|name| match name {
            "code_challenge" => Kept::Dropped,
            "redirect_uri" => Kept::As("https%3A%2F%2Fother.test".to_owned()),
            "state" => Kept::AndAlso("scope".to_owned(), "a+b".to_owned()),
            _ => Kept::AsItIs,
        });
        let changed = changed.expect("is changed");
        let CredentialSource::Requests(steps) = &changed.source else { panic!("requests") };
        let asked = LoginJson::Object(vec![
            text("redirectUri", "https://other.test"),
            text("state", "x7"),
            text("scope", "a b"),
        ]);
        let expected = LoginJson::Object(vec![approved, ("request".to_owned(), asked)]);
        assert_eq!(steps[0].body, Some(LoginBody::Json(expected)));
        assert!(login.with_parameters(|_| Kept::AsItIs).is_none());
    }
}
