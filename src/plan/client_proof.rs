//! Token requests of a login whose client authenticates in another way than in the login (RFC 6749 §2.3).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::changed_refresh::{WRONG, client_of};
use super::client::ClientAuthMethod;
use super::login::{CredentialSource, LoginBody, LoginPart, LoginProcedure, LoginStep, LoginText};
use super::subject::{Login, Subject};
use crate::check::step::{ClientProof, FOREIGN_ORIGIN, GrantChange, LoginRevocation};
use crate::secret::Secret;

/// A client that nobody has registered.
const UNKNOWN_CLIENT: &str = "authbench-5b7d03e9a1c64f28";
/// The same as a number, small enough for whoever reads 32 bits.
const UNKNOWN_NUMBER: &str = "938462715";
/// The same as a UUID (RFC 9562 §5.4).
const UNKNOWN_UUID: &str = "5b7d03e9-a1c6-4f28-9e03-d1f4a2b85370";

/// A token that nobody was given.
const UNKNOWN_TOKEN: &str = "authbench-4e19b0c27f5d8a63";

/// Identifier and secret of a client.
type ClientPair = (LoginText, LoginText);

impl Subject {
    /// The login of an identity with a changed request to its token endpoint; none where it has no such request, or nothing that the
    /// change is about, such as another client of the scenario.
    pub fn changed_grant(&self, identity: usize, change: GrantChange) -> Option<Arc<LoginProcedure>> {
        let procedure = self.procedure_of(identity)?;
        match change {
            GrantChange::OtherClient => self.code_of_other_client(identity),
            GrantChange::OtherRegisteredUri => {
                procedure.with_code_sent_to(self.material.other_redirection_uri.as_deref()?)
            }
            GrantChange::SecretOfOther => {
                let own = procedure.token_request()?;
                let (_, secret) = self.of_others(own).find_map(sent_pair)?;
                procedure.with_token_request(with_secret(own, &secret)?)
            }
            _ => procedure.with_changed_grant(change),
        }
    }

    /// Token requests of other clients at the endpoint of one.
    fn of_others<'a>(&'a self, own: &'a LoginStep) -> impl Iterator<Item = &'a LoginStep> {
        let all = self.identities.iter().filter_map(|other| match &other.login {
            Login::Procedure(other) => other.token_request(),
            _ => None,
        });
        all.filter(|other| {
            let same_endpoint = own.address.known().is_some() && own.address.known() == other.address.known();
            same_endpoint && client_of(other).is_some() && client_of(other) != client_of(own)
        })
    }

    /// The login of an identity whose logout is a request to the revocation endpoint of the issuer (RFC 7009 §2.1); none where that
    /// is not known, or where the login names no such client at a token endpoint.
    pub fn revoking(&self, identity: usize, by: LoginRevocation) -> Option<Arc<LoginProcedure>> {
        let procedure = self.procedure_of(identity)?;
        let endpoint = self.authorization_server.as_ref()?.revocation.as_ref()?;
        let own = procedure.token_request()?;
        let is_named = own.client.is_some() || own.basic.is_some() || own.field("client_id").is_some();
        let client = match by {
            LoginRevocation::Own
            | LoginRevocation::OwnHinted(_)
            | LoginRevocation::OwnRefreshToken(_)
            | LoginRevocation::OwnOfUnknown => is_named.then(|| own.clone())?,
            LoginRevocation::UnknownClient => of_unknown(own)?,
            LoginRevocation::Other => self.of_others(own).next()?.clone(),
        };
        let token = match by {
            LoginRevocation::OwnOfUnknown => LoginText::plain(UNKNOWN_TOKEN).private(),
            LoginRevocation::OwnRefreshToken(_) => {
                let refresh = procedure.refresh.as_ref().filter(|own| own.grant() == Some("refresh_token"))?;
                refresh.field("refresh_token").filter(|token| token.known().is_none())?.clone()
            }
            _ => LoginText(vec![LoginPart::Token]),
        };
        let Some(LoginBody::Form(fields)) = client.body else { return None };
        let mut form = vec![("token".to_owned(), token)];
        if let LoginRevocation::OwnHinted(hint) | LoginRevocation::OwnRefreshToken(Some(hint)) = by {
            form.push(("token_type_hint".to_owned(), LoginText::plain(hint)));
        }
        form.extend(fields.into_iter().filter(|(name, _)| matches!(name.as_str(), "client_id" | "client_secret")));
        let step = LoginStep {
            assertion_audience: client.assertion_audience.or_else(|| client.address.known()),
            address: LoginText::plain(endpoint),
            headers: Vec::new(),
            body: Some(LoginBody::Form(form)),
            success: None,
            ..own.clone()
        };
        let step = LoginStep { client: client.client, basic: client.basic, ..step };
        Some(Arc::new(LoginProcedure { logout: vec![step], ..LoginProcedure::clone(procedure) }))
    }
}

