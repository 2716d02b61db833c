//! Forgeries about claims: the token is correctly signed by the issuer's key, and one claim is wrong.

use serde_json::{Value, json};

use super::twin::{carry, claim, claims, good_token, twin, unforgeable};
use crate::scheme::forgery::values::case_flipped;
use crate::scheme::{Forged, Forgery, ForgeryContext, Proof};
use crate::secret::Secret;

/// Deeper than parsers go that bound it, and short enough for a header line.
const NESTED: usize = 1200;

/// Claims that have a meaning of their own, which forgeries of their own are about (RFC 7519 §4.1, RFC 9068 §2.2), and what a
/// confirmation binds to (RFC 7800 §3).
const REGISTERED: [&str; 10] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "scope", "cnf"];

/// Signed with the issuer's key.
pub(super) const WITH_THE_KEY: &[Forgery] = &[
    Forgery::new("twin", "a fresh token, signed by authbench with the issuer's key", |context| {
        let twin = twin(context)?;
        let made = twin.signed(&twin.token).text();
        // it equals the good token where that was issued in the same second and has no `jti`, and is as good as that
        Ok(context.carry(&Proof::Token(Secret::new(made))))
    }),
    // --- exp (RFC 7519 §4.1.4)
    Forgery::new("exp-yesterday", "exp one day in the past", |context| ended(context, 86_400)),
    Forgery::new("exp-past-leeway", "exp six minutes in the past", |context| ended(context, 360)),
    Forgery::new("exp-zero", "exp in 1970", |context| claim(context, "exp", |claims, _| claims.set("exp", 0))),
    Forgery::new("exp-negative", "exp before 1970", |context| claim(context, "exp", |claims, _| claims.set("exp", -1))),
    Forgery::new("exp-absent", "no exp", |context| match follows_rfc9068(context)? {
        true => claim(context, "exp", |claims, _| claims.remove("exp")),
        false => unforgeable("the tokens do not claim to follow RFC 9068, which requires exp"),
    }),
    Forgery::new("exp-absent-plain", "no exp, in a token that need not have one", |context| {
        match follows_rfc9068(context)? {
            true => unforgeable("the tokens claim to follow RFC 9068, which requires exp"),
            false => claim(context, "exp", |claims, _| claims.remove("exp")),
        }
    }),
    Forgery::new("exp-null", "exp of null", |context| {
        claim(context, "exp", |claims, _| claims.set("exp", Value::Null))
    }),
    Forgery::new("exp-string", "a good exp, as text", |context| {
        claim(context, "exp", |claims, twin| claims.set("exp", (twin.now + 300).to_string()))
    }),
    Forgery::new("exp-word", "a word for exp", |context| claim(context, "exp", |claims, _| claims.set("exp", "never"))),
    Forgery::new("exp-iso", "exp as a date of ISO 8601", |context| {
        claim(context, "exp", |claims, _| claims.set("exp", "2099-01-01T00:00:00Z"))
    }),
    Forgery::new("exp-array", "a good exp in an array", |context| {
        claim(context, "exp", |claims, twin| claims.set("exp", vec![twin.now + 300]))
    }),
    Forgery::new("exp-object", "a good exp in an object", |context| {
        claim(context, "exp", |claims, twin| claims.set("exp", json!({ "exp": twin.now + 300 })))
    }),
    Forgery::new("exp-true", "exp of true", |context| claim(context, "exp", |claims, _| claims.set("exp", true))),
    Forgery::new("exp-nan", "exp of NaN", |context| claim(context, "exp", |claims, _| claims.set_raw("exp", "NaN"))),
    Forgery::new("exp-infinity", "exp of Infinity", |context| {
        claim(context, "exp", |claims, _| claims.set_raw("exp", "Infinity"))
    }),
    Forgery::new("exp-least", "exp of -2^63", |context| {
        claim(context, "exp", |claims, _| claims.set_raw("exp", "-9223372036854775808"))
    }),
    Forgery::new("exp-2-63", "exp of 2^63", |context| {
        claim(context, "exp", |claims, _| claims.set_raw("exp", "9223372036854775808"))
    }),
    Forgery::new("exp-2-64", "exp of 2^64 + 5", |context| {
        claim(context, "exp", |claims, _| claims.set_raw("exp", "18446744073709551621"))
    }),
    Forgery::new("exp-1e400", "exp of 1e400", |context| {
        claim(context, "exp", |claims, _| claims.set_raw("exp", "1e400"))
    }),
    Forgery::new("exp-fraction", "a good exp with a fraction of a second", |context| {
        claim(context, "exp", |claims, twin| claims.set_raw("exp", &format!("{}.5", twin.now + 300)))
    }),
    // --- how long a token lives past its end: one of these for each step of a ladder
    Forgery::new("ended-1", "exp 1 s in the past", |context| ended(context, 1)),
    Forgery::new("ended-5", "exp 5 s in the past", |context| ended(context, 5)),
    Forgery::new("ended-15", "exp 15 s in the past", |context| ended(context, 15)),
    Forgery::new("ended-30", "exp 30 s in the past", |context| ended(context, 30)),
    Forgery::new("ended-55", "exp 55 s in the past", |context| ended(context, 55)),
    Forgery::new("ended-70", "exp 70 s in the past", |context| ended(context, 70)),
    Forgery::new("ended-130", "exp 130 s in the past", |context| ended(context, 130)),
    Forgery::new("ended-290", "exp 290 s in the past", |context| ended(context, 290)),
    Forgery::new("ended-310", "exp 310 s in the past", |context| ended(context, 310)),
    Forgery::new("ended-610", "exp 610 s in the past", |context| ended(context, 610)),
    // --- nbf and iat
    Forgery::new("nbf-future", "nbf in one hour", |context| {
        claim(context, "nbf", |claims, twin| claims.set("nbf", twin.now + 3600))
    }),
    Forgery::new("nbf-string", "a word for nbf", |context| {
        claim(context, "nbf", |claims, _| claims.set("nbf", "later"))
    }),
    Forgery::new("nbf-object", "an object for nbf", |context| {
        claim(context, "nbf", |claims, twin| claims.set("nbf", json!({ "nbf": twin.now })))
    }),
    Forgery::new("iat-word", "a word for iat", |context| {
        claim(context, "iat", |claims, _| claims.set("iat", "tomorrow"))
    }),
    Forgery::new("iat-object", "an object for iat", |context| {
        claim(context, "iat", |claims, twin| claims.set("iat", json!({ "iat": twin.now })))
    }),
    Forgery::new("iat-future", "issued tomorrow", |context| {
        // an end before the beginning would be refused for that
        claims(context, &["iat", "exp"], |claims, twin| {
            claims.set("iat", twin.now + 86_400);
            if claims.has("exp") {
                claims.set("exp", twin.now + 86_400 + 300);
            }
        })
    }),
    // --- aud (RFC 7519 §4.1.3)
    Forgery::new("aud-other", "the audience of another API", |context| {
        aud(context, &json!("https://other.authbench.invalid"))
    }),
    Forgery::new("aud-other-array", "the audience of another API, in an array", |context| {
        aud(context, &json!(["https://other.authbench.invalid"]))
    }),
    Forgery::new("aud-absent", "no audience", |context| claim(context, "aud", |claims, _| claims.remove("aud"))),
    Forgery::new("aud-null", "an audience of null", |context| aud(context, &Value::Null)),
    Forgery::new("aud-empty", "an empty audience", |context| aud(context, &json!(""))),
    Forgery::new("aud-empty-array", "an audience of nobody", |context| aud(context, &json!([]))),
    Forgery::new("aud-prefix", "the start of the right audience", |context| {
        let right = audience(context)?;
        let cut = right.char_indices().next_back().map_or(0, |(at, _)| at);
        aud(context, &json!(right[..cut]))
    }),
    Forgery::new("aud-longer", "the right audience and more", |context| {
        let right = audience(context)?;
        aud(context, &json!(format!("{right}.authbench.invalid")))
    }),
    Forgery::new("aud-words", "another audience and the right one as words of one text", |context| {
        let right = audience(context)?;
        aud(context, &json!(format!("authbench.invalid {right}")))
    }),
    Forgery::new("aud-slash", "the right audience with another ending: a slash more, or one less", |context| {
        let right = audience(context)?;
        let other = right.strip_suffix('/').map_or_else(|| format!("{right}/"), str::to_owned);
        aud(context, &json!(other))
    }),
    Forgery::new("aud-scheme", "the right audience with the other of http and https", |context| {
        let right = audience(context)?;
        let other = match right.split_once("://") {
            Some(("https", rest)) => format!("http://{rest}"),
            Some(("http", rest)) => format!("https://{rest}"),
            _ => return unforgeable("the audience is no address"),
        };
        aud(context, &json!(other))
    }),
    Forgery::new("aud-case", "the right audience in another case of letters", |context| {
        let right = audience(context)?;
        aud(context, &json!(case_flipped(&right)))
    }),
    Forgery::new("aud-number", "a number for an audience", |context| aud(context, &json!(5))),
    Forgery::new("aud-object", "the right audience in an object", |context| {
        let right = audience(context)?;
        aud(context, &json!({ "aud": right }))
    }),
    Forgery::new("aud-array-both", "another audience and the right one, in an array", |context| {
        let right = audience(context)?;
        aud(context, &json!(["https://other.authbench.invalid", right]))
    }),
    Forgery::new("aud-array-one", "the right audience alone, in an array", |context| {
        let right = audience(context)?;
        aud(context, &json!([right]))
    }),
    // --- iss (RFC 8725 §3.8)
    Forgery::new("iss-other", "another issuer", |context| iss(context, &json!("https://issuer.authbench.invalid"))),
    Forgery::new("iss-absent", "no issuer", |context| claim(context, "iss", |claims, _| claims.remove("iss"))),
    Forgery::new("iss-slash", "the right issuer with another ending: a slash more, or one less", |context| {
        let right = issuer(context)?;
        let told = right.strip_suffix('/').map_or_else(|| format!("{right}/"), str::to_owned);
        iss(context, &json!(told))
    }),
    Forgery::new("iss-case", "the right issuer in another case of letters", |context| {
        let right = issuer(context)?;
        iss(context, &json!(case_flipped(&right)))
    }),
    Forgery::new("iss-scheme", "the right issuer with the other of http and https", |context| {
        let right = issuer(context)?;
        let told = match right.split_once("://") {
            Some(("https", rest)) => format!("http://{rest}"),
            Some(("http", rest)) => format!("https://{rest}"),
            _ => return unforgeable("the issuer is no address"),
        };
        iss(context, &json!(told))
    }),
    Forgery::new("iss-array", "the right issuer in an array", |context| {
        let right = issuer(context)?;
        iss(context, &json!([right]))
    }),
    Forgery::new("iss-user", "the right issuer with user information", |context| {
        let right = issuer(context)?;
        let Some((scheme, rest)) = right.split_once("://") else { return unforgeable("the issuer is no address") };
        iss(context, &json!(format!("{scheme}://user@{rest}")))
    }),
    // --- a name twice (RFC 7519 §4)
    Forgery::new("dup-exp-past-last", "exp twice: a good exp first, one that is past last", |context| {
        claim(context, "exp", |claims, twin| claims.push_raw("exp", &(twin.now - 86_400).to_string()))
    }),
    Forgery::new("dup-exp-past-first", "exp twice: one that is past first, a good exp last", |context| {
        claim(context, "exp", |claims, twin| {
            claims.set("exp", twin.now - 86_400);
            claims.push_raw("exp", &(twin.now + 300).to_string());
        })
    }),
    Forgery::new("dup-aud-other-last", "aud twice: the right one first, another last", |context| {
        claim(context, "aud", |claims, _| claims.push_raw("aud", "\"https://other.authbench.invalid\""))
    }),
    Forgery::new("dup-scope-lacking-last", "scope twice: the needed one first, another last", |context| {
        has_scope(context)?;
        claim(context, "scope", |claims, _| claims.push_raw("scope", "\"authbench:nothing\""))
    }),
    // --- types that do not belong (RFC 7519 §4.2)
    Forgery::new("scope-other", "a scope of nothing", |context| scope(context, json!("authbench:nothing"))),
    Forgery::new("scope-longer", "each value of the scope with more behind it", |context| {
        lookalike(context, |value| format!("{value}-archive"))
    }),
    Forgery::new("scope-preceded", "each value of the scope with more before it", |context| {
        lookalike(context, |value| format!("un{value}"))
    }),
    Forgery::new("scope-shorter", "each value of the scope without its last character", |context| {
        lookalike(context, |value| value.chars().take(value.chars().count() - 1).collect())
    }),
    Forgery::new("scope-case", "each value of the scope in another case of letters", |context| {
        lookalike(context, case_flipped)
    }),
    Forgery::new("scope-array", "a scope of nothing, in an array", |context| {
        scope(context, json!(["authbench:nothing"]))
    }),
    Forgery::new("scope-nested", "a scope of nothing, in an array of an array", |context| {
        scope(context, json!([["authbench:nothing"]]))
    }),
    Forgery::new("scope-object", "an object for a scope", |context| scope(context, json!({ "authbench": true }))),
    Forgery::new("scope-number", "a number for a scope", |context| scope(context, json!(7))),
    Forgery::new("scope-star", "a star for a scope", |context| scope(context, json!("*"))),
    Forgery::new("scope-null", "a scope of null", |context| scope(context, Value::Null)),
    Forgery::new("sub-object", "an object for a subject", |context| sub(context, json!({ "$ne": null }))),
    Forgery::new("sub-array", "an array for a subject", |context| sub(context, json!(["a", "b"]))),
    Forgery::new("sub-true", "true for a subject", |context| sub(context, json!(true))),
    Forgery::new("sub-number", "a number for a subject", |context| sub(context, json!(7))),
    Forgery::new("sub-unknown", "a subject that nobody has", |context| sub(context, json!(NOBODY))),
    Forgery::new("sub-unknown-number", "a subject that nobody has, of digits", |context| {
        sub(context, json!(NOBODY_BY_NUMBER))
    }),
    Forgery::new("sub-absent", "no subject", |context| claim(context, "sub", |claims, _| claims.remove("sub"))),
    Forgery::new("scope-absent", "no scope", |context| {
        has_scope(context)?;
        claim(context, "scope", |claims, _| claims.remove("scope"))
    }),
    Forgery::new("claims-nested", "a claim nested 1200 deep", |context| {
        claim(context, "authbench", |claims, _| {
            claims.set_raw("authbench", &format!("{}{}", "[".repeat(NESTED), "]".repeat(NESTED)));
        })
    }),
    Forgery::new("client-absent", "no client_id", |context| match follows_rfc9068(context)? {
        true => claim(context, "client_id", |claims, _| claims.remove("client_id")),
        false => unforgeable("the tokens do not claim to follow RFC 9068, which requires a client_id"),
    }),
    Forgery::new("iss-number", "a number for an issuer", |context| iss(context, &json!(7))),
    Forgery::new("iss-object", "the right issuer in an object", |context| {
        let right = issuer(context)?;
        iss(context, &json!({ "iss": right }))
    }),
    Forgery::new("iat-string", "the right iat, as text", |context| {
        retyped(context, "iat", |good| json!(good.to_string()))
    }),
    Forgery::new("iat-array", "the right iat in an array", |context| retyped(context, "iat", |good| json!([good]))),
    Forgery::new("jti-number", "a number for a jti", |context| retyped(context, "jti", |_| json!(7))),
    Forgery::new("jti-object", "a jti in an object", |context| retyped(context, "jti", |good| json!({ "jti": good }))),
    Forgery::new("client-number", "a number for a client_id", |context| retyped(context, "client_id", |_| json!(7))),
    Forgery::new("client-array", "the right client_id in an array", |context| {
        retyped(context, "client_id", |good| json!([good]))
    }),
    // a token has claims that nobody knows beforehand: as many of these are made as it offers
    Forgery::new("private-1", "a private claim of another type (1)", |context| private(context, 0)),
    Forgery::new("private-2", "a private claim of another type (2)", |context| private(context, 1)),
    Forgery::new("private-3", "a private claim of another type (3)", |context| private(context, 2)),
    Forgery::new("private-4", "a private claim of another type (4)", |context| private(context, 3)),
    Forgery::new("private-5", "a private claim of another type (5)", |context| private(context, 4)),
    Forgery::new("private-6", "a private claim of another type (6)", |context| private(context, 5)),
    Forgery::new("private-7", "a private claim of another type (7)", |context| private(context, 6)),
    Forgery::new("private-8", "a private claim of another type (8)", |context| private(context, 7)),
    // --- another kind of token, whole
    Forgery::new("id-token", "an ID token for the client", |context| {
        let good = good_token(context)?;
        let client = good.claims.text("client_id").or_else(|| good.claims.text("sub"));
        let client = client.unwrap_or_else(|| "authbench-client".to_owned());
        let twin = twin(context)?;
        let mut forged = twin.token.clone();
        forged.header.set("typ", "JWT");
        forged.claims.set("aud", client);
        forged.claims.set("nonce", "n-0S6_WzA2Mj");
        forged.claims.set("at_hash", "77QmUPtjPfzWtF2AnpK9RQ");
        // what marks an access token is not in an ID token
        for name in ["scope", "client_id", "token_type", "token_use", "typ"] {
            forged.claims.remove(name);
        }
        let made = twin.signed(&forged).text();
        carry(context, &made)
    }),
];

