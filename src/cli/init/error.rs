//! Why no scenarios are created.

use std::path::PathBuf;

use super::probe::NoService;
use crate::exit::Exit;
use crate::file::FileError;
use crate::openapi::Unreadable;
use crate::report::ReportError;

/// Why no scenarios are created.
#[derive(Debug, thiserror::Error)]
pub(super) enum InitError {
    #[error("failed to read {0}: an address\nhelp: curl -s {0} | authbench init --from -")]
    Address(String),
    #[error("failed to read {shown}: {source}")]
    File { shown: String, source: FileError },
    #[error("failed to read {shown}: {source}\nhelp: --from - reads standard input")]
    NotAFile { shown: String, source: FileError },
    #[error("failed to read {shown}: {source}\nhelp: OpenAPI 3.0 and 3.1 and Swagger 2 are read, in YAML or JSON")]
    NoDocument { shown: String, source: Unreadable },
    #[error(
        "{0} declares no security scheme\nhelp: name one under `components.securitySchemes` (Swagger 2: `securityDefinitions`) and demand it under `security`; or run `authbench init` in a folder without a document, for a scenario to fill in"
    )]
    NoSchemes(String),
    #[error("no scenario can be made of {shown}\n{reasons}")]
    NoScenario { shown: String, reasons: String },
    #[error("failed to make a scenario of {scheme}: {mistake}")]
    Draft { scheme: String, mistake: String },
    #[error("failed to probe {address}: {source}{}", way_out(.source))]
    Probe { address: String, source: NoService },
    #[error("failed to probe")]
    Start(Exit),
    #[error("already there: {0}\nhelp: --force replaces these files, --out writes to another folder")]
    InTheWay(String),
    #[error("failed to create folder {}: {source}", .folder.display())]
    Folder { folder: PathBuf, source: std::io::Error },
    #[error("failed to {0}")]
    Write(#[from] ReportError),
}

/// What helps where the service did not answer.
fn way_out(source: &NoService) -> &'static str {
    match source {
        NoService::Silent(_) => "\nhelp: start the service, or leave --probe out",
        _ => "",
    }
}

impl InitError {
    /// What the command ends with.
    pub(super) fn exit(&self) -> Exit {
        match self {
            InitError::Folder { .. } | InitError::Write(_) | InitError::Start(_) => Exit::Broken,
            InitError::Probe { source: NoService::Silent(_), .. } => Exit::Broken,
            _ => Exit::Usage,
        }
    }
}
