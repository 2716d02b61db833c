//! Lies about the signature: the claims are right, and nobody who may has signed them.

use serde_json::Value;

use super::twin::{carry, good, good_draft, header_signed_by, twin, unforgeable};
use super::{lie, words};
use crate::scheme::jose::key::{Family, family_of, mac, public_bytes, public_key_info, strangers};
use crate::scheme::jose::{Alg, Jws, decoded, der};
use crate::scheme::{Draft, Forged, Forgery};

/// Told with one valid token.
pub(super) const WITH_A_TOKEN: &[Forgery] = &[
    // what other schemes make of random letters
    lie("unknown", "a well-formed token that was never issued", |draft| {
        use rand::RngExt as _;
        let random: Vec<u8> = (0..512).map(|_| draft.rng.random()).collect();
        signature(draft, |made| Some(random[..made.len().min(random.len())].to_vec()))
    }),
    // --- without a signature
    lie("sig-empty", "an empty signature", |draft| signature(draft, |_| Some(Vec::new()))),
    lie("sig-absent", "no third part", |draft| {
        let text = good(draft)?.signing_input();
        carry(draft, &text)
    }),
    lie("sig-truncated", "a signature without its last characters", |draft| {
        let text = good(draft)?.text();
        carry(draft, text.get(..text.len().saturating_sub(4)).unwrap_or_default())
    }),
    // --- with a broken one
    lie("sig-flipped-bit", "one bit of the signature flipped", |draft| {
        signature(draft, |mut made| {
            let middle = made.len() / 2;
            *made.get_mut(middle)? ^= 0x10;
            Some(made)
        })
    }),
    lie("sig-sub-changed", "another subject under the old signature", |draft| {
        unsigned_claim(draft, "sub", Value::from("authbench-somebody-else"))
    }),
    lie("sig-scope-changed", "a wider scope under the old signature", |draft| {
        let scope = good_draft(draft)?.claims.text("scope").unwrap_or_default();
        unsigned_claim(draft, "scope", Value::from(format!("{scope} admin").trim_start().to_owned()))
    }),
    lie("sig-exp-changed", "a later end under the old signature", |draft| {
        let exp = good_draft(draft)?.claims.value("exp").and_then(|exp| exp.as_i64()).unwrap_or_default();
        unsigned_claim(draft, "exp", Value::from(exp + 86_400))
    }),
    lie("sig-strangers", "a signature by another key under the same kid", |draft| {
        let good = good(draft)?;
        let Some(alg) = good.alg() else { return unforgeable("the algorithm of the token is not known here") };
        let made = strangers(alg).sign_as(alg, good.signing_input().as_bytes());
        signature(draft, |_| Some(made))
    }),
    // --- alg none (RFC 7518 §3.6)
    lie("alg-none", "alg none and no signature", |draft| none(draft, Some("\"none\""), &[])),
    lie("alg-none-capital", "alg None and no signature", |draft| none(draft, Some("\"None\""), &[])),
    lie("alg-none-upper", "alg NONE and no signature", |draft| none(draft, Some("\"NONE\""), &[])),
    lie("alg-none-mixed", "alg nOnE and no signature", |draft| none(draft, Some("\"nOnE\""), &[])),
    lie("alg-none-space", "alg none with a space, and no signature", |draft| none(draft, Some("\"none \""), &[])),
    lie("alg-empty", "an empty alg and no signature", |draft| none(draft, Some("\"\""), &[])),
    lie("alg-null", "alg null and no signature", |draft| none(draft, Some("null"), &[])),
    lie("alg-absent", "no alg and no signature", |draft| none(draft, None, &[])),
    lie("alg-none-junk", "alg none and some signature", |draft| none(draft, Some("\"none\""), JUNK)),
    lie("alg-none-capital-junk", "alg None and some signature", |draft| none(draft, Some("\"None\""), JUNK)),
    lie("alg-none-upper-junk", "alg NONE and some signature", |draft| none(draft, Some("\"NONE\""), JUNK)),
    lie("alg-none-mixed-junk", "alg nOnE and some signature", |draft| none(draft, Some("\"nOnE\""), JUNK)),
    lie("alg-none-space-junk", "alg none with a space, and some signature", |draft| {
        none(draft, Some("\"none \""), JUNK)
    }),
    lie("alg-empty-junk", "an empty alg and some signature", |draft| none(draft, Some("\"\""), JUNK)),
    lie("alg-null-junk", "alg null and some signature", |draft| none(draft, Some("null"), JUNK)),
    lie("alg-absent-junk", "no alg and some signature", |draft| none(draft, None, JUNK)),
    // --- HMAC with secrets that everybody knows
    // a key of NULs makes the same signature: HMAC pads keys with them (RFC 2104 §2)
    lie("hmac-empty", "HS256 with an empty key", |draft| hmac(draft, Alg::HS256, b"")),
    lie("hmac-secret", "HS256 with the key secret", |draft| hmac(draft, Alg::HS256, b"secret")),
    lie("hmac-changeme", "HS256 with the key changeme", |draft| hmac(draft, Alg::HS256, b"changeme")),
    lie("hmac-your-256-bit-secret", "HS256 with the key your-256-bit-secret", |draft| {
        hmac(draft, Alg::HS256, b"your-256-bit-secret")
    }),
    lie("hmac-guessed", "a new end, signed with a secret that a list of words held", guessed),
    // --- ECDSA with numbers out of range (RFC 8725 §3.4)
    lie("ecdsa-zeros", "an ECDSA signature of zeros", |draft| ecdsa(draft, |_, size| Some(vec![0; size * 2]))),
    lie("ecdsa-r-zero", "an ECDSA signature with r of zero", |draft| {
        ecdsa(draft, |made, size| Some([vec![0; size], made.get(size..)?.to_vec()].concat()))
    }),
    lie("ecdsa-s-zero", "an ECDSA signature with s of zero", |draft| {
        ecdsa(draft, |made, size| Some([made.get(..size)?.to_vec(), vec![0; size]].concat()))
    }),
    lie("ecdsa-r-order", "an ECDSA signature with r of the order of the curve", |draft| {
        ecdsa(draft, |made, size| Some([order(size).to_vec(), made.get(size..)?.to_vec()].concat()))
    }),
    lie("ecdsa-s-order", "an ECDSA signature with s of the order of the curve", |draft| {
        ecdsa(draft, |made, size| Some([made.get(..size)?.to_vec(), order(size).to_vec()].concat()))
    }),
    lie("ecdsa-der-zeros", "an ECDSA signature of zeros in DER", |draft| {
        ecdsa(draft, |_, _| der::ecdsa_signature(&[0], &[0]))
    }),
    // --- ECDSA in another encoding (RFC 7518 §3.4)
    lie("ecdsa-der", "the good signature in DER", |draft| {
        ecdsa(draft, |made, size| {
            let (r, s) = made.split_at_checked(size)?;
            der::ecdsa_signature(r, s)
        })
    }),
    lie("ecdsa-longer", "the good signature with a zero before r", |draft| {
        ecdsa(draft, |made, _| Some([vec![0], made].concat()))
    }),
    lie("ecdsa-shorter", "the good signature without its last byte", |draft| {
        ecdsa(draft, |mut made, _| made.pop().map(|_| made))
    }),
];

