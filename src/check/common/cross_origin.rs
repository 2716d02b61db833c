//! Judgements about credentials across origins (WHATWG Fetch, CORS protocol).

use std::borrow::Cow;

use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Alter, Fill, OriginBeside, Step};
use crate::observe::{Observation, Place, Response};

/// No hostile origin is allowed by its name together with credentials.
pub(crate) fn limited(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let takes_domain = case.observations().any(|(_, seen)| {
        beside(case.step_of(seen)) == Some(OriginBeside::SameDomain)
            && seen.exchange.response().is_some_and(|response| allows(seen, response))
    });
    for (index, seen) in case.observations() {
        let Some(response) = seen.exchange.response() else { continue };
        let allowed = allowed(response).unwrap_or_default();
        let beside = beside(case.step_of(seen));
        if with_credentials(response) && allowed == "*" {
            // a browser lets no page read an answer to a request with credentials for `*` (Fetch, CORS check)
            let text =
                "`*` beside Access-Control-Allow-Credentials: browsers ignore it, and the API meant something else";
            if judgement.remarks.is_empty() {
                judgement.remarks.push(text.to_owned());
            }
        } else if allows(seen, response) {
            match beside {
                Some(OriginBeside::Trusted) => {}
                Some(OriginBeside::SameDomain) => {
                    judgement.remarks.push(format!("{allowed} is allowed with credentials: other hosts of the domain of the trusted origin are trusted, too"));
                }
                // one of a domain that is trusted as a whole
                Some(OriginBeside::GluedHost) if takes_domain => {}
                Some(OriginBeside::WithoutTls) => judgement.advises(
                    index,
                    case.about(index, format_args!("{allowed} is allowed, with credentials: whoever changes what travels without TLS acts as the visitor of the trusted origin")),
                    "the origin with https alone",
                ),
                Some(OriginBeside::OtherPort) => judgement.advises(
                    index,
                    case.about(index, format_args!("{allowed} is allowed, with credentials: any service of that host acts as the trusted origin")),
                    "the port of the trusted origin alone",
                ),
                Some(_) => judgement.violates(
                    index,
                    case.about(index, format_args!("{allowed} is allowed, with credentials: it only looks like the trusted origin")),
                    "a comparison of whole origins",
                ),
                // what the scenario writes for a resource is the origin of a page that may ask
                None if !names_origin(case.step_of(seen)) => {}
                None => judgement.violates(
                    index,
                    format!("the origin {allowed} is reflected, with credentials"),
                    "a list of origins",
                ),
            }
        }
        if beside == Some(OriginBeside::Trusted) {
            trusted(case, seen, response, &mut judgement);
        }
    }
    judgement
}

/// Where the trusted origin itself is not allowed with credentials, nothing is sent of its neighbours, and a pass says nothing of them.
fn trusted(case: &ObservedCheck<'_>, seen: &Observation, response: &Response, judgement: &mut Judgement) {
    let origin = origin(seen);
    let names_it = |(_, other): (usize, &Observation)| {
        let answer = other.exchange.response().and_then(allowed);
        answer.is_some_and(|answer| answer == origin) && self::origin(other) != origin
    };
    // what every answer names was not declared
    if allows(seen, response) || case.observations().any(names_it) {
        return;
    }
    let allowed = allowed(response).unwrap_or_default();
    if allowed == origin || allowed == "*" {
        let text = format!(
            "{origin} of `material.trusted_origins` is allowed without credentials: what looks like it was not tried"
        );
        judgement.remarks.push(text);
        return;
    }
    let text = format!(
        "the answer does not allow {origin} of `material.trusted_origins`, so that what looks like it was not tried"
    );
    match seen.place {
        // pages need not ask for tokens: that is an origin for resources
        Place::Token => judgement.remarks.push(text),
        _ => judgement.leaves_open(text),
    }
}

/// How the origin of a step differs from the trusted one.
fn beside(step: &Step) -> Option<OriginBeside> {
    match step {
        Step::Send(send) => send.alter.iter().find_map(|alter| match alter {
            Alter::Replaced(_, Fill::OriginBeside(beside)) => Some(*beside),
            _ => None,
        }),
        Step::Form(form) => form.origin,
        _ => None,
    }
}

/// Whether a step names an origin by itself.
fn names_origin(step: &Step) -> bool {
    match step {
        Step::Send(send) => {
            let named =
                |alter: &Alter| matches!(alter, Alter::Replaced(name, _) if name.eq_ignore_ascii_case("origin"));
            send.alter.iter().any(named)
        }
        Step::Form(form) => {
            form.origin.is_some() || form.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("origin"))
        }
        _ => false,
    }
}

/// The origin that a request names.
fn origin(seen: &Observation) -> String {
    String::from_utf8_lossy(seen.exchange.request.value_of("origin").unwrap_or_default()).into_owned()
}

/// The origin that an answer allows.
pub(super) fn allowed(response: &Response) -> Option<Cow<'_, str>> {
    response.header("access-control-allow-origin")
}

fn with_credentials(response: &Response) -> bool {
    response.header("access-control-allow-credentials").is_some_and(|value| value == "true")
}

