//! The files for CI servers: the GitHub action's own script is run, and the examples are read.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn yaml(file: &str) -> Value {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}"));
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The script of the step that runs authbench.
fn script() -> String {
    let action = yaml("action.yml");
    let steps = action["runs"]["steps"].as_array().expect("steps").clone();
    let step = steps.iter().find(|step| step["id"] == "run").expect("the step");
    let script = step["run"].as_str().expect("a script").to_owned();
    assert!(!script.contains("${{"), "inputs come as variables: {script}");
    script
}

/// What the step did: its code, what it printed, and the text of the files that it wrote.
struct Ran {
    output: String,
    summary: String,
    code: String,
    reports: tempfile::TempDir,
}

fn run(paths: &str, arguments: &str) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    for name in ["output", "summary"] {
        std::fs::write(file(name), "").expect("writes");
    }
    let ran = Command::new("bash")
        .args(["-e", "-c", &script()])
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("BINARY", env!("CARGO_BIN_EXE_authbench"))
        .env("PATHS", paths)
        .env("ARGS", arguments)
        .env("REPORTS", file("reports of the run"))
        .env("GITHUB_OUTPUT", file("output"))
        .env("GITHUB_STEP_SUMMARY", file("summary"))
        .output()
        .expect("bash starts");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let read = |name: &str| std::fs::read_to_string(file(name)).expect("is readable");
    let (code, summary) = (read("output").trim().to_owned(), read("summary"));
    Ran { output: String::from_utf8_lossy(&ran.stdout).into_owned(), code, summary, reports: folder }
}

#[test]
fn the_action_tells_how_a_run_ended_and_keeps_its_reports() {
    let scenario = Path::new("scenarios/bearer.yaml").canonicalize().expect("is there");
    let paths = format!("\n  {}\n\n", scenario.display());
    let ran = run(&paths, "--only\nconformance\n");
    assert_eq!(ran.code, "exit-code=0", "{}", ran.output);
    assert!(!ran.summary.is_empty());
    for name in ["report.html", "report.json", "run.jsonl", "junit.xml", "authbench.sarif"] {
        assert!(ran.reports.path().join("reports of the run").join(name).is_file(), "{name}");
    }
}

#[test]
fn the_action_annotates_findings_and_tells_their_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let broken = folder.path().join("broken.yaml");
    let text = "authbench: 1\nname: Broken\ntarget: { reference: { faults: [accepts-any-key] } }\nscheme: api-key\n";
    std::fs::write(&broken, text).expect("writes");
    let ran = run(broken.to_str().expect("text"), "--check=apikey.invalid-denied");
    assert_eq!(ran.code, "exit-code=1", "{}", ran.output);
    assert!(ran.output.lines().any(|line| line.starts_with("::error ")), "{}", ran.output);
    assert!(ran.summary.contains("apikey.invalid-denied"), "{}", ran.summary);
}

#[test]
fn examples_for_ci_servers_are_read_and_name_what_exists() {
    let formats: Vec<&str> = authbench::report::FORMATS.iter().map(|format| format.name).collect();
    let gitlab = yaml("examples/ci/gitlab-ci.yml");
    let reports = gitlab["authbench"]["variables"]["AUTHBENCH_REPORT"].as_str().expect("reports");
    for report in reports.split(',') {
        let (format, _) = report.split_once('=').expect("FORMAT=PATH");
        assert!(formats.contains(&format), "{format}");
    }
    let action = yaml("action.yml");
    let workflow = yaml("examples/ci/github-actions.yml");
    let steps = workflow["jobs"]["authbench"]["steps"].as_array().expect("steps").clone();
    let with = steps.iter().filter_map(|step| step["with"].as_object()).flatten();
    for (input, _) in with {
        assert!(action["inputs"].get(input).is_some(), "the action has no input {input}");
    }
    let hooks = yaml(".pre-commit-hooks.yaml");
    let used = yaml("examples/ci/pre-commit-config.yaml");
    assert_eq!(hooks[0]["id"], used["repos"][0]["hooks"][0]["id"]);
    assert_eq!(hooks[0]["entry"], "authbench check");
}

#[test]
fn the_gate_checks_dependencies() {
    let gate = std::fs::read_to_string(".ci/run").expect("is there");
    assert!(gate.lines().any(|line| line == ".ci/deny"), "{gate}");
    let check = std::fs::read_to_string(".ci/deny").expect("is there");
    for line in check.lines().filter(|line| line.contains("\"$deny\"")) {
        assert!(line.ends_with("bans licenses sources"), "{line}");
    }
    assert!(check.contains("fuzz/Cargo.toml"));
}
