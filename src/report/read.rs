//! Reads a run back, from its record or from `report.json`.

use serde::Deserialize;
use serde_json::Value;

use super::jsonl::{ReadError, read_jsonl, refuse_newer};
use super::record::{LoadRecord, Record, ScenarioRecord};
use crate::event::ThresholdResult;
use crate::event::{
    CheckResult, LoadStarted, Machine, Note, RunFinished, RunStarted, ScenarioFinished, ScenarioStarted,
};
use crate::observe::{Interval, LoadFigures};
use crate::stats::OverheadFigures;

/// Reads a run: `run.jsonl`, or `report.json`, which lacks the distributions of its seconds.
///
/// # Errors
///
/// Where the text is neither, or was written in a newer format.
pub fn read_run(text: &[u8]) -> Result<Record, ReadError> {
    // the record has one event a line; the report is one object over many lines
    match serde_json::from_slice::<Value>(text) {
        Ok(document) if document.get("scenarios").is_some() => {
            refuse_newer(text)?;
            let report: Document = serde_json::from_value(document)
                .map_err(|error| ReadError::NotAnEvent { line: 1, why: error.to_string() })?;
            Ok(report.record())
        }
        _ => read_jsonl(text),
    }
}

/// `report.json`, as far as a record is made of it.
#[derive(Deserialize)]
struct Document {
    format: u32,
    version: String,
    catalogue: u32,
    exit_code: Option<u8>,
    reason: String,
    started: Option<jiff::Timestamp>,
    finished: Option<jiff::Timestamp>,
    seed: u64,
    machine: Machine,
    notes: Vec<Note>,
    scenarios: Vec<Scenario>,
}

#[derive(Deserialize)]
struct Scenario {
    name: String,
    file: String,
    description: String,
    tags: Vec<String>,
    target: String,
    scheme: String,
    profile: String,
    exit_code: Option<u8>,
    coverage: Coverage,
    checks: Vec<CheckResult>,
    load: Vec<Value>,
    overhead: Option<OverheadFigures>,
    thresholds: Vec<ThresholdResult>,
    notes: Vec<Note>,
}

#[derive(Deserialize)]
struct Coverage {
    planned: usize,
    applicable: Option<usize>,
    executed: usize,
}

impl Document {
    fn record(self) -> Record {
        let Self { format, version, catalogue, seed, machine, .. } = self;
        let began = |started| RunStarted { format, version, catalogue, started, seed, machine };
        Record {
            started: self.started.map(began),
            scenarios: self.scenarios.into_iter().map(Scenario::record).collect(),
            notes: self.notes,
            compared: None,
            finished: self.finished.zip(self.exit_code).map(|(finished, exit_code)| RunFinished {
                finished,
                exit_code,
                reason: self.reason,
            }),
        }
    }
}

impl Scenario {
    fn record(self) -> ScenarioRecord {
        let Coverage { planned, applicable, executed } = self.coverage;
        ScenarioRecord {
            started: ScenarioStarted {
                name: self.name,
                file: self.file,
                description: self.description,
                tags: self.tags,
                target: self.target,
                scheme: self.scheme,
                profile: self.profile,
                planned_checks: planned,
            },
            checks: self.checks,
            load: self.load.iter().filter_map(phase).collect(),
            overhead: self.overhead.into_iter().collect(),
            thresholds: self.thresholds,
            notes: self.notes,
            finished: self.exit_code.zip(applicable).map(|(exit_code, applicable)| ScenarioFinished {
                applicable,
                executed,
                exit_code,
            }),
        }
    }
}

/// A phase has its figures and its seconds in one object.
fn phase(value: &Value) -> Option<LoadRecord> {
    let figures = LoadFigures::deserialize(value).ok()?;
    let intervals = Vec::<Interval>::deserialize(&value["intervals"]).ok()?;
    let started = LoadStarted {
        name: figures.name.clone(),
        offered_rate: figures.offered_rate,
        length_s: figures.warmup_s + figures.duration_s,
    };
    Some(LoadRecord { started, intervals, figures: Some(figures) })
}
