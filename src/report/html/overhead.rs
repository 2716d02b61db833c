//! The table behind an overhead study; its chart is on the first screen.

use askama::Template;

use crate::report::text::{NOT_DISTINGUISHABLE, floor, interval, tokens};
use crate::report::units::{count, difference, length, rate, time};
use crate::stats::{OverheadFigures, OverheadRow};

/// An overhead study.
#[derive(Template)]
#[template(path = "overhead.html")]
pub(super) struct OverheadView<'a> {
    /// The study.
    pub(super) study: &'a OverheadFigures,
}

impl OverheadView<'_> {
    fn headline(&self) -> String {
        format!(
            "Each scheme against {} on the same server, {} of measuring. The baseline against itself: {}; {}.",
            self.study.baseline,
            length(self.study.duration_s),
            interval(&self.study.control_us),
            floor(self.study)
        )
    }

    fn tokens(&self) -> Vec<String> {
        self.study.rows.iter().filter_map(tokens).collect()
    }
}

/// The cells of a row, after its name.
fn cells(row: &OverheadRow) -> [String; 10] {
    let or_dash = |micros: Option<f64>| micros.map_or_else(|| "–".to_owned(), time);
    let cost = if row.distinguishable { difference(row.difference_us.value) } else { NOT_DISTINGUISHABLE.to_owned() };
    [
        cost,
        interval(&row.difference_us),
        time(row.service_time_us),
        time(row.client_us),
        or_dash(row.server_us.map(|server| server.value)),
        or_dash(row.rest_us),
        or_dash(row.first_request_us),
        or_dash(row.token_acquisition_us),
        row.requests_per_core_second.map_or_else(|| "–".to_owned(), rate),
        count(row.pairs),
    ]
}
