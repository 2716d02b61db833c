//! Authentication benchmarking and conformance testing for HTTP APIs.
//!
//! A scenario is resolved against the catalogue into a plan; the plan drives a target; what came back is observed as
//! evidence; evidence is judged without I/O; every result becomes an event; reports are functions of the events.

pub mod clock;
pub mod exit;
pub mod secret;
pub mod seed;

pub mod openapi;
pub mod scenario;

pub mod check;
pub mod scheme;

pub mod plan;

pub mod drive;
pub mod observe;
pub mod target;

pub mod judge;
pub mod stats;

pub mod event;
pub mod report;

pub mod reference;

pub mod cli;
pub mod run;
