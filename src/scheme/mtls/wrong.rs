//! Certificates that are wrong on purpose: each differs from the good one in what its forgery names, and in its signature.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;

use super::certificate::CertificateParts;
use super::wrong_connection;
use crate::clock;
use crate::observe::ForgeryId;

/// A day, in seconds.
const DAY: i64 = 24 * 60 * 60;

/// A certificate with those behind it, and its key, all in PEM.
pub struct MadeCertificate {
    /// Name of the connections that present it.
    pub connection: String,
    /// The chain, its own certificate first.
    pub chain: String,
    /// The private key.
    pub key: String,
}

/// Those that come without the CA: signed by somebody else.
pub(super) const BY_STRANGERS: [ForgeryId; 3] =
    [ForgeryId::UNKNOWN, ForgeryId::new("self-signed"), ForgeryId::new("leaf-as-ca")];
/// Those that the CA has to sign.
pub(super) const BY_THE_CA: [ForgeryId; 6] = [
    super::TWIN,
    ForgeryId::new("expired"),
    ForgeryId::new("not-yet-valid"),
    ForgeryId::new("server-usage"),
    ForgeryId::new("unknown-critical-extension"),
    ForgeryId::new("other-subject"),
];
/// A subject that no client has.
const NOBODY: &str = "authbench-no-such-client";
/// What is no certificate.
pub(super) const MALFORMED: [&str; 2] = ["malformed: cut short", "malformed: no certificate"];

/// A private key in PEM: PKCS #8, SEC 1 or PKCS #1, also behind other blocks, such as the parameters that `openssl ecparam` writes.
fn key_pair(pem: &str) -> Option<KeyPair> {
    KeyPair::try_from(&PrivateKeyDer::from_pem_slice(pem.as_bytes()).ok()?).ok()
}

/// Whether certificates can be signed with a private key in PEM.
pub fn signs_certificates(key: &str) -> bool {
    key_pair(key).is_some()
}

/// All that can be made from the good certificate of a credential, with the key of the CA too; none where it cannot be read.
pub fn wrong_certificates(
    name: &str,
    chain: &[u8],
    key: &str,
    authority: Option<&str>,
) -> Option<Vec<MadeCertificate>> {
    let blocks = pem::parse_many(chain).ok()?;
    let good = blocks.iter().find(|block| block.tag() == "CERTIFICATE")?.contents().to_vec();
    let parts = CertificateParts::of(&good)?;
    let (own, stranger, other_ca) = (key_pair(key), KeyPair::generate().ok()?, KeyPair::generate().ok()?);
    let strangers_key = stranger.serialize_pem();
    let mut made = Vec::new();
    // the key of the client stays as it is written
    let mut add = |id: ForgeryId, chain: Vec<Vec<u8>>, key: &str| {
        let chain = chain.into_iter().map(in_pem).collect();
        made.push(MadeCertificate { connection: wrong_connection(name, id), chain, key: key.to_owned() });
    };
    let [unknown, self_signed, leaf_as_ca] = BY_STRANGERS;
    // whoever is no CA has no key of the client either
    let strangers = parts.clone().with_key(&stranger);
    add(unknown, vec![strangers.signed(&other_ca)?], &strangers_key);
    let alone = strangers.issued_by_itself();
    add(self_signed, vec![alone.signed(&stranger)?], &strangers_key);
    if let Some(own) = &own {
        add(leaf_as_ca, vec![alone.signed(own)?, good], &strangers_key);
    }
    // what the CA signs is for the key that the client has
    if let (Some(authority), Some(_)) = (authority.and_then(key_pair), &own) {
        let now = clock::unix_seconds();
        let [twin, expired, not_yet, for_servers, unknown_extension, other_subject] = BY_THE_CA;
        add(twin, vec![parts.signed(&authority)?], key);
        add(expired, vec![parts.clone().valid(now - 30 * DAY, now - DAY)?.signed(&authority)?], key);
        add(not_yet, vec![parts.clone().valid(now + DAY, now + 30 * DAY)?.signed(&authority)?], key);
        add(for_servers, vec![parts.clone().for_servers().signed(&authority)?], key);
        add(unknown_extension, vec![parts.clone().with_unknown_extension().signed(&authority)?], key);
        add(other_subject, vec![parts.clone().named(NOBODY)?.signed(&authority)?], key);
    }
    Some(made)
}

/// What is no certificate, with keys that are: no parser may break on it.
pub fn malformed_certificates() -> Vec<MadeCertificate> {
    let Ok(made) = rcgen::generate_simple_self_signed(["authbench.test".to_owned()]) else { return Vec::new() };
    let whole = made.cert.der();
    let [cut, nothing] = MALFORMED;
    let values = [(cut, whole[..whole.len() / 2].to_vec()), (nothing, vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x00])];
    let of = |(name, value): (&str, Vec<u8>)| MadeCertificate {
        connection: name.to_owned(),
        chain: in_pem(value),
        key: made.signing_key.serialize_pem(),
    };
    values.map(of).into()
}

