//! Proofs of possession as both servers verify them (RFC 9449 §4.3): the authorization server that binds tokens, and the
//! resources that take bound ones.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::fault::Faults;
use super::jose::compact::{Compact, Leniency};
use super::jose::signature::library_verifies;
use super::nonce::StampedNonces;
use super::used::OneTimeUses;
use crate::clock;

/// Algorithms of proofs, as challenges and metadata name them.
pub(crate) const ALGORITHMS: [&str; 3] = ["ES256", "EdDSA", "Ed25519"];
/// How old a proof may be, in seconds (RFC 9449 §11.1).
const OLDEST: i64 = 30;
/// How far in the future a proof may be made, in seconds: clocks differ (RFC 9449 §11.1).
const AHEAD: i64 = 10;
/// How long a nonce is accepted (RFC 9449 §8).
const NONCE_LIFE: Duration = Duration::from_secs(300);
/// Proofs that are remembered (RFC 9449 §11.1).
const MOST_PROOFS: usize = 1 << 18;
/// Characters of a `jti` (RFC 9449 §11.1: those that are unnecessarily large are refused).
const LONGEST_JTI: usize = 256;

/// Why a proof is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProofError {
    /// It is no good proof for this request.
    Invalid,
    /// It has no nonce of this server, or an old one.
    NonceWanted,
}

/// What a proof has to be for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProofTarget<'a> {
    pub(crate) method: &'a str,
    /// Path and query.
    pub(crate) target: &'a str,
    /// The authority that the client used.
    pub(crate) host: Option<&'a str>,
    /// The token that comes along; none at the token endpoint.
    pub(crate) token: Option<&'a str>,
    /// Whether a nonce has to be there.
    pub(crate) needs_nonce: bool,
}

/// Whether a faulty server keeps no proof of this request.
fn forgets(faults: &Faults, of: &ProofTarget<'_>) -> bool {
    let path = of.target.split('?').next().unwrap_or_default();
    let is_write = of.token.is_some() && !matches!(of.method, "GET" | "HEAD" | "OPTIONS");
    faults.on("no-jti-store")
        || (path.ends_with("/account") && faults.on("dpop-account-forgets-jti"))
        || (is_write && faults.on("dpop-writes-forget-jti"))
}

/// Verifies the proofs of one server, and remembers them for as long as they are good.
pub(crate) struct ProofVerifier {
    /// Scheme and authority of the server.
    origin: Url,
    proofs: OneTimeUses,
    nonces: StampedNonces,
}

impl ProofVerifier {
    /// A verifier for the server at an address.
    pub(crate) fn new(base: &str) -> Self {
        let origin = base.parse().unwrap_or_else(|_| Url::parse("http://127.0.0.1").expect("it is an address"));
        Self { origin, proofs: OneTimeUses::new(MOST_PROOFS), nonces: StampedNonces::new() }
    }

    /// A nonce of this server (RFC 9449 §8).
    pub(crate) fn nonce(&self) -> String {
        self.nonces.issue()
    }

    /// Whether a nonce was issued here, and lives.
    fn is_live_nonce(&self, nonce: &str) -> bool {
        self.nonces.age(nonce).is_some_and(|age| (0..=NONCE_LIFE.as_millis() as i64).contains(&age))
    }

