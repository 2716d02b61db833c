//! Which checks run, and how strictly.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::At;
use crate::scenario::either::name_or_map;
use crate::scenario::text::{Day, Length, Share};

/// Which checks run, and how strictly.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Conformance {
    /// Profile, or several, of which the last wins.
    #[serde(default)]
    pub profile: Option<At<Profiles>>,
    /// What is tolerated.
    #[serde(default)]
    pub tolerances: Tolerances,
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
}

name_or_map!(
    /// One profile or several.
    Profiles, "the name of a profile, or a list of names"
);

/// What is tolerated.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tolerances {
    /// How long a token may live past its end; 1 s.
    #[serde(default)]
    pub max_leeway: Option<Length>,
    /// How long a revoked credential may live on; 1 s.
    #[serde(default)]
    pub revocation_delay: Option<Length>,
    /// How long a rotated key may live on; 2 s.
    #[serde(default)]
    pub rotation_delay: Option<Length>,
    /// How far the clocks may be apart; 2 s.
    #[serde(default)]
    pub max_clock_skew: Option<Length>,
}

/// An exception that somebody answers for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// Id of the check, exactly.
    pub check: String,
    /// Target that it holds for: an address or its start.
    #[serde(default)]
    pub target: Option<String>,
    /// The failure that is excused; another failure of the same check is not.
    #[serde(default)]
    pub observed: Observed,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Where it is followed up.
    #[serde(default)]
    pub ticket: Option<String>,
    /// Day on which it was written.
    pub created: Day,
    /// Last day on which it holds, UTC; at most 180 days after `created`.
    pub expires: Day,
    /// Needed to excuse access of critical severity, together with a second name.
    #[serde(default)]
    pub accept_risk: Option<String>,
}

/// The shape of a failure.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    /// `access` or `protocol`.
    #[serde(default)]
    pub part: Option<ObservedPart>,
    /// Status of the answer that shows it.
    #[serde(default)]
    pub status: Option<u16>,
}

/// Part of a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ObservedPart {
    /// Access granted, or refused.
    Access,
    /// Status, headers, body.
    Protocol,
}
