//! Refusals in the TLS handshake, of schemes that prove there who a client is.

use std::time::Duration;

use url::Url;

use super::{Prober, allowance};
use crate::drive::wire::Connection;
use crate::observe::{Exchange, Outcome, Reading, Request, Silence};
use crate::plan::Subject;

/// How long a target may take to refuse a client that asks for nothing.
const ALERT: Duration = Duration::from_secs(1);

/// How often a request is sent again with a wrong certificate, over whose connection there was no answer: Node.js with
/// `rejectUnauthorized: false` closes some of the connections whose certificate does not verify, and answers over the others.
const CLOSES: usize = 5;

/// What an exchange means: an alert about the client's certificate refuses, where the certificate is the credential. Nothing
/// else in a handshake does, for it may have other reasons.
pub(super) fn reading(subject: &Subject, exchange: &Exchange, reading: Reading) -> Reading {
    match &exchange.answer {
        Err(Silence::CertificateRefused(_)) if refuses_there(subject, &exchange.request) => {
            Reading { outcome: Outcome::Refused, why: None, clean: true }
        }
        _ => reading,
    }
}

/// Whether an alert about the certificate of a request refuses it: where the certificate is the credential, and where it is
/// another one than that of the identity whose client asks.
fn refuses_there(subject: &Subject, request: &Request) -> bool {
    let own = subject.endpoint_identity().map(|at| subject.identities[at].connection());
    subject.scheme.proves_in_handshake() || own.is_some_and(|own| own.0.is_some() && own != request.connection)
}

impl Prober {
    /// Sends once more what had no answer, or a server error that may be an accident.
    pub(super) async fn send_again(&self, resource: usize, request: &Request, is_forged: bool) -> Exchange {
        let mut again = self.send_to(resource, request).await;
        let is_of_certificate = is_forged && self.subject().scheme.proves_in_handshake();
        for _ in 0..if is_of_certificate { CLOSES } else { 0 } {
            if !matches!(again.answer, Err(Silence::Closed)) {
                break;
            }
            again = self.send_to(resource, request).await;
        }
        self.with_alert(&self.equipment.base, again).await
    }

    /// What an exchange with an endpoint of the authorization server means, once its alert is known.
    pub(super) fn in_handshake(&self, exchange: &Exchange, outcome: Outcome) -> Outcome {
        let reading = Reading { outcome, why: None, clean: true };
        self::reading(self.subject(), exchange, reading).outcome
    }

    /// An exchange whose connection was closed, with the alert that says why. A target that closes before it has read the
    /// request resets the connection, and the alert may be lost with it: it is looked for on a connection over which nothing
    /// is sent.
    pub(super) async fn with_alert(&self, url: &Url, exchange: Exchange) -> Exchange {
        let closed = matches!(exchange.answer, Err(Silence::Closed));
        if !closed || !refuses_there(self.subject(), &exchange.request) {
            return exchange;
        }
        let Ok(destination) = self.destination(url, &exchange.request) else { return exchange };
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
