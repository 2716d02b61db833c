//! Load phases, overhead studies and thresholds as small tables.

use super::columns::{aligned, fitting, padded, table};
use super::style::{bad, dim, doubtful, good};
use super::{LABEL, Row};
use crate::event::ThresholdResult;
use crate::observe::{CapacityFigures, LaneFigures, Latency, Limit, LoadFigures, Model, Outcomes};
use crate::report::LoadRecord;
use crate::report::escape::line;
use crate::report::units::{count, counted, difference, length, rate, restyled, share, time};
use crate::stats::{Estimate, OverheadFigures, OverheadRow};

/// A load phase under its name.
pub(super) fn phase(phase: &LoadRecord, room: usize) -> Vec<Row> {
    let Some(figures) = &phase.figures else {
        return vec![Row::new("load", format!("{}: {}", line(phase.name()), doubtful("cut off before its end")))];
    };
    let mut rows = vec![Row::new("load", format!("{}: {}", line(&figures.name), headline(figures)))];
    if let Some(why) = &figures.inconclusive {
        rows.push(Row::more(format!("{} {}", doubtful("inconclusive:"), line(why))));
    }
    rows.extend(figures.capacity.as_ref().map(|found| Row::more(line(&capacity(found)))));
    rows.extend(table(&times(figures), room).into_iter().map(Row::more));
    rows.extend(lanes(&figures.lanes).into_iter().map(Row::more));
    rows.extend(figures.notes.iter().map(|note| Row::more(dim(&line(note)))));
    rows
}

pub(in crate::report) fn headline(figures: &LoadFigures) -> String {
    let model = match (figures.model, figures.offered_rate) {
        (Model::Open, Some(offered)) => format!("open model, {} offered, ", rate(offered)),
        (Model::Open, None) => "open model, ".to_owned(),
        (Model::Closed, _) => "closed model, ".to_owned(),
    };
    let spoken = figures.other_protocol().map(|name| format!("{name}, ")).unwrap_or_default();
    let (answered, over) = (rate(figures.achieved_rate), connections(figures));
    let requests = counted(usize::try_from(figures.requests).unwrap_or(usize::MAX), "request");
    let limit = match figures.limited_by {
        Some(Limit::Generator) => "; authbench itself was the limit",
        Some(Limit::Target) => "; the target was the limit",
        None => "",
    };
    format!("{spoken}{model}{answered} answered, {requests} in {} over {over}{limit}", length(figures.duration_s))
}

/// `8 connections`, `8 connections of 10 streams`
fn connections(figures: &LoadFigures) -> String {
    let streams = figures.streams.map(|streams| format!(" of {}", counted(streams, "stream"))).unwrap_or_default();
    counted(figures.connections, "connection") + &streams
}

/// `capacity 4,800/s at p(99) <= 20ms; 5,040/s broke it: p(99) <= 20ms was 31.20 ms`
pub(in crate::report) fn capacity(found: &CapacityFigures) -> String {
    let Some(held) = found.rate else {
        let why = found.steps.last().map(|step| step.why.as_str()).unwrap_or_default();
        return format!("capacity: no rate held {}: {why}", found.objective);
    };
    let objective = &found.objective;
    match found.broken_at {
        None => format!("capacity at least {} at {objective}; no rate was found that broke it", rate(held)),
        Some(broken) => {
            let step = found.steps.iter().rfind(|step| !step.held && step.rate == broken);
            let why = step.map(|step| step.why.as_str()).unwrap_or_default();
            format!("capacity {} at {objective}; {} broke it: {why}", rate(held), rate(broken))
        }
    }
}

