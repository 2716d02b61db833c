//! The built-in reference server: a correct server for every scheme, with deliberate vulnerabilities ("faults") that can be
//! opened by name.
//!
//! It shares no code with the client side, so that one mistake cannot cancel another; only [`crate::seed`], plain data,
//! is known to both. Its rooms use each other in one direction: `state/` holds what is known, `scheme/` verifies credentials,
//! `authority/` issues tokens, `resource/` answers behind a guard, `serve/` speaks HTTP; `tests/it/layers.rs` checks it.

mod answer;
mod authority;
mod description;
mod dpop;
mod fault;
pub mod hopeless;
mod jose;
mod nonce;
mod random;
mod registry;
mod rejection;
mod request;
mod resource;
mod routes;
mod scheme;
mod serve;
mod state;
mod throttle;
mod tls;
mod used;
mod verifier;
mod wait;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use authority::Authority;
pub use fault::{Fault, FaultKind, Faults};
pub use registry::faults;
use scheme::introspection::Introspector;
use scheme::jwt::deployment::{Deployments, Issuer};
use scheme::{Guard, LoginSettings, Verifiers};
use serve::wire_faults;
pub use state::KeyLocation;
use state::ReferenceState;
pub use tls::{NoCertificate, identity};
pub use verifier::Verifier;

use crate::secret::Secret;
use crate::seed;

/// How the reference is started.
#[derive(Clone, Debug)]
pub struct Config {
    /// Port; 0 takes a free one.
    pub port: u16,
    /// Names of the faults that are open.
    pub faults: Vec<String>,
    /// Life of an access token.
    pub token_lifetime: Duration,
    /// Where API keys are looked for.
    pub api_key: KeyLocation,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// Certificate and private key in PEM; made for this run if none.
    pub tls_identity: Option<Secret>,
    /// Busy-wait on protected answers, to slow them by a known time.
    pub busy: Duration,
    /// Whether a wrong API key is answered 401 with a challenge, as RFC 9110 §11.4 suggests, and not 403.
    pub strict: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            port: 0,
            faults: Vec::new(),
            token_lifetime: Duration::from_secs(3600),
            api_key: KeyLocation::Header(seed::API_KEY_HEADER.to_owned()),
            tls: false,
            tls_identity: None,
            busy: Duration::ZERO,
            strict: false,
        }
    }
}

