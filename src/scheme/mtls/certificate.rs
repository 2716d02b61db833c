//! A certificate (RFC 5280 §4.1), taken apart into its encoded parts and signed anew with some of them changed: what is not
//! changed stays as it is, byte for byte.

use ::der::asn1::{Any, AnyRef, BitStringRef};
use ::der::{Decode as _, Encode as _, Reader as _, SliceReader, Tag, TagNumber};
use rcgen::{KeyPair, SigningKey as _};

/// The object identifier of an extended key usage (RFC 5280 §4.2.1.12): 2.5.29.37.
const EXTENDED_KEY_USAGE: &[u8] = &[0x06, 0x03, 0x55, 0x1d, 0x25];
/// The object identifier of a common name (RFC 4519 §2.3): 2.5.4.3.
const COMMON_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x04, 0x03];
/// The object identifier of subject alternative names (RFC 5280 §4.2.1.6): 2.5.29.17.
const SUBJECT_NAMES: &[u8] = &[0x06, 0x03, 0x55, 0x1d, 0x11];
/// An extended key usage for servers and for nothing else: 1.3.6.1.5.5.7.3.1.
const FOR_SERVERS: &[u8] = &[
    0x30, 0x13, 0x06, 0x03, 0x55, 0x1d, 0x25, 0x04, 0x0c, 0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07,
    0x03, 0x01,
];
/// A critical extension that nobody knows (RFC 5280 §4.2): 1.3.6.1.4.1.32473.1, of the arc for examples (RFC 5612).
const UNKNOWN_CRITICAL: &[u8] = &[
    0x30, 0x12, 0x06, 0x09, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x81, 0xfd, 0x59, 0x01, 0x01, 0x01, 0xff, 0x04, 0x02, 0x05,
    0x00,
];

/// The parts of a certificate, each in DER.
#[derive(Clone)]
pub(super) struct CertificateParts {
    version: Vec<u8>,
    serial: Vec<u8>,
    issuer: Vec<u8>,
    validity: Vec<u8>,
    subject: Vec<u8>,
    key: Vec<u8>,
    /// Members between the key and the extensions, which RFC 5280 §4.1.2.8 forbids and old certificates have.
    unique: Vec<u8>,
    extensions: Vec<Vec<u8>>,
}

impl CertificateParts {
    /// Takes a certificate of version 3 apart; none for anything else.
    pub(super) fn of(certificate: &[u8]) -> Option<Self> {
        let whole = members(contents(certificate)?)?;
        let mut parts = members(contents(whole.first()?)?)?.into_iter();
        let mut next = || parts.next().map(<[u8]>::to_vec);
        let (version, serial, _, issuer) = (next()?, next()?, next()?, next()?);
        let (validity, subject, key) = (next()?, next()?, next()?);
        let (mut unique, mut extensions) = (Vec::new(), Vec::new());
        for part in parts {
            match tag_of(part)? {
                Tag::ContextSpecific { constructed: true, number: TagNumber(3) } => {
                    let list = members(contents(contents(part)?)?)?;
                    extensions = list.into_iter().map(<[u8]>::to_vec).collect();
                }
                _ => unique.extend_from_slice(part),
            }
        }
        let explicit = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
        (tag_of(&version)? == explicit).then_some(())?;
        Some(Self { version, serial, issuer, validity, subject, key, unique, extensions })
    }

    /// Another public key.
    pub(super) fn with_key(self, key: &KeyPair) -> Self {
        use rcgen::PublicKeyData as _;
        Self { key: key.subject_public_key_info(), ..self }
    }

    /// With its subject for an issuer.
    pub(super) fn issued_by_itself(self) -> Self {
        Self { issuer: self.subject.clone(), ..self }
    }

    /// Of another subject, with that for its only name.
    pub(super) fn named(mut self, name: &str) -> Option<Self> {
        let attribute = sequence(&[COMMON_NAME, &wrapped(Tag::Utf8String, &[name.as_bytes()])?])?;
        self.subject = sequence(&[&wrapped(Tag::Set, &[&attribute])?])?;
        let dns = Tag::ContextSpecific { constructed: false, number: TagNumber(2) };
        let names = sequence(&[&wrapped(dns, &[name.as_bytes()])?])?;
        self.extensions
            .retain(|extension| contents(extension).is_none_or(|contents| !contents.starts_with(SUBJECT_NAMES)));
        self.extensions.push(sequence(&[SUBJECT_NAMES, &wrapped(Tag::OctetString, &[&names])?])?);
        Some(self)
    }

