//! What was obtained, and when it ends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::clock;
use crate::scheme::dpop::ProofKey;
use crate::scheme::jose::Jws;
use crate::secret::Secret;

/// A token is renewed when this little of its life is left, or half of it, whichever is less.
const RENEWAL_MARGIN: Duration = Duration::from_secs(30);
/// A token is not used any more when this little of its life is left: a request takes its time.
const LAST_USE: Duration = Duration::from_millis(50);
/// How long a token without a known end is taken to live.
const ASSUMED_LIFETIME: Duration = Duration::from_secs(300);
/// The longest life that is believed: enough for any run, and no sum with it overflows.
const LONGEST_LIFETIME: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
/// The least time between two tokens of a client whose tokens end as soon as they are issued, and the most that it grows
/// to: such a server is not to be flooded with requests.
const RENEWAL_FLOOR: Duration = Duration::from_millis(200);
const RENEWAL_CEILING: Duration = Duration::from_secs(5);
/// How exactly a `Date` field tells the time of a server: it has whole seconds (RFC 9110 §5.6.7).
const DATE_STEP: f64 = 1.0;

/// A token, or another credential that was obtained, with its life.
#[derive(Clone, Debug)]
pub struct Token {
    /// The token.
    pub value: Secret,
    /// When it was asked for.
    pub obtained: Instant,
    /// How long it lives, as the server says; none where it does not say.
    pub lifetime: Option<Duration>,
    /// How long it took to obtain.
    pub took: Duration,
    /// Scope, as the server says.
    pub scope: Option<String>,
    /// The key that it is bound to, where it is bound to one.
    pub key: Option<Arc<ProofKey>>,
    /// When it ends, at the earliest and at the latest; none where nothing says so.
    end: Option<(Instant, Instant)>,
}

impl Token {
    /// A token whose life nobody told.
    pub fn endless(value: Secret) -> Self {
        Self { value, obtained: clock::now(), lifetime: None, took: Duration::ZERO, scope: None, key: None, end: None }
    }

    /// A token that was asked for at a time, that took so long to come, and that says how long it lives. Its life may have
    /// begun at any moment between request and answer.
    pub fn living(value: Secret, obtained: Instant, took: Duration, lifetime: Option<Duration>) -> Self {
        let end = lifetime.map(|lifetime| {
            let earliest = clock::after(obtained, lifetime);
            (earliest, clock::after(earliest, took))
        });
        Self { value, obtained, lifetime, took, scope: None, key: None, end }
    }

    /// The same, with the end that it names itself, if it is a JWT with `exp` (RFC 7519 §4.1.4). `server_time` is what the
    /// server's clock showed when it came, in seconds since 1970; that of this machine where the server did not say.
    #[must_use]
    pub fn with_own_end(self, server_time: Option<f64>) -> Self {
        match own_end(self.value.expose()) {
            Some(end) => self.ending_at(end, server_time),
            None => self,
        }
    }

    /// The same, ending at a time in seconds since 1970. Where it has an end already, the earlier is the earliest and the
    /// later is the latest.
    #[must_use]
    pub fn ending_at(mut self, end: f64, server_time: Option<f64>) -> Self {
        let received = clock::after(self.obtained, self.took);
        let own_clock =
            clock::timestamp().as_millisecond() as f64 / 1e3 - clock::now().duration_since(received).as_secs_f64();
        // when it came, the clock showed the time of the field at least, and at most the next second and the way here
        let (clock_low, clock_high) = server_time.map_or((own_clock - DATE_STEP, own_clock + DATE_STEP), |time| {
            (time, time + DATE_STEP + self.took.as_secs_f64())
        });
        let (earliest, latest) =
            (clock::after(received, seconds(end - clock_high)), clock::after(received, seconds(end - clock_low)));
        let both = |(low, high): (Instant, Instant)| (low.min(earliest), high.max(latest));
        self.end = Some(self.end.map_or((earliest, latest), both));
        self.lifetime = self.lifetime.or_else(|| Some(seconds(end - clock_low)));
        self
    }

    /// When it ends, at the earliest and at the latest; none where nothing says so.
    pub fn life(&self) -> Option<(Instant, Instant)> {
        self.end
    }

    /// The same, ending no later than that.
    #[must_use]
    pub fn ending_by(mut self, (earliest, latest): (Instant, Instant)) -> Self {
        self.end = self.end.map(|(low, high)| (low.min(earliest), high.min(latest)));
        self
    }

    /// When it should be replaced: before its end by a margin.
    pub fn renew_at(&self) -> Instant {
        let received = clock::after(self.obtained, self.took);
        let Some(end) = self.ends_at() else { return clock::after(received, ASSUMED_LIFETIME - RENEWAL_MARGIN) };
        let usable = end.saturating_duration_since(received);
        clock::before(end, RENEWAL_MARGIN.min(usable / 2))
    }

    /// When it has ended at the latest: its life may begin with the answer and not with the request.
    pub fn has_ended_at(&self) -> Option<Instant> {
        self.end.map(|(_, latest)| latest)
    }

    /// When it ends at the earliest, as the server says; none where it does not say.
    pub fn ends_at(&self) -> Option<Instant> {
        self.end.map(|(earliest, _)| earliest)
    }
}

/// The `exp` of a JWT, in seconds since 1970.
pub fn own_end(token: &str) -> Option<f64> {
    let claims = Jws::read(token)?.unsigned()?.claims;
    claims.value("exp")?.as_f64().filter(|end| end.is_finite())
}