/// Told with the keys of two issuers.
pub(super) const WITH_TWO_ISSUERS: &[Forgery] = &[
    Forgery::new("partner", "a token of the second issuer", |context| by_partner(context, true, false)),
    Forgery::new("partner-as-issuer", "the first issuer's name, signed by the second issuer", |context| {
        by_partner(context, false, false)
    }),
    Forgery::new("issuer-as-partner", "the second issuer's name, signed by the first issuer", |context| {
        by_partner(context, true, true)
    }),
];

/// A token with one issuer's name or the other's, signed by one or the other.
fn by_partner(context: &mut ForgeryContext<'_>, named: bool, own_key: bool) -> Forged {
    let kit = context.kit;
    let Some((name, key)) = &kit.second_issuer else { return unforgeable("no `material.second_issuer_key`") };
    let twin = twin(context)?;
    let mut forged = twin.token.clone();
    if named {
        forged.claims.set("iss", name.as_str());
    }
    if !own_key {
        forged.header.set("alg", key.alg.name());
        match &key.kid {
            Some(kid) => forged.header.set("kid", kid.as_str()),
            None => forged.header.remove("kid"),
        }
    }
    let made = if own_key { twin.signed(&forged) } else { forged.signed(|input| key.sign(input)) };
    carry(context, &made.text())
}

