//! What answers give away, to whom, and what may be kept of them.

use crate::check::common::leaks;
use crate::check::common::shared_caches::{self, ANONYMOUS, GOOD};
use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{
    Accept, Alter, Fill, INVALID, LookedFor, MISSING, On, SessionAct, Step, Want, Who, forged, login, send,
};
use crate::check::{Check, Doc, Level, PLAIN, REFUSAL, Severity, Tier};
use crate::observe::{Observation, Outcome, Place, StepId};

/// A value that is no credential, to see whether it comes back.
const CANARY: &str = "authbench-trace-canary";

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "common.duplicate-credential-header",
        title: "Two conflicting credential header lines are not silently resolved",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 9110 §5.3", "RFC 9110 §11.6.2", "WSTG-INPV-04"],
        doc: Doc {
            sends: "The good and an unknown credential in two header lines and in one line with a comma, in both orders, to each protected resource that is read (at most 16).",
            matters: "Where a gateway reads the first line and the API the last, one of them judges a credential that the other never sees.",
            fix: "Answer 400 where a field that may come once comes twice.",
        },
        steps: &[
            send(Who::Good, On::EachRoute).granted(),
            send(forged("good-then-unknown"), On::EachRoute)
                .id(GOOD_FIRST)
                .called("the good credential, then an unknown one"),
            send(forged("unknown-then-good"), On::EachRoute)
                .id(GOOD_LAST)
                .called("an unknown credential, then the good one"),
            send(forged("comma-joined"), On::EachRoute).id(JOINED).called("both in one line, the good one first"),
            send(forged("comma-joined-last"), On::EachRoute)
                .id(JOINED_LAST)
                .called("both in one line, the good one last"),
        ],
        expect: not_resolved,
        implied_by: &["apikey.near-miss-denied"],
        fault: "last-header-wins",
        ..REFUSAL
    },
    Check {
        id: "common.auth-error-no-internals",
        title: "Auth failures expose no secrets or internals",
        tier: Tier::Extended,
        sources: &["ASVS 16.5.1", "WSTG-ERRH-01"],
        doc: Doc {
            sends: "Requests without, with an unknown and with malformed credentials; the answers are searched for what was sent, stack traces, SQL, file paths and versions. So is every error of the run, of logins and refreshes too, whichever check caused it, for the last four.",
            matters: "Errors are read by whoever causes them: what they say about the inside helps the next request.",
            fix: "Answer with a fixed text and an identifier of the log entry.",
        },
        steps: &[
            send(Who::Anonymous, On::Protected).denied(REFUSED),
            send(forged("unknown"), On::Protected).denied(REFUSED),
            send(forged("extended"), On::Protected),
            send(forged("base64"), On::Protected),
            Step::LookBack(LookedFor::Internals),
        ],
        expect: |case| expect::wants(case).and(leaks::credentials(case)).and(leaks::internals(case)),
        fault: "echoes-credential",
        ..PLAIN
    },
    Check {
        id: "common.errors-show-no-secrets",
        title: "Errors show no secret that the target keeps",
        severity: Severity::Critical,
        sources: &["ASVS 16.5.1", "CWE-209", "WSTG-ERRH-01"],
        doc: Doc {
            sends: "The good request, after all other checks; every error of the run is searched for the keys, passwords, tokens and signing keys of the scenario, in plain, with the escapes of JSON, in Base64 and in hexadecimal digits, and for secrets of other systems: passwords in addresses such as postgres://user:password@host, values behind password=, storepass= and secret=, private keys in PEM and access keys of AWS. What the request itself carried does not count, and neither does what stands for a value in a manual. A secret of another system is of high severity, and no report shows its value.",
            matters: "Whoever causes the error reads what opens the API, signs for its issuer, or opens the database behind it.",
            fix: "Answer errors with a fixed text, take the secret out of use, and look for it in the logs as well.",
        },
        steps: &[
            send(Who::Good, On::Protected).granted(),
            Step::LookBack(LookedFor::Disclosures),
            Step::LookBack(LookedFor::ForeignSecrets),
        ],
        expect: leaks::disclosures,
        fault: "dumps-the-store",
        ..PLAIN
    },
    Check {
        id: "common.answers-show-no-password-hash",
        title: "No answer shows the hash of a password",
        tier: Tier::Extended,
        sources: &["ASVS 15.3.1", "OWASP API3:2023", "CWE-200", "CWE-522"],
        doc: Doc {
            sends: "The good request, after all other checks; every answer of the run, of logins and refreshes too, is searched for hashes of bcrypt, scrypt, Argon2, PBKDF2, phpass, crypt and LDAP, and salted digests with their name, that its request did not carry.",
            matters: "Whoever has the hash guesses the password offline, as fast as hardware allows, and it may open other accounts of its user.",
            fix: "Name the members that an answer has, one by one, and leave out the password and its hash.",
        },
        steps: &[send(Who::Good, On::Protected).granted(), Step::LookBack(LookedFor::PasswordHashes)],
        expect: leaks::password_hashes,
        fault: "shows-password-hash",
        ..PLAIN
    },
    Check {
        id: "common.conditions-after-auth",
        title: "Conditions and ranges of a request are not evaluated for whoever is refused",
        level: Level::Must,
        // of what is granted; a condition that is evaluated is a deviation of low severity
        severity: Severity::Critical,
        tier: Tier::Extended,
        sources: &["RFC 9110 §13.2.1", "RFC 9110 §14.2", "OWASP API8:2023", "CWE-306"],
        doc: Doc {
            sends: "Requests without a credential and with If-None-Match: *, with an If-Match that nothing has, with the ETag and the Last-Modified of the good answer, where it has one, and with Range: bytes=0-, to each protected resource that is read by GET, or by another method where none is (at most 16), and writes with such an If-Match (at most 8).",
            matters: "Answers 304 and 412 tell everybody whether something is there, and which version of it; 206 has its content.",
            fix: "Authenticate before conditions and ranges are evaluated: they count only where the answer would be a success.",
        },
        steps: &[
            send(Who::Good, On::EachRead).granted(),
            send(Who::Anonymous, On::EachRead).id(UNCONDITIONAL),
            send(Who::Anonymous, On::EachRead)
                .with(&[Alter::Replaced("If-None-Match", Fill::Text("*"))])
                .called("If-None-Match: * without a credential"),
            send(Who::Anonymous, On::EachRead)
                .with(&[Alter::Replaced("If-Match", Fill::Text("\"authbench\""))])
                .called("an unknown If-Match without a credential"),
            send(Who::Anonymous, On::EachRead)
                .with(&[Alter::Validators])
                .called("the ETag and the Last-Modified of the good answer, without a credential"),
            send(Who::Anonymous, On::EachRead)
                .with(&[Alter::Replaced("Range", Fill::Text("bytes=0-"))])
                .called("Range: bytes=0- without a credential"),
            send(Who::Anonymous, On::EachWrite)
                .with(&[Alter::Replaced("If-Match", Fill::Text("\"authbench\""))])
                .called("a write with an unknown If-Match, without a credential")
                .if_given(),
        ],
        expect: conditions,
        fault: "conditions-before-auth",
        ..PLAIN
    },
    Check {
        id: "common.preflight-exposes-nothing",
        title: "Unauthenticated OPTIONS preflight carries no protected content",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["WHATWG Fetch (CORS-preflight)", "ASVS 4.1.4"],
        doc: Doc {
            sends: "A preflight of each resource that is read (at most 16), without a credential, as browsers send it.",
            matters: "Preflights carry no credential and pass by the guard: a handler behind them answers everybody.",
            fix: "Answer OPTIONS by itself, with fields and without a body.",
        },
        steps: &[
            send(Who::Good, On::EachRead).granted(),
            send(Who::Anonymous, On::EachRead)
                .with(&[
                    Alter::Method("OPTIONS"),
                    Alter::Replaced("Origin", Fill::Text("https://authbench.invalid")),
                    Alter::Replaced("Access-Control-Request-Method", Fill::Text("GET")),
                    Alter::Replaced("Access-Control-Request-Headers", Fill::Text("authorization")),
                ])
                .id(PREFLIGHT)
                .called("a preflight"),
        ],
        expect: preflight,
        implied_by: &["common.unlisted-method-not-a-bypass"],
        fault: "options-runs-handler",
        ..PLAIN
    },
    Check {
        id: "common.trace-disabled",
        title: "TRACE does not echo credentials",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["ASVS 13.4.4", "RFC 9110 §9.3.8", "WSTG-CONF-06"],
        doc: Doc {
            sends: "TRACE with a made-up Authorization value, and the same to where a login posts the password, where there is one.",
            matters: "An answer that repeats the request shows scripts what they may not read, and what proxies have added.",
            fix: "Switch TRACE off at the server and at the edge.",
        },
        steps: &[
            send(Who::Good, On::Protected).granted(),
            send(Who::Anonymous, On::Protected)
                .with(&[
                    Alter::Method("TRACE"),
                    Alter::Header("Authorization", Fill::Text("Bearer authbench-trace-canary")),
                ])
                .id(TRACE)
                .called("TRACE"),
            login(SessionAct::OtherMethod("TRACE")).id(TRACE_AT_LOGIN),
        ],
        expect: trace,
        fault: "trace-echo",
        ..PLAIN
    },
    Check {
        id: "common.authenticated-response-not-shared-cached",
        title: "Protected responses are not storable by shared caches",
        tier: Tier::Extended,
        sources: &["RFC 9111 §3.5", "RFC 9111 §5.2.2.5", "ASVS 14.3.2"],
        doc: Doc {
            sends: "The good request to each resource that is read (at most 16), whose Cache-Control is read, and the main one without a credential twice right after.",
            matters: "A shared cache that keeps an answer serves it to whoever asks next.",
            fix: "Send Cache-Control: no-store or private with protected answers; where keys travel in fields of their own, always, or name that field in Vary.",
        },
        steps: &[
            send(Who::Good, On::EachRead).granted().id(GOOD).called("the good request"),
            send(Who::Anonymous, On::Protected)
                .denied(&[MISSING])
                .times(2)
                .id(ANONYMOUS)
                .called("the same without a credential"),
        ],
        expect: shared_caches::not_shared,
        fault: "cache-key-ignores-credential",
        ..REFUSAL
    },
    Check {
        id: "common.server-clock-sane",
        title: "Server Date header agrees with the harness clock",
        level: Level::Must,
        severity: Severity::Info,
        tier: Tier::Extended,
        sources: &["RFC 9110 §6.6.1"],
        doc: Doc {
            sends: "The good request and one without a credential; the Date of the answers is compared with the clock here.",
            matters: "A server whose clock is wrong accepts what has expired and refuses what is fresh.",
            fix: "Synchronise the clock, and send Date.",
        },
        steps: &[send(Who::Good, On::Protected).granted(), send(Who::Anonymous, On::Protected)],
        expect: clock,
        fault: "clock-ahead",
        ..PLAIN
    },
];

