//! One check's steps, played in order, with the tokens that they keep.

use std::collections::HashMap;
use std::time::Duration;

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::form::{FilledForm, meaning};
use super::{Prober, values};
use crate::check::Check;
use crate::check::step::{Document, Endpoint, Fetch, Fill, Form, Hook, Send};
use crate::clock;
use crate::drive::command;
use crate::drive::control::{Token, join, well_known};
use crate::observe::{Evidence, Exchange, Observation, Outcome, Place, Request};
use crate::plan::subject::{ClientSecret, HookCall};
use crate::plan::{Act, Action, Part};
use crate::scheme::{Carried, Draft, Proof};
use crate::secret::Secret;

/// The longest that a probe waits for a token to expire.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(45);
/// Beyond the tolerated leeway, so that rounding to whole seconds decides nothing.
pub(super) const ROUNDING: Duration = Duration::from_millis(1100);
/// Between two looks whether a token is refused.
const POLL: Duration = Duration::from_millis(50);

/// A token that a step keeps, with whose it is.
struct Kept {
    token: Token,
    client: Option<ClientSecret>,
}

/// Why a check cannot go on.
enum Halt {
    /// A step failed: the check is inconclusive.
    Obstacle(String),
    /// The target does not offer what the step needs: the check is not tested.
    Untestable(String),
}

/// One check's steps in progress.
pub(super) struct Stage<'a> {
    prober: &'a Prober,
    check: &'static Check,
    rng: StdRng,
    /// A value in the form of a token that nobody issued.
    random: String,
    slots: HashMap<&'static str, Kept>,
    outage: bool,
    rotated: bool,
}

impl<'a> Stage<'a> {
    pub(super) fn new(prober: &'a Prober, check: &'static Check, mut rng: StdRng) -> Self {
        let random = (0..40).map(|_| char::from(rng.random_range(b'a'..=b'z'))).collect();
        Self { prober, check, rng, random, slots: HashMap::new(), outage: false, rotated: false }
    }

    /// Plays all actions, or up to the first that cannot be carried out.
    pub(super) async fn play(&mut self, actions: &[Action], evidence: &mut Evidence) {
        for action in actions {
            match self.act(action, evidence).await {
                Ok(()) => {}
                Err(Halt::Obstacle(why)) => {
                    evidence.obstacle = Some(why);
                    break;
                }
                Err(Halt::Untestable(why)) => {
                    evidence.untestable = Some(why);
                    break;
                }
            }
        }
        if self.outage {
            // whatever happened, the backend comes back
            let _ = self.call(Hook::OutageEnds, evidence).await;
        }
        if self.rotated {
            let _ = self.call(Hook::RotateBack, evidence).await;
        }
    }

    async fn act(&mut self, action: &Action, evidence: &mut Evidence) -> Result<(), Halt> {
        match &action.act {
            Act::Send { part, resource, counts, send } => {
                for _ in 0..send.times {
                    self.send(action, part, (*resource, *counts), send, evidence).await?;
                    if fell_silent(evidence) {
                        break;
                    }
                }
                Ok(())
            }
            Act::Form(form) => {
                for _ in 0..form.times {
                    self.form(action, form, evidence).await?;
                    if fell_silent(evidence) {
                        break;
                    }
                }
                Ok(())
            }
            Act::Fetch(fetch) => self.fetch(action, fetch, evidence).await,
            Act::Obtain { slot, identity, scope } => self.obtain(slot, *identity, scope.as_deref(), evidence).await,
            Act::Revoke(slot) => self.revoke(slot, evidence).await,
            Act::AwaitExpiry(slot) => self.await_expiry(slot).await,
            Act::AwaitRefusal { slot, resource } => self.await_refusal(slot, *resource, evidence).await,
            Act::Hook(hook) => self.call(*hook, evidence).await,
        }
    }

    // --- requests to resources ---------------------------------------------------------------------------------

