//! Another password for an account, for as long as a check looks at what that ends.
//!
//! The password that takes the place of the former one begins with [`NEW`] and ends with it: whoever has an account whose
//! password could not be put back knows what it is, and no text has to say it.

use std::sync::{Arc, PoisonError};

use thiserror::Error;

use super::{LoginError, LoginSession, Logins};
use crate::drive::control::ControlError;
use crate::plan::login::LoginProcedure;
use crate::secret::Secret;

/// What stands before the former password in the one that takes its place.
const NEW: &str = "New1-";

/// An account whose password was changed, or may have been.
#[derive(Clone)]
pub(super) struct ChangedPassword {
    /// The login with the former password.
    procedure: Arc<LoginProcedure>,
    new: Secret,
}

/// A password that was changed and could not be put back.
#[derive(Clone, Debug, Error)]
#[error(
    "the password of {name} was changed by a check and could not be put back: {why}; it is now {NEW} followed by the former password"
)]
pub struct PasswordNotBack {
    name: String,
    why: ControlError,
}

/// The password that takes the place of another.
pub fn successor(former: &Secret) -> Secret {
    Secret::new(format!("{NEW}{}", former.expose()))
}

impl Logins {
    /// Gives the user of a session another password, and remembers to put the former one back.
    ///
    /// # Errors
    /// When the change is not answered as a success.
    pub async fn change_password(&self, name: &str, session: &mut LoginSession) -> Result<(), ControlError> {
        let procedure = Arc::new(session.procedure().clone());
        self.change_password_of(name, &procedure, session).await
    }

    /// The same by a session that may send another former password than the one of the account.
    ///
    /// # Errors
    /// When the change is not answered as a success.
    pub async fn change_password_of(
        &self,
        name: &str,
        procedure: &Arc<LoginProcedure>,
        session: &mut LoginSession,
    ) -> Result<(), ControlError> {
        let Some(former) = &procedure.account.1 else {
            return Err(ControlError::Unusable("the credential has no `password`".to_owned()));
        };
        let new = successor(former);
        let change = ChangedPassword { procedure: procedure.clone(), new: new.clone() };
        // before it is sent: whatever ends this run meanwhile, the target may have done it
        self.changes().insert(name.to_owned(), change);
        let ended = session.change_password(self, new).await;
        if matches!(ended, Err(ControlError::Login(LoginError::Refused { .. } | LoginError::MissingValue { .. }))) {
            self.changes().remove(name);
        } else {
            self.doubt_sessions_of(&procedure.account.0).await;
        }
        ended
    }

    /// Puts the former password of an identity back, where a check has changed it.
    ///
    /// # Errors
    /// When neither the new password nor the former one is accepted, or the change back is refused.
    pub async fn put_password_back(&self, name: &str) -> Result<(), PasswordNotBack> {
        let Some(ChangedPassword { procedure, new }) = self.changes().get(name).cloned() else { return Ok(()) };
        let back = async {
            let user = procedure.account.0.clone();
            let former = procedure.account.1.clone().unwrap_or_else(|| Secret::new(""));
            let mut session = LoginSession::new(procedure.with_account(&user, new));
            match session.renewed(self).await {
                Ok(_) => {
                    session.change_password(self, former).await?;
                    session.may_have_ended();
                    self.give_back(session);
                    Ok(())
                }
                // the change may not have reached the target: then the former password is still good
                Err(refused) => {
                    let mut before = LoginSession::new(procedure.clone());
                    before.renewed(self).await.map_err(|_| refused)?;
                    self.give_back(before);
                    Ok(())
                }
            }
        };
        back.await.map_err(|why| PasswordNotBack { name: name.to_owned(), why })?;
        self.changes().remove(name);
        Ok(())
    }

    /// Puts all passwords back that checks have changed. Which could not be.
    pub async fn put_passwords_back(&self) -> Vec<PasswordNotBack> {
        let names: Vec<String> = self.changes().keys().cloned().collect();
        let mut failed = Vec::new();
        for name in names {
            // whoever has changed it may still be at it
            let _alone = self.alone(&name).await;
            failed.extend(self.put_password_back(&name).await.err());
        }
        failed
    }

    fn changes(&self) -> std::sync::MutexGuard<'_, std::collections::HashMap<String, ChangedPassword>> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the sessions of a user that are kept: a password change may have ended them.
    async fn doubt_sessions_of(&self, user: &str) {
        let accounts: Vec<_> = {
            let accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
            accounts.values().cloned().collect()
        };
        for account in accounts {
            let mut account = account.lock().await;
            let is_of_user = |session: &mut LoginSession| session.procedure().account.0 == user;
            if let Some(mut session) = account.session.take_if(is_of_user) {
                account.until = None;
                session.may_have_ended();
                self.give_back(session);
            }
        }
        let mut given_back = self.given_back.lock().unwrap_or_else(PoisonError::into_inner);
        let of_user = given_back.iter_mut().filter(|session| session.procedure().account.0 == user);
        of_user.for_each(LoginSession::may_have_ended);
    }
}
