//! What a credential and its login say has to fit together, and to fit the scheme.

use crate::scenario::error::nearest;
use crate::scenario::model::{
    AnswerPattern, ClientAuth, Credential, LoginFields, LoginRequest, LoginSource, MailFields, ResetCompletionFields,
    SchemeFields, TokenPlaceFields,
};
use crate::scenario::{At, LoadedScenario, Position, ScenarioError};

/// Mistakes of the logins that credentials share.
pub(super) fn logins(loaded: &LoadedScenario, mistakes: &mut Vec<ScenarioError>) {
    // a mapping of the file has no place of its own: that of a credential which uses it is the nearest
    for (name, login) in &loaded.scenario.logins {
        let uses = |credential: &&At<Credential>| {
            let login = credential.login.as_ref().map(|login| &login.value.0);
            matches!(login, Some(LoginSource::Named(other)) if other == name)
        };
        let user = loaded.scenario.credentials.values().find(uses);
        let place = user.map_or(loaded.scenario.target.place, |credential| credential.place);
        login_fits(loaded, (&format!("the login `{name}`"), place), login, mistakes);
        if user.is_none() {
            let error = loaded.error(place, format!("no credential uses the login `{name}`"));
            mistakes.push(error.with_help(format!("write `login: {name}` in a credential, or remove the login")));
        }
    }
}

/// Members of a credential that its scheme does not have, or that are missing.
pub(super) fn fits(
    loaded: &LoadedScenario,
    name: &str,
    credential: &At<Credential>,
    mistakes: &mut Vec<ScenarioError>,
) {
    let present: Vec<&str> = [
        ("key", credential.key.is_some()),
        ("token", credential.token.is_some()),
        ("claims", credential.claims.is_some()),
        ("username", credential.username.is_some()),
        ("password", credential.password.is_some()),
        ("client_id", credential.client_id.is_some()),
        ("client_secret", credential.client_secret.is_some()),
        ("client_key", credential.client_key.is_some()),
        ("client_auth", credential.client_auth.is_some()),
        ("signing_key", credential.signing_key.is_some()),
        ("key_id", credential.key_id.is_some()),
        ("access_key", credential.access_key.is_some()),
        ("secret_key", credential.secret_key.is_some()),
    ]
    .into_iter()
    .filter_map(|(key, there)| there.then_some(key))
    .collect();
    let scheme = loaded.scenario.scheme.name();
    if scheme != "sigv4" && credential.session_token.is_some() {
        let error = loaded.error(credential.place, format!("the scheme {scheme} has no session token"));
        mistakes.push(error.with_help("remove `session_token`; the scheme sigv4 has one"));
    }
    if scheme == "mtls" && credential.tls.is_none() {
        let error = loaded.error(credential.place, format!("the credential `{name}` has no certificate"));
        mistakes.push(error.with_help("write `tls: { certificate: FILE, key: FILE }` in the credential"));
    }
    one_time_codes(loaded, name, credential, mistakes);
    if let Some(login) = &credential.login {
        return with_login(loaded, (name, scheme), (login.place, &login.value.0), &present, mistakes);
    }
    let method = match (&credential.client_auth, &loaded.scenario.scheme.value.0) {
        (Some(own), _) => *own,
        (None, SchemeFields::OAuth2ClientCredentials(oauth2)) => oauth2.client_auth,
        _ => ClientAuth::default(),
    };
    let signs = method == ClientAuth::PrivateKeyJwt;
    let presents = by_certificate(method);
    if scheme == "oauth2-client-credentials" && presents && credential.tls.is_none() {
        let error = loaded.error(credential.place, format!("the client of `{name}` has no certificate"));
        mistakes.push(error.with_help("write `tls: { certificate: FILE, key: FILE }` in the credential"));
    }
    // a client may hold a secret and a key; the one that it authenticates with has to be there
    let spare: &[&str] = match (signs, presents) {
        (true, _) => &["client_secret"],
        (false, true) => &["client_secret", "client_key"],
        (false, false) => &["client_key"],
    };
    let wanted: &[&str] = match scheme {
        "api-key" => &["key"],
        "bearer" | "session" => &["token"],
        "jwt" if credential.claims.is_some() => &["claims"],
        "jwt" => &["token"],
        "basic" | "digest" => &["username", "password"],
        "hmac" => &["key_id", "secret_key"],
        "http-signature" => &["signing_key"],
        "sigv4" => &["access_key", "secret_key"],
        "oauth2-client-credentials" if presents => &["client_id"],
        "oauth2-client-credentials" if signs => &["client_id", "client_key"],
        "oauth2-client-credentials" => &["client_id", "client_secret"],
        _ => &[],
    };
    let is_client = scheme == "oauth2-client-credentials";
    let needed = present.iter().filter(|key| !is_client || (!spare.contains(key) && **key != "client_auth"));
    if !needed.eq(wanted) {
        let error = loaded.error(credential.place, format!("the credential `{name}` does not fit the scheme {scheme}"));
        let needed = if wanted.is_empty() { "no credential".to_owned() } else { wanted.join(" and ") };
        let login = if obtains(scheme) { ", or a `login`" } else { "" };
        mistakes.push(error.with_help(format!("{scheme} needs {needed}{login}")));
    }
}

