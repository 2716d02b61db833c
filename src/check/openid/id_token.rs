//! Judgements about the ID token that the answer to a token request has (OpenID Connect Core 1.0, section 2).

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::check::judgement::oauth::objects_of;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::observe::{Outcome, Place};

/// How far times may lie apart beside the tolerated skew of clocks, in seconds.
const SLACK: f64 = 5.0;

/// Bytes of a signature by Ed25519 (RFC 8032 §5.1.6).
const ED25519_SIGNATURE: usize = 64;

/// What an ID token says, and when it had come.
struct IdToken {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    signature: Vec<u8>,
    at: f64,
}

impl IdToken {
    fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// The hash of a text by the algorithm of its signature (OpenID Connect Core 1.0, section 3.1.3.6); none of algorithms whose
    /// hash is not known here.
    fn hash_of(&self, text: &str) -> Option<Vec<u8>> {
        let alg = self.header.get("alg").and_then(Value::as_str)?;
        let algorithm = match alg {
            "RS256" | "PS256" | "ES256" | "ES256K" | "HS256" => &digest::SHA256,
            "RS384" | "PS384" | "ES384" | "HS384" => &digest::SHA384,
            "RS512" | "PS512" | "ES512" | "HS512" | "Ed25519" => &digest::SHA512,
            // RFC 8032 §5.1: Ed448 has longer signatures, and another hash
            "EdDSA" if self.signature.len() == ED25519_SIGNATURE => &digest::SHA512,
            _ => return None,
        };
        Some(digest::digest(algorithm, text.as_bytes()).as_ref().to_vec())
    }

