//! How bearer tokens may travel (RFC 6750 §2), and how they may not.

use crate::check::judgement::challenges;
use crate::check::judgement::expect;
use crate::check::judgement::{Deviation, Judgement, ObservedCheck};
use crate::check::step::{Accept, INVALID, MALFORMED, MISSING, On, Want, forged, send};
use crate::check::{Check, Doc, Explanation, Level, PLAIN, Severity, Tier};
use crate::observe::{ForgeryId, Outcome, StepId};

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "bearer.malformed-header",
        title: "A malformed Authorization header is 400 or 401, never access",
        level: Level::Should,
        tier: Tier::Extended,
        about_authorization: true,
        sources: &["RFC 6750 §3.1", "RFC 6750 §2.1"],
        doc: Doc {
            sends: "The scheme name alone, with a colon, glued to the token, with a no-break space behind it, left out, replaced by another, by one that does not exist and by ones that start or end with it, with a word before or behind the token, with a comma, and with 64 KiB behind it. That a field with the token in it is taken has low severity.",
            matters: "A parser that takes one word of the field for the token, whatever the others are, also takes what other parts of the chain read differently.",
            fix: "Parse the field as scheme, spaces, token (RFC 6750 §2.1), and refuse the rest.",
        },
        steps: &[
            send(forged("scheme-alone"), On::Protected).denied(BAD_FIELD),
            send(forged("scheme-and-space"), On::Protected).denied(BAD_FIELD),
            send(forged("word-before"), On::Protected).denied(BAD_FIELD),
            send(forged("word-behind"), On::Protected).denied(BAD_FIELD),
            send(forged("scheme-colon"), On::Protected).denied(BAD_FIELD),
            send(forged("no-space"), On::Protected).denied(BAD_FIELD),
            send(forged("no-break-space"), On::Protected),
            send(forged("scheme-token"), On::Protected).denied(BAD_FIELD),
            send(forged("scheme-jwt"), On::Protected).denied(BAD_FIELD),
            send(forged("scheme-basic"), On::Protected).denied(BAD_FIELD),
            send(forged("scheme-unknown"), On::Protected).denied(BAD_FIELD),
            send(forged("scheme-prefixed"), On::Protected).denied(BAD_FIELD),
            send(forged("scheme-suffixed"), On::Protected).denied(BAD_FIELD),
            send(forged("scheme-absent"), On::Protected).denied(BAD_FIELD),
            send(forged("comma-alone"), On::Protected).denied(BAD_FIELD),
            send(forged("very-long"), On::Protected).denied(LONG_FIELD),
        ],
        expect: malformed,
        fault: "scheme-ignored",
        ..PLAIN
    },
    Check {
        id: "bearer.scheme-case-insensitive",
        title: "The Bearer scheme name is case-insensitive",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        about_authorization: true,
        sources: &["RFC 9110 §11.1", "RFC 9110 §11.4", "RFC 6750 §2.1", "RFC 9110 §5.5"],
        doc: Doc {
            sends: "The valid token behind bearer, BEARER and bEaReR, and behind two spaces, and with two spaces behind it.",
            matters: "Clients that write the name in lower case are right, and are shut out.",
            fix: "Compare the scheme name without regard to case (RFC 9110 §11.1).",
        },
        steps: &[
            send(forged("scheme-lower-case"), On::Protected).granted(),
            send(forged("scheme-upper-case"), On::Protected).granted(),
            send(forged("scheme-mixed-case"), On::Protected).granted(),
            send(forged("two-spaces"), On::Protected),
            send(forged("spaces-behind"), On::Protected),
        ],
        expect: expect::scheme_read,
        fault: "bearer-case-sensitive-scheme",
        ..PLAIN
    },
    Check {
        id: "bearer.multiple-methods-refused",
        title: "A request with a token in two places, or twice in one, is refused",
        level: Level::Should,
        tier: Tier::Extended,
        about_authorization: true,
        sources: &["RFC 6750 §2", "RFC 6750 §3.1"],
        doc: Doc {
            sends: "The valid token in the query alone; the valid token in the header and an unknown one in the query; the reverse; both in the query, in both orders. Each token in the query comes as access_token, token, jwt and auth_token at once. Sent to each protected resource that is read (at most 16).",
            matters: "Where a gateway reads one place and the API the other, whoever writes the link decides whose token counts.",
            fix: "Read tokens from one place, or answer 400 with error=\"invalid_request\" where there are two.",
        },
        steps: &[
            send(forged("in-query-anyhow"), On::EachRoute).id(IN_QUERY),
            send(forged("unknown-in-query-too"), On::EachRoute).id(UNKNOWN_IN_QUERY_TOO),
            send(forged("good-in-query-too"), On::EachRoute).denied(&[Accept::Status(400), INVALID]),
            send(forged("in-query-twice"), On::EachRoute).id(REPEATED),
            send(forged("in-query-twice-last"), On::EachRoute).id(REPEATED_LAST),
        ],
        expect: one_method,
        shows: Explanation::Carrier,
        fault: "query-overrides-header",
        ..PLAIN
    },
    Check {
        id: "bearer.query-token-refused",
        title: "Tokens in the URI query are refused",
        tier: Tier::Extended,
        sources: &["RFC 6750 §2.3", "RFC 9700 §4.3.2", "draft-ietf-oauth-v2-1 (query method removed)"],
        doc: Doc {
            sends: "The valid token as ?access_token=, ?token=, ?jwt= and ?auth_token=, one at a time and nowhere else, to each protected resource that is read (at most 16). Where one opens a resource, the Cache-Control of the answer is read.",
            matters: "URLs end in logs, histories and referrers.",
            fix: "Read tokens from the Authorization field only.",
        },
        steps: &[
            send(forged("in-query"), On::EachRoute).denied(IGNORED),
            send(forged("in-query-as-token"), On::EachRoute).denied(IGNORED),
            send(forged("in-query-as-jwt"), On::EachRoute).denied(IGNORED),
            send(forged("in-query-as-auth_token"), On::EachRoute).denied(IGNORED),
        ],
        expect: refused_or_private,
        shows: Explanation::Carrier,
        fault: "query-token-accepted",
        ..PLAIN
    },
    Check {
        id: "bearer.cookie-token-refused",
        title: "Tokens in cookies are refused",
        severity: Severity::Low,
        tier: Tier::Extended,
        about_authorization: true,
        sources: &["RFC 6750 §5.3", "CWE-352"],
        doc: Doc {
            sends: "The valid token in a cookie named access_token, token, jwt or auth_token, one at a time, and nowhere else, to each protected resource that is read (at most 16).",
            matters: "Browsers send cookies with every request, also with those that pages of other sites cause: a token in a cookie opens the API to such pages (CSRF).",
            fix: "Read tokens from the Authorization field only, or declare the cookie in the scenario.",
        },
        steps: &[
            send(forged("in-cookie-access-token"), On::EachRoute).denied(IGNORED),
            send(forged("in-cookie-token"), On::EachRoute).denied(IGNORED),
            send(forged("in-cookie-jwt"), On::EachRoute).denied(IGNORED),
            send(forged("in-cookie-auth-token"), On::EachRoute).denied(IGNORED),
        ],
        shows: Explanation::Carrier,
        fault: "token-in-cookie",
        ..PLAIN
    },
    Check {
        id: "bearer.form-token-limits",
        title: "Form-body tokens obey the RFC conditions",
        tier: Tier::Extended,
        sources: &["RFC 6750 §2.2"],
        doc: Doc {
            sends: "GET with the valid token in a form and in a JSON body under each usual name, and in a multipart body, and nowhere else, to each protected resource that is read by GET (at most 16).",
            matters: "A token in a body that intermediaries do not look at passes by whatever they check.",
            fix: "Read access_token from single-part form bodies of methods that have a body, or not at all.",
        },
        steps: &[
            send(forged("in-form"), On::EachGet).denied(BODY),
            send(forged("in-json"), On::EachGet).denied(BODY),
            send(forged("in-multipart"), On::EachGet).denied(BODY),
        ],
        shows: Explanation::Carrier,
        fault: "token-in-json-body",
        ..PLAIN
    },
];

