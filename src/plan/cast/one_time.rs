//! What is done with the one-time codes of a login.

use super::{Caster, Missing, missing};
use crate::check::step::{CodeChange, SessionAct};

/// Why no code of another user is sent.
const NO_OTHER_SECRET: &str =
    "no second valid credential of another user whose login has `{totp}` and a `totp` of its own";

impl Caster<'_> {
    /// Whether an act that is about the one-time code of a login has what it needs; the others have.
    pub(super) fn sends_a_code(&mut self, act: SessionAct, identity: usize) -> Result<bool, Missing> {
        let procedure = self.subject.procedure_of(identity);
        let change = match act {
            // a code may be in the same request as the password
            SessionAct::BeforeCode => {
                return Ok(procedure.and_then(|login| login.code_step()).is_some_and(|at| at > 0));
            }
            SessionAct::TryCodeAccount | SessionAct::GuessCodes => {
                if procedure.is_none_or(|login| login.code_step().is_none()) {
                    return missing("no `{totp}` in the login");
                }
                if !procedure.is_some_and(|login| login.takes_account()) {
                    return missing(
                        "the requests of the login do not refer to `{username}` and `{password}` of the credential",
                    );
                }
                return match &self.subject.material.expendable_codes {
                    Some(account) if procedure.is_some_and(|login| login.account.0 == account.user) => missing(
                        "`material.expendable_code_account` is the account of the login: name one that may be locked",
                    ),
                    Some(_) => Ok(true),
                    None => missing("no `material.expendable_code_account`, whose one-time codes may be guessed at"),
                };
            }
            SessionAct::ChangedCode(change) => change,
            _ => return Ok(true),
        };
        if procedure.is_none_or(|login| login.code_step().is_none()) {
            return missing("no `{totp}` in the login");
        }
        if change == CodeChange::OfAnother && self.subject.with_another_secret(identity).is_none() {
            return missing(NO_OTHER_SECRET);
        }
        // a form has neither null nor arrays
        Ok(procedure.is_some_and(|login| login.with_code(change).is_some()))
    }
}
