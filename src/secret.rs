//! Secrets in memory, and the scrubber that keeps them out of everything that leaves the process.
//!
//! Masking is structural first: whoever records an exchange masks the part that carries a credential. The
//! [`Scrubber`] is the second net: it removes known values, and pieces of them, in the encodings in which they travel,
//! from any text.

mod decode;
mod disclosures;
mod grams;
mod scrubber;
mod shape;

use zeroize::Zeroize;

pub use disclosures::Disclosures;
pub use scrubber::{Scrubber, is_jose_header};
pub use shape::{is_mixed, is_public_parameter, is_words, secret_parts};

/// What stands where a secret stood.
pub const MASK: &str = "···";

/// Names of parameters and members whose values are credentials, wherever they appear in an exchange; in lower case, and without
/// separators: `accessToken` is `access_token`.
const SECRET_NAMES: [&str; 25] = [
    "accesstoken",
    "actortoken",
    "apikey",
    "assertion",
    "clientassertion",
    "clientsecret",
    "currentpassword",
    "devicecode",
    "idtoken",
    "idtokenhint",
    "key",
    "logouttoken",
    "newpassword",
    "oldpassword",
    "password",
    "privatekey",
    "refreshtoken",
    "registrationaccesstoken",
    "samlresponse",
    "secret",
    "sessiontoken",
    "subjecttoken",
    "token",
    "xamzsecuritytoken",
    "xamzsignature",
];
/// Characters of an authorization code: what is shorter is the code of an error.
const SHORTEST_CODE: usize = 8;

/// Whether a parameter or a member of a body holds a credential by its name.
pub fn is_secret_name(name: &str) -> bool {
    let letters = || name.bytes().filter(|byte| !matches!(byte, b'_' | b'-')).map(|byte| byte.to_ascii_lowercase());
    SECRET_NAMES.iter().any(|secret| letters().eq(secret.bytes()))
}

/// Whether the value of a parameter of a form or an address is a credential by its name (RFC 6749 §4.1.2, RFC 7636 §4.5), or a token
/// against CSRF. `code` is a name of other things too.
pub fn is_secret_parameter(name: &str, value: &str) -> bool {
    if value.is_empty() || is_secret_name(name) {
        return !value.is_empty();
    }
    let name = name.to_ascii_lowercase();
    let is_code = matches!(name.as_str(), "code" | "code_verifier");
    let is_token = name.ends_with("token") || ["csrf", "xsrf"].iter().any(|part| name.contains(part));
    (is_code && value.len() >= SHORTEST_CODE && !is_words(value)) || (is_token && is_mixed(value))
}

/// The same of a member of JSON, where `code` is the code of an error as a rule.
pub fn is_secret_member(name: &str, value: &str) -> bool {
    is_secret_parameter(name, value) && (is_secret_name(name) || is_mixed(value))
}

/// A secret value: wiped when dropped, invisible to `Debug`, without `Display` and `Serialize`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a value into custody.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// Whether it holds a control character. Such a value is not sent: CR and LF would make another request of the one that
    /// carries it (RFC 9112 §11.1).
    pub fn has_control_characters(&self) -> bool {
        self.0.chars().any(char::is_control)
    }

    /// The value itself, for the one place that has to send it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(MASK)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_secret_by_their_names() {
        for (name, value, parameter, member) in [
            ("access_token", "x", true, true),
            ("accessToken", "x", true, true),
            ("ID_TOKEN", "x", true, true),
            ("client-secret", "x", true, true),
            ("device_code", "x", true, true),
            ("assertion", "x", true, true),
            ("X-Amz-Signature", "x", true, true),
            ("token", "", false, false),
            ("token_type", "bearer", false, false),
            ("client_assertion_type", "urn:x", false, false),
            ("code", "SplxlOBeZQQYbYS6WxSbIA", true, true),
            ("code", "Splx-0BeZ", true, false),
            ("code", "invalid_request", false, false),
            ("code", "404", false, false),
            ("csrf_token", "rCdnDdGpsWnzjJcwtBqngflZ", true, true),
            ("authenticityToken", "rCdnDdGpsWnzjJcwtBqngflZ", true, true),
            ("csrf_field", "_token", false, false),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", false, false),
            ("state", "E9Melhoa2OwvFrEMTJgu", false, false),
        ] {
            let found = (is_secret_parameter(name, value), is_secret_member(name, value));
            assert_eq!(found, (parameter, member), "{name}={value}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("hunter2hunter2")), MASK);
    }
}
