//! What caches that several clients share may keep of protected answers, and give to others.

use std::borrow::Cow;

use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::observe::{Response, StepId};

/// The good request, ...
pub(super) const GOOD: StepId = StepId::new("good");
/// ... and the same without a credential.
pub(super) const ANONYMOUS: StepId = StepId::new("anonymous");

type Directives = [(String, Option<String>)];

/// RFC 9110 §9.3.3: an answer to a POST is cacheable only if it says how long, and names the same target. Answers to other
/// methods than these are not cached at all.
fn may_be_cached(method: &str, response: &Response, directives: &Directives) -> bool {
    match method {
        "GET" | "HEAD" => true,
        "POST" => {
            let lasts = directives.iter().any(|(name, _)| ["max-age", "s-maxage"].contains(&name.as_str()));
            (lasts || response.header("expires").is_some()) && response.header("content-location").is_some()
        }
        _ => false,
    }
}

/// RFC 9111 §3.5: an answer to a request with `Authorization` is not shared unless it says that it may be; one to a
/// request with another carrier may be shared unless it says that it may not.
pub(super) fn not_shared(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, response) in case.answers_of(GOOD).filter(|(_, response)| response.status < 300) {
        let directives = expect::directives(response);
        let has = |name: &str| directives.iter().any(|(other, _)| other == name);
        let request = &case.evidence.observations[index].exchange.request;
        if expect::forbid_storing(&directives)
            || has("private")
            || !may_be_cached(&request.method, response, &directives)
        {
            continue;
        }
        // RFC 9111 §4.1: what is stored for one credential is used for nobody who sends another one, or none
        let anonymous = case.observations_of(ANONYMOUS).next().map(|(_, seen)| &seen.exchange.request);
        let is_of_credential = |name: &str| {
            name == "*" || request.value_of(name).is_some() && anonymous.is_some_and(|it| it.value_of(name).is_none())
        };
        let names_it = |line: Cow<'_, str>| line.split(',').any(|name| is_of_credential(name.trim()));
        let varies = response.header_values("vary").any(names_it);
        let by_authorization = request.value_of("authorization").is_some();
        let named: Vec<&str> = ["public", "s-maxage"].into_iter().filter(|name| has(name)).collect();
        if !named.is_empty() {
            let text = format!("Cache-Control of a protected answer has {}", named.join(" and "));
            judgement.deviates(index, text, "no-store or private");
        } else if by_authorization && !varies && has(REVALIDATE) {
            if is_fresh(response, &directives) {
                let text = "Cache-Control of a protected answer has must-revalidate, and a lifetime: until its end, shared caches give the answer to others";
                judgement.deviates(index, text, "no-store or private");
            } else {
                let text = "Cache-Control of a protected answer has must-revalidate: shared caches may keep the answer, and ask the target before each use";
                judgement.remarks.push(text.to_owned());
                judgement.needs_review = true;
            }
        } else if !by_authorization && !varies {
            let text = "cacheable by shared caches: the credential is not in Authorization and there is no `Cache-Control: no-store` or `private`";
            judgement.deviates(index, text, "Cache-Control: no-store or private");
        }
    }
    judgement
}

/// It lets shared caches keep an answer to a request with `Authorization`; only what is stale is validated (RFC 9111 §5.2.2.2).
const REVALIDATE: &str = "must-revalidate";

