//! HTTP message signatures (RFC 9421).

mod answers;
pub(crate) mod reading;

use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Accept, Alter, Fill, INVALID, MALFORMED, MISSING, On, Want, Who, each_forged, forged, send};
use crate::check::{Check, Doc, Explanation, Level, PLAIN, REFUSAL, Severity, Tier};
use crate::observe::{Outcome, StepId};

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "httpsig.valid-accepted",
        title: "A correct signature of a message is accepted (positive control)",
        level: Level::Must,
        severity: Severity::Info,
        control: true,
        sources: &["RFC 9421 §3.2"],
        doc: Doc {
            sends: "A request to every protected resource, whose signature covers the components of the scheme, and the digest of the body where there is one.",
            matters: "Without this control no refusal proves anything.",
            fix: "Compare the signature base of the server with that of the client line by line: they differ in one.",
        },
        steps: &[send(Who::Good, On::EachProtected).granted()],
        expect: answers::wants_as_asked,
        fault: "httpsig-rejects-everything",
        ..PLAIN
    },
    Check {
        id: "httpsig.missing-refused",
        title: "Unsigned requests are refused",
        severity: Severity::Critical,
        sources: &["RFC 9421 §4", "RFC 9421 §3.2.1", "RFC 9421 §5"],
        doc: Doc {
            sends: "Requests without a signature, with Signature-Input alone, with Signature alone, and with both under different labels.",
            matters: "A verifier that runs only where it finds a signature lets in everybody who sends none.",
            fix: "Require a signature before any handler runs.",
        },
        steps: &[
            send(Who::Anonymous, On::EachUsed).denied(&[MISSING, Accept::Status(400)]).thoroughly(),
            send(each_forged(&["input-alone", "signature-alone", "labels-differ", "empty-signature"]), On::Protected)
                .denied(&[MISSING, INVALID, MALFORMED, Accept::Status(400)]),
        ],
        expect: answers::wants_as_asked,
        fault: "verify-if-present",
        ..PLAIN
    },
    Check {
        id: "httpsig.component-tamper-refused",
        title: "Changing any covered component makes the signature invalid",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 9421 §3.2", "RFC 9421 §7.4.2"],
        doc: Doc {
            sends: "Requests with the signature of another method, path, host, query or field value, with another time of creation than the signed one, and signatures with one bit changed, cut, and by another key.",
            matters: "Whoever sees one signed request could ask for something else with its signature.",
            fix: "Build the signature base from the request that was received, the parameters of the signature among it.",
        },
        steps: &[
            send(each_forged(&["middle-changed", "truncated", "other-key"]), On::Protected).denied(WRONG),
            send(
                each_forged(&[
                    "other-method",
                    "other-path",
                    "other-authority",
                    "query-added",
                    "query-changed",
                    "field-changed",
                    "created-changed",
                ]),
                On::Protected,
            )
            .denied(WRONG),
        ],
        shows: Explanation::Binding,
        fault: "query-not-in-base",
        ..REFUSAL
    },
    Check {
        id: "httpsig.coverage-policy-enforced",
        title: "Signatures that cover too little are refused",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 9421 §3.2.1", "RFC 9421 §7.2.1"],
        doc: Doc {
            sends: "Correct signatures that cover nothing, the method alone, and everything but the query beside a parameter which is not signed.",
            matters: "What is not covered can be replaced: a signature over nothing fits every request.",
            fix: "List the components that have to be covered, and refuse signatures that leave one out.",
        },
        steps: &[
            send(each_forged(&["covers-nothing", "covers-method", "leaves-query-out"]), On::Protected).denied(WRONG)
        ],
        shows: Explanation::Binding,
        fault: "any-coverage-ok",
        ..REFUSAL
    },
    Check {
        id: "httpsig.content-digest-checked",
        title: "Content-Digest is covered, and computed anew over the received body",
        severity: Severity::Critical,
        remote_safe: false,
        sources: &["RFC 9421 §7.2.8", "RFC 9530 §2", "RFC 9530 §5"],
        doc: Doc {
            sends: "Writes with another body than the one whose digest is covered, with a digest by MD5 alone, with one that is no dictionary, and without the digest among the covered components; then with two digests of which one is wrong, which a server may accept.",
            matters: "A signature covers the digest and not the body: a server that does not compute it anew takes any body.",
            fix: "Require content-digest among the components, and compute it over the body that was received.",
        },
        steps: &[
            send(each_forged(&["body-changed", "weak-digest", "malformed-digest", "leaves-digest-out"]), On::Writable)
                .denied(WRONG),
            send(each_forged(&["one-digest-wrong"]), On::Writable).id(ONE_WRONG),
        ],
        expect: digested,
        shows: Explanation::Binding,
        fault: "digest-not-recomputed",
        ..REFUSAL
    },
    Check {
        id: "httpsig.freshness-and-replay",
        title: "Old, future, expired and used signatures are refused",
        severity: Severity::High,
        sources: &["RFC 9421 §3.2.1", "RFC 9421 §2.3", "RFC 9421 §7.2.2"],
        doc: Doc {
            sends: "Correct signatures whose time is a minute outside the `window` of the scheme (default 5 min), in the past and in the future, one that expired, one without `created`; then a good request to each resource that is read (at most 16) and, where the target is `owned`, to each that writes (at most 8), twice with the same nonce. A second use that is accepted is a warning.",
            matters: "A signed request that was recorded can be sent again for as long as its signature is accepted.",
            fix: "Require created, refuse what is older than a few minutes, and keep the nonces of that time.",
        },
        steps: &[
            send(each_forged(&["stale", "future", "expired", "no-created"]), On::Protected).denied(WRONG),
            send(Who::Good, On::EachRepeatable).granted().called("a good request"),
            send(forged("replayed"), On::EachRepeatable).id(REPLAY),
        ],
        expect: fresh,
        fault: "expires-ignored",
        ..REFUSAL
    },
    Check {
        id: "httpsig.key-and-alg-agreement",
        title: "Unknown keys and conflicting algorithms are refused",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 9421 §3.2", "RFC 9421 §7.3.6"],
        doc: Doc {
            sends: "Signatures by a key that nobody registered, and by HMAC with the public key as its secret, in each form in which a server may hold it (PEM with and without the final newline, PKCS #1, DER, JWK, and the bytes alone); a correct one under the name of another algorithm than that of the key, which is a warning where it is accepted, and one that does not name its key, which a server may accept that knows the key otherwise.",
            matters: "Where the message says which algorithm verifies it, the public key becomes a shared secret that everybody has.",
            fix: "Take the algorithm from what is registered for the key, and refuse a message that names another.",
        },
        steps: &[
            send(forged("unknown"), On::EachUsed).denied(WRONG).thoroughly(),
            send(each_forged(CONFUSED), On::Protected).denied(WRONG),
            send(each_forged(&["alg-conflict"]), On::Protected).id(CONFLICT),
            send(each_forged(&["no-key-id"]), On::Protected).id(NAMELESS),
        ],
        expect: agreeing,
        fault: "alg-from-message",
        ..PLAIN
    },
    Check {
        id: "httpsig.selection-unambiguous",
        title: "Further and ambiguous signatures do not confuse the verifier",
        severity: Severity::High,
        sources: &["RFC 9421 §4", "RFC 9421 §2.5", "RFC 9421 §7.2.6", "RFC 9421 §7.2.7"],
        doc: Doc {
            sends: "A wrong signature over everything beside a correct one over nothing, and a Signature-Input that is no dictionary; correct signatures that cover a component twice or a field which is not there, which is a warning where it is accepted; then the good signature beside one by an unknown key, which may be accepted.",
            matters: "A verifier that checks the coverage of one signature and the bytes of another accepts a message that nobody signed.",
            fix: "Choose one signature by its key and its tag, and apply every rule to that one.",
        },
        steps: &[
            send(each_forged(&["narrow-beside-wrong", "malformed-input"]), On::Protected).denied(AMBIGUOUS),
            send(each_forged(&["duplicate-component", "absent-field"]), On::Protected).id(UNLAWFUL),
            send(forged("two-labels"), On::Protected),
        ],
        expect: read_strictly,
        implied_by: &["httpsig.coverage-policy-enforced"],
        fault: "any-label-verifies",
        ..REFUSAL
    },
    Check {
        id: "httpsig.answers-signed",
        title: "Answers have a signature that verifies and covers them and their requests",
        level: Level::Must,
        severity: Severity::Medium,
        tier: Tier::Extended,
        sources: &["RFC 9421 §5", "RFC 9421 §3.2", "RFC 9421 §2.4", "RFC 9530 §2"],
        doc: Doc {
            sends: "Good requests that ask for the signature of the answer by Accept-Signature. Each answer has to have a signature by `material.answer_key` that verifies, was made within the `window` of the scheme, and covers the `answer_components` of the scheme (default: the status, the digest of the content, and the method, host, path and query of the request).",
            matters: "A client that acts on an answer without a signature acts on whatever somebody on the way wrote. A client that accepts a signature which leaves the request out takes the answer to another request for its own.",
            fix: "Sign the status, Content-Digest and, with `req`, the components of the request's own signature, after the answer is complete, with the time at which it is made.",
        },
        steps: &[send(Who::Good, On::EachProtected)
            .with(&[Alter::Replaced("Accept-Signature", Fill::AcceptSignature)])
            .granted()],
        expect: answers::are_signed,
        fault: "answer-unsigned",
        ..PLAIN
    },
];

