//! What a terminal shows of a run: the real binary on a pseudoterminal of 60, 100 and 200 columns.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::Stdio;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::binary::authbench;

/// A vulnerability, a check that waits, a phase of load, and a study.
const SCENARIO: &str = "\
authbench: 1
name: Tokens of the orders API, as a partner with a long name gets them
target: { reference: { faults: [scope-not-enforced], token_lifetime: 2s } }
scheme: oauth2-client-credentials
conformance: { include: [bearer.valid-accepted, bearer.insufficient-scope-403, bearer.expired-token-401] }
load:
  - { name: steady, rate: 100/s, duration: 3s }
";

const STUDY: &str = "\
authbench: 1
name: What schemes cost
target: reference
overhead: { baseline: none, schemes: [none, api-key, bearer], duration: 1s }
";

/// What a terminal of so many columns was sent, and the exit code.
fn captured(folder: &Path, file: &str, columns: u16) -> (String, Option<i32>) {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal");
    grantpt(&terminal).expect("is granted");
    unlockpt(&terminal).expect("is unlocked");
    tcsetwinsize(&terminal, Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).expect("has a size");
    let name = ptsname(&terminal, Vec::new()).expect("has a name");
    let open =
        || rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).expect("opens");
    let mut command = authbench(folder);
    command.args(["run", file, "--seed", "1", "--report", "jsonl=run.jsonl"]).env("TERM", "xterm");
    let child = command.stdout(Stdio::from(open())).stderr(Stdio::from(open())).spawn();
    let mut child = child.expect("starts");
    // the terminal ends with the last of those that write to it
    drop(command);
    let (mut written, mut buffer, mut terminal) = (Vec::new(), [0; 4096], File::from(terminal));
    while let Ok(count @ 1..) = terminal.read(&mut buffer) {
        written.extend_from_slice(&buffer[..count]);
    }
    (String::from_utf8_lossy(&written).into_owned(), child.wait().expect("ends").code())
}

/// Text without the sequences that colour it or move the cursor.
fn plain(text: &str) -> String {
    let (mut plain, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        let end = after.find(|c: char| c.is_ascii_alphabetic()).map_or(after.len(), |at| at + 1);
        rest = &after[end..];
    }
    (plain + rest).replace('\r', "")
}

/// The lines that were drawn over, each drawing apart.
fn drawings(written: &str) -> Vec<Vec<String>> {
    let drawn = written.split("\u{1b}[?7l").skip(1).filter_map(|rest| rest.split("\u{1b}[?7h").next());
    drawn.map(|drawing| drawing.split("\r\n").map(plain).collect()).collect()
}

/// What is left on the terminal: what was drawn over is gone.
fn left(written: &str) -> Vec<String> {
    let mut left = String::new();
    for (at, part) in written.split("\u{1b}[?7l").enumerate() {
        let after = if at == 0 { part } else { part.split_once("\u{1b}[?7h").expect("ends").1 };
        left.push_str(after);
    }
    plain(&left).lines().map(str::to_owned).collect()
}

fn width(line: &str) -> usize {
    line.chars().count()
}

/// Whether a line may be longer than the terminal: a command that is copied, or one word.
fn may_be_long(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default();
    ["replay", "curl", "raw", "more"].contains(&first)
        || line.split_whitespace().count() < 3
        || line.contains(": sends values")
}

#[test]
fn lines_fit_a_terminal_and_leave_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("tokens.yaml"), SCENARIO).expect("writes");
    for columns in [60, 100, 200] {
        let (written, code) = captured(folder.path(), "tokens.yaml", columns);
        assert_eq!(code, Some(1), "{}", plain(&written));
        let drawings = drawings(&written);
        let drawn: Vec<&String> = drawings.iter().flatten().collect();
        for line in &drawn {
            assert!(width(line) <= usize::from(columns), "{columns}: {line}");
        }
        let shows = |text: &str| drawn.iter().any(|line| line.contains(text));
        for text in ["of 3 checks", "for a token to expire", "steady", "p99"] {
            assert!(shows(text), "{columns} columns lack {text}: {drawn:#?}");
        }
        let left = left(&written);
        for line in left.iter().filter(|line| !may_be_long(line)) {
            assert!(width(line) <= usize::from(columns), "{columns}: {line}");
        }
        let whole = left.join("\n");
        assert!(whole.contains("FAIL critical bearer.insufficient-scope-403"), "as it occurs: {whole}");
        assert!(whole.contains("findings") && whole.trim_end().ends_with("there are findings: 1 critical"), "{whole}");
        assert!(!whole.contains("of 3 checks") && !whole.contains("s left"), "nothing is left of progress: {whole}");
        assert!(written.contains("\u{1b}[1m") || written.contains("\u{1b}[31"), "colours");
    }
}

