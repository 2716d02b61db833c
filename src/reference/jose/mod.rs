//! JSON Object Signing and Encryption: keys, the compact form and signatures, for the JWT verifier and for the
//! authorization server.

pub(crate) mod algorithm;
pub(crate) mod compact;
pub(crate) mod keys;
pub(crate) mod signature;
