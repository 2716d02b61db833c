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
    /// What the check must conclude.
    pub kind: FaultKind,
}

/// How a fault and its check belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The one fault that the check names; the check fails or warns.
    Principal,
    /// Another way to do what the check forbids, which one scheme shows; the check fails or warns.
    Variant,
    /// Another way to do what the check forbids, under every scheme; the check fails or warns.
    Outcome,
    /// An answer that proves neither a grant nor a refusal, under every scheme; the check is inconclusive, and so is a run of
    /// it alone.
    Undecidable,
}

/// One row of a table of faults: the principal fault of a check.
pub(crate) const fn row(name: &'static str, check: &'static str, opens: &'static str) -> Fault {
    Fault { name, check, opens, kind: FaultKind::Principal }
}

/// One row of a table of faults: another fault of what a check forbids, where not every scheme shows it.
pub(crate) const fn variant(name: &'static str, check: &'static str, opens: &'static str) -> Fault {
    Fault { name, check, opens, kind: FaultKind::Variant }
}

/// One row of a table of faults: another fault that a check must find.
pub(crate) const fn outcome(name: &'static str, check: &'static str, opens: &'static str) -> Fault {
    Fault { name, check, opens, kind: FaultKind::Outcome }
}

/// One row of a table of faults: one that leaves a check without a verdict.
pub(crate) const fn undecidable(name: &'static str, check: &'static str, opens: &'static str) -> Fault {
    Fault { name, check, opens, kind: FaultKind::Undecidable }
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
