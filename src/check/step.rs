//! What a check sends, as data: who asks, for what, altered how, and what must come of it.

/// One step of a check.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// A request to a resource.
    Send(Send),
    /// A form post to an endpoint of the authorization server.
    Form(Form),
    /// A metadata document.
    Fetch(Fetch),
    /// Obtains an access token into a slot; part of the set-up, it must succeed.
    Obtain(Obtain),
    /// Revokes the token in a slot by its own client; part of the set-up, it must succeed.
    Revoke(&'static str),
    /// Waits until the token in a slot has expired and the tolerated leeway has passed.
    AwaitExpiry(&'static str),
    /// Repeats a request with the token in a slot until it is refused or the tolerated delay has passed.
    AwaitRefusal(&'static str),
    /// Calls a hook of the scenario; part of the set-up, it must succeed.
    Hook(Hook),
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Nobody: no carrier of a credential is sent.
    Anonymous,
    /// A valid credential with rights enough for the resource.
    Good,
    /// A valid credential that lacks a scope of the resource.
    LowScope,
    /// A valid credential of another tenant than the object's.
    OtherTenant,
    /// A credential that was revoked before the run.
    Revoked,
    /// A credential that expired before the run.
    Expired,
    /// A lie from the scheme's table or the placement table, derived from the good credential.
    Forged(&'static str),
    /// The same, derived from the credential with too few scopes.
    ForgedLow(&'static str),
    /// Each value of the scheme's corpus of malformed credentials, one request each.
    Malformed,
    /// The token in a slot.
    Slot(&'static str),
    /// An account with a peculiar password (RFC 7617), good as it is.
    Account(Account),
    /// A lie derived from such an account.
    ForgedAccount(Account, &'static str),
    /// Something of the same issuer that is no credential for this API.
    Artefact(Artefact),
}

/// Accounts with peculiar passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// 80 bytes long.
    LongPassword,
    /// With colons in the password.
    ColonPassword,
    /// With characters outside ASCII.
    Utf8Password,
}

/// Things of the same issuer that must not open this API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Artefact {
    /// An access token for another audience.
    OtherAudienceToken,
    /// A refresh token.
    RefreshToken,
}

/// For what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// A protected resource that is read.
    Protected,
    /// Every protected resource.
    EachProtected,
    /// A resource for which a valid credential lacks a scope.
    Scoped,
    /// A resource that changes state.
    Writable,
    /// A resource that changes state and for which a valid credential lacks a scope.
    ScopedWrite,
    /// The representation that a write would change.
    ReadBack,
    /// A public resource.
    Public,
    /// An object of a tenant.
    Object,
}

/// One change to the request.
#[derive(Clone, Copy, Debug)]
pub enum Alter {
    /// Another method.
    Method(&'static str),
    /// Another spelling of the path.
    Path(fn(&str) -> String),
    /// An added header line.
    Header(&'static str, Fill),
    /// An added query parameter.
    Query(&'static str, Fill),
    /// Another body with its media type.
    Body(&'static str, &'static str),
    /// The request target in absolute form (RFC 9112 §3.2.2).
    AbsoluteForm,
}

/// What fills a value.
#[derive(Clone, Copy, Debug)]
pub enum Fill {
    /// This text.
    Text(&'static str),
    /// The path of the protected resource.
    ProtectedPath,
    /// The path of the public resource.
    PublicPath,
    /// The name of a principal who has access.
    Principal,
    /// The method of the writable resource.
    WriteMethod,
    /// This many bytes.
    Bytes(usize),
    /// The target's own origin with a suffix appended.
    OriginSuffixed(&'static str),
    /// Scopes of the good credential that the resource needs.
    NeededScope,
    /// A scope that the client is not entitled to.
    DisallowedScope,
    /// A scope that looks like a needed one and opens nothing.
    LookalikeScope,
    /// The token in a slot.
    Slot(&'static str),
    /// The token in a slot with one character changed.
    SlotAltered(&'static str),
    /// A random value in the form of a token.
    Random,
    /// The client identifier of the good client.
    ClientId,
    /// The client secret of the good client.
    ClientSecret,
    /// The refresh token of the scenario's material.
    RefreshToken,
    /// The token of another audience of the scenario's material.
    OtherAudienceToken,
}

/// A class of refusals, resolved by the profile for the scheme under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// No credential was presented.
    Missing,
    /// A credential was presented and is wrong, expired, revoked or malformed.
    Invalid,
    /// The principal is known and lacks a permission.
    Insufficient,
    /// The syntax around the credential is broken.
    Malformed,
}

impl Class {
    /// All classes.
    pub const ALL: [Class; 4] = [Class::Missing, Class::Invalid, Class::Insufficient, Class::Malformed];

    /// Its name in profiles.
    pub fn name(self) -> &'static str {
        match self {
            Class::Missing => "missing",
            Class::Invalid => "invalid",
            Class::Insufficient => "insufficient",
            Class::Malformed => "malformed",
        }
    }
}

/// An answer that a step accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// A class of the profile.
    Of(Class),
    /// One status.
    Status(u16),
    /// A range of statuses, both ends included.
    Range(u16, u16),
    /// The connection closed without an answer.
    Closed,
}

/// `@missing`.
pub const MISSING: Accept = Accept::Of(Class::Missing);
/// `@invalid`.
pub const INVALID: Accept = Accept::Of(Class::Invalid);
/// `@insufficient`.
pub const INSUFFICIENT: Accept = Accept::Of(Class::Insufficient);
/// `@malformed`.
pub const MALFORMED: Accept = Accept::Of(Class::Malformed);

/// What must come of a step.
#[derive(Clone, Copy, Debug)]
pub enum Want {
    /// Access is refused, by one of these answers.
    Denied(&'static [Accept]),
    /// Access is granted.
    Granted,
    /// Neither is a violation by itself; the check looks at other things.
    Either,
}

/// A request to a resource.
#[derive(Clone, Copy, Debug)]
pub struct Send {
    /// Who asks.
    pub who: Who,
    /// For what.
    pub on: On,
    /// Changes to the request.
    pub alter: &'static [Alter],
    /// What must come of it.
    pub want: Want,
    /// Whose success counts as access, where it is not that of `on`.
    pub counts: Option<On>,
    /// What is sent, in a few words; derived where empty.
    pub label: &'static str,
    /// How often it is sent.
    pub times: usize,
}

/// Endpoints of an authorization server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// RFC 6749 §3.2.
    Token,
    /// RFC 7662 §2.
    Introspection,
    /// RFC 7009 §2.
    Revocation,
}

/// How the client of a form authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// As the scenario says, with the good client; at the introspection endpoint with the resource server's client.
    Good,
    /// HTTP Basic with the good client (RFC 6749 §2.3.1).
    Basic,
    /// Parameters in the body with the good client (RFC 6749 §2.3.1).
    Post,
    /// Not at all.
    None,
    /// Only `client_id` in the body.
    IdOnly,
    /// HTTP Basic with a wrong secret.
    WrongBasic,
    /// Body parameters with a wrong secret.
    WrongPost,
    /// HTTP Basic with a client that does not exist.
    UnknownClient,
    /// HTTP Basic and body parameters at once.
    Both,
    /// HTTP Basic with the good client, another `client_id` in the body.
    Contradicting,
    /// Identifier and secret only in the query of the URL.
    InQuery,
    /// A bearer token that does not exist.
    WrongBearer,
    /// HTTP Basic with two `Authorization` lines.
    TwoHeaders,
    /// The public client, by `client_id`.
    Public,
    /// A confidential client that may not use the client credentials grant.
    WithoutGrant,
    /// Another client than the good one, entitled to tokens of its own.
    Second,
    /// A resource server of another audience.
    ForeignResourceServer,
    /// HTTP Basic with a client whose identifier and secret need form encoding, encoded.
    Special,
    /// The same without the form encoding.
    SpecialRaw,
}

/// How the parameters of a form are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// `application/x-www-form-urlencoded` in the body.
    Form,
    /// JSON in the body.
    Json,
    /// Form encoding in the body, labelled as plain text.
    Mislabelled,
    /// Form encoding in the query of the URL, no body.
    Query,
}

/// A form post to an endpoint of the authorization server.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// Where.
    pub endpoint: Endpoint,
    /// By whom.
    pub auth: ClientAuth,
    /// Parameters beside those of client authentication.
    pub params: &'static [(&'static str, Fill)],
    /// Method; a form is posted unless this says otherwise.
    pub method: &'static str,
    /// How the parameters are written.
    pub encoding: Encoding,
    /// What must come of it: a token, an introspection answer, or 200 at the revocation endpoint is access granted.
    pub want: Want,
    /// What is sent, in a few words.
    pub label: &'static str,
    /// How often it is sent.
    pub times: usize,
    /// Slot for the access token that comes back.
    pub keep: Option<&'static str>,
}

/// A metadata document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// RFC 8414 §3, below `/.well-known/`.
    AuthorizationServer,
    /// The same at the place that path-appending implementations use.
    AuthorizationServerAppended,
    /// RFC 9728 §3.
    ProtectedResource,
    /// OpenID Connect Discovery 1.0 §4.
    OpenIdConfiguration,
    /// RFC 7517 §5, at the `jwks_uri` of the metadata.
    KeySet,
}

/// Fetches a metadata document.
#[derive(Clone, Copy, Debug)]
pub struct Fetch {
    /// Which.
    pub document: Document,
    /// Added header lines.
    pub headers: &'static [(&'static str, &'static str)],
    /// What is sent, in a few words.
    pub label: &'static str,
}

/// Obtains an access token into a slot.
#[derive(Clone, Copy, Debug)]
pub struct Obtain {
    /// The slot.
    pub slot: &'static str,
    /// Whose token.
    pub client: Client,
    /// The scope that is asked for.
    pub scope: Option<Fill>,
}

/// Clients of the client credentials grant, by their part in a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// The client of the good credential.
    Good,
    /// The client of the credential with too few scopes.
    LowScope,
    /// Another client than the good one.
    Second,
}

