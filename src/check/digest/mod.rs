//! HTTP Digest (RFC 7616).

use crate::check::judgement::challenges;
use crate::check::judgement::expect;
use crate::check::judgement::sameness;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Accept, INVALID, MALFORMED, MISSING, On, Who, forged, send};
use crate::check::{Check, Doc, Explanation, Level, PLAIN, REFUSAL, Severity, Tier};

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "digest.valid-accepted",
        title: "A correct response to a fresh challenge is accepted (positive control)",
        level: Level::Must,
        severity: Severity::Info,
        control: true,
        sources: &["RFC 7616 §3.4"],
        doc: Doc {
            sends: "For every protected resource a request without credentials, and then one with the response to its challenge.",
            matters: "Without this control no refusal proves anything.",
            fix: "Check the account in the scenario, then realm, algorithm and qop of the challenge.",
        },
        steps: &[send(Who::Good, On::EachProtected).granted()],
        fault: "digest-rejects-everything",
        ..PLAIN
    },
    Check {
        id: "digest.wrong-password-denied",
        title: "A response that was made with another password is refused",
        level: Level::Should,
        severity: Severity::Critical,
        sources: &["RFC 9110 §11.4", "RFC 7616 §3.4.1"],
        doc: Doc {
            sends: "Responses that were made with an unknown password, an empty one and altered ones; a response with a changed digit, and an empty response; the unknown password and the empty response at each resource that checks use.",
            matters: "A server that only looks whether there is a response lets everybody in who knows a name.",
            fix: "Compute the response from the stored hash of the account and compare all of it.",
        },
        steps: &[
            send(forged("unknown"), On::EachUsed).denied(&[INVALID]).thoroughly(),
            send(forged("empty"), On::Protected).denied(&[INVALID]),
            send(forged("case-flipped"), On::Protected).denied(&[INVALID]),
            send(forged("truncated"), On::Protected).denied(&[INVALID]),
            send(forged("extended"), On::Protected).denied(&[INVALID]),
            send(forged("response-changed"), On::Protected).denied(&[INVALID]),
            send(forged("response-empty"), On::EachUsed).denied(&[INVALID, MALFORMED]),
        ],
        fault: "digest-any-response",
        ..PLAIN
    },
    Check {
        id: "digest.request-bound",
        title: "A response for another URI or method is refused",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 7616 §3.4.6", "RFC 7616 §3.4.3"],
        doc: Doc {
            sends: "A correct response for another URI, which it names, to each resource that checks use; and one for another method.",
            matters: "Whoever sees one request could use its response for every other resource.",
            fix: "Compare uri with the target of the request, and compute the response with its method.",
        },
        steps: &[
            send(forged("other-uri"), On::EachUsed).denied(&[Accept::Status(400), INVALID]),
            send(forged("other-method"), On::Protected).denied(&[INVALID]),
        ],
        shows: Explanation::Binding,
        fault: "digest-ignores-uri",
        ..REFUSAL
    },
    Check {
        id: "digest.replay-refused",
        title: "A request that is sent a second time is refused",
        severity: Severity::High,
        sources: &["RFC 7616 §3.4", "RFC 7616 §5.5"],
        doc: Doc {
            sends: "A good request to each resource that is read (at most 16) and, where the target is `owned`, to each that writes (at most 8), and then the same request with the same nonce and count.",
            matters: "Without a count that is compared, whoever records a request can send it again.",
            fix: "Keep the highest nc of each nonce, and refuse what is not above it; or accept each nonce once.",
        },
        steps: &[
            send(Who::Good, On::EachRepeatable).granted().called("a good request"),
            send(forged("replayed"), On::EachRepeatable).denied(&[INVALID]),
        ],
        fault: "digest-ignores-count",
        ..REFUSAL
    },
    Check {
        id: "digest.foreign-nonce-refused",
        title: "A nonce that the server did not send is refused",
        severity: Severity::High,
        sources: &["RFC 7616 §3.3", "RFC 7616 §5.5"],
        doc: Doc {
            sends: "A correct response to a nonce that the target never sent.",
            matters: "With a nonce of its own choice an attacker can compute responses in advance.",
            fix: "Recognise nonces: keep them, or sign them with a key of the server.",
        },
        steps: &[send(forged("foreign-nonce"), On::Protected).denied(&[INVALID, Accept::Status(400)])],
        fault: "digest-any-nonce",
        ..REFUSAL
    },
    Check {
        id: "digest.downgrade-refused",
        title: "A response without qop is refused where qop was offered",
        severity: Severity::Medium,
        sources: &["RFC 7616 §5.8", "RFC 7616 §3.4"],
        doc: Doc {
            sends: "A response in the form of RFC 2069, without qop, nc and cnonce.",
            matters: "The old form has no count and no randomness of the client: it can be replayed.",
            fix: "Require qop, nc and cnonce.",
        },
        steps: &[send(forged("no-qop"), On::Protected).denied(&[Accept::Status(400), INVALID])],
        fault: "digest-without-qop",
        ..REFUSAL
    },
    Check {
        id: "digest.unknown-algorithm-refused",
        title: "An algorithm that the server does not offer is refused",
        severity: Severity::Medium,
        sources: &["RFC 7616 §3.4"],
        doc: Doc {
            sends: "A correct response that names an algorithm which does not exist, and one by the session variant of the algorithm where only the other is offered: to accept the latter is a warning.",
            matters: "A server that lets the client choose can be moved to a weaker algorithm.",
            fix: "Refuse responses that name another algorithm than the challenge.",
        },
        steps: &[
            send(forged("unknown-algorithm"), On::Protected).denied(&[Accept::Status(400), INVALID]),
            // it is no weaker than what was offered, and nobody can send it who does not have the password
            send(forged("session-algorithm"), On::Protected),
        ],
        expect: |case| case.judge_leniencies(&[Accept::Status(400), INVALID], "refused"),
        fault: "digest-ignores-algorithm",
        ..REFUSAL
    },
    Check {
        id: "digest.incomplete-refused",
        title: "A response with a missing or improper parameter is answered with 4xx",
        severity: Severity::Medium,
        tier: Tier::Extended,
        sources: &["RFC 7616 §3.4"],
        doc: Doc {
            sends: "Correct fields without cnonce, nc, nonce, uri, realm and response, one at a time; without qop, with a qop that the challenge does not offer, with a count that is no eight digits, and with one of zero: to accept one of these is a warning.",
            matters: "A parser that expects all parameters breaks, or lets the request in.",
            fix: "Answer 400 where a parameter is missing or improper.",
        },
        steps: &[
            send(forged("no-cnonce"), On::Protected).denied(&[Accept::Range(400, 499)]),
            send(forged("no-count"), On::Protected).denied(&[Accept::Range(400, 499)]),
            send(forged("no-nonce"), On::Protected).denied(&[Accept::Range(400, 499)]),
            send(forged("no-uri"), On::Protected).denied(&[Accept::Range(400, 499)]),
            send(forged("no-realm"), On::Protected).denied(&[Accept::Range(400, 499)]),
            send(forged("no-response"), On::Protected).denied(&[Accept::Range(400, 499)]),
            send(forged("no-quality"), On::Protected),
            send(forged("qop-unknown"), On::Protected),
            send(forged("qop-auth-int"), On::Protected),
            send(forged("count-short"), On::Protected),
            send(forged("count-zero"), On::Protected),
        ],
        expect: proper,
        fault: "digest-breaks-on-missing",
        ..PLAIN
    },
    Check {
        id: "digest.realm-bound",
        title: "A response for another realm is refused",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 7616 §3.4.2", "RFC 7616 §3.3", "RFC 7616 §3.4"],
        doc: Doc {
            sends: "A correct response for another realm, which it names; and a good field that names another realm than its response is for: to accept that is a warning.",
            matters: "A hash of name, realm and password that another realm has lost opens this one.",
            fix: "Compute the response with the realm of the server, and compare the realm of the field with it.",
        },
        steps: &[
            send(forged("other-realm"), On::Protected).denied(&[Accept::Status(400), INVALID]),
            send(forged("realm-misnamed"), On::Protected),
        ],
        expect: |case| case.judge_leniencies(&[Accept::Status(400), INVALID], "refused"),
        shows: Explanation::Binding,
        fault: "digest-any-realm",
        ..REFUSAL
    },
    Check {
        id: "digest.other-scheme-denied",
        title: "A response behind another scheme name is refused",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 9110 §11.1", "RFC 7616 §3.4"],
        doc: Doc {
            sends: "A correct response behind a scheme name that does not exist, and behind ones that start or end with Digest.",
            matters: "A parser that does not look at the scheme name takes what other parts of the chain read as something else.",
            fix: "Read the field as Digest only where its scheme name is Digest, in any case of letters.",
        },
        steps: &[
            send(forged("scheme-unknown"), On::Protected).denied(&[Accept::Status(400), INVALID, MISSING]),
            send(forged("scheme-prefixed"), On::Protected).denied(&[Accept::Status(400), INVALID, MISSING]),
            send(forged("scheme-suffixed"), On::Protected).denied(&[Accept::Status(400), INVALID, MISSING]),
        ],
        fault: "digest-in-scheme",
        ..REFUSAL
    },
    Check {
        id: "digest.parameters-read",
        title: "The parameters of a response are read in each spelling of the grammar",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 9110 §11.2", "RFC 9110 §5.6.3", "RFC 9110 §5.6.4"],
        doc: Doc {
            sends: "Correct responses with the names of their parameters in upper case, with spaces around commas and equals signs, with a tab behind commas, and with a backslash before a character in quotation marks. Only the first has to be accepted; a refusal of the others is for a person to look at.",
            matters: "Clients that write another spelling of the same parameters are shut out, although RFC 9110 asks servers to read it.",
            fix: "Parse the field as RFC 9110 §11.4 has it: names in any case of letters, optional whitespace, and quoted strings with escapes.",
        },
        steps: &[
            send(forged("names-upper-case"), On::Protected).granted(),
            send(forged("names-spaced"), On::Protected),
            send(forged("names-tabbed"), On::Protected),
            send(forged("value-escaped"), On::Protected),
        ],
        expect: expect::scheme_read,
        fault: "digest-names-by-case",
        ..PLAIN
    },
    Check {
        id: "digest.challenge-complete",
        title: "The challenge has realm, nonce and qop, and no quotation marks around algorithm and stale",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 7616 §3.3", "RFC 9110 §15.5.2"],
        doc: Doc {
            sends: "A request without credentials. The parameters of the Digest challenge are read, and whether algorithm and stale have quotation marks.",
            matters: "Without qop clients fall back to the form without a count, which can be replayed. Some clients do not know an algorithm in quotation marks.",
            fix: "Send realm, nonce and qop=\"auth\" in quotation marks with every challenge, and algorithm without them.",
        },
        steps: &[send(Who::Anonymous, On::Protected).denied(&[MISSING])],
        expect: |case| expect::wants(case).and(complete(case)),
        fault: "digest-challenge-without-qop",
        ..PLAIN
    },
    Check {
        id: "digest.scheme-case-insensitive",
        title: "The scheme name is case-insensitive",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 9110 §11.1", "RFC 7616 §3.4", "RFC 9110 §5.5"],
        doc: Doc {
            sends: "Correct responses behind digest, DIGEST and dIgEsT, and behind two spaces, and with two spaces behind them.",
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
        fault: "digest-case-sensitive-scheme",
        ..PLAIN
    },
    Check {
        id: "digest.unknown-user-indistinct",
        title: "Unknown user and wrong password answers match",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["ASVS 6.3.8", "WSTG-IDNT-04"],
        doc: Doc {
            sends: "A known user with a wrong password, and a user that does not exist, each four times; the answers are compared. A number in them counts where all answers of a kind have it.",
            matters: "Answers that differ tell an attacker which accounts exist.",
            fix: "Answer both with the same status, fields and body.",
        },
        steps: &[
            send(forged("unknown"), On::Protected).denied(&[INVALID]),
            send(forged("unknown-user"), On::Protected).denied(&[INVALID]),
            send(forged("unknown-user"), On::Protected).denied(&[INVALID]),
            send(forged("unknown"), On::Protected).denied(&[INVALID]),
            send(forged("unknown"), On::Protected).denied(&[INVALID]),
            send(forged("unknown-user"), On::Protected).denied(&[INVALID]),
            send(forged("unknown-user"), On::Protected).denied(&[INVALID]),
            send(forged("unknown"), On::Protected).denied(&[INVALID]),
        ],
        compares_answers: true,
        expect: sameness::of_kinds,
        fault: "digest-user-not-found",
        ..REFUSAL
    },
];

