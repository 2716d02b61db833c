//! Forgeries about the form: encodings that are not canonical, parts too many or too few, encryption in the place of a
//! signature, and tokens that are small and become large.

use serde_json::json;

use super::twin::{carry, good, good_token, twin, unforgeable};
use crate::scheme::jose::{Jws, Members, encoded, jwe};
use crate::scheme::{Forged, Forgery, ForgeryContext};

/// Told with one valid token.
pub(super) const WITH_A_TOKEN: &[Forgery] = &[
    // --- base64url as it must not be (RFC 7515 §2)
    Forgery::new("form-padding", "padding after the signature", |context| {
        let text = good(context)?.text();
        let missing = (4 - good(context)?.signature.len().div_ceil(3) * 4 % 4) % 4;
        let padding = match (good(context)?.signature.len() % 3, missing) {
            (1, _) => "==",
            (2, _) => "=",
            _ => return unforgeable("the signature needs no padding"),
        };
        carry(context, &format!("{text}{padding}"))
    }),
    Forgery::new("form-standard-alphabet", "the standard alphabet of Base64 in the signature", |context| {
        let good = good(context)?;
        let signature = encoded(&good.signature).replace('-', "+").replace('_', "/");
        carry(context, &format!("{}.{signature}", good.signing_input()))
    }),
    Forgery::new("form-left-over-bits", "bits set that belong to no byte of the signature", |context| {
        let good = good(context)?;
        let text = encoded(&good.signature);
        let Some(last) = text.chars().last().filter(|_| good.signature.len() % 3 != 0) else {
            return unforgeable("the signature leaves no bits over");
        };
        let next = ALPHABET.chars().cycle().skip_while(|c| *c != last).nth(1).unwrap_or('A');
        carry(context, &format!("{}.{}{next}", good.signing_input(), &text[..text.len() - 1]))
    }),
    Forgery::new("form-space", "a space before the signature", |context| {
        let good = good(context)?;
        carry(context, &format!("{}. {}", good.signing_input(), encoded(&good.signature)))
    }),
    // --- parts (RFC 7519 §7.2)
    Forgery::new("form-one-part", "the claims alone", |context| {
        let payload = good(context)?.payload;
        carry(context, &payload)
    }),
    Forgery::new("form-four-parts", "a fourth part", |context| {
        let text = good(context)?.text();
        carry(context, &format!("{text}.e30"))
    }),
    Forgery::new("form-six-parts", "six parts", |context| {
        let text = good(context)?.text();
        carry(context, &format!("{text}.e30.e30.e30"))
    }),
    Forgery::new("form-json", "the JSON serialisation", |context| {
        let good = good(context)?;
        let signature = encoded(&good.signature);
        let whole = json!({ "protected": good.header, "payload": good.payload, "signature": signature });
        carry(context, &whole.to_string())
    }),
    // --- encryption proves nothing (RFC 8725 §3.3)
    Forgery::new("jwe-direct", "claims encrypted with a key of zeros", |context| {
        let plain = fresh(context)?.claims.to_json();
        encrypted(context, jwe::direct(Members::default(), plain.as_bytes()))
    }),
    Forgery::new("jwe-wrapped", "claims encrypted with a key that is wrapped in one of zeros", |context| {
        let plain = fresh(context)?.claims.to_json();
        encrypted(context, jwe::wrapped(Members::default(), plain.as_bytes(), [9; 32]))
    }),
    Forgery::new("jwe-direct-unsigned", "an unsigned token encrypted with a key of zeros", |context| {
        let plain = unsigned(context)?;
        encrypted(context, jwe::direct(nested(), plain.as_bytes()))
    }),
    // --- small tokens that cost much (CWE-409)
    Forgery::new("large-zip", "an encrypted token that expands a thousandfold", |context| {
        let mut header = Members::default();
        header.set("zip", "DEF");
        encrypted(context, jwe::direct(header, include_bytes!("expanding.deflate")))
    }),
    Forgery::new("large-pbes2", "a password that is to be stretched a thousand million times", |context| {
        let header = json!({
            "alg": "PBES2-HS256+A128KW", "enc": "A128CBC-HS256", "p2c": 1_000_000_000_u64, "p2s": "c2FsdHNhbHQ",
        });
        let part = encoded([7; 40]);
        carry(
            context,
            &[encoded(header.to_string()), part, encoded([7; 16]), encoded([7; 64]), encoded([7; 16])].join("."),
        )
    }),
    Forgery::new("large-nesting", "claims nested three thousand deep", |context| {
        let good = good(context)?;
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(3000), "]".repeat(3000));
        carry(context, &Jws { payload: encoded(deep), ..good }.text())
    }),
    Forgery::new("large-header", "a header of one mebibyte", |context| {
        let good = good(context)?;
        let mut forged = good_token(context)?;
        forged.header.set("authbench", "a".repeat(1 << 20));
        carry(context, &Jws { header: encoded(forged.header.to_json()), ..good }.text())
    }),
];

