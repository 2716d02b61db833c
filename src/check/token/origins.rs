//! What the token endpoint says to pages of other origins (WHATWG Fetch, CORS protocol).

use crate::check::common::cross_origin;
use crate::check::step::{Fill, FormAuth, token};
use crate::check::{Check, Doc, PLAIN, Severity, Tier};

pub(crate) const CHECKS: &[Check] = &[Check {
    id: "token.cors-credentials-not-open",
    title: "The token endpoint allows no foreign origin together with credentials",
    severity: Severity::Medium,
    tier: Tier::Extended,
    sources: &["ASVS 3.4.2", "WSTG-CLNT-07", "WHATWG Fetch (CORS and credentials)"],
    doc: Doc {
        sends: "A token request of a foreign origin and one of the origin null, both with a wrong client secret, and a correct one of a foreign origin.",
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
    ],
    expect: cross_origin::limited,
    fault: "token-reflects-origin",
    ..PLAIN
}];
