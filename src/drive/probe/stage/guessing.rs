//! Logins with one wrong password after another, until the target holds them up; then several at once, where it does so by a delay.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use super::failing::OPENS;
use super::noting::note;
use super::one_time::guessing;
use super::session::{WRONG, unknown_user};
use super::told::{Told, failed};
use super::{Halt, Stage, fell_silent, was_throttled};
use crate::check::Check;
use crate::check::step::{OTHER_SOURCE, SessionAct, Step, UserSpelling};
use crate::clock;
use crate::drive::control::ControlError;
use crate::drive::login::{HeldCredential, LoginSession, Logins};
use crate::drive::probe::values;
use crate::observe::{Evidence, Exchange, Observation, Outcome, Place};
use crate::plan::login::LoginProcedure;
use crate::plan::{Action, spelled};
use crate::secret::Secret;

/// What stands for where these logins come from: other checks name other numbers.
const SOURCE: u8 = 5;
/// Guesses in a row that show a delay.
const ENOUGH: usize = 5;
/// A delay that nobody adds by accident, ...
const LONG: Duration = Duration::from_millis(500);
/// ... where a success takes far less.
const TIMES: u32 = 3;
/// Resources beside the main one that are tried with what the login of another account returned.
const OTHER_RESOURCES: usize = 8;
/// Guesses at the same time, where the failure budget of the scenario has as many left.
const AT_ONCE: usize = 20;

