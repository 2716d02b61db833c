//! What the header fields of answers give away, and to whom.

use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{On, Who, forged, send};
use crate::check::{Check, Doc, Level, PLAIN, Severity, Tier};
use crate::observe::{Outcome, StepId};

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "common.version-not-named",
        title: "Answers do not name the version of the server",
        level: Level::Should,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 9110 §10.2.4", "ASVS 13.4.6", "WSTG-INFO-02"],
        doc: Doc {
            sends: "Requests without and with an unknown credential; of the answers, Server, X-Powered-By and fields of the form X-…-Version are read. A name with a version of several numbers counts; a version of the API does not.",
            matters: "Whoever looks for servers with a known vulnerability finds them by their version.",
            fix: "Send the name of the product alone, or no such field.",
        },
        steps: &[
            send(Who::Good, On::Protected).granted(),
            send(Who::Anonymous, On::Protected).id(ANONYMOUS),
            send(forged("unknown"), On::Protected).id(UNKNOWN),
        ],
        expect: unversioned,
        fault: "names-its-version",
        ..PLAIN
    },
    Check {
        id: "common.single-fields-once",
        title: "An answer has each field once that has one value",
        level: Level::Must,
        severity: Severity::Info,
        tier: Tier::Extended,
        sources: &["RFC 9110 §5.3"],
        doc: Doc {
            sends: "The good request, and requests without and with an unknown credential; of the answers, Access-Control-Allow-Origin, Age, Content-Length, Content-Location, Content-Type, Date, ETag, Expires, Last-Modified, Location, Retry-After and Server are counted.",
            matters: "Of two values one recipient takes the first and another the last; where they differ, a proxy and a client act on different answers.",
            fix: "Replace such a field where it is set a second time, instead of adding a line.",
        },
        steps: &[
            send(Who::Good, On::Protected).granted(),
            send(Who::Anonymous, On::Protected),
            send(forged("unknown"), On::Protected),
        ],
        expect: once,
        fault: "two-server-lines",
        ..PLAIN
    },
    Check {
        id: "common.answer-cookie-guarded",
        title: "A cookie that opens a protected resource has the attributes of a session cookie",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["ASVS 3.3.1", "ASVS 3.3.2", "ASVS 3.3.4", "RFC 6265 §4.1.2.5", "RFC 6265 §4.1.2.6", "CWE-1275"],
        doc: Doc {
            sends: "The good request; then each cookie that its answer sets (at most 4) by itself, without any other credential. The attributes of one that opens the resource are read.",
            matters: "A cookie that comes with a token makes browsers send a credential by themselves, also for pages of other sites.",
            fix: "Set no cookie where the request had a token; else set it with HttpOnly, with SameSite=Lax or Strict, and over TLS with Secure.",
        },
        steps: &[
            send(Who::Good, On::Protected).granted().called("the good request"),
            send(Who::AnswerCookies, On::Protected).id(COOKIE).called("a cookie of that answer, and nothing else"),
        ],
        expect: guarded,
        fault: "remembers-by-bare-cookie",
        ..PLAIN
    },
];

const ANONYMOUS: StepId = StepId::new("anonymous");
const UNKNOWN: StepId = StepId::new("unknown");
const COOKIE: StepId = StepId::new("cookie");

/// RFC 9110 §10.2.4: no needlessly fine-grained detail.
fn unversioned(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let refusals = [ANONYMOUS, UNKNOWN].into_iter().flat_map(|step| case.answers_of(step));
    for (index, response) in refusals {
        let mut fields = response.headers.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value)));
        if let Some((name, value)) = fields.find(|(name, value)| names_a_version(name, value)) {
            let text = case.about(index, format_args!("{name}: {value}"));
            judgement.deviates(index, text, "no version");
        }
    }
    judgement
}

/// Fields whose value is no list (RFC 9110 §6.6.1, §8.3, §8.6, §8.7, §8.8, §10.2, RFC 9111 §5.1, §5.3, Fetch).
const SINGLE: [&str; 12] = [
    "access-control-allow-origin",
    "age",
    "content-length",
    "content-location",
    "content-type",
    "date",
    "etag",
    "expires",
    "last-modified",
    "location",
    "retry-after",
    "server",
];

/// RFC 9110 §5.3: no two lines with the name of a field whose value is no list.
fn once(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let mut told = Vec::new();
    for (index, response) in case.all_answers() {
        for name in SINGLE.into_iter().filter(|name| response.header_values(name).count() > 1) {
            if !told.contains(&name) {
                told.push(name);
                let text = case.about(index, format_args!("{} lines of {name}", response.header_values(name).count()));
                judgement.deviates(index, text, "one line");
            }
        }
    }
    judgement
}

