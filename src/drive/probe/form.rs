//! Form posts to the endpoints of an authorization server, correct and not.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use url::Url;

use super::client_auth::Authentication;
use super::{Prober, values};
use crate::check::step::{Encoding, Endpoint, Fill, FormAuth, FormStep, Want};
use crate::drive::control::ControlError;
use crate::observe::{Evidence, Exchange, MULTIPART, Outcome, Request, Response, meaning_of_status, multipart};
use crate::plan::subject::{ClientAuthMethod, ClientCredential};
use crate::scheme::dpop::PROOF_FIELD;
use crate::secret::{Secret, is_secret_name};
use crate::target::address::{host_field, join};

/// A form with everything filled in.
pub(super) struct FilledForm<'a> {
    /// The step.
    pub(super) form: &'a FormStep,
    /// Parameters, beside those of client authentication.
    pub(super) params: Vec<(String, String)>,
    /// The assertion of a step that names one (RFC 7523 §2.2).
    pub(super) assertion: Option<String>,
    /// The origin of a step that names one.
    pub(super) origin: Option<String>,
}

impl Prober {
    /// Address of an endpoint.
    ///
    /// # Errors
    /// When the scenario has none, or it is no address.
    pub(super) fn endpoint(&self, endpoint: Endpoint) -> Result<Url, ControlError> {
        let server = self.subject().authorization_server.as_ref();
        let at = server.and_then(|server| match endpoint {
            Endpoint::Token => server.token.as_deref(),
            Endpoint::TokenAlias => server.token_alias.as_deref(),
            Endpoint::Introspection => server.introspection.as_deref(),
            Endpoint::Revocation => server.revocation.as_deref(),
        });
        let at = at.ok_or_else(|| ControlError::Unusable(format!("the scenario has no {endpoint:?} endpoint")))?;
        Ok(join(&self.equipment.base, at)?)
    }

    /// Composes and posts a form.
    ///
    /// # Errors
    /// When the scenario lacks what the form needs.
    pub(super) async fn post_form(
        &self,
        filled: FilledForm<'_>,
        evidence: &mut Evidence,
    ) -> Result<Exchange, ControlError> {
        let url = self.endpoint(filled.form.endpoint)?;
        let (form, params, origin) = (filled.form, filled.params.clone(), filled.origin.clone());
        let request = self.form_request(&url, filled, evidence)?;
        let mut exchange = self.send_at(&url, &request).await;
        if exchange.status() == Some(401)
            && let Some(other) = self.other_method(form)
        {
            let auth = if other == ClientAuthMethod::Post { FormAuth::Post } else { FormAuth::Basic };
            let form = FormStep { auth, ..*form };
            let request =
                self.form_request(&url, FilledForm { form: &form, params, assertion: None, origin }, evidence)?;
            let second = self.send_at(&url, &request).await;
            if meaning(form.endpoint, &second) == Outcome::Granted {
                self.methods.lock().unwrap_or_else(PoisonError::into_inner).insert(form.endpoint, other);
                exchange = second;
            }
        }
        if let Some(response) = exchange.response() {
            values::note_tokens(response, evidence);
        }
        Ok(exchange)
    }

    /// A request for a token by a client with this identifier and this secret, as the scenario's clients authenticate.
    ///
    /// # Errors
    /// When they authenticate without a secret.
    pub(super) fn token_request(&self, url: &Url, (id, secret): (&str, &str)) -> Result<Request, ControlError> {
        let client = ClientCredential::with_secret(id, Secret::new(secret));
        let Authentication { params: own, authorizations, connection, .. } =
            self.as_the_scenario_says(Endpoint::Token, &client)?;
        let mut params = vec![("grant_type".to_owned(), "client_credentials".to_owned())];
        params.extend(own);
        let server = self.subject().authorization_server.as_ref();
        params.extend(server.into_iter().flat_map(|server| server.token_params.iter().cloned()));
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let mut request = Request::new("POST", &format!("{}{query}", url.path()))
            .header("Host", host_field(url))
            .header("User-Agent", concat!("authbench/", env!("CARGO_PKG_VERSION")))
            .header("Accept", "application/json");
        for authorization in authorizations {
            request.push("Authorization", authorization, true);
        }
        request.connection = connection;
        Ok(request.with_body("application/x-www-form-urlencoded", pairs(&params)))
    }

    /// Adds what every token request of the scenario has: the scope that its client declares, and the parameters of the
    /// scheme. A step that has a parameter of that name, or leaves it out on purpose, is sent as it is (RFC 6749 §3.2: none
    /// comes twice).
    fn complete(&self, form: &FormStep, params: &mut Vec<(String, String)>) {
        let scope = self.client_for(form).ok().and_then(|client| client.scope);
        let usual = self.subject().authorization_server.iter().flat_map(|server| server.token_params.iter().cloned());
        for (name, value) in scope.map(|scope| ("scope".to_owned(), scope)).into_iter().chain(usual) {
            let of_step = form.params.iter().any(|(other, _)| *other == name);
            if !of_step && !params.iter().any(|(other, _)| *other == name) {
                params.push((name, value));
            }
        }
    }

