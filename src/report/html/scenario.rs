//! One scenario: its checks by topic, its load, its thresholds.

use std::borrow::Cow;
use std::collections::BTreeMap;

use askama::Template;

use super::anchor::Anchors;
use super::figures::PhaseView;
use super::finding::{CheckView, sign};
use super::matrix::Matrix;
use super::overhead::OverheadView;
use super::{note_class, prose};
use crate::check::{GROUPS, Verdict};
use crate::event::{CheckResult, Note, NoteKind, ThresholdResult};
use crate::report::summary::equation;
use crate::report::units::{counted, restyled};
use crate::report::words::{level_word, web_address};
use crate::report::{Counts, ScenarioRecord};

/// One scenario.
#[derive(Template)]
#[template(path = "scenario.html")]
pub(super) struct ScenarioView<'a> {
    pub(super) scenario: &'a ScenarioRecord,
    /// Unique on the page.
    pub(super) id: String,
    pub(super) groups: Vec<TopicView<'a>>,
    matrix: Option<Matrix<'a>>,
    /// Checks that were not executed, in a sentence and by reason.
    aside: Vec<(String, Reasons<'a>)>,
    load: Vec<PhaseView<'a>>,
    overhead: Vec<OverheadView<'a>>,
}

/// Reasons with the checks that each kept from running, the most frequent first.
type Reasons<'a> = Vec<(&'a str, Vec<&'a str>)>;

/// The checks of one topic.
pub(super) struct TopicView<'a> {
    pub(super) name: &'a str,
    about: &'a str,
    /// What a reader has to see: the worst first.
    pub(super) open: Vec<CheckRow<'a>>,
    /// What passed or was not tested, folded.
    pub(super) folded: Vec<CheckRow<'a>>,
}

/// A check in the list of its topic.
pub(super) struct CheckRow<'a> {
    pub(super) view: CheckView<'a>,
    /// Its anchor; none where its finding has that.
    pub(super) id: Option<String>,
    /// Anchor of the finding that it belongs to.
    pub(super) card: Option<String>,
}

/// Finds the finding of a check: its anchor, and whether it is this check that shows it.
type CardOf<'a> = dyn Fn(&ScenarioRecord, &CheckResult) -> Option<(String, bool)> + 'a;

/// Where things are on the page.
pub(super) struct Places<'p> {
    /// Anchor of the scenario.
    pub(super) id: &'p str,
    pub(super) anchors: &'p mut Anchors,
    pub(super) card: &'p CardOf<'p>,
}

impl<'a> ScenarioView<'a> {
    /// The scenario.
    pub(super) fn of(scenario: &'a ScenarioRecord, mut places: Places<'_>) -> Self {
        let groups = groups(scenario, &mut places);
        let Places { id, anchors, .. } = places;
        let load = scenario.load.iter().map(|phase| {
            let id = anchors.below(id, &format!("load.{}", phase.name()));
            PhaseView::of(phase, &scenario.thresholds, id)
        });
        let load = load.collect();
        let overhead = scenario.overhead.iter().map(|study| OverheadView { study }).collect();
        let (id, matrix, aside) = (id.to_owned(), Matrix::of(&groups), aside(scenario));
        Self { scenario, id, matrix, groups, aside, load, overhead }
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

    fn planned(&self) -> String {
        equation(&self.scenario.planned())
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
fn groups<'a>(scenario: &'a ScenarioRecord, places: &mut Places<'_>) -> Vec<TopicView<'a>> {
    let mut groups = Vec::<TopicView<'a>>::new();
    let mut checks: Vec<_> = scenario.checks.iter().filter(|check| check.verdict != Verdict::NotApplicable).collect();
    let topics: Vec<&str> = checks.iter().map(|check| &check.group[..]).collect();
    let topic = |check: &CheckResult| topics.iter().position(|name| *name == check.group);
    checks
        .sort_by_key(|check| (topic(check), check.verdict, check.waived.is_some(), std::cmp::Reverse(check.severity)));
    for check in checks {
        let card = (places.card)(scenario, check);
        // the card of a finding has the anchor of the check that shows it
        let shows = card.as_ref().is_some_and(|(_, shows)| *shows);
        let id = (!shows).then(|| places.anchors.below(places.id, &check.id));
        let scenario = (&scenario.started.name[..], places.id.to_owned());
        let view = CheckView { check: Cow::Borrowed(check), scenario };
        let row = CheckRow { view, id, card: card.map(|(card, _)| card) };
        if groups.last().is_none_or(|group| group.name != check.group) {
            groups.push(TopicView { name: &check.group, about: about(check), open: Vec::new(), folded: Vec::new() });
        }
        let Some(group) = groups.last_mut() else { continue };
        let quiet = matches!(check.verdict, Verdict::Pass | Verdict::NotTested) && check.waived.is_none();
        if quiet { group.folded.push(row) } else { group.open.push(row) }
    }
    groups
}

impl<'a> TopicView<'a> {
    pub(super) fn rows(&self) -> impl Iterator<Item = &CheckRow<'a>> {
        self.open.iter().chain(&self.folded)
    }

    fn counts(&self) -> Vec<(&'static str, &'static str, String, usize)> {
        verdicts(&Counts::of(self.rows().map(|row| row.view.check.as_ref())))
    }

    /// Class and sign of the worst.
    fn worst(&self) -> (&'static str, &'static str) {
        self.rows().next().map_or(("not-tested", "–"), |row| (row.view.verdict(), row.view.sign()))
    }
}

impl CheckRow<'_> {
    /// Level, and the first clause with its address.
    fn clause(&self) -> (&'static str, &str, Option<&str>) {
        let cited = self.view.check.citations.first();
        let source = cited.map(|cited| &cited.source[..]).unwrap_or_default();
        (level_word(self.view.check.level), source, cited.and_then(|cited| web_address(cited.url.as_deref())))
    }

    fn is_not_tested(&self) -> bool {
        self.view.check.verdict == Verdict::NotTested
    }
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