    /// Valid from and until other moments, in seconds of Unix time.
    pub(super) fn valid(self, from: i64, until: i64) -> Option<Self> {
        Some(Self { validity: sequence(&[&moment(from)?, &moment(until)?])?, ..self })
    }

    /// For servers and for nothing else.
    pub(super) fn for_servers(mut self) -> Self {
        self.extensions
            .retain(|extension| contents(extension).is_none_or(|contents| !contents.starts_with(EXTENDED_KEY_USAGE)));
        self.extensions.push(FOR_SERVERS.to_vec());
        self
    }

    /// With a critical extension that nobody knows.
    pub(super) fn with_unknown_extension(mut self) -> Self {
        self.extensions.push(UNKNOWN_CRITICAL.to_vec());
        self
    }

    /// The certificate, signed with a key.
    pub(super) fn signed(&self, key: &KeyPair) -> Option<Vec<u8>> {
        let algorithm = algorithm_of(key)?;
        let extensions: Vec<&[u8]> = self.extensions.iter().map(Vec::as_slice).collect();
        let extensions = match extensions.is_empty() {
            true => Vec::new(),
            false => {
                wrapped(Tag::ContextSpecific { constructed: true, number: TagNumber(3) }, &[&sequence(&extensions)?])?
            }
        };
        let parts = [&self.version, &self.serial];
        let mut body: Vec<&[u8]> = parts.into_iter().map(Vec::as_slice).collect();
        body.extend([algorithm, &self.issuer, &self.validity, &self.subject, &self.key, &self.unique, &extensions]);
        let body = sequence(&body)?;
        let signature = key.sign(&body).ok()?;
        sequence(&[&body, algorithm, &BitStringRef::from_bytes(&signature).ok()?.to_der().ok()?])
    }

    /// The values of the subject's attributes whose type has this last number below 2.5.4 (RFC 4519 §2).
    pub(super) fn subject_values(&self, number: u8) -> Vec<String> {
        let relative = contents(&self.subject).and_then(members).unwrap_or_default();
        let attributes = relative.into_iter().filter_map(|set| members(contents(set)?)).flatten();
        let values = attributes.filter_map(|attribute| {
            let [kind, value] = members(contents(attribute)?)?[..] else { return None };
            let value = String::from_utf8_lossy(contents(value)?).into_owned();
            (kind == [0x06, 0x03, 0x55, 0x04, number]).then_some(value)
        });
        values.collect()
    }
}

/// AlgorithmIdentifier of the signatures of a key (RFC 5758 §3.2, RFC 4055 §5, RFC 8410 §3).
fn algorithm_of(key: &KeyPair) -> Option<&'static [u8]> {
    let algorithm = key.algorithm();
    let known: [(&rcgen::SignatureAlgorithm, &[u8]); 5] = [
        (&rcgen::PKCS_ECDSA_P256_SHA256, &[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]),
        (&rcgen::PKCS_ECDSA_P384_SHA384, &[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03]),
        (&rcgen::PKCS_ECDSA_P521_SHA512, &[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04]),
        (&rcgen::PKCS_ED25519, &[0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70]),
        (
            &rcgen::PKCS_RSA_SHA256,
            &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00],
        ),
    ];
    known.into_iter().find(|(one, _)| *one == algorithm).map(|(_, identifier)| identifier)
}

/// A moment as RFC 5280 §4.1.2.5.1 has it before 2050.
fn moment(at: i64) -> Option<Vec<u8>> {
    let at = jiff::Timestamp::from_second(at).ok()?;
    let text = at.strftime("%y%m%d%H%M%SZ").to_string();
    wrapped(Tag::UtcTime, &[text.as_bytes()])
}

fn tag_of(element: &[u8]) -> Option<Tag> {
    use ::der::Tagged as _;
    AnyRef::from_der(element).ok().map(|any| any.tag())
}

fn contents(element: &[u8]) -> Option<&[u8]> {
    AnyRef::from_der(element).ok().map(|any| any.value())
}

fn members(contents: &[u8]) -> Option<Vec<&[u8]>> {
    let mut reader = SliceReader::new(contents).ok()?;
    let mut members = Vec::new();
    while !reader.is_finished() {
        members.push(reader.tlv_bytes().ok()?);
    }
    Some(members)
}

fn sequence(members: &[&[u8]]) -> Option<Vec<u8>> {
    wrapped(Tag::Sequence, members)
}

fn wrapped(tag: Tag, contents: &[&[u8]]) -> Option<Vec<u8>> {
    Any::new(tag, contents.concat()).ok()?.to_der().ok()
}
