//! Client authentication by certificates (RFC 8705 §2).

use super::registration::RegisteredClient;
use super::server::Authority;
use crate::reference::request::PeerCertificate;

/// Whether the certificate of a connection is one of a client: the self-signed one that is registered with it (§2.2), or one
/// that the CA signed for its name (§2.1.2, `tls_client_auth_san_dns`).
pub(super) fn belongs(authority: &Authority, client: &RegisteredClient, certificate: Option<&PeerCertificate>) -> bool {
    let Some(certificate) = certificate.filter(|_| client.secret.is_some()) else { return false };
    let is_own = match certificate.registered_with() {
        Some(name) => name == client.id,
        None => certificate.client_names().contains(&client.id),
    };
    is_own || authority.fault("any-trusted-cert")
}
