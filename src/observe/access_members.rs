//! Members of an object that say whose it is or what somebody may do, as an answer shows them to whoever writes the object.

use serde_json::{Map, Value};

/// Members that name what somebody may do: the value that opens everything is `admin`. As letters and digits in lower case.
const RIGHTS: [&str; 15] = [
    "accesslevel",
    "accountrole",
    "groups",
    "permission",
    "permissions",
    "privilege",
    "privileges",
    "role",
    "rolename",
    "roles",
    "scope",
    "scopes",
    "userrole",
    "userroles",
    "usertype",
];
/// Members that name whose an object is, or say that somebody is more than others.
const OWNERS_AND_FLAGS: [&str; 41] = [
    "accountid",
    "admin",
    "approved",
    "companyid",
    "createdby",
    "creatorid",
    "customerid",
    "emailverified",
    "isadmin",
    "isapproved",
    "isemailverified",
    "isowner",
    "isstaff",
    "issuperadmin",
    "issuperuser",
    "isverified",
    "org",
    "organisation",
    "organisationid",
    "organization",
    "organizationid",
    "orgid",
    "ownedby",
    "owner",
    "owneremail",
    "ownerid",
    "ownername",
    "owneruserid",
    "ownerusername",
    "projectowner",
    "roleid",
    "staff",
    "superadmin",
    "superuser",
    "tenant",
    "tenantid",
    "tenantname",
    "tenantuuid",
    "userid",
    "verified",
    "workspaceid",
];
/// The right that opens everything.
const ADMIN: &str = "admin";
/// What a text is altered by, so that it is recognised.
const MARK: &str = "authbench-";
/// How deep objects are looked for.
const DEEPEST: usize = 8;

/// A member of access that an answer shows, and the value to write in place of the one that is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct AccessMember {
    /// Its name.
    pub name: String,
    /// The value that is shown.
    pub shown: Value,
    /// Another one of the same kind.
    pub other: Value,
}

/// An object that a write makes or changes: what finds it in an answer.
#[derive(Clone, Copy, Debug)]
pub struct WrittenObject<'a> {
    /// The members that the write has by itself.
    pub own: &'a Map<String, Value>,
    /// The path of the write, whose last segment may be the identifier of the object.
    pub path: &'a str,
}

impl WrittenObject<'_> {
    /// The object in an answer: what has the identifier that the path of the write ends with, else what has the members of the
    /// write, else the whole answer.
    fn objects<'v>(&self, answer: &'v Value) -> Vec<&'v Map<String, Value>> {
        let found = self.found(answer);
        match answer {
            Value::Object(whole) if found.is_empty() => vec![whole],
            _ => found,
        }
    }

    fn found<'v>(&self, answer: &'v Value) -> Vec<&'v Map<String, Value>> {
        let mut all = Vec::new();
        walk(answer, DEEPEST, &mut all);
        let named: Vec<_> = all.iter().copied().filter(|object| self.is_named(object)).collect();
        if !named.is_empty() {
            return named;
        }
        all.retain(|object| self.has_own(object));
        all
    }

    fn is_named(&self, object: &Map<String, Value>) -> bool {
        let path = self.path.split('?').next().unwrap_or_default();
        let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let is_last = |id: &Value| match id {
            Value::String(text) => text == last,
            Value::Number(number) => number.to_string() == last,
            _ => false,
        };
        ["id", "_id", "uuid"].iter().filter_map(|name| object.get(*name)).any(is_last)
    }

    /// Whether an object has members of the write, and none of them with another value.
    fn has_own(&self, object: &Map<String, Value>) -> bool {
        let mut shared = self.own.iter().filter_map(|(name, value)| Some(object.get(name)? == value)).peekable();
        shared.peek().is_some() && shared.all(|same| same)
    }

    /// How many objects an answer shows that are this one, or like it.
    pub fn shown(&self, answer: &Value) -> usize {
        self.found(answer).len()
    }

    /// In how many of them a member has a value; one of several that a value has been added to has the added one.
    pub fn having(&self, answer: &Value, name: &str, value: &Value) -> usize {
        let has = |object: &&Map<String, Value>| match (object.get(name), value) {
            (Some(Value::Array(shown)), Value::Array(sent)) => {
                sent.last().is_some_and(|added| shown.contains(added)) && sent.iter().all(|one| shown.contains(one))
            }
            (shown, value) => shown == Some(value),
        };
        self.objects(answer).into_iter().filter(has).count()
    }

    /// The members of access that an answer shows of the object and that the write does not have, with other values: one that
    /// somebody else has, as far as that is known of a value, else an altered one.
    pub fn members(&self, answer: &Value, of_another: &dyn Fn(&str) -> Option<String>) -> Vec<AccessMember> {
        let mut members: Vec<AccessMember> = Vec::new();
        for (name, shown) in self.objects(answer).into_iter().flatten() {
            let is_known = self.own.contains_key(name) || members.iter().any(|member| member.name == *name);
            if let Some(other) = other_value(name, shown, of_another).filter(|_| !is_known) {
                members.push(AccessMember { name: name.clone(), shown: shown.clone(), other });
            }
        }
        members
    }
}

fn walk<'v>(value: &'v Value, depth: usize, found: &mut Vec<&'v Map<String, Value>>) {
    let Some(deeper) = depth.checked_sub(1) else { return };
    match value {
        Value::Object(members) => {
            found.push(members);
            members.values().for_each(|value| walk(value, deeper, found));
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, deeper, found)),
        _ => {}
    }
}

