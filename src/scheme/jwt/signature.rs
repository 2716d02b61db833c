//! Forgeries about the signature: the claims are right, and nobody who may has signed them.

use serde_json::Value;

use super::twin::{carry, good, good_token, header_signed_by, twin, unforgeable};
use super::words;
use crate::scheme::jose::key::{Family, mac, strangers};
use crate::scheme::jose::published::{PublicForm, in_form};
use crate::scheme::jose::{Alg, Jws, der};
use crate::scheme::{Forged, Forgery, ForgeryContext};

/// Told with one valid token.
pub(super) const WITH_A_TOKEN: &[Forgery] = &[
    // what other schemes make of random letters
    Forgery::new("unknown", "a well-formed token that was never issued", |context| {
        use rand::RngExt as _;
        let random: Vec<u8> = (0..512).map(|_| context.rng.random()).collect();
        signature(context, |made| Some(random[..made.len().min(random.len())].to_vec()))
    }),
    // --- without a signature
    Forgery::new("sig-empty", "an empty signature", |context| signature(context, |_| Some(Vec::new()))),
    Forgery::new("sig-absent", "no third part", |context| {
        let text = good(context)?.signing_input();
        carry(context, &text)
    }),
    Forgery::new("sig-truncated", "a signature without its last characters", |context| {
        let text = good(context)?.text();
        carry(context, text.get(..text.len().saturating_sub(4)).unwrap_or_default())
    }),
    // --- with a broken one
    Forgery::new("sig-flipped-bit", "one bit of the signature flipped", |context| {
        signature(context, |mut made| {
            let middle = made.len() / 2;
            *made.get_mut(middle)? ^= 0x10;
            Some(made)
        })
    }),
    Forgery::new("sig-sub-changed", "another subject under the old signature", |context| {
        unsigned_claim(context, "sub", Value::from("authbench-somebody-else"))
    }),
    Forgery::new("sig-scope-changed", "a wider scope under the old signature", |context| {
        let scope = good_token(context)?.claims.text("scope").unwrap_or_default();
        unsigned_claim(context, "scope", Value::from(format!("{scope} admin").trim_start().to_owned()))
    }),
    Forgery::new("sig-exp-changed", "a later exp under the old signature", |context| {
        let exp = good_token(context)?.claims.value("exp").and_then(|exp| exp.as_i64()).unwrap_or_default();
        unsigned_claim(context, "exp", Value::from(exp + 86_400))
    }),
    Forgery::new("sig-strangers", "a signature by another key under the same kid", |context| {
        let good = good(context)?;
        let Some(alg) = good.alg() else { return unforgeable("the algorithm of the token is not known here") };
        let made = strangers(alg).sign_as(alg, good.signing_input().as_bytes());
        signature(context, |_| Some(made))
    }),
    // --- alg none (RFC 7518 §3.6)
    Forgery::new("alg-none", "alg none and no signature", |context| none(context, Some("\"none\""), &[])),
    Forgery::new("alg-none-capital", "alg None and no signature", |context| none(context, Some("\"None\""), &[])),
    Forgery::new("alg-none-upper", "alg NONE and no signature", |context| none(context, Some("\"NONE\""), &[])),
    Forgery::new("alg-none-mixed", "alg nOnE and no signature", |context| none(context, Some("\"nOnE\""), &[])),
    Forgery::new("alg-none-space", "alg none with a space, and no signature", |context| {
        none(context, Some("\"none \""), &[])
    }),
    Forgery::new("alg-empty", "an empty alg and no signature", |context| none(context, Some("\"\""), &[])),
    Forgery::new("alg-null", "alg null and no signature", |context| none(context, Some("null"), &[])),
    Forgery::new("alg-absent", "no alg and no signature", |context| none(context, None, &[])),
    Forgery::new("alg-none-junk", "alg none and some signature", |context| none(context, Some("\"none\""), JUNK)),
    Forgery::new("alg-none-capital-junk", "alg None and some signature", |context| {
        none(context, Some("\"None\""), JUNK)
    }),
    Forgery::new("alg-none-upper-junk", "alg NONE and some signature", |context| none(context, Some("\"NONE\""), JUNK)),
    Forgery::new("alg-none-mixed-junk", "alg nOnE and some signature", |context| none(context, Some("\"nOnE\""), JUNK)),
    Forgery::new("alg-none-space-junk", "alg none with a space, and some signature", |context| {
        none(context, Some("\"none \""), JUNK)
    }),
    Forgery::new("alg-empty-junk", "an empty alg and some signature", |context| none(context, Some("\"\""), JUNK)),
    Forgery::new("alg-null-junk", "alg null and some signature", |context| none(context, Some("null"), JUNK)),
    Forgery::new("alg-absent-junk", "no alg and some signature", |context| none(context, None, JUNK)),
    // --- HMAC with secrets that everybody knows
    // a key of NULs makes the same signature: HMAC pads keys with them (RFC 2104 §2)
    Forgery::new("hmac-empty", "HS256 with an empty key", |context| hmac(context, Alg::HS256, b"")),
    Forgery::new("hmac-secret", "HS256 with the key secret", |context| hmac(context, Alg::HS256, b"secret")),
    Forgery::new("hmac-changeme", "HS256 with the key changeme", |context| hmac(context, Alg::HS256, b"changeme")),
    Forgery::new("hmac-your-256-bit-secret", "HS256 with the key your-256-bit-secret", |context| {
        hmac(context, Alg::HS256, b"your-256-bit-secret")
    }),
    Forgery::new("hmac-guessed", "a new exp, signed with a secret that a list of words held", guessed),
    // --- ECDSA with numbers out of range (RFC 8725 §3.4)
    Forgery::new("ecdsa-zeros", "an ECDSA signature of zeros", |context| {
        ecdsa(context, |_, size| Some(vec![0; size * 2]))
    }),
    Forgery::new("ecdsa-r-zero", "an ECDSA signature with r of zero", |context| {
        ecdsa(context, |made, size| Some([vec![0; size], made.get(size..)?.to_vec()].concat()))
    }),
    Forgery::new("ecdsa-s-zero", "an ECDSA signature with s of zero", |context| {
        ecdsa(context, |made, size| Some([made.get(..size)?.to_vec(), vec![0; size]].concat()))
    }),
    Forgery::new("ecdsa-r-order", "an ECDSA signature with r of the order of the curve", |context| {
        ecdsa(context, |made, size| Some([order(size).to_vec(), made.get(size..)?.to_vec()].concat()))
    }),
    Forgery::new("ecdsa-s-order", "an ECDSA signature with s of the order of the curve", |context| {
        ecdsa(context, |made, size| Some([made.get(..size)?.to_vec(), order(size).to_vec()].concat()))
    }),
    Forgery::new("ecdsa-der-zeros", "an ECDSA signature of zeros in DER", |context| {
        ecdsa(context, |_, _| der::ecdsa_signature(&[0], &[0]))
    }),
    // --- ECDSA in another encoding (RFC 7518 §3.4)
    Forgery::new("ecdsa-der", "the good signature in DER", |context| {
        ecdsa(context, |made, size| {
            let (r, s) = made.split_at_checked(size)?;
            der::ecdsa_signature(r, s)
        })
    }),
    Forgery::new("ecdsa-longer", "the good signature with a zero before r", |context| {
        ecdsa(context, |made, _| Some([vec![0], made].concat()))
    }),
    Forgery::new("ecdsa-appended", "the good signature with a byte appended", |context| {
        ecdsa(context, |made, _| Some([made, vec![0]].concat()))
    }),
    Forgery::new("ecdsa-doubled", "the good signature twice over", |context| {
        ecdsa(context, |made, _| Some([made.clone(), made].concat()))
    }),
    Forgery::new("ecdsa-half", "the first half of the good signature", |context| {
        ecdsa(context, |made, size| made.get(..size).map(<[u8]>::to_vec))
    }),
    Forgery::new("ecdsa-one-byte", "the first byte of the good signature", |context| {
        ecdsa(context, |made, _| made.get(..1).map(<[u8]>::to_vec))
    }),
    Forgery::new("ecdsa-shorter", "the good signature without its last byte", |context| {
        ecdsa(context, |mut made, _| made.pop().map(|_| made))
    }),
];

