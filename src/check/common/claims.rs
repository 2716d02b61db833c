//! What a request says about the rights of whoever sends it, beside a valid credential.

use crate::check::Explanation;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Accept, Alter, Fill, INSUFFICIENT};
use crate::observe::{Observation, Outcome, StepId};

/// The headers by which gateways name roles, groups and scopes: lists have all of what is lacking, one role is the one that opens
/// everything.
pub(crate) const ROLES: &[Alter] = &[
    Alter::Header("X-Roles", Fill::LackingRoles(",")),
    Alter::Header("X-User-Roles", Fill::LackingRoles(",")),
    Alter::Header("X-Auth-Roles", Fill::LackingRoles(",")),
    Alter::Header("X-Role", Fill::Text("admin")),
    Alter::Header("X-User-Role", Fill::Text("admin")),
    Alter::Header("X-Groups", Fill::LackingRoles(",")),
    Alter::Header("X-Forwarded-Groups", Fill::LackingRoles(",")),
    Alter::Header("X-Scopes", Fill::LackingRoles(" ")),
    Alter::Header("X-Scope", Fill::LackingRoles(" ")),
    Alter::Header("X-Permissions", Fill::LackingRoles(",")),
    Alter::Header("X-Is-Admin", Fill::Text("true")),
];
/// The headers that name the user to act for, or the tenant.
pub(crate) const OWNER: &[Alter] = &[
    Alter::Header("X-User", Fill::Principal),
    Alter::Header("X-User-Id", Fill::Principal),
    Alter::Header("X-Username", Fill::Principal),
    Alter::Header("X-Forwarded-User", Fill::Principal),
    Alter::Header("X-Remote-User", Fill::Principal),
    Alter::Header("X-On-Behalf-Of", Fill::Principal),
    Alter::Header("X-Impersonate-User", Fill::Principal),
    Alter::Header("Impersonate-User", Fill::Principal),
    Alter::Header("Sudo", Fill::Principal),
    Alter::Header("X-Tenant-Id", Fill::Tenant),
    Alter::Header("X-Tenant", Fill::Tenant),
];

/// With these headers, and, where that was granted, without them.
pub(crate) const WITH_ROLES: StepId = StepId::new("with-roles");
pub(crate) const WITHOUT_ROLES: StepId = StepId::new("without-roles");
pub(crate) const AS_OWNER: StepId = StepId::new("as-owner");
pub(crate) const AS_ITSELF: StepId = StepId::new("as-itself");

/// Any refusal: which status is the right one is judged where there is no such header.
pub(crate) const REFUSED: &[Accept] = &[INSUFFICIENT, Accept::Range(300, 499)];

/// What a request claims opens nothing. What is open without that as well has another cause, which checks of rights are about.
pub(crate) fn inert(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let is_open = |seen: &Observation, without: StepId| {
        seen.outcome == Outcome::Granted
            && case.beside(seen, without).any(|(_, other)| other.outcome == Outcome::Granted)
    };
    for (index, seen) in case.observations() {
        let by_itself = match case.step_of(seen).step_id() {
            Some(WITH_ROLES) if is_open(seen, WITHOUT_ROLES) => Explanation::Scope,
            Some(AS_OWNER) if is_open(seen, AS_ITSELF) => Explanation::Tenant,
            // what only says more of another answer
            Some(WITHOUT_ROLES | AS_ITSELF) if seen.exchange.response().is_some() => continue,
            _ => {
                case.judge(index, &mut judgement);
                continue;
            }
        };
        let text = case.about(index, "access was granted, and so it was without these headers");
        judgement.violates_by(by_itself, index, text, "refused");
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Request, Response, Silence};

    #[test]
    fn what_is_open_without_the_headers_has_another_cause() {
        let check = find("common.role-header-spoof").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let seen = |step: usize, outcome: Outcome| {
            let status = if outcome == Outcome::Granted { 200 } else { 403 };
            let response = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
            let asked = Exchange::unanswered(Request::new("GET", "/"), Silence::Closed);
            Observation::in_test(step, Exchange { answer: Ok(response), ..asked }, outcome)
        };
        let (open, shut) = (Outcome::Granted, Outcome::Refused);
        for (with, without, expected) in [
            (shut, None, None),
            (open, Some(shut), Some(Explanation::Own)),
            (open, None, Some(Explanation::Own)),
            (open, Some(open), Some(Explanation::Scope)),
        ] {
            let mut evidence = Evidence::default();
            evidence.observe(seen(0, with));
            without.into_iter().for_each(|outcome| evidence.observe(seen(1, outcome)));
            let judged = inert(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let found: Vec<Explanation> = judged.access.iter().map(|one| one.explanation).collect();
            assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{with:?} {without:?}");
        }
    }
}
