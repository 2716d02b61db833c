//! Sessions by cookie (RFC 6265), and the logins behind credentials of any kind.

pub(crate) mod asking_client;
mod at_once;
pub(crate) mod authorization;
pub(crate) mod code;
pub(crate) mod code_guesses;
pub(crate) mod code_scope;
pub(crate) mod completed_reset;
mod cookie_attributes;
mod cookie_pieces;
mod cookies;
mod csrf;
pub(crate) mod demoted;
pub(crate) mod disabled;
pub(crate) mod faulty_elsewhere;
mod foreign;
pub(crate) mod forgotten;
pub(crate) mod framed;
pub(crate) mod grant;
pub(crate) mod grant_client;
pub(crate) mod grant_revocation;
pub(crate) mod identifiers;
pub(crate) mod implicit;
mod indistinct;
pub(crate) mod issued_code;
mod judgements;
pub(crate) mod kept_method;
pub(crate) mod login;
pub(crate) mod one_time;
pub(crate) mod plain_challenge;
pub(crate) mod published;
pub(crate) mod raised;
pub(crate) mod refresh;
pub(crate) mod refreshed_scope;
pub(crate) mod registration;
pub(crate) mod reset_guesses;
pub(crate) mod reset_link;
pub(crate) mod reset_time;
pub(crate) mod reset_token;
pub(crate) mod returned_cookies;
pub(crate) mod shown_cookies;
pub(crate) mod stated_life;
pub(crate) mod two_users;
pub(crate) mod user_logs_in;
pub(crate) mod weak_passwords;

use crate::check::common::foreign_page;
use crate::check::step::{Accept, Alter, INSUFFICIENT, INVALID, On, ReturnTo, SessionAct, Who, forged, login, send};
use crate::check::{Check, Doc, Explanation, Level, PLAIN, REFUSAL, Severity, Tier};
use cookie_attributes::{WITHOUT_END, WITHOUT_HTTP_ONLY, WITHOUT_SAME_SITE, WITHOUT_SECURE};

