//! Logins whose user-id and password are in the query of the address, where logs and histories keep them.

use std::sync::Arc;

use super::login::{CredentialSource, LoginBody, LoginJson, LoginPart, LoginProcedure, LoginStep, LoginText};
use crate::check::step::{LoginMember, QueryLogin};
use crate::secret::Secret;

impl LoginProcedure {
    /// The same login with user-id and password in the query; none where no body of it has both of them as values of its own.
    #[must_use]
    pub fn with_account_in_query(&self, kind: QueryLogin) -> Option<Arc<Self>> {
        let CredentialSource::Requests(steps) = &self.source else { return None };
        let mut steps = steps.clone();
        let moved = steps.iter_mut().find_map(|step| {
            *step = self.moved(step, kind)?;
            Some(())
        });
        moved.map(|()| Arc::new(Self { source: CredentialSource::Requests(steps), ..self.clone() }))
    }

    fn moved(&self, step: &LoginStep, kind: QueryLogin) -> Option<LoginStep> {
        let fields: Vec<(String, LoginText)> = match step.body.as_ref()? {
            LoginBody::Form(fields) => fields.clone(),
            LoginBody::Json(json) => named_texts(json, ""),
            LoginBody::Malformed(_) => return None,
        };
        let has = |member| fields.iter().any(|(_, text)| text.is_member(member));
        if !has(LoginMember::User) || !has(LoginMember::Password) {
            return None;
        }
        let goes = |text: &LoginText| kind == QueryLogin::Get || is_of_account(text);
        let mut address = step.address.clone();
        let mut separator = if step.address.0.iter().any(has_query) { "&" } else { "?" };
        for (name, text) in fields.iter().filter(|(_, text)| goes(text)) {
            address.0.push(LoginPart::Plain(format!("{separator}{}=", encoded(name))));
            address.0.extend(text.0.iter().map(|part| self.in_query(part)));
            separator = "&";
        }
        let step = LoginStep { address, ..step.clone() };
        Some(match (kind, &step.body) {
            (QueryLogin::Get, _) => LoginStep { method: "GET", body: None, ..step },
            (QueryLogin::OwnMethod, Some(LoginBody::Form(fields))) => {
                let rest = fields.iter().filter(|(_, text)| !is_of_account(text)).cloned().collect();
                LoginStep { body: Some(LoginBody::Form(rest)), ..step }
            }
            (QueryLogin::OwnMethod, Some(LoginBody::Json(json))) => {
                LoginStep { body: Some(LoginBody::Json(without_account(json))), ..step }
            }
            (QueryLogin::OwnMethod, _) => step,
        })
    }

    /// A part of a body as it is written in a query. What comes from answers is known when it is sent.
    fn in_query(&self, part: &LoginPart) -> LoginPart {
        let private = |text: &str| LoginPart::Private(Secret::new(encoded(text)));
        match (part, &self.account.1) {
            (LoginPart::Plain(text), _) => LoginPart::Plain(encoded(text)),
            (LoginPart::Private(text), _) => private(text.expose()),
            (LoginPart::Username, _) => LoginPart::Plain(encoded(&self.account.0)),
            (LoginPart::Password, Some(password)) => private(password.expose()),
            (other, _) => other.clone(),
        }
    }
}

fn is_of_account(text: &LoginText) -> bool {
    text.is_member(LoginMember::User) || text.is_member(LoginMember::Password)
}

/// The texts of a body by their names: a member of a member is `outer[inner]`, as it is in forms.
pub(super) fn named_texts(json: &LoginJson, outer: &str) -> Vec<(String, LoginText)> {
    let LoginJson::Object(members) = json else { return Vec::new() };
    let named = members.iter().flat_map(|(name, member)| {
        let name = if outer.is_empty() { name.clone() } else { format!("{outer}[{name}]") };
        match text_of(member) {
            Some(text) => vec![(name, text)],
            None => named_texts(member, &name),
        }
    });
    named.collect()
}

