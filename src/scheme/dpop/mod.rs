//! Access tokens that are bound to a key (RFC 9449): each request proves that its sender holds the key, by a signature over
//! its method, its address and its token.

mod binding;
mod wrong;

use crate::clock;
use crate::observe::{Challenge, ForgeryId, Phrase};
use crate::scheme::forgery::{malformed, values};
use crate::scheme::{Carried, Carrier, Forged, Forgery, ForgeryContext, Occasion, Proof, Reuse, Scheme, Unforgeable};
use crate::secret::Secret;
use binding::ProvenRequest;

pub use binding::{BoundToken, ProofKey, ServerNonce, hash_of};
pub use wrong::endpoint_proofs;

/// The field that carries a proof (RFC 9449 §4).
pub const PROOF_FIELD: &str = "DPoP";
/// The field by which a server names a nonce (RFC 9449 §8).
pub const NONCE_FIELD: &str = "DPoP-Nonce";
/// How a server asks for a nonce in the next proof (RFC 9449 §8, §9).
pub const NONCE_WANTED: &str = "use_dpop_nonce";

/// Whether any of these challenges asks for a nonce (RFC 9449 §9).
pub fn wants_nonce(challenges: &[Challenge]) -> bool {
    challenges.iter().any(|one| one.scheme == "dpop" && one.param("error") == Some(NONCE_WANTED))
}

/// Forgeries whose requests name no nonce of the server: it may ask for one each time, and that is an answer to them.
const WITHOUT_NONCE: [&str; 8] =
    ["no-proof", "as-bearer", "no-jwt", "no-nonce", "nonce-made-up", "iat-old", "iat-future", "replayed"];

/// Whether a request, good or forged, names the last nonce of the server where there is one.
pub fn names_nonce(forgery: Option<ForgeryId>) -> bool {
    forgery.is_none_or(|id| !WITHOUT_NONCE.contains(&id.as_str()))
}

pub(super) struct DpopScheme;

impl Scheme for DpopScheme {
    fn name(&self) -> &'static str {
        "oauth2-client-credentials-dpop"
    }

    fn profile_name(&self) -> &'static str {
        "bearer"
    }

    fn groups(&self) -> &'static [&'static str] {
        &["dpop", "token", "introspect", "revoke", "meta", "register", "common"]
    }

    fn carrier(&self) -> Carrier {
        Carrier::authorization("DPoP")
    }

    /// Without a request there is nothing to prove.
    fn carry(&self, carrier: &Carrier, proof: &Proof) -> Vec<Carried> {
        vec![carrier.carrying(proof.secret())]
    }

    fn reuse(&self) -> Reuse {
        Reuse::Once
    }

    fn prove(&self, carrier: &Carrier, proof: &Proof, occasion: &Occasion<'_>) -> Forged {
        let token = carrier.carrying(proof.secret());
        let Proof::Bound(bound) = proof else { return Ok(vec![token]) };
        let key = &bound.key;
        let address = key.address(&occasion.request.target);
        let nonce = key.nonce().current();
        let draft = key.draft(&proven(bound, occasion, &address, nonce.as_deref()));
        let made = draft.signed(|input| key.key().sign(input)).text();
        Ok(vec![Carried::header(PROOF_FIELD, made), token])
    }

    fn forgeries(&self) -> &'static [Forgery] {
        FORGERIES
    }

    fn malformed(&self, carrier: &Carrier) -> Vec<(Phrase, Vec<Carried>)> {
        malformed::behind_prefix(carrier)
    }
}

fn proven<'a>(
    bound: &'a BoundToken,
    occasion: &'a Occasion<'_>,
    address: &'a str,
    nonce: Option<&'a str>,
) -> ProvenRequest<'a> {
    let method = occasion.request.method.as_str();
    let (token, at) = (Some(bound.token.expose()), clock::unix_seconds());
    ProvenRequest { method, address, token, nonce, jti: occasion.random, at }
}

