//! Whether a scenario can be tested as it is written: whether one good credential opens one resource. Where none does, no
//! refusal proves anything, and the reason is a line of the scenario more often than the target.

use std::sync::Arc;
use std::time::Duration;

use super::Options;
use crate::drive::control::ControlError;
use crate::drive::login::LoginError;
use crate::drive::probe::Prober;
use crate::drive::reach::{answers_http2, expects_tls};
use crate::observe::{Evidence, Outcome, Place as Asked};
use crate::plan::subject::{CredentialState, Identity, Login, Subject};
use crate::scenario::{LoadedScenario, Position};
use crate::scheme::Proof;
use crate::scheme::jose::Jws;
use crate::target::Running;
use crate::target::address::authority;
use crate::target::obstacle::{self, Obstacle, Setting};

/// Resources that are asked for before it is concluded that no credential opens any.
const RESOURCES: usize = 16;
/// Causes that are reported.
const CAUSES: usize = 4;
/// How long it may take to find out what a port speaks.
const LOOK: Duration = Duration::from_secs(3);

/// Why nothing can be proven, in words for a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Untestable {
    /// Each cause with its place and with what to write there; one at least.
    pub(super) causes: Vec<String>,
    /// Whether the target answered.
    pub(super) reached: bool,
}

impl Untestable {
    /// For one obstacle that nothing can be asked behind.
    pub(super) fn of(loaded: &LoadedScenario, obstacle: &Obstacle) -> Self {
        Self { causes: vec![told(loaded, None, obstacle, 0)], reached: obstacle.is_answered() }
    }

    /// For a scenario that was not begun, or cut before its first check.
    pub(super) fn ended(options: &Options) -> Self {
        Self { causes: vec![format!("not executed: {}", options.ended())], reached: true }
    }

    /// The first cause.
    pub(super) fn cause(&self) -> &str {
        self.causes.first().map(String::as_str).unwrap_or_default()
    }
}

/// Asks for resources with good credentials until one is granted.
///
/// # Errors
/// Why none is.
pub(super) async fn look(
    loaded: &LoadedScenario,
    subject: &Arc<Subject>,
    prober: &Arc<Prober>,
    running: &Running,
) -> Result<(), Untestable> {
    if subject.resources.is_empty() {
        return look_at_clients(loaded, subject, prober).await;
    }
    let mut pairs = pairs(subject).into_iter();
    let Some(first) = pairs.next() else { return Ok(()) };
    let Some(obstacle) = tried(subject, prober, first).await else {
        prefer_one_that_refuses(subject, prober, first.1).await;
        return look_closer(loaded, subject, prober, first).await;
    };
    let obstacle = in_words(obstacle, running).await;
    if matches!(obstacle, Obstacle::ExpectsTls(_)) {
        // every other request would be answered in the wrong protocol as well
        return Err(Untestable::of(loaded, &obstacle));
    }
    let mut refused: Vec<usize> = obstacle.is_finding().then_some(first.0).into_iter().collect();
    let mut obstacles = vec![(first.1, obstacle)];
    for pair in pairs {
        // one after another, and none again that was refused: an account may be locked
        if refused.contains(&pair.0) {
            continue;
        }
        match tried(subject, prober, pair).await {
            None => {
                // what is not there keeps its own checks from a verdict, and no others
                if obstacles.iter().all(|(_, obstacle): &(usize, Obstacle)| !obstacle.is_finding())
                    && !subject.resources[pair.1].writes
                {
                    subject.preferred.get_or_init(|| pair.1);
                }
                return look_closer(loaded, subject, prober, pair).await;
            }
            Some(obstacle) => {
                refused.extend(obstacle.is_finding().then_some(pair.0));
                obstacles.push((pair.1, obstacle));
            }
        }
    }
    let reached = obstacles.iter().any(|(_, obstacle)| obstacle.is_answered());
    let mut causes: Vec<String> = Vec::new();
    for (resource, obstacle) in &obstacles {
        let cause = told(loaded, Some(subject), obstacle, *resource);
        if !causes.contains(&cause) && causes.len() < CAUSES {
            causes.push(cause);
        }
    }
    Err(Untestable { causes, reached })
}

