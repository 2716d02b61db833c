//! What schemes have in common that sign each request with a shared secret: what is signed, and the forgeries about it.

mod forgeries;
mod query;

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;

pub(super) use forgeries::SigningForgeries;
pub(super) use query::{canonical_query, encoded_anew, encoded_once};

use super::{Carried, Carrier, CarrierPlace, Forged, Occasion, Proof, RequestPart, Unforgeable};
use crate::clock;
use crate::observe::Request;
use crate::secret::Secret;

/// How old, or how far ahead, a signature may be unless a scenario says otherwise.
pub const WINDOW: Duration = Duration::from_secs(300);

/// What a client signs its requests with.
#[derive(Clone, Debug)]
pub struct SigningCredential {
    /// Names the secret to the server.
    pub key_id: String,
    /// The shared secret.
    pub secret: Secret,
    /// How old, or how far ahead, a signature may be at the server.
    pub window: Duration,
    /// The region of AWS that the signature is for.
    pub region: String,
    /// The service of AWS that the signature is for.
    pub service: String,
    /// The token of temporary credentials, which travels along.
    pub session_token: Option<Secret>,
    /// Whether the signature travels in the query: a presigned address.
    pub in_query: bool,
    /// Whether bodies are declared as unsigned.
    pub leaves_bodies_out: bool,
    /// Whether bodies are sent in chunks that are signed one by one.
    pub chunks_bodies: bool,
}

impl SigningCredential {
    /// A key with its secret, and nothing else.
    pub fn new(key_id: &str, secret: Secret) -> Self {
        Self {
            key_id: key_id.to_owned(),
            secret,
            window: WINDOW,
            region: String::new(),
            service: String::new(),
            session_token: None,
            in_query: false,
            leaves_bodies_out: false,
            chunks_bodies: false,
        }
    }
}

/// A body that is sent in chunks, which are signed one by one.
#[derive(Clone, Debug)]
pub(super) struct Chunks {
    /// What the chunks are signed for.
    pub(super) signed: Vec<u8>,
    /// What is sent in them.
    pub(super) sent: Vec<u8>,
    /// Whether the signature of the first chunk is altered.
    pub(super) alters_signature: bool,
    /// Whether the chunk is left out that ends the body.
    pub(super) lacks_last: bool,
}

impl Chunks {
    /// The chunks of a body.
    pub(super) fn of(body: &[u8]) -> Self {
        Self { signed: body.to_vec(), sent: body.to_vec(), alters_signature: false, lacks_last: false }
    }
}

/// A request as it is signed. A forgery changes some of it, and may send something else than what it signs.
#[derive(Clone, Debug)]
pub(super) struct SigningParts {
    pub(super) credential: Arc<SigningCredential>,
    pub(super) key_id: String,
    pub(super) secret: Secret,
    /// Name of the algorithm, as it is written.
    pub(super) algorithm: String,
    pub(super) method: String,
    /// The request target: path and query, as they are in the request line.
    pub(super) target: String,
    /// The fields that are signed: names in lower case, with their values.
    pub(super) fields: Vec<(String, String)>,
    /// What is said of the body.
    pub(super) body: String,
    /// Whether it is said in a field of its own.
    pub(super) says_the_body: bool,
    /// Whether the session token is signed.
    pub(super) signs_token: bool,
    /// Whether empty segments and dots are taken out of the path.
    pub(super) normalizes: bool,
    /// Seconds since 1970.
    pub(super) at: i64,
    /// What is written in place of that time.
    pub(super) time: Option<&'static str>,
    /// By how many seconds the day of the key is another one.
    pub(super) scope_offset: i64,
    pub(super) nonce: String,
    /// What is left out of what is written.
    pub(super) left_out: Option<Piece>,
    /// The body, where it is sent in chunks.
    pub(super) chunks: Option<Chunks>,
    /// What is sent beside the credential, or in place of a part of the request.
    pub(super) sent: Vec<Carried>,
}

/// A piece of what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    KeyId,
    Time,
    Nonce,
    Fields,
    Body,
    Signature,
}

/// How a scheme writes what it signs.
pub(super) trait Dialect {
    /// Name of its algorithm.
    const ALGORITHM: &'static str;
    /// Pieces that a request may lack without being wrong, or that the scheme does not have.
    const OPTIONAL: &'static [Piece];
    /// Whether its key is for one day.
    const HAS_SCOPE: bool = false;
    /// What stands for a body that is not signed.
    const UNSIGNED: &'static str = "UNSIGNED-PAYLOAD";

    /// Adds what the scheme signs beside what every one does.
    fn complete(_: &mut SigningParts, _: &Request) {}

    /// The text that is signed.
    fn text(parts: &SigningParts) -> String;

    /// The key that signs it.
    fn key(parts: &SigningParts) -> Vec<u8> {
        parts.secret.expose().as_bytes().to_vec()
    }

