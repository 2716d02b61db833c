//! Requests of which a part does not parse: addresses and header fields.

use crate::check::judgement::silence::{ENDED, ends_a_process};
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Alter, Fill, On, Step, Want, Who, send};
use crate::check::{Check, Doc, PLAIN, Severity, Tier};
use crate::observe::Observation;

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "common.malformed-target-never-5xx",
        title: "An address that does not decode is answered without a server error",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 9110 §15.5.1", "RFC 3986 §2.1", "ASVS 16.5.3"],
        doc: Doc {
            sends: "The protected request without and with the good credential, with an unknown segment behind its path, and one that is no UTF-8 (`%ff`), no percent-encoding (`%zz`), NUL (`%00`), a parameter alone (`;authbench`) or 2,100 characters long; with a target that does not parse (`http://[::` and `//[`, addresses of IPv6 that are not closed, `/%zz`, and `*`, which is for OPTIONS alone); with an unknown segment in place of the last one, `%ff`, `%00` and a number of twenty digits; and with a query that is no UTF-8, no percent-encoding, NUL, with a bracket that is not closed, no UTF-8 with such a bracket, that gives one parameter as a text and as an object, or nests one six hundred deep. The unknown segment, `%ff` and `%00` behind the path and in place of its last segment, and the number there, also at each resource that is read by GET, or by another method where none is (at most 16). There each parameter of the query that the scenario has (at most 6) is also a word, an array (`page[]=1`), an object (`page[a]=1`), given twice, a number of 23 digits, 1e400, empty, -1, NUL and no UTF-8, and each number in the path is one of 23 digits, with the good credential. The request without a credential and with none of that is sent as well: where it is a server error, nothing malformed is blamed.",
            matters: "Whoever can send a request can send such an address: a server that breaks on it before it authenticates lets everybody fill its logs and keep its workers busy, and its error page often shows code.",
            fix: "Answer 400 or 404 to an address that does not decode.",
        },
        steps: &AT_TARGETS,
        expect: targets_never_broken,
        fault: "breaks-on-undecodable-path",
        ..PLAIN
    },
    Check {
        id: "common.malformed-field-never-5xx",
        title: "A header field that does not parse is answered without a server error",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 9110 §15.5.1", "RFC 9110 §5.5", "RFC 9112 §6.3", "ASVS 16.5.3"],
        doc: Doc {
            sends: "The protected request without and with the good credential, each time with one field that does not parse (Referer and Origin, and a Content-Type that is no media type, also at each write, without a credential): Accept, Accept-Language, Accept-Encoding, Content-Type (no media type, and a charset that does not exist), Cookie, Range, If-Modified-Since, If-None-Match, Origin, Referer, X-Forwarded-For, X-Forwarded-Port, Forwarded, Host, Content-Length, and one with bytes outside ASCII; and with X-Forwarded-For and Client-IP of two clients. The request without a credential and without such a field is sent as well, to each write too: where it is a server error, no field is blamed.",
            matters: "Whoever can send a request can send such a field: a server that breaks on it before it authenticates lets everybody fill its logs, and its error page often shows code.",
            fix: "Ignore a field that does not parse, or answer 400 (406, 415, 416); closing the connection without an answer tells nobody why.",
        },
        steps: &and_each::<38, 3, 42>(without_and_with(FIELDS), Who::Anonymous, On::EachWrite, OF_WRITES),
        expect: never_broken,
        fault: "breaks-on-odd-weight",
        ..PLAIN
    },
    Check {
        id: "common.malformed-forwarded-never-5xx",
        title: "A forwarding field that names no scheme and no host is answered without a server error",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 9110 §15.5.1", "RFC 7239 §4", "ASVS 16.5.3"],
        doc: Doc {
            sends: "The protected request without and with the good credential, and each public resource (at most 5), each time with one field that a proxy sets and that holds what it does not have: X-Forwarded-Proto and the proto of Forwarded with `javascript`, `a b` and `[`, X-Forwarded-Host and the host of Forwarded with `a b`, `[` and `javascript:`, and X-Forwarded-Host with an address of IPv6 that is not closed (`[::`) and a port that is no number (`a:x`). The request without a credential and without such a field is sent as well, to each public resource too: where it is a server error, no field is blamed.",
            matters: "Frameworks make an address of these fields for links and redirects: one that breaks on an address that does not parse lets everybody fill its logs, where no proxy replaces them.",
            fix: "Believe forwarding fields only from your proxy, and ignore values that are no scheme and no host.",
        },
        steps: &and_each::<30, 14, 45>(without_and_with(FORWARDED), Who::Anonymous, On::EachPublic, FORWARDED),
        expect: never_broken,
        fault: "breaks-on-odd-forwarded-scheme",
        ..PLAIN
    },
];

