//! Authorization codes as they are handed over: that nobody guesses them, and that no cache keeps them.

use std::collections::BTreeSet;

use super::authorization::code_in;
use crate::check::judgement::token_values::most_severe;
use crate::check::judgement::{Judgement, ObservedCheck, expect};
use crate::check::step::{AuthorizationChange, SessionAct, login};
use crate::check::token::answers::lasts;
use crate::check::{Check, Doc, Level, PLAIN, Severity, Tier};
use crate::observe::Response;

/// What holds of a code that an answer has.
pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "code.hard-to-guess",
        title: "Authorization codes are hard to guess",
        level: Level::Must,
        severity: Severity::High,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 6749 §10.10", "ASVS 11.5.1"],
        doc: Doc {
            sends: "Three logins of the scenario as far as their authorization codes, which are compared: how many places differ between them, and how many characters there may be at each. What is found is an upper bound of what has to be guessed.",
            matters: "Whoever guesses a code of a public client, or of one whose secret is known, is logged in as somebody else.",
            fix: "Take at least 128 bits from a cryptographic generator for each code.",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called("the login"),
            login(SessionAct::AuthorizationRequest(AuthorizationChange::OwnState)).called("a code"),
            login(SessionAct::AuthorizationRequest(AuthorizationChange::OwnState)).called("another code"),
            login(SessionAct::AuthorizationRequest(AuthorizationChange::OwnState)).called("a third code"),
        ],
        expect: hard_to_guess,
        fault: "short-codes",
        ..PLAIN
    },
    Check {
        id: "code.response-no-store",
        title: "The answer that hands a code over forbids caching",
        severity: Severity::Info,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["ASVS 14.3.2", "RFC 9111 §5.2.2.5"],
        doc: Doc {
            sends: "The login of the scenario as far as its authorization code; the Cache-Control of the answer that has the code is read. A redirect by 302, 303 or 307 is kept by nobody unless it says that it may be (RFC 9110 §15.1): that it says nothing is information outside strict-rfc.",
            matters: "A code that a cache hands out again is refused to its client, and is one that whoever reads the cache has seen.",
            fix: "Send Cache-Control: no-store with the answer that holds the code.",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called("the login"),
            login(SessionAct::AuthorizationRequest(AuthorizationChange::OwnState)).called("a code"),
        ],
        expect: not_stored,
        fault: "code-answer-cacheable",
        ..PLAIN
    },
];

/// Why nothing is said.
const NO_CODE: &str = "no answer handed a code over";
/// Places that random codes may have in common by chance.
const BY_CHANCE: usize = 6;

/// The answers that have a code.
fn with_code<'a>(case: &ObservedCheck<'a>) -> Vec<(usize, &'a Response, String)> {
    let answers = case.lenient().filter_map(|(index, seen)| Some((index, seen.exchange.response()?)));
    answers.filter_map(|(index, answer)| Some((index, answer, code_in(answer)?))).collect()
}

/// RFC 6749 §10.10: the probability of guessing one "MUST be less than or equal to 2^(-128)".
fn hard_to_guess(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let found = with_code(case);
    let codes: Vec<&str> = found.iter().map(|(_, _, code)| code.as_str()).collect();
    let Some((last, ..)) = found.last().filter(|_| found.len() > 2) else {
        judgement.leaves_open(NO_CODE.to_owned());
        return judgement;
    };
    if codes.iter().collect::<BTreeSet<_>>().len() < codes.len() {
        judgement.violates(*last, "two logins have the same code", "a code of its own for each login");
        return judgement;
    }
    let bits = bits_at_most(&codes);
    if bits < 128.0 {
        let text = format!("at most {bits:.0} bits differ between {} codes", codes.len());
        judgement.violates(*last, text, "at least 128 bits");
        judgement.at_most = most_severe(bits);
    }
    judgement
}

/// How many bits random values of this form have at most: at each place that differs, and some that do by chance not, as many
/// characters as the smallest usual alphabet has that holds all of them.
pub(super) fn bits_at_most(codes: &[&str]) -> f64 {
    let length = codes.iter().map(|code| code.len()).max().unwrap_or_default();
    let differs = |at: &usize| codes.iter().map(|code| code.as_bytes().get(*at)).collect::<BTreeSet<_>>().len() > 1;
    let places = (0..length).filter(differs).count().saturating_add(BY_CHANCE).min(length);
    let all: BTreeSet<u8> = codes.iter().flat_map(|code| code.bytes()).collect();
    let has = |is_of: fn(&u8) -> bool| all.iter().any(is_of);
    let others = all.iter().filter(|byte| !byte.is_ascii_alphanumeric()).count();
    let letters = match (has(u8::is_ascii_lowercase), has(u8::is_ascii_uppercase)) {
        (false, false) => 0,
        (true, true) => 52,
        _ if all.iter().all(|byte| !byte.is_ascii_alphabetic() || byte.is_ascii_hexdigit()) => 6,
        _ => 26,
    };
    let alphabet = 10 + letters + others.max(if letters == 52 { 2 } else { 0 });
    places as f64 * (alphabet as f64).log2()
}

/// What is kept unless it is forbidden: a permanent redirect, and a page (RFC 9110 §15.1); OAuth 2.0 Form Post Response Mode §2
/// has the server forbid it.
const KEPT_BY_ITSELF: [u16; 3] = [200, 301, 308];

fn not_stored(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let found = with_code(case);
    if found.is_empty() {
        judgement.leaves_open(NO_CODE.to_owned());
    }
    for (index, answer, _) in found {
        let directives = expect::directives(answer);
        let is_kept = lasts(&directives) || KEPT_BY_ITSELF.contains(&answer.status);
        match expect::forbid_storing(&directives) {
            true => {}
            false if is_kept || case.profile.strict_challenges() => {
                judgement.deviates(index, expect::lack_of_no_store(&directives), "Cache-Control: no-store");
            }
            false => {
                judgement.remarks.push("the redirect with the code has no no-store".to_owned());
                judgement.needs_review = true;
            }
        }
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_below_128_bits_where_no_alphabet_makes_up_for_the_length() {
        for (codes, is_enough) in [
            // hexadecimal digits, Base64, a UUID
            (
                [
                    "5b1f0c77a9d24e36801ebc5f9a7d2e43",
                    "e07a93d16c5b48f2a1d4367f90be85c2",
                    "9c42b8f03e6d17a5f8b2c90d4e71a36f",
                ],
                true,
            ),
            (["Zk3vT9-wK1sX8mB4nL7pR2", "dF5hJ0cYgUeAoIi_xV3qM6", "tB8nW2rE5yU7iO9pA1sD4f"], true),
            (
                [
                    "1d8f2a44-7f6c-4b7e-9c55-6e1a0d3b7f21",
                    "b3c0977e-02d4-4e0a-8f13-29ac51e7d880",
                    "60a5f1c2-d98b-4317-b6e2-f47c0385a91d",
                ],
                true,
            ),
            // 64 bits, a number, and one that counts
            (["5b1f0c77a9d24e36", "e07a93d16c5b48f2", "9c42b8f03e6d17a5"], false),
            (["48201733", "91764420", "30558917"], false),
            (
                [
                    "abc_00000000000000000000000000000101",
                    "abc_00000000000000000000000000000102",
                    "abc_00000000000000000000000000000103",
                ],
                false,
            ),
        ] {
            assert_eq!(bits_at_most(&codes) >= 128.0, is_enough, "{codes:?}: {}", bits_at_most(&codes));
        }
    }
}