    fn audience(&self) -> Vec<&str> {
        match self.claims.get("aud") {
            Some(Value::String(one)) => vec![one.as_str()],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

/// Judges the ID token of each login; nothing is said where no answer has one.
fn each(case: &ObservedCheck<'_>, judge: impl Fn(&mut Judgement, usize, &IdToken)) -> Judgement {
    let last_part = |text: &str| URL_SAFE_NO_PAD.decode(text.rsplit('.').next().unwrap_or_default());
    let mut judgement = Judgement::default();
    let (mut logins, mut is_there) = (false, false);
    for (index, seen) in case.observations().filter(|(_, seen)| seen.place == Place::Login) {
        let answer = seen.exchange.response().filter(|_| seen.outcome == Outcome::Granted);
        let Some(answer) = answer else {
            case.judge(index, &mut judgement);
            continue;
        };
        logins = true;
        let Some(text) = answer.json_text("id_token") else { continue };
        is_there = true;
        match objects_of(&text) {
            Some((header, claims)) => {
                let signature = last_part(&text).unwrap_or_default();
                judge(&mut judgement, index, &IdToken { header, claims, signature, at: seen.at as f64 });
            }
            // five parts are an encrypted one, which only its client reads (RFC 7516 §3)
            None if text.split('.').count() == 5 => judgement.leaves_open("the ID token is encrypted".to_owned()),
            None => judgement.deviates(index, "the ID token is no JWT", "three parts in base64url (RFC 7519 §3)"),
        }
    }
    if logins && !is_there {
        let why = "the answer to the token request has no `id_token`: add `openid` to the scope of the authorization \
                   request where the server is an OpenID provider";
        judgement.not_applicable = Some(why.to_owned());
    }
    judgement
}

/// The claims that are required, and what they have to be.
pub(super) fn claims(case: &ObservedCheck<'_>) -> Judgement {
    each(case, |judgement, index, token| {
        names(case, judgement, index, token);
        times(case, judgement, index, token);
        hashes(case, judgement, index, token);
    })
}

/// OpenID Connect Core 1.0, section 3.1.3.6 and 3.3.2.11: what binds the token to the access token beside it, and to the code that
/// it was issued for, where it is there.
fn hashes(case: &ObservedCheck<'_>, judgement: &mut Judgement, index: usize, token: &IdToken) {
    let exchange = &case.evidence.observations[index].exchange;
    let access_token = exchange.response().and_then(|answer| answer.json_text("access_token"));
    let mut fields = url::form_urlencoded::parse(&exchange.request.body);
    let code = fields.find(|(name, _)| name == "code").map(|(_, code)| code.into_owned());
    for (claim, of, text) in [("at_hash", "the access token", access_token), ("c_hash", "the code", code)] {
        let (Some(stated), Some(hash)) = (token.claims.get(claim), text.and_then(|text| token.hash_of(&text))) else {
            continue;
        };
        let (half, whole) = (URL_SAFE_NO_PAD.encode(&hash[..hash.len() / 2]), URL_SAFE_NO_PAD.encode(&hash));
        let text = match stated.as_str() {
            Some(stated) if stated == half => continue,
            Some(stated) if stated == whole => format!("the {claim} of the ID token is the whole hash of {of}"),
            Some(_) => format!("the {claim} of the ID token is no hash of {of}"),
            None => format!("the {claim} of the ID token is no text"),
        };
        judgement.deviates(index, text, format!("the left half of the hash of {of}, in base64url"));
    }
}

/// Issuer, user, client and nonce.
fn names(case: &ObservedCheck<'_>, judgement: &mut Judgement, index: usize, token: &IdToken) {
    match (token.text("iss"), case.evidence.issuer.as_deref()) {
        (Some(iss), Some(issuer)) if iss != issuer => {
            judgement.deviates(index, format!("the ID token has the issuer {iss:?}"), format!("{issuer:?}"));
        }
        (Some(_), _) => {}
        (None, _) => judgement.deviates(index, "the ID token has no iss", "the issuer as a text"),
    }
    if token.text("sub").is_none() {
        judgement.deviates(index, "the ID token has no sub", "the user as a text");
    }
    let (asked, audience) = (case.evidence.authorization.as_ref(), token.audience());
    match asked.and_then(|asked| asked.client_id.as_deref()) {
        _ if audience.is_empty() => judgement.deviates(index, "the ID token has no aud", "the client"),
        Some(client) if !audience.contains(&client) => {
            let text = format!("the ID token is for {}", audience.join(", "));
            judgement.deviates(index, text, format!("its client, {client}, in aud"));
        }
        _ => {}
    }
    if let Some(sent) = asked.and_then(|asked| asked.nonce.as_deref()) {
        let text = match token.text("nonce") {
            Some(got) if got == sent => return,
            Some(_) => "the ID token has another nonce",
            None => "the ID token has no nonce",
        };
        judgement.deviates(index, text, "the nonce of the authorization request");
    }
}

/// Numbers of seconds: an end to come, and a beginning now.
fn times(case: &ObservedCheck<'_>, judgement: &mut Judgement, index: usize, token: &IdToken) {
    let skew = case.evidence.max_clock_skew.as_secs_f64() + SLACK;
    for (name, expected) in [("exp", "an end in the future"), ("iat", "the time of the login")] {
        let apart = match token.claims.get(name) {
            None => {
                judgement.deviates(index, format!("the ID token has no {name}"), "seconds since 1970");
                continue;
            }
            Some(value) => match value.as_f64() {
                Some(time) => time - token.at,
                None => {
                    let text = format!("the {name} of the ID token is no number");
                    judgement.deviates(index, text, "seconds since 1970");
                    continue;
                }
            },
        };
        // some servers state when the user has logged in, and not when the token was made
        let is_right = if name == "exp" { apart > -skew } else { apart.abs() < skew + 60.0 };
        if !is_right {
            let text = format!("the {name} of the ID token lies {apart:.0} s from the time of the login");
            judgement.deviates(index, text, expected);
        }
    }
}

/// The signature, which a key of the set verifies.
pub(super) fn signed(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = each(case, |judgement, index, token| {
        let alg = token.header.get("alg").and_then(Value::as_str).unwrap_or_default();
        match (alg, case.evidence.key_set_verifies) {
            ("" | "none", _) => {
                judgement.deviates(index, "the ID token is not signed", "a signature by a published key");
            }
            (alg, _) if alg.starts_with("HS") => {
                let why = format!("the ID token is under {alg}, which the secret of the client verifies");
                judgement.not_applicable = Some(why);
            }
            (_, Some(true)) => {}
            (alg, Some(false)) => {
                let text = format!("no key of the set verifies the ID token ({alg})");
                judgement.deviates(index, text, "a signature by a published key");
            }
            (alg, None) => judgement.leaves_open(format!("the signature of the ID token ({alg}) was not verified")),
        }
    });
    if judgement.not_applicable.is_none() {
        for (index, seen) in case.observations().filter(|(_, seen)| seen.place == Place::Metadata) {
            match seen.outcome {
                Outcome::Granted => {}
                Outcome::Refused => judgement.leaves_open("the key set is not served".to_owned()),
                _ => case.judge(index, &mut judgement),
            }
        }
    }
    judgement
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{AuthorizationRequest, Evidence, Exchange, Observation, Request, Response, Silence};

    const SIGNATURE: [u8; 64] = [7; 64];

    fn found(id: &str, (alg, claims): (&str, &Value), verifies: Option<bool>) -> (usize, usize) {
        let check = find(id).expect("is in the catalogue");
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let token = format!("{}.{}.{}", part(&json!({ "alg": alg })), part(claims), URL_SAFE_NO_PAD.encode(SIGNATURE));
        let body = json!({ "access_token": "t", "id_token": token }).to_string().into_bytes();
        let answer = Response { status: 200, headers: Vec::new(), body, truncated: false };
        let request = Request::new("POST", "/token").with_body("application/x-www-form-urlencoded", "code=c1");
        let asked = Exchange::unanswered(request, Silence::Closed);
        let seen = Observation::in_test(0, Exchange { answer: Ok(answer), ..asked }, Outcome::Granted);
        let authorization = AuthorizationRequest {
            client_id: Some("app".to_owned()),
            nonce: Some("n1".to_owned()),
            ..AuthorizationRequest::default()
        };
        let mut evidence = Evidence {
            issuer: Some("https://as.test".to_owned()),
            authorization: Some(authorization),
            key_set_verifies: verifies,
            ..Evidence::default()
        };
        evidence.observe(Observation { place: Place::Login, at: 1_000, ..seen });
        let profile = Effective::of(["api-key-403"], "bearer");
        let judgement = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        let applies = judgement.not_applicable.is_none();
        assert_eq!(applies, !alg.starts_with("HS") || id == "openid.id-token-claims", "{alg}");
        (judgement.protocol.len(), judgement.open.len())
    }

    #[test]
    fn each_claim_is_what_it_has_to_be() {
        let whole =
            json!({ "iss": "https://as.test", "sub": "u", "aud": ["app"], "iat": 1_000, "exp": 1_300, "nonce": "n1" });
        let claims = |claims: &Value| found("openid.id-token-claims", ("RS256", claims), None);
        assert_eq!(claims(&whole), (0, 0));
        for (name, value) in [
            ("iss", json!("https://as.test/")),
            ("sub", json!("")),
            ("aud", json!("other")),
            ("aud", json!([])),
            ("iat", json!(100)),
            ("exp", json!(900)),
            ("exp", json!("1300")),
            ("nonce", json!("n2")),
        ] {
            let mut changed = whole.clone();
            changed[name] = value.clone();
            assert_eq!(claims(&changed), (1, 0), "{name} {value}");
        }
        for name in ["iss", "sub", "aud", "iat", "exp", "nonce"] {
            let mut without = whole.clone();
            without.as_object_mut().expect("an object").remove(name);
            assert_eq!(claims(&without), (1, 0), "{name}");
        }
    }

    #[test]
    fn hashes_are_left_halves_by_the_algorithm_of_the_signature() {
        let whole =
            json!({ "iss": "https://as.test", "sub": "u", "aud": ["app"], "iat": 1_000, "exp": 1_300, "nonce": "n1" });
        let (sha256, sha512) = (&digest::SHA256, &digest::SHA512);
        let left = |algorithm, text: &str| {
            let hash = digest::digest(algorithm, text.as_bytes());
            URL_SAFE_NO_PAD.encode(&hash.as_ref()[..hash.as_ref().len() / 2])
        };
        // the example of OpenID Connect Core 1.0, appendix A.3
        assert_eq!(left(sha256, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
        let all = |text: &str| URL_SAFE_NO_PAD.encode(digest::digest(sha256, text.as_bytes()));
        for (alg, claim, value, expected) in [
            ("RS256", "at_hash", json!(left(sha256, "t")), 0),
            ("HS256", "at_hash", json!(left(sha256, "t")), 0),
            ("RS512", "at_hash", json!(left(sha512, "t")), 0),
            ("EdDSA", "at_hash", json!(left(sha512, "t")), 0),
            ("ES512", "at_hash", json!(left(sha256, "t")), 1),
            ("RS256", "at_hash", json!(all("t")), 1),
            ("RS256", "at_hash", json!(left(sha256, "t") + "=="), 1),
            ("RS256", "at_hash", json!(left(sha256, "other")), 1),
            ("RS256", "at_hash", json!(7), 1),
            ("RS256", "c_hash", json!(left(sha256, "c1")), 0),
            ("RS256", "c_hash", json!(left(sha256, "t")), 1),
            // nothing is known of its hash
            ("ML-DSA-44", "at_hash", json!("x"), 0),
        ] {
            let mut claims = whole.clone();
            claims[claim] = value.clone();
            assert_eq!(found("openid.id-token-claims", (alg, &claims), None), (expected, 0), "{alg} {claim} {value}");
        }
    }

    #[test]
    fn a_signature_is_verified_or_left_open() {
        for (alg, verifies, expected) in [
            ("RS256", Some(true), (0, 0)),
            ("RS256", Some(false), (1, 0)),
            ("ES512", None, (0, 1)),
            ("none", None, (1, 0)),
            ("HS256", None, (0, 0)),
        ] {
            assert_eq!(found("openid.id-token-signed", (alg, &json!({})), verifies), expected, "{alg} {verifies:?}");
        }
    }
}