    /// The thumbprint of the key that a good proof proves.
    pub(crate) fn verify(&self, faults: &Faults, proof: &str, of: &ProofTarget<'_>) -> Result<String, ProofError> {
        let invalid = ProofError::Invalid;
        let leniency = Leniency { base64: faults.on("proof-encoding-lenient"), ..Leniency::default() };
        let read = Compact::read(proof, leniency).ok_or(invalid)?;
        if read.header_text("typ") != Some("dpop+jwt") && !faults.on("proof-type-ignored") {
            return Err(invalid);
        }
        // RFC 7515 §4.1.11: this server has no extension
        if read.header.contains_key("crit") && !faults.on("proof-crit-ignored") {
            return Err(invalid);
        }
        let jkt = self.key_of(faults, &read).ok_or(invalid)?;
        let jti = match read.claim_text("jti") {
            Some(jti) if !jti.is_empty() && jti.len() <= LONGEST_JTI => Some(jti),
            None if faults.on("missing-jti-ok") && !read.claims.contains_key("jti") => None,
            _ => return Err(invalid),
        };
        let method = read.claim_text("htm").ok_or(invalid)?;
        if method != of.method && !faults.on("htm-ignored") {
            return Err(invalid);
        }
        let htu = read.claim_text("htu").ok_or(invalid)?;
        if !self.is_address_of(faults, htu, of) && !faults.on("htu-ignored") {
            return Err(invalid);
        }
        // RFC 7519 §2: it may have a fraction
        let number = read.claims.get("iat").filter(|number| !faults.on("iat-integer-only") || number.is_i64());
        let made = number.and_then(Value::as_f64).ok_or(invalid)?.floor() as i64;
        let now = clock::unix_seconds();
        let age = now.saturating_sub(made);
        if !(-AHEAD..=OLDEST).contains(&age) && !faults.on("iat-ignored") {
            return Err(invalid);
        }
        let hash = of.token.map(|token| URL_SAFE_NO_PAD.encode(Sha256::digest(token)));
        let hashes = read.claim_text("ath") == hash.as_deref();
        let is_there = of.token.is_none() || read.claim_text("ath").is_some();
        if !(hashes || of.token.is_none() || (is_there && faults.on("ath-ignored"))) {
            return Err(invalid);
        }
        match read.claims.get("nonce") {
            None if of.needs_nonce => return Err(ProofError::NonceWanted),
            None => {}
            Some(nonce) if nonce.as_str().is_some_and(|nonce| self.is_live_nonce(nonce)) => {}
            Some(_) if faults.on("nonce-not-checked") => {}
            Some(_) => return Err(ProofError::NonceWanted),
        }
        if let Some(jti) = jti
            && !self.proofs.take(&format!("{jkt} {jti}"), made, now - OLDEST)
            && !forgets(faults, of)
        {
            return Err(invalid);
        }
        Ok(jkt)
    }

    /// The thumbprint of the key in a proof, where that key signed it.
    fn key_of(&self, faults: &Faults, read: &Compact) -> Option<String> {
        let written: &Map<String, Value> = read.header.get("jwk")?.as_object()?;
        // RFC 9449 §4.3: no private key
        if ["d", "k", "p", "q", "priv"].iter().any(|name| written.contains_key(*name)) && !faults.on("private-jwk-ok") {
            return None;
        }
        let jwk: Jwk = serde_json::from_value(Value::Object(written.clone())).ok()?;
        let jkt = jwk.thumbprint(ThumbprintHash::SHA256).ok()?;
        let algorithm = match read.header_text("alg")? {
            "ES256" => Algorithm::ES256,
            // RFC 9864 §2.2: the same under its later name
            "EdDSA" | "Ed25519" => Algorithm::EdDSA,
            "none" if faults.on("dpop-alg-none") => return Some(jkt),
            _ => return None,
        };
        let key = DecodingKey::from_jwk(&jwk).ok()?;
        (library_verifies(read, &key, algorithm) || faults.on("proof-unsigned")).then_some(jkt)
    }

    /// Whether an address is that of a request, ignoring query and fragment, after normalisation (RFC 9449 §4.3).
    fn is_address_of(&self, faults: &Faults, htu: &str, of: &ProofTarget<'_>) -> bool {
        let own = self.origin.origin().ascii_serialization();
        let by_host = of.host.map(|host| format!("{}://{host}", self.origin.scheme()));
        let mut origins = [Some(own), by_host].into_iter().flatten();
        if faults.on("htu-string-compare") {
            return origins.any(|origin| format!("{origin}{}", of.target) == htu);
        }
        let path = of.target.split('?').next().unwrap_or_default();
        let Some(named) = normalised(faults, htu) else { return false };
        origins.any(|origin| normalised(faults, &format!("{origin}{path}")).is_some_and(|address| address == named))
    }
}

/// An address without query and fragment, with no dot segment and with no character encoded that need not be (RFC 3986 §6.2.2).
fn normalised(faults: &Faults, address: &str) -> Option<Url> {
    let mut url: Url = address.parse().ok()?;
    url.set_query(None);
    url.set_fragment(None);
    if !faults.on("htu-encoding-compared") {
        let path = unreserved_decoded(url.path());
        url.set_path(&path);
    }
    Some(url)
}

