//! Requests to resources.

use super::{Halt, Stage};
use crate::check::step::Send;
use crate::clock;
use crate::drive::probe::values;
use crate::drive::wire::Connection;
use crate::observe::{Asked, Atom, Evidence, Exchange, Observation, Outcome, Place, Reading, Request, Silence};
use crate::plan::{Action, Part};
use crate::scheme::{Carried, Draft, Proof};

/// Anonymous requests of a thorough step, beside those that the resource was learned from.
const REPEATS: usize = 8;
/// Resources whose content a credential that lacks a right may read elsewhere.
const MOST_READABLE: usize = 4;

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
                    return Err(Halt::Obstacle(why.to_string()));
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
            let readable = self.readable(part, counts).await;
            let asked = self.asked(part, counts, &readable);
            if send.thorough {
                self.thoroughly(action, &label, counts, &request, &asked, evidence).await;
            }
            self.probe(action, label, counts, request, &asked, evidence).await;
            if timed_out(evidence) {
                // the same again in another form would only wait again
                break;
            }
        }
        Ok(())
    }

    /// Who asks, as far as the meaning of the answer depends on it.
    fn asked<'r>(&self, part: &Part, resource: usize, readable: &'r [Atom]) -> Asked<'r> {
        let subject = self.prober.subject();
        let entitled = match part {
            Part::Identity(identity) => subject.resources[resource].open_to(&subject.identities[*identity]),
            _ => false,
        };
        Asked { anonymous: matches!(part, Part::Anonymous), entitled, request: None, readable }
    }

    /// What an identity may read although this resource is closed to it.
    async fn readable(&self, part: &Part, resource: usize) -> Vec<Atom> {
        let (Part::Identity(identity) | Part::Forged(identity, _) | Part::EachForged(identity, _)) = part else {
            return Vec::new();
        };
        let subject = self.prober.subject();
        let identity = &subject.identities[*identity];
        if subject.resources[resource].open_to(identity) {
            return Vec::new();
        }
        let open =
            |at: &usize| *at != resource && !subject.resources[*at].writes && subject.resources[*at].open_to(identity);
        let mut readable = Vec::new();
        for other in subject.protected().filter(open).take(MOST_READABLE).collect::<Vec<_>>() {
            readable.extend_from_slice(self.prober.recognition(other).await.stable_atoms());
        }
        readable
    }

    /// The requests that the resource was learned from, the same request several times, and once on a connection that was
    /// authenticated before: a grant that comes only now and then, first, or to a connection, is a grant.
    async fn thoroughly(
        &self,
        action: &Action,
        label: &str,
        resource: usize,
        request: &Request,
        asked: &Asked<'_>,
        evidence: &mut Evidence,
    ) {
        if asked.anonymous {
            for exchange in self.prober.anonymous_lessons(resource).await {
                self.observe(action, label.to_owned(), resource, exchange, asked, evidence).await;
            }
        }
        let writes = self.prober.subject().resources[resource].writes;
        for _ in 0..if writes || !asked.anonymous { 1 } else { REPEATS } {
            let exchange = self.prober.send_to(resource, request).await;
            self.observe(action, label.to_owned(), resource, exchange, asked, evidence).await;
            if evidence.observations.last().is_some_and(|last| last.outcome == Outcome::Silent) {
                return;
            }
        }
        if let Some(exchange) = self.after_a_good_one(resource, request, evidence).await {
            let label = format!("{label}, on a connection that was authenticated before");
            self.observe(action, label, resource, exchange, asked, evidence).await;
        }
    }

    /// A request on the connection of a good one; none where that was not granted, or its connection ended.
    async fn after_a_good_one(&self, resource: usize, request: &Request, evidence: &mut Evidence) -> Option<Exchange> {
        let prober = self.prober;
        let good = prober.subject().good_for(resource)?;
        let proof = self.proof(good).await.ok()?;
        let good = prober.good_request(&proof, resource, evidence);
        let destination = prober.destination(&prober.equipment.base).ok()?;
        let mut connection = Connection::open(&destination, prober.equipment.limits).await.ok()?;
        prober.equipment.rate_limit.wait().await;
        let before = connection.exchange(&good).await;
        let granted = prober.read_good(resource, &before).await.outcome == Outcome::Granted;
        if !granted || !connection.is_reusable() {
            return None;
        }
        prober.equipment.rate_limit.wait().await;
        let after = connection.exchange(request).await;
        // the target may end an idle connection at any moment: that is no answer to the request
        (after.answer != Err(Silence::Closed)).then_some(after)
    }

    async fn observe(
        &self,
        action: &Action,
        label: String,
        resource: usize,
        exchange: Exchange,
        asked: &Asked<'_>,
        evidence: &mut Evidence,
    ) {
        let reading = self.prober.read(resource, &exchange, asked).await;
        evidence.observations.push(Observation {
            step: action.step,
            label,
            place: Place::Resource(resource),
            exchange,
            outcome: reading.outcome,
            why: reading.why,
            at: clock::unix_seconds(),
            reproduced: false,
        });
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
        asked: &Asked<'_>,
        evidence: &mut Evidence,
    ) {
        let mut exchange = self.prober.send_to(counts, &request).await;
        let mut at = clock::unix_seconds();
        let mut reading = self.prober.read(counts, &exchange, asked).await;
        let mut reproduced = false;
        if matches!(reading.outcome, Outcome::Silent | Outcome::Broke) {
            let again = self.prober.send_to(counts, &request).await;
            let reading_again = self.prober.read(counts, &again, asked).await;
            reproduced = reading.outcome == reading_again.outcome;
            // whatever came first, access that is granted at the second try is granted
            if !reproduced && (reading.outcome == Outcome::Silent || reading_again.outcome == Outcome::Granted) {
                (exchange, reading, at) = (again, reading_again, clock::unix_seconds());
            }
        }
        let place = Place::Resource(counts);
        let Reading { outcome, why } = reading;
        evidence.observations.push(Observation {
            step: action.step,
            label,
            place,
            exchange,
            outcome,
            why,
            at,
            reproduced,
        });
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
