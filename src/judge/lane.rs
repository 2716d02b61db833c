//! Lanes that should be refused, judged under load: does the target fail open? Pure.

use crate::check::step::{Step, Who};
use crate::check::{Explanation, Level, Severity, Verdict, catalogue, url_of};
use crate::event::{Cell, CheckResult, Cited, Part, SourcePlace};
use crate::observe::{LaneFigures, LoadFigures};

/// Share of a lane's requests that has to be refused for a verdict.
const ENOUGH: f64 = 0.99;

/// The verdict of each lane that should be refused, as a check of its own; the endpoint is a method and a path.
pub fn verdicts(figures: &LoadFigures, endpoint: (&str, &str), place: &SourcePlace) -> Vec<CheckResult> {
    let refusing = figures.lanes.iter().filter(|lane| !lane.expects_grant);
    refusing.map(|lane| result(lane, figures, endpoint, place.clone())).collect()
}

fn result(lane: &LaneFigures, figures: &LoadFigures, (method, path): (&str, &str), place: SourcePlace) -> CheckResult {
    let (verdict, summary) = verdict(lane, &figures.lanes);
    let cited = |source: &str| Cited { source: source.to_owned(), url: url_of(source) };
    let failed = verdict == Verdict::Fail;
    let (explanation, implied_by) = explained(&lane.name);
    let statuses: Vec<u16> = lane.statuses.keys().copied().collect();
    let cell = Cell {
        endpoint: path.to_owned(),
        method: method.to_owned(),
        answering: None,
        part: Part::Access,
        verdict,
        explanation,
        implied_by,
        summary: summary.clone(),
        further: Vec::new(),
        expected: "refused".to_owned(),
        seen: seen(lane),
        statuses: statuses.clone(),
        shown_by: None,
        waived: None,
    };
    CheckResult {
        id: format!("load.{}-refused", lane.name),
        title: format!("requests of the lane {} are refused under load, in the phase {}", lane.name, figures.name),
        group: "load".to_owned(),
        verdict,
        waived: None,
        // no RFC speaks of load
        level: Level::Practice,
        severity: severity(&lane.name),
        part: failed.then_some(Part::Access),
        // not failing securely; improper authentication
        citations: vec![cited("CWE-636"), cited("CWE-287")],
        help: None,
        place,
        summary,
        expected: "refused".to_owned(),
        seen: seen(lane),
        deviations: Vec::new(),
        shown_by: None,
        statuses,
        cells: failed.then_some(cell).into_iter().collect(),
        replay: Vec::new(),
        needs_review: false,
        evidence: Vec::new(),
        took_ms: figures.duration_s * 1000.0,
    }
}

/// Lanes of a credential in a state, and of none: what is sent has the same name as a forgery of some schemes and is none.
const OF_STATES: [&str; 3] = ["expired", "revoked", "no-credential"];

/// The severity of a grant to a lane: that of the check which sends the same forgery, the highest where several do.
fn severity(lane: &str) -> Severity {
    if OF_STATES.contains(&lane) {
        return Severity::Critical;
    }
    let sends = |step: &Step| match step {
        Step::Send(send) => match send.who {
            Who::Forged(id) => id.as_str() == lane,
            Who::EachForged(ids) => ids.iter().any(|id| id.as_str() == lane),
            _ => false,
        },
        _ => false,
    };
    let checks = catalogue().filter(|check| check.steps.iter().any(sends));
    checks.map(|check| check.severity).max().unwrap_or(Severity::Critical)
}

/// What a grant to a lane shows, and what implies it: the same as a grant to the probe of a check.
fn explained(lane: &str) -> (Explanation, Vec<Explanation>) {
    use Explanation::{Anonymous, Own, UnknownCredential, Unverified};
    match lane {
        "no-credential" => (Anonymous, Vec::new()),
        "unknown" => (UnknownCredential, vec![Anonymous]),
        _ => (Own, vec![Anonymous, UnknownCredential, Unverified]),
    }
}

