//! Logins: how an identity comes to its credential, keeps it, renews it and gives it back.

mod account;
mod body;
mod code;
mod error;
mod followed;
mod guessed_token;
mod jar;
mod one_time;
mod password;
mod redirect;
mod refresh;
mod refused_page;
mod reset;
mod session;
mod shown;
mod state;
mod transcript;
mod turns;
mod usual_answers;
mod write_lines;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use url::Url;

use super::control::{ControlError, ControlPlane, Token};
use crate::clock;
use crate::observe::{ConnectionOf, Request};
use crate::plan::login::LoginProcedure;
use crate::scheme::dpop::BoundToken;
use crate::scheme::{Carried, CarrierPlace, Companion, Proof, Scheme};
use crate::secret::Secret;
use crate::target::child::Spawner;
use password::ChangedPassword;
use session::may_lock;
use usual_answers::UsualAnswers;

pub use error::LoginError;
pub use guessed_token::token_bits_at_most;
pub use one_time::{OneTimeCodes, SentCode};
pub use password::{PasswordNotBack, chosen_password, may_have_been_done, successor};
pub use reset::ReadMail;
pub use session::LoginSession;
pub use turns::{ANOTHER_SECOND, Distance, Renewed, is_break};

/// Logouts in a row without an answer, after which no more are sent at the end of a run.
const MOST_SILENT_LOGOUTS: usize = 2;

/// What an identity holds now.
#[derive(Clone, Debug)]
pub struct HeldCredential {
    /// The credential.
    pub proof: Proof,
    /// What travels beside it.
    pub companions: Vec<Companion>,
    /// The token that it was obtained as; none where the scenario gives it.
    pub token: Option<Token>,
    /// Whose connections carry its requests, where that is known; as those without a credential else.
    pub connection: Option<ConnectionOf>,
}

impl HeldCredential {
    /// A credential that is held as it is.
    pub fn given(proof: Proof) -> Self {
        Self { proof, companions: Vec::new(), token: None, connection: None }
    }

    /// A token that was obtained.
    pub fn obtained(scheme: &dyn Scheme, token: Token) -> Self {
        let proof = match &token.key {
            Some(key) => Proof::Bound(BoundToken { token: token.value.clone(), key: key.clone() }),
            None => scheme.held(&token.value, ""),
        };
        Self { proof, companions: Vec::new(), token: Some(token), connection: None }
    }

    /// Adds what travels beside it to a request.
    pub fn accompany(&self, request: &mut Request) {
        accompany(&self.companions, request);
        self.connect(request);
    }

    /// Sends a request over the connections of this credential.
    pub fn connect(&self, request: &mut Request) {
        if let Some(connection) = &self.connection {
            request.connection = connection.clone();
        }
    }

    /// When it ends by itself, at the earliest; none where nothing says so.
    pub fn ends_at(&self) -> Option<Instant> {
        self.token.as_ref().and_then(Token::ends_at)
    }
}

/// Adds companions to a request, as far as they go with it; what was added.
pub fn accompany(companions: &[Companion], request: &mut Request) -> Vec<Carried> {
    if companions.is_empty() {
        return Vec::new();
    }
    let mut all = Vec::new();
    for companion in companions {
        // fields of a body come one after another
        let carried = companion.carried(request);
        carried.iter().for_each(|one| one.apply(request));
        all.extend(carried);
    }
    all
}

/// A session that is kept for its identity, with when it is renewed.
#[derive(Default)]
struct Account {
    session: Option<LoginSession>,
    until: Option<Instant>,
}

impl Account {
    /// What is held and need not be renewed yet.
    fn kept(&self) -> Option<&HeldCredential> {
        self.until.filter(|until| clock::now() < *until)?;
        self.session.as_ref()?.held()
    }
}

/// Failed logins in a row.
#[derive(Clone, Default)]
struct Failures {
    count: u32,
    /// Why the first one failed that was meant to succeed.
    first: Option<String>,
}

/// What those logins may have to do with a refusal.
fn after_wrong_logins(wrong: u32) -> String {
    let came = match wrong {
        0 => return String::new(),
        1 => "1 login of this credential that had to fail came".to_owned(),
        _ => format!("{wrong} logins of this credential that had to fail came"),
    };
    format!(
        "; {came} before: if the target locks or slows accounts after failures, raise its limit for the run, or set \
         `max_failures: 1` in the login, which leaves these logins out"
    )
}

