//! How clients prove who they are.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::Template;
use crate::scenario::either::bare_or_map;
use crate::scenario::text::Length;

/// How clients prove who they are, with details.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SchemeFields {
    /// No authentication: a baseline.
    None(NoFields),
    /// A shared key.
    ApiKey(ApiKey),
    /// A bearer token (RFC 6750).
    Bearer(Bearer),
    /// A session cookie that a login sets (RFC 6265).
    Session(Session),
    /// User-id and password (RFC 7617).
    Basic(NoFields),
    /// User-id and password, proven by a hash for each request (RFC 7616).
    Digest(Digest),
    /// A JSON Web Token that is given, or minted with the issuer's key (RFC 7519).
    Jwt(Jwt),
    /// The certificate that each credential presents in the TLS handshake (RFC 8446 §4.4.2, RFC 8705).
    Mtls(NoFields),
    /// A signature of each request with a shared secret (docs/signatures.md).
    Hmac(Hmac),
    /// A signature of each message (RFC 9421).
    HttpSignature(HttpSignature),
    /// A signature of each request by AWS Signature Version 4.
    #[serde(rename = "sigv4")]
    SigV4(SigV4),
    /// Tokens of the client credentials grant (RFC 6749 §4.4).
    #[serde(rename = "oauth2-client-credentials")]
    OAuth2ClientCredentials(OAuth2),
}

bare_or_map!(
    /// How clients prove who they are.
    Scheme, SchemeFields, "a scheme such as `basic`, or `api-key: { header: X-API-Key }`",
    |word: &str| match word {
        "none" => Some(SchemeFields::None(NoFields {})),
        "api-key" => Some(SchemeFields::ApiKey(ApiKey::default())),
        "bearer" => Some(SchemeFields::Bearer(Bearer::default())),
        "session" => Some(SchemeFields::Session(Session::default())),
        "basic" => Some(SchemeFields::Basic(NoFields {})),
        "digest" => Some(SchemeFields::Digest(Digest::default())),
        "jwt" => Some(SchemeFields::Jwt(Jwt::default())),
        "mtls" => Some(SchemeFields::Mtls(NoFields {})),
        "http-signature" => Some(SchemeFields::HttpSignature(HttpSignature::default())),
        "sigv4" => Some(SchemeFields::SigV4(SigV4::default())),
        "hmac" => Some(SchemeFields::Hmac(Hmac::default())),
        "oauth2-client-credentials" => Some(SchemeFields::OAuth2ClientCredentials(OAuth2::default())),
        _ => None,
    },
    ["none", "api-key", "bearer", "session", "basic", "digest", "jwt", "mtls", "hmac", "sigv4", "http-signature", "oauth2-client-credentials"]
);

impl Scheme {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self.0 {
            SchemeFields::None(_) => "none",
            SchemeFields::ApiKey(_) => "api-key",
            SchemeFields::Bearer(_) => "bearer",
            SchemeFields::Session(_) => "session",
            SchemeFields::Basic(_) => "basic",
            SchemeFields::Digest(_) => "digest",
            SchemeFields::Jwt(_) => "jwt",
            SchemeFields::Mtls(_) => "mtls",
            SchemeFields::Hmac(_) => "hmac",
            SchemeFields::SigV4(_) => "sigv4",
            SchemeFields::HttpSignature(_) => "http-signature",
            SchemeFields::OAuth2ClientCredentials(_) => "oauth2-client-credentials",
        }
    }
}

/// A scheme without details.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoFields {}

/// Where a bearer token travels, if it is not `Authorization: Bearer TOKEN`, and who issues it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bearer {
    /// Issuer of the tokens, an address or a path on the target: its metadata (RFC 8414, OpenID Connect Discovery) are judged,
    /// and logins by it against them.
    #[serde(default)]
    pub issuer: Option<Template>,
    /// Name of a header field, such as X-Token.
    #[serde(default)]
    pub header: Option<String>,
    /// Name of a cookie.
    #[serde(default)]
    pub cookie: Option<String>,
    /// What stands before the token, such as `Token`, with a space after it; `Bearer` in Authorization and nothing elsewhere
    /// unless it is named. Empty for the token alone.
    #[serde(default)]
    pub prefix: Option<String>,
}

