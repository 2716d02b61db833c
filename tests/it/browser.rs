//! The page in headless Chromium: no request, no error, filters that work, contrast and names in both schemes and at
//! the width of a telephone. `AUTHBENCH_BROWSER` names the program, else the usual ones are tried. Where there is none
//! this is left out, and says so; with `AUTHBENCH_REQUIRE_BROWSER=1` that is a failure.

use crate::sample;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use authbench::check::Verdict;
use authbench::report::{Record, format};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::process::Command;

/// What looks at the page from within.
const INSPECT: &str = include_str!("../browser/inspect.js");
/// A machine under load may take long to start a browser.
const PATIENCE: Duration = Duration::from_secs(600);

/// How a page is looked at.
#[derive(Clone, Copy, Debug)]
enum Scheme {
    Light,
    Dark,
}

fn page(record: &Record) -> String {
    String::from_utf8((format("html").unwrap().render)(record).unwrap()).unwrap()
}

/// The page with the inspector, which its policy has to be told of; all else in the policy stays in force.
fn inspected(record: &Record) -> String {
    let hash = STANDARD.encode(Sha256::digest(INSPECT));
    let page = page(record).replacen("script-src ", &format!("script-src 'sha256-{hash}' "), 1);
    page.replacen("<title>", &format!("<script>{INSPECT}</script><title>"), 1)
}

/// A frame of a width around the page: windows have a least width, frames have none. What the inspector says is kept.
fn frame(width: u16) -> String {
    format!(
        "<!doctype html><meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\">\
         <script>onmessage = (event) => {{ document.documentElement.dataset.seen = event.data; }};</script>\
         <iframe src=\"report.html\" style=\"border:0;width:{width}px;height:900px\"></iframe>"
    )
}

/// What the inspector saw; none where no browser is installed.
async fn look(record: &Record, scheme: Scheme, width: u16) -> Option<Value> {
    let browser = browser().await?;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("frame.html");
    std::fs::write(folder.path().join("report.html"), inspected(record)).unwrap();
    std::fs::write(&file, frame(width)).unwrap();
    let (document, log) = dump(&browser, &file, folder.path(), scheme).await;
    let said: Vec<_> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert_eq!(said, Vec::<&str>::new(), "the console said something");
    let seen = document.split("data-seen=\"").nth(1).unwrap_or_else(|| panic!("no result in {document:.500}\n{log}"));
    let seen: Value = serde_json::from_slice(&STANDARD.decode(seen.split('"').next().unwrap()).unwrap()).unwrap();
    assert_eq!((&seen["dark"], &seen["width"]), (&json!(matches!(scheme, Scheme::Dark)), &json!(width)));
    Some(seen)
}

async fn dump(browser: &str, file: &Path, profile: &Path, scheme: Scheme) -> (String, String) {
    let scheme = match scheme {
        Scheme::Dark => 0,
        Scheme::Light => 1,
    };
    let mut command = Command::new(browser);
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--disable-dev-shm-usage", "--enable-logging=stderr", "--host-resolver-rules=MAP * ~NOTFOUND"])
        .arg(format!("--user-data-dir={}", profile.join("profile").display()))
        .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
        .arg("--window-size=1400,1000")
        .arg("--dump-dom")
        .arg(format!("file://{}", file.display()))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("the browser ends").unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}", text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

/// The first browser that answers.
async fn browser() -> Option<String> {
    let named = std::env::var("AUTHBENCH_BROWSER").ok();
    let usual = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"].map(str::to_owned);
    for name in named.into_iter().chain(usual) {
        let version = Command::new(&name).arg("--version").stdin(Stdio::null()).output().await;
        if version.is_ok_and(|version| version.status.success()) {
            return Some(name);
        }
    }
    assert!(std::env::var_os("AUTHBENCH_REQUIRE_BROWSER").is_none(), "no browser is installed");
    // written past the capture of passing tests, so that everybody sees it
    let _ = writeln!(std::io::stderr(), "left out: no Chromium is installed");
    None
}

