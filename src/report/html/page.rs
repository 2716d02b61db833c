//! The page: whether it passed, what is broken, what schemes cost; then findings, scenarios, environment.

use askama::Template;

use super::anchor::Anchors;
use super::beside::BesideView;
use super::broken::{Broken, broken};
use super::compared::ComparedView;
use super::costs::CostChart;
use super::finding::{CheckView, FindingView, sign};
use super::scenario::{Places, ScenarioView, verdicts};
use super::shards::ShardsView;
use super::{SCRIPT, note_class, policy, prose};
use crate::check::Verdict;
use crate::event::{CheckResult, Note};
use crate::report::Planned;
use crate::report::units::{count, counted, time};
use crate::report::{Record, ScenarioRecord, is_finding, summary};

/// Causes that the first screen lists, at most.
const CAUSES: usize = 8;

/// The whole page.
#[derive(Template)]
#[template(path = "report.html")]
pub(super) struct Page<'a> {
    record: &'a Record,
    tiles: Vec<Tile>,
    causes: Vec<Cause>,
    costs: Vec<CostChart>,
    broken: Vec<Broken>,
    findings: Vec<FindingView<'a>>,
    beside: Vec<BesideView<'a>>,
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

/// What is broken, in a line of the first screen.
struct Cause {
    /// Class and word of its badge.
    badge: (&'static str, &'static str),
    sign: &'static str,
    title: String,
    seen: String,
    about: String,
    link: String,
}