/// Any refusal.
const REFUSED: &[Accept] = &[Accept::Range(400, 499)];

const GOOD_FIRST: StepId = StepId::new("good-first");
const GOOD_LAST: StepId = StepId::new("good-last");
const JOINED: StepId = StepId::new("joined");
/// The same with the good one last.
const JOINED_LAST: StepId = StepId::new("joined-last");
const PREFLIGHT: StepId = StepId::new("preflight");
/// What is asked without a condition.
const UNCONDITIONAL: StepId = StepId::new("unconditional");
const TRACE: StepId = StepId::new("trace");
/// The same to where a login posts its password.
const TRACE_AT_LOGIN: StepId = StepId::new("trace-at-login");

/// One of the two credentials is good, so access is no violation; that somebody chose is a deviation.
fn not_resolved(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let both = [GOOD_FIRST, GOOD_LAST, JOINED, JOINED_LAST].into_iter().flat_map(|step| case.observations_of(step));
    for (index, observation) in both {
        match observation.outcome {
            Outcome::Granted => {
                judgement.deviates(index, case.about(index, "one of them was chosen"), "400");
            }
            _ => case.judge_as(index, Want::Denied(&[Accept::Status(400), INVALID]), &mut judgement),
        }
    }
    for (index, last) in case.observations_of(GOOD_LAST) {
        let first = case.beside(last, GOOD_FIRST).find_map(|(_, first)| first.exchange.status());
        if let (Some(first), Some(last)) = (first, last.exchange.status())
            && first != last
        {
            let text = format!("the order decides: {first} and {last}");
            judgement.deviates(index, text, "the same answer in both orders");
        }
    }
    judgement
}

