//! What can be asked for.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::either::{bare_or_map, one_or_list};
use crate::scenario::text::RequestLine;
use crate::scenario::{At, JsonTemplate, Template};

/// Something that can be asked for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Resource")]
pub struct DeclaredResource {
    /// Method and path. The path is a template: `${VAR}`, `${VAR:-default}` and `${file:path}` stand for a variable or a
    /// file, whose value is sent as it is, without percent-encoding. Reports show the path with its values: use no secret
    /// in it.
    pub request: RequestLine,
    /// Scopes that it needs.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// How access granted looks; learned from a good answer if absent.
    #[serde(default)]
    pub success: Option<AnswerPattern>,
    /// How access refused looks, where a refusal has a status of success or redirects: it says how a refusal is
    /// recognised, not which status is right. A list where refusals look in several ways: an answer that fits one of its
    /// patterns refuses.
    #[serde(default)]
    pub refusal: Option<RefusalPatterns>,
    /// JSON body.
    #[serde(default)]
    pub json: Option<JsonTemplate>,
    /// Form body.
    #[serde(default)]
    pub form: Option<BTreeMap<String, Template>>,
    /// Body as text; `text/plain` unless `headers` have a `Content-Type`.
    #[serde(default)]
    pub body: Option<Template>,
    /// Added header lines.
    #[serde(default)]
    pub headers: BTreeMap<String, Template>,
    /// Whether it changes state.
    #[serde(default)]
    pub writes: bool,
    /// Whether it needs no credential.
    #[serde(default)]
    pub public: bool,
    /// Tenant that owns it.
    #[serde(default)]
    pub tenant: Option<String>,
    /// A path of the same shape that names nothing, such as `/tenants/zz/orders` beside `/tenants/a/orders`. Reports show it
    /// with its values.
    #[serde(default)]
    pub absent: Option<Template>,
    /// Requests that set up what a write needs: sent before its controls, and before the probes of a check that writes. They
    /// bring back what an earlier write has changed, so that the next one can be seen.
    #[serde(default)]
    pub before: Vec<At<PreparingRequest>>,
    /// Requests that clean up after it.
    #[serde(default)]
    pub after: Vec<At<PreparingRequest>>,
}

/// A request that sets up or cleans up what a write needs.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreparingRequest {
    /// Method and path. The path is a template; reports show it with its values.
    pub request: RequestLine,
    /// JSON body.
    #[serde(default)]
    pub json: Option<JsonTemplate>,
    /// Form body.
    #[serde(default)]
    pub form: Option<BTreeMap<String, Template>>,
    /// Body as text; `text/plain` unless `headers` have a `Content-Type`.
    #[serde(default)]
    pub body: Option<Template>,
    /// Added header lines.
    #[serde(default)]
    pub headers: BTreeMap<String, Template>,
    /// Name of the credential that it carries; the one that may use the resource if absent.
    #[serde(default)]
    pub with: Option<String>,
    /// Values of its answer, each under a name: `{NAME}` stands for it in the requests of `before` that follow, in those of
    /// `after`, and in the path, the header lines and the body of the resource. What `before` makes for each write is what
    /// the write is about: `DELETE /orders/{order}` with `keep: { order: /id }`.
    #[serde(default)]
    pub keep: BTreeMap<String, KeptPosition>,
}

bare_or_map!(
    /// Where a value is in an answer.
    KeptPosition, KeptPositionFields, "a JSON pointer such as `/id`, `{ header: NAME }` or `{ input: NAME }`",
    |word: &str| word.starts_with('/').then(|| KeptPositionFields { pointer: Some(word.to_owned()), ..Default::default() }),
    []
);

/// Where a value is in an answer: exactly one of these.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeptPositionFields {
    /// JSON pointer (RFC 6901).
    #[serde(default)]
    pub pointer: Option<String>,
    /// Name of a header field. Of an address, such as that of `Location`, a path takes what follows its own beginning.
    #[serde(default)]
    pub header: Option<String>,
    /// Name of an input of a page, such as that of a CSRF token.
    #[serde(default)]
    pub input: Option<String>,
}

one_or_list!(
    /// How refusals look: one pattern, or several.
    RefusalPatterns, AnswerPattern, "a pattern such as `{ status: 302 }`, or a list of patterns, each of which refuses"
);

/// How an answer is recognised: everything that is named has to hold.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerPattern {
    /// Status.
    #[serde(default)]
    pub status: Option<u16>,
    /// A JSON pointer (RFC 6901) that resolves in the body.
    #[serde(default)]
    pub json: Option<String>,
    /// Text that the body contains.
    #[serde(default)]
    pub text: Option<String>,
    /// Media type.
    #[serde(default)]
    pub content_type: Option<String>,
}