/// A secret of one-time codes belongs to a login that sends them.
fn one_time_codes(loaded: &LoadedScenario, name: &str, credential: &At<Credential>, mistakes: &mut Vec<ScenarioError>) {
    let fields = match credential.login.as_ref().map(|login| &login.value.0) {
        Some(LoginSource::Own(fields)) => Some(&**fields),
        Some(LoginSource::Named(other)) => match loaded.scenario.logins.get(other) {
            None => return,
            named => named,
        },
        None => None,
    };
    let requests = |fields: &LoginFields| fields.request.as_ref().is_some_and(|requests| sends_codes(&requests.0));
    let sends = fields.is_some_and(requests);
    match &credential.totp {
        Some(totp) if !sends => {
            let text = format!("no request of the login of `{name}` has `{{totp}}`, for which its `totp` is");
            let help = "write `{totp}` where a request has the one-time code, such as `json: { code: \"{totp}\" }`, or remove `totp`";
            mistakes.push(loaded.error(totp.place, text).with_help(help));
        }
        None if sends => {
            let text = format!("the login of `{name}` sends `{{totp}}`, and the credential has no `totp`");
            let help = "write its secret in Base32, such as `totp: \"${TOTP_SECRET}\"`";
            mistakes.push(loaded.error(credential.place, text).with_help(help));
        }
        _ => {}
    }
}

fn sends_codes(requests: &[LoginRequest]) -> bool {
    requests.iter().any(|request| request.refers_to("totp"))
}

/// Whether a client authenticates by its certificate (RFC 8705 §2).
pub(super) fn by_certificate(method: ClientAuth) -> bool {
    matches!(method, ClientAuth::TlsClientAuth | ClientAuth::SelfSignedTlsClientAuth)
}

/// Whether a credential of a scheme may come from a login.
fn obtains(scheme: &str) -> bool {
    matches!(scheme, "api-key" | "bearer" | "session" | "jwt" | "basic")
}

