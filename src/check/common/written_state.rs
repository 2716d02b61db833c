//! What is read around writes that are refused: whether anything came of them.

use crate::check::Explanation;
use crate::check::judgement::expect;
use crate::check::judgement::{Deviation, Judgement, ObservedCheck, Wording};
use crate::check::step::Want;
use crate::observe::{Observation, Outcome, Response, StableState, StepId};

/// Readings of what a write would change: two before it, for what changes by itself, ...
pub(crate) const BEFORE: StepId = StepId::new("state-before");
/// ... the second of them, ...
pub(crate) const BEFORE_AGAIN: StepId = StepId::new("state-before-again");
/// ... at once after it, ...
pub(crate) const AFTER: StepId = StepId::new("state-after");
/// ... what whoever lacks the scope of the write reads there, ...
pub(crate) const AS_LOW: StepId = StepId::new("state-after-as-low");
/// ... some time after it, ...
pub(crate) const LATER: StepId = StepId::new("state-later");
/// ... once more where that is another one, ...
pub(crate) const LATER_AGAIN: StepId = StepId::new("state-later-again");
/// ... twice before a write that is allowed, as other allowed ones left it, ...
pub(crate) const BEFORE_ALLOWED: StepId = StepId::new("state-before-allowed");
/// ... and after that one.
pub(crate) const AFTER_ALLOWED: StepId = StepId::new("state-after-allowed");

/// The write by whoever lacks its scope.
pub(crate) const BY_LOW: StepId = StepId::new("write-by-low");
/// The write by somebody of another tenant.
pub(crate) const BY_OTHER: StepId = StepId::new("write-by-other");

