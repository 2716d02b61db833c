//! Who is known to the target and may not use what they ask for.

use crate::check::step::{Accept, INSUFFICIENT, On, Who, send};
use crate::check::{Check, Doc, Explanation, PLAIN, REFUSAL, Severity, Tier};

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "common.insufficient-is-403",
        title: "A recognised principal without permission gets 403, not 401",
        severity: Severity::Critical,
        tier: Tier::Extended,
        sources: &["RFC 9110 §15.5.4", "RFC 9110 §11.4", "OWASP API5:2023"],
        doc: Doc {
            sends: "A valid credential to each resource for which it lacks the permission (at most 8), after it worked on another; and another one, where the scenario has two.",
            matters: "A 401 makes clients authenticate again and again, for nothing.",
            fix: "Answer 403 where the principal is known and the permission is missing.",
        },
        steps: &[
            send(Who::LowScope, On::EachScoped).denied(&[INSUFFICIENT]),
            send(Who::OtherLowScope, On::Scoped).denied(&[INSUFFICIENT]).if_given(),
        ],
        fault: "authz-as-401",
        ..PLAIN
    },
    Check {
        id: "common.object-ownership",
        title: "Nobody reaches an object of another tenant",
        severity: Severity::Critical,
        sources: &["OWASP API1:2023", "ASVS 8.2.2", "ASVS 8.4.1", "WSTG-ATHZ-04"],
        doc: Doc {
            sends: "A valid credential of one tenant to each object of another (at most 8).",
            matters: "Broken object level authorization is the most common API flaw: one user reads or changes what is another's.",
            fix: "Compare the owner of each object with whoever asks, on each operation.",
        },
        // keys and tokens have such a check of their own
        left_to: &["apikey", "bearer"],
        steps: &[send(Who::OtherTenant, On::EachObject).denied(&[INSUFFICIENT, Accept::Status(404)])],
        shows: Explanation::Tenant,
        fault: "objects-of-anybody",
        ..REFUSAL
    },
];
