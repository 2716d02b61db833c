//! Why a document, a security scheme or an operation yields nothing.

use super::operation::BODY_LIMIT;

/// Why a document is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It starts as JSON does, and is none.
    #[error("not JSON: {0}")]
    Json(String),
    /// It is no YAML.
    #[error("not YAML: {0}")]
    Yaml(String),
    /// A version of OpenAPI other than 3.
    #[error("version {0:?} of OpenAPI is not known")]
    OpenApiVersion(String),
    /// A version of Swagger other than 2.
    #[error("version {0:?} of Swagger is not known")]
    SwaggerVersion(String),
    /// Another kind of document.
    #[error("no `openapi:` and no `swagger:` at its top: not an API document")]
    NoDocument,
}

/// Why there is no scenario for a security scheme.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoDraft {
    /// Every operation was left out.
    #[error("it protects nothing that can be read: {0}")]
    NothingReadable(LeftOut),
    /// No operation that reads is among those that demand it.
    #[error("only operations that write demand it")]
    OnlyWrites,
    /// Its value travels with the credential of another scheme.
    #[error("part of {0}: the scenario of {0} covers both")]
    PartOf(String),
    /// A token endpoint at no address.
    #[error("its token endpoint is no address")]
    TokenEndpoint,
    /// A scheme that authbench does not test.
    #[error("{0}")]
    Uncovered(String),
}

/// Why an operation is not a resource of the scenario.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeftOut {
    /// Nothing names the security scheme.
    #[error("no operation demands it")]
    NotDemanded,
    /// Two schemes at once, and the other one is no key in a header of its own.
    #[error("it also needs a security scheme that is no key in a header of its own")]
    AnotherScheme,
    /// It is served elsewhere.
    #[error("it has a server of its own")]
    OwnServer,
    /// A file belongs into its body.
    #[error("it uploads a file")]
    Upload,
    /// A cookie that a server sets.
    #[error("it needs the cookie `{0}`")]
    Cookie(String),
    /// A template that the document does not fill.
    #[error("its path cannot be filled in")]
    Path,
    /// A body without an example and without a schema that one can be made of.
    #[error("its body is not described")]
    Body,
    /// A body in other media types.
    #[error("its body is neither JSON nor a form")]
    Media,
    /// An example that JSON cannot express.
    #[error("its body is no JSON")]
    NoJson,
    /// A body that nobody wants to read in a scenario.
    #[error("its body is over {BODY_LIMIT} bytes")]
    LongBody,
    /// A form whose fields are not scalars.
    #[error("the example of its form is no form")]
    NoForm,
}
