//! `report.html`: one file that needs nothing else, reads without scripts, prints, and suits dark and light.

mod anchor;
mod beside;
mod broken;
mod chart;
mod compared;
mod costs;
mod figures;
mod finding;
mod matrix;
mod overhead;
mod page;
mod scenario;
mod shards;
mod trend;
mod waterfall;

use askama::Template as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::{Record, ReportError, escape};
use crate::event::{Note, NoteKind};
use page::Page;
pub use trend::{PastRun, index};

/// The script that filters, copies and shows values; the page is complete without it.
const SCRIPT: &str = include_str!("../templates/page.js");

pub(super) fn render(record: &Record) -> Result<Vec<u8>, ReportError> {
    let failed = |error: askama::Error| ReportError::Render { format: "html", why: error.to_string() };
    let html = Page::of(record).render().map_err(failed)?;
    // the templates escape HTML; one pass over the whole takes what would reorder or hide text
    Ok(escape::lines(&html).into_bytes())
}

/// The content security policy of the page: no request leaves it, and only our own script runs in it.
fn policy() -> String {
    let hash = STANDARD.encode(Sha256::digest(SCRIPT));
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{hash}'; base-uri 'none'; \
         form-action 'none'"
    )
}

/// Parts of a text, and whether each stands between backticks.
fn prose(text: &str) -> Vec<(bool, &str)> {
    let parts: Vec<_> = text.split('`').enumerate().map(|(at, part)| (at % 2 == 1, part)).collect();
    // an odd backtick is none of ours
    if parts.len() % 2 == 0 { vec![(false, text)] } else { parts }
}

/// Class of a note.
fn note_class(note: &Note) -> &'static str {
    match note.kind {
        NoteKind::Info => "info",
        NoteKind::Warning => "warn",
        NoteKind::Finding | NoteKind::Error => "fail",
    }
}
