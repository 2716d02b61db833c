//! What is changed in requests that exchange a code or renew a credential, and in those that ask for a code.

/// How a request to a token endpoint is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantChange {
    /// Without `grant_type`.
    NoType,
    /// With a `grant_type` that no server has.
    UnknownType,
    /// Its client names itself and does not authenticate.
    NoClientAuthentication,
    /// Its client authenticates with a wrong secret.
    WrongClientSecret,
    /// With a password that is not the one of the user (RFC 6749 §4.3.2).
    WrongPassword,
    /// With an authorization code that nobody was given (RFC 6749 §4.1.3).
    UnknownCode,
    /// With another redirection URI than the authorization request had (RFC 6749 §4.1.3).
    OtherRedirectionUri,
    /// With another redirection URI that is registered for the client, too (RFC 6749 §4.1.3).
    OtherRegisteredUri,
    /// Without the redirection URI of the authorization request (RFC 6749 §4.1.3).
    NoRedirectionUri,
    /// Without the verifier of its code (RFC 7636 §4.5).
    NoVerifier,
    /// With a verifier that is not the one of its code (RFC 7636 §4.6).
    WrongVerifier,
    /// With a verifier, and without a challenge in the authorization request (RFC 9700 §4.8.2).
    NoChallenge,
    /// Neither challenge nor verifier; the login of a client that has no way to prove who it is.
    NoProofKey,
    /// With a verifier, and with a challenge of no character in the authorization request, which is none (RFC 6749 §3.1).
    EmptyChallenge,
    /// With the challenge of its verifier in place of that (RFC 7636 §4.6).
    ChallengeAsVerifier,
    /// With a verifier that is not the challenge, whose method is `plain`.
    PlainWrongVerifier(PlainMethod),
    /// Without a verifier of a challenge whose method is `plain`.
    PlainNoVerifier(PlainMethod),
    /// With a challenge whose method is `plain`, and with that as the verifier (RFC 7636 §4.2).
    PlainVerifier(PlainMethod),
    /// By another client of the scenario, which authenticates as itself.
    OtherClient,
    /// With a code that nobody was given, or with a password that is not the one of the user.
    WrongGrant,
    /// Without its code, or without its password.
    NoGrant,
    /// With `grant_type` twice, of the same value.
    TypeTwice,
    /// With `grant_type` twice, of which one is unknown.
    TwoTypes,
    /// With two codes, or two passwords.
    TwoGrants,
    /// With a request that cannot be read.
    Malformed(MalformedGrant),
    /// Its client authenticates in another way.
    Client(ClientProof),
    /// With the secret of another client of the scenario.
    SecretOfOther,
}

/// How an authorization request says that its challenge is its verifier (RFC 7636 §4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainMethod {
    /// It names no method.
    Unnamed,
    /// It names `plain`.
    Named,
}

/// How the client of a token request authenticates, where that is not as the login does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientProof {
    /// By HTTP Basic and by nothing else (RFC 6749 §2.3.1).
    Basic,
    /// By its secret in the body and by nothing else.
    Body,
    /// By both at once.
    BasicAndBody,
    /// By HTTP Basic, with a wrong secret in the body.
    BasicAndWrongBody,
    /// By its secret in the body, with a wrong one by HTTP Basic.
    BodyAndWrongBasic,
    /// Without HTTP Basic, and with whatever else it sends; only of a client that authenticates so.
    Nobody,
    /// With this in place of `Basic` and a space; only of a client that authenticates so.
    Behind(&'static str),
    /// As it does, under an identifier that nobody has registered.
    Unknown,
}

/// How a request to a token endpoint is malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MalformedGrant {
    /// Another text in place of the code or the refresh token; as the scope where there is neither.
    Grant(MalformedText),
    /// A list of them: a name in brackets.
    Grants,
    /// Another text in place of `client_id`, without authentication.
    Client(MalformedText),
    /// A list of clients.
    Clients,
    /// HTTP Basic with NUL in the user-id.
    BasicWithNul,
    /// HTTP Basic that is no Base64.
    BasicUnread,
    /// Its fields as JSON.
    Json,
    /// Its fields as the parts of a form (RFC 7578).
    Multipart,
    /// A form that does not say that it is one.
    NoMediaType,
}

/// A text that is no value of a parameter, as a form or a query has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MalformedText {
    /// With NUL, percent-encoded.
    Nul,
    /// Bytes that are no UTF-8, percent-encoded.
    NotUtf8,
    /// A percent sign without two hexadecimal digits behind it.
    PercentSign,
    /// 8,192 characters.
    Long,
    /// An address whose host ends in no bracket (RFC 3986 §3.2.2).
    Address,
    /// A word where another language is spoken, such as numbers or JSON.
    Word,
    /// One character.
    Character,
    /// No character.
    Empty,
}

impl MalformedText {
    /// What is sent.
    pub fn encoded(self) -> String {
        match self {
            Self::Nul => "authbench%00x".to_owned(),
            Self::NotUtf8 => "%ff%fe".to_owned(),
            Self::PercentSign => "%zz".to_owned(),
            Self::Long => "a".repeat(8192),
            Self::Address => "http%3A%2F%2F%5B%3A%3A".to_owned(),
            Self::Word => "authbench".to_owned(),
            Self::Character => "x".to_owned(),
            Self::Empty => String::new(),
        }
    }
}

