//! What a request by a reading method does that names a writing one beside it.

use crate::check::common::written_state::{self, Round};
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Accept, Alter, Fill, INSUFFICIENT};
use crate::observe::{Observation, Outcome, StepId};

/// The fields by which frameworks take another method from a request, ...
const FIELDS: [&str; 3] = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"];
/// ... all of them naming the method that the request has anyway, ...
pub(crate) const FIELDS_OF_READ: &[Alter] = &[
    Alter::Method("GET"),
    Alter::Header(FIELDS[0], Fill::Text("GET")),
    Alter::Header(FIELDS[1], Fill::Text("GET")),
    Alter::Header(FIELDS[2], Fill::Text("GET")),
];
/// ... and that of the write, ...
pub(crate) const FIELDS_OF_WRITE: &[Alter] = &[
    Alter::Method("GET"),
    Alter::Header(FIELDS[0], Fill::OwnMethod),
    Alter::Header(FIELDS[1], Fill::OwnMethod),
    Alter::Header(FIELDS[2], Fill::OwnMethod),
];
/// ... and each of them alone.
pub(crate) const ONE_FIELD: [&[Alter]; 3] = [
    &[Alter::Method("GET"), Alter::Header(FIELDS[0], Fill::OwnMethod)],
    &[Alter::Method("GET"), Alter::Header(FIELDS[1], Fill::OwnMethod)],
    &[Alter::Method("GET"), Alter::Header(FIELDS[2], Fill::OwnMethod)],
];
/// The same by a parameter of the query.
pub(crate) const QUERY_OF_READ: &[Alter] = &[Alter::Method("GET"), Alter::Query("_method", Fill::Text("GET"))];
pub(crate) const QUERY_OF_WRITE: &[Alter] = &[Alter::Method("GET"), Alter::Query("_method", Fill::OwnMethod)];

/// GET with fields, or a parameter, that name GET: what the method alone gets.
pub(crate) const READ_BY_FIELDS: StepId = StepId::new("read-by-fields");
pub(crate) const READ_BY_QUERY: StepId = StepId::new("read-by-query");
/// The same that name the method of the write.
pub(crate) const BY_FIELDS: StepId = StepId::new("written-by-fields");
pub(crate) const BY_QUERY: StepId = StepId::new("written-by-query");
/// The same with one of the fields, where all of them together were granted.
pub(crate) const BY_ONE: [StepId; 3] =
    [StepId::new("written-by-field-1"), StepId::new("written-by-field-2"), StepId::new("written-by-field-3")];
/// The write by its own method.
pub(crate) const WRITE_ITSELF: StepId = StepId::new("write-itself");

/// Any refusal: which status is the right one is judged where the write is sent by its own method.
pub(crate) const OVERRIDDEN: &[Accept] = &[INSUFFICIENT, Accept::Range(400, 499)];

/// Statuses of a handler that does not like the content of a request (RFC 9110 §15.5): whoever may not write has no business
/// there.
const OF_HANDLERS: [u16; 6] = [400, 409, 411, 413, 415, 422];

/// A field that names another method changes nothing about what the method of the request gets, or is decided like that other method.
pub(crate) fn inert(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        match plain_of(case, seen) {
            Some(plain) => judge_beside(case, index, seen, plain, &mut judgement),
            // what is compared with has to be an answer, whatever it says
            None if is_compared_with(case, seen) && seen.exchange.response().is_some() => {}
            None => case.judge(index, &mut judgement),
        }
    }
    let mut judgement = written_state::opened_by_what_was_not_read(case, judgement);
    // the field alone says more than all three
    let is_of = |at: usize, steps: &[StepId]| {
        let step = case.step_of(&case.evidence.observations[at]).step_id();
        step.is_some_and(|step| steps.contains(&step))
    };
    if judgement.access.iter().any(|found| is_of(found.observation, &BY_ONE)) {
        judgement.access.retain(|found| !is_of(found.observation, &[BY_FIELDS]));
    }
    if !judgement.access.is_empty() {
        return judgement;
    }
    let rounds = Round::all(case);
    let Some(round) = rounds.first() else {
        judgement.remarks.push("no resource reads what is written: the answers alone were looked at".to_owned());
        return judgement;
    };
    let changed = |after: usize| {
        let at = acting(case).unwrap_or(after);
        (at, case.about(at, "the state is another one after it"))
    };
    written_state::unchanged(&mut judgement, (round, &[]), true, &changed);
    judgement
}

/// Judges an answer to a request that names the method of the write, beside the one to a request that names its own.
fn judge_beside(
    case: &ObservedCheck<'_>,
    index: usize,
    seen: &Observation,
    plain: &Observation,
    judgement: &mut Judgement,
) {
    let (status, without) = (seen.exchange.status(), plain.exchange.status());
    let is_same = status.is_some() && status == without && seen.outcome == plain.outcome;
    if is_same || (seen.outcome == Outcome::Granted && plain.outcome == Outcome::Granted) {
        return;
    }
    let itself = case.beside(seen, WRITE_ITSELF).find_map(|(_, itself)| itself.exchange.status());
    match (status, without) {
        (Some(status), Some(without)) if OF_HANDLERS.contains(&status) && itself != Some(status) => {
            let text = case.about(
                index,
                format_args!("answered with {status}, and with {without} where it names GET: it is not ignored"),
            );
            judgement.advises(index, text, "the answer to GET, or the refusal of the write");
        }
        _ => case.judge(index, judgement),
    }
}

