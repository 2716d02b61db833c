//! Password resets that are completed: what their mails have, and what comes of their tokens.

use std::sync::Arc;

use super::noting::note;
use super::password::shown_by;
use super::told::{Told, granted, led_elsewhere, refused};
use super::{Halt, Stage};
use crate::check::step::{ChosenPassword, ForeignHost};
use crate::drive::control::ControlError;
use crate::drive::login::{LoginError, LoginSession, Logins, ReadMail, chosen_password, may_have_been_done, successor};
use crate::drive::probe::values;
use crate::observe::{Evidence, Outcome, ResetMail};
use crate::plan::login::LoginProcedure;
use crate::secret::Secret;

/// Why a reset cannot end another session.
const ONE_SESSION: &str = "a new login ends the one before it: there is no session that a reset could leave";
/// Why a completed reset shows nothing.
pub(super) const NOT_SET: &str = "the completion of the password reset is answered as a success, but the new password does not log in after it: \
                       look at `reset_completion`, and name the `success` of its requests";
/// Why the token of another mail shows nothing.
pub(super) const NO_OTHER_MAIL: &str =
    "a second password reset brought no other mail: a token that was used is refused whoever it is for";
/// Why the token of an old mail shows nothing.
pub(super) const NO_NEW_MAIL: &str = "the password reset brought no other mail than the one that was there before";
/// What is missing before a token can be used again.
const NOT_COMPLETED: &str = "no password reset was completed";

/// A reset that was completed.
pub(super) struct CompletedReset {
    name: String,
    procedure: Arc<LoginProcedure>,
    /// As it was before the completion, with the mail.
    asked: LoginSession,
}

