//! Runs the steps of checks between their controls and gathers what comes back.

pub(in crate::drive) mod allowance;
mod beside;
mod changed_accounts;
mod client_auth;
mod compose;
mod contender;
mod crowd;
mod dpop;
mod echoes;
mod endpoint_control;
mod error;
mod form;
mod handshake;
mod kept;
mod knock;
mod lane;
mod meeting;
mod minting;
mod one_time;
mod outages;
mod patience;
mod pause;
mod preparing;
mod recognising;
mod registered_clients;
mod stage;
mod values;
mod witness;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;
use url::Url;

use super::control::{ControlError, ControlPlane, NONCES};
use super::login::{self, HeldCredential, Logins};
use super::rate::RateLimit;
use super::wire::{Destination, Limits};
use crate::check::step::Endpoint;
use crate::observe::{
    Activity, Asked, Challenge, ControlRun, Description, Doing, Evidence, Exchange, Outcome, Request, parse_challenges,
};
use crate::plan::subject::{ClientAuthMethod, Identity, Login, Subject};
use crate::plan::{Control, PlannedCheck, Script};
use crate::scheme::{Carried, CarrierPlace, Companion, Occasion, Proof, Reuse, Turn};
use crate::secret::{Disclosures, Secret};
use crate::target::child::Spawner;
use crate::target::destination::DestinationKey;
use crate::target::hosts::AllowedHosts;
use crate::target::trust::Trust;
use changed_accounts::AccountChange;
use crowd::Crowd;
use echoes::Echoes;
pub use error::RequestError;
use kept::KeptValues;
pub use lane::LaneCredential;
pub use meeting::Seat;
use outages::Outages;
use patience::Patience;
use pause::Pauses;
use preparing::When;
use recognising::Known;
use registered_clients::ClientConfiguration;
use stage::Stage;
use witness::Witness;

/// What a prober is made of.
pub struct Equipment {
    /// What is known about the target.
    pub subject: Arc<Subject>,
    /// Address of the target; paths are joined to it.
    pub base: Url,
    /// Whose certificates are trusted, for https addresses.
    pub trust: Arc<Trust>,
    /// Whom it may talk to.
    pub hosts: AllowedHosts,
    /// Limits of one exchange.
    pub limits: Limits,
    /// How long a check may take, without what it waits for by itself.
    pub check_time: Duration,
    /// Tokens and hooks.
    pub control: Arc<ControlPlane>,
    /// Logins of identities.
    pub logins: Logins,
    /// Sees who follows an address that a token names.
    pub listener: Option<Arc<crate::target::listener::Listener>>,
    /// How often the target may be asked.
    pub rate_limit: RateLimit,
    /// Starts hooks.
    pub spawner: Spawner,
    /// Seed of everything random.
    pub seed: u64,
    /// Where it is shown what is done and waited for.
    pub activity: Activity,
}

/// Sends probes to one target.
pub struct Prober {
    equipment: Equipment,
    destinations: Mutex<HashMap<DestinationKey, Destination>>,
    /// How the answers of each resource are recognised.
    known: Mutex<HashMap<usize, Arc<OnceCell<Arc<Known>>>>>,
    /// What anybody may read.
    public: OnceCell<Vec<Exchange>>,
    /// Where redirects lead that refuse, as the scenario declares at some resource.
    refusing: OnceCell<Vec<Vec<u8>>>,
    /// With a target that does not answer.
    patience: Patience,
    /// When it asks for time.
    pauses: Pauses,
    /// When the target answered nobody, and why.
    outages: Outages,
    /// Whether it keeps up with requests side by side.
    crowd: Crowd,
    /// What answers show whichever check asked for them.
    witness: Witness,
    /// When the target last said that it will do later what it was asked for (RFC 9110 §15.3.3).
    accepted: Mutex<Option<Instant>>,
    /// When it last answered a request that may change something (RFC 9110 §9.2.1).
    written: Mutex<Option<Instant>>,
    /// What the target asked for last, and how often that was answered.
    last_turn: Mutex<Option<Arc<Turn>>>,
    /// The first request that was sent for a challenge and got an answer instead, with its resource.
    unchallenged: Mutex<Option<(usize, Exchange)>>,
    /// Whether the target was asked for a nonce of proofs.
    nonce_asked: OnceCell<()>,
    /// How clients send their secret at endpoints that do not take it as the scenario says.
    methods: Mutex<HashMap<Endpoint, ClientAuthMethod>>,
    /// Whether the introspection endpoint calls a live access token active only where a hint says that it is one.
    hint_needed: AtomicBool,
    /// Controls that were granted before.
    granted_controls: Mutex<HashSet<Control>>,
    /// Whether a credential ends when its identity obtains another one.
    one_at_a_time: AtomicBool,
    /// Names of cookies of a login that open a resource without the one that the scenario names.
    other_credentials: OnceLock<Vec<String>>,
    /// The accounts that hooks have changed.
    changed_accounts: Mutex<Vec<(AccountChange, String)>>,
    /// The clients that checks have registered.
    registered_clients: Mutex<Vec<ClientConfiguration>>,
    /// What the last `before` of each resource kept.
    kept: Mutex<HashMap<usize, KeptValues>>,
    /// Preparations that were done: the resource, the method and the path.
    prepared: Mutex<HashSet<(usize, String, String)>>,
    /// A text in paths that this run has for itself, whatever its seed is.
    run_mark: String,
}

