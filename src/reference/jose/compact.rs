//! The compact form (RFC 7515 §7.1), read as strictly as it is written.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

/// Takes padding or not, and whatever bits are left over: the fault `lenient-base64`.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// How a parser treats what it should refuse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Leniency {
    /// Padding, the standard alphabet and left-over bits.
    pub(crate) base64: bool,
    /// Claims in UTF-16.
    pub(crate) utf_16: bool,
    /// A name that occurs twice: the first one wins.
    pub(crate) first_duplicate: bool,
}

/// A token in its three parts, with the first two decoded.
#[derive(Clone, Debug)]
pub(crate) struct Compact {
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
    /// What was signed.
    pub(crate) signed: String,
    pub(crate) signature: Vec<u8>,
}

impl Compact {
    /// Reads a token; none where it is not in this form, or a name occurs twice (RFC 7515 §4, RFC 7519 §4).
    pub(crate) fn read(token: &str, leniency: Leniency) -> Option<Self> {
        let parts: Vec<&str> = token.split('.').collect();
        let [header, payload, signature] = parts.as_slice() else { return None };
        Some(Self {
            header: object(&decode(header, leniency)?, leniency)?,
            claims: object(&decode(payload, leniency)?, leniency)?,
            signed: format!("{header}.{payload}"),
            signature: decode(signature, leniency)?,
        })
    }

    /// A header member that is text.
    pub(crate) fn header_text(&self, name: &str) -> Option<&str> {
        self.header.get(name)?.as_str()
    }

    /// A claim that is text.
    pub(crate) fn claim_text(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }
}

fn decode(part: &str, leniency: Leniency) -> Option<Vec<u8>> {
    if leniency.base64 {
        return LENIENT.decode(part.replace('+', "-").replace('/', "_")).ok();
    }
    // RFC 7515 §2: base64url without padding; left-over bits are zero (RFC 4648 §3.5)
    URL_SAFE_NO_PAD.decode(part).ok()
}

fn object(bytes: &[u8], leniency: Leniency) -> Option<Map<String, Value>> {
    let Members(members) = serde_json::from_slice(bytes).ok().or_else(|| in_utf_16(bytes, leniency))?;
    let mut object = Map::new();
    for (name, value) in members {
        match (object.contains_key(&name), leniency.first_duplicate) {
            (false, _) => drop(object.insert(name, value)),
            (true, true) => {}
            (true, false) => return None,
        }
    }
    Some(object)
}

fn in_utf_16(bytes: &[u8], leniency: Leniency) -> Option<Members> {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let text = String::from_utf16(&units.collect::<Vec<_>>()).ok().filter(|_| leniency.utf_16)?;
    serde_json::from_str(&text).ok()
}

/// The members of an object as they are written, duplicates and all.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
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

    fn token(header: &str, payload: &str) -> String {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn only_the_canonical_form_is_read() {
        let good = token(r#"{"alg":"RS256"}"#, r#"{"sub":"a"}"#);
        assert!(Compact::read(&good, Leniency::default()).is_some());
        let bad = [
            format!("{good}="),
            format!("{good}.x"),
            good.replace("c2ln", "c2lnZ"),
            good.split_once('.').map(|(first, _)| first.to_owned()).unwrap_or_default(),
            token(r#"{"alg":"RS256"}"#, "[1]"),
            token(r#"{"alg":"RS256","alg":"none"}"#, "{}"),
            token(r#"{"alg":"RS256"}"#, r#"{"exp":1,"exp":2}"#),
            token(r#"{"alg":"RS256"}"#, r#"{"exp":NaN}"#),
        ];
        for token in bad {
            assert!(Compact::read(&token, Leniency::default()).is_none(), "{token}");
        }
    }

    #[test]
    fn the_first_of_two_wins_only_through_the_fault() {
        let token = token("{}", r#"{"exp":1,"exp":2}"#);
        let read = Compact::read(&token, Leniency { first_duplicate: true, ..Leniency::default() }).expect("read");
        assert_eq!(read.claims["exp"], 1);
    }
}