/// RFC 9110 §13.2.1, §14.2: a condition and a range are ignored where the answer without them would be no success.
fn conditions(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let conditional = case.lenient().filter(|(_, seen)| case.step_of(seen).step_id() != Some(UNCONDITIONAL));
    for (index, observation) in conditional {
        let beside =
            case.beside(observation, UNCONDITIONAL).find_map(|(_, seen)| Some((seen.exchange.status()?, seen.outcome)));
        let without = beside.map(|(status, _)| status);
        let is_open = matches!(beside, Some((_, Outcome::Granted)));
        let is_a_page = matches!(beside, Some((200..300, Outcome::Refused | Outcome::Unclear)));
        let was_refused = matches!(beside, Some((400..500, Outcome::Refused)));
        match observation.exchange.status() {
            status if status.is_some() && status == without => {}
            // what is not granted with a status of success is for everybody: the conditions are about that
            Some(206 | 304 | 412 | 416) if is_a_page => {}
            // where access is open, there is nothing left to learn
            Some(304 | 412 | 416) if is_open => {}
            Some(status @ (304 | 412 | 416)) => {
                let text = case.about(index, format_args!("answered with {status}"));
                judgement.deviates(index, text, "the refusal that there is without the condition");
            }
            // RFC 9110 §14.2: a range is one of a good answer
            Some(206) if was_refused && has_content(observation) && observation.outcome != Outcome::Granted => {
                let text = case.about(index, "answered with 206 and content");
                judgement.violates(index, text, "the refusal that there is without the range");
            }
            _ => case.judge_as(index, Want::Denied(REFUSED), &mut judgement),
        }
    }
    judgement
}