/// Requests that are signed with a shared secret.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hmac {
    /// How old, or how far ahead, a signature may be at the server; 5 min unless another length is named.
    #[serde(default)]
    pub window: Option<Length>,
}

/// HTTP message signatures.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpSignature {
    /// Algorithm of the reference's key, such as ed25519; the keys of its clients are for ecdsa-p256-sha256 unless another is
    /// named. Elsewhere the key says it.
    #[serde(default)]
    pub alg: Option<String>,
    /// What every signature covers, beside the digest of a body: @method, @authority, @path, @query, @request-target, @scheme, @target-uri, or fields;
    /// the first four unless others are named. Parameters are written behind the name: `@query-param;name="page"`, and of a
    /// field `;sf`, `;bs` or `;key="member"`.
    #[serde(default)]
    pub components: Vec<String>,
    /// What the signatures of answers have to cover where `material.answer_key` verifies them (default @status,
    /// content-digest, and with `;req` @method, @authority, @path and @query).
    #[serde(default)]
    pub answer_components: Vec<String>,
    /// Parameter `tag` of every signature.
    #[serde(default)]
    pub tag: Option<String>,
    /// How old, or how far ahead, a signature may be at the server; 5 min unless another length is named.
    #[serde(default)]
    pub window: Option<Length>,
}

/// AWS Signature Version 4.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SigV4 {
    /// Region that signatures are for, such as eu-central-1.
    #[serde(default)]
    pub region: Option<String>,
    /// Service that signatures are for, such as execute-api or s3.
    #[serde(default)]
    pub service: Option<String>,
    /// Whether signatures travel in the query, as in presigned addresses, in place of the Authorization field.
    #[serde(default)]
    pub presigned: bool,
    /// Whether bodies are declared as UNSIGNED-PAYLOAD.
    #[serde(default)]
    pub unsigned_payload: bool,
    /// Whether bodies are sent in chunks, each with a signature of its own (STREAMING-AWS4-HMAC-SHA256-PAYLOAD).
    #[serde(default)]
    pub chunked: bool,
    /// How old, or how far ahead, a signature may be at the server; 5 min unless another length is named. Presigned addresses
    /// live as long.
    #[serde(default)]
    pub window: Option<Length>,
}

/// HTTP Digest.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Digest {
    /// Algorithm of the reference's resources: SHA-256 unless MD5 or SHA-512-256 is named. Elsewhere the challenge says it.
    #[serde(default)]
    pub algorithm: Option<DigestAlgorithm>,
}

/// Algorithms of Digest (RFC 7616 §6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum DigestAlgorithm {
    /// SHA-256.
    #[serde(rename = "SHA-256")]
    Sha256,
    /// SHA-512, cut to 256 bits.
    #[serde(rename = "SHA-512-256")]
    Sha512T256,
    /// MD5, for servers that know no other.
    #[serde(rename = "MD5")]
    Md5,
}

/// The cookie of a session.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Name of the cookie; `session` unless another is named.
    #[serde(default)]
    pub cookie: Option<String>,
}

/// Where an API key travels; one of the three.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// Name of a header field; X-API-Key unless another place is named.
    #[serde(default)]
    pub header: Option<String>,
    /// Name of a query parameter.
    #[serde(default)]
    pub query: Option<String>,
    /// Name of a cookie.
    #[serde(default)]
    pub cookie: Option<String>,
    /// What stands before the key in a header field, such as `ApiKey`, with a space after it.
    #[serde(default)]
    pub prefix: Option<String>,
}

