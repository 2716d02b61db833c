//! What is shown of a run at one moment.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use owo_colors::Style;

use super::fit::StatusLine;
use crate::check::{Explanation, Verdict};
use crate::event::{CheckResult, Event, NoteKind};
use crate::observe::{Doing, Interval, StudyProgress};
use crate::report::Counts;
use crate::report::escape::line;
use crate::report::text::{of_severity, of_verdict};
use crate::report::units::{count, counted, difference, length, rate, restyled, time};

/// Rows of an overhead study that are shown at most.
const ROWS: usize = 16;
/// Checks that have to be over before the time that the others take is guessed.
const ENOUGH: usize = 8;

/// What is known at the moment when lines are drawn.
pub(super) struct Moment {
    pub(super) now: Instant,
    /// How long the run takes already.
    pub(super) since: Duration,
    pub(super) doing: Vec<Doing>,
    pub(super) study: Option<StudyProgress>,
}

/// What the lines show. Counts only, for a record of a long run would grow.
#[derive(Debug, Default)]
pub(super) struct State {
    /// How long each scenario measures.
    measured_s: Vec<f64>,
    scenario: String,
    /// Which scenario this is, from 1.
    turn: usize,
    began: Option<Instant>,
    planned: usize,
    counts: Counts,
    executed: usize,
    /// What is still to be measured in this scenario, in seconds.
    ahead_s: f64,
    phase: Option<Phase>,
    /// What failing checks of this scenario show: a failure that it implies is no finding of its own.
    causes: BTreeSet<(String, String, Explanation)>,
}

#[derive(Debug)]
struct Phase {
    name: String,
    length_s: f64,
    began: Instant,
    interval: Option<Interval>,
}

impl State {
    pub(super) fn new(measured_s: Vec<f64>) -> Self {
        Self { measured_s, ..Self::default() }
    }

    /// Takes note of an event; what has occurred that a reader wants to know at once.
    pub(super) fn apply(&mut self, event: &Event, now: Instant) -> Vec<StatusLine> {
        match event {
            Event::ScenarioStarted(started) => {
                self.scenario = line(&started.name);
                self.turn += 1;
                self.began = Some(now);
                (self.planned, self.executed, self.phase) = (started.planned_checks, 0, None);
                self.ahead_s = self.measured_s.get(self.turn - 1).copied().unwrap_or_default();
                self.causes.clear();
            }
            Event::CheckFinished(check) => {
                self.counts.add(check);
                self.executed += usize::from(check.group != "load");
                return self.found(check).into_iter().collect();
            }
            Event::LoadStarted(started) => {
                let (name, length_s) = (line(&started.name), started.length_s);
                self.ahead_s = (self.ahead_s - length_s).max(0.0);
                self.phase = Some(Phase { name, length_s, began: now, interval: None });
            }
            Event::LoadInterval(second) => {
                if let Some(phase) = &mut self.phase {
                    phase.interval = Some(Interval { histogram: String::new(), ..second.interval.clone() });
                }
            }
            Event::LoadFinished(_) => self.phase = None,
            Event::OverheadFinished(_) => self.ahead_s = 0.0,
            Event::ThresholdJudged(result) if result.holds == Some(false) => {
                let verdict = if result.fails() { Verdict::Fail } else { Verdict::Warn };
                let text =
                    format!("{} on {}: measured {}", result.threshold, result.applied_to, restyled(&result.measured));
                return vec![occurred(verdict, "threshold", Style::new(), &text)];
            }
            Event::Note(note) if note.kind == NoteKind::Finding => {
                return vec![occurred(Verdict::Fail, "run", Style::new(), &note.text)];
            }
            _ => {}
        }
        Vec::new()
    }

