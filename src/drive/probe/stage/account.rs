//! What is asked for by users who are not logged in: another password in place of one that was forgotten, and an account.

use std::sync::Arc;

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::noting::note;
use super::password::shown_by;
use super::told::{Told, granted, led_elsewhere, refused};
use super::{Halt, Stage};
use crate::check::step::{ChosenPassword, RegisteredName, UserSpelling};
use crate::drive::control::ControlError;
use crate::drive::login::{Logins, successor};
use crate::observe::{Evidence, Exchange, Outcome};
use crate::plan::login::LoginProcedure;
use crate::secret::Secret;

/// Begins the names of users that are registered, for whoever looks for them.
const NEWCOMER: &str = "authbench";
/// Random letters behind that.
const LETTERS: usize = 8;
/// Stands before random letters in the password of a user that is registered: what rules of composition ask for.
const REGISTERED: &str = "Reg1-";
/// Why no refusal of a weak password shows anything.
const NOT_AT_ONCE: &str = "a user who has just been registered does not log in (the account may have to be confirmed): nothing shows \
                           which passwords a registration takes";
/// What is wrong where neither password of an account is taken any more.
const NOBODY_LOGS_IN: &str = "neither the password of the account nor the new one logs in after it";
/// Why a registration of a name that is taken shows nothing.
const LIKE_NAME: &str = "the password of the credential is like its user-id: a rule for passwords may refuse it with that name alone; \
                         give the credential another one";
/// Characters of a user-id that nobody has, at least.
const SHORTEST: usize = 12;
/// Characters of it, at most.
const LONGEST: usize = 40;

/// What came of a registration.
pub(super) struct RegistrationOutcome {
    /// How its user logs in.
    pub(super) procedure: Arc<LoginProcedure>,
    pub(super) exchanges: Vec<Exchange>,
    pub(super) ended: Result<(), ControlError>,
}

