//! How an API key travels, and what refusals give away.

use crate::check::api_key::near_misses;
use crate::check::common::leaks;
use crate::check::judgement::expect;
use crate::check::judgement::sameness;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Accept, INVALID, MISSING, On, Who, forged, send};
use crate::check::{Check, Doc, Explanation, Level, PLAIN, REFUSAL, Severity, Tier};
use crate::observe::StepId;

/// The longest that an answer to an oversized key may take, in seconds.
const PROMPT: f64 = 2.0;

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "apikey.ows-trimmed",
        title: "Optional whitespace around the field value is not part of the key",
        level: Level::Must,
        severity: Severity::Info,
        tier: Tier::Extended,
        sources: &["RFC 9110 §5.5"],
        doc: Doc {
            sends: "The good key with spaces and tabs before and after it, byte for byte.",
            matters: "Whitespace around a field value is no part of it; a server that compares it shuts clients out.",
            fix: "Use an HTTP parser that strips optional whitespace.",
        },
        steps: &[send(forged("whitespace-around"), On::Protected).granted()],
        fault: "ows-significant",
        ..PLAIN
    },
    Check {
        id: "apikey.header-name-case-insensitive",
        title: "The name of the header field is compared without regard to case",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 9110 §5.1"],
        doc: Doc {
            sends: "The good key under other spellings of the field name.",
            matters: "Proxies and HTTP/2 write field names in lower case.",
            fix: "Look fields up without regard to case.",
        },
        steps: &[
            send(forged("name-case-flipped"), On::Protected).granted(),
            send(forged("name-first-flipped"), On::Protected).granted(),
        ],
        fault: "case-sensitive-header",
        ..PLAIN
    },
    Check {
        id: "apikey.scheme-case-insensitive",
        title: "The scheme name before a key is compared without regard to case",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        about_authorization: true,
        sources: &["RFC 9110 §11.1", "RFC 9110 §11.4", "RFC 9110 §5.5"],
        doc: Doc {
            sends: "The good key behind its scheme name in lower, upper and mixed case, behind two spaces, and with two spaces behind it, where keys travel in Authorization.",
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
        fault: "key-scheme-by-case",
        ..PLAIN
    },
    Check {
        id: "apikey.non-ascii-denied",
        title: "Non-ASCII look-alikes are denied without error",
        tier: Tier::Extended,
        sources: &["RFC 9110 §5.5", "CWE-176"],
        doc: Doc {
            sends: "The good key with one letter replaced by a look-alike, in full-width letters, with the byte 0xFF behind it, and with bytes that are white space to some.",
            matters: "A key that is normalised before it is compared has more spellings than were issued.",
            fix: "Compare keys as bytes, and refuse bytes outside ASCII.",
        },
        steps: &[
            send(forged("look-alike"), On::Protected).denied(&[Accept::Status(400), INVALID]),
            send(forged("full-width"), On::Protected).denied(&[Accept::Status(400), INVALID]),
            send(forged("byte-ff"), On::Protected),
            send(forged("byte-a0"), On::Protected),
            send(forged("byte-85"), On::Protected),
            send(forged("byte-1f"), On::Protected),
        ],
        expect: near_misses,
        fault: "nfkc-before-compare",
        ..REFUSAL
    },
    Check {
        id: "apikey.oversized-bounded",
        title: "A 64 KiB key is refused cheaply",
        level: Level::Must,
        tier: Tier::Extended,
        sources: &["RFC 9110 §5.4", "RFC 6585 §5", "OWASP API4:2023"],
        doc: Doc {
            sends: "Keys of 8, 16 and 64 KiB, the last one twice.",
            matters: "Work that grows with what an anonymous client sends is a way to take a service down.",
            fix: "Bound the length of a key before anything is computed from it.",
        },
        steps: &[
            send(forged("long-8k"), On::Protected).denied(OVERSIZED),
            send(forged("long-16k"), On::Protected).denied(OVERSIZED),
            send(forged("long-64k"), On::Protected).denied(OVERSIZED).times(2).id(LONGEST),
        ],
        expect: promptly,
        fault: "hashes-unbounded-input",
        ..REFUSAL
    },
    Check {
        id: "apikey.query-location-policy",
        title: "A key in the query string is refused unless the policy allows it",
        tier: Tier::Extended,
        sources: &["ASVS 14.2.1", "OWASP REST Security Cheat Sheet", "CWE-598"],
        doc: Doc {
            sends: "The good key as ?api_key=, ?apikey=, ?api-key=, ?apiKey=, ?key=, ?token=, ?access_token=, in a parameter with the name of its field, with what stands before its colon as ?username=, and in a cookie, and nowhere else.",
            matters: "URLs end in logs, histories and referrers; cookies are sent by browsers that nobody asked.",
            fix: "Read keys from the documented place only.",
        },
        steps: &[
            send(forged("in-query-api_key"), On::EachRoute).denied(ELSEWHERE),
            send(forged("in-query-apikey"), On::EachRoute).denied(ELSEWHERE),
            send(forged("in-query-api-key"), On::EachRoute).denied(ELSEWHERE),
            send(forged("in-query-apiKey"), On::EachRoute).denied(ELSEWHERE),
            send(forged("in-query-key"), On::EachRoute).denied(ELSEWHERE),
            send(forged("in-query-token"), On::EachRoute).denied(ELSEWHERE),
            send(forged("in-query-access_token"), On::EachRoute).denied(ELSEWHERE),
            send(forged("in-query-own-name"), On::EachRoute).denied(ELSEWHERE),
            send(forged("in-query-two-parts"), On::EachRoute).denied(ELSEWHERE),
            send(forged("in-cookie"), On::EachRoute).denied(ELSEWHERE),
        ],
        shows: Explanation::Carrier,
        fault: "accepts-key-anywhere",
        ..REFUSAL
    },
    Check {
        id: "apikey.not-echoed",
        title: "Neither success nor error responses repeat the key",
        tier: Tier::Extended,
        sources: &["ASVS 16.5.1", "CWE-209"],
        doc: Doc {
            sends: "The good key to each resource that checks use, and two wrong ones; the answers are searched for the key, its Base64 and its first half.",
            matters: "What an answer repeats ends in logs and on screens.",
            fix: "Name a key by its identifier, never by its value.",
        },
        steps: &[
            send(Who::Good, On::EachUsed).granted(),
            send(forged("unknown"), On::Protected).denied(&[Accept::Range(400, 499)]),
            send(forged("extended"), On::Protected),
        ],
        expect: |case| expect::wants(case).and(leaks::credentials(case)),
        fault: "echoes-key-in-error",
        ..PLAIN
    },
    Check {
        id: "apikey.uniform-denial",
        title: "Unknown, revoked, expired and malformed keys look the same",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["ASVS 6.3.8", "WSTG-IDNT-04"],
        doc: Doc {
            sends: "An unknown, a shortened, a revoked and, where the scenario has one, an expired key; the answers are compared.",
            matters: "Answers that differ tell an attacker that a stolen key was once good, and whose it may be.",
            fix: "Answer all of them with the same status, fields and body.",
        },
        steps: &[
            send(forged("unknown"), On::Protected).denied(&[INVALID]),
            send(forged("truncated"), On::Protected).denied(&[INVALID]),
            send(Who::Revoked, On::Protected).denied(&[INVALID]),
            send(Who::Expired, On::Protected).denied(&[INVALID]).if_given(),
        ],
        compares_answers: true,
        expect: sameness::all,
        implied_by: &["apikey.near-miss-denied"],
        fault: "distinct-revoked-message",
        ..REFUSAL
    },
];

