//! Ways around a guard: what a front end and the server behind it read differently, and who is believed to have decided already.

use super::{effects, nowhere};
use crate::check::step::{Accept, Alter, Fill, MISSING, On, Who, send};
use crate::check::{Check, Doc, Explanation, PLAIN, REFUSAL, Severity};

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "common.path-normalisation-not-a-bypass",
        title: "Equivalent spellings of a path get the same decision",
        severity: Severity::Critical,
        sources: &["WSTG-ATHZ-02", "RFC 3986 §6.2.2", "OWASP API8:2023", "CWE-436"],
        doc: Doc {
            sends: "Twenty-one other spellings of each protected path (at most 16), without a credential, byte for byte, among them ones that end like the names of static files (.css, .json); and five of them with a credential that lacks a scope, where there is one. An answer that a path gets as well that names nothing, such as the page of an application in the browser, opens nothing. A path that is read by GET is not written by PUT, PATCH or DELETE as well: a target may take another spelling for another resource, and create it.",
            matters: "A guard that compares the raw path while the router normalises it lets //path through.",
            fix: "Decide on the routed resource and not on the text of the path.",
        },
        steps: &[
            send(Who::Anonymous, On::EachPath)
                .with(&[Alter::Path(nowhere)])
                .id(effects::NOWHERE)
                .called("a path beside it that names nothing"),
            send(Who::Anonymous, On::EachPath).with(&[Alter::Path(|path| format!("/{path}"))]).denied(BYPASS),
            send(Who::Anonymous, On::EachPath).with(&[Alter::Path(|path| format!("/.{path}"))]).denied(BYPASS),
            send(Who::Anonymous, On::EachPath).with(&[Alter::Path(|path| format!("/x/..{path}"))]).denied(BYPASS),
            send(Who::Anonymous, On::EachPath).with(&[Alter::Path(|path| format!("/%2e{path}"))]).denied(BYPASS),
            send(Who::Anonymous, On::EachPath).with(&[Alter::Path(|path| format!("{path}%2f"))]).denied(BYPASS),
            send(Who::Anonymous, On::EachPath).with(&[Alter::Path(|path| format!("{path}/"))]).denied(BYPASS),
            // static files are often left out of a guard by the end of their names
            send(Who::Anonymous, On::EachPath).with(&[Alter::Path(|path| format!("{path};x.css"))]).denied(BYPASS),
            send(Who::Anonymous, On::EachPath).with(&[Alter::Path(|path| format!("{path}/x.css"))]).denied(BYPASS),
            send(Who::Anonymous, On::EachPath).with(&[Alter::Path(|path| format!("{path}.css"))]).denied(BYPASS),
            send(Who::Anonymous, On::EachPath).with(&[Alter::Path(|path| format!("{path}%00"))]).denied(BYPASS),
            send(Who::Anonymous, On::EachPath).with(&[Alter::Path(|path| format!("{path}.json"))]).denied(BYPASS),
            send(Who::Anonymous, On::EachPath).with(&[Alter::Query("x", Fill::Text(".css"))]).denied(BYPASS),
            send(Who::Anonymous, On::EachPath).with(&[Alter::Path(|path| path.to_uppercase())]).denied(BYPASS),
            send(Who::Anonymous, On::EachPath).with(&[Alter::Path(first_letter_encoded)]).denied(BYPASS),
            send(Who::Anonymous, On::EachPath).with(&[Alter::Path(first_letter_encoded_twice)]).denied(BYPASS),
            send(Who::Anonymous, On::EachPath)
                .with(&[Alter::Path(|path| format!("/x/%252e%252e{path}"))])
                .denied(BYPASS),
            send(Who::Anonymous, On::EachPath).with(&[Alter::Path(|path| format!("/x\\..{path}"))]).denied(BYPASS),
            send(Who::Anonymous, On::EachPath).with(&[Alter::Path(behind_backslash)]).denied(BYPASS),
            send(Who::Anonymous, On::EachPath).with(&[Alter::Path(|path| format!("{path}/."))]).denied(BYPASS),
            send(Who::Anonymous, On::EachPath)
                .with(&[Alter::Path(last_slash_doubled)])
                .denied(BYPASS)
                .called("two slashes before the last segment"),
            send(Who::Anonymous, On::EachPath).with(&[Alter::AbsoluteForm]).denied(BYPASS),
            send(Who::LowScope, On::Scoped).id(effects::AS_IT_IS).called("the path as it is").if_given(),
            send(Who::LowScope, On::Scoped).with(&[Alter::Path(|path| format!("/{path}"))]).denied(BYPASS).if_given(),
            send(Who::LowScope, On::Scoped).with(&[Alter::Path(|path| format!("/.{path}"))]).denied(BYPASS).if_given(),
            send(Who::LowScope, On::Scoped).with(&[Alter::Path(|path| format!("{path}/"))]).denied(BYPASS).if_given(),
            send(Who::LowScope, On::Scoped).with(&[Alter::Path(first_letter_encoded)]).denied(BYPASS).if_given(),
            send(Who::LowScope, On::Scoped).with(&[Alter::Path(|path| path.to_uppercase())]).denied(BYPASS).if_given(),
        ],
        compares_answers: true,
        expect: effects::spellings,
        shows: Explanation::Spelling,
        fault: "prefix-matcher-bypass",
        ..PLAIN
    },
    Check {
        id: "common.rewrite-header-not-a-bypass",
        title: "Front-end rewrite headers from a client are inert",
        severity: Severity::Critical,
        sources: &["WSTG-ATHZ-02", "ASVS 4.1.3"],
        doc: Doc {
            sends: "A public path with headers that name a protected one; and each protected resource (at most 16) with headers that name a public path.",
            matters: "Frameworks that route by such headers move a request past the guard of the front end.",
            fix: "Drop these headers at the edge, and switch their support off.",
        },
        steps: &[
            send(Who::Anonymous, On::Public)
                .counting(On::Protected)
                .id(effects::PUBLIC_AS_IT_IS)
                .called("the public resource as it is"),
            send(Who::Anonymous, On::Public)
                .with(&[Alter::Header("X-Original-URL", Fill::ProtectedPath)])
                .counting(On::Protected)
                .denied(REWRITE),
            send(Who::Anonymous, On::Public)
                .with(&[Alter::Header("X-Rewrite-URL", Fill::ProtectedPath)])
                .counting(On::Protected)
                .denied(REWRITE),
            send(Who::Anonymous, On::Public)
                .with(&[Alter::Header("X-Forwarded-Prefix", Fill::ProtectedPath)])
                .counting(On::Protected)
                .denied(REWRITE),
            send(Who::Anonymous, On::Public)
                .with(&[Alter::Header("X-Forwarded-Path", Fill::ProtectedPath)])
                .counting(On::Protected)
                .denied(REWRITE),
            send(Who::Anonymous, On::EachRoute)
                .with(&[Alter::Header("X-Original-URL", Fill::PublicPath)])
                .denied(BYPASS),
            send(Who::Anonymous, On::EachRoute)
                .with(&[Alter::Header("X-Rewrite-URL", Fill::PublicPath)])
                .denied(BYPASS),
        ],
        expect: effects::rewritten,
        fault: "honours-x-original-url",
        ..PLAIN
    },
    Check {
        id: "common.identity-header-spoof",
        title: "Proxy identity headers supplied by a client grant nothing",
        severity: Severity::Critical,
        sources: &["ASVS 4.1.3", "RFC 9700 §4.13"],
        doc: Doc {
            sends: "An anonymous request with headers by which proxies and gateways name a user, an API consumer, a client certificate, an address, a request from inside or one that a framework has made itself (x-middleware-subrequest, CVE-2025-29927); the commonest of them to each protected resource (at most 16).",
            matters: "A service that believes them from anybody has no authentication.",
            fix: "Accept them only from the proxy that sets them, and strip them at the edge.",
        },
        steps: &[
            send(Who::Anonymous, On::EachRoute)
                .with(&[Alter::Header("X-Forwarded-For", Fill::Text("127.0.0.1"))])
                .denied(&[MISSING]),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Header("X-Real-IP", Fill::Text("127.0.0.1"))])
                .denied(&[MISSING]),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Header("Forwarded", Fill::Text("for=127.0.0.1;proto=https"))])
                .denied(&[MISSING]),
            send(Who::Anonymous, On::EachRoute)
                .with(&[Alter::Header("X-Forwarded-User", Fill::Principal)])
                .denied(&[MISSING]),
            send(Who::Anonymous, On::EachRoute)
                .with(&[Alter::Header("X-Remote-User", Fill::Principal)])
                .denied(&[MISSING]),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Header("Remote-User", Fill::Principal)])
                .denied(&[MISSING]),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Header("X-Auth-Request-Email", Fill::Principal)])
                .denied(&[MISSING]),
            send(Who::Anonymous, On::EachRoute).with(&[Alter::Header("X-User-Id", Fill::Principal)]).denied(&[MISSING]),
            send(Who::Anonymous, On::EachRoute)
                .with(&[Alter::Header("X-Authenticated", Fill::Text("true"))])
                .denied(&[MISSING]),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Header("X-Api-Consumer", Fill::Principal)])
                .denied(&[MISSING]),
            // as Kong names the consumer of a key
            send(Who::Anonymous, On::Protected)
                .with(&[
                    Alter::Header("X-Consumer-ID", Fill::Principal),
                    Alter::Header("X-Consumer-Custom-ID", Fill::Principal),
                    Alter::Header("X-Consumer-Username", Fill::Principal),
                ])
                .denied(&[MISSING]),
            // as nginx, its ingress, Envoy and Traefik hand on a certificate that they have verified
            send(Who::Anonymous, On::Protected)
                .with(&[
                    Alter::Header("X-SSL-Client-Verify", Fill::Text("SUCCESS")),
                    Alter::Header("X-SSL-Client-S-DN", Fill::PrincipalIn("CN=", "")),
                    Alter::Header("X-SSL-Client-CN", Fill::Principal),
                ])
                .denied(&[MISSING]),
            send(Who::Anonymous, On::Protected)
                .with(&[
                    Alter::Header("ssl-client-verify", Fill::Text("SUCCESS")),
                    Alter::Header("ssl-client-subject-dn", Fill::PrincipalIn("CN=", "")),
                ])
                .denied(&[MISSING]),
            send(Who::Anonymous, On::Protected)
                .with(&[
                    Alter::Header("X-Forwarded-Client-Cert", Fill::PrincipalIn("Subject=\"CN=", "\"")),
                    Alter::Header("X-Forwarded-Tls-Client-Cert-Info", Fill::PrincipalIn("Subject=\"CN=", "\"")),
                ])
                .denied(&[MISSING]),
            send(Who::Anonymous, On::Protected)
                .with(&[
                    Alter::Header("X-Internal", Fill::Text("true")),
                    Alter::Header("X-Internal-Request", Fill::Text("true")),
                    Alter::Header("X-Request-Source", Fill::Text("internal")),
                ])
                .denied(&[MISSING]),
            // Next.js skips its middleware where this names it five times, in earlier versions once (CVE-2025-29927)
            send(Who::Anonymous, On::EachRoute)
                .with(&[Alter::Header("x-middleware-subrequest", Fill::Text(SUBREQUESTS[0]))])
                .denied(&[MISSING])
                .called("no credential, with x-middleware-subrequest for all versions"),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Header("x-middleware-subrequest", Fill::Text(SUBREQUESTS[1]))])
                .denied(&[MISSING])
                .called("no credential, with x-middleware-subrequest: middleware, five times"),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Header("x-middleware-subrequest", Fill::Text(SUBREQUESTS[2]))])
                .denied(&[MISSING])
                .called("no credential, with x-middleware-subrequest: src/middleware, five times"),
        ],
        fault: "trusts-x-forwarded-user",
        ..REFUSAL
    },
];