/// Told with the published keys of the issuer: each form in which a server may hold its public key, as an HMAC secret
/// (RFC 8725 §2.1).
pub(super) const WITH_PUBLISHED_KEYS: &[Forgery] = &[
    lie("confusion-pem", "HS256 keyed with the public key in PEM", |draft| {
        confusion(draft, Alg::HS256, |jwk| Some(der::pem("PUBLIC KEY", &public_key_info(jwk)?).into_bytes()))
    }),
    lie("confusion-pem-unended", "HS256 keyed with the public key in PEM without its final newline", |draft| {
        confusion(draft, Alg::HS256, |jwk| {
            Some(der::pem("PUBLIC KEY", &public_key_info(jwk)?).trim_end().as_bytes().to_vec())
        })
    }),
    lie("confusion-pkcs1", "HS256 keyed with the public key in PEM of PKCS #1", |draft| {
        confusion(draft, Alg::HS256, |jwk| {
            let rsa = family_of(jwk)? == Family::Rsa;
            rsa.then(|| public_bytes(jwk))?.map(|bytes| der::pem("RSA PUBLIC KEY", &bytes).into_bytes())
        })
    }),
    lie("confusion-der", "HS256 keyed with the public key in DER", |draft| {
        confusion(draft, Alg::HS256, public_key_info)
    }),
    lie("confusion-jwk", "HS256 keyed with the JWK as JSON", |draft| {
        confusion(draft, Alg::HS256, |jwk| Some(jwk.to_string().into_bytes()))
    }),
    lie("confusion-number", "HS256 keyed with the modulus, or the coordinate x", |draft| {
        confusion(draft, Alg::HS256, |jwk| decoded(jwk.get("n").or_else(|| jwk.get("x"))?.as_str()?))
    }),
    lie("confusion-certificate", "HS256 keyed with the certificate in PEM", |draft| {
        confusion(draft, Alg::HS256, |jwk| {
            let text = jwk.get("x5c")?.get(0)?.as_str()?;
            use base64::Engine as _;
            let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
            Some(der::pem("CERTIFICATE", &bytes).into_bytes())
        })
    }),
    lie("confusion-384", "HS384 keyed with the public key in PEM", |draft| {
        confusion(draft, Alg::HS384, |jwk| Some(der::pem("PUBLIC KEY", &public_key_info(jwk)?).into_bytes()))
    }),
    lie("confusion-512", "HS512 keyed with the public key in PEM", |draft| {
        confusion(draft, Alg::HS512, |jwk| Some(der::pem("PUBLIC KEY", &public_key_info(jwk)?).into_bytes()))
    }),
];