/// When tokens of one client are renewed. Where they end as soon as they are issued, each one is used longer than it says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Renewals {
    /// Tokens in a row that were of no use when they came.
    useless: u32,
}

impl Renewals {
    /// When a token is replaced that has just come.
    pub fn next(&mut self, token: &Token) -> Instant {
        let due = token.renew_at();
        let received = clock::after(token.obtained, token.took);
        let usable = token.ends_at().is_none_or(|end| end > clock::after(received, LAST_USE));
        if usable {
            self.useless = 0;
            return due.max(clock::after(received, LAST_USE));
        }
        let wait = RENEWAL_FLOOR.saturating_mul(1 << self.useless.min(10)).min(RENEWAL_CEILING);
        self.useless = self.useless.saturating_add(1);
        clock::after(received, wait)
    }

    /// When it is tried again after a token was not obtained.
    pub fn retry(&mut self) -> Instant {
        let wait = RENEWAL_FLOOR.saturating_mul(1 << self.useless.min(10)).min(RENEWAL_CEILING);
        self.useless = self.useless.saturating_add(1);
        clock::after(clock::now(), wait)
    }
}

/// `expires_in` (RFC 6749 §5.1): a token that lives no time, or less, has ended when it comes; none lives for ever.
pub fn seconds(value: f64) -> Duration {
    Duration::try_from_secs_f64(value.max(0.0)).unwrap_or(LONGEST_LIFETIME).min(LONGEST_LIFETIME)
}

/// How long a token lives by an answer: its `expires_in`, also where that is written as text. Whether it may be is for a check to
/// say.
pub fn stated_lifetime(answer: &Value) -> Option<Duration> {
    let stated = answer.get("expires_in")?;
    let number = stated.as_f64().or_else(|| stated.as_str()?.trim().parse().ok());
    number.filter(|number| number.is_finite()).map(seconds)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_lifetime_counts_also_where_it_is_text() {
        for (stated, expected) in [
            (json!(20), Some(20)),
            (json!("20"), Some(20)),
            (json!(" 20"), Some(20)),
            (json!("NaN"), None),
            (json!("inf"), None),
            (json!("soon"), None),
            (json!(null), None),
            (json!([20]), None),
        ] {
            let answer = json!({ "expires_in": stated });
            assert_eq!(stated_lifetime(&answer), expected.map(Duration::from_secs), "{answer}");
        }
        assert_eq!(stated_lifetime(&json!({})), None);
    }

    const TOOK: Duration = Duration::from_millis(3);

    fn living(lifetime: f64) -> Token {
        Token::living(Secret::new("t"), clock::now(), TOOK, Some(seconds(lifetime)))
    }

    #[test]
    fn no_lifetime_breaks_the_arithmetic() {
        for lifetime in [18_446_744_073_709_551_615.0, 1e19, 1e300, f64::MAX, -1.0, -1e300, 0.0, 0.25, f64::NAN] {
            let token = living(lifetime);
            let end = token.ends_at().expect("it says when it ends");
            assert!(token.renew_at() <= end && token.obtained <= end, "{lifetime}");
        }
        for end in [f64::MAX, -1e300, 0.0, 4e9] {
            let token = living(60.0).ending_at(end, Some(1e9));
            assert!(token.ends_at() <= token.has_ended_at(), "{end}");
        }
        assert_eq!(living(0.5).lifetime, Some(Duration::from_millis(500)));
        assert_eq!(living(-3.0).lifetime, Some(Duration::ZERO));
    }

    #[test]
    fn tokens_that_end_as_they_come_are_renewed_ever_more_rarely() {
        let mut renewals = Renewals::default();
        let mut wait = |lifetime| {
            let token = living(lifetime);
            renewals.next(&token) - token.obtained - token.took
        };
        let waits: Vec<u128> = (0..7).map(|_| wait(0.0).as_millis()).collect();
        assert_eq!(waits, [200, 400, 800, 1600, 3200, 5000, 5000]);
        assert!(wait(60.0) > Duration::from_secs(29));
        assert_eq!(wait(0.01), RENEWAL_FLOOR);
    }

    #[test]
    fn a_short_lived_token_is_renewed_at_half_of_what_is_left_when_it_comes() {
        for (lifetime, took, renewed_after) in
            [(2, 0, 1000), (60, 0, 30_000), (3600, 0, 3_570_000), (3000, 2500, 2_970_000)]
        {
            let token = Token::living(
                Secret::new("t"),
                clock::now(),
                Duration::from_millis(took),
                Some(Duration::from_secs(lifetime)),
            );
            assert_eq!((token.renew_at() - token.obtained).as_millis(), renewed_after, "{lifetime}");
        }
        let slow =
            Token::living(Secret::new("t"), clock::now(), Duration::from_millis(2500), Some(Duration::from_secs(3)));
        assert_eq!((slow.renew_at() - slow.obtained).as_millis(), 2750);
    }

    #[test]
    fn the_end_of_a_jwt_is_an_interval_around_the_servers_clock() {
        let token = Token::living(Secret::new("t"), clock::now(), Duration::ZERO, None)
            .ending_at(1_000_010.0, Some(1_000_000.0));
        let (earliest, latest) = (token.ends_at().expect("an end"), token.has_ended_at().expect("an end"));
        assert_eq!(
            (earliest - token.obtained, latest - token.obtained),
            (Duration::from_secs(9), Duration::from_secs(10))
        );
    }
}
