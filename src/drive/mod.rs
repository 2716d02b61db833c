//! The only modules that talk to the target.

pub mod load;
pub mod wire;
