//! The real binary, and the reference as a process of its own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Output, Stdio};

/// The binary in a folder of its own, with an environment that holds nothing but what is given.
pub(crate) fn authbench(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_authbench"));
    command.current_dir(folder).env_clear().stdin(Stdio::null());
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

/// What it wrote, for the message of an assertion.
pub(crate) fn told(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Whether the record of a run has a second of load in which requests were answered.
pub(crate) fn has_answers_of_load(record: &str) -> bool {
    let answered = |line: &str| line.contains("\"granted\":") && !line.contains("\"granted\":0,");
    record.lines().any(|line| line.contains("load-interval") && answered(line))
}

/// A reference that lives as long as this value.
pub(crate) struct Served {
    child: Child,
    /// Its end closes with this value, and the reference with it.
    _stdin: ChildStdin,
    /// What it says of itself.
    pub(crate) described: serde_json::Value,
}

impl Served {
    /// Starts it with further arguments.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_authbench"));
        command.args(["serve", "--port", "0", "--format", "json", "--until-stdin-closes"]).args(arguments);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.expect("the reference starts");
        let stdin = child.stdin.take().expect("has an input");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("has an output");
        BufReader::new(stdout).read_line(&mut line).expect("it says where it listens");
        Self { child, _stdin: stdin, described: serde_json::from_str(&line).expect("is JSON") }
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        self.described["url"].as_str().expect("has an address")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
