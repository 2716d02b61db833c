//! From the login of a scenario to one that can be carried out.

use std::sync::Arc;

use url::Url;

use super::client::{ClientAuthMethod, ClientCredential};
use super::login::{
    BesideWrites, CredentialEnd, CredentialSource, LoginBody, LoginJson, LoginPart, LoginProcedure, LoginStep,
    LoginText, TokenPosition,
};
use super::one_time::OneTimeSecret;
use super::reset_completion::{MailSource, ResetCompletion};
use super::resolve::declared;
use super::values::Values;
use crate::observe::ConnectionOf;
use crate::scenario::model::{
    ClientAuth, ClientLogin, Credential, LoginFields, LoginRequest, LoginRequests, LoginSource, MailFields,
    ResetCompletionFields, TokenPlaceFields,
};
use crate::scenario::text::DeclaredLifetime;
use crate::scenario::{JsonTemplate, Template};
use crate::secret::is_secret_name;

/// Failures in a row after which no login is tried, unless the scenario names another number.
pub(super) const MOST_FAILURES: u32 = 3;

/// The login of a credential; none where it has none, or names one that is not there.
pub(super) fn procedure(credential: &Credential, values: &Values<'_>) -> Option<Arc<LoginProcedure>> {
    let fields = match &credential.login.as_ref()?.value.0 {
        LoginSource::Own(fields) => fields,
        LoginSource::Named(name) => values.loaded().scenario.logins.get(name)?,
    };
    let username = credential.username.as_ref().map(|name| values.text(name)).unwrap_or_default();
    let password = credential.password.as_ref().map(|password| values.credential(password));
    let one_time = credential.totp.as_ref().and_then(|totp| OneTimeSecret::of(&totp.value.0, values));
    let (source, refresh) = source(fields, credential, values)?;
    let all = |requests: &Option<LoginRequests>| -> Vec<LoginStep> {
        requests.iter().flat_map(|requests| &requests.0).map(|one| step(one, values)).collect()
    };
    Some(Arc::new(LoginProcedure {
        source,
        token: fields.token.as_ref().and_then(|place| position(&place.0)),
        end: end(fields),
        refreshed: fields.refresh.as_ref().and_then(|refresh| position(&refresh.token.as_ref()?.0)),
        refresh: fields.refresh.as_ref().map(|refresh| step(refresh, values)).or(refresh),
        logout: all(&fields.logout),
        password_change: all(&fields.password_change),
        password_reset: all(&fields.password_reset),
        reset_completion: fields.reset_completion.as_ref().map(|written| completion(written, values)),
        registration: all(&fields.registration),
        cookies: fields.cookies.clone(),
        beside_writes: BesideWrites {
            headers: texts(&fields.write_headers, values),
            fields: texts(&fields.write_fields, values),
            of_reads: fields.read_headers.clone(),
        },
        one_time: one_time.map(Arc::new),
        account: (username, password),
        most_failures: fields.max_failures.unwrap_or(MOST_FAILURES),
    }))
}

/// Where the credential comes from, and how a grant is renewed.
fn source(
    fields: &LoginFields,
    credential: &Credential,
    values: &Values<'_>,
) -> Option<(CredentialSource, Option<LoginStep>)> {
    if let Some(argv) = &fields.command {
        let env = fields.env.iter().map(|(name, value)| (name.clone(), values.secret(value))).collect();
        return Some((CredentialSource::Command { argv: argv.clone(), env }, None));
    }
    if let Some(requests) = &fields.request {
        let steps = requests.0.iter().map(|request| step(request, values)).collect();
        return Some((CredentialSource::Requests(steps), None));
    }
    let known = |name: &str, text: &str| (name.to_owned(), LoginText::plain(text));
    let (client, grant) = match (&fields.client, &fields.password) {
        (Some(client), _) => (client, vec![known("grant_type", "client_credentials")]),
        (None, Some(client)) => {
            let account = [("username", LoginPart::Username), ("password", LoginPart::Password)];
            let account = account.map(|(name, part)| (name.to_owned(), LoginText(vec![part])));
            (client, std::iter::once(known("grant_type", "password")).chain(account).collect())
        }
        (None, None) => return None,
    };
    let declared_scope = credential.scopes.join(" ");
    let scope = match &client.scope {
        Some(scope) => Some(text(scope, values)),
        None if declared_scope.is_empty() || fields.password.is_some() => None,
        None => Some(LoginText::plain(declared_scope)),
    };
    let at_endpoint = |mut form: Vec<(String, LoginText)>| {
        form.extend(texts(&client.params, values));
        LoginStep { body: Some(LoginBody::Form(form)), ..token_request(client, values) }
    };
    let mut form = grant;
    form.extend(scope.map(|scope| ("scope".to_owned(), scope)));
    // RFC 6749 §6: a refresh token that came along is used for the next one
    let pointer = LoginText(vec![LoginPart::Pointer("/refresh_token".to_owned())]);
    let refresh = vec![known("grant_type", "refresh_token"), ("refresh_token".to_owned(), pointer)];
    Some((CredentialSource::Requests(vec![at_endpoint(form)]), Some(at_endpoint(refresh))))
}

