//! What logins by password have in common, whatever they lead to.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Verifiers, resets};
use crate::reference::random::random_text;
use crate::reference::rejection::Rejection;
use crate::reference::state::{Principal, ReferenceState, principal};
use crate::seed::{self, IDENTITIES, SHIPPED_ACCOUNT};

/// Characters of the shortest password that is taken (ASVS 6.2.1).
const SHORTEST: usize = 8;

/// Passwords that many people have, in lower case (ASVS 6.2.4): enough of them to practise on.
const COMMON: [&str; 8] =
    ["password", "password1", "password1!", "password123", "p@ssw0rd", "qwerty123", "12345678", "iloveyou1"];

/// How long a mail takes that is handed over before the answer.
const MAIL: Duration = Duration::from_millis(400);
/// Characters of the token of a server that logs in whoever registers.
const TOKEN: usize = 32;
/// How long a server takes that answers failures slowly.
const DELAY: Duration = Duration::from_secs(1);

/// What a user sends who wants another password.
#[derive(Deserialize)]
pub(super) struct PasswordChange {
    password: Option<String>,
    new_password: String,
}

/// Who asks for another password in place of one that was forgotten.
#[derive(Deserialize)]
pub(super) struct Forgotten {
    username: String,
}

/// Who wants an account.
#[derive(Deserialize)]
pub(super) struct Registration {
    username: String,
    password: String,
    #[serde(flatten)]
    more: Map<String, Value>,
}

impl Registration {
    /// What the new account may do: read, and of a faulty server what the request says.
    fn scopes(&self, state: &ReferenceState) -> Vec<String> {
        let has_admin = |name: &str| match self.more.get(name) {
            Some(Value::String(role)) => role == "admin",
            Some(Value::Array(roles)) => roles.contains(&"admin".into()),
            Some(Value::Bool(flag)) => *flag,
            _ => false,
        };
        let is_raised = (state.fault("registration-assigns-role") && has_admin("role"))
            || (state.fault("registration-assigns-roles") && has_admin("roles"))
            || (state.fault("registration-assigns-flag") && has_admin("is_staff"));
        let named = self.more.get("scopes").filter(|_| state.fault("registration-assigns-scopes"));
        let named = named.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let raised = is_raised.then_some(seed::WRITE);
        [seed::READ].into_iter().chain(raised).chain(named).map(str::to_owned).collect()
    }
}

/// Who has this password; else the error that says why not.
pub(super) fn verify(verifiers: &Verifiers, user: &str, password: &str) -> Result<Arc<Principal>, &'static str> {
    let (state, accounts) = (&*verifiers.state, &verifiers.accounts);
    if state.fault("login-without-password")
        && let Some(principal) = accounts.principal(user)
    {
        return Ok(principal);
    }
    if state.fault("login-names-unknown-user") && !accounts.knows(user) {
        return Err("user_not_found");
    }
    if state.fault("login-hash-skipped-for-unknown-user") && !accounts.knows(user) {
        return Err("invalid_credentials");
    }
    accounts.verify(state, user, password, false).ok_or("invalid_credentials")
}

/// Who logs in with this password. Failures of a user are counted until one login succeeds, whoever the user is (ASVS 6.3.1).
pub(super) fn log_in(
    verifiers: &Verifiers,
    user: &str,
    password: &str,
    refused: impl Fn(&'static str) -> Rejection,
) -> Result<Arc<Principal>, Rejection> {
    log_in_from(verifiers, (user, password), "", refused)
}

/// Where a faulty server believes that a login comes from.
pub(super) fn source<'a>(verifiers: &Verifiers, headers: &'a HeaderMap) -> &'a str {
    let named = headers.get("x-forwarded-for").filter(|_| verifiers.state.fault("login-throttles-by-header"));
    named.and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The same from a source, whose failures are counted apart.
