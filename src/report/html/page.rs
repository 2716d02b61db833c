//! The page: what the run came to, its findings, its scenarios, its environment.

use askama::Template;

use super::compared::ComparedView;
use super::finding::{CheckView, FindingView, sign};
use super::scenario::{ScenarioView, verdicts};
use super::shards::ShardsView;
use super::{SCRIPT, note_class, policy};
use crate::check::Verdict;
use crate::event::{CheckResult, Note};
use crate::report::units::{count, counted, difference, time};
use crate::report::words::place;
use crate::report::{Record, ScenarioRecord, ShownFinding, is_finding, summary};

/// The whole page.
#[derive(Template)]
#[template(path = "report.html")]
pub(super) struct Page<'a> {
    record: &'a Record,
    tiles: Vec<Tile>,
    findings: Vec<FindingView<'a>>,
    scenarios: Vec<ScenarioView<'a>>,
    compared: Option<ComparedView<'a>>,
    shards: Option<ShardsView<'a>>,
}

/// One figure that sums up.
struct Tile {
    name: &'static str,
    figure: String,
    about: String,
    /// Class: the verdict that it speaks of, or nothing.
    class: &'static str,
}

impl<'a> Page<'a> {
    /// The page for a record.
    pub(super) fn of(record: &'a Record) -> Self {
        let anchor = |wanted: &ScenarioRecord| {
            let at = record.scenarios.iter().position(|scenario| std::ptr::eq(scenario, wanted));
            format!("s{}", at.map_or(0, |at| at + 1))
        };
        let found = record.findings();
        // a check leads to the finding that it shows, or to the one whose cause affects it
        let card = |scenario: &ScenarioRecord, wanted: &CheckResult| {
            let own = || found.iter().enumerate().filter(|(_, one)| std::ptr::eq(one.scenario, scenario));
            let shown = own().find(|(_, one)| one.finding.check == wanted.id);
            let at = shown.or_else(|| own().find(|(_, one)| one.finding.also_affected.contains(&wanted.id)));
            at.filter(|_| is_finding(wanted)).map(|(at, _)| format!("f{}", at + 1))
        };
        let cards = found.iter().enumerate().map(|(at, ShownFinding { scenario, finding, check })| {
            let (id, scenario) = (format!("f{}", at + 1), (&scenario.started.name[..], anchor(scenario)));
            let view = CheckView { check: check.clone(), scenario, id: id.clone(), finding: None };
            FindingView { view, also_affected: finding.also_affected.clone(), id }
        });
        let scenarios = record.scenarios.iter().enumerate();
        let scenarios = scenarios
            .map(|(at, scenario)| ScenarioView::of(scenario, format!("s{}", at + 1), &|check| card(scenario, check)));
        let compared = record.compared.as_ref().map(|compared| ComparedView { compared });
        let shards = record.shards.as_ref().map(|shards| ShardsView { shards });
        Self {
            record,
            tiles: tiles(record),
            findings: cards.collect(),
            scenarios: scenarios.collect(),
            compared,
            shards,
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

    fn seal(&self) -> &'static str {
        sign(Some(summary::grade(self.record)))
    }

    fn started(&self) -> Option<(String, String)> {
        summary::began(self.record)
    }

    fn took(&self) -> Option<String> {
        summary::took(self.record)
    }

    fn has_findings(&self) -> bool {
        !self.findings.is_empty() || !self.beside_checks().is_empty()
    }

    /// Findings that no check made, each with its place.
    fn beside_checks(&self) -> Vec<(String, String)> {
        summary::beside_checks(self.record).into_iter().map(|one| (one.text, place(&one.place))).collect()
    }

    /// Verdicts that a filter can choose: class, sign, words and number. Checks that do not apply are not listed.
    fn verdicts(&self) -> Vec<(&'static str, &'static str, String, usize)> {
        let listed = |class: &str| class != Verdict::NotApplicable.name();
        verdicts(&self.record.counts()).into_iter().filter(|(class, ..)| listed(class)).collect()
    }

    fn notes(&self) -> &'a [Note] {
        &self.record.notes
    }

    fn processors(&self, number: &usize) -> String {
        counted(*number, "processor")
    }
}

fn tiles(record: &Record) -> Vec<Tile> {
    let counts = record.counts();
    let mut tiles = Vec::new();
    if counts.total() > 0 {
        let found = summary::found_by_checks(record);
        let class = if found > 0 { "fail" } else { "pass" };
        let (figure, about) = (count(found as u64), summary::by_severity(record));
        tiles.push(Tile { name: "Findings of checks", figure, about, class });
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
