//! Logins with a one-time code, and those whose code is none.

use std::sync::Arc;

use serde_json::Value;

use super::login::{
    CredentialSource, LoginBody, LoginJson, LoginPart, LoginProcedure, LoginStep, LoginText, MalformedBody,
};
use super::subject::Subject;
use crate::check::step::CodeChange;

/// Codes that are nobody's in an array that ends with the right one.
const WRONG: [&str; 2] = ["000000", "111111"];

impl Subject {
    /// Whether checks of one-time codes have something to ask: the login that they use sends one.
    pub fn has_one_time_codes(&self) -> bool {
        let login = self.login_identity().and_then(|at| self.procedure_of(at));
        login.is_some_and(|login| login.code_step().is_some())
    }

    /// Another identity whose one-time codes have another secret.
    pub fn with_another_secret(&self, first: usize) -> Option<usize> {
        let own = self.procedure_of(first)?.one_time.as_ref()?;
        let differs = |at: &usize| {
            let other = self.procedure_of(*at).and_then(|login| login.one_time.as_ref());
            other.is_some_and(|other| other != own)
        };
        self.other_user(first).filter(differs)
    }
}

impl LoginProcedure {
    /// The place of its first request with a one-time code.
    pub fn code_step(&self) -> Option<usize> {
        let CredentialSource::Requests(steps) = &self.source else { return None };
        self.one_time.as_ref()?;
        steps.iter().position(LoginStep::has_code)
    }

    /// The same login with something else in place of its code; none where it has no such value. Another code is for whoever sends
    /// it to choose.
    #[must_use]
    pub fn with_code(&self, change: CodeChange) -> Option<Arc<Self>> {
        self.code_step()?;
        let digits = self.one_time.as_ref()?.digits();
        if matches!(change, CodeChange::Again | CodeChange::Beside(_) | CodeChange::Ago(_) | CodeChange::OfAnother) {
            return Some(Arc::new(self.clone()));
        }
        let CredentialSource::Requests(steps) = &self.source else { return None };
        let mut steps = steps.clone();
        let changed = steps.iter_mut().map(|step| step.change_code(change, digits)).fold(false, |any, one| any | one);
        changed.then(|| Arc::new(Self { source: CredentialSource::Requests(steps), ..self.clone() }))
    }
}

impl LoginText {
    /// Whether it has a one-time code.
    fn has_code(&self) -> bool {
        self.0.contains(&LoginPart::OneTimeCode)
    }

    fn replace_code(&mut self, text: &str) -> bool {
        let has_code = self.has_code();
        let parts = self.0.iter_mut().filter(|part| **part == LoginPart::OneTimeCode);
        parts.for_each(|part| *part = LoginPart::Plain(text.to_owned()));
        has_code
    }
}

impl LoginStep {
    /// Whether it sends a one-time code.
    pub fn has_code(&self) -> bool {
        self.parts().any(|part| *part == LoginPart::OneTimeCode)
    }

    fn change_code(&mut self, change: CodeChange, digits: usize) -> bool {
        let mut changed = match &mut self.body {
            Some(LoginBody::Json(json)) => change_in(json, change, digits),
            Some(LoginBody::Form(fields) | LoginBody::Malformed(MalformedBody { fields, .. })) => {
                change_pairs(fields, change, digits)
            }
            None => false,
        };
        changed |= change_pairs(&mut self.headers, change, digits);
        let others = self.basic.iter_mut().flat_map(|(user, password)| [user, password]).chain([&mut self.address]);
        for text in others {
            changed |= match change {
                CodeChange::Zeros => text.replace_code(&"0".repeat(digits)),
                CodeChange::Empty | CodeChange::Missing => text.replace_code(""),
                _ => false,
            };
        }
        changed
    }
}

fn change_pairs(pairs: &mut Vec<(String, LoginText)>, change: CodeChange, digits: usize) -> bool {
    match change {
        CodeChange::Missing => {
            let before = pairs.len();
            pairs.retain(|(_, text)| !text.has_code());
            pairs.len() < before
        }
        CodeChange::Empty => pairs.iter_mut().fold(false, |any, (_, text)| any | text.replace_code("")),
        CodeChange::Zeros => {
            pairs.iter_mut().fold(false, |any, (_, text)| any | text.replace_code(&"0".repeat(digits)))
        }
        _ => false,
    }
}