impl Stage<'_> {
    /// Asks for another password for the user of an identity, or for one that nobody has. All answers from the request on that
    /// says who asks are looked at.
    pub(super) async fn ask_for_reset(
        &mut self,
        identity: usize,
        of_nobody: bool,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let (_, procedure) = self.login_of(identity)?;
        let user = match of_nobody {
            false => procedure.account.0.clone(),
            true => like(&procedure.account.0, &mut self.rng),
        };
        let asking = procedure.with_user(&user);
        let mut session = Logins::recorded(&asking).patiently();
        let ended = session.ask_for_reset(&self.prober.equipment.logins).await;
        note(session.exchanges(), &asking, evidence);
        let first = asking.reset_requests_before_user();
        answers_about_user(session.exchanges().get(first..).unwrap_or_default(), ended)
    }

    /// Registers a user whom nobody knows.
    pub(super) async fn register(&mut self, identity: usize, evidence: &mut Evidence) -> Result<Told, Halt> {
        let password = self.registered_password(ChosenPassword::Good);
        let RegistrationOutcome { exchanges, ended, .. } = self.registered(identity, password, evidence).await?;
        ended.map_err(|error| Halt::Obstacle(error.to_string()))?;
        Ok(granted(exchanges.last().cloned()))
    }

    /// Registers a name that nobody has, or that of the user of an identity. All answers from the request on that has it are
    /// looked at.
    pub(super) async fn register_name(
        &mut self,
        identity: usize,
        name: RegisteredName,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let RegistrationOutcome { procedure, exchanges, ended } = match name {
            // with another password than for the other name, the rules for passwords would tell the two apart
            RegisteredName::New => self.registered(identity, self.successor_of(identity)?, evidence).await?,
            RegisteredName::Taken => Box::pin(self.registered_again(identity, None, evidence)).await?.0,
        };
        let first = procedure.registration_requests_before_user();
        answers_about_user(exchanges.get(first..).unwrap_or_default(), ended)
    }

    /// Registers a user whom nobody knows, with a chosen password. Granted is what lets the user in.
    pub(super) async fn register_with(
        &mut self,
        identity: usize,
        chosen: ChosenPassword,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let RegistrationOutcome { procedure: theirs, exchanges, ended } =
            self.registered(identity, self.registered_password(chosen), evidence).await?;
        let registration = exchanges.last().cloned();
        match &ended {
            Err(error) if chosen == ChosenPassword::Good => return Err(Halt::Obstacle(error.to_string())),
            Err(error) => return refused(error, registration),
            Ok(()) => {}
        }
        let told = self.log_in_with(&theirs, evidence).await?;
        if chosen != ChosenPassword::Good || told.outcome != Outcome::Refused {
            return Ok(shown_by(registration, &told));
        }
        // what a password change has shown stays
        if theirs.changes_password() {
            evidence.facts.push(("not tried:", format!("a registration, for {NOT_AT_ONCE}")));
            return Err(Halt::Enough);
        }
        Err(Halt::Untestable(NOT_AT_ONCE.to_owned()))
    }

    /// The password with which a user registers whom nobody knows.
    pub(super) fn registered_password(&self, chosen: ChosenPassword) -> Secret {
        let good = || format!("{REGISTERED}{}", &self.random[..24]);
        Secret::new(chosen.weak().map_or_else(good, str::to_owned))
    }

    /// The password that takes the place of that of an identity, where no rule for passwords refuses it with that name alone.
    fn successor_of(&self, identity: usize) -> Result<Secret, Halt> {
        let (_, procedure) = self.login_of(identity)?;
        let former = procedure.account.1.as_ref();
        let former = former.ok_or_else(|| Halt::Untestable("the credential has no `password`".to_owned()))?;
        match is_like_name(&procedure.account.0, former.expose()) {
            true => Err(Halt::Untestable(LIKE_NAME.to_owned())),
            false => Ok(successor(former)),
        }
    }

    /// Registers a user whom nobody knows, whatever comes of it.
    async fn registered(
        &self,
        identity: usize,
        password: Secret,
        evidence: &mut Evidence,
    ) -> Result<RegistrationOutcome, Halt> {
        let (_, procedure) = self.login_of(identity)?;
        self.registered_by(&procedure, password, evidence).await
    }

    /// The same by the registration of this login.
    pub(super) async fn registered_by(
        &self,
        procedure: &Arc<LoginProcedure>,
        password: Secret,
        evidence: &mut Evidence,
    ) -> Result<RegistrationOutcome, Halt> {
        let theirs = procedure.with_account(&newcomer(&procedure.account.0), password.clone());
        let mut session = Logins::recorded(&theirs).patiently();
        let ended = session.register(&self.prober.equipment.logins, password).await;
        note(session.exchanges(), &theirs, evidence);
        Ok(RegistrationOutcome { procedure: theirs, exchanges: session.exchanges().to_vec(), ended })
    }

    /// Registers the user of an identity once more with another password. Granted is what lets that one in as the user, or what
    /// leaves the user with no password that is taken.
    pub(super) async fn register_again(
        &mut self,
        identity: usize,
        spelling: Option<UserSpelling>,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let (RegistrationOutcome { exchanges, ended, .. }, told) =
            self.registered_again(identity, spelling, evidence).await?;
        let registration = exchanges.last().cloned();
        if let Err(error) = &ended {
            // a registration that was not sent shows nothing
            refused(error, registration.clone())?;
        }
        let (told, former) = told?;
        let told = shown_by(registration, &told);
        match told.outcome {
            Outcome::Refused if former == Outcome::Refused => {
                Ok(Told { outcome: Outcome::Granted, why: Some(NOBODY_LOGS_IN.to_owned()), ..told })
            }
            _ => Ok(told),
        }
    }

    /// The same, whatever comes of it; what a login with the new password says after it, and what one with the former password
    /// does. The former one is put back where it is gone.
    async fn registered_again(
        &mut self,
        identity: usize,
        spelling: Option<UserSpelling>,
        evidence: &mut Evidence,
    ) -> Result<(RegistrationOutcome, Result<(Told, Outcome), Halt>), Halt> {
        let (name, procedure) = self.login_of(identity)?;
        let former = procedure.account.1.as_ref();
        let former = former.ok_or_else(|| Halt::Untestable("the credential has no `password`".to_owned()))?;
        let spelled = procedure.user_spelled(spelling);
        let spelled = spelled.ok_or_else(|| Halt::Untestable("the user-id has no other spelling".to_owned()))?;
        let new = successor(former);
        Box::pin(self.make_room_to_fail(&name, &procedure)).await?;
        let logins = &self.prober.equipment.logins;
        let _alone = logins.alone(&name).await;
        let mut session = Logins::recorded(&procedure.with_account(&spelled, new.clone())).patiently();
        let ended = logins.register_again(&name, &procedure, &mut session).await;
        note(session.exchanges(), session.procedure(), evidence);
        let registration =
            RegistrationOutcome { procedure: procedure.clone(), exchanges: session.exchanges().to_vec(), ended };
        let told = self.log_in_with(&procedure.with_account(&procedure.account.0, new), evidence).await;
        told.iter().for_each(|told| self.note_failing(&name, told));
        let former = self.log_in_with(&procedure, evidence).await;
        former.iter().for_each(|told| self.note_failing(&name, told));
        let outcome = former.map_or(Outcome::Unclear, |told| told.outcome);
        if outcome == Outcome::Granted {
            logins.password_stays(&name);
        } else if let Err(error) = logins.put_password_back(&name).await {
            evidence.add_obstacle(error.to_string());
        }
        Ok((registration, told.map(|told| (told, outcome))))
    }
}

