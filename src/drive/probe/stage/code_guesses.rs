//! Logins with the right password and one wrong one-time code after another, of an account that may be locked.

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt as _;

use super::guessing::{guesses, is_delayed};
use super::{Halt, Stage, fell_silent, was_throttled};
use crate::clock;
use crate::drive::login::Logins;
use crate::observe::{Evidence, Outcome};
use crate::plan::Action;
use crate::plan::login::LoginProcedure;
use crate::plan::one_time::OneTimeSecret;

/// Time steps around the present one whose codes no guess may be equal to.
const NEAR: i64 = 20;
/// What has to be left of the time step whose code is sent after the guesses, where theirs has ended.
const SOON: Duration = Duration::from_secs(2);
/// Why no guess shows anything.
const NOT_RIGHT: &str = "before the guesses the login of `material.expendable_code_account` by its password and its next one-time code was not \
                         granted: it has to open a protected resource that is read (at most 9 are tried), and where an earlier run locked the account, wait for \
                         its end";

impl Stage<'_> {
    /// The login of the account whose codes may be guessed at, as whoever guesses sends it.
    fn code_account(&self) -> Result<(Arc<LoginProcedure>, Arc<OneTimeSecret>), Halt> {
        let subject = self.prober.subject();
        let account = subject.material.expendable_codes.as_ref();
        let account = account.ok_or_else(|| Halt::Untestable("no `material.expendable_code_account`".to_owned()))?;
        let login = subject.login_identity().ok_or_else(|| Halt::Untestable("no login".to_owned()))?;
        let theirs = self.login_of(login)?.1.with_account(&account.user, account.password.clone());
        let theirs = LoginProcedure { one_time: Some(account.one_time.clone()), ..LoginProcedure::clone(&theirs) };
        Ok((self.as_a_guesser(&Arc::new(theirs)), account.one_time.clone()))
    }

    /// The login by the right password and the next code: before the guesses it has to open something, and after them it shows
    /// whether the account is locked where nothing held them up.
    pub(super) async fn try_code_account(&mut self, action: &Action, evidence: &mut Evidence) -> Result<(), Halt> {
        let is_first = guesses(self, evidence).next().is_none();
        if !is_first && (fell_silent(evidence) || was_throttled(evidence) || is_delayed(self, evidence)) {
            return Ok(());
        }
        let (right, secret) = self.code_account()?;
        let mut session = Logins::recorded(&right);
        if !is_first {
            let was_let_in = guesses(self, evidence).any(|guess| guess.outcome == Outcome::Granted);
            let kept = self.kept_code.take().filter(|kept| kept.step == secret.step_at(clock::timestamp()).0);
            let code = match kept {
                Some(kept) => kept.code,
                // the guesses took longer than it lasts: nobody has sent that of the present time step
                None => match self.prober.equipment.logins.codes.next_with(&secret, SOON).await {
                    Ok(sent) => sent.code,
                    // what a wrong code opened stays a finding
                    Err(_) if was_let_in => return Ok(()),
                    Err(error) => return Err(Halt::Obstacle(error.to_string())),
                },
            };
            session = session.with_code(code);
        }
        self.try_session(action, session, evidence).await?;
        let is_granted = evidence.observations.last().is_some_and(|seen| seen.outcome == Outcome::Granted);
        if is_first && !is_granted { Err(Halt::Obstacle(NOT_RIGHT.to_owned())) } else { Ok(()) }
    }

    /// Guesses at the codes of that account.
    pub(super) async fn guess_codes(&mut self, action: &Action, evidence: &mut Evidence) -> Result<(), Halt> {
        let (right, secret) = self.code_account()?;
        // the right code comes directly after the guesses: an account that is locked for less than a time step is seen to be
        let logins = &self.prober.equipment.logins;
        let code = logins.codes.next_with(&secret, secret.period() / 2).await;
        self.kept_code = Some(code.map_err(|error| Halt::Obstacle(error.to_string()))?);
        for _ in 0..self.times(1, true) {
            let wrong = self.wrong_code(&secret);
            let mut session = Logins::recorded(&right).with_code(wrong);
            let ended = session.renewed(&self.prober.equipment.logins).await.map(|(held, _)| held);
            self.guessed(action, &session, ended, evidence).await?;
            if fell_silent(evidence) || was_throttled(evidence) || is_delayed(self, evidence) {
                break;
            }
        }
        Ok(())
    }

    /// A code that is right at no time near the present one.
    fn wrong_code(&mut self, secret: &OneTimeSecret) -> crate::secret::Secret {
        let now = secret.step_at(clock::timestamp()).0;
        loop {
            let digits: String = (0..secret.digits()).map(|_| char::from(self.rng.random_range(b'0'..=b'9'))).collect();
            if !secret.is_near(&digits, now, NEAR) {
                return crate::secret::Secret::new(digits);
            }
        }
    }
}
