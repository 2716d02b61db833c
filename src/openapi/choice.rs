//! Which operations become resources of a scenario.

use super::OpenApiDocument;
use super::error::LeftOut;
use super::operation::{Operation, SampleRequest};
use super::security::{KeyPlace, Method, SecurityScheme};

/// Resources that are asked for, at most: what is beyond becomes comments.
const LIMIT: usize = 50;
/// Resources that are comments, at most.
const COMMENTS: usize = 1000;
/// Public resources; checks use the first.
const PUBLIC: usize = 3;

/// Last segments of routes about whoever asks: every credential opens them.
const OWN: [&str; 6] = ["me", "@me", "self", "whoami", "userinfo", "profile"];
/// Headers that authbench sets, or that carry another credential.
const TAKEN: [&str; 6] = ["authorization", "host", "content-type", "content-length", "transfer-encoding", "connection"];

/// What an operation demands of a scheme.
pub(super) struct Demand<'a> {
    /// The scopes.
    pub(super) scopes: &'a [String],
    /// Keys of other schemes that requests carry beside the credential: the scheme, and the header.
    pub(super) beside: Vec<(&'a SecurityScheme, &'a str)>,
}

impl OpenApiDocument {
    /// What an operation demands of a scheme that opens it alone, or else beside keys in headers.
    pub(super) fn demand<'a>(&'a self, operation: &'a Operation, scheme: &str) -> Option<Demand<'a>> {
        if operation.is_public() {
            return None;
        }
        let demands = operation.requirements.iter().filter_map(|alternative| self.demand_of(alternative, scheme));
        demands.min_by_key(|demand| demand.beside.len())
    }

    fn demand_of<'a>(&'a self, alternative: &'a [(String, Vec<String>)], scheme: &str) -> Option<Demand<'a>> {
        let (_, scopes) = alternative.iter().find(|(id, _)| id == scheme)?;
        let (included, others): (Vec<_>, Vec<_>) =
            alternative.iter().filter(|(id, _)| id != scheme).partition(|(id, _)| self.includes(scheme, id));
        // the scopes of a token are those of the scheme that it is declared by
        let scopes =
            std::iter::once(scopes).chain(included.iter().map(|(_, scopes)| scopes)).max_by_key(|one| one.len())?;
        let beside = others.iter().map(|(id, _)| {
            let one = self.schemes.iter().find(|one| one.id == *id)?;
            let Method::Key(KeyPlace::Header, name) = &one.method else { return None };
            is_free(name).then_some((one, name.as_str()))
        });
        Some(Demand { scopes, beside: beside.collect::<Option<_>>()? })
    }

    /// Whether the credential of one scheme brings what the other declares.
    fn includes(&self, scheme: &str, other: &str) -> bool {
        let method = |id: &str| self.schemes.iter().find(|one| one.id == id).map(|one| &one.method);
        method(scheme).zip(method(other)).is_some_and(|(method, other)| method.includes(other))
    }

    /// The scheme before this one that an operation demands beside it, where one credential brings what both declare.
    pub(super) fn part_of(&self, scheme: &SecurityScheme) -> Option<&str> {
        let mut before = self.schemes.iter().take_while(|one| one.id != scheme.id);
        let same = |one: &&SecurityScheme| one.method.includes(&scheme.method) && scheme.method.includes(&one.method);
        before.find(|one| same(one) && self.are_demanded_together(&one.id, &scheme.id)).map(|one| one.id.as_str())
    }

    /// A scheme that an operation demands beside this one, and whose credential brings what this one declares.
    pub(super) fn covered_by(&self, scheme: &SecurityScheme) -> Option<&str> {
        let mut others = self.schemes.iter().filter(|one| one.id != scheme.id && one.method.includes(&scheme.method));
        others.find(|one| self.are_demanded_together(&one.id, &scheme.id)).map(|one| one.id.as_str())
    }

    fn are_demanded_together(&self, one: &str, other: &str) -> bool {
        let mut alternatives = self.operations.iter().flat_map(|operation| &operation.requirements);
        alternatives.any(|alternative| [one, other].iter().all(|id| alternative.iter().any(|(name, _)| name == id)))
    }
}

/// Whether a resource may name this header.
fn is_free(name: &str) -> bool {
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    is_name && !TAKEN.contains(&&*name.to_ascii_lowercase())
}

/// Operations that a scenario can ask for, with their requests.
type Asked<'a> = (&'a Operation, &'a SampleRequest);

/// Which operations become resources.
#[derive(Default)]
pub(super) struct Choice<'a> {
    /// What the credential surely opens, as far as the document can tell.
    pub(super) active: Vec<Asked<'a>>,
    /// What it may open: written as comments.
    pub(super) unsure: Vec<Asked<'a>>,
    /// What needs no credential.
    pub(super) public: Vec<Asked<'a>>,
    /// What cannot be asked for, and why.
    pub(super) left_out: Vec<(&'a Operation, LeftOut)>,
    /// How many were left out because there are many.
    pub(super) beyond: usize,
}

impl<'a> Choice<'a> {
    /// Chooses for a scheme. A document without scopes does not say which credential opens what: then one resource is
    /// chosen that asks for the least, unless everything is wanted.
    pub(super) fn of(document: &'a OpenApiDocument, scheme: &str, every: bool) -> Self {
        let mut choice = Choice::default();
        for operation in &document.operations {
            match (&operation.request, document.demand(operation, scheme)) {
                (Ok(request), None) if operation.is_public() => {
                    if operation.reads() && request.missing.is_empty() && choice.public.len() < PUBLIC {
                        choice.public.push((operation, request));
                    }
                }
                (_, None) if operation.names(scheme) => {
                    choice.left_out.push((operation, LeftOut::AnotherScheme));
                }
                (_, None) => {}
                (Err(why), Some(_)) => choice.left_out.push((operation, why.clone())),
                (Ok(request), Some(_)) => choice.unsure.push((operation, request)),
            }
        }
        choice.activate(document, scheme, every);
        choice.limit();
        choice
    }

    fn activate(&mut self, document: &OpenApiDocument, scheme: &str, every: bool) {
        let scoped = |(operation, _): &Asked<'_>| {
            document.demand(operation, scheme).is_some_and(|demand| !demand.scopes.is_empty())
        };
        let whole = |(_, request): &Asked<'_>| request.missing.is_empty();
        let plain = |(operation, _): &Asked<'_>| !operation.template.contains('{');
        if every || self.unsure.iter().any(scoped) {
            // an object that is only an example may not exist
            let (sure, unsure) =
                std::mem::take(&mut self.unsure).into_iter().partition(|asked| whole(asked) && (every || plain(asked)));
            (self.active, self.unsure) = (sure, unsure);
        }
        if !self.active.iter().any(|(operation, _)| operation.reads()) {
            let effort = |(operation, request): &Asked<'_>| {
                let own = operation.template.rsplit('/').next().is_some_and(|last| OWN.contains(&last));
                (request.missing.len(), operation.template.contains('{'), request.path.contains('?'), !own)
            };
            let reads = self.unsure.iter().enumerate().filter(|(_, (operation, _))| operation.reads());
            if let Some((at, _)) = reads.min_by_key(|(_, asked)| effort(asked)) {
                let asked = self.unsure.remove(at);
                self.active.insert(0, asked);
            }
        }
    }

    fn limit(&mut self) {
        let beyond = self.active.split_off(self.active.len().min(LIMIT));
        self.unsure.extend(beyond);
        self.beyond += self.unsure.len().saturating_sub(COMMENTS);
        self.unsure.truncate(COMMENTS);
    }
}
