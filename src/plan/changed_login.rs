//! Logins that are wrong on purpose: what becomes of the right one.

use std::sync::Arc;

use super::login::{CredentialSource, LoginPart, LoginProcedure};
use super::near_password::spelled;
use crate::check::step::{LoginMember, MalformedLogin, NoFormer, NoPassword, SessionAct, UnusualText};
use crate::secret::Secret;

impl LoginProcedure {
    /// The login as an act changes it; none where it has nothing that the act changes, or the act sends it as it is.
    #[must_use]
    pub fn changed_by(&self, act: SessionAct) -> Option<Arc<Self>> {
        match act {
            SessionAct::Unusual(member, kind) => self.with_unusual(member, kind),
            SessionAct::ObjectMember(user, lack) => {
                let other = self.with_account(user, Secret::new(String::new()));
                match lack {
                    NoPassword::Missing => other.with_malformed_body(MalformedLogin::Missing(LoginMember::Password)),
                    NoPassword::Null => other.with_unusual(LoginMember::Password, UnusualText::Null),
                }
            }
            SessionAct::Malformed(kind) => self.with_malformed_body(kind),
            SessionAct::InQuery(kind) => self.with_account_in_query(kind),
            SessionAct::NearPassword(kind) => self.with_near_password(kind),
            SessionAct::ChangedGrant(change) => self.with_changed_grant(change),
            SessionAct::FromForeignPage => self.from_foreign_page(),
            SessionAct::FromForeignForm => self.from_foreign_form(),
            SessionAct::ReturningTo(site) => self.returning_to(site),
            SessionAct::NamingHost(place) => self.naming_host(place),
            SessionAct::DefaultAccount(row) => Some(self.of_shipped(row)),
            SessionAct::OtherSpelling(spelling) => {
                let (user, password) = &self.account;
                Some(self.with_account(&spelled(user, spelling)?, password.clone()?))
            }
            _ => None,
        }
    }

    /// The same, whose password change has no former password; none where it sends none, or cannot go without it in this way.
    #[must_use]
    pub fn without_former(&self, lack: NoFormer) -> Option<Arc<Self>> {
        // what changes the requests of a login changes those of its password change alike
        let change = Self { source: CredentialSource::Requests(self.password_change.clone()), ..self.clone() };
        let changed = match lack {
            NoFormer::Missing => change.with_malformed_body(MalformedLogin::Missing(LoginMember::Password)),
            NoFormer::Empty => change.with_unusual(LoginMember::Password, UnusualText::Empty),
            NoFormer::Null => change.with_unusual(LoginMember::Password, UnusualText::Null),
        }?;
        let CredentialSource::Requests(password_change) = &changed.source else { return None };
        Some(Arc::new(Self { password_change: password_change.clone(), ..self.clone() }))
    }

    /// Whether another login has as many requests: one that has fewer goes a way of its own.
    pub fn has_as_many_requests(&self, other: &Self) -> bool {
        let (CredentialSource::Requests(own), CredentialSource::Requests(others)) = (&self.source, &other.source)
        else {
            return false;
        };
        own.len() == others.len()
    }

    /// The place of the request that a changed login has another one for; of that with the password, where it is the account that
    /// is another one.
    pub fn place_of_change(&self, changed: &Self) -> usize {
        let (CredentialSource::Requests(own), CredentialSource::Requests(others)) = (&self.source, &changed.source)
        else {
            return 0;
        };
        let differing = own.iter().zip(others).position(|(one, other)| !one.is_sent_as(other));
        differing.or_else(|| self.place_of_password()).unwrap_or_default()
    }

