//! Authentication conformance testing and benchmarking for HTTP APIs, as a library.
//!
//! 1. [`load_paths`], [`load_untrusted`] or [`load_text`] reads scenarios; every mistake has its place in the file and a way out.
//! 2. [`prepare`] reads what they name: variables, files, patterns of checks. Nothing is sent yet.
//! 3. [`run`] drives the targets and passes every result on as an [`Event`](record::Event) when it is there.
//! 4. [`Record`](record::Record) gathers the events, and [`render`] makes a report of it in any format.
//!
//! `examples/conformance_gate.rs` does all four against the built-in reference server.
//!
//! The command line is a thin layer over the same functions. All other modules of the crate are hidden: they may change
//! with any version.

#[doc(hidden)]
pub mod check;
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod clock;
#[doc(hidden)]
pub mod drive;
#[doc(hidden)]
pub mod event;
#[doc(hidden)]
pub mod exit;
#[doc(hidden)]
pub mod file;
#[doc(hidden)]
pub mod judge;
#[doc(hidden)]
pub mod merge;
#[doc(hidden)]
pub mod observe;
#[doc(hidden)]
pub mod openapi;
#[doc(hidden)]
pub mod plan;
#[doc(hidden)]
pub mod reference;
#[doc(hidden)]
pub mod report;
#[doc(hidden)]
pub mod run;
#[doc(hidden)]
pub mod scenario;
#[doc(hidden)]
pub mod scheme;
#[doc(hidden)]
pub mod secret;
#[doc(hidden)]
pub mod seed;
#[doc(hidden)]
pub mod shard;
#[doc(hidden)]
pub mod stats;
#[doc(hidden)]
pub mod target;

#[doc(inline)]
pub use clock::Wall;
#[doc(inline)]
pub use drive::stop::Stop;
#[doc(inline)]
pub use exit::Exit;
#[doc(inline)]
pub use report::{ReportError, render};
#[doc(inline)]
pub use run::{Launch, Only, Options, Ready, prepare, run};
#[doc(inline)]
pub use scenario::{Environment, LoadedScenario, NoVariables, ScenarioError, load_paths, load_text, load_untrusted};

/// What happened in a run: the events as they come, and the record that is gathered from them.
pub mod record {
    #[doc(inline)]
    pub use crate::check::{Explanation, Level, Severity, Verdict};
    #[doc(inline)]
    pub use crate::event::{
        Cell, CellName, CheckResult, Cited, Event, EvidenceRecord, FORMAT, Finding, Help, LoadInterval, LoadStarted,
        Machine, Note, NoteKind, Part, Role, RunFinished, RunStarted, ScenarioFinished, ScenarioStarted, SourcePlace,
        ThresholdResult, Waived,
    };
    #[doc(inline)]
    pub use crate::report::{Counts, LoadRecord, ReadError, Record, ScenarioRecord, ShownFinding, read_run};
}
