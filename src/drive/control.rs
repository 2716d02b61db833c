//! The control plane: tokens and discovery through an ordinary HTTP client, never on the measured path.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use serde_json::Value;
use thiserror::Error;
use url::Url;

use super::rate::RateLimit;
use super::wire::{BadDestination, Destination};
use crate::clock;
use crate::plan::subject::{AuthorizationServer, ClientAuthMethod, ClientCredential};
use crate::scheme::jwt::{ASSERTION_TYPE, Assertions};
use crate::secret::Secret;
use crate::target::address::{BadAddress, join, well_known};
use crate::target::hosts::AllowedHosts;
use crate::target::trust::{Distrust, Trust};

/// Time limit of a request of the control plane, unless another is set.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read.
const BODY_LIMIT: usize = 1 << 20;
/// A token is renewed when this little of its life is left, or half of it, whichever is less.
const RENEWAL_MARGIN: Duration = Duration::from_secs(30);
/// How long a token without `expires_in` is taken to live.
const ASSUMED_LIFETIME: Duration = Duration::from_secs(300);
/// The longest life that is believed: enough for any run, and no sum with it overflows.
const LONGEST_LIFETIME: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
/// The least time between two tokens of a client whose tokens end as soon as they are issued, and the most that it grows
/// to: such a server is not to be flooded with requests.
const RENEWAL_FLOOR: Duration = Duration::from_millis(200);
const RENEWAL_CEILING: Duration = Duration::from_secs(5);

/// Why the control plane did not get what it asked for. Carries no secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ControlError {
    /// No answer.
    #[error("not reachable: {0}")]
    Unreachable(String),
    /// An answer that is not what was asked for.
    #[error("refused with {status}{}", .error.as_ref().map(|error| format!(" {error}")).unwrap_or_default())]
    Refused {
        /// Status.
        status: u16,
        /// `error` member of the answer (RFC 6749 §5.2), if there is one.
        error: Option<String>,
    },
    /// An answer that cannot be used.
    #[error("{0}")]
    Unusable(String),
    /// An address that is none.
    #[error(transparent)]
    Address(#[from] BadAddress),
    /// An address that no request goes to.
    #[error(transparent)]
    Destination(#[from] BadDestination),
}

/// An access token with its life.
#[derive(Clone, Debug)]
pub struct Token {
    /// The token.
    pub value: Secret,
    /// When it was asked for.
    pub obtained: Instant,
    /// How long it lives, as the server says; none where it does not say.
    pub lifetime: Option<Duration>,
    /// How long it took to obtain.
    pub took: Duration,
    /// Scope, as the server says.
    pub scope: Option<String>,
}

impl Token {
    /// When it should be replaced: before its end by a margin.
    pub fn renew_at(&self) -> Instant {
        let lifetime = self.lifetime.unwrap_or(ASSUMED_LIFETIME);
        clock::after(self.obtained, lifetime.saturating_sub(RENEWAL_MARGIN.min(lifetime / 2)))
    }

    /// When it has ended at the latest: its life may begin with the answer and not with the request.
    pub fn has_ended_at(&self) -> Option<Instant> {
        self.ends_at().map(|end| clock::after(end, self.took))
    }

    /// When it ends at the earliest, as the server says; none where it does not say.
    pub fn ends_at(&self) -> Option<Instant> {
        self.lifetime.map(|lifetime| clock::after(self.obtained, lifetime))
    }
}

/// When tokens of one client are renewed. Where they end as soon as they are issued, each one is used longer than it says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Renewals {
    /// Tokens in a row that were of no use when they came.
    useless: u32,
}

impl Renewals {
    /// When a token is replaced that has just come.
    pub fn next(&mut self, token: &Token) -> Instant {
        let due = token.renew_at();
        let floor = clock::after(token.obtained, token.took + RENEWAL_FLOOR);
        if due >= floor {
            self.useless = 0;
            return due;
        }
        let wait = RENEWAL_FLOOR.saturating_mul(1 << self.useless.min(10)).min(RENEWAL_CEILING);
        self.useless = self.useless.saturating_add(1);
        clock::after(token.obtained, token.took + wait)
    }

