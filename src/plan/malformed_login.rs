//! Logins whose body is no login: of another type, with a member that is missing or of another type, or in no encoding.

use std::sync::Arc;

use serde_json::{Value, json};

use super::login::{
    CredentialSource, LoginBody, LoginJson, LoginPart, LoginProcedure, LoginStep, LoginText, MalformedBody,
};
use crate::check::step::{LoginMember, MalformedLogin};

/// Arrays in arrays that a parser has to give up on, in less than the 100 KB that some frameworks read at most.
const DEPTH: usize = 40_000;
/// Stands for half of a pair of UTF-16, which no text has.
const SURROGATE: &str = "authbench-surrogate";
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

impl LoginProcedure {
    /// The same login with a body that is malformed; none where its bodies cannot be malformed in this way. Each request that
    /// takes user-id or password is looked at, and the first one that can be is malformed.
    #[must_use]
    pub fn with_malformed_body(&self, kind: MalformedLogin) -> Option<Arc<Self>> {
        let CredentialSource::Requests(steps) = &self.source else { return None };
        let mut steps = steps.clone();
        let replaced = steps.iter_mut().find_map(|step: &mut LoginStep| {
            if kind == MalformedLogin::FalseGzip {
                takes_account(step.body.as_ref()?).then_some(())?;
                step.headers.push(("Content-Encoding".to_owned(), LoginText::plain("gzip")));
                return Some(());
            }
            let body = step.body.as_mut()?;
            *body = malformed(body, kind, &self.account.0)?;
            Some(())
        });
        replaced.map(|()| Arc::new(Self { source: CredentialSource::Requests(steps), ..self.clone() }))
    }
}

fn malformed(body: &LoginBody, kind: MalformedLogin, user: &str) -> Option<LoginBody> {
    match body {
        LoginBody::Json(json) => malformed_json(json, kind, user),
        LoginBody::Form(fields) => malformed_form(fields, kind),
        LoginBody::Malformed(_) => None,
    }
}

fn takes_account(body: &LoginBody) -> bool {
    match body {
        LoginBody::Json(json) => [LoginMember::User, LoginMember::Password].iter().any(|member| holds(json, *member)),
        LoginBody::Form(fields) => {
            fields.iter().any(|(_, text)| text.is_member(LoginMember::User) || text.is_member(LoginMember::Password))
        }
        LoginBody::Malformed(_) => false,
    }
}

fn malformed_json(json: &LoginJson, kind: MalformedLogin, user: &str) -> Option<LoginBody> {
    let takes = [LoginMember::User, LoginMember::Password].iter().any(|member| holds(json, *member));
    let raw = |bytes: &[u8]| {
        let whole = MalformedBody { media: JSON, fields: Vec::new(), tail: bytes.to_vec() };
        takes.then_some(LoginBody::Malformed(whole))
    };
    match kind {
        MalformedLogin::Array => raw(b"[]"),
        MalformedLogin::Text => raw(b"\"authbench\""),
        MalformedLogin::Null => raw(b"null"),
        MalformedLogin::Empty => raw(b""),
        MalformedLogin::Broken => raw(b"{\"authbench\": "),
        MalformedLogin::Deep => raw(&[vec![b'['; DEPTH], vec![b']'; DEPTH]].concat()),
        // what a loose comparison takes for any text, and what methods of text are missing from
        MalformedLogin::Number(member) => replaced(json, member, &json!(0)),
        MalformedLogin::List(member) => replaced(json, member, &json!(["authbench"])),
        // one that no script can turn into a text, too
        MalformedLogin::Object(member) => {
            replaced(json, member, &json!({ "authbench": "authbench", "toString": 1, "valueOf": 1 }))
        }
        MalformedLogin::Missing(member) => {
            let mut json = json.clone();
            removes(&mut json, member).then_some(LoginBody::Json(json))
        }
        MalformedLogin::Bare => {
            let mut json = json.clone();
            bares(&mut json).then_some(LoginBody::Json(json))
        }
        MalformedLogin::Surrogate(member) => {
            let mut json = json.clone();
            let other = if member == LoginMember::User { LoginMember::Password } else { LoginMember::User };
            replace(&mut json, other, &if other == LoginMember::User { json!(user) } else { json!("authbench") });
            replace(&mut json, member, &json!(SURROGATE));
            let text = constant(&json)?.to_string().replace(SURROGATE, "\\ud800");
            raw(text.as_bytes())
        }
        MalformedLogin::Nul(member) => {
            let mut json = json.clone();
            let is_there = holds(&json, member);
            put(&mut json, member, &LoginJson::Text(with_nul(member)));
            is_there.then_some(LoginBody::Json(json))
        }
        MalformedLogin::PercentSign
        | MalformedLogin::NotUtf8
        | MalformedLogin::RawByte
        | MalformedLogin::UnknownCharset
        | MalformedLogin::NoBoundary
        | MalformedLogin::FalseGzip
        | MalformedLogin::NumberInJson => None,
    }
}

