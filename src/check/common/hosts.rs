//! What the target makes of the host that a request names (RFC 9110 §7.2).

use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Alter, FOREIGN_HOST as FOREIGN, Fill, ForeignHost, On, SessionAct, Step, Who, login, send};
use crate::check::{Check, Doc, Explanation, PLAIN, Severity, Tier};
use crate::observe::{Observation, Response, Silence};

pub(crate) const CHECKS: &[Check] = &[Check {
    id: "common.foreign-host-not-reflected",
    title: "The target makes no links to a host that a client names",
    severity: Severity::Low,
    tier: Tier::Extended,
    sources: &["WSTG-INPV-17", "RFC 9110 §7.2", "CWE-644"],
    doc: Doc {
        sends: "Each protected resource without the credential (at most 16), those that checks use with it, the public ones (at most 5), and the writes with the credential where the target is owned (at most 8, of those that can be sent again), with a foreign host in Host, also where the path names nothing, ends with a slash or loses the one that it has, with one in X-Forwarded-Host, Forwarded and X-Forwarded-Server, and with one in X-Forwarded-Prefix and X-Script-Name.",
        matters: "Links to a host that the client names end in caches, in redirects and in mails, and lead others to an attacker.",
        fix: "Answer 421 or 400 to hosts that are not yours, build links from a configured address, and believe forwarding fields only from your proxy.",
    },
    steps: &[
        send(Who::Good, On::Protected).granted(),
        ASKED,
        // what a write has made is often named by a link
        send(Who::Good, On::EachUsedOrWritten)
            .with(&[Alter::Replaced("Host", Fill::Text(FOREIGN))])
            .called("a foreign Host"),
        // whoever has no credential is often redirected to the login
        send(Who::Anonymous, On::EachRoute)
            .with(&[Alter::Replaced("Host", Fill::Text(FOREIGN))])
            .called("a foreign Host, without a credential"),
        send(Who::Anonymous, On::Protected)
            .with(&[
                Alter::Path(|path| format!("{}/authbench-absent", path.trim_end_matches('/'))),
                Alter::Replaced("Host", Fill::Text(FOREIGN)),
            ])
            .called("a foreign Host, and a path that does not exist"),
        // routers and file servers redirect to the spelling of an address that they have
        send(Who::Good, On::EachRead)
            .with(&[Alter::Path(with_other_end), Alter::Replaced("Host", Fill::Text(FOREIGN))])
            .called("a foreign Host, and the path with another end"),
        send(Who::Anonymous, On::EachPublic)
            .with(&[Alter::Replaced("Host", Fill::Text(FOREIGN))])
            .called("a foreign Host, to a public resource")
            .if_given(),
        send(Who::Anonymous, On::EachPublic)
            .with(&[Alter::Path(with_other_end), Alter::Replaced("Host", Fill::Text(FOREIGN))])
            .called("a foreign Host, to a public resource whose path has another end")
            .if_given(),
        send(Who::Anonymous, On::EachPublic)
            .with(FORWARDED)
            .called("a foreign host in forwarding fields, to a public resource")
            .if_given(),
        send(Who::Good, On::EachUsedOrWritten).with(FORWARDED).called("a foreign host in forwarding fields"),
        send(Who::Anonymous, On::EachRoute)
            .with(FORWARDED)
            .called("a foreign host in forwarding fields, without a credential"),
        // what stands before each path that a server writes
        send(Who::Good, On::Protected).with(PREFIX).called("a foreign host in fields of a path prefix"),
        send(Who::Anonymous, On::Protected)
            .with(PREFIX)
            .called("a foreign host in fields of a path prefix, without a credential"),
    ],
    expect: not_reflected,
    fault: "links-to-host",
    ..PLAIN
}];

/// The same of logins.
pub(crate) const LOGIN: &[Check] = &[Check {
    id: "login.foreign-host-not-reflected",
    title: "A login makes no links to a host that a client names",
    severity: Severity::Low,
    tier: Tier::Extended,
    sources: &["WSTG-INPV-17", "RFC 9110 §7.2", "CWE-644"],
    doc: Doc {
        sends: "The login of the scenario as it is, with a foreign host in Host in each of its requests, and with one in X-Forwarded-Host, Forwarded and X-Forwarded-Server. Fields and bodies of all answers are read, such as Location and the addresses of forms. A login that is refused is right.",
        matters: "A redirect or a form that leads to a host of the client's choice ends in caches, and a mail with such a link gives a stranger what it was sent for, such as a new password.",
        fix: "Answer 421 or 400 to hosts that are not yours, redirect to paths or to a configured address, and believe forwarding fields only from your proxy.",
    },
    steps: &[
        login(SessionAct::LogIn("s")).granted().called("the login as it is"),
        login(SessionAct::NamingHost(ForeignHost::Host)),
        login(SessionAct::NamingHost(ForeignHost::Forwarded)),
    ],
    expect: not_reflected,
    fault: "login-redirects-to-host",
    ..PLAIN
}];

/// A foreign host in the fields by which proxies name the one that a client asked for (RFC 7239 §5.3).
const FORWARDED: &[Alter] = &[
    Alter::Replaced("X-Forwarded-Host", Fill::Text(FOREIGN)),
    Alter::Header("X-Forwarded-Server", Fill::Text(FOREIGN)),
    Alter::Header("Forwarded", Fill::Text("host=authbench.invalid")),
];