fn with_login(
    loaded: &LoadedScenario,
    (name, scheme): (&str, &str),
    (place, login): (Position, &LoginSource),
    present: &[&str],
    mistakes: &mut Vec<ScenarioError>,
) {
    if !obtains(scheme) {
        let error = loaded.error(place, format!("the scheme {scheme} obtains its credentials without a `login`"));
        mistakes.push(error.with_help("use the scheme bearer or jwt for tokens that a login returns"));
    }
    if let Some(key) = present.iter().find(|key| !matches!(**key, "username" | "password")) {
        let error = loaded.error(place, format!("the credential `{name}` has a `login` and `{key}`"));
        mistakes.push(error.with_help("keep one of them; `username` and `password` may stand beside a login"));
    }
    match login {
        LoginSource::Own(fields) => {
            login_fits(loaded, (&format!("the login of `{name}`"), place), fields, mistakes);
        }
        LoginSource::Named(named) if !loaded.scenario.logins.contains_key(named) => {
            let near = nearest(named, loaded.scenario.logins.keys().map(String::as_str));
            let help = near.map_or_else(
                || "add it to `logins:`, or write the login here".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            mistakes.push(loaded.error(place, format!("there is no login `{named}`")).with_help(help));
        }
        LoginSource::Named(_) => {}
    }
}

/// What is wrong inside a login.
fn login_fits(
    loaded: &LoadedScenario,
    (what, place): (&str, Position),
    login: &LoginFields,
    mistakes: &mut Vec<ScenarioError>,
) {
    let mut wrong = |text: String, help: &str| mistakes.push(loaded.error(place, text).with_help(help.to_owned()));
    let methods = [login.command.is_some(), login.request.is_some(), login.client.is_some(), login.password.is_some()];
    if methods.into_iter().filter(|there| *there).count() != 1 {
        wrong(format!("{what} needs exactly one of command, request, client and password"), "keep one of them");
    }
    if login.command.as_ref().is_some_and(Vec::is_empty) {
        wrong(format!("the command of {what} is empty"), "write the program and its arguments as a list");
    }
    let requests = login.request.as_ref().map(|requests| requests.0.as_slice());
    if requests.is_some_and(<[LoginRequest]>::is_empty) {
        wrong(format!("{what} has no request"), "write a request such as `{ post: /login, json: { … } }`");
    }
    let ends = [
        login.expires_in.is_some(),
        login.expires_in_ms.is_some(),
        login.expires_at.is_some(),
        login.lifetime.is_some(),
    ];
    if ends.into_iter().filter(|there| *there).count() > 1 {
        let text = format!("{what} says more than once when its credential ends");
        wrong(text, "keep one of expires_in, expires_in_ms, expires_at and lifetime");
    }
    let clients = [&login.client, &login.password];
    if clients.into_iter().flatten().any(|client| by_certificate(client.client_auth)) {
        let text = format!("the client of {what} has no certificate");
        wrong(text, "use the scheme oauth2-client-credentials, whose credentials may have `tls`");
    }
    let is_line = |name: &String| login.write_headers.keys().any(|own| own.eq_ignore_ascii_case(name));
    if let Some(name) = login.read_headers.iter().find(|name| !is_line(name)) {
        let text = format!("`read_headers` of {what} names {name}, which is not in its `write_headers`");
        wrong(text, "add the header line with its value to `write_headers`");
    }
    if let Some(token) = &login.token {
        position_fits(&token.0, what, &mut wrong);
    }
    let changes = login.password_change.as_ref().map(|requests| requests.0.as_slice());
    if changes.is_some_and(<[LoginRequest]>::is_empty) {
        wrong(
            format!("the `password_change` of {what} has no request"),
            "write a request such as `{ post: /password, json: { … } }`",
        );
    }
    let reset = login.password_reset.as_ref().map(|requests| requests.0.as_slice());
    if let Some(reset) = reset
        && !reset.iter().any(|request| request.refers_to("username"))
    {
        wrong(
            format!("the `password_reset` of {what} has no `{{username}}`"),
            "write `{username}` where a request has the user-id, such as `{ post: /forgot, form: { email: \"{username}\" } }`",
        );
    }
    let completed = login.reset_completion.as_ref();
    let completion = completed.map(|completion| completion.request.0.as_slice());
    let registration = login.registration.as_ref().map(|requests| requests.0.as_slice());
    for reference in ["username", "new_password"] {
        if registration.is_some_and(|requests| !requests.iter().any(|request| request.refers_to(reference))) {
            wrong(
                format!("the `registration` of {what} has no `{{{reference}}}`"),
                "write both where a request has them, such as `{ post: /register, form: { email: \"{username}\", password: \"{new_password}\" } }`",
            );
        }
    }
    let logout = login.logout.as_ref().map(|requests| requests.0.as_slice());
    if logout.is_some_and(<[LoginRequest]>::is_empty) {
        wrong(format!("the `logout` of {what} has no request"), "write a request such as `{ post: /logout }`");
    }
    let refresh = login.refresh.as_ref().map(|request| &request.value);
    for request in
        [requests, changes, reset, completion, registration, logout].into_iter().flatten().flatten().chain(refresh)
    {
        if request.address().is_none() {
            let text = format!("a request of {what} needs exactly one of get, post, put, patch and delete");
            wrong(text, "write its address, such as `post: /login`");
        }
        if request.json.is_some() && request.form.is_some() {
            wrong(format!("a request of {what} has two bodies"), "keep one of json and form");
        }
        if let Some(token) = &request.token {
            position_fits(&token.0, what, &mut wrong);
        }
        if let Some(pattern) = &request.success {
            pattern_fits(pattern, what, &mut wrong);
        }
    }
    if let Some(completion) = completed {
        let at = completion.place;
        let mut wrong = |text: String, help: &str| mistakes.push(loaded.error(at, text).with_help(help.to_owned()));
        completion_fits(completion, what, reset.is_some(), &mut wrong);
    }
}

/// What is wrong with the completion of a reset.
fn completion_fits(
    completion: &ResetCompletionFields,
    what: &str,
    is_asked_for: bool,
    wrong: &mut impl FnMut(String, &str),
) {
    if !is_asked_for {
        let text = format!("the `reset_completion` of {what} has no `password_reset` beside it");
        wrong(
            text,
            "write the request by which a user asks for another password, such as `password_reset: { post: /forgot, form: { email: \"{username}\" } }`",
        );
    }
    let MailFields { command, get, headers, env, .. } = &completion.mail;
    if command.is_some() == get.is_some() {
        let text = format!("`mail` of the `reset_completion` of {what} needs exactly one of command and get");
        wrong(
            text,
            "write `command: [PROGRAM]` that prints the link or the token, or `get: ADDRESS` of a mail catcher",
        );
    }
    if command.as_ref().is_some_and(Vec::is_empty) {
        let text = format!("the command of `mail` in the `reset_completion` of {what} is empty");
        wrong(text, "write the program and its arguments as a list");
    }
    if (command.is_none() && !env.is_empty()) || (get.is_none() && !headers.is_empty()) {
        let text = format!("`mail` of the `reset_completion` of {what} has members that do not fit");
        wrong(text, "keep `env` beside `command`, and `headers` beside `get`");
    }
    let refers = |reference: &str| completion.request.0.iter().any(|request| request.refers_to(reference));
    if !refers("new_password") || !(refers("reset_token") || refers("reset_path")) {
        let text = format!("the `reset_completion` of {what} has no `{{new_password}}`, or no token");
        wrong(
            text,
            "write `{new_password}`, and `{reset_token}` or `{reset_path}`, where requests have them, such as `{ post: /reset, form: { token: \"{reset_token}\", password: \"{new_password}\" } }`",
        );
    }
}

fn position_fits(token: &TokenPlaceFields, what: &str, wrong: &mut impl FnMut(String, &str)) {
    let places = [&token.pointer, &token.header, &token.cookie];
    if places.into_iter().flatten().count() != 1 {
        let help = "write a JSON pointer such as `/access_token`, `{ header: NAME }` or `{ cookie: NAME }`";
        wrong(format!("`token` of {what} needs exactly one of pointer, header and cookie"), help);
    }
}

fn pattern_fits(pattern: &AnswerPattern, what: &str, wrong: &mut impl FnMut(String, &str)) {
    if pattern.json.as_ref().is_some_and(|pointer| !pointer.is_empty() && !pointer.starts_with('/')) {
        wrong(format!("`json` of {what} is a JSON pointer (RFC 6901)"), "start it with a slash, such as /token");
    }
}
