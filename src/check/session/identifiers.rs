//! Session identifiers as logins hand them out: that nobody works out the next one.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::percent_decode_str;

use super::cookies::{HOLDS, cookie_lines, holds_the_session, value_of};
use super::issued_code::bits_at_most;
use crate::check::judgement::{Judgement, ObservedCheck, expect};
use crate::check::step::{On, SessionAct, Who, login, send};
use crate::check::{Check, Doc, PLAIN, Severity, Tier};
use crate::observe::{Outcome, Place, StepId};

pub(crate) const CHECKS: &[Check] = &[Check {
    id: "session.identifier-hard-to-guess",
    title: "Session identifiers are hard to guess",
    severity: Severity::High,
    tier: Tier::Extended,
    remote_safe: false,
    sources: &["ASVS 7.2.3", "OWASP Session Management Cheat Sheet", "CWE-340", "WSTG-SESS-01"],
    doc: Doc {
        sends: "Four logins of one user, each once more in another second where its cookie is the one of a login before it, whose session cookies are compared: how many places differ between them, as they are and where they are decoded from Base64, and how many characters there may be at each. What is found is an upper bound of what has to be guessed: less than 64 bits, such as a counter or a time behind a fixed beginning, are a finding, and less than 128 bits are noted. The last cookie is sent without the other cookies of its login: one that opens nothing by itself shows nothing, and neither does one that holds the session itself.",
        matters: "Whoever logs in with an account of their own sees what the identifiers of others look like, tries those before and after it, and is in their sessions without any password.",
        fix: "Take at least 128 bits from a cryptographic generator for each identifier, and no time, counter or number of the user.",
    },
    steps: &[
        login(SessionAct::LogIn("first")).granted().called("a login"),
        login(SessionAct::LogIn("second")).granted().called("another login of the user"),
        login(SessionAct::LogIn("third")).granted().called("a third login of the user"),
        login(SessionAct::LogIn("last")).granted().called("a fourth login of the user"),
        send(Who::SlotAlone("last"), On::Protected).id(ALONE).called("the cookie of the session by itself"),
    ],
    expect: hard_to_guess,
    fault: "session-ids-count",
    ..PLAIN
}];

/// The cookie of the last login, and nothing beside it.
const ALONE: StepId = StepId::new("alone");
/// Logins that are compared.
const LOGINS: usize = 4;
/// Bits below which an identifier can be guessed (OWASP Session Management Cheat Sheet, "Session ID Entropy").
const GUESSED: f64 = 64.0;
/// Bits that an identifier has to have (ASVS 7.2.3).
const ENOUGH: f64 = 128.0;
/// Bytes that random values may have in common by chance.
const BY_CHANCE: usize = 1;

/// No identifier can be worked out from others: what differs between them is more than anybody tries.
fn hard_to_guess(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let is_login = |at: usize| case.evidence.observations[at].place == Place::Login;
    let given: BTreeMap<usize, String> = cookie_lines(case)
        .filter(|(at, _)| is_login(*at))
        .filter_map(|(at, line)| Some((at, plain(&value_of(&line)?))))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let values: Vec<&str> = given.values().map(String::as_str).collect();
    let Some(last) = given.keys().next_back().copied().filter(|_| values.len() >= LOGINS) else {
        let why = "the answers of the logins do not all set the cookie of the session (see session.identifier-changes-at-login)";
        judgement.not_applicable = Some(why.to_owned());
        return judgement;
    };
    // a number is JSON, too
    let is_number = |value: &str| value.bytes().all(|byte| byte.is_ascii_digit());
    if values.iter().any(|value| !is_number(value) && holds_the_session(value)) {
        judgement.not_applicable = Some(format!("{HOLDS}, and no identifier of one"));
        return judgement;
    }
    if values.iter().collect::<BTreeSet<_>>().len() < values.len() {
        let why = "logins share an identifier, in another second as well, so what differs is not known (see session.identifier-new-at-each-login)";
        judgement.not_applicable = Some(why.to_owned());
        return judgement;
    }
    let bits = bits_of(&values);
    let said = format!("at most {bits:.0} bits differ between the identifiers of {} logins", values.len());
    match case.observations_of(ALONE).next().map(|(_, seen)| seen.outcome) {
        _ if bits >= ENOUGH => {}
        _ if bits >= GUESSED => judgement.remarks.push(format!("{said} (ASVS 7.2.3 asks for 128)")),
        Some(Outcome::Granted) => {
            let rises = values.windows(2).all(|pair| pair[0].len() == pair[1].len() && pair[0] < pair[1]);
            let rises = if rises { ", and each is greater than the one before" } else { "" };
            judgement.violates(last, format!("{said}{rises}"), "at least 128 bits from a cryptographic generator");
        }
        Some(Outcome::Refused) => {
            let why = "the cookie of the session opens nothing without the other cookies of its login";
            judgement.not_applicable = Some(why.to_owned());
        }
        _ => judgement.leaves_open(format!("{said}; whether they open anything by themselves is not known")),
    }
    judgement
}

/// The value of a cookie without what its characters are written as.
fn plain(value: &str) -> String {
    percent_decode_str(value.trim_matches('"')).decode_utf8_lossy().into_owned()
}

/// How many bits the values have at most, as they are and as what Base64 makes of them.
fn bits_of(values: &[&str]) -> f64 {
    let bits = bits_at_most(values);
    let decoded: Option<Vec<Vec<u8>>> = values.iter().map(|value| decoded(value)).collect();
    decoded.map_or(bits, |decoded| bits.min(bits_of_bytes(&decoded)))
}

