//! The only modules that talk to the target.

pub mod command;
pub mod control;
pub mod load;
pub mod probe;
pub mod rate;
pub mod stop;

pub mod wire;
