//! A login, ready to be carried out: who asks for what, where the credential is in the answer, and when it ends.

use std::sync::Arc;
use std::time::Duration;

use super::client::{ClientAuthMethod, ClientCredential};
use super::one_time::OneTimeSecret;
use super::reset_completion::ResetCompletion;
use super::resolve_login::is_origin;
use super::subject::DeclaredAnswer;
use crate::check::step::LoginMember;
use crate::secret::Secret;

/// How an identity obtains its credential.
#[derive(Clone, Debug)]
pub struct LoginProcedure {
    /// Where it comes from.
    pub source: CredentialSource,
    /// Where the credential is in the answer; where `access_token` is, or all that a command prints, if absent.
    pub token: Option<TokenPosition>,
    /// When it ends.
    pub end: CredentialEnd,
    /// How it is renewed from the last answer.
    pub refresh: Option<LoginStep>,
    /// Where the renewed credential is, if the refresh has another place for it.
    pub refreshed: Option<TokenPosition>,
    /// What ends it; empty where the scenario does not say how.
    pub logout: Vec<LoginStep>,
    /// What gives its user another password; empty where the scenario does not say how.
    pub password_change: Vec<LoginStep>,
    /// What asks for another password in place of one that was forgotten; empty where the scenario does not say how.
    pub password_reset: Vec<LoginStep>,
    /// What completes that.
    pub reset_completion: Option<ResetCompletion>,
    /// What makes an account; empty where the scenario does not say how.
    pub registration: Vec<LoginStep>,
    /// Names of the cookies that travel beside it; all of the login's if absent.
    pub cookies: Option<Vec<String>>,
    /// What goes along with writes.
    pub beside_writes: BesideWrites,
    /// What the codes for `{totp}` are made of.
    pub one_time: Option<Arc<OneTimeSecret>>,
    /// User-id and password of the identity, for `{username}` and `{password}`.
    pub account: (String, Option<Secret>),
    /// Failures in a row after which no login is tried.
    pub most_failures: u32,
}

/// What goes along with requests that change state, such as a CSRF token.
#[derive(Clone, Debug, Default)]
pub struct BesideWrites {
    /// Header lines.
    pub headers: Vec<(String, LoginText)>,
    /// Parameters of forms, and members of JSON objects.
    pub fields: Vec<(String, LoginText)>,
    /// Names of the header lines that requests which read carry, too.
    pub of_reads: Vec<String>,
}

impl BesideWrites {
    /// Whether nothing goes along.
    pub fn is_empty(&self) -> bool {
        self.headers.is_empty() && self.fields.is_empty()
    }
}

/// Where a credential comes from.
#[derive(Clone, Debug)]
pub enum CredentialSource {
    /// A command that prints it.
    Command {
        /// Program and arguments.
        argv: Vec<String>,
        /// Its variables.
        env: Vec<(String, Secret)>,
    },
    /// A command that may not be started.
    Forbidden(String),
    /// Requests, of which the last one has it.
    Requests(Vec<LoginStep>),
}

/// One request of a login.
#[derive(Clone, Debug)]
pub struct LoginStep {
    /// Method.
    pub method: &'static str,
    /// Address: a path on the target, or absolute.
    pub address: LoginText,
    /// Header lines.
    pub headers: Vec<(String, LoginText)>,
    /// User-id and password of HTTP Basic (RFC 7617).
    pub basic: Option<(LoginText, LoginText)>,
    /// The client that it authenticates at a token endpoint.
    pub client: Option<(ClientCredential, ClientAuthMethod)>,
    /// Audience of that client's assertions; the address if absent (RFC 7523 §3).
    pub assertion_audience: Option<String>,
    /// Body.
    pub body: Option<LoginBody>,
    /// What its body says that it is, where that is not what it is.
    pub media: Option<&'static str>,
    /// How success is recognised; a status below 400 if absent.
    pub success: Option<DeclaredAnswer>,
}

/// Body of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum LoginBody {
    /// JSON.
    Json(LoginJson),
    /// A form.
    Form(Vec<(String, LoginText)>),
    /// What is no login, on purpose.
    Malformed(MalformedBody),
}

/// A body that is malformed on purpose.
#[derive(Clone, Debug, PartialEq)]
pub struct MalformedBody {
    /// What it says that it is; empty where it says nothing.
    pub media: &'static str,
    /// Fields of a form that are as they should be.
    pub fields: Vec<(String, LoginText)>,
    /// The bytes behind them, or all of it.
    pub tail: Vec<u8>,
}

