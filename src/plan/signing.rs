//! What a scheme that signs requests says about all of its credentials.

use std::sync::Arc;

use super::subject::{Identity, Login};
use super::values::Values;
use crate::scenario::LoadedScenario;
use crate::scenario::model::SchemeFields;
use crate::scheme::Proof;
use crate::scheme::httpsig::{ANSWER_COMPONENTS, AnswerRules, COMPONENTS, Component, MessageKey, algorithm_named};
use crate::scheme::jose::{Alg, SigningKey, VerificationKey};
use crate::scheme::signing::WINDOW;
use crate::seed;

/// Adds what the scheme says to the credentials that sign.
pub(super) fn complete(scheme: &SchemeFields, over_tls: bool, identities: &mut [Identity]) {
    for identity in identities {
        match (&mut identity.login, scheme) {
            (Login::Proof(Proof::Signing(own)), SchemeFields::Hmac(hmac)) => {
                let own = Arc::make_mut(own);
                own.window = hmac.window.map_or(own.window, |length| length.0);
            }
            (Login::Proof(Proof::Signing(own)), SchemeFields::SigV4(sigv4)) => {
                let own = Arc::make_mut(own);
                own.window = sigv4.window.map_or(own.window, |length| length.0);
                own.region = sigv4.region.clone().unwrap_or_else(|| seed::SIGV4_REGION.to_owned());
                own.service = sigv4.service.clone().unwrap_or_else(|| seed::SIGV4_SERVICE.to_owned());
                own.in_query = sigv4.presigned;
                own.chunks_bodies = sigv4.chunked;
                // Amazon S3 signs no body in presigned addresses
                own.leaves_bodies_out = sigv4.unsigned_payload || (sigv4.presigned && own.service == "s3");
            }
            (Login::Proof(Proof::Message(own)), SchemeFields::HttpSignature(written)) => {
                let own = Arc::make_mut(own);
                own.window = written.window.map_or(own.window, |length| length.0);
                own.tag.clone_from(&written.tag);
                own.over_tls = over_tls;
                if !written.components.is_empty() {
                    own.components = components(&written.components);
                }
            }
            _ => {}
        }
    }
}

/// Components as a scenario writes them; what is none was a mistake of the scenario.
fn components<S: AsRef<str>>(written: &[S]) -> Vec<Component> {
    written.iter().filter_map(|one| Component::read(one.as_ref())).collect()
}

/// What the signatures of answers have to be, where the key that verifies them is known.
pub(super) fn answer_rules(loaded: &LoadedScenario, values: &Values<'_>) -> Option<Arc<AnswerRules>> {
    let scenario = &loaded.scenario;
    let SchemeFields::HttpSignature(written) = &scenario.scheme.value.0 else { return None };
    let named = scenario.material.answer_key.as_ref().and_then(|key| super::keys::verifying_key(key, values));
    let seeded = || scenario.target.reference.is_some().then(seeded_answer_key).flatten();
    Some(Arc::new(AnswerRules {
        key: named.or_else(seeded)?,
        components: match written.answer_components.is_empty() {
            true => components(ANSWER_COMPONENTS),
            false => components(&written.answer_components),
        },
        window: written.window.map_or(WINDOW, |length| length.0),
        over_tls: over_tls(loaded, values),
    }))
}

/// The key of the reference's answers.
fn seeded_answer_key() -> Option<Arc<VerificationKey>> {
    let (id, algorithm) = seed::ANSWER_KEY;
    let key = seed::keys::ring(algorithm)?.second.key;
    let key = SigningKey::read(key, Some(id.to_owned()), Alg::named(algorithm)).ok()?;
    Some(Arc::new(VerificationKey::of(&key)))
}

/// Whether the target of a scenario speaks TLS.
pub(super) fn over_tls(loaded: &LoadedScenario, values: &Values<'_>) -> bool {
    let target = &loaded.scenario.target;
    match (&target.reference, &target.url) {
        (Some(reference), _) => reference.tls || asks_for_certificates(loaded),
        (None, Some(url)) => values.text(url).get(..6).is_some_and(|start| start.eq_ignore_ascii_case("https:")),
        (None, None) => false,
    }
}

/// Whether the reference speaks TLS because some client presents a certificate.
fn asks_for_certificates(loaded: &LoadedScenario) -> bool {
    let scenario = &loaded.scenario;
    let presents = |scheme: &SchemeFields| match scheme {
        SchemeFields::Mtls(_) => true,
        SchemeFields::OAuth2ClientCredentials(oauth2) => {
            super::resolve_login::method(oauth2.client_auth).is_by_certificate()
        }
        _ => false,
    };
    let studied = scenario.overhead.iter().flat_map(|overhead| &overhead.schemes);
    let mut studied = studied.map(|side| (side.value.0.scheme.as_ref().map(|scheme| &scheme.0), &side.value.0.name));
    presents(&scenario.scheme.value.0)
        || studied.any(|(scheme, name)| scheme.map_or(name == "mtls", |scheme| matches!(scheme, SchemeFields::Mtls(_))))
}

/// A key that signs messages as a scheme without details does.
pub(super) fn message_key(key: Arc<SigningKey>) -> MessageKey {
    MessageKey {
        key_id: key.kid.clone().unwrap_or_default(),
        key,
        components: components(COMPONENTS),
        tag: None,
        window: WINDOW,
        over_tls: false,
    }
}

/// The key of the reference's `service` for an algorithm of RFC 9421.
pub(super) fn seeded_key(name: &str) -> Option<MessageKey> {
    let alg = algorithm_named(name)?;
    let ring = seed::keys::ring(if alg == Alg::PS512 { "RS256" } else { alg.name() })?;
    let key = SigningKey::read(ring.first.key, Some(format!("service-{name}")), Some(alg)).ok()?;
    Some(message_key(Arc::new(key)))
}

/// Leaves one identity of the reference, with the key of the algorithm that the scheme names.
pub(super) fn use_seeded_key(scheme: &SchemeFields, identities: &mut Vec<Identity>) {
    let SchemeFields::HttpSignature(written) = scheme else { return };
    if let Some(key) = written.alg.as_deref().and_then(seeded_key) {
        identities.truncate(1);
        identities.iter_mut().for_each(|one| one.login = Login::Proof(Proof::Message(Arc::new(key.clone()))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::load_text;

    #[test]
    fn a_reference_that_asks_for_certificates_speaks_tls() {
        for (rest, expected) in [
            ("target: reference\nscheme: hmac\n", false),
            ("target: { reference: { tls: true } }\nscheme: hmac\n", true),
            ("target: reference\nscheme: mtls\n", true),
            ("target: reference\nscheme: { oauth2-client-credentials: { client_auth: tls-client-auth } }\n", true),
            ("target: reference\noverhead: { schemes: [basic, hmac] }\n", false),
            ("target: reference\noverhead: { schemes: [basic, mtls] }\n", true),
        ] {
            let text = format!("authbench: 1\nname: a\n{rest}");
            let loaded = load_text("a.yaml".to_owned(), text).expect("is a scenario");
            assert_eq!(over_tls(&loaded, &Values::blind(&loaded)), expected, "{rest}");
        }
    }
}