/// What only a session has: a cookie, and writes that have to repeat a CSRF token.
pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "session.valid-accepted",
        title: "The session of a login is accepted (positive control)",
        severity: Severity::Info,
        control: true,
        sources: &["RFC 6265 §4.2.2"],
        doc: Doc {
            sends: "The cookie that the login sets, to every protected resource.",
            matters: "Without this control no refusal proves anything.",
            fix: "Check the login in the scenario, then the target's log.",
        },
        steps: &[send(Who::Good, On::EachProtected).granted()],
        fault: "session-rejects-everything",
        ..PLAIN
    },
    Check {
        id: "session.invalid-denied",
        title: "A well-formed session identifier that was never issued is refused",
        severity: Severity::Critical,
        sources: &["OWASP API2:2023", "ASVS 7.2.1", "CWE-287"],
        doc: Doc {
            sends: "A random identifier with the length and the alphabet of the good one, in the cookie of the session.",
            matters: "A server that only looks whether there is a cookie lets everybody in.",
            fix: "Look the session up in the server, and refuse an identifier that is not there.",
        },
        steps: &[send(forged("unknown"), On::EachUsed).denied(&[INVALID]).thoroughly()],
        any_refusal: true,
        fault: "accepts-any-session",
        ..PLAIN
    },
    Check {
        id: "session.near-miss-denied",
        title: "A session identifier that was shortened, extended or altered is refused",
        severity: Severity::High,
        tier: Tier::Extended,
        sources: &["CWE-187", "ASVS 7.2.1", "OWASP API2:2023"],
        doc: Doc {
            sends: "The good identifier without its first and its last character (the last one before the dot, where the name of a server stands behind it), with a changed one, in the other case and reversed; and with one more character, one more part, an equals sign and bytes that are white space to some behind it, and with other bits behind the last byte of its Base64. To accept what has the whole identifier in it is a warning: only its holder can make it. White space and Base64 are information outside strict-rfc.",
            matters: "A lookup by a part, or without regard to case, makes guesses easier; and of two spellings of a session one may stay when the other is ended.",
            fix: "Compare the whole value that was received, byte by byte, and verify a signature over all of it.",
        },
        steps: &[
            send(forged("truncated"), On::Protected).denied(ANY),
            send(forged("without-first"), On::Protected).denied(ANY),
            send(forged("middle-changed"), On::Protected).denied(ANY),
            send(forged("case-flipped"), On::Protected).denied(ANY),
            send(forged("reversed"), On::Protected).denied(ANY),
            send(forged("extended"), On::Protected),
            send(forged("part-appended"), On::Protected),
            send(forged("padding-behind"), On::Protected),
            send(forged("left-over-bits"), On::Protected),
            send(forged("byte-a0"), On::Protected),
            send(forged("byte-85"), On::Protected),
        ],
        any_refusal: true,
        expect: |case| case.judge_leniencies(ANY, "refused"),
        fault: "session-compared-in-part",
        ..REFUSAL
    },
    Check {
        id: "session.identifier-changes-at-login",
        title: "A session identifier from before the login does not open the session after it",
        level: Level::Should,
        severity: Severity::High,
        sources: &["RFC 6265 §8.4", "ASVS 7.2.4", "CWE-384", "WSTG-SESS-03"],
        doc: Doc {
            sends: "A login, and then the identifier that the browser had before it sent the password: the one that the server had set, or a made-up one that was sent with the login.",
            matters: "Whoever plants an identifier in a browser shares the session that its user logs in to (session fixation).",
            fix: "Start a session under a new identifier at each login, and end the one before.",
        },
        steps: &[
            login(SessionAct::LogInAfter("before", "after")),
            send(Who::Slot("after"), On::Protected).granted().called("the identifier after the login"),
            send(Who::Slot("before"), On::Protected).denied(&[INVALID]).called("the identifier from before the login"),
        ],
        shows: Explanation::Binding,
        fault: "session-id-kept",
        ..REFUSAL
    },
    Check {
        id: "session.identifier-new-at-each-login",
        title: "Two logins of a user have two session identifiers",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["ASVS 7.2.4", "CWE-384"],
        doc: Doc {
            sends: "Two logins of one user; the values of their session cookies are compared. Where they are equal, a third one in another second: what changes with the time is no identifier of the user. A cookie that holds the session itself, a JWT or JSON whose members can be read, is no identifier.",
            matters: "Where all logins of a user share one identifier, whoever learned it once has every later session, and a logout at one place ends them all, or none.",
            fix: "Make a new random identifier at each login.",
        },
        steps: &[
            login(SessionAct::LogIn("first")).granted().called("a login"),
            login(SessionAct::LogIn("again")).granted().called("another login of the user"),
            login(SessionAct::LogInLaterIfAlike(["first", "again"], "later"))
                .granted()
                .called("a third login of the user, in another second"),
        ],
        expect: cookies::new_at_each_login,
        fault: "session-id-of-user",
        ..PLAIN
    },
    Check {
        id: "session.identifier-changes-at-relogin",
        title: "A login within an open session gets a new identifier",
        severity: Severity::High,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["ASVS 7.2.4", "RFC 6265 §8.4", "CWE-384", "WSTG-SESS-03"],
        doc: Doc {
            sends: "A login, and another one with the cookie of the first: of another user where the scenario has one. The cookies of the two are compared; where they are equal, the later login is sent once more in another second, as a cookie that is made of the time changes with that. Where they still are, so is what the session shows before and after at each protected resource that is read (at most 16): another account is a failure of high severity, the same one after a login of the same user of low severity; after that of another user, nothing shows that the login was carried out. The first session is tried once more: that it shows the account of the later login is a failure, too; that it stays in force as it was is information, and a warning under strict-rfc.",
            matters: "An attacker who plants the cookie of a session of his own in a browser shares the session of whoever logs in there after that (session fixation).",
            fix: "Start a session under a new identifier at each login, also where one is open, and end that one.",
        },
        steps: &[
            login(SessionAct::LogIn("former")).granted().called("a login"),
            send(Who::Slot("former"), On::Protected).granted().called("its session"),
            send(Who::Slot("former"), On::EachRoute).id(cookies::BEFORE).called("its session"),
            send(Who::Slot("former"), On::EachRoute).id(cookies::BEFORE_AGAIN).called("its session, once more"),
            login(SessionAct::LogInWithin("former", "later")),
            send(Who::Slot("later"), On::EachRoute)
                .times(2)
                .id(cookies::LATER)
                .called("the session of the later login"),
            send(Who::Slot("former"), On::EachRoute)
                .times(2)
                .id(cookies::FORMER)
                .called("the session of the former login"),
        ],
        compares_answers: true,
        expect: cookies::changes_at_relogin,
        shows: Explanation::Binding,
        fault: "session-id-kept-within",
        ..PLAIN
    },
    Check {
        id: "session.foreign-page-login-refused",
        title: "A login that a page of another site makes a browser send is refused",
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["CWE-352", "ASVS 3.5.1", "WSTG-SESS-05"],
        doc: Doc {
            sends: "The login of the scenario as a form of another site sends it: with its Origin and `Sec-Fetch-Site: cross-site`, without what comes from answers (such as a CSRF token), and with JSON as text/plain, and as the fields of a form. The right login follows.",
            matters: "Whoever logs a visitor in to an account of his own reads what the visitor does there: searches, addresses, payments.",
            fix: "Ask for a CSRF token at the login as well, or compare Origin with the own one.",
        },
        steps: &[
            login(SessionAct::FromForeignPage).denied(ANY),
            login(SessionAct::FromForeignForm).denied(ANY).id(foreign::AS_FORM).if_given(),
            login(SessionAct::LogIn("s")).granted().called("the login of the site itself"),
        ],
        any_refusal: true,
        expect: foreign::logins,
        fault: "foreign-pages-log-in",
        ..REFUSAL
    },
    Check {
        id: "session.foreign-page-logout-ignored",
        title: "A page of another site cannot log a visitor out",
        severity: Severity::Info,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["CWE-352", "ASVS 3.5.1", "RFC 9110 §9.2.1", "draft-ietf-httpbis-rfc6265bis (section 5.6.7.1)"],
        doc: Doc {
            sends: "A login, and the address of its logout by GET, whatever the method of the logout, as a link on another site sends it: with `Sec-Fetch-Site: cross-site` and without a token. Then the logout of the scenario as a link or a form of another site sends it: with its Origin, without `write_headers` and what comes from answers; a form also as text/plain. The session is tried before and after each. Where the cookie has SameSite=Lax, browsers send it along with links alone, which are GET; with SameSite=Strict they never do. They take a Set-Cookie of the answer to a form of another site in any case: that logout is sent without a cookie, too, and an answer that takes the cookie of the session away (an empty value, Max-Age=0, or Expires in the past) is a logout.",
            matters: "Any page can end the work of its visitors elsewhere, as often as it likes; a logout by GET ends with an image or a preview of a link, too.",
            fix: "Log out by POST alone, with a CSRF token or a look at Origin; answer GET with 405, or with a page that asks.",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called("a login"),
            send(Who::Slot("s"), On::Protected).lasting().called("the session before"),
            login(SessionAct::FollowLogoutLink("s")).id(foreign::LINK),
            send(Who::Slot("s"), On::Protected)
                .id(foreign::AFTER_LINK)
                .called("the session after the link was followed"),
            login(SessionAct::LogOutFromForeignPage("s")).id(foreign::FOREIGN_LOGOUT),
            send(Who::Slot("s"), On::Protected).id(foreign::AFTER_LOGOUT).called("the session after"),
            login(SessionAct::LogOutFromForeignPageBare("s")).id(foreign::BARE_LOGOUT),
            login(SessionAct::LogOutFromForeignPageAsText("s")).id(foreign::TEXT_LOGOUT),
            send(Who::Slot("s"), On::Protected)
                .id(foreign::AFTER_TEXT)
                .called("the session after a logout that came as text"),
        ],
        expect: foreign::not_logged_out,
        fault: "foreign-pages-log-out",
        ..PLAIN
    },
    Check {
        id: "session.login-redirect-stays",
        title: "A login leads to no other site, whoever asks for it",
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["CWE-601", "ASVS 3.7.2", "WSTG-CLNT-04"],
        doc: Doc {
            sends: "The login of the scenario with parameters that name the page after a login (`next`, `return_to`, `redirect`, `url` and more), in the query and in the form, where it also takes the place of each own field, and of each own parameter of the address, that is a path, or whose name says where a login leads (`login_nexturl`, `user[return_to]`): with an address of another site, and with one that begins with two slashes, with a slash and a backslash, and with two slashes and a tab between them. The Location of the answer is read as browsers read it: they take a backslash for a slash, and leave a tab out.",
            matters: "A link to the right login that ends at a copy of it: the visitor types the password once more, into a page of the attacker.",
            fix: "Take paths alone for such a parameter, refuse those that have a backslash or a control character or begin with two slashes, or look the target up in a list.",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called("the login as it is"),
            login(SessionAct::ReturningTo(ReturnTo::Address)).called("a login that is to lead to another site"),
            login(SessionAct::ReturningTo(ReturnTo::TwoSlashes))
                .called("a login that is to lead to another site, behind two slashes"),
            login(SessionAct::ReturningTo(ReturnTo::Backslash))
                .called("a login that is to lead to another site, behind a slash and a backslash"),
            login(SessionAct::ReturningTo(ReturnTo::TabBetween))
                .called("a login that is to lead to another site, behind two slashes with a tab between them"),
        ],
        expect: foreign::stays_here,
        fault: "login-leads-anywhere",
        ..PLAIN
    },
    Check {
        id: "session.cookie-secure",
        title: "Each cookie of a login that carries access has the Secure attribute",
        level: Level::Should,
        sources: &["RFC 6265 §8.3", "ASVS 3.3.1", "CWE-614", "WSTG-SESS-02"],
        doc: Doc {
            sends: "A login over TLS; the Set-Cookie field of the session is read, and that of each other cookie which is named as a credential in the scenario. Each further cookie of the login that is set without Secure (at most 4) is sent by itself to the protected resources that are read (at most 16): one that opens a resource needs Secure, too, and so does one by which alone the `refresh` of the login works.",
            matters: "Without Secure a browser sends the cookie in clear text to whoever makes it follow a link to http.",
            fix: "Set the cookie with Secure; behind a proxy that ends TLS, tell the framework so.",
        },
        steps: WITHOUT_SECURE,
        expect: cookie_attributes::secure,
        fault: "session-cookie-without-secure",
        ..PLAIN
    },
    Check {
        id: "session.cookie-httponly",
        title: "Each cookie of a login that carries access has the HttpOnly attribute",
        severity: Severity::Low,
        sources: &["RFC 6265 §4.1.2.6", "ASVS 3.3.4", "CWE-1004", "WSTG-SESS-02"],
        doc: Doc {
            sends: "A login; the Set-Cookie field of the session is read, and that of each other cookie which is named as a credential in the scenario. Each further cookie of the login that is set without HttpOnly (at most 4) is sent by itself to the protected resources that are read (at most 16): one that opens a resource needs HttpOnly, too, and so does one by which alone the `refresh` of the login works. A cookie that opens none, such as that of a CSRF token, is for scripts.",
            matters: "A script that was injected into a page can read a cookie without HttpOnly and send it away.",
            fix: "Set the cookie with HttpOnly: no script needs the identifier, nor the token of \"remember me\".",
        },
        steps: WITHOUT_HTTP_ONLY,
        expect: cookie_attributes::http_only,
        fault: "session-cookie-without-httponly",
        ..PLAIN
    },
    Check {
        id: "session.cookie-samesite",
        title: "Each cookie of a login that carries access says to which sites it belongs (SameSite)",
        severity: Severity::Low,
        sources: &["ASVS 3.3.2", "CWE-1275", "WSTG-SESS-02"],
        doc: Doc {
            sends: "A login; the Set-Cookie field of the session is read, and that of each other cookie which is named as a credential in the scenario. Each further cookie of the login that is set without SameSite, or with SameSite=None (at most 4), is sent by itself to the protected resources that are read (at most 16), and looked at where it opens one, or where the `refresh` of the login works by it alone. SameSite=None is information; without Secure, browsers do not keep such a cookie.",
            matters: "Without SameSite it is up to the browser whether requests of other sites carry the session.",
            fix: "Set the cookie with SameSite=Lax or SameSite=Strict.",
        },
        steps: WITHOUT_SAME_SITE,
        expect: cookie_attributes::same_site,
        fault: "session-cookie-without-samesite",
        ..PLAIN
    },
    Check {
        id: "session.cookie-ends",
        title: "No cookie of a login that carries access lives longer than 400 days",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["ASVS 7.3.2", "CWE-613", "WSTG-SESS-02"],
        doc: Doc {
            sends: "A login; Max-Age and Expires of the cookie of the session are read, and those of each other cookie which is named as a credential in the scenario. Each further cookie of the login that lives longer than 400 days (at most 4) is sent by itself to the protected resources that are read (at most 16), and looked at where it opens one, or where the `refresh` of the login works by it alone. Browsers keep no cookie longer than that (draft-ietf-httpbis-rfc6265bis, section 5.5). Whether the server ends the session earlier is not seen.",
            matters: "A cookie that is meant to live for ten years is good for as long in every copy of the profile of a browser, if the server takes it at its word.",
            fix: "Let a session end after a time that fits what it opens, at the server as well, and set Max-Age to that; give the cookie of \"remember me\" a new value with each use.",
        },
        steps: WITHOUT_END,
        expect: cookie_attributes::ends,
        fault: "session-cookie-without-end",
        ..PLAIN
    },
    Check {
        id: "session.write-needs-csrf-token",
        title: "A write without its CSRF token is refused",
        severity: Severity::High,
        remote_safe: false,
        sources: &["ASVS 3.5.1", "CWE-352", "WSTG-SESS-05"],
        doc: Doc {
            sends: "Each write (at most 8) with the cookie of the session and without the header lines of `write_headers`, beside a write with them; those by POST also as text/plain and, where the body is an object of JSON, as a form. Where these lines repeat a cookie, one write also without that cookie, and with nothing in both (where that alone is accepted, the severity is low).",
            matters: "A browser adds the cookie to requests that other sites make it send: without a token they act as its user. Where a token and its cookie are compared alone, two that are missing are equal; and a form can send other media types than the one that is asked for a token.",
            fix: "Compare a CSRF token with the one of the session in every request that changes state, whatever its media type; refuse one that is missing or empty before it is compared.",
        },
        steps: &[
            send(Who::Good, On::Writable).granted().called("a write with its CSRF token"),
            send(Who::WithoutWriteHeaders, On::EachWrite)
                .id(csrf::WITHOUT)
                .denied(&[INSUFFICIENT])
                .called("a write without its CSRF token"),
            send(Who::WithoutWritePair, On::Writable)
                .id(csrf::NO_PAIR)
                .denied(&[INSUFFICIENT])
                .called("a write without its CSRF token and the cookie that it repeats"),
            send(Who::WithEmptyWritePair, On::Writable)
                .id(csrf::EMPTY_PAIR)
                .denied(&[INSUFFICIENT])
                .called("a write whose CSRF token is empty, as is the cookie that it repeats"),
            send(Who::WithoutWriteHeaders, On::EachWrite)
                .with(&[Alter::PostedAsText])
                .id(csrf::AS_TEXT)
                .called("a write without its CSRF token, as text/plain"),
            send(Who::WithoutWriteHeaders, On::EachWrite)
                .with(&[Alter::PostedAsForm])
                .id(csrf::AS_FORM)
                .called("a write without its CSRF token, as a form"),
        ],
        expect: csrf::without_token,
        fault: "csrf-token-not-checked",
        ..REFUSAL
    },
    Check {
        id: "session.foreign-page-write-refused",
        title: "A write that a page of another site makes a browser send is refused",
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["ASVS 3.5.1", "CWE-352", "WSTG-SESS-05"],
        doc: Doc {
            sends: "Each write (at most 8) with the cookie of the session as a form of another site sends it: with its Origin and `Sec-Fetch-Site: cross-site`, without the lines of `write_headers` and those of `headers` that a form cannot send, as a form, and as text/plain. Methods other than GET and POST need the consent of the target (CORS) and are left out. Where the cookie has SameSite=Lax, browsers send it along with links alone, which are GET; with SameSite=Strict they never do.",
            matters: "A browser adds the cookie to requests that other sites make it send: nothing else stands between such a page and the account of its visitor.",
            fix: "Ask for a CSRF token, or compare Origin with the own one; refuse JSON that comes as text/plain; set the cookie with SameSite.",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called("a login"),
            foreign_page::WRITTEN,
            foreign_page::SENT,
            foreign_page::SENT_AS_FORM,
            foreign_page::SENT_AS_TEXT,
        ],
        expect: foreign::foreign_page,
        implied_by: &["session.write-needs-csrf-token"],
        fault: "foreign-pages-write",
        ..PLAIN
    },
    Check {
        id: "session.csrf-token-bound",
        title: "A write with the CSRF token of another user is refused",
        severity: Severity::High,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["ASVS 3.5.1", "CWE-352", "WSTG-SESS-05"],
        doc: Doc {
            sends: "Each write (at most 8) with the cookie of the session and the CSRF token of a session of another identity; and, where the token repeats a cookie, with that cookie of the other session, too (where that alone is accepted, the severity is low).",
            matters: "A token that any session takes can be fetched by the attacker with an account of his own. Where it is compared with a cookie alone, the attacker has to set cookies as well, which another host of the same site can do (RFC 6265 §8.6).",
            fix: "Bind the CSRF token to the session: keep it there, or sign the identifier of the session with it.",
        },
        steps: &[
            login(SessionAct::LogInSecond("other")),
            send(Who::Good, On::Writable).granted().called("a write with its CSRF token"),
            send(Who::WithWriteHeadersOf("other"), On::EachWrite)
                .denied(&[INSUFFICIENT])
                .called("a write with the CSRF token of another user"),
            send(Who::WithWritePairOf("other"), On::EachWrite)
                .id(csrf::PAIR)
                .denied(&[INSUFFICIENT])
                .called("a write with the CSRF token of another user and the cookie that it repeats"),
        ],
        expect: csrf::token_of_another,
        implied_by: &["session.write-needs-csrf-token"],
        fault: "csrf-token-of-anybody",
        ..REFUSAL
    },
    Check {
        id: "session.csrf-token-changes-at-login",
        title: "A CSRF token from before the login is refused after it",
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["OWASP Cross-Site Request Forgery Prevention Cheat Sheet", "CWE-352", "CWE-384"],
        doc: Doc {
            sends: "A login, and a write of its session with the header lines of `write_headers` as they were before the request with the password; the same write with the lines as they are after the login comes first. Where a write with the token of another session is granted, tokens are not bound to sessions, and this one shows nothing (`session.csrf-token-bound`).",
            matters: "Whoever can plant cookies in a browser, as another host of the same site can (RFC 6265 §8.6), plants those of a visitor whose CSRF token is known, and acts as whoever logs in there after that, although the session gets a new identifier.",
            fix: "Make a new CSRF token at each login, together with the new identifier of the session.",
        },
        steps: &[
            login(SessionAct::LogIn("other")).granted().called("a login"),
            send(Who::WithWriteHeadersOf("other"), On::Writable)
                .id(csrf::OF_ANOTHER)
                .called("a write with the CSRF token of another session"),
            send(Who::WithWritePairOf("other"), On::Writable)
                .id(csrf::PAIR)
                .called("a write with the CSRF token of another session and the cookie that it repeats"),
            login(SessionAct::LogIn("s")).granted().called("another login"),
            send(Who::Slot("s"), On::Writable).id(csrf::OF_ITSELF).called("a write with its CSRF token"),
            send(Who::WithEarlierWriteHeaders("s"), On::Writable)
                .denied(&[INSUFFICIENT])
                .called("a write with the CSRF token from before its login"),
        ],
        expect: csrf::earlier_token,
        shows: Explanation::Binding,
        implied_by: &["session.write-needs-csrf-token"],
        fault: "csrf-token-kept-at-login",
        ..REFUSAL
    },
];

/// Which refusal is right depends on what is wrong with the identifier.
const ANY: &[Accept] = &[Accept::Range(400, 499)];
