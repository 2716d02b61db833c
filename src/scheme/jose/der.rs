//! As much of DER (X.690) as keys need: integers, sequences, and the public key forms of RFC 5280 §4.1.2.7.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;

/// One value with its tag and length.
fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let bytes = content.len().to_be_bytes();
    let significant = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
    if content.len() < 0x80 {
        out.push(content.len().to_le_bytes()[0]);
    } else {
        out.push(0x80 | significant.len().to_le_bytes()[0]);
        out.extend_from_slice(significant);
    }
    out.extend_from_slice(content);
    out
}

/// A sequence of values.
pub fn sequence(values: &[Vec<u8>]) -> Vec<u8> {
    value(SEQUENCE, &values.concat())
}

/// A non-negative integer from its bytes, most significant first.
pub fn integer(bytes: &[u8]) -> Vec<u8> {
    let significant = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
    let mut content = Vec::with_capacity(significant.len() + 1);
    if significant.first().is_none_or(|first| *first >= 0x80) {
        content.push(0);
    }
    content.extend_from_slice(significant);
    value(INTEGER, &content)
}

/// The integers of a sequence, without leading zeros; none where it holds something else.
pub fn integers(der: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (SEQUENCE, mut rest, []) = taken(der)? else { return None };
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (INTEGER, content, after) = taken(rest)? else { return None };
        found.push(content.iter().copied().skip_while(|byte| *byte == 0).collect());
        rest = after;
    }
    Some(found)
}

/// Tag, content and what follows.
fn taken(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, first) = (*der.first()?, usize::from(*der.get(1)?));
    let (length, start) = if first < 0x80 {
        (first, 2)
    } else {
        let count = first & 0x7f;
        let bytes = der.get(2..2 + count)?;
        (bytes.iter().try_fold(0_usize, |sum, byte| Some(sum.checked_mul(256)? + usize::from(*byte)))?, 2 + count)
    };
    let end = start.checked_add(length)?;
    Some((tag, der.get(start..end)?, der.get(end..)?))
}

/// An RSA public key (PKCS #1).
pub fn rsa_public(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    sequence(&[integer(modulus), integer(exponent)])
}

/// An RSA private key (PKCS #1) from n, e, d, p, q, dp, dq, qi.
pub fn rsa_private(parts: &[Vec<u8>; 8]) -> Vec<u8> {
    let mut values = vec![integer(&[0])];
    values.extend(parts.iter().map(|part| integer(part)));
    sequence(&values)
}

/// A subject public key info around a key.
pub fn public_key_info(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    let bits = [&[0], key].concat();
    sequence(&[algorithm.to_vec(), value(BIT_STRING, &bits)])
}

/// Algorithm identifiers, encoded: rsaEncryption, EC on P-256 and P-384, Ed25519.
pub const RSA: &[u8] = &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
/// See [`RSA`].
pub const P256: &[u8] = &[
    0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
    0x01, 0x07,
];
/// See [`RSA`].
pub const P384: &[u8] =
    &[0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];
/// See [`RSA`].
pub const ED25519: &[u8] = &[0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70];

/// Text encoding (RFC 7468), with its final newline.
pub fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// Label and content of the first block of a PEM file.
pub fn from_pem(text: &str) -> Option<(String, Vec<u8>)> {
    let start = text.find("-----BEGIN ")? + "-----BEGIN ".len();
    let (label, rest) = text[start..].split_once("-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    Some((label.to_owned(), STANDARD.decode(body).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_survive_the_way_there_and_back() {
        for bytes in [vec![1], vec![0x80, 1], vec![0x7f; 200], vec![0xff; 300]] {
            assert_eq!(integers(&sequence(&[integer(&bytes)])), Some(vec![bytes]));
        }
        assert_eq!(integer(&[0]), [2, 1, 0]);
    }

    #[test]
    fn text_encoding_is_reversible() {
        let der = rsa_public(&[0xab; 256], &[1, 0, 1]);
        assert_eq!(from_pem(&pem("RSA PUBLIC KEY", &der)), Some(("RSA PUBLIC KEY".to_owned(), der)));
    }
}
