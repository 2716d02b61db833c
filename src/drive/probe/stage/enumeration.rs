//! Whether the time of a failed authentication tells who exists: users at a login, clients at the token endpoint.
//!
//! Every sample has values of its own on both sides: nobody has sent them before, and no cache answers them. Failures of
//! somebody who exists are followed by a success before the budget of failures is used up, so that nobody is locked out.

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt as _;
use rand::seq::SliceRandom as _;

use super::noting::note;
use super::session::{WRONG, unknown_user};
use super::timing::{Rounds, Runs, Samples};
use super::told::{Told, failed};
use super::{Halt, Stage, in_time};
use crate::check::step::Endpoint;
use crate::clock;
use crate::drive::login::Logins;
use crate::drive::probe::form::meaning;
use crate::drive::probe::values;
use crate::drive::wire::Connection;
use crate::observe::{Evidence, Outcome, Place};
use crate::plan::Action;
use crate::plan::login::LoginProcedure;
use crate::secret::Secret;

/// Failures in a row that a client may have, where the scenario says nothing.
const CLIENT_FAILURES: u32 = 3;
/// Why no samples are taken.
const THROTTLED: &str = "the target throttles failed authentications before there are samples enough";

/// Why no samples are taken of a login with a second factor.
const WAITS_FOR_CODES: &str = "the login sends a one-time code, and each of the many logins that are compared would wait for the next one: a credential \
     first in the file whose user has no second factor shows it";

/// Why no samples are taken of users that do not exist.
const REGISTERS: &str = "the login of a user that does not exist succeeds: it may register users";

/// The account that may be locked, in place of the name of a credential.
pub(super) const EXPENDABLE: &str = "`material.expendable_username`";
/// Why that account may not log in.
const MAY_BE_LOCKED: &str =
    "; an earlier run may have locked the account, or `material.expendable_password` is not its password";

/// Whose failures are compared.
pub(super) enum Existing {
    /// A user at a login, with the name of the identity.
    User(String, Arc<LoginProcedure>),
    /// The good client at the token endpoint.
    Client,
}

/// Why no login of an identity is let fail.
fn may_lock(name: &str, most: u32) -> Halt {
    Halt::Untestable(format!("more failed logins of {name} might lock the account (`max_failures: {most}`)"))
}