/// Told with the published keys of the issuer.
pub(super) const WITH_PUBLISHED_KEYS: &[Forgery] = &[
    Forgery::new("jwe-to-holder", "claims encrypted to the published key", |context| {
        let plain = fresh(context)?.claims.to_json();
        to_holder(context, Members::default(), &plain)
    }),
    Forgery::new("jwe-to-holder-unsigned", "an unsigned token encrypted to the published key", |context| {
        let plain = unsigned(context)?;
        to_holder(context, nested(), &plain)
    }),
];

/// Told with the issuer's key: the signature is right for the bytes as they are sent.
pub(super) const WITH_THE_KEY: &[Forgery] = &[
    Forgery::new("form-padded-payload", "padding after the claims, and a signature over it", |context| {
        let twin = twin(context)?;
        let mut payload = encoded(twin.token.claims.to_json());
        // a length that needs padding can always be had: JSON may end in spaces
        let spaces = if twin.token.claims.to_json().len() % 3 == 0 { " " } else { "" };
        payload = if spaces.is_empty() { payload } else { encoded(twin.token.claims.to_json() + spaces) };
        let missing = (4 - payload.len() % 4) % 4;
        let header = encoded(twin.token.header.to_json());
        let input = format!("{header}.{payload}{}", "=".repeat(missing));
        let made = twin.key.sign_as(twin.alg, input.as_bytes());
        carry(context, &format!("{input}.{}", encoded(made)))
    }),
    // a byte order mark is no forgery: parsers may ignore it (RFC 8259 §8.1)
    Forgery::new("form-latin-1", "claims that are not UTF-8", |context| {
        payload(context, |claims| {
            let mut bytes = claims.into_bytes();
            bytes.pop();
            bytes.extend_from_slice(b",\"authbench\":\"\xe4\"}");
            bytes
        })
    }),
    // parsers that guess the encoding take it
    Forgery::new("form-utf-16", "claims in UTF-16", |context| {
        payload(context, |claims| claims.encode_utf16().flat_map(u16::to_le_bytes).collect())
    }),
    Forgery::new("form-array", "an array of claims", |context| {
        payload(context, |claims| format!("[{claims}]").into_bytes())
    }),
    // --- JSON that is no object (RFC 7519 §7.2 step 10)
    Forgery::new("form-number-array", "an array of one number for claims", |context| {
        payload(context, |_| b"[1]".to_vec())
    }),
    Forgery::new("form-text", "a text for claims", |context| payload(context, |_| b"\"authbench\"".to_vec())),
    Forgery::new("form-number", "a number for claims", |context| payload(context, |_| b"1".to_vec())),
    Forgery::new("form-null", "null for claims", |context| payload(context, |_| b"null".to_vec())),
];

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn payload(context: &mut ForgeryContext<'_>, change: impl FnOnce(String) -> Vec<u8>) -> Forged {
    let twin = twin(context)?;
    let bytes = change(twin.token.claims.to_json());
    let made = Jws::of(twin.token.header.to_json(), bytes, |input| twin.key.sign_as(twin.alg, input));
    carry(context, &made.text())
}

/// The claims of the good token.
fn fresh(context: &ForgeryContext<'_>) -> Result<crate::scheme::jose::UnsignedToken, crate::scheme::Unforgeable> {
    good_token(context)
}

/// The good claims as an unsecured token (RFC 7519 §6).
fn unsigned(context: &ForgeryContext<'_>) -> Result<String, crate::scheme::Unforgeable> {
    let mut forged = good_token(context)?;
    forged.header.set("alg", "none");
    Ok(forged.signed(|_| Vec::new()).text())
}

/// RFC 7519 §5.2: what is inside is a token.
fn nested() -> Members {
    let mut header = Members::default();
    header.set("cty", "JWT");
    header
}

fn to_holder(context: &ForgeryContext<'_>, mut header: Members, plain: &str) -> Forged {
    let good = good(context)?;
    let jwk = super::published_for(context, &good)?;
    if let Some(kid) = jwk.get("kid") {
        header.set("kid", kid.clone());
    }
    encrypted(context, jwe::to_holder(&jwk, header, plain.as_bytes(), [9; 32]))
}

fn encrypted(context: &ForgeryContext<'_>, token: Option<String>) -> Forged {
    match token {
        Some(token) => carry(context, &token),
        None => unforgeable("nothing can be encrypted to a key of this kind"),
    }
}
