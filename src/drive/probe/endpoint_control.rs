//! Controls of the endpoints of an authorization server: the same endpoint, the same client, correctly authenticated.

use std::sync::atomic::Ordering;

use super::client_auth::unusable;
use super::form::{FilledForm, correct, hint, meaning};
use super::{Prober, unobtainable};
use crate::check::step::{Endpoint, FormAuth, FormStep};
use crate::drive::control::{ControlError, NONCES};
use crate::observe::{ControlRun, Description, Evidence, Outcome, Response};
use crate::plan::Control;
use crate::plan::subject::ClientAuthMethod;
use crate::secret::Secret;

/// A token that nobody issued.
const UNKNOWN_TOKEN: &str = "authbench-no-such-token";

impl Prober {
    pub(super) async fn endpoint_control(
        &self,
        endpoint: Endpoint,
        auth: FormAuth,
        closing: bool,
        evidence: &mut Evidence,
    ) -> ControlRun {
        let form = FormStep { auth, ..correct(endpoint) };
        let description = self.described(&form);
        // a resource server of another audience proves with any answer that the endpoint lets it ask
        let active_wanted = endpoint == Endpoint::Introspection && auth != FormAuth::ForeignResourceServer;
        let (mut asked, mut renewed, mut hinted) = (0, false, false);
        loop {
            let mut filled = match self.filled(&form).await {
                Ok(filled) => filled,
                Err(error) => return unobtainable(description, closing, &error),
            };
            if hinted {
                hint(&mut filled.params);
            }
            let token = filled.params.first().map(|(_, token)| Secret::new(token.as_str()));
            let exchange = match self.post_form(filled, evidence).await {
                Ok(exchange) if asked < NONCES && self.asks_again(&form, &exchange) => {
                    asked += 1;
                    continue;
                }
                Ok(exchange) => exchange,
                Err(error) => return unobtainable(description, closing, &error),
            };
            let mut outcome = meaning(endpoint, &exchange);
            if active_wanted && outcome == Outcome::Granted && !exchange.response().is_some_and(is_active) {
                outcome = Outcome::Refused;
                // some servers give a client one token as long as it lives, and a step may have revoked that one
                if let (Some(client), Some(token), false) = (self.good_client(), token, renewed) {
                    self.equipment.control.forget_token(&client, &token).await;
                    renewed = true;
                    continue;
                }
                // what is found with a hint alone is for `introspect.active-response` to say, and the others go on
                if auth == FormAuth::Good && !hinted && !self.hint_needed.load(Ordering::Relaxed) {
                    hinted = true;
                    continue;
                }
            } else if hinted && outcome == Outcome::Granted && self.is_hidden_without_hint(&form, evidence).await {
                self.hint_needed.store(true, Ordering::Relaxed);
            }
            return ControlRun { credential: None, description, closing, exchange, outcome, was_accepted: false };
        }
    }

    /// Whether the token that a hint has just found is inactive without one: what takes some time to be found is found by now.
    async fn is_hidden_without_hint(&self, form: &FormStep, evidence: &mut Evidence) -> bool {
        let Ok(filled) = self.filled(form).await else { return false };
        let answered = self.post_form(filled, evidence).await;
        answered.is_ok_and(|exchange| exchange.response().is_some_and(|answer| !is_active(answer)))
    }

    /// Why a check shows nothing that is about a way to send a secret which the client does not use: the target refuses it in that
    /// way, and takes it as the scenario says (RFC 7591 §2: a client is registered for one). None where it is refused in that way too.
    pub(super) async fn refuses_the_method(
        &self,
        control: Control,
        run: &ControlRun,
        evidence: &mut Evidence,
    ) -> Option<String> {
        let Control::Endpoint { endpoint, auth } = control else { return None };
        let client = self.client_for(&FormStep { auth, ..correct(endpoint) }).ok()?;
        let own = self.method_at(endpoint, &client);
        let is_other = match auth {
            FormAuth::Basic => own != ClientAuthMethod::Basic,
            FormAuth::Post => own != ClientAuthMethod::Post,
            _ => false,
        };
        let error = run.exchange.response().and_then(|response| response.json_text("error"));
        let is_of_client = error.is_none_or(|error| ["invalid_client", "unauthorized_client"].contains(&&*error));
        if !is_other || run.outcome != Outcome::Refused || !is_of_client {
            return None;
        }
        let good = self.endpoint_control(endpoint, FormAuth::Good, false, evidence).await;
        (good.outcome == Outcome::Granted).then(|| {
            let refused = self.method_of(&FormStep { auth, ..correct(endpoint) });
            let by = own.described();
            format!(
                "the target refuses the client `{}` by {refused}, also with its right secret, and takes it by {by}, as the scenario says",
                client.id
            )
        })
    }

    /// What is sent, with the client and how it authenticates.
    fn described(&self, form: &FormStep) -> Description {
        let client =
            self.client_for(form).map_or_else(|_| "the client".to_owned(), |client| format!("`{}`", client.id));
        let method = self.method_of(form);
        Description::new(match form.endpoint {
            Endpoint::TokenAlias => {
                format!("client {client} obtains a token at the alias of the token endpoint, authenticated by {method}")
            }
            Endpoint::Token => format!("client {client} obtains a token, authenticated by {method}"),
            Endpoint::Introspection if form.auth == FormAuth::ForeignResourceServer => {
                format!("client {client} introspects an unknown token, authenticated by {method}")
            }
            Endpoint::Introspection => format!("client {client} introspects a live token, authenticated by {method}"),
            Endpoint::Revocation => format!("client {client} revokes a token of its own, authenticated by {method}"),
        })
    }

    fn method_of(&self, form: &FormStep) -> &'static str {
        match (form.auth, self.client_for(form)) {
            (FormAuth::Basic, _) => "HTTP Basic",
            (FormAuth::Post, _) => "body parameters",
            (FormAuth::Assertion, _) => "a signed assertion",
            (_, Ok(client)) => self.method_at(form.endpoint, &client).described(),
            (_, Err(_)) => "nothing",
        }
    }

    async fn filled<'a>(&self, form: &'a FormStep) -> Result<FilledForm<'a>, ControlError> {
        let param = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let params = match form.endpoint {
            Endpoint::Token | Endpoint::TokenAlias => vec![param("grant_type", "client_credentials")],
            Endpoint::Introspection if form.auth == FormAuth::ForeignResourceServer => {
                vec![param("token", UNKNOWN_TOKEN)]
            }
            Endpoint::Introspection => {
                let client = self.good_client().ok_or_else(|| ControlError::Unusable("no client".to_owned()))?;
                vec![param("token", self.equipment.control.current(&client).await?.value.expose())]
            }
            Endpoint::Revocation => {
                let client = self.client_for(form)?;
                vec![param("token", self.equipment.control.obtain(&client, None).await?.value.expose())]
            }
        };
        let assertion = match form.auth {
            FormAuth::Assertion => Some(self.assertions().and_then(|made| made.fresh().map_err(unusable))?),
            _ => None,
        };
        Ok(FilledForm { form, params, assertion, origin: None })
    }
}

/// Whether an introspection answer lets the token pass. A server that spells `true` as text does: whether it may is for a
/// check to say.
pub(super) fn is_active(response: &Response) -> bool {
    let Some(active) = response.json().and_then(|json| json.get("active").cloned()) else { return false };
    active == serde_json::Value::Bool(true) || active == "true" || active == serde_json::json!(1)
}
