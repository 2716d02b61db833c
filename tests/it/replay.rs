//! The commands of a finding: `replay` runs the same probe again and writes no report, `curl` sends its request again.

use std::path::Path;
use std::process::{Command, Output};

use authbench::report::{Record, read_jsonl};

use crate::binary::{Served, authbench, told};

/// A scenario of the reference with a vulnerability, and another check that passes.
const SCENARIO: &str = "authbench: 1\nname: Keys\ntarget: { reference: { faults: [missing-key-is-anonymous] } }\nscheme: api-key\n\
                        conformance: { include: [apikey.*] }\n";

fn record(path: &Path) -> Record {
    read_jsonl(std::io::BufReader::new(std::fs::File::open(path).expect("is there"))).expect("is a record")
}

/// What a shell does with a line that a report printed.
fn shell(folder: &Path, line: &str, variables: &[(&str, &str)]) -> Output {
    let program = env!("CARGO_BIN_EXE_authbench");
    let line = match line.strip_prefix("authbench ") {
        Some(arguments) => format!("'{program}' {arguments}"),
        None => line.to_owned(),
    };
    let mut command = Command::new("sh");
    command.args(["-c", &line]).current_dir(folder).env_clear().envs(variables.iter().copied());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).output().expect("a shell starts")
}

/// The rows of a text with this word before them.
fn rows<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    text.lines().filter_map(|line| line.trim_start().strip_prefix(word)?.strip_prefix(' ')).map(str::trim).collect()
}

#[test]
fn a_replay_sends_the_same_and_writes_no_report() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("my keys.yaml"), SCENARIO).expect("writes");
    let output = authbench(folder.path()).args(["run", "my keys.yaml", "--seed", "7"]).output().expect("runs");
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let first = record(&folder.path().join("reports/run.jsonl"));
    let page = std::fs::read(folder.path().join("reports/report.html")).expect("is there");
    let replays = rows(&text, "replay");
    assert!(!replays.is_empty(), "{text}");
    let found = first.findings();
    let check = found[0].check.id.clone();
    let printed = format!("authbench run 'my keys.yaml' --replay {check} --seed 7");
    assert!(replays.contains(&printed.as_str()), "{replays:?}");

    let replayed = shell(folder.path(), &format!("{printed} --report jsonl=again.jsonl"), &[]);
    assert_eq!(replayed.status.code(), Some(1), "{}", told(&replayed));
    let said = told(&replayed);
    for shown in ["> GET /", "< 200", "> X-API-Key: ···", "shows the finding", "control before"] {
        assert!(said.contains(shown), "{shown}: {said}");
    }
    let again = record(&folder.path().join("again.jsonl"));
    let sent = |record: &Record| {
        let checks = record.checks().filter(|(_, result)| result.id == check);
        let evidence = checks.flat_map(|(_, result)| &result.evidence);
        let sent: Vec<_> = evidence
            .map(|one| (one.label.clone(), one.credential.clone(), one.exchange.target.clone(), one.outcome))
            .collect();
        sent
    };
    assert_eq!(sent(&first), sent(&again), "the same probes with the same credentials");
    assert_eq!(std::fs::read(folder.path().join("reports/report.html")).expect("is there"), page);
    let plain = shell(folder.path(), &printed, &[]);
    assert_eq!(plain.status.code(), Some(1), "{}", told(&plain));
    assert_eq!(
        std::fs::read(folder.path().join("reports/report.html")).expect("is there"),
        page,
        "nothing is overwritten"
    );
}

#[test]
fn a_finding_has_a_request_for_curl_that_names_its_credential() {
    let served = Served::start(&["--fault", "query-token-accepted"]);
    let token = served.described["identities"][0]["token"].as_str().expect("a token").to_owned();
    let url = served.url().trim_end_matches('/').to_owned();
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = format!(
        "authbench: 1\nname: Tokens\ntarget: {{ url: \"{url}\", owned: true }}\nscheme: bearer\n\
         credentials:\n  service: {{ token: \"{token}\" }}\nresources: [{{ request: GET /bearer/orders }}]\n\
         conformance: {{ include: [bearer.*] }}\n"
    );
    std::fs::write(folder.path().join("a.yaml"), scenario).expect("writes");
    let output = authbench(folder.path()).args(["run", "a.yaml", "--report", "jsonl=a.jsonl"]).output().expect("runs");
    let text = told(&output);
    assert!(!text.contains(&token), "{text}");
    let found = record(&folder.path().join("a.jsonl"));
    let granted = found.findings().len();
    assert!(granted > 0, "{text}");
    let commands = rows(&text, "curl");
    let other = rows(&text, "raw");
    assert_eq!(commands.len() + other.len(), granted, "a command for each finding: {text}");
    let with = rows(&text, "with");
    assert!(with.iter().any(|row| row.contains("the credential `service` ($CREDENTIAL")), "{text}");
    if Command::new("curl").arg("--version").output().is_err() {
        assert!(commands.iter().all(|command| command.starts_with("curl -i ")), "{commands:?}");
        return;
    }
    let good = commands.iter().find(|command| command.contains("$CREDENTIAL")).expect("one with a credential");
    let sent = shell(folder.path(), good, &[("CREDENTIAL", &token)]);
    assert!(told(&sent).contains("HTTP/1.1 200"), "{good}\n{}", told(&sent));
}
