//! Where a document says that its API is.

use url::Url;

use super::node::Node;
use super::root::Root;

/// Where an API is: an origin, if the document names one, and what every path begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ApiBase {
    /// Such as `https://api.example.test`.
    pub(super) origin: Option<String>,
    /// Such as `/v1`; empty if nothing.
    pub(super) prefix: String,
}

impl ApiBase {
    pub(super) fn of(root: &Root) -> Self {
        let written = match root.0.member("swagger") {
            Some(_) => swagger(root),
            None => openapi(root),
        };
        written.map(|written| Self::at(&written)).unwrap_or_default()
    }

    fn at(written: &str) -> Self {
        let absolute = Url::parse(written).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let prefix = |url: &Url| url.path().trim_end_matches('/').to_owned();
        if let Some(url) = absolute {
            // a host may have these letters, and a template would read a variable
            let origin = Some(url.origin().ascii_serialization()).filter(|origin| !origin.contains(['$', '{', '}']));
            return Self { prefix: if origin.is_some() { prefix(&url) } else { String::new() }, origin };
        }
        // `/v1`, or `v1`, on the server that the document comes from
        let here = Url::parse("http://localhost/").ok().filter(|_| !written.contains("//"));
        let relative = here.and_then(|here| here.join(written).ok()).filter(|url| url.scheme() == "http");
        Self { origin: None, prefix: relative.as_ref().map(prefix).unwrap_or_default() }
    }

    /// An address of the document, as a scenario has it: a path where it is on this server.
    pub(super) fn address(&self, written: &str) -> Option<String> {
        let base = Url::parse(self.origin.as_deref().unwrap_or("http://localhost")).ok()?;
        let url = base.join(&format!("{}/", self.prefix)).ok()?.join(written).ok()?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(|host| host.contains(['$', '{', '}']))
        {
            return None;
        }
        let here = url.origin() == base.origin() && (self.origin.is_some() || !written.contains("://"));
        // a template would read `${` as a variable
        let text = if here { url[url::Position::BeforePath..].to_owned() } else { url.to_string() };
        Some(text.replace('$', "%24"))
    }
}

/// The first of `servers`, with the defaults of its variables.
fn openapi(root: &Root) -> Option<String> {
    let server = root.0.member("servers")?.items().first()?;
    let mut written = server.text("url")?.to_owned();
    for (name, variable) in server.member("variables").map(Node::members).unwrap_or_default() {
        let value = variable.member("default").and_then(Node::scalar).unwrap_or_default();
        // exports of API Gateway have a slash before the variable and one in its value
        written = written.replace(&format!("/{{{name}}}"), &format!("/{}", value.trim_start_matches('/')));
        written = written.replace(&format!("{{{name}}}"), &value);
    }
    Some(written)
}

/// `schemes`, `host` and `basePath` of Swagger 2.
fn swagger(root: &Root) -> Option<String> {
    let path = root.0.text("basePath").unwrap_or("/");
    let Some(host) = root.0.text("host") else { return Some(path.to_owned()) };
    let schemes = root.0.member("schemes").map(Node::items).unwrap_or_default();
    let named = |name: &str| schemes.iter().any(|scheme| *scheme == Node::Text(name.to_owned()));
    let scheme = if named("http") && !named("https") { "http" } else { "https" };
    Some(format!("{scheme}://{host}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_or_left_open() {
        for (document, origin, prefix) in [
            (r#"{"servers":[{"url":"https://a.test/v1/"}]}"#, Some("https://a.test"), "/v1"),
            (r#"{"servers":[{"url":"/v1"}]}"#, None, "/v1"),
            (r#"{"servers":[{"url":"v1"}]}"#, None, "/v1"),
            (r#"{"servers":[{"url":"//a.test/v1"}]}"#, None, ""),
            (r#"{"servers":[{"url":"https://u:p@a.test:8443"}]}"#, Some("https://a.test:8443"), ""),
            (
                r#"{"servers":[{"url":"https://{h}.test/{v}","variables":{"h":{"default":"a"},"v":{"default":2}}}]}"#,
                Some("https://a.test"),
                "/2",
            ),
            (r#"{"servers":[{"url":"file:///etc"}]}"#, None, ""),
            (r#"{"servers":[{"url":"http://${home}.test/v1"}]}"#, None, ""),
            (r#"{"swagger":"2.0","host":"a.test","basePath":"/v2"}"#, Some("https://a.test"), "/v2"),
            (r#"{"swagger":"2.0","host":"a.test","schemes":["http"]}"#, Some("http://a.test"), ""),
            (r#"{"swagger":"2.0","basePath":"/v2"}"#, None, "/v2"),
            (r#"{}"#, None, ""),
        ] {
            let server = ApiBase::of(&Root::read(document).expect("reads"));
            assert_eq!((server.origin.as_deref(), server.prefix.as_str()), (origin, prefix), "{document}");
        }
    }

    #[test]
    fn addresses_on_the_server_become_paths() {
        let server = ApiBase { origin: Some("https://a.test".to_owned()), prefix: "/v1".to_owned() };
        let nowhere = ApiBase::default();
        for (server, written, expected) in [
            (&server, "https://a.test/token", Some("/token")),
            (&server, "/token", Some("/token")),
            (&server, "token", Some("/v1/token")),
            (&server, "https://login.test/token", Some("https://login.test/token")),
            (&server, "https://a.test/${SECRET}", Some("/%24%7BSECRET%7D")),
            (&server, "https://${secret}.test/token", None),
            (&server, "javascript:x", None),
            (&nowhere, "/token", Some("/token")),
            (&nowhere, "http://localhost/token", Some("http://localhost/token")),
        ] {
            assert_eq!(server.address(written).as_deref(), expected, "{written}");
        }
    }
}
