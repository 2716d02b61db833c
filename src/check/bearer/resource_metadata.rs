//! Metadata of protected resources (RFC 9728), wherever they may be.

use serde_json::Value;

use crate::check::judgement::challenges;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Accept, MISSING, MetadataDocument, On, Who, fetch, send};
use crate::check::{Check, Doc, Level, PLAIN, Severity, Tier};
use crate::observe::{Outcome, StepId};

pub(crate) const CHECKS: &[Check] = &[Check {
    id: "bearer.resource-metadata-consistent",
    title: "Protected-resource metadata is where challenges say and names the resource",
    level: Level::Must,
    severity: Severity::Medium,
    tier: Tier::Extended,
    sources: &["RFC 9728 §3.3", "RFC 9728 §3.1", "RFC 9728 §5.1"],
    doc: Doc {
        sends: "A request without a token, and requests for the metadata of the resource: at the address that the challenge names, at the well-known place of the resource, and at that of its host.",
        matters: "A client that follows the challenge finds nothing, or has to reject what it finds, for a document about another resource may lead its tokens to an attacker.",
        fix: "Let resource_metadata point to a document that is served, and name the resource in it as clients address it.",
    },
    steps: &[
        send(Who::Anonymous, On::Protected)
            .id(ASKED)
            .denied(&[MISSING, Accept::Range(400, 499)])
            .called("a request without a token"),
        fetch(MetadataDocument::NamedByChallenge).id(NAMED).called("the document that the challenge names"),
        fetch(MetadataDocument::OfMainResource).id(OF_RESOURCE).called("the document of the resource"),
        fetch(MetadataDocument::OfHost).id(OF_HOST).called("the document of the host"),
    ],
    expect: consistent,
    fault: "metadata-pointer-dangles",
    ..PLAIN
}];

const ASKED: StepId = StepId::new("asked");
const NAMED: StepId = StepId::new("named");
const OF_RESOURCE: StepId = StepId::new("of-resource");
const OF_HOST: StepId = StepId::new("of-host");

/// What a document has to be about.
struct Subject {
    /// Address of the resource, or of its host.
    address: String,
    /// Whether addresses below it are about it too.
    below: bool,
}

fn consistent(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, _) in case.observations_of(ASKED) {
        case.judge(index, &mut judgement);
    }
    let pointer = case.answers_of(ASKED).find_map(|(index, response)| {
        let challenges = challenges::of(response);
        let named = challenges.iter().find_map(|challenge| challenge.param("resource_metadata").map(str::to_owned));
        named.map(|named| (index, named))
    });
    let asked = case.observations_of(ASKED).next().map(|(_, seen)| seen);
    let Some(address) = asked.and_then(|seen| address_of(&seen.exchange.request, case.evidence.over_tls)) else {
        return judgement;
    };
    let host = origin(&address).to_owned();
    if let Some((index, named)) = &pointer
        && case.observations_of(NAMED).next().is_none()
    {
        judgement.remarks.push(format!("resource_metadata is {named:?}, on another host than the target: not asked"));
        if url::Url::parse(named).is_err() {
            judgement.deviates(*index, format!("resource_metadata is {named:?}"), "an address (RFC 9728 §5.1)");
        }
    }
    let mut documents = 0;
    for (step, wanted) in [
        (NAMED, Subject { address: address.clone(), below: true }),
        (OF_RESOURCE, Subject { address, below: false }),
        (OF_HOST, Subject { address: host, below: false }),
    ] {
        for (index, seen) in case.observations_of(step) {
            match (seen.outcome, seen.exchange.response()) {
                (Outcome::Granted, Some(response)) => {
                    documents += 1;
                    let json = response.json().unwrap_or_default();
                    about(case, &mut judgement, (index, &json), &wanted);
                }
                (Outcome::Refused, Some(response)) if step == NAMED => {
                    // it is the challenge that is wrong
                    let (at, named) = pointer.clone().unwrap_or((index, String::new()));
                    let text = format!("resource_metadata is {named:?}, which is answered with {}", response.status);
                    judgement.deviates(at, text, "an address that answers 200 with a JSON object");
                }
                (Outcome::Refused, _) => {}
                _ => case.judge(index, &mut judgement),
            }
        }
    }
    if documents == 0 && pointer.is_none() && judgement.open.is_empty() && judgement.protocol.is_empty() {
        judgement.not_applicable = Some("the target publishes no metadata of its resources".to_owned());
    }
    judgement
}

/// RFC 9728 §3.3: `resource` is the address that the client used, or that the well-known place was made from.
fn about(case: &ObservedCheck<'_>, judgement: &mut Judgement, (index, document): (usize, &Value), wanted: &Subject) {
    let expected = format!("{:?}", wanted.address);
    let plain = |text: &str| text.trim_end_matches('/').to_owned();
    match document.get("resource").and_then(Value::as_str) {
        Some(resource) if plain(resource) == plain(&wanted.address) => {}
        // many publish one document for all paths below it, which a successor of the RFC allows
        Some(resource) if wanted.below && is_below(&wanted.address, resource) => {
            let text = format!("resource is {resource:?}");
            match case.profile.strict_challenges() {
                true => judgement.advises(index, case.about(index, text), expected),
                false => judgement.remarks.push(text),
            }
        }
        Some(resource) => {
            judgement.deviates(index, case.about(index, format_args!("resource is {resource:?}")), expected);
        }
        None => judgement.deviates(index, case.about(index, "there is no resource"), expected),
    }
}

fn is_below(address: &str, resource: &str) -> bool {
    let resource = resource.trim_end_matches('/');
    origin(address) == origin(resource) && address.strip_prefix(resource).is_some_and(|rest| rest.starts_with('/'))
}

/// Scheme and authority of an address.
fn origin(address: &str) -> &str {
    let start = address.find("//").map_or(0, |at| at + 2);
    address[start..].find('/').map_or(address, |end| &address[..start + end])
}

/// The address that a request was sent to, without its query.
fn address_of(request: &crate::observe::Request, over_tls: bool) -> Option<String> {
    let host = String::from_utf8_lossy(request.value_of("host")?).into_owned();
    let target = String::from_utf8_lossy(&request.target).into_owned();
    let scheme = if over_tls { "https" } else { "http" };
    Some(format!("{scheme}://{host}{}", target.split('?').next().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_for_a_part_of_the_host_is_below_no_other_part() {
        for (address, resource, below) in [
            ("http://a.test/api/orders", "http://a.test/api", true),
            ("http://a.test/api/orders", "http://a.test/", true),
            ("http://a.test/api/orders", "http://a.test", true),
            ("http://a.test/apis/orders", "http://a.test/api", false),
            ("http://a.test/api/orders", "https://a.test/api", false),
            ("http://a.test/api/orders", "http://b.test/api", false),
        ] {
            assert_eq!(is_below(address, resource), below, "{address} {resource}");
        }
    }
}
