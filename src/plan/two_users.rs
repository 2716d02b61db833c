//! Logins with two user-ids: which of them counts is for nobody to guess.

use std::sync::Arc;

use serde_json::Value;

use super::login::{
    CredentialSource, LoginBody, LoginJson, LoginPart, LoginProcedure, LoginStep, LoginText, MalformedBody,
};
use super::subject::{CredentialState, Subject};
use crate::check::step::{LoginMember, UserOrder};

impl Subject {
    /// Another identity with a login; one of another user with a password of his own, where there is one.
    pub fn second_login(&self, first: usize) -> Option<usize> {
        let others = || self.others_with_a_login(first).map(|(at, _)| at);
        self.other_user(first)
            .or_else(|| others().find(|at| self.is_another_user(first, *at)))
            .or_else(|| others().next())
    }

    /// Another identity with a login: one that may not read what the first may, where there is one.
    pub fn lesser_login(&self, first: usize) -> Option<usize> {
        let lacks = |at: &usize| {
            let mut read = self.protected().map(|resource| &self.resources[resource]).filter(|one| !one.writes);
            read.any(|one| one.open_to(&self.identities[first]) && !one.open_to(&self.identities[*at]))
        };
        let lesser = self.others_with_a_login(first).map(|(at, _)| at).find(lacks);
        lesser.or_else(|| self.second_login(first))
    }

    /// Another identity with a login, of a user whom the password of the first one does not let in.
    pub fn other_user(&self, first: usize) -> Option<usize> {
        let own = self.procedure_of(first)?;
        let mut others = self.others_with_a_login(first);
        let is_other = |(at, other): &(usize, &LoginProcedure)| {
            self.is_another_user(first, *at) && other.account.1 != own.account.1
        };
        others.find(is_other).map(|(at, _)| at)
    }

    fn is_another_user(&self, first: usize, other: usize) -> bool {
        let user = |at: usize| self.procedure_of(at).map(|login| login.account.0.as_str());
        user(other).is_some_and(|other| !other.is_empty() && Some(other) != user(first))
    }

    fn others_with_a_login(&self, first: usize) -> impl Iterator<Item = (usize, &LoginProcedure)> {
        let others = (0..self.identities.len()).filter(move |at| *at != first);
        let valid = others.filter(|at| self.identities[*at].state == CredentialState::Valid);
        valid.filter_map(|at| Some((at, &**self.procedure_of(at)?)))
    }
}

impl LoginProcedure {
    /// The same login with another user-id beside its own, under the same name; none where no body has the user-id as a value of its
    /// own, or where it is JSON that takes values from answers.
    #[must_use]
    pub fn with_two_users(&self, order: UserOrder, other: &str) -> Option<Arc<Self>> {
        let CredentialSource::Requests(steps) = &self.source else { return None };
        let mut steps = steps.clone();
        steps.iter_mut().find_map(|step: &mut LoginStep| {
            let body = match step.body.as_ref()? {
                LoginBody::Form(fields) => LoginBody::Form(with_field_twice(fields, order, other)?),
                LoginBody::Json(json) => {
                    let mut twice = false;
                    let text = self.written(json, (order, other), &mut twice)?;
                    let body = MalformedBody { media: "application/json", fields: Vec::new(), tail: text.into_bytes() };
                    twice.then_some(LoginBody::Malformed(body))?
                }
                LoginBody::Malformed(_) => return None,
            };
            step.body = Some(body);
            Some(())
        })?;
        Some(Arc::new(Self { source: CredentialSource::Requests(steps), ..self.clone() }))
    }

    /// JSON as it is sent, whose user-id is there twice (RFC 8259 §4 says that names within an object SHOULD be unique).
    fn written(&self, json: &LoginJson, (order, other): (UserOrder, &str), twice: &mut bool) -> Option<String> {
        let quoted = |text: &str| Value::from(text).to_string();
        Some(match json {
            LoginJson::Plain(value) => value.to_string(),
            LoginJson::Text(text) => quoted(&self.text(text)?),
            LoginJson::List(items) => {
                let items: Option<Vec<_>> =
                    items.iter().map(|item| self.written(item, (order, other), twice)).collect();
                format!("[{}]", items?.join(","))
            }
            LoginJson::Object(members) => {
                let mut written = Vec::new();
                for (name, member) in members {
                    let own = format!("{}:{}", quoted(name), self.written(member, (order, other), twice)?);
                    let is_user = matches!(member, LoginJson::Text(text) if text.is_member(LoginMember::User));
                    if !is_user {
                        written.push(own);
                        continue;
                    }
                    *twice = true;
                    let other = format!("{}:{}", quoted(name), quoted(other));
                    written.extend(if order == UserOrder::OwnFirst { [own, other] } else { [other, own] });
                }
                format!("{{{}}}", written.join(","))
            }
        })
    }