/// Hooks that a scenario can offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// Takes the authentication backend away.
    OutageBegins,
    /// Brings it back.
    OutageEnds,
    /// Revokes the good credential's throw-away sibling.
    Revoke,
    /// Rotates the good key; the new one is kept in the slot `rotated`.
    Rotate,
    /// Waits until the tolerated overlap of a rotation has passed.
    AwaitRotation,
    /// Rotates back to the key of the scenario.
    RotateBack,
}

/// A request by somebody for something.
pub const fn send(who: Who, on: On) -> Step {
    Step::Send(Send { who, on, alter: &[], want: Want::Either, counts: None, label: "", times: 1 })
}

/// A post to the token endpoint.
pub const fn token(auth: ClientAuth, params: &'static [(&'static str, Fill)]) -> Step {
    form(Endpoint::Token, auth, params)
}

/// A post to the introspection endpoint.
pub const fn introspect(auth: ClientAuth, params: &'static [(&'static str, Fill)]) -> Step {
    form(Endpoint::Introspection, auth, params)
}

/// A post to the revocation endpoint.
pub const fn revoke(auth: ClientAuth, params: &'static [(&'static str, Fill)]) -> Step {
    form(Endpoint::Revocation, auth, params)
}

const fn form(endpoint: Endpoint, auth: ClientAuth, params: &'static [(&'static str, Fill)]) -> Step {
    Step::Form(Form {
        endpoint,
        auth,
        params,
        method: "POST",
        encoding: Encoding::Form,
        want: Want::Either,
        label: "",
        times: 1,
        keep: None,
    })
}

