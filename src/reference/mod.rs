//! The reference target.
