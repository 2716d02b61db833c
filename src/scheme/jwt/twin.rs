//! How a forgery of a token is made: from a twin that is good, changed in exactly what the forgery names, and checked for it.

use serde_json::Value;

use super::Kit;
use crate::clock;
use crate::scheme::jose::{self, Alg, Jws, Members, SigningKey, encoded};
use crate::scheme::{Forged, ForgeryContext, Proof, Unforgeable};
use crate::secret::Secret;

/// Seconds that a minted token lives at least and at most.
const LIFE: std::ops::RangeInclusive<i64> = 60..=300;

/// A fresh token that has not been signed yet, and what signs it.
pub(super) struct Twin<'k> {
    pub(super) token: jose::UnsignedToken,
    pub(super) key: &'k SigningKey,
    pub(super) alg: Alg,
    pub(super) now: i64,
}

impl Twin<'_> {
    pub(super) fn signed(&self, token: &jose::UnsignedToken) -> Jws {
        token.signed(|input| self.key.sign_as(self.alg, input))
    }
}

pub(super) fn unforgeable<T>(why: impl Into<String>) -> Result<T, Unforgeable> {
    Err(Unforgeable(why.into()))
}

/// What goes onto the wire for a token (RFC 6750 §2.1).
pub(super) fn carry(context: &ForgeryContext<'_>, token: &str) -> Forged {
    if token == context.proof.secret() {
        return unforgeable("it changes nothing about this token");
    }
    Ok(context.carry(&Proof::Token(Secret::new(token))))
}

/// The good token, read.
pub(super) fn good(context: &ForgeryContext<'_>) -> Result<Jws, Unforgeable> {
    Jws::read(context.proof.secret()).ok_or_else(|| Unforgeable("the credential is no JWT".to_owned()))
}

/// The good token's header and claims.
pub(super) fn good_token(context: &ForgeryContext<'_>) -> Result<jose::UnsignedToken, Unforgeable> {
    good(context)?.unsigned().ok_or_else(|| Unforgeable("the credential is no JWT".to_owned()))
}

/// A fresh copy of the good token that the issuer's key will sign.
pub(super) fn twin<'k>(context: &mut ForgeryContext<'k>) -> Result<Twin<'k>, Unforgeable> {
    let kit: &'k Kit = context.kit;
    let Some(key) = kit.issuer_key.as_deref() else { return unforgeable("no `material.issuer_key`") };
    let good = good(context)?;
    let Some(alg) = good.alg() else {
        return unforgeable("the token is signed by an algorithm that is not known here");
    };
    if !alg.shares_keys_with(key.alg) {
        let (key, alg) = (key.alg.name(), alg.name());
        return unforgeable(format!("`material.issuer_key` is a key for {key}, and the token is signed with {alg}"));
    }
    let mut fresh = good_token(context)?;
    let now = clock::unix_seconds();
    let time = |name: &str| fresh.claims.value(name).and_then(|value| value.as_f64());
    let life = time("exp").zip(time("iat")).map_or(300.0, |(exp, iat)| exp - iat);
    // a float that is out of range saturates
    let life = (life as i64).clamp(*LIFE.start(), *LIFE.end());
    for (name, value) in [("iat", now), ("nbf", now), ("exp", now + life)] {
        if fresh.claims.has(name) {
            fresh.claims.set(name, value);
        }
    }
    if fresh.claims.has("jti") {
        fresh.claims.set("jti", random_text(context));
    }
    if let Some(kid) = &key.kid {
        fresh.header.set("kid", kid.as_str());
    }
    Ok(Twin { token: fresh, key, alg, now })
}

/// Random text in the form of an identifier.
pub(super) fn random_text(context: &mut ForgeryContext<'_>) -> String {
    use rand::RngExt as _;
    let bytes: Vec<u8> = (0..12).map(|_| context.rng.random()).collect();
    encoded(bytes)
}

/// A claim changed, the token correctly signed: it differs from its twin in this claim and in nothing else.
pub(super) fn claim(
    context: &mut ForgeryContext<'_>,
    name: &str,
    change: impl FnOnce(&mut Members, &Twin<'_>),
) -> Forged {
    claims(context, &[name], change)
}

/// Claims changed, the token correctly signed.
pub(super) fn claims(
    context: &mut ForgeryContext<'_>,
    names: &[&str],
    change: impl FnOnce(&mut Members, &Twin<'_>),
) -> Forged {
    let twin = twin(context)?;
    let mut forged = twin.token.clone();
    change(&mut forged.claims, &twin);
    differs(&twin.token.claims, &forged.claims, names)?;
    carry(context, &twin.signed(&forged).text())
}

/// A header member changed, the token correctly signed over it.
pub(super) fn header(
    context: &mut ForgeryContext<'_>,
    names: &[&str],
    change: impl FnOnce(&mut Members, &Twin<'_>),
) -> Forged {
    let twin = twin(context)?;
    let mut forged = twin.token.clone();
    change(&mut forged.header, &twin);
    differs(&twin.token.header, &forged.header, names)?;
    carry(context, &twin.signed(&forged).text())
}

/// The header of the good token changed; signed by whoever can, over the good claims.
pub(super) fn header_signed_by(
    context: &ForgeryContext<'_>,
    names: &[&str],
    change: impl FnOnce(&mut Members),
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> Forged {
    let good = good_token(context)?;
    let mut forged = good.clone();
    change(&mut forged.header);
    differs(&good.header, &forged.header, names)?;
    carry(context, &forged.signed(sign).text())
}

/// The forgery differs from the truth in these members, and in no other.
fn differs(truth: &Members, forged: &Members, names: &[&str]) -> Result<(), Unforgeable> {
    let mut differing = forged.differing(truth);
    if differing.is_empty() {
        return unforgeable("it changes nothing about this token");
    }
    differing.retain(|name| !names.contains(name));
    match differing.first() {
        None => Ok(()),
        Some(other) => unforgeable(format!("it would change {other:?} as well")),
    }
}

/// A token for an identity that has only claims: signed by the issuer's key.
///
/// # Errors
/// When there is no key.
pub fn mint(kit: &Kit, own: &[(String, Value)], ends: i64, random: &str) -> Result<String, Unforgeable> {
    let Some(key) = kit.issuer_key.as_deref() else { return unforgeable("no `material.issuer_key`") };
    let now = clock::unix_seconds();
    let (mut header, mut claims) = (Members::default(), Members::default());
    header.set("alg", key.alg.name());
    header.set("typ", kit.typ.as_deref().unwrap_or("JWT"));
    if let Some(kid) = &key.kid {
        header.set("kid", kid.as_str());
    }
    for (name, value) in [("iss", &kit.issuer), ("aud", &kit.audience)] {
        if let Some(value) = value {
            claims.set(name, value.as_str());
        }
    }
    claims.set("iat", now.min(now + ends - 1));
    claims.set("exp", now + ends);
    claims.set("jti", random);
    for (name, value) in own {
        claims.set(name, value.clone());
    }
    Ok(jose::UnsignedToken { header, claims }.signed(|input| key.sign(input)).text())
}
