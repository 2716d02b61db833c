//! Keys of the reference's issuers. Test keys, published on purpose: whoever trusts one outside this program trusts
//! everybody.

/// A private key with its identifier.
#[derive(Clone, Copy, Debug)]
pub struct SeedKey {
    /// Key identifier (RFC 7515 §4.1.4).
    pub kid: &'static str,
    /// PKCS #8 in PEM, or the secret itself for the HMAC algorithms.
    pub key: &'static str,
}

/// The keys of one kind: two of the issuer, one of its partner.
#[derive(Clone, Copy, Debug)]
pub struct KeyRing {
    /// Algorithms that use them (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2, RFC 9964 §5).
    pub algorithms: &'static [&'static str],
    /// The key that signs.
    pub first: SeedKey,
    /// Another key of the same issuer.
    pub second: SeedKey,
    /// The key of the partner, whose tokens open the same API under the partner's name.
    pub partner: SeedKey,
}

/// Issuer of the tokens that open the JWT resources.
pub const ISSUER: &str = "https://issuer.reference.test";
/// Another issuer that they trust.
pub const PARTNER: &str = "https://partner.reference.test";
/// Audience of the tokens.
pub const AUDIENCE: &str = "https://orders.reference.test";

/// All keys.
pub const KEY_RINGS: &[KeyRing] = &[
    KeyRing {
        algorithms: &["HS256", "HS384", "HS512"],
        first: SeedKey { kid: "hmac-1", key: "hmac-one-Secret-6kP2wN8vR4tZ7xB3mD9qL5sH1jF0cGyT-uQeAoW2iE4rV8zX6" },
        second: SeedKey { kid: "hmac-2", key: "hmac-two-Secret-9bM4xC7nJ2hS5gT8vL1kR6wQ3zP0dFyE-aUoIeW5tN7mK2sX8" },
        partner: SeedKey {
            kid: "hmac-partner",
            key: "hmac-partner-Secret-3vT7yB1nK5mX9cR2wQ6zL4jH8gS0dFpE-iOuAeN3tW7kM1sZ5",
        },
    },
    KeyRing {
        algorithms: &["RS256", "PS256"],
        first: SeedKey { kid: "rsa-1", key: include_str!("rsa-1.pem") },
        second: SeedKey { kid: "rsa-2", key: include_str!("rsa-2.pem") },
        partner: SeedKey { kid: "rsa-partner", key: include_str!("rsa-partner.pem") },
    },
    KeyRing {
        algorithms: &["ES256"],
        first: SeedKey { kid: "p256-1", key: include_str!("p256-1.pem") },
        second: SeedKey { kid: "p256-2", key: include_str!("p256-2.pem") },
        partner: SeedKey { kid: "p256-partner", key: include_str!("p256-partner.pem") },
    },
    KeyRing {
        algorithms: &["ES384"],
        first: SeedKey { kid: "p384-1", key: include_str!("p384-1.pem") },
        second: SeedKey { kid: "p384-2", key: include_str!("p384-2.pem") },
        partner: SeedKey { kid: "p384-partner", key: include_str!("p384-partner.pem") },
    },
    KeyRing {
        algorithms: &["EdDSA", "Ed25519"],
        first: SeedKey { kid: "ed25519-1", key: include_str!("ed25519-1.pem") },
        second: SeedKey { kid: "ed25519-2", key: include_str!("ed25519-2.pem") },
        partner: SeedKey { kid: "ed25519-partner", key: include_str!("ed25519-partner.pem") },
    },
    KeyRing {
        algorithms: &["ML-DSA-44"],
        first: SeedKey { kid: "ml-dsa-44-1", key: include_str!("ml-dsa-44-1.pem") },
        second: SeedKey { kid: "ml-dsa-44-2", key: include_str!("ml-dsa-44-2.pem") },
        partner: SeedKey { kid: "ml-dsa-44-partner", key: include_str!("ml-dsa-44-partner.pem") },
    },
    KeyRing {
        algorithms: &["ML-DSA-65"],
        first: SeedKey { kid: "ml-dsa-65-1", key: include_str!("ml-dsa-65-1.pem") },
        second: SeedKey { kid: "ml-dsa-65-2", key: include_str!("ml-dsa-65-2.pem") },
        partner: SeedKey { kid: "ml-dsa-65-partner", key: include_str!("ml-dsa-65-partner.pem") },
    },
    KeyRing {
        algorithms: &["ML-DSA-87"],
        first: SeedKey { kid: "ml-dsa-87-1", key: include_str!("ml-dsa-87-1.pem") },
        second: SeedKey { kid: "ml-dsa-87-2", key: include_str!("ml-dsa-87-2.pem") },
        partner: SeedKey { kid: "ml-dsa-87-partner", key: include_str!("ml-dsa-87-partner.pem") },
    },
];

/// The keys that an algorithm uses.
pub fn ring(algorithm: &str) -> Option<&'static KeyRing> {
    KEY_RINGS.iter().find(|ring| ring.algorithms.contains(&algorithm))
}

/// The key of the client `service`.
pub const CLIENT_SERVICE: SeedKey = SeedKey { kid: "client-service", key: include_str!("client-service.pem") };
/// The key of the client `reader`.
pub const CLIENT_READER: SeedKey = SeedKey { kid: "client-reader", key: include_str!("client-reader.pem") };
/// The key of the client `other-tenant`.
pub const CLIENT_OTHER_TENANT: SeedKey =
    SeedKey { kid: "client-other-tenant", key: include_str!("client-other-tenant.pem") };

/// The self-signed certificates of clients, as they are registered (RFC 8705 §2.2), by the names of the clients.
pub const SELF_SIGNED: [(&str, &str); 3] = [
    ("service", include_str!("client-service-self-signed.pem")),
    ("reader", include_str!("client-reader-self-signed.pem")),
    ("other-tenant", include_str!("client-other-tenant-self-signed.pem")),
];
