//! The real binary on one scenario, and what it left behind.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::binary::authbench;

/// What ends a run that nothing else ended.
const WATCHDOG: Duration = Duration::from_secs(600);

/// A run that has ended.
pub(super) struct Watched {
    /// None where it had to be killed.
    pub(super) code: Option<i32>,
    /// What it printed, and every report.
    pub(super) outputs: Vec<(String, Vec<u8>)>,
    /// The same as text, for the message of an assertion.
    pub(super) said: String,
    /// Verdicts by the id of the check.
    pub(super) verdicts: BTreeMap<String, String>,
    /// The most memory that it held, in KiB.
    pub(super) peak: u64,
    pub(super) took: Duration,
}

/// Runs a scenario with further arguments, and looks at its memory while it runs.
pub(super) fn watched(scenario: &str, arguments: &[&str]) -> Watched {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("hostile.yaml"), scenario).expect("writes");
    let mut command = authbench(folder.path());
    command.args(["run", "hostile.yaml", "--seed", "1", "--threads", "1"]).args(arguments);
    for format in authbench::report::FORMATS {
        command.arg("--report").arg(format!("{}=out.{}", format.name, format.extension));
    }
    let file = |name: &str| std::fs::File::create(folder.path().join(name)).expect("is created");
    let began = Instant::now();
    let mut child = command.stdout(Stdio::from(file("stdout"))).stderr(file("stderr")).spawn().expect("starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let code = loop {
        let memory = std::fs::read_to_string(&status).unwrap_or_default();
        let line = memory.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        // the last one counts: the first can be that of this process, before the child becomes the program
        peak = line.and_then(|size| size.parse().ok()).unwrap_or(peak);
        match child.try_wait().expect("can be asked") {
            Some(ended) => break ended.code(),
            None if began.elapsed() > WATCHDOG => {
                let _ = child.kill();
                let _ = child.wait();
                break None;
            }
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    let took = began.elapsed();
    let names = authbench::report::FORMATS.iter().map(|format| format!("out.{}", format.extension));
    let names = ["stdout".to_owned(), "stderr".to_owned()].into_iter().chain(names);
    let outputs: Vec<(String, Vec<u8>)> =
        names.map(|name| (name.clone(), std::fs::read(folder.path().join(&name)).unwrap_or_default())).collect();
    let of = |wanted: &str| {
        outputs.iter().find(|(name, _)| name == wanted).map(|(_, bytes)| bytes.as_slice()).unwrap_or_default()
    };
    let said = format!("{}\n{}", String::from_utf8_lossy(of("stdout")), String::from_utf8_lossy(of("stderr")));
    let report: Value = serde_json::from_slice(of("out.json")).unwrap_or_default();
    let checks =
        report["scenarios"].as_array().into_iter().flatten().filter_map(|one| one["checks"].as_array()).flatten();
    let text = |check: &Value, member: &str| check[member].as_str().unwrap_or_default().to_owned();
    let verdicts = checks.map(|check| (text(check, "id"), text(check, "verdict"))).collect();
    Watched { code, said, verdicts, peak, took, outputs }
}
