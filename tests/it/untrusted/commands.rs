//! `--no-command`: nothing that a scenario names is started.

use super::{ended, folder};
use crate::binary::told;

/// Hooks and a command that leave a file behind once they are started; the command ends by itself, so that it is not waited for.
const HOOKS: &str = "authbench: 1\nname: hooks\ntarget: { reference: { strict: true } }\nscheme: api-key\n\
    material:\n  hooks:\n    rotate: [sh, -c, \"touch started-rotate\"]\n\
    \x20   outage: [sh, -c, \"touch started-outage\"]\n";
const COMMAND: &str = "authbench: 1\nname: command\ntarget: { command: { run: [sh, -c, \"touch started-command\", \"{port}\"], ready: /, timeout: 60s } }\n\
    scheme: api-key\ncredentials: { a: { key: k-0123456789abcdef } }\nresources: [{ request: GET /orders }]\n";

fn started(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("is there").map(|entry| entry.expect("is readable").file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.retain(|name| name.starts_with("started-"));
    names.sort();
    names
}

#[test]
fn no_command_starts_neither_hooks_nor_commands() {
    let files = [("hooks.yaml", HOOKS), ("command.yaml", COMMAND)];
    let arguments = ["run", "hooks.yaml", "command.yaml", "--only", "conformance", "--verbose"];
    let free = folder(&files);
    let output = ended(free.path(), &arguments, &[]);
    let all = ["started-command", "started-outage", "started-rotate"];
    assert_eq!(started(free.path()), all, "the fixture starts nothing: {}", told(&output));
    for forbids in [&["--no-command"][..], &["--untrusted"]] {
        let bound = folder(&files);
        let output = ended(bound.path(), &[&arguments[..], forbids].concat(), &[]);
        assert_eq!(started(bound.path()), [""; 0], "{forbids:?}: {}", told(&output));
        let text = told(&output);
        assert!(text.contains("--no-command or --untrusted forbids"), "{text}");
    }
}
