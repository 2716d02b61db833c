//! The only modules that talk to the target.

pub mod barrier;
pub mod control;
pub mod load;
pub mod login;
pub mod paired;
pub mod probe;
pub mod process;
pub mod rate;
pub mod reach;
pub mod stop;

pub mod wire;
