//! HTTP Basic to the letter (RFC 7617), and what it gives away.

use crate::check::judgement::challenges;
use crate::check::judgement::expect;
use crate::check::judgement::sameness;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Accept, INVALID, MALFORMED, MISSING, On, PeculiarAccount, Want, Who, forged, send};
use crate::check::{Check, Doc, Explanation, Level, PLAIN, REFUSAL, Severity, Tier};
use crate::observe::{Challenge, ForgeryId, Observation, Outcome, StepId};

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "basic.missing-challenged",
        title: "Missing credentials get 401 and a Basic challenge with realm",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 7617 §2", "RFC 9110 §15.5.2"],
        doc: Doc {
            sends: "A request without credentials.",
            matters: "Without the challenge a client does not know that it should send a password, nor which.",
            fix: "Answer 401 with WWW-Authenticate: Basic realm=\"…\".",
        },
        steps: &[send(Who::Anonymous, On::Protected).denied(&[MISSING])],
        expect: challenged,
        fault: "challenge-without-realm",
        ..PLAIN
    },
    Check {
        id: "basic.charset-param-value",
        title: "If charset is announced its value is UTF-8",
        level: Level::Must,
        severity: Severity::Info,
        tier: Tier::Extended,
        sources: &["RFC 7617 §2.1"],
        doc: Doc {
            sends: "A request without credentials; the charset of the challenge is read.",
            matters: "Clients know one value: with another they encode passwords in ways that do not match.",
            fix: "Announce charset=\"UTF-8\", or nothing.",
        },
        steps: &[send(Who::Anonymous, On::Protected).denied(&[Accept::Range(400, 499)])],
        expect: charset,
        fault: "charset-latin1",
        ..PLAIN
    },
    Check {
        id: "basic.unknown-user-indistinct",
        title: "Unknown user and wrong password answers match",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["ASVS 6.3.8", "WSTG-IDNT-04"],
        doc: Doc {
            sends: "A known user with a wrong password, and a user that does not exist, each four times, and both once with a password of 5000 characters; the answers are compared. A number in them counts where all answers of a kind have it.",
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
            send(forged("long-password"), On::Protected).id(sameness::APART[0]),
            send(forged("long-password-unknown-user"), On::Protected).id(sameness::APART[1]),
        ],
        compares_answers: true,
        expect: sameness::of_kinds,
        fault: "user-not-found-message",
        ..REFUSAL
    },
    Check {
        id: "basic.scheme-case-insensitive",
        title: "The scheme name is case-insensitive",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 9110 §11.1", "RFC 7617 §2", "RFC 9110 §5.5"],
        doc: Doc {
            sends: "The valid credentials behind basic, BASIC and bAsIc, and behind two spaces, and with two spaces behind them.",
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
        fault: "basic-case-sensitive-scheme",
        ..PLAIN
    },
    Check {
        id: "basic.other-scheme-denied",
        title: "The credentials behind another scheme name are denied",
        tier: Tier::Extended,
        sources: &["RFC 9110 §11.1", "RFC 7617 §2"],
        doc: Doc {
            sends: "The value of the valid credentials behind Bearer, behind Token, behind a scheme name that does not exist, behind ones that start or end with Basic, and behind none; and user-id and password as parameters of Bearer, of Digest and of a scheme that does not exist.",
            matters: "A parser that does not look at the scheme name takes what other parts of the chain read as something else.",
            fix: "Read the field as Basic only where its scheme name is Basic, in any case of letters.",
        },
        steps: &[
            send(forged("scheme-bearer"), On::Protected).denied(BAD),
            send(forged("scheme-token"), On::Protected).denied(BAD),
            send(forged("scheme-unknown"), On::Protected).denied(BAD),
            send(forged("scheme-prefixed"), On::Protected).denied(BAD),
            send(forged("scheme-suffixed"), On::Protected).denied(BAD),
            send(forged("scheme-absent"), On::Protected).denied(BAD),
            send(forged("named-parts"), On::Protected).denied(BAD),
            send(forged("named-parts-bearer"), On::Protected).denied(BAD),
            send(forged("named-parts-digest"), On::Protected).denied(BAD),
        ],
        fault: "basic-scheme-ignored",
        ..REFUSAL
    },
    Check {
        id: "basic.first-colon-splits",
        title: "Only the first colon separates user-id from password",
        level: Level::Must,
        tier: Tier::Extended,
        sources: &["RFC 7617 §2"],
        doc: Doc {
            sends: "An account with colons in its password: the whole password, and what stands before its last colon.",
            matters: "A split at another colon locks such users out, or takes half a password for the whole.",
            fix: "Split at the first colon and nowhere else.",
        },
        steps: &[
            send(Who::Account(PeculiarAccount::ColonPassword), On::Protected).granted(),
            send(Who::ForgedAccount(PeculiarAccount::ColonPassword, ForgeryId::new("until-last-colon")), On::Protected)
                .denied(&[INVALID]),
        ],
        expect: colons,
        fault: "splits-on-last-colon",
        ..REFUSAL
    },
    Check {
        id: "basic.malformed-credentials-denied",
        title: "Malformed Basic values are denied without error",
        tier: Tier::Extended,
        sources: &["RFC 7617 §2", "RFC 9110 §11.4"],
        doc: Doc {
            sends: "No colon, the good user-id without a colon and as a parameter of Digest, bad Base64, its URL alphabet, nothing, control characters, 64 KiB, a password of 5000 characters, a user-id that leads to another folder, and the good value without its padding, with too much of it, with other bits behind its last byte, without the space before it and with a no-break space in its place, with a space, a dot and another character outside Base64 inside, and with a word, such characters or a NUL behind it.",
            matters: "A parser that breaks is a way to take a service down.",
            fix: "Refuse what does not decode like a wrong password.",
        },
        steps: &[
            send(forged("no-colon"), On::Protected).denied(BAD),
            send(forged("user-without-colon"), On::Protected).denied(BAD),
            send(forged("user-in-digest"), On::Protected).denied(BAD),
            send(forged("bad-base64"), On::Protected).denied(BAD),
            send(forged("base64url"), On::Protected).denied(BAD),
            send(forged("scheme-and-space"), On::Protected).denied(BAD),
            send(forged("control-characters"), On::Protected).denied(BAD),
            send(forged("very-long"), On::Protected).denied(BAD),
            send(forged("long-password"), On::Protected).denied(BAD),
            send(forged("path-user"), On::Protected).denied(BAD),
            send(forged("no-space"), On::Protected),
            send(forged("no-break-space"), On::Protected),
            send(forged("no-padding"), On::Protected),
            send(forged("padding-behind"), On::Protected),
            send(forged("left-over-bits"), On::Protected),
            send(forged("word-after"), On::Protected),
            send(forged("junk-after"), On::Protected),
            send(forged("junk-pair-after"), On::Protected),
            send(forged("junk-inside"), On::Protected),
            send(forged("dot-inside"), On::Protected),
            send(forged("space-inside"), On::Protected),
            send(forged("nul-after"), On::Protected),
        ],
        expect: malformed,
        fault: "crash-on-no-colon",
        ..PLAIN
    },
    Check {
        id: "basic.utf8-credentials",
        title: "UTF-8 credentials verify when charset UTF-8 is in force",
        severity: Severity::Info,
        tier: Tier::Extended,
        sources: &["RFC 7617 §2.1"],
        doc: Doc {
            sends: "A password outside ASCII in UTF-8, and in Latin-1.",
            matters: "A server that decodes in another way locks out everybody whose password has an umlaut.",
            fix: "Decode user-id and password as UTF-8, and announce charset=\"UTF-8\".",
        },
        steps: &[
            send(Who::Anonymous, On::Protected).id(CHALLENGE).called("the challenge"),
            send(Who::Account(PeculiarAccount::Utf8Password), On::Protected).granted().called("the password in UTF-8"),
            send(Who::ForgedAccount(PeculiarAccount::Utf8Password, ForgeryId::new("latin-1")), On::Protected)
                .denied(&[INVALID, Accept::Status(400)]),
        ],
        expect: utf8,
        fault: "latin1-decode",
        ..PLAIN
    },
];