    /// The signature, in hexadecimal digits.
    fn signature(parts: &SigningParts) -> String {
        hexadecimal(&hmac_sha256(&Self::key(parts), Self::text(parts).as_bytes()))
    }

    /// What goes onto the wire for a signature.
    fn carried(parts: &SigningParts, carrier: &Carrier, signature: &str) -> Vec<Carried>;

    /// What is said of a body.
    fn body(body: &[u8]) -> String {
        sha256(body)
    }
}

/// What a good request says.
pub(super) fn parts<D: Dialect>(proof: &Proof, occasion: &Occasion<'_>) -> Result<SigningParts, Unforgeable> {
    let Proof::Signing(credential) = proof else {
        return Err(Unforgeable("the credential has no secret that signs".to_owned()));
    };
    let request = occasion.request;
    let host = request.value_of("host").map(|value| String::from_utf8_lossy(value).trim().to_owned());
    let mut parts = SigningParts {
        key_id: credential.key_id.clone(),
        secret: credential.secret.clone(),
        credential: credential.clone(),
        algorithm: D::ALGORITHM.to_owned(),
        method: request.method.clone(),
        target: String::from_utf8_lossy(&request.target).into_owned(),
        fields: vec![("host".to_owned(), host.unwrap_or_default())],
        body: if credential.leaves_bodies_out { D::UNSIGNED.to_owned() } else { D::body(&request.body) },
        says_the_body: true,
        signs_token: true,
        normalizes: true,
        at: clock::unix_seconds(),
        time: None,
        scope_offset: 0,
        nonce: occasion.random.to_owned(),
        left_out: None,
        chunks: None,
        sent: Vec::new(),
    };
    D::complete(&mut parts, request);
    Ok(parts)
}

/// What goes onto the wire for a request.
pub(super) fn signed<D: Dialect>(parts: &SigningParts, carrier: &Carrier) -> Vec<Carried> {
    written::<D>(parts, carrier, &D::signature(parts))
}

/// The same with another signature. The credential is the last that is carried.
pub(super) fn written<D: Dialect>(parts: &SigningParts, carrier: &Carrier, signature: &str) -> Vec<Carried> {
    let mut carried = parts.sent.clone();
    carried.extend(D::carried(parts, carrier, signature));
    carried
}

/// A good credential for a request.
pub(super) fn proven<D: Dialect>(carrier: &Carrier, proof: &Proof, occasion: &Occasion<'_>) -> Forged {
    Ok(signed::<D>(&parts::<D>(proof, occasion)?, carrier))
}

impl SigningParts {
    /// Path and query of what is signed.
    pub(super) fn path_and_query(&self) -> (&str, &str) {
        self.target.split_once('?').unwrap_or((&self.target, ""))
    }

    /// The names of the signed fields, in order.
    pub(super) fn names(&self) -> String {
        let mut names: Vec<&str> = self.fields.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.join(";")
    }

    /// The signed fields, in the order of their names.
    pub(super) fn sorted_fields(&self) -> Vec<&(String, String)> {
        let mut fields: Vec<_> = self.fields.iter().collect();
        fields.sort();
        fields
    }

    /// Whether a piece is written.
    pub(super) fn has(&self, piece: Piece) -> bool {
        self.left_out != Some(piece)
    }

    /// Sends another target than the one of the request.
    pub(super) fn send_target(&mut self, target: impl Into<String>) {
        let place = CarrierPlace::Beside(RequestPart::Target);
        self.sent.push(Carried::new(&place, target.into()));
    }

    /// Sends another body than the one of the request.
    pub(super) fn send_body(&mut self, body: Vec<u8>) {
        if let Some(chunks) = &mut self.chunks {
            chunks.sent = body;
            return;
        }
        self.sent.push(Carried::new(&CarrierPlace::Beside(RequestPart::Body), body));
    }

    /// Sends a field that the request does not have.
    pub(super) fn send_field(&mut self, name: &str, value: &str) {
        self.sent.push(Carried::beside(name, value));
    }
}

/// A request with one more pair in its query.
pub(in crate::scheme) fn with_query(request: &Request, query: &str) -> String {
    let target = String::from_utf8_lossy(&request.target);
    let separator = if target.contains('?') { '&' } else { '?' };
    format!("{target}{separator}{query}")
}

/// The farthest that a forged time is from now, in seconds: a hundred years, which every format of a time can write.
const FARTHEST: i64 = 3_155_760_000;

/// A window in seconds.
pub(in crate::scheme) fn in_seconds(window: Duration) -> i64 {
    i64::try_from(window.as_secs()).unwrap_or(FARTHEST).min(FARTHEST)
}

/// HMAC with SHA-256 (RFC 2104).
pub(super) fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
}

/// The SHA-256 of bytes in hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref())
}

/// Lower-case hexadecimal digits.
pub(in crate::scheme) fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    digits.map(char::from).collect()
}
