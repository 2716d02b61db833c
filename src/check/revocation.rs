//! Checks of this topic.

use super::Check;

pub(super) const CHECKS: &[Check] = &[];