const NO_RIGHT: &str =
    "the account is known and may not use this resource (403, and 401 with a wrong password): give it the right";
const CHALLENGE: StepId = StepId::new("challenge");

/// What a malformed value may be answered with, one that is too long for the server among them (RFC 9110 §5.4).
const BAD: &[Accept] =
    &[Accept::Status(400), MALFORMED, INVALID, MISSING, Accept::Status(413), Accept::Status(431), Accept::Closed];

fn basic(challenges: Vec<Challenge>) -> Option<Challenge> {
    challenges.into_iter().find(|challenge| challenge.scheme == "basic")
}

fn challenged(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    // RFC 9110 §15.5.2 asks for a challenge with 401; a refusal with another status has another deviation
    for (index, response) in case.refusals().filter(|(_, response)| response.status == 401) {
        match basic(challenges::of(response)) {
            None => judgement.deviates_by(
                challenges::absence(response),
                index,
                "no Basic challenge",
                "WWW-Authenticate: Basic realm=…",
            ),
            Some(challenge) if challenge.param("realm").is_none() => {
                let expected = "WWW-Authenticate: Basic realm=…";
                judgement.deviates_by(Explanation::ChallengeGrammar, index, challenges::BARE_BASIC, expected);
            }
            Some(_) => {}
        }
    }
    judgement
}

