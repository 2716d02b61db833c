//! Requests of a login to a token endpoint without what the grant needs (RFC 6749 §4.3.2).

use std::sync::Arc;

use super::changed_refresh::{with_wrong_secret, without_authentication};
use super::client_proof::proven_by;
use super::code_login::UNKNOWN_CODE;
use super::login::{CredentialSource, LoginBody, LoginPart, LoginProcedure, LoginStep, LoginText};
use super::malformed_grant::malformed;
use crate::check::step::GrantChange;
use crate::secret::Secret;

/// A password that nobody has, of what rules for passwords ask for.
const WRONG_PASSWORD: &str = "Wr0ng-authbench-password";
/// The parameter that names a grant.
const TYPE: &str = "grant_type";
/// A grant that no server has.
const UNKNOWN: &str = "urn:authbench:no-grant";

impl LoginProcedure {
    /// The same login with a changed request to its token endpoint; none where it has no such request, or one that has nothing
    /// to change.
    #[must_use]
    pub fn with_changed_grant(&self, change: GrantChange) -> Option<Arc<Self>> {
        if change == GrantChange::WrongGrant {
            let wrong = if self.uses_a_code() { GrantChange::UnknownCode } else { GrantChange::WrongPassword };
            return self.with_changed_grant(wrong);
        }
        if let Some(login) = self.with_changed_code(change) {
            return Some(login);
        }
        let CredentialSource::Requests(steps) = &self.source else { return None };
        let mut steps = steps.clone();
        let own = steps.iter_mut().rev().find(|step| step.grant().is_some())?;
        if change == GrantChange::WrongPassword {
            let has_password = own.parts().any(|part| matches!(part, LoginPart::Password));
            return has_password.then(|| self.with_account(&self.account.0, Secret::new(WRONG_PASSWORD)));
        }
        *own = changed(own, change)?;
        if matches!(change, GrantChange::Malformed(_)) && own.parts().all(LoginPart::is_known) {
            // nothing of it comes from the requests before
            steps = vec![own.clone()];
        }
        Some(Arc::new(Self { source: CredentialSource::Requests(steps), ..self.clone() }))
    }
}

fn changed(step: &LoginStep, change: GrantChange) -> Option<LoginStep> {
    match change {
        GrantChange::NoClientAuthentication => return without_authentication(step),
        GrantChange::WrongClientSecret => return with_wrong_secret(step),
        GrantChange::Client(proof) => return proven_by(step, proof),
        GrantChange::Malformed(kind) => return malformed(step, kind),
        _ => {}
    }
    let mut step = step.clone();
    let Some(LoginBody::Form(fields)) = &mut step.body else { return None };
    if matches!(change, GrantChange::NoType | GrantChange::UnknownType) {
        fields.retain(|(name, _)| name != TYPE);
    }
    if change == GrantChange::NoGrant {
        let whole = fields.len();
        fields.retain(|(name, _)| !["code", "password"].contains(&name.as_str()));
        return (fields.len() < whole).then_some(step);
    }
    let own = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).cloned();
    let added = match change {
        GrantChange::NoType => None,
        GrantChange::UnknownType | GrantChange::TwoTypes => Some((TYPE.to_owned(), LoginText::plain(UNKNOWN))),
        GrantChange::TypeTwice => Some(own(TYPE)?),
        GrantChange::TwoGrants => Some(match own("password") {
            Some((name, _)) => (name, LoginText::plain(WRONG_PASSWORD)),
            None => (own("code")?.0, LoginText::plain(UNKNOWN_CODE)),
        }),
        // what only the use of a code has
        _ => return None,
    };
    fields.extend(added);
    Some(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::changed_login::tests::login_in_test;

    fn login(basic: bool) -> LoginProcedure {
        let field = |name: &str, part| (name.to_owned(), LoginText(vec![part]));
        let fields = vec![
            ("grant_type".to_owned(), LoginText::plain("password")),
            field("username", LoginPart::Username),
            field("password", LoginPart::Password),
        ];
        let mut login = login_in_test("/token", LoginBody::Form(fields), ("alice", "pass"));
        if let CredentialSource::Requests(steps) = &mut login.source {
            steps[0].basic = basic.then(|| (LoginText::plain("app"), LoginText::plain("s3cret")));
        }
        login
    }

    fn step_of(login: &LoginProcedure) -> LoginStep {
        let CredentialSource::Requests(steps) = &login.source else { panic!("requests") };
        steps[0].clone()
    }

    #[test]
    fn what_a_grant_needs_is_left_out_or_changed() {
        let with_client = login(true);
        let grant = |change| with_client.with_changed_grant(change).as_deref().map(step_of);
        assert_eq!(grant(GrantChange::NoType).expect("is changed").grant(), None);
        assert_eq!(grant(GrantChange::UnknownType).expect("is changed").grant(), Some(UNKNOWN));
        assert!(grant(GrantChange::NoGrant).expect("is changed").field("password").is_none());
        let bare = grant(GrantChange::NoClientAuthentication).expect("it authenticates");
        assert_eq!((bare.basic.is_none(), bare.field("client_id").and_then(LoginText::whole)), (true, Some("app")));
        let wrong = grant(GrantChange::WrongClientSecret).expect("it has a secret").basic.expect("stays");
        assert_ne!(wrong.1.whole(), Some("s3cret"));
        for (change, name, values) in [
            (GrantChange::TypeTwice, TYPE, ["password", "password"]),
            (GrantChange::TwoTypes, TYPE, ["password", UNKNOWN]),
        ] {
            let Some(LoginBody::Form(fields)) = grant(change).expect("is changed").body else { panic!("a form") };
            let of_name: Vec<_> = fields.iter().filter(|(own, _)| own == name).map(|(_, text)| text.whole()).collect();
            assert_eq!(of_name, values.map(Some), "{change:?}");
        }
        let Some(LoginBody::Form(fields)) = grant(GrantChange::TwoGrants).expect("is changed").body else { panic!() };
        assert_eq!(fields.iter().filter(|(own, _)| own == "password").count(), 2);
        let of_nobody = login(false);
        for change in [GrantChange::NoClientAuthentication, GrantChange::WrongClientSecret] {
            assert!(of_nobody.with_changed_grant(change).is_none(), "{change:?}: no client authenticates");
        }
    }
}
