//! Protected answers that a cache takes for static files, because of how their address ends (web cache deception).

use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Alter, On, RUN_MARK, Who, send};
use crate::check::{Check, Doc, PLAIN, Severity, Step, Tier};
use crate::observe::{Observation, Outcome, StepId};

pub(crate) const CHECKS: &[Check] = &[Check {
    id: "common.static-name-not-cached",
    title: "A protected answer is not cached under the address of a static file",
    severity: Severity::High,
    tier: Tier::Extended,
    // a cache before the target keeps what it is answered, and gives it to whoever asks
    remote_safe: false,
    sources: &["ASVS 14.2.5", "CWE-524"],
    doc: Doc {
        sends: "The good request to each resource that is read (at most 16), and the same with the name of a static file behind its path, which each run has for itself: /authbench-….css, and at one of them the same behind ;, %2F and %3F. What is granted is asked for once more with the credential, and then without one; and without one at an address of the same form that nobody has asked for. The protected content without a credential, at the first address alone, comes from a cache. What a cache keeps stays there until its end, at an address that nobody else knows.",
        matters: "Whoever gets a user to open such an address has the content of that user put into a cache, and reads it there.",
        fix: "Answer 404 to paths that name nothing, let the cache keep only what says that it may be kept, and send Cache-Control: no-store with protected answers.",
    },
    steps: &[
        send(Who::Good, On::EachRead).granted().called("the good request"),
        good(
            On::EachRead,
            WITH_SEGMENT,
            &[Alter::Path(with_segment)],
            "the good credential, with /authbench-….css behind the path",
        ),
        good(
            On::Protected,
            WITH_PARAMETER,
            &[Alter::Path(with_parameter)],
            "the good credential, with ;authbench-….css behind the path",
        ),
        good(
            On::Protected,
            WITH_SLASH,
            &[Alter::Path(with_slash)],
            "the good credential, with %2Fauthbench-….css behind the path",
        ),
        good(
            On::Protected,
            WITH_QUERY,
            &[Alter::Path(with_query)],
            "the good credential, with %3Fauthbench-….css behind the path",
        ),
        again(On::EachRead, WITH_SEGMENT, &[Alter::Path(with_segment)]),
        again(On::Protected, WITH_PARAMETER, &[Alter::Path(with_parameter)]),
        again(On::Protected, WITH_SLASH, &[Alter::Path(with_slash)]),
        again(On::Protected, WITH_QUERY, &[Alter::Path(with_query)]),
        anonymous(On::EachRead, WITH_SEGMENT, &[Alter::Path(with_segment)]).id(KEPT[0]),
        anonymous(On::Protected, WITH_PARAMETER, &[Alter::Path(with_parameter)]).id(KEPT[1]),
        anonymous(On::Protected, WITH_SLASH, &[Alter::Path(with_slash)]).id(KEPT[2]),
        anonymous(On::Protected, WITH_QUERY, &[Alter::Path(with_query)]).id(KEPT[3]),
        unasked(
            On::EachRead,
            WITH_SEGMENT,
            &[Alter::Path(|path| format!("{}/authbench-{RUN_MARK}-unasked.css", plain(path)))],
        )
        .id(UNASKED[0]),
        unasked(
            On::Protected,
            WITH_PARAMETER,
            &[Alter::Path(|path| format!("{};authbench-{RUN_MARK}-unasked.css", plain(path)))],
        )
        .id(UNASKED[1]),
        unasked(
            On::Protected,
            WITH_SLASH,
            &[Alter::Path(|path| format!("{}%2Fauthbench-{RUN_MARK}-unasked.css", plain(path)))],
        )
        .id(UNASKED[2]),
        unasked(
            On::Protected,
            WITH_QUERY,
            &[Alter::Path(|path| format!("{}%3Fauthbench-{RUN_MARK}-unasked.css", plain(path)))],
        )
        .id(UNASKED[3]),
    ],
    expect: not_kept,
    fault: "caches-static-names",
    ..PLAIN
}];

/// The good request at an address of each form.
const WITH_SEGMENT: StepId = StepId::new("with-segment");
const WITH_PARAMETER: StepId = StepId::new("with-parameter");
const WITH_SLASH: StepId = StepId::new("with-encoded-slash");
const WITH_QUERY: StepId = StepId::new("with-encoded-query");
const GOOD: [StepId; 4] = [WITH_SEGMENT, WITH_PARAMETER, WITH_SLASH, WITH_QUERY];
/// The same address without a credential, ...
const KEPT: [StepId; 4] = [
    StepId::new("kept-segment"),
    StepId::new("kept-parameter"),
    StepId::new("kept-encoded-slash"),
    StepId::new("kept-encoded-query"),
];
/// ... and one of the same form that nobody has asked for with one.
const UNASKED: [StepId; 4] = [
    StepId::new("unasked-segment"),
    StepId::new("unasked-parameter"),
    StepId::new("unasked-encoded-slash"),
    StepId::new("unasked-encoded-query"),
];

const fn good(on: On, id: StepId, alter: &'static [Alter], called: &'static str) -> Step {
    send(Who::Good, on).with(alter).id(id).called(called)
}

/// Some caches keep what is asked for twice.
const fn again(on: On, id: StepId, alter: &'static [Alter]) -> Step {
    send(Who::Good, on).with(alter).where_granted(id).called("the same once more")
}

const fn anonymous(on: On, id: StepId, alter: &'static [Alter]) -> Step {
    send(Who::Anonymous, on).with(alter).where_granted(id).called("the same address without a credential")
}