/// Tokens of an issuer.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    /// Name of the header field that the token travels in, if it is not Authorization.
    #[serde(default)]
    pub header: Option<String>,
    /// Name of a cookie that it travels in instead.
    #[serde(default)]
    pub cookie: Option<String>,
    /// What stands before the token, as in `bearer`.
    #[serde(default)]
    pub prefix: Option<String>,
    /// Algorithm of the reference's resources; ES256 unless another is named. Elsewhere the key and the tokens say it.
    #[serde(default)]
    pub alg: Option<String>,
    /// Issuer of minted tokens.
    #[serde(default)]
    pub issuer: Option<Template>,
    /// Audience of minted tokens.
    #[serde(default)]
    pub audience: Option<Template>,
    /// Type of minted tokens: JWT, or at+jwt for those that follow RFC 9068.
    #[serde(default)]
    pub typ: Option<String>,
    /// Where the issuer publishes its keys: an address, or a path on the target.
    #[serde(default)]
    pub jwks_url: Option<Template>,
    /// Address on which authbench publishes the keys of `material.issuer_key`, for a target that is configured to read
    /// them there; the path is /jwks.json.
    #[serde(default)]
    pub serve_jwks: Option<std::net::SocketAddr>,
}

/// An authorization server: addresses, or paths on the target.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OAuth2 {
    /// Issuer; what is not named here is read from its metadata (RFC 8414).
    #[serde(default)]
    pub issuer: Option<Template>,
    /// Token endpoint.
    #[serde(default)]
    pub token_url: Option<Template>,
    /// Introspection endpoint (RFC 7662).
    #[serde(default)]
    pub introspection_url: Option<Template>,
    /// Revocation endpoint (RFC 7009).
    #[serde(default)]
    pub revocation_url: Option<Template>,
    /// How clients authenticate.
    #[serde(default)]
    pub client_auth: ClientAuth,
    /// Audience of client assertions; the token endpoint unless another is named, such as the issuer.
    #[serde(default)]
    pub assertion_audience: Option<Template>,
    /// By which rules clients make assertions, and servers judge them.
    #[serde(default)]
    pub assertion_rules: AssertionRules,
    /// Form of the access tokens.
    #[serde(default)]
    pub access_token: AccessToken,
    /// Bind the tokens to keys: each request carries a DPoP proof (RFC 9449), at the token endpoint and at the API.
    #[serde(default)]
    pub dpop: Option<Dpop>,
    /// Where the issuer publishes its keys, if its metadata does not say so.
    #[serde(default)]
    pub jwks_url: Option<Template>,
    /// Parameters that every token request carries beside grant and scope, such as `resource` (RFC 8707) or `audience`.
    #[serde(default)]
    pub token_params: BTreeMap<String, Template>,
}

/// Keys that tokens are bound to; authbench makes one for each token.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dpop {
    /// Algorithm of the keys (default ES256).
    #[serde(default)]
    pub alg: ProofAlgorithm,
}

/// Algorithms of DPoP proofs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum ProofAlgorithm {
    /// ECDSA on P-256 with SHA-256 (RFC 7518 §3.4).
    #[default]
    ES256,
    /// Ed25519 under its first name (RFC 8037 §3.1).
    EdDSA,
    /// Ed25519 under the name that RFC 9864 §2.2 defines in its place.
    Ed25519,
}

/// How clients authenticate (RFC 6749 §2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClientAuth {
    /// HTTP Basic.
    #[default]
    Basic,
    /// Body parameters.
    Post,
    /// Assertions that each credential's `client_key` signs (RFC 7523, OpenID Connect Core 1.0 §9).
    PrivateKeyJwt,
    /// Assertions under an HMAC (HS256) with each credential's `client_secret` (RFC 7523, OpenID Connect Core 1.0 §9).
    ClientSecretJwt,
    /// The certificate of each credential's `tls`, which a CA signed (RFC 8705 §2.1).
    TlsClientAuth,
    /// The certificate of each credential's `tls`, which is self-signed and registered with the server (RFC 8705 §2.2).
    SelfSignedTlsClientAuth,
}

/// The rules of client assertions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AssertionRules {
    /// RFC 7523: the audience is what `assertion_audience` names, or the token endpoint.
    #[default]
    Rfc7523,
    /// Its successor (draft-ietf-oauth-rfc7523bis): the audience is the issuer alone, and the type is
    /// client-authentication+jwt. It needs `issuer`.
    Rfc7523bis,
}

/// Form of access tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AccessToken {
    /// Only the issuer can read them.
    #[default]
    Opaque,
    /// JSON Web Tokens that follow RFC 9068.
    Jwt,
    /// JSON Web Tokens that do not claim to follow RFC 9068.
    PlainJwt,
}