/// Fetches a metadata document.
pub const fn fetch(document: Document) -> Step {
    Step::Fetch(Fetch { document, headers: &[], label: "" })
}

/// Obtains a token of the good client into a slot.
pub const fn obtain(slot: &'static str) -> Step {
    obtain_as(slot, Client::Good, None)
}

/// Obtains a token of a client, with a scope, into a slot.
pub const fn obtain_as(slot: &'static str, client: Client, scope: Option<Fill>) -> Step {
    Step::Obtain(Obtain { slot, client, scope })
}

impl Step {
    /// Access must be refused by one of these answers.
    pub const fn denied(self, by: &'static [Accept]) -> Step {
        self.want(Want::Denied(by))
    }

    /// Access must be granted.
    pub const fn granted(self) -> Step {
        self.want(Want::Granted)
    }

    const fn want(self, want: Want) -> Step {
        match self {
            Step::Send(send) => Step::Send(Send { want, ..send }),
            Step::Form(form) => Step::Form(Form { want, ..form }),
            other => other,
        }
    }

    /// Names what is sent.
    pub const fn called(self, label: &'static str) -> Step {
        match self {
            Step::Send(send) => Step::Send(Send { label, ..send }),
            Step::Form(form) => Step::Form(Form { label, ..form }),
            Step::Fetch(fetch) => Step::Fetch(Fetch { label, ..fetch }),
            other => other,
        }
    }

