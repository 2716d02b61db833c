//! Requests to resources.

use std::time::Duration;

use super::{OriginBeside, Want};
use crate::observe::{ForgeryId, ForgeryIds, Phrase, SetCookie, StepId};

/// The site of a page that makes a browser send requests to the target, or that a login is to lead to.
pub const FOREIGN_ORIGIN: &str = "https://authbench.example";

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Nobody: no carrier of a credential is sent.
    Anonymous,
    /// A valid credential with rights enough for the resource.
    Good,
    /// A valid credential that lacks a scope of the resource.
    LowScope,
    /// Another valid credential that lacks a scope of the resource, where there is one.
    OtherLowScope,
    /// A valid credential that lacks a scope of the resource and holds one that looks like it, where there is one.
    LookalikeScope,
    /// Whoever [`Who::LowScope`] is at the write of the round.
    LowWriter,
    /// A valid credential of another tenant than the object's.
    OtherTenant,
    /// The same, of a tenant that has an object of its own whose path has the same shape.
    OtherOwner,
    /// A valid credential of another principal than the good one, with rights enough for the resource.
    Second,
    /// A valid credential that is written in the scenario and says whose account it belongs to, with rights enough for the resource.
    OfAccount,
    /// Whoever may do the write of a round, or [`On::Writable`], and read back what it changes.
    Writer,
    /// The user of the good credential with the password of another account (RFC 7617).
    PasswordOfAnother,
    /// A credential that was revoked before the run.
    Revoked,
    /// A credential that expired before the run.
    Expired,
    /// A forgery from the scheme's table or the placement table, derived from the good credential.
    Forged(ForgeryId),
    /// Each of these forgeries, one request each. Those that cannot be told about this credential are left out; where none
    /// can, the check is not tested.
    EachForged(ForgeryIds),
    /// A forgery derived from the credential with too few scopes.
    ForgedLow(ForgeryId),
    /// Each value of the scheme's corpus of malformed credentials, one request each.
    Malformed,
    /// The token in a slot.
    Slot(&'static str),
    /// The same of a login that has a refresh; else nothing is sent.
    Refreshed(&'static str),
    /// The cookie of the session in a slot, without the other cookies of its login and any other line.
    SlotAlone(&'static str),
    /// The token in a slot, where an earlier step was granted one; else nothing is sent.
    IfKept(&'static str),
    /// Each cookie that the last answer of the check set, by itself and without any other credential; nothing is sent where it
    /// set none that its request did not carry.
    AnswerCookies,
    /// The identity whose login checks use, with its good credential.
    LoggedIn,
    /// Another identity with a login, with its good credential: one that may read less, where there is one.
    OtherLoggedIn,
    /// The same with the name, or the number, of the identity whose login checks use in place of its own in one cookie: one
    /// request for each place. Where no cookie has one, the requirement does not apply.
    OtherNamedAsLoggedIn,
    /// The session in a slot with another cookie of its login whose value does not parse, one request for each; nothing is sent
    /// where the login sets no other cookie.
    WithMalformedCookies(&'static str),
    /// The session in a slot with each other value that answers after its logout gave its cookie.
    RenewedCookies(&'static str),
    /// Each cookie that an answer set which granted access to a session after its end, by itself; and all cookies that its login had
    /// set but that of the session, where one of them opens resources by itself, or they do not go along with the session.
    OtherCookies(&'static str),
    /// Each other cookie that the login of a session has set without this attribute, by itself and without any other credential,
    /// until it opens a resource; nothing is sent where there is none.
    UnguardedCookies(&'static str, CookieAttribute),
    /// The good credential without the header lines that writes of its session have, such as the one with the CSRF token.
    WithoutWriteHeaders,
    /// The same without the cookies that these lines repeat, too; nothing is sent where they repeat none.
    WithoutWritePair,
    /// The same lines and cookies without their values; nothing is sent where they repeat none.
    WithEmptyWritePair,
    /// The good credential as a page of another site makes a browser send it: the cookies are there, and header lines that a
    /// script of the site itself adds to writes are not.
    OfForeignPage,
    /// The good credential with those header lines of the session in a slot.
    WithWriteHeadersOf(&'static str),
    /// The same, and with the cookies of that session that these lines repeat; nothing is sent where they repeat none.
    WithWritePairOf(&'static str),
    /// The session in a slot with those header lines as they were before its login.
    WithEarlierWriteHeaders(&'static str),
    /// An account with a peculiar password (RFC 7617), good as it is.
    Account(PeculiarAccount),
    /// A forgery derived from such an account.
    ForgedAccount(PeculiarAccount, ForgeryId),
    /// A user-id and a password that products are shipped with: a row of [`super::DEFAULT_ACCOUNTS`]. Nothing is sent where the
    /// scenario has an account of that name.
    DefaultAccount(usize),
    /// Something of the same issuer that is no credential for this API.
    Artefact(Artefact),
}

/// An attribute that guards a cookie (RFC 6265 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieAttribute {
    /// Only over TLS.
    Secure,
    /// Not for scripts.
    HttpOnly,
    /// For requests of which sites.
    SameSite,
    /// How long the browser keeps it.
    MaxAge,
}

/// The longest that browsers keep a cookie: 400 days (draft-ietf-httpbis-rfc6265bis, section 5.5).
const LONGEST_LIFE: Duration = Duration::from_secs(400 * 24 * 3600);

impl CookieAttribute {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Secure => "Secure",
            Self::HttpOnly => "HttpOnly",
            Self::SameSite => "SameSite",
            Self::MaxAge => "Max-Age",
        }
    }

    /// Whether a cookie lacks it, or its value guards nothing.
    pub fn is_missed_by(self, cookie: &SetCookie) -> bool {
        match self {
            // one that ends with the browser needs none
            Self::MaxAge => cookie.lives().is_some_and(|life| life > LONGEST_LIFE),
            Self::SameSite => cookie.attribute(self.name()).is_none() || cookie.is_for_all_sites(),
            Self::Secure | Self::HttpOnly => cookie.attribute(self.name()).is_none(),
        }
    }
}

/// Accounts with peculiar passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeculiarAccount {
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
    /// A refresh token that the run uses up.
    GrantRefreshToken,
    /// An access token of the same grant.
    GrantAccessToken,
}

/// For what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// A protected resource that is read.
    Protected,
    /// Every protected resource.
    EachProtected,
    /// Each protected resource that checks use: the one that most use, a scoped one, one that writes, an object of a tenant.
    EachUsed,
    /// The same, and if the target may be written to, the others that write, even where no credential lacks a scope for them, up to a
    /// budget and as far as they can be asked for a second time.
    EachUsedOrWritten,
    /// The same as [`On::EachUsed`], and each other resource that writes, up to a budget, of those that can be asked for a second
    /// time. All steps of a check that ask for them are sent to one resource before the next.
    EachRepeatable,
    /// Every protected resource, up to a budget: for what is a property of each route.
    EachRoute,
    /// The same, of those that are read by GET.
    EachGet,
    /// The same, or those that are read by another method where none is read by GET: what is asked by POST alone, as of JSON-RPC.
    EachRead,
    /// The same as [`On::EachRoute`], without those that write by PUT, PATCH or DELETE what is read by GET at the same path.
    EachPath,
    /// A resource for which a valid credential lacks a scope.
    Scoped,
    /// Every resource for which a valid credential lacks a scope, up to a budget.
    EachScoped,
    /// Every resource that needs a scope which whoever logs in has, up to a budget: what is read first, and what few may use.
    EachRight,
    /// A resource that changes state.
    Writable,
    /// Every protected resource that changes state, up to a budget.
    EachWrite,
    /// The same, and every protected resource that is read with a content, up to that budget.
    EachContent,
    /// A resource that changes state and for which a valid credential lacks a scope.
    ScopedWrite,
    /// Every such resource, up to a budget: [`On::Writable`] for whoever lacks the scope, and the others.
    EachScopedWrite,
    /// The representation that a write would change.
    ReadBack,
    /// A resource that changes state, that another resource reads, and that a valid credential may not use: it lacks a scope, or is
    /// of another tenant. The steps between waits are carried out once for each, up to a budget, in rounds.
    ShownWrite,
    /// The representation that this write would change.
    ShownState,
    /// A write of an object in JSON that another resource reads: the steps of the check are carried out once for each, up to a
    /// budget, in rounds.
    WrittenObject,
    /// What reads the object of the round.
    ReadObject,
    /// A public resource.
    Public,
    /// Each public resource that is read (at most 5).
    EachPublic,
    /// Each object that is read, and beside which the scenario has a path that names nothing, up to a budget.
    EachBesideNothing,
    /// Every object of a tenant, up to a budget.
    EachObject,
    /// Every such object that is read, and whose path has the shape of that of another tenant's object, up to that budget.
    EachNested,
}

/// The place in a path of a text that each run has for itself: a cache may still have what an earlier run asked for.
pub const RUN_MARK: &str = "{run}";

/// One change to the request.
#[derive(Clone, Copy, Debug)]
pub enum Alter {
    /// Another method.
    Method(&'static str),
    /// The method in lower case, which is another one (RFC 9110 §9.1).
    LowerMethod,
    /// Another spelling of the path, with [`RUN_MARK`] where each run has another text.
    Path(fn(&str) -> String),
    /// An added header line.
    Header(&'static str, Fill),
    /// Another value of a header line that is there.
    Replaced(&'static str, Fill),
    /// Without the lines of a header.
    Without(&'static str),
    /// An added query parameter.
    Query(&'static str, Fill),
    /// Another name and value of a parameter that the query of the resource has, by its place there; nothing is sent where it has
    /// fewer.
    Parameter(usize, fn(&str, &str) -> String),
    /// Another number in place of each segment of the path that is one; nothing is sent where none is.
    Numbers(&'static str),
    /// Another body of the media type that the request has: JSON, or a form.
    Body {
        /// In JSON, and where the request has no body.
        json: &'static str,
        /// In a form.
        form: &'static str,
    },
    /// This body of the type JSON where the request has none.
    Content(&'static str),
    /// Another value behind that of a header line that is there, with a comma.
    Joined(&'static str, &'static str),
    /// Another value for each member of the body; nothing is sent where that is no object of JSON with members.
    Members(fn(&serde_json::Value) -> serde_json::Value),
    /// Another value, as JSON text, for one member of the body, by its place; nothing is sent where that is no object of JSON, has
    /// fewer members, or has this value there.
    Member(usize, fn(&serde_json::Value) -> &'static str),
    /// Without the header lines that the scenario writes for a resource and a form of another site cannot send.
    OfForm,
    /// The members of the body as fields of a form; nothing is sent where that is no object of JSON with members.
    AsForm,
    /// The same of what is written by POST, the one method with a content that forms have.
    PostedAsForm,
    /// The body as text/plain, which forms can send as well; nothing is sent where there is none, or not by POST.
    PostedAsText,
    /// Another path, with its query.
    Target(Fill),
    /// Another source, by the header that the scenario names for it: a number for each.
    Source(u8),
    /// Another source, by the headers that proxies name it in: [`OTHER_SOURCE`].
    OtherSource,
    /// The request target in absolute form (RFC 9112 §3.2.2).
    AbsoluteForm,
    /// A connection with another client certificate than that of the credential.
    Connection(OtherConnection),
    /// The conditions that a cache would send with what an earlier good answer of the check said about its version (RFC 9110 §8.8);
    /// nothing is sent where none said anything.
    Validators,
    /// One more member in the body, by its place among the members of access that the last answer to this step shows of the
    /// object and the body does not have, with another value; nothing is sent where there are fewer.
    ShownMember(StepId, usize),
    /// The members that were added like this and took effect, with the values that they had before; nothing is sent where none did.
    ShownMembersBack(StepId),
    /// Nothing: it is sent only where the step with such members before it was sent.
    AfterMembers,
}

/// The headers by which proxies name where a request comes from, with an address of nobody (RFC 5737 §3).
pub const OTHER_SOURCE: &[(&str, &str)] = &[
    ("X-Forwarded-For", "203.0.113.77"),
    ("Forwarded", "for=203.0.113.77"),
    ("X-Real-IP", "203.0.113.77"),
    ("True-Client-IP", "203.0.113.77"),
    ("CF-Connecting-IP", "203.0.113.77"),
    ("X-Client-IP", "203.0.113.77"),
];

/// Whether a segment of a path is a number.
pub fn is_number(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit())
}

/// Connections with another client certificate than that of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherConnection {
    /// One without a certificate.
    WithoutCertificate,
    /// One with the certificate of another credential.
    OfAnother,
}

/// What fills a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// This text.
    Text(&'static str),
    /// The path of the protected resource.
    ProtectedPath,
    /// A path of the same shape that names nothing.
    AbsentPath,
    /// The path of the object with the leading identifiers of another tenant's own object.
    MixedPath,
    /// The path of the public resource.
    PublicPath,
    /// The name of a principal who has access.
    Principal,
    /// The same between two texts.
    PrincipalIn(&'static str, &'static str),
    /// The method of the resource itself.
    OwnMethod,
    /// What `admin` and the scopes that whoever asks lacks are called where roles are named, with this text between them.
    LackingRoles(&'static str),
    /// The tenant of the object.
    Tenant,
    /// This many bytes.
    Bytes(usize),
    /// The origin of the target with these texts before and behind its host; the port comes where nothing is behind.
    OriginAround(&'static str, &'static str),
    /// An origin beside one that the target trusts; nothing is sent where none is known, or where that is not allowed itself.
    OriginBeside(OriginBeside),
    /// Scopes of the good credential that the resource needs.
    NeededScope,
    /// A scope that the client is not entitled to.
    DisallowedScope,
    /// The good client's own scopes; the parameter is left out where it declares none.
    OwnScope,
    /// The parameter is left out, also where every other request has it.
    LeftOut,
    /// The good client's own scopes and one that it is not entitled to.
    OwnAndDisallowedScope,
    /// The scopes of a credential that lacks one, and the one that it lacks.
    LowAndNeededScope,
    /// Scopes that both the client whose assertions are sent and another one have; those of the other where they have none in common,
    /// and the parameter is left out where that declares none.
    ScopeOfBothClients,
    /// Scopes that only the other of these two has.
    ScopeOfOtherClient,
    /// A text several times over.
    Repeated(&'static str, usize),
    /// A scope that looks like a needed one and opens nothing.
    LookalikeScope,
    /// The token in a slot.
    Slot(&'static str),
    /// A forgery about the JWT in a slot.
    SlotForged(&'static str, ForgeryId),
    /// The token in a slot with one character changed.
    SlotAltered(&'static str),
    /// A random value in the form of a token.
    Random,
    /// The client identifier of the good client.
    ClientId,
    /// The refresh token of the scenario's material.
    RefreshToken,
    /// The token of another audience of the scenario's material.
    OtherAudienceToken,
    /// What asks for the signature of an answer that the scenario wants (RFC 9421 §5.1).
    AcceptSignature,
}

/// A request to a resource.
#[derive(Clone, Copy, Debug)]
pub struct Send {
    /// Its part in the check, where the judgement needs to know it.
    pub id: Option<StepId>,
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
    /// What is sent; derived where there is none.
    pub description: Option<Phrase>,
    /// How often it is sent.
    pub times: usize,
    /// Whether access has to be granted each time, so that a later refusal shows something: what works once only is refused in any case.
    pub lasts: bool,
    /// Whether it is sent until the target throttles, or the failure budget of the scenario is used up.
    pub exhausts: bool,
    /// Whether it is also sent several times, and once on a connection that was authenticated before.
    pub thorough: bool,
    /// Whether the good request follows on the same connection: its answer is looked at as well.
    pub followed: bool,
    /// Whether it is left out where the scenario lacks the other connection that it needs.
    pub optional: bool,
    /// The step that has to be granted at the same resource before it is sent at all: what that grant shows needs another look.
    pub only_after: Option<StepId>,
    /// Two steps whose answers at the same resource have to differ before it is sent, in another second then: what differs may be made
    /// anew each second.
    pub only_differing: Option<[StepId; 2]>,
}

/// Two kinds of requests to a resource whose times are compared, interleaved on one connection, in several runs.
#[derive(Clone, Copy, Debug)]
pub struct Compare {
    /// Who asks in one kind, and in its A/A control.
    pub one: Who,
    /// Who asks in the other.
    pub other: Who,
    /// For what.
    pub on: On,
    /// What must come of each.
    pub want: Want,
}
