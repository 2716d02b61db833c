//! What the servers of these tests protect, and the shapes in which it travels.

use std::io::Write as _;

use serde_json::{Value, json};

use super::http::Answer;

/// More than a report keeps of a body.
const LARGE: usize = 1_300_000;

/// The shape of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Same,
    Wrapped,
    List,
    /// Without one of its members.
    Short,
    /// Lines of text.
    Text,
    /// 1.3 MB, of which what matters comes last.
    Large,
    Gzip,
    /// With a byte order mark.
    Marked,
    /// JSON under another media type.
    Media,
}

impl Shape {
    pub(crate) const ALL: [Self; 9] = [
        Self::Same,
        Self::Wrapped,
        Self::List,
        Self::Short,
        Self::Text,
        Self::Large,
        Self::Gzip,
        Self::Marked,
        Self::Media,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Same => "the same JSON",
            Self::Wrapped => "wrapped",
            Self::List => "in a list",
            Self::Short => "one member short",
            Self::Text => "text/plain",
            Self::Large => "1.3 MB",
            Self::Gzip => "gzip",
            Self::Marked => "BOM",
            Self::Media => "other media type",
        }
    }

    /// Puts content into the body of an answer.
    pub(crate) fn fill(self, answer: Answer, content: &Value) -> Answer {
        let json = "application/json";
        let (media, body) = match self {
            Self::Same => (json, content.to_string().into_bytes()),
            Self::Wrapped => (json, json!({ "status": "denied", "context": { "answer": content } }).to_string().into()),
            Self::List => (json, json!([content]).to_string().into()),
            Self::Short => (json, short(content).to_string().into()),
            Self::Text => ("text/plain; charset=utf-8", lines(content).into()),
            Self::Large => (json, large(content).into()),
            Self::Gzip => (json, gzip(content.to_string().as_bytes())),
            Self::Marked => (json, format!("\u{feff}{content}").into()),
            Self::Media => ("application/octet-stream", content.to_string().into()),
        };
        let answer = if self == Self::Gzip { answer.header("Content-Encoding", "gzip") } else { answer };
        answer.with(media, body)
    }
}

fn short(content: &Value) -> Value {
    let mut short = content.clone();
    let object = short.as_object_mut().expect("an object");
    let last = object.keys().next_back().expect("has members").clone();
    object.remove(&last);
    short
}

/// Each scalar on a line of its own.
fn lines(content: &Value) -> String {
    match content {
        Value::Object(members) => members.iter().map(|(name, value)| format!("{name}\n{}", lines(value))).collect(),
        Value::Array(items) => items.iter().map(lines).collect(),
        Value::String(text) => format!("- {text}\n"),
        scalar => format!("- {scalar}\n"),
    }
}

fn large(content: &Value) -> String {
    let content = content.to_string();
    format!("{{\"log\":\"{}\",{}", "x".repeat(LARGE), &content[1..])
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).expect("writes to memory");
    encoder.finish().expect("writes to memory")
}

/// What only a credential opens; `written` says what writes came to, where reading shows it.
pub(crate) fn orders(written: Option<usize>) -> Value {
    let mut orders = json!({
        "cursor": "cur_77b0e2d94c51",
        "orders": [
            { "id": "ord_8f2c41d07be3", "customer": "Miriam Okafor", "ship_to": "Rotterdam, Maasvlakte 7", "total": "1834.50 EUR" },
            { "id": "ord_c01d9a3372f4", "customer": "Teodor Lindqvist", "ship_to": "Gdansk, Nowy Port 12", "total": "92.10 EUR" },
        ],
    });
    if let Some(written) = written {
        orders["written"] = written.into();
    }
    orders
}

/// What a write is answered with.
pub(crate) fn receipt() -> Value {
    json!({
        "order": { "id": "ord_5521aa93f0c2", "warehouse": "hall 4, bay Kestrel", "picker": "Ines Vandermeer" },
        "receipt": "rcp_3e19b7a6d8",
    })
}

/// The same members with nothing in them.
pub(crate) fn nothing() -> Value {
    json!({ "cursor": null, "error": "access denied", "orders": [], "written": null })
}
