//! RSASSA-PSS with a salt of any length (RFC 8017 §8.1.1): the library signs with one that is as long as the hash, and with no other.

use aws_lc_rs::digest::{self, Algorithm};
use num_bigint::BigUint;

/// A signature by the modulus and the private exponent of a key; none where the modulus is too short for salt and hash.
pub(super) fn signed(
    (modulus, exponent): (&[u8], &[u8]),
    hash: &'static Algorithm,
    salt: &[u8],
    input: &[u8],
) -> Option<Vec<u8>> {
    let unused = modulus.first()?.leading_zeros() as usize;
    let encoded = encoded(modulus.len() * 8 - unused - 1, hash, salt, input)?;
    let number = BigUint::from_bytes_be(&encoded);
    let made = number.modpow(&BigUint::from_bytes_be(exponent), &BigUint::from_bytes_be(modulus)).to_bytes_be();
    Some([vec![0; modulus.len() - made.len()], made].concat())
}

/// What is signed in place of a message (RFC 8017 §9.1.1), in so many bits.
fn encoded(bits: usize, hash: &'static Algorithm, salt: &[u8], input: &[u8]) -> Option<Vec<u8>> {
    let length = bits.div_ceil(8);
    let padding = length.checked_sub(salt.len() + hash.output_len() + 2)?;
    let hashed = digest::digest(hash, input);
    let inner = digest::digest(hash, &[&[0; 8][..], hashed.as_ref(), salt].concat());
    let mut block = [&vec![0; padding][..], &[1], salt].concat();
    block.iter_mut().zip(mask(hash, inner.as_ref())).for_each(|(byte, mask)| *byte ^= mask);
    block[0] &= 0xff >> (8 * length - bits);
    Some([&block[..], inner.as_ref(), &[0xbc]].concat())
}

/// The mask generation function MGF1 (RFC 8017 §B.2.1), without an end.
fn mask(hash: &'static Algorithm, seed: &[u8]) -> impl Iterator<Item = u8> {
    let block = move |counter: u32| digest::digest(hash, &[seed, &counter.to_be_bytes()].concat()).as_ref().to_vec();
    (0..).flat_map(block)
}

#[cfg(test)]
mod tests {
    use crate::scheme::jose::published::verifies;
    use crate::scheme::jose::{Alg, SigningKey};

    #[test]
    fn a_salt_as_long_as_the_hash_verifies_and_no_other_does() {
        for (alg, length) in [(Alg::PS256, 32), (Alg::PS384, 48), (Alg::PS512, 64)] {
            let key = SigningKey::generated(alg, "");
            let jwk = key.public_jwk().expect("has a public half");
            for (salt, expected) in [(length, true), (0, false), (20, false), (length + 1, false)] {
                let made = key.sign_with_salt(salt, b"message").expect("signs");
                assert_eq!(verifies(&jwk, alg, b"message", &made), expected, "{alg:?} {salt}");
            }
            assert_eq!(key.sign_with_salt(255, b"message"), None, "the modulus is too short");
        }
        assert_eq!(SigningKey::generated(Alg::EdDSA, "").sign_with_salt(0, b""), None);
    }
}
