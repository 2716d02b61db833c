//! Schemes that sign each request. OpenAPI has no type for them: documents declare them as keys or as schemes of HTTP.

use super::node::Node;
use super::security::{KeyPlace, Method, SecurityScheme};
use super::yaml;

/// Fields that authbench sets where it signs by AWS Signature Version 4.
const AWS_FIELDS: [&str; 4] = ["Authorization", "X-Amz-Date", "X-Amz-Content-Sha256", "X-Amz-Security-Token"];
/// Query parameters of a presigned address.
const AWS_QUERY: [&str; 7] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
    "X-Amz-Security-Token",
];
/// Fields that authbench sets where it signs by RFC 9421.
const MESSAGE_FIELDS: [&str; 3] = ["Signature", "Signature-Input", "Content-Digest"];

/// What an `apiKey` is that no constant value can fill; nothing where it is a key.
pub(super) fn as_key(place: KeyPlace, name: &str, scheme: &Node) -> Option<Method> {
    let declared = scheme.text("x-amazon-apigateway-authtype").unwrap_or_default();
    if declared.eq_ignore_ascii_case("awsSigv4") {
        return Some(Method::SigV4 { presigned: place == KeyPlace::Query });
    }
    match (place, name.to_ascii_lowercase().as_str()) {
        (KeyPlace::Header, "signature-input") => Some(Method::MessageSignature { by_rfc: true }),
        (KeyPlace::Header, "signature") => Some(Method::MessageSignature { by_rfc: names_rfc(scheme) }),
        (KeyPlace::Header, "dpop") => Some(Method::DPoP),
        (KeyPlace::Query, "x-amz-signature") => Some(Method::SigV4 { presigned: true }),
        (_, small) if is_signature(small) => Some(Method::Uncovered(own_form(place, name))),
        _ => None,
    }
}

/// What an `http` scheme is that signs requests.
pub(super) fn as_http(name: &str, scheme: &Node) -> Option<Method> {
    match name {
        "aws4-hmac-sha256" | "awssigv4" | "sigv4" => Some(Method::SigV4 { presigned: false }),
        "signature" => Some(Method::MessageSignature { by_rfc: names_rfc(scheme) }),
        "http-signature" | "http-message-signature" | "http-message-signatures" | "httpsig" => {
            Some(Method::MessageSignature { by_rfc: true })
        }
        "dpop" => Some(Method::DPoP),
        name if name == "hmac" || name.starts_with("hmac-") => Some(Method::Hmac),
        _ => None,
    }
}

/// `Signature` is also the name of an older scheme, which the RFC replaces.
fn names_rfc(scheme: &Node) -> bool {
    scheme.text("description").is_some_and(|text| text.contains("9421"))
}

/// Whether a name has one of these words in it, such as `X-Signature` and `X-Hub-Signature-256`.
fn is_signature(name: &str) -> bool {
    name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| matches!(word, "signature" | "hmac"))
}

impl Method {
    /// Whether what another scheme declares is part of this one: it travels with the credential, and no operation needs a
    /// key for it.
    pub(super) fn includes(&self, other: &Self) -> bool {
        match (self, other) {
            (Method::SigV4 { .. }, Method::Key(KeyPlace::Header, name)) => is_one_of(&AWS_FIELDS, name),
            (Method::SigV4 { .. }, Method::SigV4 { .. })
            | (Method::MessageSignature { .. }, Method::MessageSignature { .. })
            | (Method::DPoP, Method::DPoP | Method::Bearer { .. } | Method::Jwt | Method::ClientCredentials { .. }) => {
                true
            }
            _ => false,
        }
    }

    /// Whether a header field or a query parameter comes with the credential: some documents name it among the parameters
    /// of an operation too.
    pub(super) fn sets(&self, place: &str, name: &str) -> bool {
        match (self, place) {
            (Method::Key(KeyPlace::Header, key), "header") => key.eq_ignore_ascii_case(name),
            (Method::Key(KeyPlace::Query, key), "query") => key == name,
            (Method::SigV4 { presigned: false }, "header") => is_one_of(&AWS_FIELDS, name),
            (Method::SigV4 { presigned: true }, "query") => is_one_of(&AWS_QUERY, name),
            (Method::MessageSignature { .. }, "header") => is_one_of(&MESSAGE_FIELDS, name),
            (Method::DPoP, "header") => name.eq_ignore_ascii_case("DPoP"),
            _ => false,
        }
    }
}

fn is_one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|one| one.eq_ignore_ascii_case(name))
}

/// What a key of AWS is derived for, and whether the address names it.
pub(super) struct AwsScope {
    pub(super) region: String,
    pub(super) service: String,
    pub(super) is_known: bool,
}

impl AwsScope {
    /// Region and service of an address such as `https://abc.execute-api.eu-central-1.amazonaws.com`.
    pub(super) fn of(origin: Option<&str>) -> Self {
        let url = origin.and_then(|origin| url::Url::parse(origin).ok());
        let host = url.as_ref().and_then(url::Url::host_str).unwrap_or_default();
        let named = Self::named(host);
        let is_known = named.is_some();
        let (service, region) = named.unwrap_or(("execute-api", "us-east-1"));
        Self { region: region.to_owned(), service: service.to_owned(), is_known }
    }

