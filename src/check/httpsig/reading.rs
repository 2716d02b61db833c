//! How strictly signed messages are read: identifiers and times in their grammar, paths and queries as they were sent.

use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Accept, INVALID, MALFORMED, On, Want, Who, each_forged, forged, send};
use crate::check::{Check, Doc, Explanation, Level, REFUSAL, Severity, Tier};
use crate::observe::{Outcome, StepId};

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "httpsig.identifiers-understood",
        title: "A signature that covers a component which the verifier does not know is refused",
        level: Level::Must,
        sources: &["RFC 9421 §2.5", "RFC 9421 §2.1", "RFC 9421 §2.2"],
        doc: Doc {
            sends: "Correct signatures that also cover the method with a parameter which does not exist, the method under a name in upper case, and a field under a name in upper case. To accept one is a warning: only the holder of the key can make it.",
            matters: "A parameter says which value is covered: a verifier that ignores it covers another value than the signer meant.",
            fix: "End with an error at each identifier, name and parameter, that the verifier does not implement.",
        },
        steps: &[
            send(Who::Good, On::Protected).granted(),
            send(each_forged(&["component-parameter", "derived-upper-case", "field-upper-case"]), On::Protected),
        ],
        expect: |case| case.judge_leniencies(UNREAD, "refused"),
        fault: "component-parameter-ignored",
        ..REFUSAL
    },
    Check {
        id: "httpsig.times-are-integers",
        title: "A signature whose times are no integers is refused",
        tier: Tier::Extended,
        sources: &["RFC 9421 §2.3"],
        doc: Doc {
            sends: "Correct signatures whose created is a text or has a fraction, and whose expires is a text. To accept one is a warning: only the holder of the key can make it.",
            matters: "A time that is no number compares as neither older nor newer than now, so the signature may never end.",
            fix: "Refuse a signature whose created or expires is no Integer of RFC 9651.",
        },
        steps: &[
            send(Who::Good, On::Protected).granted(),
            send(each_forged(&["created-text", "created-fraction", "expires-text"]), On::Protected),
        ],
        expect: |case| case.judge_leniencies(UNREAD, "refused"),
        implied_by: &["httpsig.freshness-and-replay"],
        fault: "times-of-any-type",
        ..REFUSAL
    },
    Check {
        id: "httpsig.pss-salt-length",
        title: "A signature by rsa-pss-sha512 with a salt of another length than 64 bytes is refused",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 9421 §3.3.1", "RFC 8017 §9.1.2"],
        doc: Doc {
            sends: "Correct signatures by RSASSA-PSS with an empty salt and with one of 32 bytes. To accept one is a warning: only the holder of the key can make it.",
            matters: "A verifier that finds the length out takes signatures that other verifiers refuse, and were not meant for this algorithm.",
            fix: "Give the verifier the length of the salt: 64 bytes (the length of the hash) and not the one that it finds.",
        },
        steps: &[
            send(Who::Good, On::Protected).granted(),
            // where the key is another, neither can be made, and nothing is tested
            send(forged("salt-empty"), On::Protected),
            send(forged("salt-short"), On::Protected),
        ],
        expect: |case| case.judge_leniencies(UNREAD, "refused"),
        fault: "salt-of-any-length",
        ..REFUSAL
    },
    Check {
        id: "httpsig.path-as-sent",
        title: "A signature is verified over the path as it was sent",
        tier: Tier::Extended,
        sources: &["RFC 9421 §2.2.6"],
        doc: Doc {
            sends: "The signature of a path with requests for the path with a segment of one encoded dot, and with a percent-encoded letter, each beside the same request with one bit of the signature changed. The answers are compared.",
            matters: "Where the verifier resolves a path that the application takes as it is, the signature of one resource fits another.",
            fix: "Take @path from the request line, before anything in it is decoded or resolved.",
        },
        steps: &[
            send(Who::Good, On::Protected).granted(),
            send(forged("dot-segment"), On::Protected).id(DOT),
            send(forged("dot-segment-changed"), On::Protected).id(DOT_CHANGED),
            // left out where the last segment of the path has no letter
            send(each_forged(&["encoded-letter"]), On::Protected).id(LETTER),
            send(each_forged(&["encoded-letter-changed"]), On::Protected).id(LETTER_CHANGED),
        ],
        expect: path_as_sent,
        shows: Explanation::Spelling,
        fault: "verifies-resolved-path",
        ..REFUSAL
    },
    Check {
        id: "httpsig.query-as-sent",
        title: "A correct signature is accepted whatever the query has in it",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 9421 §2.2.7", "RFC 3986 §3.4"],
        doc: Doc {
            sends: "Correct signatures of queries with two plain parameters, with apostrophes, with the other characters of a query, with encodings in lower case and needless ones, and with a name alone and an empty value; and a signature with one bit changed, to see how a wrong one is refused.",
            matters: "A verifier that writes the query anew before it verifies refuses correct clients, with some values and not with others.",
            fix: "Take @query from the request line, and decode nothing in it.",
        },
        steps: &[
            send(forged("query-plain"), On::Protected).id(PLAIN_QUERY),
            send(
                each_forged(&["query-apostrophe", "query-delimiters", "query-encoded", "query-no-value"]),
                On::Protected,
            )
            .id(UNUSUAL),
            send(forged("middle-changed"), On::Protected).denied(&[INVALID, Accept::Status(400)]).id(WRONG),
        ],
        expect: query_as_sent,
        fault: "verifies-rewritten-query",
        ..REFUSAL
    },
];