/// Told with the published keys of the issuer: each form in which a server may hold its public key, as an HMAC secret
/// (RFC 8725 §2.1).
pub(super) const WITH_PUBLISHED_KEYS: &[Forgery] = &[
    Forgery::new("confusion-pem", "HS256 keyed with the public key in PEM", |context| {
        confusion(context, Alg::HS256, PublicForm::Pem)
    }),
    Forgery::new(
        "confusion-pem-unended",
        "HS256 keyed with the public key in PEM without its final newline",
        |context| confusion(context, Alg::HS256, PublicForm::PemUnended),
    ),
    Forgery::new("confusion-pkcs1", "HS256 keyed with the public key in PEM of PKCS #1", |context| {
        confusion(context, Alg::HS256, PublicForm::Pkcs1)
    }),
    Forgery::new("confusion-der", "HS256 keyed with the public key in DER", |context| {
        confusion(context, Alg::HS256, PublicForm::Der)
    }),
    Forgery::new("confusion-jwk", "HS256 keyed with the JWK as JSON", |context| {
        confusion(context, Alg::HS256, PublicForm::Jwk)
    }),
    Forgery::new(
        "confusion-number",
        "HS256 keyed with the modulus, the coordinate x, or the bytes of `pub`",
        |context| confusion(context, Alg::HS256, PublicForm::Number),
    ),
    Forgery::new("confusion-certificate", "HS256 keyed with the certificate in PEM", |context| {
        confusion(context, Alg::HS256, PublicForm::Certificate)
    }),
    Forgery::new("confusion-384", "HS384 keyed with the public key in PEM", |context| {
        confusion(context, Alg::HS384, PublicForm::Pem)
    }),
    Forgery::new("confusion-512", "HS512 keyed with the public key in PEM", |context| {
        confusion(context, Alg::HS512, PublicForm::Pem)
    }),
];