    /// Sends it several times.
    pub const fn times(self, times: usize) -> Step {
        match self {
            Step::Send(send) => Step::Send(Send { times, ..send }),
            Step::Form(form) => Step::Form(Form { times, ..form }),
            other => other,
        }
    }

    /// Alters the request; only requests to resources can be altered.
    pub const fn with(self, alter: &'static [Alter]) -> Step {
        match self {
            Step::Send(send) => Step::Send(Send { alter, ..send }),
            other => other,
        }
    }

    /// Takes the success of another resource for access.
    pub const fn counting(self, on: On) -> Step {
        match self {
            Step::Send(send) => Step::Send(Send { counts: Some(on), ..send }),
            other => other,
        }
    }

    /// Sends a form by another method.
    pub const fn by(self, method: &'static str) -> Step {
        match self {
            Step::Form(form) => Step::Form(Form { method, ..form }),
            other => other,
        }
    }

    /// Writes the parameters of a form in another way.
    pub const fn encoded(self, encoding: Encoding) -> Step {
        match self {
            Step::Form(form) => Step::Form(Form { encoding, ..form }),
            other => other,
        }
    }

    /// Keeps the access token of a form's answer in a slot.
    pub const fn keep(self, slot: &'static str) -> Step {
        match self {
            Step::Form(form) => Step::Form(Form { keep: Some(slot), ..form }),
            other => other,
        }
    }

    /// Adds header lines to the fetch of a document.
    pub const fn asking(self, headers: &'static [(&'static str, &'static str)]) -> Step {
        match self {
            Step::Fetch(fetch) => Step::Fetch(Fetch { headers, ..fetch }),
            other => other,
        }
    }

    /// What must come of it.
    pub fn wanted(&self) -> Want {
        match self {
            Step::Send(send) => send.want,
            Step::Form(form) => form.want,
            _ => Want::Either,
        }
    }

    /// How many requests it sends, about.
    pub fn probes(&self) -> usize {
        match self {
            Step::Send(Send { who: Who::Malformed, .. }) => 30,
            Step::Send(send) => send.times,
            Step::Form(form) => form.times,
            _ => 1,
        }
    }

    /// What it is called.
    pub fn label(&self) -> &'static str {
        match self {
            Step::Send(send) => send.label,
            Step::Form(form) => form.label,
            Step::Fetch(fetch) => fetch.label,
            _ => "",
        }
    }
}
