//! The shards of a merged run, on a terminal.

use super::Row;
use super::style::doubtful;
use crate::event::shards::MergedShards;
use crate::report::escape::line;
use crate::report::units::time;

/// How many shards were merged, what is doubtful about them, and the intervals of their percentiles.
pub(super) fn rows(shards: &MergedShards) -> Vec<Row> {
    let merged = format!("{} of {} merged", shards.shards.len(), shards.expected);
    let mut rows = vec![Row::new("shards", merged)];
    rows.extend(shards.doubts.iter().map(|doubt| Row::more(doubtful(&line(doubt)))));
    rows.extend(shards.intervals.iter().map(|one| {
        let p99 = &one.p99_us;
        let interval = format!("{} ({} to {})", time(p99.value), time(p99.low), time(p99.high));
        Row::more(format!("p99 of {}: {interval}, by {} blocks", line(&one.phase), one.blocks))
    }));
    rows
}
