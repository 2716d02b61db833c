//! Values that are written as text: durations, rates, shares, request lines.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};

use super::value_error::ValueError;
use super::{Position, Template};

/// Reads a value from text by its `FromStr`; a number or a boolean counts as the text that it is written as.
fn from_text<'de, D, T>(deserializer: D, expecting: &'static str) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err = ValueError>,
{
    struct Text<T>(&'static str, std::marker::PhantomData<T>);
    impl<T: FromStr<Err = ValueError>> Visitor<'_> for Text<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(|why| E::custom(format!("{why}: {text:?}; write {}", self.0)))
        }
    }
    deserializer.deserialize_str(Text(expecting, std::marker::PhantomData))
}

macro_rules! text {
    ($type:ty, $name:literal, $expecting:literal, $pattern:literal) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                from_text(deserializer, $expecting)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "description": $expecting })
            }
        }
    };
}

/// A length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub struct Length(pub Duration);

impl FromStr for Length {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        humantime::parse_duration(text).map(Self).map_err(|_| ValueError::Length)
    }
}

text!(Length, "Length", "a length of time such as 10s, 250ms or 2m", r"^([0-9]+(ns|us|ms|s|m|min|h|d) ?)+$");

/// A JSON pointer (RFC 6901).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer(pub String);

impl FromStr for Pointer {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text.starts_with('/') { Ok(Self(text.to_owned())) } else { Err(ValueError::Pointer) }
    }
}

text!(Pointer, "Pointer", "a JSON pointer such as /expires_in", r"^/.*$");

/// A life that no answer tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeclaredLifetime {
    /// This long.
    Lasts(Duration),
    /// It does not end by itself.
    Never,
}

impl FromStr for DeclaredLifetime {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text == "never" { Ok(Self::Never) } else { text.parse::<Length>().map(|length| Self::Lasts(length.0)) }
    }
}

text!(
    DeclaredLifetime,
    "Lifetime",
    "a length of time such as 15m, or never",
    r"^(never|([0-9]+(ns|us|ms|s|m|min|h|d) ?)+)$"
);

/// The highest number that a rate may have.
pub(super) const MOST_RATE: f64 = 10_000_000.0;

/// Requests per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate(pub f64);

impl FromStr for Rate {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let (count, unit) = text.split_once('/').ok_or(ValueError::Rate)?;
        let seconds = match unit.trim() {
            "s" => 1.0,
            "m" | "min" => 60.0,
            _ => return Err(ValueError::Rate),
        };
        let count: f64 = count.trim().parse().map_err(|_| ValueError::Rate)?;
        match count {
            _ if count.is_nan() => Err(ValueError::Rate),
            _ if count <= 0.0 => Err(ValueError::RateOfNothing),
            _ if count > MOST_RATE => Err(ValueError::RateTooHigh),
            _ => Ok(Self(count / seconds)),
        }
    }
}

text!(Rate, "Rate", "a rate such as 500/s or 30/m", r"^[0-9]+(\.[0-9]+)? ?/ ?(s|m|min)$");

/// A share of the whole, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share(pub f64);

impl FromStr for Share {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let number = text.strip_suffix('%').ok_or(ValueError::Share)?;
        let percent: f64 = number.trim().parse().map_err(|_| ValueError::Share)?;
        if (0.0..=100.0).contains(&percent) { Ok(Self(percent / 100.0)) } else { Err(ValueError::ShareRange) }
    }
}

text!(Share, "Share", "a percentage such as 95%", r"^[0-9]+(\.[0-9]+)? ?%$");

/// A method and a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestLine {
    /// Method token.
    pub method: String,
    /// Path with its query, which may name variables and files.
    pub path: Template,
}

/// What is wrong with a text as the path of a request, if anything is.
pub fn path_mistake(path: &str) -> Option<ValueError> {
    if !path.starts_with('/') {
        return Some(ValueError::Path);
    }
    path.chars().any(|c| c.is_whitespace() || c.is_control()).then_some(ValueError::PathWithSpaces)
}

