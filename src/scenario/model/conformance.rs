//! Which checks run, and how strictly.

use schemars::JsonSchema;
use serde::Deserialize;

use super::waiver::Waiver;
use crate::scenario::At;
use crate::scenario::either::name_or_map;
use crate::scenario::text::{Length, Share};

/// Which checks run, and how strictly.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Conformance {
    /// Profile, or several, of which the last wins.
    #[serde(default)]
    pub profile: Option<At<Profiles>>,
    /// What is tolerated.
    #[serde(default)]
    pub tolerances: DeclaredTolerances,
    /// Ids or patterns such as `bearer.*`; all if empty.
    #[serde(default)]
    pub include: Vec<At<String>>,
    /// Ids or patterns that are left out.
    #[serde(default)]
    pub exclude: Vec<At<String>>,
    /// Share of the applicable checks that has to be executed.
    #[serde(default)]
    pub min_coverage: Option<Share>,
    /// Exceptions that somebody answers for.
    #[serde(default)]
    pub waivers: Vec<At<Waiver>>,
    /// A file of more of them, relative to the scenario; it may serve several scenarios.
    #[serde(default)]
    pub waivers_file: Option<At<String>>,
}

name_or_map!(
    /// One profile or several.
    Profiles, "the name of a profile, or a list of names"
);

/// What is tolerated.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Tolerances")]
pub struct DeclaredTolerances {
    /// How long a token may live past its end; 1 s.
    #[serde(default)]
    pub max_leeway: Option<Length>,
    /// How long a token that is granted access after `max_leeway` is sent again; 20 s. One that is refused by then has too long a
    /// leeway, and another one does not end.
    #[serde(default)]
    pub excess_leeway: Option<Length>,
    /// How long a revoked credential may live on; 1 s.
    #[serde(default)]
    pub revocation_delay: Option<Length>,
    /// How long a rotated key may live on; 2 s.
    #[serde(default)]
    pub rotation_delay: Option<Length>,
    /// Longest remaining lifetime of a self-contained token (a JWT) at its logout, or at the reuse of its refresh token (default 5 min).
    /// Until the token expires, it may still open resources, with a warning (RFC 7009 §3).
    #[serde(default)]
    pub self_contained_life: Option<Length>,
    /// How far the clocks may be apart; 2 s.
    #[serde(default)]
    pub max_clock_skew: Option<Length>,
}
