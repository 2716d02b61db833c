//! What a scenario tolerates of a target: delays, leeway and clocks that differ.

use std::time::Duration;

/// What a scenario tolerates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerances {
    /// How long a token may live past its end.
    pub max_leeway: Duration,
    /// Whether the scenario says so: then a token that lives longer is against what it asks for.
    pub leeway_is_declared: bool,
    /// How long after that a token that still opens something is sent again, to tell too long a leeway from a token without an end.
    pub excess_leeway: Duration,
    /// How long a revoked credential may live on.
    pub revocation_delay: Duration,
    /// How long a rotated key may live on.
    pub rotation_delay: Duration,
    /// How long a self-contained token may still live at its logout.
    pub self_contained_life: Duration,
    /// How far the clocks may be apart.
    pub max_clock_skew: Duration,
}

impl Default for Tolerances {
    fn default() -> Self {
        Self {
            max_leeway: Duration::from_secs(1),
            leeway_is_declared: false,
            excess_leeway: Duration::from_secs(20),
            revocation_delay: Duration::from_secs(1),
            rotation_delay: Duration::from_secs(2),
            self_contained_life: Duration::from_secs(300),
            max_clock_skew: Duration::from_secs(2),
        }
    }
}