impl LoginProcedure {
    /// The request of the login to a token endpoint.
    fn token_request(&self) -> Option<&LoginStep> {
        let CredentialSource::Requests(steps) = &self.source else { return None };
        steps.iter().rev().find(|step| step.grant().is_some())
    }

    fn with_token_request(&self, changed: LoginStep) -> Option<Arc<Self>> {
        let CredentialSource::Requests(steps) = &self.source else { return None };
        let mut steps = steps.clone();
        *steps.iter_mut().rev().find(|step| step.grant().is_some())? = changed;
        Some(Arc::new(Self { source: CredentialSource::Requests(steps), ..self.clone() }))
    }
}

/// The same request of a client that authenticates so; none where its client has not what that needs.
pub(super) fn proven_by(step: &LoginStep, proof: ClientProof) -> Option<LoginStep> {
    let by_basic = || sent_pair(step).filter(|_| uses_basic(step)).map(|pair| (bare(step), pair));
    Some(match proof {
        ClientProof::Basic => with_basic(named_by_nothing(step)?, basic_pair(step)?),
        ClientProof::Body => with_body(named_by_nothing(step)?, sent_pair(step)?)?,
        ClientProof::BasicAndBody => {
            with_body(with_basic(named_by_nothing(step)?, basic_pair(step)?), sent_pair(step)?)?
        }
        ClientProof::BasicAndWrongBody => {
            let (id, _) = sent_pair(step)?;
            let wrong = LoginText::plain(WRONG);
            with_body(with_basic(named_by_nothing(step)?, basic_pair(step)?), (id, wrong))?
        }
        ClientProof::BodyAndWrongBasic => {
            let (id, _) = basic_pair(step)?;
            let wrong = LoginText::plain(WRONG);
            with_body(with_basic(named_by_nothing(step)?, (id, wrong)), sent_pair(step)?)?
        }
        ClientProof::Nobody => by_basic()?.0,
        ClientProof::Behind(name) => {
            let (mut step, pair) = (by_basic()?.0, basic_pair(step)?);
            let (id, secret) = (pair.0.known()?, pair.1.known()?);
            let line = format!("{name}{}", STANDARD.encode(format!("{id}:{secret}")));
            step.headers.push(("Authorization".to_owned(), LoginText::plain(line).private()));
            step
        }
        ClientProof::Unknown => of_unknown(step)?,
    })
}

/// Whether the client authenticates by HTTP Basic.
fn uses_basic(step: &LoginStep) -> bool {
    let by_client = |(client, method): &(super::client::ClientCredential, ClientAuthMethod)| {
        client.secret.is_some() && client.method(*method) == ClientAuthMethod::Basic
    };
    step.basic.is_some() || step.client.as_ref().is_some_and(by_client)
}

/// Identifier and secret of the client, where it sends its secret.
fn sent_pair(step: &LoginStep) -> Option<ClientPair> {
    if let Some((client, method)) = &step.client {
        let is_sent = matches!(client.method(*method), ClientAuthMethod::Basic | ClientAuthMethod::Post);
        let secret = client.secret.as_ref().filter(|_| is_sent)?;
        return Some((LoginText::plain(&client.id), LoginText(vec![LoginPart::Private(secret.clone())])));
    }
    if let Some(pair) = &step.basic {
        return Some(pair.clone());
    }
    Some((step.field("client_id")?.clone(), step.field("client_secret")?.clone()))
}

/// The same as HTTP Basic has it: form-encoded (RFC 6749 §2.3.1), where the scenario has not written it for that.
fn basic_pair(step: &LoginStep) -> Option<ClientPair> {
    let encoded = |text: LoginText| match text.known() {
        Some(known) => {
            LoginText::plain(url::form_urlencoded::byte_serialize(known.as_bytes()).collect::<String>()).private()
        }
        None => text,
    };
    match &step.basic {
        Some(pair) if step.client.is_none() => Some(pair.clone()),
        _ => sent_pair(step).map(|(id, secret)| (encoded(id), encoded(secret))),
    }
}

