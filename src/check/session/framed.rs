//! Whether pages with the form of a login may be shown inside pages of other sites.

use crate::check::judgement::{Judgement, ObservedCheck, expect};
use crate::check::step::{LookedFor, SessionAct, Step, login};
use crate::check::{Check, Doc, PLAIN, Severity, Tier};
use crate::observe::Response;

pub(crate) const CHECKS: &[Check] = &[Check {
    id: "login.page-not-framed",
    title: "The page of a login cannot be shown inside a page of another site",
    severity: Severity::Low,
    tier: Tier::Extended,
    sources: &["ASVS 3.4.6", "RFC 9700 §4.16", "RFC 6749 §10.13", "CWE-1021"],
    doc: Doc {
        sends: "The login of the scenario. Each page of the run that has a form is looked at, of a login or where it asks for a password, whichever check asked for it: its Content-Security-Policy has `frame-ancestors`, or it has X-Frame-Options with DENY or SAMEORIGIN. Scripts of the page are not run.",
        matters: "A page of another site shows the form in a frame, lays something else over it, and lets its visitors log in, or consent, with their own clicks.",
        fix: "Send Content-Security-Policy: frame-ancestors 'none' (or 'self') with each page, and X-Frame-Options: DENY for old browsers.",
    },
    steps: &[login(SessionAct::LogIn("s")).granted().called("the login"), Step::LookBack(LookedFor::Forms)],
    expect: not_framed,
    fault: "login-page-framed",
    ..PLAIN
}];

/// Why nothing is said.
const NO_PAGE: &str = "no answer of the run was a page with the form of a login";

fn not_framed(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let mut pages = 0;
    for (index, page) in case.observations().filter(|(_, seen)| is_recalled(case.step_of(seen))) {
        let Some(page) = page.exchange.response() else { continue };
        pages += 1;
        if may_be_framed(page) {
            let text = "neither frame-ancestors in a Content-Security-Policy, nor X-Frame-Options";
            judgement.deviates(index, case.about(index, text), "frame-ancestors 'none' or 'self'");
        }
    }
    if pages == 0 && judgement.open.is_empty() {
        judgement.not_applicable = Some(NO_PAGE.to_owned());
    }
    judgement
}

fn is_recalled(step: &Step) -> bool {
    matches!(step, Step::LookBack(_))
}

/// Whether browsers show a page inside one of any site (CSP Level 3 §6.4.2, RFC 7034 §2.1).
fn may_be_framed(page: &Response) -> bool {
    let limits = |policy: &str| {
        policy.split([';', ',']).any(|directive| {
            let mut words = directive.split_ascii_whitespace();
            let is_ancestors = words.next().is_some_and(|name| name.eq_ignore_ascii_case("frame-ancestors"));
            is_ancestors && words.all(|source| source != "*")
        })
    };
    let by_policy = page.header_values("content-security-policy").any(|policy| limits(&policy));
    let denies = |value: &str| ["deny", "sameorigin"].contains(&value.trim().to_ascii_lowercase().as_str());
    let by_options = page.header_values("x-frame-options").any(|line| line.split(',').any(denies));
    !by_policy && !by_options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_who_may_show_it() {
        for (fields, framed) in [
            (&[][..], true),
            (&[("X-Frame-Options", "DENY")], false),
            (&[("X-Frame-Options", "sameorigin")], false),
            (&[("X-Frame-Options", "ALLOW-FROM https://a.example")], true),
            (&[("Content-Security-Policy", "default-src 'self'")], true),
            (&[("Content-Security-Policy", "default-src 'self'; Frame-Ancestors 'none'")], false),
            (&[("Content-Security-Policy", "frame-ancestors *")], true),
            (
                &[
                    ("Content-Security-Policy", "default-src 'self'"),
                    ("Content-Security-Policy", "frame-ancestors 'self'"),
                ],
                false,
            ),
            (&[("Content-Security-Policy-Report-Only", "frame-ancestors 'none'")], true),
        ] {
            let headers = fields.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
            let page = Response { status: 200, headers, body: Vec::new(), truncated: false };
            assert_eq!(may_be_framed(&page), framed, "{fields:?}");
        }
    }
}