    /// Which of its requests sends the password first: those before it prepare it, and those after it show what came of it.
    pub fn place_of_password(&self) -> Option<usize> {
        let CredentialSource::Requests(steps) = &self.source else { return None };
        steps.iter().position(|step| step.parts().any(|part| matches!(part, LoginPart::Password)))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::login::{LoginBody, LoginJson, LoginStep, LoginText};
    use super::*;
    use crate::check::step::ForeignHost;

    /// A login of one POST request.
    pub(in crate::plan) fn login_in_test(address: &str, body: LoginBody, account: (&str, &str)) -> LoginProcedure {
        let step = LoginStep {
            method: "POST",
            address: LoginText::plain(address),
            headers: Vec::new(),
            basic: None,
            client: None,
            assertion_audience: None,
            media: None,
            body: Some(body),
            success: None,
        };
        let account = (account.0.to_owned(), Some(Secret::new(account.1)));
        LoginProcedure { account, ..LoginProcedure::in_test(vec![step]) }
    }

    #[test]
    fn an_account_that_products_are_shipped_with_keeps_the_domain_of_the_users() {
        let user = |own: &str| {
            let login = login_in_test("/login", LoginBody::Form(Vec::new()), (own, "pass"));
            login.changed_by(SessionAct::DefaultAccount(0)).expect("is made").account.0.clone()
        };
        assert_eq!((user("alice"), user("alice@app.example")), ("admin".to_owned(), "admin@app.example".to_owned()));
        let login = login_in_test("/login", LoginBody::Form(Vec::new()), ("alice", "pass"));
        assert!(login.changed_by(SessionAct::LogIn("s")).is_none(), "it is sent as it is");
    }

    #[test]
    fn a_member_of_all_objects_is_a_user_without_a_password() {
        let text = |part| LoginText(vec![part]);
        let form = LoginBody::Form(vec![
            ("user".to_owned(), text(LoginPart::Username)),
            ("pass".to_owned(), text(LoginPart::Password)),
        ]);
        let json = LoginBody::Json(LoginJson::Object(vec![
            ("user".to_owned(), LoginJson::Text(text(LoginPart::Username))),
            ("pass".to_owned(), LoginJson::Text(text(LoginPart::Password))),
        ]));
        let alone = LoginBody::Form(vec![("pass".to_owned(), LoginText::plain("none"))]);
        let (missing, null) = (NoPassword::Missing, NoPassword::Null);
        for (body, lack, is_made) in [
            (&form, missing, true),
            (&form, null, false),
            (&json, missing, true),
            (&json, null, true),
            (&alone, missing, false),
        ] {
            let login = login_in_test("/login", body.clone(), ("alice", "pass"));
            let changed = login.changed_by(SessionAct::ObjectMember("constructor", lack));
            assert_eq!(changed.is_some(), is_made, "{body:?} {lack:?}");
            let Some(changed) = changed else { continue };
            let CredentialSource::Requests(steps) = &changed.source else { panic!("requests") };
            assert_eq!(changed.account.0, "constructor");
            assert!(steps[0].parts().any(|part| matches!(part, LoginPart::Username)), "the user stays");
            assert!(!steps[0].parts().any(|part| matches!(part, LoginPart::Password)), "the password is gone");
        }
    }

    #[test]
    fn a_password_change_goes_without_the_former_password_alone() {
        let text = |part| LoginText(vec![part]);
        let json = |members: &[(&str, LoginPart)]| {
            let member = |(name, part): &(&str, LoginPart)| ((*name).to_owned(), LoginJson::Text(text(part.clone())));
            LoginBody::Json(LoginJson::Object(members.iter().map(member).collect()))
        };
        let form = |fields: &[(&str, LoginPart)]| {
            let field = |(name, part): &(&str, LoginPart)| ((*name).to_owned(), text(part.clone()));
            LoginBody::Form(fields.iter().map(field).collect())
        };
        let (own, new) = (("current", LoginPart::Password), ("new", LoginPart::NewPassword));
        let plain = |value| LoginJson::Plain(value);
        let with = |own: LoginJson| {
            let new = ("new".to_owned(), LoginJson::Text(text(LoginPart::NewPassword)));
            LoginBody::Json(LoginJson::Object(vec![("current".to_owned(), own), new]))
        };
        let empty = LoginBody::Form(vec![
            ("current".to_owned(), LoginText::plain("")),
            ("new".to_owned(), text(LoginPart::NewPassword)),
        ]);
        for (body, lack, expected) in [
            (json(&[own.clone(), new.clone()]), NoFormer::Missing, Some(json(std::slice::from_ref(&new)))),
            (json(&[own.clone(), new.clone()]), NoFormer::Empty, Some(with(plain(serde_json::json!(""))))),
            (json(&[own.clone(), new.clone()]), NoFormer::Null, Some(with(plain(serde_json::Value::Null)))),
            (form(&[own.clone(), new.clone()]), NoFormer::Missing, Some(form(std::slice::from_ref(&new)))),
            (form(&[own.clone(), new.clone()]), NoFormer::Empty, Some(empty)),
            (form(&[own.clone(), new.clone()]), NoFormer::Null, None),
            // there is none to leave out
            (json(std::slice::from_ref(&new)), NoFormer::Missing, None),
            (json(std::slice::from_ref(&new)), NoFormer::Empty, None),
        ] {
            let mut login = login_in_test("/login", form(&[("pass", LoginPart::Password)]), ("alice", "pass"));
            login.password_change = vec![LoginStep { body: Some(body), ..step_of(&login) }];
            let changed = login.without_former(lack);
            let sent = changed.as_ref().and_then(|changed| changed.password_change[0].body.clone());
            assert_eq!(sent, expected, "{lack:?}");
            let Some(changed) = changed else { continue };
            let CredentialSource::Requests(steps) = &changed.source else { panic!("requests") };
            assert!(steps[0].parts().any(|part| matches!(part, LoginPart::Password)), "the login stays");
        }
    }

    #[test]
    fn another_method_is_sent_where_the_login_has_none_of_its_own() {
        let form = |part| LoginBody::Form(vec![("field".to_owned(), LoginText(vec![part]))]);
        let mut login = login_in_test("/login?next=/", form(LoginPart::Password), ("alice", "pass"));
        let posted = |login: &LoginProcedure, method| login.path_for(method);
        assert_eq!(posted(&login, "GET").as_deref(), Some("/login"));
        let CredentialSource::Requests(steps) = &mut login.source else { panic!("requests") };
        steps.insert(
            0,
            LoginStep { method: "GET", address: LoginText::plain("/login"), body: None, ..steps[0].clone() },
        );
        assert_eq!((posted(&login, "GET"), posted(&login, "PUT").as_deref()), (None, Some("/login")));
        let logout = LoginStep {
            method: "DELETE",
            address: LoginText(vec![LoginPart::Input("at".to_owned())]),
            ..step_of(&login)
        };
        login.logout = vec![logout];
        assert_eq!(posted(&login, "DELETE"), None, "the logout may be there");
        let elsewhere = login_in_test("https://id.example/login", form(LoginPart::Password), ("alice", "pass"));
        assert_eq!(posted(&elsewhere, "GET"), None);
    }

    fn step_of(login: &LoginProcedure) -> LoginStep {
        let CredentialSource::Requests(steps) = &login.source else { panic!("requests") };
        steps[0].clone()
    }

    #[test]
    fn the_request_that_was_changed_is_found() {
        let form = |part| LoginBody::Form(vec![("field".to_owned(), LoginText(vec![part]))]);
        let mut login = login_in_test("/name", form(LoginPart::Username), ("alice", "pass"));
        let CredentialSource::Requests(steps) = &mut login.source else { panic!("requests") };
        let page = LoginStep { body: None, ..steps[0].clone() };
        let password = LoginStep { body: Some(form(LoginPart::Password)), ..steps[0].clone() };
        steps.insert(0, page);
        steps.push(password);
        for (act, place) in [
            (SessionAct::Malformed(MalformedLogin::Missing(LoginMember::User)), 1),
            (SessionAct::Malformed(MalformedLogin::Missing(LoginMember::Password)), 2),
            (SessionAct::FromForeignPage, 2),
            (SessionAct::DefaultAccount(0), 2),
            (SessionAct::NamingHost(ForeignHost::Host), 0),
        ] {
            let changed = login.changed_by(act).expect("is made");
            assert_eq!(login.place_of_change(&changed), place, "{act:?}");
        }
    }

    #[test]
    fn what_a_command_is_told_of_the_target_is_no_secret() {
        let mut login = login_in_test("/login", LoginBody::Form(Vec::new()), ("alice", "pass"));
        let env = [("URL", "http://127.0.0.1:8201"), ("HOOK", "http://127.0.0.1:8201/s3cret"), ("KEY", "k-71")];
        let env = env.map(|(name, value)| (name.to_owned(), Secret::new(value))).to_vec();
        login.source = CredentialSource::Command { argv: vec!["log-in".to_owned()], env };
        let secrets: Vec<&str> = login.secrets().into_iter().map(Secret::expose).collect();
        assert_eq!(secrets, ["pass", "http://127.0.0.1:8201/s3cret", "k-71"]);
    }
}
