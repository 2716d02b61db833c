//! One-time codes of logins: each is sent once for its secret, for a verifier takes none twice (RFC 6238 §5.2).
//!
//! A request that has `{totp}` takes the code of the present time step. Where that was sent before, it waits for the next step,
//! unless the target was seen to take a code again. All waits for one secret are bounded by its `max_wait`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{HeldCredential, LoginError, LoginSession, Logins};
use crate::clock;
use crate::drive::control::ControlError;
use crate::drive::probe::allowance;
use crate::plan::login::{CredentialSource, LoginPart, LoginStep, LoginText, TokenPosition};
use crate::plan::one_time::{OneTimeSecret, TimeStep};
use crate::secret::{MASK, Secret, is_secret_name};

/// What is left of a time step, at least, when its code is sent: a part of it, ...
const PART_LEFT: u32 = 10;
/// ... and no more than this.
const LEFT: Duration = Duration::from_secs(1);

/// A code with the time step that it is of.
#[derive(Clone, Debug)]
pub struct SentCode {
    /// The code.
    pub code: Secret,
    /// Its time step.
    pub step: TimeStep,
}

/// Codes that were sent to one target.
#[derive(Default)]
pub struct OneTimeCodes {
    /// By the codes of the first step, which name a secret as well as any.
    sent: Mutex<HashMap<String, Sent>>,
    /// Whether the target was seen to take a code a second time.
    taken_again: AtomicBool,
}

/// What was sent of one secret.
#[derive(Clone, Copy, Default)]
struct Sent {
    /// The latest time step whose code was sent.
    last: Option<TimeStep>,
    waited: Duration,
}

/// What a request does that needs a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Take,
    Wait(Duration),
    /// More would be waited than the scenario allows.
    GiveUp,
}

impl Sent {
    /// What is done at a time step of which so much is left, where this much is needed.
    fn next(&self, (step, left): (TimeStep, Duration), needed: Duration, is_free: bool, most: Duration) -> Next {
        let is_new = is_free || self.last.is_none_or(|last| last < step);
        match (is_new, left >= needed) {
            (true, true) => Next::Take,
            // the step of a code that was sent may be one that has yet to come
            (false, _) if self.waited + left > most => Next::GiveUp,
            _ => Next::Wait(left),
        }
    }
}

impl OneTimeCodes {
    fn sent(&self) -> MutexGuard<'_, HashMap<String, Sent>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next code of a secret that was not sent before.
    ///
    /// # Errors
    /// When it would have to be waited for longer than the scenario allows.
    pub async fn next(&self, secret: &OneTimeSecret) -> Result<SentCode, LoginError> {
        self.next_with(secret, Self::least_left(secret)).await
    }

    /// The same however long it has to be waited for: no longer than one time step.
    ///
    /// # Errors
    /// None: a code comes with each time step.
    pub async fn next_however_late(&self, secret: &OneTimeSecret) -> Result<SentCode, LoginError> {
        self.next_within(secret, Self::least_left(secret), Duration::MAX).await
    }

    fn least_left(secret: &OneTimeSecret) -> Duration {
        LEFT.min(secret.period() / PART_LEFT)
    }

    /// The same where so much is left of its time step.
    ///
    /// # Errors
    /// When it would have to be waited for longer than the scenario allows.
    pub async fn next_with(&self, secret: &OneTimeSecret, needed: Duration) -> Result<SentCode, LoginError> {
        self.next_within(secret, needed, secret.max_wait).await
    }

    /// The same where no more than this is waited in all.
    async fn next_within(
        &self,
        secret: &OneTimeSecret,
        needed: Duration,
        most: Duration,
    ) -> Result<SentCode, LoginError> {
        // more than a whole step is never left of one
        let needed = needed.min(secret.period() / 2);
        loop {
            let now = secret.step_at(clock::timestamp());
            let next = {
                let mut all = self.sent();
                let sent = all.entry(name(secret)).or_default();
                let next = sent.next(now, needed, self.are_taken_again(), most);
                match next {
                    Next::Take => sent.last = sent.last.max(Some(now.0)),
                    Next::Wait(wait) => sent.waited += wait,
                    Next::GiveUp => {}
                }
                next
            };
            match next {
                Next::Take => return Ok(SentCode { code: secret.code(now.0), step: now.0 }),
                Next::GiveUp => return Err(LoginError::NoCodeLeft(most)),
                Next::Wait(wait) => {
                    let _shown = allowance::shown("the next one-time code", Some(wait));
                    allowance::apart(tokio::time::sleep(wait)).await;
                }
            }
        }
    }