fn malformed_form(fields: &[(String, LoginText)], kind: MalformedLogin) -> Option<LoginBody> {
    let place = |member| fields.iter().position(|(_, text)| text.is_member(member));
    let without = |at: usize| {
        let mut fields = fields.to_vec();
        (fields.remove(at).0, fields)
    };
    // the password with a value that no encoder writes, behind all other fields
    let raw = |value: &[u8]| {
        let (name, fields) = without(place(LoginMember::Password)?);
        let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let tail = [name.as_bytes(), b"=", value].concat();
        Some(LoginBody::Malformed(MalformedBody { media: FORM, fields, tail }))
    };
    match kind {
        MalformedLogin::Missing(member) => place(member).map(|at| LoginBody::Form(without(at).1)),
        MalformedLogin::Empty => place(LoginMember::User)
            .or(place(LoginMember::Password))
            .map(|_| LoginBody::Malformed(MalformedBody { media: FORM, fields: Vec::new(), tail: Vec::new() })),
        // more than parsers of names in brackets descend
        MalformedLogin::Deep => place(LoginMember::Password).map(|at| {
            let (name, mut fields) = without(at);
            fields.push((format!("{name}{}", "[a]".repeat(200)), LoginText::plain("authbench")));
            LoginBody::Form(fields)
        }),
        MalformedLogin::Nul(member) => place(member).map(|at| {
            let mut fields = fields.to_vec();
            fields[at].1 = with_nul(member);
            LoginBody::Form(fields)
        }),
        // what frameworks make an array and an object of
        MalformedLogin::List(member) => place(member).map(|at| {
            let mut fields = fields.to_vec();
            fields[at] = (format!("{}[]", fields[at].0), LoginText::plain("authbench"));
            LoginBody::Form(fields)
        }),
        MalformedLogin::Object(member) => place(member).map(|at| {
            let mut fields = fields.to_vec();
            fields[at] = (format!("{}[authbench]", fields[at].0), LoginText::plain("authbench"));
            LoginBody::Form(fields)
        }),
        MalformedLogin::PercentSign => raw(b"%zz"),
        MalformedLogin::NotUtf8 => raw(b"%ff%fe"),
        MalformedLogin::RawByte => raw(b"\xff"),
        MalformedLogin::UnknownCharset => place(LoginMember::Password).map(|_| {
            let media = "application/x-www-form-urlencoded; charset=authbench";
            LoginBody::Malformed(MalformedBody { media, fields: fields.to_vec(), tail: Vec::new() })
        }),
        MalformedLogin::NoBoundary => place(LoginMember::Password).map(|_| {
            let tail = b"--authbench\r\n\r\n".to_vec();
            LoginBody::Malformed(MalformedBody { media: "multipart/form-data", fields: Vec::new(), tail })
        }),
        MalformedLogin::NumberInJson => place(LoginMember::Password).map(|at| {
            let member = |(number, (name, text)): (usize, &(String, LoginText))| {
                let value = if number == at { LoginJson::Plain(json!(0)) } else { LoginJson::Text(text.clone()) };
                (name.clone(), value)
            };
            LoginBody::Json(LoginJson::Object(fields.iter().enumerate().map(member).collect()))
        }),
        _ => None,
    }
}

fn holds(json: &LoginJson, member: LoginMember) -> bool {
    match json {
        LoginJson::Text(text) => text.is_member(member),
        LoginJson::Plain(_) => false,
        LoginJson::List(items) => items.iter().any(|item| holds(item, member)),
        LoginJson::Object(members) => members.iter().any(|(_, item)| holds(item, member)),
    }
}

