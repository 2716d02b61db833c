//! Registrations of clients at the endpoint that metadata name (RFC 7591), and what removes them again (RFC 7592).

use serde_json::Value;
use url::Url;

use super::resource::{may_be_an_accident, second_counts};
use super::told::{Told, granted};
use super::{Halt, Stage};
use crate::check::step::ClientRegistration;
use crate::drive::probe::registered_clients::{ClientConfiguration, request_to};
use crate::drive::probe::values;
use crate::observe::{Evidence, Exchange, Outcome, Place, Request, Response, meaning_of_status};
use crate::plan::Action;
use crate::secret::Secret;

/// The member of metadata that names where clients register (RFC 8414 §2).
const ENDPOINT: &str = "registration_endpoint";
/// Why nobody is registered.
const NOT_NAMED: &str = "the metadata name no registration_endpoint";
/// The same where asking would be asking somebody else.
const ELSEWHERE: &str = "the registration_endpoint is neither on the origin of the issuer nor on that of the target";

impl Stage<'_> {
    /// Sends a registration, once more where its answer may be an accident. Where no document came, nothing is sent, and the check says so.
    ///
    /// # Errors
    /// When a document came and names no endpoint that is asked.
    pub(super) async fn register_client(
        &mut self,
        action: &Action,
        registration: ClientRegistration,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let mut documents = evidence.observations.iter().filter(|seen| seen.outcome == Outcome::Granted);
        let metadata = documents.find_map(|seen| seen.exchange.response()?.json());
        let Some(metadata) = metadata else { return Ok(()) };
        let Some(url) = self.named_near(ENDPOINT, evidence) else {
            // the whole document shows nothing but that
            evidence.observations.clear();
            let is_named = metadata.get(ENDPOINT).is_some();
            return Err(Halt::Inapplicable(if is_named { ELSEWHERE } else { NOT_NAMED }.to_owned()));
        };
        if registration == ClientRegistration::ForItself {
            let registered = Box::pin(self.register_for_itself(action, (&metadata, &url), evidence)).await;
            if matches!(registered, Err(Halt::Inapplicable(_))) {
                // the document shows nothing but that
                evidence.observations.clear();
            }
            return registered;
        }
        let body = registration.body(&metadata);
        let request = request_to("POST", &url).with_body("application/json", body);
        let keeps = registration == ClientRegistration::Kept;
        let mut exchange = self.post_registration((&url, &request), keeps, evidence).await;
        let (mut outcome, mut reproduced) = (meaning(&exchange), false);
        if may_be_an_accident(outcome) {
            let again = self.post_registration((&url, &request), keeps, evidence).await;
            let second = meaning(&again);
            reproduced = outcome == second;
            if second_counts(outcome, second, false) {
                (exchange, outcome) = (again, second);
            }
        }
        let told = Told { outcome, ..granted(Some(exchange)) };
        told.observe_as(action, Place::Metadata, reproduced, evidence);
        Ok(())
    }

    /// Sends a registration, whose client is removed at once, or kept until the check ends.
    async fn post_registration(
        &mut self,
        (url, request): (&Url, &Request),
        keeps: bool,
        evidence: &mut Evidence,
    ) -> Exchange {
        let exchange = self.prober.send_at(url, request).await;
        if let Some(answer) = exchange.response() {
            values::note_tokens(answer, evidence);
            let client = self.note_client(answer, evidence);
            match client {
                client if keeps && meaning(&exchange) == Outcome::Granted => self.registered.push(client),
                Some(client) => drop(self.prober.remove_client(&client).await),
                None => {}
            }
        }
        exchange
    }

    /// The client that an answer registers, where it says how that is read and removed (RFC 7592 §3): noted, so that it is removed
    /// whatever happens.
    pub(super) fn note_client(&self, answer: &Response, evidence: &Evidence) -> Option<ClientConfiguration> {
        let (address, token) =
            (answer.json_text("registration_client_uri")?, answer.json_text("registration_access_token")?);
        let is_header_value = token.bytes().all(|byte| byte.is_ascii_graphic());
        let url = address.parse().ok().filter(|url| self.is_near(url));
        // a client of somebody else is not removed: the address is that of the new one alone
        let is_of_endpoint = |url: &Url| self.named_near(ENDPOINT, evidence).as_ref() != Some(url);
        let url = url.filter(|url| is_header_value && is_of_endpoint(url))?;
        let client = ClientConfiguration { url, token: Secret::new(token) };
        self.prober.note_registered(&client);
        Some(client)
    }
}

/// A client is registered where a success names it (RFC 7591 §3.2.1).
pub(super) fn meaning(exchange: &Exchange) -> Outcome {
    let Some(answer) = exchange.response() else { return Outcome::Silent };
    let names_client = || {
        let id = answer.json().and_then(|json| json.get("client_id").cloned());
        id.is_some_and(|id| !matches!(id.as_str(), Some("")) && id != Value::Null)
    };
    match answer.status {
        200..=299 if names_client() => Outcome::Granted,
        status => meaning_of_status(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Silence;

    fn answered(status: u16, body: &str) -> Exchange {
        let answer = Response { status, headers: Vec::new(), body: body.as_bytes().to_vec(), truncated: false };
        Exchange { answer: Ok(answer), ..Exchange::unanswered(Request::new("POST", "/"), Silence::Closed) }
    }

    #[test]
    fn a_success_that_names_a_client_is_a_registration() {
        for (status, body, expected) in [
            (201, r#"{"client_id":"a"}"#, Outcome::Granted),
            (200, r#"{"client_id":"a"}"#, Outcome::Granted),
            (201, r#"{"client_id":""}"#, Outcome::Unclear),
            (201, r#"{"client_id":null}"#, Outcome::Unclear),
            (201, "created", Outcome::Unclear),
            (200, r#"{"error":"invalid_redirect_uri"}"#, Outcome::Unclear),
            (302, "", Outcome::Unclear),
            (400, r#"{"client_id":"a"}"#, Outcome::Refused),
            (401, "", Outcome::Refused),
            (429, "", Outcome::Unclear),
            (500, "", Outcome::Broke),
        ] {
            assert_eq!(meaning(&answered(status, body)), expected, "{status} {body}");
        }
    }

    #[test]
    fn what_a_registration_hands_out_is_noted_as_secret() {
        let body = r#"{"client_id":"c-4f1d5a7e90","client_secret":"s-7b1d9c0e55aa","registration_access_token":"r-0c9e51d7ab42"}"#;
        let mut evidence = Evidence::default();
        values::note_tokens(answered(201, body).response().unwrap(), &mut evidence);
        let noted: Vec<&str> = evidence.sent_secrets.iter().map(|secret| secret.expose()).collect();
        assert_eq!(noted, ["s-7b1d9c0e55aa", "r-0c9e51d7ab42"]);
    }
}
