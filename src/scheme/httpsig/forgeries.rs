//! Forgeries about signed messages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::parts::MessageParts;
use crate::scheme::forgery::values;
use crate::scheme::jose::Alg;
use crate::scheme::jose::key::{mac, public_key_info, strangers};
use crate::scheme::{Carried, CarrierPlace, Forged, Forgery, ForgeryContext, Occasion, RequestPart, Unforgeable};

/// A field that nobody looks at unless it is covered.
const FIELD: &str = "x-authbench-signed";
/// How far beyond the window a time is that has to be refused, in seconds.
const BEYOND: i64 = 60;

pub(super) const FORGERIES: &[Forgery] = &[
    Forgery::new("unknown", "a signature by a key that nobody registered", |context| {
        let id = values::forged("unknown", "kkkkkkkkkkkkkkkkkkkk", context.rng);
        let (mut parts, _) = good(context)?;
        parts.key_id = id;
        let made = strangers(parts.own.key.alg).sign(parts.base().as_bytes());
        Ok(parts.written(context.carrier, &made))
    }),
    Forgery::new("other-key", "a signature by another key, under the name of the good one", |context| {
        let (parts, _) = good(context)?;
        let made = strangers(parts.own.key.alg).sign(parts.base().as_bytes());
        Ok(parts.written(context.carrier, &made))
    }),
    Forgery::new("middle-changed", "the signature with one bit changed", |context| {
        let (parts, _) = good(context)?;
        let mut made = parts.signature();
        let middle = made.len() / 2;
        made[middle] ^= 1;
        Ok(parts.written(context.carrier, &made))
    }),
    Forgery::new("truncated", "the first half of the signature", |context| {
        let (parts, _) = good(context)?;
        let made = parts.signature();
        Ok(parts.written(context.carrier, &made[..made.len() / 2]))
    }),
    Forgery::new("extended", "the signature with a byte appended", |context| {
        let (parts, _) = good(context)?;
        Ok(parts.written(context.carrier, &[parts.signature(), vec![0]].concat()))
    }),
    Forgery::new("base64", "the signature in Base64 twice over", |context| {
        let (parts, _) = good(context)?;
        Ok(parts.written(context.carrier, STANDARD.encode(parts.signature()).as_bytes()))
    }),
    Forgery::new("empty-signature", "an empty signature", |context| {
        let (parts, _) = good(context)?;
        Ok(parts.written(context.carrier, &[]))
    }),
    // --- what is missing -------------------------------------------------------------------------------------------
    Forgery::new("input-alone", "Signature-Input without Signature", |context| {
        let (parts, _) = good(context)?;
        let mut carried = parts.signed(context.carrier);
        carried.pop();
        Ok(carried)
    }),
    Forgery::new("signature-alone", "Signature without Signature-Input", |context| {
        let (parts, _) = good(context)?;
        let mut carried = parts.signed(context.carrier);
        carried.retain(|one| !is_input(one));
        Ok(carried)
    }),
    Forgery::new("labels-differ", "Signature and Signature-Input under two labels", |context| {
        let (parts, _) = good(context)?;
        Ok(relabelled(parts.signed(context.carrier), |input| input.replacen("sig1=", "sig2=", 1)))
    }),
    // --- covered components ----------------------------------------------------------------------------------------
    Forgery::new("other-method", "the signature of a request by another method", |context| {
        altered(context, |parts, _| parts.method = "AUTHBENCH".to_owned())
    }),
    Forgery::new("other-path", "the signature of a request for another path", |context| {
        altered(context, |parts, _| parts.target = "/authbench-another-path".to_owned())
    }),
    Forgery::new("other-authority", "the signature of a request to another host", |context| {
        altered(context, |parts, _| parts.authority = "authbench.invalid".to_owned())
    }),
    Forgery::new("query-added", "a query parameter that is not signed", |context| {
        altered(context, |parts, occasion| parts.send_target(with_query(occasion, "authbench=1")))
    }),
    Forgery::new("query-changed", "another value of a query parameter than the signed one", |context| {
        altered(context, |parts, occasion| {
            parts.target = with_query(occasion, "authbench=1");
            parts.send_target(with_query(occasion, "authbench=2"));
        })
    }),
    Forgery::new("field-changed", "another value of a covered field", |context| {
        altered(context, |parts, _| {
            parts.components.push(FIELD.to_owned());
            parts.fields.push((FIELD.to_owned(), "one".to_owned()));
            parts.send_field(FIELD, "two");
        })
    }),
    Forgery::new("created-changed", "another time of creation than the signed one", |context| {
        let (mut parts, _) = good(context)?;
        let made = parts.signature();
        parts.created = parts.created.map(|created| created - 1);
        Ok(parts.written(context.carrier, &made))
    }),
    // --- coverage --------------------------------------------------------------------------------------------------
    Forgery::new("covers-nothing", "a correct signature that covers nothing", |context| {
        altered(context, |parts, _| parts.components.clear())
    }),
    Forgery::new("covers-method", "a correct signature that covers the method alone", |context| {
        altered(context, |parts, _| parts.components.retain(|component| component == "@method"))
    }),
    Forgery::new(
        "leaves-query-out",
        "a correct signature that does not cover the query, and a parameter more",
        |context| {
            altered(context, |parts, occasion| {
                parts.components.retain(|component| component != "@query");
                parts.send_target(with_query(occasion, "authbench=1"));
            })
        },
    ),
    Forgery::new("leaves-digest-out", "a correct signature that does not cover Content-Digest", |context| {
        with_digest(context, |parts, _| parts.components.retain(|component| component != "content-digest"))
    }),
    // --- the digest of the content -----------------------------------------------------------------------------------
    Forgery::new("body-changed", "another body than the one whose digest is covered", |context| {
        with_digest(context, |parts, occasion| parts.send_body([&occasion.request.body[..], b" "].concat()))
    }),
    Forgery::new("one-digest-wrong", "two digests of which one is wrong", |context| {
        with_digest(context, |parts, _| {
            let wrong = STANDARD.encode([0x42; 64]);
            parts.digest = parts.digest.take().map(|digest| format!("{digest}, sha-512=:{wrong}:"));
        })
    }),
    Forgery::new("weak-digest", "another body, with a digest by MD5 alone", |context| {
        with_digest(context, |parts, occasion| {
            use md5::Digest as _;
            let body = [&occasion.request.body[..], b" "].concat();
            parts.digest = Some(format!("md5=:{}:", STANDARD.encode(md5::Md5::digest(&body))));
            parts.send_body(body);
        })
    }),
    Forgery::new("malformed-digest", "a Content-Digest that is no dictionary", |context| {
        with_digest(context, |parts, _| parts.digest = Some("sha-256=not:a=digest".to_owned()))
    }),
    // --- time ------------------------------------------------------------------------------------------------------
    Forgery::new("stale", "a correct signature from a minute before the window", |context| {
        at(context, |window| -window - BEYOND)
    }),
    Forgery::new("future", "a correct signature from a minute behind the window", |context| {
        at(context, |window| window + BEYOND)
    }),
    Forgery::new("expired", "a correct signature that expired a minute ago", |context| {
        altered(context, |parts, _| {
            parts.created = parts.created.map(|created| created - 2 * BEYOND);
            parts.expires = parts.created.map(|created| created + BEYOND);
        })
    }),
    Forgery::new("no-created", "a correct signature without the time of its creation", |context| {
        altered(context, |parts, _| parts.created = None)
    }),
    Forgery::new("replayed", "the signature of a good request, sent a second time", |context| {
        altered(context, |_, _| {})
    }),
    // --- key and algorithm -----------------------------------------------------------------------------------------
    Forgery::new("alg-conflict", "the name of another algorithm than that of the key", |context| {
        altered(context, |parts, _| {
            let other = if parts.alg.as_deref() == Some("ed25519") { "rsa-v1_5-sha256" } else { "ed25519" };
            parts.alg = Some(other.to_owned());
        })
    }),
    Forgery::new("hmac-by-public-key", "hmac-sha256 with the public key as its secret", |context| {
        let (mut parts, _) = good(context)?;
        let public = parts.own.key.public_jwk().and_then(|jwk| public_key_info(&jwk));
        let public = public.ok_or_else(|| Unforgeable("the key is a shared secret".to_owned()))?;
        parts.alg = Some("hmac-sha256".to_owned());
        let made = mac(Alg::HS256, &public, parts.base().as_bytes());
        Ok(parts.written(context.carrier, &made))
    }),
    Forgery::new("no-key-id", "a signature that does not name its key", |context| {
        altered(context, |parts, _| parts.key_id = None)
    }),
    // --- which signature counts ------------------------------------------------------------------------------------
    Forgery::new(
        "narrow-beside-wrong",
        "a wrong signature over everything, and a correct one over nothing",
        |context| {
            let (mut parts, _) = good(context)?;
            let wide = parts.written(context.carrier, &[0x42; 64]);
            parts.components.clear();
            Ok(both(wide, &parts.signed(context.carrier)))
        },
    ),
    Forgery::new("duplicate-component", "a correct signature that covers a component twice", |context| {
        altered(context, |parts, _| parts.components.push("@method".to_owned()))
    }),
    Forgery::new("absent-field", "a correct signature that covers a field which is not there", |context| {
        altered(context, |parts, _| parts.components.push(FIELD.to_owned()))
    }),
    Forgery::new("malformed-input", "a Signature-Input that is no dictionary", |context| {
        let (parts, _) = good(context)?;
        Ok(relabelled(parts.signed(context.carrier), |input| input.replacen(')', "", 1)))
    }),
    Forgery::new("two-labels", "the good signature, and one by an unknown key under another label", |context| {
        let (mut parts, _) = good(context)?;
        let own = parts.signed(context.carrier);
        parts.key_id = Some("authbench-somebody-else".to_owned());
        let made = strangers(parts.own.key.alg).sign(parts.base().as_bytes());
        Ok(both(own, &parts.written(context.carrier, &made)))
    }),
];

