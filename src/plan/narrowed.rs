//! A second credential that nobody has to declare: the same client asks for fewer scopes (RFC 6749 §3.3), or a token is minted,
//! or a given one signed anew, with fewer.

use super::subject::{CredentialState, Identity, Login, Subject};
use crate::scheme::Proof;
use crate::scheme::jose::Jws;

/// Adds an identity that lacks a scope of a resource, where no declared one does and it can be made from one.
pub(super) fn complete(mut subject: Subject) -> Subject {
    if subject.scope_gap(None).is_none() {
        let found = subject.identities.iter().find_map(|identity| of(identity, &subject));
        subject.identities.extend(found);
    }
    subject
}

/// The same identity without the scopes that one resource needs and another does not.
fn of(identity: &Identity, subject: &Subject) -> Option<Identity> {
    let may = |at: &usize| subject.resources[*at].open_to(identity);
    if identity.state != CredentialState::Valid {
        return None;
    }
    subject.protected().filter(may).find_map(|closed| {
        let needed = &subject.resources[closed].scopes;
        let mut open = subject.protected().filter(may).filter(|at| *at != closed);
        open.find_map(|open| {
            let taken = needed - &subject.resources[open].scopes;
            let scopes = &identity.scopes - &taken;
            // who asks for no scope at all gets what the server gives to everybody
            let fewer = !taken.is_empty() && !scopes.is_empty();
            let login =
                fewer.then(|| with_scopes(identity, &scopes.iter().cloned().collect::<Vec<_>>(), subject))??;
            let name = format!("{} with fewer scopes", identity.name);
            Some(Identity { name, login, scopes, asks_for_less: true, ..identity.clone() })
        })
    })
}

fn with_scopes(identity: &Identity, scopes: &[String], subject: &Subject) -> Option<Login> {
    match &identity.login {
        login @ Login::Client { .. } => Some(login.clone()),
        Login::Minted { claims } => {
            let mut claims = claims.clone();
            let (_, scope) = claims.iter_mut().find(|(name, value)| name == "scope" && value.is_string())?;
            *scope = scopes.join(" ").into();
            Some(Login::Minted { claims })
        }
        Login::Proof(Proof::Token(token)) if subject.scheme.groups().contains(&"jwt") => {
            let scope = Jws::read(token.expose())?.unsigned()?.claims.text("scope")?;
            // where rights come from elsewhere, another scope in the token takes none of them away
            let held = |wanted: &String| scope.split(' ').any(|value| value == wanted);
            let decides = subject.kit.issuer_key.is_some() && identity.scopes.iter().all(held);
            decides.then(|| Login::Rescoped { token: token.clone(), scope: scopes.join(" ") })
        }
        Login::Proof(_) | Login::Procedure(_) | Login::Rescoped { .. } | Login::Nothing => None,
    }
}
