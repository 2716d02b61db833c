//! A conformance gate in a program of your own: it loads a scenario, runs it, and ends with a failure where there are
//! findings. Here the target is the built-in reference server with one deliberate fault, so that there is something to see:
//!
//! ```sh
//! cargo run --example conformance_gate
//! ```
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example that shows what it found")]

use std::error::Error;
use std::process::ExitCode;

use authbench::record::Record;
use authbench::{Exit, Launch, NoVariables, Options, load_text, prepare, render, run};

/// For a service of your own: `target: { url: "https://…", owned: true }`, `credentials` and `resources`.
const SCENARIO: &str = "
authbench: 1
name: API keys in a header
target: { reference: { faults: [accepts-any-key] } }
scheme: { api-key: { header: X-API-Key } }
conformance: { include: [apikey.*] }
";

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::new(Launch::InProcess);
    let loaded = load_text("gate.yaml".to_owned(), SCENARIO.to_owned());
    // a scenario has several mistakes at times: all are shown
    let ready = match loaded.and_then(|scenario| prepare(vec![scenario], Some(&NoVariables), &options)) {
        Ok(ready) => ready,
        Err(mistakes) => {
            mistakes.iter().for_each(|mistake| eprintln!("{}", mistake.render(false)));
            return Ok(ExitCode::from(Exit::Usage.code()));
        }
    };
    let mut record = Record::default();
    let exit = run(ready, &options, &mut |event| record.apply(&event)).await;
    for found in record.findings() {
        let finding = &found.finding;
        let also = finding.also_affected.len();
        println!("{} ({}): {}; also affects {also} checks", finding.check, finding.severity.name(), finding.summary);
    }
    println!("exit {}: {}", exit.code(), exit.reason());
    // any report of the command line is one call away
    std::fs::write(std::env::temp_dir().join("conformance_gate.xml"), render(&record, "junit")?)?;
    Ok(ExitCode::from(exit.code()))
}