/// Whether an answer says that caches may use it for a time without asking (RFC 9111 §4.2.1; §5.2.2.4, §5.3).
fn is_fresh(response: &Response, directives: &Directives) -> bool {
    // one with names of fields is about these fields alone
    if directives.iter().any(|(name, argument)| name == "no-cache" && argument.is_none()) {
        return false;
    }
    if let Some((_, seconds)) = directives.iter().find(|(name, _)| name == "max-age") {
        return seconds.as_deref().is_some_and(|seconds| seconds.parse().is_ok_and(|seconds: u64| seconds > 0));
    }
    let time = |name: &str| jiff::fmt::rfc2822::parse(&response.header(name)?).ok().map(|time| time.timestamp());
    matches!((time("expires"), time("date")), (Some(expires), Some(date)) if expires > date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_used_without_asking_only_for_the_lifetime_that_it_names() {
        let date = ("Date", "Sun, 29 Nov 2026 14:00:00 GMT");
        for (control, expires, fresh) in [
            ("must-revalidate, max-age=60", None, true),
            ("must-revalidate, max-age=\"60\"", None, true),
            ("must-revalidate, max-age=60, no-cache=\"set-cookie\"", None, true),
            ("must-revalidate, max-age=0", None, false),
            ("must-revalidate, max-age=soon", None, false),
            ("must-revalidate, max-age=60, no-cache", None, false),
            ("must-revalidate", None, false),
            ("must-revalidate", Some("Sun, 29 Nov 2026 14:05:00 GMT"), true),
            ("must-revalidate", Some("Sun, 29 Nov 2026 14:00:00 GMT"), false),
            ("must-revalidate", Some("0"), false),
            // max-age goes before Expires
            ("must-revalidate, max-age=0", Some("Sun, 29 Nov 2026 14:05:00 GMT"), false),
        ] {
            let lines = [Some(("Cache-Control", control)), Some(date), expires.map(|at| ("Expires", at))];
            let headers = lines.into_iter().flatten().map(|(name, value)| (name.to_owned(), value.into())).collect();
            let answer = Response { status: 200, headers, body: Vec::new(), truncated: false };
            assert_eq!(is_fresh(&answer, &expect::directives(&answer)), fresh, "{control} {expires:?}");
        }
    }

    #[test]
    fn must_revalidate_lets_caches_share_what_it_says_is_fresh() {
        use crate::check::find;
        use crate::check::profile::Effective;
        use crate::observe::{Evidence, Exchange, Observation, Outcome, Request, Silence};

        let check = find("common.authenticated-response-not-shared-cached").expect("is in the catalogue");
        let profile = Effective::of(["strict"], "bearer");
        let judged = |control: &str, vary: &str, authorized: bool| {
            let mut request = Request::new("GET", "/account");
            let carrier = if authorized { "Authorization" } else { "X-API-Key" };
            request.push(carrier, "Bearer abc", false);
            let lines = [("Cache-Control", control), ("Vary", vary)];
            let headers = lines.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
            let answer = Response { status: 200, headers, body: Vec::new(), truncated: false };
            let exchange = Exchange { answer: Ok(answer), ..Exchange::unanswered(request, Silence::Closed) };
            let mut evidence = Evidence::default();
            evidence.observe(Observation::in_test(0, exchange, Outcome::Granted));
            let refused = Exchange::unanswered(Request::new("GET", "/account"), Silence::Closed);
            evidence.observe(Observation::in_test(1, refused, Outcome::Refused));
            let found = not_shared(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let is_about_caches =
                |one: &&crate::check::judgement::Deviation| one.expected.contains("no-store or private");
            (found.protocol.iter().filter(is_about_caches).count(), found.needs_review)
        };
        for (control, vary, authorized, expected) in [
            ("max-age=60, must-revalidate", "Accept", true, (1, false)),
            ("max-age=60, must-revalidate", "Authorization", true, (0, false)),
            ("max-age=60, must-revalidate", "Accept", false, (1, false)),
            ("max-age=0, must-revalidate", "Accept", true, (0, true)),
            ("no-cache, must-revalidate", "Accept", true, (0, true)),
            ("no-cache, no-store, must-revalidate", "Accept", true, (0, false)),
            ("private, max-age=60, must-revalidate", "Accept", true, (0, false)),
            // RFC 9111 §3.5: nothing lets a shared cache keep it
            ("max-age=60", "Accept", true, (0, false)),
            ("public, max-age=60", "Accept", true, (1, false)),
        ] {
            assert_eq!(judged(control, vary, authorized), expected, "{control} {vary} {authorized}");
        }
    }
}
