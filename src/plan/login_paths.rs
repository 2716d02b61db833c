//! Where a login sends its requests.

use super::login::{CredentialSource, LoginPart, LoginProcedure, LoginStep};

impl LoginProcedure {
    /// Whether one of its requests goes to a path.
    pub fn has_path(&self, path: &str) -> bool {
        let is_there = |address: String| {
            let at = address.split(['?', '#']).next().unwrap_or_default();
            // an address with its scheme and authority
            let own = at.split_once("://").map_or(at, |(_, rest)| rest.find('/').map_or("/", |start| &rest[start..]));
            own == path
        };
        self.steps().any(|step| step.address.known().is_some_and(is_there))
    }

    /// The path to which it posts the password, where a request by this method is none of its own there.
    pub fn path_for(&self, method: &str) -> Option<String> {
        let path = |step: &LoginStep| {
            step.address.known().map(|at| at.split(['?', '#']).next().unwrap_or_default().to_owned())
        };
        let CredentialSource::Requests(steps) = &self.source else { return None };
        let posts =
            |step: &&LoginStep| step.method == "POST" && step.parts().any(|part| matches!(part, LoginPart::Password));
        let posted = path(steps.iter().find(posts)?).filter(|path| path.starts_with('/') && !path.starts_with("//"))?;
        let mut own = self.steps().filter(|step| step.method == method);
        (!own.any(|step| path(step).is_none_or(|path| path == posted))).then_some(posted)
    }

    /// The path of the page with which it begins, where that is asked for by GET on the target itself.
    pub fn page(&self) -> Option<String> {
        let CredentialSource::Requests(steps) = &self.source else { return None };
        let first = steps.first().filter(|step| step.method == "GET")?;
        first.address.known().filter(|address| address.starts_with('/') && !address.starts_with("//"))
    }
}
