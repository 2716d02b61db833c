//! `reports/sample/` is what a reader of the repository sees of a report: made from the recorded sample, and up to date.

use crate::sample;
use std::path::Path;

use authbench::report::{Record, format};

/// The sample without what a hostile server said, which is there for tests alone.
fn shown() -> Record {
    let mut record = sample::record();
    for scenario in &mut record.scenarios {
        scenario.checks.retain(|check| !check.summary.contains(sample::HOSTILE));
        scenario.notes.retain(|note| !note.text.contains(sample::HOSTILE));
    }
    record
}

#[test]
fn the_shipped_sample_is_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/sample");
    for name in ["html", "json", "md"] {
        let format = format(name).unwrap();
        let path = folder.join(format!("report.{}", format.extension));
        let rendered = String::from_utf8((format.render)(&shown()).unwrap()).unwrap();
        if std::env::var_os("AUTHBENCH_BLESS").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &rendered).unwrap();
        }
        let shipped = std::fs::read_to_string(&path).unwrap_or_default();
        // the whole page in a failed assertion would help nobody
        let differs = shipped.lines().zip(rendered.lines()).find(|(shipped, rendered)| shipped != rendered);
        let told = differs.map(|(shipped, rendered)| format!("{shipped:.200}\nis now\n{rendered:.200}"));
        let path = path.display();
        assert!(
            shipped == rendered,
            "{path} is stale: AUTHBENCH_BLESS=1 cargo test --test it shipped_sample::\n{told:?}"
        );
    }
}
