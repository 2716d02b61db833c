//! What talks to a target, made when it runs.

use std::sync::Arc;

use serde_json::Value;
use thiserror::Error;
use url::Url;

use super::{Options, keys};
use crate::drive::control::{ControlError, ControlPlane};
use crate::drive::login::Logins;
use crate::drive::probe::{Equipment, Prober};
use crate::drive::rate::RateLimit;
use crate::drive::wire::Limits;
use crate::plan::subject::Subject;
use crate::secret::Scrubber;
use crate::target::Running;
use crate::target::address::{join, shown};
use crate::target::issuer;
use crate::target::listener::{Listener, ListenerError};
use crate::target::obstacle::Obstacle;

/// Why nothing can talk to a target.
#[derive(Debug, Error)]
pub(super) enum EquipError {
    /// The control plane.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The listener.
    #[error(transparent)]
    Listener(#[from] ListenerError),
    /// The scenario cannot be tested as it is written.
    #[error(transparent)]
    Obstacle(#[from] Obstacle),
}

/// What talks to a target, and what it knows.
pub(super) struct Equipped {
    pub(super) subject: Arc<Subject>,
    pub(super) prober: Arc<Prober>,
    /// What the issuer's metadata say against the scenario, in words for a reader.
    pub(super) doubts: Vec<String>,
}

/// Completes what is known about the target now that it runs, and makes what talks to it.
pub(super) async fn equip(
    subject: &Subject,
    running: &Running,
    listener: Result<Option<Arc<Listener>>, ListenerError>,
    (options, is_reference): (&Options, bool),
) -> Result<Equipped, EquipError> {
    let mut subject = subject.clone();
    let base = running.base.clone();
    let rate_limit = RateLimit::new(options.rate_limit);
    let control = |subject: &Subject| {
        let control =
            ControlPlane::new(&base, subject.authorization_server.as_ref(), (&running.trust, &running.hosts))?;
        Ok::<_, ControlError>(control.within(options.time_limit).paced(rate_limit.clone()))
    };
    let metadata = discover(&mut subject, &base, &control).await?;
    let control = control(&subject)?;
    let listener = listener?;
    keys::host(&mut subject, listener.as_ref(), &control, (&base, is_reference)).await;
    keys::read_published(&mut subject, &control, &base, metadata.as_ref()).await;
    let doubts = metadata.iter().flat_map(|(_, metadata)| issuer::unlisted(&subject, metadata)).collect();
    let subject = Arc::new(subject);
    let control = Arc::new(control);
    let logins = Logins::new(control.clone(), base.clone(), options.spawner(), subject.scheme);
    let logins = logins.sending_in(&subject.carrier.place);
    let prober = Prober::new(Equipment {
        subject: subject.clone(),
        base,
        trust: running.trust.clone(),
        hosts: running.hosts.clone(),
        limits: Limits::default().within(options.time_limit),
        check_time: options.check_time,
        control,
        logins,
        listener,
        rate_limit,
        spawner: options.spawner(),
        // no two shards forge the same token; for one shard alone it is the seed itself
        activity: options.activity.clone(),
        seed: options.seed ^ options.shard.offset().wrapping_mul(0x9e37_79b9_7f4a_7c15),
    });
    Ok(Equipped { subject, prober: Arc::new(prober), doubts })
}

/// Fetches the metadata of the issuer (RFC 8414 §3) once, where something of it is needed, and completes the endpoints.
async fn discover(
    subject: &mut Subject,
    base: &Url,
    control: &impl Fn(&Subject) -> Result<ControlPlane, ControlError>,
) -> Result<Option<(Url, Value)>, EquipError> {
    let needs_keys = subject.kit.keys_at.is_none();
    // where no client of the scenario asks for tokens, the documents are what is judged
    let asks_tokens = subject.scheme.groups().contains(&"token") && !subject.identities.is_empty();
    let Some(server) = &mut subject.authorization_server else { return Ok(None) };
    server.is_discovered = true;
    if let Some(path) = server.issuer.as_deref().filter(|issuer| issuer.starts_with('/')) {
        server.issuer = Some(format!("{}{}", base.as_str().trim_end_matches('/'), path.trim_end_matches('/')));
    }
    let Some(issuer) = server.issuer.clone() else { return Ok(None) };
    let needs_endpoint = server.token.is_none() && asks_tokens;
    let needs_others = server.introspection.is_none() || server.revocation.is_none();
    let needs_alias = server.client_auth.is_by_certificate();
    if !needs_endpoint && !needs_keys && !needs_others && !needs_alias {
        return Ok(None);
    }
    let issuer = join(base, &issuer).map_err(ControlError::from)?;
    let unusable =
        |why: String, answered: bool| Obstacle::NoMetadata { why: format!("{}: {why}", shown(&issuer)), answered };
    match control(subject)?.metadata(&issuer).await {
        Ok(metadata) => {
            if let Some(server) = &mut subject.authorization_server {
                match issuer::complete(server, &issuer, &metadata) {
                    Err(error) if needs_endpoint => return Err(unusable(error.to_string(), true).into()),
                    // what the scenario needs it names itself
                    Err(_) | Ok(()) => {}
                }
            }
            Ok(Some((issuer, metadata)))
        }
        Err(error) if needs_endpoint => {
            let answered = !error.is_silence();
            Err(unusable(error.to_string(), answered).into())
        }
        // the keys alone are missed: what needs them is not tested, and says so
        Err(_) => Ok(None),
    }
}

/// Takes every secret of a subject out of texts, but for what a report has to name, although a secret may hold a part of it.
pub(super) fn scrubber_of(subject: &Subject) -> Scrubber {
    let mut scrubber = Scrubber::default();
    for secret in subject.secrets() {
        scrubber.add(secret.expose().as_bytes());
    }
    subject.public_texts().iter().for_each(|text| scrubber.spare(text));
    scrubber
}
