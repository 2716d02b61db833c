//! Bodies of which one member alone is malformed: what looks at the members one after the other does not get to the second where
//! the first is wrong.

use serde_json::Value;

use super::malformed::never_broken_but;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Alter, On, Step, Want, Who, send};
use crate::observe::Observation;

/// How many members are malformed, each alone.
const MEMBERS: usize = 5;

/// What a member is that is malformed.
const VALUES: [fn(&Value) -> &'static str; 6] = [
    |_| "{}",
    |member| if member.is_number() { r#""authbench""# } else { "5" },
    |_| "null",
    |_| r#""a\u0000b""#,
    // half of a character (RFC 8259 §8.2)
    |_| r#""\ud800""#,
    |_| "[]",
];

/// Each of the first members with each of these values.
static ONE_MEMBER: [[Alter; 1]; MEMBERS * VALUES.len()] = {
    let mut all = [[Alter::Member(0, VALUES[0])]; MEMBERS * VALUES.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = [Alter::Member(at / VALUES.len(), VALUES[at % VALUES.len()])];
        at += 1;
    }
    all
};

/// The same steps, each member malformed alone, and the good write once more.
pub(super) const fn and_one_member<const FIRST: usize, const STEPS: usize>(first: [Step; FIRST]) -> [Step; STEPS] {
    assert!(STEPS == FIRST + ONE_MEMBER.len() + 1);
    let mut steps = [send(Who::Good, On::EachWrite).called("the good write once more"); STEPS];
    let mut at = 0;
    while at + 1 < STEPS {
        steps[at] = if at < FIRST { first[at] } else { send(Who::Good, On::EachWrite).with(&ONE_MEMBER[at - FIRST]) };
        at += 1;
    }
    steps
}

/// No answer to a body that is malformed is a server error that comes again. Where the good write breaks as well when it is sent
/// once more, such as a name that has to be new, a body that has one member that differs shows nothing.
pub(super) fn bodies_never_broken(case: &ObservedCheck<'_>) -> Judgement {
    let breaks_again = |seen: &Observation| {
        let mut repeated = case.lenient().filter(|(_, other)| is_plain(case.step_of(other)));
        repeated.any(|(_, other)| other.place == seen.place && is_broken(other))
    };
    let mut judgement = never_broken_but(case, |seen| {
        let step = case.step_of(seen);
        (is_plain(step) || is_of_one_member(step)) && breaks_again(seen)
    });
    for (_, seen) in case.lenient().filter(|(_, seen)| is_plain(case.step_of(seen)) && is_broken(seen)) {
        let what = seen.exchange.status().map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        judgement
            .leaves_open(format!("{}: {what}, so members that are malformed alone show nothing", seen.description));
    }
    judgement
}

fn is_broken(seen: &Observation) -> bool {
    seen.exchange.status().is_none_or(|status| status >= 500)
}

/// Whether a step is the good write after which nothing has to come.
fn is_plain(step: &Step) -> bool {
    matches!(step, Step::Send(send) if send.alter.is_empty() && matches!(send.want, Want::Either))
}

/// Whether a step changes one member of a body.
fn is_of_one_member(step: &Step) -> bool {
    matches!(step, Step::Send(send) if matches!(send.alter, [Alter::Member(..)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Outcome, Request, Response, Silence};

    #[test]
    fn one_member_is_not_to_blame_where_the_good_write_breaks_when_it_comes_again() {
        let check = crate::check::find("common.malformed-body-never-5xx").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let of_one = check.steps.iter().position(is_of_one_member).expect("is sent");
        let (of_all, last) = (1, check.steps.len() - 1);
        assert!(is_plain(&check.steps[last]) && !is_plain(&check.steps[0]));
        for (all, one, again, found) in [
            (400, 500, 201, (1, 0)),
            (400, 500, 409, (1, 0)),
            (400, 400, 201, (0, 0)),
            (400, 501, 201, (0, 0)),
            (400, 500, 500, (0, 1)),
            // no member is good in the others
            (500, 500, 500, (1, 1)),
            (500, 400, 201, (1, 0)),
        ] {
            let mut evidence = Evidence::default();
            for (step, status) in [(0, 201), (of_all, all), (of_one, one), (last, again)] {
                let answer = Ok(Response { status, headers: Vec::new(), body: Vec::new(), truncated: false });
                let asked = Exchange::unanswered(Request::new("POST", "/orders"), Silence::Closed);
                let outcome = if status == 201 { Outcome::Granted } else { Outcome::Refused };
                let seen = Observation::in_test(step, Exchange { answer, ..asked }, outcome);
                evidence.observe(Observation { reproduced: true, credential: Some("service".to_owned()), ..seen });
            }
            let judged = bodies_never_broken(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((judged.protocol.len(), judged.open.len()), found, "{all} {one} {again}");
        }
    }
}
