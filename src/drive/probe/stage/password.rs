//! Password changes: the one of the scenario, and one that does not name the former password.

use std::sync::Arc;

use super::enumeration::EXPENDABLE;
use super::noting::note;
use super::session::started;
use super::told::{Told, failed, granted, refused};
use super::{Halt, Stage};
use crate::check::step::{ChosenPassword, NoFormer};
use crate::drive::login::{Logins, chosen_password, may_have_been_done, successor};
use crate::drive::probe::values;
use crate::observe::{Evidence, Exchange, Outcome};
use crate::plan::login::LoginProcedure;
use crate::secret::Secret;

/// Why a password change cannot end another session.
const ONE_SESSION: &str = "a new login ends the one before it: there is no other session that could stay";
/// Why a change to a weak password shows nothing.
const WEAK_BY_ITSELF: &str = "the password of the credential is the weak one that would be tried: give it another";
/// Why no refusal of a weak password shows anything.
const NOT_CHANGED: &str = "the password change is answered as a success, but a password that is long and not common does not log in \
                           after it: look at `password_change`, and name its `success`";
/// Why a request without a former password is not judged.
const BREAKS_WITHOUT: &str = "a password change without the former password, which the server breaks on";
/// Begins a former password that is not the one of the user.
const WRONG: &str = "Not-the-former-9-";