/// The request without what authenticates its client by HTTP Basic; what its form has beside that stays.
fn bare(step: &LoginStep) -> LoginStep {
    LoginStep { client: None, basic: None, ..step.clone() }
}

/// The request without anything that names or authenticates its client.
fn named_by_nothing(step: &LoginStep) -> Option<LoginStep> {
    let mut step = bare(step);
    let Some(LoginBody::Form(fields)) = &mut step.body else { return None };
    fields.retain(|(name, _)| name != "client_id" && name != "client_secret");
    Some(step)
}

fn with_basic(step: LoginStep, pair: ClientPair) -> LoginStep {
    LoginStep { basic: Some(pair), ..step }
}

fn with_body(mut step: LoginStep, (id, secret): ClientPair) -> Option<LoginStep> {
    let Some(LoginBody::Form(fields)) = &mut step.body else { return None };
    fields.extend([("client_id".to_owned(), id), ("client_secret".to_owned(), secret)]);
    Some(step)
}

/// A client that nobody has registered, as a server names its clients: one that expects numbers or UUIDs may break on others. Where
/// clients are named by addresses, as in OAuth Client ID Metadata Documents, it is one without a document.
pub(super) fn unknown_client(own: &str) -> String {
    let is_uuid = own.len() == UNKNOWN_UUID.len()
        && own.bytes().zip(UNKNOWN_UUID.bytes()).all(|(own, other)| match other {
            b'-' => own == b'-',
            _ => own.is_ascii_hexdigit(),
        });
    match own {
        own if !own.is_empty() && own.bytes().all(|byte| byte.is_ascii_digit()) => UNKNOWN_NUMBER.to_owned(),
        own if own.starts_with("https://") || own.starts_with("http://") => {
            format!("{FOREIGN_ORIGIN}/{UNKNOWN_CLIENT}")
        }
        _ if is_uuid => UNKNOWN_UUID.to_owned(),
        _ => UNKNOWN_CLIENT.to_owned(),
    }
}

/// The request in the name of a client that nobody has registered, with whatever else it has.
fn of_unknown(step: &LoginStep) -> Option<LoginStep> {
    let mut step = step.clone();
    let mut is_named = false;
    if let Some((client, _)) = &mut step.client {
        UNKNOWN_CLIENT.clone_into(&mut client.id);
        is_named = true;
    }
    if let Some((id, _)) = &mut step.basic {
        *id = LoginText::plain(UNKNOWN_CLIENT);
        is_named = true;
    }
    let Some(LoginBody::Form(fields)) = &mut step.body else { return None };
    if let Some((_, id)) = fields.iter_mut().find(|(name, _)| name == "client_id") {
        *id = LoginText::plain(UNKNOWN_CLIENT);
        is_named = true;
    }
    is_named.then_some(step)
}

