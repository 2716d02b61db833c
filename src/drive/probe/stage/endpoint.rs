//! Requests to the endpoints of an authorization server.

use url::Url;

use super::resource::{may_be_an_accident, second_counts};
use super::{Halt, Kept, Stage, described};
use crate::check::step::{Endpoint, Fetch, Fill, FormAuth, FormStep, MetadataDocument};
use crate::clock;
use crate::drive::control::{Bindings, NONCES, Token, stated_lifetime};
use crate::drive::login::{ANOTHER_SECOND, HeldCredential};
use crate::drive::probe::dpop;
use crate::drive::probe::endpoint_control::is_active;
use crate::drive::probe::error::FillError;
use crate::drive::probe::form::{FilledForm, correct, meaning};
use crate::drive::probe::minting::note_signature;
use crate::drive::probe::{allowance, values};
use crate::observe::{Evidence, Exchange, ForgeryId, Observation, Outcome, Place, Request, parse_challenges};
use crate::plan::Action;
use crate::plan::subject::Login;
use crate::scheme::Proof;
use crate::scheme::dpop::BoundToken;
use crate::secret::Secret;
use crate::target::address::{appended, host_field, join, well_known};

impl Stage<'_> {
    pub(super) async fn form(&mut self, action: &Action, form: &FormStep, evidence: &mut Evidence) -> Result<(), Halt> {
        // what no token came for is not asked about
        let lacks = |(_, fill): &(&str, Fill)| match fill {
            Fill::Slot(slot) => self.kept(slot).is_err(),
            Fill::ScopeOfOtherClient => self.fill(*fill, 0).is_ok_and(|scope| scope.is_empty()),
            _ => false,
        };
        if form.optional && form.params.iter().any(lacks) {
            return Ok(());
        }
        if form.origin.is_some_and(|beside| self.origin_beside(beside, evidence).is_none()) {
            return Ok(());
        }
        let main = self.prober.subject().main_resource().unwrap_or_default();
        let mut params = Vec::new();
        for (name, fill) in form.params {
            if let Fill::SlotForged(slot, _) = fill {
                self.must_be_a_jwt(slot)?;
            }
            let value = self.fill(*fill, main).map_err(|why| match why {
                FillError::Unforgeable(why) => Halt::Untestable(why),
                why => Halt::Obstacle(why.to_string()),
            })?;
            let may_be_left_out = matches!(fill, Fill::OwnScope | Fill::LeftOut | Fill::ScopeOfBothClients);
            if !may_be_left_out || !value.is_empty() {
                params.push(((*name).to_owned(), value));
            }
        }
        let Posted { exchange, outcome, reproduced } = self.posted(form, params, evidence).await?;
        if let Some(slot) = form.keep
            && let Some(mut token) = token_in(&exchange)
        {
            let bindings = self.prober.equipment.control.bindings();
            token.key = bindings.filter(|_| form.proof.is_none()).map(Bindings::shared);
            let client = self.prober.client_for(form).ok();
            self.slots.insert(slot, Kept::of(token, client.or_else(|| self.prober.good_client())));
        }
        let place = match form.endpoint {
            Endpoint::Token | Endpoint::TokenAlias => Place::Token,
            Endpoint::Introspection => Place::Introspection,
            Endpoint::Revocation => Place::Revocation,
        };
        let (description, forgery) = (described(action), form.proof.or_else(|| forgery_of(form.auth)));
        let at = clock::unix_seconds();
        let why = self.refused_with_a_token(form.endpoint, &exchange, outcome).await;
        let asks = outcome == Outcome::Refused && self.prober.asks_again(form, &exchange);
        let (outcome, why) = match why {
            Some(why) => (Outcome::Granted, Some(why)),
            None if asks => (Outcome::Unclear, Some(dpop::ASKED_EACH_TIME.to_owned())),
            None => (outcome, None),
        };
        evidence.observe(Observation {
            step: action.step,
            credential: None,
            forgery,
            description,
            place,
            exchange,
            outcome,
            why,
            clean: !asks,
            at,
            reproduced,
        });
        Ok(())
    }

    /// Introspects the token in a slot: in the place of a request with it, one that is active has access.
    pub(super) async fn introspect(
        &mut self,
        action: &Action,
        slot: &'static str,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let token = self.kept(slot)?.token.value.expose().to_owned();
        let form = correct(Endpoint::Introspection);
        let posted = self.posted(&form, vec![("token".to_owned(), token)], evidence).await?;
        let (outcome, why) = access_of_token(&posted);
        evidence.observe(Observation {
            step: action.step,
            credential: None,
            forgery: None,
            description: described(action),
            place: Place::Introspection,
            exchange: posted.exchange,
            outcome,
            why,
            clean: true,
            at: clock::unix_seconds(),
            reproduced: posted.reproduced,
        });
        Ok(())
    }

    /// Posts a form, once more where its answer may be an accident.
    async fn posted(
        &mut self,
        form: &FormStep,
        params: Vec<(String, String)>,
        evidence: &mut Evidence,
    ) -> Result<Posted, Halt> {
        let (exchange, outcome) = self.post(form, params.clone(), evidence).await?;
        if !may_be_an_accident(outcome) {
            return Ok(Posted { exchange, outcome, reproduced: false });
        }
        if outcome == Outcome::Broke && form.endpoint.issues_tokens() {
            // a token that is made of the time in seconds may be the one of another request
            allowance::apart(tokio::time::sleep(ANOTHER_SECOND)).await;
        }
        let (again, outcome_again) = self.post(form, params, evidence).await?;
        let reproduced = outcome == outcome_again;
        Ok(match second_counts(outcome, outcome_again, false) {
            true => Posted { exchange: again, outcome: outcome_again, reproduced },
            false => Posted { exchange, outcome, reproduced },
        })
    }

    /// A refusal of the token endpoint that carries a token which opens a resource has granted.
    async fn refused_with_a_token(&self, endpoint: Endpoint, exchange: &Exchange, outcome: Outcome) -> Option<String> {
        if !endpoint.issues_tokens() || outcome == Outcome::Granted {
            return None;
        }
        let token = exchange.response()?.json_text("access_token").filter(|token| !token.is_empty())?;
        let Some(main) = self.prober.subject().main_resource() else {
            return Some("it carries an access token".to_owned());
        };
        let token = Secret::new(token.as_str());
        let proof = match self.prober.equipment.control.bindings() {
            Some(bindings) => Proof::Bound(BoundToken { token, key: bindings.shared() }),
            None => Proof::Token(token),
        };
        let held = HeldCredential::given(proof);
        let used = self.prober.good_request(&held, main, &mut Evidence::default()).await;
        let used = self.prober.send_to(main, &used).await;
        let opens = self.prober.outcome(main, &used).await == Outcome::Granted;
        opens.then(|| "it carries an access token that opens a resource".to_owned())
    }

    pub(super) async fn post(
        &mut self,
        form: &FormStep,
        params: Vec<(String, String)>,
        evidence: &mut Evidence,
    ) -> Result<(Exchange, Outcome), Halt> {
        let origin = form.origin.and_then(|beside| self.origin_beside(beside, evidence));
        let mut asked = 0;
        let mut exchange = loop {
            // each time with an assertion of its own, which serves once
            let assertion = self.assertion(form.auth)?;
            let filled = FilledForm { form, params: params.clone(), assertion, origin: origin.clone() };
            let posted = self.prober.post_form(filled, evidence).await;
            let exchange = posted.map_err(|error| Halt::Obstacle(error.to_string()))?;
            if asked == NONCES || !self.prober.asks_again(form, &exchange) {
                break exchange;
            }
            asked += 1;
        };
        if let Ok(url) = self.prober.endpoint(form.endpoint) {
            exchange = self.prober.with_alert(&url, exchange).await;
        }
        let outcome = self.prober.with_redirects(meaning(form.endpoint, &exchange), &exchange).await;
        let outcome = self.prober.in_handshake(&exchange, outcome);
        Ok((exchange, outcome))
    }

    /// The assertion that a step sends: a new one, a forgery about a new one, or the last one again.
    fn assertion(&mut self, auth: FormAuth) -> Result<Option<String>, Halt> {
        let made = || self.prober.assertions().map_err(|error| Halt::Untestable(error.to_string()));
        let assertion = match auth {
            FormAuth::Assertion | FormAuth::AssertionOfOtherType | FormAuth::AssertionBesideOther => made()?.fresh(),
            FormAuth::ForgedAssertion(id) => made()?.forged(id, &mut self.rng),
            FormAuth::SameAssertion => return Ok(self.assertion.clone()),
            _ => return Ok(None),
        };
        self.assertion = Some(assertion.map_err(|unforgeable| Halt::Untestable(unforgeable.0))?);
        Ok(self.assertion.clone())
    }

    pub(super) async fn fetch(&mut self, action: &Action, fetch: &Fetch, evidence: &mut Evidence) -> Result<(), Halt> {
        let base = &self.prober.equipment.base;
        let issuer = || self.prober.issuer().and_then(|issuer| join(base, &issuer).ok());
        let nowhere = || Halt::Untestable("no address to derive the document's from".to_owned());
        let url = match fetch.document {
            MetadataDocument::AuthorizationServer | MetadataDocument::Discovered => {
                well_known(&issuer().ok_or_else(nowhere)?, "oauth-authorization-server")
            }
            MetadataDocument::OpenIdConfiguration => appended(&issuer().ok_or_else(nowhere)?, "openid-configuration"),
            MetadataDocument::AuthorizationServerAppended => {
                appended(&issuer().ok_or_else(nowhere)?, "oauth-authorization-server")
            }
            MetadataDocument::ProtectedResource => {
                well_known(&self.prober.resource_identifier().ok_or_else(nowhere)?, "oauth-protected-resource")
            }
            MetadataDocument::OfMainResource => {
                well_known(&self.main_address().ok_or_else(nowhere)?, "oauth-protected-resource")
            }
            MetadataDocument::OfHost => well_known(&origin_of(base), "oauth-protected-resource"),
            MetadataDocument::NamedByChallenge => match self.named_by_challenge(evidence) {
                Some(named) => named,
                None => return Ok(()),
            },
            MetadataDocument::KeySet => {
                let at = self.kit.keys_at.as_deref().ok_or_else(|| Halt::Untestable("no key set".to_owned()))?;
                join(base, at).map_err(|error| Halt::Obstacle(error.to_string()))?
            }
            MetadataDocument::Announced(announced) => match self.announced(announced.member, evidence) {
                Some(url) => url,
                None => return Ok(()),
            },
            MetadataDocument::Registration(registration) => {
                return self.register_client(action, registration, evidence).await;
            }
            MetadataDocument::Configuration(request) => return self.configure(action, request, evidence).await,
        };
        let method = match fetch.document {
            MetadataDocument::Announced(announced) => announced.method,
            _ => "GET",
        };
        let second = issuer().filter(|_| fetch.document == MetadataDocument::Discovered);
        let second = second.map(|issuer| appended(&issuer, "openid-configuration"));
        let is_host = |name: &str| name.eq_ignore_ascii_case("host");
        let host = fetch.headers.iter().find(|(name, _)| is_host(name)).map(|(_, host)| (*host).to_owned());
        let target = url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let mut request = Request::new(method, &target)
            .header("Host", host.unwrap_or_else(|| host_field(&url)))
            .header("User-Agent", concat!("authbench/", env!("CARGO_PKG_VERSION")))
            .header("Accept", "application/json");
        for (name, value) in fetch.headers.iter().filter(|(name, _)| !is_host(name)) {
            request.push(name, value, false);
        }
        if method == "POST" {
            request = request.with_body("application/x-www-form-urlencoded", "");
        }
        let mut exchange = self.prober.send_at(&url, &request).await;
        let mut outcome = found(&exchange);
        if let Some(second) = second.filter(|_| outcome == Outcome::Refused) {
            request.target = second.path().as_bytes().to_vec();
            let other = self.prober.send_at(&second, &request).await;
            if found(&other) == Outcome::Granted {
                (exchange, outcome) = (other, Outcome::Granted);
            }
        }
        let (step, description) = (action.step, described(action));
        let place = Place::Metadata;
        if fetch.document == MetadataDocument::KeySet {
            note_signature(&exchange, evidence);
        }
        let at = clock::unix_seconds();
        evidence.observe(Observation {
            step,
            credential: None,
            forgery: None,
            description,
            place,
            exchange,
            outcome,
            why: None,
            clean: true,
            at,
            reproduced: false,
        });
        Ok(())
    }

    /// The address of the protected resource that is read, without its query.
    fn main_address(&self) -> Option<Url> {
        let subject = self.prober.subject();
        let path = &subject.resources[subject.main_resource()?].path;
        let mut url = self.prober.equipment.base.clone();
        url.set_query(None);
        url.set_path(&format!("{}{}", url.path().trim_end_matches('/'), path.split('?').next().unwrap_or_default()));
        Some(url)
    }

    /// Where the last challenge says that the metadata of the resource are: a server says it, so it has to be on the target.
    fn named_by_challenge(&self, evidence: &Evidence) -> Option<Url> {
        let named = evidence.observations.iter().rev().find_map(|seen| named_metadata(&seen.exchange))?;
        let base = &self.prober.equipment.base;
        // what a server says is no reason to ask another host; the judgement reads the challenge
        base.join(&named).ok().filter(|url| url.origin() == base.origin())
    }

    /// An address that a document of the check names and that logins have not used.
    fn announced(&self, member: &str, evidence: &Evidence) -> Option<Url> {
        let base = &self.prober.equipment.base;
        let server = self.prober.subject().authorization_server.as_ref();
        let url = self.named_near(member, evidence)?;
        let is_named = |used: &String| {
            join(base, used).is_ok_and(|used| used.origin() == url.origin() && used.path() == url.path())
        };
        let is_used = server.is_some_and(|server| server.used_by_logins.iter().any(is_named));
        (!is_used).then_some(url)
    }

    /// An address that a document of the check names, on the origin of the issuer or of the target.
    pub(super) fn named_near(&self, member: &str, evidence: &Evidence) -> Option<Url> {
        let documents = evidence.observations.iter().filter(|seen| seen.outcome == Outcome::Granted);
        let mut named =
            documents.filter_map(|seen| seen.exchange.response()?.json()?.get(member)?.as_str()?.parse().ok());
        named.next().filter(|url| self.is_near(url))
    }

    /// Whether an address is on the origin of the issuer or of the target: that a server names one is no reason to ask another host.
    pub(super) fn is_near(&self, url: &Url) -> bool {
        let base = &self.prober.equipment.base;
        let issuer = self.prober.issuer().and_then(|issuer| join(base, &issuer).ok());
        issuer.iter().chain([base]).any(|near| near.origin() == url.origin())
    }

    pub(super) async fn obtain(
        &mut self,
        slot: &'static str,
        identity: usize,
        scope: Option<&str>,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let identity = &self.prober.subject().identities[identity];
        if matches!(identity.login, Login::Minted { .. }) {
            let token = self.prober.minted(identity, scope).map_err(|error| Halt::Untestable(error.to_string()))?;
            values::note_text(token.value.expose(), evidence);
            self.slots.insert(slot, Kept::of(token, None));
            return Ok(());
        }
        if let Login::Procedure(procedure) = &identity.login {
            let no_token = |error| Halt::Obstacle(format!("no credential for {}: {error}", identity.name));
            let (session, held, due) =
                self.prober.equipment.logins.separate(&identity.name, procedure).await.map_err(no_token)?;
            let held = self.prober.without_others(held);
            let token = held.token.unwrap_or_else(|| Token::endless(Secret::new(held.proof.secret())));
            values::note_text(token.value.expose(), evidence);
            match self.prober.is_one_at_a_time() {
                true => self.prober.equipment.logins.keep(&identity.name, (session, due)).await,
                false => self.prober.equipment.logins.give_back(session),
            }
            self.slots.insert(slot, Kept { companions: held.companions, ..Kept::of(token, None) });
            return Ok(());
        }
        let client = identity.client().ok_or_else(|| Halt::Untestable("no client".to_owned()))?;
        let token = self.prober.equipment.control.obtain(&client, scope).await;
        let token = token.map_err(|error| Halt::Obstacle(format!("no token for {}: {error}", identity.name)))?;
        values::note_text(token.value.expose(), evidence);
        if self.prober.is_one_at_a_time() && scope.is_none() {
            self.prober.equipment.control.keep(&client, &token).await;
        }
        self.slots.insert(slot, Kept::of(token, Some(client)));
        Ok(())
    }

    pub(super) async fn revoke(&mut self, slot: &'static str, evidence: &mut Evidence) -> Result<(), Halt> {
        let form = correct(Endpoint::Revocation);
        let kept = self.kept(slot)?;
        let token = kept.token.value.expose().to_owned();
        if kept.client.as_ref().map(|client| &client.id) != self.prober.good_client().as_ref().map(|client| &client.id)
        {
            return Err(Halt::Obstacle("the token belongs to another client".to_owned()));
        }
        let (exchange, outcome) = self.post(&form, vec![("token".to_owned(), token)], evidence).await?;
        self.prober.equipment.control.forget();
        if outcome == Outcome::Granted {
            return Ok(());
        }
        let error = exchange.response().and_then(|response| response.json_text("error"));
        if error.as_deref() == Some("unsupported_token_type") {
            return Err(Halt::Untestable("the revocation endpoint does not revoke access tokens (unsupported_token_type): there is no revoked token to test with".to_owned()));
        }
        let status = exchange.status().map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        Err(Halt::Obstacle(format!("the token was not revoked: {status}")))
    }
}

