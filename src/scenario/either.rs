//! Types that are written as one word or as a mapping. A visitor reads them, which keeps the place of an error inside.

/// A type that takes a bare word beside its mapping.
macro_rules! bare_or_map {
    ($(#[$doc:meta])* $name:ident, $fields:ty, $expecting:literal, $bare:expr, [$($word:literal),*]) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub $fields);

        impl std::ops::Deref for $name {
            type Target = $fields;

            fn deref(&self) -> &$fields {
                &self.0
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Either;
                impl<'de> serde::de::Visitor<'de> for Either {
                    type Value = $fields;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<$fields, E> {
                        let bare: fn(&str) -> Option<$fields> = $bare;
                        bare(word).ok_or_else(|| {
                            let words: &[&str] = &[$($word),*];
                            crate::scenario::error::unreadable_word(word, words, $expecting)
                        })
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<$fields, A::Error> {
                        serde::Deserialize::deserialize(serde::de::value::MapAccessDeserializer::new(map))
                    }
                }
                deserializer.deserialize_any(Either).map(Self)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let fields = generator.subschema_for::<$fields>();
                let words: &[&str] = &[$($word),*];
                let bare = if words.is_empty() {
                    schemars::json_schema!({ "type": "string" })
                } else {
                    schemars::json_schema!({ "enum": words })
                };
                schemars::json_schema!({ "anyOf": [bare, fields], "description": $expecting })
            }
        }
    };
}

/// A list of names that takes one bare name.
macro_rules! name_or_map {
    ($(#[$doc:meta])* $name:ident, $expecting:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub Vec<String>);

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Either;
                impl<'de> serde::de::Visitor<'de> for Either {
                    type Value = Vec<String>;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Vec<String>, E> {
                        Ok(vec![name.to_owned()])
                    }

                    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, names: A) -> Result<Vec<String>, A::Error> {
                        serde::Deserialize::deserialize(serde::de::value::SeqAccessDeserializer::new(names))
                    }
                }
                deserializer.deserialize_any(Either).map(Self)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }],
                    "description": $expecting
                })
            }
        }
    };
}

/// A list of items that takes one bare item.
macro_rules! one_or_list {
    ($(#[$doc:meta])* $name:ident, $item:ty, $expecting:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub Vec<$item>);

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Either;
                impl<'de> serde::de::Visitor<'de> for Either {
                    type Value = Vec<$item>;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Vec<$item>, A::Error> {
                        serde::Deserialize::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(|item| vec![item])
                    }

                    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, items: A) -> Result<Vec<$item>, A::Error> {
                        serde::Deserialize::deserialize(serde::de::value::SeqAccessDeserializer::new(items))
                    }
                }
                deserializer.deserialize_any(Either).map(Self)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let item = generator.subschema_for::<$item>();
                schemars::json_schema!({
                    "anyOf": [item.clone(), { "type": "array", "items": item }],
                    "description": $expecting
                })
            }
        }
    };
}

pub(super) use {bare_or_map, name_or_map, one_or_list};
