//! Any protected HTTP API.

pub(crate) mod answers;
mod bodies;
pub(crate) mod bypasses;
pub(crate) mod cached_paths;
mod claims;
pub(crate) mod cross_origin;
pub(crate) mod disabled;
pub(crate) mod echoes;
pub(crate) mod effects;
pub(crate) mod fields;
pub(crate) mod foreign_page;
pub(crate) mod framing;
mod head;
pub(crate) mod hosts;
pub(crate) mod leaks;
pub(crate) mod login_guesses;
pub(crate) mod malformed;
pub(crate) mod malformed_body;
pub(crate) mod members;
pub(crate) mod messages;
pub(crate) mod origin_varies;
pub(crate) mod overrides;
pub(crate) mod oversized;
pub(crate) mod rights;
mod shared_caches;
mod shown_owner;
pub(crate) mod survival;
pub(crate) mod throttling;
pub(crate) mod timing;
pub(crate) mod transport;
pub(crate) mod validation;
mod way_around;
pub(crate) mod written_state;

use crate::check::judgement::expect;
use crate::check::step::{
    Accept, Alter, Fill, Hook, INSUFFICIENT, INVALID, LookedFor, MISSING, On, OriginBeside, Step, Who, forged, send,
};
use crate::check::{Check, Doc, Explanation, Level, PLAIN, REFUSAL, Severity, Tier};

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "common.protected-route-denies-anonymous",
        title: "Every route declared protected refuses an anonymous request",
        severity: Severity::Critical,
        sources: &["OWASP API2:2023", "CWE-306", "WSTG-ATHN-04", "RFC 9110 §11.4"],
        doc: Doc {
            sends: "Every protected request of the scenario without any carrier of a credential.",
            matters: "One sibling route mounted outside the guard is enough.",
            fix: "Guard by default: mount routes inside the guard, and list the public ones.",
        },
        steps: &[send(Who::Anonymous, On::EachProtected).denied(&[MISSING]).thoroughly()],
        shows: Explanation::Anonymous,
        fault: "unguarded-route",
        ..REFUSAL
    },
    Check {
        id: "common.denied-write-has-no-effect",
        title: "A refused state-changing request leaves state unchanged",
        severity: Severity::Critical,
        remote_safe: false,
        sources: &["OWASP API5:2023", "ASVS 8.3.1", "WSTG-ATHZ-02"],
        doc: Doc {
            sends: "Each write that another resource reads at the same path (at most 4), without, with a wrong and with a too weak credential (one that lacks a scope, and one of another tenant, where there are such), between readings of what it would change; an allowed write then shows whether the readings tell.",
            matters: "A handler that acts before it checks does the damage and then says no.",
            fix: "Decide about access before anything is touched.",
        },
        steps: &[
            Step::Meet,
            Step::AwaitFormerEffects,
            Step::Meet,
            send(Who::Writer, On::ShownState).id(written_state::BEFORE).called("the state before").granted(),
            send(Who::Writer, On::ShownState)
                .id(written_state::BEFORE_AGAIN)
                .called("the state before, once more")
                .granted(),
            send(Who::Anonymous, On::ShownWrite).denied(&[MISSING]),
            send(forged("unknown"), On::ShownWrite).denied(&[INVALID]),
            send(Who::LowScope, On::ShownWrite).id(written_state::BY_LOW).denied(&[INSUFFICIENT]).if_given(),
            send(Who::OtherTenant, On::ShownWrite)
                .id(written_state::BY_OTHER)
                .denied(&[INSUFFICIENT, Accept::Status(404)])
                .if_given(),
            send(Who::Writer, On::ShownState).id(written_state::AFTER).called("the state after").granted(),
            send(Who::LowWriter, On::ShownState)
                .id(written_state::AS_LOW)
                .called("the state after, for whoever lacks the scope")
                .if_given(),
            Step::AwaitEffects,
            send(Who::Writer, On::ShownState).id(written_state::LATER).called("the state a moment later").granted(),
            send(Who::Writer, On::ShownState)
                .id(written_state::LATER_AGAIN)
                .where_differing(written_state::BEFORE, written_state::LATER)
                .called("the state in another second"),
            Step::Meet,
            send(Who::Writer, On::ShownState)
                .id(written_state::BEFORE_ALLOWED)
                .called("the state before an allowed write")
                .times(2),
            send(Who::Writer, On::ShownWrite).called("an allowed write").granted(),
            Step::AwaitAccepted,
            send(Who::Writer, On::ShownState)
                .id(written_state::AFTER_ALLOWED)
                .called("the state after an allowed write"),
            // the other check does its allowed write after this
            Step::Meet,
        ],
        compares_answers: true,
        expect: written_state::unchanged_by_refused,
        fault: "act-then-check",
        ..REFUSAL
    },
    Check {
        id: "common.head-same-decision-as-get",
        title: "HEAD is authorised exactly like GET",
        severity: Severity::High,
        sources: &["RFC 9110 §9.3.2", "WSTG-ATHZ-02"],
        doc: Doc {
            sends: "HEAD without, with a wrong and with the good credential, to each protected resource that is read by GET (at most 16), all with Connection: close, so that a content behind the header section is read as well; GET without and with the good credential, and with the wrong one where HEAD with it succeeded; and HEAD of a path beside it that names nothing. What is granted to GET with the same credential as well is no finding of this check. A success that is answered to HEAD where GET is refused with 401 or 403 is access where the content of the good answer follows it, or it has the fields, the `ETag` or the `Content-Length` of the good answer and the refusal does not; where it does not have them, it is another decision than that of GET, of low severity.",
            matters: "A guard that lists methods forgets HEAD, which shows whether things exist.",
            fix: "Guard every method; let HEAD follow GET (RFC 9110 §9.3.2).",
        },
        steps: &[
            send(Who::Anonymous, On::EachGet).with(head::TO_THE_END).called("HEAD without a credential").denied(&[
                MISSING,
                Accept::Status(405),
                Accept::Status(501),
            ]),
            send(forged("unknown"), On::EachGet).with(head::TO_THE_END).id(head::UNKNOWN_HEAD).denied(&[
                INVALID,
                Accept::Status(405),
                Accept::Status(501),
            ]),
            send(Who::Good, On::EachGet)
                .with(head::TO_THE_END)
                .id(head::GOOD_HEAD)
                .called("HEAD with the good credential"),
            send(Who::Anonymous, On::EachGet).id(head::ANONYMOUS_GET).called("GET without a credential"),
            send(Who::Anonymous, On::EachGet)
                .with(head::NOWHERE_TO_THE_END)
                .id(effects::NOWHERE)
                .called("HEAD of a path beside it that names nothing"),
            send(Who::Good, On::EachGet).id(head::GOOD_GET).called("GET with the good credential"),
            // what opens GET as well is no matter of the method
            send(forged("unknown"), On::EachGet)
                .id(head::UNKNOWN_GET)
                .where_granted(head::UNKNOWN_HEAD)
                .called("GET with the wrong credential"),
        ],
        compares_answers: true,
        expect: head::head_like_get,
        shows: Explanation::Method,
        fault: "head-unguarded",
        ..REFUSAL
    },
    Check {
        id: "common.unlisted-method-not-a-bypass",
        title: "Other and invented methods never skip authentication",
        severity: Severity::High,
        remote_safe: false,
        sources: &["WSTG-CONF-06", "ASVS 4.1.4", "OWASP API5:2023"],
        doc: Doc {
            sends: "PUT, PATCH, DELETE, PROPFIND, OPTIONS, an invented method and the method of the resource in lower case without a credential, to each protected resource (at most 16), and an invented method with the good credential.",
            matters: "A router that hands unknown methods to the handler of GET may do so past the guard.",
            fix: "Guard before routing by method.",
        },
        steps: &[
            send(Who::Anonymous, On::EachRoute).with(&[Alter::Method("PUT")]).denied(METHOD),
            send(Who::Anonymous, On::EachRoute).with(&[Alter::Method("PATCH")]).denied(METHOD),
            send(Who::Anonymous, On::EachRoute).with(&[Alter::Method("DELETE")]).denied(METHOD),
            send(Who::Anonymous, On::EachRoute).with(&[Alter::Method("PROPFIND")]).denied(METHOD),
            send(Who::Anonymous, On::EachRoute).with(&[Alter::Method("AUTHBENCH")]).denied(METHOD),
            // RFC 9110 §9.1: another method than that of the resource, which a router may take for it past a guard that does not
            send(Who::Anonymous, On::EachRoute).with(&[Alter::LowerMethod]).denied(METHOD),
            send(Who::Anonymous, On::EachRoute).with(&[Alter::Method("OPTIONS")]),
            // a guard answers who has no credential before a router looks at the method
            send(Who::Good, On::Protected)
                .with(&[Alter::Method("AUTHBENCH")])
                .called("an invented method with the good credential"),
        ],
        expect: effects::methods,
        shows: Explanation::Method,
        fault: "unknown-method-falls-through",
        ..PLAIN
    },
    Check {
        id: "common.method-override-header-ignored",
        title: "Override headers cannot move a request past a method-based rule",
        severity: Severity::High,
        remote_safe: false,
        sources: &["WSTG-ATHZ-02", "OWASP API5:2023"],
        doc: Doc {
            sends: "GET to the path of each write (at most 8), with its body, by a principal who may not write: with the override fields and the parameter of frameworks that name the method of the write, and with ones that name GET; and the write itself. Where another resource reads the path of a write, what it shows is read before and after.",
            matters: "If permission is decided on one method and routing on another, reading rights write.",
            fix: "Switch method overriding off, or decide on the overridden method.",
        },
        steps: &[
            Step::Meet,
            Step::AwaitFormerEffects,
            send(Who::Writer, On::ReadBack).id(written_state::BEFORE).called("the state before").granted().if_given(),
            send(Who::Writer, On::ReadBack)
                .id(written_state::BEFORE_AGAIN)
                .called("the state before, once more")
                .granted()
                .if_given(),
            Step::Meet,
            send(Who::LowScope, On::EachScopedWrite)
                .with(overrides::FIELDS_OF_READ)
                .id(overrides::READ_BY_FIELDS)
                .called("GET with override fields that name GET"),
            send(Who::LowScope, On::EachScopedWrite)
                .with(overrides::QUERY_OF_READ)
                .id(overrides::READ_BY_QUERY)
                .called("GET with ?_method=GET"),
            send(Who::LowScope, On::EachScopedWrite)
                .with(overrides::FIELDS_OF_WRITE)
                .id(overrides::BY_FIELDS)
                .denied(overrides::OVERRIDDEN)
                .called("GET with X-HTTP-Method-Override, X-HTTP-Method and X-Method-Override that name the method"),
            send(Who::LowScope, On::EachScopedWrite)
                .with(overrides::ONE_FIELD[0])
                .id(overrides::BY_ONE[0])
                .where_granted(overrides::BY_FIELDS)
                .denied(overrides::OVERRIDDEN)
                .called("GET with X-HTTP-Method-Override that names the method"),
            send(Who::LowScope, On::EachScopedWrite)
                .with(overrides::ONE_FIELD[1])
                .id(overrides::BY_ONE[1])
                .where_granted(overrides::BY_FIELDS)
                .denied(overrides::OVERRIDDEN)
                .called("GET with X-HTTP-Method that names the method"),
            send(Who::LowScope, On::EachScopedWrite)
                .with(overrides::ONE_FIELD[2])
                .id(overrides::BY_ONE[2])
                .where_granted(overrides::BY_FIELDS)
                .denied(overrides::OVERRIDDEN)
                .called("GET with X-Method-Override that names the method"),
            send(Who::LowScope, On::EachScopedWrite)
                .with(overrides::QUERY_OF_WRITE)
                .id(overrides::BY_QUERY)
                .denied(overrides::OVERRIDDEN)
                .called("GET with ?_method= that names the method"),
            send(Who::Writer, On::ReadBack).id(written_state::AFTER).called("the state after").granted().if_given(),
            Step::AwaitEffects,
            send(Who::Writer, On::ReadBack)
                .id(written_state::LATER)
                .called("the state a moment later")
                .granted()
                .if_given(),
            send(Who::Writer, On::ReadBack)
                .id(written_state::LATER_AGAIN)
                .where_differing(written_state::BEFORE, written_state::LATER)
                .called("the state in another second")
                .if_given(),
            send(Who::LowScope, On::EachScopedWrite).id(overrides::WRITE_ITSELF).called("the write itself"),
            Step::Meet,
            // the other check has done its allowed write, and read after it
            Step::Meet,
            send(Who::Writer, On::Writable).called("an allowed write").granted(),
            Step::AwaitAccepted,
            send(Who::Writer, On::ReadBack)
                .id(written_state::AFTER_ALLOWED)
                .called("the state after an allowed write")
                .granted()
                .if_given(),
        ],
        compares_answers: true,
        expect: overrides::inert,
        // whoever may write anyway needs no other method for it
        implied_by: &["apikey.scope-enforced", "bearer.insufficient-scope-403", "common.insufficient-is-403"],
        fault: "override-after-auth",
        ..PLAIN
    },
    Check {
        id: "common.malformed-credential-never-5xx",
        title: "Hostile credential input never yields a server error",
        sources: &["ASVS 16.5.3", "OWASP API8:2023"],
        doc: Doc {
            sends: "About forty malformed credentials: bad Base64, lone schemes, quotes, 8-bit bytes, deep JSON, NUL, long values; and, where a cookie or a parameter of the query carries the credential, `NAME[]=1` and `NAME[a]=1` in its place, which frameworks read as an array and an object. A connection that is closed on a short printable value, each time, is a warning where other values are refused.",
            matters: "A parser that breaks is a way to take a service down, and often a way in.",
            fix: "Treat every failure to decode as an invalid credential.",
        },
        // a status of success refuses where the scenario says so
        steps: &[send(Who::Malformed, On::Protected).denied(&[Accept::Range(200, 499)])],
        expect: survival::answered,
        fault: "panics-on-bad-base64",
        ..PLAIN
    },
    Check {
        id: "common.401-carries-challenge",
        title: "A 401 response always names at least one challenge",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 9110 §15.5.2", "RFC 9110 §11.6.1", "RFC 6749 §5.2", "RFC 7009 §2.2.1", "RFC 7662 §2.3"],
        doc: Doc {
            sends: "The protected request without and with a wrong credential; every 401 of the run is looked at, whichever check asked for it. One that an endpoint of an authorization server sends to a client with HTTP Basic has to name Basic.",
            matters: "A 401 without a challenge does not tell a client what to do, and breaks the protocol.",
            fix: "Send WWW-Authenticate with every 401 (RFC 9110 §15.5.2).",
        },
        steps: &[
            send(Who::Anonymous, On::Protected).denied(&[Accept::Range(400, 499)]),
            send(forged("unknown"), On::Protected).denied(&[Accept::Range(400, 499)]),
            Step::LookBack(LookedFor::Unauthorized),
        ],
        expect: |case| expect::wants(case).and(crate::check::judgement::challenges::named_on_every_401(case)),
        fault: "bare-401",
        ..PLAIN
    },
    Check {
        id: "common.challenge-grammar",
        title: "WWW-Authenticate parses under the HTTP challenge grammar",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 9110 §11.2", "RFC 9110 §11.3", "RFC 9110 §11.6.1", "RFC 7617 §2"],
        doc: Doc {
            sends: "The protected request without and with a wrong credential; the challenges of every error of the run are parsed, of a 401 and of others, of logins and of endpoints of an authorization server too, whichever check asked for it. One of Basic has to name a realm.",
            matters: "A challenge outside the grammar is one that clients cannot read.",
            fix: "Quote parameter values, escape quotes inside them, name each parameter once, and send a realm with Basic.",
        },
        steps: &[
            send(Who::Anonymous, On::Protected).denied(&[Accept::Range(400, 499)]),
            send(forged("unknown"), On::Protected).denied(&[Accept::Range(400, 499)]),
            Step::LookBack(LookedFor::Challenges),
        ],
        expect: |case| expect::wants(case).and(crate::check::judgement::challenges::parse(case)),
        fault: "malformed-challenge",
        ..PLAIN
    },
    Check {
        id: "common.fail-closed-on-backend-outage",
        title: "If the verifier or key store is unreachable the request is refused",
        severity: Severity::Critical,
        remote_safe: false,
        sources: &["ASVS 16.5.3", "OWASP API2:2023"],
        doc: Doc {
            sends: "The good and a wrong credential while the store of credentials is away.",
            matters: "A verifier that takes a timeout for a yes opens the API to whoever can slow the store down.",
            fix: "Answer 503 with Retry-After when a credential cannot be verified.",
        },
        steps: &[
            Step::Hook(Hook::OutageBegins),
            send(Who::Good, On::Protected).denied(OUTAGE).called("the good credential during the outage"),
            send(forged("unknown"), On::Protected).denied(OUTAGE).called("a wrong credential during the outage"),
            Step::Hook(Hook::OutageEnds),
        ],
        shows: Explanation::Outage,
        fault: "fail-open",
        ..PLAIN
    },
    Check {
        id: "common.cors-credentials-not-open",
        title: "Credentialed CORS is limited to an allow-list",
        severity: Severity::High,
        sources: &["ASVS 3.4.2", "OWASP API8:2023", "WSTG-CLNT-07", "WHATWG Fetch (CORS and credentials)"],
        doc: Doc {
            sends: "Requests and a preflight with hostile origins: of another host, null, and ones whose host begins and ends like that of the target. Each has its origin in place of the one that the scenario writes in `headers`. Where `material.trusted_origins` names an origin, or answers name one whatever the request says, or allow the one in `headers`, that origin follows, and where it is allowed, origins that look like it: of a host that begins or ends like its host or its domain, of one with a letter in place of the first dot, without TLS, and of another port (the last two are warnings).",
            matters: "An API that reflects any origin and allows credentials lets every web page act as its visitor.",
            fix: "Allow credentials to a list of origins only, and send Vary: Origin.",
        },
        steps: &[
            send(Who::Good, On::Protected).granted(),
            send(Who::Good, On::Protected)
                .with(&[Alter::Replaced("Origin", Fill::Text("https://authbench.invalid"))])
                .called("a hostile origin"),
            send(Who::Good, On::Protected)
                .with(&[Alter::Replaced("Origin", Fill::Text("null"))])
                .called("the origin null"),
            send(Who::Good, On::Protected)
                .with(&[Alter::Replaced("Origin", Fill::OriginAround("", ".authbench.invalid"))])
                .called("an origin whose host begins like the target's"),
            send(Who::Good, On::Protected)
                .with(&[Alter::Replaced("Origin", Fill::OriginAround("authbench", ""))])
                .called("an origin whose host ends like the target's"),
            send(Who::Anonymous, On::Protected)
                .with(&[
                    Alter::Method("OPTIONS"),
                    Alter::Replaced("Origin", Fill::Text("https://authbench.invalid")),
                    Alter::Replaced("Access-Control-Request-Method", Fill::Text("GET")),
                ])
                .called("a preflight of a hostile origin"),
            of_origin(&[Alter::Replaced("Origin", Fill::OriginBeside(OriginBeside::Trusted))], "the trusted origin"),
            of_origin(
                &[Alter::Replaced("Origin", Fill::OriginBeside(OriginBeside::SameDomain))],
                "an origin of the domain of the trusted one",
            ),
            of_origin(
                &[Alter::Replaced("Origin", Fill::OriginBeside(OriginBeside::LongerHost))],
                "an origin whose host begins like the trusted one",
            ),
            of_origin(
                &[Alter::Replaced("Origin", Fill::OriginBeside(OriginBeside::GluedHost))],
                "an origin whose host ends like the trusted one",
            ),
            of_origin(
                &[Alter::Replaced("Origin", Fill::OriginBeside(OriginBeside::GluedDomain))],
                "an origin whose host ends like the domain of the trusted one",
            ),
            of_origin(
                &[Alter::Replaced("Origin", Fill::OriginBeside(OriginBeside::OtherDot))],
                "an origin with a letter in place of the first dot of the trusted one",
            ),
            of_origin(
                &[Alter::Replaced("Origin", Fill::OriginBeside(OriginBeside::WithoutTls))],
                "the trusted origin without TLS",
            ),
            of_origin(
                &[Alter::Replaced("Origin", Fill::OriginBeside(OriginBeside::OtherPort))],
                "the trusted origin at another port",
            ),
        ],
        expect: cross_origin::limited,
        fault: "reflects-origin",
        ..PLAIN
    },
];

/// The good request with an origin.
const fn of_origin(origin: &'static [Alter], called: &'static str) -> Step {
    send(Who::Good, On::Protected).with(origin).called(called)
}

/// Statuses of methods that are not there; some parsers answer 400 to a method that they do not know.
const METHOD: &[Accept] = &[MISSING, Accept::Range(400, 499), Accept::Status(501)];

/// Ways to say no while nobody can be asked.
const OUTAGE: &[Accept] =
    &[Accept::Status(401), Accept::Status(403), Accept::Status(500), Accept::Status(502), Accept::Status(503)];

/// A neighbour, which names nothing.
fn nowhere(path: &str) -> String {
    format!("{path}-absent")
}
