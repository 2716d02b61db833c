//! Writes of objects that another resource reads, with whoever does both.

use serde_json::{Map, Value};

use super::subject::{CredentialState, Identity, Resource, Subject};

/// What the names of administrators and of their scopes have in them.
const ADMINISTRATORS: [&str; 3] = ["admin", "root", "superuser"];

/// A write, the resource that reads what it changes, and whoever may do both; by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectWrite {
    /// The write.
    pub write: usize,
    /// What reads the object.
    pub read: usize,
    /// Who does both.
    pub identity: usize,
}

/// Why no write of an object is found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoObjectWrite {
    /// Nothing is written as an object.
    #[error("no protected resource with `writes: true` has an object as its `json`")]
    Unwritten,
    /// What is written is not read.
    #[error("no protected resource reads what {name} writes: add GET {path}, or GET of the list of it")]
    Unread {
        /// The write.
        name: String,
        /// Its path.
        path: String,
    },
    /// Nobody does both, or administrators alone.
    #[error("no valid credential but one of an administrator may do {0} and read it back: add one of a user who may")]
    OfAdministrators(String),
}

impl Resource {
    /// The origin that the scenario writes for its requests.
    pub fn origin(&self) -> Option<&str> {
        self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("origin")).map(|(_, value)| value.as_str())
    }

    /// The members of its body, where that is an object of JSON.
    pub fn members(&self) -> Option<Map<String, Value>> {
        serde_json::from_slice(&self.body.as_ref()?.1).ok()
    }
}

impl Subject {
    /// The writes of objects in JSON that can be repeated and read back, by whoever is no administrator.
    ///
    /// # Errors
    /// When there is none, with what is missing.
    pub fn object_writes(&self) -> Result<Vec<ObjectWrite>, NoObjectWrite> {
        let is_write = |at: &usize| {
            let resource = &self.resources[*at];
            let makes = matches!(resource.method.as_str(), "POST" | "PUT" | "PATCH");
            resource.writes && makes && resource.members().is_some()
        };
        let writes: Vec<usize> = self.protected().filter(is_write).collect();
        let Some(first) = writes.first() else {
            return Err(NoObjectWrite::Unwritten);
        };
        let read: Vec<(usize, Vec<usize>)> = writes.iter().map(|write| (*write, self.readers_of(*write))).collect();
        if read.iter().all(|(_, readers)| readers.is_empty()) {
            let name = self.resources[*first].name();
            let path = path_of(&self.resources[*first]).to_owned();
            return Err(NoObjectWrite::Unread { name, path });
        }
        let done = |(write, readers): &(usize, Vec<usize>)| {
            let done =
                |read: &usize| Some(ObjectWrite { write: *write, read: *read, identity: self.writer(*write, *read)? });
            readers.iter().find_map(done)
        };
        let found: Vec<ObjectWrite> = read.iter().filter_map(done).collect();
        match (found.is_empty(), read.iter().find(|(_, readers)| !readers.is_empty())) {
            (true, Some((write, _))) => Err(NoObjectWrite::OfAdministrators(self.resources[*write].name())),
            _ => Ok(found),
        }
    }

    /// What reads what a resource writes: at the same path first, else the list in which the last segment of its path names an object.
    fn readers_of(&self, write: usize) -> Vec<usize> {
        let path = path_of(&self.resources[write]);
        let list = path.rsplit_once('/').map(|(list, _)| list).filter(|list| !list.is_empty());
        let at = |wanted: &str| {
            let reads = |at: &usize| !self.resources[*at].writes && path_of(&self.resources[*at]) == wanted;
            self.protected().filter(reads).collect::<Vec<_>>()
        };
        // the list of what is made there is not above it
        let of_list = list.filter(|_| self.resources[write].method != "POST").map(at).unwrap_or_default();
        at(path).into_iter().chain(of_list).collect()
    }

    /// Who may write and read an object, with the fewest scopes. What an administrator assigns is no finding.
    fn writer(&self, write: usize, read: usize) -> Option<usize> {
        let is_plain = |identity: &Identity| {
            let names = identity.scopes.iter().chain([&identity.name]);
            !names.map(|name| name.to_lowercase()).any(|name| ADMINISTRATORS.iter().any(|part| name.contains(part)))
        };
        let may = |at: &usize| {
            let identity = &self.identities[*at];
            let (write, read) = (&self.resources[write], &self.resources[read]);
            identity.state == CredentialState::Valid
                && !identity.asks_for_less
                && write.open_to(identity)
                && read.open_to(identity)
                && is_plain(identity)
        };
        (0..self.identities.len()).filter(may).min_by_key(|at| self.identities[*at].scopes.len())
    }