    /// A failing check as it occurs; none where what was shown before implies it. What is said here is provisional: causes
    /// are known at the end.
    fn found(&mut self, check: &CheckResult) -> Option<StatusLine> {
        if !matches!(check.verdict, Verdict::Fail | Verdict::Warn) || check.waived.is_some() {
            return None;
        }
        let cells = check.all_cells();
        let place =
            |explanation| move |cell: &crate::event::Cell| (cell.endpoint.clone(), cell.method.clone(), explanation);
        let is_implied = |cell: &crate::event::Cell, causes: &BTreeSet<_>| {
            let own = (cell.explanation != Explanation::Own).then_some(cell.explanation);
            cell.implied_by.iter().copied().chain(own).any(|cause| causes.contains(&place(cause)(cell)))
        };
        let shown = cells.iter().find(|cell| !is_implied(cell, &self.causes));
        let text = shown.map(|cell| {
            let at = format!("{} {}", cell.method, cell.endpoint);
            format!(
                "{}: {}{}",
                check.id,
                if at.trim().is_empty() || cell.summary.starts_with(&at) { String::new() } else { format!("{at}: ") },
                cell.summary
            )
        });
        let causes = cells.iter().filter(|cell| cell.explanation != Explanation::Own);
        self.causes.extend(causes.map(|cell| place(cell.explanation)(cell)).collect::<Vec<_>>());
        let style = of_severity(check.severity);
        text.map(|text| occurred(check.verdict, check.severity.name(), style, &text))
    }

    /// What happens, what is waited for, and how long it takes.
    pub(super) fn lines(&self, moment: &Moment) -> Vec<StatusLine> {
        let mut head = StatusLine::new(" · ");
        head.name(5, Style::new().bold(), &self.scenario);
        if self.measured_s.len() > 1 && self.turn > 0 {
            head.add(3, format!("scenario {} of {}", self.turn, self.measured_s.len()));
        }
        match (&self.phase, &moment.study) {
            (Some(phase), _) => phase.head(&mut head, moment.now),
            (None, Some(study)) => study_head(study, &mut head, moment.now),
            (None, None) => self.checks(&mut head, moment),
        }
        self.verdicts(&mut head);
        if head.is_empty() {
            head.add(9, "starting");
        }
        head.add(2, whole(moment.since));
        let mut lines = vec![head];
        match (&self.phase, &moment.study) {
            (Some(phase), _) => lines.extend(phase.figures()),
            (None, Some(study)) => lines.extend(study_rows(study)),
            (None, None) => {}
        }
        lines.extend(doing(moment));
        lines
    }

    fn checks(&self, head: &mut StatusLine, moment: &Moment) {
        if self.planned == 0 {
            return;
        }
        head.add(8, format!("{} of {} checks", self.executed, self.planned));
        let Some(left) = self.left(moment).filter(|left| *left >= Duration::from_secs(1)) else { return };
        head.add(7, format!("about {} left", whole(left)));
    }

    /// How long the scenario is likely to take from now on.
    fn left(&self, moment: &Moment) -> Option<Duration> {
        let waits = moment.doing.iter().filter_map(|doing| match doing {
            Doing::Wait { until: Some(until), .. } => Some(until.saturating_duration_since(moment.now)),
            _ => None,
        });
        let longest = waits.max().unwrap_or_default();
        let open = self.planned.saturating_sub(self.executed);
        if self.executed < ENOUGH && open > 0 {
            return None;
        }
        let took = moment.now.duration_since(self.began?);
        let likely = took.mul_f64(open as f64 / self.executed.max(1) as f64);
        let ahead = Duration::try_from_secs_f64(self.ahead_s).unwrap_or_default();
        Some(likely.max(longest) + ahead)
    }

    fn verdicts(&self, head: &mut StatusLine) {
        for (weight, verdict) in
            [(9, Verdict::Fail), (8, Verdict::Warn), (6, Verdict::Inconclusive), (4, Verdict::Pass)]
        {
            let number = self.counts.of_verdict(verdict);
            if number > 0 {
                head.push(weight, of_verdict(verdict), format!("{number} {verdict}"));
            }
        }
    }
}

impl Phase {
    fn head(&self, head: &mut StatusLine, now: Instant) {
        head.add(8, &self.name);
        let passed = match &self.interval {
            None => now.duration_since(self.began).as_secs_f64(),
            Some(interval) => interval.start_s + interval.length_s,
        };
        if let Some(interval) = &self.interval {
            head.add(5, format!("second {:.0} of {:.0}", interval.start_s + interval.length_s, self.length_s));
        }
        let left = Duration::try_from_secs_f64(self.length_s - passed).unwrap_or_default();
        head.add(7, format!("{} left", whole(left)));
    }