/// How an authorization request is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizationChange {
    /// As it is.
    Nothing,
    /// Without `response_type`.
    NoResponseType,
    /// With a `response_type` that no server has.
    UnknownResponseType,
    /// With a `code_challenge_method` that no server has (RFC 7636 §4.3).
    UnknownChallengeMethod,
    /// With a `code_challenge` of three characters, in place of at least 43 (RFC 7636 §4.2).
    ShortChallenge,
    /// With a `resource` in place of its own that none can be.
    Resource(UnusableResource),
    /// With one more `state`, or `response_type`, of another value.
    RepeatedParameter,
    /// With [`OWN_STATE`] as its `state`.
    OwnState,
    /// With the `response_type` of the implicit grant (RFC 6749 §4.2.1).
    Implicit,
    /// With a `client_id` that nobody was given.
    UnknownClient,
    /// The same, with a redirection URI on another host.
    UnknownClientElsewhere,
    /// Without `client_id`.
    NoClient,
    /// With a redirection URI on another host, and one more fault.
    FaultyElsewhere(RequestFault),
    /// By somebody who has not logged in: without the requests that name the user.
    NobodyLoggedIn,
    /// With a text that is no value of this parameter, whether it had one or not.
    Malformed(&'static str, MalformedText),
}

impl AuthorizationChange {
    /// Whether nobody has registered its redirection URI for its client: an answer that leads there is shown by the request.
    pub fn leads_astray(self) -> bool {
        matches!(self, Self::UnknownClient | Self::UnknownClientElsewhere | Self::NoClient | Self::FaultyElsewhere(_))
    }
}

/// What is wrong with an authorization request beside its redirection URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestFault {
    /// It has no `response_type`.
    NoResponseType,
    /// Its `response_type` is one that no server has.
    UnknownResponseType,
    /// Its `scope` is one that no server has.
    UnknownScope,
}

/// What is no value of `resource` (RFC 8707 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnusableResource {
    /// A path, which is no absolute URI (RFC 3986 §4.3).
    Path,
    /// Its own with a fragment.
    Fragment,
}

/// A `state` with characters that a query has to escape: all of them may be in one (RFC 6749, appendix A.5).
pub const OWN_STATE: &str =
    "authbench x+y/z=&'%26~ 4c1d8e7a52f06b93d1e84c7f2a905b63e8d17c4f0a92b5e6c3d81f7a4e209b5c6d3f81a7";

/// A redirection URI that a client has not registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectionUri {
    /// On another host.
    OtherHost,
    /// With one more segment behind its path.
    LongerPath,
    /// Whose host begins with the registered one.
    HostBehind,
    /// On another port.
    OtherPort,
    /// With one more parameter in its query.
    LongerQuery,
    /// With a user before its host.
    UserBefore,
    /// On another host, behind the registered one as a user (RFC 3986 §3.2.1).
    HostAsUser,
    /// With more characters in the last segment of its path.
    LongerSegment,
    /// With one more slash behind its path, or without the one that is there.
    OtherSlash,
    /// With a fragment, which none may have (RFC 6749 §3.1.2).
    Fragment,
    /// With its scheme in capitals.
    SchemeInCapitals,
    /// With its host in capitals.
    HostInCapitals,
    /// With the port that its scheme has by itself.
    DefaultPort,
    /// With a segment in its path, and `..` behind that.
    DotSegments,
    /// The same with the dots percent-encoded.
    EncodedDotSegments,
}

impl RedirectionUri {
    /// Whether whoever normalises it (RFC 3986 §6.2.2, §6.2.3), or leaves its fragment out, makes the registered one of it.
    pub fn is_another_spelling(self) -> bool {
        matches!(
            self,
            Self::Fragment
                | Self::SchemeInCapitals
                | Self::HostInCapitals
                | Self::DefaultPort
                | Self::DotSegments
                | Self::EncodedDotSegments
        )
    }
}

/// How a refresh is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshChange {
    /// The end of its refresh token is another one.
    OtherEnd,
    /// Its refresh token is a random text of the same length and alphabet.
    Unknown,
    /// The access token takes the place of its refresh token.
    AccessToken,
    /// Its client names itself and does not authenticate.
    NoClientAuthentication,
    /// Its client authenticates with a wrong secret.
    WrongClientSecret,
    /// Another client of the scenario sends it, and authenticates.
    OtherClient,
    /// Without its refresh token.
    NoToken,
    /// With `grant_type` twice, of the same value.
    TypeTwice,
    /// With two refresh tokens.
    TwoTokens,
    /// With a request that cannot be read.
    Malformed(MalformedGrant),
    /// With the scope of the login and one more value.
    MoreScope(ExtraScope),
    /// With one value of the scope of the login, where that has several.
    LessScope,
}

impl RefreshChange {
    /// Whether it is sent beside a changed login, where that has a refresh at all.
    pub fn is_beside_login(self) -> bool {
        matches!(self, Self::NoToken | Self::TypeTwice | Self::TwoTokens | Self::Malformed(_))
    }
}

/// A value of a scope that a login was not granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtraScope {
    /// One that another credential of the scenario has, where this one lacks any.
    OfAnother,
    /// One that no server has.
    Invented,
}
