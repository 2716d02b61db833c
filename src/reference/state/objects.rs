//! The objects that guards protect. Their identifiers and texts are opaque and the same in every run, so that an answer that
//! should not contain them can be searched for them; no public resource and no error contains any.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Principal;
use crate::seed::IDENTITIES;

/// Characters of an opaque text.
const LENGTH: usize = 12;

/// Who owns the orders that every list contains.
const OWNER: &str = "shop";

/// What a client says of the orders that it must not say; as it is written into answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Assigned {
    /// The owner.
    pub(crate) owner: Option<String>,
    /// Whether they are verified.
    pub(crate) verified: Option<bool>,
}

/// All objects, as they are written into answers.
#[derive(Debug)]
pub(crate) struct Objects {
    /// The two orders that every list of orders contains.
    orders: String,
    /// What the answer to every new order contains beside its number.
    receipt: String,
    /// Orders of the tenants of the seed.
    tenants: HashMap<&'static str, Value>,
    /// Accounts of the identities of the seed.
    accounts: HashMap<&'static str, Value>,
}

impl Objects {
    /// The objects of the seed.
    pub(crate) fn seeded() -> Self {
        let members = ["ledger", "depot", "carrier", "terms", "clerk", "seal"];
        let receipt: Vec<String> =
            members.iter().map(|name| format!("{name:?}:{:?}", opaque(&format!("receipt {name}")))).collect();
        Self {
            orders: orders("orders").to_string(),
            receipt: receipt.join(","),
            tenants: IDENTITIES.iter().map(|identity| (identity.tenant, orders(identity.tenant))).collect(),
            accounts: IDENTITIES.iter().map(|identity| (identity.name, account(identity.name))).collect(),
        }
    }

    /// The body of the list of all orders, of which there are so many.
    pub(crate) fn order_list(&self, count: u64) -> String {
        // written out: everything here is measured by this answer, and building a tree of values would be part of it
        format!(r#"{{"count":{count},"owner":"{OWNER}","verified":false,"orders":{}}}"#, self.orders)
    }

    /// The same with what a client has said of them.
    pub(crate) fn assigned_order_list(&self, count: u64, assigned: &Assigned) -> String {
        let owner = json!(assigned.owner.as_deref().unwrap_or(OWNER));
        let verified = assigned.verified.unwrap_or(false);
        format!(r#"{{"count":{count},"owner":{owner},"verified":{verified},"orders":{}}}"#, self.orders)
    }

    /// The body of the answer to a new order.
    pub(crate) fn new_order(&self, id: u64) -> String {
        format!(r#"{{"created":true,"id":{id},{}}}"#, self.receipt)
    }

    /// The body of the orders of a tenant.
    pub(crate) fn tenant_orders(&self, tenant: &str) -> Value {
        let orders = self.tenants.get(tenant).cloned().unwrap_or_else(|| orders(tenant));
        json!({ "tenant": tenant, "orders": orders })
    }

    /// The body of the account of a principal.
    pub(crate) fn account_of(&self, principal: &Principal) -> Value {
        let mut account = self.accounts.get(&*principal.name).cloned().unwrap_or_else(|| account(&principal.name));
        account["principal"] = json!(principal.name);
        account["scopes"] = json!(principal.scopes);
        account["tenant"] = json!(principal.tenant);
        account
    }
}

fn orders(of: &str) -> Value {
    let order = |at: u8| {
        let text = |name: &str| opaque(&format!("{of} {at} {name}"));
        json!({ "id": text("id"), "item": text("item"), "note": text("note") })
    };
    json!([order(1), order(2)])
}

fn account(name: &str) -> Value {
    let members = ["id", "mail", "phone", "address", "contract", "contact"];
    members.iter().map(|member| ((*member).to_owned(), json!(opaque(&format!("{name} {member}"))))).collect()
}

/// A text that nobody guesses, and that is the same in every run.
fn opaque(of: &str) -> String {
    let mut text = URL_SAFE_NO_PAD.encode(Sha256::digest(format!("authbench reference {of}")));
    text.truncate(LENGTH);
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::reference::state::principal;

    /// Texts of a body that are long enough to be recognised.
    fn texts(body: &Value) -> Vec<String> {
        match body {
            Value::String(text) if text.len() >= 8 => vec![text.clone()],
            Value::Array(values) => values.iter().flat_map(texts).collect(),
            Value::Object(members) => members.values().flat_map(texts).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn the_list_is_what_the_bench_sends_from_bare_hyper() {
        let bench = include_str!("../../../benches/reference_cost.rs");
        assert!(bench.contains(&Objects::seeded().order_list(3)));
    }

    #[test]
    fn every_protected_body_has_six_texts_of_its_own() {
        let objects = Objects::seeded();
        let read = |text: String| serde_json::from_str::<Value>(&text).expect("it is JSON");
        let mut bodies = vec![read(objects.order_list(3)), read(objects.new_order(4))];
        bodies.extend(["a", "b", "elsewhere"].map(|tenant| objects.tenant_orders(tenant)));
        bodies.extend(IDENTITIES.iter().map(|identity| {
            let scopeless = Principal { scopes: Vec::new(), ..principal(identity) };
            objects.account_of(&scopeless)
        }));
        let mut seen = BTreeSet::new();
        for body in bodies {
            let own = texts(&body);
            assert!(own.iter().filter(|text| text.len() == LENGTH).count() >= 6, "{body}");
            assert!(body.to_string().len() < 270, "{body}");
            assert!(own.into_iter().all(|text| text.len() != LENGTH || seen.insert(text)), "{body}");
        }
    }
}