/// Another value of the same kind for a member of access; none for other members, and where the value is the highest already.
fn other_value(name: &str, shown: &Value, of_another: &dyn Fn(&str) -> Option<String>) -> Option<Value> {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_ascii_lowercase();
    let is_right = RIGHTS.contains(&plain.as_str());
    let is_flag = matches!(shown, Value::Bool(_)) && plain.ends_with(ADMIN);
    if !is_right && !is_flag && !OWNERS_AND_FLAGS.contains(&plain.as_str()) {
        return None;
    }
    match shown {
        Value::Bool(false) => Some(Value::Bool(true)),
        Value::Number(number) => {
            let of_another = of_another(&number.to_string()).and_then(|other| other.parse::<u64>().ok());
            of_another.or_else(|| number.as_u64()?.checked_add(1)).map(Value::from)
        }
        Value::String(text) if is_right => (!text.to_ascii_lowercase().contains(ADMIN)).then(|| ADMIN.into()),
        Value::String(text) => Some(of_another(text).unwrap_or_else(|| altered(text)).into()),
        Value::Array(items) if is_right => {
            let is_lesser = |item: &Value| item.as_str().is_some_and(|text| !text.to_ascii_lowercase().contains(ADMIN));
            let raised = || items.iter().cloned().chain([ADMIN.into()]).collect();
            items.iter().all(is_lesser).then(raised)
        }
        _ => None,
    }
}

/// A text of the same form: a number or an identifier in hexadecimal digits stays one.
fn altered(text: &str) -> String {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_long_hex = text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    match text.char_indices().next_back() {
        Some((at, last)) if is_number || is_long_hex => {
            let other = if last == '1' { '2' } else { '1' };
            format!("{}{other}", &text[..at])
        }
        _ => format!("{MARK}{text}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: &Value) -> &Map<String, Value> {
        value.as_object().expect("is an object")
    }

    #[test]
    fn members_of_access_that_are_shown_are_chosen() {
        let own = json!({ "title": "lamp", "owner_email": "a@b.test" });
        let object = WrittenObject { own: map(&own), path: "/records/7?full=1" };
        for (answer, expected) in [
            (json!({ "id": 7, "title": "lamp", "tenant_id": 3, "balance": 5 }), json!([["tenant_id", 4]])),
            // somebody else's
            (json!({ "id": 7, "tenant": "a", "ownerId": 41 }), json!([["tenant", "b"], ["ownerId", 42]])),
            (json!({ "id": 7, "owner": "alice" }), json!([["owner", "authbench-alice"]])),
            (json!({ "id": 7, "owner_id": "0197" }), json!([["owner_id", "0191"]])),
            (
                json!({ "id": 7, "org-id": "1b4e28ba-2fa1-11d2-883f-0016d3cca421" }),
                json!([["org-id", "1b4e28ba-2fa1-11d2-883f-0016d3cca422"]]),
            ),
            (json!({ "id": 7, "isAdmin": false, "role": "user" }), json!([["isAdmin", true], ["role", "admin"]])),
            (json!({ "id": 7, "platform_admin": false, "billing_admin": "lamp" }), json!([["platform_admin", true]])),
            (
                json!({ "id": 7, "roles": ["user"], "scopes": [] }),
                json!([["roles", ["user", "admin"]], ["scopes", ["admin"]]]),
            ),
            // nothing above it, of another kind, or what the write is for
            (json!({ "id": 7, "isAdmin": true, "role": "Admin", "owner": null, "tenant": {} }), json!([])),
            (json!({ "id": 7, "owner_email": "a@b.test", "group": "fruit", "roles": [{ "id": 1 }] }), json!([])),
            // the object, and not those beside or around it
            (json!([{ "id": 8, "owner": "bob" }, { "id": "7", "owner": "al" }]), json!([["owner", "authbench-al"]])),
            (json!({ "owner": "all", "items": [{ "title": "lamp", "role": "user" }] }), json!([["role", "admin"]])),
            (
                json!({ "owner": "all", "items": [{ "title": "desk", "role": "user" }] }),
                json!([["owner", "authbench-all"]]),
            ),
            (json!([{ "title": "desk", "role": "user" }]), json!([])),
            (json!("lamp"), json!([])),
        ] {
            let of_another = |text: &str| match text {
                "a" => Some("b".to_owned()),
                "41" => Some("42".to_owned()),
                _ => None,
            };
            let found = object.members(&answer, &of_another);
            let mut found: Vec<Value> = found.iter().map(|member| json!([member.name, member.other])).collect();
            let mut expected = expected.as_array().expect("is a list").clone();
            found.sort_by_key(Value::to_string);
            expected.sort_by_key(Value::to_string);
            assert_eq!(found, expected, "{answer}");
        }
    }

    #[test]
    fn values_are_counted_in_the_object_alone() {
        let own = json!({ "title": "lamp" });
        let object = WrittenObject { own: map(&own), path: "/records" };
        for (answer, name, value, expected) in [
            (json!([{ "title": "lamp", "owner": "b" }, { "title": "desk", "owner": "b" }]), "owner", json!("b"), 1),
            (json!({ "title": "lamp", "owner": "a" }), "owner", json!("b"), 0),
            (json!({ "title": "lamp", "owner": "1" }), "owner", json!(1), 0),
            (json!({ "title": "lamp", "roles": ["admin", "user"] }), "roles", json!(["user", "admin"]), 1),
            (json!({ "title": "lamp", "roles": ["user"] }), "roles", json!(["user", "admin"]), 0),
            (json!({ "count": 2, "owner": "b" }), "owner", json!("b"), 1),
        ] {
            assert_eq!(object.having(&answer, name, &value), expected, "{answer}");
        }
    }
}
