//! Secrets in memory, and the scrubber that keeps them out of everything that leaves the process.
//!
//! Masking is structural first: whoever records an exchange masks the part that carries a credential. The
//! [`Scrubber`] is the second net: it removes known values, and pieces of them, in the encodings in which they travel,
//! from any text.

mod decode;
mod disclosures;
mod grams;
mod scrubber;

use zeroize::Zeroize;

pub use disclosures::Disclosures;
pub use scrubber::Scrubber;

/// What stands where a secret stood.
pub const MASK: &str = "···";

/// Names of parameters and members whose values are credentials, wherever they appear in an exchange.
const SECRET_NAMES: [&str; 12] = [
    "access_token",
    "api_key",
    "apikey",
    "client_assertion",
    "client_secret",
    "key",
    "password",
    "refresh_token",
    "secret",
    "token",
    "x-amz-security-token",
    "x-amz-signature",
];

/// Whether a parameter or a member of a body holds a credential by its name.
pub fn is_secret_name(name: &str) -> bool {
    SECRET_NAMES.iter().any(|secret| secret.eq_ignore_ascii_case(name))
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
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("hunter2hunter2")), MASK);
    }
}