/// Where the main resource is open to everybody, another takes its place: a forgery that is granted there shows nothing, and
/// that the one is open is said by the check that asks each.
async fn prefer_one_that_refuses(subject: &Subject, prober: &Prober, main: usize) {
    if subject.resources[main].writes || prober.refuses_anonymous(main).await {
        return;
    }
    let mut others: Vec<usize> =
        subject.protected().filter(|at| *at != main && !subject.resources[*at].writes).take(RESOURCES).collect();
    others.sort_by_key(|at| subject.resources[*at].tenant.is_some());
    for other in others {
        let Some(identity) = subject.good_for(other) else { continue };
        if tried(subject, prober, (identity, other)).await.is_none() && prober.refuses_anonymous(other).await {
            subject.preferred.get_or_init(|| other);
            return;
        }
    }
}

/// What has to be known of credentials that work, before anything is changed about them.
///
/// # Errors
/// When another cookie than the one that the scenario names opens the resource: whatever is forged travels beside it.
async fn look_closer(
    loaded: &LoadedScenario,
    subject: &Subject,
    prober: &Prober,
    (at, resource): (usize, usize),
) -> Result<(), Untestable> {
    prober.look_whether_one_at_a_time(at, resource).await;
    let opens = prober.look_for_other_credentials(at, resource).await;
    let named = subject.procedure_of(at).and_then(|login| login.cookie().map(str::to_owned));
    let (Some(opens), Some(named)) = (opens, named) else { return Ok(()) };
    let (credential, asked) = (subject.identities[at].name.clone(), subject.resources[resource].name());
    let obstacle = Obstacle::OtherCookie { resource: asked, credential, named, opens, at };
    let causes = vec![told(loaded, Some(subject), &obstacle, resource)];
    Err(Untestable { causes, reached: true })
}

/// Without a resource, what shows that the scenario can be tested is a client that gets a token.
async fn look_at_clients(
    loaded: &LoadedScenario,
    subject: &Arc<Subject>,
    prober: &Arc<Prober>,
) -> Result<(), Untestable> {
    let Some(at) = subject.endpoint_identity() else { return Ok(()) };
    match prober.held(&subject.identities[at]).await {
        Ok(_) => Ok(()),
        Err(error) => {
            let obstacle = of_token(&error, at, &subject.identities[at]);
            let causes = vec![told(loaded, Some(subject), &obstacle, 0)];
            Err(Untestable { causes, reached: obstacle.is_answered() })
        }
    }
}

/// Identities with what they should open: each resource once, then each further identity once. Nothing is written where
/// something can be read.
fn pairs(subject: &Subject) -> Vec<(usize, usize)> {
    if subject.scheme.name() == "none" {
        return Vec::new();
    }
    let main = subject.main_resource();
    let reads: Vec<usize> = subject.protected().filter(|at| !subject.resources[*at].writes).collect();
    let mut resources = if reads.is_empty() { subject.protected().take(1).collect() } else { reads };
    resources.sort_by_key(|at| Some(*at) != main);
    resources.truncate(RESOURCES);
    let mut pairs: Vec<(usize, usize)> =
        resources.iter().filter_map(|at| Some((subject.good_for(*at)?, *at))).collect();
    for (at, identity) in subject.identities.iter().enumerate() {
        let open = resources.iter().find(|resource| subject.resources[**resource].open_to(identity));
        match open {
            // the client of another, which is asked already
            _ if identity.asks_for_less => {}
            Some(resource) if !pairs.iter().any(|(other, _)| *other == at) => pairs.push((at, *resource)),
            _ => {}
        }
    }
    pairs
}

async fn tried(subject: &Subject, prober: &Prober, (identity, resource): (usize, usize)) -> Option<Obstacle> {
    match prober.knock(identity, resource).await {
        Ok((exchange, outcome)) => {
            let name = subject.resources[resource].name();
            Obstacle::of(&asked(subject, &name, &authority(prober.base()), (identity, resource)), &exchange, outcome)
        }
        Err(error) => Some(of_token(&error, identity, &subject.identities[identity])),
    }
}

fn asked<'a>(
    subject: &'a Subject,
    resource: &'a str,
    host: &'a str,
    (identity, at): (usize, usize),
) -> obstacle::Attempt<'a> {
    let who = &subject.identities[identity];
    obstacle::Attempt { at, resource, host, identity, credential: &who.name, ended: has_ended(who) }
}

