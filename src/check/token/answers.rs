//! What the token endpoint hands out (RFC 6749 §5.1), and what it makes of scopes (§3.3).

use std::collections::BTreeSet;

use serde_json::Value;

use super::GRANT;
use crate::check::judgement::expect;
use crate::check::judgement::leeway;
use crate::check::judgement::oauth;
use crate::check::judgement::{Judgement, ObservedCheck, unclear};
use crate::check::step::{Accept, Fill, FormAuth, INVALID, On, Step, Want, Who, introspect, send, token};
use crate::check::{Check, Doc, Explanation, Level, Mode, PLAIN, REFUSAL, Severity, Tier};
use crate::observe::{Outcome, Response, StepId};

/// A correct request, for checks that read the answer.
const NO_SCOPE: StepId = StepId::new("no-scope");
/// A request that leaves the scope to the server.
const UNSCOPED: StepId = StepId::new("unscoped");
const EMPTY_SCOPE: StepId = StepId::new("empty-scope");
const GRANTED: StepId = StepId::new("granted");
/// The token in the middle of its life.
const HALFWAY: StepId = StepId::new("halfway");
/// The same request, later.
const AGAIN: StepId = StepId::new("again");
/// Seconds that whole numbers, and the way of an answer, may be off.
const ROUNDED: f64 = 2.0;