impl Stage<'_> {
    /// Gives the user of a session another password.
    pub(super) async fn change_password(
        &mut self,
        identity: usize,
        slot: &'static str,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        if self.prober.is_one_at_a_time() && self.sessions.len() > 1 {
            return Err(Halt::Inapplicable(ONE_SESSION.to_owned()));
        }
        let (name, procedure) = self.login_of(identity)?;
        let former = procedure.account.1.as_ref();
        let former = former.ok_or_else(|| Halt::Untestable("the credential has no `password`".to_owned()))?;
        values::note_text(successor(former).expose(), evidence);
        let logins = &self.prober.equipment.logins;
        let alone = logins.alone(&name).await;
        for kept in self.sessions.values_mut() {
            kept.session.may_have_ended();
        }
        let kept = started(&mut self.sessions, slot)?;
        let ended = logins.change_password(&name, &mut kept.session).await;
        note(kept.session.exchanges(), &procedure, evidence);
        self.changed.push((name, alone));
        ended.map_err(|error| Halt::Obstacle(error.to_string()))?;
        Ok(granted(kept.session.exchanges().last().cloned()))
    }

    /// Puts a password back that the check has changed.
    pub(super) async fn put_password_back(&mut self, evidence: &mut Evidence) {
        for (name, _alone) in std::mem::take(&mut self.changed) {
            match self.prober.equipment.logins.put_password_back(&name).await {
                // its resets may be locked now
                Err(error) if name == EXPENDABLE => evidence.facts.push(("left:", error.to_string())),
                Err(error) => evidence.add_obstacle(error.to_string()),
                Ok(()) => {}
            }
        }
    }

    /// Changes the password of a user with a wrong former one, or with none where the request of the scenario sends none. Granted
    /// is what lets the new password in; the former one is put back at once.
    pub(super) async fn change_password_wrongly(
        &mut self,
        identity: usize,
        slot: &'static str,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let (name, procedure) = self.login_of(identity)?;
        let former = procedure.account.1.as_ref();
        let former = former.ok_or_else(|| Halt::Untestable("the credential has no `password`".to_owned()))?;
        let wrong = Secret::new(format!("{WRONG}{}", &self.random[..20]));
        let new = successor(former);
        [&wrong, &new].into_iter().for_each(|text| values::note_text(text.expose(), evidence));
        Box::pin(self.make_room_to_fail(&name, &procedure)).await?;
        let logins = &self.prober.equipment.logins;
        let _alone = logins.alone(&name).await;
        let kept = started(&mut self.sessions, slot)?;
        kept.session.may_have_ended();
        let mut session = kept.session.by(procedure.with_account(&procedure.account.0, wrong));
        let ended = logins.change_password_of(&name, &procedure, &mut session, ChosenPassword::Good).await;
        note(session.exchanges(), session.procedure(), evidence);
        let change = session.exchanges().last().cloned();
        if let Err(error) = &ended
            && !may_have_been_done(error)
        {
            return refused(error, change);
        }
        // a page that shows an error may have any status
        let told = self.log_in_with(&procedure.with_account(&procedure.account.0, new), evidence).await?;
        self.note_failing(&name, &told);
        if let Err(error) = logins.put_password_back(&name).await {
            evidence.add_obstacle(error.to_string());
        }
        Ok(shown_by(change, &told))
    }

    /// Changes the password of a user to one that is chosen, in a session of its own. Granted is what lets the new one in, and
    /// refused what lets in the former one alone, which is put back.
    pub(super) async fn change_password_to(
        &mut self,
        identity: usize,
        chosen: ChosenPassword,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        self.change_password_apart((identity, None), chosen, evidence).await
    }

    /// The same without the former password, which has to be refused. None where the server breaks on it and the former password
    /// alone is let in: that is another matter.
    pub(super) async fn change_password_without(
        &mut self,
        identity: usize,
        lack: NoFormer,
        evidence: &mut Evidence,
    ) -> Result<Option<Told>, Halt> {
        let told = self.change_password_apart((identity, Some(lack)), ChosenPassword::Good, evidence).await?;
        if told.outcome == Outcome::Broke {
            evidence.facts.push(("not judged:", BREAKS_WITHOUT.to_owned()));
            return Ok(None);
        }
        Ok(Some(told))
    }

    async fn change_password_apart(
        &mut self,
        (identity, lack): (usize, Option<NoFormer>),
        chosen: ChosenPassword,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let (name, procedure) = self.login_of(identity)?;
        let former = procedure.account.1.as_ref();
        let former = former.ok_or_else(|| Halt::Untestable("the credential has no `password`".to_owned()))?;
        let new = chosen_password(former, chosen);
        if new.expose() == former.expose() {
            return Err(Halt::Untestable(WEAK_BY_ITSELF.to_owned()));
        }
        Box::pin(self.make_room_to_fail(&name, &procedure)).await?;
        let logins = &self.prober.equipment.logins;
        let _alone = logins.alone(&name).await;
        let mut session = Logins::recorded(&procedure).patiently();
        let ended = session.renewed_patiently(logins).await;
        logins.note_end(&name, ended.as_ref().map(drop));
        note(session.exchanges(), &procedure, evidence);
        ended.map_err(|error| Halt::Obstacle(logins.explained(&name, &error)))?;
        session.may_have_ended();
        if let Some(without) = lack.and_then(|lack| procedure.without_former(lack)) {
            session = session.by(without);
        }
        let ended = logins.change_password_of(&name, &procedure, &mut session, chosen).await;
        note(session.exchanges(), &procedure, evidence);
        let change = session.exchanges().last().cloned();
        logins.give_back(session.by(procedure.clone()));
        let is_control = chosen == ChosenPassword::Good && lack.is_none();
        match &ended {
            // what the scenario calls a success is a mistake as well
            Err(error) if may_have_been_done(error) => {}
            Err(error) if is_control => return Err(Halt::Obstacle(error.to_string())),
            Err(error) => return refused(error, change),
            Ok(()) => {}
        }
        let told = self.log_in_with(&procedure.with_account(&procedure.account.0, new), evidence).await;
        told.iter().for_each(|told| self.note_failing(&name, told));
        let back = match &told {
            Ok(Told { outcome: Outcome::Refused, .. }) => logins.put_password_back_if_gone(&name).await,
            _ => logins.put_password_back(&name).await,
        };
        if let Err(error) = back {
            evidence.add_obstacle(error.to_string());
        }
        let told = told?;
        if is_control && told.outcome == Outcome::Refused {
            return Err(Halt::Obstacle(NOT_CHANGED.to_owned()));
        }
        Ok(shown_by(change, &told))
    }

    /// Whether the login as it is opens a resource; none where it may not fail, for another one has to be left.
    pub(super) async fn try_log_in(&self, identity: usize, evidence: &mut Evidence) -> Result<Option<Told>, Halt> {
        let (name, procedure) = self.login_of(identity)?;
        if self.prober.equipment.logins.failures_left(&name, &procedure).await < 2 {
            evidence.facts.push(("not tried:", "the login, for `max_failures` leaves one".to_owned()));
            return Ok(None);
        }
        let told = self.log_in_with(&procedure, evidence).await?;
        self.note_failing(&name, &told);
        Ok(Some(told))
    }

    /// Whether a login with a new password opens a resource.
    pub(super) async fn log_in_with(
        &self,
        with_new: &Arc<LoginProcedure>,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let logins = &self.prober.equipment.logins;
        let mut session = Logins::recorded(with_new).patiently();
        let ended = session.renewed_patiently(logins).await;
        note(session.exchanges(), with_new, evidence);
        match ended {
            Ok((held, _)) => {
                let opened = self.opened(held, session.exchanges().last().cloned(), evidence).await;
                // the change back may end it
                session.may_have_ended();
                logins.give_back(session);
                Ok(opened)
            }
            Err(error) => failed(&error, with_new, &session),
        }
    }
}

/// What a login with the new password says of the request that was to set it.
pub(super) fn shown_by(change: Option<Exchange>, login: &Told) -> Told {
    let why = (login.outcome == Outcome::Granted).then(|| "the new password opens a resource".to_owned());
    Told { outcome: login.outcome, why, ..granted(change) }
}
