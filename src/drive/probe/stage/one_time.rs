//! Logins with one-time codes that are wrong, come once more, or are left out.

use std::sync::Arc;
use std::time::Duration;

use super::noting::note;
use super::told::{Told, failed};
use super::{Halt, Stage, described};
use crate::check::step::CodeChange;
use crate::clock;
use crate::drive::login::{Distance, LoginError, LoginSession, Logins, SentCode};
use crate::drive::probe::values;
use crate::observe::{Evidence, Outcome, Place};
use crate::plan::Action;
use crate::plan::login::LoginProcedure;
use crate::plan::one_time::{OneTimeSecret, TimeStep};

/// How much of a time step two logins get at most, where half of it is more.
const FOR_TWO: Duration = Duration::from_secs(10);
/// How often a code is tried a second time whose step ends too early.
const TRIES: usize = 3;
/// Steps around the present one whose codes no other code may be equal to.
const NEAR: i64 = 2;

/// Why nothing was tried before the code.
const NOTHING_BEFORE: &str = "what the login has got before its one-time code, for no answer by then has a credential";
/// Why a second use shows nothing.
const TOO_SLOW: &str = "each time step ended before the second login with its code was answered";
/// Why a second use shows nothing.
const FIRST_OPENS_NOTHING: &str = "the login with a code that was not sent before opens no resource";
/// Why a code of another step shows nothing.
const CAME_NEAR: &str = "the login took so long that the code of a later time step was no longer that of one far away";
/// Why another code shows nothing.
const EQUAL: &str = "the code equals one that is right just now; a run at another time has another one";

/// What two logins need of the time step of their code.
pub(in crate::drive::probe) fn for_two(secret: &OneTimeSecret) -> Duration {
    FOR_TWO.min(secret.period() / 2)
}

/// A login that guesses at a password: its one-time code is that of another user, and no guess waits for the next one.
pub(super) fn guessing(guess: &Arc<LoginProcedure>) -> LoginSession {
    let session = Logins::recorded(guess);
    match &guess.one_time {
        Some(secret) => session.with_code(secret.code(secret.step_at(clock::timestamp()).0)),
        None => session,
    }
}

/// Why a code is not sent.
fn no_code(error: &LoginError) -> Halt {
    Halt::Obstacle(error.to_string())
}