/// What a request of Next.js to itself says: all names of a middleware in one value, and two of them alone.
const SUBREQUESTS: [&str; 3] = [
    "middleware:middleware:middleware:middleware:middleware:src/middleware:src/middleware:src/middleware:src/middleware:\
     src/middleware:pages/_middleware",
    "middleware:middleware:middleware:middleware:middleware",
    "src/middleware:src/middleware:src/middleware:src/middleware:src/middleware",
];

/// What a way around the guard may be answered with: each refusal, and a redirect to the right place. Which status is the right
/// one is judged where the request is no way around anything.
const BYPASS: &[Accept] = &[MISSING, Accept::Range(300, 499)];

/// A public resource may answer: what counts is that the protected one does not.
const REWRITE: &[Accept] = &[MISSING, Accept::Range(200, 299), Accept::Range(400, 499), Accept::Range(300, 399)];

/// Two slashes before the last segment.
fn last_slash_doubled(path: &str) -> String {
    let at = path.rfind('/').unwrap_or_default();
    format!("{}/{}", &path[..at], &path[at..])
}

/// The first letter of the last segment, percent-encoded: the same path (RFC 3986 §6.2.2.2).
fn first_letter_encoded(path: &str) -> String {
    let at = path.rfind('/').map_or(0, |at| at + 1);
    match path[at..].chars().next() {
        Some(first) => format!("{}%{:02X}{}", &path[..at], u32::from(first), &path[at + first.len_utf8()..]),
        None => path.to_owned(),
    }
}

/// The same with its percent sign encoded again: another path, unless somebody decodes it twice.
fn first_letter_encoded_twice(path: &str) -> String {
    first_letter_encoded(path).replace('%', "%25")
}

/// The path behind a backslash, which some read as a slash.
fn behind_backslash(path: &str) -> String {
    format!("/\\{}", path.trim_start_matches('/'))
}