impl<'a> Page<'a> {
    /// The page for a record.
    pub(super) fn of(record: &'a Record) -> Self {
        let mut anchors = Anchors::new();
        let names: Vec<String> = record.scenarios.iter().map(|scenario| anchors.scenario(&scenario.started)).collect();
        let name_of = |wanted: &ScenarioRecord| {
            let at = record.scenarios.iter().position(|scenario| std::ptr::eq(scenario, wanted));
            at.map(|at| names[at].clone()).unwrap_or_default()
        };
        let found = record.findings();
        let cards: Vec<String> =
            found.iter().map(|one| anchors.below(&name_of(one.scenario), &one.finding.check)).collect();
        // a check leads to the finding that it shows, or to the one whose cause affects it
        let card = |scenario: &ScenarioRecord, wanted: &CheckResult| {
            let own = || found.iter().zip(&cards).filter(|(one, _)| std::ptr::eq(one.scenario, scenario));
            let shown = own().find(|(one, _)| one.finding.check == wanted.id);
            let at = shown.map(|(_, id)| (id.clone(), true));
            let affected = || {
                let one = own().find(|(one, _)| one.finding.also_affected.contains(&wanted.id))?;
                Some((one.1.clone(), false))
            };
            at.or_else(affected).filter(|_| is_finding(wanted))
        };
        let broken = broken(record, &names, &mut anchors);
        let scenarios = record.scenarios.iter().zip(&names);
        let scenarios: Vec<_> = scenarios
            .map(|(scenario, id)| ScenarioView::of(scenario, Places { id, anchors: &mut anchors, card: &card }))
            .collect();
        let views = found.iter().zip(&cards).map(|(one, id)| {
            let scenario = (&one.scenario.started.name[..], name_of(one.scenario));
            let view = CheckView { check: one.check.clone(), scenario };
            FindingView { view, also_affected: one.finding.also_affected.clone(), id: id.clone() }
        });
        let findings: Vec<_> = views.collect();
        Self {
            record,
            tiles: tiles(record),
            causes: causes(record, &names, &broken, &findings),
            costs: CostChart::all(record, &names),
            broken,
            findings,
            beside: BesideView::all(record, &names),
            scenarios,
            compared: record.compared.as_ref().map(|compared| ComparedView { compared }),
            shards: record.shards.as_ref().map(|shards| ShardsView { shards }),
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
        !self.findings.is_empty() || !self.broken.is_empty()
    }

    /// The findings, the worst first: what no check found comes behind the critical ones, which are first of all.
    fn critical_and_others(&self) -> (&[FindingView<'a>], &[FindingView<'a>]) {
        self.findings.split_at(self.findings.iter().take_while(|one| one.is_critical()).count())
    }

    /// The causes that the first screen has room for.
    fn first_causes(&self) -> &[Cause] {
        &self.causes[..self.causes.len().min(CAUSES)]
    }

    fn further_causes(&self) -> usize {
        self.causes.len().saturating_sub(CAUSES)
    }

    /// Said in place of causes where there are none.
    fn nothing_broken(&self) -> String {
        let planned = Planned::of_run(self.record);
        if planned.planned == 0 {
            return "No check was planned.".to_owned();
        }
        let judged = format!("{} executed, none failed", counted(planned.executed, "check"));
        match self.findings.len() {
            0 => format!("{judged}."),
            rest => format!("{judged}; {} below.", counted(rest, "warning or waived finding")),
        }
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

/// What fails the run, each cause once, the worst first: what no check found is of high severity.
fn causes(record: &Record, names: &[String], broken: &[Broken], findings: &[FindingView<'_>]) -> Vec<Cause> {
    let beside = broken.iter().map(|one| Cause {
        badge: ("fail", one.word),
        sign: sign(Some(Verdict::Fail)),
        title: one.title.clone(),
        seen: one.seen.clone(),
        about: one.scenario.clone(),
        link: one.id.clone(),
    });
    let cause = |one: &FindingView<'_>| {
        let severity = one.view.check.severity.name();
        let also = match one.also_affected.len() {
            0 => String::new(),
            number => format!(" · {} also affected", counted(number, "check")),
        };
        Cause {
            badge: (severity, severity),
            sign: sign(Some(Verdict::Fail)),
            title: one.view.check.title.clone(),
            seen: one.view.check.summary.clone(),
            about: format!("{}{also}", one.view.scenario.0),
            link: one.id.clone(),
        }
    };
    let failing = |critical: bool| findings.iter().filter(move |one| one.fails() && one.is_critical() == critical);
    // a scenario that proved nothing is no finding, and yet the first thing to look at
    let untestable = record.scenarios.iter().zip(names).filter_map(|(scenario, name)| {
        let why = scenario.finished.as_ref()?.untestable.as_ref()?;
        Some(Cause {
            badge: (Verdict::Inconclusive.name(), Verdict::Inconclusive.name()),
            sign: sign(Some(Verdict::Inconclusive)),
            title: "Nothing could be proven".to_owned(),
            seen: why.clone(),
            about: scenario.started.name.clone(),
            link: name.clone(),
        })
    });
    let (critical, others) = (failing(true).map(cause), failing(false).map(cause));
    critical.chain(beside).chain(others).chain(untestable).collect()
}

fn tiles(record: &Record) -> Vec<Tile> {
    let planned = Planned::of_run(record);
    let mut tiles = Vec::new();
    if planned.planned > 0 {
        let found = summary::found_by_checks(record);
        let class = if found > 0 { "fail" } else { "pass" };
        let (figure, about) = (count(found as u64), summary::by_severity(record));
        tiles.push(Tile { name: "Findings of checks", figure, about, class });
        let passed = count(record.counts().of_verdict(Verdict::Pass) as u64);
        tiles.push(Tile {
            name: "Checks",
            figure: format!("{passed} passed"),
            about: summary::equation(&planned),
            class: "",
        });
    }
    let thresholds: Vec<_> = record.scenarios.iter().flat_map(|scenario| &scenario.thresholds).collect();
    if !thresholds.is_empty() {
        let of = |holds| thresholds.iter().filter(|one| one.holds == holds).count();
        let (hold, open) = (of(Some(true)), of(None));
        let class = if thresholds.iter().any(|one| one.fails()) { "fail" } else { "" };
        let about = if open == 0 { String::new() } else { format!("{open} inconclusive") };
        tiles.push(Tile { name: "Thresholds", figure: format!("{hold} of {} hold", thresholds.len()), about, class });
    }
    tiles.extend(slowest(record));
    tiles
}

/// The phase with the highest p99 that can be trusted.
fn slowest(record: &Record) -> Option<Tile> {
    let phases = record.scenarios.iter().flat_map(|scenario| scenario.load.iter().map(move |phase| (scenario, phase)));
    let figures = phases.filter_map(|(scenario, phase)| Some((scenario, phase.figures.as_ref()?)));
    let trusted = figures.filter(|(_, figures)| figures.inconclusive.is_none());
    let (scenario, slowest) =
        trusted.max_by(|(_, a), (_, b)| a.response_time_us.p99.total_cmp(&b.response_time_us.p99))?;
    let about = format!("{}, phase {}", scenario.started.name, slowest.name);
    Some(Tile { name: "Slowest p99 under load", figure: time(slowest.response_time_us.p99), about, class: "" })
}
