//! Opaque tokens as a resource server sees them that does not share the issuer's store: each is asked for at the
//! introspection endpoint (RFC 7662), by HTTP over the network, every time or once in a while.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::http::request::Parts;
use reqwest::{Certificate, Client};
use serde::Deserialize;
use tokio::sync::OnceCell;

use crate::clock;
use crate::reference::rejection::Rejection;
use crate::reference::scheme::bearer::{bound, invalid, presented};
use crate::reference::state::tokens::AUDIENCE;
use crate::reference::state::{Principal, ReferenceState, digest};
use crate::seed::{IDENTITIES, INTROSPECTION_CLIENT};

/// How long an answer is kept, where answers are kept: for so long a revoked token lives on (RFC 7662 §4).
const KEPT_FOR: Duration = Duration::from_secs(30);
/// How many answers are kept.
const MOST_KEPT: usize = 10_000;
/// How long the authorization server may take.
const TIME_LIMIT: Duration = Duration::from_secs(2);

/// What the authorization server said of the token of a request.
#[derive(Clone)]
struct Introspected(Result<TokenHolder, Rejection>);

/// Whose token it is, and the thumbprint of the certificate that it is bound to, if it is bound to one.
#[derive(Clone)]
struct TokenHolder {
    principal: Arc<Principal>,
    bound_to: Option<String>,
}

/// What is read of an introspection answer (RFC 7662 §2.2).
#[derive(Deserialize)]
struct IntrospectionAnswer {
    active: bool,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    sub: String,
    #[serde(default)]
    aud: String,
    #[serde(default)]
    exp: i64,
    /// What the token is bound to (RFC 8705 §3.2, RFC 9449 §6.2).
    #[serde(default)]
    cnf: Option<serde_json::Value>,
}

/// What the authorization server said, and until when that is believed.
struct KeptAnswer {
    holder: TokenHolder,
    until: Instant,
}

/// Asks the authorization server about tokens, on connections that stay open.
pub(crate) struct Introspector {
    endpoint: String,
    /// The certificate of the server, in PEM, where it speaks TLS.
    certificate: Option<String>,
    client: OnceCell<Option<Client>>,
    kept: RwLock<HashMap<[u8; 32], KeptAnswer>>,
}

impl Introspector {
    /// One that asks at an address.
    pub(crate) fn new(endpoint: String, certificate: Option<&str>) -> Self {
        let (client, kept) = (OnceCell::new(), RwLock::default());
        Self { endpoint, certificate: certificate.map(str::to_owned), client, kept }
    }

    /// Asks about the token of a request, before its guard looks at it; `keeps` answers for a while.
    pub(crate) async fn prepare(&self, state: &ReferenceState, parts: &mut Parts, keeps: bool) {
        if let Ok(token) = presented(state, parts) {
            let introspected = Introspected(self.holder(&token, keeps).await);
            parts.extensions.insert(introspected);
        }
    }

    async fn holder(&self, token: &str, keeps: bool) -> Result<TokenHolder, Rejection> {
        if keeps && let Some(holder) = self.known(token) {
            return Ok(holder);
        }
        let answer = self.ask(token).await.ok_or_else(Rejection::unavailable)?;
        let left = answer.exp - clock::unix_seconds();
        if !answer.active || left <= 0 || answer.aud != AUDIENCE {
            return Err(invalid());
        }
        let bound_to = bound::certificate(answer.cnf.as_ref())?.map(str::to_owned);
        let identity = IDENTITIES.iter().find(|identity| identity.name == answer.sub);
        let principal = Arc::new(Principal {
            name: answer.sub,
            scopes: answer.scope.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect(),
            tenant: identity.map(|identity| identity.tenant.to_owned()).unwrap_or_default(),
        });
        let holder = TokenHolder { principal, bound_to };
        if keeps {
            let until = clock::now() + KEPT_FOR.min(Duration::from_secs(left.unsigned_abs()));
            self.keep(token, holder.clone(), until);
        }
        Ok(holder)
    }

    fn known(&self, token: &str) -> Option<TokenHolder> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.get(&digest(token)).filter(|kept| clock::now() < kept.until).map(|kept| kept.holder.clone())
    }

    fn keep(&self, token: &str, holder: TokenHolder, until: Instant) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_KEPT {
            let now = clock::now();
            kept.retain(|_, kept| kept.until > now);
        }
        if kept.len() < MOST_KEPT {
            kept.insert(digest(token), KeptAnswer { holder, until });
        }
    }

    /// What the authorization server says; nothing where it does not answer as RFC 7662 §2.2 has it.
    async fn ask(&self, token: &str) -> Option<IntrospectionAnswer> {
        let client = self.client.get_or_init(async || self.connect()).await.as_ref()?;
        let (id, secret) = INTROSPECTION_CLIENT;
        let request = client.post(&self.endpoint).basic_auth(id, Some(secret)).form(&[("token", token)]);
        let answer = request.send().await.ok()?.error_for_status().ok()?;
        serde_json::from_slice(&answer.bytes().await.ok()?).ok()
    }

    fn connect(&self) -> Option<Client> {
        // refused only when a provider is installed already, which is as good
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).timeout(TIME_LIMIT);
        let own = self.certificate.as_deref().map(|pem| Certificate::from_pem(pem.as_bytes())).transpose().ok()?;
        client.tls_certs_merge(own).build().ok()
    }
}

/// Who sent a request, as the authorization server has it.
pub(crate) fn verify(state: &ReferenceState, parts: &Parts) -> Result<Arc<Principal>, Rejection> {
    presented(state, parts)?;
    let introspected = parts.extensions.get::<Introspected>().ok_or_else(Rejection::unavailable)?;
    let TokenHolder { principal, bound_to } = introspected.0.clone()?;
    // an answer may be kept, the certificate is one of this connection
    if bound::holds(state, parts, bound_to.as_deref()) { Ok(principal) } else { Err(invalid()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_kept_until_their_time_and_not_without_end() {
        let asked = Introspector::new("http://127.0.0.1:9/introspect".to_owned(), None);
        let principal = Arc::new(crate::reference::state::principal(&IDENTITIES[0]));
        let holder = TokenHolder { principal, bound_to: None };
        let (now, later) = (clock::now(), clock::now() + Duration::from_secs(60));
        asked.keep("ended", holder.clone(), now);
        asked.keep("lives", holder.clone(), later);
        assert!(asked.known("ended").is_none() && asked.known("lives").is_some() && asked.known("other").is_none());
        for at in 0..MOST_KEPT {
            asked.keep(&at.to_string(), holder.clone(), later);
        }
        assert_eq!(asked.kept.read().expect("whole").len(), MOST_KEPT);
    }
}
