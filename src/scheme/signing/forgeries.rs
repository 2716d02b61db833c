//! Forgeries about signed requests. Each signs one request and sends another, or leaves out what it says, or signs with something else.

use std::marker::PhantomData;
use std::sync::Arc;

use aws_lc_rs::hmac;

use super::{
    Chunks, Dialect, Piece, SigningCredential, SigningParts, hexadecimal, in_seconds, parts, signed, with_query,
    written,
};
use crate::observe::Request;
use crate::scheme::forgery::values;
use crate::scheme::{Forged, Forgery, ForgeryContext, Occasion, Unforgeable};
use crate::secret::Secret;

/// A field that nobody looks at unless it is signed.
const FIELD: &str = "x-authbench-signed";
/// How far beyond the window a time is that has to be refused, in seconds.
const BEYOND: i64 = 60;
const DAY: i64 = 24 * 3600;
/// How far clocks may be apart without harm, in seconds.
const SKEW: i64 = 30;

/// The table of forgeries of a dialect.
pub(in crate::scheme) struct SigningForgeries<D>(PhantomData<D>);

impl<D: Dialect> SigningForgeries<D> {
    pub(in crate::scheme) const TABLE: &'static [Forgery] = &[
        // --- the signature -------------------------------------------------------------------------------------
        Forgery::new("unknown", "a signature under a key identifier that does not exist", |context| {
            let random = random(context);
            altered::<D>(context, |parts, _| {
                parts.key_id = format!("AUTHBENCH{}", random[..8].to_uppercase());
                parts.secret = Secret::new(random);
                Ok(())
            })
        }),
        Forgery::new("wrong-secret", "a signature with another secret", |context| {
            let random = random(context);
            altered::<D>(context, |parts, _| {
                parts.secret = Secret::new(random);
                Ok(())
            })
        }),
        Forgery::new("empty-secret", "a signature with an empty secret", |context| {
            altered::<D>(context, |parts, _| {
                parts.secret = Secret::new("");
                Ok(())
            })
        }),
        Forgery::new("truncated", "the signature without its last digit", |context| {
            resigned::<D>(context, "truncated")
        }),
        Forgery::new("extended", "the signature with one character appended", |context| {
            resigned::<D>(context, "extended")
        }),
        Forgery::new("middle-changed", "the signature with its middle digit changed", |context| {
            rewritten::<D>(context, |signature| changed_at(signature, signature.len() / 2))
        }),
        Forgery::new("last-changed", "the signature with its last digit changed", |context| {
            rewritten::<D>(context, |signature| changed_at(signature, signature.len() - 1))
        }),
        Forgery::new("first-changed", "the signature with its first digit changed", |context| {
            rewritten::<D>(context, |signature| changed_at(signature, 0))
        }),
        Forgery::new("first-eight", "the first eight digits of the signature", |context| {
            rewritten::<D>(context, |signature| signature[..8].to_owned())
        }),
        Forgery::new("base64", "the digits of the signature in Base64", |context| resigned::<D>(context, "base64")),
        Forgery::new("empty-signature", "an empty signature", |context| rewritten::<D>(context, |_| String::new())),
        Forgery::new("other-request", "the signature of a request for another path", |context| {
            altered::<D>(context, |parts, _| {
                // a presigned address is made from the target that is signed: the one that is sent stays as it is
                let own = std::mem::replace(&mut parts.target, "/authbench-another-path".to_owned());
                parts.send_target(own);
                Ok(())
            })
        }),
        // --- what is missing -----------------------------------------------------------------------------------
        Forgery::new("no-signature", "no signature", |context| without::<D>(context, Piece::Signature)),
        Forgery::new("no-key-id", "no key identifier", |context| without::<D>(context, Piece::KeyId)),
        Forgery::new("no-time", "no time", |context| without::<D>(context, Piece::Time)),
        Forgery::new("no-nonce", "no nonce", |context| without::<D>(context, Piece::Nonce)),
        Forgery::new("no-fields", "no list of signed fields", |context| without::<D>(context, Piece::Fields)),
        Forgery::new("no-body-digest", "no digest of the body", |context| without::<D>(context, Piece::Body)),
        Forgery::new("algorithm-unknown", "the name of an algorithm that does not exist", |context| {
            altered::<D>(context, |parts, _| {
                parts.algorithm = parts.algorithm.replace("SHA256", "AUTHBENCH");
                Ok(())
            })
        }),
        Forgery::new("algorithm-none", "the algorithm none, and an empty signature", |context| {
            let mut parts = good::<D>(context)?.0;
            parts.algorithm = parts.algorithm.replace("SHA256", "NONE");
            Ok(written::<D>(&parts, context.carrier, ""))
        }),
        Forgery::new("algorithm-sha1", "the algorithm HMAC-SHA1, and a signature by it", |context| {
            let mut parts = good::<D>(context)?.0;
            parts.algorithm = parts.algorithm.replace("SHA256", "SHA1");
            let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &D::key(&parts));
            let signature = hexadecimal(hmac::sign(&key, D::text(&parts).as_bytes()).as_ref());
            Ok(written::<D>(&parts, context.carrier, &signature))
        }),
        // --- the body ------------------------------------------------------------------------------------------
        Forgery::new("body-changed", "another body than the signed one: one character changed", |context| {
            body::<D>(context, |body| {
                let at = body.iter().rposition(u8::is_ascii_alphanumeric).ok_or_else(no_body)?;
                body[at] = if body[at] == b'a' { b'b' } else { b'a' };
                Ok(())
            })
        }),
        Forgery::new("body-extended", "another body than the signed one: a space appended", |context| {
            body::<D>(context, |body| {
                body.push(b' ');
                Ok(())
            })
        }),
        Forgery::new("body-emptied", "no body where one was signed", |context| {
            body::<D>(context, |body| {
                if body.is_empty() {
                    return Err(no_body());
                }
                body.clear();
                Ok(())
            })
        }),
        Forgery::new("body-digest-changed", "another body than the signed one, with its own digest", |context| {
            let (mut parts, occasion) = with_body::<D>(context)?;
            let signature = D::signature(&parts);
            let body = [&occasion.request.body[..], b" "].concat();
            parts.body = D::body(&body);
            parts.send_body(body);
            Ok(written::<D>(&parts, context.carrier, &signature))
        }),
        Forgery::new("body-unsigned", "another body than the signed one, declared as unsigned", |context| {
            let (mut parts, occasion) = with_body::<D>(context)?;
            let signature = D::signature(&parts);
            D::UNSIGNED.clone_into(&mut parts.body);
            parts.send_body([&occasion.request.body[..], b" "].concat());
            Ok(written::<D>(&parts, context.carrier, &signature))
        }),
        Forgery::new("chunk-signature-changed", "a chunk whose signature has one digit changed", |context| {
            chunked::<D>(context, |chunks| chunks.alters_signature = true)
        }),
        Forgery::new("last-chunk-cut", "a body without the chunk that ends it", |context| {
            chunked::<D>(context, |chunks| chunks.lacks_last = true)
        }),
        // --- the request line ----------------------------------------------------------------------------------
        Forgery::new("other-method", "the signature of a request by another method", |context| {
            altered::<D>(context, |parts, _| {
                parts.method = "AUTHBENCH".to_owned();
                Ok(())
            })
        }),
        Forgery::new("other-host", "the signature of a request to another host", |context| {
            altered::<D>(context, |parts, _| {
                parts.fields.retain(|(name, _)| name != "host");
                parts.fields.push(("host".to_owned(), "authbench.invalid".to_owned()));
                Ok(())
            })
        }),
        Forgery::new("query-changed", "another value of a query parameter than the signed one", |context| {
            query::<D>(context, Some("authbench=1"), Some("authbench=2"))
        }),
        Forgery::new("query-added", "a query parameter that is not signed", |context| {
            query::<D>(context, None, Some("authbench=1"))
        }),
        Forgery::new("query-flag-added", "a query parameter without a value that is not signed", |context| {
            query::<D>(context, None, Some("authbench"))
        }),
        Forgery::new("query-nameless-added", "a query parameter without a name that is not signed", |context| {
            query::<D>(context, None, Some("=authbench"))
        }),
        Forgery::new("query-proto-added", "a query parameter of the name __proto__ that is not signed", |context| {
            query::<D>(context, None, Some("__proto__=authbench"))
        }),
        Forgery::new("query-dropped", "a signed query parameter left out", |context| {
            query::<D>(context, Some("authbench=1"), None)
        }),
        Forgery::new("query-duplicated", "a signed query parameter once more, with another value", |context| {
            query::<D>(context, Some("authbench=1"), Some("authbench=1&authbench=2"))
        }),
        Forgery::new("query-repeated-before", "a signed query parameter behind another value of it", |context| {
            query::<D>(context, Some("authbench=1"), Some("authbench=2&authbench=1"))
        }),
        // --- the signed fields ---------------------------------------------------------------------------------
        Forgery::new("field-changed", "another value of a signed field", |context| {
            altered::<D>(context, |parts, _| {
                parts.fields.push((FIELD.to_owned(), "one".to_owned()));
                parts.send_field(FIELD, "two");
                Ok(())
            })
        }),
        Forgery::new("field-removed", "a signed field left out", |context| {
            altered::<D>(context, |parts, _| {
                parts.fields.push((FIELD.to_owned(), "one".to_owned()));
                Ok(())
            })
        }),
        Forgery::new("field-absent", "a field that is not there, signed as an empty one", |context| {
            altered::<D>(context, |parts, _| {
                parts.fields.push((FIELD.to_owned(), String::new()));
                Ok(())
            })
        }),
        Forgery::new("fields-empty", "a correct signature over no field", |context| {
            altered::<D>(context, |parts, _| {
                parts.fields.clear();
                Ok(())
            })
        }),
        Forgery::new("host-unsigned", "a correct signature that leaves the host out", |context| {
            altered::<D>(context, |parts, _| {
                parts.fields.retain(|(name, _)| name != "host");
                parts.fields.push((FIELD.to_owned(), "one".to_owned()));
                parts.send_field(FIELD, "one");
                Ok(())
            })
        }),
        // --- correct signatures, written in other ways ----------------------------------------------------------
        Forgery::new("query-plain", "a correct signature over two query parameters", |context| {
            let query = Some("authbench-a=1&authbench-b=2");
            self::query::<D>(context, query, query)
        }),
        Forgery::new(
            "query-reordered",
            "a correct signature over two query parameters, sent in another order",
            |context| query::<D>(context, Some("authbench-a=1&authbench-b=2"), Some("authbench-b=2&authbench-a=1")),
        ),
        Forgery::new(
            "query-encoded",
            "a correct signature over values with a space, %, +, ~, an empty one and UTF-8",
            |context| {
                let query = Some("authbench-a=%20%25&authbench-b=%2B&authbench-c=~&authbench-d=&authbench-e=%C3%A9");
                self::query::<D>(context, query, query)
            },
        ),
        Forgery::new(
            "query-same-name",
            "a correct signature over one name with two values, sent in another order",
            |context| query::<D>(context, Some("authbench=1&authbench=2"), Some("authbench=2&authbench=1")),
        ),
        // --- other requests with the same text --------------------------------------------------------------------
        Forgery::new(
            "border-of-query",
            "the signature of a path in which the query begins without a question mark",
            |context| {
                altered::<D>(context, |parts, occasion| {
                    let target = with_query(occasion.request, "authbench=1");
                    parts.target = target.replacen('?', "", 1);
                    parts.send_target(target);
                    Ok(())
                })
            },
        ),
        Forgery::new(
            "encoded-question-mark",
            "the signature of a path with an encoded question mark, sent as a query",
            |context| {
                altered::<D>(context, |parts, occasion| {
                    let target = with_query(occasion.request, "authbench=1");
                    parts.target = target.replacen('?', "%3F", 1);
                    parts.send_target(target);
                    Ok(())
                })
            },
        ),
        Forgery::new(
            "encoded-separator",
            "the signature of two query parameters, sent as one encoded value",
            |context| query::<D>(context, Some("authbench=1&x=2"), Some("authbench=1%26x%3D2")),
        ),
        Forgery::new(
            "decoded-separator",
            "the signature of one encoded value, sent as two query parameters",
            |context| query::<D>(context, Some("authbench=1%26x%3D2"), Some("authbench=1&x=2")),
        ),
        // --- time ----------------------------------------------------------------------------------------------
        Forgery::new("stale", "a correct signature from a minute before the window begins, in the past", |context| {
            at::<D>(context, |window| -window - BEYOND)
        }),
        Forgery::new("future", "a correct signature from a minute after the window ends, in the future", |context| {
            at::<D>(context, |window| window + BEYOND)
        }),
        Forgery::new(
            "skew-behind",
            "a correct signature from 30 s ago (half the window where that is shorter)",
            |context| at::<D>(context, |window| -SKEW.min(window / 2)),
        ),
        Forgery::new(
            "skew-ahead",
            "a correct signature from 30 s ahead (half the window where that is shorter)",
            |context| at::<D>(context, |window| SKEW.min(window / 2)),
        ),
        Forgery::new("time-no-date", "a correct signature whose time is no date", |context| {
            time::<D>(context, "yesterday")
        }),
        Forgery::new("time-negative", "a correct signature with a negative time", |context| time::<D>(context, "-1")),
        Forgery::new(
            "scope-of-another-day",
            "a correct signature whose scope is of another day than its time",
            |context| {
                if !D::HAS_SCOPE {
                    return Err(Unforgeable("the signature has no scope".to_owned()));
                }
                altered::<D>(context, |parts, _| {
                    parts.scope_offset = -2 * DAY;
                    Ok(())
                })
            },
        ),
        // --- the scope of the key -------------------------------------------------------------------------------
        Forgery::new("other-region", "a correct signature by a key for another region", |context| {
            scoped::<D>(context, |own| own.region.push_str("-authbench"))
        }),
        Forgery::new("other-service", "a correct signature by a key for another service", |context| {
            scoped::<D>(context, |own| own.service.push_str("-authbench"))
        }),
        // --- the same again ------------------------------------------------------------------------------------
        Forgery::new("replayed", "the credential of a good request, sent a second time", |context| {
            altered::<D>(context, |_, _| Ok(()))
        }),
    ];
}