impl Stage<'_> {
    /// Guesses at the password of the account that may be locked; where the scenario has none, of a user that nobody knows.
    pub(super) async fn guess_passwords(
        &mut self,
        action: &Action,
        identity: usize,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        evidence.guessed_at_nobody = self.prober.subject().material.expendable_username.is_none();
        for number in 0..self.times(1, true) {
            let wrong = self.guess(identity, number, evidence)?;
            let mut session = guessing(&wrong);
            let ended = session.renewed(&self.prober.equipment.logins).await.map(|(held, _)| held);
            self.guessed(action, &session, ended, evidence).await?;
            if fell_silent(evidence) || was_throttled(evidence) || is_delayed(self, evidence) {
                break;
            }
        }
        Ok(())
    }

    /// As many guesses at once as the failure budget has left, where those in a row were held up by a delay alone.
    pub(super) async fn guess_at_once(
        &mut self,
        action: &Action,
        identity: usize,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let sent = guesses(self, evidence).count();
        if fell_silent(evidence) || was_throttled(evidence) || !is_delayed(self, evidence) {
            return Ok(());
        }
        let mut sessions = Vec::new();
        for number in (sent..self.times(1, true)).take(AT_ONCE) {
            sessions.push(guessing(&self.guess(identity, number, evidence)?));
        }
        let logins = &self.prober.equipment.logins;
        let began = clock::now();
        let ended = all_of(sessions.iter_mut().map(|session| session.renewed(logins))).await;
        evidence.guessed_at_once = Some(clock::now() - began);
        for (session, ended) in sessions.iter().zip(ended) {
            self.guessed(action, session, ended.map(|(held, _)| held), evidence).await?;
        }
        Ok(())
    }

    /// The login of the account that may be locked, by its right password.
    pub(super) fn expendable(&self, identity: usize) -> Result<Option<Arc<LoginProcedure>>, Halt> {
        let material = &self.prober.subject().material;
        let Some((user, password)) = material.expendable_username.as_ref().zip(material.expendable_password.as_ref())
        else {
            return Ok(None);
        };
        let theirs = self.login_of(identity)?.1.with_account(user, password.clone());
        let codes = material.expendable_codes.as_ref().filter(|codes| codes.user == *user);
        Ok(Some(codes.map_or(theirs.clone(), |codes| {
            Arc::new(LoginProcedure { one_time: Some(codes.one_time.clone()), ..LoginProcedure::clone(&theirs) })
        })))
    }

    /// The login by the right password, before the guesses, and after them where none was held up: whoever locks an account need not
    /// say so.
    pub(super) async fn try_guessed_account(
        &mut self,
        action: &Action,
        identity: usize,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let Some(right) = self.expendable(identity)? else { return Ok(()) };
        evidence.locks_are_seen = true;
        if fell_silent(evidence) || was_throttled(evidence) || is_delayed(self, evidence) {
            return Ok(());
        }
        let right = self.as_a_guesser(&right);
        self.try_once(action, &right, evidence).await
    }

    async fn try_once(
        &mut self,
        action: &Action,
        right: &Arc<LoginProcedure>,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        self.try_session(action, Logins::recorded(right), evidence).await
    }

    /// The same by a session that has not logged in yet.
    pub(super) async fn try_session(
        &mut self,
        action: &Action,
        mut session: LoginSession,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let ended = session.renewed(&self.prober.equipment.logins).await.map(|(held, _)| held);
        let exchange = self.noted(&session, evidence);
        let told = match ended {
            Ok(held) => self.opens_any(held, exchange, evidence).await,
            Err(error) => failed(&error, session.procedure(), &session)?,
        };
        told.observe(action, Place::Login, evidence);
        Ok(())
    }

    /// Whether what the login of another account returned opens a protected resource: that account may have another role than the
    /// credential of the login.
    async fn opens_any(&self, held: HeldCredential, exchange: Option<Exchange>, evidence: &mut Evidence) -> Told {
        let mut told = self.opened(held.clone(), exchange, evidence).await;
        let subject = self.prober.subject();
        let main = subject.main_resource();
        let is_other = |at: &usize| Some(*at) != main && !subject.resources[*at].writes;
        for at in subject.protected().filter(is_other).take(OTHER_RESOURCES) {
            // what anybody may read shows nothing of the account
            if told.outcome == Outcome::Granted || !self.prober.refuses_anonymous(at).await {
                continue;
            }
            if self.used(&held, at, evidence).await == Outcome::Granted {
                told.outcome = Outcome::Granted;
                told.why = Some(OPENS.to_owned());
            }
        }
        told
    }

    /// The same from another source, as headers say, where it was refused after the guesses; and then as before.
    pub(super) async fn try_guessed_elsewhere(
        &mut self,
        action: &Action,
        identity: usize,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let Some(right) = self.expendable(identity)? else { return Ok(()) };
        let came_of = |seen: &&Observation| act_of(self.check, seen) == Some(SessionAct::TryGuessedAccount);
        let outcomes: Vec<Outcome> =
            evidence.observations.iter().filter(came_of).map(|observation| observation.outcome).collect();
        if outcomes != [Outcome::Granted, Outcome::Refused] || self.prober.subject().material.source_header.is_some() {
            return Ok(());
        }
        let elsewhere = OTHER_SOURCE.iter().fold(right.clone(), |right, (name, value)| right.with_header(name, value));
        self.try_once(action, &elsewhere, evidence).await?;
        if evidence.observations.last().is_some_and(|seen| seen.outcome == Outcome::Granted) {
            self.try_once(action, &right, evidence).await?;
        }
        Ok(())
    }

    /// A login from the source that guesses come from, where the target tells sources apart.
    pub(super) fn as_a_guesser(&self, procedure: &Arc<LoginProcedure>) -> Arc<LoginProcedure> {
        match &self.prober.subject().material.source_header {
            Some(header) => procedure.with_header(header, &self.prober.source(SOURCE)),
            None => procedure.clone(),
        }
    }

    /// One guess after those that were throttled: in a spelling of the user-id in which whoever has the password is let in, with
    /// headers that name another source, and after such a one as before.
    pub(super) async fn guess_once_more(
        &mut self,
        action: &Action,
        identity: usize,
        act: SessionAct,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let is_throttled = |seen: &Observation| seen.exchange.status() == Some(429);
        if !guesses(self, evidence).last().is_some_and(is_throttled) {
            return Ok(());
        }
        let came_of = |wanted: SessionAct, outcome: Option<Outcome>| {
            let is_of = |seen: &Observation| act_of(self.check, seen) == Some(wanted);
            let mut seen = evidence.observations.iter().filter(|seen| is_of(seen));
            seen.any(|seen| outcome.is_none_or(|outcome| seen.outcome == outcome))
        };
        let others = [
            SessionAct::GuessSpelled(UserSpelling::OtherCase),
            SessionAct::GuessSpelled(UserSpelling::SpaceBehind),
            SessionAct::GuessForwarded,
        ];
        let (is_due, spelling) = match act {
            SessionAct::GuessSpelled(spelling) => {
                (came_of(SessionAct::OtherSpelling(spelling), Some(Outcome::Granted)), Some(spelling))
            }
            SessionAct::GuessForwarded => (true, None),
            _ => (others.into_iter().any(|act| came_of(act, None)), None),
        };
        if !is_due {
            return Ok(());
        }
        let number = evidence.observations.len() + self.times(1, true);
        let Some(guess) = self.guess_at(identity, number, spelling, evidence)? else { return Ok(()) };
        let guess = match act {
            SessionAct::GuessForwarded => {
                OTHER_SOURCE.iter().fold(guess, |guess, (name, value)| guess.with_header(name, value))
            }
            _ => guess,
        };
        let mut session = guessing(&guess);
        let ended = session.renewed(&self.prober.equipment.logins).await.map(|(held, _)| held);
        self.guessed(action, &session, ended, evidence).await
    }

    /// The login with the wrong password of this number.
    fn guess(&self, identity: usize, number: usize, evidence: &mut Evidence) -> Result<Arc<LoginProcedure>, Halt> {
        let guess = self.guess_at(identity, number, None, evidence)?;
        guess.ok_or_else(|| Halt::Untestable("the login has no user-id".to_owned()))
    }

    /// The same with the user-id in another spelling; none where there is no such one.
    fn guess_at(
        &self,
        identity: usize,
        number: usize,
        spelling: Option<UserSpelling>,
        evidence: &mut Evidence,
    ) -> Result<Option<Arc<LoginProcedure>>, Halt> {
        let (_, procedure) = self.login_of(identity)?;
        let material = &self.prober.subject().material;
        let expendable = material.expendable_username.clone();
        let user = expendable.unwrap_or_else(|| unknown_user(&procedure.account.0, &self.random[20..32]));
        let user = match spelling.map(|spelling| spelled(&user, spelling)) {
            Some(None) => return Ok(None),
            Some(Some(spelled)) => spelled,
            None => user,
        };
        let procedure = self.as_a_guesser(&procedure);
        let password = Secret::new(format!("{WRONG}{}{number}", &self.random[..20]));
        values::note_text(password.expose(), evidence);
        Ok(Some(procedure.with_account(&user, password)))
    }

    pub(super) async fn guessed(
        &self,
        action: &Action,
        session: &LoginSession,
        ended: Result<HeldCredential, ControlError>,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let exchange = self.noted(session, evidence);
        let told: Told = match ended {
            Ok(held) => self.opened(held, exchange, evidence).await,
            Err(error) => failed(&error, session.procedure(), session)?,
        };
        told.observe(action, Place::Login, evidence);
        Ok(())
    }

    /// The last exchange of a login that has ended; what it carried is noted.
    fn noted(&self, session: &LoginSession, evidence: &mut Evidence) -> Option<Exchange> {
        note(session.exchanges(), session.procedure(), evidence);
        session.exchanges().iter().for_each(|exchange| self.prober.witness.look_at(exchange));
        session.exchanges().last().cloned()
    }
}

