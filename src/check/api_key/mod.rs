//! API keys.

pub(crate) mod carrier;

use crate::check::common::rights::{FOREIGN_OBJECTS, foreign_objects};
use crate::check::judgement::challenges;
use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Accept, Hook, INSUFFICIENT, INVALID, MISSING, On, Step, Want, Who, forged, send};
use crate::check::{Check, Doc, Explanation, Level, Mode, PLAIN, REFUSAL, Severity};
use crate::observe::{ForgeryId, Outcome};

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "apikey.valid-accepted",
        title: "A live key in the declared location is accepted (positive control)",
        severity: Severity::Info,
        control: true,
        sources: &["OWASP REST Security Cheat Sheet"],
        doc: Doc {
            sends: "The key exactly as the scenario declares it, to every protected resource.",
            matters: "A target that refuses everybody refuses a wrong key for the wrong reason: without this control no refusal proves anything.",
            fix: "Check the key, its scopes and the carrier in the scenario, then the target's log.",
        },
        steps: &[send(Who::Good, On::EachProtected).granted()],
        fault: "apikey-rejects-everything",
        ..PLAIN
    },
    Check {
        id: "apikey.missing-denied",
        title: "A request without a key is denied",
        severity: Severity::Critical,
        sources: &["OWASP API2:2023", "CWE-306", "RFC 9110 §11.4"],
        doc: Doc {
            sends: "The request of the control without the key.",
            matters: "An absent key that maps to a default consumer opens the API to everybody.",
            fix: "Refuse a request without a key before any handler runs.",
        },
        steps: &[send(Who::Anonymous, On::Protected).denied(&[MISSING]).thoroughly()],
        expect: |case| expect::wants(case).and(challenges::named_on_401(case)),
        shows: Explanation::Anonymous,
        fault: "missing-key-is-anonymous",
        ..PLAIN
    },
    Check {
        id: "apikey.invalid-denied",
        title: "A well-formed but unknown key is denied",
        severity: Severity::Critical,
        sources: &["OWASP API2:2023", "RFC 9110 §11.4", "RFC 9110 §15.5.4"],
        doc: Doc {
            sends: "A random key with the length, alphabet and prefix of the good one.",
            matters: "A check that only looks whether there is a key lets everybody in.",
            fix: "Look the key up, and refuse with the status that the API documents.",
        },
        steps: &[send(forged("unknown"), On::EachUsed).denied(&[INVALID]).thoroughly()],
        fault: "accepts-any-key",
        ..PLAIN
    },
    Check {
        id: "apikey.empty-or-blank-denied",
        title: "An empty or blank key is denied",
        severity: Severity::Critical,
        sources: &["CWE-287", "OWASP API2:2023"],
        doc: Doc {
            sends: "The key empty, blank, and as the words that programming languages print for nothing.",
            matters: "A comparison with a setting that was never set succeeds for an empty key.",
            fix: "Refuse to start without a configured key, and refuse blank keys before comparing.",
        },
        steps: &[
            send(forged("empty"), On::Protected).denied(&[MISSING, INVALID, Accept::Status(400)]),
            send(forged("space"), On::Protected).denied(&[MISSING, INVALID, Accept::Status(400)]),
            send(forged("tab"), On::Protected).denied(&[MISSING, INVALID, Accept::Status(400)]),
            send(forged("null"), On::Protected).denied(&[MISSING, INVALID, Accept::Status(400)]),
            send(forged("undefined"), On::Protected).denied(&[MISSING, INVALID, Accept::Status(400)]),
            send(forged("none-word"), On::Protected).denied(&[MISSING, INVALID, Accept::Status(400)]),
            send(forged("zero"), On::Protected).denied(&[MISSING, INVALID, Accept::Status(400)]),
            send(forged("false-word"), On::Protected).denied(&[MISSING, INVALID, Accept::Status(400)]),
            send(forged("empty-array"), On::Protected).denied(&[MISSING, INVALID, Accept::Status(400)]),
            send(forged("empty-object"), On::Protected).denied(&[MISSING, INVALID, Accept::Status(400)]),
        ],
        fault: "empty-matches-unset",
        ..REFUSAL
    },
    Check {
        id: "apikey.near-miss-denied",
        title: "Truncated, extended or altered keys are denied",
        severity: Severity::Critical,
        sources: &["CWE-187", "OWASP API2:2023"],
        doc: Doc {
            sends: "The good key shortened, extended by a character, by a part, by an equals sign and by a percent-encoded NUL, altered, reversed, doubled, encoded, in quotation marks, and with other bits behind the last byte of its Base64.",
            matters: "A lookup by prefix or with decoding makes a guessed part of a key as good as the key.",
            fix: "Look keys up by their exact value, hashed, and compare in constant time.",
        },
        steps: &[
            send(forged("truncated"), On::Protected).denied(&[INVALID]),
            send(forged("without-first"), On::Protected).denied(&[INVALID]),
            send(forged("extended"), On::Protected).denied(&[INVALID]),
            send(forged("middle-changed"), On::Protected).denied(&[INVALID]),
            send(forged("reversed"), On::Protected).denied(&[INVALID]),
            send(forged("doubled"), On::Protected).denied(&[INVALID]),
            send(forged("percent-encoded"), On::Protected).denied(&[INVALID]),
            send(forged("base64"), On::Protected).denied(&[INVALID]),
            send(forged("quoted"), On::Protected),
            send(forged("part-appended"), On::Protected),
            send(forged("padding-behind"), On::Protected),
            send(forged("nul-encoded-behind"), On::Protected),
            send(forged("left-over-bits"), On::Protected),
        ],
        expect: near_misses,
        fault: "prefix-compare",
        ..REFUSAL
    },
    Check {
        id: "apikey.case-folding-denied",
        title: "Key comparison is case sensitive",
        severity: Severity::High,
        sources: &["CWE-178"],
        doc: Doc {
            sends: "The good key in upper and in lower case; not one of hexadecimal digits alone, which are the same number in either.",
            matters: "A case-insensitive collation shrinks the space that an attacker has to search.",
            fix: "Store and compare keys as bytes, under a binary collation.",
        },
        steps: &[
            send(forged("upper-cased"), On::Protected).denied(&[INVALID]),
            send(forged("lower-cased"), On::Protected).denied(&[INVALID]),
        ],
        fault: "case-insensitive-compare",
        ..REFUSAL
    },
    Check {
        id: "apikey.control-bytes-rejected",
        title: "NUL, CR or LF inside the field value is refused",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 9110 §5.5", "CWE-158"],
        doc: Doc {
            sends: "The good key with a NUL and more, and with a bare CR and more behind it (where those alone are accepted, the severity is low: only its holder can send it), and with a bare CR or a bare LF inside it; and with a NUL, a vertical tab or a form feed alone behind it and before it, where a server that takes the byte off is a warning: RFC 9110 lets it put a space in place of a NUL.",
            matters: "A comparison that stops at a control character accepts keys that were never issued, and splits headers further down.",
            fix: "Let the HTTP library refuse control characters, and compare whole values.",
        },
        steps: &[
            send(forged("nul-inside"), On::Protected).denied(REFUSED),
            send(forged("cr-inside"), On::Protected).denied(REFUSED),
            send(forged("cr-behind"), On::Protected).denied(REFUSED),
            send(forged("lf-inside"), On::Protected).denied(REFUSED),
            send(forged("nul-behind"), On::Protected),
            send(forged("vt-behind"), On::Protected),
            send(forged("ff-behind"), On::Protected),
            send(forged("nul-before"), On::Protected),
            send(forged("vt-before"), On::Protected),
            send(forged("ff-before"), On::Protected),
        ],
        expect: control_bytes,
        fault: "nul-truncation",
        ..REFUSAL
    },
    Check {
        id: "apikey.injection-denied",
        title: "Query metacharacters in the key have no effect",
        severity: Severity::Critical,
        sources: &["CWE-89", "CWE-943", "OWASP API8:2023"],
        doc: Doc {
            sends: "Metacharacters of SQL, LDAP, NoSQL, patterns and paths in place of the key.",
            matters: "A key that reaches a query as text selects other people's keys.",
            fix: "Bind the key as a parameter, or look up its hash.",
        },
        steps: &[
            send(forged("sql-or"), On::Protected).denied(&[INVALID, MISSING, Accept::Status(400)]),
            send(forged("like-pattern"), On::Protected).denied(&[INVALID, MISSING, Accept::Status(400)]),
            send(forged("ldap-pattern"), On::Protected).denied(&[INVALID, MISSING, Accept::Status(400)]),
            send(forged("star"), On::Protected).denied(&[INVALID, MISSING, Accept::Status(400)]),
            send(forged("regex"), On::Protected).denied(&[INVALID, MISSING, Accept::Status(400)]),
            send(forged("nosql"), On::Protected).denied(&[INVALID, MISSING, Accept::Status(400)]),
            send(forged("array-parameter"), On::Protected).denied(&[INVALID, MISSING, Accept::Status(400)]),
            send(forged("jndi"), On::Protected).denied(&[INVALID, MISSING, Accept::Status(400)]),
            send(forged("traversal"), On::Protected).denied(&[INVALID, MISSING, Accept::Status(400)]),
            send(forged("ldap"), On::Protected).denied(&[INVALID, MISSING, Accept::Status(400)]),
        ],
        fault: "like-query",
        ..REFUSAL
    },
    Check {
        id: "apikey.revoked-denied",
        title: "A revoked key stops working",
        severity: Severity::Critical,
        mode: Mode::Timed,
        sources: &["ASVS 8.3.2", "ASVS 13.3.4"],
        doc: Doc {
            sends: "A key that was revoked before the run, to each resource that checks use.",
            matters: "A leaked key can only be contained by revoking it.",
            fix: "Read the state of a key on each request, or bound the life of caches.",
        },
        steps: &[send(Who::Revoked, On::EachUsed).denied(&[INVALID])],
        shows: Explanation::Revocation,
        fault: "revocation-ignored",
        ..REFUSAL
    },
    Check {
        id: "apikey.expired-denied",
        title: "An expired key is denied",
        severity: Severity::High,
        mode: Mode::Timed,
        sources: &["ASVS 13.3.4"],
        doc: Doc {
            sends: "A key whose lifetime has passed, to each resource that checks use.",
            matters: "An expiry that is stored and not read protects nobody.",
            fix: "Compare the expiry on each request.",
        },
        steps: &[send(Who::Expired, On::EachUsed).denied(&[INVALID])],
        shows: Explanation::Time,
        fault: "no-expiry-check",
        ..REFUSAL
    },
    Check {
        id: "apikey.rotation-effective",
        title: "After rotation the new key works and the old one ends",
        severity: Severity::High,
        mode: Mode::Timed,
        remote_safe: false,
        sources: &["ASVS 13.3.4", "OWASP Secrets Management Cheat Sheet"],
        doc: Doc {
            sends: "The new key at once after a rotation, and the old one when it is refused or the tolerated overlap has passed.",
            matters: "A rotation that leaves the old key alive contains no leak.",
            fix: "Retire the old key when the overlap ends.",
        },
        steps: &[
            Step::Hook(Hook::Rotate),
            send(Who::Slot("rotated"), On::Protected).granted().called("the new key"),
            Step::Hook(Hook::AwaitRotation),
            send(Who::Good, On::Protected).denied(&[INVALID]).called("the old key"),
            Step::Hook(Hook::RotateBack),
        ],
        fault: "old-key-lives",
        ..REFUSAL
    },
    Check {
        id: "apikey.cross-tenant-denied",
        title: "A key cannot reach another tenant object",
        severity: Severity::Critical,
        sources: &["OWASP API1:2023", "ASVS 8.2.2", "ASVS 8.4.1", "WSTG-ATHZ-04"],
        doc: Doc {
            sends: "A valid key of one tenant to each object of another (at most 8). Where a tenant has an object of its own that is read at a path of the same shape, such as /projects/1/invoices/7 beside /projects/2/invoices/8: also to the path with its own leading identifiers and the last one of the other's (at most 8). What that answers is access where it is the content of the other's object. A refusal that shows who the owner is, by a member such as `owner` or `email` or by an address of mail that is in the owner's own answer, is a violation of medium severity.",
            matters: "Broken object level authorization is the most common API flaw: one customer reads another's data.",
            fix: "Compare the owner of each object with the owner of the key, and each object with those that its path names before it.",
        },
        steps: FOREIGN_OBJECTS,
        expect: foreign_objects,
        fault: "no-object-check",
        ..REFUSAL
    },
    Check {
        id: "apikey.scope-enforced",
        title: "A key lacking a permission is refused on that operation",
        severity: Severity::Critical,
        sources: &["OWASP API5:2023", "ASVS 8.2.1"],
        doc: Doc {
            sends: "A valid key to each resource whose scope it does not hold (at most 8), after it worked on another; and another one, where the scenario has two. Of several, one whose scopes contain the needed one as a part, or in another case of letters, comes first, and the second is one that lacks it in another way.",
            matters: "Without this a read-only key writes.",
            fix: "Evaluate the scopes of the key on each operation.",
        },
        steps: &[
            send(Who::LowScope, On::EachScoped).denied(&[INSUFFICIENT]),
            send(Who::OtherLowScope, On::EachScoped).denied(&[INSUFFICIENT]).if_given(),
        ],
        fault: "scope-ignored",
        ..REFUSAL
    },
    Check {
        id: "apikey.default-values-denied",
        title: "Placeholder keys do not work",
        severity: Severity::High,
        sources: &["ASVS 13.2.3", "ASVS 6.3.2"],
        doc: Doc {
            sends: "Ten placeholder keys from examples and tutorials.",
            matters: "Sample keys left enabled are the first that an attacker tries.",
            fix: "Ship without keys, and refuse to start with an example's.",
        },
        steps: &[
            send(forged("demo-test"), On::Protected).denied(&[INVALID]),
            send(forged("demo-demo"), On::Protected).denied(&[INVALID]),
            send(forged("demo-changeme"), On::Protected).denied(&[INVALID]),
            send(forged("demo-secret"), On::Protected).denied(&[INVALID]),
            send(forged("demo-admin"), On::Protected).denied(&[INVALID]),
            send(forged("demo-password"), On::Protected).denied(&[INVALID]),
            send(forged("demo-apikey"), On::Protected).denied(&[INVALID]),
            send(forged("demo-123456"), On::Protected).denied(&[INVALID]),
            send(forged("demo-your-api-key"), On::Protected).denied(&[INVALID]),
            send(forged("demo-xxx"), On::Protected).denied(&[INVALID]),
        ],
        fault: "ships-demo-key",
        ..REFUSAL
    },
];

