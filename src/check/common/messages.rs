//! What a message of HTTP/1.1 has, and what it does not have: whoever reads another end of a message than its sender, or takes a
//! request for another host, decides about something else than what is done.

use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck, unclear};
use crate::check::step::{Alter, Fill, LookedFor, On, SessionAct, Step, Want, Who, login, send};
use crate::check::{Check, Doc, Level, PLAIN, Severity, Tier};
use crate::observe::{Outcome, Silence, StepId};

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "common.head-without-content",
        title: "An answer to HEAD ends with its header section",
        level: Level::Must,
        severity: Severity::Info,
        tier: Tier::Extended,
        sources: &["RFC 9110 §9.3.2", "RFC 9112 §6.3"],
        doc: Doc {
            sends: "HEAD without and with the good credential, with Connection: close; what follows the header section of the answer is read until the connection is closed, for half a second at most.",
            matters: "On a connection that stays open, a client or a proxy reads these bytes as the beginning of the next answer, which may be somebody else's.",
            fix: "Send no content in answers to HEAD, the end of a chunked body included.",
        },
        steps: &[
            send(Who::Good, On::Protected).granted(),
            send(Who::Anonymous, On::Protected)
                .with(&[Alter::Method("HEAD"), Alter::Replaced("Connection", Fill::Text("close"))])
                .called("HEAD without a credential"),
            send(Who::Good, On::Protected)
                .with(&[Alter::Method("HEAD"), Alter::Replaced("Connection", Fill::Text("close"))])
                .called("HEAD with the good credential"),
        ],
        expect: without_content,
        fault: "head-with-content",
        ..PLAIN
    },
    Check {
        id: "common.host-required",
        title: "A request of HTTP/1.1 without Host, with two or with none that is a host is refused with 400",
        level: Level::Must,
        severity: Severity::Info,
        tier: Tier::Extended,
        sources: &["RFC 9112 §3.2"],
        doc: Doc {
            sends: "The good request without its Host field, with a second one, and with one that is no host (`no host`, and `[::`, an address of IPv6 that is not closed). An answer other than 400 is information, and a finding under strict-rfc.",
            matters: "A request that names no host is routed by whatever comes first, and each part of a chain may choose another.",
            fix: "Answer 400 to a request of HTTP/1.1 without Host, with two, or with one that does not parse.",
        },
        steps: &[
            send(Who::Good, On::Protected).granted(),
            send(Who::Good, On::Protected).with(&[Alter::Without("Host")]).called("the good request without Host"),
            send(Who::Good, On::Protected)
                .with(&[Alter::Header("Host", Fill::Text("authbench.invalid"))])
                .called("the good request with a second Host"),
            send(Who::Good, On::Protected)
                .with(&[Alter::Replaced("Host", Fill::Text("no host"))])
                .called("the good request with a Host that is no host"),
            // RFC 3986 §3.2.2: an IP literal ends with its bracket
            send(Who::Good, On::Protected)
                .with(&[Alter::Replaced("Host", Fill::Text("[::"))])
                .called("the good request with a Host whose bracket is not closed"),
        ],
        expect: host_required,
        fault: "host-not-required",
        ..PLAIN
    },
    Check {
        id: "common.method-case-sensitive",
        title: "A method in lower case is another method",
        level: Level::Must,
        severity: Severity::Info,
        tier: Tier::Extended,
        sources: &["RFC 9110 §9.1"],
        doc: Doc {
            sends: "The good request by a method that there is not, and with its own method in lower case, such as `get`. A target that answers any method like its own says nothing about case.",
            matters: "A gateway that compares methods as they are takes it for one that it does not know, and a rule for GET does not match it; the server behind then answers as to GET.",
            fix: "Compare methods byte by byte, and answer 501 to one that is not known (405 to one that a resource does not have).",
        },
        steps: &[
            send(Who::Good, On::Protected).granted(),
            send(Who::Good, On::Protected)
                .with(&[Alter::Method("AUTHBENCH")])
                .id(NO_METHOD)
                .called("the good request by a method that there is not"),
            send(Who::Good, On::Protected)
                .with(&[Alter::LowerMethod])
                .called("the good request with its method in lower case"),
        ],
        expect: another_method,
        fault: "methods-in-any-case",
        ..PLAIN
    },
    Check {
        id: "common.405-names-methods",
        title: "A 405 response names the methods that there are",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 9110 §15.5.6", "RFC 9110 §10.2.1", "RFC 9110 §9.1"],
        doc: Doc {
            sends: "PROPFIND with the good credential to each protected resource (at most 16); where there is a login that posts a password, GET (and PUT and DELETE, where the target is owned) to that address without a credential, unless the login has that request; every 405 of the run is looked at, whichever check asked for it. Where PROPFIND is answered like GET, that is a warning; where it is answered with 400 or 404, information, and a warning under strict-rfc.",
            matters: "A client that learns from 405 alone which methods are wrong can only try the others.",
            fix: "Send Allow with each 405, with the methods of that resource.",
        },
        steps: &[
            send(Who::Good, On::Protected).granted(),
            send(Who::Good, On::EachRoute).with(&[Alter::Method(PROPFIND)]).called("PROPFIND with the good credential"),
            login(SessionAct::OtherMethod("GET")),
            login(SessionAct::OtherMethod("PUT")),
            login(SessionAct::OtherMethod("DELETE")),
            Step::LookBack(LookedFor::MethodsNotAllowed),
        ],
        expect: methods_named,
        fault: "no-allow-behind-guard",
        ..PLAIN
    },
];

