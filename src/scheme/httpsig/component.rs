//! What a signature covers: components of a message, and their values (RFC 9421 §2).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use sfv::{BareItem, Dictionary, FieldType, Item, List, ListEntry, Parser};

/// What is encoded in a query parameter: all but what forms leave as it is (RFC 9421 §2.2.8).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_');
/// Registered fields that are lists.
const LISTS: [&str; 4] = ["accept-ch", "cache-status", "client-cert-chain", "proxy-status"];
/// Registered fields that are items.
const ITEMS: [&str; 2] = ["client-cert", "sec-ch-ua-mobile"];

/// A component: its name, and parameters that say what of it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    name: String,
    /// In order; flags have no text.
    params: Vec<(String, Option<String>)>,
}

impl Component {
    /// A component without parameters.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), params: Vec::new() }
    }

    /// As a scenario writes it: a name, and parameters behind it, such as `@query-param;name="page"`. None where it is no
    /// component.
    pub fn read(written: &str) -> Option<Self> {
        let (name, params) = written.split_at(written.find(';').unwrap_or(written.len()));
        let item: Item = Parser::new(&format!("\"{name}\"{params}")).parse().ok()?;
        Self::of(&item)
    }

    /// A component as `Signature-Input` lists it; none where it has a parameter of a kind that none of them has.
    pub(super) fn of(item: &Item) -> Option<Self> {
        let param = |(name, value): (&sfv::Key, &BareItem)| match value {
            BareItem::Boolean(true) => Some((name.as_str().to_owned(), None)),
            BareItem::String(text) => Some((name.as_str().to_owned(), Some(text.as_str().to_owned()))),
            _ => None,
        };
        let name = item.bare_item.as_string()?.as_str().to_owned();
        Some(Self { name, params: item.params.iter().map(param).collect::<Option<_>>()? })
    }

    /// Whether it is the component of this name, without parameters.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name == name && self.params.is_empty()
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is one of the request that an answer is for (RFC 9421 §2.4).
    pub(super) fn is_of_request(&self) -> bool {
        self.has("req")
    }

    fn has(&self, flag: &str) -> bool {
        self.params.iter().any(|(name, text)| name == flag && text.is_none())
    }

    fn text(&self, param: &str) -> Option<&str> {
        self.params.iter().find(|(name, _)| name == param)?.1.as_deref()
    }

    /// Whether all of its parameters are known here, and fit each other (RFC 9421 §2.5).
    fn is_lawful(&self) -> bool {
        let derived = self.name.starts_with('@');
        let known = |(name, text): &(String, Option<String>)| match (name.as_str(), text) {
            ("req", None) => true,
            ("sf" | "bs", None) | ("key", Some(_)) => !derived,
            ("name", Some(_)) => self.name == "@query-param",
            _ => false,
        };
        let wraps = self.has("bs") && (self.has("sf") || self.text("key").is_some());
        self.params.iter().all(known) && !wraps
    }
}

/// The identifier of a component (RFC 9421 §2.5).
impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.name)?;
        for (name, text) in &self.params {
            match text {
                None => write!(f, ";{name}")?,
                Some(text) => write!(f, ";{name}=\"{}\"", quoted(text))?,
            }
        }
        Ok(())
    }
}

/// A text as it is written between quotation marks (RFC 9651 §4.1.6).
pub(super) fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// The fields of a message: names in lower case, values without the whitespace around them.
pub(super) type Fields = [(String, String)];

/// A message, as its components are taken from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    pub(super) fields: &'a Fields,
    /// `Content-Digest`, where it is not among the fields.
    pub(super) digest: Option<&'a str>,
    pub(super) start: StartLine<'a>,
}

/// The start of a message, with what is known about where it went.
#[derive(Clone, Copy, Debug)]
pub(super) enum StartLine<'a> {
    Request { method: &'a str, target: &'a str, authority: &'a str, over_tls: bool },
    Answer { status: u16 },
}

