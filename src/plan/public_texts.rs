//! What a scenario writes in plain and a report has to show, although a secret may hold a part of it.

use super::login::{LoginBody, LoginJson, LoginPart, LoginProcedure, LoginStep, LoginText, TokenPosition};
use super::subject::{Login, Preparation, Subject};
use crate::scheme::CarrierPlace;
use crate::secret::is_public_parameter;

impl Subject {
    /// Names of credentials, accounts, clients, scopes and cookies, paths of resources, and the plain texts of logins. What holds
    /// a secret is none of them.
    pub fn public_texts(&self) -> Vec<String> {
        let mut texts: Vec<String> = Vec::new();
        for identity in &self.identities {
            texts.push(identity.name.clone());
            texts.extend(identity.account_name());
            texts.extend(identity.scopes.iter().chain(&identity.tenant).cloned());
            if let Login::Procedure(procedure) = &identity.login {
                of_login(procedure, &mut texts);
            }
        }
        for resource in &self.resources {
            texts.extend(resource.scopes.iter().chain(&resource.tenant).cloned());
            let prepared = resource.before.iter().chain(&resource.after).map(|step: &Preparation| &step.path);
            let paths = std::iter::once(&resource.path).chain(&resource.absent).chain(prepared);
            paths.for_each(|path| of_address(path, &mut texts));
        }
        self.cases.iter().for_each(|case| of_address(&case.path, &mut texts));
        if let CarrierPlace::Cookie(name) | CarrierPlace::Header(name) = &self.carrier.place {
            texts.push(name.clone());
        }
        let material = &self.material;
        texts.extend(material.clients().map(|client| client.id.clone()));
        let named = [
            &material.public_client_id,
            &material.other_redirection_uri,
            &material.disallowed_scope,
            &material.expendable_client_id,
            &material.expendable_username,
            &material.resource_identifier,
            &self.kit.issuer,
            &self.kit.audience,
        ];
        texts.extend(material.expendable_codes.iter().map(|account| account.user.clone()));
        texts.extend(named.into_iter().flatten().chain(&material.lookalike_scopes).cloned());
        if let Some(server) = &self.authorization_server {
            let addresses = [&server.issuer, &server.token, &server.introspection, &server.revocation];
            addresses.into_iter().flatten().for_each(|address| of_address(address, &mut texts));
        }
        let secrets: Vec<&str> = self.secrets().into_iter().map(|secret| secret.expose()).collect();
        texts.retain(|text| !text.is_empty() && !secrets.iter().any(|secret| holds(text, secret)));
        texts.sort_unstable();
        texts.dedup();
        texts
    }
}

/// Whether a text holds a secret beside something else: an identifier that is the secret of somebody as well stays an identifier.
fn holds(text: &str, secret: &str) -> bool {
    /// A shorter value is no piece of a longer text but by accident.
    const SHORTEST: usize = 8;
    secret.len() >= SHORTEST && text.len() > secret.len() && text.contains(secret)
}

fn of_login(procedure: &LoginProcedure, texts: &mut Vec<String>) {
    texts.extend(procedure.cookies.iter().flatten().cloned());
    let positions = [&procedure.token, &procedure.refreshed].into_iter().flatten();
    texts.extend(positions.filter_map(|position| match position {
        TokenPosition::Cookie(name) | TokenPosition::Header(name) => Some(name.clone()),
        TokenPosition::Pointer(_) => None,
    }));
    procedure.steps().for_each(|step| of_step(step, texts));
}

fn of_step(step: &LoginStep, texts: &mut Vec<String>) {
    for part in &step.address.0 {
        if let LoginPart::Plain(text) = part {
            of_address(text, texts);
        }
    }
    texts.extend(step.basic.iter().filter_map(|(user, _)| plain(user)));
    texts.extend(step.client.iter().map(|(client, _)| client.id.clone()));
    texts.extend(step.client.iter().filter_map(|(client, _)| client.scope.clone()));
    match &step.body {
        Some(LoginBody::Form(fields)) => fields.iter().for_each(|(name, text)| of_field(name, text, texts)),
        Some(LoginBody::Json(json)) => of_json("", json, texts),
        Some(LoginBody::Malformed(_)) | None => {}
    }
}

/// What other fields hold may be a secret that the scenario writes out.
fn of_field(name: &str, text: &LoginText, texts: &mut Vec<String>) {
    texts.extend(plain(text).filter(|_| is_public_parameter(name)));
}

fn of_json(name: &str, json: &LoginJson, texts: &mut Vec<String>) {
    match json {
        LoginJson::Text(text) => of_field(name, text, texts),
        LoginJson::List(items) => items.iter().for_each(|item| of_json(name, item, texts)),
        LoginJson::Object(members) => members.iter().for_each(|(name, member)| of_json(name, member, texts)),
        LoginJson::Plain(_) => {}
    }
}

/// A text that the scenario writes out.
fn plain(text: &LoginText) -> Option<String> {
    match text.0.as_slice() {
        [LoginPart::Plain(text)] => Some(text.clone()),
        _ => None,
    }
}

/// An address: its path, and the parameters of its query that are public by their names.
fn of_address(address: &str, texts: &mut Vec<String>) {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    texts.push(path.to_owned());
    let pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned();
    for (name, value) in pairs.filter(|(name, _)| is_public_parameter(name)) {
        texts.push(format!("{name}={value}"));
        texts.push(value);
    }
}

#[cfg(test)]
mod tests {
    use crate::plan::{Values, resolve};
    use crate::scenario::{NoVariables, load_text};

    #[test]
    fn what_a_scenario_writes_in_plain_is_public_and_its_secrets_are_not() {
        let text = "authbench: 1\nname: a\ntarget: { url: \"http://127.0.0.1:1\", owned: true }\nscheme: bearer\nlogins:\n  \
                    web:\n    request:\n    - get: \"/authorize?client_id=web-app&scope=openid%20notes:read&state=st-4711-x\"\n    \
                    - post: /token\n      form: { grant_type: authorization_code, client_secret: plain-secret-1, pin: Ab12cd34, \
                    redirect_uri: \"http://127.0.0.1/cb\" }\ncredentials:\n  \
                    alice: { login: web, username: alice@a.example, password: notes-of-alice, scopes: [\"notes:read\"] }\n\
                    resources:\n  - { request: GET /api/notes/1?page=2, scopes: [\"notes:read\"] }\n  \
                    - { request: GET /of/notes-of-alice }\n";
        let loaded = load_text("a.yaml".to_owned(), text.to_owned()).expect("is a scenario");
        let values = Values::reading(&loaded, &NoVariables);
        let subject = resolve::subject(&loaded, &values);
        values.finish().expect("has its values");
        let texts = subject.public_texts();
        for (text, expected) in [
            ("alice", true),
            ("alice@a.example", true),
            ("notes:read", true),
            ("openid notes:read", true),
            ("web-app", true),
            ("client_id=web-app", true),
            ("http://127.0.0.1/cb", true),
            ("/api/notes/1", true),
            ("/authorize", true),
            ("plain-secret-1", false),
            ("Ab12cd34", false),
            ("st-4711-x", false),
            ("/of/notes-of-alice", false),
        ] {
            assert_eq!(texts.iter().any(|one| one == text), expected, "{text}: {texts:?}");
        }
    }
}
