//! Where the time of each exchange went: connect, send, wait, receive.

use askama::Template;

use super::chart::{ChartScale, Tick, time_label};
use super::finding::role;
use crate::event::EvidenceRecord;
use crate::observe::RecordedExchange;
use crate::report::units::time;

/// Where bars begin and end.
const LEFT: f64 = 110.0;
const RIGHT: f64 = 560.0;
/// Height of a row.
const ROW: f64 = 26.0;

/// Bars of the exchanges of a check, each from its own start.
#[derive(Template)]
#[template(path = "waterfall.html")]
pub(super) struct Waterfall {
    /// Unique on the page.
    id: String,
    rows: Vec<Row>,
    ticks: Vec<Tick>,
}

struct Row {
    name: &'static str,
    shown: bool,
    top: f64,
    spans: Vec<Span>,
    end: f64,
    took: String,
    cells: Vec<String>,
}

/// A part of a bar; told apart by its outline and fill, not by its colour alone.
struct Span {
    class: &'static str,
    from: f64,
    width: f64,
}

/// Lengths of the parts in microseconds; what is not known is none.
struct Parts {
    connect: Option<f64>,
    send: Option<f64>,
    wait: Option<f64>,
    receive: Option<f64>,
    took: f64,
}

impl Parts {
    fn of(exchange: &RecordedExchange) -> Self {
        let micros = |number: Option<u64>| number.map(|number| number as f64);
        let (marks, took) = (&exchange.marks, exchange.took_us as f64);
        let sent = micros(marks.sent_us).map(|sent| sent.min(took));
        let first = micros(marks.first_byte_us).map(|first| first.clamp(sent.unwrap_or(0.0), took));
        Self {
            connect: micros(marks.connect_us),
            send: sent,
            wait: sent.map(|sent| first.unwrap_or(took) - sent),
            receive: first.map(|first| took - first),
            took,
        }
    }

    fn whole(&self) -> f64 {
        self.connect.unwrap_or(0.0) + self.took
    }

    /// The parts in order. An exchange whose parts are not known is one whole.
    fn spans(&self, x: ChartScale) -> Vec<Span> {
        let mut at = 0.0;
        let parts = [("connect", self.connect), ("send", self.send), ("wait", self.wait), ("receive", self.receive)];
        let whole = [("whole", self.send.is_none().then_some(self.took))];
        let known = parts.into_iter().chain(whole).filter_map(|(class, length)| Some((class, length?)));
        let spans = known.map(|(class, length)| {
            let (from, to) = (x.place(at), x.place(at + length));
            at += length;
            Span { class, from, width: (to - from).max(1.0) }
        });
        spans.collect()
    }

    fn cells(&self) -> Vec<String> {
        let or_dash = |micros: Option<f64>| micros.map_or_else(|| "–".to_owned(), time);
        let mut cells: Vec<_> = [self.connect, self.send, self.wait, self.receive].map(or_dash).into();
        cells.push(time(self.took));
        cells
    }
}

impl Waterfall {
    /// Bars for exchanges; `id` is unique on the page.
    pub(super) fn of(records: &[EvidenceRecord], shown_by: Option<usize>, id: String) -> Self {
        let parts: Vec<_> = records.iter().map(|record| Parts::of(&record.exchange)).collect();
        let longest = parts.iter().map(Parts::whole).fold(0.0, f64::max);
        let x = ChartScale::between(0.0, longest, LEFT, RIGHT);
        let rows = records.iter().zip(&parts).enumerate().map(|(at, (record, parts))| Row {
            name: role(&record.role),
            shown: shown_by == Some(at),
            top: at as f64 * ROW,
            spans: parts.spans(x),
            end: x.place(parts.whole()),
            took: time(parts.whole()),
            cells: parts.cells(),
        });
        Self { id, rows: rows.collect(), ticks: x.ticks(5.0, time_label) }
    }

    fn axis(&self) -> f64 {
        self.rows.len() as f64 * ROW + 4.0
    }

    fn height(&self) -> f64 {
        self.axis() + 24.0
    }

    fn description(&self) -> String {
        let told: Vec<_> = self.rows.iter().map(|row| format!("{}: {}", row.name, row.took)).collect();
        told.join(", ")
    }

    /// Classes that occur, with their words.
    fn legend(&self) -> Vec<(&'static str, &'static str)> {
        let all = [
            ("connect", "connect"),
            ("send", "send"),
            ("wait", "wait for the first byte"),
            ("receive", "receive"),
            ("whole", "from sent to read"),
        ];
        let occurs = |class: &str| self.rows.iter().any(|row| row.spans.iter().any(|span| span.class == class));
        all.into_iter().filter(|(class, _)| occurs(class)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Marks;

    fn exchange(marks: Marks) -> RecordedExchange {
        RecordedExchange {
            origin: None,
            method: "GET".to_owned(),
            target: "/".to_owned(),
            request_headers: Vec::new(),
            request_body: String::new(),
            status: Some(200),
            response_headers: Vec::new(),
            response_body: String::new(),
            silence: None,
            took_us: 1000,
            marks,
        }
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        let marks = Marks { connect_us: Some(300), sent_us: Some(40), first_byte_us: Some(900), was_reset: false };
        let parts = Parts::of(&exchange(marks));
        assert_eq!(
            (parts.connect, parts.send, parts.wait, parts.receive),
            (Some(300.0), Some(40.0), Some(860.0), Some(100.0))
        );
        assert_eq!(parts.whole(), 1300.0);
    }

    #[test]
    fn what_is_not_known_is_not_drawn() {
        let x = ChartScale::between(0.0, 1000.0, 0.0, 1000.0);
        let classes = |marks| Parts::of(&exchange(marks)).spans(x).iter().map(|span| span.class).collect::<Vec<_>>();
        assert_eq!(classes(Marks::default()), ["whole"]);
        assert_eq!(classes(Marks { sent_us: Some(5), ..Marks::default() }), ["send", "wait"]);
    }
}