/// One write, and what was read around it.
#[derive(Default)]
pub(crate) struct Round<'a> {
    before: Vec<&'a Observation>,
    /// By index.
    writes: Vec<usize>,
    after: Option<(usize, &'a Observation)>,
    as_low: Option<&'a Observation>,
    later: Option<(usize, &'a Observation)>,
    /// The reading of another second.
    later_again: Option<&'a Observation>,
    /// Whether a round after it writes what is read here.
    is_written_again: bool,
    before_allowed: Vec<&'a Observation>,
    after_allowed: Option<&'a Observation>,
}

impl<'a> Round<'a> {
    /// The rounds of a check, in their order. What is read after a wait is read for each round in the same order.
    pub(crate) fn all(case: &ObservedCheck<'a>) -> Vec<Self> {
        let mut rounds: Vec<Self> = Vec::new();
        let (mut later, mut allowed) = (0, 0);
        for (index, seen) in case.observations() {
            let step = case.step_of(seen);
            if step.step_id() == Some(BEFORE) {
                rounds.push(Self::default());
            }
            let Some(last) = rounds.len().checked_sub(1) else { continue };
            if matches!(step.wanted(), Want::Denied(_)) {
                rounds[last].writes.push(index);
            }
            let Some(step) = step.step_id() else { continue };
            match step {
                BEFORE | BEFORE_AGAIN => rounds[last].before.push(seen),
                AFTER => rounds[last].after = Some((index, seen)),
                AS_LOW => rounds[last].as_low = Some(seen),
                LATER => {
                    rounds[later.min(last)].later = Some((index, seen));
                    later += 1;
                }
                BEFORE_ALLOWED => rounds[allowed.min(last)].before_allowed.push(seen),
                AFTER_ALLOWED => {
                    rounds[allowed.min(last)].after_allowed = Some(seen);
                    allowed += 1;
                }
                _ => {}
            }
        }
        let places: Vec<_> = rounds.iter().map(|round| round.before.first().map(|seen| seen.place)).collect();
        let again = || case.observations_of(LATER_AGAIN).map(|(_, seen)| seen);
        for (at, round) in rounds.iter_mut().enumerate() {
            round.is_written_again = places[at + 1..].contains(&places[at]);
            round.later_again = again().find(|seen| Some(seen.place) == places[at]);
        }
        rounds
    }

    /// What stays the same before the write.
    fn state(&self) -> Option<StableState> {
        state_of(&self.before)
    }

    /// A reading that shows another state: at once after the write, or, where nothing else may have changed it since, some time after.
    fn changed(&self, state: &StableState, is_alone: bool) -> Option<usize> {
        let shows = |(_, seen): (usize, &Observation), until: Option<&Observation>| {
            read(seen).is_some_and(|one| state.differs_until(one, until.and_then(read)))
        };
        let until = self.later.filter(|_| !self.is_written_again).map(|(_, seen)| seen);
        let at_once = self.after.filter(|after| shows(*after, until));
        let late = || self.later.filter(|later| is_alone && shows(*later, self.later_again));
        at_once.or_else(late).map(|(index, _)| index)
    }

    /// Whether a write that is allowed shows. Where the same place was read in a round before, the allowed write of that one may have
    /// done the same already.
    fn shows(&self, former: &[Self], state: &StableState) -> Option<bool> {
        let after = read(self.after_allowed?)?;
        let place = |round: &Self| round.after_allowed.map(|seen| seen.place);
        let is_first = former.iter().all(|other| place(other) != place(self));
        let from = state_of(&self.before_allowed).filter(|_| is_first);
        Some(from.as_ref().unwrap_or(state).differs(after))
    }

    /// Whether a success answers a write that changed nothing of an object which its path names to whoever sent it as well: it has an
    /// owner, or both read the same.
    fn is_ignored(&self, former: &[Self], case: &ObservedCheck<'_>, write: usize) -> bool {
        let Some(state) = self.state().filter(|state| !state.is_empty()) else { return false };
        let is_same = |seen: Option<&Observation>| seen.and_then(read).is_some_and(|one| !state.differs(one));
        let is_unchanged = [self.after, self.later].into_iter().all(|read| is_same(read.map(|(_, seen)| seen)));
        let is_shown = self.shows(former, &state) == Some(true);
        let seen = &case.evidence.observations[write];
        let step = case.step_of(seen).step_id();
        // what an answer has in it was given away, whatever came of the write
        let is_bare = seen.exchange.response().is_some_and(|answer| answer.body.is_empty());
        let is_of_both = step == Some(BY_OTHER) || (step == Some(BY_LOW) && is_same(self.as_low));
        is_bare && is_unchanged && is_shown && is_of_both
    }
}

/// Why readings cannot be compared of which not as much was kept.
const TOO_LONG: &str = "what is read back is too long to be kept whole, so that nothing can be compared";

fn state_of(readings: &[&Observation]) -> Option<StableState> {
    let readings: Vec<&Response> = readings.iter().copied().filter_map(read).collect();
    StableState::of(&readings)
}

/// The answer to a reading that shows a state: a granted one, or one that says that there is nothing. Whose credential has ended, or who
/// asked too often, sees none.
fn read(seen: &Observation) -> Option<&Response> {
    let answer = seen.exchange.response()?;
    (seen.outcome == Outcome::Granted || matches!(answer.status, 404 | 410)).then_some(answer)
}

/// Nothing changed between the readings, and an allowed write would have shown in them.
pub(crate) fn unchanged_by_refused(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = opened_by_what_was_not_read(case, expect::wants(case));
    let rounds = Round::all(case);
    let is_ignored = |granted: &Deviation| {
        let write = granted.observation;
        let of = rounds.iter().position(|round| round.writes.contains(&write));
        of.is_some_and(|of| rounds[of].is_ignored(&rounds[..of], case, write))
    };
    let (ignored, access) = std::mem::take(&mut judgement.access).into_iter().partition(is_ignored);
    judgement.access = access;
    judgement.remarks.extend(ignored.iter().map(|granted: &Deviation| {
        let seen = &case.evidence.observations[granted.observation];
        let status = seen.exchange.status().unwrap_or_default();
        format!("{}: answered with {status}, and nothing came of it", seen.description)
    }));
    // a write that was granted is no refused one, and it may show in what is read of others
    let granted: Vec<usize> = judgement.access.iter().map(|granted| granted.observation).collect();
    let refused: Vec<bool> =
        rounds.iter().map(|round| !round.writes.iter().any(|write| granted.contains(write))).collect();
    let acted_at_once = |(round, is_refused): (&Round<'_>, &bool)| {
        *is_refused && round.state().is_some_and(|state| round.changed(&state, false).is_some())
    };
    let is_quiet = granted.is_empty() && !rounds.iter().zip(&refused).any(acted_at_once);
    for (at, round) in rounds.iter().enumerate().filter(|(at, _)| refused[*at]) {
        let mut methods = round.writes.iter().map(|write| &case.evidence.observations[*write].exchange.request.method);
        let method = methods.next_back().map_or("write", |method| method.as_str());
        let shown_by = |after| (after, format!("a refused {method} changed the state").into());
        unchanged(&mut judgement, (round, &rounds[..at]), is_quiet, &shown_by);
    }
    judgement
}

/// A reading, or an allowed write, that was not granted shows nothing: whose credential may be used is for other checks.
pub(crate) fn opened_by_what_was_not_read(case: &ObservedCheck<'_>, mut judgement: Judgement) -> Judgement {
    let of = |found: &Deviation| &case.evidence.observations[found.observation];
    let is_of_write = |found: &Deviation| matches!(case.step_of(of(found)).wanted(), Want::Denied(_));
    let (access, others): (Vec<_>, Vec<_>) = judgement.access.into_iter().partition(is_of_write);
    judgement.access = access;
    for seen in others.iter().map(of).filter(|seen| read(seen).is_none()) {
        judgement.open.push(format!("{}: not granted, so it shows nothing", seen.description));
    }
    judgement
}

/// What is read is the same before and after a write; a change is shown by the reading after it, or by the request that `shown_by`
/// makes of it. What changes late is judged where nothing else may have changed it.
pub(crate) fn unchanged(
    judgement: &mut Judgement,
    (round, former): (&Round<'_>, &[Round<'_>]),
    is_quiet: bool,
    shown_by: &dyn Fn(usize) -> (usize, Wording),
) {
    let readings = || [round.after, round.later].into_iter().flatten().map(|(_, seen)| seen);
    let Some(state) = round.state() else {
        if !round.before.is_empty() && round.before.iter().all(|seen| read(seen).is_some()) {
            judgement.open.push(TOO_LONG.to_owned());
        }
        return;
    };
    if let Some(index) = round.changed(&state, is_quiet) {
        let expected = "the same representation before and after";
        let (index, text) = shown_by(index);
        judgement.violates_by(Explanation::ExecutedWrite, index, text, expected);
        return;
    }
    if readings().chain(round.after_allowed).filter_map(read).any(|reading| !state.can_be_compared(reading)) {
        judgement.open.push(TOO_LONG.to_owned());
        return;
    }
    if state.is_empty() {
        judgement.open.push("what is read back is another each time: nothing can be compared".to_owned());
        return;
    }
    match (round.shows(former, &state), round.after_allowed) {
        (Some(false), _) => judgement.open.push(
            "an allowed write does not show in what is read back: a refused one that happened would not show either"
                .to_owned(),
        ),
        (None, Some(seen)) => judgement.open.push(format!("{}: not granted, so it shows nothing", seen.description)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::profile::Effective;
    use crate::check::step::Step;
    use crate::check::{catalogue, find};
    use crate::observe::{Evidence, Exchange, Place, Request, Silence};

    #[test]
    fn checks_that_compare_readings_keep_them_whole() {
        let reads = |step: &Step| step.step_id().is_some_and(|id| [BEFORE, LATER].contains(&id));
        let comparing: Vec<_> = catalogue().filter(|check| check.steps.iter().any(reads)).collect();
        assert_eq!(comparing.len(), 2);
        assert!(comparing.iter().all(|check| check.compares_answers));
    }

    #[test]
    fn a_start_of_a_reading_is_no_change() {
        let check = find("common.denied-write-has-no-effect").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let of = |id| check.steps.iter().position(|step| step.step_id() == Some(id)).expect("is there");
        let (whole, other) = ("<li>ink<li>red", "<li>ink<li>black");
        // what is read after a refused write, and how much of it was kept; access, and whether something stays open
        for (after, kept, expected) in [
            (whole, usize::MAX, (0, false)),
            (whole, 7, (0, true)),
            (other, 7, (0, true)),
            (other, usize::MAX, (1, false)),
        ] {
            let seen = |id, body: &str, kept: usize| {
                let (body, truncated) = (body[..body.len().min(kept)].into(), kept < body.len());
                let response = Response { status: 200, headers: Vec::new(), body, truncated };
                let exchange = Exchange::unanswered(Request::new("GET", "/ink"), Silence::Closed);
                Observation::in_test(of(id), Exchange { answer: Ok(response), ..exchange }, Outcome::Granted)
            };
            let mut evidence = Evidence::default();
            evidence.observe(seen(BEFORE, whole, usize::MAX));
            evidence.observe(seen(BEFORE_AGAIN, whole, usize::MAX));
            evidence.observe(seen(AFTER, after, kept));
            evidence.observe(seen(LATER, after, kept));
            evidence.observe(seen(AFTER_ALLOWED, "<li>ink<li>green", usize::MAX));
            let found = unchanged_by_refused(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((found.access.len(), !found.open.is_empty()), expected, "{after} {kept}: {found:?}");
        }
    }

    #[test]
    fn a_success_by_which_nothing_changes_is_no_access_to_what_its_path_names() {
        let check = find("common.denied-write-has-no-effect").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let of = |id| check.steps.iter().position(|step| step.step_id() == Some(id)).expect("is there");
        let seen = |id, status, body: &str| {
            let response = Response { status, headers: Vec::new(), body: body.into(), truncated: false };
            let exchange = Exchange::unanswered(Request::new("PUT", "/ink"), Silence::Closed);
            Observation::in_test(of(id), Exchange { answer: Ok(response), ..exchange }, Outcome::Granted)
        };
        let (red, black, green) = (r#"{"ink":"red"}"#, r#"{"ink":"black"}"#, r#"{"ink":"green"}"#);
        // the write and its answer; what is read after it, by whoever lacks the scope as well, and after an allowed one; access
        for (write, answer, [after, as_low, after_allowed], access) in [
            (BY_LOW, "", [red, red, green], 0),
            (BY_OTHER, "", [red, black, green], 0),
            // another object, an answer that gives something away, a write that does not show, and one that was carried out
            (BY_LOW, "", [red, black, green], 1),
            (BY_LOW, red, [red, red, green], 1),
            (BY_OTHER, "", [red, red, red], 1),
            (BY_LOW, "", [green, green, green], 1),
        ] {
            let mut evidence = Evidence::default();
            for (id, body) in [(BEFORE, red), (BEFORE_AGAIN, red)] {
                evidence.observe(seen(id, 200, body));
            }
            evidence.observe(seen(write, if answer.is_empty() { 204 } else { 200 }, answer));
            for (id, body) in [(AFTER, after), (AS_LOW, as_low), (LATER, after), (AFTER_ALLOWED, after_allowed)] {
                evidence.observe(seen(id, 200, body));
            }
            let found = unchanged_by_refused(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!(found.access.len(), access, "{write:?} {answer:?} {after} {as_low} {after_allowed}: {found:?}");
            assert_eq!(found.remarks.len(), 1 - access, "{found:?}");
        }
    }
    #[test]
    fn what_is_made_anew_each_second_is_no_change_however_late_it_is_seen() {
        let check = find("common.denied-write-has-no-effect").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let of = |id| check.steps.iter().position(|step| step.step_id() == Some(id)).expect("is there");
        let body = |(ink, stamp): (&str, &str)| format!(r#"{{"ink":"{ink}","stamp":"{stamp}"}}"#);
        // what is read at once, a moment later, and in another second; whether access is found
        for (after, later, again, found) in [
            (("red", "a"), ("red", "b"), Some(("red", "c")), false),
            (("red", "b"), ("red", "c"), Some(("red", "d")), false),
            (("red", "a"), ("green", "b"), Some(("green", "c")), true),
            (("green", "a"), ("green", "b"), Some(("green", "c")), true),
            (("red", "a"), ("red", "a"), None, false),
        ] {
            let mut evidence = Evidence::default();
            let read = [(BEFORE, Some(("red", "a"))), (BEFORE_AGAIN, Some(("red", "a"))), (AFTER, Some(after))];
            let allowed = (AFTER_ALLOWED, Some(("blue", "z")));
            for (id, read) in read.into_iter().chain([(LATER, Some(later)), (LATER_AGAIN, again), allowed]) {
                let Some(read) = read else { continue };
                let response = Response { status: 200, headers: Vec::new(), body: body(read).into(), truncated: false };
                let exchange = Exchange::unanswered(Request::new("GET", "/ink"), Silence::Closed);
                let exchange = Exchange { answer: Ok(response), ..exchange };
                evidence.observe(Observation::in_test(of(id), exchange, Outcome::Granted));
            }
            let judged = unchanged_by_refused(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!(!judged.access.is_empty(), found, "{after:?} {later:?} {again:?}: {judged:?}");
        }
    }

    #[test]
    fn a_reading_that_is_not_granted_shows_no_other_state() {
        let check = find("common.denied-write-has-no-effect").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let of = |id| check.steps.iter().position(|step| step.step_id() == Some(id)).expect("is there");
        let seen = |id, status| {
            let body = if status == 200 { "red" } else { "no" };
            let response = Response { status, headers: Vec::new(), body: body.into(), truncated: false };
            let exchange = Exchange::unanswered(Request::new("GET", "/ink"), Silence::Closed);
            let outcome = if status == 200 { Outcome::Granted } else { Outcome::Refused };
            Observation::in_test(of(id), Exchange { answer: Ok(response), ..exchange }, outcome)
        };
        // what is read at once and after an allowed write; whether access is found, and whether something is left open
        for (after, allowed, expected) in [
            (401, 404, (false, true)),
            (429, 404, (false, true)),
            // what is deleted is gone
            (404, 404, (true, false)),
            (200, 404, (false, false)),
            (200, 410, (false, false)),
            (200, 401, (false, true)),
        ] {
            let mut evidence = Evidence::default();
            for (id, status) in
                [(BEFORE, 200), (BEFORE_AGAIN, 200), (BY_LOW, 403), (AFTER, after), (AFTER_ALLOWED, allowed)]
            {
                evidence.observe(seen(id, status));
            }
            let found = unchanged_by_refused(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((!found.access.is_empty(), !found.open.is_empty()), expected, "{after} {allowed}: {found:?}");
        }
    }

    #[test]
    fn each_write_is_judged_by_what_was_read_around_it() {
        let check = find("common.denied-write-has-no-effect").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let of = |id| check.steps.iter().position(|step| step.step_id() == Some(id)).expect("is there");
        let seen = |place: usize, id, status, body: &str, outcome| {
            let response = Response { status, headers: Vec::new(), body: body.into(), truncated: false };
            let exchange = Exchange::unanswered(Request::new("GET", "/ink"), Silence::Closed);
            let exchange = Exchange { answer: Ok(response), ..exchange };
            Observation { place: Place::Resource(place), ..Observation::in_test(of(id), exchange, outcome) }
        };
        let read = |place, id, body: &str| seen(place, id, 200, &format!(r#"{{"ink":"{body}"}}"#), Outcome::Granted);
        const REFUSED: (u16, Outcome) = (403, Outcome::Refused);
        const GRANTED: (u16, Outcome) = (204, Outcome::Granted);
        // the places, and then of each round: the write, what is read at once and later, and before and after an allowed write;
        // access by the index of the observation, and whether something stays open
        for (places, writes, read_after, allowed, (access, is_open)) in [
            ([1, 2], [REFUSED; 2], [["red", "red"]; 2], [["red", "new"]; 2], (vec![], false)),
            // the second acted, at once: what the list of the first shows later is that one's
            ([1, 2], [REFUSED; 2], [["red", "black"], ["black", "black"]], [["black", "new"]; 2], (vec![7], false)),
            ([1, 2], [REFUSED; 2], [["red", "red"], ["red", "black"]], [["red", "new"]; 2], (vec![9], false)),
            // what was granted is access, and says nothing of what others show later
            ([1, 2], [GRANTED, REFUSED], [["black", "black"], ["red", "black"]], [["red", "new"]; 2], (vec![2], false)),
            // the allowed write of the first shows at the second, whose own does not
            ([1, 2], [REFUSED; 2], [["red", "red"]; 2], [["red", "new"], ["new", "new"]], (vec![], true)),
            // the same place: the first has written what the second would write
            ([1, 1], [REFUSED; 2], [["red", "red"]; 2], [["red", "new"], ["new", "new"]], (vec![], false)),
        ] {
            let mut evidence = Evidence::default();
            for at in [0, 1] {
                evidence.observe(read(places[at], BEFORE, "red"));
                evidence.observe(read(places[at], BEFORE_AGAIN, "red"));
                let (status, outcome) = writes[at];
                evidence.observe(seen(0, BY_LOW, status, "", outcome));
                evidence.observe(read(places[at], AFTER, read_after[at][0]));
            }
            for at in [0, 1] {
                evidence.observe(read(places[at], LATER, read_after[at][1]));
            }
            for at in [0, 1] {
                evidence.observe(read(places[at], BEFORE_ALLOWED, allowed[at][0]));
                evidence.observe(read(places[at], AFTER_ALLOWED, allowed[at][1]));
            }
            let found = unchanged_by_refused(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let shown: Vec<usize> = found.access.iter().map(|one| one.observation).collect();
            assert_eq!((shown, !found.open.is_empty()), (access, is_open), "{read_after:?} {allowed:?}: {found:?}");
        }
    }
}
