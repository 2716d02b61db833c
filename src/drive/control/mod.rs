//! The control plane: tokens and discovery through an ordinary HTTP client, never on the measured path.

mod bound;
mod ends;
mod error;
mod reading;
mod retry;
mod token;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use url::Url;

use super::rate::RateLimit;
use super::wire::{BadDestination, Destination};
use crate::clock;
use crate::observe::page::led_to;
use crate::observe::{ConnectionOf, takes_content};
use crate::plan::subject::{AuthorizationServer, ClientAuthMethod, ClientCredential};
use crate::scheme::dpop::{NONCE_FIELD, NONCE_WANTED, PROOF_FIELD, ProofKey};
use crate::scheme::jwt::{ASSERTION_TYPE, Assertions};
use crate::secret::Secret;
use crate::target::address::{appended, join, well_known};
use crate::target::hosts::AllowedHosts;
use crate::target::proxy::Proxy;
use crate::target::tls_identity::ClientTls;
use crate::target::trust::Trust;

pub use bound::Bindings;
use ends::Ends;
pub use error::ControlError;
use reading::read;
pub use token::{Renewals, Token, own_end, seconds, stated_lifetime};

/// Time limit of a request of the control plane, unless another is set.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// Bytes of a token that is used: servers take header fields of 8 to 64 KiB, all together.
pub(super) const LONGEST_TOKEN: usize = 32 * 1024;
/// A token that is kept for its client.
#[derive(Clone, Debug)]
struct Kept {
    token: Token,
    until: Instant,
    renewals: Renewals,
}

/// A client, and the scope that it asks for.
type KeptFor = (String, Option<String>);
/// Where a token is kept; locked while one is obtained.
type KeptPlace = Arc<tokio::sync::Mutex<Option<Kept>>>;

/// Talks to an authorization server.
pub struct ControlPlane {
    token_endpoint: Option<Url>,
    client_auth: ClientAuthMethod,
    /// Whom client assertions are for.
    audience: Option<String>,
    /// Whether they are for the issuer alone, and say so.
    for_issuer: bool,
    token_params: Vec<(String, String)>,
    time_limit: Duration,
    rate_limit: RateLimit,
    reach: ControlReach,
    tokens: Mutex<HashMap<KeptFor, KeptPlace>>,
    ends: Ends,
    /// Makes the keys that tokens are bound to, where they are.
    bindings: Option<Bindings>,
}

/// What every request of the control plane is made with, once its address is a destination.
#[derive(Clone)]
struct ControlReach {
    /// For the origin of the target, which sees the certificate of the scenario, and for all others.
    clients: [ControlClient; 2],
    target: url::Origin,
    hosts: AllowedHosts,
    trust: Trust,
    /// Those that present the certificate of a credential, made when they are needed first.
    presenting: Arc<Mutex<PresentingClients>>,
}

/// A client with what it presents in the handshake.
type ControlClient = (reqwest::Client, ClientTls);
/// By the name of their connections, and whether they are for the target.
type PresentingClients = HashMap<(Arc<str>, bool), ControlClient>;

impl ControlReach {
    fn of(base: &Url, trust: &Trust, hosts: &AllowedHosts) -> Result<Self, ControlError> {
        let with = |tls: ClientTls| Ok::<_, ControlError>((client(&tls, hosts.proxy())?, tls));
        let others = with(trust.for_issuers())?;
        // whoever presents no certificate needs no client of its own for the target
        let target = if trust.presents_certificate() { with(trust.for_target())? } else { others.clone() };
        let (trust, presenting) = (trust.clone(), Arc::default());
        Ok(Self { clients: [target, others], target: base.origin(), hosts: hosts.clone(), trust, presenting })
    }

    /// A request to an address.
    fn request(&self, method: reqwest::Method, url: Url) -> Result<reqwest::RequestBuilder, ControlError> {
        self.request_on(&ConnectionOf::default(), method, url)
    }

    /// The same on the connections of a credential that presents a certificate of its own.
    fn request_on(
        &self,
        connection: &ConnectionOf,
        method: reqwest::Method,
        url: Url,
    ) -> Result<reqwest::RequestBuilder, ControlError> {
        let (client, tls) = self.client_on(connection, url.origin() == self.target)?;
        Destination::of(&url, Some(tls), &self.hosts)?;
        Ok(client.request(method, url))
    }

