//! Whether guessing is slowed down (OWASP API2:2023), and whom it hits.

use super::way_around::{AGAIN, ELSEWHERE, gone_around};
use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck, unclear};
use crate::check::step::{Alter, Fill, FormAuth, LookedFor, OTHER_SOURCE, On, Step, Who, forged, send, token};
use crate::check::{Check, Doc, Level, Mode, PLAIN, Severity, Tier};
use crate::observe::{Observation, Outcome, Request, StepId};

/// A delay that nobody adds by accident.
const DELAY: f64 = 0.2;

/// For the token endpoint.
pub(crate) const TOKEN: &[Check] = &[Check {
    id: "token.secret-guessing-throttled",
    title: "The token endpoint resists secret guessing",
    level: Level::Must,
    tier: Tier::Extended,
    mode: Mode::Timed,
    remote_safe: false,
    sources: &["RFC 6749 §2.3.1", "RFC 6749 §10.10"],
    doc: Doc {
        sends: "Wrong secrets for one expendable client, one more than the failure budget of the scenario. Where 429 comes, one more guess names another source in X-Forwarded-For and like headers (unless `source_header` is one of them), and then one as before: that the first is evaluated is a failure, and a warning where the target is on this host, which it may trust.",
        matters: "An endpoint that answers every guess at full speed lets weak secrets be found.",
        fix: "Count failures for each client, and answer 429 or ever more slowly.",
    },
    steps: &[
        token(FormAuth::ExpendableWrong, &[("grant_type", Fill::Text("client_credentials"))])
            .exhausting()
            .called("a wrong secret"),
        Step::WhereThrottled,
        token(FormAuth::ExpendableWrong, &[("grant_type", Fill::Text("client_credentials"))])
            .asking(OTHER_SOURCE)
            .id(ELSEWHERE)
            .called("a wrong secret with headers that name another source"),
        token(FormAuth::ExpendableWrong, &[("grant_type", Fill::Text("client_credentials"))])
            .id(AGAIN)
            .called("a wrong secret, once more"),
    ],
    expect: guesses_at_secrets,
    fault: "token-no-throttle",
    ..PLAIN
}];

/// For resources.
pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "common.failed-auth-throttled",
        title: "Repeated failures are slowed or blocked",
        tier: Tier::Extended,
        mode: Mode::Timed,
        remote_safe: false,
        sources: &["OWASP API2:2023", "ASVS 6.3.1", "RFC 6585 §4", "WSTG-ATHN-03"],
        doc: Doc {
            sends: "Distinct wrong credentials from one source, one more than the failure budget of the scenario. That another status refuses after some of them, and each time from there on, is a lock. Where 429 comes, one more names another source in X-Forwarded-For and like headers (unless `source_header` is one of them), and then one as before: that the first is evaluated is a failure, and a warning where the target is on this host, which it may trust. That credentials of 22 characters and more are not slowed, or in this way, is information outside strict-rfc: nobody guesses one, and logins have a check of their own.",
            matters: "Without a limit, guessing is only a question of time.",
            fix: "Count failures by source and principal, and answer 429 with Retry-After.",
        },
        steps: &[
            BEFORE,
            send(forged("unknown"), On::Protected)
                .with(&[Alter::Source(1)])
                .exhausting()
                .id(WRONG)
                .called("a wrong credential"),
            Step::WhereThrottled,
            send(forged("unknown"), On::Protected)
                .with(&[Alter::Source(1), Alter::OtherSource])
                .id(ELSEWHERE)
                .called("a wrong credential with headers that name another source"),
            send(forged("unknown"), On::Protected)
                .with(&[Alter::Source(1)])
                .id(AGAIN)
                .called("a wrong credential, once more"),
        ],
        expect: short_guesses,
        fault: "no-throttle",
        ..PLAIN
    },
    Check {
        id: "common.throttle-is-per-principal",
        title: "Throttling one principal does not lock out another",
        tier: Tier::Extended,
        mode: Mode::Timed,
        remote_safe: false,
        sources: &["ASVS 6.1.1", "OWASP API4:2023"],
        doc: Doc {
            sends: "Wrong credentials from one source until it is throttled, then a valid one of another principal from another source.",
            matters: "A counter that all share lets anybody lock everybody out.",
            fix: "Count failures for each source and principal apart.",
        },
        steps: &[
            BEFORE,
            send(forged("unknown"), On::Protected)
                .with(&[Alter::Source(2)])
                .exhausting()
                .id(WRONG)
                .called("a wrong credential"),
            send(Who::Second, On::Protected)
                .with(&[Alter::Source(3)])
                .id(OTHER)
                .called("a valid credential of another principal, from another source"),
        ],
        expect: apart,
        fault: "global-lockout",
        ..PLAIN
    },
    Check {
        id: "common.429-not-cacheable",
        title: "A 429 answer is not marked cacheable",
        severity: Severity::Low,
        tier: Tier::Extended,
        mode: Mode::Timed,
        remote_safe: false,
        sources: &["RFC 6585 §4"],
        doc: Doc {
            sends: "Wrong credentials from one source until 429 comes, where the scenario has a `failure_budget`. The Cache-Control of that answer is read, and that of each other 429 of the run: of logins, token endpoints and resources.",
            matters: "A cache that keeps a 429 serves it to those who have done nothing.",
            fix: "Send Cache-Control: no-store with 429, or nothing.",
        },
        steps: &[
            BEFORE,
            send(forged("unknown"), On::Protected)
                .with(&[Alter::Source(4)])
                .exhausting()
                .id(WRONG)
                .called("a wrong credential")
                .if_given(),
            Step::LookBack(LookedFor::Throttled),
        ],
        expect: not_cacheable,
        fault: "cacheable-429",
        ..PLAIN
    },
];

