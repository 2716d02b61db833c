//! Lies about where and how often a credential appears; they fit every scheme.

use super::Forgery;

pub(super) const FORGERIES: &[Forgery] = &[];
