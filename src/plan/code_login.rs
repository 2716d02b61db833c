//! Logins that end with the use of an authorization code (RFC 6749 §4.1), changed on purpose.

use std::sync::Arc;

use super::changed_refresh::{authenticates, client_of};
use super::client_proof::unknown_client;
use super::foreign_login::is_of_answers;
use super::login::{CredentialSource, LoginBody, LoginPart, LoginProcedure, LoginStep, LoginText};
use super::other_redirection::{changed, longer};
use super::parameters::{Kept, encoded};
use super::subject::{CredentialState, Login, Subject};
use crate::check::step::{
    AuthorizationChange, GrantChange, MalformedText, OWN_STATE, PlainMethod, RedirectionUri, RequestFault,
    UnusableResource,
};
use crate::observe::AuthorizationRequest;

/// A code that nobody was given.
pub(super) const UNKNOWN_CODE: &str = "8f1c5a7e0b3d49266c0e9d71f4a2b853";
/// A verifier in the alphabet of RFC 7636 §4.1 that is nobody's.
const WRONG_VERIFIER: &str = "authbench-9Qz3vT6wK1sX8mB4nL7pR2dF5hJ0cYgUeAoIi~xV";
/// Shorter than any challenge (RFC 7636 §4.2).
const SHORT_CHALLENGE: &str = "abc";
/// Parameters that bind a code to a verifier (RFC 7636 §4.3).
const CHALLENGE: [&str; 2] = ["code_challenge", "code_challenge_method"];
/// The method of a challenge that is its verifier, which is meant where none is named (RFC 7636 §4.3).
const PLAIN: &str = "plain";

/// The parameter that says where a token is to be used (RFC 8707 §2).
const RESOURCE: &str = "resource";

/// The parameter that names who asks (RFC 6749 §4.1.1).
const CLIENT: &str = "client_id";

/// The parameter of both requests that says where a code goes (RFC 6749 §4.1.1, §4.1.3).
const REDIRECTION: &str = "redirect_uri";

impl LoginProcedure {
    /// The same login with another redirection URI in the request with its code; none where that has none, or this one.
    pub(super) fn with_code_sent_to(&self, uri: &str) -> Option<Arc<Self>> {
        let own = self.code_request()?;
        let is_other = own.field(REDIRECTION)?.whole() != Some(uri);
        is_other.then(|| self.with_code_request(with_field(own, REDIRECTION, Some(uri))?)).flatten()
    }

    /// The same login with a change in how its code is used; none where it has nothing to change.
    #[must_use]
    pub(super) fn with_changed_code(&self, change: GrantChange) -> Option<Arc<Self>> {
        let own = self.code_request()?;
        match change {
            GrantChange::UnknownCode => self.with_code_request(with_field(own, "code", Some(UNKNOWN_CODE))?),
            GrantChange::NoVerifier => self.with_code_request(with_field(own, "code_verifier", None)?),
            GrantChange::WrongVerifier => {
                self.with_code_request(with_field(own, "code_verifier", Some(WRONG_VERIFIER))?)
            }
            GrantChange::OtherRedirectionUri => {
                let other = longer(own.field(REDIRECTION)?.known()?.as_str());
                self.with_code_request(with_field(own, REDIRECTION, Some(&other))?)
            }
            GrantChange::NoRedirectionUri => self.with_code_request(with_field(own, REDIRECTION, None)?),
            GrantChange::NoChallenge => {
                own.field("code_verifier")?;
                self.with_parameters(|name| if CHALLENGE.contains(&name) { Kept::Dropped } else { Kept::AsItIs })
            }
            GrantChange::NoProofKey => {
                let bare = match own.field("code_verifier") {
                    Some(_) => self.with_code_request(with_field(own, "code_verifier", None)?)?,
                    None => Arc::new(self.clone()),
                };
                let unbound =
                    bare.with_parameters(|name| if CHALLENGE.contains(&name) { Kept::Dropped } else { Kept::AsItIs });
                Some(unbound.unwrap_or(bare))
            }
            GrantChange::EmptyChallenge => {
                own.field("code_verifier")?;
                self.with_parameters(|name| if name == CHALLENGE[0] { Kept::As(String::new()) } else { Kept::AsItIs })
            }
            GrantChange::ChallengeAsVerifier => {
                // with `plain` the two are the same
                self.written_before_the_code(CHALLENGE[1]).filter(|method| method == "S256")?;
                self.with_challenge_as_verifier()
            }
            GrantChange::PlainWrongVerifier(method) => {
                self.with_plain_challenge(method)?.with_changed_code(GrantChange::WrongVerifier)
            }
            GrantChange::PlainNoVerifier(method) => {
                self.with_plain_challenge(method)?.with_changed_code(GrantChange::NoVerifier)
            }
            GrantChange::PlainVerifier(method) => self.with_plain_challenge(method)?.with_challenge_as_verifier(),
            _ => None,
        }
    }

