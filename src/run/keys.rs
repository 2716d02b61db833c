//! Keys that a run needs beside those of its scenario: what the issuer publishes, and what authbench publishes itself.

use std::sync::Arc;

use serde_json::Value;
use url::Url;

use super::start::Wanted;
use crate::drive::control::{ControlError, ControlPlane};
use crate::plan::subject::Subject;
use crate::scheme::jwt::strangers_keys;
use crate::target::address::join;
use crate::target::issuer;
use crate::target::listener::{Listener, ListenerError};

/// Listens where the scheme needs it and the target can reach it; the target may read its keys before it is ready, so
/// this comes first.
pub(super) async fn listen(subject: &mut Subject, wanted: &Wanted) -> Result<Option<Arc<Listener>>, ListenerError> {
    let kit = &mut subject.kit;
    let named = kit.listener.is_some() || kit.listens_at.is_some();
    let forges = subject.scheme.groups().contains(&"jwt");
    if !forges || !subject.owned || !(named || wanted.is_local()) {
        return Ok(None);
    }
    let listener = Listener::start(kit.listens_at, kit.listener.clone(), &kit.key_set(), strangers_keys()).await?;
    listener.prove_itself().await?;
    kit.listener = Some(listener.url().to_owned());
    Ok(Some(Arc::new(listener)))
}

/// Tells the reference to read its issuer's keys from the listener; where it does not hear it, it keeps its own. Any other
/// target gets no request: its operator has it read its keys from `serve_jwks`, and whether it does so shows in the listener.
pub(super) async fn host(
    subject: &mut Subject,
    listener: Option<&Arc<Listener>>,
    control: &ControlPlane,
    (base, is_reference): (&Url, bool),
) {
    if !subject.kit.hosts_keys {
        return;
    }
    subject.kit.hosts_keys = match (listener, join(base, "/hooks/keys")) {
        (Some(listener), Ok(hook)) if is_reference => control.post(hook, listener.keys_url()).await.is_ok(),
        (Some(_), _) => !is_reference,
        (None, _) => false,
    };
}

/// Reads the key set of the issuer: where the scenario says it is, or where the issuer's metadata does.
pub(super) async fn read_published(
    subject: &mut Subject,
    control: &ControlPlane,
    base: &Url,
    metadata: Option<&(Url, Value)>,
) {
    if subject.kit.keys_at.is_none() {
        subject.kit.keys_at = metadata.and_then(|(issuer, metadata)| issuer::keys_at(issuer, metadata));
    }
    let Some(at) = subject.kit.keys_at.clone() else { return };
    let read = match join(base, &at) {
        Ok(url) => control.document(url).await,
        Err(error) => Err(ControlError::from(error)),
    };
    match read {
        Ok(set) => subject.kit.published = set["keys"].as_array().cloned().unwrap_or_default(),
        Err(error) => subject.kit.unpublished = Some(format!("the key set at {at} is not there: {error}")),
    }
}
