//! Children: they end with authbench, however it ends, and get a listed environment.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use super::{in_time, pipe};
use crate::binary::{authbench, told};

/// Waits for the first line of a pipe; the rest comes when the last process closes its end.
fn first_line(path: &Path) -> (String, BufReader<File>) {
    let path = path.to_owned();
    in_time("a line of the child", move || {
        let mut reader = BufReader::new(File::open(path).expect("opens"));
        let mut line = String::new();
        reader.read_line(&mut line).expect("reads");
        (line, reader)
    })
}

fn run(scenario: &str, folder: &Path) -> std::process::Child {
    std::fs::write(folder.join("a.yaml"), scenario).expect("writes");
    let mut command = authbench(folder);
    command
        .args(["run", "a.yaml", "--quiet", "--only", "conformance"])
        .env("SECRET_OF_THE_CALLER", "s")
        .env("LISTED", "yes");
    command.spawn().expect("starts")
}

const COMMAND: &str = "authbench: 1\nname: n\n\
    target: { command: { run: [sh, -c, \"exec 3> life; env >&3; exec sleep 1000\", \"{port}\"], env: { MINE: \"${LISTED}\" }, ready: /, timeout: 600s } }\n\
    scheme: api-key\ncredentials: { a: { key: k-0123456789abcdef } }\nresources: [{ request: GET /a }]\n";
const HOOK: &str = "authbench: 1\nname: n\ntarget: { reference: { strict: true } }\nscheme: api-key\n\
    conformance: { include: [apikey.rotation-effective] }\n\
    material: { hooks: { rotate: [sh, -c, \"exec 3> life; env >&3; exec sleep 1000\"], env: { MINE: \"${LISTED}\" } } }\n";

/// The names of variables that a child has, the shell's own ones left out.
fn variables(first: &str, reader: &mut BufReader<File>) -> Vec<String> {
    // `env` wrote all lines at once, and they are in the buffer
    let rest = String::from_utf8_lossy(reader.buffer()).into_owned();
    let lines = first.lines().chain(rest.lines()).map(|line| line.split('=').next().unwrap_or_default().to_owned());
    let mut names: Vec<String> =
        lines.filter(|name| !["PWD", "SHLVL", "_", "OLDPWD"].contains(&name.as_str())).collect();
    names.sort();
    names
}

#[test]
fn a_killed_run_leaves_no_child_and_its_children_had_a_listed_environment() {
    for scenario in [COMMAND, HOOK] {
        let folder = tempfile::tempdir().expect("a folder");
        pipe(&folder.path().join("life"));
        let mut running = run(scenario, folder.path());
        let (line, mut reader) = first_line(&folder.path().join("life"));
        assert_eq!(variables(&line, &mut reader), ["MINE", "PATH"], "{scenario}");
        // SIGKILL: authbench cannot end anything itself
        running.kill().expect("kills");
        running.wait().expect("ends");
        in_time("the end of the child", move || reader.read_to_end(&mut Vec::new())).expect("reads");
    }
}

const GRANDCHILDREN: [&str; 2] = [
    "authbench: 1\nname: n\n\
     target: { command: { run: [sh, -c, \"exec 3> life; echo up >&3; sleep 1000 & wait\", \"{port}\"], ready: /, timeout: 600s } }\n\
     scheme: api-key\ncredentials: { a: { key: k-0123456789abcdef } }\nresources: [{ request: GET /a }]\n",
    "authbench: 1\nname: n\ntarget: { reference: { strict: true } }\nscheme: api-key\n\
     conformance: { include: [apikey.rotation-effective] }\n\
     material: { hooks: { rotate: [sh, -c, \"exec 3> life; echo up >&3; sleep 1000 & wait\"] } }\n",
];

#[test]
fn a_killed_run_leaves_nothing_that_its_children_started() {
    for scenario in GRANDCHILDREN {
        let folder = tempfile::tempdir().expect("a folder");
        pipe(&folder.path().join("life"));
        let mut running = run(scenario, folder.path());
        let (line, mut reader) = first_line(&folder.path().join("life"));
        assert_eq!(line, "up\n", "{scenario}");
        running.kill().expect("kills");
        running.wait().expect("ends");
        // the sleep holds the pipe too
        in_time("the end of the grandchild", move || reader.read_to_end(&mut Vec::new())).expect("reads");
    }
}

/// A child that starts when nobody can speak for it any more: it has told the guard of its group itself.
#[cfg(target_os = "linux")]
#[test]
fn a_child_tells_the_guard_of_its_group_before_it_becomes_its_program() {
    use std::os::fd::AsRawFd as _;
    use std::os::unix::process::CommandExt as _;
    use std::process::Stdio;

    let folder = tempfile::tempdir().expect("a folder");
    pipe(&folder.path().join("life"));
    let mut guard = authbench(folder.path()).arg("guard-children").stdin(Stdio::piped()).spawn().expect("starts");
    let input = guard.stdin.take().expect("is piped");
    let (parent, number) = (std::process::id().to_string(), input.as_raw_fd().to_string());
    let program = ["sh", "-c", "exec 3> life; sleep 1000 & echo up >&3; exec 3>&-"];
    let mut child = authbench(folder.path());
    child.args(["become-child", &parent, &number]).args(program).process_group(0).stdout(Stdio::null());
    let mut child = child.spawn().expect("starts");
    let (line, mut reader) = first_line(&folder.path().join("life"));
    assert_eq!(line, "up\n");
    assert!(child.wait().expect("ends").success());
    drop(input);
    in_time("the end of the grandchild", move || reader.read_to_end(&mut Vec::new())).expect("reads");
    assert!(guard.wait().expect("ends").success());
}

#[test]
fn a_command_that_cannot_be_started_is_said_to_be_so() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("plain"), "no program").expect("writes");
    for (program, says) in [
        ("no-such-program", "No such file or directory"),
        ("./no-such-program", "No such file or directory"),
        ("./plain", "Permission denied"),
    ] {
        let scenario = COMMAND.replace("sh, -c", program);
        std::fs::write(folder.path().join("a.yaml"), scenario).expect("writes");
        let output = authbench(folder.path()).args(["run", "a.yaml"]).env("LISTED", "yes").output().expect("runs");
        assert_eq!(output.status.code(), Some(3), "{}", told(&output));
        let expected = format!("the command {program} did not start: {says}");
        assert!(told(&output).contains(&expected), "{}", told(&output));
    }
}
