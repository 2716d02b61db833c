//! Which operations become resources of a scenario.

use super::OpenApiDocument;
use super::error::LeftOut;
use super::operation::{Operation, SampleRequest};

/// Resources that are asked for, at most: what is beyond becomes comments.
const LIMIT: usize = 50;
/// Resources that are comments, at most.
const COMMENTS: usize = 1000;
/// Public resources; checks use the first.
const PUBLIC: usize = 3;

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
            match (&operation.request, operation.scopes_under(scheme)) {
                (Ok(request), None) if operation.is_public() => {
                    if operation.reads() && request.missing.is_empty() && choice.public.len() < PUBLIC {
                        choice.public.push((operation, request));
                    }
                }
                (_, None) if operation.needs_more_than(scheme) => {
                    choice.left_out.push((operation, LeftOut::AnotherScheme));
                }
                (_, None) => {}
                (Err(why), Some(_)) => choice.left_out.push((operation, why.clone())),
                (Ok(request), Some(_)) => choice.unsure.push((operation, request)),
            }
        }
        choice.activate(scheme, every);
        choice.limit();
        choice
    }

    fn activate(&mut self, scheme: &str, every: bool) {
        let scoped =
            |(operation, _): &Asked<'_>| operation.scopes_under(scheme).is_some_and(|scopes| !scopes.is_empty());
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
                (request.missing.len(), operation.template.contains('{'), request.path.contains('?'))
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
