//! `--allow-env`: which variables a scenario gets, and what is said about where their values go.

use super::{ended, folder, refused};
use crate::binary::{Served, told};

const KEY: &str = "abk_live_q7Wn2Zp4XcRt9Vb3";

fn scenario(url: &str, key: &str) -> String {
    format!(
        "authbench: 1\nname: n\ntarget: {{ url: \"{url}\" }}\nscheme: api-key\n\
         credentials: {{ a: {{ key: \"{key}\", scopes: [\"read:orders\"] }} }}\n\
         resources: [{{ request: GET /api-key/orders, scopes: [\"read:orders\"] }}]\n"
    )
}

#[test]
fn a_scenario_gets_only_variables_that_are_allowed() {
    let served = Served::start(&[]);
    let folder = folder(&[("a.yaml", &scenario(served.url(), "${API_KEY}"))]);
    let run = |arguments: &[&str]| {
        let common = ["run", "a.yaml", "--check", "apikey.missing-denied"];
        ended(folder.path(), &[&common[..], arguments].concat(), &[("API_KEY", KEY)])
    };
    let untrusted = ["--untrusted", "--base-url", served.url()];
    for bounds in [&["--allow-env", "OTHER_*"][..], &untrusted] {
        let output = run(bounds);
        refused(&output, &["a.yaml:5:", "the variable API_KEY may not be read"]);
        assert!(!told(&output).contains(KEY), "{}", told(&output));
    }
    for bounds in [
        &[][..],
        &["--allow-env", "OTHER_*", "--allow-env", "API_*"],
        &[&untrusted[..], &["--allow-env", "API_KEY"]].concat(),
    ] {
        let output = run(bounds);
        assert_eq!(output.status.code(), Some(0), "{bounds:?}: {}", told(&output));
    }
}

#[test]
fn a_variable_that_is_withheld_is_as_one_that_is_unset() {
    let served = Served::start(&[]);
    let folder = folder(&[("a.yaml", &scenario(served.url(), &format!("${{API_KEY:-{KEY}}}")))]);
    let arguments = ["run", "a.yaml", "--check", "apikey.missing-denied", "--allow-env", "NONE"];
    let output = ended(folder.path(), &arguments, &[("API_KEY", "key-of-somebody-else")]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
}

#[test]
fn a_run_says_which_values_go_where_before_it_starts() {
    let served = Served::start(&[]);
    let yaml = scenario(served.url(), "${API_KEY}").replace(
        "resources:",
        "material: { hooks: { rotate: [./rotate], env: { TOKEN: \"${TOKEN}\", OTHER: \"${NONE:-x}\" } } }\nresources:",
    );
    let folder = folder(&[("a.yaml", &yaml)]);
    let arguments = ["run", "a.yaml", "--check", "apikey.missing-denied"];
    let run = |more: &[&str]| {
        ended(folder.path(), &[&arguments[..], more].concat(), &[("API_KEY", KEY), ("TOKEN", "t-0123456789")])
    };
    let host = served.url().trim_start_matches("http://");
    let first = |more: &[&str]| {
        let output = run(more);
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(first(&[]), format!("a.yaml: sends values of API_KEY, TOKEN to {host}, the hook ./rotate"));
    assert_eq!(first(&["--no-command"]), format!("a.yaml: sends values of API_KEY, TOKEN to {host}"));
    assert_eq!(first(&["--quiet"]), "");
}
