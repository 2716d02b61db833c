//! The keys of a scenario, and those of the reference's seed.

use std::sync::Arc;

use super::resolve::Values;
use crate::scenario::model::{self, SchemeFields};
use crate::scenario::{At, LoadedScenario, Template};
use crate::scheme::jose::{Alg, SigningKey};
use crate::scheme::jwt::Kit;
use crate::secret::Secret;
use crate::seed::keys;

/// Algorithm of the reference's resources unless the scenario names another.
const SEEDED: &str = "ES256";

/// The algorithm that a scenario names for the reference.
pub(super) fn algorithm(loaded: &LoadedScenario) -> &str {
    match &loaded.scenario.scheme.value.0 {
        SchemeFields::Jwt(jwt) => jwt.alg.as_deref().unwrap_or(SEEDED),
        _ => SEEDED,
    }
}

/// What tokens are minted and forged with; secrets among the keys are noted.
pub(super) fn kit(loaded: &LoadedScenario, values: &Values<'_>, secrets: &mut Vec<Secret>) -> Kit {
    let scenario = &loaded.scenario;
    let on_reference = scenario.target.reference.is_some();
    let mut kit = match &scenario.scheme.value.0 {
        SchemeFields::Jwt(jwt) if on_reference && jwt.issuer.is_none() => seeded(algorithm(loaded)),
        SchemeFields::Jwt(jwt) => of_scheme(jwt, values),
        SchemeFields::OAuth2ClientCredentials(oauth2) if oauth2.access_token != model::AccessToken::Opaque => {
            let named = oauth2.jwks_url.as_ref().map(|at| values.text(at));
            let mut kit = if on_reference { of_authority() } else { Kit::default() };
            kit.keys_at = named.or(kit.keys_at);
            kit.claims_rfc9068 = oauth2.access_token == model::AccessToken::Jwt;
            kit
        }
        _ => Kit::default(),
    };
    let material = &scenario.material;
    let mut key = |written: &Option<At<model::SigningKey>>| {
        written.as_ref().and_then(|written| self::key(loaded, written, values, secrets)).map(Arc::new)
    };
    kit.issuer_key = key(&material.issuer_key).or(kit.issuer_key);
    kit.second_key = key(&material.second_key).or(kit.second_key);
    if let (Some(written), Some(key)) = (&material.second_issuer_key, key(&material.second_issuer_key)) {
        kit.second_issuer = Some((written.issuer.clone().unwrap_or_default(), key));
    }
    if let Some(listener) = &material.listener {
        kit.listener = Some(values.text(&listener.url).trim_end_matches('/').to_owned());
        kit.listens_at = Some(listener.bind);
    }
    kit
}

fn of_scheme(jwt: &model::Jwt, values: &Values<'_>) -> Kit {
    let text = |template: &Option<Template>| template.as_ref().map(|template| values.text(template));
    Kit {
        issuer: text(&jwt.issuer),
        audience: text(&jwt.audience),
        typ: jwt.typ.clone(),
        keys_at: text(&jwt.jwks_url),
        hosts_keys: jwt.serve_jwks.is_some(),
        listens_at: jwt.serve_jwks,
        ..Kit::default()
    }
}

/// The keys of the reference's JWT resources.
pub(super) fn seeded(algorithm: &str) -> Kit {
    let Some(ring) = keys::ring(algorithm) else { return Kit::default() };
    let alg = Alg::named(algorithm);
    let key = |seed: keys::SeedKey| SigningKey::read(seed.key, Some(seed.kid.to_owned()), alg).ok().map(Arc::new);
    let symmetric = algorithm.starts_with("HS");
    Kit {
        issuer_key: key(ring.first),
        second_key: key(ring.second),
        second_issuer: key(ring.partner).map(|key| (keys::PARTNER.to_owned(), key)),
        issuer: Some(keys::ISSUER.to_owned()),
        audience: Some(keys::AUDIENCE.to_owned()),
        typ: Some("at+jwt".to_owned()),
        keys_at: (!symmetric).then(|| format!("/jwt/{}/jwks.json", algorithm.to_lowercase())),
        hosts_keys: !symmetric,
        claims_rfc9068: true,
        ..Kit::default()
    }
}

/// The keys of the reference's authorization server.
fn of_authority() -> Kit {
    let keys_at = Some("/oauth2-jwt/jwks".to_owned());
    Kit { keys_at, hosts_keys: false, second_issuer: None, ..seeded(SEEDED) }
}

fn key(
    loaded: &LoadedScenario,
    written: &At<model::SigningKey>,
    values: &Values<'_>,
    secrets: &mut Vec<Secret>,
) -> Option<SigningKey> {
    let alg = match written.alg.as_deref().map(|name| (name, Alg::named(name))) {
        Some((name, None)) => {
            values.mistake(loaded.error(written.place, format!("the algorithm {name:?} is not known")));
            return None;
        }
        named => named.and_then(|(_, alg)| alg),
    };
    let text = match (&written.file, &written.secret) {
        (Some(file), None) => values.file(file),
        (None, Some(secret)) => Some(values.text(secret)),
        _ => {
            let error = loaded.error(written.place, "a key stands in a `file`, or is a `secret`");
            values.mistake(error.with_help("write one of them"));
            return None;
        }
    };
    // nothing was read: a stand-in shows a dry run that there is a key
    let Some(text) = text else { return Some(SigningKey::secret(&[], Alg::HS256, written.kid.clone())) };
    match SigningKey::read(&text, written.kid.clone(), alg) {
        Ok(key) => {
            if alg.is_none_or(|alg| alg.name().starts_with("HS")) || key.alg.name().starts_with("HS") {
                secrets.push(Secret::new(text));
            }
            Some(key)
        }
        Err(why) => {
            values.mistake(loaded.error(written.place, format!("the key cannot be used: {why}")));
            None
        }
    }
}
