//! Requests to resources.

use super::{Halt, Stage};
use crate::check::step::Send;
use crate::clock;
use crate::drive::probe::values;
use crate::observe::{Evidence, Observation, Outcome, Place, Request, Silence};
use crate::plan::{Action, Part};
use crate::scheme::{Carried, Draft, Proof};

/// Whether the last probe waited in vain, twice.
fn timed_out(evidence: &Evidence) -> bool {
    let last = evidence.observations.last().filter(|last| last.reproduced);
    last.is_some_and(|last| matches!(last.exchange.answer, Err(Silence::TimedOut)))
}

impl Stage<'_> {
    pub(super) async fn send(
        &mut self,
        action: &Action,
        part: &Part,
        (resource, counts): (usize, usize),
        send: &Send,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        for (says, carried) in self.carriers(part, resource).await? {
            let mut request = self.prober.bare_request(resource);
            for one in &carried {
                values::note(&one.value, evidence);
                one.apply(&mut request);
            }
            for alter in send.alter {
                let filled = |fill| self.fill(fill, resource);
                let text = std::cell::RefCell::new(None);
                let fill = |value| match filled(value) {
                    Ok(value) => value,
                    Err(why) => {
                        *text.borrow_mut() = Some(why);
                        String::new()
                    }
                };
                self.prober.alter(&mut request, alter, &fill);
                if let Some(why) = text.into_inner() {
                    return Err(Halt::Obstacle(why));
                }
            }
            if matches!(part, Part::Forged(..)) && send.alter.is_empty() {
                self.must_differ(part, resource, &request).await?;
            }
            let label = match says {
                Some(says) if action.label.is_empty() => says,
                Some(says) => format!("{}: {says}", action.label),
                None => action.label.clone(),
            };
            self.probe(action, label, counts, request, evidence).await;
            if timed_out(evidence) {
                // the same again in another form would only wait again
                break;
            }
        }
        Ok(())
    }

    /// A forgery whose bytes are those of the good request would prove the opposite of what it claims.
    pub(super) async fn must_differ(&self, part: &Part, resource: usize, request: &Request) -> Result<(), Halt> {
        let Part::Forged(identity, name) = part else { return Ok(()) };
        let proof = self.proof(*identity).await?;
        let good = self.prober.good_request(&proof, resource, &mut Evidence::default());
        if good == *request {
            return Err(Halt::Untestable(format!("{name} changes nothing about this credential")));
        }
        Ok(())
    }

    /// Sends a probe; repeats it once where there was no answer, or a server error that may be an accident.
    pub(super) async fn probe(
        &self,
        action: &Action,
        label: String,
        counts: usize,
        request: Request,
        evidence: &mut Evidence,
    ) {
        let fingerprint = self.prober.fingerprint(counts).await;
        let fingerprint = if request.method == "HEAD" { fingerprint.without_body() } else { fingerprint };
        let mut exchange = self.prober.send_to(counts, &request).await;
        let mut at = clock::unix_seconds();
        let mut outcome = fingerprint.outcome(&exchange);
        let mut reproduced = false;
        if matches!(outcome, Outcome::Silent | Outcome::Broke) {
            let again = self.prober.send_to(counts, &request).await;
            let outcome_again = fingerprint.outcome(&again);
            reproduced = outcome == outcome_again;
            if !reproduced && outcome == Outcome::Silent {
                (exchange, outcome, at) = (again, outcome_again, clock::unix_seconds());
            }
        }
        if outcome == Outcome::Granted && self.prober.is_alike(counts) {
            evidence.alike = Some(self.prober.subject().resources[counts].name());
        }
        let place = Place::Resource(counts);
        evidence.observations.push(Observation { step: action.step, label, place, exchange, outcome, at, reproduced });
    }

    /// What is carried: one set for most parts, one for each malformed value.
    pub(super) async fn carriers(
        &mut self,
        part: &Part,
        resource: usize,
    ) -> Result<Vec<(Option<String>, Vec<Carried>)>, Halt> {
        let subject = self.prober.subject();
        let carrier = &subject.carrier;
        Ok(match part {
            Part::Anonymous => vec![(None, Vec::new())],
            Part::Identity(identity) => {
                let proof = self.proof(*identity).await?;
                vec![(None, subject.scheme.carry(carrier, &proof))]
            }
            Part::Forged(identity, name) => {
                let proof = self.proof(*identity).await?;
                vec![(None, self.forge(name, &proof)?)]
            }
            Part::EachForged(identity, names) => {
                let proof = self.proof(*identity).await?;
                self.each_forged(names, &proof)
            }
            Part::Malformed => {
                let values = subject.scheme.malformed(carrier);
                values.into_iter().map(|(says, carried)| (Some(says), carried)).collect()
            }
            Part::Slot(slot) => {
                let proof = self.slot_proof(slot)?;
                vec![(None, subject.scheme.carry(carrier, &proof))]
            }
            Part::IfKept(slot) if !self.slots.contains_key(slot) => Vec::new(),
            Part::IfKept(slot) => {
                let proof = self.slot_proof(slot)?;
                vec![(None, subject.scheme.carry(carrier, &proof))]
            }
            Part::Given(proof, None) => vec![(None, subject.scheme.carry(carrier, proof))],
            Part::Given(proof, Some(name)) => {
                let _ = resource;
                vec![(None, self.forge(name, proof)?)]
            }
        })
    }

    pub(super) fn forge(&mut self, name: &str, proof: &Proof) -> Result<Vec<Carried>, Halt> {
        let subject = self.prober.subject();
        let mut draft = Draft { carrier: &subject.carrier, proof, rng: &mut self.rng, kit: &self.kit };
        subject.scheme.forge(name, &mut draft).map_err(|unforgeable| Halt::Untestable(unforgeable.0))
    }
}
