//! Lies about claims: the token is correctly signed by the issuer's key, and one claim is wrong.

use serde_json::{Value, json};

use super::lie;
use super::twin::{carry, claim, claims, good_draft, twin, unforgeable};
use crate::scheme::forgery::values::case_flipped;
use crate::scheme::{Draft, Forged, Forgery};

/// Told with the issuer's key.
pub(super) const WITH_THE_KEY: &[Forgery] = &[
    lie("twin", "a fresh token, signed by authbench with the issuer's key", |draft| {
        let twin = twin(draft)?;
        let made = twin.signed(&twin.draft).text();
        carry(draft, &made)
    }),
    // --- exp (RFC 7519 §4.1.4)
    lie("exp-yesterday", "an end yesterday", |draft| ended(draft, 86_400)),
    lie("exp-past-leeway", "an end six minutes ago", |draft| ended(draft, 360)),
    lie("exp-zero", "an end in 1970", |draft| claim(draft, "exp", |claims, _| claims.set("exp", 0))),
    lie("exp-negative", "an end before 1970", |draft| claim(draft, "exp", |claims, _| claims.set("exp", -1))),
    lie("exp-absent", "no end", |draft| match follows_rfc9068(draft)? {
        true => claim(draft, "exp", |claims, _| claims.remove("exp")),
        false => unforgeable("the tokens do not claim to follow RFC 9068, which requires an end"),
    }),
    lie("exp-absent-plain", "no end, in a token that need not have one", |draft| match follows_rfc9068(draft)? {
        true => unforgeable("the tokens claim to follow RFC 9068, which requires an end"),
        false => claim(draft, "exp", |claims, _| claims.remove("exp")),
    }),
    lie("exp-null", "an end of null", |draft| claim(draft, "exp", |claims, _| claims.set("exp", Value::Null))),
    lie("exp-string", "a good end, as text", |draft| {
        claim(draft, "exp", |claims, twin| claims.set("exp", (twin.now + 300).to_string()))
    }),
    lie("exp-word", "a word for an end", |draft| claim(draft, "exp", |claims, _| claims.set("exp", "never"))),
    lie("exp-iso", "an end as a date of ISO 8601", |draft| {
        claim(draft, "exp", |claims, _| claims.set("exp", "2099-01-01T00:00:00Z"))
    }),
    lie("exp-array", "a good end in an array", |draft| {
        claim(draft, "exp", |claims, twin| claims.set("exp", vec![twin.now + 300]))
    }),
    lie("exp-object", "a good end in an object", |draft| {
        claim(draft, "exp", |claims, twin| claims.set("exp", json!({ "exp": twin.now + 300 })))
    }),
    lie("exp-true", "an end of true", |draft| claim(draft, "exp", |claims, _| claims.set("exp", true))),
    lie("exp-nan", "an end of NaN", |draft| claim(draft, "exp", |claims, _| claims.set_raw("exp", "NaN"))),
    lie("exp-infinity", "an end of Infinity", |draft| {
        claim(draft, "exp", |claims, _| claims.set_raw("exp", "Infinity"))
    }),
    lie("exp-least", "an end of -2^63", |draft| {
        claim(draft, "exp", |claims, _| claims.set_raw("exp", "-9223372036854775808"))
    }),
    lie("exp-2-63", "an end of 2^63", |draft| {
        claim(draft, "exp", |claims, _| claims.set_raw("exp", "9223372036854775808"))
    }),
    lie("exp-2-64", "an end of 2^64 + 5", |draft| {
        claim(draft, "exp", |claims, _| claims.set_raw("exp", "18446744073709551621"))
    }),
    lie("exp-1e400", "an end of 1e400", |draft| claim(draft, "exp", |claims, _| claims.set_raw("exp", "1e400"))),
    lie("exp-fraction", "a good end with a fraction of a second", |draft| {
        claim(draft, "exp", |claims, twin| claims.set_raw("exp", &format!("{}.5", twin.now + 300)))
    }),
    // --- how long a token lives past its end: one of these for each step of a ladder
    lie("ended-1", "an end 1 s ago", |draft| ended(draft, 1)),
    lie("ended-5", "an end 5 s ago", |draft| ended(draft, 5)),
    lie("ended-15", "an end 15 s ago", |draft| ended(draft, 15)),
    lie("ended-30", "an end 30 s ago", |draft| ended(draft, 30)),
    lie("ended-55", "an end 55 s ago", |draft| ended(draft, 55)),
    lie("ended-70", "an end 70 s ago", |draft| ended(draft, 70)),
    lie("ended-130", "an end 130 s ago", |draft| ended(draft, 130)),
    lie("ended-290", "an end 290 s ago", |draft| ended(draft, 290)),
    lie("ended-310", "an end 310 s ago", |draft| ended(draft, 310)),
    lie("ended-610", "an end 610 s ago", |draft| ended(draft, 610)),
    // --- nbf and iat
    lie("nbf-future", "a beginning in one hour", |draft| {
        claim(draft, "nbf", |claims, twin| claims.set("nbf", twin.now + 3600))
    }),
    lie("nbf-string", "a word for a beginning", |draft| claim(draft, "nbf", |claims, _| claims.set("nbf", "later"))),
    lie("iat-future", "issued tomorrow", |draft| {
        // an end before the beginning would be refused for that
        claims(draft, &["iat", "exp"], |claims, twin| {
            claims.set("iat", twin.now + 86_400);
            if claims.has("exp") {
                claims.set("exp", twin.now + 86_400 + 300);
            }
        })
    }),
    // --- aud (RFC 7519 §4.1.3)
    lie("aud-other", "the audience of another API", |draft| aud(draft, &json!("https://other.authbench.invalid"))),
    lie("aud-other-array", "the audience of another API, in an array", |draft| {
        aud(draft, &json!(["https://other.authbench.invalid"]))
    }),
    lie("aud-absent", "no audience", |draft| claim(draft, "aud", |claims, _| claims.remove("aud"))),
    lie("aud-null", "an audience of null", |draft| aud(draft, &Value::Null)),
    lie("aud-empty", "an empty audience", |draft| aud(draft, &json!(""))),
    lie("aud-empty-array", "an audience of nobody", |draft| aud(draft, &json!([]))),
    lie("aud-prefix", "the start of the right audience", |draft| {
        let right = audience(draft)?;
        let cut = right.char_indices().next_back().map_or(0, |(at, _)| at);
        aud(draft, &json!(right[..cut]))
    }),
    lie("aud-longer", "the right audience and more", |draft| {
        let right = audience(draft)?;
        aud(draft, &json!(format!("{right}.authbench.invalid")))
    }),
    lie("aud-slash", "the right audience and a slash", |draft| {
        let right = audience(draft)?;
        aud(draft, &json!(format!("{right}/")))
    }),
    lie("aud-case", "the right audience in another case of letters", |draft| {
        let right = audience(draft)?;
        aud(draft, &json!(case_flipped(&right)))
    }),
    lie("aud-number", "a number for an audience", |draft| aud(draft, &json!(5))),
    lie("aud-object", "the right audience in an object", |draft| {
        let right = audience(draft)?;
        aud(draft, &json!({ "aud": right }))
    }),
    lie("aud-array-both", "another audience and the right one, in an array", |draft| {
        let right = audience(draft)?;
        aud(draft, &json!(["https://other.authbench.invalid", right]))
    }),
    lie("aud-array-one", "the right audience alone, in an array", |draft| {
        let right = audience(draft)?;
        aud(draft, &json!([right]))
    }),
    // --- iss (RFC 8725 §3.8)
    lie("iss-other", "another issuer", |draft| iss(draft, &json!("https://issuer.authbench.invalid"))),
    lie("iss-absent", "no issuer", |draft| claim(draft, "iss", |claims, _| claims.remove("iss"))),
    lie("iss-slash", "the right issuer with another ending: a slash more, or one less", |draft| {
        let right = issuer(draft)?;
        let told = right.strip_suffix('/').map_or_else(|| format!("{right}/"), str::to_owned);
        iss(draft, &json!(told))
    }),
    lie("iss-case", "the right issuer in another case of letters", |draft| {
        let right = issuer(draft)?;
        iss(draft, &json!(case_flipped(&right)))
    }),
    lie("iss-scheme", "the right issuer with the other of http and https", |draft| {
        let right = issuer(draft)?;
        let told = match right.split_once("://") {
            Some(("https", rest)) => format!("http://{rest}"),
            Some(("http", rest)) => format!("https://{rest}"),
            _ => return unforgeable("the issuer is no address"),
        };
        iss(draft, &json!(told))
    }),
    lie("iss-array", "the right issuer in an array", |draft| {
        let right = issuer(draft)?;
        iss(draft, &json!([right]))
    }),
    lie("iss-user", "the right issuer with user information", |draft| {
        let right = issuer(draft)?;
        let Some((scheme, rest)) = right.split_once("://") else { return unforgeable("the issuer is no address") };
        iss(draft, &json!(format!("{scheme}://user@{rest}")))
    }),
    // --- a name twice (RFC 7519 §4)
    lie("dup-exp-past-last", "exp twice: a good end first, one that is past last", |draft| {
        claim(draft, "exp", |claims, twin| claims.push_raw("exp", &(twin.now - 86_400).to_string()))
    }),
    lie("dup-exp-past-first", "exp twice: one that is past first, a good end last", |draft| {
        claim(draft, "exp", |claims, twin| {
            claims.set("exp", twin.now - 86_400);
            claims.push_raw("exp", &(twin.now + 300).to_string());
        })
    }),
    lie("dup-aud-other-last", "aud twice: the right one first, another last", |draft| {
        claim(draft, "aud", |claims, _| claims.push_raw("aud", "\"https://other.authbench.invalid\""))
    }),
    lie("dup-scope-lacking-last", "scope twice: the needed one first, another last", |draft| {
        has_scope(draft)?;
        claim(draft, "scope", |claims, _| claims.push_raw("scope", "\"authbench:nothing\""))
    }),
    // --- types that do not belong (RFC 7519 §4.2)
    lie("scope-array", "a scope of nothing, in an array", |draft| scope(draft, json!(["authbench:nothing"]))),
    lie("scope-nested", "a scope of nothing, in an array of an array", |draft| {
        scope(draft, json!([["authbench:nothing"]]))
    }),
    lie("scope-object", "an object for a scope", |draft| scope(draft, json!({ "authbench": true }))),
    lie("scope-number", "a number for a scope", |draft| scope(draft, json!(7))),
    lie("scope-star", "a star for a scope", |draft| scope(draft, json!("*"))),
    lie("scope-null", "a scope of null", |draft| scope(draft, Value::Null)),
    lie("sub-object", "an object for a subject", |draft| sub(draft, json!({ "$ne": null }))),
    lie("sub-array", "an array for a subject", |draft| sub(draft, json!(["a", "b"]))),
    lie("sub-true", "true for a subject", |draft| sub(draft, json!(true))),
    lie("client-absent", "no client_id", |draft| claim(draft, "client_id", |claims, _| claims.remove("client_id"))),
    // --- another kind of token, whole
    lie("id-token", "an ID token for the client", |draft| {
        let good = good_draft(draft)?;
        let client = good.claims.text("client_id").or_else(|| good.claims.text("sub")).unwrap_or_default();
        let twin = twin(draft)?;
        let mut lie = twin.draft.clone();
        lie.header.set("typ", "JWT");
        lie.claims.set("aud", client);
        lie.claims.set("nonce", "n-0S6_WzA2Mj");
        lie.claims.set("at_hash", "77QmUPtjPfzWtF2AnpK9RQ");
        for name in ["scope", "client_id"] {
            lie.claims.remove(name);
        }
        let made = twin.signed(&lie).text();
        carry(draft, &made)
    }),
];

