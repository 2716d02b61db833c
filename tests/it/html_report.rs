//! `report.html` as text: what the first screen says, anchors, sizes, and that nothing of a target becomes markup. What a
//! browser makes of it is in `browser.rs`.

use std::collections::HashSet;

use crate::sample;
use authbench::check::Verdict;
use authbench::report::{PastRun, Record, format, index};

/// Bytes of a page over all scenarios of the repository, at most.
const SIZE: usize = 400_000;

fn page(record: &Record) -> String {
    String::from_utf8((format("html").unwrap().render)(record).unwrap()).unwrap()
}

/// The values of an attribute, in the order of the page.
fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    page.split(start.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// Where texts stand, which have to be in this order.
fn in_order(page: &str, texts: &[&str]) {
    let mut from = 0;
    for text in texts {
        let at =
            page[from..].find(text).unwrap_or_else(|| panic!("{text} is missing behind {}", &page[..from.min(200)]));
        from += at + text.len();
    }
}

#[test]
fn the_first_screen_says_what_is_broken_before_anything_else() {
    let page = page(&sample::record());
    in_order(
        &page,
        &[
            "<h1>",
            "7 findings",
            "What is broken</h2>",
            "critical</span>",
            "Unsigned tokens are refused",
            "unsigned tokens are accepted",
            "threshold</span>",
            "p(99) &#60; 20ms on steady",
            "measured 41.2 ms",
            "high</span>",
            "What each scheme costs</h2>",
            "<table class=\"costs\">",
            "id=\"findings\"",
        ],
    );
    let first = &page[..page.find("id=\"findings\"").unwrap()];
    assert!(!first.contains("A Bearer challenge has at least one parameter"), "waived findings are not broken");
}

#[test]
fn ids_are_unique_and_links_within_the_page_lead_somewhere() {
    let mut twice = sample::record();
    let again = twice.scenarios[0].clone();
    twice.scenarios.push(again);
    for record in [sample::record(), twice, Record::default()] {
        let page = page(&record);
        let ids = attributes(&page, "id");
        let mut seen = HashSet::new();
        for id in &ids {
            assert!(seen.insert(*id), "{id} is there twice");
            assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte)), "{id}");
        }
        for link in attributes(&page, "href").into_iter().filter_map(|link| link.strip_prefix('#')) {
            assert!(seen.contains(link), "#{link} leads nowhere");
        }
    }
}

#[test]
fn a_check_has_the_same_anchor_in_every_run() {
    let record = sample::record();
    let page = page(&record);
    let ids: HashSet<_> = attributes(&page, "id").into_iter().collect();
    for check in record.scenarios[0].checks.iter().filter(|check| check.verdict != Verdict::NotApplicable) {
        let anchor = format!("orders/{}", check.id.replace(' ', "-"));
        assert!(ids.contains(&anchor[..]), "{anchor}");
    }
    assert!(ids.contains("orders") && ids.contains("overhead") && ids.contains("my-file"), "{ids:?}");
}

/// Planned checks are the sum of what became of them, of each scenario and of the run.
#[test]
fn the_parts_of_the_plan_add_up() {
    let page = page(&sample::record());
    let equations: Vec<_> = page.split(" planned = ").collect();
    assert!(equations.len() > 2, "no equations");
    for pair in equations.windows(2) {
        let number = |text: &str| text.replace(',', "").parse::<usize>().unwrap();
        let planned = pair[0].rsplit(|c: char| !(c.is_ascii_digit() || c == ',')).next().unwrap();
        let parts = pair[1].split('<').next().unwrap();
        let sum: usize = parts.split(" + ").map(|part| number(part.split(' ').next().unwrap())).sum();
        assert_eq!(number(planned), sum, "{planned} planned = {parts}");
    }
    assert!(
        page.contains("19 planned = 14 executed + 1 inconclusive + 3 not tested + 1 not applicable"),
        "{equations:?}"
    );
}

/// One unit style: figures that the judges wrote are rounded as all others are.
#[test]
fn figures_are_written_in_one_style() {
    let page = page(&sample::record());
    let body = &page[page.find("<main").unwrap()..];
    assert!(body.contains("measured 127 µs") && !body.contains("127 us"), "two styles of microseconds");
    assert!(!body.contains("0.02%<"), "two styles of shares");
}

