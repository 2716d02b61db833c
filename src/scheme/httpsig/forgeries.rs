//! Forgeries about signed messages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::component::Component;
use super::wrong::{
    altered, at, both, changed, covering, covering_first, good, is_input, query, relabelled, salted, tampered, timed,
    with_digest, with_dot_segment, with_encoded_letter, with_query, without_query,
};
use crate::scheme::forgery::values;
use crate::scheme::jose::Alg;
use crate::scheme::jose::key::{mac, strangers};
use crate::scheme::jose::published::{PublicForm, in_form};
use crate::scheme::signing::in_seconds;
use crate::scheme::{Carried, CarrierPlace, Forged, Forgery, ForgeryContext, RequestPart, Unforgeable};

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
    Forgery::new("middle-changed", "the signature with one bit changed", |context| changed(&good(context)?.0, context)),
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
        tampered(context, |parts, _| parts.method = "AUTHBENCH".to_owned())
    }),
    Forgery::new("other-path", "the signature of a request for another path", |context| {
        tampered(context, |parts, _| {
            let query = parts.target.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
            parts.target = format!("/authbench-another-path{query}");
        })
    }),
    Forgery::new("other-authority", "the signature of a request to another host", |context| {
        tampered(context, |parts, _| parts.authority = "authbench.invalid".to_owned())
    }),
    Forgery::new("query-added", "a query parameter that is not signed", |context| {
        tampered(context, |parts, occasion| parts.send_target(with_query(occasion, "authbench=1")))
    }),
    Forgery::new("query-changed", "another value of a query parameter than the signed one", |context| {
        tampered(context, |parts, occasion| {
            parts.target = with_query(occasion, "authbench=1");
            parts.send_target(with_query(occasion, "authbench=2"));
        })
    }),
    Forgery::new("field-changed", "another value of a covered field", |context| {
        tampered(context, |parts, _| {
            parts.components.push(Component::named(FIELD));
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
        covering(context, |_| vec![Component::named("@method")])
    }),
    Forgery::new(
        "leaves-query-out",
        "a correct signature that does not cover the query, and a parameter more",
        |context| {
            let (_, occasion) = good(context)?;
            let mut carried = covering(context, without_query)?;
            let target = CarrierPlace::Beside(RequestPart::Target);
            carried.insert(0, Carried::new(&target, with_query(occasion, "authbench=1")));
            Ok(carried)
        },
    ),
    Forgery::new("leaves-digest-out", "a correct signature that does not cover Content-Digest", |context| {
        with_digest(context, |parts, _| parts.components.retain(|component| component.name() != "content-digest"))
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
    Forgery::new("stale", "a correct signature from a minute before the window begins, in the past", |context| {
        at(context, |window| -window - BEYOND)
    }),
    Forgery::new("future", "a correct signature from a minute after the window ends, in the future", |context| {
        at(context, |window| window + BEYOND)
    }),
    Forgery::new("expired", "a correct signature that has expired, and was made within the window", |context| {
        let ago = (2 * BEYOND).min(in_seconds(good(context)?.0.own.window) / 2);
        if ago < 2 {
            return Err(Unforgeable("the `window` of the scheme is shorter than 4 s".to_owned()));
        }
        altered(context, |parts, _| {
            parts.expires = parts.created.map(|now| now.saturating_sub(ago / 2));
            parts.created = parts.created.map(|now| now.saturating_sub(ago));
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
    Forgery::new("hmac-by-public-pem", "hmac-sha256 with the public key in PEM as its secret", |context| {
        confused(context, PublicForm::Pem)
    }),
    Forgery::new(
        "hmac-by-public-pem-unended",
        "hmac-sha256 with the public key in PEM without its final newline as its secret",
        |context| confused(context, PublicForm::PemUnended),
    ),
    Forgery::new(
        "hmac-by-public-pkcs1",
        "hmac-sha256 with the public key in PEM of PKCS #1 as its secret",
        |context| confused(context, PublicForm::Pkcs1),
    ),
    Forgery::new("hmac-by-public-key", "hmac-sha256 with the public key in DER as its secret", |context| {
        confused(context, PublicForm::Der)
    }),
    Forgery::new("hmac-by-public-jwk", "hmac-sha256 with the JWK of the public key as its secret", |context| {
        confused(context, PublicForm::Jwk)
    }),
    Forgery::new(
        "hmac-by-public-number",
        "hmac-sha256 with the modulus, the coordinate x, or the bytes of the public key as its secret",
        |context| confused(context, PublicForm::Number),
    ),
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
        altered(context, |parts, _| parts.components.extend_from_within(..1))
    }),
    Forgery::new("absent-field", "a correct signature that covers a field which is not there", |context| {
        altered(context, |parts, _| parts.components.push(Component::named(FIELD)))
    }),
    Forgery::new("malformed-input", "a Signature-Input that is no dictionary", |context| {
        let (parts, _) = good(context)?;
        Ok(relabelled(parts.signed(context.carrier), |input| input.replacen(')', "", 1)))
    }),
    // --- how strictly it is read -----------------------------------------------------------------------------------
    Forgery::new(
        "component-parameter",
        "a correct signature that covers the method with a parameter which nobody understands",
        |context| covering_first(context, "\"@method\";authbench", |parts| parts.method.clone()),
    ),
    Forgery::new(
        "derived-upper-case",
        "a correct signature that covers the method under a name in upper case",
        |context| covering_first(context, "\"@METHOD\"", |parts| parts.method.clone()),
    ),
    Forgery::new("field-upper-case", "a correct signature that covers a field under a name in upper case", |context| {
        covering_first(context, "\"Host\"", |parts| parts.authority.clone())
    }),
    Forgery::new("created-text", "a correct signature whose time of creation is a text", |context| {
        timed(context, |_| ";created=\"never\"".to_owned())
    }),
    Forgery::new("created-fraction", "a correct signature whose time of creation has a fraction", |context| {
        timed(context, |created| format!(";created={created}.5"))
    }),
    Forgery::new("expires-text", "a correct signature whose `expires` is a text", |context| {
        timed(context, |created| format!(";created={created};expires=\"never\""))
    }),
    Forgery::new("salt-empty", "a correct signature by RSASSA-PSS with an empty salt", |context| salted(context, 0)),
    Forgery::new("salt-short", "a correct signature by RSASSA-PSS with a salt of 32 bytes", |context| {
        salted(context, 32)
    }),
    Forgery::new("dot-segment", "the signature of a path, sent with a segment of one encoded dot in it", |context| {
        tampered(context, |parts, occasion| parts.send_target(with_dot_segment(occasion)))
    }),
    Forgery::new(
        "dot-segment-changed",
        "a path with a segment of one encoded dot in it, and one bit of the signature changed",
        |context| {
            let (mut parts, occasion) = good(context)?;
            parts.send_target(with_dot_segment(occasion));
            changed(&parts, context)
        },
    ),
    Forgery::new("encoded-letter", "the signature of a path, sent with a letter of it percent-encoded", |context| {
        let target = with_encoded_letter(good(context)?.1)?;
        tampered(context, |parts, _| parts.send_target(target))
    }),
    Forgery::new(
        "encoded-letter-changed",
        "a path with a letter percent-encoded, and one bit of the signature changed",
        |context| {
            let (mut parts, occasion) = good(context)?;
            parts.send_target(with_encoded_letter(occasion)?);
            changed(&parts, context)
        },
    ),
    Forgery::new("query-plain", "a correct signature of a query with two parameters", |context| {
        query(context, "authbench-a=1&authbench-b=2")
    }),
    Forgery::new("query-apostrophe", "a correct signature of a query with apostrophes", |context| {
        query(context, "authbench='1'")
    }),
    Forgery::new(
        "query-delimiters",
        "a correct signature of a query with delimiters such as $, +, ; and /",
        |context| query(context, "authbench=!$()*+,;:@/?"),
    ),
    Forgery::new(
        "query-encoded",
        "a correct signature of a query with percent-encodings in lower case, and of characters that need none",
        |context| query(context, "authbench=%c3%a9%7e%2f%61"),
    ),
    Forgery::new("query-no-value", "a correct signature of a query with a name alone and an empty value", |context| {
        query(context, "authbench-a&authbench-b=")
    }),
    Forgery::new("two-labels", "the good signature, and one by an unknown key under another label", |context| {
        let (mut parts, _) = good(context)?;
        let own = parts.signed(context.carrier);
        parts.key_id = Some("authbench-somebody-else".to_owned());
        let made = strangers(parts.own.key.alg).sign(parts.base().as_bytes());
        Ok(both(own, &parts.written(context.carrier, &made)))
    }),
];

/// A signature by HMAC whose secret is the public key (RFC 9421 §7.3.6).
fn confused(context: &mut ForgeryContext<'_>, form: PublicForm) -> Forged {
    let (mut parts, _) = good(context)?;
    let public = parts.own.key.public_jwk();
    let public = public.ok_or_else(|| Unforgeable("the key is a shared secret".to_owned()))?;
    let secret = in_form(&public, form);
    let secret = secret.ok_or_else(|| Unforgeable("the key has no such form".to_owned()))?;
    parts.alg = Some("hmac-sha256".to_owned());
    let made = mac(Alg::HS256, &secret, parts.base().as_bytes());
    Ok(parts.written(context.carrier, &made))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    use super::*;
    use crate::observe::{ForgeryId, Request};
    use crate::scheme::httpsig::MessageKey;
    use crate::scheme::jose::SigningKey;
    use crate::scheme::jwt::Kit;
    use crate::scheme::{Occasion, Proof};

    fn forged(components: &[&str], method: &str, window: Duration, id: &'static str) -> Forged {
        let own = MessageKey {
            key: Arc::new(SigningKey::secret(b"a shared secret of 32 bytes ....", Alg::HS256, None)),
            key_id: "k".to_owned(),
            components: components.iter().copied().map(Component::named).collect(),
            tag: None,
            window,
            over_tls: false,
        };
        let request = Request::new(method, "/orders?a=1").header("Host", "api.test");
        let request = if method == "GET" { request } else { request.with_body("application/json", "{}") };
        let occasion = Occasion { request: &request, challenge: None, count: 1, random: "n" };
        let scheme = crate::scheme::find("http-signature").expect("is registered");
        let (carrier, kit, mut rng) = (scheme.carrier(), Kit::default(), StdRng::seed_from_u64(1));
        let mut context = ForgeryContext {
            scheme,
            carrier: &carrier,
            proof: &Proof::Message(Arc::new(own)),
            rng: &mut rng,
            kit: &kit,
            occasion: Some(&occasion),
        };
        scheme.forge(ForgeryId::new(id), &mut context)
    }

    fn input(forged: Forged) -> String {
        let carried = forged.unwrap_or_else(|why| panic!("{}", why.0));
        let input = carried.iter().find(|one| is_input(one)).expect("an input");
        String::from_utf8_lossy(&input.value).into_owned()
    }

    /// A signature that covers nothing of what is changed would be a good one.
    #[test]
    fn what_the_components_do_not_cover_is_not_tampered_with() {
        const ALL: [&str; 10] = [
            "other-method",
            "other-path",
            "other-authority",
            "query-added",
            "query-changed",
            "field-changed",
            "leaves-query-out",
            "covers-method",
            "dot-segment",
            "encoded-letter",
        ];
        let minute = Duration::from_secs(60);
        for (components, unforgeable) in [
            (&["@method", "@authority", "@path", "@query"][..], &[][..]),
            (&["@method", "@target-uri"], &[]),
            (&["@method", "@authority", "@request-target"], &[]),
            (&["@authority", "@path"], &["other-method", "query-added", "query-changed", "leaves-query-out"]),
            (
                &["@method"],
                &[
                    "other-path",
                    "other-authority",
                    "query-added",
                    "query-changed",
                    "leaves-query-out",
                    "covers-method",
                    "dot-segment",
                    "encoded-letter",
                ],
            ),
        ] {
            let missing: Vec<&str> =
                ALL.into_iter().filter(|id| forged(components, "GET", minute, id).is_err()).collect();
            assert_eq!(missing, unforgeable, "{components:?}");
        }
    }

    #[test]
    fn other_coverage_is_what_its_id_names() {
        let minute = Duration::from_secs(60);
        for (components, method, id, covered) in [
            (
                &["@method", "@target-uri"][..],
                "GET",
                "leaves-query-out",
                r#"("@method" "@scheme" "@authority" "@path")"#,
            ),
            (&["@method", "@request-target", "@path"], "GET", "leaves-query-out", r#"("@method" "@path")"#),
            (&["@authority"], "POST", "covers-method", r#"("@method")"#),
            (&["@authority", "@path"], "GET", "duplicate-component", r#"("@authority" "@path" "@authority")"#),
            // a digest is covered once, and where there is one
            (&["@method", "content-digest"], "POST", "alg-conflict", r#"("@method" "content-digest")"#),
            (&["@method", "content-digest"], "GET", "alg-conflict", r#"("@method")"#),
        ] {
            let input = input(forged(components, method, minute, id));
            assert!(input.starts_with(&format!("sig1={covered};")), "{id}: {input}");
        }
    }

    #[test]
    fn an_expired_signature_was_made_within_the_window_and_times_do_not_overflow() {
        let number = |input: &str, name: &str| -> i64 {
            let (_, rest) = input.split_once(&format!(";{name}=")).expect("is there");
            rest.split(';').next().expect("a value").parse().expect("a number")
        };
        let all = &["@method"][..];
        assert!(forged(all, "GET", Duration::from_secs(3), "expired").is_err());
        for window in [4, 10, 60, 300] {
            let now = crate::clock::unix_seconds();
            let input = input(forged(all, "GET", Duration::from_secs(window), "expired"));
            let (created, expires) = (number(&input, "created"), number(&input, "expires"));
            assert!(created < expires && expires < now && now - created < window as i64, "{window}: {input}");
        }
        let now = crate::clock::unix_seconds();
        assert!(number(&input(forged(all, "GET", Duration::MAX, "stale")), "created") < now - BEYOND);
        assert!(number(&input(forged(all, "GET", Duration::MAX, "future")), "created") > now + BEYOND);
    }
}