    /// The code of the present time step, where it was sent, and so much is left of the step.
    pub fn sent_now(&self, secret: &OneTimeSecret, needed: Duration) -> Option<SentCode> {
        let (now, left) = secret.step_at(clock::timestamp());
        let is_sent = self.sent().get(&name(secret)).is_some_and(|sent| sent.last == Some(now));
        (is_sent && left >= needed).then(|| SentCode { code: secret.code(now), step: now })
    }

    /// Waits until all codes that were sent are older than this many time steps.
    ///
    /// # Errors
    /// When it would have to be waited for longer than the scenario allows.
    pub async fn wait_until_older(&self, secret: &OneTimeSecret, steps: i64) -> Result<(), LoginError> {
        loop {
            let (now, left) = secret.step_at(clock::timestamp());
            let wait = {
                let mut all = self.sent();
                let sent = all.entry(name(secret)).or_default();
                match sent.last {
                    Some(last) if now.0 - last.0 <= steps => {
                        if sent.waited + left > secret.max_wait {
                            return Err(LoginError::NoCodeLeft(secret.max_wait));
                        }
                        sent.waited += left;
                        left
                    }
                    _ => return Ok(()),
                }
            };
            let _shown = allowance::shown("older one-time codes", Some(wait));
            allowance::apart(tokio::time::sleep(wait)).await;
        }
    }

    /// Notes that the code of a time step was taken: none from before it may be taken after it.
    pub fn note_taken(&self, secret: &OneTimeSecret, step: TimeStep) {
        let mut all = self.sent();
        let sent = all.entry(name(secret)).or_default();
        sent.last = sent.last.max(Some(step));
    }

    /// Whether the target was seen to take a code a second time.
    pub fn are_taken_again(&self) -> bool {
        self.taken_again.load(Ordering::Relaxed)
    }

    /// Notes that the target takes a code a second time: nothing is waited for any more.
    pub fn note_taken_again(&self) {
        self.taken_again.store(true, Ordering::Relaxed);
    }
}

/// What names a secret.
fn name(secret: &OneTimeSecret) -> String {
    let codes = (0..4).map(|step| secret.code(TimeStep(step)).expose().to_owned());
    codes.collect()
}

impl LoginSession {
    /// The same, which sends this code.
    #[must_use]
    pub fn with_code(mut self, code: Secret) -> Self {
        self.given_code = Some(code);
        self
    }

    /// Has the code that a request sends.
    pub(super) async fn take_code(&mut self, logins: &Logins, step: &LoginStep) -> Result<(), LoginError> {
        if !step.has_code() {
            return Ok(());
        }
        self.state.one_time_code = match (&self.given_code, &self.procedure.one_time) {
            (Some(given), _) => Some(given.clone()),
            (None, Some(secret)) if self.puts_back => Some(logins.codes.next_however_late(secret).await?.code),
            (None, Some(secret)) => Some(logins.codes.next(secret).await?.code),
            (None, None) => None,
        };
        Ok(())
    }

    /// The codes that a request sends: of a second factor, and of the mail of a password reset.
    pub(super) fn codes_in(&self, step: &LoginStep) -> Vec<Secret> {
        let has_mail = |part: &LoginPart| matches!(part, LoginPart::ResetToken | LoginPart::ResetPath);
        let one_time = self.state.one_time_code.as_ref().filter(|_| step.has_code());
        let of_mail = self.state.mail.as_ref().filter(|_| step.parts().any(has_mail)).map(|mail| &mail.token);
        one_time.into_iter().chain(of_mail).cloned().collect()
    }

    /// Text for a record, without the code that was sent.
    pub(super) fn without_code(&self, bytes: &[u8]) -> Vec<u8> {
        let code = self.state.one_time_code.as_ref().map(|code| code.expose().as_bytes());
        let Some(code) = code.filter(|code| !code.is_empty()) else { return bytes.to_vec() };
        let (mut masked, mut rest) = (Vec::with_capacity(bytes.len()), bytes);
        while let Some(at) = memchr::memmem::find(rest, code) {
            masked.extend_from_slice(&rest[..at]);
            masked.extend_from_slice(MASK.as_bytes());
            rest = &rest[at + code.len()..];
        }
        masked.extend_from_slice(rest);
        masked
    }

