//! Another password for an account, for as long as a check looks at what that ends.
//!
//! The password that takes the place of the former one begins with [`NEW`] and ends with it, or is one that the catalogue names:
//! whoever has an account whose password could not be put back knows what it is, and no text has to say it.

use std::sync::{Arc, PoisonError};

use thiserror::Error;

use super::{LoginError, LoginSession, Logins};
use crate::check::step::ChosenPassword;
use crate::drive::control::ControlError;
use crate::plan::login::LoginProcedure;
use crate::secret::Secret;

/// What stands before the former password in the one that takes its place.
const NEW: &str = "New1-";
/// The same in one that is to take the place of that.
const ANOTHER: &str = "New2-";

/// An account whose password was changed, or may have been.
#[derive(Clone)]
pub(super) struct ChangedPassword {
    /// The login with the former password.
    procedure: Arc<LoginProcedure>,
    chosen: ChosenPassword,
}

/// A password that was changed and could not be put back.
#[derive(Clone, Debug, Error)]
#[error(
    "the password of {name} was changed by a check and could not be put back: {why}; it is now {}", now(*chosen)
)]
pub struct PasswordNotBack {
    name: String,
    why: ControlError,
    chosen: ChosenPassword,
}

/// What a password is that could not be put back.
fn now(chosen: ChosenPassword) -> String {
    let named = |which: &str| format!("the {which} that `authbench explain login.weak-password-refused` names");
    match chosen {
        ChosenPassword::Good => format!("{NEW} followed by the former password"),
        ChosenPassword::Another => format!("{NEW} or {ANOTHER} followed by the former password"),
        ChosenPassword::Short => named("password of seven characters"),
        ChosenPassword::Common => named("common password"),
    }
}

/// The password that takes the place of another.
pub fn successor(former: &Secret) -> Secret {
    Secret::new(format!("{NEW}{}", former.expose()))
}

/// The password that is chosen in place of another.
pub fn chosen_password(former: &Secret, chosen: ChosenPassword) -> Secret {
    match chosen {
        ChosenPassword::Good => successor(former),
        ChosenPassword::Another => Secret::new(format!("{ANOTHER}{}", former.expose())),
        ChosenPassword::Short | ChosenPassword::Common => Secret::new(chosen.weak().unwrap_or_default()),
    }
}

/// The password that another one takes the place of.
fn former_of(procedure: &LoginProcedure) -> Result<&Secret, ControlError> {
    procedure.account.1.as_ref().ok_or_else(|| ControlError::Unusable("the credential has no `password`".to_owned()))
}

/// Whether a request that should change something did not: it was refused in so many words, or not sent. A server that breaks may have
/// done it before.
fn was_not_done(error: &ControlError) -> bool {
    matches!(error, ControlError::Login(LoginError::Refused { status: 400..500, .. } | LoginError::MissingValue { .. }))
}

/// Whether the answer to a request is no error, and not what the scenario calls a success either: it may have been done.
pub fn may_have_been_done(error: &ControlError) -> bool {
    matches!(error, ControlError::Login(LoginError::Refused { status: ..400, .. }))
}

impl Logins {
    /// Gives the user of a session another password, and remembers to put the former one back.
    ///
    /// # Errors
    /// When the change is not answered as a success.
    pub async fn change_password(&self, name: &str, session: &mut LoginSession) -> Result<(), ControlError> {
        let procedure = Arc::new(session.procedure().clone());
        self.change_password_of(name, &procedure, session, ChosenPassword::Good).await
    }

    /// The same to a password that is chosen, by a session that may send another former one than that of the account.
    ///
    /// # Errors
    /// When the change is not answered as a success.
    pub async fn change_password_of(
        &self,
        name: &str,
        procedure: &Arc<LoginProcedure>,
        session: &mut LoginSession,
        chosen: ChosenPassword,
    ) -> Result<(), ControlError> {
        let new = chosen_password(former_of(procedure)?, chosen);
        let change = ChangedPassword { procedure: procedure.clone(), chosen };
        // before it is sent: whatever ends this run meanwhile, the target may have done it
        self.changes().insert(name.to_owned(), change);
        let ended = session.change_password(self, new).await;
        if ended.as_ref().is_err_and(was_not_done) {
            self.changes().remove(name);
        } else {
            self.doubt_sessions_of(&procedure.account.0).await;
        }
        ended
    }

    /// Sets the password of an account by a session that has the mail of a reset, and remembers to put the former one back.
    ///
    /// # Errors
    /// When the completion is not answered as a success.
    pub async fn complete_reset(
        &self,
        name: &str,
        procedure: &Arc<LoginProcedure>,
        session: &mut LoginSession,
        chosen: ChosenPassword,
    ) -> Result<(), ControlError> {
        let new = chosen_password(former_of(procedure)?, chosen);
        let before = self.changes().insert(name.to_owned(), ChangedPassword { procedure: procedure.clone(), chosen });
        let ended = session.complete_reset(self, new).await;
        match (&ended, before) {
            (Err(error), Some(before)) if was_not_done(error) => drop(self.changes().insert(name.to_owned(), before)),
            (Err(error), None) if was_not_done(error) => drop(self.changes().remove(name)),
            _ => self.doubt_sessions_of(&procedure.account.0).await,
        }
        ended
    }

