//! How the client of a form authenticates, correctly and not.

use std::sync::PoisonError;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Prober;
use crate::check::step::{BasicSpelling, Endpoint, FormAuth, FormStep};
use crate::drive::control::ControlError;
use crate::observe::ConnectionOf;
use crate::plan::near_secret;
use crate::plan::subject::{ClientAuthMethod, ClientCredential};
use crate::scheme::Unforgeable;
use crate::scheme::jose::Jws;
use crate::scheme::jwt::{ASSERTION_TYPE, Assertions};
use crate::scheme::left_over_bits;
use crate::scheme::mtls::wrong_connection;
use crate::secret::Secret;

/// What stands for a secret that is wrong.
const WRONG_SECRET: &str = "not-the-secret-of-this-client";
/// What stands before the value of HTTP Basic (RFC 7617 §2).
const BASIC: &str = "Basic ";
/// An identifier that no client has.
const UNKNOWN_CLIENT: &str = "authbench-no-such-client";

/// A `client_assertion_type` that no server has.
const OTHER_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:authbench";

/// What a form carries so that its client is known.
#[derive(Default)]
pub(super) struct Authentication {
    /// Parameters of the body.
    pub(super) params: Vec<(String, String)>,
    /// Parameters of the URL.
    pub(super) query: Vec<(String, String)>,
    /// `Authorization` lines.
    pub(super) authorizations: Vec<String>,
    /// Whose connection carries the form.
    pub(super) connection: ConnectionOf,
}

impl Authentication {
    fn basic(mut self, client: &ClientCredential) -> Self {
        self.authorizations.push(basic(client));
        self
    }

    fn post(mut self, client: &ClientCredential) -> Self {
        self.params.extend(in_form(client));
        self
    }

    fn param(mut self, name: &str, value: impl Into<String>) -> Self {
        self.params.push((name.to_owned(), value.into()));
        self
    }

    /// Gives a parameter another value.
    fn set(&mut self, name: &str, value: &str) {
        self.params.iter_mut().filter(|(own, _)| own == name).for_each(|(_, own)| *own = value.to_owned());
    }

    /// RFC 8705 §2: `client_id` says whom the certificate of a connection is said to belong to.
    fn presented(self, client: &ClientCredential, connection: &ConnectionOf) -> Self {
        Self { connection: connection.clone(), ..self.param("client_id", client.id.as_str()) }
    }

    /// RFC 7521 §4.2: `client_id` may come along and has to name whom the assertion speaks for, also where that is forged.
    fn assertion(self, client: &ClientCredential, assertion: String) -> Self {
        let claims = Jws::read(&assertion).and_then(|read| read.unsigned()).map(|draft| draft.claims);
        let subject = claims.and_then(|claims| claims.text("sub"));
        self.param("client_id", subject.unwrap_or_else(|| client.id.clone()))
            .param("client_assertion_type", ASSERTION_TYPE)
            .param("client_assertion", assertion)
    }
}

impl Prober {
    /// The client that asks the endpoints of the authorization server.
    pub(super) fn good_client(&self) -> Option<ClientCredential> {
        let subject = self.subject();
        let good = subject.endpoint_identity()?;
        subject.identities[good].client()
    }

    fn second_client(&self) -> Option<ClientCredential> {
        let subject = self.subject();
        let good = subject.endpoint_identity()?;
        subject.identities[subject.second_client(good)?].client()
    }

    /// The client whose assertions are sent.
    fn assertion_client(&self) -> Option<ClientCredential> {
        let subject = self.subject();
        subject.identities[subject.assertion_identity()?].client()
    }

    /// Another client than that.
    fn beside_assertion_client(&self) -> Option<ClientCredential> {
        let subject = self.subject();
        subject.identities[subject.second_client(subject.assertion_identity()?)?].client()
    }

    /// The assertions of the client that signs them, beside another client where there is one.
    ///
    /// # Errors
    /// When it has no key, or there is no token endpoint.
    pub(super) fn assertions(&self) -> Result<Assertions, ControlError> {
        let client = self.assertion_client();
        let client = client.ok_or_else(|| ControlError::Unusable("no client".to_owned()))?;
        let made = self.equipment.control.assertions(&client)?;
        let usual = self.method_at(Endpoint::Token, &client);
        Ok(match self.beside_assertion_client() {
            Some(second) => made.beside(&second.id, second.assertion_key(usual).as_ref()),
            None => made,
        })
    }

