//! What the configuration endpoint shows of a client that registered itself, and to whom (RFC 7592 §2).

use serde_json::Value;

use super::{GOOD, REGISTRATION, of_accepting};
use crate::check::judgement::{Judgement, ObservedCheck, unclear};
use crate::check::step::{
    Accept, ClientRegistration, ConfigurationRequest, ConfigurationToken, MetadataDocument, Step, Want, fetch, register,
};
use crate::check::{Check, Doc, Level, Severity};
use crate::observe::{Observation, Outcome, Response, StepId};

/// Who may read and remove a client, and what comes of it.
pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "register.configuration-guarded",
        title: "The configuration of a registered client is open to its own token alone",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 7592 §2", "RFC 7592 §2.1", "RFC 7592 §2.3"],
        doc: Doc {
            sends: "The metadata document, and two good registrations without any credential. What the first answer names as registration_client_uri is read with its registration_access_token, which has to be granted; then without a token, with one that nobody issued and with that of the second client, and removed without a token and with that of the second client. Both clients are removed in the end. The check does not apply where the answer to a registration names no registration_client_uri.",
            matters: "The answer has the secret of the client: whoever may read it acts as that client, and whoever may change it sends the codes of its users to an address of their own.",
            fix: "Compare the registration access token of each request with that of the client in its address, and answer 401 where they differ.",
        },
        steps: &[
            fetch(MetadataDocument::Discovered),
            register(ClientRegistration::Kept).id(GOOD).called("a good registration"),
            register(ClientRegistration::Kept).called("the registration of a second client"),
            OWN_READ,
            configure(ConfigurationRequest::Read(ConfigurationToken::Absent)).called("read without a token"),
            configure(ConfigurationRequest::Read(ConfigurationToken::Unknown))
                .called("read with a token that nobody issued"),
            configure(ConfigurationRequest::Read(ConfigurationToken::OfOther))
                .called("read with the token of the second client"),
            configure(ConfigurationRequest::Remove(ConfigurationToken::Absent)).called("removed without a token"),
            configure(ConfigurationRequest::Remove(ConfigurationToken::OfOther))
                .called("removed with the token of the second client"),
        ],
        expect: guarded,
        fault: "client-configuration-open",
        ..REGISTRATION
    },
    Check {
        id: "register.configuration-served",
        title: "A registered client can read its configuration and be removed",
        level: Level::Must,
        severity: Severity::Low,
        sources: &["RFC 7592 §2.1", "RFC 7592 §2.3"],
        doc: Doc {
            sends: "The metadata document, and a good registration without any credential. What its answer names as registration_client_uri is read with its registration_access_token: 200 and the client_id of the registration are looked for, and 403 is taken. Then the client is removed, which gives 204, or 405 or 403 where clients are not removed in this way, and is read once more, which gives 401. The check does not apply where the answer to a registration names no registration_client_uri.",
            matters: "A client that cannot read what is registered does not see that its secret was replaced, and one that cannot be removed stays for ever, with a secret that works.",
            fix: "Serve GET and DELETE at the address that the answers to registrations name, or leave registration_client_uri and registration_access_token out of them.",
        },
        steps: &[
            fetch(MetadataDocument::Discovered),
            register(ClientRegistration::Kept).id(GOOD).called("a good registration"),
            OWN_READ,
            configure(ConfigurationRequest::Remove(ConfigurationToken::Own)).id(REMOVED).called("its removal"),
            configure(ConfigurationRequest::Read(ConfigurationToken::Own))
                .id(READ_LATER)
                .called("read after its removal"),
        ],
        expect: served,
        fault: "client-configuration-breaks",
        ..REGISTRATION
    },
];

/// Asks the configuration endpoint that the answer to the first registration of the check names.
const fn configure(request: ConfigurationRequest) -> Step {
    fetch(MetadataDocument::Configuration(request))
}

const OWN_READ: Step =
    configure(ConfigurationRequest::Read(ConfigurationToken::Own)).id(READ).called("read with its own token");