/// A correct certificate of a client, from a CA of which the name and the key are known: for a DNS name, until tomorrow.
pub fn client_certificate(ca: (&str, &str), common_name: &str, dns_name: &str, key: &str) -> Option<String> {
    let mut authority = CertificateParams::default();
    authority.distinguished_name = named(ca.0);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = Issuer::new(authority, key_pair(ca.1)?);
    let mut own = CertificateParams::new([dns_name.to_owned()]).ok()?;
    own.distinguished_name = named(common_name);
    own.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    own.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    Some(own.signed_by(&key_pair(key)?, &issuer).ok()?.pem())
}

fn named(common_name: &str) -> rcgen::DistinguishedName {
    let mut name = rcgen::DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

fn in_pem(certificate: Vec<u8>) -> String {
    pem::encode(&pem::Pem::new("CERTIFICATE", certificate))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::pki_types::{CertificateDer, UnixTime};
    use rustls::server::WebPkiClientVerifier;
    use rustls::{CertificateError, Error, RootCertStore};

    use super::*;
    use crate::seed;

    fn verified(chain: &str) -> Result<(), Error> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut authority = CertificateParams::default();
        authority.distinguished_name = named(seed::CLIENT_CA.0);
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = authority.self_signed(&KeyPair::from_pem(seed::CLIENT_CA.1).expect("a key")).expect("signs");
        let mut roots = RootCertStore::empty();
        roots.add(ca.der().clone()).expect("is a CA");
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider).build().expect("verifies");
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain.as_bytes()).collect::<Result<_, _>>().expect("is PEM");
        verifier.verify_client_cert(&chain[0], &chain[1..], UnixTime::now()).map(drop)
    }

    #[test]
    fn each_wrong_certificate_is_refused_for_what_it_names_and_the_twin_is_accepted() {
        let key = seed::keys::CLIENT_SERVICE.key;
        let good =
            client_certificate(seed::CLIENT_CA, "service", "service.clients.reference.test", key).expect("is made");
        assert_eq!(verified(&good), Ok(()));
        let made = wrong_certificates("service", good.as_bytes(), key, Some(seed::CLIENT_CA.1)).expect("are made");
        let by_name =
            |name: &str| made.iter().find(|one| one.connection.ends_with(name)).map(|one| verified(&one.chain));
        assert_eq!(by_name("twin"), Some(Ok(())));
        let is = |name: &str, fits: fn(&CertificateError) -> bool| {
            let seen = by_name(name).expect("is there");
            assert!(matches!(&seen, Err(Error::InvalidCertificate(why)) if fits(why)), "{name}: {seen:?}");
        };
        is("unknown", |why| matches!(why, CertificateError::BadSignature | CertificateError::UnknownIssuer));
        is("self-signed", |why| matches!(why, CertificateError::UnknownIssuer));
        is("leaf-as-ca", |_| true);
        is("expired", |why| matches!(why, CertificateError::ExpiredContext { .. }));
        is("not-yet-valid", |why| matches!(why, CertificateError::NotValidYetContext { .. }));
        is("server-usage", |why| matches!(why, CertificateError::InvalidPurposeContext { .. }));
        is("unknown-critical-extension", |why| why.to_string().contains("CriticalExtension"));
    }

    #[test]
    fn without_the_ca_nothing_is_made_that_it_would_sign() {
        let key = seed::keys::CLIENT_SERVICE.key;
        let good = client_certificate(seed::CLIENT_CA, "a", "a.test", key).expect("is made");
        let made = wrong_certificates("a", good.as_bytes(), key, None).expect("are made");
        assert_eq!(made.len(), BY_STRANGERS.len());
        assert!(wrong_certificates("a", b"no PEM", key, None).is_none());
    }

    /// What `openssl ecparam -genkey` writes.
    const SEC1: &str = "-----BEGIN EC PARAMETERS-----\n\
        BggqhkjOPQMBBw==\n\
        -----END EC PARAMETERS-----\n\
        -----BEGIN EC PRIVATE KEY-----\n\
        MHcCAQEEIIOnwPzX/sbsMj16uVojmG/mgH4L03Zc2qjfJg7W4q41oAoGCCqGSM49\n\
        AwEHoUQDQgAEd9kVtCZ6AEL5P/PGq/OjpRXuTIjVnb1Uc2HGZBEEDYRuBdhxqIrP\n\
        ovFn2MyqI661lUBSBaIvzt1RPjEnsecO0A==\n\
        -----END EC PRIVATE KEY-----\n";

    #[test]
    fn keys_are_read_in_each_form() {
        let good = client_certificate(seed::CLIENT_CA, "a", "a.test", SEC1).expect("is made");
        let pkcs8 = KeyPair::generate().expect("is made").serialize_pem();
        for (key, ca) in [(SEC1, pkcs8.as_str()), (SEC1, SEC1), (pkcs8.as_str(), SEC1)] {
            assert!(signs_certificates(key) && signs_certificates(ca));
            let made = wrong_certificates("a", good.as_bytes(), key, Some(ca)).expect("are made");
            assert_eq!(made.len(), BY_STRANGERS.len() + BY_THE_CA.len());
            for one in &made {
                let read = PrivateKeyDer::from_pem_slice(one.key.as_bytes()).expect("is a key");
                let usable = rustls::crypto::aws_lc_rs::sign::any_supported_type(&read);
                assert!(usable.is_ok(), "{}", one.connection);
            }
        }
        for none in ["", "hunter2", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            assert!(!signs_certificates(none), "{none}");
        }
    }
}