    fn client_on(
        &self,
        connection: &ConnectionOf,
        is_target: bool,
    ) -> Result<(reqwest::Client, ClientTls), ControlError> {
        let [target, others] = &self.clients;
        let Some(name) = &connection.0 else { return Ok(if is_target { target } else { others }.clone()) };
        let mut presenting = self.presenting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = presenting.get(&(name.clone(), is_target)) {
            return Ok(made.clone());
        }
        let tls = match is_target {
            true => self.trust.for_connection(connection),
            false => self.trust.for_issuers_on(connection),
        };
        let tls = tls.ok_or_else(|| BadDestination::NoCertificate(name.to_string()))?;
        let made = (client(&tls, self.hosts.proxy())?, tls);
        presenting.insert((name.clone(), is_target), made.clone());
        Ok(made)
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
        let for_issuer = server.is_some_and(|server| server.assertions_are_for_issuer);
        let issuer = server.and_then(|server| server.issuer.clone()).filter(|_| for_issuer);
        let named = issuer.or_else(|| server.and_then(|server| server.assertion_audience.clone()));
        Ok(Self {
            for_issuer,
            audience: named.or_else(|| token_endpoint.as_ref().map(Url::to_string)),
            reach: ControlReach::of(base, trust, hosts)?,
            token_endpoint,
            client_auth: server.map_or(ClientAuthMethod::Basic, |server| server.client_auth),
            token_params: server.map(|server| server.token_params.clone()).unwrap_or_default(),
            time_limit: TIME_LIMIT,
            rate_limit: RateLimit::default(),
            tokens: Mutex::new(HashMap::new()),
            ends: Ends::default(),
            bindings: server.and_then(|server| server.proof_alg).map(|alg| Bindings::new(alg, base)),
        })
    }

    /// What binds tokens to keys, where they are bound.
    pub fn bindings(&self) -> Option<&Bindings> {
        self.bindings.as_ref()
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
        read(request.timeout(self.time_limit).send().await, self.reach.hosts.proxy()).await
    }

    /// A token of a client that will live for a while: the last one, or a new one. Who asks while one is obtained waits for
    /// that one.
    ///
    /// # Errors
    /// See [`ControlPlane::obtain`].
    pub async fn current(&self, client: &ClientCredential) -> Result<Token, ControlError> {
        let key = (client.id.clone(), client.scope.clone());
        let place = self.tokens.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone();
        let mut kept = place.lock().await;
        let mut renewals = kept.as_ref().map(|kept| kept.renewals).unwrap_or_default();
        if let Some(kept) = kept.as_ref().filter(|kept| clock::now() < kept.until) {
            return Ok(kept.token.clone());
        }
        let token = self.obtain(client, None).await?;
        let until = renewals.next(&token);
        *kept = Some(Kept { token: token.clone(), until, renewals });
        Ok(token)
    }

    /// Keeps a token in place of the one that is kept for its client.
    pub async fn keep(&self, client: &ClientCredential, token: &Token) {
        let key = (client.id.clone(), client.scope.clone());
        let place = self.tokens.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone();
        let mut renewals = Renewals::default();
        let until = renewals.next(token);
        *place.lock().await = Some(Kept { token: token.clone(), until, renewals });
    }

