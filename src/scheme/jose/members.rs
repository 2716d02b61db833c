//! The members of a JSON object as text, in order: what no map can hold stays writable, such as a name twice or a number
//! that is none.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// Members in order, each value as JSON text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members(Vec<(String, String)>);

impl Members {
    /// The members of an object; none where the bytes are no JSON object.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// Whether there is a member of this name.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(other, _)| other == name)
    }

    /// The names of the members, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// A member's value.
    pub fn value(&self, name: &str) -> Option<Value> {
        let (_, text) = self.0.iter().rev().find(|(other, _)| other == name)?;
        serde_json::from_str(text).ok()
    }

    /// A member that is text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.value(name)?.as_str().map(str::to_owned)
    }

    /// Sets a member to a value.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.set_raw(name, &value.into().to_string());
    }

    /// Sets a member to text that need not be JSON.
    pub fn set_raw(&mut self, name: &str, text: &str) {
        match self.0.iter_mut().find(|(other, _)| other == name) {
            Some((_, value)) => text.clone_into(value),
            None => self.push_raw(name, text),
        }
    }

    /// Adds a member, even if there is one of this name.
    pub fn push_raw(&mut self, name: &str, text: &str) {
        self.0.push((name.to_owned(), text.to_owned()));
    }

    /// Removes all members of a name.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(other, _)| other != name);
    }

    /// The object as JSON text.
    pub fn to_json(&self) -> String {
        let members = self.0.iter().map(|(name, text)| format!("{}:{text}", Value::from(name.as_str())));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    }

    /// Names of the members in which two objects differ.
    pub fn differing<'a>(&'a self, other: &'a Self) -> Vec<&'a str> {
        let of = |members: &'a Self, name: &str| -> Vec<&'a str> {
            members.0.iter().filter(|(found, _)| found == name).map(|(_, text)| text.as_str()).collect()
        };
        let mut names: Vec<&str> = self.0.iter().chain(&other.0).map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names.retain(|name| of(self, name) != of(other, name));
        names
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    members.push((name, value.to_string()));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_map_holds_stays_writable() {
        let mut members = Members::read(br#"{"exp":1,"sub":"a"}"#).expect("an object");
        members.push_raw("exp", "NaN");
        assert_eq!(members.to_json(), r#"{"exp":1,"sub":"a","exp":NaN}"#);
        let mut twin = members.clone();
        twin.set("sub", "b");
        assert_eq!(twin.differing(&members), ["sub"]);
    }
}
