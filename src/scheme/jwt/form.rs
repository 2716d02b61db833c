//! Lies about the form: encodings that are not canonical, parts too many or too few, encryption in the place of a
//! signature, and tokens that are small and become large.

use serde_json::json;

use super::lie;
use super::twin::{carry, good, good_draft, twin, unforgeable};
use crate::scheme::jose::{Jws, Members, encoded, jwe};
use crate::scheme::{Draft, Forged, Forgery};

/// Told with one valid token.
pub(super) const WITH_A_TOKEN: &[Forgery] = &[
    // --- base64url as it must not be (RFC 7515 §2)
    lie("form-padding", "padding after the signature", |draft| {
        let text = good(draft)?.text();
        let missing = (4 - good(draft)?.signature.len().div_ceil(3) * 4 % 4) % 4;
        let padding = match (good(draft)?.signature.len() % 3, missing) {
            (1, _) => "==",
            (2, _) => "=",
            _ => return unforgeable("the signature needs no padding"),
        };
        carry(draft, &format!("{text}{padding}"))
    }),
    lie("form-standard-alphabet", "the standard alphabet of Base64 in the signature", |draft| {
        let good = good(draft)?;
        let signature = encoded(&good.signature).replace('-', "+").replace('_', "/");
        carry(draft, &format!("{}.{signature}", good.signing_input()))
    }),
    lie("form-left-over-bits", "bits set that belong to no byte of the signature", |draft| {
        let good = good(draft)?;
        let text = encoded(&good.signature);
        let Some(last) = text.chars().last().filter(|_| good.signature.len() % 3 != 0) else {
            return unforgeable("the signature leaves no bits over");
        };
        let next = ALPHABET.chars().cycle().skip_while(|c| *c != last).nth(1).unwrap_or('A');
        carry(draft, &format!("{}.{}{next}", good.signing_input(), &text[..text.len() - 1]))
    }),
    lie("form-space", "a space before the signature", |draft| {
        let good = good(draft)?;
        carry(draft, &format!("{}. {}", good.signing_input(), encoded(&good.signature)))
    }),
    // --- parts (RFC 7519 §7.2)
    lie("form-one-part", "the claims alone", |draft| {
        let payload = good(draft)?.payload;
        carry(draft, &payload)
    }),
    lie("form-four-parts", "a fourth part", |draft| {
        let text = good(draft)?.text();
        carry(draft, &format!("{text}.e30"))
    }),
    lie("form-six-parts", "six parts", |draft| {
        let text = good(draft)?.text();
        carry(draft, &format!("{text}.e30.e30.e30"))
    }),
    lie("form-json", "the JSON serialisation", |draft| {
        let good = good(draft)?;
        let signature = encoded(&good.signature);
        let whole = json!({ "protected": good.header, "payload": good.payload, "signature": signature });
        carry(draft, &whole.to_string())
    }),
    // --- encryption proves nothing (RFC 8725 §3.3)
    lie("jwe-direct", "claims encrypted with a key of zeros", |draft| {
        let plain = fresh(draft)?.claims.to_json();
        encrypted(draft, jwe::direct(Members::default(), plain.as_bytes()))
    }),
    lie("jwe-wrapped", "claims encrypted with a key that is wrapped in one of zeros", |draft| {
        let plain = fresh(draft)?.claims.to_json();
        encrypted(draft, jwe::wrapped(Members::default(), plain.as_bytes(), [9; 32]))
    }),
    lie("jwe-direct-unsigned", "an unsigned token encrypted with a key of zeros", |draft| {
        let plain = unsigned(draft)?;
        encrypted(draft, jwe::direct(nested(), plain.as_bytes()))
    }),
    // --- small tokens that cost much (CWE-409)
    lie("large-zip", "an encrypted token that expands a thousandfold", |draft| {
        let mut header = Members::default();
        header.set("zip", "DEF");
        encrypted(draft, jwe::direct(header, include_bytes!("expanding.deflate")))
    }),
    lie("large-pbes2", "a password that is to be stretched a thousand million times", |draft| {
        let header = json!({
            "alg": "PBES2-HS256+A128KW", "enc": "A128CBC-HS256", "p2c": 1_000_000_000_u64, "p2s": "c2FsdHNhbHQ",
        });
        let part = encoded([7; 40]);
        carry(
            draft,
            &[encoded(header.to_string()), part, encoded([7; 16]), encoded([7; 64]), encoded([7; 16])].join("."),
        )
    }),
    lie("large-nesting", "claims nested three thousand deep", |draft| {
        let good = good(draft)?;
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(3000), "]".repeat(3000));
        carry(draft, &Jws { payload: encoded(deep), ..good }.text())
    }),
    lie("large-header", "a header of one mebibyte", |draft| {
        let good = good(draft)?;
        let mut lie = good_draft(draft)?;
        lie.header.set("authbench", "a".repeat(1 << 20));
        carry(draft, &Jws { header: encoded(lie.header.to_json()), ..good }.text())
    }),
];

