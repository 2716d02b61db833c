//! The reference target: a sound server for every scheme, with holes that can be opened by name.

pub mod authority;
pub mod fault;
pub mod verify;

pub use fault::{Fault, Faults};