impl Prober {
    /// A prober for one target.
    pub fn new(equipment: Equipment) -> Self {
        let (destinations, known, public) = (Mutex::default(), Mutex::default(), OnceCell::new());
        let secrets = Disclosures::of(equipment.subject.named_secrets());
        let is_reused = equipment.subject.scheme.reuse() == Reuse::WhileHeld;
        let carrier = is_reused.then(|| equipment.subject.carrier.clone());
        let witness = Witness::new(secrets, Echoes::new(carrier));
        Self {
            equipment,
            destinations,
            known,
            public,
            refusing: OnceCell::new(),
            patience: Patience::default(),
            pauses: Pauses::default(),
            outages: Outages::default(),
            crowd: Crowd::default(),
            witness,
            accepted: Mutex::default(),
            written: Mutex::default(),
            one_at_a_time: AtomicBool::new(false),
            other_credentials: OnceLock::new(),
            last_turn: Mutex::default(),
            unchallenged: Mutex::default(),
            methods: Mutex::default(),
            hint_needed: AtomicBool::new(false),
            granted_controls: Mutex::default(),
            nonce_asked: OnceCell::new(),
            changed_accounts: Mutex::default(),
            registered_clients: Mutex::default(),
            kept: Mutex::default(),
            prepared: Mutex::default(),
            run_mark: format!("{:08x}", rand::random::<u32>()),
        }
    }

    /// Address of the target.
    pub fn base(&self) -> &Url {
        &self.equipment.base
    }

    fn subject(&self) -> &Subject {
        &self.equipment.subject
    }

    /// Runs a check: its controls, its steps, its controls again. With a seat, it meets the checks that write beside it.
    pub async fn run(&self, planned: &PlannedCheck, script: &Script, seat: Option<Seat>) -> Evidence {
        // on the heap: what waits around it would hold it once more each, on the stack
        let run = outages::sent_by(planned.check.id, Box::pin(self.run_in_time(planned, script, seat)));
        let run = pause::expecting(planned.runs_last(), run);
        let activity = &self.equipment.activity;
        let _shown = activity.shows(Doing::Check(planned.check.id.to_owned()));
        allowance::within(self.equipment.check_time, activity, run).await
    }

