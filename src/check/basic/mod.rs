//! HTTP Basic (RFC 7617).

pub(crate) mod protocol;

use crate::check::api_key::carrier::ELSEWHERE;
use crate::check::api_key::near_misses;
use crate::check::judgement::{Judgement, ObservedCheck, expect};
use crate::check::step::{INVALID, On, PeculiarAccount, Who, forged, send};
use crate::check::{Check, Doc, Explanation, Level, PLAIN, REFUSAL, Severity, Tier};
use crate::observe::{ForgeryId, Outcome, StepId};

/// The whole password of an account.
const WHOLE: StepId = StepId::new("whole");

/// What each step wants, where the whole password is good: a server may refuse passwords of this length, and the account the resource.
fn bytes_matter(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (_, seen) in case.observations_of(WHOLE).filter(|(_, seen)| seen.outcome != Outcome::Granted) {
        judgement.leaves_open(format!(
            "{}: not granted, so no refusal of a part of it shows anything; `long_password_account` has to open a protected resource",
            seen.description
        ));
    }
    if judgement.open.is_empty() { expect::wants(case) } else { judgement }
}

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "basic.valid-accepted",
        title: "Valid user-id and password are accepted (positive control)",
        level: Level::Must,
        severity: Severity::Info,
        control: true,
        sources: &["RFC 7617 §2"],
        doc: Doc {
            sends: "User-id and password as the scenario declares them, to every protected resource.",
            matters: "Without this control no refusal proves anything.",
            fix: "Check the account in the scenario, then the target's log.",
        },
        steps: &[send(Who::Good, On::EachProtected).granted()],
        fault: "basic-rejects-everything",
        ..PLAIN
    },
    Check {
        id: "basic.wrong-password-denied",
        title: "A wrong password is denied with 401",
        level: Level::Should,
        severity: Severity::Critical,
        sources: &["RFC 9110 §11.4", "RFC 7617 §2"],
        doc: Doc {
            sends: "The known user with a wrong, empty, altered, longer and shorter password, and with a colon and a space before and behind the good one: a server that takes these off knows a second spelling of the password.",
            matters: "A check of the user-id alone opens every account whose name is known.",
            fix: "Verify the password with a password hash, in full.",
        },
        steps: &[
            send(forged("unknown"), On::EachUsed).denied(&[INVALID]).thoroughly(),
            send(forged("empty"), On::Protected).denied(&[INVALID]),
            send(forged("case-flipped"), On::Protected).denied(&[INVALID]),
            send(forged("extended"), On::Protected).denied(&[INVALID]),
            send(forged("truncated"), On::Protected).denied(&[INVALID]),
            send(forged("colon-before"), On::Protected),
            send(forged("colon-behind"), On::Protected),
            send(forged("space-before"), On::Protected),
            send(forged("space-behind"), On::Protected),
        ],
        expect: near_misses,
        fault: "user-only-check",
        ..PLAIN
    },
    Check {
        id: "basic.other-accounts-password-denied",
        title: "The password of another account is denied",
        severity: Severity::Critical,
        sources: &["RFC 7617 §2", "CWE-287"],
        doc: Doc {
            sends: "The known user with the password of another account of the scenario.",
            matters: "A password that is looked up among all of them makes every account's password a master key.",
            fix: "Look the account up by its user-id, and compare with its own password alone.",
        },
        steps: &[send(Who::PasswordOfAnother, On::Protected).denied(&[INVALID])],
        fault: "password-of-anybody",
        ..REFUSAL
    },
    Check {
        id: "basic.injection-denied",
        title: "Query metacharacters in user-id and password have no effect",
        severity: Severity::Critical,
        sources: &["CWE-89", "CWE-90", "OWASP API8:2023"],
        doc: Doc {
            sends: "Wildcards of LDAP and SQL and ends of SQL queries in place of user-id and password, the good ones cut short before a wildcard, and the good password with a user-id that nobody has: where that is accepted, the user-id is ignored (a warning), and a wildcard in it shows nothing.",
            matters: "A user-id or password that reaches a query as text selects other people's accounts.",
            fix: "Bind both as parameters, escape them in LDAP filters, and compare a hash of the password.",
        },
        steps: &[
            send(forged("star"), On::Protected).denied(&[INVALID]),
            send(forged("star-user"), On::Protected).denied(&[INVALID]),
            send(forged("any-user"), On::Protected).denied(&[INVALID]),
            send(forged("ldap-user"), On::Protected).denied(&[INVALID]),
            send(forged("ldap-pattern"), On::Protected).denied(&[INVALID]),
            send(forged("like-pattern"), On::Protected).denied(&[INVALID]),
            send(forged("sql-or"), On::Protected).denied(&[INVALID]),
            send(forged("sql-user"), On::Protected).denied(&[INVALID]),
        ],
        expect: protocol::without_effect,
        fault: "basic-ldap-filter",
        ..REFUSAL
    },
    Check {
        id: "basic.default-accounts-denied",
        title: "Accounts that products are shipped with are denied",
        severity: Severity::High,
        tier: Tier::Extended,
        sources: &["ASVS 6.3.2", "CWE-1392", "WSTG-ATHN-02"],
        doc: Doc {
            sends: "Six pairs of user-id and password from products and guides, such as admin with admin; those whose user-id is an account of the scenario are left out.",
            matters: "Default accounts are the first that an attacker tries, and often have every right.",
            fix: "Ship without accounts, and ask for the first password at the installation.",
        },
        steps: &[
            send(Who::DefaultAccount(0), On::Protected).denied(&[INVALID]),
            send(Who::DefaultAccount(1), On::Protected).denied(&[INVALID]),
            send(Who::DefaultAccount(2), On::Protected).denied(&[INVALID]),
            send(Who::DefaultAccount(3), On::Protected).denied(&[INVALID]),
            send(Who::DefaultAccount(4), On::Protected).denied(&[INVALID]),
            send(Who::DefaultAccount(5), On::Protected).denied(&[INVALID]),
        ],
        any_refusal: true,
        implied_by: &["basic.wrong-password-denied", "basic.injection-denied"],
        fault: "basic-default-account",
        ..REFUSAL
    },
    Check {
        id: "basic.query-credentials-refused",
        title: "User-id and password in the query are refused",
        tier: Tier::Extended,
        sources: &["ASVS 14.2.1", "CWE-598"],
        doc: Doc {
            sends: "The good user-id and password as ?u= and ?p=, as ?user= and ?password=, as ?username= and ?password=, and their Base64 as ?auth=, ?authorization=, ?basic= and ?token=, and nowhere else, to each protected resource that is read (at most 16).",
            matters: "URLs end in logs, histories and referrers, and the password with them.",
            fix: "Read user-id and password from the Authorization field only.",
        },
        steps: &[
            send(forged("in-query-u-p"), On::EachRoute).denied(ELSEWHERE),
            send(forged("in-query-user-password"), On::EachRoute).denied(ELSEWHERE),
            send(forged("in-query-username-password"), On::EachRoute).denied(ELSEWHERE),
            send(forged("in-query-auth"), On::EachRoute).denied(ELSEWHERE),
        ],
        shows: Explanation::Carrier,
        fault: "basic-query-credentials",
        ..REFUSAL
    },
    Check {
        id: "basic.long-password-not-truncated",
        title: "Bytes after the 72nd of a password still matter",
        severity: Severity::High,
        sources: &["OWASP Password Storage Cheat Sheet", "CWE-521"],
        doc: Doc {
            sends: "An account with a password of more than 72 bytes: the whole password, its first 72 bytes, and those with another tail. Where the whole password is refused, nothing shows.",
            matters: "bcrypt ignores what follows the 72nd byte, so passwords with a common start become one.",
            fix: "Hash with argon2id or scrypt, or refuse passwords over 72 bytes.",
        },
        steps: &[
            send(Who::Account(PeculiarAccount::LongPassword), On::Protected).granted().id(WHOLE),
            send(Who::ForgedAccount(PeculiarAccount::LongPassword, ForgeryId::new("first-72-bytes")), On::Protected)
                .denied(&[INVALID]),
            send(Who::ForgedAccount(PeculiarAccount::LongPassword, ForgeryId::new("first-72-and-tail")), On::Protected)
                .denied(&[INVALID]),
        ],
        expect: bytes_matter,
        fault: "bcrypt-72",
        ..REFUSAL
    },
];
