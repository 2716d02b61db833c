//! Many identities for the valid lane of a load phase.

use std::path::Path;

use super::Session;
use super::phase_error::PoolError;
use crate::file::POOL_LIMIT;
use crate::plan::subject::{Identity, Login, Subject};
use crate::scenario::model::Pool;
use crate::scenario::{LoadedScenario, ScenarioError};
use crate::scheme::Proof;
use crate::scheme::signing::SigningCredential;
use crate::secret::Secret;

/// Credentials of one pool.
pub(super) const MOST: usize = 100_000;

/// The identities of a phase: one, or those of its pool.
///
/// # Errors
/// When the file is not there, has a line that is no credential of the scheme, or holds none.
pub(super) fn identities(
    session: &Session<'_>,
    pool: Option<&Pool>,
    (identity, resource): (usize, usize),
) -> Result<Vec<Identity>, PoolError> {
    let subject = &session.subject;
    let model = &subject.identities[identity];
    let members = match pool {
        None => vec![model.clone()],
        Some(Pool::Declared) => declared(subject, resource).cloned().collect(),
        Some(Pool::Tokens(count)) if model.client().is_some() => vec![model.clone(); (*count).clamp(1, MOST)],
        Some(Pool::Tokens(_)) => return Err(PoolError::NoClient),
        Some(Pool::File(path)) => {
            let text = read(session.loaded, path)?;
            let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
            let members = lines.map(|(at, line)| {
                let login = login(line.trim(), &model.login).ok_or(PoolError::Line(at + 1))?;
                Ok(Identity { name: format!("line {} of the pool", at + 1), login, ..model.clone() })
            });
            members.collect::<Result<Vec<_>, PoolError>>()?
        }
    };
    match members.len() {
        0 => Err(PoolError::Empty),
        count if count > MOST => Err(PoolError::TooMany),
        _ => Ok(members),
    }
}

/// The declared credentials that open a resource.
pub(super) fn declared(subject: &Subject, resource: usize) -> impl Iterator<Item = &Identity> {
    subject.identities.iter().filter(move |one| !one.asks_for_less && subject.resources[resource].open_to(one))
}

/// Files of pools that are not there, reported before anything is sent.
pub(super) fn mistakes(loaded: &LoadedScenario) -> Vec<ScenarioError> {
    let mut mistakes = Vec::new();
    for phase in &loaded.scenario.load {
        let Some(Pool::File(path)) = &phase.pool else { continue };
        if let Err(why) = read(loaded, path) {
            let help = "name a file with one credential a line, relative to the scenario";
            mistakes.push(loaded.error(phase.place, why.to_string()).with_help(help));
        }
    }
    mistakes
}

fn read(loaded: &LoadedScenario, path: &Path) -> Result<String, PoolError> {
    let folder = loaded.folder();
    folder.text(path, POOL_LIMIT).map_err(|source| PoolError::Unreadable { path: folder.join(path), source })
}

/// A login of the same kind as another.
fn login(line: &str, like: &Login) -> Option<Login> {
    let pair = || line.split_once(':').filter(|(name, _)| !name.is_empty());
    Some(match like {
        Login::Proof(Proof::Key(_)) => Login::Proof(Proof::Key(Secret::new(line))),
        Login::Proof(Proof::Token(_)) => Login::Proof(Proof::Token(Secret::new(line))),
        Login::Proof(Proof::Password { .. }) => {
            let (user, password) = pair()?;
            Login::Proof(Proof::Password { user: user.to_owned(), password: Secret::new(password) })
        }
        Login::Proof(Proof::Signing(own)) => {
            let (key_id, secret) = pair()?;
            let own =
                SigningCredential { key_id: key_id.to_owned(), secret: Secret::new(secret), ..own.as_ref().clone() };
            Login::Proof(Proof::Signing(own.into()))
        }
        Login::Client { .. } => {
            let (id, secret) = pair()?;
            Login::Client { id: id.to_owned(), secret: Some(Secret::new(secret)), key: None, method: None }
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_the_scheme_has_it() {
        let key = Login::Proof(Proof::Key(Secret::new("k")));
        assert!(
            matches!(login("abc:def", &key), Some(Login::Proof(Proof::Key(secret))) if secret.expose() == "abc:def")
        );
        let client = Login::Client { id: "c".to_owned(), secret: Some(Secret::new("s")), key: None, method: None };
        assert!(
            matches!(login("id:a:b", &client), Some(Login::Client { id, secret: Some(secret), .. }) if id == "id" && secret.expose() == "a:b")
        );
        assert!(login("no-colon", &client).is_none());
        assert!(login("x", &Login::Nothing).is_none());
    }
}
