//! Requests whose parts two recipients may find at different places (RFC 9112 §5, §6).

use crate::check::judgement::{Judgement, ObservedCheck, unclear};
use crate::check::step::{Alter, Fill, On, Want, Who, send};
use crate::check::{Check, Doc, Level, PLAIN, Severity, Tier};
use crate::observe::{Observation, Outcome, Silence, StepId};

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "common.two-lengths-refused",
        title: "A request with two values of Content-Length is refused",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        // what is left of a request may become the start of somebody else's, behind a proxy that many use
        remote_safe: false,
        sources: &["RFC 9112 §6.3", "CWE-444", "WSTG-INPV-15"],
        doc: Doc {
            sends: "The good request, with a content of two bytes where it has none: with its length, with a second Content-Length of 0, and with both in one line; and a write with a second Content-Length of 1, where the target is owned. A status from 400 on refuses, or 501, or a closed connection.",
            matters: "A proxy that takes one length and a server that takes the other disagree where the request ends: what is left is the start of the next one, which may be that of somebody else.",
            fix: "Answer 400 to a request whose lengths differ, and close the connection.",
        },
        steps: &[
            send(Who::Good, On::Protected).granted(),
            send(Who::Good, On::Protected).with(&[CONTENT]).id(WITH_CONTENT).called("the good request with a content"),
            send(Who::Good, On::Protected)
                .with(&[CONTENT, Alter::Header("Content-Length", Fill::Text("0"))])
                .called("a second Content-Length"),
            send(Who::Good, On::Protected)
                .with(&[CONTENT, Alter::Joined("Content-Length", "0")])
                .called("two values in one Content-Length"),
            send(Who::Good, On::Writable).granted().called("a write").if_given(),
            send(Who::Good, On::Writable)
                .with(&[Alter::Header("Content-Length", Fill::Text("1"))])
                .called("a write with a second Content-Length")
                .if_given(),
        ],
        expect: refused,
        fault: "takes-first-length",
        ..PLAIN
    },
    Check {
        id: "common.length-and-chunks-close",
        title: "A connection is closed behind a request with Content-Length and Transfer-Encoding",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 9112 §6.1", "CWE-444", "WSTG-INPV-15"],
        doc: Doc {
            sends: "The good request with a content in chunks and with Content-Length, which says how long the chunks are; then the good request on the same connection. The first may be served or refused; the second must not be answered.",
            matters: "A proxy that reads the length and a server that reads the chunks disagree where the request ends: what is left is the start of the next one, which may be that of somebody else.",
            fix: "Refuse such a request with 400, or read its chunks; close the connection behind the answer in both cases.",
        },
        steps: &[
            send(Who::Good, On::Protected).granted(),
            send(Who::Good, On::Protected)
                .with(&[CHUNKS, Alter::Header("Transfer-Encoding", Fill::Text("chunked"))])
                .called("Content-Length and Transfer-Encoding")
                .followed(),
        ],
        expect: closed_behind,
        fault: "keeps-open-behind-two-framings",
        ..PLAIN
    },
    Check {
        id: "common.space-before-colon-refused",
        title: "A request with a space between a field name and its colon is refused",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 9112 §5.1", "CWE-444"],
        doc: Doc {
            sends: "The good request, and a write where the target is owned, with a field `X-Authbench` whose name has a space behind it. A status from 400 on refuses, or 501, or a closed connection.",
            matters: "A proxy that takes the space for a part of the name passes a field on that it would have replaced or removed, and a server that ignores the space reads it.",
            fix: "Answer 400 to a field line with white space before its colon.",
        },
        steps: &[
            send(Who::Good, On::Protected).granted(),
            send(Who::Good, On::Protected).with(SPACED).called("a space before a colon"),
            send(Who::Good, On::Writable).granted().called("a write").if_given(),
            send(Who::Good, On::Writable).with(SPACED).called("a write with a space before a colon").if_given(),
        ],
        expect: refused,
        fault: "ignores-space-before-colon",
        ..PLAIN
    },
];

/// A content of two bytes; that of a request that has one, such as a read by POST, is left as it is.
const CONTENT: Alter = Alter::Content("{}");
/// A content in one chunk (RFC 9112 §7.1).
const CHUNKS: Alter = Alter::Body { json: "2\r\n{}\r\n0\r\n\r\n", form: "2\r\na=\r\n0\r\n\r\n" };
/// A field line that is none.
const SPACED: &[Alter] = &[Alter::Header("X-Authbench ", Fill::Text("authbench"))];
/// A read with a content and one length.
const WITH_CONTENT: StepId = StepId::new("with-content");

