//! What a new user reads after a mistake: sixty of them through the real binary, each with its message and its exit code.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Output;

use crate::binary::authbench;
use crate::untestable::network_mistakes;

/// A scenario that runs on the reference.
const GOOD: &str = "authbench: 1\nname: Keys\ntarget: reference\nscheme: api-key\n";

/// Files of the folder in which the commands run.
const FILES: &[(&str, &str)] = &[
    ("good.yaml", GOOD),
    ("mixed/a.yaml", GOOD),
    ("mixed/docker-compose.yaml", "services:\n  web: { image: nginx }\n"),
    ("bom.yaml", "\u{feff}authbench: 1\nname: Keys\ntarget: reference\nscheme: api-key\n"),
    ("crlf.yaml", "authbench: 1\r\nname: Keys\r\ntarget: reference\r\nscheme: api-key\r\n"),
    ("tab.yaml", "authbench: 1\nname: Keys\ntarget:\n\treference: {}\nscheme: api-key\n"),
    ("empty.yaml", ""),
    ("json.json", "{ \"authbench\": 1, \"name\": \"Keys\", \"target\": \"reference\", \"scheme\": \"api-key\" }"),
    ("newer.yaml", "authbench: 9\nname: Keys\ntarget: reference\nscheme: api-key\n"),
    ("no-name.yaml", "authbench: 1\ntarget: reference\nscheme: api-key\n"),
    ("scheme.yaml", "authbench: 1\nname: Keys\ntarget: reference\nscheme: apikey\n"),
    ("oauth.yaml", "authbench: 1\nname: Keys\ntarget: reference\nscheme: oauth2\n"),
    ("key.yaml", "authbench: 1\nname: Keys\ntarget: reference\nschema: api-key\n"),
    ("url.yaml", "authbench: 1\nname: Keys\ntarget: { url: \"api.example.test/v1\" }\nscheme: api-key\n"),
    (
        "fault.yaml",
        "authbench: 1\nname: Keys\ntarget: { reference: { faults: [anonymus-accepted] } }\nscheme: api-key\n",
    ),
    (
        "include.yaml",
        "authbench: 1\nname: Keys\ntarget: reference\nscheme: api-key\nconformance: { include: [apikey.mising-denied] }\n",
    ),
    (
        "profile.yaml",
        "authbench: 1\nname: Keys\ntarget: reference\nscheme: api-key\nconformance: { profile: api-key-402 }\n",
    ),
    (
        "long.yaml",
        "authbench: 1\nname: Keys\ntarget: reference\nscheme: api-key\nload:\n  - { name: a, rate: 10/s, duration: 100000d }\n",
    ),
    (
        "zero.yaml",
        "authbench: 1\nname: Keys\ntarget: reference\nscheme: api-key\nload:\n  - { name: a, rate: 10/s, duration: 0s }\n",
    ),
    (
        "unit.yaml",
        "authbench: 1\nname: Keys\ntarget: reference\nscheme: api-key\nload:\n  - { name: a, rate: 10/s, duration: 10 }\n",
    ),
    (
        "rate.yaml",
        "authbench: 1\nname: Keys\ntarget: reference\nscheme: api-key\nload:\n  - { name: a, rate: 10, duration: 10s }\n",
    ),
    (
        "secret.yaml",
        "authbench: 1\nname: Keys\ntarget: { url: \"https://api.example.test\" }\nscheme: api-key\n\
         credentials:\n  service: { key: \"${ORDERS_KEY}\" }\nresources: [{ request: GET /orders }]\n",
    ),
    (
        "secret-file.yaml",
        "authbench: 1\nname: Keys\ntarget: { url: \"https://api.example.test\" }\nscheme: api-key\n\
         credentials:\n  service: { key: \"${file:key.txt}\" }\nresources: [{ request: GET /orders }]\n",
    ),
    (
        "command.yaml",
        "authbench: 1\nname: Keys\ntarget: { command: { run: [no-such-program, \"{port}\"], ready: /health } }\nscheme: api-key\n\
         credentials:\n  service: { key: 0123456789abcdef }\nresources: [{ request: GET /orders }]\n",
    ),
    (
        "host.yaml",
        "authbench: 1\nname: Keys\ntarget: { url: \"http://no-such-host.invalid\" }\nscheme: api-key\n\
         credentials:\n  service: { key: 0123456789abcdef }\nresources: [{ request: GET /orders }]\n",
    ),
    ("waivers.yaml", "authbench: 1\nname: Keys\ntarget: reference\nscheme: api-key\nwaivers: []\n"),
    ("openapi.yaml", "openapi: 3.1.0\ninfo: { title: A, version: \"1\" }\npaths: {}\n"),
];

