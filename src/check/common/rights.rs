//! Who may not use what they ask for, and what they learn of it.

use crate::check::common::{claims, shown_owner};
use crate::check::judgement::{Judgement, ObservedCheck, sameness};
use crate::check::step::{Accept, Alter, Fill, INSUFFICIENT, INVALID, MISSING, On, Step, Who, send};
use crate::check::{Check, Doc, Explanation, PLAIN, REFUSAL, Severity, Tier};
use crate::observe::{Outcome, StepId};

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "common.insufficient-is-403",
        title: "A recognised principal without permission gets 403, not 401",
        severity: Severity::Critical,
        tier: Tier::Extended,
        sources: &["RFC 9110 §15.5.4", "RFC 9110 §11.4", "OWASP API5:2023"],
        doc: Doc {
            sends: "A valid credential to each resource for which it lacks the permission (at most 8), after it worked on another; and another one, where the scenario has two. Of several, one whose scopes contain the needed one as a part, or in another case of letters, comes first, and the second is one that lacks it in another way.",
            matters: "A 401 makes clients authenticate again and again, for nothing.",
            fix: "Answer 403 where the principal is known and the permission is missing.",
        },
        steps: &[
            send(Who::LowScope, On::EachScoped).denied(&[INSUFFICIENT]),
            send(Who::OtherLowScope, On::EachScoped).denied(&[INSUFFICIENT]).if_given(),
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
            sends: "A valid credential of one tenant to each object of another (at most 8). Where a tenant has an object of its own that is read at a path of the same shape, such as /projects/1/invoices/7 beside /projects/2/invoices/8: also to the path with its own leading identifiers and the last one of the other's (at most 8). What that answers is access where it is the content of the other's object. A refusal that shows who the owner is, by a member such as `owner` or `email` or by an address of mail that is in the owner's own answer, is a violation of medium severity.",
            matters: "Broken object level authorization is the most common API flaw: one user reads or changes what is another's.",
            fix: "Compare the owner of each object with whoever asks, on each operation, and each object with those that its path names before it.",
        },
        // keys and tokens have such a check of their own
        left_to: &["apikey", "bearer"],
        steps: FOREIGN_OBJECTS,
        expect: foreign_objects,
        shows: Explanation::Tenant,
        fault: "objects-of-anybody",
        ..REFUSAL
    },
    Check {
        id: "common.revoked-denied",
        title: "A revoked credential is denied",
        severity: Severity::Critical,
        sources: &["ASVS 8.3.2", "ASVS 13.3.4"],
        doc: Doc {
            sends: "A credential of the scenario with `state: revoked`, which was taken back before the run, to each resource that checks use.",
            matters: "A leaked credential can only be contained by revoking it.",
            fix: "Read the state of an account, key or certificate on each request and on each route, or bound the life of caches.",
        },
        // keys and tokens have such checks of their own
        left_to: &["apikey", "bearer"],
        steps: &[send(Who::Revoked, On::EachUsed).denied(&[INVALID])],
        shows: Explanation::Revocation,
        fault: "revoked-live-on",
        ..REFUSAL
    },
    Check {
        id: "common.expired-denied",
        title: "An expired credential is denied",
        severity: Severity::High,
        sources: &["ASVS 13.3.4"],
        doc: Doc {
            sends: "A credential of the scenario with `state: expired`, whose lifetime ended before the run, to each resource that checks use.",
            matters: "An expiry that is stored and not read protects nobody.",
            fix: "Compare the expiry of an account, key or certificate on each request and on each route.",
        },
        left_to: &["apikey", "bearer"],
        steps: &[send(Who::Expired, On::EachUsed).denied(&[INVALID])],
        shows: Explanation::Time,
        fault: "expired-live-on",
        ..REFUSAL
    },
    Check {
        id: "common.role-header-spoof",
        title: "Headers beside a valid credential add no rights to it",
        severity: Severity::Critical,
        sources: &["OWASP API5:2023", "CWE-290", "ASVS 4.1.3", "RFC 9700 §4.13"],
        doc: Doc {
            sends: "A valid credential to each resource for which it lacks a scope (at most 8), with the headers by which gateways name roles, groups and scopes (X-Roles, X-User-Roles, X-Auth-Roles, X-Groups, X-Forwarded-Groups, X-Scopes and others), all in one request: the scopes that it lacks, and admin. And one of another tenant to each object (at most 8), with the headers that name the user to act for, or the tenant (X-User, X-User-Id, X-Forwarded-User, X-On-Behalf-Of, X-Impersonate-User, Sudo, X-Tenant-Id and others): those of the owner. What is granted is asked for without these headers as well.",
            matters: "A service that believes its gateway believes each client that writes what the gateway writes: whoever has any account has all rights.",
            fix: "Strip these headers at the edge, take roles and tenants from the credential alone, and let nobody act for others without a right to it.",
        },
        steps: &[
            send(Who::LowScope, On::EachScoped)
                .with(claims::ROLES)
                .id(claims::WITH_ROLES)
                .denied(claims::REFUSED)
                .called("a valid credential that lacks the scope, with headers that name roles (X-Roles, X-Groups, X-Scopes and others)")
                .if_given(),
            send(Who::LowScope, On::EachScoped)
                .id(claims::WITHOUT_ROLES)
                .where_granted(claims::WITH_ROLES)
                .called("a valid credential that lacks the scope")
                .if_given(),
            send(Who::OtherTenant, On::EachObject)
                .with(claims::OWNER)
                .id(claims::AS_OWNER)
                .denied(claims::REFUSED)
                .called("a valid credential of another tenant, with headers that name the owner (X-User, X-On-Behalf-Of, X-Tenant-Id and others)")
                .if_given(),
            send(Who::OtherTenant, On::EachObject)
                .id(claims::AS_ITSELF)
                .where_granted(claims::AS_OWNER)
                .called("a valid credential of another tenant")
                .if_given(),
        ],
        expect: claims::inert,
        implied_by: &["common.identity-header-spoof"],
        fault: "adds-named-roles",
        ..REFUSAL
    },
    Check {
        id: "common.existence-oracle",
        title: "An unauthorised caller cannot tell existing from missing objects",
        tier: Tier::Extended,
        sources: &["RFC 9110 §15.5.4", "WSTG-IDNT-04", "OWASP API1:2023"],
        doc: Doc {
            sends: "An object that exists and one that does not (at most 4 that have an `absent` path), without a credential, by GET and by OPTIONS, with a valid one that lacks the scope, and with another tenant's where the scenario has `tenant`, each pair twice; what is the same in equal answers is compared.",
            matters: "Answers that differ tell which objects exist: customers, invoices, names.",
            fix: "Decide about access before anything is looked up, or answer 404 to both.",
        },
        steps: &[
            existing(Who::Anonymous).called("an object that exists, without a credential"),
            missing(Who::Anonymous).called("one that does not, without a credential"),
            existing(Who::Anonymous).called("an object that exists, without a credential"),
            missing(Who::Anonymous).called("one that does not, without a credential"),
            send(Who::Anonymous, On::EachBesideNothing)
                .with(&[Alter::Method("OPTIONS")])
                .called("OPTIONS of an object that exists, without a credential"),
            send(Who::Anonymous, On::EachBesideNothing)
                .with(&[Alter::Method("OPTIONS"), Alter::Target(Fill::AbsentPath)])
                .called("OPTIONS of one that does not, without a credential"),
            send(Who::Anonymous, On::EachBesideNothing)
                .with(&[Alter::Method("OPTIONS")])
                .called("OPTIONS of an object that exists, without a credential"),
            send(Who::Anonymous, On::EachBesideNothing)
                .with(&[Alter::Method("OPTIONS"), Alter::Target(Fill::AbsentPath)])
                .called("OPTIONS of one that does not, without a credential"),
            existing(Who::LowScope).called("an object that exists, by whoever lacks the scope").if_given(),
            missing(Who::LowScope).called("one that does not, by whoever lacks the scope").if_given(),
            existing(Who::LowScope).called("an object that exists, by whoever lacks the scope").if_given(),
            missing(Who::LowScope).called("one that does not, by whoever lacks the scope").if_given(),
            existing(Who::OtherTenant).called("an object that exists, by another tenant").if_given(),
            missing(Who::OtherTenant).called("one that does not, by another tenant").if_given(),
            existing(Who::OtherTenant).called("an object that exists, by another tenant").if_given(),
            missing(Who::OtherTenant).called("one that does not, by another tenant").if_given(),
        ],
        compares_answers: true,
        expect: sameness::in_pairs,
        fault: "lookup-before-auth",
        ..REFUSAL
    },
];