/// What holds for every page at every width in every scheme.
fn assert_sound(seen: &Value) {
    assert_eq!(seen["requests"], json!([]), "something outside was asked for");
    assert_eq!(seen["violations"], json!([]), "the page breaks its own policy");
    assert_eq!(seen["errors"], json!([]));
    assert_eq!(seen["unreadable"], json!([]));
    assert_eq!(seen["contrast"]["poor"], json!([]), "below AA");
    assert!(seen["contrast"]["texts"].as_u64().unwrap() > 50, "too few texts were looked at: {seen}");
    assert_eq!(seen["faint"], 1, "the inspector does not see poor contrast");
    assert!(seen["overflow"].as_i64().unwrap() <= 0, "the page is wider than its window: {}", seen["overflow"]);
}

/// The sample without anything that is wrong.
fn clean() -> Record {
    let mut record = sample::record();
    record.scenarios.truncate(1);
    let scenario = &mut record.scenarios[0];
    scenario.checks.retain(|check| check.verdict == Verdict::Pass);
    scenario.thresholds.retain(|threshold| threshold.holds == Some(true));
    scenario.notes.clear();
    record.notes.clear();
    let finished = record.finished.as_mut().unwrap();
    (finished.exit_code, finished.reason) = (0, "everything that ran passed".to_owned());
    record
}

/// The sample with 200 checks and more.
fn many() -> Record {
    let mut record = sample::record();
    let checks = &mut record.scenarios[0].checks;
    let some = checks.clone();
    for round in 1..11 {
        checks.extend(some.iter().cloned().map(|mut check| {
            check.id = format!("{}-{round}", check.id);
            check
        }));
    }
    assert!(checks.len() >= 200);
    record
}

#[tokio::test]
async fn findings_in_light() {
    let Some(seen) = look(&sample::record(), Scheme::Light, 1280).await else { return };
    assert_sound(&seen);
    // checks, findings with those that no check made, and marks of what did not pass
    let counted = |what: &str| json!([seen[what]["checks"], seen[what]["findings"], seen[what]["marks"]]);
    assert_eq!(counted("all"), json!([18, 9, 8]));
    assert_eq!(counted("failed"), json!([4, 7, 4]));
    assert_eq!(counted("text"), json!([1, 1, 1]));
    assert_eq!(counted("critical"), json!([1, 1, 1]));
    assert_eq!(counted("nothing"), json!([0, 0, 0]));
    assert_eq!(seen["query"], "?severity=critical", "the address does not say what is filtered");
    assert_eq!(seen["copies"], seen["commands"], "a command without a button");
    assert_eq!(seen["value"], true, "a chart shows no values to a pointer");
    assert_eq!(seen["failed"]["told"], "4 of 18 checks");
}

#[tokio::test]
async fn findings_in_the_dark() {
    let Some(seen) = look(&sample::record(), Scheme::Dark, 1280).await else { return };
    assert_sound(&seen);
}

#[tokio::test]
async fn findings_on_a_telephone() {
    let Some(seen) = look(&sample::record(), Scheme::Dark, 400).await else { return };
    assert_sound(&seen);
}

#[tokio::test]
async fn many_checks_on_a_telephone() {
    let Some(seen) = look(&many(), Scheme::Light, 400).await else { return };
    assert_sound(&seen);
    assert!(seen["all"]["checks"].as_u64().unwrap() >= 190);
}

#[tokio::test]
async fn nothing_found() {
    let Some(seen) = look(&clean(), Scheme::Light, 1280).await else { return };
    assert_sound(&seen);
    assert_eq!(seen["failed"]["checks"], 0);
}

/// Needs no browser: the page as it is written.
#[test]
fn the_page_is_whole_without_scripts() {
    let page = page(&sample::record());
    assert!(page.contains("<form class=\"filters\" data-filters hidden"), "filters show that do nothing");
    for beginning in ["src=", "@import", "url(", "<iframe", "<object", "<embed"] {
        assert!(!page.contains(beginning), "{beginning}");
    }
    assert_eq!(page.matches("<link").count(), page.matches("<link rel=\"icon\" href=\"data:,\">").count());
    assert!(!page.contains(" onsubmit=") && !page.contains("javascript:"));
}
