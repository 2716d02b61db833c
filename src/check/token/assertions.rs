//! What the token endpoint makes of client assertions (RFC 7523 §2.2, OpenID Connect Core 1.0 §9).

use super::GRANT;
use crate::check::judgement::expect;
use crate::check::judgement::oauth::{claims_of, requested_scope};
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Accept, Fill, FormAuth, Want, introspect, token};
use crate::check::{Check, Doc, Level, PLAIN, Severity, Step, Tier};
use crate::observe::{ForgeryId, Observation, Outcome, StepId};

/// An assertion that was used before.
const AGAIN: StepId = StepId::new("again");
/// An assertion beside the identifier of another client, ...
const BESIDE: StepId = StepId::new("beside");
/// ... what the introspection endpoint says of a token that came back, ...
const BESIDE_SHOWN: StepId = StepId::new("beside-shown");
/// ... the same for a scope that only the other client has, ...
const FOR_SCOPE: StepId = StepId::new("for-scope");
/// ... and what is said of that token.
const FOR_SCOPE_SHOWN: StepId = StepId::new("for-scope-shown");
/// RFC 6749 §5.2, RFC 7523 §3.2.
const BAD_CLIENT: &[Accept] = &[Accept::Status(400), Accept::Status(401)];

/// A forgery about an assertion; it is sent with whatever else a good one is sent with.
const fn forged(id: &'static str, description: &'static str) -> Step {
    token(FormAuth::ForgedAssertion(ForgeryId::new(id)), &[GRANT]).denied(BAD_CLIENT).called(description)
}

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "token.assertion-claims-verified",
        title: "The claims of client assertions are verified",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 7523 §3", "RFC 7523 §3.2"],
        doc: Doc {
            sends: "Assertions that the client's key, or its secret, correctly signs, each with one claim wrong or missing: aud, exp, nbf, iss, sub.",
            matters: "An assertion made for another server, or long ago, is then as good as the key: whoever saw one is the client.",
            fix: "Require iss and sub to be the client, aud to be this server, and exp to lie ahead; honour nbf (RFC 7523 §3).",
        },
        steps: &[
            forged("aud-other", "an assertion for another server"),
            forged("aud-absent", "an assertion for nobody"),
            forged("exp-yesterday", "an assertion that ended yesterday"),
            forged("exp-past-leeway", "an assertion that ended six minutes ago"),
            forged("exp-absent-plain", "an assertion without exp"),
            forged("nbf-future", "an assertion that begins in one hour"),
            forged("sub-of-another", "an assertion about another client"),
            forged("sub-absent", "an assertion about nobody"),
            forged("iss-of-another", "an assertion in another client's name"),
            forged("iss-absent", "an assertion in nobody's name"),
        ],
        expect: invalid_client,
        fault: "assertion-exp-ignored",
        ..PLAIN
    },
    Check {
        id: "token.assertion-signature-verified",
        title: "Client assertions need a valid signature by the registered key",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 7523 §3", "RFC 8725 §3.1", "RFC 8725 §3.3"],
        doc: Doc {
            sends: "Assertions with right claims: unsigned, with a broken signature, signed by other keys, and by HMAC with the public key.",
            matters: "Public keys are public: where one of them serves as a secret, or none is needed, anybody is the client.",
            fix: "Take algorithm and key from the client's registration, never from the header (RFC 8725 §3.1).",
        },
        steps: &[
            forged("alg-none", "alg none and no signature"),
            forged("alg-none-capital", "alg None and no signature"),
            forged("sig-empty", "an empty signature"),
            forged("sig-flipped-bit", "one bit of the signature flipped"),
            forged("sig-strangers", "a signature by a key of nobody's, under the client's kid"),
            forged("header-jwk", "a key of its own in the header, and its signature"),
            forged("signed-by-another", "the signature and kid of another client"),
            forged("of-another", "another client's name under this client's signature"),
            forged("confusion-pem", "HS256 keyed with the public key in PEM"),
            forged("confusion-pem-unended", "HS256 keyed with the public key in PEM without its final newline"),
            forged("confusion-der", "HS256 keyed with the public key in DER"),
            forged("confusion-jwk", "HS256 keyed with the JWK as JSON"),
            forged("hmac-empty", "HS256 with an empty key"),
        ],
        expect: invalid_client,
        fault: "assertion-alg-confusion",
        ..PLAIN
    },
    Check {
        id: "token.assertion-audience-is-issuer",
        title: "An assertion whose audience is not the issuer alone is refused",
        level: Level::Must,
        severity: Severity::High,
        tier: Tier::Extended,
        sources: &["draft-ietf-oauth-rfc7523bis (section 4)"],
        doc: Doc {
            sends: "Assertions of the type client-authentication+jwt that the client correctly signs: one for the token endpoint, and one for the issuer and the token endpoint.",
            matters: "A client that asks several servers can be led by one of them to make an assertion whose audience another one accepts.",
            fix: "Compare aud with the issuer identifier of the server, as its sole value. Tested where the scheme says `assertion_rules: rfc7523bis`.",
        },
        steps: &[
            forged("aud-token-endpoint", "an assertion for the token endpoint"),
            forged("aud-issuer-and-endpoint", "an assertion for the issuer and the token endpoint"),
        ],
        expect: invalid_client,
        fault: "assertion-audience-loose",
        ..PLAIN
    },
    Check {
        id: "token.assertion-parameters-agree",
        title: "An assertion of an unknown type, or beside another client_id, is refused",
        level: Level::Must,
        severity: Severity::Critical,
        tier: Tier::Extended,
        sources: &["RFC 7521 §4.2", "RFC 7523 §2.2", "CWE-287"],
        doc: Doc {
            sends: "A good assertion under a client_assertion_type that does not exist, and beside the client_id of another client: for a scope that both have (or the other one, or for none), and for one that only the other has, where the scenario has such. Whose token comes back is read in its claims, at the introspection endpoint and in its scope: one of the other client is critical, and whatever else is found is of low severity.",
            matters: "Where two parts of a request name different clients, one part of the server decides on one of them, and another part on the other: a client that signs as itself may get the tokens of any other one.",
            fix: "Compare client_assertion_type with the one of RFC 7523 §2.2, and client_id, where it is there, with the client of the assertion (RFC 7521 §4.2).",
        },
        steps: &[
            token(FormAuth::Assertion, &[GRANT]).granted(),
            token(FormAuth::AssertionOfOtherType, &[GRANT]).denied(BAD_CLIENT),
            token(FormAuth::AssertionBesideOther, &[GRANT, ("scope", Fill::ScopeOfBothClients)])
                .denied(BAD_CLIENT)
                .keep("t")
                .id(BESIDE),
            introspect(FormAuth::Good, &[("token", Fill::Slot("t"))])
                .id(BESIDE_SHOWN)
                .called("the introspection of the token that came back")
                .if_given(),
            token(FormAuth::AssertionBesideOther, &[GRANT, ("scope", Fill::ScopeOfOtherClient)])
                .denied(BAD_CLIENT)
                .keep("u")
                .id(FOR_SCOPE)
                .called("a signed assertion beside another client_id, for a scope of that client alone")
                .if_given(),
            introspect(FormAuth::Good, &[("token", Fill::Slot("u"))])
                .id(FOR_SCOPE_SHOWN)
                .called("the introspection of the token that came back for that scope")
                .if_given(),
        ],
        expect: parameters_agree,
        fault: "assertion-parameters-unread",
        ..PLAIN
    },
    Check {
        id: "token.assertion-replay-refused",
        title: "A client assertion jti cannot be used twice",
        level: Level::May,
        tier: Tier::Extended,
        sources: &["RFC 7523 §3", "ASVS 10.4.16"],
        doc: Doc {
            sends: "The same assertion twice within its lifetime.",
            matters: "Assertions pass through proxies and logs; one that works twice works for whoever finds it. RFC 7523 leaves it to the server: a warning, unless the profile says must.",
            fix: "Keep the jti of each assertion until it expires, in a store that all nodes share (RFC 7523 §3).",
        },
        steps: &[
            token(FormAuth::Assertion, &[GRANT]).granted(),
            token(FormAuth::SameAssertion, &[GRANT]).times(2).id(AGAIN),
        ],
        expect: replay,
        fault: "assertion-replay",
        ..PLAIN
    },
];

