//! `Server-Timing`: a time in its range or none, and a description cannot pass for a metric.

use authbench::drive::wire::metric_duration;

pub(super) const WORDS: &[&str] = &[
    "auth",
    ";dur=",
    "dur=\"1\"",
    ";desc=\"",
    "\"",
    "\\\"",
    ", ",
    ";",
    " ",
    "db;dur=5",
    "1e9",
    "1e308",
    "-0",
    "nan",
    "inf",
    "0.0000001",
    "999999999.9999999",
];

pub(super) fn run(data: &[u8]) {
    if let Some(duration) = metric_duration(data, b"auth") {
        assert!(duration <= 1_000_000_000_000_000, "{duration} ns");
    }
    let text = String::from_utf8_lossy(data).replace('\\', "\\\\").replace('"', "\\\"");
    let line = format!("db;desc=\"{text}\";dur=1, auth;desc=\"{text}\";dur=2.5");
    assert_eq!(metric_duration(line.as_bytes(), b"auth"), Some(2_500_000), "{line}");
}