/// Why no token was obtained.
fn of_token(error: &ControlError, at: usize, identity: &Identity) -> Obstacle {
    let credential = identity.name.clone();
    if matches!(identity.login, Login::Procedure(_)) {
        let answered = !error.is_silence();
        let throttled = matches!(error, ControlError::Login(LoginError::Refused { status: 429, .. }));
        return Obstacle::NoLogin { credential, why: error.to_string(), answered, throttled, at };
    }
    match error {
        ControlError::NoChallenge(scheme) => Obstacle::NoChallenge(scheme),
        ControlError::Refused { status: status @ (400 | 401 | 403), error } => {
            Obstacle::ClientRefused { credential, status: *status, error: error.clone(), at }
        }
        ControlError::Refused { status, .. } => {
            let why = format!("the token endpoint answers with {status}");
            Obstacle::NoToken { credential, why, answered: true, broke: *status >= 500 }
        }
        ControlError::Unreachable(why) => Obstacle::NoToken {
            credential,
            why: format!("the token endpoint is not reachable: {why}"),
            answered: false,
            broke: false,
        },
        ControlError::TimedOut => Obstacle::NoToken {
            credential,
            why: "the token endpoint does not answer in time".to_owned(),
            answered: false,
            broke: false,
        },
        ControlError::Closed => Obstacle::NoToken {
            credential,
            why: "the token endpoint closes the connection without an answer".to_owned(),
            answered: false,
            broke: false,
        },
        other => Obstacle::NoToken { credential, why: other.to_string(), answered: true, broke: false },
    }
}

/// An answer that makes no sense in clear text makes sense where TLS is expected.
async fn in_words(obstacle: Obstacle, running: &Running) -> Obstacle {
    let doubtful = matches!(obstacle, Obstacle::Unanswered { .. } | Obstacle::BadRequest { .. });
    if doubtful && running.base.scheme() == "http" && expects_tls(running, LOOK).await {
        return Obstacle::ExpectsTls(authority(&running.base));
    }
    if matches!(obstacle, Obstacle::Unanswered { .. }) && answers_http2(running, LOOK).await {
        return Obstacle::OnlyHttp2(authority(&running.base));
    }
    obstacle
}

/// What kept a positive control from passing although the scenario can be tested: nothing where it is a finding.
pub(super) fn beside_the_point(subject: &Subject, base: &url::Url, evidence: &Evidence) -> Option<String> {
    let host = authority(base);
    let mut first = None;
    for seen in evidence.observations.iter().filter(|seen| seen.outcome != Outcome::Granted) {
        let Asked::Resource(at) = seen.place else { return None };
        let name = subject.resources[at].name();
        let pair = (subject.good_for(at)?, at);
        let obstacle = Obstacle::of(&asked(subject, &name, &host, pair), &seen.exchange, seen.outcome)?;
        if obstacle.is_finding() {
            return None;
        }
        first = first.or_else(|| Some(format!("{obstacle}; {}", obstacle.way_out())));
    }
    first
}

/// Whether a token that was given as good has ended by its `exp` (RFC 7519 §4.1.4).
pub(super) fn has_ended(identity: &Identity) -> bool {
    let Login::Proof(Proof::Token(token)) = &identity.login else { return false };
    let claims = Jws::read(token.expose()).and_then(|read| read.unsigned()).map(|token| token.claims);
    let end = claims.and_then(|claims| claims.value("exp")?.as_i64());
    identity.state == CredentialState::Valid && end.is_some_and(|end| end <= crate::clock::unix_seconds())
}

/// An obstacle with its place in the scenario and with what to write there.
fn told(loaded: &LoadedScenario, subject: Option<&Subject>, obstacle: &Obstacle, resource: usize) -> String {
    let Position { line, column } = place(loaded, subject, obstacle.setting(resource));
    format!("{}:{line}:{column}: {obstacle}; {}", loaded.file, obstacle.way_out())
}

fn place(loaded: &LoadedScenario, subject: Option<&Subject>, setting: Setting) -> Position {
    let scenario = &loaded.scenario;
    let target = &scenario.target.value.0;
    let address = target.url.as_ref().map(crate::scenario::Template::place);
    let found = match setting {
        Setting::Address => address,
        Setting::Authorities => target.tls.as_ref().map(|tls| tls.place).or(address),
        Setting::Resource(at) => scenario.resources.get(at).map(|resource| resource.place),
        Setting::Credential(at) => {
            let identity = subject.and_then(|subject| subject.identities.get(at));
            identity.and_then(|identity| scenario.credentials.get(&identity.name)).map(|credential| credential.place)
        }
        Setting::Scheme => Some(scenario.scheme.place),
    };
    found.filter(|place| place.line > 0).unwrap_or(scenario.target.place)
}
