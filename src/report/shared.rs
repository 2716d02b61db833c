//! What repeats in a record is stored once: a value that may repeat is written with a number, and the next time as that number.
//! Requests, answers and help texts are most of what a record holds, and most of them repeat.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::file::RECORD_LIMIT;

/// Members of a check that repeat.
const OF_CHECK: [&str; 4] = ["citations", "help", "place", "title"];
/// Members of an exchange that belong to its request.
const OF_REQUEST: [&str; 4] = ["method", "target", "request_headers", "request_body"];
/// Members of an exchange that belong to its answer.
const OF_ANSWER: [&str; 4] = ["status", "response_headers", "response_body", "silence"];
/// Members of these whose value may repeat where the rest does not.
const TEXTS: [&str; 3] = ["target", "request_body", "response_body"];
/// Those that are lists of header lines, each of which may repeat.
const LISTS: [&str; 2] = ["request_headers", "response_headers"];
/// Times of an exchange that its marks hold, in the order in which they are written behind the service time.
const MARKS: [&str; 3] = ["first_byte_us", "sent_us", "connect_us"];

/// What holds a value, and refers to one, in records of format 2.
const FORMAT_2: &str = "shared";

/// Values that were written, by their text.
#[derive(Debug, Default)]
pub(super) struct Written(HashMap<String, usize>);

impl Written {
    /// An event with numbers in place of values that were written before.
    pub(super) fn shorten(&mut self, event: &mut Value) {
        let Some(check) = check(event) else { return };
        members(check, &OF_CHECK).for_each(|value| self.share(value));
        for entry in evidence(check) {
            *entry = self.entry(entry.take());
        }
    }

    /// One exchange: what it was for, its request and its answer, and its times.
    fn entry(&mut self, mut entry: Value) -> Value {
        let mut exchange = entry.as_object_mut().and_then(|about| about.remove("exchange")).unwrap_or_default();
        let mut part = |names: &[&str]| {
            let taken = names.iter().filter_map(|name| Some(((*name).to_owned(), exchange.get_mut(*name)?.take())));
            Value::Object(taken.collect())
        };
        let mut parts = [entry, part(&OF_REQUEST), part(&OF_ANSWER)];
        parts.iter_mut().for_each(|part| self.share_part(part));
        let marks = MARKS.iter().map(|name| exchange["marks"][*name].clone());
        let times: Vec<Value> = std::iter::once(exchange["took_us"].clone()).chain(marks).collect();
        json!({ "parts": parts, "times_us": times })
    }

    /// The values inside a part have their numbers before it.
    fn share_part(&mut self, part: &mut Value) {
        let text = part.to_string();
        if let Some(map) = part.as_object_mut().filter(|_| !self.0.contains_key(&text)) {
            inside(map).for_each(|value| self.share(value));
        }
        self.share_as(text, part);
    }

    fn share(&mut self, value: &mut Value) {
        self.share_as(value.to_string(), value);
    }

    fn share_as(&mut self, text: String, value: &mut Value) {
        let next = self.0.len();
        let number = *self.0.entry(text).or_insert(next);
        *value = if number == next { json!([number, value.take()]) } else { json!(number) };
    }
}

/// Values that were read, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Stored {
    values: Vec<(Value, u64)>,
    expanded: u64,
}

/// A line that refers to what is not there, or to more than a record may hold.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(super) enum BadReference {
    #[error("it refers to a value that no line before it holds")]
    Unknown,
    #[error("the record repeats more than {} GiB", RECORD_LIMIT >> 30)]
    TooMuch,
}

impl Stored {
    /// Takes a line that only holds a value, which records of format 2 have; whether it is one.
    pub(super) fn take(&mut self, line: &mut Value) -> Result<bool, BadReference> {
        if line["event"] != FORMAT_2 {
            return Ok(false);
        }
        let value = line["value"].take();
        self.store(line["id"].as_u64(), value)?;
        Ok(true)
    }

