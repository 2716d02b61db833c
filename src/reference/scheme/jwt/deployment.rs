//! What an API that accepts JWTs is configured with: algorithm, issuers with their keys, audience.

use jsonwebtoken::{Algorithm, Validation};

use crate::reference::fault::Faults;
use crate::reference::jose::algorithm::JwsAlgorithm;
use crate::reference::jose::compact::Compact;
use crate::reference::jose::keys::{self, KeyPair, VerifyingKey};
use crate::reference::jose::signature::verifies;
use crate::reference::state::tokens;
use crate::seed::keys::{AUDIENCE, ISSUER, PARTNER};

/// Algorithms that resources are guarded with, and their place in the path.
pub(crate) const ALGORITHMS: [(JwsAlgorithm, &str); 12] = [
    (JwsAlgorithm::Library(Algorithm::HS256), "jwt/hs256"),
    (JwsAlgorithm::Library(Algorithm::HS384), "jwt/hs384"),
    (JwsAlgorithm::Library(Algorithm::HS512), "jwt/hs512"),
    (JwsAlgorithm::Library(Algorithm::RS256), "jwt/rs256"),
    (JwsAlgorithm::Library(Algorithm::PS256), "jwt/ps256"),
    (JwsAlgorithm::Library(Algorithm::ES256), "jwt/es256"),
    (JwsAlgorithm::Library(Algorithm::ES384), "jwt/es384"),
    (JwsAlgorithm::Library(Algorithm::EdDSA), "jwt/eddsa"),
    (JwsAlgorithm::Ed25519, "jwt/ed25519"),
    (JwsAlgorithm::MlDsa44, "jwt/ml-dsa-44"),
    (JwsAlgorithm::MlDsa65, "jwt/ml-dsa-65"),
    (JwsAlgorithm::MlDsa87, "jwt/ml-dsa-87"),
];

/// An issuer with the keys that are bound to it (RFC 8725 §3.8).
pub(crate) struct Issuer {
    pub(crate) name: String,
    pub(crate) keys: Vec<KeyPair>,
}

impl Issuer {
    fn key(&self, kid: &str) -> Option<&VerifyingKey> {
        self.keys.iter().find(|key| key.kid == kid).map(|key| &key.verifying)
    }
}

/// One API that accepts JWTs.
pub(crate) struct Deployment {
    pub(crate) algorithm: JwsAlgorithm,
    pub(crate) issuers: Vec<Issuer>,
    pub(crate) validation: Validation,
}

impl Deployment {
    /// The API of the seed for an algorithm: two issuers, one audience.
    pub(crate) fn seeded(algorithm: JwsAlgorithm, faults: &Faults) -> Self {
        let [first, second, partner] = keys::of_algorithm(algorithm);
        let issuers = vec![
            Issuer { name: ISSUER.to_owned(), keys: vec![first, second] },
            Issuer { name: PARTNER.to_owned(), keys: vec![partner] },
        ];
        Self::new(algorithm, issuers, AUDIENCE, faults)
    }

    /// An API with its issuers.
    pub(crate) fn new(algorithm: JwsAlgorithm, issuers: Vec<Issuer>, audience: &str, faults: &Faults) -> Self {
        let validation = validation(algorithm, &issuers, audience, faults);
        Self { algorithm, issuers, validation }
    }

    /// The key that signs for the first issuer.
    pub(crate) fn own_key(&self) -> &KeyPair {
        &self.issuers[0].keys[0]
    }

    /// All keys, of all issuers.
    pub(crate) fn all_keys(&self) -> impl Iterator<Item = &KeyPair> {
        self.issuers.iter().flat_map(|issuer| &issuer.keys)
    }

