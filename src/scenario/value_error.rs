//! Why a text is not the value that its key takes.

use super::text::MOST_RATE;

/// What is wrong with a value that is written as text. Whoever reads it adds the text and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// No duration of the form `10s`.
    #[error("not a length of time")]
    Length,
    /// No JSON pointer.
    #[error("a JSON pointer starts with a slash")]
    Pointer,
    /// No rate of the form `500/s`.
    #[error("not a rate")]
    Rate,
    /// A rate of nothing, or below.
    #[error("a rate must be greater than 0")]
    RateOfNothing,
    /// More than any machine sends.
    #[error("a rate must be at most {}/s", MOST_RATE)]
    RateTooHigh,
    /// No number with a percent sign.
    #[error("not a percentage")]
    Share,
    /// Beyond the whole, or below nothing.
    #[error("a percentage must be from 0% to 100%")]
    ShareRange,
    /// A request line of one word.
    #[error("a request needs a method and a path")]
    RequestLine,
    /// A method in small letters.
    #[error("a method is written in capital letters")]
    Method,
    /// A path without its slash.
    #[error("a path starts with a slash")]
    Path,
    /// A path that would end the request line.
    #[error("a path has no spaces")]
    PathWithSpaces,
    /// A path with a `${…}` that names nothing.
    #[error("{0}")]
    PathTemplate(String),
    /// A version of HTTP that is neither 1 nor 2.
    #[error("not a version of HTTP that authbench speaks")]
    Http,
    /// No date of RFC 3339.
    #[error("not a date")]
    Day,
    /// A threshold without `<` and `>`.
    #[error("a threshold compares a result by < or >, such as p(99) < 20ms")]
    Comparison,
    /// An error rate against something else.
    #[error("an error rate is compared with a percentage such as 0.1%")]
    ErrorRateBound,
    /// A rate against something else.
    #[error("a rate is compared with a rate such as 5000/s")]
    RateBound,
    /// A time as a bare number.
    #[error("a time needs its unit, such as 20ms")]
    TimeBound,
    /// `p99` instead of `p(99)`.
    #[error("a percentile is written p({0})")]
    Percentile(String),
    /// A metric that is not measured.
    #[error(
        "unknown measurement {0:?}; expected one of p(99), mean, max, error_rate, achieved_rate, capacity, overhead.p(50)"
    )]
    Metric(String),
    /// Another percentile of overhead than the median.
    #[error("of overhead the median is measured: write overhead.p(50)")]
    OverheadPercentile,
    /// An objective of a metric that a rate does not make worse.
    #[error("a capacity is searched at p(…), mean, max and error_rate, not at {0}")]
    Objective(String),
}
