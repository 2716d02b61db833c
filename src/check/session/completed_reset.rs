//! What a password reset ends that was completed: the former password, and the sessions from before it.

use super::judgements;
use crate::check::step::{Accept, INVALID, On, SessionAct, Step, Who, login, send};
use crate::check::{Check, Doc, Explanation, Mode, REFUSAL, Severity, Tier};

/// What is over after a reset.
pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "login.reset-ends-former-password",
        title: "The former password is refused after a password reset",
        severity: Severity::High,
        tier: Tier::Extended,
        // it sends mails, and changes a password
        remote_safe: false,
        sources: &["ASVS 6.4.3", "OWASP Forgot Password Cheat Sheet", "CWE-640"],
        doc: Doc {
            sends: "The `password_reset` of the scenario for the user of the credential, and its `reset_completion` with the token of the mail and a new password, which then logs in and opens a resource. A login with the former password follows, which must be refused. The former password is put back. The user gets one or two mails.",
            matters: "Who resets a password because somebody else knows it has locked nobody out.",
            fix: "Replace the stored hash of the password, and forget what logins were remembered by it.",
        },
        steps: &[login(SessionAct::CompleteReset).granted(), login(SessionAct::FormerPassword).denied(REFUSED)],
        implied_by: &["login.wrong-password-refused"],
        fault: "reset-keeps-former-password",
        ..REFUSAL
    },
    Check {
        id: "login.reset-ends-sessions",
        title: "A password reset ends the sessions and access tokens of its user",
        severity: Severity::Low,
        tier: Tier::Extended,
        mode: Mode::Timed,
        remote_safe: false,
        sources: &["ASVS 7.4.3", "OWASP Forgot Password Cheat Sheet", "CWE-613"],
        doc: Doc {
            sends: "A login, a password reset of its user that is completed and, once the tolerated delay has passed, the credential of that login, and once at each other protected resource that is read (at most 16 in all). The former password is put back. The user gets one or two mails.",
            matters: "Who resets a password because somebody else knows it leaves that one logged in.",
            fix: "End all sessions with a reset, or ask in it whether they are to end, and write the request of the scenario with that choice.",
        },
        steps: &[
            login(SessionAct::LogIn("other")),
            send(Who::Slot("other"), On::Protected).lasting().called("the login before the password reset"),
            login(SessionAct::CompleteReset),
            Step::AwaitRefusal("other"),
            send(Who::Slot("other"), On::Protected)
                .denied(&[INVALID])
                .times(4)
                .called("the login after the password reset"),
            send(Who::Slot("other"), On::EachRoute).denied(&[INVALID]).called("the login after the password reset"),
        ],
        expect: judgements::as_option,
        shows: Explanation::Revocation,
        fault: "reset-keeps-sessions",
        ..REFUSAL
    },
];

/// What is no password may be refused as one that is wrong, or as a request that has an error.
const REFUSED: &[Accept] = &[Accept::Range(400, 499)];
