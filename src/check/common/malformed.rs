//! Requests of which a part does not parse: addresses and header fields.

use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Alter, Fill, On, Who, send};
use crate::check::{Check, Doc, PLAIN, Severity, Tier};

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "common.malformed-target-never-5xx",
        title: "An address that does not decode is answered without a server error",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 9110 §15.5.1", "RFC 3986 §2.1", "ASVS 16.5.3"],
        doc: Doc {
            sends: "The protected request without and with the good credential, with a segment behind its path that is no UTF-8 (`%ff`), no percent-encoding (`%zz`) or NUL (`%00`), and with such a query.",
            matters: "Whoever can send a request can send such an address: a server that breaks on it before it authenticates lets everybody fill its logs and keep its workers busy, and its error page often shows code.",
            fix: "Answer 400 or 404 to an address that does not decode.",
        },
        steps: &[
            send(Who::Good, On::Protected).granted(),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Path(|path| behind(path, "%ff"))])
                .called("a path that is no UTF-8, without a credential"),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Path(|path| behind(path, "%zz"))])
                .called("a path that is no percent-encoding, without a credential"),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Path(|path| behind(path, "%00"))])
                .called("a path with NUL, without a credential"),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Path(|path| format!("{path}?authbench=%ff&%zz=%&[=1"))])
                .called("a query that does not decode, without a credential"),
            send(Who::Good, On::Protected)
                .with(&[Alter::Path(|path| behind(path, "%ff"))])
                .called("a path that is no UTF-8, with the good credential"),
            send(Who::Good, On::Protected)
                .with(&[Alter::Path(|path| behind(path, "%zz"))])
                .called("a path that is no percent-encoding, with the good credential"),
            send(Who::Good, On::Protected)
                .with(&[Alter::Path(|path| behind(path, "%00"))])
                .called("a path with NUL, with the good credential"),
            send(Who::Good, On::Protected)
                .with(&[Alter::Path(|path| format!("{path}?authbench=%ff&%zz=%&[=1"))])
                .called("a query that does not decode, with the good credential"),
        ],
        expect: never_broken,
        fault: "breaks-on-undecodable-path",
        ..PLAIN
    },
    Check {
        id: "common.malformed-field-never-5xx",
        title: "A header field that does not parse is answered without a server error",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 9110 §15.5.1", "RFC 9110 §5.5", "ASVS 16.5.3"],
        doc: Doc {
            sends: "The protected request without and with the good credential, each time with one field that does not parse: Accept, Accept-Language, Accept-Encoding, Content-Type (no media type, and a charset that does not exist), Cookie, Range, If-Modified-Since, If-None-Match, Origin, Referer, X-Forwarded-For, X-Forwarded-Port, Forwarded; and with X-Forwarded-For and Client-IP of two clients.",
            matters: "Whoever can send a request can send such a field: a server that breaks on it before it authenticates lets everybody fill its logs, and its error page often shows code.",
            fix: "Ignore a field that does not parse, or answer 400 (406, 415, 416).",
        },
        steps: &[
            send(Who::Good, On::Protected).granted(),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Replaced("Accept", Fill::Text("authbench"))])
                .called("Accept that is no media type, without a credential"),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Header("Accept-Language", Fill::Text("authbench-x;q=x"))])
                .called("Accept-Language with a weight that is no number, without a credential"),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Header("Accept-Encoding", Fill::Text("gzip;q=x"))])
                .called("Accept-Encoding with a weight that is no number, without a credential"),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Replaced("Content-Type", Fill::Text("authbench"))])
                .called("Content-Type that is no media type, without a credential"),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Replaced("Content-Type", Fill::Text("application/json; charset=authbench"))])
                .called("Content-Type with a charset that does not exist, without a credential"),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Header("Cookie", Fill::Text("=; authbench=\"%zz"))])
                .called("Cookie without a name and with a quote that does not end, without a credential"),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Header("Range", Fill::Text("bytes=authbench"))])
                .called("Range without a number, without a credential"),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Header("If-Modified-Since", Fill::Text("authbench"))])
                .called("If-Modified-Since that is no date, without a credential"),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Header("If-None-Match", Fill::Text("\"authbench"))])
                .called("If-None-Match with a quote that does not end, without a credential"),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Header("Origin", Fill::Text("http://[authbench"))])
                .called("Origin that is no origin, without a credential"),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Header("Referer", Fill::Text("http://[authbench"))])
                .called("Referer that is no address, without a credential"),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Header("X-Forwarded-For", Fill::Text("authbench"))])
                .called("X-Forwarded-For that is no address, without a credential"),
            send(Who::Anonymous, On::Protected)
                .with(&[
                    Alter::Header("X-Forwarded-For", Fill::Text("192.0.2.1")),
                    Alter::Header("Client-IP", Fill::Text("192.0.2.2")),
                ])
                .called("X-Forwarded-For and Client-IP of two clients, without a credential"),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Header("X-Forwarded-Port", Fill::Text("authbench"))])
                .called("X-Forwarded-Port that is no number, without a credential"),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Header("Forwarded", Fill::Text("for=\"authbench"))])
                .called("Forwarded with a quote that does not end, without a credential"),
            send(Who::Good, On::Protected)
                .with(&[Alter::Replaced("Accept", Fill::Text("authbench"))])
                .called("Accept that is no media type, with the good credential"),
            send(Who::Good, On::Protected)
                .with(&[Alter::Header("Accept-Language", Fill::Text("authbench-x;q=x"))])
                .called("Accept-Language with a weight that is no number, with the good credential"),
            send(Who::Good, On::Protected)
                .with(&[Alter::Header("Accept-Encoding", Fill::Text("gzip;q=x"))])
                .called("Accept-Encoding with a weight that is no number, with the good credential"),
            send(Who::Good, On::Protected)
                .with(&[Alter::Replaced("Content-Type", Fill::Text("authbench"))])
                .called("Content-Type that is no media type, with the good credential"),
            send(Who::Good, On::Protected)
                .with(&[Alter::Replaced("Content-Type", Fill::Text("application/json; charset=authbench"))])
                .called("Content-Type with a charset that does not exist, with the good credential"),
            send(Who::Good, On::Protected)
                .with(&[Alter::Header("Cookie", Fill::Text("=; authbench=\"%zz"))])
                .called("Cookie without a name and with a quote that does not end, with the good credential"),
            send(Who::Good, On::Protected)
                .with(&[Alter::Header("Range", Fill::Text("bytes=authbench"))])
                .called("Range without a number, with the good credential"),
            send(Who::Good, On::Protected)
                .with(&[Alter::Header("If-Modified-Since", Fill::Text("authbench"))])
                .called("If-Modified-Since that is no date, with the good credential"),
            send(Who::Good, On::Protected)
                .with(&[Alter::Header("If-None-Match", Fill::Text("\"authbench"))])
                .called("If-None-Match with a quote that does not end, with the good credential"),
            send(Who::Good, On::Protected)
                .with(&[Alter::Header("Origin", Fill::Text("http://[authbench"))])
                .called("Origin that is no origin, with the good credential"),
            send(Who::Good, On::Protected)
                .with(&[Alter::Header("Referer", Fill::Text("http://[authbench"))])
                .called("Referer that is no address, with the good credential"),
            send(Who::Good, On::Protected)
                .with(&[Alter::Header("X-Forwarded-For", Fill::Text("authbench"))])
                .called("X-Forwarded-For that is no address, with the good credential"),
            send(Who::Good, On::Protected)
                .with(&[
                    Alter::Header("X-Forwarded-For", Fill::Text("192.0.2.1")),
                    Alter::Header("Client-IP", Fill::Text("192.0.2.2")),
                ])
                .called("X-Forwarded-For and Client-IP of two clients, with the good credential"),
            send(Who::Good, On::Protected)
                .with(&[Alter::Header("X-Forwarded-Port", Fill::Text("authbench"))])
                .called("X-Forwarded-Port that is no number, with the good credential"),
            send(Who::Good, On::Protected)
                .with(&[Alter::Header("Forwarded", Fill::Text("for=\"authbench"))])
                .called("Forwarded with a quote that does not end, with the good credential"),
        ],
        expect: never_broken,
        fault: "breaks-on-odd-weight",
        ..PLAIN
    },
];

/// A path with one more segment.
fn behind(path: &str, segment: &str) -> String {
    format!("{}/{segment}", path.trim_end_matches('/'))
}

/// No answer is a server error that comes again. What is not implemented may be said so.
pub(crate) fn never_broken(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, seen) in case.lenient() {
        if let Some(status @ 500..) = seen.exchange.status().filter(|status| *status != 501) {
            let text = case.about(index, format_args!("answered with {status}"));
            match seen.reproduced {
                true => judgement.deviates(index, text, "an answer below 500, such as 400 or 404"),
                false => judgement.leaves_open(format!("{}: {status}, and not again", seen.description)),
            }
        }
    }
    judgement
}