    /// The key that the issuer of a token has under the token's `kid`.
    pub(crate) fn key_of(&self, compact: &Compact, faults: &Faults) -> Option<&VerifyingKey> {
        let issuer = compact.claim_text("iss");
        let mut issuers = self.issuers.iter().filter(|known| Some(known.name.as_str()) == issuer);
        let kid = compact.header_text("kid").unwrap_or_default();
        let own = || self.issuers[0].key(kid);
        if faults.on("tries-all-keys") {
            return self.all_keys().map(|key| &key.verifying).find(|key| verifies(compact, key, self.algorithm));
        }
        if faults.on("pooled-keys") {
            return self.issuers.iter().find_map(|known| known.key(kid));
        }
        if faults.on("issuer-ignored") {
            return own();
        }
        issuers.find_map(|known| known.key(kid))
    }
}

/// All APIs that accept JWTs.
pub(crate) struct Deployments {
    seeded: Vec<Deployment>,
    of_authority: Deployment,
}

impl Deployments {
    /// Those of the seed, and the one that accepts tokens of the authorization server, whose issuer this is.
    pub(crate) fn new(authority: Issuer, faults: &Faults) -> Self {
        let seeded = ALGORITHMS.iter().map(|(algorithm, _)| Deployment::seeded(*algorithm, faults)).collect();
        let of_authority = Deployment::new(Algorithm::ES256.into(), vec![authority], tokens::AUDIENCE, faults);
        Self { seeded, of_authority }
    }

    /// The one for an algorithm.
    pub(crate) fn of(&self, algorithm: JwsAlgorithm) -> &Deployment {
        let mut seeded = self.seeded.iter();
        seeded.find(|deployment| deployment.algorithm == algorithm).unwrap_or(&self.of_authority)
    }

    /// The one that accepts tokens of the authorization server.
    pub(crate) fn of_authority(&self) -> &Deployment {
        &self.of_authority
    }
}

/// What the library is asked to validate: RFC 9068 §4, without leeway.
fn validation(algorithm: JwsAlgorithm, issuers: &[Issuer], audience: &str, faults: &Faults) -> Validation {
    // where the library does not know the algorithm, nothing reads this one: only the claims are validated
    let mut validation = Validation::new(algorithm.library().unwrap_or_default());
    let names: Vec<&str> = issuers.iter().map(|issuer| issuer.name.as_str()).collect();
    validation.leeway = if faults.on("one-hour-leeway") { 3600 } else { 0 };
    // RFC 7519 §4.1.4: on or after the time; the library alone would take the very second
    validation.reject_tokens_expiring_in_less_than = 1;
    validation.validate_nbf = !faults.on("ignores-nbf");
    validation.validate_exp = !faults.on("jwt-accepts-expired-token");
    let other = audience.replacen("https://", "http://", 1);
    let lookalikes = [format!("{audience}/"), format!("{other}/"), other];
    let like = lookalikes.iter().map(String::as_str).filter(|_| faults.on("audience-normalised"));
    let words = Some(format!("authbench.invalid {audience}")).filter(|_| faults.on("audience-of-words"));
    validation.set_audience(&[audience].into_iter().chain(like).chain(words.as_deref()).collect::<Vec<_>>());
    validation.validate_aud = !faults.on("jwt-audience-ignored");
    if !faults.on("issuer-ignored") {
        validation.set_issuer(&names);
    }
    let mut required = vec!["exp", "iss", "aud", "sub"];
    let waived = [
        ("exp-optional", "exp"),
        ("exp-string-coerced", "exp"),
        ("exp-zero-is-none", "exp"),
        ("exp-word-is-none", "exp"),
        ("jwt-accepts-expired-token", "exp"),
        ("jwt-audience-ignored", "aud"),
        ("issuer-ignored", "iss"),
    ];
    for (fault, claim) in waived {
        if faults.on(fault) {
            required.retain(|name| *name != claim);
        }
    }
    if faults.on("exp-zero-is-none") {
        // the library alone would refuse an end before this much
        validation.reject_tokens_expiring_in_less_than = 0;
    }
    if ["exp-string-coerced", "exp-zero-is-none", "exp-word-is-none"].iter().any(|fault| faults.on(fault)) {
        validation.validate_exp = false;
    }
    validation.set_required_spec_claims(&required);
    validation
}
