//! What talks to a target, made when it runs.

use std::sync::Arc;

use super::{Options, keys, target};
use crate::drive::control::ControlPlane;
use crate::drive::listener::Listener;
use crate::drive::probe::{Equipment, Prober};
use crate::drive::rate::RateLimit;
use crate::drive::wire::{self, Limits};
use crate::plan::subject::Subject;
use crate::secret::Scrubber;

/// Completes what is known about the target now that it runs, and makes what talks to it.
pub(super) async fn equip(
    subject: &Subject,
    running: &target::Running,
    listener: Result<Option<Arc<Listener>>, String>,
    options: &Options,
) -> Result<(Arc<Subject>, Arc<Prober>), String> {
    let mut subject = subject.clone();
    let base = running.base.clone();
    let tls = wire::tls_config(running.ca_pem.as_deref()).map_err(|error| error.to_string())?;
    if let Some(server) = &mut subject.authorization_server {
        if let Some(path) = server.issuer.as_deref().filter(|issuer| issuer.starts_with('/')) {
            server.issuer = Some(format!("{}{}", base.as_str().trim_end_matches('/'), path.trim_end_matches('/')));
        }
        target::discover(server, running, options.time_limit).await?;
    }
    let rate_limit = RateLimit::new(options.rate_limit);
    let control = ControlPlane::new(&base, subject.authorization_server.as_ref(), running.ca_pem.as_deref());
    let control = control.map_err(|error| error.to_string())?.within(options.time_limit).paced(rate_limit.clone());
    let listener = listener?;
    keys::host(&mut subject, listener.as_ref(), &control, &base).await;
    keys::read_published(&mut subject, &control, &base).await;
    let subject = Arc::new(subject);
    let prober = Prober::new(Equipment {
        subject: subject.clone(),
        base,
        tls: Some(tls),
        limits: Limits::default().within(options.time_limit),
        control: Arc::new(control),
        listener,
        rate_limit,
        seed: options.seed,
    });
    Ok((subject, Arc::new(prober)))
}

/// Takes every secret of a subject out of texts.
pub(super) fn scrubber_of(subject: &Subject) -> Scrubber {
    let mut scrubber = Scrubber::default();
    for secret in subject.secrets() {
        scrubber.add(secret.expose().as_bytes());
    }
    scrubber
}