/// RFC 7523 §3.2: the value of `error` must be `invalid_client`.
fn invalid_client(case: &ObservedCheck<'_>) -> Judgement {
    expect::wants_error(case, &["invalid_client"])
}

/// RFC 7521 §4.2: `client_id` has to name the client of the assertion. A server that goes by it lets every client be every other one;
/// one that does not look at it has the right client.
fn parameters_agree(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants_error(case, &["invalid_client", "invalid_request"]);
    let mut taken_over = Vec::new();
    for found in &mut judgement.access {
        let index = found.observation;
        let text = match holder(case, index) {
            Some(Holder::Other) => {
                taken_over.push(index);
                "the token belongs to the client that client_id names, and another client signed the assertion"
            }
            Some(Holder::Signer) => "access was granted, to the client of the assertion: client_id is not looked at",
            None => continue,
        };
        found.move_to(index, case.about(index, text), "refused 400, 401");
    }
    // both ask the same: one answer says what the other one would
    let of = |step: StepId, index: usize| case.observations_of(step).any(|(at, _)| at == index);
    let first_is_wrong = judgement.access.iter().chain(&judgement.protocol).any(|found| of(BESIDE, found.observation));
    judgement.protocol.retain(|found| !(first_is_wrong && of(FOR_SCOPE, found.observation)));
    judgement.low_where(|found| !taken_over.contains(&found.observation))
}

