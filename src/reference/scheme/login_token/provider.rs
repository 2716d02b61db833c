//! What the authorization server of logins says of itself (RFC 8414, OpenID Connect Discovery 1.0), and its ID tokens.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use super::codes::Granted;
use crate::clock;
use crate::reference::fault::Faults;
use crate::reference::jose::compact::Compact;
use crate::reference::jose::keys::{self, KeyPair, name_of};
use crate::reference::jose::signature::verifies;
use crate::reference::scheme::Verifiers;
use crate::reference::state::digest;

/// OpenID Connect Discovery 1.0, section 3: RS256 must be among them.
const ALGORITHM: Algorithm = Algorithm::RS256;
/// Life of an ID token, in seconds.
const LIFE: i64 = 300;

/// An OpenID provider with its keys.
pub(crate) struct Provider {
    issuer: String,
    key: KeyPair,
    /// One that no key set shows.
    unpublished: KeyPair,
}

impl Provider {
    /// One at an origin.
    pub(crate) fn at(base: &str) -> Self {
        let [key, _, unpublished] = keys::of_algorithm(ALGORITHM);
        Self { issuer: format!("{base}/login-token"), key, unpublished }
    }

    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whether a token is one of its ID tokens.
    pub(super) fn has_issued(&self, token: &Compact) -> bool {
        token.claim_text("iss") == Some(self.issuer()) && verifies(token, &self.key.verifying, ALGORITHM.into())
    }

    pub(super) fn endpoint(&self, name: &str) -> String {
        format!("{}/{name}", self.issuer)
    }

    /// An ID token (OpenID Connect Core 1.0, section 2).
    pub(super) fn id_token(
        &self,
        granted: &Granted,
        access_token: &str,
        code: &str,
        faults: &Faults,
    ) -> Option<String> {
        let now = clock::unix_seconds();
        let audience = if faults.on("id-token-for-api") { "orders" } else { granted.client.as_str() };
        let mut claims = json!({
            "iss": self.issuer, "sub": granted.user, "aud": audience, "iat": now, "exp": now + LIFE,
        });
        if let Some(nonce) = granted.nonce.as_deref().filter(|_| !faults.on("id-token-without-nonce")) {
            claims["nonce"] = json!(nonce);
        }
        // section 3.1.3.6: the left half of the hash by the algorithm of the signature
        let access_token = if faults.on("id-token-hash-of-another") { code } else { access_token };
        claims["at_hash"] = json!(match digest(access_token) {
            whole if faults.on("id-token-hash-whole") => URL_SAFE_NO_PAD.encode(whole),
            whole => URL_SAFE_NO_PAD.encode(&whole[..whole.len() / 2]),
        });
        let code = if faults.on("id-token-code-hash-of-another") { "another" } else { code };
        let of_code = digest(code);
        claims["c_hash"] = json!(URL_SAFE_NO_PAD.encode(&of_code[..of_code.len() / 2]));
        let key = if faults.on("id-token-of-unpublished-key") { &self.unpublished } else { &self.key };
        key.token("JWT", &claims)
    }

    /// The members of both documents.
    fn described(&self, faults: &Faults) -> Value {
        let mut document = json!({
            "issuer": self.issuer,
            "authorization_endpoint": self.endpoint("authorize"),
            "token_endpoint": self.endpoint("token"),
            "revocation_endpoint": self.endpoint("revoke"),
            "userinfo_endpoint": self.endpoint("userinfo"),
            "registration_endpoint": self.endpoint("clients"),
            "jwks_uri": self.endpoint("jwks"),
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "password", "refresh_token"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "authorization_response_iss_parameter_supported": true,
        });
        if faults.on("newcomers-read-orders") {
            let grants = ["authorization_code", "client_credentials", "password", "refresh_token"];
            document["grant_types_supported"] = json!(grants);
        }
        if faults.on("grant-secrets-in-body-unpublished") {
            document["token_endpoint_auth_methods_supported"] = json!(["client_secret_basic", "none"]);
        }
        if !faults.on("challenge-methods-unpublished") {
            document["code_challenge_methods_supported"] = json!(["S256"]);
        }
        document
    }
}

/// RFC 8414 §2.
pub(super) async fn document(Shared(verifiers): Shared<Arc<Verifiers>>) -> Json<Value> {
    Json(verifiers.provider.described(&verifiers.state.faults))
}

/// OpenID Connect Discovery 1.0, section 3.
pub(super) async fn openid_document(Shared(verifiers): Shared<Arc<Verifiers>>) -> Json<Value> {
    let faults = &verifiers.state.faults;
    let mut document = verifiers.provider.described(faults);
    document["id_token_signing_alg_values_supported"] = json!([name_of(ALGORITHM)]);
    if !faults.on("openid-document-incomplete") {
        document["subject_types_supported"] = json!(["public"]);
    }
    Json(document)
}

/// The key set (RFC 7517 §5).
pub(super) async fn key_set(Shared(verifiers): Shared<Arc<Verifiers>>) -> Json<Value> {
    Json(keys::key_set(std::iter::once(&verifiers.provider.key)))
}
