//! Registered clients.

use subtle::ConstantTimeEq as _;

use crate::reference::state::digest;
use crate::reference::state::tokens::AUDIENCE;
use crate::seed::{self, READ, SeedState, WRITE};

/// A registered client.
#[derive(Clone, Debug)]
pub(crate) struct RegisteredClient {
    pub(crate) id: String,
    pub(super) secret: Option<&'static str>,
    pub(crate) scopes: Vec<&'static str>,
    pub(crate) tenant: String,
    /// Whether it may use the client credentials grant.
    pub(crate) may_obtain: bool,
    /// The audience whose tokens it may introspect, for a resource server.
    pub(crate) serves: Option<&'static str>,
}

/// Scopes that look like real ones and open nothing; every client may ask for them.
pub(crate) const LOOKALIKES: &[&str] = &["read:orders-archive", "write:orders-archive", "write:order", "WRITE:ORDERS"];

/// A registered client by its identifier.
pub(super) fn find(id: &str) -> Option<RegisteredClient> {
    let client = |secret, scopes: &[&'static str], tenant: &str, may_obtain, serves| RegisteredClient {
        id: id.to_owned(),
        secret,
        scopes: scopes.to_vec(),
        tenant: tenant.to_owned(),
        may_obtain,
        serves,
    };
    let identity = seed::IDENTITIES.iter().find(|identity| identity.name == id && identity.state == SeedState::Valid);
    if let Some(identity) = identity {
        return Some(client(Some(identity.client_secret), identity.scopes, identity.tenant, true, None));
    }
    let confidential = [
        (seed::SPECIAL_CLIENT, &[READ, WRITE][..], true, None),
        (seed::CLIENT_WITHOUT_GRANT, &[READ], false, None),
        (seed::EXPENDABLE_CLIENT, &[READ], true, None),
        (seed::INTROSPECTION_CLIENT, &[], false, Some(AUDIENCE)),
        (seed::FOREIGN_INTROSPECTION_CLIENT, &[], false, Some("billing-api")),
    ];
    if id == seed::PUBLIC_CLIENT {
        return Some(client(None, &[READ], "a", false, None));
    }
    let (_, scopes, may_obtain, serves) = confidential.into_iter().find(|((name, _), ..)| *name == id)?;
    let secret = confidential.iter().find(|((name, _), ..)| *name == id).map(|((_, secret), ..)| *secret);
    Some(client(secret, scopes, "a", may_obtain, serves))
}

/// Whether a secret is the client's.
pub(super) fn proves(client: &RegisteredClient, secret: &str) -> bool {
    client.secret.is_some_and(|own| bool::from(digest(own).ct_eq(&digest(secret))))
}
