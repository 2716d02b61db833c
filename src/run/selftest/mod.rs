//! The proof of the catalogue: its check finds every fault of the reference, nothing trips on the sound one, and nothing
//! passes against servers without hope.

mod hopeless;
mod matrix;
mod proof;
mod trial;

use std::collections::BTreeSet;

use crate::check::{Check, Mode, catalogue, find};
use crate::reference::{Fault, FaultKind, faults};

pub use hopeless::{Hope, hope};
pub use matrix::{Kill, kill, page};
pub use proof::{Effort, OthersBeside, SelftestProof, Sound, prove};
pub use trial::{Ended, Trial, TrialError, TrialLogin};

/// Schemes whose scenarios see a topic, the one that sees most of it first.
pub fn schemes_of(check: &str) -> Vec<&'static str> {
    let group = check.split('.').next().unwrap_or_default();
    let check = find(check);
    let sees = crate::scheme::SCHEMES.iter().filter(|scheme| check.is_some_and(|check| check.is_of(scheme.groups())));
    let mut names: Vec<&'static str> = sees.map(|scheme| scheme.name()).collect();
    // a scheme that obtains its tokens shows more of them than one with a token that is given
    names.sort_by_key(|name| match (group, *name) {
        ("common", "api-key") | ("jwt", "jwt") | ("register", "bearer") => 0,
        (_, "oauth2-client-credentials") => 1,
        _ => 2,
    });
    names
}

/// Checks that no principal fault of the reference proves, and faults whose check does not name them or does not exist.
pub fn unproved() -> Vec<String> {
    let checks: BTreeSet<(&str, &str)> = catalogue().map(|check| (check.fault, check.id)).collect();
    let (principal, others): (Vec<&Fault>, Vec<&Fault>) =
        faults().into_iter().partition(|fault| fault.kind == FaultKind::Principal);
    let principal: BTreeSet<(&str, &str)> = principal.iter().map(|fault| (fault.name, fault.check)).collect();
    let pairs = checks.symmetric_difference(&principal);
    let mut unproved: Vec<String> =
        pairs.map(|(fault, check)| format!("{check} and the fault {fault} do not name each other")).collect();
    let unknown = others.iter().filter(|fault| find(fault.check).is_none());
    unproved.extend(
        unknown.map(|fault| format!("the fault {} names the check {}: there is none", fault.name, fault.check)),
    );
    unproved
}

/// Whether a check costs too much to be tried against the faults of others: it waits, it samples, or it sends a lot.
fn is_costly(check: &Check) -> bool {
    const MANY: usize = 20;
    check.mode != Mode::Deterministic || check.steps.iter().map(crate::check::Step::probes).sum::<usize>() > MANY
}
