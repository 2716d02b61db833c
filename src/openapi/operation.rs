//! Operations: what can be asked for, and the request that asks for it.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

use super::error::LeftOut;
use super::example::{DEPTH, Examples};
use super::invent::{Inventor, parameter};
use super::node::Node;
use super::root::Root;
use super::security::{self, Method, Requirements, SecurityScheme};

/// What stays as it is in a segment of a path and in a query (RFC 3986 §2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// What a path cannot hold as it is.
const PATH: &AsciiSet = &CONTROLS.add(b' ').add(b'"');
/// Bytes of a body, at most: a scenario is to be read.
pub(super) const BODY_LIMIT: usize = 2000;

/// Something that a document says can be asked for.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    /// Method, in capital letters.
    pub(super) method: String,
    /// Path as the document has it.
    pub(super) template: String,
    /// What it demands.
    pub(super) requirements: Requirements,
    /// The request, or why there is none.
    pub(super) request: Result<SampleRequest, LeftOut>,
}

/// A request that can be sent.
#[derive(Clone, Debug, Default)]
pub(super) struct SampleRequest {
    /// Path and query, without what the server's address has in front.
    pub(super) path: String,
    /// Header lines.
    pub(super) headers: Vec<(String, String)>,
    /// Body.
    pub(super) body: Body,
    /// What was made up, for want of an example: somebody has to fill it in.
    pub(super) missing: Vec<String>,
}

/// A body.
#[derive(Clone, Debug, Default)]
pub(super) enum Body {
    #[default]
    None,
    Json(String),
    Form(Vec<(String, String)>),
}

impl Operation {
    /// Whether it only reads.
    pub(super) fn reads(&self) -> bool {
        self.method == "GET"
    }

    /// Whether it can be had without a credential.
    pub(super) fn is_public(&self) -> bool {
        self.requirements.is_empty() || self.requirements.iter().any(Vec::is_empty)
    }

    /// Whether it names a scheme among those that it needs.
    pub(super) fn names(&self, scheme: &str) -> bool {
        !self.is_public() && self.requirements.iter().flatten().any(|(id, _)| id == scheme)
    }
}

/// All operations, in the order of the document.
pub(super) fn operations(root: &Root, schemes: &[SecurityScheme]) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (template, item) in root.member(&root.0, "paths").map(Node::members).unwrap_or_default() {
        let Some(item) = root.follow(item) else { continue };
        for (method, operation) in item.members() {
            if matches!(method.as_str(), "get" | "post" | "put" | "patch" | "delete") {
                let requirements = security::requirements(root, operation);
                let demanded = demanded(&requirements, schemes);
                operations.push(Operation {
                    method: method.to_ascii_uppercase(),
                    template: template.clone(),
                    requirements,
                    request: Asking::about(root, template, item, operation, demanded).request(),
                });
            }
        }
    }
    operations
}

/// The schemes that an operation demands: some documents name what they send among its parameters too.
fn demanded<'a>(requirements: &Requirements, schemes: &'a [SecurityScheme]) -> Vec<&'a Method> {
    let demanded = |scheme: &&SecurityScheme| requirements.iter().flatten().any(|(id, _)| *id == scheme.id);
    schemes.iter().filter(demanded).map(|scheme| &scheme.method).collect()
}

/// Puts the request of one operation together.
struct Asking<'a> {
    root: &'a Root,
    template: &'a str,
    item: &'a Node,
    operation: &'a Node,
    examples: Examples<'a>,
    /// What the credentials are that it is sent with.
    demanded: Vec<&'a Method>,
}

impl<'a> Asking<'a> {
    fn about(
        root: &'a Root,
        template: &'a str,
        item: &'a Node,
        operation: &'a Node,
        demanded: Vec<&'a Method>,
    ) -> Self {
        Self { root, template, item, operation, examples: Examples::of(root), demanded }
    }

    fn request(&self) -> Result<SampleRequest, LeftOut> {
        if self.item.member("servers").or_else(|| self.operation.member("servers")).is_some() {
            return Err(LeftOut::OwnServer);
        }
        let mut request = SampleRequest { path: self.template.to_owned(), ..SampleRequest::default() };
        let (mut query, mut form) = (Vec::new(), Vec::new());
        for parameter in self.parameters() {
            let name = parameter.text("name").unwrap_or_default();
            let place = parameter.text("in").unwrap_or_default();
            if !parameter.says("required") && place != "path" {
                continue;
            }
            if self.demanded.iter().any(|method| method.sets(place, name)) {
                continue;
            }
            match place {
                "path" => {
                    let value = self.value(parameter, &mut request);
                    let encoded = utf8_percent_encode(&value, UNRESERVED).to_string();
                    request.path = request.path.replace(&format!("{{{name}}}"), &encoded);
                }
                "query" => query.push((name.to_owned(), self.value(parameter, &mut request))),
                "formData" if parameter.text("type") == Some("file") => return Err(LeftOut::Upload),
                "formData" => form.push((name.to_owned(), self.value(parameter, &mut request))),
                // the three that the specification excludes are set by authbench
                "header" if !["accept", "content-type", "authorization"].contains(&&*name.to_ascii_lowercase()) => {
                    let value = self.value(parameter, &mut request);
                    request.headers.push((name.to_owned(), value));
                }
                "cookie" => return Err(LeftOut::Cookie(one(name))),
                "body" => request.body = self.json(parameter, &mut request)?,
                _ => {}
            }
        }
        self.finish(request, &query, form)
    }

