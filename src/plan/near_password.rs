//! Logins with nearly the right password, and what differs from a secret by little.

use std::sync::Arc;

use super::login::LoginProcedure;
use crate::check::step::{NearPassword, UserSpelling};
use crate::secret::Secret;

impl LoginProcedure {
    /// The same login with nearly its password; none where it has no password, or one that offers nothing to change.
    #[must_use]
    pub fn with_near_password(&self, kind: NearPassword) -> Option<Arc<Self>> {
        let near = near_text(self.account.1.as_ref()?.expose(), kind)?;
        Some(self.with_account(&self.account.0, Secret::new(near)))
    }
}

/// A text that differs from a password by little; none where it offers nothing to change.
fn near_text(own: &str, kind: NearPassword) -> Option<String> {
    let near = match kind {
        NearPassword::Shorter => own.char_indices().last().map(|(at, _)| own[..at].to_owned())?,
        NearPassword::Longer => format!("{own}x"),
        NearPassword::OtherCase => own.chars().map(other_case).collect(),
        NearPassword::SpaceBehind => format!("{own} "),
        NearPassword::NulBehind => format!("{own}\0x"),
        NearPassword::NulAlone => format!("{own}\0"),
    };
    (near != own && !near.is_empty()).then_some(near)
}

/// The same of a generated secret: hexadecimal digits are the same number in either case.
pub fn near_secret(own: &Secret, kind: NearPassword) -> Option<Secret> {
    let own = own.expose();
    let is_number = own.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let near = near_text(own, kind).filter(|_| kind != NearPassword::OtherCase || !is_number)?;
    Some(Secret::new(near))
}

/// A user-id in another spelling; none where that is no other one.
pub fn spelled(user: &str, spelling: UserSpelling) -> Option<String> {
    let kind = match spelling {
        UserSpelling::OtherCase => NearPassword::OtherCase,
        UserSpelling::SpaceBehind => NearPassword::SpaceBehind,
    };
    near_text(user, kind)
}

fn other_case(letter: char) -> char {
    if letter.is_ascii_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::changed_login::tests::login_in_test;
    use crate::plan::login::LoginBody;

    #[test]
    fn a_password_is_cut_extended_and_written_in_the_other_case() {
        let near = |password: &str, kind| {
            let login = login_in_test("/login", LoginBody::Form(Vec::new()), ("alice", password));
            let near = login.with_near_password(kind)?;
            near.account.1.as_ref().map(|password| password.expose().to_owned())
        };
        for (password, kind, expected) in [
            ("Pass-wörd7", NearPassword::Shorter, Some("Pass-wörd")),
            ("Pass-wörd7", NearPassword::Longer, Some("Pass-wörd7x")),
            ("Pass-wörd7", NearPassword::OtherCase, Some("pASS-WöRD7")),
            ("Pass-wörd7", NearPassword::SpaceBehind, Some("Pass-wörd7 ")),
            ("Pass-wörd7", NearPassword::NulBehind, Some("Pass-wörd7\0x")),
            ("Pass-wörd7", NearPassword::NulAlone, Some("Pass-wörd7\0")),
            ("1234-5678", NearPassword::OtherCase, None),
            ("7", NearPassword::Shorter, None),
        ] {
            assert_eq!(near(password, kind).as_deref(), expected, "{password} {kind:?}");
        }
    }

    #[test]
    fn hexadecimal_digits_have_no_other_case() {
        let near = |secret: &str| {
            near_secret(&Secret::new(secret), NearPassword::OtherCase).map(|near| near.expose().to_owned())
        };
        assert_eq!(near("Secret-7"), Some("sECRET-7".to_owned()));
        assert_eq!(near("3f2504e0-4f89-41d3-9a0c-0305e82c3301"), None);
        let cut = near_secret(&Secret::new("ab12"), NearPassword::Shorter).map(|near| near.expose().to_owned());
        assert_eq!(cut.as_deref(), Some("ab1"));
    }
}
