//! Whether guesses at the tokens of password resets are limited, where a token is short.

use super::code_guesses::limited;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{SessionAct, login};
use crate::check::{Check, Doc, Mode, PLAIN, Severity, Tier};
use crate::observe::StepId;

/// For resets whose mails are read.
pub(crate) const CHECKS: &[Check] = &[Check {
    id: "login.reset-token-guesses-limited",
    title: "Guesses at a short token of a password reset are slowed or blocked",
    severity: Severity::Critical,
    tier: Tier::Extended,
    mode: Mode::Timed,
    // it sends mails, changes a password and may lock an account
    remote_safe: false,
    sources: &["ASVS 6.6.3", "OWASP Forgot Password Cheat Sheet", "CWE-640", "CWE-307", "WSTG-ATHN-09"],
    doc: Doc {
        sends: "The `password_reset` of the scenario for `expendable_username`, and its `reset_completion` with the token of the mail, whose new password logs in. A token that may have 64 bits or more, by its length and its characters, is beyond guessing, and nothing else is sent. Otherwise another reset follows, whose completion gets another wrong token of the same form each time, one more than the failure budget of the scenario, until 429 comes or each is answered after half a second or more. Where nothing holds them up, the completion follows with the right token: a server that has cancelled the token passes. The password is put back. The user gets two or three mails.",
        matters: "Six digits have a million values: whoever asks for a reset of somebody's account and tries them takes the account over sooner or later.",
        fix: "Cancel a short code after a few wrong ones, count them by account over all of its codes, and answer 429; or send a token of 128 bits in a link.",
    },
    steps: &[
        login(SessionAct::CompleteExpendableReset).granted(),
        login(SessionAct::GuessResetTokens),
        login(SessionAct::CompleteAfterGuesses).id(RIGHT),
    ],
    expect: guesses_at_tokens,
    fault: "reset-token-short",
    ..PLAIN
}];

/// The right token after the guesses.
const RIGHT: StepId = StepId::new("right-token");

/// Something holds the guesser up, or the right token sets nothing after the guesses.
fn guesses_at_tokens(case: &ObservedCheck<'_>) -> Judgement {
    limited(
        case,
        RIGHT,
        ("wrong tokens the right one sets no password", "the token is cancelled, or the account is locked"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::code_guesses::tests::judged_guesses;

    fn judged(answers: (u16, u16), right: Option<u16>) -> (usize, usize, usize, usize) {
        judged_guesses("login.reset-token-guesses-limited", 12, answers, right)
    }

    #[test]
    fn a_limit_is_429_or_a_token_that_is_cancelled() {
        assert_eq!(judged((401, 401), Some(200)), (0, 1, 0, 0), "nothing holds them up");
        assert_eq!(judged((401, 429), None), (0, 0, 1, 0));
        assert_eq!(judged((401, 401), Some(401)), (0, 0, 1, 0), "the token is cancelled");
        assert_eq!(judged((401, 401), Some(500)), (0, 0, 0, 1));
        assert_eq!(judged((401, 200), None).0, 1, "a wrong token sets a password");
    }
}