impl MalformedBody {
    /// What stands between its parts, where its fields are sent in parts (RFC 7578).
    pub fn boundary(&self) -> Option<&'static str> {
        self.media.strip_prefix("multipart/form-data; boundary=")
    }
}

/// JSON whose texts are filled when it is sent.
#[derive(Clone, Debug, PartialEq)]
pub enum LoginJson {
    /// No text.
    Plain(serde_json::Value),
    /// A text.
    Text(LoginText),
    /// A list.
    List(Vec<LoginJson>),
    /// An object.
    Object(Vec<(String, LoginJson)>),
}

/// A text of a login: known parts, and parts that are taken from answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoginText(pub Vec<LoginPart>);

/// A part of such a text.
#[derive(Clone, Debug, PartialEq)]
pub enum LoginPart {
    /// Known beforehand and no secret.
    Plain(String),
    /// Known beforehand and not to be shown: the value of a variable, or of a member that holds credentials by its name.
    Private(Secret),
    /// A JSON pointer into the answers, the latest first.
    Pointer(String),
    /// A header field of the answers, the latest first.
    Header(String),
    /// A cookie that is held.
    Cookie(String),
    /// An input of an HTML page among the answers, the latest first.
    Input(String),
    /// A parameter of the address that an answer redirects to, the latest first.
    Location(String),
    /// The credential that is held.
    Token,
    /// The user-id.
    Username,
    /// The password.
    Password,
    /// The password that takes its place, in a password change.
    NewPassword,
    /// The token of the mail of a password reset.
    ResetToken,
    /// The path and the query of the link of that mail.
    ResetPath,
    /// The present one-time code.
    OneTimeCode,
}

/// Where a credential is in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenPosition {
    /// JSON pointer.
    Pointer(String),
    /// Header field.
    Header(String),
    /// Cookie.
    Cookie(String),
}

/// When a credential ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialEnd {
    /// So many seconds after the answer, at this pointer.
    InSeconds(String),
    /// So many milliseconds after the answer, at this pointer.
    InMilliseconds(String),
    /// At the time that this pointer leads to.
    At(String),
    /// After this length of time.
    After(Duration),
    /// Not by itself.
    Never,
    /// As the answer or the credential says: `expires_in` (RFC 6749 §5.1), else the `exp` of a JWT (RFC 7519 §4.1.4).
    AsAnswered,
}

impl LoginPart {
    /// Whether it is known before anything was answered.
    pub fn is_known(&self) -> bool {
        matches!(self, Self::Plain(_) | Self::Private(_) | Self::Username | Self::Password | Self::OneTimeCode)
    }
}

impl CredentialEnd {
    /// Whether the target says it. A lifetime that the scenario declares may be shorter, so as to renew early.
    pub fn is_stated(&self) -> bool {
        !matches!(self, Self::After(_) | Self::Never)
    }
}

impl LoginText {
    /// A text that is known beforehand and no secret.
    pub fn plain(text: impl Into<String>) -> Self {
        Self(vec![LoginPart::Plain(text.into())])
    }

    /// The same, not to be shown.
    #[must_use]
    pub fn private(self) -> Self {
        let private = |part| match part {
            LoginPart::Plain(text) => LoginPart::Private(Secret::new(text)),
            other => other,
        };
        Self(self.0.into_iter().map(private).collect())
    }

    /// Whether it is the user-id or the password of the identity and nothing else.
    pub fn is_member(&self, member: LoginMember) -> bool {
        matches!(
            (self.0.as_slice(), member),
            ([LoginPart::Username], LoginMember::User) | ([LoginPart::Password], LoginMember::Password)
        )
    }

    /// The whole text, where nothing of it comes from an answer.
    pub fn whole(&self) -> Option<&str> {
        match self.0.as_slice() {
            [LoginPart::Plain(text)] => Some(text),
            [LoginPart::Private(text)] => Some(text.expose()),
            _ => None,
        }
    }

    /// The whole text, however many parts it has, where nothing of it comes from an answer or an account.
    pub(super) fn known(&self) -> Option<String> {
        let known = self.0.iter().map(|part| match part {
            LoginPart::Plain(text) => Some(text.as_str()),
            LoginPart::Private(text) => Some(text.expose()),
            _ => None,
        });
        known.collect()
    }

