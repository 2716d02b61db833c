//! Where the connections of a phase go: all to one place, or those of each certificate to a place of their own.

use crate::drive::wire::Destination;
use crate::observe::{ConnectionOf, Request};

/// Where connections go, and whose requests they carry.
#[derive(Clone, Debug)]
pub struct LoadDestination {
    /// Whose requests.
    pub connection: ConnectionOf,
    /// Where to.
    pub destination: Destination,
}

impl LoadDestination {
    /// Whether its connections carry a request.
    pub fn carries(&self, request: &Request) -> bool {
        self.connection == request.connection
    }
}