/// The same request with another secret; none where it sends none.
pub(super) fn with_secret(step: &LoginStep, secret: &LoginText) -> Option<LoginStep> {
    let mut step = step.clone();
    if let Some((client, _)) = &mut step.client {
        *client.secret.as_mut()? = Secret::new(secret.known()?);
        return Some(step);
    }
    if let Some((_, password)) = &mut step.basic {
        *password = secret.clone();
        return Some(step);
    }
    let Some(LoginBody::Form(fields)) = &mut step.body else { return None };
    let (_, own) = fields.iter_mut().find(|(name, _)| name == "client_secret")?;
    *own = secret.clone();
    Some(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::changed_login::tests::login_in_test;
    use crate::plan::client::ClientCredential;

    fn request(form: &[(&str, &str)]) -> LoginStep {
        let fields = form.iter().map(|(name, text)| ((*name).to_owned(), LoginText::plain(*text))).collect();
        let login = login_in_test("/token", LoginBody::Form(fields), ("alice", "pass"));
        let CredentialSource::Requests(mut steps) = login.source else { panic!("requests") };
        steps.remove(0)
    }

    /// A client with a secret, however the scenario writes it.
    fn confidential() -> [LoginStep; 4] {
        let client = |method| Some((ClientCredential::with_secret("app", Secret::new("s+ret")), method));
        let bare = || request(&[("code", "c-1")]);
        [
            LoginStep { client: client(ClientAuthMethod::Basic), ..bare() },
            LoginStep { client: client(ClientAuthMethod::Post), ..bare() },
            LoginStep { basic: Some((LoginText::plain("app"), LoginText::plain("s%2Bret"))), ..bare() },
            request(&[("code", "c-1"), ("client_id", "app"), ("client_secret", "s+ret")]),
        ]
    }

    /// Whether HTTP Basic, `client_id` and `client_secret` are there.
    fn shape(step: &LoginStep) -> (bool, bool, bool) {
        (step.basic.is_some(), step.field("client_id").is_some(), step.field("client_secret").is_some())
    }

    #[test]
    fn a_client_authenticates_in_one_way_or_in_two() {
        for own in confidential() {
            for (proof, expected) in [
                (ClientProof::Basic, (true, false, false)),
                (ClientProof::Body, (false, true, true)),
                (ClientProof::BasicAndBody, (true, true, true)),
                (ClientProof::BasicAndWrongBody, (true, true, true)),
                (ClientProof::BodyAndWrongBasic, (true, true, true)),
            ] {
                let changed = proven_by(&own, proof).expect("it has a secret");
                assert_eq!(shape(&changed), expected, "{proof:?}");
                assert!(changed.client.is_none() && changed.field("code").is_some(), "{proof:?}");
                if expected.0 && proof != ClientProof::BodyAndWrongBasic {
                    let (id, secret) = changed.basic.clone().expect("is there");
                    assert_eq!((id.known().as_deref(), secret.known().as_deref()), (Some("app"), Some("s%2Bret")));
                }
                let is_wrong = |text: Option<&LoginText>| text.and_then(LoginText::whole) == Some(WRONG);
                assert_eq!(is_wrong(changed.field("client_secret")), proof == ClientProof::BasicAndWrongBody);
                let by_basic = changed.basic.as_ref().map(|(_, secret)| secret);
                assert_eq!(is_wrong(by_basic), proof == ClientProof::BodyAndWrongBasic);
            }
        }
    }

    #[test]
    fn what_only_http_basic_has_is_changed_there_alone() {
        let [by_client, by_post, by_basic, in_form] = confidential();
        for own in [by_client, by_basic] {
            let named = LoginStep { body: request(&[("client_id", "app")]).body, ..own };
            assert_eq!(shape(&proven_by(&named, ClientProof::Nobody).expect("by Basic")), (false, true, false));
            let behind = proven_by(&named, ClientProof::Behind("basic ")).expect("by Basic");
            let line = behind.headers.iter().find(|(name, _)| name == "Authorization").expect("is there");
            assert_eq!(line.1.known().as_deref(), Some("basic YXBwOnMlMkJyZXQ="));
        }
        for own in [by_post, in_form, request(&[("client_id", "app")])] {
            assert!(proven_by(&own, ClientProof::Behind("basic ")).is_none());
        }
    }

    #[test]
    fn an_unknown_client_is_named_as_the_known_one_is() {
        for (own, expected) in [
            ("service", UNKNOWN_CLIENT),
            ("", UNKNOWN_CLIENT),
            ("7", UNKNOWN_NUMBER),
            ("0B7D03E9-a1c6-4f28-9e03-d1f4a2b85370", UNKNOWN_UUID),
            ("gb7d03e9-a1c6-4f28-9e03-d1f4a2b85370", UNKNOWN_CLIENT),
            ("https://app.test/", "https://authbench.example/authbench-5b7d03e9a1c64f28"),
        ] {
            assert_eq!(unknown_client(own), expected, "{own}");
        }
    }

    #[test]
    fn an_unknown_client_sends_what_the_known_one_sends() {
        for own in confidential().into_iter().chain([request(&[("client_id", "app")])]) {
            let changed = proven_by(&own, ClientProof::Unknown).expect("it names itself");
            assert_eq!(client_of(&changed).as_deref(), Some(UNKNOWN_CLIENT));
            assert_eq!(shape(&changed), shape(&own));
        }
        assert!(proven_by(&request(&[("code", "c-1")]), ClientProof::Unknown).is_none(), "nobody is named");
    }

    #[test]
    fn a_public_client_has_nothing_to_authenticate_with() {
        let public = request(&[("client_id", "app")]);
        for proof in [ClientProof::Basic, ClientProof::Body, ClientProof::BasicAndBody, ClientProof::Nobody] {
            assert!(proven_by(&public, proof).is_none(), "{proof:?}");
        }
    }
}
