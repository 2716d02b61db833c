//! Judgements about key sets (RFC 7517 §5).

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ParsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::observe::Outcome;

/// Members that no published key has (RFC 7518 §6.2.2, §6.3.2, §6.4; RFC 9964 §3).
const PRIVATE: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];
/// Bytes of public keys of ML-DSA (RFC 9964 §5).
const ML_DSA: [(&str, usize); 3] = [("ML-DSA-44", 1312), ("ML-DSA-65", 1952), ("ML-DSA-87", 2592)];
/// Bits of an RSA key (RFC 7518 §3.3).
const RSA_BITS: usize = 2048;

/// The keys of each document, with its observation.
fn keys(case: &ObservedCheck<'_>, judgement: &mut Judgement) -> Vec<(usize, Value)> {
    let mut found = Vec::new();
    for (index, seen) in case.observations() {
        let response = seen.exchange.response().filter(|_| seen.outcome == Outcome::Granted);
        let keys = response.and_then(|response| response.json()).and_then(|set| set.get("keys").cloned());
        match keys {
            Some(Value::Array(keys)) => found.extend(keys.into_iter().map(|key| (index, key))),
            _ if seen.exchange.response().is_some() => {
                judgement.deviates(index, "the key set has no array of keys", "200 with keys (RFC 7517 §5)");
            }
            _ => {}
        }
    }
    found
}

/// RFC 7517 §9.2: nothing private, nothing symmetric.
pub(crate) fn public_only(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, key) in keys(case, &mut judgement) {
        let kid = key["kid"].as_str().unwrap_or("without kid").to_owned();
        if key["kty"].as_str().is_none() {
            judgement.deviates(index, format!("the key {kid} has no kty"), "kty (RFC 7517 §4.1)");
        }
        let members: Vec<&str> = PRIVATE.into_iter().filter(|name| key.get(name).is_some()).collect();
        if !members.is_empty() || key["kty"] == "oct" {
            let text = format!("the key {kid} is published with its secret part: {}", members.join(", "));
            judgement.violates(index, text, "public members only");
        }
    }
    judgement
}

/// RFC 7518 §3.3, RFC 7517 §4: strong, on their curve, told apart, for one use.
pub(crate) fn key_quality(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let mut seen: Vec<String> = Vec::new();
    let keys = keys(case, &mut judgement);
    let several = keys.len() > 1;
    for (index, key) in &keys {
        let kid = key["kid"].as_str().map(str::to_owned);
        let name = kid.clone().unwrap_or_else(|| "without kid".to_owned());
        let mut amiss = |text: String, expected: &str| judgement.deviates(*index, text, expected);
        match &kid {
            Some(kid) if seen.contains(kid) => amiss(format!("two keys are called {kid}"), "distinct kid"),
            None if several => amiss("a key of several has no kid".to_owned(), "distinct kid (RFC 7517 §4.5)"),
            _ => {}
        }
        seen.extend(kid);
        if let Some(weakness) = weakness(key) {
            amiss(format!("the key {name} {weakness}"), "a strong public key (RFC 7518 §3)");
        }
        let contradicts =
            key["use"] == "enc" && key["key_ops"].as_array().is_some_and(|all| all.contains(&"verify".into()));
        if contradicts {
            amiss(format!("the key {name} has a use that its key_ops contradict"), "use and key_ops that agree");
        }
    }
    judgement
}

fn weakness(key: &Value) -> Option<String> {
    let bytes = |name: &str| key[name].as_str().and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    match (key["kty"].as_str(), key["crv"].as_str()) {
        (Some("RSA"), _) => {
            let Some(modulus) = bytes("n") else { return Some("has a modulus that is not base64url".to_owned()) };
            let significant = &modulus[modulus.iter().take_while(|byte| **byte == 0).count()..];
            let unused = significant.first().map_or(0, |first| first.leading_zeros());
            let bits = significant.len() * 8 - usize::try_from(unused).unwrap_or_default();
            (bits < RSA_BITS).then(|| format!("has {bits} bits"))
        }
        (Some("EC"), Some(curve @ ("P-256" | "P-384"))) => {
            let (Some(x), Some(y)) = (bytes("x"), bytes("y")) else { return Some("has no point".to_owned()) };
            let point = [vec![4], x, y].concat();
            let parsed = match curve {
                "P-256" => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point),
                _ => ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point),
            };
            parsed.is_err().then(|| format!("is no point of {curve}"))
        }
        (Some("EC"), Some("P-521" | "secp256k1")) | (Some("OKP"), Some("Ed25519" | "Ed448" | "X25519" | "X448")) => {
            None
        }
        (Some("AKP"), _) => {
            // RFC 9964 §3: alg and pub are required; of what other algorithms are, nothing is known here
            let Some(alg) = key["alg"].as_str() else { return Some("has no alg (RFC 9964 §3)".to_owned()) };
            let Some(public) = bytes("pub") else { return Some("has no pub (RFC 9964 §3)".to_owned()) };
            let (_, expected) = ML_DSA.into_iter().find(|(name, _)| *name == alg)?;
            (public.len() != expected).then(|| format!("has a pub of {} bytes, which is no key of {alg}", public.len()))
        }
        (Some("EC" | "OKP"), curve) => {
            Some(format!("is on the curve {:?}, which is not registered", curve.unwrap_or("")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_of_ml_dsa_are_those_of_their_level() {
        let of = |bytes: usize| URL_SAFE_NO_PAD.encode(vec![7; bytes]);
        for (key, weakness_is) in [
            (json!({ "kty": "AKP", "alg": "ML-DSA-44", "pub": of(1312) }), None),
            (json!({ "kty": "AKP", "alg": "ML-DSA-87", "pub": of(2592) }), None),
            (json!({ "kty": "AKP", "alg": "ML-DSA-65", "pub": of(1312) }), Some("1312 bytes")),
            (json!({ "kty": "AKP", "pub": of(1312) }), Some("no alg")),
            (json!({ "kty": "AKP", "alg": "ML-DSA-44" }), Some("no pub")),
            (json!({ "kty": "AKP", "alg": "another", "pub": of(3) }), None),
        ] {
            let found = weakness(&key);
            match weakness_is {
                None => assert_eq!(found, None, "{key}"),
                Some(part) => assert!(found.as_deref().is_some_and(|text| text.contains(part)), "{key}: {found:?}"),
            }
        }
    }
}
