//! What an overhead study compares: presets of the reference, or schemes of the user's own; pure.

use std::sync::Arc;

use super::resolve;
use super::seeded;
use super::subject::{AuthorizationServer, ClientAuthMethod, Login, Resource, Subject, Tolerances};
use super::values::Values;
use crate::scenario::model::{self, OverheadSchemeFields, PRESETS, SchemeFields};
use crate::scenario::{At, LoadedScenario, ScenarioError, nearest};
use crate::scheme::jose::Alg;
use crate::scheme::{self, Proof};

/// One side of a comparison.
#[derive(Clone)]
pub struct Side {
    /// Its name in the scenario.
    pub name: String,
    /// What is known about the target under its scheme.
    pub subject: Subject,
    /// Who asks, by index.
    pub identity: usize,
    /// For what, by index.
    pub resource: usize,
    /// Whether each request is first sent without a credential, for a challenge of its own.
    pub asks_each_time: bool,
}

impl OverheadStudy {
    /// All sides, the baseline first.
    pub fn sides(&self) -> impl Iterator<Item = &Side> {
        std::iter::once(&self.baseline).chain(&self.schemes)
    }
}

/// The preset in which each request asks for a challenge first.
const ASKED_EACH_TIME: &str = "digest-asked-each-time";

/// Presets of message signatures, before the name of their algorithm.
const MESSAGES: &str = "httpsig-";

/// A study, ready to be measured.
#[derive(Clone)]
pub struct OverheadStudy {
    /// What the others are compared with.
    pub baseline: Side,
    /// The others.
    pub schemes: Vec<Side>,
    /// Time for each.
    pub duration: std::time::Duration,
}

/// Time for each scheme where the scenario names none.
const DURATION: std::time::Duration = std::time::Duration::from_secs(2);
/// Name of the baseline where the scenario names none.
const BASELINE: &str = "none";

