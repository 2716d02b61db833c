//! Reads a run back, from its record or from `report.json`.

use serde_json::Value;

use super::Report;
use super::jsonl::{ReadError, read_jsonl, refuse_newer, unquoted};
use super::record::Record;

/// Reads a run: `run.jsonl`, or `report.json`, which lacks the distributions of its seconds.
///
/// # Errors
///
/// Where the text is neither, or was written in a newer format.
pub fn read_run(text: &[u8]) -> Result<Record, ReadError> {
    // the record has one event a line; the report is one object over many lines
    match serde_json::from_slice::<Value>(text) {
        Ok(document) if document.get("scenarios").is_some() => {
            refuse_newer(text)?;
            let report: Report<'static> = serde_json::from_value(document)
                .map_err(|error| ReadError::NotAnEvent { line: 1, why: unquoted(&error) })?;
            Ok(report.record())
        }
        _ => read_jsonl(text),
    }
}