const UNREAD: &[Accept] = &[INVALID, MALFORMED, Accept::Status(400)];
const DOT: StepId = StepId::new("dot");
const DOT_CHANGED: StepId = StepId::new("dot-changed");
const LETTER: StepId = StepId::new("letter");
const LETTER_CHANGED: StepId = StepId::new("letter-changed");
const PLAIN_QUERY: StepId = StepId::new("query-plain");
const UNUSUAL: StepId = StepId::new("query-unusual");
const WRONG: StepId = StepId::new("wrong");

/// A path that is not the signed one is answered like one with a wrong signature. Another answer comes from behind the verifier.
fn path_as_sent(case: &ObservedCheck<'_>) -> Judgement {
    const ANY: &[Accept] = &[Accept::Range(400, 499)];
    let mut judgement = expect::wants(case);
    for (sent, changed) in [(DOT, DOT_CHANGED), (LETTER, LETTER_CHANGED)] {
        for (index, seen) in case.observations_of(sent) {
            let Some((other, wrong)) = case.beside(seen, changed).next() else { continue };
            case.judge_as(other, Want::Denied(ANY), &mut judgement);
            let (status, refused) = (seen.exchange.status(), wrong.exchange.status());
            let verifies = wrong.outcome == Outcome::Refused;
            match (seen.outcome, status.zip(refused)) {
                (Outcome::Granted, _) if verifies => {
                    judgement.advises(index, case.about(index, "accepted"), "refused");
                }
                (Outcome::Refused, Some((status, refused))) if verifies && status != refused => {
                    let text = format!("answered with {status}, and with {refused} where the signature is wrong");
                    judgement.advises(index, case.about(index, text), format!("refused {refused}"));
                }
                _ => case.judge_as(index, Want::Denied(ANY), &mut judgement),
            }
        }
    }
    judgement
}