    async fn run_in_time(&self, planned: &PlannedCheck, script: &Script, seat: Option<Seat>) -> Evidence {
        let identifier = self.resource_identifier().map(|url| url.as_str().trim_end_matches('/').to_owned());
        let mut evidence = Evidence {
            issuer: self.issuer(),
            resource_identifier: identifier,
            in_own_place: !self.subject().carrier.is_bearer(),
            claims_rfc9068: self.subject().kit.claims_rfc9068,
            proven_key: self.equipment.control.bindings().map(|bindings| bindings.shared().thumbprint()),
            thumbprint: self.subject().thumbprint(),
            over_tls: self.equipment.base.scheme() == "https",
            credential_parameter: match &self.subject().carrier.place {
                CarrierPlace::Query(name) => Some(name.clone()),
                _ => None,
            },
            credential_cookie: match &self.subject().carrier.place {
                CarrierPlace::Cookie(name) => Some(name.clone()),
                _ => None,
            },
            compares_answers: planned.check.compares_answers,
            leeway_is_declared: self.subject().tolerances.leeway_is_declared,
            mints_tokens: self.subject().kit.issuer_key.is_some(),
            rotation_overlap: self.subject().tolerances.rotation_delay,
            self_contained_life: self.subject().tolerances.self_contained_life,
            max_clock_skew: self.subject().tolerances.max_clock_skew,
            ..Evidence::default()
        };
        if !script.not_visited.is_empty() {
            let names = script.not_visited.iter().map(|at| self.subject().resources[*at].name());
            evidence.facts.push(("not visited:", names.collect::<Vec<_>>().join(" and ")));
        }
        evidence.facts.extend(script.not_tried.clone().map(|what| ("not tried:", what)));
        let recollection = script.recollection();
        let Some(script) = &self.open(script, &mut evidence).await else {
            let mut stage =
                Stage::new(self, planned.check, StdRng::seed_from_u64(self.seed_of(planned.check.id)), None);
            Box::pin(stage.play(&recollection, &mut evidence)).await;
            return evidence;
        };
        if let Err(failed) = self.prepare_all(script, When::Before, &mut evidence).await {
            evidence.obstacle = Some(failed.why());
            return evidence;
        }
        let rng = StdRng::seed_from_u64(self.seed_of(planned.check.id));
        let outages = self.outages.count();
        let mut stage = Stage::new(self, planned.check, rng, seat);
        Box::pin(stage.play(&script.actions, &mut evidence)).await;
        evidence.was_interrupted = self.outages.count() > outages;
        if let Err(failed) = self.prepare_all(script, When::After, &mut evidence).await {
            evidence.facts.push(("not cleaned up:", failed.why()));
        }
        match allowance::over() {
            None => self.close(script, &mut evidence).await,
            Some(why) => drop(evidence.obstacle.get_or_insert(why)),
        }
        evidence
    }

    /// Every check has its own randomness, so that it can be repeated alone.
    fn seed_of(&self, id: &str) -> u64 {
        // stable over versions of Rust, unlike its own hasher
        let hash = Sha256::digest(id);
        let (first, _) = hash.split_first_chunk().expect("a SHA-256 value has 32 bytes");
        self.equipment.seed ^ u64::from_le_bytes(*first)
    }

    fn issuer(&self) -> Option<String> {
        self.subject().authorization_server.as_ref().and_then(|server| server.issuer.clone())
    }

    /// The identifier of the resource (RFC 9728 §1.2), where the scenario has one.
    fn resource_identifier(&self) -> Option<Url> {
        let written = self.subject().material.resource_identifier.as_deref()?;
        crate::target::address::join(&self.equipment.base, written).ok()
    }

    /// The controls before the probes, and the script without the resources that a good credential does not open, as long
    /// as others of each step remain. None where too little remains.
    async fn open(&self, script: &Script, evidence: &mut Evidence) -> Option<Script> {
        let mut usable = script.clone();
        for control in &script.controls {
            let run = self.control(*control, false, evidence).await;
            let rest = match control {
                Control::Use { resource, .. } if run.outcome != Outcome::Granted => usable.without(*resource),
                _ => None,
            };
            match rest {
                Some(rest) => {
                    usable = rest;
                    evidence.facts.push(("not visited, for its control failed:", run.description.to_string()));
                }
                None => {
                    let broken = run.outcome != Outcome::Granted;
                    if broken && let Some(why) = self.refuses_the_method(*control, &run, evidence).await {
                        evidence.not_applicable = Some(why);
                        return None;
                    }
                    evidence.control(run);
                    if broken {
                        return None;
                    }
                }
            }
        }
        Some(usable)
    }

    async fn close(&self, script: &Script, evidence: &mut Evidence) {
        for control in &script.controls {
            let run = self.control(*control, true, evidence).await;
            let broken = run.outcome != Outcome::Granted;
            evidence.control(run);
            if broken {
                return;
            }
        }
    }

    async fn control(&self, control: Control, closing: bool, evidence: &mut Evidence) -> ControlRun {
        let run = self.control_run(control, closing, evidence).await;
        let mut granted = self.granted_controls.lock().unwrap_or_else(PoisonError::into_inner);
        let was_accepted = granted.contains(&control);
        if run.outcome == Outcome::Granted {
            granted.insert(control);
        }
        ControlRun { was_accepted, ..run }
    }

    async fn control_run(&self, control: Control, closing: bool, evidence: &mut Evidence) -> ControlRun {
        match control {
            Control::Use { identity, resource } => ControlRun {
                credential: Some(self.subject().identities[identity].name.clone()),
                ..self.use_control(identity, resource, closing, evidence).await
            },
            Control::Twin { identity, resource } => self.twin_control(identity, resource, closing, evidence).await,
            Control::Endpoint { endpoint, auth } => self.endpoint_control(endpoint, auth, closing, evidence).await,
        }
    }