/// A member of the account with NUL, and one more character, behind it.
fn with_nul(member: LoginMember) -> LoginText {
    let own = if member == LoginMember::User { LoginPart::Username } else { LoginPart::Password };
    LoginText(vec![own, LoginPart::Plain("\0x".to_owned())])
}

fn replaced(json: &LoginJson, member: LoginMember, value: &Value) -> Option<LoginBody> {
    let mut json = json.clone();
    let is_there = holds(&json, member);
    replace(&mut json, member, value);
    is_there.then_some(LoginBody::Json(json))
}

fn replace(json: &mut LoginJson, member: LoginMember, value: &Value) {
    put(json, member, &LoginJson::Plain(value.clone()));
}

fn put(json: &mut LoginJson, member: LoginMember, other: &LoginJson) {
    match json {
        LoginJson::Text(text) if text.is_member(member) => *json = other.clone(),
        LoginJson::Text(_) | LoginJson::Plain(_) => {}
        LoginJson::List(items) => items.iter_mut().for_each(|item| put(item, member, other)),
        LoginJson::Object(members) => members.iter_mut().for_each(|(_, item)| put(item, member, other)),
    }
}

/// Removes the members of objects that are one; says whether there was any.
fn removes(json: &mut LoginJson, member: LoginMember) -> bool {
    let is_one = |json: &LoginJson| matches!(json, LoginJson::Text(text) if text.is_member(member));
    match json {
        LoginJson::Text(_) | LoginJson::Plain(_) => false,
        LoginJson::List(items) => items.iter_mut().fold(false, |any, item| any | removes(item, member)),
        LoginJson::Object(members) => {
            let before = members.len();
            members.retain(|(_, item)| !is_one(item));
            let removed = members.len() < before;
            members.iter_mut().fold(removed, |any, (_, item)| any | removes(item, member))
        }
    }
}

/// Removes the members of an object that are neither user nor password, where both are there; says whether there was any.
fn bares(json: &mut LoginJson) -> bool {
    let LoginJson::Object(members) = json else { return false };
    let is_account = |(_, item): &(String, LoginJson)| {
        [LoginMember::User, LoginMember::Password].iter().any(|member| holds(item, *member))
    };
    let before = members.len();
    members.retain(is_account);
    (1..before).contains(&members.len())
}

