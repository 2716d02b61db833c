//! The published schema and the page made from it are those of the code, and shipped scenarios keep to both.
//! `AUTHBENCH_BLESS=1 cargo test --test it schema::` rewrites what is generated.

use std::path::{Path, PathBuf};

use authbench::run::{Launch, Options, prepare};
use authbench::scenario::load_paths;
use serde_json::Value;

/// Compares a generated file with what generates it, or writes it.
fn compare(file: &str, generated: &str) {
    if std::env::var("AUTHBENCH_BLESS").is_ok_and(|bless| bless == "1") {
        std::fs::write(file, generated).expect("writes");
    }
    let found = std::fs::read_to_string(file).unwrap_or_default();
    let way_out = "AUTHBENCH_BLESS=1 cargo test --test it schema::";
    assert!(found == generated, "{file} is not what the code generates; to write it: {way_out}");
}

#[test]
fn the_published_schema_is_the_one_of_the_code() {
    let pretty = serde_json::to_string_pretty(&authbench::scenario::schema()).expect("JSON");
    compare("scenarios/schema.json", &(pretty + "\n"));
}

#[test]
fn the_published_schema_of_waivers_is_the_one_of_the_code() {
    let schema = authbench::scenario::waivers_schema();
    let pretty = serde_json::to_string_pretty(&schema).expect("JSON");
    compare("scenarios/waivers.schema.json", &(pretty + "\n"));
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let waiver = serde_json::json!({
        "check": "bearer.challenge-has-param", "target": "https://api.example.test/", "reason": "the gateway is being replaced",
        "owner": "platform", "created": "2026-11-01", "expires": "2026-12-01", "observed": { "status": 401 },
    });
    let file = |change: &dyn Fn(&mut Value)| {
        let mut waiver = waiver.clone();
        change(&mut waiver);
        validator.is_valid(&serde_json::json!({ "waivers": [waiver] }))
    };
    assert!(file(&|_| {}));
    assert!(!file(&|waiver| drop(waiver.as_object_mut().and_then(|members| members.remove("target")))));
    assert!(!file(&|waiver| waiver["expiry"] = Value::from("2026-12-01")));
}

#[test]
fn the_documentation_of_scenarios_is_the_one_of_the_code() {
    compare("docs/scenarios.md", &authbench::scenario::manual::page());
}

/// Every shipped scenario, in `scenarios/` and the folders below it.
fn shipped() -> Vec<PathBuf> {
    let (mut folders, mut files) = (vec![PathBuf::from("scenarios")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("is readable") {
            let path = entry.expect("is readable").path();
            match path.extension().and_then(std::ffi::OsStr::to_str) {
                _ if path.is_dir() => folders.push(path),
                Some("yaml" | "yml") => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    assert!(files.len() > 4, "{files:?}");
    files
}

fn value(file: &Path) -> Value {
    let text = std::fs::read_to_string(file).expect("is readable");
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

#[test]
fn shipped_scenarios_are_valid_for_editors() {
    let schema = authbench::scenario::schema();
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for file in shipped() {
        let scenario = value(&file);
        let errors: Vec<String> =
            validator.iter_errors(&scenario).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", file.display());
    }
}

#[test]
fn the_schema_refuses_what_the_code_refuses() {
    let schema = authbench::scenario::schema();
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let sound = value(Path::new("scenarios/api-key.yaml"));
    assert!(validator.is_valid(&sound));
    for (key, wrong) in [
        ("unknown", Value::Bool(true)),
        ("target", Value::from("references")),
        ("scheme", Value::from("api_key")),
        ("thresholds", Value::from("p(99) < 20ms")),
        ("name", Value::Null),
    ] {
        let mut scenario = sound.clone();
        scenario[key] = wrong;
        assert!(!validator.is_valid(&scenario), "{key}");
    }
}

#[test]
fn shipped_scenarios_pass_check() {
    for file in shipped() {
        let loaded =
            load_paths(std::slice::from_ref(&file)).unwrap_or_else(|errors| panic!("{}", errors[0].render(false)));
        let ready = prepare(loaded, None, &Options::new(Launch::InProcess));
        if let Err(errors) = ready {
            panic!("{}", errors[0].render(false));
        }
        let text = std::fs::read_to_string(&file).expect("is readable");
        let modeline = text.lines().next().and_then(|line| line.strip_prefix("# yaml-language-server: $schema="));
        let schema = file.parent().expect("a folder").join(modeline.expect("a modeline"));
        assert!(schema.is_file(), "{}: its modeline names {}", file.display(), schema.display());
    }
}