/// Whose token came back for an assertion beside the identifier of another client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    /// That of the client that signed.
    Signer,
    /// That of the client that `client_id` names.
    Other,
}

/// Whose token an answer has, as far as its claims, the introspection endpoint or its scope show it.
fn holder(case: &ObservedCheck<'_>, index: usize) -> Option<Holder> {
    let seen = &case.evidence.observations[index];
    let shown_by = match case.step_of(seen).step_id()? {
        BESIDE => BESIDE_SHOWN,
        FOR_SCOPE => FOR_SCOPE_SHOWN,
        _ => return None,
    };
    let (signer, other) =
        (field(seen, "client_assertion").and_then(|signed| claims_of(&signed)), field(seen, "client_id"));
    let signer = signer.as_ref().and_then(|claims| claims.get("sub")?.as_str());
    let answer = seen.exchange.response()?;
    let claims = answer.json_text("access_token").and_then(|token| claims_of(&token));
    let introspected = case.answers_of(shown_by).filter_map(|(_, answer)| answer.json());
    let named = claims.into_iter().chain(introspected).find_map(|said| {
        // RFC 9068 §2.2, RFC 7662 §2.2; `azp` where servers write that
        ["client_id", "azp", "sub"].into_iter().find_map(|member| match said.get(member)?.as_str() {
            name if name == other.as_deref() => Some(Holder::Other),
            name if name == signer => Some(Holder::Signer),
            _ => None,
        })
    });
    let requested = requested_scope(seen);
    // RFC 6749 §5.1: without the member it is the one that was asked for
    let has_scope = answer.json_text("scope").is_none_or(|scope| scope.split(' ').any(|one| requested.contains(one)));
    let by_scope = || (shown_by == FOR_SCOPE_SHOWN && has_scope).then_some(Holder::Other);
    named.or_else(by_scope)
}

/// A field of a form.
fn field(seen: &Observation, name: &str) -> Option<String> {
    let mut fields = url::form_urlencoded::parse(&seen.exchange.request.body);
    fields.find(|(own, _)| own == name).map(|(_, value)| value.into_owned())
}