/// Accepting is a finding whatever else is doubtful. Refusing proves something where good requests are granted beside it.
fn verdict(lane: &LaneFigures, lanes: &[LaneFigures]) -> (Verdict, String) {
    let outcomes = &lane.outcomes;
    if outcomes.granted > 0 {
        let since = lane.first_granted_s.unwrap_or_default();
        let rate = lane.first_granted_rate.map(|rate| format!(", at {rate:.0} requests a second")).unwrap_or_default();
        let (granted, total) = (outcomes.granted, outcomes.total());
        let text = format!("{granted} of {total} were granted under load, the first after {since:.3} s{rate}");
        return (Verdict::Fail, text);
    }
    let mut good = lanes.iter().filter(|lane| lane.expects_grant);
    if !good.any(|lane| lane.outcomes.granted > 0) {
        let text = "no request with a good credential was granted beside it: a refusal proves nothing";
        return (Verdict::Inconclusive, text.to_owned());
    }
    if outcomes.total() == 0 {
        return (Verdict::Inconclusive, "no request of it was sent".to_owned());
    }
    if (outcomes.refused as f64) < outcomes.total() as f64 * ENOUGH {
        let (refused, total) = (outcomes.refused, outcomes.total());
        let others = [(outcomes.unclear, "unclear"), (outcomes.broke, "broke"), (outcomes.silent, "without an answer")];
        let others = others.into_iter().filter(|(number, _)| *number > 0);
        let others: Vec<_> = others.map(|(number, word)| format!("{number} {word}")).collect();
        let text = format!("only {refused} of {total} were refused; {}", others.join(", "));
        return (Verdict::Inconclusive, text);
    }
    (Verdict::Pass, format!("all {} that were answered were refused under load", outcomes.refused))
}

fn seen(lane: &LaneFigures) -> String {
    let by_status: Vec<_> = lane.statuses.iter().map(|(status, count)| format!("{status} {count} times")).collect();
    let outcomes = &lane.outcomes;
    let word = match outcomes {
        _ if outcomes.granted > 0 => "granted",
        _ if outcomes.refused == outcomes.total() => "refused",
        _ => "not all refused",
    };
    format!("{word}: {}", by_status.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Outcomes;

    fn lane(name: &str, expects_grant: bool, (granted, refused, silent): (u64, u64, u64)) -> LaneFigures {
        LaneFigures {
            name: name.to_owned(),
            share: 0.5,
            expects_grant,
            outcomes: Outcomes { granted, refused, silent, ..Outcomes::default() },
            statuses: Default::default(),
            first_granted_s: (granted > 0).then_some(1.25),
            first_granted_rate: Some(500.0),
        }
    }

    #[test]
    fn a_lane_that_should_be_refused_is_judged_beside_the_good_one() {
        for (good, expired, expected) in [
            ((950, 0, 0), (0, 50, 0), Verdict::Pass),
            ((950, 0, 0), (1, 49, 0), Verdict::Fail),
            // whoever refuses everyone proves nothing
            ((0, 950, 0), (0, 50, 0), Verdict::Inconclusive),
            ((0, 950, 0), (1, 49, 0), Verdict::Fail),
            ((950, 0, 0), (0, 40, 10), Verdict::Inconclusive),
            ((950, 0, 0), (0, 0, 0), Verdict::Inconclusive),
        ] {
            let lanes = vec![lane("valid", true, good), lane("expired", false, expired)];
            let (verdict, summary) = verdict(&lanes[1], &lanes);
            assert_eq!(verdict, expected, "{good:?} {expired:?}: {summary}");
        }
    }

    #[test]
    fn a_lane_is_as_severe_as_the_check_that_sends_the_same() {
        for (lane, expected) in [
            ("no-credential", Severity::Critical),
            ("unknown", Severity::Critical),
            ("expired", Severity::Critical),
            ("other-key", Severity::Critical),
            // a signature of its owner, at another time
            ("stale", Severity::High),
            ("replayed", Severity::High),
        ] {
            assert_eq!(severity(lane), expected, "{lane}");
        }
    }

    #[test]
    fn an_unclear_answer_is_no_refusal() {
        let unclear = Outcomes { refused: 90, unclear: 8, broke: 1, silent: 1, ..Outcomes::default() };
        let lanes =
            [lane("valid", true, (900, 0, 0)), LaneFigures { outcomes: unclear, ..lane("no", false, (0, 0, 0)) }];
        let (verdict, summary) = verdict(&lanes[1], &lanes);
        let expected = "only 90 of 100 were refused; 8 unclear, 1 broke, 1 without an answer";
        assert_eq!((verdict, summary.as_str()), (Verdict::Inconclusive, expected));
    }

    #[test]
    fn a_finding_says_how_many_and_when_it_began() {
        let lanes = [lane("valid", true, (950, 0, 0)), lane("expired", false, (7, 43, 0))];
        let (_, summary) = verdict(&lanes[1], &lanes);
        let expected = "7 of 50 were granted under load, the first after 1.250 s, at 500 requests a second";
        assert_eq!(summary, expected);
    }
}
