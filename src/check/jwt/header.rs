//! JSON Web Tokens: the header, and the form of the whole (RFC 7515 §4, RFC 8725 §3.10 to §3.12).

use crate::check::jwt::judgements;
use crate::check::step::{Accept, INVALID, On, Step, each_forged, send};
use crate::check::{Check, Doc, Level, Mode, REFUSAL, Severity, Tier};

const fn each(names: &'static [&'static str]) -> Step {
    send(each_forged(names), On::Protected)
}

/// What a token that is too large may be answered with.
const TOO_LARGE: &[Accept] =
    &[Accept::Status(400), INVALID, Accept::Status(413), Accept::Status(414), Accept::Status(431), Accept::Closed];

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "jwt.kid-injection-inert",
        title: "kid is only a lookup key",
        severity: Severity::Critical,
        mode: Mode::OutOfBand,
        sources: &["RFC 8725 §3.10", "RFC 7515 §4.1.4", "WSTG-SESS-10"],
        doc: Doc {
            sends: "Tokens whose kid is a path (to an empty file and to one of known content, which then signs), SQL, a shell command with a sleep, format directives, an address, 64 KiB, \
                    or no text at all.",
            matters: "A kid that reaches a file system, a database or a shell lets the caller choose the key, or more.",
            fix: "Compare kid with the identifiers of known keys and use it for nothing else.",
        },
        steps: &[
            each(&[
                "kid-dev-null",
                "kid-known-file",
                "kid-known-file-trimmed",
                "kid-sql",
                "kid-format",
                "kid-array",
                "kid-object",
                "kid-number",
                "kid-empty",
                "kid-url",
            ])
            .denied(&[Accept::Status(400), INVALID]),
            each(&["kid-shell"]).times(2).denied(&[Accept::Status(400), INVALID]),
            each(&["kid-long"]).denied(TOO_LARGE),
        ],
        expect: judgements::inert,
        fault: "kid-is-file-path",
        ..REFUSAL
    },
    Check {
        id: "jwt.kid-key-agreement",
        title: "The kid must select the key that made the signature",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 7515 §4.1.4", "RFC 8725 §3.10"],
        doc: Doc {
            sends: "A right signature under the kid of another key of the issuer, under an unknown kid, and without one.",
            matters: "A server that tries every key keeps trusting those that were meant to be gone.",
            fix: "Look the key up by kid, and verify with that key alone.",
        },
        steps: &[each(&["kid-of-another"]).denied(&[INVALID]), each(&["kid-unknown", "kid-absent"])],
        expect: judgements::remarked,
        fault: "tries-all-keys",
        ..REFUSAL
    },
    Check {
        id: "jwt.crit-enforced",
        title: "Unknown or malformed crit makes the token invalid",
        level: Level::Must,
        severity: Severity::Medium,
        sources: &["RFC 7515 §4.1.11"],
        doc: Doc {
            sends: "Correctly signed tokens whose crit names what nobody understands, is empty, or is no list.",
            matters: "Who ignores crit ignores what the issuer said must not be ignored.",
            fix: "Refuse a token whose crit names an extension that is not implemented.",
        },
        steps: &[
            each(&["crit-unknown", "crit-missing", "crit-claim", "crit-b64"]).denied(&[INVALID]),
            // refusing these is left to the recipient
            each(&["crit-empty", "crit-registered", "crit-text"]),
        ],
        expect: judgements::better_refused,
        fault: "ignores-crit",
        ..REFUSAL
    },
    Check {
        id: "jwt.typ-confusion-refused",
        title: "Other JWT kinds are not access tokens",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 9068 §4", "RFC 8725 §3.11", "RFC 8725 §3.12", "ASVS 9.2.2"],
        doc: Doc {
            sends: "The same claims as another type of JWT, and an ID token for the client, each signed by the issuer. Where the good token is no at+jwt, that a logout token, a DPoP proof or a security event is accepted is information: its server may know of one type only.",
            matters: "ID tokens travel to browsers, logout tokens to everybody: none of them may open an API.",
            fix: "Require the type at+jwt (RFC 9068 §4), and the API's own audience.",
        },
        steps: &[
            each(&["typ-jwt", "typ-absent", "typ-logout", "typ-dpop", "typ-secevent", "typ-introspection"])
                .denied(&[INVALID]),
            each(&["id-token"]).denied(&[INVALID]),
            each(&["type-logout", "type-dpop", "type-secevent"]),
        ],
        expect: judgements::types,
        fault: "typ-ignored",
        ..REFUSAL
    },
    Check {
        id: "jwt.typ-media-type-forms",
        title: "at+jwt and application/at+jwt are both accepted",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 9068 §4", "RFC 7515 §4.1.9"],
        doc: Doc {
            sends: "Tokens of the type at+jwt, written short and as a media type, and in upper case.",
            matters: "Both forms are lawful: a server that knows one of them refuses tokens of other issuers.",
            fix: "Compare the type as a media type, with application/ added where there is no slash.",
        },
        steps: &[each(&["typ-short", "typ-long"]).granted(), each(&["typ-upper"])],
        expect: judgements::remarked,
        fault: "typ-exact-string",
        ..REFUSAL
    },
    Check {
        id: "jwt.duplicate-members-safe",
        title: "Duplicate header or claim names are refused or the last one wins",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 7519 §4", "RFC 7515 §4"],
        doc: Doc {
            sends: "Correctly signed tokens that say exp, aud or alg twice, the bad value last; and exp with the bad value \
                    first.",
            matters: "A gateway that reads the last and a service that reads the first disagree about one token.",
            fix: "Refuse names that occur twice, or take the last, as ECMAScript does.",
        },
        steps: &[
            each(&["dup-exp-past-last", "dup-aud-other-last", "dup-alg"]).denied(&[INVALID]),
            each(&["dup-exp-past-first"]),
            // what opens the API alone says nothing beside another
            each(&["exp-yesterday", "aud-other"]),
        ],
        expect: judgements::duplicates,
        implied_by: &["jwt.exp-enforced", "jwt.aud-enforced", "jwt.alg-none-refused"],
        fault: "first-duplicate-wins",
        ..REFUSAL
    },
    Check {
        id: "jwt.expansion-bounded",
        title: "Compressed or key-stretching tokens cannot exhaust the server",
        severity: Severity::High,
        remote_safe: false,
        sources: &["OWASP API4:2023", "CWE-409"],
        doc: Doc {
            sends: "Small tokens that expand a thousandfold, ask for a thousand million rounds of hashing, nest three \
                    thousand deep, or carry a header of one mebibyte.",
            matters: "One request that costs seconds is an attack that needs no key.",
            fix: "Refuse encrypted and password-based tokens; limit size and depth before parsing.",
        },
        steps: &[
            each(&["large-zip", "large-pbes2", "large-nesting"]).denied(TOO_LARGE),
            each(&["large-header"]).denied(TOO_LARGE),
        ],
        expect: judgements::bounded,
        fault: "pbes2-unbounded",
        ..REFUSAL
    },
    Check {
        id: "jwt.compact-form-strict",
        title: "Non-canonical encodings are refused",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 7515 §2", "RFC 7515 §C", "RFC 7519 §7.2"],
        doc: Doc {
            sends: "The good token with padding, another alphabet or left-over bits, in one, four and six parts, as JSON, \
                    and with a payload that is not UTF-8, in UTF-16, or an array, a text, a number or null.",
            matters: "One token in many spellings defeats lists of refused tokens, and parsers that guess disagree.",
            fix: "Decode base64url strictly, and take exactly three parts that hold two JSON objects and a signature.",
        },
        steps: &[
            each(&[
                "form-padding",
                "form-standard-alphabet",
                "form-space",
                "form-one-part",
                "form-four-parts",
                "form-six-parts",
                "form-json",
                "form-padded-payload",
                "form-latin-1",
                "form-utf-16",
                "form-array",
                "form-number-array",
                "form-text",
                "form-number",
                "form-null",
            ])
            .denied(&[Accept::Status(400), INVALID]),
            // RFC 4648 §3.5: decoders may take them
            each(&["form-left-over-bits"]),
        ],
        expect: judgements::compact_form,
        fault: "lenient-base64",
        ..REFUSAL
    },
];
