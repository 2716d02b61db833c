//! The token endpoint that binds tokens to keys (RFC 9449 §5, §6).

use super::judgements;
use crate::check::judgement::expect;
use crate::check::step::{Accept, Fill, FormAuth, introspect, token};
use crate::check::{Check, Doc, Level, PLAIN, Severity};
use crate::observe::StepId;

/// The request for a bound token, and what is said of that token.
pub(super) const ISSUED: StepId = StepId::new("issued");
pub(super) const DESCRIBED: StepId = StepId::new("described");

const GRANT: &[(&str, Fill)] = &[("grant_type", Fill::Text("client_credentials"))];
const BAD_REQUEST: &[Accept] = &[Accept::Status(400)];

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "dpop.token-response",
        title: "A token request with a proof gets a token of the type DPoP that is bound to its key",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 9449 §5", "RFC 9449 §6.1", "RFC 9449 §6.2"],
        doc: Doc {
            sends: "A client credentials request with a proof. The key that the token is bound to is read from the token, where it is a JWT, or from the introspection endpoint.",
            matters: "A token that says DPoP and is bound to no key is accepted by every resource server that forgets to look.",
            fix: "Answer token_type DPoP, and put the thumbprint of the key (RFC 7638) into cnf.jkt of the token, or of its introspection.",
        },
        steps: &[
            token(FormAuth::Good, GRANT).granted().keep("t").id(ISSUED).called("a token request with a proof"),
            introspect(FormAuth::Good, &[("token", Fill::Slot("t"))])
                .if_given()
                .id(DESCRIBED)
                .called("the introspection of that token"),
        ],
        expect: judgements::bound,
        fault: "unbound-dpop",
        ..PLAIN
    },
    Check {
        id: "dpop.as-invalid-proof",
        title: "A wrong proof at the token endpoint is 400 invalid_dpop_proof",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 9449 §5", "RFC 9449 §4.3"],
        doc: Doc {
            sends: "Token requests with a proof whose signature is wrong, for another method, for another address, made an hour ago, with alg none, with a secret for a key, of another type, and with two proofs.",
            matters: "A server that issues a bearer token instead, or that binds the token to a key which nobody proved, gives up what the client asked for.",
            fix: "Verify the proof as RFC 9449 §4.3 says, and answer 400 with error invalid_dpop_proof where it is wrong.",
        },
        steps: &[
            token(FormAuth::Good, GRANT)
                .with_proof("signature-changed")
                .denied(BAD_REQUEST)
                .called("a wrong signature"),
            token(FormAuth::Good, GRANT).with_proof("htm-other").denied(BAD_REQUEST).called("another method"),
            token(FormAuth::Good, GRANT).with_proof("htu-other-path").denied(BAD_REQUEST).called("another address"),
            token(FormAuth::Good, GRANT).with_proof("iat-old").denied(BAD_REQUEST).called("a proof of an hour ago"),
            token(FormAuth::Good, GRANT).with_proof("alg-none").denied(BAD_REQUEST).called("alg none"),
            token(FormAuth::Good, GRANT).with_proof("alg-hs256").denied(BAD_REQUEST).called("a secret for a key"),
            token(FormAuth::Good, GRANT).with_proof("typ-jwt").denied(BAD_REQUEST).called("another type"),
            token(FormAuth::Good, GRANT).with_proof("two-proofs").denied(BAD_REQUEST).called("two proofs"),
        ],
        expect: |case| expect::wants_error(case, &["invalid_dpop_proof", "use_dpop_nonce"]),
        fault: "as-ignores-bad-proof",
        ..PLAIN
    },
];
