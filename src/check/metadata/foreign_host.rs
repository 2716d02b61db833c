//! Metadata that name whatever host a request says that a proxy was asked for.

use serde_json::Value;

use crate::check::common::hosts::linked;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{FOREIGN_HOST, MetadataDocument, Step, fetch};
use crate::check::{Check, Doc, PLAIN, Severity};
use crate::observe::{Outcome, Response, StepId};

/// What holds of the hosts that documents name.
pub(crate) const CHECKS: &[Check] = &[Check {
    id: "meta.foreign-host-not-reflected",
    title: "Metadata name no host that a client makes up",
    // a cache before the target may keep what it is answered
    remote_safe: false,
    sources: &["RFC 8414 §3.3", "OpenID Connect Discovery 1.0 (section 4.3)", "WSTG-INPV-17", "CWE-644"],
    doc: Doc {
        sends: "The metadata document of the issuer at the place where it is found, the document of OpenID Connect Discovery, and that of the protected resources of the host (RFC 9728), with a foreign host in X-Forwarded-Host, X-Forwarded-Server and Forwarded; the former two also with one in Host, which is of low severity alone: a cache and a proxy know documents by their Host. Their members and header fields are read. A document that is refused, or that is not there, is right.",
        matters: "Clients send codes, secrets and tokens to the endpoints that metadata name, and verify tokens with the keys behind jwks_uri: where a cache keeps a document that a stranger has asked for, they go to the stranger.",
        fix: "Make the issuer and the addresses of endpoints from a configured address, and believe forwarding fields only from your proxy.",
    },
    steps: &[
        fetch(MetadataDocument::Discovered).id(AS_IT_IS),
        fetch(MetadataDocument::Discovered)
            .asking(FORWARDED)
            .called("the metadata document, with a foreign host in forwarding fields"),
        fetch(MetadataDocument::OpenIdConfiguration)
            .asking(FORWARDED)
            .called("the document of OpenID Connect Discovery, with a foreign host in forwarding fields"),
        fetch(MetadataDocument::OfHost)
            .asking(FORWARDED)
            .called("the metadata of the resources of the host, with a foreign host in forwarding fields"),
        fetch(MetadataDocument::Discovered)
            .asking(IN_HOST)
            .id(BY_HOST)
            .called("the metadata document, with a foreign Host"),
        fetch(MetadataDocument::OpenIdConfiguration)
            .asking(IN_HOST)
            .id(OPENID_BY_HOST)
            .called("the document of OpenID Connect Discovery, with a foreign Host"),
    ],
    expect: not_reflected,
    fault: "metadata-of-forwarded-host",
    ..PLAIN
}];

/// The document of a request without such fields.
const AS_IT_IS: StepId = StepId::new("as-it-is");

/// Documents of requests for another host.
const BY_HOST: StepId = StepId::new("by-host");
const OPENID_BY_HOST: StepId = StepId::new("openid-by-host");

/// The field by which a client names the host that it asks (RFC 9110 §7.2).
const IN_HOST: &[(&str, &str)] = &[("Host", FOREIGN_HOST)];

/// The fields by which proxies name the host that a client asked for (RFC 7239 §5.3).
const FORWARDED: &[(&str, &str)] = &[
    ("X-Forwarded-Host", FOREIGN_HOST),
    ("X-Forwarded-Server", FOREIGN_HOST),
    ("Forwarded", "host=authbench.invalid"),
];

fn not_reflected(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let (mut has_a_document, mut by_forwarding) = (false, false);
    for (index, seen) in case.observations() {
        let Some(answer) = seen.exchange.response() else {
            judgement.leaves_open(format!("no answer to {}", seen.description));
            continue;
        };
        has_a_document |= seen.outcome == Outcome::Granted;
        if is_as_it_is(case.step_of(seen)) {
            continue;
        }
        let members = foreign_members(answer);
        let text = match (members.as_slice(), linked(answer)) {
            ([], None) => continue,
            ([], Some(place)) => format!("{place} links to that host"),
            (members, _) => format!("that host is in {}", members.join(", ")),
        };
        judgement.violates(index, case.about(index, text), "addresses of the issuer");
        by_forwarding |= !matches!(case.step_of(seen).step_id(), Some(BY_HOST | OPENID_BY_HOST));
    }
    judgement.at_most = (!by_forwarding).then_some(Severity::Low);
    if !has_a_document && judgement.access.is_empty() && judgement.open.is_empty() {
        judgement.not_applicable = Some("there is no metadata document: see meta.as-document".to_owned());
    }
    judgement
}

