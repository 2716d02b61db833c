//! Requests to a token endpoint that cannot be read (RFC 6749 §5.2).

use super::login::{LoginBody, LoginJson, LoginStep, LoginText, MalformedBody};
use crate::check::step::MalformedGrant;

const FORM: &str = "application/x-www-form-urlencoded";
/// The media type of a form in parts; the driver writes what says so in parts.
pub(crate) const IN_PARTS: &str = "multipart/form-data; boundary=authbench-7c1e4b";
/// Parameters that hold what a grant is: one that nobody was given is refused, however it is written.
const GRANTS: [&str; 2] = ["code", "refresh_token"];
/// Parameters by which a client authenticates in a form (RFC 6749 §2.3.1, RFC 7521 §4.2).
const OF_CLIENT: [&str; 4] = ["client_id", "client_secret", "client_assertion", "client_assertion_type"];
/// `auth NUL bench` and a password, in Base64.
const BASIC_WITH_NUL: &str = "Basic YXV0aABiZW5jaDp4";
const BASIC_UNREAD: &str = "Basic %%%";

/// A token request that is malformed; none where it has no form.
pub(super) fn malformed(step: &LoginStep, kind: MalformedGrant) -> Option<LoginStep> {
    let mut step = step.clone();
    let Some(LoginBody::Form(fields)) = step.body.take() else { return None };
    let has = |name: &&&str| fields.iter().any(|(own, _)| own == **name);
    let grant = GRANTS.iter().find(has).copied().unwrap_or("scope");
    let is_of_client = |name: &str| OF_CLIENT.contains(&name);
    let is_replaced = |name: &str| match kind {
        MalformedGrant::Grant(_) | MalformedGrant::Grants => name == grant,
        MalformedGrant::Json | MalformedGrant::Multipart | MalformedGrant::NoMediaType => false,
        _ => is_of_client(name),
    };
    let mut left: Vec<_> = fields.iter().filter(|(name, _)| !is_replaced(name)).cloned().collect();
    if is_replaced("client_id") {
        (step.client, step.basic) = (None, None);
    }
    let list = |name: &str| (format!("{name}[]"), LoginText::plain("authbench"));
    let raw =
        |media, fields, tail: String| LoginBody::Malformed(MalformedBody { media, fields, tail: tail.into_bytes() });
    step.body = Some(match kind {
        MalformedGrant::Grant(text) => raw(FORM, left, format!("{grant}={}", text.encoded())),
        MalformedGrant::Client(text) => raw(FORM, left, format!("client_id={}", text.encoded())),
        MalformedGrant::NoMediaType => raw("", left, String::new()),
        MalformedGrant::Multipart => raw(IN_PARTS, left, String::new()),
        MalformedGrant::Grants => {
            left.push(list(grant));
            LoginBody::Form(left)
        }
        MalformedGrant::Clients => {
            left.push(list("client_id"));
            LoginBody::Form(left)
        }
        MalformedGrant::BasicWithNul | MalformedGrant::BasicUnread => {
            let line = if kind == MalformedGrant::BasicUnread { BASIC_UNREAD } else { BASIC_WITH_NUL };
            step.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
            step.headers.push(("Authorization".to_owned(), LoginText::plain(line)));
            LoginBody::Form(left)
        }
        MalformedGrant::Json => {
            let member = |(name, text): (String, LoginText)| (name, LoginJson::Text(text));
            LoginBody::Json(LoginJson::Object(left.into_iter().map(member).collect()))
        }
    });
    Some(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::step::MalformedText;
    use crate::plan::changed_login::tests::login_in_test;
    use crate::plan::login::{CredentialSource, LoginPart};

    fn request(fields: &[(&str, &str)]) -> LoginStep {
        let fields = fields.iter().map(|(name, text)| ((*name).to_owned(), LoginText::plain(*text))).collect();
        let login = login_in_test("/token", LoginBody::Form(fields), ("alice", "pass"));
        let CredentialSource::Requests(mut steps) = login.source else { panic!("requests") };
        LoginStep { basic: Some((LoginText::plain("app"), LoginText::plain("s3cret"))), ..steps.remove(0) }
    }

    #[test]
    fn a_grant_is_malformed_and_its_client_stays() {
        for (fields, tail) in [
            (&[("grant_type", "authorization_code"), ("code", "c-1")][..], "code=authbench%00x"),
            (&[("grant_type", "refresh_token"), ("refresh_token", "r-1")], "refresh_token=authbench%00x"),
            (&[("grant_type", "password"), ("username", "alice")], "scope=authbench%00x"),
        ] {
            let changed = malformed(&request(fields), MalformedGrant::Grant(MalformedText::Nul)).expect("has a form");
            let Some(LoginBody::Malformed(body)) = &changed.body else { panic!("is malformed") };
            assert_eq!((String::from_utf8_lossy(&body.tail).as_ref(), body.media), (tail, FORM));
            assert!(changed.basic.is_some() && !body.fields.iter().any(|(_, text)| text.whole() == Some("c-1")));
        }
    }

    #[test]
    fn a_client_is_malformed_and_does_not_authenticate() {
        let own = request(&[("grant_type", "authorization_code"), ("code", "c-1"), ("client_id", "app")]);
        for kind in [
            MalformedGrant::Client(MalformedText::NotUtf8),
            MalformedGrant::Clients,
            MalformedGrant::BasicWithNul,
            MalformedGrant::BasicUnread,
        ] {
            let changed = malformed(&own, kind).expect("has a form");
            assert!(changed.basic.is_none(), "{kind:?}");
            assert!(changed.field("client_id").is_none(), "{kind:?}");
            let of_code = changed.parts().any(|part| matches!(part, LoginPart::Plain(text) if text == "c-1"));
            assert!(of_code, "{kind:?}: the code stays");
        }
        for kind in [MalformedGrant::Json, MalformedGrant::Multipart, MalformedGrant::NoMediaType] {
            assert!(malformed(&own, kind).expect("has a form").basic.is_some(), "{kind:?}");
        }
    }
}
