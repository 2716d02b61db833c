//! What the configuration endpoint of a client answers that a check has registered (RFC 7592 §2).

use super::registration::meaning;
use super::resource::{may_be_an_accident, second_counts};
use super::told::{Told, granted};
use super::{Halt, Stage};
use crate::check::step::{ConfigurationRequest, ConfigurationToken};
use crate::drive::probe::registered_clients::ClientConfiguration;
use crate::drive::probe::values;
use crate::observe::{Evidence, Exchange, Outcome, Place, meaning_of_status};
use crate::plan::Action;
use crate::secret::Secret;

/// Why nothing is asked.
const NOT_NAMED: &str = "the answer to a registration names no registration_client_uri on the origin of the issuer or of the target, with a registration_access_token";

impl Stage<'_> {
    /// Sends a request to the configuration endpoint of the first client that was registered and kept, once more where its answer may
    /// be an accident.
    ///
    /// # Errors
    /// When the answer to the registration names no such endpoint.
    pub(super) async fn configure(
        &mut self,
        action: &Action,
        request: ConfigurationRequest,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let Some(first) = self.registered.first() else { return Ok(()) };
        let Some(client) = first.clone() else {
            // the document and the registrations show nothing but that
            evidence.observations.clear();
            return Err(Halt::Inapplicable(NOT_NAMED.to_owned()));
        };
        let (ConfigurationRequest::Read(carried) | ConfigurationRequest::Remove(carried)) = request;
        let token = match carried {
            ConfigurationToken::Own => Some(client.token.expose().to_owned()),
            ConfigurationToken::Absent => None,
            ConfigurationToken::Unknown => Some(self.random.clone()),
            ConfigurationToken::OfOther => match self.registered.get(1).and_then(Option::as_ref) {
                Some(other) if other.token != client.token => Some(other.token.expose().to_owned()),
                _ => return Ok(()),
            },
        };
        let mut exchange = self.ask(request, &client, token.as_deref(), evidence).await;
        let (mut outcome, mut reproduced) = (meaning_of(request, &exchange), false);
        if may_be_an_accident(outcome) {
            let again = self.ask(request, &client, token.as_deref(), evidence).await;
            let second = meaning_of(request, &again);
            reproduced = outcome == second;
            if second_counts(outcome, second, false) {
                (exchange, outcome) = (again, second);
            }
        }
        if outcome == Outcome::Granted && request == ConfigurationRequest::Read(ConfigurationToken::Own) {
            self.follow_rotation(&client, &exchange);
        }
        let told = Told { outcome, ..granted(Some(exchange)) };
        told.observe_as(action, Place::Metadata, reproduced, evidence);
        Ok(())
    }

    /// A reading may give the client another token, which takes the place of the former one (RFC 7592 §3).
    fn follow_rotation(&mut self, client: &ClientConfiguration, exchange: &Exchange) {
        let token = exchange.response().and_then(|answer| answer.json_text("registration_access_token"));
        let token = token.filter(|token| token.bytes().all(|byte| byte.is_ascii_graphic())).map(Secret::new);
        if let Some(token) = token.filter(|token| *token != client.token) {
            let renewed = ClientConfiguration { url: client.url.clone(), token };
            self.prober.replace_registered(client, &renewed);
            self.registered[0] = Some(renewed);
        }
    }

    async fn ask(
        &self,
        request: ConfigurationRequest,
        client: &ClientConfiguration,
        token: Option<&str>,
        evidence: &mut Evidence,
    ) -> Exchange {
        let exchange = match request {
            ConfigurationRequest::Remove(ConfigurationToken::Own) => self.prober.remove_client(client).await,
            ConfigurationRequest::Remove(_) => self.prober.ask_configuration("DELETE", client, token).await,
            ConfigurationRequest::Read(_) => self.prober.ask_configuration("GET", client, token).await,
        };
        if let Some(answer) = exchange.response() {
            values::note_tokens(answer, evidence);
        }
        exchange
    }

    /// Removes the clients that were kept for this check.
    pub(super) async fn remove_registered(&mut self) {
        for client in std::mem::take(&mut self.registered).into_iter().flatten() {
            if self.prober.has_registered(&client) {
                self.prober.remove_client(&client).await;
            }
        }
    }
}

/// A client is read where a success names it, and removed by any success.
fn meaning_of(request: ConfigurationRequest, exchange: &Exchange) -> Outcome {
    match (request, exchange.response()) {
        (_, None) => Outcome::Silent,
        (ConfigurationRequest::Read(_), Some(_)) => meaning(exchange),
        (ConfigurationRequest::Remove(_), Some(answer)) if (200..300).contains(&answer.status) => Outcome::Granted,
        (ConfigurationRequest::Remove(_), Some(answer)) => meaning_of_status(answer.status),
    }
}