fn has_content(seen: &Observation) -> bool {
    seen.exchange.response().is_some_and(|response| !response.body.is_empty())
}

/// Without a body nothing protected can be in it, whatever the status.
fn preflight(case: &ObservedCheck<'_>) -> Judgement {
    const ALLOWED: &[Accept] = &[
        Accept::Range(200, 204),
        MISSING,
        Accept::Status(400),
        Accept::Status(403),
        Accept::Status(404),
        Accept::Status(405),
        Accept::Status(501),
    ];
    let mut judgement = expect::wants(case);
    for (index, observation) in case.observations_of(PREFLIGHT) {
        let Some(response) = observation.exchange.response() else { continue };
        if observation.outcome == Outcome::Granted && !response.body.is_empty() {
            judgement.violates(
                index,
                "a preflight is answered with the protected representation",
                "an answer without it",
            );
        } else if !case.accepts(ALLOWED, response.status) && !is_turned_away(observation) {
            judgement.deviates(
                index,
                format!("a preflight is answered with {}", response.status),
                case.statuses(ALLOWED),
            );
        }
    }
    judgement
}

fn trace(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, observation) in case.observations_of(TRACE).chain(case.observations_of(TRACE_AT_LOGIN)) {
        let Some(response) = observation.exchange.response() else { continue };
        // an error that repeats what it refuses is no TRACE
        let echoed = (200..=299).contains(&response.status) && String::from_utf8_lossy(&response.body).contains(CANARY);
        if echoed {
            judgement.violates(index, "TRACE repeats the Authorization field", "4xx or 501");
        } else if !(400..=499).contains(&response.status) && response.status != 501 && !is_led_away(observation) {
            judgement.deviates(index, format!("TRACE is answered with {}", response.status), "4xx or 501");
        }
    }
    judgement
}

