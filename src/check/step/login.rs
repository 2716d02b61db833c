//! What is done with the login of a credential.

use super::{
    AuthorizationChange, CodeChange, CookieAttribute, GrantChange, RaisedBy, RedirectionUri, RefreshChange, Want,
};
use crate::observe::{Phrase, StepId};

/// Something that is done with a login.
#[derive(Clone, Copy, Debug)]
pub struct SessionStep {
    /// Its part in the check, where the judgement needs to know it.
    pub id: Option<StepId>,
    /// What.
    pub act: SessionAct,
    /// What must come of it.
    pub want: Want,
    /// What is sent; derived where there is none.
    pub description: Option<Phrase>,
    /// Whether it is left out where the login lacks what it needs, and the rest of the check is played.
    pub optional: bool,
}

/// What is done. Sessions are kept in slots, and so are their credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionAct {
    /// Logs in as the good identity; part of the set-up, it must succeed.
    LogIn(&'static str),
    /// Logs in as another identity; part of the set-up.
    LogInSecond(&'static str),
    /// Logs in as the good identity in another second, where two slots hold the same; part of the set-up.
    LogInLaterIfAlike([&'static str; 2], &'static str),
    /// Logs in as the good identity. What identified the session before the last request of the login is kept in the first
    /// slot: what the server had set, or what was planted where it had set nothing.
    LogInAfter(&'static str, &'static str),
    /// Logs in within the session of the first slot: with its cookie. As another identity, where there is one.
    LogInWithin(&'static str, &'static str),
    /// The login of the good identity as a page of another site makes a browser send it.
    FromForeignPage,
    /// The same whose JSON comes as the fields of a form.
    FromForeignForm,
    /// The login of the good identity, which asks to lead to another site afterwards.
    ReturningTo(ReturnTo),
    /// A request for the page of the login, which asks to lead elsewhere after it.
    PageReturningTo(ReturnTo),
    /// The login of the good identity, each of whose requests names a foreign host.
    NamingHost(ForeignHost),
    /// A request by this method, without a credential and a body, to where the login posts the password; nothing is sent where
    /// there is no such login, or it sends that request itself.
    OtherMethod(&'static str),
    /// The logout of a session as a page of another site makes a browser send it; nothing is sent where no form and no link can.
    LogOutFromForeignPage(&'static str),
    /// The same without a cookie, as a browser sends it that keeps those of `SameSite` back.
    LogOutFromForeignPageBare(&'static str),
    /// The logout of a session as a form of another site sends it as text; nothing is sent where it is no form.
    LogOutFromForeignPageAsText(&'static str),
    /// A request by GET for the address of the logout of a session, as a link on a page of another site makes a browser send it;
    /// nothing is sent where its address is known to the site alone.
    FollowLogoutLink(&'static str),
    /// The login of the good identity with a wrong password.
    WrongPassword,
    /// The page that the last refused login of a wrong password or an unknown user leads to; nothing is sent where it leads nowhere.
    PageOfRefusal,
    /// The login of the good identity with something in place of its user-id or its password that is nobody's.
    Unusual(LoginMember, UnusualText),
    /// The login with a name that every object of JavaScript has as its user, and without a password to compare.
    ObjectMember(&'static str, NoPassword),
    /// The login of the good identity with a body that is no login.
    Malformed(MalformedLogin),
    /// The login of the good identity with its password, and with its user-id and that of another identity; what it returns is
    /// kept in a slot.
    TwoUsers(UserOrder, &'static str),
    /// The login of the good identity with user-id and password in the query of the address.
    InQuery(QueryLogin),
    /// The login of the good identity with nearly its password.
    NearPassword(NearPassword),
    /// The login of the good identity with a changed request to its token endpoint.
    ChangedGrant(GrantChange),
    /// The use of the authorization code of a session once more.
    RepeatCode(&'static str),
    /// A login of the good identity whose authorization code is used several times at once.
    UseCodeAtOnce,
    /// The login of the good identity whose authorization request names another redirection URI.
    OtherRedirection(RedirectionUri),
    /// The login of the good identity with a changed authorization request to the same redirection URI.
    AuthorizationRequest(AuthorizationChange),
    /// The login of the good identity up to its one-time code; what it has got by then is tried. Nothing is sent where no request
    /// comes before the one with the code.
    BeforeCode,
    /// The login of the good identity with something else in place of its one-time code.
    ChangedCode(CodeChange),
    /// The same login with a user that nobody knows.
    UnknownUser,
    /// The same login with a user and a password that products are shipped with: a row of [`DEFAULT_ACCOUNTS`].
    DefaultAccount(usize),
    /// Logins with wrong passwords for one account that may be locked, or for a user that nobody knows, until the target
    /// throttles or the failure budget of the scenario is used up.
    GuessPasswords,
    /// The same, several at once, where each of those before took long.
    GuessAtOnce,
    /// The login of the good identity with its user-id spelled in another way.
    OtherSpelling(UserSpelling),
    /// One more of those guesses, with the user-id spelled in another way, where the target throttles, and takes the good
    /// identity's in that spelling.
    GuessSpelled(UserSpelling),
    /// One more of those guesses, with headers that name another source.
    GuessForwarded,
    /// One more of those guesses, as they were, after one that was not.
    GuessOnceMore,
    /// The login of the account that may be locked by its right password, where the scenario has that, after guesses that nothing
    /// held up.
    TryGuessedAccount,
    /// Where that was refused after the guesses: the same with headers that name another source, and where it is granted, once more
    /// without them.
    TryGuessedElsewhere,
    /// The login of the account whose one-time codes may be guessed at, with its right password and its next code: before the guesses,
    /// where it has to open a resource, and after guesses that nothing held up.
    TryCodeAccount,
    /// Logins of that account with its right password and wrong one-time codes, until the target throttles or the failure budget of
    /// the scenario is used up.
    GuessCodes,
    /// Failed logins of the good identity and of users that nobody knows, whose times are compared.
    CompareUsers,
    /// Keeps what a session holds in another slot: what is done with one is unknown to the other.
    Copy(&'static str, &'static str),
    /// Renews a session by its refresh.
    Refresh(&'static str),
    /// The same, where the login has a refresh.
    RefreshIfAny(&'static str),
    /// The same, whatever comes of it; nothing is sent where the login has got nothing to refresh with.
    TryRefresh(&'static str),
    /// The login as it is, which may be refused; granted is what opens a resource.
    TryLogIn,
    /// The refresh of a session, changed; the session itself is not renewed by it.
    RefreshChanged(&'static str, RefreshChange),
    /// The refresh of a session by each other cookie that its login has set without this attribute, by itself; what it returns is
    /// tried. Nothing is sent where the login has no refresh; where that needs no cookie, no cookie decides.
    RefreshByCookies(&'static str, CookieAttribute),
    /// Sends the refresh of a session several times at once.
    RefreshAtOnce(&'static str),
    /// Keeps the refresh token of a session in a slot, as a credential.
    RefreshToken(&'static str, &'static str),
    /// The login of an identity that lacks a scope, which a changed refresh is to ask for.
    LogInForMoreScope(&'static str),
    /// The login of the identity that lacks a scope of a resource, whose authorization request asks for that scope as well.
    LogInAskingForMore(&'static str),
    /// A login whose authorization request does not ask for `openid` (OpenID Connect Core 1.0, section 3.1.2.1), kept in a slot.
    LogInWithoutOpenId(&'static str),
    /// The UserInfo endpoint that the metadata name, with the token of a slot, where there is one (section 5.3).
    AskUserInfo(&'static str),
    /// The login of an identity that uses a code of a client which does not authenticate.
    LogInOfPublicClient(&'static str),
    /// Keeps the ID token of the last login in a slot, as a credential; not applicable where its answer has none, or that is the
    /// credential.
    IdToken(&'static str, &'static str),
    /// Gives the user of a session another password; part of the set-up, it must succeed. The former one is put back when
    /// the check has ended.
    ChangePassword(&'static str),
    /// The same without the right former password; what that returns is tried, and put back.
    ChangePasswordWrongly(&'static str),
    /// The same without any former password, in a session of its own.
    ChangePasswordWithout(NoFormer),
    /// Changes the password of the good identity to this one, in a session of its own, and puts the former one back. Granted is
    /// what lets the new one in.
    ChangePasswordTo(ChosenPassword),
    /// Registers a user whom nobody knows; part of the set-up, it must succeed.
    Register,
    /// The same with this password, with which that user logs in then. Granted is what lets the user in.
    RegisterWith(ChosenPassword),
    /// Registers the user of the good identity once more with another password, as it is or in another spelling. Granted is what
    /// lets that password in as the user.
    RegisterAgain(Option<UserSpelling>),
    /// Registers a name, whatever comes of it; all answers from the request on that has the name are looked at. What becomes of the
    /// account of a name that is taken is seen to.
    RegisterName(RegisteredName),
    /// Registers a user whom nobody knows, and notes what the new account may not use; part of the set-up, it must succeed.
    RegisterPlain,
    /// Registers one more user as the scenario has it.
    RegisterPlainAgain,
    /// The same with members that give rights where they are believed. Granted is what opens a resource that other new accounts may
    /// not use.
    RegisterRaised(RaisedBy),
    /// The password reset of the login for the user of the good identity, whatever comes of it.
    AskForReset,
    /// The same for a user that nobody has.
    AskForResetOfNobody,
    /// The password reset for the user of the good identity, as it is or naming a foreign host. The mail that comes is read, and the
    /// hosts of its links are kept.
    ReadResetMail(Option<ForeignHost>),
    /// A password reset of the user of the good identity that is completed with the token of its mail; part of the set-up, it must
    /// succeed, and the new password log in. The former one is put back when the check has ended.
    CompleteReset,
    /// The login of that user with the former password, while the new one is set.
    FormerPassword,
    /// Another completion with the token of the last one, and another password. Granted is what lets that one in.
    CompleteResetAgain,
    /// The completion of a reset with the token of the good identity, in the name of another user. Granted is what lets the new
    /// password in as that user. The former ones of both are put back when the check has ended.
    CompleteResetOfOther,
    /// A password reset of the account that may be locked, which is completed with the token of its mail; part of the set-up, it must
    /// succeed, and the token be one that somebody may guess.
    CompleteExpendableReset,
    /// Completions of another reset of that account with wrong tokens, until the target throttles or the failure budget of the
    /// scenario is used up.
    GuessResetTokens,
    /// The completion of that reset with its token, after guesses that nothing held up. Granted is what sets the password.
    CompleteAfterGuesses,
    /// Logs out; part of the set-up, it must succeed.
    LogOut(&'static str),
    /// The same of a logout that is more than the revocation of the access token alone (RFC 7009 §2.1).
    LogOutWholly(&'static str),
    /// The logout of a session as somebody sends it who has none, whatever comes of it.
    LogOutWithoutSession(&'static str, NoSession),
    /// The page of the login with the cookies of a session, of which one has a value that does not parse; one request for each.
    /// Nothing is sent where the login has no page.
    PageWithMalformedCookies(&'static str),
    /// Asks the revocation endpoint of the issuer to revoke the token of a session (RFC 7009 §2.1).
    Revoke(&'static str, LoginRevocation),
    /// Waits until the tolerated overlap of a rotation has passed.
    AwaitOverlap,
}

impl SessionAct {
    /// Whether it is about the one-time code of a login.
    pub fn is_about_codes(self) -> bool {
        matches!(self, Self::BeforeCode | Self::ChangedCode(_) | Self::TryCodeAccount | Self::GuessCodes)
    }

    /// Whether it guesses until the target throttles or the failure budget of the scenario is used up.
    pub fn is_guessing(self) -> bool {
        matches!(self, Self::GuessPasswords | Self::GuessCodes | Self::GuessResetTokens)
    }
}

/// What a request without a session has in place of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSession {
    /// No cookie at all.
    NoCookie,
    /// An identifier of the same length and alphabet that nobody was given.
    UnknownCookie,
    /// No cookie, and nothing that an answer of the login had, wherever requests of the logout have it.
    NoCredential,
}

/// Who asks for the revocation of which token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginRevocation {
    /// The client of the login, of its access token.
    Own,
    /// The same with this as its `token_type_hint`.
    OwnHinted(&'static str),
    /// The client of the login, of its refresh token, with this as its `token_type_hint` where there is one.
    OwnRefreshToken(Option<&'static str>),
    /// The client of the login, of a token that was never issued.
    OwnOfUnknown,
    /// Another client of the scenario, which authenticates as itself, of that access token.
    Other,
    /// A client that nobody has registered, of that access token.
    UnknownClient,
}

/// A password that a user chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChosenPassword {
    /// One that is long and nobody else's.
    Good,
    /// Another one of that kind.
    Another,
    /// One of seven characters (ASVS 6.2.1), with letters of both cases, a digit and a sign.
    Short,
    /// One that many have (ASVS 6.2.4), and that fulfils the usual rules of composition.
    Common,
}

impl ChosenPassword {
    /// A weak one; which one is good depends on the former one.
    pub fn weak(self) -> Option<&'static str> {
        match self {
            Self::Good | Self::Another => None,
            Self::Short => Some("Kx7!mQz"),
            Self::Common => Some("Password1!"),
        }
    }
}

/// User-ids and passwords that products are shipped with, and guides begin with.
pub const DEFAULT_ACCOUNTS: [(&str, &str); 6] = [
    ("admin", "admin"),
    ("admin", "password"),
    ("root", "root"),
    ("guest", "guest"),
    ("test", "test"),
    ("user", "user"),
];

/// How another site is written to which a login is to lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnTo {
    /// With its scheme.
    Address,
    /// With two slashes, which leave the scheme as it is (RFC 3986 §4.2).
    TwoSlashes,
    /// With a slash and a backslash, which browsers read as two slashes (URL Standard, relative slash state).
    Backslash,
    /// With a tab between two slashes, which browsers leave out (URL Standard, basic URL parser).
    TabBetween,
    /// As an address whose host ends in no bracket: no address at all (RFC 3986 §3.2.2).
    Unreadable,
    /// As two slashes and no host behind them.
    Slashes,
    /// As a percent sign, which whoever decodes it once more cannot read.
    PercentSign,
    /// As a script.
    Script,
    /// As a path of 4,096 characters.
    Long,
}

impl ReturnTo {
    /// Whether it is another site, however it is written.
    pub fn is_another_site(self) -> bool {
        matches!(self, Self::Address | Self::TwoSlashes | Self::Backslash | Self::TabBetween)
    }
}

/// Where the requests of a login name a foreign host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignHost {
    /// In Host (RFC 9110 §7.2).
    Host,
    /// In the fields by which a proxy says which host it was asked for (RFC 7239 §5.3).
    Forwarded,
    /// In Referer: the page that the request comes from (RFC 9110 §10.1.3).
    Referer,
}

/// A host that is nobody's (RFC 6761 §6.4).
pub const FOREIGN_HOST: &str = "authbench.invalid";

/// Which of two user-ids comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserOrder {
    /// That of the password.
    OwnFirst,
    /// The other one.
    OwnLast,
}

/// How a login is sent whose user-id and password are in the query of its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryLogin {
    /// By its own method, with what else its body has.
    OwnMethod,
    /// By GET, with all of its body in the query.
    Get,
}

/// Another spelling of a user-id, which many servers take for the same user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserSpelling {
    /// With its letters in the other case.
    OtherCase,
    /// With a space behind it.
    SpaceBehind,
}

/// What takes the place of a password or a client secret, and differs from it by little.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NearPassword {
    /// Without its last character.
    Shorter,
    /// With one more character.
    Longer,
    /// With its letters in the other case.
    OtherCase,
    /// With a space behind it.
    SpaceBehind,
    /// With NUL and another character behind it: the end of a text in C, and of what bcrypt reads.
    NulBehind,
    /// With NUL behind it, with which hash functions fill keys up.
    NulAlone,
}

/// What takes the place of a user-id or a password in the body of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnusualText {
    /// No character. An LDAP server takes a simple bind without a password for an unauthenticated one (RFC 4513 §5.1.2).
    Empty,
    /// SQL that is true for every row, where it becomes part of a query (CWE-89).
    Sql,
    /// An operator of a document database: an object in JSON, a name in brackets in a form (CWE-943).
    Operator,
    /// The `true` of JSON, which loose comparisons take for any text (CWE-843).
    True,
    /// The `null` of JSON.
    Null,
}

/// Which name is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegisteredName {
    /// One that nobody has, another one each time.
    New,
    /// That of the user of the good identity, who has an account, with another password.
    Taken,
}

/// How a login has no password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPassword {
    /// Its member or field is not there.
    Missing,
    /// It is the `null` of JSON.
    Null,
}

/// How a password change has no former password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoFormer {
    /// Its member or field is not there.
    Missing,
    /// It has no character.
    Empty,
    /// It is the `null` of JSON.
    Null,
}

/// A member of the body of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginMember {
    /// The user-id.
    User,
    /// The password.
    Password,
}

/// How the body of a login is malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MalformedLogin {
    /// An array of JSON in place of an object.
    Array,
    /// A text of JSON in place of an object.
    Text,
    /// The `null` of JSON in place of an object.
    Null,
    /// No byte.
    Empty,
    /// JSON that ends too early.
    Broken,
    /// Arrays in arrays, forty thousand deep.
    Deep,
    /// A number in place of a text.
    Number(LoginMember),
    /// An array in place of a text.
    List(LoginMember),
    /// An object in place of a text.
    Object(LoginMember),
    /// A member or field that is not there.
    Missing(LoginMember),
    /// Nothing but user and password.
    Bare,
    /// Half of a pair of UTF-16 (`\\ud800`) in place of a text, which is none (RFC 8259 §8.2).
    Surrogate(LoginMember),
    /// NUL inside a text: some take it away at its end.
    Nul(LoginMember),
    /// A percent sign in a form without two hexadecimal digits behind it.
    PercentSign,
    /// Bytes in a form that are no UTF-8, percent-encoded.
    NotUtf8,
    /// A byte in a form that is neither ASCII nor percent-encoded.
    RawByte,
    /// A form in a charset that does not exist.
    UnknownCharset,
    /// Parts of a form (RFC 7578) without the boundary between them.
    NoBoundary,
    /// A body that is said to be compressed by gzip and is not.
    FalseGzip,
    /// The fields of a form as JSON, with a number in place of the password.
    NumberInJson,
}
