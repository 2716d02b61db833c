//! Schemes of the servers of these tests: who a caller is, how a caller is refused, and the scenario that tells authbench.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use authbench::clock::unix_seconds;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde_json::{Value, json};

use super::http::{Answer, Request};

pub(crate) const WRITER: &str = "wr1ter-5be07c1f9a3d4e62";
pub(crate) const READER: &str = "r3ader-90c4d2ab71e85f36";
pub(crate) const SECRET: &str = "a-secret-of-these-tests-0123456789abcdef";
pub(crate) const AUDIENCE: &str = "urn:orders";

/// A scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    ApiKey,
    Basic,
    Bearer,
    Jwt,
    ClientCredentials,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    Nobody,
    Unknown,
    Reader,
    Writer,
}

impl Scheme {
    pub(crate) const ALL: [Self; 5] = [Self::ApiKey, Self::Basic, Self::Bearer, Self::Jwt, Self::ClientCredentials];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ApiKey => "api-key",
            Self::Basic => "basic",
            Self::Bearer => "bearer",
            Self::Jwt => "jwt",
            Self::ClientCredentials => "oauth2-client-credentials",
        }
    }

    /// The refusal that a caller gets, with the status of the default profile and without a body; none for a writer.
    pub(crate) fn refusal(self, caller: Caller) -> Option<Answer> {
        let (status, rest) = match (caller, self) {
            (Caller::Writer, _) => return None,
            (Caller::Nobody, _) => (401, ""),
            (Caller::Unknown, Self::ApiKey) => (403, ""),
            (Caller::Unknown, Self::Basic) => (401, ""),
            (Caller::Unknown, _) => (401, ", error=\"invalid_token\""),
            (Caller::Reader, Self::ApiKey | Self::Basic) => (403, ""),
            (Caller::Reader, _) => (403, ", error=\"insufficient_scope\", scope=\"write:orders\""),
        };
        let challenge = match self {
            Self::ApiKey => "ApiKey realm=\"orders\"".to_owned(),
            Self::Basic => "Basic realm=\"orders\", charset=\"UTF-8\"".to_owned(),
            _ => format!("Bearer realm=\"orders\"{rest}"),
        };
        Some(Answer::empty(status).header("WWW-Authenticate", challenge))
    }

    /// The checks that these tests choose, controls first.
    pub(crate) fn checks(self) -> &'static [&'static str] {
        match self {
            Self::ApiKey => &[
                "apikey.valid-accepted",
                "apikey.missing-denied",
                "apikey.invalid-denied",
                "apikey.near-miss-denied",
                "apikey.scope-enforced",
                "common.head-same-decision-as-get",
                "common.denied-write-has-no-effect",
            ],
            Self::Basic => &[
                "basic.valid-accepted",
                "basic.missing-challenged",
                "basic.wrong-password-denied",
                "common.protected-route-denies-anonymous",
                "common.insufficient-is-403",
                "common.head-same-decision-as-get",
                "common.denied-write-has-no-effect",
            ],
            Self::Bearer => &[
                "bearer.valid-accepted",
                "bearer.missing-401-no-error-code",
                "bearer.garbage-token-401",
                "common.protected-route-denies-anonymous",
                "bearer.insufficient-scope-403",
                "common.head-same-decision-as-get",
                "common.denied-write-has-no-effect",
            ],
            Self::Jwt => &[
                "jwt.valid-accepted",
                "common.protected-route-denies-anonymous",
                "jwt.signature-verified",
                "jwt.alg-none-refused",
                "jwt.exp-enforced",
                "bearer.insufficient-scope-403",
                "common.head-same-decision-as-get",
                "common.denied-write-has-no-effect",
            ],
            Self::ClientCredentials => &[
                "token.client-credentials-success",
                "bearer.valid-accepted",
                "token.bad-secret-basic-401",
                "token.bad-secret-post",
                "token.missing-client-auth",
                "common.protected-route-denies-anonymous",
                "bearer.garbage-token-401",
                "bearer.insufficient-scope-403",
                "common.head-same-decision-as-get",
                "common.denied-write-has-no-effect",
            ],
        }
    }

    /// `scheme`, `credentials` and `material` of a scenario.
    pub(crate) fn scenario(self) -> String {
        let writer = "scopes: [\"read:orders\", \"write:orders\"]";
        let reader = "scopes: [\"read:orders\"]";
        let two = |scheme: &str, one: &dyn Fn(&str, &str) -> String| {
            let (writes, reads) = (one("writer", WRITER), one("reader", READER));
            format!(
                "scheme: {scheme}\ncredentials:\n  writer: {{ {writes}, {writer} }}\n  reader: {{ {reads}, {reader} }}\n"
            )
        };
        match self {
            Self::ApiKey => two("{ api-key: { header: X-API-Key } }", &|_, key| format!("key: \"${{K:-{key}}}\"")),
            Self::Basic => two("basic", &|name, word| format!("username: {name}, password: \"${{P:-{word}}}\"")),
            Self::Bearer => two("bearer", &|_, token| format!("token: \"${{T:-{token}}}\"")),
            Self::Jwt => {
                let key = format!("material: {{ issuer_key: {{ secret: \"${{S:-{SECRET}}}\", alg: HS256 }} }}\n");
                two("jwt", &|name, _| format!("token: \"${{T:-{}}}\"", signed(name))) + &key
            }
            Self::ClientCredentials => two("{ oauth2-client-credentials: { token_url: /token } }", &|name, secret| {
                format!("client_id: {name}, client_secret: \"${{S:-{secret}}}\"")
            }),
        }
    }
}

