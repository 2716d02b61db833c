//! Registrations of clients (RFC 7591 §3.1).

use serde_json::{Value, json};

/// What a registration says, beside a good one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientRegistration {
    /// A good one, made of what the metadata offer.
    Good,
    /// A good one, whose client is kept until the check ends.
    Kept,
    /// A good one of a client that acts for itself (RFC 6749 §4.4), and the use of what it gets.
    ForItself,
    /// A good one with the members of this JSON object in place of its own.
    With(&'static str),
    /// A good one without this member.
    Without(&'static str),
    /// A good one with a name of this many characters.
    LongName(usize),
    /// This text and nothing else.
    Text(&'static str),
}

/// Methods of client authentication that a good registration asks for: the first that the metadata offer.
const METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

impl ClientRegistration {
    /// The body of the request, for a server with these metadata.
    pub fn body(self, metadata: &Value) -> String {
        let mut members = good(metadata);
        match self {
            ClientRegistration::Good | ClientRegistration::Kept => {}
            ClientRegistration::ForItself => {
                members["grant_types"] = json!(["client_credentials"]);
                members["response_types"] = json!([]);
                if members["token_endpoint_auth_method"] == "none" {
                    members["token_endpoint_auth_method"] = METHODS[0].into();
                }
            }
            ClientRegistration::With(others) => {
                let others: Value = serde_json::from_str(others).unwrap_or_default();
                for (name, value) in others.as_object().into_iter().flatten() {
                    members[name] = value.clone();
                }
            }
            ClientRegistration::Without(name) => {
                members.as_object_mut().and_then(|members| members.remove(name));
            }
            ClientRegistration::LongName(length) => members["client_name"] = "a".repeat(length).into(),
            ClientRegistration::Text(text) => return text.to_owned(),
        }
        members.to_string()
    }
}

/// A client of the authorization code grant. RFC 8414 §2 has the values that members of metadata stand for by their absence.
fn good(metadata: &Value) -> Value {
    let offers = |member: &str, value: &str| {
        let offered = metadata.get(member).and_then(Value::as_array)?;
        Some(offered.iter().any(|one| one.as_str() == Some(value)))
    };
    let is_offered = |method: &&str| offers("token_endpoint_auth_methods_supported", method) == Some(true);
    let method = METHODS.into_iter().find(is_offered).unwrap_or(METHODS[0]);
    // some servers register both grants together, or none of them
    let grants: &[&str] = match offers("grant_types_supported", "refresh_token") {
        Some(true) => &["authorization_code", "refresh_token"],
        _ => &["authorization_code"],
    };
    json!({
        "client_name": "authbench",
        "redirect_uris": ["https://client.example/callback"],
        "grant_types": grants,
        "response_types": ["code"],
        "token_endpoint_auth_method": method,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Step, catalogue};

    #[test]
    fn a_registration_asks_for_what_metadata_offer() {
        for (metadata, method, grants) in [
            (json!({}), "client_secret_basic", json!(["authorization_code"])),
            (
                json!({ "token_endpoint_auth_methods_supported": ["none", "client_secret_post"] }),
                "client_secret_post",
                json!(["authorization_code"]),
            ),
            (
                json!({
                    "token_endpoint_auth_methods_supported": ["private_key_jwt"],
                    "grant_types_supported": ["authorization_code", "refresh_token"],
                }),
                "client_secret_basic",
                json!(["authorization_code", "refresh_token"]),
            ),
        ] {
            let body: Value = serde_json::from_str(&ClientRegistration::Good.body(&metadata)).unwrap();
            assert_eq!((&body["token_endpoint_auth_method"], &body["grant_types"]), (&json!(method), &grants));
        }
    }

    #[test]
    fn members_are_replaced_and_left_out() {
        let body = |registration: ClientRegistration| registration.body(&Value::Null);
        let without: Value = serde_json::from_str(&body(ClientRegistration::Without("redirect_uris"))).unwrap();
        assert_eq!((without.get("redirect_uris"), &without["response_types"]), (None, &json!(["code"])));
        assert!(
            body(ClientRegistration::With(r#"{"client_name":"a\u0000b"}"#)).contains(r#""client_name":"a\u0000b""#)
        );
        assert!(body(ClientRegistration::LongName(3)).contains(r#""client_name":"aaa""#));
        assert_eq!(body(ClientRegistration::Text("[]")), "[]");
    }

    #[test]
    fn what_checks_put_into_registrations_is_an_object() {
        for step in catalogue().flat_map(|check| check.steps) {
            let Step::Fetch(fetch) = step else { continue };
            if let super::super::MetadataDocument::Registration(ClientRegistration::With(members)) = fetch.document {
                let parsed: Value = serde_json::from_str(members).unwrap();
                assert!(parsed.is_object(), "{members}");
            }
        }
    }
}
