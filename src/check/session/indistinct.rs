//! Whether answers tell which users exist: to failed logins, and to password resets.

use std::collections::BTreeSet;

use crate::check::judgement::expect;
use crate::check::judgement::sameness::{AnswerShape, sent_in, spellings};
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::observe::{Observation, StepId};

/// A login of a known user with a wrong password, ...
pub(super) const KNOWN: StepId = StepId::new("known");
/// ... the same again, ...
pub(super) const KNOWN_AGAIN: StepId = StepId::new("known-again");
/// ... and one of a user that does not exist.
pub(super) const UNKNOWN: StepId = StepId::new("unknown");
/// ... and another about it.
pub(super) const UNKNOWN_AGAIN: StepId = StepId::new("unknown-again");
/// The pages that these answers lead to, where they lead to some.
pub(super) const KNOWN_PAGE: StepId = StepId::new("known-page");
pub(super) const KNOWN_PAGE_AGAIN: StepId = StepId::new("known-page-again");
pub(super) const UNKNOWN_PAGE: StepId = StepId::new("unknown-page");
pub(super) const UNKNOWN_PAGE_AGAIN: StepId = StepId::new("unknown-page-again");

/// Each answer against what its step wants; and what both answers about a known user have is in one of those about an unknown
/// user, and no more.
pub(super) fn indistinct(case: &ObservedCheck<'_>) -> Judgement {
    let Some(broken) = breaks_for_one(case) else {
        let judgement = expect::wants(case).and(users_alike(case, 0));
        // what the answers tell, the pages behind them tell, too
        return match judgement.protocol.is_empty() {
            true => judgement.and(pages_alike(case)),
            false => judgement,
        };
    };
    let mut judgement = Judgement::default();
    let is_broken = |seen: &Observation| case.step_of(seen).step_id().is_some_and(|id| broken.steps.contains(&id));
    for (index, _) in case.observations().filter(|(_, seen)| !is_broken(seen)) {
        case.judge(index, &mut judgement);
    }
    judgement.deviates(broken.index, broken.text, "answers that cannot be told apart");
    judgement
}

/// A server that breaks on what is sent about one kind of users.
pub(super) struct BreaksForOne {
    /// The answer that shows it.
    pub(super) index: usize,
    pub(super) text: String,
    /// What is answered so.
    pub(super) steps: [StepId; 2],
}

/// The server errors that say who exists: the same one each time for the one kind of users, and never one for the other, where both
/// are asked about in turn, twice.
pub(super) fn breaks_for_one(case: &ObservedCheck<'_>) -> Option<BreaksForOne> {
    let last = |step: StepId| {
        let (index, seen) = case.observations_of(step).last()?;
        Some((index, seen.exchange.status()?))
    };
    let both = |steps: [StepId; 2]| Some((last(steps[0])?, last(steps[1])?));
    let sides = [("a known user", [KNOWN, KNOWN_AGAIN]), ("an unknown user", [UNKNOWN, UNKNOWN_AGAIN])];
    let breaks = |(one, other): (u16, u16)| one == other && one >= 500 && !says_nothing_about_users(one);
    let is_answered = |status: u16| status < 500 && !says_nothing_about_users(status);
    [(0, 1), (1, 0)].into_iter().find_map(|(at, beside)| {
        let (((index, first), (_, again)), ((_, other), (_, other_again))) =
            (both(sides[at].1)?, both(sides[beside].1)?);
        let tells = breaks((first, again)) && is_answered(other) && is_answered(other_again);
        let text = format!("{} is answered with {first} each time, {} with {other}", sides[at].0, sides[beside].0);
        tells.then_some(BreaksForOne { index, text, steps: sides[at].1 })
    })
}

/// The steps of a comparison of users: a known one, the same again, an unknown one, another one.
type Compared = [StepId; 4];

const ANSWERS: Compared = [KNOWN, KNOWN_AGAIN, UNKNOWN, UNKNOWN_AGAIN];
const PAGES: Compared = [KNOWN_PAGE, KNOWN_PAGE_AGAIN, UNKNOWN_PAGE, UNKNOWN_PAGE_AGAIN];

/// What both answers about a known user have is in one of those about an unknown user, and no more: of those answers that have
/// this place among those of their step.
pub(super) fn users_alike(case: &ObservedCheck<'_>, at: usize) -> Judgement {
    alike_in(case, ANSWERS, at)
}

/// The same of the pages that the answers lead to. Nothing is left open by pages that differ each time.
fn pages_alike(case: &ObservedCheck<'_>) -> Judgement {
    Judgement { open: Vec::new(), ..alike_in(case, PAGES, 0) }
}