fn without_account(json: &LoginJson) -> LoginJson {
    let LoginJson::Object(members) = json else { return json.clone() };
    let stays = |member: &LoginJson| text_of(member).is_none_or(|text| !is_of_account(&text));
    let rest = members.iter().filter(|(_, member)| stays(member));
    LoginJson::Object(rest.map(|(name, member)| (name.clone(), without_account(member))).collect())
}

fn text_of(json: &LoginJson) -> Option<LoginText> {
    match json {
        LoginJson::Text(text) => Some(text.clone()),
        LoginJson::Plain(serde_json::Value::String(text)) => Some(LoginText::plain(text.clone())),
        _ => None,
    }
}

fn has_query(part: &LoginPart) -> bool {
    matches!(part, LoginPart::Plain(text) if text.contains('?'))
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::changed_login::tests::login_in_test;

    fn login(address: &str, body: LoginBody) -> LoginProcedure {
        login_in_test(address, body, ("al ice", "p&s=s"))
    }

    /// Method, address and body of the request.
    fn sent(login: &LoginProcedure, kind: QueryLogin) -> Option<(&'static str, String, String)> {
        let login = login.with_account_in_query(kind)?;
        let CredentialSource::Requests(steps) = &login.source else { panic!("requests") };
        let text = |text: &LoginText| {
            let part = |part: &LoginPart| match part {
                LoginPart::Plain(text) => text.clone(),
                LoginPart::Private(text) => text.expose().to_owned(),
                LoginPart::Input(name) => format!("<{name}>"),
                other => format!("{other:?}"),
            };
            text.0.iter().map(part).collect::<String>()
        };
        let body = match &steps[0].body {
            None => "none".to_owned(),
            Some(LoginBody::Form(fields)) => {
                fields.iter().map(|(name, value)| format!("{name}={}", text(value))).collect::<Vec<_>>().join("&")
            }
            Some(LoginBody::Json(LoginJson::Object(members))) => {
                members.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(",")
            }
            Some(_) => "other".to_owned(),
        };
        Some((steps[0].method, text(&steps[0].address), body))
    }

    #[test]
    fn the_account_moves_to_the_query() {
        let text = |part| LoginText(vec![part]);
        let fields =
            [("u", LoginPart::Username), ("p", LoginPart::Password), ("csrf", LoginPart::Input("csrf".to_owned()))];
        let form = LoginBody::Form(fields.map(|(name, part)| (name.to_owned(), text(part))).to_vec());
        let form = login("/login?next=%2F", form);
        let expected = ("POST", "/login?next=%2F&u=al+ice&p=p%26s%3Ds".to_owned(), "csrf=<csrf>".to_owned());
        assert_eq!(sent(&form, QueryLogin::OwnMethod), Some(expected));
        let expected = ("GET", "/login?next=%2F&u=al+ice&p=p%26s%3Ds&csrf=<csrf>".to_owned(), "none".to_owned());
        assert_eq!(sent(&form, QueryLogin::Get), Some(expected));
        let member = |name: &str, part| (name.to_owned(), LoginJson::Text(text(part)));
        let remember = ("remember".to_owned(), LoginJson::Plain(true.into()));
        let members = vec![member("u", LoginPart::Username), member("p", LoginPart::Password), remember];
        let json = login("/login", LoginBody::Json(LoginJson::Object(members)));
        let expected = ("POST", "/login?u=al+ice&p=p%26s%3Ds".to_owned(), "remember".to_owned());
        assert_eq!(sent(&json, QueryLogin::OwnMethod), Some(expected));
        let inner = vec![member("u", LoginPart::Username), member("p", LoginPart::Password)];
        let nested =
            vec![("user".to_owned(), LoginJson::Object(inner)), member("app", LoginPart::Plain("a".to_owned()))];
        let nested = login("/login", LoginBody::Json(LoginJson::Object(nested)));
        let address = "/login?user%5Bu%5D=al+ice&user%5Bp%5D=p%26s%3Ds".to_owned();
        assert_eq!(sent(&nested, QueryLogin::OwnMethod), Some(("POST", address, "user,app".to_owned())));
        let only = login("/login", LoginBody::Json(LoginJson::Object(vec![member("p", LoginPart::Password)])));
        assert_eq!(sent(&only, QueryLogin::Get), None, "the user-id is elsewhere");
    }
}
