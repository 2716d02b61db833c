//! Refreshes that another client sends than the one to which their refresh token was issued, or one that does not prove who it is.

use std::sync::Arc;

use super::client_proof::with_secret;
use super::login::{CredentialSource, LoginBody, LoginProcedure, LoginStep, LoginText};
use super::malformed_grant::malformed;
use super::subject::{CredentialState, Identity, Login, Subject};
use crate::check::step::{ExtraScope, RefreshChange};

/// The grant that a refresh token is used by (RFC 6749 §6).
const GRANT: &str = "refresh_token";
/// A refresh token that nobody was given.
const UNKNOWN: &str = "authbench-9c41f07be2a85d36";
/// A secret that no client has.
pub(super) const WRONG: &str = "Wr0ng-authbench-client-secret";

impl Subject {
    /// The login of an identity with a refresh whose client is changed; none where it has no such refresh at a token endpoint, or
    /// no other client. What changes the refresh token alone leaves the login as it is.
    pub fn changed_refresh(&self, identity: usize, change: RefreshChange) -> Option<Arc<LoginProcedure>> {
        let procedure = self.procedure_of(identity)?;
        let own = procedure.refresh.as_ref()?;
        let changed = match change {
            RefreshChange::OtherEnd | RefreshChange::Unknown | RefreshChange::AccessToken => {
                return Some(procedure.clone());
            }
            _ if own.grant() != Some(GRANT) => return None,
            RefreshChange::NoClientAuthentication => without_authentication(own)?,
            RefreshChange::WrongClientSecret => with_wrong_secret(own)?,
            RefreshChange::NoToken => without_token(own)?,
            RefreshChange::TypeTwice => with_another(own, "grant_type", GRANT)?,
            RefreshChange::TwoTokens => with_another(own, GRANT, UNKNOWN)?,
            RefreshChange::Malformed(kind) => malformed(own, kind)?,
            // which scope that is, the answer to the login says
            RefreshChange::MoreScope(ExtraScope::OfAnother) if self.lacked_scope(identity).is_none() => return None,
            RefreshChange::MoreScope(_) | RefreshChange::LessScope => return Some(procedure.clone()),
            RefreshChange::OtherClient => {
                let of_others =
                    || self.identities.iter().filter_map(refresh_of).filter(|other| is_of_other_client(other, own));
                // one that proves who it is before one that anybody could name
                let proven = of_others().find(|other| without_authentication(other).is_some());
                proven.or_else(|| of_others().next())?.clone()
            }
        };
        Some(Arc::new(LoginProcedure { refresh: Some(changed), ..LoginProcedure::clone(procedure) }))
    }
}

impl Subject {
    /// A value of the scope of another identity that this one has not.
    pub fn lacked_scope(&self, identity: usize) -> Option<&str> {
        let own = &self.identities[identity].scopes;
        let lacked = || self.identities.iter().flat_map(|other| &other.scopes).filter(|scope| !own.contains(*scope));
        // one that opens something before one that means something to the protocol
        let opens = |scope: &&String| self.resources.iter().any(|resource| resource.scopes.contains(*scope));
        lacked().find(opens).or_else(|| lacked().next()).map(String::as_str)
    }
}

impl Subject {
    /// An identity whose login has a refresh at a token endpoint and that lacks a scope which another one has; one that lacks a scope of
    /// another login of its client, where there is one, and the given one before others.
    pub fn lacks_a_scope(&self, first: usize) -> Option<usize> {
        let refresh = |at: usize| self.procedure_of(at)?.refresh.as_ref().filter(|own| own.grant() == Some(GRANT));
        let all = std::iter::once(first).chain((0..self.identities.len()).filter(|at| *at != first));
        let lacking: Vec<usize> = all
            .filter(|at| self.identities[*at].state == CredentialState::Valid)
            .filter(|at| refresh(*at).is_some() && self.lacked_scope(*at).is_some())
            .collect();
        let client = |at: usize| refresh(at).and_then(client_of);
        let of_same_client = |at: &&usize| {
            let own = &self.identities[**at].scopes;
            let mut others = (0..self.identities.len()).filter(|other| client(*other) == client(**at));
            others.any(|other| self.identities[other].scopes.iter().any(|scope| !own.contains(scope)))
        };
        lacking.iter().find(of_same_client).or(lacking.first()).copied()
    }
}