impl Stage<'_> {
    /// Tries what a login has got before it sends its one-time code.
    pub(super) async fn before_code(
        &mut self,
        action: &Action,
        identity: usize,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let (name, procedure) = self.login_of(identity)?;
        let logins = &self.prober.equipment.logins;
        let alone = logins.alone(&name).await;
        let mut session = Logins::recorded(&procedure).patiently();
        let got = session.up_to_code(logins).await;
        drop(alone);
        note(session.exchanges(), &procedure, evidence);
        session.exchanges().iter().for_each(|exchange| self.prober.witness.look_at(exchange));
        let got = got.map_err(|error| Halt::Obstacle(logins.explained(&name, &error)))?;
        if got.is_empty() {
            evidence.facts.push(("not tried:", NOTHING_BEFORE.to_owned()));
        }
        for held in got {
            values::note_text(held.proof.secret(), evidence);
            let told = self.opened(held, session.exchanges().last().cloned(), evidence).await;
            told.observe(action, Place::Login, evidence);
        }
        Ok(())
    }

    /// The login of an identity with something else in place of its code.
    pub(super) async fn changed_code(
        &mut self,
        action: &Action,
        identity: usize,
        change: CodeChange,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let usual = Distance::WhereNeeded;
        let told = self.one_changed_code(action, (identity, change), usual, evidence).await?;
        let Some(told) = told else { return Ok(()) };
        let is_stopped = self.prober.outages.are_caused_by(&told.exchange.request);
        if told.outcome != Outcome::Broke || is_stopped {
            told.observe(action, Place::Login, evidence);
            return Ok(());
        }
        let again = self.one_changed_code(action, (identity, change), Distance::Always, evidence).await?;
        let Some(again) = again else { return Ok(()) };
        let same = again.outcome == told.outcome;
        again.observe_as(action, Place::Login, same, evidence);
        Ok(())
    }

    async fn one_changed_code(
        &mut self,
        action: &Action,
        (identity, change): (usize, CodeChange),
        distance: Distance,
        evidence: &mut Evidence,
    ) -> Result<Option<Told>, Halt> {
        let (name, procedure) = self.login_of(identity)?;
        let lacks = || Halt::Untestable("the login has no such code".to_owned());
        let secret = procedure.one_time.clone().ok_or_else(lacks)?;
        let changed = procedure.with_code(change).ok_or_else(lacks)?;
        Box::pin(self.make_room_to_fail(&name, &procedure)).await?;
        if change == CodeChange::Again {
            return Box::pin(self.code_again(identity, evidence)).await.map(Some);
        }
        let logins = &self.prober.equipment.logins;
        let alone = logins.alone(&name).await;
        let sent = self.code_for(identity, (&secret, change)).await?;
        let now = secret.step_at(clock::timestamp()).0;
        let text = match change {
            CodeChange::Zeros => Some("0".repeat(secret.digits())),
            _ => sent.as_ref().map(|sent| sent.code.expose().to_owned()),
        };
        // of another step or another user: equal bytes are the right code
        if text.is_some_and(|text| secret.is_near(&text, now, NEAR)) {
            evidence.facts.push(("not tried:", format!("{}: {EQUAL}", described(action))));
            return Ok(None);
        }
        let session = Logins::recorded(&changed).patiently().keeping(distance);
        let mut session = sent.iter().fold(session, |session, sent| session.with_code(sent.code.clone()));
        let (told, _) = Box::pin(self.ended_session(&mut session, alone, failed, evidence)).await?;
        self.note_failing(&name, &told);
        let Some(SentCode { step, .. }) = sent.filter(|_| told.outcome == Outcome::Granted) else {
            return Ok(Some(told));
        };
        if change != CodeChange::OfAnother {
            logins.codes.note_taken(&secret, step);
        }
        let (now, _) = secret.step_at(clock::timestamp());
        match change {
            CodeChange::Beside(far @ 1..) if step.0 - now.0 < far => {
                evidence.facts.push(("not judged:", format!("{}: {CAME_NEAR}", described(action))));
                Ok(None)
            }
            _ => Ok(Some(told)),
        }
    }

    /// The code that a change sends; none where it writes another text, or sends the next code.
    async fn code_for(
        &self,
        identity: usize,
        (secret, change): (&OneTimeSecret, CodeChange),
    ) -> Result<Option<SentCode>, Halt> {
        let codes = &self.prober.equipment.logins.codes;
        let now = || secret.step_at(clock::timestamp()).0;
        let of = |step: TimeStep| Some(SentCode { code: secret.code(step), step });
        Ok(match change {
            CodeChange::Beside(distance) => {
                if distance < 0 {
                    codes.wait_until_older(secret, -distance).await.map_err(|error| no_code(&error))?;
                }
                of(secret.differing(now(), distance))
            }
            CodeChange::Ago(seconds) => {
                let steps = secret.steps_in(Duration::from_secs(seconds)) + 1;
                of(secret.differing(now(), -steps))
            }
            CodeChange::OfAnother => {
                let other = self.prober.subject().with_another_secret(identity);
                let other = other.and_then(|other| self.prober.subject().procedure_of(other)?.one_time.clone());
                let other = other.ok_or_else(|| Halt::Untestable("no other user has one-time codes".to_owned()))?;
                // a time step that was used up is refused whoever's code it is
                codes.next(secret).await.map_err(|error| no_code(&error))?;
                Some(codes.next(&other).await.map_err(|error| no_code(&error))?)
            }
            _ => None,
        })
    }

    /// A login with a code, and another one with the same code in the same time step.
    async fn code_again(&mut self, identity: usize, evidence: &mut Evidence) -> Result<Told, Halt> {
        let (name, procedure) = self.login_of(identity)?;
        let lacks = || Halt::Untestable("the login has no such code".to_owned());
        let secret = procedure.one_time.clone().ok_or_else(lacks)?;
        let logins = &self.prober.equipment.logins;
        for _ in 0..TRIES {
            let alone = logins.alone(&name).await;
            let sent = logins.codes.next_with(&secret, for_two(&secret)).await.map_err(|error| no_code(&error))?;
            let with_it = || Logins::recorded(&procedure).patiently().with_code(sent.code.clone());
            let mut first: LoginSession = with_it();
            let ended = first.renewed_patiently(logins).await;
            logins.note_end(&name, ended.as_ref().map(drop));
            note(first.exchanges(), &procedure, evidence);
            let (held, _) = ended.map_err(|error| Halt::Obstacle(logins.explained(&name, &error)))?;
            let opened = self.opened(held, None, evidence).await;
            if opened.outcome != Outcome::Granted {
                return Err(Halt::Untestable(FIRST_OPENS_NOTHING.to_owned()));
            }
            let (told, _) = Box::pin(self.ended_session(&mut with_it(), alone, failed, evidence)).await?;
            first.may_have_ended();
            logins.give_back(first);
            self.note_failing(&name, &told);
            if told.outcome == Outcome::Granted {
                logins.codes.note_taken_again();
                return Ok(told);
            }
            // a code whose time is over is refused for that
            if secret.step_at(clock::timestamp()).0 == sent.step {
                return Ok(told);
            }
        }
        Err(Halt::Untestable(TOO_SLOW.to_owned()))
    }
}
