//! Scenarios (YAML): an error shows no credential that stands beside the mistake, and a scenario that loads has a plan.

use authbench::run::plan_of;
use authbench::{Launch, LoadedScenario, Options, ScenarioError, load_text, prepare};

pub(super) const SEEDS: &[&str] = &["scenarios", "scenarios/examples", "tests/ui"];
pub(super) const WORDS: &[&str] = &[
    "authbench: 1\n",
    "name: n\n",
    "target: ",
    "reference",
    "url: http://127.0.0.1:9",
    "owned: true",
    "scheme: ",
    "api-key",
    "basic",
    "bearer",
    "jwt",
    "oauth2-client-credentials",
    "credentials:",
    "material:",
    "resources:",
    "- { request: GET /a }",
    "scopes: [a]",
    "tenant: b",
    "state: revoked",
    "success: { status: 200 }",
    "refusal: { status: 200 }",
    "conformance:",
    "include: [bearer.*]",
    "waivers:",
    "cases:",
    "load:",
    "rate: 10/s",
    "duration: 1s",
    "mix: { valid: 95%, expired: 5% }",
    "overhead:",
    "thresholds:",
    "p(99) < 20ms",
    "error_rate < 0.1%",
    "${V}",
    "${V:-d}",
    "${file:a}",
    "&a ",
    "*a",
    "<<: *a",
    "!t ",
    "|\n",
    ">\n",
    "? ",
    "---\n",
    "\"",
    "'",
    "{ ",
    " }",
    "[",
    "]",
    ": ",
    "\n  ",
    "\t",
    "#",
];

/// A credential that no error shows.
const SECRET: &str = "sentinel7f3a9c51";
/// A scenario with that credential, to which the input adds a mistake.
const BEFORE: &str = "authbench: 1\nname: n\ntarget: { url: http://127.0.0.1:9 }\nscheme: { api-key: { header: X-K } }\n\
    credentials:\n  a: { key: sentinel7f3a9c51 }\n  b:\n    key: sentinel7f3a9c51\n    scopes: [read]\n\
    resources: [{ request: GET /a }]\n";

fn planned(loaded: LoadedScenario) -> Result<usize, Vec<ScenarioError>> {
    // without an environment no file and no variable is read
    let ready = prepare(vec![loaded], None, &Options::new(Launch::InProcess))?;
    Ok(ready.iter().map(|one| plan_of(one).len()).sum())
}

fn shown(errors: &[ScenarioError]) -> String {
    let all = errors.iter().map(|error| format!("{error}\n{}\n{}\n{error:?}", error.render(false), error.render(true)));
    all.collect::<Vec<_>>().join("\n")
}

pub(super) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // a file of waivers is the one file that loading reads
    if text.contains("waivers_file") || text.contains(SECRET) {
        return;
    }
    for source in [text.to_owned(), format!("{BEFORE}{text}")] {
        let with_secret = source.contains(SECRET);
        if let Err(errors) = load_text("a.yaml".to_owned(), source).and_then(planned) {
            assert!(!errors.is_empty(), "a refusal without an error");
            let shown = shown(&errors);
            assert!(!(with_secret && shown.contains(SECRET)), "an error shows a credential: {shown}");
        }
    }
}
