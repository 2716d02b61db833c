//! Tokens and keys: a token that reads is written as it was, a key that reads signs what its public half verifies, and published
//! keys of any content verify nothing by accident.

use authbench::scheme::jose::published::{family_of, public_bytes, public_key_info, thumbprint, verifies};
use authbench::scheme::jose::{Alg, Jws, Members, SigningKey, der, jwe};
use serde_json::Value;

pub(super) const WORDS: &[&str] = &[
    "eyJhbGciOiJIUzI1NiJ9",
    "eyJhbGciOiJub25lIn0",
    "e30",
    ".",
    "..",
    "{\"kty\":\"",
    "RSA",
    "EC",
    "OKP",
    "oct",
    "AKP",
    "\"alg\":\"ML-DSA-44\"",
    "\"pub\":\"",
    "\"priv\":\"",
    "\"crv\":\"P-256\"",
    "\"crv\":\"Ed25519\"",
    "\"n\":\"",
    "\"e\":\"AQAB\"",
    "\"x\":\"",
    "\"y\":\"",
    "\"d\":\"",
    "\"k\":\"",
    "\"alg\":\"ES256\"",
    "\"kid\":\"a\"",
    "{\"keys\":[",
    "]}",
    "AAAA",
    "-----BEGIN PRIVATE KEY-----\n",
    "-----END PRIVATE KEY-----\n",
    "-----BEGIN EC PRIVATE KEY-----\n",
    "-----BEGIN RSA PUBLIC KEY-----\n",
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n",
    "Proc-Type: 4,ENCRYPTED\n",
    "MIIB",
    "MC4CAQAwBQYDK2VwBCIEI",
];

const ALGS: [Alg; 7] = [Alg::RS256, Alg::PS256, Alg::ES256, Alg::ES384, Alg::EdDSA, Alg::Ed25519, Alg::MlDsa44];

fn token(text: &str) {
    let Some(jws) = Jws::read(text) else { return };
    assert_eq!(jws.text(), text, "a token that is written again");
    let unsigned = jws.unsigned().expect("a token that reads has two objects");
    for members in [&unsigned.header, &unsigned.claims] {
        let written = members.to_json();
        let again = Members::read(written.as_bytes()).expect("an object that is written again is one");
        // the last digit of a fraction may change
        assert!(again == *members || written.contains(['.', 'e', 'E']), "{written}");
    }
    let _ = jws.alg();
}

fn published(key: &Value) {
    let _ = (family_of(key), public_bytes(key), public_key_info(key), thumbprint(key));
    for alg in ALGS {
        assert!(!verifies(key, alg, b"input", &[1; 64]), "a made-up signature is verified by {key}");
    }
    let header = Members::read(br#"{"alg":"RSA-OAEP-256","enc":"A256GCM"}"#).expect("an object");
    drop(jwe::to_holder(key, header, b"plain", [7; 32]));
}

fn private(text: &str) {
    for alg in [None, Some(Alg::ES256), Some(Alg::RS256), Some(Alg::MlDsa44)] {
        match SigningKey::read(text, None, alg) {
            Ok(key) => {
                let made = key.sign(b"input");
                if let Some(jwk) = key.public_jwk().filter(|_| !made.is_empty()) {
                    assert!(verifies(&jwk, key.alg, b"input", &made), "a signature of {:?} does not verify", key.alg);
                }
                assert!(format!("{key:?}").len() < 64 + text.len(), "a debug print that shows a key");
            }
            Err(error) => assert!(error.to_string().len() < 120, "{error}"),
        }
    }
}

pub(super) fn run(data: &[u8]) {
    if let Some((modulus, exponent)) = der::rsa_numbers(data) {
        let again = der::rsa_public(modulus, exponent).expect("numbers that were read are written");
        assert_eq!(der::rsa_numbers(&again), Some((modulus, exponent)), "an RSA key that is written again");
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    token(text);
    private(text);
    for block in der::from_pem(text).unwrap_or_default() {
        let again = der::from_pem(&der::pem(block.tag(), block.contents())).expect("PEM that was written is read");
        assert_eq!(again[0].contents(), block.contents(), "a PEM block that is written again");
    }
    let Ok(json) = serde_json::from_str::<Value>(text) else { return };
    published(&json);
    let keys = json["keys"].as_array().map_or(&[][..], Vec::as_slice);
    keys.iter().take(8).for_each(published);
}
