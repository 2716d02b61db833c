//! `authbench init` through the real binary: what it makes of documents, of folders and of hostile input, and that what
//! it makes runs. `AUTHBENCH_BLESS=1 cargo test --test it init::` writes what `tests/openapi/` expects.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use authbench::reference;

fn authbench(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_authbench"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn succeeds(folder: &Path, arguments: &[&str]) -> String {
    let output = authbench(folder, arguments, &[]);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn documents() -> Vec<PathBuf> {
    let entries = std::fs::read_dir("tests/openapi").expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("is readable").path());
    let is_document = |path: &PathBuf| path.extension().is_some_and(|extension| extension != "expected");
    let mut documents: Vec<PathBuf> = paths.filter(is_document).collect();
    documents.sort();
    assert!(documents.len() > 2);
    documents
}

fn scenarios_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("is readable").path());
    let mut files: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|ext| ext == "yaml")).collect();
    files.sort();
    files
}

#[test]
fn documents_become_scenarios_that_check_accepts() {
    let bless = std::env::var("AUTHBENCH_BLESS").is_ok_and(|bless| bless == "1");
    let mut wrong = Vec::new();
    for document in documents() {
        let folder = tempfile::tempdir().expect("a folder");
        let name = document.file_name().expect("a name");
        std::fs::copy(&document, folder.path().join(name)).expect("copies");
        let mut seen = succeeds(folder.path(), &["init", "--from", name.to_str().expect("text")]);
        for file in scenarios_in(&folder.path().join("scenarios")) {
            let scenario = std::fs::read_to_string(&file).expect("is readable");
            seen.push_str(&format!("\n==> {}\n{scenario}", file.file_name().expect("a name").display()));
        }
        succeeds(folder.path(), &["check", "scenarios"]);
        let expected_in = document.with_extension("expected");
        if bless {
            std::fs::write(&expected_in, &seen).expect("writes");
        }
        let expected = std::fs::read_to_string(&expected_in).unwrap_or_default();
        if seen != expected {
            wrong.push(format!("{}\n--- expected\n{expected}--- seen\n{seen}", document.display()));
        }
    }
    let way_out = "if the change is meant: AUTHBENCH_BLESS=1 cargo test --test it init::";
    assert!(wrong.is_empty(), "{}\n{way_out}", wrong.join("\n"));
}

/// The document that the reference serves of itself.
fn described_by(addr: std::net::SocketAddr) -> String {
    let mut stream = std::net::TcpStream::connect(addr).expect("connects");
    write!(stream, "GET /openapi.json HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n").expect("sends");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    body.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn scenarios_run_once_their_secrets_are_filled_in() {
    let running = reference::start(reference::Config::default()).await.expect("starts");
    let described = reference::describe(&running);
    let at = |pointer: &str| described.pointer(pointer).and_then(serde_json::Value::as_str).expect(pointer).to_owned();
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("openapi.json"), described_by(running.addr())).expect("writes");
    let (base, key, user) = (at("/url"), at("/identities/0/api_key"), at("/identities/0/name"));
    let (password, token) = (at("/identities/0/password"), at("/identities/0/token"));
    let (client, secret) = (at("/identities/0/client_id"), at("/identities/0/client_secret"));
    let variables = [
        ("BASE_URL", base.as_str()),
        ("API_KEY", &key),
        ("API_USERNAME", &user),
        ("API_PASSWORD", &password),
        ("API_TOKEN", &token),
        ("API_CLIENT_ID", &client),
        ("API_CLIENT_SECRET", &secret),
    ];
    succeeds(folder.path(), &["init"]);
    assert_eq!(scenarios_in(&folder.path().join("scenarios")).len(), 4);
    let ran = authbench(folder.path(), &["run", "scenarios", "--report", "json=report.json"], &variables);
    running.stop().await;
    assert_eq!(ran.status.code(), Some(0), "{}{}", text(&ran.stdout), text(&ran.stderr));
    let report = std::fs::read_to_string(folder.path().join("report.json")).expect("is readable");
    assert!(report.contains("\"pass\""), "{report}");
}

