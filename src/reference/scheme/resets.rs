//! Passwords that users set who have forgotten theirs: a mail with a link, and what its token sets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use super::{Verifiers, passwords};
use crate::clock;
use crate::reference::random::{random_digits, random_text};
use crate::reference::rejection::Rejection;
use crate::reference::state::digest;

/// Characters of a token: more than 128 bits.
const LENGTH: usize = 32;
/// Digits of the token of a faulty server.
const CODE: usize = 6;
/// How long a token is good.
const LIFE: Duration = Duration::from_secs(600);

/// Who sets a password.
#[derive(Deserialize)]
pub(super) struct Completion {
    username: String,
    token: String,
    new_password: String,
}

/// A mail that a user got.
#[derive(Debug)]
struct Mail {
    text: String,
    token: [u8; 32],
    ends: Instant,
}

/// The latest mail of each user who has asked for one. Its token is the only one that is good.
#[derive(Debug, Default)]
pub(super) struct Resets {
    base: String,
    mails: Mutex<HashMap<String, Mail>>,
}

impl Resets {
    /// No mails yet; links will lead to this address.
    pub(super) fn at(base: &str) -> Self {
        Self { base: base.trim_end_matches('/').to_owned(), mails: Mutex::default() }
    }

    fn mails(&self) -> std::sync::MutexGuard<'_, HashMap<String, Mail>> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who was sent a token that is good.
    fn owner(&self, token: &str) -> Option<String> {
        let (now, token) = (clock::now(), digest(token));
        let mails = self.mails();
        let found = mails.iter().find(|(_, mail)| mail.token == token && now < mail.ends)?;
        Some(found.0.clone())
    }

    fn text(&self, user: &str) -> Option<String> {
        self.mails().get(user).map(|mail| mail.text.clone())
    }

    /// Takes the token of a user back.
    fn used(&self, user: &str) {
        if let Some(mail) = self.mails().get_mut(user) {
            mail.ends = clock::now();
        }
    }
}

/// Sends a user a mail with a token in the link: to an address that is configured, whatever host the request names.
pub(super) fn send(verifiers: &Verifiers, user: &str, headers: &HeaderMap) {
    let (resets, state) = (&verifiers.resets, &verifiers.state);
    let field = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let page = || field(header::REFERER.as_str())?.split("://").nth(1)?.split('/').next();
    let named = match () {
        () if state.fault("reset-link-names-host") => field(header::HOST.as_str()),
        () if state.fault("reset-link-names-forwarded-host") => field("x-forwarded-host"),
        () if state.fault("reset-link-names-page") => page(),
        () => None,
    };
    let scheme = resets.base.split("://").next().unwrap_or("http");
    let base = named.map_or_else(|| resets.base.clone(), |host| format!("{scheme}://{host}"));
    let token = match state.fault("reset-token-short") {
        true => random_digits(CODE),
        false => random_text(LENGTH),
    };
    let user_id: String = url::form_urlencoded::byte_serialize(user.as_bytes()).collect();
    let text = format!(
        "Somebody, most likely you, has asked for another password at {}/.\n\nSet it within ten minutes: \
         {base}/reset?user={user_id}&token={token}\n",
        resets.base
    );
    let mail = Mail { text, token: digest(&token), ends: clock::now() + LIFE };
    resets.mails().insert(user.to_owned(), mail);
}

/// The latest mail of a user, as a mail catcher shows it: nobody gets mail here.
pub(super) async fn outbox(
    Shared(verifiers): Shared<Arc<Verifiers>>,
    Path(user): Path<String>,
) -> Result<String, StatusCode> {
    verifiers.resets.text(&user).ok_or(StatusCode::NOT_FOUND)
}

/// Sets the password of whoever has the mail, and ends all of the user's sessions and tokens (ASVS 7.4.3).
pub(super) async fn complete(
    Shared(verifiers): Shared<Arc<Verifiers>>,
    Json(asked): Json<Completion>,
) -> Result<StatusCode, Rejection> {
    let (resets, state) = (&verifiers.resets, &verifiers.state);
    let invalid = || Rejection::new(StatusCode::BAD_REQUEST, "invalid_token");
    let owner = resets.owner(&asked.token).ok_or_else(invalid)?;
    if owner != asked.username && !state.fault("reset-token-of-anybody") {
        return Err(invalid());
    }
    passwords::may_be_chosen(&verifiers, &asked.new_password)?;
    if !state.fault("reset-token-used-twice") {
        resets.used(&owner);
    }
    passwords::set_anew(&verifiers, &asked.username, &asked.new_password);
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use reqwest::Client;
    use serde_json::json;

    use crate::reference::{Config, start};
    use crate::seed::IDENTITIES;

    #[tokio::test]
    async fn a_token_sets_one_password_of_its_user() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let running = start(Config::default()).await.expect("starts");
        let client = Client::builder().no_proxy().build().expect("a client");
        let url = running.url();
        let post = async |path: &str, body: serde_json::Value| {
            let answer = client.post(format!("{url}{path}")).json(&body).send().await.expect("an answer");
            answer.status().as_u16()
        };
        let (user, other) = (IDENTITIES[0].name, IDENTITIES[1].name);
        let token = async || {
            assert_eq!(post("/login-token/forgot", json!({ "username": user })).await, 202);
            let mail = client.get(format!("{url}/outbox/{user}")).send().await.expect("an answer");
            let mail = mail.text().await.expect("a mail");
            assert!(mail.contains(&format!("{url}/reset?user={user}&token=")), "{mail}");
            mail.trim().rsplit('=').next().expect("a token").to_owned()
        };
        let complete = async |name: &str, token: &str, new: &str| {
            let body = json!({ "username": name, "token": token, "new_password": new });
            post("/login-token/reset", body).await
        };
        let log_in =
            async |password: &str| post("/login-token/login", json!({ "username": user, "password": password })).await;
        let (first, second) = (token().await, token().await);
        assert_eq!(complete(user, &first, "another-Password-1").await, 400, "a newer one was sent");
        assert_eq!(complete(other, &second, "another-Password-1").await, 400);
        assert_eq!(complete(user, &second, "short").await, 422);
        assert_eq!(complete(user, &second, "another-Password-1").await, 204);
        assert_eq!(complete(user, &second, "another-Password-2").await, 400);
        assert_eq!((log_in("another-Password-1").await, log_in("another-Password-2").await), (200, 401));
        assert_eq!(log_in(IDENTITIES[0].password).await, 401);
        assert_eq!(client.get(format!("{url}/outbox/nobody")).send().await.expect("an answer").status(), 404);
        running.stop().await;
    }
}