/// The longest key.
const LONGEST: StepId = StepId::new("longest");
/// What a key that is too long may be answered with.
const OVERSIZED: &[Accept] = &[
    Accept::Status(400),
    Accept::Status(403),
    INVALID,
    Accept::Status(413),
    Accept::Status(414),
    Accept::Status(431),
    Accept::Closed,
];
/// What a credential in another place may be answered with: it is not looked at, or refused.
pub(crate) const ELSEWHERE: &[Accept] = &[MISSING, INVALID, Accept::Status(400)];

/// Every answer to the longest key comes late, by itself and against the controls: a busy machine delays both.
fn promptly(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let longest = case.observations_of(LONGEST);
    let took: Vec<(usize, f64)> = longest.map(|(index, seen)| (index, seen.exchange.took.as_secs_f64())).collect();
    let control = case.evidence.controls.iter().map(|run| run.exchange.took.as_secs_f64()).fold(0.0, f64::max);
    let slowest = took.iter().map(|(_, took)| *took).fold(f64::INFINITY, f64::min);
    if let Some((index, _)) = took.first().filter(|_| slowest > PROMPT && slowest > 10.0 * control) {
        // RFC 9110 §5.4 asks for a client error; how fast it comes is practice
        judgement.advises(*index, format!("the answer takes {slowest:.1} s, each time"), "an answer within 2 s");
    }
    judgement
}