/// What a token in a place that is not read may be answered with.
const IGNORED: &[Accept] = &[Accept::Status(400), INVALID, MISSING];
/// The good token in the query and nowhere else, to each protected resource that is read by GET (at most 16).
const IN_QUERY: StepId = StepId::new("in-query");
/// The good token in its place and an unknown one in the query.
const UNKNOWN_IN_QUERY_TOO: StepId = StepId::new("unknown-in-query-too");

/// The good token and an unknown one as one parameter of the query.
const REPEATED: StepId = StepId::new("repeated");
/// The same in the other order.
const REPEATED_LAST: StepId = StepId::new("repeated-last");

/// Malformed fields that have no token in them.
const WITHOUT_TOKEN: [ForgeryId; 2] = [ForgeryId::new("scheme-alone"), ForgeryId::new("scheme-and-space")];

/// What a malformed field may be answered with.
const BAD_FIELD: &[Accept] = &[MALFORMED, MISSING, INVALID, Accept::Status(431), Accept::Closed];
/// What a field that is too large for the server may be answered with: any status of a client error that says so (RFC 9110 §5.4).
const LONG_FIELD: &[Accept] = &[MALFORMED, MISSING, INVALID, Accept::Status(413), Accept::Status(431), Accept::Closed];
/// What GET with a body that is not looked at may be answered with: which status a request without a credential gets is judged
/// elsewhere.
const BODY: &[Accept] = &[MISSING, INVALID, Accept::Range(400, 499)];

/// Refused; where a token in the query opens a resource after all, its answer is private (RFC 6750 §2.3).
fn refused_or_private(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, response) in case.all_answers() {
        let is_private = |(name, _): &(String, Option<String>)| matches!(name.as_str(), "private" | "no-store");
        let granted = case.evidence.observations[index].outcome == Outcome::Granted;
        if granted && !expect::directives(response).iter().any(is_private) {
            let text = "the answer to a token in the query may be kept by shared caches";
            judgement.advises(index, text, "Cache-Control: private");
        }
    }
    judgement
}

