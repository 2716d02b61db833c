//! Refresh tokens of a login (RFC 6749 §6): that they rotate, and what becomes of used ones (RFC 9700 §4.14.2).

use super::{at_once, judgements};
use crate::check::step::{Accept, INVALID, On, RefreshChange, SessionAct, Step, Who, login, send};
use crate::check::{Check, Doc, Explanation, Level, Mode, PLAIN, REFUSAL, Severity, Tier};

/// What holds where a login has a refresh.
pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "refresh.renews-credential",
        title: "The refresh of a login gives a new credential (positive control)",
        level: Level::Must,
        severity: Severity::Info,
        control: true,
        remote_safe: false,
        sources: &["RFC 6749 §6"],
        doc: Doc {
            sends: "A login, its refresh, and then the new credential to a protected resource.",
            matters: "Without this control no refused refresh proves anything.",
            fix: "Check `refresh` in the scenario, then the target's log.",
        },
        steps: &[
            login(SessionAct::LogIn("s")),
            login(SessionAct::Refresh("s")).granted(),
            send(Who::Slot("s"), On::Protected).granted().called("the new credential"),
        ],
        fault: "refresh-refused",
        ..PLAIN
    },
    Check {
        id: "refresh.unknown-refused",
        title: "A refresh token that was never issued is refused",
        level: Level::Must,
        severity: Severity::Critical,
        remote_safe: false,
        sources: &["RFC 6749 §6", "RFC 6749 §10.4", "CWE-287"],
        doc: Doc {
            sends: "A login and its refresh; then the same refresh with a random text in place of its refresh token.",
            matters: "A server that does not look a refresh token up, or does not verify its signature, gives access to everybody.",
            fix: "Look the refresh token up, or verify its signature, before anything is issued (RFC 6749 §6).",
        },
        steps: &[
            login(SessionAct::LogIn("s")),
            login(SessionAct::Refresh("s")).granted().called("the refresh"),
            login(SessionAct::RefreshChanged("s", RefreshChange::Unknown)).denied(REFUSED),
        ],
        fault: "unknown-refresh-token-accepted",
        ..REFUSAL
    },
    Check {
        id: "refresh.near-miss-refused",
        title: "A refresh token with another end is refused",
        level: Level::Must,
        severity: Severity::High,
        remote_safe: false,
        sources: &["RFC 6749 §6", "RFC 6749 §10.4", "CWE-187"],
        doc: Doc {
            sends: "A login and its refresh; then the same refresh with other characters at the end of its refresh token.",
            matters: "A server that compares a part of a refresh token, or does not verify the signature of a JWT, takes what it never issued.",
            fix: "Compare refresh tokens whole, the secret part behind an identifier included, and verify the signature of a JWT.",
        },
        steps: &[
            login(SessionAct::LogIn("s")),
            login(SessionAct::Refresh("s")).granted().called("the refresh"),
            login(SessionAct::RefreshChanged("s", RefreshChange::OtherEnd)).denied(REFUSED),
        ],
        implied_by: &["refresh.unknown-refused"],
        fault: "refresh-token-compared-in-part",
        ..REFUSAL
    },
    Check {
        id: "refresh.access-token-refused",
        title: "An access token is no refresh token",
        severity: Severity::High,
        remote_safe: false,
        sources: &["ASVS 9.2.2", "RFC 6749 §1.5", "RFC 8725 §3.12"],
        doc: Doc {
            sends: "A login and its refresh; then the same refresh with the access token in place of the refresh token.",
            matters: "Who has seen one access token, which travels with every request, renews it for as long as he likes.",
            fix: "Look at the kind of a token before anything is issued for it, such as its `typ` or a claim of its own.",
        },
        steps: &[
            login(SessionAct::LogIn("s")),
            login(SessionAct::Refresh("s")).granted().called("the refresh"),
            login(SessionAct::RefreshChanged("s", RefreshChange::AccessToken)).denied(REFUSED),
        ],
        implied_by: &["refresh.unknown-refused"],
        fault: "access-token-refreshes",
        ..REFUSAL
    },
    Check {
        id: "refresh.reuse-refused",
        title: "A refresh token that was used is refused",
        level: Level::Must,
        severity: Severity::High,
        mode: Mode::Timed,
        remote_safe: false,
        sources: &["RFC 9700 §4.14.2", "RFC 9700 §2.2.2", "ASVS 10.4.5", "RFC 6749 §10.4"],
        doc: Doc {
            sends: "A refresh, and the same refresh with the same refresh token once the tolerated overlap (`rotation_delay`) has passed. Where that is granted and the refresh authenticates its client, a new refresh token is sent without that authentication, with a wrong secret, and by another client of the scenario; and then by the client itself, as a control. Where all but the control are refused, refresh tokens are bound to their client and need not rotate, and the check does not apply. Where another client alone can use the token, the reuse is a warning: `grant.refresh-token-bound-to-client` reports that.",
            matters: "A refresh token that stays good after its use can be stolen and used beside its owner without anybody noticing.",
            fix: "Give a new refresh token with each refresh and refuse the old one; or bind refresh tokens to their client.",
        },
        steps: REUSE,
        expect: judgements::reuse,
        fault: "used-refresh-token-accepted",
        ..REFUSAL
    },
    Check {
        id: "refresh.reuse-ends-family",
        title: "A used refresh token that comes back ends the newest one too",
        level: Level::Must,
        severity: Severity::High,
        mode: Mode::Timed,
        remote_safe: false,
        sources: &["RFC 9700 §4.14.2", "ASVS 10.4.5"],
        doc: Doc {
            sends: "Two refreshes, one after the other; the refresh token of the first once more, after the tolerated overlap; then the newest refresh token. Where the client authenticates at its refresh, to which the token is bound then, the severity is low.",
            matters: "A used token that comes back is in two hands, and nobody can tell which of them holds the newest one.",
            fix: "Remember which refresh tokens came from which login, and revoke them together (RFC 9700 §4.14.2).",
        },
        steps: &[
            login(SessionAct::LogIn("s")),
            login(SessionAct::Copy("s", "used")),
            login(SessionAct::Refresh("s")).granted().called("the refresh"),
            // some servers take the last one but one again, and mean a client that lost an answer
            login(SessionAct::Refresh("s")).granted().called("the next refresh"),
            send(Who::Slot("s"), On::Protected).granted().called(RENEWED),
            login(SessionAct::AwaitOverlap),
            login(SessionAct::Refresh("used")).denied(REFUSED).id(judgements::REUSED).called("the used refresh token"),
            login(SessionAct::Refresh("s")).denied(REFUSED).called("the newest refresh token after that"),
        ],
        expect: judgements::after_reuse,
        implied_by: &["refresh.reuse-refused"],
        fault: "family-survives-reuse",
        ..REFUSAL
    },
    Check {
        id: "refresh.reuse-ends-access-token",
        title: "A used refresh token that comes back ends the access tokens of its login",
        tier: Tier::Extended,
        mode: Mode::Timed,
        remote_safe: false,
        sources: &["RFC 9700 §4.14.2", "RFC 7009 §2.1"],
        doc: Doc {
            sends: "A refresh; the used refresh token once more, after the tolerated overlap; then the newest access token, until the tolerated delay of a revocation has passed. A JWT that ends by itself within `self_contained_life` (5 min) is recorded, and is no finding.",
            matters: "An access token that lives on leaves the thief in until it expires.",
            fix: "Revoke access tokens with the refresh tokens of their login, or let them live for minutes only.",
        },
        steps: &[
            login(SessionAct::LogIn("s")),
            login(SessionAct::Copy("s", "used")),
            login(SessionAct::Refresh("s")).granted().called("the refresh"),
            send(Who::Slot("s"), On::Protected).lasting().called(RENEWED),
            login(SessionAct::AwaitOverlap),
            login(SessionAct::Refresh("used")).denied(REFUSED).id(judgements::REUSED).called("the used refresh token"),
            Step::AwaitRefusal("s"),
            send(Who::Slot("s"), On::Protected).denied(&[INVALID]).called("the newest access token after that"),
        ],
        expect: judgements::access_after_reuse,
        shows: Explanation::Revocation,
        implied_by: &["refresh.reuse-refused", "refresh.reuse-ends-family"],
        fault: "access-token-survives-reuse",
        ..REFUSAL
    },
    Check {
        id: "refresh.token-opens-nothing",
        title: "A refresh token is no access token",
        severity: Severity::High,
        sources: &["ASVS 9.2.2", "RFC 6749 §1.5"],
        doc: Doc {
            sends: "The refresh token of a login in place of its access token, to each resource that writes nothing (at most 16).",
            matters: "Refresh tokens live long, and are meant for one endpoint only.",
            fix: "Accept access tokens only: look at the kind of a token.",
        },
        steps: &[
            login(SessionAct::LogIn("s")),
            login(SessionAct::RefreshToken("s", "r")),
            send(Who::Slot("s"), On::Protected).granted().called("the access token"),
            send(Who::Slot("r"), On::EachRoute).denied(&[INVALID]).called("the refresh token in its place"),
        ],
        fault: "refresh-token-opens-resources",
        ..REFUSAL
    },
    Check {
        id: "refresh.logout-ends-refresh-token",
        title: "A refresh token is refused after the logout of its login",
        severity: Severity::High,
        remote_safe: false,
        sources: &["ASVS 7.4.1", "RFC 9700 §4.14.2", "CWE-613"],
        doc: Doc {
            sends: "A login, its logout, and then its refresh; and a login, its refresh, its logout, and then a refresh with the refresh token from before the first one.",
            matters: "A logout that ends the access token only, or the newest refresh token only, is undone by the next refresh.",
            fix: "Revoke all refresh tokens of a login at its logout.",
        },
        steps: &[
            login(SessionAct::LogIn("s")),
            login(SessionAct::Copy("s", "kept")),
            login(SessionAct::LogOutWholly("s")),
            login(SessionAct::Refresh("kept")).denied(REFUSED).called("a refresh after the logout"),
            login(SessionAct::LogIn("t")),
            login(SessionAct::Copy("t", "former")),
            login(SessionAct::Refresh("t")).granted().called("the refresh"),
            login(SessionAct::LogOutWholly("t")),
            login(SessionAct::Refresh("former"))
                .denied(REFUSED)
                .called("a refresh after the logout with the refresh token from before a refresh"),
        ],
        shows: Explanation::Revocation,
        fault: "refresh-survives-logout",
        ..REFUSAL
    },
    Check {
        id: "refresh.logout-ends-former-access-token",
        title: "A logout ends the access tokens from before a refresh, too",
        level: Level::Practice,
        tier: Tier::Extended,
        mode: Mode::Timed,
        remote_safe: false,
        sources: &["ASVS 7.4.1", "RFC 7009 §3", "CWE-613"],
        doc: Doc {
            sends: "A login and its refresh, and the access token from before it, twice; then the logout with the new one and, once the tolerated delay has passed, the former access token, four times, and once at each other protected resource that is read (at most 16 in all). Where the refresh ends the former access token, the requirement does not apply. A JWT that ends by itself within `self_contained_life` (5 min) is a warning at most.",
            matters: "A logout that ends the token with which it is asked leaves those alive that were issued before it: a token that was stolen an hour ago still works.",
            fix: "End all tokens of a login at its logout: remember which came from which login, or give them the identifier of the login and look that up.",
        },
        steps: &[
            login(SessionAct::LogIn("s")),
            login(SessionAct::Copy("s", "former")),
            login(SessionAct::Refresh("s")).granted().called("the refresh"),
            send(Who::Slot("former"), On::Protected)
                .lasting()
                .id(judgements::FORMER)
                .called("the access token from before the refresh"),
            login(SessionAct::LogOutWholly("s")),
            Step::AwaitRefusal("former"),
            send(Who::Slot("former"), On::Protected).denied(&[INVALID]).times(4).called(FORMER_AFTERWARDS),
            send(Who::Slot("former"), On::EachRoute).denied(&[INVALID]).called(FORMER_AFTERWARDS),
        ],
        expect: judgements::former_after_logout,
        shows: Explanation::Revocation,
        implied_by: &["login.logout-ends-credential"],
        fault: "former-access-token-survives-logout",
        ..REFUSAL
    },
    Check {
        id: "refresh.password-change-ends-refresh-tokens",
        title: "A password change ends the refresh tokens of the other logins of its user",
        level: Level::Practice,
        remote_safe: false,
        sources: &["ASVS 7.4.3", "RFC 9700 §4.14.2", "CWE-613"],
        doc: Doc {
            sends: "Two logins of one user, the `password_change` of the scenario in one of them, and then the refresh of the other. The former password is put back.",
            matters: "A password change that ends the access token only is undone by the next refresh of whoever knew the old one.",
            fix: "Revoke the refresh tokens of a user at a password change (RFC 9700 §4.14.2 names it as a reason).",
        },
        steps: &[
            login(SessionAct::LogIn("other")),
            login(SessionAct::LogIn("s")),
            login(SessionAct::ChangePassword("s")),
            login(SessionAct::Refresh("other")).denied(REFUSED).called("a refresh after the password change"),
        ],
        expect: judgements::as_option,
        shows: Explanation::Revocation,
        fault: "password-change-keeps-refresh-tokens",
        ..REFUSAL
    },
    Check {
        id: "refresh.concurrent-use",
        title: "Of several uses of one refresh token at the same time no more than one succeeds",
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 9700 §4.14.2", "CWE-367"],
        doc: Doc {
            sends: "The same refresh three times at once, on connections of their own. Several that are granted within the overlap that is tolerated (`rotation_delay`, 2 s where the scenario says nothing) show nothing: `rotation_delay: 0s` has them found. Where several are granted under `rotation_delay: 0s` and the refresh authenticates its client, a new refresh token is sent without that authentication, with a wrong secret, and by another client of the scenario; and then by the client itself, as a control. Where all but the control are refused, refresh tokens are bound to their client and need not rotate, and the check does not apply.",
            matters: "A server that looks first and marks later gives two hands a family of tokens each, and sees no reuse.",
            fix: "Look at a refresh token and use it up in one step, such as one UPDATE with a condition.",
        },
        steps: &[login(SessionAct::LogIn("s")), login(SessionAct::RefreshAtOnce("s")).id(at_once::AT_ONCE)],
        expect: at_once::at_once,
        implied_by: &["refresh.reuse-refused"],
        fault: "refresh-race",
        ..PLAIN
    },
];

/// Some servers keep a used refresh token until its successor's access token is used: the answer may have been lost.
const RENEWED: &str = "the new credential";

/// An access token that a login had before its refresh.
const FORMER_AFTERWARDS: &str = "the access token from before the refresh, after the logout";

/// A refresh, and the same once more.
const REUSE: &[Step] = &[
    login(SessionAct::LogIn("s")),
    login(SessionAct::Copy("s", "used")),
    login(SessionAct::Refresh("s")).granted().called("the refresh"),
    send(Who::Slot("s"), On::Protected).granted().called(RENEWED),
    login(SessionAct::AwaitOverlap),
    login(SessionAct::Refresh("used")).denied(REFUSED).id(judgements::REUSED).called("the used refresh token"),
];

/// RFC 6749 §5.2 has 400; APIs of their own answer 401 or 403.
const REFUSED: &[Accept] = &[Accept::Range(400, 499)];
