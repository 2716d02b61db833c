//! What holds of a run with load on a machine that has other work to do: what was answered is asserted, and what was measured is
//! not.

use std::process::Output;

use authbench::check::{Mode, find};
use serde_json::Value;

use crate::binary::told;

/// Times that something is tried whose good end depends on a machine that does not stand still for seconds. What is broken ends
/// badly each time.
const TRIES: usize = 5;

/// What a try came to that ended well, or the last of all.
pub(crate) fn tried<T>(mut attempt: impl FnMut() -> T, ends_well: impl Fn(&T) -> bool) -> T {
    let mut last = attempt();
    for _ in 1..TRIES {
        if !ends_well(&last) {
            last = attempt();
        }
    }
    last
}

/// The same of what has to be waited for.
pub(crate) async fn tried_later<T>(mut attempt: impl AsyncFnMut() -> T, ends_well: impl Fn(&T) -> bool) -> T {
    let mut last = attempt().await;
    for _ in 1..TRIES {
        if !ends_well(&last) {
            last = attempt().await;
        }
    }
    last
}

/// What the scenarios of a report have under a name.
fn all<'a>(report: &'a Value, member: &'static str) -> impl Iterator<Item = &'a Value> {
    let scenarios = report["scenarios"].as_array().into_iter().flatten();
    scenarios.filter_map(move |one| one[member].as_array()).flatten()
}

/// Asserts that a run passed, or is inconclusive for nothing but how busy this machine was, and that each request of its phases
/// was answered as its lane expects.
pub(crate) fn assert_right_answers(output: &Output, report: &Value) {
    let said = told(output);
    let is_busy = all(report, "load").any(|phase| phase["inconclusive"].is_string());
    let is_open = all(report, "checks").any(|check| check["verdict"] == "inconclusive");
    let passed = output.status.code() == Some(0) || (output.status.code() == Some(5) && is_busy && !is_open);
    assert!(passed, "{said}");
    let lanes: Vec<&Value> = all(report, "load").filter_map(|phase| phase["lanes"].as_array()).flatten().collect();
    assert!(!lanes.is_empty(), "{said}");
    for lane in lanes {
        let count = |outcome: &str| lane["outcomes"][outcome].as_u64().expect("a count");
        let right = if lane["expects_grant"] == true { "granted" } else { "refused" };
        let total: u64 = ["granted", "refused", "unclear", "broke", "silent"].map(count).iter().sum();
        assert!(total > 0 && count(right) == total, "{lane}\n{said}");
    }
}

/// Whether a check takes samples of time: on a busy machine it may come to no verdict.
pub(crate) fn takes_samples(check: &str) -> bool {
    find(check).is_some_and(|check| check.mode == Mode::Statistical)
}
