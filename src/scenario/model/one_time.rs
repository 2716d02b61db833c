//! Secrets of one-time codes.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use crate::scenario::text::Length;
use crate::scenario::{Position, Template};

/// What is expected where a secret of one-time codes belongs.
const EXPECTED: &str = "a secret in Base32, an `otpauth://` URI, or a mapping with `secret`";

/// A secret of one-time codes: the secret itself, or a mapping.
#[derive(Clone, Debug)]
pub struct Totp(pub TotpFields);

/// A secret of one-time codes (RFC 6238), with how its codes are made. A request waits for the next code where the present one was
/// sent before, unless the target takes a code again: the first logins of a run show that.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TotpFields {
    /// The secret in Base32 (RFC 4648 §6), or an `otpauth://totp/…` URI; parameters of the URI count where no key below is written.
    pub secret: Template,
    /// Digits of a code: 6, 7 or 8 (default 6).
    #[serde(default)]
    pub digits: Option<u32>,
    /// How long one code is the present one, in whole seconds (default 30s).
    #[serde(default)]
    pub period: Option<Length>,
    /// The hash function (default SHA1).
    #[serde(default)]
    pub algorithm: Option<TotpAlgorithm>,
    /// How long a run waits for new codes of this secret in all (default 1h); requests that need another one fail after that.
    #[serde(default)]
    pub max_wait: Option<Length>,
}

/// A hash function of one-time codes (RFC 6238 §1.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum TotpAlgorithm {
    /// HMAC-SHA-1.
    #[default]
    #[serde(rename = "SHA1")]
    Sha1,
    /// HMAC-SHA-256.
    #[serde(rename = "SHA256")]
    Sha256,
    /// HMAC-SHA-512.
    #[serde(rename = "SHA512")]
    Sha512,
}

/// As it is written: its template has no place yet.
enum Written {
    Secret(String),
    Fields(TotpFields),
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> de::Visitor<'de> for Either {
            type Value = Written;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(EXPECTED)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Written, E> {
                Ok(Written::Secret(text.to_owned()))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Written, A::Error> {
                TotpFields::deserialize(de::value::MapAccessDeserializer::new(map)).map(Written::Fields)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl<'de> Deserialize<'de> for Totp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = serde_yaml::Spanned::<Written>::deserialize(deserializer)?;
        let place = Position::of(&spanned.referenced);
        Ok(Self(match spanned.value {
            Written::Fields(fields) => fields,
            Written::Secret(text) => TotpFields {
                secret: Template::at(text, place).map_err(de::Error::custom)?,
                digits: None,
                period: None,
                algorithm: None,
                max_wait: None,
            },
        }))
    }
}

impl JsonSchema for Totp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Totp".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let fields = generator.subschema_for::<TotpFields>();
        json_schema!({ "anyOf": [{ "type": "string" }, fields], "description": EXPECTED })
    }
}
