//! What carries the requests: TLS, and what answers say about it.

use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Accept, On, Step, Want, Who, send};
use crate::check::{Check, Doc, Level, PLAIN, Severity, Tier};
use crate::observe::{Outcome, Response};

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "common.tls-floor",
        title: "TLS below 1.2 is not negotiated",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 9325 §3.1.1", "RFC 8996 §4", "ASVS 12.1.1"],
        doc: Doc {
            sends: "The first message of a handshake that offers SSL 3.0 and nothing later, then TLS 1.0, then TLS 1.1; none is completed.",
            matters: "Old versions have hashes and ciphers that are broken, and an attacker between client and server can make both sides choose them.",
            fix: "Set the lowest version of the listener to TLS 1.2 (`ssl_protocols TLSv1.2 TLSv1.3;` in nginx).",
        },
        steps: &[Step::OldVersions],
        expect: no_old_version,
        fault: "tls10-enabled",
        ..PLAIN
    },
    Check {
        id: "common.plain-http-refused",
        title: "A credential is not honoured over clear text",
        severity: Severity::High,
        sources: &["ASVS 12.2.1", "ASVS 4.1.2", "RFC 6750 §5.3", "RFC 7617 §4"],
        doc: Doc {
            sends: "The request of the control in clear text, to port 80 of a host that is asked on port 443 and to the same port of others: first without a credential, and then with the good one where HTTP is spoken there and the target is owned or on this machine.",
            matters: "Whoever is on the way reads a credential in clear text; a server that honours it there has clients that never notice.",
            fix: "Serve the API over TLS alone; refuse requests in clear text without looking at their credentials, and redirect nobody but browsers.",
        },
        steps: &[Step::PlainHttp],
        expect: not_in_clear_text,
        fault: "http-alias",
        ..PLAIN
    },
    Check {
        id: "common.hsts-present",
        title: "Every answer over TLS carries Strict-Transport-Security of a year",
        severity: Severity::Info,
        tier: Tier::Extended,
        sources: &["ASVS 3.4.1", "RFC 6797 §7.1", "RFC 6797 §6.1.1"],
        doc: Doc {
            sends: "The request of the control, and the same without a credential, over TLS.",
            matters: "A browser that has never seen the field can be made to speak HTTP in clear text, and shows the credential to whoever is on the way. Clients that are no browsers do not look at it.",
            fix: "Add `Strict-Transport-Security: max-age=31536000` to every answer, those with errors included (`always` in nginx).",
        },
        steps: &[send(Who::Good, On::Protected), send(Who::Anonymous, On::Protected)],
        expect: strict_transport,
        fault: "no-hsts",
        ..PLAIN
    },
    Check {
        id: "common.hsts-only-over-tls",
        title: "No answer in clear text carries Strict-Transport-Security",
        level: Level::Must,
        severity: Severity::Info,
        tier: Tier::Extended,
        sources: &["RFC 6797 §7.2"],
        doc: Doc {
            sends: "The request of the control, and the same without a credential, where the target is asked in clear text.",
            matters: "Browsers ignore the field there: whoever set it believes that it protects an address that it does not. Behind a proxy that ends TLS, the proxy knows what it answers over, and the server does not.",
            fix: "Set Strict-Transport-Security where TLS ends, and nowhere else.",
        },
        steps: &[send(Who::Good, On::Protected), send(Who::Anonymous, On::Protected)],
        expect: no_strict_transport,
        fault: "hsts-in-clear-text",
        ..PLAIN
    },
];

/// What said nothing leaves the check open; what went on in an old version is a violation.
fn no_old_version(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        match (seen.outcome, &seen.exchange.answer) {
            (Outcome::Granted, _) => {
                let version = seen.why.as_deref().unwrap_or("an old version");
                let text = case.about(index, format_args!("the server goes on in {version}"));
                judgement.violates(index, text, "an alert, or a closed connection");
            }
            (Outcome::Refused, _) => {}
            (_, Err(silence)) => judgement.open.push(format!("{}: {silence}", seen.description)),
            (_, Ok(_)) => {}
        }
    }
    judgement
}

/// What is answered in clear text, to whom, and what that shows. A port on which nobody speaks HTTP refuses.
fn not_in_clear_text(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        let to_https = seen.exchange.response().and_then(|answer| answer.header("location"));
        let to_https = to_https.is_some_and(|location| location.starts_with("https:"));
        match seen.outcome {
            Outcome::Granted => judgement.violates(index, case.about(index, "access was granted"), "refused"),
            // ASVS 4.1.2: an API redirects nobody, for the credential has crossed the network by then
            _ if to_https => judgement.advises(index, case.about(index, "redirected to https"), "refused"),
            Outcome::Refused => {}
            _ => case.judge_as(index, Want::Denied(&[Accept::Range(400, 499)]), &mut judgement),
        }
    }
    judgement
}

/// A year, in seconds.
const YEAR: u64 = 31_536_000;

/// RFC 6797 §6.1.1: the directive `max-age`, in any case, its value quoted or not.
fn max_age(response: &Response) -> Option<u64> {
    let line = response.header("strict-transport-security")?.into_owned();
    let directives = line.split(';').filter_map(|directive| directive.split_once('='));
    let value = directives.into_iter().find(|(name, _)| name.trim().eq_ignore_ascii_case("max-age"))?.1.trim();
    value.trim_matches('"').parse().ok()
}

fn strict_transport(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    if !case.evidence.over_tls {
        judgement.not_applicable = Some("the target speaks no TLS".to_owned());
        return judgement;
    }
    for (index, response) in case.all_answers() {
        let expected = "Strict-Transport-Security: max-age=31536000";
        match max_age(response) {
            Some(age) if age >= YEAR => {}
            Some(age) => {
                let text = case.about(index, format_args!("Strict-Transport-Security lasts {age} s"));
                judgement.deviates(index, text, expected);
            }
            None => {
                let status = response.status;
                let text = case.about(index, format_args!("{status} without a max-age in Strict-Transport-Security"));
                judgement.deviates(index, text, expected);
            }
        }
    }
    judgement
}

fn no_strict_transport(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    if case.evidence.over_tls {
        judgement.not_applicable = Some("the target is asked over TLS".to_owned());
        return judgement;
    }
    let unanswered = case.observations().filter(|(_, seen)| seen.exchange.response().is_none());
    unanswered.for_each(|(_, seen)| judgement.leaves_open(format!("no answer to {}", seen.description)));
    for (index, response) in case.all_answers() {
        if response.header("strict-transport-security").is_some() {
            let text = format_args!("{} in clear text with Strict-Transport-Security", response.status);
            judgement.deviates(index, case.about(index, text), "no Strict-Transport-Security");
        }
    }
    judgement
}