    fn form_request(
        &self,
        url: &Url,
        filled: FilledForm<'_>,
        evidence: &mut Evidence,
    ) -> Result<Request, ControlError> {
        let proofs = self.proofs_of(url, &filled)?;
        let FilledForm { form, mut params, assertion, origin } = filled;
        let Authentication { params: own, mut query, authorizations, connection } =
            self.authenticate(form, assertion)?;
        params.extend(own);
        if form.endpoint.issues_tokens() {
            self.complete(form, &mut params);
        }
        if form.endpoint == Endpoint::Introspection && !form.unhinted && self.hint_needed.load(Ordering::Relaxed) {
            hint(&mut params);
        }
        for (name, value) in params.iter().chain(&query) {
            if is_secret_name(name) && !values::is_word_of(name, value) {
                values::note_text(value, evidence);
            }
        }
        let mut body = String::new();
        match form.encoding {
            Encoding::Form | Encoding::Mislabelled | Encoding::NoBoundary => body = pairs(&params),
            Encoding::AsItStands => body = as_it_stands(&params, form),
            Encoding::Query => query.splice(0..0, params).for_each(drop),
            Encoding::Json => body = json(&params),
            Encoding::Multipart => body = multipart(params.iter().map(|(name, value)| (name.as_str(), value.as_str()))),
        }
        let mut target = url.path().to_owned();
        let pairs_of_query = [url.query().unwrap_or_default().to_owned(), pairs(&query)];
        let joined: Vec<String> = pairs_of_query.into_iter().filter(|part| !part.is_empty()).collect();
        if !joined.is_empty() {
            target = format!("{target}?{}", joined.join("&"));
        }
        let mut request = Request::new(form.method, &target)
            .header("Host", host_field(url))
            .header("User-Agent", concat!("authbench/", env!("CARGO_PKG_VERSION")))
            .header("Accept", "application/json");
        for authorization in authorizations {
            values::note(authorization.as_bytes(), evidence);
            request.push("Authorization", authorization, true);
        }
        for proof in proofs {
            values::note(proof.as_bytes(), evidence);
            request.push(PROOF_FIELD, proof, true);
        }
        for (name, value) in form.headers {
            request.push(name, value, false);
        }
        if let Some(origin) = origin {
            request.headers.retain(|header| !header.name.eq_ignore_ascii_case("origin"));
            request.push("Origin", origin, false);
        }
        request.connection = connection;
        let media = match form.encoding {
            Encoding::Form | Encoding::Query | Encoding::AsItStands => "application/x-www-form-urlencoded",
            Encoding::Json => "application/json",
            Encoding::Multipart => MULTIPART,
            Encoding::Mislabelled => "text/plain",
            Encoding::NoBoundary => "multipart/form-data",
        };
        Ok(if form.method == "GET" { request } else { request.with_body(media, body) })
    }
}

/// A form as it should be.
pub(super) fn correct(endpoint: Endpoint) -> FormStep {
    FormStep {
        endpoint,
        auth: FormAuth::Good,
        headers: &[],
        origin: None,
        proof: None,
        params: &[] as &[(&str, Fill)],
        method: "POST",
        encoding: Encoding::Form,
        want: Want::Granted,
        id: None,
        description: None,
        times: 1,
        exhausts: false,
        optional: false,
        keep: None,
        unhinted: false,
    }
}

/// What an endpoint's answer means: a token, an introspection answer, or a success of the revocation endpoint is access.
pub(super) fn meaning(endpoint: Endpoint, exchange: &Exchange) -> Outcome {
    let Some(response) = exchange.response() else { return Outcome::Silent };
    let granted = match endpoint {
        Endpoint::Token | Endpoint::TokenAlias => response.status == 200 && carries(endpoint, response),
        Endpoint::Introspection => {
            response.status == 200 && response.json().is_some_and(|json| json.get("active").is_some())
        }
        // which success it is says nothing of the token
        Endpoint::Revocation => (200..300).contains(&response.status),
    };
    match meaning_of_status(response.status) {
        _ if granted => Outcome::Granted,
        // a refusal that carries what was asked for is none
        Outcome::Refused if carries(endpoint, response) => Outcome::Unclear,
        meaning => meaning,
    }
}

/// Whether an answer carries a token, or says of one that it is active, whatever its status.
fn carries(endpoint: Endpoint, response: &Response) -> bool {
    match endpoint {
        Endpoint::Token | Endpoint::TokenAlias => {
            response.json_text("access_token").is_some_and(|token| !token.is_empty())
        }
        Endpoint::Introspection => response.json().is_some_and(|json| json.get("active") == Some(&true.into())),
        Endpoint::Revocation => false,
    }
}

/// Says that the token is an access token (RFC 7662 §2.1), where nothing else is said of it.
pub(super) fn hint(params: &mut Vec<(String, String)>) {
    if !params.iter().any(|(name, _)| name == "token_type_hint") {
        params.push(("token_type_hint".to_owned(), "access_token".to_owned()));
    }
}

fn pairs(params: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish()
}

/// A form in which the values of the step are not encoded.
fn as_it_stands(params: &[(String, String)], form: &FormStep) -> String {
    let of_step = |name: &str| form.params.iter().any(|(own, _)| *own == name);
    let written = params.iter().map(|(name, value)| match of_step(name) {
        true => format!("{name}={value}"),
        false => pairs(&[(name.clone(), value.clone())]),
    });
    written.collect::<Vec<_>>().join("&")
}

fn json(params: &[(String, String)]) -> String {
    let members = params.iter().map(|(name, value)| (name.clone(), serde_json::Value::from(value.as_str())));
    serde_json::Value::Object(members.collect()).to_string()
}
