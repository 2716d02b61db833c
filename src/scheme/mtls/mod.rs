//! Client certificates (RFC 8446 §4.4.2, RFC 8705): who a client is shows in the TLS handshake, and its requests carry
//! nothing. A forgery is another certificate, whose connections have a name of their own.

mod certificate;
mod wrong;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::observe::{ForgeryId, Phrase};
use crate::scheme::{Carried, Carrier, CarrierPlace, Forged, Forgery, ForgeryContext, Proof, Scheme, Unforgeable};
use certificate::CertificateParts;

pub use wrong::{MadeCertificate, client_certificate, malformed_certificates, signs_certificates, wrong_certificates};

/// What is missing where the CA that signs client certificates is not there.
const NO_AUTHORITY: &str = "no `material.client_ca`: a certificate that is wrong in this way alone has to be signed by the CA that the target trusts";

/// A certificate that is correct in all, signed by the CA of the scenario: only where it opens what the good one opens does
/// a refusal of the others prove anything.
pub const TWIN: ForgeryId = ForgeryId::new("twin");

/// The certificate of a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateProof {
    /// Name of the connections that present it.
    pub connection: String,
    /// The certificate in PEM, with those that lead to its CA.
    pub chain: Vec<u8>,
}

impl CertificateProof {
    /// The certificate itself in DER.
    fn der(&self) -> Option<Vec<u8>> {
        first_certificate(&self.chain)
    }
}

/// The first certificate of a chain in PEM, in DER.
fn first_certificate(chain: &[u8]) -> Option<Vec<u8>> {
    let blocks = pem::parse_many(chain).ok()?;
    blocks.into_iter().find(|block| block.tag() == "CERTIFICATE").map(pem::Pem::into_contents)
}

/// The thumbprint of the certificate that a chain in PEM begins with.
pub fn thumbprint_of(chain: &[u8]) -> Option<String> {
    first_certificate(chain).map(|der| thumbprint(&der))
}

/// The SHA-256 of a certificate in DER, in base64url without padding: `x5t#S256` (RFC 8705 §3.1, RFC 7515 §4.1.8).
pub fn thumbprint(der: &[u8]) -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(Sha256::digest(der))
}

/// The name of the connections that present a forgery of the certificate of a credential.
pub fn wrong_connection(name: &str, id: ForgeryId) -> String {
    format!("{name}, {id}")
}

pub(super) struct MtlsScheme;

impl Scheme for MtlsScheme {
    fn name(&self) -> &'static str {
        "mtls"
    }

    fn profile_name(&self) -> &'static str {
        "mtls"
    }

    fn groups(&self) -> &'static [&'static str] {
        &["mtls", "common"]
    }

    fn carrier(&self) -> Carrier {
        Carrier { place: CarrierPlace::Certificate(String::new()), prefix: String::new() }
    }

    fn proves_in_handshake(&self) -> bool {
        true
    }

    fn carry(&self, _: &Carrier, proof: &Proof) -> Vec<Carried> {
        match proof {
            Proof::Certificate(own) => vec![Carried::certificate(&own.connection)],
            _ => Vec::new(),
        }
    }

    fn forgeries(&self) -> &'static [Forgery] {
        FORGERIES
    }

    fn malformed(&self, _: &Carrier) -> Vec<(Phrase, Vec<Carried>)> {
        let [cut, nothing] = wrong::MALFORMED;
        vec![
            (Phrase::new("the first half of a certificate"), vec![Carried::certificate(cut)]),
            (Phrase::new("a few bytes that are no certificate"), vec![Carried::certificate(nothing)]),
        ]
    }
}