fn signed(name: &str) -> String {
    let scope = if name == "writer" { "read:orders write:orders" } else { "read:orders" };
    let claims = json!({ "sub": name, "aud": AUDIENCE, "exp": unix_seconds() + 600, "scope": scope });
    encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).expect("signs")
}

fn verified(token: &str) -> Option<Caller> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "aud"]);
    validation.leeway = 0;
    validation.validate_nbf = true;
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?).ok()?;
    let claims = decode::<Value>(token, &DecodingKey::from_secret(SECRET.as_bytes()), &validation).ok()?.claims;
    let issued_later = claims["iat"].as_i64().is_some_and(|issued| issued > unix_seconds() + 5);
    // RFC 7515 §4.1.11: no extension is understood here
    if header.get("crit").is_some() || issued_later || !claims["sub"].is_string() {
        return None;
    }
    let mut scopes = claims["scope"].as_str()?.split(' ');
    Some(if scopes.any(|scope| scope == "write:orders") { Caller::Writer } else { Caller::Reader })
}

fn by_secret(secret: &str) -> Option<Caller> {
    match secret {
        WRITER => Some(Caller::Writer),
        READER => Some(Caller::Reader),
        _ => None,
    }
}

/// A name with its secret.
pub(crate) fn by_account(name: &str, secret: &str) -> Option<Caller> {
    by_secret(secret).filter(|caller| name == if *caller == Caller::Writer { "writer" } else { "reader" })
}

fn by_basic(request: &Request) -> Option<Caller> {
    let decoded = STANDARD.decode(request.authorization("basic")?).ok()?;
    let (name, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    by_account(name, secret)
}

/// A server's half of a scheme: with client credentials it remembers what it issued.
pub(crate) struct Verifier {
    scheme: Scheme,
    issued: Mutex<HashMap<String, Caller>>,
    serial: AtomicUsize,
}

impl Verifier {
    pub(crate) fn of(scheme: Scheme) -> Self {
        Self { scheme, issued: Mutex::default(), serial: AtomicUsize::new(0) }
    }

    /// Who asks a resource.
    pub(crate) fn caller(&self, request: &Request) -> Caller {
        let field = if self.scheme == Scheme::ApiKey { "x-api-key" } else { "authorization" };
        if !request.headers().any(|(name, _)| name.eq_ignore_ascii_case(field)) {
            return Caller::Nobody;
        }
        let known = match self.scheme {
            Scheme::ApiKey => request.header(field).and_then(by_secret),
            Scheme::Basic => by_basic(request),
            Scheme::Bearer => request.authorization("bearer").and_then(by_secret),
            Scheme::Jwt => request.authorization("bearer").and_then(verified),
            Scheme::ClientCredentials => {
                let issued = self.issued.lock().expect("no panic");
                request.authorization("bearer").and_then(|token| issued.get(token).copied())
            }
        };
        known.unwrap_or(Caller::Unknown)
    }

    /// A token that works.
    pub(crate) fn issue(&self, caller: Caller) -> String {
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        let token = format!("{:032x}-{serial}", rand::random::<u128>());
        self.issued.lock().expect("no panic").insert(token.clone(), caller);
        token
    }
}