    /// Puts values in the place of their numbers.
    pub(super) fn restore(&mut self, event: &mut Value) -> Result<(), BadReference> {
        let Some(check) = check(event) else { return Ok(()) };
        members(check, &OF_CHECK).try_for_each(|value| self.put_back(value))?;
        evidence(check).try_for_each(|entry| match entry.get_mut("parts").and_then(Value::as_array_mut) {
            Some(parts) => {
                parts.iter_mut().try_for_each(|part| self.put_back_part(part))?;
                let parts = std::mem::take(parts);
                *entry = joined(parts, &entry["times_us"]);
                Ok(())
            }
            None => {
                let exchange = entry.get_mut("exchange").and_then(Value::as_object_mut);
                exchange.into_iter().flat_map(whole).try_for_each(|value| self.put_back(value))
            }
        })
    }

    fn put_back_part(&mut self, part: &mut Value) -> Result<(), BadReference> {
        if let Some((_, map)) = numbered(part).and_then(|(number, value)| Some((number, value.as_object_mut()?))) {
            inside(map).try_for_each(|value| self.put_back(value))?;
        }
        self.put_back(part)
    }

    /// A value that has its number is stored, a number becomes the value that has it, and any other value stays.
    fn put_back(&mut self, value: &mut Value) -> Result<(), BadReference> {
        if let Some((number, whole)) = numbered(value) {
            let whole = whole.take();
            self.store(Some(number), whole.clone())?;
            *value = whole;
            return Ok(());
        }
        let in_format_2 = value.as_object().filter(|map| map.len() == 1).and_then(|map| map.get(FORMAT_2));
        let Some(number) = in_format_2.or(Some(value)).filter(|number| number.is_number()) else { return Ok(()) };
        let at = number.as_u64().and_then(|number| usize::try_from(number).ok());
        let (whole, size) = at.and_then(|at| self.values.get(at)).ok_or(BadReference::Unknown)?;
        self.expanded = self.expanded.saturating_add(*size);
        if self.expanded > RECORD_LIMIT {
            return Err(BadReference::TooMuch);
        }
        *value = whole.clone();
        Ok(())
    }

    fn store(&mut self, number: Option<u64>, value: Value) -> Result<(), BadReference> {
        if number != Some(self.values.len() as u64) {
            return Err(BadReference::Unknown);
        }
        let size = value.to_string().len() as u64;
        self.values.push((value, size));
        Ok(())
    }
}

/// A value with its number: `[7, value]`.
fn numbered(value: &mut Value) -> Option<(u64, &mut Value)> {
    match value.as_array_mut()?.as_mut_slice() {
        [number, value] => Some((number.as_u64()?, value)),
        _ => None,
    }
}

/// The exchange that is made of these parts.
fn joined(parts: Vec<Value>, times: &Value) -> Value {
    let mut parts = parts.into_iter().map(|part| match part {
        Value::Object(map) => map,
        _ => Map::new(),
    });
    let mut entry = parts.next().unwrap_or_default();
    let mut exchange: Map<String, Value> = parts.flatten().collect();
    exchange.insert("took_us".to_owned(), times[0].clone());
    let marks = MARKS.iter().enumerate().map(|(at, name)| ((*name).to_owned(), times[at + 1].clone()));
    exchange.insert("marks".to_owned(), marks.filter(|(_, time)| !time.is_null()).collect());
    entry.insert("exchange".to_owned(), exchange.into());
    entry.into()
}

/// The members of an event that is the result of a check.
fn check(event: &mut Value) -> Option<&mut Map<String, Value>> {
    if event["event"] == "check-finished" { event.as_object_mut() } else { None }
}

fn evidence(check: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    check.get_mut("evidence").and_then(Value::as_array_mut).into_iter().flatten()
}

