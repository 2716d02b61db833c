//! Faults of client certificates, and what they do.

use std::sync::Arc;

use axum::http::request::Parts;
use rustls::CertificateError;

use super::known;
use crate::reference::fault::{Fault, Faults, row, variant};
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
    row("no-validity-check", "mtls.validity-and-usage-checked", "does not look at the dates of a certificate"),
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
    row("mtls-foreign-pages-write", "mtls.foreign-page-write-refused", "lets pages of other sites write"),
];

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
            trusts_subject_only: faults.on("trusts-subject-only"),
            no_validity_check: faults.on("no-validity-check"),
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
    if state.fault("trusts-client-cert-header") {
        let subject = parts.headers.get("x-client-dn")?.to_str().ok()?;
        return known(subject.strip_prefix("CN=")?);
    }
    None
}