    /// The secrets that it holds.
    fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.0.iter().filter_map(|part| match part {
            LoginPart::Private(secret) => Some(secret),
            _ => None,
        })
    }
}

impl LoginJson {
    fn texts(&self) -> Vec<&LoginText> {
        match self {
            Self::Plain(_) => Vec::new(),
            Self::Text(text) => vec![text],
            Self::List(items) => items.iter().flat_map(Self::texts).collect(),
            Self::Object(members) => members.iter().flat_map(|(_, member)| member.texts()).collect(),
        }
    }
}

impl LoginStep {
    /// A field of its form.
    pub fn field(&self, name: &str) -> Option<&LoginText> {
        let Some(LoginBody::Form(fields)) = &self.body else { return None };
        fields.iter().find(|(other, _)| other == name).map(|(_, text)| text)
    }

    /// The grant that a client asks a token endpoint for (RFC 6749 §1.3).
    pub fn grant(&self) -> Option<&str> {
        self.field("grant_type")?.whole()
    }

    /// Method and address as far as it is known, for a reader.
    pub fn name(&self) -> String {
        let known = |part: &LoginPart| match part {
            LoginPart::Plain(text) => text.clone(),
            LoginPart::Private(text) => text.expose().to_owned(),
            _ => "…".to_owned(),
        };
        let address: String = self.address.0.iter().map(known).collect();
        format!("{} {}", self.method, address.split('?').next().unwrap_or_default())
    }

    /// What it sends beside its address, by name, for a reader: no value is shown.
    pub fn sends(&self) -> String {
        let names = |names: Vec<&str>| names.join(", ");
        let mut sent = Vec::new();
        match &self.body {
            Some(LoginBody::Json(LoginJson::Object(members))) => {
                let members = members.iter().map(|(name, _)| name.as_str()).collect();
                sent.push(format!("JSON with {}", names(members)));
            }
            Some(LoginBody::Json(_)) => sent.push("JSON".to_owned()),
            Some(LoginBody::Form(fields)) => {
                let fields = fields.iter().map(|(name, _)| name.as_str()).collect();
                sent.push(format!("a form with {}", names(fields)));
            }
            Some(LoginBody::Malformed(_)) => sent.push("a malformed body".to_owned()),
            None => {}
        }
        if self.basic.is_some() {
            sent.push("HTTP Basic".to_owned());
        }
        if let Some((client, method)) = &self.client {
            let how = client.method(*method).described();
            sent.push(format!("the client {} authenticated by {how}", client.id));
        }
        if sent.is_empty() { String::new() } else { format!(" with {}", sent.join(" and ")) }
    }

    /// The parts of its texts, in the order in which a reader would look for a token: body, headers, address.
    pub fn parts(&self) -> impl Iterator<Item = &LoginPart> {
        let of_body = match &self.body {
            Some(LoginBody::Json(json)) => json.texts(),
            Some(LoginBody::Form(fields) | LoginBody::Malformed(MalformedBody { fields, .. })) => {
                fields.iter().map(|(_, text)| text).collect()
            }
            None => Vec::new(),
        };
        let headers = self.headers.iter().map(|(_, text)| text);
        let basic = self.basic.iter().flat_map(|(user, password)| [user, password]);
        let texts = of_body.into_iter().chain(headers).chain(basic).chain([&self.address]);
        texts.flat_map(|text| &text.0)
    }

    /// Whether it is sent as another one, of the same client.
    pub(super) fn is_sent_as(&self, other: &Self) -> bool {
        let client = |step: &Self| step.client.as_ref().map(|(client, _)| client.id.clone());
        self.method == other.method
            && client(self) == client(other)
            && self.media == other.media
            && self.address == other.address
            && self.headers == other.headers
            && self.basic == other.basic
            && self.body == other.body
    }

    fn secrets(&self) -> Vec<&Secret> {
        let mut texts: Vec<&LoginText> = self.headers.iter().map(|(_, text)| text).collect();
        texts.extend(self.basic.iter().flat_map(|(user, password)| [user, password]));
        match &self.body {
            Some(LoginBody::Json(json)) => texts.extend(json.texts()),
            Some(LoginBody::Form(fields) | LoginBody::Malformed(MalformedBody { fields, .. })) => {
                texts.extend(fields.iter().map(|(_, text)| text));
            }
            None => {}
        }
        let client = self.client.iter().filter_map(|(client, _)| client.secret.as_ref());
        texts.into_iter().flat_map(LoginText::secrets).chain(client).collect()
    }
}

