//! The fixed identities of the reference target: plain data, known to the server that holds them and to the plan that
//! uses them, so that a dry run needs no server. Test credentials, published on purpose: never use them elsewhere.

pub mod keys;

/// What state a seeded credential is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeedState {
    /// Usable.
    Valid,
    /// Taken back by its owner.
    Revoked,
    /// Past its end.
    Expired,
}

/// One identity with the secret it uses in each scheme.
#[derive(Clone, Copy, Debug)]
pub struct SeedIdentity {
    /// Principal name, user-id (Basic) and client identifier (OAuth 2.0).
    pub name: &'static str,
    /// API key.
    pub api_key: &'static str,
    /// Password for Basic.
    pub password: &'static str,
    /// Static opaque bearer token.
    pub token: &'static str,
    /// Client secret for OAuth 2.0 client credentials.
    pub client_secret: &'static str,
    /// Key that signs its client assertions, ES256; nobody but valid identities are clients.
    pub client_key: Option<keys::SeedKey>,
    /// Scopes it holds.
    pub scopes: &'static [&'static str],
    /// Tenant whose objects it may read.
    pub tenant: &'static str,
    /// State of its credentials.
    pub state: SeedState,
}

/// The scope that reads orders.
pub const READ: &str = "read:orders";
/// The scope that writes orders.
pub const WRITE: &str = "write:orders";
/// A scope that exists and that no seeded identity holds.
pub const ADMIN: &str = "admin:orders";

/// The identities that exist under every scheme. OAuth 2.0 knows the valid ones as clients.
pub const IDENTITIES: &[SeedIdentity] = &[
    SeedIdentity {
        name: "service",
        api_key: "abk_live_q7Wn2Zp4XcRt9Vb3",
        password: "correct-Horse-7-battery",
        token: "abt_service_Lk29dMx7Qw3Zr8Tn",
        client_secret: "service-Secret-5vK8mT2x",
        client_key: Some(keys::CLIENT_SERVICE),
        scopes: &[READ, WRITE],
        tenant: "a",
        state: SeedState::Valid,
    },
    SeedIdentity {
        name: "reader",
        api_key: "abk_read_m3Hs8Kd6YbLf1Gj5",
        password: "reader-Lantern-4-quiet",
        token: "abt_reader_Pf83hNs5Vb6Yc1Jm",
        client_secret: "reader-Secret-9pQ4wZ7c",
        client_key: Some(keys::CLIENT_READER),
        scopes: &[READ],
        tenant: "a",
        state: SeedState::Valid,
    },
    SeedIdentity {
        name: "other-tenant",
        api_key: "abk_tenb_c5Nv1Tq8WxEr4Uy7",
        password: "tenant-Bridge-9-orchid",
        token: "abt_tenantb_Gx46kRw2Td9Hv3Bq",
        client_secret: "tenant-b-Secret-3jH6nB1s",
        client_key: Some(keys::CLIENT_OTHER_TENANT),
        scopes: &[READ, WRITE],
        tenant: "b",
        state: SeedState::Valid,
    },
    SeedIdentity {
        name: "retired",
        api_key: "abk_dead_z9Fk4Ba2JdPs6Mw8",
        password: "retired-Compass-2-amber",
        token: "abt_retired_Wn71cVz4Kf8Lp2Xs",
        client_secret: "retired-Secret-7tR2yD5f",
        client_key: None,
        scopes: &[READ, WRITE],
        tenant: "a",
        state: SeedState::Revoked,
    },
    SeedIdentity {
        name: "lapsed",
        api_key: "abk_past_t1Gy7Vh3NcQz5Xr9",
        password: "lapsed-Harbour-8-velvet",
        token: "abt_lapsed_Ds58jBm9Rg3Nk7Wt",
        client_secret: "lapsed-Secret-1gL9uC4k",
        client_key: None,
        scopes: &[READ, WRITE],
        tenant: "a",
        state: SeedState::Expired,
    },
];

/// A Basic account with a password of 80 bytes.
pub const LONG_USER: (&str, &str) =
    ("longpass", "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-tail-80");
/// A Basic account whose password contains colons.
pub const COLON_USER: (&str, &str) = ("colon", "part-one:part-two:part-three");
/// A Basic account with a password outside ASCII (NFC).
pub const UTF8_USER: (&str, &str) = ("utf8", "pässwörd-ñandú-測試");