/// The study of a scenario, if it has one.
///
/// # Errors
/// All mistakes of its `overhead`.
pub fn comparison(loaded: &LoadedScenario, values: &Values<'_>) -> Result<Option<OverheadStudy>, Vec<ScenarioError>> {
    let Some(written) = &loaded.scenario.overhead else { return Ok(None) };
    let baseline = written.baseline.as_ref().map_or(BASELINE, |baseline| baseline.value.as_str());
    let (mut sides, mut errors) = (Vec::new(), Vec::new());
    for one in &written.schemes {
        if sides.iter().any(|side: &Side| side.name == one.name) {
            errors.push(loaded.error(one.place, format!("`{}` is compared twice", one.name)));
            continue;
        }
        match side(loaded, one, values) {
            Ok(side) => sides.push(side),
            Err(error) => errors.push(*error),
        }
    }
    if sides.iter().all(|side| side.name != baseline) && errors.is_empty() {
        match preset_side(loaded, baseline) {
            Some(side) if written.baseline.is_none() && loaded.scenario.target.reference.is_some() => sides.push(side),
            _ => errors.push(no_baseline(loaded, written, baseline, &sides)),
        }
    }
    if sides.len() < 2 && errors.is_empty() {
        let error = loaded.error(written.place, "there is nothing to compare");
        errors.push(error.with_help("name at least one scheme beside the baseline"));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let at = sides.iter().position(|side| side.name == baseline).unwrap_or_default();
    let baseline = sides.remove(at);
    let duration = written.duration.map_or(DURATION, |length| length.0);
    Ok(Some(OverheadStudy { baseline, schemes: sides, duration }))
}

fn no_baseline(loaded: &LoadedScenario, written: &At<model::Overhead>, name: &str, sides: &[Side]) -> ScenarioError {
    let place = written.baseline.as_ref().map_or(written.place, |baseline| baseline.place);
    let near = nearest(name, sides.iter().map(|side| side.name.as_str()));
    let help = near
        .map_or_else(|| "name one of `schemes` as the `baseline`".to_owned(), |near| format!("did you mean `{near}`?"));
    loaded.error(place, format!("the baseline `{name}` is not among the schemes")).with_help(help)
}

fn side(
    loaded: &LoadedScenario,
    one: &At<model::OverheadScheme>,
    values: &Values<'_>,
) -> Result<Side, Box<ScenarioError>> {
    let OverheadSchemeFields { name, scheme, credentials, request } = &one.value.0;
    let mistake = |message: &str, help: &str| Box::new(loaded.error(one.place, message).with_help(help));
    let on_reference = loaded.scenario.target.reference.is_some();
    let Some(scheme) = scheme else {
        let preset = preset_side(loaded, name);
        return preset.filter(|_| on_reference).ok_or_else(|| match PRESETS.contains(&name.as_str()) {
            true => mistake(
                &format!("`{name}` alone is a scheme of the reference, which is not the target"),
                "write { name: …, scheme: …, credentials: { … }, request: GET /… }",
            ),
            false => mistake(&format!("`{name}` has no scheme"), "add `scheme:`"),
        });
    };
    let resource = match request {
        Some(line) => own_resource(loaded, values, line),
        None if on_reference => {
            let name = resolve::registered(scheme);
            seeded::resources(&seeded::prefix(name, super::keys::algorithm_of(&scheme.0))).swap_remove(0)
        }
        None => return Err(mistake(&format!("`{name}` asks for nothing"), "add `request: GET /…`")),
    };
    if let Some(own) = credentials.values().find_map(|credential| credential.tls.as_ref()) {
        let error = loaded.error(own.place, "the rows of an overhead study share one connection");
        return Err(Box::new(error.with_help("remove `tls`; `target.tls` names the certificate of that connection")));
    }
    let mut subject = resolve::subject_under(loaded, values, scheme, credentials);
    subject.resources = vec![resource];
    let Some(identity) = subject.good_for(0) else {
        let help = "add `credentials:` with one that is valid and has the scopes of the resource";
        return Err(mistake(&format!("`{name}` has no credential for its request"), help));
    };
    Ok(Side { name: name.clone(), subject, identity, resource: 0, asks_each_time: false })
}

/// The resource of the scenario with this method and path, or one that nothing more is known about.
fn own_resource(loaded: &LoadedScenario, values: &Values<'_>, line: &crate::scenario::text::RequestLine) -> Resource {
    let path = values.request_path(&line.path);
    let mut written = loaded.scenario.resources.iter().filter(|resource| !resource.public);
    let known = written
        .find(|resource| resource.request.method == line.method && values.request_path(&resource.request.path) == path);
    known.map_or_else(|| resolve::plain_resource(&line.method, &path), |known| resolve::resource(known, values))
}

/// A scheme of the reference with its seed.
fn preset_side(loaded: &LoadedScenario, name: &str) -> Option<Side> {
    let (prefix, scheme) = match name {
        "none" => ("none", "none"),
        "api-key" => ("api-key", "api-key"),
        "basic" => ("basic", "basic"),
        "basic-cached" => ("basic-cached", "basic"),
        "digest" | ASKED_EACH_TIME => ("digest", "digest"),
        "hmac" => ("hmac", "hmac"),
        "sigv4" => ("sigv4", "sigv4"),
        name if name.starts_with(MESSAGES) => ("http-signature", "http-signature"),
        "bearer" => ("bearer", "bearer"),
        "oauth2" => ("oauth2", "oauth2-client-credentials"),
        "jwt-hs256" => ("jwt/hs256", "jwt"),
        "jwt-rs256" => ("jwt/rs256", "jwt"),
        "jwt-es256" => ("jwt/es256", "jwt"),
        "jwt-eddsa" => ("jwt/eddsa", "jwt"),
        "jwt-ml-dsa-44" => ("jwt/ml-dsa-44", "jwt"),
        "jwt-ml-dsa-65" => ("jwt/ml-dsa-65", "jwt"),
        "jwt-ml-dsa-87" => ("jwt/ml-dsa-87", "jwt"),
        "mtls" => ("mtls", "mtls"),
        "oauth2-jwt" => ("oauth2-jwt", "oauth2-client-credentials"),
        "dpop-es256" | "dpop-eddsa" => ("dpop", "oauth2-client-credentials-dpop"),
        "opaque-introspection" => ("opaque-introspection", "oauth2-client-credentials"),
        "opaque-introspection-cached" => ("opaque-introspection-cached", "oauth2-client-credentials"),
        _ => return None,
    };
    let found = scheme::find(scheme)?;
    // the reference looks for keys where the scenario's own scheme puts them
    let written = &loaded.scenario.scheme.value.0;
    let carrier = match (scheme, written) {
        ("api-key", SchemeFields::ApiKey(_)) => resolve::carrier(written, found),
        _ => found.carrier(),
    };
    let resource = seeded::resources(&format!("/{prefix}")).swap_remove(0);
    let mut identities = seeded::identities(scheme);
    if let Some(key) = name.strip_prefix(MESSAGES).and_then(super::signing::seeded_key) {
        identities.truncate(1);
        identities[0].login = Login::Proof(Proof::Message(Arc::new(key)));
    }
    if scheme == "none" {
        identities.iter_mut().for_each(|identity| identity.login = Login::Nothing);
    }
    let subject = Subject {
        scheme: found,
        carrier,
        owned: true,
        owned_origins: Vec::new(),
        identities,
        resources: vec![resource],
        authorization_server: scheme
            .starts_with("oauth2-client-credentials")
            .then(|| authorization_server(name, prefix)),
        material: Default::default(),
        kit: algorithm_under(prefix).map(super::keys::seeded).unwrap_or_default(),
        tolerances: Tolerances::default(),
        preferred: Default::default(),
        cases: Vec::new(),
        load_requests: Vec::new(),
    };
    let identity = subject.good_for(0)?;
    Some(Side { asks_each_time: name == ASKED_EACH_TIME, name: name.to_owned(), subject, identity, resource: 0 })
}

/// The algorithm that the reference's resources under a prefix accept tokens of, as it is registered.
fn algorithm_under(prefix: &str) -> Option<&'static str> {
    let named = ["HS256", "RS256", "ES256", "EdDSA", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"];
    let wanted = prefix.strip_prefix("jwt/")?;
    named.into_iter().find(|name| name.eq_ignore_ascii_case(wanted))
}

/// The authorization server of the reference whose tokens a prefix accepts; it is not asked for its metadata.
fn authorization_server(name: &str, prefix: &str) -> AuthorizationServer {
    let server = seeded::authorization_server(ClientAuthMethod::Basic, prefix == "oauth2-jwt");
    let proof_alg = match name {
        "dpop-es256" => Some(Alg::ES256),
        "dpop-eddsa" => Some(Alg::EdDSA),
        _ => None,
    };
    AuthorizationServer { issuer: None, proof_alg, ..server }
}
