//! What the token endpoint says to pages of other origins (WHATWG Fetch, CORS protocol).

use crate::check::common::cross_origin;
use crate::check::step::{Fill, FormAuth, OriginBeside, Step, token};
use crate::check::{Check, Doc, PLAIN, Severity, Tier};

pub(crate) const CHECKS: &[Check] = &[Check {
    id: "token.cors-credentials-not-open",
    title: "The token endpoint allows no foreign origin together with credentials",
    severity: Severity::Medium,
    tier: Tier::Extended,
    sources: &["ASVS 3.4.2", "WSTG-CLNT-07", "WHATWG Fetch (CORS and credentials)"],
    doc: Doc {
        sends: "A token request of a foreign origin and one of the origin null, both with a wrong client secret, and a correct one of a foreign origin. Where `material.trusted_origins` names an origin, or answers name one whatever the request says, a correct request of that origin follows, and where it is allowed, correct ones of origins that look like it, as in common.cors-credentials-not-open.",
        matters: "Where any origin is allowed together with credentials, every page reads the tokens that the cookies of its visitor obtain.",
        fix: "Allow no origin, a list of origins, or any origin without credentials.",
    },
    steps: &[
        token(FormAuth::WrongSent, &[("grant_type", Fill::Text("client_credentials"))])
            .asking(&[("Origin", "https://authbench.invalid")])
            .called("a wrong secret from a foreign origin"),
        token(FormAuth::WrongSent, &[("grant_type", Fill::Text("client_credentials"))])
            .asking(&[("Origin", "null")])
            .called("a wrong secret from the origin null"),
        token(FormAuth::Good, &[("grant_type", Fill::Text("client_credentials")), ("scope", Fill::OwnScope)])
            .asking(&[("Origin", "https://authbench.invalid")])
            .called("a correct request from a foreign origin"),
        correct(OriginBeside::Trusted, "a correct request from the trusted origin"),
        correct(OriginBeside::SameDomain, "a correct request from an origin of the domain of the trusted one"),
        correct(OriginBeside::LongerHost, "a correct request from an origin whose host begins like the trusted one"),
        correct(OriginBeside::GluedHost, "a correct request from an origin whose host ends like the trusted one"),
        correct(
            OriginBeside::GluedDomain,
            "a correct request from an origin whose host ends like the domain of the trusted one",
        ),
        correct(
            OriginBeside::OtherDot,
            "a correct request from an origin with a letter in place of the first dot of the trusted one",
        ),
        correct(OriginBeside::WithoutTls, "a correct request from the trusted origin without TLS"),
        correct(OriginBeside::OtherPort, "a correct request from the trusted origin at another port"),
    ],
    expect: cross_origin::limited,
    fault: "token-reflects-origin",
    ..PLAIN
}];

/// A correct request of an origin.
const fn correct(beside: OriginBeside, called: &'static str) -> Step {
    token(FormAuth::Good, &[("grant_type", Fill::Text("client_credentials")), ("scope", Fill::OwnScope)])
        .from_origin(beside)
        .called(called)
}