    /// What a form carries; a step that names an assertion brings it along.
    ///
    /// # Errors
    /// When the scenario lacks what the form needs.
    pub(super) fn authenticate(
        &self,
        form: &FormStep,
        assertion: Option<String>,
    ) -> Result<Authentication, ControlError> {
        let client = self.client_for(form)?;
        let wrong = |id: &str| ClientCredential::with_secret(id, Secret::new(WRONG_SECRET));
        let none = Authentication::default();
        Ok(match form.auth {
            FormAuth::None => none,
            FormAuth::IdOnly | FormAuth::Public => none.param("client_id", client.id),
            FormAuth::Basic | FormAuth::Special => none.basic(&client),
            FormAuth::SpecialRaw => {
                Authentication { authorizations: vec![raw_basic(&client.id, client.secret())], ..none }
            }
            FormAuth::EncodedId => Authentication {
                authorizations: vec![raw_basic(&encoded_id(&client.id), &encoded(client.secret()))],
                ..none
            },
            FormAuth::Post => none.post(&client),
            FormAuth::Line(line) => Authentication { authorizations: vec![line.to_owned()], ..none },
            FormAuth::Behind(start) => {
                let value = basic(&client).split_off(BASIC.len());
                Authentication { authorizations: vec![format!("{start}{value}")], ..none }
            }
            FormAuth::Respelled(spelling) => {
                let value = basic(&client).split_off(BASIC.len());
                let value = respelled(&value, spelling);
                let value = value.ok_or_else(|| ControlError::Unusable("the good value has no padding".to_owned()))?;
                Authentication { authorizations: vec![format!("{BASIC}{value}")], ..none }
            }
            FormAuth::OtherSecret(secret) => {
                none.basic(&ClientCredential { secret: Some(Secret::new(secret)), ..client })
            }
            FormAuth::NearSecret(kind) => {
                let near = client.secret.as_ref().and_then(|own| near_secret(own, kind));
                let near =
                    near.ok_or_else(|| ControlError::Unusable("the secret offers nothing to change".to_owned()))?;
                self.as_the_scenario_says(form.endpoint, &ClientCredential { secret: Some(near), ..client })?
            }
            FormAuth::SecretBefore(tail) => {
                let secret = format!("{}{tail}", encoded(client.secret()));
                Authentication { authorizations: vec![raw_basic(&encoded(&client.id), &secret)], ..none }
            }
            FormAuth::WrongBasic | FormAuth::ExpendableWrong => none.basic(&wrong(&client.id)),
            FormAuth::WrongPost => none.post(&wrong(&client.id)),
            FormAuth::WrongSecret => match self.method_at(form.endpoint, &client) {
                ClientAuthMethod::Basic => none.basic(&wrong(&client.id)),
                ClientAuthMethod::Post => none.post(&wrong(&client.id)),
                ClientAuthMethod::TlsClientAuth | ClientAuthMethod::SelfSignedTlsClientAuth => {
                    none.param("client_id", client.id)
                }
                ClientAuthMethod::PrivateKeyJwt | ClientAuthMethod::SecretJwt => {
                    let signed = self.equipment.control.assertions(&client)?.fresh().map_err(unusable)?;
                    let input = signed.rsplit_once('.').map_or(&*signed, |(input, _)| input);
                    none.assertion(&client, format!("{input}.{}", "A".repeat(86)))
                }
            },
            FormAuth::UnknownClient => none.basic(&wrong(UNKNOWN_CLIENT)),
            FormAuth::WrongSent | FormAuth::UnknownSent => {
                let id = if form.auth == FormAuth::WrongSent { &client.id } else { UNKNOWN_CLIENT };
                match self.method_at(form.endpoint, &client) {
                    ClientAuthMethod::Post => none.post(&wrong(id)),
                    _ => none.basic(&wrong(id)),
                }
            }
            FormAuth::WrongSentOtherwise => match self.method_at(form.endpoint, &client) {
                ClientAuthMethod::Post => none.basic(&wrong(&client.id)),
                _ => none.post(&wrong(&client.id)),
            },
            FormAuth::WrongBearer => {
                Authentication { authorizations: vec!["Bearer authbench-no-such-token".to_owned()], ..none }
            }
            FormAuth::InQuery => Authentication { query: in_form(&client).to_vec(), ..none },
            FormAuth::Both => none.basic(&client).post(&client),
            FormAuth::BothBodyWrong => none.basic(&client).post(&wrong(&client.id)),
            FormAuth::Contradicting => none.basic(&client).param("client_id", UNKNOWN_CLIENT),
            FormAuth::TwoHeaders => none.basic(&client).basic(&client),
            FormAuth::CertificateOfAnother => {
                let other = self.second_client().map(|other| other.connection).filter(|other| other.0.is_some());
                let other = other.ok_or_else(|| ControlError::Unusable("no second client".to_owned()))?;
                none.presented(&client, &other)
            }
            FormAuth::ForgedCertificate(id) => {
                let own = client.connection.0.as_deref().unwrap_or_default();
                none.presented(&client, &ConnectionOf(Some(wrong_connection(own, id).into())))
            }
            FormAuth::Assertion
            | FormAuth::AssertionOfOtherType
            | FormAuth::AssertionBesideOther
            | FormAuth::ForgedAssertion(_)
            | FormAuth::SameAssertion => {
                let assertion = assertion.ok_or_else(|| ControlError::Unusable("no assertion was made".to_owned()))?;
                let mut sent = none.assertion(&client, assertion);
                match form.auth {
                    FormAuth::AssertionOfOtherType => sent.set("client_assertion_type", OTHER_TYPE),
                    FormAuth::AssertionBesideOther => {
                        let other =
                            self.beside_assertion_client().map_or_else(|| UNKNOWN_CLIENT.to_owned(), |other| other.id);
                        sent.set("client_id", &other);
                    }
                    _ => {}
                }
                sent
            }
            FormAuth::Good
            | FormAuth::Second
            | FormAuth::LowScope
            | FormAuth::WithoutGrant
            | FormAuth::ForeignResourceServer => self.as_the_scenario_says(form.endpoint, &client)?,
        })
    }