/// The table of forgeries.
const FORGERIES: &[Forgery] = &[
    Forgery::new("unknown", "a well-formed token that was never issued, with a proof for it", |context| {
        other_token("unknown", context)
    }),
    Forgery::new("truncated", "the token without its last character", |context| other_token("truncated", context)),
    Forgery::new("without-first", "the token without its first character", |context| {
        other_token("without-first", context)
    }),
    Forgery::new("extended", "the token with one character appended", |context| other_token("extended", context)),
    Forgery::new("middle-changed", "the token with its middle character changed", |context| {
        other_token("middle-changed", context)
    }),
    Forgery::new("case-flipped", "the token with the case of its letters flipped", |context| {
        other_token("case-flipped", context)
    }),
    Forgery::new("base64", "the token in Base64, with a proof for it", |context| other_token("base64", context)),
    Forgery::new("no-proof", "the token without a proof", |context| {
        let bound = bound(context)?;
        Ok(vec![context.carrier.carrying(bound.token.expose())])
    }),
    Forgery::new("as-bearer", "the bound token as a bearer token, without a proof", |context| {
        let bound = bound(context)?;
        Ok(vec![Carrier::authorization("Bearer").carrying(bound.token.expose())])
    }),
    Forgery::new("as-bearer-with-proof", "the bound token as a bearer token, with a proof", |context| {
        let bound = bound(context)?;
        let mut carried = context.carry(context.proof);
        carried.pop();
        carried.push(Carrier::authorization("Bearer").carrying(bound.token.expose()));
        Ok(carried)
    }),
    Forgery::new("replayed", "the proof of a good request, sent a second time", |context| {
        Ok(context.carry(context.proof))
    }),
    Forgery::new("two-proofs", "two good proofs in two fields", |context| with_proofs("two-proofs", context)),
    Forgery::new("good-then-wrong", "a good proof and then one with a changed signature", |context| {
        with_proofs("good-then-wrong", context)
    }),
    Forgery::new("no-typ", "a proof without typ", |context| with_proofs("no-typ", context)),
    Forgery::new("typ-jwt", "a proof of the type JWT", |context| with_proofs("typ-jwt", context)),
    Forgery::new("crit-unknown", "a proof with a critical extension that nobody understands", |context| {
        with_proofs("crit-unknown", context)
    }),
    Forgery::new("no-alg", "a proof without alg", |context| with_proofs("no-alg", context)),
    Forgery::new("no-jwk", "a proof without jwk", |context| with_proofs("no-jwk", context)),
    Forgery::new("no-jti", "a proof without jti", |context| with_proofs("no-jti", context)),
    Forgery::new("no-htm", "a proof without htm", |context| with_proofs("no-htm", context)),
    Forgery::new("no-htu", "a proof without htu", |context| with_proofs("no-htu", context)),
    Forgery::new("no-iat", "a proof without iat", |context| with_proofs("no-iat", context)),
    Forgery::new("no-ath", "a proof without ath", |context| with_proofs("no-ath", context)),
    Forgery::new("no-jwt", "a proof that is no JWT", |context| with_proofs("no-jwt", context)),
    Forgery::new("jti-number", "a proof whose jti is a number", |context| with_proofs("jti-number", context)),
    Forgery::new("jti-list", "a proof whose jti is a list", |context| with_proofs("jti-list", context)),
    Forgery::new("alg-none", "a proof with alg none and no signature", |context| with_proofs("alg-none", context)),
    Forgery::new("alg-hs256", "a proof that a secret in its jwk authenticates", |context| {
        with_proofs("alg-hs256", context)
    }),
    Forgery::new("jwk-private", "a proof whose jwk has a private part", |context| with_proofs("jwk-private", context)),
    Forgery::new("signature-padded", "a proof with padding after its signature", |context| {
        with_proofs("signature-padded", context)
    }),
    Forgery::new(
        "signature-standard-alphabet",
        "a proof with the standard alphabet of Base64 in its signature",
        |context| with_proofs("signature-standard-alphabet", context),
    ),
    Forgery::new("signature-zero", "a proof with a signature of zeros", |context| {
        with_proofs("signature-zero", context)
    }),
    Forgery::new("signature-changed", "a proof with one bit of its signature changed", |context| {
        with_proofs("signature-changed", context)
    }),
    Forgery::new("signed-by-other", "a proof that names the bound key and that another key signed", |context| {
        with_proofs("signed-by-other", context)
    }),
    Forgery::new("other-key", "a good proof of another key", |context| with_proofs("other-key", context)),
    Forgery::new("htm-other", "a proof for another method", |context| with_proofs("htm-other", context)),
    Forgery::new("htm-lower", "a proof with its method in lower case", |context| with_proofs("htm-lower", context)),
    Forgery::new("htu-other-path", "a proof for another path", |context| with_proofs("htu-other-path", context)),
    Forgery::new("htu-other-host", "a proof for another host", |context| with_proofs("htu-other-host", context)),
    Forgery::new("htu-other-port", "a proof for another port", |context| with_proofs("htu-other-port", context)),
    Forgery::new("htu-other-scheme", "a proof for the other one of http and https", |context| {
        with_proofs("htu-other-scheme", context)
    }),
    Forgery::new("htu-number", "a proof whose htu is a number", |context| with_proofs("htu-number", context)),
    Forgery::new("htu-upper-case", "a proof with scheme and host in upper case", |context| {
        with_proofs("htu-upper-case", context)
    }),
    Forgery::new("htu-default-port", "a proof that writes the default port out", |context| {
        with_proofs("htu-default-port", context)
    }),
    Forgery::new("htu-encoded-letter", "a proof with a percent-encoded letter in its path", |context| {
        with_proofs("htu-encoded-letter", context)
    }),
    Forgery::new("htu-dot-segment", "a proof with a segment of one dot in its path", |context| {
        with_proofs("htu-dot-segment", context)
    }),
    Forgery::new("iat-old", "a proof that was made an hour ago", |context| with_proofs("iat-old", context)),
    Forgery::new("iat-future", "a proof that is made in an hour", |context| with_proofs("iat-future", context)),
    Forgery::new("iat-text", "a proof whose iat is text", |context| with_proofs("iat-text", context)),
    Forgery::new("iat-fraction", "a proof whose iat has a fraction", |context| with_proofs("iat-fraction", context)),
    Forgery::new("iat-5-behind", "a proof that was made five seconds ago", |context| {
        with_proofs("iat-5-behind", context)
    }),
    Forgery::new("iat-5-ahead", "a proof that is made in five seconds", |context| with_proofs("iat-5-ahead", context)),
    Forgery::new("ath-other", "a proof for another token", |context| with_proofs("ath-other", context)),
    Forgery::new(
        "ath-other-lower-case",
        "a proof for another token, behind the scheme name in lower case",
        |context| {
            let mut carried = with_proofs("ath-other-lower-case", context)?;
            carried.pop();
            carried.push(Carrier::authorization("dpop").carrying(bound(context)?.token.expose()));
            Ok(carried)
        },
    ),
    Forgery::new("ath-padded", "a proof whose ath has padding", |context| with_proofs("ath-padded", context)),
    Forgery::new("no-nonce", "a proof without a nonce", |context| with_proofs("no-nonce", context)),
    Forgery::new("nonce-made-up", "a proof with a nonce that the target never sent", |context| {
        with_proofs("nonce-made-up", context)
    }),
];

