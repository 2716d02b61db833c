//! The token endpoint (RFC 6749).

pub(crate) mod answers;
pub(crate) mod assertions;
pub(crate) mod client_authentication;
pub(crate) mod client_scheme;
pub(crate) mod malformed;
pub(crate) mod origins;
pub(crate) mod password_grant;
pub(crate) mod requests;
pub(crate) mod scopes;
pub(crate) mod short_lived;

use crate::check::judgement::challenges;
use crate::check::judgement::expect;
use crate::check::judgement::oauth;
use crate::check::judgement::token_values;
use crate::check::step::{Accept, Fill, FormAuth, token};
use crate::check::{Check, Doc, Level, Mode, PLAIN, Severity};

/// The parameter of a correct request (RFC 6749 §4.4.2).
pub(crate) const GRANT: (&str, Fill) = ("grant_type", Fill::Text("client_credentials"));

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "token.client-credentials-success",
        title: "Client-credentials request yields a well-formed token response (positive control)",
        level: Level::Must,
        severity: Severity::High,
        control: true,
        sources: &["RFC 6749 §4.4.2", "RFC 6749 §4.4.3", "RFC 6749 §5.1", "RFC 6749 §A.14"],
        doc: Doc {
            sends: "A client credentials request as RFC 6749 describes it.",
            matters: "Without this control no refusal proves anything, and clients cannot use a malformed answer.",
            fix: "Answer with access_token and token_type as JSON, and with expires_in as a JSON number (RFC 6749 §5.1).",
        },
        steps: &[token(FormAuth::Good, &[("grant_type", Fill::Text("client_credentials"))])
            .granted()
            .called("a client credentials request")],
        expect: oauth::token_answer,
        fault: "token-type-missing",
        ..PLAIN
    },
    Check {
        id: "token.scope-not-escalated",
        title: "A client never receives scope it is not entitled to",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 6749 §3.3", "RFC 6749 §5.1", "ASVS 10.4.11", "RFC 9700 §2.3"],
        doc: Doc {
            sends: "A request for a scope that the client is not entitled to, and one for its own scopes and that one.",
            matters: "A server that copies the requested scope into the token makes every client an administrator.",
            fix: "Intersect the requested scope with what the client is registered for.",
        },
        steps: &[
            token(
                FormAuth::Good,
                &[("grant_type", Fill::Text("client_credentials")), ("scope", Fill::DisallowedScope)],
            )
            .called("a scope that the client is not entitled to"),
            token(
                FormAuth::Good,
                &[("grant_type", Fill::Text("client_credentials")), ("scope", Fill::OwnAndDisallowedScope)],
            )
            .called("its own scopes and one that the client is not entitled to")
            .if_given(),
        ],
        expect: oauth::scope_not_escalated,
        implied_by: &["token.scope-returned-when-different"],
        fault: "grants-requested-scope",
        ..PLAIN
    },
    Check {
        id: "token.bad-secret-basic-401",
        title: "Failed Basic client authentication is 401 with a matching challenge",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 6749 §5.2"],
        doc: Doc {
            sends: "The right client identifier with a wrong secret by HTTP Basic.",
            matters: "Without 401 and a challenge a client cannot tell what failed; without a refusal secrets are worth nothing.",
            fix: "Answer 401, error invalid_client, and WWW-Authenticate: Basic.",
        },
        // that 400 is not right here is for the judgement to say
        steps: &[token(FormAuth::WrongBasic, &[("grant_type", Fill::Text("client_credentials"))]).denied(BAD_CLIENT)],
        expect: oauth::basic_client_refused,
        fault: "invalid-client-400",
        ..PLAIN
    },
    Check {
        id: "token.bad-secret-post",
        title: "Failed body client authentication is invalid_client",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 6749 §5.2", "RFC 6749 §2.3.1", "RFC 9110 §15.5.2"],
        doc: Doc {
            sends: "The right client identifier with a wrong secret in the body.",
            matters: "A second way to authenticate is often the one that nobody tested.",
            fix: "Verify secrets in one place for every method.",
        },
        steps: &[token(FormAuth::WrongPost, &[("grant_type", Fill::Text("client_credentials"))]).denied(BAD_CLIENT)],
        expect: |case| expect::wants_error(case, &["invalid_client"]).and(challenges::advised_on_401(case)),
        fault: "secret-not-checked",
        ..PLAIN
    },
    Check {
        id: "token.missing-client-auth",
        title: "A confidential client without authentication is refused",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 6749 §3.2.1", "RFC 6749 §5.2"],
        doc: Doc {
            sends: "A request without client authentication, and with the identifier alone.",
            matters: "A client identifier is public: it proves nothing.",
            fix: "Require authentication of every confidential client.",
        },
        steps: &[
            token(FormAuth::None, &[("grant_type", Fill::Text("client_credentials"))]).denied(BAD_CLIENT),
            token(FormAuth::IdOnly, &[("grant_type", Fill::Text("client_credentials"))]).denied(BAD_CLIENT),
        ],
        expect: |case| expect::wants_error(case, &["invalid_client", "invalid_request"]),
        fault: "client-id-suffices",
        ..PLAIN
    },
    Check {
        id: "token.public-client-cc-refused",
        title: "client_credentials is refused for public clients",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 6749 §4.4", "RFC 6749 §5.2"],
        doc: Doc {
            sends: "The public client, which has no secret.",
            matters: "A token for a public client is a token for anybody.",
            fix: "Offer the client credentials grant to confidential clients only (RFC 6749 §4.4).",
        },
        steps: &[token(FormAuth::Public, &[("grant_type", Fill::Text("client_credentials"))]).denied(BAD_CLIENT)],
        expect: |case| expect::wants_error(case, &["unauthorized_client", "invalid_client"]),
        fault: "public-cc",
        ..PLAIN
    },
    Check {
        id: "token.grant-not-allowed",
        title: "A client is limited to its registered grants",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 6749 §5.2", "ASVS 10.4.4"],
        doc: Doc {
            sends: "A token request by a confidential client that is not registered for the grant.",
            matters: "The more grants a client may use, the more a stolen secret opens.",
            fix: "Keep a list of grants for each client, and answer unauthorized_client.",
        },
        steps: &[token(FormAuth::WithoutGrant, &[("grant_type", Fill::Text("client_credentials"))])
            .denied(&[Accept::Status(400)])],
        expect: |case| expect::wants_error(case, &["unauthorized_client"]),
        fault: "grant-allow-list-ignored",
        ..PLAIN
    },
    Check {
        id: "token.password-grant-disabled",
        title: "The resource-owner password grant is not offered",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 9700 §2.4", "ASVS 10.4.4"],
        doc: Doc {
            sends: "The password grant with a made-up user, and a grant type that does not exist: a refusal that both get alike shows that the password grant is not offered either (its error code is for `token.unsupported-grant`).",
            matters: "The grant teaches users to type their passwords into clients; RFC 9700 forbids it.",
            fix: "Switch the password grant off.",
        },
        steps: &[
            token(
                FormAuth::Good,
                &[
                    ("grant_type", Fill::Text("password")),
                    ("username", Fill::Text("authbench")),
                    ("password", Fill::Text("authbench-no-such-password")),
                ],
            )
            .denied(BAD_CLIENT)
            .id(password_grant::PASSWORD)
            .called("the password grant"),
            token(FormAuth::Good, &[("grant_type", Fill::Text("authbench"))])
                .id(password_grant::UNKNOWN_GRANT)
                .called("a grant type that does not exist"),
        ],
        expect: password_grant::not_offered,
        fault: "ropc-enabled",
        ..PLAIN
    },
    Check {
        id: "token.query-credentials-refused",
        title: "Client credentials in the request URI are refused",
        level: Level::Must,
        severity: Severity::Medium,
        sources: &["RFC 6749 §2.3.1"],
        doc: Doc {
            sends: "Client identifier and secret only in the query of the URL.",
            matters: "URLs end in logs, histories and referrers.",
            fix: "Read client credentials from the header or the body only (RFC 6749 §2.3.1).",
        },
        steps: &[token(FormAuth::InQuery, &[("grant_type", Fill::Text("client_credentials"))]).denied(BAD_CLIENT)],
        fault: "merges-query-and-form",
        ..PLAIN
    },
    Check {
        id: "token.values-unique-and-long",
        title: "Issued opaque tokens are unique and hard to guess",
        level: Level::Must,
        severity: Severity::High,
        mode: Mode::Statistical,
        remote_safe: false,
        sources: &["RFC 6749 §10.10", "ASVS 7.2.3", "ASVS 11.5.1"],
        doc: Doc {
            sends: "Two hundred token requests of one client, and one of another; the tokens are compared.",
            matters: "A token that can be guessed needs no stealing.",
            fix: "Take at least 128 bits from a cryptographic generator for each token.",
        },
        steps: &[
            token(FormAuth::Good, &[("grant_type", Fill::Text("client_credentials"))])
                .granted()
                .times(200)
                .called("a token"),
            token(FormAuth::Second, &[("grant_type", Fill::Text("client_credentials"))])
                .if_given()
                .id(token_values::OTHERS_TOKEN)
                .called("a token of another client"),
        ],
        expect: token_values::tokens_unique,
        fault: "counter-token",
        ..PLAIN
    },
];

