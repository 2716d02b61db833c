//! Whether the redirect that ends a login has the client send the password on.

use crate::check::judgement::{Judgement, ObservedCheck, expect};
use crate::check::step::{LookedFor, SessionAct, Step, login};
use crate::check::{Check, Doc, PLAIN, Severity, Tier};

pub(crate) const CHECKS: &[Check] = &[Check {
    id: "login.redirect-drops-password",
    title: "A redirect that ends a login does not send the password on",
    severity: Severity::Low,
    tier: Tier::Extended,
    sources: &["RFC 9700 §4.12", "RFC 9110 §15.4.8", "RFC 9110 §15.4.9", "CWE-201"],
    doc: Doc {
        sends: "The login of the scenario; every redirect of the run that answers a POST of a login is looked at, whichever check asked for it.",
        matters: "A browser that gets 307 or 308 sends the same body to the next address: the password goes to whatever is there, and into its logs.",
        fix: "Answer with 303 (RFC 9700 §4.12 forbids 307 to authorization servers). RedirectResponse of Starlette and FastAPI sends 307 where no status is given.",
    },
    steps: &[login(SessionAct::LogIn("s")).granted().called("the login"), Step::LookBack(LookedFor::RedirectsOfLogins)],
    expect: drops_password,
    fault: "login-redirect-keeps-method",
    ..PLAIN
}];

/// RFC 9110 §15.4: with 307 and 308 the method and the content stay, with 303 they do not; with 301 and 302 browsers drop them.
fn drops_password(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let mut redirects = false;
    for (index, response) in case.all_answers() {
        redirects |= (300..400).contains(&response.status);
        if matches!(response.status, 307 | 308) && !case.evidence.observations[index].exchange.request.body.is_empty() {
            let text = case.about(index, format_args!("{} has the client send the same body on", response.status));
            judgement.deviates(index, text, "303");
        }
    }
    if !redirects && judgement.protocol.is_empty() {
        judgement.not_applicable = Some("no answer of the login is a redirect".to_owned());
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Outcome, Place, Request, Response, Silence};

    #[test]
    fn a_redirect_keeps_a_password_by_its_status() {
        let check = find("login.redirect-drops-password").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "session");
        for (status, body, expected) in [
            (303, "password=a", (0, true)),
            (302, "password=a", (0, true)),
            (307, "password=a", (1, true)),
            (308, "password=a", (1, true)),
            // nothing is sent on
            (307, "", (0, true)),
            (200, "password=a", (0, false)),
        ] {
            let answer = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
            let asked = Request { body: body.into(), ..Request::new("POST", "/login") };
            let exchange = Exchange { answer: Ok(answer), ..Exchange::unanswered(asked, Silence::Closed) };
            let seen = Observation::in_test(0, exchange, Outcome::Granted);
            let mut evidence = Evidence::default();
            evidence.observe(Observation { place: Place::Login, ..seen });
            let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((found.protocol.len(), found.not_applicable.is_none()), expected, "{status} {body:?}");
        }
    }
}
