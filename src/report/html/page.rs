//! The page: what the run came to, its findings, its scenarios, its environment.

use askama::Template;

use super::figures::{OverheadView, PhaseView};
use super::finding::{CheckView, FindingView, sign};
use super::{SCRIPT, policy};
use crate::check::{GROUPS, Verdict};
use crate::event::{CheckResult, Note, NoteKind, ThresholdResult};
use crate::report::units::{count, counted, difference, time};
use crate::report::words::place;
use crate::report::{Record, ScenarioRecord, findings, summary};

/// The whole page.
#[derive(Template)]
#[template(path = "report.html")]
pub(super) struct Page<'a> {
    record: &'a Record,
    tiles: Vec<Tile>,
    findings: Vec<FindingView<'a>>,
    scenarios: Vec<ScenarioView<'a>>,
}

/// One figure that sums up.
struct Tile {
    name: &'static str,
    figure: String,
    about: String,
    /// Class: the verdict that it speaks of, or nothing.
    class: &'static str,
}

/// One scenario.
struct ScenarioView<'a> {
    scenario: &'a ScenarioRecord,
    id: String,
    groups: Vec<GroupView<'a>>,
    load: Vec<PhaseView<'a>>,
    overhead: Vec<OverheadView<'a>>,
}

/// The checks of one topic.
struct GroupView<'a> {
    name: &'a str,
    about: &'a str,
    checks: Vec<CheckView<'a>>,
}

impl<'a> Page<'a> {
    /// The page for a record.
    pub(super) fn of(record: &'a Record) -> Self {
        let scenarios = record.scenarios.iter().enumerate();
        let anchor = |wanted: &ScenarioRecord| {
            let at = record.scenarios.iter().position(|scenario| std::ptr::eq(scenario, wanted));
            format!("s{}", at.map_or(0, |at| at + 1))
        };
        let cards = findings(record.checks()).into_iter().enumerate().map(|(at, (scenario, check))| {
            let (id, scenario) = (format!("f{}", at + 1), (&scenario.started.name[..], anchor(scenario)));
            FindingView { view: CheckView { check, scenario, id } }
        });
        Self {
            record,
            tiles: tiles(record),
            findings: cards.collect(),
            scenarios: scenarios.map(|(at, scenario)| ScenarioView::of(scenario, format!("s{}", at + 1))).collect(),
        }
    }

    /// What the run came to, in a few words.
    fn verdict(&self) -> String {
        summary::verdict(self.record)
    }

    /// Class of the verdict.
    fn verdict_class(&self) -> &'static str {
        summary::grade(self.record).name()
    }

    fn started(&self) -> Option<(String, String)> {
        summary::began(self.record)
    }

    fn took(&self) -> Option<String> {
        summary::took(self.record)
    }

    /// Findings that no check made, each with its place.
    fn beside_checks(&self) -> Vec<(String, String)> {
        summary::beside_checks(self.record).into_iter().map(|one| (one.text, place(&one.place))).collect()
    }
}

fn tiles(record: &Record) -> Vec<Tile> {
    let counts = record.counts();
    let mut tiles = Vec::new();
    if counts.total() > 0 {
        let class = if counts.of_verdict(Verdict::Fail) > 0 { "fail" } else { "pass" };
        let (figure, about) = (count(counts.of_verdict(Verdict::Fail) as u64), summary::by_severity(record));
        tiles.push(Tile { name: "Failed checks", figure, about, class });
        let executed = record.checks().filter(|(_, check)| check.verdict.executed()).count();
        let passed = format!("{} of {executed}", counts.of_verdict(Verdict::Pass));
        tiles.push(Tile { name: "Passed of executed", figure: passed, about: summary::not_judged(&counts), class: "" });
    }
    tiles.extend(slowest(record));
    tiles.extend(costliest(record));
    tiles
}

/// The phase with the highest p99 that can be trusted.
fn slowest(record: &Record) -> Option<Tile> {
    let figures =
        record.scenarios.iter().flat_map(|scenario| &scenario.load).filter_map(|phase| phase.figures.as_ref());
    let trusted = figures.filter(|figures| figures.inconclusive.is_none());
    let slowest = trusted.max_by(|a, b| a.response_time_us.p99.total_cmp(&b.response_time_us.p99))?;
    let about = format!("99 % of requests were faster, phase {}", slowest.name);
    Some(Tile { name: "Response time p99", figure: time(slowest.response_time_us.p99), about, class: "" })
}

/// The scheme that costs most, where the difference can be told.
fn costliest(record: &Record) -> Option<Tile> {
    let studies = record.scenarios.iter().flat_map(|scenario| &scenario.overhead);
    let rows = studies.flat_map(|study| study.rows.iter().map(move |row| (study, row)));
    let told = rows.filter(|(_, row)| row.distinguishable);
    let (study, row) = told.max_by(|(_, a), (_, b)| a.difference_us.value.total_cmp(&b.difference_us.value))?;
    let about = format!("{} over {}", row.name, study.baseline);
    Some(Tile { name: "Costliest scheme", figure: difference(row.difference_us.value), about, class: "" })
}

impl<'a> ScenarioView<'a> {
    fn of(scenario: &'a ScenarioRecord, id: String) -> Self {
        let mut groups = Vec::<GroupView<'a>>::new();
        for (at, check) in scenario.checks.iter().enumerate() {
            let view =
                CheckView { check, scenario: (&scenario.started.name, id.clone()), id: format!("{id}c{}", at + 1) };
            match groups.iter_mut().find(|group| group.name == check.group) {
                Some(group) => group.checks.push(view),
                None => groups.push(GroupView { name: &check.group, about: about(check), checks: vec![view] }),
            }
        }
        let load = scenario.load.iter().enumerate();
        let load = load.map(|(at, phase)| PhaseView::of(phase, &format!("{id}l{}", at + 1))).collect();
        let overhead = scenario.overhead.iter().enumerate();
        let overhead = overhead.map(|(at, study)| OverheadView::of(study, format!("{id}o{}", at + 1))).collect();
        Self { scenario, id, groups, load, overhead }
    }

    /// Verdicts with their share in percent, for the strip.
    fn strip(&self) -> Vec<(&'static str, f64)> {
        let counts = self.scenario.counts();
        let total = counts.total().max(1) as f64;
        let mut parts: Vec<_> =
            counts.occurred().map(|(verdict, number)| (verdict.name(), number as f64 / total * 100.0)).collect();
        parts.extend((counts.waived > 0).then(|| ("waived", counts.waived as f64 / total * 100.0)));
        parts
    }

    /// Verdicts that occurred: class, sign, words and number.
    fn verdicts(&self) -> Vec<(&'static str, &'static str, String, usize)> {
        let counts = self.scenario.counts();
        let named = |(verdict, number): (Verdict, usize)| {
            (verdict.name(), sign(Some(verdict)), verdict.name().replace('-', " "), number)
        };
        let mut verdicts: Vec<_> = counts.occurred().map(named).collect();
        verdicts.extend((counts.waived > 0).then(|| ("waived", sign(None), "waived".to_owned(), counts.waived)));
        verdicts
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

/// What a topic is about, where the catalogue knows it.
fn about(check: &CheckResult) -> &str {
    match GROUPS.iter().find(|group| group.name == check.group) {
        Some(group) => group.about,
        None if check.group == "case" => "Cases of the scenario",
        None => &check.group,
    }
}

fn note_class(note: &Note) -> &'static str {
    match note.kind {
        NoteKind::Info => "info",
        NoteKind::Warning => "warn",
        NoteKind::Finding | NoteKind::Error => "fail",
    }
}