    /// The same login with its challenge in place of the verifier.
    fn with_challenge_as_verifier(&self) -> Option<Arc<Self>> {
        let challenge = self.written_before_the_code(CHALLENGE[0])?;
        self.with_code_request(with_field(self.code_request()?, "code_verifier", Some(&challenge))?)
    }

    /// A parameter of the authorization request that is written out.
    fn written_before_the_code(&self, name: &str) -> Option<String> {
        self.before_the_code()?.iter().find_map(|step| step.parameter(name))
    }

    /// The same login with its challenge, whose method is `plain`; none where the authorization request says that itself.
    fn with_plain_challenge(&self, method: PlainMethod) -> Option<Arc<Self>> {
        let own = self.before_the_code()?.iter().find_map(|step| step.parameter(CHALLENGE[1]));
        let other = match method {
            PlainMethod::Unnamed => || Kept::Dropped,
            PlainMethod::Named if own.is_some_and(|own| own == PLAIN) => return None,
            PlainMethod::Named => || Kept::As(PLAIN.to_owned()),
        };
        self.with_parameters(|name| if name == CHALLENGE[1] { other() } else { Kept::AsItIs })
    }

    /// The same login whose authorization request names another redirection URI, and that URI; none where no request before the
    /// last one has one that is written out.
    pub fn redirecting_to(&self, other: RedirectionUri) -> Option<(Arc<Self>, String)> {
        let uri = self.redirection_uri()?;
        let other = changed(&uri, other)?;
        let login = self.with_parameters(|name| match name == REDIRECTION {
            true => Kept::As(encoded(&other)),
            false => Kept::AsItIs,
        });
        Some((login?, other))
    }

    /// The same login with a changed authorization request, and the redirection URI of that; none where it has nothing to change,
    /// or where no redirect brings its code.
    pub fn authorizing(&self, change: AuthorizationChange) -> Option<(Arc<Self>, String)> {
        let is_redirected = |text: &LoginText| text.0.iter().any(|part| matches!(part, LoginPart::Location(_)));
        self.code_request()?.field("code").filter(|code| is_redirected(code))?;
        let (uri, steps) = (self.redirection_uri()?, self.before_the_code()?);
        let has = |name: &str| steps.iter().any(|step| step.has_parameter(name));
        let replaced = |of: &str, name: &str, kept: Kept| if of == name { kept } else { Kept::AsItIs };
        let other = || "authbench".to_owned();
        let set = |name: &str, value: String| match has(name) {
            true => self.with_parameters(|of| replaced(of, name, Kept::As(value.clone()))),
            false => {
                let added = || Kept::AndAlso(name.to_owned(), value.clone());
                self.with_parameters(|of| replaced(of, "response_type", added()))
            }
        };
        let login = match change {
            AuthorizationChange::Nothing => Some(Arc::new(self.clone())),
            AuthorizationChange::NoResponseType => {
                self.with_parameters(|of| replaced(of, "response_type", Kept::Dropped))
            }
            AuthorizationChange::UnknownResponseType => {
                self.with_parameters(|of| replaced(of, "response_type", Kept::As(other())))
            }
            AuthorizationChange::Implicit => {
                self.with_parameters(|of| replaced(of, "response_type", Kept::As("token".to_owned())))
            }
            AuthorizationChange::UnknownChallengeMethod => {
                self.with_parameters(|of| replaced(of, CHALLENGE[1], Kept::As(other())))
            }
            AuthorizationChange::ShortChallenge => {
                self.with_parameters(|of| replaced(of, CHALLENGE[0], Kept::As(SHORT_CHALLENGE.to_owned())))
            }
            AuthorizationChange::Resource(kind) => {
                let own = steps.iter().find_map(|step| step.parameter(RESOURCE))?;
                let other = match kind {
                    UnusableResource::Path => "/authbench".to_owned(),
                    UnusableResource::Fragment => format!("{own}#authbench"),
                };
                self.with_parameters(|of| replaced(of, RESOURCE, Kept::As(encoded(&other))))
            }
            AuthorizationChange::RepeatedParameter => {
                let name = if has("state") { "state" } else { "response_type" };
                self.with_parameters(|of| replaced(of, name, Kept::AndAlso(name.to_owned(), other())))
            }
            AuthorizationChange::UnknownClient => {
                let own = steps.iter().find_map(|step| step.parameter(CLIENT));
                let unknown = unknown_client(own.as_deref().unwrap_or_default());
                self.with_parameters(|of| replaced(of, CLIENT, Kept::As(encoded(&unknown))))
            }
            AuthorizationChange::UnknownClientElsewhere => {
                let (elsewhere, other) = self.redirecting_to(RedirectionUri::OtherHost)?;
                let (login, _) = elsewhere.authorizing(AuthorizationChange::UnknownClient)?;
                return Some((login, other));
            }
            AuthorizationChange::FaultyElsewhere(fault) => {
                let (elsewhere, other) = self.redirecting_to(RedirectionUri::OtherHost)?;
                let (login, _) = elsewhere.authorizing(match fault {
                    RequestFault::NoResponseType => AuthorizationChange::NoResponseType,
                    RequestFault::UnknownResponseType => AuthorizationChange::UnknownResponseType,
                    RequestFault::UnknownScope => AuthorizationChange::Malformed("scope", MalformedText::Word),
                })?;
                return Some((login, other));
            }
            AuthorizationChange::NobodyLoggedIn => self.without_user(),
            AuthorizationChange::NoClient => self.with_parameters(|of| replaced(of, CLIENT, Kept::Dropped)),
            AuthorizationChange::OwnState => set("state", encoded(OWN_STATE)),
            AuthorizationChange::Malformed(name, text) => set(name, text.encoded()),
        };
        Some((login?, uri))
    }