impl FromStr for RequestLine {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let (method, path) = text.split_once(' ').ok_or(ValueError::RequestLine)?;
        let path = path.trim();
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(ValueError::Method);
        }
        let path = Template::at(path.to_owned(), Position::default())
            .map_err(|why| ValueError::PathTemplate(why.to_string()))?;
        // what a reference stands for is looked at when it is read
        match path_mistake(&path.with_references_as("/")) {
            Some(mistake) => Err(mistake),
            None => Ok(Self { method: method.to_owned(), path }),
        }
    }
}

/// What a request line is, for errors and the schema.
const REQUEST_LINE: &str = "a method and a path such as GET /orders";

impl<'de> Deserialize<'de> for RequestLine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WithoutPlace(RequestLine);
        impl<'de> Deserialize<'de> for WithoutPlace {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                from_text(deserializer, REQUEST_LINE).map(Self)
            }
        }
        let spanned = serde_yaml::Spanned::<WithoutPlace>::deserialize(deserializer)?;
        let mut line = spanned.value.0;
        line.path.place = Position::of(&spanned.referenced);
        Ok(line)
    }
}

impl JsonSchema for RequestLine {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RequestLine".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let pattern = r"^[A-Z]+ +(/|\$\{[^}]*\})(\$\{[^}]*\}|\S)* *$";
        json_schema!({ "type": "string", "pattern": pattern, "description": REQUEST_LINE })
    }
}

/// Version of HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpVersion {
    /// HTTP/1.1.
    #[default]
    One,
    /// HTTP/2.
    Two,
}

impl FromStr for HttpVersion {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text {
            "1" => Ok(Self::One),
            "2" => Ok(Self::Two),
            _ => Err(ValueError::Http),
        }
    }
}

impl<'de> Deserialize<'de> for HttpVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, "1 for HTTP/1.1 or 2 for HTTP/2")
    }
}

impl JsonSchema for HttpVersion {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Http".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": [1, 2], "description": "1 for HTTP/1.1 or 2 for HTTP/2" })
    }
}

/// A day in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub struct Day(pub jiff::civil::Date);

impl FromStr for Day {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        text.parse().map(Self).map_err(|_| ValueError::Day)
    }
}

impl serde::Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

text!(Day, "Day", "a date such as 2027-02-01", r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$");

/// What a threshold compares.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// As it is written.
    pub text: String,
    /// The figure.
    pub metric: Metric,
    /// Whether the figure has to stay below the bound, or above it.
    pub below: bool,
    /// Whether the bound itself is allowed.
    pub inclusive: bool,
    /// The bound: microseconds for times, 0 to 1 for shares, requests a second for rates.
    pub bound: f64,
}

/// A figure that a threshold looks at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Metric {
    /// A percentile of response time (service time in the closed model).
    Percentile(f64),
    /// Its mean.
    Mean,
    /// Its largest value.
    Max,
    /// Share of outcomes that the lane does not expect.
    ErrorRate,
    /// Requests a second that were answered.
    AchievedRate,
    /// The median of the paired difference of each scheme against the baseline.
    Overhead,
    /// Highest rate that holds an objective.
    Capacity,
}

impl FromStr for Condition {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let at = text.find(['<', '>']).ok_or(ValueError::Comparison)?;
        let (metric, rest) = text.split_at(at);
        let below = rest.starts_with('<');
        let rest = &rest[1..];
        let inclusive = rest.starts_with('=');
        let bound = rest.trim_start_matches('=').trim();
        let metric = metric_of(metric.trim())?;
        let bound = match metric {
            Metric::ErrorRate => bound.parse::<Share>().map_err(|_| ValueError::ErrorRateBound)?.0,
            Metric::AchievedRate | Metric::Capacity => bound.parse::<Rate>().map_err(|_| ValueError::RateBound)?.0,
            _ => {
                let length = bound.parse::<Length>().map_err(|_| ValueError::TimeBound)?;
                length.0.as_secs_f64() * 1e6
            }
        };
        Ok(Self { text: text.to_owned(), metric, below, inclusive, bound })
    }
}

