//! Values that answers to `before` hand to the requests after them: what was made for a write is what the write is about.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use url::Url;

use crate::observe::Response;
use crate::observe::page::{named_value, scripted_value};
use crate::plan::subject::{KeptValue, ValuePosition};

/// What is percent-encoded of a value in a path: all but the unreserved characters (RFC 3986 §2.3).
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The media type of forms.
const FORM: &str = "application/x-www-form-urlencoded";

/// Values by their names.
#[derive(Clone, Debug, Default)]
pub(super) struct KeptValues(BTreeMap<String, Value>);

impl KeptValues {
    /// Takes the values of an answer; the first that it does not have is given back.
    pub(super) fn take<'v>(&mut self, wanted: &'v [KeptValue], answer: &Response) -> Option<&'v KeptValue> {
        for kept in wanted {
            let Some(value) = value_of(&kept.position, answer) else { return Some(kept) };
            self.0.insert(kept.name.clone(), value);
        }
        None
    }

    /// A path with its values, which are percent-encoded. Of an address that continues the path, what continues it stands there.
    pub(super) fn path(&self, base: &str, written: &str) -> String {
        self.filled(written, |before, value| {
            let rest = continuation(value, before).or_else(|| continuation(value, &format!("{base}{before}")));
            rest.unwrap_or_else(|| utf8_percent_encode(value, VALUE).to_string())
        })
    }

    /// Header lines with their values.
    pub(super) fn lines(&self, written: &[(String, String)]) -> Vec<(String, String)> {
        let plain = |_: &str, value: &str| value.chars().filter(|c| !c.is_control()).collect();
        written.iter().map(|(name, line)| (name.clone(), self.filled(line, plain))).collect()
    }

    /// A body with its values. A text of JSON that is nothing but one becomes what the answer had.
    pub(super) fn body(&self, media: &str, written: &[u8]) -> Vec<u8> {
        if self.0.is_empty() {
            return written.to_vec();
        }
        if let Ok(mut json) = serde_json::from_slice::<Value>(written) {
            self.fill(&mut json);
            return json.to_string().into_bytes();
        }
        if media.starts_with(FORM) {
            let pairs = url::form_urlencoded::parse(written).map(|(name, value)| (name, self.text(&value)));
            return url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes();
        }
        self.text(&String::from_utf8_lossy(written)).into_bytes()
    }

    fn fill(&self, json: &mut Value) {
        match json {
            Value::String(text) => {
                let whole = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
                *json = match whole.and_then(|name| self.0.get(name)) {
                    Some(value) => value.clone(),
                    None => self.text(text).into(),
                };
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.fill(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.fill(member)),
            _ => {}
        }
    }

    fn text(&self, written: &str) -> String {
        self.filled(written, |_, value| value.to_owned())
    }

    /// A text with each value as it is to be written behind what stands before it.
    fn filled(&self, written: &str, value_behind: impl Fn(&str, &str) -> String) -> String {
        let mut filled = String::new();
        let mut rest = written;
        while let Some(open) = rest.find('{') {
            filled.push_str(&rest[..open]);
            let named = rest[open + 1..].find('}').map(|end| &rest[open + 1..open + 1 + end]);
            match named.and_then(|name| Some((name, self.0.get(name)?))) {
                Some((name, value)) => {
                    let value = value_behind(&filled, &text_of(value));
                    filled.push_str(&value);
                    rest = &rest[open + name.len() + 2..];
                }
                None => {
                    filled.push('{');
                    rest = &rest[open + 1..];
                }
            }
        }
        filled.push_str(rest);
        filled
    }
}

/// The rest of an address that begins like a path.
fn continuation(address: &str, beginning: &str) -> Option<String> {
    let path = match Url::parse(address) {
        Ok(url) => url.path().to_owned(),
        Err(_) => address.to_owned(),
    };
    let rest = path.strip_prefix(beginning).filter(|_| beginning.starts_with('/'))?;
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    // what is no part of a path (RFC 3986 §3.3) is a value like any other, and so is one that leads elsewhere
    let is_of_path = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%/".contains(&byte);
    let leads_on = !rest.split('/').any(|segment| matches!(segment, "." | ".."));
    (!rest.is_empty() && rest.bytes().all(is_of_path) && leads_on).then(|| rest.to_owned())
}

