//! Clients that anybody registers for themselves (RFC 7591 §3), and what their tokens open.

use serde_json::Value;
use url::Url;

use super::registration::meaning;
use super::told::{Told, granted};
use super::{Halt, Stage};
use crate::check::step::{ClientRegistration, Endpoint};
use crate::drive::control::Token;
use crate::drive::login::HeldCredential;
use crate::drive::probe::client_auth::{basic, in_form};
use crate::drive::probe::form;
use crate::drive::probe::registered_clients::request_to;
use crate::drive::probe::values;
use crate::observe::{Asked, Evidence, Observation, Outcome, Place, Response};
use crate::plan::Action;
use crate::plan::subject::ClientCredential;
use crate::scheme::Proof;
use crate::secret::Secret;

/// Resources that are tried.
const MOST: usize = 4;
/// The grant of clients that act for themselves (RFC 6749 §4.4).
const GRANT: &str = "client_credentials";

/// Why nobody is registered.
const NO_GRANT: &str =
    "the metadata offer no client_credentials grant: a client that anybody registers can act for users alone";
const NO_ENDPOINT: &str = "the metadata name no token_endpoint on the origin of the issuer or of the target";
const NO_SCOPE: &str =
    "no protected resource that is read has `scopes`: whoever registers a client may be meant to read them";
const BOUND: &str = "the tokens of the scheme are bound to keys: the client that registers would need one of its own";

impl Stage<'_> {
    /// Registers a client for itself, has it obtain a token with the scopes that resources need, and uses that.
    pub(super) async fn register_for_itself(
        &mut self,
        action: &Action,
        (metadata, url): (&Value, &Url),
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let prober = self.prober;
        let subject = prober.subject();
        let needs_scope = |at: &usize| !subject.resources[*at].writes && !subject.resources[*at].scopes.is_empty();
        let tried: Vec<usize> = subject.protected().filter(needs_scope).take(MOST).collect();
        let offers = metadata.get("grant_types_supported").and_then(Value::as_array);
        let token_endpoint = self.named_near("token_endpoint", evidence);
        let lacks = match &token_endpoint {
            _ if offers.is_some_and(|grants| !grants.iter().any(|grant| grant == GRANT)) => Some(NO_GRANT),
            _ if tried.is_empty() => Some(NO_SCOPE),
            _ if prober.equipment.control.bindings().is_some() => Some(BOUND),
            None => Some(NO_ENDPOINT),
            Some(_) => None,
        };
        let (Some(token_endpoint), None) = (token_endpoint, lacks) else {
            return Err(Halt::Inapplicable(lacks.unwrap_or(NO_ENDPOINT).to_owned()));
        };
        // one scope that nobody may have is a reason to refuse all of them
        let together = std::iter::once(tried.clone()).chain(tried.iter().map(|at| vec![*at]));
        let mut asked: Vec<String> = Vec::new();
        for resources in together {
            let mut scopes: Vec<&str> =
                resources.iter().flat_map(|at| &subject.resources[*at].scopes).map(String::as_str).collect();
            scopes.sort_unstable();
            scopes.dedup();
            let scope = scopes.join(" ");
            if asked.contains(&scope) {
                continue;
            }
            let from = evidence.observations.len();
            let asks = (metadata, url, &token_endpoint);
            self.registered_with(action, asks, (&scope, &resources), evidence).await;
            let opened =
                |seen: &Observation| matches!(seen.place, Place::Resource(_)) && seen.outcome == Outcome::Granted;
            if evidence.observations[from..].iter().any(opened) {
                break;
            }
            asked.push(scope);
        }
        Ok(())
    }

    /// Registers a client with a scope, uses it, and removes it where the answer says how.
    async fn registered_with(
        &self,
        action: &Action,
        (metadata, url, token_endpoint): (&Value, &Url, &Url),
        (scope, tried): (&str, &[usize]),
        evidence: &mut Evidence,
    ) {
        let prober = self.prober;
        let mut members: Value =
            serde_json::from_str(&ClientRegistration::ForItself.body(metadata)).unwrap_or_default();
        members["scope"] = scope.into();
        let request = request_to("POST", url).with_body("application/json", members.to_string());
        let exchange = prober.send_at(url, &request).await;
        if let Some(answer) = exchange.response() {
            values::note_tokens(answer, evidence);
        }
        let outcome = meaning(&exchange);
        Told { outcome, ..granted(Some(exchange.clone())) }.observe(action, Place::Metadata, evidence);
        let Some(answer) = exchange.response().filter(|_| outcome == Outcome::Granted) else { return };
        let configuration = self.note_client(answer, evidence);
        if let Some((client, in_body)) = registered(answer) {
            // what is registered may be less than was asked for (RFC 7591 §3.2.1)
            let scope = answer.json_text("scope").unwrap_or_else(|| scope.to_owned());
            self.use_as_itself(action, (&client, in_body), (token_endpoint, &scope, tried), evidence).await;
        }
        if let Some(client) = configuration {
            prober.remove_client(&client).await;
        }
    }

    /// Has such a client ask for a token, with the scopes and without any, and reads resources with it.
    async fn use_as_itself(
        &self,
        action: &Action,
        (client, in_body): (&ClientCredential, bool),
        (url, scope, tried): (&Url, &str, &[usize]),
        evidence: &mut Evidence,
    ) {
        let mut token = None;
        for scope in [Some(scope), None] {
            let exchange = self.prober.send_at(url, &token_request(url, client, in_body, scope)).await;
            if let Some(answer) = exchange.response() {
                values::note_tokens(answer, evidence);
            }
            let outcome = form::meaning(Endpoint::Token, &exchange);
            token = exchange.response().filter(|_| outcome == Outcome::Granted).and_then(token_in);
            Told { outcome, ..granted(Some(exchange)) }.observe(action, Place::Token, evidence);
            if token.is_some() || outcome != Outcome::Refused {
                break;
            }
        }
        let Some(token) = token else { return };
        let held = HeldCredential::given(Proof::Token(token.value));
        for at in tried {
            let request = self.prober.good_request(&held, *at, evidence).await;
            let exchange = self.prober.send_to(*at, &request).await;
            let reading = self.prober.read(*at, &exchange, &Asked::default()).await;
            let told = Told { outcome: reading.outcome, why: reading.why, ..granted(Some(exchange)) };
            told.observe(action, Place::Resource(*at), evidence);
        }
    }
}

/// The client that an answer registers, where it has a secret, and whether it sends that in the body (RFC 7591 §3.2.1).
fn registered(answer: &Response) -> Option<(ClientCredential, bool)> {
    let (id, secret) = (answer.json_text("client_id")?, answer.json_text("client_secret")?);
    let in_body = answer.json_text("token_endpoint_auth_method").is_some_and(|method| method == "client_secret_post");
    Some((ClientCredential::with_secret(&id, Secret::new(secret)), in_body))
}

fn token_request(url: &Url, client: &ClientCredential, in_body: bool, scope: Option<&str>) -> crate::observe::Request {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", GRANT);
    form.extend_pairs(scope.map(|scope| ("scope", scope)));
    if in_body {
        form.extend_pairs(in_form(client));
    }
    let mut request = request_to("POST", url);
    if !in_body {
        request.push("Authorization", basic(client), true);
    }
    request.with_body("application/x-www-form-urlencoded", form.finish())
}

fn token_in(answer: &Response) -> Option<Token> {
    let value = Secret::new(answer.json_text("access_token")?);
    (!value.has_control_characters()).then(|| Token::endless(value))
}