/// Told with the issuer's key: the signature is right, by an algorithm that is not.
pub(super) const WITH_THE_KEY: &[Forgery] = &[
    Forgery::new("sig-of-another", "the signature of another token of the issuer", |context| {
        let twin = twin(context)?;
        let other = twin.signed(&twin.token).signature;
        let good = good(context)?;
        carry(context, &Jws { signature: other, ..good }.text())
    }),
    Forgery::new("alg-sibling", "a right signature by another algorithm of the key", |context| {
        let twin = twin(context)?;
        let Some(other) = twin.alg.sibling() else { return unforgeable("the key has one algorithm only") };
        let mut forged = twin.token.clone();
        forged.header.set("alg", other.name());
        let made = forged.signed(|input| twin.key.sign_as(other, input));
        carry(context, &made.text())
    }),
    Forgery::new("alg-pss", "a right signature by the other padding of the key", |context| {
        let twin = twin(context)?;
        let other = match twin.alg {
            Alg::RS256 | Alg::RS384 | Alg::RS512 => Alg::PS256,
            Alg::PS256 | Alg::PS384 | Alg::PS512 => Alg::RS512,
            _ => return unforgeable("the key knows no padding"),
        };
        let mut forged = twin.token.clone();
        forged.header.set("alg", other.name());
        let made = forged.signed(|input| twin.key.sign_as(other, input));
        carry(context, &made.text())
    }),
    Forgery::new("alg-lower-case", "the algorithm in lower case", |context| {
        super::twin::header(context, &["alg"], |header, twin| header.set("alg", twin.alg.name().to_lowercase()))
    }),
    Forgery::new("alg-array", "the algorithm in an array", |context| {
        super::twin::header(context, &["alg"], |header, twin| header.set("alg", vec![twin.alg.name()]))
    }),
    Forgery::new("alg-number", "a number for an algorithm", |context| {
        super::twin::header(context, &["alg"], |header, _| header.set("alg", 256))
    }),
    Forgery::new("alg-unknown", "an algorithm that does not exist", |context| {
        super::twin::header(context, &["alg"], |header, _| header.set("alg", "XX999"))
    }),
];

