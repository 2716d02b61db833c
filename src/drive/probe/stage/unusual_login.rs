//! Logins that are wrong on purpose, between which the right one comes before the account may be locked.

use super::told::{Told, failed, later_counts, led_elsewhere};
use super::{Halt, Stage};
use crate::check::step::{GrantChange, ReturnTo, SessionAct};
use crate::drive::login::{Distance, LoginSession, Logins};
use crate::observe::{Evidence, Exchange, Outcome, Silence, meaning_of_status};
use crate::plan::login::LoginProcedure;

/// Stands for a credential in a request by TRACE.
const TRACE_CANARY: &str = "Bearer authbench-trace-canary";

/// Why a login is not changed in this way.
fn lacking(act: SessionAct) -> &'static str {
    match act {
        SessionAct::FromForeignPage | SessionAct::FromForeignForm => {
            "no form of another site could send the request of the login with the password: that has it in a header field, or is no POST"
        }
        _ => "the login has no such value",
    }
}

impl Stage<'_> {
    /// The login of an identity as an act changes it, and whether its answer is a server error, or none, that comes again.
    pub(super) async fn unusual_login(
        &mut self,
        identity: usize,
        act: SessionAct,
        evidence: &mut Evidence,
    ) -> Result<(Told, bool), Halt> {
        let told = self.one_unusual_login(identity, act, Distance::WhereNeeded, evidence).await?;
        let closed = matches!(told.exchange.answer, Err(Silence::Closed));
        let stopped = self.prober.outages.are_caused_by(&told.exchange.request);
        if (told.outcome != Outcome::Broke && !closed) || stopped {
            return Ok((told, false));
        }
        // the right login that comes before may have had the same token (see `drive/login/turns`)
        let again = self.one_unusual_login(identity, act, Distance::Always, evidence).await?;
        let same = again.outcome == told.outcome;
        Ok((if later_counts(told.outcome, again.outcome) { again } else { told }, same))
    }

    /// What came of a changed login of an identity whose own one is given.
    ///
    /// # Errors
    /// Where it was refused for something else: it had gone another way before what was changed in it. One that has fewer requests
    /// goes a way of its own.
    pub(super) fn for_its_change(
        &self,
        (name, own): (&str, &LoginProcedure),
        session: &LoginSession,
        told: Told,
    ) -> Result<Told, Halt> {
        let changed = session.procedure();
        let departed = || self.prober.equipment.logins.departed(name, session, own.place_of_change(changed));
        if told.outcome == Outcome::Refused
            && own.has_as_many_requests(changed)
            && let Some(why) = departed()
        {
            return Err(Halt::Obstacle(why));
        }
        Ok(told)
    }

    /// What comes of another method where a login posts the password.
    pub(super) async fn other_method(&self, identity: usize, method: &str) -> Result<Told, Halt> {
        let (_, procedure) = self.login_of(identity)?;
        let path =
            procedure.path_for(method).ok_or_else(|| Halt::Untestable("the login has no such path".to_owned()))?;
        let request = self.prober.plain_request(method, &path, &[]).with_length();
        let request = match method {
            // what an answer that repeats it shows
            "TRACE" => request.header("Authorization", TRACE_CANARY),
            _ => request,
        };
        let exchange = self.prober.send_at(&self.prober.equipment.base, &request).await;
        let outcome = exchange.status().map_or(Outcome::Silent, meaning_of_status);
        Ok(Told { exchange, outcome, why: None, before: Vec::new() })
    }

    /// The page of a login that is to lead elsewhere, and whether its answer is a server error that comes again.
    pub(super) async fn page_returning_to(&self, identity: usize, site: ReturnTo) -> Result<(Told, bool), Halt> {
        let (_, procedure) = self.login_of(identity)?;
        let target = procedure.page_returning_to(site);
        let target = target.ok_or_else(|| Halt::Untestable("the login has no such page".to_owned()))?;
        let request = self.prober.plain_request("GET", &target, &[]);
        let base = &self.prober.equipment.base;
        let mut exchange = self.prober.send_at(base, &request).await;
        let is_broken = |exchange: &Exchange| exchange.status().is_some_and(|status| status >= 500);
        let mut reproduced = false;
        if is_broken(&exchange) && !self.prober.outages.are_caused_by(&exchange.request) {
            exchange = self.prober.send_at(base, &request).await;
            reproduced = is_broken(&exchange);
        }
        let outcome = exchange.status().map_or(Outcome::Silent, meaning_of_status);
        Ok((Told { exchange, outcome, why: None, before: Vec::new() }, reproduced))
    }

    async fn one_unusual_login(
        &mut self,
        identity: usize,
        act: SessionAct,
        distance: Distance,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let (name, procedure) = self.login_of(identity)?;
        let unusual = match act {
            SessionAct::ChangedGrant(change) => self.prober.subject().changed_grant(identity, change),
            _ => procedure.changed_by(act),
        };
        let unusual = unusual.ok_or_else(|| Halt::Untestable(lacking(act).to_owned()))?;
        Box::pin(self.make_room_to_fail(&name, &procedure)).await?;
        let logins = &self.prober.equipment.logins;
        let alone = logins.alone(&name).await;
        // whoever names a foreign host, or asks for a code in another way, may get another page from the first request on
        let ended = match act {
            SessionAct::NamingHost(_)
            | SessionAct::ChangedGrant(
                GrantChange::NoChallenge
                | GrantChange::NoProofKey
                | GrantChange::EmptyChallenge
                | GrantChange::PlainWrongVerifier(_)
                | GrantChange::PlainNoVerifier(_),
            ) => |error: &_, _: &_, session: &LoginSession| led_elsewhere(error, session.exchanges().last().cloned()),
            _ => failed,
        };
        let mut session = Logins::recorded(&unusual).patiently().keeping(distance);
        let (told, before) = Box::pin(self.ended_session(&mut session, alone, ended, evidence)).await?;
        self.note_failing(&name, &told);
        let told = self.for_its_change((&name, &procedure), &session, told)?;
        let reads_answers = match act {
            SessionAct::ReturningTo(site) => site.is_another_site(),
            _ => matches!(act, SessionAct::NamingHost(_)),
        };
        Ok(Told { before, ..told }.of_change(procedure.place_of_change(&unusual), reads_answers))
    }
}