    async fn use_control(
        &self,
        identity: usize,
        resource: usize,
        closing: bool,
        evidence: &mut Evidence,
    ) -> ControlRun {
        let who = &self.subject().identities[identity];
        let name = self.subject().resources[resource].name();
        let description = Description::new(format!("{name} with the good credential of {}", who.name));
        let (mut renewed, mut asked) = (false, 0);
        loop {
            if let Err(error) = Box::pin(self.held(who)).await {
                return unobtainable(description, closing, &error);
            }
            if let Err(failed) = self.prepare(resource, When::Before, evidence).await {
                return failed.control(&description, closing);
            }
            // what was sent before the write may have led to another session
            let held = match Box::pin(self.held(who)).await {
                Ok(held) => held,
                Err(error) => return unobtainable(description, closing, &error),
            };
            let request = self.good_request(&held, resource, evidence).await;
            let exchange = self.send_to(resource, &request).await;
            if self.subject().resources[resource].writes {
                Box::pin(self.follow(&exchange)).await;
            }
            if let Err(failed) = self.prepare(resource, When::After, evidence).await {
                return failed.control(&description, closing);
            }
            let outcome = self.read_good((identity, resource), &exchange).await.outcome;
            if outcome == Outcome::Refused && asked < NONCES && dpop::wants_nonce(&exchange) {
                asked += 1;
                continue;
            }
            // a credential that was obtained may have ended in between: it is renewed, once
            if outcome == Outcome::Refused && !renewed && held.token.is_some() {
                // what an answer has set in its place as well
                let now = Box::pin(self.held(who)).await.unwrap_or(held);
                self.forget(who, &now).await;
                renewed = true;
                continue;
            }
            return ControlRun { credential: None, description, closing, exchange, outcome, was_accepted: false };
        }
    }

    /// The request of a resource with a good credential, which is noted for the scrubber.
    async fn good_request(&self, held: &HeldCredential, resource: usize, evidence: &mut Evidence) -> Request {
        let mut request = self.bare_request(resource);
        self.carry(held, &mut request, evidence).await;
        request
    }

    /// What the target asks for now, where the scheme answers challenges. Each probe has a challenge of its own, so that
    /// probes side by side do not disturb each other's count.
    async fn turn(&self) -> Option<Arc<Turn>> {
        let subject = self.subject();
        if subject.scheme.reuse() == Reuse::WhileHeld {
            return None;
        }
        if !subject.scheme.answers_challenges() {
            self.learn_nonce().await;
            return Some(Arc::new(Turn::of(None)));
        }
        let at = subject.main_resource().or_else(|| subject.protected().next())?;
        let bare = self.bare_request(at);
        let mut exchange = self.send_to(at, &bare).await;
        let mut challenge = self.challenge_in(&exchange);
        let lets_in = |exchange: &Exchange| exchange.status().is_some_and(|status| (200..300).contains(&status));
        if lets_in(&exchange) {
            let mut first = self.unchallenged.lock().unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert_with(|| (at, exchange.clone()));
        }
        // a target that lets everybody in asks only who comes with something wrong
        if let (None, Some(made_up)) = (&challenge, subject.scheme.made_up_challenge()) {
            let made_up = Turn::of(Some(made_up));
            let mut wrong = bare.clone();
            let proof = Proof::Password { user: "authbench".to_owned(), password: Secret::new("authbench") };
            for carried in proven(subject, &proof, &bare, &made_up) {
                carried.apply(&mut wrong);
            }
            exchange = self.send_to(at, &wrong).await;
            // a target that accepts even that fails every check of a refusal
            challenge = self.challenge_in(&exchange).or(made_up.challenge.filter(|_| lets_in(&exchange)));
        }
        let cookies: Vec<_> = exchange.response().into_iter().flat_map(|one| one.header_values("set-cookie")).collect();
        let mut last = self.last_turn.lock().unwrap_or_else(PoisonError::into_inner);
        // a target that cannot ask, as while its accounts are out of reach, is answered with its last challenge
        match (&*last, &challenge) {
            (Some(last), None) => Some(last.clone()),
            _ => {
                Some(last.insert(Arc::new(Turn::of(challenge).with_cookies(cookies.iter().map(AsRef::as_ref)))).clone())
            }
        }
    }