fn value_of(position: &ValuePosition, answer: &Response) -> Option<Value> {
    let value = match position {
        ValuePosition::Pointer(pointer) => {
            serde_json::from_slice::<Value>(&answer.body).ok()?.pointer(pointer).cloned()?
        }
        ValuePosition::Header(name) => answer.header(name)?.into_owned().into(),
        ValuePosition::Input(name) => {
            let page = String::from_utf8_lossy(&answer.body);
            named_value(&page, name).or_else(|| scripted_value(&page, name))?.into()
        }
    };
    Some(value).filter(|value| !matches!(value, Value::Null | Value::Object(_) | Value::Array(_)))
}

/// A value as it is written in a text.
fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(location: &str, body: &str) -> Response {
        let headers = vec![("Location".to_owned(), location.to_owned().into_bytes())];
        Response { status: 201, headers, body: body.as_bytes().to_vec(), truncated: false }
    }

    fn kept(name: &str, position: ValuePosition) -> KeptValue {
        KeptValue { name: name.to_owned(), position }
    }

    #[test]
    fn values_of_an_answer_stand_where_they_are_named() {
        let wanted = [
            kept("order", ValuePosition::Pointer("/order/id".to_owned())),
            kept("name", ValuePosition::Pointer("/order/name".to_owned())),
            kept("at", ValuePosition::Header("location".to_owned())),
        ];
        let mut values = KeptValues::default();
        let full = answer("https://api.test/v1/orders/a%20b?x=1", r#"{"order":{"id":7,"name":"a/b \"c\""}}"#);
        assert!(values.take(&wanted, &full).is_none());
        for (written, expected) in [
            ("/orders/{order}", "/orders/7"),
            ("/orders/{order}/items?of={name}", "/orders/7/items?of=a%2Fb%20%22c%22"),
            ("/orders/{at}", "/orders/a%20b"),
            ("/other/{at}", "/other/https%3A%2F%2Fapi.test%2Fv1%2Forders%2Fa%2520b%3Fx%3D1"),
            ("/orders/{unknown}/{", "/orders/{unknown}/{"),
            ("/orders", "/orders"),
        ] {
            assert_eq!(values.path("/v1", written), expected, "{written}");
        }
        for (media, written, expected) in [
            (
                "application/json",
                r#"{"id":"{order}","text":"of {order}: {name}"}"#,
                r#"{"id":7,"text":"of 7: a/b \"c\""}"#,
            ),
            (FORM, "id=%7Border%7D&name=%7Bname%7D", "id=7&name=a%2Fb+%22c%22"),
            ("text/plain", "{order} {name} {x}", "7 a/b \"c\" {x}"),
        ] {
            let filled = String::from_utf8(values.body(media, written.as_bytes())).expect("is text");
            assert_eq!(filled, expected, "{written}");
        }
        let lines = values.lines(&[("If-Match".to_owned(), "\"{order}\"".to_owned())]);
        assert_eq!(lines, [("If-Match".to_owned(), "\"7\"".to_owned())]);
    }

    #[test]
    fn what_an_answer_lacks_is_named() {
        let wanted = [
            kept("csrf", ValuePosition::Input("csrf".to_owned())),
            kept("order", ValuePosition::Pointer("/id".to_owned())),
        ];
        for (body, expected) in [
            (r#"<input name="csrf" value="x">"#, Some("order")),
            ("<script>let csrf = 'x'</script>", Some("order")),
            ("<p>csrf = 'x'</p>", Some("csrf")),
            (r#"{"id":7}"#, Some("csrf")),
            (r#"{"id":null}"#, Some("csrf")),
        ] {
            let lacking = KeptValues::default().take(&wanted, &answer("/", body));
            assert_eq!(lacking.map(|kept| kept.name.as_str()), expected, "{body}");
        }
        for body in [r#"{"id":null}"#, r#"{"id":{}}"#, "[]", ""] {
            assert!(KeptValues::default().take(&wanted[1..], &answer("/", body)).is_some(), "{body}");
        }
        let moved = [kept("order", ValuePosition::Header("location".to_owned()))];
        let mut values = KeptValues::default();
        assert!(values.take(&moved, &answer("/v1/orders/9", "")).is_none());
        assert_eq!(values.path("/v1", "/orders/{order}"), "/orders/9");
        assert_eq!(values.path("", "/v1/orders/{order}"), "/v1/orders/9");
        for address in ["/orders/../users/1", "/orders/7 HTTP/1.1\r\nX: y"] {
            let mut values = KeptValues::default();
            assert!(values.take(&moved, &answer(address, "")).is_none());
            let filled = values.path("", "/orders/{order}");
            assert!(filled.starts_with("/orders/%2Forders%2F") && !filled.contains(' '), "{filled}");
        }
    }
}