    async fn send(
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
            let label = says.map_or_else(|| action.label.clone(), |says| format!("{}: {says}", action.label));
            self.probe(action, label, counts, request, evidence).await;
        }
        Ok(())
    }

    /// A forgery whose bytes are those of the good request would prove the opposite of what it claims.
    async fn must_differ(&self, part: &Part, resource: usize, request: &Request) -> Result<(), Halt> {
        let Part::Forged(identity, name) = part else { return Ok(()) };
        let proof = self.proof(*identity).await?;
        let good = self.prober.good_request(&proof, resource, &mut Evidence::default());
        if good == *request {
            return Err(Halt::Untestable(format!("{name} changes nothing about this credential")));
        }
        Ok(())
    }

    /// Sends a probe; repeats it once where there was no answer, or a server error that may be an accident.
    async fn probe(&self, action: &Action, label: String, counts: usize, request: Request, evidence: &mut Evidence) {
        let fingerprint = self.prober.fingerprint(counts).await;
        let fingerprint = if request.method == "HEAD" { fingerprint.without_body() } else { fingerprint };
        let mut exchange = self.prober.send_to(counts, &request).await;
        let mut outcome = fingerprint.outcome(&exchange);
        let mut reproduced = false;
        if matches!(outcome, Outcome::Silent | Outcome::Broke) {
            let again = self.prober.send_to(counts, &request).await;
            let outcome_again = fingerprint.outcome(&again);
            reproduced = outcome == outcome_again;
            if !reproduced && outcome == Outcome::Silent {
                (exchange, outcome) = (again, outcome_again);
            }
        }
        let place = Place::Resource(counts);
        evidence.observations.push(Observation { step: action.step, label, place, exchange, outcome, reproduced });
    }

    /// What is carried: one set for most parts, one for each malformed value.
    async fn carriers(&mut self, part: &Part, resource: usize) -> Result<Vec<(Option<String>, Vec<Carried>)>, Halt> {
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
            Part::Malformed => {
                let values = subject.scheme.malformed(carrier);
                values.into_iter().map(|(says, carried)| (Some(says), carried)).collect()
            }
            Part::Slot(slot) => {
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

    fn forge(&mut self, name: &str, proof: &Proof) -> Result<Vec<Carried>, Halt> {
        let subject = self.prober.subject();
        let mut draft = Draft { carrier: &subject.carrier, proof, rng: &mut self.rng };
        subject.scheme.forge(name, &mut draft).map_err(|unforgeable| Halt::Untestable(unforgeable.0))
    }

    async fn proof(&self, identity: usize) -> Result<Proof, Halt> {
        let identity = &self.prober.subject().identities[identity];
        let proof = self.prober.proof(identity).await;
        proof.map_err(|error| Halt::Obstacle(format!("no token for {}: {error}", identity.name)))
    }

    // --- endpoints of the authorization server -----------------------------------------------------------------

    async fn form(&mut self, action: &Action, form: &Form, evidence: &mut Evidence) -> Result<(), Halt> {
        let main = self.prober.subject().main_resource().unwrap_or_default();
        let mut params = Vec::new();
        for (name, fill) in form.params {
            params.push(((*name).to_owned(), self.fill(*fill, main).map_err(Halt::Obstacle)?));
        }
        let (mut exchange, mut outcome) = self.post(form, params.clone(), evidence).await?;
        let mut reproduced = false;
        if matches!(outcome, Outcome::Silent | Outcome::Broke) {
            let (again, outcome_again) = self.post(form, params, evidence).await?;
            reproduced = outcome == outcome_again;
            if !reproduced && outcome == Outcome::Silent {
                (exchange, outcome) = (again, outcome_again);
            }
        }
        if let Some(slot) = form.keep
            && let Some(token) = token_in(&exchange)
        {
            self.slots.insert(slot, Kept { token, client: self.prober.good_client() });
        }
        let place = match form.endpoint {
            Endpoint::Token => Place::Token,
            Endpoint::Introspection => Place::Introspection,
            Endpoint::Revocation => Place::Revocation,
        };
        let label = action.label.clone();
        evidence.observations.push(Observation { step: action.step, label, place, exchange, outcome, reproduced });
        Ok(())
    }

    async fn post(
        &self,
        form: &Form,
        params: Vec<(String, String)>,
        evidence: &mut Evidence,
    ) -> Result<(Exchange, Outcome), Halt> {
        let posted = self.prober.post_form(FilledForm { form, params }, evidence).await;
        let exchange = posted.map_err(|error| Halt::Obstacle(error.to_string()))?;
        let outcome = meaning(form.endpoint, &exchange);
        Ok((exchange, outcome))
    }

    async fn fetch(&mut self, action: &Action, fetch: &Fetch, evidence: &mut Evidence) -> Result<(), Halt> {
        let issuer = self.prober.issuer().ok_or_else(|| Halt::Untestable("no issuer".to_owned()))?;
        let issuer = join(&self.prober.equipment.base, &issuer).map_err(|error| Halt::Obstacle(error.to_string()))?;
        let url = match fetch.document {
            Document::AuthorizationServer => well_known(&issuer, "oauth-authorization-server"),
            Document::OpenIdConfiguration => appended(&issuer, "openid-configuration"),
            Document::AuthorizationServerAppended => appended(&issuer, "oauth-authorization-server"),
            Document::ProtectedResource => well_known(&self.prober.equipment.base, "oauth-protected-resource"),
            Document::KeySet => return Err(Halt::Untestable("the issuer publishes no keys".to_owned())),
        };
        let mut request = Request::new("GET", url.path())
            .header("Host", super::compose::host_of(&url))
            .header("User-Agent", concat!("authbench/", env!("CARGO_PKG_VERSION")))
            .header("Accept", "application/json");
        for (name, value) in fetch.headers {
            request.push(name, value, false);
        }
        let exchange = self.prober.send_at(&url, &request).await;
        let outcome = match exchange.response() {
            None => Outcome::Silent,
            Some(response) if response.status >= 500 => Outcome::Broke,
            Some(response) if response.status == 200 && response.json().is_some_and(|json| json.is_object()) => {
                Outcome::Accepted
            }
            Some(_) => Outcome::Rejected,
        };
        let (step, label) = (action.step, action.label.clone());
        let place = Place::Metadata;
        evidence.observations.push(Observation { step, label, place, exchange, outcome, reproduced: false });
        Ok(())
    }

    async fn obtain(
        &mut self,
        slot: &'static str,
        identity: usize,
        scope: Option<&str>,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let identity = &self.prober.subject().identities[identity];
        let client = identity.client().ok_or_else(|| Halt::Untestable("no client".to_owned()))?;
        let token = self.prober.equipment.control.obtain(&client, scope).await;
        let token = token.map_err(|error| Halt::Obstacle(format!("no token for {}: {error}", identity.name)))?;
        values::note_text(token.value.expose(), evidence);
        self.slots.insert(slot, Kept { token, client: Some(client) });
        Ok(())
    }

    async fn revoke(&mut self, slot: &'static str, evidence: &mut Evidence) -> Result<(), Halt> {
        let form = super::form::sound(Endpoint::Revocation);
        let kept = self.kept(slot)?;
        let token = kept.token.value.expose().to_owned();
        if kept.client.as_ref().map(|client| &client.id) != self.prober.good_client().as_ref().map(|client| &client.id)
        {
            return Err(Halt::Obstacle("the token belongs to another client".to_owned()));
        }
        let (exchange, outcome) = self.post(&form, vec![("token".to_owned(), token)], evidence).await?;
        self.prober.equipment.control.forget();
        if outcome == Outcome::Accepted {
            return Ok(());
        }
        let status = exchange.status().map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        Err(Halt::Obstacle(format!("the token was not revoked: {status}")))
    }

    async fn await_expiry(&mut self, slot: &'static str) -> Result<(), Halt> {
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

    async fn await_refusal(
        &mut self,
        slot: &'static str,
        resource: usize,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let proof = self.slot_proof(slot)?;
        let request = self.prober.good_request(&proof, resource, evidence);
        let began = clock::now();
        let tolerated = self.prober.subject().tolerances.revocation_delay;
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
            if outcome == Outcome::Rejected || waited >= tolerated {
                evidence.facts.push(("delay", format!("{} ms", waited.as_millis())));
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
    }

    // --- what steps keep and need ------------------------------------------------------------------------------

    fn kept(&self, slot: &str) -> Result<&Kept, Halt> {
        let kept = self.slots.get(slot);
        kept.ok_or_else(|| Halt::Obstacle(format!("{}: no token was obtained", self.check.id)))
    }

    fn slot_proof(&self, slot: &str) -> Result<Proof, Halt> {
        let value = self.kept(slot)?.token.value.clone();
        Ok(match self.prober.subject().scheme.name() {
            "api-key" => Proof::Key(value),
            _ => Proof::Token(value),
        })
    }

    fn fill(&self, fill: Fill, resource: usize) -> Result<String, String> {
        let subject = self.prober.subject();
        let path = |at: Option<usize>| at.map(|at| subject.resources[at].path.clone()).unwrap_or_default();
        let slot = |slot: &str| {
            let kept = self.slots.get(slot).map(|kept| kept.token.value.expose().to_owned());
            kept.ok_or_else(|| "no token was obtained".to_owned())
        };
        let client = || self.prober.good_client().ok_or_else(|| "no client".to_owned());
        let material = &subject.material;
        let given =
            |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.expose().to_owned()).unwrap_or_default();
        Ok(match fill {
            Fill::Text(text) => text.to_owned(),
            Fill::ProtectedPath => path(subject.main_resource()),
            Fill::PublicPath => path(subject.resources.iter().position(|resource| resource.public)),
            Fill::Principal => {
                let good = subject.good_for(resource).or_else(|| subject.good_for(subject.main_resource()?));
                good.map(|good| subject.identities[good].name.clone()).unwrap_or_default()
            }
            Fill::WriteMethod => {
                let written = subject.protected().find(|at| subject.resources[*at].writes);
                written.map(|at| subject.resources[at].method.clone()).unwrap_or_default()
            }
            Fill::Bytes(count) => "a".repeat(count),
            Fill::OriginSuffixed(suffix) => {
                format!("{}{suffix}", self.prober.equipment.base.origin().ascii_serialization())
            }
            Fill::NeededScope => match subject.scope_gap(None) {
                Some(gap) => {
                    let lacking =
                        subject.resources[gap.resource].scopes.difference(&subject.identities[gap.low].scopes);
                    lacking.cloned().collect::<Vec<_>>().join(" ")
                }
                None => String::new(),
            },
            Fill::LookalikeScope => material.lookalike_scopes.join(" "),
            Fill::DisallowedScope => material.disallowed_scope.clone().unwrap_or_default(),
            Fill::Slot(name) => slot(name)?,
            Fill::SlotAltered(name) => altered(&slot(name)?),
            Fill::Random => self.random.clone(),
            Fill::ClientId => client()?.id,
            Fill::ClientSecret => client()?.secret.expose().to_owned(),
            Fill::RefreshToken => given(&material.refresh_token),
            Fill::OtherAudienceToken => given(&material.other_audience_token),
        })
    }

    // --- hooks -------------------------------------------------------------------------------------------------

    async fn call(&mut self, hook: Hook, evidence: &mut Evidence) -> Result<(), Halt> {
        let hooks = &self.prober.subject().material.hooks;
        if hook == Hook::AwaitRotation {
            tokio::time::sleep(self.prober.subject().tolerances.rotation_delay).await;
            return Ok(());
        }
        let mut body = String::new();
        let (call, arguments) = match hook {
            Hook::OutageBegins => (&hooks.outage, vec!["on".to_owned()]),
            Hook::OutageEnds => (&hooks.outage, vec!["off".to_owned()]),
            Hook::Revoke => (&hooks.revoke, vec![self.principal()]),
            Hook::Rotate | Hook::AwaitRotation => (&hooks.rotate, vec![self.principal()]),
            Hook::RotateBack => {
                body = self.good_secret().await?;
                (&hooks.rotate, vec![self.principal()])
            }
        };
        let call = call.as_ref().ok_or_else(|| Halt::Untestable("the scenario has no such hook".to_owned()))?;
        match hook {
            Hook::OutageBegins => self.outage = true,
            Hook::OutageEnds => self.outage = false,
            Hook::Rotate => self.rotated = true,
            Hook::RotateBack => self.rotated = false,
            Hook::Revoke | Hook::AwaitRotation => {}
        }
        let said = match call {
            HookCall::Post(path) => self.post_hook(path, &arguments, body).await?,
            HookCall::Command(argv) => command::call(argv, &arguments, &body).await.map_err(Halt::Obstacle)?,
        };
        if hook == Hook::Rotate {
            let key = rotated_key(&said).ok_or_else(|| Halt::Obstacle("the rotate hook printed no key".to_owned()))?;
            values::note_text(&key, evidence);
            let token = Token {
                value: Secret::new(key),
                obtained: clock::now(),
                lifetime: None,
                took: Duration::ZERO,
                scope: None,
            };
            self.slots.insert("rotated", Kept { token, client: None });
        }
        Ok(())
    }

    async fn post_hook(&self, path: &str, arguments: &[String], body: String) -> Result<Vec<u8>, Halt> {
        let path = format!("{path}/{}", arguments.join("/"));
        let url = join(&self.prober.equipment.base, &path).map_err(|error| Halt::Obstacle(error.to_string()))?;
        let posted = self.prober.equipment.control.post(url, body).await;
        posted.map_err(|error| Halt::Obstacle(format!("the hook {path} failed: {error}")))
    }

    async fn good_secret(&self) -> Result<String, Halt> {
        let subject = self.prober.subject();
        let good = subject.main_resource().and_then(|resource| subject.good_for(resource));
        let good = good.ok_or_else(|| Halt::Obstacle("no good credential".to_owned()))?;
        Ok(self.proof(good).await?.secret().to_owned())
    }

    fn principal(&self) -> String {
        let subject = self.prober.subject();
        let good = subject.main_resource().and_then(|resource| subject.good_for(resource));
        good.map(|good| subject.identities[good].name.clone()).unwrap_or_default()
    }
}

/// Whether the last probe stayed without an answer: the same again would only wait again.
fn fell_silent(evidence: &Evidence) -> bool {
    evidence.observations.last().is_some_and(|last| last.outcome == Outcome::Silent && last.reproduced)
}

/// A key as JSON, or as the first line of what a command printed.
fn rotated_key(said: &[u8]) -> Option<String> {
    if let Ok(json) = serde_json::from_slice::<serde_json::Value>(said) {
        return json.get("api_key").or_else(|| json.get("key"))?.as_str().map(str::to_owned);
    }
    let text = String::from_utf8_lossy(said);
    text.lines().next().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned)
}

/// A token from the answer of a token endpoint.
fn token_in(exchange: &Exchange) -> Option<Token> {
    let response = exchange.response()?;
    let json = response.json()?;
    Some(Token {
        value: Secret::new(json.get("access_token")?.as_str()?),
        obtained: clock::now(),
        lifetime: json.get("expires_in").and_then(serde_json::Value::as_u64).map(Duration::from_secs),
        took: exchange.took,
        scope: json.get("scope").and_then(serde_json::Value::as_str).map(str::to_owned),
    })
}

/// The same value with its middle character changed.
fn altered(value: &str) -> String {
    let middle = value.chars().count() / 2;
    let change = |(at, c): (usize, char)| match (at == middle, c) {
        (true, 'A') => 'B',
        (true, _) => 'A',
        (false, c) => c,
    };
    value.chars().enumerate().map(change).collect()
}

/// The place that path-appending implementations use (OpenID Connect Discovery 1.0 §4).
fn appended(issuer: &url::Url, suffix: &str) -> url::Url {
    let mut url = issuer.clone();
    url.set_path(&format!("{}/.well-known/{suffix}", issuer.path().trim_end_matches('/')));
    url
}