impl LoginProcedure {
    /// All its requests.
    pub fn steps(&self) -> impl Iterator<Item = &LoginStep> {
        let requests = match &self.source {
            CredentialSource::Requests(steps) => steps.as_slice(),
            CredentialSource::Command { .. } | CredentialSource::Forbidden(_) => &[],
        };
        let of_account = self.password_change.iter().chain(&self.password_reset).chain(&self.registration);
        let of_completion = self.reset_completion.iter().flat_map(ResetCompletion::steps);
        requests.iter().chain(&self.refresh).chain(&self.logout).chain(of_account).chain(of_completion)
    }

    /// A request that changes state, with what goes along with writes: an application that wants a CSRF token wants it there
    /// too.
    pub fn as_write(&self, step: &LoginStep) -> LoginStep {
        let mut step = step.clone();
        if step.method == "GET" {
            return step;
        }
        let BesideWrites { headers, fields, .. } = &self.beside_writes;
        let named = |name: &str| step.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
        let added: Vec<_> = headers.iter().filter(|(name, _)| !named(name)).cloned().collect();
        step.headers.extend(added);
        if !fields.is_empty() && step.body.is_none() && step.method == "POST" {
            step.body = Some(LoginBody::Form(Vec::new()));
        }
        match &mut step.body {
            Some(LoginBody::Form(own)) => {
                let missing = fields.iter().filter(|(name, _)| !own.iter().any(|(other, _)| other == name));
                let missing: Vec<_> = missing.cloned().collect();
                own.extend(missing);
            }
            Some(LoginBody::Json(LoginJson::Object(own))) => {
                let missing = fields.iter().filter(|(name, _)| !own.iter().any(|(other, _)| other == name));
                let missing = missing.map(|(name, text)| (name.clone(), LoginJson::Text(text.clone())));
                let missing: Vec<_> = missing.collect();
                own.extend(missing);
            }
            _ => {}
        }
        step
    }

    /// Whether its logout is the revocation of the access token (RFC 7009 §2.1) and nothing else.
    pub fn only_revokes_its_token(&self) -> bool {
        let is_access = |part: &LoginPart| match part {
            LoginPart::Pointer(at) => at == "/access_token",
            LoginPart::Token => true,
            _ => false,
        };
        let revokes = |step: &LoginStep| {
            let others = step.parts().filter(|part| matches!(part, LoginPart::Pointer(_))).any(|part| !is_access(part));
            step.field("token").is_some_and(|token| token.0.iter().all(is_access)) && !others
        };
        !self.logout.is_empty() && self.logout.iter().all(revokes)
    }

    /// Whether it consists of requests.
    pub fn has_requests(&self) -> bool {
        matches!(self.source, CredentialSource::Requests(_))
    }

    /// Whether checks of a topic have something to ask of it.
    pub fn is_about(&self, topic: &str) -> bool {
        match topic {
            "login" => !self.logout.is_empty() || self.takes_password() || self.keeps_accounts(),
            "session" => self.cookie().is_some(),
            "refresh" => self.refresh.is_some(),
            "grant" => self.asks_by_a_users_grant(),
            "code" | "openid" => self.uses_a_code(),
            _ => false,
        }
    }

    /// Whether it asks a token endpoint by another grant than that of clients, whose endpoint is judged like any other.
    fn asks_by_a_users_grant(&self) -> bool {
        let CredentialSource::Requests(steps) = &self.source else { return false };
        // the answer that is looked at is the last one
        steps.last().and_then(LoginStep::grant).is_some_and(|grant| grant != "client_credentials")
    }

    /// Whether it ends with the use of an authorization code (RFC 6749 §4.1.3) that an answer before has.
    pub fn uses_a_code(&self) -> bool {
        self.code_request().is_some()
    }

    /// The request that uses the authorization code: the last one.
    pub fn code_request(&self) -> Option<&LoginStep> {
        let CredentialSource::Requests(steps) = &self.source else { return None };
        let last = steps.last().filter(|step| step.grant() == Some("authorization_code"))?;
        last.field("code").filter(|code| code.whole().is_none()).map(|_| last)
    }

    /// Whether its requests send user-id and password of the identity, so that others can take their place.
    pub fn takes_account(&self) -> bool {
        self.takes_password() && self.has_part(|part| matches!(part, LoginPart::Username))
    }

