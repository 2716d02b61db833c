//! What the endpoints of an authorization server make of the scheme name before client credentials (RFC 9110 §11.1).

use super::GRANT;
use crate::check::judgement::oauth;
use crate::check::step::{
    Accept, ClientProof, Fill, FormAuth, GrantChange, SessionAct, Step, introspect, login, obtain, revoke, token,
};
use crate::check::{Check, Doc, Explanation, Level, REFUSAL, Severity, Tier};

/// A live token.
const TOKEN_OF_SLOT: (&str, Fill) = ("token", Fill::Slot("t"));
/// RFC 6749 §5.2: whatever is wrong with it, it is a client error.
const BAD_CLIENT: &[Accept] = &[Accept::Status(400), Accept::Status(401)];

/// What a login that is refused may be answered with.
const REFUSED: &[Accept] = &[Accept::Range(400, 499)];

const BEARER: FormAuth = FormAuth::Behind("Bearer ");
const UNKNOWN: FormAuth = FormAuth::Behind("Authbench ");
const IN_WORD: FormAuth = FormAuth::Behind("XBasicx ");
const LOWER_CASE: FormAuth = FormAuth::Behind("basic ");
const TWO_SPACES: FormAuth = FormAuth::Behind("Basic  ");

const BEARER_TEXT: &str = "the client credentials behind the scheme name Bearer";
const UNKNOWN_TEXT: &str = "the client credentials behind a scheme name that does not exist";
const IN_WORD_TEXT: &str = "the client credentials behind a word that contains Basic";
const LOWER_CASE_TEXT: &str = "the client credentials behind the scheme name in lower case";
const TWO_SPACES_TEXT: &str = "the client credentials behind two spaces";
const NOBODY_TEXT: &str = "no client credentials";

const MATTERS: &str = "A parser that does not look at the scheme name takes what others read as something else; one that knows one \
                       spelling alone shuts clients out that are right.";
const FIX: &str = "Take client credentials behind the scheme name Basic in any case of letters and one or more spaces (RFC 9110 \
                   §11.1, §11.4), and behind no other name.";
const SOURCES: &[&str] = &["RFC 9110 §11.1", "RFC 9110 §11.4", "RFC 6749 §2.3.1", "RFC 7617 §2"];

/// What the checks have in common.
const CLIENT_SCHEME: Check = Check {
    level: Level::Must,
    severity: Severity::Medium,
    tier: Tier::Extended,
    sources: SOURCES,
    expect: oauth::client_scheme,
    shows: Explanation::ClientScheme,
    ..REFUSAL
};

/// For the token endpoint.
pub(crate) const TOKEN: &[Check] = &[Check {
    id: "token.client-scheme-name",
    title: "Client credentials count behind the scheme name Basic and behind no other at the token endpoint",
    doc: Doc {
        sends: "The value of HTTP Basic with the good client behind Bearer, behind a name that does not exist and behind a word \
                that contains Basic; then behind basic, and behind two spaces.",
        matters: MATTERS,
        fix: FIX,
    },
    steps: &[
        token(BEARER, &[GRANT]).denied(BAD_CLIENT).called(BEARER_TEXT),
        token(UNKNOWN, &[GRANT]).denied(BAD_CLIENT).called(UNKNOWN_TEXT),
        token(IN_WORD, &[GRANT]).denied(BAD_CLIENT).called(IN_WORD_TEXT),
        token(LOWER_CASE, &[GRANT]).granted().called(LOWER_CASE_TEXT),
        token(TWO_SPACES, &[GRANT]).called(TWO_SPACES_TEXT),
    ],
    fault: "client-scheme-ignored",
    ..CLIENT_SCHEME
}];

/// The login of the scenario with this in place of `Basic` and a space.
const fn behind(name: &'static str) -> Step {
    login(SessionAct::ChangedGrant(GrantChange::Client(ClientProof::Behind(name))))
}