/// What came back for a form.
struct Posted {
    exchange: Exchange,
    outcome: Outcome,
    /// Whether it came twice.
    reproduced: bool,
}

/// Whether a token has access, by what its introspection says of it. Where whoever introspects is refused, nothing is said.
fn access_of_token(Posted { exchange, outcome, .. }: &Posted) -> (Outcome, Option<String>) {
    match outcome {
        Outcome::Granted if exchange.response().is_some_and(is_active) => {
            (Outcome::Granted, Some("introspection calls the token active".to_owned()))
        }
        Outcome::Granted => (Outcome::Refused, None),
        Outcome::Refused => {
            let status = exchange.status().unwrap_or_default();
            (
                Outcome::Unclear,
                Some(format!("its introspection was refused with {status}, which says nothing of the token")),
            )
        }
        other => (*other, None),
    }
}

/// What the answer to the fetch of a document means.
fn found(exchange: &Exchange) -> Outcome {
    match exchange.response() {
        None => Outcome::Silent,
        Some(response) if response.status >= 500 => Outcome::Broke,
        Some(response) if response.status == 200 && response.json().is_some_and(|json| json.is_object()) => {
            Outcome::Granted
        }
        Some(_) => Outcome::Refused,
    }
}

fn origin_of(url: &Url) -> Url {
    let mut origin = url.clone();
    origin.set_path("");
    origin.set_query(None);
    origin
}

