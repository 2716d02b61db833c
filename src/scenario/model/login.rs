//! How a credential is obtained, renewed and given back.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;

use super::{AnswerPattern, ClientAuth, ResetCompletionFields, SigningKeySource};
use crate::scenario::either::{bare_or_map, one_or_list};
use crate::scenario::text::{DeclaredLifetime, Pointer};
use crate::scenario::{At, JsonTemplate, Template};

/// How a credential is obtained: by exactly one of `command`, `request`, `client` and `password`.
///
/// In what is sent, `{/pointer}`, `{header:NAME}`, `{cookie:NAME}`, `{input:NAME}` and `{location:NAME}` stand for values of earlier answers,
/// `{username}` and `{password}` for those members of the credential, `{totp}` for the present one-time code of its `totp`, `{token}`
/// for the credential that is held, and
/// `{new_password}`, in a password change and in the completion of a reset, for the password that takes the place of `{password}`,
/// and in a registration for that of the new account. `{location:NAME}` is a parameter of the address that an answer redirects to; of one with a code or an error,
/// also where JSON hands it to a script. `{input:NAME}` is the value of an input or a `meta` element, or else the text that a script gives that name.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginFields {
    /// A command without a shell. It prints the credential, or JSON to which `token` and `expires_in` point.
    #[serde(default)]
    pub command: Option<Vec<String>>,
    /// Variables of the command; it gets these, PATH and nothing else.
    #[serde(default)]
    pub env: BTreeMap<String, Template>,
    /// One request, or several in order.
    #[serde(default)]
    pub request: Option<LoginRequests>,
    /// The client credentials grant (RFC 6749 §4.4).
    #[serde(default)]
    pub client: Option<At<ClientLogin>>,
    /// The resource owner password credentials grant (RFC 6749 §4.3), with `username` and `password` of the credential.
    #[serde(default)]
    pub password: Option<At<ClientLogin>>,
    /// Where the credential is in the answer; `/access_token` unless another place is named.
    #[serde(default)]
    pub token: Option<TokenPlace>,
    /// JSON pointer to the number of seconds that it lives; `/expires_in` where the answer has it.
    #[serde(default)]
    pub expires_in: Option<Pointer>,
    /// JSON pointer to the number of milliseconds that it lives.
    #[serde(default)]
    pub expires_in_ms: Option<Pointer>,
    /// JSON pointer to the time of its end: RFC 3339, or seconds or milliseconds since 1970.
    #[serde(default)]
    pub expires_at: Option<Pointer>,
    /// How long it lives, where no answer says so: a length of time, or `never`. The `exp` of a JWT is read without being
    /// named.
    #[serde(default)]
    pub lifetime: Option<DeclaredLifetime>,
    /// How a new credential is obtained from the last answer, in place of another login.
    #[serde(default)]
    pub refresh: Option<At<LoginRequest>>,
    /// How it is ended: one request, or several in order, such as one for each of its tokens. Sent at the end of the run.
    #[serde(default)]
    pub logout: Option<LoginRequests>,
    /// How a user who is logged in changes the password: one request, or several in order. Checks of password changes need
    /// it; they put the former password back. Write it so that it ends the other sessions, where that is a choice.
    #[serde(default)]
    pub password_change: Option<LoginRequests>,
    /// How a user who has forgotten the password asks for another one, with `{username}`: one request, or several in order, such
    /// as that for a page with a CSRF token before it. Two checks send it seven times for the user of the credential, who may get
    /// mails for it, and for users that nobody has. Leave it out where the password ends with the request.
    #[serde(default)]
    pub password_reset: Option<LoginRequests>,
    /// How the user who has asked by `password_reset` sets another password, with what the mail has. Checks of resets need it; they
    /// set `New1-` followed by the password, and put the former password back by `password_change`, or by another reset. Each check
    /// asks for one to four mails.
    #[serde(default)]
    pub reset_completion: Option<At<ResetCompletionFields>>,
    /// How somebody makes an account of the name `{username}` with the password `{new_password}`: one request, or several in
    /// order. Checks register up to eleven users whose names begin with `authbench`, who stay, and the user of the credential up to
    /// five times with another password, which they change back where the target takes it.
    #[serde(default)]
    pub registration: Option<LoginRequests>,
    /// Cookies of the login that travel beside a credential that is a cookie itself; all of them unless they are named.
    #[serde(default)]
    pub cookies: Option<Vec<String>>,
    /// Header lines of requests that change state, and of the logout, such as the one that repeats a CSRF token.
    #[serde(default)]
    pub write_headers: BTreeMap<String, Template>,
    /// The same as parameters of their forms and members of their JSON objects: for applications that read the CSRF token from the
    /// body. A POST without a body gets a form; other bodies stay as they are.
    #[serde(default)]
    pub write_fields: BTreeMap<String, Template>,
    /// Names of those `write_headers` that requests which read carry, too: for applications that want the CSRF token with each request.
    #[serde(default)]
    pub read_headers: Vec<String>,
    /// Failed logins in a row after which none is tried any more, so that no account is locked (default 3). An answer of a server
    /// that breaks (5xx) does not count; after 429 with a Retry-After of ten seconds at most, the login is sent again.
    #[serde(default)]
    pub max_failures: Option<u32>,
}