fn charset(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, response) in case.refusals() {
        let announced = basic(challenges::of(response));
        let announced = announced.as_ref().and_then(|challenge| challenge.param("charset"));
        if announced.is_some_and(|charset| !charset.eq_ignore_ascii_case("UTF-8")) {
            let text = format!("charset={:?}", announced.unwrap_or_default());
            judgement.deviates(index, text, "charset=\"UTF-8\" or none");
        }
    }
    judgement
}

/// A good value with something behind it lets nobody in who should not be; it is read more leniently than it should.
fn malformed(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, observation) in case.lenient() {
        match observation.outcome {
            _ if case.takes_a_spelling(observation, &mut judgement) => {}
            Outcome::Granted => judgement.deviates(index, case.about(index, "accepted"), "refused"),
            _ => case.judge_as(index, Want::Denied(BAD), &mut judgement),
        }
    }
    judgement
}

/// Without the announcement the encoding is not defined (RFC 7617 §2): a server may take another than UTF-8, or several.
/// Whether a peculiar account is known and lacks the right: its password is answered with 403, and a wrong one with 401.
fn lacks_the_right(case: &ObservedCheck<'_>) -> bool {
    let status = |forged: bool| {
        let of_account = |seen: &&Observation| {
            seen.exchange.request.value_of("authorization").is_some() && seen.forgery.is_some() == forged
        };
        case.observations().map(|(_, seen)| seen).find(of_account).and_then(|seen| seen.exchange.status())
    };
    (status(false), status(true)) == (Some(403), Some(401))
}

fn colons(case: &ObservedCheck<'_>) -> Judgement {
    if lacks_the_right(case) {
        return Judgement { not_applicable: Some(NO_RIGHT.to_owned()), ..Judgement::default() };
    }
    expect::wants(case)
}

fn utf8(case: &ObservedCheck<'_>) -> Judgement {
    if lacks_the_right(case) {
        return Judgement { not_applicable: Some(NO_RIGHT.to_owned()), ..Judgement::default() };
    }
    let mut judgement = expect::wants(case);
    let announced = case.answers_of(CHALLENGE).filter_map(|(_, response)| basic(challenges::of(response)));
    let announced = announced.into_iter().any(|challenge| challenge.param("charset").is_some());
    if !announced && !judgement.access.is_empty() {
        judgement.access.clear();
        let granted = case.observations().any(|(_, seen)| seen.forgery.is_some() && seen.outcome == Outcome::Granted);
        let why = match granted {
            true => "the target does not announce charset=\"UTF-8\", and takes passwords in another encoding",
            false => {
                "the target does not announce charset=\"UTF-8\", and takes the password neither in UTF-8 nor in Latin-1"
            }
        };
        judgement.not_applicable = Some(why.to_owned());
    }
    judgement
}

/// A wildcard in the user-id shows something only where the user-id counts.
pub(super) fn without_effect(case: &ObservedCheck<'_>) -> Judgement {
    const ANY_USER: ForgeryId = ForgeryId::new("any-user");
    const LDAP_USER: ForgeryId = ForgeryId::new("ldap-user");
    let mut judgement = expect::wants(case);
    let forgery = |at: usize| case.evidence.observations[at].forgery;
    let ignored = judgement.access.iter().find(|deviation| forgery(deviation.observation) == Some(ANY_USER));
    if let Some(at) = ignored.map(|deviation| deviation.observation) {
        judgement.access.retain(|deviation| {
            forgery(deviation.observation).is_none_or(|forgery| forgery != ANY_USER && forgery != LDAP_USER)
        });
        judgement.advises(at, case.about(at, "accepted: the user-id is ignored"), "refused");
    }
    judgement
}