fn metric_of(text: &str) -> Result<Metric, ValueError> {
    let quantile = |text: &str| -> Option<f64> {
        let percent: f64 = text.strip_prefix("p(")?.strip_suffix(')')?.trim().parse().ok()?;
        (0.0..=100.0).contains(&percent).then_some(percent / 100.0)
    };
    let unknown = || match text.strip_prefix('p').filter(|rest| rest.parse::<f64>().is_ok()) {
        Some(percent) => ValueError::Percentile(percent.to_owned()),
        None => ValueError::Metric(text.to_owned()),
    };
    match text {
        "mean" => Ok(Metric::Mean),
        "max" => Ok(Metric::Max),
        "error_rate" => Ok(Metric::ErrorRate),
        "achieved_rate" => Ok(Metric::AchievedRate),
        "capacity" => Ok(Metric::Capacity),
        _ => match text.strip_prefix("overhead.") {
            Some(rest) => match quantile(rest) {
                Some(0.5) => Ok(Metric::Overhead),
                Some(_) => Err(ValueError::OverheadPercentile),
                None => Err(unknown()),
            },
            None => quantile(text).map(Metric::Percentile).ok_or_else(unknown),
        },
    }
}

text!(
    Condition,
    "Condition",
    "a threshold such as p(99) < 20ms or error_rate < 0.1%",
    r"^[a-z_.]+(\([0-9.]+\))? ?[<>]=? ?\S+$"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_need_their_units() {
        for (text, expected) in [
            ("p(99) < 20ms", Some((Metric::Percentile(0.99), true, 20_000.0))),
            ("error_rate < 0.1%", Some((Metric::ErrorRate, true, 0.001))),
            ("achieved_rate >= 500/s", Some((Metric::AchievedRate, false, 500.0))),
            ("overhead.p(50) < 50us", Some((Metric::Overhead, true, 50.0))),
            ("p(99) < 20", None),
            ("error_rate < 0.1", None),
            ("p(101) < 1ms", None),
            ("latency < 1ms", None),
            ("p(99) 20ms", None),
            ("overhead.p(99) < 1ms", None),
        ] {
            let parsed = text.parse::<Condition>().ok();
            assert_eq!(parsed.map(|parsed| (parsed.metric, parsed.below, parsed.bound)), expected, "{text}");
        }
    }

    #[test]
    fn requests_and_rates_are_read() {
        for good in ["GET /a?b=c", "GET /a/${ID}/x", "GET ${PATH}", "GET /a/${file:my id}", "GET /${A:-b}$${C}"] {
            let line: RequestLine = good.parse().unwrap_or_else(|why| panic!("{good}: {why}"));
            assert_eq!((line.method.as_str(), line.path.written()), ("GET", &good[4..]));
        }
        for (bad, expected) in [
            ("/a", ValueError::RequestLine),
            ("get /a", ValueError::Method),
            ("${METHOD} /a", ValueError::Method),
            ("GET a", ValueError::Path),
            ("GET a${ID}", ValueError::Path),
            ("GET $${ID}", ValueError::Path),
            ("GET /a b", ValueError::PathWithSpaces),
            ("GET /${ID} b", ValueError::PathWithSpaces),
            ("GET /${ID", ValueError::PathTemplate("a ${ without its }".to_owned())),
        ] {
            assert_eq!(bad.parse::<RequestLine>(), Err(expected), "{bad}");
        }
        assert_eq!("30/m".parse::<Rate>().map(|rate| rate.0), Ok(0.5));
        for bad in ["500", "0/s", "-1/s", "500/h", "x/s"] {
            assert!(bad.parse::<Rate>().is_err(), "{bad}");
        }
    }
}