/// The public key as the secret of an HMAC, by its form.
const CONFUSED: &[&str] = &[
    "hmac-by-public-pem",
    "hmac-by-public-pem-unended",
    "hmac-by-public-pkcs1",
    "hmac-by-public-key",
    "hmac-by-public-jwk",
    "hmac-by-public-number",
];
const AMBIGUOUS: &[Accept] = &[INVALID, MALFORMED, Accept::Status(400)];
const REPLAY: StepId = StepId::new("replay");
const UNLAWFUL: StepId = StepId::new("unlawful");
const ONE_WRONG: StepId = StepId::new("one-wrong");
const CONFLICT: StepId = StepId::new("conflict");
const NAMELESS: StepId = StepId::new("nameless");
/// Refusals of a signature that does not hold.
const WRONG: &[Accept] = &[INVALID, Accept::Status(400)];

/// RFC 9421 §2.5: a component that is covered twice, or is not there, is an error.
fn read_strictly(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, _) in case.observations_of(UNLAWFUL) {
        case.judge_leniency(index, AMBIGUOUS, "refused (RFC 9421 §2.5)", &mut judgement);
    }
    judgement
}

/// What the sender may do and a server may accept is worth knowing.
fn remarked(case: &ObservedCheck<'_>, step: StepId, lawful: &str, judgement: &mut Judgement) {
    for (index, seen) in case.observations_of(step) {
        match seen.outcome {
            Outcome::Granted => judgement.remarks.push(format!("{}: accepted ({lawful})", seen.description)),
            _ => case.judge_as(index, Want::Denied(WRONG), judgement),
        }
    }
}

/// A recipient may ignore digests (RFC 9530 §2).
fn digested(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    remarked(case, ONE_WRONG, "RFC 9530 §2", &mut judgement);
    judgement
}

/// Two algorithms have to be the same, and a key that is known otherwise needs no name (RFC 9421 §3.2).
fn agreeing(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, _) in case.observations_of(CONFLICT) {
        case.judge_leniency(index, WRONG, "refused (RFC 9421 §3.2)", &mut judgement);
    }
    remarked(case, NAMELESS, "RFC 9421 §3.2", &mut judgement);
    judgement
}

/// A nonce is required where the application says so (RFC 9421 §3.2.1): a second use that is accepted is a warning.
fn fresh(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, seen) in case.observations_of(REPLAY) {
        if seen.outcome == Outcome::Granted {
            judgement.advises(index, case.about(index, "it was accepted a second time"), "refused");
        }
    }
    judgement
}