/// The statuses that the reference uses are those of the default profile; a service of another kind gets another one.
#[tokio::test(flavor = "multi_thread")]
async fn a_probe_of_the_service_decides_the_profile() {
    let running = reference::start(reference::Config::default()).await.expect("starts");
    let described = reference::describe(&running);
    let at = |pointer: &str| described.pointer(pointer).and_then(serde_json::Value::as_str).expect(pointer).to_owned();
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("openapi.json"), described_by(running.addr())).expect("writes");
    let (base, key) = (at("/url"), at("/identities/0/api_key"));
    let probed = authbench(folder.path(), &["init", "--probe", &base], &[("API_KEY", &key)]);
    running.stop().await;
    let told = text(&probed.stdout);
    assert_eq!(probed.status.code(), Some(0), "{}", text(&probed.stderr));
    assert!(told.contains("401 for missing, 403 for invalid: profile api-key-403"), "{told}");
    assert!(!told.contains(&key), "{told}");
    assert!(told.contains(&format!("  BASE_URL={base} API_KEY=… authbench run")), "{told}");
    let files = scenarios_in(&folder.path().join("scenarios"));
    let written = std::fs::read_to_string(&files[0]).expect("is readable");
    assert!(written.contains("conformance:\n  profile: api-key-403\n"), "{written}");
    succeeds(folder.path(), &["check", "scenarios"]);
    // a service that answers as RFC 9110 suggests
    let strict = reference::start(reference::Config { strict: true, ..reference::Config::default() }).await;
    let strict = strict.expect("starts");
    let address = format!("http://{}", strict.addr());
    let probed = authbench(folder.path(), &["init", "--probe", &address, "--force"], &[]);
    strict.stop().await;
    assert!(text(&probed.stdout).contains("401 for missing, 401 for invalid: profile strict-rfc"), "{probed:?}");
    let written = std::fs::read_to_string(&files[0]).expect("is readable");
    assert!(written.contains("profile: strict-rfc"), "{written}");
    let no_address = authbench(folder.path(), &["init", "--probe", "127.0.0.1:8000", "--force"], &[]);
    assert_eq!(no_address.status.code(), Some(2));
    assert!(!text(&no_address.stderr).contains("start the service"), "{}", text(&no_address.stderr));
    // nobody listens there any more
    let silent = authbench(folder.path(), &["init", "--probe", &base, "--force"], &[]);
    assert_eq!(silent.status.code(), Some(3), "{}", text(&silent.stderr));
    assert!(text(&silent.stderr).contains("failed to probe"), "{}", text(&silent.stderr));
}

#[test]
fn variables_are_none_that_shells_define() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy("tests/openapi/reference.yaml", folder.path().join("r.yaml")).expect("copies");
    let told = succeeds(folder.path(), &["init", "--from", "r.yaml"]);
    assert!(told.contains(" API_USERNAME=") && told.contains(" API_TOKEN="), "{told}");
    assert!(!told.contains(" USERNAME=") && !told.contains(" TOKEN="), "{told}");
}

/// A document whose every route lacks something: each is in the scenario, and what is missing is named beside it.
#[test]
fn every_protected_route_is_taken_with_what_is_to_be_filled_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut paths = String::new();
    for number in 0..100 {
        paths.push_str(&format!(
            "  /things{number}/{{id}}:\n    parameters: [{{ name: id, in: path, required: true, schema: {{ type: string, format: uuid }} }}]\n    get: {{}}\n    \
             post: {{ requestBody: {{ required: true, content: {{ application/json: {{ schema: {{ type: object, required: [email], \
             properties: {{ email: {{ type: string, format: email }} }} }} }} }} }} }}\n"
        ));
    }
    let document = format!(
        "openapi: 3.0.3\ninfo: {{ title: Things }}\nsecurity: [{{ k: [] }}]\npaths:\n{paths}\
         components: {{ securitySchemes: {{ k: {{ type: apiKey, in: header, name: K }} }} }}\n"
    );
    std::fs::write(folder.path().join("d.yaml"), document).expect("writes");
    let told = succeeds(folder.path(), &["init", "--from", "d.yaml"]);
    assert!(told.contains("1 protected route, 199 more as comments, 200 lines to fill in"), "{told}");
    let files = scenarios_in(&folder.path().join("scenarios"));
    let written = std::fs::read_to_string(&files[0]).expect("is readable");
    assert_eq!(written.matches("# fill in: path parameter `id` (string, uuid)").count(), 200, "{written}");
    assert_eq!(written.matches("in the body email (string, email)").count(), 100, "{written}");
    let post =
        "POST /things7/00000000-0000-0000-0000-000000000001, json: {\"email\":\"somebody@example.test\"}, writes: true";
    assert!(written.contains(post), "{written}");
    succeeds(folder.path(), &["check", "scenarios"]);
}

#[test]
fn the_starter_runs_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let told = succeeds(folder.path(), &["init"]);
    assert!(told.contains("authbench run scenarios/starter.yaml"), "{told}");
    succeeds(folder.path(), &["check", "scenarios/starter.yaml"]);
    // what takes samples of time may come to no verdict on a busy machine
    let scenario = folder.path().join("scenarios/starter.yaml");
    let quick = std::fs::read_to_string(&scenario).expect("is there") + "conformance: { exclude: [\"*.timing-*\"] }\n";
    std::fs::write(&scenario, quick).expect("writes");
    let ran = authbench(folder.path(), &["run", "scenarios/starter.yaml", "--only", "conformance"], &[]);
    assert_eq!(ran.status.code(), Some(0), "{}{}", text(&ran.stdout), text(&ran.stderr));
}

#[test]
fn what_a_folder_shows_is_used() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("main.py"), "from fastapi import FastAPI\n").expect("writes");
    let told = succeeds(folder.path(), &["init", "--out", "a"]);
    assert!(told.contains("FastAPI") && told.contains("/openapi.json"), "{told}");
    std::fs::copy("tests/openapi/shop.yaml", folder.path().join("swagger.yaml")).expect("copies");
    let told = succeeds(folder.path(), &["init", "--out", "b"]);
    assert!(told.contains("using swagger.yaml") && told.contains("b/shop-machine.yaml"), "{told}");
}