/// In the closed model there is no due time: response time is service time, and nothing is late.
pub(in crate::report) fn times(figures: &LoadFigures) -> Vec<Vec<String>> {
    let head = ["", "p50", "p90", "p99", "p99.9", "max"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    if figures.model == Model::Open {
        rows.push(time_row("response time", &figures.response_time_us));
    }
    rows.push(time_row("service time", &figures.service_time_us));
    if figures.model == Model::Open {
        rows.push(time_row("scheduling delay", &figures.lateness_us));
    }
    rows.extend(figures.server_auth_us.as_ref().map(|times| time_row("server's auth", times)));
    rows.extend(figures.token_acquisition_us.as_ref().map(|times| time_row("obtaining a token", times)));
    rows
}

fn time_row(name: &str, times: &Latency) -> Vec<String> {
    let figures = [times.p50, times.p90, times.p99, times.p999, times.max].map(time);
    [name.to_owned()].into_iter().chain(figures).collect()
}

fn lanes(lanes: &[LaneFigures]) -> Vec<String> {
    let rows: Vec<_> =
        lanes.iter().map(|lane| vec![line(&lane.name), share(lane.share), outcomes(&lane.outcomes)]).collect();
    let texts = aligned(&rows, false).into_iter().zip(lanes).map(|(text, lane)| match failed_open(lane) {
        Some(words) => format!("{text}  {}", bad(&words)),
        None => text,
    });
    texts.collect()
}

/// A lane that expects refusal and was granted.
fn failed_open(lane: &LaneFigures) -> Option<String> {
    if lane.expects_grant || lane.outcomes.granted == 0 {
        return None;
    }
    let first = lane.first_granted_s.map(|seconds| format!(", first after {}", length(seconds))).unwrap_or_default();
    Some(format!("granted {} times{first}", count(lane.outcomes.granted)))
}

/// `37,998 granted, 2 broke`
pub(in crate::report) fn outcomes(outcomes: &Outcomes) -> String {
    let named = [
        ("granted", outcomes.granted),
        ("refused", outcomes.refused),
        ("unclear", outcomes.unclear),
        ("broke", outcomes.broke),
        ("silent", outcomes.silent),
    ];
    let some: Vec<_> = named.iter().filter(|(_, n)| *n > 0).map(|(name, n)| format!("{} {name}", count(*n))).collect();
    if some.is_empty() { "no answers".to_owned() } else { some.join(", ") }
}

/// An overhead study.
pub(super) fn overhead(study: &OverheadFigures, room: usize) -> Vec<Row> {
    let control = format!("the baseline against itself {}", interval(&study.control_us));
    let headline = format!("over {}, {} of measuring; {control}", line(&study.baseline), length(study.duration_s));
    let mut rows = vec![Row::new("overhead", headline)];
    rows.extend(costs(study, room));
    rows.push(Row::more(dim(&floor(study))));
    rows.extend(token_table(study, room));
    rows.extend(study.notes.iter().map(|note| Row::more(dim(&line(note)))));
    rows
}

/// Columns of the costs in the order in which they matter, after the name of the scheme.
const MATTER: [usize; 9] = [1, 2, 6, 8, 4, 3, 5, 7, 9];
/// How many of them a table has at least.
const NECESSARY: usize = 2;

/// The table of costs. Where it has not enough room behind the label it begins at the start of the line, and columns that matter
/// less are named instead.
fn costs(study: &OverheadFigures, room: usize) -> Vec<Row> {
    let head = [
        "scheme",
        "difference",
        "95 % interval",
        "client",
        "server",
        "rest",
        "service time",
        "first request",
        "per core second",
        "pairs",
    ];
    let mut cells = vec![head.map(str::to_owned).to_vec()];
    cells.extend(study.rows.iter().map(overhead_row));
    if let Some((lines, without)) = fitting(&cells, (&MATTER, NECESSARY), room)
        && without.is_empty()
    {
        return lines.into_iter().map(Row::more).collect();
    }
    // the interval says the same of what cannot be told from none
    let mut short = cells.clone();
    let same = short.iter_mut().skip(1).filter(|row| row[1] == NOT_DISTINGUISHABLE);
    let same = same.map(|row| row[1] = "–".to_owned()).count();
    let Some((lines, without)) = fitting(&short, (&MATTER, NECESSARY), room.saturating_add(LABEL)) else {
        return table(&cells, room).into_iter().map(Row::more).collect();
    };
    let mut rows: Vec<Row> = lines.into_iter().map(|text| Row::title(format!("  {text}"))).collect();
    rows.extend(
        (same > 0).then(|| Row::more(dim(&format!("–: {NOT_DISTINGUISHABLE} from {}", line(&study.baseline))))),
    );
    rows.extend(
        (!without.is_empty())
            .then(|| Row::more(dim(&format!("reports and wider terminals have more columns: {}", without.join(", "))))),
    );
    rows
}

/// How much of each interval is systematic.
pub(in crate::report) fn floor(study: &OverheadFigures) -> String {
    format!(
        "each interval includes a systematic floor of {} and {} of the difference on both sides",
        time(study.floor_us),
        share(study.floor_share)
    )
}

/// What obtaining a token adds to each of the requests that are made with it.
pub(in crate::report) fn tokens(row: &OverheadRow) -> Option<String> {
    let took = row.token_acquisition_us?;
    let shares = [10_u32, 100, 1000].map(|requests| format!("{} over {requests}", time(took / f64::from(requests))));
    Some(format!("{}: a token takes {}, a request's share of it {}", line(&row.name), time(took), shares.join(", ")))
}

/// The same of all rows: one table, for each token its time and a request's share of it.
fn token_table(study: &OverheadFigures, room: usize) -> Vec<Row> {
    let shares = |took: f64| [10_u32, 100, 1000].map(|requests| time(took / f64::from(requests)));
    let row = |row: &OverheadRow| {
        let took = row.token_acquisition_us?;
        Some([line(&row.name), time(took)].into_iter().chain(shares(took)).collect::<Vec<_>>())
    };
    let rows: Vec<_> = study.rows.iter().filter_map(row).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let head = ["obtaining a token", "takes", "per request of 10", "of 100", "of 1000"].map(str::to_owned).to_vec();
    let cells: Vec<_> = std::iter::once(head).chain(rows).collect();
    table(&cells, room).into_iter().map(Row::more).collect()
}

fn overhead_row(row: &OverheadRow) -> Vec<String> {
    let difference =
        if row.distinguishable { difference(row.difference_us.value) } else { NOT_DISTINGUISHABLE.to_owned() };
    let or_dash = |micros: Option<f64>| micros.map_or_else(|| "–".to_owned(), time);
    vec![
        line(&row.name),
        difference,
        interval(&row.difference_us),
        time(row.client_us),
        or_dash(row.server_us.map(|server| server.value)),
        or_dash(row.rest_us),
        time(row.service_time_us),
        or_dash(row.first_request_us),
        row.requests_per_core_second.map_or_else(|| "–".to_owned(), rate),
        count(row.pairs),
    ]
}

/// Shown instead of a difference that cannot be distinguished from none.
pub(in crate::report) const NOT_DISTINGUISHABLE: &str = "not distinguishable";

/// `−0.9 µs … +1 µs`
pub(in crate::report) fn interval(estimate: &Estimate) -> String {
    format!("{} … {}", difference(estimate.low), difference(estimate.high))
}

/// Judged thresholds, what is broken first.
pub(super) fn thresholds(results: &[ThresholdResult]) -> Vec<Row> {
    let mut sorted: Vec<_> = results.iter().collect();
    sorted.sort_by_key(|result| match result.holds {
        Some(false) => 0,
        None => 1,
        Some(true) => 2,
    });
    let cells = sorted.iter().map(|result| {
        vec![
            line(&result.threshold),
            format!("on {}", line(&result.applied_to)),
            format!("measured {}", line(&restyled(&result.measured))),
        ]
    });
    let word = |result: &ThresholdResult| match result.holds {
        Some(false) => "broken",
        None => "inconclusive",
        Some(true) => "holds",
    };
    let width = sorted.iter().map(|result| word(result).len()).max().unwrap_or(0);
    let texts = aligned(&cells.collect::<Vec<_>>(), false).into_iter().zip(&sorted);
    let lines = texts.map(|(text, result)| {
        let word = padded(word(result), width);
        match result.holds {
            Some(false) => {
                let abort = result.abort().map(|words| format!(", {words}")).unwrap_or_default();
                let word = if result.fails() { bad(&word) } else { doubtful(&word) };
                format!("{word}  {text}{abort}")
            }
            None => format!("{}  {text}", doubtful(&word)),
            Some(true) => format!("{}  {text}", good(&word)),
        }
    });
    Row::list("thresholds", lines)
}