fn alike_in(case: &ObservedCheck<'_>, steps: Compared, at: usize) -> Judgement {
    let mut judgement = Judgement::default();
    let seen = |step| case.observations_of(step).nth(at);
    // a page may repeat what was sent for the answer before it
    let of_steps = steps.into_iter().chain(ANSWERS).filter_map(seen);
    let mut sent = sent_in(of_steps.map(|(_, seen)| &seen.exchange));
    // a login may send the name in a request before the one that is answered with a refusal
    sent.extend(case.evidence.named_users.iter().flat_map(|name| spellings(name)));
    sent.sort_by_key(|text| std::cmp::Reverse(text.len()));
    let shape = |step| {
        let (index, seen) = seen(step)?;
        Some((index, AnswerShape::of(&seen.exchange, &sent)?))
    };
    let [known, again, unknown, unknown_again] = steps.map(shape);
    let (Some((_, known)), Some((_, again)), Some((index, unknown)), Some((_, unknown_again))) =
        (known, again, unknown, unknown_again)
    else {
        return judgement;
    };
    if let Some(difference) = AnswerShape::sides_differ_in_head([&known, &again], [&unknown, &unknown_again]) {
        let text = format!("an unknown user differs from a known one in {difference}");
        judgement.deviates(index, text, "answers that cannot be told apart");
        return judgement;
    }
    // what changes from one answer about the same user to the next tells nothing, unless it is a number that counts
    let told = |read: fn(&AnswerShape) -> BTreeSet<String>| {
        let (known, again) = (read(&known), read(&again));
        let unknown = &read(&unknown) | &read(&unknown_again);
        let stable = &known & &again;
        (stable.is_empty() && !known.is_empty(), !stable.is_subset(&unknown))
    };
    let (differs_each_time, tells) = told(lines);
    if tells || told(lines_without_numbers).1 {
        let text = "an unknown user differs from a known one in the body";
        judgement.deviates(index, text, "answers that cannot be told apart");
    } else if differs_each_time {
        judgement
            .open
            .push("two answers about the same user have nothing in common: nothing can be compared".to_owned());
    }
    judgement
}

/// Whether a status says that the server answers nobody now, or not so often: nothing about users then.
pub(super) fn says_nothing_about_users(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 503)
}