impl LoginProcedure {
    /// The same login whose refresh asks for a scope; none where it has no refresh at a token endpoint.
    #[must_use]
    pub fn refreshing_for(&self, scope: &str) -> Option<Arc<Self>> {
        let mut step = self.refresh.clone().filter(|own| own.grant() == Some(GRANT))?;
        let Some(LoginBody::Form(fields)) = &mut step.body else { return None };
        fields.retain(|(name, _)| name != "scope");
        fields.push(("scope".to_owned(), LoginText::plain(scope)));
        Some(Arc::new(Self { refresh: Some(step), ..self.clone() }))
    }

    /// The scope that the login asks for, where it is written out.
    pub fn requested_scope(&self) -> Option<String> {
        let CredentialSource::Requests(steps) = &self.source else { return None };
        steps.iter().find_map(|step| step.parameter("scope"))
    }
}

fn refresh_of(identity: &Identity) -> Option<&LoginStep> {
    let Login::Procedure(procedure) = &identity.login else { return None };
    procedure.refresh.as_ref()
}

/// Whether a refresh asks the same token endpoint for another client, confidential or public.
fn is_of_other_client(other: &LoginStep, own: &LoginStep) -> bool {
    let address = |step: &LoginStep| step.address.whole().map(str::to_owned);
    let (Some(client), Some(own_client)) = (client_of(other), client_of(own)) else { return false };
    other.grant() == Some(GRANT) && address(other).is_some() && address(other) == address(own) && client != own_client
}

/// The same request with one more field of a name that it has.
fn with_another(step: &LoginStep, name: &str, value: &str) -> Option<LoginStep> {
    let mut step = step.clone();
    step.field(name)?;
    let Some(LoginBody::Form(fields)) = &mut step.body else { return None };
    fields.push((name.to_owned(), LoginText::plain(value)));
    Some(step)
}

/// The same request without its refresh token.
fn without_token(step: &LoginStep) -> Option<LoginStep> {
    let mut step = step.clone();
    let Some(LoginBody::Form(fields)) = &mut step.body else { return None };
    fields.retain(|(name, _)| name != GRANT);
    Some(step)
}

/// The client that a request names, where that is written out.
pub(super) fn client_of(step: &LoginStep) -> Option<String> {
    name_of_client(step)?.whole().map(str::to_owned)
}

/// What a request names its client by; it may come from an earlier answer, as that of a client which has just registered.
fn name_of_client(step: &LoginStep) -> Option<LoginText> {
    let named = || step.basic.as_ref().map(|(user, _)| user).or_else(|| step.field("client_id")).cloned();
    step.client.as_ref().map(|(client, _)| LoginText::plain(client.id.as_str())).or_else(named)
}

/// Whether the client of a request proves who it is, by a secret or by an assertion (RFC 6749 §2.3, RFC 7521 §4.2).
pub(super) fn authenticates(step: &LoginStep) -> bool {
    let by_field = ["client_secret", "client_assertion"].iter().any(|name| step.field(name).is_some());
    let by_header = step.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    by_field || by_header || step.basic.is_some() || step.client.is_some()
}

/// The same request of a client that only names itself; none where it does not authenticate.
pub(super) fn without_authentication(step: &LoginStep) -> Option<LoginStep> {
    let proves = step.client.as_ref().is_some_and(|(client, _)| client.secret.is_some() || client.key.is_some());
    if !proves && step.basic.is_none() && step.field("client_secret").is_none() {
        return None;
    }
    let client = name_of_client(step)?;
    let mut step = step.clone();
    (step.client, step.basic) = (None, None);
    let Some(LoginBody::Form(fields)) = &mut step.body else { return None };
    fields.retain(|(name, _)| name != "client_secret" && name != "client_id");
    fields.push(("client_id".to_owned(), client));
    Some(step)
}