/// Whether a field names the version of what serves.
fn names_a_version(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_version = |text: &str| {
        let number = text.trim_start_matches(['v', 'V', 'r', 'R']);
        number.starts_with(|c: char| c.is_ascii_digit()) && number.contains('.')
    };
    // a version behind its product, such as `monit 5.33.0` and `Jetty(9.4.57.v20241219)`
    let is_number = |word: &str| {
        let parts = word.split('.');
        let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        parts.clone().count() > 1 && parts.take(2).all(is_digits)
    };
    match name.as_str() {
        "server" | "x-powered-by" => value
            .split([' ', ',', '(', ')', ';'])
            .any(|word| word.split_once('/').map_or_else(|| is_number(word), |(_, it)| is_version(it))),
        name => {
            let of_api = name.contains("api") || name.contains("schema");
            name.starts_with("x-") && name.ends_with("-version") && !of_api && is_version(value.trim())
        }
    }
}

/// What a browser sends by itself is a session, whatever it is called.
fn guarded(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, seen) in case.observations_of(COOKIE).filter(|(_, seen)| seen.outcome == Outcome::Granted) {
        let name = seen.exchange.request.cookie_name();
        let mut lines = case.all_answers().flat_map(|(_, answer)| answer.header_values("set-cookie"));
        let Some(line) = lines.find(|line| line.split('=').next().map(str::trim) == Some(&*name)) else {
            continue;
        };
        let named = |wanted: &str| {
            let mut attributes = line.split(';').skip(1).filter_map(|attribute| attribute.split('=').next());
            attributes.any(|attribute| attribute.trim().eq_ignore_ascii_case(wanted))
        };
        let wanted: &[&str] =
            if case.evidence.over_tls { &["HttpOnly", "SameSite", "Secure"] } else { &["HttpOnly", "SameSite"] };
        let missing: Vec<&str> = wanted.iter().copied().filter(|attribute| !named(attribute)).collect();
        if missing.is_empty() {
            judgement.remarks.push(format!("the cookie {name} opens the resource by itself"));
            if line.split(';').skip(1).any(|one| one.trim().eq_ignore_ascii_case("samesite=none")) {
                judgement.remarks.push("it has SameSite=None: requests of every site carry it".to_owned());
            }
        } else {
            let text =
                format!("the cookie {name} opens the resource by itself, and is set without {}", missing.join(" and "));
            judgement.deviates(index, text, wanted.join(", "));
        }
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Request, Response, Silence};

    fn seen(step: usize, cookie: Option<&str>, set: &[&str], outcome: Outcome) -> Observation {
        let headers = set.iter().map(|line| ("Set-Cookie".to_owned(), line.as_bytes().to_vec())).collect();
        let status = if outcome == Outcome::Granted { 200 } else { 401 };
        let request = Request::new("GET", "/");
        let request = cookie.map_or(request.clone(), |cookie| request.credential_header("Cookie", cookie));
        let response = Response { status, headers, body: Vec::new(), truncated: false };
        let exchange = Exchange { answer: Ok(response), ..Exchange::unanswered(request, Silence::Closed) };
        Observation::in_test(step, exchange, outcome)
    }

    #[test]
    fn a_cookie_is_judged_where_it_opens_the_resource_by_itself() {
        let check = crate::check::find("common.answer-cookie-guarded").expect("is there");
        let profile = Effective::of([], "api-key");
        for (line, opens, over_tls, missing) in [
            ("who=1; Path=/", Outcome::Granted, false, Some("HttpOnly and SameSite")),
            ("who=1; HttpOnly; samesite=Lax", Outcome::Granted, false, None),
            ("who=1; HttpOnly; SameSite=Lax", Outcome::Granted, true, Some("Secure")),
            ("who=1; Path=/", Outcome::Refused, false, None),
        ] {
            let mut evidence = Evidence { over_tls, ..Evidence::default() };
            evidence.observe(seen(0, None, &["theme=dark", line], Outcome::Granted));
            evidence.observe(seen(1, Some("theme=dark"), &[], Outcome::Refused));
            evidence.observe(seen(1, Some("who=1"), &[], opens));
            let judgement = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let found: Vec<&str> = judgement.protocol.iter().map(|one| one.text.as_str()).collect();
            match missing {
                Some(missing) => assert!(found.len() == 1 && found[0].ends_with(missing), "{line}: {found:?}"),
                None => assert!(found.is_empty(), "{line}: {found:?}"),
            }
        }
    }

    #[test]
    fn versions_of_servers_are_told_from_versions_of_apis() {
        for (name, value, expected) in [
            ("Server", "monit 5.33.0", true),
            ("Server", "Jetty(9.4.57.v20241219)", true),
            ("Server", "Icinga/r2.13.6-1", true),
            ("Server", "level 2", false),
            ("Server", "TornadoServer/6.6.1", true),
            ("server", "Apache/2.4.62 (Debian) mod_ssl", true),
            ("Server", "Werkzeug/3.1 Python/3.11.2", true),
            ("X-Powered-By", "PHP/8.2.1", true),
            ("X-Influxdb-Version", "1.6.7~rc0", true),
            ("Server", "nginx", false),
            ("Server", "HTTP/2", false),
            ("X-Powered-By", "Express", false),
            ("X-API-Version", "2.1", false),
            ("X-Acme-Version", "3", false),
            ("Sec-Version", "1.2", false),
        ] {
            assert_eq!(names_a_version(name, value), expected, "{name}: {value}");
        }
    }
}
