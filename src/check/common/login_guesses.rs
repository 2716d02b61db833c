//! Whether guesses at the passwords of logins are slowed down, one after another and side by side.

use super::throttling::{guesses, held_up, is_throttled, throttled};
use super::way_around::{AGAIN, ELSEWHERE, FROM_HERE, gone_around};
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{SessionAct, Step, UserSpelling, login};
use crate::check::{Check, Doc, Mode, PLAIN, Tier};
use crate::observe::{Observation, Outcome, StepId};

/// For logins by password.
pub(crate) const CHECKS: &[Check] = &[Check {
    id: "login.guessing-throttled",
    title: "Logins with wrong passwords are slowed or blocked",
    tier: Tier::Extended,
    mode: Mode::Timed,
    remote_safe: false,
    sources: &["ASVS 6.3.1", "OWASP API2:2023", "CWE-307", "WSTG-ATHN-03"],
    doc: Doc {
        sends: "The right login, and then logins with distinct wrong passwords for `expendable_username`, one more than the failure budget of the scenario. Where the scenario has no such account, a user-id is taken that nobody has: logins that are not slowed are a warning then, for some servers count failures of accounts alone. Where each of them is answered after half a second or more, five are sent one after another, and the rest of the budget (at most 20) at once: a delay that all of them wait for side by side holds no guess up. Where nothing holds guesses up, the account is logged in by its `expendable_password`, where the scenario has that, as it was before, and has to open one of the protected resources that are read (at most 9), for it may have another role: an account that is locked passes, however failures are answered. The same login names another source in those headers then: where that is let in, and the login as before is not, the lock is one of sources that anybody chooses. Where 429 comes, and the right login was let in with its user-id in the other case or with a space behind it, one more guess has the user-id spelled in that way, and then one as before. Another guess names another source in X-Forwarded-For and like headers (unless `source_header` is one of them), and then one as before: that the first is evaluated is a failure, and a warning where the target is on this host, which it may trust.",
        matters: "Without a limit, guessing a password is only a question of time.",
        fix: "Count failures by account and by source, and answer 429 or ever more slowly; count logins that have not been answered yet, too.",
    },
    steps: &[
        login(SessionAct::LogIn("s")).granted().called("the login with the right password"),
        login(SessionAct::OtherSpelling(UserSpelling::OtherCase)),
        login(SessionAct::OtherSpelling(UserSpelling::SpaceBehind)),
        login(SessionAct::TryGuessedAccount).id(RIGHT_BEFORE),
        login(SessionAct::GuessPasswords),
        login(SessionAct::GuessAtOnce),
        login(SessionAct::TryGuessedAccount).id(RIGHT),
        login(SessionAct::TryGuessedElsewhere).id(RIGHT_ELSEWHERE),
        login(SessionAct::GuessSpelled(UserSpelling::OtherCase)),
        login(SessionAct::GuessSpelled(UserSpelling::SpaceBehind)),
        login(SessionAct::GuessOnceMore),
        Step::WhereThrottled,
        login(SessionAct::GuessForwarded).id(ELSEWHERE),
        login(SessionAct::GuessOnceMore).id(AGAIN),
    ],
    expect: guesses_at_logins,
    fault: "login-no-throttle",
    ..PLAIN
}];

/// The right password of the account before the wrong ones, ...
const RIGHT_BEFORE: StepId = StepId::new("right-before");
/// ... and after them.
const RIGHT: StepId = StepId::new("right");
/// The same with headers that name another source.
const RIGHT_ELSEWHERE: StepId = StepId::new("right-elsewhere");

/// What is said where guesses had a user that nobody has.
const OF_NOBODY: &str =
    "; nobody has the user, and some servers count failures of accounts alone (`material.expendable_username`)";

/// An account whose right password is refused after the guesses, and was not before them, is locked, however failures are answered.
fn locked(case: &ObservedCheck<'_>, judgement: &mut Judgement) {
    let Some((_, after)) = case.observations_of(RIGHT).next() else { return };
    let was_right = case.observations_of(RIGHT_BEFORE).any(|(_, seen)| seen.outcome == Outcome::Granted);
    if !was_right {
        // what is locked already evaluates no guess
        judgement.protocol.clear();
        judgement.leaves_open(WRONG_PASSWORD.to_owned());
    } else if after.outcome == Outcome::Refused || is_throttled(after) {
        judgement.protocol.clear();
        let text =
            format!("after {} failures the right password is refused: the account is locked", guesses(case).len());
        judgement.remarks.push(text);
        unlocked_elsewhere(case, judgement);
        for (_, seen) in case.observations().filter(|(_, seen)| seen.outcome == Outcome::Silent) {
            judgement.leaves_open(format!("no answer to {}", seen.description));
        }
    }
}