/// The objects of another tenant, by their paths and by paths with the leading identifiers of the own ones.
pub(crate) const FOREIGN_OBJECTS: &[Step] = &[
    send(Who::OtherTenant, On::EachObject).denied(&[INSUFFICIENT, Accept::Status(404)]),
    send(Who::OtherOwner, On::EachNested)
        .with(&[Alter::Target(Fill::MixedPath)])
        .id(MIXED)
        .denied(&[INSUFFICIENT, Accept::Status(404), Accept::Status(400), INVALID])
        .called("a valid credential of another tenant, with the leading identifiers of its own object in the path")
        .if_given(),
];

/// A path with the leading identifiers of an own object.
const MIXED: StepId = StepId::new("mixed-path");

/// Each answer against what its step wants. A success without the content of the other's object may be about an own one that has the same
/// last identifier.
pub(crate) fn foreign_objects(case: &ObservedCheck<'_>) -> Judgement {
    let (mut judgement, mut refusals) = (Judgement::default(), 0);
    for (index, seen) in case.observations() {
        let is_success = matches!(seen.exchange.status(), Some(200..300));
        let is_another = seen.outcome == Outcome::Unclear && seen.clean && is_success;
        if is_another && case.step_of(seen).step_id() == Some(MIXED) {
            let text = format!("{}: a success without the content of the other tenant's object", seen.description);
            judgement.remarks.push(text);
        } else if let Some(what) = shown_owner::of(case, seen) {
            let status = seen.exchange.status().unwrap_or_default();
            let text =
                format_args!("refused with {status}, and the answer shows {what}, which the owner's own answer has");
            judgement.violates(index, case.about(index, text), "a refusal that says nothing of the owner");
            refusals += 1;
        } else {
            case.judge(index, &mut judgement);
        }
    }
    if refusals > 0 && refusals == judgement.access.len() {
        judgement.at_most = Some(Severity::Medium);
    }
    judgement
}

/// Refusals that say nothing about an object.
const HIDDEN: &[Accept] = &[MISSING, INSUFFICIENT, INVALID, Accept::Status(404)];

/// An object that exists, asked for by somebody who may not know.
const fn existing(who: Who) -> Step {
    send(who, On::EachBesideNothing).denied(HIDDEN)
}

/// One that does not.
const fn missing(who: Who) -> Step {
    send(who, On::EachBesideNothing).with(&[Alter::Target(Fill::AbsentPath)]).denied(HIDDEN)
}
