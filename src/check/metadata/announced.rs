//! Endpoints that metadata name: whether there is something at their addresses.

use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Announced, MetadataDocument, Step, fetch};
use crate::check::{Check, Doc, PLAIN, Severity, Tier};
use crate::observe::{Outcome, Response};

const fn get(member: &'static str) -> Step {
    fetch(MetadataDocument::Announced(Announced { member, method: "GET" }))
}

const fn post(member: &'static str) -> Step {
    fetch(MetadataDocument::Announced(Announced { member, method: "POST" }))
}

/// What holds of the endpoints that documents name.
pub(crate) const CHECKS: &[Check] = &[Check {
    id: "meta.announced-endpoints-answer",
    title: "The endpoints that the metadata name are there",
    severity: Severity::Low,
    tier: Tier::Extended,
    sources: &["RFC 8414 §2", "OpenID Connect Discovery 1.0 (section 3)"],
    doc: Doc {
        sends: "The metadata document; then a request without credentials to each endpoint that it names on the origin of the issuer or of the target: a GET to authorization_endpoint, userinfo_endpoint, end_session_endpoint and jwks_uri, and an empty form to token_endpoint, introspection_endpoint, revocation_endpoint, pushed_authorization_request_endpoint and device_authorization_endpoint. Those that logins of the scenario have used are not asked, nor is registration_endpoint, which could register something. 404, 410 and 501 are a failure, but for an answer with an error code of OAuth or a challenge, which an endpoint has made; a 404 of the authorization endpoint, which was asked for nothing, leaves it open.",
        matters: "Clients configure themselves from the document: a logout or a revocation that goes to an address where nothing is ends nothing, and few clients notice.",
        fix: "Name the address that the endpoint has, or leave the member out.",
    },
    steps: &[
        fetch(MetadataDocument::Discovered),
        get(AUTHORIZATION).called("the authorization_endpoint of the metadata"),
        post("token_endpoint").called("the token_endpoint of the metadata"),
        post("introspection_endpoint").called("the introspection_endpoint of the metadata"),
        post("revocation_endpoint").called("the revocation_endpoint of the metadata"),
        post("pushed_authorization_request_endpoint")
            .called("the pushed_authorization_request_endpoint of the metadata"),
        post("device_authorization_endpoint").called("the device_authorization_endpoint of the metadata"),
        get("userinfo_endpoint").called("the userinfo_endpoint of the metadata"),
        get("end_session_endpoint").called("the end_session_endpoint of the metadata"),
        get("jwks_uri").called("the jwks_uri of the metadata"),
    ],
    expect: are_there,
    implied_by: &["meta.jwks-public-only"],
    fault: "logout-announced-elsewhere",
    ..PLAIN
}];

const AUTHORIZATION: &str = "authorization_endpoint";
/// Statuses of an address where nothing is (RFC 9110 §15.5.5, §15.5.11, §15.6.2).
const ABSENT: [u16; 3] = [404, 410, 501];
/// What an endpoint says by itself of a request that it refuses (RFC 6749 §5.2, RFC 6750 §3.1).
const ERRORS: [&str; 8] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_token",
    "access_denied",
    "server_error",
];

fn are_there(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        let member = match case.step_of(seen) {
            Step::Fetch(fetch) => match fetch.document {
                MetadataDocument::Announced(announced) => announced.member,
                _ if seen.outcome == Outcome::Refused => {
                    let why = "there is no metadata document: see meta.as-document";
                    return Judgement { not_applicable: Some(why.to_owned()), ..Judgement::default() };
                }
                _ => {
                    case.judge(index, &mut judgement);
                    continue;
                }
            },
            _ => continue,
        };
        let Some(answer) = seen.exchange.response() else {
            judgement.leaves_open(format!("no answer to {}", seen.description));
            continue;
        };
        match is_absent(answer) {
            // a proxy that reaches nothing answers so, too
            false if answer.status >= 500 => {
                judgement.leaves_open(format!("{}: answered with {}", seen.description, answer.status));
            }
            false => {}
            true if member == AUTHORIZATION => {
                judgement.leaves_open(format!("{}: {} without parameters", seen.description, answer.status));
            }
            true => {
                let text = case.about(index, format_args!("answered with {}", answer.status));
                judgement.deviates(index, text, "an endpoint at this address");
            }
        }
    }
    judgement
}

/// Whether nothing is at an address.
fn is_absent(answer: &Response) -> bool {
    let is_error = |error: String| ERRORS.contains(&error.as_str());
    let is_of_endpoint = answer.header("www-authenticate").is_some() || answer.json_text("error").is_some_and(is_error);
    ABSENT.contains(&answer.status) && !is_of_endpoint
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Request, Silence};

    #[test]
    fn an_address_where_nothing_is_deviates() {
        const TOKEN: usize = 2;
        const LOGOUT: usize = 8;
        let found = |step: usize, status: u16, body: &str| {
            let answer = Response { status, headers: Vec::new(), body: body.as_bytes().to_vec(), truncated: false };
            let asked = Exchange::unanswered(Request::new("GET", "/logout"), Silence::Closed);
            let outcome = if status == 200 { Outcome::Granted } else { Outcome::Refused };
            let mut evidence = Evidence::default();
            evidence.observe(Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, outcome));
            let profile = Effective::of(["api-key-403"], "bearer");
            let judgement = are_there(&ObservedCheck { check: &CHECKS[0], evidence: &evidence, profile: &profile });
            (judgement.protocol.len(), judgement.open.len(), judgement.not_applicable.is_some())
        };
        for (step, (status, body), expected) in [
            (LOGOUT, (404, "Not Found"), (1, 0, false)),
            (LOGOUT, (410, ""), (1, 0, false)),
            (TOKEN, (501, ""), (1, 0, false)),
            (TOKEN, (404, r#"{"error":"Not Found"}"#), (1, 0, false)),
            (TOKEN, (404, r#"{"error":"invalid_client"}"#), (0, 0, false)),
            (TOKEN, (405, ""), (0, 0, false)),
            (TOKEN, (400, r#"{"error":"invalid_request"}"#), (0, 0, false)),
            (LOGOUT, (500, ""), (0, 1, false)),
            // who asks for nothing may find nothing
            (1, (404, ""), (0, 1, false)),
            (0, (404, ""), (0, 0, true)),
            (0, (200, "{}"), (0, 0, false)),
        ] {
            assert_eq!(found(step, status, body), expected, "{step} {status} {body}");
        }
    }
}