/// A correct request.
const CORRECT: &[Step] =
    &[token(FormAuth::Good, &[GRANT]).granted().id(GRANTED).called("a client credentials request")];

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "token.response-no-store",
        title: "Token responses forbid caching",
        level: Level::Must,
        tier: Tier::Extended,
        sources: &["RFC 6749 §5.1", "RFC 9111 §5.2.2.5"],
        doc: Doc {
            sends: "A correct client credentials request; the answer's Cache-Control is read.",
            matters: "A token in a cache is a token for whoever asks the cache.",
            fix: "Send Cache-Control: no-store with every answer that holds a token.",
        },
        steps: CORRECT,
        expect: expect::no_store,
        fault: "cacheable-token",
        ..PLAIN
    },
    Check {
        id: "token.error-no-store",
        title: "Errors of the token endpoint forbid caching",
        severity: Severity::Info,
        tier: Tier::Extended,
        // the example of RFC 6749 §5.2 has the field; its text asks for it where an answer holds a token (§5.1)
        sources: &["RFC 6749 §5.2", "RFC 9111 §5.2.2.5"],
        doc: Doc {
            sends: "A grant type that does not exist, and a client that does not exist; the Cache-Control of the answers is read.",
            matters: "An error that a cache keeps is answered to a client whose next request is right.",
            fix: "Send Cache-Control: no-store with every answer of the token endpoint, errors too.",
        },
        steps: &[
            token(FormAuth::Good, &[("grant_type", Fill::Text("authbench"))])
                .denied(CLIENT_ERROR)
                .called("a grant type that does not exist"),
            token(FormAuth::UnknownClient, &[GRANT]).denied(CLIENT_ERROR),
        ],
        expect: errors_not_stored,
        implied_by: &["token.response-no-store"],
        fault: "cacheable-token-error",
        ..REFUSAL
    },
    Check {
        id: "token.response-pragma",
        title: "Token responses carry Pragma: no-cache",
        level: Level::Must,
        severity: Severity::Info,
        tier: Tier::Extended,
        sources: &["RFC 6749 §5.1", "RFC 9111 §5.4 (Pragma deprecated)"],
        doc: Doc {
            sends: "A correct client credentials request; the answer's Pragma is read.",
            matters: "RFC 6749 asks for it for caches of HTTP/1.0; RFC 9111 has deprecated the field since.",
            fix: "Send Pragma: no-cache beside Cache-Control: no-store, or relax the level by a profile.",
        },
        steps: CORRECT,
        expect: pragma,
        fault: "no-pragma",
        ..PLAIN
    },
    Check {
        id: "token.no-refresh-for-cc",
        title: "Client-credentials responses contain no refresh token",
        level: Level::Should,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 6749 §4.4.3"],
        doc: Doc {
            sends: "A correct client credentials request; the members of the answer are read.",
            matters: "The client can ask again with its own credentials: a refresh token only adds something to steal.",
            fix: "Leave refresh_token out of answers to the client credentials grant.",
        },
        steps: CORRECT,
        expect: no_refresh,
        fault: "refresh-for-cc",
        ..PLAIN
    },
    Check {
        id: "token.expires-in-truthful",
        title: "expires_in is a number and matches real behaviour",
        level: Level::Should,
        tier: Tier::Extended,
        mode: Mode::Timed,
        sources: &["RFC 6749 §5.1", "RFC 6749 §A.14"],
        doc: Doc {
            sends: "A token when it comes, in the middle of its life by its expires_in (where that is not long), and after that and the tolerated leeway; and the \
                    same token request in the middle of that life.",
            matters: "Clients renew by this number: one that is text, or that the API does not keep, is worth nothing.",
            fix: "Send expires_in as a number of seconds, and refuse the token after it.",
        },
        steps: &[
            token(FormAuth::Good, &[GRANT, ("scope", Fill::OwnScope)])
                .granted()
                .keep("t")
                .id(GRANTED)
                .called("a client credentials request"),
            send(Who::Slot("t"), On::Protected).granted().called("the token while it lives"),
            Step::AwaitHalf("t"),
            send(Who::Slot("t"), On::Protected).id(HALFWAY).called("the token in the middle of its life"),
            token(FormAuth::Good, &[GRANT, ("scope", Fill::OwnScope)])
                .id(AGAIN)
                .called("the same request in the middle of the life of the token"),
            Step::AwaitExpiry("t"),
            send(Who::Slot("t"), On::Protected).denied(&[INVALID]).called("the token after its expires_in"),
        ],
        expect: expires_in,
        shows: Explanation::Time,
        fault: "expires-in-string",
        ..REFUSAL
    },
    Check {
        id: "token.scope-returned-when-different",
        title: "Response states the scope if it differs from the request",
        level: Level::Must,
        tier: Tier::Extended,
        sources: &["RFC 6749 §3.3", "RFC 6749 §5.1"],
        doc: Doc {
            sends: "The client's own scopes and one that it is not entitled to, in one request; where there is an introspection endpoint, what the token has.",
            matters: "A client that does not learn what it did not get believes that it may do everything it asked for.",
            fix: "Send the scope member whenever the granted scope is not the requested one, or answer invalid_scope.",
        },
        steps: &[
            token(FormAuth::Good, &[GRANT, ("scope", Fill::OwnAndDisallowedScope)])
                .keep("t")
                .called("own scopes and one that the client is not entitled to"),
            introspect(FormAuth::Good, &[("token", Fill::Slot("t"))])
                .id(WHAT_IT_HAS)
                .called("introspection of the token")
                .if_given(),
        ],
        expect: scope_stated,
        fault: "silent-downscope",
        ..PLAIN
    },
    Check {
        id: "token.invalid-scope-error",
        title: "A scope that is unknown, malformed or missing is answered with invalid_scope or without it, never with 5xx",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 6749 §3.3", "RFC 6749 §5.2"],
        doc: Doc {
            sends: "Scopes with a quote, a backslash and characters outside ASCII, one that does not exist, six hundred of those (14 KB, which a server may refuse by 413), and none.",
            matters: "Scopes are text from outside: what cannot be parsed must not break the endpoint, nor end in a token.",
            fix: "Answer 400 invalid_scope, or leave the value out of the granted scope and say so. Where the client names no scope, grant a default or answer invalid_scope.",
        },
        steps: &[
            token(FormAuth::Good, &[GRANT, ("scope", Fill::Text("authbench\"quote"))]).called("a scope with a quote"),
            token(FormAuth::Good, &[GRANT, ("scope", Fill::Text("authbench\\slash"))])
                .called("a scope with a backslash"),
            token(FormAuth::Good, &[GRANT, ("scope", Fill::Text("authbench-größe"))]).called("a scope outside ASCII"),
            token(FormAuth::Good, &[GRANT, ("scope", Fill::Text("authbench-no-such-scope"))])
                .called("a scope that does not exist"),
            token(FormAuth::Good, &[GRANT, ("scope", Fill::Repeated("authbench-no-such-scope ", 600))])
                .id(MANY_SCOPES)
                .called("six hundred scopes"),
            token(FormAuth::Good, &[GRANT, ("scope", Fill::LeftOut)]).id(UNSCOPED).called("no scope"),
        ],
        expect: invalid_scope,
        implied_by: &["token.scope-not-escalated"],
        fault: "scope-crash",
        ..PLAIN
    },
    Check {
        id: "token.unknown-param-ignored",
        title: "Unrecognised parameters are ignored",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 6749 §3.2"],
        doc: Doc {
            sends: "A correct request with one parameter more that nobody has defined.",
            matters: "Extensions of OAuth add parameters; a server that refuses them shuts newer clients out.",
            fix: "Ignore parameters that the server does not know (RFC 6749 §3.2).",
        },
        steps: &[token(FormAuth::Good, &[GRANT, ("authbench_extra", Fill::Text("1"))])
            .granted()
            .called("a parameter that nobody has defined")],
        fault: "strict-params",
        ..PLAIN
    },
    Check {
        id: "token.empty-param-is-omitted",
        title: "A parameter without value counts as absent",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 6749 §3.2", "RFC 6749 §3.3"],
        doc: Doc {
            sends: "A request without a scope, and the same with an empty one.",
            matters: "An empty scope that is read as every scope, or as an error, surprises clients that fill in forms.",
            fix: "Drop parameters without a value before anything else looks at them.",
        },
        steps: &[
            token(FormAuth::Good, &[GRANT, ("scope", Fill::LeftOut)]).id(NO_SCOPE).called("no scope"),
            token(FormAuth::Good, &[GRANT, ("scope", Fill::Text(""))]).id(EMPTY_SCOPE).called("an empty scope"),
        ],
        expect: same_outcome,
        fault: "empty-scope-is-error",
        ..PLAIN
    },
];