    /// The same login whose authorization request asks for these scopes as well; beside those that it is written for, where it names
    /// none. None where no code is used, or where its scope comes from an answer.
    #[must_use]
    fn asking_for(&self, own: &str, more: &str) -> Option<Arc<Self>> {
        self.code_request()?;
        let steps = self.before_the_code()?;
        let written = steps.iter().find_map(|step| step.parameter("scope"));
        let has = steps.iter().any(|step| step.has_parameter("scope"));
        let scope = encoded(format!("{} {more}", written.as_deref().unwrap_or(own)).trim_start());
        let of = if has { "scope" } else { "response_type" };
        let other = || match has {
            true => Kept::As(scope.clone()),
            false => Kept::AndAlso("scope".to_owned(), scope.clone()),
        };
        let changed = self.with_parameters(|name| if name == of { other() } else { Kept::AsItIs });
        changed.filter(|_| written.is_some() || !has)
    }

    /// What its authorization request asks for, as far as that is written out; none where no code is used.
    pub fn authorization_request(&self) -> Option<AuthorizationRequest> {
        self.code_request()?;
        let one = |name: &str| self.before_the_code()?.iter().find_map(|step| step.parameter(name));
        let has =
            |name: &str| self.before_the_code().is_some_and(|steps| steps.iter().any(|step| step.has_parameter(name)));
        let method = || one(CHALLENGE[1]).unwrap_or_else(|| PLAIN.to_owned());
        Some(AuthorizationRequest {
            client_id: one("client_id"),
            nonce: one("nonce"),
            challenge_method: has(CHALLENGE[0]).then(method),
        })
    }

    /// The same login without the requests that name its user, and without the header lines that an answer to them brings; none where
    /// no authorization request is left, or another header line of it may say who asks.
    fn without_user(&self) -> Option<Arc<Self>> {
        const OF_USERS: [&str; 2] = ["authorization", "cookie"];
        let CredentialSource::Requests(steps) = &self.source else { return None };
        let (last, before) = steps.split_last()?;
        let is_of_user =
            |part: &LoginPart| matches!(part, LoginPart::Username | LoginPart::Password | LoginPart::OneTimeCode);
        let names_user = |step: &LoginStep| step.parts().any(is_of_user);
        let mut left: Vec<LoginStep> = before.iter().filter(|step| !names_user(step)).cloned().collect();
        for step in &mut left {
            step.headers.retain(|(_, value)| !is_of_answers(value));
        }
        let says_who = |step: &LoginStep| {
            let is_of_user = |(name, _): &(String, LoginText)| OF_USERS.contains(&name.to_ascii_lowercase().as_str());
            step.basic.is_some() || step.client.is_some() || step.headers.iter().any(is_of_user)
        };
        let asks = left.iter().any(|step| step.has_parameter("response_type") && step.has_parameter(REDIRECTION));
        if !asks || left.iter().any(says_who) {
            return None;
        }
        let steps = left.into_iter().chain([last.clone()]).collect();
        Some(Arc::new(Self { source: CredentialSource::Requests(steps), ..self.clone() }))
    }

