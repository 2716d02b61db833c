//! Logins by password, whatever credential they lead to.

use super::{cookies, indistinct, judgements};
use crate::check::common::malformed::never_broken;
use crate::check::step::{
    Accept, INVALID, LoginMember, MISSING, MalformedLogin, NearPassword, NoFormer, NoPassword, NoSession, On,
    QueryLogin, ReturnTo, SessionAct, Step, UnusualText, Who, login, send,
};
use crate::check::{Check, Doc, Explanation, Level, Mode, PLAIN, REFUSAL, Severity, Tier};
use crate::observe::StepId;

/// The page that a refused login leads to, which may be any.
const fn page_of_refusal(id: StepId, description: &'static str) -> Step {
    login(SessionAct::PageOfRefusal).id(id).called(description)
}

/// What every login has to hold.
pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "login.wrong-password-refused",
        title: "A login with a wrong password is refused",
        severity: Severity::Critical,
        remote_safe: false,
        sources: &["OWASP API2:2023", "CWE-287", "WSTG-ATHN-04"],
        doc: Doc {
            sends: "The login of the scenario with a wrong password, and then with the right one. What a login returns is tried at a protected resource.",
            matters: "A login that looks at the user only opens every account whose name is known.",
            fix: "Verify the password with a password hash, in full.",
        },
        steps: &[
            login(SessionAct::WrongPassword).denied(&[INVALID]),
            login(SessionAct::LogIn("s")).granted().called("the login with the right password"),
        ],
        fault: "login-without-password",
        ..REFUSAL
    },
    Check {
        id: "login.unusual-password-refused",
        title: "A login whose password is empty, an operator or no text is refused",
        severity: Severity::Critical,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["OWASP API2:2023", "CWE-943", "CWE-89", "CWE-287", "WSTG-INPV-05"],
        doc: Doc {
            sends: "The login of the scenario with an empty password, with SQL (`' OR '1'='1`) and with an operator of a document database (`{\"$ne\": \"\"}`, in a form `password[$ne]=`) in its place; in JSON also with true and null. The right password follows. What a login returns is tried at a protected resource.",
            matters: "An operator that reaches the query, a comparison that is loose about types, or a directory that takes an empty password for an unauthenticated bind (RFC 4513 §5.1.2) opens every account whose name is known.",
            fix: "Take a text of bounded length for a password and nothing else, refuse an empty one, and compare it with a password hash rather than in a query.",
        },
        steps: &[
            login(SessionAct::Unusual(LoginMember::Password, UnusualText::Empty)).denied(REFUSED),
            login(SessionAct::Unusual(LoginMember::Password, UnusualText::Sql)).denied(REFUSED),
            login(SessionAct::Unusual(LoginMember::Password, UnusualText::Operator)).denied(REFUSED),
            login(SessionAct::Unusual(LoginMember::Password, UnusualText::True)).denied(REFUSED),
            login(SessionAct::Unusual(LoginMember::Password, UnusualText::Null)).denied(REFUSED),
            login(SessionAct::LogIn("s")).granted().called("the login with the right password"),
        ],
        any_refusal: true,
        implied_by: &["login.wrong-password-refused"],
        fault: "login-takes-operators",
        ..REFUSAL
    },
    Check {
        id: "login.unusual-user-refused",
        title: "A login whose user is an operator or no text is refused",
        severity: Severity::High,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["OWASP API2:2023", "CWE-943", "CWE-89", "CWE-1321", "WSTG-INPV-05"],
        doc: Doc {
            sends: "The login of the scenario with its right password, and in place of the user no character, SQL (`' OR '1'='1`) and an operator of a document database (`{\"$ne\": \"\"}`, in a form `user[$ne]=`); in JSON also true and null. Then the users `constructor`, `__proto__` and `toString` without a password, in JSON also with null. The right login follows. What a login returns is tried at a protected resource.",
            matters: "Every object of JavaScript has a `constructor`, and that has no password: where an object holds the users, no password is the right one. An operator that reaches the query finds whoever has that password, so that one password is tried against all accounts at once.",
            fix: "Take a text of bounded length for a user and for a password and nothing else, and give it to the query as a parameter; hold users in a Map or in an object without a prototype.",
        },
        steps: &[
            login(SessionAct::Unusual(LoginMember::User, UnusualText::Empty)).denied(REFUSED),
            login(SessionAct::Unusual(LoginMember::User, UnusualText::Sql)).denied(REFUSED),
            login(SessionAct::Unusual(LoginMember::User, UnusualText::Operator)).denied(REFUSED),
            login(SessionAct::Unusual(LoginMember::User, UnusualText::True)).denied(REFUSED),
            login(SessionAct::Unusual(LoginMember::User, UnusualText::Null)).denied(REFUSED),
            login(SessionAct::ObjectMember("constructor", NoPassword::Missing)).denied(REFUSED),
            login(SessionAct::ObjectMember("constructor", NoPassword::Null)).denied(REFUSED),
            login(SessionAct::ObjectMember("__proto__", NoPassword::Missing)).denied(REFUSED),
            login(SessionAct::ObjectMember("__proto__", NoPassword::Null)).denied(REFUSED),
            login(SessionAct::ObjectMember("toString", NoPassword::Missing)).denied(REFUSED),
            login(SessionAct::ObjectMember("toString", NoPassword::Null)).denied(REFUSED),
            login(SessionAct::LogIn("s")).granted().called("the right login"),
        ],
        any_refusal: true,
        fault: "login-takes-operators-as-user",
        ..REFUSAL
    },
    Check {
        id: "login.near-miss-refused",
        title: "A login with nearly the right password is refused",
        severity: Severity::High,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["ASVS 6.2.8", "CWE-287", "OWASP API2:2023"],
        doc: Doc {
            sends: "The login of the scenario with its password without the last character, with one more character, in the other case, with a space behind it, and with NUL and another character behind it (where those alone are accepted, the severity is low); and with NUL alone, which hash functions fill keys up with: that this is accepted is information outside strict-rfc. The right login follows. What a login returns is tried at a protected resource.",
            matters: "A password that is cut, or compared without regard to case, is easier to guess than its user believes.",
            fix: "Verify the password exactly as it was received, in full, with a password hash (ASVS 6.2.8).",
        },
        steps: &[
            login(SessionAct::NearPassword(NearPassword::Shorter)).denied(REFUSED),
            login(SessionAct::NearPassword(NearPassword::Longer)).denied(REFUSED),
            login(SessionAct::NearPassword(NearPassword::OtherCase)).denied(REFUSED),
            login(SessionAct::NearPassword(NearPassword::SpaceBehind)).id(judgements::SPACE_BEHIND).denied(REFUSED),
            login(SessionAct::NearPassword(NearPassword::NulBehind)).id(judgements::NUL_BEHIND).denied(REFUSED),
            login(SessionAct::NearPassword(NearPassword::NulAlone)).id(judgements::NUL_ALONE),
            login(SessionAct::LogIn("s")).granted().called("the login with the right password"),
        ],
        any_refusal: true,
        expect: judgements::near_password,
        implied_by: &["login.wrong-password-refused"],
        fault: "login-ignores-case",
        ..REFUSAL
    },
    Check {
        id: "login.response-no-store",
        title: "The answer of a login with a credential forbids caching",
        severity: Severity::Info,
        tier: Tier::Extended,
        sources: &["ASVS 14.3.2", "RFC 9111 §5.2.2.5", "RFC 9111 §7.3"],
        doc: Doc {
            sends: "The login of the scenario, and its refresh where it has one; the Cache-Control of each answer is read where the credential is in its body, or in a cookie that it sets (there `private` and `no-cache` do as well, and an answer to POST that does not say how long it is fresh is information: no cache keeps it).",
            matters: "A token in a cache is a token for whoever asks the cache. Answers to POST are kept where they say that they may be, and by caches that do not read on.",
            fix: "Send Cache-Control: no-store with every answer that holds a token or sets the cookie of a session.",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called("the login"),
            login(SessionAct::TryRefresh("s")).called("its refresh"),
        ],
        expect: cookies::token_not_stored,
        implied_by: &["grant.response-no-store"],
        fault: "login-answer-cacheable",
        ..PLAIN
    },
    Check {
        id: "login.default-accounts-refused",
        title: "Accounts that products are shipped with log nobody in",
        severity: Severity::High,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["ASVS 6.3.2", "CWE-1392", "WSTG-ATHN-02"],
        doc: Doc {
            sends: "The login of the scenario with six pairs of user and password from products and guides, such as admin with admin; those whose user is an account of the scenario are left out. A login of a user that does not exist comes first: if it succeeds, the login registers new users, and no default account is tried. The right login follows. What a login returns is tried at a protected resource.",
            matters: "Default accounts are the first that an attacker tries, and often have every right.",
            fix: "Ship without accounts, and ask for the first password at the installation.",
        },
        steps: &[
            login(SessionAct::UnknownUser),
            login(SessionAct::DefaultAccount(0)).denied(REFUSED),
            login(SessionAct::DefaultAccount(1)).denied(REFUSED),
            login(SessionAct::DefaultAccount(2)).denied(REFUSED),
            login(SessionAct::DefaultAccount(3)).denied(REFUSED),
            login(SessionAct::DefaultAccount(4)).denied(REFUSED),
            login(SessionAct::DefaultAccount(5)).denied(REFUSED),
            login(SessionAct::LogIn("s")).granted().called("the login with the right password"),
        ],
        any_refusal: true,
        implied_by: &["login.wrong-password-refused"],
        fault: "login-default-account",
        ..REFUSAL
    },
    Check {
        id: "login.malformed-never-5xx",
        title: "A login whose body is malformed is refused without a server error",
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 9110 §15.5.1", "ASVS 16.5.3", "OWASP API8:2023"],
        doc: Doc {
            sends: "The login of the scenario with a body that is malformed. In JSON: an array, a text or null in place of the object; no byte; JSON that ends too early; arrays forty thousand deep; a number, an array or an object (whose `toString` is no function) as the user and as the password; half of a UTF-16 pair as the user and as the password (`\\ud800`); no user and no password; nothing but these two. In a form: no byte; an array (`user[]=`) and an object (`user[authbench]=`) as the user and as the password; a name that is 200 brackets deep; no user and no password; a password that is no percent-encoding (`%zz`) or no UTF-8 (`%ff%fe`, and the byte FF as it is); parts without a boundary; a charset that does not exist; the fields as JSON with a number as the password. Either also comes with NUL and one more character behind the user and behind the password, and is said to be gzip and is not. The right login follows; it also comes between them, so that fewer logins fail in a row than `max_failures` allows.",
            matters: "Whoever can ask for a login can send such a body: a handler that breaks on it is a way to take the login down, and its error page often shows code.",
            fix: "Check that the body is an object and that user and password are texts before anything looks at them, and answer 400 (or 401, 422) where they are not.",
        },
        steps: &[
            login(SessionAct::Malformed(MalformedLogin::Array)).denied(REFUSED),
            login(SessionAct::Malformed(MalformedLogin::Text)).denied(REFUSED),
            login(SessionAct::Malformed(MalformedLogin::Null)).denied(REFUSED),
            login(SessionAct::Malformed(MalformedLogin::Empty)).denied(REFUSED),
            login(SessionAct::Malformed(MalformedLogin::Broken)).denied(REFUSED),
            login(SessionAct::Malformed(MalformedLogin::Deep)).denied(REFUSED),
            login(SessionAct::Malformed(MalformedLogin::Number(LoginMember::User))).denied(REFUSED),
            login(SessionAct::Malformed(MalformedLogin::List(LoginMember::User))).denied(REFUSED),
            login(SessionAct::Malformed(MalformedLogin::Object(LoginMember::User))).denied(REFUSED),
            login(SessionAct::Malformed(MalformedLogin::Missing(LoginMember::User))).denied(REFUSED),
            login(SessionAct::Malformed(MalformedLogin::Number(LoginMember::Password))).denied(REFUSED),
            login(SessionAct::Malformed(MalformedLogin::List(LoginMember::Password))).denied(REFUSED),
            login(SessionAct::Malformed(MalformedLogin::Object(LoginMember::Password))).denied(REFUSED),
            login(SessionAct::Malformed(MalformedLogin::Missing(LoginMember::Password))).denied(REFUSED),
            login(SessionAct::Malformed(MalformedLogin::Surrogate(LoginMember::User))).denied(REFUSED),
            login(SessionAct::Malformed(MalformedLogin::Surrogate(LoginMember::Password))).denied(REFUSED),
            login(SessionAct::Malformed(MalformedLogin::PercentSign)).denied(REFUSED),
            login(SessionAct::Malformed(MalformedLogin::NotUtf8)).denied(REFUSED),
            login(SessionAct::Malformed(MalformedLogin::RawByte)).denied(REFUSED),
            login(SessionAct::Malformed(MalformedLogin::NoBoundary)).denied(REFUSED),
            login(SessionAct::Malformed(MalformedLogin::NumberInJson)).denied(REFUSED),
            // whoever looks at none of this has read a right login
            login(SessionAct::Malformed(MalformedLogin::Nul(LoginMember::User))),
            login(SessionAct::Malformed(MalformedLogin::Nul(LoginMember::Password))),
            login(SessionAct::Malformed(MalformedLogin::Bare)),
            login(SessionAct::Malformed(MalformedLogin::UnknownCharset)),
            login(SessionAct::Malformed(MalformedLogin::FalseGzip)),
            login(SessionAct::LogIn("s")).granted().called("the login with the right body"),
        ],
        expect: judgements::malformed,
        implied_by: &["login.wrong-password-refused", "login.unusual-password-refused", "login.unusual-user-refused"],
        fault: "login-breaks-without-password",
        ..REFUSAL
    },
    Check {
        id: "login.return-address-never-5xx",
        title: "A login that is to lead to what is no address is answered without a server error",
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 9110 §15.5.1", "ASVS 16.5.3", "CWE-20", "OWASP API8:2023"],
        doc: Doc {
            sends: "The login of the scenario, and before it a request for its page (by GET, without a credential), with parameters that name the page after a login (`next`, `return_to`, `redirect`, `url` and more): `http://[authbench`, which does not parse, `//`, a percent sign, `javascript:authbench`, and a path of 4,096 characters. They are in the query, and in the form of the login. Any answer but a server error will do.",
            matters: "Anybody can send such a link, without a credential: parsers of addresses throw where they cannot read one, and a page that is not ready for that breaks, often with its code in the answer.",
            fix: "Catch the error of the parser, and lead to the first page where the address is none or is none of the own ones.",
        },
        steps: &[
            login(SessionAct::PageReturningTo(ReturnTo::Unreadable)),
            login(SessionAct::PageReturningTo(ReturnTo::Slashes)),
            login(SessionAct::PageReturningTo(ReturnTo::PercentSign)),
            login(SessionAct::PageReturningTo(ReturnTo::Script)),
            login(SessionAct::PageReturningTo(ReturnTo::Long)),
            login(SessionAct::ReturningTo(ReturnTo::Unreadable)),
            login(SessionAct::ReturningTo(ReturnTo::Slashes)),
            login(SessionAct::ReturningTo(ReturnTo::PercentSign)),
            login(SessionAct::ReturningTo(ReturnTo::Script)),
            login(SessionAct::ReturningTo(ReturnTo::Long)),
            login(SessionAct::LogIn("s")).granted().called("the login as it is"),
        ],
        expect: never_broken,
        fault: "breaks-on-unreadable-return",
        ..PLAIN
    },
    Check {
        id: "login.query-credentials-refused",
        title: "User and password in the query of the address log nobody in",
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["ASVS 14.2.1", "CWE-598", "RFC 9110 §17.9"],
        doc: Doc {
            sends: "The login of the scenario with user and password in the query of its address and not in its body, by its own method and by GET. The right login follows.",
            matters: "Addresses are kept in logs, in histories and by proxies, and links that log a visitor in to an account of the attacker can be sent to anybody.",
            fix: "Read user and password from the body of a POST request, and from nowhere else.",
        },
        steps: &[
            login(SessionAct::InQuery(QueryLogin::OwnMethod)).denied(REFUSED),
            login(SessionAct::InQuery(QueryLogin::Get)).denied(REFUSED),
            login(SessionAct::LogIn("s")).granted().called("the login with the right body"),
        ],
        implied_by: &["login.wrong-password-refused", "login.unusual-password-refused"],
        fault: "login-reads-the-query",
        ..REFUSAL
    },
    Check {
        id: "login.users-indistinct",
        title: "The answer of a failed login does not reveal whether the user exists",
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["ASVS 6.3.8", "CWE-204", "WSTG-IDNT-04"],
        doc: Doc {
            sends: "The login of a known user with a wrong password, and of a user that does not exist, in turn, each twice; what the two answers about one user have in common is compared with those about the other, and so are the pages that the answers redirect to, also where numbers in them count on. A server error says who exists where it is the same one each time for one of the two users, and never comes for the other; 503 says nothing.",
            matters: "Whoever learns which users exist needs to guess passwords of those only.",
            fix: "Give a failed login one status and one text, whoever the user is.",
        },
        steps: &[
            login(SessionAct::WrongPassword).id(indistinct::KNOWN).denied(&[INVALID]).called("a known user"),
            page_of_refusal(indistinct::KNOWN_PAGE, "the page behind the answer about a known user"),
            login(SessionAct::UnknownUser).id(indistinct::UNKNOWN).denied(&[INVALID]).called("an unknown user"),
            page_of_refusal(indistinct::UNKNOWN_PAGE, "the page behind the answer about an unknown user"),
            login(SessionAct::WrongPassword)
                .id(indistinct::KNOWN_AGAIN)
                .denied(&[INVALID])
                .called("a known user, again"),
            page_of_refusal(indistinct::KNOWN_PAGE_AGAIN, "the page behind the answer about a known user, again"),
            login(SessionAct::UnknownUser)
                .id(indistinct::UNKNOWN_AGAIN)
                .denied(&[INVALID])
                .called("an unknown user, again"),
            page_of_refusal(indistinct::UNKNOWN_PAGE_AGAIN, "the page behind the answer about an unknown user, again"),
            login(SessionAct::LogIn("s")).granted().called("the login with the right password"),
        ],
        compares_answers: true,
        expect: indistinct::indistinct,
        implied_by: &["login.wrong-password-refused"],
        fault: "login-names-unknown-user",
        ..REFUSAL
    },
    Check {
        id: "login.logout-ends-credential",
        title: "A credential is refused after its logout",
        level: Level::Practice,
        severity: Severity::High,
        mode: Mode::Timed,
        remote_safe: false,
        sources: &["ASVS 7.4.1", "RFC 7009 §3", "CWE-613", "WSTG-SESS-06"],
        doc: Doc {
            sends: "A credential of a login of its own, before its logout and, once the tolerated delay has passed, eight times after it, each on a new connection, and once at each other protected resource that is read (at most 16 in all), and at each that is written (at most 8) where the target may be written to. Where another cookie of the login opens a resource by itself, such as that of \"remember me\", or does not go along with the session (`cookies`), all cookies of the login but that of the session are sent after the logout, too; and where the credential was granted access within that delay, each cookie that such an answer set, by itself. A JWT that ends by itself within `self_contained_life` (5 min) of its logout is a warning at most.",
            matters: "A logout that only makes the browser forget leaves a stolen credential alive; and where workers remember answers, some of them may not know of it.",
            fix: "End the session where it is looked up, and what was issued beside it, such as the token of \"remember me\"; bound how long workers remember what they looked up. For self-contained tokens keep a list of those that were ended, or a time for each user before which they do not count, or let them live for minutes.",
        },
        steps: &[
            login(SessionAct::LogIn("s")),
            send(Who::Slot("s"), On::Protected).lasting().called("the credential before its logout"),
            login(SessionAct::LogOut("s")),
            Step::AwaitRefusal("s"),
            send(Who::Slot("s"), On::Protected).denied(&[INVALID]).times(8).called("the credential after its logout"),
            send(Who::Slot("s"), On::EachRoute).denied(&[INVALID]).called("the credential after its logout"),
            send(Who::Slot("s"), On::EachWrite).denied(&[INVALID]).called("the credential after its logout").if_given(),
            send(Who::OtherCookies("s"), On::Protected)
                .denied(&[INVALID, MISSING])
                .id(judgements::OTHER_COOKIES)
                .called("the other cookies of the login after its logout"),
        ],
        expect: judgements::after_logout,
        shows: Explanation::Revocation,
        fault: "logout-keeps-session",
        ..REFUSAL
    },
    Check {
        id: "login.logout-without-credential-never-5xx",
        title: "A logout without a credential is answered without a server error",
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 9110 §15.6.1", "RFC 9110 §15.5.2", "ASVS 16.5.3"],
        doc: Doc {
            sends: "A login whose credential is no cookie, and its logout as it is sent by somebody who has none: without the header lines, fields and members that come from an answer of the login. Any answer below 500 is right here; a 401 is looked at by `common.401-carries-challenge`. The logout as it is follows.",
            matters: "Whoever logs out once more, or after the token has ended, sends this request and gets an error page, which often shows code.",
            fix: "Answer a logout without a credential like any other request without one, or as one that has nothing to do.",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called("a login"),
            login(SessionAct::LogOutWithoutSession("s", NoSession::NoCredential)),
            login(SessionAct::LogOut("s")).granted().called("the logout with its credential"),
        ],
        expect: never_broken,
        fault: "logout-breaks-without-credential",
        ..PLAIN
    },
    Check {
        id: "login.password-change-needs-password",
        title: "A password change without the former password is refused",
        level: Level::Practice,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["ASVS 6.2.3", "CWE-620"],
        doc: Doc {
            sends: "A login, and the `password_change` of the scenario with a wrong former password, or as it is where it sends none; and, each in a login of its own, without the member or field of the former password, with an empty one, and with `null` in JSON. A login with the new password, which must be refused, follows each that is answered as a success. The former password is put back. Then the `password_change` as it is.",
            matters: "Whoever finds a session that is open, or has stolen one, takes the account over, and locks its user out.",
            fix: "Ask for the present password in the request that changes it, and verify it as at a login.",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called("the login"),
            login(SessionAct::ChangePasswordWrongly("s")).denied(REFUSED),
            login(SessionAct::ChangePasswordWithout(NoFormer::Missing)).denied(REFUSED).if_given(),
            login(SessionAct::ChangePasswordWithout(NoFormer::Empty)).denied(REFUSED).if_given(),
            login(SessionAct::ChangePasswordWithout(NoFormer::Null)).denied(REFUSED).if_given(),
            login(SessionAct::LogIn("s")),
            login(SessionAct::ChangePassword("s")).granted().called("the password change"),
        ],
        fault: "password-change-without-former",
        ..REFUSAL
    },
    Check {
        id: "login.password-change-ends-sessions",
        title: "A password change ends the other sessions and access tokens of its user",
        level: Level::Practice,
        mode: Mode::Timed,
        remote_safe: false,
        sources: &["ASVS 7.4.3", "CWE-613"],
        doc: Doc {
            sends: "Two logins of one user, the `password_change` of the scenario in one of them, the credential of that one and, once the tolerated delay has passed, the credential of the other, and once at each other protected resource that is read (at most 16 in all). The former password is put back.",
            matters: "Who changes a password because somebody else knows it leaves that one logged in.",
            fix: "Offer to end all other sessions with a password change, and write the request of the scenario with that choice.",
        },
        steps: &[
            login(SessionAct::LogIn("other")),
            login(SessionAct::LogIn("s")),
            send(Who::Slot("other"), On::Protected).lasting().called("the other login before the password change"),
            login(SessionAct::ChangePassword("s")),
            // what a server remembers of the user is new from now on
            send(Who::Slot("s"), On::Protected).called("the login that changed the password, after it"),
            Step::AwaitRefusal("other"),
            send(Who::Slot("other"), On::Protected)
                .denied(&[INVALID])
                .times(4)
                .called("the other login after the password change"),
            send(Who::Slot("other"), On::EachRoute)
                .denied(&[INVALID])
                .called("the other login after the password change"),
        ],
        expect: judgements::as_option,
        shows: Explanation::Revocation,
        fault: "password-change-keeps-sessions",
        ..REFUSAL
    },
];

/// What is no password may be refused as one that is wrong, or as a request that has an error.
const REFUSED: &[Accept] = &[Accept::Range(400, 499)];
