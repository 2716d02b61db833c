//! Requests to resources.

use super::effect::Write;
use super::{Credential, Halt, Stage, in_time};
use crate::check::step::{Alter, On, Send, Want, Who};
use crate::clock;
use crate::drive::control::NONCES;
use crate::drive::login::HeldCredential;
use crate::drive::probe::{accompany, dpop, outages, proven, values};
use crate::observe::{
    Asked, Atom, Description, Evidence, Exchange, ForgeryId, Observation, Outcome, Phrase, Place, Reading, Request,
    Response, Silence, StepId,
};
use crate::plan::{Action, Asker};
use crate::scheme::dpop::names_nonce;
use crate::scheme::{Carried, CarrierPlace, ForgeryContext, Occasion, Proof, Reuse, Turn};

/// Anonymous requests of a thorough step, beside those that the resource was learned from.
const REPEATS: usize = 8;
/// How often a probe is sent again whose credential may have ended meanwhile.
const AGAIN: usize = 3;
/// Resources whose content a credential that lacks a right may read elsewhere.
const MOST_READABLE: usize = 4;
/// Cookies of one answer that are tried.
const MOST_COOKIES: usize = 4;

/// Whether the last probe waited in vain, twice.
fn timed_out(evidence: &Evidence) -> bool {
    let last = evidence.observations.last().filter(|last| last.reproduced);
    last.is_some_and(|last| matches!(last.exchange.answer, Err(Silence::TimedOut)))
}

/// Whether a request is sent once more before anything is made of its answer.
pub(super) fn may_be_an_accident(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Silent | Outcome::Broke)
}

/// Whether the second answer takes the place of the first. Whatever came first, access that is granted at the second try
/// is granted. A refusal of what serves once may be one for coming twice.
pub(super) fn second_counts(first: Outcome, second: Outcome, serves_once: bool) -> bool {
    let says_nothing = serves_once && second == Outcome::Refused;
    first != second && !says_nothing && (first == Outcome::Silent || second == Outcome::Granted)
}

/// Whether a step sends the credential of an account that is disabled by now.
fn is_withdrawn(send: &Send) -> bool {
    send.who == Who::OfAccount && matches!(send.want, Want::Denied(_))
}

/// Whether an answer has something in it that is protected.
fn says_more(reading: &Reading) -> bool {
    reading.outcome == Outcome::Granted || !reading.clean
}

/// Each cookie that the last answer set and that its request did not carry, for a request of its own (RFC 6265 §5.2).
fn cookies_of(evidence: &Evidence) -> Vec<Credential> {
    let Some(last) = evidence.observations.last() else { return Vec::new() };
    let carried = last.exchange.request.value_of("cookie").map(String::from_utf8_lossy).unwrap_or_default();
    let known =
        |name: &str| carried.split(';').any(|pair| pair.split('=').next().is_some_and(|own| own.trim() == name));
    let lines: Vec<_> =
        last.exchange.response().into_iter().flat_map(|response| response.header_values("set-cookie")).collect();
    let pairs = lines.iter().filter_map(|line| line.split(';').next()?.split_once('='));
    let set = pairs.map(|(name, value)| (name.trim(), value.trim())).filter(|&(name, value)| {
        !name.is_empty() && !value.is_empty() && !known(name) && !format!("{name}{value}").chars().any(char::is_control)
    });
    let sent = set.take(MOST_COOKIES).map(|(name, value)| Carried::new(&CarrierPlace::Cookie(name.to_owned()), value));
    sent.map(|cookie| Credential { carried: vec![cookie], ..Credential::default() }).collect()
}

/// Whether an answer is, byte by byte, one that the same check was granted at the same place: marks that were learned from the answers to
/// one account need not be in those to another.
fn is_one_that_was_granted(exchange: &Exchange, place: Place, evidence: &Evidence) -> bool {
    let Some(response) = exchange.response().filter(|response| response.status < 300 && !response.body.is_empty())
    else {
        return false;
    };
    let same = |other: &Response| other.status == response.status && other.body == response.body;
    let granted = evidence.observations.iter().filter(|seen| seen.place == place && seen.outcome == Outcome::Granted);
    granted.filter_map(|seen| seen.exchange.response()).any(same)
}

