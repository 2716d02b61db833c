//! Scenarios as text.

use super::choice::Choice;
use super::error::{LeftOut, NoDraft};
use super::operation::{Body, Operation, SampleRequest};
use super::security::{Method, SecurityScheme};
use super::written::{WrittenScheme, key_variable};
use super::{OpenApiDocument, yaml};

/// Operations that are named with the reason why they were left out, at most.
const REASONS: usize = 20;
/// Values to fill in that are named of one request, at most.
const NAMED: usize = 8;

/// What whoever asks for a scenario knows.
#[derive(Clone, Debug)]
pub struct Wishes<'a> {
    /// Name of the document, for a comment.
    pub source: &'a str,
    /// Name of the scenario.
    pub name: &'a str,
    /// What the names of variables begin with, by the id of the scheme: `ORDERS_`, or nothing.
    pub prefixes: &'a [(&'a str, String)],
    /// Whether the same credential opens everything.
    pub every: bool,
    /// The profile that fits what was seen of a running service, and what that was, for a comment.
    pub profile: Option<(&'a str, &'a str)>,
}

/// A scenario that is to be filled in.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its text.
    pub text: String,
    /// Variables of the credential.
    pub variables: Vec<String>,
    /// Variables of keys that its requests carry beside the credential; not those of comments.
    pub beside: Vec<String>,
    /// Protected resources in it.
    pub resources: usize,
    /// Protected resources in it that are comments still.
    pub unsure: usize,
    /// Resources of which values have to be filled in.
    pub fill_in: usize,
    /// Paths that a GET asks for and that need nothing filled in.
    pub reads: Vec<String>,
    /// The scheme in words.
    pub scheme: String,
    /// Whether the document names a server; else the address is to be filled in too.
    pub address_is_known: bool,
}

impl Wishes<'_> {
    fn prefix(&self, scheme: &str) -> &str {
        self.prefixes.iter().find(|(id, _)| *id == scheme).map_or("", |(_, prefix)| prefix)
    }
}

impl OpenApiDocument {
    /// Drafts the scenario of one security scheme.
    ///
    /// # Errors
    /// Says why there is none: the scheme is not covered, or nothing can be asked for under it.
    pub fn draft(&self, scheme: &SecurityScheme, wishes: &Wishes<'_>) -> Result<Draft, NoDraft> {
        if let Some(first) = self.part_of(scheme) {
            return Err(NoDraft::PartOf(yaml::one_line(first)));
        }
        let login = WrittenScheme::of(self, &scheme.method, wishes.prefix(&scheme.id))?;
        let choice = Choice::of(self, &scheme.id, wishes.every);
        if !choice.active.iter().any(|(operation, _)| operation.reads()) {
            if !(choice.active.is_empty() && choice.unsure.is_empty()) {
                return Err(NoDraft::OnlyWrites);
            }
            if let Some(other) = self.covered_by(scheme) {
                return Err(NoDraft::PartOf(yaml::one_line(other)));
            }
            let why = choice.left_out.first().map_or(LeftOut::NotDemanded, |(_, why)| why.clone());
            return Err(NoDraft::NothingReadable(why));
        }
        let writer = Writer { document: self, scheme, wishes, login: &login, choice: &choice };
        Ok(Draft {
            text: writer.text(),
            resources: choice.active.len(),
            unsure: choice.unsure.len(),
            fill_in: choice
                .active
                .iter()
                .chain(&choice.unsure)
                .filter(|(_, request)| !request.missing.is_empty())
                .count()
                + login.fill_in.len(),
            reads: self.reads(&choice, &scheme.id),
            beside: writer.beside(),
            scheme: login.scheme.clone(),
            address_is_known: self.server.origin.is_some(),
            variables: login.members.into_iter().map(|(_, variable)| variable).chain(login.address).collect(),
        })
    }
}

impl OpenApiDocument {
    fn reads(&self, choice: &Choice<'_>, scheme: &str) -> Vec<String> {
        let alone =
            |operation: &Operation| self.demand(operation, scheme).is_some_and(|demand| demand.beside.is_empty());
        let whole = choice.active.iter().chain(&choice.unsure).filter(|(operation, request)| {
            operation.reads() && request.missing.is_empty() && request.headers.is_empty() && alone(operation)
        });
        whole.map(|(_, request)| format!("{}{}", self.server.prefix, request.path)).collect()
    }
}

