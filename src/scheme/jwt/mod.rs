//! JSON Web Tokens as access tokens (RFC 7519, RFC 9068), given or minted, and their forgeries: one table for each kind of material
//! that they are made of.

mod assertion;
mod claims;
mod form;
mod header;
mod signature;
mod twin;
mod words;

use std::sync::{Arc, LazyLock};

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::Value;

use crate::observe::{ForgeryId, Phrase};
use crate::scheme::bearer::BearerScheme;
use crate::scheme::jose::key::Family;
use crate::scheme::jose::published::family_of;
use crate::scheme::jose::{Alg, Jws, Members, SigningKey, decoded};
use crate::scheme::{Carried, Carrier, Forgery, ForgeryContext, Need, Proof, Scheme, Unforgeable};
use crate::secret::Secret;

pub use assertion::{ASSERTION_TYPE, Assertions};
pub use header::{SLEEP, strangers_keys, under_key};
pub use twin::mint;

/// What tokens are minted and forged with, beside a good one.
#[derive(Clone, Debug, Default)]
pub struct Kit {
    /// The key of the issuer.
    pub issuer_key: Option<Arc<SigningKey>>,
    /// Another key of the issuer.
    pub second_key: Option<Arc<SigningKey>>,
    /// Another issuer that the target trusts, with its key.
    pub second_issuer: Option<(String, Arc<SigningKey>)>,
    /// Issuer of minted tokens.
    pub issuer: Option<String>,
    /// Audience of minted tokens.
    pub audience: Option<String>,
    /// Type of minted tokens.
    pub typ: Option<String>,
    /// Where the issuer publishes its keys: an address, or a path on the target.
    pub keys_at: Option<String>,
    /// The keys that were found there.
    pub published: Vec<Value>,
    /// Why there are none, where they should be there.
    pub unpublished: Option<String>,
    /// Whether the target reads the issuer's keys from a listener of authbench.
    pub hosts_keys: bool,
    /// Whether the issuer's tokens are said to follow RFC 9068.
    pub claims_rfc9068: bool,
    /// Address that the listener is bound to; a free port of the loopback interface unless the scenario names one.
    pub listens_at: Option<std::net::SocketAddr>,
    /// Address of a listener of authbench that the target can reach.
    pub listener: Option<String>,
    /// The token endpoint, where assertions that name it are forged.
    pub token_endpoint: Option<String>,
    /// Whether the key of the CA that signs client certificates is there.
    pub signs_certificates: bool,
}

impl Kit {
    /// What is missing for a forgery, if anything is; known before anything is sent.
    pub fn lacks(&self, need: Need) -> Option<&'static str> {
        let (there, what) = match need {
            Need::Token => (true, ""),
            Need::IssuerKey => (self.issuer_key.is_some(), "no `material.issuer_key`: its forgeries have to be signed"),
            Need::SecondKey => (
                self.issuer_key.is_some() && self.second_key.is_some(),
                "no `material.issuer_key` and `material.second_key`, two keys of the issuer",
            ),
            Need::SecondIssuer => (
                self.issuer_key.is_some() && self.second_issuer.is_some(),
                "no `material.second_issuer_key`, the key of another issuer that the target trusts",
            ),
            Need::PublishedKeys => (
                self.keys_at.is_some() || !self.published.is_empty() || self.public_half().is_some(),
                "no `jwks_url` in the scheme, no `jwks_uri` in the issuer's metadata and no `material.issuer_key` with a \
                 public half",
            ),
        };
        (!there).then_some(what)
    }

    /// The public half of the issuer's key: what the issuer publishes, whether it was found or not.
    fn public_half(&self) -> Option<Value> {
        self.issuer_key.as_ref().and_then(|key| key.public_jwk())
    }

    /// The key set that the target is to read (RFC 7517 §5).
    pub fn key_set(&self) -> Value {
        let keys = [&self.issuer_key, &self.second_key].into_iter().flatten();
        let public: Vec<Value> = keys.filter_map(|key| key.public_jwk()).collect();
        serde_json::json!({ "keys": public })
    }
}

/// The scheme `jwt`.
pub(super) struct JwtScheme;
/// Client credentials whose tokens are JWTs.
pub(super) struct ClientCredentialsJwtScheme;