    /// What somebody else has in place of a value that is the tenant or the name of an identity, as far as the scenario says it.
    pub fn of_another(&self, identity: usize, value: &str) -> Option<String> {
        let own = &self.identities[identity];
        let is_other = |other: &&Identity| other.state == CredentialState::Valid && !other.asks_for_less;
        let others = || self.identities.iter().filter(is_other);
        if own.tenant.as_deref() == Some(value) {
            return others().filter_map(|other| other.tenant.clone()).find(|tenant| tenant != value);
        }
        if own.account_name().as_deref() == Some(value) {
            return others().filter_map(Identity::account_name).find(|name| name != value);
        }
        if own.name == value {
            return others().map(|other| other.name.clone()).find(|name| name != value);
        }
        None
    }
}

fn path_of(resource: &Resource) -> &str {
    resource.path.split('?').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::plan::resolve;
    use crate::plan::values::Values;
    use crate::scenario::load_text;

    #[test]
    fn objects_that_are_read_back_are_written_by_whoever_is_no_administrator() {
        const PATCH: &str = "  - { request: PATCH /notes/7, writes: true, scopes: [write], json: { title: a } }\n";
        const BY_ADMINS: &str = "  - { request: PATCH /users/7, writes: true, scopes: [admin], json: { title: a } }\n";
        const NO_OBJECT: &str = "  - { request: PUT /notes/7, writes: true, scopes: [write], json: [a] }\n";
        const DELETE: &str = "  - { request: DELETE /notes/7, writes: true, scopes: [write] }\n";
        const POST: &str = "  - { request: POST /notes, writes: true, json: { title: a } }\n";
        const NOTE: &str = "  - { request: GET /notes/7 }\n";
        const NOTES: &str = "  - { request: GET /notes?limit=9 }\n";
        const USER: &str = "  - { request: GET /users/7 }\n";
        let none = "no protected resource with `writes: true` has an object as its `json`";
        for (resources, expected) in [
            (&[PATCH, NOTE][..], Ok(&["PATCH /notes/7 GET /notes/7 writer"][..])),
            (
                &[NOTES, PATCH, NOTE, POST],
                Ok(&["PATCH /notes/7 GET /notes/7 writer", "POST /notes GET /notes?limit=9 reader"]),
            ),
            // in the list
            (&[NOTES, PATCH], Ok(&["PATCH /notes/7 GET /notes?limit=9 writer"])),
            (&[NOTE, POST], Err("no protected resource reads what POST /notes writes: add GET /notes,")),
            (&[NOTE, NO_OBJECT, DELETE], Err(none)),
            (&[USER, BY_ADMINS], Err("no valid credential but one of an administrator may do PATCH /users/7")),
            (&[NOTE], Err(none)),
        ] {
            let text = format!(
                "authbench: 1\nname: a\ntarget: {{ url: \"http://a.test\", owned: true }}\nscheme: api-key\ncredentials:\n  \
                 chief: {{ key: k0, scopes: [write, read, admin] }}\n  more: {{ key: k1, scopes: [write, read] }}\n  \
                 writer: {{ key: k2, scopes: [write] }}\n  reader: {{ key: k3 }}\nresources:\n{}",
                resources.concat()
            );
            let loaded = load_text("a.yaml".to_owned(), text).expect("is a scenario");
            let subject = resolve::subject(&loaded, &Values::blind(&loaded));
            let name = |at: usize| subject.resources[at].name();
            let found = subject.object_writes().map(|found| {
                let shown = found.iter().map(|one| {
                    format!("{} {} {}", name(one.write), name(one.read), subject.identities[one.identity].name)
                });
                shown.collect::<Vec<_>>()
            });
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{resources:?}"),
                (Err(why), Err(expected)) => assert!(why.to_string().starts_with(expected), "{why}"),
                (found, _) => panic!("{resources:?}: {found:?}"),
            }
        }
    }

    #[test]
    fn what_another_has_is_known_of_tenants_and_names() {
        let text = "authbench: 1\nname: a\ntarget: { url: \"http://a.test\", owned: true }\nscheme: basic\ncredentials:\n  \
                    one: { username: alice, password: \"p1\", tenant: a }\n  \
                    two: { username: bob, password: \"p2\", tenant: b }\n\
                    resources:\n  - { request: GET /me }\n";
        let loaded = load_text("a.yaml".to_owned(), text.to_owned()).expect("is a scenario");
        let subject = resolve::subject(&loaded, &Values::blind(&loaded));
        for (value, expected) in
            [("a", Some("b")), ("alice", Some("bob")), ("one", Some("two")), ("b", None), ("7", None)]
        {
            assert_eq!(subject.of_another(0, value).as_deref(), expected, "{value}");
        }
    }
}