fn change_in(json: &mut LoginJson, change: CodeChange, digits: usize) -> bool {
    match json {
        LoginJson::Text(text) if text.has_code() => {
            *json = match change {
                CodeChange::Null if text.0.len() == 1 => LoginJson::Plain(Value::Null),
                CodeChange::List if text.0.len() == 1 => {
                    let wrong = WRONG.map(|code| LoginJson::Text(LoginText::plain(code)));
                    LoginJson::List(wrong.into_iter().chain([LoginJson::Text(text.clone())]).collect())
                }
                CodeChange::Empty | CodeChange::Missing => LoginJson::Plain("".into()),
                CodeChange::Zeros => LoginJson::Plain("0".repeat(digits).into()),
                _ => return false,
            };
            true
        }
        LoginJson::Text(_) | LoginJson::Plain(_) => false,
        LoginJson::List(items) => items.iter_mut().fold(false, |any, item| any | change_in(item, change, digits)),
        LoginJson::Object(members) => {
            let before = members.len();
            if change == CodeChange::Missing {
                members.retain(|(_, member)| !matches!(member, LoginJson::Text(text) if text.has_code()));
            }
            let removed = members.len() < before;
            members.iter_mut().fold(removed, |any, (_, item)| any | change_in(item, change, digits))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::changed_login::tests::login_in_test;
    use super::super::one_time::tests::secret;
    use super::*;
    use crate::scenario::model::TotpAlgorithm;

    fn with(body: LoginBody) -> LoginProcedure {
        let secret = secret("GEZDGNBVGY3TQOJQ", 6, TotpAlgorithm::Sha1).expect("is a secret");
        LoginProcedure { one_time: Some(Arc::new(secret)), ..login_in_test("/login", body, ("alice", "pass")) }
    }

    fn written(json: &LoginJson) -> String {
        match json {
            LoginJson::Plain(value) => value.to_string(),
            LoginJson::Text(text) if text.has_code() => "{totp}".to_owned(),
            LoginJson::Text(text) => text.whole().unwrap_or_default().to_owned(),
            LoginJson::List(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(",")),
            LoginJson::Object(members) => {
                members.iter().map(|(name, member)| format!("{name}={}", written(member))).collect::<Vec<_>>().join("&")
            }
        }
    }

    /// The body of a login whose code is changed.
    fn sent(body: &LoginBody, change: CodeChange) -> Option<String> {
        let changed = with(body.clone()).with_code(change)?;
        let CredentialSource::Requests(steps) = &changed.source else { panic!("requests") };
        Some(match steps[0].body.as_ref().expect("a body") {
            LoginBody::Json(json) => written(json),
            LoginBody::Form(fields) => {
                let json = fields.iter().map(|(name, text)| (name.clone(), LoginJson::Text(text.clone())));
                written(&LoginJson::Object(json.collect()))
            }
            LoginBody::Malformed(_) => panic!("a form or JSON"),
        })
    }

    #[test]
    fn a_code_is_left_out_or_another_value_as_its_body_can_have_it() {
        let code = LoginText(vec![LoginPart::OneTimeCode]);
        let user = || ("user".to_owned(), LoginText::plain("a"));
        let json = LoginBody::Json(LoginJson::Object(vec![
            ("user".to_owned(), LoginJson::Text(LoginText::plain("a"))),
            ("code".to_owned(), LoginJson::Text(code.clone())),
        ]));
        let form = LoginBody::Form(vec![user(), ("code".to_owned(), code)]);
        use CodeChange::{Again, Beside, Empty, List, Missing, Null, Zeros};
        for (change, in_json, in_form) in [
            (Missing, Some("user=a"), Some("user=a")),
            (Empty, Some(r#"user=a&code="""#), Some("user=a&code=")),
            (Zeros, Some(r#"user=a&code="000000""#), Some("user=a&code=000000")),
            (Null, Some("user=a&code=null"), None),
            (List, Some("user=a&code=[000000,111111,{totp}]"), None),
            (Again, Some("user=a&code={totp}"), Some("user=a&code={totp}")),
            (Beside(-3), Some("user=a&code={totp}"), Some("user=a&code={totp}")),
        ] {
            assert_eq!(sent(&json, change).as_deref(), in_json, "{change:?}");
            assert_eq!(sent(&form, change).as_deref(), in_form, "{change:?}");
        }
        assert_eq!(sent(&LoginBody::Form(vec![user()]), Missing), None, "it has no code");
    }
}