#[test]
fn a_study_is_shown_row_by_row() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("study.yaml"), STUDY).expect("writes");
    let (written, code) = captured(folder.path(), "study.yaml", 100);
    let drawings = drawings(&written);
    assert!(code == Some(0) || code == Some(5), "{}", plain(&written));
    let whole = drawings.iter().find(|lines| lines[0].contains("overhead study")).expect("a study");
    assert!(whole[0].contains("round ") && whole[0].contains(" of 6"), "{whole:#?}");
    for name in ["none", "api-key", "bearer"] {
        assert!(whole.iter().skip(1).any(|line| line.contains(name)), "{name}: {whole:#?}");
    }
    assert!(drawings.iter().flatten().any(|line| line.contains("so far")), "{drawings:#?}");
}

#[test]
fn where_nobody_watches_lines_are_plain() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("tokens.yaml"), SCENARIO).expect("writes");
    let mut command = authbench(folder.path());
    let output = command.args(["run", "tokens.yaml", "--only", "conformance", "--report", "json=a.json"]).output();
    let output = output.expect("runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains('\u{1b}') && !said.contains('\r'), "{said:?}");
    assert!(said.contains("FAIL critical bearer.insufficient-scope-403: POST "), "{said}");
    assert!(said.trim_end().ends_with("exit 1: there are findings: 1 critical"), "{said}");
}

#[test]
fn lesser_failures_may_pass_and_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let lesser = SCENARIO
        .replace("scope-not-enforced", "query-token-accepted")
        .replace("bearer.insufficient-scope-403, bearer.expired-token-401", "bearer.query-token-refused");
    std::fs::write(folder.path().join("tokens.yaml"), lesser).expect("writes");
    let run = |arguments: &[&str]| {
        let mut command = authbench(folder.path());
        command.args(["run", "tokens.yaml", "--only", "conformance", "--report", "json=a.json"]).args(arguments);
        let output = command.output().expect("runs");
        let last = String::from_utf8_lossy(&output.stderr).lines().last().map(str::to_owned);
        (output.status.code(), last.unwrap_or_default())
    };
    let passed = run(&["--fail-on", "high"]);
    assert_eq!(passed, (Some(0), "exit 0: passed, with 1 failure below --fail-on high".to_owned()));
    // all of its routes are one finding
    assert_eq!(run(&["--fail-on", "medium"]), (Some(1), "exit 1: there are findings: 1 medium".to_owned()));
}

/// What was planned is the sum of what became of it, in every format that says so.
#[test]
fn the_numbers_of_checks_agree() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = "authbench: 1\nname: Keys\ntarget: reference\nscheme: api-key\nload:\n  - { name: a, rate: 50/s, \
                    duration: 1s, mix: { valid: 90%, no-credential: 10% } }\n";
    std::fs::write(folder.path().join("keys.yaml"), scenario).expect("writes");
    let mut command = authbench(folder.path());
    command.args(["run", "keys.yaml", "--report", "json=a.json,md=a.md,text=a.txt,jsonl=a.jsonl"]);
    let output = command.output().expect("runs");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("is there");
    let report: serde_json::Value = serde_json::from_str(&read("a.json")).expect("is JSON");
    let coverage = &report["scenarios"][0]["coverage"];
    let of = |name: &str| coverage[name].as_u64().unwrap_or_else(|| panic!("{name} of {coverage}"));
    let (planned, parts) = (of("planned"), ["executed", "inconclusive", "not_tested", "not_applicable", "not_run"]);
    assert!(planned > 40, "{coverage}");
    assert_eq!(planned, parts.map(of).iter().sum::<u64>(), "{coverage}");
    assert_eq!(of("executed"), coverage["executed_ids"].as_array().expect("a list").len() as u64);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let sum = format!("{planned} planned = {} executed", of("executed"));
    assert!(text.contains(&sum) && read("a.txt").contains(&sum), "{sum}: {text}");
    assert!(read("a.md").contains(&format!(" | {planned} |")), "{}", read("a.md"));
    let counts: u64 =
        report["scenarios"][0]["counts"].as_object().expect("counts").values().filter_map(|one| one.as_u64()).sum();
    assert_eq!(counts, report["scenarios"][0]["checks"].as_array().expect("a list").len() as u64);
    let passed =
        report["scenarios"][0]["checks"].as_array().expect("a list").iter().filter(|one| one["verdict"] == "pass");
    assert!(
        passed.clone().count() > 20 && passed.clone().all(|one| one.get("evidence").is_none()),
        "no evidence of passed checks"
    );
}
