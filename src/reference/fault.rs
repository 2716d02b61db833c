//! Deliberate vulnerabilities of the server, by name.

use std::collections::BTreeSet;

/// A deliberate vulnerability that the reference can open.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// Name, as `--fault` takes it.
    pub name: &'static str,
    /// Id of the check that must find it.
    pub check: &'static str,
    /// What the server does wrong when it is open.
    pub opens: &'static str,
}

/// One row of a table of faults.
pub(crate) const fn row(name: &'static str, check: &'static str, opens: &'static str) -> Fault {
    Fault { name, check, opens }
}

/// The faults that are open in one server.
#[derive(Clone, Debug, Default)]
pub struct Faults(BTreeSet<String>);

impl Faults {
    /// Opens faults by name; whether the names exist is checked where they are read.
    pub fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }

    /// Whether a fault is open.
    pub fn on(&self, name: &str) -> bool {
        !self.0.is_empty() && self.0.contains(name)
    }
}