    /// What a login holds before its first request with a code: each value that may be a credential.
    ///
    /// # Errors
    /// When a request before that one is not answered as a success.
    pub async fn up_to_code(&mut self, logins: &Logins) -> Result<Vec<HeldCredential>, ControlError> {
        let procedure = self.procedure.clone();
        let (CredentialSource::Requests(steps), Some(at)) = (&procedure.source, procedure.code_step()) else {
            return Ok(Vec::new());
        };
        self.start_over();
        let asked = self.requests(logins, &steps[..at]).await?;
        let mut values: Vec<Secret> = self.value().into_iter().collect();
        let taken = |part: &&LoginPart| matches!(part, LoginPart::Pointer(_) | LoginPart::Header(_));
        let parts = steps[at..].iter().flat_map(LoginStep::parts).filter(taken);
        let filled = |part: &LoginPart| self.state.filled(&LoginText(vec![part.clone()]), &procedure.account).ok();
        values.extend(parts.filter_map(filled));
        if !matches!(procedure.token, Some(TokenPosition::Cookie(_))) {
            values.extend(self.state.latest().into_iter().flat_map(|answer| named_secrets(&answer.body)));
        }
        let mut held: Vec<HeldCredential> = Vec::new();
        for value in values.into_iter().filter(|value| !value.expose().is_empty()) {
            if held.iter().all(|other| other.proof.secret() != value.expose())
                && let Ok(token) = self.token(value, asked)
            {
                held.push(self.hold(logins, token)?);
            }
        }
        Ok(held)
    }
}

/// Members of JSON that hold a credential by their names.
fn named_secrets(body: &[u8]) -> Vec<Secret> {
    let Ok(serde_json::Value::Object(members)) = serde_json::from_slice(body) else { return Vec::new() };
    let texts = members.into_iter().filter(|(name, _)| is_secret_name(name));
    texts.filter_map(|(_, value)| Some(Secret::new(value.as_str()?))).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::drive::login::ReadMail;
    use crate::observe::{Exchange, Silence};
    use crate::plan::login::LoginProcedure;
    use crate::secret::Scrubber;

    #[test]
    fn a_code_in_an_address_is_masked_wherever_it_is_recorded() {
        let step = |part| LoginStep {
            method: "POST",
            address: LoginText(vec![LoginPart::Plain("/set/".to_owned()), part]),
            headers: Vec::new(),
            basic: None,
            client: None,
            assertion_audience: None,
            body: None,
            media: None,
            success: None,
        };
        let mut session = LoginSession::new(Arc::new(LoginProcedure::in_test(Vec::new())));
        session.state.one_time_code = Some(Secret::new("482913"));
        session.state.mail = Some(ReadMail {
            token: Secret::new("7f3a9c"),
            path: Some(Secret::new("/r/7f3a9c")),
            hosts: Vec::new(),
            is_new: true,
        });
        for (part, target, expected) in [
            (LoginPart::OneTimeCode, "/set/482913", "/set/···"),
            (LoginPart::ResetToken, "/set/7f3a9c?x=1", "/set/···?x=1"),
            (LoginPart::ResetPath, "/r/7f3a9c", "/r/···"),
            (LoginPart::Username, "/set/482913", "/set/482913"),
        ] {
            let request = crate::observe::Request::new("POST", target);
            let request = crate::observe::Request { codes: session.codes_in(&step(part)), ..request };
            let exchange = Exchange::unanswered(request, Silence::Closed);
            let mut scrubber = Scrubber::default();
            exchange.teach(&mut scrubber);
            assert_eq!(exchange.record(&scrubber).target, expected);
        }
    }

    #[test]
    fn a_code_is_sent_once_and_what_is_waited_for_it_is_bounded() {
        let seconds = Duration::from_secs;
        let sent = |last: Option<i64>, waited| Sent { last: last.map(TimeStep), waited: seconds(waited) };
        let now = |left| (TimeStep(7), seconds(left));
        for (sent, left, is_free, expected) in [
            (sent(None, 0), 20, false, Next::Take),
            (sent(Some(6), 0), 20, false, Next::Take),
            (sent(Some(7), 0), 20, false, Next::Wait(seconds(20))),
            // one that was taken before its time
            (sent(Some(9), 0), 20, false, Next::Wait(seconds(20))),
            (sent(Some(7), 0), 20, true, Next::Take),
            (sent(Some(7), 50), 20, false, Next::GiveUp),
            // too late in its step for the way to the target, which costs nothing of what is bounded
            (sent(Some(6), 60), 0, false, Next::Wait(seconds(0))),
        ] {
            assert_eq!(sent.next(now(left), seconds(1), is_free, seconds(60)), expected, "{left} {is_free}");
        }
        // what puts a password back waits, however long others have waited
        let spent = sent(Some(7), 3600);
        assert_eq!(spent.next(now(20), seconds(1), false, Duration::MAX), Next::Wait(seconds(20)));
    }
}
