//! How a scheme and its credential are written.

use super::error::NoDraft;
use super::security::Method;
use super::signed::{self, AwsScope};
use super::{OpenApiDocument, yaml};

/// How a scheme and its credential are written.
#[derive(Default)]
pub(super) struct WrittenScheme {
    /// The value of `scheme`.
    pub(super) scheme: String,
    /// A member that is written as it is: how the credential is obtained, its certificate, or the key that signs.
    pub(super) obtained: Option<(&'static str, String)>,
    /// Members of the credential, each with its variable.
    pub(super) members: Vec<(&'static str, String)>,
    /// The variable of an address that the scheme has.
    pub(super) address: Option<String>,
    /// What a reader has to know: lines of a comment before the scheme.
    pub(super) about: Vec<String>,
    /// What the document does not say, and the scheme or the credential needs.
    pub(super) fill_in: Vec<&'static str>,
    /// Lines of a comment beside the credential.
    pub(super) beside: Vec<&'static str>,
}

impl WrittenScheme {
    pub(super) fn of(document: &OpenApiDocument, method: &Method, prefix: &str) -> Result<Self, NoDraft> {
        // shells define USERNAME of their own
        let name_of = |variable: &str| format!("{}{variable}", if prefix.is_empty() { "API_" } else { prefix });
        let member = |name: &'static str, variable: &str| (name, name_of(variable));
        let client = || vec![member("client_id", "CLIENT_ID"), member("client_secret", "CLIENT_SECRET")];
        let account = || vec![member("username", "USERNAME"), member("password", "PASSWORD")];
        let plain = |scheme: &str, members| Self { scheme: scheme.to_owned(), members, ..Self::default() };
        Ok(match method {
            Method::Key(place, name) => {
                let whole = "the key is the whole value of the header, with the word before it if there is one";
                let about = name.eq_ignore_ascii_case("authorization").then(|| whole.to_owned());
                Self {
                    about: about.into_iter().collect(),
                    ..plain(
                        &format!("{{ api-key: {{ {}: {} }} }}", place.key(), yaml::scalar(name)),
                        vec![("key", key_variable(prefix))],
                    )
                }
            }
            Method::Digest => plain("digest", account()),
            Method::Basic => plain("basic", account()),
            Method::Certificate => Self {
                obtained: Some(("tls", "{ certificate: client.pem, key: client.key }".to_owned())),
                about: lines(&[
                    "put the certificate and its key beside this file: a document does not say where they are",
                ]),
                ..plain("mtls", Vec::new())
            },
            Method::Bearer { about } => {
                let about = Some(yaml::one_line(about)).filter(|about| !about.is_empty());
                Self { about: about.into_iter().collect(), ..plain("bearer", vec![member("token", "TOKEN")]) }
            }
            Method::Jwt => plain("jwt", vec![member("token", "TOKEN")]),
            Method::ClientCredentials { token_url } => {
                let address = document.server.address(token_url).ok_or(NoDraft::TokenEndpoint)?;
                let scheme = format!("{{ oauth2-client-credentials: {{ token_url: {} }} }}", yaml::template(&address));
                plain(&scheme, client())
            }
            Method::PasswordGrant { token_url } => {
                let address = document.server.address(token_url).ok_or(NoDraft::TokenEndpoint)?;
                let about = "the password grant: a client of its own is named in `password`, by `client_id` and `client_secret`";
                Self {
                    obtained: Some(("login", format!("{{ password: {{ token_url: {} }} }}", yaml::template(&address)))),
                    about: lines(&[about]),
                    ..plain("bearer", account())
                }
            }
            Method::SigV4 { presigned } => {
                // the SDKs of AWS read variables of these names
                let members = [("access_key", "AWS_ACCESS_KEY_ID"), ("secret_key", "AWS_SECRET_ACCESS_KEY")];
                let members = members.map(|(member, variable)| (member, format!("{prefix}{variable}")));
                let login = plain(&aws(&AwsScope::of(document.address()), *presigned), members.to_vec());
                let unknown = "the region and the service, which the document does not name";
                let is_known = AwsScope::of(document.address()).is_known;
                Self {
                    fill_in: if is_known { Vec::new() } else { vec![unknown] },
                    beside: vec!["Temporary credentials have one more member: session_token: \"${AWS_SESSION_TOKEN}\""],
                    ..login
                }
            }
            Method::MessageSignature { by_rfc } => message_signature(*by_rfc),
            Method::Hmac => Self {
                about: lines(&HMAC),
                ..plain("hmac", vec![member("key_id", "KEY_ID"), member("secret_key", "SECRET_KEY")])
            },
            Method::DPoP => {
                let known = signed::token_url(&document.schemes).and_then(|written| document.server.address(written));
                let address = known.is_none().then(|| name_of("TOKEN_URL"));
                let written = known.unwrap_or_else(|| format!("${{{}}}", name_of("TOKEN_URL")));
                let scheme = format!(
                    "{{ oauth2-client-credentials: {{ token_url: {}, dpop: {{ alg: ES256 }} }} }}",
                    yaml::template(&written)
                );
                let about =
                    ["authbench makes a key for each token, and asks for tokens by the client credentials grant"];
                Self { address, about: lines(&about), ..plain(&scheme, client()) }
            }
            Method::Uncovered(why) => return Err(NoDraft::Uncovered(why.clone())),
        })
    }
}

/// What is true of a scheme whose signed text nobody wrote down.
const HMAC: [&str; 5] = [
    "The document does not say what is signed. This scenario signs in the form of authbench (`HMAC-SHA256 keyid=…`, see",
    "docs/signatures.md of authbench). A service with a form of its own refuses these signatures, and the run ends with 5.",
    "Then use a scheme that the service has as well (`sigv4`, `http-signature`), or let a program of yours sign one request:",
    "name that request alone under `resources`, and let the program print the value of the header:",
    "scheme: { api-key: { header: Authorization } }, with main: { login: { command: [./sign], lifetime: 1m } }",
];

/// What is true of `Signature` where the document does not say which one.
const NOT_BY_RFC: [&str; 5] = [
    "The document does not say by which rules messages are signed. This scenario signs by RFC 9421, in the fields Signature-Input",
    "and Signature. A service that expects the older `Authorization: Signature keyId=…` refuses that, and the run ends with 5.",
    "Then let a program of yours sign one request: name that request alone under `resources`, and let the program print the",
    "value of the header:",
    "scheme: { api-key: { header: Authorization } }, with main: { login: { command: [./sign], lifetime: 1m } }",
];

fn message_signature(by_rfc: bool) -> WrittenScheme {
    let mut about = if by_rfc { Vec::new() } else { lines(&NOT_BY_RFC) };
    about.extend(lines(&[
        "A signature covers @method, @authority, @path and @query, and the digest of a body. Where the service needs others:",
        "scheme: { http-signature: { components: [\"@method\", \"@target-uri\", date], tag: orders } }",
    ]));
    WrittenScheme {
        scheme: "http-signature".to_owned(),
        obtained: Some(("signing_key", "{ file: signing-key.pem, kid: key-1 }".to_owned())),
        about,
        fill_in: vec![
            "the file of the private key, and as `kid` the name under which the service knows its public key",
        ],
        beside: vec![
            "A shared secret in place of a private key: signing_key: { secret: \"${API_SECRET}\", alg: HS256, kid: key-1 }",
        ],
        ..WrittenScheme::default()
    }
}

fn aws(scope: &AwsScope, presigned: bool) -> String {
    let presigned = if presigned { ", presigned: true" } else { "" };
    format!(
        "{{ sigv4: {{ region: {}, service: {}{presigned} }} }}",
        yaml::scalar(&scope.region),
        yaml::scalar(&scope.service)
    )
}

fn lines(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

/// The variable of a key.
pub(super) fn key_variable(prefix: &str) -> String {
    format!("{prefix}API_KEY")
}