#[test]
fn passed_checks_are_folded_one_line_a_topic() {
    let page = page(&sample::record());
    let topics = page.matches("<details class=\"topic\"").count();
    assert_eq!(topics, page.matches("<div data-group").count());
    assert!(!page.contains("<details class=\"topic\" open"), "a topic is open");
    // what failed is seen without opening anything
    let open = page.split("<ul class=\"checks open\">").skip(1).map(|rest| rest.split("</ul>").next().unwrap());
    let open: String = open.collect();
    assert!(open.contains("jwt.alg-none-refused") && !open.contains("data-verdict=pass"), "{open}");
}

/// A threshold on a time is a line of the chart over time, and values are shown to a pointer.
#[test]
fn charts_over_time_have_the_threshold_and_values() {
    let page = page(&sample::record());
    assert!(page.contains("<line class=\"bound broken\""), "no line for the broken threshold");
    assert!(page.contains("<title>at 7 s: p50 "), "no values of the second");
}

#[test]
fn a_page_over_hundreds_of_checks_stays_small() {
    let mut record = sample::record();
    for scenario in &mut record.scenarios {
        scenario.checks.retain(|check| check.verdict == Verdict::Pass);
    }
    let some = record.scenarios[0].checks.clone();
    for round in 1..95 {
        record.scenarios[0].checks.extend(some.iter().cloned().map(|mut check| {
            check.id = format!("{}-{round}", check.id);
            check
        }));
    }
    assert!(record.checks().count() > 650);
    let size = page(&record).len();
    assert!(size < SIZE, "{size} bytes");
}

/// Two scenarios that ask for the same route of one service, one through its gateway: side by side, and the check that
/// came to another verdict is named.
#[test]
fn scenarios_of_one_route_are_shown_side_by_side() {
    let mut record = sample::record();
    record.scenarios.truncate(1);
    let mut direct = record.scenarios[0].clone();
    direct.started.name = "Orders directly".to_owned();
    direct.started.target = "http://10.0.0.7:8000".to_owned();
    let passed = |check: &&mut authbench::event::CheckResult| check.id == "bearer.revoked-token-401";
    direct.checks.iter_mut().find(passed).unwrap().verdict = Verdict::Fail;
    record.scenarios.push(direct);
    let page = page(&record);
    in_order(
        &page,
        &[
            "id=\"beside\"",
            "One API by several addresses",
            "GET /orders",
            "Orders API",
            "Orders directly",
            "http://10.0.0.7:8000",
            "bearer.revoked-token-401",
            "pass",
            "fail",
            "The same verdict in each scenario: ",
        ],
    );
    assert!(!page_of_one(&record).contains("id=\"beside\""));
}

fn page_of_one(record: &Record) -> String {
    let mut one = record.clone();
    one.scenarios.truncate(1);
    page(&one)
}

#[test]
fn what_a_target_says_is_text() {
    let page = page(&sample::record());
    assert!(!page.contains("<script>alert"), "markup of a target");
    assert!(!page.contains("href=\"javascript:"), "a script as a link");
    assert_eq!(page.matches("<script").count(), 1);
    assert!(page.contains("&#60;script&#62;alert(1)"), "what the target said is shown");
}

/// A trend page over runs that began at these times.
fn trend(times: &[&str]) -> String {
    let runs = times.iter().map(|time| {
        let mut record = sample::record();
        record.started.as_mut().unwrap().started = time.parse().unwrap();
        PastRun { name: format!("run at {time}"), link: None, record }
    });
    String::from_utf8(index(runs.collect()).unwrap()).unwrap()
}

#[test]
fn the_trend_page_shows_times_and_not_only_days() {
    let one_day = trend(&["2026-11-23T09:30:00Z", "2026-11-23T11:45:10Z"]);
    assert!(one_day.contains(">09:30:00</text>") && one_day.contains(">11:45:10</text>"), "no times on the axis");
    let several = trend(&["2026-11-23T09:30:00Z", "2026-11-25T11:45:10Z"]);
    assert!(several.contains(">11-23 09:30</text>") && several.contains(">11-25 11:45</text>"), "no days on the axis");
    assert!(several.contains("<title>2026-11-25 11:45:10: "), "no values to a pointer");
    let ids = attributes(&several, "id");
    assert_eq!(ids.len(), ids.iter().collect::<HashSet<_>>().len());
}
