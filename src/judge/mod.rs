//! Evidence and figures, judged without I/O.

mod verdict;

pub use verdict::{Context, judge, not_tested};