/// Why the reference did not start.
#[derive(Debug, Error)]
pub enum ReferenceError {
    /// The port cannot be had.
    #[error("failed to listen on 127.0.0.1:{0}: {1}")]
    Bind(u16, #[source] std::io::Error),
    /// No fault has this name; the nearest is given.
    #[error("no fault is called {0:?}{near}", near = .1.map_or_else(|| "; `authbench list faults` shows all".to_owned(), |near| format!("; did you mean {near:?}?")))]
    UnknownFault(String, Option<&'static str>),
    /// The certificate could not be made or used.
    #[error("failed to use a certificate: {0}")]
    Certificate(#[from] NoCertificate),
}

/// A running reference server.
#[derive(Debug)]
pub struct ReferenceServer {
    addr: SocketAddr,
    certificate: Option<String>,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl ReferenceServer {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its address.
    pub fn url(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.addr)
    }

    /// The certificate to trust, in PEM, where it speaks TLS.
    pub fn certificate(&self) -> Option<&str> {
        self.certificate.as_deref()
    }

    /// Ends it: requests in progress are answered.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let _ = self.server.await;
    }
}

/// Starts the reference on the loopback interface.
///
/// # Errors
/// When the port cannot be had or a fault does not exist.
pub async fn start(config: Config) -> Result<ReferenceServer, ReferenceError> {
    for name in &config.faults {
        if !faults().iter().any(|fault| fault.name == name) {
            return Err(ReferenceError::UnknownFault(name.clone(), registry::nearest(name)));
        }
    }
    let bind = |error| ReferenceError::Bind(config.port, error);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port)).await.map_err(bind)?;
    let addr = listener.local_addr().map_err(bind)?;
    let faults = Faults::new(config.faults);
    let secured = match config.tls {
        true => {
            let identity = config.tls_identity.map_or_else(tls::identity, Ok)?;
            Some(secured(!wire_faults::any(&faults), &identity, &faults)?)
        }
        false => None,
    };
    let (acceptor, certificate) = secured.unzip();
    let scheme = if config.tls { "https" } else { "http" };
    let base = format!("{scheme}://{addr}");
    let state = Arc::new(ReferenceState::new(faults.clone(), config.api_key, config.busy, config.strict));
    let authority = Authority::new(base.clone(), config.token_lifetime, faults.clone(), state.issued.clone());
    let issuer = format!("{base}{}", authority::JWT_PREFIX);
    let signing = Authority::signing(issuer, config.token_lifetime, faults.clone(), state.issued_jwts.clone());
    let introspector = Introspector::new(authority.endpoint("introspect"), certificate.as_deref());
    let issuer = Issuer { name: signing.issuer.clone(), keys: signing.keys() };
    let logins = LoginSettings { lifetime: config.token_lifetime, secure: config.tls };
    let verifiers = Verifiers::new(state, Deployments::new(issuer, &faults), introspector, logins).at(&base);
    let verifiers = Arc::new(verifiers);
    let router = routes::router(&verifiers).merge(authority::router(authority)).merge(authority::jwt_router(signing));
    let (stop, stopped) = watch::channel(false);
    let server = tokio::spawn(serve::serve(listener, acceptor, router, verifiers, stopped));
    Ok(ReferenceServer { addr, certificate, stop, server })
}

/// An acceptor under a certificate that asks clients for theirs, and the certificate to trust in PEM.
fn secured(http2: bool, identity: &Secret, faults: &Faults) -> Result<(TlsAcceptor, String), NoCertificate> {
    let clients = scheme::mtls::clients::verifier(faults).map_err(NoCertificate::Made)?;
    tls::acceptor(http2, identity, clients)
}

/// The TLS of the reference under a certificate of its own, which is in PEM beside it: for benches.
///
/// # Errors
/// When the certificate cannot be made.
pub fn server_tls() -> Result<(Arc<rustls::ServerConfig>, String), NoCertificate> {
    let (acceptor, certificate) = secured(false, &identity()?, &Faults::default())?;
    Ok((acceptor.config().clone(), certificate))
}

/// Address, paths and test credentials, for scripts.
pub fn describe(running: &ReferenceServer) -> Value {
    let identity = |identity: &seed::SeedIdentity| {
        json!({
            "name": identity.name,
            "api_key": identity.api_key,
            "password": identity.password,
            "token": identity.token,
            "client_id": identity.name,
            "client_secret": identity.client_secret,
            "client_key": identity.client_key.map(|key| key.key),
            "scopes": identity.scopes,
            "tenant": identity.tenant,
            "state": format!("{:?}", identity.state).to_lowercase(),
        })
    };
    let url = running.url();
    json!({
        "url": url,
        "issuer": url,
        "token_endpoint": format!("{url}/oauth2/token"),
        "introspection_endpoint": format!("{url}/oauth2/introspect"),
        "revocation_endpoint": format!("{url}/oauth2/revoke"),
        "resources": Guard::all().map(|(_, prefix)| format!("{url}/{prefix}/orders")).collect::<Vec<_>>(),
        "public": format!("{url}/public"),
        "api_key_header": seed::API_KEY_HEADER,
        "certificate": running.certificate,
        "identities": seed::IDENTITIES.iter().map(identity).collect::<Vec<_>>(),
        "introspection_client": { "client_id": seed::INTROSPECTION_CLIENT.0, "client_secret": seed::INTROSPECTION_CLIENT.1 },
    })
}