/// Carries out logins against one target.
pub struct Logins {
    control: Arc<ControlPlane>,
    base: Url,
    spawner: Spawner,
    scheme: &'static dyn Scheme,
    /// The cookie that the scheme sends a credential in.
    cookie: Option<String>,
    accounts: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Account>>>>,
    /// Sessions that a check or a load phase had for itself.
    given_back: Mutex<Vec<LoginSession>>,
    /// Failed logins in a row of the sessions that checks have for themselves, for each identity.
    failed: Mutex<HashMap<String, Failures>>,
    /// Logins of the run that had to fail, for each identity.
    wrong: Mutex<HashMap<String, u32>>,
    /// Accounts whose password a check has changed and not yet put back, by their identities.
    changed: Mutex<HashMap<String, ChangedPassword>>,
    /// Tokens of mails that were read.
    mails: Mutex<HashSet<String>>,
    /// Who logs in when.
    turns: turns::Turns,
    /// How logins are answered that give a credential.
    usual: UsualAnswers,
    /// One-time codes that were sent.
    pub codes: OneTimeCodes,
    /// Held while somebody logs in to an account: whoever comes next has to know how that ended.
    attempts: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

impl Logins {
    /// Logins through a control plane.
    pub fn new(control: Arc<ControlPlane>, base: Url, spawner: Spawner, scheme: &'static dyn Scheme) -> Self {
        Self {
            control,
            base,
            spawner,
            scheme,
            cookie: None,
            accounts: Mutex::default(),
            given_back: Mutex::default(),
            failed: Mutex::default(),
            wrong: Mutex::default(),
            changed: Mutex::default(),
            mails: Mutex::default(),
            usual: UsualAnswers::default(),
            turns: turns::Turns::default(),
            codes: OneTimeCodes::default(),
            attempts: Mutex::default(),
        }
    }

    /// The same where credentials travel in a cookie: what a session sends after its login has it, also where an answer gave the
    /// credential in another place.
    #[must_use]
    pub fn sending_in(self, place: &CarrierPlace) -> Self {
        let cookie = if let CarrierPlace::Cookie(name) = place { Some(name.clone()) } else { None };
        Self { cookie, ..self }
    }