fn no_body() -> Unforgeable {
    Unforgeable("the request has no body to change".to_owned())
}

/// A random secret.
fn random(context: &mut ForgeryContext<'_>) -> String {
    let form = "k".repeat(40);
    values::forged("unknown", &form, context.rng).unwrap_or(form)
}

/// The same where the body is signed.
fn with_body<'a, D: Dialect>(context: &ForgeryContext<'a>) -> Result<(SigningParts, &'a Occasion<'a>), Unforgeable> {
    let (parts, occasion) = good::<D>(context)?;
    match parts.credential.leaves_bodies_out {
        true => Err(Unforgeable("the scenario declares that bodies are not signed".to_owned())),
        false => Ok((parts, occasion)),
    }
}

/// What a good request says, and what it is made for.
fn good<'a, D: Dialect>(context: &ForgeryContext<'a>) -> Result<(SigningParts, &'a Occasion<'a>), Unforgeable> {
    let occasion = context.occasion.ok_or_else(|| Unforgeable("no request to sign".to_owned()))?;
    Ok((parts::<D>(context.proof, occasion)?, occasion))
}

/// A request that is signed after a change.
fn altered<D: Dialect>(
    context: &ForgeryContext<'_>,
    alter: impl FnOnce(&mut SigningParts, &Occasion<'_>) -> Result<(), Unforgeable>,
) -> Forged {
    let (mut parts, occasion) = good::<D>(context)?;
    alter(&mut parts, occasion)?;
    Ok(signed::<D>(&parts, context.carrier))
}

/// A correct signature by a key that is derived for something else.
fn scoped<D: Dialect>(context: &ForgeryContext<'_>, alter: fn(&mut SigningCredential)) -> Forged {
    if !D::HAS_SCOPE {
        return Err(Unforgeable("the signature has no scope".to_owned()));
    }
    altered::<D>(context, |parts, _| {
        alter(Arc::make_mut(&mut parts.credential));
        Ok(())
    })
}

/// A good request with another signature.
fn rewritten<D: Dialect>(context: &ForgeryContext<'_>, rewrite: fn(&str) -> String) -> Forged {
    let (parts, _) = good::<D>(context)?;
    let signature = rewrite(&D::signature(&parts));
    Ok(written::<D>(&parts, context.carrier, &signature))
}

/// A good request with one of the forgeries about a text as its signature.
fn resigned<D: Dialect>(context: &mut ForgeryContext<'_>, id: &str) -> Forged {
    let (parts, _) = good::<D>(context)?;
    let forged = values::forged(id, &D::signature(&parts), context.rng);
    let forged = forged.ok_or_else(|| Unforgeable("the signature offers nothing to change".to_owned()))?;
    Ok(written::<D>(&parts, context.carrier, &forged))
}

/// Another digit at one place.
fn changed_at(signature: &str, at: usize) -> String {
    let other = if signature.as_bytes()[at] == b'0' { "1" } else { "0" };
    format!("{}{other}{}", &signature[..at], &signature[at + 1..])
}

fn without<D: Dialect>(context: &ForgeryContext<'_>, piece: Piece) -> Forged {
    if D::OPTIONAL.contains(&piece) {
        return Err(Unforgeable("a correct request may lack it".to_owned()));
    }
    altered::<D>(context, |parts, _| {
        parts.left_out = Some(piece);
        Ok(())
    })
}

/// The signature of a request, and another body.
fn body<D: Dialect>(context: &ForgeryContext<'_>, change: fn(&mut Vec<u8>) -> Result<(), Unforgeable>) -> Forged {
    let (mut parts, occasion) = with_body::<D>(context)?;
    let mut body = occasion.request.body.clone();
    change(&mut body)?;
    parts.send_body(body);
    Ok(signed::<D>(&parts, context.carrier))
}

/// The signature of a request whose chunks are sent in another way.
fn chunked<D: Dialect>(context: &ForgeryContext<'_>, change: fn(&mut Chunks)) -> Forged {
    altered::<D>(context, |parts, _| match &mut parts.chunks {
        Some(chunks) => {
            change(chunks);
            Ok(())
        }
        None => Err(Unforgeable("the request has no body in chunks".to_owned())),
    })
}

/// The signature of a request with one query, sent with another.
fn query<D: Dialect>(context: &ForgeryContext<'_>, of: Option<&str>, sent: Option<&str>) -> Forged {
    let with = |request: &Request, query: Option<&str>| {
        query.map_or_else(|| String::from_utf8_lossy(&request.target).into_owned(), |query| with_query(request, query))
    };
    altered::<D>(context, |parts, occasion| {
        parts.target = with(occasion.request, of);
        parts.send_target(with(occasion.request, sent));
        Ok(())
    })
}

/// A correct signature at another time, by the window of the server.
fn at<D: Dialect>(context: &ForgeryContext<'_>, offset: fn(i64) -> i64) -> Forged {
    altered::<D>(context, |parts, _| {
        parts.at = parts.at.saturating_add(offset(in_seconds(parts.credential.window)));
        Ok(())
    })
}

/// A correct signature over something in place of a time.
fn time<D: Dialect>(context: &ForgeryContext<'_>, text: &'static str) -> Forged {
    altered::<D>(context, |parts, _| {
        parts.time = Some(text);
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    use super::*;
    use crate::scheme::jwt::Kit;
    use crate::scheme::sigv4::SigV4Scheme;
    use crate::scheme::{Proof, Scheme, find};

    fn request() -> Request {
        let request = Request::new("POST", "/orders?a=1").header("Host", "api.test");
        request.with_body("application/json", r#"{"item":"lamp"}"#)
    }

    fn credential(window: Duration, in_query: bool) -> Proof {
        Proof::Signing(Arc::new(SigningCredential {
            window,
            in_query,
            region: "eu-central-1".to_owned(),
            service: "execute-api".to_owned(),
            ..SigningCredential::new("service", Secret::new("a-secret"))
        }))
    }

    /// The request with a good credential, and with a forged one.
    fn signed(
        scheme: &'static dyn Scheme,
        proof: &Proof,
        id: Option<crate::observe::ForgeryId>,
    ) -> Result<Request, String> {
        let in_query = matches!(proof, Proof::Signing(own) if own.in_query);
        let carrier = if in_query { SigV4Scheme::in_query() } else { scheme.carrier() };
        let bare = request();
        let occasion = Occasion { request: &bare, challenge: None, count: 1, random: "Zk3v9QxTb2Lm7RwY" };
        let (mut rng, kit) = (StdRng::seed_from_u64(1), Kit::default());
        let carried = match id {
            None => scheme.prove(&carrier, proof, &occasion),
            Some(id) => {
                let (carrier, occasion) = (&carrier, Some(&occasion));
                let mut context = ForgeryContext { scheme, carrier, proof, rng: &mut rng, kit: &kit, occasion };
                scheme.forge(id, &mut context)
            }
        };
        let mut sent = bare.clone();
        carried.map_err(|why| why.0)?.iter().for_each(|one| one.apply(&mut sent));
        Ok(sent)
    }

    #[test]
    fn each_forgery_sends_something_else_than_the_good_request() {
        for (name, in_query, unforgeable) in [
            ("hmac", false, &["scope-of-another-day", "other-region", "other-service"][..]),
            ("sigv4", false, &["no-nonce", "no-body-digest"]),
            ("sigv4", true, &["no-nonce", "no-body-digest"]),
        ] {
            let scheme = find(name).expect("is registered");
            let proof = credential(Duration::from_secs(300), in_query);
            let mut missing = Vec::new();
            for forgery in scheme.forgeries() {
                // the time is a part of what is signed: both are made in one second
                let (good, forged) = loop {
                    let before = signed(scheme, &proof, None).expect("can be signed");
                    let forged = signed(scheme, &proof, Some(forgery.id));
                    if before == signed(scheme, &proof, None).expect("can be signed") {
                        break (before, forged);
                    }
                };
                match forged {
                    Ok(forged) => {
                        assert_eq!(forged == good, scheme.replays(forgery.id), "{name} {in_query}: {}", forgery.id);
                    }
                    // the body of this request is no chunks
                    Err(_) if forgery.id.as_str().contains("chunk") => {}
                    Err(_) => missing.push(forgery.id.as_str()),
                }
            }
            assert_eq!(missing, unforgeable, "{name}");
        }
    }

    #[test]
    fn times_are_on_their_side_of_now_whatever_the_window() {
        let scheme = find("hmac").expect("is registered");
        let time = |window: Duration, id: &'static str| -> i64 {
            let sent = signed(scheme, &credential(window, false), Some(crate::observe::ForgeryId::new(id)));
            let sent = sent.expect("can be forged");
            let line = String::from_utf8_lossy(sent.value_of("authorization").expect("a credential")).into_owned();
            let (_, rest) = line.split_once("time=\"").expect("a time");
            rest.split('"').next().expect("a value").parse().expect("a number")
        };
        for window in [Duration::ZERO, Duration::from_secs(10), Duration::from_secs(300), Duration::MAX] {
            let now = crate::clock::unix_seconds();
            let seconds = in_seconds(window);
            assert!(time(window, "stale") <= now + 2 - seconds - BEYOND, "{window:?}");
            assert!(time(window, "future") >= now + seconds + BEYOND, "{window:?}");
            // a server of this window accepts both
            assert!((time(window, "skew-behind") - now).abs() <= seconds / 2 + 2, "{window:?}");
            assert!((time(window, "skew-ahead") - now).abs() <= seconds / 2 + 2, "{window:?}");
        }
    }
}