/// Whatever cannot be read as one message is refused. A refusal shows nothing where the same read with a content and one length is
/// refused as well.
fn refused(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        let step = case.step_of(seen);
        if step.step_id() == Some(WITH_CONTENT) && seen.exchange.response().is_some() {
            continue;
        }
        if step.step_id() == Some(WITH_CONTENT) || !matches!(step.wanted(), Want::Either) {
            case.judge(index, &mut judgement);
            continue;
        }
        let is_refused_anyway = |seen: &Observation| {
            let with_content = case.beside(seen, WITH_CONTENT).next();
            with_content.is_some_and(|(_, other)| other.exchange.status() == seen.exchange.status())
        };
        match (&seen.exchange.answer, seen.outcome) {
            (Ok(response), Outcome::Granted) => {
                let text = case.about(index, format_args!("answered with {}", response.status));
                judgement.deviates(index, text, "400, or a closed connection");
            }
            (Ok(response), _) if !matches!(response.status, 400..=499 | 501) => judgement.leaves_open(unclear(seen)),
            (Ok(response), _) if is_refused_anyway(seen) => {
                let (what, status) = (&seen.description, response.status);
                judgement.leaves_open(format!("{what}: refused with {status}, as the same content with one length is"));
            }
            (Ok(_), _) => {}
            (Err(Silence::Closed), _) if seen.reproduced => {}
            (Err(silence), _) => judgement.leaves_open(format!("{}: no answer ({silence})", seen.description)),
        }
    }
    judgement
}

/// Behind a request that says twice where it ends, nothing else is answered on its connection.
fn closed_behind(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let mut ends_twice = None;
    for (index, seen) in case.observations() {
        let is_behind = seen.exchange.request.value_of("transfer-encoding").is_none();
        match &seen.exchange.answer {
            _ if !matches!(case.step_of(seen).wanted(), Want::Either) => case.judge(index, &mut judgement),
            Ok(response) if is_behind => {
                // the request that has to be seen is the one before
                let first = ends_twice.unwrap_or(index);
                let text = format!("the request behind it on the same connection is answered with {}", response.status);
                judgement.deviates(
                    first,
                    case.about(first, text),
                    "a connection that is closed behind the first answer",
                );
            }
            Ok(_) => ends_twice = Some(index),
            Err(Silence::Closed) => {}
            Err(silence) => judgement.leaves_open(format!("{}: no answer ({silence})", seen.description)),
        }
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Request, Response};

    /// Deviations, and what is left open.
    fn judged(check: &str, answers: &[(usize, Request, Result<u16, Silence>)]) -> (usize, usize) {
        let check = crate::check::find(check).expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let mut evidence = Evidence::default();
        for (step, request, answer) in answers.iter().cloned() {
            let outcome = match &answer {
                Ok(200) => Outcome::Granted,
                Ok(_) => Outcome::Refused,
                Err(_) => Outcome::Silent,
            };
            let answer =
                answer.map(|status| Response { status, headers: Vec::new(), body: Vec::new(), truncated: false });
            let exchange = Exchange { answer, ..Exchange::unanswered(request, Silence::Closed) };
            evidence.observe(Observation { reproduced: true, ..Observation::in_test(step, exchange, outcome) });
        }
        let judgement = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        (judgement.protocol.len(), judgement.open.len())
    }

    #[test]
    fn two_lengths_are_refused_in_so_many_words_or_by_the_end_of_the_connection() {
        let get = || Request::new("GET", "/orders");
        for (with_content, answer, expected) in [
            (Ok(200), Ok(200), (1, 0)),
            (Ok(200), Ok(400), (0, 0)),
            (Ok(200), Err(Silence::Closed), (0, 0)),
            (Ok(200), Err(Silence::TimedOut), (0, 1)),
            (Ok(200), Ok(500), (0, 1)),
            (Ok(200), Ok(302), (0, 1)),
            // a content is refused, however long it is said to be
            (Ok(400), Ok(400), (0, 1)),
            (Ok(413), Ok(400), (0, 0)),
            (Ok(400), Err(Silence::Closed), (0, 0)),
        ] {
            let answers = [(0, get(), Ok(200)), (1, get(), with_content.clone()), (2, get(), answer.clone())];
            let seen = judged("common.two-lengths-refused", &answers);
            assert_eq!(seen, expected, "{with_content:?} {answer:?}");
        }
    }

    #[test]
    fn nothing_is_answered_behind_a_request_that_ends_twice() {
        let first = || Request::new("GET", "/orders").header("Transfer-Encoding", "chunked");
        let get = || Request::new("GET", "/orders");
        for (answer, behind, expected) in [
            (Ok(200), Some(Ok(200)), (1, 0)),
            (Ok(400), Some(Ok(400)), (1, 0)),
            (Ok(200), Some(Err(Silence::Closed)), (0, 0)),
            (Ok(200), Some(Err(Silence::TimedOut)), (0, 1)),
            (Err(Silence::Closed), None, (0, 0)),
            (Err(Silence::TimedOut), None, (0, 1)),
        ] {
            let mut answers = vec![(0, get(), Ok(200)), (1, first(), answer.clone())];
            answers.extend(behind.clone().map(|behind| (1, get(), behind)));
            let seen = judged("common.length-and-chunks-close", &answers);
            assert_eq!(seen, expected, "{answer:?} {behind:?}");
        }
    }
}