/// What a good message says, and what it is made for.
fn good<'a>(context: &ForgeryContext<'a>) -> Result<(MessageParts, &'a Occasion<'a>), Unforgeable> {
    let occasion = context.occasion.ok_or_else(|| Unforgeable("no message to sign".to_owned()))?;
    Ok((MessageParts::of(context.proof, occasion)?, occasion))
}

/// A message that is signed after a change.
fn altered(context: &ForgeryContext<'_>, alter: impl FnOnce(&mut MessageParts, &Occasion<'_>)) -> Forged {
    let (mut parts, occasion) = good(context)?;
    alter(&mut parts, occasion);
    Ok(parts.signed(context.carrier))
}

/// The same for a message that has a digest.
fn with_digest(context: &ForgeryContext<'_>, alter: impl FnOnce(&mut MessageParts, &Occasion<'_>)) -> Forged {
    if good(context)?.0.digest.is_none() {
        return Err(Unforgeable("the request has no body".to_owned()));
    }
    altered(context, alter)
}

/// A correct signature at another time, by the window of the server.
fn at(context: &ForgeryContext<'_>, offset: fn(i64) -> i64) -> Forged {
    altered(context, |parts, _| {
        let window = i64::try_from(parts.own.window.as_secs()).unwrap_or(i64::MAX / 4);
        parts.created = parts.created.map(|created| created + offset(window));
    })
}