    pub(super) fn before_the_code(&self) -> Option<&[LoginStep]> {
        let CredentialSource::Requests(steps) = &self.source else { return None };
        steps.split_last().map(|(_, before)| before)
    }

    /// The redirection URI of the authorization request, where it is written out.
    pub fn redirection_uri(&self) -> Option<String> {
        self.before_the_code()?.iter().find_map(|step| step.parameter(REDIRECTION))
    }

    fn with_code_request(&self, last: LoginStep) -> Option<Arc<Self>> {
        let CredentialSource::Requests(steps) = &self.source else { return None };
        let mut steps = steps.clone();
        *steps.last_mut()? = last;
        Some(Arc::new(Self { source: CredentialSource::Requests(steps), ..self.clone() }))
    }
}

impl Subject {
    /// The identity that lacks a scope of a resource, and its login whose authorization request asks for that scope as well; none
    /// where its login uses no code.
    pub fn asking_for_lacked_scope(&self) -> Option<(usize, Arc<LoginProcedure>)> {
        let gap = self.scope_gap(None)?;
        let low = &self.identities[gap.low];
        let joined = |scopes: Vec<&String>| scopes.into_iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        let lacking = joined(self.resources[gap.resource].scopes.difference(&low.scopes).collect());
        let login = self.procedure_of(gap.low).filter(|_| !low.asks_for_less && !lacking.is_empty())?;
        Some((gap.low, login.asking_for(&joined(low.scopes.iter().collect()), &lacking)?))
    }

    /// An identity whose login uses a code of a client that names itself, and has no way to prove who it is (RFC 6749 §2.1); the
    /// given one before others.
    pub fn of_public_client(&self, first: usize) -> Option<usize> {
        let is_public = |at: &usize| {
            let identity = &self.identities[*at];
            let step = self.procedure_of(*at).and_then(|login| login.code_request());
            identity.state == CredentialState::Valid
                && identity.certificate.is_none()
                && step.is_some_and(|step| client_of(step).is_some() && !authenticates(step))
        };
        std::iter::once(first).chain((0..self.identities.len()).filter(|at| *at != first)).find(is_public)
    }

    /// The login of an identity whose code is used by another client of the scenario, which authenticates as itself; none where
    /// there is none that asks the same token endpoint.
    pub fn code_of_other_client(&self, identity: usize) -> Option<Arc<LoginProcedure>> {
        let procedure = self.procedure_of(identity)?;
        let own = procedure.code_request()?;
        let others = self.identities.iter().filter_map(|other| match &other.login {
            Login::Procedure(other) => other.code_request(),
            _ => None,
        });
        let is_another = |other: &&LoginStep| {
            let same_endpoint = own.address.known().is_some() && own.address.known() == other.address.known();
            same_endpoint && client_of(other).is_some() && client_of(other) != client_of(own)
        };
        let other = others.into_iter().find(is_another)?;
        let mut changed = own.clone();
        (changed.client, changed.basic) = (other.client.clone(), other.basic.clone());
        let Some(LoginBody::Form(fields)) = &mut changed.body else { return None };
        let of_client = |name: &str| matches!(name, "client_id" | "client_secret");
        fields.retain(|(name, _)| !of_client(name));
        let Some(LoginBody::Form(of_other)) = &other.body else { return None };
        fields.extend(of_other.iter().filter(|(name, _)| of_client(name)).cloned());
        procedure.with_code_request(changed)
    }
}

