//! Client assertions (RFC 7523 §2.2, OpenID Connect Core 1.0 §9) and the forgeries about them: tokens whose issuer is the
//! client itself.

use std::sync::Arc;

use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::Value;

use super::twin::{carry, claims, good_token, unforgeable};
use super::{JwtScheme, Kit, forged_text, mint, text_of};
use crate::observe::ForgeryId;
use crate::scheme::jose::{SigningKey, encoded};
use crate::scheme::{Forged, Forgery, ForgeryContext, Proof, Scheme as _, Unforgeable};
use crate::secret::Secret;

/// `client_assertion_type` of a client assertion that is a JWT (RFC 7523 §2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The explicit type of an assertion (draft-ietf-oauth-rfc7523bis §4).
const TYPED: &str = "client-authentication+jwt";
/// Seconds that an assertion lives: it is sent at once.
const LIFE: i64 = 60;
/// A client that is named where the scenario has no second one.
const STRANGER: &str = "authbench-no-such-client";

/// What the assertions of a client are made from.
#[derive(Clone, Debug)]
pub struct Assertions {
    kit: Kit,
    client: String,
}

impl Assertions {
    /// Of a client, for an authorization server, signed with the client's key.
    pub fn new(client: &str, audience: &str, key: &Arc<SigningKey>) -> Self {
        let kit = Kit {
            issuer_key: Some(key.clone()),
            issuer: Some(client.to_owned()),
            audience: Some(audience.to_owned()),
            published: key.public_jwk().into_iter().collect(),
            ..Kit::default()
        };
        Self { kit, client: client.to_owned() }
    }

    /// The same, with another client of the server to take for this one.
    #[must_use]
    pub fn beside(mut self, client: &str, key: Option<&Arc<SigningKey>>) -> Self {
        let key = key.or(self.kit.issuer_key.as_ref()).cloned();
        self.kit.second_issuer = key.map(|key| (client.to_owned(), key));
        self
    }

    /// The same by the rules of draft-ietf-oauth-rfc7523bis §4: typed, with the token endpoint for an audience that is wrong.
    #[must_use]
    pub fn for_issuer_beside(mut self, token_endpoint: String) -> Self {
        self.kit.typ = Some(TYPED.to_owned());
        self.kit.token_endpoint = Some(token_endpoint);
        self
    }

    /// A good one, never made before.
    ///
    /// # Errors
    /// When there is no key.
    pub fn fresh(&self) -> Result<String, Unforgeable> {
        let unique: [u8; 16] = rand::rng().random();
        let subject = [("sub".to_owned(), self.client.as_str().into())];
        mint(&self.kit, &subject, LIFE, &encoded(unique))
    }

    /// A forgery about a good one that nobody has seen: it differs from it in what the forgery names and in nothing else.
    ///
    /// # Errors
    /// When the forgery does not exist, or cannot be told with this key.
    pub fn forged(&self, id: ForgeryId, rng: &mut StdRng) -> Result<String, Unforgeable> {
        let proof = Proof::Token(Secret::new(self.fresh()?));
        let context = ForgeryContext {
            scheme: &JwtScheme,
            carrier: &JwtScheme.carrier(),
            proof: &proof,
            rng,
            kit: &self.kit,
            occasion: None,
        };
        if let Some(why) = JwtScheme.inapplicable(id, &context) {
            return Err(Unforgeable(why));
        }
        match OWN.iter().find(|own| own.id == id) {
            Some(own) => text_of(own, &proof, rng, &self.kit),
            None => forged_text(id, &proof, rng, &self.kit),
        }
    }

    /// Whether there is such a forgery.
    pub fn knows(id: ForgeryId) -> bool {
        OWN.iter().any(|own| own.id == id) || JwtScheme.forgery(id).is_some()
    }
}

/// Forgeries that make sense about assertions only.
const OWN: &[Forgery] = &[
    Forgery::new("sub-of-another", "another client for a subject", |context| named(context, &["sub"])),
    Forgery::new("iss-of-another", "another client for an issuer", |context| named(context, &["iss"])),
    Forgery::new("of-another", "another client for issuer and subject", |context| named(context, &["iss", "sub"])),
    Forgery::new("aud-token-endpoint", "the token endpoint for an audience", |context| {
        audience(context, |_, at| at.into())
    }),
    Forgery::new("aud-issuer-and-endpoint", "the token endpoint for an audience beside the issuer", |context| {
        audience(context, |issuer, at| vec![issuer, at].into())
    }),
    Forgery::new("sub-absent", "no subject", |context| claims(context, &["sub"], |claims, _| claims.remove("sub"))),
    Forgery::new("signed-by-another", "the signature and kid of another client", |context| {
        match &context.kit.second_issuer {
            Some((_, key)) if !is_own(context.kit, key) => signed_by(context, key),
            _ => unforgeable("no second client with a `client_key` among `credentials`"),
        }
    }),
];

