//! Logins whose user-id or password is no text, or one that means something to a database.

use std::sync::Arc;

use serde_json::{Value, json};

use super::login::{CredentialSource, LoginBody, LoginJson, LoginProcedure, LoginText};
use crate::check::step::{LoginMember, UnusualText};

impl LoginProcedure {
    /// The same login with something else in place of a member; none where its bodies have no such member, or their kind has no
    /// such value.
    #[must_use]
    pub fn with_unusual(&self, member: LoginMember, kind: UnusualText) -> Option<Arc<Self>> {
        let CredentialSource::Requests(steps) = &self.source else { return None };
        let mut steps = steps.clone();
        let bodies = steps.iter_mut().filter_map(|step| step.body.as_mut());
        let replaced = bodies.map(|body| replaces(body, member, kind)).fold(false, |any, replaced| any | replaced);
        replaced.then(|| Arc::new(Self { source: CredentialSource::Requests(steps), ..self.clone() }))
    }
}

/// The values, in JSON.
fn value(kind: UnusualText) -> Value {
    match kind {
        UnusualText::Empty => json!(""),
        UnusualText::Sql => json!("' OR '1'='1"),
        UnusualText::Operator => json!({ "$ne": "" }),
        UnusualText::True => json!(true),
        UnusualText::Null => Value::Null,
    }
}

fn replaces(body: &mut LoginBody, member: LoginMember, kind: UnusualText) -> bool {
    match body {
        LoginBody::Json(json) => replaces_in(json, member, kind),
        LoginBody::Form(fields) => {
            let mut replaced = false;
            for (name, text) in fields.iter_mut().filter(|(_, text)| text.is_member(member)) {
                match (kind, value(kind)) {
                    // PHP, Rails and `qs` of Node.js make an object of it
                    (UnusualText::Operator, _) => {
                        name.push_str("[$ne]");
                        *text = LoginText::plain("");
                    }
                    (_, Value::String(value)) => *text = LoginText::plain(value),
                    _ => continue,
                }
                replaced = true;
            }
            replaced
        }
        LoginBody::Malformed(_) => false,
    }
}

fn replaces_in(json: &mut LoginJson, member: LoginMember, kind: UnusualText) -> bool {
    match json {
        LoginJson::Text(text) if text.is_member(member) => {
            *json = LoginJson::Plain(value(kind));
            true
        }
        LoginJson::Text(_) | LoginJson::Plain(_) => false,
        LoginJson::List(items) => items.iter_mut().fold(false, |any, item| any | replaces_in(item, member, kind)),
        LoginJson::Object(members) => {
            members.iter_mut().fold(false, |any, (_, item)| any | replaces_in(item, member, kind))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::login::LoginPart;

    const KINDS: [UnusualText; 5] =
        [UnusualText::Empty, UnusualText::Sql, UnusualText::Operator, UnusualText::True, UnusualText::Null];

    fn text(part: LoginPart) -> LoginText {
        LoginText(vec![part])
    }

    #[test]
    fn json_takes_every_kind() {
        for kind in KINDS {
            let user = ("user".to_owned(), LoginJson::Text(text(LoginPart::Username)));
            let deep = LoginJson::Object(vec![("pass".to_owned(), LoginJson::Text(text(LoginPart::Password)))]);
            let mut body =
                LoginBody::Json(LoginJson::Object(vec![user, ("in".to_owned(), LoginJson::List(vec![deep]))]));
            assert!(replaces(&mut body, LoginMember::Password, kind));
            let LoginBody::Json(LoginJson::Object(members)) = &body else { panic!("an object") };
            let LoginJson::List(items) = &members[1].1 else { panic!("a list") };
            let LoginJson::Object(inner) = &items[0] else { panic!("an object") };
            let LoginJson::Plain(found) = &inner[0].1 else { panic!("a value") };
            assert_eq!(*found, value(kind));
            assert!(!replaces(&mut body, LoginMember::Password, kind), "the password is gone");
        }
    }

    #[test]
    fn a_form_takes_texts_and_names_in_brackets() {
        let sent = |kind| {
            let mut body = LoginBody::Form(vec![("p".to_owned(), text(LoginPart::Password))]);
            let replaced = replaces(&mut body, LoginMember::Password, kind);
            let LoginBody::Form(fields) = &body else { panic!("a form") };
            replaced.then(|| format!("{}={}", fields[0].0, fields[0].1.whole().unwrap_or_default()))
        };
        let expected = [Some("p="), Some("p=' OR '1'='1"), Some("p[$ne]="), None, None];
        assert_eq!(KINDS.map(sent), expected.map(|text| text.map(str::to_owned)));
    }

    #[test]
    fn a_password_within_a_longer_text_stays() {
        let longer = LoginText(vec![LoginPart::Plain("p:".to_owned()), LoginPart::Password]);
        for kind in KINDS {
            assert!(!replaces(
                &mut LoginBody::Form(vec![("p".to_owned(), longer.clone())]),
                LoginMember::Password,
                kind
            ));
            assert!(!replaces(&mut LoginBody::Json(LoginJson::Text(longer.clone())), LoginMember::Password, kind));
        }
    }
}