/// Of a method that a server does not have, and of one that a resource does not have, it says SHOULD.
const METHODS: &str = "RFC 9110 §9.1";
/// A method that few resources have (RFC 4918 §9.1).
const PROPFIND: &str = "PROPFIND";

fn without_content(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let heads =
        case.all_answers().filter(|(index, _)| case.evidence.observations[*index].exchange.request.method == "HEAD");
    for (index, response) in heads.filter(|(_, response)| !response.body.is_empty()) {
        let length = match (response.truncated, response.body.len()) {
            (true, length) => format!("more than {length} bytes follow"),
            (false, 1) => "1 byte follows".to_owned(),
            (false, length) => format!("{length} bytes follow"),
        };
        let seen = &case.evidence.observations[index];
        // whoever has no credential reads what GET would refuse
        let of_content = match case.step_of(seen) {
            Step::Send(send) if send.who == Who::Anonymous && seen.outcome == Outcome::Granted => {
                ", with the content that the good credential gets"
            }
            _ => "",
        };
        let text = case.about(index, format_args!("{length} the header section of the answer{of_content}"));
        judgement.deviates(index, text, "nothing behind the header section");
    }
    judgement
}

/// Each 405 has `Allow`, which may be empty: no method is allowed then, for now (RFC 9110 §10.2.1).
fn methods_named(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    // a server that has the method answers it in its own form (RFC 4918 §9.1)
    let as_get =
        case.lenient().filter(|(_, seen)| seen.outcome == Outcome::Granted && seen.exchange.status() == Some(200));
    for (index, _) in as_get.filter(|(_, seen)| seen.exchange.request.method == PROPFIND) {
        let text = case.about(index, "answered like GET");
        judgement.advises(index, text, "405 with Allow, or 501 (RFC 9110 §9.1)");
        judgement.advised_by = Some(METHODS);
    }
    // RFC 9110 §9.1: 405 for a method that is known and not allowed, 501 for one that is not known
    let unsaid = case.lenient().filter(|(_, seen)| seen.exchange.request.method == PROPFIND);
    for (index, seen) in unsaid {
        let Some(status @ (400 | 404)) = seen.exchange.status() else { continue };
        match case.profile.strict_challenges() {
            true => {
                let text = case.about(index, format_args!("answered with {status}"));
                judgement.advises(index, text, "405 with Allow, or 501 (RFC 9110 §9.1)");
                judgement.advised_by = Some(METHODS);
            }
            false => {
                judgement.remarks.push(format!("{}: answered with {status}, not with 405 or 501", seen.description));
                judgement.needs_review = true;
            }
        }
    }
    let mut answers = case.all_answers().filter(|(_, response)| response.status == 405).peekable();
    if answers.peek().is_none() && judgement.advice.is_empty() && !judgement.needs_review {
        judgement.not_applicable = Some("no request was answered with 405".to_owned());
    }
    for (index, _) in answers.filter(|(_, response)| response.header("allow").is_none()) {
        judgement.deviates(index, case.about(index, "405 without Allow"), "405 with Allow");
    }
    judgement
}

/// A request by a method that there is not.
const NO_METHOD: StepId = StepId::new("no-method");

/// Whatever it is answered with, it is not what the method in upper case is answered with. A connection that is closed refuses it:
/// some parsers find no request in it.
fn another_method(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        if case.step_of(seen).step_id() == Some(NO_METHOD) {
            match (seen.outcome, &seen.exchange.answer) {
                (Outcome::Granted, _) => {
                    let why = "a method that there is not is answered like the good one";
                    judgement.not_applicable = Some(why.to_owned());
                    return judgement;
                }
                (_, Err(Silence::Closed)) if seen.reproduced => {}
                (_, Err(_)) => judgement.leaves_open(unclear(seen)),
                _ => {}
            }
            continue;
        }
        let is_lenient = matches!(case.step_of(seen).wanted(), Want::Either);
        match (is_lenient, seen.outcome, &seen.exchange.answer) {
            (true, Outcome::Granted, _) => {
                let text = case.about(index, format_args!("answered like {}", method_of_good(case)));
                judgement.deviates(index, text, "501, or another status from 400 on");
            }
            (true, _, Ok(response)) if response.status < 500 || response.status == 501 => {}
            (true, _, Err(Silence::Closed)) if seen.reproduced => {}
            _ => case.judge(index, &mut judgement),
        }
    }
    judgement
}

/// The method of the good request.
fn method_of_good(case: &ObservedCheck<'_>) -> String {
    case.observations().next().map(|(_, seen)| seen.exchange.request.method.clone()).unwrap_or_default()
}

/// Refused with 400. Libraries of HTTP that leave it to the application are many, and nobody gets in: it is for a person to look
/// at, and a deviation in strict profiles.
fn host_required(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        let answer = match &seen.exchange.answer {
            _ if !matches!(case.step_of(seen).wanted(), Want::Either) => None,
            Ok(response) if response.status == 400 => continue,
            Ok(response) => Some(format!("answered with {}", response.status)),
            Err(Silence::Closed) if seen.reproduced => Some("the connection is closed without an answer".to_owned()),
            Err(_) => None,
        };
        match answer {
            None => case.judge(index, &mut judgement),
            Some(answer) if case.profile.strict_challenges() => {
                judgement.deviates(index, case.about(index, answer), "400");
            }
            Some(answer) => {
                judgement.remarks.push(format!("{}: {answer}", seen.description));
                judgement.needs_review = true;
            }
        }
    }
    judgement
}
