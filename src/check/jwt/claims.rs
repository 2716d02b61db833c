//! JSON Web Tokens: the claims (RFC 7519 §4.1, RFC 9068 §4). Every token here is correctly signed by the issuer's key.

use crate::check::jwt::{judgements, scopes};
use crate::check::step::{INSUFFICIENT, INVALID, On, Step, each_forged, send};
use crate::check::{Check, Doc, Explanation, Level, Mode, REFUSAL, Severity, Tier};

const fn each(names: &'static [&'static str]) -> Step {
    send(each_forged(names), On::Protected)
}

/// What one forgotten route lets in is asked of each that is read.
const fn everywhere(names: &'static [&'static str]) -> Step {
    send(each_forged(names), On::EachRoute)
}

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "jwt.exp-enforced",
        title: "A token at or after exp is refused",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 7519 §4.1.4", "RFC 9068 §4", "ASVS 9.2.1"],
        doc: Doc {
            sends: "Tokens that ended yesterday, to each resource that is read (at most 16), and six minutes ago: beyond any leeway.",
            matters: "A token that never ends is a password that cannot be changed.",
            fix: "Compare exp with the clock, with a leeway of a few minutes at most.",
        },
        steps: &[everywhere(&["exp-yesterday"]).denied(&[INVALID]), each(&["exp-past-leeway"]).denied(&[INVALID])],
        shows: Explanation::Time,
        fault: "jwt-accepts-expired-token",
        ..REFUSAL
    },
    Check {
        id: "jwt.exp-leeway-bounded",
        title: "Expiry leeway is small",
        level: Level::May,
        severity: Severity::Medium,
        tier: Tier::Extended,
        mode: Mode::Timed,
        sources: &["RFC 7519 §4.1.4"],
        doc: Doc {
            sends: "Tokens that ended between 1 s and 10 min ago, to find how long they live on.",
            matters: "Leeway is for clocks that differ, not for tokens that should be gone.",
            fix: "Set the leeway to a minute or less; no more than a few minutes (RFC 7519 §4.1.4).",
        },
        steps: &[each(&[
            "ended-1",
            "ended-5",
            "ended-15",
            "ended-30",
            "ended-55",
            "ended-70",
            "ended-130",
            "ended-290",
            "ended-310",
            "ended-610",
        ])],
        expect: judgements::leeway,
        shows: Explanation::Time,
        fault: "one-hour-leeway",
        ..REFUSAL
    },
    Check {
        id: "jwt.exp-required",
        title: "A token without exp is refused",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 9068 §2.2", "RFC 9068 §4"],
        doc: Doc {
            sends: "Tokens without exp, and tokens whose exp is null.",
            matters: "A token without exp is valid for ever.",
            fix: "Require exp, and refuse a token without it.",
        },
        steps: &[
            each(&["exp-absent", "exp-null"]).denied(&[INVALID]),
            // RFC 7519 §4.1.4 leaves the claim to the issuer; RFC 9068 §2.2 does not
            each(&["exp-absent-plain"]),
        ],
        expect: judgements::no_end,
        implied_by: &["jwt.exp-enforced"],
        fault: "exp-optional",
        ..REFUSAL
    },
    Check {
        id: "jwt.numeric-date-types",
        title: "Time claims of the wrong type or range are refused, fractions accepted",
        level: Level::Must,
        severity: Severity::Medium,
        tier: Tier::Extended,
        sources: &["RFC 7519 §2", "RFC 7519 §4.1.4"],
        doc: Doc {
            sends: "An exp of 0, a negative one, one that is a word, a date, an array, an object, true, NaN or far in the past; \
                    one that is text; numbers beyond 64 bits, and 1e400; and a good one with a fraction.",
            matters: "A time that is no number is compared as something else, and the token may never end.",
            fix: "Refuse an exp that is no JSON number; accept fractions (RFC 7519 §2).",
        },
        steps: &[
            each(&[
                "exp-zero",
                "exp-negative",
                "exp-word",
                "exp-iso",
                "exp-array",
                "exp-object",
                "exp-true",
                "exp-nan",
                "exp-infinity",
                "exp-least",
            ])
            .denied(&[INVALID]),
            each(&["exp-fraction"]).granted(),
            each(&["exp-string"]),
            // far in the future: whether that is too long is for the server to say
            each(&["exp-2-63", "exp-2-64", "exp-1e400"]),
        ],
        expect: judgements::numeric_dates,
        implied_by: &["jwt.exp-enforced"],
        fault: "exp-string-coerced",
        ..REFUSAL
    },
    Check {
        id: "jwt.nbf-enforced",
        title: "A token before nbf is refused",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 7519 §4.1.5", "ASVS 9.2.1"],
        doc: Doc {
            sends: "A token that begins in an hour, and one whose nbf is a word or an object: that it is accepted is recorded, and is no finding.",
            matters: "A token is not good before its issuer says so.",
            fix: "Compare nbf with the clock wherever it is there.",
        },
        // a time of the wrong type lets in nobody whom the issuer keeps out
        steps: &[each(&["nbf-future"]).denied(&[INVALID]), each(&["nbf-string", "nbf-object"])],
        expect: judgements::recorded,
        implied_by: &["jwt.exp-leeway-bounded"],
        fault: "ignores-nbf",
        ..REFUSAL
    },
    Check {
        id: "jwt.iat-future-refused",
        title: "A token issued well in the future, or at no time, is refused",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 7519 §4.1.6"],
        doc: Doc {
            sends: "A token that was issued tomorrow, and one whose iat is a word or an object.",
            matters: "A clock that is a day ahead, or an issuer that states a wrong time: both are worth a look. A time that is no number is compared with nothing, and bounds no age.",
            fix: "Refuse tokens from the future, beyond the difference of clocks, and an iat that is no number.",
        },
        steps: &[each(&["iat-future", "iat-word", "iat-object"])],
        expect: judgements::better_refused,
        fault: "ignores-iat",
        ..REFUSAL
    },
    Check {
        id: "jwt.aud-enforced",
        title: "The audience must name this resource",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 7519 §4.1.3", "RFC 9068 §4", "RFC 8725 §3.9", "ASVS 9.2.3"],
        doc: Doc {
            sends: "Tokens for another API, for nobody, and for an audience that looks like the right one.",
            matters: "A token for a weak API must not open a strong one.",
            fix: "Compare the audience with the API's own identifier, whole and case-sensitively.",
        },
        steps: &[each(&[
            "aud-other",
            "aud-other-array",
            "aud-absent",
            "aud-null",
            "aud-empty",
            "aud-empty-array",
            "aud-prefix",
            "aud-longer",
            "aud-words",
            "aud-slash",
            "aud-scheme",
            "aud-case",
            "aud-number",
            "aud-object",
        ])
        .denied(&[INVALID])],
        expect: judgements::audiences,
        shows: Explanation::Audience,
        fault: "jwt-audience-ignored",
        ..REFUSAL
    },
    Check {
        id: "jwt.aud-array-accepted",
        title: "An array audience containing this resource is accepted",
        level: Level::Must,
        tier: Tier::Extended,
        sources: &["RFC 7519 §4.1.3"],
        doc: Doc {
            sends: "Tokens whose audience is an array: with the right one alone, and among others.",
            matters: "The general form is an array: a server that knows text alone refuses good tokens.",
            fix: "Accept text and an array of text.",
        },
        steps: &[each(&["aud-array-both", "aud-array-one"]).granted()],
        fault: "aud-string-only",
        ..REFUSAL
    },
    Check {
        id: "jwt.iss-enforced",
        title: "The issuer must match exactly",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 9068 §4", "RFC 8725 §3.8"],
        doc: Doc {
            sends: "Tokens of another issuer, of none, and of one that looks like the right one.",
            matters: "The issuer decides which key counts: another name must not get the same trust.",
            fix: "Compare iss as text, exactly.",
        },
        steps: &[each(&["iss-other", "iss-absent", "iss-slash", "iss-case", "iss-scheme", "iss-array", "iss-user"])
            .denied(&[INVALID])],
        shows: Explanation::Issuer,
        implied_by: &["jwt.kid-key-agreement"],
        fault: "issuer-ignored",
        ..REFUSAL
    },
    Check {
        id: "jwt.key-bound-to-issuer",
        title: "A trusted key of issuer B cannot sign for issuer A",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 8725 §3.8", "ASVS 9.1.3"],
        doc: Doc {
            sends: "A token of the second issuer; then one issuer's name under the other's signature, both ways.",
            matters: "Keys in one set let the weakest issuer speak for all of them.",
            fix: "Look keys up by issuer first, then by kid.",
        },
        steps: &[
            each(&["partner"]).granted().called("the second issuer's own token"),
            each(&["partner-as-issuer", "issuer-as-partner"]).denied(&[INVALID]),
        ],
        expect: judgements::bound_to_issuer,
        shows: Explanation::Issuer,
        implied_by: &["jwt.kid-key-agreement"],
        fault: "pooled-keys",
        ..REFUSAL
    },
    Check {
        id: "jwt.claim-type-confusion-safe",
        title: "Wrongly typed claims never widen access",
        severity: Severity::High,
        sources: &["RFC 7519 §4.2", "ASVS 10.3.2"],
        doc: Doc {
            sends: "Tokens without a scope, and whose scope names nothing that is needed, as an array, an object, a number, a star \
                    or null, or twice; and whose subject is no text: that one of those is accepted is recorded, and is no finding. \
                    Where a token with a scope of nothing is accepted as well, rights come from elsewhere, and scopes are not judged.",
            matters: "A comparison that fails by type is easily one that does not fail at all.",
            fix: "Check the types of claims before they are used, and deny on everything else.",
        },
        steps: &[
            // a server that takes rights from elsewhere says nothing about scopes
            send(each_forged(&["scope-other"]), On::Scoped),
            send(
                each_forged(&[
                    "scope-absent",
                    "scope-array",
                    "scope-nested",
                    "scope-object",
                    "scope-number",
                    "scope-star",
                    "scope-null",
                    "dup-scope-lacking-last",
                ]),
                On::Scoped,
            )
            .denied(&[INVALID, INSUFFICIENT]),
            // who asks is another's to use: a server that takes it as it comes has widened nothing yet
            each(&["sub-object", "sub-array", "sub-true", "client-absent"]),
        ],
        expect: scopes::mistyped,
        implied_by: &["jwt.duplicate-members-safe"],
        fault: "scope-array-bypass",
        ..REFUSAL
    },
    Check {
        id: "jwt.scope-match-exact",
        title: "Scope values of a signed token match whole and case-sensitively",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 6749 §3.3", "RFC 9068 §2.2.3"],
        doc: Doc {
            sends: "Correctly signed tokens whose scope has the values of the good one with more behind or before them, cut short, \
                    and in another case of letters.",
            matters: "A search for a substring takes write:orders-archive for write:orders.",
            fix: "Split the scope at spaces and compare whole values (RFC 6749 §3.3).",
        },
        steps: &[
            // a server that takes rights from elsewhere says nothing about scopes
            send(each_forged(&["scope-other"]), On::Scoped),
            send(each_forged(&["scope-longer", "scope-preceded", "scope-shorter", "scope-case"]), On::Scoped)
                .denied(&[INVALID, INSUFFICIENT]),
        ],
        expect: scopes::lookalikes,
        shows: Explanation::Scope,
        fault: "scope-case-ignored",
        ..REFUSAL
    },
    Check {
        id: "jwt.unusual-claims-never-5xx",
        title: "Correctly signed tokens with unusual claims never yield a server error",
        level: Level::Should,
        tier: Tier::Extended,
        sources: &["RFC 6750 §3.1", "ASVS 16.5.3"],
        doc: Doc {
            sends: "Correctly signed tokens with a claim that is nested 1200 deep, without sub, exp, scope or client_id, with a \
                    sub that nobody has or that is no text, of another issuer, and of a type that does not exist; then with one claim as a value of \
                    another type: iss, iat, jti, client_id, and private claims (at most 8).",
            matters: "A claim that is read before it is known to be there, and of its type, breaks the service for whoever holds such a \
                      token.",
            fix: "Refuse what lacks a claim that is needed, or has one of another type, with 401 and invalid_token, and bound the \
                  depth of claims.",
        },
        steps: &[each(&[
            "claims-nested",
            "sub-absent",
            "exp-absent",
            "exp-absent-plain",
            "scope-absent",
            "client-absent",
            "sub-unknown",
            "sub-unknown-number",
            "sub-object",
            "sub-array",
            "sub-true",
            "sub-number",
            "iss-other",
            "iss-number",
            "iss-object",
            "iat-string",
            "iat-array",
            "jti-number",
            "jti-object",
            "client-number",
            "client-array",
            "private-1",
            "private-2",
            "private-3",
            "private-4",
            "private-5",
            "private-6",
            "private-7",
            "private-8",
            "type-unknown",
        ])],
        expect: judgements::answered_naming_claims,
        fault: "crashes-without-sub",
        ..REFUSAL
    },
];