/// A lock of a source is none where a header names the source.
fn unlocked_elsewhere(case: &ObservedCheck<'_>, judgement: &mut Judgement) {
    let mut seen = case.observations_of(RIGHT_ELSEWHERE);
    let Some((index, _)) = seen.next().filter(|(_, first)| first.outcome == Outcome::Granted) else { return };
    let again = seen.next().map(|(_, again)| again.outcome);
    judgement.remarks.clear();
    if again != Some(Outcome::Refused) {
        return judgement.leaves_open(
            "the login is granted with headers that name another source, and as before after that: the lock ended, or that login ended it".to_owned(),
        );
    }
    const TEXT: &str = "granted, while the login as before is refused after the failures";
    let expected = "refused, whatever the request says of where it comes from";
    match case.evidence.target_is_here {
        true => judgement.advises(index, case.about(index, format_args!("{TEXT}{FROM_HERE}")), expected),
        false => judgement.deviates(index, case.about(index, TEXT), expected),
    }
}

/// What is said where no lock would be seen.
const WRONG_PASSWORD: &str = "before the guesses the login of `material.expendable_username` by `material.expendable_password` opened none \
     of the protected resources that are read (at most 9): add one that the account may read (and say with `success` how what it opens \
     is recognised, where that is a page), correct the password, and where an earlier run locked the account, wait for the end of that";

/// What is said where an account may have been locked.
const UNSEEN: &str =
    "; whether the account is locked now, only its right password shows (`material.expendable_password`)";

/// The same of logins: where nobody has the account, its failures may count for nothing.
fn guesses_at_logins(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = held_up_at_once(case, throttled(case));
    locked(case, &mut judgement);
    if !case.evidence.guessed_at_nobody && !case.evidence.locks_are_seen {
        judgement.protocol.iter_mut().for_each(|deviation| deviation.text.push_str(UNSEEN));
    }
    if case.evidence.guessed_at_nobody {
        for mut deviation in std::mem::take(&mut judgement.protocol) {
            deviation.text.push_str(OF_NOBODY);
            judgement.advice.push(deviation);
        }
    }
    gone_around(case, &mut judgement);
    judgement
}

/// A delay holds nobody up where many guesses wait for it side by side.
fn held_up_at_once(case: &ObservedCheck<'_>, mut judgement: Judgement) -> Judgement {
    const ENOUGH: usize = 5;
    const TIMES: f64 = 3.0;
    let is_at_once = |seen: &Observation| match case.step_of(seen) {
        Step::Session(session) => session.act == SessionAct::GuessAtOnce,
        _ => false,
    };
    let at_once: Vec<_> = case.observations().filter(|(_, seen)| is_at_once(seen)).collect();
    for (index, _) in at_once.iter().filter(|(_, seen)| seen.outcome == Outcome::Granted) {
        judgement.violates(*index, case.about(*index, "access was granted"), "refused");
    }
    let (Some(took), Some(least)) = (case.evidence.guessed_at_once, held_up(case, &guesses(case))) else {
        return judgement;
    };
    let took = took.as_secs_f64();
    let evaluated = at_once.iter().filter(|(_, seen)| seen.outcome == Outcome::Refused && !is_throttled(seen)).count();
    match at_once.last() {
        Some((last, _)) if evaluated >= ENOUGH && evaluated == at_once.len() && took < TIMES * least => {
            judgement.remarks.clear();
            let text = format!(
                "{evaluated} failures at the same time are answered within {took:.1} s, and one alone after {least:.1} s"
            );
            judgement.deviates(*last, text, "429, or a delay that grows with failures that have no answer yet");
        }
        Some(_) if evaluated < at_once.len() => {
            judgement.remarks.push(format!("{evaluated} of {} failures at the same time are evaluated", at_once.len()));
        }
        _ => {}
    }
    judgement
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::check::common::throttling::tests::sent;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::Evidence;

    /// What is said of guesses that took a second each, and of so many at once that took so long and had this status.
    fn judged_at_once(many: usize, took: u64, status: u16) -> (usize, usize) {
        let check = find("login.guessing-throttled").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "session");
        let mut evidence = Evidence::default();
        evidence.observe(sent(0, "Basic x", 200, Duration::from_millis(20)));
        (0..5).for_each(|_| evidence.observe(sent(4, "Basic x", 401, Duration::from_secs(1))));
        (0..many).for_each(|_| evidence.observe(sent(5, "Basic x", status, Duration::from_secs(1))));
        evidence.guessed_at_once = Some(Duration::from_millis(took));
        let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        (found.protocol.len(), found.remarks.len())
    }

    #[test]
    fn a_delay_that_many_guesses_wait_for_side_by_side_holds_none_up() {
        assert_eq!(judged_at_once(20, 1_100, 401), (1, 0));
        assert_eq!(judged_at_once(20, 20_000, 401), (0, 1), "one after another");
        assert_eq!(judged_at_once(20, 1_100, 429), (0, 2), "they are counted");
        assert_eq!(judged_at_once(2, 1_100, 401), (0, 1), "too few to tell");
    }
}
