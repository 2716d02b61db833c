//! RSASSA-PSS verified with a salt of any length (RFC 8017 §9.1.2): only a fault asks for it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use num_bigint::BigUint;
use sha2::{Digest as _, Sha512};

use crate::reference::jose::keys::KeyPair;

/// Bytes of a hash.
const HASH: usize = 64;

/// Whether a key verifies a signature, whatever the length of its salt.
pub(super) fn verifies_any_salt(key: &KeyPair, base: &str, made: &[u8]) -> bool {
    if key.algorithm != Algorithm::PS512.into() {
        return false;
    }
    let number = |name: &str| {
        let text = key.jwk.get(name)?.as_str()?;
        URL_SAFE_NO_PAD.decode(text).map(|bytes| BigUint::from_bytes_be(&bytes)).ok()
    };
    let (Some(modulus), Some(exponent)) = (number("n"), number("e")) else { return false };
    let bits = usize::try_from(modulus.bits()).unwrap_or_default().saturating_sub(1);
    let opened = BigUint::from_bytes_be(made).modpow(&exponent, &modulus).to_bytes_be();
    let length = bits.div_ceil(8);
    let mut encoded = vec![0; length.saturating_sub(opened.len())];
    encoded.extend(opened);
    if encoded.len() != length || encoded.last() != Some(&0xbc) || length < HASH + 2 {
        return false;
    }
    let (block, rest) = encoded.split_at(length - HASH - 1);
    let inner = &rest[..HASH];
    let mut data: Vec<u8> = block.iter().zip(mask(inner)).map(|(byte, mask)| byte ^ mask).collect();
    data[0] &= 0xff >> (8 * length - bits);
    let Some(start) = data.iter().position(|byte| *byte != 0).filter(|start| data[*start] == 1) else { return false };
    let hashed = Sha512::digest(base);
    Sha512::digest([&[0; 8][..], &hashed[..], &data[start + 1..]].concat())[..] == *inner
}

/// MGF1 (RFC 8017 §B.2.1).
fn mask(seed: &[u8]) -> impl Iterator<Item = u8> {
    (0_u32..).flat_map(move |counter| Sha512::digest([seed, &counter.to_be_bytes()].concat()).to_vec())
}
