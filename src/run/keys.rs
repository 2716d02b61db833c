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

/// Tells the reference to read its issuer's keys from the listener.
pub(super) async fn host(
    subject: &Subject,
    wanted: &Wanted,
    listener: Option<&Arc<Listener>>,
    control: &ControlPlane,
    base: &Url,
) -> Result<(), String> {
    let (Wanted::Reference(_), Some(listener), true) = (wanted, listener, subject.kit.hosts_keys) else {
        return Ok(());
    };
    let hook = join(base, "/hooks/keys").map_err(|error| error.to_string())?;
    let told = control.post(hook, listener.keys_url()).await;
    told.map(drop).map_err(|error| format!("the reference was not told where its keys are: {error}"))
}

/// Reads the key set of the issuer: where the scenario says it is, or where the issuer's metadata does.
pub(super) async fn read_published(subject: &mut Subject, control: &ControlPlane, base: &Url) -> Result<(), String> {
    let named = subject.kit.keys_at.clone();
    if named.is_none() {
        subject.kit.keys_at = discovered(subject, control, base).await;
    }
    let Some(at) = subject.kit.keys_at.clone() else { return Ok(()) };
    let url = join(base, &at).map_err(|error| error.to_string())?;
    match control.document(url).await {
        Ok(set) => {
            subject.kit.published = set["keys"].as_array().cloned().unwrap_or_default();
            Ok(())
        }
        Err(error) if named.is_some() => Err(format!("the key set at {at} is not there: {error}")),
        // a key set that only the metadata names is for a check to look at
        Err(_) => Ok(()),
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