    fn finish(
        &self,
        mut request: SampleRequest,
        query: &[(String, String)],
        form: Vec<(String, String)>,
    ) -> Result<SampleRequest, LeftOut> {
        if request.path.contains(['{', '}', '#', '?']) || !request.path.starts_with('/') {
            return Err(LeftOut::Path);
        }
        request.path = utf8_percent_encode(&request.path, PATH).to_string();
        let encoded = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
        for (at, (name, value)) in query.iter().enumerate() {
            request.path.push(if at == 0 { '?' } else { '&' });
            request.path.push_str(&format!("{}={}", encoded(name), encoded(value)));
        }
        if !form.is_empty() {
            request.body = Body::Form(form);
        }
        if let Some(body) = self.root.member(self.operation, "requestBody") {
            request.body = self.body(body, &mut request)?;
        }
        Ok(request)
    }

    /// Parameters of the operation, then those of its path that it does not replace.
    fn parameters(&self) -> Vec<&'a Node> {
        let of = |node: &'a Node| {
            let list = node.member("parameters").map(Node::items).unwrap_or_default();
            list.iter().filter_map(|parameter| self.root.follow(parameter))
        };
        let mut parameters: Vec<&Node> = of(self.operation).collect();
        for inherited in of(self.item) {
            let same =
                |own: &&Node| own.text("name") == inherited.text("name") && own.text("in") == inherited.text("in");
            if !parameters.iter().any(same) {
                parameters.push(inherited);
            }
        }
        parameters
    }

    /// What the document shows, or a value of that type that the request is marked with.
    fn value(&self, node: &Node, request: &mut SampleRequest) -> String {
        self.examples.of_parameter(node).unwrap_or_else(|| {
            let place = match node.text("in").unwrap_or_default() {
                "formData" => "form field",
                "path" => "path parameter",
                "query" => "query parameter",
                _ => "header",
            };
            let (value, about) = parameter(self.root, &self.examples, node, place);
            request.missing.push(about);
            value
        })
    }

    /// The body of OpenAPI 3.
    fn body(&self, body: &Node, request: &mut SampleRequest) -> Result<Body, LeftOut> {
        let contents = body.member("content").map(Node::members).unwrap_or_default();
        let of_type =
            |wanted: fn(&str) -> bool| contents.iter().find(|(media, _)| wanted(media)).map(|(_, media)| media);
        let is_json = |media: &str| {
            let media = media.split(';').next().unwrap_or_default().trim();
            media == "application/json" || media.ends_with("+json") || media == "*/*"
        };
        if let Some(media) = of_type(is_json) {
            return match self.json(media, request) {
                Err(_) if !body.says("required") => Ok(Body::None),
                found => found,
            };
        }
        let is_form = |media: &str| media.starts_with("application/x-www-form-urlencoded");
        match of_type(is_form) {
            Some(media) => fields(&self.made(media, request).ok_or(LeftOut::Body)?),
            None if !body.says("required") => Ok(Body::None),
            None => Err(LeftOut::Media),
        }
    }

    fn json(&self, media: &Node, request: &mut SampleRequest) -> Result<Body, LeftOut> {
        let text = |node: &Node| serde_json::to_string(node).map_err(|_| LeftOut::NoJson);
        if let Some(shown) = self.examples.of_media(media) {
            let shown = text(&shown)?;
            if shown.len() <= BODY_LIMIT {
                return Ok(Body::Json(shown));
            }
        }
        let made = text(&self.made(media, request).ok_or(LeftOut::Body)?)?;
        if made.len() > BODY_LIMIT { Err(LeftOut::LongBody) } else { Ok(Body::Json(made)) }
    }

    /// What the document shows of a body, or one that is made of its schema, which the request is marked with.
    fn made(&self, media: &Node, request: &mut SampleRequest) -> Option<Node> {
        if let Some(shown) = self.examples.of_media(media) {
            return Some(shown);
        }
        let mut inventor = Inventor::of(self.root, &self.examples);
        let made = inventor.value(self.root.member(media, "schema")?, "", DEPTH)?;
        request.missing.extend(inventor.made_up.iter().map(|what| in_body(&one(what))));
        Some(made)
    }
}

fn fields(example: &Node) -> Result<Body, LeftOut> {
    let scalars = example.members().iter().map(|(name, value)| Some((name.clone(), value.scalar()?)));
    match scalars.collect::<Option<Vec<_>>>().filter(|fields| !fields.is_empty()) {
        Some(fields) => Ok(Body::Form(fields)),
        None => Err(LeftOut::NoForm),
    }
}

/// The body itself, or a member of it.
fn in_body(what: &str) -> String {
    if what.starts_with("the body (") { what.to_owned() } else { format!("in the body {what}") }
}

fn one(name: &str) -> String {
    super::yaml::one_line(name)
}