    /// Whether its requests send the password of the identity, so that another one can take its place.
    pub fn takes_password(&self) -> bool {
        self.has_part(|part| matches!(part, LoginPart::Password))
    }

    /// Whether the password is among so many of its requests that were sent. Of a login by a code it does not matter: the
    /// authorization request may be what is refused.
    pub fn is_past_password(&self, sent: usize) -> bool {
        self.uses_a_code() || self.place_of_password().is_some_and(|at| sent > at)
    }

    fn has_part(&self, wanted: fn(&LoginPart) -> bool) -> bool {
        let CredentialSource::Requests(steps) = &self.source else { return false };
        steps.iter().any(|step| step.parts().any(wanted))
    }

    /// The cookie that is the credential, where it is one.
    pub fn cookie(&self) -> Option<&str> {
        match self.token.as_ref() {
            Some(TokenPosition::Cookie(name)) => Some(name),
            _ => None,
        }
    }

    /// The cookies that it names as credentials: what a login, or its refresh, leads to.
    pub fn credential_cookies(&self) -> impl Iterator<Item = &str> {
        [&self.token, &self.refreshed].into_iter().filter_map(|position| match position {
            Some(TokenPosition::Cookie(name)) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Whether it says that the body of an answer has its credential, or that of its refresh.
    pub fn has_credential_in_body(&self) -> bool {
        let is_in_body = |position: &TokenPosition| matches!(position, TokenPosition::Pointer(_));
        // RFC 6749 §5.1, where nothing else is named
        self.token.as_ref().is_none_or(is_in_body) || self.refreshed.as_ref().is_some_and(is_in_body)
    }

    /// The same login with one more header line in each request, such as the one that names where it comes from.
    #[must_use]
    pub fn with_header(&self, name: &str, value: &str) -> Arc<Self> {
        let mut login = self.clone();
        if let CredentialSource::Requests(steps) = &mut login.source {
            steps.iter_mut().for_each(|step| step.headers.push((name.to_owned(), LoginText::plain(value))));
        }
        Arc::new(login)
    }

    /// What it sends that is not to be shown.
    pub fn secrets(&self) -> Vec<&Secret> {
        let mut secrets: Vec<&Secret> = self.steps().flat_map(LoginStep::secrets).collect();
        secrets.extend(&self.account.1);
        let of_login = match &self.source {
            CredentialSource::Command { env, .. } => env.as_slice(),
            CredentialSource::Forbidden(_) | CredentialSource::Requests(_) => &[],
        };
        let of_mail = self.reset_completion.iter().flat_map(ResetCompletion::variables);
        let variables = of_login.iter().map(|(_, value)| value).chain(of_mail);
        secrets.extend(variables.filter(|value| !is_origin(value.expose())));
        secrets.extend(self.one_time.iter().flat_map(|secret| secret.secrets()));
        secrets
    }

    /// The program that it starts.
    pub fn program(&self) -> Option<&str> {
        match &self.source {
            CredentialSource::Command { argv, .. } => argv.first().map(String::as_str),
            CredentialSource::Forbidden(_) | CredentialSource::Requests(_) => None,
        }
    }

    /// The same, with a command forbidden.
    #[must_use]
    pub fn without_command(self: &Arc<Self>) -> Arc<Self> {
        let source = match &self.source {
            CredentialSource::Command { argv, .. } => {
                CredentialSource::Forbidden(argv.first().cloned().unwrap_or_default())
            }
            other => other.clone(),
        };
        let reset_completion = self.reset_completion.clone().map(ResetCompletion::without_command);
        Arc::new(Self { source, reset_completion, ..Self::clone(self) })
    }
}

#[cfg(test)]
impl LoginProcedure {
    /// The login of alice by these requests, and nothing else.
    pub(crate) fn in_test(requests: Vec<LoginStep>) -> Self {
        Self {
            source: CredentialSource::Requests(requests),
            token: None,
            end: CredentialEnd::AsAnswered,
            refresh: None,
            refreshed: None,
            logout: Vec::new(),
            password_change: Vec::new(),
            password_reset: Vec::new(),
            reset_completion: None,
            registration: Vec::new(),
            cookies: None,
            beside_writes: BesideWrites::default(),
            one_time: None,
            account: ("alice".to_owned(), None),
            most_failures: 3,
        }
    }
}
