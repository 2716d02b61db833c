//! Form posts to the endpoints of an authorization server, sound and unsound.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::compose::host_of;
use super::{Prober, unobtainable, values};
use crate::check::step::{ClientAuth, Encoding, Endpoint, Fill, Form, Want};
use crate::drive::control::{ControlError, join};
use crate::observe::{ControlRun, Evidence, Exchange, Outcome, Request};
use crate::plan::subject::{ClientAuthMethod, ClientSecret};

/// What stands for a secret that is wrong.
const WRONG_SECRET: &str = "not-the-secret-of-this-client";
/// An identifier that no client has.
const UNKNOWN_CLIENT: &str = "authbench-no-such-client";

/// A form with everything filled in.
pub(super) struct FilledForm<'a> {
    /// The step.
    pub(super) form: &'a Form,
    /// Parameters, beside those of client authentication.
    pub(super) params: Vec<(String, String)>,
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
            Endpoint::Introspection => server.introspection.as_deref(),
            Endpoint::Revocation => server.revocation.as_deref(),
        });
        let at = at.ok_or_else(|| ControlError::Unusable(format!("the scenario has no {endpoint:?} endpoint")))?;
        join(&self.equipment.base, at)
    }

    /// The client of the first identity that may use the main resource.
    pub(super) fn good_client(&self) -> Option<ClientSecret> {
        let subject = self.subject();
        let good = subject.main_resource().and_then(|resource| subject.good_for(resource))?;
        subject.identities[good].client()
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
        let request = self.form_request(&url, filled, evidence)?;
        let exchange = self.send_at(&url, &request).await;
        if let Some(response) = exchange.response() {
            values::note_tokens(response, evidence);
        }
        Ok(exchange)
    }

    fn form_request(
        &self,
        url: &Url,
        filled: FilledForm<'_>,
        evidence: &mut Evidence,
    ) -> Result<Request, ControlError> {
        let FilledForm { form, mut params } = filled;
        let mut query: Vec<(String, String)> = Vec::new();
        let mut authorizations = Vec::new();
        self.authenticate(form, &mut params, &mut query, &mut authorizations)?;
        if let Some(server) = self.subject().authorization_server.as_ref().filter(|_| form.endpoint == Endpoint::Token)
        {
            params.extend(server.token_params.iter().cloned());
        }
        for (name, value) in params.iter().chain(&query) {
            if matches!(name.as_str(), "token" | "client_secret" | "refresh_token" | "client_assertion") {
                values::note_text(value, evidence);
            }
        }
        let mut body = String::new();
        match form.encoding {
            Encoding::Form | Encoding::Mislabelled => body = pairs(&params),
            Encoding::Query => query.splice(0..0, params).for_each(drop),
            Encoding::Json => body = json(&params),
            Encoding::Multipart => body = multipart(&params),
        }
        let mut target = url.path().to_owned();
        let pairs_of_query = [url.query().unwrap_or_default().to_owned(), pairs(&query)];
        let joined: Vec<String> = pairs_of_query.into_iter().filter(|part| !part.is_empty()).collect();
        if !joined.is_empty() {
            target = format!("{target}?{}", joined.join("&"));
        }
        let mut request = Request::new(form.method, &target)
            .header("Host", host_of(url))
            .header("User-Agent", concat!("authbench/", env!("CARGO_PKG_VERSION")))
            .header("Accept", "application/json");
        for authorization in authorizations {
            values::note(authorization.as_bytes(), evidence);
            request.push("Authorization", authorization, true);
        }
        let media = match form.encoding {
            Encoding::Form | Encoding::Query => "application/x-www-form-urlencoded",
            Encoding::Json => "application/json",
            Encoding::Multipart => "multipart/form-data; boundary=authbench-boundary",
            Encoding::Mislabelled => "text/plain",
        };
        Ok(if form.method == "GET" { request } else { request.with_body(media, body) })
    }

    fn authenticate(
        &self,
        form: &Form,
        params: &mut Vec<(String, String)>,
        query: &mut Vec<(String, String)>,
        authorizations: &mut Vec<String>,
    ) -> Result<(), ControlError> {
        let client = self.client_for(form)?;
        let wrong = |id: &str| ClientSecret {
            id: id.to_owned(),
            secret: crate::secret::Secret::new(WRONG_SECRET),
            scope: None,
        };
        let method = self.subject().authorization_server.as_ref().map(|server| server.client_auth);
        match form.auth {
            ClientAuth::None => {}
            ClientAuth::IdOnly | ClientAuth::Public => params.push(("client_id".to_owned(), client.id)),
            ClientAuth::Basic | ClientAuth::Special => authorizations.push(basic(&client)),
            ClientAuth::SpecialRaw => authorizations.push(raw_basic(&client.id, client.secret.expose())),
            ClientAuth::Post => in_form(&client, params),
            ClientAuth::Line(line) => authorizations.push(line.to_owned()),
            ClientAuth::OtherSecret(secret) => {
                authorizations.push(basic(&ClientSecret { secret: crate::secret::Secret::new(secret), ..client }));
            }
            ClientAuth::WrongBasic => authorizations.push(basic(&wrong(&client.id))),
            ClientAuth::ExpendableWrong => authorizations.push(basic(&wrong(&client.id))),
            ClientAuth::WrongPost => in_form(&wrong(&client.id), params),
            ClientAuth::UnknownClient => authorizations.push(basic(&wrong(UNKNOWN_CLIENT))),
            ClientAuth::WrongBearer => authorizations.push("Bearer authbench-no-such-token".to_owned()),
            ClientAuth::InQuery => in_form(&client, query),
            ClientAuth::Both => {
                authorizations.push(basic(&client));
                in_form(&client, params);
            }
            ClientAuth::BothBodyWrong => {
                authorizations.push(basic(&client));
                in_form(&wrong(&client.id), params);
            }
            ClientAuth::Contradicting => {
                authorizations.push(basic(&client));
                params.push(("client_id".to_owned(), UNKNOWN_CLIENT.to_owned()));
            }
            ClientAuth::TwoHeaders => authorizations.extend([basic(&client), basic(&client)]),
            ClientAuth::Good
            | ClientAuth::Second
            | ClientAuth::LowScope
            | ClientAuth::WithoutGrant
            | ClientAuth::ForeignResourceServer => match method {
                Some(ClientAuthMethod::Post) => in_form(&client, params),
                _ => authorizations.push(basic(&client)),
            },
        }
        Ok(())
    }

    fn client_for(&self, form: &Form) -> Result<ClientSecret, ControlError> {
        let material = &self.subject().material;
        let found = match form.auth {
            ClientAuth::Public => material.public_client_id.clone().map(|id| ClientSecret {
                id,
                secret: crate::secret::Secret::new(String::new()),
                scope: None,
            }),
            ClientAuth::ExpendableWrong => material.expendable_client_id.clone().map(|id| ClientSecret {
                id,
                secret: crate::secret::Secret::new(String::new()),
                scope: None,
            }),
            ClientAuth::WithoutGrant => material.client_without_grant.clone(),
            ClientAuth::Special | ClientAuth::SpecialRaw => material.special_client.clone(),
            ClientAuth::ForeignResourceServer => material.foreign_introspection_client.clone(),
            ClientAuth::Second => self.second_client(),
            ClientAuth::LowScope => {
                self.subject().scope_gap(None).and_then(|gap| self.subject().identities[gap.low].client())
            }
            _ if form.endpoint == Endpoint::Introspection => {
                material.introspection_client.clone().or_else(|| self.good_client())
            }
            _ => self.good_client(),
        };
        found.ok_or_else(|| ControlError::Unusable("the scenario has no client that fits".to_owned()))
    }

    fn second_client(&self) -> Option<ClientSecret> {
        let subject = self.subject();
        let good = subject.main_resource().and_then(|resource| subject.good_for(resource))?;
        subject.identities[subject.second_client(good)?].client()
    }

    pub(super) async fn token_control(&self, closing: bool, evidence: &mut Evidence) -> ControlRun {
        let label = "the good client obtains a token".to_owned();
        let params = vec![("grant_type".to_owned(), "client_credentials".to_owned())];
        self.form_control(label, Endpoint::Token, params, closing, evidence).await
    }

    pub(super) async fn introspection_control(&self, closing: bool, evidence: &mut Evidence) -> ControlRun {
        let label = "a live token is introspected".to_owned();
        let token = match self.fresh_token().await {
            Ok(token) => token,
            Err(error) => return unobtainable(label, closing, &error),
        };
        let params = vec![("token".to_owned(), token)];
        let mut run = self.form_control(label, Endpoint::Introspection, params, closing, evidence).await;
        let active = |response: &crate::observe::Response| {
            response.json().and_then(|json| json.get("active").cloned()).is_some_and(|active| is_true(&active))
        };
        if run.outcome == Outcome::Accepted && !run.exchange.response().is_some_and(active) {
            run.outcome = Outcome::Rejected;
        }
        run
    }

    pub(super) async fn revocation_control(&self, closing: bool, evidence: &mut Evidence) -> ControlRun {
        let label = "the good client revokes a token of its own".to_owned();
        let Some(client) = self.good_client() else {
            return unobtainable(label, closing, &ControlError::Unusable("no client".to_owned()));
        };
        let token = match self.equipment.control.obtain(&client, None).await {
            Ok(token) => token.value.expose().to_owned(),
            Err(error) => return unobtainable(label, closing, &error),
        };
        self.form_control(label, Endpoint::Revocation, vec![("token".to_owned(), token)], closing, evidence).await
    }

    async fn fresh_token(&self) -> Result<String, ControlError> {
        let client = self.good_client().ok_or_else(|| ControlError::Unusable("no client".to_owned()))?;
        Ok(self.equipment.control.current(&client).await?.value.expose().to_owned())
    }

    async fn form_control(
        &self,
        label: String,
        endpoint: Endpoint,
        params: Vec<(String, String)>,
        closing: bool,
        evidence: &mut Evidence,
    ) -> ControlRun {
        let form = sound(endpoint);
        match self.post_form(FilledForm { form: &form, params }, evidence).await {
            Ok(exchange) => {
                let outcome = meaning(endpoint, &exchange);
                ControlRun { label, closing, exchange, outcome }
            }
            Err(error) => unobtainable(label, closing, &error),
        }
    }
}

