//! One verifier of the reference in this process: what verifying costs by itself, without a server around it.

use std::sync::Arc;
use std::time::Duration;

use axum::http::request::Parts;
use serde_json::json;

use super::authority::Authority;
use super::fault::Faults;
use super::jose::algorithm::JwsAlgorithm;
use super::random::random_text;
use super::request::PeerCertificate;
use super::scheme::introspection::Introspector;
use super::scheme::jwt::deployment::{Deployments, Issuer};
use super::scheme::{Guard, LoginSettings, Verifiers};
use super::state::{KeyLocation, ReferenceState};
use crate::clock;
use crate::seed;

/// A correct verifier with the seeded credentials.
pub struct Verifier {
    verifiers: Verifiers,
    authority: Arc<Authority>,
    signing: Arc<Authority>,
    guard: Guard,
}

impl Verifier {
    /// The verifier behind a prefix of the reference, such as `basic-cached`.
    pub fn of(prefix: &str) -> Option<Self> {
        let (guard, _) = alone().find(|(_, other)| *other == prefix)?;
        let (issuer, life) = ("http://127.0.0.1".to_owned(), Duration::from_secs(3600));
        let faults = Faults::default();
        let location = KeyLocation::Header(seed::API_KEY_HEADER.to_owned());
        let state = Arc::new(ReferenceState::new(faults.clone(), location, Duration::ZERO, false));
        let authority = Authority::new(issuer.clone(), life, faults.clone(), state.issued.clone());
        let signing = Authority::signing(issuer, life, faults.clone(), state.issued_jwts.clone());
        let issuer = Issuer { name: signing.issuer.clone(), keys: signing.keys() };
        let introspector = Introspector::new(authority.endpoint("introspect"), None);
        let logins = LoginSettings { lifetime: life, secure: false };
        let verifiers = Verifiers::new(state, Deployments::new(issuer, &faults), introspector, logins);
        Some(Self { verifiers, authority, signing, guard })
    }

    /// Prefixes that have a verifier.
    pub fn prefixes() -> impl Iterator<Item = &'static str> {
        alone().map(|(_, prefix)| prefix)
    }

    /// Who sent a request; none where it is refused.
    pub fn verify(&self, parts: &Parts) -> Option<String> {
        let principal: Arc<_> = self.verifiers.verify(self.guard, parts).ok()?;
        Some(principal.name.clone())
    }

    /// A request as it comes over a connection that presented a certificate, in DER, which the handshake accepted.
    pub fn presenting(mut parts: Parts, certificate: &[u8]) -> Parts {
        parts.extensions.insert(PeerCertificate(certificate.into()));
        parts
    }

    /// What the verifier asks for, as `WWW-Authenticate`, where a request has no credential.
    pub fn challenge(&self, anonymous: &Parts) -> Option<String> {
        self.verifiers.verify(self.guard, anonymous).err()?.challenge
    }

    /// A new token for the first seeded client, from an authorization server whose tokens it accepts.
    pub fn token(&self) -> Option<String> {
        let client = seed::IDENTITIES[0].name;
        match self.guard {
            Guard::Jwt(algorithm) => self.signed(algorithm, client),
            Guard::OAuth2Jwt => self.signing.issue_to(client),
            _ => self.authority.issue_to(client),
        }
    }

    /// A new token for the same client, bound to the key with a thumbprint (RFC 9449 §6).
    pub fn bound_token(&self, jkt: &str) -> Option<String> {
        self.authority.issue_bound(seed::IDENTITIES[0].name, jkt)
    }

    /// A token as the issuer of the seed signs it (RFC 9068 §2).
    fn signed(&self, algorithm: JwsAlgorithm, client: &str) -> Option<String> {
        let key = self.verifiers.jwt.deployments.of(algorithm).own_key();
        let now = clock::unix_seconds();
        let claims = json!({
            "iss": seed::keys::ISSUER,
            "sub": client,
            "client_id": client,
            "aud": seed::keys::AUDIENCE,
            "iat": now,
            "exp": now + 3600,
            "jti": random_text(22),
            "scope": seed::IDENTITIES[0].scopes.join(" "),
            "tenant": seed::IDENTITIES[0].tenant,
        });
        key.token("at+jwt", &claims)
    }
}

/// Guards that verify by themselves: those that ask an authorization server need one that runs, and a login is a request.
fn alone() -> impl Iterator<Item = (Guard, &'static str)> {
    Guard::all().filter(|(guard, _)| !guard.asks() && !guard.logs_in())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(authorization: &str) -> Parts {
        let request = axum::http::Request::get("/orders").header("authorization", authorization);
        request.body(()).expect("a request").into_parts().0
    }

    #[test]
    fn a_verifier_tells_good_from_bad() {
        for prefix in
            ["oauth2", "oauth2-jwt", "jwt/hs256", "jwt/rs256", "jwt/es256", "jwt/eddsa", "jwt/ed25519", "jwt/ml-dsa-44"]
        {
            let verifier = Verifier::of(prefix).expect("is there");
            let good = verifier.token().expect("issues one");
            assert_eq!(verifier.verify(&parts(&format!("Bearer {good}"))).as_deref(), Some("service"), "{prefix}");
            assert_eq!(verifier.verify(&parts(&format!("Bearer {good}x"))), None, "{prefix}");
        }
    }
}