/// RFC 7616 §3.4: an improper value is answered with a 4xx. That a qop is taken which the hash covers opens nothing by itself.
fn proper(case: &ObservedCheck<'_>) -> Judgement {
    case.judge_leniencies(&[Accept::Range(400, 499)], "4xx")
}

/// RFC 7616 §3.3: what a client needs to answer.
fn complete(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, response) in case.refusals().filter(|(_, response)| response.status == 401) {
        let expected = "a Digest challenge with realm, nonce and qop";
        let challenges = challenges::of(response);
        let mut digests = challenges.iter().filter(|challenge| challenge.scheme == "digest").peekable();
        if digests.peek().is_none() {
            judgement.deviates_by(challenges::absence(response), index, "no Digest challenge", expected);
        }
        for challenge in digests {
            // RFC 7616 §3.3: `stale` and `algorithm` are tokens
            let is_quoted = |name: &&str| challenge.quoted.iter().any(|quoted| quoted == name);
            for name in ["algorithm", "stale"].into_iter().filter(is_quoted) {
                let text = format!("the challenge has {name} in quotation marks");
                judgement.deviates(index, text, format!("{name} without quotation marks"));
            }
            for (name, there) in [
                ("realm", challenge.param("realm").is_some()),
                ("nonce", challenge.param("nonce").is_some_and(|nonce| !nonce.is_empty())),
                // RFC 7616 §3.3: each server offers one of them or both
                ("qop", challenge.offers("auth") || challenge.offers("auth-int")),
            ] {
                if !there {
                    judgement.deviates(index, format!("the challenge has no {name}"), expected);
                }
            }
        }
    }
    judgement
}