/// An unknown segment, which decodes.
const UNKNOWN: &str = "authbench";

/// Addresses that do not decode, and one that does.
const TARGETS: [&[Alter]; 21] = [
    &[Alter::Path(|path| behind(path, UNKNOWN))],
    &[Alter::Path(|path| behind(path, "%ff"))],
    &[Alter::Path(|path| behind(path, "%zz"))],
    &[Alter::Path(|path| behind(path, "%00"))],
    &[Alter::Path(|path| behind(path, ";authbench"))],
    &[Alter::Path(|path| behind(path, &"a".repeat(2_100)))],
    &[Alter::Path(|path| asked(path, "authbench=%ff"))],
    &[Alter::Path(|path| asked(path, "authbench=%zz&%=1"))],
    &[Alter::Path(|path| asked(path, "authbench=%00"))],
    &[Alter::Path(|path| asked(path, "authbench[=1&[]=2&]=3"))],
    &[Alter::Path(|path| asked(path, "authbench=1&authbench[a]=2&authbench[]=3"))],
    &[Alter::Path(|path| asked(path, "authbench=%ff&[=1"))],
    &[Alter::Path(|path| in_place(path, UNKNOWN))],
    &[Alter::Path(|path| in_place(path, "%ff"))],
    &[Alter::Path(|path| in_place(path, "%00"))],
    &[Alter::Path(|path| in_place(path, "99999999999999999999"))],
    &[Alter::Path(|path| asked(path, &format!("authbench{}=1", "[a]".repeat(600))))],
    // RFC 3986 §3.2.2: an IP literal ends with its bracket
    &[Alter::Path(|_| "http://[::".to_owned())],
    &[Alter::Path(|_| "//[".to_owned())],
    &[Alter::Target(Fill::Text("/%zz"))],
    // RFC 9112 §3.2.4
    &[Alter::Path(|_| "*".to_owned())],
];

/// Fields that do not parse, and two that name two clients.
const FIELDS: [&[Alter]; 18] = [
    &[Alter::Replaced("Accept", Fill::Text("authbench"))],
    &[Alter::Replaced("Accept-Language", Fill::Text("authbench-x;q=x"))],
    &[Alter::Replaced("Accept-Encoding", Fill::Text("gzip;q=x"))],
    &[Alter::Replaced("Content-Type", Fill::Text("authbench"))],
    &[Alter::Replaced("Content-Type", Fill::Text("application/json; charset=authbench"))],
    &[Alter::Header("Cookie", Fill::Text("=; authbench=\"%zz"))],
    &[Alter::Replaced("Range", Fill::Text("bytes=authbench"))],
    &[Alter::Replaced("If-Modified-Since", Fill::Text("authbench"))],
    &[Alter::Replaced("If-None-Match", Fill::Text("\"authbench"))],
    &[Alter::Replaced("Origin", Fill::Text("http://[authbench"))],
    &[Alter::Replaced("Referer", Fill::Text("http://[authbench"))],
    &[Alter::Header("X-Forwarded-For", Fill::Text("authbench"))],
    &[Alter::Header("X-Forwarded-For", Fill::Text("192.0.2.1")), Alter::Header("Client-IP", Fill::Text("192.0.2.2"))],
    &[Alter::Replaced("X-Forwarded-Port", Fill::Text("authbench"))],
    &[Alter::Header("Forwarded", Fill::Text("for=\"authbench"))],
    &[Alter::Header("X-Authbench", Fill::Text("schl\u{fc}ssel"))],
    &[Alter::Replaced("Host", Fill::Text("[authbench"))],
    &[Alter::Replaced("Content-Length", Fill::Text("authbench"))],
];