fn ended(context: &mut ForgeryContext<'_>, ago: i64) -> Forged {
    // iat and nbf before the end: a token that ended before it began would be refused for that
    claims(context, &["exp", "iat", "nbf"], |claims, twin| {
        claims.set("exp", twin.now - ago);
        for name in ["iat", "nbf"] {
            if claims.has(name) {
                claims.set(name, twin.now - ago - 60);
            }
        }
    })
}

fn aud(context: &mut ForgeryContext<'_>, value: &Value) -> Forged {
    claim(context, "aud", |claims, _| claims.set("aud", value.clone()))
}

fn iss(context: &mut ForgeryContext<'_>, value: &Value) -> Forged {
    if context.kit.issuer.is_none() && !good_token(context)?.claims.has("iss") {
        return unforgeable("neither the tokens nor the scheme name an issuer");
    }
    claim(context, "iss", |claims, _| claims.set("iss", value.clone()))
}

/// Whether the scenario or the type of the tokens says that they follow RFC 9068 (§2.1).
fn follows_rfc9068(context: &ForgeryContext<'_>) -> Result<bool, crate::scheme::Unforgeable> {
    let typ = good_token(context)?.header.text("typ").unwrap_or_default().to_ascii_lowercase();
    Ok(context.kit.claims_rfc9068 || typ.trim_start_matches("application/") == "at+jwt")
}