/// What RFC 6749 §5.2 allows for a request that is refused.
const BAD_CLIENT: &[Accept] = &[Accept::Status(400), Accept::Status(401)];

#[cfg(test)]
mod tests {
    use crate::check::find;
    use crate::check::judgement::ObservedCheck;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Outcome, Place, Request, Response, Silence};

    #[test]
    fn a_lifetime_is_a_json_number_of_whole_seconds() {
        let check = find("token.client-credentials-success").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        for (member, expected) in [
            ("", 0),
            (r#","expires_in":20"#, 0),
            (r#","expires_in":0"#, 0),
            (r#","expires_in":null"#, 0),
            (r#","expires_in":"20""#, 1),
            (r#","expires_in":20.5"#, 1),
            (r#","expires_in":-1"#, 1),
            (r#","expires_in":[20]"#, 1),
        ] {
            let body = format!(r#"{{"access_token":"a","token_type":"Bearer"{member}}}"#).into_bytes();
            let headers = vec![("Content-Type".to_owned(), b"application/json".to_vec())];
            let answer = Response { status: 200, headers, body, truncated: false };
            let asked = Exchange::unanswered(Request::new("POST", "/token"), Silence::Closed);
            let seen = Observation::in_test(0, Exchange { answer: Ok(answer), ..asked }, Outcome::Granted);
            let mut evidence = Evidence::default();
            evidence.observe(Observation { place: Place::Token, ..seen });
            let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((found.access.len(), found.protocol.len()), (0, expected), "{member}");
        }
    }
}