    /// How a client authenticates at an endpoint: as the scenario says, unless the endpoint was found to take its secret in the
    /// other way only. Each endpoint has a list of its own (RFC 8414 §2).
    pub(super) fn method_at(&self, endpoint: Endpoint, client: &ClientCredential) -> ClientAuthMethod {
        let wanted = self.subject().authorization_server.as_ref().map(|server| server.client_auth);
        let usual = client.method(wanted.unwrap_or(ClientAuthMethod::Basic));
        let found = self.methods.lock().unwrap_or_else(PoisonError::into_inner).get(&endpoint).copied();
        match (usual, found) {
            (ClientAuthMethod::Basic | ClientAuthMethod::Post, Some(found)) if client.own_method.is_none() => found,
            _ => usual,
        }
    }

    /// The other way to send a secret, where a good client was refused at another endpoint than that of tokens.
    pub(super) fn other_method(&self, form: &FormStep) -> Option<ClientAuthMethod> {
        let client = self.client_for(form).ok().filter(|client| client.own_method.is_none())?;
        let is_known = self.methods.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&form.endpoint);
        if form.auth != FormAuth::Good || form.endpoint == Endpoint::Token || is_known {
            return None;
        }
        match self.method_at(form.endpoint, &client) {
            ClientAuthMethod::Basic => Some(ClientAuthMethod::Post),
            ClientAuthMethod::Post => Some(ClientAuthMethod::Basic),
            _ => None,
        }
    }

    pub(super) fn as_the_scenario_says(
        &self,
        endpoint: Endpoint,
        client: &ClientCredential,
    ) -> Result<Authentication, ControlError> {
        let none = Authentication::default();
        let authentication = match self.method_at(endpoint, client) {
            ClientAuthMethod::Basic => none.basic(client),
            ClientAuthMethod::Post => none.post(client),
            ClientAuthMethod::TlsClientAuth | ClientAuthMethod::SelfSignedTlsClientAuth => {
                none.param("client_id", client.id.as_str())
            }
            ClientAuthMethod::PrivateKeyJwt | ClientAuthMethod::SecretJwt => {
                none.assertion(client, self.equipment.control.assertions(client)?.fresh().map_err(unusable)?)
            }
        };
        // what a client with a certificate obtains is bound to that (RFC 8705 §3), however it authenticates
        Ok(Authentication { connection: client.connection.clone(), ..authentication })
    }

    /// The client of a form.
    ///
    /// # Errors
    /// When the scenario has none.
    pub(super) fn client_for(&self, form: &FormStep) -> Result<ClientCredential, ControlError> {
        let material = &self.subject().material;
        let nameless =
            |id: &Option<String>| id.clone().map(|id| ClientCredential::with_secret(id, Secret::new(String::new())));
        let found = match form.auth {
            FormAuth::Public => nameless(&material.public_client_id),
            FormAuth::ExpendableWrong => nameless(&material.expendable_client_id),
            FormAuth::WithoutGrant => material.client_without_grant.clone(),
            FormAuth::Special | FormAuth::SpecialRaw => material.special_client.clone(),
            FormAuth::ForeignResourceServer => material.foreign_introspection_client.clone(),
            FormAuth::Second => self.second_client(),
            auth if auth.is_assertion() => self.assertion_client(),
            FormAuth::LowScope => {
                self.subject().scope_gap(None).and_then(|gap| self.subject().identities[gap.low].client())
            }
            _ if form.endpoint == Endpoint::Introspection => {
                material.introspection_client.clone().or_else(|| self.good_client())
            }
            _ => self.good_client(),
        };
        found.ok_or_else(|| ControlError::Unusable("the scenario has no client for this request".to_owned()))
    }
}

