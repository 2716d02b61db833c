//! Steps that wait for something.

use std::time::{Duration, Instant};

use super::cookies::newly_set;
use super::{Halt, HeldCredential, Kept, Stage};
use crate::check::step::{Endpoint, Send, Want};
use crate::clock;
use crate::drive::control::Token;
use crate::drive::probe::allowance;
use crate::drive::probe::form::correct;
use crate::observe::{Evidence, Exchange, Outcome, Response, SetCookie};
use crate::plan::{Action, Asker};
use crate::scheme::Reuse;
use crate::secret::Secret;

/// The longest that a probe waits for a token to expire.
pub(in crate::drive::probe) const LONGEST_WAIT: Duration = Duration::from_secs(45);

/// Beyond the tolerated leeway, so that rounding to whole seconds decides nothing.
pub(in crate::drive::probe) const ROUNDING: Duration = Duration::from_millis(1100);

/// How late a target may do what it was asked for, so that a reading afterwards shows it.
pub(super) const LATE_EFFECT: Duration = Duration::from_secs(1);

/// Between two looks whether a token that was granted past its end is refused later.
const LATE_POLL: Duration = Duration::from_secs(1);
/// Between two looks whether a token is refused.
const POLL: Duration = Duration::from_millis(50);
/// Looks in a row that have to see it: of several servers behind one address, the first may know what the next does not know yet.
const STEADY: usize = 3;
/// Why a wait for the end of a revoked token shows nothing.
const ENDED_BY_ITSELF: &str = "the token ended by itself before the tolerated delay had passed";

/// Waits for what a target does after it has answered.
pub(super) async fn for_late_effects(wait: Duration) {
    let _shown = allowance::shown("late effects of what was sent", Some(wait));
    allowance::apart(tokio::time::sleep(wait)).await;
}

/// The same after a request that was answered at a time; what is left of it.
pub(super) async fn for_effects_of(answered: Option<Instant>) {
    let since = answered.map(|at| clock::now() - at);
    let left = since.map_or(Duration::ZERO, |since| LATE_EFFECT.saturating_sub(since));
    if !left.is_zero() {
        for_late_effects(left).await;
    }
}

