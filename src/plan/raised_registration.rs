//! Registrations that ask for more than an account, and what shows whether they get it.

use std::sync::Arc;

use serde_json::Value;

use super::login::{LoginBody, LoginJson, LoginPart, LoginProcedure, LoginStep, LoginText};
use super::subject::Subject;
use crate::check::step::RaisedBy;

/// Resources that are tried, at most.
const MOST: usize = 8;

impl LoginProcedure {
    /// The same login whose registration has members of its own beside the password or the user-id of the new account, or in place
    /// of those of the same name; none where no body has either.
    pub fn registering_with(&self, members: &[(&str, Value)]) -> Option<Arc<Self>> {
        let mut login = self.clone();
        let has_part = |step: &LoginStep, wanted: &LoginPart| step.parts().any(|part| part == wanted);
        let raised = [LoginPart::NewPassword, LoginPart::Username].iter().any(|wanted| {
            let mut steps = login.registration.iter_mut().filter(|step| has_part(step, wanted));
            steps.any(|step| step.body.as_mut().is_some_and(|body| add(body, wanted, members)))
        });
        raised.then(|| Arc::new(login))
    }
}

impl Subject {
    /// What may be closed to new accounts: all that is read, or what is written for which somebody lacks a scope. Those come first
    /// for which somebody does.
    pub fn beyond_new_accounts(&self, writes: bool) -> Vec<usize> {
        let lacks = |at: usize| self.scope_gap_at(at).is_some();
        let fits = |at: &usize| {
            let resource = &self.resources[*at];
            let may_be_tried = !resource.is_prepared() && self.good_for(*at).is_some();
            resource.writes == writes && may_be_tried && (!writes || (lacks(*at) && resource.can_be_repeated()))
        };
        let mut found: Vec<usize> = self.protected().filter(fits).collect();
        found.sort_by_key(|at| !lacks(*at));
        found.truncate(MOST);
        found
    }

    /// What a registration adds, with the scopes of what new accounts may not use.
    pub fn raising(&self, by: RaisedBy, beyond: &[usize]) -> Vec<(&'static str, Value)> {
        let mut scopes: Vec<&str> =
            beyond.iter().flat_map(|at| &self.resources[*at].scopes).map(String::as_str).collect();
        scopes.sort_unstable();
        scopes.dedup();
        by.members(&scopes)
    }
}

/// Adds members to the object or the form that has a part; says whether there is one.
fn add(body: &mut LoginBody, wanted: &LoginPart, members: &[(&str, Value)]) -> bool {
    match body {
        LoginBody::Json(json) => add_to_json(json, wanted, members),
        LoginBody::Form(fields) => {
            let Some((beside, _)) = fields.iter().find(|(_, text)| text.0.contains(wanted)) else { return false };
            // such as `user[password]`
            let within =
                beside.strip_suffix(']').and_then(|name| name.rsplit_once('[')).map(|(object, _)| object.to_owned());
            for (name, value) in members {
                let name = within.as_ref().map_or_else(|| (*name).to_owned(), |object| format!("{object}[{name}]"));
                fields.retain(|(own, _)| *own != name);
                fields.push((name, LoginText::plain(written(value))));
            }
            true
        }
        LoginBody::Malformed(_) => false,
    }
}

fn add_to_json(json: &mut LoginJson, wanted: &LoginPart, members: &[(&str, Value)]) -> bool {
    let is_wanted = |json: &LoginJson| matches!(json, LoginJson::Text(text) if text.0.contains(wanted));
    match json {
        LoginJson::Object(own) if own.iter().any(|(_, member)| is_wanted(member)) => {
            own.retain(|(name, _)| !members.iter().any(|(added, _)| added == name));
            own.extend(members.iter().map(|(name, value)| ((*name).to_owned(), LoginJson::Plain(value.clone()))));
            true
        }
        LoginJson::Object(own) => own.iter_mut().any(|(_, member)| add_to_json(member, wanted, members)),
        LoginJson::List(items) => items.iter_mut().any(|item| add_to_json(item, wanted, members)),
        LoginJson::Plain(_) | LoginJson::Text(_) => false,
    }
}

/// A value as a field of a form has it.
fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::changed_login::tests::login_in_test;

    fn text(part: LoginPart) -> LoginText {
        LoginText(vec![part])
    }

    fn raised(body: LoginBody) -> Option<LoginBody> {
        let mut login = login_in_test("/register", body, ("alice", "correct-Horse-7"));
        login.registration = login.steps().cloned().collect();
        let raised = login.registering_with(&RaisedBy::Role.members(&[]))?;
        raised.registration[0].body.clone()
    }

    #[test]
    fn members_are_added_beside_the_password() {
        let member = |name: &str, part| (name.to_owned(), LoginJson::Text(text(part)));
        let role = ("role".to_owned(), LoginJson::Plain(json!("admin")));
        let own = vec![member("name", LoginPart::Username), member("password", LoginPart::NewPassword)];
        let with_role = own.iter().cloned().chain([role.clone()]).collect::<Vec<_>>();
        let former = ("role".to_owned(), LoginJson::Plain(json!("customer")));
        let nested = |own| LoginJson::Object(vec![("user".to_owned(), LoginJson::Object(own))]);
        for (json, expected) in [
            (LoginJson::Object(own.clone()), LoginJson::Object(with_role.clone())),
            (LoginJson::Object([vec![former], own.clone()].concat()), LoginJson::Object(with_role.clone())),
            (nested(own.clone()), nested(with_role.clone())),
        ] {
            assert_eq!(raised(LoginBody::Json(json)), Some(LoginBody::Json(expected)));
        }
        assert_eq!(raised(LoginBody::Json(LoginJson::Plain(json!({ "a": 1 })))), None);
        for (name, expected) in [("password", "role"), ("user[password]", "user[role]")] {
            let own = vec![(name.to_owned(), text(LoginPart::NewPassword))];
            let added = (expected.to_owned(), LoginText::plain("admin"));
            let expected = own.iter().cloned().chain([added]).collect();
            assert_eq!(raised(LoginBody::Form(own)), Some(LoginBody::Form(expected)));
        }
    }

    #[test]
    fn scopes_are_those_of_what_is_closed() {
        assert_eq!(RaisedBy::Scopes.members(&[])[0], ("scope", json!("admin")));
        assert_eq!(RaisedBy::Scopes.members(&["a", "b"])[1], ("scopes", json!(["a", "b"])));
        assert_eq!(written(&json!(["a", "b"])), "a b");
        assert_eq!(written(&json!(true)), "true");
    }
}
