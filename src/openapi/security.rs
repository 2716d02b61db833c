//! Security schemes and requirements, of OpenAPI 3 and of Swagger 2.

use super::node::Node;
use super::root::Root;
use super::signed;

/// A declared way for clients to prove who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityScheme {
    /// Name in the document.
    pub id: String,
    /// What it is, as far as it can be tested.
    pub method: Method,
}

/// What a security scheme is, as far as it can be tested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// An API key.
    Key(KeyPlace, String),
    /// HTTP Basic.
    Basic,
    /// User-id and password, proven by a hash (RFC 7616).
    Digest,
    /// A bearer token that somebody has to supply; the reason why it cannot be obtained, if the document has one.
    Bearer {
        /// What the document says of it, for a comment.
        about: String,
    },
    /// The same, where the document says that it is a JSON Web Token.
    Jwt,
    /// The client credentials grant.
    ClientCredentials {
        /// Token endpoint, as written.
        token_url: String,
    },
    /// The resource owner password credentials grant.
    PasswordGrant {
        /// Token endpoint, as written.
        token_url: String,
    },
    /// A client certificate.
    Certificate,
    /// A signature of each request by AWS Signature Version 4.
    SigV4 {
        /// Whether it travels in the query.
        presigned: bool,
    },
    /// A signature of each message.
    MessageSignature {
        /// Whether the document says that it is one of RFC 9421.
        by_rfc: bool,
    },
    /// A signature of each request with a shared secret; a document does not say what is signed.
    Hmac,
    /// A token that is bound to a key (RFC 9449).
    DPoP,
    /// Not covered, and why.
    Uncovered(String),
}

/// Where an API key travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// A header field.
    Header,
    /// A query parameter.
    Query,
    /// A cookie.
    Cookie,
}

impl KeyPlace {
    /// The member of a scenario that names it.
    pub(super) fn key(self) -> &'static str {
        match self {
            KeyPlace::Header => "header",
            KeyPlace::Query => "query",
            KeyPlace::Cookie => "cookie",
        }
    }
}

/// What an operation demands: alternatives, each of schemes with their scopes, all of which are needed.
pub(super) type Requirements = Vec<Vec<(String, Vec<String>)>>;

/// All security schemes, in the order of the document.
pub(super) fn schemes(root: &Root) -> Vec<SecurityScheme> {
    let declared = root
        .member(&root.0, "components")
        .and_then(|components| root.member(components, "securitySchemes"))
        .or_else(|| root.member(&root.0, "securityDefinitions"));
    let declared = declared.map(Node::members).unwrap_or_default();
    declared
        .iter()
        .map(|(id, scheme)| {
            let unresolved = || Method::Uncovered("it is described in another document".to_owned());
            SecurityScheme { id: id.clone(), method: root.follow(scheme).map_or_else(unresolved, method) }
        })
        .collect()
}

fn method(scheme: &Node) -> Method {
    let kind = scheme.text("type").unwrap_or_default();
    match kind.to_ascii_lowercase().as_str() {
        "apikey" => key(scheme),
        "basic" => Method::Basic,
        "http" => http(scheme),
        "oauth2" => oauth2(scheme),
        "openidconnect" => Method::Bearer { about: "OpenID Connect: obtain an access token and supply it".to_owned() },
        "mutualtls" => Method::Certificate,
        "" => Method::Uncovered("it has no `type`".to_owned()),
        _ => Method::Uncovered(format!("the type {} is not known", super::yaml::one_line(kind))),
    }
}

fn key(scheme: &Node) -> Method {
    let place = match scheme.text("in").unwrap_or_default() {
        "header" => KeyPlace::Header,
        "query" => KeyPlace::Query,
        "cookie" => KeyPlace::Cookie,
        _ => return Method::Uncovered("`in` is none of header, query and cookie".to_owned()),
    };
    match scheme.text("name").filter(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic())) {
        Some(name) => signed::as_key(place, name, scheme).unwrap_or_else(|| Method::Key(place, name.to_owned())),
        None => Method::Uncovered("the name of its key is missing, or no name".to_owned()),
    }
}