impl Stage<'_> {
    pub(super) async fn send(
        &mut self,
        action: &Action,
        asker: &Asker,
        (resource, counts): (usize, usize),
        send: &Send,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let was_granted = |step: StepId| {
            let granted = evidence.observations.iter().filter(|seen| seen.may_be_granted());
            let at_place = granted.filter(|seen| seen.place == Place::Resource(counts));
            at_place.into_iter().any(|seen| self.check.steps[seen.step].step_id() == Some(step))
        };
        if !send.only_after.is_none_or(was_granted)
            || !self.differed(send.only_differing, counts, evidence).await
            || !self.learns(send, asker, (resource, counts), evidence)
        {
            return Ok(());
        }
        let written = &self.prober.subject().resources[resource];
        // what was done by the step before is set up once more
        if send.only_after.is_some() && written.is_prepared() {
            self.prober.set_up_again(resource, evidence).await.map_err(|failed| Halt::Obstacle(failed.why()))?;
        }
        let request = self.request_of(asker, send, resource)?;
        let mut credentials = match asker {
            Asker::AnswerCookies => cookies_of(evidence),
            Asker::RenewedCookies(slot) => self.renewed_cookies(slot, evidence)?,
            Asker::UnguardedCookies(slot, attribute) => self.unguarded_cookies(slot, *attribute, &request, evidence)?,
            _ => self.credentials(asker, resource, &request).await?,
        };
        let replays = matches!(asker, Asker::Forged(_, id) if self.prober.subject().scheme.replays(*id));
        // what was made for a write is named in it, and what is replayed names the same
        let replays = replays && written.kept().next().is_none();
        if replays {
            self.prober.set_up_again(resource, evidence).await.map_err(|failed| Halt::Obstacle(failed.why()))?;
        }
        let (mut at, mut again, mut asked) = (0, 0, 0);
        while at < credentials.len() {
            in_time()?;
            let credential = &credentials[at];
            let seen_before = evidence.observations.len();
            let sent = self.composed(&request, credential, send, resource, evidence)?;
            if matches!(asker, Asker::Forged(..)) && send.alter.is_empty() {
                self.must_differ(asker, resource, &sent).await?;
            }
            let description = match (credential.description.clone(), &action.description) {
                (Some(own), Some(action)) => Description::new(format!("{action}: {own}")).quoting(&own).quoting(action),
                (Some(own), None) => own,
                (None, _) => self.with_names(action, send),
            };
            outages::calls(description.to_string());
            let readable = match send.on {
                On::EachNested => self.prober.content_of_own(counts).await,
                _ => self.readable(asker, counts).await,
            };
            let who = self.asked(asker, send, counts, &readable);
            let named = asker.identity().filter(|_| !credential.carried.is_empty() && !is_withdrawn(send));
            let named = named.map(|identity| self.prober.subject().identities[identity].name.clone());
            let probe =
                Probe { step: action.step, credential: named, forgery: credential.forgery, description, counts };
            if send.followed {
                self.followed(probe, sent, &who, evidence).await?;
                at += 1;
                continue;
            }
            if send.thorough {
                self.thoroughly(&probe, &sent, &who, evidence).await;
            }
            self.probe(probe, sent, &who, evidence).await;
            if written.writes && matches!(asker, Asker::Identity(_)) {
                let last = evidence.observations.last().filter(|last| last.outcome == Outcome::Granted);
                if let Some(last) = last {
                    Box::pin(self.prober.follow(&last.exchange)).await;
                }
            }
            if timed_out(evidence) {
                // the same again in another form would only wait again
                break;
            }
            if resource == counts {
                let write = Write { asker, send, resource };
                self.look_for_effect(&write, seen_before, evidence).await;
            }
            let seen = &mut evidence.observations[seen_before..];
            let granted = seen.iter().any(|seen| seen.outcome == Outcome::Granted);
            let lives = credentials[at].ends.is_none_or(|end| clock::now() < end);
            // a nonce that had ended, or that nobody had asked for before, is another reason to refuse
            let proves = credentials[at].carried.iter().any(dpop::is_proof) && names_nonce(credentials[at].forgery);
            let asks = proves && !granted && seen.iter().any(|seen| dpop::wants_nonce(&seen.exchange));
            if granted || (lives && (!asks || asked == NONCES)) {
                if asks {
                    dpop::open_where_nonces_were_asked_for(seen);
                }
                (at, again, asked) = (at + 1, 0, 0);
                continue;
            }
            // what had ended by itself may have been refused for that: the same again with a credential that lives
            if lives {
                asked += 1
            } else {
                again += 1
            }
            if again > AGAIN {
                return Err(Halt::Obstacle(format!("the credential ended while it was sent, {again} times")));
            }
            evidence.forget_from(seen_before);
            let left_out = self.left_out.len();
            credentials = self.credentials(asker, resource, &request).await?;
            self.left_out.truncate(left_out);
        }
        // what was done a second time is set up for whoever asks next
        let last = evidence.observations.last();
        if replays && last.is_some_and(|last| last.outcome == Outcome::Granted) {
            self.prober.set_up_again(resource, evidence).await.map_err(|failed| Halt::Obstacle(failed.why()))?;
        }
        Ok(())
    }

    /// A request of a step before a credential is added to it.
    pub(super) fn request_of(&self, asker: &Asker, send: &Send, resource: usize) -> Result<Request, Halt> {
        let mut bare = self.prober.bare_request(resource);
        if let Some(identity) = asker.identity() {
            bare.connection = self.prober.subject().connection_beside(identity);
        }
        // what is made for one request is made for the request as it will be sent
        match self.prober.subject().scheme.reuse() {
            Reuse::Once => self.altered(bare, send.alter, resource),
            Reuse::WhileHeld => Ok(bare),
        }
    }

    /// A request as it is sent, with what a credential adds to it.
    pub(super) fn composed(
        &self,
        request: &Request,
        credential: &Credential,
        send: &Send,
        resource: usize,
        evidence: &mut Evidence,
    ) -> Result<Request, Halt> {
        let mut sent = request.clone();
        for one in &credential.carried {
            values::note_carried(one, evidence);
            one.apply(&mut sent);
        }
        accompany(&credential.companions, &mut sent, evidence);
        match self.prober.subject().scheme.reuse() {
            // what is made for one request is made for the request as it is sent
            Reuse::Once => Ok(sent),
            Reuse::WhileHeld => self.altered(sent, send.alter, resource),
        }
    }

    /// A request with the changes of a step.
    fn altered(&self, mut request: Request, alters: &[Alter], resource: usize) -> Result<Request, Halt> {
        for alter in alters {
            let missing = std::cell::RefCell::new(None);
            let fill = |value| match self.fill(value, resource) {
                Ok(value) => value,
                Err(why) => {
                    *missing.borrow_mut() = Some(why);
                    String::new()
                }
            };
            self.prober.alter(&mut request, alter, &fill);
            self.learned.put_into(&mut request, alter);
            if let Some(why) = missing.into_inner() {
                return Err(Halt::Obstacle(why.to_string()));
            }
        }
        Ok(request)
    }

    /// Who asks, as far as the meaning of the answer depends on it.
    fn asked<'r>(&self, asker: &Asker, send: &Send, resource: usize, readable: &'r [Atom]) -> Asked<'r> {
        let subject = self.prober.subject();
        let entitled = match asker {
            Asker::Identity(identity) => {
                !is_withdrawn(send) && subject.resources[resource].open_to(&subject.identities[*identity])
            }
            // what a step asks to be granted is asked with something good
            _ => matches!(send.want, Want::Granted),
        };
        let by_content = send.on == On::EachNested;
        let own = matches!(asker, Asker::OtherWriteHeaders(..) | Asker::EarlierWriteHeaders(_)) && !entitled;
        Asked { anonymous: matches!(asker, Asker::Anonymous), entitled, request: None, readable, own, by_content }
    }

    /// What an identity may read although this resource is closed to it.
    async fn readable(&self, asker: &Asker, resource: usize) -> Vec<Atom> {
        let (Asker::Identity(identity) | Asker::Forged(identity, _) | Asker::EachForged(identity, _)) = asker else {
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
    async fn thoroughly(&self, probe: &Probe, request: &Request, asked: &Asked<'_>, evidence: &mut Evidence) {
        let resource = probe.counts;
        if asked.anonymous {
            for exchange in self.prober.anonymous_lessons(resource).await {
                self.observe(probe.clone(), exchange, asked, Some(request), evidence).await;
            }
        }
        let writes = self.prober.subject().resources[resource].writes;
        for _ in 0..if writes || !asked.anonymous { 1 } else { REPEATS } {
            self.probe(probe.clone(), request.clone(), asked, evidence).await;
            if evidence.observations.last().is_some_and(|last| last.outcome == Outcome::Silent) {
                return;
            }
        }
        if let Some(exchange) = self.after_a_good_one(resource, request, evidence).await {
            let what = &probe.description;
            let text = format!("{what}, on a connection that was authenticated before");
            let description = Description::new(text).quoting(what);
            // not once more: another connection would be another question
            self.observe(Probe { description, ..probe.clone() }, exchange, asked, None, evidence).await;
        }
    }

    /// A forgery whose bytes are those of the good request would prove the opposite of what it claims.
    pub(super) async fn must_differ(&self, asker: &Asker, resource: usize, request: &Request) -> Result<(), Halt> {
        let Asker::Forged(identity, name) = asker else { return Ok(()) };
        // a signature without a nonce, made again in the same second, is the same
        if self.prober.subject().scheme.replays(*name) {
            return Ok(());
        }
        let held = self.held(*identity).await?;
        let good = self.prober.good_request(&held, resource, &mut Evidence::default()).await;
        if good == *request {
            return Err(Halt::Untestable(format!("{name} changes nothing about this credential")));
        }
        Ok(())
    }

    /// Sends a probe.
    pub(super) async fn probe(&self, probe: Probe, request: Request, asked: &Asked<'_>, evidence: &mut Evidence) {
        let exchange = self.prober.send_to(probe.counts, &request).await;
        self.observe(probe, exchange, asked, Some(&request), evidence).await;
    }

    /// Reads an answer; sends its request once more where there was none, or a server error that may be an accident.
    pub(super) async fn observe(
        &self,
        probe: Probe,
        mut exchange: Exchange,
        asked: &Asked<'_>,
        request: Option<&Request>,
        evidence: &mut Evidence,
    ) {
        let Probe { step, credential, forgery, description, counts } = probe;
        let mut at = clock::unix_seconds();
        let mut reading = self.prober.read(counts, &exchange, asked).await;
        let mut reproduced = false;
        if let Some(request) = request.filter(|_| may_be_an_accident(reading.outcome)) {
            let again = self.prober.send_again(counts, request, forgery.is_some()).await;
            let reading_again = self.prober.read(counts, &again, asked).await;
            // what was not sent again has not come again
            let was_sent = |exchange: &Exchange| !matches!(exchange.answer, Err(Silence::Unreachable(_)));
            reproduced = reading.outcome == reading_again.outcome && was_sent(&again) == was_sent(&exchange);
            let serves_once = credential.is_some() && self.prober.subject().scheme.reuse() == Reuse::Once;
            if second_counts(reading.outcome, reading_again.outcome, serves_once) {
                (exchange, reading, at) = (again, reading_again, clock::unix_seconds());
            }
        }
        if let Some(name) = credential.as_ref().filter(|_| !asked.entitled && says_more(&reading)) {
            let readable = self.readable_beside(name, (counts, &exchange), asked).await;
            reading = self.prober.read(counts, &exchange, &Asked { readable: &readable, ..*asked }).await;
        }
        let place = Place::Resource(counts);
        if reading.outcome == Outcome::Unclear && is_one_that_was_granted(&exchange, place, evidence) {
            reading.outcome = Outcome::Granted;
            reading.why = Some("the answer is one that was granted before".to_owned());
        }
        let Reading { outcome, why, clean } = reading;
        match outcome {
            Outcome::Refused => self.prober.witness.look_at_refusal(&exchange),
            Outcome::Granted if credential.is_some() && forgery.is_none() => {
                self.prober.witness.valid.learn(&exchange.request);
            }
            _ => {}
        }
        let seen = Observation {
            step,
            credential,
            forgery,
            description,
            place,
            exchange,
            outcome,
            why,
            clean,
            at,
            reproduced,
        };
        // before it is kept: evidence keeps the start alone of large answers (RFC 9421 §3.2)
        if seen.exchange.request.value_of("accept-signature").is_some()
            && let Some(rules) = &self.prober.subject().material.answer_rules
            && let Some(signature) = rules.verify(&seen.exchange, seen.at)
        {
            evidence.answer_signatures.push((evidence.observations.len(), signature));
        }
        evidence.observe(seen);
    }

    /// What an identity may read, and what it is answered where there is nothing.
    async fn readable_beside(
        &self,
        name: &str,
        (resource, answer): (usize, &Exchange),
        asked: &Asked<'_>,
    ) -> Vec<Atom> {
        let mut readable = asked.readable.to_vec();
        let identity = self.prober.subject().identities.iter().position(|identity| identity.name == *name);
        if let Some(identity) = identity {
            readable.extend(self.prober.seen_beside(identity, resource, answer).await);
        }
        readable
    }

    /// What is carried: one credential for most askers, one for each forgery or malformed value.
    pub(super) async fn credentials(
        &mut self,
        asker: &Asker,
        resource: usize,
        request: &Request,
    ) -> Result<Vec<Credential>, Halt> {
        let subject = self.prober.subject();
        let carrier = &subject.carrier;
        let turn = if matches!(asker, Asker::Anonymous | Asker::Malformed) { None } else { self.prober.turn().await };
        let made_for = &MadeFor { request, turn: turn.as_deref() };
        let asked_with = turn.as_ref().map(|turn| turn.companions.clone()).unwrap_or_default();
        let good = |held: HeldCredential| Credential {
            carried: match &turn {
                Some(turn) => proven(subject, &held.proof, request, turn),
                None => subject.scheme.carry(carrier, &held.proof),
            },
            ends: held.ends_at(),
            companions: [asked_with.clone(), held.companions].concat(),
            ..Credential::default()
        };
        Ok(match asker {
            Asker::Anonymous => vec![Credential::default()],
            Asker::Identity(identity) => {
                let good = good(self.held(*identity).await?);
                self.last_good.insert(resource, (good.carried.clone(), good.companions.clone()));
                vec![good]
            }
            Asker::Forged(identity, id) => {
                let held = self.held(*identity).await?;
                let forged = self.forge(*id, (&held.proof, resource), made_for)?;
                match self.prober.subject().scheme.replays(*id) {
                    true => vec![forged],
                    false => {
                        let ends = held.ends_at();
                        vec![Credential { ends, companions: [asked_with, held.companions].concat(), ..forged }]
                    }
                }
            }
            Asker::EachForged(identity, ids) => {
                let held = self.held(*identity).await?;
                let beside = |forged| Credential {
                    ends: held.ends_at(),
                    companions: [asked_with.clone(), held.companions.clone()].concat(),
                    ..forged
                };
                self.each_forged(*ids, &held.proof, made_for).into_iter().map(beside).collect()
            }
            Asker::OtherWriteHeaders(identity, lines) => {
                let own = self.held(*identity).await?;
                let companions = self.with_other_lines(&own.companions, *lines)?;
                companions.map(|companions| good(HeldCredential { companions, ..own })).into_iter().collect()
            }
            Asker::AnswerCookies | Asker::RenewedCookies(_) | Asker::UnguardedCookies(..) => Vec::new(),
            Asker::WithNameOf { own, other } => {
                let held = [self.held(*own).await?, self.held(*other).await?];
                self.named_as_another([*own, *other], &held)?.into_iter().map(&good).collect()
            }
            Asker::WithMalformedCookies(slot) => {
                let held = self.slot_held(slot)?;
                let described = |(description, companions)| Credential {
                    description: Some(description),
                    ends: None,
                    ..good(HeldCredential { companions, ..held.clone() })
                };
                self.malformed_companions(slot)?.into_iter().map(described).collect()
            }
            Asker::EarlierWriteHeaders(slot) => vec![good(self.with_earlier_lines(slot)?)],
            Asker::Malformed => {
                // a CSRF token that is missing would be another reason to refuse
                let held = match subject.good_for(resource) {
                    Some(identity) => self.held(identity).await.ok(),
                    None => None,
                };
                let companions = held.map(|held| held.companions).unwrap_or_default();
                let values = subject.scheme.malformed(carrier).into_iter();
                let malformed = |(description, carried): (Phrase, _)| Credential {
                    description: Some(description.into()),
                    carried,
                    companions: companions.clone(),
                    ..Credential::default()
                };
                values.map(malformed).collect()
            }
            Asker::IfKept(slot) if !self.slots.contains_key(slot) => Vec::new(),
            Asker::SlotAlone(slot) => {
                let held = HeldCredential { companions: Vec::new(), ..self.slot_held(slot)? };
                vec![Credential { ends: None, ..good(held) }]
            }
            Asker::OtherCookies(slot) => self.other_cookies(slot)?,
            // whether it has ended may be what is asked
            Asker::Slot(slot) | Asker::IfKept(slot) => {
                let held = self.slot_held(slot)?;
                let name = held.connection.as_ref().and_then(|connection| connection.0.as_deref().map(str::to_owned));
                let mut credential = Credential { ends: None, ..good(held) };
                credential.carried.extend(name.map(Carried::certificate));
                vec![credential]
            }
            Asker::Given(proof, None) => vec![good(HeldCredential::given(proof.clone()))],
            Asker::Given(proof, Some(id)) => vec![self.forge(*id, (proof, resource), made_for)?],
        })
    }

    fn forge(
        &mut self,
        id: ForgeryId,
        (proof, resource): (&Proof, usize),
        made_for: &MadeFor<'_>,
    ) -> Result<Credential, Halt> {
        let subject = self.prober.subject();
        let (scheme, carrier) = (subject.scheme, &subject.carrier);
        if scheme.replays(id) {
            let (carried, companions) = self.last_good.get(&resource).cloned().unwrap_or_default();
            return match carried.is_empty() {
                true => Err(Halt::Untestable("no good request was sent before".to_owned())),
                false => Ok(Credential { forgery: Some(id), carried, companions, ..Credential::default() }),
            };
        }
        let (count, random) = made_for.next();
        let occasion = made_for.occasion(count, &random);
        let (rng, kit) = (&mut self.rng, &self.kit);
        let mut context = ForgeryContext { scheme, carrier, proof, rng, kit, occasion: occasion.as_ref() };
        let carried = scheme.forge(id, &mut context).map_err(|unforgeable| Halt::Untestable(unforgeable.0))?;
        // the action describes it
        Ok(Credential { forgery: Some(id), carried, ..Credential::default() })
    }
}

/// What a credential is made for, where the scheme makes one for each request.
pub(super) struct MadeFor<'a> {
    request: &'a Request,
    turn: Option<&'a Turn>,
}