    /// A text of which nothing comes from an answer.
    fn text(&self, text: &LoginText) -> Option<String> {
        let known = text.0.iter().map(|part| match part {
            LoginPart::Plain(text) => Some(text.as_str()),
            LoginPart::Private(text) => Some(text.expose()),
            LoginPart::Username => Some(self.account.0.as_str()),
            LoginPart::Password => self.account.1.as_ref().map(|password| password.expose()),
            _ => None,
        });
        known.collect()
    }
}

fn with_field_twice(fields: &[(String, LoginText)], order: UserOrder, other: &str) -> Option<Vec<(String, LoginText)>> {
    let own = fields.iter().position(|(_, text)| text.is_member(LoginMember::User))?;
    let at = if order == UserOrder::OwnFirst { own + 1 } else { own };
    let mut fields = fields.to_vec();
    fields.insert(at, (fields[own].0.clone(), LoginText::plain(other)));
    Some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::changed_login::tests::login_in_test;

    const ORDERS: [(UserOrder, [&str; 2]); 2] =
        [(UserOrder::OwnFirst, ["alice", "bob"]), (UserOrder::OwnLast, ["bob", "alice"])];

    fn sent(body: LoginBody, order: UserOrder) -> Option<LoginBody> {
        let login = login_in_test("/login", body, ("alice", "p\"ss")).with_two_users(order, "bob")?;
        let CredentialSource::Requests(steps) = &login.source else { panic!("requests") };
        steps[0].body.clone()
    }

    #[test]
    fn a_form_has_both_users_in_either_order() {
        let text = |part| LoginText(vec![part]);
        let csrf = ("csrf".to_owned(), text(LoginPart::Input("csrf".to_owned())));
        let fields =
            vec![csrf, ("u".to_owned(), text(LoginPart::Username)), ("p".to_owned(), text(LoginPart::Password))];
        for (order, expected) in ORDERS {
            let Some(LoginBody::Form(fields)) = sent(LoginBody::Form(fields.clone()), order) else { panic!("a form") };
            let users: Vec<&str> = fields
                .iter()
                .filter(|(name, _)| name == "u")
                .map(|(_, text)| text.whole().unwrap_or("alice"))
                .collect();
            assert_eq!((fields.len(), users.as_slice()), (4, &expected[..]), "{order:?}");
        }
        assert!(sent(LoginBody::Form(vec![("a".to_owned(), LoginText::plain("x"))]), UserOrder::OwnFirst).is_none());
    }

    #[test]
    fn json_has_both_users_in_one_object() {
        let member = |name: &str, part| (name.to_owned(), LoginJson::Text(LoginText(vec![part])));
        let inner = LoginJson::Object(vec![member("user", LoginPart::Username), member("pass", LoginPart::Password)]);
        let json = LoginJson::Object(vec![("in".to_owned(), inner), ("n".to_owned(), LoginJson::Plain(1.into()))]);
        for (order, [one, two]) in ORDERS {
            let Some(LoginBody::Malformed(body)) = sent(LoginBody::Json(json.clone()), order) else { panic!("bytes") };
            let text = String::from_utf8_lossy(&body.tail).into_owned();
            assert_eq!(text, format!(r#"{{"in":{{"user":"{one}","user":"{two}","pass":"p\"ss"}},"n":1}}"#));
        }
        let of_answer = LoginJson::Object(vec![
            member("user", LoginPart::Username),
            member("csrf", LoginPart::Pointer("/csrf".to_owned())),
        ]);
        assert!(sent(LoginBody::Json(of_answer), UserOrder::OwnLast).is_none(), "it needs an answer");
    }
}
