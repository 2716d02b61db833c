//! Requests whose head is longer than a server takes.

use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Alter, Fill, On, Want, Who, send};
use crate::check::{Check, Doc, Level, PLAIN, Severity, Tier};
use crate::observe::{Observation, Silence};

pub(crate) const CHECKS: &[Check] = &[Check {
    id: "common.oversized-answered",
    title: "A field, a cookie and a target that are too long are answered",
    level: Level::Must,
    severity: Severity::Low,
    tier: Tier::Extended,
    sources: &["RFC 9110 §5.4", "RFC 9112 §3", "RFC 6585 §5"],
    doc: Doc {
        sends: "The protected request without a credential, and with a field of 64 KiB, a cookie of 64 KiB or a target of 70,000 characters. Each has a connection of its own and is written in pieces; between them an answer is waited for, so that none is lost. A connection that is closed without an answer, each time, is a finding, and so is a server error that comes again; one that is reset is information, for an answer may have been lost with it.",
        matters: "A client whose cookies or whose token have grown too long cannot tell such a server from one that is not there, and sends the request again.",
        fix: "Answer 431 to fields that are too long, 414 to a target that is, and close the connection behind the answer.",
    },
    steps: &[
        send(Who::Good, On::Protected).granted(),
        send(Who::Anonymous, On::Protected)
            .with(&[Alter::Header("X-Authbench", Fill::Bytes(LENGTH)), CLOSE])
            .called("a field of 64 KiB"),
        send(Who::Anonymous, On::Protected)
            .with(&[Alter::Header("Cookie", Fill::Text(COOKIE)), CLOSE])
            .called("a cookie of 64 KiB"),
        send(Who::Anonymous, On::Protected)
            .with(&[Alter::Path(|path| format!("{}/{}", path.trim_end_matches('/'), "a".repeat(70_000))), CLOSE])
            .called("a target of 70,000 characters"),
    ],
    expect: answered,
    fault: "closes-on-long-field",
    ..PLAIN
}];

/// Bytes of a value that is too long.
const LENGTH: usize = 64 << 10;
/// A long request that asks for the end of its connection is written in pieces.
const CLOSE: Alter = Alter::Replaced("Connection", Fill::Text("close"));

/// One cookie.
const COOKIE: &str = match std::str::from_utf8(&cookie()) {
    Ok(cookie) => cookie,
    Err(_) => "authbench=a",
};

const fn cookie() -> [u8; LENGTH] {
    let (mut text, name) = ([b'a'; LENGTH], b"authbench=");
    let mut at = 0;
    while at < name.len() {
        text[at] = name[at];
        at += 1;
    }
    text
}

/// What is right to answer.
const EXPECTED: &str = "an answer, such as 431 or 414";

/// Each request has an answer, whatever its status below 500.
fn answered(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        let is_lenient = matches!(case.step_of(seen).wanted(), Want::Either);
        match &seen.exchange.answer {
            Ok(response) if is_lenient && (500..).contains(&response.status) && response.status != 501 => {
                match seen.reproduced {
                    true => {
                        let text = case.about(index, format_args!("answered with {}", response.status));
                        judgement.deviates(index, text, EXPECTED);
                    }
                    false => judgement.leaves_open(format!("{}: {}, and not again", seen.description, response.status)),
                }
            }
            // an answer that was begun is one, whatever became of the rest
            Err(Silence::Closed) if is_lenient && is_begun(seen) => {}
            Err(Silence::Closed) if is_lenient && seen.reproduced => match seen.exchange.marks.was_reset {
                true => {
                    let text = format!("{}: no answer came before the connection was reset", seen.description);
                    judgement.remarks.push(text);
                    judgement.needs_review = true;
                }
                false => {
                    let text = case.about(index, "the connection is closed without an answer, each time");
                    judgement.deviates(index, text, EXPECTED);
                }
            },
            _ => case.judge(index, &mut judgement),
        }
    }
    judgement
}

/// Whether the first bytes of an answer came.
fn is_begun(seen: &Observation) -> bool {
    seen.exchange.marks.first_byte_us.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Marks, Outcome, Request};

    #[test]
    fn a_connection_that_is_closed_is_a_finding_and_one_that_is_reset_or_answers_is_none() {
        let check = crate::check::find("common.oversized-answered").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        for (first_byte_us, was_reset, reproduced, found) in [
            (None, false, true, (1, false, 0)),
            (None, true, true, (0, true, 0)),
            (None, false, false, (0, false, 1)),
            (Some(9), true, true, (0, false, 0)),
            (Some(9), false, true, (0, false, 0)),
        ] {
            let marks = Marks { first_byte_us, was_reset, ..Marks::default() };
            let exchange = Exchange { marks, ..Exchange::unanswered(Request::new("GET", "/"), Silence::Closed) };
            let mut evidence = Evidence::default();
            evidence.observe(Observation { reproduced, ..Observation::in_test(1, exchange, Outcome::Silent) });
            let judged = answered(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!(
                (judged.protocol.len(), judged.needs_review, judged.open.len()),
                found,
                "{marks:?} {reproduced}"
            );
        }
    }
}
