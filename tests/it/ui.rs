//! What a user reads whose scenario is wrong: each `tests/ui/*.yaml` against the `.stderr` beside it. Run with
//! AUTHBENCH_BLESS=1 to write what is read now.

use std::path::{Path, PathBuf};

use authbench::run::{Launch, Options, prepare};
use authbench::scenario::{NoVariables, ScenarioError, load_paths};

#[test]
fn mistakes_are_explained() {
    let bless = std::env::var("AUTHBENCH_BLESS").is_ok_and(|bless| bless == "1");
    let mut wrong = Vec::new();
    for file in cases() {
        let seen = read(&file);
        let expected_in = file.with_extension("stderr");
        if bless {
            std::fs::write(&expected_in, &seen).expect("writes");
        }
        let expected = std::fs::read_to_string(&expected_in).unwrap_or_default();
        if seen != expected {
            wrong.push(format!("{}\n--- expected\n{expected}--- seen\n{seen}", file.display()));
        }
        if seen.contains("hunter") || seen.starts_with("there is no mistake") {
            wrong.push(format!("{} shows a secret, or no mistake:\n{seen}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn cases() -> Vec<PathBuf> {
    // relative to the package, where cargo runs tests, so that the output is the same on every machine
    let entries = std::fs::read_dir(Path::new("tests/ui")).expect("the folder is there");
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.expect("is readable").path()).collect();
    cases.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

/// What is read of a scenario that is loaded and prepared in an empty environment.
fn read(file: &Path) -> String {
    let errors = match load_paths(&[file.to_owned()]) {
        Ok(loaded) => prepare(loaded, Some(&NoVariables), &Options::new(Launch::InProcess)).err().unwrap_or_default(),
        Err(errors) => errors,
    };
    if errors.is_empty() {
        return "there is no mistake here\n".to_owned();
    }
    errors.iter().map(|error: &ScenarioError| error.render(false) + "\n").collect::<Vec<_>>().join("\n")
}

#[test]
fn hostile_files_end_in_a_short_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let bomb = (1..9).fold("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned(), |bomb, at| {
        let before = at - 1;
        bomb + &format!("a{at}: &a{at} [{}]\n", vec![format!("*a{before}"); 9].join(","))
    });
    for (name, bytes) in [
        ("bomb", format!("authbench: 1\n{bomb}").into_bytes()),
        ("nested", format!("authbench: 1\nname: {}", "[".repeat(100_000)).into_bytes()),
        ("large", vec![b'a'; 50 << 20]),
        ("binary", (0..=255).cycle().take(4096).collect()),
        ("empty", Vec::new()),
    ] {
        let file = folder.path().join(format!("{name}.yaml"));
        std::fs::write(&file, bytes).expect("writes");
        let errors = load_paths(&[file]).expect_err(name);
        let told = errors[0].render(false);
        assert!(told.len() < 4000, "{name}: {} bytes", told.len());
    }
}
