//! Merges the seconds of all workers while they run.

use std::collections::BTreeMap;
use std::sync::mpsc::Receiver;

use hdrhistogram::Histogram;

use super::tally::Slice;
use crate::observe::{Interval, Latency, encode, histogram};

/// Merges the slices of all workers second by second, and passes a second on when all have sent theirs, or when it is two seconds
/// old. All response times in one.
pub(super) fn intervals(receiver: &Receiver<Slice>, workers: usize, sink: &mut dyn FnMut(Interval)) -> Histogram<u64> {
    let mut total = histogram();
    let mut seconds: BTreeMap<u64, (Slice, usize)> = BTreeMap::new();
    let (mut ended, mut latest) = (0, 0);
    while ended < workers {
        let Ok(slice) = receiver.recv() else { break };
        ended += usize::from(slice.last);
        latest = latest.max(slice.second);
        // equal bounds: all were made by `histogram`
        let _ = total.add(&slice.response);
        match seconds.entry(slice.second) {
            std::collections::btree_map::Entry::Vacant(entry) => drop(entry.insert((slice, 1))),
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                let (merged, sent) = entry.get_mut();
                *sent += 1;
                merged.outcomes.add(&slice.outcomes);
                merged.unexpected += slice.unexpected;
                let _ = merged.response.add(&slice.response);
            }
        }
        let whole = |second: u64, sent: usize| sent == workers || second + 2 <= latest;
        while let Some(entry) = seconds.first_entry().filter(|entry| whole(*entry.key(), entry.get().1)) {
            pass(entry.remove().0, sink);
        }
    }
    for (slice, _) in seconds.into_values() {
        pass(slice, sink);
    }
    total
}

fn pass(slice: Slice, sink: &mut dyn FnMut(Interval)) {
    if slice.outcomes.total() == 0 {
        return;
    }
    sink(Interval {
        start_s: slice.second as f64,
        length_s: 1.0,
        outcomes: slice.outcomes,
        unexpected: slice.unexpected,
        response_time_us: Latency::of(&slice.response),
        histogram: encode(&slice.response),
    });
}