const fn unasked(on: On, id: StepId, alter: &'static [Alter]) -> Step {
    let step = send(Who::Anonymous, on).with(alter).where_granted(id);
    step.called("an address of this form that nobody has asked for, without a credential")
}

fn plain(path: &str) -> &str {
    path.trim_end_matches('/')
}

fn with_segment(path: &str) -> String {
    format!("{}/authbench-{RUN_MARK}.css", plain(path))
}

fn with_parameter(path: &str) -> String {
    format!("{};authbench-{RUN_MARK}.css", plain(path))
}

fn with_slash(path: &str) -> String {
    format!("{}%2Fauthbench-{RUN_MARK}.css", plain(path))
}

fn with_query(path: &str) -> String {
    format!("{}%3Fauthbench-{RUN_MARK}.css", plain(path))
}

fn not_kept(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        let step = case.step_of(seen).step_id();
        let form = step.and_then(|id| KEPT.iter().position(|kept| *kept == id));
        match form {
            Some(form) if seen.outcome == Outcome::Granted => {
                if case.beside(seen, UNASKED[form]).any(|(_, other)| other.outcome == Outcome::Granted) {
                    // no cache is needed for that: other checks are about it
                    let why = "an address of this form that nobody has asked for with a credential is granted as well, so that nothing shows a cache (common.path-normalisation-not-a-bypass)";
                    judgement.leaves_open(format!("{}: {why}", seen.description));
                } else {
                    let text = "the protected content that was asked for with a credential before";
                    judgement.violates(index, case.about(index, text), "refused, or an answer without that content");
                }
            }
            // what may be part of the content
            Some(_) if seen.outcome == Outcome::Unclear && !seen.clean => {
                judgement.leaves_open(crate::check::judgement::unclear(seen));
            }
            _ => case.judge(index, &mut judgement),
        }
        // the page of an application in the browser is there for everybody
        let needs_credential =
            |form: usize| case.beside(seen, KEPT[form]).any(|(_, kept)| kept.outcome == Outcome::Refused);
        let asked = step.and_then(|id| GOOD.iter().position(|good| *good == id));
        if asked.is_some_and(needs_credential) && may_be_kept(seen) && judgement.remarks.is_empty() {
            let text = "the protected content without `Cache-Control: no-store` or `private`: a cache that goes by the names of files may keep it";
            judgement.remarks.push(format!("{}: {text}", seen.description));
            judgement.needs_review = true;
        }
    }
    judgement
}

/// Whether an answer has the content, and nothing that keeps caches from keeping it.
fn may_be_kept(seen: &Observation) -> bool {
    let Some(response) = seen.exchange.response().filter(|_| seen.outcome == Outcome::Granted) else { return false };
    let directives = expect::directives(response);
    !expect::forbid_storing(&directives) && !directives.iter().any(|(name, _)| name == "private")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Request, Response, Silence};

    #[test]
    fn only_content_that_a_credential_was_needed_for_before_comes_from_a_cache() {
        use Outcome::{Granted, Refused, Silent, Unclear};
        let of = |id| CHECKS[0].steps.iter().position(|step| step.step_id() == Some(id)).expect("is there");
        // what the good request, the same address and another one without a credential are answered; violations, open questions
        // and remarks
        for (good, kept, unasked, control, expected) in [
            (Refused, None, None, "", (0, 0, 0)),
            (Granted, Some(Refused), Some(Refused), "no-store", (0, 0, 0)),
            (Granted, Some(Refused), Some(Refused), "public, max-age=60", (0, 0, 1)),
            (Granted, Some(Granted), Some(Refused), "no-store", (1, 0, 0)),
            (Granted, Some(Granted), Some(Unclear), "private", (1, 0, 0)),
            (Granted, Some(Granted), Some(Granted), "no-store", (0, 1, 0)),
            (Granted, Some(Silent), Some(Refused), "no-store", (0, 1, 0)),
            (Silent, None, None, "", (0, 1, 0)),
            // the page of an application in the browser, whoever asks
            (Unclear, Some(Unclear), Some(Unclear), "", (0, 0, 0)),
        ] {
            let mut evidence = Evidence::default();
            let answers = [(GOOD[1], Some(good)), (KEPT[1], kept), (UNASKED[1], unasked)];
            for (id, outcome) in answers.into_iter().filter_map(|(id, outcome)| Some((id, outcome?))) {
                let headers = vec![("Cache-Control".to_owned(), control.as_bytes().to_vec())];
                let status = if outcome == Refused { 401 } else { 200 };
                let answer = match outcome {
                    Silent => Err(Silence::TimedOut),
                    _ => Ok(Response { status, headers, body: Vec::new(), truncated: false }),
                };
                let exchange = Exchange { answer, ..Exchange::unanswered(Request::new("GET", "/me"), Silence::Closed) };
                evidence.observe(Observation::in_test(of(id), exchange, outcome));
            }
            let profile = Effective::of(["api-key-403"], "bearer");
            let found = not_kept(&ObservedCheck { check: &CHECKS[0], evidence: &evidence, profile: &profile });
            let seen = (found.access.len(), found.open.len(), found.remarks.len());
            assert_eq!(seen, expected, "{good:?} {kept:?} {unasked:?} {control}: {found:?}");
        }
    }

    #[test]
    fn each_form_is_another_address_that_ends_like_a_file() {
        for (written, expected) in [
            (with_segment("/me/"), "/me/authbench-{run}.css"),
            (with_parameter("/me"), "/me;authbench-{run}.css"),
            (with_slash("/me"), "/me%2Fauthbench-{run}.css"),
            (with_query("/me"), "/me%3Fauthbench-{run}.css"),
        ] {
            assert_eq!(written, expected);
        }
    }
}
