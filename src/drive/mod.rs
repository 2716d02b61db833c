//! The only modules that talk to the target.

pub mod command;
pub mod control;
pub mod listener;
pub mod load;
pub mod paired;
pub mod probe;
pub mod rate;
pub mod stop;

pub mod wire;