/// Whether a redirect refuses TRACE: to whoever is not logged in, or as all of its address are led elsewhere.
fn is_led_away(observation: &Observation) -> bool {
    let is_redirect = observation.exchange.status().is_some_and(|status| (300..=399).contains(&status));
    is_turned_away(observation) || (observation.place == Place::Login && is_redirect)
}

/// Whether a redirect refuses, as where everybody without a session is sent to the login: no handler ran.
fn is_turned_away(observation: &Observation) -> bool {
    let is_redirect = observation.exchange.status().is_some_and(|status| (300..=399).contains(&status));
    observation.outcome == Outcome::Refused && is_redirect
}

fn clock(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, observation) in case.observations() {
        let Some(response) = observation.exchange.response().filter(|response| response.status < 500) else { continue };
        let Some(date) = response.header("date") else {
            judgement.deviates(index, format!("{} without Date", response.status), "Date (RFC 9110 §6.6.1)");
            continue;
        };
        match jiff::fmt::rfc2822::parse(&date) {
            Err(_) => judgement.deviates(index, format!("Date is {date:?}"), "an IMF-fixdate"),
            Ok(date) => {
                let skew = skew(date.timestamp().as_second(), observation);
                if skew.unsigned_abs() > case.evidence.max_clock_skew.as_secs() {
                    judgement.deviates(index, format!("the clock of the server is off by {skew} s"), "the same time");
                }
            }
        }
    }
    judgement
}

/// Seconds by which a date lies outside the exchange, by whole seconds as the field has them.
fn skew(date: i64, observation: &Observation) -> i64 {
    let took = observation.exchange.took.as_secs().cast_signed() + 1;
    let (first, last) = (observation.at - took - 1, observation.at + 1);
    if date < first {
        date - first
    } else if date > last {
        date - last
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Request, Response, Silence};

    #[test]
    fn a_range_of_what_is_refused_is_granted_and_an_evaluated_condition_deviates() {
        let check = find("common.conditions-after-auth").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let unconditional =
            check.steps.iter().position(|step| step.step_id() == Some(UNCONDITIONAL)).expect("is there");
        let seen = |step: usize, status: u16, outcome: Outcome, body: &str| {
            let response = Response { status, headers: Vec::new(), body: body.into(), truncated: false };
            let asked = Exchange::unanswered(Request::new("GET", "/"), Silence::Closed);
            Observation::in_test(step, Exchange { answer: Ok(response), ..asked }, outcome)
        };
        let (refused, granted, unclear) = (Outcome::Refused, Outcome::Granted, Outcome::Unclear);
        for (without, status, outcome, body, expected) in [
            ((401, refused), 401, refused, "", (0, 0)),
            ((401, refused), 304, unclear, "", (0, 1)),
            ((401, refused), 412, refused, "", (0, 1)),
            ((401, refused), 416, refused, "", (0, 1)),
            ((401, refused), 206, unclear, "21.4", (1, 0)),
            ((401, refused), 206, granted, "21.4", (1, 0)),
            // a page that everybody gets
            ((200, refused), 206, unclear, "<html>", (0, 0)),
            ((200, granted), 304, unclear, "", (0, 0)),
        ] {
            let mut evidence = Evidence::default();
            evidence.observe(seen(unconditional, without.0, without.1, ""));
            evidence.observe(seen(unconditional + 1, status, outcome, body));
            let found = conditions(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((found.access.len(), found.protocol.len()), expected, "{without:?} {status}: {found:?}");
            assert!(found.open.is_empty(), "{without:?} {status}: {found:?}");
        }
    }
}
