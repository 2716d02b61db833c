//! Limits of the own process are told of, and not taken for the target's.

use std::process::Command;

use crate::binary::{authbench, told};

#[test]
fn a_phase_that_needs_more_open_files_than_there_may_be_does_not_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = "authbench: 1\nname: many\ntarget: reference\nscheme: api-key\n\
                    load:\n  - { name: many, rate: 100/s, connections: 2000, duration: 200ms }\n";
    std::fs::write(folder.path().join("many.yaml"), scenario).expect("writes");
    let own = authbench(folder.path());
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -n 512 && exec \"$0\" run many.yaml --only load --seed 1"]).arg(own.get_program());
    limited.current_dir(folder.path());
    let output = limited.output().expect("runs");
    let said = told(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    let told = "the load phase many did not run: 2000 connections need 2064 open files, and this process may have 512";
    assert!(said.split_whitespace().collect::<Vec<_>>().join(" ").contains(told), "{said}");
}