/// Whether an answer allows the origin that its request names, with credentials.
fn allows(seen: &Observation, response: &Response) -> bool {
    let origin = origin(seen);
    !origin.is_empty() && with_credentials(response) && allowed(response).is_some_and(|allowed| allowed == origin)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::check::common::throttling::tests::sent;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::Evidence;

    const TRUSTED: &str = "https://app.example.com";

    /// Failures, warnings, remarks and open questions where these neighbours of the trusted origin are allowed.
    fn judged(check: &str, declared: bool, asked: &[(OriginBeside, Option<&str>)]) -> [usize; 4] {
        let check = find(check).expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "api-key");
        let mut evidence = Evidence::default();
        let mut see = |step: usize, origin: &str, allowed: &str, credentials: bool| {
            let mut seen = sent(step, "Basic x", 200, Duration::ZERO);
            if matches!(check.steps[step], Step::Form(_)) {
                seen.place = Place::Token;
            }
            if !origin.is_empty() {
                seen.exchange.request.push("Origin", origin, false);
            }
            if let Ok(answer) = &mut seen.exchange.answer {
                let lines = [("Access-Control-Allow-Origin", allowed), ("Access-Control-Allow-Credentials", "true")];
                let lines = lines.into_iter().take(if allowed.is_empty() { 0 } else { 1 + usize::from(credentials) });
                answer.headers.extend(lines.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())));
            }
            evidence.observe(seen);
        };
        see(0, "", if declared { "" } else { TRUSTED }, true);
        for (beside, allowed) in asked {
            let step = check.steps.iter().position(|step| super::beside(step) == Some(*beside)).expect("is there");
            let origin = beside.of(TRUSTED).expect("has such a neighbour");
            see(step, &origin, allowed.unwrap_or(&origin), *allowed != Some("*"));
        }
        let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        [found.access.len(), found.advice.len(), found.remarks.len(), found.open.len()]
    }

    #[test]
    fn origins_that_look_like_the_trusted_one_are_failures_unless_its_domain_is_trusted() {
        use OriginBeside::{GluedDomain, GluedHost, LongerHost, OtherDot, OtherPort, SameDomain, Trusted, WithoutTls};
        let (common, token) = ("common.cors-credentials-not-open", "token.cors-credentials-not-open");
        // an answer allows the origin that asks, unless it allows this one
        for (check, asked, expected) in [
            (common, &[(Trusted, None)][..], [0, 0, 0, 0]),
            (common, &[(Trusted, None), (LongerHost, None)], [1, 0, 0, 0]),
            (common, &[(Trusted, None), (LongerHost, Some(TRUSTED))], [0, 0, 0, 0]),
            (common, &[(Trusted, None), (GluedHost, None), (GluedDomain, None), (OtherDot, None)], [3, 0, 0, 0]),
            (common, &[(Trusted, None), (SameDomain, None), (GluedHost, None)], [0, 0, 1, 0]),
            (common, &[(Trusted, None), (SameDomain, None), (GluedDomain, None)], [1, 0, 1, 0]),
            (common, &[(Trusted, None), (WithoutTls, None), (OtherPort, None)], [0, 2, 0, 0]),
            (common, &[(Trusted, Some(""))], [0, 0, 0, 1]),
            (common, &[(Trusted, Some("https://other.example.com"))], [0, 0, 0, 1]),
            (common, &[(Trusted, Some("*"))], [0, 0, 1, 0]),
            (token, &[(Trusted, Some(""))], [0, 0, 1, 0]),
            (token, &[(Trusted, None), (LongerHost, None)], [1, 0, 0, 0]),
        ] {
            assert_eq!(judged(check, true, asked), expected, "{check} {asked:?}");
        }
        assert_eq!(judged(common, false, &[(Trusted, Some(""))]), [0, 0, 0, 0], "nobody declared it");
    }

    #[test]
    fn an_origin_is_reflected_where_the_probe_itself_sent_it() {
        const HOSTILE: &str = "https://authbench.invalid";
        let check = find("common.cors-credentials-not-open").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "api-key");
        let hostile = check.steps.iter().position(names_origin).expect("is there");
        // step, the origin that its request names, the one that the answer allows
        for (step, origin, allowed, violations) in [
            (0, TRUSTED, TRUSTED, 0),
            (hostile, HOSTILE, TRUSTED, 0),
            (hostile, HOSTILE, HOSTILE, 1),
            (0, TRUSTED, HOSTILE, 0),
        ] {
            let mut seen = sent(step, "Basic x", 200, Duration::ZERO);
            seen.exchange.request.push("Origin", origin, false);
            if let Ok(answer) = &mut seen.exchange.answer {
                let lines = [("Access-Control-Allow-Origin", allowed), ("Access-Control-Allow-Credentials", "true")];
                answer.headers.extend(lines.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())));
            }
            let mut evidence = Evidence::default();
            evidence.observe(seen);
            let found = limited(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!(found.access.len(), violations, "{step} {origin} {allowed}");
        }
    }

    #[test]
    fn fields_that_come_once_are_replaced() {
        // RFC 9110 §5.3: with a second line, of the scenario, it is another request than the probe means
        let once = [
            "access-control-request-method",
            "if-match",
            "if-modified-since",
            "if-none-match",
            "origin",
            "range",
            "referer",
            "x-forwarded-host",
            "x-forwarded-port",
            "x-forwarded-proto",
        ];
        for check in crate::check::catalogue() {
            let sends =
                check.steps.iter().filter_map(|step| if let Step::Send(send) = step { Some(send) } else { None });
            for alter in sends.flat_map(|send| send.alter) {
                let is_added = matches!(alter, Alter::Header(name, _) if once.contains(&&*name.to_ascii_lowercase()));
                assert!(!is_added, "{}: {alter:?}", check.id);
            }
        }
    }
}