    /// When it is tried again after a token was not obtained.
    pub fn retry(&mut self) -> Instant {
        let wait = RENEWAL_FLOOR.saturating_mul(1 << self.useless.min(10)).min(RENEWAL_CEILING);
        self.useless = self.useless.saturating_add(1);
        clock::after(clock::now(), wait)
    }
}

/// A token that is kept for its client.
#[derive(Clone, Debug)]
struct Kept {
    token: Token,
    until: Instant,
    renewals: Renewals,
}

/// Talks to an authorization server.
pub struct ControlPlane {
    token_endpoint: Option<Url>,
    client_auth: ClientAuthMethod,
    /// Whom client assertions are for.
    audience: Option<String>,
    token_params: Vec<(String, String)>,
    time_limit: Duration,
    rate_limit: RateLimit,
    reach: ControlReach,
    tokens: Mutex<HashMap<(String, Option<String>), Kept>>,
}

/// What every request of the control plane is made with, once its address is a destination.
#[derive(Clone)]
struct ControlReach {
    client: reqwest::Client,
    tls: Arc<ClientConfig>,
    hosts: AllowedHosts,
}

impl ControlReach {
    fn of(trust: &Trust, hosts: &AllowedHosts) -> Result<Self, ControlError> {
        Ok(Self { client: client(trust)?, tls: trust.for_issuers(), hosts: hosts.clone() })
    }

    /// A request to an address.
    fn request(&self, method: reqwest::Method, url: Url) -> Result<reqwest::RequestBuilder, ControlError> {
        Destination::of(&url, Some(self.tls.clone()), &self.hosts)?;
        Ok(self.client.request(method, url))
    }
}

impl ControlPlane {
    /// A control plane for one authorization server.
    ///
    /// # Errors
    /// Says what is wrong with an address.
    pub fn new(
        base: &Url,
        server: Option<&AuthorizationServer>,
        (trust, hosts): (&Trust, &AllowedHosts),
    ) -> Result<Self, ControlError> {
        let token_endpoint = server.and_then(|server| server.token.as_deref()).map(|at| join(base, at)).transpose()?;
        let named = server.and_then(|server| server.assertion_audience.clone());
        Ok(Self {
            audience: named.or_else(|| token_endpoint.as_ref().map(Url::to_string)),
            reach: ControlReach::of(trust, hosts)?,
            token_endpoint,
            client_auth: server.map_or(ClientAuthMethod::Basic, |server| server.client_auth),
            token_params: server.map(|server| server.token_params.clone()).unwrap_or_default(),
            time_limit: TIME_LIMIT,
            rate_limit: RateLimit::default(),
            tokens: Mutex::new(HashMap::new()),
        })
    }

    /// The same, for answers that may take this long.
    #[must_use]
    pub fn within(self, time_limit: Duration) -> Self {
        Self { time_limit, ..self }
    }

    /// The same, asking no more often than this.
    #[must_use]
    pub fn paced(self, rate_limit: RateLimit) -> Self {
        Self { rate_limit, ..self }
    }

    /// Sends a request and reads its answer.
    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<(u16, Vec<u8>), ControlError> {
        self.rate_limit.wait().await;
        read(request.timeout(self.time_limit).send().await).await
    }

    /// A token of a client that will live for a while: the last one, or a new one.
    ///
    /// # Errors
    /// See [`ControlPlane::obtain`].
    pub async fn current(&self, client: &ClientCredential) -> Result<Token, ControlError> {
        let key = (client.id.clone(), client.scope.clone());
        let kept = self.tokens.lock().ok().and_then(|tokens| tokens.get(&key).cloned());
        let mut renewals = kept.as_ref().map(|kept| kept.renewals).unwrap_or_default();
        if let Some(kept) = kept.filter(|kept| clock::now() < kept.until) {
            return Ok(kept.token);
        }
        let token = self.obtain(client, None).await?;
        let until = renewals.next(&token);
        if let Ok(mut tokens) = self.tokens.lock() {
            tokens.insert(key, Kept { token: token.clone(), until, renewals });
        }
        Ok(token)
    }

    /// Forgets kept tokens, so that the next use obtains new ones.
    pub fn forget(&self) {
        if let Ok(mut tokens) = self.tokens.lock() {
            tokens.clear();
        }
    }