impl Message<'_> {
    /// The value of a component; none where the message has no such one.
    pub(super) fn value(&self, component: &Component) -> Option<String> {
        if !component.is_lawful() {
            return None;
        }
        match (self.start, component.name.strip_prefix('@')) {
            (_, None) => self.field(component),
            (StartLine::Answer { status }, Some("status")) => Some(format!("{status:03}")),
            (StartLine::Answer { .. }, Some(_)) => None,
            (StartLine::Request { method, target, authority, over_tls }, Some(derived)) => {
                let scheme = if over_tls { "https" } else { "http" };
                let (path, query) = target.split_once('?').unwrap_or((target, ""));
                match derived {
                    "method" => Some(method.to_owned()),
                    "authority" => Some(authority.to_owned()),
                    "path" if path.is_empty() => Some("/".to_owned()),
                    "path" => Some(path.to_owned()),
                    "query" => Some(format!("?{query}")),
                    "query-param" => parameter(query, component.text("name")?),
                    "request-target" => Some(target.to_owned()),
                    "scheme" => Some(scheme.to_owned()),
                    "target-uri" => Some(format!("{scheme}://{authority}{target}")),
                    _ => None,
                }
            }
        }
    }

    /// The value of a field (RFC 9421 §2.1).
    fn field(&self, component: &Component) -> Option<String> {
        let own = self.digest.filter(|_| component.name == "content-digest");
        let values: Vec<&str> = match own {
            Some(digest) => vec![digest],
            None => self
                .fields
                .iter()
                .filter(|(name, _)| *name == component.name)
                .map(|(_, value)| value.as_str())
                .collect(),
        };
        if values.is_empty() {
            return None;
        }
        if component.has("bs") {
            let wrapped: Vec<String> = values.iter().map(|value| format!(":{}:", STANDARD.encode(value))).collect();
            return Some(wrapped.join(", "));
        }
        let joined = values.join(", ");
        match component.text("key") {
            Some(key) => member(&joined, key),
            None if component.has("sf") => strictly(&component.name, &joined),
            None => Some(joined),
        }
    }
}

/// The value of a member of a dictionary, written strictly (RFC 9421 §2.1.2).
fn member(value: &str, key: &str) -> Option<String> {
    let dictionary: Dictionary = Parser::new(value).parse().ok()?;
    let member: ListEntry = dictionary.get(key)?.clone();
    vec![member].serialize()
}

/// A structured field, written strictly (RFC 9421 §2.1.1). A field whose type is not known is the first of dictionary, list and
/// item that it can be read as.
fn strictly(name: &str, value: &str) -> Option<String> {
    let list = || written::<List>(value);
    let item = || written::<Item>(value);
    match name {
        name if LISTS.contains(&name) => list(),
        name if ITEMS.contains(&name) => item(),
        _ => written::<Dictionary>(value).or_else(list).or_else(item),
    }
}

fn written<T: FieldType>(value: &str) -> Option<String> {
    let read: T = Parser::new(value).parse().ok()?;
    let text: Option<String> = read.serialize().into();
    Some(text.unwrap_or_default())
}

/// The value of a query parameter, encoded anew (RFC 9421 §2.2.8); none where there is none of this name, or several.
fn parameter(query: &str, name: &str) -> Option<String> {
    let encoded = |text: &str| percent_encode(text.as_bytes(), ENCODED).to_string();
    let mut found = url::form_urlencoded::parse(query.as_bytes()).filter(|(other, _)| encoded(other) == name);
    let (_, value) = found.next()?;
    found.next().is_none().then(|| encoded(&value))
}

/// The lines of a signature base, without that of the parameters (RFC 9421 §2.5).
///
/// # Errors
/// With the component that cannot be taken from the message, or that is covered twice.
pub(super) fn lines(
    message: &Message<'_>,
    request: Option<&Message<'_>>,
    components: &[Component],
) -> Result<String, Component> {
    let mut lines = String::new();
    for (at, component) in components.iter().enumerate() {
        let of = if component.is_of_request() { request } else { Some(message) };
        let value = of.and_then(|message| message.value(component));
        let value = value.filter(|_| !components[..at].contains(component)).ok_or_else(|| component.clone())?;
        lines.push_str(&format!("{component}: {value}\n"));
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_read_as_scenarios_write_them() {
        for (written, identifier) in [
            ("@method", r#""@method""#),
            (r#"@query-param;name="a%20b""#, r#""@query-param";name="a%20b""#),
            ("cache-control;sf", r#""cache-control";sf"#),
            (r#"example-dict;key="a";req"#, r#""example-dict";key="a";req"#),
        ] {
            assert_eq!(Component::read(written).map(|read| read.to_string()).as_deref(), Some(identifier));
        }
        for wrong in [r#"a""#, "a;", "a;key=1", "a;key=b", "a;key=\"b", "a;Sf"] {
            assert_eq!(Component::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn parameters_that_do_not_fit_have_no_value() {
        let fields = [("a".to_owned(), "x=1".to_owned())];
        let start = StartLine::Request { method: "GET", target: "/?q=1&r=1&r=2", authority: "a", over_tls: false };
        let message = Message { fields: &fields, digest: None, start };
        let value = |written: &str| message.value(&Component::read(written).expect("is a component"));
        assert_eq!(value("a;key=\"x\"").as_deref(), Some("1"));
        assert_eq!(value("@query-param;name=\"q\"").as_deref(), Some("1"));
        for wrong in [
            "a;bs;sf",
            "a;key=\"x\";bs",
            "a;key=\"y\"",
            "a;tr",
            "a;name=\"x\"",
            "b;sf",
            "@method;sf",
            "@query-param",
            "@query-param;name=\"s\"",
            "@query-param;name=\"r\"",
            "@status",
            "@unknown",
        ] {
            assert_eq!(value(wrong), None, "{wrong}");
        }
    }
}