fn lines(shape: &AnswerShape) -> BTreeSet<String> {
    shape.body().lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// The same with one sign for each number: of attempts that are left, each answer may name another one.
fn lines_without_numbers(shape: &AnswerShape) -> BTreeSet<String> {
    let without = |line: String| {
        let mut kept = String::new();
        for c in line.chars() {
            match c.is_ascii_digit() {
                true if kept.ends_with('#') => {}
                true => kept.push('#'),
                false => kept.push(c),
            }
        }
        kept
    };
    lines(shape).into_iter().map(without).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Outcome, Request, Response, Silence};

    #[test]
    fn a_field_that_varies_by_itself_names_no_user() {
        let check = find("login.users-indistinct").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let step = |id| check.steps.iter().position(|step| step.step_id() == Some(id)).expect("is a step");
        let seen = |id, (field, body): (&str, &str)| {
            let headers = vec![("X-Run".to_owned(), field.as_bytes().to_vec())];
            let answer = Response { status: 401, headers, body: body.into(), truncated: false };
            let request = Request::new("POST", "/login");
            let exchange = Exchange { answer: Ok(answer), ..Exchange::unanswered(request, Silence::TimedOut) };
            Observation::in_test(step(id), exchange, Outcome::Refused)
        };
        for (known, unknown, deviations) in [
            ([("a", "no"), ("a", "no")], [("a", "no"), ("a", "no")], 0),
            ([("a", "no"), ("a", "no")], [("b", "no"), ("b", "no")], 1),
            ([("a", "no"), ("a", "no")], [("b", "no"), ("c", "no")], 0),
            ([("a", "no"), ("b", "no")], [("c", "no user"), ("c", "no user")], 1),
            ([("a", "no\n1x"), ("a", "no\n2x")], [("a", "no\n3x"), ("a", "no\n4x")], 0),
        ] {
            let mut evidence = Evidence::default();
            let of_steps =
                [(KNOWN, known[0]), (KNOWN_AGAIN, known[1]), (UNKNOWN, unknown[0]), (UNKNOWN_AGAIN, unknown[1])];
            of_steps.into_iter().for_each(|(id, answer)| evidence.observe(seen(id, answer)));
            let found = indistinct(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!(found.protocol.len(), deviations, "{known:?} {unknown:?}: {found:?}");
        }
    }

    #[test]
    fn a_server_that_breaks_for_one_kind_of_users_names_them() {
        let check = find("login.users-indistinct").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        for (known, unknown, expected) in [
            ([500, 500], [401, 401], (1, 0)),
            ([500, 500], [400, 401], (1, 0)),
            ([401, 401], [500, 500], (1, 0)),
            ([502, 502], [401, 401], (1, 0)),
            // for both, once, and what a proxy or a limit says
            ([500, 500], [500, 500], (0, 1)),
            ([500, 401], [401, 401], (0, 1)),
            ([500, 500], [401, 500], (0, 1)),
            ([503, 503], [401, 401], (1, 1)),
            ([429, 429], [401, 401], (1, 1)),
            ([401, 401], [401, 401], (0, 0)),
        ] {
            let mut evidence = Evidence::default();
            let in_turn =
                [(KNOWN, known[0]), (UNKNOWN, unknown[0]), (KNOWN_AGAIN, known[1]), (UNKNOWN_AGAIN, unknown[1])];
            for (id, status) in in_turn {
                let step = check.steps.iter().position(|step| step.step_id() == Some(id)).expect("is a step");
                let answer = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
                let asked = Exchange::unanswered(Request::new("POST", "/login"), Silence::TimedOut);
                let exchange = Exchange { answer: Ok(answer), ..asked };
                evidence.observe(Observation::in_test(step, exchange, crate::observe::meaning_of_status(status)));
            }
            let found = indistinct(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((found.protocol.len(), found.open.len().min(1)), expected, "{known:?} {unknown:?}: {found:?}");
        }
    }

    #[test]
    fn what_the_pages_behind_the_answers_tell_is_told() {
        let check = find("login.users-indistinct").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "session");
        for (known, unknown, expected) in [
            (["<p>wrong</p>", "<p>wrong</p>"], ["<p>wrong</p>", "<p>wrong</p>"], 0),
            (["<p>wrong</p>", "<p>wrong</p>"], ["<p>nobody</p>", "<p>nobody</p>"], 1),
            // of a number that counts on, what stands beside it tells
            (["<p>wrong</p>\n2 left", "<p>wrong</p>\n1 left"], ["<p>wrong</p>", "<p>wrong</p>"], 1),
            (["<p>wrong</p>\n9 left", "<p>wrong</p>\n7 left"], ["<p>wrong</p>\n8 left", "<p>wrong</p>\n6 left"], 0),
            // the name that was sent, and what differs each time, tell nothing
            (["hello alice", "hello alice"], ["hello xqzvjk", "hello wkpvhr"], 0),
            (["to dave%40of.example", "to dave%40of.example"], ["to xqzvjk", "to wkpvhr"], 0),
            (["hello carol-of-another-request", "hello carol-of-another-request"], ["hello xqzvjk", "hello wkpvhr"], 0),
            (["nonce ab", "nonce cd"], ["nonce ef", "nonce gh"], 0),
        ] {
            let mut evidence = Evidence::default();
            let users = ["alice", "alice", "xqzvjk", "wkpvhr"];
            for ((step, page), user) in ANSWERS.into_iter().zip(PAGES).zip(users) {
                let at = |id| check.steps.iter().position(|step| step.step_id() == Some(id)).expect("is a step");
                let text = match PAGES.iter().position(|own| *own == page).expect("is a page") {
                    at @ 0..=1 => known[at],
                    at => unknown[at - 2],
                };
                let answered = |request, status, body: &str| {
                    let answer = Response { status, headers: Vec::new(), body: body.into(), truncated: false };
                    Exchange { answer: Ok(answer), ..Exchange::unanswered(request, Silence::TimedOut) }
                };
                let posted = Request::new("POST", "/login")
                    .with_body("application/x-www-form-urlencoded", format!("user={user}&password=wrong-password"));
                let redirected = answered(posted, 302, "");
                let shown = answered(Request::new("GET", "/login"), 200, text);
                evidence.observe(Observation::in_test(at(step), redirected, Outcome::Refused));
                evidence.observe(Observation::in_test(at(page), shown, Outcome::Refused));
            }
            evidence.named_users = vec!["carol-of-another-request".to_owned(), "Dave@of.example".to_owned()];
            let found = indistinct(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((found.protocol.len(), found.open.len()), (expected, 0), "{known:?} {unknown:?}: {found:?}");
        }
    }
}