    /// Obtains a token by the client credentials grant (RFC 6749 §4.4.2).
    ///
    /// # Errors
    /// When there is no answer, a refusal, or an answer without a token.
    pub async fn obtain(&self, client: &ClientCredential, scope: Option<&str>) -> Result<Token, ControlError> {
        let Some(endpoint) = &self.token_endpoint else {
            return Err(ControlError::Unusable("no token endpoint".to_owned()));
        };
        let mut form = vec![("grant_type", "client_credentials")];
        form.extend(scope.or(client.scope.as_deref()).map(|scope| ("scope", scope)));
        form.extend(self.token_params.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let mut request = self.reach.request(reqwest::Method::POST, endpoint.clone())?;
        let assertion;
        match client.method(self.client_auth) {
            ClientAuthMethod::Basic => {
                request = request.basic_auth(encoded(&client.id), Some(encoded(client.secret())));
            }
            ClientAuthMethod::Post => {
                form.extend([("client_id", client.id.as_str()), ("client_secret", client.secret())]);
            }
            ClientAuthMethod::PrivateKeyJwt => {
                assertion = self.assertions(client)?.fresh().map_err(|why| ControlError::Unusable(why.0))?;
                form.extend([("client_id", client.id.as_str()), ("client_assertion_type", ASSERTION_TYPE)]);
                form.push(("client_assertion", &assertion));
            }
        }
        let obtained = clock::now();
        let (status, body) = self.answer(request.form(&form)).await?;
        let took = clock::now() - obtained;
        let json: Value = serde_json::from_slice(&body).unwrap_or_default();
        if status != 200 {
            let error = json.get("error").and_then(Value::as_str).map(short);
            return Err(ControlError::Refused { status, error });
        }
        let value = json.get("access_token").and_then(Value::as_str).filter(|token| !token.is_empty());
        let Some(value) = value else {
            return Err(ControlError::Unusable("the token endpoint's answer has no access_token".to_owned()));
        };
        let value = Secret::new(value);
        if value.has_control_characters() {
            let why = "the token endpoint returned an access_token with a control character (RFC 6749 appendix A.12); authbench does not send it";
            return Err(ControlError::Unusable(why.to_owned()));
        }
        Ok(Token {
            value,
            obtained,
            lifetime: json.get("expires_in").and_then(Value::as_f64).map(seconds),
            took,
            scope: json.get("scope").and_then(Value::as_str).map(str::to_owned),
        })
    }

    /// What a client's assertions are made from (RFC 7523 §3).
    ///
    /// # Errors
    /// When the client has no key, or nobody is known whom they are for.
    pub fn assertions(&self, client: &ClientCredential) -> Result<Assertions, ControlError> {
        match (&client.key, &self.audience) {
            (Some(key), Some(audience)) => Ok(Assertions::new(&client.id, audience, key)),
            (None, _) => Err(ControlError::Unusable(format!("the client {} has no `client_key`", client.id))),
            (_, None) => Err(ControlError::Unusable("no token endpoint".to_owned())),
        }
    }

    /// The metadata of an issuer (RFC 8414 §3): the well-known part stands between host and path.
    ///
    /// # Errors
    /// When there is no answer, a refusal, or no JSON object.
    pub async fn metadata(&self, issuer: &Url) -> Result<Value, ControlError> {
        self.document(well_known(issuer, "oauth-authorization-server")).await
    }

    /// A document of an issuer, such as its key set (RFC 7517 §5).
    ///
    /// # Errors
    /// When there is no answer, a refusal, or no JSON object.
    pub async fn document(&self, url: Url) -> Result<Value, ControlError> {
        let (status, body) = self.answer(self.reach.request(reqwest::Method::GET, url)?).await?;
        if status != 200 {
            return Err(ControlError::Refused { status, error: None });
        }
        match serde_json::from_slice::<Value>(&body) {
            Ok(json) if json.is_object() => Ok(json),
            _ => Err(ControlError::Unusable("the document is not a JSON object".to_owned())),
        }
    }

    /// POSTs to a hook of the reference; the answer's body.
    ///
    /// # Errors
    /// When there is no answer or a refusal.
    pub async fn post(&self, url: Url, body: String) -> Result<Vec<u8>, ControlError> {
        let (status, body) = self.answer(self.reach.request(reqwest::Method::POST, url)?.body(body)).await?;
        if (200..300).contains(&status) { Ok(body) } else { Err(ControlError::Refused { status, error: None }) }
    }
}

/// Whether a service answers at an address with anything but a server error.
pub async fn answers(url: &Url, trust: &Trust, hosts: &AllowedHosts) -> bool {
    let request = ControlReach::of(trust, hosts).and_then(|reach| reach.request(reqwest::Method::GET, url.clone()));
    let Ok(request) = request else { return false };
    request.send().await.is_ok_and(|answer| answer.status().as_u16() < 500)
}

fn client(trust: &Trust) -> Result<reqwest::Client, ControlError> {
    let unusable = |error: reqwest::Error| ControlError::Unusable(error.without_url().to_string());
    // refused only when a provider is installed already, which is as good
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("authbench/", env!("CARGO_PKG_VERSION")))
        .tls_backend_preconfigured(trust.for_issuers().as_ref().clone())
        .build()
        .map_err(unusable)
}