/// A prefix of paths that is the address of a host (RFC 3986 §4.2).
const PREFIX: &[Alter] = &[
    Alter::Header("X-Forwarded-Prefix", Fill::Text("//authbench.invalid")),
    Alter::Header("X-Script-Name", Fill::Text("//authbench.invalid")),
];

/// The path with a slash behind it, or without the one that it has.
fn with_other_end(path: &str) -> String {
    match path.strip_suffix('/') {
        None => format!("{path}/"),
        Some("") => path.to_owned(),
        Some(rest) => rest.to_owned(),
    }
}

/// The request without a credential as it is: what its answer says anyway is not what a host made of it.
const ASKED: Step = send(Who::Anonymous, On::Protected).called("the request without a credential");

fn not_reflected(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        match seen.exchange.response().and_then(linked) {
            Some(place) => {
                let text = case.about(index, format_args!("{place} links to that host"));
                let expected = "links to hosts of its own";
                judgement.deviates_by(Explanation::ForeignHost, index, text, expected);
            }
            // a foreign host may be refused with any status, or by a closed connection: what counts is the link
            None if is_altered(case.step_of(seen)) && refuses(seen) => {}
            None => case.judge(index, &mut judgement),
        }
    }
    judgement
}

fn is_altered(step: &Step) -> bool {
    match step {
        Step::Send(send) => !send.alter.is_empty(),
        Step::Session(session) => matches!(session.act, SessionAct::NamingHost(_)),
        _ => false,
    }
}

fn refuses(seen: &Observation) -> bool {
    match &seen.exchange.answer {
        Ok(response) => response.status < 500,
        Err(silence) => *silence == Silence::Closed,
    }
}

/// Where an answer has an address at the foreign host. That it names the host, as in an error, is no link.
pub(crate) fn linked(response: &Response) -> Option<String> {
    let domains = [format!("domain={FOREIGN}"), format!("domain=.{FOREIGN}")];
    for (name, value) in &response.headers {
        let value = String::from_utf8_lossy(value).to_ascii_lowercase();
        let in_cookie = name.eq_ignore_ascii_case("set-cookie") && domains.iter().any(|domain| value.contains(domain));
        if in_cookie || links(&value).next().is_some() {
            return Some(format!("the field {}", name.to_ascii_lowercase()));
        }
    }
    links_in_body(response).then(|| "the body".to_owned())
}

/// Where a text has addresses at the foreign host, or at a part of that domain which a server makes of it.
fn links(text: &str) -> impl Iterator<Item = usize> {
    let is_foreign = |at: &usize| {
        let rest = &text[at + 2..];
        let authority = &rest[..rest.find(['/', '?', '#', '"', '\'', '<', '>', ' ', '\\', ')']).unwrap_or(rest.len())];
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        // a field that is repeated as it came is no address (RFC 3986 §4.2)
        let is_whole = text[..*at].ends_with(':') || rest[authority.len()..].starts_with(['/', '?', '#']);
        host.ends_with(FOREIGN) && is_whole
    };
    text.match_indices("//").map(|(at, _)| at).filter(is_foreign)
}

/// Whether a body links to an address. A page does so in its attributes, and other bodies in their values: what is shown as text,
/// such as the address that was asked for in an error, leads nobody there.
fn links_in_body(response: &Response) -> bool {
    let body = String::from_utf8_lossy(&response.body).to_ascii_lowercase();
    let is_page = response.header("content-type").is_some_and(|media| media.to_ascii_lowercase().contains("html"));
    links(&body).any(|at| {
        let before = body[..at].trim_end_matches(':').trim_end_matches(|c: char| c.is_ascii_alphanumeric());
        let unquoted = before.strip_suffix(['"', '\'']).unwrap_or(before);
        match is_page {
            // an attribute, the address of a `refresh`, or one in a style sheet
            true => unquoted.ends_with(['=', '(']),
            // in the middle of a sentence it is no value
            false => !before.ends_with(' ') || before.ends_with(": "),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_linked(media: &str, body: &str) -> bool {
        let headers = vec![("content-type".to_owned(), media.as_bytes().to_vec())];
        let answer = Response { status: 401, headers, body: body.as_bytes().to_vec(), truncated: false };
        linked(&answer).is_some()
    }

    #[test]
    fn a_page_links_in_attributes_and_not_in_its_text() {
        for page in [
            r#"<a href="http://authbench.invalid/x">"#,
            "<form action='//authbench.invalid/login'>",
            "<script src=https://AUTHBENCH.invalid/a.js>",
            r#"<meta http-equiv="refresh" content="0; url=http://authbench.invalid/">"#,
            "<style>a { background: url(//authbench.invalid/a.png) }</style>",
        ] {
            assert!(is_linked("text/html; charset=utf-8", page), "{page}");
        }
        for page in [
            "<p>the address <tt>'http://authbench.invalid/x'</tt> needs a login</p>",
            "<p>http://authbench.invalid/x</p>",
            "<p>authbench.invalid</p>",
        ] {
            assert!(!is_linked("text/html", page), "{page}");
        }
        assert!(is_linked("application/json", r#"{"self":"http://authbench.invalid/orders"}"#));
        assert!(is_linked("application/json", r#"{"self":"http://.authbench.invalid:8441"}"#));
        assert!(!is_linked("application/json", r#"{"self":"http://example.test/?at=authbench.invalid"}"#));
        assert!(is_linked("application/yaml", "self: http://authbench.invalid/orders"));
        assert!(!is_linked("application/json", r#"{"host":"authbench.invalid"}"#));
        assert!(!is_linked("application/json", r#"{"error":"no route for [GET] http://authbench.invalid/x"}"#));
    }
}