/// The `resource_metadata` of a challenge (RFC 9728 §5.1).
fn named_metadata(exchange: &Exchange) -> Option<String> {
    let lines: Vec<_> = exchange.response()?.header_values("www-authenticate").collect();
    let challenges = parse_challenges(lines.iter().map(AsRef::as_ref)).ok()?;
    challenges.iter().find_map(|challenge| challenge.param("resource_metadata").map(str::to_owned))
}

/// The forgery that a client authenticates with, if it is one.
fn forgery_of(auth: FormAuth) -> Option<ForgeryId> {
    match auth {
        FormAuth::ForgedAssertion(id) | FormAuth::ForgedCertificate(id) => Some(id),
        _ => None,
    }
}

/// A token from the answer of a token endpoint, if it can be sent.
fn token_in(exchange: &Exchange) -> Option<Token> {
    let response = exchange.response()?;
    let json = response.json()?;
    let value = Secret::new(json.get("access_token")?.as_str()?);
    (!value.has_control_characters()).then(|| {
        let lifetime = stated_lifetime(&json);
        let mut token = Token::living(value, clock::before(clock::now(), exchange.took), exchange.took, lifetime);
        token.scope = json.get("scope").and_then(serde_json::Value::as_str).map(str::to_owned);
        token
    })
}