struct Writer<'a> {
    document: &'a OpenApiDocument,
    scheme: &'a SecurityScheme,
    wishes: &'a Wishes<'a>,
    login: &'a WrittenScheme,
    choice: &'a Choice<'a>,
}

impl Writer<'_> {
    fn text(&self) -> String {
        let parts = [
            self.head(),
            self.target(),
            self.profile(),
            self.credentials(),
            self.material(),
            self.resources(),
            self.left_out(),
        ];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
    }

    fn head(&self) -> String {
        let (source, id) = (yaml::one_line(self.wishes.source), yaml::one_line(&self.scheme.id));
        format!(
            "# yaml-language-server: $schema=schema.json\n\
             # Made by `authbench init` from {source} ({}), security scheme {id}.\n\
             authbench: 1\nname: {}\n",
            self.document.generation,
            yaml::line(self.wishes.name)
        )
    }

    fn target(&self) -> String {
        let origin = self.document.server.origin.as_deref();
        let url = yaml::template(&format!("${{BASE_URL:-{}}}", origin.unwrap_or("http://127.0.0.1:8000")));
        let guess = if origin.is_none() { "   # the document names no server" } else { "" };
        let fill_in = self.login.fill_in.iter().map(|what| format!("# fill in: {what}\n"));
        let about: String = self.login.about.iter().map(|line| format!("# {line}\n")).chain(fill_in).collect();
        format!(
            "target:\n  url: {url}{guess}\n  \
             # owned: true   # if it is yours to load, to write to and to revoke in: unlocks more checks\n\
             {about}scheme: {}\n",
            self.login.scheme
        )
    }

    /// What the running service was seen to answer decides the profile.
    fn profile(&self) -> String {
        match (self.wishes.profile, &self.scheme.method) {
            (Some((profile, seen)), _) => {
                format!("# Seen: {}\nconformance:\n  profile: {}\n", yaml::one_line(seen), yaml::scalar(profile))
            }
            (None, Method::SigV4 { .. }) => "conformance:\n  profile: aws-sigv4\n".to_owned(),
            (None, _) => String::new(),
        }
    }

    fn credentials(&self) -> String {
        let mut scopes: Vec<&String> = Vec::new();
        for (operation, _) in &self.choice.active {
            for scope in self.scopes_of(operation) {
                if !scopes.contains(&scope) {
                    scopes.push(scope);
                }
            }
        }
        let written = self.login.obtained.iter().map(|(member, value)| format!("{member}: {value}"));
        let variables = self.login.members.iter().map(|(member, variable)| format!("{member}: \"${{{variable}}}\""));
        let scopes = (!scopes.is_empty()).then(|| list(scopes.into_iter()));
        let members: Vec<String> = written.chain(variables).chain(scopes).collect();
        let beside: String = self.login.beside.iter().map(|line| format!("  # {line}\n")).collect();
        format!(
            "credentials:\n  main: {{ {} }}\n{beside}  \
             # Another credential unlocks the checks of rights: name the `scopes` of each here, and below those that a\n  \
             # resource needs. One with `state: revoked` or `state: expired` unlocks more.\n",
            members.join(", ")
        )
    }

    /// What a document does not say of JWTs, and each blank unlocks.
    fn material(&self) -> String {
        if self.scheme.method == Method::Certificate {
            return "# The CA of the clients with its key, of a test environment, lets authbench make certificates that have expired\n\
                    # or are for servers: unlocks the check of dates and purposes.\n\
                    # material:\n\
                    #   client_ca: { certificate: ca.pem, key: ca.key }\n"
                .to_owned();
        }
        if self.scheme.method != Method::Jwt {
            return String::new();
        }
        "# The document says no more than that the token is a JWT. Where the issuer publishes its keys unlocks the checks\n\
         # of these keys; in place of `scheme: jwt`:\n\
         # scheme: { jwt: { jwks_url: \"https://issuer.example/jwks.json\" } }\n\
         # The issuer's key, of a test environment, lets authbench sign wrong tokens: unlocks the checks of claims.\n\
         # material:\n\
         #   issuer_key: { file: issuer.pem, kid: key-1 }   # or: { secret: \"${ISSUER_SECRET}\", alg: HS256 }\n"
            .to_owned()
    }

    fn resources(&self) -> String {
        let mut text = "resources:\n".to_owned();
        for (operation, request) in &self.choice.active {
            text.push_str(&fill_in(request));
            text.push_str(&format!("  - {}\n", self.resource(operation, request)));
        }
        if !self.choice.unsure.is_empty() {
            text.push_str("  # The document does not say whether `main` opens these, or whether their examples exist. Take in those that do.\n");
        }
        for (operation, request) in &self.choice.unsure {
            text.push_str(&fill_in(request));
            text.push_str(&format!("  # - {}\n", self.resource(operation, request)));
        }
        for (operation, request) in &self.choice.public {
            text.push_str(&format!("  - {{ {}, public: true }}\n", self.members(operation, request).join(", ")));
        }
        text
    }

    fn resource(&self, operation: &Operation, request: &SampleRequest) -> String {
        let mut members = self.members(operation, request);
        let scopes = self.scopes_of(operation);
        if !scopes.is_empty() {
            members.push(list(scopes.iter()));
        }
        if !operation.reads() {
            members.push("writes: true".to_owned());
        }
        match members.as_slice() {
            [request] => request.clone(),
            several => format!("{{ {} }}", several.join(", ")),
        }
    }

    fn members(&self, operation: &Operation, request: &SampleRequest) -> Vec<String> {
        let line = format!("{} {}{}", operation.method, self.document.server.prefix, request.path);
        let path = &line[operation.method.len() + 1..];
        let line = if yaml::scalar(path) == path { line } else { yaml::quoted(&line) };
        let pairs = |pairs: &[(String, String)]| {
            let pairs =
                pairs.iter().map(|(name, value)| format!("{}: {}", yaml::scalar(name), yaml::plain_text(value)));
            pairs.collect::<Vec<_>>().join(", ")
        };
        let mut members = vec![format!("request: {line}")];
        let beside = self.beside_of(operation);
        let others = Some(pairs(&request.headers)).filter(|pairs| !pairs.is_empty());
        let keys = beside.iter().map(|(header, variable)| {
            format!("{}: {}", yaml::scalar(header), yaml::template(&format!("${{{variable}}}")))
        });
        let headers: Vec<String> = keys.chain(others).collect();
        if !headers.is_empty() {
            members.push(format!("headers: {{ {} }}", headers.join(", ")));
        }
        match &request.body {
            Body::None => {}
            Body::Json(json) => members.push(format!("json: {}", yaml::plain_json(json))),
            Body::Form(fields) => members.push(format!("form: {{ {} }}", pairs(fields))),
        }
        members
    }

    /// The scopes that an operation demands.
    fn scopes_of<'b>(&'b self, operation: &'b Operation) -> &'b [String] {
        self.document.demand(operation, &self.scheme.id).map(|demand| demand.scopes).unwrap_or_default()
    }

    /// Headers with keys of other schemes, each with its variable.
    fn beside_of(&self, operation: &Operation) -> Vec<(String, String)> {
        let demand = self.document.demand(operation, &self.scheme.id);
        let beside = demand.map(|demand| demand.beside).unwrap_or_default();
        let variable = |one: &SecurityScheme| key_variable(self.wishes.prefix(&one.id));
        beside.into_iter().map(|(one, header)| (header.to_owned(), variable(one))).collect()
    }

    /// Variables of these keys, each once.
    fn beside(&self) -> Vec<String> {
        let mut variables = Vec::new();
        for (operation, _) in &self.choice.active {
            for (_, variable) in self.beside_of(operation) {
                if !variables.contains(&variable) {
                    variables.push(variable);
                }
            }
        }
        variables
    }

    fn left_out(&self) -> String {
        let mut text = String::new();
        for (operation, why) in self.choice.left_out.iter().take(REASONS) {
            text.push_str(&format!("#   {} {}: {why}\n", operation.method, yaml::one_line(&operation.template)));
        }
        let unnamed = self.choice.left_out.len().saturating_sub(REASONS) + self.choice.beyond;
        if unnamed > 0 {
            text.push_str(&format!("#   and {unnamed} more\n"));
        }
        if text.is_empty() { text } else { format!("# Left out:\n{text}") }
    }
}

/// What somebody has to put in place of values that are made up.
fn fill_in(request: &SampleRequest) -> String {
    let named = request.missing.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match request.missing.len() {
        0 => String::new(),
        number if number > NAMED => format!("  # fill in: {named} and {} more\n", number - NAMED),
        _ => format!("  # fill in: {named}\n"),
    }
}

fn list<'a>(scopes: impl Iterator<Item = &'a String>) -> String {
    format!("scopes: [{}]", scopes.map(|scope| yaml::scalar(scope)).collect::<Vec<_>>().join(", "))
}