/// The answer to the same request that names its own method.
fn plain_of<'a>(case: &ObservedCheck<'a>, seen: &'a Observation) -> Option<&'a Observation> {
    let step = case.step_of(seen).step_id()?;
    let plain = match step {
        BY_QUERY => READ_BY_QUERY,
        step if step == BY_FIELDS || BY_ONE.contains(&step) => READ_BY_FIELDS,
        _ => return None,
    };
    case.beside(seen, plain).map(|(_, plain)| plain).next()
}

fn is_compared_with(case: &ObservedCheck<'_>, seen: &Observation) -> bool {
    let step = case.step_of(seen).step_id();
    step.is_some_and(|step| [READ_BY_FIELDS, READ_BY_QUERY, WRITE_ITSELF].contains(&step))
}

/// The request after which a state changed: the one that was not answered as one that names its own method is, and the first of all
/// where no answer shows it.
fn acting(case: &ObservedCheck<'_>) -> Option<usize> {
    let named = || case.observations().filter_map(|(at, seen)| Some((at, seen, plain_of(case, seen)?)));
    let differs = |seen: &Observation, plain: &Observation| seen.exchange.status() != plain.exchange.status();
    let shown = named().find(|(_, seen, plain)| differs(seen, plain));
    shown.or_else(|| named().next()).map(|(at, ..)| at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::profile::Effective;
    use crate::check::{Explanation, find};
    use crate::observe::{Evidence, Exchange, Request, Response, Silence};

    fn seen(step: StepId, status: u16, body: &str) -> Observation {
        let check = find("common.method-override-header-ignored").expect("is in the catalogue");
        let step = check.steps.iter().position(|one| one.step_id() == Some(step)).expect("is a step");
        let outcome = match status {
            201 => Outcome::Granted,
            401..500 => Outcome::Refused,
            400 => Outcome::Refused,
            _ => Outcome::Unclear,
        };
        let response = Response { status, headers: Vec::new(), body: body.into(), truncated: false };
        let asked = Exchange::unanswered(Request::new("GET", "/"), Silence::Closed);
        Observation::in_test(step, Exchange { answer: Ok(response), ..asked }, outcome)
    }

    fn judged(observations: Vec<Observation>) -> Judgement {
        let check = find("common.method-override-header-ignored").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let mut evidence = Evidence::default();
        observations.into_iter().for_each(|one| evidence.observe(one));
        inert(&ObservedCheck { check, evidence: &evidence, profile: &profile })
    }

    #[test]
    fn what_names_another_method_is_inert_where_it_is_answered_as_what_names_its_own() {
        // the read, what names the write, the write itself; grants, warnings, open questions
        for (read, named, write, expected) in [
            (200, 200, 403, (0, 0, 0)),
            (403, 403, 403, (0, 0, 0)),
            // a gateway that refuses such fields
            (400, 400, 403, (0, 0, 0)),
            // decided as the other method
            (200, 403, 403, (0, 0, 0)),
            (200, 405, 403, (0, 0, 0)),
            (404, 201, 403, (1, 0, 0)),
            (200, 201, 403, (1, 0, 0)),
            (200, 422, 403, (0, 1, 0)),
            (200, 415, 403, (0, 1, 0)),
            // the target refuses writes like this
            (200, 400, 400, (0, 0, 0)),
            (200, 204, 403, (0, 0, 1)),
        ] {
            let found =
                judged(vec![seen(READ_BY_FIELDS, read, ""), seen(BY_FIELDS, named, ""), seen(WRITE_ITSELF, write, "")]);
            let seen = (found.access.len(), found.advice.len(), found.open.len());
            assert_eq!(seen, expected, "{read} {named} {write}: {found:?}");
            assert!(found.protocol.is_empty(), "{found:?}");
        }
    }

    #[test]
    fn the_field_that_acts_is_named_alone() {
        let found = judged(vec![
            seen(READ_BY_FIELDS, 200, ""),
            seen(BY_FIELDS, 201, ""),
            seen(BY_ONE[0], 200, ""),
            seen(BY_ONE[1], 201, ""),
        ]);
        assert_eq!(found.access.iter().map(|one| one.observation).collect::<Vec<_>>(), [3], "{found:?}");
    }

    #[test]
    fn a_changed_state_is_shown_by_the_request_that_was_answered_otherwise() {
        for (by_fields, by_query, shown) in [(200, 204, 5), (204, 200, 4), (200, 200, 4)] {
            let found = judged(vec![
                seen(written_state::BEFORE, 201, "one"),
                seen(written_state::BEFORE_AGAIN, 201, "one"),
                seen(READ_BY_FIELDS, 200, ""),
                seen(READ_BY_QUERY, 200, ""),
                seen(BY_FIELDS, by_fields, ""),
                seen(BY_QUERY, by_query, ""),
                seen(written_state::AFTER, 201, "two"),
            ]);
            let found: Vec<_> = found.access.iter().map(|one| (one.observation, one.explanation)).collect();
            assert_eq!(found, [(shown, Explanation::ExecutedWrite)], "{by_fields} {by_query}");
        }
    }
}