/// Subjects that nobody has: a database looks them up in vain, and text that is to be a number is none.
const NOBODY: &str = "authbench-nobody";
const NOBODY_BY_NUMBER: &str = "2147480000";

fn sub(context: &mut ForgeryContext<'_>, value: Value) -> Forged {
    // RFC 7519 §4: claims that are not understood are ignored, and a server that needs no subject need not understand it
    if !good_token(context)?.claims.has("sub") {
        return unforgeable("the good token has no subject");
    }
    claim(context, "sub", |claims, _| claims.set("sub", value))
}

/// A claim of the good token as a value of another type.
fn retyped(context: &mut ForgeryContext<'_>, name: &str, other: impl FnOnce(Value) -> Value) -> Forged {
    match good_token(context)?.claims.has(name) {
        true => claim(context, name, |claims, _| {
            let good = claims.value(name).unwrap_or_default();
            claims.set(name, other(good));
        }),
        false => unforgeable(format!("the good token has no {name}")),
    }
}

/// The private claims of the good token (RFC 7519 §4.3), each as a value of another type: all of them as one type first.
fn private(context: &mut ForgeryContext<'_>, nth: usize) -> Forged {
    let claims = good_token(context)?.claims;
    let own: Vec<(&str, Value)> = claims
        .names()
        .filter(|name| !REGISTERED.contains(name))
        .filter_map(|name| Some((name, claims.value(name)?)))
        .collect();
    let offered = (0..).map_while(|rank| {
        let of_rank = own.iter().filter_map(|(name, good)| Some((*name, other_types(good).into_iter().nth(rank)?)));
        let of_rank: Vec<(&str, Value)> = of_rank.collect();
        (!of_rank.is_empty()).then_some(of_rank)
    });
    match offered.flatten().nth(nth) {
        Some((name, value)) => retyped(context, name, |_| value),
        None => unforgeable("the good token has no more private claims"),
    }
}

