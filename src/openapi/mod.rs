//! Reads documents of OpenAPI 3.0 and 3.1 and of Swagger 2, and drafts scenarios from what they say. Pure.

mod choice;
mod draft;
mod error;
mod example;
mod invent;
mod node;
mod operation;
mod root;
mod security;
mod server;
mod signed;
mod written;
mod yaml;

use node::Node;
use operation::Operation;
use root::Root;
use server::ApiBase;

pub use draft::{Draft, Wishes};
pub use error::{LeftOut, NoDraft, Unreadable};
pub use security::{KeyPlace, Method, SecurityScheme};

/// What a document says, as far as scenarios need it.
#[derive(Clone, Debug)]
pub struct OpenApiDocument {
    generation: String,
    title: String,
    schemes: Vec<SecurityScheme>,
    server: ApiBase,
    operations: Vec<Operation>,
}

/// Reads a document in JSON or YAML.
///
/// # Errors
/// When it is neither, or no document of OpenAPI 3 or Swagger 2.
pub fn read(text: &str) -> Result<OpenApiDocument, Unreadable> {
    // nothing of a file is shown that is no such document
    if !["openapi", "swagger"].iter().any(|name| text.contains(name)) {
        return Err(Unreadable::NoDocument);
    }
    let root = Root::read(text)?;
    let generation = generation(&root.0)?;
    let title = root.0.member("info").and_then(|info| info.text("title"));
    let schemes = security::schemes(&root);
    Ok(OpenApiDocument {
        generation,
        title: title.map(yaml::one_line).unwrap_or_default(),
        operations: operation::operations(&root, &schemes),
        schemes,
        server: ApiBase::of(&root),
    })
}

fn generation(root: &Node) -> Result<String, Unreadable> {
    let version = |name: &str| root.member(name).and_then(Node::scalar);
    match (version("openapi"), version("swagger")) {
        (Some(version), _) if version.starts_with("3.") => Ok(format!("OpenAPI {}", yaml::one_line(&version))),
        (None, Some(version)) if version == "2.0" || version == "2" => Ok("Swagger 2.0".to_owned()),
        (Some(version), _) => Err(Unreadable::OpenApiVersion(yaml::one_line(&version))),
        (None, Some(version)) => Err(Unreadable::SwaggerVersion(yaml::one_line(&version))),
        (None, None) => Err(Unreadable::NoDocument),
    }
}

impl OpenApiDocument {
    /// What it is written in, such as `OpenAPI 3.1.0`.
    pub fn generation(&self) -> &str {
        &self.generation
    }

    /// Its title, on one line; empty if it has none.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// How many operations it describes.
    pub fn operations(&self) -> usize {
        self.operations.len()
    }

    /// Where it says that the API is, without a path; none where it names no server.
    pub fn address(&self) -> Option<&str> {
        self.server.origin.as_deref()
    }

    /// Its security schemes, in the order of the document.
    pub fn schemes(&self) -> &[SecurityScheme] {
        &self.schemes
    }
}