/// Tables of forgeries, each with what it needs.
const TABLES: &[(Need, &[Forgery])] = &[
    (Need::Token, signature::WITH_A_TOKEN),
    (Need::Token, header::WITH_A_TOKEN),
    (Need::Token, header::WITH_A_LISTENER),
    (Need::Token, form::WITH_A_TOKEN),
    (Need::PublishedKeys, signature::WITH_PUBLISHED_KEYS),
    (Need::PublishedKeys, form::WITH_PUBLISHED_KEYS),
    (Need::IssuerKey, signature::WITH_THE_KEY),
    (Need::IssuerKey, header::WITH_THE_KEY),
    (Need::IssuerKey, claims::WITH_THE_KEY),
    (Need::IssuerKey, form::WITH_THE_KEY),
    (Need::SecondKey, header::WITH_TWO_KEYS),
    (Need::SecondIssuer, claims::WITH_TWO_ISSUERS),
];

/// The forgeries of every bearer token, then those of JWTs.
static ALL: LazyLock<Vec<Forgery>> = LazyLock::new(|| {
    let own: Vec<Forgery> = TABLES.iter().flat_map(|(_, table)| table.iter()).copied().collect();
    let inherited = |forgery: &&Forgery| own.iter().all(|other| other.id != forgery.id);
    BearerScheme.forgeries().iter().filter(inherited).chain(&own).copied().collect()
});

impl Scheme for JwtScheme {
    fn name(&self) -> &'static str {
        "jwt"
    }

    fn profile_name(&self) -> &'static str {
        BearerScheme.profile_name()
    }

    fn groups(&self) -> &'static [&'static str] {
        &["jwt", "bearer", "common"]
    }

    fn carrier(&self) -> Carrier {
        BearerScheme.carrier()
    }

    fn carry(&self, carrier: &Carrier, proof: &Proof) -> Vec<Carried> {
        BearerScheme.carry(carrier, proof)
    }

    fn forgeries(&self) -> &'static [Forgery] {
        &ALL
    }

    fn malformed(&self, carrier: &Carrier) -> Vec<(Phrase, Vec<Carried>)> {
        BearerScheme.malformed(carrier)
    }

    fn needs(&self, id: ForgeryId) -> Need {
        let table = TABLES.iter().find(|(_, table)| table.iter().any(|forgery| forgery.id == id));
        table.map_or(Need::Token, |(need, _)| *need)
    }

    fn inapplicable(&self, id: ForgeryId, context: &ForgeryContext<'_>) -> Option<String> {
        let good = Jws::read(context.proof.secret())?;
        let alg = good.alg()?;
        let typ = Members::read(&decoded(&good.header)?)?.text("typ").unwrap_or_default();
        let (family, name_of_alg) = (alg.family(), alg.name());
        match id.as_str().split_once('-').map_or(id.as_str(), |(kind, _)| kind) {
            "ecdsa" if !matches!(alg, Alg::ES256 | Alg::ES384) => {
                Some(format!("the token is signed with {name_of_alg}, not by ECDSA"))
            }
            "confusion" if family == Family::Hmac => {
                Some(format!("the token is signed with {name_of_alg}: there is no public key"))
            }
            "typ" if !is_access_token(&typ) => {
                Some(format!("the tokens are of the type {typ:?}: they do not claim to follow RFC 9068"))
            }
            "type" if id.as_str() != "type-unknown" && is_access_token(&typ) => {
                Some("the tokens are of the type at+jwt: what is of another type has to be refused".to_owned())
            }
            _ => None,
        }
    }
}

impl Scheme for ClientCredentialsJwtScheme {
    fn name(&self) -> &'static str {
        "oauth2-client-credentials-jwt"
    }

    fn profile_name(&self) -> &'static str {
        BearerScheme.profile_name()
    }

    fn groups(&self) -> &'static [&'static str] {
        &["mtls", "token", "bearer", "introspect", "revoke", "meta", "register", "jwt", "common"]
    }

    fn carrier(&self) -> Carrier {
        BearerScheme.carrier()
    }

    fn carry(&self, carrier: &Carrier, proof: &Proof) -> Vec<Carried> {
        BearerScheme.carry(carrier, proof)
    }

    fn forgeries(&self) -> &'static [Forgery] {
        JwtScheme.forgeries()
    }

    fn malformed(&self, carrier: &Carrier) -> Vec<(Phrase, Vec<Carried>)> {
        BearerScheme.malformed(carrier)
    }

    fn needs(&self, id: ForgeryId) -> Need {
        JwtScheme.needs(id)
    }

    fn inapplicable(&self, id: ForgeryId, context: &ForgeryContext<'_>) -> Option<String> {
        JwtScheme.inapplicable(id, context)
    }
}

