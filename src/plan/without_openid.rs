//! Logins that do not ask for the identity of their user (OpenID Connect Core 1.0, section 3.1.2.1).

use std::sync::Arc;

use super::login::LoginProcedure;
use super::parameters::{Kept, encoded};

/// The scope of requests of OpenID Connect, ...
const OPENID: &str = "openid";
/// ... and the parameter that has it.
const SCOPE: &str = "scope";

impl LoginProcedure {
    /// The same login whose authorization request does not ask for `openid`; none where it does not do so anyway, or where no code is
    /// used.
    #[must_use]
    pub fn without_openid(&self) -> Option<Arc<Self>> {
        self.code_request()?;
        let written = self.before_the_code()?.iter().find_map(|step| step.parameter(SCOPE))?;
        let (own, rest): (Vec<&str>, Vec<&str>) = written.split(' ').partition(|one| *one == OPENID);
        let rest = encoded(&rest.join(" "));
        let other = || if rest.is_empty() { Kept::Dropped } else { Kept::As(rest.clone()) };
        let changed = self.with_parameters(|name| if name == SCOPE { other() } else { Kept::AsItIs });
        changed.filter(|_| !own.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::changed_login::tests::login_in_test;
    use crate::plan::login::{CredentialSource, LoginBody, LoginPart, LoginText};

    #[test]
    fn the_scope_openid_is_left_out_and_no_other_one() {
        for (scope, expected) in [
            ("&scope=openid", Some("")),
            ("&scope=openid%20read", Some("&scope=read")),
            ("&scope=read+openid+write", Some("&scope=read+write")),
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
}
