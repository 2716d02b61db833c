//! Forgeries that fit several schemes: altered values, where and how often a credential appears, how its line is written.

pub(crate) mod malformed;
pub(crate) mod placement;
pub(crate) mod syntax;
pub(crate) mod values;
