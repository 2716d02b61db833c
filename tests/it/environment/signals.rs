//! Signals: each ends a run with its reports and with its own code.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::binary::{authbench, has_answers_of_load};

const LOAD: &str = "authbench: 1\nname: long\ntarget: reference\nscheme: api-key\n\
    load: [{ name: endless, rate: 50/s, connections: 2, warmup: 0s, duration: 10m }]\n";
const ARGUMENTS: [&str; 8] =
    ["run", "a.yaml", "--only", "load", "--report", "json=out.json", "--report", "jsonl=out.jsonl"];

/// Starts a run and returns once its load has begun, as its record says.
fn loading(mut command: Command, folder: &Path) -> Child {
    std::fs::write(folder.join("a.yaml"), LOAD).expect("writes");
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
    let record = folder.join("out.jsonl.partial");
    while !has_answers_of_load(&std::fs::read_to_string(&record).unwrap_or_default()) {
        assert!(child.try_wait().expect("is ours").is_none(), "it ended by itself");
        std::thread::yield_now();
    }
    child
}

fn signalled(child: &mut Child, signals: &[Signal]) -> Option<i32> {
    for signal in signals {
        kill_process(Pid::from_child(child), *signal).expect("is sent");
    }
    child.wait().expect("ends").code()
}

/// The binary, with SIGHUP at its default also where these tests were started to outlive their terminal.
fn heeding_hangup(folder: &Path) -> Command {
    let program = authbench(folder);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    if ignored.is_none_or(|ignored| ignored & 1 == 0) {
        return program;
    }
    let mut command = Command::new("env");
    command.arg("--default-signal=HUP").arg(program.get_program()).current_dir(folder);
    command
}

#[test]
fn each_signal_ends_a_run_with_its_reports_and_its_code() {
    for (signals, code) in
        [(&[Signal::INT][..], 130), (&[Signal::TERM], 143), (&[Signal::HUP], 129), (&[Signal::HUP, Signal::HUP], 129)]
    {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = heeding_hangup(folder.path());
        command.args(ARGUMENTS);
        let mut child = loading(command, folder.path());
        assert_eq!(signalled(&mut child, signals), Some(code), "{signals:?}");
        let report: Value =
            serde_json::from_slice(&std::fs::read(folder.path().join("out.json")).expect("is there")).expect("is JSON");
        assert_eq!(report["exit_code"], code);
        assert!(report["scenarios"][0]["load"][0]["requests"].as_u64().is_some_and(|count| count > 0), "{report}");
        let record = std::fs::read_to_string(folder.path().join("out.jsonl")).expect("is there");
        assert!(record.lines().last().expect("has lines").contains("run-finished"));
    }
}

#[test]
fn a_run_that_is_to_outlive_its_terminal_does_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = authbench(folder.path());
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]).arg(program.get_program()).args(ARGUMENTS);
    command.current_dir(folder.path());
    let mut child = loading(command, folder.path());
    assert_eq!(signalled(&mut child, &[Signal::HUP, Signal::TERM]), Some(143));
}
