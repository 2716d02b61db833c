//! Form bodies (RFC 6749 §3.2): parameters once, empty ones as if they were not there.

use std::collections::BTreeMap;

use axum::Extension;
use axum::http::{HeaderMap, Uri, header};

use super::answer::OAuthError;
use crate::reference::request::PeerCertificate;

/// The certificate of a client, as handlers are given it.
pub(super) type Peer = Option<Extension<PeerCertificate>>;

/// Parameters of a request, and the certificate of its connection.
#[derive(Debug, Default)]
pub(crate) struct Params {
    values: BTreeMap<String, String>,
    /// What the client presented in the handshake, if anything.
    pub(super) certificate: Option<PeerCertificate>,
}

/// What a faulty server puts up with.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FormLeniency {
    /// Parameters of the URL count too.
    pub(crate) merge_query: bool,
    /// Of two values the first counts.
    pub(crate) first_wins: bool,
    /// JSON will do.
    pub(crate) json: bool,
}

impl Params {
    /// Names of all parameters.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Reads a form body.
    pub(crate) fn read(
        headers: &HeaderMap,
        uri: &Uri,
        body: &[u8],
        leniency: FormLeniency,
    ) -> Result<Self, OAuthError> {
        let media = headers.get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim();
        if leniency.json && media.eq_ignore_ascii_case("application/json") {
            return Ok(Self { values: serde_json::from_slice(body).unwrap_or_default(), certificate: None });
        }
        if !media.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(OAuthError::bad("invalid_request"));
        }
        let mut params = BTreeMap::new();
        let query = uri.query().filter(|_| leniency.merge_query).unwrap_or_default().as_bytes();
        for (name, value) in url::form_urlencoded::parse(body).chain(url::form_urlencoded::parse(query)) {
            if value.is_empty() {
                continue;
            }
            if leniency.first_wins && params.contains_key(&*name) {
                continue;
            }
            // RFC 6749 §3.2: parameters must not be included more than once
            if params.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(OAuthError::bad("invalid_request"));
            }
        }
        Ok(Self { values: params, certificate: None })
    }

    /// The same over a connection with the certificate of a client.
    pub(super) fn over(self, peer: Peer) -> Self {
        Self { certificate: peer.map(|Extension(certificate)| certificate), ..self }
    }
}
