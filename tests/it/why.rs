//! The commands of docs/why.md show what the page says, up to times and counts.

use std::io::Write as _;
use std::process::Command;

/// What is shown, with every number as one sign.
fn plain(line: &str) -> String {
    let mut text = String::new();
    for c in line.trim_end().chars() {
        let c = if c.is_ascii_digit() || (c == '.' && text.ends_with('#')) { '#' } else { c };
        if c != '#' || !text.ends_with('#') {
            text.push(c);
        }
    }
    text
}

#[test]
fn the_page_shows_what_its_commands_print() {
    if ["curl", "awk", "base64"]
        .iter()
        .any(|tool| Command::new("which").arg(tool).output().map_or(true, |found| !found.status.success()))
    {
        // said even where output of passing tests is kept back
        let _ = writeln!(std::io::stderr(), "left out: this machine has no curl, awk or base64");
        return;
    }
    let page = std::fs::read_to_string("docs/why.md").expect("is there");
    let mut steps: Vec<(String, Vec<String>)> = Vec::new();
    for line in page.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next()).flat_map(str::lines) {
        match (line.strip_prefix("$ "), line.strip_prefix("> "), steps.last_mut()) {
            (Some(command), ..) => steps.push((command.to_owned(), Vec::new())),
            (None, Some(more), Some((command, _))) => command.push_str(&format!("\n{more}")),
            (None, None, Some((_, shown))) => shown.push(line.to_owned()),
            (None, _, None) => panic!("{line} is shown before any command"),
        }
    }
    assert!(steps.len() > 6, "{steps:?}");
    let port = crate::ports::reserved().port();
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(folder.path().join("examples/why")).expect("makes");
    for name in ["load.yaml", "controls.yaml", "refusals.sh"] {
        let text = std::fs::read_to_string(format!("examples/why/{name}"))
            .expect("is there")
            .replace("8377", &port.to_string());
        std::fs::write(folder.path().join("examples/why").join(name), text.replace("seq 200", "seq 5"))
            .expect("writes");
    }
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_authbench"));
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", program.parent().expect("a folder").display());
    let up = format!("until curl -s http://127.0.0.1:{port}/public > up; do sleep 0.1; done");
    let script: Vec<String> = steps
        .iter()
        .map(|(command, _)| {
            let command =
                command.replace("8377", &port.to_string()).replace("examples/why/refusals", "sh examples/why/refusals");
            let ready = if command.contains("serve") { format!("\n{up}") } else { String::new() };
            format!("{command}{ready}\necho; echo '=== next'")
        })
        .collect();
    let script = format!("exec 2>&1\n{}\nkill %1 %2 2>/dev/null; wait", script.join("\n"));
    let ran = Command::new("timeout")
        .args(["600", "bash", "-c", &script])
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", path)
        .env("AUTHBENCH_SERVE_PORT", port.to_string())
        .output()
        .expect("bash starts");
    let output = String::from_utf8_lossy(&ran.stdout).into_owned();
    let outputs: Vec<&str> = output.split("=== next").collect();
    for ((command, shown), seen) in steps.iter().zip(&outputs) {
        let mut seen = seen.lines().map(plain);
        for line in shown.iter().filter(|line| *line != "[…]") {
            let found = seen.any(|other| other == plain(line));
            assert!(found, "behind `{command}` the page shows\n{line}\nand this was seen:\n{output}");
        }
    }
}