/// A client whose identifier and secret need form encoding inside Basic (RFC 6749 §2.3.1).
pub const SPECIAL_CLIENT: (&str, &str) = ("special:client+1", "p@ss w+rd%41:/ü-special");
/// The resource server that introspects tokens.
pub const INTROSPECTION_CLIENT: (&str, &str) = ("orders-api", "orders-api-Secret-8dF3kN6v");
/// A resource server of another audience, not entitled to tokens of the orders API.
pub const FOREIGN_INTROSPECTION_CLIENT: (&str, &str) = ("billing-api", "billing-api-Secret-2mS7xP9h");
/// A public client (no secret), which may not use the client credentials grant.
pub const PUBLIC_CLIENT: &str = "public-app";
/// The redirection URI that all clients of the reference have registered.
pub const REDIRECTION_URI: &str = "https://app.example.test/callback";
/// A second one that is registered for the same client.
pub const OTHER_REDIRECTION_URI: &str = "https://app.example.test/preview";
/// A confidential client that is not registered for the client credentials grant.
pub const CLIENT_WITHOUT_GRANT: (&str, &str) = ("no-grant", "no-grant-Secret-6bW1zJ4r");
/// A user-id that may be guessed at: logins count the failures of each user.
pub const EXPENDABLE_USER: &str = "expendable";
/// The password of that user, who may be locked.
pub const EXPENDABLE_PASSWORD: &str = "expendable-Kettle-6-marble";
/// Secrets of the one-time codes that identities have as a second factor, with the same in Base32 (RFC 4648 §6).
pub const OTP_SECRETS: [(&str, &[u8; 20], &str); 3] = [
    ("service", b"otp-service-Vq82mLx4", "N52HALLTMVZHM2LDMUWVM4JYGJWUY6BU"),
    ("reader", b"otp-reader-7hWn3ZkRt", "N52HALLSMVQWIZLSFU3WQV3OGNNGWUTU"),
    ("expendable", b"otp-expend-5yGc9DpTs", "N52HALLFPBYGK3TEFU2XSR3DHFCHAVDT"),
];
/// Seconds of their time step: short, so that no trial waits long for the next code.
pub const OTP_PERIOD: u64 = 2;
/// The account that a server with a fault is shipped with: user-id and password.
pub const SHIPPED_ACCOUNT: (&str, &str) = ("admin", "admin");
/// A client whose secret may be guessed at: the token endpoint counts its failures.
pub const EXPENDABLE_CLIENT: (&str, &str) = ("expendable", "expendable-Secret-4fY8tL1h");
/// Failures after which a source, or the expendable client, has to wait.
pub const FAILURE_BUDGET: u32 = 50;
/// The header by which a caller names itself as a source of failures.
pub const SOURCE_HEADER: &str = "X-Authbench-Source";
/// The origin whose pages may read answers to requests with credentials.
pub const TRUSTED_ORIGIN: &str = "https://app.example.test";
/// A live token of the same issuer whose audience is the billing API.
pub const OTHER_AUDIENCE_TOKEN: &str = "abt_billing_Zk92vQx6Ch4Mt8Fy";
/// A refresh token of the same issuer, which is no access token.
pub const REFRESH_TOKEN: &str = "abr_refresh_Hq37wNc1Vd5Rs9Lb";
/// A refresh token and an access token of one grant, which a run uses up.
pub const GRANT: SeedGrant =
    SeedGrant { refresh_token: "abr_grant_Vt84hKx2Mq6Zc9Wd", access_token: "abt_grant_Bn35sJy7Lf1Xp8Rg" };

/// Tokens of one grant.
#[derive(Clone, Copy, Debug)]
pub struct SeedGrant {
    /// Refresh token.
    pub refresh_token: &'static str,
    /// Access token.
    pub access_token: &'static str,
}

/// The cookie that carries the identifier of a session.
pub const SESSION_COOKIE: &str = "session";
/// The cookie that carries the CSRF token of a session, for scripts to read.
pub const CSRF_COOKIE: &str = "csrf";
/// The header that repeats it in every request that writes.
pub const CSRF_HEADER: &str = "X-CSRF-Token";

/// The CA that signs client certificates: its name and its key, PKCS #8 in PEM.
pub const CLIENT_CA: (&str, &str) = ("authbench reference client CA", include_str!("seed/client-ca.pem"));
/// What follows the name of an identity in the DNS name of its client certificate.
pub const CLIENT_DOMAIN: &str = ".clients.reference.test";

/// Region and service that signatures of AWS Signature Version 4 are for.
pub const SIGV4_REGION: &str = "eu-test-1";
/// The service.
pub const SIGV4_SERVICE: &str = "orders";

/// The key that signs answers where they are asked to be signed: its name, and the algorithm whose second key it is.
pub const ANSWER_KEY: (&str, &str) = ("orders-answers", "EdDSA");

/// The header that carries API keys unless a scenario says otherwise.
pub const API_KEY_HEADER: &str = "X-API-Key";
/// A key that many products ship with and that the reference refuses.
pub const DEMO_KEYS: &[&str] =
    &["test", "demo", "changeme", "secret", "admin", "password", "apikey", "123456", "your-api-key", "xxx"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_long_password_is_eighty_bytes() {
        assert_eq!(LONG_USER.1.len(), 80);
    }

    #[test]
    fn names_and_secrets_are_unique() {
        let mut seen = std::collections::BTreeSet::new();
        for identity in IDENTITIES {
            for value in [identity.name, identity.api_key, identity.password, identity.token, identity.client_secret] {
                assert!(seen.insert(value), "{value} occurs twice");
                assert!(value == identity.name || value.len() >= 16, "{value} is too short to be scrubbed");
            }
        }
    }
}