fn malformed(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = case.judge_leniencies(BAD_FIELD, "refused (RFC 9110 §11.4)");
    for (index, response) in case.refusals() {
        let challenges = challenges::of(response);
        let bearer = challenges.iter().find(|challenge| challenge.scheme == "bearer");
        let error = bearer.and_then(|challenge| challenge.param("error"));
        if error.is_some_and(|error| error != "invalid_request" && error != "invalid_token") {
            judgement.deviates(index, format!("error={:?}", error.unwrap_or_default()), "invalid_request");
        }
    }
    if judgement.access.is_empty() {
        return judgement;
    }
    // whoever has the token gets in with it; it is a field without one that opens what should be closed
    let forgery = |deviation: &Deviation| case.evidence.observations[deviation.observation].forgery;
    judgement.low_where(|deviation| forgery(deviation).is_some_and(|forgery| !WITHOUT_TOKEN.contains(&forgery)))
}

/// A good token in the header beside another in the query: whoever takes tokens from the query has to refuse two of them
/// (RFC 6750 §3.1). To whoever does not, the parameter is one of the many that nobody knows.
fn one_method(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, observation) in case.observations_of(UNKNOWN_IN_QUERY_TOO) {
        let reads_query = case.beside(observation, IN_QUERY).any(|(_, alone)| alone.outcome == Outcome::Granted);
        let status = observation.exchange.status().unwrap_or_default();
        match observation.outcome {
            Outcome::Granted if !reads_query && !judgement.remarks.is_empty() => {}
            Outcome::Granted if !reads_query => {
                judgement.remarks.push("a token in the query is no credential here, and is ignored".to_owned());
            }
            Outcome::Granted => {
                judgement.deviates(index, case.about(index, "one of the two is ignored"), "400 invalid_request");
            }
            Outcome::Refused if !case.accepts(&[Accept::Status(400), INVALID], status) => {
                judgement.deviates(
                    index,
                    case.about(index, format_args!("refused, but with {status}")),
                    "400 invalid_request",
                );
            }
            Outcome::Refused => {}
            _ => case.judge_as(index, Want::Denied(&[Accept::Status(400), INVALID]), &mut judgement),
        }
    }
    // RFC 6750 §3.1: whoever reads the first and whoever reads the last differ; one of the two is good
    let repeated = [REPEATED, REPEATED_LAST].into_iter().flat_map(|step| case.observations_of(step));
    for (index, observation) in repeated {
        match observation.outcome {
            Outcome::Granted => {
                judgement.deviates(index, case.about(index, "one of the two is ignored"), "400 invalid_request");
            }
            _ => case.judge_as(index, Want::Denied(&[Accept::Status(400), INVALID, MISSING]), &mut judgement),
        }
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Request, Response, Silence};

    #[test]
    fn an_answer_to_a_token_in_the_query_is_private() {
        let check = find("bearer.query-token-refused").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        for (status, outcome, fields, advice) in [
            (200, Outcome::Granted, &[][..], 1),
            (200, Outcome::Granted, &["no-cache"], 1),
            (200, Outcome::Granted, &["max-age=60, private"], 0),
            (200, Outcome::Granted, &["no-store"], 0),
            (401, Outcome::Refused, &[], 0),
        ] {
            let headers = fields.iter().map(|one| ("Cache-Control".to_owned(), one.as_bytes().to_vec())).collect();
            let answer = Response { status, headers, body: Vec::new(), truncated: false };
            let asked = Exchange::unanswered(Request::new("GET", "/"), Silence::Closed);
            let mut evidence = Evidence::default();
            evidence.observe(Observation::in_test(0, Exchange { answer: Ok(answer), ..asked }, outcome));
            let found = refused_or_private(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((found.access.len(), found.advice.len()), (usize::from(status == 200), advice), "{fields:?}");
        }
    }

    #[test]
    fn a_field_with_the_token_in_it_opens_less_than_one_without() {
        let check = find("bearer.malformed-header").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let forgeries = ["scheme-alone", "scheme-and-space", "word-before", "word-behind"].map(ForgeryId::new);
        for (granted, at_most) in [
            (&["word-behind"][..], Some(Severity::Low)),
            (&["word-before", "word-behind"], Some(Severity::Low)),
            (&["scheme-alone"], None),
            (&["scheme-and-space", "word-behind"], None),
            (&[], None),
        ] {
            let mut evidence = Evidence::default();
            for (step, forgery) in forgeries.into_iter().enumerate() {
                let outcome = match granted.iter().any(|id| ForgeryId::new(id) == forgery) {
                    true => Outcome::Granted,
                    false => Outcome::Refused,
                };
                let status = if outcome == Outcome::Granted { 200 } else { 401 };
                let answer = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
                let asked = Exchange::unanswered(Request::new("GET", "/"), Silence::Closed);
                let seen = Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, outcome);
                evidence.observe(Observation { forgery: Some(forgery), ..seen });
            }
            let found = malformed(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((found.access.len(), found.at_most), (granted.len(), at_most), "{granted:?}");
        }
    }
}