const READ: StepId = StepId::new("configuration-read");
const REMOVED: StepId = StepId::new("configuration-removed");
const READ_LATER: StepId = StepId::new("configuration-read-later");

/// RFC 7592 §2.1: an error for a token that is not valid. Where its own token opens nothing, no refusal means anything.
fn guarded(case: &ObservedCheck<'_>) -> Judgement {
    of_accepting(case, |_, judgement| {
        let own = case.observations_of(READ).next();
        if own.is_none_or(|(_, seen)| seen.outcome != Outcome::Granted) {
            let why = "the configuration of a registered client cannot be read with its own token: see register.configuration-served";
            return judgement.leaves_open(why.to_owned());
        }
        let is_foreign = |seen: &Observation| match case.step_of(seen) {
            Step::Fetch(fetch) => {
                matches!(fetch.document, MetadataDocument::Configuration(_)) && fetch.id != Some(READ)
            }
            _ => false,
        };
        for (index, seen) in case.observations().filter(|(_, seen)| is_foreign(seen)) {
            match seen.outcome {
                Outcome::Unclear => judgement.leaves_open(unclear(seen)),
                _ => case.judge_as(index, Want::Denied(&[Accept::Range(400, 499)]), judgement),
            }
        }
    })
}

/// RFC 7592 §2.1 (200, and 403 for a client that may not read its record) and §2.3 (204, 405 where clients are not removed, 403 for
/// one that may not remove itself, 401 for one that does not exist).
fn served(case: &ObservedCheck<'_>) -> Judgement {
    of_accepting(case, |_, judgement| {
        for (index, seen) in case.observations_of(READ) {
            match (seen.outcome, seen.exchange.status().unwrap_or_default()) {
                (Outcome::Granted, 200) => same_client(case, index, seen, judgement),
                (Outcome::Granted, status) => {
                    judgement.deviates(index, format!("{}: answered with {status}", seen.description), "200")
                }
                (_, 403) => judgement.remarks.push("the client may not read its configuration".to_owned()),
                _ => answered(case, index, "200 with what is registered", judgement),
            }
        }
        let mut is_removed = false;
        for (index, seen) in case.observations_of(REMOVED) {
            match seen.exchange.status().unwrap_or_default() {
                204 => is_removed = true,
                403 | 405 => judgement.remarks.push("the client may not remove itself".to_owned()),
                status @ 200..300 => {
                    is_removed = true;
                    judgement.deviates(index, format!("{}: answered with {status}", seen.description), "204");
                }
                _ => answered(case, index, "204, or 405 where clients are not removed in this way", judgement),
            }
        }
        for (index, seen) in case.observations_of(READ_LATER).filter(|_| is_removed) {
            match (seen.outcome, seen.exchange.status().unwrap_or_default()) {
                (Outcome::Refused, 401) => {}
                _ => answered(case, index, "401", judgement),
            }
        }
    })
}

/// Another answer than the one that is wanted: one that says nothing of the request leaves the check open.
fn answered(case: &ObservedCheck<'_>, index: usize, wanted: &'static str, judgement: &mut Judgement) {
    let seen = &case.evidence.observations[index];
    match (seen.outcome, seen.exchange.status()) {
        (Outcome::Silent | Outcome::Broke, _) => case.judge_as(index, Want::Granted, judgement),
        (_, None | Some(429)) => judgement.leaves_open(unclear(seen)),
        (_, Some(status)) => judgement.deviates(index, format!("{}: answered with {status}", seen.description), wanted),
    }
}