bare_or_map!(
    /// How a credential is obtained: the name of one of `logins`, or a login of its own.
    DeclaredLogin, LoginSource, "the name of one of `logins`, or a mapping with `request`, `command`, `client` or `password`",
    |word: &str| Some(LoginSource::Named(word.to_owned())),
    []
);

/// A login by name or in place.
#[derive(Clone, Debug)]
pub enum LoginSource {
    /// The name of one of `logins`.
    Named(String),
    /// A login of its own.
    Own(Box<LoginFields>),
}

impl<'de> Deserialize<'de> for LoginSource {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        LoginFields::deserialize(deserializer).map(|fields| Self::Own(Box::new(fields)))
    }
}

impl JsonSchema for LoginSource {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        LoginFields::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<LoginFields>()
    }
}

one_or_list!(
    /// Requests of a login, in order.
    LoginRequests, LoginRequest, "a request such as `{ post: /login, json: {…} }`, or a list of requests"
);

/// One request of a login. Its address is a path on the target, or absolute.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// Address of a GET.
    #[serde(default)]
    pub get: Option<Template>,
    /// Address of a POST.
    #[serde(default)]
    pub post: Option<Template>,
    /// Address of a PUT.
    #[serde(default)]
    pub put: Option<Template>,
    /// Address of a PATCH.
    #[serde(default)]
    pub patch: Option<Template>,
    /// Address of a DELETE.
    #[serde(default)]
    pub delete: Option<Template>,
    /// JSON body.
    #[serde(default)]
    pub json: Option<JsonTemplate>,
    /// Form body.
    #[serde(default)]
    pub form: Option<BTreeMap<String, Template>>,
    /// Added header lines.
    #[serde(default)]
    pub headers: BTreeMap<String, Template>,
    /// User-id and password of HTTP Basic (RFC 7617).
    #[serde(default)]
    pub basic: Option<BasicPair>,
    /// How success is recognised; a status below 400 unless something is named. Cookies of a redirect count, and redirects are
    /// not followed.
    #[serde(default)]
    pub success: Option<AnswerPattern>,
    /// Where the new credential is, for a refresh; where the login has it unless another place is named.
    #[serde(default)]
    pub token: Option<TokenPlace>,
}

impl LoginRequest {
    /// Method and address; none where none or several are written.
    pub fn address(&self) -> Option<(&'static str, &Template)> {
        let written = [
            ("GET", &self.get),
            ("POST", &self.post),
            ("PUT", &self.put),
            ("PATCH", &self.patch),
            ("DELETE", &self.delete),
        ];
        let mut written = written.into_iter().filter_map(|(method, address)| Some((method, address.as_ref()?)));
        written.next().filter(|_| written.next().is_none())
    }

    /// Whether a text that it sends has this reference, such as `username`.
    pub fn refers_to(&self, reference: &str) -> bool {
        let reference = format!("{{{reference}}}");
        let of_basic = self.basic.iter().flat_map(|pair| [&pair.username, &pair.password]);
        let mut texts = (self.address().into_iter().map(|(_, address)| address))
            .chain(self.form.iter().flat_map(BTreeMap::values))
            .chain(self.headers.values())
            .chain(of_basic);
        texts.any(|text| text.written().contains(&reference))
            || (self.json.iter().flat_map(JsonTemplate::templates)).any(|text| text.written().contains(&reference))
    }
}

/// User-id and password.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BasicPair {
    /// User-id.
    pub username: Template,
    /// Password.
    pub password: Template,
}

/// A grant at a token endpoint, with client authentication of its own.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientLogin {
    /// Token endpoint: an address, or a path on the target.
    pub token_url: Template,
    /// Client identifier.
    #[serde(default)]
    pub client_id: Option<Template>,
    /// Client secret.
    #[serde(default)]
    pub client_secret: Option<Template>,
    /// Key that signs the client's assertions (RFC 7523).
    #[serde(default)]
    pub client_key: Option<At<SigningKeySource>>,
    /// How the client authenticates.
    #[serde(default)]
    pub client_auth: ClientAuth,
    /// Audience of the client's assertions (RFC 7523 §3); this token endpoint unless another is named, such as the issuer.
    #[serde(default)]
    pub assertion_audience: Option<Template>,
    /// Scope to ask for.
    #[serde(default)]
    pub scope: Option<Template>,
    /// Further parameters, such as `audience`.
    #[serde(default)]
    pub params: BTreeMap<String, Template>,
}

bare_or_map!(
    /// Where a credential is in an answer.
    TokenPlace, TokenPlaceFields, "a JSON pointer such as `/access_token`, `{ header: NAME }` or `{ cookie: NAME }`",
    |word: &str| word.starts_with('/').then(|| TokenPlaceFields { pointer: Some(word.to_owned()), ..Default::default() }),
    []
);

/// Where a credential is in an answer: exactly one of these.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenPlaceFields {
    /// JSON pointer (RFC 6901).
    #[serde(default)]
    pub pointer: Option<String>,
    /// Name of a header field.
    #[serde(default)]
    pub header: Option<String>,
    /// Name of a cookie.
    #[serde(default)]
    pub cookie: Option<String>,
}
