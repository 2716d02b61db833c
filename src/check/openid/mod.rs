//! OpenID Connect, as far as a login by an authorization code shows it: the document that clients find the server by, and the
//! ID token of the login.

mod id_token;
pub(crate) mod userinfo;

use serde_json::Value;

use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{INVALID, MetadataDocument, On, SessionAct, Who, fetch, login, send};
use crate::check::{Check, Doc, Level, PLAIN, REFUSAL, Severity, Tier};
use crate::observe::Outcome;

/// What holds where a login has an authorization server whose issuer the scenario names.
pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "openid.document-complete",
        title: "The document of OpenID Connect Discovery has the members that it needs",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["OpenID Connect Discovery 1.0 (section 3)"],
        doc: Doc {
            sends: "A request for the document of OpenID Connect Discovery. Where the issuer serves none, it is no OpenID provider, and the check does not apply.",
            matters: "Libraries of clients configure themselves from the document, and stop where a member is not there.",
            fix: "Serve issuer, authorization_endpoint, token_endpoint, jwks_uri, response_types_supported, subject_types_supported and id_token_signing_alg_values_supported, with RS256 among the last.",
        },
        steps: &[fetch(MetadataDocument::OpenIdConfiguration)],
        expect: complete,
        fault: "openid-document-incomplete",
        ..PLAIN
    },
    Check {
        id: "openid.id-token-claims",
        title: "The ID token of a login names its issuer, its user, its client, its times and the nonce",
        level: Level::Must,
        sources: &[
            "OpenID Connect Core 1.0 (section 2)",
            "OpenID Connect Core 1.0 (section 3.1.3.7)",
            "OpenID Connect Core 1.0 (section 3.1.3.6)",
        ],
        doc: Doc {
            sends: "The login of the scenario. Where its answer has an `id_token`, the claims iss, sub, aud, exp and iat are read, and the nonce where the authorization request has one. at_hash and c_hash are compared with the access token and the code, where the ID token has them.",
            matters: "A client that follows the standard refuses an ID token without them; one that does not can be given the token of another client, or an old one.",
            fix: "Write the issuer as the metadata have it, the client_id into aud, the times as numbers of seconds, and the nonce of the authorization request as it was. An at_hash is the left half of the hash of the access token, in base64url: SHA-256 for RS256 and ES256 (section 3.1.3.6).",
        },
        steps: &[login(SessionAct::LogIn("s")).granted().called("the login")],
        expect: id_token::claims,
        fault: "id-token-without-nonce",
        ..PLAIN
    },
    Check {
        id: "openid.id-token-signed",
        title: "The ID token of a login is signed by a published key",
        level: Level::Must,
        severity: Severity::High,
        sources: &["OpenID Connect Core 1.0 (section 2)", "OpenID Connect Core 1.0 (section 10.1)"],
        doc: Doc {
            sends: "A request for the key set of the issuer, and the login of the scenario. Where its answer has an `id_token`, its signature is verified with the keys of the set. To one under an HMAC, which the secret of the client verifies, the check does not apply.",
            matters: "Clients that verify the signature refuse the login; clients that stop verifying take the token of anybody.",
            fix: "Sign ID tokens with a key of the set that `jwks_uri` names, and write its kid into the header.",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called("the login"),
            fetch(MetadataDocument::KeySet).called("the key set"),
        ],
        expect: id_token::signed,
        fault: "id-token-of-unpublished-key",
        ..PLAIN
    },
    Check {
        id: "openid.id-token-opens-nothing",
        title: "An ID token is no access token",
        severity: Severity::High,
        sources: &["ASVS 9.2.2", "RFC 8725 §3.12"],
        doc: Doc {
            sends: "The ID token of a login in place of its access token, to each resource that checks use. Where the answer of the login has no `id_token`, or where that is the credential, the check does not apply.",
            matters: "An ID token is for the client, which shows it to others, keeps it and logs it; and it was issued for no API and no scope.",
            fix: "Accept access tokens only: look at the type of a token, and at its audience.",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called("the login"),
            login(SessionAct::IdToken("s", "i")),
            send(Who::Slot("s"), On::Protected).granted().called("the access token"),
            send(Who::Slot("i"), On::EachUsed).denied(&[INVALID]).called("the ID token in its place"),
        ],
        fault: "id-token-opens-resources",
        ..REFUSAL
    },
];

/// Members that a document has to have.
const MEMBERS: [&str; 7] = [
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "response_types_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
];

/// OpenID Connect Discovery 1.0, section 3: members that are required, and an algorithm that is.
fn complete(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        let document = seen.exchange.response().and_then(|answer| answer.json());
        match (seen.outcome, document) {
            (Outcome::Granted, Some(Value::Object(members))) => {
                for member in MEMBERS.iter().filter(|member| !members.contains_key(**member)) {
                    judgement.deviates(index, format!("there is no {member}"), "the members that are required");
                }
                let algorithms = members.get("id_token_signing_alg_values_supported").and_then(Value::as_array);
                if algorithms.is_some_and(|algorithms| algorithms.iter().all(|one| one != "RS256")) {
                    let text = "id_token_signing_alg_values_supported does not list RS256";
                    judgement.deviates(index, text, "RS256 among others");
                }
            }
            (Outcome::Refused, _) => {
                judgement.not_applicable = Some("the issuer has no document of OpenID Connect Discovery".to_owned());
            }
            _ => case.judge(index, &mut judgement),
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
    use crate::observe::{Evidence, Exchange, Observation, Request, Response, Silence};

    #[test]
    fn a_document_has_what_is_required() {
        let whole = json!({
            "issuer": "https://as.test", "authorization_endpoint": "https://as.test/a", "token_endpoint": "https://as.test/t",
            "jwks_uri": "https://as.test/k", "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256", "RS256"],
        });
        let found = |status: u16, document: &Value| {
            let check = find("openid.document-complete").expect("is in the catalogue");
            let body = document.to_string().into_bytes();
            let answer = Response { status, headers: Vec::new(), body, truncated: false };
            let asked = Exchange::unanswered(Request::new("GET", "/"), Silence::Closed);
            let outcome = if status == 200 { Outcome::Granted } else { Outcome::Refused };
            let mut evidence = Evidence::default();
            evidence.observe(Observation::in_test(0, Exchange { answer: Ok(answer), ..asked }, outcome));
            let profile = Effective::of(["api-key-403"], "bearer");
            let judgement = complete(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            (judgement.protocol.len(), judgement.not_applicable.is_some())
        };
        assert_eq!(found(200, &whole), (0, false));
        let mut without = whole.clone();
        without["id_token_signing_alg_values_supported"] = json!(["ES256"]);
        assert_eq!(found(200, &without), (1, false));
        without.as_object_mut().expect("an object").remove("jwks_uri");
        assert_eq!(found(200, &without), (2, false));
        assert_eq!(found(404, &json!({})), (0, true));
    }
}
