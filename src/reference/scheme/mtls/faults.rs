//! Faults of client certificates, and what they do.

use std::sync::Arc;

use axum::http::request::Parts;
use rustls::CertificateError;
use rustls::pki_types::UnixTime;

use super::known;
use crate::reference::fault::{Fault, Faults, row, variant};
use crate::reference::scheme::bearer::faults::{at_account, at_write};
use crate::reference::state::{Principal, ReferenceState};
use crate::seed::IDENTITIES;

/// Faults of the handshake, and of the guard behind it.
pub(crate) const FAULTS: &[Fault] = &[
    row("mtls-rejects-everything", "mtls.valid-accepted", "trusts no CA of clients"),
    row(
        "certificate-optional",
        "mtls.missing-certificate-refused",
        "asks for a certificate and takes whoever has none for the default client",
    ),
    row(
        "trusts-subject-only",
        "mtls.untrusted-chain-refused",
        "looks at the name in a certificate and not at who signed it",
    ),
    variant(
        "account-trusts-any-issuer",
        "mtls.untrusted-chain-refused",
        "does not look at who signed a certificate at one route",
    ),
    variant(
        "writes-trust-any-issuer",
        "mtls.untrusted-chain-refused",
        "does not look at who signed a certificate for writes",
    ),
    row("no-validity-check", "mtls.validity-and-usage-checked", "does not look at the dates of a certificate"),
    variant(
        "account-takes-expired-certificates",
        "mtls.validity-and-usage-checked",
        "does not look at the dates of a certificate at one route",
    ),
    variant(
        "writes-take-expired-certificates",
        "mtls.validity-and-usage-checked",
        "does not look at the dates of a certificate for writes",
    ),
    variant(
        "any-certificate-usage",
        "mtls.validity-and-usage-checked",
        "accepts a certificate for servers as one of a client",
    ),
    row(
        "trusts-client-cert-header",
        "mtls.certificate-header-spoof",
        "takes a certificate in a header field for one that was presented",
    ),
    variant(
        "account-trusts-client-cert-header",
        "mtls.certificate-header-spoof",
        "takes a certificate in a header field for one that was presented, at one route",
    ),
    variant(
        "writes-trust-client-cert-header",
        "mtls.certificate-header-spoof",
        "takes a certificate in a header field for one that was presented, for writes",
    ),
    row("mtls-foreign-pages-write", "mtls.foreign-page-write-refused", "lets pages of other sites write"),
];

/// Faults of one route and of writes: of the issuer, and of the dates of a certificate.
const AT_ROUTES: [[&str; 2]; 2] = [
    ["account-trusts-any-issuer", "writes-trust-any-issuer"],
    ["account-takes-expired-certificates", "writes-take-expired-certificates"],
];

/// Whether a request comes with a certificate that the handshake let pass for another route.
pub(super) fn is_of_another_route(state: &ReferenceState, parts: &Parts, certificate: &[u8]) -> bool {
    let open = |[at_route, of_writes]: &[&str; 2]| state.fault(at_route) || state.fault(of_writes);
    if !AT_ROUTES.iter().any(open) {
        return false;
    }
    let here =
        |[at_route, of_writes]: &[&str; 2]| at_account(state, parts, at_route) || at_write(state, parts, of_writes);
    let sound = super::clients::verifier(&Faults::default());
    let verified = sound.map(|sound| sound.verify_client_cert(&certificate.into(), &[], UnixTime::now()));
    !AT_ROUTES.iter().any(here) && !matches!(verified, Ok(Ok(_)))
}

/// Those of the handshake that are open.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClientFaults {
    pub(super) rejects_everything: bool,
    trusts_subject_only: bool,
    no_validity_check: bool,
    any_usage: bool,
}

impl ClientFaults {
    pub(super) fn of(faults: &Faults) -> Self {
        Self {
            rejects_everything: faults.on("mtls-rejects-everything"),
            // what one route forgets to verify comes through the handshake everywhere
            trusts_subject_only: faults.on("trusts-subject-only") || AT_ROUTES[0].iter().any(|name| faults.on(name)),
            no_validity_check: faults.on("no-validity-check") || AT_ROUTES[1].iter().any(|name| faults.on(name)),
            any_usage: faults.on("any-certificate-usage"),
        }
    }

    /// Whether what is wrong with a certificate is overlooked.
    pub(super) fn overlook(self, why: &CertificateError) -> bool {
        use CertificateError::{
            BadSignature, Expired, ExpiredContext, InvalidPurpose, InvalidPurposeContext, NotValidYet,
            NotValidYetContext, UnknownIssuer,
        };
        match why {
            UnknownIssuer | BadSignature => self.trusts_subject_only,
            Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. } => self.no_validity_check,
            InvalidPurpose | InvalidPurposeContext { .. } => self.any_usage,
            _ => false,
        }
    }
}

/// Whom a faulty guard takes a client without a certificate for.
pub(super) fn without_certificate(state: &ReferenceState, parts: &Parts) -> Option<Arc<Principal>> {
    if state.fault("certificate-optional") {
        return known(IDENTITIES[0].name);
    }
    let trusts_header = state.fault("trusts-client-cert-header")
        || at_account(state, parts, "account-trusts-client-cert-header")
        || at_write(state, parts, "writes-trust-client-cert-header");
    if trusts_header {
        let subject = parts.headers.get("x-client-dn")?.to_str().ok()?;
        return known(subject.strip_prefix("CN=")?);
    }
    None
}
