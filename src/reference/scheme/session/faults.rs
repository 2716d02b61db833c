//! Faults of sessions and of logins by password.

use crate::reference::fault::{Fault, row, variant};

/// Faults of sessions; those of logins and logouts hold for sessions and for tokens that a login issues.
pub(crate) const FAULTS: &[Fault] = &[
    row("session-rejects-everything", "session.valid-accepted", "refuses every session"),
    row("accepts-any-session", "session.invalid-denied", "looks at the form of an identifier and not for its session"),
    row("session-compared-in-part", "session.near-miss-denied", "does not look at the last character of an identifier"),
    row("session-id-kept", "session.identifier-changes-at-login", "goes on with the identifier from before the login"),
    row(
        "session-id-kept-within",
        "session.identifier-changes-at-relogin",
        "goes on with the identifier of an open session at a login",
    ),
    variant(
        "former-session-follows",
        "session.identifier-changes-at-relogin",
        "gives a login a new identifier, and the open session the user of that login as well",
    ),
    row(
        "session-cookie-unsigned",
        "session.cookie-not-forgeable",
        "takes the user from a cookie that nobody has signed",
    ),
    row(
        "breaks-on-percent-in-cookie",
        "session.malformed-cookie-never-5xx",
        "breaks on a percent sign in the cookie of the CSRF token",
    ),
    variant(
        "login-page-breaks-on-brace-in-cookie",
        "session.malformed-cookie-never-5xx",
        "breaks at the page of the login on a cookie that begins like JSON",
    ),
    row(
        "logout-breaks-without-cookie",
        "session.logout-without-cookie-never-5xx",
        "breaks on a logout without a cookie",
    ),
    variant(
        "logout-breaks-on-unknown-session",
        "session.logout-without-cookie-never-5xx",
        "breaks on a logout with an identifier that it does not know",
    ),
    row(
        "ended-session-renewed",
        "session.not-renewed-after-logout",
        "gives whoever comes with the identifier of an ended session a new one",
    ),
    variant(
        "session-goes-on-by-other-cookies",
        "session.not-renewed-after-logout",
        "gives a session another cookie with each answer, and ends at a logout that with which it is asked",
    ),
    row(
        "logout-clears-another-path",
        "session.logout-clears-cookie",
        "clears the cookie of another path at a logout, and ends no session",
    ),
    row(
        "cookie-prefix-without-attributes",
        "session.cookie-prefix-kept",
        "sets a cookie with the prefix __Host- for a part of its paths",
    ),
    row("foreign-pages-log-in", "session.foreign-page-login-refused", "asks for no CSRF token at its login"),
    row("foreign-pages-log-out", "session.foreign-page-logout-ignored", "asks for no CSRF token at its logout"),
    variant(
        "foreign-text-logs-out",
        "session.foreign-page-logout-ignored",
        "asks for no CSRF token at its logout where that comes as text/plain",
    ),
    variant("links-log-out", "session.foreign-page-logout-ignored", "logs out whoever follows a link to its logout"),
    variant(
        "logout-takes-cookie-of-anybody",
        "session.foreign-page-logout-ignored",
        "answers a logout without a session by taking the cookie from the browser",
    ),
    row("login-leads-anywhere", "session.login-redirect-stays", "leads wherever a login asks it to"),
    variant(
        "login-leads-behind-backslash",
        "session.login-redirect-stays",
        "takes an address that begins with a slash and no second one for a path of its own",
    ),
    variant(
        "login-leads-behind-tab",
        "session.login-redirect-stays",
        "looks for two slashes and a backslash at the start of an address, and not for what browsers leave out",
    ),
    row(
        "login-redirects-to-host",
        "login.foreign-host-not-reflected",
        "serves its logins at every host, and leads to the one that is named",
    ),
    variant(
        "login-redirects-to-forwarded-host",
        "login.foreign-host-not-reflected",
        "leads from a login to the host in X-Forwarded-Host",
    ),
    row("session-cookie-without-secure", "session.cookie-secure", "sets the cookie of the session without Secure"),
    row(
        "session-cookie-without-httponly",
        "session.cookie-httponly",
        "sets the cookie of the session without HttpOnly",
    ),
    row(
        "session-cookie-without-samesite",
        "session.cookie-samesite",
        "sets the cookie of the session without SameSite",
    ),
    variant(
        "session-cookie-for-all-sites",
        "session.cookie-samesite",
        "sets the cookie of the session with SameSite=None and without Secure, over TLS as well",
    ),
    row("session-cookie-without-end", "session.cookie-ends", "sets the cookie of the session for ten years"),
    variant(
        "remember-cookie-lives-for-ever",
        "session.cookie-ends",
        "sets a second cookie that opens everything by itself, for fifty years",
    ),
    variant(
        "remember-cookie-without-secure",
        "session.cookie-secure",
        "sets a second cookie that opens everything by itself, without Secure",
    ),
    variant(
        "remember-cookie-without-httponly",
        "session.cookie-httponly",
        "sets a second cookie that opens everything by itself, without HttpOnly",
    ),
    variant(
        "remember-cookie-without-samesite",
        "session.cookie-samesite",
        "sets a second cookie that opens everything by itself, without SameSite",
    ),
    variant(
        "refresh-cookie-without-httponly",
        "session.cookie-httponly",
        "sets a cookie that renews the session, for one path and without HttpOnly",
    ),
    row(
        "account-shows-session-id",
        "session.cookie-not-in-body",
        "shows the identifier of the session in the account of its user",
    ),
    variant(
        "account-shows-half-of-session-id",
        "session.cookie-not-in-body",
        "cuts the CSRF token of the account out of the identifier of the session",
    ),
    row(
        "session-ids-count",
        "session.identifier-hard-to-guess",
        "makes the identifiers of sessions of the time and a counter",
    ),
    row("session-id-of-user", "session.identifier-new-at-each-login", "gives each login of a user the same identifier"),
    row("csrf-token-not-checked", "session.write-needs-csrf-token", "writes without asking for a CSRF token"),
    variant(
        "csrf-pair-absent",
        "session.write-needs-csrf-token",
        "compares the CSRF token with its cookie, also where neither is there",
    ),
    variant(
        "csrf-token-for-json-alone",
        "session.write-needs-csrf-token",
        "asks for a CSRF token where the body is JSON, and for none where it is not",
    ),
    row(
        "foreign-pages-write",
        "session.foreign-page-write-refused",
        "asks for no CSRF token and lets browsers send the cookie with requests of other sites",
    ),
    row("csrf-token-of-anybody", "session.csrf-token-bound", "takes the CSRF token of any session"),
    variant(
        "csrf-token-of-cookie",
        "session.csrf-token-bound",
        "compares the CSRF token with a cookie, whoever was given both",
    ),
    row(
        "csrf-token-kept-at-login",
        "session.csrf-token-changes-at-login",
        "goes on with the CSRF token from before the login",
    ),
    row(
        "login-reads-two-users",
        "login.field-once",
        "verifies the password of the first user of a login, and logs the last one in",
    ),
    variant(
        "login-reads-two-users-beside-token",
        "login.field-once",
        "logs the last user of a login in with the password of the first, and shows each session something of its own",
    ),
    variant("login-breaks-on-two-users", "login.field-once", "breaks where the user of a login comes twice"),
    row("login-without-password", "login.wrong-password-refused", "lets in whoever names a known user"),
    row(
        "login-takes-operators",
        "login.unusual-password-refused",
        "takes an object in place of the password for a condition that holds",
    ),
    row(
        "login-takes-operators-as-user",
        "login.unusual-user-refused",
        "takes an object in place of the user for a condition that holds",
    ),
    variant(
        "login-finds-object-members",
        "login.unusual-user-refused",
        "finds the members that all objects of JavaScript have among its users, and compares their passwords with none",
    ),
    variant(
        "login-breaks-on-objects",
        "login.unusual-password-refused",
        "breaks where the password of a login is no text",
    ),
    variant(
        "login-fills-up-with-nul",
        "login.near-miss-refused",
        "takes a password with NUL behind it for the password",
    ),
    row(
        "breaks-on-unreadable-return",
        "login.return-address-never-5xx",
        "breaks on an address to return to that does not parse",
    ),
    variant(
        "login-page-breaks-on-return",
        "login.return-address-never-5xx",
        "breaks where the page of its login is asked for with an address that does not parse",
    ),
    variant(
        "breaks-on-percent-in-return",
        "login.return-address-never-5xx",
        "breaks on an address to return to that is a percent sign",
    ),
    variant(
        "login-breaks-on-nul-in-user",
        "login.malformed-never-5xx",
        "breaks where the user of a login has NUL in it",
    ),
    row(
        "login-breaks-without-password",
        "login.malformed-never-5xx",
        "breaks where a login has no member or field for the password",
    ),
    variant(
        "login-breaks-on-half-a-pair",
        "login.malformed-never-5xx",
        "breaks where the JSON of a login has half of a UTF-16 pair",
    ),
    variant(
        "login-breaks-on-list-in-form",
        "login.malformed-never-5xx",
        "breaks where the form of a login has an array in place of the user",
    ),
    variant(
        "breaks-on-cookie-in-brackets",
        "common.malformed-credential-never-5xx",
        "breaks on a cookie whose name says that it is an array",
    ),
    variant("login-breaks-on-no-object", "login.malformed-never-5xx", "breaks where the JSON of a login is no object"),
    row(
        "login-hash-skipped-for-unknown-user",
        "login.timing-user-enumeration",
        "hashes the passwords of known users only at the login",
    ),
    row(
        "login-default-account",
        "login.default-accounts-refused",
        "is shipped with the account admin and its password",
    ),
    variant(
        "login-delays-each-failure",
        "login.guessing-throttled",
        "answers each login that fails after a second, and counts none",
    ),
    variant(
        "login-throttles-by-spelling",
        "login.guessing-throttled",
        "takes user-ids without regard to case, and counts failures by how they are spelled",
    ),
    variant(
        "login-throttles-by-header",
        "login.guessing-throttled",
        "counts failed logins by the source that X-Forwarded-For names",
    ),
    row("login-no-throttle", "login.guessing-throttled", "lets everybody guess passwords as often as they like"),
    row("login-ignores-case", "login.near-miss-refused", "compares passwords at the login without regard to case"),
    variant("login-trims-password", "login.near-miss-refused", "takes white space off passwords at the login"),
    variant("login-ends-at-nul", "login.near-miss-refused", "compares passwords at the login up to the first NUL"),
    variant("login-breaks-on-false-gzip", "login.malformed-never-5xx", "breaks on a login that is said to be gzip"),
    row("login-reads-the-query", "login.query-credentials-refused", "reads user and password from the query, too"),
    row("login-names-unknown-user", "login.users-indistinct", "says at the login that a user does not exist"),
    variant(
        "login-counts-attempts-on-next-page",
        "login.users-indistinct",
        "leads from a failed login to a page that counts the attempts which a known user has left",
    ),
    variant(
        "login-breaks-on-unknown-user",
        "login.users-indistinct",
        "breaks on the login of a user that does not exist",
    ),
    row("short-password-taken", "login.weak-password-refused", "takes new passwords of any length"),
    variant("common-password-taken", "login.weak-password-refused", "takes new passwords that many people have"),
    variant("short-password-registered", "login.weak-password-refused", "registers users with passwords of any length"),
    row(
        "registration-overwrites-account",
        "login.registration-keeps-accounts",
        "gives an account the password of whoever registers its name",
    ),
    variant(
        "registration-overwrites-other-spelling",
        "login.registration-keeps-accounts",
        "gives an account the password of whoever registers its name in another spelling",
    ),
    row(
        "registration-names-taken-user",
        "login.registration-indistinct",
        "answers 409 to whoever registers a name that is taken",
    ),
    variant(
        "registration-says-taken-user",
        "login.registration-indistinct",
        "says in the text of its answer to a registration that the name is taken",
    ),
    variant(
        "registration-breaks-on-taken-user",
        "login.registration-indistinct",
        "breaks on the registration of a name that is taken",
    ),
    variant(
        "registration-logs-in",
        "login.registration-indistinct",
        "gives whoever registers a new name a token in its answer",
    ),
    row(
        "registration-assigns-role",
        "login.registration-assigns-no-rights",
        "gives a new account the role that its registration names",
    ),
    variant(
        "registration-assigns-roles",
        "login.registration-assigns-no-rights",
        "gives a new account the list of roles that its registration has",
    ),
    variant(
        "registration-assigns-flag",
        "login.registration-assigns-no-rights",
        "makes a new account one of the staff where its registration says so",
    ),
    variant(
        "registration-assigns-scopes",
        "login.registration-assigns-no-rights",
        "gives a new account the scopes that its registration has",
    ),
    row(
        "reset-names-unknown-user",
        "login.reset-indistinct",
        "answers 404 to whoever has forgotten the password of a user that does not exist",
    ),
    variant(
        "reset-says-unknown-user",
        "login.reset-indistinct",
        "says in the text of its answer to a forgotten password that a user does not exist",
    ),
    variant(
        "reset-breaks-on-known-user",
        "login.reset-indistinct",
        "breaks on a forgotten password of a user that exists",
    ),
    row(
        "reset-waits-for-mail",
        "login.timing-reset-enumeration",
        "hands the mail of a password reset over before it answers, where there is such a user",
    ),
    row(
        "reset-token-used-twice",
        "login.reset-token-single-use",
        "takes the token of a password reset until a newer one is sent",
    ),
    row(
        "reset-token-of-anybody",
        "login.reset-token-bound-to-user",
        "sets the password of whomever a password reset names, whoever got its token",
    ),
    row(
        "reset-token-short",
        "login.reset-token-guesses-limited",
        "sends a token of six digits in the mail of a password reset, and counts no wrong ones",
    ),
    row(
        "reset-keeps-former-password",
        "login.reset-ends-former-password",
        "takes the former password beside the one that a password reset has set",
    ),
    row(
        "reset-keeps-sessions",
        "login.reset-ends-sessions",
        "keeps sessions and access tokens alive when their user resets the password",
    ),
    row(
        "reset-link-names-host",
        "login.reset-link-host",
        "makes the link of a password reset of the Host of the request",
    ),
    variant(
        "reset-link-names-forwarded-host",
        "login.reset-link-host",
        "makes the link of a password reset of X-Forwarded-Host",
    ),
    variant(
        "reset-link-names-page",
        "login.reset-link-host",
        "makes the link of a password reset of the host in Referer",
    ),
    row(
        "password-change-without-former",
        "login.password-change-needs-password",
        "changes a password without a look at the former one",
    ),
    variant(
        "password-change-takes-no-former",
        "login.password-change-needs-password",
        "refuses a wrong former password, and changes the password where none is sent",
    ),
    row(
        "login-redirect-keeps-method",
        "login.redirect-drops-password",
        "ends a login that names the next page with 307",
    ),
    row("login-page-framed", "login.page-not-framed", "lets every site show its login in a frame"),
    row(
        "password-change-keeps-sessions",
        "login.password-change-ends-sessions",
        "keeps sessions and access tokens alive when the password of their user changes",
    ),
    row(
        "disabled-account-keeps-sessions",
        "login.disabled-account-loses-access",
        "refuses the login of an account that is disabled, and keeps its sessions and tokens alive",
    ),
    row(
        "demoted-account-keeps-rights",
        "login.demoted-account-loses-right",
        "reads the rights of an account at its login alone",
    ),
    variant(
        "disabled-account-logs-in",
        "login.disabled-account-loses-access",
        "ends the sessions of an account that is disabled, and lets it in again",
    ),
    variant(
        "remember-cookie-survives-logout",
        "login.logout-ends-credential",
        "sets a second cookie that opens everything by itself, and ends the session alone at a logout",
    ),
    variant(
        "remember-cookie-renews-session",
        "login.logout-ends-credential",
        "sets a second cookie that starts a new session, has another value each time, and stays good after a logout",
    ),
    variant(
        "ended-session-granted-once",
        "login.logout-ends-credential",
        "grants access to the identifier of an ended session once, and gives it a new one with that",
    ),
    row("logout-keeps-session", "login.logout-ends-credential", "ends a session in the browser and not in the server"),
];
