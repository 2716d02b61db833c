//! The target between plan and drive: how it is started, where it is, whom its certificate has to satisfy, what its issuer
//! publishes, and why a scenario cannot be tested as it is written. Nothing here sends a request to it.

pub mod address;
pub mod child;
pub mod command;
pub mod destination;
pub mod hook;
pub mod hosts;
pub mod issuer;
pub mod key_exchange;
pub mod listener;
pub mod obstacle;
pub mod proxy;
mod running;
pub mod tls_identity;
pub mod trust;

pub use running::{Held, Running, Server, StartError};
