//! Logins that do not ask for the identity of their user (OpenID Connect Core 1.0, sections 3.1.2.1 and 5.4).

use std::sync::Arc;

use super::login::{LoginPart, LoginProcedure, LoginStep};
use super::parameters::{Kept, encoded};

/// The scope of requests of OpenID Connect, ...
const OPENID: &str = "openid";
/// ... those that ask for claims of the user (section 5.4), ...
const OF_CLAIMS: [&str; 4] = ["profile", "email", "address", "phone"];
/// ... and the parameter that has it.
const SCOPE: &str = "scope";

impl LoginProcedure {
    /// The same login whose authorization request asks neither for `openid` nor for claims of the user; none where it does not ask for
    /// `openid` anyway, or where no code is used.
    #[must_use]
    pub fn without_openid(&self) -> Option<Arc<Self>> {
        self.code_request()?;
        let written = self.before_the_code()?.iter().find_map(|step| step.parameter(SCOPE))?;
        // a user who agrees to `email` agrees to claims, with or without `openid`
        let is_kept = |one: &&str| *one != OPENID && !OF_CLAIMS.contains(one);
        let rest: Vec<&str> = written.split(' ').filter(is_kept).collect();
        let rest = encoded(&rest.join(" "));
        let other = || if rest.is_empty() { Kept::Dropped } else { Kept::As(rest.clone()) };
        let changed = self.with_parameters(|name| if name == SCOPE { other() } else { Kept::AsItIs });
        changed.filter(|_| written.split(' ').any(|one| one == OPENID))
    }
}

impl LoginProcedure {
    /// Whether its logout sends the ID token of an answer (OpenID Connect RP-Initiated Logout 1.0, section 2).
    #[must_use]
    pub fn needs_id_token_to_log_out(&self) -> bool {
        let is_id_token = |part: &LoginPart| matches!(part, LoginPart::Pointer(at) if at.ends_with("/id_token"));
        self.logout.iter().flat_map(LoginStep::parts).any(is_id_token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::changed_login::tests::login_in_test;
    use crate::plan::login::{CredentialSource, LoginBody, LoginText};

    #[test]
    fn the_scopes_that_bring_claims_are_left_out_and_no_other_ones() {
        for (scope, expected) in [
            ("&scope=openid", Some("")),
            ("&scope=openid%20read", Some("&scope=read")),
            ("&scope=read+openid+write", Some("&scope=read+write")),
            ("&scope=openid%20profile%20email%20address%20phone", Some("")),
            ("&scope=openid%20email%20read%20offline_access", Some("&scope=read+offline_access")),
            ("&scope=openid+emails", Some("&scope=emails")),
            ("&scope=email+read", None),
            ("&scope=read", None),
            ("&scope=openidx", None),
            ("", None),
        ] {
            let code = LoginText(vec![LoginPart::Location("code".to_owned())]);
            let fields =
                vec![("grant_type".to_owned(), LoginText::plain("authorization_code")), ("code".to_owned(), code)];
            let login = login_in_test("/token", LoginBody::Form(fields), ("alice", "pass"));
            let CredentialSource::Requests(mut steps) = login.source.clone() else { panic!("it has requests") };
            let mut first = steps[0].clone();
            first.body = None;
            first.address = LoginText::plain(format!("/authorize?response_type=code{scope}"));
            steps.insert(0, first);
            let login = LoginProcedure { source: CredentialSource::Requests(steps), ..login };
            let address = login.without_openid().map(|changed| {
                let CredentialSource::Requests(steps) = &changed.source else { panic!("it has requests") };
                steps[0].address.whole().unwrap_or_default().to_owned()
            });
            let expected = expected.map(|rest| format!("/authorize?response_type=code{rest}"));
            assert_eq!(address.map(|own| own.replace("%20", "+")), expected, "{scope}");
        }
    }

    #[test]
    fn a_logout_may_need_the_id_token_of_its_login() {
        for (pointer, expected) in [("/id_token", true), ("/data/id_token", true), ("/refresh_token", false)] {
            let hint = LoginText(vec![LoginPart::Pointer(pointer.to_owned())]);
            let fields = vec![("id_token_hint".to_owned(), hint)];
            let login = login_in_test("/logout", LoginBody::Form(fields), ("alice", "pass"));
            assert!(!login.needs_id_token_to_log_out(), "{pointer}");
            let CredentialSource::Requests(logout) = login.source.clone() else { panic!("it has requests") };
            let login = LoginProcedure { logout, ..login };
            assert_eq!(login.needs_id_token_to_log_out(), expected, "{pointer}");
        }
    }
}
