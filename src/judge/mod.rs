//! Evidence and figures, judged without I/O.

pub mod abort;
pub mod threshold;
mod verdict;

pub use verdict::{Context, judge, not_tested};