    /// Notes that a reset after the first one of an identity has set no password.
    pub fn password_is_of_first_reset(&self, name: &str) {
        if let Some(change) = self.changes().get_mut(name) {
            change.chosen = ChosenPassword::Good;
        }
    }

    /// Sets the former password of an account by another reset.
    async fn reset_to_former(&self, procedure: &Arc<LoginProcedure>) -> Result<(), ControlError> {
        let former = procedure.account.1.clone().unwrap_or_else(|| Secret::new(""));
        let mut session = LoginSession::new(procedure.clone()).patiently().putting_back();
        session.ask_for_mail(self).await?;
        match session.complete_reset(self, former).await {
            Err(error) if !may_have_been_done(&error) => return Err(error),
            _ => {}
        }
        let mut with_former = LoginSession::new(procedure.clone()).patiently().putting_back();
        with_former.renewed_patiently(self).await?;
        self.give_back(with_former);
        Ok(())
    }

    /// Registers an account once more, by a session whose user is that of the account, however it is spelled, with the password
    /// that would take the place of its own. Who looks at what came of it puts the former one back.
    ///
    /// # Errors
    /// When the registration is not answered as a success.
    pub async fn register_again(
        &self,
        name: &str,
        procedure: &Arc<LoginProcedure>,
        session: &mut LoginSession,
    ) -> Result<(), ControlError> {
        let former = former_of(procedure)?;
        let change = ChangedPassword { procedure: procedure.clone(), chosen: ChosenPassword::Good };
        self.changes().insert(name.to_owned(), change);
        session.register(self, successor(former)).await
    }

    /// Notes that the former password of an identity is still good.
    pub fn password_stays(&self, name: &str) {
        self.changes().remove(name);
    }

    /// Puts the former password of an identity back, where a check has changed it.
    ///
    /// # Errors
    /// When neither the new password nor the former one is accepted, or the change back is refused.
    pub async fn put_password_back(&self, name: &str) -> Result<(), PasswordNotBack> {
        let Some(ChangedPassword { procedure, chosen }) = self.changes().get(name).cloned() else { return Ok(()) };
        let back = async {
            let user = procedure.account.0.clone();
            let former = procedure.account.1.clone().unwrap_or_else(|| Secret::new(""));
            let new = chosen_password(&former, chosen);
            let mut session = LoginSession::new(procedure.with_account(&user, new)).putting_back();
            match session.renewed_patiently(self).await {
                Ok(_) if procedure.password_change.is_empty() => {
                    self.give_back(session);
                    Err(ControlError::Unusable("the login has no `password_change`".to_owned()))
                }
                Ok(_) => {
                    let ended = session.change_password(self, former).await;
                    session.may_have_ended();
                    self.give_back(session);
                    // a page that says that the former one was used before may have any status; what is weak must not stay
                    let is_in_doubt = match ended {
                        Ok(()) => chosen.weak().is_some(),
                        Err(error) if may_have_been_done(&error) => true,
                        Err(error) => return Err(error),
                    };
                    if is_in_doubt {
                        let mut with_former = LoginSession::new(procedure.clone()).putting_back();
                        with_former.renewed_patiently(self).await?;
                        self.give_back(with_former);
                    }
                    Ok(())
                }
                // the change may not have reached the target: then the former password is still good
                Err(refused) => {
                    let mut before = LoginSession::new(procedure.clone()).putting_back();
                    before.renewed_patiently(self).await.map_err(|_| refused)?;
                    self.give_back(before);
                    Ok(())
                }
            }
        };
        let ended = match procedure.completes_reset() {
            true if procedure.password_change.is_empty() => self.reset_to_former(&procedure).await,
            true => match back.await {
                Err(why) => self.reset_to_former(&procedure).await.map_err(|_| why),
                Ok(()) => Ok(()),
            },
            false => back.await,
        };
        ended.map_err(|why| PasswordNotBack { name: name.to_owned(), why, chosen })?;
        self.changes().remove(name);
        Ok(())
    }

    /// The same where the new password was refused: most likely the former one is still good.
    ///
    /// # Errors
    /// When neither the former password nor the new one is accepted, or the change back is refused.
    pub async fn put_password_back_if_gone(&self, name: &str) -> Result<(), PasswordNotBack> {
        let Some(ChangedPassword { procedure, .. }) = self.changes().get(name).cloned() else { return Ok(()) };
        let mut before = LoginSession::new(procedure).putting_back();
        if before.renewed_patiently(self).await.is_err() {
            return self.put_password_back(name).await;
        }
        self.give_back(before);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_is_not_put_back_is_named_and_not_shown() {
        let former = Secret::new("correct-Horse-7");
        for (chosen, new, now) in [
            (ChosenPassword::Good, "New1-correct-Horse-7", "it is now New1- followed by the former password"),
            (
                ChosenPassword::Another,
                "New2-correct-Horse-7",
                "it is now New1- or New2- followed by the former password",
            ),
            (ChosenPassword::Short, "Kx7!mQz", "it is now the password of seven characters that `authbench explain"),
            (ChosenPassword::Common, "Password1!", "it is now the common password that `authbench explain"),
        ] {
            assert_eq!(chosen_password(&former, chosen).expose(), new);
            let why = ControlError::Closed;
            let text = PasswordNotBack { name: "alice".to_owned(), why, chosen }.to_string();
            assert!(text.contains(now) && !text.contains(new), "{text}");
        }
        assert_eq!(ChosenPassword::Short.weak().map(str::len), Some(7));
    }
}
