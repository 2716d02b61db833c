//! The keys of a scenario, and those of the reference's seed.

use std::sync::Arc;

use super::values::Values;
use crate::scenario::model::{self, DigestAlgorithm, SchemeFields};
use crate::scenario::{At, LoadedScenario, Template};
use crate::scheme::jose::{Alg, KeyError, SigningKey, VerificationKey};
use crate::scheme::jwt::Kit;
use crate::secret::Secret;
use crate::seed::keys;

/// Algorithm of the reference's resources unless the scenario names another.
const SEEDED: &str = "ES256";

/// The algorithm that a scenario names for the reference, as its prefixes spell it.
pub(super) fn algorithm(loaded: &LoadedScenario) -> &str {
    algorithm_of(&loaded.scenario.scheme.value.0)
}

/// The same for any scheme.
pub(super) fn algorithm_of(scheme: &SchemeFields) -> &str {
    match scheme {
        SchemeFields::Jwt(jwt) => jwt.alg.as_deref().unwrap_or(SEEDED),
        SchemeFields::Digest(digest) => match digest.algorithm {
            Some(DigestAlgorithm::Md5) => "md5",
            Some(DigestAlgorithm::Sha512T256) => "sha512-256",
            Some(DigestAlgorithm::Sha256) | None => "",
        },
        _ => SEEDED,
    }
}

/// What tokens are minted and forged with.
pub(super) fn kit(loaded: &LoadedScenario, values: &Values<'_>) -> Kit {
    let scheme = &loaded.scenario.scheme;
    if let SchemeFields::Jwt(jwt) = &scheme.value.0
        && loaded.scenario.target.reference.is_some()
        && jwt.issuer.is_none()
        && let Some(name) = jwt.alg.as_deref().filter(|name| keys::ring(name).is_none())
    {
        let error = loaded.error(scheme.place, format!("the reference has no keys for the algorithm {name:?}"));
        let known: Vec<&str> = keys::KEY_RINGS.iter().flat_map(|ring| ring.algorithms).copied().collect();
        let help = cose(name).unwrap_or_else(|| format!("expected one of {}", known.join(", ")));
        values.mistake(error.with_help(help));
    }
    kit_of(&loaded.scenario.scheme.value.0, loaded, values)
}

/// The same under any scheme: the keys of `material` are those of the issuer, whoever's tokens they sign.
pub(super) fn kit_of(scheme: &SchemeFields, loaded: &LoadedScenario, values: &Values<'_>) -> Kit {
    let scenario = &loaded.scenario;
    let on_reference = scenario.target.reference.is_some();
    let mut kit = match scheme {
        SchemeFields::Jwt(jwt) if on_reference && jwt.issuer.is_none() => seeded(algorithm_of(scheme)),
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
    let key = |written: &Option<At<model::SigningKeySource>>| written.as_ref().and_then(|written| key(written, values));
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

/// A key that the scenario names; what is private about it is noted as a secret.
pub(super) fn key(written: &At<model::SigningKeySource>, values: &Values<'_>) -> Option<Arc<SigningKey>> {
    // nothing was read: a stand-in shows a dry run that there is a key
    let stand_in = || SigningKey::secret(&[], Alg::HS256, written.kid.clone());
    read(written, values, SigningKey::read, stand_in).map(Arc::new)
}

/// A key that verifies what the target signs.
pub(super) fn verifying_key(
    written: &At<model::SigningKeySource>,
    values: &Values<'_>,
) -> Option<Arc<VerificationKey>> {
    let stand_in = || VerificationKey::of(&SigningKey::secret(&[], Alg::HS256, written.kid.clone()));
    read(written, values, VerificationKey::read, stand_in).map(Arc::new)
}

type ReadKey<K> = fn(&str, Option<String>, Option<Alg>) -> Result<K, KeyError>;

fn read<K>(
    written: &At<model::SigningKeySource>,
    values: &Values<'_>,
    read: ReadKey<K>,
    stand_in: impl FnOnce() -> K,
) -> Option<K> {
    let mistake = |message: String| values.loaded().error(written.place, message);
    let alg = match written.alg.as_deref().map(|name| (name, Alg::named(name))) {
        Some((name, None)) => {
            let error = mistake(format!("the algorithm {name:?} is not known"));
            values.mistake(error.with_help(way_out_of(name)));
            return None;
        }
        named => named.and_then(|(_, alg)| alg),
    };
    let text = match (&written.file, &written.secret) {
        (Some(file), None) => values.file(file),
        (None, Some(secret)) => values.reads().then(|| values.text(secret)),
        _ => {
            let error = mistake("choose exactly one of `file` and `secret`".to_owned());
            values.mistake(error.with_help("write one of them"));
            return None;
        }
    };
    let Some(text) = text else { return Some(stand_in()) };
    private_parts(&text).into_iter().for_each(|part| values.note(part));
    match read(&text, written.kid.clone(), alg) {
        Ok(key) => Some(key),
        Err(why) => {
            values.mistake(mistake(format!("the key cannot be used: {why}")));
            None
        }
    }
}

/// What to write in place of the name of an algorithm that is not one of JOSE.
fn way_out_of(name: &str) -> String {
    cose(name).unwrap_or_else(|| format!("expected one of {}", Alg::names()))
}

/// RFC 9864 §2.1 defines these names for COSE alone: in JOSE, RFC 7518 §3.4 names the curve with the hash already.
fn cose(name: &str) -> Option<String> {
    let is_one = matches!(name, "ESP256" | "ESP384");
    is_one.then(|| format!("{name} is a name of COSE; write `{}` in JOSE", name.replacen("ESP", "ES", 1)))
}

/// What no report may show of a key: the lines of a PEM file, the private members of a JWK, or all of a secret. What
/// everybody's keys have in common, such as the label of a PEM file, is no secret and would shred a report.
fn private_parts(text: &str) -> Vec<Secret> {
    if text.contains("-----BEGIN ") && !text.contains("PRIVATE KEY-----") {
        return Vec::new();
    }
    if text.contains("-----BEGIN ") {
        let body = text.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
        return body.map(Secret::new).collect();
    }
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(jwk) if jwk.is_object() => {
            let private =
                ["k", "d", "p", "q", "dp", "dq", "qi", "priv"].into_iter().filter_map(|name| jwk[name].as_str());
            private.map(Secret::new).collect()
        }
        _ => vec![Secret::new(text)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_cose_are_answered_with_those_of_jose() {
        assert!(way_out_of("ESP256").contains("`ES256`") && way_out_of("ESP384").contains("`ES384`"));
        assert!(way_out_of("ES256K").contains("Ed25519, ML-DSA-44"));
    }

    #[test]
    fn what_is_private_about_a_key_is_told_from_what_is_not() {
        for (text, expected) in [
            ("-----BEGIN PRIVATE KEY-----\nAAAA\nBBBB\n-----END PRIVATE KEY-----", vec!["AAAA", "BBBB"]),
            ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", vec![]),
            (r#"{"kty":"EC","crv":"P-256","x":"xx","y":"yy","d":"dd"}"#, vec!["dd"]),
            (r#"{"kty":"oct","k":"kk"}"#, vec!["kk"]),
            (r#"{"kty":"AKP","alg":"ML-DSA-44","pub":"pp","priv":"ss"}"#, vec!["ss"]),
            ("a secret", vec!["a secret"]),
        ] {
            let found = private_parts(text);
            assert_eq!(found.iter().map(Secret::expose).collect::<Vec<_>>(), expected);
        }
    }
}