    /// Forgets kept tokens, so that the next use obtains new ones.
    pub fn forget(&self) {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Forgets a token of a client that was refused, so that the next use obtains a new one; not one that came after it.
    pub async fn forget_token(&self, client: &ClientCredential, token: &Secret) {
        let key = (client.id.clone(), client.scope.clone());
        let place = self.tokens.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let Some(place) = place else { return };
        let mut kept = place.lock().await;
        if kept.as_ref().is_some_and(|kept| kept.token.value == *token) {
            *kept = None;
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
        for (name, value) in &self.token_params {
            // RFC 6749 §3.2: no parameter comes twice; what the client asks for is its own
            if !form.iter().any(|(other, _)| other == name) {
                form.push((name, value));
            }
        }
        let form: Vec<(String, String)> =
            form.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let key = self.bindings.as_ref().map(|bindings| (bindings, bindings.key()));
        let mut obtained = clock::now();
        let mut answer = self.token_answer(endpoint, client, &form, key.as_ref()).await?;
        // too many for now, which says nothing about the client
        if let Some(wait) = answer.wait_before_another() {
            tokio::time::sleep(wait).await;
            obtained = clock::now();
            answer = self.token_answer(endpoint, client, &form, key.as_ref()).await?;
        }
        // RFC 9449 §8: a server that wants a nonce says which
        let mut again = 0;
        while key.is_some() && wants_nonce(&answer) && again < NONCES {
            answer = self.token_answer(endpoint, client, &form, key.as_ref()).await?;
            again += 1;
        }
        let took = clock::now() - obtained;
        let (status, json) = (answer.status, serde_json::from_slice::<Value>(&answer.body).unwrap_or_default());
        if status != 200 {
            let error = json.get("error").and_then(Value::as_str).map(short);
            return Err(ControlError::Refused { status, error });
        }
        let value = json.get("access_token").and_then(Value::as_str).filter(|token| !token.is_empty());
        let Some(value) = value else {
            return Err(ControlError::Unusable("the token endpoint's answer has no access_token".to_owned()));
        };
        if value.len() > LONGEST_TOKEN {
            let why = format!(
                "the token endpoint returned an access_token of {} bytes, expected {LONGEST_TOKEN} at most; authbench does not send it",
                value.len()
            );
            return Err(ControlError::Unusable(why));
        }
        let value = Secret::new(value);
        if value.has_control_characters() {
            let why = "the token endpoint returned an access_token with a control character (RFC 6749 appendix A.12); authbench does not send it";
            return Err(ControlError::Unusable(why.to_owned()));
        }
        let lifetime = stated_lifetime(&json);
        let mut token = Token::living(value, obtained, took, lifetime);
        token.scope = json.get("scope").and_then(Value::as_str).map(str::to_owned);
        token.key = key.map(|(_, key)| key);
        let server_time = answer.server_time();
        let token = if server_time.is_some() || lifetime.is_none() { token.with_own_end(server_time) } else { token };
        Ok(self.ends.as_it_came_first(token))
    }

    /// Sends a token request, with a proof where tokens are bound to a key, and takes note of the nonce that comes back.
    async fn token_answer(
        &self,
        endpoint: &Url,
        client: &ClientCredential,
        params: &[(String, String)],
        bound: Option<&(&Bindings, Arc<ProofKey>)>,
    ) -> Result<ControlAnswer, ControlError> {
        let mut form = params.to_vec();
        let mut headers = self.client_authentication(client, self.client_auth, &mut form, None)?;
        if let Some((bindings, key)) = bound {
            let proof = key.endpoint_proof(&without_query(endpoint), bindings.of_server().current().as_deref());
            headers.push((PROOF_FIELD.to_owned(), proof.into_bytes()));
        }
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&form).finish();
        let body = Some(("application/x-www-form-urlencoded", form.into_bytes()));
        let answer = self.exchange_on(&client.connection, "POST", endpoint.clone(), &headers, body).await?;
        if let (Some((bindings, _)), Some(nonce)) = (bound, answer.header_values(NONCE_FIELD).next()) {
            bindings.of_server().learn(nonce.as_bytes());
        }
        Ok(answer)
    }

    /// Authenticates a client: header lines, and parameters that are added to the form (RFC 6749 §2.3.1, RFC 7523 §2.2). Its
    /// assertions are for the audience that is given, or for that of the scheme.
    ///
    /// # Errors
    /// When it has nothing to authenticate with.
    pub fn client_authentication(
        &self,
        client: &ClientCredential,
        usual: ClientAuthMethod,
        form: &mut Vec<(String, String)>,
        audience: Option<&str>,
    ) -> Result<Vec<(String, Vec<u8>)>, ControlError> {
        let mut param = |name: &str, value: &str| form.push((name.to_owned(), value.to_owned()));
        match client.method(usual) {
            ClientAuthMethod::Basic => {
                let pair = format!("{}:{}", encoded(&client.id), encoded(client.secret()));
                return Ok(vec![("Authorization".to_owned(), format!("Basic {}", STANDARD.encode(pair)).into_bytes())]);
            }
            ClientAuthMethod::Post => {
                param("client_id", &client.id);
                if client.secret.is_some() {
                    param("client_secret", client.secret());
                }
            }
            // RFC 8705 §2: the certificate authenticates whom client_id names
            ClientAuthMethod::TlsClientAuth | ClientAuthMethod::SelfSignedTlsClientAuth => {
                param("client_id", &client.id);
            }
            ClientAuthMethod::PrivateKeyJwt | ClientAuthMethod::SecretJwt => {
                let made = match (audience, client.assertion_key(usual)) {
                    (Some(audience), Some(key)) => Assertions::new(&client.id, audience, &key),
                    _ => self.assertions(client)?,
                };
                let assertion = made.fresh().map_err(|why| ControlError::Unusable(why.0))?;
                param("client_id", &client.id);
                param("client_assertion_type", ASSERTION_TYPE);
                param("client_assertion", &assertion);
            }
        }
        Ok(Vec::new())
    }

    /// Sends one request and reads its answer; redirects are not followed.
    ///
    /// # Errors
    /// When no request goes to the address, there is no answer, or it is too long.
    pub async fn exchange(
        &self,
        method: &str,
        url: Url,
        headers: &[(String, Vec<u8>)],
        body: Option<(&str, Vec<u8>)>,
    ) -> Result<ControlAnswer, ControlError> {
        self.exchange_on(&ConnectionOf::default(), method, url, headers, body).await
    }

    /// The same on the connections of a credential that presents a certificate of its own.
    async fn exchange_on(
        &self,
        connection: &ConnectionOf,
        method: &str,
        url: Url,
        headers: &[(String, Vec<u8>)],
        body: Option<(&str, Vec<u8>)>,
    ) -> Result<ControlAnswer, ControlError> {
        let method_name = method;
        let method = method.parse().map_err(|_| ControlError::Unusable("no method of HTTP".to_owned()))?;
        let mut request = self.reach.request_on(connection, method, url)?;
        for (name, value) in headers {
            request = request.header(name, value.as_slice());
        }
        let has_content = body.as_ref().is_some_and(|(_, body)| !body.is_empty());
        let names_length = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        // the client leaves it out
        if takes_content(method_name) && !has_content && !names_length {
            request = request.header(reqwest::header::CONTENT_LENGTH, "0");
        }
        if let Some((media, body)) = body {
            if !media.is_empty() {
                request = request.header(reqwest::header::CONTENT_TYPE, media);
            }
            request = request.body(body);
        }
        self.rate_limit.wait().await;
        let began = clock::now();
        let request = request.timeout(self.time_limit);
        let again = request.try_clone();
        // on the heap: logins are deep in what waits for them
        let answer = match (Box::pin(request.send()).await, again) {
            // a connection that was kept may have been closed by now: what was sent on it has not been read
            (Err(error), Some(again)) if !error.is_timeout() && !error.is_connect() => {
                // where nobody takes another connection, the first one was closed by what ended the process
                Box::pin(again.send()).await.map_err(|second| if second.is_connect() { error } else { second })
            }
            (answer, _) => answer,
        };
        let headers = answer.as_ref().map(|answer| answer.headers().clone()).unwrap_or_default();
        let (status, body) = read(answer, self.reach.hosts.proxy()).await?;
        let headers =
            headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect();
        Ok(ControlAnswer { status, headers, body, took: clock::now() - began })
    }

    /// What a client's assertions are made from (RFC 7523 §3).
    ///
    /// # Errors
    /// When the client has no key, or nobody is known whom they are for.
    pub fn assertions(&self, client: &ClientCredential) -> Result<Assertions, ControlError> {
        match (client.assertion_key(self.client_auth), &self.audience) {
            (Some(key), Some(audience)) => {
                let made = Assertions::new(&client.id, audience, &key);
                Ok(match self.token_endpoint.as_ref().filter(|_| self.for_issuer) {
                    Some(endpoint) => made.for_issuer_beside(endpoint.to_string()),
                    None => made,
                })
            }
            (None, _) => Err(ControlError::Unusable(format!("the client {} has no `client_key`", client.id))),
            (_, None) => Err(ControlError::Unusable("no token endpoint".to_owned())),
        }
    }

    /// The metadata of an issuer (RFC 8414 §3): the well-known part stands between host and path. Where there is none, that of
    /// OpenID Connect Discovery 1.0 §4, whose part stands behind the path.
    ///
    /// # Errors
    /// When there is no answer, a refusal, or no JSON object.
    pub async fn metadata(&self, issuer: &Url) -> Result<Value, ControlError> {
        let oauth = self.document(well_known(issuer, "oauth-authorization-server")).await;
        match oauth {
            Err(ControlError::Refused { status: 404 | 405 | 410, .. } | ControlError::Unusable(_)) => {
                self.document(appended(issuer, "openid-configuration")).await.or(oauth)
            }
            other => other,
        }
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

/// An answer of the control plane.
#[derive(Clone, Debug)]
pub struct ControlAnswer {
    /// Status.
    pub status: u16,
    /// Header lines.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Body.
    pub body: Vec<u8>,
    /// From sending the request to the last byte of the answer.
    pub took: Duration,
}

impl ControlAnswer {
    /// All values of a header.
    pub fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = String> + 'a {
        let named = self.headers.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name));
        named.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    }

