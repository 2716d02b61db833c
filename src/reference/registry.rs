//! All faults, collected from the rooms that declare them.

use super::fault::Fault;
use super::{authority, resource, scheme, serve};

/// One table for each scheme, one of the authorization server, one of the resources; those of
/// outcomes have a table in `serve/`.
const TABLES: &[&[Fault]] = &[
    scheme::api_key::faults::FAULTS,
    scheme::session::faults::FAULTS,
    scheme::login_token::faults::FAULTS,
    scheme::login_token::registered::FAULTS,
    scheme::login_token::registered::CONFIGURATION_FAULTS,
    scheme::login_token::one_time::FAULTS,
    scheme::basic::faults::FAULTS,
    scheme::digest::faults::FAULTS,
    scheme::bearer::faults::FAULTS,
    scheme::jwt::faults::FAULTS,
    scheme::mtls::faults::FAULTS,
    scheme::dpop::faults::FAULTS,
    scheme::hmac::faults::FAULTS,
    scheme::httpsig::faults::FAULTS,
    authority::faults::FAULTS,
    resource::faults::FAULTS,
];

/// All faults.
pub fn faults() -> Vec<&'static Fault> {
    let outcomes = serve::outcome_faults::FAULTS.iter().map(|one| &one.fault);
    TABLES.iter().copied().flatten().chain(outcomes).collect()
}

/// The name of a fault that a misspelt one may mean.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let near = faults().into_iter().map(|fault| (strsim::damerau_levenshtein(fault.name, name), fault.name));
    near.min().filter(|(distance, _)| *distance <= name.len().div_ceil(3)).map(|(_, name)| name)
}
