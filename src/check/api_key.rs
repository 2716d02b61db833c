//! API keys.

use super::step::{INVALID, MISSING, On, Who, send};
use super::{Check, Doc, Level, PLAIN, Severity};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "apikey.valid-accepted",
        title: "A live key in the declared location is accepted",
        severity: Severity::Info,
        control: true,
        sources: &["OWASP REST Security Cheat Sheet"],
        doc: Doc {
            sends: "The key exactly as the scenario declares it, to every protected resource.",
            matters: "A target that refuses everybody refuses a wrong key for the wrong reason: without this control no refusal \
                      proves anything.",
            fix: "Check the key, its scopes and the carrier in the scenario, then the target's log.",
        },
        steps: &[send(Who::Good, On::EachProtected).granted()],
        fault: "apikey-rejects-everything",
        ..PLAIN
    },
    Check {
        id: "apikey.missing-denied",
        title: "No key is denied",
        severity: Severity::Critical,
        sources: &["OWASP API2:2023", "CWE-306", "RFC 9110 §11.4"],
        doc: Doc {
            sends: "The request of the control without the key.",
            matters: "An absent key that maps to a default consumer opens the API to everybody.",
            fix: "Refuse a request without a key before any handler runs.",
        },
        steps: &[send(Who::Anonymous, On::Protected).denied(&[MISSING])],
        expect: |case| super::expect::wants(case).and(super::challenges::named_on_401(case)),
        fault: "missing-key-is-anonymous",
        ..PLAIN
    },
    Check {
        id: "apikey.invalid-denied",
        title: "A well-formed but unknown key is denied",
        level: Level::Practice,
        severity: Severity::Critical,
        sources: &["OWASP API2:2023", "RFC 9110 §11.4", "RFC 9110 §15.5.4"],
        doc: Doc {
            sends: "A random key with the length, alphabet and prefix of the good one.",
            matters: "A check that only looks whether there is a key lets everybody in.",
            fix: "Look the key up, and refuse with the status that the API documents.",
        },
        steps: &[send(Who::Forged("unknown"), On::Protected).denied(&[INVALID])],
        fault: "accepts-any-key",
        ..PLAIN
    },
];