/// RFC 7523 §3: a server may refuse a `jti` that it has seen. Where the profile makes that a must, access decides.
fn replay(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let must = case.profile.level(case.check.id, case.check.level) == Level::Must;
    for (index, again) in case.observations_of(AGAIN) {
        match again.exchange.response().filter(|_| again.outcome == Outcome::Refused) {
            Some(response) => {
                case.judge_as(index, Want::Denied(BAD_CLIENT), &mut judgement);
                expect::error_is_one_of(&mut judgement, index, response, &["invalid_client"]);
            }
            None if again.outcome != Outcome::Granted || must => {
                case.judge_as(index, Want::Denied(BAD_CLIENT), &mut judgement);
            }
            None => judgement.advises(index, case.about(index, "access was granted"), "rejected 400, 401"),
        }
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Request, Response, Silence};

    /// `{"alg":"ES256"}` and `{"sub":"first"}`.
    const SIGNED: &str = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJmaXJzdCJ9.x";

    /// Violations, deviations and the bound of the severity where these answers came.
    fn judged(answers: &[(StepId, u16, &str)]) -> (usize, usize, Option<Severity>) {
        let check = find("token.assertion-parameters-agree").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "oauth2-client-credentials");
        let mut evidence = Evidence::default();
        for (id, status, body) in answers {
            let step = check.steps.iter().position(|step| step.step_id() == Some(*id)).expect("is there");
            let form = format!("scope=write&client_id=second&client_assertion={SIGNED}");
            let request = Request::new("POST", "/token").with_body("application/x-www-form-urlencoded", form);
            let answer =
                Response { status: *status, headers: Vec::new(), body: body.as_bytes().to_vec(), truncated: false };
            let exchange = Exchange { answer: Ok(answer), ..Exchange::unanswered(request, Silence::Closed) };
            let outcome = if *status == 200 { Outcome::Granted } else { Outcome::Refused };
            evidence.observe(Observation::in_test(step, exchange, outcome));
        }
        let found = parameters_agree(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        (found.access.len(), found.protocol.len(), found.at_most)
    }

    #[test]
    fn a_token_of_the_client_that_did_not_sign_is_critical_and_anything_else_is_low() {
        let low = Some(Severity::Low);
        // {"alg":"ES256"}, and {"client_id":"second","sub":"x"} or {"client_id":"first"}
        let of_second = r#"{"access_token":"eyJhbGciOiJFUzI1NiJ9.eyJjbGllbnRfaWQiOiJzZWNvbmQiLCJzdWIiOiJ4In0.x"}"#;
        let of_first = r#"{"access_token":"eyJhbGciOiJFUzI1NiJ9.eyJjbGllbnRfaWQiOiJmaXJzdCJ9.x"}"#;
        let opaque = r#"{"access_token":"abc"}"#;
        let reduced = r#"{"access_token":"abc","scope":"read"}"#;
        let shown = |client: &'static str| (BESIDE_SHOWN, 200, client);
        let invalid_scope = r#"{"error":"invalid_scope"}"#;
        for (answers, expected) in [
            (&[(BESIDE, 401, r#"{"error":"invalid_client"}"#)][..], (0, 0, low)),
            (&[(BESIDE, 400, invalid_scope)], (0, 1, low)),
            (&[(BESIDE, 400, invalid_scope), (FOR_SCOPE, 400, invalid_scope)], (0, 1, low)),
            (&[(BESIDE, 200, of_second)], (1, 0, None)),
            (&[(BESIDE, 200, of_first)], (1, 0, low)),
            (&[(BESIDE, 200, of_first), (FOR_SCOPE, 400, invalid_scope)], (1, 0, low)),
            (&[(BESIDE, 200, opaque)], (1, 0, low)),
            (&[(BESIDE, 200, opaque), shown(r#"{"active":true,"client_id":"second"}"#)], (1, 0, None)),
            (&[(BESIDE, 200, opaque), shown(r#"{"active":true,"sub":"first"}"#)], (1, 0, low)),
            (&[(FOR_SCOPE, 200, opaque)], (1, 0, None)),
            (&[(FOR_SCOPE, 200, reduced)], (1, 0, low)),
        ] {
            assert_eq!(judged(answers), expected, "{answers:?}");
        }
    }
}