/// The token with its key.
fn bound<'a>(context: &ForgeryContext<'a>) -> Result<&'a BoundToken, Unforgeable> {
    match context.proof {
        Proof::Bound(bound) => Ok(bound),
        _ => Err(Unforgeable("the token is not bound to a key".to_owned())),
    }
}

/// Another token with a proof that is good for it.
fn other_token(id: &str, context: &mut ForgeryContext<'_>) -> Forged {
    let forged = values::forged(id, context.proof.secret(), context.rng);
    let forged = forged.ok_or_else(|| Unforgeable("the token offers nothing to change".to_owned()))?;
    let key = bound(context)?.key.clone();
    Ok(context.carry(&Proof::Bound(BoundToken { token: Secret::new(forged), key })))
}

/// The good token with other proofs than the good one.
fn with_proofs(id: &str, context: &mut ForgeryContext<'_>) -> Forged {
    let occasion = context.occasion.ok_or_else(|| Unforgeable("no request to make it for".to_owned()))?;
    let bound = bound(context)?;
    let address = bound.key.address(&occasion.request.target);
    let nonce = bound.key.nonce().current();
    let proofs = wrong::proofs(id, &bound.key, &proven(bound, occasion, &address, nonce.as_deref()))?;
    let mut carried: Vec<Carried> = proofs.into_iter().map(|made| Carried::header(PROOF_FIELD, made)).collect();
    carried.push(context.carrier.carrying(bound.token.expose()));
    Ok(carried)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    use super::*;
    use crate::observe::Request;
    use crate::scheme::CarrierPlace;
    use crate::scheme::jose::{Alg, Jws, UnsignedToken};
    use crate::scheme::jwt::Kit;

    const TOKEN: &str = "Kz8mXK1EalYznwHLC1fBAo4Ljp";

    /// What a forgery carries for a request, with a nonce that the server named.
    fn carried(id: ForgeryId) -> Vec<Carried> {
        let nonce = Arc::new(ServerNonce::default());
        assert!(nonce.learn(b"n1"));
        let key = Arc::new(ProofKey::generated(Alg::ES256, "https://api.example.com", nonce));
        let proof = Proof::Bound(BoundToken { token: Secret::new(TOKEN), key });
        let request = Request::new("GET", "/orders?a=1").header("Host", "api.example.com");
        let occasion = Occasion { request: &request, challenge: None, count: 1, random: "one" };
        let (mut rng, kit, carrier) = (StdRng::seed_from_u64(1), Kit::default(), DpopScheme.carrier());
        let mut context = ForgeryContext {
            scheme: &DpopScheme,
            carrier: &carrier,
            proof: &proof,
            rng: &mut rng,
            kit: &kit,
            occasion: Some(&occasion),
        };
        DpopScheme.forge(id, &mut context).unwrap_or_else(|why| panic!("{id}: {}", why.0))
    }

    fn values(carried: &[Carried], name: &str) -> Vec<String> {
        let of = |one: &&Carried| one.place == CarrierPlace::Header(name.to_owned());
        carried.iter().filter(of).map(|one| String::from_utf8_lossy(&one.value).into_owned()).collect()
    }

    fn proofs_in(carried: &[Carried]) -> Vec<UnsignedToken> {
        // some are written in another alphabet, or padded
        let plain = |proof: &String| proof.trim_end_matches('=').replace('+', "-").replace('/', "_");
        let proofs = values(carried, PROOF_FIELD);
        proofs.iter().map(plain).filter_map(|proof| Jws::read(&proof)?.unsigned()).collect()
    }

    #[test]
    fn forgeries_name_the_nonce_of_the_server_but_for_those_that_are_known_not_to() {
        for forgery in FORGERIES {
            let proofs = proofs_in(&carried(forgery.id));
            let named = proofs.iter().any(|proof| proof.claims.text("nonce").as_deref() == Some("n1"));
            // what was sent before names the nonce of that time
            assert_eq!(named && forgery.id != crate::scheme::REPLAYED, names_nonce(Some(forgery.id)), "{}", forgery.id);
        }
        assert!(names_nonce(None));
    }

    #[test]
    fn another_token_has_a_proof_that_is_good_for_it() {
        for id in ["unknown", "truncated", "without-first", "extended", "middle-changed", "case-flipped", "base64"] {
            let carried = carried(ForgeryId::new(id));
            let line = values(&carried, "Authorization").remove(0);
            let token = line.strip_prefix("DPoP ").expect("the scheme name");
            assert_ne!(token, TOKEN, "{id}");
            let proofs = proofs_in(&carried);
            assert_eq!(proofs.len(), 1, "{id}");
            let claims = &proofs[0].claims;
            assert_eq!(claims.text("ath"), Some(hash_of(token)), "{id}");
            assert_eq!(claims.text("htu").as_deref(), Some("https://api.example.com/orders"), "{id}");
            assert_eq!(claims.text("jti").as_deref(), Some("one"), "{id}");
        }
    }

    #[test]
    fn a_token_behind_another_scheme_name_is_the_good_one() {
        for (id, line, proofs) in [
            ("no-proof", format!("DPoP {TOKEN}"), 0),
            ("as-bearer", format!("Bearer {TOKEN}"), 0),
            ("as-bearer-with-proof", format!("Bearer {TOKEN}"), 1),
            ("ath-other-lower-case", format!("dpop {TOKEN}"), 1),
        ] {
            let carried = carried(ForgeryId::new(id));
            assert_eq!(values(&carried, "Authorization"), [line], "{id}");
            assert_eq!(values(&carried, PROOF_FIELD).len(), proofs, "{id}");
        }
    }
}