/// Somebody is let in: without that a refusal is no failure.
const BEFORE: Step = send(Who::Good, On::Protected).called("the good credential before");
const WRONG: StepId = StepId::new("wrong");
const OTHER: StepId = StepId::new("other");

/// The guesses, with their index.
pub(in crate::check) fn guesses<'a>(case: &ObservedCheck<'a>) -> Vec<(usize, &'a Observation)> {
    let exhausts = |observation: &Observation| match case.step_of(observation) {
        Step::Send(send) => send.exhausts,
        Step::Form(form) => form.exhausts,
        Step::Session(session) => session.act.is_guessing(),
        _ => false,
    };
    case.observations().filter(|(_, observation)| exhausts(observation)).collect()
}

pub(in crate::check) fn is_throttled(observation: &Observation) -> bool {
    observation.exchange.status() == Some(429)
}

/// No guess is right, and before the budget ends something holds the guesser up.
pub(in crate::check) fn throttled(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let guesses = guesses(case);
    for (index, _) in guesses.iter().filter(|(_, seen)| seen.outcome == Outcome::Granted) {
        judgement.violates(*index, case.about(*index, "access was granted"), "refused");
    }
    for (_, seen) in guesses.iter().filter(|(_, seen)| seen.outcome == Outcome::Unclear && !is_throttled(seen)) {
        judgement.leaves_open(unclear(seen));
    }
    let Some((last, observation)) = guesses.last().copied() else { return judgement };
    if is_throttled(observation) {
        let retry = observation.exchange.response().and_then(|response| response.header("retry-after"));
        let retry = if retry.is_some() { "" } else { ", without Retry-After" };
        judgement.remarks.push(format!("429 after {} failures{retry}", guesses.len() - 1));
    } else if observation.outcome == Outcome::Silent {
        judgement.open.push("the target stopped answering: it blocked the client, or it broke".to_owned());
    } else if let Some(least) = held_up(case, &guesses) {
        judgement.remarks.push(format!("each failure is answered after {least:.1} s at least"));
    } else if slowed(&guesses) {
        judgement.remarks.push("answers come ever more slowly".to_owned());
    } else {
        let text = format!("{} failures in a row are answered at full speed", guesses.len());
        judgement.deviates(last, text, "429 or a growing delay within the failure budget");
    }
    judgement
}

/// Characters of a random credential that nobody guesses: 128 bits in Base64 (RFC 6749 §10.10).
const BEYOND_GUESSING: usize = 22;

/// The same, where what is guessed can be: a user-id and a password, or a credential that is not long.
fn short_guesses(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = throttled(case);
    if let Some((before, [former, locked])) = answered_otherwise(&guesses(case)) {
        judgement.protocol.clear();
        judgement.remarks.push(format!("after {before} failures the answer is {locked}, and no longer {former}"));
        judgement.needs_review = true;
    }
    gone_around(case, &mut judgement);
    let mut sent = guesses(case).into_iter().map(|(_, seen)| &seen.exchange.request);
    let is_long = |request: &Request| {
        let words = request.headers.iter().filter(|header| header.sensitive);
        let longest = words.flat_map(|header| header.value.split(|byte| b" =".contains(byte)).map(<[u8]>::len)).max();
        let by_password = [&b"Basic "[..], b"Digest "];
        let names_a_user = request.value_of("authorization").is_some_and(|value| {
            by_password
                .iter()
                .any(|scheme| value.len() > scheme.len() && value[..scheme.len()].eq_ignore_ascii_case(scheme))
        });
        !names_a_user && longest.is_some_and(|longest| longest >= BEYOND_GUESSING)
    };
    if sent.all(is_long) && !case.profile.strict_challenges() {
        let found = std::mem::take(&mut judgement.protocol).into_iter().chain(std::mem::take(&mut judgement.advice));
        for deviation in found.collect::<Vec<_>>() {
            judgement.remarks.push(format!("{}: a credential of this length is not guessed", deviation.text));
            judgement.needs_review = true;
        }
    }
    judgement
}