    /// What the last second measured.
    fn figures(&self) -> Option<StatusLine> {
        let interval = self.interval.as_ref()?;
        let (times, per_second) = (&interval.response_time_us, interval.outcomes.total() as f64);
        let mut line = StatusLine::new("  ");
        line.add(9, format!("  {}", rate(per_second / interval.length_s.max(f64::EPSILON))));
        for (weight, name, value) in [
            (8, "p50", times.p50),
            (5, "p90", times.p90),
            (9, "p99", times.p99),
            (4, "p99.9", times.p999),
            (6, "max", times.max),
        ] {
            line.add(weight, format!("{name} {}", time(value)));
        }
        if interval.unexpected > 0 {
            line.push(9, of_verdict(Verdict::Fail), format!("{} unexpected", count(interval.unexpected)));
        }
        Some(line)
    }
}

fn study_head(study: &StudyProgress, head: &mut StatusLine, now: Instant) {
    head.add(8, "overhead study");
    head.add(6, format!("round {} of {}", study.round.max(1), study.rounds));
    let left = study.until.map(|until| until.saturating_duration_since(now));
    head.add(7, left.map(|left| format!("{} left", whole(left))).unwrap_or_default());
}

/// A row for each scheme: the one that is measured is marked and always there, and the costs are those so far.
fn study_rows(study: &StudyProgress) -> Vec<StatusLine> {
    let widest = study.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).min(32);
    let last = study.measuring.max(ROWS - 1);
    let mut lines: Vec<_> = (0..ROWS - 1)
        .chain([last])
        .filter_map(|at| Some((at, study.rows.get(at)?)))
        .map(|(at, row)| {
            let mut shown = StatusLine::new("  ");
            let name = line(&row.name);
            let gap = widest.saturating_sub(name.chars().count());
            let measured = at == study.measuring;
            let style = if measured { Style::new().bold() } else { Style::new() };
            shown.push(9, style, format!("  {} {name}{:gap$}", if measured { ">" } else { " " }, ""));
            match (at, row.median_us) {
                (_, None) => shown.add(6, "not measured yet"),
                (0, Some(_)) => {
                    shown.add(8, "baseline");
                    shown.add(4, counted(row.pairs, "pair"));
                }
                (_, Some(median)) => {
                    shown.add(8, format!("{} so far", difference(median)));
                    shown.add(4, counted(row.pairs, "pair"));
                }
            }
            shown
        })
        .collect();
    if study.rows.len() > ROWS {
        let mut more = StatusLine::new("");
        more.add(1, format!("    and {} more", study.rows.len() - ROWS));
        lines.push(more);
    }
    lines
}

/// What is waited for and what runs.
fn doing(moment: &Moment) -> Option<StatusLine> {
    let mut shown = StatusLine::new(" · ");
    let mut waits: Vec<_> = moment
        .doing
        .iter()
        .filter_map(|doing| match doing {
            Doing::Wait { what, until } => Some((until.map(|until| until.saturating_duration_since(moment.now)), what)),
            _ => None,
        })
        .collect();
    waits.sort_by_key(|(left, _)| std::cmp::Reverse(*left));
    if let Some((left, what)) = waits.first() {
        let left = left.map(|left| format!("{} ", whole(left))).unwrap_or_default();
        shown.add(9, format!("  waiting {left}for {}", line(what)));
        let more = waits.iter().skip(1).map(|(_, other)| *other).filter(|other| other != what).collect::<BTreeSet<_>>();
        if !more.is_empty() {
            shown.add(3, format!("and for {}", counted(more.len(), "other event")));
        }
    }
    let mut running: Vec<String> = Vec::new();
    for doing in &moment.doing {
        match doing {
            Doing::Check(id) => running.push(line(id)),
            Doing::Step(text) => shown.add(8, format!("{}{}", if shown.is_empty() { "  " } else { "" }, line(text))),
            Doing::Wait { .. } => {}
        }
    }
    if let Some((first, rest)) = running.split_first() {
        let indent = if shown.is_empty() { "  " } else { "" };
        shown.add(7, format!("{indent}running {first}"));
        if !rest.is_empty() {
            shown.add(5, format!("and {}", counted(rest.len(), "more check")));
        }
    }
    (!shown.is_empty()).then_some(shown)
}

