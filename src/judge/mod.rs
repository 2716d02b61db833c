//! Evidence and figures, judged without I/O.

pub mod abort;
pub mod capacity;
mod case;
pub mod cause;
mod cell;
pub mod compare;
mod coverage;
mod ending;
pub mod lane;
mod shown;
pub mod threshold;
#[cfg(test)]
mod unanswered;
mod vacuity;
mod verdict;
pub mod waiver;

pub use case::CaseVerdict;
pub use coverage::{Conclusion, Tally, fails};
pub use ending::Ending;
pub use verdict::{Context, inconclusive, judge, not_tested};
