//! Where the link of a password reset leads.

use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{FOREIGN_HOST, ForeignHost, SessionAct, Want, login};
use crate::check::{Check, Doc, PLAIN, Severity, Tier};
use crate::observe::{Observation, ResetMail, Silence, StepId};

/// What host a link names.
pub(crate) const CHECKS: &[Check] = &[Check {
    id: "login.reset-link-host",
    title: "The link of a password reset does not lead to a host that a client names",
    severity: Severity::High,
    tier: Tier::Extended,
    // it sends mails
    remote_safe: false,
    sources: &["OWASP Forgot Password Cheat Sheet", "WSTG-INPV-17", "CWE-640"],
    doc: Doc {
        sends: "The `password_reset` of the scenario for the user of the credential as it is, with a foreign host in Host in each of its requests, with one in X-Forwarded-Host, Forwarded and X-Forwarded-Server, and with one in Referer. The mail of each is read as `reset_completion` says; the links in it are looked at, and not followed. A reset that is refused is right. The user gets up to four mails.",
        matters: "Anybody asks for a reset of an account and names a host of their own: the mail comes from the application, and its link gives that host the token.",
        fix: "Build the link from a configured address, answer 421 or 400 to hosts that are not yours, believe forwarding fields only from your proxy, and make no address of Referer.",
    },
    steps: &[
        login(SessionAct::ReadResetMail(None)).granted().id(AS_IT_IS),
        login(SessionAct::ReadResetMail(Some(ForeignHost::Host))),
        login(SessionAct::ReadResetMail(Some(ForeignHost::Forwarded))),
        login(SessionAct::ReadResetMail(Some(ForeignHost::Referer))),
    ],
    expect: links_stay,
    fault: "reset-link-names-host",
    ..PLAIN
}];

/// The reset that names no foreign host.
const AS_IT_IS: StepId = StepId::new("as-it-is");
/// Why a target has no link to look at.
const NO_LINK: &str = "the mail of a password reset has no link: `reset_completion` reads a token alone";

fn links_stay(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        let mail = case.evidence.reset_mails.iter().find(|mail| mail.observation == index);
        if case.step_of(seen).step_id() == Some(AS_IT_IS) {
            case.judge_as(index, Want::Granted, &mut judgement);
            match mail {
                Some(mail) if mail.hosts.is_empty() => judgement.not_applicable = Some(NO_LINK.to_owned()),
                Some(mail) if leads_away(mail) => {
                    judgement.leaves_open(format!("{}: its link leads to {FOREIGN_HOST} anyway", seen.description));
                }
                _ => {}
            }
            continue;
        }
        match mail {
            Some(mail) if mail.is_new && leads_away(mail) => {
                let text = case.about(index, format_args!("the link of the mail leads to {FOREIGN_HOST}"));
                judgement.violates(index, text, "a link to a host of its own");
            }
            Some(mail) if mail.is_new && !mail.hosts.is_empty() => {}
            Some(_) => judgement.leaves_open(format!(
                "{}: answered as a success, and no other mail with a link came: nothing shows which host it would name",
                seen.description
            )),
            None if refuses(seen) => {}
            None => {
                let status = seen.exchange.status().map_or("no answer".to_owned(), |status| status.to_string());
                judgement.leaves_open(format!("{}: {status} says nothing about its link", seen.description));
            }
        }
    }
    judgement
}

/// Whether a link leads to the foreign host, or to a part of that domain which a server makes of it.
fn leads_away(mail: &ResetMail) -> bool {
    mail.hosts.iter().any(|host| host.to_ascii_lowercase().ends_with(FOREIGN_HOST))
}

/// A foreign host may be refused with any status of a refusal, or by a closed connection; a page that asks for time says nothing of it.
fn refuses(seen: &Observation) -> bool {
    match &seen.exchange.answer {
        Ok(answer) => (400..500).contains(&answer.status) && answer.status != 429,
        Err(silence) => *silence == Silence::Closed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Outcome, Request, Response};

    /// Violations, what is left open, and whether the check applies: of the hosts in the mail of the reset as it is, and of what came
    /// of one that names a foreign host.
    fn judged(own: &[&str], status: u16, mail: Option<(&[&str], bool)>) -> (usize, usize, bool) {
        let mut evidence = Evidence::default();
        let hosts = |hosts: &[&str]| hosts.iter().map(|host| (*host).to_owned()).collect();
        for (step, status) in [(0, 202), (1, status)] {
            let answer = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
            let asked = Exchange::unanswered(Request::new("POST", "/forgot"), Silence::Closed);
            let outcome = match status {
                ..400 => Outcome::Granted,
                400..500 => Outcome::Refused,
                _ => Outcome::Broke,
            };
            evidence.observe(Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, outcome));
        }
        evidence.reset_mails.push(ResetMail { observation: 0, hosts: hosts(own), is_new: true });
        evidence.reset_mails.extend(mail.map(|(named, is_new)| ResetMail {
            observation: 1,
            hosts: hosts(named),
            is_new,
        }));
        let profile = Effective::of(["api-key-403"], "session");
        let found = links_stay(&ObservedCheck { check: &CHECKS[0], evidence: &evidence, profile: &profile });
        (found.access.len(), found.open.len(), found.not_applicable.is_none())
    }

    #[test]
    fn a_link_to_the_host_that_was_named_is_a_failure() {
        let own: &[&str] = &["app.example"];
        for (of_own, status, mail, expected) in [
            (own, 202, Some((own, true)), (0, 0, true)),
            (own, 202, Some((&["authbench.invalid"][..], true)), (1, 0, true)),
            (own, 202, Some((&["app.example", "AUTHBENCH.invalid"][..], true)), (1, 0, true)),
            (own, 202, Some((&["x.authbench.invalid"][..], true)), (1, 0, true)),
            // the host was refused
            (own, 421, None, (0, 0, true)),
            (own, 404, None, (0, 0, true)),
            (own, 429, None, (0, 1, true)),
            (own, 500, None, (0, 1, true)),
            // nothing came for it
            (own, 202, Some((own, false)), (0, 1, true)),
            (own, 202, Some((&["authbench.invalid"][..], false)), (0, 1, true)),
            (own, 202, Some((&[][..], true)), (0, 1, true)),
            (own, 200, None, (0, 1, true)),
            // a token alone
            (&[][..], 202, Some((&[][..], true)), (0, 1, false)),
        ] {
            assert_eq!(judged(of_own, status, mail), expected, "{of_own:?} {status} {mail:?}");
        }
    }
}