/// The table of forgeries.
const FORGERIES: &[Forgery] = &[
    Forgery::new("unknown", "a certificate with the same names from another CA of the same name", |context| {
        presented(context, "unknown")
    }),
    Forgery::new("self-signed", "a self-signed certificate with the same names", |context| {
        presented(context, "self-signed")
    }),
    Forgery::new(
        "leaf-as-ca",
        "a certificate with the same names that the client's own certificate signed",
        |context| presented(context, "leaf-as-ca"),
    ),
    Forgery::new("twin", "a correct certificate with the same names that `material.client_ca` signed", |context| {
        signed(context, "twin")
    }),
    Forgery::new("extended", "the certificate with one character appended", |_| Err(not_written())),
    Forgery::new("base64", "the certificate in Base64", |_| Err(not_written())),
    Forgery::new("expired", "a certificate that ended a day ago", |context| signed(context, "expired")),
    Forgery::new("not-yet-valid", "a certificate that is valid from tomorrow on", |context| {
        signed(context, "not-yet-valid")
    }),
    Forgery::new("server-usage", "a certificate whose extended key usage is for servers alone", |context| {
        signed(context, "server-usage")
    }),
    Forgery::new(
        "unknown-critical-extension",
        "a certificate with a critical extension that nobody knows",
        |context| signed(context, "unknown-critical-extension"),
    ),
    Forgery::new("header-client-cert", "no certificate, and the good one in Client-Cert (RFC 9440)", |context| {
        let der = der(context)?;
        Ok(vec![Carried::header("Client-Cert", format!(":{}:", STANDARD.encode(der)))])
    }),
    Forgery::new("header-forwarded", "no certificate, and the good one in X-Forwarded-Client-Cert", |context| {
        let (der, names) = (der(context)?, names(context)?);
        let hash: String = Sha256::digest(&der).iter().map(|byte| format!("{byte:02x}")).collect();
        let value = format!("Hash={hash};Cert=\"{}\";Subject=\"{names}\"", in_url(&in_pem(der)));
        Ok(vec![Carried::header("X-Forwarded-Client-Cert", value)])
    }),
    Forgery::new("header-ssl-cert", "no certificate, and the good one in X-SSL-Client-Cert with SUCCESS", |context| {
        let pem = in_url(&in_pem(der(context)?));
        Ok(vec![
            Carried::header("X-SSL-Client-Cert", &pem),
            Carried::header("SSL_CLIENT_CERT", &pem),
            Carried::header("X-SSL-Client-Verify", "SUCCESS"),
        ])
    }),
    Forgery::new("header-subject", "no certificate, and the good subject in X-Client-DN with SUCCESS", |context| {
        let names = names(context)?;
        Ok(vec![
            Carried::header("X-Client-DN", &names),
            Carried::header("X-SSL-Client-S-DN", &names),
            Carried::header("X-SSL-Client-Verify", "SUCCESS"),
        ])
    }),
];

/// Spellings are of what a request carries.
fn not_written() -> Unforgeable {
    Unforgeable("requests carry no credential".to_owned())
}

fn own<'a>(context: &'a ForgeryContext<'_>) -> Result<&'a CertificateProof, Unforgeable> {
    match context.proof {
        Proof::Certificate(own) => Ok(own),
        _ => Err(Unforgeable("the credential has no certificate".to_owned())),
    }
}

/// Another certificate on a connection of its own.
fn presented(context: &ForgeryContext<'_>, id: &'static str) -> Forged {
    Ok(vec![Carried::certificate(wrong_connection(&own(context)?.connection, ForgeryId::new(id)))])
}

/// The same for one that the CA has to sign.
fn signed(context: &ForgeryContext<'_>, id: &'static str) -> Forged {
    match context.kit.signs_certificates {
        true => presented(context, id),
        false => Err(Unforgeable(NO_AUTHORITY.to_owned())),
    }
}

fn der(context: &ForgeryContext<'_>) -> Result<Vec<u8>, Unforgeable> {
    own(context)?.der().ok_or_else(|| Unforgeable("the certificate cannot be read".to_owned()))
}

/// The subject as proxies write it (RFC 4514).
fn names(context: &ForgeryContext<'_>) -> Result<String, Unforgeable> {
    let parts = CertificateParts::of(&der(context)?);
    let parts = parts.ok_or_else(|| Unforgeable("the certificate cannot be read".to_owned()))?;
    let attributes = [("CN", 3), ("OU", 11), ("O", 10), ("C", 6)];
    let written = attributes.into_iter().flat_map(|(name, number)| {
        parts.subject_values(number).into_iter().map(move |value| format!("{name}={value}"))
    });
    Ok(written.collect::<Vec<_>>().join(","))
}

fn in_pem(der: Vec<u8>) -> String {
    pem::encode(&pem::Pem::new("CERTIFICATE", der))
}

fn in_url(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
