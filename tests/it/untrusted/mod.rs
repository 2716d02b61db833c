//! Scenarios that somebody else wrote, and files that are none: what they cannot start, read, send to or show.

mod commands;
mod files;
mod hosts;
mod variables;

use std::path::Path;
use std::process::Output;

use crate::binary::{authbench, told};

/// A folder with files in it.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("is in a folder")).expect("makes");
        std::fs::write(path, text).expect("writes");
    }
    folder
}

/// Runs `authbench` with an environment of these variables.
fn ended(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    authbench(folder).args(arguments).envs(variables.iter().copied()).output().expect("runs")
}

/// Asserts that it ends with 2 and says all of these.
fn refused(output: &Output, says: &[&str]) {
    let told = told(output);
    assert_eq!(output.status.code(), Some(2), "{told}");
    for text in says {
        assert!(told.contains(text), "{text:?} is missing: {told}");
    }
}
