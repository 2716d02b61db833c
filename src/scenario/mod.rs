//! What the user wrote.

mod either;
mod error;
mod load;
pub mod manual;
mod mask;
pub mod model;
pub mod objective;
mod place;
pub mod template;
pub mod text;
mod thresholds;
mod validate;
mod waivers;

pub use error::ScenarioError;
pub(crate) use error::nearest;
pub use load::{LoadedScenario, load_paths, load_text};
pub use model::Scenario;
pub use place::{At, Place};
pub use template::{Environment, Template};
pub use waivers::{WaiverFile, load_waivers};

/// The JSON Schema of a scenario.
pub fn schema() -> serde_json::Value {
    let mut schema = serde_json::Value::from(schemars::schema_for!(Scenario));
    schema["title"] = "authbench scenario".into();
    schema
}