/// Told with the keys of two issuers.
pub(super) const WITH_TWO_ISSUERS: &[Forgery] = &[
    lie("partner", "a token of the second issuer", |draft| by_partner(draft, true, false)),
    lie("partner-as-issuer", "the first issuer's name, signed by the second issuer", |draft| {
        by_partner(draft, false, false)
    }),
    lie("issuer-as-partner", "the second issuer's name, signed by the first issuer", |draft| {
        by_partner(draft, true, true)
    }),
];

/// A token with one issuer's name or the other's, signed by one or the other.
fn by_partner(draft: &mut Draft<'_>, named: bool, own_key: bool) -> Forged {
    let kit = draft.kit;
    let Some((name, key)) = &kit.second_issuer else { return unforgeable("no `material.second_issuer_key`") };
    let twin = twin(draft)?;
    let mut lie = twin.draft.clone();
    if named {
        lie.claims.set("iss", name.as_str());
    }
    if !own_key {
        lie.header.set("alg", key.alg.name());
        match &key.kid {
            Some(kid) => lie.header.set("kid", kid.as_str()),
            None => lie.header.remove("kid"),
        }
    }
    let made = if own_key { twin.signed(&lie) } else { lie.signed(|input| key.sign(input)) };
    carry(draft, &made.text())
}