/// Some signature.
const JUNK: &[u8] = b"authbench-junk-signature";

fn signature(context: &ForgeryContext<'_>, change: impl FnOnce(Vec<u8>) -> Option<Vec<u8>>) -> Forged {
    let good = good(context)?;
    let Some(signature) = change(good.signature.clone()) else {
        return unforgeable("the signature offers nothing to change");
    };
    carry(context, &Jws { signature, ..good }.text())
}

/// A claim changed, the signature kept.
fn unsigned_claim(context: &ForgeryContext<'_>, name: &str, value: Value) -> Forged {
    let good = good(context)?;
    let mut forged = good_token(context)?;
    forged.claims.set(name, value);
    let signature = good.signature;
    let payload = crate::scheme::jose::encoded(forged.claims.to_json());
    carry(context, &Jws { header: good.header, payload, signature }.text())
}

fn none(context: &ForgeryContext<'_>, alg: Option<&str>, junk: &[u8]) -> Forged {
    let change = |header: &mut crate::scheme::jose::Members| match alg {
        Some(alg) => header.set_raw("alg", alg),
        None => header.remove("alg"),
    };
    header_signed_by(context, &["alg"], change, |_| junk.to_vec())
}

fn hmac(context: &ForgeryContext<'_>, alg: Alg, secret: &[u8]) -> Forged {
    let good = good_token(context)?;
    let mut forged = good;
    forged.header.set("alg", alg.name());
    carry(context, &forged.signed(|input| mac(alg, secret, input)).text())
}

/// The secret of an HMAC token, tried against a list without asking the server.
fn guessed(context: &mut ForgeryContext<'_>) -> Forged {
    let good = good(context)?;
    let alg = good.alg().filter(|alg| alg.family() == Family::Hmac);
    let Some(alg) = alg else { return unforgeable("the token is not signed by HMAC") };
    let input = good.signing_input();
    let found = words::candidates().find(|word| mac(alg, word.as_bytes(), input.as_bytes()) == good.signature);
    let Some(word) = found else {
        return unforgeable(format!("none of {} well-known secrets signs the token", words::candidates().count()));
    };
    let mut forged = good_token(context)?;
    forged.claims.set("jti", "authbench-guessed");
    carry(context, &forged.signed(|input| mac(alg, word.as_bytes(), input)).text())
}

fn ecdsa(context: &ForgeryContext<'_>, change: impl FnOnce(Vec<u8>, usize) -> Option<Vec<u8>>) -> Forged {
    let size = match good(context)?.alg() {
        Some(Alg::ES256) => 32,
        Some(Alg::ES384) => 48,
        _ => return unforgeable("the token is not signed by ECDSA"),
    };
    signature(context, |made| change(made, size))
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

fn confusion(context: &ForgeryContext<'_>, alg: Alg, form: PublicForm) -> Forged {
    let good = good(context)?;
    if good.alg().is_none_or(|alg| alg.family() == Family::Hmac) {
        return unforgeable("the token is signed by HMAC: there is no public key");
    }
    let jwk = super::published_for(context, &good)?;
    let Some(secret) = in_form(&jwk, form) else { return unforgeable("the published key has no such form") };
    header_signed_by(context, &["alg"], |header| header.set("alg", alg.name()), |input| mac(alg, &secret, input))
}
