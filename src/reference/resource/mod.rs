//! The resources behind every guard, the guard before them, and the faults of both.

pub(crate) mod challenge_faults;
pub(crate) mod faults;
pub(crate) mod guard_faults;
pub(crate) mod guarded;
pub(crate) mod orders;