/// Told with the issuer's key: the signature is right, by an algorithm that is not.
pub(super) const WITH_THE_KEY: &[Forgery] = &[
    lie("sig-of-another", "the signature of another token of the issuer", |draft| {
        let twin = twin(draft)?;
        let other = twin.signed(&twin.draft).signature;
        let good = good(draft)?;
        carry(draft, &Jws { signature: other, ..good }.text())
    }),
    lie("alg-sibling", "a right signature by another algorithm of the key", |draft| {
        let twin = twin(draft)?;
        let Some(other) = twin.alg.sibling() else { return unforgeable("the key has one algorithm only") };
        let mut lie = twin.draft.clone();
        lie.header.set("alg", other.name());
        let made = lie.signed(|input| twin.key.sign_as(other, input));
        carry(draft, &made.text())
    }),
    lie("alg-pss", "a right signature by the other padding of the key", |draft| {
        let twin = twin(draft)?;
        let other = match twin.alg {
            Alg::RS256 | Alg::RS384 | Alg::RS512 => Alg::PS256,
            Alg::PS256 | Alg::PS384 | Alg::PS512 => Alg::RS512,
            _ => return unforgeable("the key knows no padding"),
        };
        let mut lie = twin.draft.clone();
        lie.header.set("alg", other.name());
        let made = lie.signed(|input| twin.key.sign_as(other, input));
        carry(draft, &made.text())
    }),
    lie("alg-lower-case", "the algorithm in lower case", |draft| {
        super::twin::header(draft, &["alg"], |header, twin| header.set("alg", twin.alg.name().to_lowercase()))
    }),
    lie("alg-array", "the algorithm in an array", |draft| {
        super::twin::header(draft, &["alg"], |header, twin| header.set("alg", vec![twin.alg.name()]))
    }),
    lie("alg-number", "a number for an algorithm", |draft| {
        super::twin::header(draft, &["alg"], |header, _| header.set("alg", 256))
    }),
    lie("alg-unknown", "an algorithm that does not exist", |draft| {
        super::twin::header(draft, &["alg"], |header, _| header.set("alg", "XX999"))
    }),
];

