//! What repeats in a record is stored once: before the first check that has it stands a line with the value, and every check
//! refers to that line. Headers, bodies and help texts are most of what a record holds, and most of them repeat.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::file::RECORD_LIMIT;

/// Word of a line that holds a value.
const EVENT: &str = "shared";
/// Member of what refers to one.
const REFERENCE: &str = "shared";
/// Bytes of the smallest value that is stored apart: a reference takes some itself.
const LEAST: usize = 40;
/// Parts of a check and of an exchange that repeat.
const OF_CHECK: [&str; 2] = ["help", "citations"];
const OF_EXCHANGE: [&str; 4] = ["request_headers", "request_body", "response_headers", "response_body"];

/// Values that were written, by their text.
#[derive(Debug, Default)]
pub(super) struct Written(HashMap<String, usize>);

impl Written {
    /// An event with references to what was written before, and the lines that have to stand before it.
    pub(super) fn shorten(&mut self, event: &mut Value) -> Vec<Value> {
        let mut lines = Vec::new();
        each_part(event, &mut |value| {
            let text = value.to_string();
            if text.len() < LEAST {
                return;
            }
            let next = self.0.len();
            let id = *self.0.entry(text).or_insert(next);
            let reference = json!({ REFERENCE: id });
            let whole = std::mem::replace(value, reference);
            if id == next {
                lines.push(json!({ "event": EVENT, "id": id, "value": whole }));
            }
        });
        lines
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
    /// Takes a line that holds a value; whether it is one.
    pub(super) fn take(&mut self, line: &mut Value) -> Result<bool, BadReference> {
        if line["event"] != EVENT {
            return Ok(false);
        }
        let value = line["value"].take();
        if line["id"] != self.values.len() {
            return Err(BadReference::Unknown);
        }
        let size = value.to_string().len() as u64;
        self.values.push((value, size));
        Ok(true)
    }

    /// Puts values in the place of references.
    pub(super) fn restore(&mut self, event: &mut Value) -> Result<(), BadReference> {
        let mut wrong = None;
        each_part(event, &mut |value| {
            let Some(id) = value.get(REFERENCE).filter(|_| value.as_object().is_some_and(|map| map.len() == 1)) else {
                return;
            };
            let found = id.as_u64().and_then(|id| self.values.get(usize::try_from(id).ok()?));
            match found {
                None => wrong = Some(BadReference::Unknown),
                Some((_, size)) if self.expanded + size > RECORD_LIMIT => wrong = Some(BadReference::TooMuch),
                Some((whole, size)) => {
                    self.expanded += size;
                    *value = whole.clone();
                }
            }
        });
        wrong.map_or(Ok(()), Err)
    }
}

/// Does something to each part of a check that may repeat.
fn each_part(event: &mut Value, act: &mut dyn FnMut(&mut Value)) {
    if event["event"] != "check-finished" {
        return;
    }
    let Some(check) = event.as_object_mut() else { return };
    let mut act_on = |map: &mut Map<String, Value>, names: &[&str]| {
        names.iter().for_each(|name| map.get_mut(*name).into_iter().for_each(&mut *act));
    };
    act_on(check, &OF_CHECK);
    let evidence = check.get_mut("evidence").and_then(Value::as_array_mut);
    let exchanges = evidence.into_iter().flatten().filter_map(|record| record.get_mut("exchange")?.as_object_mut());
    exchanges.for_each(|exchange| act_on(exchange, &OF_EXCHANGE));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str) -> Value {
        json!({
            "event": "check-finished",
            "help": { "sends": "a text that is longer than a reference to it" },
            "evidence": [{ "exchange": { "response_body": body, "request_body": "short" } }],
        })
    }

    #[test]
    fn what_repeats_is_stored_once_and_read_back() {
        let (body, mut written, mut stored) = ("b".repeat(100), Written::default(), Stored::default());
        let (first, mut shortened) = (check(&body), check(&body));
        let lines = written.shorten(&mut shortened);
        assert_eq!(lines.len(), 2);
        let mut again = check(&body);
        assert!(written.shorten(&mut again).is_empty());
        assert_eq!(again, shortened);
        assert_eq!(again["evidence"][0]["exchange"]["request_body"], "short");
        for mut line in lines {
            assert!(stored.take(&mut line).expect("is in order"));
        }
        assert!(!stored.take(&mut again).expect("is no such line"));
        stored.restore(&mut again).expect("all are there");
        assert_eq!(again, first);
    }

    #[test]
    fn a_record_that_refers_to_nothing_or_too_much_is_refused() {
        let mut stored = Stored::default();
        let referring = || json!({ "event": "check-finished", "help": { "shared": 0 } });
        assert!(matches!(stored.restore(&mut referring()), Err(BadReference::Unknown)));
        assert!(matches!(stored.take(&mut json!({ "event": "shared", "id": 7 })), Err(BadReference::Unknown)));
        stored.values.push((Value::Null, RECORD_LIMIT / 2 + 1));
        stored.restore(&mut referring()).expect("once is not too much");
        assert!(matches!(stored.restore(&mut referring()), Err(BadReference::TooMuch)));
    }
}