    fn account(&self, name: &str) -> Arc<tokio::sync::Mutex<Account>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner).entry(name.to_owned()).or_default().clone()
    }

    /// The credential of an identity: the one that is held, or a new one shortly before its end. Who asks while one is obtained
    /// waits for that one.
    ///
    /// # Errors
    /// When the login fails.
    pub async fn current(&self, name: &str, procedure: &Arc<LoginProcedure>) -> Result<HeldCredential, ControlError> {
        if let Some(held) = self.account(name).lock().await.kept() {
            return Ok(held.clone());
        }
        let _alone = self.alone(name).await;
        let account = self.account(name);
        let mut account = account.lock().await;
        if let Some(held) = account.kept() {
            return Ok(held.clone());
        }
        let session = account.session.get_or_insert_with(|| LoginSession::new(procedure.clone()).patiently());
        // those of checks count as well: they are logins of the same account
        let most = procedure.most_failures.max(1);
        let apart = self.failed_apart(name);
        if session.failures().saturating_add(apart.count) >= most {
            let first = session.first_failure().or(apart.first);
            return Err(LoginError::TooManyFailures { most, first }.into());
        }
        let (held, until) = session.renewed_patiently(self).await?;
        account.until = Some(until);
        Ok(held)
    }

    /// Forgets a credential that was refused, so that the next use obtains a new one; not one that came after it.
    pub async fn forget(&self, name: &str, refused: &Secret) {
        let account = self.account(name);
        let mut account = account.lock().await;
        let current = account.session.as_ref().and_then(LoginSession::held).and_then(|held| held.token.as_ref());
        if current.is_some_and(|token| token.value == *refused) {
            account.until = None;
        }
    }

    /// Forgets all that is held, so that the next use logs in anew.
    pub fn forget_all(&self) {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut given_back = self.given_back.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, account) in accounts.drain() {
            given_back.extend(Arc::into_inner(account).and_then(|account| account.into_inner().session));
        }
    }

    /// A session of its own for an identity, beside the one that is kept; what it holds, and when that is to be renewed.
    ///
    /// # Errors
    /// When the login fails.
    pub async fn separate(
        &self,
        name: &str,
        procedure: &Arc<LoginProcedure>,
    ) -> Result<(LoginSession, HeldCredential, Instant), ControlError> {
        let _alone = self.alone(name).await;
        if self.failures_left(name, procedure).await == 0 {
            return Err(self.too_many_failures(name, procedure).await.into());
        }
        let mut session = LoginSession::new(procedure.clone());
        let ended = session.renewed_patiently(self).await;
        self.note_end(name, ended.as_ref().map(drop));
        let (held, due) = ended?;
        Ok((session, held, due))
    }

    /// The right to log in to an account, which one has at a time.
    pub async fn alone(&self, name: &str) -> tokio::sync::OwnedMutexGuard<()> {
        let attempts = || self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        let place = attempts().entry(name.to_owned()).or_default().clone();
        place.lock_owned().await
    }

    /// Failed logins in a row of the sessions that checks have for themselves.
    fn failed_apart(&self, name: &str) -> Failures {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned().unwrap_or_default()
    }

    /// Why no login of an identity is tried any more.
    pub async fn too_many_failures(&self, name: &str, procedure: &LoginProcedure) -> LoginError {
        let account = self.account(name);
        let own = account.lock().await.session.as_ref().and_then(LoginSession::first_failure);
        LoginError::TooManyFailures {
            most: procedure.most_failures.max(1),
            first: own.or_else(|| self.failed_apart(name).first),
        }
    }

    /// A session of its own that has not logged in yet, and that keeps what it sends and gets.
    pub fn recorded(procedure: &Arc<LoginProcedure>) -> LoginSession {
        LoginSession::new(procedure.clone()).recording()
    }

    /// Logins of an identity that may still fail before an account is locked (`max_failures`): whoever lets one fail on
    /// purpose has to leave one for the login after it.
    pub async fn failures_left(&self, name: &str, procedure: &LoginProcedure) -> u32 {
        let account = self.account(name);
        let own = account.lock().await.session.as_ref().map_or(0, LoginSession::failures);
        procedure.most_failures.max(1).saturating_sub(own.saturating_add(self.failed_apart(name).count))
    }

    /// Takes note of how a login of a check ended that was meant to succeed.
    pub fn note_end(&self, name: &str, ended: Result<(), &ControlError>) {
        match ended {
            Ok(()) => self.note_success(name),
            Err(error) if may_lock(error) => self.note_failed(name, Some(error.to_string())),
            Err(_) => {}
        }
    }

    /// Takes note that a login succeeded, on purpose or not.
    pub fn note_success(&self, name: &str) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// Takes note of how a login was answered that gave a credential.
    pub fn note_usual(&self, name: &str, session: &LoginSession) {
        self.usual.note(name, session.exchanges());
    }

    /// Why a login says nothing about what was changed in it from a place on, if it does not: it went another way before that.
    pub fn departed(&self, name: &str, session: &LoginSession, place: usize) -> Option<String> {
        self.usual.departed(name, session.exchanges(), place)
    }

    /// Takes note that a login failed that had to, however it was answered.
    pub fn note_failure(&self, name: &str) {
        *self.wrong.lock().unwrap_or_else(PoisonError::into_inner).entry(name.to_owned()).or_default() += 1;
        self.note_failed(name, None);
    }

    /// Why an identity has no credential, for a reader: where its login was refused after others that had to fail, with those.
    pub fn explained(&self, name: &str, error: &ControlError) -> String {
        let wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied().unwrap_or_default();
        let after = match error {
            ControlError::Login(error) if error.is_refusal() => after_wrong_logins(wrong),
            _ => String::new(),
        };
        format!("no credential for {name}: {error}{after}")
    }

    fn note_failed(&self, name: &str, why: Option<String>) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let failures = failed.entry(name.to_owned()).or_default();
        failures.count += 1;
        failures.first = failures.first.take().or(why);
    }

    /// Keeps a session in place of the one that is kept for an identity.
    pub async fn keep(&self, name: &str, (session, due): (LoginSession, Instant)) {
        let account = self.account(name);
        let mut account = account.lock().await;
        let before = account.session.replace(session);
        account.until = Some(due);
        before.into_iter().for_each(|before| self.give_back(before));
    }

    /// Takes a session back that was had separately; it is logged out at the end.
    pub fn give_back(&self, session: LoginSession) {
        self.given_back.lock().unwrap_or_else(PoisonError::into_inner).push(session);
    }

    /// Logs out whoever is logged in, where the scenario says how. Why some are not. What has ended by itself needs no logout.
    /// After two logouts in a row that are not answered no more are sent: the others are not ended for the same reason.
    pub async fn finish(&self) -> Vec<ControlError> {
        self.forget_all();
        let sessions = std::mem::take(&mut *self.given_back.lock().unwrap_or_else(PoisonError::into_inner));
        let mut failed = Vec::new();
        let ended = |session: &LoginSession| {
            let end = session.held().and_then(|held| held.token.as_ref()?.ends_at());
            end.is_some_and(|end| end <= clock::now())
        };
        let mut in_a_row = 0;
        for mut session in sessions.into_iter().filter(|session| session.has_logout() && !ended(session)) {
            let failure = match failed.last().cloned() {
                Some(silence) if in_a_row >= MOST_SILENT_LOGOUTS => Some(silence),
                _ => session.log_out(self).await.err(),
            };
            in_a_row = if failure.as_ref().is_some_and(ControlError::is_silence) { in_a_row + 1 } else { 0 };
            failed.extend(failure.filter(|failure| failure.is_silence() || !session.is_perhaps_ended()));
        }
        failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_that_had_to_fail_are_named_with_the_key_that_leaves_them_out() {
        assert_eq!(after_wrong_logins(0), "");
        let one = after_wrong_logins(1);
        assert!(one.starts_with("; 1 login of this credential") && one.contains("`max_failures: 1`"), "{one}");
        assert!(after_wrong_logins(3).starts_with("; 3 logins of this credential"));
    }
}