/// Where a plain query is accepted, one that is refused like a wrong signature was not verified as it was sent. A refusal with
/// another status may be about the values.
fn query_as_sent(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    if let Some((index, plain)) = case.observations_of(PLAIN_QUERY).find(|(_, seen)| seen.outcome != Outcome::Granted) {
        case.judge_as(index, Want::Either, &mut judgement);
        if plain.outcome == Outcome::Refused {
            let why = "the target refuses a request with parameters that it does not know, so nothing can be compared";
            judgement.not_applicable = Some(why.to_owned());
        }
        return judgement;
    }
    let wrong = case.observations_of(WRONG).find_map(|(_, seen)| seen.exchange.status());
    for (index, seen) in case.observations_of(UNUSUAL) {
        match seen.outcome {
            Outcome::Refused if seen.exchange.status() == wrong => {
                judgement.advises(index, case.about(index, "access was refused"), "granted");
            }
            Outcome::Refused => judgement.remarks.push(format!("{}: access was refused", seen.description)),
            _ => case.judge_as(index, Want::Granted, &mut judgement),
        }
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::profile::Effective;
    use crate::check::step::Step;
    use crate::observe::{Evidence, Exchange, Observation, Request, Response, Silence};

    /// What a check makes of these answers; those to good requests are granted, all others refused with 401.
    fn judged(id: &str, answer: impl Fn(&Step) -> Option<u16>) -> Judgement {
        let check = crate::check::find(id).expect("is there");
        let mut evidence = Evidence::default();
        for (at, step) in check.steps.iter().enumerate() {
            let status = answer(step).unwrap_or(if matches!(step.wanted(), Want::Granted) { 200 } else { 401 });
            let response = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
            let unanswered = Exchange::unanswered(Request::new("GET", "/"), Silence::Closed);
            let outcome = if status == 200 { Outcome::Granted } else { Outcome::Refused };
            let exchange = Exchange { answer: Ok(response), ..unanswered };
            evidence.observe(Observation::in_test(at, exchange, outcome));
        }
        let profile = Effective::of([], "http-message-signatures");
        (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile })
    }

    fn at(answers: [(StepId, u16); 2]) -> impl Fn(&Step) -> Option<u16> {
        move |step| answers.iter().find(|(id, _)| step.step_id() == Some(*id)).map(|(_, status)| *status)
    }

    #[test]
    fn a_path_that_is_not_the_signed_one_is_answered_like_a_wrong_signature() {
        for (status, changed, advice, access) in [
            (401, 401, 0, 0),
            // the target has no such path, whoever asks
            (404, 404, 0, 0),
            (404, 401, 1, 0),
            (200, 401, 1, 0),
            (200, 200, 0, 2),
        ] {
            let judgement = judged("httpsig.path-as-sent", at([(DOT, status), (DOT_CHANGED, changed)]));
            let seen = (judgement.advice.len(), judgement.access.len());
            assert_eq!(seen, (advice, access), "{status} {changed}: {judgement:?}");
        }
    }

    #[test]
    fn a_query_is_compared_where_a_plain_one_is_accepted_and_a_wrong_signature_is_refused_alike() {
        for (plain, unusual, advice, remarks, applies) in [
            (200, 200, 0, 0, true),
            (200, 401, 1, 0, true),
            // it may be about the values
            (200, 400, 0, 1, true),
            (401, 401, 0, 0, false),
        ] {
            let judgement = judged("httpsig.query-as-sent", at([(PLAIN_QUERY, plain), (UNUSUAL, unusual)]));
            let seen = (judgement.advice.len(), judgement.remarks.len(), judgement.not_applicable.is_none());
            assert_eq!(seen, (advice, remarks, applies), "{plain} {unusual}: {judgement:?}");
        }
    }

    #[test]
    fn what_only_the_holder_of_the_key_can_make_is_a_warning_where_it_is_accepted() {
        for id in ["httpsig.identifiers-understood", "httpsig.times-are-integers", "httpsig.pss-salt-length"] {
            assert_eq!(judged(id, |_| None), Judgement::default(), "{id}");
            let judgement = judged(id, |_| Some(200));
            assert!(!judgement.advice.is_empty() && judgement.access.is_empty(), "{id}: {judgement:?}");
        }
    }
}
