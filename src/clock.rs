//! The only module that reads the time.

use std::time::{Duration, Instant};

/// A monotonic mark.
pub fn now() -> Instant {
    Instant::now()
}

/// A mark that is later than another by a length. No length is too long: what a server says is not to break a sum.
pub fn after(mark: Instant, length: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
    mark.checked_add(length).or_else(|| mark.checked_add(FAR)).unwrap_or(mark)
}

/// A mark that is earlier than another by a length, as far back as the clock goes.
pub fn before(mark: Instant, length: Duration) -> Instant {
    mark.checked_sub(length).unwrap_or(mark)
}

/// The wall-clock time, for reports and for dates in credentials.
pub fn timestamp() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// The wall clock by which days are counted; it stands still in tests.
#[derive(Clone, Copy, Debug, Default)]
pub enum Wall {
    /// The machine's.
    #[default]
    Machine,
    /// One that stands still.
    Fixed(jiff::Timestamp),
}

impl Wall {
    /// The day in UTC, so that what ends with a day ends everywhere at the same moment.
    pub fn today(self) -> jiff::civil::Date {
        let now = match self {
            Wall::Machine => timestamp(),
            Wall::Fixed(at) => at,
        };
        jiff::tz::Offset::UTC.to_datetime(now).date()
    }
}

/// Seconds since 1970-01-01T00:00:00Z, the NumericDate of RFC 7519 §2.
pub fn unix_seconds() -> i64 {
    timestamp().as_second()
}

/// The wall-clock time, as file systems stamp it.
pub fn system() -> std::time::SystemTime {
    std::time::SystemTime::now()
}

/// The monotonic mark of a wall-clock time; now for one that is long over.
pub fn instant_of(at: jiff::Timestamp) -> Instant {
    let (now, wall) = (now(), timestamp());
    let ahead = at.duration_since(wall);
    match std::time::Duration::try_from(ahead) {
        Ok(ahead) => now.checked_add(ahead).unwrap_or(now),
        Err(_) => std::time::Duration::try_from(-ahead).ok().and_then(|ago| now.checked_sub(ago)).unwrap_or(now),
    }
}

/// The wall-clock time of a monotonic mark.
pub fn wall_of(mark: Instant) -> jiff::Timestamp {
    let (now, wall) = (now(), timestamp());
    let ahead = mark.saturating_duration_since(now);
    let behind = now.saturating_duration_since(mark);
    wall.saturating_add(ahead).and_then(|wall| wall.saturating_sub(behind)).unwrap_or(wall)
}