/// Another audience than the issuer alone, made of the issuer and the token endpoint.
fn audience(context: &mut ForgeryContext<'_>, made: fn(String, String) -> Value) -> Forged {
    let kit = context.kit;
    let (Some(issuer), Some(endpoint)) = (kit.audience.clone(), kit.token_endpoint.clone()) else {
        return unforgeable(
            "assertions need not be for the issuer alone: the scheme has no `assertion_rules: rfc7523bis`",
        );
    };
    claims(context, &["aud"], |claims, _| claims.set("aud", made(issuer.clone(), endpoint.clone())))
}

/// The good claims under another key, which the header names.
fn signed_by(context: &ForgeryContext<'_>, key: &SigningKey) -> Forged {
    let mut forged = good_token(context)?;
    forged.header.set("alg", key.alg.name());
    match &key.kid {
        Some(kid) => forged.header.set("kid", kid.as_str()),
        None => forged.header.remove("kid"),
    }
    carry(context, &forged.signed(|input| key.sign(input)).text())
}

fn is_own(kit: &Kit, key: &Arc<SigningKey>) -> bool {
    kit.issuer_key.as_ref().is_some_and(|own| Arc::ptr_eq(own, key))
}

/// Another client in these claims, correctly signed with this client's key.
fn named(context: &mut ForgeryContext<'_>, names: &[&str]) -> Forged {
    let other = context.kit.second_issuer.as_ref().map_or(STRANGER, |(name, _)| name).to_owned();
    claims(context, names, |claims, _| names.iter().for_each(|name| claims.set(name, other.as_str())))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;
    use crate::scheme::jose::{Alg, Jws, published::verifies};

    fn assertions() -> Assertions {
        let key = |kid| Arc::new(SigningKey::generated(Alg::ES256, kid));
        Assertions::new("service", "https://as.test/token", &key("a")).beside("reader", Some(&key("b")))
    }

    fn claim(token: &str, name: &str) -> Option<String> {
        Jws::read(token)?.unsigned()?.claims.text(name)
    }

    #[test]
    fn a_good_one_names_the_client_twice_and_never_repeats_itself() {
        let (one, other) = (assertions().fresh().expect("made"), assertions().fresh().expect("made"));
        for name in ["iss", "sub"] {
            assert_eq!(claim(&one, name).as_deref(), Some("service"));
        }
        assert_eq!(claim(&one, "aud").as_deref(), Some("https://as.test/token"));
        assert_ne!(claim(&one, "jti"), claim(&other, "jti"));
    }

    #[test]
    fn forgeries_about_claims_are_correctly_signed_and_forgeries_about_signatures_are_not() {
        let made = assertions();
        let mut rng = StdRng::seed_from_u64(1);
        for (name, signed) in [
            ("sub-of-another", true),
            ("iss-of-another", true),
            ("of-another", true),
            ("sub-absent", true),
            ("aud-other", true),
            ("exp-absent-plain", true),
            ("nbf-future", true),
            ("signed-by-another", false),
            ("sig-strangers", false),
            ("alg-none", false),
            ("sig-flipped-bit", false),
            ("confusion-pem", false),
        ] {
            assert!(Assertions::knows(ForgeryId::new(name)), "{name}");
            let told = Jws::read(&made.forged(ForgeryId::new(name), &mut rng).expect(name)).expect(name);
            let input = told.signing_input();
            let holds = verifies(&made.kit.published[0], Alg::ES256, input.as_bytes(), &told.signature);
            assert_eq!(holds, signed, "{name}");
        }
    }

    #[test]
    fn without_a_second_key_nobody_else_can_sign() {
        let key = Arc::new(SigningKey::generated(Alg::ES256, "a"));
        let made = Assertions::new("service", "https://as.test/token", &key).beside("reader", None);
        assert!(made.forged(ForgeryId::new("signed-by-another"), &mut StdRng::seed_from_u64(1)).is_err());
        let told = made.forged(ForgeryId::new("of-another"), &mut StdRng::seed_from_u64(1)).expect("told");
        assert_eq!(claim(&told, "sub").as_deref(), Some("reader"));
    }
}
