//! Logins whose user-id or password is no text, or one that means something to a database.

use std::sync::Arc;

use serde_json::{Value, json};

use super::login::{CredentialSource, LoginBody, LoginJson, LoginPart, LoginProcedure, LoginStep, LoginText};
use crate::check::step::{LoginMember, UnusualText};

/// Characters of a user-id that is in a text by no chance.
const LEAST_NAME: usize = 3;

impl LoginProcedure {
    /// The same login with something else in place of a member; none where its bodies have no such member, their kind has no such
    /// value, or the user is named in another place, too: a server may look there.
    #[must_use]
    pub fn with_unusual(&self, member: LoginMember, kind: UnusualText) -> Option<Arc<Self>> {
        let CredentialSource::Requests(steps) = &self.source else { return None };
        let mut steps = steps.clone();
        let bodies = steps.iter_mut().filter_map(|step| step.body.as_mut());
        let replaced = bodies.map(|body| replaces(body, member, kind)).fold(false, |any, replaced| any | replaced);
        let names_user = member == LoginMember::User && steps.iter().any(|step| names(step, &self.account.0));
        (replaced && !names_user).then(|| Arc::new(Self { source: CredentialSource::Requests(steps), ..self.clone() }))
    }
}

/// Whether a request has a user-id, as such or written out.
fn names(step: &LoginStep, user: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let is_word = |text: &str, at: usize| {
        !is_part(text[..at].chars().next_back()) && !is_part(text[at + user.len()..].chars().next())
    };
    step.parts().any(|part| match part {
        LoginPart::Username => true,
        LoginPart::Plain(text) if user.len() >= LEAST_NAME => text.match_indices(user).any(|(at, _)| is_word(text, at)),
        _ => false,
    })
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
    use super::super::changed_login::tests::login_in_test;
    use super::*;

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
    fn a_user_who_is_named_in_another_place_is_not_left_out() {
        let field = |name: &str, part| (name.to_owned(), text(part));
        let form = || LoginBody::Form(vec![field("id", LoginPart::Username), field("p", LoginPart::Password)]);
        for (address, is_left_out) in [
            ("/login", true),
            ("/login?project=alice2", true),
            ("/login?project=alice", false),
            ("/users/alice/login", false),
        ] {
            let login = login_in_test(address, form(), ("alice", "pass"));
            assert_eq!(login.with_unusual(LoginMember::User, UnusualText::Empty).is_some(), is_left_out, "{address}");
            assert!(login.with_unusual(LoginMember::Password, UnusualText::Empty).is_some(), "{address}");
        }
        let LoginBody::Form(mut fields) = form() else { panic!("a form") };
        fields.push(field("again", LoginPart::Username));
        let login = login_in_test("/login", LoginBody::Form(fields), ("alice", "pass"));
        assert!(login.with_unusual(LoginMember::User, UnusualText::Empty).is_some(), "both are replaced");
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