/// A finding as it occurs.
fn occurred(verdict: Verdict, word: &str, style: Style, text: &str) -> StatusLine {
    let mut shown = StatusLine::new(" ");
    let badge = if verdict == Verdict::Fail { "FAIL" } else { "WARN" };
    shown.push(9, of_verdict(verdict), badge);
    shown.push(9, style, word);
    shown.add(9, line(text));
    shown
}

/// Whole seconds, minutes or hours; what has begun counts.
fn whole(time: Duration) -> String {
    length(time.as_secs_f64().ceil().max(1.0))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::check::Severity;
    use crate::clock;
    use crate::event::{Cell, LoadInterval, LoadStarted, Part, ScenarioStarted, ThresholdResult, sample};
    use crate::observe::{Latency, Outcomes, StudyRow};

    fn scenario() -> Event {
        Event::ScenarioStarted(ScenarioStarted {
            name: "Orders of the shop, as partners read them\u{1b}[2J".to_owned(),
            file: "a.yaml".to_owned(),
            description: String::new(),
            tags: Vec::new(),
            target: "reference".to_owned(),
            scheme: "bearer".to_owned(),
            profile: "api-key-403".to_owned(),
            planned_checks: 40,
            terms: None,
        })
    }

    fn check(id: &str, verdict: Verdict, cells: Vec<Cell>) -> Event {
        let failing = CheckResult { id: id.to_owned(), verdict, ..sample::failing(cells) };
        Event::CheckFinished(Box::new(failing))
    }

    fn cell(summary: &str, explanation: Explanation, implied_by: Vec<Explanation>) -> Cell {
        let summary = summary.to_owned();
        Cell { summary, explanation, implied_by, ..sample::cell("/orders", Part::Access, Verdict::Fail) }
    }

    fn second() -> Event {
        let interval = Interval {
            start_s: 6.0,
            length_s: 1.0,
            outcomes: Outcomes { granted: 1999, ..Outcomes::default() },
            unexpected: 3,
            response_time_us: Latency {
                p50: 412.0,
                p90: 640.0,
                p99: 1840.0,
                p999: 4120.0,
                max: 9001.0,
                ..Latency::default()
            },
            histogram: String::new(),
        };
        Event::LoadInterval(LoadInterval { phase: "steady".to_owned(), interval })
    }

    fn study(moment: Instant) -> StudyProgress {
        let row = |name: &str, pairs, median_us| StudyRow { name: name.to_owned(), pairs, median_us };
        StudyProgress {
            round: 2,
            rounds: 6,
            measuring: 2,
            rows: vec![
                row("none", 51_200, Some(0.1)),
                row("api-key", 48_000, Some(2.4)),
                row("jwt-es256", 20_100, Some(61.5)),
                row("basic", 0, None),
            ],
            until: Some(moment + Duration::from_millis(33_100)),
        }
    }

    /// What stands on a terminal of three widths, and what is written elsewhere.
    fn captured(name: &str, lines: &[StatusLine]) {
        let mut text = String::new();
        for width in [60, 100, 200] {
            let _ = writeln!(text, "{width} columns");
            for line in lines {
                let fitted = line.fitted(width, false);
                assert!(fitted.chars().count() <= width, "{fitted}");
                let coloured = anstream::adapter::strip_str(&line.fitted(width, true)).to_string();
                assert_eq!(coloured, fitted, "colours change nothing else");
                let _ = writeln!(text, "|{fitted}");
            }
        }
        let plain: Vec<_> = lines.iter().map(StatusLine::plain).collect();
        let _ = writeln!(text, "no terminal\n|{}", plain.join(" · "));
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots/terminal");
        insta::with_settings!({ snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, text);
        });
    }

    fn moment(now: Instant, doing: Vec<Doing>, study: Option<StudyProgress>) -> Moment {
        Moment { now, since: Duration::from_millis(7900), doing, study }
    }

    #[test]
    fn checks_that_run_and_wait() {
        let now = clock::now();
        let mut state = State::new(vec![10.0, 0.0]);
        captured("starting", &state.lines(&moment(now, vec![Doing::Step("starting the target".to_owned())], None)));
        state.apply(&scenario(), now);
        (0..9).for_each(|at| drop(state.apply(&check(&format!("a.{at}"), Verdict::Pass, Vec::new()), now)));
        let found = [
            check(
                "bearer.missing-denied",
                Verdict::Fail,
                vec![cell(
                    "a request without a token got 200 and the orders of two customers",
                    Explanation::Anonymous,
                    Vec::new(),
                )],
            ),
            check(
                "bearer.empty-denied",
                Verdict::Fail,
                vec![cell("implied", Explanation::Own, vec![Explanation::Anonymous])],
            ),
            check("bearer.challenge", Verdict::Warn, vec![cell("no challenge", Explanation::Own, Vec::new())]),
        ];
        let shown: Vec<_> = found.iter().flat_map(|event| state.apply(event, now)).collect();
        captured("findings", &shown);
        assert_eq!(shown.len(), 2, "a failure that another implies is no finding of its own");
        let wait = |what: &str, seconds| Doing::Wait {
            what: what.to_owned(),
            until: Some(now + Duration::from_millis(seconds)),
        };
        let running = |id: &str| Doing::Check(id.to_owned());
        let doing = [
            running("jwt.expired-denied"),
            wait("a revoked token to be refused", 900),
            wait("a token to expire", 2100),
            running("bearer.two-headers-denied"),
            running("bearer.query-denied"),
        ];
        let later = now + Duration::from_secs(6);
        let waits = doing.iter().cloned().map(|doing| match doing {
            Doing::Wait { what, until } => {
                Doing::Wait { what, until: until.map(|until| until + Duration::from_secs(6)) }
            }
            other => other,
        });
        captured("conformance", &state.lines(&moment(later, waits.collect(), None)));
    }

    #[test]
    fn load_and_its_percentiles() {
        let now = clock::now();
        let mut state = State::new(vec![22.0]);
        state.apply(&scenario(), now);
        state.apply(
            &Event::LoadStarted(LoadStarted { name: "steady".to_owned(), offered_rate: None, length_s: 22.0 }),
            now,
        );
        captured("load-starts", &state.lines(&moment(now, Vec::new(), None)));
        state.apply(&second(), now);
        captured("load", &state.lines(&moment(now, Vec::new(), None)));
        let broken = ThresholdResult {
            threshold: "p(99) < 1ms".to_owned(),
            applied_to: "steady".to_owned(),
            measured: "1.84 ms".to_owned(),
            holds: Some(false),
            only_warns: false,
            aborted_after_s: None,
            place: crate::event::SourcePlace::default(),
        };
        captured("threshold", &state.apply(&Event::ThresholdJudged(broken), now));
    }

    #[test]
    fn a_study_row_by_row() {
        let now = clock::now();
        let mut state = State::new(vec![60.0]);
        state.apply(&scenario(), now);
        captured("overhead", &state.lines(&moment(now, Vec::new(), Some(study(now)))));
    }

    #[test]
    fn the_measured_row_is_shown_where_there_are_many() {
        let row = |at: usize| StudyRow { name: format!("scheme-{at}"), pairs: 0, median_us: None };
        for (measuring, last) in [(0, "scheme-15"), (15, "scheme-15"), (27, "scheme-27")] {
            let study = StudyProgress { round: 1, rounds: 2, measuring, rows: (0..28).map(row).collect(), until: None };
            let lines: Vec<_> = study_rows(&study).iter().map(StatusLine::plain).collect();
            assert_eq!(lines.len(), ROWS + 1);
            assert!(lines.iter().any(|line| line.starts_with(&format!("  > scheme-{measuring} "))), "{lines:?}");
            assert!(lines[ROWS - 1].contains(last) && lines[ROWS].ends_with("and 12 more"), "{lines:?}");
        }
    }

    #[test]
    fn severities_are_words_beside_colours() {
        let plain = Style::new();
        assert_eq!(occurred(Verdict::Warn, Severity::High.name(), plain, "a\nb").plain(), "WARN high a b");
    }
}