/// What came of requests that are answered, or are not, by whether there is a user.
fn answers_about_user(exchanges: &[Exchange], ended: Result<(), ControlError>) -> Result<Told, Halt> {
    let Some((last, before)) = exchanges.split_last() else {
        let why = ended.err().map_or_else(|| "no request was sent".to_owned(), |error| error.to_string());
        return Err(Halt::Obstacle(why));
    };
    let told = match ended {
        Ok(()) => granted(Some(last.clone())),
        Err(error) => led_elsewhere(&error, Some(last.clone()))?,
    };
    Ok(Told { before: before.to_vec(), ..told })
}

/// Whether a password has the name of its user, or the other way round, in whatever case.
fn is_like_name(user: &str, password: &str) -> bool {
    let [user, password] = [user, password].map(str::to_lowercase);
    let own = user.split_once('@').map_or(user.as_str(), |(own, _)| own);
    own.len() > 2 && (password.contains(own) || own.contains(&password))
}

/// A user-id for somebody who registers; an e-mail address is one of the domain of the known user. It does not follow from the
/// seed of the run: a run that is replayed would find it taken.
fn newcomer(known: &str) -> String {
    let mut rng = rand::rng();
    let letters: String = (0..LETTERS).map(|_| char::from(rng.random_range(b'a'..=b'z'))).collect();
    known
        .split_once('@')
        .map_or_else(|| format!("{NEWCOMER}{letters}"), |(_, domain)| format!("{NEWCOMER}{letters}@{domain}"))
}

/// A user-id in the form of another that nobody has: its first and last character, and its length where that is no short one, for
/// some answers show these of the address to which they send mail; an e-mail address is one of the same domain.
fn like(known: &str, rng: &mut StdRng) -> String {
    let (own, domain) = known.split_once('@').map_or((known, None), |(own, domain)| (own, Some(domain)));
    let count = own.chars().count();
    let length = if (SHORTEST..=LONGEST).contains(&count) { count } else { SHORTEST };
    let mut user: Vec<char> = (0..length).map(|_| char::from(rng.random_range(b'a'..=b'z'))).collect();
    let ends = [(0, own.chars().next()), (length - 1, own.chars().next_back())];
    for (at, end) in ends {
        if let Some(end) = end.filter(char::is_ascii_alphanumeric) {
            user[at] = end;
        }
    }
    let user: String = user.into_iter().collect();
    domain.map_or_else(|| user.clone(), |domain| format!("{user}@{domain}"))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn whoever_registers_has_a_user_id_like_the_known_one() {
        for (known, ends) in [("alice@app.example", "@app.example"), ("alice", "")] {
            let (one, other) = (newcomer(known), newcomer(known));
            assert!(one.starts_with("authbench") && one.ends_with(ends), "{known}: {one}");
            assert_eq!(one.len(), 17 + ends.len(), "{known}: {one}");
            assert_ne!(one, other, "{known}");
        }
    }

    #[test]
    fn a_password_like_the_name_may_be_refused_with_it_alone() {
        for (user, password, expected) in [
            ("alice", "lab-Password-1", false),
            ("alice", "Alice-Password-1", true),
            ("alice@app.example", "alice-Password-1", true),
            ("alice@app.example", "app.example-1", false),
            ("alice-secret-7", "secret-7", true),
            ("al", "al-Password-1", false),
        ] {
            assert_eq!(is_like_name(user, password), expected, "{user} {password}");
        }
    }

    #[test]
    fn a_user_that_nobody_has_looks_like_the_known_one() {
        let mut rng = StdRng::seed_from_u64(1);
        for (known, begins, ends, length) in [
            ("alice@app.example", "a", "e@app.example", 12 + "@app.example".len()),
            ("alice", "a", "e", 12),
            ("alice-in-wonderland", "a", "d", 19),
            ("Bob@", "B", "b@", 13),
            ("-x-", "", "", 12),
            ("", "", "", 12),
        ] {
            let (one, other) = (like(known, &mut rng), like(known, &mut rng));
            assert!(one.starts_with(begins) && one.ends_with(ends), "{known}: {one}");
            assert_eq!(one.chars().count(), length, "{known}: {one}");
            assert!(one != other && one != known, "{known}: {one}, {other}");
        }
    }
}