/// Members of these names.
fn members<'a>(map: &'a mut Map<String, Value>, names: &'static [&str]) -> impl Iterator<Item = &'a mut Value> {
    map.iter_mut().filter(|(name, _)| names.contains(&name.as_str())).map(|(_, value)| value)
}

/// What may repeat inside a request or an answer.
fn inside(map: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    map.iter_mut().flat_map(|(name, value)| {
        if TEXTS.contains(&name.as_str()) {
            std::slice::from_mut(value)
        } else {
            value.as_array_mut().filter(|_| LISTS.contains(&name.as_str())).map(Vec::as_mut_slice).unwrap_or_default()
        }
    })
}

/// What repeats in an exchange of format 2.
fn whole(exchange: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    members(exchange, &["request_headers", "request_body", "response_headers", "response_body"])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(path: &str, body: &str) -> Value {
        json!({
            "role": "probe", "label": "a key", "outcome": "refused",
            "exchange": {
                "method": "GET", "target": path, "request_headers": [{ "name": "Host", "value": "h" }],
                "status": 403, "response_headers": [{ "name": "Date", "value": "now" }], "response_body": body,
                "took_us": 42, "marks": { "sent_us": 7 },
            },
        })
    }

    fn check(exchanges: &[Value]) -> Value {
        json!({
            "event": "check-finished", "title": "A title", "help": { "sends": "a key" }, "citations": [{ "source": "RFC" }, {}],
            "evidence": exchanges,
        })
    }

    fn restored(stored: &mut Stored, mut event: Value) -> Value {
        stored.restore(&mut event).expect("all are there");
        event
    }

    #[test]
    fn what_repeats_is_stored_once_and_read_back() {
        let (mut written, mut stored) = (Written::default(), Stored::default());
        let first = check(&[exchange("/a", "no"), exchange("/a", "yes"), exchange("/b", "no")]);
        let mut short = first.clone();
        written.shorten(&mut short);
        let numbers = written.0.len();
        let mut again = first.clone();
        written.shorten(&mut again);
        assert_eq!(written.0.len(), numbers, "nothing new is stored");
        assert_eq!(again["evidence"][0]["parts"].as_array().expect("a list").iter().filter(|p| p.is_u64()).count(), 3);
        assert_eq!(again["evidence"][0]["times_us"], json!([42, null, 7, null]));
        assert!(short.to_string().matches("\"Host\"").count() == 1 && !again.to_string().contains("Host"), "{short}");
        assert_eq!(restored(&mut stored, short), first);
        assert_eq!(restored(&mut stored, again), first);
    }

    #[test]
    fn a_record_of_an_older_format_is_read() {
        let mut stored = Stored::default();
        let plain = check(&[exchange("/a", "no")]);
        assert_eq!(restored(&mut stored, plain.clone()), plain, "format 1 has whole values");
        assert!(stored.take(&mut json!({ "event": "shared", "id": 0, "value": "no" })).expect("is in order"));
        let mut referring = plain.clone();
        referring["evidence"][0]["exchange"]["response_body"] = json!({ "shared": 0 });
        assert_eq!(restored(&mut stored, referring), plain);
    }

    #[test]
    fn a_record_that_refers_to_nothing_or_too_much_is_refused() {
        let mut stored = Stored::default();
        let referring = |value: Value| json!({ "event": "check-finished", "help": value });
        for wrong in [json!(0), json!(-1), json!({ "shared": 0 }), json!([7, "too early"])] {
            assert!(matches!(stored.restore(&mut referring(wrong)), Err(BadReference::Unknown)));
        }
        assert!(matches!(stored.take(&mut json!({ "event": "shared", "id": 7 })), Err(BadReference::Unknown)));
        stored.values.push((Value::Null, RECORD_LIMIT / 2 + 1));
        stored.restore(&mut referring(json!(0))).expect("once is not too much");
        assert!(matches!(stored.restore(&mut referring(json!(0))), Err(BadReference::TooMuch)));
    }
}