/// Some signature.
const JUNK: &[u8] = b"authbench-junk-signature";

fn signature(draft: &Draft<'_>, change: impl FnOnce(Vec<u8>) -> Option<Vec<u8>>) -> Forged {
    let good = good(draft)?;
    let Some(signature) = change(good.signature.clone()) else {
        return unforgeable("the signature offers nothing to change");
    };
    carry(draft, &Jws { signature, ..good }.text())
}

/// A claim changed, the signature kept.
fn unsigned_claim(draft: &Draft<'_>, name: &str, value: Value) -> Forged {
    let good = good(draft)?;
    let mut lie = good_draft(draft)?;
    lie.claims.set(name, value);
    let signature = good.signature;
    let payload = crate::scheme::jose::encoded(lie.claims.to_json());
    carry(draft, &Jws { header: good.header, payload, signature }.text())
}

fn none(draft: &Draft<'_>, alg: Option<&str>, junk: &[u8]) -> Forged {
    let change = |header: &mut crate::scheme::jose::Members| match alg {
        Some(alg) => header.set_raw("alg", alg),
        None => header.remove("alg"),
    };
    header_signed_by(draft, &["alg"], change, |_| junk.to_vec())
}

fn hmac(draft: &Draft<'_>, alg: Alg, secret: &[u8]) -> Forged {
    let good = good_draft(draft)?;
    let mut lie = good;
    lie.header.set("alg", alg.name());
    carry(draft, &lie.signed(|input| mac(alg, secret, input)).text())
}

/// The secret of an HMAC token, tried against a list without asking the server.
fn guessed(draft: &mut Draft<'_>) -> Forged {
    let good = good(draft)?;
    let alg = good.alg().filter(|alg| alg.family() == Family::Hmac);
    let Some(alg) = alg else { return unforgeable("the token is not signed by HMAC") };
    let input = good.signing_input();
    let found = words::candidates().find(|word| mac(alg, word.as_bytes(), input.as_bytes()) == good.signature);
    let Some(word) = found else {
        return unforgeable(format!("none of {} well-known secrets signs the token", words::candidates().count()));
    };
    let mut lie = good_draft(draft)?;
    lie.claims.set("jti", "authbench-guessed");
    carry(draft, &lie.signed(|input| mac(alg, word.as_bytes(), input)).text())
}

fn ecdsa(draft: &Draft<'_>, change: impl FnOnce(Vec<u8>, usize) -> Option<Vec<u8>>) -> Forged {
    let size = match good(draft)?.alg() {
        Some(Alg::ES256) => 32,
        Some(Alg::ES384) => 48,
        _ => return unforgeable("the token is not signed by ECDSA"),
    };
    signature(draft, |made| change(made, size))
}

/// The order of P-256 or P-384 (FIPS 186-4, appendix D.1.2).
fn order(size: usize) -> &'static [u8] {
    match size {
        32 => &[
            0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad,
            0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
        ],
        _ => &[
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf, 0x58, 0x1a, 0x0d, 0xb2,
            0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
        ],
    }
}

fn confusion(draft: &Draft<'_>, alg: Alg, form: impl FnOnce(&Value) -> Option<Vec<u8>>) -> Forged {
    let good = good(draft)?;
    if good.alg().is_none_or(|alg| alg.family() == Family::Hmac) {
        return unforgeable("the token is signed by HMAC: there is no public key");
    }
    let jwk = super::published_for(draft, &good)?;
    let Some(secret) = form(jwk) else { return unforgeable("the published key has no such form") };
    header_signed_by(draft, &["alg"], |header| header.set("alg", alg.name()), |input| mac(alg, &secret, input))
}
