//! Scenarios that ask for the same routes, side by side: several schemes on one route, or one API by several addresses,
//! such as through its gateway and directly.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;

use super::finding::sign;
use crate::check::Verdict;
use crate::event::{CheckResult, Role};
use crate::report::units::{counted, time};
use crate::report::{Record, ScenarioRecord};

/// Routes that are named, at most.
const ROUTES: usize = 6;

/// Scenarios that have routes in common.
#[derive(Template)]
#[template(path = "beside.html")]
pub(super) struct BesideView<'a> {
    title: &'static str,
    routes: String,
    columns: Vec<(&'a ScenarioRecord, String)>,
    /// A name, and a figure for each scenario.
    figures: Vec<(&'static str, Vec<String>)>,
    /// Checks that both executed and that came to different verdicts.
    differing: Vec<Differing<'a>>,
    /// How many checks came to the same verdict everywhere.
    agreeing: usize,
}

/// A check that came to different verdicts.
struct Differing<'a> {
    check: &'a CheckResult,
    cells: Vec<Option<Verdict>>,
}

impl<'a> BesideView<'a> {
    /// Every group of scenarios that have routes in common; `anchors` are those of the scenarios.
    pub(super) fn all(record: &'a Record, anchors: &[String]) -> Vec<Self> {
        let mut by_route = BTreeMap::<String, BTreeSet<usize>>::new();
        for (at, scenario) in record.scenarios.iter().enumerate() {
            for route in routes(scenario) {
                by_route.entry(route).or_default().insert(at);
            }
        }
        let mut groups = BTreeMap::<Vec<usize>, Vec<String>>::new();
        for (route, scenarios) in by_route {
            let told_apart: BTreeSet<_> = scenarios
                .iter()
                .map(|at| (&record.scenarios[*at].started.scheme, &record.scenarios[*at].started.target))
                .collect();
            // the reference is another server for each scenario
            let is_real = scenarios.iter().all(|at| record.scenarios[*at].started.target != "reference");
            if told_apart.len() > 1 && is_real {
                groups.entry(scenarios.into_iter().collect()).or_default().push(route);
            }
        }
        let groups = groups.into_iter().map(|(scenarios, routes)| {
            let columns = scenarios.into_iter().map(|at| (&record.scenarios[at], anchors[at].clone())).collect();
            Self::of(columns, &routes)
        });
        groups.collect()
    }

    fn of(columns: Vec<(&'a ScenarioRecord, String)>, routes: &[String]) -> Self {
        let targets: BTreeSet<_> = columns.iter().map(|(scenario, _)| &scenario.started.target).collect();
        let title = if targets.len() == 1 { "Several schemes on one route" } else { "One API by several addresses" };
        let mut shown = routes.iter().take(ROUTES).cloned().collect::<Vec<_>>().join(", ");
        if routes.len() > ROUTES {
            shown.push_str(&format!(" and {} more", routes.len() - ROUTES));
        }
        let (differing, agreeing) = compared(&columns);
        Self { title, routes: shown, figures: figures(&columns), columns, differing, agreeing }
    }

    fn agreement(&self) -> String {
        format!("The same verdict in each scenario: {}.", counted(self.agreeing, "check"))
    }
}

impl Differing<'_> {
    /// Class, sign and words of each cell.
    fn shown(&self) -> Vec<(&'static str, &'static str, String)> {
        let shown = self.cells.iter().map(|verdict| match verdict {
            Some(verdict) => (verdict.name(), sign(Some(*verdict)), verdict.name().replace('-', " ")),
            None => ("not-applicable", "–", "no such check".to_owned()),
        });
        shown.collect()
    }
}

/// What good credentials asked for.
fn routes(scenario: &ScenarioRecord) -> BTreeSet<String> {
    let exchanges = scenario.checks.iter().flat_map(|check| &check.evidence);
    let controls = exchanges.filter(|record| record.role != Role::Probe);
    let route = |method: &str, target: &str| format!("{method} {}", target.split('?').next().unwrap_or_default());
    controls.map(|record| route(&record.exchange.method, &record.exchange.target)).collect()
}

fn figures(columns: &[(&ScenarioRecord, String)]) -> Vec<(&'static str, Vec<String>)> {
    let each = |of: &dyn Fn(&ScenarioRecord) -> String| columns.iter().map(|(scenario, _)| of(scenario)).collect();
    let slowest = |scenario: &ScenarioRecord, of: fn(&crate::observe::Latency) -> f64| {
        let figures = scenario.load.iter().filter_map(|phase| phase.figures.as_ref());
        let slowest = figures.map(|figures| of(&figures.response_time_us)).reduce(f64::max);
        slowest.map_or_else(|| "–".to_owned(), time)
    };
    let mut rows = vec![
        ("Target", each(&|scenario| scenario.started.target.clone())),
        ("Scheme", each(&|scenario| scenario.started.scheme.clone())),
        ("Passed", each(&|scenario| scenario.counts().of_verdict(Verdict::Pass).to_string())),
        ("Findings", each(&|scenario| scenario.findings().len().to_string())),
    ];
    if columns.iter().any(|(scenario, _)| scenario.load.iter().any(|phase| phase.figures.is_some())) {
        rows.push(("Slowest p50", each(&|scenario| slowest(scenario, |times| times.p50))));
        rows.push(("Slowest p99", each(&|scenario| slowest(scenario, |times| times.p99))));
    }
    rows
}

/// Checks with different verdicts, and how many agree.
fn compared<'a>(columns: &[(&'a ScenarioRecord, String)]) -> (Vec<Differing<'a>>, usize) {
    let mut by_id = BTreeMap::<&str, Differing<'a>>::new();
    for (at, (scenario, _)) in columns.iter().enumerate() {
        for check in &scenario.checks {
            let none = || Differing { check, cells: vec![None; columns.len()] };
            by_id.entry(&check.id).or_insert_with(none).cells[at] = Some(check.verdict);
        }
    }
    let executed = |one: &Differing<'_>| one.cells.iter().flatten().filter(|verdict| verdict.executed()).count() > 1;
    let (agreeing, differing): (Vec<_>, Vec<_>) =
        by_id.into_values().filter(executed).partition(|one| one.cells.windows(2).all(|pair| pair[0] == pair[1]));
    (differing, agreeing.len())
}