/// Whether what is read is the client that was registered.
fn same_client(case: &ObservedCheck<'_>, index: usize, seen: &Observation, judgement: &mut Judgement) {
    let id = |answer: &Response| {
        answer.json().and_then(|json| json.get("client_id").and_then(Value::as_str).map(str::to_owned))
    };
    let registered = case.answers_of(GOOD).next().and_then(|(_, answer)| id(answer));
    if seen.exchange.response().and_then(id) != registered {
        let text = format!("{}: the answer is not about the client that was registered", seen.description);
        judgement.deviates(index, text, "the client_id of the registration");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Place, Request, Silence, meaning_of_status};

    const OWN: &str = r#"{"client_id":"c"}"#;
    const OTHER: &str = r#"{"client_id":"d"}"#;

    /// What a check says where these requests to the configuration were answered so.
    fn judged(id: &str, answers: &[(u16, &str)]) -> Judgement {
        let check = find(id).expect("is in the catalogue");
        let mut evidence = Evidence::default();
        let requests = check.steps.iter().enumerate().filter(|(_, step)| match step {
            Step::Fetch(fetch) => matches!(fetch.document, MetadataDocument::Configuration(_)),
            _ => false,
        });
        let asked = requests.zip(answers).map(|((step, _), answer)| (step, *answer));
        for (step, (status, body)) in [(0, (200, "{}")), (1, (201, OWN))].into_iter().chain(asked) {
            let answer = Response { status, headers: Vec::new(), body: body.as_bytes().to_vec(), truncated: false };
            let request = Exchange::unanswered(Request::new("GET", "/clients/c"), Silence::Closed);
            let exchange = Exchange { answer: Ok(answer), ..request };
            let outcome = match status {
                200..300 => Outcome::Granted,
                status => meaning_of_status(status),
            };
            let reproduced = outcome == Outcome::Broke;
            let seen =
                Observation { place: Place::Metadata, reproduced, ..Observation::in_test(step, exchange, outcome) };
            evidence.observe(seen);
        }
        let profile = Effective::of(["strict-rfc"], "bearer");
        (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile })
    }

    #[test]
    fn a_configuration_that_another_token_opens_is_a_finding_where_its_own_opens_it() {
        const DENIED: (u16, &str) = (401, "");
        let own = (200, OWN);
        for (answers, expected) in [
            (&[own, DENIED, DENIED, DENIED, DENIED, DENIED][..], (0, 0, 0)),
            (&[own, own, DENIED, DENIED, DENIED, DENIED], (1, 0, 0)),
            (&[own, DENIED, own, own, DENIED, (204, "")], (3, 0, 0)),
            (&[own, DENIED, DENIED, (403, ""), (404, ""), (405, "")], (0, 0, 0)),
            (&[own, (500, ""), DENIED, DENIED, DENIED, DENIED], (0, 1, 0)),
            (&[own, (429, ""), DENIED, DENIED, DENIED, DENIED], (0, 0, 1)),
            (&[(500, ""), DENIED, DENIED, DENIED, DENIED, DENIED], (0, 0, 1)),
            (&[(403, ""), DENIED, DENIED, DENIED, DENIED, DENIED], (0, 0, 1)),
        ] {
            let found = judged("register.configuration-guarded", answers);
            let counted = (found.access.len(), found.protocol.len(), found.open.len());
            assert_eq!(counted, expected, "{answers:?}: {found:?}");
        }
    }

    #[test]
    fn a_client_that_reads_itself_and_is_removed_is_served() {
        for (answers, expected) in [
            (&[(200, OWN), (204, ""), (401, "")][..], (0, 0, 0)),
            (&[(403, ""), (405, ""), (200, OWN)], (0, 0, 2)),
            (&[(200, OWN), (403, ""), (200, OWN)], (0, 0, 1)),
            (&[(200, OTHER), (204, ""), (401, "")], (1, 0, 0)),
            (&[(201, OWN), (204, ""), (401, "")], (1, 0, 0)),
            (&[(404, ""), (204, ""), (401, "")], (1, 0, 0)),
            (&[(500, ""), (500, ""), (500, "")], (2, 0, 0)),
            (&[(200, OWN), (200, ""), (401, "")], (1, 0, 0)),
            (&[(200, OWN), (204, ""), (200, OWN)], (1, 0, 0)),
            (&[(200, OWN), (204, ""), (404, "")], (1, 0, 0)),
            (&[(200, OWN), (429, ""), (429, "")], (0, 1, 0)),
        ] {
            let found = judged("register.configuration-served", answers);
            let counted = (found.protocol.len(), found.open.len(), found.remarks.len());
            assert_eq!(counted, expected, "{answers:?}: {found:?}");
        }
    }
}
