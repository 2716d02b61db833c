//! Logins with one wrong password after another, until the target holds them up.

use super::session::{WRONG, note, unknown_user};
use super::told::{Told, failed};
use super::{Halt, Stage, fell_silent, was_throttled};
use crate::drive::login::Logins;
use crate::drive::probe::values;
use crate::observe::{Evidence, Place};
use crate::plan::Action;
use crate::secret::Secret;

/// What stands for where these logins come from: other checks name other numbers.
const SOURCE: u8 = 5;

impl Stage<'_> {
    /// Guesses at the password of the account that may be locked; where the scenario has none, of a user that nobody knows.
    pub(super) async fn guess_passwords(
        &mut self,
        action: &Action,
        identity: usize,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let (_, procedure) = self.login_of(identity)?;
        let material = &self.prober.subject().material;
        let expendable = material.expendable_username.clone();
        evidence.guessed_at_nobody = expendable.is_none();
        let user = expendable.unwrap_or_else(|| unknown_user(&procedure.account.0, &self.random[20..32]));
        let procedure = match &material.source_header {
            Some(header) => procedure.with_header(header, &self.prober.source(SOURCE)),
            None => procedure,
        };
        for number in 0..self.times(1, true) {
            let password = Secret::new(format!("{WRONG}{}{number}", &self.random[..20]));
            values::note_text(password.expose(), evidence);
            let wrong = procedure.with_account(&user, password);
            let mut session = Logins::recorded(&wrong);
            let ended = session.renewed(&self.prober.equipment.logins).await;
            note(session.exchanges(), &wrong, evidence);
            let exchange = session.exchanges().last().cloned();
            let told: Told = match ended {
                Ok((held, _)) => self.opened(held, exchange, evidence).await,
                Err(error) => failed(&error, &wrong, &session)?,
            };
            told.observe(action, Place::Login, evidence);
            if fell_silent(evidence) || was_throttled(evidence) {
                break;
            }
        }
        Ok(())
    }
}