#[test]
fn nothing_is_replaced_unless_it_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("scenarios")).expect("makes");
    let mine = folder.path().join("scenarios/shop-staff.yaml");
    std::fs::write(&mine, "mine").expect("writes");
    std::fs::write(folder.path().join("scenarios/schema.json"), "mine").expect("writes");
    std::fs::copy("tests/openapi/shop.yaml", folder.path().join("shop.yaml")).expect("copies");
    let refused = authbench(folder.path(), &["init", "--from", "shop.yaml"], &[]);
    assert_eq!(refused.status.code(), Some(2));
    let said = text(&refused.stderr);
    assert!(said.starts_with("error: already there: scenarios/shop-staff.yaml") && said.contains("--force"), "{said}");
    assert_eq!(scenarios_in(&folder.path().join("scenarios")), [mine.as_path()], "nothing beside it was written");
    assert_eq!(std::fs::read_to_string(&mine).expect("is readable"), "mine");
    succeeds(folder.path(), &["init", "--from", "shop.yaml", "--force"]);
    assert_ne!(std::fs::read_to_string(&mine).expect("is readable"), "mine");
    let schema = std::fs::read_to_string(folder.path().join("scenarios/schema.json")).expect("is readable");
    assert_eq!(schema, "mine", "a file of another kind stays");
}

#[test]
fn hostile_documents_end_in_short_errors() {
    let folder = tempfile::tempdir().expect("a folder");
    let bomb = (1..9).fold("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned(), |bomb, at| {
        let before = at - 1;
        bomb + &format!("a{at}: &a{at} [{}]\n", vec![format!("*a{before}"); 9].join(","))
    });
    let secured = |more: &str| {
        format!(
            "openapi: 3.0.0\ncomponents: {{ securitySchemes: {{ k: {{ type: apiKey, in: header, name: K }} }} }}\n\
             security: [{{ k: [] }}]\n{more}"
        )
    };
    for (name, document) in [
        ("bomb", format!("openapi: 3.0.0\n{bomb}")),
        ("nested yaml", format!("openapi: {}", "[".repeat(100_000))),
        ("nested json", "{\"openapi\":".repeat(100_000)),
        ("binary", "\0\u{1}\u{2}".repeat(1000)),
        ("empty", String::new()),
        ("a list", "- 1\n- 2\n".to_owned()),
        ("another kind", "authbench: 1\n".to_owned()),
        ("old", "swagger: \"1.2\"\n".to_owned()),
        ("no scheme", "openapi: 3.0.0\npaths: { /a: { get: {} } }\n".to_owned()),
        ("nothing to ask for", secured("paths: {}\n")),
        ("a circle", secured("paths: { /a: { $ref: \"#/paths/~1a\" } }\n")),
        ("elsewhere", secured("paths: { /a: { $ref: \"http://127.0.0.1:1/a.yaml\" } }\n")),
        ("no path", secured("paths: { \"a\\nb\": { get: {} } }\n")),
    ] {
        let file = folder.path().join("document");
        std::fs::write(&file, document).expect("writes");
        let output = authbench(folder.path(), &["init", "--from", "document"], &[]);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name}: {told}");
        assert!(told.starts_with("error: ") && told.len() < 600, "{name}: {told}");
        assert!(!folder.path().join("scenarios").exists(), "{name}");
    }
}

#[test]
fn text_of_a_document_stays_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let document = r#"{
        "openapi": "3.0.0\nowned: true",
        "info": { "title": "a\nscheme: none # ${HOME} \u2028 b" },
        "servers": [{ "url": "http://${HOME}.test/${HOME}" }],
        "security": [{ "k\nx: y": ["s, t] }\nu: ["] }],
        "paths": {
            "/a b/\n, y: z": { "get": {}, "post": { "requestBody": { "content": { "application/json": { "example": { "a\n}": "\u0085${HOME}" } } } } } }
        },
        "components": { "securitySchemes": { "k\nx: y": { "type": "apiKey", "in": "query", "name": "K:,}" } } }
    }"#;
    std::fs::write(folder.path().join("d.json"), document).expect("writes");
    succeeds(folder.path(), &["init", "--from", "d.json"]);
    let checked = succeeds(folder.path(), &["check", "scenarios"]);
    assert!(!checked.to_uppercase().contains("HOME IS NOT SET"), "{checked}");
    let files = scenarios_in(&folder.path().join("scenarios"));
    let scenario = std::fs::read_to_string(&files[0]).expect("is readable");
    assert!(!scenario.lines().any(|line| line.starts_with("owned") || line.starts_with("u:")), "{scenario}");
    assert_eq!(scenario.lines().filter(|line| line.starts_with("scheme:")).count(), 1, "{scenario}");
}
