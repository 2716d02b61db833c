//! Requests to the token endpoint that do not decode.

use super::GRANT;
use crate::check::common::malformed::never_broken;
use crate::check::step::{Encoding, Fill, FormAuth, token};
use crate::check::{Check, Doc, PLAIN, Severity, Tier};

pub(crate) const CHECKS: &[Check] = &[Check {
    id: "token.malformed-never-5xx",
    title: "A token request that does not decode is answered without a server error",
    severity: Severity::Low,
    tier: Tier::Extended,
    sources: &["RFC 6749 §5.2", "RFC 9110 §15.5.1", "ASVS 16.5.3"],
    doc: Doc {
        sends: "Token requests of the good client with a scope that holds NUL, is no UTF-8 (`%ff%fe`), no percent-encoding (`%zz`) or 10,000 characters long, and with a list in place of it; and of a client whose identifier holds NUL, by HTTP Basic and in the body, and is no UTF-8 or 10,000 characters long, in the body; with two Authorization fields, with parts of a form without a boundary, and with a form that is said to be gzip and is not.",
        matters: "Whoever reaches a token endpoint can send such a request: databases refuse NUL, decoders bytes that are no UTF-8, and a handler that does not expect it breaks, often with its code in the answer.",
        fix: "Check the characters of parameters before anything looks at them (RFC 6749 appendix A), and answer 400 invalid_request, invalid_scope or 401 invalid_client.",
    },
    steps: &[
        token(FormAuth::Good, &[GRANT]).granted(),
        token(FormAuth::Good, &[GRANT, ("scope", Fill::Text("auth\0bench"))]).called("a scope with NUL"),
        token(FormAuth::Good, &[GRANT, ("scope", Fill::Text("%ff%fe"))])
            .encoded(Encoding::AsItStands)
            .called("a scope that is no UTF-8"),
        token(FormAuth::Good, &[GRANT, ("scope", Fill::Text("%zz"))])
            .encoded(Encoding::AsItStands)
            .called("a scope that is no percent-encoding"),
        token(FormAuth::Good, &[GRANT, ("scope", Fill::Bytes(LONG))]).called("a scope of 10,000 characters"),
        token(FormAuth::Good, &[GRANT, ("scope", Fill::LeftOut), ("scope[]", Fill::Text("authbench"))])
            .called("a list of scopes"),
        // auth NUL bench:x
        token(FormAuth::Line("Basic YXV0aABiZW5jaDp4"), &[GRANT]).called("a client with NUL, by HTTP Basic"),
        token(FormAuth::None, &[GRANT, ("client_id", Fill::Text("auth\0bench")), SECRET])
            .called("a client with NUL, in the body"),
        token(FormAuth::None, &[GRANT, ("client_id", Fill::Text("%ff%fe")), SECRET])
            .encoded(Encoding::AsItStands)
            .called("a client that is no UTF-8, in the body"),
        token(FormAuth::None, &[GRANT, ("client_id", Fill::Bytes(LONG)), SECRET])
            .called("a client of 10,000 characters, in the body"),
        token(FormAuth::TwoHeaders, &[GRANT]).called("two Authorization fields"),
        token(FormAuth::Good, &[GRANT]).encoded(Encoding::NoBoundary).called("parts of a form without a boundary"),
        token(FormAuth::Good, &[GRANT])
            .asking(&[("Content-Encoding", "gzip")])
            .called("a form that is said to be gzip"),
    ],
    expect: never_broken,
    fault: "token-breaks-on-nul",
    ..PLAIN
}];

/// More characters than names have.
const LONG: usize = 10_000;
/// What nobody's secret is.
const SECRET: (&str, Fill) = ("client_secret", Fill::Text("authbench"));