/// RFC 6749 §2.3.1: identifier and secret are form-encoded before they become user-id and password.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn read(answer: Result<reqwest::Response, reqwest::Error>) -> Result<(u16, Vec<u8>), ControlError> {
    let unreachable = |error: reqwest::Error| ControlError::Unreachable(root_cause(&error.without_url()));
    let mut response = answer.map_err(unreachable)?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        body.extend_from_slice(&chunk);
        if body.len() > BODY_LIMIT {
            return Err(ControlError::Unusable(format!("an answer of more than {BODY_LIMIT} bytes")));
        }
    }
    Ok((status, body))
}

fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    if let Some(distrust) = Distrust::within(error) {
        return distrust.to_string();
    }
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// An error code is an identifier; anything longer is not one and is cut.
fn short(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic()).take(60).collect()
}

/// `expires_in` (RFC 6749 §5.1): a token that lives no time, or less, has ended when it comes; none lives for ever.
fn seconds(value: f64) -> Duration {
    Duration::try_from_secs_f64(value.max(0.0)).unwrap_or(LONGEST_LIFETIME).min(LONGEST_LIFETIME)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn living(lifetime: f64) -> Token {
        Token {
            value: Secret::new("t"),
            obtained: clock::now(),
            lifetime: Some(seconds(lifetime)),
            took: Duration::from_millis(3),
            scope: None,
        }
    }

    #[test]
    fn no_lifetime_breaks_the_arithmetic() {
        for lifetime in [18_446_744_073_709_551_615.0, 1e19, 1e300, f64::MAX, -1.0, -1e300, 0.0, 0.25, f64::NAN] {
            let token = living(lifetime);
            let end = token.ends_at().expect("it says when it ends");
            assert!(token.renew_at() <= end && token.obtained <= end, "{lifetime}");
        }
        assert_eq!(living(0.5).lifetime, Some(Duration::from_millis(500)));
        assert_eq!(living(-3.0).lifetime, Some(Duration::ZERO));
    }

    #[test]
    fn tokens_that_end_as_they_come_are_renewed_ever_more_rarely() {
        let mut renewals = Renewals::default();
        let mut wait = |lifetime| {
            let token = living(lifetime);
            renewals.next(&token) - token.obtained - token.took
        };
        let waits: Vec<u128> = (0..7).map(|_| wait(0.0).as_millis()).collect();
        assert_eq!(waits, [200, 400, 800, 1600, 3200, 5000, 5000]);
        assert!(wait(60.0) > Duration::from_secs(29));
        assert_eq!(wait(0.1), RENEWAL_FLOOR);
    }

    #[test]
    fn a_short_lived_token_is_renewed_at_half_its_life() {
        let token = |lifetime| Token {
            value: Secret::new("t"),
            obtained: clock::now(),
            lifetime: Some(Duration::from_secs(lifetime)),
            took: Duration::ZERO,
            scope: None,
        };
        for (lifetime, renewed_after) in [(2, 1), (60, 30), (3600, 3570)] {
            let token = token(lifetime);
            assert_eq!(token.renew_at() - token.obtained, Duration::from_secs(renewed_after));
        }
    }
}
