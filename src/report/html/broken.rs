//! Findings that no check made: broken thresholds first, then regressions and what the run itself found.

use super::anchor::Anchors;
use crate::report::summary::{self, FindingSource};
use crate::report::units::restyled;
use crate::report::words::place;
use crate::report::{Record, ScenarioRecord};

/// A finding that no check made.
pub(super) struct Broken {
    /// Its anchor.
    pub(super) id: String,
    /// What kind it is.
    pub(super) word: &'static str,
    pub(super) title: String,
    pub(super) seen: String,
    pub(super) scenario: String,
    /// Where its scenario is on the page; empty where it is not there.
    pub(super) link: String,
    pub(super) place: String,
}

/// All of a run; `names` are the anchors of its scenarios.
pub(super) fn broken(record: &Record, names: &[String], anchors: &mut Anchors) -> Vec<Broken> {
    let mut all = Vec::new();
    for (scenario, name) in record.scenarios.iter().zip(names) {
        all.extend(thresholds(scenario, name, anchors));
    }
    let at = |scenario: &str| record.scenarios.iter().position(|one| one.started.name == scenario);
    let beside = summary::beside_checks(record).into_iter();
    all.extend(beside.filter(|one| one.source != FindingSource::Threshold).map(|one| {
        let link = at(&one.scenario).map(|at| names[at].clone()).unwrap_or_default();
        let word = one.source.word();
        let id = anchors.below(&link, word);
        Broken {
            id,
            word,
            title: one.text,
            seen: String::new(),
            scenario: one.scenario,
            link,
            place: place(&one.place),
        }
    }));
    all
}

fn thresholds(scenario: &ScenarioRecord, name: &str, anchors: &mut Anchors) -> Vec<Broken> {
    let broken = summary::broken(scenario).map(|one| Broken {
        id: anchors.below(name, &format!("{}.{}", one.applied_to, one.threshold)),
        word: FindingSource::Threshold.word(),
        title: format!("{} on {}", one.threshold, one.applied_to),
        seen: format!("measured {}", restyled(&one.measured)),
        scenario: scenario.started.name.clone(),
        link: name.to_owned(),
        place: place(&one.place),
    });
    broken.collect()
}