/// Fields of proxies with what is no scheme and no host (RFC 7239 §5.3, §5.4).
const FORWARDED: [&[Alter]; 14] = [
    &[Alter::Replaced("X-Forwarded-Proto", Fill::Text("javascript"))],
    &[Alter::Replaced("X-Forwarded-Proto", Fill::Text("a b"))],
    &[Alter::Replaced("X-Forwarded-Proto", Fill::Text("["))],
    &[Alter::Replaced("X-Forwarded-Host", Fill::Text("a b"))],
    &[Alter::Replaced("X-Forwarded-Host", Fill::Text("["))],
    &[Alter::Replaced("X-Forwarded-Host", Fill::Text("javascript:"))],
    &[Alter::Replaced("X-Forwarded-Host", Fill::Text("[::"))],
    &[Alter::Replaced("X-Forwarded-Host", Fill::Text("a:x"))],
    &[Alter::Header("Forwarded", Fill::Text("proto=javascript"))],
    &[Alter::Header("Forwarded", Fill::Text("proto=\"a b\""))],
    &[Alter::Header("Forwarded", Fill::Text("proto=\"[\""))],
    &[Alter::Header("Forwarded", Fill::Text("host=\"a b\""))],
    &[Alter::Header("Forwarded", Fill::Text("host=\"[\""))],
    &[Alter::Header("Forwarded", Fill::Text("host=\"javascript:\""))],
];

