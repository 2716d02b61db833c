//! `reports/sample/` is what a reader of the repository sees of a report: made from the recorded sample, and up to date.

use crate::sample;
use std::path::Path;

use authbench::report::{Record, format};
use authbench::stats::Estimate;

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

/// Costs that were measured: the page and the table of the README are made from their record.
#[test]
fn the_shipped_costs_are_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let record = std::fs::read(root.join("reports/sample/costs.jsonl")).expect("is there");
    let record = authbench::report::read_jsonl(record.as_slice()).expect("reads");
    let rendered = |name: &str| String::from_utf8((format(name).unwrap().render)(&record).unwrap()).unwrap();
    let table: Vec<String> = rendered("md").lines().filter(|line| line.starts_with("| ")).map(str::to_owned).collect();
    let first = table.iter().position(|line| line.contains("service time")).expect("a table of costs");
    let machine =
        record.started.as_ref().map(|started| format!("{}, {} processors", started.machine.cpu, started.machine.cpus));
    let told = format!("\n{}\n\n{}.\n", table[first..].join("\n"), machine.unwrap_or_default());
    let readme_file = root.join("README.md");
    let readme = std::fs::read_to_string(&readme_file).expect("is there");
    let (before, rest) = readme.split_once("<!-- costs -->\n").expect("the place of the table");
    let (shown, after) = rest.split_once("<!-- /costs -->").expect("the end of the table");
    let page = root.join("reports/sample/costs.html");
    if std::env::var_os("AUTHBENCH_BLESS").is_some() {
        std::fs::write(&page, rendered("html")).unwrap();
        std::fs::write(&readme_file, format!("{before}<!-- costs -->\n{told}<!-- /costs -->{after}")).unwrap();
        return;
    }
    assert_eq!(shown, told, "README.md is stale: AUTHBENCH_BLESS=1 cargo test --test it shipped_sample::");
    assert!(std::fs::read_to_string(&page).unwrap_or_default() == rendered("html"), "costs.html is stale");
    assert!(table.len() > 5, "{table:?}");
}

/// The page of all costs shows what the records say.
#[test]
fn the_page_of_costs_is_of_its_records() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/costs.md")).expect("is there");
    let shown = |name: &str, interval: Estimate| {
        let row = page.lines().find(|line| line.starts_with(&format!("| {name} |")) && line.contains('…'));
        let row = row.unwrap_or_else(|| panic!("{name} has no row")).replace('\u{2212}', "-");
        let cell = row.split('|').nth(3).expect("an interval");
        let ends = cell.split('…').map(|end| {
            let (number, unit) = end.trim().split_once(' ').expect("a number with its unit");
            number.parse::<f64>().expect("a number") * if unit == "ms" { 1000.0 } else { 1.0 }
        });
        let ends: Vec<_> = ends.collect();
        let near = |told: f64, is: f64| (told - is).abs() <= 0.005_f64.max(is.abs() / 150.0);
        assert!(near(ends[0], interval.low) && near(ends[1], interval.high), "{name}: {ends:?} and {interval:?}");
    };
    for (file, least) in [("costs.jsonl", 25), ("costs-tls.jsonl", 3)] {
        let record = std::fs::read(root.join("reports/sample").join(file)).expect("is there");
        let record = authbench::report::read_jsonl(record.as_slice()).expect("reads");
        let figures = record.scenarios[0].overhead.first().expect("a study");
        assert!(figures.rows.len() >= least);
        for row in figures.rows.iter().filter(|row| row.name != "none" && row.name != "api-key") {
            shown(&row.name, row.difference_us);
        }
    }
}
