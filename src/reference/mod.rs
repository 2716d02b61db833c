//! The reference target: a sound server for every scheme, with holes that can be opened by name.
//!
//! It shares no code with the client side, so that one mistake cannot cancel another; only [`crate::seed`], plain data,
//! is known to both.

mod answer;
mod authority;
mod careless;
mod description;
mod fault;
mod guarded;
pub mod hopeless;
mod keys;
mod rejection;
mod resource;
mod routes;
mod serve;
mod spoil;
mod state;
mod throttle;
mod tls;
mod verifier;
mod verify;
mod wire_faults;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use fault::{Fault, Faults};
pub use verifier::Verifier;

use crate::seed;

/// Where API keys are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyLocation {
    /// A header field.
    Header(String),
    /// A query parameter.
    Query(String),
    /// A cookie.
    Cookie(String),
}

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
    /// Whether it speaks TLS, with a certificate of its own.
    pub tls: bool,
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
            busy: Duration::ZERO,
            strict: false,
        }
    }
}

/// Why the reference did not start.
#[derive(Debug)]
pub enum StartError {
    /// The port cannot be had.
    Bind(u16, std::io::Error),
    /// No fault has this name; the nearest is given.
    UnknownFault(String, Option<&'static str>),
    /// The certificate could not be made.
    Certificate(String),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StartError::Bind(port, error) => write!(f, "failed to listen on 127.0.0.1:{port}: {error}"),
            StartError::UnknownFault(name, Some(near)) => {
                write!(f, "no fault is called {name:?}; did you mean {near:?}?")
            }
            StartError::UnknownFault(name, None) => write!(f, "no fault is called {name:?}"),
            StartError::Certificate(why) => write!(f, "failed to make a certificate: {why}"),
        }
    }
}

impl std::error::Error for StartError {}

/// A running reference.
#[derive(Debug)]
pub struct Running {
    addr: SocketAddr,
    certificate: Option<String>,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl Running {
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

/// All faults.
pub fn faults() -> Vec<&'static Fault> {
    let tables = [
        verify::api_key::FAULTS,
        verify::basic::FAULTS,
        verify::bearer::FAULTS,
        verify::lenient::FAULTS,
        verify::jwt::FAULTS,
        authority::jwt::FAULTS,
        authority::token::FAULTS,
        authority::clients::FAULTS,
        authority::assertion::FAULTS,
        authority::sloppy::FAULTS,
        authority::introspection::FAULTS,
        authority::revocation::FAULTS,
        authority::metadata::FAULTS,
        guarded::FAULTS,
        spoil::FAULTS,
        serve::FAULTS,
        wire_faults::FAULTS,
        throttle::FAULTS,
        careless::FAULTS,
    ];
    tables.into_iter().flatten().collect()
}

/// Starts the reference on the loopback interface.
///
/// # Errors
/// When the port cannot be had or a fault does not exist.
pub async fn start(config: Config) -> Result<Running, StartError> {
    for name in &config.faults {
        if !faults().iter().any(|fault| fault.name == name) {
            return Err(StartError::UnknownFault(name.clone(), nearest(name)));
        }
    }
    let bind = |error| StartError::Bind(config.port, error);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port)).await.map_err(bind)?;
    let addr = listener.local_addr().map_err(bind)?;
    let faults = Faults::new(config.faults);
    let (acceptor, certificate) = match config.tls {
        true => tls::acceptor(!wire_faults::any(&faults)).map(|(acceptor, pem)| (Some(acceptor), Some(pem)))?,
        false => (None, None),
    };
    let scheme = if config.tls { "https" } else { "http" };
    let base = format!("{scheme}://{addr}");
    let authority = authority::Authority::new(base.clone(), config.token_lifetime, faults.clone());
    let issuer = format!("{base}{}", authority::jwt::PREFIX);
    let signing = authority::Authority::signing(issuer, config.token_lifetime, faults.clone());
    let state = state::State::new(faults, config.api_key, authority.clone(), signing.clone(), config.busy);
    let introspection = authority.endpoint("introspect");
    let introspector = verify::introspected::Introspector::new(introspection, certificate.as_deref());
    let state = Arc::new(state::State { strict: config.strict, introspector, ..state });
    let router = routes::router(&state).merge(authority.router()).merge(authority::jwt::router(signing));
    let (stop, stopped) = watch::channel(false);
    let server = tokio::spawn(serve::serve(listener, acceptor, router, state, stopped));
    Ok(Running { addr, certificate, stop, server })
}

/// Address, paths and test credentials, for scripts.
pub fn describe(running: &Running) -> Value {
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
        "resources": verify::Guard::all().map(|(_, prefix)| format!("{url}/{prefix}/orders")).collect::<Vec<_>>(),
        "public": format!("{url}/public"),
        "api_key_header": seed::API_KEY_HEADER,
        "certificate": running.certificate,
        "identities": seed::IDENTITIES.iter().map(identity).collect::<Vec<_>>(),
        "introspection_client": { "client_id": seed::INTROSPECTION_CLIENT.0, "client_secret": seed::INTROSPECTION_CLIENT.1 },
    })
}

fn nearest(name: &str) -> Option<&'static str> {
    let near = faults().into_iter().map(|fault| (strsim::damerau_levenshtein(fault.name, name), fault.name));
    near.min().filter(|(distance, _)| *distance <= name.len().div_ceil(3)).map(|(_, name)| name)
}