fn with_query(occasion: &Occasion<'_>, query: &str) -> String {
    let target = String::from_utf8_lossy(&occasion.request.target);
    format!("{target}{}{query}", if target.contains('?') { '&' } else { '?' })
}

fn is_input(one: &Carried) -> bool {
    one.place == CarrierPlace::Beside(RequestPart::Field("Signature-Input".to_owned()))
}

/// With another Signature-Input.
fn relabelled(mut carried: Vec<Carried>, change: impl Fn(&str) -> String) -> Vec<Carried> {
    for one in carried.iter_mut().filter(|one| is_input(one)) {
        one.value = change(&String::from_utf8_lossy(&one.value)).into_bytes();
    }
    carried
}

/// Two signatures, the second under a label of its own.
fn both(mut first: Vec<Carried>, second: &[Carried]) -> Vec<Carried> {
    let find = |input: bool| second.iter().find(|one| is_input(one) == input && (input || one.is_secret()));
    for one in first.iter_mut().filter(|one| is_input(one) || one.is_secret()) {
        if let Some(other) = find(is_input(one)) {
            let text = String::from_utf8_lossy(&other.value).replacen("sig1=", "sig2=", 1);
            one.value.extend_from_slice(format!(", {text}").as_bytes());
        }
    }
    first
}
