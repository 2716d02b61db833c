//! Keys that a run needs beside those of its scenario: what the issuer publishes, and what authbench publishes itself.

use std::sync::Arc;

use url::Url;

use super::target::Wanted;
use crate::drive::control::{ControlPlane, join};
use crate::drive::listener::Listener;
use crate::plan::subject::Subject;

/// Listens where the scheme needs it and the target can reach it; the target may read its keys before it is ready, so
/// this comes first.
pub(super) async fn listen(subject: &mut Subject, wanted: &Wanted) -> Result<Option<Arc<Listener>>, String> {
    let kit = &mut subject.kit;
    let named = kit.listener.is_some() || kit.listens_at.is_some();
    let forges = subject.scheme.groups().contains(&"jwt");
    if !forges || !subject.owned || !(named || wanted.is_local()) {
        return Ok(None);
    }
    let listener = Listener::start(kit.listens_at, kit.listener.clone(), &kit.key_set()).await?;
    listener.prove_itself().await?;
    kit.listener = Some(listener.url().to_owned());
    Ok(Some(Arc::new(listener)))
}

/// Tells the reference to read its issuer's keys from the listener; whoever does not hear it keeps its own.
pub(super) async fn host(subject: &mut Subject, listener: Option<&Arc<Listener>>, control: &ControlPlane, base: &Url) {
    if !subject.kit.hosts_keys {
        return;
    }
    let told = match (listener, join(base, "/hooks/keys")) {
        (Some(listener), Ok(hook)) => control.post(hook, listener.keys_url()).await.is_ok(),
        _ => false,
    };
    subject.kit.hosts_keys = told;
}

/// Reads the key set of the issuer: where the scenario says it is, or where the issuer's metadata does.
pub(super) async fn read_published(subject: &mut Subject, control: &ControlPlane, base: &Url) {
    if subject.kit.keys_at.is_none() {
        subject.kit.keys_at = discovered(subject, control, base).await;
    }
    let Some(at) = subject.kit.keys_at.clone() else { return };
    let read = match join(base, &at) {
        Ok(url) => control.document(url).await,
        Err(error) => Err(error),
    };
    match read {
        Ok(set) => subject.kit.published = set["keys"].as_array().cloned().unwrap_or_default(),
        Err(error) => subject.kit.unpublished = Some(format!("the key set at {at} is not there: {error}")),
    }
}

/// The `jwks_uri` of the issuer's metadata (RFC 8414 §2), on the issuer's own origin.
async fn discovered(subject: &Subject, control: &ControlPlane, base: &Url) -> Option<String> {
    let issuer = subject.authorization_server.as_ref()?.issuer.as_deref()?;
    let issuer = join(base, issuer).ok()?;
    let metadata = control.metadata(&issuer).await.ok()?;
    let found = metadata["jwks_uri"].as_str()?;
    let same = found.parse::<Url>().is_ok_and(|url| url.origin() == issuer.origin());
    same.then(|| found.to_owned())
}
