//! The clients that checks have registered, until they are removed (RFC 7592 §2.3): also where the run is cut in between.

use std::sync::PoisonError;

use url::Url;

use super::Prober;
use crate::observe::{Exchange, Request};
use crate::secret::Secret;
use crate::target::address::host_field;

/// Where a client is read and removed, and with what (RFC 7592 §3).
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ClientConfiguration {
    pub(super) url: Url,
    pub(super) token: Secret,
}

impl Prober {
    /// Notes a client that is to be removed.
    pub(super) fn note_registered(&self, client: &ClientConfiguration) {
        self.registered_clients.lock().unwrap_or_else(PoisonError::into_inner).push(client.clone());
    }

    /// Notes what a client is removed with from now on.
    pub(super) fn replace_registered(&self, former: &ClientConfiguration, renewed: &ClientConfiguration) {
        let mut registered = self.registered_clients.lock().unwrap_or_else(PoisonError::into_inner);
        registered.iter_mut().filter(|client| *client == former).for_each(|client| *client = renewed.clone());
    }

    /// Whether it is not removed yet.
    pub(super) fn has_registered(&self, client: &ClientConfiguration) -> bool {
        self.registered_clients.lock().unwrap_or_else(PoisonError::into_inner).contains(client)
    }

    /// Removes a client. Whether it is gone is for a judgement, where one asks.
    pub(super) async fn remove_client(&self, client: &ClientConfiguration) -> Exchange {
        let exchange = self.ask_configuration("DELETE", client, Some(client.token.expose())).await;
        self.registered_clients.lock().unwrap_or_else(PoisonError::into_inner).retain(|other| other != client);
        exchange
    }

    /// Sends a request to the configuration endpoint of a client, with a token or without any.
    pub(super) async fn ask_configuration(
        &self,
        method: &str,
        client: &ClientConfiguration,
        token: Option<&str>,
    ) -> Exchange {
        let request = request_to(method, &client.url);
        let request = match token {
            Some(token) => request.credential_header("Authorization", format!("Bearer {token}")),
            None => request,
        };
        self.send_at(&client.url, &request).await
    }

    /// Removes the clients that checks have registered and not removed.
    pub async fn remove_clients(&self) {
        let left = self.registered_clients.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for client in left {
            self.remove_client(&client).await;
        }
    }
}

/// A request of a client that registers.
pub(super) fn request_to(method: &str, url: &Url) -> Request {
    let target = url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    Request::new(method, &target)
        .header("Host", host_field(url))
        .header("User-Agent", concat!("authbench/", env!("CARGO_PKG_VERSION")))
        .header("Accept", "application/json")
}