impl Stage<'_> {
    /// Asks for a reset, as it is or naming a foreign host, and keeps the hosts of the links of its mail.
    pub(super) async fn read_reset_mail(
        &mut self,
        identity: usize,
        host: Option<ForeignHost>,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let (_, procedure) = self.login_of(identity)?;
        let asking = host.map_or_else(|| procedure.clone(), |host| procedure.resetting_at(host));
        let mut session = Logins::recorded(&asking).patiently();
        let ended = session.ask_for_mail(&self.prober.equipment.logins).await;
        note(session.exchanges(), &asking, evidence);
        let exchange = session.exchanges().last().cloned();
        let observation = evidence.observations.len();
        match ended {
            Ok(mail) => {
                note_mail(&mail, evidence);
                evidence.reset_mails.push(ResetMail { observation, hosts: mail.hosts, is_new: mail.is_new });
                Ok(granted(exchange))
            }
            // who names another host may get no mail
            Err(ControlError::Login(LoginError::Mail(_))) if host.is_some() => {
                evidence.reset_mails.push(ResetMail { observation, hosts: Vec::new(), is_new: false });
                Ok(granted(exchange))
            }
            Err(error) if host.is_some() => led_elsewhere(&error, exchange),
            Err(error) => Err(Halt::Obstacle(error.to_string())),
        }
    }

    /// A session that has asked for a reset and read its mail; halts where that was there before.
    pub(super) async fn with_new_mail(
        &self,
        procedure: &Arc<LoginProcedure>,
        where_old: &str,
        evidence: &mut Evidence,
    ) -> Result<LoginSession, Halt> {
        let mut session = Logins::recorded(procedure).patiently();
        let mail = session.ask_for_mail(&self.prober.equipment.logins).await;
        note(session.exchanges(), procedure, evidence);
        let mail = mail.map_err(|error| Halt::Obstacle(error.to_string()))?;
        note_mail(&mail, evidence);
        if mail.is_new { Ok(session) } else { Err(Halt::Obstacle(where_old.to_owned())) }
    }

    /// Completes a reset of a user with the token of its mail.
    pub(super) async fn complete_reset(&mut self, identity: usize, evidence: &mut Evidence) -> Result<Told, Halt> {
        // the login that shows that the password is set
        if self.prober.is_one_at_a_time() && !self.sessions.is_empty() {
            return Err(Halt::Inapplicable(ONE_SESSION.to_owned()));
        }
        let (name, procedure) = self.login_of(identity)?;
        let former = procedure.account.1.as_ref();
        let former = former.ok_or_else(|| Halt::Untestable("the credential has no `password`".to_owned()))?;
        let new = successor(former);
        values::note_text(new.expose(), evidence);
        Box::pin(self.make_room_to_fail(&name, &procedure)).await?;
        let logins = &self.prober.equipment.logins;
        let alone = logins.alone(&name).await;
        let mut session = self.with_new_mail(&procedure, NO_NEW_MAIL, evidence).await?;
        for kept in self.sessions.values_mut() {
            kept.session.may_have_ended();
        }
        let asked = session.clone();
        let ended = logins.complete_reset(&name, &procedure, &mut session, ChosenPassword::Good).await;
        note(session.exchanges(), &procedure, evidence);
        self.changed.push((name.clone(), alone));
        ended.map_err(|error| Halt::Obstacle(error.to_string()))?;
        let told = self.log_in_with(&procedure.with_account(&procedure.account.0, new), evidence).await?;
        self.note_failing(&name, &told);
        if told.outcome == Outcome::Refused {
            return Err(Halt::Obstacle(NOT_SET.to_owned()));
        }
        let completion = session.exchanges().last().cloned();
        self.completed = Some(CompletedReset { name, procedure, asked });
        Ok(shown_by(completion, &told))
    }

    /// Logs in with the password from before a reset that was completed.
    pub(super) async fn log_in_with_former(&mut self, evidence: &mut Evidence) -> Result<Told, Halt> {
        let (name, procedure) = self.room_after_reset().await?;
        let told = self.log_in_with(&procedure, evidence).await?;
        self.note_failing(&name, &told);
        Ok(told)
    }

    /// Completes a reset once more, with the token that was used.
    pub(super) async fn complete_reset_again(&mut self, evidence: &mut Evidence) -> Result<Told, Halt> {
        let (name, procedure) = self.room_after_reset().await?;
        let asked = self.completed.as_ref().map(|completed| completed.asked.clone());
        let mut session = asked.ok_or_else(|| Halt::Obstacle(NOT_COMPLETED.to_owned()))?;
        let another = another_password(&procedure);
        values::note_text(another.expose(), evidence);
        let logins = &self.prober.equipment.logins;
        let ended = logins.complete_reset(&name, &procedure, &mut session, ChosenPassword::Another).await;
        note(session.exchanges(), &procedure, evidence);
        let completion = session.exchanges().last().cloned();
        if let Err(error) = &ended
            && !may_have_been_done(error)
        {
            return led_elsewhere(error, completion);
        }
        // a page that shows an error may have any status
        let told = self.log_in_with(&procedure.with_account(&procedure.account.0, another), evidence).await?;
        self.note_failing(&name, &told);
        if told.outcome == Outcome::Refused {
            logins.password_is_of_first_reset(&name);
        }
        Ok(shown_by(completion, &told))
    }

    /// Completes a reset in the name of another user than that of its mail.
    pub(super) async fn complete_reset_of_other(
        &mut self,
        identity: usize,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let (_, procedure) = self.login_of(identity)?;
        let other = self.prober.subject().other_user(identity);
        let (name, theirs) =
            self.login_of(other.ok_or_else(|| Halt::Untestable("no second user with a login".to_owned()))?)?;
        let former = theirs.account.1.as_ref();
        let former = former.ok_or_else(|| Halt::Untestable("the second credential has no `password`".to_owned()))?;
        let new = successor(former);
        values::note_text(new.expose(), evidence);
        Box::pin(self.make_room_to_fail(&name, &theirs)).await?;
        let logins = &self.prober.equipment.logins;
        let _alone = logins.alone(&name).await;
        let session = self.with_new_mail(&procedure, NO_OTHER_MAIL, evidence).await?;
        let mut session = session.by(procedure.with_user(&theirs.account.0));
        let ended = logins.complete_reset(&name, &theirs, &mut session, ChosenPassword::Good).await;
        note(session.exchanges(), &theirs, evidence);
        let completion = session.exchanges().last().cloned();
        if let Err(error) = &ended
            && !may_have_been_done(error)
        {
            return refused(error, completion);
        }
        let told = self.log_in_with(&theirs.with_account(&theirs.account.0, new), evidence).await;
        told.iter().for_each(|told| self.note_failing(&name, told));
        let back = match &told {
            Ok(Told { outcome: Outcome::Refused, .. }) => logins.put_password_back_if_gone(&name).await,
            _ => logins.put_password_back(&name).await,
        };
        if let Err(error) = back {
            evidence.add_obstacle(error.to_string());
        }
        Ok(shown_by(completion, &told?))
    }

    /// Whose reset was completed, where a login of that user may fail: a good one is by the new password.
    async fn room_after_reset(&self) -> Result<(String, Arc<LoginProcedure>), Halt> {
        let completed = self.completed.as_ref().ok_or_else(|| Halt::Obstacle(NOT_COMPLETED.to_owned()))?;
        let CompletedReset { name, procedure, .. } = completed;
        let new = procedure.account.1.as_ref().map(successor).unwrap_or_else(|| Secret::new(""));
        Box::pin(self.make_room_to_fail(name, &procedure.with_account(&procedure.account.0, new))).await?;
        Ok((name.clone(), procedure.clone()))
    }
}

/// The password that a token must not set any more.
fn another_password(procedure: &LoginProcedure) -> Secret {
    let former = procedure.account.1.as_ref();
    former.map_or_else(|| Secret::new(""), |former| chosen_password(former, ChosenPassword::Another))
}

/// Notes what of a mail is not to be shown: its token, also as the link has it.
fn note_mail(mail: &ReadMail, evidence: &mut Evidence) {
    let token = mail.token.expose();
    values::note_text(token, evidence);
    let path = mail.path.as_ref().map(Secret::expose).unwrap_or_default();
    let is_token = |part: &&str| percent_encoding::percent_decode_str(part).decode_utf8_lossy() == token;
    let parts = path.split(['/', '?', '&', '=']).filter(|part| !part.is_empty());
    parts.filter(is_token).for_each(|part| values::note_text(part, evidence));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_of_a_mail_is_noted_in_both_spellings() {
        let mail = ReadMail {
            token: Secret::new("7f3a+9c+1b+4d"),
            path: Some(Secret::new("/reset?user=alice&token=7f3a%2B9c%2B1b%2B4d")),
            hosts: Vec::new(),
            is_new: true,
        };
        let mut evidence = Evidence::default();
        note_mail(&mail, &mut evidence);
        let noted: Vec<&str> = evidence.sent_secrets.iter().map(Secret::expose).collect();
        assert_eq!(noted, ["7f3a+9c+1b+4d", "7f3a%2B9c%2B1b%2B4d"]);
    }
}