fn is_as_it_is(step: &Step) -> bool {
    step.step_id() == Some(AS_IT_IS)
}

/// The members of a document that have an address at the foreign host.
fn foreign_members(answer: &Response) -> Vec<String> {
    let document = answer.json().unwrap_or_default();
    let members = document.as_object().into_iter().flatten();
    members.filter(|(_, value)| names_the_host(value)).map(|(name, _)| name.clone()).collect()
}

fn names_the_host(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            let host = url::Url::parse(text).ok().and_then(|url| url.host_str().map(str::to_owned));
            host.is_some_and(|host| host == FOREIGN_HOST || host.ends_with(&format!(".{FOREIGN_HOST}")))
        }
        Value::Array(values) => values.iter().any(names_the_host),
        Value::Object(members) => members.values().any(names_the_host),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Request, Silence};

    /// Violations, how grave they are at most, and whether the check applies.
    fn found(step: usize, status: u16, document: &Value, location: Option<&str>) -> (usize, Option<Severity>, bool) {
        let headers: Vec<_> = location.iter().map(|to| ("Location".to_owned(), to.as_bytes().to_vec())).collect();
        let answer = Response { status, headers, body: document.to_string().into_bytes(), truncated: false };
        let asked = Exchange::unanswered(Request::new("GET", "/.well-known/x"), Silence::Closed);
        let outcome = if status == 200 { Outcome::Granted } else { Outcome::Refused };
        let mut evidence = Evidence::default();
        evidence.observe(Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, outcome));
        let profile = Effective::of(["api-key-403"], "bearer");
        let found = not_reflected(&ObservedCheck { check: &CHECKS[0], evidence: &evidence, profile: &profile });
        (found.access.len(), found.at_most, found.not_applicable.is_none())
    }

    #[test]
    fn what_names_the_foreign_host_is_an_address() {
        let own = json!({ "issuer": "https://as.test", "token_endpoint": "https://as.test/token" });
        const LOW: Option<Severity> = Some(Severity::Low);
        for (step, status, document, location, expected) in [
            (1, 200, own.clone(), None, (0, LOW, true)),
            (1, 200, json!({ "issuer": "https://authbench.invalid" }), None, (1, None, true)),
            (1, 200, json!({ "jwks_uri": "http://AUTHBENCH.invalid:8443/jwks" }), None, (1, None, true)),
            (3, 200, json!({ "authorization_servers": ["https://authbench.invalid/"] }), None, (1, None, true)),
            (
                1,
                200,
                json!({ "mtls_endpoint_aliases": { "t": "https://m.authbench.invalid/t" } }),
                None,
                (1, None, true),
            ),
            // a host that is shown is no address
            (1, 200, json!({ "service_documentation": "asked for authbench.invalid" }), None, (0, LOW, true)),
            (1, 200, json!({ "issuer": "https://as.test/?of=authbench.invalid" }), None, (0, LOW, true)),
            (2, 301, json!({}), Some("https://authbench.invalid/.well-known/x"), (1, None, true)),
            (2, 404, json!({}), None, (0, LOW, false)),
            // nothing foreign was sent
            (0, 200, json!({ "issuer": "https://authbench.invalid" }), None, (0, LOW, true)),
            (4, 200, json!({ "issuer": "https://authbench.invalid" }), None, (1, LOW, true)),
            (5, 200, json!({ "issuer": "https://as.test" }), None, (0, LOW, true)),
        ] {
            assert_eq!(found(step, status, &document, location), expected, "{step} {status} {document} {location:?}");
        }
    }
}