impl MadeFor<'_> {
    /// The number of the next request, and randomness for it.
    pub(super) fn next(&self) -> (u32, String) {
        self.turn.map(Turn::next).unwrap_or_default()
    }

    /// The occasion of that request.
    pub(super) fn occasion<'o>(&'o self, count: u32, random: &'o str) -> Option<Occasion<'o>> {
        let turn = self.turn?;
        Some(Occasion { request: self.request, challenge: turn.challenge.as_ref(), count, random })
    }
}

/// One request of a step: what it is, and whose success counts as access.
#[derive(Clone)]
pub(super) struct Probe {
    pub(super) step: usize,
    /// Name of the identity whose credential is sent, or forged.
    pub(super) credential: Option<String>,
    pub(super) forgery: Option<ForgeryId>,
    pub(super) description: Description,
    pub(super) counts: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_answer_counts_where_it_says_more_than_the_first() {
        use Outcome::{Broke, Granted, Refused, Silent, Unclear};
        for (first, second, serves_once, expected) in [
            (Silent, Refused, false, true),
            // a credential that serves once was used up by the request that had no answer
            (Silent, Refused, true, false),
            (Silent, Granted, true, true),
            (Silent, Broke, true, true),
            (Silent, Unclear, true, true),
            (Silent, Silent, false, false),
            (Broke, Granted, false, true),
            (Broke, Granted, true, true),
            (Broke, Refused, false, false),
            (Broke, Broke, false, false),
        ] {
            assert_eq!(second_counts(first, second, serves_once), expected, "{first:?} {second:?} {serves_once}");
        }
    }
}
