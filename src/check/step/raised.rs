//! What a registration adds so that the new account may do more than others.

use serde_json::{Value, json};

/// Members of a registration that would give rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RaisedBy {
    /// A role, by one member.
    Role,
    /// Roles and groups, by lists.
    Roles,
    /// Flags of administrators.
    Flags,
    /// Scopes and permissions.
    Scopes,
}

/// The role that opens everything.
const ADMIN: &str = "admin";

impl RaisedBy {
    /// The members, with the scopes that open what new accounts may not use.
    pub fn members(self, scopes: &[&str]) -> Vec<(&'static str, Value)> {
        let scopes = if scopes.is_empty() { vec![ADMIN] } else { scopes.to_vec() };
        match self {
            Self::Role => vec![("role", ADMIN.into())],
            Self::Roles => vec![("roles", json!([ADMIN])), ("groups", json!([ADMIN]))],
            Self::Flags => {
                ["is_admin", "isAdmin", "admin", "is_staff", "is_superuser"].map(|name| (name, true.into())).to_vec()
            }
            Self::Scopes => {
                vec![("scope", scopes.join(" ").into()), ("scopes", json!(scopes)), ("permissions", json!(scopes))]
            }
        }
    }

    /// The members in words.
    pub fn described(self) -> &'static str {
        match self {
            Self::Role => "role=admin",
            Self::Roles => "roles and groups that have admin",
            Self::Flags => "is_admin, isAdmin, admin, is_staff and is_superuser",
            Self::Scopes => "scope, scopes and permissions",
        }
    }
}