/// RFC 9068 §2.1, RFC 7515 §4.1.9.
fn is_access_token(typ: &str) -> bool {
    typ.eq_ignore_ascii_case("at+jwt") || typ.eq_ignore_ascii_case("application/at+jwt")
}

/// The published key that fits a token: by its kid, or the first of its kind, or the public half of the issuer's key.
fn published_for(context: &ForgeryContext<'_>, good: &Jws) -> Result<Value, Unforgeable> {
    let kit = context.kit;
    let header = decoded(&good.header).and_then(|header| Members::read(&header));
    let kid = header.and_then(|header| header.value("kid"));
    let family = good.alg().map(Alg::family);
    // RFC 9964 §3: a key pair of this kind is for the algorithm that it names
    let fits = |jwk: &Value| family != Some(Family::Akp) || good.alg().is_some_and(|alg| jwk["alg"] == alg.name());
    let fitting = || kit.published.iter().filter(|jwk| family_of(jwk) == family && fits(jwk));
    let found = fitting().find(|jwk| kid.is_some() && jwk.get("kid") == kid.as_ref()).or_else(|| fitting().next());
    let own = || kit.public_half().filter(|jwk| family_of(jwk) == family && fits(jwk));
    found.cloned().or_else(own).ok_or_else(|| {
        let problem = kit.unpublished.clone();
        Unforgeable(problem.unwrap_or_else(|| "no published key is of the kind that signs the token".to_owned()))
    })
}

/// Makes a forgery of any token, whatever the scheme: for endpoints that take tokens in forms.
///
/// # Errors
/// When there is no such forgery, or it cannot be made.
pub fn forged_text(id: ForgeryId, proof: &Proof, rng: &mut StdRng, kit: &Kit) -> Result<String, Unforgeable> {
    let forgery = JwtScheme.forgery(id).ok_or_else(|| Unforgeable(format!("tokens have no forgery {id}")))?;
    text_of(forgery, proof, rng, kit)
}

/// A given token with another scope, signed anew with the issuer's key.
///
/// # Errors
/// When it cannot be signed.
pub fn rescoped(token: &Secret, scope: &str, kit: &Kit) -> Result<String, Unforgeable> {
    let proof = Proof::Token(token.clone());
    let mut rng = StdRng::seed_from_u64(u64::from(rand::random::<u32>()));
    let carrier = Carrier { prefix: String::new(), ..JwtScheme.carrier() };
    let (rng, carrier, proof) = (&mut rng, &carrier, &proof);
    let mut context = ForgeryContext { scheme: &JwtScheme, carrier, proof, rng, kit, occasion: None };
    let twin = twin::twin(&mut context)?;
    let mut token = twin.token.clone();
    token.claims.set("scope", scope);
    Ok(twin.signed(&token).text())
}

