//! What becomes of accounts when somebody registers.

use crate::check::step::{Accept, SessionAct, UserSpelling, login};
use crate::check::{Check, Doc, REFUSAL, Severity, Tier};

/// What a registration must not do.
pub(crate) const CHECKS: &[Check] = &[Check {
    id: "login.registration-keeps-accounts",
    title: "A registration with the name of an account leaves that account as it is",
    severity: Severity::Critical,
    tier: Tier::Extended,
    remote_safe: false,
    sources: &["CWE-289", "CWE-178", "WSTG-IDNT-02", "OWASP API2:2023"],
    doc: Doc {
        sends: "The `registration` of the scenario for a new user, which must be taken, and for the user of the credential with another password (`New1-` followed by the password): as the user-id is, with its letters in the other case, and with a space behind it. After each a login of the user with the new password, which must be refused, and one with the former password, which must not. Where an account was taken over, its password is put back by the `password_change` of the scenario, if it has one. The new user stays.",
        matters: "A registration that writes over an account, or that finds none because the name is spelled in another way and stores it as the same one, gives the account to whoever registers.",
        fix: "Bring user-ids into one form before they are looked up, stored and compared, have the database refuse a second one (a unique index over that form), and never update an account in a registration.",
    },
    steps: &[
        login(SessionAct::Register).granted(),
        login(SessionAct::RegisterAgain(None)).denied(REFUSED),
        login(SessionAct::RegisterAgain(Some(UserSpelling::OtherCase))).denied(REFUSED),
        login(SessionAct::RegisterAgain(Some(UserSpelling::SpaceBehind))).denied(REFUSED),
        login(SessionAct::LogIn("s")).granted().called("the login with the former password"),
    ],
    fault: "registration-overwrites-account",
    ..REFUSAL
}];

/// A name that is not free is refused as a value that is wrong.
const REFUSED: &[Accept] = &[Accept::Range(400, 499)];
