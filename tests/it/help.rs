//! What `--help` says, for every command, against `tests/help/*.txt`; and that every option can be set by a variable.
//! `AUTHBENCH_BLESS=1 cargo test --test it help::` writes what is said now.

use std::path::Path;
use std::process::Command;

/// Options that no variable sets: what they ask for is one answer, not a way of working.
const WITHOUT_VARIABLE: [&str; 3] = ["help", "version", "until_stdin_closes"];

fn program() -> clap::Command {
    let mut program = authbench::cli::command();
    program.build();
    program
}

/// What is said for these arguments, at a width of 100 columns and in an empty environment.
fn said(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_authbench"))
        .args(arguments)
        .env_clear()
        .env("COLUMNS", "100")
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    assert!(output.stderr.is_empty(), "{arguments:?}: help belongs on standard output");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn help_says_what_it_said() {
    let bless = std::env::var("AUTHBENCH_BLESS").is_ok_and(|bless| bless == "1");
    let program = program();
    let commands = program.get_subcommands().map(clap::Command::get_name).filter(|name| *name != "help");
    let mut wrong = Vec::new();
    for name in std::iter::once("authbench").chain(commands) {
        let seen = if name == "authbench" { said(&["--help"]) } else { said(&[name, "--help"]) };
        let file = Path::new("tests/help").join(format!("{name}.txt"));
        if bless {
            std::fs::write(&file, &seen).expect("writes");
        }
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        if seen != expected {
            wrong.push(format!("{}\n--- expected\n{expected}--- seen\n{seen}", file.display()));
        }
    }
    let way_out = "if the change is meant: AUTHBENCH_BLESS=1 cargo test --test it help::";
    assert!(wrong.is_empty(), "{}\n{way_out}", wrong.join("\n"));
}

#[test]
fn every_help_text_belongs_to_a_command() {
    let program = program();
    for entry in std::fs::read_dir("tests/help").expect("the folder is there") {
        let path = entry.expect("is readable").path();
        let name = path.file_stem().and_then(std::ffi::OsStr::to_str).expect("a name").to_owned();
        let known = name == "authbench" || program.get_subcommands().any(|command| command.get_name() == name);
        assert!(known, "{} belongs to no command", path.display());
    }
}

#[test]
fn every_option_has_its_variable_and_its_sentence() {
    let mut wrong = Vec::new();
    for command in program().get_subcommands().filter(|command| command.get_name() != "help") {
        let name = command.get_name();
        let prefix = match name {
            "run" => "AUTHBENCH_".to_owned(),
            other => format!("AUTHBENCH_{}_", other.to_uppercase()),
        };
        for option in command.get_arguments().filter(|option| !option.is_hide_set()) {
            if option.get_help().is_none() {
                wrong.push(format!("{name}: {} is not explained", option.get_id()));
            }
            let Some(long) = option.get_long() else { continue };
            if WITHOUT_VARIABLE.contains(&option.get_id().as_str()) {
                continue;
            }
            let wanted = format!("{prefix}{}", long.to_uppercase().replace('-', "_"));
            let found = option.get_env().map(|found| found.to_string_lossy().into_owned());
            if found.as_deref() != Some(wanted.as_str()) {
                wrong.push(format!("{name} --{long}: variable {found:?} instead of {wanted}"));
            }
            // `=1` and `=0` are what people write
            if matches!(option.get_action(), clap::ArgAction::SetTrue) && !takes_one(option) {
                wrong.push(format!("{name} --{long}: {wanted}=1 is refused; FalseyValueParser takes it"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a switch takes `1` from its variable; the parser that clap puts in by itself takes `true` and nothing else.
fn takes_one(option: &clap::Arg) -> bool {
    format!("{:?}", option.get_value_parser()) != "ValueParser::bool"
}

#[test]
fn completions_know_every_command() {
    let program = program();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = said(&["completions", shell]);
        for command in program.get_subcommands() {
            assert!(script.contains(command.get_name()), "{shell} lacks {}", command.get_name());
        }
    }
}

#[test]
fn there_is_a_manual_page_for_every_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("man1");
    said(&["man", "--out", out.to_str().expect("text")]);
    for command in program().get_subcommands().map(clap::Command::get_name).filter(|name| *name != "help") {
        let page = std::fs::read_to_string(out.join(format!("authbench-{command}.1"))).expect(command);
        assert!(page.contains(".SH NAME"), "{command}");
        assert_eq!(said(&["man", command]).trim_end(), page.trim_end(), "{command}");
    }
    assert!(said(&["man"]).contains("EXTRA"), "exit codes stand in the page of the program");
}