/// The guesses in a row.
pub(super) fn guesses<'e>(stage: &Stage<'_>, evidence: &'e Evidence) -> impl Iterator<Item = &'e Observation> {
    let check = stage.check;
    let is_guess = move |seen: &&Observation| act_of(check, seen).is_some_and(SessionAct::is_guessing);
    evidence.observations.iter().filter(is_guess)
}

/// What was done with a login, by the step of a check that an observation is of.
fn act_of(check: &Check, seen: &Observation) -> Option<SessionAct> {
    match &check.steps[seen.step] {
        Step::Session(step) => Some(step.act),
        _ => None,
    }
}

/// Whether a delay is all that holds guesses up.
pub(super) fn is_delayed(stage: &Stage<'_>, evidence: &Evidence) -> bool {
    let granted = evidence.observations.iter().filter(|seen| seen.outcome == Outcome::Granted);
    let success = granted.map(|seen| seen.exchange.took).max().unwrap_or_default();
    let least = LONG.max(success * TIMES);
    let is_held_up = |seen: &Observation| seen.outcome == Outcome::Refused && seen.exchange.took > least;
    guesses(stage, evidence).count() >= ENOUGH && guesses(stage, evidence).all(is_held_up)
}

/// What all of these come to, side by side.
async fn all_of<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<Pin<Box<F>>> = futures.map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = running.iter().map(|_| None).collect();
    poll_fn(|context| {
        let left = running.iter_mut().zip(&mut outputs).filter(|(_, output)| output.is_none());
        for (future, output) in left {
            if let Poll::Ready(ended) = future.as_mut().poll(context) {
                *output = Some(ended);
            }
        }
        match outputs.iter().all(Option::is_some) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn futures_side_by_side_end_in_their_order() {
        let (give, take) = tokio::sync::oneshot::channel();
        let mut ends = [Some(take), None].into_iter();
        let mut give = Some(give);
        let futures = (0..2).map(|number| {
            let (waits, gives) = (ends.next().flatten(), if number == 1 { give.take() } else { None });
            async move {
                // the first one waits for the second
                if let Some(waits) = waits {
                    let _ = waits.await;
                }
                if let Some(gives) = gives {
                    let _ = gives.send(());
                }
                number
            }
        });
        assert_eq!(all_of(futures).await, [0, 1]);
    }
}