/// The whole key before a NUL or a CR, and what nobody reads behind it.
const WHOLE: [ForgeryId; 2] = [ForgeryId::new("nul-inside"), ForgeryId::new("cr-behind")];

/// Whoever stops at a NUL, or at a CR, reads the whole key first: nobody has it who has no key.
fn control_bytes(case: &ObservedCheck<'_>) -> Judgement {
    let is_whole = |at: usize| case.evidence.observations[at].forgery.is_some_and(|id| WHOLE.contains(&id));
    let mut judgement = expect::wants(case).low_where(|deviation| is_whole(deviation.observation));
    // a byte alone around the good key makes no guess easier, and RFC 9110 §5.5 allows a space in place of a NUL
    for (index, seen) in case.lenient() {
        match seen.outcome {
            Outcome::Granted => {
                judgement.advises(index, case.about(index, "accepted"), "refused");
                judgement.advised_by = Some("CWE-158");
            }
            _ => case.judge_as(index, Want::Denied(REFUSED), &mut judgement),
        }
    }
    judgement
}

/// Quotation marks, a colon or a space around the good key or password, and one part or one byte more behind it, make no guess
/// easier: taking them off is a second spelling, no second key.
pub(super) fn near_misses(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, seen) in case.lenient() {
        match seen.outcome {
            _ if case.takes_a_spelling(seen, &mut judgement) => {}
            Outcome::Granted => judgement.deviates(index, case.about(index, "accepted"), "refused"),
            _ => {
                let refused = Want::Denied(&[INVALID, Accept::Status(400), Accept::Closed]);
                case.judge_as(index, refused, &mut judgement);
            }
        }
    }
    judgement
}

/// A control character may end the line or the connection before anybody looks at the key: any refusal will do.
const REFUSED: &[Accept] = &[Accept::Range(400, 499), Accept::Closed];