/// The good request, each change of it without and with the good credential, and the request without both.
const fn without_and_with<const CHANGES: usize, const STEPS: usize>(
    changes: [&'static [Alter]; CHANGES],
) -> [Step; STEPS] {
    assert!(STEPS == 2 + 2 * CHANGES);
    let mut steps = [send(Who::Good, On::Protected).granted(); STEPS];
    let mut at = 0;
    while at < CHANGES {
        steps[1 + at] = send(Who::Anonymous, On::Protected).with(changes[at]);
        steps[1 + CHANGES + at] = send(Who::Good, On::Protected).with(changes[at]);
        at += 1;
    }
    steps[STEPS - 1] = send(Who::Anonymous, On::Protected);
    steps
}

/// The good request, each target without and with the good credential, and the request without both.
const OF_ALL: usize = 2 + 2 * TARGETS.len();

/// The targets, some of them at each resource that is read.
static AT_TARGETS: [Step; OF_ALL + PARAMETERS.len() + 1] = {
    let mut steps = [send(Who::Good, On::EachRead).if_given(); OF_ALL + PARAMETERS.len() + 1];
    let of_all: [Step; OF_ALL] = without_and_with(TARGETS);
    let mut step = 0;
    while step < OF_ALL {
        steps[step] = of_all[step];
        step += 1;
    }
    while step < OF_ALL + PARAMETERS.len() {
        steps[step] = steps[step].with(&PARAMETERS[step - OF_ALL]);
        step += 1;
    }
    steps[step] = steps[step].with(&[Alter::Numbers(LONG_NUMBER)]);
    let each = [0, 1, 3, 12, 13, 14, 15];
    let mut at = 0;
    while at < each.len() {
        let change = each[at];
        steps[1 + TARGETS.len() + change] = send(Who::Good, On::EachRead).with(TARGETS[change]).if_given();
        at += 1;
    }
    steps
};

/// A number that fits no integer of a machine.
const LONG_NUMBER: &str = "99999999999999999999999";

/// The values that a parameter of a query has, beside those that the scenario has for it.
const VALUES: [fn(&str, &str) -> String; 10] = [
    |name, _| format!("{name}=authbench"),
    |name, value| format!("{name}[]={value}"),
    |name, value| format!("{name}[a]={value}"),
    |name, _| format!("{name}={LONG_NUMBER}"),
    |name, _| format!("{name}="),
    |name, _| format!("{name}=-1"),
    |name, _| format!("{name}=%00"),
    |name, value| format!("{name}={value}&{name}={value}"),
    |name, _| format!("{name}=%ff"),
    // beyond what a floating-point number holds
    |name, _| format!("{name}=1e400"),
];

/// Each of the first six parameters with each of these.
static PARAMETERS: [[Alter; 1]; 6 * VALUES.len()] = {
    let mut all = [[Alter::Parameter(0, VALUES[0])]; 6 * VALUES.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = [Alter::Parameter(at / VALUES.len(), VALUES[at % VALUES.len()])];
        at += 1;
    }
    all
};

/// Fields that servers look at where something is written.
const OF_WRITES: [&[Alter]; 3] = [FIELDS[9], FIELDS[10], FIELDS[3]];

/// The same steps, some of the changes at each resource of a kind, and the request there without any.
const fn and_each<const FIRST: usize, const CHANGES: usize, const STEPS: usize>(
    first: [Step; FIRST],
    who: Who,
    on: On,
    changes: [&'static [Alter]; CHANGES],
) -> [Step; STEPS] {
    assert!(STEPS == FIRST + CHANGES + 1);
    let mut steps = [send(who, on).if_given(); STEPS];
    let mut at = 0;
    while at + 1 < STEPS {
        steps[at] = if at < FIRST { first[at] } else { steps[at].with(changes[at - FIRST]) };
        at += 1;
    }
    steps
}

/// A path with one more segment.
fn behind(path: &str, segment: &str) -> String {
    format!("{}/{segment}", path.trim_end_matches('/'))
}

/// A path with another last segment.
fn in_place(path: &str, segment: &str) -> String {
    let parent = path.trim_end_matches('/').rsplit_once('/').map_or("", |(parent, _)| parent);
    format!("{parent}/{segment}")
}

/// A path with this query; that of the resource comes behind it.
fn asked(path: &str, query: &str) -> String {
    format!("{path}?{query}")
}

const EXPECTED: &str = "an answer below 500, such as 400 or 404";

/// The same as [`never_broken`]; where an unknown path breaks the server, how its segment is written does not matter.
fn targets_never_broken(case: &ObservedCheck<'_>) -> Judgement {
    let path_of = |seen: &Observation| {
        let target = String::from_utf8_lossy(&seen.exchange.request.target).into_owned();
        target.split('?').next().unwrap_or_default().to_owned()
    };
    let good = case.observations().next().map(|(_, seen)| path_of(seen)).unwrap_or_default();
    let is_breaking = |path: &str, like: &Observation| {
        let mut alike = case.lenient().filter(|(_, other)| other.credential == like.credential);
        alike.any(|(_, other)| path_of(other) == path && matches!(other.exchange.status(), Some(500..)))
    };
    never_broken_but(case, |seen| {
        let path = path_of(seen);
        // the path is that of a resource, and its own parameters are read there
        if is_of_parameter(case.step_of(seen)) {
            return false;
        }
        // what is no target may be no request either: whoever closes the connection refuses it
        if is_no_target(&path) && seen.exchange.status().is_none() {
            return true;
        }
        let unknown = path.rsplit_once('/').map(|(parent, _)| behind(parent, UNKNOWN)).unwrap_or_default();
        // an unknown path below the resource, and beside it, are two of one kind
        let below = behind(&good, UNKNOWN);
        path != good && path != below && (path != unknown && is_breaking(&unknown, seen) || is_breaking(&below, seen))
    })
}

/// Whether a step changes a parameter that the resource has.
fn is_of_parameter(step: &Step) -> bool {
    matches!(step, Step::Send(send) if matches!(send.alter, [Alter::Parameter(..)]))
}

/// Whether a target is neither the path of an address nor a whole address (RFC 9112 §3.2).
fn is_no_target(target: &str) -> bool {
    target.starts_with("//[") || !target.starts_with('/')
}

/// Why a 503 is no server error (RFC 9110 §15.6.4).
const BUSY: &str = "503, which says that the server is busy, and not what it makes of the request";

/// No answer is a server error that comes again. What is not implemented may be said so.
pub(crate) fn never_broken(case: &ObservedCheck<'_>) -> Judgement {
    never_broken_but(case, |_| false)
}

/// The same, of all answers but some.
pub(super) fn never_broken_but(case: &ObservedCheck<'_>, is_another: impl Fn(&Observation) -> bool) -> Judgement {
    let mut judgement = Judgement::default();
    let others_are_answered = case.lenient().any(|(_, seen)| seen.exchange.response().is_some());
    for (index, seen) in case.observations() {
        let is_lenient = matches!(case.step_of(seen).wanted(), Want::Either);
        if is_lenient && breaks_anyway(case, seen) {
            continue;
        }
        match seen.exchange.status() {
            None if is_lenient && others_are_answered && ends_a_process(seen) && is_another(seen) => {}
            None if is_lenient && others_are_answered && ends_a_process(seen) => {
                judgement.deviates(index, case.about(index, ENDED), EXPECTED);
            }
            // the answer to a host that is none of the server's (RFC 9110 §15.5.20)
            Some(421) if is_lenient => {}
            Some(status @ 500..) if is_lenient && status != 501 && !is_another(seen) => match seen.reproduced {
                true => judgement.deviates(index, case.about(index, format_args!("answered with {status}")), EXPECTED),
                false if status == 503 => judgement.leaves_open(format!("{}: {BUSY}", seen.description)),
                false => judgement.leaves_open(format!("{}: {status}, and not again", seen.description)),
            },
            _ => case.judge(index, &mut judgement),
        }
    }
    judgement
}

/// Whether the request without a credential and without anything malformed is a server error there: the fault of another check.
fn breaks_anyway(case: &ObservedCheck<'_>, seen: &Observation) -> bool {
    let is_plain = |other: &Observation| is_plain_request(case.step_of(other));
    let is_broken = |other: &Observation| matches!(other.exchange.status(), Some(500..));
    let mut others = case.lenient().filter(|(_, other)| other.credential.is_none() && other.place == seen.place);
    seen.credential.is_none() && others.any(|(_, other)| is_plain(other) && is_broken(other))
}

/// Whether a step is the request without a credential and without anything else: what has cookies that do not parse is none.
fn is_plain_request(step: &Step) -> bool {
    matches!(step, Step::Send(send) if send.who == Who::Anonymous && send.alter.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Outcome, Request, Response, Silence};

    #[test]
    fn what_is_malformed_is_not_to_blame_where_each_request_without_a_credential_breaks() {
        let check = crate::check::find("common.malformed-field-never-5xx").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let plain_at = check.steps.iter().position(is_plain_request);
        let plain_at = plain_at.expect("is sent");
        for (plain, malformed, found) in [
            (500, [500, 500, 400, 500, 500, 500], 0),
            (401, [500, 500, 400, 500, 500, 500], 5),
            // nothing is known of the plain request
            (0, [500, 500, 500, 500, 500, 500], 6),
        ] {
            let mut evidence = Evidence::default();
            let sent = std::iter::once(200).chain(malformed).enumerate().chain([(plain_at, plain)]);
            for (at, status) in sent.filter(|(_, status)| *status > 0) {
                let answer = Ok(Response { status, headers: Vec::new(), body: Vec::new(), truncated: false });
                let asked = Exchange::unanswered(Request::new("GET", "/orders"), Silence::Closed);
                let outcome = if at == 0 { Outcome::Granted } else { Outcome::Refused };
                let seen = Observation::in_test(at, Exchange { answer, ..asked }, outcome);
                evidence.observe(Observation { reproduced: true, ..seen });
            }
            let judgement = never_broken(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!(judgement.protocol.len(), found, "{plain} {malformed:?}");
        }
    }

    #[test]
    fn cookies_that_do_not_parse_make_no_plain_request() {
        let check = crate::check::find("session.malformed-cookie-never-5xx").expect("is in the catalogue");
        assert!(!check.steps.iter().any(is_plain_request));
    }

    #[test]
    fn whoever_closes_the_connection_on_what_is_no_target_refuses_it() {
        let check = crate::check::find("common.malformed-target-never-5xx").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let answered = |status| Ok(Response { status, headers: Vec::new(), body: Vec::new(), truncated: false });
        for (target, answer, found) in [
            ("*", Err(Silence::Closed), (0, 0)),
            ("http://[::", Err(Silence::Closed), (0, 0)),
            ("//[", Err(Silence::Closed), (0, 0)),
            ("*", Err(Silence::TimedOut), (0, 1)),
            ("*", answered(400), (0, 0)),
            ("*", answered(500), (1, 0)),
            ("/%zz", Err(Silence::Closed), (1, 0)),
            ("/%zz", answered(500), (1, 0)),
        ] {
            let mut evidence = Evidence::default();
            for (step, target, answer) in
                [(0, "/orders", answered(200)), (1, "/orders/authbench", answered(404)), (21, target, answer.clone())]
            {
                let outcome = if answer.is_ok() { Outcome::Refused } else { Outcome::Silent };
                let outcome = if step == 0 { Outcome::Granted } else { outcome };
                let exchange =
                    Exchange { answer, ..Exchange::unanswered(Request::new("GET", target), Silence::Closed) };
                evidence.observe(Observation { reproduced: true, ..Observation::in_test(step, exchange, outcome) });
            }
            let judged = targets_never_broken(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((judged.protocol.len(), judged.open.len()), found, "{target} {answer:?}");
        }
    }
}
