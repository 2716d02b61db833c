//! Ids of what checks send: what code compares, where people read a description.

use std::fmt;

/// A step of a check, by its part in it. Ids are unique within a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StepId(&'static str);

impl StepId {
    /// An id; a check declares it once, as a constant.
    pub const fn new(id: &'static str) -> Self {
        Self(id)
    }
}

/// A forgery: a credential that is wrong on purpose. Ids are unique within a scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ForgeryId(&'static str);

impl ForgeryId {
    /// A well-formed credential that was never issued; every scheme has it.
    pub const UNKNOWN: Self = Self::new("unknown");

    /// An ID token for the client: it differs from an access token in its audience.
    pub const ID_TOKEN: Self = Self::new("id-token");

    /// An id.
    pub const fn new(id: &'static str) -> Self {
        Self(id)
    }

    /// As scenarios write it, for a lane of a mix.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for ForgeryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Several forgeries, in the order in which a check sends them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForgeryIds(&'static [&'static str]);

impl ForgeryIds {
    /// A list of ids.
    pub const fn new(ids: &'static [&'static str]) -> Self {
        Self(ids)
    }

    /// Each of them.
    pub fn iter(self) -> impl ExactSizeIterator<Item = ForgeryId> {
        self.0.iter().map(|id| ForgeryId(id))
    }
}