impl Stage<'_> {
    pub(super) async fn await_expiry(&mut self, slot: &'static str) -> Result<(), Halt> {
        let leeway = self.prober.subject().tolerances.max_leeway;
        let token = &self.kept(slot)?.token;
        let (Some(lifetime), Some(end)) = (token.lifetime, token.has_ended_at()) else {
            let why = "neither a number of seconds in `expires_in` nor an `exp` in the token says how long tokens live";
            return Err(Halt::Untestable(why.to_owned()));
        };
        let end = end + leeway + ROUNDING;
        let wait = end.saturating_duration_since(clock::now());
        if wait > LONGEST_WAIT {
            let lifetime = lifetime.as_secs();
            let longest = LONGEST_WAIT.as_secs();
            let why = format!(
                "tokens live {lifetime} s, and a probe waits at most {longest} s for one to expire: let a test client have tokens that live shorter"
            );
            return Err(Halt::Untestable(why));
        }
        let _shown = allowance::shown("a token to expire", Some(wait));
        allowance::apart(tokio::time::sleep(wait)).await;
        Ok(())
    }

    /// Waits until half of the life of a token is over; not at all where nobody knows when it ends, or not for long.
    pub(super) async fn await_half(&mut self, slot: &'static str) -> Result<(), Halt> {
        let token = &self.kept(slot)?.token;
        let (Some(lifetime), Some(end)) = (token.lifetime, token.ends_at()) else { return Ok(()) };
        let wait = clock::before(end, lifetime / 2).saturating_duration_since(clock::now());
        if wait <= LONGEST_WAIT {
            let _shown = allowance::shown("half of the life of a token to pass", Some(wait));
            allowance::apart(tokio::time::sleep(wait)).await;
        }
        Ok(())
    }

    pub(super) async fn await_refusal(
        &mut self,
        slot: &'static str,
        resource: usize,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let tolerances = self.prober.subject().tolerances;
        let tolerated = if self.withdrawn { tolerances.rotation_delay } else { tolerances.revocation_delay };
        let end = self.kept(slot)?.token.ends_at();
        if let Some(left) = self.kept(slot)?.self_contained() {
            // it is the one that is waited for that has to end, and not the one with which that was asked
            evidence.self_contained = Some(left);
        }
        let awaited = Awaited { outcome: Outcome::Refused, tolerated, end };
        let held = self.slot_held(slot)?;
        self.tolerated_until = Some((resource, clock::now() + tolerated));
        let _shown = allowance::shown("a revoked token to be refused", Some(tolerated));
        let given = allowance::apart(self.await_outcome(&held, resource, awaited, evidence)).await?;
        // a grant within the tolerated delay is none of its own, but what it gave may stay
        self.slots.entry(slot).and_modify(|kept| kept.given = given);
        Ok(())
    }

    /// Introspects a token that was revoked until it is inactive, and stays so, or the tolerated delay has passed.
    pub(super) async fn await_inactive(&mut self, slot: &'static str, evidence: &mut Evidence) -> Result<(), Halt> {
        let tolerated = self.prober.subject().tolerances.revocation_delay;
        let token = &self.kept(slot)?.token;
        let (value, end) = (token.value.expose().to_owned(), token.ends_at());
        let form = correct(Endpoint::Introspection);
        let _shown = allowance::shown("a revoked token to be inactive", Some(tolerated));
        let began = clock::now();
        let mut steady = 0;
        loop {
            let (exchange, _) = self.post(&form, vec![("token".to_owned(), value.clone())], evidence).await?;
            if end.is_some_and(|end| clock::now() >= end) {
                // inactive because it has ended by itself: that says nothing about revocation
                return Err(Halt::Obstacle(ENDED_BY_ITSELF.to_owned()));
            }
            steady = if says_active(&exchange) { 0 } else { steady + 1 };
            let waited = clock::now() - began;
            if steady == STEADY || waited >= tolerated {
                evidence.facts.push(("delay", format!("{} ms", waited.as_millis())));
                return Ok(());
            }
            allowance::apart(tokio::time::sleep(POLL)).await;
        }
    }

    /// Waits for a token to be refused that was granted past its end: how long it lives on says how bad that is.
    pub(super) async fn await_late_refusal(
        &mut self,
        slot: &'static str,
        resource: usize,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        if evidence.observations.last().is_none_or(|seen| seen.outcome != Outcome::Granted) {
            return Ok(());
        }
        let held = self.slot_held(slot)?;
        let request = self.prober.good_request(&held, resource, evidence).await;
        let longest = self.prober.subject().tolerances.excess_leeway;
        let _shown = allowance::shown("an expired token to be refused", Some(longest));
        allowance::apart(async {
            let began = clock::now();
            while clock::now() - began < longest {
                tokio::time::sleep(LATE_POLL).await;
                let exchange = self.prober.send_to(resource, &request).await;
                if self.prober.outcome(resource, &exchange).await != Outcome::Granted {
                    break;
                }
            }
        })
        .await;
        Ok(())
    }

    /// Sends a request; one that has to be refused, and is granted while that is tolerated, comes once more when the time of that is
    /// over: each resource may remember for itself what was ended. That is about the credential that was ended, and not about what
    /// came of it.
    pub(super) async fn send_after_delay(
        &mut self,
        action: &Action,
        asker: &Asker,
        at: (usize, usize),
        send: &Send,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let before = evidence.observations.len();
        self.send(action, asker, at, send, evidence).await?;
        let granted = evidence.observations[before..].iter().any(|seen| seen.outcome == Outcome::Granted);
        let is_itself = matches!(asker, Asker::Slot(_) | Asker::Identity(_));
        let elsewhere = self.tolerated_until.filter(|(resource, _)| is_itself && *resource != at.1);
        let left = elsewhere.map(|(_, end)| end.saturating_duration_since(clock::now()));
        match left {
            Some(left) if granted && !left.is_zero() && matches!(send.want, Want::Denied(_)) => {
                let _shown = allowance::shown("the rest of a tolerated delay to pass", Some(left));
                allowance::apart(tokio::time::sleep(left)).await;
                evidence.forget_from(before);
                self.send(action, asker, at, send, evidence).await
            }
            _ => Ok(()),
        }
    }

    /// Waits until the credential that was rotated is refused, for as long as an overlap is tolerated.
    pub(super) async fn await_rotation(&mut self, evidence: &mut Evidence) -> Result<(), Halt> {
        let tolerated = self.prober.subject().tolerances.rotation_delay;
        let (resource, good) = self.used_first()?;
        let held = self.held(good).await?;
        let awaited = Awaited { outcome: Outcome::Refused, tolerated, end: None };
        self.tolerated_until = Some((resource, clock::now() + tolerated));
        let _shown = allowance::shown("the tolerated delay of a rotation", Some(tolerated));
        allowance::apart(self.await_outcome(&held, resource, awaited, evidence)).await.map(drop)
    }

    /// Waits until the credential of an account is refused, or granted again, for as long as it is tolerated.
    pub(super) async fn await_account(
        &mut self,
        identity: usize,
        resource: usize,
        enabled: bool,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let tolerated = self.prober.subject().tolerances.revocation_delay;
        let held = self.held(identity).await?;
        // a JWT of the scenario says when it ends
        let given = Kept::of(Token::endless(Secret::new(held.proof.secret())).with_own_end(None), None);
        let (outcome, what) = match enabled {
            true => (Outcome::Granted, "the credential of an account that was enabled to be accepted"),
            false => {
                evidence.self_contained = given.self_contained();
                self.tolerated_until = Some((resource, clock::now() + tolerated));
                (Outcome::Refused, "the credential of a disabled account to be refused")
            }
        };
        let awaited = Awaited { outcome, tolerated, end: None };
        let _shown = allowance::shown(what, Some(tolerated));
        allowance::apart(self.await_outcome(&held, resource, awaited, evidence)).await.map(drop)
    }

    /// Waits until the token in a slot is refused where it needs a right that its account has lost, or granted there again, for as long
    /// as it is tolerated.
    pub(super) async fn await_right(
        &mut self,
        slot: &'static str,
        resource: Option<usize>,
        returned: bool,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let tolerated = self.prober.subject().tolerances.revocation_delay;
        let what = if returned { "a right to be given back" } else { "a right to be taken away" };
        match resource {
            Some(resource) if returned => {
                let awaited = Awaited { outcome: Outcome::Granted, tolerated, end: None };
                let held = self.slot_held(slot)?;
                let _shown = allowance::shown(what, Some(tolerated));
                allowance::apart(self.await_outcome(&held, resource, awaited, evidence)).await.map(drop)
            }
            Some(resource) => self.await_refusal(slot, resource, evidence).await,
            None => {
                if !returned {
                    evidence.self_contained = self.kept(slot)?.self_contained();
                }
                let _shown = allowance::shown(what, Some(tolerated));
                allowance::apart(tokio::time::sleep(tolerated)).await;
                Ok(())
            }
        }
    }

    pub(super) async fn await_acceptance(
        &mut self,
        slot: &'static str,
        resource: usize,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let tolerated = self.prober.subject().tolerances.rotation_delay;
        let awaited = Awaited { outcome: Outcome::Granted, tolerated, end: None };
        let held = self.slot_held(slot)?;
        let _shown = allowance::shown("a new credential to be accepted", Some(tolerated));
        allowance::apart(self.await_outcome(&held, resource, awaited, evidence)).await.map(drop)
    }

    /// Asks with a credential until the outcome is there, and stays, or the tolerated delay has passed; how long that was is noted.
    /// The cookies that answers set meanwhile that granted access.
    async fn await_outcome(
        &mut self,
        held: &HeldCredential,
        resource: usize,
        awaited: Awaited,
        evidence: &mut Evidence,
    ) -> Result<Vec<SetCookie>, Halt> {
        let mut request = self.prober.good_request(held, resource, evidence).await;
        let began = clock::now();
        let (mut steady, mut given) = (0, Vec::new());
        loop {
            let exchange = self.prober.send_to(resource, &request).await;
            let outcome = self.prober.outcome(resource, &exchange).await;
            if outcome == Outcome::Granted {
                newly_set(&exchange, &mut given);
            }
            let waited = clock::now() - began;
            if awaited.end.is_some_and(|end| clock::now() >= end) {
                // refused because it has ended by itself: that says nothing about revocation
                return Err(Halt::Obstacle(ENDED_BY_ITSELF.to_owned()));
            }
            steady = if outcome == awaited.outcome { steady + 1 } else { 0 };
            if steady == STEADY || waited >= awaited.tolerated {
                evidence.facts.push(("delay", format!("{} ms", waited.as_millis())));
                return Ok(given);
            }
            tokio::time::sleep(POLL).await;
            if self.prober.subject().scheme.reuse() == Reuse::Once {
                request = self.prober.good_request(held, resource, evidence).await;
            }
        }
    }
}

/// Whether an introspection says that its token is active.
fn says_active(exchange: &Exchange) -> bool {
    let json = exchange.response().and_then(Response::json);
    json.is_some_and(|json| json.get("active") == Some(&true.into()))
}

/// What a step waits for.
struct Awaited {
    outcome: Outcome,
    tolerated: Duration,
    /// When the token ends by itself, where that would decide.
    end: Option<Instant>,
}