/// What is typed, and the code that it ends with.
const COMMANDS: &[(&str, i32)] = &[
    ("good.yaml", 2),
    ("rnu good.yaml", 2),
    ("run", 2),
    ("run nothing.yaml", 2),
    ("run no-folder", 2),
    ("check mixed", 2),
    ("check bom.yaml", 0),
    ("check crlf.yaml", 0),
    ("check tab.yaml", 2),
    ("check empty.yaml", 2),
    ("check json.json", 0),
    ("check newer.yaml", 2),
    ("check no-name.yaml", 2),
    ("check scheme.yaml", 2),
    ("check oauth.yaml", 2),
    ("check key.yaml", 2),
    ("run url.yaml", 2),
    ("check fault.yaml", 2),
    ("check include.yaml", 2),
    ("check profile.yaml", 2),
    ("check long.yaml", 2),
    ("check zero.yaml", 2),
    ("check unit.yaml", 2),
    ("check rate.yaml", 2),
    ("run secret.yaml", 2),
    ("run secret-file.yaml", 2),
    ("run command.yaml", 3),
    ("run host.yaml", 3),
    ("run host.yaml --quiet", 3),
    ("check waivers.yaml", 2),
    ("run openapi.yaml", 2),
    ("run good.yaml --check apikey.mising-denied", 2),
    ("run good.yaml --replay apikey.mising-denied", 2),
    ("run good.yaml --scheme apikey", 2),
    ("run good.yaml --tag nightly", 4),
    ("run good.yaml --report htm=report.html", 2),
    ("run good.yaml --report report.html", 2),
    ("run good.yaml --timeout 10", 2),
    ("run good.yaml --timeout 1000000y", 2),
    ("run good.yaml --max-time 0s", 2),
    ("run good.yaml --rate-limit 5", 2),
    ("run good.yaml --base-url localhost:8080", 2),
    ("run good.yaml --fail-on severe", 2),
    ("run good.yaml --baseline main", 2),
    ("run good.yaml --proxy socks5://proxy.example.test", 2),
    ("run good.yaml --waivers nothing.yaml", 2),
    ("serve --fault anonymus-accepted", 2),
    ("explain apikey.mising-denied", 2),
    ("init --from http://127.0.0.1:8000/openapi.json", 2),
    ("init --from nothing.yaml", 2),
    ("init --from openapi.yaml", 2),
    ("render good.yaml", 2),
    ("compare main other", 2),
    ("list check", 2),
];

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in FILES {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("has one")).expect("makes");
        std::fs::write(path, text).expect("writes");
    }
    folder
}

/// What was written, without what differs from run to run.
fn read(output: &Output) -> String {
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    // the list of reports is long, and the same for all
    let lists_reports = |line: &str| line.starts_with("  reports ") || line.starts_with("                reports/");
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !lists_reports(line));
    lines.map(|line| format!("  {}\n", line.trim_end())).collect()
}

fn run(folder: &Path, words: &str) -> Output {
    authbench(folder).args(words.split(' ')).output().expect("runs")
}

#[test]
fn each_mistake_has_a_message_and_an_exit_code() {
    let folder = folder();
    let mut page = String::new();
    for (words, code) in COMMANDS {
        let output = run(folder.path(), words);
        let said = read(&output);
        assert_eq!(output.status.code(), Some(*code), "{words}\n{said}");
        assert!(!said.contains("panicked") && !said.contains("Some("), "{words}\n{said}");
        let _ = writeln!(page, "$ authbench {words}\n{said}  [exit {code}]\n");
    }
    insta::assert_snapshot!(page);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_are_sixty_mistakes() {
    let on_the_way = network_mistakes().await.len();
    assert!(COMMANDS.len() + on_the_way >= 60, "{} and {on_the_way}", COMMANDS.len());
}

/// Scenarios as 0.1 shipped them: they mean what they meant.
#[test]
fn files_of_0_1_are_read() {
    let mut files: Vec<_> = std::fs::read_dir("tests/records/scenarios-0.1").expect("the folder is there").collect();
    assert!(files.len() >= 10, "{files:?}");
    while let Some(entry) = files.pop() {
        let path = entry.expect("is readable").path();
        let output = authbench(Path::new(".")).arg("check").arg(&path).output().expect("runs");
        let said = read(&output);
        assert_eq!(output.status.code(), Some(0), "{}\n{said}", path.display());
        assert!(said.contains("checks can run") || said.contains("overhead"), "{said}");
    }
}
