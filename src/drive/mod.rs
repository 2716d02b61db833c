//! The only modules that talk to the target.

pub mod command;
pub mod control;
pub mod load;

pub mod wire;
