//! What the token endpoint makes of client assertions (RFC 7523 §2.2, OpenID Connect Core 1.0 §9).

use super::GRANT;
use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Accept, FormAuth, Want, token};
use crate::check::{Check, Doc, Level, PLAIN, Severity, Step, Tier};
use crate::observe::{ForgeryId, Outcome, StepId};

/// An assertion that was used before.
const AGAIN: StepId = StepId::new("again");
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
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 7521 §4.2", "RFC 7523 §2.2"],
        doc: Doc {
            sends: "A good assertion under a client_assertion_type that does not exist, and beside the client_id of another client.",
            matters: "Where two parts of a request name different clients, one part of the server decides on one of them, and another part on the other.",
            fix: "Compare client_assertion_type with the one of RFC 7523 §2.2, and client_id, where it is there, with the client of the assertion (RFC 7521 §4.2).",
        },
        steps: &[
            token(FormAuth::Assertion, &[GRANT]).granted(),
            token(FormAuth::AssertionOfOtherType, &[GRANT]).denied(BAD_CLIENT),
            token(FormAuth::AssertionBesideOther, &[GRANT]).denied(BAD_CLIENT),
        ],
        expect: |case| expect::wants_error(case, &["invalid_client", "invalid_request"]),
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