/// The same of bytes: each that differs, and one that does by chance not, may be any.
fn bits_of_bytes(values: &[Vec<u8>]) -> f64 {
    let length = values.iter().map(Vec::len).max().unwrap_or_default();
    let differs = |at: &usize| values.iter().map(|value| value.get(*at)).collect::<BTreeSet<_>>().len() > 1;
    let places = (0..length).filter(differs).count().saturating_add(BY_CHANCE).min(length);
    places as f64 * 8.0
}

fn decoded(value: &str) -> Option<Vec<u8>> {
    let text = value.trim_end_matches('=');
    [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD].into_iter().find_map(|engine| engine.decode(text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Request, Response, Silence};

    /// What is said of logins that set these cookies, and of the last one by itself: violations, remarks, whether it applies, and
    /// whether it is open.
    fn judged(values: &[&str], alone: Outcome) -> (usize, usize, bool, bool) {
        let check = find("session.identifier-hard-to-guess").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "session");
        let mut evidence = Evidence { session_cookie: Some("sid".to_owned()), ..Evidence::default() };
        let seen = |step: usize, headers: Vec<(String, Vec<u8>)>, outcome| {
            let answer = Response { status: 200, headers, body: Vec::new(), truncated: false };
            let asked = Exchange::unanswered(Request::new("POST", "/"), Silence::Closed);
            Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, outcome)
        };
        for (step, value) in values.iter().enumerate() {
            let line = vec![("Set-Cookie".to_owned(), format!("sid={value}; HttpOnly").into_bytes())];
            evidence.observe(Observation { place: Place::Login, ..seen(step, line, Outcome::Granted) });
        }
        evidence.observe(seen(LOGINS, Vec::new(), alone));
        let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        (found.access.len(), found.remarks.len(), found.not_applicable.is_none(), !found.open.is_empty())
    }

    const COUNTED: [&str; 4] =
        ["01a22772ef670000002a", "01a22772f0130000002b", "01a22772f1a50000002c", "01a22772f3090000002d"];

    #[test]
    fn counters_and_times_are_found_and_random_values_are_not() {
        for (values, expected) in [
            (COUNTED, (1, 0, true, false)),
            (["1001", "1002", "1003", "1004"], (1, 0, true, false)),
            // a UUID of version 1: a time, and what stays the same
            (
                [
                    "3f2c1a40-8d1e-11f0-9c55-0242ac120002",
                    "3f9b77d2-8d1e-11f0-9c55-0242ac120002",
                    "4011e0c6-8d1e-11f0-9c55-0242ac120002",
                    "4088a1b4-8d1e-11f0-9c55-0242ac120002",
                ],
                (1, 0, true, false),
            ),
            // alice:1700000000123 and later ones, in Base64
            (
                [
                    "YWxpY2U6MTcwMDAwMDAwMDEyMw==",
                    "YWxpY2U6MTcwMDAwMDAwMDQ1Ng==",
                    "YWxpY2U6MTcwMDAwMDAwMDc4OQ%3D%3D",
                    "YWxpY2U6MTcwMDAwMDAwMTAxMg==",
                ],
                (1, 0, true, false),
            ),
            // a counter behind which there is a signature
            (
                [
                    "s%3A1001.Zk3vT9wK1sX8mB4nL7pR2dF5hJ0cYgUeAoIixV3qM6t",
                    "s%3A1002.tB8nW2rE5yU7iO9pA1sD4fqK3vX9w2mB4nR9tYc2lnb",
                    "s%3A1003.dF5hJ0cYgUeAoIixV3qM6Zk3vT9wK1sX8mB4nL7pR2x",
                    "s%3A1004.qK3vX9w2mB4nR9tYc2lnbtB8nW2rE5yU7iO9pA1sD4f",
                ],
                (0, 0, true, false),
            ),
            // a UUID of version 4, and 32 hexadecimal digits
            (
                [
                    "1d8f2a44-7f6c-4b7e-9c55-6e1a0d3b7f21",
                    "b3c0977e-02d4-4e0a-8f13-29ac51e7d880",
                    "60a5f1c2-d98b-4317-b6e2-f47c0385a91d",
                    "f91e64b7-35a0-4cd8-a07f-8b5d2e916c43",
                ],
                (0, 0, true, false),
            ),
            (
                [
                    "5b1f0c77a9d24e36801ebc5f9a7d2e43",
                    "e07a93d16c5b48f2a1d4367f90be85c2",
                    "9c42b8f03e6d17a5f8b2c90d4e71a36f",
                    "28d5e6194fb7a083c76d1e9a35f04b1c",
                ],
                (0, 0, true, false),
            ),
            // 64 bits: too few by ASVS, and nothing that is guessed
            (["5b1f0c77a9d24e36", "e07a93d16c5b48f2", "9c42b8f03e6d17a5", "28d5e6194fb7a083"], (0, 1, true, false)),
            (["same", "same", "same", "same"], (0, 0, false, false)),
            (["eyJ1c2VyIjoxfQ.a", "eyJ1c2VyIjoxfQ.b", "eyJ1c2VyIjoxfQ.c", "eyJ1c2VyIjoxfQ.d"], (0, 0, false, false)),
        ] {
            assert_eq!(judged(&values, Outcome::Granted), expected, "{values:?}");
        }
        assert_eq!(judged(&COUNTED[..3], Outcome::Granted), (0, 0, false, false), "too few");
    }

    #[test]
    fn an_identifier_that_opens_nothing_by_itself_need_not_be_guessed() {
        for (alone, expected) in [
            (Outcome::Granted, (1, 0, true, false)),
            (Outcome::Refused, (0, 0, false, false)),
            (Outcome::Unclear, (0, 0, true, true)),
            (Outcome::Broke, (0, 0, true, true)),
        ] {
            assert_eq!(judged(&COUNTED, alone), expected, "{alone:?}");
        }
    }
}