/// What completes a reset.
fn completion(written: &ResetCompletionFields, values: &Values<'_>) -> ResetCompletion {
    let MailFields { command, env, get, headers, at } = &written.mail;
    let mail = match (command, get) {
        (Some(argv), _) => {
            let env = env.iter().map(|(name, value)| (name.clone(), values.secret(value))).collect();
            MailSource::Command { argv: argv.clone(), env }
        }
        (None, get) => {
            let request = LoginRequest { get: get.clone(), headers: headers.clone(), ..LoginRequest::default() };
            MailSource::Request(Box::new(step(&request, values)))
        }
    };
    let requests = written.request.0.iter().map(|request| step(request, values)).collect();
    ResetCompletion { mail, at: at.as_ref().map(|pointer| pointer.0.clone()), requests }
}

fn token_request(client: &ClientLogin, values: &Values<'_>) -> LoginStep {
    let credential = client.client_id.as_ref().map(|id| ClientCredential {
        id: values.text(id),
        secret: client.client_secret.as_ref().map(|secret| values.secret(secret)),
        key: client.client_key.as_ref().and_then(|key| super::keys::key(key, values)),
        scope: None,
        own_method: None,
        connection: ConnectionOf::default(),
    });
    LoginStep {
        method: "POST",
        address: text(&client.token_url, values),
        headers: Vec::new(),
        basic: None,
        client: credential.map(|credential| (credential, method(client.client_auth))),
        assertion_audience: client.assertion_audience.as_ref().map(|audience| values.text(audience)),
        body: None,
        media: None,
        success: None,
    }
}

/// How a client authenticates, as the scenario writes it.
pub(super) fn method(written: ClientAuth) -> ClientAuthMethod {
    match written {
        ClientAuth::Basic => ClientAuthMethod::Basic,
        ClientAuth::Post => ClientAuthMethod::Post,
        ClientAuth::PrivateKeyJwt => ClientAuthMethod::PrivateKeyJwt,
        ClientAuth::ClientSecretJwt => ClientAuthMethod::SecretJwt,
        ClientAuth::TlsClientAuth => ClientAuthMethod::TlsClientAuth,
        ClientAuth::SelfSignedTlsClientAuth => ClientAuthMethod::SelfSignedTlsClientAuth,
    }
}

fn step(request: &LoginRequest, values: &Values<'_>) -> LoginStep {
    let (method, address) = request.address().unwrap_or_else(|| unreachable!("a request of a login has an address"));
    let body = match (&request.json, &request.form) {
        (Some(json), _) => Some(LoginBody::Json(self::json(json, values))),
        (None, Some(form)) => Some(LoginBody::Form(texts(form, values))),
        (None, None) => None,
    };
    LoginStep {
        method,
        address: text(address, values),
        headers: texts(&request.headers, values),
        basic: request
            .basic
            .as_ref()
            .map(|pair| (text(&pair.username, values), text(&pair.password, values).private())),
        client: None,
        assertion_audience: None,
        media: None,
        body,
        success: request.success.as_ref().map(declared),
    }
}

fn texts<'a>(
    written: impl IntoIterator<Item = (&'a String, &'a Template)>,
    values: &Values<'_>,
) -> Vec<(String, LoginText)> {
    written.into_iter().map(|(name, template)| (name.clone(), named_text(name, template, values))).collect()
}

/// A text that is not shown where its name says that it is a credential.
fn named_text(name: &str, template: &Template, values: &Values<'_>) -> LoginText {
    let text = text(template, values);
    if is_secret_name(name) || name.eq_ignore_ascii_case("authorization") { text.private() } else { text }
}

fn json(written: &JsonTemplate, values: &Values<'_>) -> LoginJson {
    match written {
        JsonTemplate::Plain(value) => LoginJson::Plain(value.clone()),
        JsonTemplate::Text(template) => LoginJson::Text(text(template, values)),
        JsonTemplate::List(items) => LoginJson::List(items.iter().map(|item| json(item, values)).collect()),
        JsonTemplate::Object(members) => {
            let member = |(name, member): (&String, &JsonTemplate)| match member {
                JsonTemplate::Text(template) => (name.clone(), LoginJson::Text(named_text(name, template, values))),
                other => (name.clone(), json(other, values)),
            };
            LoginJson::Object(members.iter().map(member).collect())
        }
    }
}

/// A text with its references told apart from what is known. They are found in what is written and never in the value of a
/// variable: a password may contain `{token}`.
fn text(template: &Template, values: &Values<'_>) -> LoginText {
    let mut parts = Vec::new();
    let mut known = String::new();
    let mut rest = template.written();
    while let Some(start) = rest.find('{') {
        let (before, after) = rest.split_at(start);
        let reference = (!before.ends_with('$')).then(|| after.find('}')).flatten();
        let reference = reference.and_then(|end| Some((part(&after[1..end])?, end)));
        known.push_str(before);
        match reference {
            Some((part, end)) => {
                keep(&mut parts, &mut known, template, values);
                parts.push(part);
                rest = &after[end + 1..];
            }
            None => {
                known.push('{');
                rest = &after[1..];
            }
        }
    }
    known.push_str(rest);
    keep(&mut parts, &mut known, template, values);
    LoginText(parts)
}