/// Told with the published keys of the issuer.
pub(super) const WITH_PUBLISHED_KEYS: &[Forgery] = &[
    lie("jwe-to-holder", "claims encrypted to the published key", |draft| {
        let plain = fresh(draft)?.claims.to_json();
        to_holder(draft, Members::default(), &plain)
    }),
    lie("jwe-to-holder-unsigned", "an unsigned token encrypted to the published key", |draft| {
        let plain = unsigned(draft)?;
        to_holder(draft, nested(), &plain)
    }),
];

/// Told with the issuer's key: the signature is right for the bytes as they are sent.
pub(super) const WITH_THE_KEY: &[Forgery] = &[
    lie("form-padded-payload", "padding after the claims, and a signature over it", |draft| {
        let twin = twin(draft)?;
        let mut payload = encoded(twin.draft.claims.to_json());
        // a length that needs padding can always be had: JSON may end in spaces
        let spaces = if twin.draft.claims.to_json().len() % 3 == 0 { " " } else { "" };
        payload = if spaces.is_empty() { payload } else { encoded(twin.draft.claims.to_json() + spaces) };
        let missing = (4 - payload.len() % 4) % 4;
        let header = encoded(twin.draft.header.to_json());
        let input = format!("{header}.{payload}{}", "=".repeat(missing));
        let made = twin.key.sign_as(twin.alg, input.as_bytes());
        carry(draft, &format!("{input}.{}", encoded(made)))
    }),
    // a byte order mark is no lie: parsers may ignore it (RFC 8259 §8.1)
    lie("form-latin-1", "claims that are not UTF-8", |draft| {
        payload(draft, |claims| {
            let mut bytes = claims.into_bytes();
            bytes.pop();
            bytes.extend_from_slice(b",\"authbench\":\"\xe4\"}");
            bytes
        })
    }),
    lie("form-array", "an array of claims", |draft| payload(draft, |claims| format!("[{claims}]").into_bytes())),
];

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn payload(draft: &mut Draft<'_>, change: impl FnOnce(String) -> Vec<u8>) -> Forged {
    let twin = twin(draft)?;
    let bytes = change(twin.draft.claims.to_json());
    let made = Jws::of(twin.draft.header.to_json(), bytes, |input| twin.key.sign_as(twin.alg, input));
    carry(draft, &made.text())
}

/// The claims of the good token.
fn fresh(draft: &Draft<'_>) -> Result<crate::scheme::jose::Draft, crate::scheme::Unforgeable> {
    good_draft(draft)
}

/// The good claims as an unsecured token (RFC 7519 §6).
fn unsigned(draft: &Draft<'_>) -> Result<String, crate::scheme::Unforgeable> {
    let mut lie = good_draft(draft)?;
    lie.header.set("alg", "none");
    Ok(lie.signed(|_| Vec::new()).text())
}

/// RFC 7519 §5.2: what is inside is a token.
fn nested() -> Members {
    let mut header = Members::default();
    header.set("cty", "JWT");
    header
}

fn to_holder(draft: &Draft<'_>, mut header: Members, plain: &str) -> Forged {
    let good = good(draft)?;
    let jwk = super::published_for(draft, &good)?;
    if let Some(kid) = jwk.get("kid") {
        header.set("kid", kid.clone());
    }
    encrypted(draft, jwe::to_holder(jwk, header, plain.as_bytes(), [9; 32]))
}

fn encrypted(draft: &Draft<'_>, token: Option<String>) -> Forged {
    match token {
        Some(token) => carry(draft, &token),
        None => unforgeable("nothing can be encrypted to a key of this kind"),
    }
}
