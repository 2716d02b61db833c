//! Requests that are signed with a shared secret: in the canonical form of authbench, or as AWS Signature Version 4.

mod judgements;

use crate::check::common::timing;
use crate::check::step::{Accept, INVALID, MALFORMED, MISSING, On, Who, compare, each_forged, forged, send};
use crate::check::{Check, Doc, Explanation, Mode, PLAIN, REFUSAL, Severity, Tier};
use crate::observe::StepId;

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "hmac.valid-accepted",
        title: "A correctly signed request is accepted (positive control)",
        severity: Severity::Info,
        control: true,
        sources: &["AWS SigV4 (IAM User Guide)", "ASVS 4.1.5"],
        doc: Doc {
            sends: "A request to every protected resource, signed over method, path, query, host, time and body.",
            matters: "Without this control no refusal proves anything.",
            fix: "Compare the text that the server signs with the text that the client signs: they differ in one line.",
        },
        steps: &[send(Who::Good, On::EachProtected).granted()],
        fault: "hmac-rejects-everything",
        ..PLAIN
    },
    Check {
        id: "hmac.missing-or-partial-signature-denied",
        title: "Unsigned and partly signed requests are denied",
        severity: Severity::Critical,
        sources: &["AWS SigV4", "OWASP API2:2023"],
        doc: Doc {
            sends: "Requests without a signature, with an empty one, without key identifier, time, nonce, list of signed fields or digest of the body, and with the names of other algorithms: one that does not exist, none, and HMAC-SHA1.",
            matters: "A verifier that runs only where it finds a signature lets in everybody who sends none.",
            fix: "Require every part of the signature and one algorithm, and refuse before any handler runs.",
        },
        steps: &[
            send(Who::Anonymous, On::EachUsed).denied(&[MISSING]).thoroughly(),
            send(
                each_forged(&[
                    "no-signature",
                    "empty-signature",
                    "no-key-id",
                    "no-time",
                    "no-nonce",
                    "no-fields",
                    "no-body-digest",
                    "algorithm-unknown",
                    "algorithm-none",
                    "algorithm-sha1",
                ]),
                On::Protected,
            )
            .denied(PARTIAL),
        ],
        fault: "hmac-signature-optional",
        ..PLAIN
    },
    Check {
        id: "hmac.signature-compared-fully",
        title: "Altered, truncated and re-keyed signatures are denied",
        severity: Severity::Critical,
        sources: &["AWS SigV4", "CWE-347"],
        doc: Doc {
            sends: "Signatures with one digit changed (the first, the middle, the last), the first eight digits, all but the last digit, one digit more, the signature of another request, signatures with another and with an empty secret, and one under a key identifier that does not exist. With AWS Signature Version 4 also correct signatures for another region and another service: to accept those is a warning.",
            matters: "A comparison that looks at a part of the signature leaves the rest to be guessed.",
            fix: "Compute the signature anew and compare all of it with the constant-time function of the library.",
        },
        steps: &[
            send(forged("unknown"), On::EachUsed).denied(&[INVALID]).thoroughly(),
            send(each_forged(&["wrong-secret", "first-eight"]), On::EachUsed).denied(ALTERED),
            send(
                each_forged(&[
                    "empty-secret",
                    "first-changed",
                    "middle-changed",
                    "last-changed",
                    "truncated",
                    "extended",
                    "other-request",
                ]),
                On::Protected,
            )
            .denied(ALTERED),
            send(each_forged(&["other-region", "other-service"]), On::Protected),
        ],
        // who signs for another region has the secret, or a key that was derived from it (IAM User Guide, "Calculate the signature")
        expect: |case| case.judge_leniencies(ALTERED, "refused"),
        shows: Explanation::Unverified,
        fault: "truncated-compare",
        ..PLAIN
    },
    Check {
        id: "hmac.body-tamper-denied",
        title: "A request whose body is not the signed one is denied",
        severity: Severity::Critical,
        remote_safe: false,
        sources: &["AWS SigV4", "ASVS 4.1.5"],
        doc: Doc {
            sends: "Writes with a body other than the signed one: one character changed, or declared as unsigned, at each resource that writes (at most 8); a space appended, emptied, and with a digest of its own. With AWS Signature Version 4 and a body in chunks (`chunked`) the head is the signed one and the chunks are not; one chunk has another signature, and the chunk that ends the body is left out.",
            matters: "A server that believes the digest that the client sends lets whoever is on the way replace the body.",
            fix: "Hash the body that was received, and compare it with the digest that is signed.",
        },
        steps: &[
            send(each_forged(&["body-changed", "body-unsigned"]), On::EachWrite).denied(&[INVALID]),
            send(
                each_forged(&[
                    "body-extended",
                    "body-emptied",
                    "body-digest-changed",
                    "chunk-signature-changed",
                    "last-chunk-cut",
                ]),
                On::Writable,
            )
            .denied(&[INVALID]),
        ],
        shows: Explanation::Binding,
        fault: "body-hash-not-recomputed",
        ..REFUSAL
    },
    Check {
        id: "hmac.request-line-tamper-denied",
        title: "A request whose method, path, host or query is not the signed one is denied",
        severity: Severity::Critical,
        sources: &["AWS SigV4"],
        doc: Doc {
            sends: "Requests with the signature of another method, path or host, and with a query parameter changed, added (with a value and without), left out or repeated after signing, with the other value behind the signed one and before it; and with parameters added that have no name, or the name __proto__: to accept those is a warning, for parsers leave them out for the application, too.",
            matters: "Whoever sees one signed request could ask for something else with its signature.",
            fix: "Sign method, path, the whole query and the host.",
        },
        steps: &[
            send(
                each_forged(&[
                    "other-method",
                    "other-request",
                    "other-host",
                    "query-changed",
                    "query-added",
                    "query-flag-added",
                    "query-dropped",
                    "query-duplicated",
                    "query-repeated-before",
                ]),
                On::Protected,
            )
            .denied(&[INVALID]),
            send(each_forged(&["query-nameless-added", "query-proto-added"]), On::Protected),
        ],
        // a parameter that parsers leave out is not seen by the application either
        expect: |case| case.judge_leniencies(ALTERED, "refused"),
        shows: Explanation::Binding,
        fault: "query-not-signed",
        ..REFUSAL
    },
    Check {
        id: "hmac.signed-header-tamper-denied",
        title: "Signed fields are covered and cannot be left out",
        severity: Severity::High,
        sources: &["AWS SigV4"],
        doc: Doc {
            sends: "A signed field with another value, one that was left out after signing, and correct signatures over no field and over a list without the host; one over a field that is signed as empty and is not there, which is a warning where it is accepted.",
            matters: "A client that may choose what it signs chooses nothing, and so does whoever replays its requests elsewhere.",
            fix: "Require the fields that have to be signed, and refuse a list that names a field which is not there.",
        },
        steps: &[
            send(each_forged(&["field-changed", "field-removed", "fields-empty", "host-unsigned"]), On::Protected)
                .denied(&[INVALID]),
            send(each_forged(&["field-absent"]), On::Protected),
        ],
        expect: |case| case.judge_leniencies(&[INVALID], "refused"),
        shows: Explanation::Binding,
        fault: "empty-signed-headers-ok",
        ..REFUSAL
    },
    Check {
        id: "hmac.query-order-canonical",
        title: "The order and the encoding of query parameters do not change the outcome",
        tier: Tier::Extended,
        sources: &["AWS SigV4 (canonical query string)"],
        doc: Doc {
            sends: "Correct signatures over two query parameters, in order and in another order; over values with a space, a percent sign, a plus sign, a tilde, an empty one and UTF-8; and over one name with two values in another order, which is recorded and not judged.",
            matters: "A server that signs the query as it was sent refuses correct clients behind a proxy that reorders it.",
            fix: "Decode each name and value, encode them by the rules of the scheme, sort them, and sign the result.",
        },
        steps: &[
            send(forged("query-plain"), On::Protected).id(PLAIN_QUERY),
            send(forged("query-reordered"), On::Protected).id(REORDERED),
            send(forged("query-encoded"), On::Protected).id(ENCODED),
            send(forged("query-same-name"), On::Protected).id(SAME_NAME),
        ],
        expect: judgements::query_is_canonical,
        fault: "signs-raw-query",
        ..REFUSAL
    },
    Check {
        id: "hmac.canonicalisation-unambiguous",
        title: "Different requests never share a canonical text",
        severity: Severity::High,
        sources: &["RFC 9421 §7.5.5", "CWE-347"],
        doc: Doc {
            sends: "Requests that become the signed one where bytes move over a border: the question mark between path and query left out or encoded, and a separator of the query encoded or decoded.",
            matters: "Where two requests have one text, the signature of a harmless one opens the other.",
            fix: "Write each part on a line of its own, and encode names and values before they are joined.",
        },
        steps: &[send(
            each_forged(&["border-of-query", "encoded-question-mark", "encoded-separator", "decoded-separator"]),
            On::Protected,
        )
        .denied(&[INVALID])],
        shows: Explanation::Binding,
        implied_by: &["hmac.request-line-tamper-denied"],
        fault: "undelimited-concat",
        ..REFUSAL
    },
    Check {
        id: "hmac.timestamp-window",
        title: "Stale, future and malformed times are denied, and a small skew is accepted",
        severity: Severity::High,
        sources: &["AWS SigV4 (skew limit)", "RFC 9421 §7.2.2"],
        doc: Doc {
            sends: "Correct signatures whose time is a minute outside the `window` of the scheme (default 5 min), in the past and in the future; correct signatures with a time that is no date, with a negative one, and with a date that contradicts the time; then signatures of 30 s ago and of 30 s ahead (half the window where it is shorter than a minute), which a server that allows for clocks accepts.",
            matters: "A request that was recorded can be sent again for as long as its time is accepted.",
            fix: "Sign the time, and refuse what is further away than a few minutes.",
        },
        steps: &[
            send(
                each_forged(&["stale", "future", "time-no-date", "time-negative", "scope-of-another-day"]),
                On::Protected,
            )
            .denied(&[INVALID, MALFORMED, Accept::Status(400)]),
            send(forged("skew-behind"), On::Protected).id(SKEW_BEHIND),
            send(forged("skew-ahead"), On::Protected).id(SKEW_AHEAD),
        ],
        expect: judgements::within_the_window,
        fault: "timestamp-ignored",
        ..REFUSAL
    },
    Check {
        id: "hmac.replay-denied",
        title: "An identical signed request is not accepted twice",
        severity: Severity::High,
        sources: &["RFC 9421 §7.2.2", "OWASP API2:2023"],
        doc: Doc {
            sends: "A good request to each resource that is read (at most 16) and, where the target is `owned`, to each that writes (at most 8), and then the same bytes again. Where the scheme has no nonce, as AWS Signature Version 4, a second write is a warning and a second reading is recorded.",
            matters: "Whoever records a request can have it done again within the window of its time.",
            fix: "Keep the nonces of each key for as long as their times are accepted, and refuse the second use.",
        },
        steps: &[
            send(Who::Good, On::EachRepeatable).granted().called("a good request"),
            send(forged("replayed"), On::EachRepeatable).denied(&[INVALID]),
        ],
        expect: judgements::not_replayed,
        fault: "no-nonce-store",
        ..REFUSAL
    },
    Check {
        id: "hmac.timing-safe-compare",
        title: "The time of a denial does not depend on matching digits of a signature",
        tier: Tier::Extended,
        mode: Mode::Statistical,
        remote_safe: false,
        sources: &["CWE-208", "ASVS 11.2.4"],
        doc: Doc {
            sends: "Signatures whose first digit is wrong, and ones whose last digit is, interleaved on one connection, in two runs with an A/A control.",
            matters: "A comparison that ends at the first difference lets a signature be guessed digit by digit.",
            fix: "Compare with the constant-time function of the library.",
        },
        steps: &[compare(forged("first-changed"), forged("last-changed"), On::Protected).denied(REFUSED)],
        expect: timing::independent,
        fault: "early-exit-mac-compare",
        ..PLAIN
    },
    Check {
        id: "hmac.no-expected-signature-in-error",
        title: "Errors do not reveal the expected signature",
        severity: Severity::Critical,
        sources: &["ASVS 16.5.1"],
        doc: Doc {
            sends: "Signatures with one digit changed, to each resource that is read (at most 16) and, where the target is `owned`, to each that writes (at most 8); the refusals are searched for the correct one, in hexadecimal digits of either case and in Base64. A refusal that shows the text which is signed is recorded, and is no finding: the client knows it.",
            matters: "Whoever reads the expected signature in the error sends it with the next request.",
            fix: "Answer with a fixed text.",
        },
        steps: &[
            send(forged("last-changed"), On::EachRoute).denied(&[INVALID]),
            send(forged("first-changed"), On::Protected).denied(&[INVALID]),
            // what it wants is judged without controls, which would write
            send(forged("last-changed"), On::EachWrite).id(WRITTEN).if_given(),
        ],
        expect: judgements::expected_signature_stays_hidden,
        implied_by: &["hmac.signature-compared-fully"],
        fault: "returns-expected-mac",
        ..REFUSAL
    },
];

/// Refusals of a signature that lacks something.
const PARTIAL: &[Accept] = &[INVALID, MISSING, MALFORMED, Accept::Status(400)];
/// Refusals of a wrong signature; one of another length may be malformed.
const ALTERED: &[Accept] = &[INVALID, MALFORMED];
/// Which status refuses is for other checks to say.
const REFUSED: &[Accept] = &[Accept::Range(400, 499)];

const PLAIN_QUERY: StepId = StepId::new("query-in-order");
const REORDERED: StepId = StepId::new("query-reordered");
const ENCODED: StepId = StepId::new("query-encoded");
const SAME_NAME: StepId = StepId::new("query-same-name");
const SKEW_BEHIND: StepId = StepId::new("skew-behind");
const WRITTEN: StepId = StepId::new("written");
const SKEW_AHEAD: StepId = StepId::new("skew-ahead");
