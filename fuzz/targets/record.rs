//! Records of runs: what reads becomes a report of every format, and the record that is written again has the same content.

use authbench::report::{FORMATS, PastRun, Record, index, read_jsonl, read_run};

pub(super) const SEEDS: &[&str] = &["tests/records"];
pub(super) const WORDS: &[&str] = &[
    "{\"event\":\"",
    "run-started",
    "scenario-started",
    "check-result",
    "load-started",
    "load-interval",
    "load-finished",
    "overhead",
    "threshold-result",
    "note",
    "scenario-finished",
    "run-finished",
    "\"format\":2",
    "\"format\":1",
    "null",
    "true",
    "-1",
    "1e308",
    "18446744073709551615",
    "{}",
    "[]",
    "\"\"",
    "\n",
    "}\n{",
    "\\u0000",
    "<script>",
    "]]>",
    "&amp;",
    "=1+1",
    "::error::",
    "|",
    "`",
];

/// How much of everything a record has.
fn shape(record: &Record) -> Vec<usize> {
    let scenarios = record.scenarios.iter().flat_map(|one| {
        let intervals = one.load.iter().map(|load| load.intervals.len()).sum();
        let ended = usize::from(one.finished.is_some());
        [one.checks.len(), one.load.len(), intervals, one.overhead.len(), one.thresholds.len(), one.notes.len(), ended]
    });
    let ended = [record.notes.len(), usize::from(record.finished.is_some())];
    scenarios.chain(ended).collect()
}

pub(super) fn run(data: &[u8]) {
    let record = match read_run(data) {
        Ok(record) => record,
        Err(error) => {
            let told = error.to_string();
            assert!(told.len() < 200 && !told.chars().any(char::is_control), "{told:?}");
            return;
        }
    };
    for format in FORMATS {
        let Ok(bytes) = (format.render)(&record) else { continue };
        match format.name {
            "jsonl" => {
                let again = read_jsonl(&bytes[..]).expect("a record that was written is read");
                assert_eq!(shape(&again), shape(&record), "the record that was written again");
            }
            "json" | "sarif" => drop(serde_json::from_slice::<serde_json::Value>(&bytes).expect("is JSON")),
            "html" | "junit" => {
                let text = String::from_utf8(bytes).expect("is UTF-8");
                let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
                assert!(format.name != "junit" || !text.contains(control), "a control character in XML");
                assert!(!text.contains("<script>alert"), "markup of the record in the page");
            }
            _ => {}
        }
    }
    let page = index(vec![PastRun { name: "a".to_owned(), link: None, record }]);
    drop(page);
}