/// Any refusal.
const CLIENT_ERROR: &[Accept] = &[Accept::Status(400), Accept::Status(401)];

fn errors_not_stored(case: &ObservedCheck<'_>) -> Judgement {
    not_stored(case, case.refusals())
}

/// Each answer against what its step wants, and no cache keeps one of these errors. Answers to POST are kept by nobody unless they
/// say that they may be (RFC 9110 §9.3.3), so silence is worth a remark outside the letter of the RFCs.
pub(crate) fn not_stored<'a>(
    case: &ObservedCheck<'_>,
    errors: impl Iterator<Item = (usize, &'a Response)>,
) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, response) in errors {
        let directives = expect::directives(response);
        if expect::forbid_storing(&directives) {
            continue;
        }
        let kept = lasts(&directives);
        match kept || case.profile.strict_challenges() {
            true => {
                let lack = expect::lack_of_no_store(&directives);
                judgement.deviates(index, case.about(index, lack), "Cache-Control: no-store");
            }
            false if judgement.remarks.is_empty() => {
                judgement.remarks.push("errors have no no-store".to_owned());
                judgement.needs_review = true;
            }
            false => {}
        }
    }
    judgement
}

/// Whether directives say that an answer may be kept for some time (RFC 9111 §5.2.2.1, §5.2.2.10).
pub(crate) fn lasts(directives: &[(String, Option<String>)]) -> bool {
    let mut ages = directives.iter().filter(|(name, _)| ["max-age", "s-maxage"].contains(&name.as_str()));
    ages.any(|(_, argument)| argument.as_ref().and_then(|text| text.parse().ok()).unwrap_or(0_u64) > 0)
}

fn successes<'a>(case: &ObservedCheck<'a>) -> impl Iterator<Item = (usize, &'a Response)> {
    case.all_answers().filter(|(_, response)| response.status == 200)
}

fn pragma(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, response) in successes(case) {
        if !response.header("pragma").is_some_and(|value| value.eq_ignore_ascii_case("no-cache")) {
            judgement.deviates(index, "no Pragma: no-cache", "Pragma: no-cache");
        }
    }
    judgement
}

fn no_refresh(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, response) in successes(case) {
        if response.json().is_some_and(|json| json.get("refresh_token").is_some()) {
            judgement.deviates(index, "the answer has a refresh_token", "no refresh_token");
        }
    }
    judgement
}

fn expires_in(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = leeway::allowed(case, expect::wants(case));
    for (index, response) in case.answers_of(GRANTED).filter(|(_, answer)| answer.status == 200) {
        match response.json().and_then(|json| json.get("expires_in").cloned()) {
            Some(Value::Number(number)) if number.as_f64().is_some_and(|seconds| seconds > 0.0) => {}
            Some(other) => judgement.deviates(index, format!("expires_in is {other}"), "a positive number"),
            // RFC 6749 §5.1: recommended, not required
            None => judgement.remarks.push("the answer has no expires_in".to_owned()),
        }
    }
    judgement.and(less_is_left(case))
}

/// RFC 6749 §5.1: `expires_in` is what is left of the life of a token, also where the client gets one that it has already.
fn less_is_left(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let stated = |step| {
        case.observations_of(step).find_map(|(index, seen)| {
            let response = seen.exchange.response()?;
            Some((index, seen.at, response.json_text("access_token")?, response.json()?.get("expires_in")?.as_f64()?))
        })
    };
    for (_, seen) in case.observations_of(AGAIN).filter(|(_, seen)| seen.outcome == Outcome::Unclear) {
        judgement.leaves_open(unclear(seen));
    }
    let Some((_, first_at, first, whole)) = stated(GRANTED) else { return judgement };
    for (index, seen) in case.observations_of(HALFWAY) {
        let passed = (seen.at - first_at) as f64;
        match seen.outcome {
            Outcome::Refused if passed < whole - ROUNDED => {
                let text = format!("refused {passed} s after it came with expires_in {whole}");
                judgement.deviates(index, text, "granted until its expires_in is over");
            }
            // half of a life that is this short may be over when the request comes
            Outcome::Refused => {}
            _ => case.judge_as(index, Want::Granted, &mut judgement),
        }
    }
    let Some((index, at, again, left)) = stated(AGAIN) else { return judgement };
    let passed = (at - first_at) as f64;
    if first == again && passed > ROUNDED && left > whole - passed + ROUNDED {
        let text = format!("the token of {passed} s ago again, and expires_in is {left}");
        judgement.deviates(index, text, "what is left of its life");
    }
    judgement
}