/// A form as it should be.
pub(super) fn sound(endpoint: Endpoint) -> Form {
    Form {
        endpoint,
        auth: ClientAuth::Good,
        params: &[] as &[(&str, Fill)],
        method: "POST",
        encoding: Encoding::Form,
        want: Want::Granted,
        label: "",
        times: 1,
        exhausts: false,
        keep: None,
    }
}

/// What an endpoint's answer means: a token, an introspection answer, or 200 at the revocation endpoint is access.
pub(super) fn meaning(endpoint: Endpoint, exchange: &Exchange) -> Outcome {
    let Some(response) = exchange.response() else { return Outcome::Silent };
    let granted = response.status == 200
        && match endpoint {
            Endpoint::Token => response.json_text("access_token").is_some_and(|token| !token.is_empty()),
            Endpoint::Introspection => response.json().is_some_and(|json| json.get("active").is_some()),
            Endpoint::Revocation => true,
        };
    match response.status {
        _ if granted => Outcome::Accepted,
        500.. => Outcome::Broke,
        _ => Outcome::Rejected,
    }
}

/// A server that spells `true` as text lets the token pass as well: whether it may is for a check to say.
fn is_true(active: &serde_json::Value) -> bool {
    active == &serde_json::Value::Bool(true) || active == "true" || active == &serde_json::json!(1)
}

/// RFC 6749 §2.3.1: both parts are form-encoded before they are joined.
fn basic(client: &ClientSecret) -> String {
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    raw_basic(&encoded(&client.id), &encoded(client.secret.expose()))
}

fn raw_basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

fn in_form(client: &ClientSecret, params: &mut Vec<(String, String)>) {
    params.push(("client_id".to_owned(), client.id.clone()));
    params.push(("client_secret".to_owned(), client.secret.expose().to_owned()));
}

fn pairs(params: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish()
}

fn json(params: &[(String, String)]) -> String {
    let members = params.iter().map(|(name, value)| (name.clone(), serde_json::Value::from(value.as_str())));
    serde_json::Value::Object(members.collect()).to_string()
}

/// RFC 7578 §4.1, with the boundary that the media type names.
fn multipart(params: &[(String, String)]) -> String {
    let part = |(name, value): &(String, String)| {
        format!("--authbench-boundary\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    params.iter().map(part).chain(["--authbench-boundary--\r\n".to_owned()]).collect()
}
