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
    let ours = |step: &&serde_json::Value| step["uses"].as_str().is_some_and(|uses| uses.contains("authbench"));
    let with = steps.iter().filter(ours).filter_map(|step| step["with"].as_object()).flatten();
    for (input, _) in with {
        assert!(action["inputs"].get(input).is_some(), "the action has no input {input}");
    }
    let hooks = yaml(".pre-commit-hooks.yaml");
    let used = yaml("examples/ci/pre-commit-config.yaml");
    assert_eq!(hooks[0]["id"], used["repos"][0]["hooks"][0]["id"]);
    let hook = std::fs::read_to_string(hooks[0]["entry"].as_str().expect("a script")).expect("is there");
    assert!(hook.contains("\"$program\" check \"$@\""), "{hook}");
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

/// Files of workflows, of the action and of the examples.
fn workflows() -> Vec<(String, String)> {
    let mut files = vec!["action.yml".to_owned(), "examples/ci/github-actions.yml".to_owned()];
    for entry in std::fs::read_dir(".github/workflows").expect("the folder is there") {
        files.push(entry.expect("is readable").path().display().to_string());
    }
    let read = |file: String| (std::fs::read_to_string(&file).expect("is readable"), file);
    files.into_iter().map(read).map(|(text, file)| (file, text)).collect()
}

#[test]
fn actions_are_pinned_by_commit() {
    let mut pinned = 0;
    for (file, text) in workflows() {
        for line in text.lines().filter(|line| line.trim_start().trim_start_matches("- ").starts_with("uses: ")) {
            let action = line.split("uses: ").nth(1).expect("an action").split_whitespace().next().expect("a word");
            if action == "OWNER/authbench@COMMIT" || action.starts_with("./") {
                continue;
            }
            let (_, commit) = action.split_once('@').expect("a version");
            assert!(commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit()), "{file}: {line}");
            pinned += 1;
        }
    }
    assert!(pinned > 5, "{pinned}");
}

/// A release of this version in a folder, whose checksum is right or is not.
fn release(folder: &Path, honest: bool) {
    let version = env!("CARGO_PKG_VERSION");
    let place = folder.join(format!("v{version}"));
    let name = format!("authbench-{version}-{}-unknown-linux-musl", std::env::consts::ARCH);
    std::fs::create_dir_all(place.join(&name)).expect("makes");
    std::fs::write(place.join(&name).join("authbench"), "#!/bin/sh\necho \"released $*\"\n").expect("writes");
    let script = format!(
        "cd '{}' && chmod +x {name}/authbench && tar -czf {name}.tar.gz {name} && rm -r {name} && \
         sha256sum {name}.tar.gz | {} > SHA256SUMS",
        place.display(),
        if honest { "cat" } else { "sed 's/^......../00000000/'" }
    );
    assert!(Command::new("bash").args(["-c", &script]).status().expect("starts").success());
}

/// What the script that obtains authbench does, with this release and with a cargo that builds nothing.
fn obtained(folder: &Path) -> std::process::Output {
    let tools = folder.join("tools");
    std::fs::create_dir_all(&tools).expect("makes");
    let cargo = "#!/bin/sh\nmkdir -p \"$CARGO_TARGET_DIR/dist\"\nprintf '#!/bin/sh\\necho \"built $*\"\\n' > \"$CARGO_TARGET_DIR/dist/authbench\"\n\
                 chmod +x \"$CARGO_TARGET_DIR/dist/authbench\"\n";
    std::fs::write(tools.join("cargo"), cargo).expect("writes");
    let made = Command::new("chmod").arg("+x").arg(tools.join("cargo")).status().expect("starts");
    assert!(made.success());
    let mut command = Command::new("bash");
    command.arg(".ci/pre-commit").arg("scenarios/a.yaml").env_clear();
    command.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", tools.display()));
    command.env("AUTHBENCH_CACHE", folder.join("cache")).env("CARGO_TARGET_DIR", folder.join("target"));
    command.env("AUTHBENCH_RELEASES", format!("file://{}", folder.join("releases").display()));
    command.output().expect("bash starts")
}

#[test]
#[cfg(target_os = "linux")]
fn a_release_is_verified_and_built_where_there_is_none() {
    if Command::new("curl").arg("--version").output().is_err() {
        return;
    }
    let said = |output: &std::process::Output| String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let folder = || tempfile::tempdir().expect("a folder");
    let (honest, forged, none) = (folder(), folder(), folder());
    release(&honest.path().join("releases"), true);
    let output = obtained(honest.path());
    assert_eq!(said(&output), "released check scenarios/a.yaml", "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said(&obtained(honest.path())), "released check scenarios/a.yaml", "it is kept");
    release(&forged.path().join("releases"), false);
    let output = obtained(forged.path());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said(&output).is_empty(), "{told}");
    assert!(told.contains("checksum"), "{told}");
    let output = obtained(none.path());
    assert_eq!(said(&output), "built check scenarios/a.yaml", "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn an_archive_holds_what_a_release_promises() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut pack = Command::new(".ci/pack");
    pack.args([env!("CARGO_BIN_EXE_authbench"), "authbench-9"]).arg(folder.path());
    assert!(pack.status().expect("starts").success());
    let listed =
        Command::new("tar").arg("-tzf").arg(folder.path().join("authbench-9.tar.gz")).output().expect("starts");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    for file in
        ["authbench", "man/man1/authbench.1", "man/man1/authbench-run.1", "completions/authbench.zsh", "LICENSE-MIT"]
    {
        assert!(listed.lines().any(|line| line == format!("authbench-9/{file}")), "{file}: {listed}");
    }
    let notes = |version: &str| Command::new(".ci/notes").arg(version).output().expect("starts");
    let first = notes("0.1.0");
    assert!(first.status.success() && String::from_utf8_lossy(&first.stdout).contains("### Added"));
    assert!(!notes("0.0.9").status.success(), "a version without a section is no release");
}
