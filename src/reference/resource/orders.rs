//! The resources behind every guard: the same under each, so that only the guard makes the difference.

use std::sync::atomic::Ordering;

use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use serde_json::json;

use super::challenge_faults::with_faults;
use super::guard_faults::{self, AnyScope, BreaksHandler};
use crate::reference::answer::{self, Answer};
use crate::reference::rejection::Rejection;
use crate::reference::scheme::Guard;
use crate::reference::state::{Principal, ReferenceState};
use crate::seed::{READ, WRITE};

/// What is asked for, behind whichever guard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReferenceResource {
    /// `orders`
    Orders,
    /// `account`
    Account,
    /// `tenants/{tenant}/orders`
    Tenant(String),
}

impl ReferenceResource {
    /// The guard before a path, and the resource behind it.
    pub(crate) fn find(path: &str) -> Option<(Guard, Self)> {
        let (guard, rest) = Guard::before(path)?;
        let resource = match rest {
            "orders" => ReferenceResource::Orders,
            "account" => ReferenceResource::Account,
            rest => {
                let tenant = rest.strip_prefix("tenants/")?.strip_suffix("/orders")?;
                let tenant = Some(tenant).filter(|tenant| !tenant.contains('/'))?;
                ReferenceResource::Tenant(percent_encoding::percent_decode_str(tenant).decode_utf8_lossy().into_owned())
            }
        };
        Some((guard, resource))
    }

    /// What it answers to a principal that the guard has let in.
    pub(crate) fn answer(&self, state: &ReferenceState, guard: Guard, principal: &Principal, parts: &Parts) -> Answer {
        let answered = match (self, parts.method.as_str()) {
            (ReferenceResource::Orders, "GET" | "HEAD") => list_orders(state, guard, principal, parts),
            (ReferenceResource::Orders, "POST") => add_order(state, guard, principal, parts),
            (ReferenceResource::Account, "GET" | "HEAD") => {
                let mut account = state.objects.account_of(principal);
                guard_faults::shown(state, parts, &mut account);
                Ok(answer::json(StatusCode::OK, &account))
            }
            (ReferenceResource::Tenant(tenant), "GET" | "HEAD") => tenant_orders(state, guard, principal, tenant),
            (ReferenceResource::Orders, _) => Ok(not_allowed("GET,HEAD,POST,OPTIONS")),
            (ReferenceResource::Account | ReferenceResource::Tenant(_), _) => Ok(not_allowed("GET,HEAD,OPTIONS")),
        };
        let refused = |rejection| guard_faults::lacking(state, parts, rejection).answer();
        let mut answer = answered.unwrap_or_else(refused);
        if answer.status() == StatusCode::METHOD_NOT_ALLOWED && state.fault("no-allow-behind-guard") {
            answer.headers_mut().remove(header::ALLOW);
        }
        if answer.status() == StatusCode::METHOD_NOT_ALLOWED && state.fault("unlisted-method-not-found") {
            return Rejection::new(StatusCode::NOT_FOUND, "not_found").answer();
        }
        answer
    }
}

/// RFC 9110 §15.5.6: with the methods that there are.
fn not_allowed(methods: &'static str) -> Answer {
    let mut answer = answer::empty(StatusCode::METHOD_NOT_ALLOWED);
    answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static(methods));
    answer
}

fn list_orders(
    state: &ReferenceState,
    guard: Guard,
    principal: &Principal,
    parts: &Parts,
) -> Result<Answer, Rejection> {
    guard.authorise(state, principal, READ).map_err(|rejection| with_faults(state, rejection))?;
    let overridden =
        || parts.headers.get("x-http-method-override").is_some_and(|method| method == Method::POST.as_str());
    let has_order = || parts.headers.get(header::CONTENT_TYPE).is_some_and(|media| media == answer::JSON);
    let validates = state.fault("override-reads-order-after-auth");
    if (state.fault("override-misreads-order-after-auth") || (validates && !has_order())) && overridden() {
        return Err(Rejection::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request"));
    }
    if (state.fault("override-after-auth") || validates) && overridden() {
        state.orders.fetch_add(1, Ordering::Relaxed);
        return Ok(answer::json(StatusCode::CREATED, &json!({ "created": true })));
    }
    let count = state.orders.load(Ordering::Relaxed);
    let list = guard_faults::assigned(state, count).unwrap_or_else(|| state.objects.order_list(count));
    Ok(answer::typed(StatusCode::OK, answer::JSON, list))
}

fn add_order(state: &ReferenceState, guard: Guard, principal: &Principal, parts: &Parts) -> Result<Answer, Rejection> {
    if state.fault("act-then-check") {
        state.orders.fetch_add(1, Ordering::Relaxed);
    }
    if parts.extensions.get::<AnyScope>().is_none() {
        guard.authorise(state, principal, WRITE).map_err(|rejection| with_faults(state, rejection))?;
    }
    if parts.extensions.get::<BreaksHandler>().is_some() {
        return Err(Rejection::broken());
    }
    guard_faults::assign(state, parts);
    let id = state.orders.fetch_add(1, Ordering::Relaxed) + 1;
    Ok(answer::typed(StatusCode::CREATED, answer::JSON, state.objects.new_order(id)))
}

fn tenant_orders(
    state: &ReferenceState,
    guard: Guard,
    principal: &Principal,
    tenant: &str,
) -> Result<Answer, Rejection> {
    guard.authorise(state, principal, READ).map_err(|rejection| with_faults(state, rejection))?;
    let (owner, mut orders) = (format!("orders-of-{tenant}@example.test"), state.objects.tenant_orders(tenant));
    let names_owner = state.fault("names-owner-in-refusal");
    guard.may_see(state, principal, tenant).map_err(|rejection| match names_owner {
        true => rejection.with_detail(format!("the orders belong to {owner}")),
        false => rejection,
    })?;
    if names_owner {
        orders["contact"] = json!(owner);
    }
    Ok(answer::json(StatusCode::OK, &orders))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_a_guard_and_a_resource() {
        let found = |path| ReferenceResource::find(path);
        assert_eq!(found("/none/orders"), Some((Guard::None, ReferenceResource::Orders)));
        assert_eq!(found("/basic-cached/account"), Some((Guard::BasicCached, ReferenceResource::Account)));
        let rs256 = Guard::Jwt(jsonwebtoken::Algorithm::RS256.into());
        assert_eq!(
            found("/jwt/rs256/tenants/b%20c/orders"),
            Some((rs256, ReferenceResource::Tenant("b c".to_owned())))
        );
        let nothing = [
            "",
            "/",
            "/none",
            "/none/",
            "/none/orders/",
            "//none/orders",
            "/NONE/orders",
            "/none/tenants/a/b/orders",
            "/jwt/orders",
            "/jwt/none/orders",
            "/jwt/hs256/jwks.json",
            "/oauth2/token",
        ];
        for path in nothing {
            assert_eq!(found(path), None, "{path}");
        }
    }
}
