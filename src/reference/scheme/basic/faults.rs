//! Faults of the Basic verifier.

use std::sync::Arc;

use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::accounts::Accounts;
use crate::reference::fault::{Fault, row, variant};
use crate::reference::request::query_value;
use crate::reference::state::{Principal, ReferenceState};

/// Faults of passwords.
pub(crate) const FAULTS: &[Fault] = &[
    row("basic-rejects-everything", "basic.valid-accepted", "refuses every password"),
    row("user-only-check", "basic.wrong-password-denied", "accepts any password of a known user"),
    variant("basic-strips-colons", "basic.wrong-password-denied", "takes colons around a password off"),
    variant(
        "basic-breaks-on-nul-in-user",
        "common.malformed-credential-never-5xx",
        "asks a database that takes no NUL for the user-id",
    ),
    variant("basic-trims-password", "basic.wrong-password-denied", "takes white space around a password off"),
    row(
        "password-of-anybody",
        "basic.other-accounts-password-denied",
        "looks a password up among those of all accounts",
    ),
    variant("basic-user-ignored", "basic.injection-denied", "looks at the password and at no user-id"),
    row("basic-default-account", "basic.default-accounts-denied", "is shipped with the account admin and its password"),
    row("basic-ldap-filter", "basic.injection-denied", "puts user-id and password into an LDAP filter"),
    row("challenge-without-realm", "basic.missing-challenged", "sends a challenge without realm"),
    row("charset-latin1", "basic.charset-param-value", "announces ISO-8859-1"),
    row("user-not-found-message", "basic.unknown-user-indistinct", "says that a user does not exist"),
    variant(
        "basic-long-password-breaks-for-known",
        "basic.unknown-user-indistinct",
        "breaks on passwords beyond 4096 characters where the user exists",
    ),
    variant("user-not-found-number", "basic.unknown-user-indistinct", "says by a number that a user does not exist"),
    row("basic-case-sensitive-scheme", "basic.scheme-case-insensitive", "requires the scheme name as Basic"),
    variant("basic-one-space", "basic.scheme-case-insensitive", "takes exactly one space after the scheme name"),
    row("basic-scheme-ignored", "basic.other-scheme-denied", "does not look at the scheme name"),
    variant("basic-in-scheme", "basic.other-scheme-denied", "takes every scheme name that contains the word Basic"),
    variant(
        "basic-named-parts",
        "basic.other-scheme-denied",
        "takes the parameters username and password of any scheme",
    ),
    variant(
        "basic-long-password-breaks",
        "basic.malformed-credentials-denied",
        "breaks on passwords beyond 4096 characters",
    ),
    row("splits-on-last-colon", "basic.first-colon-splits", "splits at the last colon"),
    row("crash-on-no-colon", "basic.malformed-credentials-denied", "breaks where there is no colon"),
    variant(
        "basic-known-user-breaks",
        "basic.malformed-credentials-denied",
        "breaks where a user that it knows comes without a password",
    ),
    variant(
        "basic-digest-of-known-user-breaks",
        "basic.malformed-credentials-denied",
        "breaks where Digest names a user that it knows",
    ),
    variant("basic-unpadded", "basic.malformed-credentials-denied", "takes Base64 without its padding"),
    variant("basic-skips-junk", "basic.malformed-credentials-denied", "skips what is no character of Base64"),
    variant("basic-no-space", "basic.malformed-credentials-denied", "takes a value without a space before it"),
    variant("basic-left-over-bits", "basic.malformed-credentials-denied", "ignores bits that belong to no byte"),
    row("latin1-decode", "basic.utf8-credentials", "decodes credentials as ISO-8859-1"),
    row("hash-skipped-for-unknown-user", "basic.timing-user-enumeration", "hashes the passwords of known users only"),
    row("basic-query-credentials", "basic.query-credentials-refused", "takes user-id and password from the query"),
    variant("basic-value-in-query", "basic.query-credentials-refused", "takes the value of Basic from the query"),
    row("bcrypt-72", "basic.long-password-not-truncated", "ignores what follows the 72nd byte of a password"),
    row("basic-foreign-pages-write", "basic.foreign-page-write-refused", "lets pages of other sites write"),
];

/// Whose user-id and password the query has.
pub(super) fn of_query(state: &ReferenceState, accounts: &Accounts, parts: &Parts) -> Option<Arc<Principal>> {
    if state.fault("basic-value-in-query") {
        let decoded = STANDARD.decode(query_value(parts, "auth")?).ok()?;
        let (user, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
        return accounts.verify(state, user, password, false);
    }
    if !state.fault("basic-query-credentials") {
        return None;
    }
    accounts.verify(state, &query_value(parts, "u")?, &query_value(parts, "p")?, false)
}

/// Whether Digest names a known user, on which a server breaks that reads a password there.
pub(super) fn breaks_on_digest(state: &ReferenceState, accounts: &Accounts, line: &str) -> bool {
    let named = || line.strip_prefix("Digest username=\"")?.split('"').next();
    state.fault("basic-digest-of-known-user-breaks") && named().is_some_and(|user| accounts.knows(user))
}

/// Whose user-id and password stand as parameters behind the name of a scheme.
pub(super) fn of_parameters(state: &ReferenceState, accounts: &Accounts, line: &str) -> Option<Arc<Principal>> {
    let (_, rest) = line.split_once(" username=\"").filter(|_| state.fault("basic-named-parts"))?;
    let (user, password) = rest.split_once("\", password=\"")?;
    accounts.verify(state, user, password.strip_suffix('"')?, false)
}