/// The same request with a secret that is not the client's; none where it sends none.
pub(super) fn with_wrong_secret(step: &LoginStep) -> Option<LoginStep> {
    with_secret(step, &LoginText::plain(WRONG))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::changed_login::tests::login_in_test;
    use crate::plan::client::{ClientAuthMethod, ClientCredential};
    use crate::plan::login::LoginPart;
    use crate::secret::Secret;

    fn refresh(form: &[(&str, &str)]) -> LoginStep {
        let mut fields: Vec<_> =
            form.iter().map(|(name, text)| ((*name).to_owned(), LoginText::plain(*text))).collect();
        let token = LoginText(vec![LoginPart::Pointer("/refresh_token".to_owned())]);
        fields.extend([("grant_type".to_owned(), LoginText::plain(GRANT)), (GRANT.to_owned(), token)]);
        LoginStep {
            method: "POST",
            address: LoginText::plain("/token"),
            headers: Vec::new(),
            basic: None,
            client: None,
            assertion_audience: None,
            media: None,
            body: Some(LoginBody::Form(fields)),
            success: None,
        }
    }

    /// A confidential client however the scenario writes it.
    fn confidential(id: &str) -> [LoginStep; 3] {
        let client = ClientCredential::with_secret(id, Secret::new("s3cret"));
        let pair = (LoginText::plain(id), LoginText::plain("s3cret"));
        [
            LoginStep { client: Some((client, ClientAuthMethod::Basic)), ..refresh(&[]) },
            LoginStep { basic: Some(pair), ..refresh(&[]) },
            refresh(&[("client_id", id), ("client_secret", "s3cret")]),
        ]
    }

    #[test]
    fn a_client_can_be_left_unproved_however_it_is_written() {
        for own in confidential("app") {
            let bare = without_authentication(&own).expect("it authenticates");
            assert!(bare.client.is_none() && bare.basic.is_none() && bare.field("client_secret").is_none());
            assert_eq!(bare.field("client_id").and_then(LoginText::whole), Some("app"));
            assert!(bare.field(GRANT).is_some(), "the refresh token stays");
            let wrong = with_wrong_secret(&own).expect("it has a secret");
            assert_eq!(client_of(&wrong).as_deref(), Some("app"));
            let shown = format!("{:?}{:?}", wrong.basic, wrong.body);
            assert!(!shown.contains("s3cret") && wrong.client.is_none_or(|(client, _)| client.secret() == WRONG));
            assert!(confidential("other").iter().all(|other| is_of_other_client(other, &own)));
            assert!(confidential("app").iter().all(|same| !is_of_other_client(same, &own)));
        }
    }

    #[test]
    fn a_client_that_an_earlier_answer_names_can_be_left_unproved() {
        let named = |part: &str| LoginText(vec![LoginPart::Pointer(part.to_owned())]);
        let registered = refresh(&[]);
        let registered = LoginStep { basic: Some((named("/client_id"), named("/client_secret"))), ..registered };
        let bare = without_authentication(&registered).expect("it authenticates");
        assert!(bare.basic.is_none() && matches!(bare.field("client_id"), Some(id) if id.whole().is_none()));
        assert!(client_of(&registered).is_none(), "which one it is, nobody knows before");
    }

    #[test]
    fn a_refresh_asks_for_a_scope_at_a_token_endpoint_alone() {
        let login = login_in_test("/token", LoginBody::Form(Vec::new()), ("alice", "pass"));
        assert!(login.refreshing_for("read").is_none(), "it has no refresh");
        let login = LoginProcedure { refresh: Some(refresh(&[("scope", "read write")])), ..login };
        let changed = login.refreshing_for("read").expect("it has one");
        let scope = changed.refresh.as_ref().and_then(|step| step.field("scope")?.whole());
        assert_eq!(scope, Some("read"));
    }

    #[test]
    fn a_public_client_has_nothing_to_leave_out() {
        for public in [refresh(&[]), refresh(&[("client_id", "app")])] {
            assert!(without_authentication(&public).is_none() && with_wrong_secret(&public).is_none());
        }
        // RFC 6749 §10.4: a token is bound to the client that it was issued to, also where that has no secret
        let [nobody, app, other] = [refresh(&[]), refresh(&[("client_id", "app")]), refresh(&[("client_id", "other")])];
        assert!(is_of_other_client(&app, &other) && is_of_other_client(&app, &confidential("own")[0]));
        assert!(is_of_other_client(&confidential("own")[0], &app));
        assert!(!is_of_other_client(&app, &app) && !is_of_other_client(&nobody, &app), "it names no other client");
        let elsewhere = LoginStep { address: LoginText::plain("/other"), ..confidential("other")[0].clone() };
        assert!(!is_of_other_client(&elsewhere, &confidential("own")[0]));
    }
}
