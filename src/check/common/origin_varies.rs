//! Whether answers that depend on the origin of a request say so to caches (WHATWG Fetch, CORS protocol and HTTP caches).

use super::cross_origin::allowed;
use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Alter, Fill, On, OriginBeside, Who, send};
use crate::check::{Check, Doc, PLAIN, Severity, Tier};
use crate::observe::{Observation, Place, Response};

pub(crate) const CHECKS: &[Check] = &[Check {
    id: "common.cors-answers-vary-by-origin",
    title: "Answers that allow the origin of their request have Vary: Origin",
    severity: Severity::Low,
    tier: Tier::Extended,
    sources: &["WHATWG Fetch (CORS protocol and HTTP caches)", "RFC 9110 §12.5.5", "WSTG-CLNT-07"],
    doc: Doc {
        sends: "The good request to a protected resource, and requests without a credential to the public ones (at most 5): without Origin, with two origins that nobody trusts, and with the first of `material.trusted_origins`, or the one that answers name. A success of GET that allows the origin of its request, where another success of the same resource does not name that origin, has to have Vary: Origin, unless it says no-store.",
        matters: "A cache that does not know what an answer depends on gives the answer for one origin to the pages of another: pages that may read it cannot, and where everybody shares the cache, one visitor decides for all others.",
        fix: "Send Vary: Origin with each answer of such a resource, also where the request names no origin.",
    },
    steps: &[
        send(Who::Good, On::Protected).granted().called("the good request"),
        send(Who::Good, On::Protected).with(NOBODYS).called("an origin that nobody trusts"),
        send(Who::Good, On::Protected).with(ANOTHER).called("another origin that nobody trusts"),
        send(Who::Good, On::Protected).with(TRUSTED).called("the trusted origin"),
        send(Who::Anonymous, On::EachPublic).called("a public resource").if_given(),
        send(Who::Anonymous, On::EachPublic)
            .with(NOBODYS)
            .called("a public resource, with an origin that nobody trusts")
            .if_given(),
        send(Who::Anonymous, On::EachPublic)
            .with(ANOTHER)
            .called("a public resource, with another origin that nobody trusts")
            .if_given(),
        send(Who::Anonymous, On::EachPublic)
            .with(TRUSTED)
            .called("a public resource, with the trusted origin")
            .if_given(),
    ],
    expect: vary,
    fault: "cors-without-vary",
    ..PLAIN
}];

const NOBODYS: &[Alter] = &[Alter::Replaced("Origin", Fill::Text("https://authbench.invalid"))];
const ANOTHER: &[Alter] = &[Alter::Replaced("Origin", Fill::Text("https://authbench.example"))];
const TRUSTED: &[Alter] = &[Alter::Replaced("Origin", Fill::OriginBeside(OriginBeside::Trusted))];

fn vary(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let (mut names_any, mut told) = (false, Vec::<Place>::new());
    for (index, seen) in case.observations() {
        let Some(response) = cacheable(seen) else { continue };
        let Some(allowed) = allowed(response) else { continue };
        names_any = true;
        let own = seen.exchange.request.value_of("origin").map(String::from_utf8_lossy);
        if own.as_deref() != Some(&*allowed) || !depends_on_origin(case, seen, &allowed) || names_origin(response) {
            continue;
        }
        if expect::forbid_storing(&expect::directives(response)) || told.contains(&seen.place) {
            continue;
        }
        told.push(seen.place);
        let text = format_args!(
            "the answer allows {allowed}, which other answers of the resource do not, without Vary: Origin"
        );
        judgement.deviates(index, case.about(index, text), "Vary: Origin, or Cache-Control: no-store");
    }
    if !names_any && judgement.open.is_empty() && judgement.access.is_empty() && judgement.protocol.is_empty() {
        judgement.not_applicable =
            Some("no answer allows an origin (`material.trusted_origins` names one that may be allowed)".to_owned());
    }
    judgement
}

/// Whether another answer at the same place, to a request of another origin or of none, does not allow this origin.
fn depends_on_origin(case: &ObservedCheck<'_>, seen: &Observation, origin: &str) -> bool {
    let is_other = |other: &Observation| {
        let named = other.exchange.request.value_of("origin");
        other.place == seen.place && named != Some(origin.as_bytes())
    };
    let mut others = case.observations().filter(|(_, other)| is_other(other));
    others.any(|(_, other)| cacheable(other).is_some_and(|answer| allowed(answer).as_deref() != Some(origin)))
}

/// An answer that caches may keep: a success of a request that reads. Servers leave fields out of their errors.
fn cacheable(seen: &Observation) -> Option<&Response> {
    let reads = matches!(&*seen.exchange.request.method, "GET" | "HEAD");
    seen.exchange.response().filter(|answer| reads && (200..300).contains(&answer.status))
}

/// Whether caches look at the origin before they use an answer (RFC 9110 §12.5.5).
fn names_origin(response: &Response) -> bool {
    let mut lines = response.header_values("vary");
    lines.any(|line| line.split(',').map(str::trim).any(|name| name == "*" || name.eq_ignore_ascii_case("origin")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Outcome, Request, Silence};

    const APP: &str = "https://app.test";

    #[test]
    fn what_depends_on_the_origin_says_so_to_caches() {
        type Fields = &'static [(&'static str, &'static str)];
        let static_one: Fields = &[("Access-Control-Allow-Origin", APP)];
        let named: Fields = &[("Access-Control-Allow-Origin", APP), ("Vary", "Accept, origin")];
        let any: Fields = &[("Access-Control-Allow-Origin", "*")];
        let not_kept: Fields = &[("Access-Control-Allow-Origin", APP), ("Cache-Control", "private, no-store")];
        // the fields of answers to no origin, to another one and to this one; deviations, and whether the check applies
        for (answers, expected) in [
            ([&[][..], &[], static_one], (1, true)),
            ([&[], &[], named], (0, true)),
            ([&[], &[], not_kept], (0, true)),
            // the same, whoever asks
            ([static_one, static_one, static_one], (0, true)),
            ([any, any, any], (0, true)),
            ([any, any, static_one], (1, true)),
            ([&[], &[], &[]], (0, false)),
        ] {
            let mut evidence = Evidence::default();
            for ((step, origin), fields) in
                [(0, None), (1, Some("https://x.test")), (3, Some(APP))].into_iter().zip(answers)
            {
                let mut request = Request::new("GET", "/a");
                origin.iter().for_each(|origin| request.push("Origin", origin, false));
                let headers =
                    fields.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
                let answer = Response { status: 200, headers, body: Vec::new(), truncated: false };
                let exchange = Exchange { answer: Ok(answer), ..Exchange::unanswered(request, Silence::Closed) };
                evidence.observe(Observation::in_test(step, exchange, Outcome::Granted));
            }
            let profile = Effective::of(["api-key-403"], "bearer");
            let found = vary(&ObservedCheck { check: &CHECKS[0], evidence: &evidence, profile: &profile });
            assert_eq!((found.protocol.len(), found.not_applicable.is_none()), expected, "{answers:?}: {found:?}");
        }
    }
}