/// The same of secrets of clients.
fn guesses_at_secrets(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = throttled(case);
    gone_around(case, &mut judgement);
    judgement
}

/// Seconds that every failure took at least, where that is far longer than a success takes: a delay that does not grow holds guesses
/// up, too.
pub(super) fn held_up(case: &ObservedCheck<'_>, guesses: &[(usize, &Observation)]) -> Option<f64> {
    const LONG: f64 = 0.5;
    let took = |seen: &Observation| seen.exchange.took.as_secs_f64();
    let least = guesses.iter().map(|(_, seen)| took(seen)).fold(f64::INFINITY, f64::min);
    let granted = case.observations().filter(|(_, seen)| seen.outcome == Outcome::Granted);
    let success = granted.map(|(_, seen)| took(seen)).fold(0.0, f64::max);
    (guesses.len() >= 5 && least > LONG && least > 3.0 * success).then_some(least)
}

/// Every one of the last answers took far longer than any of the first.
fn slowed(guesses: &[(usize, &Observation)]) -> bool {
    let took: Vec<f64> = guesses.iter().map(|(_, seen)| seen.exchange.took.as_secs_f64()).collect();
    let part = (took.len() / 5).max(1);
    let first = took[..part].iter().copied().fold(0.0, f64::max);
    let last = took[took.len() - part..].iter().copied().fold(f64::INFINITY, f64::min);
    took.len() >= 10 && last > DELAY && last > 5.0 * first
}

/// After how many guesses another status refuses, and each time from there on: a lock has a status of its own.
fn answered_otherwise(guesses: &[(usize, &Observation)]) -> Option<(usize, [u16; 2])> {
    /// Fewer may be by chance.
    const FEWEST: usize = 3;
    let refused =
        |(_, seen): &(usize, &Observation)| (seen.outcome == Outcome::Refused).then_some(seen)?.exchange.status();
    let statuses: Vec<u16> = guesses.iter().map(refused).collect::<Option<_>>()?;
    let (former, locked) = (*statuses.first()?, *statuses.last()?);
    let before = statuses.iter().position(|status| *status != former)?;
    let steadily = statuses[before..].iter().all(|status| *status == locked);
    (steadily && before >= FEWEST && statuses.len() - before >= FEWEST).then_some((before, [former, locked]))
}

fn apart(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    if !case.observations_of(WRONG).any(|(_, seen)| is_throttled(seen)) {
        judgement.not_applicable = Some("no throttling was seen within the failure budget".to_owned());
        return judgement;
    }
    for (index, observation) in case.observations_of(OTHER) {
        match (observation.outcome, observation.exchange.status()) {
            (Outcome::Granted, _) => {}
            (Outcome::Refused, Some(status)) | (Outcome::Unclear, Some(status @ 429)) => {
                judgement.violates(index, format!("another principal is locked out with {status}"), "granted");
            }
            _ => case.judge(index, &mut judgement),
        }
    }
    judgement
}

/// Why nothing is said of caches.
const NEVER_THROTTLED: &str = "no answer of the run was 429, nor any to the wrong credentials that this check sends where the scenario has a `material.failure_budget`";

/// No 429, of this check or of another one, says that caches may keep it.
fn not_cacheable(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let throttled: Vec<_> = case.observations().filter(|(_, seen)| is_throttled(seen)).collect();
    if throttled.is_empty() {
        judgement.not_applicable = Some(NEVER_THROTTLED.to_owned());
    }
    for (index, observation) in throttled {
        let Some(response) = observation.exchange.response() else { continue };
        let positive =
            |argument: &Option<String>| argument.as_ref().and_then(|text| text.parse().ok()).unwrap_or(0_u64) > 0;
        let bad = expect::directives(response).into_iter().find(|(name, argument)| {
            name == "public" || name == "s-maxage" || (name == "max-age" && positive(argument))
        });
        if let Some((name, _)) = bad {
            let text = case.about(index, format_args!("the 429 has {name} in its Cache-Control"));
            judgement.deviates(index, text, "no-store or nothing");
        }
    }
    judgement
}