fn keep(parts: &mut Vec<LoginPart>, known: &mut String, template: &Template, values: &Values<'_>) {
    let written = std::mem::take(known);
    if written.contains("${") {
        let template = template.part(&written);
        let filled = values.secret(&template);
        let origins_alone = template.references().iter().all(|one| is_origin(values.secret(one).expose()));
        parts.push(match origins_alone {
            true => LoginPart::Plain(filled.expose().to_owned()),
            false => LoginPart::Private(filled),
        });
    } else if !written.is_empty() {
        parts.push(LoginPart::Plain(written));
    }
}

/// Whether a value is the origin of a server and nothing else: whoever is asked knows where requests go. A path may hold a secret.
pub(super) fn is_origin(value: &str) -> bool {
    Url::parse(value).is_ok_and(|url| {
        let is_web = matches!(url.scheme(), "http" | "https");
        let has_more = url.path() != "/" || url.query().is_some() || url.fragment().is_some();
        is_web && !has_more && url.username().is_empty() && url.password().is_none()
    })
}

/// What a reference stands for; none where it is no reference.
fn part(reference: &str) -> Option<LoginPart> {
    let named = |name: &str| (!name.is_empty()).then(|| name.to_owned());
    match reference.split_once(':') {
        Some(("header", name)) => named(name).map(LoginPart::Header),
        Some(("cookie", name)) => named(name).map(LoginPart::Cookie),
        Some(("input", name)) => named(name).map(LoginPart::Input),
        Some(("location", name)) => named(name).map(LoginPart::Location),
        _ => match reference {
            "token" => Some(LoginPart::Token),
            "username" => Some(LoginPart::Username),
            "password" => Some(LoginPart::Password),
            "new_password" => Some(LoginPart::NewPassword),
            "reset_token" => Some(LoginPart::ResetToken),
            "reset_path" => Some(LoginPart::ResetPath),
            "totp" => Some(LoginPart::OneTimeCode),
            pointer if pointer.starts_with('/') => Some(LoginPart::Pointer(pointer.to_owned())),
            _ => None,
        },
    }
}

fn position(place: &TokenPlaceFields) -> Option<TokenPosition> {
    let pointer = place.pointer.clone().map(TokenPosition::Pointer);
    let header = place.header.clone().map(TokenPosition::Header);
    pointer.or(header).or_else(|| place.cookie.clone().map(TokenPosition::Cookie))
}

fn end(fields: &LoginFields) -> CredentialEnd {
    let seconds = fields.expires_in.as_ref().map(|pointer| CredentialEnd::InSeconds(pointer.0.clone()));
    let milliseconds = fields.expires_in_ms.as_ref().map(|pointer| CredentialEnd::InMilliseconds(pointer.0.clone()));
    let at = fields.expires_at.as_ref().map(|pointer| CredentialEnd::At(pointer.0.clone()));
    let declared = fields.lifetime.map(|lifetime| match lifetime {
        DeclaredLifetime::Lasts(length) => CredentialEnd::After(length),
        DeclaredLifetime::Never => CredentialEnd::Never,
    });
    seconds.or(milliseconds).or(at).or(declared).unwrap_or(CredentialEnd::AsAnswered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_no_secret_and_whatever_is_more_may_be_one() {
        for (value, expected) in [
            ("http://127.0.0.1:8080", true),
            ("https://app.example/", true),
            ("https://app.example/hooks/7f3a9c", false),
            ("http://user:pass@app.example/", false),
            ("https://app.example/?key=7f3a", false),
            ("correct-Horse-7", false),
            ("postgres://app.example/", false),
        ] {
            assert_eq!(is_origin(value), expected, "{value}");
        }
    }

    #[test]
    fn a_reference_is_told_from_a_brace() {
        for (written, expected) in [
            ("/refresh_token", Some("Pointer(\"/refresh_token\")")),
            ("cookie:csrftoken", Some("Cookie(\"csrftoken\")")),
            ("input:authenticity_token", Some("Input(\"authenticity_token\")")),
            ("header:X-CSRF", Some("Header(\"X-CSRF\")")),
            ("location:code", Some("Location(\"code\")")),
            ("token", Some("Token")),
            ("new_password", Some("NewPassword")),
            ("reset_token", Some("ResetToken")),
            ("reset_path", Some("ResetPath")),
            ("totp", Some("OneTimeCode")),
            ("header:", None),
            ("id", None),
            ("", None),
        ] {
            assert_eq!(part(written).map(|part| format!("{part:?}")).as_deref(), expected, "{written}");
        }
    }
}
