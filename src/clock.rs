//! The only module that reads the time.

use std::time::Instant;

/// A monotonic mark.
pub fn now() -> Instant {
    Instant::now()
}

/// The wall-clock time, for reports and for dates in credentials.
pub fn timestamp() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Seconds since 1970-01-01T00:00:00Z, the NumericDate of RFC 7519 §2.
pub fn unix_seconds() -> i64 {
    timestamp().as_second()
}
