//! The scenario file, as types. Field names are the format; docstrings are its documentation.

mod case;
mod conformance;
mod credential;
mod load;
mod login;
mod material;
mod one_time;
mod overhead;
mod reset;
mod resource;
mod scheme;
mod target;
mod threshold;
mod waiver;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::At;

pub use case::*;
pub use conformance::*;
pub use credential::*;
pub use load::*;
pub use login::*;
pub use material::*;
pub use one_time::*;
pub use overhead::*;
pub use reset::*;
pub use resource::*;
pub use scheme::*;
pub use target::*;
pub use threshold::*;
pub use waiver::*;

/// What authbench is to test, and how.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Version of this format: 1.
    pub authbench: At<u32>,
    /// Name, for reports.
    pub name: String,
    /// A few sentences, for reports.
    #[serde(default)]
    pub description: String,
    /// Words to select scenarios by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// What is tested.
    pub target: At<Target>,
    /// How clients prove who they are; a file that compares schemes needs none.
    #[serde(default = "unwritten")]
    pub scheme: At<Scheme>,
    /// Logins that several credentials share, by free names.
    #[serde(default)]
    pub logins: BTreeMap<String, LoginFields>,
    /// Who is known to the target, by free names; the first that may use a resource is the one that checks use there. The
    /// reference has its own.
    #[serde(default)]
    pub credentials: BTreeMap<String, At<Credential>>,
    /// What unlocks further checks.
    #[serde(default = "no_material")]
    pub material: At<DeclaredMaterial>,
    /// What can be asked for. The reference has its own.
    #[serde(default)]
    pub resources: Vec<At<DeclaredResource>>,
    /// Which checks run, and how strictly.
    #[serde(default)]
    pub conformance: Conformance,
    /// Checks of your own.
    #[serde(default)]
    pub cases: Vec<At<Case>>,
    /// Load phases, one after another.
    #[serde(default)]
    pub load: Vec<At<LoadPhase>>,
    /// Compares what schemes cost.
    #[serde(default)]
    pub overhead: Option<At<Overhead>>,
    /// What the results have to hold.
    #[serde(default)]
    pub thresholds: Vec<At<Threshold>>,
}

/// The material of a file that has none.
fn no_material() -> At<DeclaredMaterial> {
    At { value: DeclaredMaterial::default(), place: super::Position::default() }
}

/// The scheme of a file that names none: no place in the file tells it from one that is written.
fn unwritten() -> At<Scheme> {
    At { value: Scheme(SchemeFields::None(NoFields {})), place: super::Position::default() }
}