/// The token that a forgery makes.
fn text_of(forgery: &Forgery, proof: &Proof, rng: &mut StdRng, kit: &Kit) -> Result<String, Unforgeable> {
    // without the name of a scheme before it, as forms carry tokens
    let carrier = Carrier { prefix: String::new(), ..JwtScheme.carrier() };
    let carried = (forgery.forge)(&mut ForgeryContext {
        scheme: &JwtScheme,
        carrier: &carrier,
        proof,
        rng,
        kit,
        occasion: None,
    })?;
    Ok(carried.first().map(|one| String::from_utf8_lossy(&one.value).into_owned()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::keys::{AUDIENCE, ISSUER, KEY_RINGS, PARTNER, SeedKey};

    fn kit(name: &str) -> Kit {
        let ring = crate::seed::keys::ring(name).expect("has keys");
        let key = |seed: SeedKey| {
            let key = SigningKey::read(seed.key, Some(seed.kid.to_owned()), Alg::named(name)).expect("is a key");
            Some(Arc::new(key))
        };
        let mut kit = Kit {
            issuer_key: key(ring.first),
            second_key: key(ring.second),
            second_issuer: key(ring.partner).map(|key| (PARTNER.to_owned(), key)),
            issuer: Some(ISSUER.to_owned()),
            audience: Some(AUDIENCE.to_owned()),
            typ: Some("at+jwt".to_owned()),
            listener: Some("http://127.0.0.1:9/nonce".to_owned()),
            ..Kit::default()
        };
        kit.published = kit.key_set()["keys"].as_array().cloned().expect("keys");
        kit
    }

    fn own_claims() -> Vec<(String, Value)> {
        ["sub", "client_id", "scope"].map(|name| (name.to_owned(), "service".into())).to_vec()
    }

    /// Forgeries that cannot be made from a credential say why; all others differ from it, and from each other.
    #[test]
    fn every_forgery_is_made_or_says_why_not() {
        let algorithms = KEY_RINGS.iter().flat_map(|ring| ring.algorithms);
        for name in algorithms {
            let kit = kit(name);
            let proof = Proof::Token(Secret::new(mint(&kit, &own_claims(), 300, "jti").expect("mints")));
            let mut made = std::collections::BTreeSet::new();
            for (_, table) in TABLES {
                for forgery in *table {
                    let id = forgery.id;
                    match forged_text(id, &proof, &mut StdRng::seed_from_u64(1), &kit) {
                        Ok(text) => assert!(made.insert(text), "{name}: {id} is made like another forgery"),
                        Err(why) => {
                            assert!(!why.0.contains("it would change"), "{name}: {id}: {}", why.0);
                            assert!(!why.0.contains("no JWT"), "{name}: {id}: {}", why.0);
                        }
                    }
                }
            }
            assert!(made.len() > 130, "{name}: only {} forgeries were made", made.len());
        }
    }

    #[test]
    fn a_twin_is_signed_as_it_says() {
        for name in ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519", "ML-DSA-44", "ML-DSA-87"] {
            let kit = kit(name);
            let proof = Proof::Token(Secret::new(mint(&kit, &own_claims(), 300, "jti").expect("mints")));
            let twin = forged_text(ForgeryId::new("twin"), &proof, &mut StdRng::seed_from_u64(1), &kit);
            let twin = Jws::read(&twin.expect("a twin")).expect("a token");
            let alg = twin.alg().expect("an algorithm");
            let input = twin.signing_input();
            assert!(crate::scheme::jose::published::verifies(
                &kit.published[0],
                alg,
                input.as_bytes(),
                &twin.signature
            ));
        }
    }

    /// A key for `EdDSA` signs under `Ed25519` where the target's own tokens have that name (RFC 9864 §2.2).
    #[test]
    fn a_twin_keeps_the_name_of_the_algorithm_that_the_good_token_has() {
        let good = mint(&kit("Ed25519"), &own_claims(), 300, "jti").expect("mints");
        let (proof, kit) = (Proof::Token(Secret::new(good)), kit("EdDSA"));
        let forged = |id| forged_text(ForgeryId::new(id), &proof, &mut StdRng::seed_from_u64(1), &kit);
        let twin = Jws::read(&forged("twin").expect("a twin")).expect("a token");
        assert_eq!(twin.alg(), Some(Alg::Ed25519));
        assert_eq!(forged("alg-sibling"), Err(Unforgeable("the key has one algorithm only".to_owned())));
    }

    #[test]
    fn the_public_half_of_the_issuers_key_is_one_that_everybody_has() {
        for name in ["RS256", "ES256", "EdDSA", "ML-DSA-65"] {
            let proof = Proof::Token(Secret::new(mint(&kit(name), &own_claims(), 300, "jti").expect("mints")));
            let forged = |kit: &Kit| {
                let id = ForgeryId::new("confusion-pem");
                forged_text(id, &proof, &mut StdRng::seed_from_u64(1), kit)
            };
            let unpublished = Kit { published: Vec::new(), keys_at: None, ..kit(name) };
            assert_eq!(unpublished.lacks(Need::PublishedKeys), None, "{name}");
            assert_eq!(forged(&unpublished), forged(&kit(name)), "{name}");
            let nothing = Kit { issuer_key: None, ..unpublished };
            assert!(nothing.lacks(Need::PublishedKeys).is_some() && forged(&nothing).is_err(), "{name}");
        }
    }

    #[test]
    fn without_the_key_forgeries_of_signatures_are_still_made() {
        let proof = Proof::Token(Secret::new(mint(&kit("RS256"), &own_claims(), 300, "jti").expect("mints")));
        let kit = Kit { issuer_key: None, ..kit("RS256") };
        let forged = |id| forged_text(ForgeryId::new(id), &proof, &mut StdRng::seed_from_u64(1), &kit);
        for name in ["sig-empty", "sig-flipped-bit", "alg-none", "confusion-pem", "header-jwk", "jku", "jwe-to-holder"]
        {
            assert!(forged(name).is_ok(), "{name}");
        }
        assert_eq!(forged("exp-yesterday"), Err(Unforgeable("no `material.issuer_key`".to_owned())));
    }
}
