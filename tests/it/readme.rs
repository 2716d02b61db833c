//! The README's five minutes, done as a reader does them: its commands, in an empty folder, in one shell.

use std::io::Write as _;
use std::process::Command;

/// Commands of the block that begins with an empty folder, with what is shown behind each.
fn steps() -> Vec<(String, Vec<String>)> {
    let readme = std::fs::read_to_string("README.md").expect("is there");
    let blocks = readme.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
    let block = blocks.into_iter().find(|block| block.contains("mkdir")).expect("the block");
    let mut steps: Vec<(String, Vec<String>)> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push((command.to_owned(), Vec::new())),
            (None, Some((_, shown))) => shown.push(line.to_owned()),
            (None, None) => panic!("{line} is shown before any command"),
        }
    }
    steps
}

/// What is shown, without what differs from run to run: times.
fn plain(line: &str) -> &str {
    line.split(" in ").next().unwrap_or_default().trim_end()
}

#[test]
fn five_minutes_are_as_the_readme_says() {
    if Command::new("curl").arg("--version").output().is_err() {
        // said even where output of passing tests is kept back
        let _ = writeln!(std::io::stderr(), "left out: this machine has no curl");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let port = crate::ports::reserved().port().to_string();
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_authbench"));
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", program.parent().expect("a folder").display());
    let steps = steps();
    // a line between the steps tells their output apart
    let script: Vec<String> = steps.iter().map(|(command, _)| format!("{command}\necho; echo '=== next'")).collect();
    let script = format!("exec 2>&1\n{}\nkill %1 %2 2>/dev/null; wait", script.join("\n").replace("8377", &port));
    let ran = Command::new("timeout")
        .args(["600", "bash", "-c", &script])
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", path)
        .env("AUTHBENCH_SERVE_PORT", &port)
        .output()
        .expect("bash starts");
    let output = String::from_utf8_lossy(&ran.stdout).into_owned();
    let outputs: Vec<&str> = output.split("=== next").collect();
    for ((command, shown), seen) in steps.iter().zip(&outputs) {
        let mut seen = seen.lines().map(plain);
        for line in shown.iter().filter(|line| *line != "[…]") {
            let found = seen.any(|other| other == plain(line));
            assert!(found, "behind `{command}` the README shows\n{line}\nand this was seen:\n{output}");
        }
    }
}
