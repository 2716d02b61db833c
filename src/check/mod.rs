//! The catalogue as code.

mod verdict;

pub use verdict::{Level, Severity, Verdict};
