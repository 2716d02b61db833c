//! Random text for tokens and identifiers.

use rand::RngExt as _;

/// Random letters and digits.
pub(crate) fn random_text(length: usize) -> String {
    let mut rng = rand::rng();
    (0..length).map(|_| char::from(rng.sample(rand::distr::Alphanumeric))).collect()
}

/// Random digits.
pub(crate) fn random_digits(length: usize) -> String {
    let mut rng = rand::rng();
    (0..length).map(|_| char::from(rng.random_range(b'0'..=b'9'))).collect()
}
