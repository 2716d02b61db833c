//! JSON Web Signatures made by hand (RFC 7515): claims, then signature, then bytes; any of them may be wrong on purpose,
//! so no library makes them.

pub mod der;
pub mod jwe;
pub mod key;
mod key_error;
mod members;
mod pss;
pub mod published;
mod verifying;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub use key::{Alg, SigningKey};
pub use key_error::KeyError;
pub use members::Members;
pub use verifying::VerificationKey;

/// Base64url without padding (RFC 7515 §2).
pub fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes behind base64url without padding.
pub fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// A token before it is signed: its two JSON objects, member by member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsignedToken {
    /// JOSE header.
    pub header: Members,
    /// Claims.
    pub claims: Members,
}

impl UnsignedToken {
    /// Signs it; the header is taken as it is, whatever algorithm it names.
    pub fn signed(&self, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> Jws {
        Jws::of(self.header.to_json(), self.claims.to_json(), sign)
    }
}

/// A signed token, as the bytes of its three parts.
#[derive(Clone, PartialEq, Eq)]
pub struct Jws {
    /// First part, encoded.
    pub header: String,
    /// Second part, encoded.
    pub payload: String,
    /// Signature, decoded.
    pub signature: Vec<u8>,
}

impl Jws {
    /// Signs a header and a payload, each as it is.
    pub fn of(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> Self {
        let (header, payload) = (encoded(header), encoded(payload));
        let signature = sign(format!("{header}.{payload}").as_bytes());
        Self { header, payload, signature }
    }

    /// Reads a token; none where it is not one with a JSON object in each of the first two parts.
    pub fn read(token: &str) -> Option<Self> {
        let parts: Vec<&str> = token.split('.').collect();
        let [header, payload, signature] = parts.as_slice() else { return None };
        let jws = Self { header: (*header).to_owned(), payload: (*payload).to_owned(), signature: decoded(signature)? };
        jws.unsigned().map(|_| jws)
    }

    /// Its two objects.
    pub fn unsigned(&self) -> Option<UnsignedToken> {
        let header = Members::read(&decoded(&self.header)?)?;
        Some(UnsignedToken { header, claims: Members::read(&decoded(&self.payload)?)? })
    }

    /// What is signed (RFC 7515 §5.1).
    pub fn signing_input(&self) -> String {
        format!("{}.{}", self.header, self.payload)
    }

    /// The compact serialisation (RFC 7515 §7.1).
    pub fn text(&self) -> String {
        format!("{}.{}", self.signing_input(), encoded(&self.signature))
    }

    /// The algorithm that its header names, if it is known here.
    pub fn alg(&self) -> Option<Alg> {
        let header = Members::read(&decoded(&self.header)?)?;
        Alg::named(&header.text("alg")?)
    }
}

impl std::fmt::Debug for Jws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(crate::secret::MASK)
    }
}