fn scopes_of(response: &Response) -> Option<BTreeSet<String>> {
    Some(response.json_text("scope")?.split(' ').map(str::to_owned).collect())
}

const WHAT_IT_HAS: StepId = StepId::new("what-it-has");

fn scope_stated(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let introspected = case.answers_of(WHAT_IT_HAS).find_map(|(_, response)| scopes_of(response));
    for (index, observation) in case.observations() {
        if case.step_of(observation).step_id() == Some(WHAT_IT_HAS) {
            continue;
        }
        let Some(response) = observation.exchange.response() else {
            case.judge(index, &mut judgement);
            continue;
        };
        match observation.outcome {
            // RFC 6749 §5.1: optional, if it is the scope that was requested
            Outcome::Granted if scopes_of(response).is_none() => {
                let requested = oauth::requested_scope(observation);
                let has_all = |scopes: &BTreeSet<String>| requested.is_subset(scopes);
                if !introspected.as_ref().is_some_and(has_all) {
                    judgement.deviates(index, "a token without a scope member", "the scope that was granted");
                }
            }
            Outcome::Granted => {}
            Outcome::Refused if response.status == 400 => {
                expect::error_is_one_of(&mut judgement, index, response, &["invalid_scope"]);
            }
            _ => refused_otherwise(case, index, &mut judgement),
        }
    }
    judgement
}

fn invalid_scope(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, observation) in case.observations() {
        let Some(response) = observation.exchange.response() else {
            case.judge(index, &mut judgement);
            continue;
        };
        match observation.outcome {
            // RFC 6749 §3.3: what the server grants then is a default of its own
            Outcome::Granted if case.step_of(observation).step_id() == Some(UNSCOPED) => {}
            Outcome::Granted => match scopes_of(response) {
                None => judgement.deviates(
                    index,
                    case.about(index, "a token, and no word that the scope was not granted"),
                    EXCLUDED,
                ),
                Some(scopes) if scopes.iter().any(|scope| scope.starts_with("authbench")) => {
                    judgement.deviates(index, case.about(index, "it was granted"), EXCLUDED);
                }
                Some(_) => {}
            },
            Outcome::Refused if response.status == 400 => {
                let codes = ["invalid_scope", "invalid_request"];
                expect::error_is_one_of(&mut judgement, index, response, &codes);
            }
            // RFC 9110 §15.5.14: more than the server takes
            _ if response.status == 413 && case.step_of(observation).step_id() == Some(MANY_SCOPES) => {}
            _ => refused_otherwise(case, index, &mut judgement),
        }
    }
    judgement
}

/// More scopes than anybody has.
const MANY_SCOPES: StepId = StepId::new("many-scopes");
const EXCLUDED: &str = "400 invalid_scope, or a granted scope without it";

/// A refusal with another status than 400, or a server that breaks.
fn refused_otherwise(case: &ObservedCheck<'_>, index: usize, judgement: &mut Judgement) {
    const BAD_REQUEST: &[Accept] = &[Accept::Status(400)];
    case.judge_as(index, Want::Denied(BAD_REQUEST), judgement);
}

fn same_outcome(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    // a server that breaks at one of the two has not said what it makes of them
    if let Some((_, seen)) = case.observations().find(|(_, seen)| seen.outcome == Outcome::Broke) {
        judgement.leaves_open(format!("{}: a server error", seen.description));
        return judgement;
    }
    let without = case.answers_of(NO_SCOPE).next();
    let with = case.answers_of(EMPTY_SCOPE).next();
    if let (Some((_, without)), Some((index, with))) = (without, with) {
        if without.status != with.status {
            let text = format!("an empty scope is answered with {}, none with {}", with.status, without.status);
            judgement.deviates(index, text, "the same answer");
        } else if scopes_of(without) != scopes_of(with) {
            judgement.deviates(index, "an empty scope is granted another scope than none", "the same scope");
        }
    }
    judgement
}
