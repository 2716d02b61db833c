//! Guesses at the token of a password reset, of an account that may be locked.

use std::sync::Arc;

use super::enumeration::EXPENDABLE;
use super::guessing::is_delayed;
use super::noting::note;
use super::password::shown_by;
use super::reset::{NO_NEW_MAIL, NO_OTHER_MAIL, NOT_SET};
use super::told::{Told, granted, led_elsewhere};
use super::{Halt, Stage, fell_silent, was_throttled};
use crate::check::step::ChosenPassword;
use crate::drive::login::{LoginSession, chosen_password, may_have_been_done, token_bits_at_most};
use crate::drive::probe::values;
use crate::observe::{Evidence, Outcome, Place};
use crate::plan::Action;
use crate::plan::login::LoginProcedure;
use crate::secret::Secret;

/// Bits of a token that nobody guesses, however often it is tried (NIST SP 800-63B §3.2.2).
const BEYOND_GUESSING: f64 = 64.0;
/// What is missing before there are guesses.
const NOT_COMPLETED: &str = "no password reset of `material.expendable_username` was completed";

/// A reset at whose token is guessed.
pub(super) struct GuessedReset {
    procedure: Arc<LoginProcedure>,
    /// As it was before its completion, with the mail; none before the second reset.
    asked: Option<LoginSession>,
}

impl Stage<'_> {
    /// Completes a reset of the account that may be locked; halts where its token is beyond guessing.
    pub(super) async fn complete_expendable_reset(
        &mut self,
        identity: usize,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let procedure = self.expendable(identity)?.ok_or_else(|| Halt::Untestable(NOT_COMPLETED.to_owned()))?;
        let logins = &self.prober.equipment.logins;
        let alone = logins.alone(EXPENDABLE).await;
        let mut session = self.with_new_mail(&procedure, NO_NEW_MAIL, evidence).await?;
        let bits = session.reset_token().map(token_bits_at_most).unwrap_or_default();
        if bits >= BEYOND_GUESSING {
            let length = session.reset_token().map_or(0, |token| token.expose().chars().count());
            return Err(Halt::Inapplicable(format!(
                "the token of the mail has {length} characters, up to {bits:.0} bits: nobody finds it by guesses"
            )));
        }
        let ended = logins.complete_reset(EXPENDABLE, &procedure, &mut session, ChosenPassword::Good).await;
        note(session.exchanges(), &procedure, evidence);
        self.changed.push((EXPENDABLE.to_owned(), alone));
        ended.map_err(|error| Halt::Obstacle(error.to_string()))?;
        let told = self.log_in_after(&procedure, ChosenPassword::Good, evidence).await?;
        if told.outcome == Outcome::Refused {
            return Err(Halt::Obstacle(NOT_SET.to_owned()));
        }
        let completion = session.exchanges().last().cloned();
        evidence.facts.push(("token of the mail:", format!("up to {bits:.0} bits")));
        self.guessed_reset = Some(GuessedReset { procedure, asked: None });
        Ok(shown_by(completion, &told))
    }

    /// Asks for another reset, and completes it with wrong tokens.
    pub(super) async fn guess_reset_tokens(&mut self, action: &Action, evidence: &mut Evidence) -> Result<(), Halt> {
        let not_completed = || Halt::Obstacle(NOT_COMPLETED.to_owned());
        let procedure = self.guessed_reset.as_ref().ok_or_else(not_completed)?.procedure.clone();
        let asked = self.with_new_mail(&procedure, NO_OTHER_MAIL, evidence).await?;
        self.guessed_reset = Some(GuessedReset { procedure: procedure.clone(), asked: Some(asked.clone()) });
        let mut sets_nothing = false;
        for _ in 0..self.times(1, true) {
            let wrong = asked.with_wrong_token(&mut self.rng);
            let mut session = wrong.ok_or_else(|| {
                Halt::Untestable("no wrong token of the same form can take the place of the one in the mail".to_owned())
            })?;
            let logins = &self.prober.equipment.logins;
            let ended = logins.complete_reset(EXPENDABLE, &procedure, &mut session, ChosenPassword::Another).await;
            note(session.exchanges(), &procedure, evidence);
            let completion = session.exchanges().last().cloned();
            let told = match &ended {
                Err(error) if !may_have_been_done(error) => led_elsewhere(error, completion)?,
                // a page that shows an error may have any status, and the next one is the same
                _ if sets_nothing => Told { outcome: Outcome::Refused, ..granted(completion) },
                _ => {
                    let told = self.log_in_after(&procedure, ChosenPassword::Another, evidence).await?;
                    sets_nothing = told.outcome == Outcome::Refused;
                    shown_by(completion, &told)
                }
            };
            let is_over = told.outcome == Outcome::Granted;
            told.observe(action, Place::Login, evidence);
            if is_over || fell_silent(evidence) || was_throttled(evidence) || is_delayed(self, evidence) {
                break;
            }
        }
        if sets_nothing {
            self.prober.equipment.logins.password_is_of_first_reset(EXPENDABLE);
        }
        Ok(())
    }

    /// Completes that reset with its own token, where nothing held the guesses up.
    pub(super) async fn complete_after_guesses(&mut self, evidence: &mut Evidence) -> Result<Option<Told>, Halt> {
        let was_let_in = evidence.observations.last().is_some_and(|seen| seen.outcome == Outcome::Granted);
        if was_let_in || fell_silent(evidence) || was_throttled(evidence) || is_delayed(self, evidence) {
            return Ok(None);
        }
        let guessed = self.guessed_reset.take().and_then(|reset| Some((reset.procedure, reset.asked?)));
        let (procedure, mut session) = guessed.ok_or_else(|| Halt::Obstacle(NOT_COMPLETED.to_owned()))?;
        let logins = &self.prober.equipment.logins;
        let ended = logins.complete_reset(EXPENDABLE, &procedure, &mut session, ChosenPassword::Another).await;
        note(session.exchanges(), &procedure, evidence);
        let completion = session.exchanges().last().cloned();
        if let Err(error) = &ended
            && !may_have_been_done(error)
        {
            return led_elsewhere(error, completion).map(Some);
        }
        let told = self.log_in_after(&procedure, ChosenPassword::Another, evidence).await?;
        if told.outcome == Outcome::Refused {
            logins.password_is_of_first_reset(EXPENDABLE);
        }
        Ok(Some(shown_by(completion, &told)))
    }

    /// The login of that account with a password that a reset was to set.
    async fn log_in_after(
        &self,
        procedure: &Arc<LoginProcedure>,
        chosen: ChosenPassword,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let former = procedure.account.1.as_ref();
        let new = former.map_or_else(|| Secret::new(""), |former| chosen_password(former, chosen));
        values::note_text(new.expose(), evidence);
        self.log_in_with(&procedure.with_account(&procedure.account.0, new), evidence).await
    }
}
