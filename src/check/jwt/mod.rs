//! JSON Web Tokens at the API (RFC 7519, RFC 8725, RFC 9068).

pub(crate) mod claims;
pub(crate) mod header;
pub(crate) mod judgements;
pub(crate) mod key_sets;
pub(crate) mod keys;
mod scopes;
pub(crate) mod signature;
