//! What the user wrote.

mod either;
mod error;
mod json_template;
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
mod value_error;
mod waivers;

pub use error::ScenarioError;
pub(crate) use error::nearest;
pub use json_template::JsonTemplate;
pub use load::{LoadedScenario, load_paths, load_text, load_untrusted};
pub use model::Scenario;
pub use place::{At, Position};
pub use template::{Environment, NoVariables, Template, TemplateError};
pub use value_error::ValueError;
pub use waivers::{WaiverFile, load_waivers};

/// The JSON Schema of a file of waivers.
pub fn waivers_schema() -> serde_json::Value {
    let mut schema = serde_json::Value::from(schemars::schema_for!(model::WaiverList));
    schema["title"] = "authbench waivers".into();
    // inside a scenario the target is known; a file serves several
    if let Some(required) = schema.pointer_mut("/$defs/Waiver/required").and_then(serde_json::Value::as_array_mut) {
        required.push("target".into());
    }
    schema
}

/// The JSON Schema of a scenario.
pub fn schema() -> serde_json::Value {
    let mut schema = serde_json::Value::from(schemars::schema_for!(Scenario));
    schema["title"] = "authbench scenario".into();
    schema
}
