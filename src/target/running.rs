//! A target that is there, and why one is not.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use thiserror::Error;
use tokio::process::Child;
use url::Url;

use super::address::BadAddress;
use super::child::terminate;
use super::destination::{BadDestination, Destination};
use super::hosts::AllowedHosts;
use super::obstacle::Obstacle;
use super::trust::{BadTrust, Trust};
use crate::observe::ConnectionOf;

/// A server in this process that can be ended.
pub trait Server: Send + Sync {
    /// Ends it.
    fn stop(self: Box<Self>) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// What a run started and has to end.
pub enum Held {
    /// Nothing: the target is somebody else's.
    Nothing,
    /// A process.
    Child(Child),
    /// A server in this process.
    Server(Box<dyn Server>),
}

/// A target that is there.
pub struct Running {
    /// Its name, for a reader.
    pub name: String,
    /// Its address.
    pub base: Url,
    /// Whose certificates it may have.
    pub trust: Arc<Trust>,
    /// Whom its run may talk to.
    pub hosts: AllowedHosts,
    /// Whether it shares this machine's processors.
    pub local: bool,
    /// The process that the scenario names as its own.
    pub pid: Option<u32>,
    /// What was started for it.
    pub held: Held,
}

/// Why a target is not there.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StartError {
    /// The built-in reference, or a server in its place.
    #[error("the reference did not start: {0}")]
    Reference(String),
    /// The scenario's command.
    #[error("the command {program} did not start: {why}")]
    Command {
        /// The program.
        program: String,
        /// What happened, with the last lines that it wrote.
        why: String,
    },
    /// The scenario has a command, and the command line forbids it.
    #[error("the scenario starts a command, and --no-command or --untrusted forbids it")]
    CommandForbidden,
    /// The scenario's address cannot be used.
    #[error(transparent)]
    Address(#[from] BadAddress),
    /// Its certificate authorities cannot be used.
    #[error(transparent)]
    Trust(#[from] BadTrust),
    /// Its address cannot be connected to.
    #[error(transparent)]
    Destination(#[from] BadDestination),
    /// It cannot be reached as the scenario says.
    #[error(transparent)]
    Obstacle(#[from] Obstacle),
}

impl Running {
    /// Where its connections go.
    ///
    /// # Errors
    /// When its address is not one of HTTP.
    pub fn destination(&self) -> Result<Destination, BadDestination> {
        self.destination_of(&ConnectionOf::default())
    }

    /// Where the connections of a credential go.
    ///
    /// # Errors
    /// When its address is not one of HTTP.
    pub fn destination_of(&self, connection: &ConnectionOf) -> Result<Destination, BadDestination> {
        let tls = self.trust.for_connection(connection);
        let missing = || BadDestination::NoCertificate(connection.0.as_deref().unwrap_or_default().to_owned());
        Destination::of(&self.base, Some(tls.ok_or_else(missing)?), &self.hosts)
    }

    /// The process id of the server: of the child that was started for it, or as the scenario names it.
    pub fn process(&self) -> Option<u32> {
        match &self.held {
            Held::Child(child) => child.id(),
            Held::Nothing | Held::Server(_) => self.pid,
        }
    }

    /// Ends what was started.
    pub async fn stop(self) {
        match self.held {
            Held::Nothing => {}
            Held::Child(mut child) => terminate(&mut child).await,
            Held::Server(server) => server.stop().await,
        }
    }
}