    /// The challenge of a refusal that the scheme answers.
    fn challenge_in(&self, exchange: &Exchange) -> Option<Challenge> {
        let response = exchange.response().filter(|response| response.status == 401)?;
        let lines: Vec<_> = response.header_values("www-authenticate").collect();
        self.subject().scheme.challenge(&parse_challenges(lines.iter().map(AsRef::as_ref)).ok()?)
    }

    /// Adds a good credential to a request, and what travels beside it; it is noted for the scrubber.
    async fn carry(&self, held: &HeldCredential, request: &mut Request, evidence: &mut Evidence) {
        let subject = self.subject();
        let turn = self.turn().await;
        let carried = match &turn {
            None => subject.scheme.carry(&subject.carrier, &held.proof),
            Some(turn) => proven(subject, &held.proof, request, turn),
        };
        for carried in carried {
            values::note_carried(&carried, evidence);
            carried.apply(request);
        }
        accompany(turn.as_ref().map_or(&[], |turn| &turn.companions), request, evidence);
        accompany(&held.companions, request, evidence);
        held.connect(request);
    }

    /// What an identity holds now. What has to be obtained is kept while it lives.
    ///
    /// # Errors
    /// When it is not obtained.
    pub async fn held(&self, identity: &Identity) -> Result<HeldCredential, ControlError> {
        let held = self.without_others(self.held_anywhere(identity).await?);
        Ok(HeldCredential { connection: Some(identity.connection()), ..held })
    }

    async fn held_anywhere(&self, identity: &Identity) -> Result<HeldCredential, ControlError> {
        if identity.is_obtained() {
            // nothing is obtained from a target that answers nobody
            drop(self.outages.open().await);
        }
        match &identity.login {
            Login::Proof(proof) => Ok(HeldCredential::given(proof.clone())),
            Login::Client { .. } => {
                let client = identity.client().ok_or_else(|| ControlError::Unusable("no client".to_owned()))?;
                let token = self.equipment.control.current(&client).await?;
                Ok(HeldCredential::obtained(self.subject().scheme, token))
            }
            Login::Procedure(procedure) => self.equipment.logins.current(&identity.name, procedure).await,
            Login::Minted { .. } => Ok(HeldCredential::given(Proof::Token(self.minted(identity, None)?.value))),
            Login::Rescoped { token, scope } => {
                let made = crate::scheme::jwt::rescoped(token, scope, &self.subject().kit);
                let made = made.map_err(|why| ControlError::Unusable(why.0))?;
                Ok(HeldCredential::given(Proof::Token(Secret::new(made))))
            }
            Login::Nothing => Ok(HeldCredential::given(Proof::Key(crate::secret::Secret::new("")))),
        }
    }

    /// Forgets what an identity holds, where that was refused: the next use obtains a new one.
    async fn forget(&self, identity: &Identity, held: &HeldCredential) {
        let Some(token) = &held.token else { return };
        match &identity.login {
            Login::Procedure(_) => self.equipment.logins.forget(&identity.name, &token.value).await,
            _ => {
                if let Some(client) = identity.client() {
                    self.equipment.control.forget_token(&client, &token.value).await;
                }
            }
        }
    }

    /// The logins of the run.
    pub fn logins(&self) -> &Logins {
        &self.equipment.logins
    }

    /// What an exchange of a token with a resource means.
    async fn outcome(&self, resource: usize, exchange: &Exchange) -> Outcome {
        self.read(resource, exchange, &Asked::default()).await.outcome
    }
}

/// What goes onto the wire for one request; nothing where nothing can be made for it, which is refused then.
fn proven(subject: &Subject, proof: &Proof, request: &Request, turn: &Turn) -> Vec<Carried> {
    let (count, random) = turn.next();
    let occasion = Occasion { request, challenge: turn.challenge.as_ref(), count, random: &random };
    subject.scheme.prove(&subject.carrier, proof, &occasion).unwrap_or_default()
}

/// Adds what travels beside a credential; it is noted for the scrubber.
fn accompany(companions: &[Companion], request: &mut Request, evidence: &mut Evidence) {
    for carried in login::accompany(companions, request) {
        values::note_companion(&carried.value, evidence);
    }
}

/// A control that could not be sent because its credential was not obtained.
fn unobtainable(description: Description, closing: bool, error: &ControlError) -> ControlRun {
    let silence = crate::observe::Silence::NoCredential(error.to_string());
    let exchange = Exchange::unanswered(Request::new("POST", "token endpoint"), silence);
    ControlRun { credential: None, description, closing, exchange, outcome: Outcome::Silent, was_accepted: false }
}
