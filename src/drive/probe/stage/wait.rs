//! Steps that wait for something.

use std::time::Duration;

use super::{Halt, Stage};
use crate::clock;
use crate::observe::{Evidence, Outcome};

/// The longest that a probe waits for a token to expire.
pub(in crate::drive::probe) const LONGEST_WAIT: Duration = Duration::from_secs(45);

/// Beyond the tolerated leeway, so that rounding to whole seconds decides nothing.
pub(in crate::drive::probe) const ROUNDING: Duration = Duration::from_millis(1100);

/// Between two looks whether a token is refused.
const POLL: Duration = Duration::from_millis(50);

impl Stage<'_> {
    pub(super) async fn await_expiry(&mut self, slot: &'static str) -> Result<(), Halt> {
        let leeway = self.prober.subject().tolerances.max_leeway;
        let token = &self.kept(slot)?.token;
        let Some(lifetime) = token.lifetime else {
            return Err(Halt::Untestable("the token endpoint does not say how long its tokens live".to_owned()));
        };
        let end = token.obtained + lifetime + leeway + ROUNDING;
        let wait = end.saturating_duration_since(clock::now());
        if wait > LONGEST_WAIT {
            let lifetime = lifetime.as_secs();
            let longest = LONGEST_WAIT.as_secs();
            let why = format!("tokens live {lifetime} s, and a probe waits at most {longest} s for one to expire");
            return Err(Halt::Untestable(why));
        }
        tokio::time::sleep(wait).await;
        Ok(())
    }

    pub(super) async fn await_refusal(
        &mut self,
        slot: &'static str,
        resource: usize,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let proof = self.slot_proof(slot)?;
        let request = self.prober.good_request(&proof, resource, evidence);
        let began = clock::now();
        let tolerances = self.prober.subject().tolerances;
        let tolerated = if self.withdrawn { tolerances.rotation_delay } else { tolerances.revocation_delay };
        loop {
            let exchange = self.prober.send_to(resource, &request).await;
            let outcome = self.prober.outcome(resource, &exchange).await;
            let waited = clock::now() - began;
            if let Some(lifetime) = self.kept(slot)?.token.lifetime
                && clock::now() >= self.kept(slot)?.token.obtained + lifetime
            {
                // refused because it has ended by itself: that says nothing about revocation
                return Err(Halt::Obstacle(
                    "the token ended by itself before the tolerated delay had passed".to_owned(),
                ));
            }
            if outcome == Outcome::Refused || waited >= tolerated {
                evidence.facts.push(("delay", format!("{} ms", waited.as_millis())));
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
    }

    pub(super) async fn await_acceptance(
        &mut self,
        slot: &'static str,
        resource: usize,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let proof = self.slot_proof(slot)?;
        let request = self.prober.good_request(&proof, resource, evidence);
        let began = clock::now();
        let tolerated = self.prober.subject().tolerances.rotation_delay;
        loop {
            let exchange = self.prober.send_to(resource, &request).await;
            let outcome = self.prober.outcome(resource, &exchange).await;
            let waited = clock::now() - began;
            if outcome == Outcome::Granted || waited >= tolerated {
                evidence.facts.push(("delay", format!("{} ms", waited.as_millis())));
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
    }
}
