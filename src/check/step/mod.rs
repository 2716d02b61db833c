//! What a check sends, as data: who asks, for what, altered how, and what must come of it.

mod answer;
mod build;
mod configuration;
mod endpoint;
mod grant;
mod login;
mod one_time;
mod origin;
mod raised;
mod registration;
mod request;

pub use answer::{Accept, Class, INSUFFICIENT, INVALID, MALFORMED, MISSING, Want};
pub use build::{
    compare, each_forged, fetch, forged, introspect, login, obtain, obtain_as, register, revoke, send, token,
    token_alias,
};
pub use configuration::{ConfigurationRequest, ConfigurationToken};
pub use endpoint::{
    Announced, BasicSpelling, ClientRole, Encoding, Endpoint, Fetch, FormAuth, FormStep, MetadataDocument, Obtain,
};
pub use grant::{
    AuthorizationChange, ClientProof, ExtraScope, GrantChange, MalformedGrant, MalformedText, OWN_STATE, PlainMethod,
    RedirectionUri, RefreshChange, RequestFault, UnusableResource,
};
pub use login::{
    ChosenPassword, DEFAULT_ACCOUNTS, FOREIGN_HOST, ForeignHost, LoginMember, LoginRevocation, MalformedLogin,
    NearPassword, NoFormer, NoPassword, NoSession, QueryLogin, RegisteredName, ReturnTo, SessionAct, SessionStep,
    UnusualText, UserOrder, UserSpelling,
};
pub use one_time::CodeChange;
pub use origin::OriginBeside;
pub use raised::RaisedBy;
pub use registration::ClientRegistration;
pub use request::{
    Alter, Artefact, Compare, CookieAttribute, FOREIGN_ORIGIN, Fill, OTHER_SOURCE, On, OtherConnection,
    PeculiarAccount, RUN_MARK, Send, Who, is_number,
};

/// One step of a check.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// A request to a resource.
    Send(Send),
    /// Two kinds of requests whose times are compared.
    Compare(Compare),
    /// Failed authentications of a known client and of unknown ones at the token endpoint, whose times are compared.
    CompareClients(Want),
    /// A form post to an endpoint of the authorization server.
    Form(FormStep),
    /// A metadata document.
    Fetch(Fetch),
    /// Obtains an access token into a slot; part of the set-up, it must succeed.
    Obtain(Obtain),
    /// Keeps something of the scenario's material in a slot; part of the set-up.
    Given(&'static str, Artefact),
    /// Revokes the token in a slot by its own client; part of the set-up, it must succeed.
    Revoke(&'static str),
    /// Waits until half of the life of the token in a slot is over, where that is known and not long.
    AwaitHalf(&'static str),
    /// Waits until the token in a slot has expired and the tolerated leeway has passed.
    AwaitExpiry(&'static str),
    /// Repeats a request with the token in a slot until it is refused or the tolerated delay has passed.
    AwaitRefusal(&'static str),
    /// Introspects the token in a slot until it is inactive or the tolerated delay has passed.
    AwaitInactive(&'static str),
    /// Where the step before was granted: repeats a request with the token in a slot until it is refused, or
    /// `excess_leeway` has passed.
    AwaitLateRefusal(&'static str),
    /// Repeats a request with the credential of [`Who::OfAccount`] until it is refused or the tolerated delay has passed.
    AwaitDisabled,
    /// The same until it is granted.
    AwaitEnabled,
    /// Waits until the token in a slot is refused where it needs a right, or the tolerated delay has passed.
    AwaitDemoted(&'static str),
    /// The same until it is granted there.
    AwaitPromoted(&'static str),
    /// Calls a hook of the scenario; part of the set-up, it must succeed.
    Hook(Hook),
    /// Changes the key set that the target reads from authbench.
    Keys(KeyChange),
    /// Repeats a request with the token in a slot until it is granted or the tolerated delay has passed.
    AwaitAcceptance(&'static str),
    /// Something that is done with a login.
    Session(SessionStep),
    /// Begins a handshake of each old version of TLS, which offers nothing later.
    OldVersions,
    /// A request in clear text to the host of a target that is asked over TLS.
    PlainHttp,
    /// Waits a moment: some targets do what they were asked for after they have answered.
    AwaitEffects,
    /// The same where the target has just said that it does so (RFC 9110 §15.3.3).
    AwaitAccepted,
    /// The same where any check has just written, whatever the target answered.
    AwaitFormerEffects,
    /// What follows is sent only where the last answer was 429, and the scenario does not say that the target believes one of [`OTHER_SOURCE`].
    WhereThrottled,
    /// Waits for the checks that write beside this one, if there are any, before what would disturb them.
    Meet,
    /// Looks back at what all checks of the run have seen: the check runs after them.
    LookBack(LookedFor),
}

/// What a check looks for in what all checks have seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookedFor {
    /// Requests after which the target answered nobody.
    Outages,
    /// Answers with status 401, each that has other challenges.
    Unauthorized,
    /// Errors that have challenges, whatever their status and whoever answered.
    Challenges,
    /// Answers with status 405, with and without the methods that there are.
    MethodsNotAllowed,
    /// Errors that say how the target is built.
    Internals,
    /// Answers that show the hash of a password.
    PasswordHashes,
    /// Errors that show a secret of the scenario which their request did not carry.
    Disclosures,
    /// Errors that show a secret of another system, such as the password of a database.
    ForeignSecrets,
    /// Answers that repeat the valid credential of their request.
    Echoes,
    /// Answers with status 429, each that says something else to caches.
    Throttled,
    /// Redirects that answer requests of logins with a body.
    RedirectsOfLogins,
    /// Pages with a form: of logins, and each that asks for a password.
    Forms,
}

/// Changes of the key set that the target reads from authbench (RFC 7517 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyChange {
    /// Publishes a new key beside the others; a token that it signed is kept in a slot.
    Publish(&'static str),
    /// Withdraws that key again.
    Withdraw,
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
    /// Disables an account.
    Disable(AccountOf),
    /// Enables it again.
    Enable(AccountOf),
    /// Takes a right away from the account that logs in.
    Demote,
    /// Gives it back.
    Promote,
}

/// Whose account a hook changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountOf {
    /// That of whoever logs in.
    LogsIn,
    /// That of a credential which is written in the scenario.
    IsGiven,
}