pub(super) fn log_in_from(
    verifiers: &Verifiers,
    (user, password): (&str, &str),
    source: &str,
    refused: impl Fn(&'static str) -> Rejection,
) -> Result<Arc<Principal>, Rejection> {
    let (state, counted) = (&*verifiers.state, format!("login:{user}{source}"));
    if state.fault("login-default-account") && (user, password) == SHIPPED_ACCOUNT {
        return Ok(shipped());
    }
    if state.fault("login-breaks-on-nul-in-user") && user.contains('\0') {
        return Err(Rejection::broken());
    }
    if state.fault("login-breaks-on-unknown-user") && !verifiers.accounts.knows(user) {
        return Err(Rejection::broken());
    }
    if let Some(seconds) = state
        .throttle
        .wait(&counted)
        .filter(|_| !state.fault("login-no-throttle") && !state.fault("login-delays-each-failure"))
    {
        return Err(Rejection::throttled(seconds));
    }
    let folded = user.to_ascii_lowercase();
    let user = if state.fault("login-throttles-by-spelling") { &folded } else { user };
    let mut verified = verify(verifiers, user, password);
    if verified.is_err() && state.fault("login-ignores-case") {
        verified = verify(verifiers, user, &other_case(password));
    }
    if verified.is_err() && state.fault("login-trims-password") {
        verified = verify(verifiers, user, password.trim());
    }
    if let Some((before, _)) = password.split_once('\0').filter(|_| state.fault("login-ends-at-nul")) {
        verified = verify(verifiers, user, before);
    }
    if verified.is_err() && state.fault("login-fills-up-with-nul") {
        verified = verify(verifiers, user, password.trim_end_matches('\0'));
    }
    match &verified {
        Ok(_) => state.throttle.succeeded(&counted),
        Err(_) => state.throttle.failed(&counted),
    }
    verified.map_err(refused)
}

/// Whoever logs in where nobody should.
pub(super) fn shipped() -> Arc<Principal> {
    Arc::new(principal(&IDENTITIES[0]))
}

/// Whether a faulty server, whose users are members of an object of JavaScript, finds one by this name that nobody has added.
pub(super) fn is_object_member(verifiers: &Verifiers, user: &str) -> bool {
    let names = ["constructor", "__proto__", "toString"];
    verifiers.state.fault("login-finds-object-members") && names.contains(&user)
}

/// Lets a faulty server take its time for a login that has failed.
pub(super) async fn delayed<T>(verifiers: &Verifiers, ended: Result<T, Rejection>) -> Result<T, Rejection> {
    if ended.is_err() && verifiers.state.fault("login-delays-each-failure") {
        tokio::time::sleep(DELAY).await;
    }
    ended
}

fn other_case(password: &str) -> String {
    let other = |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    password.chars().map(other).collect()
}

/// The server error of a faulty server at a login that says to be compressed.
pub(super) fn breaks_on_coding(verifiers: &Verifiers, headers: &HeaderMap) -> Result<(), Rejection> {
    let is_coded = headers.contains_key(header::CONTENT_ENCODING);
    if is_coded && verifiers.state.fault("login-breaks-on-false-gzip") { Err(Rejection::broken()) } else { Ok(()) }
}

/// Whoever has this password, for a server that looks for a user by a condition.
pub(super) fn of_anybody(verifiers: &Verifiers, password: &str) -> Option<Arc<Principal>> {
    IDENTITIES.iter().find_map(|identity| verify(verifiers, identity.name, password).ok())
}

/// Gives a user another password, and ends all of the user's sessions and tokens: who changes a password may do so because
/// somebody else knows it (ASVS 7.4.3).
pub(super) fn change(verifiers: &Verifiers, user: &str, change: &PasswordChange) -> Result<(), Rejection> {
    let (state, former) = (&verifiers.state, change.password.as_deref());
    let is_excused = former.is_none() && state.fault("password-change-takes-no-former");
    if !is_excused && !state.fault("password-change-without-former") {
        verify(verifiers, user, former.unwrap_or_default())
            .map_err(|error| Rejection::new(StatusCode::FORBIDDEN, error))?;
    }
    may_be_chosen(verifiers, &change.new_password)?;
    verifiers.accounts.change(user, &change.new_password);
    if !verifiers.state.fault("password-change-keeps-sessions") {
        verifiers.sessions.end_all_of(user);
    }
    verifiers.families.end_all_of(user, &verifiers.state.faults);
    Ok(())
}

/// Gives a user another password who has proved to have got a mail, and ends all of the user's sessions and tokens.
pub(super) fn set_anew(verifiers: &Verifiers, user: &str, new: &str) {
    let (state, accounts) = (&verifiers.state, &verifiers.accounts);
    match state.fault("reset-keeps-former-password") {
        true => accounts.change_beside(user, new),
        false => accounts.change(user, new),
    }
    if !state.fault("reset-keeps-sessions") {
        verifiers.sessions.end_all_of(user);
        verifiers.families.end_all_of(user, &state.faults);
    }
}

/// The answer to whoever asks for another password: the same, whether there is such a user or not (ASVS 6.3.8).
pub(super) async fn forgot(
    Shared(verifiers): Shared<Arc<Verifiers>>,
    headers: HeaderMap,
    Json(asked): Json<Forgotten>,
) -> Result<(StatusCode, Json<Value>), Rejection> {
    let (state, is_known) = (&*verifiers.state, verifiers.accounts.knows(&asked.username));
    if !is_known && state.fault("reset-names-unknown-user") {
        return Err(Rejection::new(StatusCode::NOT_FOUND, "user_not_found"));
    }
    if is_known && state.fault("reset-breaks-on-known-user") {
        return Err(Rejection::broken());
    }
    if is_known && state.fault("reset-waits-for-mail") {
        tokio::time::sleep(MAIL).await;
    }
    if is_known {
        resets::send(&verifiers, &asked.username, &headers);
    }
    let said = match !is_known && state.fault("reset-says-unknown-user") {
        true => "there is no such user",
        false => "if there is such a user, a mail was sent",
    };
    Ok((StatusCode::ACCEPTED, Json(json!({ "message": said }))))
}

/// Whether a user may have this password (ASVS 6.2.1, 6.2.4).
pub(super) fn may_be_chosen(verifiers: &Verifiers, password: &str) -> Result<(), Rejection> {
    let state = &*verifiers.state;
    let refused = |error| Err(Rejection::new(StatusCode::UNPROCESSABLE_ENTITY, error));
    if password.chars().count() < SHORTEST && !state.fault("short-password-taken") {
        return refused("password_too_short");
    }
    if COMMON.contains(&password.to_lowercase().as_str()) && !state.fault("common-password-taken") {
        return refused("password_too_common");
    }
    Ok(())
}

/// Makes an account, where there is none of this name, however it is spelled. The answer is the same in either case (ASVS 6.3.8).
pub(super) async fn register(
    Shared(verifiers): Shared<Arc<Verifiers>>,
    Json(asked): Json<Registration>,
) -> Result<(StatusCode, Json<Value>), Rejection> {
    let (state, accounts) = (&*verifiers.state, &verifiers.accounts);
    if !state.fault("short-password-registered") {
        may_be_chosen(&verifiers, &asked.password)?;
    }
    let user = asked.username.trim().to_lowercase();
    let overwrites = match user == asked.username {
        true => state.fault("registration-overwrites-account"),
        false => state.fault("registration-overwrites-other-spelling"),
    };
    let is_taken = accounts.knows(&user);
    match is_taken {
        true if overwrites => accounts.change(&user, &asked.password),
        true if state.fault("registration-names-taken-user") => {
            return Err(Rejection::new(StatusCode::CONFLICT, "user_exists"));
        }
        true if state.fault("registration-breaks-on-taken-user") => return Err(Rejection::broken()),
        true => {}
        false => accounts.register(&user, &asked.password, asked.scopes(state)),
    }
    let said = match is_taken && state.fault("registration-says-taken-user") {
        true => "this name is taken",
        false => "if the name was free, the account is there",
    };
    let mut answer = json!({ "message": said });
    if !is_taken && state.fault("registration-logs-in") {
        answer["token"] = random_text(TOKEN).into();
    }
    Ok((StatusCode::ACCEPTED, Json(answer)))
}
