//! Paths that are mixed of those of two tenants' objects: a target that compares the parent with whoever asks, and the child with nobody,
//! opens them.

use super::subject::{CredentialState, Resource, Subject};

/// What a tenant asks for who has an object beside another tenant's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MixedPath {
    /// An identity of that tenant.
    pub low: usize,
    /// Its own object.
    pub own: usize,
    /// The path of the other's object with the leading identifiers of the own one.
    pub path: String,
}

impl Subject {
    /// What another tenant asks for that has an object of its own, at a path that differs from that of this object in two or more
    /// segments, the fewest there are. Only what is read: a write may create what its path names.
    pub fn mixed_path_at(&self, object: usize) -> Option<MixedPath> {
        let resource = &self.resources[object];
        resource.tenant.as_ref()?;
        self.good_for(object)?;
        let candidates = self.protected().filter_map(|own| {
            let (differing, path) = mixed(&self.resources[own], resource)?;
            let is_declared = |one: &Resource| one.method == resource.method && one.path == path;
            let owns = |at: &usize| {
                let identity = &self.identities[*at];
                identity.state == CredentialState::Valid
                    && self.resources[own].open_to(identity)
                    && resource.scopes.is_subset(&identity.scopes)
            };
            let low = (0..self.identities.len()).find(owns).filter(|_| !self.resources.iter().any(is_declared))?;
            Some((differing, MixedPath { low, own, path }))
        });
        candidates.min_by_key(|(differing, _)| *differing).map(|(_, mixed)| mixed)
    }
}

/// The path of an object with what differs in the path of another tenant's own object, but for the last that differs; and in how many
/// segments they differ. None where they have not the same shape, or are not both read in the same way.
fn mixed(own: &Resource, other: &Resource) -> Option<(usize, String)> {
    let is_alike = own.method == other.method && own.headers == other.headers && own.body == other.body;
    let is_of_another = own.tenant.is_some() && own.tenant != other.tenant;
    if !is_alike || !is_of_another || own.writes || other.writes {
        return None;
    }
    let parts =
        |path: &str| path.split_once('?').map_or((path.to_owned(), None), |(p, q)| (p.to_owned(), Some(q.to_owned())));
    let ((own, own_query), (other, query)) = (parts(&own.path), parts(&other.path));
    let (own, mut segments): (Vec<&str>, Vec<&str>) = (own.split('/').collect(), other.split('/').collect());
    if own.len() != segments.len() || own_query != query {
        return None;
    }
    let differing: Vec<usize> = (0..own.len()).filter(|at| own[*at] != segments[*at]).collect();
    let (_, leading) = differing.split_last().filter(|(_, leading)| !leading.is_empty())?;
    leading.iter().for_each(|at| segments[*at] = own[*at]);
    let path = segments.join("/");
    Some((differing.len(), query.map_or(path.clone(), |query| format!("{path}?{query}"))))
}

#[cfg(test)]
mod tests {
    use crate::check::step::{On, Who};
    use crate::plan::cast::{Act, script};
    use crate::plan::resolve;
    use crate::plan::subject::Subject;
    use crate::plan::values::Values;
    use crate::scenario::load_text;

    fn subject(resources: &[&str]) -> Subject {
        let resources: String = resources.iter().map(|resource| format!("  - {{ {resource} }}\n")).collect();
        let text = format!(
            "authbench: 1\nname: a\ntarget: {{ url: \"http://a.test\", owned: true }}\nscheme: api-key\ncredentials:\n  \
             alice: {{ key: k1, tenant: a }}\n  bob: {{ key: k2, tenant: b }}\n  carol: {{ key: k3, tenant: c }}\n\
             resources:\n{resources}"
        );
        let loaded = load_text("a.yaml".to_owned(), text).expect("is a scenario");
        resolve::subject(&loaded, &Values::blind(&loaded))
    }

    #[test]
    fn leading_identifiers_are_those_of_the_own_object() {
        for (other, own, expected) in [
            ("GET /projects/1/invoices/7", "GET /projects/2/invoices/8", Some("/projects/2/invoices/7")),
            ("GET /a/1/b/2/c/3/pdf", "GET /a/4/b/5/c/6/pdf", Some("/a/4/b/5/c/3/pdf")),
            ("GET /a/1/b/7?page=1", "GET /a/2/b/8?page=1", Some("/a/2/b/7?page=1")),
            // one segment alone, another shape, another query, another method
            ("GET /projects/1", "GET /projects/2", None),
            ("GET /projects/1/invoices/7", "GET /projects/2/invoices/7", None),
            ("GET /projects/1/invoices/7", "GET /projects/2", None),
            ("GET /a/1/b/7?page=1", "GET /a/2/b/8?page=2", None),
            ("GET /a/1/b/7", "POST /a/2/b/8", None),
        ] {
            let subject = subject(&[&format!("request: {other}, tenant: a"), &format!("request: {own}, tenant: b")]);
            let mixed = subject.mixed_path_at(0);
            assert_eq!(mixed.as_ref().map(|mixed| mixed.path.as_str()), expected, "{other} {own}");
            assert!(mixed.is_none_or(|mixed| subject.identities[mixed.low].name == "bob" && mixed.own == 1));
        }
        let of = |resources: &[&str]| subject(resources).mixed_path_at(0).map(|mixed| mixed.path);
        const OTHER: &str = "request: GET /a/1/b/7, tenant: a";
        // of the same tenant, of none, written, and one that the scenario has by itself
        assert_eq!(of(&[OTHER, "request: GET /a/2/b/8, tenant: a"]), None);
        assert_eq!(of(&[OTHER, "request: GET /a/2/b/8"]), None);
        assert_eq!(of(&[OTHER, "request: GET /a/2/b/8, tenant: b, writes: true"]), None);
        assert_eq!(of(&[OTHER, "request: GET /a/2/b/8, tenant: b", "request: GET /a/2/b/7, tenant: b"]), None);
        // the one that differs least
        let nearest = of(&[OTHER, "request: GET /x/3/y/9, tenant: c", "request: GET /a/2/b/8, tenant: b"]);
        assert_eq!(nearest.as_deref(), Some("/a/2/b/7"));
    }

    #[test]
    fn each_tenant_asks_for_the_objects_of_the_other_below_its_own() {
        let subject =
            subject(&["request: GET /p/1/i/7, tenant: a", "request: GET /p/2/i/8, tenant: b", "request: GET /me"]);
        let check = crate::check::find("apikey.cross-tenant-denied").expect("is in the catalogue");
        let script = script(check, &subject).expect("is tested");
        let asked: Vec<(&str, usize)> = script
            .actions
            .iter()
            .filter_map(|action| match &action.act {
                Act::Send { asker, resource, send, .. } if send.who == Who::OtherOwner && send.on == On::EachNested => {
                    Some((subject.identities[asker.identity()?].name.as_str(), *resource))
                }
                _ => None,
            })
            .collect();
        assert_eq!(asked, [("bob", 0), ("alice", 1)]);
        let plain = self::subject(&["request: GET /p/1/i/7, tenant: a", "request: GET /me"]);
        let script = crate::plan::cast::script(check, &plain).expect("is tested");
        assert_eq!(script.actions.len(), 1, "nothing is mixed");
    }
}
