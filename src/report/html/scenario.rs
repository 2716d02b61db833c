//! One scenario: its checks by topic, its load, its thresholds.

use std::borrow::Cow;
use std::collections::BTreeMap;

use askama::Template;

use super::figures::PhaseView;
use super::finding::{CheckView, sign};
use super::matrix::Matrix;
use super::note_class;
use super::overhead::OverheadView;
use crate::check::{GROUPS, Verdict};
use crate::event::{CheckResult, Note, NoteKind, ThresholdResult};
use crate::report::units::counted;
use crate::report::{Counts, ScenarioRecord};

/// One scenario.
#[derive(Template)]
#[template(path = "scenario.html")]
pub(super) struct ScenarioView<'a> {
    pub(super) scenario: &'a ScenarioRecord,
    /// Unique on the page.
    pub(super) id: String,
    pub(super) groups: Vec<GroupView<'a>>,
    matrix: Matrix<'a>,
    /// Checks that were not executed, in a sentence and by reason.
    aside: Vec<(String, Reasons<'a>)>,
    load: Vec<PhaseView<'a>>,
    overhead: Vec<OverheadView<'a>>,
}

/// Reasons with the checks that each kept from running, the most frequent first.
type Reasons<'a> = Vec<(&'a str, Vec<&'a str>)>;

/// The checks of one topic.
pub(super) struct GroupView<'a> {
    pub(super) name: &'a str,
    about: &'a str,
    pub(super) checks: Vec<CheckView<'a>>,
}

impl<'a> ScenarioView<'a> {
    /// The scenario; `finding_of` names the card of a finding.
    pub(super) fn of(
        scenario: &'a ScenarioRecord,
        id: String,
        finding_of: &dyn Fn(&'a CheckResult) -> Option<String>,
    ) -> Self {
        let groups = groups(scenario, &id, finding_of);
        let load = scenario.load.iter().enumerate();
        let load = load.map(|(at, phase)| PhaseView::of(phase, &format!("{id}l{}", at + 1))).collect();
        let overhead = scenario.overhead.iter().enumerate();
        let overhead = overhead.map(|(at, study)| OverheadView::of(study, format!("{id}o{}", at + 1))).collect();
        Self { scenario, id, matrix: Matrix::of(&groups), groups, aside: aside(scenario), load, overhead }
    }

    /// Verdicts with their share in percent, for the strip.
    pub(super) fn strip(&self) -> Vec<(&'static str, f64)> {
        let counts = self.scenario.counts();
        let total = counts.total().max(1) as f64;
        let told = verdicts(&counts).into_iter();
        told.map(|(class, _, _, number)| (class, number as f64 / total * 100.0)).collect()
    }

    fn verdicts(&self) -> Vec<(&'static str, &'static str, String, usize)> {
        verdicts(&self.scenario.counts())
    }

    /// `4 fail, 1 warn, 7 pass`
    pub(super) fn in_short(&self) -> String {
        let told: Vec<_> =
            self.verdicts().into_iter().map(|(_, _, words, number)| format!("{number} {words}")).collect();
        if told.is_empty() { "none".to_owned() } else { told.join(", ") }
    }

    fn executed(&self) -> String {
        let executed = self.scenario.checks.iter().filter(|check| check.verdict.executed()).count();
        let planned = counted(self.scenario.started.planned_checks, "planned check");
        match &self.scenario.finished {
            Some(finished) => format!("{executed} of {planned} executed, {} apply", finished.applicable),
            None => format!("{executed} of {planned} executed before it was cut off"),
        }
    }

    fn thresholds(&self) -> &'a [ThresholdResult] {
        &self.scenario.thresholds
    }

    fn notes(&self) -> impl Iterator<Item = &'a Note> {
        self.scenario.notes.iter().filter(|note| note.kind != NoteKind::Finding)
    }
}

/// Verdicts that occurred: class, sign, words and number.
pub(super) fn verdicts(counts: &Counts) -> Vec<(&'static str, &'static str, String, usize)> {
    let named = |(verdict, number): (Verdict, usize)| {
        (verdict.name(), sign(Some(verdict)), verdict.name().replace('-', " "), number)
    };
    let mut verdicts: Vec<_> = counts.occurred().map(named).collect();
    verdicts.extend((counts.waived > 0).then(|| ("waived", sign(None), "waived".to_owned(), counts.waived)));
    verdicts
}

/// Checks that apply by topic, in the order in which topics first came; within a topic the worst come first.
fn groups<'a>(
    scenario: &'a ScenarioRecord,
    id: &str,
    finding_of: &dyn Fn(&'a CheckResult) -> Option<String>,
) -> Vec<GroupView<'a>> {
    let mut groups = Vec::<GroupView<'a>>::new();
    let applies = |check: &CheckResult| check.verdict != Verdict::NotApplicable;
    for (at, check) in scenario.checks.iter().enumerate().filter(|(_, check)| applies(check)) {
        let view = CheckView {
            check: Cow::Borrowed(check),
            scenario: (&scenario.started.name, id.to_owned()),
            id: format!("{id}c{}", at + 1),
            finding: finding_of(check),
        };
        match groups.iter_mut().find(|group| group.name == check.group) {
            Some(group) => group.checks.push(view),
            None => groups.push(GroupView { name: &check.group, about: about(check), checks: vec![view] }),
        }
    }
    for group in &mut groups {
        group.checks.sort_by_key(|view| {
            (view.check.verdict, view.check.waived.is_some(), std::cmp::Reverse(view.check.severity))
        });
    }
    groups
}

fn aside(scenario: &ScenarioRecord) -> Vec<(String, Reasons<'_>)> {
    let sentence = |verdict, number| match (verdict, number) {
        (Verdict::NotTested, 1) => "Why 1 check was not tested".to_owned(),
        (Verdict::NotTested, _) => format!("Why {} were not tested", counted(number, "check")),
        (_, 1) => "Why 1 check does not apply".to_owned(),
        _ => format!("Why {} do not apply", counted(number, "check")),
    };
    let all = [Verdict::NotTested, Verdict::NotApplicable].map(|verdict| {
        let checks: Vec<_> = scenario.checks.iter().filter(|check| check.verdict == verdict).collect();
        (sentence(verdict, checks.len()), reasons(&checks))
    });
    all.into_iter().filter(|(_, reasons)| !reasons.is_empty()).collect()
}

fn reasons<'a>(checks: &[&'a CheckResult]) -> Reasons<'a> {
    let mut by_reason = BTreeMap::<&str, Vec<&str>>::new();
    checks.iter().for_each(|check| by_reason.entry(&check.summary).or_default().push(&check.id));
    let mut reasons: Vec<_> = by_reason.into_iter().collect();
    reasons.sort_by_key(|(_, ids)| std::cmp::Reverse(ids.len()));
    reasons
}

/// What a topic is about, where the catalogue knows it.
fn about(check: &CheckResult) -> &str {
    match GROUPS.iter().find(|group| group.name == check.group) {
        Some(group) => group.about,
        None if check.group == "case" => "Cases of the scenario",
        None => "",
    }
}