impl Stage<'_> {
    pub(super) async fn compare_users(
        &mut self,
        action: &Action,
        identity: usize,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let (name, procedure) = match self.expendable(identity)? {
            // whose account it is that may be locked
            Some(theirs) => (EXPENDABLE.to_owned(), theirs),
            None => self.login_of(identity)?,
        };
        let most = procedure.most_failures;
        if procedure.code_step().is_some() && !self.prober.equipment.logins.codes.are_taken_again() {
            return Err(Halt::Untestable(WAITS_FOR_CODES.to_owned()));
        }
        // those of checks before it are forgotten with the good login that comes first
        if most < 2 {
            return Err(may_lock(&name, most));
        }
        self.compare_known(action, (&Existing::User(name, procedure), most), evidence).await
    }

    pub(super) async fn compare_clients(&mut self, action: &Action, evidence: &mut Evidence) -> Result<(), Halt> {
        let most = self.prober.subject().material.failure_budget.unwrap_or(CLIENT_FAILURES);
        if most < 2 {
            let why = format!("more failures might lock the client (`failure_budget: {most}`)");
            return Err(Halt::Untestable(why));
        }
        self.compare_known(action, (&Existing::Client, most), evidence).await
    }

    async fn compare_known(
        &mut self,
        action: &Action,
        (known, most): (&Existing, u32),
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        // others may have failed before
        self.succeed(known).await?;
        let mut runs = Runs::default();
        while runs.are_wanted(evidence) {
            let began = clock::now();
            let samples = self.failures(action, (known, most), evidence).await;
            // whatever came of it, the last that the target sees of whoever exists is a success
            let calmed = self.succeed(known).await;
            let samples = samples?;
            calmed?;
            let Some(samples) = samples else { return Ok(()) };
            if !runs.keep(Some(&samples), began.elapsed(), evidence) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// One run; none where an answer is no refusal, which is kept to be judged.
    async fn failures(
        &mut self,
        action: &Action,
        (known, most): (&Existing, u32),
        evidence: &mut Evidence,
    ) -> Result<Option<Samples>, Halt> {
        let mut samples = Samples::default();
        let mut connection = None;
        let mut rounds = Rounds::begin();
        let mut failed = 0;
        while rounds.go_on(&samples) {
            // the known one, the known one again, and an unknown one
            let mut order = [0, 1, 2];
            order.shuffle(&mut self.rng);
            for kind in order {
                in_time()?;
                if kind < 2 && failed + 1 >= most {
                    self.succeed(known).await?;
                    failed = 0;
                }
                let first = evidence.timings.is_empty() && rounds.are_at_start();
                let (told, took) = self.fail((known, kind == 2), &mut connection, first, evidence).await?;
                failed += u32::from(kind < 2);
                if kind == 2 && told.outcome == Outcome::Granted && matches!(known, Existing::User(..)) {
                    return Err(Halt::Untestable(REGISTERS.to_owned()));
                }
                if told.exchange.status() == Some(429) {
                    return Err(Halt::Untestable(THROTTLED.to_owned()));
                }
                if rounds.count() {
                    samples[kind].push(took.as_secs_f64() * 1e6);
                }
                let refused = told.outcome == Outcome::Refused;
                if first || !refused {
                    let place = if matches!(known, Existing::User(..)) { Place::Login } else { Place::Token };
                    told.observe(action, place, evidence);
                }
                if !refused {
                    return Ok(None);
                }
            }
            rounds.end_one();
        }
        Ok(Some(samples))
    }

    /// One failed authentication with values that nobody has sent before, and how long the answer took to the request that has them.
    async fn fail(
        &mut self,
        (known, unknown): (&Existing, bool),
        connection: &mut Option<Connection>,
        kept: bool,
        evidence: &mut Evidence,
    ) -> Result<(Told, Duration), Halt> {
        let mut fresh =
            |length: usize| (0..length).map(|_| char::from(self.rng.random_range(b'a'..=b'z'))).collect::<String>();
        let (name, secret) = (fresh(12), format!("{WRONG}{}", fresh(20)));
        match known {
            Existing::User(_, procedure) => {
                let own = &procedure.account.0;
                let user = if unknown { unknown_user(own, &name) } else { own.clone() };
                let wrong = procedure.with_account(&user, Secret::new(secret));
                let mut session = Logins::recorded(&wrong);
                let ended = session.renewed(&self.prober.equipment.logins).await;
                let exchange = session.exchanges().last().cloned();
                // what follows the password only shows whether it was right
                let with_password = wrong.place_of_password().and_then(|at| session.exchanges().get(at));
                let took = with_password.or(exchange.as_ref()).map(|exchange| exchange.took).unwrap_or_default();
                let told = match ended {
                    Err(error) => failed(&error, &wrong, &session)?,
                    Ok((held, _)) => {
                        values::note_text(held.proof.secret(), evidence);
                        self.opened(held, exchange, evidence).await
                    }
                };
                if kept || told.outcome != Outcome::Refused {
                    note(session.exchanges(), &wrong, evidence);
                }
                Ok((told, took))
            }
            Existing::Client => {
                let prober = self.prober;
                let unusable = |error: &dyn std::fmt::Display| Halt::Obstacle(error.to_string());
                let url = prober.endpoint(Endpoint::Token).map_err(|error| unusable(&error))?;
                let client = prober.good_client().ok_or_else(|| Halt::Untestable("no client".to_owned()))?;
                let id = if unknown { name } else { client.id };
                let request = prober.token_request(&url, (&id, &secret)).map_err(|error| unusable(&error))?;
                if !connection.as_ref().is_some_and(Connection::is_reusable) {
                    let destination = prober.destination(&url, &request).map_err(|error| unusable(&error))?;
                    let opened = Connection::open(&destination, prober.limits()).await;
                    *connection = Some(opened.map_err(|silence| unusable(&silence))?);
                }
                let open = connection.as_mut().ok_or_else(|| Halt::Obstacle("no connection".to_owned()))?;
                let exchange = prober.send_on(open, &url, &request).await;
                let outcome = meaning(Endpoint::Token, &exchange);
                if kept || outcome != Outcome::Refused {
                    values::note_text(&secret, evidence);
                    let sensitive = request.headers.iter().filter(|header| header.sensitive);
                    sensitive.for_each(|header| values::note_line(header, evidence));
                }
                let took = exchange.took;
                Ok((Told { exchange, outcome, why: None, before: Vec::new() }, took))
            }
        }
    }

    /// Sees to it that a login of an identity may fail, and that one is left for the login with the right password: a good login
    /// makes room where others have failed before.
    pub(super) async fn make_room_to_fail(&self, name: &str, procedure: &Arc<LoginProcedure>) -> Result<(), Halt> {
        let most = procedure.most_failures;
        if most < 2 {
            return Err(may_lock(name, most));
        }
        if self.prober.equipment.logins.failures_left(name, procedure).await >= 2 {
            return Ok(());
        }
        // a good login may end the session that is looked at
        if self.prober.is_one_at_a_time() && !self.sessions.is_empty() {
            return Err(may_lock(name, most));
        }
        self.succeed(&Existing::User(name.to_owned(), procedure.clone())).await
    }

    /// One successful authentication: what failed before it in a row is forgotten.
    async fn succeed(&self, known: &Existing) -> Result<(), Halt> {
        match known {
            Existing::User(name, procedure) => {
                let logins = &self.prober.equipment.logins;
                let mut session = Logins::recorded(procedure);
                let ended = session.renewed(logins).await;
                logins.note_end(name, ended.as_ref().map(drop));
                let hint = if name == EXPENDABLE { MAY_BE_LOCKED } else { "" };
                ended.map_err(|error| Halt::Obstacle(format!("{}{hint}", logins.explained(name, &error))))?;
                // many of them: not one is left for the end of the run
                let _ = session.log_out(logins).await;
                Ok(())
            }
            Existing::Client => {
                let client = self.prober.good_client().ok_or_else(|| Halt::Untestable("no client".to_owned()))?;
                let obtained = self.prober.equipment.control.obtain(&client, None).await;
                let token = obtained.map_err(|error| Halt::Obstacle(format!("no token for {}: {error}", client.id)))?;
                if self.prober.is_one_at_a_time() {
                    self.prober.equipment.control.keep(&client, &token).await;
                }
                Ok(())
            }
        }
    }
}
