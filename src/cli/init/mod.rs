//! `authbench init`: first scenarios, from nothing or from a document of the API.

mod detect;
mod drafts;
mod error;
mod probe;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::FalseyValueParser;

use super::print;
use crate::exit::Exit;
use crate::file::{self, DOCUMENT_LIMIT, FileError, SCENARIO_LIMIT};
use crate::report::write_for_all;
use error::InitError;

/// A scenario that runs on the reference.
const STARTER: &str = include_str!("starter.yaml");

/// Create starter scenarios, optionally from an OpenAPI document.
///
/// With --from, or with an OpenAPI document in this folder: one scenario for each security scheme that authbench can
/// test, with all routes that it protects, their scopes and their examples. Secrets become variables. A route that lacks
/// an example gets a value by type and format, and a comment that says what to fill in. Without a document: a scenario
/// that runs on the built-in reference.
///
/// Nothing is sent, unless --probe asks for it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct InitArguments {
    /// A document of OpenAPI 3.0 or 3.1 or of Swagger 2, in YAML or JSON; - for standard input.
    #[arg(long, value_name = "FILE", env = "AUTHBENCH_INIT_FROM")]
    from: Option<PathBuf>,
    /// Folder that the scenarios are written to.
    #[arg(long, value_name = "DIR", default_value = "scenarios", env = "AUTHBENCH_INIT_OUT")]
    out: PathBuf,
    /// Assume that the credential may call every route (default: include only one).
    #[arg(long, env = "AUTHBENCH_INIT_EVERY_ROUTE", value_parser = FalseyValueParser::new())]
    every_route: bool,
    /// Address of the running service: a few GET requests show which statuses it uses for missing, invalid and
    /// insufficient credentials, and decide the profile (the last kind where the credential's variables are set).
    #[arg(long, value_name = "URL", env = "AUTHBENCH_INIT_PROBE")]
    probe: Option<String>,
    /// Replace files that are there.
    #[arg(long, env = "AUTHBENCH_INIT_FORCE", value_parser = FalseyValueParser::new())]
    force: bool,
}

const EXAMPLES: &str = "\
Examples:
  authbench init
  authbench init --from openapi.yaml --out tests/auth
  curl -s http://127.0.0.1:8000/openapi.json | authbench init --from - --probe http://127.0.0.1:8000";

/// What will be written, and what is to be told.
#[derive(Debug, Default)]
struct Plan {
    /// Names in the folder, each with its text.
    files: Vec<(String, String)>,
    /// Lines about them.
    told: Vec<String>,
    /// Commands that come next.
    next: Vec<String>,
}

pub(super) fn run(arguments: &InitArguments) -> Exit {
    let planned = match &arguments.from {
        Some(file) => from(file, arguments),
        None => detected(arguments),
    };
    match planned.and_then(|plan| write(plan, arguments)) {
        Ok(()) => Exit::Passed,
        Err(error) => {
            print::error(&format!("error: {error}"));
            error.exit()
        }
    }
}

fn from(file: &Path, arguments: &InitArguments) -> Result<Plan, InitError> {
    drafts::plan(&read(file)?, file, arguments)
}

/// A document in this folder; else the starter.
fn detected(arguments: &InitArguments) -> Result<Plan, InitError> {
    let here = Path::new(".");
    if let Some(file) = detect::document(here) {
        let mut plan = from(&file, arguments)?;
        plan.told.insert(0, format!("using {} (choose another with --from)", file.display()));
        return Ok(plan);
    }
    let mut plan = Plan::default();
    plan.files.push(("starter.yaml".to_owned(), STARTER.to_owned()));
    plan.next.push(format!("authbench run {}", arguments.out.join("starter.yaml").display()));
    if let Some(framework) = detect::framework(here) {
        let (name, document) = (framework.name, framework.document);
        plan.told.push(format!("this looks like {name}, which describes its API: while it runs, do"));
        plan.told.push(format!("  curl -s {document} | authbench init --from -"));
    }
    Ok(plan)
}

/// The text of a document.
fn read(file: &Path) -> Result<String, InitError> {
    let shown = || file.display().to_string();
    if file.to_str().is_some_and(|name| name.starts_with("http://") || name.starts_with("https://")) {
        return Err(InitError::Address(shown()));
    }
    if file == Path::new("-") {
        return standard_input();
    }
    file::text(file, DOCUMENT_LIMIT).map_err(|source| match source {
        FileError::Kind(_) => InitError::NotAFile { shown: shown(), source },
        source => InitError::File { shown: shown(), source },
    })
}

fn standard_input() -> Result<String, InitError> {
    let failed = |source| InitError::File { shown: "-".to_owned(), source };
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(DOCUMENT_LIMIT + 1).read_to_end(&mut bytes);
    if read.map_err(|error| failed(error.into()))? as u64 > DOCUMENT_LIMIT {
        return Err(failed(FileError::TooLong(DOCUMENT_LIMIT)));
    }
    String::from_utf8(bytes).map_err(|_| failed(FileError::NotText))
}

/// Writes all files, or none where one is in the way.
fn write(plan: Plan, arguments: &InitArguments) -> Result<(), InitError> {
    let out = &arguments.out;
    let in_the_way: Vec<String> = plan
        .files
        .iter()
        .map(|(name, _)| out.join(name))
        .filter(|path| path.exists())
        .map(|path| path.display().to_string())
        .collect();
    if !in_the_way.is_empty() && !arguments.force {
        return Err(InitError::InTheWay(in_the_way.join(", ")));
    }
    std::fs::create_dir_all(out).map_err(|source| InitError::Folder { folder: out.clone(), source })?;
    let schema = serde_json::to_string_pretty(&crate::scenario::schema()).unwrap_or_default() + "\n";
    let schema = is_schema_or_free(&out.join("schema.json")).then_some(("schema.json".to_owned(), schema));
    plan.told.iter().for_each(|line| print::line(line));
    for (name, text) in plan.files.iter().chain(&schema) {
        let path = out.join(name);
        write_for_all(&path, text.as_bytes())?;
        print::line(&format!("wrote {}", path.display()));
    }
    print::line("next:");
    plan.next.iter().for_each(|line| print::line(&format!("  {line}")));
    Ok(())
}

/// Whether the schema may be written here: nothing else has the name.
fn is_schema_or_free(path: &Path) -> bool {
    match file::text(path, SCENARIO_LIMIT) {
        Ok(text) => text.contains("\"authbench scenario\""),
        Err(FileError::Io(error)) => error.kind() == std::io::ErrorKind::NotFound,
        Err(_) => false,
    }
}
