//! HdrHistogram log: the intervals of all load phases, as the HdrHistogram libraries of other languages read them.

use std::time::{Duration, SystemTime};

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

use super::{LoadRecord, Record, ReportError};
use crate::observe::Model;

/// Nanoseconds in the histograms, milliseconds in the column of maxima.
const NANOS_IN_A_MILLISECOND: f64 = 1_000_000.0;

pub(super) fn render(record: &Record) -> Result<Vec<u8>, ReportError> {
    let failed = |why: String| ReportError::Render { format: "hlog", why };
    let mut bytes = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    let builder = header(record);
    let mut log = builder.begin_log_with(&mut bytes, &mut serializer).map_err(|error| failed(error.to_string()))?;
    for (name, phase) in phases(record) {
        let told = about(&name, phase);
        log.write_comment(&told).map_err(|error| failed(error.to_string()))?;
        for interval in phase.intervals.iter().filter(|interval| !interval.histogram.is_empty()) {
            let histogram = interval.decoded().map_err(|why| failed(format!("phase {name}: {why}")))?;
            log.write_histogram(&histogram, seconds(interval.start_s), seconds(interval.length_s), Tag::new(&name))
                .map_err(|error| failed(error.to_string()))?;
        }
    }
    Ok(bytes)
}

fn header(record: &Record) -> IntervalLogWriterBuilder {
    let mut builder = IntervalLogWriterBuilder::new();
    builder
        .add_comment("[Histogram log format version 1.3]")
        .add_comment("[authbench: nanoseconds; stamps count from the end of each phase's warm-up, one tag a phase]")
        .with_max_value_divisor(NANOS_IN_A_MILLISECOND);
    if let Some(started) = &record.started {
        // before 1970 only a damaged record was made
        let since_1970 = Duration::try_from(started.started.as_duration()).unwrap_or_default();
        let started = SystemTime::UNIX_EPOCH + since_1970;
        builder.with_start_time(started).with_base_time(started);
    }
    builder
}

/// Phases with a tag of their own: the place of their scenario in the run, and their name.
fn phases(record: &Record) -> impl Iterator<Item = (String, &LoadRecord)> {
    let numbered = record.scenarios.iter().enumerate();
    numbered.flat_map(|(at, scenario)| scenario.load.iter().map(move |phase| (tag(at + 1, phase.name()), phase)))
}

/// A tag ends at a comma, and readers of other languages split at spaces.
fn tag(scenario: usize, phase: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    format!("{scenario}.{}", phase.chars().map(plain).collect::<String>())
}

fn about(name: &str, phase: &LoadRecord) -> String {
    let measured = match phase.figures.as_ref().map(|figures| figures.model) {
        Some(Model::Open) => "response times, open model",
        Some(Model::Closed) => "service times, closed model",
        None => "times of a phase that was cut off",
    };
    let spoken = phase.other_protocol();
    let spoken = spoken.map(|name| format!(", {name}")).unwrap_or_default();
    format!("[{name}: {measured}{spoken}]")
}

/// A record that was read back may hold any number.
fn seconds(number: f64) -> Duration {
    Duration::try_from_secs_f64(number).unwrap_or_default()
}
