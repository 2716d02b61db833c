//! What is read of a request: header values, query parameters, cookies.

use std::sync::{Arc, LazyLock};

use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};
use base64::{Engine as _, alphabet};
use hyper::body::Bytes;
use rustls::pki_types::CertificateDer;
use sha2::{Digest as _, Sha256};

use super::state::KeyLocation;
use crate::seed::{CLIENT_DOMAIN, SESSION_COOKIE, keys};

/// Bytes of a request body.
pub(crate) const BODY_LIMIT: usize = 1 << 20;

/// The certificate that the client presented in the handshake, and that was accepted there, in DER.
#[derive(Clone, Debug)]
pub(crate) struct PeerCertificate(pub(crate) Arc<[u8]>);

/// The body of a request whose credential signs it.
#[derive(Clone, Debug)]
pub(crate) struct ReceivedBody(pub(crate) Bytes);

/// The host that a request names (RFC 9110 §7.2): over HTTP/2 it is a part of the target (RFC 9113 §8.3.1).
pub(crate) fn host_of(parts: &Parts) -> Option<&str> {
    host_in(&parts.headers, &parts.uri)
}

/// The same of the header fields and the target of a request.
pub(crate) fn host_in<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let field = headers.get(axum::http::header::HOST).and_then(|value| value.to_str().ok());
    field.map(str::trim).or_else(|| uri.authority().map(|authority| authority.as_str()))
}

impl PeerCertificate {
    /// Its thumbprint (RFC 8705 §3.1): of the DER, or through a fault of the PEM.
    pub(crate) fn thumbprint(&self, of_pem: bool) -> String {
        let hash = match of_pem {
            true => Sha256::digest(pem::encode(&pem::Pem::new("CERTIFICATE", &*self.0))),
            false => Sha256::digest(&*self.0),
        };
        URL_SAFE_NO_PAD.encode(hash)
    }

    /// Its names in the domain of clients, without that.
    pub(crate) fn client_names(&self) -> Vec<String> {
        let certificate = CertificateDer::from(&*self.0);
        let Ok(read) = webpki::EndEntityCert::try_from(&certificate) else { return Vec::new() };
        read.valid_dns_names().filter_map(|name| name.strip_suffix(CLIENT_DOMAIN).map(str::to_owned)).collect()
    }

    /// The client with which it is registered as it is (RFC 8705 §2.2).
    pub(crate) fn registered_with(&self) -> Option<&'static str> {
        registered_with(&self.0)
    }
}

/// The client with which a self-signed certificate in DER is registered.
pub(crate) fn registered_with(der: &[u8]) -> Option<&'static str> {
    static REGISTERED: LazyLock<Vec<(&str, Vec<u8>)>> = LazyLock::new(|| {
        let read = |(name, text): (&'static str, &str)| Some((name, pem::parse(text).ok()?.into_contents()));
        keys::SELF_SIGNED.into_iter().filter_map(read).collect()
    });
    REGISTERED.iter().find(|(_, own)| own == der).map(|(name, _)| *name)
}

/// A header value with bytes outside visible ASCII.
pub(crate) struct NotText;

/// All values of a header; a value that is no text counts as malformed.
pub(crate) fn header_values<'a>(headers: &'a HeaderMap, name: &str) -> Result<Vec<&'a str>, NotText> {
    headers.get_all(name).iter().map(|value| value.to_str().map_err(|_| NotText)).collect()
}

/// A decoder of Base64 that minds neither padding nor left-over bits (RFC 4648 §3.2, §3.5): only faults ask for it.
pub(crate) const LAX: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A field value without the no-break spaces and next lines of Latin-1 at its end: only faults ask for it.
pub(crate) fn without_blanks_of_latin_1(value: &[u8]) -> &[u8] {
    let end = value.iter().rposition(|byte| !matches!(byte, 0xa0 | 0x85)).map_or(0, |at| at + 1);
    &value[..end]
}

/// A text with its full-width letters made plain, as compatibility normalisation does: only faults ask for it.
pub(crate) fn without_full_width(text: &str) -> String {
    let plain = |c: char| match u32::from(c) {
        wide @ 0xff01..=0xff5e => char::from_u32(wide - 0xfee0).unwrap_or(c),
        _ => c,
    };
    text.chars().map(plain).collect()
}

/// The value of a query parameter, decoded.
pub(crate) fn query_value(parts: &Parts, name: &str) -> Option<String> {
    let query = parts.uri.query()?;
    url::form_urlencoded::parse(query.as_bytes()).find(|(other, _)| other == name).map(|(_, value)| value.into_owned())
}

/// The value of a cookie (RFC 6265 §5.4).
pub(crate) fn cookie_value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    cookie_values(headers, name).next()
}

/// All values of a cookie.
pub(crate) fn cookie_values<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all("cookie").iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(move |(other, _)| *other == name).map(|(_, value)| value)
}

/// Whether a request carries no credential: neither in the handshake, nor in `Authorization`, nor a signature elsewhere, nor where API
/// keys or sessions are expected.
pub(crate) fn is_anonymous(key: &KeyLocation, parts: &Parts) -> bool {
    !parts.headers.contains_key(axum::http::header::AUTHORIZATION)
        && !parts.headers.contains_key("signature")
        && query_value(parts, "X-Amz-Signature").is_none()
        && parts.extensions.get::<PeerCertificate>().is_none()
        && cookie_value(&parts.headers, SESSION_COOKIE).is_none()
        && match key {
            KeyLocation::Header(name) => !parts.headers.contains_key(name.as_str()),
            KeyLocation::Query(name) => query_value(parts, name).is_none(),
            KeyLocation::Cookie(name) => cookie_value(&parts.headers, name).is_none(),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The certificate of RFC 8705 appendix A (figure 6).
    const PUBLISHED: &str = include_str!("../../tests/vectors/rfc8705.pem");

    #[test]
    fn the_thumbprint_of_a_certificate_is_that_of_the_rfc() {
        let der = pem::parse(PUBLISHED).expect("is PEM").into_contents();
        let thumbprint = PeerCertificate(der.into()).thumbprint(false);
        assert_eq!(thumbprint, "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0");
    }
}