    /// Where it leads a browser: by a redirect, or by an address with a code or an error in its JSON.
    pub fn led_to(&self) -> Option<String> {
        led_to(self.header_values("location").next(), &self.body)
    }

    /// What the clock of the server showed, in seconds since 1970 (RFC 9110 §6.6.1).
    pub fn server_time(&self) -> Option<f64> {
        let date = self.header_values("date").next()?;
        let time = jiff::fmt::rfc2822::parse(&date).ok()?;
        Some(time.timestamp().as_second() as f64)
    }
}

/// The address of an endpoint as a proof names it (RFC 9449 §4.2).
pub fn without_query(endpoint: &Url) -> String {
    let mut url = endpoint.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

/// Nonces that a request is sent again with: that of another request may end one before it is used.
pub(in crate::drive) const NONCES: usize = 8;

/// Whether a token endpoint asks for a nonce that it has just named (RFC 9449 §8).
fn wants_nonce(answer: &ControlAnswer) -> bool {
    let error = serde_json::from_slice::<Value>(&answer.body).ok();
    let error = error.as_ref().and_then(|json| json.get("error")?.as_str());
    answer.status == 400 && error == Some(NONCE_WANTED) && answer.header_values(NONCE_FIELD).next().is_some()
}

/// Whether a service answers at an address with anything but a server error.
pub async fn answers(url: &Url, trust: &Trust, hosts: &AllowedHosts) -> bool {
    let request =
        ControlReach::of(url, trust, hosts).and_then(|reach| reach.request(reqwest::Method::GET, url.clone()));
    let Ok(request) = request else { return false };
    request.send().await.is_ok_and(|answer| answer.status().as_u16() < 500)
}

fn client(tls: &ClientTls, proxy: Option<&Arc<Proxy>>) -> Result<reqwest::Client, ControlError> {
    let unusable = |error: reqwest::Error| ControlError::Unusable(error.without_url().to_string());
    // refused only when a provider is installed already, which is as good
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut builder = reqwest::Client::builder().no_proxy();
    if let Some(proxy) = proxy {
        let mut through = reqwest::Proxy::all(proxy.url().clone()).map_err(unusable)?;
        if let Some((user, password)) = proxy.pair().and_then(|pair| pair.expose().split_once(':')) {
            through = through.basic_auth(user, password);
        }
        builder = builder.proxy(through);
    }
    builder
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("authbench/", env!("CARGO_PKG_VERSION")))
        .tls_backend_preconfigured(tls.config.as_ref().clone())
        .build()
        .map_err(unusable)
}

/// RFC 6749 §2.3.1: identifier and secret are form-encoded before they become user-id and password.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// An error code is an identifier; anything longer is not one and is cut.
fn short(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic()).take(60).collect()
}