/// Values of other types than a good one has.
fn other_types(good: &Value) -> Vec<Value> {
    let (number, text) = (json!(7), json!("authbench"));
    let (array, object) = (json!([good]), json!({ "authbench": good }));
    match good {
        Value::String(_) => vec![number, array, object],
        Value::Number(_) => vec![json!(good.to_string()), array, object],
        Value::Array(_) => vec![text, number, object],
        Value::Object(_) => vec![text, number, json!([])],
        Value::Bool(_) | Value::Null => vec![text, array, object],
    }
}

fn scope(context: &mut ForgeryContext<'_>, value: Value) -> Forged {
    has_scope(context)?;
    claim(context, "scope", |claims, _| claims.set("scope", value))
}

/// A scope whose values look like those of the good token and are none of them.
fn lookalike(context: &mut ForgeryContext<'_>, alter: fn(&str) -> String) -> Forged {
    let Some(good) = good_token(context)?.claims.text("scope") else {
        return unforgeable("the token has no claim `scope` that is text");
    };
    let held: Vec<&str> = good.split(' ').filter(|value| !value.is_empty()).collect();
    let alike = held.iter().map(|value| alter(value)).filter(|value| !value.is_empty());
    let alike: Vec<String> = alike.filter(|value| !held.contains(&value.as_str())).collect();
    scope(context, json!(alike.join(" ")))
}

fn has_scope(context: &ForgeryContext<'_>) -> Result<(), crate::scheme::Unforgeable> {
    match good_token(context)?.claims.has("scope") {
        true => Ok(()),
        false => unforgeable("the token has no claim `scope`"),
    }
}

fn audience(context: &ForgeryContext<'_>) -> Result<String, crate::scheme::Unforgeable> {
    let right = match good_token(context)?.claims.value("aud") {
        Some(Value::String(right)) => Some(right),
        Some(Value::Array(several)) => several.first().and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    right.map_or_else(|| unforgeable("the token has no audience"), Ok)
}

fn issuer(context: &ForgeryContext<'_>) -> Result<String, crate::scheme::Unforgeable> {
    good_token(context)?.claims.text("iss").map_or_else(|| unforgeable("the token has no issuer"), Ok)
}
