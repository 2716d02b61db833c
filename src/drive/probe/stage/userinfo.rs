//! The UserInfo endpoint of an OpenID provider (OpenID Connect Core 1.0, section 5.3), and logins that do not ask for what it has.

use serde_json::Value;
use url::Url;

use super::resource::{may_be_an_accident, second_counts};
use super::told::{Told, granted};
use super::{Halt, Stage};
use crate::drive::probe::registered_clients::request_to;
use crate::observe::{Evidence, Exchange, Observation, Outcome, Place, meaning_of_status};
use crate::plan::Action;

/// The member of metadata that names it (OpenID Connect Discovery 1.0, section 3).
const ENDPOINT: &str = "userinfo_endpoint";
/// Why nobody is asked.
const NOT_NAMED: &str = "the metadata name no userinfo_endpoint";
/// The same where asking would be asking somebody else.
const ELSEWHERE: &str = "the userinfo_endpoint is neither on the origin of the issuer nor on that of the target";

impl Stage<'_> {
    pub(super) async fn log_in_without_openid(
        &mut self,
        identity: usize,
        slot: &'static str,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let (_, procedure) = self.login_of(identity)?;
        let changed = procedure.without_openid();
        let changed = changed.ok_or_else(|| Halt::Untestable("the login does not ask for openid".to_owned()))?;
        let needs_id_token = changed.needs_id_token_to_log_out();
        let told = self.log_in_changed((identity, changed), slot, evidence).await?;
        if let Some(kept) = self.sessions.get_mut(slot).filter(|_| needs_id_token) {
            // without `openid` it has none: that it cannot be logged out is no mistake of the scenario
            kept.session.may_have_ended();
        }
        Ok(told)
    }

    /// Sends the token of a slot to the UserInfo endpoint, once more where the answer may be an accident. Where no document came, or no
    /// login, nothing is sent, and the check says so.
    ///
    /// # Errors
    /// When a document came and names no endpoint that is asked.
    pub(super) async fn ask_userinfo(
        &mut self,
        action: &Action,
        slot: &'static str,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let (Some(metadata), Some(kept)) = (metadata_of(evidence), self.slots.get(slot)) else { return Ok(()) };
        let Some(url) = self.named_near(ENDPOINT, evidence) else {
            let is_named = metadata.get(ENDPOINT).is_some();
            return Err(Halt::Inapplicable(if is_named { ELSEWHERE } else { NOT_NAMED }.to_owned()));
        };
        let token = kept.token.value.expose().to_owned();
        let mut exchange = self.sent_to_userinfo(&url, &token).await;
        let (mut outcome, mut reproduced) = (meaning(&exchange), false);
        if may_be_an_accident(outcome) {
            let again = self.sent_to_userinfo(&url, &token).await;
            let second = meaning(&again);
            reproduced = outcome == second;
            if second_counts(outcome, second, false) {
                (exchange, outcome) = (again, second);
            }
        }
        let told = Told { outcome, ..granted(Some(exchange)) };
        told.observe_as(action, Place::Login, reproduced, evidence);
        Ok(())
    }

    async fn sent_to_userinfo(&self, url: &Url, token: &str) -> Exchange {
        let request = request_to("GET", url).credential_header("Authorization", format!("Bearer {token}"));
        self.prober.send_at(url, &request).await
    }
}

/// The document of the issuer, where one came: an error with a body of JSON names nothing.
fn metadata_of(evidence: &Evidence) -> Option<Value> {
    let is_document = |seen: &&Observation| seen.place == Place::Metadata && seen.outcome == Outcome::Granted;
    evidence.observations.iter().filter(is_document).find_map(|seen| seen.exchange.response()?.json())
}

/// Claims of a user are what a success has: as JSON, whose `sub` is always there, or signed or encrypted as a JWT (section 5.3.2).
fn meaning(exchange: &Exchange) -> Outcome {
    let Some(answer) = exchange.response() else { return Outcome::Silent };
    let is_jwt =
        || answer.header("content-type").is_some_and(|media| media.to_ascii_lowercase().contains("application/jwt"));
    let names_user = || answer.json().is_some_and(|json| json.get("sub").is_some_and(Value::is_string));
    match answer.status {
        200 if names_user() || is_jwt() => Outcome::Granted,
        status => meaning_of_status(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{Request, Response, Silence};

    fn answer(status: u16, media: &str, body: &str) -> Exchange {
        let headers = vec![("Content-Type".to_owned(), media.as_bytes().to_vec())];
        let answer = Response { status, headers, body: body.as_bytes().to_vec(), truncated: false };
        Exchange { answer: Ok(answer), ..Exchange::unanswered(Request::new("GET", "/"), Silence::Closed) }
    }

    #[test]
    fn a_document_that_came_names_the_endpoint() {
        for (status, outcome, is_document) in
            [(200, Outcome::Granted, true), (404, Outcome::Refused, false), (500, Outcome::Broke, false)]
        {
            let mut evidence = Evidence::default();
            let seen = Observation::in_test(0, answer(status, "application/json", "{}"), outcome);
            evidence.observe(Observation { place: Place::Metadata, ..seen });
            assert_eq!(metadata_of(&evidence).is_some(), is_document, "{status}");
        }
    }

    #[test]
    fn claims_of_a_user_are_a_grant() {
        for (status, media, body, expected) in [
            (200, "application/json", r#"{"sub":"alice"}"#, Outcome::Granted),
            (200, "application/jwt", "a.b.c", Outcome::Granted),
            (200, "application/json", r#"{"error":"insufficient_scope"}"#, Outcome::Unclear),
            (200, "text/html", "log in", Outcome::Unclear),
            (401, "application/json", r#"{"sub":"alice"}"#, Outcome::Refused),
            (403, "text/plain", "", Outcome::Refused),
            (500, "text/plain", "", Outcome::Broke),
        ] {
            assert_eq!(meaning(&answer(status, media, body)), expected, "{status} {media} {body}");
        }
    }
}