pub(super) fn unusable(why: Unforgeable) -> ControlError {
    ControlError::Unusable(why.0)
}

/// RFC 6749 §2.3.1: both parts are form-encoded before they are joined.
pub(super) fn basic(client: &ClientCredential) -> String {
    raw_basic(&encoded(&client.id), &encoded(client.secret()))
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A value of Base64 in another spelling; none where it has no padding and the spelling needs some.
fn respelled(value: &str, spelling: BasicSpelling) -> Option<String> {
    let bare = value.trim_end_matches('=');
    let (padding, middle) = (&value[bare.len()..], bare.len() / 2);
    Some(match spelling {
        BasicSpelling::Unpadded if padding.is_empty() => return None,
        BasicSpelling::Unpadded => bare.to_owned(),
        BasicSpelling::LeftOverBits => return left_over_bits(value),
        BasicSpelling::OverPadded => format!("{value}===="),
        BasicSpelling::JunkInside => format!("{}!{}{padding}", &bare[..middle], &bare[middle..]),
        BasicSpelling::JunkBehind => format!("{value}!!!!"),
        BasicSpelling::WordBehind => format!("{value} extra"),
    })
}

/// The form encoding of an identifier with its first character percent-encoded, also where it need not be.
fn encoded_id(id: &str) -> String {
    let mut rest = id.chars();
    let first = rest.next().map(String::from).unwrap_or_default();
    let first: String = first.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("{first}{}", encoded(rest.as_str()))
}

fn raw_basic(id: &str, secret: &str) -> String {
    format!("{BASIC}{}", STANDARD.encode(format!("{id}:{secret}")))
}

pub(super) fn in_form(client: &ClientCredential) -> [(String, String); 2] {
    [("client_id", client.id.as_str()), ("client_secret", client.secret())]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_base64_is_spelled_in_other_ways() {
        let spelled = |value: &str, spelling| respelled(value, spelling);
        for (spelling, expected) in [
            (BasicSpelling::Unpadded, "YTpiYw"),
            (BasicSpelling::OverPadded, "YTpiYw======"),
            (BasicSpelling::LeftOverBits, "YTpiY4=="),
            (BasicSpelling::JunkInside, "YTp!iYw=="),
            (BasicSpelling::JunkBehind, "YTpiYw==!!!!"),
            (BasicSpelling::WordBehind, "YTpiYw== extra"),
        ] {
            assert_eq!(spelled("YTpiYw==", spelling).as_deref(), Some(expected), "{spelling:?}");
            assert_eq!(spelled("YTpi", spelling).is_none(), spelling.needs_padding(), "{spelling:?}");
        }
    }
}