/// What a body is that has no templates.
fn constant(json: &LoginJson) -> Option<Value> {
    Some(match json {
        LoginJson::Text(LoginText(parts)) => match parts.as_slice() {
            [LoginPart::Plain(text)] => json!(text),
            _ => return None,
        },
        LoginJson::Plain(value) => value.clone(),
        LoginJson::List(items) => Value::Array(items.iter().map(constant).collect::<Option<_>>()?),
        LoginJson::Object(members) => {
            let member = |(name, item): &(String, LoginJson)| Some((name.clone(), constant(item)?));
            Value::Object(members.iter().map(member).collect::<Option<_>>()?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMBERS: [LoginMember; 2] = [LoginMember::User, LoginMember::Password];

    fn text(part: LoginPart) -> LoginText {
        LoginText(vec![part])
    }

    fn json_login() -> LoginBody {
        let member = |name: &str, part| (name.to_owned(), LoginJson::Text(text(part)));
        let deep = LoginJson::Object(vec![member("pass", LoginPart::Password)]);
        LoginBody::Json(LoginJson::Object(vec![member("user", LoginPart::Username), ("in".to_owned(), deep)]))
    }

    fn form_login() -> LoginBody {
        let field = |name: &str, part| (name.to_owned(), text(part));
        LoginBody::Form(vec![
            field("csrf", LoginPart::Input("csrf".to_owned())),
            field("u", LoginPart::Username),
            field("p w", LoginPart::Password),
        ])
    }

    #[test]
    fn what_is_neither_user_nor_password_may_be_left_out() {
        let LoginBody::Json(LoginJson::Object(mut members)) = json_login() else { panic!("is an object") };
        let bare = |members: &[(String, LoginJson)]| match malformed(
            &LoginBody::Json(LoginJson::Object(members.to_vec())),
            MalformedLogin::Bare,
            "alice",
        ) {
            Some(LoginBody::Json(LoginJson::Object(left))) => left.into_iter().map(|(name, _)| name).collect(),
            _ => Vec::new(),
        };
        assert!(bare(&members).is_empty(), "there is nothing else");
        members.push(("provider".to_owned(), LoginJson::Text(LoginText::plain("db"))));
        assert_eq!(bare(&members), ["user", "in"]);
    }

    #[test]
    fn json_is_malformed_as_a_whole_or_in_one_member() {
        let whole = [
            (MalformedLogin::Array, "[]"),
            (MalformedLogin::Text, "\"authbench\""),
            (MalformedLogin::Null, "null"),
            (MalformedLogin::Empty, ""),
            (MalformedLogin::Broken, "{\"authbench\": "),
            (MalformedLogin::Surrogate(LoginMember::User), "{\"in\":{\"pass\":\"authbench\"},\"user\":\"\\ud800\"}"),
            (MalformedLogin::Surrogate(LoginMember::Password), "{\"in\":{\"pass\":\"\\ud800\"},\"user\":\"alice\"}"),
        ];
        for (kind, expected) in whole {
            let Some(LoginBody::Malformed(body)) = malformed(&json_login(), kind, "alice") else { panic!("{kind:?}") };
            assert_eq!((body.media, body.tail.as_slice()), (JSON, expected.as_bytes()));
        }
        for member in MEMBERS {
            let other = if member == LoginMember::User { LoginMember::Password } else { LoginMember::User };
            for kind in [
                MalformedLogin::Number(member),
                MalformedLogin::List(member),
                MalformedLogin::Object(member),
                MalformedLogin::Missing(member),
            ] {
                let Some(LoginBody::Json(json)) = malformed(&json_login(), kind, "alice") else { panic!("{kind:?}") };
                assert!(!holds(&json, member) && holds(&json, other), "{kind:?}");
            }
            let object = malformed(&json_login(), MalformedLogin::Object(member), "alice");
            let shown = format!("{object:?}");
            assert!(shown.contains("toString"), "what a script turns into a text shows less: {shown}");
        }
        assert!(malformed(&json_login(), MalformedLogin::NotUtf8, "alice").is_none());
    }

    #[test]
    fn a_form_loses_a_field_or_its_encoding_and_keeps_the_others() {
        let Some(LoginBody::Malformed(body)) = malformed(&form_login(), MalformedLogin::PercentSign, "alice") else {
            panic!("a form")
        };
        assert_eq!((body.fields.len(), body.tail.as_slice()), (2, &b"p+w=%zz"[..]));
        let Some(LoginBody::Malformed(body)) = malformed(&form_login(), MalformedLogin::Empty, "alice") else {
            panic!("a form")
        };
        assert!(body.fields.is_empty() && body.tail.is_empty() && body.media == FORM);
        for member in MEMBERS {
            let Some(LoginBody::Form(fields)) = malformed(&form_login(), MalformedLogin::Missing(member), "alice")
            else {
                panic!("a form")
            };
            assert!(fields.len() == 2 && !fields.iter().any(|(_, text)| text.is_member(member)));
            assert!(malformed(&form_login(), MalformedLogin::Number(member), "alice").is_none());
            for (kind, behind) in
                [(MalformedLogin::List(member), "[]"), (MalformedLogin::Object(member), "[authbench]")]
            {
                let Some(LoginBody::Form(fields)) = malformed(&form_login(), kind, "alice") else { panic!("a form") };
                let name = if member == LoginMember::User { "u" } else { "p w" };
                let named = fields.iter().any(|(own, _)| *own == format!("{name}{behind}"));
                assert!(fields.len() == 3 && named && !fields.iter().any(|(_, text)| text.is_member(member)));
            }
        }
    }

    #[test]
    fn a_body_without_user_and_password_stays() {
        let plain = || LoginText::plain("x");
        for kind in [MalformedLogin::Array, MalformedLogin::Empty, MalformedLogin::Missing(LoginMember::User)] {
            assert!(malformed(&LoginBody::Form(vec![("a".to_owned(), plain())]), kind, "alice").is_none());
            assert!(malformed(&LoginBody::Json(LoginJson::Text(plain())), kind, "alice").is_none());
        }
    }
}