/// For token endpoints that logins ask.
pub(crate) const LOGIN: &[Check] = &[Check {
    id: "grant.client-scheme-name",
    title: "Client credentials count behind the scheme name Basic and behind no other at the token endpoint of a login",
    remote_safe: false,
    doc: Doc {
        sends: "The login of the scenario, whose client authenticates at a token endpoint by HTTP Basic, without that, and with its \
                value behind Bearer, behind a name that does not exist and behind a word that contains Basic; then behind basic, \
                behind BASIC, and behind two spaces.",
        matters: MATTERS,
        fix: FIX,
    },
    steps: &[
        login(SessionAct::LogIn("s")).granted().called("the login"),
        login(SessionAct::ChangedGrant(GrantChange::Client(ClientProof::Nobody))).id(oauth::NOBODY).called(NOBODY_TEXT),
        behind("Bearer ").denied(REFUSED).called(BEARER_TEXT),
        behind("Authbench ").denied(REFUSED).called(UNKNOWN_TEXT),
        behind("XBasicx ").denied(REFUSED).called(IN_WORD_TEXT),
        behind("basic ").granted().called(LOWER_CASE_TEXT),
        behind("BASIC ").granted().called("the client credentials behind the scheme name in upper case"),
        behind("Basic  ").called(TWO_SPACES_TEXT),
    ],
    fault: "grant-client-scheme-case",
    ..CLIENT_SCHEME
}];

/// For the introspection endpoint.
pub(crate) const INTROSPECTION: &[Check] = &[Check {
    id: "introspect.client-scheme-name",
    title: "Client credentials count behind the scheme name Basic and behind no other at the introspection endpoint",
    doc: Doc {
        sends: "A live token without client credentials, and with the value of HTTP Basic of the resource server behind Bearer, \
                behind a name that does not exist and behind a word that contains Basic; then behind basic, and behind two spaces.",
        matters: MATTERS,
        fix: FIX,
    },
    steps: &[
        obtain("t"),
        introspect(FormAuth::None, &[TOKEN_OF_SLOT]).id(oauth::NOBODY).called(NOBODY_TEXT),
        introspect(BEARER, &[TOKEN_OF_SLOT]).denied(BAD_CLIENT).called(BEARER_TEXT),
        introspect(UNKNOWN, &[TOKEN_OF_SLOT]).denied(BAD_CLIENT).called(UNKNOWN_TEXT),
        introspect(IN_WORD, &[TOKEN_OF_SLOT]).denied(BAD_CLIENT).called(IN_WORD_TEXT),
        introspect(LOWER_CASE, &[TOKEN_OF_SLOT]).granted().called(LOWER_CASE_TEXT),
        introspect(TWO_SPACES, &[TOKEN_OF_SLOT]).called(TWO_SPACES_TEXT),
    ],
    fault: "introspect-case-sensitive-scheme",
    ..CLIENT_SCHEME
}];

/// For the revocation endpoint.
pub(crate) const REVOCATION: &[Check] = &[Check {
    id: "revoke.client-scheme-name",
    title: "Client credentials count behind the scheme name Basic and behind no other at the revocation endpoint",
    doc: Doc {
        sends: "Live tokens without client credentials, and with the value of HTTP Basic of their client behind Bearer, behind a \
                name that does not exist and behind a word that contains Basic; then behind basic, and behind two spaces.",
        matters: MATTERS,
        fix: FIX,
    },
    steps: &[
        obtain("t"),
        revoke(FormAuth::None, &[TOKEN_OF_SLOT]).id(oauth::NOBODY).called(NOBODY_TEXT),
        // another token in the place of the one that may be revoked now
        obtain("t"),
        revoke(BEARER, &[TOKEN_OF_SLOT]).denied(BAD_CLIENT).called(BEARER_TEXT),
        revoke(UNKNOWN, &[TOKEN_OF_SLOT]).denied(BAD_CLIENT).called(UNKNOWN_TEXT),
        revoke(IN_WORD, &[TOKEN_OF_SLOT]).denied(BAD_CLIENT).called(IN_WORD_TEXT),
        revoke(LOWER_CASE, &[TOKEN_OF_SLOT]).granted().called(LOWER_CASE_TEXT),
        // another token in the place of the one that was revoked
        obtain("t"),
        revoke(TWO_SPACES, &[TOKEN_OF_SLOT]).called(TWO_SPACES_TEXT),
    ],
    fault: "revoke-one-space",
    ..CLIENT_SCHEME
}];