fn ended(draft: &mut Draft<'_>, ago: i64) -> Forged {
    // iat and nbf before the end: a token that ended before it began would be refused for that
    claims(draft, &["exp", "iat", "nbf"], |claims, twin| {
        claims.set("exp", twin.now - ago);
        for name in ["iat", "nbf"] {
            if claims.has(name) {
                claims.set(name, twin.now - ago - 60);
            }
        }
    })
}

fn aud(draft: &mut Draft<'_>, value: &Value) -> Forged {
    claim(draft, "aud", |claims, _| claims.set("aud", value.clone()))
}

fn iss(draft: &mut Draft<'_>, value: &Value) -> Forged {
    if draft.kit.issuer.is_none() && !good_draft(draft)?.claims.has("iss") {
        return unforgeable("neither the tokens nor the scheme name an issuer");
    }
    claim(draft, "iss", |claims, _| claims.set("iss", value.clone()))
}

/// Whether the scenario or the type of the tokens says that they follow RFC 9068 (§2.1).
fn follows_rfc9068(draft: &Draft<'_>) -> Result<bool, crate::scheme::Unforgeable> {
    let typ = good_draft(draft)?.header.text("typ").unwrap_or_default().to_ascii_lowercase();
    Ok(draft.kit.claims_rfc9068 || typ.trim_start_matches("application/") == "at+jwt")
}

fn sub(draft: &mut Draft<'_>, value: Value) -> Forged {
    claim(draft, "sub", |claims, _| claims.set("sub", value))
}

fn scope(draft: &mut Draft<'_>, value: Value) -> Forged {
    has_scope(draft)?;
    claim(draft, "scope", |claims, _| claims.set("scope", value))
}

fn has_scope(draft: &Draft<'_>) -> Result<(), crate::scheme::Unforgeable> {
    match good_draft(draft)?.claims.has("scope") {
        true => Ok(()),
        false => unforgeable("the token has no claim `scope`"),
    }
}

fn audience(draft: &Draft<'_>) -> Result<String, crate::scheme::Unforgeable> {
    let right = match good_draft(draft)?.claims.value("aud") {
        Some(Value::String(right)) => Some(right),
        Some(Value::Array(several)) => several.first().and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    right.map_or_else(|| unforgeable("the token has no audience"), Ok)
}

fn issuer(draft: &Draft<'_>) -> Result<String, crate::scheme::Unforgeable> {
    good_draft(draft)?.claims.text("iss").map_or_else(|| unforgeable("the token has no issuer"), Ok)
}
