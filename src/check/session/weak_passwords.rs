//! Whether users can choose passwords that are easily guessed.

use crate::check::step::{Accept, ChosenPassword, SessionAct, login};
use crate::check::{Check, Doc, REFUSAL, Severity, Tier};

/// What passwords are taken.
pub(crate) const CHECKS: &[Check] = &[Check {
    id: "login.weak-password-refused",
    title: "A password that is short or common is refused when it is chosen",
    severity: Severity::Low,
    tier: Tier::Extended,
    remote_safe: false,
    sources: &["ASVS 6.2.1", "ASVS 6.2.4", "NIST SP 800-63B §3.1.1", "CWE-521", "WSTG-ATHN-07"],
    doc: Doc {
        sends: "The `password_change` of the scenario, each in a login of its own, to a password of seven characters (`Kx7!mQz`), to a common one (`Password1!`), and to one that is long and not common, which must be taken; and the `registration` of the scenario with such passwords, each for a new user, the good one first. A login with each follows; it alone shows that the password was taken. The former password is put back each time; accounts that are registered stay.",
        matters: "Passwords of a few characters are found by trying them all, and those that many people choose are tried first.",
        fix: "Ask for eight characters or more (15 where the password is the only factor), and refuse what is on a list of common or leaked passwords. Rules of composition replace neither.",
    },
    steps: &[
        login(SessionAct::ChangePasswordTo(ChosenPassword::Short)).denied(REFUSED).if_given(),
        login(SessionAct::ChangePasswordTo(ChosenPassword::Common)).denied(REFUSED).if_given(),
        login(SessionAct::ChangePasswordTo(ChosenPassword::Good)).granted().if_given(),
        // where nobody who has registered can log in, the rest shows nothing
        login(SessionAct::RegisterWith(ChosenPassword::Good)).granted().if_given(),
        login(SessionAct::RegisterWith(ChosenPassword::Short)).denied(REFUSED).if_given(),
        login(SessionAct::RegisterWith(ChosenPassword::Common)).denied(REFUSED).if_given(),
    ],
    fault: "short-password-taken",
    ..REFUSAL
}];

/// What is no good password is refused as a value that is wrong.
const REFUSED: &[Accept] = &[Accept::Range(400, 499)];