/// A path with each percent-encoding of an unreserved character undone (RFC 3986 §6.2.2.2), and the others in upper case.
fn unreserved_decoded(path: &str) -> String {
    let mut parts = path.split('%');
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                    true => decoded.push(char::from(byte)),
                    false => decoded.push_str(&format!("%{byte:02X}")),
                }
                decoded.push_str(&part[2..]);
            }
            None => {
                decoded.push('%');
                decoded.push_str(part);
            }
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_addresses_become_one() {
        for (written, normal) in [
            ("/orders/1", "/orders/1"),
            ("/%6frders/1", "/orders/1"),
            ("/a%2fb%2Fc", "/a%2Fb%2Fc"),
            ("/%7e%", "/~%"),
            ("/%zz/%4", "/%zz/%4"),
        ] {
            assert_eq!(unreserved_decoded(written), normal, "{written}");
        }
    }

    const HEAD: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19";
    const REST: &str = "eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";

    /// RFC 9449, figure 13, whose time is over, and the thumbprint of §6.1.
    #[test]
    fn the_example_of_the_rfc_is_verified_in_all_but_its_time() {
        let proof = format!("{HEAD}.{REST}");
        let of = ProofTarget {
            method: "GET",
            target: "/protectedresource?page=1",
            host: None,
            token: Some("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"),
            needs_nonce: false,
        };
        let verifier = || ProofVerifier::new("https://resource.example.org");
        let timeless = Faults::new(["iat-ignored"]);
        assert_eq!(verifier().verify(&Faults::default(), &proof, &of), Err(ProofError::Invalid));
        let jkt = verifier().verify(&timeless, &proof, &of);
        assert_eq!(jkt.as_deref(), Ok("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"));
        for wrong in [
            ProofTarget { method: "POST", ..of },
            ProofTarget { target: "/other", ..of },
            ProofTarget { token: Some("another"), ..of },
        ] {
            assert_eq!(verifier().verify(&timeless, &proof, &wrong), Err(ProofError::Invalid), "{wrong:?}");
        }
        let replayed = verifier();
        assert!(replayed.verify(&timeless, &proof, &of).is_ok());
        assert_eq!(replayed.verify(&timeless, &proof, &of), Err(ProofError::Invalid), "a second time");
        let wanted = ProofTarget { needs_nonce: true, ..of };
        assert_eq!(verifier().verify(&timeless, &proof, &wanted), Err(ProofError::NonceWanted));
    }

    /// A proof like that of the RFC with other members; nobody signed it.
    fn changed(header: &[(&str, Value)], claims: &[(&str, Value)]) -> String {
        let part = |encoded: &str, changes: &[(&str, Value)]| {
            let bytes = URL_SAFE_NO_PAD.decode(encoded).expect("is Base64url");
            let mut members: Map<String, Value> = serde_json::from_slice(&bytes).expect("is an object");
            members.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
            URL_SAFE_NO_PAD.encode(Value::Object(members).to_string())
        };
        let (payload, signature) = REST.split_once('.').expect("has a signature");
        format!("{}.{}.{signature}", part(HEAD, header), part(payload, claims))
    }

    #[test]
    fn times_of_any_size_are_compared_and_extensions_are_refused() {
        let of = ProofTarget {
            method: "GET",
            target: "/protectedresource",
            host: None,
            token: Some("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"),
            needs_nonce: false,
        };
        let unsigned = Faults::new(["proof-unsigned"]);
        let verified = |proof: &str| ProofVerifier::new("https://resource.example.org").verify(&unsigned, proof, &of);
        let now = clock::unix_seconds();
        for (time, is_good) in [
            (now.into(), true),
            ((now as f64 - 0.5).into(), true),
            ((now - OLDEST - 60).into(), false),
            ((now + AHEAD + 60).into(), false),
            (i64::MIN.into(), false),
            (i64::MAX.into(), false),
            (1e300.into(), false),
            ("0".into(), false),
        ] {
            let verified = verified(&changed(&[], &[("iat", Value::clone(&time))]));
            assert_eq!(verified.is_ok(), is_good, "{time}");
        }
        let good = [("iat", Value::from(now))];
        let critical = [("crit", serde_json::json!(["exp"]))];
        assert!(verified(&changed(&[], &good)).is_ok());
        assert_eq!(verified(&changed(&critical, &good)), Err(ProofError::Invalid));
    }
}
