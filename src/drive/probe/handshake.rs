//! Refusals in the TLS handshake, of schemes that prove there who a client is.

use std::time::Duration;

use super::{Prober, allowance};
use crate::drive::wire::Connection;
use crate::observe::{Exchange, Outcome, Reading, Silence};
use crate::scheme::Scheme;

/// How long a target may take to refuse a client that asks for nothing.
const ALERT: Duration = Duration::from_secs(1);

/// What an exchange means: an alert about the client's certificate refuses, where the certificate is the credential. Nothing
/// else in a handshake does, for it may have other reasons.
pub(super) fn reading(scheme: &dyn Scheme, exchange: &Exchange, reading: Reading) -> Reading {
    match &exchange.answer {
        Err(Silence::CertificateRefused(_)) if scheme.proves_in_handshake() => {
            Reading { outcome: Outcome::Refused, why: None, clean: true }
        }
        _ => reading,
    }
}

impl Prober {
    /// An exchange whose connection was closed, with the alert that says why. A target that closes before it has read the
    /// request resets the connection, and the alert may be lost with it: it is looked for on a connection over which nothing
    /// is sent.
    pub(super) async fn with_alert(&self, exchange: Exchange) -> Exchange {
        let closed = matches!(exchange.answer, Err(Silence::Closed));
        if !closed || !self.subject().scheme.proves_in_handshake() {
            return exchange;
        }
        let Ok(destination) = self.destination(&self.equipment.base, &exchange.request) else { return exchange };
        allowance::apart(self.equipment.rate_limit.wait()).await;
        let limits = self.limits().within(ALERT.min(self.limits().time));
        let silence = match Connection::open(&destination, limits).await {
            Ok(connection) => connection.listen().await,
            Err(silence) => silence,
        };
        match silence {
            Silence::CertificateRefused(_) => Exchange { answer: Err(silence), ..exchange },
            _ => exchange,
        }
    }
}