#[cfg(test)]
pub(in crate::check) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Header, Response, Silence};

    /// A request with this field, and its answer.
    pub(in crate::check) fn sent(step: usize, field: &str, status: u16, took: Duration) -> Observation {
        let mut request = Request::new("GET", "/");
        let value = field.as_bytes().to_vec();
        request.headers.push(Header { name: "Authorization".to_owned(), value, sensitive: true });
        let answer = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
        let exchange = Exchange { answer: Ok(answer), took, ..Exchange::unanswered(request, Silence::Closed) };
        let outcome = if status == 200 { Outcome::Granted } else { Outcome::Refused };
        Observation::in_test(step, exchange, outcome)
    }

    /// What is said of a success and of guesses that each took so long: deviations, and remarks.
    fn judged(profile: &'static str, field: &str, success: u64, guess: u64) -> (usize, Vec<String>) {
        let check = find("common.failed-auth-throttled").expect("is in the catalogue");
        let profile = Effective::of([profile], "bearer");
        let mut evidence = Evidence::default();
        evidence.observe(sent(0, field, 200, Duration::from_millis(success)));
        (0..12).for_each(|_| evidence.observe(sent(1, field, 401, Duration::from_millis(guess))));
        let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        (found.protocol.len(), found.remarks)
    }

    #[test]
    fn a_delay_that_does_not_grow_holds_guesses_up_unless_a_success_takes_as_long() {
        let password = "Basic YWxpY2U6cGFzcw==";
        for (success, guess, deviations) in [(20, 1000, 0), (600, 1000, 1), (20, 300, 1), (1, 2, 1)] {
            assert_eq!(judged("api-key-403", password, success, guess).0, deviations, "{success} and {guess} ms");
        }
        assert_eq!(judged("api-key-403", password, 20, 1000).1, ["each failure is answered after 1.0 s at least"]);
    }

    #[test]
    fn a_lock_may_have_a_status_of_its_own() {
        let check = find("common.failed-auth-throttled").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "basic");
        // how often each status comes, and whether guesses are held up by it
        for (answers, held_up) in [
            (&[(401, 10), (403, 11)][..], true),
            (&[(401, 21)], false),
            (&[(401, 19), (403, 2)], false),
            (&[(401, 1), (403, 20)], false),
            (&[(401, 8), (403, 5), (401, 8)], false),
            (&[(401, 10), (200, 11)], false),
        ] {
            let mut evidence = Evidence::default();
            let basic = |status| sent(1, "Basic YWxpY2U6cGFzcw==", status, Duration::from_millis(1));
            evidence.observe(sent(0, "Basic YWxpY2U6cGFzcw==", 200, Duration::from_millis(1)));
            for (status, times) in answers {
                (0..*times).for_each(|_| evidence.observe(basic(*status)));
            }
            let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!(found.protocol.is_empty() && found.access.is_empty(), held_up, "{answers:?}");
            assert_eq!(found.needs_review, held_up, "{answers:?}");
        }
        let mut evidence = Evidence::default();
        evidence.observe(sent(0, "Basic YQ==", 200, Duration::from_millis(1)));
        (0..12).for_each(|at| {
            evidence.observe(sent(1, "Basic YQ==", if at < 6 { 401 } else { 403 }, Duration::from_millis(1)));
        });
        let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        assert_eq!(found.remarks, ["after 6 failures the answer is 403, and no longer 401"]);
    }

    #[test]
    fn each_429_of_the_run_says_what_caches_make_of_it() {
        let check = find("common.429-not-cacheable").expect("is in the catalogue");
        let of_others = check.steps.len() - 1;
        let profile = Effective::of(["api-key-403"], "session");
        // status, Cache-Control, and whether another check has seen it; findings, and whether it applies
        for (answers, expected) in [
            (&[(401, "", false)][..], (0, false)),
            (&[(429, "no-store", false)], (0, true)),
            (&[(429, "", false), (429, "max-age=0", true)], (0, true)),
            (&[(401, "", false), (429, "public, max-age=60", true)], (1, true)),
            (&[(429, "max-age=60", false), (429, "public", true)], (2, true)),
            (&[(401, "public", true)], (0, false)),
        ] {
            let mut evidence = Evidence::default();
            for (status, kept, of_other) in answers {
                let mut seen = sent(if *of_other { of_others } else { 1 }, "Basic x", *status, Duration::ZERO);
                if let Ok(answer) = &mut seen.exchange.answer {
                    answer.headers.push(("Cache-Control".to_owned(), kept.as_bytes().to_vec()));
                }
                evidence.observe(seen);
            }
            let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((found.protocol.len(), found.not_applicable.is_none()), expected, "{answers:?}");
        }
    }

    #[test]
    fn long_random_credentials_need_no_throttle_and_passwords_do() {
        let (long, short) = ("Bearer 3f2a9c1e77aa90bd11e20f31", "Bearer 3f2a9c1e");
        assert_eq!(judged("api-key-403", long, 1, 2).0, 0);
        assert_eq!(judged("strict-rfc", long, 1, 2).0, 1);
        assert_eq!(judged("api-key-403", short, 1, 2).0, 1);
        let password = format!("Basic {}", "YWxpY2U6cGFzcw".repeat(3));
        assert_eq!(judged("api-key-403", &password, 1, 2).0, 1, "however long, it may be a word");
    }
}
