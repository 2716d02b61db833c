//! Evidence and figures, judged without I/O.

pub mod abort;
pub mod capacity;
pub mod compare;
pub mod threshold;
mod vacuity;
mod verdict;
pub mod waiver;

pub use vacuity::Vacuity;
pub use verdict::{Context, judge, not_tested};