fn http(scheme: &Node) -> Method {
    let name = scheme.text("scheme").unwrap_or_default();
    let small = name.trim().to_ascii_lowercase();
    if let Some(method) = signed::as_http(&small, scheme) {
        return method;
    }
    match small.as_str() {
        "basic" => Method::Basic,
        "digest" => Method::Digest,
        "bearer" => {
            let format = scheme.text("bearerFormat").unwrap_or_default();
            match format.trim().to_ascii_lowercase().as_str() {
                "jwt" | "at+jwt" | "jws" => Method::Jwt,
                "" => Method::Bearer { about: String::new() },
                _ => Method::Bearer { about: format!("bearer format: {format}") },
            }
        }
        _ => Method::Uncovered(format!("the HTTP scheme {} is not known", super::yaml::one_line(name))),
    }
}

fn oauth2(scheme: &Node) -> Method {
    // Swagger 2 has one flow, beside the type
    let token_url = |nested: &str, flat: &str| {
        let flow = scheme.member("flows").and_then(|flows| flows.member(nested));
        let flow = flow.or((scheme.text("flow") == Some(flat)).then_some(scheme));
        flow.and_then(|flow| flow.text("tokenUrl")).filter(|url| !url.is_empty()).map(str::to_owned)
    };
    let about = "OAuth 2.0 with a grant that needs a person: obtain an access token and supply it";
    match (token_url("clientCredentials", "application"), token_url("password", "password")) {
        (Some(token_url), _) => Method::ClientCredentials { token_url },
        (None, Some(token_url)) => Method::PasswordGrant { token_url },
        (None, None) => Method::Bearer { about: about.to_owned() },
    }
}

/// What an operation demands; what the document demands where it says nothing.
pub(super) fn requirements(root: &Root, operation: &Node) -> Requirements {
    let Some(security) = operation.member("security").or_else(|| root.0.member("security")) else { return Vec::new() };
    let alternative = |alternative: &Node| {
        let scopes = |scopes: &Node| scopes.items().iter().filter_map(Node::scalar).collect();
        alternative.members().iter().map(|(id, names)| (id.clone(), scopes(names))).collect()
    };
    security.items().iter().map(alternative).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_of_both_generations_are_read() {
        for (scheme, expected) in [
            (r#"{"type":"apiKey","in":"query","name":"k"}"#, Some(Method::Key(KeyPlace::Query, "k".to_owned()))),
            (r#"{"type":"apiKey","in":"body","name":"k"}"#, None),
            (r#"{"type":"apiKey","in":"header","name":"a b"}"#, None),
            (r#"{"type":"basic"}"#, Some(Method::Basic)),
            (r#"{"type":"http","scheme":"Basic"}"#, Some(Method::Basic)),
            (r#"{"type":"http","scheme":"Digest"}"#, Some(Method::Digest)),
            (r#"{"type":"http","scheme":"bearer"}"#, Some(Method::Bearer { about: String::new() })),
            (r#"{"type":"http","scheme":"bearer","bearerFormat":"Jwt"}"#, Some(Method::Jwt)),
            (
                r#"{"type":"http","scheme":"bearer","bearerFormat":"UUID"}"#,
                Some(Method::Bearer { about: "bearer format: UUID".to_owned() }),
            ),
            (r#"{"type":"http","scheme":"digest"}"#, Some(Method::Digest)),
            (
                r#"{"type":"oauth2","flow":"application","tokenUrl":"/t"}"#,
                Some(Method::ClientCredentials { token_url: "/t".to_owned() }),
            ),
            (
                r#"{"type":"oauth2","flows":{"clientCredentials":{"tokenUrl":"/t"}}}"#,
                Some(Method::ClientCredentials { token_url: "/t".to_owned() }),
            ),
            (
                r#"{"type":"oauth2","flows":{"password":{"tokenUrl":"token","scopes":{}}}}"#,
                Some(Method::PasswordGrant { token_url: "token".to_owned() }),
            ),
            (
                r#"{"type":"oauth2","flow":"password","tokenUrl":"/t"}"#,
                Some(Method::PasswordGrant { token_url: "/t".to_owned() }),
            ),
            (
                r#"{"type":"oauth2","flows":{"password":{"tokenUrl":"/p"},"clientCredentials":{"tokenUrl":"/c"}}}"#,
                Some(Method::ClientCredentials { token_url: "/c".to_owned() }),
            ),
            (r#"{"type":"mutualTLS"}"#, Some(Method::Certificate)),
            (r#"{}"#, None),
        ] {
            let found = method(&serde_json::from_str(scheme).expect("JSON"));
            match expected {
                Some(expected) => assert_eq!(found, expected, "{scheme}"),
                None => assert!(matches!(found, Method::Uncovered(_)), "{scheme}: {found:?}"),
            }
        }
    }
}