/// A form with another value of a field, or without it; none where it has no such field.
fn with_field(step: &LoginStep, name: &str, value: Option<&str>) -> Option<LoginStep> {
    let mut step = step.clone();
    step.field(name)?;
    let Some(LoginBody::Form(fields)) = &mut step.body else { return None };
    fields.retain(|(own, _)| own != name);
    fields.extend(value.map(|value| (name.to_owned(), LoginText::plain(value))));
    Some(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::changed_login::tests::login_in_test;

    const AUTHORIZE: &str = "/authorize?response_type=code&redirect_uri=https%3A%2F%2Fapp.test%2Fcb&code_challenge=abc&code_challenge_method=S256";

    fn login() -> LoginProcedure {
        let field = |name: &str, part| (name.to_owned(), LoginText(vec![part]));
        let plain = |name: &str, text: &str| (name.to_owned(), LoginText::plain(text));
        let fields = vec![
            plain("grant_type", "authorization_code"),
            field("code", LoginPart::Location("code".to_owned())),
            plain("redirect_uri", "https://app.test/cb"),
            plain("code_verifier", "verifier"),
        ];
        let mut login = login_in_test("/token", LoginBody::Form(fields), ("alice", "pass"));
        if let CredentialSource::Requests(steps) = &mut login.source {
            let first =
                LoginStep { method: "GET", address: LoginText::plain(AUTHORIZE), body: None, ..steps[0].clone() };
            steps.insert(0, first);
        }
        login
    }

    fn steps(login: &LoginProcedure) -> &[LoginStep] {
        let CredentialSource::Requests(steps) = &login.source else { panic!("requests") };
        steps
    }

    #[test]
    fn an_authorization_request_asks_for_one_scope_more() {
        let own = login();
        let changed = own.asking_for("read", "write").expect("uses a code");
        assert!(
            steps(&changed)[0]
                .address
                .whole()
                .is_some_and(|at| at.contains("scope=read+write") || at.contains("scope=read%20write"))
        );
        let mut named = login();
        if let CredentialSource::Requests(steps) = &mut named.source {
            steps[0].address = LoginText::plain(format!("{AUTHORIZE}&scope=openid"));
        }
        let changed = named.asking_for("read", "write").expect("uses a code");
        let address = steps(&changed)[0].address.whole().unwrap_or_default();
        assert!(address.contains("scope=openid+write") || address.contains("scope=openid%20write"), "{address}");
        assert_eq!(address.matches("scope").count(), 1, "{address}");
    }

    #[test]
    fn the_use_of_a_code_is_changed_and_nothing_else() {
        let own = login();
        assert!(own.uses_a_code());
        for (change, field, expected) in [
            (GrantChange::UnknownCode, "code", Some(UNKNOWN_CODE)),
            (GrantChange::NoVerifier, "code_verifier", None),
            (GrantChange::WrongVerifier, "code_verifier", Some(WRONG_VERIFIER)),
            (GrantChange::OtherRedirectionUri, "redirect_uri", Some("https://app.test/cb/authbench")),
            (GrantChange::ChallengeAsVerifier, "code_verifier", Some("abc")),
        ] {
            let changed = own.with_changed_code(change).expect("there is something to change");
            assert_eq!(steps(&changed)[1].field(field).and_then(LoginText::whole), expected, "{change:?}");
            assert_eq!(steps(&changed)[0].address.whole(), Some(AUTHORIZE), "{change:?}");
        }
        let empty = own.with_changed_code(GrantChange::EmptyChallenge).expect("it has a challenge");
        let address = steps(&empty)[0].address.whole().expect("is known");
        assert!(address.ends_with("&code_challenge=&code_challenge_method=S256"), "{address}");
        let before = AUTHORIZE.strip_suffix("&code_challenge_method=S256").expect("it names the method");
        for (method, address) in [
            (PlainMethod::Unnamed, before.to_owned()),
            (PlainMethod::Named, format!("{before}&code_challenge_method=plain")),
        ] {
            for (change, verifier) in [
                (GrantChange::PlainWrongVerifier(method), Some(WRONG_VERIFIER)),
                (GrantChange::PlainNoVerifier(method), None),
                (GrantChange::PlainVerifier(method), Some("abc")),
            ] {
                let changed = own.with_changed_code(change).expect("it names another method");
                assert_eq!(steps(&changed)[0].address.whole(), Some(address.as_str()), "{change:?}");
                assert_eq!(steps(&changed)[1].field("code_verifier").and_then(LoginText::whole), verifier);
                assert!(changed.with_changed_code(change).is_none(), "{change:?}: it is so already");
            }
        }
        let bare = own.with_changed_code(GrantChange::NoChallenge).expect("it has a challenge");
        let address = "/authorize?response_type=code&redirect_uri=https%3A%2F%2Fapp.test%2Fcb";
        assert_eq!(steps(&bare)[0].address.whole(), Some(address));
        assert!(steps(&bare)[1].field("code_verifier").is_some(), "the verifier stays");
        assert!(bare.with_changed_code(GrantChange::NoChallenge).is_none(), "there is none left");
    }

    #[test]
    fn an_authorization_request_is_changed_in_one_parameter() {
        use AuthorizationChange::{
            Implicit, Malformed, NoResponseType, OwnState, RepeatedParameter, UnknownChallengeMethod,
            UnknownResponseType,
        };
        for (change, name, expected) in [
            (NoResponseType, "response_type", vec![]),
            (UnknownResponseType, "response_type", vec!["authbench"]),
            (Implicit, "response_type", vec!["token"]),
            (UnknownChallengeMethod, "code_challenge_method", vec!["authbench"]),
            (RepeatedParameter, "response_type", vec!["code", "authbench"]),
            (OwnState, "state", vec![OWN_STATE]),
            (Malformed("redirect_uri", MalformedText::Address), "redirect_uri", vec!["http://[::"]),
            (Malformed("scope", MalformedText::NotUtf8), "scope", vec!["\u{fffd}\u{fffd}"]),
        ] {
            let (changed, uri) = login().authorizing(change).expect("there is something to change");
            let address = steps(&changed)[0].address.whole().expect("is known").to_owned();
            let (_, query) = address.split_once('?').expect("has a query");
            let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            let values: Vec<_> = pairs.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str()).collect();
            assert_eq!((uri.as_str(), values), ("https://app.test/cb", expected), "{change:?}");
            assert!(pairs.contains(&("code_challenge".to_owned(), "abc".to_owned())), "{change:?}: {address}");
        }
    }

    #[test]
    fn nobody_has_logged_in_where_no_request_names_the_user() {
        let field = |name: &str, part| (name.to_owned(), LoginText(vec![part]));
        let credentials = vec![field("user", LoginPart::Username), field("password", LoginPart::Password)];
        let line = |name: &str, value| (name.to_owned(), LoginText(vec![value]));
        let token = || LoginPart::Pointer("/token".to_owned());
        // header lines of the authorization request; how many requests are left, and how many lines of them
        for (headers, expected) in [
            (vec![], Some((2, 0))),
            (vec![line("Authorization", token())], Some((2, 0))),
            (vec![line("Accept", LoginPart::Plain("text/html".to_owned())), line("Cookie", token())], Some((2, 1))),
            // whoever has these is somebody
            (vec![line("Cookie", LoginPart::Plain("sid=1".to_owned()))], None),
            (vec![line("authorization", LoginPart::Plain("Bearer t".to_owned()))], None),
        ] {
            let mut own = login();
            let CredentialSource::Requests(asked) = &mut own.source else { panic!("requests") };
            let entered = LoginStep { body: Some(LoginBody::Form(credentials.clone())), ..asked[1].clone() };
            asked[0].headers = headers.clone();
            asked.insert(0, entered);
            let left = own.authorizing(AuthorizationChange::NobodyLoggedIn).map(|(login, _)| {
                let steps = steps(&login);
                (steps.len(), steps[0].headers.len())
            });
            assert_eq!(left, expected, "{headers:?}");
        }
        let mut own = login();
        let CredentialSource::Requests(steps) = &mut own.source else { panic!("requests") };
        steps[0].body = Some(LoginBody::Form(credentials));
        assert!(own.authorizing(AuthorizationChange::NobodyLoggedIn).is_none(), "it names its user itself");
    }

    #[test]
    fn an_address_that_names_a_value_of_its_account_is_changed_beside_it() {
        let mut own = login();
        if let CredentialSource::Requests(steps) = &mut own.source {
            let before = LoginPart::Plain(format!("{AUTHORIZE}&client_id="));
            steps[0].address = LoginText(vec![before, LoginPart::Username]);
        }
        let (changed, _) = own.authorizing(AuthorizationChange::UnknownResponseType).expect("is changed");
        let parts = &steps(&changed)[0].address.0;
        assert!(parts.iter().any(|part| matches!(part, LoginPart::Username)), "the client stays");
        assert_eq!(steps(&changed)[0].parameter("response_type").as_deref(), Some("authbench"));
        assert_eq!(own.authorization_request().expect("uses a code").client_id, None);
    }

    #[test]
    fn another_client_asks_or_none() {
        use AuthorizationChange::{NoClient, UnknownClient, UnknownClientElsewhere};
        let mut own = login();
        assert!(own.authorizing(UnknownClient).is_none(), "nobody is named");
        let CredentialSource::Requests(steps_of_it) = &mut own.source else { panic!("requests") };
        steps_of_it[0].address = LoginText::plain(format!("{AUTHORIZE}&client_id=7"));
        let elsewhere = "https://authbench.example/cb";
        for (change, client, leads_to) in [
            (UnknownClient, Some("938462715"), "https://app.test/cb"),
            (UnknownClientElsewhere, Some("938462715"), elsewhere),
            (NoClient, None, "https://app.test/cb"),
        ] {
            let (changed, uri) = own.authorizing(change).expect("it has one");
            let first = &steps(&changed)[0];
            let named = (first.parameter(CLIENT), first.parameter(REDIRECTION));
            assert_eq!((named.0.as_deref(), named.1.as_deref()), (client, Some(leads_to)), "{change:?}");
            assert_eq!(uri, leads_to, "{change:?}");
        }
    }

    #[test]
    fn a_request_that_leads_elsewhere_has_one_more_fault() {
        for (fault, name, expected) in [
            (RequestFault::NoResponseType, "response_type", None),
            (RequestFault::UnknownResponseType, "response_type", Some("authbench")),
            (RequestFault::UnknownScope, "scope", Some("authbench")),
        ] {
            let (changed, uri) = login().authorizing(AuthorizationChange::FaultyElsewhere(fault)).expect("is made");
            let first = &steps(&changed)[0];
            assert_eq!(first.parameter(name).as_deref(), expected, "{fault:?}");
            assert_eq!(first.parameter(REDIRECTION).as_deref(), Some(uri.as_str()), "{fault:?}");
            assert_eq!(uri, "https://authbench.example/cb", "{fault:?}");
        }
    }

    #[test]
    fn a_resource_is_changed_where_the_request_has_one() {
        let mut own = login();
        let path = AuthorizationChange::Resource(UnusableResource::Path);
        assert!(own.authorizing(path).is_none(), "it has none");
        let CredentialSource::Requests(steps_of_it) = &mut own.source else { panic!("requests") };
        steps_of_it[0].address = LoginText::plain(format!("{AUTHORIZE}&resource=https%3A%2F%2Fapi.test%2F"));
        for (change, expected) in [
            (path, "/authbench"),
            (AuthorizationChange::Resource(UnusableResource::Fragment), "https://api.test/#authbench"),
        ] {
            let (changed, _) = own.authorizing(change).expect("it has one");
            assert_eq!(steps(&changed)[0].parameter(RESOURCE).as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_redirection_uri_is_changed_in_the_authorization_request() {
        for (other, expected) in [
            (RedirectionUri::OtherHost, "https://authbench.example/cb"),
            (RedirectionUri::LongerPath, "https://app.test/cb/authbench"),
            (RedirectionUri::HostBehind, "https://app.test.authbench.example/cb"),
            (RedirectionUri::OtherPort, "https://app.test:8443/cb"),
            (RedirectionUri::LongerQuery, "https://app.test/cb?authbench=1"),
            (RedirectionUri::UserBefore, "https://authbench@app.test/cb"),
            (RedirectionUri::HostAsUser, "https://app.test@authbench.example/cb"),
            (RedirectionUri::LongerSegment, "https://app.test/cbauthbench"),
            (RedirectionUri::OtherSlash, "https://app.test/cb/"),
            (RedirectionUri::Fragment, "https://app.test/cb#authbench"),
            (RedirectionUri::SchemeInCapitals, "HTTPS://app.test/cb"),
            (RedirectionUri::HostInCapitals, "https://APP.TEST/cb"),
            (RedirectionUri::DefaultPort, "https://app.test:443/cb"),
            (RedirectionUri::DotSegments, "https://app.test/authbench/../cb"),
            (RedirectionUri::EncodedDotSegments, "https://app.test/authbench/%2e%2e/cb"),
        ] {
            let (changed, uri) = login().redirecting_to(other).expect("it is written out");
            assert_eq!(uri, expected);
            let address = steps(&changed)[0].address.whole().expect("is known").to_owned();
            assert_eq!(steps(&changed)[0].parameter(REDIRECTION).as_deref(), Some(expected), "{address}");
            assert!(address.ends_with("&code_challenge=abc&code_challenge_method=S256"), "{address}");
        }
    }
}