    fn named(host: &str) -> Option<(&str, &str)> {
        if let Some(function) = host.strip_suffix(".on.aws") {
            let (before, region) = function.rsplit_once('.')?;
            return before.ends_with(".lambda-url").then_some(("lambda", region));
        }
        let labels = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
        let mut labels = labels.rsplit('.');
        match (labels.next()?, labels.next()) {
            (region, Some(service)) if is_region(region) => Some((service, region)),
            // an address without a region is one of us-east-1
            (service, _) if !is_region(service) => Some((service, "us-east-1")),
            _ => None,
        }
    }
}

/// Whether a label has the form of a region, such as `eu-central-1` and `us-gov-west-1`.
fn is_region(label: &str) -> bool {
    let parts: Vec<&str> = label.split('-').collect();
    let [first @ .., last] = parts.as_slice() else { return false };
    first.len() > 1
        && first.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase()))
        && !last.is_empty()
        && last.bytes().all(|byte| byte.is_ascii_digit())
}

/// Why a scheme with a form of its own is not covered, and what can be done.
fn own_form(place: KeyPlace, name: &str) -> String {
    let (place, name) = (place.key(), yaml::one_line(name));
    format!(
        "its name says that `{name}` is a signature of each request, and the document does not say what is signed; for a constant key, \
         or for one request that a program of yours signs (`login: {{ command: […] }}`), write `scheme: {{ api-key: {{ {place}: {name} }} }}`"
    )
}

/// Whether the document has a token endpoint that issues tokens to clients: where it is, as written.
pub(super) fn token_url(schemes: &[SecurityScheme]) -> Option<&str> {
    schemes.iter().find_map(|scheme| match &scheme.method {
        Method::ClientCredentials { token_url } => Some(token_url.as_str()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_recognised_by_what_documents_declare() {
        let key = |place, name: &str, more: &str| {
            let scheme = serde_json::from_str(&format!("{{{more}}}")).expect("JSON");
            as_key(place, name, &scheme)
        };
        let http = |name: &str, more: &str| as_http(name, &serde_json::from_str(&format!("{{{more}}}")).expect("JSON"));
        let aws = |presigned| Some(Method::SigV4 { presigned });
        let message = |by_rfc| Some(Method::MessageSignature { by_rfc });
        let extension = r#""x-amazon-apigateway-authtype": "awsSigv4""#;
        assert_eq!(key(KeyPlace::Header, "Authorization", extension), aws(false));
        assert_eq!(key(KeyPlace::Header, "Authorization", r#""x-amazon-apigateway-authtype": "custom""#), None);
        assert_eq!(key(KeyPlace::Query, "X-Amz-Signature", ""), aws(true));
        assert_eq!(key(KeyPlace::Header, "signature-input", ""), message(true));
        assert_eq!(key(KeyPlace::Header, "Signature", ""), message(false));
        assert_eq!(key(KeyPlace::Header, "Signature", r#""description": "See RFC 9421.""#), message(true));
        assert_eq!(key(KeyPlace::Header, "DPoP", ""), Some(Method::DPoP));
        assert_eq!(key(KeyPlace::Header, "X-API-Key", ""), None);
        assert_eq!(key(KeyPlace::Cookie, "Signature-Input", ""), own(KeyPlace::Cookie, "Signature-Input"));
        assert_eq!(key(KeyPlace::Header, "X-Hub-Signature-256", ""), own(KeyPlace::Header, "X-Hub-Signature-256"));
        assert_eq!(http("aws4-hmac-sha256", ""), aws(false));
        assert_eq!(http("signature", ""), message(false));
        assert_eq!(http("httpsig", ""), message(true));
        assert_eq!(http("hmac-sha512", ""), Some(Method::Hmac));
        assert_eq!(http("dpop", ""), Some(Method::DPoP));
        assert_eq!(http("bearer", ""), None);
    }

    fn own(place: KeyPlace, name: &str) -> Option<Method> {
        Some(Method::Uncovered(own_form(place, name)))
    }

    #[test]
    fn addresses_of_aws_name_region_and_service() {
        for (host, expected) in [
            ("abc.execute-api.eu-central-1.amazonaws.com", Some(("execute-api", "eu-central-1"))),
            ("abc.execute-api.cn-north-1.amazonaws.com.cn", Some(("execute-api", "cn-north-1"))),
            ("bucket.s3.us-gov-west-1.amazonaws.com", Some(("s3", "us-gov-west-1"))),
            ("s3.amazonaws.com", Some(("s3", "us-east-1"))),
            ("bucket.s3.amazonaws.com", Some(("s3", "us-east-1"))),
            ("abc.lambda-url.eu-west-3.on.aws", Some(("lambda", "eu-west-3"))),
            ("eu-west-3.amazonaws.com", None),
            ("amazonaws.com", None),
            ("api.example.test", None),
        ] {
            assert_eq!(AwsScope::named(host), expected, "{host}");
        }
        let unknown = AwsScope::of(None);
        assert!(!unknown.is_known && AwsScope::of(Some("https://sqs.eu-west-1.amazonaws.com")).is_known);
    }
}
